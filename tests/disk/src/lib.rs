//! A disk as it really behaves, under the shipped store: what was written and
//! not yet synced may be there after a power cut, or not, or half.
//!
//! [`Disk::of`] puts a layer between this process's SQLite and the system's
//! files, as the default for every connection, and watches one folder. Writes
//! reach the real files at once, as they reach the page cache of a running
//! machine; beside them the layer keeps what is durable. [`Disk::image`] then
//! makes the folder that a machine would find after the power has gone: synced
//! bytes stand; of the others a seed decides, sector by sector.
//!
//! What a program writes past SQLite (the second copy, keys, renames) counts as
//! durable at once. Real syncs are left out: the model is the disk, and
//! hundreds of cuts take seconds.
//!
//! | file | holds |
//! |---|---|
//! | `lib.rs` | the handle that tests hold |
//! | `model.rs` | what is durable, what is pending, and what a cut makes of it; no unsafe |
//! | `vfs.rs` | the layer itself: the only unsafe code of the workspace |

mod model;
mod vfs;

use model::Folder;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Bytes that a disk writes whole or not at all.
pub const SECTOR_BYTES: usize = 512;

/// What a disk answers instead of doing as it is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// A write fails; nothing of it is done.
    Write,
    /// A sync fails: the running program still reads what it wrote, and of that a part is durable, whatever is synced later.
    Sync,
}

/// A watched folder, for as long as this lives. Folders don't know each other: tests of one process may each have theirs.
#[derive(Debug)]
pub struct Disk {
    folder: Arc<Mutex<Folder>>,
    dir: PathBuf,
}

impl Disk {
    /// Watches the databases of a folder that is there. Connections opened before are not seen.
    ///
    /// # Panics
    /// A folder that isn't there, or a SQLite that takes no layer: a defect of the test.
    #[must_use]
    pub fn of(dir: &Path) -> Self {
        let dir = dir.canonicalize().unwrap_or_else(|e| panic!("{} can't be watched: {e}", dir.display()));
        let folder = Arc::new(Mutex::new(Folder::default()));
        vfs::watch(&dir, &folder);
        Self { folder, dir }
    }

    fn folder(&self) -> MutexGuard<'_, Folder> {
        self.folder.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes, truncations, syncs and deletions so far.
    #[must_use]
    pub fn operations(&self) -> u64 {
        self.folder().operations
    }

    /// Cuts the power at the operation after the next `n`: it is not done (a write may still be found torn), and none after it.
    pub fn cut_after(&self, n: u64) {
        let mut folder = self.folder();
        folder.cut_at = Some(folder.operations + n);
    }

    /// Cuts the power now: every operation from here on fails.
    pub fn cut_now(&self) {
        self.cut_after(0);
        self.folder().is_cut = true;
    }

    /// Whether the power has gone.
    #[must_use]
    pub fn is_cut(&self) -> bool {
        self.folder().is_cut
    }

    /// Whether a file may no longer grow.
    pub fn full(&self, on: bool) {
        self.folder().is_full = on;
    }

    /// Fails the first operation of a kind after the next `n` operations, once.
    pub fn fail_after(&self, n: u64, failure: Failure) {
        let mut folder = self.folder();
        folder.fail_at = Some((folder.operations + n, failure));
    }

    /// Makes the folder that a machine would find after a power cut at this point. The same seed makes the same folder.
    ///
    /// # Errors
    /// A file that can't be read or written.
    pub fn image(&self, seed: u64, to: &Path) -> std::io::Result<()> {
        self.folder().image(seed, &self.dir, to)
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        vfs::forget(&self.folder);
    }
}

/// Writes zeroes over one page of a closed file, at a place that a seed gives.
///
/// # Errors
/// A file that can't be read or written.
pub fn blank(file: &Path, seed: u64) -> std::io::Result<()> {
    const PAGE_BYTES: usize = 4_096;
    let mut content = std::fs::read(file)?;
    let pages = content.len().div_ceil(PAGE_BYTES);
    let page = usize::try_from(model::Random::new(seed).below(pages as u64)).unwrap_or(0);
    content.iter_mut().skip(page * PAGE_BYTES).take(PAGE_BYTES).for_each(|byte| *byte = 0);
    std::fs::write(file, content)
}

/// Flips bits of a closed file at places that a seed gives: a flash cell that no longer holds.
///
/// # Errors
/// A file that can't be read or written.
pub fn flip(file: &Path, seed: u64, bytes: usize) -> std::io::Result<()> {
    let mut content = std::fs::read(file)?;
    let mut random = model::Random::new(seed);
    for _ in 0..bytes {
        let (at, bit) = (random.below(content.len() as u64), random.below(8));
        if let Some(byte) = usize::try_from(at).ok().and_then(|at| content.get_mut(at)) {
            *byte ^= 1 << bit;
        }
    }
    std::fs::write(file, content)
}
