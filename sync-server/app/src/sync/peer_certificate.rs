//! The certificate by which a tablet proves to the others of its site that it is one of them, where none of them reaches the server.
//!
//! It is over the tablet's own Ed25519 key, which is proved at each session already: no second secret lies on the tablet's disk, and
//! whoever sees the certificate knows the key that signs its entries, by the authority's word. It names the device, the site and
//! the site's organisations by their ids, and nobody.
//!
//! A revoked tablet gets none; the one that it holds ends by itself, and the others are told of the revocation by the roster.

use crate::Result;
use crate::attendance::effective::organisations_at;
use crate::store::Territory;
use crate::store::entity::device;
use crate::sync::Desk;
use shared::calendar::Instant;
use shared::id::SiteId;
use shared::wire::PeerCertificate;
use shared::wire::peers::{PEER_CERTIFICATE_DAYS, PEER_CERTIFICATE_RENEWED_DAYS};

const DAY_MS: i64 = 24 * 3_600_000;

/// Whether a certificate that ends then is to be replaced: it lives for few days more, or for longer than any that is given.
fn is_to_renew(until_ms: Option<i64>, now: Instant) -> bool {
    let left_ms = until_ms.map_or(0, |until| until.saturating_sub(now.timestamp_millis()));
    !(i64::from(PEER_CERTIFICATE_RENEWED_DAYS) * DAY_MS..=(i64::from(PEER_CERTIFICATE_DAYS) + 1) * DAY_MS).contains(&left_ms)
}

/// A new certificate where a tablet needs one: it holds one that ends at `until_ms`, or none.
///
/// # Errors
/// The database's; a key that is none.
pub async fn renewed(
    territory: &Territory<'_>,
    desk: &Desk,
    device: &device::Model,
    until_ms: Option<i64>,
    now: Instant,
) -> Result<Option<PeerCertificate>> {
    if device.revoked_at_ms.is_some() || !is_to_renew(until_ms, now) {
        return Ok(None);
    }
    let organisations = organisations_at(territory, SiteId(device.site_id)).await?;
    desk.authority.peer_certificate(device, &organisations, now).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_is_renewed_when_less_than_twenty_days_are_left() {
        let now: Instant = "2026-10-05T10:00:00Z".parse().unwrap();
        let after = |days: i64| Some(now.timestamp_millis() + days * DAY_MS);
        assert!(is_to_renew(None, now) && is_to_renew(after(-1), now) && is_to_renew(after(19), now));
        assert!(!is_to_renew(after(20), now) && !is_to_renew(after(30), now));
        assert!(is_to_renew(after(400), now), "given while the server's clock was in another year");
    }
}
