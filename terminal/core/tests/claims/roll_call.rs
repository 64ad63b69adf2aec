use crate::fixture::*;
use shared::journal::Kind;
use tempfile::tempdir;
use terminal_core::door::Door;
use terminal_core::view::{Act, TileState};

fn kinds(door: &Door) -> Vec<Kind> {
    let kind = |id| door.store().journal.own_entry(id).unwrap().unwrap().envelope.kind;
    door.last_recorded().iter().copied().map(kind).collect()
}

#[test]
fn a_class_is_called_by_exception_in_one_transaction() {
    let dir = tempdir().unwrap();
    let mut door = door_in(dir.path(), thursday("11:45"));
    let screen = door.act(thursday("11:46"), Act::Group(Some(shared::id::GroupId(class(2).0))));
    assert!(screen.by_roll_call);
    assert_eq!(screen.tiles.iter().map(|t| (t.first_name.as_str(), t.ticked)).collect::<Vec<_>>(), [("Aya", true), ("Léa", true)]);

    // Léa is missing; Inès, who wasn't booked, is there.
    door.act(thursday("11:47"), Act::Touch(child(LEA)));
    door.act(thursday("11:47"), Act::Search("ines".into()));
    door.act(thursday("11:47"), Act::Touch(child(INES)));
    let screen = door.act(thursday("11:48"), Act::Search(String::new()));
    assert!(find(&screen, INES).is_some(), "who was added stays on the list");
    let screen = door.act(thursday("11:48"), Act::ValidateRollCall);
    assert_eq!(screen.undo.as_ref().unwrap().text, "CE2 de M. Petit : 2 présences, 1 absence");
    assert_eq!(kinds(&door).len(), 3);
    assert_eq!(
        (tile(&screen, LEA).state, tile(&screen, AYA).state, tile(&screen, INES).state),
        (TileState::Absent, TileState::Present, TileState::Present)
    );

    // The other class wasn't called.
    let screen = door.act(thursday("11:49"), Act::Group(None));
    assert_eq!(tile(&screen, TOM).state, TileState::Expected);
    let again = door.act(thursday("11:50"), Act::Group(Some(shared::id::GroupId(class(2).0))));
    assert_eq!(again.sync.unsent, 3);
    let again = door.act(thursday("11:50"), Act::ValidateRollCall);
    assert!(said(&again).contains("déjà enregistré"), "{}", said(&again));
}

#[test]
fn a_child_who_turns_up_after_the_call_takes_the_absence_back() {
    let dir = tempdir().unwrap();
    let mut door = door_in(dir.path(), thursday("11:45"));
    door.act(thursday("11:47"), Act::Touch(child(LEA)));
    door.act(thursday("11:48"), Act::ValidateRollCall);
    door.act(thursday("12:05"), Act::Touch(child(LEA)));
    let screen = door.act(thursday("12:05"), Act::ValidateRollCall);
    assert_eq!(kinds(&door), [Kind::Retracted, Kind::Present]);
    assert_eq!(tile(&screen, LEA).state, TileState::Present);
    let day = &door.attendance().days[&(date("2026-10-15"), child(LEA))];
    assert_eq!((day.roll_calls.len(), day.absences.len()), (1, 0));

    // And the contrary: she was ticked by mistake.
    door.act(thursday("12:10"), Act::Touch(child(LEA)));
    let screen = door.act(thursday("12:10"), Act::ValidateRollCall);
    assert_eq!(kinds(&door), [Kind::Retracted, Kind::AbsenceNoted]);
    assert_eq!(tile(&screen, LEA).state, TileState::Absent);
}

#[test]
fn a_whole_call_can_be_undone_at_once() {
    let dir = tempdir().unwrap();
    let mut door = door_in(dir.path(), thursday("11:45"));
    door.act(thursday("11:48"), Act::ValidateRollCall);
    let screen = door.act(later(thursday("11:48"), 4_000), Act::Undo);
    assert!(screen.tiles.iter().all(|t| t.state == TileState::Expected));
}

#[test]
fn a_card_at_the_canteen_ticks_and_claims_no_time() {
    let dir = tempdir().unwrap();
    let mut door = door_in(dir.path(), thursday("11:45"));
    door.act(thursday("11:46"), Act::Touch(child(LEA)));
    let screen = door.act(thursday("11:47"), Act::Badge(FAMILY_CARD.into()));
    assert!(tile(&screen, LEA).ticked && tile(&screen, TOM).ticked);
    assert_eq!(screen.sync.unsent, 0);
}

#[test]
fn a_hundred_and_fifty_children_are_one_transaction() {
    let dir = tempdir().unwrap();
    let mut door = door_with(dir.path(), thursday("11:45"), 1, [roster(), crowd(150)].concat());
    let screen = door.act(thursday("11:50"), Act::ValidateRollCall);
    assert_eq!((screen.counters.present, screen.sync.unsent), (154, 154));
}

#[test]
fn a_class_of_nobody_is_not_said_to_be_recorded() {
    let dir = tempdir().unwrap();
    let mut door = door_in(dir.path(), thursday("11:45"));
    door.act(thursday("11:46"), Act::Group(Some(group(99))));
    let screen = door.act(thursday("11:46"), Act::ValidateRollCall);
    assert_eq!(said(&screen), "Personne n'est attendu ici à ce moment : cherchez un enfant pour l'ajouter.");
}
