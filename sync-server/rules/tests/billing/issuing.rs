//! What is new since the last bill: laws of the difference.

use crate::town::Town;
use proptest::prelude::*;
use rules::draft::Draft;
use rules::issue::{Bill, Billed, LineKey, bills};
use rust_decimal::Decimal;
use shared::calendar::Month;
use shared::money::Cents;
use shared::roster::Recording;
use std::collections::BTreeMap;

fn october() -> Month {
    "2026-10".parse().unwrap()
}

/// A draft of evenings: day of October and minutes after 16:30.
fn draft(evenings: &[(u32, u32)]) -> Draft {
    let mut town = Town::new("2026-10");
    town.forfait("soir", "demi_heure", "0.65", "").activity("soir", Recording::Heures, "16:30-19:00");
    town.enrol("E1", "soir");
    for (day, minutes) in evenings {
        let end = format!("{:02}:{:02}", 16 + (30 + minutes) / 60, (30 + minutes) % 60);
        town.stay("E1", &format!("2026-10-{day:02}"), "16:30", &end, "soir");
    }
    town.draft()
}

/// What stands in the books after bills were issued.
fn book(billed: &mut BTreeMap<LineKey, Billed>, bills: &[Bill]) {
    for bill in bills {
        for line in &bill.lines {
            let quantity: Decimal = line.line.quantity.parse().unwrap();
            let sum = billed.entry(bill.key_of(line)).or_insert_with(|| Billed {
                quantity: Decimal::ZERO,
                amount: Cents::ZERO,
                line: line.line.clone(),
            });
            sum.quantity += quantity;
            sum.amount += line.line.amount_cents;
        }
    }
}

fn of(billed: &BTreeMap<LineKey, Billed>) -> Cents {
    billed.values().map(|b| b.amount).sum()
}

#[test]
fn a_line_that_is_no_more_is_taken_back_and_says_what_it_was() {
    let mut billed = BTreeMap::new();
    book(&mut billed, &bills(&[(october(), draft(&[(5, 60), (6, 30)]))], &BTreeMap::new()));
    let back = bills(&[(october(), draft(&[]))], &billed);
    let [bill] = &back[..] else { panic!("{back:?}") };
    assert!(bill.is_credit_note());
    assert_eq!((bill.total.0, bill.lines[0].line.quantity.as_str()), (-195, "-3"));
    assert_eq!(bill.lines[0].line.label, "soir, ajustement d’octobre 2026");
}

proptest! {
    /// However a month is learnt, bit by bit, what was billed in the end is what one draft of all of it comes to.
    #[test]
    fn bills_of_a_month_add_up_to_its_last_draft(
        stages in prop::collection::vec(prop::collection::btree_map(1u32..29, 1u32..140, 0..8), 1..5),
    ) {
        let mut billed = BTreeMap::new();
        for stage in &stages {
            let evenings: Vec<(u32, u32)> = stage.iter().map(|(d, m)| (*d, *m)).collect();
            let now = draft(&evenings);
            let new = bills(&[(october(), now.clone())], &billed);
            for bill in &new {
                prop_assert_eq!(bill.total, bill.lines.iter().map(|l| l.line.amount_cents).sum::<Cents>());
            }
            book(&mut billed, &new);
            prop_assert_eq!(of(&billed), now.total_cents);
            prop_assert!(bills(&[(october(), now)], &billed).is_empty(), "asked again, nothing is new");
        }
    }
}
