//! Where a child stands in a moment: the reading behind one tile.
//!
//! The fold says what was recorded of the day; a moment is one slot of it. A
//! child who came in the morning and was never checked out is still in the
//! building at noon: going from a moment to the next needs no departure. So
//! that no false word appears:
//!
//! - **by times** (`heures`, `arrivee`): an open presence counts as here for a child who is awaited in this moment, whatever
//!   moment it began in;
//! - **by departure** (`depart`, the evening): an open presence counts as here only where the child is booked. One who is merely
//!   enrolled went home from school as likely as not;
//! - **by roll call** (`appel`): only a roll call of this moment says that a child is here;
//! - a departure counts for the moment that it was recorded in, and for those that had begun by then: leaving at 12:00 says nothing
//!   of the afternoon that starts at 13:30.

use super::words;
use crate::roster::Roster;
use crate::view::TileState;
use chrono::{NaiveDate, NaiveTime};
use shared::calendar::{instant_from_ms, local};
use shared::fold::{Absence, Attendance, ChildDay, Departure, Mark};
use shared::id::SiteId;
use shared::roster::{Activity, BookingRule, Child, Recording};

/// What a board is read from.
pub(super) struct Reading<'a> {
    pub roster: &'a Roster,
    pub attendance: &'a Attendance,
    pub site: SiteId,
    pub day: NaiveDate,
    pub time: NaiveTime,
    /// The moment; `None` where the roster has none.
    pub activity: Option<&'a Activity>,
}

/// Where a child stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Standing {
    pub state: TileState,
    /// "8:26", "dès 9:00", "retard · 8:00", "absence", "départ 8:20".
    pub text: String,
    /// When the child came in, for this moment, where a time was recorded.
    pub since_ms: Option<i64>,
    /// In the building by the last word, even where this moment doesn't know it.
    pub on_site: bool,
}

/// What the plan says of a child and a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Plan {
    /// A booking, with its hour where it has one.
    Booked(Option<NaiveTime>),
    /// No booking is needed, and the child is enrolled.
    Enrolled,
    /// A booking that the family gave back.
    CalledOff,
    /// Neither.
    Nothing,
}

impl Reading<'_> {
    pub(super) fn standing(&self, child: &Child) -> Standing {
        let empty = ChildDay::default();
        let day = self.attendance.days.get(&(self.day, child.id)).unwrap_or(&empty);
        let on_site = day.open_presence(self.site).is_some();
        let plan = self.plan(child);
        let (state, text, since_ms) = match self.activity {
            Some(activity) if activity.recording == Recording::Appel => self.by_roll_call(activity, day, plan),
            Some(activity) => self.by_times(activity, day, plan),
            None => self.without_moment(day),
        };
        let (state, text) = match (state, self.en_route(child.id, day)) {
            (_, Some(way)) => (TileState::Expected, tr!("en route · {}", words::time_ms(way.left_at_ms))),
            (TileState::Unexpected, None) => (state, self.unexpected_text(child, day)),
            _ => (state, text),
        };
        Standing { state, text, since_ms, on_site }
    }

    fn plan(&self, child: &Child) -> Plan {
        let Some(activity) = self.activity else { return Plan::Nothing };
        match self.roster.booking(child.id, activity.id) {
            Some(booking) if booking.expected => Plan::Booked(booking.starts),
            Some(_) => Plan::CalledOff,
            None if activity.booking == BookingRule::Aucune && self.roster.is_enrolled(child, activity.id, self.day) => Plan::Enrolled,
            None => Plan::Nothing,
        }
    }

    fn by_times(&self, activity: &Activity, day: &ChildDay, plan: Plan) -> (TileState, String, Option<i64>) {
        if let Some(open) = day.open_presence(self.site) {
            let named = day.repeats.iter().find(|m| m.activity == Some(activity.id) && m.at_ms >= open.arrived.at_ms);
            let began_here = open.arrived.activity.is_none_or(|a| a == activity.id);
            let awaited = match activity.recording {
                Recording::Depart => matches!(plan, Plan::Booked(_)),
                _ => matches!(plan, Plan::Booked(_) | Plan::Enrolled),
            };
            if began_here || named.is_some() || awaited {
                let at_ms = if began_here { open.arrived.at_ms } else { named.map_or(open.arrived.at_ms, |m| m.at_ms) };
                return (TileState::Present, words::time_ms(at_ms), Some(at_ms));
            }
        } else if let Some(left) = last_departure(day)
            && self.departure_counts(activity, left, day)
        {
            return (TileState::Gone, tr!("départ {}", words::time_ms(left.mark.at_ms)), None);
        }
        if self.absence(activity, day).is_some() {
            return (TileState::Absent, tr!("absence"), None);
        }
        self.planned(activity, plan)
    }

    /// The last word of this moment holds: a roll call, or an absence noted after it.
    fn by_roll_call(&self, activity: &Activity, day: &ChildDay, plan: Plan) -> (TileState, String, Option<i64>) {
        let called = day.roll_calls.iter().rev().find(|r| r.mark.activity == Some(activity.id));
        let absence = self.absence(activity, day);
        let noted_ms = absence.filter(|a| a.noted).map(|a| a.mark.at_ms);
        match (called, absence) {
            (Some(call), _) if noted_ms.is_none_or(|at| at <= call.mark.at_ms) => (TileState::Present, tr!("présence"), None),
            (_, Some(_)) => (TileState::Absent, tr!("absence"), None),
            _ => self.planned(activity, plan),
        }
    }

    fn without_moment(&self, day: &ChildDay) -> (TileState, String, Option<i64>) {
        match (day.open_presence(self.site), last_departure(day)) {
            (Some(open), _) => (TileState::Present, words::time_ms(open.arrived.at_ms), Some(open.arrived.at_ms)),
            (None, Some(left)) => (TileState::Gone, tr!("départ {}", words::time_ms(left.mark.at_ms)), None),
            (None, None) => (TileState::Unexpected, String::new(), None),
        }
    }

    fn planned(&self, activity: &Activity, plan: Plan) -> (TileState, String, Option<i64>) {
        let to_come = |from: Option<NaiveTime>| match from {
            Some(from) if self.time < from => tr!("dès {}", words::time(from)),
            _ => tr!("à venir"),
        };
        match plan {
            // Only a person's own hour can be missed: an activity's start is when its door opens.
            Plan::Booked(Some(hour)) if self.time > hour && matches!(activity.recording, Recording::Heures | Recording::Arrivee) => {
                (TileState::Late, tr!("retard · {}", words::time(hour)), None)
            }
            Plan::Booked(hour) => (TileState::Expected, to_come(hour.or(activity.starts)), None),
            Plan::Enrolled => (TileState::Expected, to_come(activity.starts), None),
            Plan::CalledOff => (TileState::Absent, tr!("absence"), None),
            Plan::Nothing => (TileState::Unexpected, String::new(), None),
        }
    }

    fn unexpected_text(&self, child: &Child, day: &ChildDay) -> String {
        if let Some(open) = day.open_presence(self.site) {
            return tr!("sur place depuis {}", words::time_ms(open.arrived.at_ms));
        }
        match self.activity {
            Some(a) if self.roster.is_enrolled(child, a.id, self.day) => tr!("sans réservation"),
            _ => tr!("sans inscription"),
        }
    }

    /// An absence that covers this moment: of the whole day, of the lieu, or of this activity.
    pub(super) fn absence<'d>(&self, activity: &Activity, day: &'d ChildDay) -> Option<&'d Absence> {
        let covers = |mark: &Mark| match mark.activity {
            Some(other) => other == activity.id,
            None => mark.centre.is_none_or(|c| c == activity.centre),
        };
        day.absences.iter().rev().find(|a| covers(&a.mark))
    }

    fn departure_counts(&self, activity: &Activity, left: &Departure, day: &ChildDay) -> bool {
        if left.mark.activity == Some(activity.id) {
            return true;
        }
        let began_here = day.presences.last().is_some_and(|p| p.arrived.activity == Some(activity.id));
        let at = local(instant_from_ms(left.mark.at_ms)).time();
        began_here || activity.starts.is_none_or(|starts| at >= starts)
    }
}

fn last_departure(day: &ChildDay) -> Option<&Departure> {
    let closed = day.presences.iter().filter_map(|p| p.left.as_ref());
    closed.chain(&day.lone_departures).max_by_key(|d| d.mark.at_ms)
}
