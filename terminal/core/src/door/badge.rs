//! A card at the reader. It says that the card is here, not who holds it: it
//! opens the departure screen, and never closes a departure by itself.

use super::drafts::By;
use super::hours::NOON;
use super::{Door, NAMED_MS, Named, Open};
use crate::clock::Now;
use crate::view::{TileState, Tone};
use hardware::uid::{BadgeUid, UidError};
use shared::id::{BadgeId, ChildId, PersonId, StaffId};
use shared::roster::{BadgeHolder, Recording};

impl Door {
    /// A reader has sent this text.
    pub(super) fn badge_shown(&mut self, now: Now, text: &str) {
        let instead = self.instead_of_a_card();
        let uid = match BadgeUid::parse(text) {
            Ok(uid) => uid,
            Err(error) => {
                return self.say(Tone::Amber, unreadable(error, &instead));
            }
        };
        if uid.is_random() {
            return self.say(
                Tone::Amber,
                tr!("Ce téléphone ou cette carte change de numéro à chaque passage : il ne peut pas servir de badge. {instead}.", instead),
            );
        }
        let Some(badge) = self.roster.badge(&uid) else {
            let number = uid.to_string();
            let end = number.get(number.len().saturating_sub(4)..).unwrap_or_default();
            return self.say(
                Tone::Amber,
                tr!("Carte inconnue (numéro finissant par {end}). {instead} ; l'administration peut rattacher la carte.", end, instead),
            );
        };
        let (id, holder) = (badge.id, badge.holder);
        match holder {
            BadgeHolder::Staff(staff) => self.staff_badge(now, id, staff),
            BadgeHolder::Household(household) => {
                let children = self.roster.children_of_households(&[household]);
                self.family_comes(now, By::Badge(id), &children, None);
            }
            BadgeHolder::Person(person) => self.person_comes(now, By::Badge(id), person),
        }
    }

    /// Says that its holder came to work, names who acts for a minute, and takes a pinned alert away.
    fn staff_badge(&mut self, now: Now, badge: BadgeId, id: StaffId) {
        if self.roster.staff(id).is_none() {
            return self.say(Tone::Amber, tr!("Cette carte n'est plus celle d'un membre de l'équipe de ce site."));
        }
        self.let_the_team_in(now);
        let was_asked = self.named_by_dialog();
        self.staff = Some(Named { staff: id, until_ms: now.boottime_ms.saturating_add(NAMED_MS), by_pin: false });
        if !was_asked && self.dialog == Some(Open::Team) {
            return self.comes_or_goes(now, id, Some(badge));
        }
        if !self.comes_to_work(now, id, Some(badge)) {
            // The screen says in red why not; an alert was read by a named adult all the same.
            self.pinned = None;
            return;
        }
        if self.dialog == Some(Open::Sign) {
            return self.sign_by_card(now, badge, id);
        }
        self.say_named(id);
        self.see_named(now, id);
    }

    /// A telephone and a code were right.
    pub(super) fn person_without_card(&mut self, now: Now, person: PersonId) {
        self.person_comes(now, By::Code(person), person);
    }

    /// An adult's own card or code: only children whom this adult may take, and the alert before anything else.
    fn person_comes(&mut self, now: Now, by: By, person: PersonId) {
        let children = self.roster.children_of_person(person, self.day);
        // The one whom the bar protects may be a brother for whom the same adult was typed apart.
        let siblings = children.iter().flat_map(|child| self.roster.siblings(*child));
        let concerned: Vec<ChildId> = children.iter().copied().chain(siblings).collect();
        if self.alert_if_barred(&concerned, person) {
            return;
        }
        let allowed: Vec<ChildId> = children.into_iter().filter(|child| self.allowed(*child, person).is_some()).collect();
        self.family_comes(now, by, &allowed, Some(person));
    }

    /// Children of one card or code: those who are awaited arrive together, or the departure screen opens for those who are here.
    fn family_comes(&mut self, now: Now, by: By, children: &[ChildId], person: Option<PersonId>) {
        if children.is_empty() {
            let text = match by {
                By::Badge(_) => tr!("Cette carte ne correspond aujourd'hui à aucun enfant de ce site."),
                By::Code(_) => tr!("Ce code ne correspond aujourd'hui à aucun enfant de ce site."),
            };
            return self.say(Tone::Amber, text);
        }
        if self.records_at_handing_over() {
            let names = self.first_names(children);
            return self.say(Tone::Calm, tr!("{names} : l'équipe note l'heure quand l'enfant lui est confié, ou vous est rendu.", names));
        }
        let with_state = |wanted: &[TileState]| -> Vec<ChildId> {
            children.iter().copied().filter(|c| self.standing(*c).is_some_and(|s| wanted.contains(&s.state))).collect()
        };
        let awaited = with_state(&[TileState::Expected, TileState::Late]);
        let here = with_state(&[TileState::Present]);
        // The same card held twice is one arrival.
        if !here.is_empty() && awaited.is_empty() && here.iter().all(|c| self.is_echo(*c)) {
            return;
        }
        if self.recording() == Some(Recording::Appel) {
            awaited.iter().chain(&here).for_each(|child| self.tick_present(*child));
            return self.say(Tone::Calm, tr!("{} : coché pour l'appel.", self.first_names(children)));
        }
        let leaving =
            self.recording() == Some(Recording::Depart) || (!here.is_empty() && (awaited.is_empty() || self.is_late_in_the_moment()));
        let to_take = if here.is_empty() { &awaited } else { &here };
        match (leaving, to_take.first()) {
            (true, Some(first)) => self.departure_by_card(*first, children, by, person),
            (false, _) if !awaited.is_empty() => self.arrive(now, &awaited, Some(by)),
            _ => {
                // Nobody is awaited now: the card proposes, a person decides.
                let ticked = children.len() == 1;
                self.dialog = Some(Open::Arrival { choices: children.iter().map(|c| (*c, ticked)).collect(), by: Some(by) });
            }
        }
    }

    fn departure_by_card(&mut self, first: ChildId, children: &[ChildId], by: By, person: Option<PersonId>) {
        self.open_departure(first, Some(by));
        // Another adult's children stay out of it, even in one household.
        if let Some(Open::Departure(departing)) = &mut self.dialog {
            departing.siblings.retain(|(sibling, _)| children.contains(sibling));
        }
        if let Some(person) = person {
            self.adult_chosen(person);
        }
    }

    /// Whether the moment is past its middle: before, a card of a family with one child here brings the other; after, it fetches.
    fn is_late_in_the_moment(&self) -> bool {
        match self.activity().map(|a| (a.recording, a.starts, a.ends)) {
            Some((Recording::Arrivee, _, _)) => false,
            Some((_, Some(from), Some(to))) => self.time >= from + (to - from) / 2,
            // Without a window, a card fetches from noon on.
            _ => self.time >= NOON,
        }
    }
}

fn unreadable(why: UidError, instead: &str) -> String {
    match why {
        UidError::NotHexadecimal => {
            tr!("Carte illisible : ce que le lecteur a envoyé n'est pas un numéro de carte. Présentez-la de nouveau. {instead}.", instead)
        }
        UidError::Length => tr!(
            "Carte illisible : le numéro lu n'a pas la longueur d'un numéro de carte (4, 7 ou 10 octets). Présentez-la de nouveau. \
             {instead}.",
            instead
        ),
    }
}
