//! Opening the folder: what is sound is opened; what is damaged is set aside
//! and made again, and the tablet goes on.

use super::copy::{SecondCopy, sync_folder};
use super::keys::Secrets;
use super::{FaultPoints, Identity, Journal, RosterDb, StoreError, connect, public_key_of, salvage, set_aside, upgrade};
use crate::clock::{Clock, SystemClock};
use shared::calendar::local;
use std::path::Path;
use std::sync::Arc;

/// Written by whoever meets damage while the folder is open.
const SUSPECT: &str = "journal.suspect";

/// The journal, salvaged if it has to be, with its second copy.
///
/// # Errors
/// As [`super::Store::open`].
pub(super) fn journal(dir: &Path, keys: &Secrets, faults: Arc<dyn FaultPoints>) -> Result<(Arc<SecondCopy>, Journal), StoreError> {
    salvage::finish(dir)?;
    let copy = Arc::new(SecondCopy::open(dir));
    // Damage that was met is looked for in every page and entry: it may have been the roster's, and then the journal stays.
    let opened = sound(dir, keys, Arc::clone(&faults), &copy)
        .map_err(unusable)
        .and_then(|journal| if is_suspect(dir) { journal.examine().map(|()| journal) } else { Ok(journal) });
    let journal = match opened {
        Err(StoreError::Damaged { why, .. }) => {
            match salvage::salvage(dir, keys, &copy, &why) {
                Err(error) if error.is_full() && super::Reserve::at(dir).give_up() => salvage::salvage(dir, keys, &copy, &why)?,
                other => other?,
            }
            // Entries of others may be among what nobody could read: all of them come again with the next pull.
            roster(dir)?.ask_everything()?;
            sound(dir, keys, faults, &copy)?
        }
        other => other?,
    };
    forget_suspicion(dir)?;
    Ok((copy, journal))
}

/// A journal that holds, as far as a start can tell: its pages, its chain since the last checkpoint, its queue, and nothing less than its
/// copy.
fn sound(dir: &Path, keys: &Secrets, faults: Arc<dyn FaultPoints>, copy: &Arc<SecondCopy>) -> Result<Journal, StoreError> {
    upgrade::journal(dir)?;
    let path = dir.join("journal.db");
    let journal = Journal::open(connect(&path, "FULL")?, faults, Some(Arc::clone(copy)))?;
    journal.quick_check()?;
    journal.check_identity()?;
    journal.verify_onwards()?;
    journal.check_queue()?;
    journal.check_requests()?;
    let Some(kept) = copy.lives() else { return Ok(journal) };
    let Some(identity) = journal.identity()? else {
        return Err(StoreError::damaged("journal.db", "le journal ne sait plus qui est la tablette"));
    };
    // A log cut short by a broken disk leaves a database that is whole, and older than it was: by entries, or by a whole life.
    let keys = keys.on_disk().unwrap_or_default();
    let may_sign = |identity: &Identity| keys.iter().any(|key| public_key_of(key) == identity.public_key);
    let lacks_life = !may_sign(&identity) && may_sign(&kept.identity);
    let head = journal.head()?.map(|head| head.place);
    let lacks_entries = copy.lock().head(identity.device).is_some_and(|copied| head.is_none_or(|head| head < copied));
    if lacks_life || lacks_entries {
        return Err(StoreError::damaged("journal.db", "le journal est plus ancien que sa copie"));
    }
    Ok(journal)
}

/// The roster; a damaged one is set aside, and an empty one is pulled again.
///
/// # Errors
/// As [`super::Store::open`].
pub(super) fn roster(dir: &Path) -> Result<RosterDb, StoreError> {
    let path = dir.join("roster.db");
    let open = || -> Result<RosterDb, StoreError> {
        let connection = connect(&path, "NORMAL")?;
        let mut roster = RosterDb::open(connection)?;
        roster.check()?;
        roster.drop_damaged_staging()?;
        Ok(roster)
    };
    match open().map_err(unusable) {
        Err(StoreError::Damaged { why, .. }) => {
            tracing::error!(why, "the roster is damaged: it is set aside, and pulled again");
            set_aside::move_aside(&path, &format!("{}", local(SystemClock::new()?.now().instant()).format("%Y-%m-%dT%H%M%S")))?;
            let mut fresh = open()?;
            fresh.set_lost()?;
            Ok(fresh)
        }
        other => other,
    }
}

/// Where the journal has lost what came with the cursor, everything is asked again. Its own entries, its copy knows; others' it doesn't.
///
/// # Errors
/// A failed read or write.
pub(super) fn hold_together(journal: &Journal, roster: &mut RosterDb) -> Result<(), StoreError> {
    let (told, known) = (journal.told()?, roster.told()?);
    if told < known {
        tracing::error!(told, known, "the journal has lost entries of others: they are asked again");
        roster.ask_everything()?;
        roster.set_told(told)?;
    }
    Ok(())
}

/// A statement of ours that SQLite doesn't take, at a start: the schema isn't what it was.
fn unusable(error: StoreError) -> StoreError {
    match error {
        StoreError::Refused(why) => StoreError::damaged("journal.db, roster.db", why),
        other => other,
    }
}

/// Remembers damage for the next start; `true` where an error tells of any.
pub(super) fn suspect(dir: &Path, error: &StoreError) -> bool {
    let StoreError::Damaged { why, .. } = error else { return false };
    tracing::error!(%error, "damage was met: the journal is salvaged at the next start");
    if let Err(error) = ask_repair(dir, why) {
        tracing::error!(%error, "and it could not be written down");
    }
    true
}

/// Has the next start examine every page and entry, and salvage the journal where one doesn't hold. `why` is a few words in French.
///
/// # Errors
/// A folder that can't be written.
pub fn ask_repair(dir: &Path, why: &str) -> Result<(), StoreError> {
    let path = dir.join(SUSPECT);
    std::fs::write(&path, why).and_then(|()| sync_folder(dir)).map_err(|e| StoreError::io(&path, &e))
}

fn is_suspect(dir: &Path) -> bool {
    dir.join(SUSPECT).exists()
}

fn forget_suspicion(dir: &Path) -> Result<(), StoreError> {
    let path = dir.join(SUSPECT);
    match std::fs::remove_file(&path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(StoreError::io(&path, &error)),
        _ => Ok(()),
    }
}
