//! A time put right afterwards: a new entry that points to the wrong one, with
//! a reason. The wrong one stays.

use super::board::hue;
use super::drafts::{Said, Slot};
use super::hours::{Hour, Span, earlier, pick};
use super::{Door, Open, words};
use crate::clock::Now;
use crate::view::{Correction, Corrects, TimeDialog, Tone};
use chrono::NaiveTime;
use shared::calendar::{instant, instant_from_ms, local};
use shared::fold::Mark;
use shared::id::ChildId;
use shared::journal::{Detail, Evidence, Kind, LeftTo};

/// A time that is being put right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Correcting {
    pub child: ChildId,
    pub what: Corrects,
    /// The right one, once said.
    pub hour: Option<NaiveTime>,
}

impl Door {
    /// "Corriger l'arrivée": which is the right time?
    pub(super) fn open_correction(&mut self, child: ChildId, what: Corrects) {
        if self.to_correct(child, what).is_none() {
            let name = self.roster.first_name(child);
            return self.say(Tone::Amber, format!("{name} : rien à corriger ce jour-là."));
        }
        self.dialog = Some(Open::Correction(Correcting { child, what, hour: None }));
    }

    /// An hour was touched. "Now" is no correction.
    pub(super) fn correction_chosen(&mut self, correcting: Correcting, hour: Hour) {
        let Hour::At(at) = hour else { return };
        if self.correction_span(correcting.child, correcting.what).holds(at) {
            self.dialog = Some(Open::Correction(Correcting { hour: Some(at), ..correcting }));
        }
    }

    pub(super) fn confirm_correction(&mut self, now: Now, correcting: Correcting) {
        let Some(hour) = correcting.hour else { return self.say(Tone::Amber, "Touchez d'abord la bonne heure.") };
        self.put_right(now, correcting.child, correcting.what, instant(self.day, hour).timestamp_millis());
    }

    /// What the screen asks.
    pub(super) fn time_dialog(&self, correcting: Correcting) -> Option<TimeDialog> {
        let Correcting { child, what, hour } = correcting;
        let recorded = self.recorded_at(child, what)?;
        let word = if what == Corrects::Arrival { "Arrivée" } else { "Départ" };
        let mut hours = pick(self.correction_span(child, what), recorded, None, hour.map(Hour::At));
        // What is recorded is no correction of itself.
        hours.choices.retain(|choice| choice.at.map(words::time) != Some(words::time(recorded)));
        Some(TimeDialog {
            child,
            title: format!("{word} de {}", self.roster.full_name(child)),
            initials: self.initials(child),
            hue: hue(child.0),
            photo: self.photo_of(child),
            subtitle: format!("Heure enregistrée : {} · quelle est la bonne ?", words::time(recorded)),
            hours,
            confirm: hour.map_or_else(|| "Touchez la bonne heure".to_owned(), |at| format!("{word} à {}", words::time(at))),
            may_confirm: hour.is_some_and(|at| words::time(at) != words::time(recorded)),
        })
    }

    /// Times of today that a child's dialog offers to put right.
    pub(super) fn corrections(&self, child: ChildId) -> Vec<Correction> {
        let both = [(Corrects::Arrival, "l'arrivée"), (Corrects::Departure, "le départ")];
        let label = |which: &str, at: NaiveTime| format!("Corriger {which} de {}", words::time(at));
        both.into_iter()
            .filter_map(|(what, which)| Some(Correction { what, label: label(which, self.recorded_at(child, what)?) }))
            .collect()
    }

    fn recorded_at(&self, child: ChildId, what: Corrects) -> Option<NaiveTime> {
        self.to_correct(child, what).map(|(mark, _)| time_of(mark))
    }

    /// An arrival stays before its departure, a departure after its arrival, and neither is in the future.
    fn correction_span(&self, child: ChildId, what: Corrects) -> Span {
        let last = self.attendance.days.get(&(self.day, child)).and_then(|day| day.presences.last());
        let left = last.and_then(|p| p.left.as_ref()).map(|d| time_of(&d.mark));
        match what {
            Corrects::Arrival => Span { after: None, until: left.and_then(earlier).map_or(self.time, |before| before.min(self.time)) },
            Corrects::Departure => Span { after: last.filter(|p| p.left.is_some()).map(|p| time_of(&p.arrived)), until: self.time },
        }
    }

    /// Puts the time of a child's last arrival or departure of the day right.
    pub fn correct(&mut self, now: Now, child: ChildId, what: Corrects, at_ms: i64) {
        self.last_recorded.clear();
        self.refresh(now);
        self.put_right(now, child, what, at_ms);
    }

    fn put_right(&mut self, now: Now, child: ChildId, what: Corrects, at_ms: i64) {
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
            self.dialog = None;
            self.notice = None;
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

fn time_of(mark: &Mark) -> NaiveTime {
    local(instant_from_ms(mark.at_ms)).time()
}
