//! `/_bac-a-sable/`: what the sandbox holds, its clock and its switches; a page for a person, JSON for a program.

use crate::Sandbox;
use crate::page::{euros, fields, page};
use crate::switches::{KEYS, Key, Scope, Settings};
use askama::Template;
use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::header::ACCEPT;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Europe::Paris;
use serde_json::{Value, json};
use std::sync::Arc;

/// Where the admin page is.
pub const ADMIN_PATH: &str = "/_bac-a-sable/";
/// Operations on the page.
const SHOWN_MAX: usize = 50;

struct Row {
    idop: String,
    created: String,
    amount: String,
    refdet: String,
    state: &'static str,
    told: Vec<String>,
}

struct Switch {
    key: &'static Key,
    stands: String,
}

#[derive(Template)]
#[template(path = "admin.html")]
struct AdminPage {
    base_url: String,
    now: String,
    switches: Vec<Switch>,
    waiting: String,
    operations: Vec<Row>,
}

/// The page.
pub async fn show(State(sandbox): State<Arc<Sandbox>>) -> Response {
    let now = sandbox.clock.now();
    let (switches, waiting) = {
        let settings = sandbox.settings();
        (KEYS.iter().map(|key| Switch { key, stands: settings.shown(key) }).collect(), settings.waiting().join(", "))
    };
    let mut held = sandbox.operations();
    let operations = held.latest_first(now).into_iter().take(SHOWN_MAX).map(|operation| Row {
        idop: operation.idop.clone(),
        created: wall(operation.created_at, "%d/%m %H:%M:%S"),
        amount: euros(operation.asked.montant_cents),
        refdet: operation.asked.refdet.clone(),
        state: operation.state(),
        told: operation.told.clone(),
    });
    let operations = operations.collect();
    page(
        StatusCode::OK,
        &AdminPage { base_url: sandbox.base_url.clone(), now: wall(now, "%d/%m/%Y %H:%M:%S"), switches, waiting, operations },
    )
}

fn wall(at: DateTime<Utc>, format: &str) -> String {
    at.with_timezone(&Paris).format(format).to_string()
}

/// The same for a program.
pub async fn state(State(sandbox): State<Arc<Sandbox>>) -> Json<Value> {
    Json(as_json(&sandbox))
}

fn as_json(sandbox: &Sandbox) -> Value {
    let now = sandbox.clock.now();
    let (switches, waiting) = {
        let settings = sandbox.settings();
        let pairs = KEYS.iter().map(|key| (key.name.to_owned(), Value::from(settings.shown(key))));
        (pairs.collect::<serde_json::Map<_, _>>(), settings.waiting())
    };
    let mut held = sandbox.operations();
    let operations = held.latest_first(now).into_iter().map(|operation| {
        json!({
            "idop": operation.idop, "creee": operation.created_at.to_rfc3339(), "montant": operation.asked.montant_cents,
            "numcli": operation.asked.numcli, "refdet": operation.asked.refdet, "saisie": operation.asked.saisie,
            "etat": operation.state(), "notifications": operation.told,
        })
    });
    let operations: Vec<_> = operations.collect();
    json!({ "heure": now.to_rfc3339(), "reglages": switches, "en_attente": waiting, "operations": operations })
}

/// Switches for all.
pub async fn set_all(State(sandbox): State<Arc<Sandbox>>, headers: HeaderMap, body: Bytes) -> Response {
    set(&sandbox, Scope::All, &headers, &body)
}

/// Switches for the next operation or call.
pub async fn set_next(State(sandbox): State<Arc<Sandbox>>, headers: HeaderMap, body: Bytes) -> Response {
    set(&sandbox, Scope::Next, &headers, &body)
}

fn set(sandbox: &Sandbox, scope: Scope, headers: &HeaderMap, body: &[u8]) -> Response {
    let fields = fields(None, body);
    let set = sandbox.settings().set(scope, fields.iter().map(|(key, value)| (key.as_str(), value.as_str())));
    answer(sandbox, headers, set.map_err(|error| error.to_string()))
}

/// Every switch as it was before anyone touched it.
pub async fn reset(State(sandbox): State<Arc<Sandbox>>, headers: HeaderMap) -> Response {
    *sandbox.settings() = Settings::default();
    answer(&sandbox, &headers, Ok(()))
}

/// `avancer=` a number with `s`, `min`, `h` or `j`; or `instant=` an RFC 3339 instant.
pub async fn set_clock(State(sandbox): State<Arc<Sandbox>>, headers: HeaderMap, body: Bytes) -> Response {
    let fields = fields(None, &body);
    let wrong = "attendu avancer=15min (s, min, h ou j) ou instant=2026-11-27T03:00:00+01:00";
    let moved = if let Some(by) = fields.get("avancer").and_then(|text| span(text)) {
        sandbox.clock.advance(by);
        Ok(())
    } else if let Some(to) = fields.get("instant").and_then(|text| DateTime::parse_from_rfc3339(text).ok()) {
        sandbox.clock.set(to.to_utc());
        Ok(())
    } else {
        Err(wrong.to_owned())
    };
    answer(&sandbox, &headers, moved)
}

/// Longest jump of the clock, in days.
const JUMP_DAYS_MAX: i64 = 3660;

fn span(text: &str) -> Option<TimeDelta> {
    let split = text.find(|c: char| !c.is_ascii_digit())?;
    let number = text[..split].parse().ok()?;
    let span = match text[split..].trim() {
        "s" => TimeDelta::try_seconds(number),
        "min" => TimeDelta::try_minutes(number),
        "h" => TimeDelta::try_hours(number),
        "j" => TimeDelta::try_days(number),
        _ => None,
    };
    span.filter(|span| span.num_days() <= JUMP_DAYS_MAX)
}

/// A person goes back to the page, a program gets the new state.
fn answer(sandbox: &Sandbox, headers: &HeaderMap, done: Result<(), String>) -> Response {
    let person = headers.get(ACCEPT).and_then(|accept| accept.to_str().ok()).is_some_and(|accept| accept.contains("text/html"));
    match done {
        Err(said) => (StatusCode::BAD_REQUEST, said + "\n").into_response(),
        Ok(()) if person => Redirect::to(ADMIN_PATH).into_response(),
        Ok(()) => Json(as_json(sandbox)).into_response(),
    }
}
