//! What the tablet keeps on disk, and how it survives.
//!
//! | file | holds | lost means |
//! |---|---|---|
//! | `journal.db` | sealed entries, what the server said of them, who this tablet is | facts are lost: hence its own file, WAL, `synchronous=FULL` |
//! | `roster.db` | what the server told: children, adults, bookings, cursor; care cards and codes of the staff sealed | it is pulled again |
//! | `photos/` | photos that the roster shows, each sealed | they are fetched again |
//! | `device.cred` | the tablet's secret, sealed by the machine's chip | the tablet is enrolled anew |
//! | `device.key` | the same where there is no chip: 32 bytes, mode 0600 | as above |
//! | `device.cred.next`, `device.key.next` | the secret of a life that is being enrolled | it is enrolled once more |
//! | `copy/` | our own entries once more, by month, and who this tablet is once more | the journal alone holds them |
//! | `journal.db.avant-…` | the journal as it was before the last upgrade of the program | nothing: an older program would read it |
//! | `journal.db.corrompu-…` | a damaged journal, set aside | what nobody could read of it |
//! | `journal.suspect` | why the next start is to salvage the journal | |
//! | `reserve` | zeroes, given up when the disk is full | entries have room once more |
//! | `lock` | nothing: who holds its lock owns the folder | |
//!
//! Promises: an entry is told as recorded only after COMMIT; nothing is ever
//! deleted because it can't be read; every failure is a [`StoreError`] in
//! French; nothing here panics on what it finds on disk.

mod care;
mod checkpoint;
mod contact;
mod copy;
mod device;
mod entries;
mod epochs;
mod error;
mod faults;
mod journal;
mod keys;
mod lives;
mod mark;
mod migrations;
mod notes;
mod opening;
mod outbox;
mod peers;
mod photos;
mod pins;
mod reserve;
mod roster_db;
mod salvage;
mod set_aside;
mod staging;
mod tpm;
mod upgrade;
mod whole;

pub use contact::DataLock;
pub use device::{Identity, public_key_of};
pub use epochs::EpochRequest;
pub use error::StoreError;
pub use faults::{FaultPoints, KeyPoint, NoFaults, SealPoint};
pub use journal::{Authored, Journal, StoredOwn};
pub use keys::KeyPlace;
pub use opening::ask_repair;
pub use outbox::{Carried, Outgoing, Queue, Recorded};
pub use peers::{Author, BY_PEER_MAX};
pub use photos::{Photos, Shown};
pub use pins::PinVerdict;
pub use reserve::{RESERVE_BYTES, Reserve};
pub use roster_db::{Agreement, LineState, LineStatus, RosterChange, RosterDb};
pub use set_aside::set_aside;
pub use staging::Staging;
pub use tpm::{Tpm, TpmFailure};
pub use whole::Whole;

use care::CareSeal;
pub(crate) use copy::replace;
use copy::{Keeper, SecondCopy};
use keys::Secrets;
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
    keys: Arc<Secrets>,
    key: SigningKey,
    reserve: Reserve,
    /// Entries and their fate.
    pub journal: Journal,
    /// What the tablet knows of its site.
    pub roster: RosterDb,
}

impl Store {
    /// As [`Self::open_on`], on a machine without a chip.
    ///
    /// # Errors
    /// As there.
    pub fn open(dir: &Path, faults: Arc<dyn FaultPoints>) -> Result<Self, StoreError> {
        Self::open_on(&Tpm::none(), dir, faults)
    }

    /// Opens the folder, making what is missing, and becomes its one owner. Its key moves into the machine's chip, where it has one.
    ///
    /// # Errors
    /// Another owner, a damaged file, a key that the chip doesn't open, no rights, no room.
    pub fn open_on(tpm: &Tpm, dir: &Path, faults: Arc<dyn FaultPoints>) -> Result<Self, StoreError> {
        Self::open_with(Secrets::of(dir, tpm.clone(), false, Arc::clone(&faults)), dir, faults)
    }

    /// The same for a tablet whose key is gone for good, with the board that sealed it: what it can't open counts for nothing, and
    /// its key is that of the life to come. It can be enrolled, and nothing else.
    ///
    /// # Errors
    /// As [`Self::open_on`], but for the key.
    pub fn open_without_key(tpm: &Tpm, dir: &Path, faults: Arc<dyn FaultPoints>) -> Result<Self, StoreError> {
        Self::open_with(Secrets::of(dir, tpm.clone(), true, Arc::clone(&faults)), dir, faults)
    }

    fn open_with(keys: Secrets, dir: &Path, faults: Arc<dyn FaultPoints>) -> Result<Self, StoreError> {
        std::fs::create_dir_all(dir).map_err(|e| StoreError::io(dir, &e))?;
        let lock = Arc::new(own(dir)?);
        let (copy, journal) = opening::journal(dir, &keys, faults)?;
        let mut roster = opening::roster(dir)?;
        opening::hold_together(&journal, &mut roster)?;
        let key = keys.current(journal.identity()?.as_ref())?;
        roster.seal_with(CareSeal::of(&key)?)?;
        let keys = Arc::new(keys);
        let reserve = Reserve::at(dir);
        reserve.fill();
        journal.keep_identity_twice();
        let beside = Journal::open(connect(&dir.join("journal.db"), "FULL")?, Arc::new(NoFaults), Some(Arc::clone(&copy)))?;
        let keeper = Some(Keeper::start(dir, beside, Arc::clone(&copy), Arc::clone(&lock))?);
        Ok(Self { keeper, copy, dir: dir.to_owned(), lock, keys, key, reserve, journal, roster })
    }

    /// A second set of connections for another thread of this program. It passes no named point: those are of sealing alone.
    ///
    /// # Errors
    /// As [`Self::open`], but for the owner.
    pub fn second(&self) -> Result<Self, StoreError> {
        let (dir, lock, copy) = (self.dir.clone(), Arc::clone(&self.lock), Arc::clone(&self.copy));
        let journal = Journal::open(connect(&dir.join("journal.db"), "FULL")?, Arc::new(NoFaults), Some(Arc::clone(&copy)))?;
        let mut roster = RosterDb::open(connect(&dir.join("roster.db"), "NORMAL")?)?;
        roster.seal_with(CareSeal::of(&self.key)?)?;
        let (keys, key) = (Arc::clone(&self.keys), self.key.clone());
        Ok(Self { keeper: None, copy, lock, keys, key, reserve: Reserve::at(&dir), dir, journal, roster })
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

    /// Whether the second copy lacks something that this tablet sealed: for half a second after each touch, else a disk is full or failing.
    ///
    /// # Errors
    /// A failed read.
    pub fn is_copy_behind(&self) -> Result<bool, StoreError> {
        let reached = self.copy.lock().reached;
        Ok(!self.journal.own_after(reached, 1)?.is_empty())
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
