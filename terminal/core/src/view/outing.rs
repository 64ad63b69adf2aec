//! Outings, in plain values.

use super::{PeopleTab, PersonRow};
use uuid::Uuid;

/// Who leaves, and where to: the label is the window's, until it is confirmed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OutingChoice {
    /// Labels that are one touch away.
    pub places: Vec<String>,
    /// Filter by group, with how many go.
    pub groups: Vec<PeopleTab>,
    /// Who is here, in a fixed order.
    pub people: Vec<PersonRow>,
    /// "12 enfants et 2 adultes"; empty until somebody is ticked.
    pub going: String,
}

/// An outing that is away.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OutingDialog {
    /// "Piscine · 12 enfants et 2 adultes depuis 14:00".
    pub title: String,
    /// "Dernier comptage à 14:40, par Nadia Roche : 13 sur 14. Manque : Tom M."; empty before the first.
    pub last_count: String,
    /// Ticked in this count.
    pub counted: u32,
    /// To be counted.
    pub total: u32,
    /// "Manquent : Léa M., Tom P."; empty while nobody or everybody is ticked.
    pub missing: String,
    /// Who is away, by first name.
    pub people: Vec<PersonRow>,
    /// "Tous de retour", "De retour : 3".
    pub back: String,
}

/// An outing that is away, as the board says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutingBar {
    /// Which.
    pub outing: Uuid,
    /// "En sortie · Piscine : 12 enfants et 2 adultes".
    pub text: String,
}
