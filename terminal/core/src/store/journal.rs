//! The journal: sealing, and the entries that this tablet holds.

use super::copy::SecondCopy;
use super::device::{Identity, identity_of};
use super::entries::{self, Row, Span};
use super::{FaultPoints, NoFaults, SealPoint, StoreError, day_number, mark, migrations, peers, set_aside};
use chrono::NaiveDate;
use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};
use shared::fold::Fact;
use shared::id::EntryId;
use shared::journal::{ChainHead, Detail, Draft, Envelope, Note, Place, Private, Sealed, SigningKey, VerifyingKey, hash_of, seal};
use std::path::Path;
use std::sync::Arc;

/// Entries read beside those of a day, by order of arrival: what was sealed under a wrong date is among them.
pub(super) const RECENT_ENTRIES: u32 = 400;
/// Clock observations read beside those of a day.
const RECENT_CLOCKS: u32 = 64;

/// Pages of the log between two checkpoints, once the reserve has been given up.
const LOG_PAGES_SHORT: u32 = 64;

/// Sealed entries on disk. One connection; the one that seals is the window's.
pub struct Journal {
    pub(super) connection: Connection,
    faults: Arc<dyn FaultPoints>,
    /// What is forgotten leaves it too; `None` where nothing is forgotten: read-only eyes, a journal being salvaged.
    pub(super) copy: Option<Arc<SecondCopy>>,
}

/// An entry with the key of its author; `None` for our own of this life.
pub type Authored = (Sealed, Option<[u8; 32]>);

/// An entry that this tablet sealed, as it stands on disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredOwn {
    /// The sealed bytes.
    pub sealed: Sealed,
    /// Its decoded envelope.
    pub envelope: Envelope,
}

/// An own entry as the second copy asks for it.
pub(super) struct OwnRow {
    pub(super) arrival: i64,
    pub(super) entry: EntryId,
    pub(super) forgotten: bool,
    pub(super) sealed_at_ms: i64,
    pub(super) state: String,
}

impl Journal {
    pub(super) fn open(
        mut connection: Connection,
        faults: Arc<dyn FaultPoints>,
        copy: Option<Arc<SecondCopy>>,
    ) -> Result<Self, StoreError> {
        migrations::migrate(&mut connection, migrations::JOURNAL)?;
        let hook = Arc::clone(&faults);
        // A hook that answers `true` would roll back: this one only tells.
        connection.commit_hook(Some(move || {
            hook.pass(SealPoint::InsideCommit);
            false
        }))?;
        Ok(Self { connection, faults, copy })
    }

    pub(super) fn peek(connection: Connection) -> Self {
        Self { connection, faults: Arc::new(NoFaults), copy: None }
    }

    /// Seals drafts behind the head of the chain, in one transaction. On return they are durable.
    ///
    /// # Errors
    /// Nothing was recorded.
    pub(super) fn seal(&mut self, drafts: &[Draft], key: &SigningKey) -> Result<Vec<Sealed>, StoreError> {
        for draft in drafts {
            draft.check().map_err(|e| StoreError::Refused(e.to_string()))?;
        }
        let faults = Arc::clone(&self.faults);
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        // Read inside the transaction: head and epoch are what the disk holds, not what memory remembers of them. The sync thread may
        // have stored a new epoch since the drafts were made, and an epoch begins with the entry that opens it.
        let identity = identity_of(&transaction)?.ok_or(StoreError::NotEnrolled)?;
        let mut head = match epoch_to_open(&transaction, &identity)? {
            None => head(&transaction)?.unwrap_or_else(|| ChainHead::start(identity.device)),
            Some(last) if drafts.first().is_none_or(|draft| !opens(draft, &last)) => return Err(StoreError::EpochToOpen),
            Some(last) => ChainHead { place: Place { device: identity.device, epoch: identity.epoch, seq: 0 }, hash: last.hash },
        };
        let mut out = Vec::with_capacity(drafts.len());
        for draft in drafts {
            faults.pass(SealPoint::BeforeSign);
            let sealed = seal(draft.clone(), &mut head, key);
            faults.pass(SealPoint::AfterSign);
            insert_own(&transaction, &sealed, draft.payload.sealed_at_ms)?;
            out.push(sealed);
        }
        transaction.commit()?;
        faults.pass(SealPoint::AfterCommit);
        Ok(out)
    }

    /// The last place of this tablet's chain, and its hash; `None` before its first entry. Earlier lives had chains of their own.
    ///
    /// # Errors
    /// A failed read, or an envelope that can't be read.
    pub fn head(&self) -> Result<Option<ChainHead>, StoreError> {
        head(&self.connection)
    }

    /// Whether the next entry must open an epoch: the server gave a later one than the last entry's, or one after the first to a new tablet.
    ///
    /// # Errors
    /// A failed read.
    pub fn epoch_to_open(&self) -> Result<Option<(u32, ChainHead)>, StoreError> {
        let Some(identity) = self.identity()? else { return Ok(None) };
        Ok(epoch_to_open(&self.connection, &identity)?.map(|head| (identity.epoch, head)))
    }

    /// Keeps entries of others, which the caller has verified with these keys. Known ones are left as they are.
    ///
    /// # Errors
    /// A failed write: none was kept.
    pub fn keep_others(&mut self, others: &[(Sealed, VerifyingKey)]) -> Result<usize, StoreError> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut kept = 0;
        for (sealed, key) in others {
            let row = Row::of(sealed, Some(key))?;
            kept += entries::insert(&transaction, &row)?;
            transaction.prepare_cached(peers::TOLD)?.execute([row.envelope.entry_id.0.as_bytes()])?;
        }
        mark::tell(&transaction)?;
        transaction.commit()?;
        Ok(kept)
    }

    /// Deletes payload, salt and notes of entries, our own included; the chain still verifies. Leaves no byte of them in the files:
    /// database, log, second copy, and what was set aside, as far as it can be found there.
    ///
    /// # Errors
    /// A failed write: to be asked again, harmless for what is deleted already.
    pub fn forget(&mut self, forgotten: &[EntryId]) -> Result<(), StoreError> {
        if forgotten.is_empty() {
            return Ok(());
        }
        let copy = self.copy.clone();
        let mut segments = copy.as_ref().map(|copy| copy.lock());
        // First, while the journal still knows which bytes to look for.
        self.forget_set_aside(forgotten)?;
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        for entry in forgotten {
            transaction
                .prepare_cached("UPDATE entry SET payload = NULL, salt = NULL WHERE entry_id = ?1")?
                .execute([entry.0.as_bytes()])?;
            transaction.prepare_cached("DELETE FROM note WHERE entry_id = ?1")?.execute([entry.0.as_bytes()])?;
            // Whoever still holds it must not bring it back.
            transaction
                .prepare_cached("INSERT INTO forgotten (entry_id) VALUES (?1) ON CONFLICT DO NOTHING")?
                .execute([entry.0.as_bytes()])?;
        }
        mark::tell(&transaction)?;
        transaction.commit()?;
        // The log still holds the old pages: empty it. Another reader may keep it a while; the next forgetting tries again.
        self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
        segments.as_mut().map_or(Ok(()), |segments| segments.forget(forgotten))
    }

    fn forget_set_aside(&self, forgotten: &[EntryId]) -> Result<(), StoreError> {
        let files = self.connection.path().map(|path| set_aside::beside(Path::new(path))).unwrap_or_default();
        if files.is_empty() {
            return Ok(());
        }
        // Salt and text, salt and payload: neighbours in their rows, and together like nothing else.
        let mut bytes: Vec<Vec<u8>> = Vec::new();
        for entry in forgotten {
            let sql = "SELECT salt, payload FROM entry WHERE entry_id = ?1 AND payload IS NOT NULL";
            let private = self
                .connection
                .prepare_cached(sql)?
                .query_row([entry.0.as_bytes()], |row| Ok([row.get::<_, Vec<u8>>(0)?, row.get(1)?].concat()));
            bytes.extend(private.optional()?);
            let notes = entries::notes_of(&self.connection, *entry)?;
            bytes.extend(notes.iter().map(|note| [note.salt.as_slice(), note.text.as_bytes()].concat()));
        }
        files.iter().try_for_each(|file| set_aside::blank(file, &bytes))
    }

    /// From here on the log is brought into the database often: there an entry takes some hundred bytes, in the log several pages.
    pub(super) fn keep_log_short(&self) {
        let emptied = self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
        let often = self.connection.pragma_update(None, "wal_autocheckpoint", LOG_PAGES_SHORT);
        if let Err(error) = emptied.and(often) {
            tracing::warn!(%error, "the log of a full disk could not be emptied");
        }
    }

    /// Entries that the board of a day is read from: those that speak of the day, the latest ones whatever they claim, clock
    /// observations, and what retracts or corrects any of them. Not what a peer brought of a revoked tablet.
    ///
    /// # Errors
    /// A failed read, or an envelope that can't be read.
    pub fn facts_around(&self, day: NaiveDate) -> Result<Vec<Fact>, StoreError> {
        let sql = "
            WITH near AS (
                SELECT arrival FROM entry WHERE last_day >= ?1 AND first_day <= ?1
                UNION SELECT arrival FROM (SELECT arrival FROM entry ORDER BY arrival DESC LIMIT ?2)
                UNION SELECT arrival FROM (SELECT arrival FROM entry WHERE clock = 1 ORDER BY arrival DESC LIMIT ?3)
            )
            SELECT envelope, payload FROM entry WHERE arrival IN (
                SELECT arrival FROM near
                UNION SELECT arrival FROM entry WHERE target IN (SELECT entry_id FROM entry WHERE arrival IN near)
                EXCEPT SELECT arrival FROM not_counted
            )";
        let mut statement = self.connection.prepare_cached(sql)?;
        let mut rows = statement.query(params![day_number(day), RECENT_ENTRIES, RECENT_CLOCKS])?;
        let mut facts = Vec::new();
        while let Some(row) = rows.next()? {
            let envelope = row.get_ref(0)?.as_blob().map_err(rusqlite::Error::from)?;
            let payload = row.get_ref(1)?.as_blob_or_null().map_err(rusqlite::Error::from)?;
            facts.push(Fact::from_parts(envelope, payload).map_err(|e| StoreError::damaged("journal.db (entry)", e))?);
        }
        Ok(facts)
    }

    /// One of this tablet's own entries, of whichever life.
    ///
    /// # Errors
    /// A failed read.
    pub fn own_entry(&self, entry: EntryId) -> Result<Option<StoredOwn>, StoreError> {
        let sql = "SELECT envelope, signature, salt, payload FROM entry WHERE entry_id = ?1 AND own > 0";
        let found = self.connection.prepare_cached(sql)?.query_row([entry.0.as_bytes()], entries::sealed_of).optional()?;
        let Some(sealed) = found else { return Ok(None) };
        let envelope = sealed.decode_envelope().map_err(|e| StoreError::damaged("journal.db (entry)", e))?;
        Ok(Some(StoredOwn { sealed, envelope }))
    }

    /// The notes of an entry, in order: free text, and a name that stands in no payload. None where they were erased.
    ///
    /// # Errors
    /// A failed read.
    pub fn notes(&self, entry: EntryId) -> Result<Vec<Note>, StoreError> {
        entries::notes_of(&self.connection, entry)
    }

    /// Own entries of whichever life after a point of the order of arrival, without their bytes.
    pub(super) fn own_after(&self, arrival: i64, entries_max: usize) -> Result<Vec<OwnRow>, StoreError> {
        let sql = "SELECT arrival, entry_id, payload IS NULL, sealed_at_ms, state FROM entry JOIN outbox USING (arrival)
                   WHERE own > 0 AND arrival > ?1 ORDER BY arrival LIMIT ?2";
        let mut statement = self.connection.prepare_cached(sql)?;
        let rows = statement.query_map(params![arrival, i64::try_from(entries_max).unwrap_or(i64::MAX)], |row| {
            let (entry, forgotten) = (entries::entry_id_of(row, 1)?, row.get(2)?);
            Ok(OwnRow { arrival: row.get(0)?, entry, forgotten, sealed_at_ms: row.get(3)?, state: row.get(4)? })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Every own entry that the server has not acknowledged.
    pub(super) fn unacknowledged(&self) -> Result<Vec<EntryId>, StoreError> {
        let sql = "SELECT entry_id FROM entry JOIN outbox USING (arrival) WHERE state NOT IN ('accepted', 'duplicate')";
        let mut statement = self.connection.prepare_cached(sql)?;
        let entries = statement.query_map([], |row| entries::entry_id_of(row, 0))?;
        Ok(entries.collect::<Result<_, _>>()?)
    }

    /// All entries with the key of their author (`None` for our own of this life), in order of arrival: for a verification.
    ///
    /// # Errors
    /// A failed read.
    pub fn all(&self) -> Result<Vec<Authored>, StoreError> {
        self.authored("entry ORDER BY arrival")
    }

    /// The same of some of them: what stands behind FROM.
    pub(super) fn authored(&self, from: &str) -> Result<Vec<Authored>, StoreError> {
        let sql = format!("SELECT envelope, signature, salt, payload, author_key, entry_id FROM {from}");
        let mut statement = self.connection.prepare(&sql)?;
        let rows = statement.query_map([], |row| Ok((entries::sealed_of(row)?, row.get(4)?, entries::entry_id_of(row, 5)?)))?;
        let mut out = Vec::new();
        for row in rows {
            let (mut sealed, author, entry) = row?;
            self.add_notes(entry, &mut sealed)?;
            out.push((sealed, author));
        }
        Ok(out)
    }

    /// Puts an entry's notes back beside its payload.
    pub(super) fn add_notes(&self, entry: EntryId, sealed: &mut Sealed) -> Result<(), StoreError> {
        if let Some(Private { notes, .. }) = sealed.private.as_mut() {
            *notes = entries::notes_of(&self.connection, entry)?;
        }
        Ok(())
    }

    /// A number that changes when the other connection has committed: time to read again.
    ///
    /// # Errors
    /// A failed read.
    pub fn data_version(&self) -> Result<i64, StoreError> {
        Ok(self.connection.pragma_query_value(None, "data_version", |row| row.get(0))?)
    }

    /// Limits the database's size, in pages: how tests fill a disk.
    ///
    /// # Errors
    /// A failed pragma.
    pub fn limit_pages(&self, pages: u32) -> Result<(), StoreError> {
        self.connection.pragma_update_and_check(None, "max_page_count", pages, |_| Ok(()))?;
        Ok(())
    }
}

/// The last entry before an epoch that is still to be opened; its own epoch is 0 where there is none.
fn epoch_to_open(connection: &Connection, identity: &Identity) -> Result<Option<ChainHead>, StoreError> {
    let none = || ChainHead { place: Place { device: identity.device, epoch: 0, seq: 0 }, hash: [0; 32] };
    let last = head(connection)?.unwrap_or_else(none);
    Ok((identity.epoch > 1 && last.place.epoch < identity.epoch).then_some(last))
}

/// Whether a draft opens an epoch behind this entry.
fn opens(draft: &Draft, last: &ChainHead) -> bool {
    matches!(&draft.payload.detail, Detail::Epoch { previous, last_hash, .. } if (*previous, *last_hash) == (last.place.epoch, last.hash))
}

fn head(connection: &Connection) -> Result<Option<ChainHead>, StoreError> {
    let sql = "SELECT envelope FROM entry WHERE own = 1 ORDER BY epoch DESC, seq DESC LIMIT 1";
    let envelope: Option<Vec<u8>> = connection.prepare_cached(sql)?.query_row([], |row| row.get(0)).optional()?;
    let Some(bytes) = envelope else { return Ok(None) };
    let envelope = Envelope::decode(&bytes).map_err(|e| StoreError::damaged("journal.db (entry)", e))?;
    Ok(Some(ChainHead { place: envelope.place, hash: hash_of(&bytes) }))
}

fn insert_own(transaction: &Transaction<'_>, sealed: &Sealed, sealed_at_ms: i64) -> Result<(), StoreError> {
    let row = Row::of(sealed, None)?;
    if entries::insert(transaction, &row)? == 0 {
        // The same draft was sealed before: its first bytes stand, and sealing it again would fork the chain.
        return Err(StoreError::Refused("cet identifiant de pointage existe déjà".into()));
    }
    let sql = "INSERT INTO outbox (arrival, state, code, sealed_at_ms) VALUES (last_insert_rowid(), 'unsent', NULL, ?1)";
    transaction.prepare_cached(sql)?.execute([sealed_at_ms])?;
    entries::insert_notes(transaction, row.envelope.entry_id, sealed)?;
    Ok(())
}

impl Span {
    pub(super) fn columns(&self) -> (i32, i32) {
        (day_number(self.first), day_number(self.last))
    }
}
