//! What is done about an issued bill at the desk: money taken in, a receipt taken back, a debt forgiven, the bill withdrawn. Each goes
//! through the room that the command line uses, and comes back to the bill.

use super::bill::show;
use super::{act_of, id_of, to_say};
use crate::identity::{Agent, Form, Right};
use crate::ledger::commands::euros;
use crate::ledger::{Cancel, Receipt, Void, WriteOff, cancel, receive, void, write_off};
use crate::serve::Server;
use crate::store::Territory;
use crate::store::entity::receipt;
use crate::{Error, Result};
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use sea_orm::{ColumnTrait, QueryFilter};
use serde::Deserialize;
use shared::money::Cents;
use utoipa::ToSchema;
use uuid::Uuid;

/// Takes money in.
pub(super) const RECEIVE: &str = "POST /bureau/{organisation}/factures/{bill}/encaissement";
/// Forgives a debt.
pub(super) const WRITE_OFF: &str = "POST /bureau/{organisation}/factures/{bill}/remise";
/// Withdraws the bill.
pub(super) const CANCEL: &str = "POST /bureau/{organisation}/factures/{bill}/annulation";
/// Takes a receipt back.
pub(super) const VOID: &str = "POST /bureau/{organisation}/quittances/{receipt}/annulation";

/// Money that somebody brought.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default)]
pub(super) struct Brought {
    /// Drawn when the form was shown: sent twice, it is one act.
    pub jeton: String,
    pub moyen: String,
    pub montant: String,
    pub jour: String,
    pub reference: String,
}

/// A debt that goes.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default)]
pub(super) struct Forgiven {
    /// As of [`Brought`].
    jeton: String,
    genre: String,
    montant: String,
    motif: String,
}

/// Why something is taken back.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default)]
pub(super) struct Reason {
    motif: String,
}

fn token(typed: &str) -> Result<Uuid> {
    typed.parse().map_err(|_| Error::input("Ce formulaire est trop ancien : rechargez la page."))
}

fn amount(typed: &str) -> Result<Cents> {
    euros(typed).map_err(Error::input)
}

/// Back to the bill, with what was done or what is wrong.
async fn back<T>(server: &Server, agent: &Agent, bill: Uuid, done: &str, result: Result<T>, typed: Option<Brought>) -> Result<Response> {
    match result {
        Ok(_) => Ok(Redirect::to(&format!("/bureau/{}/factures/{bill}?fait={done}", agent.organisation.code)).into_response()),
        Err(error) => show(server, agent, bill, Err(to_say(error)?), typed).await,
    }
}

/// `POST /bureau/{organisation}/factures/{bill}/encaissement`.
pub(super) async fn received(
    State(server): State<Server>,
    agent: Agent,
    Path((_, bill)): Path<(String, String)>,
    Form(typed): Form<Brought>,
) -> Result<Response> {
    agent.must(Right::Collect)?;
    let bill = id_of(&bill, "Cette facture")?;
    let act = async || {
        let on = typed.jour.parse().map_err(|_| Error::input("Indiquez le jour du paiement."))?;
        let asked = Receipt {
            id: token(&typed.jeton)?,
            bill,
            means: &typed.moyen,
            amount: amount(&typed.montant)?,
            on,
            reference: &typed.reference,
        };
        receive(&server.app, agent.organisation_id(), &asked, &agent.account.to_string(), act_of(&agent, RECEIVE)).await
    };
    let result = act().await;
    back(&server, &agent, bill, "encaisse", result, Some(typed)).await
}

/// `POST /bureau/{organisation}/factures/{bill}/remise`.
pub(super) async fn written_off(
    State(server): State<Server>,
    agent: Agent,
    Path((_, bill)): Path<(String, String)>,
    Form(typed): Form<Forgiven>,
) -> Result<Response> {
    agent.must(Right::Issue)?;
    let bill = id_of(&bill, "Cette facture")?;
    let act = async || {
        let asked =
            WriteOff { id: token(&typed.jeton)?, bill, kind: &typed.genre, amount: amount(&typed.montant)?, deliberation: &typed.motif };
        write_off(&server.app, agent.organisation_id(), asked, &agent.account.to_string(), act_of(&agent, WRITE_OFF)).await
    };
    back(&server, &agent, bill, "remise", act().await, None).await
}

/// `POST /bureau/{organisation}/factures/{bill}/annulation`.
pub(super) async fn cancelled(
    State(server): State<Server>,
    agent: Agent,
    Path((_, bill)): Path<(String, String)>,
    Form(typed): Form<Reason>,
) -> Result<Response> {
    agent.must(Right::Issue)?;
    let bill = id_of(&bill, "Cette facture")?;
    let asked = Cancel { bill, reason: &typed.motif };
    let result = cancel(&server.app, agent.organisation_id(), asked, &agent.account.to_string(), act_of(&agent, CANCEL)).await;
    back(&server, &agent, bill, "annulee", result, None).await
}

/// `POST /bureau/{organisation}/quittances/{receipt}/annulation`.
pub(super) async fn voided(
    State(server): State<Server>,
    agent: Agent,
    Path((_, id)): Path<(String, String)>,
    Form(typed): Form<Reason>,
) -> Result<Response> {
    agent.must(Right::Collect)?;
    let id = id_of(&id, "Cette quittance")?;
    let tenant = Territory::new(server.app.territoire(), server.app.db.read()).tenant(agent.organisation_id());
    let row = tenant.find::<receipt::Entity>().filter(receipt::Column::Id.eq(id)).one(&tenant.on()).await?;
    let bill = row.ok_or_else(|| Error::NotFound("Cette quittance".into()))?.invoice_id;
    let asked = Void { receipt: id, reason: &typed.motif };
    let result = void(&server.app, agent.organisation_id(), asked, &agent.account.to_string(), act_of(&agent, VOID)).await;
    back(&server, &agent, bill, "quittance-annulee", result, None).await
}
