//! The office: what agents see and do, page by page.
//!
//! Owns the table of its routes ([`table`]): what each asks for, and whether it leaves a line in the audit. Each page is one
//! organisation's, named in the address; whoever asks for one in which they have no role is answered as for one that doesn't exist.
//! A page reads one moment of the database; an act is one transaction with its line.

mod account;
mod activation_code;
mod acts;
mod alert_words;
mod alerts;
mod apart;
mod apart_entry;
mod apart_words;
mod bill;
mod bill_acts;
mod day;
mod day_acts;
mod day_list;
mod decide;
pub(crate) mod described;
mod door_code;
mod draft;
mod draft_compared;
mod families;
mod fleet;
mod frame;
mod household;
mod issue;
mod paper;
mod payments;
mod questions;
mod run;
mod site_watch;
mod table;
mod tablet;
mod tablet_words;
mod team;
mod today;
mod who;

pub use table::{Entry, Needs, table};

use crate::app::App;
use crate::identity::audit::{self, Act};
use crate::identity::{Agent, Visit};
use crate::serve::Server;
use crate::store::Territory;
use crate::{Error, Result, error};
use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use frame::{Frame, desk, desks_of};
use uuid::Uuid;

/// The one route that names no organisation yet.
pub const FIRST: (&str, &str) = ("GET", "/bureau");

/// Routes below `/bureau`: agents, each page by its right.
pub fn routes() -> Router<Server> {
    let first = Router::new().route(FIRST.1, get(first_desk));
    table().into_iter().fold(first, |router, entry| router.route(entry.path(), entry.handler))
}

/// `GET /bureau`: the organisations in which the account has a role; the only one at once.
async fn first_desk(State(server): State<Server>, visit: Visit) -> Result<Response> {
    let Some(session) = visit.session() else { return Ok(Redirect::to("/connexion?suite=%2Fbureau").into_response()) };
    let territory = Territory::new(server.app.territoire(), server.app.db.read());
    let mut desks = desks_of(&territory, session.account, server.app.clock.today()).await?;
    match desks.len() {
        // A family that came to the wrong door.
        0 => Err(Error::NotFound("Cette page".into())),
        1 => Ok(Redirect::to(&format!("/bureau/{}", desks.remove(0).0)).into_response()),
        _ => frame::choice(desks, session.name.clone(), visit.csrf()),
    }
}

/// One moment of the database, for all that a page reads.
async fn snapshot(app: &App) -> Result<sea_orm::DatabaseTransaction> {
    app.db.snapshot().await
}

/// What an agent does through a route, for the audit of their organisation.
fn act_of<'a>(agent: &Agent, route: &'a str) -> Act<'a> {
    Act::account(agent.account.0, "agent", "bureau", route).of(agent.organisation_id())
}

/// Leaves the line of a page that opened a family's days. Its own transaction, before the page is sent: reading it holds up nobody.
async fn told(app: &App, act: Act<'_>) -> Result<()> {
    let transaction = app.db.begin().await?;
    audit::write(&Territory::new(app.territoire(), &transaction), app.clock.now(), act).await?;
    transaction.commit().await?;
    Ok(())
}

/// What a person can put right, said on the page where they typed it; anything else is a page of its own.
fn to_say(error: Error) -> Result<String> {
    match error.kind() {
        error::Kind::BadInput | error::Kind::Conflict | error::Kind::Finding => Ok(error.to_string()),
        _ => Err(error),
    }
}

/// An id of an address; one that can't be is one that isn't there.
fn id_of(text: &str, what: &str) -> Result<Uuid> {
    text.parse().map_err(|_| Error::NotFound(what.to_owned()))
}
