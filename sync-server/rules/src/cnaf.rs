//! What the CNAF pays a crèche by: hours done, hours billed, and the rate between the two.
//!
//! Hours billed = hours done (reserved or not) − free hours + hours of absence that stay due: both are counted by the tariff's steps.
//! Since 1 January 2025 the price of an hour goes down in a line from 107 % to 120 % (before, it fell at 107 % and at 117 %).

use crate::quantity::Quantity;
use rust_decimal::{Decimal, RoundingStrategy};
use serde::Serialize;
use shared::money::Cents;

/// Up to here the highest price holds, in percent.
const FULL_UNTIL: Decimal = Decimal::from_parts(107, 0, 0, false, 0);
/// From here on the lowest.
const LEAST_FROM: Decimal = Decimal::from_parts(120, 0, 0, false, 0);

/// Hours of a lieu in a month, as they add up.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Hours {
    pub done: Quantity,
    pub free: Quantity,
    pub billed: Quantity,
}

/// A crèche's month, as the CNAF looks at it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Indicator {
    /// Code of the lieu.
    pub centre: String,
    /// Hours that children were there, by the tariff's steps.
    pub hours_done: Decimal,
    /// Of them, those of an adaptation, which are free.
    pub hours_free: Decimal,
    /// Hours that families owe.
    pub hours_billed: Decimal,
    /// Billed ÷ done, in percent to a hundredth; `None` where nobody came.
    pub rate_percent: Option<Decimal>,
}

impl Indicator {
    pub(crate) fn of(centre: &str, hours: Hours) -> Self {
        let (done, billed) = (hours.done.to_decimal(), hours.billed.to_decimal());
        let rate = |done: Decimal| (billed * Decimal::ONE_HUNDRED / done).round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero);
        Self {
            centre: centre.to_owned(),
            hours_done: done,
            hours_free: hours.free.to_decimal(),
            hours_billed: billed,
            rate_percent: (!done.is_zero()).then(|| rate(done)),
        }
    }

    /// The price of an hour at its rate, between the two of the year's barème, rounded half up to the cent.
    #[must_use]
    pub fn price(&self, highest: Cents, lowest: Cents) -> Option<Cents> {
        let over = (self.rate_percent? - FULL_UNTIL).clamp(Decimal::ZERO, LEAST_FROM - FULL_UNTIL);
        let less = (highest - lowest).to_euros() * over / (LEAST_FROM - FULL_UNTIL);
        Some(Cents::from_euros(highest.to_euros() - less, shared::money::Rounding::DemiSuperieur))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(done: u32, billed: u32) -> Indicator {
        Indicator::of("C", Hours { done: Quantity::units(done), free: Quantity::ZERO, billed: Quantity::units(billed) })
    }

    #[test]
    fn the_price_goes_down_in_a_line_from_107_to_120_percent() {
        let price = |billed| at(1000, billed).price(Cents(690), Cents(560)).unwrap().0;
        let by_rate: Vec<i64> = [900, 1070, 1071, 1135, 1199, 1200, 2000].map(price).into();
        assert_eq!(by_rate, [690, 690, 689, 625, 561, 560, 560]);
    }

    #[test]
    fn a_crèche_where_nobody_came_has_no_rate() {
        assert_eq!((at(0, 12).rate_percent, at(0, 12).price(Cents(690), Cents(560))), (None, None));
        assert_eq!(at(3, 4).rate_percent.map(|r| r.to_string()).as_deref(), Some("133.33"));
    }
}
