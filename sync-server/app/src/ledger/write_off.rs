//! What the council forgives, or the Treasury can't collect: the debt goes by an entry of its own, under the deliberation's number.

use super::{movable, not_in_reprise, said, sent_before};
use crate::app::App;
use crate::billing::issue::{allocate, hold, posting_rows};
use crate::identity::audit::{self, Act};
use crate::store::entity::{forgiveness, ledger_entry};
use crate::store::{Territory, insert_all};
use crate::{Error, Result};
use rules::ledger::of_write_off;
use sea_orm::{ColumnTrait, QueryFilter};
use shared::id::OrganisationId;
use shared::money::Cents;
use std::collections::BTreeSet;
use uuid::Uuid;

/// Why a debt goes: code, and as a person says it.
pub const FORGIVENESS: [(&str, &str); 3] =
    [("remise_gracieuse", "Remise gracieuse"), ("non_valeur", "Admission en non-valeur"), ("creance_eteinte", "Créance éteinte")];

/// A debt that goes.
#[derive(Debug, Clone, Copy)]
pub struct WriteOff<'w> {
    /// Its id, drawn when the form was shown.
    pub id: Uuid,
    /// Of which bill.
    pub bill: Uuid,
    /// A code of [`FORGIVENESS`].
    pub kind: &'w str,
    /// How much of it: at most what is open.
    pub amount: Cents,
    /// The deliberation or judgment that says so: number and date.
    pub deliberation: &'w str,
}

/// Lets a debt go. Gives the row, also where it went before.
///
/// # Errors
/// A bill that isn't there, or of which less is open; a kind that doesn't exist; no deliberation; a server in reprise.
pub async fn write_off(app: &App, of: OrganisationId, asked: WriteOff<'_>, by: &str, act: Act<'_>) -> Result<forgiveness::Model> {
    not_in_reprise(app)?;
    let Some((kind, _)) = FORGIVENESS.iter().find(|(code, _)| *code == asked.kind) else {
        let known: Vec<&str> = FORGIVENESS.iter().map(|(code, _)| *code).collect();
        return Err(Error::input(format!("Ce motif n’existe pas : attendu {}.", known.join(", "))));
    };
    let deliberation = said(asked.deliberation, "La délibération")?;
    let (now, transaction) = (app.clock.now(), app.db.begin().await?);
    let territory = Territory::new(app.territoire(), &transaction);
    let tenant = territory.tenant(of);
    let on = tenant.on();
    if let Some(known) = tenant.find::<forgiveness::Entity>().filter(forgiveness::Column::Id.eq(asked.id)).one(&on).await? {
        let is_same = known.invoice_id == asked.bill && known.kind == asked.kind && known.amount_cents == asked.amount.0;
        return if is_same { Ok(known) } else { Err(sent_before(&format!("une remise de {}", Cents(known.amount_cents)))) };
    }
    hold(&tenant).await?;
    let (bill, regie) = movable(&tenant, asked.bill, now).await?;
    if asked.amount <= Cents::ZERO || asked.amount > bill.open() {
        return Err(Error::input(format!(
            "Il reste {} à payer sur {} : attendu ce montant au plus.",
            bill.open(),
            bill.bill.printed_number
        )));
    }
    let row = forgiveness::Model {
        organisation_id: of.0,
        id: asked.id,
        territoire_id: territory.id().0,
        regie_id: regie.id,
        payer_id: bill.bill.payer_id,
        invoice_id: bill.bill.id,
        kind: (*kind).into(),
        amount_cents: asked.amount.0,
        deliberation,
        by: by.into(),
        at_ms: now.timestamp_millis(),
    };
    let entry = ledger_entry::Model {
        organisation_id: of.0,
        // One to one: the entry bears the same id.
        id: row.id,
        regie_id: regie.id,
        kind: "remise".into(),
        at_ms: now.timestamp_millis(),
        invoice_id: Some(bill.bill.id),
        payment_id: None,
        receipt_id: None,
    };
    let postings = posting_rows(&entry, row.territoire_id, row.payer_id, &of_write_off(kind, asked.amount));
    insert_all(&on, vec![row.clone()]).await?;
    insert_all(&on, vec![entry]).await?;
    insert_all(&on, postings).await?;
    allocate(&tenant, &BTreeSet::from([row.payer_id]), now).await?;
    audit::write(&territory, now, act.about("forgiveness", row.id).of(of)).await?;
    transaction.commit().await?;
    Ok(row)
}
