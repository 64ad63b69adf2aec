//! A newer program's tables are made in a copy, which takes the journal's place once it is whole: whatever fails or is cut off in
//! between leaves the journal that was.
//!
//! The old one stays beside it under the number of its tables (`journal.db.avant-3`) until the next upgrade or until the tablet leaves
//! its site: an older program still reads it. What is forgotten is blanked there too.

use super::copy::sync_folder;
use super::{Reserve, StoreError, connect, migrations};
use rusqlite::Connection;
use std::fs::File;
use std::path::{Path, PathBuf};

/// The copy while it is being made.
const PART: &str = "journal.db.neuf";
/// What stands between the journal's name and the number of the tables that it had.
pub(super) const WORD: &str = ".avant-";

/// Brings a journal of an older program up to date; one that is up to date, newer or not there stays as it is.
///
/// # Errors
/// A journal that can't be read, a file that can't be moved: the journal is the one that was. Without room for a copy, none: whoever
/// opens the journal brings it up to date in place, in one transaction, with the room of the reserve.
pub(super) fn journal(dir: &Path) -> Result<(), StoreError> {
    let (path, part) = (dir.join("journal.db"), dir.join(PART));
    // Half a copy holds nothing that the journal doesn't.
    for companion in ["", "-wal", "-shm", "-journal"] {
        remove(&dir.join(format!("{PART}{companion}")))?;
    }
    if !path.exists() {
        return Ok(());
    }
    let old = connect(&path, "FULL")?;
    let found = version(&old)?;
    if found == 0 || found >= migrations::newest(migrations::JOURNAL) {
        return Ok(());
    }
    // Its log goes into it first: the file alone is the journal then. What makes the copy durable makes that sure as well, so that no
    // log of the old journal is ever found beside the new one.
    old.pragma_update(None, "journal_mode", "DELETE")?;
    old.close().map_err(|(_, error)| StoreError::from(error))?;
    match copied(&path, &part) {
        Ok(()) => {}
        Err(error) if error.is_full() => {
            tracing::warn!("no room to bring a copy of the journal up to date: it is done in place");
            remove(&part)?;
            Reserve::at(dir).give_up();
            return Ok(());
        }
        Err(error) => return Err(error),
    }
    let before = dir.join(format!("journal.db{WORD}{found}"));
    forget_old(dir)?;
    let swap = || -> std::io::Result<()> {
        File::open(&part)?.sync_all()?;
        std::fs::hard_link(&path, &before)?;
        std::fs::rename(&part, &path)?;
        sync_folder(dir)
    };
    swap().map_err(|error| StoreError::io(&path, &error))?;
    tracing::info!(found, "the journal was brought up to date");
    Ok(())
}

/// Makes the copy, up to date and closed in one file.
fn copied(path: &Path, part: &Path) -> Result<(), StoreError> {
    let old = Connection::open(path)?;
    let target = part.to_str().ok_or_else(|| StoreError::Refused("un nom de dossier illisible".into()))?;
    old.execute("VACUUM INTO ?1", [target])?;
    let mut new = connect(part, "FULL")?;
    migrations::migrate(&mut new, migrations::JOURNAL)?;
    migrations::check(&new, migrations::JOURNAL)?;
    for table in ["entry", "note", "outbox", "device"] {
        let count = |connection: &Connection| -> Result<i64, rusqlite::Error> {
            connection.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0))
        };
        if count(&old)? != count(&new)? {
            return Err(StoreError::Refused(format!("la copie du journal n'a pas les mêmes lignes ({table})")));
        }
    }
    new.pragma_update(None, "journal_mode", "DELETE")?;
    new.close().map_err(|(_, error)| StoreError::from(error))
}

/// Deletes the journals of before an upgrade.
///
/// # Errors
/// A file that can't be removed.
pub(super) fn forget_old(dir: &Path) -> Result<(), StoreError> {
    let files = std::fs::read_dir(dir).map_err(|error| StoreError::io(dir, &error))?;
    let prefix = format!("journal.db{WORD}");
    let old = files.flatten().filter(|file| file.file_name().to_str().is_some_and(|name| name.starts_with(&prefix)));
    old.map(|file| file.path()).try_for_each(|path| remove(&path))
}

fn version(connection: &Connection) -> Result<i64, StoreError> {
    Ok(connection.pragma_query_value(None, "user_version", |row| row.get(0))?)
}

fn remove(path: &PathBuf) -> Result<(), StoreError> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(StoreError::io(path, &error)),
        _ => Ok(()),
    }
}
