//! Several children at once.

use crate::fixture::*;
use shared::journal::LeftTo;
use tempfile::tempdir;
use terminal_core::door::Door;
use terminal_core::view::{Act, Dialog, FamilyWord, Screen, TileState, Way};

fn text(screen: &Screen) -> &str {
    screen.several.as_ref().map_or("", |several| several.text.as_str())
}

fn choose(door: &mut Door, time: &str, numbers: &[u16]) -> Screen {
    let mut screen = door.act(wednesday(time), Act::Several);
    for number in numbers {
        screen = door.act(wednesday(time), Act::Touch(child(*number)));
    }
    screen
}

#[test]
fn a_bus_comes_in_by_one_touch_a_child_and_one_act_that_can_be_undone() {
    let dir = tempdir().unwrap();
    let mut door = door_in(dir.path(), wednesday("07:40"));
    assert_eq!(text(&door.act(wednesday("08:00"), Act::Several)), "Touchez les enfants");
    door.act(wednesday("08:00"), Act::Touch(child(LEA)));
    door.act(wednesday("08:00"), Act::Touch(child(AYA)));
    let screen = door.act(wednesday("08:00"), Act::Touch(child(NOE)));
    assert_eq!(text(&screen), "3 arrivent");
    assert!(door.last_recorded().is_empty(), "a touch that chooses records nothing");
    let screen = door.act(wednesday("08:00"), Act::Touch(child(AYA)));
    assert_eq!((text(&screen), tile(&screen, NOE).ticked, tile(&screen, AYA).ticked), ("2 arrivent", true, false));

    let screen = door.act(wednesday("08:00"), Act::Confirm);
    assert_eq!(door.last_recorded().len(), 2);
    assert_eq!([LEA, NOE, AYA].map(|n| tile(&screen, n).state), [TileState::Present, TileState::Present, TileState::Expected]);
    assert!(screen.several.is_none(), "the next touch records again");
    let screen = door.act(wednesday("08:00"), Act::Undo);
    assert_eq!(tile(&screen, NOE).state, TileState::Expected, "one act, one undo");
}

#[test]
fn those_who_come_and_those_who_leave_are_not_mixed() {
    let dir = tempdir().unwrap();
    let mut door = door_in(dir.path(), wednesday("07:40"));
    door.act(wednesday("08:00"), Act::Touch(child(LEA)));
    let screen = choose(&mut door, "08:10", &[TOM, LEA]);
    assert_eq!((text(&screen), said(&screen)), ("1 arrive", "Léa est là : validez d'abord les arrivées."));
    door.act(wednesday("08:10"), Act::Several);
    let screen = choose(&mut door, "08:11", &[LEA, TOM]);
    assert_eq!((text(&screen), said(&screen)), ("1 part", "Tom n'est pas là : validez d'abord les départs."));
}

#[test]
fn a_class_leaves_for_a_club_together_and_one_name_in_one_note_each() {
    let dir = tempdir().unwrap();
    let mut door = door_in(dir.path(), wednesday("07:40"));
    for number in [LEA, AYA, NOE] {
        door.act(wednesday("08:00"), Act::Touch(child(number)));
    }
    let screen = choose(&mut door, "14:00", &[LEA, AYA, NOE]);
    assert_eq!(text(&screen), "3 partent");
    let screen = door.act(wednesday("14:00"), Act::Confirm);
    let Some(Dialog::Departure(dialog)) = &screen.dialog else { panic!("{:?}", screen.dialog) };
    assert_eq!((dialog.name.as_str(), dialog.several, dialog.adults.len(), dialog.siblings.len()), ("3 enfants", Some(3), 0, 0));
    door.act(wednesday("14:00"), Act::Way(Way::Club("Judo".into())));
    let screen = door.act(wednesday("14:00"), Act::Confirm);
    assert_eq!(door.last_recorded().len(), 3);
    assert_eq!([LEA, AYA, NOE].map(|n| tile(&screen, n).state), [TileState::Gone; 3]);
    assert!(screen.several.is_none());
    for number in [LEA, AYA, NOE] {
        let left = door.attendance().days[&(date("2026-10-14"), child(number))].presences[0].left.clone().unwrap();
        assert_eq!(left.to, Some(LeftTo::Club));
    }
}

#[test]
fn whoever_is_barred_for_one_of_them_takes_none_of_them() {
    let dir = tempdir().unwrap();
    let mut door = door_in(dir.path(), wednesday("07:40"));
    for number in [LEA, AYA] {
        door.act(wednesday("08:00"), Act::Touch(child(number)));
    }
    choose(&mut door, "16:00", &[LEA, AYA]);
    door.act(wednesday("16:00"), Act::Confirm);
    let screen = door.act(wednesday("16:00"), Act::OtherAdult("karim benali".into(), FamilyWord::Called));
    assert!(matches!(screen.dialog, Some(Dialog::Barred(_))), "{:?}", screen.dialog);
    assert!(door.last_recorded().is_empty());
}

#[test]
fn a_choice_that_was_forgotten_is_given_up_after_a_minute() {
    let dir = tempdir().unwrap();
    let mut door = door_in(dir.path(), wednesday("07:40"));
    choose(&mut door, "08:00", &[LEA]);
    assert!(door.tick_clock(later(wednesday("08:00"), 59_000)).several.is_some());
    assert!(door.tick_clock(later(wednesday("08:00"), 60_000)).several.is_none());
    let screen = door.act(wednesday("08:02"), Act::Touch(child(LEA)));
    assert_eq!(tile(&screen, LEA).state, TileState::Present, "a touch records again");
}
