//! Meals by menu letter.

use crate::fixture::*;
use shared::journal::{Detail, Kind, Payload};
use tempfile::tempdir;
use terminal_core::clock::Now;
use terminal_core::door::Door;
use terminal_core::view::{Act, Dialog, Eating, MealsDialog, Screen};

fn meals(screen: &Screen) -> &MealsDialog {
    match &screen.dialog {
        Some(Dialog::Meals(dialog)) => dialog,
        other => panic!("no meals: {other:?}"),
    }
}

fn open(door: &mut Door, now: Now) -> MealsDialog {
    meals(&door.act(now, Act::Meals)).clone()
}

/// Letter, ordered, awaited, served.
fn figures(dialog: &MealsDialog) -> Vec<(&str, u32, u32, u32)> {
    dialog.letters.iter().map(|l| (l.letter.as_str(), l.ordered, l.awaited, l.served)).collect()
}

fn eating(dialog: &MealsDialog, number: u16) -> Eating {
    dialog.rows.iter().find(|row| row.child == child(number)).unwrap().eating
}

#[test]
fn the_kitchen_reads_at_nine_what_was_ordered_and_what_is_awaited_by_letter() {
    let dir = tempdir().unwrap();
    let mut door = door_in(dir.path(), thursday("07:30"));
    assert!(door.tick_clock(thursday("09:00")).has_meals);
    let dialog = open(&mut door, thursday("09:00"));
    assert_eq!(figures(&dialog), [("A", 3, 3, 0), ("B", 1, 1, 0)]);
    assert_eq!(dialog.subtitle, "15 octobre · 4 repas, dont 1 avec des consignes de soin");
    let names: Vec<_> = dialog.rows.iter().map(|r| (r.letter.as_str(), r.name.as_str())).collect();
    assert_eq!(names, [("A", "Aya B."), ("A", "Léa M."), ("A", "Noé L."), ("B", "Tom M.")], "no last name hangs on a wall");
}

#[test]
fn an_absence_takes_a_meal_off_and_a_child_who_came_all_the_same_adds_one() {
    let dir = tempdir().unwrap();
    let mut door = door_in(dir.path(), thursday("11:45"));
    door.act(thursday("11:50"), Act::Tick(child(LEA)));
    door.act(thursday("11:50"), Act::Tick(child(ZOE)));
    door.act(thursday("11:51"), Act::ValidateRollCall);
    let dialog = open(&mut door, thursday("11:52"));
    assert_eq!(figures(&dialog), [("A", 3, 3, 3), ("B", 1, 1, 1)], "Léa is missing, Zoé came");
    assert_eq!((eating(&dialog, LEA), eating(&dialog, ZOE)), (Eating::Absent, Eating::Served));
}

#[test]
fn who_did_not_eat_is_sealed_at_the_canteen_whatever_the_board_shows_and_can_be_taken_back() {
    let dir = tempdir().unwrap();
    let mut door = door_in(dir.path(), thursday("11:45"));
    door.act(thursday("11:50"), Act::ValidateRollCall);
    // The evening's board is up already.
    open(&mut door, thursday("16:40"));
    let screen = door.act(thursday("16:40"), Act::Meal(child(TOM)));
    assert_eq!((eating(meals(&screen), TOM), figures(meals(&screen))), (Eating::NotServed, vec![("A", 3, 3, 3), ("B", 1, 1, 0)]));
    let all = door.store().journal.all().unwrap();
    let (sealed, _) = all.iter().find(|(s, _)| s.decode_envelope().unwrap().entry_id == door.last_recorded()[0]).unwrap();
    let envelope = sealed.decode_envelope().unwrap();
    let payload = Payload::decode(&envelope.kind, envelope.kind_version, &sealed.private.as_ref().unwrap().payload).unwrap();
    assert_eq!(envelope.kind, Kind::Meal);
    assert_eq!(payload.detail, Detail::Meal { menu: "B".into(), served: false });
    assert_eq!((payload.centre, payload.moment.activity), (Some(CANTEEN), Some(activity("MIDI"))));

    let screen = door.act(thursday("16:40"), Act::Undo);
    assert_eq!(eating(meals(&screen), TOM), Eating::Served);
    door.act(thursday("16:41"), Act::Meal(child(TOM)));
    let screen = door.act(thursday("16:41"), Act::Meal(child(TOM)));
    assert_eq!(eating(meals(&screen), TOM), Eating::Served, "the last word holds");
}

#[test]
fn a_meal_is_not_said_before_the_roll_call_nor_of_an_absent_child() {
    let dir = tempdir().unwrap();
    let mut door = door_in(dir.path(), thursday("09:00"));
    open(&mut door, thursday("09:00"));
    let screen = door.act(thursday("09:00"), Act::Meal(child(LEA)));
    assert!(said(&screen).contains("L'appel n'est pas encore validé"), "{}", said(&screen));
    assert!(door.last_recorded().is_empty());
    door.act(thursday("11:50"), Act::Close);
    door.act(thursday("11:50"), Act::Tick(child(LEA)));
    door.act(thursday("11:50"), Act::ValidateRollCall);
    open(&mut door, thursday("11:52"));
    let screen = door.act(thursday("11:52"), Act::Meal(child(LEA)));
    assert!(said(&screen).contains("n'est pas là"), "{}", said(&screen));
    assert!(door.last_recorded().is_empty());
}
