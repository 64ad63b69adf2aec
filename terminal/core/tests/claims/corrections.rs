use crate::fixture::*;
use shared::fold::Fact;
use shared::id::OrganisationId;
use shared::journal::{Evidence, Kind, Payload};
use shared::roster::Item;
use tempfile::tempdir;
use terminal_core::door::{Corrects, Door};
use terminal_core::view::{Act, Dialog, Screen, TileState};
use uuid::Uuid;

/// The commune that runs the canteen, under the roof of the agglomération's school.
const COMMUNE: OrganisationId = OrganisationId(Uuid::from_u128(0xC0));

/// Morning care and canteen are the commune's; evening care and the holiday centre are not.
fn shared_site() -> Vec<Item> {
    let mut items = roster();
    for item in &mut items {
        match item {
            Item::Centre(centre) if centre.id == CANTEEN => centre.organisation = COMMUNE,
            Item::Activity(moment) if moment.id == activity("MATIN") => moment.centre = CANTEEN,
            _ => {}
        }
    }
    items
}

/// The entries of the last gesture, as sealed.
fn last(door: &Door) -> Vec<Fact> {
    let read = |id: &shared::id::EntryId| Fact::read(&door.store().journal.own_entry(*id).unwrap().unwrap().sealed).unwrap();
    door.last_recorded().iter().map(read).collect()
}

fn slot(payload: &Payload) -> (Option<shared::id::CentreId>, Option<shared::id::ActivityId>, &str) {
    (payload.centre, payload.moment.activity, payload.moment.label.as_str())
}

fn ms(time: &str) -> i64 {
    thursday(time).wall_ms
}

#[test]
fn a_morning_arrival_corrected_in_the_evening_stays_in_the_morning() {
    let dir = tempdir().unwrap();
    let mut door = door_with(dir.path(), thursday("07:40"), 1, shared_site());
    door.act(thursday("07:42"), Act::Touch(child(LEA)));
    let arrival = last(&door).remove(0);
    assert_eq!(door.tick_clock(thursday("17:00")).moment, "Accueil du soir · 15 octobre");
    door.correct(thursday("17:00"), child(LEA), Corrects::Arrival, ms("07:35"));

    let correction = last(&door).remove(0);
    let (before, after) = (arrival.payload.unwrap(), correction.payload.unwrap());
    assert_eq!(correction.envelope.kind, Kind::Corrected);
    assert_eq!(slot(&after), slot(&before));
    assert_eq!(slot(&after), (Some(CANTEEN), Some(activity("MATIN")), "Accueil du matin"));
    assert_eq!((arrival.envelope.organisation, correction.envelope.organisation), (COMMUNE, COMMUNE));
    assert_eq!((after.happened_at_ms, after.evidence), (ms("07:35"), Evidence::Declared));

    let day = &door.attendance().days[&(date("2026-10-15"), child(LEA))];
    let arrived = &day.presences[0].arrived;
    assert_eq!((arrived.at_ms, arrived.activity, arrived.centre), (ms("07:35"), Some(activity("MATIN")), Some(CANTEEN)));
}

#[test]
fn a_second_correction_keeps_what_the_first_one_said_of_the_moment() {
    let dir = tempdir().unwrap();
    let mut door = door_in(dir.path(), thursday("07:40"));
    door.act(thursday("07:42"), Act::Touch(child(LEA)));
    door.correct(thursday("07:50"), child(LEA), Corrects::Arrival, ms("07:35"));
    door.tick_clock(thursday("12:00"));
    door.correct(thursday("12:00"), child(LEA), Corrects::Arrival, ms("07:38"));
    let arrived = &door.attendance().days[&(date("2026-10-15"), child(LEA))].presences[0].arrived;
    assert_eq!((arrived.at_ms, arrived.activity, arrived.centre), (ms("07:38"), Some(activity("MATIN")), Some(PERI)));
}

#[test]
fn a_departure_corrected_under_another_moment_stays_where_it_was() {
    let dir = tempdir().unwrap();
    let mut door = door_in(dir.path(), thursday("16:35"));
    leaves_with(&mut door, thursday("17:05"), LEA, JULIEN);
    door.act(thursday("17:10"), Act::Moment(activity("MIDI")));
    door.correct(thursday("17:10"), child(LEA), Corrects::Departure, ms("17:00"));
    let left = &door.attendance().days[&(date("2026-10-15"), child(LEA))].lone_departures[0];
    assert_eq!((left.mark.at_ms, left.mark.activity, left.mark.centre), (ms("17:00"), Some(activity("SOIR")), Some(PERI)));
    assert_eq!(left.person, Some(person(JULIEN)), "who took the child isn't what was wrong");
}

#[test]
fn what_is_undone_is_undone_in_the_books_of_its_own_organisation() {
    let dir = tempdir().unwrap();
    let mut door = door_with(dir.path(), thursday("07:40"), 1, shared_site());
    door.act(thursday("07:42"), Act::Touch(child(LEA)));
    // The board is turned to another organisation's moment before the finger finds "Annuler".
    door.act(later(thursday("07:42"), 3_000), Act::Moment(activity("SOIR")));
    let screen = door.act(later(thursday("07:42"), 5_000), Act::Undo);
    let retraction = last(&door).remove(0);
    assert_eq!((retraction.envelope.kind, retraction.envelope.organisation), (Kind::Retracted, COMMUNE));
    assert_eq!(slot(&retraction.payload.unwrap()), (Some(CANTEEN), Some(activity("MATIN")), "Accueil du matin"));
    assert_ne!(tile(&screen, LEA).state, TileState::Present);
}

#[test]
fn an_undone_correction_leaves_the_first_time() {
    let dir = tempdir().unwrap();
    let mut door = door_with(dir.path(), thursday("07:40"), 1, shared_site());
    door.act(thursday("07:42"), Act::Touch(child(LEA)));
    door.tick_clock(thursday("17:00"));
    door.correct(thursday("17:00"), child(LEA), Corrects::Arrival, ms("07:35"));
    door.act(later(thursday("17:00"), 5_000), Act::Undo);
    assert_eq!(last(&door)[0].envelope.organisation, COMMUNE);
    assert_eq!(door.attendance().days[&(date("2026-10-15"), child(LEA))].presences[0].arrived.at_ms, ms("07:42"));
}

#[test]
fn what_stands_on_paper_alone_is_filled_in_and_says_so() {
    let dir = tempdir().unwrap();
    let mut door = door_in(dir.path(), wednesday("07:30"));
    // The tablet was off until nine; the list at the door says that Léa came at 8:10 and left with her grandmother at 8:40.
    let screen = door.act(wednesday("09:00"), Act::Hold(child(LEA)));
    assert_eq!(offered(&screen), [Corrects::PaperArrival]);
    door.act(wednesday("09:00"), Act::Correct(child(LEA), Corrects::PaperArrival));
    door.act(wednesday("09:00"), Act::Hour(Some(hour("08:10"))));
    let screen = door.act(wednesday("09:00"), Act::Confirm);
    assert_eq!(tile(&screen, LEA).state_text, "8:10");
    let arrived = sealed_last(&door);
    assert_eq!((arrived.evidence, arrived.reason.as_str()), (Evidence::Paper, "papier"));
    assert_eq!(arrived.happened_at_ms, wednesday("08:10").wall_ms);

    let screen = door.act(wednesday("09:01"), Act::Hold(child(LEA)));
    assert!(offered(&screen).contains(&Corrects::PaperDeparture) && !offered(&screen).contains(&Corrects::PaperArrival));
    door.act(wednesday("09:01"), Act::Correct(child(LEA), Corrects::PaperDeparture));
    door.act(wednesday("09:01"), Act::Adult(person(ODETTE)));
    // Not before she came.
    door.act(wednesday("09:01"), Act::Hour(Some(hour("08:00"))));
    door.act(wednesday("09:01"), Act::Hour(Some(hour("08:40"))));
    let screen = door.act(wednesday("09:01"), Act::Staff(staff(1)));
    assert_eq!(tile(&screen, LEA).state_text, "départ 8:40");
    let left = sealed_last(&door);
    assert_eq!((left.evidence, left.reason.as_str(), left.actor.id), (Evidence::Paper, "papier", staff(1).0));
}

#[test]
fn paper_adds_no_arrival_to_who_is_here_nor_to_a_roll_call() {
    let dir = tempdir().unwrap();
    let mut door = door_in(dir.path(), wednesday("07:30"));
    door.act(wednesday("08:00"), Act::Touch(child(LEA)));
    let screen = door.act(wednesday("09:00"), Act::Correct(child(LEA), Corrects::PaperArrival));
    assert_eq!(said(&screen), "Léa : l'arrivée est déjà enregistrée.");
    let dir = tempdir().unwrap();
    let mut door = door_in(dir.path(), thursday("11:50"));
    let screen = door.act(thursday("11:50"), Act::Hold(child(LEA)));
    assert_eq!(offered(&screen), []);
}

fn offered(screen: &Screen) -> Vec<Corrects> {
    match &screen.dialog {
        Some(Dialog::Child(dialog)) => dialog.corrections.iter().map(|c| c.what).collect(),
        other => panic!("no dialog of a child: {other:?}"),
    }
}

fn sealed_last(door: &Door) -> Payload {
    let all = door.store().journal.all().unwrap();
    let (sealed, _) = all.iter().find(|(s, _)| s.decode_envelope().unwrap().entry_id == door.last_recorded()[0]).unwrap();
    let envelope = sealed.decode_envelope().unwrap();
    Payload::decode(&envelope.kind, envelope.kind_version, &sealed.private.as_ref().unwrap().payload).unwrap()
}
