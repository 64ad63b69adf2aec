//! After the moment's end: who saw the child leave, and when. No time is made up.

use crate::fixture::*;
use shared::id::CentreId;
use shared::journal::{Actor, ActorKind, Evidence, LeftTo};
use shared::roster::{AdultStatus, Item, Staff};
use tempfile::tempdir;
use terminal_core::door::Door;
use terminal_core::view::{Act, DepartureDialog, Dialog, ElsewhereChoice, Screen, TileState};

const SAMIR: u16 = 2;

fn a_member(number: u16, name: (&str, &str), centre: CentreId, director: bool) -> Item {
    let (first_name, last_name) = (name.0.into(), name.1.into());
    Item::Staff(Staff { id: staff(number), code: format!("P{number:03}"), centre, first_name, last_name, director, counted: true })
}

fn with_team() -> Vec<Item> {
    [roster(), vec![a_member(SAMIR, ("Samir", "Haddad"), ALSH, false), a_member(3, ("Eva", "Lune"), PERI, false)]].concat()
}

/// A site that gave no list of its staff.
fn without_team() -> Vec<Item> {
    roster().into_iter().filter(|item| !matches!(item, Item::Staff(_))).collect()
}

fn departure(screen: &Screen) -> &DepartureDialog {
    match &screen.dialog {
        Some(Dialog::Departure(dialog)) => dialog,
        other => panic!("{other:?}"),
    }
}

fn labels(screen: &Screen) -> Vec<String> {
    departure(screen).late.as_ref().unwrap().hours.choices.iter().map(|c| c.label.clone()).collect()
}

fn witnesses(screen: &Screen) -> Vec<&str> {
    departure(screen).witnesses.iter().map(|w| w.name.as_str()).collect()
}

fn left(door: &Door, number: u16) -> shared::fold::Departure {
    door.attendance().days[&(date("2026-10-14"), child(number))].presences[0].left.clone().unwrap()
}

fn by(number: u16) -> Actor {
    Actor { kind: ActorKind::Staff, id: staff(number).0 }
}

#[test]
fn a_forgotten_departure_is_said_with_its_hour_and_its_witness_in_one_touch_more() {
    let dir = tempdir().unwrap();
    let mut door = door_with(dir.path(), wednesday("07:40"), 1, with_team());
    door.act(wednesday("07:42"), Act::Badge(FAMILY_CARD.into()));
    let screen = door.act(wednesday("18:47"), Act::Touch(child(LEA)));
    assert_eq!(departure(&screen).subtitle, "Arrivée à 7:42 · qui est venu, et quand ?");
    assert_eq!(labels(&screen), ["17:45", "18:00", "18:15", "18:30", "18:45", "maintenant"]);
    assert_eq!(departure(&screen).late.as_ref().unwrap().hours.chosen, None, "no hour is proposed as chosen");
    assert_eq!(witnesses(&screen), ["Nadia Roche", "Samir Haddad"], "the team of the lieu");

    door.act(wednesday("18:47"), Act::Adult(person(JULIEN)));
    let screen = door.act(wednesday("18:47"), Act::Hour(Some(hour("18:15"))));
    assert_eq!(departure(&screen).confirm, "Léa et Tom, départ à 18:15 avec Julien Martin");
    assert!(departure(&screen).may_confirm);
    assert_eq!(screen.sync.unsent, 2, "nothing is recorded before somebody's word");
    let screen = door.act(wednesday("18:48"), Act::Staff(staff(SAMIR)));

    assert_eq!((screen.dialog.as_ref(), screen.counters.gone), (None, 2));
    assert_eq!(screen.undo.unwrap().text, "Léa et Tom, départ 18:15");
    for number in [LEA, TOM] {
        let left = left(&door, number);
        assert_eq!((left.mark.at_ms, left.mark.evidence, left.mark.actor), (wednesday("18:15").wall_ms, Evidence::Declared, by(SAMIR)));
        assert_eq!((left.to, left.person), (Some(LeftTo::Person), Some(person(JULIEN))));
    }
}

#[test]
fn without_an_hour_or_without_a_witness_nothing_is_recorded() {
    let dir = tempdir().unwrap();
    let mut door = door_with(dir.path(), wednesday("07:40"), 1, with_team());
    door.act(wednesday("07:42"), Act::Touch(child(AYA)));
    door.act(wednesday("18:47"), Act::Touch(child(AYA)));
    let screen = door.act(wednesday("18:47"), Act::Adult(person(SONIA)));
    assert!(!departure(&screen).may_confirm);
    let screen = door.act(wednesday("18:47"), Act::Confirm);
    assert_eq!(said(&screen), "Touchez d'abord l'heure du départ.");
    let screen = door.act(wednesday("18:47"), Act::Staff(staff(SAMIR)));
    assert_eq!(said(&screen), "Touchez d'abord l'heure du départ.");
    door.act(wednesday("18:47"), Act::Hour(Some(hour("18:15"))));
    let screen = door.act(wednesday("18:47"), Act::Confirm);
    assert_eq!(said(&screen), "Touchez le nom de la personne qui a vu ce départ.");
    assert_eq!((screen.sync.unsent, tile(&screen, AYA).state), (1, TileState::Present));
}

#[test]
fn a_card_names_the_witness_and_a_site_without_a_list_asks_for_none() {
    let dir = tempdir().unwrap();
    let mut door = door_with(dir.path(), wednesday("07:40"), 1, with_team());
    door.act(wednesday("07:42"), Act::Touch(child(AYA)));
    door.act(wednesday("18:47"), Act::Badge(STAFF_CARD.into()));
    let screen = door.act(wednesday("18:47"), Act::Touch(child(AYA)));
    assert_eq!(witnesses(&screen), [""; 0]);
    door.act(wednesday("18:47"), Act::Adult(person(SONIA)));
    door.act(wednesday("18:47"), Act::Hour(Some(hour("18:30"))));
    door.act(wednesday("18:47"), Act::Confirm);
    assert_eq!((left(&door, AYA).mark.actor, left(&door, AYA).mark.at_ms), (by(1), wednesday("18:30").wall_ms));

    let dir = tempdir().unwrap();
    let mut door = door_with(dir.path(), wednesday("07:40"), 1, without_team());
    door.act(wednesday("07:42"), Act::Touch(child(AYA)));
    let screen = door.act(wednesday("18:47"), Act::Touch(child(AYA)));
    assert_eq!(witnesses(&screen), [""; 0]);
    door.act(wednesday("18:47"), Act::Adult(person(SONIA)));
    door.act(wednesday("18:47"), Act::Hour(Some(hour("18:30"))));
    let screen = door.act(wednesday("18:47"), Act::Confirm);
    assert_eq!((tile(&screen, AYA).state_text.as_str(), left(&door, AYA).mark.actor), ("départ 18:30", Actor::NOBODY));
}

#[test]
fn who_really_leaves_now_is_a_touch_like_any_other() {
    let dir = tempdir().unwrap();
    let mut door = door_with(dir.path(), wednesday("07:40"), 1, with_team());
    door.act(wednesday("07:42"), Act::Touch(child(AYA)));
    door.act(wednesday("18:47"), Act::Touch(child(AYA)));
    door.act(wednesday("18:47"), Act::Adult(person(SONIA)));
    let screen = door.act(wednesday("18:47"), Act::Hour(None));
    assert_eq!((departure(&screen).confirm.as_str(), witnesses(&screen).len()), ("Aya part avec Sonia Benali", 0));
    door.act(wednesday("18:48"), Act::Confirm);
    let left = left(&door, AYA);
    assert_eq!((left.mark.at_ms, left.mark.evidence), (wednesday("18:48").wall_ms, Evidence::List));
}

#[test]
fn the_hour_moves_by_five_minutes_between_the_arrival_and_now() {
    let dir = tempdir().unwrap();
    let mut door = door_with(dir.path(), wednesday("07:40"), 1, with_team());
    door.act(wednesday("18:22"), Act::Touch(child(AYA)));
    let screen = door.act(wednesday("18:33"), Act::Touch(child(AYA)));
    assert_eq!(labels(&screen), ["18:30", "maintenant"]);
    let chosen = |screen: &Screen| {
        let hours = &departure(screen).late.as_ref().unwrap().hours;
        (hours.chosen.clone().unwrap_or_default(), hours.may_be_earlier, hours.may_be_later)
    };
    let screen = door.act(wednesday("18:33"), Act::Hour(Some(hour("18:30"))));
    assert_eq!(chosen(&screen), ("18:30".into(), true, false), "18:35 is still to come");
    let screen = door.act(wednesday("18:33"), Act::Earlier);
    assert_eq!(chosen(&screen), ("18:25".into(), false, true), "18:20 is before the arrival");
    let screen = door.act(wednesday("18:33"), Act::Earlier);
    assert_eq!(chosen(&screen).0, "18:25");
    for impossible in ["18:20", "18:34", "23:00"] {
        let screen = door.act(wednesday("18:33"), Act::Hour(Some(hour(impossible))));
        assert_eq!(chosen(&screen).0, "18:25", "{impossible}");
    }
}

#[test]
fn a_brother_who_came_later_does_not_leave_before_he_came() {
    let dir = tempdir().unwrap();
    let mut door = door_with(dir.path(), wednesday("07:40"), 1, without_team());
    door.act(wednesday("07:42"), Act::Touch(child(LEA)));
    door.act(wednesday("18:10"), Act::Touch(child(TOM)));
    door.act(wednesday("18:47"), Act::Touch(child(LEA)));
    door.act(wednesday("18:47"), Act::Adult(person(JULIEN)));
    door.act(wednesday("18:47"), Act::Hour(Some(hour("18:00"))));
    let screen = door.act(wednesday("18:47"), Act::Confirm);
    assert!(said(&screen).starts_with("Tom : arrivée à 18:10, après l'heure du départ."), "{}", said(&screen));
    assert_eq!(screen.counters.gone, 0, "all or none");
    door.act(wednesday("18:47"), Act::Tick(child(TOM)));
    let screen = door.act(wednesday("18:47"), Act::Confirm);
    assert_eq!((tile(&screen, LEA).state, tile(&screen, TOM).state), (TileState::Gone, TileState::Present));
}

#[test]
fn a_child_who_left_alone_is_said_with_an_hour_too() {
    let dir = tempdir().unwrap();
    let mut door = door_with(dir.path(), wednesday("07:40"), 1, without_team());
    door.act(wednesday("08:00"), Act::Touch(child(NOE)));
    door.act(wednesday("18:47"), Act::Touch(child(NOE)));
    let screen = door.act(wednesday("18:47"), Act::LeaveAlone);
    assert!(departure(&screen).elsewhere == Some(ElsewhereChoice::Alone) && !departure(&screen).may_confirm);
    let screen = door.act(wednesday("18:47"), Act::Hour(Some(hour("17:45"))));
    assert_eq!(departure(&screen).confirm, "Noé, départ à 17:45 sans adulte");
    door.act(wednesday("18:47"), Act::Confirm);
    assert_eq!((left(&door, NOE).to, left(&door, NOE).mark.at_ms), (Some(LeftTo::Alone), wednesday("17:45").wall_ms));
}

#[test]
fn a_departure_screen_left_open_past_the_end_asks_the_hour_too() {
    let dir = tempdir().unwrap();
    let mut door = door_with(dir.path(), wednesday("07:40"), 1, without_team());
    door.act(wednesday("07:42"), Act::Touch(child(AYA)));
    door.act(wednesday("18:29"), Act::Touch(child(AYA)));
    let screen = door.act(wednesday("18:31"), Act::Adult(person(SONIA)));
    assert_eq!(departure(&screen).late, None, "a farewell may last until after the end");
    let screen = door.act(wednesday("18:55"), Act::Confirm);
    assert_eq!(said(&screen), "Touchez d'abord l'heure du départ.");
    assert_eq!(screen.sync.unsent, 1);
}

#[test]
fn a_barred_adult_is_no_answer_to_who_came() {
    let dir = tempdir().unwrap();
    let barred = an_adult(JULIEN, TOM, ("Julien", "Martin"), "père", AdultStatus::Barred);
    let mut door = door_with(dir.path(), wednesday("07:40"), 1, [with_team(), vec![barred]].concat());
    door.act(wednesday("07:42"), Act::Touch(child(TOM)));
    door.act(wednesday("18:47"), Act::Touch(child(TOM)));
    let screen = door.act(wednesday("18:47"), Act::Adult(person(JULIEN)));
    assert!(matches!(screen.dialog, Some(Dialog::Barred(_))), "{:?}", screen.dialog);
}

#[test]
fn a_wrong_time_of_today_is_put_right_from_the_childs_own_screen() {
    let dir = tempdir().unwrap();
    let mut door = door_with(dir.path(), wednesday("07:40"), 1, with_team());
    door.act(wednesday("07:52"), Act::Touch(child(LEA)));
    let screen = door.act(wednesday("09:10"), Act::Hold(child(LEA)));
    let Some(Dialog::Child(dialog)) = &screen.dialog else { panic!() };
    let [arrival, _on_paper] = dialog.corrections.as_slice() else { panic!("{:?}", dialog.corrections) };
    assert_eq!(arrival.label, "Corriger l'arrivée de 7:52");
    let screen = door.act(wednesday("09:10"), Act::Correct(child(LEA), arrival.what));
    let Some(Dialog::Time(dialog)) = &screen.dialog else { panic!() };
    let labels: Vec<&str> = dialog.hours.choices.iter().map(|c| c.label.as_str()).collect();
    assert_eq!((dialog.title.as_str(), labels), ("Arrivée de Léa Martin", vec!["7:15", "7:30", "7:45", "8:00", "8:15"]));
    let screen = door.act(wednesday("09:10"), Act::Confirm);
    assert_eq!(said(&screen), "Touchez d'abord la bonne heure.");
    door.act(wednesday("09:10"), Act::Hour(Some(hour("07:45"))));
    let screen = door.act(wednesday("09:10"), Act::Earlier);
    let Some(Dialog::Time(dialog)) = &screen.dialog else { panic!() };
    assert_eq!((dialog.confirm.as_str(), dialog.may_confirm), ("Arrivée à 7:40", true));
    let screen = door.act(wednesday("09:11"), Act::Confirm);
    assert_eq!((screen.dialog.clone(), tile(&screen, LEA).state_text.as_str()), (None, "7:40"));
    assert_eq!(screen.undo.as_ref().unwrap().text, "Léa, arrivée 7:40");

    // A departure: after the arrival, never in the future.
    leaves_with(&mut door, wednesday("17:00"), LEA, JULIEN);
    door.act(wednesday("17:05"), Act::Correct(child(LEA), terminal_core::view::Corrects::Departure));
    for impossible in ["07:40", "17:06"] {
        let screen = door.act(wednesday("17:05"), Act::Hour(Some(hour(impossible))));
        let Some(Dialog::Time(dialog)) = &screen.dialog else { panic!() };
        assert_eq!(dialog.hours.chosen, None, "{impossible}");
    }
    door.act(wednesday("17:05"), Act::Hour(Some(hour("16:45"))));
    let screen = door.act(wednesday("17:05"), Act::Confirm);
    assert_eq!(tile(&screen, LEA).state_text, "départ 16:45");
}

#[test]
fn the_day_is_signed_by_its_director_once_every_departure_is_known() {
    let dir = tempdir().unwrap();
    let mut door = door_with(dir.path(), wednesday("07:40"), 1, with_team());
    door.act(wednesday("07:42"), Act::Touch(child(AYA)));
    door.act(wednesday("07:43"), Act::Touch(child(LEA)));
    leaves_with(&mut door, wednesday("17:00"), LEA, JULIEN);
    assert!(!door.tick_clock(wednesday("17:01")).may_sign, "the day isn't over");
    let screen = door.act(wednesday("18:40"), Act::SignDay);
    assert!(!screen.may_sign && said(&screen).contains("un départ manque"), "{}", said(&screen));
    door.act(wednesday("18:40"), Act::Touch(child(AYA)));
    door.act(wednesday("18:40"), Act::Adult(person(SONIA)));
    door.act(wednesday("18:40"), Act::Hour(Some(hour("18:30"))));
    let screen = door.act(wednesday("18:40"), Act::Staff(staff(SAMIR)));
    assert!(screen.may_sign);

    let screen = door.act(wednesday("18:41"), Act::SignDay);
    let Some(Dialog::Sign(dialog)) = &screen.dialog else { panic!("{:?}", screen.dialog) };
    assert_eq!(dialog.subtitle, "Les Coccinelles · 14 octobre · 2 enfants sur la feuille");
    assert_eq!(dialog.directors.iter().map(|d| d.name.as_str()).collect::<Vec<_>>(), ["Nadia Roche"]);
    let screen = door.act(wednesday("18:41"), Act::Staff(staff(SAMIR)));
    assert!(screen.may_sign, "who isn't the director doesn't sign");
    let screen = door.act(wednesday("18:41"), Act::Staff(staff(1)));
    assert_eq!(said(&screen), "Nadia Roche : présentez votre carte pour signer.");
    let screen = door.act(wednesday("18:41"), Act::Badge(STAFF_CARD.into()));
    assert_eq!(said(&screen), "Les Coccinelles : la journée est signée, 2 enfants sur la feuille.");
    assert_eq!((screen.dialog.clone(), screen.may_sign), (None, false));
    let signed = door.attendance().signed(ALSH, date("2026-10-14"), None).unwrap();
    assert_eq!(signed.actor, by(1));

    // What comes later is a new fact, and the day can be signed again as it then stands.
    door.correct(wednesday("18:45"), child(AYA), terminal_core::view::Corrects::Departure, wednesday("18:20").wall_ms);
    assert!(door.tick_clock(wednesday("18:46")).may_sign);
}

#[test]
fn a_director_without_a_card_signs_by_name_and_a_lieu_without_a_director_is_not_asked() {
    let no_card: Vec<Item> = with_team().into_iter().filter(|i| !matches!(i, Item::Badge(b) if b.uid == STAFF_CARD)).collect();
    let dir = tempdir().unwrap();
    let mut door = door_with(dir.path(), wednesday("07:40"), 1, no_card);
    door.act(wednesday("07:43"), Act::Touch(child(LEA)));
    leaves_with(&mut door, wednesday("17:00"), LEA, JULIEN);
    door.act(wednesday("18:40"), Act::SignDay);
    door.act(wednesday("18:40"), Act::Staff(staff(1)));
    assert_eq!(door.attendance().signed(ALSH, date("2026-10-14"), None).unwrap().actor, by(1));

    let dir = tempdir().unwrap();
    let mut door = door_with(dir.path(), wednesday("07:40"), 1, without_team());
    door.act(wednesday("07:43"), Act::Touch(child(LEA)));
    leaves_with(&mut door, wednesday("17:00"), LEA, JULIEN);
    assert!(!door.tick_clock(wednesday("18:40")).may_sign);
}
