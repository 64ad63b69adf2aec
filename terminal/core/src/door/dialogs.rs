//! The screens in front of the board, as the window paints them.

use super::board::hue;
use super::depart::{Departing, With};
use super::hours::Hour;
use super::{Door, Open, words};
use crate::view::{AdultCard, ChildDialog, Choice, DepartureDialog, Dialog, NoteCard, PhotoHash, TileState};
use shared::id::{ChildId, PersonId};
use shared::name::initials;
use shared::roster::Adult;
use shared::wire::Bytes;

impl Door {
    pub(super) fn paint_dialog(&self) -> Option<Dialog> {
        Some(match self.dialog.as_ref()? {
            Open::Arrival { choices, .. } => Dialog::Arrival(self.choices(choices)),
            Open::Departure(departing) => Dialog::Departure(self.departure(departing)),
            Open::Child(child) => Dialog::Child(self.child_dialog(*child)?),
            Open::Correction(correcting) => Dialog::Time(self.time_dialog(*correcting)?),
            Open::Sign => Dialog::Sign(self.sign_dialog()?),
            Open::Barred { child } => Dialog::Barred(self.barred_dialog(*child)),
            Open::Meals => Dialog::Meals(self.meals_dialog()),
            Open::Pin(asking) => Dialog::Pin(self.pin_dialog(asking)),
            Open::FamilyCode(typing) => Dialog::Pin(Self::family_code_dialog(typing)),
            Open::Team => Dialog::Team(self.team_dialog()),
            Open::Care(reading) => Dialog::Care(self.care_dialog(reading)?),
            Open::OutingChoice(choosing) => Dialog::OutingChoice(self.outing_choice(choosing)),
            Open::Outing(counting) => Dialog::Outing(self.outing_dialog(counting)?),
            Open::EvacuationHelp => Dialog::EvacuationHelp(self.evacuation_help()),
            Open::EvacuationReport(call) => Dialog::EvacuationReport(self.evacuation_report(*call)?),
        })
    }

    fn choices(&self, children: &[(ChildId, bool)]) -> Vec<Choice> {
        let choice = |(child, ticked): &(ChildId, bool)| Choice {
            child: *child,
            name: self.roster.full_name(*child),
            initials: self.initials(*child),
            hue: hue(child.0),
            photo: self.photo_of(*child),
            ticked: *ticked,
        };
        children.iter().map(choice).collect()
    }

    fn departure(&self, departing: &Departing) -> DepartureDialog {
        let Departing { child, siblings, .. } = departing;
        let late = self.late_departure(departing);
        let asks_identity = self.asks_identity(departing);
        let (chosen, other) = match &departing.with {
            Some(With::Adult(person)) => (Some(*person), String::new()),
            Some(With::Other(name, _)) => (None, tr!(" avec {name}", name)),
            Some(With::Alone) => (None, tr!(" sans adulte")),
            Some(With::Way(way)) => (None, way.words(&self.roster)),
            None => (None, String::new()),
        };
        // Said of the past, the whole sentence is read before somebody puts a name to it.
        let taker = chosen.filter(|_| late.is_some()).and_then(|person| self.allowed(*child, person));
        let other = taker.map_or(other, |a| tr!(" avec {name}", name = format_args!("{} {}", a.first_name, a.last_name)));
        let leaving = departing.leaving();
        let names = self.first_names(&leaving);
        let said_hour = late.as_ref().map(|late| late.hours.chosen.clone());
        let confirm = match (&said_hour, departing.hour) {
            (Some(Some(at)), Some(Hour::At(_))) => tr!("{names}, départ à {at}{how}", names, at, how = other),
            _ => tr!("{names} part{how}" | "{names} partent{how}" % leaving.len(), names, how = other),
        };
        let one = DepartureDialog {
            child: *child,
            name: self.roster.full_name(*child),
            initials: self.initials(*child),
            hue: hue(child.0),
            photo: self.photo_of(*child),
            subtitle: self.departure_subtitle(*child, late.is_some()),
            adults: self.roster.allowed(*child, self.day).into_iter().map(|a| self.adult_card(a, chosen)).collect(),
            siblings: self.choices(siblings),
            notes: if self.serves_families() { Vec::new() } else { self.notes(*child) },
            alone_hint: self.alone_hint(*child),
            may_leave_alone: self.may_leave_alone(*child),
            several: None,
            by_family: self.serves_families(),
            to_school: self.sends_to_school(),
            other_centres: self.other_centres(),
            elsewhere: departing.with.as_ref().and_then(With::elsewhere),
            identity_seen: asks_identity.then_some(departing.identity_seen),
            confirm,
            may_confirm: departing.with.is_some()
                && said_hour.is_none_or(|hour| hour.is_some())
                && (!asks_identity || departing.identity_seen),
            witnesses: self.witnesses(departing),
            late,
        };
        if departing.several { self.of_several(one, &leaving) } else { one }
    }

    /// The same of children that were chosen on the board: they have no more in common than those who may take them all.
    fn of_several(&self, one: DepartureDialog, leaving: &[ChildId]) -> DepartureDialog {
        let count = leaving.len();
        let takes_all = |card: &AdultCard| leaving.iter().all(|child| self.allowed(*child, card.person).is_some());
        DepartureDialog {
            name: tr!("{n} enfant" | "{n} enfants" % count),
            initials: count.to_string(),
            photo: None,
            subtitle: match one.late {
                Some(_) => tr!("Qui est venu, et quand ?"),
                None => tr!("Il est {} · avec qui partent-ils, et où ?", words::time(self.time)),
            },
            adults: one.adults.into_iter().filter(takes_all).collect(),
            siblings: Vec::new(),
            notes: Vec::new(),
            alone_hint: None,
            may_leave_alone: false,
            several: u32::try_from(count).ok(),
            ..one
        }
    }

    fn departure_subtitle(&self, child: ChildId, late: bool) -> String {
        let since = self.standing(child).and_then(|s| s.since_ms).map(words::time_ms);
        let now = words::time(self.time);
        match (since, late) {
            (Some(since), true) => tr!("Arrivée à {since} · qui est venu, et quand ?", since),
            (None, true) => tr!("Qui est venu, et quand ?"),
            (Some(since), false) => tr!("Arrivée à {since} · il est {now} · qui vient ?", since, now),
            (None, false) => tr!("Il est {now} · qui vient ?", now),
        }
    }

    fn adult_card(&self, adult: &Adult, chosen: Option<PersonId>) -> AdultCard {
        let mut conditions = Vec::new();
        if !adult.weekdays.is_empty() && adult.weekdays != shared::calendar::Weekdays::ALL {
            conditions.push(tr!("aujourd'hui"));
        }
        if let Some(hour) = adult.not_before {
            conditions.push(tr!("dès {}", words::time(hour)));
        }
        if adult.identity_check {
            conditions.push(tr!("pièce d'identité"));
        }
        AdultCard {
            person: adult.person,
            name: format!("{} {}", adult.first_name, adult.last_name),
            initials: initials(&adult.first_name, &adult.last_name),
            hue: hue(adult.person.0),
            photo: adult.photo.as_ref().and_then(Bytes::array),
            link: adult.link.clone(),
            condition: (!conditions.is_empty()).then(|| conditions.join(" · ")),
            chosen: chosen == Some(adult.person),
        }
    }

    /// Opened for as long as a sheet about the child shows them.
    fn notes(&self, child: ChildId) -> Vec<NoteCard> {
        if !self.noted.contains(&child) {
            return Vec::new();
        }
        let notes = self.store.roster.notes(child, self.day).unwrap_or_else(|error| {
            tracing::error!(%error, "the notes about a child could not be read");
            Vec::new()
        });
        notes.into_iter().map(|note| NoteCard { author: note.author, text: note.text }).collect()
    }

    fn child_dialog(&self, child: ChildId) -> Option<ChildDialog> {
        let standing = self.standing(child)?;
        // The hour ends the words of a tile.
        let hour = standing.text.rsplit(' ').next().unwrap_or_default();
        let subtitle = match standing.state {
            TileState::Expected => tr!("Présence prévue, {}", standing.text),
            TileState::Late => tr!("Présence prévue, retard depuis {hour}", hour),
            TileState::Present => {
                standing.since_ms.map_or_else(|| tr!("Présence enregistrée à l'appel"), |at| tr!("Arrivée à {at}", at = words::time_ms(at)))
            }
            TileState::Gone => tr!("Départ à {at}", at = hour),
            TileState::Absent => self.absence_words(child),
            TileState::Unexpected => tr!("Pas de présence prévue : {}", standing.text),
        };
        Some(ChildDialog {
            child,
            name: self.roster.full_name(child),
            initials: self.initials(child),
            hue: hue(child.0),
            photo: self.photo_of(child),
            subtitle,
            notes: self.notes(child),
            may_arrive: standing.state != TileState::Present,
            may_be_absent: matches!(standing.state, TileState::Expected | TileState::Late),
            groups: self.group_choices(child),
            corrections: self.corrections(child),
        })
    }

    /// Announced or noted, never why.
    fn absence_words(&self, child: ChildId) -> String {
        let noted = self
            .activity()
            .zip(self.reading())
            .zip(self.attendance.days.get(&(self.day, child)))
            .and_then(|((a, r), day)| r.absence(a, day));
        if noted.is_some_and(|a| a.noted) { tr!("Absence notée") } else { tr!("Absence annoncée") }
    }

    /// The photo of a child, by its hash; `None` without one, or without the parents' consent.
    pub(super) fn photo_of(&self, child: ChildId) -> Option<PhotoHash> {
        self.roster.children.get(&child).and_then(|c| c.photo.as_ref()).and_then(Bytes::array)
    }

    pub(super) fn initials(&self, child: ChildId) -> String {
        self.roster.children.get(&child).map(|c| initials(&c.first_name, &c.last_name)).unwrap_or_default()
    }
}
