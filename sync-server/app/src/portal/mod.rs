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
mod document;
mod home;
mod notices;
mod question;
pub(crate) mod reading;

use crate::identity::{Csrf, Guardian};
use crate::serve::Server;
use axum::Router;
use axum::routing::{MethodRouter, get, post};

/// One route of the portal.
#[derive(Debug, Clone, Copy)]
pub struct Route {
    /// `GET` or `POST`.
    pub method: &'static str,
    /// The path, as the router reads it.
    pub path: &'static str,
    handler: fn() -> MethodRouter<Server>,
}

/// Every route of the portal, once: the router is made from it, and a test walks it as each kind of person.
pub const ROUTES: [Route; 12] = [
    Route { method: "GET", path: "/famille", handler: || get(home::page) },
    Route { method: "GET", path: "/famille/enfants/{id}", handler: || get(child::page) },
    Route { method: "GET", path: "/famille/enfants/{id}/absence", handler: || get(absence::page) },
    Route { method: "POST", path: "/famille/enfants/{id}/absence", handler: || post(absence::submit) },
    Route { method: "GET", path: "/famille/factures", handler: || get(bills::page) },
    Route { method: "GET", path: "/famille/factures/{id}", handler: || get(bill::page) },
    Route { method: "GET", path: "/famille/factures/{id}/facture.pdf", handler: || get(document::pdf) },
    Route { method: "POST", path: "/famille/factures/{id}/lignes/{line}/question", handler: || post(question::ask) },
    Route { method: "GET", path: "/famille/compte", handler: || get(account::page) },
    Route { method: "POST", path: "/famille/compte/sessions", handler: || post(account::end_sessions) },
    Route { method: "GET", path: "/accessibilite", handler: || get(notices::accessibility) },
    Route { method: "GET", path: "/vie-privee", handler: || get(notices::privacy) },
];

/// The router of [`ROUTES`].
pub fn routes() -> Router<Server> {
    ROUTES.iter().fold(Router::new(), |router, route| router.route(route.path, (route.handler)()))
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
