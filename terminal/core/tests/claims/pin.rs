//! Codes of the staff: who is named by one, how wrong ones are counted, and how they rest.

use crate::fixture::*;
use crate::second_copy::files;
use argon2::password_hash::{PasswordHasher, SaltString};
use argon2::{Algorithm, Argon2, Params, Version};
use shared::journal::{Actor, ActorKind, Evidence, Kind};
use shared::roster::{Item, Staff, StaffPin};
use std::path::Path;
use std::sync::Arc;
use tempfile::{TempDir, tempdir};
use terminal_core::clock::Now;
use terminal_core::door::Door;
use terminal_core::store::{NoFaults, PinVerdict, RosterChange, Store};
use terminal_core::view::{Act, Dialog, FamilyWord, PinDialog, PinFor, PinKey, Screen};

const SAMIR: u16 = 2;

/// As the server makes one, but quickly: the cost stands in the hash.
pub fn hash_of(code: &str) -> String {
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(64, 1, 1, Some(32)).unwrap());
    argon2.hash_password(code.as_bytes(), &SaltString::encode_b64(&[7; 16]).unwrap()).unwrap().to_string()
}

/// The site, where Nadia and Samir have codes and Louise has none.
fn items() -> Vec<Item> {
    let member = |number: u16, first: &str| {
        let (first_name, last_name) = (first.to_owned(), "Petit".to_owned());
        let code = format!("P{number:03}");
        Item::Staff(Staff { id: staff(number), code, centre: ALSH, first_name, last_name, director: false, counted: true })
    };
    let pin = |number: u16, code: &str| Item::Pin(StaffPin { staff: staff(number), hash: hash_of(code) });
    let more = [member(SAMIR, "Samir"), member(3, "Louise"), pin(1, "4711"), pin(SAMIR, "902817")];
    roster().into_iter().chain(more).collect()
}

fn tablet(at: Now) -> (TempDir, Door) {
    let dir = tempdir().unwrap();
    let door = door_with(dir.path(), at, 1, items());
    (dir, door)
}

fn again(dir: &Path, now: Now) -> Door {
    Door::open(Store::open(dir, Arc::new(NoFaults)).unwrap(), now).unwrap()
}

fn pin(screen: &Screen) -> &PinDialog {
    match &screen.dialog {
        Some(Dialog::Pin(pin)) => pin,
        other => panic!("a code is asked: {other:?}"),
    }
}

/// Asks for a code, chooses somebody, types, confirms.
fn types(door: &mut Door, now: Now, number: u16, code: &str) -> Screen {
    door.act(now, Act::AskPin(PinFor::Team));
    door.act(now, Act::Staff(staff(number)));
    for digit in code.bytes() {
        door.act(now, Act::PinKey(PinKey::Digit(digit - b'0')));
    }
    let screen = door.act(now, Act::Confirm);
    if screen.dialog.is_some() { door.act(now, Act::StillReading) } else { screen }
}

#[test]
fn a_right_code_names_whoever_typed_it_for_a_minute_and_says_that_they_came() {
    let (_dir, mut door) = tablet(wednesday("07:00"));
    let at = wednesday("07:42");
    let asked = door.act(at, Act::AskPin(PinFor::Team));
    let names: Vec<&str> = pin(&asked).people.iter().map(|p| p.name.as_str()).collect();
    assert_eq!(names, ["Nadia Roche", "Samir Petit"], "those who have one");
    let screen = types(&mut door, at, SAMIR, "902817");
    assert_eq!(screen.dialog, None);
    assert_eq!(screen.undo.unwrap().text, "Samir Petit, arrivée 7:42");
    door.act(later(at, 30_000), Act::Touch(child(LEA)));
    door.act(later(at, 61_000), Act::Touch(child(TOM)));
    let facts = door.store().journal.facts_around(date("2026-10-14")).unwrap();
    let said: Vec<_> =
        facts.iter().map(|f| (f.envelope.kind.clone(), f.payload.as_ref().map(|p| (p.actor, p.evidence)).unwrap())).collect();
    let samir = Actor { kind: ActorKind::Staff, id: staff(SAMIR).0 };
    assert_eq!(
        said,
        [
            (Kind::StaffArrived, (samir, Evidence::Pin)),
            (Kind::Arrived, (samir, Evidence::Pin)),
            (Kind::Arrived, (Actor::NOBODY, Evidence::List)),
        ]
    );
}

#[test]
fn nothing_is_named_by_a_wrong_code_nor_by_another_persons() {
    let (_dir, mut door) = tablet(wednesday("07:00"));
    for (number, code) in [(1, "4712"), (1, "902817"), (SAMIR, "4711")] {
        let screen = types(&mut door, wednesday("07:42"), number, code);
        assert!(pin(&screen).said.starts_with("Code faux. Il reste"), "{}", pin(&screen).said);
        door.act(wednesday("07:42"), Act::Close);
    }
    door.act(wednesday("07:43"), Act::Touch(child(LEA)));
    let facts = door.store().journal.facts_around(date("2026-10-14")).unwrap();
    assert_eq!((facts.len(), facts[0].payload.as_ref().unwrap().actor), (1, Actor::NOBODY));
}

#[test]
fn five_wrong_ones_make_a_pause_in_which_the_right_one_is_not_compared_and_each_after_it_a_longer_one() {
    let (_dir, mut door) = tablet(wednesday("07:00"));
    let mut at = wednesday("08:00");
    let mut said = Vec::new();
    for _ in 0..5 {
        said.push(pin(&types(&mut door, at, 1, "0000")).said.clone());
    }
    assert_eq!(said[3..], ["Code faux. Il reste 1 essai.", "Code faux. Nouvel essai dans 1 minute."]);
    assert_eq!(said[0], "Code faux. Il reste 4 essais.");
    for (pause, next) in [(1, "5 minutes"), (5, "15 minutes"), (15, "15 minutes")] {
        at = later(at, pause * 60_000 - 1);
        let early = types(&mut door, at, 1, "4711");
        assert!(pin(&early).said.starts_with("Trop d'essais : attendez 1 minute"), "{}", pin(&early).said);
        at = later(at, 1);
        assert_eq!(pin(&types(&mut door, at, 1, "0000")).said, format!("Code faux. Nouvel essai dans {next}."));
    }
    assert_eq!(types(&mut door, at, SAMIR, "902817").dialog, None, "another person's code isn't held up");
    assert_eq!(types(&mut door, later(at, 15 * 60_000), 1, "4711").dialog, None);
    assert_eq!(
        pin(&types(&mut door, later(at, 16 * 60_000), 1, "0000")).said,
        "Code faux. Il reste 4 essais.",
        "a right one clears the count"
    );
}

#[test]
fn a_count_survives_a_kill_and_a_restart_of_the_machine_begins_the_pause_anew() {
    let (dir, mut door) = tablet(wednesday("07:00"));
    let at = wednesday("08:00");
    for _ in 0..5 {
        types(&mut door, at, 1, "0000");
    }
    drop(door);
    let mut door = again(dir.path(), at);
    let left = pin(&types(&mut door, later(at, 30_000), 1, "4711")).said.clone();
    assert!(left.starts_with("Trop d'essais"), "{left}");
    drop(door);
    // The machine was switched off and on: its clock of before says nothing of the time between.
    let restarted =
        |now: Now| Now { boot: shared::id::BootId(uuid::Uuid::from_u128(0xB008)), boottime_ms: now.boottime_ms - 28_000_000, ..now };
    let mut door = again(dir.path(), restarted(later(at, 10 * 60_000)));
    let left = pin(&types(&mut door, restarted(later(at, 10 * 60_000)), 1, "4711")).said.clone();
    assert!(left.starts_with("Trop d'essais : attendez 1 minute"), "{left}");
    assert_eq!(types(&mut door, restarted(later(at, 11 * 60_000)), 1, "4711").dialog, None);
}

#[test]
fn a_try_is_counted_before_it_is_compared() {
    let (dir, door) = tablet(wednesday("07:00"));
    drop(door);
    let mut store = Store::open(dir.path(), Arc::new(NoFaults)).unwrap();
    let at = wednesday("08:00");
    // Nobody may write any more: a try that can't be counted is none, be it the right one.
    let other = rusqlite::Connection::open(dir.path().join("roster.db")).unwrap();
    other.execute_batch("CREATE TRIGGER full BEFORE INSERT ON pin_try BEGIN SELECT RAISE(ABORT, 'full'); END").unwrap();
    assert!(store.roster.try_pin(at, staff(1), "4711").is_err());
    other.execute_batch("DROP TRIGGER full").unwrap();
    assert_eq!(store.roster.try_pin(at, staff(1), "4711").unwrap(), PinVerdict::Right);
    assert_eq!(store.roster.try_pin(at, staff(3), "4711").unwrap(), PinVerdict::None);
}

#[test]
fn neither_a_code_nor_its_hash_is_found_in_a_copied_folder_or_in_a_log() {
    let (dir, mut door) = tablet(wednesday("07:00"));
    let screen = types(&mut door, wednesday("08:00"), SAMIR, "90281");
    let written = format!("{screen:?}{:?}{:?}", items(), Act::PinKey(PinKey::Digit(9)));
    assert!(!written.contains("argon2") && !written.contains('9'.to_string().repeat(2).as_str()));
    assert_eq!(format!("{:?}", Act::PinKey(PinKey::Digit(9))), "PinKey(PinKey)");
    drop(door);
    for file in files(dir.path()) {
        let bytes = std::fs::read(&file).unwrap();
        for secret in ["argon2id", "902817"] {
            assert!(!bytes.windows(secret.len()).any(|w| w == secret.as_bytes()), "{secret} in {}", file.display());
        }
    }
}

#[test]
fn a_code_that_the_office_takes_away_opens_nothing_any_more() {
    let (dir, door) = tablet(wednesday("07:00"));
    drop(door);
    let mut store = Store::open(dir.path(), Arc::new(NoFaults)).unwrap();
    let gone: Vec<RosterChange> = [1, SAMIR].iter().map(|n| RosterChange::Remove(shared::roster::pin_key(staff(*n)))).collect();
    store.roster.apply("epoch-1", 2, &gone).unwrap();
    drop(store);
    let mut door = again(dir.path(), wednesday("08:00"));
    let screen = door.act(wednesday("08:00"), Act::AskPin(PinFor::Team));
    assert!(screen.dialog.is_none() && said(&screen).starts_with("Aucun code personnel sur ce site"), "{}", said(&screen));
}

#[test]
fn a_half_typed_code_is_gone_after_a_minute_and_what_was_in_front_is_there_again() {
    let (_dir, mut door) = tablet(wednesday("07:00"));
    let at = wednesday("08:00");
    door.act(at, Act::Team);
    door.act(at, Act::AskPin(PinFor::Team));
    door.act(at, Act::Staff(staff(1)));
    for digit in [4, 7, 1] {
        door.act(at, Act::PinKey(PinKey::Digit(digit)));
    }
    let screen = door.act(at, Act::Confirm);
    assert_eq!((pin(&screen).digits, pin(&screen).may_confirm), (3, false), "three are none");
    assert!(matches!(door.tick_clock(later(at, 59_000)).dialog, Some(Dialog::Pin(_))));
    assert!(matches!(door.tick_clock(later(at, 60_000)).dialog, Some(Dialog::Team(_))));
}

#[test]
fn a_card_answers_the_question_too_and_is_no_departure() {
    let (_dir, mut door) = tablet(wednesday("07:00"));
    let at = wednesday("08:00");
    door.act(at, Act::Badge(STAFF_CARD.into()));
    door.act(later(at, 120_000), Act::Team);
    door.act(later(at, 120_000), Act::AskPin(PinFor::Team));
    let screen = door.act(later(at, 120_000), Act::Badge(STAFF_CARD.into()));
    assert!(matches!(screen.dialog, Some(Dialog::Team(_))));
    assert_eq!(door.staff_here().len(), 1, "she was asked who she is, not whether she goes");
}

#[test]
fn the_keys_write_at_most_six_digits_and_take_them_back() {
    let (_dir, mut door) = tablet(wednesday("07:00"));
    let at = wednesday("08:00");
    door.act(at, Act::AskPin(PinFor::OtherAdult));
    let unknown = door.act(at, Act::Staff(staff(3)));
    assert_eq!(pin(&unknown).chosen, None, "Louise has none");
    door.act(at, Act::Staff(staff(1)));
    for _ in 0..9 {
        door.act(at, Act::PinKey(PinKey::Digit(9)));
    }
    let screen = door.act(at, Act::PinKey(PinKey::Erase));
    assert_eq!((pin(&screen).digits, pin(&screen).may_confirm), (5, true));
    let screen = door.act(at, Act::PinKey(PinKey::Back));
    assert_eq!((pin(&screen).digits, pin(&screen).people.len()), (0, 2));
}

#[test]
fn who_hands_a_child_to_a_stranger_types_a_code_and_an_undo_leaves_them_here() {
    let at = wednesday("16:30");
    let (_dir, mut door) = tablet(wednesday("08:00"));
    door.act(wednesday("08:00"), Act::Touch(child(NOE)));
    door.act(at, Act::Touch(child(NOE)));
    door.act(at, Act::OtherAdult("Camille Tanguy".into(), FamilyWord::Called));
    door.act(at, Act::IdentitySeen);
    let screen = door.act(at, Act::Staff(staff(SAMIR)));
    assert_eq!(pin(&screen).purpose, PinFor::OtherAdult);
    for digit in [0, 0, 0, 0] {
        door.act(at, Act::PinKey(PinKey::Digit(digit)));
    }
    door.act(at, Act::Confirm);
    assert!(door.last_recorded().is_empty(), "a wrong code hands nobody over");
    for digit in [9, 0, 2, 8, 1, 7] {
        door.act(at, Act::PinKey(PinKey::Digit(digit)));
    }
    let screen = door.act(at, Act::Confirm);
    assert_eq!((screen.dialog.is_none(), door.last_recorded().len()), (true, 2), "Samir is here, and Noé has left");
    let facts = door.store().journal.facts_around(date("2026-10-14")).unwrap();
    let left = facts.iter().find(|fact| fact.envelope.kind == Kind::Left).unwrap().payload.clone().unwrap();
    assert_eq!(left.actor, Actor { kind: ActorKind::Staff, id: staff(SAMIR).0 });
    assert_eq!(left.evidence, Evidence::Pin);
    door.act(at, Act::Undo);
    assert_eq!(door.last_recorded().len(), 1, "the departure alone is taken back");

    // Louise has no code: her name is enough, as before codes.
    door.act(wednesday("16:40"), Act::Touch(child(NOE)));
    door.act(wednesday("16:40"), Act::OtherAdult("Camille Tanguy".into(), FamilyWord::Called));
    door.act(wednesday("16:40"), Act::IdentitySeen);
    let screen = door.act(wednesday("16:40"), Act::Staff(staff(3)));
    assert!(screen.dialog.is_none());
}
