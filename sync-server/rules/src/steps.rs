//! Presences as explanations tell them.

use crate::attribution::{Context, End, Part, Stretch, at};
use crate::explanation::{Bound, Origin, PresenceStep};
use chrono::NaiveTime;
use shared::calendar::{Instant, local};
use shared::fold::Mark;
use shared::journal::Channel;
use shared::roster::Recording;

/// Every stretch of a day, in order.
pub(crate) fn presences(context: Context<'_, '_>, part: &Part<'_>, with_entry_ids: bool) -> Vec<PresenceStep> {
    let of_stretch = |stretch: &Stretch<'_>| {
        let bound = |end: &End<'_>| Some(bound(end, with_entry_ids));
        match stretch {
            Stretch::Closed(from, to) => PresenceStep { from: bound(from), to: bound(to), roll_call: None },
            Stretch::WithoutDeparture(from) => PresenceStep { from: bound(from), to: None, roll_call: None },
            Stretch::WithoutArrival(to) => PresenceStep { from: None, to: bound(to), roll_call: None },
            Stretch::RollCall(mark) => {
                let hours = |time: Option<NaiveTime>| {
                    time.filter(|_| part.activity.recording == Recording::Appel).map(|time| of_activity(context.instant(time)))
                };
                PresenceStep {
                    from: hours(part.activity.starts),
                    to: hours(part.activity.ends),
                    roll_call: Some(of_mark(mark, with_entry_ids)),
                }
            }
        }
    };
    part.stretches.iter().map(of_stretch).collect()
}

fn bound(end: &End<'_>, with_entry_ids: bool) -> Bound {
    match end {
        End::Recorded(mark) => of_mark(mark, with_entry_ids),
        End::OfActivity(at) => of_activity(*at),
    }
}

fn of_activity(at: Instant) -> Bound {
    Bound { time: local(at).time(), origin: Origin::Activity, entry: None, corrected: false }
}

fn of_mark(mark: &Mark, with_entry_ids: bool) -> Bound {
    let origin = match mark.channel {
        Channel::Tablet => Origin::Door,
        Channel::Office => Origin::Office,
        Channel::Portal => Origin::Portal,
        Channel::Import => Origin::Import,
        Channel::System => Origin::System,
    };
    // A touch at the door is always named: every cent leads back to it. What a file said has ids of its own import, so that naming them
    // would give the same folder other bytes.
    let named = with_entry_ids || origin == Origin::Door;
    Bound { time: local(at(mark)).time(), origin, entry: named.then_some(mark.entry), corrected: mark.corrected_by.is_some() }
}
