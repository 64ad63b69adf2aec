//! The next epoch: what a tablet asks once it can't go on in the one that it seals in, and the server's one answer.
//!
//! The nonce is that of a [`SessionHello`](super::SessionHello). The tablet makes `request` durable before it asks, so that a lost
//! reply costs a repeat: the same request gets the same answer. An epoch is given once: another request that leaves an epoch which
//! was left before is refused, since whoever left it first is the tablet.

use super::Bytes;
use crate::id::DeviceId;
use serde::{Deserialize, Serialize};

/// The code beside a verdict: another entry stands at the place of this one. Both are kept.
pub const FORK: &str = "fourche";

/// Why a tablet asks for its next epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub enum EpochReason {
    /// The server told of another entry at a place of the tablet's own.
    #[serde(rename = "fourche")]
    Fork,
    /// The tablet saved what it could of a damaged journal: what it sealed last may be lost to it.
    #[serde(rename = "sauvetage")]
    Salvage,
    /// The server holds more of the epoch than the tablet has ever sealed: it was restored from an older image.
    #[serde(rename = "restauration")]
    Restored,
}

impl EpochReason {
    /// The code on the wire, on disk and in the server's books.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Fork => FORK,
            Self::Salvage => "sauvetage",
            Self::Restored => "restauration",
        }
    }

    /// The reason of a code.
    #[must_use]
    pub fn parse(code: &str) -> Option<Self> {
        [Self::Fork, Self::Salvage, Self::Restored].into_iter().find(|reason| reason.code() == code)
    }

    /// The cause that `epoch_opened` seals (see [`crate::journal::Detail::Epoch`]).
    #[must_use]
    pub fn cause(self) -> &'static str {
        match self {
            Self::Fork => "fork",
            Self::Salvage => "salvage",
            Self::Restored => "restore",
        }
    }
}

/// A tablet asks for the epoch after the one that it seals in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct EpochAsk {
    /// Who.
    pub device: DeviceId,
    /// The server's nonce.
    pub nonce: Bytes,
    /// Ed25519 over [`epoch_bytes`].
    pub signature: Bytes,
    /// 32 random bytes that name this request, durable on the tablet before they are sent.
    pub request: Bytes,
    /// The epoch that it leaves.
    pub epoch: u32,
    /// Epoch of the last entry of its own that it holds; 0 where it holds none.
    pub last_epoch: u32,
    /// Number of that entry; 0 where it holds none.
    pub last_seq: u64,
    /// Hash of that entry (32 bytes); zeroes where it holds none.
    pub last_hash: Bytes,
    /// Why.
    pub reason: EpochReason,
}

/// What a tablet signs to ask for an epoch: `"preau/epoch/1\0"` ‖ nonce ‖ device ‖ request ‖ epoch ‖ last epoch ‖ last number ‖ last
/// hash ‖ reason. Integers are big-endian.
#[must_use]
pub fn epoch_bytes(ask: &EpochAsk) -> Vec<u8> {
    [
        b"preau/epoch/1\0".as_slice(),
        &ask.nonce.0,
        ask.device.0.as_bytes(),
        &ask.request.0,
        &ask.epoch.to_be_bytes(),
        &ask.last_epoch.to_be_bytes(),
        &ask.last_seq.to_be_bytes(),
        &ask.last_hash.0,
        ask.reason.code().as_bytes(),
    ]
    .concat()
}

/// The epoch to seal in from now on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct EpochGiven {
    /// One more than the epoch that was left.
    pub epoch: u32,
}
