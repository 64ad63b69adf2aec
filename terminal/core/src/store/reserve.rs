//! Room kept for the day when the disk is full.

use std::io::Write;
use std::path::{Path, PathBuf};

/// Size of the reserve: some thousand entries with SQLite's own overhead.
pub const RESERVE_BYTES: usize = 4 * 1024 * 1024;

/// A file of zeroes that can be given up for entries.
#[derive(Debug, Clone)]
pub struct Reserve {
    path: PathBuf,
}

impl Reserve {
    /// The reserve of a data folder.
    #[must_use]
    pub fn at(dir: &Path) -> Self {
        Self { path: dir.join("reserve") }
    }

    /// Whether the room is still kept.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        std::fs::metadata(&self.path).is_ok_and(|m| m.len() >= RESERVE_BYTES as u64)
    }

    /// Keeps the room if there is any to keep. Written, not only sized: a sparse file keeps nothing.
    pub fn fill(&self) {
        if self.is_whole() {
            return;
        }
        let write = || -> std::io::Result<()> {
            let mut file = std::fs::File::create(&self.path)?;
            file.write_all(&vec![0; RESERVE_BYTES])?;
            file.sync_all()
        };
        if let Err(error) = write() {
            tracing::warn!(%error, "no room for the reserve");
            // Half a reserve would only fill the disk further.
            self.give_up();
        }
    }

    /// Gives the room to whoever asks next; `false` if there was none.
    pub fn give_up(&self) -> bool {
        std::fs::remove_file(&self.path).is_ok()
    }
}
