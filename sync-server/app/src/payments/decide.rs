//! What somebody at the desk says of a payment, once the trésorerie has told them: money that PayFiP's answer couldn't prove, or money
//! that a payer's bank took back weeks later. Each is an entry of the ledger like any other; nothing is rewritten.

use super::settle::{Proof, locked, settle};
use super::{ABANDONED, EXPIRED, FAILED, PAID, REFUSED, REJECTED, TO_CHECK, is_trial, unknown};
use crate::app::App;
use crate::billing::issue::{allocate, hold, posting_rows};
use crate::identity::audit::{self, Act};
use crate::store::entity::{allocation, ledger_entry, payment};
use crate::store::{Tenant, Territory, insert_all, new_id, update_all};
use crate::{Error, Result};
use payfip::fields::MONTANT_CENTS_MAX;
use rules::ledger::of_payment;
use sea_orm::{ColumnTrait, QueryFilter, QueryOrder};
use shared::calendar::Instant;
use shared::id::OrganisationId;
use shared::money::Cents;
use std::collections::BTreeSet;
use uuid::Uuid;

/// Longest reason, in characters.
pub const REASON_CHARACTERS_MAX: usize = 500;

/// What was decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// The trésorerie received this much.
    CameIn(Cents),
    /// It received nothing.
    NothingCame,
    /// It received it, and the payer's bank took it back.
    TakenBack,
}

/// Carries out a decision on a payment of an organisation, with its reason and who took it.
///
/// # Errors
/// A payment that isn't there or doesn't stand where the decision is about it; no reason; an amount that no payment has; a server in
/// reprise.
pub async fn decide(app: &App, of: OrganisationId, id: Uuid, decision: Decision, said: (&str, &str), act: Act<'_>) -> Result<()> {
    if app.installation.reprise {
        return Err(Error::conflict("Le serveur est en reprise : aucun paiement n’est décidé avant qu’elle soit confirmée."));
    }
    let (reason, by) = (said.0.trim(), said.1);
    if reason.is_empty() || reason.chars().count() > REASON_CHARACTERS_MAX {
        return Err(Error::input(format!("Dites d’où vous le savez, en 1 à {REASON_CHARACTERS_MAX} signes.")));
    }
    let (now, transaction) = (app.clock.now(), app.db.begin().await?);
    let territory = Territory::new(app.territoire(), &transaction);
    let mut row = locked(&territory, id).await?;
    if row.organisation_id != of.0 {
        return Err(unknown());
    }
    let mut proof = Proof::of(&row);
    let asked = Cents(row.amount_cents);
    match (decision, row.state.as_str()) {
        // Money may have come of whatever PayFiP knows and we haven't posted.
        (Decision::CameIn(amount), TO_CHECK | REFUSED | ABANDONED | EXPIRED | FAILED) if row.idop.is_some() => {
            // A trial's money is none, whatever somebody says of it.
            if is_trial(app, &row) {
                return Err(Error::conflict("C’était un paiement d’essai : aucun argent n’a bougé, rien ne peut être encaissé."));
            }
            if !(1..=MONTANT_CENTS_MAX).contains(&amount.0) {
                return Err(Error::input("Le montant encaissé va de 0,01 € à 99 999,99 €."));
            }
            (row.state, row.amount_cents, row.next_ask_ms) = (PAID.into(), amount.0, None);
            settle(&territory, &mut row, now).await?;
        }
        (Decision::NothingCame, TO_CHECK) => (row.state, row.next_ask_ms) = (FAILED.into(), None),
        (Decision::TakenBack, PAID) => {
            row.state = REJECTED.into();
            take_back(&territory.tenant(of), &row, now).await?;
        }
        _ => return Err(Error::conflict("Ce paiement n’en est plus là : rechargez la page pour voir où il en est.")),
    }
    proof.decisions.push(format!("{} par {by} : {reason}", words(decision, asked)));
    row.detail = Some(proof.json()?);
    update_all(&territory.on(), vec![row]).await?;
    let ended = match decision {
        Decision::CameIn(_) => PAID,
        Decision::NothingCame => FAILED,
        Decision::TakenBack => REJECTED,
    };
    audit::write(&territory, now, act.about("payment", id).of(of).ended(ended)).await?;
    transaction.commit().await?;
    Ok(())
}

/// What stands in the payment's file.
fn words(decision: Decision, asked: Cents) -> String {
    match decision {
        Decision::CameIn(amount) if amount == asked => format!("{amount} encaissés,"),
        Decision::CameIn(amount) => format!("{amount} encaissés ({asked} demandés),"),
        Decision::NothingCame => "Rien d’encaissé,".into(),
        Decision::TakenBack => "Rejet signalé".into(),
    }
}

/// Posts money back that a bank took back: what it had paid is open again, then whatever else the payer has is set against it.
async fn take_back(tenant: &Tenant<'_>, row: &payment::Model, now: Instant) -> Result<()> {
    let on = tenant.on();
    hold(tenant).await?;
    let entry = ledger_entry::Model {
        organisation_id: row.organisation_id,
        id: new_id(now)?,
        regie_id: row.regie_id,
        kind: "rejet".into(),
        at_ms: now.timestamp_millis(),
        invoice_id: Some(row.invoice_id),
        payment_id: Some(row.id),
        receipt_id: None,
    };
    let came = tenant.find::<ledger_entry::Entity>().filter(ledger_entry::Column::PaymentId.eq(row.id)).all(&on).await?;
    let paid = tenant.find::<allocation::Entity>().filter(allocation::Column::EntryId.is_in(came.iter().map(|e| e.id)));
    let paid = paid.order_by_asc(allocation::Column::Id).all(&on).await?;
    let mut back = Vec::with_capacity(paid.len());
    for used in paid {
        back.push(allocation::Model { id: new_id(now)?, entry_id: entry.id, amount_cents: -used.amount_cents, ..used });
    }
    let postings = posting_rows(&entry, row.territoire_id, row.payer_id, &of_payment(&row.means, Cents(-row.amount_cents)));
    insert_all(&on, vec![entry]).await?;
    insert_all(&on, postings).await?;
    insert_all(&on, back).await?;
    allocate(tenant, &BTreeSet::from([row.payer_id]), now).await
}
