//! Who a peer is: read from the certificate that the sync authority signed for it, and judged at the time that this tablet believes.

use crate::store::Identity;
use rustls::pki_types::{CertificateDer, UnixTime};
use shared::id::{DeviceId, OrganisationId, SiteId};
use shared::wire::peers::{PEER_NAME_DEVICE, PEER_NAME_ORGANISATION, PEER_NAME_SITE};
use webpki::{EndEntityCert, KeyUsage, anchor_from_trusted_cert};

/// id-kp-clientAuth, which a peer's certificate must bear. The server's own doesn't; and a peer's, which bears nothing else, can't
/// stand for the server.
const CLIENT_AUTH: &[u8] = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x02];
/// What stands before the 32 bytes of an Ed25519 key (RFC 8410).
const ED25519_SPKI: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

/// Whom a certificate names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeerName {
    /// The tablet.
    pub device: DeviceId,
    /// Its site.
    pub site: SiteId,
    /// Tenants of the site.
    pub organisations: Vec<OrganisationId>,
    /// The key that signs its entries, and this handshake.
    pub key: [u8; 32],
}

/// What a certificate says, believed by nobody yet; `None` where it is no peer's.
#[must_use]
pub fn read(der: &[u8]) -> Option<PeerName> {
    let der = CertificateDer::from(der);
    named(&EndEntityCert::try_from(&der).ok()?)
}

fn named(certificate: &EndEntityCert<'_>) -> Option<PeerName> {
    let (mut device, mut site, mut organisations) = (None, None, Vec::new());
    for name in certificate.valid_uri_names() {
        if let Some(id) = name.strip_prefix(PEER_NAME_DEVICE) {
            device = Some(id.parse().ok()?);
        } else if let Some(id) = name.strip_prefix(PEER_NAME_SITE) {
            site = Some(id.parse().ok()?);
        } else if let Some(id) = name.strip_prefix(PEER_NAME_ORGANISATION) {
            organisations.push(id.parse().ok()?);
        }
    }
    let spki = certificate.subject_public_key_info();
    let key = spki.as_ref().strip_prefix(ED25519_SPKI.as_slice())?.try_into().ok()?;
    Some(PeerName { device: device?, site: site?, organisations, key })
}

/// Whether a certificate is another tablet's of the same site and organisation, signed by the authority that this one pinned, at an
/// instant.
///
/// # Errors
/// In a few words for a log; they name nobody.
pub fn judge(der: &CertificateDer<'_>, me: &Identity, at: UnixTime) -> Result<PeerName, String> {
    let authority = CertificateDer::from(me.authority.as_slice());
    let anchor = anchor_from_trusted_cert(&authority).map_err(|e| format!("pinned authority: {e}"))?;
    let certificate = EndEntityCert::try_from(der).map_err(|e| e.to_string())?;
    let provider = rustls::crypto::ring::default_provider();
    let algorithms = provider.signature_verification_algorithms.all;
    let usage = KeyUsage::required(CLIENT_AUTH);
    certificate.verify_for_usage(algorithms, &[anchor], &[], at, usage, None, None).map_err(|e| e.to_string())?;
    let peer = named(&certificate).ok_or("names no tablet")?;
    if peer.site != me.site || !peer.organisations.iter().any(|o| me.organisations.contains(o)) {
        return Err("of another site".into());
    }
    // A copy of this folder, or this tablet itself by another address.
    if peer.device == me.device || peer.key == me.public_key {
        return Err("this tablet itself".into());
    }
    Ok(peer)
}
