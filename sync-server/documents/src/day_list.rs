//! The list of a lieu's day on paper, for a day without tablets or without a network: who is awaited, whom to call, who may take a child.
//!
//! What it is made from is apart from when it was made, so that two lists that say the same have the same seal.

use crate::limits::{LIST_ADULTS_MAX, LIST_CHILDREN_MAX, LIST_ROWS_MAX, LIST_STAFF_MAX};
use crate::verify::{DataError, within};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

/// A list as printed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DayList {
    /// When it was made: `14 octobre 2026 à 4:00`.
    pub made: String,
    /// Short form of the seal: `3F2A 91BC 07DE 5512`.
    pub seal: String,
    /// What it says.
    pub content: DayContent,
}

/// What a list says, and what its seal is of. No health, no reason of an absence, and nobody who is barred.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DayContent {
    /// The collectivité.
    pub organisation: String,
    /// The lieu.
    pub lieu: String,
    /// Where it is, for whoever calls for help; empty where it isn't known.
    pub address: String,
    /// The day.
    pub day: NaiveDate,
    /// `mercredi 14 octobre 2026`.
    pub said_day: String,
    /// What takes place, in the order of the day.
    pub moments: Vec<ListMoment>,
    /// Each child once, by last name.
    pub children: Vec<ListChild>,
    /// Who works at the lieu.
    pub staff: Vec<ListStaff>,
}

/// A moment of the day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListMoment {
    /// `Accueil du soir`.
    pub name: String,
    /// `16:30 – 18:30`; empty where it has none.
    pub hours: String,
    /// Recorded by a roll call: a tick, no times.
    pub by_call: bool,
    /// Children who are awaited, by group or class.
    pub groups: Vec<ListGroup>,
    /// Children who are enrolled without a booking: they may come.
    pub unbooked: Vec<ListRow>,
}

/// Children of one group or class.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListGroup {
    /// `Petits`; empty: of none.
    pub name: String,
    /// By last name.
    pub rows: Vec<ListRow>,
}

/// A child, awaited in a moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListRow {
    /// Last name.
    pub last_name: String,
    /// First name.
    pub first_name: String,
    /// What tells children of one name apart; empty for all others.
    pub apart: String,
    /// `8:00 – 17:30`; empty where none are told.
    pub hours: String,
    /// Whether there are care instructions; never which.
    pub care: bool,
    /// Whether an absence was announced; never why.
    pub absent: bool,
}

/// Whom to call about a child, and who may take it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListChild {
    /// Last name.
    pub last_name: String,
    /// First name.
    pub first_name: String,
    /// As in [`ListRow`].
    pub apart: String,
    /// Group or class; may be empty.
    pub group: String,
    /// As in [`ListRow`].
    pub care: bool,
    /// In the order in which to call.
    pub contacts: Vec<ListContact>,
    /// Who may take the child on this day.
    pub takers: Vec<ListTaker>,
    /// `Part sans adulte à partir de 17:00`; empty: may not.
    pub alone: String,
}

/// Somebody to call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListContact {
    /// `Claire Martin`.
    pub name: String,
    /// `mère`; may be empty.
    pub link: String,
    /// Empty where it is confidential, or nobody gave one.
    pub telephone: String,
}

/// Somebody who may take a child.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListTaker {
    /// `Odette Morin`.
    pub name: String,
    /// `grand-mère`; may be empty.
    pub link: String,
    /// `pas avant 16:30`, `sur pièce d'identité`.
    pub conditions: Vec<String>,
}

/// A member of staff.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListStaff {
    /// `Nadia Roche`.
    pub name: String,
    /// `direction`, `équipe`.
    pub role: String,
}

impl DayList {
    /// Whether it may be printed.
    ///
    /// # Errors
    /// The first thing of which there is too much.
    pub fn verify(&self) -> Result<(), DataError> {
        let content = &self.content;
        let rows = |moment: &ListMoment| moment.unbooked.len() + moment.groups.iter().map(|group| group.rows.len()).sum::<usize>();
        let adults = content.children.iter().map(|child| child.contacts.len().max(child.takers.len())).max().unwrap_or(0);
        let counted = [
            ("lignes", content.moments.iter().map(rows).sum(), LIST_ROWS_MAX),
            ("enfants", content.children.len(), LIST_CHILDREN_MAX),
            ("adultes pour un enfant", adults, LIST_ADULTS_MAX),
            ("membres de l'équipe", content.staff.len(), LIST_STAFF_MAX),
        ];
        counted.into_iter().try_for_each(|(what, found, max)| within(&content.lieu, what, found, max))
    }
}
