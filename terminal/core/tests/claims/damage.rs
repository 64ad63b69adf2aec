//! A journal that is damaged is set aside, salvaged, and the tablet goes on.

use crate::fixture::*;
use crate::storage::chain_holds;
use shared::id::EntryId;
use shared::journal::Sealed;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use tempfile::tempdir;
use terminal_core::commands::status::status;
use terminal_core::door::Door;
use terminal_core::entropy::SeededEntropy;
use terminal_core::store::{Identity, NoFaults, Store, set_aside};
use terminal_core::view::{Act, TileState, Tone};

/// Own and others' entries by id.
fn entries(store: &Store) -> BTreeMap<EntryId, Sealed> {
    let all = store.journal.all().unwrap();
    let count = all.len();
    let by_id: BTreeMap<EntryId, Sealed> = all.into_iter().map(|(s, _)| (s.decode_envelope().unwrap().entry_id, s)).collect();
    assert_eq!(by_id.len(), count, "an entry is there twice");
    by_id
}

/// A tablet with a morning behind it, closed; what it holds.
fn a_morning(dir: &Path) -> BTreeMap<EntryId, Sealed> {
    let mut door = door_with(dir, wednesday("07:40"), 1, [roster(), crowd(100)].concat());
    for number in 100..160 {
        door.act(wednesday("07:42"), Act::Touch(child(number)));
    }
    door.act(wednesday("08:00"), Act::Touch(child(LEA)));
    leaves_with_a_stranger(&mut door, wednesday("16:30"), LEA, "Camille Tanguy");
    let held = entries(door.store());
    assert_eq!(held.len(), 62);
    held
}

/// An entry of another tablet, as the line brings it.
fn of_another(dir: &Path) -> EntryId {
    let elsewhere = tempdir().unwrap();
    let mut door = door_with(elsewhere.path(), wednesday("07:40"), 2, roster());
    door.act(wednesday("07:45"), Act::Touch(child(TOM)));
    let entry = door.store().journal.own_entry(door.last_recorded()[0]).unwrap().unwrap();
    let key = door.store().key().verifying_key();
    let mut store = Store::open(dir, Arc::new(NoFaults)).unwrap();
    store.journal.keep_others(&[(entry.sealed, key)]).unwrap();
    entry.envelope.entry_id
}

fn damage(dir: &Path, name: &str, change: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let path = dir.join(name);
    let mut bytes = std::fs::read(&path).unwrap();
    change(&mut bytes);
    std::fs::write(&path, &bytes).unwrap();
    bytes
}

fn opened(dir: &Path) -> Store {
    Store::open(dir, Arc::new(NoFaults)).unwrap()
}

fn journals_aside(dir: &Path) -> Vec<String> {
    set_aside(dir).into_iter().filter(|name| name.starts_with("journal.db")).collect()
}

#[test]
fn a_file_that_is_no_database_any_more_is_set_aside_and_the_copy_gives_everything_back() {
    let dir = tempdir().unwrap();
    let held = a_morning(dir.path());
    let torn = damage(dir.path(), "journal.db", |bytes| bytes.iter_mut().for_each(|byte| *byte ^= 0x5A));
    let store = opened(dir.path());
    assert_eq!(entries(&store), held, "the same sealed bytes, payloads and notes");
    assert_eq!(chain_holds(&store), held.len());
    let aside = journals_aside(dir.path());
    assert_eq!(aside.len(), 1);
    assert!(aside[0].starts_with("journal.db.corrompu-20"), "{aside:?}");
    assert_eq!(std::fs::read(dir.path().join(&aside[0])).unwrap(), torn, "what is set aside stays as it was");
    assert_eq!(store.journal.queue().unwrap().unsent, 62, "nobody knows what the server has: it is offered again");
    assert!(store.journal.needs_epoch().unwrap().is_some());
    assert_eq!(store.journal.identity().unwrap().unwrap().site_name, "École Vauban");
    drop(store);
    drop(opened(dir.path()));
    assert_eq!(journals_aside(dir.path()), aside, "once is enough");
}

#[test]
fn whatever_page_is_damaged_nothing_is_lost_and_nothing_is_there_twice() {
    let pristine = tempdir().unwrap();
    a_morning(pristine.path());
    let other = of_another(pristine.path());
    let held = entries(&opened(pristine.path()));
    assert_eq!(held.len(), 63);
    let size = std::fs::metadata(pristine.path().join("journal.db")).unwrap().len();
    let mut others_lost = 0;
    let pages = usize::try_from(size / 4096).unwrap();
    for page in 0..pages {
        let dir = tempdir().unwrap();
        copy_folder(pristine.path(), dir.path());
        damage(dir.path(), "journal.db", |bytes| bytes[page * 4096..(page + 1) * 4096].fill(0xA7));
        let store = opened(dir.path());
        let mut found = entries(&store);
        // What others sealed is in the journal alone; the server sends it again.
        others_lost += usize::from(found.insert(other, held[&other].clone()).is_none());
        assert_eq!(found, held, "page {page}");
        assert!(store.roster.server_epoch().unwrap() != "epoch-1" || journals_aside(dir.path()).is_empty(), "page {page}: pulled whole");
        assert!(store.journal.identity().unwrap().is_some(), "page {page}");
    }
    assert!(others_lost <= pages / 4, "only the schema, the roots and its own page cost it: {others_lost} of {pages}");
}

pub fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for file in std::fs::read_dir(from).unwrap().flatten() {
        match file.file_type().unwrap().is_dir() {
            true => copy_folder(&file.path(), &to.join(file.file_name())),
            false => drop(std::fs::copy(file.path(), to.join(file.file_name())).unwrap()),
        }
    }
}

#[test]
fn a_journal_without_its_copy_gives_what_its_pages_still_hold() {
    let dir = tempdir().unwrap();
    let held = a_morning(dir.path());
    std::fs::remove_dir_all(dir.path().join("copy")).unwrap();
    let whole = std::fs::read(dir.path().join("journal.db")).unwrap();
    let pages = whole.len() / 4096;
    // A page of rows (SQLite's leaf of a table, 0x0d) that came with the morning: not one that leads to others, nor one of the schema.
    let page = (0..pages).map(|page| page * 4096).rfind(|at| whole[*at] == 0x0d).unwrap();
    damage(dir.path(), "journal.db", |bytes| bytes[page..page + 4096].fill(0xA7));
    let store = opened(dir.path());
    let found = entries(&store);
    assert!(found.iter().all(|(entry, sealed)| held[entry].envelope == sealed.envelope));
    assert!(found.len() + 20 > held.len(), "one page holds a few entries: {} of {}", found.len(), held.len());
    assert!(store.journal.identity().unwrap().is_some());
}

#[test]
fn a_payload_that_is_not_what_was_signed_is_taken_from_the_copy() {
    let dir = tempdir().unwrap();
    let held = a_morning(dir.path());
    // After the last checkpoint: a start verifies it.
    let needle = *child(LEA).0.as_bytes();
    damage(dir.path(), "journal.db", |bytes| {
        let at = bytes.windows(16).position(|window| window == needle).unwrap();
        bytes[at + 3] ^= 1;
    });
    let store = opened(dir.path());
    assert!(store.journal.salvaged().unwrap().unwrap().contains("n'est pas celui qui a été signé"));
    assert_eq!(entries(&store), held);
    drop(store);
    // Behind the checkpoint it is seen when somebody looks: by `verify`, or by the door.
    damage(dir.path(), "journal.db", |bytes| {
        let at = bytes.windows(16).position(|window| window == needle).unwrap();
        bytes[at + 3] ^= 1;
    });
    let found = terminal_core::commands::verify::verify(dir.path()).unwrap();
    assert!(found.first_break.unwrap().contains("n'a pas le contenu"));
    // Who reads that has it repaired: the next start takes the entry from the copy.
    drop(opened(dir.path()));
    terminal_core::commands::verify::verify_and_repair(dir.path()).unwrap();
    assert_eq!(entries(&opened(dir.path())), held);
    assert_eq!(terminal_core::commands::verify::verify(dir.path()).unwrap().first_break, None);
}

#[test]
fn a_log_cut_short_is_noticed_by_the_copy() {
    let dir = tempdir().unwrap();
    let mut door = door_in(dir.path(), wednesday("07:40"));
    door.act(wednesday("07:42"), Act::Touch(child(LEA)));
    drop(door);
    let older = std::fs::read(dir.path().join("journal.db")).unwrap();
    let mut door = door_in(dir.path(), wednesday("07:40"));
    door.act(wednesday("07:43"), Act::Touch(child(TOM)));
    let held = entries(door.store());
    drop(door);
    // The database as it was, its log gone: SQLite finds nothing wrong with it.
    std::fs::write(dir.path().join("journal.db"), &older).unwrap();
    let store = opened(dir.path());
    assert_eq!(entries(&store), held);
    assert_eq!(store.journal.salvaged().unwrap().unwrap(), "le journal est plus ancien que sa copie");
}

#[test]
fn a_log_cut_short_of_others_entries_only_makes_the_tablet_ask_for_everything_again() {
    let dir = tempdir().unwrap();
    a_morning(dir.path());
    let older = std::fs::read(dir.path().join("journal.db")).unwrap();
    of_another(dir.path());
    let mut store = opened(dir.path());
    store.roster.apply("e1", 7, &[]).unwrap();
    store.roster.set_told(store.journal.told().unwrap()).unwrap();
    drop(store);
    assert_eq!(opened(dir.path()).roster.server_epoch().unwrap(), "e1", "all is there: nothing is asked again");
    // Its own entries are all there, and the copy knows of no others.
    std::fs::write(dir.path().join("journal.db"), &older).unwrap();
    assert_ne!(opened(dir.path()).roster.server_epoch().unwrap(), "e1");
}

#[test]
fn a_journal_that_somebody_deleted_comes_back_from_the_copy() {
    let dir = tempdir().unwrap();
    let held = a_morning(dir.path());
    std::fs::remove_file(dir.path().join("journal.db")).unwrap();
    let store = opened(dir.path());
    assert_eq!(entries(&store), held);
    assert_eq!(store.journal.identity().unwrap().unwrap().device, device(1));
}

#[test]
fn sealing_goes_on_behind_the_best_head_and_the_screen_says_what_happened() {
    let dir = tempdir().unwrap();
    let held = a_morning(dir.path());
    damage(dir.path(), "journal.db", |bytes| bytes[..100].fill(0));
    let mut door = Door::open(opened(dir.path()), wednesday("17:00")).unwrap();
    let screen = door.screen(wednesday("17:00"));
    let notice = screen.notice.clone().unwrap();
    assert!(notice.text.contains("était abîmé") && notice.tone == Tone::Amber, "{notice:?}");
    assert!(screen.sync.text.starts_with("Journal réparé : prévenez l'administration"), "{}", screen.sync.text);
    assert_eq!(tile(&screen, 100).state, TileState::Present, "the board is that of before");
    let screen = door.act(wednesday("17:01"), Act::Touch(child(NOE)));
    assert_eq!(tile(&screen, NOE).state, TileState::Present);
    let sealed = door.store().journal.own_entry(door.last_recorded()[0]).unwrap().unwrap();
    assert_eq!((sealed.envelope.place.epoch, sealed.envelope.place.seq), (1, held.len() as u64 + 1));
    assert_eq!(chain_holds(door.store()), held.len() + 1);
    drop(door);

    let said = status(dir.path()).unwrap();
    assert!(said.salvaged.is_some() && said.set_aside.len() == 1, "{said:?}");
    assert!(said.in_words().contains("réparé (") && said.in_words().contains("journal.db.corrompu-"), "{}", said.in_words());

    // The server's next epoch ends it.
    let mut store = opened(dir.path());
    let identity = store.journal.identity().unwrap().unwrap();
    store.journal.enrol(&identity).unwrap();
    assert!(store.journal.salvaged().unwrap().is_some(), "the same epoch again answers nothing");
    store.journal.enrol(&Identity { epoch: 2, ..identity }).unwrap();
    assert_eq!((store.journal.needs_epoch().unwrap(), store.journal.salvaged().unwrap()), (None, None));
    let door = Door::open(store, wednesday("17:02")).unwrap();
    assert!(!door.screen(wednesday("17:02")).sync.text.contains("réparé"));
}

#[test]
fn a_salvage_that_was_cut_at_any_of_its_moves_goes_on_from_there() {
    let pristine = tempdir().unwrap();
    let held = a_morning(pristine.path());
    let damaged = damage(pristine.path(), "journal.db", |bytes| bytes[..100].fill(0));
    let salvaged = tempdir().unwrap();
    copy_folder(pristine.path(), salvaged.path());
    drop(opened(salvaged.path()));
    let fresh = std::fs::read(salvaged.path().join("journal.db")).unwrap();
    let date = "2026-10-14T0742";
    // Names, and what is under them; `None`: nothing any more.
    type Files<'a> = &'a [(&'a str, Option<&'a [u8]>)];
    let steps: [Files<'_>; 3] = [
        &[("journal.db.part", Some(&fresh[..fresh.len() / 2]))],
        &[(&format!("journal.db.repris-{date}"), Some(&fresh))],
        &[
            (&format!("journal.db.repris-{date}"), Some(&fresh)),
            (&format!("journal.db.corrompu-{date}"), Some(&damaged)),
            ("journal.db", None),
        ],
    ];
    for (number, files) in steps.into_iter().enumerate() {
        let dir = tempdir().unwrap();
        copy_folder(pristine.path(), dir.path());
        for (name, bytes) in files {
            let path = dir.path().join(name);
            bytes.map_or_else(|| std::fs::remove_file(&path), |bytes| std::fs::write(&path, bytes)).unwrap();
        }
        let store = opened(dir.path());
        assert_eq!(entries(&store), held, "cut {number}");
        assert!(store.journal.needs_epoch().unwrap().is_some(), "cut {number}");
        let aside = journals_aside(dir.path());
        assert_eq!(aside.len(), 1, "cut {number}: {aside:?}");
        assert_eq!(std::fs::read(dir.path().join(&aside[0])).unwrap(), damaged, "cut {number}");
        let left: Vec<_> = std::fs::read_dir(dir.path()).unwrap().flatten().map(|f| f.file_name().into_string().unwrap()).collect();
        assert!(!left.iter().any(|name| name.contains("part") || name.contains("repris")), "cut {number}: {left:?}");
    }
}

#[test]
fn a_forgotten_child_leaves_what_was_set_aside_too() {
    let dir = tempdir().unwrap();
    a_morning(dir.path());
    damage(dir.path(), "journal.db", |bytes| bytes[..100].fill(0));
    let mut store = opened(dir.path());
    let about: Vec<EntryId> = entries(&store)
        .into_iter()
        .filter(|(_, sealed)| {
            let payload = &sealed.private.as_ref().unwrap().payload;
            payload.windows(16).any(|window| window == child(LEA).0.as_bytes())
        })
        .map(|(entry, _)| entry)
        .collect();
    assert_eq!(about.len(), 2);
    let aside = dir.path().join(&journals_aside(dir.path())[0]);
    let holds = |needle: &[u8]| std::fs::read(&aside).unwrap().windows(needle.len()).any(|w| w == needle);
    assert!(holds(b"Tanguy") && holds(child(LEA).0.as_bytes()));
    store.journal.forget(&about).unwrap();
    assert!(!holds(b"Tanguy") && !holds(child(LEA).0.as_bytes()), "what was set aside still names her");
    assert!(holds(child(100).0.as_bytes()), "the others stay, for whoever can read more of it");
}

#[test]
fn what_was_forgotten_is_not_brought_back_by_a_salvage() {
    let dir = tempdir().unwrap();
    let held = a_morning(dir.path());
    let segment = dir.path().join("copy/2026-10.seg");
    let before = std::fs::read(&segment).unwrap();
    let about = *held.iter().find(|(_, sealed)| !sealed.private.as_ref().unwrap().notes.is_empty()).unwrap().0;
    let mut store = opened(dir.path());
    store.journal.forget(&[about]).unwrap();
    drop(store);
    // The power went before the copy forgot, and another entry rotted.
    std::fs::write(&segment, before).unwrap();
    let connection = rusqlite::Connection::open(dir.path().join("journal.db")).unwrap();
    connection.execute("UPDATE entry SET envelope = x'00' WHERE arrival = 5", []).unwrap();
    drop(connection);
    let store = opened(dir.path());
    assert!(store.journal.needs_epoch().unwrap().is_some(), "it was salvaged");
    let found = entries(&store);
    assert_eq!((found.len(), &found[&about].private), (held.len(), &None));
    drop(store);
    let left = std::fs::read(&segment).unwrap();
    assert!(!left.windows(6).any(|window| window == b"Tanguy"), "nor does the copy keep it");
}

#[test]
fn a_letter_of_the_roster_that_changes_by_itself_is_noticed() {
    let dir = tempdir().unwrap();
    a_morning(dir.path());
    let name = b"Roche";
    let mut changed = 0;
    damage(dir.path(), "roster.db", |bytes| {
        let places: Vec<usize> = bytes.windows(name.len()).enumerate().filter(|(_, at)| at == name).map(|(at, _)| at).collect();
        changed = places.len();
        places.iter().for_each(|at| bytes[*at] ^= 1);
    });
    assert!(changed > 0, "an adult of that name is in the roster");
    let store = opened(dir.path());
    assert!(set_aside(dir.path()).iter().any(|name| name.starts_with("roster.db.corrompu-")));
    assert_eq!(store.roster.cursor().unwrap(), 0, "all of it is asked for");
}

#[test]
fn a_damaged_roster_is_set_aside_and_pulled_again_and_the_journal_stays() {
    let dir = tempdir().unwrap();
    let held = a_morning(dir.path());
    damage(dir.path(), "roster.db", |bytes| bytes.fill(0x33));
    let store = opened(dir.path());
    assert_eq!((store.roster.cursor().unwrap(), store.roster.server_epoch().unwrap()), (0, String::new()), "all of it is asked for");
    assert_eq!(entries(&store), held);
    assert_eq!(store.journal.needs_epoch().unwrap(), None, "the chain has nothing to do with it");
    assert_ne!(store.roster.push_epoch().unwrap(), "", "whether the server was restored since isn't known: it is offered everything again");
    let mut door = Door::open(store, wednesday("17:00")).unwrap();
    let screen = door.screen(wednesday("17:00"));
    assert!(said(&screen).contains("La liste des enfants était abîmée"), "{}", said(&screen));
    assert!(screen.sync.text.starts_with("Liste des enfants à recevoir"), "{}", screen.sync.text);
    assert!(set_aside(dir.path()).iter().any(|name| name.starts_with("roster.db.corrompu-")));
    let mut line = door.store().second().unwrap();
    line.roster.apply("epoch-1", 3, &puts(roster())).unwrap();
    let screen = door.tick_clock(wednesday("17:01"));
    assert!(!screen.sync.text.contains("à recevoir"), "{}", screen.sync.text);
    drop((door, line));
    assert!(set_aside(dir.path()).is_empty(), "a list that came again is all there was to it: the old one names children for nothing");
}

#[test]
fn an_entry_that_nobody_signed_is_not_salvaged() {
    let (dir, elsewhere) = (tempdir().unwrap(), tempdir().unwrap());
    let held = a_morning(dir.path());
    let other = of_another(dir.path());
    // Another tablet's segment among ours: whole by its CRCs, and not signed by our key.
    drop(a_morning(elsewhere.path()));
    let foreign = std::fs::read(elsewhere.path().join("copy/2026-10.seg")).unwrap();
    std::fs::write(dir.path().join("copy/2026-09.seg"), foreign).unwrap();
    // Another's entry under a key that isn't its author's, and one of ours with a signature of nothing.
    let connection = rusqlite::Connection::open(dir.path().join("journal.db")).unwrap();
    let ours = "(SELECT public_key FROM device)";
    connection.execute(&format!("UPDATE entry SET author_key = {ours} WHERE own = 0"), []).unwrap();
    connection.execute("UPDATE entry SET signature = zeroblob(64) WHERE arrival = 9", []).unwrap();
    connection.execute("UPDATE entry SET envelope = x'00' WHERE arrival = 10", []).unwrap();
    drop(connection);
    std::fs::write(dir.path().join("journal.suspect"), "").unwrap();
    let store = opened(dir.path());
    let found = entries(&store);
    assert!(!found.contains_key(&other));
    assert_eq!(found, held, "the copy gives back what its signatures prove");
}

#[test]
fn two_entries_at_one_place_are_both_salvaged_as_evidence() {
    let (dir, restored) = (tempdir().unwrap(), tempdir().unwrap());
    let mut door = door_in(dir.path(), wednesday("07:40"));
    door.act(wednesday("07:42"), Act::Touch(child(LEA)));
    drop(door);
    copy_folder(dir.path(), restored.path());
    let sealed_in = |dir: &Path, number: u16, seed: u64| {
        let mut door = Door::with_entropy(opened(dir), wednesday("07:45"), Box::new(SeededEntropy::new(seed))).unwrap();
        door.act(wednesday("07:45"), Act::Arrive(child(number)));
        door.last_recorded()[0]
    };
    // The same place twice: number 2 of the same key, sealed by a tablet and by its copy.
    let (tom, noe) = (sealed_in(dir.path(), TOM, 7), sealed_in(restored.path(), NOE, 8));
    std::fs::copy(restored.path().join("copy/2026-10.seg"), dir.path().join("copy/2026-10.seg")).unwrap();
    damage(dir.path(), "journal.db", |bytes| bytes[4096..4196].fill(0));
    let store = opened(dir.path());
    let found = entries(&store);
    assert!(found.contains_key(&tom) && found.contains_key(&noe) && found.len() == 3, "{:?}", found.keys());
    assert_eq!(store.journal.queue().unwrap().unsent, 3, "the server judges both");
    let whole = {
        drop(store);
        drop(opened(dir.path()));
        terminal_core::commands::verify::verify(dir.path()).unwrap()
    };
    assert_eq!((whole.whole, whole.forks), (true, 1), "{whole:?}");
    let next = sealed_in(dir.path(), INES, 9);
    let place = opened(dir.path()).journal.own_entry(next).unwrap().unwrap().envelope.place;
    assert_eq!(place.seq, 3, "sealing goes on behind both");
}

#[test]
fn damage_that_the_open_door_meets_is_salvaged_by_the_next_start() {
    let dir = tempdir().unwrap();
    let held = a_morning(dir.path());
    let path = dir.path().join("journal.db");
    let mut door = Door::open(opened(dir.path()), wednesday("17:00")).unwrap();
    assert!(!door.is_damaged());
    // An envelope that doesn't decode, behind the checkpoint.
    let other = rusqlite::Connection::open(&path).unwrap();
    other.execute("UPDATE entry SET envelope = x'00' WHERE arrival = 5", []).unwrap();
    drop(other);
    let screen = door.tick_clock(wednesday("17:01"));
    assert_eq!(screen.notice.unwrap().tone, Tone::Red);
    assert!(door.is_damaged());
    drop(door);
    let store = opened(dir.path());
    assert_eq!(entries(&store), held);
    assert!(store.journal.needs_epoch().unwrap().is_some());
    drop(store);
    assert_eq!(journals_aside(dir.path()).len(), 1);
    drop(opened(dir.path()));
    assert_eq!(journals_aside(dir.path()).len(), 1);
}
