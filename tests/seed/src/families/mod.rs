//! Families: who lives where, who decides, who pays, who may take the child.
//!
//! [`cases`] writes the hard ones by hand, and they come first, with codes that
//! never change; [`ordinary`] draws the rest.

pub mod cases;
pub mod names;
pub mod ordinary;
mod tables;

pub use tables::write;

use crate::days::school_year;
use crate::territory::Commune;
use chrono::{Datelike, NaiveDate};
use names::Sex;
use shared::calendar::Weekdays;

/// Which school and places a family looks to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Catchment {
    /// Ménilles: its own garderie and canteen, the agglomération's holiday centre on the same site.
    Menilles,
    /// Pacy-sur-Eure.
    Pacy,
    /// Écos, in Vexin-sur-Epte.
    Vexin,
    /// Saint-Marcel.
    SaintMarcel,
    /// Vernon.
    Vernon,
    /// Gasny.
    Gasny,
    /// Les Andelys.
    Andelys,
}

impl Catchment {
    /// The school's code.
    #[must_use]
    pub fn school(self) -> &'static str {
        match self {
            Self::Menilles => "E-MEN",
            Self::Pacy => "E-PAC",
            Self::Vexin => "E-VEX",
            Self::SaintMarcel => "E-STM",
            Self::Vernon => "E-VER",
            Self::Gasny => "E-GAS",
            Self::Andelys => "E-AND",
        }
    }

    /// Morning, canteen and evening activities of the school, where Préau runs them.
    #[must_use]
    pub fn school_day(self) -> [Option<&'static str>; 3] {
        match self {
            Self::Menilles => [Some("MEN-MAT"), Some("MEN-MIDI"), Some("MEN-SOIR")],
            Self::Pacy => [Some("PAC-MAT"), Some("PAC-MIDI"), Some("PAC-SOIR")],
            Self::Vexin => [Some("VEX-MAT"), None, Some("VEX-SOIR")],
            Self::SaintMarcel => [None, Some("STM-MIDI"), None],
            Self::Vernon | Self::Gasny | Self::Andelys => [None; 3],
        }
    }

    /// The crèche.
    #[must_use]
    pub fn creche(self) -> &'static str {
        match self {
            Self::Menilles | Self::Pacy => "PAC-CRE-ACC",
            Self::Andelys => "AND-CRE-ACC",
            Self::Vexin | Self::SaintMarcel | Self::Vernon | Self::Gasny => "VER-CRE-ACC",
        }
    }

    /// Wednesday and holiday activities of the holiday centre.
    #[must_use]
    pub fn leisure(self) -> (&'static str, &'static str) {
        match self {
            Self::Menilles => ("MEN-MER", "MEN-VAC"),
            Self::Gasny | Self::Vexin => ("GAS-MER", "GAS-VAC"),
            Self::Pacy | Self::SaintMarcel | Self::Vernon | Self::Andelys => ("VER-MER", "VER-VAC"),
        }
    }
}

/// A household.
#[derive(Debug, Clone)]
pub struct Household {
    /// `F0001`.
    pub code: String,
    /// As on the letterbox.
    pub name: String,
    /// Where it lives.
    pub commune: Commune,
    /// Street and number.
    pub address: String,
    /// Where it went in the course of the month, where it moved.
    pub moved_to: Option<(Commune, String)>,
    /// `caf`, `msa` or `autre`.
    pub regime: &'static str,
    /// Hides address, telephone, place and presence.
    pub confidential: bool,
    /// What it has proved of its means.
    pub proof: Proof,
    /// Children receiving the AEEH.
    pub aeeh: u32,
    /// Adults who live here.
    pub guardians: Vec<Guardian>,
    /// Children whose first household it is.
    pub children: Vec<Child>,
    /// The places it looks to.
    pub catchment: Catchment,
    /// Its card.
    pub badge: Option<String>,
}

/// What a household has proved of its means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proof {
    /// Nothing.
    Missing,
    /// A QF that has run out before the month.
    Expired(u32),
    /// A QF all year.
    Known(u32),
    /// One QF until the 14th of the billed month, another from the 15th.
    Changed(u32, u32),
}

/// An adult of a household.
#[derive(Debug, Clone)]
pub struct Guardian {
    /// `R0001`.
    pub code: String,
    /// Family name in use.
    pub last_name: String,
    /// First name in use.
    pub first_name: String,
    /// Family name at birth.
    pub birth_name: String,
    /// All first names.
    pub first_names: String,
    /// Sex.
    pub sex: Sex,
    /// Date of birth.
    pub birth: NaiveDate,
    /// Commune (empty abroad) and country of birth.
    pub birthplace: (&'static str, &'static str),
    /// Empty for someone without.
    pub email: String,
    /// Mobile.
    pub phone: String,
    /// `courriel`, `sms`, `papier` or `guichet`.
    pub channel: &'static str,
    /// ISO 639-1.
    pub language: &'static str,
    /// Whether bills go there.
    pub pays: bool,
    /// The part of the bill, where it is split.
    pub share_percent: Option<u32>,
    /// `mère`, `père`, `assistante familiale`…
    pub tie: &'static str,
    /// Parental authority.
    pub has_authority: bool,
}

/// A child.
#[derive(Debug, Clone)]
pub struct Child {
    /// `E0001`.
    pub code: String,
    /// Family name.
    pub last_name: String,
    /// First name.
    pub first_name: String,
    /// Date of birth.
    pub birth: NaiveDate,
    /// Allergies as the family wrote them.
    pub allergies: &'static str,
    /// Menu letter: A standard, B without pork, C vegetarian, P packed meal.
    pub menu: &'static str,
    /// The care plan (PAI) as staff must read it.
    pub care_plan: &'static str,
    /// First steps, for the crèche's staff ratio.
    pub walks_since: Option<NaiveDate>,
    /// From which minute it may leave alone.
    pub alone_from: Option<u32>,
    /// The family agreed to a photo on the tablet.
    pub photo_agreed: bool,
    /// What it usually attends.
    pub habit: Habit,
    /// The other household, where it has two.
    pub second_home: Option<SecondHome>,
}

/// The other household of a child.
#[derive(Debug, Clone)]
pub struct SecondHome {
    /// Its code.
    pub household: String,
    /// How the child belongs to the first (`alternee`, `placement`…), and on which days.
    pub first: (&'static str, &'static str),
    /// The same for the second.
    pub second: (&'static str, &'static str),
}

/// What a child usually attends, and when it comes and goes.
#[derive(Debug, Clone, Copy, Default)]
pub struct Habit {
    /// Morning care.
    pub morning: Weekdays,
    /// Canteen.
    pub canteen: Weekdays,
    /// Evening care.
    pub evening: Weekdays,
    /// Wednesdays at the holiday centre.
    pub wednesday: Wednesday,
    /// School holidays at the holiday centre.
    pub holidays: bool,
    /// Crèche, on these days.
    pub creche: Weekdays,
    /// Usual minute of arrival.
    pub arrives: u32,
    /// Usual minute of departure.
    pub leaves: u32,
    /// Books morning and evening ahead.
    pub books: bool,
    /// Is never ill and never changes its mind: someone whom a script can count on.
    pub steady: bool,
    /// Goes out and comes back in the middle of a crèche day.
    pub three_presences: bool,
    /// Nobody noted its departure on the first evening of the month.
    pub forgotten_once: bool,
    /// Ate at the canteen on the first day of the month, and nobody had booked.
    pub unannounced_once: bool,
}

/// Wednesdays at the holiday centre.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Wednesday {
    /// Never.
    #[default]
    No,
    /// The whole day.
    Day,
    /// The morning with its meal (Vernon only).
    Morning,
}

/// Levels of a primary school, by the age reached in the year of its September, less three.
pub const LEVELS: [&str; 8] = ["PS", "MS", "GS", "CP", "CE1", "CE2", "CM1", "CM2"];

impl Child {
    /// The place in [`LEVELS`] in a school year; nothing before and after primary school.
    #[must_use]
    pub fn level(&self, year: i32) -> Option<usize> {
        usize::try_from(year - self.birth.year() - 3).ok().filter(|level| *level < LEVELS.len())
    }

    /// Whether it is of crèche age in a school year.
    #[must_use]
    pub fn is_of_creche_age(&self, year: i32) -> bool {
        year - self.birth.year() < 3
    }

    /// Whether it is at school on a day.
    #[must_use]
    pub fn is_pupil(&self, day: NaiveDate) -> bool {
        self.level(school_year(day)).is_some()
    }

    /// Whether it is six or over on a day: groups and staff ratios change there.
    #[must_use]
    pub fn is_six(&self, day: NaiveDate) -> bool {
        let birthday = (self.birth.month(), self.birth.day());
        let years = day.year() - self.birth.year() - i32::from((day.month(), day.day()) < birthday);
        years >= 6
    }
}

/// Gives a name to a letterbox: "Martin", or "Garnier et Nguyen".
pub(crate) fn letterbox(guardians: &[Guardian]) -> String {
    let mut names: Vec<&str> = guardians.iter().map(|guardian| guardian.last_name.as_str()).collect();
    names.dedup();
    names.join(" et ")
}
