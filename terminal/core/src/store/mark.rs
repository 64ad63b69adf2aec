//! What the tablet knows of its own journal, by name; above all, whether it
//! may go on as the same chain.

use super::{Identity, Journal, StoreError};
use rusqlite::OptionalExtension;

const NEEDS_EPOCH: &str = "needs_epoch";

impl Journal {
    /// Why the server is to be asked for a new epoch; `None` where the chain may go on as it is.
    ///
    /// Sealing doesn't wait for it: it goes on behind the best head known, and a place taken twice is evidence, never a refusal.
    ///
    /// # Errors
    /// A failed read.
    pub fn needs_epoch(&self) -> Result<Option<String>, StoreError> {
        self.mark(NEEDS_EPOCH)
    }

    /// Remembers for good that a new epoch is needed, and why: a few words for a person, nobody named.
    ///
    /// The mark goes when the server gives a later epoch ([`Self::enrol`]).
    ///
    /// # Errors
    /// A failed write.
    pub fn set_needs_epoch(&mut self, reason: &str) -> Result<(), StoreError> {
        self.set_mark(NEEDS_EPOCH, reason)
    }

    /// What follows from a written enrolment: a later epoch answers the mark, and who the tablet is is kept a second time.
    pub(super) fn enrolled(&self, before: Option<&Identity>, now: &Identity) -> Result<(), StoreError> {
        if before.is_some_and(|old| old.device != now.device || old.epoch < now.epoch) {
            self.connection.prepare_cached("DELETE FROM mark WHERE name = ?1")?.execute([NEEDS_EPOCH])?;
        }
        self.keep_identity_twice();
        Ok(())
    }

    /// Whether the two rows that say who the tablet is say the same.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] where they don't; a failed read.
    pub(super) fn check_identity(&self) -> Result<(), StoreError> {
        let sql = "SELECT count(*) FROM (
                       SELECT device_id, site_id, site_name, organisations, epoch, server_url, authority, public_key FROM device
                       UNION
                       SELECT device_id, site_id, site_name, organisations, epoch, server_url, authority, public_key FROM device_twice)";
        let different: i64 = self.connection.query_row(sql, [], |row| row.get(0))?;
        if different < 2 { Ok(()) } else { Err(StoreError::damaged("journal.db", "le journal ne sait plus qui est la tablette")) }
    }

    /// Keeps who the tablet is beside the second copy of its entries. Without room for it the enrolment stands all the same, and the
    /// next start tries again.
    pub(super) fn keep_identity_twice(&self) {
        let Some(copy) = &self.copy else { return };
        let kept = self.identity().and_then(|identity| identity.map_or(Ok(()), |identity| copy.keep_identity(&identity)));
        if let Err(error) = kept {
            tracing::warn!(%error, "who this tablet is could not be kept a second time");
        }
    }

    pub(super) fn mark(&self, name: &str) -> Result<Option<String>, StoreError> {
        // Eyes on a folder whose program was updated and not started yet see a schema without marks.
        let there = "SELECT count(*) FROM sqlite_schema WHERE name = 'mark'";
        let there: bool = self.connection.prepare_cached(there)?.query_row([], |row| row.get(0))?;
        if !there {
            return Ok(None);
        }
        let mut statement = self.connection.prepare_cached("SELECT value FROM mark WHERE name = ?1")?;
        Ok(statement.query_row([name], |row| row.get(0)).optional()?)
    }

    pub(super) fn set_mark(&self, name: &str, value: &str) -> Result<(), StoreError> {
        let sql = "INSERT INTO mark (name, value) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET value = ?2";
        self.connection.prepare_cached(sql)?.execute([name, value])?;
        Ok(())
    }
}
