//! A newer program on the folder of an older one: whatever its tables were, all that it held is there, and the power may go.

use crate::tablet::*;
use disk::Disk;
use rusqlite::Connection;
use std::path::Path;
use std::sync::Arc;
use tempfile::TempDir;
use terminal_core::store::{NoFaults, StoreError, set_aside};

/// What each earlier version added to the tables, oldest first.
const TABLES: [&str; 3] =
    [include_str!("../golden/journal-1.sql"), include_str!("../golden/journal-2.sql"), include_str!("../golden/journal-3.sql")];

/// The folder of [`enrolled`] as a program of an earlier version leaves it, with a log that isn't in the file yet.
fn of_version(version: usize) -> TempDir {
    let base = enrolled();
    let (journal, old) = (base.path().join("journal.db"), base.path().join("old.db"));
    let connection = Connection::open(&old).unwrap();
    connection.pragma_update(None, "journal_mode", "WAL").unwrap();
    TABLES[..version].iter().for_each(|added| connection.execute_batch(added).unwrap());
    connection.execute("ATTACH ?1 AS now", [journal.to_str().unwrap()]).unwrap();
    let columns = |schema: &str, table: &str| -> Vec<String> {
        let mut statement = connection.prepare(&format!("SELECT name FROM {schema}.pragma_table_info('{table}')")).unwrap();
        let names: Result<Vec<String>, _> = statement.query_map([], |row| row.get(0)).unwrap().collect();
        names.unwrap()
    };
    for table in ["device", "entry", "note", "outbox"] {
        let kept = columns("now", table);
        let both: Vec<String> = columns("main", table).into_iter().filter(|name| kept.contains(name)).collect();
        let both = both.join(", ");
        connection.execute_batch(&format!("INSERT INTO main.{table} ({both}) SELECT {both} FROM now.{table}")).unwrap();
    }
    connection.execute_batch("DETACH now").unwrap();
    // Copied while it is open: its log stays, as after a power cut.
    for companion in ["", "-wal"] {
        std::fs::copy(base.path().join(format!("old.db{companion}")), base.path().join(format!("journal.db{companion}"))).unwrap();
    }
    drop(connection);
    std::fs::remove_file(old).unwrap();
    base
}

fn version_of(file: &Path) -> i64 {
    Connection::open(file).unwrap().pragma_query_value(None, "user_version", |row| row.get(0)).unwrap()
}

fn entries_of(file: &Path) -> usize {
    let count: i64 = Connection::open(file).unwrap().query_row("SELECT count(*) FROM entry", [], |row| row.get(0)).unwrap();
    usize::try_from(count).unwrap()
}

#[test]
fn a_journal_of_any_earlier_program_opens_with_all_that_it_held_and_stays_beside_the_new_one() {
    for version in 1..=TABLES.len() {
        let dir = of_version(version);
        assert_eq!(version_of(&copied(dir.path()).path().join("journal.db")), i64::try_from(version).unwrap());
        let case = format!("version {version}");
        let store = open(dir.path());
        assert_eq!(holds(&store, &[0, 1, 2], &case), 9);
        assert_eq!((store.journal.needs_epoch().unwrap(), set_aside(dir.path())), (None, vec![]), "{case}: nothing is damaged");
        drop(store);
        let old = dir.path().join(format!("journal.db.avant-{version}"));
        assert_eq!((version_of(&old), entries_of(&old)), (i64::try_from(version).unwrap(), 9), "{case}: an older program reads it");
        holds(&open(dir.path()), &[0, 1, 2], &case);
    }
}

#[test]
fn a_power_cut_at_any_operation_of_an_upgrade_loses_nothing() {
    let base = of_version(1);
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
        let case = format!("cut after {cut} operations of an upgrade");
        let store = open(image.path());
        assert_eq!(holds(&store, &[0, 1, 2], &case), 9);
        // The roster, which the program opens next, may be set aside by what it does after the power has gone.
        let mut aside = set_aside(image.path());
        aside.retain(|name| name.starts_with("journal"));
        assert_eq!((store.journal.needs_epoch().unwrap(), aside), (None, vec![]), "{case}: nothing is damaged");
        cut += 1;
    }
}

#[test]
fn a_forgotten_child_leaves_the_journal_of_before_the_upgrade_too() {
    let dir = of_version(1);
    let mut store = open(dir.path());
    let old = dir.path().join("journal.db.avant-1");
    let holds = |needle: &[u8]| std::fs::read(&old).unwrap().windows(needle.len()).any(|window| window == needle);
    assert!(holds(b"note 0") && holds(b"note 5"));
    store.journal.forget(&names(0)).unwrap();
    assert!(!holds(b"note 0"), "what was kept still tells");
    assert!(holds(b"note 5"), "the others stay");
}

#[test]
fn a_full_disk_may_put_an_upgrade_off_and_costs_nothing() {
    let dir = of_version(1);
    let disk = Disk::of(dir.path());
    disk.full(true);
    if let Err(error) = open_with(dir.path(), Arc::new(NoFaults)).map(drop) {
        assert_eq!(error, StoreError::Full, "it is said as what it is");
    }
    disk.full(false);
    let store = open(dir.path());
    assert_eq!(holds(&store, &[0, 1, 2], "room again"), 9);
    assert_eq!(set_aside(dir.path()), Vec::<String>::new());
}
