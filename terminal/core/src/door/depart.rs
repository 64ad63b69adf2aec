//! A child leaves: with whom is asked each time, by name, among those who may.

use super::drafts::Said;
use super::{Door, Open, words};
use crate::clock::Now;
use crate::view::{TileState, Tone};
use shared::id::{BadgeId, ChildId, PersonId};
use shared::journal::{Detail, Evidence, Kind, LeftTo};
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

impl Door {
    /// "Who takes this child?", with brothers and sisters who are here too.
    pub(super) fn open_departure(&mut self, child: ChildId, badge: Option<BadgeId>) {
        let here = |sibling: &ChildId| self.standing(*sibling).is_some_and(|s| s.state == TileState::Present);
        let siblings: Vec<(ChildId, bool)> = self.roster.siblings(child).into_iter().filter(here).map(|s| (s, true)).collect();
        self.dialog = Some(Open::Departure { child, chosen: None, other: None, siblings, badge });
    }

    /// An adult of the list was touched.
    pub(super) fn adult_chosen(&mut self, person: PersonId) {
        let Some(Open::Departure { child, siblings, badge, .. }) = self.dialog.clone() else { return };
        if self.alert_if_barred(&[child], person) {
            return;
        }
        let Some(adult) = self.allowed(child, person) else { return };
        if let Some(hour) = adult.not_before.filter(|hour| self.time < *hour) {
            let text = format!("{} {} : pas avant {}.", adult.first_name, adult.last_name, words::time(hour));
            return self.say(Tone::Amber, text);
        }
        // A brother or sister whom this adult may not take stays: half-brothers have other rights.
        let may_take = |sibling: ChildId| self.allowed(sibling, person).is_some_and(|a| a.not_before.is_none_or(|hour| self.time >= hour));
        let siblings = siblings.into_iter().map(|(s, ticked)| (s, ticked && may_take(s))).collect();
        self.dialog = Some(Open::Departure { child, chosen: Some(person), other: None, siblings, badge });
    }

    /// "Quelqu'un d'autre": compared with barred adults first, then with the list; else kept until somebody confirms.
    pub(super) fn other_adult(&mut self, typed: &str) {
        let Some(Open::Departure { child, siblings, badge, .. }) = self.dialog.clone() else { return };
        let typed: String = typed.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(OTHER_CHARS_MAX).collect();
        if typed.is_empty() {
            return self.say(Tone::Amber, "Écrivez le nom de la personne qui vient.");
        }
        let concerned: Vec<ChildId> = std::iter::once(child).chain(siblings.iter().map(|(s, _)| *s)).collect();
        if self.alert_if_named(&concerned, &typed) {
            return;
        }
        let full_name = |a: &&Adult| folded(&format!("{} {}", a.first_name, a.last_name)) == folded(&typed);
        if let Some(known) = self.roster.allowed(child, self.day).into_iter().find(full_name).map(|a| a.person) {
            return self.adult_chosen(known);
        }
        self.dialog = Some(Open::Departure { child, chosen: None, other: Some(typed), siblings, badge });
    }

    /// "Part sans adulte": only as the parents allowed, and only for the child that was touched.
    pub(super) fn leave_alone(&mut self, now: Now) {
        let child = match self.dialog {
            Some(Open::Departure { child, .. } | Open::Child(child)) => child,
            _ => return,
        };
        if !self.may_leave_alone(child) {
            let name = self.roster.first_name(child);
            let when = self.alone_hint(child).map_or_else(|| "La famille ne l'a pas autorisé.".to_owned(), |hint| format!("{hint}."));
            return self.say(Tone::Amber, format!("{name} ne part pas sans adulte. {when}"));
        }
        self.leave(now, &[child], &Destination { to: LeftTo::Alone, person: None, note: None });
    }

    pub(super) fn confirm_departure(&mut self, now: Now) {
        let Some(Open::Departure { child, chosen, other, siblings, badge }) = self.dialog.clone() else { return };
        let leaving: Vec<ChildId> = std::iter::once(child).chain(siblings.into_iter().filter(|(_, t)| *t).map(|(s, _)| s)).collect();
        let destination = match (chosen, other) {
            (Some(person), _) => {
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
            (None, Some(name)) => Destination { to: LeftTo::Person, person: None, note: Some(name) },
            (None, None) => return self.say(Tone::Amber, "Touchez d'abord la personne qui vient."),
        };
        self.leave_by(now, &leaving, &destination, badge);
    }

    /// Records departures, all in one transaction: from the open dialog, or to school, a club or another lieu.
    pub fn leave(&mut self, now: Now, children: &[ChildId], destination: &Destination) {
        let badge = match self.dialog {
            Some(Open::Departure { badge, .. }) => badge,
            _ => None,
        };
        self.leave_by(now, children, destination, badge);
    }

    fn leave_by(&mut self, now: Now, children: &[ChildId], destination: &Destination, badge: Option<BadgeId>) {
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

    /// A departure that nobody recorded in time: who saw it says when. The tablet never makes a time up.
    pub fn declare_departure(&mut self, now: Now, child: ChildId, at_ms: i64, destination: &Destination) {
        let detail = Detail::Left { to: destination.to, person: destination.person };
        let said = Said {
            evidence: Evidence::Declared,
            happened_at_ms: Some(at_ms),
            reason: "depart_oublie",
            note: destination.note.clone(),
            ..Said::touch(Kind::Left, child, detail)
        };
        if self.record(now, vec![said]) {
            self.dialog = None;
            let text = format!("{}, départ {}", self.roster.first_name(child), words::time_ms(at_ms));
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
