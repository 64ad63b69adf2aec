//! Enrolment as the disk sees it: a tablet's first life, a further one at the
//! same site, or one at another site.
//!
//! A further life at the same site has a new key and a new device, and a chain
//! that starts at its beginning; what the earlier ones sealed stays, under the
//! public key that it was signed with, and goes on being offered (`own` is 1
//! for this life and 2 for those before it in the journal). Another site
//! gets an empty tablet, and no tablet with entries that its server lacks.

use super::care::CareSeal;
use super::device::{Identity, identity_of, public_key_of};
use super::{Journal, LineStatus, Store, StoreError};
use rusqlite::{Connection, Transaction, TransactionBehavior, params};
use shared::id::SiteId;
use shared::journal::SigningKey;
use std::path::Path;
use std::sync::Arc;

/// What else may lie in the folder and speak of the site, by how its name begins: what was set aside, and photos.
const BESIDE: [&str; 4] = ["journal.db.", "roster.db.", "journal.suspect", super::photos::FOLDER];

impl Store {
    /// The key of a life to come. It is the tablet's once [`Self::enrol`] was told so.
    ///
    /// # Errors
    /// A file that can't be read or written.
    pub fn next_key(&self) -> Result<SigningKey, StoreError> {
        self.keys.make_next()
    }

    /// Whether a life was prepared and not begun: a power cut came between the server's answer and the journal.
    ///
    /// # Errors
    /// A file that can't be read.
    pub fn is_between_lives(&self) -> Result<bool, StoreError> {
        Ok(self.keys.next()?.is_some())
    }

    /// Writes who this tablet is, under its key or the next one. At another site it begins empty: roster, entries, notes and what was
    /// set aside go, and no byte of them stays in the folder.
    ///
    /// # Errors
    /// [`StoreError::EnrolledElsewhere`], a key that is neither, or a failed write: the tablet is what it was.
    pub fn enrol(&mut self, new: &Identity) -> Result<(), StoreError> {
        let next = self.keys.next()?.filter(|key| public_key_of(key) == new.public_key);
        if next.is_none() && public_key_of(&self.key) != new.public_key {
            return Err(StoreError::Refused("ce n'est pas la clé de cette tablette".into()));
        }
        let old = self.journal.identity()?;
        let moves = old.as_ref().is_some_and(|old| old.site != new.site);
        self.journal.check_may_be_at(new.site)?;
        {
            // Whoever writes the second copy reads the journal under this lock: nothing of the old site is written again in between.
            let copy = Arc::clone(&self.copy);
            let mut segments = copy.lock();
            if moves {
                // First what can be pulled again, or copied again: a power cut here leaves the old site's tablet, which does so.
                self.roster.empty()?;
                segments.empty()?;
                forget_beside(&self.dir)?;
            }
            self.journal.enrol(new)?;
        }
        if old.is_some_and(|old| old.device != new.device) {
            // What the line refused was the life before.
            self.roster.set_line(&LineStatus::default())?;
        }
        if let Some(key) = next {
            self.keys.adopt_next()?;
            self.key = key;
            self.roster.seal_with(CareSeal::of(&self.key)?)?;
        }
        Ok(())
    }
}

impl Journal {
    /// Refuses another site while the server of this one lacks any entry.
    ///
    /// # Errors
    /// [`StoreError::EnrolledElsewhere`], or a failed read.
    pub fn check_may_be_at(&self, site: SiteId) -> Result<(), StoreError> {
        match identity_of(&self.connection)? {
            Some(old) if old.site != site => check_settled(&self.connection, old.site_name),
            _ => Ok(()),
        }
    }

    /// Writes who this tablet is, in one transaction. The same device again is an update; another device at the same site begins a
    /// further life; at another site nothing of the old one stays.
    ///
    /// # Errors
    /// [`StoreError::EnrolledElsewhere`], or a failed write: nothing has changed.
    pub fn enrol(&mut self, new: &Identity) -> Result<(), StoreError> {
        let organisations = serde_json::to_string(&new.organisations).map_err(|e| StoreError::Refused(e.to_string()))?;
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let (mut moves, mut pull_anew) = (false, false);
        if let Some(old) = identity_of(&transaction)? {
            moves = old.site != new.site;
            if moves {
                check_settled(&transaction, old.site_name)?;
                transaction.execute_batch(
                    "DELETE FROM outbox; DELETE FROM note; DELETE FROM by_peer; DELETE FROM entry; DELETE FROM epoch_request; DELETE FROM mark;
                     DELETE FROM author; DELETE FROM forgotten;",
                )?;
            } else if old.device != new.device {
                keep_author(&transaction, &old.public_key)?;
                // A copy was never told of what the other one sealed in their common name.
                pull_anew = true;
            }
        }
        let sql = "INSERT INTO device (only_one, device_id, site_id, site_name, organisations, epoch, server_url, authority, public_key)
                   VALUES (1, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
                   ON CONFLICT (only_one) DO UPDATE SET device_id = ?1, site_id = ?2, site_name = ?3, organisations = ?4,
                       -- An epoch never goes back, whatever an old answer says.
                       epoch = CASE WHEN device_id = ?1 THEN max(epoch, ?5) ELSE ?5 END,
                       server_url = ?6, authority = ?7, public_key = ?8";
        let identity = params![
            new.device.0.as_bytes(),
            new.site.0.as_bytes(),
            new.site_name,
            organisations,
            new.epoch,
            new.server_url,
            new.authority,
            new.public_key
        ];
        transaction.execute(sql, identity)?;
        if pull_anew {
            transaction.execute("UPDATE device SET pull_anew = 1", [])?;
        }
        transaction.commit()?;
        if moves {
            self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
        }
        self.keep_identity_twice();
        Ok(())
    }
}

/// Refuses where the server lacks an entry: not offered, not taken in yet, or refused.
fn check_settled(connection: &Connection, site: String) -> Result<(), StoreError> {
    let sql = "SELECT count(*) FROM outbox WHERE state IN ('unsent', 'held', 'refused')";
    let waiting = connection.query_row(sql, [], |row| row.get(0))?;
    if waiting > 0 { Err(StoreError::EnrolledElsewhere { site, waiting }) } else { Ok(()) }
}

/// What was sealed so far is of an earlier life: verified by its public key, in places that this one doesn't count. Its secret goes.
fn keep_author(transaction: &Transaction<'_>, public_key: &[u8; 32]) -> Result<(), StoreError> {
    transaction.execute("UPDATE entry SET own = 2, author_key = ?1 WHERE own = 1", [public_key])?;
    Ok(())
}

fn forget_beside(dir: &Path) -> Result<(), StoreError> {
    let forget = || -> std::io::Result<()> {
        for found in std::fs::read_dir(dir)? {
            let found = found?;
            let name = found.file_name();
            let name = name.to_string_lossy();
            if !BESIDE.iter().any(|beside| name.starts_with(beside)) {
                continue;
            }
            if found.file_type()?.is_dir() { std::fs::remove_dir_all(found.path())? } else { std::fs::remove_file(found.path())? }
        }
        Ok(())
    };
    forget().map_err(|e| StoreError::io(dir, &e))
}
