//! The screens in front of the board.

use crate::door::{Door, FINGERS_MS};
use crate::fixtures;
use std::time::Duration;
use terminal_app::paint;
use terminal_core::view::{Act, Corrects, Dialog, FamilyWord};

#[test]
fn a_departure_names_who_takes_the_child_and_waits_for_a_choice() {
    let door = Door::open(&fixtures::departure());
    let cards: Vec<Option<bool>> = ["Julien Martin", "Odette Morin"].map(|name| door.find(name).accessible_checked()).into();
    assert_eq!(cards, [Some(false), Some(true)]);
    door.touch("Sonia Kaci");
    door.touch("Tom Martin");
    door.touch("Léa et Tom partent");
    door.touch("Fermer");
    assert_eq!(door.asked(), [Act::Adult(fixtures::person(3)), Act::Tick(fixtures::child(38)), Act::Confirm, Act::Close]);

    let crowded = Door::open(&fixtures::departure_crowded());
    assert_eq!(crowded.find("Léa et Tom partent").accessible_enabled(), Some(false), "nobody is chosen yet");
    crowded.touch("Part sans adulte");
    assert_eq!(crowded.asked(), [Act::LeaveAlone]);
}

#[test]
fn leaving_alone_is_offered_only_where_the_parents_said_so() {
    let door = Door::open(&fixtures::departure());
    assert!(door.all("Part sans adulte").is_empty());
}

#[test]
fn someone_else_is_typed_and_told_to_the_door() {
    let door = Door::open(&fixtures::departure());
    door.touch("Quelqu’un d’autre…");
    door.wait(Duration::from_millis(20));
    door.type_keys("Marc Petit", FINGERS_MS);
    door.touch("La famille l’a écrit");
    door.picture("quelquun-dautre");
    door.touch("Continuer");
    assert_eq!(door.asked(), [Act::OtherAdult("Marc Petit".into(), FamilyWord::Wrote)]);
}

#[test]
fn a_barred_adult_fills_the_screen_and_hides_the_board() {
    let door = Door::open(&fixtures::barred());
    let alert = door.find("L’enfant reste avec vous.\nAppelez la direction.\nEn cas de danger\u{a0}: 17");
    assert_eq!((alert.size().width, alert.size().height), (1280.0, 800.0));
    door.key(char::from(slint::platform::Key::Escape));
    door.type_keys("léa", FINGERS_MS);
    assert_eq!(door.asked(), [], "neither a key nor a touch elsewhere closes it");
    door.touch("J’ai lu, l’enfant reste avec moi");
    assert_eq!(door.asked(), [Act::Confirm]);
}

#[test]
fn a_family_card_offers_the_siblings_ticked() {
    let door = Door::open(&fixtures::arrival());
    assert_eq!(door.find("Léa Martin").accessible_checked(), Some(true));
    assert_eq!(door.find("Zoé Martin").accessible_checked(), Some(false));
    door.touch("Zoé Martin");
    door.touch("Valider l’arrivée");
    assert_eq!(door.asked(), [Act::Tick(fixtures::child(42)), Act::Confirm]);

    let mut none = fixtures::arrival();
    if let Some(Dialog::Arrival(choices)) = &mut none.dialog {
        choices.iter_mut().for_each(|choice| choice.ticked = false);
    }
    paint::show_screen(&door.window, &none);
    assert_eq!(door.find("Valider l’arrivée").accessible_enabled(), Some(false));
}

#[test]
fn one_child_can_arrive_or_be_absent_without_being_expected() {
    let door = Door::open(&fixtures::child_dialog());
    door.touch("Arrivée maintenant");
    door.touch("Absence aujourd’hui");
    assert_eq!(door.asked(), [Act::Arrive(fixtures::child(15)), Act::Absent(fixtures::child(15))]);
}

#[test]
fn a_departure_in_the_past_asks_the_hour_before_the_names() {
    let door = Door::open(&fixtures::departure_late());
    assert!(door.all("Nadia Roche").is_empty(), "nobody vouches for what isn't said yet");
    assert_eq!(door.find("Touchez l’heure").accessible_enabled(), Some(false));
    assert!(door.all("Cinq minutes plus tôt").is_empty(), "there is no hour to move yet");
    door.touch("18:15");
    door.touch("maintenant");
    let quarter = chrono::NaiveTime::from_hms_opt(18, 15, 0);
    assert_eq!(door.asked(), [Act::Hour(quarter), Act::Hour(None)]);
}

#[test]
fn the_name_of_who_saw_it_is_the_last_touch_and_there_is_a_way_back() {
    for (width, height) in [(1280, 800), (360, 740)] {
        let door = Door::open_sized(&fixtures::departure_witness(), width, height);
        door.touch("Cinq minutes plus tôt");
        door.touch("Retour");
        assert!(door.all("Nadia Roche").is_empty());
        assert_eq!(door.find("18:15").accessible_checked(), Some(true));
        door.touch("Qui l’a vu ?");
        door.touch("Aïcha Diop");
        assert_eq!(door.asked(), [Act::Earlier, Act::Staff(fixtures::staff(1))], "{width}");
    }
}

#[test]
fn a_time_of_today_is_put_right_from_the_child() {
    let door = Door::open(&fixtures::child_today());
    door.touch("Corriger le départ de 8:20");
    door.touch("Corriger l’arrivée de 7:42");
    let child = fixtures::child(34);
    assert_eq!(door.asked(), [Act::Correct(child, Corrects::Departure), Act::Correct(child, Corrects::Arrival)]);
    let door = Door::open(&fixtures::correction());
    door.touch("7:45");
    door.touch("Cinq minutes plus tard");
    door.touch("Arrivée à 7:30");
    door.touch("Fermer");
    assert_eq!(door.asked(), [Act::Hour(chrono::NaiveTime::from_hms_opt(7, 45, 0)), Act::Later, Act::Confirm, Act::Close]);
}

#[test]
fn a_day_that_is_over_is_signed_by_a_name() {
    let door = Door::open(&fixtures::signing());
    door.touch("Signer la journée");
    assert_eq!(door.asked(), [Act::SignDay]);
    assert!(Door::open(&fixtures::creche()).all("Signer la journée").is_empty(), "not while the day goes on");
    let door = Door::open(&fixtures::signature());
    door.touch("Nadia Roche");
    assert_eq!(door.asked(), [Act::Staff(fixtures::staff(1))]);
}
