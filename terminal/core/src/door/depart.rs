//! A child leaves: with whom is asked each time, by name, among those who may. Any other way out: [`super::elsewhere`].

use super::drafts::{By, Said};
use super::hours::Hour;
use super::{Door, Open, words};
use crate::clock::Now;
use crate::view::{FamilyWord, TileState, Tone, Way};
use shared::id::{CentreId, ChildId, PersonId, StaffId};
use shared::journal::{Detail, Kind, LeftTo};
use shared::roster::Adult;

/// As it is sealed that somebody's identity card was seen.
const IDENTITY_SEEN: &str = "piece_identite_vue";

/// With whom, or where, children leave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Destination {
    /// As it is sealed.
    pub to: LeftTo,
    /// The adult, where the roster knows one.
    pub person: Option<PersonId>,
    /// The name of a stranger or of a club: goes in a note, sealed by its hash only.
    pub note: Option<String>,
    /// The lieu of another site that a bus takes the child to.
    pub bound_for: Option<CentreId>,
    /// How the family said so, as a code; empty where the list says it.
    pub reason: &'static str,
    /// The paper that was seen, as a code; empty: none.
    pub authority: &'static str,
}

impl Destination {
    /// A destination that says all by itself.
    #[must_use]
    pub fn of(to: LeftTo) -> Self {
        Self { to, person: None, note: None, bound_for: None, reason: "", authority: "" }
    }
}

/// A departure that is being said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Departing {
    /// Who was touched.
    pub child: ChildId,
    /// With whom, once said.
    pub with: Option<With>,
    /// Brothers and sisters, ticked or not.
    pub siblings: Vec<(ChildId, bool)>,
    /// The card, or the code, that opened the screen.
    pub by: Option<By>,
    /// CLOCK_BOOTTIME of its opening.
    pub opened_ms: u64,
    /// The moment is over: a touch no longer says when (see [`super::late`]).
    pub asks_hour: bool,
    /// The hour, once said.
    pub hour: Option<Hour>,
    /// "Pièce d'identité vue".
    pub identity_seen: bool,
    /// Several children, chosen on the board: `siblings` are the others, of whatever family.
    pub several: bool,
    /// The paper list says so.
    pub paper: bool,
}

/// With whom a child leaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum With {
    /// An adult of the list.
    Adult(PersonId),
    /// Somebody whose name was typed, and how the family said so.
    Other(String, FamilyWord),
    /// Without an adult.
    Alone,
    /// To school, to a club, to a lieu of another site, with the emergency services.
    Way(Way),
}

impl Departing {
    /// Nothing said yet.
    pub fn of(child: ChildId, opened_ms: u64, asks_hour: bool) -> Self {
        Self {
            child,
            with: None,
            siblings: Vec::new(),
            by: None,
            opened_ms,
            asks_hour,
            hour: None,
            identity_seen: false,
            several: false,
            paper: false,
        }
    }

    /// All who leave.
    pub fn leaving(&self) -> Vec<ChildId> {
        std::iter::once(self.child).chain(self.siblings.iter().filter(|(_, ticked)| *ticked).map(|(s, _)| *s)).collect()
    }

    /// Whether it is somebody's word about what has happened.
    pub fn is_in_the_past(&self) -> bool {
        self.asks_hour && self.hour != Some(Hour::Now)
    }

    /// Whether a child goes now with somebody who isn't on the list.
    pub fn is_with_a_stranger(&self) -> bool {
        matches!(self.with, Some(With::Other(..))) && !self.is_in_the_past()
    }

    pub fn untick_siblings(&mut self) {
        self.siblings.iter_mut().for_each(|(_, ticked)| *ticked = false);
    }
}

impl Door {
    /// "Who takes this child?", with brothers and sisters who are here too.
    pub(super) fn open_departure(&mut self, child: ChildId, by: Option<By>) {
        let here = |sibling: &ChildId| self.standing(*sibling).is_some_and(|s| s.state == TileState::Present);
        let siblings: Vec<(ChildId, bool)> = self.roster.siblings(child).into_iter().filter(here).map(|s| (s, true)).collect();
        self.dialog = Some(Open::Departure(Departing { siblings, by, ..Departing::of(child, self.boottime_ms, self.is_over()) }));
    }

    /// A departure that stands on the paper list alone: who came, and when?
    pub(super) fn open_paper_departure(&mut self, child: ChildId) {
        self.open_departure(child, None);
        if let Some(Open::Departure(departing)) = &mut self.dialog {
            (departing.asks_hour, departing.paper) = (true, true);
        }
    }

    /// An adult of the list was touched.
    pub(super) fn adult_chosen(&mut self, person: PersonId) {
        let Some(Open::Departure(departing)) = self.dialog.clone() else { return };
        let child = departing.child;
        if self.alert_if_barred(&[child], person) {
            return;
        }
        let Some(adult) = self.allowed(child, person) else { return };
        // What has happened is recorded as it was, even where it should not have been.
        if let Some(hour) = adult.not_before.filter(|hour| !departing.asks_hour && self.time < *hour) {
            let text = tr!("{} {} : pas avant {}.", adult.first_name, adult.last_name, words::time(hour));
            return self.say(Tone::Amber, text);
        }
        // A brother or sister whom this adult may not take stays: half-brothers have other rights.
        let may_take = |sibling: ChildId| self.allowed(sibling, person).is_some_and(|a| a.not_before.is_none_or(|hour| self.time >= hour));
        let siblings = departing.siblings.iter().map(|(s, ticked)| (*s, *ticked && may_take(*s))).collect();
        self.dialog = Some(Open::Departure(Departing { with: Some(With::Adult(person)), siblings, identity_seen: false, ..departing }));
    }

    /// Records the departure of the open screen; `witness` is the member of staff who was touched as handing the child over, or as having
    /// seen it leave.
    pub(super) fn confirm_departure(&mut self, now: Now, departing: Departing, witness: Option<StaffId>) {
        let leaving = departing.leaving();
        let destination = match departing.with.clone() {
            Some(With::Adult(person)) => {
                if self.alert_if_barred(&leaving, person) {
                    return;
                }
                if let Some(refused) = leaving.iter().find(|c| self.allowed(**c, person).is_none()) {
                    let name = self.roster.first_name(*refused);
                    return self.say(
                        Tone::Amber,
                        tr!("Cette personne n'est pas sur la liste pour {name} : décochez {name}, ou choisissez quelqu'un d'autre.", name),
                    );
                }
                Destination { person: Some(person), ..Destination::of(LeftTo::Person) }
            }
            Some(With::Other(name, word)) => Destination { note: Some(name), reason: word.reason(), ..Destination::of(LeftTo::Person) },
            Some(With::Alone) => Destination::of(LeftTo::Alone),
            Some(With::Way(way)) => {
                let to = Destination::of(way.to());
                match way {
                    Way::Club(name) => Destination { note: Some(name).filter(|name| !name.is_empty()), ..to },
                    Way::OtherCentre(centre) => Destination { bound_for: Some(centre), ..to },
                    Way::School | Way::Emergency => to,
                }
            }
            None => return self.say(Tone::Amber, tr!("Touchez d'abord la personne qui vient.")),
        };
        if self.asks_identity(&departing) && !departing.identity_seen {
            return self.say(Tone::Amber, tr!("Demandez la pièce d'identité, puis touchez « Pièce d'identité vue »."));
        }
        let destination = Destination { authority: if departing.identity_seen { IDENTITY_SEEN } else { "" }, ..destination };
        if departing.is_in_the_past() {
            return self.leave_late(now, &departing, &destination, witness);
        }
        if witness.is_none() && !self.witnesses(&departing).is_empty() {
            return self.say(Tone::Amber, tr!("Touchez le nom de la personne qui remet l'enfant."));
        }
        self.leave_by(now, &leaving, &destination, departing.by, witness);
    }

    /// Records departures, all in one transaction: from the open dialog, or to school, a club or another lieu.
    pub fn leave(&mut self, now: Now, children: &[ChildId], destination: &Destination) {
        let shown = match &self.dialog {
            Some(Open::Departure(departing)) => departing.by,
            _ => None,
        };
        self.leave_by(now, children, destination, shown, None);
    }

    fn leave_by(&mut self, now: Now, children: &[ChildId], destination: &Destination, shown: Option<By>, by: Option<StaffId>) {
        let left = |child: &ChildId| {
            let detail = Detail::Left { to: destination.to, person: destination.person };
            Said {
                note: destination.note.clone(),
                bound_for: destination.bound_for,
                reason: destination.reason,
                authority: destination.authority,
                actor: by,
                ..Said::touch(Kind::Left, *child, detail).by(shown)
            }
        };
        if self.record(now, children.iter().map(left).collect()) {
            self.dialog = None;
            self.several = None;
            self.notice = None;
            let text = match self.minutes_past_the_end() {
                Some(minutes) => tr!(
                    "{names}, départ {hour} ({n} minute après l'heure)" | "{names}, départ {hour} ({n} minutes après l'heure)" % minutes,
                    names = self.first_names(children),
                    hour = words::time(self.time)
                ),
                None => tr!("{}, départ {}", self.first_names(children), words::time(self.time)),
            };
            self.offer_undo(now, text);
        }
    }

    /// The row by which a person may take a child today.
    pub(super) fn allowed(&self, child: ChildId, person: PersonId) -> Option<&Adult> {
        self.roster.allowed(child, self.day).into_iter().find(|a| a.person == person)
    }
}
