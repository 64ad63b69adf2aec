//! Codes of the staff and of families: whether a typed one is right, and how often a wrong one was typed.
//!
//! The code itself is nowhere: the server told an Argon2id hash, which rests sealed like a care card ([`super::care`]), since four
//! digits are found from a bare hash in minutes. Each try is counted on disk before it is compared, durably: neither a kill nor a power
//! cut gives one back. Pauses run on CLOCK_BOOTTIME, which no hand sets; another start of the machine begins the pause anew.

use super::{RosterDb, StoreError};
use crate::clock::Now;
use argon2::Argon2;
use argon2::password_hash::{PasswordHash, PasswordVerifier};
use rusqlite::{OptionalExtension, params};
use shared::id::{BootId, PersonId, StaffId};
use shared::roster::{DoorCode, StaffPin, door_code_key, pin_key};
use uuid::Uuid;

/// Wrong codes before the first pause.
const TRIES: u32 = 5;
/// Pauses after them, in ms; the last one again and again.
const PAUSES_MS: [u64; 3] = [60_000, 5 * 60_000, 15 * 60_000];

/// What a typed code says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PinVerdict {
    /// It is theirs.
    Right,
    /// It isn't: so many tries are left before a pause.
    Wrong {
        /// None is left: a pause begins.
        tries_left: u32,
        /// How long that pause lasts, in ms; 0 while tries are left.
        pause_ms: u64,
    },
    /// Too many were wrong: nothing was compared.
    Paused {
        /// Until it may be tried again, in ms.
        left_ms: u64,
    },
    /// The tablet knows no code of theirs.
    None,
}

/// Wrong codes of one person since the last right one.
struct Tries {
    failed: u32,
    boot: BootId,
    /// CLOCK_BOOTTIME of the last one, or of the first look at it after a restart.
    since_ms: u64,
}

fn pause_ms(failed: u32) -> u64 {
    let Some(over) = failed.checked_sub(TRIES) else { return 0 };
    PAUSES_MS.get(usize::try_from(over).unwrap_or(usize::MAX)).or(PAUSES_MS.last()).copied().unwrap_or(0)
}

impl RosterDb {
    /// Who has a code.
    ///
    /// # Errors
    /// A failed read.
    pub fn pins(&self) -> Result<Vec<StaffId>, StoreError> {
        let mut statement = self.connection.prepare_cached("SELECT substr(key, 5) FROM item WHERE key >= 'pin:' AND key < 'pin;'")?;
        let keys = statement.query_map([], |row| row.get::<_, String>(0))?.collect::<Result<Vec<_>, _>>()?;
        Ok(keys.iter().filter_map(|key| key.parse().ok()).collect())
    }

    /// Compares a typed code with that of a person.
    ///
    /// # Errors
    /// A try that could not be counted, and wasn't compared; a failed read.
    pub fn try_pin(&mut self, now: Now, staff: StaffId, typed: &str) -> Result<PinVerdict, StoreError> {
        let Some(StaffPin { hash, .. }) = self.sealed_item(&pin_key(staff))? else { return Ok(PinVerdict::None) };
        self.compare(now, staff.0, &hash, typed)
    }

    /// Whether any adult has a code.
    ///
    /// # Errors
    /// A failed read.
    pub fn has_door_codes(&self) -> Result<bool, StoreError> {
        let sql = "SELECT EXISTS (SELECT 1 FROM item WHERE key >= 'code:' AND key < 'code;')";
        Ok(self.connection.prepare_cached(sql)?.query_row([], |row| row.get(0))?)
    }

    /// Adults who have a code and a telephone that ends so, in the order of their ids.
    ///
    /// # Errors
    /// A failed read.
    pub fn door_codes(&self, telephone_end: &str) -> Result<Vec<PersonId>, StoreError> {
        let mut statement = self.connection.prepare_cached("SELECT key FROM item WHERE key >= 'code:' AND key < 'code;' ORDER BY key")?;
        let keys = statement.query_map([], |row| row.get::<_, String>(0))?.collect::<Result<Vec<_>, _>>()?;
        let mut people = Vec::new();
        for key in keys {
            let code: Option<DoorCode> = self.sealed_item(&key)?;
            people.extend(code.filter(|code| code.telephone_end == telephone_end).map(|code| code.person));
        }
        Ok(people)
    }

    /// Gives back the try that a code cost an adult whose telephone ends like that of whoever typed it: it was another's, and right.
    ///
    /// # Errors
    /// A failed write: the try stays counted.
    pub fn give_back_try(&mut self, person: PersonId) -> Result<(), StoreError> {
        self.connection.prepare_cached("UPDATE pin_try SET failed = failed - 1 WHERE staff_id = ?1")?.execute([person.0.as_bytes()])?;
        self.connection.prepare_cached("DELETE FROM pin_try WHERE staff_id = ?1 AND failed <= 0")?.execute([person.0.as_bytes()])?;
        Ok(())
    }

    /// Compares a typed code with that of an adult.
    ///
    /// # Errors
    /// As [`RosterDb::try_pin`].
    pub fn try_door_code(&mut self, now: Now, person: PersonId, typed: &str) -> Result<PinVerdict, StoreError> {
        let Some(DoorCode { hash, .. }) = self.sealed_item(&door_code_key(person))? else { return Ok(PinVerdict::None) };
        self.compare(now, person.0, &hash, typed)
    }

    fn compare(&mut self, now: Now, of: Uuid, hash: &str, typed: &str) -> Result<PinVerdict, StoreError> {
        let tries = self.tries(of)?;
        let failed = tries.as_ref().map_or(0, |tries| tries.failed);
        if let Some(tries) = tries.filter(|tries| pause_ms(tries.failed) > 0) {
            if tries.boot != now.boot {
                self.count(of, &Tries { failed, boot: now.boot, since_ms: now.boottime_ms })?;
                return Ok(PinVerdict::Paused { left_ms: pause_ms(failed) });
            }
            let left_ms = pause_ms(failed).saturating_sub(now.boottime_ms.saturating_sub(tries.since_ms));
            if left_ms > 0 {
                return Ok(PinVerdict::Paused { left_ms });
            }
        }
        let failed = failed.saturating_add(1);
        self.count(of, &Tries { failed, boot: now.boot, since_ms: now.boottime_ms })?;
        if !is_right(typed, hash) {
            return Ok(PinVerdict::Wrong { tries_left: TRIES.saturating_sub(failed), pause_ms: pause_ms(failed) });
        }
        self.connection.prepare_cached("DELETE FROM pin_try WHERE staff_id = ?1")?.execute([of.as_bytes()])?;
        Ok(PinVerdict::Right)
    }

    fn tries(&self, of: Uuid) -> Result<Option<Tries>, StoreError> {
        let sql = "SELECT failed, boot, since_ms FROM pin_try WHERE staff_id = ?1";
        let read = |row: &rusqlite::Row<'_>| Ok((row.get::<_, u32>(0)?, row.get::<_, [u8; 16]>(1)?, row.get::<_, i64>(2)?));
        let row = self.connection.prepare_cached(sql)?.query_row([of.as_bytes()], read).optional()?;
        let tries = |(failed, boot, since): (u32, [u8; 16], i64)| {
            let since_ms = u64::try_from(since).unwrap_or(0);
            Tries { failed, boot: BootId(Uuid::from_bytes(boot)), since_ms }
        };
        Ok(row.map(tries))
    }

    /// Durable at once, unlike the rest of the roster.
    fn count(&mut self, of: Uuid, tries: &Tries) -> Result<(), StoreError> {
        let sql = "INSERT INTO pin_try (staff_id, failed, boot, since_ms) VALUES (?1, ?2, ?3, ?4)
                   ON CONFLICT (staff_id) DO UPDATE SET failed = ?2, boot = ?3, since_ms = ?4";
        let since_ms = i64::try_from(tries.since_ms).unwrap_or(i64::MAX);
        self.connection.pragma_update(None, "synchronous", "FULL")?;
        let row = params![of.as_bytes(), tries.failed, tries.boot.0.as_bytes(), since_ms];
        let counted = self.connection.prepare_cached(sql).and_then(|mut statement| statement.execute(row));
        self.connection.pragma_update(None, "synchronous", "NORMAL")?;
        counted?;
        Ok(())
    }
}

fn is_right(typed: &str, hash: &str) -> bool {
    let Ok(hash) = PasswordHash::new(hash) else {
        tracing::error!("the hash of a code can't be read");
        return false;
    };
    Argon2::default().verify_password(typed.as_bytes(), &hash).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_tries_then_a_minute_then_five_then_fifteen_for_ever() {
        let pauses: Vec<u64> = [0, 4, 5, 6, 7, 8, u32::MAX].into_iter().map(|failed| pause_ms(failed) / 60_000).collect();
        assert_eq!(pauses, [0, 0, 1, 5, 15, 15, 15]);
    }
}
