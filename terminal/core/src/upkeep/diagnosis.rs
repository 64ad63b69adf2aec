//! How the tablet is: what is looked at, in plain values. Nothing of a person is among them.

use super::Upkeep;
use crate::clock::Now;
use crate::commands::status::{Status, status_at};
use crate::door::Door;
use crate::settings::Sound;
use crate::store::{Queue, RESERVE_BYTES, Reserve};
use crate::view::Finding;
use crate::words;
use nix::sys::statvfs::statvfs;
use serde::Serialize;
use std::path::Path;

/// All of it, at one instant. Keys stand in the order in which they are written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Diagnosis {
    /// Of the program.
    pub version: &'static str,
    /// When it was looked at, by the clock that was put right.
    pub at: String,
    /// The day and the hour of the same, for a person.
    #[serde(skip)]
    pub at_in_words: String,
    /// What `preau-terminal status` says; nothing where it can't be read.
    pub status: Option<Status>,
    /// Why the data can't be read, or the door not be opened.
    pub closed: Option<String>,
    /// Room on the disk of the data, in bytes; nothing where the system doesn't tell.
    pub disk_free_bytes: Option<u64>,
    /// Whether the room kept for the day on which the disk is full is still there.
    pub reserve_is_whole: bool,
    /// Whether the second copy lacks something; nothing where the door is closed.
    pub copy_is_behind: Option<bool>,
    /// Whether it did already when it was looked at before: it is late, and not being written.
    pub copy_stays_behind: bool,
    /// Children on the list: how many.
    pub children: Option<usize>,
    /// How the reader is.
    pub reader: Finding,
    /// How loud the tablet is set, and whether anything is heard of it.
    pub sound: Sound,
    /// Whether there is something to sound by; nothing where nobody tried yet.
    pub sounds: Option<bool>,
    /// Why the settings that hold aren't those on the disk.
    pub settings_trouble: Option<String>,
    /// Last failures of the disk, the newest last: hour and words.
    pub failures: Vec<(String, String)>,
    /// Of the line, for a technician.
    pub line_detail: String,
    /// What waits, for the words.
    #[serde(skip)]
    pub(super) queue: Queue,
    /// The clock that was put right, ms since 1970 UTC.
    #[serde(skip)]
    pub(super) wall_ms: i64,
}

impl Upkeep {
    pub(super) fn diagnose(&self, now: Now, door: Option<&Door>) -> Diagnosis {
        let observed = door.and_then(|door| door.store().roster.observed().ok().flatten());
        let corrected = now.corrected(observed);
        let (status, closed) = match status_at(&self.dir, now) {
            Ok(status) => (Some(status), None),
            Err(error) => (None, Some(error.in_words())),
        };
        let reserve_is_whole = Reserve::at(&self.dir).is_whole();
        Diagnosis {
            version: env!("CARGO_PKG_VERSION"),
            at: corrected.instant().to_rfc3339_opts(chrono::SecondsFormat::Secs, true),
            at_in_words: format!("{}, {}", words::long_day(corrected.day()), words::time(corrected.time())),
            status,
            closed: closed.or_else(|| self.closed.clone()),
            disk_free_bytes: free_bytes(&self.dir),
            reserve_is_whole: reserve_is_whole || door.is_none(),
            copy_is_behind: door.and_then(|door| door.store().is_copy_behind().ok()),
            copy_stays_behind: false,
            children: door.map(|door| door.roster().children.len()),
            reader: self.reader_found(),
            sound: self.settings.sound,
            sounds: self.sounds,
            settings_trouble: self.trouble.as_ref().map(|trouble| trouble.text.clone()),
            failures: door.into_iter().flat_map(Door::failures).map(|(at, error)| (words::time_ms(*at), error.in_words())).collect(),
            line_detail: door.and_then(|door| door.store().roster.line().ok()).map(|line| line.detail).unwrap_or_default(),
            queue: door.and_then(|door| door.store().journal.queue().ok()).unwrap_or_default(),
            wall_ms: corrected.wall_ms,
        }
    }
}

/// Room for this account; the reserve isn't counted, it is taken already.
fn free_bytes(dir: &Path) -> Option<u64> {
    let disk = statvfs(dir).ok()?;
    Some(disk.blocks_available().saturating_mul(disk.fragment_size()))
}

impl Diagnosis {
    /// Whether room is getting short: less than what two reserves take, so that the first may still be made again.
    pub(super) fn room_is_short(&self) -> bool {
        self.disk_free_bytes.is_some_and(|free| free < 32 * RESERVE_BYTES as u64)
    }
}
