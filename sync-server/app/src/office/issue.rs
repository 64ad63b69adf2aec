//! Issuing a month: a page that says what will happen and what stands in the way, then the act.

use super::day::Notice;
use super::draft::{month_of, who_is};
use super::{Frame, act_of, desk, snapshot, to_say};
use crate::Result;
use crate::billing::issue::{self, Order, Preview};
use crate::billing::names::Names;
use crate::identity::{Agent, Form, Right};
use crate::page::html;
use crate::serve::Server;
use crate::store::Territory;
use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use chrono::Datelike;
use rules::problem::{Decision, Problem};
use serde::Deserialize;
use shared::calendar::Month;
use shared::french;
use utoipa::ToSchema;

/// Issues.
pub(super) const ROUTE: &str = "POST /bureau/{organisation}/emission/{month}";
/// Problems named on the page before the rest is only counted.
const NAMED_MAX: usize = 30;

#[derive(Template)]
#[template(path = "office/issue.html")]
struct Page {
    frame: Frame,
    notice: Option<Notice>,
    month: String,
    said_month: String,
    invoices: usize,
    billed: String,
    credit_notes: usize,
    credited: String,
    total: String,
    due_on: String,
    blocking: Vec<String>,
    blocking_total: usize,
    /// In January the year before is open too.
    exercises: Vec<i32>,
}

/// `GET /bureau/{organisation}/emission/{month}`.
pub(super) async fn page(State(server): State<Server>, agent: Agent, Path((_, month)): Path<(String, String)>) -> Result<Response> {
    agent.must(Right::Issue)?;
    show(&server, &agent, month_of(&month)?, None).await
}

async fn show(server: &Server, agent: &Agent, month: Month, notice: Option<Notice>) -> Result<Response> {
    let today = server.app.clock.today();
    let reading = snapshot(&server.app).await?;
    let territory = Territory::new(server.app.territoire(), &reading);
    let frame = desk(&territory, agent, "billing", today).await?;
    let tenant = territory.tenant(agent.organisation_id());
    let order = Order { month, regie: None, exercise: None, by: &agent.name };
    let Preview { invoices, credit_notes, billed, credited, blocking, due_on } = issue::preview(&tenant, &order, today).await?;
    let names = Names::read(&tenant).await?;
    html(&Page {
        frame,
        notice,
        month: month.to_string(),
        said_month: french::of_month(month),
        invoices,
        billed: billed.to_string(),
        credit_notes,
        credited: credited.to_string(),
        total: (billed + credited).to_string(),
        due_on: french::long_day(due_on),
        blocking_total: blocking.len(),
        blocking: blocking.iter().take(NAMED_MAX).map(|p| said(p, &names)).collect(),
        exercises: if today.month() == 1 { vec![today.year(), today.year() - 1] } else { Vec::new() },
    })
}

fn said(problem: &Problem, names: &Names) -> String {
    let place = problem.centre.as_deref().map(|code| names.centre(code).to_owned());
    let day = problem.date.map(french::short_day);
    let about: Vec<String> = [Some(who_is(problem, names)), place, day].into_iter().flatten().filter(|text| !text.is_empty()).collect();
    let first = if Decision::possible(problem.kind).is_empty() { " (à corriger d’abord dans les données)" } else { "" };
    format!("{} : {}{first}", problem.kind.title(), about.join(", "))
}

/// What was chosen.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default)]
pub(super) struct Typed {
    exercice: String,
}

/// `POST /bureau/{organisation}/emission/{month}`.
pub(super) async fn issue(
    State(server): State<Server>,
    agent: Agent,
    Path((_, month)): Path<(String, String)>,
    Form(typed): Form<Typed>,
) -> Result<Response> {
    agent.must(Right::Issue)?;
    let month = month_of(&month)?;
    let order = Order { month, regie: None, exercise: typed.exercice.parse().ok(), by: &agent.name };
    let issued = match issue::issue(&server.app, agent.organisation_id(), &order, act_of(&agent, ROUTE)).await {
        Ok(issued) => issued,
        Err(error) => {
            // All that blocks is on the page itself.
            let sentence = to_say(error)?.lines().next().unwrap_or_default().trim_end_matches(" :").to_owned();
            let page = show(&server, &agent, month, Some(Notice::wrong(sentence))).await?;
            return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
        }
    };
    let desk = format!("/bureau/{}", agent.organisation.code);
    let to = match issued.run {
        Some(run) => format!("{desk}/campagnes/{run}"),
        None => format!("{desk}/facturation?mois={month}&fait=rien"),
    };
    Ok(Redirect::to(&to).into_response())
}
