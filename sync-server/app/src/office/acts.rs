//! The journal of acts: a day's lines of the organisation's book, and whether their chain holds.

use super::day::day_of;
use super::{Frame, desk, snapshot, table, who};
use crate::Result;
use crate::attendance::day_list::night;
use crate::identity::{Agent, Right, audit};
use crate::page::html;
use crate::serve::Server;
use crate::store::entity::audit as lines;
use crate::store::{Tenant, Territory};
use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use chrono::{Days, NaiveDate};
use sea_orm::{ColumnTrait, QueryFilter, QueryOrder, QuerySelect};
use serde::Deserialize;
use shared::french;
use std::collections::{BTreeSet, HashMap};
use utoipa::ToSchema;

/// Lines shown before the rest is only counted.
const SHOWN_MAX: usize = 500;

#[derive(Debug, Default, Deserialize, ToSchema)]
pub(super) struct Asked {
    /// `2026-10-05`; by default today.
    jour: Option<String>,
    /// Only these acts.
    acte: Option<String>,
}

#[derive(Template)]
#[template(path = "office/acts.html")]
struct Page {
    frame: Frame,
    day: String,
    said_day: String,
    before: String,
    after: String,
    chain: Chain,
    routes: Vec<(String, String, bool)>,
    found: usize,
    shown: Vec<Line>,
}

/// What the chain came to.
struct Chain {
    mark: &'static str,
    said: String,
}

struct Line {
    number: i64,
    time: String,
    who: String,
    act: String,
    about: String,
    outcome: String,
}

/// What families do in their portal, what a payment came to, and what the night makes.
const OF_OTHERS: [(&str, &str); 9] = [
    ("GET /famille", "Accueil ouvert par la famille"),
    ("GET /famille/enfants/{id}", "Mois d’un enfant lu par la famille"),
    ("POST /famille/enfants/{id}/absence", "Absence annoncée par la famille"),
    ("GET /famille/factures/{id}", "Facture lue par la famille"),
    ("GET /famille/factures/{id}/facture.pdf", "Facture ouverte en PDF par la famille"),
    ("POST /famille/factures/{id}/lignes/{line}/question", "Question de la famille"),
    ("POST /famille/factures/{id}/payer", "Paiement commencé"),
    ("payfip", "Résultat d’un paiement"),
    (night::ROUTE, "Liste de secours faite par le serveur"),
];

/// `GET /bureau/{organisation}/actes?jour=`.
pub(super) async fn page(State(server): State<Server>, agent: Agent, Query(asked): Query<Asked>) -> Result<Response> {
    agent.must(Right::SeeAudit)?;
    let today = server.app.clock.today();
    let day = day_of(asked.jour.as_deref(), today)?;
    let reading = snapshot(&server.app).await?;
    let territory = Territory::new(server.app.territoire(), &reading);
    let frame = desk(&territory, &agent, "acts", today).await?;
    let tenant = territory.tenant(agent.organisation_id());
    let of_day = tenant.find::<lines::Entity>().filter(lines::Column::Day.eq(day)).order_by_asc(lines::Column::Number);
    let all = of_day.all(&tenant.on()).await?;
    let chain = chain(&tenant, day, &all).await?;
    let names = who::names(&territory, all.iter().map(|line| line.actor.as_str()).collect()).await?;
    let of_desk = table().into_iter().filter_map(|entry| Some((entry.name, entry.told?)));
    let labels: HashMap<&str, &str> = of_desk.chain(OF_OTHERS).collect();
    let wanted = asked.acte.unwrap_or_default();
    let routes: BTreeSet<&str> = all.iter().map(|line| line.route.as_str()).collect();
    let routes = routes.into_iter().map(|route| (route.to_owned(), label(&labels, route), route == wanted)).collect();
    let meant: Vec<&lines::Model> = all.iter().rev().filter(|line| wanted.is_empty() || line.route == wanted).collect();
    html(&Page {
        frame,
        day: day.to_string(),
        said_day: french::weekday_and_day(day),
        before: (day - Days::new(1)).to_string(),
        after: (day + Days::new(1)).to_string(),
        chain,
        routes,
        found: meant.len(),
        shown: meant.into_iter().take(SHOWN_MAX).map(|line| said(line, &names, &labels)).collect(),
    })
}

/// An act in a person's words; a command stands as it was typed.
fn label(labels: &HashMap<&str, &str>, route: &str) -> String {
    labels.get(route).map_or_else(|| route.to_owned(), |said| (*said).to_owned())
}

fn said(line: &lines::Model, names: &HashMap<String, String>, labels: &HashMap<&str, &str>) -> Line {
    let about = match (&line.subject_kind, &line.subject_id) {
        (Some(kind), Some(id)) => format!("{} {id}", subject(kind)),
        _ => String::new(),
    };
    Line {
        number: line.number,
        time: french::time_ms(line.at_ms),
        who: who::of(names, &line.actor).to_owned(),
        act: label(labels, &line.route),
        about,
        outcome: line.outcome.clone(),
    }
}

/// What a line is about, in a person's words.
fn subject(kind: &str) -> &str {
    match kind {
        "entry" => "pointage",
        "household" => "foyer",
        "person" => "personne",
        "child" => "enfant",
        "billing_decision" => "décision",
        "billing_run" => "campagne",
        "invoice" => "facture",
        "question" => "question",
        "site" => "site",
        "device" => "appareil",
        "account" => "compte",
        "payment" => "paiement",
        "receipt" => "quittance",
        "forgiveness" => "remise",
        "quarantine" => "pointage mis de côté",
        "alert" => "signalement",
        "day_list" => "liste de secours",
        other => other,
    }
}

/// Reads a day's chain: each line carries the hash of the one before, the first that of the last day before it, and the next
/// day's first that of this day's last. A line that was cut out or rewritten breaks it.
async fn chain(tenant: &Tenant<'_>, day: NaiveDate, all: &[lines::Model]) -> Result<Chain> {
    let on = tenant.on();
    let before = tenant.find::<lines::Entity>().filter(lines::Column::Day.lt(day));
    let before = before.order_by_desc(lines::Column::Day).order_by_desc(lines::Column::Number).limit(1).one(&on).await?;
    let mut last = before.map_or_else(|| vec![0; 32], |line| line.hash);
    for (expected, line) in (1..).zip(all) {
        if line.number != expected || line.prev_hash != last || line.hash != audit::hash(line) {
            return Ok(Chain { mark: "grave", said: format!("La chaîne est rompue à l’acte n° {expected} de ce jour.") });
        }
        last.clone_from(&line.hash);
    }
    let after = tenant.find::<lines::Entity>().filter(lines::Column::Day.gt(day));
    let after = after.order_by_asc(lines::Column::Day).order_by_asc(lines::Column::Number).limit(1).one(&on).await?;
    if after.is_some_and(|line| line.prev_hash != last) {
        return Ok(Chain { mark: "grave", said: "La chaîne est rompue à la fin de ce jour : il manque un acte.".into() });
    }
    Ok(Chain { mark: "done", said: "Chaîne vérifiée : aucun acte de ce jour n’a été retiré ni changé.".into() })
}
