//! Identity: who acts, what they may, and the trace that it leaves.
//!
//! Owns accounts ([`account`], [`password`], [`activation`], [`second_factor`], [`oidc`]), sessions ([`session`]), the layer around all
//! pages ([`browser`]), what handlers ask for ([`Visit`], [`Guardian`], [`Agent`], [`Form`]), the rights of agents ([`roles`]) and of
//! persons on children ([`child_rights`]), and the audit ([`audit`]).
//!
//! Promises: the same answer and work whether or not an address or a code is known; no lock-out by a stranger; no token that a browser
//! brought along ever becomes a session; no page of a role before the second factor of that session; no form of another site; a barred
//! person is out at the next request, and sees no presence, place or time; a line of the audit in the transaction of what it tells of,
//! with types and ids, never values or names, chained to the line before it.

pub mod account;
pub mod activation;
pub mod audit;
pub mod browser;
pub mod child_rights;
mod code;
pub mod commands;
mod cookie;
pub(crate) mod described;
pub mod login;
pub mod oidc;
pub mod pages;
pub mod password;
pub mod pauses;
pub mod roles;
pub mod second_factor;
pub mod session;
mod visit;

pub use browser::{Csrf, Visit};
pub use child_rights::{Rights, children_of, rights_on_child};
pub use roles::{Right, Role};
pub use session::end_sessions_of;
pub use visit::{Agent, Form, Guardian};

use crate::Result;
use crate::app::App;
use crate::router::Route;
use crate::serve::Server;
use crate::settings::Settings;
use axum::Router;
use axum::routing::{get, post};
use std::sync::Arc;

/// What the pages' routes share.
#[derive(Clone)]
pub struct Identity {
    /// How this installation is reached, and which sign-ons it has.
    pub settings: Arc<Settings>,
    /// Password hashes, few at a time.
    pub hasher: password::Hasher,
    /// Tries that are held against somebody.
    pub pauses: Arc<pauses::Pauses>,
    /// Sign-ons under way.
    pub sso: Arc<oidc::SignOns>,
}

impl Identity {
    /// Of an installation's settings.
    ///
    /// # Errors
    /// Settings that can't be read.
    pub fn open(app: &App) -> Result<Self> {
        let settings = Arc::clone(&app.settings);
        let sso = Arc::new(oidc::SignOns::new(&settings)?);
        Ok(Self { settings, hasher: password::Hasher::default(), pauses: Arc::default(), sso })
    }
}

/// Anyone: logging in and out, activating an access.
pub const ROUTES: [Route; 14] = [
    Route::new("GET", "/", || get(login::begin)),
    Route::new("GET", "/connexion", || get(login::page)),
    Route::new("POST", "/connexion", || post(login::log_in)),
    Route::new("GET", "/connexion/code", || get(second_factor::page)),
    Route::new("POST", "/connexion/code", || post(second_factor::check)),
    Route::new("GET", "/connexion/double-facteur", || get(second_factor::enrol_page)),
    Route::new("POST", "/connexion/double-facteur", || post(second_factor::enrol)),
    Route::new("GET", "/connexion/sso/{name}", || get(oidc::leave)),
    Route::new("GET", "/connexion/sso/{name}/retour", || get(oidc::come_back)),
    Route::new("GET", "/connexion/lier", || get(oidc::link_page)),
    Route::new("POST", "/connexion/lier", || post(oidc::link)),
    Route::new("POST", "/deconnexion", || post(login::log_out)),
    Route::new("GET", "/activation", || get(activation::page)),
    Route::new("POST", "/activation", || post(activation::activate)),
];

/// The router of [`ROUTES`].
pub fn routes() -> Router<Server> {
    Route::router(&ROUTES)
}
