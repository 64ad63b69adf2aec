//! Awaited, and not here well after the hour: said once, until somebody has read it. Nobody looks at three hundred tiles for the one
//! that stayed grey, and a child who left home and did not arrive is looked for at once.
//!
//! Only a child's own hour is late: where a moment has an hour for all, its door opens then, and children come when they come.

use super::board::NAMES_SHOWN_MAX;
use super::standing::Standing;
use super::{Door, words};
use crate::view::{Notice, TileState, Tone};
use chrono::TimeDelta;
use shared::id::{ActivityId, ChildId};
use shared::roster::{Child, EnRoute};
use std::collections::BTreeSet;

/// After how many minutes, and whose lateness somebody has read already, today.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NotHere {
    /// 0: never.
    after_minutes: u32,
    read: BTreeSet<(ActivityId, ChildId)>,
    /// By bus, from another site, since when.
    read_on_the_way: BTreeSet<(ChildId, i64)>,
}

impl Default for NotHere {
    fn default() -> Self {
        Self { after_minutes: crate::settings::ALERT_MINUTES, read: BTreeSet::new(), read_on_the_way: BTreeSet::new() }
    }
}

impl NotHere {
    /// Another day.
    pub fn forget(&mut self) {
        self.read.clear();
        self.read_on_the_way.clear();
    }

    pub fn after_minutes(&self) -> u32 {
        self.after_minutes
    }

    /// The same in ms; `None`: never.
    pub fn after_ms(&self) -> Option<i64> {
        (self.after_minutes > 0).then(|| i64::from(self.after_minutes) * 60_000)
    }

    pub fn was_read_on_the_way(&self, way: &EnRoute) -> bool {
        self.read_on_the_way.contains(&(way.child, way.left_at_ms))
    }
}

impl Door {
    /// After how many minutes an awaited child is missed (a setting of the tablet); 0: never.
    pub fn alert_after(&mut self, minutes: u32) {
        self.not_here.after_minutes = minutes;
    }

    /// "Pas encore là": the sentence, of those whom nobody has read of. A bus that didn't come is said first.
    pub(super) fn not_here(&self, standings: &[(&Child, Standing)]) -> Option<Notice> {
        self.not_here_by_bus().or_else(|| self.not_here_alone(standings))
    }

    fn not_here_alone(&self, standings: &[(&Child, Standing)]) -> Option<Notice> {
        let missed = self.missed(standings);
        let of_one = |child: &&Child| {
            let hour = self.own_hour(child.id).map(words::time).unwrap_or_default();
            let last = self.roster.last_names.get(&child.id).map_or("", String::as_str);
            format!("{} ({hour})", format!("{} {last}", child.first_name).trim_end())
        };
        let who = match missed.len() {
            0 => return None,
            many if many > NAMES_SHOWN_MAX => tr!("{n} enfant attendu" | "{n} enfants attendus" % words::number(many)),
            _ => words::list(&missed.iter().map(of_one).collect::<Vec<_>>()),
        };
        let text = tr!(
            "Pas encore là, plus d'une minute après l'heure : {who}. Appelez la famille, ou notez l'absence."
                | "Pas encore là, plus de {n} minutes après l'heure : {who}. Appelez la famille, ou notez l'absence."
                    % self.not_here.after_minutes,
            who
        );
        Some(Notice { text, tone: Tone::Amber })
    }

    /// Whether it stands on the board: nothing is in front, no graver sentence waits, and the team looks at it.
    pub(super) fn says_not_here(&self) -> bool {
        let is_board = self.dialog.is_none() && !self.evacuating.front && !self.serves_families();
        is_board && self.notice.is_none() && self.pinned.is_none()
    }

    /// Somebody has read it: it is not said again of these children.
    pub(super) fn read_not_here(&mut self) {
        if !self.says_not_here() {
            return;
        }
        let by_bus: Vec<(ChildId, i64)> = self.late_on_the_way().iter().map(|way| (way.child, way.left_at_ms)).collect();
        if !by_bus.is_empty() {
            return self.not_here.read_on_the_way.extend(by_bus);
        }
        let Some(activity) = self.moment else { return };
        let read: Vec<ChildId> = self.missed(&self.standings()).into_iter().map(|child| child.id).collect();
        self.not_here.read.extend(read.into_iter().map(|child| (activity, child)));
    }

    fn missed<'a>(&self, standings: &[(&'a Child, Standing)]) -> Vec<&'a Child> {
        // Once the moment is over, it is known that they did not come.
        let goes_on = self.activity().filter(|a| a.ends.is_none_or(|ends| self.time <= ends));
        let Some(activity) = goes_on.map(|a| a.id).filter(|_| self.not_here.after_minutes > 0) else { return Vec::new() };
        let after = TimeDelta::minutes(i64::from(self.not_here.after_minutes));
        let is_missed = |child: &Child| {
            let since = self.own_hour(child.id).map(|hour| self.time.signed_duration_since(hour));
            since.is_some_and(|since| since > after) && !self.not_here.read.contains(&(activity, child.id))
        };
        standings.iter().filter(|(child, s)| s.state == TileState::Late && is_missed(child)).map(|(child, _)| *child).collect()
    }

    /// The hour that was booked for a child in the moment.
    fn own_hour(&self, child: ChildId) -> Option<chrono::NaiveTime> {
        self.roster.booking(child, self.moment?)?.starts
    }
}
