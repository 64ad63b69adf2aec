//! The office's first page: each lieu as it stands now.

use super::frame::first_page;
use super::{Frame, apart, desk, snapshot};
use crate::attendance::live::{Live, lieux};
use crate::identity::{Agent, Right};
use crate::page::html;
use crate::serve::Server;
use crate::store::Territory;
use crate::sync::alerts;
use crate::{Error, Result};
use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use shared::french;
use shared::id::CentreId;

#[derive(Template)]
#[template(path = "office/today.html")]
struct Page {
    frame: Frame,
    day: String,
    time: String,
    lieux: Vec<Card>,
    /// Entries set apart that wait, and calls that nobody has seen; for whoever may open their page.
    apart: u64,
    calls: u64,
}

/// A lieu, as said.
struct Card {
    code: String,
    name: String,
    kind: &'static str,
    /// "Accueil du matin, Accueil du soir"; `None` where nothing takes place.
    moments: Option<String>,
    present: u32,
    expected: u32,
    to_come: String,
    gone: String,
    absent: String,
    /// "Tablette 1 : vue à 8:27".
    tablets: Vec<String>,
}

/// `GET /bureau/{organisation}`: the lieux whose day the role may see; for a role without a day, its first page.
pub(super) async fn page(State(server): State<Server>, agent: Agent) -> Result<Response> {
    if !agent.may_somewhere(Right::SeeDay) {
        let first = first_page(&agent).ok_or_else(|| Error::Forbidden("Votre rôle n’ouvre aucune page.".into()))?;
        return Ok(Redirect::to(&first).into_response());
    }
    let (now, today) = (server.app.clock.now(), server.app.clock.today());
    let reading = snapshot(&server.app).await?;
    let territory = Territory::new(server.app.territoire(), &reading);
    let frame = desk(&territory, &agent, "today", today).await?;
    let tenant = territory.tenant(agent.organisation_id());
    let mut lieux = lieux(&territory, &tenant, today).await?;
    lieux.retain(|live| agent.may_at(Right::SeeDay, CentreId(live.centre.id)));
    let cards = lieux.into_iter().map(|live| card(live, now.timestamp_millis())).collect();
    let apart = if agent.may(Right::CorrectDay) { apart::waiting(&territory, &tenant).await? } else { 0 };
    let calls = if agent.may(Right::SeeAlerts) { alerts::open_count(&territory, &tenant).await? } else { 0 };
    html(&Page { frame, apart, calls, day: french::weekday_and_day(today), time: french::time_ms(now.timestamp_millis()), lieux: cards })
}

fn card(live: Live, now_ms: i64) -> Card {
    let tablets = live.tablets.iter().map(|tablet| match tablet.last_contact_ms {
        Some(at) => format!("{} : vue {}", tablet.name, seen(at, now_ms)),
        None => format!("{} : jamais vue", tablet.name),
    });
    Card {
        kind: kind(&live.centre.kind),
        moments: (!live.moments.is_empty()).then(|| live.moments.join(", ")),
        present: live.figures.present,
        expected: live.figures.expected(),
        to_come: format!("{} à venir", live.figures.to_come),
        gone: french::count(live.figures.gone, "parti", "partis"),
        absent: french::count(live.figures.absent, "absent", "absents"),
        tablets: tablets.collect(),
        code: live.centre.code,
        name: live.centre.name,
    }
}

/// "à 8 h 10", "hier 18 h 02", "le 12 octobre".
pub(super) fn seen(at_ms: i64, now_ms: i64) -> String {
    let since = french::since(at_ms, now_ms);
    if since.starts_with(|c: char| c.is_ascii_digit()) { format!("à {since}") } else { since }
}

/// A kind of lieu, as people call it.
fn kind(code: &str) -> &'static str {
    match code {
        "eaje" => "Crèche",
        "alsh" => "Accueil de loisirs",
        "cantine" => "Cantine",
        _ => "Périscolaire",
    }
}
