//! What a backup holds, file by file: `sauvegarde.json`.

use crate::{Error, Result};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::io::Read;
use std::path::Path;

/// The list's own name.
pub const NAME: &str = "sauvegarde.json";

/// A backup's list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct List {
    /// The program that wrote it.
    pub version: String,
    /// When, RFC 3339.
    pub made_at: String,
    /// `sqlite` or `postgresql`.
    pub engine: String,
    /// Each file, by its path below the backup.
    pub files: Vec<Entry>,
}

/// A file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Path below the backup.
    pub path: String,
    /// Bytes.
    pub size: u64,
    /// In hexadecimal.
    pub sha256: String,
}

/// Measures a file.
///
/// # Errors
/// A file that can't be read.
pub fn entry(folder: &Path, path: &Path) -> Result<Entry> {
    let full = folder.join(path);
    let mut file = std::fs::File::open(&full).map_err(Error::io(&full))?;
    let (mut hash, mut size, mut buffer) = (Sha256::new(), 0, vec![0; 1 << 16]);
    loop {
        let read = file.read(&mut buffer).map_err(Error::io(&full))?;
        if read == 0 {
            break;
        }
        hash.update(&buffer[..read]);
        size += read as u64;
    }
    Ok(Entry { path: path.to_string_lossy().into_owned(), size, sha256: data_encoding::HEXLOWER.encode(&hash.finalize()) })
}

/// Reads a backup's list and holds every file against it.
///
/// # Errors
/// No list; a file that is missing or another one; a path that leads out of the backup.
pub fn verified(folder: &Path) -> Result<List> {
    let path = folder.join(NAME);
    let text =
        std::fs::read(&path).map_err(|_| Error::input(format!("{} n’est pas une sauvegarde : {NAME} n’y est pas.", folder.display())))?;
    let list: List = serde_json::from_slice(&text).map_err(|e| Error::input(format!("{} : {e}", path.display())))?;
    for known in &list.files {
        let inside = Path::new(&known.path).components().all(|part| matches!(part, std::path::Component::Normal(_)));
        if !inside || entry(folder, Path::new(&known.path))? != *known {
            return Err(Error::Finding(format!(
                "{} : ce fichier n’est pas celui qui a été sauvegardé.",
                folder.join(&known.path).display()
            )));
        }
    }
    Ok(list)
}
