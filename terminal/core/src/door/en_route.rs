//! Children whom a bus brings from another site. The server tells of them; whatever is recorded here since is newer than its word.
//!
//! One who does not arrive is on nobody's list: the site that let it go is done with it. So the sentence names child, place and hour.

use super::board::NAMES_SHOWN_MAX;
use super::standing::Reading;
use super::{Door, words};
use crate::view::{Notice, Tone};
use shared::calendar::{business_day, instant, instant_from_ms};
use shared::fold::ChildDay;
use shared::id::ChildId;
use shared::roster::EnRoute;

impl<'a> Reading<'a> {
    /// On its way here today, by the last word.
    pub(super) fn en_route(&self, child: ChildId, day: &ChildDay) -> Option<&'a EnRoute> {
        let way = self.roster.en_route(child)?;
        let recorded = day.presences.iter().map(|p| &p.arrived).chain(day.roll_calls.iter().map(|r| &r.mark));
        let recorded = recorded.filter(|mark| mark.site == self.site);
        let seen_since = recorded.map(|mark| mark.at_ms).any(|at_ms| at_ms >= way.left_at_ms);
        let today = business_day(instant_from_ms(way.left_at_ms)) == self.day;
        Some(way).filter(|_| today && !seen_since && day.open_presence(self.site).is_none())
    }
}

impl Door {
    /// Those who are on their way for longer than the setting says, and of whom nobody has read, in the board's order.
    pub(super) fn late_on_the_way(&self) -> Vec<&EnRoute> {
        let (Some(reading), Some(after_ms)) = (self.reading(), self.not_here.after_ms()) else { return Vec::new() };
        let now_ms = instant(self.day, self.time).timestamp_millis();
        let empty = ChildDay::default();
        let of_child = |child: &ChildId| reading.en_route(*child, self.attendance.days.get(&(self.day, *child)).unwrap_or(&empty));
        let late = self.roster.order.iter().filter_map(of_child).filter(|way| now_ms - way.left_at_ms > after_ms);
        late.filter(|way| !self.not_here.was_read_on_the_way(way)).collect()
    }

    /// "En route depuis plus de 30 minutes": the sentence.
    pub(super) fn not_here_by_bus(&self) -> Option<Notice> {
        let late = self.late_on_the_way();
        let of_one = |way: &&EnRoute| {
            let (who, at) = (self.roster.full_name(way.child), words::time_ms(way.left_at_ms));
            format!("{who} ({}, {at})", way.from)
        };
        let who = match late.len() {
            0 => return None,
            many if many > NAMES_SHOWN_MAX => tr!("{n} enfant" | "{n} enfants" % words::number(many)),
            _ => words::list(&late.iter().map(of_one).collect::<Vec<_>>()),
        };
        let text = tr!(
            "En route depuis plus d'une minute, pas encore là : {who}. Appelez le lieu de départ, puis la famille."
                | "En route depuis plus de {n} minutes, pas encore là : {who}. Appelez le lieu de départ, puis la famille."
                    % self.not_here.after_minutes(),
            who
        );
        Some(Notice { text, tone: Tone::Amber })
    }
}
