//! The roll call of everybody on the site, in plain values.

use super::{PeopleTab, PersonRow};
use shared::journal::{ALARM, DRILL, MISTAKE};
use uuid::Uuid;

/// Who was seen, who is missing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EvacuationDialog {
    /// "Évacuation depuis 11:00 · 2 min".
    pub title: String,
    /// Seen.
    pub seen: u32,
    /// To be seen: those who are here, and those of the others who were seen all the same.
    pub total: u32,
    /// "Manquent : Léa M., Tom P."; empty once all are seen.
    pub missing: String,
    /// In whose name a touch ticks: "Nadia Roche"; empty where nobody showed a card.
    pub acting: String,
    /// What no disk has taken yet, and why; `None` where all is recorded.
    pub unrecorded: Option<String>,
    /// Filter by group, "Tous" first.
    pub groups: Vec<PeopleTab>,
    /// The people of the chosen group, the missing first.
    pub people: Vec<PersonRow>,
    /// What the end is asked with: who is still missing. `None` where it isn't being asked.
    pub ending: Option<String>,
}

/// Why a roll call ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EvacuationReason {
    /// A drill.
    Drill,
    /// No drill.
    Alarm,
    /// Opened by mistake.
    Mistake,
}

impl EvacuationReason {
    /// As it is sealed.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Drill => DRILL,
            Self::Alarm => ALARM,
            Self::Mistake => MISTAKE,
        }
    }
}

/// What a first, short touch says: how the roll call is opened, and what was done today.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EvacuationHelp {
    /// Today's ended ones: the call that names each, and "Exercice de 11:00 · 34 vus en 6 min".
    pub reports: Vec<(Uuid, String)>,
}

/// Who was ticked by whom and when.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EvacuationReport {
    /// "Exercice d'évacuation".
    pub title: String,
    /// "14 octobre, de 11:00 à 11:07 · terminé par Nadia Roche".
    pub subtitle: String,
    /// "34 personnes vues sur 34, toutes en 6 min 12 s."
    pub summary: String,
    /// Whether somebody was not seen.
    pub incomplete: bool,
    /// What no disk has taken yet.
    pub unrecorded: Option<String>,
    /// Each person, those who were not seen first.
    pub lines: Vec<ReportLine>,
}

/// One person of a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportLine {
    /// "Léa Martin".
    pub name: String,
    /// "11:02, Nadia Roche", "non vu".
    pub text: String,
    /// Whether the person was seen.
    pub seen: bool,
}
