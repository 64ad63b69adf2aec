//! A damaged journal: set aside, and what can be read of it and of the second
//! copy is put into a fresh one. Sealed bytes are moved, never sealed again.
//!
//! The order lets the power go at any point: the fresh journal is built beside
//! the damaged one (`….part`), gets a name that says it is whole, then the
//! damaged files move away, then the fresh one takes their place. A start that
//! finds it whole goes on from there ([`finish`]).
//!
//! Promises: no file is deleted; an entry is taken by its id once, and only
//! with a signature that holds; what was forgotten stays forgotten; holes stay
//! holes, and the tablet asks for a new epoch.

mod damaged;
mod merge;

use super::copy::{SecondCopy, sync_folder};
use super::{Identity, Journal, NoFaults, StoreError, connect, device, entries, public_key_of, set_aside};
use crate::clock::{Clock, SystemClock};
use merge::{Found, Merged};
use shared::calendar::local;
use shared::journal::{SigningKey, VerifyingKey};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A fresh journal that is whole and waits for its place; behind it stands the date of the damage.
const WHOLE: &str = "journal.db.repris-";
/// One that is being built.
const PART: &str = "journal.db.part";

/// Ends what a power cut interrupted: before anything else opens the folder.
///
/// # Errors
/// A file that can't be moved.
pub(super) fn finish(dir: &Path) -> Result<(), StoreError> {
    for companion in ["", "-wal", "-shm", "-journal"] {
        // Half of a fresh journal holds nothing that the damaged one and the copy don't.
        remove(&dir.join(format!("{PART}{companion}")))?;
    }
    let files = std::fs::read_dir(dir).map_err(|e| StoreError::io(dir, &e))?;
    let whole = files.flatten().find_map(|file| {
        let date = file.file_name().to_str()?.strip_prefix(WHOLE)?.to_owned();
        Some((file.path(), date))
    });
    whole.map_or(Ok(()), |(path, date)| take_place(dir, &path, &date))
}

/// Makes a fresh journal of what can be read, and sets the damaged one aside. `why` is a few words in French.
///
/// # Errors
/// No room, or a file that can't be moved: then nothing has changed.
pub(super) fn salvage(dir: &Path, copy: &SecondCopy, why: &str) -> Result<(), StoreError> {
    tracing::error!(why, "the journal is damaged: it is salvaged and set aside");
    let date = format!("{}", local(SystemClock::new()?.now().instant()).format("%Y-%m-%dT%H%M"));
    let date = free_date(dir, &date);
    let found = damaged::read(&dir.join("journal.db"));
    let identity = identity(dir, &found, copy);
    let mut keys: Vec<VerifyingKey> = identity.iter().filter_map(|i| VerifyingKey::from_bytes(&i.public_key).ok()).collect();
    keys.extend(key_on_disk(dir)?.map(|key| key.verifying_key()));
    let merged = merge::merge(found, copy.all(), &keys);
    tracing::warn!(own = merged.own, others = merged.others, dropped = merged.dropped, "entries salvaged");
    let part = dir.join(PART);
    write(&part, identity, &merged, why)?;
    let whole = dir.join(format!("{WHOLE}{date}"));
    let named = || -> std::io::Result<()> {
        File::open(&part)?.sync_all()?;
        std::fs::rename(&part, &whole)?;
        sync_folder(dir)
    };
    named().map_err(|e| StoreError::io(&whole, &e))?;
    take_place(dir, &whole, &date)
}

fn take_place(dir: &Path, whole: &Path, date: &str) -> Result<(), StoreError> {
    let journal = dir.join("journal.db");
    set_aside::move_aside(&journal, date)?;
    std::fs::rename(whole, &journal).and_then(|()| sync_folder(dir)).map_err(|e| StoreError::io(&journal, &e))
}

/// Two damages within a minute have two names.
fn free_date(dir: &Path, date: &str) -> String {
    let taken = |date: &str| set_aside::dated(&dir.join("journal.db"), date).exists();
    let numbered = (2..).map(|number| format!("{date}-{number}"));
    std::iter::once(date.to_owned()).chain(numbered).find(|date| !taken(date)).unwrap_or_default()
}

/// Who the tablet is: by its journal, else by the second place, and only with the key that it holds.
fn identity(dir: &Path, found: &Found, copy: &SecondCopy) -> Option<Identity> {
    let on_disk = key_on_disk(dir).ok().flatten();
    let is_ours = |identity: &Identity| on_disk.as_ref().is_none_or(|key| public_key_of(key) == identity.public_key);
    // Of two of the same epoch, the one that has a CRC.
    let mut known: Vec<Identity> = copy.identity().into_iter().chain(found.identity.clone()).filter(is_ours).collect();
    if found.identity_holds {
        known.sort_by_key(|identity| std::cmp::Reverse(identity.epoch));
    }
    known.into_iter().next()
}

/// The tablet's key, without making one.
fn key_on_disk(dir: &Path) -> Result<Option<SigningKey>, StoreError> {
    if dir.join("device.key").exists() { device::key(dir, None).map(Some) } else { Ok(None) }
}

/// Builds the fresh journal, closed and in one file.
fn write(part: &Path, identity: Option<Identity>, merged: &Merged, why: &str) -> Result<(), StoreError> {
    let mut journal = Journal::open(connect(part, "FULL")?, Arc::new(NoFaults), None)?;
    let transaction = journal.connection.transaction()?;
    for entry in &merged.entries {
        let row = entries::Row::of(&entry.sealed, entry.author.as_ref())?;
        if entries::insert(&transaction, &row)? == 0 {
            continue;
        }
        if let Some(waiting) = &entry.outbox {
            let sql = "INSERT INTO outbox (arrival, state, code, sealed_at_ms) VALUES (last_insert_rowid(), ?1, ?2, ?3)";
            transaction.prepare_cached(sql)?.execute(rusqlite::params![waiting.state, waiting.code, waiting.sealed_at_ms])?;
            entries::insert_notes(&transaction, row.envelope.entry_id, &entry.sealed)?;
        }
    }
    transaction.commit()?;
    if let Some(identity) = identity {
        let epoch = merged.epoch_max.max(identity.epoch);
        journal.enrol(&Identity { epoch, ..identity })?;
    }
    journal.take_for_verified()?;
    journal.set_needs_epoch(why)?;
    journal.connection.pragma_update(None, "journal_mode", "DELETE")?;
    journal.connection.close().map_err(|(_, error)| StoreError::from(error))
}

fn remove(path: &PathBuf) -> Result<(), StoreError> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(StoreError::io(path, &error)),
        _ => Ok(()),
    }
}
