//! A whole roster on its way: put aside page by page, with how far it has
//! come, and shown in one transaction once it is complete.
//!
//! A page and the place behind it are written together, so that a cut line, a
//! kill or a power cut costs the page that was under way and nothing else. A
//! tablet that shows no roster yet shows each page as it comes: barred adults
//! come first, and a door with the first children beats one with none.

use super::roster_db::{ITEM, get, put, set, sum_of};
use super::{RosterChange, RosterDb, StoreError};
use rusqlite::{Connection, TransactionBehavior};
use serde::{Deserialize, Serialize};
use shared::id::DeviceId;
use shared::wire::Snapshot;

const STAGED: &str = "INSERT INTO staged_item (key, day, json, sum) VALUES (?1, ?2, ?3, ?4)
                      ON CONFLICT (key) DO UPDATE SET day = ?2, json = ?3, sum = ?4";
/// Under which name the place stands among the roster's small values.
const STAGING: &str = "staging";

/// How far a whole roster has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Staging {
    /// The server epoch that its pages belong to.
    pub server_epoch: String,
    /// Number of the last change of which entries were told.
    pub cursor: u64,
    /// The server's snapshot; `None` from one that tells changes by their numbers only.
    pub snapshot: Option<Snapshot>,
    /// Who asked: another life of the tablet is told other entries.
    pub device: DeviceId,
    /// In which epoch.
    pub epoch: u32,
}

/// The same, with what the store alone has to know.
#[derive(Serialize, Deserialize)]
struct Kept {
    #[serde(flatten)]
    staging: Staging,
    /// There was no roster: each page is shown as it comes.
    at_once: bool,
}

impl RosterDb {
    /// How far a whole roster has come that isn't complete; `None` where none is under way.
    ///
    /// # Errors
    /// A failed read.
    pub fn staging(&self) -> Result<Option<Staging>, StoreError> {
        Ok(kept(&self.connection)?.map(|kept| kept.staging))
    }

    /// Puts one page of a whole new roster aside, with how far it has come; the board still shows the old one, if there is any. `first`
    /// gives up what an earlier try left.
    ///
    /// # Errors
    /// A failed write: neither page nor place were kept.
    pub fn stage(&mut self, first: bool, reached: &Staging, changes: &[RosterChange]) -> Result<(), StoreError> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let before = kept(&transaction)?.filter(|_| !first);
        let at_once = match before {
            Some(before) => before.at_once,
            None => {
                transaction.execute("DELETE FROM staged_item", [])?;
                !transaction.query_row("SELECT EXISTS (SELECT 1 FROM item)", [], |row| row.get::<_, bool>(0))?
            }
        };
        let (insert, delete) = match at_once {
            true => (ITEM, "DELETE FROM item WHERE key = ?1"),
            false => (STAGED, "DELETE FROM staged_item WHERE key = ?1"),
        };
        for change in changes {
            match change {
                RosterChange::Put(item) => put(&transaction, insert, item, self.seal.as_ref())?,
                RosterChange::Remove(key) => {
                    transaction.prepare_cached(delete)?.execute([key])?;
                }
            }
        }
        let json = serde_json::to_string(&Kept { staging: reached.clone(), at_once }).map_err(|e| StoreError::Refused(e.to_string()))?;
        if at_once && !changes.is_empty() {
            set(&transaction, "items_cursor", &json)?;
        }
        set(&transaction, STAGING, &json)?;
        transaction.commit()?;
        Ok(())
    }

    /// The staged roster becomes the roster, in one transaction with its cursor.
    ///
    /// # Errors
    /// A failed write: the old one stands.
    pub fn swap_staged(&mut self, server_epoch: &str, cursor: u64) -> Result<(), StoreError> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        if !kept(&transaction)?.is_some_and(|kept| kept.at_once) {
            transaction.execute("DELETE FROM item", [])?;
            transaction.execute("INSERT INTO item (key, day, json, sum) SELECT key, day, json, sum FROM staged_item", [])?;
            transaction.execute("DELETE FROM staged_item", [])?;
        }
        transaction.execute("DELETE FROM meta WHERE name = ?1", [STAGING])?;
        set(&transaction, "server_epoch", server_epoch)?;
        set(&transaction, "cursor", &cursor.to_string())?;
        set(&transaction, "items_cursor", &format!("{server_epoch} {cursor}"))?;
        transaction.commit()?;
        self.came_again();
        self.empty_log()
    }

    /// Gives up what is staged: the next whole roster starts at its front.
    pub(super) fn give_up_staging(&mut self) -> Result<(), StoreError> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        transaction.execute("DELETE FROM staged_item", [])?;
        transaction.execute("DELETE FROM meta WHERE name = ?1", [STAGING])?;
        transaction.commit()?;
        Ok(())
    }

    /// Gives it up where a row of it isn't the one that was written: the roster that is shown is none the worse.
    pub(super) fn drop_damaged_staging(&mut self) -> Result<(), StoreError> {
        let is_sound = {
            let mut statement = self.connection.prepare("SELECT key, day, json, sum FROM staged_item")?;
            let rows = statement.query_map([], |row| {
                let sum = sum_of(row.get_ref(0)?.as_bytes()?, row.get(1)?, row.get_ref(2)?.as_bytes()?);
                Ok(row.get::<_, Option<u32>>(3)?.is_none_or(|written| written == sum))
            })?;
            rows.into_iter().all(|sound| sound.unwrap_or(false))
        };
        if is_sound {
            return Ok(());
        }
        tracing::error!("a page of the roster to come is damaged: all of it is asked again");
        self.give_up_staging()
    }
}

fn kept(connection: &Connection) -> Result<Option<Kept>, StoreError> {
    Ok(get(connection, STAGING)?.and_then(|json| serde_json::from_str(&json).ok()))
}
