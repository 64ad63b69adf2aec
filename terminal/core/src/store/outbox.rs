//! What the server said of our entries. The queue never stops at one entry,
//! and nothing leaves the tablet's disk because it was sent.

use super::entries::{entry_id_of, sealed_of};
use super::{Journal, StoreError};
use rusqlite::{OptionalExtension, params};
use shared::id::EntryId;
use shared::journal::Sealed;
use shared::wire::{Verdict, VerdictKind, WireEntry};

/// An entry to offer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// Its name.
    pub entry: EntryId,
    /// Its number in the tablet's epoch.
    pub seq: u64,
    /// Its bytes.
    pub sealed: Sealed,
}

/// An entry of another device, to carry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Carried {
    /// Its name.
    pub entry: EntryId,
    /// When it came to be held here.
    pub arrival: i64,
    /// Its bytes.
    pub sealed: Sealed,
}

/// The queue in figures.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Queue {
    /// Entries that the server hasn't acknowledged (held ones included).
    pub unsent: u32,
    /// Wall clock at sealing of the oldest of them.
    pub oldest_ms: Option<i64>,
    /// Set apart by the server: a person decides there.
    pub quarantined: u32,
    /// Wall clock at sealing of the newest of them.
    pub quarantined_ms: Option<i64>,
    /// Refused by the server: a person must look here.
    pub refused: u32,
    /// Why the last one was refused.
    pub refused_code: Option<String>,
}

/// One of the server's verdicts, as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// Which entry.
    pub entry: EntryId,
    /// What.
    pub verdict: VerdictKind,
    /// Why.
    pub code: Option<String>,
}

impl Recorded {
    /// A verdict of an entry that was offered: by the order of the push, and by its id where the server names one.
    #[must_use]
    pub fn of(offered: EntryId, verdict: &Verdict) -> Option<Self> {
        verdict.entry.is_none_or(|named| named == offered).then(|| Self {
            entry: offered,
            verdict: verdict.verdict,
            code: verdict.code.clone(),
        })
    }
}

fn state_of(verdict: VerdictKind) -> &'static str {
    match verdict {
        VerdictKind::Accepted => "accepted",
        VerdictKind::Duplicate => "duplicate",
        VerdictKind::Held => "held",
        VerdictKind::Quarantined => "quarantined",
        VerdictKind::Refused => "refused",
    }
}

impl Journal {
    /// The oldest entries still to be offered after a point of the queue, within the limits of one push.
    ///
    /// # Errors
    /// A failed read.
    pub fn outgoing(&self, after: Option<EntryId>, entries_max: usize, bytes_max: usize) -> Result<Vec<Outgoing>, StoreError> {
        let sql = "SELECT envelope, signature, salt, payload, entry_id, seq FROM outbox JOIN entry USING (arrival)
                   WHERE state IN ('unsent', 'held') AND arrival > ?1 ORDER BY arrival LIMIT ?2";
        self.page(sql, after, entries_max, bytes_max)
    }

    /// Whether anything was sealed that was never offered to the server.
    ///
    /// # Errors
    /// A failed read.
    pub fn has_unsent(&self) -> Result<bool, StoreError> {
        // Both conditions: the first is the index's own.
        let sql = "SELECT EXISTS (SELECT 1 FROM outbox WHERE state IN ('unsent', 'held') AND state = 'unsent')";
        Ok(self.connection.prepare_cached(sql)?.query_row([], |row| row.get(0))?)
    }

    /// The same of all that this tablet sealed, in this life and those before it, whatever the server said of it.
    ///
    /// # Errors
    /// A failed read.
    pub fn own(&self, after: Option<EntryId>, entries_max: usize, bytes_max: usize) -> Result<Vec<Outgoing>, StoreError> {
        let sql = "SELECT envelope, signature, salt, payload, entry_id, seq FROM outbox JOIN entry USING (arrival)
                   WHERE arrival > ?1 ORDER BY arrival LIMIT ?2";
        self.page(sql, after, entries_max, bytes_max)
    }

    fn page(&self, sql: &str, after: Option<EntryId>, entries_max: usize, bytes_max: usize) -> Result<Vec<Outgoing>, StoreError> {
        let after = match after {
            None => 0,
            Some(entry) => self.arrival_of(entry)?.unwrap_or(0),
        };
        let entries_max = i64::try_from(entries_max).unwrap_or(i64::MAX);
        let mut statement = self.connection.prepare_cached(sql)?;
        let rows = statement.query_map(params![after, entries_max], |row| {
            let seq: i64 = row.get(5)?;
            Ok(Outgoing { sealed: sealed_of(row)?, entry: entry_id_of(row, 4)?, seq: seq.unsigned_abs() })
        })?;
        let (mut out, mut bytes) = (Vec::new(), 0);
        for outgoing in rows {
            let mut outgoing = outgoing?;
            self.add_notes(outgoing.entry, &mut outgoing.sealed)?;
            bytes += WireEntry::from(&outgoing.sealed).sealed_bytes();
            // One entry always goes, or a large one would stop the queue for ever.
            if bytes > bytes_max && !out.is_empty() {
                break;
            }
            out.push(outgoing);
        }
        Ok(out)
    }

    /// Entries of others that are held here, after an arrival, within the limits of one push.
    ///
    /// # Errors
    /// A failed read.
    pub fn others_after(&self, after: i64, entries_max: usize, bytes_max: usize) -> Result<Vec<Carried>, StoreError> {
        let sql = "SELECT envelope, signature, salt, payload, entry_id, arrival FROM entry
                   WHERE own = 0 AND arrival > ?1 ORDER BY arrival LIMIT ?2";
        self.carried(sql, after, entries_max, bytes_max)
    }

    fn arrival_of(&self, entry: EntryId) -> Result<Option<i64>, StoreError> {
        let mut statement = self.connection.prepare_cached("SELECT arrival FROM entry WHERE entry_id = ?1")?;
        Ok(statement.query_row([entry.0.as_bytes()], |row| row.get(0)).optional()?)
    }

    /// Writes verdicts down. A final one stays: only a restored server makes an entry be offered again.
    ///
    /// # Errors
    /// A failed write: none was kept, and the entries are offered again.
    pub fn record(&mut self, verdicts: &[Recorded]) -> Result<(), StoreError> {
        let transaction = self.connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        for recorded in verdicts {
            let sql = "UPDATE outbox SET state = ?2, code = ?3
                       WHERE arrival = (SELECT arrival FROM entry WHERE entry_id = ?1 AND own > 0) AND state IN ('unsent', 'held')";
            let values = params![recorded.entry.0.as_bytes(), state_of(recorded.verdict), recorded.code];
            transaction.prepare_cached(sql)?.execute(values)?;
        }
        transaction.commit()?;
        Ok(())
    }

    /// Offers again all that the server may have lost: entries of an epoch after a number, except what it refused. Entries of
    /// earlier epochs and lives are offered too where `earlier_epochs` (another server epoch), since no number tells what is left of
    /// them.
    ///
    /// # Errors
    /// A failed write.
    pub fn offer_again(&mut self, epoch: u32, after_seq: u64, earlier_epochs: bool) -> Result<usize, StoreError> {
        let sql = "UPDATE outbox SET state = 'unsent', code = NULL
                   WHERE state NOT IN ('unsent', 'refused') AND arrival IN (
                       SELECT arrival FROM entry
                       WHERE own = 1 AND epoch = ?1 AND seq > ?2 OR ?3 AND (own = 1 AND epoch < ?1 OR own = 2))";
        let after_seq = i64::try_from(after_seq).unwrap_or(i64::MAX);
        Ok(self.connection.prepare_cached(sql)?.execute(params![epoch, after_seq, earlier_epochs])?)
    }

    /// The last number of an epoch of this life up to which the server has said to hold every entry.
    ///
    /// # Errors
    /// A failed read.
    pub fn acknowledged_up_to(&self, epoch: u32) -> Result<u64, StoreError> {
        let sql = "SELECT coalesce(
                       (SELECT min(seq) - 1 FROM entry JOIN outbox USING (arrival)
                        WHERE own = 1 AND epoch = ?1 AND state IN ('unsent', 'held', 'refused')),
                       (SELECT max(seq) FROM entry WHERE own = 1 AND epoch = ?1), 0)";
        let seq: i64 = self.connection.prepare_cached(sql)?.query_row([epoch], |row| row.get(0))?;
        Ok(seq.unsigned_abs())
    }

    /// The queue in figures.
    ///
    /// # Errors
    /// A failed read.
    pub fn queue(&self) -> Result<Queue, StoreError> {
        let waiting = "SELECT count(*), min(sealed_at_ms) FROM outbox WHERE state IN ('unsent', 'held')";
        let (unsent, oldest_ms) = self.connection.prepare_cached(waiting)?.query_row([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let apart = "SELECT count(*) FILTER (WHERE state = 'quarantined'), max(sealed_at_ms) FILTER (WHERE state = 'quarantined'),
                            count(*) FILTER (WHERE state = 'refused'), max(code) FILTER (WHERE state = 'refused')
                     FROM outbox WHERE state IN ('quarantined', 'refused')";
        let (quarantined, quarantined_ms, refused, refused_code) =
            self.connection.prepare_cached(apart)?.query_row([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?;
        Ok(Queue { unsent, oldest_ms, quarantined, quarantined_ms, refused, refused_code })
    }
}
