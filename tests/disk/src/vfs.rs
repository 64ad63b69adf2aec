//! The layer between SQLite and the system's files: a VFS that hands every
//! call on to the one of the system, and asks the model before each that
//! changes something.
#![expect(unsafe_code, reason = "SQLite knows its files by pointers alone; every other room of the workspace does without")]

use crate::model::{Answer, Change, Folder};
use rusqlite::ffi;
use std::collections::HashMap;
use std::ffi::{CStr, OsStr, c_char, c_int, c_void};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, Once, PoisonError};

/// Watched folders and open files of this process.
#[derive(Default)]
struct Watched {
    folders: Vec<(PathBuf, Arc<Mutex<Folder>>)>,
    files: HashMap<u64, (PathBuf, Arc<Mutex<Folder>>)>,
    last_id: u64,
}

static WATCHED: LazyLock<Mutex<Watched>> = LazyLock::new(Mutex::default);
static INSTALLED: Once = Once::new();

fn watched() -> MutexGuard<'static, Watched> {
    WATCHED.lock().unwrap_or_else(PoisonError::into_inner)
}

fn locked(folder: &Mutex<Folder>) -> MutexGuard<'_, Folder> {
    folder.lock().unwrap_or_else(PoisonError::into_inner)
}

pub(crate) fn watch(dir: &Path, folder: &Arc<Mutex<Folder>>) {
    INSTALLED.call_once(install);
    watched().folders.push((dir.to_owned(), Arc::clone(folder)));
}

pub(crate) fn forget(folder: &Arc<Mutex<Folder>>) {
    watched().folders.retain(|(_, known)| !Arc::ptr_eq(known, folder));
}

/// An open file: what SQLite sees first, then our own word, then the system's file.
#[repr(C)]
struct Layer {
    base: ffi::sqlite3_file,
    /// Its number in [`Watched::files`]; 0 where nobody watches it.
    id: u64,
}

/// Makes the layer the default of the process, once and for good.
fn install() {
    // SAFETY: SQLite's own list of VFSes lives as long as the process; the name is the one that its unix build registers.
    let system = unsafe { ffi::sqlite3_vfs_find(c"unix".as_ptr()) };
    assert!(!system.is_null(), "SQLite has no files of this system");
    // SAFETY: just found; plain data.
    let mut layer = unsafe { *system };
    layer.pNext = std::ptr::null_mut();
    layer.zName = c"preau-disk".as_ptr();
    layer.szOsFile += c_int::try_from(size_of::<Layer>()).unwrap_or(c_int::MAX);
    layer.pAppData = system.cast();
    layer.xOpen = Some(open);
    layer.xDelete = Some(delete);
    // SAFETY: SQLite keeps the pointer for ever, and the box is never given back.
    let registered = unsafe { ffi::sqlite3_vfs_register(Box::into_raw(Box::new(layer)), 1) };
    assert_eq!(registered, ffi::SQLITE_OK, "SQLite takes no layer");
}

unsafe fn system_of(vfs: *mut ffi::sqlite3_vfs) -> *mut ffi::sqlite3_vfs {
    // SAFETY: `install` put the system's VFS there.
    unsafe { (*vfs).pAppData.cast() }
}

/// The system's file behind one of ours.
unsafe fn inner(file: *mut ffi::sqlite3_file) -> *mut ffi::sqlite3_file {
    // SAFETY: SQLite allocates `szOsFile` bytes, which is ours and the system's together.
    unsafe { file.cast::<u8>().add(size_of::<Layer>()).cast() }
}

unsafe fn methods<'a>(file: *mut ffi::sqlite3_file) -> &'a ffi::sqlite3_io_methods {
    // SAFETY: an open file of the system has its methods, and they are static.
    unsafe { &*(*inner(file)).pMethods }
}

/// Path and folder of a watched file.
unsafe fn of(file: *mut ffi::sqlite3_file) -> Option<(PathBuf, Arc<Mutex<Folder>>)> {
    // SAFETY: every file that SQLite hands back was opened by `open`.
    let id = unsafe { (*file.cast::<Layer>()).id };
    watched().files.get(&id).cloned()
}

/// The system's answer in SQLite's numbers, where the disk answers by itself.
fn refusal(answer: Answer, failed: c_int) -> Option<c_int> {
    match answer {
        Answer::Done => None,
        Answer::Dead => Some(ffi::SQLITE_IOERR),
        Answer::Full => Some(ffi::SQLITE_FULL),
        Answer::Failed => Some(failed),
    }
}

fn path_of(name: *const c_char) -> Option<PathBuf> {
    if name.is_null() {
        return None;
    }
    // SAFETY: SQLite's names end with a zero and live during the call.
    let bytes = unsafe { CStr::from_ptr(name) }.to_bytes();
    Some(PathBuf::from(OsStr::from_bytes(bytes)))
}

fn folder_of(path: &Path) -> Option<Arc<Mutex<Folder>>> {
    watched().folders.iter().rev().find(|(dir, _)| path.starts_with(dir)).map(|(_, folder)| Arc::clone(folder))
}

unsafe extern "C" fn open(
    vfs: *mut ffi::sqlite3_vfs,
    name: *const c_char,
    file: *mut ffi::sqlite3_file,
    flags: c_int,
    out_flags: *mut c_int,
) -> c_int {
    let watched_by = path_of(name).and_then(|path| folder_of(&path).map(|folder| (path, folder)));
    if watched_by.as_ref().is_some_and(|(_, folder)| locked(folder).is_cut) {
        // SAFETY: as below; a file without methods is one that isn't open.
        unsafe { (*file).pMethods = std::ptr::null() };
        return ffi::SQLITE_CANTOPEN;
    }
    let before = watched_by.as_ref().and_then(|(path, _)| std::fs::read(path).ok());
    // SAFETY: SQLite gave us a file of `szOsFile` bytes; the system's part of it is behind ours, and nobody has opened it yet.
    let opened = unsafe {
        (*file).pMethods = std::ptr::null();
        (*inner(file)).pMethods = std::ptr::null();
        let system = system_of(vfs);
        (*system).xOpen.map_or(ffi::SQLITE_CANTOPEN, |open| open(system, name, inner(file), flags, out_flags))
    };
    if opened != ffi::SQLITE_OK {
        return opened;
    }
    let id = watched_by.map_or(0, |(path, folder)| {
        let inode = std::fs::metadata(&path).map_or(0, |metadata| metadata.ino());
        locked(&folder).opened(&path, inode, before);
        let mut watched = watched();
        watched.last_id += 1;
        let id = watched.last_id;
        watched.files.insert(id, (path, folder));
        id
    });
    // SAFETY: the file is ours until SQLite closes it.
    unsafe { file.cast::<Layer>().write(Layer { base: ffi::sqlite3_file { pMethods: &raw const METHODS }, id }) };
    ffi::SQLITE_OK
}

unsafe extern "C" fn delete(vfs: *mut ffi::sqlite3_vfs, name: *const c_char, sync_folder: c_int) -> c_int {
    if let Some((path, folder)) = path_of(name).and_then(|path| folder_of(&path).map(|folder| (path, folder))) {
        let answer = locked(&folder).change(&path, Change::Delete, false, sync_folder != 0);
        if let Some(refusal) = refusal(answer, ffi::SQLITE_IOERR_DELETE) {
            return refusal;
        }
    }
    // SAFETY: the system's own VFS, asked as SQLite asked us; the folder is not synced for real.
    unsafe {
        let system = system_of(vfs);
        (*system).xDelete.map_or(ffi::SQLITE_IOERR_DELETE, |delete| delete(system, name, 0))
    }
}

unsafe extern "C" fn close(file: *mut ffi::sqlite3_file) -> c_int {
    // SAFETY: an open file of ours, closed once.
    unsafe {
        watched().files.remove(&(*file.cast::<Layer>()).id);
        methods(file).xClose.map_or(ffi::SQLITE_OK, |close| close(inner(file)))
    }
}

unsafe extern "C" fn read(file: *mut ffi::sqlite3_file, into: *mut c_void, amount: c_int, offset: i64) -> c_int {
    // SAFETY: an open file of ours.
    if unsafe { of(file) }.is_some_and(|(_, folder)| locked(&folder).is_cut) {
        return ffi::SQLITE_IOERR;
    }
    // SAFETY: SQLite's buffer, handed on as it is.
    unsafe { methods(file).xRead.map_or(ffi::SQLITE_IOERR_READ, |read| read(inner(file), into, amount, offset)) }
}

unsafe extern "C" fn write(file: *mut ffi::sqlite3_file, from: *const c_void, amount: c_int, offset: i64) -> c_int {
    // SAFETY: an open file of ours.
    if let Some((path, folder)) = unsafe { of(file) } {
        let (length, at) = (usize::try_from(amount).unwrap_or(0), usize::try_from(offset).unwrap_or(0));
        // SAFETY: SQLite's buffer holds as many bytes as it says.
        let bytes = unsafe { std::slice::from_raw_parts(from.cast::<u8>(), length) }.to_vec();
        let grows = std::fs::metadata(&path).is_ok_and(|metadata| metadata.len() < (at + length) as u64);
        let answer = locked(&folder).change(&path, Change::Write { offset: at, bytes }, grows, false);
        if let Some(refusal) = refusal(answer, ffi::SQLITE_IOERR_WRITE) {
            return refusal;
        }
    }
    // SAFETY: SQLite's buffer, handed on as it is.
    unsafe { methods(file).xWrite.map_or(ffi::SQLITE_IOERR_WRITE, |write| write(inner(file), from, amount, offset)) }
}

unsafe extern "C" fn truncate(file: *mut ffi::sqlite3_file, size: i64) -> c_int {
    // SAFETY: an open file of ours.
    if let Some((path, folder)) = unsafe { of(file) } {
        let answer = locked(&folder).change(&path, Change::Truncate(usize::try_from(size).unwrap_or(0)), false, false);
        if let Some(refusal) = refusal(answer, ffi::SQLITE_IOERR_TRUNCATE) {
            return refusal;
        }
    }
    // SAFETY: an open file of the system.
    unsafe { methods(file).xTruncate.map_or(ffi::SQLITE_IOERR_TRUNCATE, |truncate| truncate(inner(file), size)) }
}

unsafe extern "C" fn sync(file: *mut ffi::sqlite3_file, flags: c_int) -> c_int {
    // SAFETY: an open file of ours.
    match unsafe { of(file) } {
        Some((path, folder)) => refusal(locked(&folder).sync(&path), ffi::SQLITE_IOERR_FSYNC).unwrap_or(ffi::SQLITE_OK),
        // SAFETY: an open file of the system.
        None => unsafe { methods(file).xSync.map_or(ffi::SQLITE_IOERR_FSYNC, |sync| sync(inner(file), flags)) },
    }
}

/// Calls that change nothing durable go straight on.
macro_rules! hand_on {
    ($($name:ident = $method:ident($($argument:ident: $kind:ty),*) -> $answer:ty, else $otherwise:expr;)+) => {$(
        unsafe extern "C" fn $name(file: *mut ffi::sqlite3_file, $($argument: $kind),*) -> $answer {
            // SAFETY: an open file of ours, whose system's part takes the same arguments.
            unsafe { methods(file).$method.map_or($otherwise, |method| method(inner(file), $($argument),*)) }
        }
    )+};
}

hand_on! {
    file_size = xFileSize(size: *mut i64) -> c_int, else ffi::SQLITE_IOERR_FSTAT;
    lock = xLock(level: c_int) -> c_int, else ffi::SQLITE_IOERR_LOCK;
    unlock = xUnlock(level: c_int) -> c_int, else ffi::SQLITE_IOERR_UNLOCK;
    check_reserved_lock = xCheckReservedLock(out: *mut c_int) -> c_int, else ffi::SQLITE_IOERR_CHECKRESERVEDLOCK;
    file_control = xFileControl(operation: c_int, argument: *mut c_void) -> c_int, else ffi::SQLITE_NOTFOUND;
    sector_size = xSectorSize() -> c_int, else 0;
    device_characteristics = xDeviceCharacteristics() -> c_int, else 0;
    shm_map = xShmMap(page: c_int, size: c_int, extend: c_int, out: *mut *mut c_void) -> c_int, else ffi::SQLITE_IOERR_SHMMAP;
    shm_lock = xShmLock(offset: c_int, count: c_int, flags: c_int) -> c_int, else ffi::SQLITE_IOERR_SHMLOCK;
    shm_barrier = xShmBarrier() -> (), else ();
    shm_unmap = xShmUnmap(delete: c_int) -> c_int, else ffi::SQLITE_OK;
}

/// Version 2: with shared memory, without memory-mapped files, which would bypass `read` and `write`.
static METHODS: ffi::sqlite3_io_methods = ffi::sqlite3_io_methods {
    iVersion: 2,
    xClose: Some(close),
    xRead: Some(read),
    xWrite: Some(write),
    xTruncate: Some(truncate),
    xSync: Some(sync),
    xFileSize: Some(file_size),
    xLock: Some(lock),
    xUnlock: Some(unlock),
    xCheckReservedLock: Some(check_reserved_lock),
    xFileControl: Some(file_control),
    xSectorSize: Some(sector_size),
    xDeviceCharacteristics: Some(device_characteristics),
    xShmMap: Some(shm_map),
    xShmLock: Some(shm_lock),
    xShmBarrier: Some(shm_barrier),
    xShmUnmap: Some(shm_unmap),
    xFetch: None,
    xUnfetch: None,
};
