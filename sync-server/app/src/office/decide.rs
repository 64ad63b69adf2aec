//! A decision about what a draft asks: one problem, or all of a kind. It is a row that the next draft reads; a later one replaces it.

use super::{act_of, draft};
use crate::billing;
use crate::identity::audit;
use crate::identity::{Agent, Form, Right};
use crate::serve::Server;
use crate::store::Territory;
use crate::{Error, Result};
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use rules::problem::{Decision, Problem};
use serde::Deserialize;
use utoipa::ToSchema;

/// Decides.
pub(super) const ROUTE: &str = "POST /bureau/{organisation}/facturation/{month}/decisions";
/// Longest reason, in characters.
const REASON_CHARACTERS_MAX: usize = 200;

/// One problem by its name, or a kind.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default)]
pub(super) struct Typed {
    probleme: String,
    genre: String,
    /// Of a kind: those that still block (`grave`), those that were decided (`here`), or those only to look at.
    parmi: String,
    decision: String,
    motif: String,
}

/// `POST /bureau/{organisation}/facturation/{month}/decisions`.
pub(super) async fn decide(
    State(server): State<Server>,
    agent: Agent,
    Path((_, month)): Path<(String, String)>,
    Form(typed): Form<Typed>,
) -> Result<Response> {
    agent.must(Right::Decide)?;
    let month = draft::month_of(&month)?;
    let decision = Decision::of(&typed.decision).ok_or_else(|| Error::input("Cette décision n’existe pas."))?;
    let reason = typed.motif.trim();
    if reason.chars().count() > REASON_CHARACTERS_MAX {
        return Err(Error::input(format!("Le motif est trop long : {REASON_CHARACTERS_MAX} signes au plus.")));
    }
    // The draft is made before the writing transaction: what is decided about must be a problem of it.
    let reading = server.app.db.snapshot().await?;
    let tenant = Territory::new(server.app.territoire(), &reading).tenant(agent.organisation_id());
    let mut problems = billing::draft::draft(&tenant, month, None, false).await?.problems;
    problems.retain(|problem| is_meant(problem, &typed));
    drop(reading);
    let (now, transaction) = (server.app.clock.now(), server.app.db.begin().await?);
    let territory = Territory::new(server.app.territoire(), &transaction);
    let (tenant, by) = (territory.tenant(agent.organisation_id()), agent.account.to_string());
    let reason = Some(reason).filter(|reason| !reason.is_empty());
    // Of several, the first: they were decided by one word, at one moment.
    let first = billing::decide::decide(&tenant, month, &problems, decision, reason, &by, now).await?;
    audit::write(&territory, now, act_of(&agent, ROUTE).about("billing_decision", first)).await?;
    transaction.commit().await?;
    Ok(Redirect::to(&format!("/bureau/{}/facturation?mois={month}&fait=decide", agent.organisation.code)).into_response())
}

/// A kind's form decides what its list shows: never what was settled one by one before.
fn is_meant(problem: &Problem, typed: &Typed) -> bool {
    if typed.genre.is_empty() {
        return problem.name() == typed.probleme;
    }
    problem.kind.code() == typed.genre && (problem.blocking == (typed.parmi == "grave"))
}
