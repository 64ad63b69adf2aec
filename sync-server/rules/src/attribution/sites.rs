//! Whether a day puts a child at two sites at once, once it is known what its presences were.
//!
//! The fold says so of every presence that stays open. Morning care is recorded by its arrival and ends by itself; a child
//! who comes back in the evening is not there all day: the stretches of the day know both.

use super::{Attribution, Context, End, Stretch, at};
use shared::calendar::Instant;
use shared::fold::{ChildDay, Presence};
use shared::id::{EntryId, SiteId};
use std::collections::BTreeSet;

/// Reads it from the stretches; from the presences themselves where one of them was read as nothing.
pub(crate) fn at_two_sites(context: Context<'_, '_>, attendance: &ChildDay, attribution: &Attribution<'_>) -> bool {
    let mut begun: BTreeSet<EntryId> = BTreeSet::new();
    let mut stays: Vec<(SiteId, Instant, Option<Instant>)> = Vec::new();
    for part in attribution.parts.values() {
        let own_site = context.world.centre_of(part.activity).map(|centre| centre.site);
        for stretch in &part.stretches {
            let (from, to) = match *stretch {
                Stretch::Closed(from, to) => (from, Some(to)),
                Stretch::WithoutDeparture(from @ End::Recorded(_)) => (from, None),
                // Nobody recorded a stay there: its windows only make one thinkable.
                Stretch::WithoutDeparture(End::OfActivity(_)) | Stretch::WithoutArrival(_) | Stretch::RollCall(_) => continue,
            };
            let marks = [Some(from), to].into_iter().flatten().filter_map(recorded);
            begun.extend(recorded(from).map(|mark| mark.entry));
            if let Some(site) = marks.map(|mark| mark.site).next().or(own_site) {
                stays.push((site, from.at(), to.map(End::at)));
            }
        }
    }
    if !attendance.presences.iter().all(|presence| begun.contains(&presence.arrived.entry)) {
        return attendance.at_two_sites(|presence| own_end(context, presence));
    }
    let before = |one: Instant, end: Option<Instant>| end.is_none_or(|end| one < end);
    let overlap =
        |a: &(SiteId, Instant, Option<Instant>), b: &(SiteId, Instant, Option<Instant>)| a.0 != b.0 && before(a.1, b.2) && before(b.1, a.2);
    stays.iter().enumerate().any(|(i, a)| stays[i + 1..].iter().any(|b| overlap(a, b)))
}

fn recorded<'a>(end: End<'a>) -> Option<&'a shared::fold::Mark> {
    if let End::Recorded(mark) = end { Some(mark) } else { None }
}

/// Where an open presence ends by itself.
fn own_end(context: Context<'_, '_>, presence: &Presence) -> Option<i64> {
    let activity = context.world.activity(presence.arrived.activity?).filter(|a| !a.recording.needs_departure())?;
    let ends = context.instant(activity.ends?);
    Some(ends.max(at(&presence.arrived)).timestamp_millis())
}
