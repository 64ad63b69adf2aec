//! Issuing a month: numbers, lines, ledger and jobs, in one transaction; documents and mail come after, as jobs.
//!
//! The transaction holds the sequences' rows from its first word to its last, so that two agents at once go one after the
//! other, and the second finds nothing left to bill. Whatever stops it gives everything back: no number is lost, none is double.

mod codes;
pub mod command;
mod credits;
mod earlier;
mod rows;

use crate::app::App;
use crate::billing::{draft, month};
use crate::identity::audit::{self, Act};
use crate::store::entity::{billed_sheet, billing_run, invoice, invoice_line, job, ledger_entry, ledger_posting};
use crate::store::{Tenant, Territory, insert_all, new_id, raise_sequence};
use crate::{Error, Result};
use chrono::{Datelike, NaiveDate};
pub use codes::Addressee;
use codes::Codes;
pub use credits::{allocate, hold};
pub use rows::{BILL, CREDIT_NOTE, posting_rows};
use rules::draft::Draft;
use rules::input::{Input, Request};
use rules::issue::{Bill, bills};
use rules::problem::Problem;
use rules::tariff::National;
use shared::calendar::{Instant, Month, business_day};
use shared::day_sheet::DaySheet;
use shared::id::OrganisationId;
use shared::money::Cents;
use std::collections::BTreeSet;
use uuid::Uuid;

/// How far back a run looks for what changed since it was billed.
pub const MONTHS_BACK_MAX: usize = 12;
/// Problems named in one refusal.
const PROBLEMS_NAMED_MAX: usize = 20;

/// What is to be issued, and who issues.
#[derive(Debug, Clone)]
pub struct Order<'a> {
    /// The month.
    pub month: Month,
    /// Only this régie.
    pub regie: Option<&'a str>,
    /// The year of the numbers; by default that of today.
    pub exercise: Option<i32>,
    /// Who, as audited and printed on the run.
    pub by: &'a str,
}

/// What was issued.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issued {
    /// The run; `None` where there was nothing new to bill.
    pub run: Option<Uuid>,
    /// Bills.
    pub invoices: usize,
    /// Credit notes.
    pub credit_notes: usize,
    /// Sum of both.
    pub total: Cents,
    /// Problems that were decided or only shown.
    pub problems: usize,
}

/// What [`issue`] would do now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preview {
    /// Bills.
    pub invoices: usize,
    /// Credit notes.
    pub credit_notes: usize,
    /// Sum of the bills.
    pub billed: Cents,
    /// Sum of the credit notes.
    pub credited: Cents,
    /// What nobody decided yet: nothing is issued before.
    pub blocking: Vec<Problem>,
    /// Until when a family may pay.
    pub due_on: NaiveDate,
}

/// Says what issuing would do, and changes nothing. The tenant's connection is a snapshot.
///
/// # Errors
/// No such régie; the database's.
pub async fn preview(tenant: &Tenant<'_>, order: &Order<'_>, today: NaiveDate) -> Result<Preview> {
    let codes = Codes::read(tenant, order.regie).await?;
    let (_, draft) = drafted(tenant, order, order.month).await?;
    let blocking = draft.problems.iter().filter(|p| p.blocking).cloned().collect();
    let bills = to_issue(tenant, &codes, order, draft).await?;
    let (credit_notes, invoices): (Vec<&Bill>, Vec<&Bill>) = bills.iter().partition(|bill| bill.is_credit_note());
    Ok(Preview {
        invoices: invoices.len(),
        credit_notes: credit_notes.len(),
        billed: invoices.iter().map(|bill| bill.total).sum(),
        credited: credit_notes.iter().map(|bill| bill.total).sum(),
        blocking,
        due_on: rows::due_on(today),
    })
}

/// The bills of a month's draft, and of earlier months that changed since they were billed.
async fn to_issue(tenant: &Tenant<'_>, codes: &Codes, order: &Order<'_>, draft: Draft) -> Result<Vec<Bill>> {
    let billed = earlier::read(tenant, codes, order).await?;
    let mut drafts = vec![(order.month, draft)];
    for month in earlier::changed(tenant, order.month).await? {
        drafts.push((month, drafted(tenant, order, month).await?.1));
    }
    Ok(bills(&drafts, &billed.of_months(drafts.iter().map(|(month, _)| *month))))
}

/// Issues an organisation's month.
///
/// # Errors
/// A blocking problem that nobody decided (all are named); an exercise that is closed; an installation in reprise.
pub async fn issue(app: &App, organisation: OrganisationId, order: &Order<'_>, told: Act<'_>) -> Result<Issued> {
    if app.installation.reprise {
        return Err(Error::conflict("Le serveur est en reprise après une restauration : confirmez d’abord la reprise avant d’émettre."));
    }
    let now = app.clock.now();
    let exercise = exercise(order.exercise, business_day(now))?;
    let transaction = app.db.begin().await?;
    let territory = Territory::new(app.territoire(), &transaction);
    let tenant = territory.tenant(organisation);
    let codes = Codes::read(&tenant, order.regie).await?;
    // The sequences' rows first: whoever else issues waits here, and then reads what this run has billed.
    for regie in codes.regies() {
        for kind in [rows::BILL, rows::CREDIT_NOTE] {
            raise_sequence(&tenant, regie, exercise, kind, 0).await?;
        }
    }
    let (input, draft) = drafted(&tenant, order, order.month).await?;
    refuse_undecided(&draft)?;
    let problems = draft.problems.len();
    let bills = to_issue(&tenant, &codes, order, draft).await?;
    if bills.is_empty() {
        return Ok(Issued { run: None, invoices: 0, credit_notes: 0, total: Cents::ZERO, problems });
    }
    let run = write(&tenant, &codes, order, exercise, &bills, now).await?;
    sheets(&tenant, run.id, order.month, &input).await?;
    credits::allocate(&tenant, &bills.iter().filter_map(|b| codes.payer(&b.payer)).collect::<BTreeSet<Uuid>>(), now).await?;
    audit::write(&territory, now, told.about("billing_run", run.id).of(organisation)).await?;
    transaction.commit().await?;
    let credit_notes = bills.iter().filter(|bill| bill.is_credit_note()).count();
    let total = bills.iter().map(|bill| bill.total).sum();
    Ok(Issued { run: Some(run.id), invoices: bills.len() - credit_notes, credit_notes, total, problems })
}

/// The year of the numbers: that of issue; the one before is open until the end of January.
///
/// # Errors
/// Another one.
pub fn exercise(asked: Option<i32>, today: NaiveDate) -> Result<i32> {
    let year = today.year();
    match asked {
        None => Ok(year),
        Some(asked) if asked == year || (asked == year - 1 && today.month() == 1) => Ok(asked),
        Some(asked) => Err(Error::input(format!(
            "L’exercice {asked} n’est pas ouvert le {} : {year} l’est{}.",
            today.format("%d/%m/%Y"),
            if today.month() == 1 { format!(", et {} jusqu’au 31 janvier", year - 1) } else { String::new() }
        ))),
    }
}

async fn drafted(tenant: &Tenant<'_>, order: &Order<'_>, month: Month) -> Result<(Input, Draft)> {
    draft::known_regie(tenant, order.regie).await?;
    let input = month::read(tenant, month).await?;
    let request = Request { month, regie: order.regie, with_entry_ids: true };
    let draft = rules::price(&input, National::shipped(), request);
    Ok((input, draft))
}

/// Unsigned days and whatever else blocks stop an issue until somebody decided.
fn refuse_undecided(draft: &Draft) -> Result<()> {
    let blocking: Vec<&Problem> = draft.problems.iter().filter(|p| p.blocking).collect();
    if blocking.is_empty() {
        return Ok(());
    }
    let named = blocking.iter().take(PROBLEMS_NAMED_MAX).map(|p| format!("  {}", crate::billing::text::problem(p)));
    let more = blocking.len().saturating_sub(PROBLEMS_NAMED_MAX);
    let mut lines = vec![format!("{} point(s) à décider avant d’émettre ; rien n’a été émis :", blocking.len())];
    lines.extend(named);
    if more > 0 {
        lines.push(format!("  … et {more} autres."));
    }
    Err(Error::Finding(lines.join("\n")))
}

/// Gives numbers and writes what a run is made of.
async fn write(
    tenant: &Tenant<'_>,
    codes: &Codes,
    order: &Order<'_>,
    exercise: i32,
    bills: &[Bill],
    now: Instant,
) -> Result<billing_run::Model> {
    let on = tenant.on();
    let credit_notes = bills.iter().filter(|bill| bill.is_credit_note()).count();
    let run = billing_run::Model {
        organisation_id: tenant.id().0,
        id: new_id(now)?,
        month: order.month.to_string(),
        exercise,
        issued_at_ms: now.timestamp_millis(),
        issued_on: business_day(now),
        issued_by: order.by.to_owned(),
        invoice_count: i64::try_from(bills.len() - credit_notes).unwrap_or(i64::MAX),
        credit_note_count: i64::try_from(credit_notes).unwrap_or(i64::MAX),
        total_cents: bills.iter().map(|bill| bill.total).sum::<Cents>().0,
    };
    insert_all(&on, vec![run.clone()]).await?;
    let mut made = rows::Rows::new(tenant, codes, &run, now);
    for kind in [rows::BILL, rows::CREDIT_NOTE] {
        for regie in codes.regies() {
            let of_kind: Vec<&Bill> =
                bills.iter().filter(|b| codes.regie(&b.regie).is_some_and(|r| r.id == regie) && rows::kind(b) == kind).collect();
            let count = i64::try_from(of_kind.len()).unwrap_or(i64::MAX);
            let last = raise_sequence(tenant, regie, exercise, kind, count).await?;
            for (number, bill) in (last - count + 1..).zip(of_kind) {
                made.add(bill, number)?;
            }
        }
    }
    insert_all::<invoice::Model, _>(&on, made.invoices).await?;
    insert_all::<invoice_line::Model, _>(&on, made.lines).await?;
    insert_all::<ledger_entry::Model, _>(&on, made.entries).await?;
    insert_all::<ledger_posting::Model, _>(&on, made.postings).await?;
    insert_all::<job::Model, _>(&on, made.jobs).await?;
    Ok(run)
}

/// The sheets that were read, by their hash.
async fn sheets(tenant: &Tenant<'_>, run: Uuid, month: Month, input: &Input) -> Result<()> {
    let days: BTreeSet<NaiveDate> = input.attendance.days.keys().map(|(day, _)| *day).filter(|day| Month::of(*day) == month).collect();
    let mut rows = Vec::new();
    for day in days {
        for centre in &input.centres {
            let sheet = DaySheet::of(&input.attendance, centre.id, day, None);
            if !sheet.rows.is_empty() {
                let sheet_hash = sheet.hash().to_vec();
                rows.push(billed_sheet::Model { organisation_id: tenant.id().0, run_id: run, centre_id: centre.id.0, day, sheet_hash });
            }
        }
    }
    insert_all(&tenant.on(), rows).await
}
