//! Whom the tablet believes: the authority that was pinned at enrolment, and
//! nobody else.
//!
//! The server may be reached by a name, an address or a tunnel that its
//! certificate doesn't list: the chain to the pinned, private authority is
//! what counts, since that authority signs no other server. When the chain is
//! judged is told by [`super::believed_time`].

use super::believed_time::BelievedTime;
use super::transport::LineFailure;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{Resumption, verify_server_cert_signed_by_trust_anchor};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use std::sync::{Arc, Mutex, PoisonError};

/// Whether a chain holds, and at what time it is judged.
#[derive(Debug)]
struct PinnedAuthority {
    roots: RootCertStore,
    provider: Arc<CryptoProvider>,
    /// When it is judged; `None`: at any time at which it holds.
    believed: Option<Arc<BelievedTime>>,
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

impl PinnedAuthority {
    fn check(&self, cert: &ParsedCertificate<'_>, chain: &[CertificateDer<'_>], at: UnixTime) -> Result<(), Error> {
        verify_server_cert_signed_by_trust_anchor(cert, &self.roots, chain, at, self.provider.signature_verification_algorithms.all)
    }

    /// Whether the authority vouches for this server, at some time.
    fn check_at_its_own_time(&self, cert: &ParsedCertificate<'_>, chain: &[CertificateDer<'_>], now: UnixTime) -> Result<(), Error> {
        match self.check(cert, chain, now) {
            Err(Error::InvalidCertificate(CertificateError::NotValidYetContext { not_before, .. })) => self.check(cert, chain, not_before),
            Err(Error::InvalidCertificate(CertificateError::ExpiredContext { not_after, .. })) => self.check(cert, chain, not_after),
            outcome => outcome,
        }
    }

    fn judge(&self, cert: &ParsedCertificate<'_>, chain: &[CertificateDer<'_>], now: UnixTime) -> Result<(), Error> {
        let Some(believed) = &self.believed else { return self.check_at_its_own_time(cert, chain, now) };
        let by_clock = believed.by_clock().map(|at| self.check(cert, chain, at));
        match by_clock {
            Some(Err(error)) if is_about_dates(&error) => match believed.by_authority() {
                Some(signed) => self.check(cert, chain, signed),
                None => Err(error),
            },
            Some(outcome) => outcome,
            None => match believed.by_authority() {
                Some(signed) => self.check(cert, chain, signed),
                // Somebody else's certificate is told from one that only the time is missing for.
                None => self.check_at_its_own_time(cert, chain, now).and(Err(Error::FailedToGetCurrentTime)),
            },
        }
    }
}

fn is_about_dates(error: &Error) -> bool {
    failure_of(error).is_about_time()
}

fn failure_of(error: &Error) -> LineFailure {
    use CertificateError::{Expired, ExpiredContext, NotValidYet, NotValidYetContext};
    match error {
        Error::InvalidCertificate(Expired | ExpiredContext { .. }) => LineFailure::CertificateExpired,
        Error::InvalidCertificate(NotValidYet | NotValidYetContext { .. }) => LineFailure::CertificateTooEarly,
        Error::FailedToGetCurrentTime => LineFailure::Clock,
        _ => LineFailure::WrongCertificate,
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
        judged.map(|()| ServerCertVerified::assertion()).inspect_err(|error| self.failure.set(failure_of(error)))
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

/// TLS that believes the pinned authority alone, at the time that the tablet believes.
///
/// # Errors
/// [`LineFailure::WrongCertificate`] where the pinned bytes are no certificate.
pub fn pinned(authority: &[u8], believed: &Arc<BelievedTime>, failure: &Failure) -> Result<ClientConfig, LineFailure> {
    by_authority(authority, believed, Some(believed), failure)
}

/// TLS that believes the pinned authority alone, at any time: to ask what time it is, and for nothing else.
///
/// # Errors
/// As [`pinned`].
pub fn at_any_time(authority: &[u8], clock: &Arc<BelievedTime>, failure: &Failure) -> Result<ClientConfig, LineFailure> {
    by_authority(authority, clock, None, failure)
}

fn by_authority(
    authority: &[u8],
    clock: &Arc<BelievedTime>,
    believed: Option<&Arc<BelievedTime>>,
    failure: &Failure,
) -> Result<ClientConfig, LineFailure> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from(authority.to_vec())).map_err(|_| LineFailure::WrongCertificate)?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier = PinnedAuthority { roots, provider: Arc::clone(&provider), believed: believed.cloned(), failure: failure.clone() };
    config(provider, Arc::clone(clock), Arc::new(verifier))
}

/// TLS that believes anyone: for the hello of an enrolment only.
///
/// # Errors
/// None in practice: the provider knows TLS 1.2 and 1.3.
pub fn trusting_anyone() -> Result<ClientConfig, LineFailure> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    config(Arc::clone(&provider), Arc::new(BelievedTime::new(None)), Arc::new(Anyone(provider)))
}

fn config(
    provider: Arc<CryptoProvider>,
    clock: Arc<BelievedTime>,
    verifier: Arc<dyn ServerCertVerifier>,
) -> Result<ClientConfig, LineFailure> {
    let versions = ClientConfig::builder_with_details(provider, clock).with_safe_default_protocol_versions();
    let builder = versions.map_err(|_| LineFailure::WrongCertificate)?;
    let mut config = builder.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth();
    // A session that is resumed shows no certificate: each connection is judged, at its own time.
    config.resumption = Resumption::disabled();
    Ok(config)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    const DAY_S: u64 = 86_400;
    const IN_2026: u64 = 1_790_000_000;
    const IN_2038: u64 = 2_147_483_647;

    /// What a tablet says of a certificate that holds from 30 days before to 90 days after 2026-09-21: one that remembers a time, reads
    /// another on its clock, and was told a third by the authority.
    fn verdict(known_s: Option<u64>, wall_s: u64, signed_s: Option<u64>) -> Result<(), LineFailure> {
        use rcgen::{BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, date_time_ymd};
        let mut authority = CertificateParams::default();
        authority.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        let (key, leaf_key) = (KeyPair::generate().unwrap(), KeyPair::generate().unwrap());
        let authority_der = authority.self_signed(&key).unwrap().der().clone();
        let mut leaf = CertificateParams::new(vec!["preau.exemple.fr".to_owned()]).unwrap();
        leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let start = date_time_ymd(1970, 1, 1);
        leaf.not_before = start + Duration::from_secs(IN_2026 - 30 * DAY_S);
        leaf.not_after = start + Duration::from_secs(IN_2026 + 90 * DAY_S);
        let leaf = leaf.signed_by(&leaf_key, &Issuer::from_params(&authority, &key)).unwrap();

        let mut roots = RootCertStore::empty();
        roots.add(authority_der).unwrap();
        let believed = BelievedTime::by(known_s, move || wall_s);
        if let Some(signed_s) = signed_s {
            believed.hear(signed_s);
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let pinned = PinnedAuthority { roots, provider, believed: Some(Arc::new(believed)), failure: Failure::default() };
        let cert = ParsedCertificate::try_from(leaf.der()).unwrap();
        let now = UnixTime::since_unix_epoch(Duration::from_secs(wall_s));
        pinned.judge(&cert, &[], now).map_err(|error| failure_of(&error))
    }

    #[test]
    fn a_certificate_is_judged_at_a_clock_that_can_be_right() {
        assert_eq!(verdict(Some(IN_2026), IN_2026 + DAY_S, None), Ok(()));
        assert_eq!(verdict(Some(IN_2026), IN_2026 + 91 * DAY_S, None), Err(LineFailure::CertificateExpired));
        assert_eq!(verdict(Some(IN_2026 - 40 * DAY_S), IN_2026 - 31 * DAY_S, None), Err(LineFailure::CertificateTooEarly));
    }

    #[test]
    fn a_tablet_in_1970_or_2038_believes_nobody_before_the_authority_has_told_the_time() {
        for (known_s, wall_s) in [(None, IN_2026), (Some(IN_2026), 5), (Some(IN_2026), IN_2038), (Some(IN_2026), IN_2026 - 1)] {
            assert_eq!(verdict(known_s, wall_s, None), Err(LineFailure::Clock), "{known_s:?} {wall_s}");
            assert_eq!(verdict(known_s, wall_s, Some(IN_2026 + DAY_S)), Ok(()), "a dead battery doesn't cut the line");
            assert_eq!(verdict(known_s, wall_s, Some(IN_2026 + 91 * DAY_S)), Err(LineFailure::CertificateExpired));
        }
    }

    #[test]
    fn a_clock_that_woke_up_late_is_put_right_by_the_authority() {
        let (cupboard, today) = (IN_2026 - 60 * DAY_S, IN_2026 + 5 * DAY_S);
        assert_eq!(verdict(Some(cupboard), cupboard + DAY_S, None), Err(LineFailure::CertificateTooEarly));
        assert_eq!(verdict(Some(cupboard), cupboard + DAY_S, Some(today)), Ok(()));
        assert_eq!(verdict(Some(IN_2026), IN_2026 + 200 * DAY_S, Some(today)), Ok(()), "one that ran ahead, too");
    }

    #[test]
    fn a_server_that_was_in_2038_once_is_believed_again_when_it_is_right() {
        assert_eq!(verdict(Some(IN_2038), IN_2026, Some(IN_2026)), Ok(()));
        // While it still says so, a clock that can be right is believed rather than the server.
        assert_eq!(verdict(Some(IN_2026 - 40 * DAY_S), IN_2026 - 31 * DAY_S, Some(IN_2038)), Err(LineFailure::CertificateTooEarly));
    }
}
