//! The table of contents: every route, and who may call it.

use crate::identity::{self, browser};
use crate::office;
use crate::page::{in_our_words, not_found, theme};
use crate::payments;
use crate::portal;
use crate::serve::{Server, Transport};
use crate::sync::encoding;
use crate::sync::refusal::Refusal;
use crate::sync::routes as sync;
use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get};
use shared::wire::limits::BODY_BYTES_MAX;
use std::time::Duration;
use tower_http::timeout::TimeoutLayer;

/// Longest time that a request may take.
const REQUEST_S_MAX: u64 = 60;

/// One route: what the router is made of, and what [`crate::api`] is held against.
#[derive(Debug, Clone, Copy)]
pub struct Route {
    /// `GET` or `POST`.
    pub method: &'static str,
    /// The path, as the router reads it.
    pub path: &'static str,
    handler: fn() -> MethodRouter<Server>,
}

impl Route {
    pub(crate) const fn new(method: &'static str, path: &'static str, handler: fn() -> MethodRouter<Server>) -> Self {
        Self { method, path, handler }
    }

    /// The router of a table.
    pub(crate) fn router(table: &[Self]) -> Router<Server> {
        table.iter().fold(Router::new(), |router, route| router.route(route.path, (route.handler)()))
    }
}

/// Anyone, whoever they are.
const OPEN: [Route; 2] = [
    // Colours and letters.
    Route::new("GET", "/theme/{file}", || get(theme::file)),
    // Whether the program answers. Tells nothing else.
    Route::new("GET", "/sante", || get(|| async { "ok\n" })),
];

/// Method and path of every route, from the tables that [`router`] is made of.
#[must_use]
pub fn table() -> Vec<(&'static str, &'static str)> {
    let tables: [&[Route]; 6] = [&sync::ROUTES, &payments::CALLBACKS, &identity::ROUTES, &portal::ROUTES, &payments::ROUTES, &OPEN];
    let routes = tables.into_iter().flatten().map(|route| (route.method, route.path));
    routes.chain([office::FIRST]).chain(office::table().iter().map(|entry| (entry.method(), entry.path()))).collect()
}

/// Every route of the server.
pub fn router(server: Server) -> Router {
    let policy = content_policy(&server.app.settings.payfip.adresse);
    let tablets = encoding::compressed(Route::router(&sync::ROUTES))
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .layer(middleware::from_fn(over_tls_only));
    // Everything that a browser opens: one layer knows the caller, and refuses forms that aren't ours (identity::browser).
    let pages = Router::new()
        .merge(identity::routes())
        // Families, each page what its person may see: the table is portal::ROUTES.
        .merge(portal::routes())
        // Agents with a role in the organisation of the path, each page by its right: see office::table.
        .merge(office::routes())
        // Families: paying a bill. Anyone who knows a payment's id: how it ended, and no name.
        .merge(Route::router(&payments::ROUTES))
        .layer(middleware::from_fn_with_state(server.clone(), browser::watch));
    let people = Router::new()
        // PayFiP, or anyone in its name: it is asked, never believed. Outside the layer: another server holds no cookie of ours.
        .merge(Route::router(&payments::CALLBACKS))
        .merge(pages)
        .merge(Route::router(&OPEN))
        .fallback(not_found)
        .layer(middleware::from_fn(in_our_words));
    Router::new()
        .merge(tablets)
        .merge(people)
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
