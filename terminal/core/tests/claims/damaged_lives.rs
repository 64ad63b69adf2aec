//! A tablet of more than one life or epoch whose journal is damaged, and a second copy that follows it from life to life.

use crate::damage::copy_folder;
use crate::fixture::*;
use crate::second_copy::files;
use shared::id::{EntryId, SiteId};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use tempfile::{TempDir, tempdir};
use terminal_core::commands::verify::verify;
use terminal_core::door::Door;
use terminal_core::entropy::SeededEntropy;
use terminal_core::store::{Identity, NoFaults, Recorded, Store, public_key_of, set_aside};
use terminal_core::view::Act;

fn opened(dir: &Path) -> Store {
    Store::open(dir, Arc::new(NoFaults)).unwrap()
}

/// Arrivals, through a door over a store; which entries they became.
fn touched(store: Store, numbers: &[u16]) -> Vec<EntryId> {
    let seed = u64::from(numbers[0]);
    let mut door = Door::with_entropy(store, wednesday("07:42"), Box::new(SeededEntropy::new(seed))).unwrap();
    let touch = |number: &u16| {
        door.act(wednesday("07:42"), Act::Arrive(child(*number)));
        door.last_recorded().to_vec()
    };
    let sealed: Vec<EntryId> = numbers.iter().flat_map(touch).collect();
    assert_eq!(sealed.len(), numbers.len());
    sealed
}

/// The next life at the same site, as an enrolment writes it down.
fn begins(store: &mut Store, number: u16) {
    let next = store.next_key().unwrap();
    let old = store.journal.identity().unwrap().unwrap();
    store.enrol(&Identity { device: device(number), public_key: public_key_of(&next), epoch: 1, ..old }).unwrap();
}

fn accepted(store: &mut Store, entries: &[EntryId]) {
    let accepted = |entry: &EntryId| Recorded { entry: *entry, verdict: shared::wire::VerdictKind::Accepted, code: None };
    store.journal.record(&entries.iter().map(accepted).collect::<Vec<_>>()).unwrap();
}

/// Author of every entry that a store holds; `None` for those of this life.
fn authors(store: &Store) -> BTreeMap<EntryId, Option<[u8; 32]>> {
    let all = store.journal.all().unwrap();
    all.into_iter().map(|(sealed, author)| (sealed.decode_envelope().unwrap().entry_id, author)).collect()
}

/// A tablet in its second life: two entries of the first, of which the server has one, and one of this.
struct TwoLives {
    dir: TempDir,
    before: Vec<EntryId>,
    now: EntryId,
    old_key: [u8; 32],
}

fn two_lives() -> TwoLives {
    let dir = tempdir().unwrap();
    let before = {
        let mut store = opened(dir.path());
        enrol(&mut store, 1, roster());
        touched(store, &[LEA, TOM])
    };
    let mut store = opened(dir.path());
    let old_key = public_key_of(store.key());
    accepted(&mut store, &before[..1]);
    begins(&mut store, 2);
    let now = touched(store, &[AYA])[0];
    TwoLives { dir, before, now, old_key }
}

fn break_a_row(dir: &Path) {
    let connection = rusqlite::Connection::open(dir.join("journal.db")).unwrap();
    connection.execute("UPDATE entry SET first_day = first_day, envelope = x'00' WHERE own = 1", []).unwrap();
}

#[test]
fn a_further_life_is_no_damage_and_all_lives_are_verified_and_copied() {
    let TwoLives { dir, .. } = two_lives();
    for _ in 0..2 {
        let store = opened(dir.path());
        assert_eq!((store.journal.salvaged().unwrap(), set_aside(dir.path())), (None, vec![]));
        assert_eq!(store.journal.head().unwrap().unwrap().place.device, device(2));
    }
    let whole = verify(dir.path()).unwrap();
    assert!(whole.whole, "{whole:?}");
    assert_eq!((whole.own, whole.others, whole.copied, whole.not_copied), (3, 0, 3, 0));
    // A tablet whose program wrote no copy yet gets one of all of them.
    std::fs::remove_dir_all(dir.path().join("copy")).unwrap();
    drop(opened(dir.path()));
    assert_eq!(verify(dir.path()).unwrap().copied, 3);
    // What an earlier life sealed is verified by its own key.
    let connection = rusqlite::Connection::open(dir.path().join("journal.db")).unwrap();
    connection.execute("UPDATE entry SET signature = zeroblob(64) WHERE arrival = 1", []).unwrap();
    assert!(verify(dir.path()).unwrap().first_break.unwrap().contains("n'a pas la signature de son auteur"));
}

#[test]
fn what_an_earlier_life_sealed_is_salvaged_under_its_key_and_goes_on_waiting() {
    let TwoLives { dir: pristine, before, now, old_key } = two_lives();
    type Damage = fn(&Path);
    let cases: [(&str, Damage, u32); 4] = [
        ("one row, and the copy", break_a_row, 2),
        ("the copy alone", |dir| std::fs::write(dir.join("journal.db"), b"no database").unwrap(), 3),
        ("no journal at all", |dir| std::fs::remove_file(dir.join("journal.db")).unwrap(), 3),
        (
            "the journal alone",
            |dir| {
                std::fs::remove_dir_all(dir.join("copy")).unwrap();
                let connection = rusqlite::Connection::open(dir.join("journal.db")).unwrap();
                connection.execute("UPDATE device_twice SET site_name = 'École Vaubam'", []).unwrap();
            },
            2,
        ),
    ];
    for (case, damage, waiting) in cases {
        let dir = tempdir().unwrap();
        copy_folder(pristine.path(), dir.path());
        damage(dir.path());
        let store = opened(dir.path());
        assert!(store.journal.salvaged().unwrap().is_some(), "{case}");
        let expected = [(before[0], Some(old_key)), (before[1], Some(old_key)), (now, None)];
        assert_eq!(authors(&store), expected.into(), "{case}");
        assert_eq!(store.journal.queue().unwrap().unsent, waiting, "{case}: what the server has said is known, or it is offered again");
        let offered: Vec<EntryId> = store.journal.own(None, 10, usize::MAX).unwrap().into_iter().map(|own| own.entry).collect();
        assert_eq!(offered, [before[0], before[1], now], "{case}: in their order");
        let head = store.journal.head().unwrap().unwrap();
        assert_eq!((head.place.device, head.place.seq), (device(2), 1), "{case}");
        drop(store);
        assert_eq!(verify(dir.path()).unwrap().first_break, None, "{case}");
        drop(opened(dir.path()));
        assert!(set_aside(dir.path()).len() <= 1, "{case}: once is enough");
    }
}

#[test]
fn a_journal_older_than_the_last_enrolment_is_noticed_by_the_key_and_brought_up_to_it() {
    let dir = tempdir().unwrap();
    let before = {
        let mut store = opened(dir.path());
        enrol(&mut store, 1, roster());
        touched(store, &[LEA, TOM])
    };
    let older = std::fs::read(dir.path().join("journal.db")).unwrap();
    let mut store = opened(dir.path());
    begins(&mut store, 2);
    drop(store);
    std::fs::write(dir.path().join("journal.db"), &older).unwrap();
    let store = opened(dir.path());
    assert_eq!(store.journal.salvaged().unwrap().unwrap(), "le journal est plus ancien que sa copie");
    assert_eq!(store.journal.identity().unwrap().unwrap().device, device(2));
    assert!(authors(&store).iter().all(|(entry, author)| before.contains(entry) && author.is_some()));
    assert_eq!((authors(&store).len(), store.journal.queue().unwrap().unsent, store.journal.head().unwrap()), (2, 2, None));
}

#[test]
fn a_copy_that_missed_the_last_enrolment_is_not_taken_for_newer_than_the_journal() {
    let dir = tempdir().unwrap();
    let mut store = opened(dir.path());
    enrol(&mut store, 1, roster());
    touched(store, &[LEA, TOM]);
    let kept = dir.path().join("copy/device.json");
    let before = std::fs::read(&kept).unwrap();
    let mut store = opened(dir.path());
    begins(&mut store, 2);
    drop(store);
    // As if there had been no room for it.
    std::fs::write(&kept, &before).unwrap();
    let store = opened(dir.path());
    assert_eq!((store.journal.salvaged().unwrap(), set_aside(dir.path())), (None, vec![]));
    assert_eq!(store.journal.identity().unwrap().unwrap().device, device(2));
    assert_ne!(std::fs::read(&kept).unwrap(), before, "and a start writes it again");
}

#[test]
fn a_salvage_keeps_the_requests_for_epochs_that_wait_and_those_that_were_answered() {
    use shared::wire::EpochReason;
    let dir = tempdir().unwrap();
    let mut store = opened(dir.path());
    enrol(&mut store, 1, roster());
    touched(store, &[LEA]);
    let mut store = opened(dir.path());
    let answered = store.journal.set_needs_epoch(EpochReason::Restored).unwrap();
    store.journal.epoch_given(1, 2).unwrap();
    let waiting = store.journal.set_needs_epoch(EpochReason::Fork).unwrap();
    drop(store);
    break_a_row(dir.path());
    let mut store = opened(dir.path());
    assert!(store.journal.salvaged().unwrap().is_some());
    assert_eq!((store.journal.epochs_given().unwrap(), store.journal.needs_epoch().unwrap()), (vec![answered], Some(waiting)));
    // The answer to the one that waited is the answer to the salvage.
    store.journal.epoch_given(2, 3).unwrap();
    assert_eq!((store.journal.salvaged().unwrap(), store.journal.needs_epoch().unwrap()), (None, None));
    drop(store);
    // Nobody knows any more that an epoch was given, but the request by which it was.
    let connection = rusqlite::Connection::open(dir.path().join("journal.db")).unwrap();
    connection.execute("UPDATE device SET epoch = 2", []).unwrap();
    connection.execute("UPDATE device_twice SET epoch = 7", []).unwrap();
    drop(connection);
    std::fs::remove_dir_all(dir.path().join("copy")).unwrap();
    let store = opened(dir.path());
    let epoch = store.journal.identity().unwrap().unwrap().epoch;
    let asked = store.journal.needs_epoch().unwrap().unwrap();
    assert_eq!((epoch, asked.leaves, asked.reason), (3, 3, EpochReason::Salvage));
}

#[test]
fn a_request_that_cannot_be_read_does_not_end_every_exchange() {
    let dir = tempdir().unwrap();
    let mut store = opened(dir.path());
    enrol(&mut store, 1, roster());
    let request = store.journal.set_needs_epoch(shared::wire::EpochReason::Fork).unwrap();
    drop(store);
    let connection = rusqlite::Connection::open(dir.path().join("journal.db")).unwrap();
    connection.execute("UPDATE epoch_request SET reason = 'fourcge'", []).unwrap();
    drop(connection);
    let asked = opened(dir.path()).journal.needs_epoch().unwrap().unwrap();
    assert_eq!((asked.leaves, asked.id == request.id), (1, false), "another request takes its place");
}

#[test]
fn the_second_copy_knows_each_epoch_as_soon_as_it_is_given() {
    let dir = tempdir().unwrap();
    let mut store = opened(dir.path());
    enrol(&mut store, 1, roster());
    store.journal.epoch_given(1, 2).unwrap();
    // The power goes: no later start writes it again.
    let image = tempdir().unwrap();
    copy_folder(dir.path(), image.path());
    std::fs::write(image.path().join("journal.db"), b"no database").unwrap();
    std::fs::remove_file(image.path().join("journal.db-wal")).unwrap();
    assert_eq!(opened(image.path()).journal.identity().unwrap().unwrap().epoch, 2);
}

#[test]
fn a_tablet_that_changes_its_site_takes_its_second_copy_along_to_nowhere() {
    let dir = tempdir().unwrap();
    let mut store = opened(dir.path());
    enrol(&mut store, 1, roster());
    let sealed = touched(store, &[LEA, TOM]);
    let mut store = opened(dir.path());
    accepted(&mut store, &sealed);
    let old = store.journal.identity().unwrap().unwrap();
    let there = Identity { site: SiteId(uuid::Uuid::from_u128(0x11_1a5)), site_name: "Crèche des Lilas".into(), device: device(2), ..old };
    store.enrol(&there).unwrap();
    // The thread of the copy runs on over the same folder, and follows the tablet to its first entries there.
    store.roster.apply("epoch-1", 1, &puts(roster())).unwrap();
    let there = touched(store, &[AYA]);
    let whole = verify(dir.path()).unwrap();
    assert!(whole.whole, "{whole:?}");
    assert_eq!((whole.own, whole.copied, whole.not_copied), (1, 1, 0));
    let names = |file: &Path| ["Odette".as_bytes(), b"Vauban", child(TOM).0.as_bytes()].map(|n| holds(file, n));
    let left: Vec<_> = files(dir.path()).into_iter().filter(|f| !f.ends_with("roster.db") && names(f) != [false; 3]).collect();
    assert_eq!(left, Vec::<std::path::PathBuf>::new());
    let store = opened(dir.path());
    assert_eq!((store.journal.salvaged().unwrap(), authors(&store).into_keys().collect()), (None, there));
}

fn holds(file: &Path, needle: &[u8]) -> bool {
    std::fs::read(file).unwrap().windows(needle.len()).any(|window| window == needle)
}
