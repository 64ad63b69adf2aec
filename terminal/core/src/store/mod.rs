//! What the tablet keeps on disk, and how it survives.
//!
//! | file | holds | lost means |
//! |---|---|---|
//! | `journal.db` | sealed entries, what the server said of them, who this tablet is | facts are lost: hence its own file, WAL, `synchronous=FULL` |
//! | `roster.db` | what the server told: children, adults, bookings, cursor | it is pulled again |
//! | `photos/` | photos that the roster shows, each sealed | they are fetched again |
//! | `device.key` | 32 secret bytes, mode 0600 | the tablet is enrolled anew |
//! | `device.key.next` | the secret of a life that is being enrolled | it is enrolled once more |
//! | `copy/` | our own entries once more, by month, and who this tablet is once more | the journal alone holds them |
//! | `journal.db.corrompu-…` | a damaged journal, set aside | what nobody could read of it |
//! | `journal.suspect` | why the next start is to salvage the journal | |
//! | `reserve` | zeroes, given up when the disk is full | entries have room once more |
//! | `lock` | nothing: who holds its lock owns the folder | |
//!
//! Promises: an entry is told as recorded only after COMMIT; nothing is ever
//! deleted because it can't be read; every failure is a [`StoreError`] in
//! French; nothing here panics on what it finds on disk.

mod checkpoint;
mod copy;
mod device;
mod entries;
mod epochs;
mod error;
mod faults;
mod journal;
mod lives;
mod mark;
mod migrations;
mod opening;
mod outbox;
mod peers;
mod photos;
mod reserve;
mod roster_db;
mod salvage;
mod set_aside;
mod staging;
mod whole;

pub use device::{Identity, public_key_of};
pub use epochs::EpochRequest;
pub use error::StoreError;
pub use faults::{FaultPoints, NoFaults, SealPoint};
pub use journal::{Authored, Journal, StoredOwn};
pub use opening::ask_repair;
pub use outbox::{Carried, Outgoing, Queue, Recorded};
pub use peers::{Author, BY_PEER_MAX};
pub use photos::{Photos, Shown};
pub use reserve::{RESERVE_BYTES, Reserve};
pub use roster_db::{Agreement, LineState, LineStatus, RosterChange, RosterDb};
pub use set_aside::set_aside;
pub use staging::Staging;
pub use whole::Whole;

use copy::{Keeper, SecondCopy};
use rusqlite::{Connection, OpenFlags};
use shared::journal::{Draft, Sealed, SigningKey};
use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// How long a statement waits for the other connection of this program: longer than any of its transactions.
const BUSY_MS_MAX: u64 = 3_000;

/// The tablet's data folder, owned.
pub struct Store {
    /// Ends first: it copies what is left while the folder is still owned. `None` for a second set of connections.
    keeper: Option<Keeper>,
    copy: Arc<SecondCopy>,
    dir: PathBuf,
    /// Held as long as any connection of this program lives.
    lock: Arc<File>,
    key: SigningKey,
    reserve: Reserve,
    /// Entries and their fate.
    pub journal: Journal,
    /// What the tablet knows of its site.
    pub roster: RosterDb,
}

impl Store {
    /// Opens the folder, making what is missing, and becomes its one owner.
    ///
    /// # Errors
    /// Another owner, a damaged file, no rights, no room.
    pub fn open(dir: &Path, faults: Arc<dyn FaultPoints>) -> Result<Self, StoreError> {
        std::fs::create_dir_all(dir).map_err(|e| StoreError::io(dir, &e))?;
        let lock = Arc::new(own(dir)?);
        let (copy, journal) = opening::journal(dir, faults)?;
        let mut roster = opening::roster(dir)?;
        opening::hold_together(&journal, &mut roster)?;
        let key = device::key(dir, journal.identity()?.as_ref())?;
        let reserve = Reserve::at(dir);
        reserve.fill();
        journal.keep_identity_twice();
        let beside = Journal::open(connect(&dir.join("journal.db"), "FULL")?, Arc::new(NoFaults), Some(Arc::clone(&copy)))?;
        let keeper = Some(Keeper::start(dir, beside, Arc::clone(&copy), Arc::clone(&lock))?);
        Ok(Self { keeper, copy, dir: dir.to_owned(), lock, key, reserve, journal, roster })
    }

    /// A second set of connections for another thread of this program. It passes no named point: those are of sealing alone.
    ///
    /// # Errors
    /// As [`Self::open`], but for the owner.
    pub fn second(&self) -> Result<Self, StoreError> {
        let (dir, lock, copy) = (self.dir.clone(), Arc::clone(&self.lock), Arc::clone(&self.copy));
        let journal = Journal::open(connect(&dir.join("journal.db"), "FULL")?, Arc::new(NoFaults), Some(Arc::clone(&copy)))?;
        let roster = RosterDb::open(connect(&dir.join("roster.db"), "NORMAL")?)?;
        let key = device::key(&dir, journal.identity()?.as_ref())?;
        Ok(Self { keeper: None, copy, lock, key, reserve: Reserve::at(&dir), dir, journal, roster })
    }

    /// The data folder.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The device's key.
    #[must_use]
    pub fn key(&self) -> &SigningKey {
        &self.key
    }

    /// Seals drafts in one transaction, all or none, and returns once they are durable.
    ///
    /// A full disk costs the reserve, which the log alone must not eat; then the same drafts are tried once more: same ids, so nothing
    /// can double.
    ///
    /// # Errors
    /// Nothing was recorded.
    pub fn seal(&mut self, drafts: &[Draft]) -> Result<Vec<Sealed>, StoreError> {
        let sealed = match self.journal.seal(drafts, &self.key) {
            Err(error) if error.is_full() => {
                self.reserve.give_up();
                self.journal.keep_log_short();
                self.journal.seal(drafts, &self.key)
            }
            other => other,
        };
        if let (Ok(_), Some(keeper)) = (&sealed, &self.keeper) {
            keeper.sealed();
        }
        sealed
    }

    /// Remembers a failure that says that the journal is damaged: the next start salvages it. `true` where it was one.
    pub fn suspect(&self, error: &StoreError) -> bool {
        opening::suspect(&self.dir, error)
    }

    /// Whether the reserve has been given up: there is room for some hundred entries, no more.
    #[must_use]
    pub fn is_nearly_full(&self) -> bool {
        !self.reserve.is_whole()
    }
}

/// Read-only eyes on a folder that another program may own.
pub struct Peek {
    /// Entries and their fate.
    pub journal: Journal,
    /// What the tablet knows of its site, and the state of the line.
    pub roster: RosterDb,
}

impl Peek {
    /// # Errors
    /// No such folder, or files that can't be read.
    pub fn open(dir: &Path) -> Result<Self, StoreError> {
        let open = |name: &str| -> Result<Connection, StoreError> {
            let path = dir.join(name);
            if !path.exists() {
                return Err(StoreError::NotEnrolled);
            }
            let connection = Connection::open_with_flags(&path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
            connection.busy_timeout(Duration::from_millis(BUSY_MS_MAX))?;
            Ok(connection)
        };
        Ok(Self { journal: Journal::peek(open("journal.db")?), roster: RosterDb::peek(open("roster.db")?) })
    }
}

/// The lock of a folder. The system lets it go when the process ends, however it ends.
fn own(dir: &Path) -> Result<File, StoreError> {
    let path = dir.join("lock");
    let file = OpenOptions::new().create(true).truncate(false).write(true).open(&path).map_err(|e| StoreError::io(&path, &e))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => Err(StoreError::AlreadyOpen(dir.display().to_string())),
        Err(std::fs::TryLockError::Error(e)) => Err(StoreError::io(&path, &e)),
    }
}

fn connect(path: &Path, synchronous: &str) -> Result<Connection, StoreError> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(Duration::from_millis(BUSY_MS_MAX))?;
    let setup = || -> Result<(), rusqlite::Error> {
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", synchronous)?;
        connection.pragma_update(None, "foreign_keys", true)?;
        // What is forgotten must not stay in free pages (RGPD, article 17).
        connection.pragma_update(None, "secure_delete", true)
    };
    setup().map_err(|e| match StoreError::from(e) {
        StoreError::Damaged { why, .. } => StoreError::damaged(&path.display().to_string(), why),
        other => other,
    })?;
    Ok(connection)
}

/// Days since 0001-01-01, as columns hold them.
fn day_number(day: chrono::NaiveDate) -> i32 {
    chrono::Datelike::num_days_from_ce(&day)
}
