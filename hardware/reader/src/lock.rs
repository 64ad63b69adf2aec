//! One program a reader: two that open one serial line both read rubbish, and libnfc's own claim does nothing on Linux.

use nix::fcntl::{Flock, FlockArg, OFlag};
use std::fs::{File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// Holds the file of a device for as long as it lives.
pub struct Held(#[expect(dead_code, reason = "held, not read")] Flock<File>);

/// Why it can't be held.
pub enum NotHeld {
    /// There is no such file, or none that this account may open.
    Absent(std::io::Error),
    /// Another program holds it.
    Taken,
}

/// Holds the device behind a path; a link is followed, so that two names of one device are one.
///
/// # Errors
/// Nothing there, or taken.
pub fn hold(path: &Path) -> Result<Held, NotHeld> {
    let real = path.canonicalize().map_err(NotHeld::Absent)?;
    // Without waiting for a modem, and without becoming its terminal.
    let flags = (OFlag::O_NOCTTY | OFlag::O_NONBLOCK).bits();
    let file = OpenOptions::new().read(true).write(true).custom_flags(flags).open(real).map_err(NotHeld::Absent)?;
    Flock::lock(file, FlockArg::LockExclusiveNonblock).map(Held).map_err(|_| NotHeld::Taken)
}
