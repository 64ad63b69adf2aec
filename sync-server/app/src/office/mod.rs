//! The office: what agents see and do, page by page.
//!
//! Owns the frame of the desk ([`Frame`]) and its routes. Each page is one organisation's, named in the address; whoever asks for
//! another one is answered as for one that doesn't exist.

mod draft;
mod today;

use crate::app::App;
use crate::serve::Server;
use crate::store::Territory;
use crate::store::entity::organisation;
use crate::{Error, Result};
use axum::Router;
use axum::extract::{ConnectInfo, Request, State};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use std::net::SocketAddr;

/// Routes below `/bureau`.
pub fn routes(server: &Server) -> Router<Server> {
    Router::new()
        .route("/bureau", get(first_desk))
        .route("/bureau/{organisation}", get(today::page))
        .route("/bureau/{organisation}/facturation", get(draft::page))
        .route("/bureau/{organisation}/facturation/{month}/{regie}/{household}/{payer}", get(draft::bill))
        .layer(middleware::from_fn_with_state(server.clone(), on_this_machine_only))
}

/// Agents can't log in yet: a demonstration's pages are shown on its own machine, a real installation's to nobody.
async fn on_this_machine_only(
    State(server): State<Server>,
    ConnectInfo(from): ConnectInfo<SocketAddr>,
    request: Request,
    next: Next,
) -> Response {
    if server.app.installation.demo && from.ip().is_loopback() {
        return next.run(request).await;
    }
    Error::NotFound("Cette page".into()).into_response()
}

/// Sends to the first organisation's desk.
async fn first_desk(State(server): State<Server>) -> Result<Response> {
    let territory = Territory::new(server.app.territoire(), server.app.db.read());
    let first = territory.organisations().await?.into_iter().next();
    let first = first.ok_or_else(|| Error::NotFound("Collectivité".into()))?;
    Ok(Redirect::to(&format!("/bureau/{}", first.code)).into_response())
}

/// What stands around every page of the desk.
struct Frame {
    /// The organisation's name and code.
    name: String,
    code: String,
    /// The other desks of this territoire: code and name.
    others: Vec<(String, String)>,
    /// Which entry of the column this page belongs to.
    here: &'static str,
}

impl Frame {
    fn of(organisation: &organisation::Model, all: Vec<organisation::Model>, here: &'static str) -> Self {
        let others = all.into_iter().filter(|o| o.code != organisation.code).map(|o| (o.code, o.name)).collect();
        Self { name: organisation.name.clone(), code: organisation.code.clone(), others, here }
    }
}

/// The organisation of an address, and the frame of its pages.
async fn desk(territory: &Territory<'_>, code: &str, here: &'static str) -> Result<(organisation::Model, Frame)> {
    let all = territory.organisations().await?;
    let found = all.iter().find(|o| o.code == code).cloned().ok_or_else(|| Error::NotFound("Collectivité".into()))?;
    let frame = Frame::of(&found, all, here);
    Ok((found, frame))
}

/// One moment of the database, for all that a page reads.
async fn snapshot(app: &App) -> Result<sea_orm::DatabaseTransaction> {
    app.db.snapshot().await
}
