//! The power goes: at each named point of sealing, and at each operation.

use crate::tablet::*;
use disk::Disk;
use std::path::Path;
use std::sync::{Arc, Mutex};
use terminal_core::store::{FaultPoints, NoFaults, SealPoint, Store};

/// Cuts the power where it was told to.
struct CutAt {
    point: SealPoint,
    disk: Mutex<Option<Arc<Disk>>>,
}

impl FaultPoints for CutAt {
    fn pass(&self, point: SealPoint) {
        if let Some(disk) = self.disk.lock().unwrap().as_ref().filter(|_| point == self.point) {
            disk.cut_now();
        }
    }
}

/// Seals batches from the third on until the disk is dead or five are there; which were told as recorded.
fn seal_on(store: &mut Store, disk: &Disk) -> Vec<u16> {
    let mut told = vec![0, 1, 2];
    for batch in 3..8 {
        if store.seal(&drafts(batch)).is_ok() {
            told.push(batch);
        }
        if disk.is_cut() {
            break;
        }
    }
    told
}

/// What a machine finds after the cut: the same promises, and it seals on.
fn reopened(disk: &Disk, seed: u64, told: &[u16], case: &str) {
    let image = tempfile::tempdir().unwrap();
    disk.image(seed, image.path()).unwrap();
    let mut store = open(image.path());
    let there = holds(&store, told, case);
    assert_eq!(store.journal.needs_epoch().unwrap(), None, "{case}: a power cut is no damage");
    store.seal(&drafts(20)).unwrap();
    assert_eq!(holds(&store, told, case), there + usize::from(BATCH), "{case}");
}

#[test]
fn a_power_cut_at_any_named_point_loses_nothing_that_was_told() {
    let base = enrolled();
    for point in SealPoint::ALL {
        for seed in 0..10 {
            let dir = copied(base.path());
            let disk = Arc::new(Disk::of(dir.path()));
            let faults = Arc::new(CutAt { point, disk: Mutex::new(None) });
            let mut store = open_with(dir.path(), Arc::clone(&faults) as Arc<dyn FaultPoints>).unwrap();
            store.seal(&drafts(3)).unwrap();
            *faults.disk.lock().unwrap() = Some(Arc::clone(&disk));
            let told = store.seal(&drafts(4)).is_ok();
            assert!(disk.is_cut());
            drop(store);
            let told: &[u16] = if told { &[0, 1, 2, 3, 4] } else { &[0, 1, 2, 3] };
            assert_eq!(told.len() == 5, point == SealPoint::AfterCommit, "{point:?}");
            reopened(&disk, seed, told, &format!("{point:?}, seed {seed}"));
        }
    }
}

#[test]
fn a_power_cut_at_any_operation_of_sealing_loses_nothing_that_was_told() {
    let base = enrolled();
    // Five batches and the closing, which brings the log into the database and deletes it.
    let operations = {
        let dir = copied(base.path());
        let disk = Disk::of(dir.path());
        let mut store = open(dir.path());
        seal_on(&mut store, &disk);
        drop(store);
        disk.operations()
    };
    assert!(operations > 60, "{operations} operations: the layer sees them");
    for cut in 0..operations {
        let dir = copied(base.path());
        let disk = Disk::of(dir.path());
        disk.cut_after(cut);
        // The start itself may be cut.
        let told = match open_with(dir.path(), Arc::new(NoFaults)) {
            Ok(mut store) => seal_on(&mut store, &disk),
            Err(_) => vec![0, 1, 2],
        };
        for seed in 0..3 {
            reopened(&disk, seed * 1_000 + cut, &told, &format!("cut after {cut} operations, seed {}", seed * 1_000 + cut));
        }
    }
}

#[test]
fn a_power_cut_at_any_operation_of_the_first_start_leaves_a_folder_that_opens() {
    let empty = tempfile::tempdir().unwrap();
    std::fs::write(empty.path().join("reserve"), vec![0; terminal_core::store::RESERVE_BYTES]).unwrap();
    let start = |dir: &Path| -> Result<(), terminal_core::store::StoreError> {
        let mut store = open_with(dir, Arc::new(NoFaults))?;
        enrol(&mut store)?;
        store.seal(&drafts(0)).map(drop)
    };
    let mut cut = 0;
    loop {
        let dir = copied(empty.path());
        let disk = Disk::of(dir.path());
        disk.cut_after(cut);
        let told = start(dir.path()).is_ok();
        if !disk.is_cut() {
            assert!(cut > 30, "{cut} operations: the layer sees them");
            return;
        }
        let image = tempfile::tempdir().unwrap();
        disk.image(cut, image.path()).unwrap();
        let mut store = open(image.path());
        if store.journal.identity().unwrap().is_none() {
            assert!(!told);
            enrol(&mut store).unwrap();
        }
        holds(&store, if told { &[0] } else { &[] }, &format!("cut after {cut} operations"));
        cut += 1;
    }
}

/// The harness itself: a store that doesn't sync is caught.
#[test]
fn without_syncs_the_same_cuts_lose_what_was_told() {
    let mut lost = 0;
    for seed in 0..40 {
        let dir = tempfile::tempdir().unwrap();
        let disk = Disk::of(dir.path());
        let connection = rusqlite::Connection::open(dir.path().join("journal.db")).unwrap();
        connection.pragma_update(None, "journal_mode", "WAL").unwrap();
        connection.pragma_update(None, "synchronous", "OFF").unwrap();
        connection.execute_batch("CREATE TABLE entry (id INTEGER PRIMARY KEY, text TEXT)").unwrap();
        for id in 0..5 {
            connection.execute("INSERT INTO entry VALUES (?1, 'enregistré')", [id]).unwrap();
        }
        disk.cut_now();
        drop(connection);
        let image = tempfile::tempdir().unwrap();
        disk.image(seed, image.path()).unwrap();
        let found = rusqlite::Connection::open(image.path().join("journal.db"))
            .and_then(|connection| connection.query_row("SELECT count(*) FROM entry", [], |row| row.get::<_, i64>(0)));
        lost += usize::from(found != Ok(5));
    }
    assert!(lost > 30, "only {lost} of 40 cuts lost anything");
}
