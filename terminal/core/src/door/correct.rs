//! A time put right afterwards: a new entry that points to the wrong one, with
//! a reason. The wrong one stays. And what stands on the paper list alone, once the tablet is there again.

use super::board::hue;
use super::drafts::{Said, Slot};
use super::hours::{Hour, Span, earlier, pick};
use super::{Door, Open, words};
use crate::clock::Now;
use crate::view::{Correction, Corrects, TileState, TimeDialog, Tone};
use chrono::NaiveTime;
use shared::calendar::{instant, instant_from_ms, local};
use shared::fold::Mark;
use shared::id::ChildId;
use shared::journal::{Detail, Evidence, Kind, LeftTo};
use shared::roster::Recording;

/// As it is sealed that a time stands on paper.
pub(super) const ON_PAPER: &str = "papier";

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
        let name = self.roster.first_name(child);
        match what {
            Corrects::PaperArrival if !self.may_fill_in(child, what) => {
                return self.say(Tone::Amber, tr!("{} : l'arrivée est déjà enregistrée.", name));
            }
            Corrects::PaperDeparture if !self.may_fill_in(child, what) => {
                return self.say(Tone::Amber, tr!("{name} : aucune présence dont le départ manque.", name));
            }
            Corrects::PaperDeparture => return self.open_paper_departure(child),
            Corrects::Arrival | Corrects::Departure if self.to_correct(child, what).is_none() => {
                return self.say(Tone::Amber, tr!("{name} : rien à corriger ce jour-là.", name));
            }
            _ => {}
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
        let Some(hour) = correcting.hour else { return self.say(Tone::Amber, tr!("Touchez d'abord la bonne heure.")) };
        let at_ms = instant(self.day, hour).timestamp_millis();
        if correcting.what == Corrects::PaperArrival {
            self.fill_in_arrival(now, correcting.child, at_ms);
        } else {
            self.put_right(now, correcting.child, correcting.what, at_ms);
        }
    }

    /// Whether a time that stands on paper may be filled in: an arrival of who isn't here, a departure of who is. A roll call claims no
    /// time.
    fn may_fill_in(&self, child: ChildId, what: Corrects) -> bool {
        let Some(standing) = self.standing(child).filter(|_| self.recording() != Some(Recording::Appel)) else { return false };
        match what {
            Corrects::PaperArrival => standing.state != TileState::Present && !standing.on_site,
            Corrects::PaperDeparture => standing.state == TileState::Present,
            Corrects::Arrival | Corrects::Departure => false,
        }
    }

    fn fill_in_arrival(&mut self, now: Now, child: ChildId, at_ms: i64) {
        let said = Said {
            happened_at_ms: Some(at_ms),
            evidence: Evidence::Paper,
            reason: ON_PAPER,
            ..Said::touch(Kind::Arrived, child, Detail::None)
        };
        if self.record(now, vec![said]) {
            self.dialog = None;
            self.notice = None;
            self.offer_undo(now, tr!("{}, arrivée {}", self.roster.first_name(child), words::time_ms(at_ms)));
        }
    }

    /// What the screen asks.
    pub(super) fn time_dialog(&self, correcting: Correcting) -> Option<TimeDialog> {
        let Correcting { child, what, hour } = correcting;
        let recorded = self.recorded_at(child, what);
        let name = self.roster.full_name(child);
        let likely = recorded.or_else(|| self.awaited_at(child)).unwrap_or(self.time);
        let mut hours = pick(self.correction_span(child, what), likely, None, hour.map(Hour::At));
        // What is recorded is no correction of itself.
        hours.choices.retain(|choice| recorded.is_none() || choice.at != recorded);
        let subtitle = match recorded {
            Some(at) => tr!("Heure enregistrée : {} · quelle est la bonne ?", words::time(at)),
            None => tr!("D'après la liste papier : à quelle heure ?"),
        };
        Some(TimeDialog {
            child,
            title: if what == Corrects::Departure { tr!("Départ de {name}", name) } else { tr!("Arrivée de {name}", name) },
            initials: self.initials(child),
            hue: hue(child.0),
            photo: self.photo_of(child),
            subtitle,
            hours,
            confirm: match (hour.map(words::time), what) {
                (None, _) => tr!("Touchez la bonne heure"),
                (Some(at), Corrects::Departure) => tr!("Départ à {at}", at),
                (Some(at), _) => tr!("Arrivée à {at}", at),
            },
            may_confirm: hour.is_some_and(|at| Some(words::time(at)) != recorded.map(words::time)),
        })
    }

    /// When the child was to come in this moment.
    fn awaited_at(&self, child: ChildId) -> Option<NaiveTime> {
        let activity = self.activity()?;
        self.roster.booking(child, activity.id).and_then(|booking| booking.starts).or(activity.starts)
    }

    /// Times of today that a child's dialog offers to put right, or to fill in.
    pub(super) fn corrections(&self, child: ChildId) -> Vec<Correction> {
        let label = |what: Corrects, at: String| match what {
            Corrects::Departure => tr!("Corriger le départ de {at}", at),
            _ => tr!("Corriger l'arrivée de {at}", at),
        };
        let both = [Corrects::Arrival, Corrects::Departure];
        let wrong = both
            .into_iter()
            .filter_map(|what| Some(Correction { what, label: label(what, self.recorded_at(child, what).map(words::time)?) }));
        let papers =
            [(Corrects::PaperArrival, tr!("Arrivée d'après le papier")), (Corrects::PaperDeparture, tr!("Départ d'après le papier"))];
        let papers = papers.into_iter().filter(|(what, _)| self.may_fill_in(child, *what));
        wrong.chain(papers.map(|(what, label)| Correction { what, label })).collect()
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
            Corrects::Departure | Corrects::PaperDeparture => {
                Span { after: last.filter(|p| p.left.is_some()).map(|p| time_of(&p.arrived)), until: self.time }
            }
            // After the departure of an earlier presence of the day.
            Corrects::PaperArrival => Span { after: left, until: self.time },
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
            return self.say(Tone::Amber, tr!("{name} : rien à corriger ce jour-là.", name));
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
            let at = words::time_ms(at_ms);
            let arrived = what == Corrects::Arrival;
            self.offer_undo(now, if arrived { tr!("{}, arrivée {}", name, at) } else { tr!("{}, départ {}", name, at) });
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
            Corrects::PaperArrival | Corrects::PaperDeparture => None,
        }
    }
}

fn time_of(mark: &Mark) -> NaiveTime {
    local(instant_from_ms(mark.at_ms)).time()
}
