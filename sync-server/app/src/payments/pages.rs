//! What PayFiP and a browser that comes back from it open. Neither is believed: both only make us ask.
//!
//! The return works in a browser that lost its session: it shows how a payment ended and the number of its bill, no name and no amount.

use super::create::{may_pay, page as payment_page};
use super::{ABANDONED, Answered, EXPIRED, FAILED, PAID, REFUSED, REJECTED, TO_CHECK, ask, is_trial, learn, unknown};
use crate::Result;
use crate::app::App;
use crate::billing::issued;
use crate::identity::Visit;
use crate::identity::browser;
use crate::identity::pauses::{Key, Limit, Network};
use crate::page::html;
use crate::serve::Server;
use crate::store::Territory;
use crate::store::entity::payment;
use askama::Template;
use axum::body::Bytes;
use axum::extract::{Path, RawQuery, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use payfip::{IdOp, NOTIFICATION_BYTES_MAX, notified_operation};
use sea_orm::{ColumnTrait, QueryFilter};
use shared::id::OrganisationId;
use std::time::Duration;
use uuid::Uuid;

/// How long a page waits for PayFiP before it shows what is known.
const WAIT: Duration = Duration::from_secs(3);
/// How often it looks meanwhile whether somebody else's question was answered.
const BETWEEN_TRIES: Duration = Duration::from_millis(400);
const TRIES_MAX: usize = 7;
/// PayFiP's page takes a payer this long after the creation.
const PAGE_MS_MAX: i64 = 15 * 60_000;
/// Notifications that name no payment of ours, from one network. Those that do are taken back, so that PayFiP never waits.
const NOTIFICATIONS: Limit = Limit { free: 60, pause_s_max: 60, forget_s: 900, forgiven: false };

/// `GET|POST /payfip/notification/{id}`: "ok" whatever comes, and at once; what it is worth is looked at afterwards.
pub(super) async fn notified(State(server): State<Server>, Path(id): Path<String>, request: Request) -> &'static str {
    let network = browser::network(&request, &server.app.settings);
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, NOTIFICATION_BYTES_MAX).await;
    if let (Ok(body), Ok(id)) = (body, id.parse::<Uuid>()) {
        let query = parts.uri.query().map(str::to_owned);
        tokio::spawn(async move {
            let named = Named { method: parts.method.as_str(), query: query.as_deref(), body };
            if let Err(error) = woken(&server, id, network, &named).await {
                tracing::warn!(payment = %id, %error, "a notification led to nothing");
            }
        });
    }
    "ok"
}

/// Which operation somebody named, if any.
struct Named<'a> {
    method: &'a str,
    query: Option<&'a str>,
    body: Bytes,
}

impl Named<'_> {
    /// Whether it is this one, or none at all. One that can't be read is another.
    fn fits(&self, ours: &str) -> bool {
        match notified_operation(self.method, self.query, &self.body) {
            Some(named) => named.is(ours),
            None => {
                let fields = form_urlencoded::parse(&self.body).chain(form_urlencoded::parse(self.query.unwrap_or_default().as_bytes()));
                !fields.into_iter().any(|(name, _)| name.eq_ignore_ascii_case("idop"))
            }
        }
    }
}

async fn woken(server: &Server, id: Uuid, network: Network, named: &Named<'_>) -> Result<()> {
    let key = [(Key::of("payfip", Some(network), b""), NOTIFICATIONS)];
    let Ok(attempt) = server.identity.pauses.attempt(&key, server.app.clock.now()) else { return Ok(()) };
    // Nobody waits for this answer: what is too much at once is left to the poll.
    let Ok(_place) = server.app.payfip.woken.try_acquire() else { return Ok(()) };
    let row = read(server, id).await?;
    if row.idop.as_deref().is_some_and(|ours| named.fits(ours)) {
        attempt.was_right();
        learn(&server.app, id).await?;
    }
    Ok(())
}

async fn read(server: &Server, id: Uuid) -> Result<payment::Model> {
    let reading = Territory::new(server.app.territoire(), server.app.db.read());
    let row = reading.payments().filter(payment::Column::Id.eq(id)).one(&reading.on()).await?;
    row.ok_or_else(unknown)
}

/// `POST /payfip/retour/{id}`: the same page, without the form that came along.
pub(super) async fn posted_back(Path(id): Path<String>) -> Result<Response> {
    let id: Uuid = id.parse().map_err(|_| unknown())?;
    Ok(Redirect::to(&format!("/payfip/retour/{id}")).into_response())
}

#[derive(Template)]
#[template(path = "payments/return.html")]
struct Return {
    title: &'static str,
    sentence: &'static str,
    mark: &'static str,
    number: String,
    /// Where to look again. By the reader's hand: a page that loads itself takes a screen reader's place away (WCAG 2.2.1, RGAA 13.1).
    again: Option<String>,
    resume: Option<String>,
    bill: Option<String>,
}

/// `GET /payfip/retour/{id}`.
pub(super) async fn come_back(
    State(server): State<Server>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
    visit: Visit,
) -> Result<Response> {
    let id: Uuid = id.parse().map_err(|_| unknown())?;
    let row = read(&server, id).await?;
    let named = Named { method: "GET", query: query.as_deref(), body: Bytes::new() };
    if row.idop.as_deref().is_some_and(|ours| named.fits(ours)) {
        let app = server.app.clone();
        // On its own: the page shows what is known, and a slow answer is still applied.
        let learning = tokio::spawn(async move { hear(&app, id).await });
        if let Ok(Ok(Err(error))) = tokio::time::timeout(WAIT, learning).await {
            tracing::warn!(payment = %id, %error, "a payment could not be looked at");
        }
    }
    let row = read(&server, id).await?;
    let reading = Territory::new(server.app.territoire(), server.app.db.read());
    let tenant = reading.tenant(OrganisationId(row.organisation_id));
    let bill = issued::bill(&tenant, row.invoice_id).await?;
    let own = match visit.session().and_then(|session| session.person) {
        Some(person) => may_pay(&reading, person, &bill, server.app.clock.today()).await?,
        None => false,
    };
    let is_trial = is_trial(&server.app, &row);
    let (title, sentence, mark) = said(&row, is_trial);
    let waits = mark.is_empty();
    html(&Return {
        title,
        sentence,
        mark,
        number: bill.bill.printed_number.clone(),
        again: waits.then(|| format!("/payfip/retour/{id}")),
        resume: if own && waits { resume(&server, &row)? } else { None },
        bill: own.then(|| format!("/famille/factures/{}", row.invoice_id)),
    })
}

/// Asks; where the notification, which comes at the same moment, is asking already, waits for what it hears.
async fn hear(app: &App, id: Uuid) -> Result<()> {
    for _ in 0..TRIES_MAX {
        if ask(app, id).await? != Answered::BeingAsked {
            break;
        }
        tokio::time::sleep(BETWEEN_TRIES).await;
    }
    Ok(())
}

/// The payment page of an operation that may still be opened.
fn resume(server: &Server, row: &payment::Model) -> Result<Option<String>> {
    let idop = row.idop.as_deref().and_then(|text| IdOp::new(text).ok());
    let idop = idop.filter(|_| row.outcome.is_none() && server.app.clock.now_ms() - row.created_at_ms < PAGE_MS_MAX);
    idop.map(|idop| payment_page(&server.app, &idop)).transpose()
}

/// Title, sentence and colour of a state; without a colour, its end isn't known.
fn said(row: &payment::Model, is_trial: bool) -> (&'static str, &'static str, &'static str) {
    match row.state.as_str() {
        PAID => ("Paiement reçu : merci", "Votre paiement est enregistré. PayFiP vous envoie un reçu par courriel.", "done"),
        REJECTED => (
            "Paiement rejeté",
            "Votre banque a repris ce paiement : la facture reste à payer. Recommencez, ou voyez avec l’accueil.",
            "grave",
        ),
        REFUSED => (
            "Paiement refusé",
            "La banque a refusé ce paiement : rien n’a été payé. Vous pouvez recommencer, ou choisir un autre moyen.",
            "grave",
        ),
        ABANDONED => ("Paiement abandonné", "Rien n’a été payé. Vous pouvez recommencer quand vous voulez.", "look"),
        EXPIRED => ("Paiement non abouti", "Aucun paiement ne nous est parvenu à temps. Vous pouvez recommencer.", "look"),
        FAILED if row.idop.is_some() => ("Paiement non abouti", "Aucun paiement ne nous est parvenu. Vous pouvez recommencer.", "look"),
        FAILED => ("Le paiement n’a pas commencé", "Rien n’a été payé. Réessayez plus tard, ou réglez cette facture à l’accueil.", "grave"),
        TO_CHECK if is_trial => ("C’était un essai", "Aucun argent n’a bougé : la facture reste à payer.", "look"),
        TO_CHECK => (
            "Paiement à vérifier",
            "Votre collectivité vérifie ce paiement auprès de la trésorerie. Ne payez pas une seconde fois : elle vous répondra.",
            "look",
        ),
        _ if row.outcome.is_some() => {
            ("Paiement interrompu", "Rien n’a été payé pour l’instant. Vous pourrez recommencer dans deux minutes.", "")
        }
        _ => ("Paiement en cours", "Le résultat n’est pas encore connu. Vous pouvez fermer cette page : il arrivera quand même.", ""),
    }
}

#[derive(Template)]
#[template(path = "payments/refused.html")]
struct Refused {
    sentence: String,
    payment: Option<String>,
    bill: String,
}

/// A click that began nothing.
pub(super) fn refused(sentence: String, bill: Uuid, payment: Option<Uuid>) -> Result<Response> {
    let payment = payment.map(|id| format!("/payfip/retour/{id}"));
    let page = html(&Refused { sentence, payment, bill: format!("/famille/factures/{bill}") })?;
    Ok((StatusCode::CONFLICT, page).into_response())
}
