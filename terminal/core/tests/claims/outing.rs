//! An outing: who leaves together, counted on the way, back together or one by one.

use crate::fixture::*;
use shared::fold::Fact;
use shared::journal::{Detail, Kind, Someone};
use std::path::Path;
use std::sync::Arc;
use tempfile::tempdir;
use terminal_core::door::Door;
use terminal_core::store::{NoFaults, Peek, Store};
use terminal_core::view::{Act, Dialog, OutingChoice, OutingDialog, PersonState, Screen, TileState};

fn who(number: u16) -> Someone {
    Someone::Child(child(number))
}

fn choice(screen: &Screen) -> &OutingChoice {
    match &screen.dialog {
        Some(Dialog::OutingChoice(choice)) => choice,
        other => panic!("nobody is chosen: {other:?}"),
    }
}

fn outing(screen: &Screen) -> &OutingDialog {
    match &screen.dialog {
        Some(Dialog::Outing(outing)) => outing,
        other => panic!("no outing: {other:?}"),
    }
}

fn sealed(dir: &Path) -> Vec<Fact> {
    Peek::open(dir).unwrap().journal.facts_around(date("2026-10-14")).unwrap()
}

/// Léa, Tom and Noé are here; Léa and Tom leave for the pool at 14:00.
fn at_the_pool(dir: &Path) -> Door {
    let mut door = door_in(dir, wednesday("08:00"));
    for number in [LEA, TOM, NOE] {
        door.act(wednesday("08:10"), Act::Touch(child(number)));
    }
    door.act(wednesday("14:00"), Act::OutingAsked);
    door.act(wednesday("14:00"), Act::OutingPerson(who(LEA)));
    door.act(wednesday("14:00"), Act::OutingPerson(who(TOM)));
    door.act(wednesday("14:00"), Act::OutingLeaves("  Piscine ".into()));
    door
}

fn opened(door: &mut Door, at: &str) -> Screen {
    let bars = door.tick_clock(wednesday(at)).outings;
    assert_eq!(bars.len(), 1, "{bars:?}");
    door.act(wednesday(at), Act::OutingOpened(bars[0].outing))
}

#[test]
fn those_who_are_chosen_leave_with_their_own_list_and_are_still_here() {
    let dir = tempdir().unwrap();
    let mut door = at_the_pool(dir.path());
    let screen = door.tick_clock(wednesday("14:01"));
    assert_eq!(screen.outings[0].text, "En sortie · Piscine : 2 enfants");
    let lea = tile(&screen, LEA);
    assert_eq!((lea.state, lea.state_text.as_str()), (TileState::Present, "en sortie · Piscine"));
    assert_eq!((screen.counters.present, tile(&screen, NOE).state_text.as_str()), (3, "8:10"));
    let facts = sealed(dir.path());
    let left: Vec<_> = facts.iter().filter(|f| f.envelope.kind == Kind::OutingLeft).map(|f| f.payload.clone().unwrap()).collect();
    assert_eq!(left.iter().map(|p| p.about_child).collect::<Vec<_>>(), [Some(child(LEA)), Some(child(TOM))]);
    assert!(left.iter().all(|p| matches!(&p.detail, Detail::OutingLeft { label, .. } if label == "Piscine") && p.centre == Some(ALSH)));
    assert_eq!(choice(&door.act(wednesday("14:02"), Act::OutingAsked)).people.len(), 1, "who is away doesn't leave twice");
}

#[test]
fn nobody_leaves_without_a_place_or_without_people() {
    let dir = tempdir().unwrap();
    let mut door = door_in(dir.path(), wednesday("08:00"));
    door.act(wednesday("08:10"), Act::Touch(child(LEA)));
    door.act(wednesday("14:00"), Act::OutingAsked);
    let screen = door.act(wednesday("14:00"), Act::OutingLeaves("Piscine".into()));
    assert_eq!(said(&screen), "Touchez d'abord qui part.");
    door.act(wednesday("14:00"), Act::OutingAll);
    let screen = door.act(wednesday("14:00"), Act::OutingLeaves("   ".into()));
    assert_eq!((said(&screen), choice(&screen).going.as_str()), ("Écrivez ou touchez où va la sortie.", "1 enfant"));
    assert_eq!(sealed(dir.path()).len(), 1);
}

#[test]
fn each_count_names_who_is_missing_and_stays() {
    let dir = tempdir().unwrap();
    let mut door = at_the_pool(dir.path());
    opened(&mut door, "14:30");
    let screen = door.act(wednesday("14:30"), Act::OutingPerson(who(LEA)));
    assert_eq!((outing(&screen).counted, outing(&screen).total, outing(&screen).missing.as_str()), (1, 2, "Manque : Tom M."));
    let screen = door.act(wednesday("14:31"), Act::OutingCounted);
    assert_eq!(outing(&screen).last_count, "Dernier comptage à 14:31 : 1 sur 2. Manque : Tom M.");
    assert!(outing(&screen).people.iter().all(|row| row.state == PersonState::Plain), "the next one starts anew");
    door.act(wednesday("14:33"), Act::OutingAll);
    let screen = door.act(wednesday("14:33"), Act::OutingCounted);
    assert_eq!(outing(&screen).last_count, "Dernier comptage à 14:33 : 2 sur 2, personne ne manque.");
    assert_eq!(door.attendance().outings[0].counts.len(), 2);
}

#[test]
fn they_come_back_one_by_one_and_then_together_and_it_can_be_undone() {
    let dir = tempdir().unwrap();
    let mut door = at_the_pool(dir.path());
    opened(&mut door, "16:00");
    door.act(wednesday("16:00"), Act::OutingPerson(who(TOM)));
    let screen = door.act(wednesday("16:00"), Act::OutingBack);
    assert_eq!((outing(&screen).total, tile(&screen, TOM).state_text.as_str()), (1, "8:10"));
    let screen = door.act(wednesday("16:10"), Act::OutingBack);
    assert_eq!((screen.dialog.clone(), screen.outings.len(), screen.undo.unwrap().text.as_str()), (None, 0, "De retour : 1 enfant"));
    let screen = door.act(later(wednesday("16:10"), 4_000), Act::Undo);
    assert_eq!(screen.outings[0].text, "En sortie · Piscine : 1 enfant");
}

#[test]
fn whom_a_parent_takes_on_the_way_is_on_no_list_any_more() {
    let dir = tempdir().unwrap();
    let mut door = at_the_pool(dir.path());
    let screen = leaves_with(&mut door, wednesday("15:00"), LEA, ODETTE);
    let screen = door.act(wednesday("15:01"), Act::Close).outings.clone().into_iter().chain(screen.outings).next().unwrap();
    assert_eq!(screen.text, "En sortie · Piscine : 1 enfant");
    assert_eq!(outing(&opened(&mut door, "15:02")).people.len(), 1);
}

#[test]
fn in_an_evacuation_they_stand_apart() {
    let dir = tempdir().unwrap();
    let mut door = at_the_pool(dir.path());
    let screen = door.act(wednesday("15:00"), Act::Evacuate);
    let Some(Dialog::Evacuation(call)) = &screen.dialog else { panic!("{:?}", screen.dialog) };
    assert_eq!((call.total, call.missing.as_str()), (1, "Manque : Noé L."));
    let out: Vec<&str> = call.people.iter().filter(|row| row.state == PersonState::Out).map(|row| row.text.as_str()).collect();
    assert_eq!(out, ["en sortie · Piscine"; 2]);
}

#[test]
fn a_tablet_that_was_stopped_knows_who_is_away() {
    let dir = tempdir().unwrap();
    let door = at_the_pool(dir.path());
    let before = door.attendance().outings.clone();
    drop(door);
    let mut door = Door::open(Store::open(dir.path(), Arc::new(NoFaults)).unwrap(), wednesday("14:30")).unwrap();
    assert_eq!(door.tick_clock(wednesday("14:30")).outings.len(), 1);
    assert_eq!(door.attendance().outings, before);
}
