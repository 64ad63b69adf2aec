//! From minutes at the door to units of a tariff.
//!
//! Owns two things: [`Quantity`], an exact number of units, and [`count`],
//! the one way in which the presences of a child in an activity on a day
//! become units. Minutes are whole (seconds are dropped at both ends, see
//! [`Interval::new`]) and a quantity is a fraction, never rounded before the
//! amount of its line.

mod count;

pub use count::{Count, count};

use chrono::{NaiveDate, NaiveDateTime, TimeDelta};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use shared::calendar::{Instant, local};
use shared::money::{Cents, Rounding};
use std::fmt;
use std::iter::Sum;

/// What a price is the price of (`unite`), and the step in which time is counted (`pas`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// Once a day and activity.
    Acte,
    /// Once a day and activity.
    DemiJournee,
    /// Once a day and activity.
    Journee,
    /// 60 minutes.
    Heure,
    /// 30 minutes.
    DemiHeure,
    /// 15 minutes.
    QuartHeure,
    /// One minute.
    Minute,
}

impl Unit {
    /// All of them, with the code of files.
    pub const CODES: [(&'static str, Self); 7] = [
        ("acte", Self::Acte),
        ("demi_journee", Self::DemiJournee),
        ("journee", Self::Journee),
        ("heure", Self::Heure),
        ("demi_heure", Self::DemiHeure),
        ("quart_heure", Self::QuartHeure),
        ("minute", Self::Minute),
    ];

    /// As files write it.
    #[must_use]
    pub fn code(self) -> &'static str {
        Self::CODES.iter().find(|(_, unit)| *unit == self).map_or("", |(code, _)| code)
    }

    /// Its length, where it has one.
    #[must_use]
    pub fn minutes(self) -> Option<u32> {
        match self {
            Self::Acte | Self::DemiJournee | Self::Journee => None,
            Self::Heure => Some(60),
            Self::DemiHeure => Some(30),
            Self::QuartHeure => Some(15),
            Self::Minute => Some(1),
        }
    }
}

/// How the minutes of a day become steps (`decompte`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// The day's total is rounded.
    Duree,
    /// Each arrival and departure is moved to the dial's marks.
    Cadran,
}

/// How time becomes units: mode, step and tolerance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Counting {
    /// What is rounded.
    pub mode: Mode,
    /// The step (`pas`): a unit of time for units of time, else the unit itself.
    pub step: Unit,
    /// Minutes of grace, less than the step.
    pub tolerance_minutes: u32,
}

/// A stretch of presence between two whole minutes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Interval {
    from: Instant,
    to: Instant,
}

impl Interval {
    /// Between two instants, whose seconds are dropped; a stretch that would end before it starts is empty.
    #[must_use]
    pub fn new(from: Instant, to: Instant) -> Self {
        let from = whole_minute(from);
        Self { from, to: whole_minute(to).max(from) }
    }

    /// Its first minute.
    #[must_use]
    pub fn from(self) -> Instant {
        self.from
    }

    /// The minute that it ends at.
    #[must_use]
    pub fn to(self) -> Instant {
        self.to
    }

    /// Its length in minutes of real time: a clock change neither gives nor takes.
    #[must_use]
    pub fn minutes(self) -> i64 {
        (self.to - self.from).num_minutes()
    }

    /// The part that lies in another interval, if they share at least a minute.
    #[must_use]
    pub fn overlap(self, other: Self) -> Option<Self> {
        let shared = Self { from: self.from.max(other.from), to: self.to.min(other.to) };
        (shared.from < shared.to).then_some(shared)
    }

    /// Both ends in minutes since midnight of a day, as a wall clock in France shows them; 1440 is 24:00.
    fn wall_minutes(self, day: NaiveDate) -> (i64, i64) {
        let midnight = day.and_time(chrono::NaiveTime::MIN);
        let minutes = |wall: NaiveDateTime| (wall - midnight).num_minutes();
        (minutes(local(self.from)), minutes(local(self.to)))
    }
}

/// Seconds are dropped at both ends (billing rule "Minutes").
#[must_use]
pub fn whole_minute(at: Instant) -> Instant {
    let milliseconds = at.timestamp_millis().rem_euclid(60_000);
    let nanoseconds = i64::from(at.timestamp_subsec_nanos() % 1_000_000);
    at - TimeDelta::milliseconds(milliseconds) - TimeDelta::nanoseconds(nanoseconds)
}

/// Joins what overlaps or touches, in order.
#[must_use]
pub fn union<T: Ord + Copy>(mut stretches: Vec<(T, T)>) -> Vec<(T, T)> {
    stretches.retain(|(from, to)| from < to);
    stretches.sort_unstable();
    let mut joined: Vec<(T, T)> = Vec::with_capacity(stretches.len());
    for (from, to) in stretches {
        match joined.last_mut() {
            Some(last) if from <= last.1 => last.1 = last.1.max(to),
            _ => joined.push((from, to)),
        }
    }
    joined
}

/// An exact number of units: a fraction in lowest terms.
///
/// 83 minutes of a price by the hour are 83/60, which no decimal holds; the
/// amount is made from the fraction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Quantity {
    numerator: i64,
    denominator: i64,
}

/// Decimals of a quantity that no finite decimal holds, in print only.
const PRINTED_DECIMALS: u32 = 6;

impl Quantity {
    /// Nothing.
    pub const ZERO: Self = Self { numerator: 0, denominator: 1 };
    /// One unit.
    pub const ONE: Self = Self { numerator: 1, denominator: 1 };

    /// So many units.
    #[must_use]
    pub fn units(units: u32) -> Self {
        Self { numerator: i64::from(units), denominator: 1 }
    }

    /// So many minutes of a unit that is so many minutes long.
    ///
    /// # Panics
    /// For a unit without length: a defect of the caller.
    #[must_use]
    pub fn of_minutes(minutes: i64, unit_minutes: u32) -> Self {
        assert!(unit_minutes > 0, "a unit of time has a length");
        Self::fraction(minutes, i64::from(unit_minutes))
    }

    /// An exact decimal of at most nine places, as a file writes it.
    #[must_use]
    pub fn of_decimal(decimal: Decimal) -> Option<Self> {
        let decimal = decimal.normalize();
        let denominator = 10_i64.checked_pow(decimal.scale().min(9)).filter(|_| decimal.scale() <= 9)?;
        Some(Self::fraction(i64::try_from(decimal.mantissa()).ok()?, denominator))
    }

    fn fraction(numerator: i64, denominator: i64) -> Self {
        let divisor = greatest_common_divisor(numerator.abs(), denominator).max(1);
        Self { numerator: numerator / divisor, denominator: denominator / divisor }
    }

    /// So many percent of it, exact.
    #[must_use]
    pub fn percent(self, percent: u32) -> Self {
        Self::fraction(self.numerator * i64::from(percent), self.denominator * 100)
    }

    /// Whether it is nothing.
    #[must_use]
    pub fn is_zero(self) -> bool {
        self.numerator == 0
    }

    /// Quantity × unit price, rounded once.
    ///
    /// # Panics
    /// Above 92 million billion euros, which no input limit lets through.
    #[must_use]
    pub fn times(self, unit_price: Cents, rounding: Rounding) -> Cents {
        let exact = i128::from(self.numerator) * i128::from(unit_price.0);
        let denominator = i128::from(self.denominator);
        let toward_zero = exact / denominator;
        let reaches_half = (exact % denominator).abs() * 2 >= denominator;
        let away = if reaches_half && rounding == Rounding::DemiSuperieur { exact.signum() } else { 0 };
        Cents(i64::try_from(toward_zero + away).expect("an amount in cents fits 64 bits"))
    }

    /// As a decimal, cut to six places where the fraction has no end.
    #[must_use]
    pub fn to_decimal(self) -> Decimal {
        (Decimal::from(self.numerator) / Decimal::from(self.denominator))
            .round_dp_with_strategy(PRINTED_DECIMALS, rust_decimal::RoundingStrategy::MidpointAwayFromZero)
            .normalize()
    }
}

fn greatest_common_divisor(a: i64, b: i64) -> i64 {
    if b == 0 { a } else { greatest_common_divisor(b, a % b) }
}

impl std::ops::Add for Quantity {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        let (a, b) = (self, other);
        Self::fraction(a.numerator * b.denominator + b.numerator * a.denominator, a.denominator * b.denominator)
    }
}

impl Default for Quantity {
    fn default() -> Self {
        Self::ZERO
    }
}

impl std::ops::Neg for Quantity {
    type Output = Self;
    fn neg(self) -> Self {
        Self { numerator: -self.numerator, ..self }
    }
}

impl std::ops::Sub for Quantity {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        self + -other
    }
}

impl Sum for Quantity {
    fn sum<I: Iterator<Item = Self>>(quantities: I) -> Self {
        quantities.fold(Self::ZERO, std::ops::Add::add)
    }
}

impl Ord for Quantity {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        let left = i128::from(self.numerator) * i128::from(other.denominator);
        left.cmp(&(i128::from(other.numerator) * i128::from(self.denominator)))
    }
}

impl PartialOrd for Quantity {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

/// With a point and without useless zeros: `1.5`.
impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.to_decimal().fmt(f)
    }
}
