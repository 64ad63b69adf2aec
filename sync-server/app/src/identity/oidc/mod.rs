//! Signing on elsewhere: an OpenID Connect relying party, off unless `preau.toml` has an `[[oidc]]`.
//!
//! Code flow with PKCE; state and nonce of 43 signs (FranceConnect refuses fewer than 32). An account is found by the identity
//! `sso:<issuer>` and `sub`, and by nothing else: an equal e-mail address is whoever typed it there. Whom nobody knows is asked for an
//! activation code, or for a log-in that links both. A sign-on replaces the password, never the second factor of a role.
//!
//! What is under way is kept for minutes, in memory, and belongs to one browser by a cookie.

mod provider;

use crate::identity::account;
use crate::identity::audit::{self, Act};
use crate::identity::browser::{Csrf, Visit, in_query};
use crate::identity::cookie::{self, Name};
use crate::identity::login::{Towards, opened};
use crate::serve::Server;
use crate::settings::{Oidc, Settings};
use crate::store::{self, Territory};
use crate::{Error, Result, page};
use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Redirect, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use provider::Provider;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use shared::calendar::Instant;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use utoipa::ToSchema;

/// How long somebody may take at the sign-on.
const LEAVE_MS: i64 = 10 * 60_000;
/// How long a proof waits for the activation code or the log-in that links it.
const PROOF_MS: i64 = 30 * 60_000;
/// Most of each remembered; the oldest goes first.
const KEPT_MAX: usize = 10_000;

/// A button of the log-in page.
pub struct Button {
    /// Where it leads.
    pub href: String,
    /// What stands on it.
    pub label: String,
}

/// Who a sign-on says that somebody is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proved {
    /// `sso:` and the issuer.
    pub provider: String,
    /// The subject there.
    pub subject: String,
    /// What stands on its button.
    pub button: String,
}

impl Proved {
    /// As an account's identity.
    #[must_use]
    pub fn identity(&self) -> (&str, &str) {
        (&self.provider, &self.subject)
    }
}

/// Somebody who left for a sign-on.
struct Left {
    nom: String,
    nonce: String,
    verifier: String,
    suite: String,
    browser: [u8; 32],
}

/// Values that are good for a while, under a secret of their own.
struct Kept<T>(Mutex<HashMap<[u8; 32], (T, i64)>>);

impl<T> Kept<T> {
    fn keep(&self, secret: &str, value: T, until_ms: i64, now: Instant) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= KEPT_MAX {
            kept.retain(|_, (_, until)| *until > now.timestamp_millis());
        }
        if kept.len() >= KEPT_MAX {
            let oldest = kept.iter().min_by_key(|(_, (_, until))| *until).map(|(key, _)| *key);
            oldest.map(|key| kept.remove(&key));
        }
        kept.insert(hash(secret), (value, until_ms));
    }

    fn take(&self, secret: &str, now: Instant) -> Option<T> {
        let taken = self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&hash(secret));
        taken.filter(|(_, until)| *until > now.timestamp_millis()).map(|(value, _)| value)
    }
}

impl<T: Clone> Kept<T> {
    fn look(&self, secret: &str, now: Instant) -> Option<T> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.get(&hash(secret)).filter(|(_, until)| *until > now.timestamp_millis()).map(|(value, _)| value.clone())
    }
}

fn hash(secret: &str) -> [u8; 32] {
    Sha256::digest(secret).into()
}

fn secret() -> Result<String> {
    Ok(URL_SAFE_NO_PAD.encode(store::random::<32>()?))
}

/// The sign-ons of an installation, and who is on the way.
pub struct SignOns {
    providers: Vec<Provider>,
    left: Kept<Left>,
    proved: Kept<Proved>,
}

impl SignOns {
    /// Of the settings; asks nobody anything yet.
    ///
    /// # Errors
    /// Where TLS can't be set up.
    pub fn new(settings: &Settings) -> Result<Self> {
        let provider = |set: &Oidc| Provider::new(set.clone(), &settings.adresse);
        let providers = settings.oidc.iter().map(provider).collect::<Result<_>>()?;
        Ok(Self { providers, left: Kept(Mutex::default()), proved: Kept(Mutex::default()) })
    }

    /// The buttons of the log-in page.
    #[must_use]
    pub fn buttons(&self, suite: &str) -> Vec<Button> {
        let button =
            |p: &Provider| Button { href: format!("/connexion/sso/{}?suite={}", p.set.nom, in_query(suite)), label: p.set.bouton.clone() };
        self.providers.iter().map(button).collect()
    }

    fn provider(&self, nom: &str) -> Result<&Provider> {
        self.providers.iter().find(|p| p.set.nom == nom).ok_or_else(|| Error::NotFound("Cette page".into()))
    }

    /// Whom a sign-on has just proved in this browser, where nobody knows them yet.
    #[must_use]
    pub fn proved(&self, server: &Server, headers: &HeaderMap) -> Option<Proved> {
        let token = cookie::read(headers, Name::SignOn, server.identity.settings.is_https())?;
        self.proved.look(&token, server.app.clock.now())
    }

    /// Forgets it, once it is linked.
    pub fn forget(&self, server: &Server, headers: &HeaderMap, response: &mut Response) {
        let https = server.identity.settings.is_https();
        if let Some(token) = cookie::read(headers, Name::SignOn, https) {
            let _ = self.proved.take(&token, server.app.clock.now());
        }
        put_cookie(response, server, "", 0);
    }
}

fn put_cookie(response: &mut Response, server: &Server, value: &str, life_ms: i64) {
    let set = cookie::set(Name::SignOn, value, Some(life_ms / 1000), server.identity.settings.is_https());
    set.map(|value| response.headers_mut().append(header::SET_COOKIE, value));
}

/// `GET /connexion/sso/{name}`: a link and not a form, for a form that is redirected elsewhere is stopped by our own policy.
pub async fn leave(State(server): State<Server>, Path(nom): Path<String>, Query(towards): Query<Towards>) -> Result<Response> {
    let (sso, now) = (&server.identity.sso, server.app.clock.now());
    let (state, nonce, browser) = (secret()?, secret()?, secret()?);
    let (url, verifier) = sso.provider(&nom)?.address(&state, &nonce, server.app.clock.elsewhere()).await?;
    let left = Left { nom, nonce, verifier, suite: towards.path(), browser: hash(&browser) };
    sso.left.keep(&state, left, now.timestamp_millis() + LEAVE_MS, now);
    let mut response = Redirect::to(&url).into_response();
    put_cookie(&mut response, &server, &browser, LEAVE_MS);
    Ok(response)
}

/// What a sign-on says when it sends somebody back.
#[derive(Deserialize, ToSchema)]
pub struct Back {
    #[serde(default)]
    state: String,
    #[serde(default)]
    code: String,
    iss: Option<String>,
    error: Option<String>,
}

/// `GET /connexion/sso/{name}/retour`
pub async fn come_back(
    State(server): State<Server>,
    visit: Visit,
    Path(nom): Path<String>,
    headers: HeaderMap,
    Query(back): Query<Back>,
) -> Result<Response> {
    let (sso, now) = (&server.identity.sso, server.app.clock.now());
    let provider = sso.provider(&nom)?;
    let ended = || {
        Error::Forbidden(format!(
            "« {} » n’a pas abouti. Vous pouvez recommencer, ou vous connecter avec un mot de passe.",
            provider.set.bouton
        ))
    };
    let browser = cookie::read(&headers, Name::SignOn, server.identity.settings.is_https()).map(|token| hash(&token));
    let left = sso.left.take(&back.state, now).filter(|left| left.nom == nom && Some(left.browser) == browser).ok_or_else(ended)?;
    if back.error.is_some() || back.iss.is_some_and(|issuer| issuer != provider.set.emetteur) {
        return Err(ended());
    }
    let subject = match provider.subject(back.code, &left.nonce, left.verifier, server.app.clock.elsewhere()).await {
        Ok(subject) => subject,
        Err(said) => {
            tracing::warn!(provider = nom, %said, "a sign-on was refused");
            let transaction = server.app.db.begin().await?;
            let act = Act::visitor("GET /connexion/sso/retour").ended("refus");
            audit::write(&Territory::new(server.app.territoire(), &transaction), now, act).await?;
            transaction.commit().await?;
            return Err(ended());
        }
    };
    let proved = Proved { provider: format!("sso:{}", provider.set.emetteur), subject, button: provider.set.bouton.clone() };
    let known = account::by_identity(&Territory::new(server.app.territoire(), server.app.db.read()), proved.identity()).await?;
    match known {
        Some(account) if account.disabled_at_ms.is_some() => Err(ended()),
        Some(account) => {
            let mut response = opened(&server, &visit, &account, "GET /connexion/sso/retour", &left.suite).await?;
            put_cookie(&mut response, &server, "", 0);
            Ok(response)
        }
        None => {
            let token = secret()?;
            sso.proved.keep(&token, proved, now.timestamp_millis() + PROOF_MS, now);
            let next = if visit.session().is_some() { "/connexion/lier" } else { "/activation" };
            let mut response = Redirect::to(next).into_response();
            put_cookie(&mut response, &server, &token, PROOF_MS);
            Ok(response)
        }
    }
}

#[derive(Template)]
#[template(path = "identity/oidc/link.html")]
struct LinkPage {
    csrf: Csrf,
    login: String,
    provider: String,
}

/// `GET /connexion/lier`: who is logged in confirms that a sign-on is theirs too.
pub async fn link_page(State(server): State<Server>, visit: Visit, headers: HeaderMap) -> Result<Response> {
    let Some(proved) = server.identity.sso.proved(&server, &headers) else { return Ok(Redirect::to("/connexion").into_response()) };
    let Some(session) = visit.session() else { return Ok(Redirect::to("/connexion?suite=%2Fconnexion%2Flier").into_response()) };
    page::html(&LinkPage { csrf: visit.csrf(), login: session.login.clone(), provider: proved.button })
}

/// `POST /connexion/lier`
pub async fn link(State(server): State<Server>, visit: Visit, headers: HeaderMap) -> Result<Response> {
    let (app, now) = (&server.app, server.app.clock.now());
    let (Some(proved), Some(session)) = (server.identity.sso.proved(&server, &headers), visit.session()) else {
        return Ok(Redirect::to("/connexion").into_response());
    };
    let transaction = app.db.begin().await?;
    let territory = Territory::new(app.territoire(), &transaction);
    account::identify(&territory, session.account, proved.identity(), now).await?;
    audit::write(&territory, now, Act::account(session.account.0, "self", "portail", "POST /connexion/lier")).await?;
    transaction.commit().await?;
    let mut response = Redirect::to("/").into_response();
    server.identity.sso.forget(&server, &headers, &mut response);
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_way_back_is_taken_once_and_not_for_long() {
        let at = |s: i64| shared::calendar::instant_from_ms(s * 1000);
        let kept = Kept(Mutex::default());
        kept.keep("state", 7, 10_000, at(0));
        assert_eq!(kept.take("other", at(1)), None);
        assert_eq!((kept.look("state", at(9)), kept.take("state", at(9)), kept.take("state", at(9))), (Some(7), Some(7), None));
        kept.keep("state", 7, 10_000, at(0));
        assert_eq!(kept.take("state", at(10)), None);
    }
}
