//! A child leaves: with whom is asked each time, by name, among those who may.

use super::drafts::Said;
use super::hours::Hour;
use super::{Door, Open, words};
use crate::clock::Now;
use crate::view::{TileState, Tone};
use shared::id::{BadgeId, ChildId, PersonId, StaffId};
use shared::journal::{Detail, Kind, LeftTo};
use shared::name::folded;
use shared::roster::Adult;

/// Longest name of another adult that is kept, in characters.
const OTHER_CHARS_MAX: usize = 120;

/// With whom, or where, children leave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Destination {
    /// As it is sealed.
    pub to: LeftTo,
    /// The adult, where the roster knows one.
    pub person: Option<PersonId>,
    /// A stranger's name: goes in a note, sealed by its hash only.
    pub note: Option<String>,
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
    /// The card that opened the screen.
    pub badge: Option<BadgeId>,
    /// CLOCK_BOOTTIME of its opening.
    pub opened_ms: u64,
    /// The moment is over: a touch no longer says when (see [`super::late`]).
    pub asks_hour: bool,
    /// The hour, once said.
    pub hour: Option<Hour>,
}

/// With whom a child leaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum With {
    /// An adult of the list.
    Adult(PersonId),
    /// Somebody whose name was typed.
    Other(String),
    /// Without an adult.
    Alone,
}

impl Departing {
    /// All who leave.
    pub fn leaving(&self) -> Vec<ChildId> {
        std::iter::once(self.child).chain(self.siblings.iter().filter(|(_, ticked)| *ticked).map(|(s, _)| *s)).collect()
    }
}

impl Door {
    /// "Who takes this child?", with brothers and sisters who are here too.
    pub(super) fn open_departure(&mut self, child: ChildId, badge: Option<BadgeId>) {
        let here = |sibling: &ChildId| self.standing(*sibling).is_some_and(|s| s.state == TileState::Present);
        let siblings: Vec<(ChildId, bool)> = self.roster.siblings(child).into_iter().filter(here).map(|s| (s, true)).collect();
        let (opened_ms, asks_hour) = (self.boottime_ms, self.is_over());
        self.dialog = Some(Open::Departure(Departing { child, with: None, siblings, badge, opened_ms, asks_hour, hour: None }));
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
            let text = format!("{} {} : pas avant {}.", adult.first_name, adult.last_name, words::time(hour));
            return self.say(Tone::Amber, text);
        }
        // A brother or sister whom this adult may not take stays: half-brothers have other rights.
        let may_take = |sibling: ChildId| self.allowed(sibling, person).is_some_and(|a| a.not_before.is_none_or(|hour| self.time >= hour));
        let siblings = departing.siblings.iter().map(|(s, ticked)| (*s, *ticked && may_take(*s))).collect();
        self.dialog = Some(Open::Departure(Departing { with: Some(With::Adult(person)), siblings, ..departing }));
    }

    /// "Quelqu'un d'autre": compared with barred adults first, then with the list; else kept until somebody confirms.
    pub(super) fn other_adult(&mut self, typed: &str) {
        let Some(Open::Departure(departing)) = self.dialog.clone() else { return };
        let typed: String = typed.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(OTHER_CHARS_MAX).collect();
        if typed.is_empty() {
            return self.say(Tone::Amber, "Écrivez le nom de la personne qui vient.");
        }
        let concerned: Vec<ChildId> = std::iter::once(departing.child).chain(departing.siblings.iter().map(|(s, _)| *s)).collect();
        if self.alert_if_named(&concerned, &typed) {
            return;
        }
        let full_name = |a: &&Adult| folded(&format!("{} {}", a.first_name, a.last_name)) == folded(&typed);
        if let Some(known) = self.roster.allowed(departing.child, self.day).into_iter().find(full_name).map(|a| a.person) {
            return self.adult_chosen(known);
        }
        self.dialog = Some(Open::Departure(Departing { with: Some(With::Other(typed)), ..departing }));
    }

    /// "Part sans adulte": only as the parents allowed, and only for the child that was touched.
    pub(super) fn leave_alone(&mut self, now: Now) {
        let child = match &self.dialog {
            Some(Open::Departure(departing)) => departing.child,
            Some(Open::Child(child)) => *child,
            _ => return,
        };
        if !self.may_leave_alone(child) {
            let name = self.roster.first_name(child);
            let when = self.alone_hint(child).map_or_else(|| "La famille ne l'a pas autorisé.".to_owned(), |hint| format!("{hint}."));
            return self.say(Tone::Amber, format!("{name} ne part pas sans adulte. {when}"));
        }
        if self.is_over() && matches!(self.dialog, Some(Open::Child(_))) {
            self.open_departure(child, None);
        }
        match &mut self.dialog {
            // The hour is still to be said.
            Some(Open::Departure(departing)) if departing.asks_hour => {
                departing.with = Some(With::Alone);
                departing.siblings.iter_mut().for_each(|(_, ticked)| *ticked = false);
            }
            _ => self.leave(now, &[child], &Destination { to: LeftTo::Alone, person: None, note: None }),
        }
    }

    /// Records the departure of the open screen; `witness` is the member of staff who was touched as having seen it.
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
                        format!("Cette personne n'est pas sur la liste pour {name} : décochez {name}, ou choisissez quelqu'un d'autre."),
                    );
                }
                Destination { to: LeftTo::Person, person: Some(person), note: None }
            }
            Some(With::Other(name)) => Destination { to: LeftTo::Person, person: None, note: Some(name) },
            Some(With::Alone) => Destination { to: LeftTo::Alone, person: None, note: None },
            None => return self.say(Tone::Amber, "Touchez d'abord la personne qui vient."),
        };
        if departing.asks_hour {
            return self.leave_late(now, &departing, &destination, witness);
        }
        self.leave_by(now, &leaving, &destination, departing.badge);
    }

    /// Records departures, all in one transaction: from the open dialog, or to school, a club or another lieu.
    pub fn leave(&mut self, now: Now, children: &[ChildId], destination: &Destination) {
        let badge = match &self.dialog {
            Some(Open::Departure(departing)) => departing.badge,
            _ => None,
        };
        self.leave_by(now, children, destination, badge);
    }

    pub(super) fn leave_by(&mut self, now: Now, children: &[ChildId], destination: &Destination, badge: Option<BadgeId>) {
        let left = |child: &ChildId| {
            let detail = Detail::Left { to: destination.to, person: destination.person };
            Said { note: destination.note.clone(), ..Said::touch(Kind::Left, *child, detail).by(badge) }
        };
        if self.record(now, children.iter().map(left).collect()) {
            self.dialog = None;
            self.notice = None;
            let text = format!("{}, départ {}", self.first_names(children), words::time(self.time));
            self.offer_undo(now, text);
        }
    }

    /// The row by which a person may take a child today.
    pub(super) fn allowed(&self, child: ChildId, person: PersonId) -> Option<&Adult> {
        self.roster.allowed(child, self.day).into_iter().find(|a| a.person == person)
    }

    pub(super) fn may_leave_alone(&self, child: ChildId) -> bool {
        let Some(child) = self.roster.children.get(&child) else { return false };
        child.alone_from.is_some_and(|from| self.time >= from && self.is_alone_day(child))
    }

    pub(super) fn alone_hint(&self, child: ChildId) -> Option<String> {
        let child = self.roster.children.get(&child)?;
        let from = child.alone_from.filter(|_| self.is_alone_day(child))?;
        Some(format!("Part sans adulte à partir de {}", words::time(from)))
    }

    fn is_alone_day(&self, child: &shared::roster::Child) -> bool {
        child.alone_days.is_empty() || child.alone_days.contains(chrono::Datelike::weekday(&self.day))
    }
}
