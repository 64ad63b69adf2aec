//! A tablet's entries in a file, for where no line reaches the server: sealed so that only the server reads them.
//!
//! The file is an age file (age-encryption.org/v1) for the recipient that the server tells in [`Session`](super::Session). Inside are
//! lines of JSON: an [`ExportHead`], then so many [`WireEntry`](super::WireEntry), in the order in which they were sealed. Whoever
//! carries the file can neither read nor change it, and the server believes the authors' signatures alone.

use crate::id::{DeviceId, SiteId};
use serde::{Deserialize, Serialize};

/// What an export calls itself.
pub const EXPORT_FORMAT: &str = "preau-pointages/1";
/// Most bytes of an export's lines: some hundred thousand entries, more than a tablet seals in its life.
pub const EXPORT_BYTES_MAX: u64 = 256 * 1024 * 1024;

/// The first line of an export.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportHead {
    /// [`EXPORT_FORMAT`].
    pub format: String,
    /// The site whose entries follow.
    pub site: SiteId,
    /// The tablet that exports: a carrier, which proves nothing by itself.
    pub device: DeviceId,
    /// How many entries follow.
    pub entries: u64,
}
