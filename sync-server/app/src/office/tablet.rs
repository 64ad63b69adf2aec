//! One tablet: how it is, its name, and its move to another building.

use super::day::Notice;
use super::fleet::{CodePage, drawn, find, sites};
use super::tablet_words::{Health, health};
use super::{Frame, act_of, desk, snapshot, to_say};
use crate::identity::audit;
use crate::identity::{Agent, Form, Right};
use crate::page::html;
use crate::serve::Server;
use crate::store::Territory;
use crate::store::entity::{device, held_entry, quarantine};
use crate::sync::{fleet, report};
use crate::{Error, Result};
use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, PaginatorTrait, QueryFilter};
use serde::Deserialize;
use shared::french;
use shared::id::SiteId;
use utoipa::ToSchema;
use uuid::Uuid;

/// Gives a tablet another name.
pub(super) const RENAME: &str = "POST /bureau/{organisation}/tablettes/{device}/nom";
/// Gives a code with which it moves to another building.
pub(super) const MOVE: &str = "POST /bureau/{organisation}/tablettes/{device}/site";
/// Longest name, in characters: that of an enrolment.
const NAME_CHARACTERS_MAX: usize = 60;
/// What was done, as the page says it after the act.
const DONE: [(&str, &str); 1] = [("renommee", "La tablette porte son nouveau nom.")];

#[derive(Debug, Default, Deserialize, ToSchema)]
pub(super) struct Asked {
    fait: Option<String>,
}

#[derive(Template)]
#[template(path = "office/tablet.html")]
struct Page {
    frame: Frame,
    notice: Option<Notice>,
    id: Uuid,
    name: String,
    site: String,
    health: Health,
    enrolled: String,
    key: String,
    /// Since when it is out.
    revoked: Option<String>,
    /// Entries of it that wait at the server for those before them, and for a decision.
    held: u64,
    undecided: u64,
    /// Buildings that it may move to.
    elsewhere: Vec<(Uuid, String)>,
}

/// `GET /bureau/{organisation}/tablettes/{device}`.
pub(super) async fn page(
    State(server): State<Server>,
    agent: Agent,
    Path((_, device)): Path<(String, String)>,
    Query(asked): Query<Asked>,
) -> Result<Response> {
    agent.must(Right::Fleet)?;
    show(&server, &agent, &device, Notice::done(&DONE, asked.fait.as_deref())).await
}

async fn show(server: &Server, agent: &Agent, device: &str, notice: Option<Notice>) -> Result<Response> {
    let now_ms = server.app.clock.now_ms();
    let reading = snapshot(&server.app).await?;
    let territory = Territory::new(server.app.territoire(), &reading);
    let on = territory.on();
    let (row, site) = find(&territory, agent, device).await?;
    let frame = desk(&territory, agent, "fleet", server.app.clock.today()).await?;
    let elsewhere = sites(&territory, agent).await?.into_iter().filter(|s| s.id != row.site_id).map(|s| (s.id, s.name)).collect();
    let undecided = territory.find::<quarantine::Entity>().filter(quarantine::Column::DeviceId.eq(row.id));
    let day = |at_ms| french::long_day(shared::calendar::business_day(shared::calendar::instant_from_ms(at_ms)));
    html(&Page {
        frame,
        notice,
        id: row.id,
        site,
        health: health(&row, report::last(&territory, row.id).await?.as_ref(), now_ms),
        enrolled: day(row.enrolled_at_ms),
        key: super::fleet::fingerprint(&row.public_key),
        revoked: row.revoked_at_ms.map(|at| format!("révoquée le {}", day(at))),
        held: held(&territory, row.id).await?,
        undecided: undecided.filter(quarantine::Column::Decision.is_null()).count(&on).await?,
        name: row.name,
        elsewhere,
    })
}

/// Entries that wait at the server for those before them.
async fn held(territory: &Territory<'_>, device: Uuid) -> Result<u64> {
    Ok(territory.find::<held_entry::Entity>().filter(held_entry::Column::DeviceId.eq(device)).count(&territory.on()).await?)
}

/// What is typed on a tablet's page.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default)]
pub(super) struct Typed {
    nom: String,
    site: String,
}

/// `POST …/tablettes/{device}/nom`.
pub(super) async fn rename(
    State(server): State<Server>,
    agent: Agent,
    Path((_, device)): Path<(String, String)>,
    Form(typed): Form<Typed>,
) -> Result<Response> {
    agent.must(Right::Fleet)?;
    match renamed(&server, &agent, &device, &typed.nom).await {
        Ok(id) => Ok(Redirect::to(&format!("/bureau/{}/tablettes/{id}?fait=renommee", agent.organisation.code)).into_response()),
        Err(error) => again(&server, &agent, &device, error).await,
    }
}

async fn renamed(server: &Server, agent: &Agent, device: &str, typed: &str) -> Result<Uuid> {
    let name: String = typed.split_whitespace().collect::<Vec<_>>().join(" ");
    let (now, transaction) = (server.app.clock.now(), server.app.db.begin().await?);
    let territory = Territory::new(server.app.territoire(), &transaction);
    let (row, _) = find(&territory, agent, device).await?;
    if name.is_empty() || name.chars().count() > NAME_CHARACTERS_MAX || name.chars().any(char::is_control) {
        return Err(Error::input(format!("Un nom de tablette a de 1 à {NAME_CHARACTERS_MAX} signes.")));
    }
    let update = territory.update::<device::Entity>().col_expr(device::Column::Name, Expr::value(name));
    update.filter(device::Column::Id.eq(row.id)).exec(&territory.on()).await?;
    audit::write(&territory, now, act_of(agent, RENAME).about("device", row.id)).await?;
    transaction.commit().await?;
    Ok(row.id)
}

/// The page again, with what has to be put right above it.
async fn again(server: &Server, agent: &Agent, device: &str, error: Error) -> Result<Response> {
    let page = show(server, agent, device, Some(Notice::wrong(to_say(error)?))).await?;
    Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
}

/// `POST …/tablettes/{device}/site`: a code for the new building, shown once. The life at the old one ends when the tablet has come in
/// at the new one: until then nothing has changed.
pub(super) async fn move_to(
    State(server): State<Server>,
    agent: Agent,
    Path((_, device)): Path<(String, String)>,
    Form(typed): Form<Typed>,
) -> Result<Response> {
    agent.must(Right::Fleet)?;
    match code_to_move(&server, &agent, &device, &typed.site).await {
        Ok(page) => html(&page),
        Err(error) => again(&server, &agent, &device, error).await,
    }
}

async fn code_to_move(server: &Server, agent: &Agent, device: &str, site: &str) -> Result<CodePage> {
    let reading = Territory::new(server.app.territoire(), server.app.db.read());
    let (row, from) = find(&reading, agent, device).await?;
    let to = super::id_of(site, "Ce site")?;
    let to = sites(&reading, agent).await?.into_iter().find(|s| s.id == to).ok_or_else(|| Error::NotFound("Ce site".into()))?;
    if row.revoked_at_ms.is_some() {
        return Err(Error::conflict("Cette tablette est révoquée : enrôlez-la à nouveau là où elle ira."));
    }
    if to.id == row.site_id {
        return Err(Error::conflict(format!("Cette tablette est déjà à « {} ».", to.name)));
    }
    let waiting = report::last(&reading, row.id).await?.map_or(0, |(report, _)| report.waiting) + held(&reading, row.id).await?;
    if waiting > 0 {
        let waiting = french::count(u32::try_from(waiting).unwrap_or(u32::MAX), "pointage attend", "pointages attendent");
        return Err(Error::conflict(format!(
            "{waiting} encore d’arriver de cette tablette. Branchez-la au réseau de « {from} » jusqu’à ce que rien n’attende, puis recommencez."
        )));
    }
    let frame = desk(&reading, agent, "fleet", server.app.clock.today()).await?;
    let by = agent.account.to_string();
    let code = fleet::give_code_to_move(&server.app, row.id, SiteId(to.id), &by, act_of(agent, MOVE)).await?;
    Ok(CodePage { frame, site: to.name, qr: drawn(&code)?, code, moves: Some((row.name, from)) })
}
