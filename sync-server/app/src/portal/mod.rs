//! The family's portal: what a person sees of their children and of what they owe, and what they may tell.
//!
//! Owns the routes below `/famille` and two public pages. Promises that every page hangs on the pair (person, child) of
//! [`crate::identity::child_rights`] and never on "the family"; that what isn't the reader's is answered as what doesn't exist; that
//! reading a child's file leaves a line of the audit; and that all of it works without a script.

mod absence;
mod account;
mod announce;
mod bill;
mod bills;
mod child;
mod days;
pub(crate) mod described;
mod document;
mod home;
mod note;
mod notices;
mod question;
pub(crate) mod reading;

use crate::identity::{Csrf, Guardian};
use crate::router::Route;
use crate::serve::Server;
use axum::Router;
use axum::routing::{get, post};

/// Every route of the portal, once: the router is made from it, and a test walks it as each kind of person.
pub const ROUTES: [Route; 15] = [
    Route::new("GET", "/famille", || get(home::page)),
    Route::new("GET", "/famille/enfants/{id}", || get(child::page)),
    Route::new("GET", "/famille/enfants/{id}/absence", || get(absence::page)),
    Route::new("POST", "/famille/enfants/{id}/absence", || post(absence::submit)),
    Route::new("GET", "/famille/enfants/{id}/mot", || get(note::page)),
    Route::new("POST", "/famille/enfants/{id}/mot", || post(note::submit)),
    Route::new("GET", "/famille/factures", || get(bills::page)),
    Route::new("GET", "/famille/factures/{id}", || get(bill::page)),
    Route::new("GET", "/famille/factures/{id}/facture.pdf", || get(document::pdf)),
    Route::new("POST", "/famille/factures/{id}/lignes/{line}/question", || post(question::ask)),
    Route::new("GET", "/famille/compte", || get(account::page)),
    Route::new("POST", "/famille/compte/sessions", || post(account::end_sessions)),
    Route::new("POST", "/famille/compte/borne", || post(account::set_door_code)),
    Route::new("GET", "/accessibilite", || get(notices::accessibility)),
    Route::new("GET", "/vie-privee", || get(notices::privacy)),
];

/// The router of [`ROUTES`].
pub fn routes() -> Router<Server> {
    Route::router(&ROUTES)
}

/// What stands around every page.
struct Frame {
    /// Of somebody who is logged in: their menu ends with the way out.
    csrf: Option<Csrf>,
    /// Which entry of the menu this page belongs to.
    here: &'static str,
}

impl Frame {
    fn of(guardian: &Guardian, here: &'static str) -> Self {
        Self { csrf: Some(guardian.csrf.clone()), here }
    }

    /// The token of a form on the page itself.
    fn csrf_field(&self) -> String {
        self.csrf.as_ref().map(ToString::to_string).unwrap_or_default()
    }
}
