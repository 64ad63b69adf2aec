//! Effective times: clocks of 1970 and 2038, clock changes, absurd values.

use crate::support::door::{Door, day, paris};
use crate::support::{LEA, MAELYS, NADIA, NOE};
use shared::calendar::{business_day, instant_from_ms};
use shared::fold::{CLOCK_FLAG_MS, CLOCK_NOISE_MS, Fact, Flag, effective_times, fold};
use shared::journal::Kind;

fn time_of(facts: &[Fact], fact: &Fact) -> i64 {
    effective_times(facts)[&fact.envelope.entry_id]
}

fn ms(value: u64) -> i64 {
    i64::try_from(value).unwrap()
}

/// A tablet whose clock battery is dead: it starts on 1 January 1970.
fn in_1970(mut door: Door, at_ms: i64) -> Door {
    door.restarted(at_ms);
    door.clock_off_ms = -at_ms;
    door
}

#[test]
fn a_clock_of_1970_is_put_right_by_an_observation_after_it() {
    let mut door = in_1970(Door::new(1), paris("2026-11-03 07:00"));
    let mut server = Door::new(9);
    let arrived = door.arrived(LEA, paris("2026-11-03 07:42"));
    assert_eq!(business_day(instant_from_ms(arrived.payload.as_ref().unwrap().sealed_at_ms)), day("1970-01-01"));
    let seen = server.observes(&door, paris("2026-11-03 12:00"));
    let facts = [arrived.clone(), seen];
    assert_eq!(time_of(&facts, &arrived), paris("2026-11-03 07:42"));
    let attendance = fold(&facts);
    let lea = &attendance.days[&(day("2026-11-03"), LEA)];
    assert!(matches!(lea.flags[..], [Flag::ClockOff { minutes, .. }] if minutes > 29_000_000), "{:?}", lea.flags);
}

#[test]
fn a_clock_of_2038_without_observation_keeps_its_day_and_is_no_panic() {
    let mut door = Door::new(1);
    door.clock_off_ms = paris("2038-01-19 04:14") - paris("2026-11-03 07:42");
    let facts = [door.arrived(LEA, paris("2026-11-03 07:42"))];
    assert!(fold(&facts).days.contains_key(&(day("2038-01-19"), LEA)));
}

#[test]
fn one_touch_sealed_in_2038_does_not_push_the_week_after_it_there() {
    let mut door = Door::new(1);
    let mut server = Door::new(9);
    let before = door.arrived(LEA, paris("2026-11-03 07:42"));
    door.clock_off_ms = paris("2038-01-19 04:14") - paris("2026-11-03 07:43");
    let wrong = door.arrived(NOE, paris("2026-11-03 07:43"));
    door.clock_off_ms = 0;
    door.restarted(paris("2026-11-03 07:44"));
    let after = door.arrived(MAELYS, paris("2026-11-03 07:50"));
    let seen = server.observes(&door, paris("2026-11-03 08:00"));
    let facts = [before.clone(), wrong.clone(), after.clone(), seen];
    assert_eq!(time_of(&facts, &before), paris("2026-11-03 07:42"));
    assert_eq!(time_of(&facts, &wrong), paris("2026-11-03 07:50"), "held by the observed touch after it");
    assert_eq!(time_of(&facts, &after), paris("2026-11-03 07:50"));
}

#[test]
fn the_nearest_observation_after_a_touch_counts_before_any_earlier_one() {
    let mut door = Door::new(1);
    let mut server = Door::new(9);
    door.clock_off_ms = 600_000;
    let mut early = server.observes(&door, paris("2026-11-03 07:00"));
    // The earlier observation disagrees by five minutes; the one after the touch is believed.
    if let Some(payload) = &mut early.payload
        && let shared::journal::Detail::Clock { at_ms, .. } = &mut payload.detail
    {
        *at_ms -= 300_000;
    }
    let touch = door.arrived(LEA, paris("2026-11-03 07:42"));
    let late = server.observes(&door, paris("2026-11-03 08:00"));
    assert_eq!(time_of(&[early.clone(), touch.clone(), late], &touch), paris("2026-11-03 07:42"));
    assert_eq!(time_of(&[early, touch.clone()], &touch), paris("2026-11-03 07:37"));
}

#[test]
fn an_observation_of_another_boot_or_device_says_nothing() {
    let mut door = Door::new(1);
    door.clock_off_ms = 600_000;
    let touch = door.arrived(LEA, paris("2026-11-03 07:42"));
    let claimed = touch.payload.as_ref().unwrap().sealed_at_ms;
    let mut other = Door::new(2);
    other.boot = door.boot;
    let mut restarted = door.clone();
    restarted.restarted(paris("2026-11-03 07:45"));
    let mut server = Door::new(9);
    let facts = [touch.clone(), server.observes(&other, paris("2026-11-03 08:00")), server.observes(&restarted, paris("2026-11-03 08:00"))];
    assert_eq!(time_of(&facts, &touch), claimed);
}

#[test]
fn a_few_seconds_of_difference_leave_the_time_seen_at_the_door() {
    for (off, expected) in [(ms(CLOCK_NOISE_MS), ms(CLOCK_NOISE_MS)), (ms(CLOCK_NOISE_MS) + 1, 0)] {
        let mut door = Door::new(1);
        let mut server = Door::new(9);
        door.clock_off_ms = off;
        let touch = door.arrived(LEA, paris("2026-11-03 16:30"));
        let facts = [touch.clone(), server.observes(&door, paris("2026-11-03 17:00"))];
        assert_eq!(time_of(&facts, &touch) - paris("2026-11-03 16:30"), expected);
    }
}

#[test]
fn a_clock_is_flagged_above_two_minutes_and_not_at_two() {
    for (off, flagged) in [(ms(CLOCK_FLAG_MS), false), (ms(CLOCK_FLAG_MS) + 1, true)] {
        let mut door = Door::new(1);
        let mut server = Door::new(9);
        door.clock_off_ms = off;
        let touch = door.arrived(LEA, paris("2026-11-03 16:30"));
        let attendance = fold(&[touch, server.observes(&door, paris("2026-11-03 17:00"))]);
        assert_eq!(!attendance.days[&(day("2026-11-03"), LEA)].flags.is_empty(), flagged);
    }
}

#[test]
fn a_clock_that_goes_back_does_not_turn_a_departure_before_its_arrival() {
    let mut door = Door::new(1);
    let arrived = door.arrived(LEA, paris("2026-11-03 16:40"));
    door.clock_off_ms = -3_600_000;
    let left = door.left(LEA, paris("2026-11-03 17:10"));
    let attendance = fold(&[left, arrived]);
    let lea = &attendance.days[&(day("2026-11-03"), LEA)];
    assert_eq!((lea.presences.len(), lea.lone_departures.len()), (1, 0));
    assert!(lea.presences[0].left.is_some());
}

#[test]
fn a_new_epoch_starts_its_times_afresh() {
    let mut door = Door::new(1);
    door.clock_off_ms = paris("2038-01-19 04:14") - paris("2026-11-03 07:42");
    let wrong = door.arrived(LEA, paris("2026-11-03 07:42"));
    (door.epoch, door.seq, door.clock_off_ms) = (2, 0, 0);
    let right = door.arrived(NOE, paris("2026-11-03 08:00"));
    assert_eq!(time_of(&[wrong, right.clone()], &right), paris("2026-11-03 08:00"));
}

#[test]
fn paper_and_corrections_keep_the_time_that_somebody_told() {
    let mut door = Door::new(1);
    let mut server = Door::new(9);
    door.clock_off_ms = 900_000;
    let touch = door.arrived(LEA, paris("2026-11-03 07:42"));
    let paper = door.paper_arrival(NOE, paris("2026-11-03 18:00"), paris("2026-11-02 07:30"));
    let fixed = door.corrected(&touch, NADIA, paris("2026-11-03 18:05"), Kind::Arrived, paris("2026-11-03 07:12"));
    let at_once = door.paper_arrival(MAELYS, paris("2026-11-03 18:06"), paris("2026-11-03 18:21"));
    assert_eq!(at_once.payload.as_ref().unwrap().happened_at_ms, at_once.payload.as_ref().unwrap().sealed_at_ms);
    let facts = [touch, paper.clone(), fixed, at_once, server.observes(&door, paris("2026-11-03 19:00"))];
    let attendance = fold(&facts);
    assert_eq!(attendance.days[&(day("2026-11-03"), MAELYS)].presences[0].arrived.at_ms, paris("2026-11-03 18:21"), "a word, not a clock");
    assert_eq!(attendance.days[&(day("2026-11-02"), NOE)].presences[0].arrived.at_ms, paris("2026-11-02 07:30"));
    let lea = &attendance.days[&(day("2026-11-03"), LEA)];
    assert_eq!((lea.presences[0].arrived.at_ms, lea.flags.len()), (paris("2026-11-03 07:12"), 0));
    assert!(!effective_times(&facts).contains_key(&paper.envelope.entry_id));
}

#[test]
fn the_last_correction_is_known_though_the_clock_was_wrong_when_it_was_made() {
    let mut door = in_1970(Door::new(1), paris("2026-11-03 06:00"));
    let mut server = Door::new(9);
    let left = door.left(LEA, paris("2026-11-03 17:00"));
    let by_office = server.corrected(&left, NADIA, paris("2026-11-03 18:00"), Kind::Left, paris("2026-11-03 17:30"));
    let by_tablet = door.corrected(&left, NADIA, paris("2026-11-03 18:10"), Kind::Left, paris("2026-11-03 17:15"));
    let seen = server.observes(&door, paris("2026-11-03 19:00"));
    let attendance = fold(&[by_tablet, seen, by_office, left]);
    assert_eq!(attendance.days[&(day("2026-11-03"), LEA)].lone_departures[0].mark.at_ms, paris("2026-11-03 17:15"));
}

#[test]
fn october_s_repeated_hour_and_march_s_missing_one_keep_the_order_and_the_day() {
    // 25 October 2026: 02:30 comes twice. 29 March 2026: there is no 02:30.
    for (first, second, on) in
        [("2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z", "2026-10-25"), ("2026-03-29T00:59:00Z", "2026-03-29T01:01:00Z", "2026-03-29")]
    {
        let at = |text: &str| text.parse::<shared::calendar::Instant>().unwrap().timestamp_millis();
        let mut door = Door::new(1);
        let attendance = fold(&[door.arrived(LEA, at(first)), door.left(LEA, at(second))]);
        let lea = &attendance.days[&(day(on), LEA)];
        let left = lea.presences[0].left.as_ref().unwrap();
        assert_eq!(left.mark.at_ms - lea.presences[0].arrived.at_ms, at(second) - at(first));
    }
    // The day of October's change has 25 hours, and its last minute is still that day.
    let mut door = Door::new(1);
    let attendance = fold(&[door.arrived(LEA, paris("2026-10-25 00:00")), door.left(LEA, paris("2026-10-25 23:59"))]);
    assert_eq!(attendance.days.len(), 1);
}

#[test]
fn no_clock_is_absurd_enough_for_a_panic() {
    for at in [i64::MIN, -1, 0, i64::MAX / 2, i64::MAX] {
        let mut door = Door::new(1);
        let mut fact = door.arrived(LEA, paris("2026-11-03 07:42"));
        let mut paper = door.paper_arrival(NOE, paris("2026-11-03 07:42"), at);
        let mut server = Door::new(9);
        let mut seen = server.observes(&door, paris("2026-11-03 08:00"));
        for fact in [&mut fact, &mut paper] {
            let payload = fact.payload.as_mut().unwrap();
            (payload.sealed_at_ms, payload.happened_at_ms) = (at, at);
        }
        if let shared::journal::Detail::Clock { at_ms, boottime_ms, .. } = &mut seen.payload.as_mut().unwrap().detail {
            (*at_ms, *boottime_ms) = (at, at.unsigned_abs());
        }
        assert!(!fold(&[fact.clone(), paper.clone()]).days.is_empty());
        assert!(!fold(&[fact, paper, seen]).days.is_empty());
    }
}

#[test]
fn what_a_tablet_seals_after_it_was_put_back_moves_nothing_of_the_days_that_it_forgot() {
    let mut door = Door::new(1);
    let first = door.arrived(LEA, paris("2026-11-02 07:30"));
    let mut image = door.image();
    let (second, third) = (door.arrived(NOE, paris("2026-11-03 07:40")), door.arrived(MAELYS, paris("2026-11-04 07:50")));
    let (other, later) = (image.arrived(NOE, paris("2026-11-11 08:00")), image.arrived(LEA, paris("2026-11-11 08:10")));
    let facts = [first, second.clone(), third.clone(), other.clone(), later.clone()];
    let times: Vec<i64> = facts.iter().map(|fact| time_of(&facts, fact)).collect();
    let said = ["2026-11-02 07:30", "2026-11-03 07:40", "2026-11-04 07:50", "2026-11-11 08:00", "2026-11-11 08:10"];
    assert_eq!(times, said.map(paris));
    // Whoever holds a part reads it alike: a tablet of the site keeps a week.
    assert_eq!(time_of(&[other.clone(), later.clone()], &later), paris("2026-11-11 08:10"));
    assert_eq!(time_of(&[other, third.clone()], &third), paris("2026-11-04 07:50"));
}

#[test]
fn along_each_branch_time_does_not_go_back() {
    let mut door = Door::new(1);
    let first = door.arrived(LEA, paris("2026-11-02 07:30"));
    let mut image = door.image();
    let second = door.arrived(NOE, paris("2026-11-03 07:40"));
    image.clock_off_ms = -3_600_000;
    let behind = image.arrived(MAELYS, paris("2026-11-02 08:00"));
    let mut facts = [first.clone(), second, behind.clone()];
    assert_eq!(time_of(&facts, &behind), paris("2026-11-02 07:30"), "not before the entry that it was sealed behind");
    facts.swap(0, 2);
    assert_eq!(time_of(&facts, &behind), paris("2026-11-02 07:30"));
}
