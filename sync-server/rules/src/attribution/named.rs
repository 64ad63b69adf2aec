//! Entries whose moment names an activity.
//!
//! At one site a child goes from one moment to the next without a departure:
//! an arrival in the morning and a departure in the evening may name two
//! activities. So marks are gathered by activity, paired there, and a missing
//! end is taken from the activity's own hours, or from where the next one
//! starts, as its way of recording says.

use super::{Attribution, Context, End, Stretch, ambiguous, at};
use crate::input::Activity;
use crate::problem::ProblemKind;
use shared::fold::{ChildDay, Mark, Presence};
use shared::id::ActivityId;
use shared::journal::Channel;
use shared::roster::Recording;
use std::collections::BTreeMap;

/// Whether neither end of a presence names an activity.
pub(super) fn is_unnamed(presence: &Presence) -> bool {
    presence.arrived.activity.is_none() && presence.left.as_ref().is_none_or(|departure| departure.mark.activity.is_none())
}

/// A recorded end, and the activity it is read for.
#[derive(Debug, Clone, Copy)]
struct Touch<'a> {
    mark: &'a Mark,
    activity: ActivityId,
    arrival: bool,
    /// A departure of a presence whose arrival names another activity.
    moved_on: bool,
}

/// Reads all named marks of a day.
pub(super) fn attribute<'a>(context: Context<'a, '_>, attendance: &'a ChildDay, out: &mut Attribution<'a>) {
    let touches = touches(context, attendance, out);
    let mut by_activity: BTreeMap<&str, (&'a Activity, Vec<Touch<'a>>)> = BTreeMap::new();
    for touch in &touches {
        if let Some(activity) = context.world.activity(touch.activity) {
            by_activity.entry(&activity.code).or_insert_with(|| (activity, Vec::new())).1.push(*touch);
        }
    }
    for (activity, own) in by_activity.into_values() {
        let paired = pair_by_source(&own);
        for (from, to) in paired.closed {
            out.add(activity, Stretch::Closed(End::Recorded(from.mark), End::Recorded(to.mark)));
        }
        for open in paired.open {
            out.add(activity, close(context, activity, open, &touches));
        }
        for lone in paired.lone {
            out.add(activity, start(context, activity, lone));
        }
    }
}

/// All marks with a name, in order of time; an end without one takes that of the other end.
fn touches<'a>(context: Context<'a, '_>, attendance: &'a ChildDay, out: &mut Attribution<'a>) -> Vec<Touch<'a>> {
    let mut touches = Vec::new();
    for presence in &attendance.presences {
        let departure = presence.left.as_ref().map(|left| &left.mark);
        let named = (presence.arrived.activity, departure.and_then(|mark| mark.activity));
        let (first, last) = match named {
            (None, None) => continue,
            (Some(first), Some(last)) => (first, last),
            (Some(one), None) | (None, Some(one)) => (one, one),
        };
        // The later activity may have an arrival of its own, kept as a repeat: the departure then ends that one.
        let while_in = |mark: &Mark| presence.arrived.at_ms..=mark.at_ms;
        let own_arrival =
            |mark: &Mark| attendance.repeats.iter().any(|repeat| repeat.activity == Some(last) && while_in(mark).contains(&repeat.at_ms));
        let arrived_there = first != last && departure.is_some_and(own_arrival);
        let moved_on =
            first != last && !arrived_there && departure.is_some_and(|mark| moves_on(context, &presence.arrived, mark, first, last, out));
        touches.push(Touch { mark: &presence.arrived, activity: first, arrival: true, moved_on: false });
        if let Some(mark) = departure {
            touches.push(Touch { mark, activity: if moved_on || arrived_there { last } else { first }, arrival: false, moved_on });
        }
    }
    let repeats = attendance.repeats.iter().filter_map(|mark| Some((mark, mark.activity?)));
    touches.extend(repeats.map(|(mark, activity)| Touch { mark, activity, arrival: true, moved_on: false }));
    for departure in &attendance.lone_departures {
        let activity = departure.mark.activity.or_else(|| super::windows::activity_of_departure(context, &departure.mark, out));
        touches.extend(activity.map(|activity| Touch { mark: &departure.mark, activity, arrival: false, moved_on: false }));
    }
    // Stable: at the same minute an arrival stands before the departure of its presence, and after the one before.
    touches.sort_by_key(|touch| touch.mark.at_ms);
    touches
}

/// Whether a departure that names another activity than the arrival means that
/// the child went on to it: it starts after the arrival and not after the
/// departure, or the first activity ends by itself. Else the names contradict
/// each other, and the arrival's holds.
fn moves_on<'a>(
    context: Context<'a, '_>,
    arrived: &Mark,
    left: &Mark,
    first: ActivityId,
    last: ActivityId,
    out: &mut Attribution<'a>,
) -> bool {
    let (Some(from), Some(to)) = (context.world.activity(first), context.world.activity(last)) else { return true };
    let starts = to.starts.map(|time| context.instant(time));
    if starts.is_some_and(|starts| at(arrived) < starts && (starts <= at(left) || !from.recording.needs_departure())) {
        return true;
    }
    if starts.is_none_or(|starts| starts <= at(arrived)) {
        out.problems.push(context.problem_of(ProblemKind::AmbiguousActivity, false, from, ambiguous(from)));
    }
    false
}

#[derive(Default)]
struct Paired<'a> {
    closed: Vec<(Touch<'a>, Touch<'a>)>,
    open: Vec<Touch<'a>>,
    lone: Vec<Touch<'a>>,
}

/// Pairs within each source first: a sheet and a tablet that both tell of a
/// day are two whole accounts of it; only what is left over completes the other.
fn pair_by_source<'a>(touches: &[Touch<'a>]) -> Paired<'a> {
    let (imported, others): (Vec<Touch<'_>>, Vec<Touch<'_>>) = touches.iter().partition(|touch| touch.mark.channel == Channel::Import);
    let (imported, others) = (pair(&imported), pair(&others));
    let mut left_over: Vec<Touch<'_>> = [imported.open, imported.lone, others.open, others.lone].concat();
    left_over.sort_by_key(|touch| touch.mark.at_ms);
    let mut all = pair(&left_over);
    all.closed.extend(imported.closed);
    all.closed.extend(others.closed);
    all
}

/// An arrival opens where nothing is open, a departure closes.
fn pair<'a>(touches: &[Touch<'a>]) -> Paired<'a> {
    let mut paired = Paired::default();
    let mut open: Option<Touch<'a>> = None;
    for &touch in touches {
        match (touch.arrival, open) {
            (true, None) => open = Some(touch),
            (true, Some(_)) => {}
            (false, Some(arrival)) => {
                paired.closed.push((arrival, touch));
                open = None;
            }
            (false, None) => paired.lone.push(touch),
        }
    }
    paired.open.extend(open);
    paired
}

/// The end of a presence that no departure of its activity ends.
fn close<'a>(context: Context<'a, '_>, activity: &'a Activity, open: Touch<'a>, touches: &[Touch<'a>]) -> Stretch<'a> {
    let from = End::Recorded(open.mark);
    let own_end = activity.ends.map(|time| End::OfActivity(context.instant(time)));
    let later =
        |touch: &&Touch<'a>| touch.activity != open.activity && touch.mark.site == open.mark.site && touch.mark.at_ms >= open.mark.at_ms;
    let next = touches.iter().find(later).map(|touch| {
        let starts = context.world.activity(touch.activity).and_then(|next| next.starts).map(|time| context.instant(time));
        match starts.filter(|starts| touch.moved_on && at(open.mark) < *starts) {
            Some(starts) => End::OfActivity(starts),
            None => End::Recorded(touch.mark),
        }
    });
    let to = match activity.recording {
        Recording::Arrivee | Recording::Appel => own_end.or(next),
        Recording::Heures | Recording::Depart => next,
    };
    to.map_or(Stretch::WithoutDeparture(from), |to| Stretch::Closed(from, to))
}

/// The start of a presence of which only the departure names its activity.
fn start<'a>(context: Context<'a, '_>, activity: &'a Activity, lone: Touch<'a>) -> Stretch<'a> {
    let to = End::Recorded(lone.mark);
    let starts_by_itself = lone.moved_on || activity.recording != Recording::Heures;
    match activity.starts.filter(|_| starts_by_itself) {
        Some(time) => Stretch::Closed(End::OfActivity(context.instant(time)), to),
        None => Stretch::WithoutArrival(to),
    }
}
