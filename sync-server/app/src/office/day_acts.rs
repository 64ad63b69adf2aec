//! What is done on a lieu's day: signed, corrected, retracted, added. Each goes through the desk that the command line uses, in the
//! account's name, and comes back to the day.

use super::day::{Asked, again, centre_for, day_of};
use super::{act_of, id_of, to_say};
use crate::attendance::deed::Deed;
use crate::attendance::desk::{self, Day, act_as};
use crate::identity::{Agent, Form, Right};
use crate::serve::Server;
use crate::store::Territory;
use crate::{Error, Result};
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use chrono::NaiveTime;
use serde::Deserialize;
use utoipa::ToSchema;

/// Signs a day.
pub(super) const SIGN: &str = "POST /bureau/{organisation}/journee/{centre}/signature";
/// Corrects a time.
pub(super) const CORRECT: &str = "POST /bureau/{organisation}/journee/{centre}/correction";
/// Retracts an entry.
pub(super) const RETRACT: &str = "POST /bureau/{organisation}/journee/{centre}/retrait";
/// Adds a presence.
pub(super) const ADD: &str = "POST /bureau/{organisation}/journee/{centre}/presence";

/// The fields of all four forms; each needs some of them.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default)]
pub(super) struct Typed {
    date: String,
    enfant: String,
    pointage: String,
    heure: String,
    activite: String,
    arrivee: String,
    depart: String,
    motif: String,
}

/// A time of a form; empty: none.
fn time(text: &str) -> Result<Option<NaiveTime>> {
    // A browser's own field may send seconds.
    let text = text.get(..5).unwrap_or(text);
    if text.is_empty() { Ok(None) } else { desk::time(text).map(Some).map_err(Error::input) }
}

fn a_time(text: &str) -> Result<NaiveTime> {
    time(text)?.ok_or_else(|| Error::input("Il manque l’heure."))
}

async fn act(
    server: &Server,
    agent: &Agent,
    (centre, typed): (&str, &Typed),
    (route, right, done): (&'static str, Right, &str),
    deed: Result<Deed>,
) -> Result<Response> {
    let reading = Territory::new(server.app.territoire(), server.app.db.read());
    centre_for(&reading, agent, centre, right).await?;
    let date = day_of(Some(&typed.date), server.app.clock.today())?;
    let day = Day { organisation: Some(&agent.organisation.code), centre, date };
    let sealed = match deed {
        Ok(deed) => act_as(&server.app, day, agent.account, act_of(agent, route), &deed).await,
        Err(error) => Err(error),
    };
    match sealed {
        Ok(entries) => {
            let done = if entries.is_empty() { "deja" } else { done };
            Ok(Redirect::to(&format!("/bureau/{}/journee/{centre}?date={date}&fait={done}", agent.organisation.code)).into_response())
        }
        Err(error) => {
            let asked = Asked { date: Some(date.to_string()), enfant: Some(typed.enfant.clone()), ..Asked::default() };
            again(server, agent, centre, &asked, to_say(error)?).await
        }
    }
}

/// `POST …/signature`.
pub(super) async fn sign(
    State(server): State<Server>,
    agent: Agent,
    Path((_, centre)): Path<(String, String)>,
    Form(typed): Form<Typed>,
) -> Result<Response> {
    act(&server, &agent, (&centre, &typed), (SIGN, Right::SignDay, "signee"), Ok(Deed::Sign)).await
}

/// `POST …/correction`.
pub(super) async fn correct(
    State(server): State<Server>,
    agent: Agent,
    Path((_, centre)): Path<(String, String)>,
    Form(typed): Form<Typed>,
) -> Result<Response> {
    let entry = id_of(&typed.pointage, "Pointage")?;
    let deed = a_time(&typed.heure).map(|time| Deed::Correct { entry, time, reason: typed.motif.clone() });
    act(&server, &agent, (&centre, &typed), (CORRECT, Right::CorrectDay, "corrigee"), deed).await
}

/// `POST …/retrait`.
pub(super) async fn retract(
    State(server): State<Server>,
    agent: Agent,
    Path((_, centre)): Path<(String, String)>,
    Form(typed): Form<Typed>,
) -> Result<Response> {
    let deed = Deed::Retract { entry: id_of(&typed.pointage, "Pointage")?, reason: typed.motif.clone() };
    act(&server, &agent, (&centre, &typed), (RETRACT, Right::CorrectDay, "retire"), Ok(deed)).await
}

/// `POST …/presence`.
pub(super) async fn add(
    State(server): State<Server>,
    agent: Agent,
    Path((_, centre)): Path<(String, String)>,
    Form(typed): Form<Typed>,
) -> Result<Response> {
    act(&server, &agent, (&centre, &typed), (ADD, Right::CorrectDay, "ajoute"), addition(&typed)).await
}

fn addition(typed: &Typed) -> Result<Deed> {
    Ok(Deed::Add {
        child: typed.enfant.clone(),
        activity: (!typed.activite.is_empty()).then(|| typed.activite.clone()),
        arrived: time(&typed.arrivee)?,
        left: time(&typed.depart)?,
        reason: typed.motif.clone(),
    })
}
