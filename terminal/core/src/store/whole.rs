//! The journal examined whole: for a start that was told of damage, and for
//! `preau-terminal verify`.

use super::copy::SecondCopy;
use super::{Authored, Journal, Peek, StoreError, entries, migrations};
use serde::Serialize;
use shared::id::{DeviceId, EntryId};
use shared::journal::{Report, Sealed, StoredEntry, VerifyingKey, check_signature, verify};
use std::collections::HashMap;
use std::path::Path;

/// Entries of the queue that a start verifies: the oldest of a long time without a line.
const WAITING_CHECKED_MAX: usize = 2_000;

/// What a whole verification found. Keys stand in the order in which they are printed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Whole {
    /// Whether all holds.
    pub whole: bool,
    /// What doesn't, in French; the first of it.
    pub first_break: Option<String>,
    /// Entries that this tablet sealed, in this life and those before it.
    pub own: usize,
    /// Entries of others that it holds.
    pub others: usize,
    /// Of both, those whose payload was erased.
    pub erased: usize,
    /// Places of its own chains that hold more than one entry.
    pub forks: usize,
    /// Entries in the second copy.
    pub copied: usize,
    /// Own entries that the copy doesn't hold: just sealed, or acknowledged long ago.
    pub not_copied: usize,
    /// Why the journal was salvaged; nothing once the server has given the tablet a new epoch.
    pub salvaged: Option<String>,
}

impl Journal {
    /// The schema, and what SQLite says of the structure of its pages, indexes left out.
    pub(super) fn quick_check(&self) -> Result<(), StoreError> {
        migrations::check(&self.connection, migrations::JOURNAL)?;
        self.pages("PRAGMA quick_check(1)")
    }

    fn pages(&self, check: &str) -> Result<(), StoreError> {
        let said: String = self.connection.query_row(check, [], |row| row.get(0))?;
        if said == "ok" { Ok(()) } else { Err(StoreError::damaged("journal.db", said)) }
    }

    /// What still has to reach the server: every own entry has its row in the queue with a state that is one, and what waits there is
    /// what was signed.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] with the first thing that doesn't hold; a failed read.
    pub(super) fn check_queue(&self) -> Result<(), StoreError> {
        let sql = "SELECT (SELECT count(*) FROM entry WHERE own = 1) + (SELECT count(*) FROM entry WHERE own = 2)
                           <> (SELECT count(*) FROM outbox)
                       OR EXISTS (SELECT 1 FROM outbox
                                  WHERE state NOT IN ('unsent', 'held', 'accepted', 'duplicate', 'quarantined', 'refused'))";
        if self.connection.query_row(sql, [], |row| row.get(0))? {
            return Err(StoreError::damaged("journal.db", "la file d'envoi ne correspond plus aux pointages"));
        }
        let waiting = "outbox JOIN entry USING (arrival) WHERE state IN ('unsent', 'held') ORDER BY arrival";
        self.check_each(&self.authored(&format!("{waiting} LIMIT {WAITING_CHECKED_MAX}"))?)
    }

    /// Whether every request for an epoch can be read: one that can't would end each exchange.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] where one can't; a failed read.
    pub(super) fn check_requests(&self) -> Result<(), StoreError> {
        self.epochs_given()?;
        self.needs_epoch().map(drop)
    }

    /// Whether every page, index and entry can be read and is what was signed. Holes of the chain are not judged.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] with the first thing that doesn't hold.
    pub(super) fn examine(&self) -> Result<(), StoreError> {
        self.pages("PRAGMA integrity_check(1)")?;
        self.check_each(&self.all()?)
    }

    fn check_each(&self, entries: &[Authored]) -> Result<(), StoreError> {
        let own = self.own_key()?;
        entries.iter().try_for_each(|(sealed, author)| {
            let key = author.map_or(Ok(own), |bytes| VerifyingKey::from_bytes(&bytes).map(Some));
            let key = key.map_err(|_| StoreError::damaged("journal.db", "la clé d'un auteur est illisible"))?;
            holds(sealed, key.as_ref()).map_err(|why| StoreError::damaged("journal.db", why))
        })
    }

    fn own_key(&self) -> Result<Option<VerifyingKey>, StoreError> {
        Ok(self.identity()?.and_then(|identity| VerifyingKey::from_bytes(&identity.public_key).ok()))
    }

    /// This tablet's chains, of each of its lives, from their first entries, as anyone with its public keys can verify them.
    ///
    /// # Errors
    /// A failed read.
    fn verify_chains(&self) -> Result<Report, StoreError> {
        let Some(identity) = self.identity()? else { return Ok(Report::default()) };
        let mut keys: HashMap<DeviceId, VerifyingKey> = self.own_key()?.map(|key| (identity.device, key)).into_iter().collect();
        let own = self.authored("entry WHERE own > 0 ORDER BY arrival")?;
        for (sealed, author) in &own {
            if let (Ok(envelope), Some(key)) = (sealed.decode_envelope(), author.and_then(|bytes| VerifyingKey::from_bytes(&bytes).ok())) {
                keys.entry(envelope.place.device).or_insert(key);
            }
        }
        let stored = own.iter().map(|(s, _)| StoredEntry { envelope: &s.envelope, signature: &s.signature, private: s.private.as_ref() });
        Ok(verify(stored, &keys))
    }

    /// Id of every entry, whether this tablet sealed it, and whether it is erased.
    fn ids(&self) -> Result<Vec<(EntryId, bool, bool)>, StoreError> {
        let mut statement = self.connection.prepare("SELECT entry_id, own > 0, payload IS NULL FROM entry")?;
        let rows = statement.query_map([], |row| Ok((entries::entry_id_of(row, 0)?, row.get(1)?, row.get(2)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

/// One entry by itself.
fn holds(sealed: &Sealed, key: Option<&VerifyingKey>) -> Result<(), String> {
    let envelope = sealed.decode_envelope().map_err(|e| format!("une enveloppe est illisible ({e})"))?;
    let named = format!("le pointage n° {} de {}", envelope.place.seq, envelope.place.device);
    if key.is_some_and(|key| !check_signature(&sealed.envelope, &sealed.signature, key)) {
        return Err(format!("{named} n'a pas la signature de son auteur"));
    }
    if sealed.private.as_ref().is_some_and(|private| !private.belongs_to(&envelope)) {
        return Err(format!("{named} n'a pas le contenu qui a été signé"));
    }
    Ok(())
}

impl Peek {
    /// Verifies everything that the folder holds, as it stands. Takes some seconds for a year.
    ///
    /// # Errors
    /// Files that can't be read at all.
    pub fn verify(&self, dir: &Path) -> Result<Whole, StoreError> {
        let damaged = match self.journal.examine() {
            Err(StoreError::Damaged { path, why }) => Some(format!("{path} : {why}")),
            other => other.map(|()| None)?,
        };
        let report = self.journal.verify_chains()?;
        let broken = report.first_break.as_ref().map(|found| {
            let place = found.place.map_or_else(String::new, |place| format!(" au n° {} de l'époque {}", place.seq, place.epoch));
            format!("la chaîne de la tablette ne tient pas{place} ({:?})", found.kind)
        });
        let copy = SecondCopy::open(dir);
        let segments = copy.lock();
        let (mut own, mut others, mut erased, mut not_copied) = (0, 0, 0, 0);
        for (entry, is_own, is_erased) in self.journal.ids()? {
            erased += usize::from(is_erased);
            others += usize::from(!is_own);
            own += usize::from(is_own);
            not_copied += usize::from(is_own && segments.knows(entry).is_none());
        }
        let first_break = damaged.or(broken);
        Ok(Whole {
            whole: first_break.is_none(),
            first_break,
            own,
            others,
            erased,
            forks: report.forks.len(),
            copied: segments.len(),
            not_copied,
            salvaged: self.journal.salvaged()?,
        })
    }
}
