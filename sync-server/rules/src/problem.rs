//! What a person has to look at before a month is issued: a closed list.
//!
//! `docs/problemes-de-facturation.md` explains each kind to agents; a test
//! holds the two lists against each other.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $code:literal,)+) => {
        /// What kind of problem. Codes are a contract: they are only added.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum ProblemKind {
            $($(#[$doc])* #[serde(rename = $code)] $name,)+
        }

        impl ProblemKind {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// As drafts write it.
            #[must_use]
            pub fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)+ }
            }
        }
    };
}

kinds! {
    /// A presence whose moment names no activity could be of several.
    AmbiguousActivity = "activite_ambigue",
    /// A departure by the clock without an arrival.
    MissingArrival = "arrivee_manquante",
    /// The national table of the PSU doesn't reach back to this day.
    MissingNationalTable = "bareme_absent",
    /// Reserved hours of a PSU contract are billed by its parts, not by the door.
    PsuContract = "contrat_psu",
    /// Different persons corrected one entry differently.
    CorrectionConflict = "corrections_contradictoires",
    /// A departure that is needed isn't there.
    MissingDeparture = "depart_manquant",
    /// Present at two sites at once.
    TwoSites = "deux_sites",
    /// A tablet and an imported file both tell of a day.
    DoubleSource = "double_source",
    /// Arrived and left in the same minute.
    NoDuration = "duree_nulle",
    /// Several households could owe a day.
    AmbiguousCustody = "garde_ambigue",
    /// The tariff has no row for such a family.
    OutsideGrid = "hors_grille",
    /// A tablet's clock was more than a quarter of an hour off.
    DoubtfulClock = "horloge_douteuse",
    /// Days of a lieu that nobody signed.
    UnsignedDay = "journee_non_signee",
    /// Nobody in the household pays.
    MissingPayer = "payeur_absent",
    /// A presence without the booking that the activity asks for.
    WithoutBooking = "presence_sans_reservation",
    /// No QF or resources on record.
    MissingProof = "qf_absent",
    /// The QF or resources on record have run out.
    ExpiredProof = "qf_expire",
    /// A presence that no activity of the lieu explains.
    WithoutActivity = "sans_activite",
    /// A presence of a child who isn't enrolled.
    WithoutEnrolment = "sans_inscription",
    /// Alternate weeks in a year of 53: two of the same parity follow each other.
    Week53 = "semaine_53",
    /// No version of the tariff holds on a day.
    MissingTariff = "tarif_absent",
}

/// One thing to look at. Serialised as drafts print it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// What kind.
    pub kind: ProblemKind,
    /// Whether nothing is issued before somebody decided.
    pub blocking: bool,
    /// The lieu, where it is about one.
    pub centre: Option<String>,
    /// The household, where it is about one.
    pub household: Option<String>,
    /// The child, where it is about one.
    pub child: Option<String>,
    /// The day, or the first of several.
    pub date: Option<NaiveDate>,
    /// What a person reads, in French: what was seen, and what it means for the bill.
    pub message: String,
}

impl Problem {
    /// The order of drafts: date, kind, centre, child; then what is left, so that order is total.
    fn cmp_in_drafts(&self, other: &Self) -> std::cmp::Ordering {
        let by_draft = (self.date, self.kind.code()).cmp(&(other.date, other.kind.code()));
        let by_place = || (&self.centre, &self.child, &self.household).cmp(&(&other.centre, &other.child, &other.household));
        by_draft.then_with(by_place).then_with(|| self.message.cmp(&other.message))
    }
}

/// Sorts problems as drafts print them, each once.
pub(crate) fn sort(problems: &mut Vec<Problem>) {
    problems.sort_by(Problem::cmp_in_drafts);
    problems.dedup();
}
