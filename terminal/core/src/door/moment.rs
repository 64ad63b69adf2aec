//! The moment of the board: proposed by time and calendar, changed by one
//! touch.

use super::{Door, words};
use crate::roster::Roster;
use crate::view::MomentChoice;
use chrono::{NaiveDate, NaiveTime, Timelike};
use shared::id::ActivityId;
use shared::roster::Activity;

/// How long before its start a moment is proposed, in minutes.
const LEAD_MINUTES: u32 = 30;

/// A choice by hand. It holds until the proposal itself moves on, so that nobody has to change it back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ByHand {
    chosen: ActivityId,
    proposed: Option<ActivityId>,
    day: NaiveDate,
}

/// The moments of a day in order of their start. A day that the calendar closes (or a clock of 1970) shows all: the door still works.
pub(super) fn of_day(roster: &Roster, day: NaiveDate) -> Vec<&Activity> {
    let mut open: Vec<&Activity> = roster.activities.values().filter(|a| roster.is_open(a, day)).collect();
    if open.is_empty() {
        open = roster.activities.values().collect();
    }
    open.sort_by(|a, b| (a.starts, a.ends, &a.name, a.id).cmp(&(b.starts, b.ends, &b.name, b.id)));
    open
}

/// The moment that a time of day calls for: the one under way that began last; else the next one within its lead; else the last one
/// that was; else the first to come.
pub(super) fn proposal(moments: &[&Activity], time: NaiveTime) -> Option<ActivityId> {
    let minutes = |t: NaiveTime| t.hour() * 60 + t.minute();
    let now = minutes(time);
    let starts = |a: &Activity| a.starts.map_or(0, minutes);
    let ends = |a: &Activity| a.ends.map_or(24 * 60, minutes);
    let under_way = moments.iter().filter(|a| starts(a) <= now && now < ends(a)).max_by_key(|a| (starts(a), std::cmp::Reverse(ends(a))));
    let soon = moments.iter().filter(|a| starts(a) > now && starts(a) <= now + LEAD_MINUTES).min_by_key(|a| starts(a));
    let over = moments.iter().filter(|a| ends(a) <= now).max_by_key(|a| ends(a));
    under_way.or(soon).or(over).or(moments.first()).map(|a| a.id)
}

impl Door {
    /// Chooses the moment anew: by hand where somebody chose, else by the clock.
    pub(super) fn choose_moment(&mut self) {
        let moments = of_day(&self.roster, self.day);
        let proposed = proposal(&moments, self.time);
        let kept = self.by_hand.filter(|b| b.day == self.day && b.proposed == proposed && self.roster.activities.contains_key(&b.chosen));
        let before = self.moment;
        self.moment = kept.map(|b| b.chosen).or(proposed);
        self.by_hand = kept;
        if self.moment != before {
            self.moment_changed();
        }
    }

    /// "Another moment", touched.
    pub(super) fn moment_by_hand(&mut self, chosen: ActivityId) {
        if !self.roster.activities.contains_key(&chosen) {
            return;
        }
        let proposed = proposal(&of_day(&self.roster, self.day), self.time);
        self.by_hand = Some(ByHand { chosen, proposed, day: self.day });
        if self.moment != Some(chosen) {
            self.moment = Some(chosen);
            self.moment_changed();
        }
    }

    /// Ticks and filter belong to the moment that they were made in.
    fn moment_changed(&mut self) {
        self.ticks.clear();
        self.several = None;
        self.group = None;
    }

    pub(super) fn moment_choices(&self) -> Vec<MomentChoice> {
        let window = |a: &Activity| match (a.starts, a.ends) {
            (Some(from), Some(to)) => format!(" · {} – {}", words::time(from), words::time(to)),
            (Some(from), None) => format!(" · {}", tr!("dès {}", words::time(from))),
            _ => String::new(),
        };
        let moments = of_day(&self.roster, self.day);
        let shared_name = |a: &Activity| moments.iter().filter(|other| other.name == a.name).count() > 1;
        let lieu = |a: &Activity| self.roster.centres.get(&a.centre).map_or_else(String::new, |c| format!(" · {}", c.name));
        let label = |a: &Activity| format!("{}{}{}", a.name, if shared_name(a) { lieu(a) } else { String::new() }, window(a));
        moments.iter().map(|a| MomentChoice { activity: a.id, label: label(a), chosen: self.moment == Some(a.id) }).collect()
    }
}
