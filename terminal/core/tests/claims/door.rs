use crate::fixture::*;
use shared::journal::{Evidence, Kind, LeftTo};
use tempfile::tempdir;
use terminal_core::view::{Act, Dialog, FamilyWord, TileState, Tone};

#[test]
fn one_touch_is_an_arrival_and_it_is_on_disk_before_it_is_green() {
    let dir = tempdir().unwrap();
    let mut door = door_in(dir.path(), wednesday("07:40"));
    assert_eq!(tile(&door.screen(wednesday("07:40")), LEA).state, TileState::Expected);

    let screen = door.act(wednesday("07:42"), Act::Touch(child(LEA)));
    assert_eq!((tile(&screen, LEA).state, tile(&screen, LEA).state_text), (TileState::Present, "7:42".into()));
    assert_eq!(screen.undo.unwrap().text, "Léa, arrivée 7:42");
    assert_eq!(screen.sync.unsent, 1);

    // Another program, started after a power cut, finds it.
    drop(door);
    let door = door_in(dir.path(), wednesday("07:43"));
    assert_eq!(tile(&door.screen(wednesday("07:43")), LEA).state, TileState::Present);
}

#[test]
fn a_second_touch_of_the_same_wet_finger_is_no_departure() {
    let dir = tempdir().unwrap();
    let mut door = door_in(dir.path(), wednesday("07:40"));
    door.act(wednesday("07:42"), Act::Touch(child(LEA)));
    let screen = door.act(later(wednesday("07:42"), 700), Act::Touch(child(LEA)));
    assert_eq!(screen.dialog, None);
    assert_eq!(screen.sync.unsent, 1);
    let screen = door.act(later(wednesday("07:42"), 5_000), Act::Touch(child(LEA)));
    assert!(matches!(screen.dialog, Some(Dialog::Departure(_))));
}

#[test]
fn an_undo_is_an_entry_and_nothing_is_deleted() {
    let dir = tempdir().unwrap();
    let mut door = door_in(dir.path(), wednesday("07:40"));
    door.act(wednesday("07:42"), Act::Touch(child(LEA)));
    let arrival = door.last_recorded()[0];
    let screen = door.act(later(wednesday("07:42"), 9_000), Act::Undo);
    assert_eq!(tile(&screen, LEA).state, TileState::Expected);
    assert_eq!(screen.undo, None);

    let retraction = door.store().journal.own_entry(door.last_recorded()[0]).unwrap().unwrap();
    assert_eq!(retraction.envelope.kind, Kind::Retracted);
    assert!(door.store().journal.own_entry(arrival).unwrap().is_some(), "the first entry still stands");
    assert_eq!(screen.sync.unsent, 2);
}

#[test]
fn after_ten_seconds_nothing_is_undone_whatever_the_wall_clock_says() {
    let dir = tempdir().unwrap();
    let mut door = door_in(dir.path(), wednesday("07:40"));
    door.act(wednesday("07:42"), Act::Touch(child(LEA)));
    let mut after = later(wednesday("07:42"), 10_000);
    after.wall_ms -= 3_600_000; // somebody put the clock back
    let screen = door.act(after, Act::Undo);
    assert_eq!(screen.sync.unsent, 1);
    assert!(said(&screen).contains("plus rien à annuler"), "{}", said(&screen));
}

#[test]
fn a_family_card_brings_brothers_and_sisters_in_one_gesture() {
    let dir = tempdir().unwrap();
    let mut door = door_in(dir.path(), wednesday("07:40"));
    let screen = door.act(wednesday("07:42"), Act::Badge(FAMILY_CARD.into()));
    assert_eq!(screen.undo.as_ref().unwrap().text, "Léa et Tom, arrivée 7:42");
    assert_eq!(door.last_recorded().len(), 2);
    assert_eq!((tile(&screen, LEA).state, tile(&screen, TOM).state), (TileState::Present, TileState::Present));

    let again = door.act(later(wednesday("07:42"), 800), Act::Badge(FAMILY_CARD.into()));
    assert_eq!((again.sync.unsent, again.dialog), (2, None), "the card held a little longer is nothing new");

    let undone = door.act(later(wednesday("07:42"), 3_000), Act::Undo);
    assert_eq!((tile(&undone, LEA).state, tile(&undone, TOM).state), (TileState::Expected, TileState::Expected));
}

#[test]
fn a_card_opens_the_departure_screen_and_closes_nothing_by_itself() {
    let dir = tempdir().unwrap();
    let mut door = door_in(dir.path(), wednesday("07:40"));
    door.act(wednesday("07:42"), Act::Badge(FAMILY_CARD.into()));
    let screen = door.act(wednesday("16:37"), Act::Badge(FAMILY_CARD.into()));
    let Some(Dialog::Departure(dialog)) = &screen.dialog else { panic!("{:?}", screen.dialog) };
    assert_eq!(dialog.subtitle, "Arrivée à 7:42 · il est 16:37 · qui vient ?");
    assert_eq!(dialog.confirm, "Léa et Tom partent");
    assert_eq!(screen.sync.unsent, 2, "nobody has left yet");

    let screen = door.act(wednesday("16:37"), Act::Confirm);
    assert!(said(&screen).contains("Touchez d'abord la personne"), "{}", said(&screen));
    door.act(wednesday("16:37"), Act::Adult(person(JULIEN)));
    let screen = door.act(wednesday("16:38"), Act::Confirm);
    assert_eq!(tile(&screen, TOM).state_text, "départ 16:38");
    assert_eq!(screen.undo.unwrap().text, "Léa et Tom, départ 16:38");
}

#[test]
fn an_adults_own_card_offers_only_the_children_whom_that_adult_may_take() {
    let dir = tempdir().unwrap();
    let mut door = door_in(dir.path(), wednesday("07:40"));
    door.act(wednesday("07:42"), Act::Badge(FAMILY_CARD.into()));
    let screen = door.act(wednesday("16:37"), Act::Badge(ODETTE_CARD.into()));
    let Some(Dialog::Departure(dialog)) = screen.dialog else { panic!() };
    assert_eq!((dialog.child, dialog.siblings), (child(LEA), vec![]), "Odette may take Léa, not Tom");
    assert!(dialog.adults.iter().find(|a| a.person == person(ODETTE)).unwrap().chosen);
    let screen = door.act(wednesday("16:37"), Act::Confirm);
    assert_eq!((tile(&screen, LEA).state, tile(&screen, TOM).state), (TileState::Gone, TileState::Present));
}

#[test]
fn an_adult_chosen_for_one_child_does_not_take_a_brother_without_a_right() {
    let dir = tempdir().unwrap();
    let mut door = door_in(dir.path(), wednesday("07:40"));
    door.act(wednesday("07:42"), Act::Badge(FAMILY_CARD.into()));
    door.act(wednesday("16:37"), Act::Touch(child(LEA)));
    let screen = door.act(wednesday("16:37"), Act::Adult(person(ODETTE)));
    let Some(Dialog::Departure(dialog)) = screen.dialog else { panic!() };
    assert_eq!(dialog.confirm, "Léa part");
    // Somebody ticks Tom all the same.
    door.act(wednesday("16:37"), Act::Tick(child(TOM)));
    let screen = door.act(wednesday("16:37"), Act::Confirm);
    assert!(said(&screen).contains("n'est pas sur la liste pour Tom"), "{}", said(&screen));
    assert_eq!(screen.sync.unsent, 2);
}

#[test]
fn unknown_random_and_unreadable_cards_say_what_to_do_and_record_nothing() {
    let dir = tempdir().unwrap();
    let mut door = door_in(dir.path(), wednesday("07:40"));
    let unknown = door.act(wednesday("07:42"), Act::Badge("04FFFFFFFFFFFF".into()));
    assert!(said(&unknown).starts_with("Carte inconnue (numéro finissant par FFFF)"), "{}", said(&unknown));
    let random = door.act(wednesday("07:42"), Act::Badge("08A1B2C3".into()));
    assert!(said(&random).contains("change de numéro"), "{}", said(&random));
    let noise = door.act(wednesday("07:42"), Act::Badge("bonjour 🦊".into()));
    assert!(said(&noise).starts_with("Carte illisible"), "{}", said(&noise));
    assert_eq!(noise.sync.unsent, 0);
    assert_eq!(noise.notice.unwrap().tone, Tone::Amber);
}

#[test]
fn a_staff_card_names_who_acts_for_a_minute() {
    let dir = tempdir().unwrap();
    let mut door = door_in(dir.path(), wednesday("07:40"));
    let screen = door.act(wednesday("07:42"), Act::Badge(STAFF_CARD.into()));
    assert!(said(&screen).starts_with("Nadia Roche"), "{}", said(&screen));
    door.act(later(wednesday("07:42"), 30_000), Act::Touch(child(LEA)));
    door.act(later(wednesday("07:42"), 61_000), Act::Touch(child(TOM)));
    let day = |n| door.attendance().days[&(date("2026-10-14"), child(n))].presences[0].arrived.actor;
    assert_eq!(day(LEA).id, staff(1).0);
    assert!(day(TOM).id.is_nil());
}

#[test]
fn an_absence_is_noted_without_a_reason_and_gives_way_to_the_child_who_comes() {
    let dir = tempdir().unwrap();
    let mut door = door_in(dir.path(), wednesday("07:40"));
    let screen = door.act(wednesday("09:00"), Act::Absent(child(TOM)));
    assert_eq!((tile(&screen, TOM).state, tile(&screen, TOM).state_text), (TileState::Absent, "absence".into()));
    let screen = door.act(wednesday("09:30"), Act::Touch(child(TOM)));
    let Some(Dialog::Child(dialog)) = screen.dialog else { panic!() };
    assert_eq!(dialog.subtitle, "Absence notée");
    let screen = door.act(wednesday("09:30"), Act::Confirm);
    assert_eq!(tile(&screen, TOM).state_text, "9:30");
    let refused = door.act(wednesday("09:31"), Act::Absent(child(TOM)));
    assert_eq!(tile(&refused, TOM).state, TileState::Present);
}

#[test]
fn a_child_leaves_alone_only_as_the_parents_said() {
    let dir = tempdir().unwrap();
    let mut door = door_in(dir.path(), wednesday("07:40"));
    door.act(wednesday("08:00"), Act::Touch(child(NOE)));
    door.act(wednesday("16:30"), Act::Touch(child(NOE)));
    let screen = door.act(wednesday("16:30"), Act::LeaveAlone);
    assert!(said(&screen).contains("Part sans adulte à partir de 17:00"), "{}", said(&screen));
    door.act(wednesday("17:00"), Act::Touch(child(NOE)));
    let screen = door.act(wednesday("17:00"), Act::LeaveAlone);
    assert_eq!(tile(&screen, NOE).state, TileState::Gone);
    let left = door.attendance().days[&(date("2026-10-14"), child(NOE))].presences[0].left.clone().unwrap();
    assert_eq!(left.to, Some(LeftTo::Alone));

    door.act(wednesday("08:00"), Act::Touch(child(LEA)));
    door.act(wednesday("17:30"), Act::Touch(child(LEA)));
    let screen = door.act(wednesday("17:30"), Act::LeaveAlone);
    assert!(said(&screen).contains("La famille ne l'a pas autorisé"), "{}", said(&screen));
}

#[test]
fn a_strangers_name_is_in_a_note_and_not_in_the_payload() {
    let dir = tempdir().unwrap();
    let mut door = door_in(dir.path(), wednesday("07:40"));
    door.act(wednesday("08:00"), Act::Touch(child(LEA)));
    door.act(wednesday("16:30"), Act::Touch(child(LEA)));
    let screen = door.act(wednesday("16:30"), Act::OtherAdult("  Camille   Tanguy ".into(), FamilyWord::Called));
    let Some(Dialog::Departure(dialog)) = screen.dialog else { panic!() };
    assert_eq!(dialog.confirm, "Léa part avec Camille Tanguy");
    door.act(wednesday("16:31"), Act::IdentitySeen);
    door.act(wednesday("16:31"), Act::Staff(staff(1)));
    let entry = door.last_recorded()[0];
    let all = door.store().journal.all().unwrap();
    let (sealed, _) = all.iter().find(|(s, _)| s.decode_envelope().unwrap().entry_id == entry).unwrap();
    let private = sealed.private.as_ref().unwrap();
    assert_eq!(private.notes[0].text, "Camille Tanguy");
    assert!(!private.payload.windows(6).any(|w| w == b"Tanguy"));
    assert!(private.belongs_to(&sealed.decode_envelope().unwrap()));
}

#[test]
fn a_touch_in_the_list_and_a_card_rest_on_different_evidence() {
    let dir = tempdir().unwrap();
    let mut door = door_in(dir.path(), wednesday("07:40"));
    door.act(wednesday("07:42"), Act::Badge(FAMILY_CARD.into()));
    door.act(wednesday("07:43"), Act::Touch(child(AYA)));
    let evidence = |n| door.attendance().days[&(date("2026-10-14"), child(n))].presences[0].arrived.evidence;
    assert_eq!((evidence(LEA), evidence(AYA)), (Evidence::Badge, Evidence::List));
}
