//! One provider: what it says of itself, the way to it, and what it proves. The protocol and its checks are those of `openidconnect`;
//! here are its limits: who is asked over the network, for how long, and how much is read.

use crate::settings::Oidc;
use crate::{Error, Result};
use openidconnect::core::{CoreAuthenticationFlow, CoreClient, CoreJwsSigningAlgorithm, CoreProviderMetadata};
use openidconnect::{
    AsyncHttpClient, AuthorizationCode, ClaimsVerificationError, ClientId, ClientSecret, CsrfToken, HttpRequest, HttpResponse, IssuerUrl,
    Nonce, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, Scope, TokenResponse,
};
use shared::calendar::Instant;
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// How long a provider's word about itself is believed; a signature by a key that isn't in it asks again at once.
const BELIEVED_MS: i64 = 10 * 60_000;
/// Longest wait for an answer.
const ANSWER_WAIT: Duration = Duration::from_secs(15);
/// Longest answer.
const ANSWER_BYTES_MAX: usize = 1024 * 1024;

/// A provider of the settings.
pub(super) struct Provider {
    pub set: Oidc,
    back: String,
    line: Line,
    said: Mutex<Option<(CoreProviderMetadata, i64)>>,
}

/// Why a provider could not be asked.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("{0}")]
    Http(#[from] reqwest::Error),
    #[error("{0}")]
    Answer(#[from] axum::http::Error),
    #[error("réponse trop longue")]
    TooLong,
}

/// The way out, with its limits.
struct Line(reqwest::Client);

impl Line {
    async fn ask(&self, request: HttpRequest) -> Result<HttpResponse, Failure> {
        let mut answer = self.0.execute(reqwest::Request::try_from(request)?).await?;
        let mut response = axum::http::Response::builder().status(answer.status());
        for (name, value) in answer.headers() {
            response = response.header(name, value);
        }
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await? {
            if body.len() + chunk.len() > ANSWER_BYTES_MAX {
                return Err(Failure::TooLong);
            }
            body.extend_from_slice(&chunk);
        }
        Ok(response.body(body)?)
    }
}

impl<'c> AsyncHttpClient<'c> for Line {
    type Error = Failure;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, Failure>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.ask(request))
    }
}

impl Provider {
    pub(super) fn new(set: Oidc, our_address: &str) -> Result<Self> {
        // Once for the process; another provider of TLS that was chosen before stays.
        let _ = rustls::crypto::ring::default_provider().install_default();
        // No redirect: what a provider says of itself is never a way into this network.
        let builder = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).timeout(ANSWER_WAIT);
        let builder = if set.emetteur.starts_with("https://") { builder.https_only(true) } else { builder.no_proxy() };
        let http = builder
            .build()
            .map_err(|error| Error::Unavailable(format!("Les connexions chiffrées ne peuvent pas être préparées : {error}")))?;
        let back = format!("{our_address}/connexion/sso/{}/retour", set.nom);
        Ok(Self { set, back, line: Line(http), said: Mutex::default() })
    }

    fn unreachable(&self, error: impl std::fmt::Display) -> Error {
        tracing::warn!(provider = self.set.nom, %error, "a sign-on can't be reached");
        Error::Unavailable(format!("« {} » ne répond pas. Réessayez plus tard, ou connectez-vous avec un mot de passe.", self.set.bouton))
    }

    /// What it says of itself, its keys with it.
    async fn metadata(&self, now: Instant, fresh: bool) -> Result<CoreProviderMetadata> {
        let known = self.said.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some((metadata, _)) = known.filter(|(_, at_ms)| !fresh && now.timestamp_millis() - at_ms < BELIEVED_MS) {
            return Ok(metadata);
        }
        let issuer = IssuerUrl::new(self.set.emetteur.clone()).map_err(|error| self.unreachable(error))?;
        let metadata = CoreProviderMetadata::discover_async(issuer, &self.line).await.map_err(|error| self.unreachable(error))?;
        *self.said.lock().unwrap_or_else(PoisonError::into_inner) = Some((metadata.clone(), now.timestamp_millis()));
        Ok(metadata)
    }

    /// The way to it, and the verifier that its answer is exchanged with.
    pub(super) async fn address(&self, state: &str, nonce: &str, now: Instant) -> Result<(String, String)> {
        let metadata = self.metadata(now, false).await?;
        let back = RedirectUrl::new(self.back.clone()).map_err(|error| self.unreachable(error))?;
        let client = CoreClient::from_provider_metadata(metadata, ClientId::new(self.set.client_id.clone()), None).set_redirect_uri(back);
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let (state, nonce) = (state.to_owned(), nonce.to_owned());
        let flow = CoreAuthenticationFlow::AuthorizationCode;
        let mut way = client.authorize_url(flow, move || CsrfToken::new(state), move || Nonce::new(nonce)).set_pkce_challenge(challenge);
        for scope in &self.set.portees {
            way = way.add_scope(Scope::new(scope.clone()));
        }
        let (url, ..) = way.url();
        Ok((url.to_string(), verifier.into_secret()))
    }

    /// Exchanges a code, and gives the subject of the token that comes for it: signed by the provider, for us, now, with our nonce.
    pub(super) async fn subject(&self, code: String, nonce: &str, verifier: String, now: Instant) -> Result<String, String> {
        let metadata = self.metadata(now, false).await.map_err(|error| error.to_string())?;
        let back = RedirectUrl::new(self.back.clone()).map_err(|error| error.to_string())?;
        let (id, secret) = (ClientId::new(self.set.client_id.clone()), ClientSecret::new(self.set.client_secret.clone()));
        let client = CoreClient::from_provider_metadata(metadata, id.clone(), Some(secret.clone())).set_redirect_uri(back);
        let exchange = client.exchange_code(AuthorizationCode::new(code)).map_err(|error| error.to_string())?;
        let answer = exchange.set_pkce_verifier(PkceCodeVerifier::new(verifier)).request_async(&self.line).await;
        let answer = answer.map_err(|error| error.to_string())?;
        let token = answer.id_token().ok_or("no ID token")?;
        let nonce = Nonce::new(nonce.to_owned());
        let subject = |client: &CoreClient<_, _, _, _, _, _>| {
            let algorithms = [CoreJwsSigningAlgorithm::EcdsaP256Sha256, CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256];
            let verifier = client.id_token_verifier().set_allowed_algs(algorithms).set_time_fn(move || now);
            token.claims(&verifier, &nonce).map(|claims| claims.subject().as_str().to_owned())
        };
        match subject(&client) {
            // Its keys have turned since it was asked.
            Err(ClaimsVerificationError::SignatureVerification(_)) => {
                let metadata = self.metadata(now, true).await.map_err(|error| error.to_string())?;
                let client = CoreClient::from_provider_metadata(metadata, id, Some(secret));
                let client = client.set_redirect_uri(RedirectUrl::new(self.back.clone()).map_err(|error| error.to_string())?);
                subject(&client).map_err(|error| error.to_string())
            }
            known => known.map_err(|error| error.to_string()),
        }
    }
}
