//! The sync authority: a private certificate authority made by `preau-server init`, which signs this server, the time for a tablet
//! whose clock is lost, and its tablets for each other ([`super::peer_certificate`]). Tablets pin it at enrolment, so that no public
//! authority, proxy or stolen domain stands between.
//!
//! Tablets believe any server that the authority vouches for, whatever its name: a tablet's certificate is therefore good for
//! clients alone, and can't stand for the server.
//!
//! Its key and certificate lie in one file beside the database, mode 0600. The server's own certificate is made at each
//! start, and anew every month while it runs: it is kept nowhere.

use crate::attendance::server_device::write_private;
use crate::store::entity::device;
use crate::{Error, Result};
use chrono::{Datelike, Days, NaiveDate, NaiveTime};
use rcgen::string::Ia5String;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    PKCS_ED25519, PublicKeyData, SanType, SignatureAlgorithm, SigningKey, date_time_ymd,
};
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use shared::calendar::Instant;
use shared::id::{OrganisationId, TerritoireId};
use shared::wire::PeerCertificate;
use shared::wire::peers::{PEER_CERTIFICATE_DAYS, PEER_NAME_DEVICE, PEER_NAME_ORGANISATION, PEER_NAME_SITE};
use std::path::Path;
use std::sync::Arc;

/// The file's name in the data folder.
pub const FILE: &str = "autorite-sync.pem";
/// How long a server's certificate lives: longer than a server runs without a restart or the monthly renewal.
const LEAF_DAYS: u64 = 90;
/// How far back it reaches, for a tablet whose clock is late.
const LEAF_DAYS_BEFORE: u64 = 30;

/// The authority, ready to sign.
pub struct Authority {
    key: KeyPair,
    params: CertificateParams,
    certificate: CertificateDer<'static>,
}

impl Authority {
    /// Reads the authority of a territoire, or makes it where there is none yet.
    ///
    /// # Errors
    /// Where the file can't be read or written, or isn't one of ours.
    pub fn open(data_dir: &Path, territoire: TerritoireId) -> Result<Self> {
        let path = data_dir.join(FILE);
        let params = authority_params(territoire);
        match std::fs::read_to_string(&path) {
            Ok(pem) => {
                let wrong = || Error::Unavailable(format!("{} est illisible : restaurez-la depuis une sauvegarde.", path.display()));
                let key = KeyPair::from_pem(&pem).map_err(|_| wrong())?;
                let certificate = CertificateDer::from_pem_slice(pem.as_bytes()).map_err(|_| wrong())?;
                Ok(Self { key, params, certificate })
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let key = KeyPair::generate().map_err(no_certificate)?;
                let certificate = params.self_signed(&key).map_err(no_certificate)?;
                write_private(&path, format!("{}{}", key.serialize_pem(), certificate.pem()).as_bytes())?;
                Ok(Self { key, params, certificate: certificate.der().clone() })
            }
            Err(error) => Err(Error::io(&path)(error)),
        }
    }

    /// The certificate that tablets pin, DER.
    #[must_use]
    pub fn certificate(&self) -> &[u8] {
        &self.certificate
    }

    /// Signs bytes that no certificate begins with: the time, for a tablet whose clock is lost.
    ///
    /// # Errors
    /// Where the system gives no randomness.
    pub fn sign(&self, bytes: &[u8]) -> Result<Vec<u8>> {
        self.key.sign(bytes).map_err(|error| Error::Unavailable(format!("L'autorité de synchronisation ne peut pas signer : {error}")))
    }

    /// TLS for this server: a fresh key, a certificate for these names, good around these days.
    ///
    /// # Errors
    /// A name that can't stand in a certificate.
    pub fn server_config(&self, names: Vec<String>, days: (NaiveDate, NaiveDate)) -> Result<Arc<ServerConfig>> {
        let key = KeyPair::generate().map_err(no_certificate)?;
        let mut params = CertificateParams::new(names).map_err(no_certificate)?;
        params.distinguished_name = named("Preau sync server");
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        lives(&mut params, days.0 - Days::new(LEAF_DAYS_BEFORE), days.1 + Days::new(LEAF_DAYS));
        let leaf = params.signed_by(&key, &Issuer::from_params(&self.params, &self.key)).map_err(no_certificate)?;
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let refused = |error| Error::Unavailable(format!("TLS refuse le certificat du serveur : {error}"));
        let mut config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(refused)?
            .with_no_client_auth()
            .with_single_cert(vec![leaf.der().clone(), self.certificate.clone()], key)
            .map_err(refused)?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Arc::new(config))
    }

    /// A tablet's certificate for the others of its site, over its own key: from the day before to [`PEER_CERTIFICATE_DAYS`] after.
    ///
    /// # Errors
    /// A key that is none.
    pub fn peer_certificate(&self, device: &device::Model, organisations: &[OrganisationId], now: Instant) -> Result<PeerCertificate> {
        let mut params = CertificateParams::default();
        // Named by ids alone, and those only in the alternative names: nobody reads a subject.
        params.distinguished_name = named("Preau tablet");
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        let places = [format!("{PEER_NAME_DEVICE}{}", device.id), format!("{PEER_NAME_SITE}{}", device.site_id)];
        let tenants = organisations.iter().map(|organisation| format!("{PEER_NAME_ORGANISATION}{organisation}"));
        params.subject_alt_names = places
            .into_iter()
            .chain(tenants)
            .map(|name| Ia5String::try_from(name).map(SanType::URI))
            .collect::<std::result::Result<_, _>>()
            .map_err(no_certificate)?;
        let today = now.date_naive();
        let until = today + Days::new(u64::from(PEER_CERTIFICATE_DAYS));
        lives(&mut params, today - Days::new(1), until);
        let key = TabletKey(&device.public_key);
        let certificate = params.signed_by(&key, &Issuer::from_params(&self.params, &self.key)).map_err(no_certificate)?;
        let until_ms = until.and_time(NaiveTime::MIN).and_utc().timestamp_millis();
        Ok(PeerCertificate { certificate: certificate.der().as_ref().into(), until_ms })
    }
}

/// A tablet's public key, whose secret never was here.
struct TabletKey<'k>(&'k [u8]);

impl PublicKeyData for TabletKey<'_> {
    fn der_bytes(&self) -> &[u8] {
        self.0
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        &PKCS_ED25519
    }
}

/// From one midnight to another, UTC.
fn lives(params: &mut CertificateParams, from: NaiveDate, until: NaiveDate) {
    let at = |day: NaiveDate| date_time_ymd(day.year(), u8::try_from(day.month()).unwrap_or(1), u8::try_from(day.day()).unwrap_or(1));
    (params.not_before, params.not_after) = (at(from), at(until));
}

fn no_certificate(error: rcgen::Error) -> Error {
    Error::Unavailable(format!("Le certificat du serveur ne peut pas être fait : {error}"))
}

fn named(name: &str) -> DistinguishedName {
    let mut out = DistinguishedName::new();
    out.push(DnType::CommonName, name);
    out
}

/// The same for one territoire at every start: the authority's certificate is signed once, its name signs each server's.
fn authority_params(territoire: TerritoireId) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = named(&format!("Preau sync {territoire}"));
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    // A tablet whose battery is dead wakes up in 1970; the authority is replaced by enrolment, not by a date.
    params.not_before = date_time_ymd(1970, 1, 1);
    params.not_after = date_time_ymd(4096, 1, 1);
    params
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_authority_is_made_once_and_its_certificate_never_changes() {
        let folder = tempfile::tempdir().unwrap();
        let territoire = TerritoireId::new(0, [1; 10]);
        let made = Authority::open(folder.path(), territoire).unwrap();
        let read = Authority::open(folder.path(), territoire).unwrap();
        assert_eq!(made.certificate(), read.certificate());
        let day = NaiveDate::from_ymd_opt(2026, 10, 5).unwrap();
        assert!(read.server_config(vec!["localhost".into(), "127.0.0.1".into()], (day, day)).is_ok());
        std::fs::write(folder.path().join(FILE), "autre chose").unwrap();
        assert!(Authority::open(folder.path(), territoire).is_err());
    }
}
