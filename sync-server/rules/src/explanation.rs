//! Why a line costs what it costs: one structured type, rendered later for a
//! family, an agent or a judge, and frozen with the invoice.
//!
//! An explanation is a list of steps in the order in which one redoes the
//! arithmetic: tariff, situation, unit price, each day, amount, share.

use crate::quantity::{Counting, Unit};
use crate::tariff::{Billed, PriceBasis};
use chrono::{NaiveDate, NaiveTime};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use shared::id::EntryId;
use shared::money::{Cents, Rounding};

/// One step of the arithmetic of a line. Frozen in issued invoices: variants and fields are only added.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "snake_case")]
pub enum Step {
    /// The rule: which tariff, in which version.
    Tariff {
        /// Its code.
        code: String,
        /// First day of the version.
        valid_from: NaiveDate,
        /// Last day of the version.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        valid_to: Option<NaiveDate>,
        /// As printed.
        label: String,
        /// What the price is the price of.
        unit: Unit,
        /// How time was counted; absent for units that time has no part in.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        counting: Option<Counting>,
        /// What is billed.
        billed: Billed,
    },
    /// The household's situation from a day on.
    Situation {
        /// First billed day that it was used for.
        from: NaiveDate,
        /// The household.
        household: String,
        /// What was proven, if anything was.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        proof: Option<Proof>,
        /// Whether it lives in the territory.
        resident: bool,
        /// Rank of the child among enrolled siblings.
        rank: u32,
        /// Enrolled children.
        enrolled_children: u32,
    },
    /// How the price of one unit was found.
    UnitPrice {
        /// First billed day that it was used for.
        from: NaiveDate,
        /// The arithmetic.
        basis: PriceBasis,
        /// Whether it is the tariff's answer to a missing proof.
        unproven: bool,
        /// How it was rounded.
        rounding: Rounding,
        /// The price.
        unit_price_cents: Cents,
    },
    /// One day.
    Day(DayStep),
    /// The line: the sum of the days' quantities × the unit price, rounded once.
    Amount {
        /// Sum of quantities.
        quantity: Decimal,
        /// Price of one.
        unit_price_cents: Cents,
        /// How the product was rounded.
        rounding: Rounding,
        /// The amount.
        amount_cents: Cents,
    },
    /// The part of one payer, where a household shares its bill.
    Share {
        /// The payer.
        payer: String,
        /// Their part.
        share: u32,
        /// Of so many.
        of: u32,
        /// The whole amount.
        whole_cents: Cents,
    },
    /// The contract that a line is of.
    Contract {
        /// Its code.
        code: String,
        /// First day.
        from: NaiveDate,
        /// Last day.
        to: NaiveDate,
        /// Hours a week.
        weekly_hours: Decimal,
        /// Weeks.
        weeks: Decimal,
        /// Hours of leave that are left out.
        planned_leave_hours: Decimal,
        /// Hours in all.
        hours: Decimal,
        /// Monthly parts.
        parts: u32,
        /// Hours of a part, rounded to a hundredth.
        monthly_hours: Decimal,
    },
    /// A monthly part.
    Part {
        /// Which, from 1.
        number: u32,
        /// Of how many.
        of: u32,
        /// Its hours; the last part takes what is missing.
        hours: Decimal,
    },
    /// Hours before or after the reserved ones, or on days without.
    BeyondContract,
    /// Hours of an adaptation, which are free.
    Adaptation {
        /// Its last day.
        until: NaiveDate,
    },
    /// An absence whose hours aren't due. What a child suffers from isn't said.
    Excused {
        /// What excuses it.
        by: ExcusedBy,
        /// First day.
        from: NaiveDate,
        /// Last day.
        to: NaiveDate,
        /// First day that isn't due.
        deducted_from: NaiveDate,
    },
    /// The contract was broken: what was reserved until then, and what its parts have billed.
    ContractEnd {
        /// The last day.
        on: NaiveDate,
        /// Hours reserved up to it.
        reserved_hours: Decimal,
        /// Hours of all parts.
        billed_hours: Decimal,
    },
    /// The line tells what changed since an earlier bill.
    Adjustment {
        /// Month of the facts.
        month: String,
        /// Units that were billed.
        billed_quantity: Decimal,
        /// What was billed.
        billed_cents: Cents,
        /// What it comes to now.
        now_cents: Cents,
    },
}

/// What excuses an absence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExcusedBy {
    /// A certificate.
    Certificate,
    /// The crèche asked for it.
    Centre,
    /// The crèche was closed.
    Closure,
}

/// What a household proved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proof {
    /// Valid from.
    pub valid_from: NaiveDate,
    /// QF.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub quotient_familial: Option<u32>,
    /// Euros a month.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub monthly_resources: Option<Decimal>,
    /// Where it comes from.
    pub source: String,
}

/// One child, one activity, one day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DayStep {
    /// The day.
    pub date: NaiveDate,
    /// What was recorded.
    pub presences: Vec<PresenceStep>,
    /// What was booked, where that counts.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub booked: Option<BookedStep>,
    /// Minutes between the bounds, overlaps once.
    pub present_minutes: i64,
    /// Minutes after rounding by steps; 0 for units that time has no part in.
    pub counted_minutes: i64,
    /// What the quantity follows.
    pub by: QuantityOf,
    /// The household's part of the day in percent, where custody shares it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub part_percent: Option<u32>,
    /// Units billed.
    pub quantity: Decimal,
    /// A bound is missing: somebody has to decide before it is issued.
    pub provisional: bool,
}

/// A stretch of presence, bound by bound.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PresenceStep {
    /// Arrival; `None` at a roll call, or where it is missing.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub from: Option<Bound>,
    /// Departure.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub to: Option<Bound>,
    /// The roll call that says so, where there are no times.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub roll_call: Option<Bound>,
}

/// One end of a presence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bound {
    /// What a wall clock showed, seconds dropped: `17:45`.
    #[serde(with = "wall_time")]
    pub time: NaiveTime,
    /// Where it comes from.
    pub origin: Origin,
    /// The entry, where one was recorded and the reader may follow it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub entry: Option<EntryId>,
    /// Whether a correction moved it.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub corrected: bool,
}

/// Where a bound comes from. A bound taken from the activity is never printed as a time at the door.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// À la porte: a tablet.
    Door,
    /// Saisi au bureau.
    Office,
    /// Through the portal.
    Portal,
    /// An imported file or paper sheet.
    Import,
    /// The server by itself.
    System,
    /// The activity's own start or end: "16:30, fin de classe".
    Activity,
}

impl Origin {
    /// As a bill says it.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Door => "à la porte",
            Self::Office => "saisi au bureau",
            Self::Portal => "saisi sur le portail",
            Self::Import => "repris d'une feuille",
            Self::System => "noté par le serveur",
            Self::Activity => "horaire de l'activité",
        }
    }
}

/// What was booked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BookedStep {
    /// From.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub from: Option<NaiveTime>,
    /// To.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub to: Option<NaiveTime>,
    /// Units.
    pub quantity: Decimal,
}

/// What a day's quantity follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum QuantityOf {
    /// The presence.
    Presence,
    /// The booking.
    Booking,
    /// The least that is certain, as a bound is missing.
    Provisional,
    /// What goes beyond the reserved hours of a contract.
    BeyondContract,
    /// Reserved hours of a contract that aren't due.
    Deduction,
}

impl Step {
    /// Whether two situations or prices say the same, whatever day they are told from.
    pub(crate) fn is_same_but_for_date(&self, other: &Self) -> bool {
        let undated = |step: &Self| {
            let mut step = step.clone();
            if let Self::Situation { from, .. } | Self::UnitPrice { from, .. } = &mut step {
                *from = NaiveDate::MIN;
            }
            step
        };
        undated(self) == undated(other)
    }
}

/// `17:45`: minutes are all that billing knows of a time.
mod wall_time {
    use chrono::NaiveTime;
    use serde::{Deserialize, Deserializer, Serializer};

    const FORMAT: &str = "%H:%M";

    pub fn serialize<S: Serializer>(time: &NaiveTime, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&time.format(FORMAT))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<NaiveTime, D::Error> {
        NaiveTime::parse_from_str(&String::deserialize(deserializer)?, FORMAT).map_err(serde::de::Error::custom)
    }
}
