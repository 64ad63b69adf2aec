//! Laws of the fold, on sets of entries drawn at random.

use crate::support::door::{Door, paris};
use crate::support::{AGENT, FERRY, LEA, MAELYS, NADIA, NOE};
use proptest::prelude::*;
use shared::fold::{Fact, effective_times, fold};
use shared::id::StaffId;
use shared::journal::Kind;
use std::collections::HashMap;
use uuid::Uuid;

const STAFF: [StaffId; 3] = [StaffId(Uuid::from_u128(0x61)), StaffId(Uuid::from_u128(0x62)), StaffId(Uuid::from_u128(0x63))];

/// One thing that happens somewhere.
#[derive(Debug, Clone)]
struct Act {
    device: usize,
    child: usize,
    what: u8,
    minutes: i64,
    target: usize,
    clock_off_ms: i64,
}

fn act() -> impl Strategy<Value = Act> {
    let clock_off = prop_oneof![6 => Just(0), 2 => -400_000i64..400_000, 1 => Just(-1_700_000_000_000), 1 => Just(360_000_000_000)];
    (0..4usize, 0..3usize, 0..22u8, 0..240i64, any::<prop::sample::Index>(), clock_off).prop_map(
        |(device, child, what, minutes, target, clock_off_ms)| Act {
            device,
            child,
            what,
            minutes,
            target: target.index(1000),
            clock_off_ms,
        },
    )
}

/// Few, so that several tablets speak of the same ones.
const CALLS: [u128; 3] = [0xca11, 0xca12, 0xca13];

/// Plays acts in order of time on three tablets and a server; true time only goes forward, clocks don't.
fn play(acts: &[Act]) -> Vec<Fact> {
    let mut doors = [Door::new(1), Door::new(2), Door::new(3).at_site(FERRY), Door::new(9)];
    let mut now = paris("2026-11-03 06:30");
    let mut facts: Vec<Fact> = Vec::new();
    for act in acts {
        now += act.minutes * 60_000 / 4;
        let child = [LEA, NOE, MAELYS][act.child];
        let earlier = (!facts.is_empty()).then(|| facts[act.target % facts.len()].clone());
        let observed = doors[act.device].clone();
        let door = &mut doors[act.device];
        door.clock_off_ms = act.clock_off_ms;
        let fact = match (act.what, earlier) {
            (0..=2, _) => door.arrived(child, now),
            (3..=4, _) => door.left(child, now),
            (5, _) => door.present(child, now),
            (6, _) => door.meal(child, now, act.minutes % 2 == 0),
            (7, Some(target)) => door.retracted(&target, now),
            (8, Some(target)) => {
                let actor = if act.device == 3 { AGENT } else { NADIA };
                let kind = [Kind::Arrived, Kind::Left, Kind::Present][act.child].clone();
                door.corrected(&target, actor, now, kind, now - act.minutes * 60_000)
            }
            (9, _) => door.signed(now, "2026-11-03", None),
            (10, _) => door.absent(child, now, "2026-11-03", "2026-11-05"),
            (11, _) => {
                door.restarted(now);
                door.paper_arrival(child, now, now - 86_400_000)
            }
            (12, _) => door.staff_arrived(STAFF[act.child], now),
            (13, _) => door.staff_left(STAFF[act.child], now),
            (14, _) => door.visitor_arrived(now),
            (15, Some(target)) => door.visitor_left(&target, now),
            (16, _) => door.evacuates(CALLS[act.target % 3], now),
            (17, _) => door.sees(CALLS[act.target % 3], child, now),
            (18, _) => door.ends(CALLS[act.target % 3], now),
            (19, _) => door.goes_out(CALLS[act.target % 3], child, now),
            (20, _) => door.comes_back(CALLS[act.target % 3], child, now),
            _ => doors[3].observes(&observed, now),
        };
        facts.push(fact);
    }
    facts
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    prop::collection::vec(act(), 1..60)
}

/// For each device and epoch, entries in order of their effective time.
fn order_at_the_door(facts: &[Fact]) -> Vec<(i64, u64)> {
    let times = effective_times(facts);
    let device = facts[0].envelope.place.device;
    let here = facts.iter().filter(|f| f.envelope.place.device == device);
    let mut order: Vec<(i64, u64)> = here.filter_map(|f| Some((*times.get(&f.envelope.entry_id)?, f.envelope.place.seq))).collect();
    order.sort_unstable();
    order
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_order_and_any_doubling_give_the_same_reading(
        (facts, shuffled) in acts().prop_flat_map(|acts| {
            let facts = play(&acts);
            let doubled: Vec<Fact> = facts.iter().cloned().chain(facts.iter().step_by(3).cloned()).collect();
            (Just(facts), Just(doubled).prop_shuffle())
        })
    ) {
        prop_assert_eq!(fold(&facts), fold(&shuffled));
    }

    #[test]
    fn erased_copies_beside_readable_ones_change_nothing(
        (facts, mixed) in acts().prop_flat_map(|acts| {
            let facts = play(&acts);
            let erased = facts.iter().step_by(2).map(|f| Fact { payload: None, ..f.clone() });
            let mixed: Vec<Fact> = facts.iter().cloned().chain(erased).collect();
            (Just(facts), Just(mixed).prop_shuffle())
        })
    ) {
        prop_assert_eq!(fold(&facts), fold(&mixed));
    }

    #[test]
    fn retracting_everything_leaves_nothing(acts in acts()) {
        let facts: Vec<Fact> = play(&acts).into_iter().filter(|f| f.envelope.kind != Kind::Retracted).collect();
        let late = paris("2026-12-01 12:00");
        let (mut vauban, mut ferry) = (Door::new(5), Door::new(6).at_site(FERRY));
        let undo: Vec<Fact> =
            facts.iter().map(|f| if f.envelope.site == FERRY { ferry.retracted(f, late) } else { vauban.retracted(f, late) }).collect();
        let attendance = fold(&[facts, undo].concat());
        prop_assert!(attendance.days.is_empty() && attendance.signatures.is_empty());
        prop_assert!(attendance.team.staff.is_empty() && attendance.team.visits.is_empty());
        prop_assert!(attendance.evacuations.is_empty() && attendance.outings.is_empty());
    }

    #[test]
    fn an_observation_more_never_reorders_what_one_device_sealed(acts in acts(), minutes in 0i64..10_000) {
        let facts = play(&acts);
        prop_assume!(!facts.is_empty());
        let mut watched = Door::new(0);
        let payload = facts[0].payload.clone().unwrap();
        (watched.device, watched.boot) = (facts[0].envelope.place.device, payload.boot);
        let mut server = Door::new(8);
        let seen = server.observes(&watched, watched.booted_ms + minutes * 60_000);
        let more = [facts.clone(), vec![seen]].concat();
        let seqs = |facts: &[Fact]| order_at_the_door(facts).into_iter().map(|(_, seq)| seq).collect::<Vec<_>>();
        let (before, after) = (seqs(&facts), seqs(&more));
        prop_assert_eq!(&before, &after);
        prop_assert!(before.is_sorted());
    }

    #[test]
    fn each_touch_that_counts_stands_in_exactly_one_place(acts in acts()) {
        let facts = play(&acts);
        let mut seen: HashMap<_, usize> = HashMap::new();
        for day in fold(&facts).days.values() {
            for presence in &day.presences {
                *seen.entry(presence.arrived.entry).or_default() += 1;
                if let Some(left) = &presence.left {
                    *seen.entry(left.mark.entry).or_default() += 1;
                    prop_assert!(presence.arrived.at_ms <= left.mark.at_ms);
                }
            }
            let others = day.repeats.iter().chain(day.lone_departures.iter().map(|d| &d.mark)).chain(day.roll_calls.iter().map(|r| &r.mark));
            others.for_each(|m| *seen.entry(m.entry).or_default() += 1);
        }
        let team = fold(&facts).team;
        for day in team.staff.values() {
            for stay in &day.stays {
                prop_assert!(stay.left.as_ref().is_none_or(|left| stay.arrived.at_ms <= left.at_ms));
            }
            let stays = day.stays.iter().flat_map(|stay| std::iter::once(&stay.arrived).chain(&stay.left));
            stays.chain(&day.repeats).chain(&day.lone_departures).for_each(|m| *seen.entry(m.entry).or_default() += 1);
        }
        let visits = team.visits.values().flatten().flat_map(|visit| std::iter::once(&visit.arrived).chain(&visit.left));
        visits.for_each(|m| *seen.entry(m.entry).or_default() += 1);
        prop_assert!(seen.values().all(|count| *count == 1), "{:?}", seen);
    }
}

/// A month of a town: printed, not judged, for a machine may be busy. `cargo nextest run --release -p preau-shared --run-ignored all`.
#[test]
#[ignore = "a figure, not a claim"]
fn figure_of_a_fold_of_a_hundred_thousand_facts() {
    let mut doors: Vec<Door> = (0..40).map(Door::new).collect();
    let mut facts = Vec::with_capacity(100_000);
    for step in 0..50_000u32 {
        let door = &mut doors[usize::try_from(step % 40).unwrap()];
        let child = shared::id::ChildId(uuid::Uuid::from_u128(u128::from(step % 3_000) + 1));
        let at = paris("2026-11-02 07:00") + i64::from(step / 3_000) * 86_400_000 + i64::from(step % 3_000) * 1_000;
        facts.push(door.arrived(child, at));
        facts.push(door.left(child, at + 900_000));
    }
    let started = std::time::Instant::now();
    let attendance = fold(&facts);
    let took = started.elapsed();
    println!("{} facts, {} child days: {took:?}", facts.len(), attendance.days.len());
    assert_eq!(attendance.days.len(), 50_000);
}
