//! `POST /famille/factures/{id}/payer`: one attempt to pay one bill.
//!
//! The row is committed before PayFiP is called, so that an answer that was lost leaves a trace; the call goes on though the browser
//! went away, so that a second click finds the first one's operation.

use super::offer::{self, CREATION_MS_MAX, Offer};
use super::settle::Proof;
use super::{CREATED, FAILED, MEANS, UNDER_WAY, learn, next_ask_ms, pages, under_way};
use crate::app::App;
use crate::billing::issued::{self, IssuedBill};
use crate::identity::audit::{self, Act};
use crate::identity::{Guardian, rights_on_child};
use crate::serve::Server;
use crate::store::entity::{account, invoice, payment, person, regie};
use crate::store::{Territory, insert_all, new_id, update_all};
use crate::{Error, Result};
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use chrono::NaiveDate;
use payfip::{CreatePayment, Exer, FieldError, IdOp, Mel, Montant, NumCli, Objet, RefDet};
use sea_orm::sea_query::LockType;
use sea_orm::{ColumnTrait, QueryFilter, QuerySelect};
use shared::id::{AccountId, ChildId, OrganisationId, PersonId};
use std::collections::BTreeSet;
use uuid::Uuid;

const ROUTE: &str = "POST /famille/factures/{id}/payer";
const IN_REPRISE: &str = "Le paiement en ligne est suspendu : le serveur est en reprise. Réessayez plus tard, rien n’a été payé.";
const NO_ANSWER: &str = "PayFiP ne répond pas. Rien n’a été payé : réessayez dans quelques minutes.";
const NOT_TAKEN: &str = "Le paiement n’a pas pu commencer. Rien n’a été payé. Réessayez plus tard, ou réglez cette facture à l’accueil.";
const NO_ADDRESS: &str =
    "PayFiP demande une adresse électronique, et celle de votre compte ne convient pas. Faites-la corriger à l’accueil, rien n’a été payé.";

/// Who pays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Who {
    /// The account.
    pub account: AccountId,
    /// The person.
    pub person: PersonId,
}

/// What a click came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Begun {
    /// The payer's browser goes there.
    Page(String),
    /// Nothing was begun, and why.
    Refused {
        /// What the family reads.
        sentence: String,
        /// The attempt that is in the way.
        payment: Option<Uuid>,
    },
}

impl Begun {
    fn refused(sentence: impl Into<String>) -> Self {
        Self::Refused { sentence: sentence.into(), payment: None }
    }
}

/// The handler.
pub(super) async fn pay(State(server): State<Server>, guardian: Guardian, Path(id): Path<String>) -> Result<Response> {
    let bill = id.parse().map_err(|_| no_bill())?;
    match begin(&server.app, Who { account: guardian.account, person: guardian.person }, bill).await? {
        Begun::Page(address) => Ok(Redirect::to(&address).into_response()),
        Begun::Refused { sentence, payment } => pages::refused(sentence, bill, payment),
    }
}

fn no_bill() -> Error {
    Error::NotFound("Cette facture".into())
}

/// Whether a person may pay a bill: its payer, or another adult of its household who sees the lines of every child on it.
///
/// # Errors
/// The database's.
pub async fn may_pay(territory: &Territory<'_>, who: PersonId, bill: &IssuedBill, day: NaiveDate) -> Result<bool> {
    if bill.bill.payer_id == who.0 {
        return Ok(true);
    }
    let row = territory.find::<person::Entity>().filter(person::Column::Id.eq(who.0)).one(&territory.on()).await?;
    if row.is_none_or(|row| row.household_id != bill.bill.household_id) || bill.lines.is_empty() {
        return Ok(false);
    }
    let children: BTreeSet<Uuid> = bill.lines.iter().map(|line| line.row.child_id).collect();
    for child in children {
        if !rights_on_child(territory, who, ChildId(child), day).await?.sees_bills {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Begins to pay a bill.
///
/// # Errors
/// A bill that doesn't exist, or isn't this person's to pay: the same answer for both.
pub async fn begin(app: &App, who: Who, bill: Uuid) -> Result<Begun> {
    let reading = Territory::new(app.territoire(), app.db.read());
    let row = reading.invoices().filter(invoice::Column::Id.eq(bill)).one(&reading.on()).await?.ok_or_else(no_bill)?;
    let tenant = reading.tenant(OrganisationId(row.organisation_id));
    if !may_pay(&reading, who.person, &issued::bill(&tenant, bill).await?, app.clock.today()).await? {
        return Err(no_bill());
    }
    if app.installation.reprise {
        return Ok(Begun::refused(IN_REPRISE));
    }
    // What is in the way may have ended since it was last asked about.
    if let Some(other) = under_way(&tenant, &[bill], app.clock.now_ms()).await?.get(&bill) {
        learn(app, other.payment).await?;
    }
    match store(app, who, &row).await? {
        Ok((payment, order)) => {
            // On its own: a browser that goes away doesn't cut the call in the middle.
            let app = app.clone();
            let called = tokio::spawn(async move { call(&app, payment, &order).await }).await;
            called.map_err(|error| Error::Unavailable(format!("Le paiement s’est interrompu : {error}")))?
        }
        Err(refused) => Ok(refused),
    }
}

/// Stores the attempt, under the lock of the bill: two clicks at once are one payment.
async fn store(app: &App, who: Who, bill: &invoice::Model) -> Result<std::result::Result<(payment::Model, CreatePayment), Begun>> {
    let (now, now_ms) = (app.clock.now(), app.clock.now_ms());
    let transaction = app.db.begin().await?;
    let territory = Territory::new(app.territoire(), &transaction);
    let tenant = territory.tenant(OrganisationId(bill.organisation_id));
    let on = tenant.on();
    let held = tenant.find::<invoice::Entity>().filter(invoice::Column::Id.eq(bill.id)).lock(LockType::NoKeyUpdate);
    held.one(&on).await?.ok_or_else(no_bill)?;
    let bill = issued::bill(&tenant, bill.id).await?;
    let of_bill = regie::Column::Id.eq(bill.bill.regie_id);
    let regie = tenant.find::<regie::Entity>().filter(of_bill).one(&on).await?.ok_or_else(no_bill)?;
    let in_the_way = under_way(&tenant, &[bill.bill.id], now_ms).await?.remove(&bill.bill.id);
    let offer = offer::offer(&bill, &regie, &app.settings, in_the_way);
    if let Some(sentence) = offer.sentence(bill.open(), now_ms) {
        let payment = if let Offer::UnderWay(other) = offer { Some(other.payment) } else { None };
        return Ok(Err(Begun::Refused { sentence, payment }));
    }
    let id = new_id(now)?;
    let of_payer = account::Column::Id.eq(who.account.0);
    let login = territory.find::<account::Entity>().filter(of_payer).one(&on).await?.map(|account| account.login);
    let order = match order(app, id, &bill, &regie, login.as_deref().unwrap_or_default()) {
        Ok(order) => order,
        Err(FieldError::Mel) => return Ok(Err(Begun::refused(NO_ADDRESS))),
        Err(error) => {
            tracing::error!(bill = %bill.bill.id, %error, "a bill can't be paid online");
            return Ok(Err(Begun::refused(NOT_TAKEN)));
        }
    };
    let row = payment::Model {
        organisation_id: bill.bill.organisation_id,
        id,
        territoire_id: bill.bill.territoire_id,
        regie_id: regie.id,
        invoice_id: bill.bill.id,
        payer_id: bill.bill.payer_id,
        account_id: Some(who.account.0),
        means: MEANS.into(),
        amount_cents: order.montant.cents().0,
        numcli: order.numcli.to_string(),
        exer: order.exer.to_string(),
        refdet: order.refdet.to_string(),
        saisie: order.saisie.to_string(),
        idop: None,
        state: CREATED.into(),
        outcome: None,
        detail: None,
        created_at_ms: now_ms,
        asked_at_ms: None,
        next_ask_ms: Some(now_ms + CREATION_MS_MAX),
        settled_at_ms: None,
    };
    insert_all(&on, vec![row.clone()]).await?;
    let capacity = if bill.bill.payer_id == who.person.0 { "self" } else { "guardian" };
    let act = Act::account(who.account.0, capacity, "portail", ROUTE).about("payment", id);
    audit::write(&territory, now, act.of(OrganisationId(bill.bill.organisation_id))).await?;
    transaction.commit().await?;
    Ok(Ok((row, order)))
}

/// What PayFiP is sent. No name: the label is the bill's number.
fn order(app: &App, id: Uuid, bill: &IssuedBill, regie: &regie::Model, mel: &str) -> Result<CreatePayment, FieldError> {
    Ok(CreatePayment {
        exer: Exer::new(bill.bill.exercise)?,
        mel: Mel::new(mel)?,
        montant: Montant::new(bill.open())?,
        numcli: NumCli::new(regie.numcli.as_deref().unwrap_or_default())?,
        objet: Objet::normalised(&format!("Facture {}", bill.bill.printed_number)),
        refdet: RefDet::new(&bill.bill.payment_reference)?,
        saisie: app.settings.payfip.saisie.parse()?,
        urlnotif: offer::callback(&app.settings, "notification", id)?,
        urlredirect: offer::callback(&app.settings, "retour", id)?,
    })
}

/// Calls PayFiP, and stores what it answered before the browser goes anywhere.
async fn call(app: &App, mut row: payment::Model, order: &CreatePayment) -> Result<Begun> {
    let answer = match app.payfip.client() {
        Ok(client) => client.create(order).await.map_err(|error| (error.is_retryable(), error.to_string())),
        Err(error) => Err((false, error.to_string())),
    };
    let begun = match answer {
        Ok(idop) => {
            let page = page(app, &idop)?;
            (row.state, row.idop, row.next_ask_ms) =
                (UNDER_WAY.into(), Some(idop.to_string()), next_ask_ms(row.created_at_ms, app.clock.now_ms()));
            Begun::Page(page)
        }
        Err((is_retryable, said)) => {
            tracing::error!(payment = %row.id, error = said, "PayFiP took no payment");
            (row.state, row.next_ask_ms, row.detail) = (FAILED.into(), None, Some(Proof::note(said).json()?));
            Begun::refused(if is_retryable { NO_ANSWER } else { NOT_TAKEN })
        }
    };
    let transaction = app.db.begin().await?;
    let territory = Territory::new(app.territoire(), &transaction);
    update_all(&territory.on(), vec![row.clone()]).await?;
    if row.state == FAILED {
        let act = Act::system(MEANS).about("payment", row.id).of(OrganisationId(row.organisation_id)).ended(FAILED);
        audit::write(&territory, app.clock.now(), act).await?;
    }
    transaction.commit().await?;
    Ok(begun)
}

/// The payment page of an operation.
pub(super) fn page(app: &App, idop: &IdOp) -> Result<String> {
    Ok(app.payfip.client()?.payment_page_url(idop).to_string())
}
