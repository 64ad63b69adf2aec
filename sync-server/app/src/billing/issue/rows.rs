//! The rows that a bill is made of.

use super::codes::Codes;
use crate::Result;
use crate::jobs;
use crate::store::entity::{billing_run, invoice, invoice_line, job, ledger_entry, ledger_posting};
use crate::store::{Tenant, new_id};
use crate::{Error, billing::text};
use chrono::{Days, NaiveDate};
use rules::issue::{Bill, BillLine};
use rules::ledger::{Account, of_bill};
use shared::calendar::Instant;
use uuid::Uuid;

/// Kind of a bill, in numbers and references.
pub const BILL: &str = "F";
/// Kind of a credit note.
pub const CREDIT_NOTE: &str = "A";
/// How long a family has to pay.
const DAYS_TO_PAY: u64 = 30;

/// `F` or `A`.
pub fn kind(bill: &Bill) -> &'static str {
    if bill.is_credit_note() { CREDIT_NOTE } else { BILL }
}

/// Rows to insert, table by table.
pub struct Rows<'a, 'c> {
    tenant: &'a Tenant<'c>,
    codes: &'a Codes,
    run: &'a billing_run::Model,
    now: Instant,
    pub invoices: Vec<invoice::Model>,
    pub lines: Vec<invoice_line::Model>,
    pub entries: Vec<ledger_entry::Model>,
    pub postings: Vec<ledger_posting::Model>,
    pub jobs: Vec<job::Model>,
}

impl<'a, 'c> Rows<'a, 'c> {
    pub fn new(tenant: &'a Tenant<'c>, codes: &'a Codes, run: &'a billing_run::Model, now: Instant) -> Self {
        let (invoices, lines, entries, postings, jobs) = (Vec::new(), Vec::new(), Vec::new(), Vec::new(), Vec::new());
        Self { tenant, codes, run, now, invoices, lines, entries, postings, jobs }
    }

    pub fn add(&mut self, bill: &Bill, number: i64) -> Result<()> {
        let regie = self.codes.regie(&bill.regie).ok_or_else(|| Error::NotFound(format!("Régie « {} »", bill.regie)))?;
        let payer = self.codes.payer_row(&bill.payer)?;
        let (kind, exercise) = (kind(bill), self.run.exercise);
        let addressee = self.codes.addressee(payer, self.run.issued_on);
        let row = invoice::Model {
            organisation_id: self.tenant.id().0,
            id: new_id(self.now)?,
            territoire_id: self.tenant.territoire().0,
            run_id: self.run.id,
            regie_id: regie.id,
            kind: kind.into(),
            exercise,
            number,
            printed_number: format!("{kind}-{exercise}-{number:06}"),
            payment_reference: payment_reference(&regie.code, kind, exercise, number),
            payer_id: payer.id,
            household_id: self.codes.household(&bill.household)?.id,
            month: self.run.month.clone(),
            issued_on: self.run.issued_on,
            due_on: (kind == BILL).then(|| due_on(self.run.issued_on)),
            total_cents: bill.total.0,
            addressee: text::json(&addressee)?,
            cancels_id: None,
            reason: None,
        };
        let lines = self.lines_of(bill, row.id)?;
        self.post(&row, &lines)?;
        self.lines.extend(lines);
        self.jobs.push(jobs::waiting(self.tenant.territoire(), Some(self.tenant.id()), jobs::Kind::Document, row.id, self.now)?);
        self.invoices.push(row);
        Ok(())
    }

    fn lines_of(&self, bill: &Bill, invoice: Uuid) -> Result<Vec<invoice_line::Model>> {
        let line = |(position, BillLine { month, tariff_from, adjusts, line }): (usize, &BillLine)| {
            let child = self.codes.child(&line.child)?;
            let centre = self.codes.centre(&line.centre)?;
            Ok(invoice_line::Model {
                organisation_id: self.tenant.id().0,
                invoice_id: invoice,
                number: i32::try_from(position + 1).unwrap_or(i32::MAX),
                territoire_id: self.tenant.territoire().0,
                tariff_from: *tariff_from,
                month: month.to_string(),
                adjusts: *adjusts,
                child_id: child.id,
                child_name: format!("{} {}", child.first_name, child.last_name),
                centre_id: centre.id,
                centre_name: centre.name.clone(),
                activity_code: line.activity.clone(),
                nature: self.codes.nature(&line.activity, centre),
                tariff_code: line.tariff.clone(),
                date_from: line.date_from,
                date_to: line.date_to,
                quantity: line.quantity.clone(),
                unit: line.unit.clone(),
                unit_price_cents: line.unit_price_cents.0,
                amount_cents: line.amount_cents.0,
                label: line.label.clone(),
                explanation: text::json(&line.explanation)?,
                part: line.part.clone(),
            })
        };
        bill.lines.iter().enumerate().map(line).collect()
    }

    fn post(&mut self, bill: &invoice::Model, lines: &[invoice_line::Model]) -> Result<()> {
        let entry = ledger_entry::Model {
            organisation_id: bill.organisation_id,
            id: new_id(self.now)?,
            regie_id: bill.regie_id,
            kind: if bill.kind == BILL { "facture" } else { "avoir" }.into(),
            at_ms: self.now.timestamp_millis(),
            invoice_id: Some(bill.id),
            payment_id: None,
            receipt_id: None,
        };
        let postings = of_bill(lines.iter().map(|l| (l.nature.as_str(), shared::money::Cents(l.amount_cents))));
        self.postings.extend(posting_rows(&entry, bill.territoire_id, bill.payer_id, &postings));
        self.entries.push(entry);
        Ok(())
    }
}

/// Postings as rows.
pub fn posting_rows(
    entry: &ledger_entry::Model,
    territoire: Uuid,
    payer: Uuid,
    postings: &[rules::ledger::Posting],
) -> Vec<ledger_posting::Model> {
    let row = |(position, posting): (usize, &rules::ledger::Posting)| {
        let (account, detail) = match &posting.account {
            Account::Family => ("famille", String::new()),
            Account::Product(nature) => ("produit", nature.clone()),
            Account::Cash(means) => ("encaisse", means.clone()),
            Account::Loss(kind) => ("perte", kind.clone()),
        };
        ledger_posting::Model {
            organisation_id: entry.organisation_id,
            entry_id: entry.id,
            number: i32::try_from(position + 1).unwrap_or(i32::MAX),
            territoire_id: territoire,
            regie_id: entry.regie_id,
            account: account.into(),
            detail,
            payer_id: payer,
            amount_cents: posting.amount.0,
        }
    };
    postings.iter().enumerate().map(row).collect()
}

/// PayFiP's refdet: code of the régie, kind, year, six digits. Letters and figures only, six to thirty signs.
fn payment_reference(regie: &str, kind: &str, exercise: i32, number: i64) -> String {
    /// What the rest leaves of thirty signs.
    const REGIE_SIGNS_MAX: usize = 15;
    let regie: String = regie.chars().filter(char::is_ascii_alphanumeric).take(REGIE_SIGNS_MAX).collect();
    format!("{regie}{kind}{exercise}{number:06}")
}

/// The last day to pay of what is issued on a day.
pub fn due_on(issued_on: NaiveDate) -> NaiveDate {
    issued_on + Days::new(DAYS_TO_PAY)
}
