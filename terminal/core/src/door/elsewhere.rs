//! A child leaves otherwise than with an adult of the list: with somebody whose name is typed, alone, to school, to a club, by bus to a
//! lieu of another site, or with the emergency services.
//!
//! Somebody who isn't on the list is the door's weakest place: a name that is compared with barred adults first, how the family said
//! so, an identity card that was seen, and a member of staff who puts a name to it. All four are sealed.

use super::depart::{Departing, With};
use super::{Door, Open, words};
use crate::clock::Now;
use crate::roster::Roster;
use crate::view::{CentreChoice, ElsewhereChoice, FamilyWord, Tone, Way};
use shared::id::ChildId;
use shared::journal::LeftTo;
use shared::name::{folded, one_line};
use shared::roster::Adult;

/// Longest name of another adult or of a club that is kept, in characters.
const NAME_CHARS_MAX: usize = 120;
/// The kind of a lieu whose children go home, and nowhere else.
const CRECHE: &str = "eaje";

impl FamilyWord {
    /// As it is sealed.
    pub(super) fn reason(self) -> &'static str {
        match self {
            Self::Called => "appel_de_la_famille",
            Self::WasCalled => "appel_a_la_famille",
            Self::Wrote => "ecrit_de_la_famille",
        }
    }
}

impl Way {
    pub(super) fn to(&self) -> LeftTo {
        match self {
            Self::School => LeftTo::School,
            Self::Club(_) => LeftTo::Club,
            Self::OtherCentre(_) => LeftTo::Transfer,
            Self::Emergency => LeftTo::Emergency,
        }
    }

    /// "à l'école": after "Léa part".
    pub(super) fn words(&self, roster: &Roster) -> String {
        match self {
            Self::OtherCentre(centre) => {
                let name = roster.other_centres.iter().find(|other| other.id == *centre).map_or("", |other| other.name.as_str());
                tr!(" en car, vers {name}", name)
            }
            Self::School => tr!(" à l’école"),
            Self::Club(name) if name.is_empty() => tr!(" à un club"),
            Self::Club(name) => tr!(" au club ({name})", name),
            Self::Emergency => tr!(" avec les secours"),
        }
    }
}

impl With {
    pub(super) fn elsewhere(&self) -> Option<ElsewhereChoice> {
        match self {
            Self::Adult(_) => None,
            Self::Other(..) => Some(ElsewhereChoice::OtherAdult),
            Self::Alone => Some(ElsewhereChoice::Alone),
            Self::Way(_) => Some(ElsewhereChoice::Way),
        }
    }
}

impl Door {
    /// "Quelqu'un d'autre": compared with barred adults first, then with the list; else kept until somebody confirms.
    pub(super) fn other_adult(&mut self, typed: &str, word: FamilyWord) {
        let Some(Open::Departure(departing)) = self.dialog.clone() else { return };
        let typed = one_line(typed, NAME_CHARS_MAX);
        if typed.is_empty() {
            return self.say(Tone::Amber, tr!("Écrivez le nom de la personne qui vient."));
        }
        let concerned: Vec<ChildId> = std::iter::once(departing.child).chain(departing.siblings.iter().map(|(s, _)| *s)).collect();
        if self.alert_if_named(&concerned, &typed) {
            return;
        }
        let full_name = |a: &&Adult| folded(&format!("{} {}", a.first_name, a.last_name)) == folded(&typed);
        if let Some(known) = self.roster.allowed(departing.child, self.day).into_iter().find(full_name).map(|a| a.person) {
            return self.adult_chosen(known);
        }
        self.dialog = Some(Open::Departure(Departing { with: Some(With::Other(typed, word)), identity_seen: false, ..departing }));
    }

    /// "Pièce d'identité vue", said or taken back.
    pub(super) fn identity_ticked(&mut self) {
        if let Some(Open::Departure(departing)) = &mut self.dialog {
            departing.identity_seen = !departing.identity_seen;
        }
    }

    /// Whether an identity card is to be seen before the child is handed over. A departure in the past is recorded as it was.
    pub(super) fn asks_identity(&self, departing: &Departing) -> bool {
        let of_whom = match &departing.with {
            Some(With::Other(..)) => true,
            Some(With::Adult(person)) => departing.leaving().iter().any(|c| self.allowed(*c, *person).is_some_and(|a| a.identity_check)),
            _ => false,
        };
        of_whom && !departing.is_in_the_past()
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
            let when = self.alone_hint(child).map_or_else(|| tr!("La famille ne l'a pas autorisé."), |hint| format!("{hint}."));
            return self.say(Tone::Amber, tr!("{name} ne part pas sans adulte. {when}", name, when));
        }
        if self.is_over() && matches!(self.dialog, Some(Open::Child(_))) {
            self.open_departure(child, None);
        }
        match &mut self.dialog {
            // The hour is still to be said.
            Some(Open::Departure(departing)) if departing.asks_hour => {
                departing.with = Some(With::Alone);
                departing.untick_siblings();
            }
            _ => self.leave(now, &[child], &super::Destination::of(LeftTo::Alone)),
        }
    }

    /// To school, to a club, by bus to another site, with the emergency services. Brothers and sisters may go to school or by bus
    /// together, and those who were chosen together to a club too; else the child goes by itself.
    pub(super) fn way_chosen(&mut self, way: Way) {
        let Some(Open::Departure(mut departing)) = self.dialog.clone() else { return };
        let may_be = match &way {
            Way::School | Way::Club(_) => self.sends_to_school(),
            Way::OtherCentre(centre) => self.other_centres().iter().any(|other| other.centre == *centre),
            Way::Emergency => true,
        };
        if !may_be {
            return;
        }
        let together = matches!(way, Way::School | Way::OtherCentre(_)) || (departing.several && way != Way::Emergency);
        if !together {
            departing.untick_siblings();
        }
        let way = if let Way::Club(name) = way { Way::Club(one_line(&name, NAME_CHARS_MAX)) } else { way };
        departing.with = Some(With::Way(way));
        self.dialog = Some(Open::Departure(departing));
    }

    /// Where a bus may take a child of the moment's lieu: nobody leaves a crèche so, and every organisation sees only its own.
    pub(super) fn other_centres(&self) -> Vec<CentreChoice> {
        let organisation = self.activity().and_then(|activity| self.organisation(Some(activity.centre)));
        let others = self.roster.other_centres.iter().filter(|other| self.sends_to_school() && Some(other.organisation) == organisation);
        others.map(|other| CentreChoice { centre: other.id, name: other.name.clone() }).collect()
    }

    /// Whether the child's lieu of the moment is one of school children.
    pub(super) fn sends_to_school(&self) -> bool {
        let centre = self.activity().and_then(|a| self.roster.centres.get(&a.centre));
        centre.is_some_and(|centre| centre.kind != CRECHE)
    }

    pub(super) fn may_leave_alone(&self, child: ChildId) -> bool {
        let Some(child) = self.roster.children.get(&child) else { return false };
        child.alone_from.is_some_and(|from| self.time >= from && self.is_alone_day(child))
    }

    pub(super) fn alone_hint(&self, child: ChildId) -> Option<String> {
        let child = self.roster.children.get(&child)?;
        let from = child.alone_from.filter(|_| self.is_alone_day(child))?;
        Some(tr!("Part sans adulte à partir de {}", words::time(from)))
    }

    fn is_alone_day(&self, child: &shared::roster::Child) -> bool {
        child.alone_days.is_empty() || child.alone_days.contains(chrono::Datelike::weekday(&self.day))
    }
}
