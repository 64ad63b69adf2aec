//! Whom the tablet believes: the authority that was pinned at enrolment, and
//! nobody else.
//!
//! The server may be reached by a name, an address or a tunnel that its
//! certificate doesn't list: the chain to the pinned, private authority is
//! what counts, since that authority signs nothing but this server.

use super::transport::LineFailure;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::verify_server_cert_signed_by_trust_anchor;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How far a wall clock may be ahead of the latest known time of the server before it is the clock that is doubted: longer than any
/// tablet stays in a cupboard.
const AHEAD_S_MAX: u64 = 400 * 24 * 3_600;

/// Whether a chain holds, and at what time it is judged.
#[derive(Debug)]
struct PinnedAuthority {
    roots: RootCertStore,
    provider: Arc<CryptoProvider>,
    /// Latest time of the server that is known, in s since 1970 UTC: a clock in 1970 or 2038 is not asked.
    known_s: Option<u64>,
    /// When the authority began; `None` where its certificate doesn't tell.
    authority_from: Option<UnixTime>,
    failure: Failure,
}

/// Why the last handshake failed, told apart for the person at the door.
#[derive(Debug, Clone, Default)]
pub struct Failure(Arc<Mutex<Option<LineFailure>>>);

impl Failure {
    /// Takes the cause of the last failed handshake.
    #[must_use]
    pub fn take(&self) -> Option<LineFailure> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn set(&self, failure: LineFailure) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(failure);
    }
}

/// The time at which a certificate is judged.
pub(crate) fn judged_at(wall: UnixTime, known_s: Option<u64>) -> UnixTime {
    match known_s {
        Some(known) if wall.as_secs() < known || wall.as_secs() > known.saturating_add(AHEAD_S_MAX) => {
            UnixTime::since_unix_epoch(Duration::from_secs(known))
        }
        _ => wall,
    }
}

impl PinnedAuthority {
    fn check(&self, cert: &ParsedCertificate<'_>, chain: &[CertificateDer<'_>], now: UnixTime) -> Result<(), Error> {
        verify_server_cert_signed_by_trust_anchor(cert, &self.roots, chain, now, self.provider.signature_verification_algorithms.all)
    }

    fn is_since_authority(&self, wall: UnixTime) -> bool {
        self.authority_from.is_some_and(|from| wall.as_secs() >= from.as_secs())
    }

    fn judge(&self, cert: &ParsedCertificate<'_>, chain: &[CertificateDer<'_>], wall: UnixTime) -> Result<(), Error> {
        let outcome = self.check(cert, chain, judged_at(wall, self.known_s));
        match (&outcome, self.known_s) {
            // No time of the server is known yet: the clock may be anything, and the authority's word is enough for a first contact.
            (Err(Error::InvalidCertificate(CertificateError::NotValidYetContext { not_before, .. })), None) => {
                self.check(cert, chain, *not_before)
            }
            (Err(Error::InvalidCertificate(CertificateError::ExpiredContext { not_after, .. })), None) => {
                self.check(cert, chain, *not_after)
            }
            // The known time came from a server whose own clock may have been years ahead for one session: it must not lock the tablet
            // out for ever. The wall clock decides then, unless it says a time before there was an authority.
            (Err(Error::InvalidCertificate(CertificateError::ExpiredContext { .. })), Some(_)) if self.is_since_authority(wall) => {
                self.check(cert, chain, wall)
            }
            _ => outcome,
        }
    }
}

impl ServerCertVerifier for PinnedAuthority {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let judged = ParsedCertificate::try_from(end_entity).and_then(|cert| self.judge(&cert, intermediates, now));
        judged.map(|()| ServerCertVerified::assertion()).inspect_err(|error| {
            use CertificateError::{Expired, ExpiredContext, NotValidYet, NotValidYetContext};
            self.failure.set(match error {
                Error::InvalidCertificate(Expired | ExpiredContext { .. } | NotValidYet | NotValidYetContext { .. }) => LineFailure::Clock,
                _ => LineFailure::WrongCertificate,
            });
        })
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        rustls::crypto::verify_tls12_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        rustls::crypto::verify_tls13_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

/// Believes anyone, for the first words of an enrolment: what is said there proves itself by the code.
#[derive(Debug)]
struct Anyone(Arc<CryptoProvider>);

impl ServerCertVerifier for Anyone {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        rustls::crypto::verify_tls12_signature(message, cert, dss, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        rustls::crypto::verify_tls13_signature(message, cert, dss, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

/// When an authority began, as the library that judges certificates reads it: asked about 1970, it answers "not before…".
fn beginning(authority: &CertificateDer<'_>, roots: &RootCertStore, provider: &CryptoProvider) -> Option<UnixTime> {
    let cert = ParsedCertificate::try_from(authority).ok()?;
    let start = UnixTime::since_unix_epoch(Duration::ZERO);
    match verify_server_cert_signed_by_trust_anchor(&cert, roots, &[], start, provider.signature_verification_algorithms.all) {
        Err(Error::InvalidCertificate(CertificateError::NotValidYetContext { not_before, .. })) => Some(not_before),
        // It holds in 1970 already; whatever else is said of it, an authority isn't a server, and is never judged as one.
        Err(Error::InvalidCertificate(CertificateError::Other(_))) | Ok(()) => Some(start),
        Err(_) => None,
    }
}

/// TLS that believes the pinned authority alone.
///
/// # Errors
/// [`LineFailure::WrongCertificate`] where the pinned bytes are no certificate.
pub fn pinned(authority: &[u8], known_s: Option<u64>, failure: &Failure) -> Result<ClientConfig, LineFailure> {
    let mut roots = RootCertStore::empty();
    let authority = CertificateDer::from(authority.to_vec());
    roots.add(authority.clone()).map_err(|_| LineFailure::WrongCertificate)?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let authority_from = beginning(&authority, &roots, &provider);
    let verifier = PinnedAuthority { roots, provider: Arc::clone(&provider), known_s, authority_from, failure: failure.clone() };
    config(provider, Arc::new(verifier))
}

/// TLS that believes anyone: for the hello of an enrolment only.
///
/// # Errors
/// None in practice: the provider knows TLS 1.2 and 1.3.
pub fn trusting_anyone() -> Result<ClientConfig, LineFailure> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    config(Arc::clone(&provider), Arc::new(Anyone(provider)))
}

fn config(provider: Arc<CryptoProvider>, verifier: Arc<dyn ServerCertVerifier>) -> Result<ClientConfig, LineFailure> {
    let versions = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let builder = versions.map_err(|_| LineFailure::WrongCertificate)?;
    Ok(builder.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_in_1970_or_2038_is_not_asked_whether_a_certificate_holds() {
        let at = |s| UnixTime::since_unix_epoch(Duration::from_secs(s));
        let known = Some(1_790_000_000);
        assert_eq!(judged_at(at(5), known), at(1_790_000_000));
        assert_eq!(judged_at(at(2_147_483_647), known), at(1_790_000_000));
        assert_eq!(judged_at(at(1_790_086_400), known), at(1_790_086_400), "a day later is a day later");
        assert_eq!(judged_at(at(5), None), at(5));
    }

    const DAY_S: u64 = 86_400;
    const IN_2026: u64 = 1_790_000_000;
    const IN_2038: u64 = 2_147_483_647;

    /// A tablet that knows a time, asked at another whether a server's certificate holds: 30 days before to 90 days after `issued`.
    fn verdict(authority_from: i32, issued_s: u64, known_s: Option<u64>, wall_s: u64) -> Result<(), Error> {
        use rcgen::{BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, date_time_ymd};
        let mut authority = CertificateParams::default();
        authority.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        authority.not_before = date_time_ymd(authority_from, 1, 1);
        let (key, leaf_key) = (KeyPair::generate().unwrap(), KeyPair::generate().unwrap());
        let authority_der = authority.self_signed(&key).unwrap().der().clone();
        let mut leaf = CertificateParams::new(vec!["preau.exemple.fr".to_owned()]).unwrap();
        leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let start = date_time_ymd(1970, 1, 1);
        leaf.not_before = start + Duration::from_secs(issued_s - 30 * DAY_S);
        leaf.not_after = start + Duration::from_secs(issued_s + 90 * DAY_S);
        let leaf = leaf.signed_by(&leaf_key, &Issuer::from_params(&authority, &key)).unwrap();

        let mut roots = RootCertStore::empty();
        roots.add(authority_der.clone()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let authority_from = beginning(&authority_der, &roots, &provider);
        let pinned = PinnedAuthority { roots, provider, known_s, authority_from, failure: Failure::default() };
        let cert = ParsedCertificate::try_from(leaf.der()).unwrap();
        pinned.judge(&cert, &[], UnixTime::since_unix_epoch(Duration::from_secs(wall_s)))
    }

    #[test]
    fn a_server_that_was_in_2038_once_is_believed_again_when_it_is_right() {
        for authority_from in [1970, 2025] {
            assert_eq!(verdict(authority_from, IN_2026, Some(IN_2038), IN_2026 + 5 * DAY_S), Ok(()), "authority of {authority_from}");
        }
    }

    #[test]
    fn a_tablet_in_1970_is_judged_by_the_known_time_alone() {
        assert_eq!(verdict(2025, IN_2026, Some(IN_2026 + DAY_S), 5), Ok(()), "a dead battery doesn't cut the line");
        let expired = verdict(2025, IN_2026, Some(IN_2026 + 91 * DAY_S), 5);
        assert!(matches!(expired, Err(Error::InvalidCertificate(CertificateError::ExpiredContext { .. }))), "{expired:?}");
        let late = verdict(2025, IN_2026, Some(IN_2038), 5);
        assert!(matches!(late, Err(Error::InvalidCertificate(CertificateError::ExpiredContext { .. }))), "{late:?}");
        // An authority that holds since 1970: then the certificate itself doesn't yet.
        assert!(verdict(1970, IN_2026, Some(IN_2038), 5).is_err());
    }

    #[test]
    fn a_certificate_that_expired_by_every_clock_is_not_believed() {
        assert!(verdict(2025, IN_2026, Some(IN_2026 + 100 * DAY_S), IN_2026 + 120 * DAY_S).is_err());
        assert!(verdict(2025, IN_2026, Some(IN_2026 + 100 * DAY_S), IN_2038).is_err());
    }

    #[test]
    fn an_authority_tells_when_it_began() {
        let from = |year: i32| {
            let mut params = rcgen::CertificateParams::default();
            params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Constrained(0));
            params.not_before = rcgen::date_time_ymd(year, 1, 1);
            let der = params.self_signed(&rcgen::KeyPair::generate().unwrap()).unwrap().der().clone();
            let mut roots = RootCertStore::empty();
            roots.add(der.clone()).unwrap();
            beginning(&der, &roots, &rustls::crypto::ring::default_provider()).map(|at| at.as_secs())
        };
        assert_eq!((from(1970), from(2025)), (Some(0), Some(1_735_689_600)));
    }
}
