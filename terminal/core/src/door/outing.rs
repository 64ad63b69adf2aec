//! Outings ("Sortie"): who leaves together, counted on the way, and back together or one by one.
//!
//! Whoever is on an outing is still here for bookings, bills and ratios: the team has them. A child whom a parent takes on the way leaves
//! by an ordinary departure on the board, and is not looked for any more.

use super::drafts::Said;
use super::on_site::{OnSite, Whereabouts};
use super::{Door, Open, words};
use crate::clock::Now;
use crate::entropy::bytes;
use crate::view::Tone;
use shared::fold::Outing;
use shared::id::{ChildId, uuid_v7};
use shared::journal::{Detail, Evidence, Kind, Someone};
use shared::name::one_line;
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// Longest label of an outing, in characters.
const LABEL_CHARS_MAX: usize = 40;

/// An outing that is being made up.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Choosing {
    pub chosen: BTreeSet<Someone>,
    /// The chosen group; empty for all.
    pub group: String,
}

/// An outing that is being counted, or comes back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Counting {
    pub outing: Uuid,
    pub ticked: BTreeSet<Someone>,
}

impl Door {
    /// "Sortie": who goes, and where.
    pub(super) fn outing_asked(&mut self) {
        if self.identity.is_some() {
            self.dialog = Some(Open::OutingChoice(Choosing::default()));
        }
    }

    /// An outing that is away, to be counted or brought back.
    pub(super) fn open_outing(&mut self, outing: Uuid) {
        if self.outings_away().any(|(of, _)| of.id == outing) {
            self.dialog = Some(Open::Outing(Counting { outing, ticked: BTreeSet::new() }));
        }
    }

    /// Somebody of the open list is touched.
    pub(super) fn outing_person(&mut self, who: Someone) {
        let set = match &mut self.dialog {
            Some(Open::OutingChoice(choosing)) => &mut choosing.chosen,
            Some(Open::Outing(counting)) => &mut counting.ticked,
            _ => return,
        };
        if !set.remove(&who) {
            set.insert(who);
        }
    }

    pub(super) fn outing_group(&mut self, key: String) {
        if let Some(Open::OutingChoice(choosing)) = &mut self.dialog {
            choosing.group = key;
        }
    }

    /// All of the list in sight, or none where all are ticked already.
    pub(super) fn outing_all(&mut self) {
        let listed: BTreeSet<Someone> = match &self.dialog {
            Some(Open::OutingChoice(choosing)) => self.may_go(&choosing.group).into_keys().collect(),
            Some(Open::Outing(counting)) => self.away(counting.outing).into_iter().collect(),
            _ => return,
        };
        let set = match &mut self.dialog {
            Some(Open::OutingChoice(choosing)) => &mut choosing.chosen,
            Some(Open::Outing(counting)) => &mut counting.ticked,
            _ => return,
        };
        if listed.is_subset(set) {
            set.retain(|who| !listed.contains(who));
        } else {
            set.extend(listed);
        }
    }

    /// They leave: one entry each, in one transaction.
    pub(super) fn outing_leaves(&mut self, now: Now, typed: &str) {
        let Some(Open::OutingChoice(choosing)) = self.dialog.clone() else { return };
        let label = one_line(typed, LABEL_CHARS_MAX);
        if label.is_empty() {
            return self.say(Tone::Amber, tr!("Écrivez ou touchez où va la sortie."));
        }
        // Whoever left the site since they were ticked doesn't go.
        let here = self.may_go("");
        let going: Vec<(&Someone, &OnSite)> = here.iter().filter(|(who, _)| choosing.chosen.contains(who)).collect();
        if going.is_empty() {
            return self.say(Tone::Amber, tr!("Touchez d'abord qui part."));
        }
        let Some(outing) = self.name_of_new(now) else { return };
        let left = |(who, on_site): (&Someone, &OnSite)| {
            let detail = Detail::OutingLeft { outing, who: *who, label: label.clone() };
            Said { slot: Some(on_site.slot.clone()), ..about(*who, Kind::OutingLeft, detail) }
        };
        let said = going.iter().map(|one| left(*one)).collect();
        let text = tr!("{label} : {party}", label, party = party(going.iter().map(|(who, _)| **who)));
        if self.record(now, said) {
            self.dialog = None;
            self.notice = None;
            self.offer_undo(now, text);
        }
    }

    /// "Valider le comptage": those who are ticked are there, the others missing.
    pub(super) fn outing_counted(&mut self, now: Now) {
        let Some(Open::Outing(counting)) = self.dialog.clone() else { return };
        let away = self.away(counting.outing);
        if away.is_empty() {
            return;
        }
        let Some(count) = self.name_of_new(now) else { return };
        let outing = counting.outing;
        let slots = self.on_site(None);
        let counted = |who: &Someone| {
            let here = counting.ticked.contains(who);
            let slot = slots.get(who).map(|on_site| on_site.slot.clone());
            Said { slot, ..about(*who, Kind::OutingCounted, Detail::OutingCounted { outing, count, who: *who, here }) }
        };
        if self.record(now, away.iter().map(counted).collect()) {
            self.notice = None;
            self.dialog = Some(Open::Outing(Counting { outing, ticked: BTreeSet::new() }));
        }
    }

    /// "Retour": those who are ticked, or all where nobody is.
    pub(super) fn outing_back(&mut self, now: Now) {
        let Some(Open::Outing(counting)) = self.dialog.clone() else { return };
        let outing = counting.outing;
        let back: Vec<Someone> =
            self.away(outing).into_iter().filter(|who| counting.ticked.is_empty() || counting.ticked.contains(who)).collect();
        let slots = self.on_site(None);
        let said = back.iter().map(|who| {
            let slot = slots.get(who).map(|on_site| on_site.slot.clone());
            Said { slot, ..about(*who, Kind::OutingBack, Detail::OutingBack { outing, who: *who }) }
        });
        let said = said.collect();
        if back.is_empty() || !self.record(now, said) {
            return;
        }
        self.notice = None;
        self.dialog = (!self.away(outing).is_empty()).then(|| Open::Outing(Counting { outing, ticked: BTreeSet::new() }));
        self.offer_undo(now, tr!("De retour : {}", party(back.into_iter())));
    }

    /// Who may go: here, and on no other outing.
    pub(super) fn may_go(&self, group: &str) -> BTreeMap<Someone, OnSite> {
        let here = self.on_site(None).into_iter().filter(|(_, on_site)| on_site.place == Whereabouts::Here);
        here.filter(|(who, on_site)| group.is_empty() || self.shown(*who, on_site.slot.centre).group.0 == group).collect()
    }

    /// Who is away with an outing: who left with it, is not back, and was not taken home.
    pub(super) fn away(&self, outing: Uuid) -> Vec<Someone> {
        self.outings_away().find(|(of, _)| of.id == outing).map(|(_, away)| away).unwrap_or_default()
    }

    /// Outings of the site that are away now, with who is.
    pub(super) fn outings_away(&self) -> impl Iterator<Item = (&Outing, Vec<Someone>)> {
        let people = if self.attendance.outings.is_empty() { BTreeMap::new() } else { self.on_site(None) };
        let site = self.identity.as_ref().map(|identity| identity.site);
        self.attendance.outings.iter().filter(move |outing| Some(outing.site) == site).filter_map(move |outing| {
            let with = |who: &Someone| people.get(who).is_some_and(|at| at.outing() == Some(outing.id));
            let away: Vec<Someone> = outing.people.keys().copied().filter(|who| with(who)).collect();
            (!away.is_empty()).then_some((outing, away))
        })
    }

    fn name_of_new(&mut self, now: Now) -> Option<Uuid> {
        match bytes(self.entropy.as_mut()) {
            Ok(random) => Some(uuid_v7(now.wall_ms, random)),
            Err(error) => {
                self.say(Tone::Red, error.in_words());
                None
            }
        }
    }
}

/// A fact about one of an outing.
fn about(who: Someone, kind: Kind, detail: Detail) -> Said {
    Said { child: who.child(), evidence: Evidence::RollCall, ..Said::touch(kind, ChildId::NIL, detail) }
}

/// "12 enfants et 2 adultes".
pub(super) fn party(people: impl Iterator<Item = Someone>) -> String {
    let (children, adults): (Vec<Someone>, Vec<Someone>) = people.partition(|who| who.child().is_some());
    let (some_children, some_adults) = (!children.is_empty(), !adults.is_empty());
    let children = tr!("{n} enfant" | "{n} enfants" % children.len());
    let adults = tr!("{n} adulte" | "{n} adultes" % adults.len());
    match (some_children, some_adults) {
        (_, false) => children,
        (false, true) => adults,
        (true, true) => words::list(&[children, adults]),
    }
}
