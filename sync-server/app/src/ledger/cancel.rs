//! A bill that is withdrawn: a credit note of all its lines, which first takes what is open of it. What had been paid becomes the family's
//! credit. The facts stay what they are: the next run bills again what is still due for them.

use super::{movable, not_in_reprise, said};
use crate::app::App;
use crate::billing::issue::{CREDIT_NOTE, allocate, posting_rows};
use crate::billing::text;
use crate::identity::audit::{self, Act};
use crate::jobs;
use crate::store::entity::{billing_run, invoice, invoice_line, ledger_entry};
use crate::store::{Territory, insert_all, new_id, raise_sequence};
use crate::{Error, Result};
use chrono::Datelike;
use rules::explanation::Step;
use rules::ledger::of_bill;
use rust_decimal::Decimal;
use sea_orm::{ColumnTrait, QueryFilter};
use shared::calendar::business_day;
use shared::id::OrganisationId;
use shared::money::Cents;
use std::collections::BTreeSet;
use uuid::Uuid;

/// A bill to withdraw.
#[derive(Debug, Clone, Copy)]
pub struct Cancel<'c> {
    /// Which.
    pub bill: Uuid,
    /// Why: it stands on the credit note.
    pub reason: &'c str,
}

/// Withdraws a bill. Gives the credit note.
///
/// # Errors
/// A bill that isn't there, is a credit note, was withdrawn before, or is being paid online; one whose money the Treasury takes; no
/// reason; a server in reprise.
pub async fn cancel(app: &App, of: OrganisationId, asked: Cancel<'_>, by: &str, act: Act<'_>) -> Result<invoice::Model> {
    not_in_reprise(app)?;
    let reason = said(asked.reason, "Le motif")?;
    let (now, transaction) = (app.clock.now(), app.db.begin().await?);
    let (territory, today) = (Territory::new(app.territoire(), &transaction), business_day(now));
    let tenant = territory.tenant(of);
    let on = tenant.on();
    let (bill, regie) = movable(&tenant, asked.bill, now).await?;
    if regie.mode != "regie" {
        return Err(Error::conflict(format!(
            "{} est suivie par le Trésor public : elle s’annule par un titre correctif, que Préau n’émet pas encore.",
            bill.bill.printed_number
        )));
    }
    // The sequence first, as a run does; then whether somebody else withdrew it meanwhile.
    let (exercise, name) = (today.year(), bill.bill.printed_number.clone());
    let number = raise_sequence(&tenant, regie.id, exercise, CREDIT_NOTE, 1).await?;
    let before = tenant.find::<invoice::Entity>().filter(invoice::Column::CancelsId.eq(bill.bill.id)).one(&on).await?;
    if let Some(before) = before {
        return Err(Error::conflict(format!("{name} est déjà annulée, par {}.", before.printed_number)));
    }
    let total = -bill.total();
    let run = billing_run::Model {
        organisation_id: of.0,
        id: new_id(now)?,
        month: bill.bill.month.clone(),
        exercise,
        issued_at_ms: now.timestamp_millis(),
        issued_on: today,
        issued_by: by.into(),
        invoice_count: 0,
        credit_note_count: 1,
        total_cents: total.0,
    };
    let note = invoice::Model {
        id: new_id(now)?,
        run_id: run.id,
        kind: CREDIT_NOTE.into(),
        exercise,
        number,
        printed_number: format!("{CREDIT_NOTE}-{exercise}-{number:06}"),
        payment_reference: bill.bill.payment_reference.replacen('F', CREDIT_NOTE, 1),
        issued_on: today,
        due_on: None,
        total_cents: total.0,
        cancels_id: Some(bill.bill.id),
        reason: Some(reason),
        ..bill.bill.clone()
    };
    let mut lines = Vec::with_capacity(bill.lines.len());
    for line in &bill.lines {
        let quantity: Decimal =
            line.row.quantity.parse().map_err(|_| Error::conflict(format!("Une ligne de {name} a une quantité illisible.")))?;
        let amount = Cents(line.row.amount_cents);
        let mut explanation = line.explanation.clone();
        let month = line.row.month.clone();
        explanation.push(Step::Adjustment { month, billed_quantity: quantity, billed_cents: amount, now_cents: Cents::ZERO });
        lines.push(invoice_line::Model {
            invoice_id: note.id,
            adjusts: true,
            quantity: (-quantity).normalize().to_string(),
            amount_cents: -amount.0,
            label: format!("{}, annulation de {name}", line.row.label),
            explanation: text::json(&explanation)?,
            ..line.row.clone()
        });
    }
    let entry = ledger_entry::Model {
        organisation_id: of.0,
        id: new_id(now)?,
        regie_id: regie.id,
        kind: "avoir".into(),
        at_ms: now.timestamp_millis(),
        invoice_id: Some(note.id),
        payment_id: None,
        receipt_id: None,
    };
    let postings = of_bill(lines.iter().map(|line| (line.nature.as_str(), Cents(line.amount_cents))));
    let postings = posting_rows(&entry, note.territoire_id, note.payer_id, &postings);
    let document = jobs::waiting(territory.id(), Some(of), jobs::Kind::Document, note.id, now)?;
    insert_all(&on, vec![run]).await?;
    insert_all(&on, vec![note.clone()]).await?;
    insert_all(&on, lines).await?;
    insert_all(&on, vec![entry]).await?;
    insert_all(&on, postings).await?;
    insert_all(&on, vec![document]).await?;
    allocate(&tenant, &BTreeSet::from([note.payer_id]), now).await?;
    audit::write(&territory, now, act.about("invoice", note.id).of(of)).await?;
    transaction.commit().await?;
    Ok(note)
}
