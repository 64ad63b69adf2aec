//! Leaving otherwise than with an adult of the list.

use crate::fixture::*;
use shared::id::ChildId;
use shared::journal::{Actor, ActorKind, LeftTo, Payload};
use shared::roster::{Adult, Item};
use tempfile::tempdir;
use terminal_core::clock::Now;
use terminal_core::door::Door;
use terminal_core::view::{Act, DepartureDialog, Dialog, ElsewhereChoice, FamilyWord, Screen, TileState, Way};

fn departure(screen: &Screen) -> &DepartureDialog {
    match &screen.dialog {
        Some(Dialog::Departure(dialog)) => dialog,
        other => panic!("no departure screen: {other:?}"),
    }
}

/// What the last gesture sealed, payload and note.
pub fn last_sealed(door: &Door) -> (Payload, Option<String>) {
    let entry = door.last_recorded()[0];
    let all = door.store().journal.all().unwrap();
    let (sealed, _) = all.iter().find(|(s, _)| s.decode_envelope().unwrap().entry_id == entry).unwrap();
    let envelope = sealed.decode_envelope().unwrap();
    let private = sealed.private.as_ref().unwrap();
    let payload = Payload::decode(&envelope.kind, envelope.kind_version, &private.payload).unwrap();
    (payload, private.notes.first().map(|note| note.text.clone()))
}

pub fn all_in(door: &mut Door, now: Now, numbers: &[u16]) {
    for number in numbers {
        door.act(now, Act::Touch(child(*number)));
    }
}

fn left_to(door: &Door, number: u16) -> Option<LeftTo> {
    let of: ChildId = child(number);
    door.attendance().days[&(date("2026-10-14"), of)].presences[0].left.as_ref().and_then(|left| left.to)
}

#[test]
fn a_stranger_takes_a_child_once_a_card_was_seen_and_somebody_answers_for_it() {
    let dir = tempdir().unwrap();
    let mut door = door_in(dir.path(), wednesday("07:40"));
    all_in(&mut door, wednesday("08:00"), &[LEA, TOM]);
    door.act(wednesday("16:30"), Act::Touch(child(LEA)));
    let screen = door.act(wednesday("16:30"), Act::OtherAdult("Camille Tanguy".into(), FamilyWord::WasCalled));
    let dialog = departure(&screen);
    assert_eq!((dialog.identity_seen, dialog.may_confirm), (Some(false), false));

    // Neither the main act nor a name records before the card was seen.
    for act in [Act::Confirm, Act::Staff(staff(1))] {
        let screen = door.act(wednesday("16:31"), act);
        assert!(said(&screen).starts_with("Demandez la pièce d'identité"), "{}", said(&screen));
        assert!(door.last_recorded().is_empty());
    }
    let screen = door.act(wednesday("16:31"), Act::IdentitySeen);
    assert_eq!((departure(&screen).identity_seen, departure(&screen).may_confirm), (Some(true), true));
    assert_eq!(departure(&screen).witnesses.iter().map(|w| w.name.as_str()).collect::<Vec<_>>(), ["Nadia Roche"]);
    let screen = door.act(wednesday("16:31"), Act::Confirm);
    assert_eq!(said(&screen), "Touchez le nom de la personne qui remet l'enfant.");
    assert!(door.last_recorded().is_empty());

    door.act(wednesday("16:32"), Act::Staff(staff(1)));
    assert_eq!(door.last_recorded().len(), 2, "the brother leaves too");
    let (payload, note) = last_sealed(&door);
    assert_eq!(payload.actor, Actor { kind: ActorKind::Staff, id: staff(1).0 });
    assert_eq!((payload.reason.as_str(), payload.authority_ref.as_str()), ("appel_a_la_famille", "piece_identite_vue"));
    assert_eq!(note.as_deref(), Some("Camille Tanguy"));
}

#[test]
fn another_name_asks_for_another_card() {
    let dir = tempdir().unwrap();
    let mut door = door_in(dir.path(), wednesday("07:40"));
    all_in(&mut door, wednesday("08:00"), &[LEA]);
    door.act(wednesday("16:30"), Act::Touch(child(LEA)));
    door.act(wednesday("16:30"), Act::OtherAdult("Camille Tanguy".into(), FamilyWord::Called));
    door.act(wednesday("16:30"), Act::IdentitySeen);
    let screen = door.act(wednesday("16:30"), Act::OtherAdult("Ibrahim Diallo".into(), FamilyWord::Called));
    assert_eq!(departure(&screen).identity_seen, Some(false));
}

#[test]
fn a_member_of_the_team_who_showed_a_card_answers_without_a_touch() {
    let dir = tempdir().unwrap();
    let mut door = door_in(dir.path(), wednesday("07:40"));
    all_in(&mut door, wednesday("08:00"), &[LEA]);
    door.act(wednesday("16:30"), Act::Badge(STAFF_CARD.into()));
    door.act(wednesday("16:30"), Act::Touch(child(LEA)));
    door.act(wednesday("16:30"), Act::OtherAdult("Camille Tanguy".into(), FamilyWord::Wrote));
    door.act(wednesday("16:30"), Act::IdentitySeen);
    let screen = door.act(wednesday("16:30"), Act::Confirm);
    assert_eq!(tile(&screen, LEA).state, TileState::Gone);
    assert_eq!(last_sealed(&door).0.actor.id, staff(1).0);
}

#[test]
fn an_adult_of_the_list_shows_a_card_where_the_family_asked_for_it() {
    let dir = tempdir().unwrap();
    let checked = |item: Item| match item {
        Item::Adult(adult) if adult.person == person(ODETTE) => Item::Adult(Adult { identity_check: true, ..adult }),
        other => other,
    };
    let mut door = door_with(dir.path(), wednesday("07:40"), 1, roster().into_iter().map(checked).collect());
    all_in(&mut door, wednesday("08:00"), &[LEA]);
    door.act(wednesday("16:30"), Act::Touch(child(LEA)));
    let screen = door.act(wednesday("16:30"), Act::Adult(person(JULIEN)));
    assert_eq!(departure(&screen).identity_seen, None, "her father is known");
    let screen = door.act(wednesday("16:30"), Act::Adult(person(ODETTE)));
    assert_eq!((departure(&screen).identity_seen, departure(&screen).may_confirm), (Some(false), false));
    door.act(wednesday("16:30"), Act::Confirm);
    assert!(door.last_recorded().is_empty());
    door.act(wednesday("16:30"), Act::IdentitySeen);
    let screen = door.act(wednesday("16:30"), Act::Confirm);
    assert_eq!(tile(&screen, LEA).state, TileState::Gone);
    assert_eq!(last_sealed(&door).0.authority_ref, "piece_identite_vue");
}

#[test]
fn children_go_to_school_together_and_to_a_club_or_with_the_emergency_services_by_themselves() {
    for (way, says, to, note, gone) in [
        (Way::School, "Léa et Tom partent à l’école", LeftTo::School, None, 2),
        (Way::Club("  Judo ".into()), "Léa part au club (Judo)", LeftTo::Club, Some("Judo"), 1),
        (Way::Club(String::new()), "Léa part à un club", LeftTo::Club, None, 1),
        (Way::Emergency, "Léa part avec les secours", LeftTo::Emergency, None, 1),
    ] {
        let dir = tempdir().unwrap();
        let mut door = door_in(dir.path(), wednesday("07:40"));
        all_in(&mut door, wednesday("08:00"), &[LEA, TOM]);
        door.act(wednesday("10:00"), Act::Touch(child(LEA)));
        let screen = door.act(wednesday("10:00"), Act::Way(way));
        let dialog = departure(&screen);
        assert_eq!((dialog.confirm.as_str(), dialog.elsewhere, dialog.may_confirm), (says, Some(ElsewhereChoice::Way), true));
        door.act(wednesday("10:00"), Act::Confirm);
        assert_eq!((door.last_recorded().len(), left_to(&door, LEA)), (gone, Some(to)), "{says}");
        assert_eq!(last_sealed(&door).1.as_deref(), note);
    }
}

#[test]
fn a_creche_sends_nobody_to_school() {
    let dir = tempdir().unwrap();
    let creche = |item: Item| match item {
        Item::Centre(mut centre) => {
            centre.kind = "eaje".into();
            Item::Centre(centre)
        }
        other => other,
    };
    let mut door = door_with(dir.path(), wednesday("07:40"), 1, roster().into_iter().map(creche).collect());
    all_in(&mut door, wednesday("08:00"), &[LEA]);
    let screen = door.act(wednesday("10:00"), Act::Touch(child(LEA)));
    assert!(!departure(&screen).to_school);
    let screen = door.act(wednesday("10:00"), Act::Way(Way::School));
    assert_eq!(departure(&screen).elsewhere, None);
    let screen = door.act(wednesday("10:00"), Act::Way(Way::Emergency));
    assert_eq!(departure(&screen).elsewhere, Some(ElsewhereChoice::Way));
}
