//! A disk that rots, and one whose power goes while the damage is being mended.

use crate::tablet::*;
use disk::{Disk, flip};
use std::sync::Arc;
use terminal_core::store::{NoFaults, Peek, StoreError, set_aside};

#[test]
fn bits_that_flip_anywhere_in_the_journal_cost_nothing_that_was_told() {
    let base = enrolled();
    let mut salvaged = 0;
    for seed in 0..120 {
        let dir = copied(base.path());
        flip(&dir.path().join("journal.db"), seed, 1 + usize::try_from(seed % 20).unwrap()).unwrap();
        let case = format!("flips of seed {seed}");
        let store = open(dir.path());
        drop(store);
        // A start looks at what came since the last one; the rest is seen by whoever reads it.
        let whole = Peek::open(dir.path()).unwrap().verify(dir.path()).unwrap();
        if let Some(why) = whole.first_break {
            let store = open(dir.path());
            assert!(store.suspect(&StoreError::Damaged { path: "journal.db".into(), why }));
        }
        let store = open(dir.path());
        holds(&store, &[0, 1, 2], &case);
        let aside = set_aside(dir.path());
        assert_eq!(store.journal.needs_epoch().unwrap().is_some(), !aside.is_empty(), "{case}: {aside:?}");
        salvaged += usize::from(!aside.is_empty());
    }
    assert!((30..120).contains(&salvaged), "{salvaged} of 120 journals were salvaged");
}

#[test]
fn a_power_cut_at_any_operation_of_a_salvage_loses_nothing() {
    let base = enrolled();
    let journal = base.path().join("journal.db");
    let mut bytes = std::fs::read(&journal).unwrap();
    bytes[4096..8192].fill(0xA7);
    std::fs::write(&journal, &bytes).unwrap();
    let mut cut = 0;
    loop {
        let dir = copied(base.path());
        let disk = Disk::of(dir.path());
        disk.cut_after(cut);
        let opened = open_with(dir.path(), Arc::new(NoFaults)).map(drop);
        if !disk.is_cut() {
            opened.unwrap();
            assert!(cut > 30, "{cut} operations: the layer sees them");
            return;
        }
        let image = tempfile::tempdir().unwrap();
        disk.image(cut, image.path()).unwrap();
        let case = format!("cut after {cut} operations of a salvage");
        let store = open(image.path());
        holds(&store, &[0, 1, 2], &case);
        assert!(store.journal.needs_epoch().unwrap().is_some(), "{case}");
        let aside = set_aside(image.path());
        let kept =
            aside.iter().filter(|name| name.starts_with("journal.db")).any(|name| std::fs::read(image.path().join(name)).unwrap() == bytes);
        assert!(kept, "{case}: the damaged file is gone: {aside:?}");
        cut += 1;
    }
}
