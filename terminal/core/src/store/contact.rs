//! How long ago the server answered this tablet, and the lock of its data once that is too long.
//!
//! The time away is counted, not subtracted: a wall clock that is set back or jumps ahead while the machine runs changes nothing of it
//! (CLOCK_BOOTTIME). Between two starts of the machine only the wall clock can tell how long it was off. It is believed where it can be
//! right; else the tablet has been away for at least as long as the machine has been on since.
//!
//! A lock erases the list of children: a screen that only hid them would leave them in the folder. The whole of it comes again with
//! the answer that ends the lock. Nothing of the journal goes.

use super::roster_db::set;
use super::{RosterDb, StoreError};
use crate::clock::Now;
use crate::sync::believed_time::AHEAD_S_MAX;
use rusqlite::TransactionBehavior;
use shared::id::BootId;
use shared::wire::{DATA_LOCK_DAYS, DATA_LOCK_DAYS_ALLOWED};

const DAY_MS: u64 = 24 * 3_600_000;
/// How often the time away is written down: a machine that is started again and again with a wrong clock still adds up.
const NOTED_MS: u64 = 10 * 60_000;
/// An answer is written down this often: a tablet's flash wears.
const HEARD_AGAIN_MS: u64 = 60_000;
/// From how many days before the lock on a person is told.
const WARNED_DAYS: u32 = 4;

/// Whether the tablet may still show what it knows of children.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DataLock {
    /// It may, and for long.
    #[default]
    Open,
    /// It may, for so many days more.
    Soon(u32),
    /// It was away too long, and still holds the list.
    Due,
    /// The list is gone until the server answers.
    Locked,
}

/// When the server last answered, and what was counted since.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Contact {
    /// The wall clock, put right, ms since 1970 UTC.
    at_ms: i64,
    /// The time away when it was last noted, ms.
    away_ms: u64,
    /// When that was, in the machine's own time.
    boot: BootId,
    boottime_ms: u64,
}

impl Contact {
    fn away_at(&self, now: Now) -> u64 {
        if now.boot == self.boot {
            return self.away_ms.saturating_add(now.boottime_ms.saturating_sub(self.boottime_ms));
        }
        let noted_ms = self.at_ms.saturating_add(i64::try_from(self.away_ms).unwrap_or(i64::MAX));
        let by_wall = u64::try_from(now.wall_ms.saturating_sub(noted_ms)).ok().filter(|off| *off <= AHEAD_S_MAX * 1_000);
        self.away_ms.saturating_add(by_wall.unwrap_or(0).max(now.boottime_ms))
    }

    fn text(&self) -> String {
        format!("{} {} {} {}", self.at_ms, self.away_ms, self.boot, self.boottime_ms)
    }

    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split(' ');
        let mut next = || parts.next();
        let (at_ms, away_ms) = (next()?.parse().ok()?, next()?.parse().ok()?);
        Some(Self { at_ms, away_ms, boot: next()?.parse().ok()?, boottime_ms: next()?.parse().ok()? })
    }
}

impl RosterDb {
    /// The server has answered this tablet, and told it what it may know: it is away no more, and its lock ends.
    ///
    /// # Errors
    /// A failed write.
    pub fn set_heard(&mut self, now: Now) -> Result<(), StoreError> {
        let lately = |contact: Contact| contact.boot == now.boot && contact.away_at(now) < HEARD_AGAIN_MS;
        if !self.is_locked()? && self.contact()?.is_some_and(lately) {
            return Ok(());
        }
        let contact = Contact { at_ms: now.wall_ms, away_ms: 0, boot: now.boot, boottime_ms: now.boottime_ms };
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        set(&transaction, "contact", &contact.text())?;
        set(&transaction, "locked", "")?;
        transaction.commit()?;
        Ok(())
    }

    /// Counts the time away on, where it is time to write it down. What holds no list has nothing to lock. A list of before this was
    /// counted counts from now.
    ///
    /// # Errors
    /// A failed read or write.
    pub fn count_away(&mut self, now: Now) -> Result<(), StoreError> {
        if self.items_changed_at()?.is_empty() {
            return Ok(());
        }
        let is_news = |contact: Contact| contact.boot != now.boot || now.boottime_ms.saturating_sub(contact.boottime_ms) >= NOTED_MS;
        if !self.contact()?.is_none_or(is_news) {
            return Ok(());
        }
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        // The line may have been heard in between.
        let sql = "SELECT value FROM meta WHERE name = 'contact'";
        let before: Option<String> = rusqlite::OptionalExtension::optional(transaction.query_row(sql, [], |row| row.get(0)))?;
        let before = before.as_deref().and_then(Contact::parse);
        let (at_ms, away_ms) = before.map_or((now.wall_ms, 0), |contact| (contact.at_ms, contact.away_at(now)));
        set(&transaction, "contact", &Contact { at_ms, away_ms, boot: now.boot, boottime_ms: now.boottime_ms }.text())?;
        transaction.commit()?;
        Ok(())
    }

    /// How long the tablet has been away, ms; `None` where it never heard the server.
    ///
    /// # Errors
    /// A failed read.
    pub fn away_ms(&self, now: Now) -> Result<Option<u64>, StoreError> {
        Ok(self.contact()?.map(|contact| contact.away_at(now)))
    }

    /// How the lock stands.
    ///
    /// # Errors
    /// A failed read.
    pub fn data_lock(&self, now: Now) -> Result<DataLock, StoreError> {
        if self.is_locked()? {
            return Ok(DataLock::Locked);
        }
        let after = self.lock_after_days()?;
        Ok(match self.locks_in_days(now)? {
            Some(0) => DataLock::Due,
            // A short time away is no news, however early the lock comes.
            Some(left) if left <= WARNED_DAYS.min(after / 2) => DataLock::Soon(left),
            _ => DataLock::Open,
        })
    }

    /// How many days are left before the lock; `None` where no list is held, or the server was never heard.
    ///
    /// # Errors
    /// A failed read.
    pub fn locks_in_days(&self, now: Now) -> Result<Option<u32>, StoreError> {
        if self.items_changed_at()?.is_empty() {
            return Ok(None);
        }
        let Some(away_ms) = self.away_ms(now)? else { return Ok(None) };
        let left_ms = (u64::from(self.lock_after_days()?) * DAY_MS).saturating_sub(away_ms);
        Ok(Some(u32::try_from(left_ms.div_ceil(DAY_MS)).unwrap_or(u32::MAX)))
    }

    /// Erases the list of children and what was staged or set aside of one. It comes again whole.
    ///
    /// # Errors
    /// A failed write.
    pub fn lock_data(&mut self) -> Result<(), StoreError> {
        self.give_up_staging()?;
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        transaction.execute_batch("DELETE FROM item;")?;
        set(&transaction, "items_cursor", "")?;
        // Of no server: the next pull brings everything.
        set(&transaction, "server_epoch", "verrou")?;
        set(&transaction, "locked", "1")?;
        transaction.commit()?;
        self.came_again();
        self.empty_log()
    }

    /// After how many days without contact the data is locked, as the server last said.
    ///
    /// # Errors
    /// A failed read.
    pub fn lock_after_days(&self) -> Result<u32, StoreError> {
        Ok(self.get("lock_after_days")?.and_then(|text| text.parse().ok()).unwrap_or(DATA_LOCK_DAYS))
    }

    /// Remembers it, where it is news.
    ///
    /// # Errors
    /// A failed write.
    pub fn set_lock_after_days(&mut self, days: u32) -> Result<(), StoreError> {
        let days = days.clamp(*DATA_LOCK_DAYS_ALLOWED.start(), *DATA_LOCK_DAYS_ALLOWED.end());
        if self.lock_after_days()? == days { Ok(()) } else { self.set("lock_after_days", &days.to_string()) }
    }

    fn is_locked(&self) -> Result<bool, StoreError> {
        Ok(self.get("locked")?.is_some_and(|text| !text.is_empty()))
    }

    fn contact(&self) -> Result<Option<Contact>, StoreError> {
        Ok(self.get("contact")?.as_deref().and_then(Contact::parse))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: BootId = BootId(uuid::Uuid::from_u128(1));
    const SECOND: BootId = BootId(uuid::Uuid::from_u128(2));
    const HOUR_MS: u64 = 3_600_000;
    const IN_2026: i64 = 1_790_000_000_000;

    fn now(wall_ms: i64, boot: BootId, boottime_ms: u64) -> Now {
        Now { wall_ms, boottime_ms, boot }
    }

    fn heard() -> Contact {
        Contact { at_ms: IN_2026, away_ms: 0, boot: FIRST, boottime_ms: 5_000 }
    }

    #[test]
    fn a_wall_clock_that_jumps_while_the_machine_runs_changes_nothing() {
        for wall_ms in [0, IN_2026 - 90 * DAY_MS.cast_signed(), IN_2026 + 90 * DAY_MS.cast_signed(), 2_147_483_647_000, i64::MAX, i64::MIN]
        {
            assert_eq!(heard().away_at(now(wall_ms, FIRST, 5_000 + HOUR_MS)), HOUR_MS, "{wall_ms}");
        }
    }

    #[test]
    fn the_time_that_the_machine_was_off_counts_by_a_clock_that_can_be_right() {
        let after = |wall_ms| heard().away_at(now(wall_ms, SECOND, HOUR_MS));
        assert_eq!(after(IN_2026 + 20 * DAY_MS.cast_signed()), 20 * DAY_MS);
        for lost in [0, IN_2026 - 1, IN_2026 + 401 * DAY_MS.cast_signed(), i64::MAX, i64::MIN] {
            assert_eq!(after(lost), HOUR_MS, "{lost}: at least since the machine started");
        }
    }

    #[test]
    fn a_clock_that_is_set_back_at_each_start_does_not_stop_the_count() {
        let mut contact = heard();
        for day in 0..20_u128 {
            let at = now(IN_2026 - 1, BootId(uuid::Uuid::from_u128(10 + day)), DAY_MS);
            contact = Contact { away_ms: contact.away_at(at), boot: at.boot, boottime_ms: at.boottime_ms, ..contact };
        }
        assert_eq!(contact.away_ms, 20 * DAY_MS);
    }

    #[test]
    fn what_is_written_down_reads_back() {
        assert_eq!(Contact::parse(&heard().text()), Some(heard()));
        assert_eq!(Contact::parse("1 2"), None);
    }
}
