use crate::fixture::*;
use proptest::prelude::*;
use shared::journal::{ChainHead, Kind, Place, StoredEntry, VerifyingKey, verify};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use tempfile::tempdir;
use terminal_core::door::Door;
use terminal_core::store::{Identity, NoFaults, RESERVE_BYTES, Store, StoreError};
use terminal_core::view::{Act, Screen, TileState, Tone};

pub fn chain_holds(store: &Store) -> usize {
    let identity = store.journal.identity().unwrap().unwrap();
    let key = VerifyingKey::from_bytes(&identity.public_key).unwrap();
    let all = store.journal.all().unwrap();
    let stored = all.iter().map(|(s, _)| StoredEntry { envelope: &s.envelope, signature: &s.signature, private: s.private.as_ref() });
    let report = verify(stored, &[(identity.device, key)].into());
    assert!(report.is_whole(), "{report:?}");
    report.entries
}

#[test]
fn one_program_owns_the_folder() {
    let dir = tempdir().unwrap();
    let first = Store::open(dir.path(), Arc::new(NoFaults)).unwrap();
    let second = Store::open(dir.path(), Arc::new(NoFaults)).map(|_| ());
    assert!(matches!(&second, Err(StoreError::AlreadyOpen(_))), "{second:?}");
    let thread = first.second().unwrap();
    drop(first);
    assert!(Store::open(dir.path(), Arc::new(NoFaults)).is_err(), "the sync thread still holds it");
    drop(thread);
    assert!(Store::open(dir.path(), Arc::new(NoFaults)).is_ok());
}

#[test]
fn the_devices_key_is_for_its_owner_alone_and_is_missed_when_it_is_gone() {
    let dir = tempdir().unwrap();
    drop(door_in(dir.path(), wednesday("07:40")));
    let key = dir.path().join("device.key");
    assert_eq!(std::fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(std::fs::read(&key).unwrap().len(), 32);
    std::fs::write(&key, [7; 32]).unwrap();
    let other = Store::open(dir.path(), Arc::new(NoFaults)).map(|_| ()).unwrap_err();
    assert!(other.to_string().contains("ce n'est pas la clé enrôlée"), "{other}");
    std::fs::remove_file(&key).unwrap();
    let none = Store::open(dir.path(), Arc::new(NoFaults)).map(|_| ()).unwrap_err();
    assert!(none.to_string().contains("la clé de la tablette manque"), "{none}");
}

#[test]
fn a_full_database_says_so_in_red_changes_nothing_and_works_again() {
    let dir = tempdir().unwrap();
    let mut door = door_with(dir.path(), wednesday("07:40"), 1, [roster(), crowd(300)].concat());
    door.store().journal.limit_pages(1).unwrap();
    let mut recorded = 0;
    let mut full = None;
    for number in 100..400 {
        let screen = door.act(wednesday("07:42"), Act::Touch(child(number)));
        if door.last_recorded().is_empty() {
            full = Some((number, screen));
            break;
        }
        recorded += 1;
    }
    let (number, screen) = full.expect("a database that can't grow fills up");
    assert_eq!(screen.notice.as_ref().unwrap().tone, Tone::Red);
    assert_eq!(said(&screen), StoreError::Full.to_string());
    assert_eq!(tile(&screen, number).state, TileState::Expected, "what isn't durable isn't green");
    assert_eq!(screen.counters.present, recorded);
    assert_eq!(chain_holds(door.store()), usize::try_from(recorded).unwrap());
    assert!(door.store().is_nearly_full(), "the reserve was given up before anything was refused");

    door.store().journal.limit_pages(1_000_000).unwrap();
    let screen = door.act(wednesday("07:43"), Act::Touch(child(number)));
    assert_eq!(tile(&screen, number).state, TileState::Present);
    assert_eq!(chain_holds(door.store()), usize::try_from(recorded).unwrap() + 1);
}

/// Names the folder to mount a small disk on, for the child process of the test below.
const SMALL_DISK: &str = "PREAU_TEST_SMALL_DISK";
const THIS_TEST: &str = "storage::a_full_disk_gives_up_its_reserve_before_it_refuses_an_entry";

/// Fills a small disk of its own: mounted by root, else in a child process that is root in a user namespace. A machine that allows
/// neither says that it was skipped, which is a failure where `CI=true`.
#[test]
fn a_full_disk_gives_up_its_reserve_before_it_refuses_an_entry() {
    if let Some(folder) = std::env::var_os(SMALL_DISK) {
        // In the namespace: the disk goes with the process.
        assert!(mount_small_disk(Path::new(&folder)), "a user namespace without the right to mount");
        return fill_the_disk(Path::new(&folder));
    }
    let dir = tempdir().unwrap();
    if mount_small_disk(dir.path()) {
        let outcome = std::panic::catch_unwind(|| fill_the_disk(dir.path()));
        assert!(Command::new("umount").arg(dir.path()).status().unwrap().success());
        return outcome.unwrap();
    }
    let as_root = ["--user", "--map-root-user", "--mount"];
    if Command::new("unshare").args(as_root).arg("true").output().is_ok_and(|out| out.status.success()) {
        let mut inside = Command::new("unshare");
        inside.args(as_root).arg(std::env::current_exe().unwrap()).args(["--exact", THIS_TEST, "--nocapture"]);
        let out = inside.env(SMALL_DISK, dir.path()).output().unwrap();
        let said = String::from_utf8_lossy(&out.stdout);
        assert!(out.status.success() && said.contains("1 passed"), "{said}{}", String::from_utf8_lossy(&out.stderr));
        return;
    }
    assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "no right to mount a small disk, and nothing is skipped where CI=true");
    eprintln!("skipped: neither root nor a user namespace may mount a small disk here");
}

fn mount_small_disk(folder: &Path) -> bool {
    let size = format!("size={}", RESERVE_BYTES + 3 * 1024 * 1024);
    let mount = Command::new("mount").args(["-t", "tmpfs", "-o", &size, "none"]).arg(folder).output();
    mount.is_ok_and(|out| out.status.success())
}

fn fill_the_disk(disk: &Path) {
    let mut door = door_with(disk, wednesday("07:40"), 1, [roster(), crowd(300)].concat());
    assert!(!door.store().is_nearly_full());
    // Somebody else's file takes all the room that is left.
    let mut rubbish = std::fs::File::create(disk.join("rubbish")).unwrap();
    while std::io::Write::write_all(&mut rubbish, &[7; 4096]).is_ok() {}

    let mut screen = Screen::default();
    for number in 100..300 {
        screen = door.act(wednesday("07:42"), Act::Touch(child(number)));
        assert_eq!(door.last_recorded().len(), 1, "{number}: {}", said(&screen));
    }
    assert!(door.store().is_nearly_full());
    assert_eq!(screen.counters.present, 200);
    let screen = door.act(wednesday("07:43"), Act::Search(String::new()));
    assert!(said(&screen).contains("presque plein"), "{}", said(&screen));

    // The room comes back: so does the reserve, at the next start.
    drop(rubbish);
    std::fs::remove_file(disk.join("rubbish")).unwrap();
    drop(door);
    let store = Store::open(disk, Arc::new(NoFaults)).unwrap();
    assert!(!store.is_nearly_full());
    assert_eq!(chain_holds(&store), 200);
}

#[test]
fn data_of_a_newer_program_is_not_touched() {
    let dir = tempdir().unwrap();
    drop(door_in(dir.path(), wednesday("07:40")));
    let connection = rusqlite::Connection::open(dir.path().join("journal.db")).unwrap();
    connection.pragma_update(None, "user_version", 99).unwrap();
    drop(connection);
    let error = Store::open(dir.path(), Arc::new(NoFaults)).map(|_| ()).unwrap_err();
    assert!(matches!(error, StoreError::Newer { found: 99, .. }), "{error:?}");
}

#[test]
fn a_journal_that_another_holds_for_long_says_so_and_records_nothing() {
    let dir = tempdir().unwrap();
    let mut door = door_in(dir.path(), wednesday("07:40"));
    let other = rusqlite::Connection::open(dir.path().join("journal.db")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let screen = door.act(wednesday("07:42"), Act::Touch(child(LEA)));
    assert_eq!(said(&screen), StoreError::Busy.to_string());
    assert_eq!(tile(&screen, LEA).state, TileState::Expected);
    other.execute_batch("ROLLBACK").unwrap();
    let screen = door.act(wednesday("07:42"), Act::Touch(child(LEA)));
    assert_eq!(tile(&screen, LEA).state, TileState::Present);
}

#[test]
fn a_new_epoch_opens_with_an_entry_that_carries_the_last_hash() {
    let dir = tempdir().unwrap();
    let mut door = door_in(dir.path(), wednesday("07:40"));
    door.act(wednesday("07:42"), Act::Touch(child(LEA)));
    drop(door);
    let mut store = Store::open(dir.path(), Arc::new(NoFaults)).unwrap();
    let identity = store.journal.identity().unwrap().unwrap();
    let last = store.journal.head().unwrap().unwrap();
    store.journal.enrol(&Identity { epoch: 2, ..identity.clone() }).unwrap();
    let mut door = Door::open(store, wednesday("07:50")).unwrap();
    door.act(wednesday("07:51"), Act::Touch(child(TOM)));
    let kinds: Vec<Kind> =
        door.last_recorded().iter().map(|id| door.store().journal.own_entry(*id).unwrap().unwrap().envelope.kind).collect();
    assert_eq!(kinds, [Kind::EpochOpened, Kind::Arrived]);
    let opened = door.store().journal.own_entry(door.last_recorded()[0]).unwrap().unwrap();
    assert_eq!((opened.envelope.prev_hash, opened.envelope.place.seq), (last.hash, 1));
    assert_eq!(chain_holds(door.store()), 3);
    // An old answer doesn't bring the old epoch back.
    drop(door);
    let mut store = Store::open(dir.path(), Arc::new(NoFaults)).unwrap();
    store.journal.enrol(&identity).unwrap();
    assert_eq!(store.journal.identity().unwrap().unwrap().epoch, 2);
}

#[test]
fn a_tablet_with_entries_is_not_moved_to_another_site() {
    let dir = tempdir().unwrap();
    let mut door = door_in(dir.path(), wednesday("07:40"));
    door.act(wednesday("07:42"), Act::Touch(child(LEA)));
    drop(door);
    let mut store = Store::open(dir.path(), Arc::new(NoFaults)).unwrap();
    let identity = store.journal.identity().unwrap().unwrap();
    let elsewhere = Identity { site: shared::id::SiteId::new(5, [5; 10]), ..identity };
    assert!(matches!(store.journal.enrol(&elsewhere), Err(StoreError::EnrolledElsewhere { waiting: 1, .. })));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, ..ProptestConfig::default() })]

    /// Whatever is touched, in whatever order: the chain has no hole, verifies, and a restart shows the same board.
    #[test]
    fn any_day_is_a_whole_chain_and_survives_a_restart(acts in prop::collection::vec((0_u8..8, 1_u16..7, 0_i64..900_000), 1..30)) {
        let dir = tempdir().unwrap();
        let mut door = door_in(dir.path(), wednesday("07:40"));
        let mut now = wednesday("07:41");
        for (act, who, wait_ms) in acts {
            now = later(now, wait_ms);
            let act = match act {
                0..=2 => Act::Touch(child(who)),
                3 => Act::Confirm,
                4 => Act::Adult(person(JULIEN)),
                5 => Act::Undo,
                6 => Act::Absent(child(who)),
                _ => Act::Badge(FAMILY_CARD.into()),
            };
            door.act(now, act);
        }
        door.act(now, Act::Close);
        door.act(now, Act::Close);
        let entries = chain_holds(door.store());
        let head = door.store().journal.head().unwrap();
        let seq = head.map_or(0, |ChainHead { place: Place { seq, .. }, .. }| seq);
        prop_assert_eq!(usize::try_from(seq).unwrap(), entries);
        let before = door.screen(now);
        drop(door);
        let after = door_in(dir.path(), now).screen(now);
        prop_assert_eq!(before.tiles, after.tiles);
        prop_assert_eq!(before.counters, after.counters);
    }
}
