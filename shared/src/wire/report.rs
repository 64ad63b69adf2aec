//! How a tablet is, for whoever looks after the fleet.

use serde::{Deserialize, Serialize};

/// What a tablet says of itself with a [`Pull`](super::Pull). Believed for nothing: a page shows it, and nobody is let in or kept out
/// by it. Codes that a reader doesn't know are shown as unknown. Since December 2026.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct TabletReport {
    /// Version of the program.
    pub version: String,
    /// Entries that the server has not acknowledged.
    pub waiting: u64,
    /// How long ago the oldest of them was sealed, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub oldest_waiting_s: Option<u64>,
    /// Entries that the server refused: no place holds them but the tablet.
    pub refused: u64,
    /// One of [`reader`]; absent where the machine can't tell.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reader: Option<String>,
    /// How full the battery is, in percent; absent where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub battery_percent: Option<u64>,
    /// Whether it is plugged in; absent where the machine can't tell.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plugged_in: Option<bool>,
    /// One of [`key_storage`].
    pub key_storage: String,
    /// Damaged files that were set aside and are still there.
    pub set_aside: u64,
}

/// State of the badge reader, as told.
pub mod reader {
    /// One is plugged in.
    pub const PLUGGED_IN: &str = "branche";
    /// None is.
    pub const ABSENT: &str = "absent";
}

/// How a tablet keeps its key at rest, as told.
pub mod key_storage {
    /// In a file that only the tablet's own account may read.
    pub const FILE: &str = "fichier";
    /// In the machine's security chip.
    pub const TPM: &str = "tpm";
}
