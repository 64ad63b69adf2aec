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

fn balanced(postings: Vec<Posting>) -> Vec<Posting> {
    debug_assert_eq!(postings.iter().map(|p| p.amount).sum::<Cents>(), Cents::ZERO);
    postings
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
/// open, to the cent. Gives what was allocated; the rest of the amount is credit.
#[must_use]
pub fn allocate<B: Clone + Ord>(amount: Cents, meant: Option<&B>, open: &[OpenLine<B>]) -> Vec<Allocated<B>> {
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
        let paid = left.min(owed);
        left = left - paid;
        out.extend(within(&bill, &lines, owed, paid));
    }
    out
}

/// A bill paid whole closes every line, those that take back included; paid in part, its positive lines share by what is open.
fn within<B: Clone>(bill: &B, lines: &[&OpenLine<B>], owed: Cents, paid: Cents) -> Vec<Allocated<B>> {
    let of = |line: &OpenLine<B>, amount| Allocated { bill: bill.clone(), number: line.number, amount };
    if paid == owed {
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
        OpenLine { bill, issued_on: NaiveDate::from_ymd_opt(2026, 10, day).unwrap(), number, open: Cents(open) }
    }

    #[test]
    fn the_bill_that_was_meant_is_paid_first_then_the_oldest() {
        let open = [line(1, 1, 1, 1000), line(2, 5, 1, 500), line(3, 3, 1, 700)];
        let paid = allocate(Cents(1600), Some(&2), &open);
        let got: Vec<_> = paid.iter().map(|a| (a.bill, a.amount.0)).collect();
        assert_eq!(got, [(2, 500), (1, 1000), (3, 100)]);
    }

    #[test]
    fn a_part_is_shared_among_lines_to_the_cent() {
        let paid = allocate(Cents(100), None, &[line(1, 1, 1, 300), line(1, 1, 2, 300), line(1, 1, 3, 300)]);
        assert_eq!(paid.iter().map(|a| a.amount.0).collect::<Vec<_>>(), [34, 33, 33]);
    }

    #[test]
    fn a_bill_with_a_line_that_takes_back_is_closed_by_its_total() {
        let paid = allocate(Cents(700), None, &[line(1, 1, 1, 1000), line(1, 1, 2, -300)]);
        assert_eq!(paid.iter().map(|a| a.amount.0).collect::<Vec<_>>(), [1000, -300]);
    }

    proptest! {
        #[test]
        fn what_is_allocated_is_what_was_paid_or_all_that_was_owed(
            amount in 0i64..100_000,
            lines in prop::collection::vec((0u32..4, 1i64..20_000), 0..12),
        ) {
            let open: Vec<_> = lines.iter().enumerate().map(|(i, (bill, cents))| line(*bill, 1 + *bill, i as i32, *cents)).collect();
            let owed: i64 = open.iter().map(|l| l.open.0).sum();
            let paid = allocate(Cents(amount), None, &open);
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
            prop_assert_eq!(of_payment("payfip", Cents(paid)).iter().map(|p| p.amount).sum::<Cents>(), Cents::ZERO);
        }
    }
}
