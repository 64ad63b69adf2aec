//! Keys and certificates as people compare them.

use sha2::{Digest, Sha256};

/// SHA-256 in capitals of hexadecimal.
#[must_use]
pub fn of(bytes: &[u8]) -> String {
    data_encoding::HEXUPPER.encode(&Sha256::digest(bytes))
}

/// All of it, in groups of four.
#[must_use]
pub fn shown(bytes: &[u8]) -> String {
    grouped(&of(bytes))
}

/// Enough of one to tell two apart.
#[must_use]
pub fn short(fingerprint: &str) -> String {
    grouped(fingerprint.get(..16).unwrap_or(fingerprint))
}

fn grouped(hex: &str) -> String {
    let groups: Vec<&str> = (0..hex.len()).step_by(4).filter_map(|at| hex.get(at..(at + 4).min(hex.len()))).collect();
    groups.join(" ")
}
