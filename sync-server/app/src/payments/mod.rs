//! Payments: a family pays a bill through PayFiP, and the ledger learns of it once.
//!
//! Owns what may be paid ([`offer()`]), the attempt ([`create`]), what became of it ([`settle`]: one function, whoever asks for it; what an
//! answer means is in [`verdict`]), the rhythm in which PayFiP is asked ([`poll`]), the pages around it and the commands.
//!
//! Promises: an attempt is stored before PayFiP is called; a notification and a returning browser are never believed, only PayFiP's own
//! answer about the operation that was stored; money is posted once, under the lock of the payment's row, and only where amount, debt,
//! régie and mode are those that were sent; money that comes late is still money.

pub mod commands;
pub mod create;
pub mod decide;
pub(crate) mod described;
mod line;
mod offer;
mod pages;
mod poll;
pub mod settle;
pub mod verdict;

pub use create::may_pay;
pub use line::Line;
pub use offer::{Offer, UnderWay, offer, under_way};
pub use poll::{Turn, keep_polling, next_ask_ms, poll_due};
pub use settle::{Answered, ask, learn};

use crate::Error;
use crate::app::App;
use crate::router::Route;
use crate::store::entity::payment;
use axum::routing::{get, post};
use payfip::Saisie;

/// The row is stored, PayFiP has not answered yet.
pub const CREATED: &str = "cree";
/// PayFiP knows the operation; its result is not known.
pub const UNDER_WAY: &str = "en_cours";
/// Paid, posted.
pub const PAID: &str = "paye";
/// Refused by a bank.
pub const REFUSED: &str = "refuse";
/// Given up by the payer.
pub const ABANDONED: &str = "abandonne";
/// No result came in time, or PayFiP forgot the operation.
pub const EXPIRED: &str = "expire";
/// PayFiP did not take the operation.
pub const FAILED: &str = "erreur";
/// Paid and posted, then taken back by the payer’s bank and posted back.
pub const REJECTED: &str = "rejete";
/// A person has to look: nothing was posted.
pub const TO_CHECK: &str = "a_verifier";
/// How these payments are named in the ledger.
pub const MEANS: &str = "payfip";

/// A state as an agent reads it, and its colour.
#[must_use]
pub fn state_words(state: &str) -> (&'static str, &'static str) {
    match state {
        PAID => ("payé", "here"),
        REJECTED => ("rejeté par la banque", "grave"),
        REFUSED => ("refusé par la banque", ""),
        ABANDONED => ("abandonné", ""),
        EXPIRED => ("laissé sans suite", ""),
        FAILED => ("non abouti", ""),
        TO_CHECK => ("à vérifier", "look"),
        _ => ("en cours", "look"),
    }
}

/// Whether a payment was sent in a mode whose money is none here.
fn is_trial(app: &App, row: &payment::Model) -> bool {
    let sent: Option<Saisie> = row.saisie.parse().ok();
    sent.is_none_or(|sent| !verdict::counts(sent, &app.settings.payfip.saisie, app.installation.demo))
}

/// No such payment, or not this reader's: one answer.
fn unknown() -> Error {
    Error::NotFound("Ce paiement".into())
}

/// What a browser opens: behind the layer that knows the caller.
pub const ROUTES: [Route; 2] = [
    // A family: the payer of the bill, or another adult of its household who sees its lines.
    Route::new("POST", "/famille/factures/{id}/payer", || post(create::pay)),
    // Anyone who knows the payment's id: how it ended and the bill's number. Whoever may pay the bill also gets links.
    Route::new("GET", "/payfip/retour/{id}", || get(pages::come_back)),
];

/// What PayFiP calls, or sends a browser to by POST: no session, no token of ours. Nothing that comes in here is believed.
pub const CALLBACKS: [Route; 3] = [
    Route::new("GET", "/payfip/notification/{id}", || get(pages::notified)),
    Route::new("POST", "/payfip/notification/{id}", || post(pages::notified)),
    Route::new("POST", "/payfip/retour/{id}", || post(pages::posted_back)),
];
