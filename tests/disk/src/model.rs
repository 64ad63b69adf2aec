//! What is durable, what is pending, and what a power cut makes of it.

use crate::{Failure, SECTOR_BYTES};
use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// One watched folder.
#[derive(Debug, Default)]
pub(crate) struct Folder {
    files: BTreeMap<PathBuf, File>,
    pub(crate) operations: u64,
    pub(crate) cut_at: Option<u64>,
    pub(crate) is_cut: bool,
    pub(crate) is_full: bool,
    pub(crate) fail_at: Option<(u64, Failure)>,
}

/// One database, log or rollback journal, by its name.
#[derive(Debug, Default)]
struct File {
    /// Another one of the same name is another file.
    inode: u64,
    /// What a cut can't take; `None` where the file isn't there.
    durable: Option<Vec<u8>>,
    /// What was done since, in order.
    pending: Vec<Change>,
}

/// What an operation asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Change {
    Create,
    Write { offset: usize, bytes: Vec<u8> },
    Truncate(usize),
    Delete,
}

/// What the disk answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    Done,
    /// The power is off.
    Dead,
    Full,
    Failed,
}

impl Folder {
    /// A file was opened. `before`: what stood there, `None` where it was made.
    pub(crate) fn opened(&mut self, path: &Path, inode: u64, before: Option<Vec<u8>>) {
        let known = self.files.get_mut(path);
        match (known, before) {
            // Made again under the name of one whose deletion may still be lost.
            (Some(file), None) => {
                file.inode = inode;
                file.pending.push(Change::Create);
            }
            (Some(file), Some(_)) if file.inode == inode => {}
            // First seen, or put in the place of the one that was known.
            (_, durable) => {
                let pending = if durable.is_none() { vec![Change::Create] } else { Vec::new() };
                self.files.insert(path.to_owned(), File { inode, durable, pending });
            }
        }
    }

    /// A write, truncation or deletion. `grows`: whether it needs room.
    pub(crate) fn change(&mut self, path: &Path, change: Change, grows: bool, at_once: bool) -> Answer {
        let was_cut = self.is_cut;
        let mut answer = self.next(Failure::Write);
        if answer == Answer::Done && self.is_full && grows {
            answer = Answer::Full;
        }
        let Some(file) = self.files.get_mut(path) else { return answer };
        // The operation at which the power goes may be found half done.
        if answer == Answer::Done || (answer == Answer::Dead && !was_cut) {
            file.pending.push(change);
        }
        if answer == Answer::Done && at_once {
            file.sync();
            self.sync_names();
        }
        answer
    }

    /// A sync. That of a file that was just made syncs the folder too, as SQLite does: every name in it is then what it is.
    pub(crate) fn sync(&mut self, path: &Path) -> Answer {
        let answer = self.next(Failure::Sync);
        let operations = self.operations;
        if let Some(file) = self.files.get_mut(path) {
            match answer {
                Answer::Done => {
                    let was_made = file.pending.contains(&Change::Create);
                    file.sync();
                    if was_made {
                        self.sync_names();
                    }
                }
                // The system forgets that these were dirty: no later sync brings them to the disk.
                Answer::Failed => {
                    file.durable = file.after_cut(&mut Random::new(operations));
                    file.pending.clear();
                }
                Answer::Dead | Answer::Full => {}
            }
        }
        answer
    }

    /// What was made is there, though perhaps empty; what was deleted is gone.
    fn sync_names(&mut self) {
        self.files.values_mut().for_each(File::sync_name);
    }

    fn next(&mut self, kind: Failure) -> Answer {
        let number = self.operations;
        self.operations += 1;
        self.is_cut |= self.cut_at.is_some_and(|at| number >= at);
        if self.is_cut {
            return Answer::Dead;
        }
        if self.fail_at.is_some_and(|(at, failure)| number >= at && failure == kind) {
            self.fail_at = None;
            return Answer::Failed;
        }
        Answer::Done
    }

    /// Writes what a cut leaves of `dir` to another folder.
    pub(crate) fn image(&self, seed: u64, dir: &Path, to: &Path) -> std::io::Result<()> {
        let is_known = |path: &Path| self.files.get(path).is_some_and(|file| file.is_there(path));
        copy_folder(dir, to, &|path| is_known(path) || path.to_string_lossy().ends_with("-shm"))?;
        let mut random = Random::new(seed);
        for (path, file) in self.files.iter().filter(|(path, _)| is_known(path)) {
            let content = file.after_cut(&mut random);
            if let (Some(content), Ok(name)) = (content, path.strip_prefix(dir)) {
                std::fs::write(to.join(name), content)?;
            }
        }
        Ok(())
    }
}

impl File {
    /// Whether the name still stands for this file: one that was moved away or replaced past SQLite is copied as it is.
    fn is_there(&self, path: &Path) -> bool {
        match std::fs::metadata(path) {
            Ok(metadata) => metadata.ino() == self.inode,
            Err(_) => self.pending.contains(&Change::Delete),
        }
    }

    fn sync_name(&mut self) {
        let Some(last) = self.pending.iter().rposition(|change| matches!(change, Change::Create | Change::Delete)) else { return };
        self.durable = (self.pending[last] == Change::Create).then(Vec::new);
        self.pending.drain(..=last);
    }

    fn sync(&mut self) {
        for change in std::mem::take(&mut self.pending) {
            apply(&mut self.durable, &change);
        }
    }

    /// Of what is pending: each write is kept, dropped, or torn; each other change is kept or dropped.
    fn after_cut(&self, random: &mut Random) -> Option<Vec<u8>> {
        let mut content = self.durable.clone();
        for change in &self.pending {
            match change {
                Change::Write { offset, bytes } => match random.below(3) {
                    0 => {}
                    1 => apply(&mut content, change),
                    _ => sectors(*offset, bytes).filter(|_| random.below(2) == 0).for_each(|sector| apply(&mut content, &sector)),
                },
                Change::Truncate(_) if random.below(2) == 0 => {}
                // What follows was done to a file of which the folder knows nothing.
                Change::Create | Change::Delete if random.below(2) == 0 => return content,
                _ => apply(&mut content, change),
            }
        }
        content
    }
}

fn apply(content: &mut Option<Vec<u8>>, change: &Change) {
    match change {
        Change::Create => *content = Some(Vec::new()),
        Change::Delete => *content = None,
        Change::Truncate(length) => content.get_or_insert_default().resize(*length, 0),
        Change::Write { offset, bytes } => {
            let content = content.get_or_insert_default();
            let end = offset + bytes.len();
            if content.len() < end {
                content.resize(end, 0);
            }
            content[*offset..end].copy_from_slice(bytes);
        }
    }
}

/// A write cut at the borders of sectors.
fn sectors(offset: usize, bytes: &[u8]) -> impl Iterator<Item = Change> {
    let first = (SECTOR_BYTES - offset % SECTOR_BYTES).min(bytes.len());
    let (head, rest) = bytes.split_at(first);
    let mut at = offset;
    std::iter::once(head).chain(rest.chunks(SECTOR_BYTES)).map(move |piece| {
        let offset = at;
        at += piece.len();
        Change::Write { offset, bytes: piece.to_vec() }
    })
}

/// Everything that SQLite didn't write. A large file that nobody writes in place is linked, not copied.
fn copy_folder(from: &Path, to: &Path, but: &dyn Fn(&Path) -> bool) -> std::io::Result<()> {
    const LINKED_BYTES_MIN: u64 = 1024 * 1024;
    std::fs::create_dir_all(to)?;
    for file in std::fs::read_dir(from)? {
        let file = file?;
        let (path, to) = (file.path(), to.join(file.file_name()));
        if file.file_type()?.is_dir() {
            copy_folder(&path, &to, but)?;
        } else if !but(&path) {
            let linked = file.metadata().is_ok_and(|m| m.len() >= LINKED_BYTES_MIN) && std::fs::hard_link(&path, &to).is_ok();
            match if linked { Ok(0) } else { std::fs::copy(&path, &to) } {
                // Another thread put a new file in the place of this one meanwhile.
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                copied => drop(copied?),
            }
        }
    }
    Ok(())
}

/// Numbers from a seed (splitmix64).
#[derive(Debug, Clone)]
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A number below a bound.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)).checked_rem(bound).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(offset: usize, bytes: &[u8]) -> Change {
        Change::Write { offset, bytes: bytes.to_vec() }
    }

    #[test]
    fn a_torn_write_is_torn_at_sectors_and_what_was_synced_stands() {
        let path = Path::new("/x/a.db");
        let mut folder = Folder::default();
        folder.opened(path, 1, None);
        folder.change(path, written(0, &[1; 2_000]), true, false);
        assert_eq!(folder.sync(path), Answer::Done);
        folder.change(path, written(300, &[2; 1_500]), false, false);
        let file = &folder.files[path];
        let mut seen = [false; 3];
        for seed in 0..200 {
            let found = file.after_cut(&mut Random::new(seed)).unwrap();
            assert_eq!(found.len(), 2_000);
            assert!(found[..300].iter().chain(&found[1_800..]).all(|b| *b == 1), "synced bytes were lost");
            let pieces = [&found[300..512], &found[512..1_024], &found[1_024..1_536], &found[1_536..1_800]];
            assert!(pieces.iter().all(|piece| piece.iter().all(|b| *b == piece[0])), "torn inside a sector");
            let new = pieces.iter().filter(|piece| piece[0] == 2).count();
            seen[if new == 0 { 0 } else { 1 + usize::from(new == 4) }] = true;
        }
        assert_eq!(seen, [true; 3], "dropped, torn and kept all happen");
    }

    #[test]
    fn a_file_that_was_made_or_deleted_without_a_sync_may_be_there_or_not() {
        let path = Path::new("/x/a.db-wal");
        let mut folder = Folder::default();
        folder.opened(path, 1, Some(vec![7; 10]));
        folder.change(path, Change::Delete, false, false);
        let there = |folder: &Folder| (0..50).filter(|seed| folder.files[path].after_cut(&mut Random::new(*seed)).is_some()).count();
        assert!((1..50).contains(&there(&folder)));
        folder.opened(path, 2, None);
        folder.change(path, written(0, &[9; 10]), true, false);
        folder.sync(path);
        assert_eq!(there(&folder), 50);
        assert_eq!(folder.files[path].durable, Some(vec![9; 10]));
    }

    #[test]
    fn the_first_sync_of_a_new_file_makes_the_deletion_of_another_one_sure() {
        let (journal, log) = (Path::new("/x/a.db-journal"), Path::new("/x/a.db-wal"));
        let mut folder = Folder::default();
        folder.opened(journal, 1, Some(vec![7; 10]));
        folder.change(journal, Change::Delete, false, false);
        folder.opened(log, 2, None);
        folder.change(log, written(0, &[9; 10]), true, false);
        assert!((0..50).any(|seed| folder.files[journal].after_cut(&mut Random::new(seed)).is_some()), "until then it may come back");
        folder.sync(log);
        assert!((0..50).all(|seed| folder.files[journal].after_cut(&mut Random::new(seed)).is_none()));
    }

    #[test]
    fn after_a_failed_sync_no_later_one_can_be_relied_on() {
        let path = Path::new("/x/a.db");
        let mut lost = 0;
        for number in 0..50 {
            let mut folder = Folder { operations: number, ..Folder::default() };
            folder.opened(path, 1, Some(vec![0; 512]));
            folder.change(path, written(0, &[1; 512]), false, false);
            folder.fail_at = Some((0, Failure::Sync));
            assert_eq!(folder.sync(path), Answer::Failed);
            assert_eq!(folder.sync(path), Answer::Done);
            lost += usize::from(folder.files[path].durable.as_ref().unwrap()[0] == 0);
        }
        assert!((1..50).contains(&lost), "{lost}");
    }
}
