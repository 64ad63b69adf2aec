//! The counting of one child, one activity and one day.

use super::{Counting, Interval, Mode, Quantity, Unit, union};
use chrono::NaiveDate;

/// What the presences of a day come to, with the figures that explain it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Count {
    /// Minutes of presence, overlaps once.
    pub present_minutes: i64,
    /// Minutes that are billed: steps × step; 0 for units without length.
    pub counted_minutes: i64,
    /// Units of the tariff.
    pub quantity: Quantity,
}

impl Count {
    const NOTHING: Self = Self { present_minutes: 0, counted_minutes: 0, quantity: Quantity::ZERO };
}

/// Counts the presences of one child in one activity on one day.
///
/// An act, half-day or day is one unit, however many presences. By time: see
/// [`steps_by_duration`] and [`steps_by_dial`]; any presence of at least a
/// minute is at least one step. Presences without a minute count for nothing.
#[must_use]
pub fn count(unit: Unit, counting: Counting, day: NaiveDate, presences: &[Interval]) -> Count {
    let joined = union(presences.iter().map(|p| (p.from(), p.to())).collect());
    let present_minutes: i64 = joined.iter().map(|&(from, to)| (to - from).num_minutes()).sum();
    if present_minutes == 0 {
        return Count::NOTHING;
    }
    let (Some(unit_minutes), Some(step_minutes)) = (unit.minutes(), counting.step.minutes()) else {
        return Count { present_minutes, counted_minutes: 0, quantity: Quantity::ONE };
    };
    let (step, tolerance) = (i64::from(step_minutes), i64::from(counting.tolerance_minutes));
    let steps = match counting.mode {
        Mode::Duree => steps_by_duration(present_minutes, step, tolerance),
        Mode::Cadran => steps_by_dial(presences.iter().map(|p| p.wall_minutes(day)), step, tolerance),
    };
    let counted_minutes = steps.max(1) * step;
    Count { present_minutes, counted_minutes, quantity: Quantity::of_minutes(counted_minutes, unit_minutes) }
}

/// `duree`: whole steps in the day's total, plus one if what is left exceeds the tolerance.
fn steps_by_duration(minutes: i64, step: i64, tolerance: i64) -> i64 {
    minutes / step + i64::from(minutes % step > tolerance)
}

/// `cadran`: arrivals go down to a mark of the dial and departures up, unless
/// the tolerance lets them go the other way; what overlaps then counts once.
/// By the wall clock, from local midnight; 24:00 is a mark.
fn steps_by_dial(presences: impl Iterator<Item = (i64, i64)>, step: i64, tolerance: i64) -> i64 {
    let marks = presences
        .filter(|(from, to)| from != to)
        .map(|(from, to)| (mark_of_arrival(from, step, tolerance), mark_of_departure(to, step, tolerance)));
    union(marks.collect()).into_iter().map(|(from, to)| (to - from) / step).sum()
}

fn mark_of_arrival(minute: i64, step: i64, tolerance: i64) -> i64 {
    let past = minute.rem_euclid(step);
    let waits_for_next = past > 0 && step - past <= tolerance;
    minute - past + if waits_for_next { step } else { 0 }
}

fn mark_of_departure(minute: i64, step: i64, tolerance: i64) -> i64 {
    let past = minute.rem_euclid(step);
    minute - past + if past > tolerance { step } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use shared::calendar::{Instant, instant};

    const DAY: &str = "2026-10-05";

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn at(date: &str, time: &str) -> Instant {
        if time == "24:00" {
            return instant(day(date).succ_opt().unwrap(), chrono::NaiveTime::MIN);
        }
        let seconds = if time.len() == 5 { ":00" } else { "" };
        instant(day(date), format!("{time}{seconds}").parse().unwrap())
    }

    fn spans(date: &str, times: &[(&str, &str)]) -> Vec<Interval> {
        times.iter().map(|(from, to)| Interval::new(at(date, from), at(date, to))).collect()
    }

    fn counting(mode: Mode, step: Unit, tolerance_minutes: u32) -> Counting {
        Counting { mode, step, tolerance_minutes }
    }

    /// Steps of half an hour.
    fn half_hours(mode: Mode, tolerance: u32, times: &[(&str, &str)]) -> String {
        count(Unit::DemiHeure, counting(mode, Unit::DemiHeure, tolerance), day(DAY), &spans(DAY, times)).quantity.to_string()
    }

    #[test]
    fn a_quarter_of_tolerance_forgives_the_last_quarter() {
        assert_eq!(half_hours(Mode::Duree, 0, &[("16:30", "17:45")]), "3");
        assert_eq!(half_hours(Mode::Duree, 15, &[("16:30", "17:45")]), "2");
        assert_eq!(half_hours(Mode::Duree, 14, &[("16:30", "17:45")]), "3");
    }

    #[test]
    fn the_same_day_is_nine_and_a_half_hours_by_dial_and_nine_by_duration() {
        assert_eq!(half_hours(Mode::Cadran, 0, &[("08:20", "17:10")]), "19");
        assert_eq!(half_hours(Mode::Duree, 0, &[("08:20", "17:10")]), "18");
    }

    #[test]
    fn one_minute_is_one_step() {
        for mode in [Mode::Duree, Mode::Cadran] {
            for tolerance in [0, 15, 29] {
                assert_eq!(half_hours(mode, tolerance, &[("16:30", "16:31")]), "1", "{mode:?} {tolerance}");
            }
        }
    }

    #[test]
    fn two_presences_in_one_hour_of_the_dial_are_one_hour() {
        assert_eq!(half_hours(Mode::Cadran, 0, &[("08:10", "08:20"), ("08:25", "08:40")]), "2");
        assert_eq!(half_hours(Mode::Duree, 0, &[("08:10", "08:20"), ("08:25", "08:40")]), "1");
    }

    #[test]
    fn what_overlaps_counts_once() {
        let twice = [("08:00", "10:00"), ("09:00", "10:30"), ("08:00", "10:00")];
        assert_eq!(half_hours(Mode::Duree, 0, &twice), "5");
        assert_eq!(half_hours(Mode::Cadran, 0, &twice), "5");
    }

    #[test]
    fn ten_to_midnight_rounded_up_ends_at_24_00() {
        assert_eq!(half_hours(Mode::Cadran, 0, &[("23:00", "23:50")]), "2");
        assert_eq!(half_hours(Mode::Cadran, 0, &[("23:00", "24:00")]), "2");
        assert_eq!(half_hours(Mode::Duree, 0, &[("23:00", "24:00")]), "2");
    }

    #[test]
    fn tolerance_by_dial_works_at_both_ends() {
        // 16:20 is ten minutes before 16:30, 17:40 ten after 17:30.
        assert_eq!(half_hours(Mode::Cadran, 10, &[("16:20", "17:40")]), "2");
        assert_eq!(half_hours(Mode::Cadran, 9, &[("16:20", "17:40")]), "4");
    }

    #[test]
    fn seconds_are_dropped_at_both_ends() {
        let presence = Interval::new(at(DAY, "16:30:59"), at(DAY, "17:00:59"));
        assert_eq!(presence.minutes(), 30);
        assert_eq!(Interval::new(at(DAY, "16:30:01"), at(DAY, "16:30:59")).minutes(), 0);
    }

    #[test]
    fn an_arrival_that_is_a_departure_counts_for_nothing() {
        for unit in [Unit::Acte, Unit::Journee, Unit::DemiHeure] {
            let counted = count(unit, counting(Mode::Duree, unit, 0), day(DAY), &spans(DAY, &[("08:00", "08:00")]));
            assert!(counted.quantity.is_zero(), "{unit:?}");
        }
    }

    #[test]
    fn an_act_is_one_however_many_presences() {
        let counted =
            count(Unit::Acte, counting(Mode::Duree, Unit::Acte, 0), day(DAY), &spans(DAY, &[("08:00", "09:00"), ("10:00", "11:00")]));
        assert_eq!(counted.quantity, Quantity::ONE);
    }

    #[test]
    fn a_clock_change_neither_gives_nor_takes_minutes() {
        // In March 02:00 to 03:00 doesn't exist, in October it comes twice.
        for (date, real, dial) in [("2026-03-29", "4", "6"), ("2026-10-25", "8", "6")] {
            let presence = spans(date, &[("01:00", "04:00")]);
            let by = |mode| count(Unit::DemiHeure, counting(mode, Unit::DemiHeure, 0), day(date), &presence).quantity.to_string();
            assert_eq!(by(Mode::Duree), real, "{date}");
            assert_eq!(by(Mode::Cadran), dial, "{date}: the dial is that of the wall");
        }
    }

    #[test]
    fn a_step_smaller_than_the_unit_gives_fractions_of_it() {
        let by = |step| count(Unit::Heure, counting(Mode::Duree, step, 0), day(DAY), &spans(DAY, &[("08:00", "09:23")]));
        assert_eq!(by(Unit::Heure).quantity.to_string(), "2");
        assert_eq!(by(Unit::DemiHeure).quantity.to_string(), "1.5");
        assert_eq!(by(Unit::QuartHeure).quantity.to_string(), "1.5");
        assert_eq!(by(Unit::Minute).quantity.to_string(), "1.383333");
        // 83 min × 3.47 € is 4.80 €: the amount is made from 83/60, not from its print.
        assert_eq!(by(Unit::Minute).quantity.times(shared::money::Cents(347), shared::money::Rounding::DemiSuperieur).0, 480);
    }

    prop_compose! {
        fn presences()(ends in prop::collection::vec((0i64..1440, 0i64..1440), 1..5)) -> Vec<Interval> {
            let midnight = at(DAY, "00:00:00");
            ends.into_iter().map(|(a, b)| Interval::new(midnight + chrono::TimeDelta::minutes(a.min(b)), midnight + chrono::TimeDelta::minutes(a.max(b)))).collect()
        }
    }

    fn step() -> impl Strategy<Value = Unit> {
        prop::sample::select(vec![Unit::Heure, Unit::DemiHeure, Unit::QuartHeure, Unit::Minute])
    }

    proptest! {
        #[test]
        fn by_dial_is_never_less_than_by_duration(presences in presences(), step in step()) {
            let by = |mode| count(Unit::Heure, counting(mode, step, 0), day(DAY), &presences).quantity;
            prop_assert!(by(Mode::Cadran) >= by(Mode::Duree));
        }

        #[test]
        fn a_longer_presence_never_counts_less(presences in presences(), step in step(), tolerance in 0u32..60, longer in 0i64..120, dial: bool) {
            let mode = if dial { Mode::Cadran } else { Mode::Duree };
            let counting = counting(mode, step, tolerance.min(step.minutes().unwrap() - 1));
            let before = count(Unit::Heure, counting, day(DAY), &presences);
            let midnight = at(DAY, "24:00");
            let mut stretched = presences.clone();
            stretched[0] = Interval::new(stretched[0].from(), (stretched[0].to() + chrono::TimeDelta::minutes(longer)).min(midnight));
            let after = count(Unit::Heure, counting, day(DAY), &stretched);
            prop_assert!(after.quantity >= before.quantity);
            prop_assert!(after.present_minutes >= before.present_minutes);
        }

        #[test]
        fn the_order_of_presences_is_of_no_account(presences in presences(), step in step(), dial: bool) {
            let counting = counting(if dial { Mode::Cadran } else { Mode::Duree }, step, 0);
            let mut reversed = presences.clone();
            reversed.reverse();
            prop_assert_eq!(count(Unit::Heure, counting, day(DAY), &presences), count(Unit::Heure, counting, day(DAY), &reversed));
        }

        #[test]
        fn counted_minutes_are_whole_steps_within_one_step_of_the_truth(presences in presences(), step in step()) {
            let counted = count(Unit::Heure, counting(Mode::Duree, step, 0), day(DAY), &presences);
            let length = i64::from(step.minutes().unwrap());
            prop_assert_eq!(counted.counted_minutes % length, 0);
            prop_assert!((0..length.max(1)).contains(&(counted.counted_minutes - counted.present_minutes)));
        }
    }
}
