//! `/connexion` and `/deconnexion`: families and agents, one page.
//!
//! Whether an address is known is told neither by the answer nor by its time: an unknown one is checked against nobody's hash, and a
//! refusal leaves a line of the audit either way.

use crate::identity::account::{self, by_login, folded_login};
use crate::identity::audit::{self, Act};
use crate::identity::browser::{Csrf, Visit, in_query, local_path, put_session};
use crate::identity::oidc;
use crate::identity::password::Password;
use crate::identity::pauses::{Key, NETWORK, PAIR};
use crate::identity::session::{self, Use};
use crate::identity::visit::Form;
use crate::serve::Server;
use crate::store::Territory;
use crate::store::entity::account::Model as Account;
use crate::{Result, page};
use askama::Template;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use shared::id::AccountId;
use utoipa::ToSchema;

/// Where a family begins.
pub const FAMILY_HOME: &str = "/famille";
/// Where an agent begins.
pub const DESK_HOME: &str = "/bureau";
const ROUTE: &str = "POST /connexion";

#[derive(Template)]
#[template(path = "identity/login.html")]
struct Page {
    csrf: Csrf,
    login: String,
    suite: String,
    wrong: Option<&'static str>,
    wait: Option<String>,
    buttons: Vec<oidc::Button>,
    to_link: Option<String>,
}

/// Where somebody wanted to go.
#[derive(Debug, Deserialize, ToSchema)]
pub struct Towards {
    #[serde(default)]
    suite: String,
}

impl Towards {
    /// A path of ours, or empty.
    pub(super) fn path(&self) -> String {
        local_path(&self.suite).unwrap_or_default().to_owned()
    }
}

/// What was typed.
#[derive(Deserialize, ToSchema)]
pub struct Typed {
    #[serde(default)]
    login: String,
    #[serde(default)]
    password: String,
    #[serde(default)]
    suite: String,
}

impl Page {
    fn new(server: &Server, visit: &Visit, suite: &str) -> Self {
        let suite = local_path(suite).unwrap_or_default().to_owned();
        Self {
            csrf: visit.csrf(),
            login: String::new(),
            wrong: None,
            wait: None,
            buttons: server.identity.sso.buttons(&suite),
            to_link: None,
            suite,
        }
    }
}

/// `GET /connexion`
pub async fn page(State(server): State<Server>, visit: Visit, headers: HeaderMap, Query(towards): Query<Towards>) -> Result<Response> {
    match visit.session() {
        Some(session) if session.person.is_some() || session.second_factor => {
            Ok(Redirect::to(&home(&server, &visit, &towards.path()).await?).into_response())
        }
        _ => {
            let to_link = server.identity.sso.proved(&server, &headers).map(|proved| proved.button);
            page::html(&Page { to_link, ..Page::new(&server, &visit, &towards.suite) })
        }
    }
}

/// `POST /connexion`
pub async fn log_in(State(server): State<Server>, visit: Visit, Form(typed): Form<Typed>) -> Result<Response> {
    let (app, now) = (&server.app, server.app.clock.now());
    let login = folded_login(&typed.login);
    let page = |wrong, wait: Option<u32>| {
        let wait = wait.map(in_words);
        Page { login: typed.login.trim().to_owned(), wrong, wait, ..Page::new(&server, &visit, &typed.suite) }
    };
    let network = Some(visit.network());
    let keys = [(Key::of("log-in", network, login.as_bytes()), PAIR), (Key::of("network", network, b""), NETWORK)];
    let attempt = match server.identity.pauses.attempt(&keys, now) {
        Ok(attempt) => attempt,
        Err(wait_s) => return too_often(wait_s, &page(None, Some(wait_s))),
    };
    let known = by_login(&Territory::new(app.territoire(), app.db.read()), &login).await?;
    let stored = known.as_ref().and_then(|account| account.password_hash.clone());
    let right = server.identity.hasher.is_right(Password::typed(&typed.password), stored).await?;
    let Some(account) = known.filter(|_| right) else {
        let transaction = app.db.begin().await?;
        audit::write(&Territory::new(app.territoire(), &transaction), now, Act::visitor(ROUTE).ended("refus")).await?;
        transaction.commit().await?;
        let page = page::html(&page(Some("Cette adresse ou ce mot de passe n’est pas le bon."), None))?;
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
    };
    attempt.was_right();
    opened(&server, &visit, &account, ROUTE, &typed.suite).await
}

/// Opens a session for an account that proved itself, ends the one of this browser, and says where to go.
pub(super) async fn opened(server: &Server, visit: &Visit, account: &Account, route: &str, suite: &str) -> Result<Response> {
    let (app, now) = (&server.app, server.app.clock.now());
    let transaction = app.db.begin().await?;
    let territory = Territory::new(app.territoire(), &transaction);
    if let Some(before) = visit.session_cookie() {
        session::end(&territory, before).await?;
    }
    let at_desk = account::has_role(&territory, AccountId(account.id), app.clock.today()).await?;
    let place = if at_desk { Use::Desk } else { Use::Home };
    let token = session::open(&territory, account, place, false, now).await?;
    audit::write(&territory, now, Act::account(account.id, "self", "portail", route)).await?;
    transaction.commit().await?;
    let suite = local_path(suite);
    let to = match (at_desk, suite) {
        (true, suite) => {
            let page = if account.totp_secret.is_some() { "code" } else { "double-facteur" };
            format!("/connexion/{page}?suite={}", in_query(suite.unwrap_or(DESK_HOME)))
        }
        (false, Some(suite)) => suite.to_owned(),
        (false, None) => FAMILY_HOME.to_owned(),
    };
    let mut response = Redirect::to(&to).into_response();
    put_session(&mut response, server, Some((&token, place.cookie_life_s())));
    Ok(response)
}

/// Where somebody who is logged in goes.
async fn home(server: &Server, visit: &Visit, suite: &str) -> Result<String> {
    let Some(session) = visit.session() else { return Ok("/connexion".into()) };
    if let Some(suite) = local_path(suite) {
        return Ok(suite.to_owned());
    }
    let territory = Territory::new(server.app.territoire(), server.app.db.read());
    let at_desk = account::has_role(&territory, session.account, server.app.clock.today()).await?;
    Ok(if at_desk { DESK_HOME } else { FAMILY_HOME }.to_owned())
}

/// `GET /`: where to begin.
pub async fn begin(State(server): State<Server>, visit: Visit) -> Result<Response> {
    Ok(Redirect::to(&home(&server, &visit, "").await?).into_response())
}

/// `POST /deconnexion`
pub async fn log_out(State(server): State<Server>, visit: Visit) -> Result<Response> {
    if let (Some(session), Some(token)) = (visit.session(), visit.session_cookie()) {
        let (app, now) = (&server.app, server.app.clock.now());
        let transaction = app.db.begin().await?;
        let territory = Territory::new(app.territoire(), &transaction);
        session::end(&territory, token).await?;
        audit::write(&territory, now, Act::account(session.account.0, "self", "portail", "POST /deconnexion")).await?;
        transaction.commit().await?;
    }
    let mut response = Redirect::to("/connexion").into_response();
    put_session(&mut response, &server, None);
    Ok(response)
}

/// A page that says how long to wait, with the status and the header that a program reads.
pub(super) fn too_often(wait_s: u32, page: &impl Template) -> Result<Response> {
    let mut response = (StatusCode::TOO_MANY_REQUESTS, page::html(page)?).into_response();
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(wait_s));
    Ok(response)
}

/// A pause, as a person reads it.
pub(super) fn in_words(wait_s: u32) -> String {
    match (wait_s, wait_s.div_ceil(60)) {
        (1, _) => "1\u{a0}seconde".into(),
        (0..=90, _) => format!("{wait_s}\u{a0}secondes"),
        (_, minutes) => format!("{minutes}\u{a0}minutes"),
    }
}
