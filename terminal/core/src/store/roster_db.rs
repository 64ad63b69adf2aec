//! The roster on disk: what the server told, the cursor it belongs to, and the
//! state of the line. All of it can be pulled again.

use super::care::{CareSeal, KEYS, row_of};
use super::{StoreError, day_number, migrations, set_aside};
use crate::clock::Observed;
use chrono::NaiveDate;
use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};
use serde::{Deserialize, Serialize};
use shared::roster::{Item, Key};
use shared::wire::PeerCertificate;
use std::path::Path;

/// One change of the roster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RosterChange {
    /// The item of its key is now this.
    Put(Box<Item>),
    /// The item of a key is gone.
    Remove(Key),
}

/// What the line is like, as the last round trip told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LineState {
    /// Nothing was tried yet.
    Unknown,
    /// The server answered.
    Online,
    /// No network, or nobody at the address.
    NoNetwork,
    /// Somebody answers who isn't the server that the tablet was enrolled with.
    WrongCertificate,
    /// The tablet's clock is lost, and nobody tells it the time.
    Clock,
    /// The server's certificate is over.
    CertificateExpired,
    /// The server's certificate doesn't hold yet.
    CertificateTooEarly,
    /// The server was reached and can't answer now.
    ServerTrouble,
    /// The server refuses this tablet: revoked, or unknown.
    Revoked,
    /// The tablet's next epoch was given to another: it exists twice.
    ExistsTwice,
    /// What came back isn't Préau: a hotel's welcome page, a proxy.
    NotPreau,
}

/// The state of the line, with when it began.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineStatus {
    /// What it is like.
    pub state: LineState,
    /// Wall clock since when it has been so, ms since 1970 UTC.
    pub since_ms: i64,
    /// Wall clock of the last whole round trip.
    pub last_contact_ms: Option<i64>,
    /// What a technician would like to know; no personal data.
    #[serde(default)]
    pub detail: String,
}

impl Default for LineStatus {
    fn default() -> Self {
        Self { state: LineState::Unknown, since_ms: 0, last_contact_ms: None, detail: String::new() }
    }
}

/// How many tablets of the site hold the same as this one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Agreement {
    /// How many; 0 where none is there, or each lacks something.
    pub tablets: u32,
    /// Wall clock when it was found so, ms since 1970 UTC.
    pub at_ms: i64,
}

impl Agreement {
    /// What is older says nothing any more, in ms: it is found anew more often.
    pub const HOLDS_MS: i64 = 3 * 60_000;

    /// How many tablets agree at an instant.
    #[must_use]
    pub fn at(self, now_ms: i64) -> u32 {
        if (now_ms - Self::HOLDS_MS..=now_ms + Self::HOLDS_MS).contains(&self.at_ms) { self.tablets } else { 0 }
    }
}

/// The roster's database.
pub struct RosterDb {
    pub(super) connection: Connection,
    /// By what care cards are sealed; `None` where nobody knows the tablet's key, who then neither writes nor reads them.
    pub(super) seal: Option<CareSeal>,
}

pub(super) const ITEM: &str = "INSERT INTO item (key, day, json, sum) VALUES (?1, ?2, ?3, ?4)
                    ON CONFLICT (key) DO UPDATE SET day = ?2, json = ?3, sum = ?4";

impl RosterDb {
    pub(super) fn open(mut connection: Connection) -> Result<Self, StoreError> {
        migrations::migrate(&mut connection, migrations::ROSTER)?;
        Ok(Self { connection, seal: None })
    }

    pub(super) fn peek(connection: Connection) -> Self {
        Self { connection, seal: None }
    }

    /// What SQLite says of its own pages and indexes, and whether each row is the one that was written: the roster is small.
    pub(super) fn check(&self) -> Result<(), StoreError> {
        migrations::check(&self.connection, migrations::ROSTER)?;
        let said: String = self.connection.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
        if said != "ok" {
            return Err(StoreError::damaged("roster.db", said));
        }
        for sql in ["SELECT key, day, json, sum FROM item", "SELECT name, NULL, value, sum FROM meta"] {
            let mut statement = self.connection.prepare(sql)?;
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                let sum = sum_of(bytes_at(row, 0)?, row.get(1)?, bytes_at(row, 2)?);
                if row.get::<_, Option<u32>>(3)?.is_some_and(|written| written != sum) {
                    return Err(StoreError::damaged("roster.db", "une ligne n'est plus celle qui a été écrite"));
                }
            }
        }
        Ok(())
    }

    /// Remembers that the roster before this one was damaged. With it went which life of the server the verdicts came from: it may have
    /// been restored since, so that everything is offered to it again.
    pub(super) fn set_lost(&mut self) -> Result<(), StoreError> {
        self.set_push_epoch("perdue")?;
        self.set("lost", "1")
    }

    /// Whether the roster was lost, and none has come since.
    ///
    /// # Errors
    /// A failed read.
    pub fn is_lost(&self) -> Result<bool, StoreError> {
        Ok(self.get("lost")?.is_some() && self.items_changed_at()?.is_empty())
    }

    /// Makes the next pull bring everything, entries of others included; the roster stands until then.
    pub(super) fn ask_everything(&mut self) -> Result<(), StoreError> {
        // Entries that came with the pages of a roster to come may be among what was lost.
        self.give_up_staging()?;
        // Of no server: "refresh" is the answer to that.
        self.set("server_epoch", "reprise")
    }

    /// How often the journal had been changed by the server's word when the cursor last moved; see [`super::Journal::told`].
    ///
    /// # Errors
    /// A failed read.
    pub fn told(&self) -> Result<u64, StoreError> {
        Ok(self.get("told")?.and_then(|text| text.parse().ok()).unwrap_or(0))
    }

    /// Remembers it, behind the cursor.
    ///
    /// # Errors
    /// A failed write.
    pub fn set_told(&mut self, told: u64) -> Result<(), StoreError> {
        self.set("told", &told.to_string())
    }

    /// Everything that a board of a day needs; bookings of that day only, and no care card. What a newer server sends and this version
    /// can't read is left out.
    ///
    /// # Errors
    /// A failed read.
    pub fn items(&self, day: NaiveDate) -> Result<Vec<Item>, StoreError> {
        let mut statement = self
            .connection
            .prepare_cached(&format!("SELECT json FROM item WHERE (day IS NULL OR day = ?1) AND NOT ({KEYS}) ORDER BY key"))?;
        let mut rows = statement.query([day_number(day)])?;
        let mut items = Vec::new();
        while let Some(row) = rows.next()? {
            let json = row.get_ref(0)?.as_str().map_err(rusqlite::Error::from)?;
            match serde_json::from_str(json) {
                Ok(item) => items.push(item),
                Err(error) => tracing::warn!(line = error.line(), "an item of the roster is not understood and left out"),
            }
        }
        Ok(items)
    }

    /// The item of a key; `None` where there is none. A care card is [`Self::care`].
    ///
    /// # Errors
    /// A failed read.
    pub fn item(&self, key: &str) -> Result<Option<Item>, StoreError> {
        let mut statement = self.connection.prepare_cached("SELECT json FROM item WHERE key = ?1")?;
        let json: Option<String> = statement.query_row([key], |row| row.get(0)).optional()?;
        Ok(json.and_then(|json| serde_json::from_str(&json).ok()))
    }

    /// Applies changes and moves the cursor, in one transaction.
    ///
    /// # Errors
    /// A failed write: neither changes nor cursor moved.
    pub fn apply(&mut self, server_epoch: &str, cursor: u64, changes: &[RosterChange]) -> Result<(), StoreError> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        for change in changes {
            match change {
                RosterChange::Put(item) => put(&transaction, ITEM, item, self.seal.as_ref())?,
                RosterChange::Remove(key) => {
                    transaction.prepare_cached("DELETE FROM item WHERE key = ?1")?.execute([key])?;
                }
            }
        }
        set(&transaction, "server_epoch", server_epoch)?;
        set(&transaction, "cursor", &cursor.to_string())?;
        if !changes.is_empty() {
            set(&transaction, "items_cursor", &format!("{server_epoch} {cursor}"))?;
        }
        transaction.commit()?;
        if !changes.is_empty() {
            self.came_again();
        }
        if changes.iter().any(|change| matches!(change, RosterChange::Remove(_))) {
            self.empty_log()?;
        }
        Ok(())
    }

    /// Forgets all that the server told: roster, cursor, line, clock. Leaves no byte of it in the files.
    ///
    /// # Errors
    /// A failed write.
    pub fn empty(&mut self) -> Result<(), StoreError> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        transaction.execute_batch("DELETE FROM item; DELETE FROM staged_item; DELETE FROM meta;")?;
        transaction.commit()?;
        self.empty_log()
    }

    /// What was lost is here again: a damaged roster that was set aside names children for nothing.
    pub(super) fn came_again(&self) {
        let aside = self.connection.path().map(|path| set_aside::beside(Path::new(path))).unwrap_or_default();
        for file in aside {
            if let Err(error) = std::fs::remove_file(&file) {
                tracing::warn!(%error, "a damaged roster stays beside the new one");
            }
        }
    }

    /// What was removed still stands in the log of writes: empty it, so that a forgotten person leaves no byte.
    pub(super) fn empty_log(&self) -> Result<(), StoreError> {
        Ok(self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?)
    }

    /// Number of the last change that the roster holds: also the `roster_version` that entries seal.
    ///
    /// # Errors
    /// A failed read.
    pub fn cursor(&self) -> Result<u64, StoreError> {
        Ok(self.get("cursor")?.and_then(|text| text.parse().ok()).unwrap_or(0))
    }

    /// When the items last changed: most changes of a busy morning are entries of other tablets, for which no item is read again.
    ///
    /// # Errors
    /// A failed read.
    pub fn items_changed_at(&self) -> Result<String, StoreError> {
        Ok(self.get("items_cursor")?.unwrap_or_default())
    }

    /// The server epoch that the cursor belongs to; empty at first.
    ///
    /// # Errors
    /// A failed read.
    pub fn server_epoch(&self) -> Result<String, StoreError> {
        Ok(self.get("server_epoch")?.unwrap_or_default())
    }

    /// The server epoch that verdicts came from; empty before the first push.
    ///
    /// # Errors
    /// A failed read.
    pub fn push_epoch(&self) -> Result<String, StoreError> {
        Ok(self.get("push_epoch")?.unwrap_or_default())
    }

    /// Remembers the server epoch that verdicts come from. Durable at once, with all that was written before, unlike the rest of the
    /// roster: by it alone a restored server is known, and entries of others are carried to it.
    ///
    /// # Errors
    /// A failed write.
    pub fn set_push_epoch(&mut self, server_epoch: &str) -> Result<(), StoreError> {
        self.connection.pragma_update(None, "synchronous", "FULL")?;
        let kept = self.set("push_epoch", server_epoch);
        self.connection.pragma_update(None, "synchronous", "NORMAL")?;
        kept
    }

    /// After which arrival others' entries are still to be carried to a server that was restored; `None` where nothing is.
    ///
    /// # Errors
    /// A failed read.
    pub fn carry_after(&self) -> Result<Option<i64>, StoreError> {
        Ok(self.get("carry_after")?.and_then(|text| text.parse().ok()))
    }

    /// Remembers up to which arrival others' entries were carried.
    ///
    /// # Errors
    /// A failed write.
    pub fn set_carry_after(&mut self, arrival: Option<i64>) -> Result<(), StoreError> {
        self.set("carry_after", &arrival.map_or_else(String::new, |arrival| arrival.to_string()))
    }

    /// The state of the line.
    ///
    /// # Errors
    /// A failed read.
    pub fn line(&self) -> Result<LineStatus, StoreError> {
        Ok(self.get("line")?.and_then(|json| serde_json::from_str(&json).ok()).unwrap_or_default())
    }

    /// Writes the state of the line down.
    ///
    /// # Errors
    /// A failed write.
    pub fn set_line(&mut self, line: &LineStatus) -> Result<(), StoreError> {
        self.set("line", &serde_json::to_string(line).map_err(|e| StoreError::Refused(e.to_string()))?)
    }

    /// Whether the badge reader can be heard; `None` where it says nothing of itself.
    ///
    /// # Errors
    /// A failed read.
    pub fn reader(&self) -> Result<Option<bool>, StoreError> {
        Ok(self.get("reader")?.and_then(|text| text.parse().ok()))
    }

    /// Remembers it, where it is news.
    ///
    /// # Errors
    /// A failed write.
    pub fn set_reader(&mut self, heard: Option<bool>) -> Result<(), StoreError> {
        if self.reader()? == heard { Ok(()) } else { self.set("reader", &heard.map_or_else(String::new, |heard| heard.to_string())) }
    }

    /// The server's clock as last seen.
    ///
    /// # Errors
    /// A failed read.
    pub fn observed(&self) -> Result<Option<Observed>, StoreError> {
        let text = self.get("observed")?;
        Ok(text
            .and_then(|json| serde_json::from_str::<(String, u64, i64)>(&json).ok())
            .and_then(|(boot, boottime_ms, server_ms)| Some(Observed { boot: boot.parse().ok()?, boottime_ms, server_ms })))
    }

    /// Remembers the server's clock.
    ///
    /// # Errors
    /// A failed write.
    pub fn set_observed(&mut self, seen: Observed) -> Result<(), StoreError> {
        let json = serde_json::to_string(&(seen.boot.to_string(), seen.boottime_ms, seen.server_ms));
        self.set("observed", &json.map_err(|e| StoreError::Refused(e.to_string()))?)
    }

    /// For whom exports are sealed; `None` before the first exchange.
    ///
    /// # Errors
    /// A failed read.
    pub fn export_recipient(&self) -> Result<Option<String>, StoreError> {
        self.get("export_recipient")
    }

    /// Remembers for whom exports are sealed, where it is news: a tablet's flash wears.
    ///
    /// # Errors
    /// A failed write.
    pub fn set_export_recipient(&mut self, recipient: &str) -> Result<(), StoreError> {
        if self.export_recipient()?.as_deref() == Some(recipient) { Ok(()) } else { self.set("export_recipient", recipient) }
    }

    /// By what the tablet proves itself to the others of its site; `None` before the server gave it.
    ///
    /// # Errors
    /// A failed read.
    pub fn peer_certificate(&self) -> Result<Option<PeerCertificate>, StoreError> {
        Ok(self.get("peer_certificate")?.and_then(|json| serde_json::from_str(&json).ok()))
    }

    /// Keeps what the server gave.
    ///
    /// # Errors
    /// A failed write.
    pub fn set_peer_certificate(&mut self, given: &PeerCertificate) -> Result<(), StoreError> {
        self.set("peer_certificate", &serde_json::to_string(given).map_err(|e| StoreError::Refused(e.to_string()))?)
    }

    /// How many tablets of the site agree with this one, as last exchanged.
    ///
    /// # Errors
    /// A failed read.
    pub fn agreement(&self) -> Result<Agreement, StoreError> {
        Ok(self.get("agreement")?.and_then(|json| serde_json::from_str(&json).ok()).unwrap_or_default())
    }

    /// Writes the agreement down.
    ///
    /// # Errors
    /// A failed write.
    pub fn set_agreement(&mut self, agreement: &Agreement) -> Result<(), StoreError> {
        self.set("agreement", &serde_json::to_string(agreement).map_err(|e| StoreError::Refused(e.to_string()))?)
    }

    /// A number that changes when the other connection has committed: time to read again.
    ///
    /// # Errors
    /// A failed read.
    pub fn data_version(&self) -> Result<i64, StoreError> {
        Ok(self.connection.pragma_query_value(None, "data_version", |row| row.get(0))?)
    }

    pub(super) fn get(&self, name: &str) -> Result<Option<String>, StoreError> {
        get(&self.connection, name)
    }

    pub(super) fn set(&mut self, name: &str, value: &str) -> Result<(), StoreError> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        set(&transaction, name, value)?;
        transaction.commit()?;
        Ok(())
    }
}

pub(super) fn put(transaction: &Transaction<'_>, sql: &str, item: &Item, seal: Option<&CareSeal>) -> Result<(), StoreError> {
    let day = match item {
        Item::Booking(booking) => Some(day_number(booking.day)),
        _ => None,
    };
    let key = item.key();
    let json = row_of(item, &key, seal)?;
    let sum = sum_of(key.as_bytes(), day, json.as_bytes());
    transaction.prepare_cached(sql)?.execute(params![key, day, json, sum])?;
    Ok(())
}

pub(super) fn get(connection: &Connection, name: &str) -> Result<Option<String>, StoreError> {
    let mut statement = connection.prepare_cached("SELECT value FROM meta WHERE name = ?1")?;
    Ok(statement.query_row([name], |row| row.get(0)).optional()?)
}

pub(super) fn set(transaction: &Transaction<'_>, name: &str, value: &str) -> Result<(), StoreError> {
    let sql = "INSERT INTO meta (name, value, sum) VALUES (?1, ?2, ?3) ON CONFLICT (name) DO UPDATE SET value = ?2, sum = ?3";
    transaction.prepare_cached(sql)?.execute(params![name, value, sum_of(name.as_bytes(), None, value.as_bytes())])?;
    Ok(())
}

/// The check sum of a row.
pub(super) fn sum_of(key: &[u8], day: Option<i32>, text: &[u8]) -> u32 {
    let mut sum = crc32fast::Hasher::new();
    sum.update(key);
    sum.update(&day.map_or([0; 5], |day| {
        let [a, b, c, d] = day.to_be_bytes();
        [1, a, b, c, d]
    }));
    sum.update(text);
    sum.finalize()
}

/// The bytes of a text, which damage may have made none.
fn bytes_at<'r>(row: &'r rusqlite::Row<'_>, column: usize) -> Result<&'r [u8], StoreError> {
    Ok(row.get_ref(column)?.as_bytes().map_err(rusqlite::Error::from)?)
}
