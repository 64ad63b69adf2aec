//! What the tablet knows of its own journal, by name; and who it is, written
//! down twice.

use super::copy::Lives;
use super::{Identity, Journal, StoreError};
use rusqlite::{Connection, OptionalExtension};

const SALVAGED: &str = "salvaged";
const TOLD: &str = "told";

impl Journal {
    /// Why the journal was salvaged, in a few words of French that name nobody; `None` once the server has answered it with a later
    /// epoch, or the tablet has begun a further life.
    ///
    /// # Errors
    /// A failed read.
    pub fn salvaged(&self) -> Result<Option<String>, StoreError> {
        let (Some(identity), Some(known)) = (self.identity()?, self.mark(SALVAGED)?) else { return Ok(None) };
        Ok(known.strip_prefix(&chain_of(&identity)).map(ToOwned::to_owned))
    }

    /// Remembers that the journal was salvaged, and why.
    pub(super) fn set_salvaged(&self, identity: &Identity, why: &str) -> Result<(), StoreError> {
        self.set_mark(SALVAGED, &format!("{}{why}", chain_of(identity)))
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

    /// How often the server's word changed this journal: entries of others, forgettings. Never less than it was, unless a log was cut
    /// short.
    ///
    /// # Errors
    /// A failed read.
    pub fn told(&self) -> Result<u64, StoreError> {
        Ok(self.mark(TOLD)?.and_then(|text| text.parse().ok()).unwrap_or(0))
    }

    /// Keeps who the tablet is beside the second copy of its entries. Without room for it the enrolment stands all the same, and the
    /// next start tries again.
    pub(super) fn keep_identity_twice(&self) {
        let Some(copy) = &self.copy else { return };
        let kept = self.lives().and_then(|lives| lives.map_or(Ok(()), |lives| copy.keep_lives(&lives)));
        if let Err(error) = kept {
            tracing::warn!(%error, "who this tablet is could not be kept a second time");
        }
    }

    fn lives(&self) -> Result<Option<Lives>, StoreError> {
        let Some(identity) = self.identity()? else { return Ok(None) };
        let sql = "SELECT DISTINCT author_key FROM entry WHERE own = 2 AND author_key IS NOT NULL";
        let mut statement = self.connection.prepare_cached(sql)?;
        let earlier = statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
        Ok(Some(Lives { identity, earlier }))
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

/// Counts one more change by the server's word, in the transaction that makes it.
pub(super) fn tell(connection: &Connection) -> Result<(), StoreError> {
    let sql = "INSERT INTO mark (name, value) VALUES (?1, '1') ON CONFLICT (name) DO UPDATE SET value = CAST(value AS INTEGER) + 1";
    connection.prepare_cached(sql)?.execute([TOLD])?;
    Ok(())
}

/// What a mark that speaks of one chain begins with: that of another life or epoch is none of this one's.
fn chain_of(identity: &Identity) -> String {
    format!("{} {} ", identity.device, identity.epoch)
}
