use crate::fixture::*;
use tempfile::tempdir;
use terminal_core::view::{Act, Dialog, FamilyWord, Screen, TileState, Tone};

fn alert(screen: &Screen) -> Option<(&str, &str)> {
    match &screen.dialog {
        Some(Dialog::Barred(barred)) => Some((barred.child_name.as_str(), barred.text.as_str())),
        _ => None,
    }
}

const ALERT: (&str, &str) = ("Aya Benali", "L'enfant reste avec vous. Appelez la direction. En cas de danger : 17");

#[test]
fn a_barred_adult_is_never_listed() {
    let dir = tempdir().unwrap();
    let mut door = door_in(dir.path(), wednesday("07:40"));
    door.act(wednesday("08:00"), Act::Touch(child(AYA)));
    let screen = door.act(wednesday("16:30"), Act::Touch(child(AYA)));
    let Some(Dialog::Departure(dialog)) = &screen.dialog else { panic!() };
    assert_eq!(dialog.adults.iter().map(|a| a.name.as_str()).collect::<Vec<_>>(), ["Sonia Benali"]);
    // Not even where another row allows the same person.
    drop(door);
    let both = an_adult(KARIM, AYA, ("Karim", "Benali"), "père", shared::roster::AdultStatus::Authorised);
    let dir = tempdir().unwrap();
    // One key a person and child: the roster holds the last word, whichever it is.
    let items = [vec![both], roster()].concat();
    let mut door = door_with(dir.path(), wednesday("07:40"), 1, items);
    door.act(wednesday("08:00"), Act::Touch(child(AYA)));
    let screen = door.act(wednesday("16:30"), Act::Touch(child(AYA)));
    let Some(Dialog::Departure(dialog)) = &screen.dialog else { panic!() };
    assert!(dialog.adults.iter().all(|a| a.person != person(KARIM)));
}

#[test]
fn a_barred_card_fills_the_screen_and_records_nothing() {
    let dir = tempdir().unwrap();
    let mut door = door_in(dir.path(), wednesday("07:40"));
    door.act(wednesday("08:00"), Act::Touch(child(AYA)));
    let screen = door.act(wednesday("16:30"), Act::Badge(KARIM_CARD.into()));
    assert_eq!(alert(&screen), Some(ALERT));
    assert_eq!((screen.sync.unsent, tile(&screen, AYA).state), (1, TileState::Present));
}

#[test]
fn a_barred_name_typed_as_somebody_else_is_known() {
    let dir = tempdir().unwrap();
    let mut door = door_in(dir.path(), wednesday("07:40"));
    door.act(wednesday("08:00"), Act::Touch(child(AYA)));
    for typed in ["karim", "BENALI", "M. Karim Bénali", "Karim Benaly"] {
        door.act(wednesday("16:30"), Act::Touch(child(AYA)));
        let screen = door.act(wednesday("16:30"), Act::OtherAdult(typed.into(), FamilyWord::Called));
        assert_eq!(alert(&screen), Some(ALERT), "{typed}");
        door.act(wednesday("16:30"), Act::Close);
    }
    // Her mother's name is typed although it is on the list: it is her mother.
    door.act(wednesday("16:31"), Act::Touch(child(AYA)));
    let screen = door.act(wednesday("16:31"), Act::OtherAdult("sonia benali".into(), FamilyWord::Called));
    let Some(Dialog::Departure(dialog)) = &screen.dialog else { panic!("{:?}", screen.dialog) };
    assert!(dialog.adults[0].chosen);
}

#[test]
fn a_barred_person_who_is_picked_all_the_same_raises_the_alert() {
    let dir = tempdir().unwrap();
    let mut door = door_in(dir.path(), wednesday("07:40"));
    door.act(wednesday("08:00"), Act::Touch(child(AYA)));
    door.act(wednesday("16:30"), Act::Touch(child(AYA)));
    let screen = door.act(wednesday("16:30"), Act::Adult(person(KARIM)));
    assert_eq!(alert(&screen), Some(ALERT));
}

#[test]
fn the_alert_stays_pinned_while_the_door_goes_on_until_a_named_adult_takes_it_away() {
    let dir = tempdir().unwrap();
    let mut door = door_in(dir.path(), wednesday("07:40"));
    door.act(wednesday("08:00"), Act::Touch(child(AYA)));
    door.act(wednesday("16:30"), Act::Badge(KARIM_CARD.into()));
    let pinned = door.act(wednesday("16:31"), Act::Close);
    assert_eq!((pinned.dialog.clone(), pinned.notice.as_ref().unwrap().tone), (None, Tone::Red));
    assert!(said(&pinned).starts_with("Aya Benali : personne interdite à 16:31"), "{}", said(&pinned));

    // Another child arrives; the sentence is still there, and a touch doesn't close it.
    let screen = door.act(wednesday("16:32"), Act::Arrive(child(LEA)));
    assert_eq!(tile(&screen, LEA).state, TileState::Present);
    let screen = door.act(wednesday("16:33"), Act::Close);
    assert!(said(&screen).contains("personne interdite"));

    let screen = door.act(wednesday("16:34"), Act::Badge(STAFF_CARD.into()));
    assert!(said(&screen).starts_with("Nadia Roche : l'alerte est retirée"), "{}", said(&screen));
    assert_eq!(door.act(wednesday("16:35"), Act::Close).notice, None);
}

#[test]
fn somebody_barred_for_one_child_is_not_let_through_with_a_brother() {
    let dir = tempdir().unwrap();
    let barred_for_tom = an_adult(JULIEN, TOM, ("Julien", "Martin"), "père", shared::roster::AdultStatus::Barred);
    let mut door = door_with(dir.path(), wednesday("07:40"), 1, [roster(), vec![barred_for_tom]].concat());
    door.act(wednesday("07:42"), Act::Badge(FAMILY_CARD.into()));
    door.act(wednesday("16:30"), Act::Touch(child(LEA)));
    door.act(wednesday("16:30"), Act::Adult(person(JULIEN)));
    door.act(wednesday("16:30"), Act::Tick(child(TOM)));
    let screen = door.act(wednesday("16:30"), Act::Confirm);
    assert_eq!(alert(&screen).map(|(name, _)| name), Some("Tom Martin"));
    assert_eq!(screen.sync.unsent, 2, "Léa hasn't left either");
}

/// Karim again, typed apart in another file: another id, the same name.
const KARIM_AGAIN: u16 = 33;

/// A household's file says that Karim may take Aya; the court's decision names "BENALI Karim" as somebody new.
fn typed_apart() -> Vec<shared::roster::Item> {
    use shared::roster::{AdultStatus, Item};
    let mut items = roster();
    items.retain(|item| !matches!(item, Item::Adult(a) if a.person == person(KARIM)));
    items.push(an_adult(KARIM, AYA, ("Karim", "Benali"), "père", AdultStatus::Authorised));
    items.push(an_adult(KARIM_AGAIN, AYA, ("KARIM", "Bénali"), "", AdultStatus::Barred));
    items
}

#[test]
fn a_barred_name_is_not_listed_under_another_id() {
    let dir = tempdir().unwrap();
    let mut door = door_with(dir.path(), wednesday("07:40"), 1, typed_apart());
    door.act(wednesday("08:00"), Act::Touch(child(AYA)));
    let screen = door.act(wednesday("16:30"), Act::Touch(child(AYA)));
    let Some(Dialog::Departure(dialog)) = &screen.dialog else { panic!() };
    assert_eq!(dialog.adults.iter().map(|a| a.name.as_str()).collect::<Vec<_>>(), ["Sonia Benali"]);
}

#[test]
fn a_barred_name_picked_under_another_id_raises_the_alert() {
    let dir = tempdir().unwrap();
    let mut door = door_with(dir.path(), wednesday("07:40"), 1, typed_apart());
    door.act(wednesday("08:00"), Act::Touch(child(AYA)));
    door.act(wednesday("16:30"), Act::Touch(child(AYA)));
    let screen = door.act(wednesday("16:30"), Act::Adult(person(KARIM)));
    assert_eq!(alert(&screen), Some(ALERT));
    assert_eq!(screen.sync.unsent, 1);
}

#[test]
fn a_barred_name_with_a_card_under_another_id_raises_the_alert() {
    let dir = tempdir().unwrap();
    let mut door = door_with(dir.path(), wednesday("07:40"), 1, typed_apart());
    door.act(wednesday("08:00"), Act::Touch(child(AYA)));
    let screen = door.act(wednesday("16:30"), Act::Badge(KARIM_CARD.into()));
    assert_eq!(alert(&screen), Some(ALERT));
    assert_eq!((screen.sync.unsent, tile(&screen, AYA).state), (1, TileState::Present));
}

#[test]
fn a_card_of_a_brothers_adult_raises_the_alert_for_the_one_whom_the_bar_protects() {
    let dir = tempdir().unwrap();
    let barred_for_tom = an_adult(KARIM_AGAIN, TOM, ("Odette", "Morin"), "", shared::roster::AdultStatus::Barred);
    let mut door = door_with(dir.path(), wednesday("07:40"), 1, [roster(), vec![barred_for_tom]].concat());
    door.act(wednesday("07:42"), Act::Badge(FAMILY_CARD.into()));
    let screen = door.act(wednesday("16:30"), Act::Badge(ODETTE_CARD.into()));
    assert_eq!(alert(&screen).map(|(name, _)| name), Some("Tom Martin"));
    // Léa, touched by hand, may go with her: the bar is not hers.
    door.act(wednesday("16:31"), Act::Close);
    door.act(wednesday("16:31"), Act::Touch(child(LEA)));
    door.act(wednesday("16:31"), Act::Adult(person(ODETTE)));
    let screen = door.act(wednesday("16:32"), Act::Confirm);
    assert_eq!((tile(&screen, LEA).state, tile(&screen, TOM).state), (TileState::Gone, TileState::Present));
}

#[test]
fn the_same_name_barred_in_another_family_bars_nobody_here() {
    let dir = tempdir().unwrap();
    let elsewhere = an_adult(KARIM_AGAIN, AYA, ("Julien", "Martin"), "", shared::roster::AdultStatus::Barred);
    let mut door = door_with(dir.path(), wednesday("07:40"), 1, [roster(), vec![elsewhere]].concat());
    door.act(wednesday("07:42"), Act::Touch(child(LEA)));
    let screen = leaves_with(&mut door, wednesday("16:30"), LEA, JULIEN);
    assert_eq!(tile(&screen, LEA).state, TileState::Gone);
}
