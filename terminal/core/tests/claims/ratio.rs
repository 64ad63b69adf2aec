//! The chip of the staff ratio: which children and which adults count.

use crate::fixture::*;
use shared::ratio::StaffingRule;
use shared::roster::{Centre, Child, Item, Staff};
use tempfile::tempdir;
use terminal_core::clock::Now;
use terminal_core::door::Door;
use terminal_core::view::{Act, Dialog, FamilyWord, RatioCard, Screen, Tone};

/// The site under a rule for its holiday centre and its care, with a crowd, and a team of so many besides the director.
fn items(rule: StaffingRule, crowd_of: u16, team: u16, director_counts: bool) -> Vec<Item> {
    let ruled = |item: Item| match item {
        Item::Centre(centre) if centre.id != CANTEEN => Item::Centre(Centre { staffing: Some(rule), ..centre }),
        Item::Staff(director) => Item::Staff(Staff { counted: director_counts, ..director }),
        // A few of the crowd are under six.
        Item::Child(child) if child.code.ends_with('0') => Item::Child(Child { birth_date: date("2022-03-01"), ..child }),
        other => other,
    };
    let member = |number: u16| {
        let (first_name, last_name) = (format!("Anim{number}"), "Petit".to_owned());
        let code = format!("P{number:03}");
        Item::Staff(Staff { id: staff(number), code, centre: ALSH, first_name, last_name, director: false, counted: true })
    };
    roster().into_iter().chain(crowd(crowd_of)).map(ruled).chain((2..2 + team).map(member)).collect()
}

/// So many of the crowd come, and so many of the team.
fn come(door: &mut Door, now: Now, children: u16, team: std::ops::Range<u16>) -> Screen {
    for number in 100..100 + children {
        door.act(now, Act::Touch(child(number)));
    }
    door.act(now, Act::Team);
    for number in team {
        door.act(now, Act::TeamTouch(staff(number)));
    }
    door.act(now, Act::Close)
}

fn chip(screen: &Screen) -> (&str, &str, Tone) {
    (&screen.team.text, &screen.team.short, screen.team.tone)
}

fn card(screen: &Screen) -> RatioCard {
    match &screen.dialog {
        Some(Dialog::Team(team)) => team.ratio.clone().unwrap(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_chip_is_amber_at_the_limit_red_where_one_is_missing_and_calm_with_one_to_spare() {
    let dir = tempdir().unwrap();
    let mut door = door_with(dir.path(), wednesday("07:30"), 1, items(StaffingRule::AlshExtra, 30, 6, false));
    // 100, 110, 120: three are under six, 23 are not.
    let screen = come(&mut door, wednesday("09:00"), 26, 2..5);
    assert_eq!(chip(&screen), ("Il faut 3 adultes, vous êtes 3", "3 / 3", Tone::Amber));
    door.act(wednesday("09:10"), Act::Team);
    let screen = door.act(wednesday("09:10"), Act::TeamTouch(staff(5)));
    assert_eq!(chip(&screen), ("Il faut 3 adultes, vous êtes 4", "4 / 3", Tone::Calm));
    door.act(wednesday("09:20"), Act::TeamTouch(staff(5)));
    let screen = door.act(wednesday("09:21"), Act::TeamTouch(staff(4)));
    assert_eq!(chip(&screen), ("Il faut 3 adultes, vous êtes 2", "2 / 3", Tone::Red));
    let reckoned = card(&screen);
    assert_eq!(
        reckoned.lines[..2],
        ["3 enfants de moins de 6 ans : 1 adulte (1 pour 8)", "23 enfants de 6 ans et plus : 2 adultes (1 pour 12)"]
    );
    assert!(reckoned.lines[2].contains("R. 227-15"), "{:?}", reckoned.lines);
}

#[test]
fn a_child_who_leaves_is_no_longer_reckoned_with() {
    let dir = tempdir().unwrap();
    let mut door = door_with(dir.path(), wednesday("07:30"), 1, items(StaffingRule::Eaje6, 8, 3, false));
    let screen = come(&mut door, wednesday("09:00"), 1, 2..4);
    assert_eq!(chip(&screen).0, "Il faut 2 adultes, vous êtes 2", "two at least");
    door.act(wednesday("12:00"), Act::Touch(child(100)));
    door.act(wednesday("12:00"), Act::OtherAdult("Camille Tanguy".into(), FamilyWord::Called));
    let screen = door.act(wednesday("12:00"), Act::IdentitySeen);
    let Some(Dialog::Departure(dialog)) = &screen.dialog else { panic!("{:?}", screen.dialog) };
    let handing = dialog.witnesses[0].staff;
    let screen = door.act(wednesday("12:00"), Act::Staff(handing));
    assert_eq!((chip(&screen).0, screen.team.ruled, chip(&screen).1), ("", false, "2"), "nobody is here: no rule, two adults");
}

#[test]
fn a_team_of_whom_nobody_said_that_they_are_here_is_asked_and_not_told_that_it_is_short() {
    let dir = tempdir().unwrap();
    let mut door = door_with(dir.path(), wednesday("07:30"), 1, items(StaffingRule::AlshExtra, 10, 3, false));
    let screen = come(&mut door, wednesday("09:00"), 10, 0..0);
    assert_eq!(chip(&screen), ("Il faut 2 adultes · pointez l'équipe", "0 / 2", Tone::Amber));
}

#[test]
fn the_director_counts_up_to_fifty_and_is_on_top_from_fifty_one() {
    let dir = tempdir().unwrap();
    let mut door = door_with(dir.path(), wednesday("07:30"), 1, items(StaffingRule::AlshExtra, 60, 6, true));
    let screen = come(&mut door, wednesday("09:00"), 50, 1..6);
    assert_eq!(chip(&screen).0, "Il faut 5 adultes, vous êtes 5", "Nadia, and four of the team");
    let screen = door.act(wednesday("09:10"), Act::Touch(child(151)));
    assert_eq!(chip(&screen), ("Il faut 5 adultes, vous êtes 4", "4 / 5", Tone::Red));
    assert!(card(&door.act(wednesday("09:11"), Act::Team)).lines.iter().any(|line| line.contains("la direction est en plus")));
}

#[test]
fn whoever_does_not_count_is_here_and_not_reckoned_with() {
    let dir = tempdir().unwrap();
    let mut door = door_with(dir.path(), wednesday("07:30"), 1, items(StaffingRule::AlshExtra, 10, 3, false));
    let screen = come(&mut door, wednesday("09:00"), 10, 1..3);
    assert_eq!(chip(&screen), ("Il faut 2 adultes, vous êtes 1", "1 / 2", Tone::Red), "the director is not one of them");
    assert_eq!(door.staff_here().len(), 2, "and stands on the list of an evacuation");
}

#[test]
fn an_evening_that_is_recorded_by_departures_counts_whoever_has_not_left_yet() {
    let dir = tempdir().unwrap();
    let mut all = items(StaffingRule::AlshPeri, 0, 0, true);
    all.retain(|item| !matches!(item, Item::Staff(_)));
    let (first_name, last_name) = ("Samir".into(), "Petit".into());
    all.push(Item::Staff(Staff { id: staff(2), code: "P002".into(), centre: PERI, first_name, last_name, director: false, counted: true }));
    let mut door = door_with(dir.path(), thursday("16:00"), 1, all);
    let before = door.act(thursday("16:25"), Act::Moment(activity("SOIR")));
    assert_eq!(chip(&before).0, "", "not begun");
    door.act(thursday("16:31"), Act::Team);
    let screen = door.act(thursday("16:31"), Act::TeamTouch(staff(2)));
    assert_eq!(chip(&screen).0, "Il faut 1 adulte, vous êtes 1");
    assert_eq!(card(&screen).lines[0], "4 enfants de 6 ans et plus : 1 adulte (1 pour 14)", "two hours: the line of five hours and less");
    door.act(thursday("16:31"), Act::Close);
    leaves_with(&mut door, thursday("17:00"), LEA, ODETTE);
    let screen = door.act(thursday("17:00"), Act::Team);
    assert_eq!(card(&screen).lines[0], "3 enfants de 6 ans et plus : 1 adulte (1 pour 14)");
}

#[test]
fn a_canteen_without_a_rule_wants_nobody() {
    let dir = tempdir().unwrap();
    let mut door = door_with(dir.path(), thursday("11:30"), 1, items(StaffingRule::AlshExtra, 20, 3, false));
    door.act(thursday("11:50"), Act::ValidateRollCall);
    let screen = door.act(thursday("11:51"), Act::Close);
    assert_eq!((screen.team.ruled, chip(&screen).0), (false, ""));
}
