//! `/connexion/code` and `/connexion/double-facteur`: the second factor of whoever has a role (RFC 6238: six digits, half a minute).
//!
//! A step that was accepted is never accepted again, one before and one after are. When it passes, the session gets a new token: the
//! one from before the factor opens no desk, whoever saw it. Eight codes on paper stand in for a lost telephone, each once.

use crate::identity::account::{self, by_id};
use crate::identity::audit::{self, Act};
use crate::identity::browser::{Csrf, Visit, in_query, local_path, put_session};
use crate::identity::login::{DESK_HOME, Towards, in_words, too_often};
use crate::identity::pauses::{Key, SECOND_FACTOR};
use crate::identity::session::{self, Session, Use};
use crate::identity::visit::Form;
use crate::identity::{code, pages};
use crate::serve::Server;
use crate::store::entity::account::Model as Account;
use crate::store::entity::{account as accounts, recovery_code};
use crate::store::{self, Territory, insert_all};
use crate::{Error, Result, page};
use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use qrcode::QrCode;
use qrcode::render::svg;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, Condition, QueryFilter};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use shared::calendar::Instant;
use shared::id::AccountId;
use totp_rs::{Algorithm, Builder, Totp};
use utoipa::ToSchema;

/// Bytes of a secret (RFC 4226 section 4 recommends 160 bits).
const SECRET_BYTES: usize = 20;
/// Codes on paper.
const RECOVERY_CODES: usize = 8;
/// Signs of one: 80 bits, so that a plain hash keeps it.
const RECOVERY_SIGNS: usize = 16;
const PIXELS_A_MODULE: u32 = 5;
const CODE_ROUTE: &str = "POST /connexion/code";
const ENROL_ROUTE: &str = "POST /connexion/double-facteur";
const WRONG: &str = "Ce code n’est pas le bon, ou il a déjà servi. Attendez le suivant.";

#[derive(Template)]
#[template(path = "identity/code.html")]
struct CodePage {
    csrf: Csrf,
    suite: String,
    wrong: Option<&'static str>,
    wait: Option<String>,
}

#[derive(Template)]
#[template(path = "identity/enrol_totp.html")]
struct EnrolPage {
    csrf: Csrf,
    suite: String,
    qr: String,
    secret: String,
    wrong: Option<&'static str>,
}

#[derive(Template)]
#[template(path = "identity/recovery.html")]
struct RecoveryPage {
    codes: Vec<String>,
    suite: String,
}

/// What was typed.
#[derive(Deserialize, ToSchema)]
pub struct Typed {
    #[serde(default)]
    code: String,
    #[serde(default)]
    suite: String,
}

fn totp(secret: &[u8], login: &str) -> Result<Totp> {
    let unusable = |error: totp_rs::TotpError| Error::Unavailable(format!("Le second facteur ne peut pas être préparé : {error}"));
    let name = login.replace(':', " ");
    let builder = Builder::new().with_algorithm(Algorithm::SHA1).with_digits(6).with_skew(1).with_step_duration(30);
    builder.with_secret(secret.to_vec()).with_account_name(name).with_issuer(Some("Préau")).build().map_err(unusable)
}

/// The step that a code is of, within one of the present.
fn step_of(secret: &[u8], login: &str, code: &str, now: Instant) -> Result<Option<i64>> {
    let digits: String = code.chars().filter(|c| !c.is_whitespace()).collect();
    let seconds = u64::try_from(now.timestamp()).unwrap_or(0);
    let step = totp(secret, login)?.check(&digits, seconds);
    Ok(step.and_then(|step| i64::try_from(step).ok()))
}

/// Sends whoever isn't logged in to the log-in.
#[expect(clippy::result_large_err, reason = "the answer itself, as extractors give it")]
fn session_of(visit: &Visit) -> Result<&Session, Response> {
    visit.session().ok_or_else(|| Redirect::to("/connexion").into_response())
}

fn onward(suite: &str) -> String {
    local_path(suite).unwrap_or(DESK_HOME).to_owned()
}

/// `GET /connexion/code`
pub async fn page(visit: Visit, Query(towards): Query<Towards>) -> Result<Response> {
    let session = match session_of(&visit) {
        Ok(session) => session,
        Err(response) => return Ok(response),
    };
    let suite = towards.path();
    match (session.second_factor, session.has_totp) {
        (true, _) => Ok(Redirect::to(&onward(&suite)).into_response()),
        (false, false) => Ok(Redirect::to(&format!("/connexion/double-facteur?suite={}", in_query(&suite))).into_response()),
        (false, true) => page::html(&CodePage { csrf: visit.csrf(), suite, wrong: None, wait: None }),
    }
}

/// `POST /connexion/code`
pub async fn check(State(server): State<Server>, visit: Visit, Form(typed): Form<Typed>) -> Result<Response> {
    let Some(session) = visit.session() else { return Ok(pages::turned(pages::Turned::LogInFirst)) };
    let (app, now) = (&server.app, server.app.clock.now());
    let page = |wrong, wait: Option<u32>| CodePage { csrf: visit.csrf(), suite: typed.suite.clone(), wrong, wait: wait.map(in_words) };
    let keys = [(Key::of("second factor", None, session.account.0.as_bytes()), SECOND_FACTOR)];
    let attempt = match server.identity.pauses.attempt(&keys, now) {
        Ok(attempt) => attempt,
        Err(wait_s) => return too_often(wait_s, &page(None, Some(wait_s))),
    };
    let transaction = app.db.begin().await?;
    let territory = Territory::new(app.territoire(), &transaction);
    let account = by_id(&territory, session.account).await?.ok_or_else(|| Error::NotFound("Compte".into()))?;
    let right = takes_code(&territory, &account, &typed.code, app.clock.elsewhere()).await?
        || takes_recovery(&territory, &account, &typed.code, now).await?;
    if !right {
        let act = Act::account(session.account.0, "agent", "bureau", CODE_ROUTE).ended("refus");
        audit::write(&territory, now, act).await?;
        transaction.commit().await?;
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, page::html(&page(Some(WRONG), None))?).into_response());
    }
    attempt.was_right();
    let token = passed(&territory, &visit, &account, CODE_ROUTE, now).await?;
    transaction.commit().await?;
    let mut response = Redirect::to(&onward(&typed.suite)).into_response();
    put_session(&mut response, &server, Some((&token, Use::Desk.cookie_life_s())));
    Ok(response)
}

/// A session that passed the factor, instead of the one that hadn't.
async fn passed(territory: &Territory<'_>, visit: &Visit, account: &Account, route: &str, now: Instant) -> Result<String> {
    if let Some(before) = visit.session_cookie() {
        session::end(territory, before).await?;
    }
    let token = session::open(territory, account, Use::Desk, true, now).await?;
    audit::write(territory, now, Act::account(account.id, "agent", "bureau", route)).await?;
    Ok(token)
}

/// Takes the step of a code, once.
async fn takes_code(territory: &Territory<'_>, account: &Account, code: &str, now: Instant) -> Result<bool> {
    let Some(secret) = &account.totp_secret else { return Ok(false) };
    let Some(step) = step_of(secret, &account.login, code, now)? else { return Ok(false) };
    let unused = Condition::any().add(accounts::Column::TotpLastStep.is_null()).add(accounts::Column::TotpLastStep.lt(step));
    let update = territory.update::<accounts::Entity>().col_expr(accounts::Column::TotpLastStep, Expr::value(step));
    let taken = update.filter(accounts::Column::Id.eq(account.id)).filter(unused).exec(&territory.on()).await?;
    Ok(taken.rows_affected == 1)
}

/// Takes a code on paper, once.
async fn takes_recovery(territory: &Territory<'_>, account: &Account, typed: &str, now: Instant) -> Result<bool> {
    let Some(code) = code::read(typed, RECOVERY_SIGNS) else { return Ok(false) };
    let used = Expr::value(now.timestamp_millis());
    let update = territory.update::<recovery_code::Entity>().col_expr(recovery_code::Column::UsedAtMs, used);
    let update = update.filter(recovery_code::Column::AccountId.eq(account.id)).filter(recovery_code::Column::UsedAtMs.is_null());
    let taken = update.filter(recovery_code::Column::CodeHash.eq(Sha256::digest(code).to_vec())).exec(&territory.on()).await?;
    Ok(taken.rows_affected == 1)
}

/// `GET /connexion/double-facteur`
pub async fn enrol_page(State(server): State<Server>, visit: Visit, Query(towards): Query<Towards>) -> Result<Response> {
    let session = match session_of(&visit) {
        Ok(session) => session,
        Err(response) => return Ok(response),
    };
    if session.has_totp {
        return Ok(Redirect::to(&format!("/connexion/code?suite={}", in_query(&towards.path()))).into_response());
    }
    let secret = match &session.totp_pending {
        Some(secret) => secret.clone(),
        None => {
            let secret = store::random::<SECRET_BYTES>()?.to_vec();
            let transaction = server.app.db.begin().await?;
            session::keep_pending_totp(&Territory::new(server.app.territoire(), &transaction), session, &secret).await?;
            transaction.commit().await?;
            secret
        }
    };
    enrol_html(&visit, session, &secret, towards.path(), None)
}

fn enrol_html(visit: &Visit, session: &Session, secret: &[u8], suite: String, wrong: Option<&'static str>) -> Result<Response> {
    let unusable = |error: &dyn std::fmt::Display| Error::Unavailable(format!("Le second facteur ne peut pas être montré : {error}"));
    let totp = totp(secret, &session.login)?;
    let url = totp.to_url().map_err(|error| unusable(&error))?;
    let square = QrCode::new(url).map_err(|error| unusable(&error))?;
    let drawn = square.render::<svg::Color<'_>>().module_dimensions(PIXELS_A_MODULE, PIXELS_A_MODULE).build();
    // As part of a page, a picture has no prologue of its own, and a name that is read aloud.
    let qr = drawn.split_once("<svg ").map_or(String::new(), |(_, rest)| format!("<svg role=\"img\" aria-label=\"QR code\" {rest}"));
    page::html(&EnrolPage { csrf: visit.csrf(), suite, qr, secret: in_groups(&totp.secret().to_base32()), wrong })
}

fn in_groups(text: &str) -> String {
    text.as_bytes().chunks(4).map(String::from_utf8_lossy).collect::<Vec<_>>().join(" ")
}

/// `POST /connexion/double-facteur`
pub async fn enrol(State(server): State<Server>, visit: Visit, Form(typed): Form<Typed>) -> Result<Response> {
    let Some(session) = visit.session() else { return Ok(pages::turned(pages::Turned::LogInFirst)) };
    let (app, now) = (&server.app, server.app.clock.now());
    let (Some(secret), false) = (&session.totp_pending, session.has_totp) else {
        return Ok(Redirect::to("/connexion/double-facteur").into_response());
    };
    let suite = local_path(&typed.suite).unwrap_or_default().to_owned();
    let Some(step) = step_of(secret, &session.login, &typed.code, app.clock.elsewhere())? else {
        let page = enrol_html(&visit, session, secret, suite, Some("Ce code n’est pas le bon. Vérifiez l’heure du téléphone."))?;
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
    };
    let transaction = app.db.begin().await?;
    let territory = Territory::new(app.territoire(), &transaction);
    // Only where there is none yet: two browsers that enrol at once must not leave one with a factor that the other replaced.
    let update = territory.update::<accounts::Entity>().col_expr(accounts::Column::TotpSecret, Expr::value(secret.clone()));
    let update = update.col_expr(accounts::Column::TotpLastStep, Expr::value(step)).filter(accounts::Column::TotpSecret.is_null());
    let taken = update.filter(accounts::Column::Id.eq(session.account.0)).exec(&territory.on()).await?;
    if taken.rows_affected != 1 {
        return Err(Error::conflict("Ce compte vient de recevoir un second facteur ailleurs."));
    }
    let codes = new_recovery_codes(&territory, session.account, now).await?;
    // Whoever logged in with the password alone meanwhile starts again.
    session::end_all_of(&territory, session.account).await?;
    let account = by_id(&territory, session.account).await?.ok_or_else(|| Error::NotFound("Compte".into()))?;
    let token = passed(&territory, &visit, &account, ENROL_ROUTE, now).await?;
    transaction.commit().await?;
    let at_desk = account::has_role(&Territory::new(app.territoire(), app.db.read()), session.account, app.clock.today()).await?;
    let suite = if suite.is_empty() && !at_desk { "/".to_owned() } else { onward(&suite) };
    let mut response = page::html(&RecoveryPage { codes, suite })?;
    put_session(&mut response, &server, Some((&token, Use::Desk.cookie_life_s())));
    Ok(response)
}

async fn new_recovery_codes(territory: &Territory<'_>, account: AccountId, now: Instant) -> Result<Vec<String>> {
    let of_account = recovery_code::Column::AccountId.eq(account.0);
    territory.delete::<recovery_code::Entity>().filter(of_account).exec(&territory.on()).await?;
    let codes = (0..RECOVERY_CODES).map(|_| Ok(code::signs(store::random::<RECOVERY_SIGNS>()?))).collect::<Result<Vec<_>>>()?;
    let row = |code: &String| recovery_code::Model {
        territoire_id: territory.id().0,
        account_id: account.0,
        code_hash: Sha256::digest(code).to_vec(),
        created_at_ms: now.timestamp_millis(),
        used_at_ms: None,
    };
    insert_all(&territory.on(), codes.iter().map(row).collect()).await?;
    Ok(codes.iter().map(|code| code::shown(code)).collect())
}
