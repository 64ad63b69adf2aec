//! How many units of a tariff a day of a child in an activity comes to, by
//! presence and by booking, and what is billed of the two.

use crate::attribution::{Context, Part, Stretch};
use crate::explanation::QuantityOf;
use crate::input::{Activity, Booking, is_daily};
use crate::quantity::{Interval, Quantity, count};
use crate::tariff::{Billed, Tariff};
use shared::roster::Recording;

/// What a presence comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct OfPresence {
    pub quantity: Quantity,
    pub present_minutes: i64,
    pub counted_minutes: i64,
    /// The departure that is needed is missing.
    pub departure_missing: bool,
    /// The arrival is missing.
    pub arrival_missing: bool,
    /// Arrived and left in one minute.
    pub no_duration: bool,
}

/// Counts the stretches of a day. Where a bound is missing: an act, half-day or
/// day counts; by time, one unit more than what is certain, or the booked quantity if greater.
pub(crate) fn of_presence(context: Context<'_, '_>, part: &Part<'_>, tariff: &Tariff, booked: Quantity) -> OfPresence {
    let activity = part.activity;
    let mut counted = count(tariff.unit, tariff.counting, context.day, &intervals(context, part, tariff));
    let no_duration = part.stretches.iter().filter_map(Stretch::interval).any(|interval| interval.minutes() == 0);
    let departure_missing = part.stretches.iter().any(|stretch| matches!(stretch, Stretch::WithoutDeparture(_)));
    let arrival_missing = part.stretches.iter().any(|stretch| matches!(stretch, Stretch::WithoutArrival(_)));
    let called = part.stretches.iter().any(|stretch| matches!(stretch, Stretch::RollCall(_)));
    let call_lacks_times = called && !is_daily(tariff.unit) && window(context, activity).is_none();
    // Where an activity is recorded by roll call a missing time is its nature; elsewhere it is a missing departure.
    let departure_missing = departure_missing || (called && !is_daily(tariff.unit) && activity.recording != Recording::Appel);
    if is_daily(tariff.unit) {
        if called || departure_missing || arrival_missing {
            counted.quantity = Quantity::ONE;
        }
    } else if departure_missing || arrival_missing {
        counted.quantity = (counted.quantity + Quantity::ONE).max(booked);
    } else if call_lacks_times {
        counted.quantity = counted.quantity + Quantity::ONE;
    }
    let (present_minutes, counted_minutes) = (counted.present_minutes, counted.counted_minutes);
    OfPresence { quantity: counted.quantity, present_minutes, counted_minutes, departure_missing, arrival_missing, no_duration }
}

pub(crate) fn intervals(context: Context<'_, '_>, part: &Part<'_>, tariff: &Tariff) -> Vec<Interval> {
    let window = window(context, part.activity);
    let of_stretch = |stretch: &Stretch<'_>| match stretch {
        Stretch::RollCall(_) if part.activity.recording == Recording::Appel => window,
        Stretch::RollCall(_) => None,
        _ => stretch.interval(),
    };
    let held = |interval: Interval| match window.filter(|_| tariff.bounded_by_schedule) {
        Some(window) => interval.overlap(window),
        None => Some(interval),
    };
    part.stretches.iter().filter_map(of_stretch).filter_map(held).collect()
}

/// The activity's hours, where it has both.
fn window(context: Context<'_, '_>, activity: &Activity) -> Option<Interval> {
    Some(Interval::new(context.instant(activity.starts?), context.instant(activity.ends?)))
}

/// What was booked, from the bookings of a day that count: their times, else the activity's, else one unit.
pub(crate) fn of_bookings(context: Context<'_, '_>, activity: &Activity, bookings: &[&Booking], tariff: &Tariff) -> Option<Quantity> {
    if bookings.is_empty() {
        return None;
    }
    if is_daily(tariff.unit) {
        return Some(Quantity::ONE);
    }
    let times = |booking: &&Booking| {
        let (starts, ends) = (booking.starts.or(activity.starts)?, booking.ends.or(activity.ends)?);
        Some(Interval::new(context.instant(starts), context.instant(ends)))
    };
    let intervals: Option<Vec<Interval>> = bookings.iter().map(times).collect();
    let counted = intervals.map(|intervals| count(tariff.unit, tariff.counting, context.day, &intervals).quantity);
    Some(counted.filter(|quantity| !quantity.is_zero()).unwrap_or(Quantity::ONE))
}

/// What is billed of the presence and the booking (`facture`). A no-show counts as booked.
pub(crate) fn billed(mode: Billed, presence: Quantity, booking: Option<Quantity>) -> (Quantity, QuantityOf) {
    match (mode, booking) {
        (Billed::Presence, _) | (Billed::Reservation | Billed::LePlusGrand, None) => (presence, QuantityOf::Presence),
        (Billed::Reservation, Some(booked)) => (booked, QuantityOf::Booking),
        (Billed::LePlusGrand, Some(booked)) if booked > presence => (booked, QuantityOf::Booking),
        (Billed::LePlusGrand, Some(_)) => (presence, QuantityOf::Presence),
    }
}
