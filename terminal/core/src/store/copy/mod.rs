//! The second copy: what this tablet sealed once more, in this life and those
//! before it, in plain files that SQLite never touches: `copy/2026-10.seg` for
//! each month.
//!
//! Promises: a record is there within a second of its commit, or as soon as
//! there is room; what a power cut tore is cut off and written again; what is
//! forgotten leaves these files too; nothing here is on the way from a touch to
//! green. `journal.db` is right wherever the two differ, unless it is damaged.

mod device;
mod keeper;
mod segment;

pub(super) use device::Lives;
pub(super) use keeper::Keeper;
pub(super) use segment::Kept;

use super::StoreError;
use shared::calendar::{Month, business_day, instant_from_ms};
use shared::id::{DeviceId, EntryId};
use shared::journal::Place;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The folder, inside the data folder.
const FOLDER: &str = "copy";
/// Months kept whole behind the one of the last exchange with the server. Longer than any backup of the server is old: what was
/// acknowledged before and lost in a restore is then still in two places on the tablet.
const MONTHS_KEPT: u32 = 3;

/// The copy, shared by whoever writes and whoever forgets.
pub(super) struct SecondCopy {
    dir: PathBuf,
    segments: Mutex<Segments>,
}

/// What the folder holds, as its owner knows it. Whoever holds the lock may read the journal and write here without another's
/// forgetting in between.
pub(super) struct Segments {
    dir: PathBuf,
    months: BTreeMap<Month, Segment>,
    known: HashMap<EntryId, Known>,
    heads: HashMap<DeviceId, Place>,
    /// Arrival of the last own entry that is known to be here, or was let expire.
    pub(super) reached: i64,
}

/// One file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Segment {
    /// Up to where its records hold: what lies behind is cut off before anything is written.
    good_bytes: u64,
    file_bytes: u64,
    /// Whether it is to be written anew from the records that hold.
    damaged: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Known {
    month: Month,
    forgotten: bool,
}

impl SecondCopy {
    /// Reads what the folder holds. Writes nothing: a torn tail stays until there is something to write behind it. What can't be read
    /// counts as damaged: the tablet opens by its journal.
    pub(super) fn open(data: &Path) -> Self {
        let dir = data.join(FOLDER);
        let mut segments = Segments { dir: dir.clone(), months: BTreeMap::new(), known: HashMap::new(), heads: HashMap::new(), reached: 0 };
        for month in months_in(&dir) {
            let (bytes, readable) = read_file(&segments.path(month)).map_or_else(|_| (Vec::new(), false), |bytes| (bytes, true));
            let read = segment::read(&bytes);
            let damaged = read.damaged || !readable;
            if damaged {
                tracing::error!(%month, "a segment of the second copy is damaged; it is written again from the journal");
            }
            let state = Segment { good_bytes: read.good_bytes, file_bytes: bytes.len() as u64, damaged };
            segments.months.insert(month, state);
            read.records.iter().for_each(|kept| segments.learn(month, kept));
        }
        Self { dir, segments: Mutex::new(segments) }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Segments> {
        // What a defect interrupted is seen by lengths on disk, not by what memory remembers.
        self.segments.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Every record that holds, by month and in the order of the files.
    pub(super) fn all(&self) -> Vec<Kept> {
        let segments = self.lock();
        let mut all = Vec::with_capacity(segments.known.len());
        for month in segments.months.keys() {
            all.extend(segment::read(&read_file(&segments.path(*month)).unwrap_or_default()).records);
        }
        all
    }
}

impl Segments {
    /// The last place of a device's chain that the copy holds.
    pub(super) fn head(&self, device: DeviceId) -> Option<Place> {
        self.heads.get(&device).copied()
    }

    /// How many entries the copy holds.
    pub(super) fn len(&self) -> usize {
        self.known.len()
    }

    /// Whether an entry is there; `Some(true)` where it is there as forgotten.
    pub(super) fn knows(&self, entry: EntryId) -> Option<bool> {
        self.known.get(&entry).map(|known| known.forgotten)
    }

    /// The months whose segments hold some of these entries.
    pub(super) fn months_of(&self, entries: &[EntryId]) -> BTreeSet<Month> {
        entries.iter().filter_map(|entry| self.known.get(entry)).map(|known| known.month).collect()
    }

    /// Appends entries, each to its month, and returns once they are durable. Known ones are left out.
    ///
    /// # Errors
    /// A failed write: what was written of them is found torn, or again, at the next try.
    pub(super) fn append(&mut self, entries: &[(Month, Kept)]) -> Result<(), StoreError> {
        self.mend()?;
        let mut by_month: BTreeMap<Month, Vec<&Kept>> = BTreeMap::new();
        for (month, kept) in entries {
            let new = kept.sealed.decode_envelope().is_ok_and(|envelope| !self.known.contains_key(&envelope.entry_id));
            if new {
                by_month.entry(*month).or_default().push(kept);
            }
        }
        for (month, entries) in by_month {
            self.append_to(month, &entries)?;
        }
        Ok(())
    }

    fn append_to(&mut self, month: Month, entries: &[&Kept]) -> Result<(), StoreError> {
        let path = self.path(month);
        let before = self.months.get(&month).map_or(0, |segment| segment.good_bytes);
        let mut bytes = if before == 0 { segment::MAGIC.to_vec() } else { Vec::new() };
        entries.iter().for_each(|kept| segment::write(kept, &mut bytes));
        let write = || -> std::io::Result<()> {
            if before == 0 {
                std::fs::create_dir_all(&self.dir)?;
            }
            let mut file = OpenOptions::new().create(true).truncate(false).write(true).open(&path)?;
            if file.metadata()?.len() < before {
                return Err(std::io::Error::new(ErrorKind::UnexpectedEof, "un segment a été raccourci"));
            }
            file.set_len(before)?;
            file.seek(SeekFrom::Start(before))?;
            file.write_all(&bytes)?;
            file.sync_all()?;
            // A new file is there after a power cut only once its folder is.
            if before == 0 { sync_folder(&self.dir) } else { Ok(()) }
        };
        if let Err(error) = write() {
            if error.kind() == ErrorKind::UnexpectedEof {
                self.lose(month);
            }
            return Err(StoreError::io(&path, &error));
        }
        let good_bytes = before + bytes.len() as u64;
        self.months.insert(month, Segment { good_bytes, file_bytes: good_bytes, damaged: false });
        entries.iter().for_each(|kept| self.learn(month, kept));
        Ok(())
    }

    /// Deletes payload, salt and notes of entries: their segments are written anew, and take the place of the old ones at once.
    ///
    /// # Errors
    /// A failed write: old or new, each segment is whole.
    pub(super) fn forget(&mut self, forgotten: &[EntryId]) -> Result<(), StoreError> {
        // A torn tail may hold part of what is to be forgotten.
        self.mend()?;
        let held = forgotten.iter().filter_map(|entry| self.known.get(entry)).filter(|known| !known.forgotten);
        let mut months: Vec<Month> = held.map(|known| known.month).collect();
        months.sort_unstable();
        months.dedup();
        for month in months {
            self.rewrite(month, &|entry| forgotten.contains(&entry))?;
        }
        Ok(())
    }

    /// Cuts torn tails off, and writes damaged segments anew from the records that hold.
    fn mend(&mut self) -> Result<(), StoreError> {
        let broken = |segment: &Segment| segment.damaged || segment.good_bytes < segment.file_bytes;
        let months: Vec<Month> = self.months.iter().filter(|(_, segment)| broken(segment)).map(|(month, _)| *month).collect();
        for month in months {
            self.rewrite(month, &|_| false)?;
        }
        Ok(())
    }

    fn rewrite(&mut self, month: Month, forget: &dyn Fn(EntryId) -> bool) -> Result<(), StoreError> {
        let path = self.path(month);
        // One that can't be read is written anew from nothing; the journal gives back what was in it.
        let mut records = segment::read(&read_file(&path).unwrap_or_default()).records;
        let mut bytes = segment::MAGIC.to_vec();
        for kept in &mut records {
            if kept.sealed.decode_envelope().is_ok_and(|envelope| forget(envelope.entry_id)) {
                kept.sealed.private = None;
            }
            segment::write(kept, &mut bytes);
        }
        replace(&path, &bytes).map_err(|e| StoreError::io(&path, &e))?;
        let length = bytes.len() as u64;
        self.months.insert(month, Segment { good_bytes: length, file_bytes: length, damaged: false });
        records.iter().for_each(|kept| self.learn(month, kept));
        Ok(())
    }

    /// Deletes the segments of months.
    ///
    /// # Errors
    /// A file that can't be deleted.
    pub(super) fn expire(&mut self, old: &dyn Fn(Month) -> bool) -> Result<(), StoreError> {
        let months: Vec<Month> = self.months.keys().copied().filter(|month| old(*month)).collect();
        for month in months {
            let path = self.path(month);
            std::fs::remove_file(&path).map_err(|e| StoreError::io(&path, &e))?;
            self.lose(month);
        }
        Ok(())
    }

    /// Deletes all of it: what a site's tablet held goes with the site. The journal is read anew from its first entry.
    ///
    /// # Errors
    /// A file that can't be deleted.
    pub(super) fn empty(&mut self) -> Result<(), StoreError> {
        self.reached = 0;
        self.months.keys().copied().collect::<Vec<_>>().into_iter().for_each(|month| self.lose(month));
        self.heads.clear();
        match std::fs::remove_dir_all(&self.dir) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(StoreError::io(&self.dir, &error)),
            _ => Ok(()),
        }
    }

    /// A file is gone: what it held is no longer held.
    fn lose(&mut self, month: Month) {
        self.months.remove(&month);
        self.known.retain(|_, known| known.month != month);
    }

    fn learn(&mut self, month: Month, kept: &Kept) {
        // Whatever holds by its CRC was written by us; an envelope that can't be read is no entry of anyone's.
        let Ok(envelope) = kept.sealed.decode_envelope() else { return };
        self.known.insert(envelope.entry_id, Known { month, forgotten: kept.sealed.private.is_none() });
        let head = self.heads.entry(envelope.place.device).or_insert(envelope.place);
        *head = (*head).max(envelope.place);
    }

    fn path(&self, month: Month) -> PathBuf {
        self.dir.join(format!("{month}.seg"))
    }
}

/// The month of an instant, ms since 1970 UTC.
fn month_of(sealed_at_ms: i64) -> Month {
    Month::of(business_day(instant_from_ms(sealed_at_ms)))
}

fn months_in(dir: &Path) -> Vec<Month> {
    let files = std::fs::read_dir(dir).into_iter().flatten().flatten();
    let month = |file: std::fs::DirEntry| file.file_name().to_str()?.strip_suffix(".seg")?.parse().ok();
    let mut months: Vec<Month> = files.filter_map(month).collect();
    months.sort_unstable();
    months
}

fn read_file(path: &Path) -> Result<Vec<u8>, StoreError> {
    std::fs::read(path).map_err(|error| {
        tracing::error!(%error, "a segment of the second copy can't be read");
        StoreError::io(path, &error)
    })
}

/// Puts other bytes in a file's place, all or nothing, and leaves none of the old ones in the blocks that it gives back.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let partial = path.with_extension("new");
    let old = OpenOptions::new().write(true).open(path).ok();
    let mut file = File::create(&partial)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::rename(&partial, path)?;
    path.parent().map_or(Ok(()), sync_folder)?;
    if let Some(mut old) = old {
        let length = usize::try_from(old.metadata()?.len()).unwrap_or(0);
        old.write_all(&vec![0; length])?;
        old.sync_all()?;
    }
    Ok(())
}

pub(super) fn sync_folder(dir: &Path) -> std::io::Result<()> {
    File::open(dir)?.sync_all()
}
