//! A time put right afterwards: a new entry that points to the wrong one, with
//! a reason. The wrong one stays.

use super::drafts::{Said, Slot};
use super::{Door, words};
use crate::clock::Now;
use crate::view::Tone;
use shared::fold::Mark;
use shared::id::ChildId;
use shared::journal::{Detail, Evidence, Kind, LeftTo};

/// What is put right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Corrects {
    /// The time of the day's last arrival.
    Arrival,
    /// The time of the day's last departure.
    Departure,
}

impl Door {
    /// Puts the time of a child's last arrival or departure of the day right.
    pub fn correct(&mut self, now: Now, child: ChildId, what: Corrects, at_ms: i64) {
        self.last_recorded.clear();
        self.refresh(now);
        let name = self.roster.first_name(child);
        let Some((mark, detail)) = self.to_correct(child, what) else {
            return self.say(Tone::Amber, format!("{name} : rien à corriger ce jour-là."));
        };
        let said = Said {
            target: Some(mark.entry),
            // A time is put right, and nothing else: what an earlier correction said of lieu and moment stands.
            slot: Some(Slot::of(mark)),
            happened_at_ms: Some(at_ms),
            evidence: Evidence::Declared,
            reason: "erreur_heure",
            ..Said::touch(Kind::Corrected, child, detail)
        };
        if self.record(now, vec![said]) {
            let what = if what == Corrects::Arrival { "arrivée" } else { "départ" };
            self.offer_undo(now, format!("{name}, {what} {}", words::time_ms(at_ms)));
        }
    }

    fn to_correct(&self, child: ChildId, what: Corrects) -> Option<(&Mark, Detail)> {
        let day = self.attendance.days.get(&(self.day, child))?;
        let corrected = |kind, to, person| Detail::Corrected { kind, to, person };
        match what {
            Corrects::Arrival => {
                let presence = day.presences.last()?;
                Some((&presence.arrived, corrected(Kind::Arrived, None, None)))
            }
            Corrects::Departure => {
                let closed = day.presences.iter().filter_map(|p| p.left.as_ref());
                let left = closed.chain(&day.lone_departures).max_by_key(|d| d.mark.at_ms)?;
                Some((&left.mark, corrected(Kind::Left, left.to.or(Some(LeftTo::Other)), left.person)))
            }
        }
    }
}
