//! A family without its card: the end of a telephone and a code, at a tablet of families.

use crate::elsewhere::last_sealed;
use crate::fixture::*;
use crate::pin::hash_of;
use crate::second_copy::files;
use shared::journal::{Actor, ActorKind, Capacity, Evidence};
use shared::roster::{DoorCode, Item};
use tempfile::{TempDir, tempdir};
use terminal_core::clock::Now;
use terminal_core::door::Door;
use terminal_core::view::{Act, Dialog, PinDialog, PinFor, PinKey, Screen};

const CODE: &str = "4711";

fn a_code(number: u16, telephone_end: &str, code: &str) -> Item {
    Item::DoorCode(DoorCode { person: person(number), telephone_end: telephone_end.into(), hash: hash_of(code) })
}

/// Julien may take Léa and Tom; Odette and Karim, who is barred, have telephones that end as his does.
fn at_the_gate(dir: &TempDir, now: Now) -> Door {
    let codes = [a_code(JULIEN, "5678", CODE), a_code(ODETTE, "5678", "902817"), a_code(KARIM, "0003", "3141")];
    let mut door = door_with(dir.path(), now, 1, roster().into_iter().chain(codes).collect());
    door.serve_families(true);
    door
}

fn asked(screen: &Screen) -> &PinDialog {
    match &screen.dialog {
        Some(Dialog::Pin(asked)) => asked,
        other => panic!("a code is asked: {other:?}"),
    }
}

fn types(door: &mut Door, now: Now, telephone: &str, code: &str) -> Screen {
    door.act(now, Act::AskPin(PinFor::Family));
    for digit in telephone.bytes().chain(code.bytes()) {
        door.act(now, Act::PinKey(PinKey::Digit(digit - b'0')));
    }
    door.act(now, Act::Confirm)
}

#[test]
fn a_telephone_and_a_code_bring_the_children_in_under_the_name_of_who_typed_them() {
    let dir = tempdir().unwrap();
    let mut door = at_the_gate(&dir, wednesday("08:20"));
    let screen = types(&mut door, wednesday("08:26"), "5678", CODE);
    let done = screen.families.and_then(|families| families.done);
    assert_eq!((done.as_deref(), door.last_recorded().len()), (Some("Léa et Tom, arrivée 8:26"), 2));
    let payload = last_sealed(&door).0;
    assert_eq!(payload.actor, Actor { kind: ActorKind::Guardian, id: person(JULIEN).0 });
    assert_eq!((payload.evidence, payload.capacity, payload.badge), (Evidence::Pin, Capacity::Guardian, None));
}

#[test]
fn two_telephones_that_end_alike_are_told_apart_by_the_code() {
    let dir = tempdir().unwrap();
    let mut door = at_the_gate(&dir, wednesday("08:20"));
    types(&mut door, wednesday("08:26"), "5678", CODE);
    let screen = types(&mut door, wednesday("16:40"), "5678", "902817");
    let Some(Dialog::Departure(dialog)) = &screen.dialog else { panic!("{:?}", screen.dialog) };
    let chosen: Vec<&str> = dialog.adults.iter().filter(|adult| adult.chosen).map(|adult| adult.name.as_str()).collect();
    assert_eq!(chosen, ["Odette Morin"], "it opens the departure");
    assert!(door.last_recorded().is_empty(), "and closes none by itself");
    let screen = door.act(wednesday("16:40"), Act::Confirm);
    assert!(screen.families.is_some_and(|families| families.done.is_some()));
    assert_eq!(last_sealed(&door).0.actor.id, person(ODETTE).0);
}

#[test]
fn a_wrong_code_and_an_unknown_telephone_say_the_same_and_no_name() {
    let dir = tempdir().unwrap();
    let mut door = at_the_gate(&dir, wednesday("08:20"));
    let mut said = Vec::new();
    for (telephone, code) in [("5678", "1357"), ("9999", CODE)] {
        let screen = types(&mut door, wednesday("08:26"), telephone, code);
        said.push(asked(&screen).said.clone());
        let told = format!("{screen:?}");
        assert!(!["Julien", "Léa", "Martin", CODE].iter().any(|secret| told.contains(secret)), "{told}");
    }
    assert_eq!(said[0], "Téléphone ou code inconnu ici. Recommencez, ou adressez-vous à l'équipe.");
    assert_eq!(said[0], said[1]);
    assert!(door.last_recorded().is_empty());
}

#[test]
fn who_types_a_right_code_costs_no_neighbour_a_try() {
    let dir = tempdir().unwrap();
    let mut door = at_the_gate(&dir, wednesday("08:20"));
    // Julien's is compared first.
    for _ in 0..8 {
        let screen = types(&mut door, wednesday("16:40"), "5678", "902817");
        assert!(!matches!(screen.dialog, Some(Dialog::Pin(_))), "{:?}", screen.dialog);
        door.act(wednesday("16:40"), Act::Close);
    }
    let screen = types(&mut door, wednesday("16:40"), "5678", CODE);
    assert!(!matches!(screen.dialog, Some(Dialog::Pin(_))), "he waits for nothing: {:?}", screen.dialog);
}

#[test]
fn an_alert_is_not_covered_by_the_question_of_a_code() {
    let dir = tempdir().unwrap();
    let mut door = at_the_gate(&dir, wednesday("08:20"));
    door.act(wednesday("16:40"), Act::Badge(KARIM_CARD.into()));
    let screen = door.act(wednesday("16:40"), Act::AskPin(PinFor::Family));
    assert!(matches!(screen.dialog, Some(Dialog::Barred(_))), "{:?}", screen.dialog);
}

#[test]
fn five_wrong_codes_make_a_pause_that_a_right_one_does_not_end() {
    let dir = tempdir().unwrap();
    let mut door = at_the_gate(&dir, wednesday("08:20"));
    for _ in 0..5 {
        types(&mut door, wednesday("08:26"), "5678", "1357");
    }
    let screen = types(&mut door, wednesday("08:26"), "5678", CODE);
    assert_eq!(asked(&screen).said, "Trop d'essais : attendez 1 minute, ou adressez-vous à l'équipe.");
    assert!(door.last_recorded().is_empty());
    types(&mut door, wednesday("08:28"), "5678", CODE);
    assert_eq!(door.last_recorded().len(), 2);
}

#[test]
fn a_barred_adults_code_raises_the_alert_and_nothing_else() {
    let dir = tempdir().unwrap();
    let mut door = at_the_gate(&dir, wednesday("08:20"));
    let screen = types(&mut door, wednesday("16:40"), "0003", "3141");
    assert!(matches!(screen.dialog, Some(Dialog::Barred(_))), "{:?}", screen.dialog);
    assert!(door.last_recorded().is_empty());
}

#[test]
fn what_is_typed_is_taken_back_digit_by_digit_and_forgotten_after_a_while() {
    let dir = tempdir().unwrap();
    let mut door = at_the_gate(&dir, wednesday("08:20"));
    let now = wednesday("08:26");
    door.act(now, Act::AskPin(PinFor::Family));
    for digit in [5, 6, 7, 8, 4] {
        door.act(now, Act::PinKey(PinKey::Digit(digit)));
    }
    let mut key = |key| {
        let screen = door.act(now, Act::PinKey(key));
        (asked(&screen).telephone.clone(), asked(&screen).digits)
    };
    assert_eq!(key(PinKey::Erase), ("5678".into(), 0));
    assert_eq!(key(PinKey::Erase), ("567".into(), 0), "then of the telephone");
    assert_eq!(key(PinKey::Digit(9)), ("5679".into(), 0));
    assert!(door.tick_clock(later(now, 19_000)).dialog.is_some());
    assert!(door.tick_clock(later(now, 20_000)).dialog.is_none(), "half a code is nobody's to finish");
}

#[test]
fn only_where_families_serve_themselves_and_somebody_has_a_code() {
    let dir = tempdir().unwrap();
    let mut door = at_the_gate(&dir, wednesday("08:20"));
    assert!(door.tick_clock(wednesday("08:20")).families.unwrap().codes);
    door.serve_families(false);
    assert!(door.act(wednesday("08:21"), Act::AskPin(PinFor::Family)).dialog.is_none());
    let dir = tempdir().unwrap();
    let mut door = door_in(dir.path(), wednesday("08:20"));
    door.serve_families(true);
    assert!(!door.tick_clock(wednesday("08:20")).families.unwrap().codes);
    assert!(door.act(wednesday("08:21"), Act::AskPin(PinFor::Family)).dialog.is_none());
}

#[test]
fn neither_a_telephone_nor_a_hash_lies_open_on_the_disk() {
    let dir = tempdir().unwrap();
    let mut door = at_the_gate(&dir, wednesday("08:20"));
    types(&mut door, wednesday("08:26"), "5678", CODE);
    assert_eq!(door.last_recorded().len(), 2, "it is there");
    let hash = hash_of(CODE);
    for path in files(dir.path()) {
        let bytes = std::fs::read(&path).unwrap();
        let lies = |text: &str| bytes.windows(text.len()).any(|window| window == text.as_bytes());
        assert!(!lies(&hash) && !lies("telephone_end"), "{path:?}");
    }
}
