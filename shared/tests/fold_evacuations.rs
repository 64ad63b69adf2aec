//! Roll calls of a whole site and outings, as the fold reads them.

use crate::support::door::{Door, paris};
use crate::support::{FERRY, LEA, MAELYS, NOE};
use shared::fold::{Evacuation, Fact, JOIN_MS, fold};
use shared::journal::Someone;
use uuid::Uuid;

const CALL: u128 = 0xca11;
const OTHER: u128 = 0xca12;
const MINUTE: i64 = 60_000;

fn evacuations(facts: &[Fact]) -> Vec<Evacuation> {
    fold(facts).evacuations
}

#[test]
fn of_several_ticks_the_first_counts_and_all_are_kept() {
    let (mut one, mut other, start) = (Door::new(1), Door::new(2), paris("2026-11-03 11:00"));
    let facts = [
        one.evacuates(CALL, start),
        other.sees(CALL, LEA, start + 2 * MINUTE),
        one.sees(CALL, LEA, start + MINUTE),
        one.sees(CALL, NOE, start + 3 * MINUTE),
    ];
    let all = evacuations(&facts);
    assert_eq!(all.len(), 1);
    let first = all[0].first_seen(Someone::Child(LEA)).unwrap();
    assert_eq!((first.device, first.at_ms), (one.device, start + MINUTE));
    assert_eq!(all[0].seen[&Someone::Child(LEA)].len(), 2);
    assert_eq!(all[0].first_seen(Someone::Child(MAELYS)), None);
}

#[test]
fn a_tick_that_is_taken_back_counts_for_nothing() {
    let (mut one, start) = (Door::new(1), paris("2026-11-03 11:00"));
    let seen = [one.evacuates(CALL, start), one.sees(CALL, LEA, start + MINUTE)];
    let back = one.retracted(&seen[1], start + 2 * MINUTE);
    let facts = [seen.to_vec(), vec![back]].concat();
    assert!(evacuations(&facts)[0].seen.is_empty());
}

#[test]
fn two_starts_within_minutes_are_one_evacuation_and_an_end_holds_for_what_its_author_knew() {
    let (mut one, mut other, start) = (Door::new(1), Door::new(2), paris("2026-11-03 11:00"));
    let mut facts = vec![
        one.evacuates(CALL, start),
        other.evacuates(OTHER, start + 2 * MINUTE),
        one.sees(CALL, LEA, start + 3 * MINUTE),
        other.sees(OTHER, NOE, start + 3 * MINUTE),
    ];
    let all = evacuations(&facts);
    assert_eq!((all.len(), all[0].calls.len(), all[0].seen.len()), (1, 2, 2));
    facts.push(one.ends(CALL, start + 5 * MINUTE));
    assert_eq!(evacuations(&facts)[0].ended, None, "who ended it had not heard of the other list");
    facts.push(one.ends(OTHER, start + 6 * MINUTE));
    let ended = evacuations(&facts)[0].ended.clone().unwrap();
    assert_eq!((ended.mark.at_ms, ended.reason.as_str()), (start + 6 * MINUTE, "exercice"));
}

#[test]
fn a_start_after_the_end_or_much_later_or_elsewhere_is_another_evacuation() {
    let (mut one, mut other, start) = (Door::new(1), Door::new(2), paris("2026-11-03 11:00"));
    let ended = [one.evacuates(CALL, start), one.ends(CALL, start + MINUTE), other.evacuates(OTHER, start + 2 * MINUTE)];
    let all = evacuations(&ended);
    assert_eq!(all.iter().map(|e| e.ended.is_some()).collect::<Vec<_>>(), [true, false], "an alarm right after a drill isn't over");
    for (later, count) in [(JOIN_MS - 1, 1), (JOIN_MS, 2)] {
        let (mut one, mut other) = (Door::new(1), Door::new(2));
        assert_eq!(evacuations(&[one.evacuates(CALL, start), other.evacuates(OTHER, start + later)]).len(), count);
    }
    let mut ferry = Door::new(3).at_site(FERRY);
    let apart = [Door::new(1).evacuates(CALL, start), ferry.evacuates(OTHER, start + MINUTE), ferry.sees(CALL, LEA, start + MINUTE)];
    let all = evacuations(&apart);
    assert_eq!(all.len(), 2);
    assert!(all.iter().all(|e| e.seen.is_empty()), "a tick counts at its own site");
}

#[test]
fn it_says_nothing_of_presences() {
    let (mut one, start) = (Door::new(1), paris("2026-11-03 11:00"));
    let arrived = one.arrived(LEA, start - 60 * MINUTE);
    let before = fold(std::slice::from_ref(&arrived)).days;
    let more = [
        arrived,
        one.evacuates(CALL, start),
        one.sees(CALL, LEA, start + MINUTE),
        one.ends(CALL, start + 2 * MINUTE),
        one.goes_out(OTHER, LEA, start + 3 * MINUTE),
        one.comes_back(OTHER, LEA, start + 9 * MINUTE),
    ];
    assert_eq!(fold(&more).days, before);
}

#[test]
fn an_outing_leaves_is_counted_and_comes_back_one_by_one() {
    let (mut one, start) = (Door::new(1), paris("2026-11-03 14:00"));
    let facts = [
        one.goes_out(CALL, LEA, start),
        one.goes_out(CALL, NOE, start),
        one.counted(CALL, 1, (LEA, true), start + 10 * MINUTE),
        one.counted(CALL, 1, (NOE, false), start + 10 * MINUTE),
        one.counted(CALL, 2, (NOE, true), start + 12 * MINUTE),
        one.comes_back(CALL, LEA, start + 60 * MINUTE),
        one.comes_back(CALL, MAELYS, start + 60 * MINUTE),
    ];
    let outings = fold(&facts).outings;
    assert_eq!((outings.len(), outings[0].label.as_str(), outings[0].id), (1, "Piscine", Uuid::from_u128(CALL)));
    let outing = &outings[0];
    assert!(!outing.is_away(Someone::Child(LEA)) && outing.is_away(Someone::Child(NOE)));
    assert!(!outing.people.contains_key(&Someone::Child(MAELYS)), "who never left doesn't come back");
    let missing: Vec<Vec<Someone>> =
        outing.counts.iter().map(|count| count.here.iter().filter(|(_, here)| !**here).map(|(who, _)| *who).collect()).collect();
    assert_eq!(missing, [vec![Someone::Child(NOE)], vec![]]);
}
