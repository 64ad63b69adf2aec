//! A disk that is full, or that fails once.

use crate::tablet::*;
use disk::{Disk, Failure};
use terminal_core::store::StoreError;

#[test]
fn a_full_disk_is_told_as_full_and_all_is_well_once_there_is_room() {
    let base = enrolled();
    let dir = copied(base.path());
    let disk = Disk::of(dir.path());
    let mut store = open(dir.path());
    let mut told = vec![0, 1, 2];
    disk.full(true);
    let mut refused = Vec::new();
    for batch in 3..12 {
        match store.seal(&drafts(batch)) {
            Ok(_) => told.push(batch),
            Err(error) => {
                assert_eq!(error, StoreError::Full);
                refused.push(batch);
            }
        }
    }
    assert!(!refused.is_empty(), "the log has to grow");
    assert!(store.is_nearly_full(), "the reserve was given up first");
    holds(&store, &told, "full");
    disk.full(false);
    for batch in refused {
        store.seal(&drafts(batch)).unwrap();
        told.push(batch);
    }
    assert_eq!(holds(&store, &told, "room again"), told.len() * usize::from(BATCH));
    drop(store);
    assert_eq!(holds(&open(dir.path()), &told, "room again, reopened"), told.len() * usize::from(BATCH));
}

#[test]
fn a_full_disk_and_then_a_cut_lose_nothing_that_was_told() {
    let base = enrolled();
    for seed in 0..20 {
        let dir = copied(base.path());
        let disk = Disk::of(dir.path());
        let mut store = open(dir.path());
        store.seal(&drafts(3)).unwrap();
        disk.full(true);
        let told: Vec<u16> = (4..8).filter(|batch| store.seal(&drafts(*batch)).is_ok()).chain(0..4).collect();
        disk.cut_now();
        drop(store);
        let image = tempfile::tempdir().unwrap();
        disk.image(seed, image.path()).unwrap();
        holds(&open(image.path()), &told, &format!("full and cut, seed {seed}"));
    }
}

#[test]
fn a_write_or_a_sync_that_fails_once_is_told_and_costs_nothing_that_was_recorded() {
    let base = enrolled();
    for failure in [Failure::Write, Failure::Sync] {
        for after in 0..48 {
            let dir = copied(base.path());
            let disk = Disk::of(dir.path());
            let mut store = open(dir.path());
            disk.fail_after(after, failure);
            let mut told = vec![0, 1, 2];
            let mut refused = 0;
            for batch in 3..8 {
                // As a person does: once more.
                match store.seal(&drafts(batch)) {
                    Ok(_) => told.push(batch),
                    Err(error) => {
                        assert!(error.to_string().contains("PAS enregistré") || matches!(error, StoreError::Io { .. }), "{error}");
                        refused += 1;
                        store.seal(&drafts(batch)).unwrap();
                        told.push(batch);
                    }
                }
            }
            assert!(refused <= 1);
            let case = format!("{failure:?} fails after {after} operations");
            assert_eq!(holds(&store, &told, &case), told.len() * usize::from(BATCH));
            disk.cut_now();
            drop(store);
            let image = tempfile::tempdir().unwrap();
            disk.image(after, image.path()).unwrap();
            let store = open(image.path());
            assert_eq!(holds(&store, &told, &case), told.len() * usize::from(BATCH));
            assert_eq!(store.journal.needs_epoch().unwrap(), None, "{case}");
        }
    }
}
