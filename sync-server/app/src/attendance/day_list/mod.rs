//! The list of a lieu's day on paper ("liste de secours"), for the day when tablets or the network are dead.
//!
//! Owns what the list says ([`read`]), when it is made ([`night`]), and how long it is kept ([`keep`]). It is read from what the site's
//! tablets would be told, so that paper and board can't differ: nobody who is barred, no number of a confidential household, no health.
//! Two lists that say the same have the same seal, and the second is not made.

pub mod keep;
pub mod night;
mod read;

pub use keep::{latest, make};
pub use night::due;

use documents::DayContent;
use sha2::{Digest, Sha256};

/// Days that a list is kept after its own. As long as a tablet lets a day be told ([`crate::sync::roster::DAYS_BEFORE`]): until then
/// paper is typed in and its seal compared. From there on the journal holds the day, and the list is nothing but children's data.
pub const KEPT_DAYS: u64 = crate::sync::roster::DAYS_BEFORE;

/// A content as it is sealed and kept: JSON.
fn bytes_of(content: &DayContent) -> crate::Result<Vec<u8>> {
    serde_json::to_vec(content).map_err(|error| crate::Error::conflict(error.to_string()))
}

/// The seal of a content: SHA-256 of its bytes.
fn seal_of(content: &[u8]) -> Vec<u8> {
    Sha256::digest(content).to_vec()
}

/// As people compare it: "3F2A 91BC 07DE 5512", the first eight bytes.
#[must_use]
pub fn short_seal(seal: &[u8]) -> String {
    let pairs: Vec<String> = seal.chunks(2).take(4).map(|two| data_encoding::HEXUPPER.encode(two)).collect();
    pairs.join(" ")
}
