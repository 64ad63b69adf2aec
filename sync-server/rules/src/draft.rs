//! A draft: what would be issued, and what stands in its way. Free, without
//! numbers, and the same bytes for the same data.

use crate::explanation::Step;
use crate::problem::{self, Problem};
use chrono::NaiveDate;
use serde::Serialize;
use shared::calendar::Month;
use shared::money::Cents;

/// The draft of one organisation's month. Field names and order are the contract of `billing draft --format json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Draft {
    /// `2026-09`.
    pub month: String,
    /// Always EUR.
    pub currency: &'static str,
    /// Sum of all invoices.
    pub total_cents: Cents,
    /// By régie, payer, household.
    pub invoices: Vec<Invoice>,
    /// By date, kind, lieu, child.
    pub problems: Vec<Problem>,
}

/// What one payer owes to one régie.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Invoice {
    /// Code of the régie.
    pub regie: String,
    /// Code of the household.
    pub household: String,
    /// Code of the adult; empty where nobody pays.
    pub payer: String,
    /// Sum of the lines.
    pub total_cents: Cents,
    /// By child, activity, first day, unit price.
    pub lines: Vec<Line>,
}

/// One child, one activity, one tariff version, one unit price, within one month.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Line {
    /// Code of the child.
    pub child: String,
    /// Code of the lieu.
    pub centre: String,
    /// Code of the activity.
    pub activity: String,
    /// Code of the tariff; its version is in the explanation.
    pub tariff: String,
    /// First billed day.
    pub date_from: NaiveDate,
    /// Last billed day.
    pub date_to: NaiveDate,
    /// Units, as a decimal: `1.5`.
    pub quantity: String,
    /// Code of the unit.
    pub unit: String,
    /// Price of one.
    pub unit_price_cents: Cents,
    /// Sum of quantities × price, rounded once; of a shared line, this payer's part.
    pub amount_cents: Cents,
    /// As printed.
    pub label: String,
    /// Why.
    pub explanation: Vec<Step>,
    /// Of a contract, what of it, and its code: `mensualite:C0001`, `complement:…`, `deduction:…`, `adaptation:…`, `regularisation:…`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub part: String,
}

impl Draft {
    pub(crate) fn new(month: Month, invoices: Vec<Invoice>, mut problems: Vec<Problem>) -> Self {
        problem::sort(&mut problems);
        let total_cents = invoices.iter().map(|invoice| invoice.total_cents).sum();
        Self { month: month.to_string(), currency: "EUR", total_cents, invoices, problems }
    }

    /// Whether nothing stands in the way of issuing it.
    #[must_use]
    pub fn is_issuable(&self) -> bool {
        self.problems.iter().all(|problem| !problem.blocking)
    }
}
