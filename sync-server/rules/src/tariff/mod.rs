//! A tariff: dated rules that say what one unit is worth to a family.
//!
//! A tariff is data. It is written in TOML by a town hall, [`parse()`]d with
//! every mistake named at its line, and must reproduce its own examples
//! ([`check_examples`]) before anything is billed by it.

mod coverage;
mod examples;
mod national;
mod parse;
mod reader;
mod unit_price;

pub use examples::{Example, ExampleAmount, ExampleReport, check_examples};
pub use national::{Care, Limits, National, NationalRate};
pub use parse::{parse, parse_with};
pub use reader::TariffError;
pub use unit_price::{Applicant, Held, NoPrice, PriceBasis, UnitPrice};

use crate::quantity::{Counting, Unit};
use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use shared::money::{Cents, Rounding};

/// A tariff that was read and found sound.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tariff {
    /// What activities name it by. Several dated versions may share a code.
    pub code: String,
    /// As printed on a bill.
    pub label: String,
    /// First day on which it holds.
    pub valid_from: NaiveDate,
    /// Last day on which it holds; open where absent.
    pub valid_to: Option<NaiveDate>,
    /// How the unit price is found.
    pub method: Method,
    /// What the price is the price of.
    pub unit: Unit,
    /// How time becomes units.
    pub counting: Counting,
    /// `borne_horaires`: only the part of a presence inside the activity's hours is billed.
    pub bounded_by_schedule: bool,
    /// How the unit price and then the line become cents.
    pub rounding: Rounding,
    /// What a family without proof pays.
    pub without_proof: WithoutProof,
    /// What is billed: what happened, what was booked, or the greater.
    pub billed: Billed,
    /// What it must reproduce.
    pub examples: Vec<Example>,
}

impl Tariff {
    /// Whether it holds on a day.
    #[must_use]
    pub fn holds_on(&self, day: NaiveDate) -> bool {
        self.valid_from <= day && self.valid_to.is_none_or(|last| day <= last)
    }

    /// How a line names the version used: code and first day, `soir@2025-09-01`.
    #[must_use]
    pub fn version(&self) -> String {
        format!("{}@{}", self.code, self.valid_from)
    }
}

/// How the unit price is found (`methode`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Method {
    /// `forfait` and `tranches_qf`: the price stands in a row.
    Rows(Vec<Row>),
    /// `taux_effort`: QF × rate, rounded, then held between bounds.
    LinearQf {
        /// Euros for each point of QF.
        rate: Decimal,
        /// Never less.
        minimum: Cents,
        /// Never more.
        maximum: Cents,
    },
    /// `psu`: monthly resources held between floor and ceiling × national rate.
    Psu(Psu),
}

/// The local settings of a PSU tariff.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Psu {
    /// Which national table applies.
    pub care: Care,
    /// A ceiling above the national one, where the règlement says so. Below it, the national one holds.
    pub local_ceiling: Option<Decimal>,
    /// Calendar days of an illness that stay due (0 to 3: an operator may be more generous than the CNAF, never less).
    pub waiting_days: u32,
    /// From how many days on an illness is deducted at all.
    pub illness_days_min: u32,
}

/// One row of a matrix: conditions, and the price where all hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Only families of this régime.
    pub regime: Option<Regime>,
    /// Only residents of the territory, or only others.
    pub resident: Option<bool>,
    /// From this rank among enrolled siblings on, the eldest being 1.
    pub rank_min: u32,
    /// From this number of enrolled children of the household on.
    pub children_min: u32,
    /// Lowest QF, inclusive; `None` on a row without QF condition.
    pub qf_min: Option<u32>,
    /// Highest QF, inclusive; `None`: and above.
    pub qf_max: Option<u32>,
    /// The price of one unit.
    pub price: Cents,
    /// Where the row stands in the file, for messages and explanations.
    pub line: usize,
}

impl Row {
    /// Whether the row says anything about the QF.
    #[must_use]
    pub fn needs_qf(&self) -> bool {
        self.qf_min.is_some_and(|lowest| lowest > 0) || self.qf_max.is_some()
    }

    /// First and last QF that the row holds for.
    #[must_use]
    pub fn qf_range(&self) -> (u32, u32) {
        (self.qf_min.unwrap_or(0), self.qf_max.unwrap_or(u32::MAX))
    }

    fn fits_family(&self, regime: Regime, resident: bool) -> bool {
        self.regime.is_none_or(|wanted| wanted == regime) && self.resident.is_none_or(|wanted| wanted == resident)
    }

    /// Whether everything but the QF holds.
    fn fits(&self, combination: Combination) -> bool {
        self.fits_family(combination.regime, combination.resident)
            && self.rank_min <= combination.rank
            && self.children_min <= combination.children
    }

    /// Whether its thresholds are at least as high as another's, one by one.
    fn is_as_specific_as(&self, other: &Self) -> bool {
        self.rank_min >= other.rank_min && self.children_min >= other.children_min
    }
}

/// What rows may ask of a family, the QF apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Combination {
    regime: Regime,
    resident: bool,
    rank: u32,
    children: u32,
}

/// Who pays a family's benefits (`regime`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Regime {
    /// Caisse d'allocations familiales.
    Caf,
    /// Mutualité sociale agricole.
    Msa,
    /// Another one, or none.
    Autre,
}

impl Regime {
    /// All of them, in the order of files.
    pub const ALL: [Self; 3] = [Self::Caf, Self::Msa, Self::Autre];

    /// As files write it.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Caf => "caf",
            Self::Msa => "msa",
            Self::Autre => "autre",
        }
    }
}

/// What a family without proof of its QF or resources pays (`sans_justificatif`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WithoutProof {
    /// The most that the tariff asks of a family of its régime and residence.
    Maximum,
    /// The least.
    Minimum,
    /// Nothing is billed until the proof is there; a blocking problem says so.
    Refus,
}

/// What is billed (`facture`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Billed {
    /// What happened.
    Presence,
    /// What was booked; what happened where nothing was.
    Reservation,
    /// The greater of the two.
    LePlusGrand,
}
