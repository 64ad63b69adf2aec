//! Money in integer cents, rates as exact decimals, rounding with a name.
//!
//! No float touches an amount. A product is exact ([`Decimal`]) until a named
//! [`Rounding`] makes cents of it, once, where billing says so.

use rust_decimal::{Decimal, RoundingStrategy};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Neg, Sub};

/// An amount of euros, in integer cents; negative for a credit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Cents(pub i64);

impl Cents {
    /// Nothing owed.
    pub const ZERO: Self = Self(0);

    /// The amount in euros, exact.
    #[must_use]
    pub fn to_euros(self) -> Decimal {
        Decimal::new(self.0, 2)
    }

    /// Rounds an exact amount of euros to cents.
    ///
    /// # Panics
    /// Above 92 million billion euros, which no input limit lets through.
    #[must_use]
    pub fn from_euros(euros: Decimal, rounding: Rounding) -> Self {
        let cents = rounding.apply(euros * Decimal::ONE_HUNDRED, 0);
        Self(i64::try_from(cents).expect("an amount in cents fits 64 bits"))
    }

    /// An exact amount with at most two decimals, or `None` where a rounding would be needed.
    #[must_use]
    pub fn from_euros_exact(euros: Decimal) -> Option<Self> {
        let cents = euros.checked_mul(Decimal::ONE_HUNDRED)?;
        (cents.fract().is_zero()).then(|| i64::try_from(cents).ok().map(Self)).flatten()
    }

    /// The sum, or `None` on overflow.
    #[must_use]
    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self)
    }
}

/// How an exact amount becomes cents. Recorded on every line that it shaped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rounding {
    /// Half a cent goes away from zero: 2.025 is 2.03, −2.025 is −2.03.
    #[default]
    DemiSuperieur,
    /// What is below the cent is dropped: 2.2284 is 2.22.
    Tronque,
}

impl Rounding {
    /// Rounds to a number of decimals.
    #[must_use]
    pub fn apply(self, value: Decimal, decimals: u32) -> Decimal {
        let strategy = match self {
            Self::DemiSuperieur => RoundingStrategy::MidpointAwayFromZero,
            Self::Tronque => RoundingStrategy::ToZero,
        };
        value.round_dp_with_strategy(decimals, strategy)
    }
}

/// Splits an amount by shares: each part toward zero, the missing cents to the
/// largest remainders, then in the order given (billing: by payer's code).
///
/// The parts always add up to `amount`. Shares that are all zero give the
/// whole to the first.
///
/// # Panics
/// Without any share: a split among nobody is a defect of the caller.
#[must_use]
pub fn split(amount: Cents, shares: &[u32]) -> Vec<Cents> {
    assert!(!shares.is_empty(), "an amount is split among at least one payer");
    let total: i128 = shares.iter().map(|&s| i128::from(s)).sum();
    if total == 0 {
        let mut parts = vec![Cents::ZERO; shares.len()];
        parts[0] = amount;
        return parts;
    }
    let sign = if amount.0 < 0 { -1 } else { 1 };
    let absolute = i128::from(amount.0).abs();
    let mut parts: Vec<i128> = Vec::with_capacity(shares.len());
    let mut remainders: Vec<(i128, usize)> = Vec::with_capacity(shares.len());
    for (position, &share) in shares.iter().enumerate() {
        let product = absolute * i128::from(share);
        parts.push(product / total);
        remainders.push((product % total, position));
    }
    let missing = absolute - parts.iter().sum::<i128>();
    remainders.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
    for &(_, position) in remainders.iter().take(usize::try_from(missing).unwrap_or(0)) {
        parts[position] += 1;
    }
    parts.into_iter().map(|p| Cents(sign * i64::try_from(p).unwrap_or(i64::MAX))).collect()
}

impl Add for Cents {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}
impl AddAssign for Cents {
    fn add_assign(&mut self, other: Self) {
        self.0 += other.0;
    }
}
impl Sub for Cents {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0 - other.0)
    }
}
impl Neg for Cents {
    type Output = Self;
    fn neg(self) -> Self {
        Self(-self.0)
    }
}
impl Sum for Cents {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::ZERO, Add::add)
    }
}

/// In French: `1 234,56 €`, with narrow no-break spaces as printers set them.
impl fmt::Display for Cents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let absolute = self.0.unsigned_abs();
        let euros = (absolute / 100).to_string();
        let mut grouped = String::new();
        for (position, digit) in euros.chars().enumerate() {
            if position > 0 && (euros.len() - position).is_multiple_of(3) {
                grouped.push('\u{202f}');
            }
            grouped.push(digit);
        }
        let sign = if self.0 < 0 { "−" } else { "" };
        write!(f, "{sign}{grouped},{:02}\u{a0}€", absolute % 100)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn euros(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    #[test]
    fn half_a_cent_goes_up_unless_a_reglement_truncates() {
        assert_eq!(Cents::from_euros(euros("1.115"), Rounding::DemiSuperieur), Cents(112));
        assert_eq!(Cents::from_euros(euros("0.835"), Rounding::DemiSuperieur), Cents(84));
        assert_eq!(Cents::from_euros(euros("2.2284"), Rounding::Tronque), Cents(222));
        assert_eq!(Cents::from_euros(euros("-2.025"), Rounding::DemiSuperieur), Cents(-203));
    }

    #[test]
    fn seventeen_times_4_15_is_70_55() {
        assert_eq!(Cents::from_euros(euros("4.15") * euros("17"), Rounding::DemiSuperieur), Cents(7055));
    }

    #[test]
    fn missing_cents_go_to_the_largest_remainders_then_in_order() {
        assert_eq!(split(Cents(100), &[1, 1, 1]), [Cents(34), Cents(33), Cents(33)]);
        assert_eq!(split(Cents(-100), &[1, 1, 1]), [Cents(-34), Cents(-33), Cents(-33)]);
        assert_eq!(split(Cents(101), &[50, 50]), [Cents(51), Cents(50)]);
        assert_eq!(split(Cents(10), &[25, 75]), [Cents(3), Cents(7)]); // 2.5 and 7.5: equal remainders, first in order
    }

    #[test]
    fn an_amount_reads_as_french_print() {
        assert_eq!(Cents(21_480_640).to_string(), "214\u{202f}806,40\u{a0}€");
        assert_eq!(Cents(-300).to_string(), "−3,00\u{a0}€");
    }

    proptest! {
        #[test]
        fn parts_always_add_up(amount in -1_000_000_000i64..1_000_000_000, shares in prop::collection::vec(0u32..10_000, 1..8)) {
            let parts = split(Cents(amount), &shares);
            prop_assert_eq!(parts.iter().copied().sum::<Cents>(), Cents(amount));
        }
    }
}
