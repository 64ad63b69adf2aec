//! The day sheet and its hash, which a director signs.

use crate::golden::assert_golden;
use crate::support::door::{Door, day, paris};
use crate::support::golden_journal::golden;
use crate::support::{AGENT, CANTEEN, CARE, EVENING, LEA, LUNCH, MAELYS, MORNING, NOE};
use data_encoding::HEXLOWER;
use serde_json::{Map, Value};
use shared::day_sheet::DaySheet;
use shared::fold::{Fact, fold};
use shared::journal::{Hash, Kind};
use std::collections::BTreeSet;

const TUESDAY: &str = "2026-11-03";

fn hash_of(facts: &[Fact]) -> Hash {
    DaySheet::of(&fold(facts), CARE, day(TUESDAY), None).hash()
}

#[test]
fn the_hash_of_a_sheet_is_frozen() {
    let facts: Vec<Fact> = golden().iter().map(|(_, sealed)| Fact::read(sealed).unwrap()).collect();
    let attendance = fold(&facts);
    let mut sheets = Map::new();
    for (name, centre, activity) in
        [("whole day", CARE, None), ("morning", CARE, Some(MORNING)), ("evening", CARE, Some(EVENING)), ("canteen", CANTEEN, Some(LUNCH))]
    {
        let sheet = DaySheet::of(&attendance, centre, day(TUESDAY), activity);
        sheets.insert(name.into(), Value::from(HEXLOWER.encode(&sheet.hash())));
    }
    for (name, on, rows) in [("an absence alone", "2026-11-09", 1), ("empty", "2026-11-02", 0)] {
        let sheet = DaySheet::of(&attendance, CARE, day(on), None);
        assert_eq!(sheet.rows.len(), rows, "{name}");
        sheets.insert(name.into(), Value::from(HEXLOWER.encode(&sheet.hash())));
    }
    assert_golden("day_sheet.json", &Value::Object(sheets));
}

#[test]
fn each_fact_that_counts_changes_the_hash() {
    let (mut door, mut server) = (Door::new(1), Door::new(9));
    let mut facts = Vec::new();
    let mut seen = BTreeSet::from([hash_of(&facts)]);
    let arrived = door.arrived(LEA, paris("2026-11-03 07:42"));
    let more = [
        arrived.clone(),
        door.arrived(LEA, paris("2026-11-03 07:43")),
        door.left(LEA, paris("2026-11-03 17:00")),
        door.left(NOE, paris("2026-11-03 17:01")),
        door.present(MAELYS, paris("2026-11-03 17:02")),
        door.meal(MAELYS, paris("2026-11-03 17:03"), true),
        server.absent(MAELYS, paris("2026-11-02 08:00"), TUESDAY, TUESDAY),
        server.corrected(&arrived, AGENT, paris("2026-11-03 18:00"), Kind::Arrived, paris("2026-11-03 07:41")),
        server.retracted(&arrived, paris("2026-11-03 18:01")),
    ];
    for fact in more {
        facts.push(fact);
        assert!(seen.insert(hash_of(&facts)), "after {} facts", facts.len());
    }
}

#[test]
fn what_says_nothing_of_the_sheet_leaves_its_hash() {
    let (mut door, mut server) = (Door::new(1), Door::new(9));
    let mut facts = vec![door.arrived(LEA, paris("2026-11-03 07:42")), door.left(LEA, paris("2026-11-03 17:00"))];
    let before = hash_of(&facts);
    facts.push(door.signed(paris("2026-11-03 18:40"), TUESDAY, None));
    facts.push(server.observes(&door, paris("2026-11-03 19:00")));
    facts.push(door.arrived(LEA, paris("2026-11-04 07:42")));
    (door.centre, door.moment) = (CANTEEN, (LUNCH, "Cantine"));
    facts.push(door.present(LEA, paris("2026-11-03 12:00")));
    assert_eq!(hash_of(&facts), before);
}

#[test]
fn the_hash_tells_lieu_day_and_moment_apart() {
    let mut door = Door::new(1);
    let facts = [door.arrived(LEA, paris("2026-11-03 07:42"))];
    let attendance = fold(&facts);
    let sheet = |centre, on: &str, activity| DaySheet::of(&attendance, centre, day(on), activity).hash();
    let hashes = BTreeSet::from([
        sheet(CARE, TUESDAY, None),
        sheet(CARE, TUESDAY, Some(MORNING)),
        sheet(CARE, TUESDAY, Some(EVENING)),
        sheet(CANTEEN, TUESDAY, None),
        sheet(CARE, "2026-11-04", None),
    ]);
    assert_eq!(hashes.len(), 5);
}

#[test]
fn a_presence_stands_on_the_sheet_where_it_began_and_where_it_ended() {
    let mut door = Door::new(1);
    let arrived = door.arrived(LEA, paris("2026-11-03 07:42"));
    door.moment = (EVENING, "Accueil du soir");
    let left = door.left(LEA, paris("2026-11-03 17:00"));
    let attendance = fold(&[arrived, left]);
    let rows = |activity| DaySheet::of(&attendance, CARE, day(TUESDAY), Some(activity)).rows;
    assert_eq!((rows(MORNING).len(), rows(EVENING).len(), rows(LUNCH).len()), (1, 1, 0));
    assert_eq!(rows(MORNING)[0].1.presences.len(), 1);
}

#[test]
fn an_absence_without_lieu_stands_on_every_sheet() {
    let mut server = Door::new(9);
    let mut absent = server.absent(LEA, paris("2026-11-02 08:00"), TUESDAY, TUESDAY);
    absent.payload.as_mut().unwrap().centre = None;
    let attendance = fold(&[absent]);
    for centre in [CARE, CANTEEN] {
        assert_eq!(DaySheet::of(&attendance, centre, day(TUESDAY), None).rows.len(), 1);
    }
}
