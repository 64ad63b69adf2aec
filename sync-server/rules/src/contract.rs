//! The arithmetic of a contract of regular care (billing rule "PSU contract"): parts, reserved hours, what goes beyond them, and what an
//! absence takes off.
//!
//! A part is of hours, not of euros: the hours of a month are rounded once to a hundredth, the last part takes what is missing, and only
//! the amount of a line is rounded to cents.

use crate::input::{Absence, AbsenceReason, Activity, Centre, Contract};
use crate::quantity::{Interval, Quantity, count, union};
use crate::tariff::{Psu, Tariff};
use chrono::{Datelike, Days, NaiveDate};
use rust_decimal::{Decimal, RoundingStrategy};
use shared::calendar::{Month, SchoolCalendar, instant};
use std::collections::BTreeMap;

/// Decimals of a month's hours.
const HOURS_DECIMALS: u32 = 2;

/// A contract in a month.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Parts {
    /// Hours of the whole contract.
    pub hours: Decimal,
    /// Hours of a month.
    pub monthly_hours: Decimal,
    /// The month's part, if one falls in it: its number from 1, and its hours.
    pub part: Option<(u32, Decimal)>,
    /// Hours of all parts up to and with this month.
    pub billed_hours: Decimal,
    /// The contract ends in this month before all of its parts have fallen due.
    pub is_broken: bool,
}

/// Hours a week × weeks − planned leave.
fn hours(contract: &Contract) -> Decimal {
    (contract.weekly_hours * contract.weeks - contract.planned_leave_hours).max(Decimal::ZERO)
}

/// The parts of a contract as they stand in a month that it touches. They fall on the first months, each in full whatever the days.
pub(crate) fn parts(contract: &Contract, month: Month) -> Parts {
    let count = contract.monthly_parts.max(1);
    let hours = hours(contract);
    let monthly_hours = (hours / Decimal::from(count)).round_dp_with_strategy(HOURS_DECIMALS, RoundingStrategy::MidpointAwayFromZero);
    let (at, touched) = (months_between(contract.from, month.first()) + 1, months_between(contract.from, contract.to) + 1);
    let all_but_last = monthly_hours * Decimal::from(count - 1);
    let (part, billed_hours) = if at < count {
        (Some((at, monthly_hours)), monthly_hours * Decimal::from(at))
    } else if at == count {
        (Some((at, hours - all_but_last)), hours)
    } else {
        (None, hours)
    };
    Parts { hours, monthly_hours, part, billed_hours, is_broken: at == touched && touched < count }
}

/// Months from that of a day to that of a later one.
fn months_between(from: NaiveDate, to: NaiveDate) -> u32 {
    let number = |day: NaiveDate| day.year() * 12 + day.month0().cast_signed();
    u32::try_from(number(to) - number(from)).unwrap_or(0)
}

/// The hours that a contract reserves on a day: those of its week, unless the family declared leave, or the crèche is closed.
pub(crate) fn reserved(
    contract: &Contract,
    activity: &Activity,
    centre: &Centre,
    calendar: &SchoolCalendar,
    day: NaiveDate,
) -> Vec<Interval> {
    if activity.is_open(day, centre, calendar) { planned(contract, activity, centre, calendar, day) } else { Vec::new() }
}

/// The same, were the crèche closed on no day.
pub(crate) fn planned(
    contract: &Contract,
    activity: &Activity,
    centre: &Centre,
    calendar: &SchoolCalendar,
    day: NaiveDate,
) -> Vec<Interval> {
    let on_leave = contract.leave.iter().any(|(first, last)| (*first..=*last).contains(&day));
    if !contract.holds(day) || on_leave || !activity.is_due(day, centre, calendar) {
        return Vec::new();
    }
    let of_day = contract.slots.iter().filter(|slot| slot.weekday == day.weekday() && slot.weeks.hold(day));
    let stretches = of_day.map(|slot| (instant(day, slot.from), instant(day, slot.to))).collect();
    union(stretches).into_iter().map(|(from, to)| Interval::new(from, to)).collect()
}

/// Minutes of several stretches that don't overlap.
pub(crate) fn minutes(stretches: &[Interval]) -> i64 {
    stretches.iter().map(|stretch| stretch.minutes()).sum()
}

/// Hours that a contract reserves from its first day to its last.
pub(crate) fn reserved_in_all(contract: &Contract, activity: &Activity, centre: &Centre, calendar: &SchoolCalendar) -> Quantity {
    let days = contract.from.iter_days().take_while(|day| *day <= contract.to);
    let all: i64 = days.map(|day| minutes(&reserved(contract, activity, centre, calendar, day))).sum();
    Quantity::of_minutes(all, 60)
}

/// What a day's presences come to beyond its reserved hours, each stretch by the tariff's rule; leaving early is never set against it.
/// A stretch that only runs over a reserved bound by the tolerance or less is forgiven. On a day without reserved hours, all of it.
pub(crate) fn beyond(presences: &[Interval], reserved: &[Interval], tariff: &Tariff, day: NaiveDate) -> Quantity {
    let counted = |stretches: &[Interval]| count(tariff.unit, tariff.counting, day, stretches).quantity;
    if reserved.is_empty() {
        return counted(presences);
    }
    let tolerance = i64::from(tariff.counting.tolerance_minutes);
    let touches = |stretch: &Interval| reserved.iter().any(|r| r.from() == stretch.to() || r.to() == stretch.from());
    let outside = outside(presences, reserved);
    outside.iter().filter(|s| s.minutes() > tolerance || !touches(s)).map(|stretch| counted(&[*stretch])).sum()
}

/// Presences without what lies in the reserved hours, in order.
fn outside(presences: &[Interval], reserved: &[Interval]) -> Vec<Interval> {
    let mut left = Vec::new();
    for (mut from, to) in union(presences.iter().map(|p| (p.from(), p.to())).collect()) {
        for range in reserved {
            if range.to() <= from || range.from() >= to {
                continue;
            }
            if from < range.from() {
                left.push(Interval::new(from, range.from()));
            }
            from = from.max(range.to());
        }
        if from < to {
            left.push(Interval::new(from, to));
        }
    }
    left
}

/// Why a day's reserved hours aren't due. What a child suffers from is on no bill.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Excuse {
    /// A certificate, from a day on: those before stay due.
    Certified {
        /// First day of the absence.
        from: NaiveDate,
        /// Last day.
        to: NaiveDate,
        /// First day that isn't due.
        deducted_from: NaiveDate,
    },
    /// The crèche asked for it.
    Asked,
    /// The crèche was closed, and no contract could know.
    Closed,
}

/// The days whose reserved hours aren't due (CNAF, "conditions particulières PSU").
pub(crate) fn excused(absences: &[Absence], centre: &Centre, psu: &Psu) -> BTreeMap<NaiveDate, Excuse> {
    let mut days = BTreeMap::new();
    let mut put = |from: NaiveDate, to: NaiveDate, excuse: Excuse| {
        for day in from.iter_days().take_while(|day| *day <= to) {
            days.insert(day, excuse);
        }
    };
    for (from, to) in illnesses(absences) {
        let length = (to - from).num_days() + 1;
        let deducted_from = from + Days::new(u64::from(psu.waiting_days));
        if length >= i64::from(psu.illness_days_min) && deducted_from <= to {
            put(deducted_from, to, Excuse::Certified { from, to, deducted_from });
        }
    }
    for absence in absences {
        let Absence { from, to, .. } = *absence;
        match absence.reason {
            AbsenceReason::Hospital => put(from, to, Excuse::Certified { from, to, deducted_from: from }),
            AbsenceReason::Eviction => put(from, to, Excuse::Asked),
            AbsenceReason::Closure => put(from, to, Excuse::Closed),
            AbsenceReason::Illness | AbsenceReason::Other => {}
        }
    }
    for (from, to) in &centre.unforeseen_closures {
        put(*from, *to, Excuse::Closed);
    }
    days
}

/// Certified illnesses; one that a second certificate prolongs from the next day on is one.
fn illnesses(absences: &[Absence]) -> Vec<(NaiveDate, NaiveDate)> {
    let mut rows: Vec<(NaiveDate, NaiveDate)> =
        absences.iter().filter(|a| a.reason == AbsenceReason::Illness && a.certified).map(|a| (a.from, a.to)).collect();
    rows.sort_unstable();
    let mut joined: Vec<(NaiveDate, NaiveDate)> = Vec::new();
    for (from, to) in rows {
        match joined.last_mut() {
            Some(last) if from <= last.1 + Days::new(1) => last.1 = last.1.max(to),
            _ => joined.push((from, to)),
        }
    }
    joined
}
