//! A child in another group for a day.

use crate::fixture::*;
use tempfile::tempdir;
use terminal_core::view::{Act, Dialog, Screen};

/// Expected in a group, by its tab.
fn expected(screen: &Screen, name: &str) -> u32 {
    screen.groups.iter().find(|tab| tab.name == name).map_or(0, |tab| tab.expected)
}

fn choices(screen: &Screen) -> Vec<(&str, bool)> {
    match &screen.dialog {
        Some(Dialog::Child(dialog)) => dialog.groups.iter().map(|g| (g.name.as_str(), g.chosen)).collect(),
        other => panic!("no dialog of a child: {other:?}"),
    }
}

#[test]
fn a_child_who_is_moved_stands_in_the_other_group_today_and_in_its_own_tomorrow() {
    let dir = tempdir().unwrap();
    let mut door = door_in(dir.path(), wednesday("07:40"));
    let before = door.tick_clock(wednesday("08:00"));
    let screen = door.act(wednesday("08:00"), Act::Hold(child(LEA)));
    assert_eq!(choices(&screen), [("Grands", true), ("Petits", false)]);
    let screen = door.act(wednesday("08:00"), Act::MoveGroup(child(LEA), group(1)));
    assert_eq!(expected(&screen, "Petits"), expected(&before, "Petits") + 1);
    assert_eq!(expected(&screen, "Grands"), expected(&before, "Grands") - 1);
    assert_eq!(screen.undo.as_ref().map(|u| u.text.as_str()), Some("Léa : Petits aujourd'hui"));
    let screen = door.act(wednesday("08:01"), Act::Group(Some(group(1))));
    assert!(find(&screen, LEA).is_some());

    // One more move back, and an undo of it.
    door.act(wednesday("08:02"), Act::MoveGroup(child(LEA), group(2)));
    let screen = door.act(wednesday("08:02"), Act::Undo);
    assert_eq!(expected(&screen, "Petits"), expected(&before, "Petits") + 1);

    answered(&door, at("2026-10-21T08:00:00+02:00"));
    let screen = door.act(at("2026-10-21T08:00:00+02:00"), Act::Hold(child(LEA)));
    assert_eq!(choices(&screen), [("Grands", true), ("Petits", false)], "a week later");
}

#[test]
fn a_child_moves_to_no_group_of_another_lieu_and_not_to_where_it_is() {
    let dir = tempdir().unwrap();
    let mut door = door_in(dir.path(), wednesday("07:40"));
    for wrong in [group(2), group(99)] {
        door.act(wednesday("08:00"), Act::MoveGroup(child(LEA), wrong));
        assert!(door.last_recorded().is_empty());
    }
    // The canteen has no groups.
    let mut door = { door_in(tempdir().unwrap().path(), thursday("11:50")) };
    let screen = door.act(thursday("11:50"), Act::Hold(child(LEA)));
    assert_eq!(choices(&screen), []);
}
