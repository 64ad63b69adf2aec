//! Damaged files, set aside under a dated name. Never deleted by the program:
//! somebody may read more of them than it can.

use super::copy::sync_folder;
use super::{StoreError, upgrade};
use std::path::{Path, PathBuf};

/// What stands between a file's name and when it was set aside.
const WORD: &str = ".corrompu-";
/// SQLite's companions of a database.
const COMPANIONS: [&str; 3] = ["-wal", "-shm", ""];
/// Bytes that are looked for as one. What is longer may lie in several pieces, one a page.
const PIECE_BYTES: usize = 32;
/// A last piece that is shorter is found everywhere and says nothing: it stays.
const PIECE_BYTES_MIN: usize = 8;

/// A database of the data folder under its dated name: `journal.db.corrompu-2026-10-14T0742`.
pub(super) fn dated(database: &Path, date: &str) -> PathBuf {
    with_suffix(database, &format!("{WORD}{date}"))
}

/// Moves a database with its log to a dated name. Harmless when repeated; the log goes first, so that a cut in between leaves a
/// database that is still seen as damaged.
pub(super) fn move_aside(database: &Path, date: &str) -> Result<(), StoreError> {
    let to = dated(database, date);
    for companion in COMPANIONS {
        let (from, to) = (with_suffix(database, companion), with_suffix(&to, companion));
        match std::fs::rename(&from, &to) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(StoreError::io(&from, &error)),
            _ => {}
        }
    }
    let folder = database.parent().unwrap_or(Path::new("."));
    sync_folder(folder).map_err(|e| StoreError::io(folder, &e))
}

/// Every file of a database that was set aside in its folder, as damaged or as older than the program.
pub(super) fn beside(database: &Path) -> Vec<PathBuf> {
    let (Some(folder), Some(name)) = (database.parent(), database.file_name().and_then(|name| name.to_str())) else { return Vec::new() };
    let prefixes = [WORD, upgrade::WORD].map(|word| format!("{name}{word}"));
    let files = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let ours = files.filter(|file| file.file_name().to_str().is_some_and(|name| prefixes.iter().any(|prefix| name.starts_with(prefix))));
    let mut paths: Vec<PathBuf> = ours.map(|file| file.path()).collect();
    paths.sort();
    paths
}

/// The names of every damaged file that was set aside in a data folder, logs left out.
#[must_use]
pub fn set_aside(dir: &Path) -> Vec<String> {
    let files = std::fs::read_dir(dir).into_iter().flatten().flatten();
    let mut names: Vec<String> = files.filter_map(|file| file.file_name().into_string().ok()).collect();
    names.retain(|name| name.contains(WORD) && !name.ends_with("-wal") && !name.ends_with("-shm"));
    names.sort();
    names
}

/// Writes zeroes over every occurrence of some bytes in a file: to forget comes before to keep.
///
/// SQLite cuts what is long into pieces, one a page: where an occurrence breaks off, its continuation is looked for anywhere.
pub(super) fn blank(file: &Path, all: &[Vec<u8>]) -> Result<(), StoreError> {
    let mut content = std::fs::read(file).map_err(|e| StoreError::io(file, &e))?;
    let mut found = false;
    for bytes in all {
        let mut rest = bytes.as_slice();
        while rest.len() >= PIECE_BYTES_MIN {
            let piece = &rest[..rest.len().min(PIECE_BYTES)];
            let mut longest = 0;
            let mut from = 0;
            while let Some(at) = find(&content[from..], piece).map(|at| from + at) {
                let length = rest.iter().zip(&content[at..]).take_while(|(wanted, there)| wanted == there).count();
                content[at..at + length].fill(0);
                (found, longest, from) = (true, longest.max(length), at + length);
            }
            rest = &rest[longest.max(piece.len())..];
        }
    }
    if !found {
        return Ok(());
    }
    // In place: the blocks that held the bytes are the ones that are overwritten.
    let write = || -> std::io::Result<()> {
        let mut open = std::fs::OpenOptions::new().write(true).open(file)?;
        std::io::Write::write_all(&mut open, &content)?;
        open.sync_all()
    };
    write().map_err(|e| StoreError::io(file, &e))
}

fn find(content: &[u8], bytes: &[u8]) -> Option<usize> {
    content.windows(bytes.len()).position(|window| window == bytes)
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_blanked_leaves_no_byte_even_in_pieces_and_several_times() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("journal.db.corrompu-2026-10-14T0742");
        let text: Vec<u8> = (0..3_000_u32).flat_map(|n| n.to_be_bytes()).collect();
        // As SQLite lays it out: a first piece, then a page's link before each of the others.
        let mut content = vec![7; 900];
        content.extend(&text[..1_002]);
        for page in text[1_002..].chunks(4_092) {
            content.extend([0xFE; 4]);
            content.extend(page);
        }
        content.extend(vec![8; 50]);
        content.extend(&text[..1_002]);
        std::fs::write(&file, &content).unwrap();
        blank(&file, &[text]).unwrap();
        let left = std::fs::read(&file).unwrap();
        assert_eq!(left.len(), content.len());
        assert!(left.iter().all(|byte| [0, 7, 8, 0xFE].contains(byte)), "bytes of it are left");
        assert_eq!(left.iter().filter(|byte| **byte == 7).count(), 900, "nothing else was touched");
    }
}
