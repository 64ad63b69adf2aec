//! What a person has to look at before a month is issued: a closed list.
//!
//! `docs/problemes-de-facturation.md` explains each kind to agents; a test
//! holds the two lists against each other.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $code:literal $title:literal,)+) => {
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

            /// As a page heads it.
            #[must_use]
            pub fn title(self) -> &'static str {
                match self { $(Self::$name => $title,)+ }
            }
        }
    };
}

kinds! {
    /// A presence whose moment names no activity could be of several.
    AmbiguousActivity = "activite_ambigue" "Activité à préciser",
    /// A departure by the clock without an arrival.
    MissingArrival = "arrivee_manquante" "Arrivée manquante",
    /// The national table of the PSU doesn't reach back to this day.
    MissingNationalTable = "bareme_absent" "Barème national absent",
    /// An illness that a contract would deduct, without a certificate.
    MissingCertificate = "certificat_absent" "Certificat absent",
    /// A PSU contract that lacks what its hours are reckoned from.
    PsuContract = "contrat_psu" "Contrat PSU",
    /// Different persons corrected one entry differently.
    CorrectionConflict = "corrections_contradictoires" "Corrections contradictoires",
    /// A departure that is needed isn't there.
    MissingDeparture = "depart_manquant" "Départ manquant",
    /// Present at two sites at once.
    TwoSites = "deux_sites" "Sur deux sites à la fois",
    /// A tablet and an imported file both tell of a day.
    DoubleSource = "double_source" "Tablette et fichier en double",
    /// Arrived and left in the same minute.
    NoDuration = "duree_nulle" "Durée nulle",
    /// Several households could owe a day.
    AmbiguousCustody = "garde_ambigue" "Garde à préciser",
    /// The tariff has no row for such a family.
    OutsideGrid = "hors_grille" "Hors grille",
    /// A tablet's clock was more than a quarter of an hour off.
    DoubtfulClock = "horloge_douteuse" "Heure douteuse",
    /// Days of a lieu that nobody signed.
    UnsignedDay = "journee_non_signee" "Journées non signées",
    /// Nobody in the household pays.
    MissingPayer = "payeur_absent" "Payeur absent",
    /// A presence without the booking that the activity asks for.
    WithoutBooking = "presence_sans_reservation" "Présence sans réservation",
    /// No QF or resources on record.
    MissingProof = "qf_absent" "Justificatif absent",
    /// The QF or resources on record have run out.
    ExpiredProof = "qf_expire" "Justificatif expiré",
    /// A presence that no activity of the lieu explains.
    WithoutActivity = "sans_activite" "Présence sans activité",
    /// A presence of a child who isn't enrolled.
    WithoutEnrolment = "sans_inscription" "Présence sans inscription",
    /// Alternate weeks in a year of 53: two of the same parity follow each other.
    Week53 = "semaine_53" "Semaine 53",
    /// No version of the tariff holds on a day.
    MissingTariff = "tarif_absent" "Tarif absent",
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
    /// What a decision about it is filed under: the same from one draft to the next, as long as it is the same difficulty.
    #[must_use]
    pub fn name(&self) -> String {
        // Told once for a lieu, a household or a tariff: their day is only the first one, and moves.
        let once = matches!(
            self.kind,
            ProblemKind::UnsignedDay
                | ProblemKind::MissingProof
                | ProblemKind::ExpiredProof
                | ProblemKind::MissingPayer
                | ProblemKind::PsuContract
                | ProblemKind::MissingCertificate
                | ProblemKind::OutsideGrid
                | ProblemKind::MissingTariff
                | ProblemKind::MissingNationalTable
                | ProblemKind::Week53
        );
        let date = self.date.filter(|_| !once).map(|d| d.to_string()).unwrap_or_default();
        let text = |of: &Option<String>| of.clone().unwrap_or_default();
        [self.kind.code().to_owned(), text(&self.centre), text(&self.household), text(&self.child), date].join("|")
    }

    /// The order of drafts: date, kind, centre, child; then what is left, so that order is total.
    fn cmp_in_drafts(&self, other: &Self) -> std::cmp::Ordering {
        let by_draft = (self.date, self.kind.code()).cmp(&(other.date, other.kind.code()));
        let by_place = || (&self.centre, &self.child, &self.household).cmp(&(&other.centre, &other.child, &other.household));
        by_draft.then_with(by_place).then_with(|| self.message.cmp(&other.message))
    }
}

/// What an agent decided about a problem: a decision about the bill, never about what happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// « Facturer » : the line stands as the draft has it.
    Facturer,
    /// « Émettre quand même » : what is missing (a signature, a proof, a contract's part) isn't waited for.
    EmettreQuandMeme,
    /// « Facturer la réservation ».
    FacturerLaReservation,
    /// « Ne pas facturer » : the day of this child at this lieu isn't billed.
    NePasFacturer,
    /// « Demander au lieu » : it goes on blocking until the answer is in the journal.
    DemanderAuLieu,
}

impl Decision {
    /// All of them, with the code that is stored and what the button says.
    pub const ALL: [(&'static str, &'static str, Self); 5] = [
        ("facturer", "Facturer", Self::Facturer),
        ("emettre_quand_meme", "Émettre quand même", Self::EmettreQuandMeme),
        ("facturer_la_reservation", "Facturer la réservation", Self::FacturerLaReservation),
        ("ne_pas_facturer", "Ne pas facturer", Self::NePasFacturer),
        ("demander_au_lieu", "Demander au lieu", Self::DemanderAuLieu),
    ];

    /// Kinds of problems that are about one day of one child at one lieu.
    pub const OF_A_DAY: [ProblemKind; 7] = [
        ProblemKind::MissingDeparture,
        ProblemKind::MissingArrival,
        ProblemKind::CorrectionConflict,
        ProblemKind::TwoSites,
        ProblemKind::DoubleSource,
        ProblemKind::DoubtfulClock,
        ProblemKind::AmbiguousActivity,
    ];

    /// That of a code.
    #[must_use]
    pub fn of(code: &str) -> Option<Self> {
        Self::ALL.iter().find(|(known, _, _)| *known == code).map(|(_, _, decision)| *decision)
    }

    /// As stored.
    #[must_use]
    pub fn code(self) -> &'static str {
        Self::ALL.iter().find(|(_, _, decision)| *decision == self).map_or("", |(code, _, _)| code)
    }

    /// As the button says it.
    #[must_use]
    pub fn label(self) -> &'static str {
        Self::ALL.iter().find(|(_, _, decision)| *decision == self).map_or("", |(_, label, _)| label)
    }

    /// What may be decided about a kind of problem. Where the data has to be put right first (a payer, a tariff, a contract),
    /// nothing may: the bill would be wrong.
    #[must_use]
    pub fn possible(kind: ProblemKind) -> &'static [Self] {
        match kind {
            ProblemKind::MissingDeparture | ProblemKind::MissingArrival => {
                &[Self::DemanderAuLieu, Self::Facturer, Self::FacturerLaReservation, Self::NePasFacturer]
            }
            ProblemKind::CorrectionConflict
            | ProblemKind::TwoSites
            | ProblemKind::DoubleSource
            | ProblemKind::DoubtfulClock
            | ProblemKind::AmbiguousActivity => &[Self::DemanderAuLieu, Self::Facturer, Self::NePasFacturer],
            ProblemKind::UnsignedDay => &[Self::DemanderAuLieu, Self::EmettreQuandMeme],
            ProblemKind::PsuContract | ProblemKind::MissingProof | ProblemKind::ExpiredProof => &[Self::EmettreQuandMeme],
            _ => &[],
        }
    }
}

/// Sorts problems as drafts print them, each once.
pub(crate) fn sort(problems: &mut Vec<Problem>) {
    problems.sort_by(Problem::cmp_in_drafts);
    problems.dedup();
}
