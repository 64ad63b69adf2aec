//! What tablets of one site say to each other without the server, over TLS by the certificates that it gave them.
//!
//! One calls, the other answers; each ask stands by itself. Entries are compared by blocks of [`BLOCK_PLACES`] places of one
//! device's epoch: a block's digest is of the names of the entries in it, so that two tablets see a fork, or a hole in the middle,
//! which the last number that each has would hide.

use super::{Bytes, WireEntry};
use crate::id::{DeviceId, EntryId};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// The capability by which a tablet says that it takes a [`PeerCertificate`].
pub const PEERS: &str = "peers";
/// The protocol's name in the handshake (ALPN): another version is another name.
pub const PEER_PROTOCOL: &[u8] = b"preau-peer/1";
/// How long a peer's certificate lives, in days.
pub const PEER_CERTIFICATE_DAYS: u32 = 30;
/// It is renewed where it lives for fewer days than this.
pub const PEER_CERTIFICATE_RENEWED_DAYS: u32 = 20;
/// Days before today whose entries are exchanged.
pub const PEER_DAYS: u32 = 7;
/// Places of one block.
pub const BLOCK_PLACES: u64 = 64;
/// Most blocks of one answer: more than 100 000 entries.
pub const PEER_BLOCKS_MAX: usize = 2_000;
/// Most blocks of one comparison.
pub const PEER_COMPARED_MAX: usize = 32;
/// Most names of entries in one message: what [`PEER_COMPARED_MAX`] blocks hold, each of them forked once.
pub const PEER_IDS_MAX: usize = 4_096;

/// Names of the parts of a certificate (URI, subject alternative name): `preau:device:…`, `preau:site:…`, `preau:organisation:…`.
pub const PEER_NAME_DEVICE: &str = "preau:device:";
/// See [`PEER_NAME_DEVICE`].
pub const PEER_NAME_SITE: &str = "preau:site:";
/// See [`PEER_NAME_DEVICE`]; one for each tenant of the site.
pub const PEER_NAME_ORGANISATION: &str = "preau:organisation:";

/// By what a tablet proves to the others of its site that it is one of them: signed by the sync authority, over the tablet's own key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct PeerCertificate {
    /// X.509, DER.
    pub certificate: Bytes,
    /// When it ends, ms since 1970 UTC.
    pub until_ms: i64,
}

/// A block's name: a device's epoch, and which [`BLOCK_PLACES`] numbers of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct BlockName {
    /// The author.
    pub device: DeviceId,
    /// Its epoch.
    pub epoch: u32,
    /// Numbers from `block` × [`BLOCK_PLACES`] on.
    pub block: u64,
}

/// What a tablet holds of a block.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Block {
    /// Which.
    #[serde(flatten)]
    pub name: BlockName,
    /// See [`block_digest`]; 16 bytes.
    pub digest: Bytes,
}

/// A block by the names of entries of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlockEntries {
    /// Which.
    #[serde(flatten)]
    pub name: BlockName,
    /// What one side holds of it.
    pub entries: Vec<EntryId>,
}

/// The first 16 bytes of SHA-256 over the names of a block's entries in ascending order, 16 bytes each.
#[must_use]
pub fn block_digest<'e>(ascending: impl IntoIterator<Item = &'e EntryId>) -> [u8; 16] {
    let digest = ascending.into_iter().fold(Sha256::new(), |sum, entry| sum.chain_update(entry.0.as_bytes())).finalize();
    let mut short = [0; 16];
    short.copy_from_slice(&digest[..16]);
    short
}

/// What a caller asks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "ask")]
pub enum PeerAsk {
    /// Which blocks do you hold?
    Blocks,
    /// I hold this of these blocks: what do you offer, what do you want?
    Compare {
        /// At most [`PEER_COMPARED_MAX`], with at most [`PEER_IDS_MAX`] names.
        blocks: Vec<BlockEntries>,
    },
    /// Give me these.
    Fetch {
        /// At most [`PUSH_ENTRIES_MAX`](super::limits::PUSH_ENTRIES_MAX).
        entries: Vec<EntryId>,
    },
    /// Take these.
    Give {
        /// Within the limits of a push.
        entries: Vec<WireEntry>,
    },
}

/// What it is answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "answer")]
pub enum PeerAnswer {
    /// To [`PeerAsk::Blocks`].
    Blocks {
        /// At most [`PEER_BLOCKS_MAX`].
        blocks: Vec<Block>,
    },
    /// To [`PeerAsk::Compare`].
    Differences {
        /// What the answering tablet holds of these blocks, and the caller doesn't.
        offered: Vec<BlockEntries>,
        /// What the caller holds, and the answering tablet would take.
        wanted: Vec<EntryId>,
        /// How many more of them it lacks and takes from nobody yet: their author isn't known to it, or too many of them wait.
        #[serde(default)]
        left: usize,
    },
    /// To [`PeerAsk::Fetch`]: as many of them as a message holds; what isn't shared is left out.
    Entries {
        /// Whole, as they were sealed.
        entries: Vec<WireEntry>,
    },
    /// To [`PeerAsk::Give`].
    Taken {
        /// How many of them were new and hold.
        count: usize,
    },
    /// To anything past a limit.
    Refused {
        /// A stable name.
        code: String,
    },
}
