//! The table of contents: every route, and who may call it.

use crate::identity::{self, browser};
use crate::office;
use crate::page::{not_found, theme};
use crate::payments;
use crate::portal;
use crate::serve::{Server, Transport};
use crate::sync::refusal::Refusal;
use crate::sync::routes as sync;
use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use shared::wire::limits::BODY_BYTES_MAX;
use std::time::Duration;
use tower_http::timeout::TimeoutLayer;

/// Longest time that a request may take.
const REQUEST_S_MAX: u64 = 60;

/// Every route of the server.
pub fn router(server: Server) -> Router {
    let policy = content_policy(&server.app.settings.payfip.adresse);
    let tablets = Router::new()
        // Whoever holds a code of less than a quarter of an hour; ten tries a minute from one address.
        .route("/sync/v1/enrol/hello", post(sync::enrol_hello))
        .route("/sync/v1/enrol/confirm", post(sync::enrol_confirm))
        // A tablet that is known: a nonce, then its signature.
        .route("/sync/v1/session/hello", post(sync::session_hello))
        .route("/sync/v1/session", post(sync::session_open))
        // A tablet with a token of its site; revoked: its entries are quarantined.
        .route("/sync/v1/push", post(sync::push))
        // A tablet with a token of its site, not revoked; its own site only.
        .route("/sync/v1/pull", post(sync::pull))
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .layer(middleware::from_fn(over_tls_only));
    // Everything that a browser opens: one layer knows the caller, and refuses forms that aren't ours (identity::browser).
    let pages = Router::new()
        .merge(identity::routes())
        // Families, each page what its person may see: the table is portal::ROUTES.
        .merge(portal::routes())
        // Agents with a role in the organisation of the path, each page by its right: see office::table.
        .merge(office::routes())
        // Families: paying a bill. Anyone who knows a payment's id: how it ended, and no name (payments::routes).
        .merge(payments::routes())
        .layer(middleware::from_fn_with_state(server.clone(), browser::watch));
    Router::new()
        // Outside the layer: tablets and other servers hold no cookie of ours.
        .merge(tablets)
        // PayFiP, or anyone in its name: it is asked, never believed (payments::callbacks).
        .merge(payments::callbacks())
        .merge(pages)
        // Anyone: colours and letters.
        .route("/theme/{file}", get(theme::file))
        // Anyone: whether the program answers. Tells nothing else.
        .route("/sante", get(|| async { "ok\n" }))
        .fallback(not_found)
        .layer(middleware::from_fn_with_state(policy, security_headers))
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, Duration::from_secs(REQUEST_S_MAX)))
        .with_state(server)
}

async fn over_tls_only(request: Request, next: Next) -> Response {
    match request.extensions().get::<Transport>() {
        Some(Transport::Tls) => next.run(request).await,
        _ => Refusal::needs_tls().into_response(),
    }
}

/// No script, nothing from elsewhere. A form leads to ourselves, and from there to the payment service: browsers hold the redirect
/// that answers a form against this line too.
fn content_policy(payfip: &str) -> HeaderValue {
    let plain = payfip.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, ':' | '/' | '.' | '-' | '[' | ']'));
    let payfip = if plain { payfip } else { "" };
    let policy = format!(
        "default-src 'none'; style-src 'self'; font-src 'self'; img-src 'self'; form-action 'self' {payfip}; base-uri 'none'; frame-ancestors 'none'"
    );
    HeaderValue::from_str(&policy).unwrap_or(HeaderValue::from_static("default-src 'none'"))
}

/// No script, no frame, no trace in a cache or in another site's log.
async fn security_headers(State(policy): State<HeaderValue>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    for (name, value) in [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        // To ourselves only; with `no-referrer` a browser would say `Origin: null` of our own forms.
        (header::REFERRER_POLICY, "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}
