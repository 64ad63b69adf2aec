//! The sync routes: bytes to requests, use cases in one transaction each, answers to bytes.

use crate::Error;
use crate::app::App;
use crate::router::Route;
use crate::serve::Server;
use crate::store::Territory;
use crate::sync::encoding::Packed;
use crate::sync::refusal::Refusal;
use crate::sync::session::{self, Caller, epoch_text};
use crate::sync::{
    encoding, enrol, epoch as epochs, learn, photo as photos, publish, pull as pulling, push as pushing, report, time as times,
};
use axum::Json;
use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderMap, header};
use axum::middleware::from_fn;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use serde::de::DeserializeOwned;
use shared::wire::{EnrolChallenge, EnrolConfirm, EnrolDone, EnrolHello, EpochAsk, EpochGiven, PhotoAsk, Pull, PullAnswer, PushAnswer};
use shared::wire::{Session, SessionChallenge, SessionHello, SessionProof, TimeAsk, TimeTold};
use std::net::SocketAddr;

/// What a tablet calls, over TLS.
pub const ROUTES: [Route; 9] = [
    // Anyone: a tablet whose clock is lost, before it can judge anything else. Says the time and nothing more; limited by address.
    Route::new("POST", "/sync/v1/time", || post(time)),
    // Whoever holds a code of less than a quarter of an hour; ten tries a minute from one address.
    Route::new("POST", "/sync/v1/enrol/hello", || post(enrol_hello)),
    Route::new("POST", "/sync/v1/enrol/confirm", || post(enrol_confirm)),
    // A tablet that is known: a nonce, then its signature.
    Route::new("POST", "/sync/v1/session/hello", || post(session_hello)),
    Route::new("POST", "/sync/v1/session", || post(session_open).layer(from_fn(encoding::told))),
    // A tablet that is known and not revoked: a nonce of a session's hello, then its signature.
    Route::new("POST", "/sync/v1/epoch", || post(epoch)),
    // A tablet with a token of its site; revoked: its entries are quarantined.
    Route::new("POST", "/sync/v1/push", || post(push)),
    // A tablet with a token of its site, not revoked; its own site only.
    Route::new("POST", "/sync/v1/pull", || post(pull)),
    // A tablet with a token of its site, not revoked; a photo that an item of its own site shows now.
    Route::new("POST", "/sync/v1/photo", || post(photo)),
];

/// An answer, or why not.
type Answer<T> = Result<Json<T>, Refusal>;

/// Reads a body, within the limit, as what a route takes.
async fn read<T: DeserializeOwned>(body: Packed) -> Result<T, Refusal> {
    serde_json::from_slice(&body.received().await?.unpacked()?).map_err(|_| Refusal::unreadable())
}

async fn caller(app: &App, headers: &HeaderMap) -> Result<Caller, Refusal> {
    let token = headers.get(header::AUTHORIZATION).and_then(|v| v.to_str().ok()).and_then(|v| v.strip_prefix("Bearer "));
    let token = token.ok_or_else(Refusal::session_over)?;
    let territory = Territory::new(app.territoire(), app.db.read());
    session::caller(&territory, token, app.clock.now()).await?.ok_or_else(Refusal::session_over)
}

/// `POST /sync/v1/time`
pub async fn time(State(server): State<Server>, ConnectInfo(from): ConnectInfo<SocketAddr>, body: Packed) -> Answer<TimeTold> {
    let now = server.app.clock.now();
    if !server.desk.times.allow(from.ip(), now) {
        return Err(Refusal::time_too_often());
    }
    let request: TimeAsk = read(body).await?;
    times::told(&server.desk, now, &request)?.map(Json)
}

/// `POST /sync/v1/enrol/hello`
pub async fn enrol_hello(State(server): State<Server>, ConnectInfo(from): ConnectInfo<SocketAddr>, body: Packed) -> Answer<EnrolChallenge> {
    let request: EnrolHello = read(body).await?;
    may_try(&server, from)?;
    let (now, transaction) = (server.app.clock.now(), server.app.db.begin().await?);
    let territory = Territory::new(server.app.territoire(), &transaction);
    let answer = enrol::hello(&territory, &server.desk, now, &request).await?;
    transaction.commit().await?;
    answer.map(Json)
}

/// `POST /sync/v1/enrol/confirm`
pub async fn enrol_confirm(State(server): State<Server>, ConnectInfo(from): ConnectInfo<SocketAddr>, body: Packed) -> Answer<EnrolDone> {
    let request: EnrolConfirm = read(body).await?;
    may_try(&server, from)?;
    let (now, transaction) = (server.app.clock.now(), server.app.db.begin().await?);
    let territory = Territory::new(server.app.territoire(), &transaction);
    let answer = enrol::confirm(&territory, &server.desk, now, &request).await?;
    // A refusal too: that another key tried stands in the code's row.
    transaction.commit().await?;
    answer.map(Json)
}

fn may_try(server: &Server, from: SocketAddr) -> Result<(), Refusal> {
    if server.app.installation.reprise {
        return Err(Refusal::reprise());
    }
    if server.desk.tries.allow(from.ip(), server.app.clock.now()) { Ok(()) } else { Err(Refusal::too_often()) }
}

/// `POST /sync/v1/session/hello`
pub async fn session_hello(State(server): State<Server>, body: Packed) -> Answer<SessionChallenge> {
    let request: SessionHello = read(body).await?;
    let territory = Territory::new(server.app.territoire(), server.app.db.read());
    session::hello(&territory, &server.desk, server.app.clock.now(), &request).await?.map(Json)
}

/// `POST /sync/v1/session`
pub async fn session_open(State(server): State<Server>, body: Packed) -> Answer<Session> {
    let request: SessionProof = read(body).await?;
    let (now, transaction) = (server.app.clock.now(), server.app.db.begin().await?);
    let territory = Territory::new(server.app.territoire(), &transaction);
    let answer = session::open(&territory, &server.desk, &server.app.installation, now, &request).await?;
    transaction.commit().await?;
    answer.map(Json)
}

/// `POST /sync/v1/epoch`
pub async fn epoch(State(server): State<Server>, body: Packed) -> Answer<EpochGiven> {
    let request: EpochAsk = read(body).await?;
    if server.app.installation.reprise {
        return Err(Refusal::reprise());
    }
    let (now, transaction) = (server.app.clock.now(), server.app.db.begin().await?);
    let territory = Territory::new(server.app.territoire(), &transaction);
    let answer = epochs::next(&territory, &server.desk, now, &request).await?;
    transaction.commit().await?;
    answer.map(Json)
}

/// `POST /sync/v1/push`
pub async fn push(State(server): State<Server>, headers: HeaderMap, body: Packed) -> Answer<PushAnswer> {
    let caller = caller(&server.app, &headers).await?;
    let _place = server.desk.intake.place(caller.device).await;
    let body = body.received().await?;
    let keys = learn::keys_at(&Territory::new(server.app.territoire(), server.app.db.read()), caller.site).await?;
    let _turn = server.desk.intake.turn().await;
    // Signatures take a core for milliseconds: beside the threads that carry everybody's requests, and no more at once than cores.
    let core = server.desk.intake.core().await;
    let decoded = tokio::task::spawn_blocking(move || pushing::decode(&body.unpacked()?, &keys)).await;
    drop(core);
    let entries = decoded.map_err(|error| Error::Unavailable(format!("Un envoi ne se lit pas : {error}")))??;
    Ok(Json(server.desk.writing.write(&server.app, caller, entries).await?))
}

/// `POST /sync/v1/pull`
pub async fn pull(State(server): State<Server>, headers: HeaderMap, body: Packed) -> Answer<PullAnswer> {
    let caller = caller(&server.app, &headers).await?;
    let request: Pull = read(body).await?;
    if !caller.revoked {
        publish::due_site(&server.app, caller.site).await?;
        report::note(&server.app, &caller, request.report.clone()).await?;
    }
    let (now, snapshot) = (server.app.clock.now(), server.app.db.snapshot().await?);
    let territory = Territory::new(server.app.territoire(), &snapshot);
    let epoch = epoch_text(&server.app.installation);
    let answer = pulling::pull(&territory, &caller, &epoch, now, &request).await?;
    snapshot.commit().await?;
    answer.map(Json)
}

/// `POST /sync/v1/photo`
pub async fn photo(State(server): State<Server>, headers: HeaderMap, body: Packed) -> Result<Response, Refusal> {
    let caller = caller(&server.app, &headers).await?;
    let request: PhotoAsk = read(body).await?;
    if !caller.revoked {
        // A consent that was withdrawn a minute ago is withdrawn here too.
        publish::due_site(&server.app, caller.site).await?;
    }
    let territory = Territory::new(server.app.territoire(), server.app.db.read());
    let jpeg = photos::photo(&territory, &caller, &request).await??;
    Ok(([(header::CONTENT_TYPE, "image/jpeg")], jpeg).into_response())
}
