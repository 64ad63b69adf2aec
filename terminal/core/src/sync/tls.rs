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
fn judged_at(wall: UnixTime, known_s: Option<u64>) -> UnixTime {
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

/// TLS that believes the pinned authority alone.
///
/// # Errors
/// [`LineFailure::WrongCertificate`] where the pinned bytes are no certificate.
pub fn pinned(authority: &[u8], known_s: Option<u64>, failure: &Failure) -> Result<ClientConfig, LineFailure> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from(authority.to_vec())).map_err(|_| LineFailure::WrongCertificate)?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier = PinnedAuthority { roots, provider: Arc::clone(&provider), known_s, failure: failure.clone() };
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
}
