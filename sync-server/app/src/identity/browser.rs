//! What stands around every page: who calls, and whether a form is ours.
//!
//! [`watch`] is one layer around all page routes. Whatever isn't GET or HEAD is refused unless it comes from our own pages (`Sec-Fetch-Site`,
//! else `Origin`) and repeats the caller's token, in the field `csrf` of a form, or in the query of an upload. No handler checks it, so
//! none can forget it; and [`super::Form`] answers 500 on a route that stands outside the layer. Tablets and PayFiP's notification
//! hold no cookie of ours: their routes stand outside, in the router's own words.

use crate::identity::cookie::{self, Name};
use crate::identity::pages::{self, Turned};
use crate::identity::pauses::Network;
use crate::identity::session::{self, Found, Session};
use crate::serve::Server;
use crate::settings::Settings;
use crate::store::{self, Territory};
use crate::{Error, Result};
use axum::body::{Body, Bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Largest form. Files are sent as such, and have their route's own limit.
const FORM_BYTES_MAX: usize = 256 * 1024;
/// The field that every form repeats.
const FIELD: &str = "csrf";

/// The token of a form: `<input type="hidden" name="csrf" value="{{ csrf }}">`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Csrf(String);

impl std::fmt::Display for Csrf {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// A request's caller, logged in or not.
#[derive(Debug, Clone)]
pub struct Visit(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    session: Option<Session>,
    /// What a form repeats before log-in: in a cookie, which another site can neither read nor plant over https.
    form_token: String,
    form_token_is_new: bool,
    form_token_is_shown: AtomicBool,
    network: Network,
    session_cookie: Option<String>,
}

/// That [`watch`] saw the request: set by it alone.
#[derive(Debug, Clone, Copy)]
pub(super) struct Watched;

impl Visit {
    /// Who is logged in.
    #[must_use]
    pub fn session(&self) -> Option<&Session> {
        self.0.session.as_ref()
    }

    /// What the forms of this page must repeat.
    #[must_use]
    pub fn csrf(&self) -> Csrf {
        match &self.0.session {
            Some(session) => Csrf(session.csrf.clone()),
            None => {
                self.0.form_token_is_shown.store(true, Ordering::SeqCst);
                Csrf(self.0.form_token.clone())
            }
        }
    }

    /// Where the request comes from.
    #[must_use]
    pub fn network(&self) -> Network {
        self.0.network
    }

    /// The session cookie as sent, whatever it is worth.
    #[must_use]
    pub(super) fn session_cookie(&self) -> Option<&str> {
        self.0.session_cookie.as_deref()
    }
}

/// The layer.
pub async fn watch(State(server): State<Server>, mut request: Request, next: Next) -> Response {
    if holds_nul(request.uri().to_string().as_bytes()) {
        return pages::turned(Turned::NoText);
    }
    // The body is nobody's to hold while the database is asked: what is asked of the request is taken out first.
    let (headers, network) = (request.headers().clone(), network(&request, &server.identity.settings));
    let visit = match visit(&server, &headers, network).await {
        Ok(visit) => visit,
        Err(error) => return error.into_response(),
    };
    let request_is_safe = matches!(*request.method(), Method::GET | Method::HEAD);
    if !request_is_safe {
        if !is_from_our_pages(&headers, &server.identity.settings) {
            return pages::turned(Turned::OtherSite);
        }
        request = match with_token(request, &visit).await {
            Ok(request) => request,
            Err(turned) => return pages::turned(turned),
        };
    }
    request.extensions_mut().insert(visit.clone());
    request.extensions_mut().insert(Watched);
    let mut response = next.run(request).await;
    if visit.0.form_token_is_new && visit.0.form_token_is_shown.load(Ordering::SeqCst) {
        let set = cookie::set(Name::Form, &visit.0.form_token, None, server.identity.settings.is_https());
        set.map(|value| response.headers_mut().append(header::SET_COOKIE, value));
    }
    response
}

async fn visit(server: &Server, headers: &HeaderMap, network: Network) -> Result<Visit> {
    let https = server.identity.settings.is_https();
    let session_cookie = cookie::read(headers, Name::Session, https);
    let session = match &session_cookie {
        Some(token) => living(server, token).await?,
        None => None,
    };
    let kept = cookie::read(headers, Name::Form, https).filter(|token| URL_SAFE_NO_PAD.decode(token).is_ok_and(|bytes| bytes.len() == 32));
    let form_token_is_new = kept.is_none();
    let form_token = match kept {
        Some(token) => token,
        None => URL_SAFE_NO_PAD.encode(store::random::<32>()?),
    };
    let form_token_is_shown = AtomicBool::new(false);
    Ok(Visit(Arc::new(Inner { session, form_token, form_token_is_new, form_token_is_shown, network, session_cookie })))
}

/// The session of a cookie; ends those of somebody who was barred meanwhile.
async fn living(server: &Server, token: &str) -> Result<Option<Session>> {
    let (app, now) = (&server.app, server.app.clock.now());
    match session::look(&Territory::new(app.territoire(), app.db.read()), token, now).await? {
        Found::None => Ok(None),
        Found::Living(session, false) => Ok(Some(*session)),
        Found::Living(session, true) => {
            let transaction = app.db.begin().await?;
            session::seen(&Territory::new(app.territoire(), &transaction), &session, now).await?;
            transaction.commit().await?;
            Ok(Some(*session))
        }
        Found::NowBarred(person) => {
            let transaction = app.db.begin().await?;
            session::end_sessions_of(&Territory::new(app.territoire(), &transaction), person).await?;
            transaction.commit().await?;
            Ok(None)
        }
    }
}

/// The caller's network: the connection's, or what a proxy that the settings name says of it.
pub(crate) fn network(request: &Request, settings: &Settings) -> Network {
    let connected = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(at)| at.ip().to_canonical());
    // Without a connection there is no network to slow: all such callers are one.
    let connected = connected.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
    let is_proxy = |address: &IpAddr| settings.mandataires.contains(address);
    if !is_proxy(&connected) {
        return connected.into();
    }
    let said: Vec<&str> = request.headers().get_all("x-forwarded-for").into_iter().filter_map(|v| v.to_str().ok()).collect();
    // From the right: what stands further left was said by whoever called.
    let said = said.iter().flat_map(|line| line.split(',')).rev().map(|at| at.trim().parse::<IpAddr>());
    let first_unknown = said.map_while(std::result::Result::ok).map(|at| at.to_canonical()).find(|at| !is_proxy(at));
    first_unknown.unwrap_or(connected).into()
}

/// Whether a request that changes something was sent by one of our pages, as far as its browser says. Without a word of a browser
/// the token alone decides.
fn is_from_our_pages(headers: &HeaderMap, settings: &Settings) -> bool {
    let text = |name: header::HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or("?").to_owned());
    if let Some(site) = text(header::HeaderName::from_static("sec-fetch-site")) {
        return site == "same-origin" || site == "none";
    }
    let Some(origin) = text(header::ORIGIN) else { return true };
    let called = text(header::HOST);
    let host = origin.split_once("://").map(|(_, host)| host);
    origin == settings.adresse || (host.is_some() && host == called.as_deref())
}

/// The same request, once its token was found right.
async fn with_token(request: Request, visit: &Visit) -> Result<Request, Turned> {
    let expected = match visit.session() {
        Some(session) => &session.csrf,
        None if visit.0.form_token_is_new => return Err(Turned::OldForm),
        None => &visit.0.form_token,
    };
    let is_form =
        request.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"application/x-www-form-urlencoded"));
    if !is_form {
        // An upload's body is its handler's to read, piece by piece: its token stands in the form's address.
        let query = request.uri().query().unwrap_or_default().to_owned();
        return if repeats(query.as_bytes(), expected) { Ok(request) } else { Err(Turned::OldForm) };
    }
    let (parts, body) = request.into_parts();
    let body: Bytes = axum::body::to_bytes(body, FORM_BYTES_MAX).await.map_err(|_| Turned::TooLarge)?;
    if holds_nul(&body) {
        return Err(Turned::NoText);
    }
    if repeats(&body, expected) { Ok(Request::from_parts(parts, Body::from(body))) } else { Err(Turned::OldForm) }
}

/// Whether an address or a form holds a zero byte, as itself or in its code. Nobody types one, and PostgreSQL keeps none in a text.
fn holds_nul(text: &[u8]) -> bool {
    text.contains(&0) || text.windows(3).any(|three| three == b"%00")
}

/// Compared by their hashes: how long it takes tells nothing of where they differ.
fn repeats(fields: &[u8], expected: &str) -> bool {
    let expected = Sha256::digest(expected);
    form_urlencoded::parse(fields).find(|(name, _)| name == FIELD).is_some_and(|(_, value)| Sha256::digest(value.as_bytes()) == expected)
}

/// Sets or ends the session's cookie on an answer.
pub(super) fn put_session(response: &mut Response, server: &Server, token: Option<(&str, Option<i64>)>) {
    let (value, life_s) = token.unwrap_or(("", Some(0)));
    let set = cookie::set(Name::Session, value, life_s, server.identity.settings.is_https());
    set.map(|value| response.headers_mut().append(header::SET_COOKIE, value));
}

/// Where to go after a log-in: a path of ours, or nothing. `//host`, `/\host` and what a browser makes of a tab between them are other
/// hosts' addresses.
#[must_use]
pub fn local_path(text: &str) -> Option<&str> {
    let second = text.strip_prefix('/')?.chars().next();
    let is_plain = text.len() <= 2_000 && text.chars().all(|c| !c.is_control() && !c.is_whitespace() && c != '\\');
    (is_plain && second != Some('/')).then_some(text)
}

/// A text as part of a query.
#[must_use]
pub fn in_query(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

/// Whether a request may be answered by a page to read, and not by an act.
pub(super) fn is_reading(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD)
}

/// A page's address without what another site could read of it.
pub(super) fn here(uri: &axum::http::Uri) -> String {
    uri.path_and_query().map_or_else(|| "/".to_owned(), ToString::to_string)
}

impl From<Turned> for StatusCode {
    fn from(turned: Turned) -> Self {
        match turned {
            Turned::LogInFirst => Self::UNAUTHORIZED,
            Turned::OtherSite | Turned::OldForm => Self::FORBIDDEN,
            Turned::TooLarge => Self::PAYLOAD_TOO_LARGE,
            Turned::NoText => Self::BAD_REQUEST,
        }
    }
}

/// The answer where the layer is missing: a defect, and closed.
pub(super) fn unwatched() -> Error {
    Error::Unavailable("Cette page n’est pas gardée : elle ne s’ouvre pas.".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_in_leads_to_our_own_pages_only() {
        for ours in ["/", "/famille", "/famille/factures?mois=2026-10", "/bureau/A#haut", "/a//b"] {
            assert_eq!(local_path(ours), Some(ours));
        }
        for theirs in [
            "",
            "//evil",
            "/\\evil",
            "\\\\evil",
            "https://evil",
            "https:evil",
            "javascript:alert(1)",
            "/\t/evil",
            "/\n/evil",
            "evil",
            "/a\r\nSet-Cookie: b=c",
        ] {
            assert_eq!(local_path(theirs), None, "{theirs:?}");
        }
    }

    fn sent(headers: &[(&'static str, &'static str)]) -> bool {
        let headers = headers.iter().map(|(n, v)| (header::HeaderName::from_static(n), header::HeaderValue::from_static(v))).collect();
        is_from_our_pages(&headers, &Settings { adresse: "https://enfance.exemple.fr".into(), ..Settings::default() })
    }

    #[test]
    fn a_form_of_another_site_is_told_by_its_browser() {
        assert!(sent(&[("sec-fetch-site", "same-origin")]));
        assert!(!sent(&[("sec-fetch-site", "cross-site")]) && !sent(&[("sec-fetch-site", "same-site")]));
        assert!(sent(&[("origin", "https://enfance.exemple.fr"), ("host", "127.0.0.1:8080")]));
        assert!(sent(&[("origin", "http://localhost:8080"), ("host", "localhost:8080")]));
        assert!(!sent(&[("origin", "https://evil.exemple"), ("host", "enfance.exemple.fr")]));
        assert!(!sent(&[("origin", "null"), ("host", "enfance.exemple.fr")]));
        assert!(!sent(&[("origin", "https://enfance.exemple.fr"), ("sec-fetch-site", "cross-site")]));
    }

    #[test]
    fn a_proxy_is_believed_only_where_the_settings_name_it() {
        let settings =
            |proxies: &[&str]| Settings { mandataires: proxies.iter().map(|p| p.parse().unwrap()).collect(), ..Settings::default() };
        let called = |from: &str, said: &str, proxies: &[&str]| {
            let mut request = Request::builder().header("x-forwarded-for", said).body(Body::empty()).unwrap();
            request.extensions_mut().insert(ConnectInfo(SocketAddr::new(from.parse().unwrap(), 1)));
            network(&request, &settings(proxies))
        };
        let is = |address: &str| Network::from(address.parse::<IpAddr>().unwrap());
        assert_eq!(called("192.0.2.9", "203.0.113.1", &[]), is("192.0.2.9"));
        assert_eq!(called("127.0.0.1", "203.0.113.1", &["127.0.0.1"]), is("203.0.113.1"));
        assert_eq!(
            called("127.0.0.1", "198.51.100.7, 203.0.113.1", &["127.0.0.1"]),
            is("203.0.113.1"),
            "what the caller wrote himself is no network"
        );
        assert_eq!(called("127.0.0.1", "n'importe quoi", &["127.0.0.1"]), is("127.0.0.1"));
    }
}
