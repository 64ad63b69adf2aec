//! "Urgence": open at once, without a PIN or a network; sealed where it rests, and that it was read is sealed too.

use crate::fixture::*;
use crate::second_copy::files;
use crate::sync::{Tablet, wire};
use hardware::ReaderEvent;
use hardware::said::Fault;
use rusqlite::Connection;
use shared::id::ChildId;
use shared::journal::Kind;
use shared::roster::{Care, Contact, Item};
use shared::wire::ChangeBody;
use std::path::Path;
use std::sync::Arc;
use tempfile::tempdir;
use terminal_core::door::Door;
use terminal_core::store::{Identity, LineState, NoFaults, RosterChange, Store, public_key_of};
use terminal_core::view::{Act, CareDialog, Dialog, Screen, Tone};

const PLAN: &str = "Stylo d'adrénaline dans la trousse rouge, cuisse, par-dessus le pantalon.";

fn card_of(number: u16) -> Care {
    let contact = |name: &str, link: &str, telephone: &str| Contact { name: name.into(), link: link.into(), telephone: telephone.into() };
    Care {
        child: child(number),
        allergies: "Arachide".into(),
        plan: PLAN.into(),
        contacts: vec![contact("Sonia Benali", "mère", "0612345678"), contact("Odette Morin", "voisine", "")],
    }
}

fn with_cards(numbers: &[u16]) -> Vec<Item> {
    roster().into_iter().chain(numbers.iter().map(|number| Item::Care(card_of(*number)))).collect()
}

pub fn care(screen: &Screen) -> &CareDialog {
    match &screen.dialog {
        Some(Dialog::Care(care)) => care,
        other => panic!("no care card: {other:?}"),
    }
}

/// Kinds and children of what the tablet sealed, read from the disk.
fn sealed(dir: &Path) -> Vec<(Kind, Option<ChildId>)> {
    let store = terminal_core::store::Peek::open(dir).unwrap();
    let facts = store.journal.facts_around(date("2026-10-14")).unwrap();
    facts.iter().map(|fact| (fact.envelope.kind.clone(), fact.payload.as_ref().and_then(|p| p.about_child))).collect()
}

fn hold(dir: &Path, needle: &str) -> bool {
    files(dir).iter().any(|path| std::fs::read(path).unwrap().windows(needle.len()).any(|w| w == needle.as_bytes()))
}

#[test]
fn a_card_opens_without_a_network_tells_all_and_that_it_was_read_is_sealed() {
    let dir = tempdir().unwrap();
    let mut door = door_with(dir.path(), wednesday("12:00"), 1, with_cards(&[AYA]));
    door.act(wednesday("12:00"), Act::Touch(child(AYA)));
    let before = door.attendance().clone();
    let screen = door.act(later(wednesday("12:00"), 3_000), Act::Care(child(AYA)));
    let card = care(&screen);
    assert_eq!((card.name.as_str(), card.age_years, card.allergies.as_str(), card.plan.as_str()), ("Aya Benali", 7, "Arachide", PLAN));
    let called: Vec<(&str, &str)> = card.contacts.iter().map(|c| (c.name.as_str(), c.telephone.as_str())).collect();
    assert_eq!(called, [("Sonia Benali", "06\u{a0}12\u{a0}34\u{a0}56\u{a0}78"), ("Odette Morin", "")]);
    assert!(!card.awaited);
    assert_eq!(sealed(dir.path()).last(), Some(&(Kind::CareOpened, Some(child(AYA)))));
    assert_eq!(door.attendance(), &before, "it says nothing of a presence");
    assert_eq!(screen.undo.map(|undo| undo.text), Some("Aya, arrivée 12:00".into()), "and can't be taken back");
    assert_eq!(door.act(wednesday("12:01"), Act::Close).dialog, None);
}

#[test]
fn a_card_closes_a_minute_after_the_last_touch() {
    let dir = tempdir().unwrap();
    let start = wednesday("12:00");
    let mut door = door_with(dir.path(), start, 1, with_cards(&[AYA]));
    door.act(start, Act::Care(child(AYA)));
    assert_eq!(care(&door.tick_clock(later(start, 49_000))).closes_in_s, None);
    assert_eq!(care(&door.tick_clock(later(start, 50_000))).closes_in_s, Some(10));
    assert_eq!(care(&door.act(later(start, 59_000), Act::StillReading)).closes_in_s, None);
    assert_eq!(care(&door.tick_clock(later(start, 118_999))).closes_in_s, Some(1));
    assert_eq!(door.tick_clock(later(start, 119_000)).dialog, None);
    assert_eq!(door.act(later(start, 119_500), Act::StillReading).dialog, None, "a late touch opens nothing");
}

#[test]
fn a_reader_that_comes_and_goes_keeps_no_card_open() {
    let dir = tempdir().unwrap();
    let opened = wednesday("08:00");
    let mut door = door_with(dir.path(), opened, 1, with_cards(&[AYA]));
    door.act(opened, Act::Care(child(AYA)));
    for second in 1..=59_i64 {
        let event = if second % 2 == 0 { ReaderEvent::Heard("x".into()) } else { ReaderEvent::Fault(Fault::Garbled, String::new()) };
        door.act(later(opened, second * 1_000), Act::Reader(event));
    }
    assert_eq!(door.tick_clock(later(opened, 60_000)).dialog, None, "nobody touched it for a minute");
}

#[test]
fn what_the_tablet_was_not_told_is_never_said_to_be_nothing() {
    let dir = tempdir().unwrap();
    let mut items = roster();
    for item in &mut items {
        if let Item::Adult(adult) = item {
            adult.telephone = "06 11 22 33 44".into();
        }
    }
    let mut door = door_with(dir.path(), wednesday("12:00"), 1, items);
    let screen = door.act(wednesday("12:01"), Act::Care(child(AYA)));
    assert!(care(&screen).awaited, "Aya has instructions, which an older server doesn't tell");
    let called: Vec<&str> = care(&screen).contacts.iter().map(|c| c.name.as_str()).collect();
    assert_eq!(called, ["Sonia Benali"], "her father is barred");
    assert!(!care(&door.act(wednesday("12:02"), Act::Care(child(LEA)))).awaited);
}

#[test]
fn the_board_and_the_log_say_nothing_of_it() {
    let dir = tempdir().unwrap();
    let mut door = door_with(dir.path(), wednesday("12:00"), 1, with_cards(&[AYA]));
    let board = format!("{:?}", door.tick_clock(wednesday("12:00")));
    assert!(tile(&door.tick_clock(wednesday("12:00")), AYA).care);
    let open = format!("{:?}", door.act(wednesday("12:01"), Act::Care(child(AYA))));
    for text in [board, open, format!("{:?}", with_cards(&[AYA])), format!("{:?}", door.roster())] {
        assert!(!text.contains("Arachide") && !text.contains("trousse") && !text.contains("0612"), "{text}");
    }
}

#[test]
fn no_byte_of_a_card_lies_open_on_the_disk_and_what_erases_the_list_erases_it() {
    let (dir, wire) = (tempdir().unwrap(), wire());
    with_cards(&[AYA]).into_iter().for_each(|item| wire.put(item));
    let mut tablet = Tablet::new(dir.path(), 1, &wire, wednesday("08:00"));
    assert_eq!(tablet.sync(wednesday("08:01")), Some(LineState::Online));
    let screen = tablet.door.act(wednesday("08:02"), Act::Care(child(AYA)));
    assert_eq!(care(&screen).plan, PLAN);
    for needle in ["Arachide", "trousse", "0612345678"] {
        assert!(!hold(dir.path(), needle), "« {needle} » can be read from the disk");
    }
    assert!(hold(dir.path(), "Benali"), "so would be found what lies open");

    // A child who left, and a card that says something else now.
    wire.put(Item::Care(Care { plan: String::new(), ..card_of(AYA) }));
    wire.server.lock().unwrap().change(ChangeBody::Remove(format!("care:{}", child(LEA))));
    tablet.sync(wednesday("08:03"));
    assert_eq!(care(&tablet.door.act(wednesday("08:04"), Act::Care(child(AYA)))).plan, "");
    wire.server.lock().unwrap().change(ChangeBody::Remove(format!("care:{}", child(AYA))));
    tablet.sync(wednesday("08:05"));
    assert!(care(&tablet.door.act(wednesday("08:06"), Act::Care(child(AYA)))).awaited);
}

#[test]
fn a_locked_tablet_closes_the_card_and_has_none_to_open() {
    let (dir, wire) = (tempdir().unwrap(), wire());
    with_cards(&[AYA]).into_iter().for_each(|item| wire.put(item));
    let mut tablet = Tablet::new(dir.path(), 1, &wire, wednesday("08:00"));
    tablet.sync(wednesday("08:01"));
    let late = later(wednesday("08:00"), 15 * 24 * 3_600_000);
    let screen = tablet.door.tick_clock(late);
    assert!(screen.forgets && screen.dialog.is_none());
    assert_eq!(tablet.door.act(late, Act::Care(child(AYA))).dialog, None);
    assert_eq!(tablet.door.store().roster.care(child(AYA)).unwrap(), None);
    let rows: u32 = Connection::open(dir.path().join("roster.db"))
        .unwrap()
        .query_row("SELECT count(*) FROM item WHERE key LIKE 'care:%'", [], |row| row.get(0))
        .unwrap();
    assert_eq!(rows, 0);
}

#[test]
fn cards_that_an_earlier_key_sealed_are_asked_again() {
    let dir = tempdir().unwrap();
    let mut store = Store::open(dir.path(), Arc::new(NoFaults)).unwrap();
    enrol(&mut store, 1, with_cards(&[AYA]));
    assert_eq!(store.roster.care(child(AYA)).unwrap(), Some(card_of(AYA)));
    let next = store.next_key().unwrap();
    let old = store.journal.identity().unwrap().unwrap();
    store.enrol(&Identity { device: device(2), public_key: public_key_of(&next), ..old }).unwrap();
    assert_eq!(store.roster.care(child(AYA)).unwrap(), None);
    assert_eq!(store.roster.server_epoch().unwrap(), "reprise", "of no server: the next exchange brings everything");
    store.roster.apply("epoch-1", 2, &[RosterChange::Put(Box::new(Item::Care(card_of(AYA))))]).unwrap();
    drop(store);
    let store = Store::open(dir.path(), Arc::new(NoFaults)).unwrap();
    assert_eq!(store.roster.care(child(AYA)).unwrap(), Some(card_of(AYA)), "under the key of the new life");
}

#[test]
fn a_tablet_of_before_cards_asks_for_everything_once_it_is_upgraded() {
    let (dir, wire) = (tempdir().unwrap(), wire());
    with_cards(&[AYA]).into_iter().for_each(|item| wire.put(item));
    let mut tablet = Tablet::new(dir.path(), 1, &wire, wednesday("08:00"));
    tablet.sync(wednesday("08:01"));
    drop(tablet);
    // What an older program leaves: its tables, and no card.
    let roster = Connection::open(dir.path().join("roster.db")).unwrap();
    roster.execute_batch("DELETE FROM item WHERE key LIKE 'care:%'; PRAGMA user_version = 2;").unwrap();
    drop(roster);
    let store = Store::open(dir.path(), Arc::new(NoFaults)).unwrap();
    assert_eq!(store.roster.care(child(AYA)).unwrap(), None);
    let mut tablet = Tablet::over(store, 1, &wire, wednesday("08:10"));
    assert_eq!(tablet.sync(wednesday("08:11")), Some(LineState::Online));
    assert_eq!(care(&tablet.door.act(wednesday("08:12"), Act::Care(child(AYA)))).plan, PLAN);
}

#[test]
fn a_card_opens_although_its_reading_cannot_be_recorded() {
    let dir = tempdir().unwrap();
    let mut door = door_with(dir.path(), wednesday("12:00"), 1, with_cards(&[AYA]));
    // Another program holds the journal for longer than a statement waits.
    let other = Connection::open(dir.path().join("journal.db")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let screen = door.act(wednesday("12:01"), Act::Care(child(AYA)));
    assert_eq!(care(&screen).allergies, "Arachide");
    assert_eq!(screen.notice.map(|notice| notice.tone), Some(Tone::Red), "and says that it isn't");
    other.execute_batch("ROLLBACK").unwrap();
    drop(door);
    let mut door = Door::open(Store::open(dir.path(), Arc::new(NoFaults)).unwrap(), wednesday("12:02")).unwrap();
    assert!(sealed(dir.path()).is_empty());
    door.act(wednesday("12:03"), Act::Care(child(AYA)));
    assert_eq!(sealed(dir.path()).len(), 1);
}
