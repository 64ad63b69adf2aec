//! The ledger: what each payer owes to each régie, in double entry, over integers.
//!
//! An entry is made by one of the constructors below and balances by construction; nothing rewrites one. What is paid is
//! allocated to lines of bills, oldest first; what is left is the payer's credit, never netted across régies.

use chrono::NaiveDate;
use shared::money::{Cents, split};
use std::collections::BTreeMap;

/// An account of one payer and one régie.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Account {
    /// What the family owes; positive is owed.
    Family,
    /// What was produced, by nature: `garde`, `repas`…
    Product(String),
    /// What came in, by means: `payfip`…
    Cash(String),
    /// What was given up, and why: `remise_gracieuse`…
    Loss(String),
}

/// One side of an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posting {
    /// Where.
    pub account: Account,
    /// How much.
    pub amount: Cents,
}

/// The postings of a bill or a credit note: the family owes what its lines produced.
#[must_use]
pub fn of_bill<'l>(lines: impl IntoIterator<Item = (&'l str, Cents)>) -> Vec<Posting> {
    let mut products: BTreeMap<&str, Cents> = BTreeMap::new();
    for (nature, amount) in lines {
        *products.entry(nature).or_default() += amount;
    }
    let total: Cents = products.values().copied().sum();
    let mut postings = vec![Posting { account: Account::Family, amount: total }];
    postings.extend(products.into_iter().map(|(nature, amount)| Posting { account: Account::Product(nature.into()), amount: -amount }));
    balanced(postings)
}

/// The postings of money that came in. A rejected one is the same with the amount negative.
#[must_use]
pub fn of_payment(means: &str, amount: Cents) -> Vec<Posting> {
    balanced(vec![Posting { account: Account::Cash(means.into()), amount }, Posting { account: Account::Family, amount: -amount }])
}

/// The postings of a debt that goes without money.
#[must_use]
pub fn of_write_off(kind: &str, amount: Cents) -> Vec<Posting> {
    balanced(vec![Posting { account: Account::Loss(kind.into()), amount }, Posting { account: Account::Family, amount: -amount }])
}

fn balanced(postings: Vec<Posting>) -> Vec<Posting> {
    debug_assert_eq!(postings.iter().map(|p| p.amount).sum::<Cents>(), Cents::ZERO);
    postings
}

/// What money may pay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purse {
    /// Whatever is owed.
    Any,
    /// Chèques emploi service universel: childcare, of young children where it is leisure; never a meal.
    Cesu,
    /// Chèques-vacances: leisure and holidays.
    Ancv,
}

impl Purse {
    /// That of a means, by its code in the ledger.
    #[must_use]
    pub fn of(means: &str) -> Self {
        match means {
            "cesu" => Self::Cesu,
            "ancv" => Self::Ancv,
            _ => Self::Any,
        }
    }
}

/// The purses that a line may be paid from, besides any money.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Purses {
    /// CESU.
    pub cesu: bool,
    /// ANCV.
    pub ancv: bool,
}

impl Purses {
    /// By the nature of a product, the kind of its lieu (`lieux.csv`), and the child's age in whole years on the day. CESU pays the crèche,
    /// morning and evening care, and leisure below six years (C. trav. L. 1271-1, CASF D. 312-6-1); ANCV pays leisure.
    #[must_use]
    pub fn of(nature: &str, centre: &str, age: Option<u32>) -> Self {
        /// From this age on a day of leisure is no childcare any more.
        const YOUNG_BELOW: u32 = 6;
        let care = nature == "garde";
        let young = age.is_some_and(|age| age < YOUNG_BELOW);
        Self {
            cesu: care && (matches!(centre, "eaje" | "periscolaire") || (centre == "alsh" && young)),
            ancv: nature == "sejour" || (care && centre == "alsh"),
        }
    }

    fn take(self, purse: Purse) -> bool {
        match purse {
            Purse::Any => true,
            Purse::Cesu => self.cesu,
            Purse::Ancv => self.ancv,
        }
    }
}

/// A line that may still be paid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenLine<B> {
    /// Its bill.
    pub bill: B,
    /// Day of issue: older bills are paid first.
    pub issued_on: NaiveDate,
    /// Its number on the bill.
    pub number: i32,
    /// What is still owed of it. Negative for what a bill takes back, which lessens its other lines.
    pub open: Cents,
    /// What it may be paid from.
    pub purses: Purses,
}

/// What was paid of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allocated<B> {
    /// The bill.
    pub bill: B,
    /// The line.
    pub number: i32,
    /// How much of it; negative where the line takes back.
    pub amount: Cents,
}

/// Spreads an amount over open lines: the bill that was meant first, then the oldest; within a bill in proportion to what is
/// open, to the cent. Money that may only pay some lines pays those, and no more than their bill owes. Gives what was allocated; the rest
/// of the amount is credit.
#[must_use]
pub fn allocate<B: Clone + Ord>(amount: Cents, meant: Option<&B>, purse: Purse, open: &[OpenLine<B>]) -> Vec<Allocated<B>> {
    let mut bills: BTreeMap<(bool, NaiveDate, B), Vec<&OpenLine<B>>> = BTreeMap::new();
    for line in open {
        bills.entry((meant != Some(&line.bill), line.issued_on, line.bill.clone())).or_default().push(line);
    }
    let mut left = amount;
    let mut out = Vec::new();
    for ((_, _, bill), mut lines) in bills {
        lines.sort_by_key(|line| line.number);
        let owed: Cents = lines.iter().map(|line| line.open).sum();
        if owed <= Cents::ZERO || left <= Cents::ZERO {
            continue;
        }
        let mut paid = left.min(owed);
        if purse != Purse::Any {
            lines.retain(|line| line.open > Cents::ZERO && line.purses.take(purse));
            paid = paid.min(lines.iter().map(|line| line.open).sum());
        }
        if paid <= Cents::ZERO {
            continue;
        }
        left = left - paid;
        out.extend(within(&bill, &lines, owed, paid));
    }
    out
}

/// A bill paid whole closes every line, those that take back included; paid in part, its positive lines share by what is open.
fn within<B: Clone>(bill: &B, lines: &[&OpenLine<B>], owed: Cents, paid: Cents) -> Vec<Allocated<B>> {
    let of = |line: &OpenLine<B>, amount| Allocated { bill: bill.clone(), number: line.number, amount };
    if paid == owed && lines.iter().map(|line| line.open).sum::<Cents>() == owed {
        return lines.iter().filter(|line| line.open != Cents::ZERO).map(|line| of(line, line.open)).collect();
    }
    let positive: Vec<&&OpenLine<B>> = lines.iter().filter(|line| line.open > Cents::ZERO).collect();
    let shares: Vec<u32> = positive.iter().map(|line| u32::try_from(line.open.0).unwrap_or(u32::MAX)).collect();
    let parts = split(paid, &shares);
    positive.iter().zip(parts).filter(|(_, part)| *part != Cents::ZERO).map(|(line, part)| of(line, part)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn line(bill: u32, day: u32, number: i32, open: i64) -> OpenLine<u32> {
        let issued_on = NaiveDate::from_ymd_opt(2026, 10, day).unwrap();
        OpenLine { bill, issued_on, number, open: Cents(open), purses: Purses::default() }
    }

    #[test]
    fn the_bill_that_was_meant_is_paid_first_then_the_oldest() {
        let open = [line(1, 1, 1, 1000), line(2, 5, 1, 500), line(3, 3, 1, 700)];
        let paid = allocate(Cents(1600), Some(&2), Purse::Any, &open);
        let got: Vec<_> = paid.iter().map(|a| (a.bill, a.amount.0)).collect();
        assert_eq!(got, [(2, 500), (1, 1000), (3, 100)]);
    }

    #[test]
    fn a_part_is_shared_among_lines_to_the_cent() {
        let paid = allocate(Cents(100), None, Purse::Any, &[line(1, 1, 1, 300), line(1, 1, 2, 300), line(1, 1, 3, 300)]);
        assert_eq!(paid.iter().map(|a| a.amount.0).collect::<Vec<_>>(), [34, 33, 33]);
    }

    #[test]
    fn a_bill_with_a_line_that_takes_back_is_closed_by_its_total() {
        let paid = allocate(Cents(700), None, Purse::Any, &[line(1, 1, 1, 1000), line(1, 1, 2, -300)]);
        assert_eq!(paid.iter().map(|a| a.amount.0).collect::<Vec<_>>(), [1000, -300]);
    }

    #[test]
    fn cesu_pays_care_and_no_meal_and_what_it_cannot_pay_stays() {
        let care = |line: OpenLine<u32>| OpenLine { purses: Purses { cesu: true, ancv: false }, ..line };
        let open = [care(line(1, 1, 1, 300)), line(1, 1, 2, 500), care(line(2, 2, 1, 200))];
        let paid = allocate(Cents(1_000), Some(&1), Purse::Cesu, &open);
        assert_eq!(paid.iter().map(|a| (a.bill, a.number, a.amount.0)).collect::<Vec<_>>(), [(1, 1, 300), (2, 1, 200)]);
        assert!(allocate(Cents(1_000), Some(&1), Purse::Ancv, &open).is_empty());
        // A bill that takes back more than its meals owes less than its care: CESU pays no more than it owes.
        let less = [care(line(1, 1, 1, 300)), line(1, 1, 2, -250)];
        assert_eq!(allocate(Cents(300), None, Purse::Cesu, &less).iter().map(|a| a.amount.0).collect::<Vec<_>>(), [50]);
    }

    #[test]
    fn what_a_purse_pays_goes_by_nature_lieu_and_age() {
        let both = |nature, centre, age| (Purses::of(nature, centre, age).cesu, Purses::of(nature, centre, age).ancv);
        assert_eq!(both("garde", "eaje", Some(2)), (true, false));
        assert_eq!(both("garde", "periscolaire", Some(9)), (true, false));
        assert_eq!(both("garde", "alsh", Some(5)), (true, true));
        assert_eq!(both("garde", "alsh", Some(6)), (false, true));
        assert_eq!(both("garde", "alsh", None), (false, true), "an unknown age is not young");
        assert_eq!(both("repas", "cantine", Some(4)), (false, false));
        assert_eq!(both("sejour", "alsh", Some(12)), (false, true));
    }

    proptest! {
        #[test]
        fn what_is_allocated_is_what_was_paid_or_all_that_was_owed(
            amount in 0i64..100_000,
            lines in prop::collection::vec((0u32..4, 1i64..20_000), 0..12),
        ) {
            let open: Vec<_> = lines.iter().enumerate().map(|(i, (bill, cents))| line(*bill, 1 + *bill, i as i32, *cents)).collect();
            let owed: i64 = open.iter().map(|l| l.open.0).sum();
            let paid = allocate(Cents(amount), None, Purse::Any, &open);
            prop_assert_eq!(paid.iter().map(|a| a.amount.0).sum::<i64>(), amount.min(owed));
            for a in &paid {
                let line = open.iter().find(|l| l.bill == a.bill && l.number == a.number).unwrap();
                prop_assert!(a.amount.0 <= line.open.0);
            }
        }

        #[test]
        fn every_entry_adds_up_to_nothing(lines in prop::collection::vec((0usize..3, -5_000i64..50_000), 0..20), paid in -9_000i64..90_000) {
            let natures = ["garde", "repas", "penalite"];
            let bill = of_bill(lines.iter().map(|(n, c)| (natures[*n], Cents(*c))));
            prop_assert_eq!(bill.iter().map(|p| p.amount).sum::<Cents>(), Cents::ZERO);
            for postings in [of_payment("payfip", Cents(paid)), of_write_off("remise_gracieuse", Cents(paid))] {
                prop_assert_eq!(postings.iter().map(|p| p.amount).sum::<Cents>(), Cents::ZERO);
            }
        }
    }
}
