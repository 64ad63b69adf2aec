//! A departure that nobody recorded in time. Once the moment is over a touch no
//! longer says when the child left: the screen asks who saw it, and the hour.
//! The tablet never makes a time up, and proposes none as chosen.

use super::correct::ON_PAPER;
use super::depart::{Departing, With};
use super::drafts::Said;
use super::hours::{Hour, Span, pick};
use super::{Destination, Door, Open, words};
use crate::clock::Now;
use crate::view::{LateDeparture, StaffChoice, Tone};
use chrono::NaiveTime;
use shared::calendar::{instant, instant_from_ms, local};
use shared::id::{ChildId, StaffId};
use shared::journal::{Detail, Evidence, Kind};
use shared::name::initials;
use shared::roster::Staff;

/// How long a departure screen that was opened before the end still says "now" after it, in ms: longer than a farewell.
const OPEN_MS_MAX: u64 = 2 * 60_000;
/// What a departure rests on that nobody recorded in time: somebody's word.
const FORGOTTEN: (Evidence, &str) = (Evidence::Declared, "depart_oublie");

impl Door {
    /// Whether the moment needs departures and has ended.
    pub(super) fn is_over(&self) -> bool {
        let needs = self.activity().filter(|a| a.recording.needs_departure());
        needs.and_then(|a| a.ends).is_some_and(|ends| self.time > ends)
    }

    /// How long the moment has been over, where it is; a minute that has begun isn't counted.
    pub(super) fn minutes_past_the_end(&self) -> Option<u32> {
        let ends = self.activity().and_then(|a| a.ends).filter(|_| self.is_over())?;
        u32::try_from(self.time.signed_duration_since(ends).num_minutes()).ok().filter(|minutes| *minutes > 0)
    }

    /// A departure screen that was left open past the end asks the hour too: confirmed later, it would say a time that nobody saw.
    pub(super) fn ask_hour_once_over(&mut self) {
        let (over, now_ms) = (self.is_over(), self.boottime_ms);
        if let Some(Open::Departure(departing)) = &mut self.dialog
            && over
            && now_ms.saturating_sub(departing.opened_ms) > OPEN_MS_MAX
        {
            departing.asks_hour = true;
        }
    }

    /// An hour was touched.
    pub(super) fn hour_chosen(&mut self, hour: Hour) {
        match self.dialog.clone() {
            Some(Open::Departure(departing)) if departing.asks_hour => {
                if matches!(hour, Hour::At(at) if !self.departure_span(departing.child).holds(at)) {
                    return;
                }
                self.dialog = Some(Open::Departure(Departing { hour: Some(hour), ..departing }));
            }
            Some(Open::Correction(correcting)) => self.correction_chosen(correcting, hour),
            _ => {}
        }
    }

    /// The chosen hour goes one step.
    pub(super) fn hour_moved(&mut self, step: fn(NaiveTime) -> Option<NaiveTime>) {
        let chosen = match &self.dialog {
            Some(Open::Departure(departing)) => departing.hour,
            Some(Open::Correction(correcting)) => correcting.hour.map(Hour::At),
            _ => None,
        };
        let from = match chosen {
            Some(Hour::At(at)) => Some(at),
            Some(Hour::Now) => Some(self.time),
            None => None,
        };
        if let Some(moved) = from.and_then(step) {
            self.hour_chosen(Hour::At(moved));
        }
    }

    /// Records what was said of a departure in the past: an hour and, where the site has a list of staff, whose word it is.
    pub(super) fn leave_late(&mut self, now: Now, departing: &Departing, destination: &Destination, witness: Option<StaffId>) {
        let leaving = departing.leaving();
        let Some(Hour::At(at)) = departing.hour else { return self.say(Tone::Amber, tr!("Touchez d'abord l'heure du départ.")) };
        if witness.is_none() && !self.witnesses(departing).is_empty() {
            return self.say(Tone::Amber, tr!("Touchez le nom de la personne qui a vu ce départ."));
        }
        if let Some(child) = leaving.iter().find(|child| !self.departure_span(**child).holds(at)) {
            let (name, arrived) = (self.roster.first_name(*child), self.arrived_at(*child).map_or_else(String::new, words::time));
            return self.say(
                Tone::Amber,
                tr!("{name} : arrivée à {arrived}, après l'heure du départ. Décochez, ou changez l'heure.", name, arrived),
            );
        }
        let rests_on = if departing.paper { (Evidence::Paper, ON_PAPER) } else { FORGOTTEN };
        self.declare(now, &leaving, instant(self.day, at).timestamp_millis(), destination, witness, rests_on);
    }

    /// A departure that nobody recorded in time: who saw it says when.
    pub fn declare_departure(&mut self, now: Now, child: ChildId, at_ms: i64, destination: &Destination) {
        self.declare(now, &[child], at_ms, destination, None, FORGOTTEN);
    }

    fn declare(
        &mut self,
        now: Now,
        children: &[ChildId],
        at_ms: i64,
        destination: &Destination,
        witness: Option<StaffId>,
        (evidence, reason): (Evidence, &'static str),
    ) {
        let said = |child: &ChildId| Said {
            evidence,
            happened_at_ms: Some(at_ms),
            reason,
            authority: destination.authority,
            note: destination.note.clone(),
            bound_for: destination.bound_for,
            actor: witness,
            ..Said::touch(Kind::Left, *child, Detail::Left { to: destination.to, person: destination.person })
        };
        if self.record(now, children.iter().map(said).collect()) {
            self.dialog = None;
            self.several = None;
            self.notice = None;
            let text = tr!("{}, départ {}", self.first_names(children), words::time_ms(at_ms));
            self.offer_undo(now, text);
        }
    }

    /// What the screen asks of a departure in the past.
    pub(super) fn late_departure(&self, departing: &Departing) -> Option<LateDeparture> {
        let activity = self.activity().filter(|_| departing.asks_hour);
        if !departing.asks_hour {
            return None;
        }
        let booked = activity.and_then(|a| self.roster.booking(departing.child, a.id)).and_then(|b| b.ends);
        let likely = booked.or(activity.and_then(|a| a.ends)).unwrap_or(self.time);
        let hours = pick(self.departure_span(departing.child), likely, Some(self.time), departing.hour);
        Some(LateDeparture { hours })
    }

    /// Who puts a name to a departure: to one in the past, and to one with somebody who isn't on the list. Nobody is asked where a card
    /// has named somebody.
    pub(super) fn witnesses(&self, departing: &Departing) -> Vec<StaffChoice> {
        let asked = departing.is_in_the_past() || matches!(departing.with, Some(With::Other(..)));
        if self.staff.is_some() || !asked {
            return Vec::new();
        }
        self.roster.team(self.activity().map(|a| a.centre)).into_iter().map(staff_choice).collect()
    }

    /// After the arrival, and not in the future.
    fn departure_span(&self, child: ChildId) -> Span {
        Span { after: self.arrived_at(child), until: self.time }
    }

    fn arrived_at(&self, child: ChildId) -> Option<NaiveTime> {
        let site = self.identity.as_ref()?.site;
        let open = self.attendance.days.get(&(self.day, child))?.open_presence(site)?;
        Some(local(instant_from_ms(open.arrived.at_ms)).time())
    }
}

pub(super) fn staff_choice(staff: &Staff) -> StaffChoice {
    StaffChoice {
        staff: staff.id,
        name: format!("{} {}", staff.first_name, staff.last_name),
        initials: initials(&staff.first_name, &staff.last_name),
        hue: super::board::hue(staff.id.0),
    }
}
