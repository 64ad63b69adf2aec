//! Money at the desk that turned out to be none: a cheque that bounced, a receipt that was typed wrong. Its number stays, and what it had
//! paid is open again.

use super::{not_in_reprise, said};
use crate::app::App;
use crate::billing::issue::{allocate, hold, posting_rows};
use crate::identity::audit::{self, Act};
use crate::store::entity::{allocation, ledger_entry, receipt, receipt_void};
use crate::store::{Territory, insert_all, new_id};
use crate::{Error, Result};
use rules::ledger::of_payment;
use sea_orm::{ColumnTrait, QueryFilter, QueryOrder};
use shared::id::OrganisationId;
use shared::money::Cents;
use std::collections::BTreeSet;
use uuid::Uuid;

/// A receipt to take back.
#[derive(Debug, Clone, Copy)]
pub struct Void<'v> {
    /// Which.
    pub receipt: Uuid,
    /// Why.
    pub reason: &'v str,
}

/// Takes a receipt back.
///
/// # Errors
/// None of that id here, or taken back before; no reason; a server in reprise.
pub async fn void(app: &App, of: OrganisationId, asked: Void<'_>, by: &str, act: Act<'_>) -> Result<receipt::Model> {
    not_in_reprise(app)?;
    let reason = said(asked.reason, "Le motif")?;
    let (now, transaction) = (app.clock.now(), app.db.begin().await?);
    let territory = Territory::new(app.territoire(), &transaction);
    let tenant = territory.tenant(of);
    let on = tenant.on();
    hold(&tenant).await?;
    let row = tenant.find::<receipt::Entity>().filter(receipt::Column::Id.eq(asked.receipt)).one(&on).await?;
    let row = row.ok_or_else(|| Error::NotFound("Cette quittance".into()))?;
    let before = tenant.find::<receipt_void::Entity>().filter(receipt_void::Column::ReceiptId.eq(row.id)).one(&on).await?;
    if before.is_some() {
        return Err(Error::conflict(format!("La quittance {} est déjà annulée.", row.printed_number)));
    }
    let entry = ledger_entry::Model {
        organisation_id: of.0,
        id: new_id(now)?,
        regie_id: row.regie_id,
        kind: "rejet".into(),
        at_ms: now.timestamp_millis(),
        invoice_id: Some(row.invoice_id),
        payment_id: None,
        receipt_id: Some(row.id),
    };
    let came = tenant.find::<ledger_entry::Entity>().filter(ledger_entry::Column::ReceiptId.eq(row.id)).all(&on).await?;
    let paid = tenant.find::<allocation::Entity>().filter(allocation::Column::EntryId.is_in(came.iter().map(|e| e.id)));
    let mut back = Vec::new();
    for used in paid.order_by_asc(allocation::Column::Id).all(&on).await? {
        back.push(allocation::Model { id: new_id(now)?, entry_id: entry.id, amount_cents: -used.amount_cents, ..used });
    }
    let postings = posting_rows(&entry, row.territoire_id, row.payer_id, &of_payment(&row.means, Cents(-row.amount_cents)));
    let told = receipt_void::Model { organisation_id: of.0, receipt_id: row.id, reason, by: by.into(), at_ms: now.timestamp_millis() };
    insert_all(&on, vec![told]).await?;
    insert_all(&on, vec![entry]).await?;
    insert_all(&on, postings).await?;
    insert_all(&on, back).await?;
    allocate(&tenant, &BTreeSet::from([row.payer_id]), now).await?;
    audit::write(&territory, now, act.about("receipt", row.id).of(of)).await?;
    transaction.commit().await?;
    Ok(row)
}
