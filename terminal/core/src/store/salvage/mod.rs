//! A damaged journal: set aside, and what can be read of it and of the second
//! copy is put into a fresh one. Sealed bytes are moved, never sealed again.
//!
//! The order lets the power go at any point: the fresh journal is built beside
//! the damaged one (`….part`), gets a name that says it is whole, then the
//! damaged files move away, then the fresh one takes their place. A start that
//! finds it whole goes on from there ([`finish`]).
//!
//! Promises: no file is deleted; an entry is taken by its id once, and only
//! with a signature that holds, the tablet's own under the key of the life that
//! sealed it; what was forgotten stays forgotten; holes stay holes, and the
//! tablet asks for a new epoch, by the request that waited already where one
//! did.

mod damaged;
mod merge;

use super::copy::{Lives, SecondCopy, sync_folder};
use super::keys::Secrets;
use super::peers::first_day;
use super::{Identity, Journal, NoFaults, StoreError, connect, entries, public_key_of, set_aside};
use crate::clock::{Clock, SystemClock};
use merge::{Found, FoundRequest, Keys, Merged};
use rusqlite::params;
use shared::calendar::local;
use shared::journal::{SigningKey, VerifyingKey};
use shared::wire::EpochReason;
use std::cmp::Reverse;
use std::collections::HashSet;
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
pub(super) fn salvage(dir: &Path, secrets: &Secrets, copy: &SecondCopy, why: &str) -> Result<(), StoreError> {
    tracing::error!(why, "the journal is damaged: it is salvaged and set aside");
    let now = local(SystemClock::new()?.now().instant());
    let (today, date) = (now.date(), format!("{}", now.format("%Y-%m-%dT%H%M")));
    let date = free_date(dir, &date);
    let found = damaged::read(&dir.join("journal.db"));
    let (on_disk, kept) = (secrets.on_disk()?, copy.lives());
    let identity = identity(secrets, &found, kept.as_ref(), &on_disk)?;
    let keys = signers(identity.as_ref(), &found, kept.as_ref(), &on_disk);
    let merged = merge::merge(found.entries, copy.all(), &keys);
    tracing::warn!(own = merged.own, others = merged.others, dropped = merged.dropped, "entries salvaged");
    let part = dir.join(PART);
    write(&part, identity, &merged, &found.requests, why, first_day(today))?;
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

/// Who the tablet is: by its journal, else by the second place, and only with a key that it holds.
fn identity(secrets: &Secrets, found: &Found, kept: Option<&Lives>, on_disk: &[SigningKey]) -> Result<Option<Identity>, StoreError> {
    let is_ours = |identity: &Identity| on_disk.is_empty() || on_disk.iter().any(|key| public_key_of(key) == identity.public_key);
    // Of two of the same epoch, the one that has a CRC.
    let mut known: Vec<Identity> =
        kept.map(|kept| kept.identity.clone()).into_iter().chain(found.identity.clone()).filter(is_ours).collect();
    if found.identity_holds {
        known.sort_by_key(|identity| Reverse(identity.epoch));
    }
    // A life that was written down has begun, even where the power went before its key took its place.
    let next = secrets.next()?.map(|key| public_key_of(&key));
    known.sort_by_key(|identity| Some(identity.public_key) != next);
    Ok(known.into_iter().next())
}

/// The keys that this tablet may have sealed with, in this life and before.
fn signers(identity: Option<&Identity>, found: &Found, kept: Option<&Lives>, on_disk: &[SigningKey]) -> Keys {
    let on_disk = on_disk.iter().map(SigningKey::verifying_key);
    let of = |bytes: &[u8; 32]| VerifyingKey::from_bytes(bytes).ok();
    let Some(identity) = identity else { return Keys { own: on_disk.collect(), earlier: Vec::new() } };
    let mut earlier: Vec<VerifyingKey> = kept.iter().flat_map(|kept| &kept.earlier).filter_map(of).collect();
    earlier.extend(found.entries.iter().filter(|entry| entry.earlier_life).filter_map(|entry| of(&entry.author?)));
    // A journal or a copy that knows nothing of the last life yet, and the key that was to go.
    let before = kept.map(|kept| &kept.identity).into_iter().chain(&found.identity).filter(|older| older.site == identity.site);
    earlier.extend(before.filter_map(|older| of(&older.public_key)).chain(on_disk));
    let own: Vec<VerifyingKey> = of(&identity.public_key).into_iter().collect();
    let mut seen: HashSet<[u8; 32]> = own.iter().map(VerifyingKey::to_bytes).collect();
    earlier.retain(|key| seen.insert(key.to_bytes()));
    Keys { own, earlier }
}

/// Builds the fresh journal, closed and in one file. `first_day`: of those that the server tells again.
fn write(
    part: &Path,
    identity: Option<Identity>,
    merged: &Merged,
    requests: &[FoundRequest],
    why: &str,
    first_day: i32,
) -> Result<(), StoreError> {
    let mut journal = Journal::open(connect(part, "FULL")?, Arc::new(NoFaults), None)?;
    let transaction = journal.connection.transaction()?;
    for entry in &merged.entries {
        let row = match (&entry.author, &entry.outbox) {
            (Some(key), Some(_)) => entries::Row::of_earlier_life(&entry.sealed, key)?,
            (author, _) => entries::Row::of(&entry.sealed, author.as_ref())?,
        };
        if entries::insert(&transaction, &row)? == 0 {
            continue;
        }
        if let Some(waiting) = &entry.outbox {
            let sql = "INSERT INTO outbox (arrival, state, code, sealed_at_ms) VALUES (last_insert_rowid(), ?1, ?2, ?3)";
            transaction.prepare_cached(sql)?.execute(params![waiting.state, waiting.code, waiting.sealed_at_ms])?;
        }
        if let (Some(_), None) = (&entry.author, &entry.outbox) {
            // Whether the server told it is not known any more: all that it told of these days comes again with the new epoch.
            let sql = "INSERT INTO by_peer (arrival, device_id, state)
                       SELECT arrival, ?1, 'waiting' FROM entry WHERE arrival = last_insert_rowid() AND last_day >= ?2";
            transaction.prepare_cached(sql)?.execute(params![row.envelope.place.device.0.as_bytes(), first_day])?;
        }
        if entry.forgotten {
            let sql = "INSERT INTO forgotten (entry_id) VALUES (?1) ON CONFLICT DO NOTHING";
            transaction.prepare_cached(sql)?.execute([row.envelope.entry_id.0.as_bytes()])?;
        }
        if entry.author.is_none() {
            entries::insert_notes(&transaction, row.envelope.entry_id, &entry.sealed)?;
        }
    }
    for FoundRequest { device, request, given } in requests {
        let sql =
            "INSERT INTO epoch_request (device_id, leaves, reason, request_id, given) VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING";
        let values = params![device.0.as_bytes(), request.leaves, request.reason.code(), request.id, given];
        transaction.prepare_cached(sql)?.execute(values)?;
    }
    transaction.commit()?;
    if let Some(identity) = identity {
        let identity = Identity { epoch: epoch(&identity, merged, requests), ..identity };
        journal.enrol(&identity)?;
        journal.set_needs_epoch(EpochReason::Salvage)?;
        journal.set_salvaged(&identity, why)?;
    }
    journal.take_for_verified()?;
    journal.connection.pragma_update(None, "journal_mode", "DELETE")?;
    journal.connection.close().map_err(|(_, error)| StoreError::from(error))
}

/// The epoch that the tablet seals in: what is written down of it may be older than an answer of the server.
fn epoch(identity: &Identity, merged: &Merged, requests: &[FoundRequest]) -> u32 {
    let mut epoch = merged.epoch_max.max(identity.epoch);
    let left: HashSet<u32> = requests.iter().filter(|r| r.given && r.device == identity.device).map(|r| r.request.leaves).collect();
    while left.contains(&epoch) {
        epoch += 1;
    }
    epoch
}

fn remove(path: &PathBuf) -> Result<(), StoreError> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(StoreError::io(path, &error)),
        _ => Ok(()),
    }
}
