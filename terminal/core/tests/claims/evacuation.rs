//! An evacuation: everybody on the site is called, on any tablet, whatever the disk says, and it stays on record.

use crate::fixture::*;
use crate::peers::Site;
use rusqlite::Connection;
use shared::fold::Fact;
use shared::id::EntryId;
use shared::journal::{Actor, ChainHead, Detail, Draft, Evidence, Kind, Note, Payload, SigningKey, Someone, seal};
use std::path::Path;
use std::sync::Arc;
use tempfile::tempdir;
use terminal_core::clock::Now;
use terminal_core::door::{Destination, Door};
use terminal_core::store::{NoFaults, Peek, Store};
use terminal_core::view::{Act, Dialog, EvacuationDialog, EvacuationReason, EvacuationReport, PersonState, Screen};

const DAY: &str = "2026-10-14";

fn call(screen: &Screen) -> &EvacuationDialog {
    match &screen.dialog {
        Some(Dialog::Evacuation(evacuation)) => evacuation,
        other => panic!("no roll call: {other:?}"),
    }
}

fn report(screen: &Screen) -> &EvacuationReport {
    match &screen.dialog {
        Some(Dialog::EvacuationReport(report)) => report,
        other => panic!("no report: {other:?}"),
    }
}

fn who(number: u16) -> Someone {
    Someone::Child(child(number))
}

/// Names and states of the list, in its order.
fn rows(screen: &Screen) -> Vec<(&str, PersonState)> {
    call(screen).people.iter().map(|row| (row.name.as_str(), row.state)).collect()
}

fn figures(screen: &Screen) -> (u32, u32) {
    (call(screen).seen, call(screen).total)
}

fn sealed(dir: &Path) -> Vec<Fact> {
    Peek::open(dir).unwrap().journal.facts_around(date(DAY)).unwrap()
}

fn kinds(dir: &Path) -> Vec<Kind> {
    sealed(dir).into_iter().map(|fact| fact.envelope.kind).collect()
}

/// What another tablet of the site sealed arrives.
fn arrives(door: &Door, now: Now, entries: Vec<(Kind, Detail, Option<&str>)>) -> Vec<EntryId> {
    let key = SigningKey::from_bytes(&[8; 32]);
    let mut head = ChainHead::start(device(8));
    let sealed = entries.into_iter().zip(1..).map(|((kind, detail, note), number)| {
        let payload = Payload { centre: Some(ALSH), boot: BOOT, detail, ..Payload::at(now.wall_ms) };
        let notes = note.into_iter().map(|text| Note { salt: [number; 32], text: text.into() }).collect();
        let entry_id = EntryId::new(now.wall_ms, [number; 10]);
        let draft = Draft { organisation: ORGANISATION, site: SITE, entry_id, kind, payload, notes, salt: [number; 32] };
        (seal(draft, &mut head, &key), key.verifying_key())
    });
    let sealed: Vec<_> = sealed.collect();
    door.store().second().unwrap().journal.keep_others(&sealed).unwrap();
    sealed.iter().map(|(entry, _)| entry.decode_envelope().unwrap().entry_id).collect()
}

/// Léa and Tom are here, Noé is awaited, Inès is absent, Aya has left.
fn morning(dir: &Path) -> Door {
    let mut door = door_in(dir, wednesday("08:00"));
    for number in [LEA, TOM, AYA] {
        door.act(wednesday("08:10"), Act::Touch(child(number)));
    }
    leaves_with(&mut door, wednesday("10:00"), AYA, SONIA);
    door
}

#[test]
fn all_who_are_here_are_called_the_awaited_apart_and_who_is_gone_or_absent_is_not() {
    let dir = tempdir().unwrap();
    let mut door = morning(dir.path());
    let screen = door.act(wednesday("11:00"), Act::Evacuate);
    assert_eq!(figures(&screen), (0, 2));
    assert_eq!(call(&screen).missing, "Manquent : Léa M. et Tom M.");
    assert_eq!(rows(&screen), [("Léa M.", PersonState::Missing), ("Tom M.", PersonState::Missing), ("Noé L.", PersonState::ToCheck)]);
    let screen = door.act(wednesday("11:01"), Act::Seen(who(LEA)));
    assert_eq!((figures(&screen), call(&screen).missing.as_str()), ((1, 2), "Manque : Tom M."));
    let screen = door.act(wednesday("11:02"), Act::Seen(who(NOE)));
    assert_eq!(figures(&screen), (2, 3), "who came unseen counts once seen");
    let facts = sealed(dir.path());
    let [.., start, seen, _] = facts.as_slice() else { panic!("{facts:?}") };
    let (start, seen) = (start.payload.as_ref().unwrap(), seen.payload.as_ref().unwrap());
    let Detail::Evacuation { call } = start.detail else { panic!("{start:?}") };
    assert_eq!((seen.detail.clone(), seen.about_child), (Detail::EvacuationSeen { call, who: who(LEA) }, Some(child(LEA))));
    assert_eq!((seen.evidence, seen.centre), (Evidence::RollCall, Some(ALSH)));
}

#[test]
fn a_second_touch_takes_the_tick_back_and_a_wet_finger_does_not() {
    let dir = tempdir().unwrap();
    let mut door = morning(dir.path());
    let start = wednesday("11:00");
    door.act(start, Act::Evacuate);
    door.act(start, Act::Seen(who(LEA)));
    let screen = door.act(later(start, 300), Act::Seen(who(LEA)));
    assert_eq!(figures(&screen), (1, 2), "the same finger");
    let screen = door.act(later(start, 2_000), Act::Seen(who(LEA)));
    assert_eq!(figures(&screen), (0, 2));
    let back = sealed(dir.path()).pop().unwrap();
    assert_eq!((back.envelope.kind, back.payload.unwrap().about_child), (Kind::Retracted, Some(child(LEA))));
    let screen = door.act(later(start, 4_000), Act::Seen(who(LEA)));
    assert_eq!(figures(&screen), (1, 2));
}

#[test]
fn nobody_moves_under_a_finger_until_fingers_rest() {
    let dir = tempdir().unwrap();
    let mut door = morning(dir.path());
    let start = wednesday("11:00");
    door.act(start, Act::Evacuate);
    let touched = door.act(start, Act::Seen(who(LEA)));
    assert_eq!(rows(&touched)[0], ("Léa M.", PersonState::Seen));
    assert_eq!(rows(&door.tick_clock(later(start, 2_900)))[0].0, "Léa M.");
    let rested = door.tick_clock(later(start, 3_000));
    assert_eq!(rows(&rested).iter().map(|(name, _)| *name).collect::<Vec<_>>(), ["Tom M.", "Noé L.", "Léa M."]);
}

#[test]
fn whom_a_parent_takes_after_the_start_is_not_looked_for() {
    let dir = tempdir().unwrap();
    let mut door = morning(dir.path());
    door.act(wednesday("11:00"), Act::Evacuate);
    door.act(wednesday("11:01"), Act::Seen(who(LEA)));
    door.act(wednesday("11:02"), Act::LeaveEvacuation);
    let board = door.act(wednesday("11:02"), Act::Touch(child(LEA)));
    assert_eq!(board.evacuation.as_deref(), Some("Évacuation en cours · 1 vu sur 2"));
    door.act(wednesday("11:02"), Act::Adult(person(ODETTE)));
    door.act(wednesday("11:02"), Act::Confirm);
    let screen = door.act(wednesday("11:03"), Act::Evacuate);
    assert_eq!((figures(&screen), call(&screen).missing.as_str()), ((0, 1), "Manque : Tom M."), "seen or not");
    assert_eq!(kinds(dir.path()).iter().filter(|kind| **kind == Kind::EvacuationStarted).count(), 1, "the one that goes on is shown");
}

#[test]
fn children_at_table_are_called_and_those_of_a_morning_without_departure_are_to_check() {
    let dir = tempdir().unwrap();
    let mut door = door_in(dir.path(), thursday("07:40"));
    door.act(thursday("07:45"), Act::Arrive(child(INES)));
    door.act(thursday("11:50"), Act::Touch(child(NOE)));
    door.act(thursday("11:51"), Act::ValidateRollCall);
    door.leave(thursday("12:00"), &[child(TOM)], &Destination::of(shared::journal::LeftTo::Alone));
    let screen = door.act(thursday("12:10"), Act::Evacuate);
    let by_name = |name: &str| call(&screen).people.iter().find(|row| row.name == name).map(|row| row.state);
    assert_eq!([by_name("Léa M."), by_name("Aya B.")], [Some(PersonState::Missing); 2]);
    assert_eq!(by_name("Tom M."), None, "left after the call");
    assert_eq!(by_name("Noé L."), None, "noted as missing at the call");
    assert_eq!(by_name("Inès G."), Some(PersonState::ToCheck), "her morning asked for no departure");
}

#[test]
fn the_team_and_visitors_are_called_too() {
    let dir = tempdir().unwrap();
    let mut door = morning(dir.path());
    let entries =
        vec![(Kind::StaffArrived, Detail::Staff { staff: staff(1) }, None), (Kind::VisitorArrived, Detail::None, Some("Luc Mercier"))];
    let visit = arrives(&door, wednesday("09:00"), entries)[1];
    let screen = door.act(wednesday("11:00"), Act::Evacuate);
    assert_eq!(figures(&screen), (0, 4));
    assert!(
        rows(&screen).contains(&("Luc Mercier", PersonState::Missing)) && rows(&screen).contains(&("Nadia Roche", PersonState::Missing))
    );
    let groups: Vec<&str> = call(&screen).groups.iter().map(|tab| tab.name.as_str()).collect();
    assert!(groups.contains(&"Équipe") && groups.contains(&"Visiteurs"), "{groups:?}");
    door.act(wednesday("11:01"), Act::Seen(Someone::Visitor(visit)));
    let screen = door.act(wednesday("11:02"), Act::Seen(Someone::Staff(staff(1))));
    assert_eq!(figures(&screen), (2, 4));
    assert_eq!(sealed(dir.path()).pop().unwrap().payload.unwrap().about_child, None);
}

#[test]
fn a_card_names_who_ticks_for_as_long_as_they_tick() {
    let dir = tempdir().unwrap();
    let mut door = morning(dir.path());
    let start = wednesday("11:00");
    door.act(start, Act::Evacuate);
    assert_eq!(call(&door.act(start, Act::Badge(STAFF_CARD.into()))).acting, "Nadia Roche");
    door.act(later(start, 50_000), Act::Seen(who(LEA)));
    let screen = door.act(later(start, 100_000), Act::Seen(who(TOM)));
    let texts: Vec<&str> = call(&screen).people.iter().map(|row| row.text.as_str()).collect();
    assert!(texts.contains(&"vu 11:00 · Nadia Roche") && texts.contains(&"vu 11:01 · Nadia Roche"), "{texts:?}");
    assert_eq!(sealed(dir.path()).pop().unwrap().payload.unwrap().actor.id, staff(1).0);
}

#[test]
fn it_goes_on_on_another_tablet_which_shows_it_at_once_and_ends_it_for_both() {
    let mut site = Site::of(2);
    let act = |site: &mut Site, tablet: usize, now: Now, what: Act| site.tablets[tablet].door.act(now, what);
    for number in [LEA, TOM] {
        act(&mut site, 0, wednesday("08:10"), Act::Touch(child(number)));
    }
    act(&mut site, 0, wednesday("11:00"), Act::Evacuate);
    act(&mut site, 0, wednesday("11:01"), Act::Seen(who(LEA)));
    act(&mut site, 1, wednesday("11:01"), Act::Hold(child(NOE)));
    site.meet(0, 1, wednesday("11:02"));
    let other = site.tablets[1].door.tick_clock(wednesday("11:02"));
    assert_eq!((figures(&other), call(&other).missing.as_str()), ((1, 2), "Manque : Tom M."), "over whatever was open");
    act(&mut site, 1, wednesday("11:03"), Act::Seen(who(TOM)));
    site.meet(1, 0, wednesday("11:04"));
    assert_eq!(figures(&site.tablets[0].door.tick_clock(wednesday("11:04"))), (2, 2));
    act(&mut site, 1, wednesday("11:05"), Act::EndEvacuation);
    act(&mut site, 1, wednesday("11:05"), Act::EvacuationOver(EvacuationReason::Drill));
    site.meet(0, 1, wednesday("11:06"));
    let ended = site.tablets[0].door.tick_clock(wednesday("11:06"));
    assert_eq!(report(&ended).summary, "2 personnes vues sur 2, toutes en 3 min 00 s.");
    assert_eq!(site.tablets[0].door.attendance().evacuations, site.tablets[1].door.attendance().evacuations);
}

#[test]
fn two_that_were_started_apart_are_one_and_go_on_until_both_lists_are_ended() {
    let mut site = Site::of(2);
    site.tablets[0].door.act(wednesday("08:10"), Act::Touch(child(LEA)));
    site.tablets[1].door.act(wednesday("08:10"), Act::Touch(child(TOM)));
    for (tablet, number) in [(0, LEA), (1, TOM)] {
        site.tablets[tablet].door.act(wednesday("11:00"), Act::Evacuate);
        site.tablets[tablet].door.act(wednesday("11:01"), Act::Seen(who(number)));
    }
    site.tablets[0].door.act(wednesday("11:02"), Act::EndEvacuation);
    site.tablets[0].door.act(wednesday("11:02"), Act::EvacuationOver(EvacuationReason::Alarm));
    site.meet(0, 1, wednesday("11:03"));
    let now = wednesday("11:04");
    for tablet in &mut site.tablets {
        tablet.door.act(now, Act::Close);
        assert_eq!(figures(&tablet.door.tick_clock(now)), (2, 2), "nobody who knew of both has ended it");
    }
    site.tablets[0].door.act(wednesday("11:05"), Act::EndEvacuation);
    let over = site.tablets[0].door.act(wednesday("11:05"), Act::EvacuationOver(EvacuationReason::Alarm));
    assert_eq!((report(&over).title.as_str(), report(&over).lines.len()), ("Évacuation", 2));
}

#[test]
fn a_tablet_that_was_stopped_finds_it_again() {
    let dir = tempdir().unwrap();
    let mut door = morning(dir.path());
    door.act(wednesday("11:00"), Act::Evacuate);
    door.act(wednesday("11:01"), Act::Seen(who(LEA)));
    drop(door);
    let mut door = Door::open(Store::open(dir.path(), Arc::new(NoFaults)).unwrap(), wednesday("11:02")).unwrap();
    let screen = door.tick_clock(wednesday("11:02"));
    assert_eq!((figures(&screen), call(&screen).missing.as_str()), ((1, 2), "Manque : Tom M."));
}

#[test]
fn no_disk_stops_it_and_what_waited_in_memory_is_sealed_as_it_was() {
    let dir = tempdir().unwrap();
    let mut door = morning(dir.path());
    let before = kinds(dir.path()).len();
    let other = Connection::open(dir.path().join("journal.db")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let start = wednesday("11:00");
    let screen = door.act(start, Act::Evacuate);
    assert_eq!(figures(&screen), (0, 2));
    let screen = door.act(later(start, 2_000), Act::Seen(who(LEA)));
    assert_eq!(figures(&screen), (1, 2), "kept in memory");
    let why = call(&screen).unrecorded.clone().unwrap();
    assert!(why.starts_with("Pas encore enregistré : 2 gestes gardés en mémoire"), "{why}");
    let screen = door.act(later(start, 4_000), Act::Seen(who(LEA)));
    assert_eq!(figures(&screen), (0, 2), "and taken back there");
    door.act(later(start, 6_000), Act::Seen(who(TOM)));
    assert_eq!(kinds(dir.path()).len(), before);
    other.execute_batch("ROLLBACK").unwrap();
    let screen = door.tick_clock(later(start, 60_000));
    assert_eq!((figures(&screen), call(&screen).unrecorded.as_deref()), ((1, 2), None));
    let facts = sealed(dir.path());
    let new: Vec<(Kind, i64)> =
        facts[before..].iter().map(|f| (f.envelope.kind.clone(), f.payload.as_ref().unwrap().happened_at_ms - start.wall_ms)).collect();
    assert_eq!(new, [(Kind::EvacuationStarted, 0), (Kind::EvacuationSeen, 2_000), (Kind::Retracted, 4_000), (Kind::EvacuationSeen, 6_000)]);
}

#[test]
fn the_end_is_asked_and_stays_on_record_with_who_was_ticked_by_whom() {
    let dir = tempdir().unwrap();
    let mut door = morning(dir.path());
    door.act(wednesday("11:00"), Act::Evacuate);
    door.act(wednesday("11:01"), Act::Badge(STAFF_CARD.into()));
    door.act(wednesday("11:01"), Act::Seen(who(LEA)));
    assert_eq!(call(&door.act(wednesday("11:02"), Act::EvacuationOver(EvacuationReason::Drill))).ending, None, "not before it was asked");
    let asked = door.act(wednesday("11:02"), Act::EndEvacuation);
    assert_eq!(call(&asked).ending.as_deref(), Some("Manque : Tom M. 1 personne reste à vérifier."));
    assert_eq!(call(&door.act(wednesday("11:02"), Act::LeaveEvacuation)).ending, None, "back to the list");
    door.act(wednesday("11:03"), Act::EndEvacuation);
    let over = door.act(wednesday("11:03"), Act::EvacuationOver(EvacuationReason::Drill));
    let told = report(&over);
    assert_eq!((told.title.as_str(), told.summary.as_str()), ("Exercice d'évacuation", "2 personnes vues sur 3."));
    assert_eq!(told.subtitle, "14 octobre 2026 · ouvert à 11:00, terminé à 11:03");
    let lines: Vec<(&str, &str)> = told.lines.iter().map(|line| (line.name.as_str(), line.text.as_str())).collect();
    assert_eq!(lines, [("Tom Martin", "non vu"), ("Léa Martin", "11:01, par Nadia Roche"), ("Nadia Roche", "11:01, par Nadia Roche")]);
    let end = sealed(dir.path()).pop().unwrap();
    assert_eq!((end.envelope.kind, end.payload.unwrap().reason.as_str()), (Kind::EvacuationEnded, "exercice"));

    door.act(wednesday("11:04"), Act::Close);
    let asked = door.act(wednesday("15:00"), Act::EvacuationAsked);
    let Some(Dialog::EvacuationHelp(help)) = &asked.dialog else { panic!("{:?}", asked.dialog) };
    assert_eq!(help.reports[0].1, "Exercice d'évacuation de 11:00");
    let again = door.act(wednesday("15:00"), Act::EvacuationReport(help.reports[0].0));
    assert_eq!(report(&again).lines.len(), 3, "as it was then");
    assert_eq!(door.act(wednesday("15:01"), Act::Close).dialog, None);
}

#[test]
fn a_forgotten_child_was_seen_by_nobody_and_the_others_stay() {
    let dir = tempdir().unwrap();
    let mut door = morning(dir.path());
    door.act(wednesday("11:00"), Act::Evacuate);
    door.act(wednesday("11:01"), Act::Seen(who(LEA)));
    door.act(wednesday("11:01"), Act::Seen(who(TOM)));
    let about = |fact: &Fact| fact.payload.as_ref().is_some_and(|p| p.about_child == Some(child(LEA)));
    let forgotten: Vec<EntryId> = sealed(dir.path()).iter().filter(|fact| about(fact)).map(|fact| fact.envelope.entry_id).collect();
    door.store().second().unwrap().journal.forget(&forgotten).unwrap();
    door.tick_clock(wednesday("11:02"));
    let seen: Vec<Someone> = door.attendance().evacuations[0].seen.keys().copied().collect();
    assert_eq!((forgotten.len(), seen), (2, vec![who(TOM)]));
}

#[test]
fn it_says_nothing_of_a_presence_and_can_not_be_taken_back_as_a_gesture() {
    let dir = tempdir().unwrap();
    let mut door = morning(dir.path());
    let before = door.attendance().days.clone();
    door.act(wednesday("11:00"), Act::Evacuate);
    let screen = door.act(wednesday("11:01"), Act::Seen(who(LEA)));
    assert_eq!((door.attendance().days.clone(), screen.undo), (before, None));
}

#[test]
fn a_short_touch_starts_nothing() {
    let dir = tempdir().unwrap();
    let mut door = morning(dir.path());
    let before = kinds(dir.path()).len();
    let screen = door.act(wednesday("11:00"), Act::EvacuationAsked);
    assert!(matches!(screen.dialog, Some(Dialog::EvacuationHelp(_))));
    assert_eq!(kinds(dir.path()).len(), before);
    assert_eq!(Actor::NOBODY, sealed(dir.path()).pop().unwrap().payload.unwrap().actor);
}
