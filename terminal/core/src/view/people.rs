//! People to tick, of whatever kind: in the roll call of an evacuation, and on an outing.

use super::PhotoHash;
use shared::journal::Someone;

/// One filter of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeopleTab {
    /// Given back with what was touched; empty for "Tous".
    pub key: String,
    /// "Petits".
    pub name: String,
    /// Ticked.
    pub seen: u32,
    /// In all.
    pub total: u32,
    /// Whether the list shows it now.
    pub chosen: bool,
}

/// One person of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonRow {
    /// Who.
    pub who: Someone,
    /// "Léa M.".
    pub name: String,
    /// "LM".
    pub initials: String,
    /// Colour behind the initials.
    pub hue: u8,
    /// The photo, where there is one.
    pub photo: Option<PhotoHash>,
    /// "Petits", "Équipe".
    pub group: String,
    /// How they stand.
    pub state: PersonState,
    /// "manque", "à vérifier · dès 9:00", "en sortie · Piscine", "vu 11:02 · Nadia R.".
    pub text: String,
}

/// How somebody stands in a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum PersonState {
    /// Here by the last word, and not seen.
    Missing,
    /// Perhaps here: awaited and not seen, or never checked out of a moment that is over.
    ToCheck,
    /// Away with an outing.
    Out,
    /// Of an outing: neither ticked nor missed.
    Plain,
    /// Seen, or ticked.
    Seen,
}
