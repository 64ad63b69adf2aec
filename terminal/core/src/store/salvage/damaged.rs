//! Reading a damaged database: whatever a row gives is taken, whatever it
//! doesn't is passed over. Read only: the damaged file and its log stay as
//! they are.

use super::merge::{Found, FoundEntry, FoundRequest, Waiting};
use crate::store::{EpochRequest, Journal, entries};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, Row};
use shared::id::{DeviceId, EntryId};
use shared::journal::{Note, Private, Sealed};
use shared::wire::EpochReason;
use std::path::Path;
use uuid::Uuid;

/// Most rows asked one by one where a page in between can't be read.
const GAP_ROWS_MAX: i64 = 1_000_000;

/// All that can be read of a journal; nothing where it isn't there, or isn't a database.
pub(super) fn read(path: &Path) -> Found {
    let mut found = Found::default();
    let Some(connection) = open(path) else { return found };
    for arrival_and_entry in entries_of(&connection) {
        found.entries.push(arrival_and_entry);
    }
    for entry in &mut found.entries {
        entry.waiting = waiting(&connection, entry.arrival);
        if let (Some(private), Some(id)) = (entry.sealed.private.as_mut(), entry.id) {
            private.notes = notes(&connection, id);
        }
    }
    found.requests = requests(&connection);
    let journal = Journal::peek(connection);
    found.identity = journal.identity().ok().flatten();
    found.identity_holds = journal.check_identity().is_ok();
    found
}

fn open(path: &Path) -> Option<Connection> {
    if !path.exists() {
        return None;
    }
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).ok()?;
    // The log is part of what is set aside.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true).ok()?;
    Some(connection)
}

/// Forwards until a page can't be read, backwards from the end until one can't, then row by row in between.
fn entries_of(connection: &Connection) -> Vec<FoundEntry> {
    let (mut found, last) = scan(connection, "arrival > ?1 ORDER BY arrival", 0);
    let Some(last) = last else { return found };
    let (mut backwards, first) = scan(connection, "arrival > ?1 ORDER BY arrival DESC", last);
    let end = first.unwrap_or_else(|| newest(connection).saturating_add(1));
    for arrival in (last + 1..end).take(usize::try_from(GAP_ROWS_MAX).unwrap_or(usize::MAX)) {
        found.extend(scan(connection, "arrival = ?1", arrival).0);
    }
    backwards.reverse();
    found.extend(backwards);
    found
}

/// Rows in an order until the first that can't be read; with the arrival of the last one that was, if one stopped it.
fn scan(connection: &Connection, which: &str, from: i64) -> (Vec<FoundEntry>, Option<i64>) {
    let (mut found, mut last) = (Vec::new(), from);
    let sql = format!("SELECT envelope, signature, salt, payload, author_key, arrival, entry_id, own FROM entry WHERE {which}");
    let Ok(mut statement) = connection.prepare(&sql) else { return (found, None) };
    let Ok(mut rows) = statement.query([from]) else { return (found, Some(last)) };
    loop {
        match rows.next() {
            Ok(Some(row)) => {
                last = row.get(5).unwrap_or(last);
                found.extend(entry(row));
            }
            Ok(None) => return (found, None),
            Err(_) => return (found, Some(last)),
        }
    }
}

/// The newest arrival that anything still speaks of.
fn newest(connection: &Connection) -> i64 {
    let newest = |sql| connection.query_row(sql, [], |row| row.get::<_, Option<i64>>(0)).ok().flatten().unwrap_or(0);
    newest("SELECT max(arrival) FROM outbox").max(newest("SELECT max(arrival) FROM entry INDEXED BY entry_own_place WHERE own = 1"))
}

fn entry(row: &Row<'_>) -> Option<FoundEntry> {
    let (salt, payload) = (row.get::<_, Option<[u8; 32]>>(2), row.get::<_, Option<Vec<u8>>>(3));
    let forgotten = matches!((&salt, &payload), (Ok(None), Ok(None)));
    let private = match (salt, payload) {
        (Ok(Some(salt)), Ok(Some(payload))) => Some(Private { salt, payload, notes: Vec::new() }),
        _ => None,
    };
    Some(FoundEntry {
        sealed: Sealed { envelope: row.get(0).ok()?, signature: row.get(1).ok()?, private },
        forgotten,
        author: row.get(4).ok()?,
        earlier_life: row.get(7).is_ok_and(|own: i64| own == 2),
        arrival: row.get(5).ok()?,
        id: entries::entry_id_of(row, 6).ok(),
        waiting: None,
    })
}

fn waiting(connection: &Connection, arrival: i64) -> Option<Waiting> {
    let mut statement = connection.prepare_cached("SELECT state, code, sealed_at_ms FROM outbox WHERE arrival = ?1").ok()?;
    statement
        .query_row([arrival], |row| Ok(Waiting { state: row.get(0)?, code: row.get(1)?, sealed_at_ms: row.get(2)? }))
        .ok()
        .filter(Waiting::is_known)
}

/// The requests for epochs, as far as they can be read.
fn requests(connection: &Connection) -> Vec<FoundRequest> {
    let request = |row: &Row<'_>| -> rusqlite::Result<Option<FoundRequest>> {
        let Some(reason) = EpochReason::parse(&row.get::<_, String>(2)?) else { return Ok(None) };
        let request = EpochRequest { leaves: row.get(1)?, reason, id: row.get(3)? };
        Ok(Some(FoundRequest { device: DeviceId(Uuid::from_bytes(row.get(0)?)), request, given: row.get(4)? }))
    };
    let sql = "SELECT device_id, leaves, reason, request_id, given FROM epoch_request ORDER BY device_id, leaves";
    let Ok(mut statement) = connection.prepare(sql) else { return Vec::new() };
    let Ok(mut rows) = statement.query([]) else { return Vec::new() };
    let mut found = Vec::new();
    while let Ok(Some(row)) = rows.next() {
        found.extend(request(row).ok().flatten());
    }
    found
}

fn notes(connection: &Connection, entry: EntryId) -> Vec<Note> {
    entries::notes_of(connection, entry).unwrap_or_default()
}
