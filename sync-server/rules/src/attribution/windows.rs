//! Entries whose moment names no activity: the windows of the activities that
//! the child may attend say whose they are.

use super::{Attribution, Context, End, Stretch, ambiguous, at, without_enrolment};
use crate::input::Activity;
use crate::problem::ProblemKind;
use crate::quantity::Interval;
use shared::calendar::{Instant, day_bounds};
use shared::fold::{Mark, Presence};
use shared::id::ActivityId;
use shared::roster::Recording;

/// Shares a presence out among the activities whose windows it meets.
pub(super) fn attribute<'a>(context: Context<'a, '_>, presence: &'a Presence, out: &mut Attribution<'a>) {
    let arrived = &presence.arrived;
    let left = presence.left.as_ref().map(|departure| &departure.mark);
    let until = left.map_or(day_bounds(context.day).1, at);
    let whole = Interval::new(at(arrived), until);
    let Candidates { mut activities, enrolled } = candidates(context, arrived, whole);
    if activities.is_empty() {
        let message = "Présence hors de toute activité ouverte ce jour-là au lieu d'accueil. Rien n'est compté.";
        let centre = arrived.centre.and_then(|id| context.world.centres.get(&id)).copied();
        out.problems.push(context.problem(ProblemKind::WithoutActivity, true, centre, message));
        return;
    }
    if !enrolled {
        out.problems.push(context.problem_of(ProblemKind::WithoutEnrolment, false, activities[0], without_enrolment(activities[0])));
    }
    settle_overlaps(context, &mut activities, whole, out);
    for (activity, stretch) in cut(context, &activities, arrived, left) {
        out.add(activity, stretch);
    }
}

struct Candidates<'a> {
    activities: Vec<&'a Activity>,
    enrolled: bool,
}

/// Open activities that the child has a booking for, else an enrolment or
/// contract; else any whose window the presence meets. Within a tier, those
/// with a window that it meets come before those without hours.
fn candidates<'a>(context: Context<'a, '_>, arrived: &Mark, whole: Interval) -> Candidates<'a> {
    let timed = |a: &&&'a Activity| a.recording != Recording::Appel && context.is_open(a);
    let open: Vec<&Activity> = context.world.around(arrived.centre, arrived.site).iter().filter(timed).copied().collect();
    let booked: Vec<&Activity> = open.iter().filter(|a| context.has_booking(a)).copied().collect();
    let enrolled: Vec<&Activity> = open.iter().filter(|a| context.child.is_enrolled_in(a.id, context.day)).copied().collect();
    for tier in [&booked, &enrolled] {
        let met = met(context, tier, whole);
        if !met.is_empty() {
            return Candidates { activities: met, enrolled: true };
        }
    }
    // Time before the first goes to the first, after the last to the last.
    for tier in [&booked, &enrolled] {
        if let Some(nearest) = nearest(context, tier, whole.from()) {
            return Candidates { activities: vec![nearest], enrolled: true };
        }
    }
    Candidates { activities: met(context, &open, whole), enrolled: false }
}

fn met<'a>(context: Context<'a, '_>, tier: &[&'a Activity], whole: Interval) -> Vec<&'a Activity> {
    let windowed: Vec<&Activity> = tier.iter().filter(|a| window(context, a).is_some_and(|w| meets(w, whole))).copied().collect();
    if !windowed.is_empty() {
        return windowed;
    }
    tier.iter().filter(|a| window(context, a).is_none()).copied().collect()
}

/// The window of an activity; open ends reach to the ends of the day. `None` without hours at all.
fn window(context: Context<'_, '_>, activity: &Activity) -> Option<Interval> {
    let (midnight, next) = day_bounds(context.day);
    let ends = (activity.starts.map(|time| context.instant(time)), activity.ends.map(|time| context.instant(time)));
    (ends != (None, None)).then(|| Interval::new(ends.0.unwrap_or(midnight), ends.1.unwrap_or(next)))
}

fn meets(window: Interval, whole: Interval) -> bool {
    let touch_inside = whole.minutes() == 0 && (window.from()..=window.to()).contains(&whole.from());
    touch_inside || window.overlap(whole).is_some()
}

fn nearest<'a>(context: Context<'a, '_>, tier: &[&'a Activity], arrival: Instant) -> Option<&'a Activity> {
    let windows = || tier.iter().filter_map(|a| Some((window(context, a)?, *a)));
    let before = windows().filter(|(w, _)| w.to() <= arrival).max_by_key(|(w, a)| (w.to(), std::cmp::Reverse(a.code.as_str())));
    let after = || windows().min_by_key(|(w, a)| (w.from(), a.code.as_str()));
    before.or_else(after).map(|(_, activity)| activity)
}

/// Of windows that overlap, the booked one stays, else the longest overlap with the presence, then the smaller code.
fn settle_overlaps<'a>(context: Context<'a, '_>, activities: &mut Vec<&'a Activity>, whole: Interval, out: &mut Attribution<'a>) {
    let strength = |a: &Activity| {
        let minutes = window(context, a).and_then(|w| w.overlap(whole)).map_or(0, Interval::minutes);
        (context.has_booking(a), minutes, std::cmp::Reverse(a.code.clone()))
    };
    activities.sort_by_key(|a| std::cmp::Reverse(strength(a)));
    let mut kept: Vec<&Activity> = Vec::new();
    for activity in activities.drain(..) {
        let rival = kept.iter().find(|other| match (window(context, activity), window(context, other)) {
            (Some(a), Some(b)) => a.overlap(b).is_some(),
            _ => true,
        });
        match rival {
            Some(rival) => out.problems.push(context.problem_of(ProblemKind::AmbiguousActivity, false, rival, ambiguous(rival))),
            None => kept.push(activity),
        }
    }
    kept.sort_by_key(|a| (window(context, a).map(Interval::from), a.code.clone()));
    *activities = kept;
}

/// A presence that runs on is cut where the later activity starts; one that is recorded by its arrival ends by itself.
fn cut<'a>(
    context: Context<'a, '_>,
    activities: &[&'a Activity],
    arrived: &'a Mark,
    left: Option<&'a Mark>,
) -> Vec<(&'a Activity, Stretch<'a>)> {
    let mut pieces = Vec::with_capacity(activities.len());
    for (index, &activity) in activities.iter().enumerate() {
        let starts = window(context, activity).map(Interval::from);
        let from = match starts.filter(|starts| index > 0 && at(arrived) < *starts) {
            Some(starts) => End::OfActivity(starts),
            None => End::Recorded(arrived),
        };
        let next = activities.get(index + 1).and_then(|next| window(context, next)).map(Interval::from);
        let ends_by_itself = !activity.recording.needs_departure();
        let own_end = activity.ends.map(|time| context.instant(time)).filter(|_| ends_by_itself);
        let to = match (next, left) {
            (Some(next), _) => Some(End::OfActivity(own_end.map_or(next, |end| end.min(next)))),
            (None, Some(left)) => Some(End::Recorded(left)),
            (None, None) => own_end.map(End::OfActivity),
        };
        pieces.push((activity, to.map_or(Stretch::WithoutDeparture(from), |to| Stretch::Closed(from, to))));
    }
    pieces
}

/// The activity of a departure that stands alone and names none: of those recorded by their departure, the one whose window holds it.
pub(super) fn activity_of_departure<'a>(context: Context<'a, '_>, mark: &'a Mark, out: &mut Attribution<'a>) -> Option<ActivityId> {
    let Candidates { mut activities, enrolled } = candidates(context, mark, Interval::new(at(mark), at(mark)));
    activities.sort_by_key(|a| (a.recording != Recording::Depart, a.code.clone()));
    let Some(&activity) = activities.first() else {
        let message = "Départ sans arrivée, hors de toute activité ouverte ce jour-là. Rien n'est compté.";
        out.problems.push(context.problem(ProblemKind::WithoutActivity, true, None, message));
        return None;
    };
    if !enrolled {
        out.problems.push(context.problem_of(ProblemKind::WithoutEnrolment, false, activity, without_enrolment(activity)));
    }
    Some(activity.id)
}
