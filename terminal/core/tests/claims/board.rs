use crate::fixture::*;
use shared::roster::Item;
use std::time::Instant;
use tempfile::tempdir;
use terminal_core::door::Door;
use terminal_core::store::{NoFaults, Store, StoreError};
use terminal_core::view::{Act, Counters, FamilyWord, Screen, TileState};

fn names(screen: &Screen) -> Vec<String> {
    screen.tiles.iter().map(|t| format!("{} {}", t.first_name, t.last_initial)).collect()
}

#[test]
fn the_board_says_place_moment_and_who_is_awaited_in_a_fixed_order() {
    let dir = tempdir().unwrap();
    let mut door = door_in(dir.path(), wednesday("07:40"));
    let screen = door.screen(wednesday("07:40"));
    assert_eq!(
        (screen.place.as_str(), screen.moment.as_str(), screen.clock.as_str()),
        ("École Vauban", "Mercredi journée · 14 octobre", "7:40")
    );
    assert_eq!(names(&screen), ["Aya B.", "Inès G.", "Léa M.", "Noé L.", "Tom M."]);
    assert_eq!(screen.counters, Counters { present: 0, expected: 4, to_come: 4, late: 0, gone: 0, absent: 1 });
    // Tiles that change their state stay where they are.
    let screen = door.act(wednesday("08:05"), Act::Touch(child(TOM)));
    assert_eq!(names(&screen), ["Aya B.", "Inès G.", "Léa M.", "Noé L.", "Tom M."]);
    assert_eq!((tile(&screen, AYA).state, tile(&screen, AYA).state_text.as_str()), (TileState::Late, "retard · 8:00"));
    assert_eq!((tile(&screen, INES).state, tile(&screen, INES).state_text.as_str()), (TileState::Absent, "absence"));
    assert_eq!(screen.counters, Counters { present: 1, expected: 4, to_come: 3, late: 1, gone: 0, absent: 1 });
    assert!(tile(&screen, AYA).care && !tile(&screen, TOM).care);
}

#[test]
fn a_group_filters_the_tiles_and_not_the_figures() {
    let dir = tempdir().unwrap();
    let mut door = door_in(dir.path(), wednesday("07:40"));
    let screen = door.act(wednesday("07:41"), Act::Group(Some(group(1))));
    assert_eq!(names(&screen), ["Noé L.", "Tom M."]);
    let tabs: Vec<_> = screen.groups.iter().map(|g| (g.name.as_str(), g.present, g.expected, g.chosen)).collect();
    assert_eq!(tabs, [("Tous", 0, 4, false), ("Grands", 0, 2, false), ("Petits", 0, 2, true)]);
    assert_eq!(screen.counters.expected, 4);
}

#[test]
fn a_search_needs_no_accent_and_finds_every_child_of_the_site() {
    let dir = tempdir().unwrap();
    let mut door = door_in(dir.path(), wednesday("07:40"));
    door.act(wednesday("07:41"), Act::Group(Some(group(1))));
    let screen = door.act(wednesday("07:41"), Act::Search("zoe marc".into()));
    assert_eq!(names(&screen), ["Zoé M."]);
    assert_eq!((tile(&screen, ZOE).state, tile(&screen, ZOE).state_text.as_str()), (TileState::Unexpected, "sans réservation"));
    // Who came without a booking is recorded all the same: a lock never refuses a fact.
    let screen = door.act(wednesday("07:42"), Act::Arrive(child(ZOE)));
    assert_eq!(tile(&screen, ZOE).state, TileState::Present);
    let screen = door.act(wednesday("07:43"), Act::Search(String::new()));
    let screen2 = door.act(wednesday("07:43"), Act::Group(None));
    assert!(find(&screen, ZOE).is_some() || find(&screen2, ZOE).is_some(), "once here, Zoé stands on the board");
}

#[test]
fn children_who_would_look_the_same_carry_more_of_their_name() {
    let dir = tempdir().unwrap();
    let twin = |number: u16, last: &str, born: &str| {
        let mut item = crowd(1).remove(0);
        if let Item::Child(c) = &mut item {
            c.id = child(number);
            c.first_name = "Léa".into();
            c.last_name = last.into();
            c.birth_date = date(born);
        }
        [item, booking(number, "MERC", "2026-10-14", None, true)]
    };
    let more = [twin(50, "Moreau", "2018-01-02"), twin(51, "Petit", "2018-01-02"), twin(52, "Moreau", "2020-03-04")].concat();
    let door = door_with(dir.path(), wednesday("07:40"), 1, [roster(), more].concat());
    let screen = door.screen(wednesday("07:40"));
    let leas: Vec<String> = names(&screen).into_iter().filter(|n| n.starts_with("Léa")).collect();
    assert_eq!(leas, ["Léa Martin", "Léa Moreau · 2018", "Léa Moreau · 2020", "Léa P."]);
}

#[test]
fn three_hundred_children_are_touched_one_after_the_other_without_waiting() {
    let dir = tempdir().unwrap();
    let mut door = door_with(dir.path(), wednesday("07:40"), 1, [roster(), crowd(300)].concat());
    let started = Instant::now();
    let mut screen = Screen::default();
    for number in 100..400 {
        screen = door.act(wednesday("07:50"), Act::Touch(child(number)));
    }
    assert_eq!((screen.counters.present, screen.tiles.len(), screen.sync.unsent), (300, 305, 300));
    // Not a benchmark (see benches/): a bound that only a mistake of order would break, unoptimised and beside other builds.
    assert!(started.elapsed().as_secs() < 60, "{:?}", started.elapsed());
}

#[test]
fn a_tablet_that_is_not_enrolled_says_how_and_records_nothing() {
    let dir = tempdir().unwrap();
    let store = Store::open(dir.path(), std::sync::Arc::new(NoFaults)).unwrap();
    let mut door = Door::open(store, wednesday("07:40")).unwrap();
    let screen = door.act(wednesday("07:41"), Act::Touch(child(LEA)));
    assert_eq!(said(&screen), StoreError::NotEnrolled.to_string());
    assert_eq!(screen.sync.text, "Tablette à enrôler");
    assert!(screen.tiles.is_empty());
}

#[test]
fn no_act_on_anything_unknown_disturbs_the_door() {
    let dir = tempdir().unwrap();
    let mut door = door_in(dir.path(), wednesday("07:40"));
    let before = door.tick_clock(wednesday("07:41"));
    for act in [
        Act::Touch(child(999)),
        Act::Hold(child(999)),
        Act::Tick(child(999)),
        Act::Adult(person(999)),
        Act::Confirm,
        Act::LeaveAlone,
        Act::OtherAdult("x".repeat(10_000), FamilyWord::Called),
        Act::Absent(child(999)),
        Act::Moment(shared::id::ActivityId::NIL),
        Act::Group(Some(group(99))),
        Act::Group(None),
        Act::Badge("A".repeat(100_000)),
        Act::Close,
        Act::Close,
    ] {
        door.act(wednesday("07:41"), act);
    }
    assert_eq!(door.screen(wednesday("07:41")), before);
}

#[test]
fn after_the_end_the_board_asks_who_saw_the_last_children_leave() {
    let dir = tempdir().unwrap();
    let mut door = door_in(dir.path(), wednesday("07:40"));
    door.act(wednesday("07:42"), Act::Badge(FAMILY_CARD.into()));
    // Aya never came: that was read in the morning.
    door.act(wednesday("08:31"), Act::Close);
    assert_eq!(door.tick_clock(wednesday("18:30")).notice, None);
    let screen = door.tick_clock(wednesday("18:31"));
    assert_eq!(said(&screen), "Sans départ enregistré : Léa et Tom. Touchez chaque enfant pour dire avec qui, et à quelle heure.");
    assert!(screen.notice_stays, "it stays until somebody says it");
    assert_eq!(screen.counters.present, 2, "no time is made up");
    let screen = door.act(wednesday("18:32"), Act::Touch(child(LEA)));
    assert_eq!(screen.notice, None, "the question is in front");
    door.act(wednesday("18:32"), Act::Adult(person(JULIEN)));
    door.act(wednesday("18:32"), Act::Hour(Some(hour("18:15"))));
    let screen = door.act(wednesday("18:32"), Act::Staff(staff(1)));
    assert_eq!((screen.notice, screen.counters.gone), (None, 2));
}
