//! The screens in front of the board, as the window paints them.

use super::board::hue;
use super::{Door, Open, words};
use crate::view::{AdultCard, ChildDialog, Choice, DepartureDialog, Dialog, TileState};
use shared::id::{ChildId, PersonId};
use shared::name::initials;
use shared::roster::Adult;

impl Door {
    pub(super) fn paint_dialog(&self) -> Option<Dialog> {
        Some(match self.dialog.as_ref()? {
            Open::Arrival { choices, .. } => Dialog::Arrival(self.choices(choices)),
            Open::Departure { child, chosen, other, siblings, .. } => {
                Dialog::Departure(self.departure(*child, *chosen, other.as_deref(), siblings))
            }
            Open::Child(child) => Dialog::Child(self.child_dialog(*child)?),
            Open::Barred { child } => Dialog::Barred(self.barred_dialog(*child)),
        })
    }

    fn choices(&self, children: &[(ChildId, bool)]) -> Vec<Choice> {
        children.iter().map(|(child, ticked)| Choice { child: *child, name: self.roster.full_name(*child), ticked: *ticked }).collect()
    }

    fn departure(&self, child: ChildId, chosen: Option<PersonId>, other: Option<&str>, siblings: &[(ChildId, bool)]) -> DepartureDialog {
        let since = self.standing(child).and_then(|s| s.since_ms).map(|at| format!("Arrivée à {} · ", words::time_ms(at)));
        let now = words::time(self.time);
        let subtitle = match since {
            Some(since) => format!("{since}il est {now} · qui vient ?"),
            None => format!("Il est {now} · qui vient ?"),
        };
        let leaving: Vec<ChildId> = std::iter::once(child).chain(siblings.iter().filter(|(_, t)| *t).map(|(s, _)| *s)).collect();
        let verb = if leaving.len() > 1 { "partent" } else { "part" };
        let with = other.map_or_else(String::new, |name| format!(" avec {name}"));
        DepartureDialog {
            child,
            name: self.roster.full_name(child),
            initials: self.initials(child),
            hue: hue(child.0),
            subtitle,
            adults: self.roster.allowed(child, self.day).into_iter().map(|a| self.adult_card(a, chosen)).collect(),
            siblings: self.choices(siblings),
            alone_hint: self.alone_hint(child),
            may_leave_alone: self.may_leave_alone(child),
            confirm: format!("{} {verb}{with}", self.first_names(&leaving)),
            may_confirm: chosen.is_some() || other.is_some(),
        }
    }

    fn adult_card(&self, adult: &Adult, chosen: Option<PersonId>) -> AdultCard {
        let mut conditions = Vec::new();
        if !adult.weekdays.is_empty() && adult.weekdays != shared::calendar::Weekdays::ALL {
            conditions.push("aujourd'hui".to_owned());
        }
        if let Some(hour) = adult.not_before {
            conditions.push(format!("dès {}", words::time(hour)));
        }
        if adult.identity_check {
            conditions.push("pièce d'identité".to_owned());
        }
        AdultCard {
            person: adult.person,
            name: format!("{} {}", adult.first_name, adult.last_name),
            initials: initials(&adult.first_name, &adult.last_name),
            hue: hue(adult.person.0),
            link: adult.link.clone(),
            condition: (!conditions.is_empty()).then(|| conditions.join(" · ")),
            chosen: chosen == Some(adult.person),
        }
    }

    fn child_dialog(&self, child: ChildId) -> Option<ChildDialog> {
        let standing = self.standing(child)?;
        let subtitle = match standing.state {
            TileState::Expected => format!("Présence prévue, {}", standing.text),
            TileState::Late => format!("Présence prévue, {}", standing.text.replace(" · ", " depuis ")),
            TileState::Present => standing
                .since_ms
                .map_or_else(|| "Présence enregistrée à l'appel".to_owned(), |at| format!("Arrivée à {}", words::time_ms(at))),
            TileState::Gone => standing.text.replacen("départ ", "Départ à ", 1),
            TileState::Absent => self.absence_words(child),
            TileState::Unexpected => format!("Pas de présence prévue : {}", standing.text),
        };
        Some(ChildDialog {
            child,
            name: self.roster.full_name(child),
            initials: self.initials(child),
            hue: hue(child.0),
            subtitle,
            may_arrive: standing.state != TileState::Present,
            may_be_absent: matches!(standing.state, TileState::Expected | TileState::Late),
        })
    }

    /// Announced or noted, never why.
    fn absence_words(&self, child: ChildId) -> String {
        let noted = self
            .activity()
            .zip(self.reading())
            .zip(self.attendance.days.get(&(self.day, child)))
            .and_then(|((a, r), day)| r.absence(a, day));
        if noted.is_some_and(|a| a.noted) { "Absence notée".into() } else { "Absence annoncée".into() }
    }

    fn initials(&self, child: ChildId) -> String {
        self.roster.children.get(&child).map(|c| initials(&c.first_name, &c.last_name)).unwrap_or_default()
    }
}
