//! The journal examined whole: for a start that was told of damage, and for
//! `preau-terminal verify`.

use super::copy::SecondCopy;
use super::{Journal, Peek, StoreError, migrations};
use serde::Serialize;
use shared::journal::{Report, Sealed, StoredEntry, VerifyingKey, check_signature, verify};
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
    /// Entries that this tablet sealed.
    pub own: usize,
    /// Entries of others that it holds.
    pub others: usize,
    /// Of both, those whose payload was erased.
    pub erased: usize,
    /// Places of its own chain that hold more than one entry.
    pub forks: usize,
    /// Entries in the second copy.
    pub copied: usize,
    /// Own entries that the copy doesn't hold: just sealed, or acknowledged long ago.
    pub not_copied: usize,
    /// Why the server is to be asked for a new epoch.
    pub needs_epoch: Option<String>,
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
        let sql = "SELECT (SELECT count(*) FROM entry WHERE own = 1) <> (SELECT count(*) FROM outbox)
                       OR EXISTS (SELECT 1 FROM outbox
                                  WHERE state NOT IN ('unsent', 'held', 'accepted', 'duplicate', 'quarantined', 'refused'))";
        if self.connection.query_row(sql, [], |row| row.get(0))? {
            return Err(StoreError::damaged("journal.db", "la file d'envoi ne correspond plus aux pointages"));
        }
        let key = self.own_key()?;
        for waiting in self.outgoing(None, WAITING_CHECKED_MAX, usize::MAX)? {
            holds(&waiting.sealed, key.as_ref()).map_err(|why| StoreError::damaged("journal.db", why))?;
        }
        Ok(())
    }

    /// Whether every page, index and entry can be read and is what was signed. Holes of the chain are not judged.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] with the first thing that doesn't hold.
    pub(super) fn examine(&self) -> Result<(), StoreError> {
        self.pages("PRAGMA integrity_check(1)")?;
        let own = self.own_key()?;
        for (sealed, author) in self.all()? {
            let key = match author {
                None => own,
                Some(bytes) => VerifyingKey::from_bytes(&bytes).ok(),
            };
            holds(&sealed, key.as_ref()).map_err(|why| StoreError::damaged("journal.db", why))?;
        }
        Ok(())
    }

    fn own_key(&self) -> Result<Option<VerifyingKey>, StoreError> {
        Ok(self.identity()?.and_then(|identity| VerifyingKey::from_bytes(&identity.public_key).ok()))
    }

    /// This tablet's chain from its first entry, as anyone with its public key can verify it.
    ///
    /// # Errors
    /// A failed read.
    fn verify_chain(&self) -> Result<Report, StoreError> {
        let Some(identity) = self.identity()? else { return Ok(Report::default()) };
        let keys = self.own_key()?.map(|key| (identity.device, key)).into_iter().collect();
        let own: Vec<Sealed> = self.all()?.into_iter().filter(|(_, author)| author.is_none()).map(|(sealed, _)| sealed).collect();
        let stored = own.iter().map(|s| StoredEntry { envelope: &s.envelope, signature: &s.signature, private: s.private.as_ref() });
        Ok(verify(stored, &keys))
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
        let report = self.journal.verify_chain()?;
        let broken = report.first_break.as_ref().map(|found| {
            let place = found.place.map_or_else(String::new, |place| format!(" au n° {} de l'époque {}", place.seq, place.epoch));
            format!("la chaîne de la tablette ne tient pas{place} ({:?})", found.kind)
        });
        let copy = SecondCopy::open(dir);
        let segments = copy.lock();
        let (mut own, mut others, mut erased, mut not_copied) = (0, 0, 0, 0);
        for (sealed, author) in self.journal.all()? {
            erased += usize::from(sealed.private.is_none());
            if author.is_some() {
                others += 1;
                continue;
            }
            own += 1;
            let copied = sealed.decode_envelope().is_ok_and(|envelope| segments.knows(envelope.entry_id).is_some());
            not_copied += usize::from(!copied);
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
            needs_epoch: self.journal.needs_epoch()?,
        })
    }
}
