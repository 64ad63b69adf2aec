//! What a finger on the board asks, and what it never does by itself.

use crate::door::Door;
use crate::fixtures;
use slint::ComponentHandle;
use slint::LogicalPosition;
use slint::platform::{PointerEventButton, WindowEvent};
use std::time::Duration;
use terminal_app::paint;
use terminal_core::view::{Act, TileState};

#[test]
fn a_touched_child_is_told_to_the_door_and_does_not_turn_green_by_itself() {
    let screen = fixtures::creche();
    let door = Door::open(&screen);
    let adam = &screen.tiles[0];
    assert_eq!(adam.state, TileState::Expected);
    door.touch("Adam N.");
    assert_eq!(door.asked(), [Act::Touch(adam.child)]);
    assert_eq!(door.find("Adam N.").accessible_description().unwrap(), "à venir, dès 8:30");

    let mut sealed = screen.clone();
    sealed.tiles[0].state = TileState::Present;
    sealed.tiles[0].state_text = "8:27".into();
    paint::show_screen(&door.window, &sealed);
    assert_eq!(door.find("Adam N.").accessible_description().unwrap(), "arrivée 8:27");
}

#[test]
fn a_finger_that_stays_opens_the_child_and_is_not_also_a_touch() {
    let screen = fixtures::creche();
    let door = Door::open(&screen);
    let position = door.middle("Adam N.");
    let window = door.window.window();
    window.dispatch_event(WindowEvent::PointerMoved { position });
    window.dispatch_event(WindowEvent::PointerPressed { position, button: PointerEventButton::Left });
    door.wait(Duration::from_millis(150));
    door.wait(Duration::from_millis(700));
    assert_eq!(door.asked(), [Act::Hold(screen.tiles[0].child)]);
    window.dispatch_event(WindowEvent::PointerReleased { position, button: PointerEventButton::Left });
    assert_eq!(door.asked(), []);
    door.touch("Adam N.");
    assert_eq!(door.asked(), [Act::Touch(screen.tiles[0].child)], "the next touch is a touch again");
}

#[test]
fn a_trembling_or_slow_finger_is_still_one_touch() {
    let screen = fixtures::creche();
    for (down_ms, still_ms, shift) in [(20, 20, 1.5), (5, 60, -1.0), (90, 30, 2.0), (150, 150, 1.0), (50, 0, 0.0), (20, 20, 0.0)] {
        let door = Door::open(&screen);
        let (mut position, button) = (door.middle("Adam N."), PointerEventButton::Left);
        let window = door.window.window();
        window.dispatch_event(WindowEvent::PointerMoved { position });
        window.dispatch_event(WindowEvent::PointerPressed { position, button });
        door.wait(Duration::from_millis(down_ms));
        position.x += shift;
        position.y -= shift;
        window.dispatch_event(WindowEvent::PointerMoved { position });
        door.wait(Duration::from_millis(still_ms));
        window.dispatch_event(WindowEvent::PointerReleased { position, button });
        assert_eq!(door.asked(), [Act::Touch(screen.tiles[0].child)], "{down_ms} ms, then {still_ms} ms, {shift} px away");
    }
}

#[test]
fn what_was_recorded_can_be_taken_back_from_the_bar() {
    let door = Door::open(&fixtures::creche());
    door.touch("Annuler");
    assert_eq!(door.asked(), [Act::Undo]);
    let mut later = fixtures::creche();
    later.undo = None;
    paint::show_screen(&door.window, &later);
    assert!(door.all("Annuler").is_empty(), "no dead button");
}

#[test]
fn the_undo_bar_covers_no_tile_and_tiles_do_not_move_for_it() {
    let mut screen = fixtures::creche();
    let door = Door::open(&screen);
    let before = door.find("Adam N.").absolute_position();
    let bar = door.find("Léa et Tom, arrivée 8:26");
    assert!(bar.absolute_position().y + bar.size().height <= before.y);
    screen.undo = None;
    screen.notice = fixtures::notice().notice;
    screen.sync = terminal_core::view::SyncBar::default();
    paint::show_screen(&door.window, &screen);
    assert_eq!(door.find("Adam N.").absolute_position(), before);
}

#[test]
fn three_hundred_children_cost_a_screenful_and_all_can_be_reached() {
    let screen = fixtures::large();
    let door = Door::open(&screen);
    let first = door.tiles_in_sight();
    assert!(first.len() <= 36, "{} tiles exist", first.len());
    let mut seen = first.clone();
    let position = LogicalPosition::new(640.0, 450.0);
    for _ in 0..200 {
        door.window.window().dispatch_event(WindowEvent::PointerScrolled { position, delta_x: 0.0, delta_y: -142.0 });
        door.wait(Duration::from_millis(20));
        seen.extend(door.tiles_in_sight());
    }
    door.picture("grand-en-bas");
    seen.sort();
    seen.dedup();
    let mut names: Vec<String> = screen.tiles.iter().map(|tile| format!("{} {}", tile.first_name, tile.last_initial)).collect();
    names.sort();
    names.dedup();
    assert_eq!(seen, names);
}

#[test]
fn another_group_starts_at_the_top() {
    let screen = fixtures::large();
    let door = Door::open(&screen);
    door.key(char::from(slint::platform::Key::PageDown));
    door.wait(Duration::from_millis(100));
    let scrolled = door.tiles_in_sight();
    assert_ne!(scrolled.first(), Some(&"Abdelrahmane D.".to_owned()));
    door.touch("PS B");
    let group = screen.groups[2].group;
    assert_eq!(door.asked(), [Act::Group(group)]);
    let mut filtered = screen.clone();
    filtered.groups.iter_mut().for_each(|tab| tab.chosen = tab.group == group);
    filtered.tiles.truncate(200);
    paint::show_screen(&door.window, &filtered);
    door.wait(Duration::from_millis(100));
    assert_eq!(door.tiles_in_sight().first(), Some(&"Abdelrahmane D.".to_owned()));
}

#[test]
fn a_roll_call_is_touched_by_exception_and_validated_once() {
    let screen = fixtures::roll_call();
    let door = Door::open(&screen);
    assert_eq!(door.find("Adam N.").accessible_description().unwrap(), "là, à valider");
    door.touch("Adam N.");
    door.touch("Valider la classe");
    assert_eq!(door.asked(), [Act::Tick(screen.tiles[0].child), Act::ValidateRollCall]);
    let ines = screen.tiles.iter().find(|tile| tile.state == TileState::Absent).unwrap();
    door.touch("Inès G.");
    assert_eq!(door.asked(), [Act::Tick(ines.child)], "who was announced absent came after all");

    let mut done = screen.clone();
    for tile in done.tiles.iter_mut().filter(|tile| tile.state != TileState::Absent) {
        (tile.state, tile.ticked) = (TileState::Present, true);
    }
    paint::show_screen(&door.window, &done);
    assert!(door.all("Valider la classe").is_empty(), "nobody is left to call");
    done.tiles[0].ticked = false;
    paint::show_screen(&door.window, &done);
    assert_eq!(
        door.find("Adam N.").accessible_description().unwrap(),
        "manque, à valider",
        "a presence that was wrong is taken back by the same act"
    );
    assert_eq!(door.all("Valider la classe").len(), 1);
}

#[test]
fn another_moment_is_two_touches_away() {
    let screen = fixtures::creche();
    let door = Door::open(&screen);
    door.touch("Changer de moment");
    door.wait(Duration::from_millis(20));
    door.picture("moments");
    door.touch("Mercredi matin avec repas · 7:30 – 13:30");
    assert_eq!(door.asked(), [Act::Moment(screen.moments[1].activity)]);
    door.wait(Duration::from_millis(20));
    assert!(door.all("Quel moment ?").is_empty());
    assert_eq!(Door::open(&fixtures::small()).find("Changer de moment").accessible_enabled(), Some(false), "one moment: nothing to choose");
}

#[test]
fn a_notice_is_read_and_closed() {
    let door = Door::open(&fixtures::notice());
    door.touch("J’ai lu");
    assert_eq!(door.asked(), [Act::Close]);
}

#[test]
fn a_pinned_alert_has_no_button_that_would_do_nothing() {
    let door = Door::open(&fixtures::pinned());
    assert!(door.all("J’ai lu").is_empty());
    door.touch("Adam N.");
    assert_eq!(door.asked().len(), 1, "the door goes on for the others");
}
