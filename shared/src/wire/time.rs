//! The time, told by the sync authority itself: for a tablet whose own clock can't say whether the server's certificate holds.
//!
//! The certificate's key could have been stolen and have expired since; the authority's key stays beside the database and signs this
//! server alone. What it signs over a nonce of the tablet's is therefore the server's time of this moment, whoever carries it.

use super::Bytes;
use serde::{Deserialize, Serialize};

/// A tablet asks what time it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct TimeAsk {
    /// 32 random bytes of the tablet's, so that no earlier answer fits.
    pub nonce: Bytes,
}

/// The server's time, in the authority's word.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct TimeTold {
    /// The server's wall clock, ms since 1970 UTC.
    pub server_ms: i64,
    /// By the sync authority's key over [`time_bytes`]: ECDSA on P-256 with SHA-256, in ASN.1.
    pub signature: Bytes,
}

/// What the authority signs: `"preau/time/1\0"` ‖ the tablet's nonce ‖ the server's time in ms, big-endian. No certificate begins with
/// these bytes.
#[must_use]
pub fn time_bytes(nonce: &[u8; 32], server_ms: i64) -> Vec<u8> {
    [b"preau/time/1\0".as_slice(), nonce, &server_ms.to_be_bytes()].concat()
}
