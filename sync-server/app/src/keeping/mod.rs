//! Keeping an installation: a backup while it serves, a restore, and the reprise that follows one.
//!
//! A backup is a folder: one moment of the database, the keys and settings beside it, and a list of what it holds with each file's
//! SHA-256. It is written aside and takes its name last, so that a half one is never mistaken for one. A restore never writes
//! over an installation, gives the server a new epoch (tablets then offer again what the backup doesn't know), and starts in
//! reprise: nothing is issued, paid or enrolled until somebody has confirmed.

pub mod backup;
mod list;
mod postgres;
pub mod reprise;
pub mod restore;

use std::path::{Path, PathBuf};

/// The database's file in a folder of data and in a backup, on SQLite.
pub const SQLITE_FILE: &str = "preau.db";
/// The database in a backup, on PostgreSQL: an archive of `pg_dump`.
pub const POSTGRES_FILE: &str = "preau.dump";

/// Stands in a data folder from a restore's first write until the installation is in reprise: nothing opens what was cut short.
pub const UNFINISHED: &str = "restauration-inachevee";

/// What of a data folder isn't the database: keys, settings, templates. Mail that was written to a folder has left.
fn other_files(data_dir: &Path, mail: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut folders = vec![PathBuf::new()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(data_dir.join(&folder))? {
            let (entry, path) = entry.map(|e| (e.file_type(), folder.join(e.file_name())))?;
            let kind = entry?;
            let is_database = folder.as_os_str().is_empty() && path.to_string_lossy().starts_with(SQLITE_FILE);
            if kind.is_dir() && path != mail {
                folders.push(path);
            } else if kind.is_file() && !is_database {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}
