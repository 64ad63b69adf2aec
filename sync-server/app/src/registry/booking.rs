//! A booking is a journal: events are added, none is changed, and its state is a reading of them.

use crate::store::entity::booking_event;

/// What a booking came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    /// Asked for, not answered yet.
    Requested,
    /// The place is held.
    Accepted,
    /// No place for now.
    Waitlisted,
    /// Given up in time, or by the office.
    Cancelled,
    /// Not given.
    Refused,
    /// The child stayed away, for a reason that isn't billed.
    AbsenceExcused,
    /// The child stayed away, and the booking is billed.
    AbsenceUnexcused,
}

/// Kinds of events as stored, with what each makes of a booking. `moved` changes the times alone.
pub const EVENTS: [(&str, Status); 7] = [
    ("requested", Status::Requested),
    ("accepted", Status::Accepted),
    ("waitlisted", Status::Waitlisted),
    ("cancelled", Status::Cancelled),
    ("refused", Status::Refused),
    ("absence_excused", Status::AbsenceExcused),
    ("absence_unexcused", Status::AbsenceUnexcused),
];
/// The event that changes the times alone.
pub const MOVED: &str = "moved";

impl Status {
    /// The event that leads here.
    #[must_use]
    pub fn event(self) -> &'static str {
        EVENTS.iter().find(|(_, status)| *status == self).map_or(MOVED, |(event, _)| event)
    }
}

/// A booking at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct State {
    /// What it came to.
    pub status: Status,
    /// Reserved from, in minutes since midnight; the activity's own start where absent.
    pub starts_minute: Option<i32>,
    /// Reserved to.
    pub ends_minute: Option<i32>,
}

/// The state that events lead to, in the order of their numbers; `None` before the first. For the state on a date, pass
/// the events up to it.
#[must_use]
pub fn fold<'e>(events: impl IntoIterator<Item = &'e booking_event::Model>) -> Option<State> {
    let mut events: Vec<&booking_event::Model> = events.into_iter().collect();
    events.sort_by_key(|e| e.number);
    let mut state: Option<State> = None;
    for event in events {
        let status = EVENTS.iter().find(|(kind, _)| *kind == event.kind).map(|(_, status)| *status);
        let times = event.kind == MOVED || status == Some(Status::Requested);
        let before = state.unwrap_or(State { status: Status::Requested, starts_minute: None, ends_minute: None });
        state = Some(State {
            status: status.unwrap_or(before.status),
            starts_minute: if times { event.starts_minute } else { before.starts_minute },
            ends_minute: if times { event.ends_minute } else { before.ends_minute },
        });
    }
    state
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn event(number: i32, kind: &str, starts_minute: Option<i32>) -> booking_event::Model {
        booking_event::Model {
            organisation_id: Uuid::nil(),
            booking_id: Uuid::nil(),
            number,
            kind: kind.into(),
            at_ms: 0,
            starts_minute,
            ends_minute: None,
            actor: "agent".into(),
            on_behalf_of: None,
            capacity: "agent".into(),
            authority_ref: None,
            channel: "guichet".into(),
            deadline_rule: None,
        }
    }

    #[test]
    fn the_last_event_decides_and_a_move_keeps_what_was_decided() {
        let events = [event(2, "accepted", None), event(1, "requested", Some(480)), event(3, "moved", Some(540))];
        assert_eq!(fold(&events), Some(State { status: Status::Accepted, starts_minute: Some(540), ends_minute: None }));
        let cancelled = [event(1, "requested", Some(480)), event(2, "accepted", None), event(3, "cancelled", None)];
        assert_eq!(fold(&cancelled), Some(State { status: Status::Cancelled, starts_minute: Some(480), ends_minute: None }));
        assert_eq!(fold(&[]), None);
    }
}
