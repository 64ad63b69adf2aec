//! Rows of sealed entries: the bytes as they are, and columns that are an
//! index of them.

use super::StoreError;
use chrono::NaiveDate;
use rusqlite::{Connection, Row as SqlRow, params};
use shared::calendar::{business_day, instant_from_ms};
use shared::id::EntryId;
use shared::journal::{Detail, Envelope, Kind, Note, Payload, Private, Sealed, VerifyingKey};
use uuid::Uuid;

/// Business days that an entry claims to speak of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) first: NaiveDate,
    pub(super) last: NaiveDate,
}

/// An entry as a row.
pub(super) struct Row<'a> {
    pub(super) envelope: Envelope,
    sealed: &'a Sealed,
    author: Option<[u8; 32]>,
    /// 1: sealed in this life of the tablet, 2: in an earlier one, 0: by others.
    own: i64,
    span: Span,
    target: Option<EntryId>,
}

impl<'a> Row<'a> {
    pub(super) fn of(sealed: &'a Sealed, author: Option<&VerifyingKey>) -> Result<Self, StoreError> {
        let envelope = sealed.decode_envelope().map_err(|e| StoreError::Refused(e.to_string()))?;
        let payload = sealed.private.as_ref().and_then(|p| Payload::decode(&envelope.kind, envelope.kind_version, &p.payload).ok());
        let target = payload.as_ref().and_then(|p| p.target);
        let own = i64::from(author.is_none());
        Ok(Self { span: span(payload.as_ref()), envelope, sealed, author: author.map(VerifyingKey::to_bytes), own, target })
    }

    /// Of an entry that an earlier life of this tablet sealed, under its key.
    pub(super) fn of_earlier_life(sealed: &'a Sealed, author: &VerifyingKey) -> Result<Self, StoreError> {
        Ok(Self { own: 2, ..Self::of(sealed, Some(author))? })
    }
}

fn span(payload: Option<&Payload>) -> Span {
    let Some(payload) = payload else {
        // Erased or not understood: on no day's board, and found by order of arrival.
        return Span { first: NaiveDate::MIN, last: NaiveDate::MIN };
    };
    let (first, last) = match &payload.detail {
        Detail::Absence { from, to, .. } => (*from, *to),
        Detail::DaySigned { day, .. } | Detail::DayReopened { day, .. } => (*day, *day),
        _ => {
            let day = business_day(instant_from_ms(payload.happened_at_ms));
            (day, day)
        }
    };
    Span { first, last }
}

/// Inserts an entry; 0 where its id is known already.
pub(super) fn insert(connection: &Connection, row: &Row<'_>) -> Result<usize, StoreError> {
    let sql =
        "INSERT INTO entry (entry_id, own, epoch, seq, envelope, signature, author_key, salt, payload, first_day, last_day, clock, target)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)
               ON CONFLICT (entry_id) DO NOTHING";
    let private = row.sealed.private.as_ref();
    let seq = i64::try_from(row.envelope.place.seq).map_err(|e| StoreError::Refused(e.to_string()))?;
    let (first_day, last_day) = row.span.columns();
    let inserted = connection.prepare_cached(sql)?.execute(params![
        row.envelope.entry_id.0.as_bytes(),
        row.own,
        row.envelope.place.epoch,
        seq,
        row.sealed.envelope,
        row.sealed.signature,
        row.author,
        private.map(|p| p.salt),
        private.map(|p| &p.payload),
        first_day,
        last_day,
        row.envelope.kind == Kind::ClockObserved,
        row.target.map(|t| *t.0.as_bytes()),
    ])?;
    if inserted == 1 && row.author.is_some() {
        insert_notes(connection, row.envelope.entry_id, row.sealed)?;
    }
    Ok(inserted)
}

pub(super) fn insert_notes(connection: &Connection, entry: EntryId, sealed: &Sealed) -> Result<(), StoreError> {
    let notes = sealed.private.as_ref().map(|p| p.notes.as_slice()).unwrap_or_default();
    for (position, note) in notes.iter().enumerate() {
        let sql = "INSERT INTO note (entry_id, position, salt, text) VALUES (?1, ?2, ?3, ?4)";
        let position = i64::try_from(position).map_err(|e| StoreError::Refused(e.to_string()))?;
        connection.prepare_cached(sql)?.execute(params![entry.0.as_bytes(), position, note.salt, note.text])?;
    }
    Ok(())
}

pub(super) fn notes_of(connection: &Connection, entry: EntryId) -> Result<Vec<Note>, StoreError> {
    let mut statement = connection.prepare_cached("SELECT salt, text FROM note WHERE entry_id = ?1 ORDER BY position")?;
    let notes = statement.query_map([entry.0.as_bytes()], |row| Ok(Note { salt: row.get(0)?, text: row.get(1)? }))?;
    Ok(notes.collect::<Result<_, _>>()?)
}

/// Envelope, signature, salt and payload, in this order, as the first columns.
pub(super) fn sealed_of(row: &SqlRow<'_>) -> rusqlite::Result<Sealed> {
    let private = match (row.get::<_, Option<[u8; 32]>>(2)?, row.get::<_, Option<Vec<u8>>>(3)?) {
        (Some(salt), Some(payload)) => Some(Private { salt, payload, notes: Vec::new() }),
        _ => None,
    };
    Ok(Sealed { envelope: row.get(0)?, signature: row.get(1)?, private })
}

pub(super) fn entry_id_of(row: &SqlRow<'_>, column: usize) -> rusqlite::Result<EntryId> {
    row.get(column).map(|bytes| EntryId(Uuid::from_bytes(bytes)))
}
