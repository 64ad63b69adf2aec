//! What the tablets of a site hold for each other: whose keys are believed, what is handed over, and what of it the server has told
//! itself since.
//!
//! An entry that a peer handed over stands among the others' and counts on the board at once. Beside it a row of `by_peer` says
//! that the server hasn't told it yet: it is carried there, and where its author was revoked it counts for nothing until it is told.

use super::entries::{self, Row, entry_id_of, sealed_of};
use super::journal::RECENT_ENTRIES;
use super::{Carried, Journal, Recorded, StoreError, day_number};
use chrono::{Days, NaiveDate};
use rusqlite::{OptionalExtension, TransactionBehavior, named_params, params};
use shared::id::{DeviceId, EntryId};
use shared::journal::{Envelope, Sealed, VerifyingKey};
use shared::wire::peers::{BLOCK_PLACES, BlockName, PEER_DAYS};
use shared::wire::{VerdictKind, WireEntry};
use std::collections::{BTreeMap, BTreeSet};

/// Entries of one author that wait for the server's word at most, however long the site is cut off: twice a summer of a large centre.
pub const BY_PEER_MAX: u32 = 10_000;

/// Days before those of the entries of which observations of clocks are exchanged: a machine that runs for weeks is judged by them.
const CLOCK_DAYS: u64 = 60;

/// Where to look for what is shared, by indexes: the year before is not read.
const CANDIDATES: &str = "
    SELECT arrival FROM entry WHERE last_day >= :from
    UNION SELECT arrival FROM entry WHERE clock = 1 AND last_day >= :clocks_from
    UNION SELECT arrival FROM (SELECT arrival FROM entry ORDER BY arrival DESC LIMIT :recent)
    UNION SELECT arrival FROM outbox WHERE state IN ('unsent', 'held')
    UNION SELECT arrival FROM by_peer";

/// What is handed to the other tablets of the site: the days exchanged, and what the server hasn't told yet or came last, whatever
/// day a wrong clock claims: what a board is read from. Never what was forgotten, nor what the server set apart or a revoked tablet brought: that goes to the server alone.
const IS_SHARED: &str = "
    payload IS NOT NULL
    AND (last_day >= :from OR clock = 1 AND last_day >= :clocks_from
         OR entry.arrival > (SELECT max(arrival) FROM entry) - :recent
         OR EXISTS (SELECT 1 FROM outbox o WHERE o.arrival = entry.arrival AND o.state IN ('unsent', 'held'))
         OR EXISTS (SELECT 1 FROM by_peer p WHERE p.arrival = entry.arrival))
    AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.arrival = entry.arrival AND o.state IN ('quarantined', 'refused'))
    AND entry.arrival NOT IN (SELECT arrival FROM not_counted)";

/// A device of the site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Author {
    /// Its id.
    pub device: DeviceId,
    /// Its Ed25519 key.
    pub key: [u8; 32],
    /// The server's own: it alone observes clocks.
    pub server: bool,
    /// What the server hasn't told of it counts for nothing.
    pub revoked: bool,
}

/// First day exchanged, as columns hold it.
pub(super) fn first_day(today: NaiveDate) -> i32 {
    days_before(today, u64::from(PEER_DAYS))
}

fn days_before(today: NaiveDate, days: u64) -> i32 {
    day_number(today.checked_sub_days(Days::new(days)).unwrap_or(today))
}

/// First day exchanged, and first day of observations of clocks.
fn first_days(today: NaiveDate) -> (i32, i32) {
    (first_day(today), days_before(today, u64::from(PEER_DAYS) + CLOCK_DAYS))
}

impl Journal {
    /// Remembers devices of the site as the server tells of them.
    ///
    /// # Errors
    /// A failed write: none was remembered.
    pub fn know_authors(&mut self, authors: &[Author]) -> Result<(), StoreError> {
        if authors.is_empty() {
            return Ok(());
        }
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        for author in authors {
            let sql = "INSERT INTO author (device_id, key, server, revoked) VALUES (?1, ?2, ?3, ?4)
                       ON CONFLICT (device_id) DO UPDATE SET key = ?2, server = ?3, revoked = ?4";
            let values = params![author.device.0.as_bytes(), author.key, author.server, author.revoked];
            transaction.prepare_cached(sql)?.execute(values)?;
        }
        transaction.commit()?;
        Ok(())
    }

    /// Remembers a tablet that the server hasn't told of yet, by its certificate. `false` where the device is known under another key
    /// or as revoked.
    ///
    /// # Errors
    /// A failed read or write.
    pub fn meet(&mut self, device: DeviceId, key: [u8; 32]) -> Result<bool, StoreError> {
        match self.author(device)? {
            Some(known) => Ok(known.key == key && !known.revoked),
            None => {
                self.know_authors(&[Author { device, key, server: false, revoked: false }])?;
                Ok(true)
            }
        }
    }

    /// A device of the site, if it is known.
    ///
    /// # Errors
    /// A failed read.
    pub fn author(&self, device: DeviceId) -> Result<Option<Author>, StoreError> {
        let sql = "SELECT key, server, revoked FROM author WHERE device_id = ?1";
        let found = self
            .connection
            .prepare_cached(sql)?
            .query_row([device.0.as_bytes()], |row| Ok(Author { device, key: row.get(0)?, server: row.get(1)?, revoked: row.get(2)? }));
        Ok(found.optional()?)
    }

    /// The names of all that is shared with the site's tablets, by block.
    ///
    /// # Errors
    /// A failed read, or an envelope that can't be read.
    pub fn shared_blocks(&self, today: NaiveDate) -> Result<BTreeMap<BlockName, BTreeSet<EntryId>>, StoreError> {
        let (from, clocks_from) = first_days(today);
        let sql = format!("SELECT envelope FROM entry WHERE arrival IN ({CANDIDATES}) AND {IS_SHARED}");
        let mut statement = self.connection.prepare_cached(&sql)?;
        let mut rows = statement.query(named_params! { ":from": from, ":clocks_from": clocks_from, ":recent": RECENT_ENTRIES })?;
        let mut blocks: BTreeMap<BlockName, BTreeSet<EntryId>> = BTreeMap::new();
        while let Some(row) = rows.next()? {
            let bytes = row.get_ref(0)?.as_blob().map_err(rusqlite::Error::from)?;
            let Envelope { place, entry_id, .. } = Envelope::decode(bytes).map_err(|e| StoreError::damaged("journal.db (entry)", e))?;
            let name = BlockName { device: place.device, epoch: place.epoch, block: place.seq / BLOCK_PLACES };
            blocks.entry(name).or_default().insert(entry_id);
        }
        Ok(blocks)
    }

    /// Of these names, the entries that are shared, within the limits of one message.
    ///
    /// # Errors
    /// A failed read.
    pub fn shared_entries(
        &self,
        names: &[EntryId],
        today: NaiveDate,
        entries_max: usize,
        bytes_max: usize,
    ) -> Result<Vec<(EntryId, Sealed)>, StoreError> {
        let (from, clocks_from) = first_days(today);
        let sql = format!("SELECT envelope, signature, salt, payload FROM entry WHERE entry_id = :entry AND {IS_SHARED}");
        let mut statement = self.connection.prepare_cached(&sql)?;
        let (mut out, mut bytes) = (Vec::new(), 0);
        for name in names.iter().take(entries_max) {
            let values =
                named_params! { ":entry": name.0.as_bytes(), ":from": from, ":clocks_from": clocks_from, ":recent": RECENT_ENTRIES };
            let Some(mut sealed) = statement.query_row(values, sealed_of).optional()? else { continue };
            self.add_notes(*name, &mut sealed)?;
            bytes += WireEntry::from(&sealed).sealed_bytes();
            if bytes > bytes_max && !out.is_empty() {
                break;
            }
            out.push((*name, sealed));
        }
        Ok(out)
    }

    /// Of these names, those that this tablet lacks and may hold: not what was forgotten.
    ///
    /// # Errors
    /// A failed read.
    pub fn lacking(&self, names: &[EntryId]) -> Result<Vec<EntryId>, StoreError> {
        let sql = "SELECT EXISTS (SELECT 1 FROM entry WHERE entry_id = ?1) OR EXISTS (SELECT 1 FROM forgotten WHERE entry_id = ?1)";
        let mut statement = self.connection.prepare_cached(sql)?;
        let mut lacking = Vec::new();
        for name in names {
            if !statement.query_row([name.0.as_bytes()], |row| row.get::<_, bool>(0))? {
                lacking.push(*name);
            }
        }
        Ok(lacking)
    }

    /// How many more entries of an author may wait for the server's word.
    ///
    /// # Errors
    /// A failed read.
    pub fn room_for(&self, author: DeviceId) -> Result<usize, StoreError> {
        let sql = "SELECT count(*) FROM by_peer WHERE device_id = ?1";
        let waiting: u32 = self.connection.prepare_cached(sql)?.query_row([author.0.as_bytes()], |row| row.get(0))?;
        Ok(usize::try_from(BY_PEER_MAX.saturating_sub(waiting)).unwrap_or(usize::MAX))
    }

    /// Keeps entries that a peer handed over, which the caller has verified with these keys; gives how many were new.
    ///
    /// # Errors
    /// A failed write: none was kept.
    pub fn keep_from_peer(&mut self, handed: &[(Sealed, VerifyingKey)]) -> Result<usize, StoreError> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut kept = 0;
        for (sealed, key) in handed {
            let row = Row::of(sealed, Some(key))?;
            let (entry, author) = (row.envelope.entry_id, row.envelope.place.device);
            // Looked at inside the transaction: the server's word, or another peer, may have come since it was asked for.
            let forgotten = "SELECT EXISTS (SELECT 1 FROM forgotten WHERE entry_id = ?1)";
            if transaction.prepare_cached(forgotten)?.query_row([entry.0.as_bytes()], |row| row.get(0))? {
                continue;
            }
            let waiting = "SELECT count(*) FROM by_peer WHERE device_id = ?1";
            if transaction.prepare_cached(waiting)?.query_row([author.0.as_bytes()], |row| row.get::<_, u32>(0))? >= BY_PEER_MAX {
                continue;
            }
            if entries::insert(&transaction, &row)? == 1 {
                let sql = "INSERT INTO by_peer (arrival, device_id, state)
                           SELECT arrival, ?2, 'waiting' FROM entry WHERE entry_id = ?1";
                transaction.prepare_cached(sql)?.execute([entry.0.as_bytes(), author.0.as_bytes()])?;
                kept += 1;
            }
        }
        transaction.commit()?;
        Ok(kept)
    }

    /// Entries from peers to carry to the server, after an arrival, within the limits of one push.
    ///
    /// # Errors
    /// A failed read.
    pub fn to_carry(&self, after: i64, entries_max: usize, bytes_max: usize) -> Result<Vec<Carried>, StoreError> {
        let sql = "SELECT envelope, signature, salt, payload, entry_id, arrival FROM entry
                   WHERE arrival IN (SELECT arrival FROM by_peer WHERE state = 'waiting' AND arrival > ?1) ORDER BY arrival LIMIT ?2";
        self.carried(sql, after, entries_max, bytes_max)
    }

    pub(super) fn carried(&self, sql: &str, after: i64, entries_max: usize, bytes_max: usize) -> Result<Vec<Carried>, StoreError> {
        let entries_max = i64::try_from(entries_max).unwrap_or(i64::MAX);
        let mut statement = self.connection.prepare_cached(sql)?;
        let rows = statement.query_map(params![after, entries_max], |row| {
            Ok(Carried { entry: entry_id_of(row, 4)?, sealed: sealed_of(row)?, arrival: row.get(5)? })
        })?;
        let (mut out, mut bytes) = (Vec::new(), 0);
        for found in rows {
            let mut carried = found?;
            self.add_notes(carried.entry, &mut carried.sealed)?;
            bytes += WireEntry::from(&carried.sealed).sealed_bytes();
            // One entry always goes, or a large one would stop the queue for ever.
            if bytes > bytes_max && !out.is_empty() {
                break;
            }
            out.push(carried);
        }
        Ok(out)
    }

    /// Writes down what the server said of entries that were carried to it.
    ///
    /// # Errors
    /// A failed write: none was kept, and the entries are carried again.
    pub fn record_carried(&mut self, verdicts: &[Recorded]) -> Result<(), StoreError> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        for recorded in verdicts {
            let entry = recorded.entry.0.as_bytes();
            match recorded.verdict {
                VerdictKind::Accepted | VerdictKind::Duplicate => transaction.prepare_cached(TOLD)?.execute([entry])?,
                VerdictKind::Held => transaction.prepare_cached(NOW)?.execute(params![entry, "held"])?,
                VerdictKind::Quarantined | VerdictKind::Refused => transaction.prepare_cached(NOW)?.execute(params![entry, "apart"])?,
            };
        }
        transaction.commit()?;
        Ok(())
    }

    /// Entries of the days exchanged that count for nothing until the server tells them: of a revoked tablet, or set apart there.
    ///
    /// # Errors
    /// A failed read.
    pub fn not_counted(&self, today: NaiveDate) -> Result<u32, StoreError> {
        // Eyes on a folder whose program was updated and not started yet see an older schema.
        let there = "SELECT count(*) FROM sqlite_schema WHERE name = 'not_counted'";
        if !self.connection.prepare_cached(there)?.query_row([], |row| row.get::<_, bool>(0))? {
            return Ok(0);
        }
        let sql = "SELECT count(*) FROM entry WHERE arrival IN (SELECT arrival FROM not_counted) AND last_day >= ?1";
        Ok(self.connection.prepare_cached(sql)?.query_row([first_day(today)], |row| row.get(0))?)
    }
}

/// The server has told an entry, or holds it in its journal: it is one of the others' like any.
pub(super) const TOLD: &str = "DELETE FROM by_peer WHERE arrival = (SELECT arrival FROM entry WHERE entry_id = ?1)";
/// What the server said of it meanwhile.
const NOW: &str = "UPDATE by_peer SET state = ?2 WHERE arrival = (SELECT arrival FROM entry WHERE entry_id = ?1)";
