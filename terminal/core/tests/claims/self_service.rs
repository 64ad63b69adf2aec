//! Families at a tablet of their own.

use crate::fixture::*;
use shared::roster::{Centre, Item};
use tempfile::{TempDir, tempdir};
use terminal_core::clock::Now;
use terminal_core::door::Door;
use terminal_core::view::{Act, Dialog, EvacuationReason, FamilyWord, PersonState, Screen, TileState, Way};

fn at_the_gate(dir: &TempDir, now: Now) -> Door {
    let mut door = door_in(dir.path(), now);
    door.serve_families(true);
    door
}

fn card(door: &mut Door, now: Now, number: &str) -> Screen {
    door.act(now, Act::Badge(number.into()))
}

fn done(screen: &Screen) -> Option<&str> {
    screen.families.as_ref().expect("a family's screen").done.as_deref()
}

/// Whether a screen says anything of a child.
fn names_somebody(screen: &Screen) -> bool {
    let told = format!("{screen:?}");
    ["Léa", "Tom", "Aya", "Martin", "Benali"].iter().any(|name| told.contains(name))
}

#[test]
fn a_family_sees_no_child_before_its_card_and_touches_none() {
    let dir = tempdir().unwrap();
    let mut door = at_the_gate(&dir, wednesday("08:20"));
    let screen = door.tick_clock(wednesday("08:20"));
    assert!(screen.families.is_some() && !names_somebody(&screen), "{screen:?}");
    for act in [
        Act::Touch(child(LEA)),
        Act::Hold(child(LEA)),
        Act::Arrive(child(LEA)),
        Act::Care(child(AYA)),
        Act::Search("léa".into()),
        Act::Several,
        Act::Meals,
        Act::SignDay,
        Act::Absent(child(LEA)),
    ] {
        let screen = door.act(wednesday("08:20"), act);
        assert!(door.last_recorded().is_empty() && !names_somebody(&screen), "{screen:?}");
    }
}

#[test]
fn a_card_brings_the_family_in_and_the_screen_is_neutral_five_seconds_later() {
    let dir = tempdir().unwrap();
    let mut door = at_the_gate(&dir, wednesday("08:20"));
    let now = wednesday("08:26");
    let screen = card(&mut door, now, FAMILY_CARD);
    assert_eq!((done(&screen), door.last_recorded().len()), (Some("Léa et Tom, arrivée 8:26"), 2));
    assert_eq!(screen.undo.map(|undo| undo.seconds_left), Some(5));
    assert!(names_somebody(&door.tick_clock(later(now, 4_900))));
    assert!(!names_somebody(&door.tick_clock(later(now, 5_000))));
    let screen = door.act(later(now, 5_100), Act::Undo);
    assert!(!names_somebody(&screen) && door.last_recorded().is_empty(), "what isn't shown isn't taken back");

    let now = wednesday("08:30");
    door.serve_families(false);
    assert_eq!(tile(&door.tick_clock(now), LEA).state, TileState::Present);
}

#[test]
fn a_card_takes_its_own_children_home_with_somebody_of_their_list_and_in_no_other_way() {
    let dir = tempdir().unwrap();
    let mut door = at_the_gate(&dir, wednesday("08:20"));
    card(&mut door, wednesday("08:26"), FAMILY_CARD);
    let now = wednesday("16:40");
    let screen = card(&mut door, now, FAMILY_CARD);
    let Some(Dialog::Departure(dialog)) = &screen.dialog else { panic!("{:?}", screen.dialog) };
    assert!(dialog.by_family);
    for act in [Act::OtherAdult("Camille Tanguy".into(), FamilyWord::Called), Act::Way(Way::School), Act::LeaveAlone, Act::Care(child(LEA))]
    {
        door.act(now, act);
        assert!(door.last_recorded().is_empty());
    }
    door.act(now, Act::Adult(person(JULIEN)));
    let screen = door.act(now, Act::Confirm);
    assert_eq!(done(&screen), Some("Léa et Tom, départ 16:40"));
    assert!(!names_somebody(&door.tick_clock(later(now, 5_000))));
}

#[test]
fn a_question_that_nobody_answers_is_gone_after_twenty_seconds() {
    let dir = tempdir().unwrap();
    let mut door = at_the_gate(&dir, wednesday("08:20"));
    card(&mut door, wednesday("08:26"), FAMILY_CARD);
    let now = wednesday("16:40");
    card(&mut door, now, FAMILY_CARD);
    assert!(door.tick_clock(later(now, 19_000)).dialog.is_some());
    assert!(!names_somebody(&door.tick_clock(later(now, 20_000))));
}

#[test]
fn a_barred_adults_card_fills_the_screen_until_the_team_takes_it_away() {
    let dir = tempdir().unwrap();
    let mut door = at_the_gate(&dir, wednesday("08:20"));
    let now = wednesday("16:40");
    assert!(matches!(card(&mut door, now, KARIM_CARD).dialog, Some(Dialog::Barred(_))));
    for act in [Act::Confirm, Act::Close] {
        assert!(matches!(door.act(now, act).dialog, Some(Dialog::Barred(_))), "a family doesn't close it");
    }
    assert!(matches!(door.tick_clock(wednesday("16:50")).dialog, Some(Dialog::Barred(_))));
    let screen = card(&mut door, wednesday("16:51"), STAFF_CARD);
    assert!(screen.families.is_none());
    assert!(door.act(wednesday("16:51"), Act::Confirm).dialog.is_none());
}

#[test]
fn a_card_of_the_team_opens_the_board_for_two_minutes_from_its_last_touch() {
    let dir = tempdir().unwrap();
    let mut door = at_the_gate(&dir, wednesday("08:20"));
    let now = wednesday("08:30");
    let screen = card(&mut door, now, STAFF_CARD);
    assert!(screen.families.is_none() && !screen.tiles.is_empty());
    let screen = door.act(later(now, 100_000), Act::Touch(child(LEA)));
    assert_eq!(tile(&screen, LEA).state, TileState::Present);
    assert!(door.tick_clock(later(now, 219_000)).families.is_none());
    assert!(!names_somebody(&door.tick_clock(later(now, 220_000))));
}

#[test]
fn an_unknown_card_sends_a_family_to_the_team() {
    let dir = tempdir().unwrap();
    let mut door = at_the_gate(&dir, wednesday("08:20"));
    let screen = card(&mut door, wednesday("08:26"), "04999999999999");
    assert!(said(&screen).contains("Adressez-vous à l'équipe"), "{}", said(&screen));
    assert_eq!(said(&door.tick_clock(later(wednesday("08:26"), 5_000))), "");
}

#[test]
fn an_evacuation_is_called_at_the_gate_too_and_leaves_no_name_behind() {
    let dir = tempdir().unwrap();
    let mut door = at_the_gate(&dir, wednesday("08:20"));
    card(&mut door, wednesday("08:26"), FAMILY_CARD);
    let now = wednesday("09:00");
    let screen = door.act(now, Act::Evacuate);
    let Some(Dialog::Evacuation(call)) = &screen.dialog else { panic!("{:?}", screen.dialog) };
    let missing: Vec<_> = call.people.iter().filter(|row| row.state == PersonState::Missing).collect();
    assert_eq!(missing.len(), 2, "both brothers and sisters");
    let who = missing[0].who;
    door.act(now, Act::Seen(who));
    assert_eq!(door.last_recorded().len(), 1);
    door.act(now, Act::EndEvacuation);
    door.act(now, Act::EvacuationOver(EvacuationReason::Drill));
    assert!(!names_somebody(&door.tick_clock(later(now, 21_000))));
}

#[test]
fn in_a_creche_where_handing_over_counts_a_card_records_nothing_and_the_teams_touch_does() {
    let dir = tempdir().unwrap();
    let creche = |item: Item| match item {
        Item::Centre(centre) => Item::Centre(Centre { kind: "eaje".into(), ..centre }),
        other => other,
    };
    let mut door = door_with(dir.path(), wednesday("08:20"), 1, roster().into_iter().map(creche).collect());
    door.serve_families(true);
    door.count_handing_over(true);
    let screen = card(&mut door, wednesday("08:26"), FAMILY_CARD);
    let said = "Léa et Tom : l'équipe note l'heure quand l'enfant lui est confié, ou vous est rendu.";
    assert_eq!((screen.notice.map(|notice| notice.text).as_deref(), door.last_recorded().len()), (Some(said), 0));
    let screen = card(&mut door, wednesday("08:27"), KARIM_CARD);
    assert!(matches!(screen.dialog, Some(Dialog::Barred(_))), "who is barred is told all the same");
    door.act(wednesday("08:28"), Act::Badge(STAFF_CARD.into()));
    door.act(wednesday("08:28"), Act::Close);
    door.act(wednesday("08:29"), Act::Touch(child(LEA)));
    assert_eq!(door.last_recorded().len(), 1, "handed over");
    door.count_handing_over(false);
    card(&mut door, wednesday("08:40"), FAMILY_CARD);
    assert_eq!(door.last_recorded().len(), 1, "Tom, by the card again");
}
