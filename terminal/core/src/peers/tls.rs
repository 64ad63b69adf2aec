//! TLS between two tablets of one site: each shows its certificate, each judges the other's.
//!
//! The key is the tablet's own Ed25519 key, the one that signs its entries. TLS 1.3 alone: there a signature begins with 64 spaces
//! and TLS's own name for it, so that no handshake can be made to sign what reads as an entry, a session or an enrolment. TLS 1.2
//! signs bytes that begin with the other side's choice. No session is resumed: each connection judges the certificate anew.

use super::certificate::{PeerName, judge};
use super::{PeerFailure, own_certificate};
use crate::clock::Now;
use crate::store::{Identity, Store};
use crate::sync::believed_time::BelievedTime;
use rustls::client::Resumption;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName, UnixTime};
use rustls::server::NoServerSessionStorage;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::version::TLS13;
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, DistinguishedName, Error, OtherError};
use rustls::{ServerConfig, SignatureScheme};
use shared::journal::SigningKey;
use shared::wire::peers::PEER_PROTOCOL;
use std::sync::Arc;
use std::time::Duration;
use zeroize::Zeroizing;

/// What stands before the 32 secret bytes of an Ed25519 key (RFC 8410).
const ED25519_PKCS8: [u8; 16] = [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];

/// What this tablet shows, and by what it judges whoever it meets.
pub struct Papers {
    me: Identity,
    key: SigningKey,
    certificate: CertificateDer<'static>,
    at: UnixTime,
}

impl Papers {
    /// As they stand on disk, at an instant: the wall clock's, or the latest time of the server that is known, where that clock is
    /// in doubt.
    ///
    /// # Errors
    /// [`PeerFailure::NoCertificate`] before the server gave one; a failed read.
    pub fn of(store: &Store, now: Now) -> Result<Self, PeerFailure> {
        let (Some(me), Some(own)) = (store.journal.identity()?, own_certificate(store)?) else { return Err(PeerFailure::NoCertificate) };
        let observed = store.roster.observed()?;
        let seconds = |ms: i64| u64::try_from(ms / 1_000).unwrap_or(0);
        let (wall_s, known_s) = (seconds(now.corrected(observed).wall_ms), observed.map(|seen| seconds(seen.server_ms)));
        let known = UnixTime::since_unix_epoch(Duration::from_secs(known_s.unwrap_or(wall_s)));
        let at = BelievedTime::by(known_s, move || wall_s).by_clock().unwrap_or(known);
        Ok(Self { me, key: store.key().clone(), certificate: CertificateDer::from(own.certificate.0), at })
    }

    /// Whom a certificate names, where it is another tablet's of this site.
    ///
    /// # Errors
    /// [`PeerFailure::Stranger`].
    pub fn judge(&self, shown: Option<&[CertificateDer<'_>]>) -> Result<PeerName, PeerFailure> {
        let leaf = shown.and_then(<[_]>::first).ok_or_else(|| PeerFailure::Stranger("no certificate".into()))?;
        judge(leaf, &self.me, self.at).map_err(PeerFailure::Stranger)
    }

    /// The calling side.
    ///
    /// # Errors
    /// [`PeerFailure::NoCertificate`] where this tablet's own certificate or key can't be used.
    pub fn client(&self) -> Result<ClientConfig, PeerFailure> {
        let (provider, verifier) = self.verifier();
        let builder = ClientConfig::builder_with_provider(provider).with_protocol_versions(&[&TLS13]).map_err(unusable)?;
        let builder = builder.dangerous().with_custom_certificate_verifier(verifier);
        let mut config = builder.with_client_auth_cert(vec![self.certificate.clone()], self.secret()).map_err(unusable)?;
        config.resumption = Resumption::disabled();
        config.alpn_protocols = vec![PEER_PROTOCOL.to_vec()];
        Ok(config)
    }

    /// The answering side.
    ///
    /// # Errors
    /// As [`Self::client`].
    pub fn server(&self) -> Result<ServerConfig, PeerFailure> {
        let (provider, verifier) = self.verifier();
        let builder = ServerConfig::builder_with_provider(provider).with_protocol_versions(&[&TLS13]).map_err(unusable)?;
        let builder = builder.with_client_cert_verifier(verifier);
        let mut config = builder.with_single_cert(vec![self.certificate.clone()], self.secret()).map_err(unusable)?;
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.send_tls13_tickets = 0;
        config.alpn_protocols = vec![PEER_PROTOCOL.to_vec()];
        Ok(config)
    }

    fn verifier(&self) -> (Arc<CryptoProvider>, Arc<SameSite>) {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        (Arc::clone(&provider), Arc::new(SameSite { me: self.me.clone(), at: self.at, provider }))
    }

    fn secret(&self) -> PrivateKeyDer<'static> {
        let secret = Zeroizing::new(self.key.to_bytes());
        PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from([ED25519_PKCS8.as_slice(), secret.as_slice()].concat()))
    }
}

fn unusable(error: Error) -> PeerFailure {
    tracing::error!(%error, "this tablet's own certificate can't be used");
    PeerFailure::NoCertificate
}

/// Believes the tablets of this site, in both directions.
#[derive(Debug)]
struct SameSite {
    me: Identity,
    at: UnixTime,
    provider: Arc<CryptoProvider>,
}

#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Why(String);

impl SameSite {
    fn judge(&self, leaf: &CertificateDer<'_>) -> Result<(), Error> {
        let why = |why| Error::InvalidCertificate(CertificateError::Other(OtherError(Arc::new(Why(why)))));
        judge(leaf, &self.me, self.at).map(drop).map_err(why)
    }

    fn signed(&self, message: &[u8], cert: &CertificateDer<'_>, dss: &DigitallySignedStruct) -> Result<HandshakeSignatureValid, Error> {
        rustls::crypto::verify_tls13_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }
}

impl ServerCertVerifier for SameSite {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        self.judge(end_entity).map(|()| ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(Error::General("TLS 1.3 alone".into()))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.signed(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        vec![SignatureScheme::ED25519]
    }
}

impl ClientCertVerifier for SameSite {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        self.judge(end_entity).map(|()| ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(Error::General("TLS 1.3 alone".into()))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.signed(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        vec![SignatureScheme::ED25519]
    }
}
