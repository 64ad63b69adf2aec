//! Which activity: from what was recorded of a child on a day to stretches of
//! presence in activities.
//!
//! An entry whose moment names an activity is of that activity ([`named`]);
//! others are read by the windows of the activities that the child may attend
//! ([`windows`]). Windows attribute, they do not shorten. What a bound comes
//! from is kept: one taken from an activity is never shown as a time at the door.

mod named;
mod sites;
mod windows;

pub(crate) use sites::at_two_sites;

use crate::input::{Activity, Booking, Centre, Child};
use crate::problem::{Problem, ProblemKind};
use crate::quantity::{Interval, whole_minute};
use crate::world::World;
use chrono::{NaiveDate, NaiveTime};
use shared::calendar::{Instant, instant, instant_from_ms};
use shared::fold::{ChildDay, Mark};
use shared::id::ActivityId;
use shared::journal::Channel;
use std::collections::BTreeMap;

/// One end of a stretch.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum End<'a> {
    /// Somebody recorded it; it always wins.
    Recorded(&'a Mark),
    /// The activity's own start or end, or the moment at which the next activity starts.
    OfActivity(Instant),
}

impl End<'_> {
    pub fn at(self) -> Instant {
        match self {
            Self::Recorded(mark) => at(mark),
            Self::OfActivity(at) => at,
        }
    }
}

/// A presence in one activity.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Stretch<'a> {
    /// Both bounds are known.
    Closed(End<'a>, End<'a>),
    /// The departure that is needed is missing.
    WithoutDeparture(End<'a>),
    /// The arrival is missing.
    WithoutArrival(End<'a>),
    /// Present at a roll call.
    RollCall(&'a Mark),
}

impl Stretch<'_> {
    pub fn interval(&self) -> Option<Interval> {
        match self {
            Self::Closed(from, to) => Some(Interval::new(from.at(), to.at())),
            _ => None,
        }
    }
}

/// What a child's day comes to.
#[derive(Debug, Default)]
pub(crate) struct Attribution<'a> {
    /// By activity code, so that the order of entries and ids is of no account.
    pub parts: BTreeMap<&'a str, Part<'a>>,
    pub problems: Vec<Problem>,
}

/// What one activity had of it.
#[derive(Debug)]
pub(crate) struct Part<'a> {
    pub activity: &'a Activity,
    pub stretches: Vec<Stretch<'a>>,
}

/// All that attribution looks at.
#[derive(Clone, Copy)]
pub(crate) struct Context<'a, 'w> {
    pub world: &'w World<'a>,
    pub child: &'a Child,
    pub day: NaiveDate,
}

/// Reads a child's day.
pub(crate) fn attribute<'a>(context: Context<'a, '_>, attendance: &'a ChildDay) -> Attribution<'a> {
    let mut out = Attribution::default();
    named::attribute(context, attendance, &mut out);
    for presence in attendance.presences.iter().filter(|p| named::is_unnamed(p)) {
        windows::attribute(context, presence, &mut out);
    }
    for call in &attendance.roll_calls {
        roll_call(context, &call.mark, &mut out);
    }
    double_sources(context, attendance, &mut out);
    for part in out.parts.values_mut() {
        // In order of the day: explanations read so, and the same facts give the same bytes.
        part.stretches.sort_by_key(|stretch| match stretch {
            Stretch::Closed(from, to) => (from.at(), to.at()),
            Stretch::WithoutDeparture(end) | Stretch::WithoutArrival(end) => (end.at(), end.at()),
            Stretch::RollCall(mark) => (at(mark), at(mark)),
        });
    }
    out
}

impl<'a> Attribution<'a> {
    fn add(&mut self, activity: &'a Activity, stretch: Stretch<'a>) {
        self.parts.entry(&activity.code).or_insert_with(|| Part { activity, stretches: Vec::new() }).stretches.push(stretch);
    }
}

impl<'a> Context<'a, '_> {
    /// A problem of this child and day.
    pub fn problem(&self, kind: ProblemKind, blocking: bool, centre: Option<&Centre>, message: impl Into<String>) -> Problem {
        let centre = centre.map(|centre| centre.code.clone());
        Problem {
            kind,
            blocking,
            centre,
            household: None,
            child: Some(self.child.code.clone()),
            date: Some(self.day),
            message: message.into(),
        }
    }

    fn problem_of(&self, kind: ProblemKind, blocking: bool, activity: &Activity, message: impl Into<String>) -> Problem {
        self.problem(kind, blocking, self.world.centre_of(activity), message)
    }

    /// A time of the day, as an instant.
    pub fn instant(&self, time: NaiveTime) -> Instant {
        instant(self.day, time)
    }

    /// Whether a booking stands that day for an activity; a cancelled one is none.
    fn has_booking(&self, activity: &Activity) -> bool {
        self.bookings().any(|booking| booking.activity == activity.id && !is_void(booking))
    }

    fn bookings(&self) -> impl Iterator<Item = &'a Booking> {
        self.world.bookings(self.child.id, self.day).iter().copied()
    }

    fn is_open(&self, activity: &Activity) -> bool {
        self.world.centre_of(activity).is_some_and(|centre| activity.is_open(self.day, centre, self.world.calendar))
    }
}

fn is_void(booking: &Booking) -> bool {
    use crate::input::BookingState::{Cancelled, Refused, Waiting};
    matches!(booking.state, Cancelled | Refused | Waiting)
}

pub(crate) fn at(mark: &Mark) -> Instant {
    whole_minute(instant_from_ms(mark.at_ms))
}

/// A roll call says present; where its moment names no activity, it is one that is called.
fn roll_call<'a>(context: Context<'a, '_>, mark: &'a Mark, out: &mut Attribution<'a>) {
    if let Some(id) = mark.activity {
        // An activity of another organisation at the same site is not ours to bill.
        if let Some(activity) = context.world.activity(id) {
            out.add(activity, Stretch::RollCall(mark));
        }
        return;
    }
    let called = |activity: &&&'a Activity| activity.recording == shared::roster::Recording::Appel && context.is_open(activity);
    let open: Vec<&Activity> = context.world.around(mark.centre, mark.site).iter().filter(called).copied().collect();
    let booked: Vec<&Activity> = open.iter().filter(|a| context.has_booking(a)).copied().collect();
    let enrolled: Vec<&Activity> = open.iter().filter(|a| context.child.is_enrolled_in(a.id, context.day)).copied().collect();
    let enrolment_missing = booked.is_empty() && enrolled.is_empty();
    let mut candidates = [booked, enrolled, open].into_iter().find(|tier| !tier.is_empty()).unwrap_or_default();
    let time = at(mark);
    let inside = |a: &&Activity| a.starts.is_some_and(|s| context.instant(s) <= time) && a.ends.is_some_and(|e| time <= context.instant(e));
    if candidates.iter().any(inside) {
        candidates.retain(inside);
    }
    let Some(&activity) = candidates.first() else {
        let message = "Appel sans activité : aucune activité à l'appel n'est ouverte ce jour-là. Rien n'est compté.";
        out.problems.push(context.problem(ProblemKind::WithoutActivity, true, None, message));
        return;
    };
    if enrolment_missing {
        out.problems.push(context.problem_of(ProblemKind::WithoutEnrolment, false, activity, without_enrolment(activity)));
    }
    if candidates.len() > 1 {
        out.problems.push(context.problem_of(ProblemKind::AmbiguousActivity, false, activity, ambiguous(activity)));
    }
    out.add(activity, Stretch::RollCall(mark));
}

fn without_enrolment(activity: &Activity) -> String {
    format!("Présence d'un enfant sans inscription ni réservation : comptée en « {} ».", activity.name)
}

fn ambiguous(activity: &Activity) -> String {
    format!("La présence pouvait relever de plusieurs activités : comptée en « {} ».", activity.name)
}

/// A tablet's touches and an imported sheet that tell of the same child, activity and day: both stand, hours in common count once.
fn double_sources<'a>(context: Context<'a, '_>, attendance: &'a ChildDay, out: &mut Attribution<'a>) {
    let mut sources: BTreeMap<ActivityId, (bool, bool)> = BTreeMap::new();
    for mark in marks(attendance) {
        if let Some(activity) = mark.activity {
            let seen = sources.entry(activity).or_default();
            seen.0 |= mark.channel == Channel::Import;
            seen.1 |= mark.channel == Channel::Tablet;
        }
    }
    for (id, _) in sources.into_iter().filter(|(_, seen)| *seen == (true, true)) {
        if let Some(activity) = context.world.activity(id) {
            let message = format!(
                "« {} » : la tablette et un fichier importé parlent tous deux de ce jour. Les deux sont gardés, les heures communes comptées une fois.",
                activity.name
            );
            out.problems.push(context.problem_of(ProblemKind::DoubleSource, false, activity, message));
        }
    }
}

fn marks(attendance: &ChildDay) -> impl Iterator<Item = &Mark> {
    let presences = attendance.presences.iter().flat_map(|p| std::iter::once(&p.arrived).chain(p.left.as_ref().map(|d| &d.mark)));
    let departures = attendance.lone_departures.iter().map(|departure| &departure.mark);
    presences.chain(&attendance.repeats).chain(departures).chain(attendance.roll_calls.iter().map(|call| &call.mark))
}
