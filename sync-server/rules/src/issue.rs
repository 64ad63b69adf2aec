//! From a draft to bills: what is new since the last bills, as lines and adjustment lines.
//!
//! Nothing that was issued changes. A month is drafted again, and what it says now is held against what was billed of it:
//! the difference is a line of the next bill, which tells both figures. The same draft twice gives nothing the second time.

use crate::draft::{Draft, Line};
use crate::explanation::Step;
use chrono::NaiveDate;
use rust_decimal::Decimal;
use shared::calendar::Month;
use shared::french;
use shared::money::Cents;
use std::collections::{BTreeMap, BTreeSet};

/// What makes two lines the same thing, billed at two times.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct LineKey {
    /// Month of the facts.
    pub month: String,
    /// Code of the régie.
    pub regie: String,
    /// Code of the payer.
    pub payer: String,
    /// Code of the household.
    pub household: String,
    /// Code of the child.
    pub child: String,
    /// Code of the activity.
    pub activity: String,
    /// Code of the tariff.
    pub tariff: String,
    /// First day of its version.
    pub tariff_from: NaiveDate,
    /// Price of one unit.
    pub unit_price: Cents,
    /// What of a contract, as [`Line::part`].
    pub part: String,
}

/// A line as it was issued, or the sum of several of one key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Billed {
    /// Units.
    pub quantity: Decimal,
    /// Cents.
    pub amount: Cents,
    /// What an adjustment that takes all of it back still has to print.
    pub line: Line,
}

/// What one payer is billed by one régie: a bill, or a credit note where it comes to less than nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bill {
    /// Code of the régie.
    pub regie: String,
    /// Code of the household.
    pub household: String,
    /// Code of the payer.
    pub payer: String,
    /// Sum of the lines.
    pub total: Cents,
    /// The month's own lines, then adjustments of earlier ones.
    pub lines: Vec<BillLine>,
}

/// A line of a bill.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BillLine {
    /// Month of the facts.
    pub month: Month,
    /// First day of the tariff's version.
    pub tariff_from: NaiveDate,
    /// Whether it tells what changed since an earlier bill.
    pub adjusts: bool,
    /// The line; of an adjustment, quantity and amount are what is added or taken back.
    pub line: Line,
}

impl Bill {
    /// What makes one of its lines the same thing at another time.
    #[must_use]
    pub fn key_of(&self, line: &BillLine) -> LineKey {
        LineKey { tariff_from: line.tariff_from, ..key(&line.month.to_string(), &self.regie, &self.payer, &self.household, &line.line) }
    }

    /// Whether it is a credit note.
    #[must_use]
    pub fn is_credit_note(&self) -> bool {
        self.total < Cents::ZERO
    }
}

/// The key of a draft's line.
fn key(month: &str, regie: &str, payer: &str, household: &str, line: &Line) -> LineKey {
    let version =
        line.explanation.iter().find_map(|step| if let Step::Tariff { valid_from, .. } = step { Some(*valid_from) } else { None });
    LineKey {
        month: month.to_owned(),
        regie: regie.to_owned(),
        payer: payer.to_owned(),
        household: household.to_owned(),
        child: line.child.clone(),
        activity: line.activity.clone(),
        tariff: line.tariff.clone(),
        tariff_from: version.unwrap_or(line.date_from),
        unit_price: line.unit_price_cents,
        part: line.part.clone(),
    }
}

/// Bills for what drafts say and earlier bills don't. Drafts: the month that is issued, and earlier months that were.
/// Sorted by régie, payer and household; the same input in any order gives the same bills.
#[must_use]
pub fn bills(drafts: &[(Month, Draft)], billed: &BTreeMap<LineKey, Billed>) -> Vec<Bill> {
    let mut seen: BTreeSet<LineKey> = BTreeSet::new();
    let mut lines: BTreeMap<(String, String, String), Vec<BillLine>> = BTreeMap::new();
    let months: BTreeMap<String, Month> = drafts.iter().map(|(month, _)| (month.to_string(), *month)).collect();
    let told: BTreeSet<(&str, &str, &str)> = billed.keys().map(|k| (k.month.as_str(), k.regie.as_str(), k.payer.as_str())).collect();
    for (month, draft) in drafts {
        for invoice in draft.invoices.iter().filter(|i| !i.payer.is_empty()) {
            let owner = (invoice.regie.clone(), invoice.payer.clone(), invoice.household.clone());
            for line in &invoice.lines {
                let key = key(&draft.month, &invoice.regie, &invoice.payer, &invoice.household, line);
                let was_told = told.contains(&(draft.month.as_str(), invoice.regie.as_str(), invoice.payer.as_str()));
                let tariff_from = key.tariff_from;
                let new = match billed.get(&key) {
                    None if !was_told => Some(BillLine { month: *month, tariff_from, adjusts: false, line: line.clone() }),
                    None => adjustment(*month, tariff_from, line, Decimal::ZERO, Cents::ZERO),
                    Some(before) => adjustment(*month, tariff_from, line, before.quantity, before.amount),
                };
                seen.insert(key);
                lines.entry(owner.clone()).or_default().extend(new);
            }
        }
    }
    // What was billed and is no longer so is taken back whole.
    for (key, before) in billed.iter().filter(|(key, _)| !seen.contains(key)) {
        let Some(month) = months.get(&key.month) else { continue };
        let nothing = Line { quantity: "0".into(), amount_cents: Cents::ZERO, explanation: Vec::new(), ..before.line.clone() };
        let owner = (key.regie.clone(), key.payer.clone(), key.household.clone());
        lines.entry(owner).or_default().extend(adjustment(*month, key.tariff_from, &nothing, before.quantity, before.amount));
    }
    let bill = |((regie, payer, household), mut lines): ((String, String, String), Vec<BillLine>)| {
        lines.sort_by(|a, b| order(a).cmp(&order(b)));
        let total = lines.iter().map(|l| l.line.amount_cents).sum();
        Bill { regie, household, payer, total, lines }
    };
    lines.into_iter().filter(|(_, lines)| !lines.is_empty()).map(bill).collect()
}

type Order<'a> = (bool, std::cmp::Reverse<Month>, &'a str, &'a str, NaiveDate, Cents);

fn order(line: &BillLine) -> Order<'_> {
    let BillLine { month, adjusts, line, .. } = line;
    (*adjusts, std::cmp::Reverse(*month), &line.child, &line.activity, line.date_from, line.unit_price_cents)
}

/// The difference between what a line says now and what was billed; `None` where there is none.
fn adjustment(month: Month, tariff_from: NaiveDate, now: &Line, quantity: Decimal, amount: Cents) -> Option<BillLine> {
    let quantity_now: Decimal = now.quantity.parse().unwrap_or_default();
    let (more, cents) = (quantity_now - quantity, now.amount_cents - amount);
    if more.is_zero() && cents == Cents::ZERO {
        return None;
    }
    let step = Step::Adjustment { month: month.to_string(), billed_quantity: quantity, billed_cents: amount, now_cents: now.amount_cents };
    let mut explanation = now.explanation.clone();
    explanation.push(step);
    let line = Line {
        quantity: more.normalize().to_string(),
        amount_cents: cents,
        label: format!("{}, ajustement {}", now.label, french::of_month(month)),
        explanation,
        ..now.clone()
    };
    Some(BillLine { month, tariff_from, adjusts: true, line })
}
