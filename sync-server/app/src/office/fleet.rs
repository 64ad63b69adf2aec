//! The organisation's tablets: which are there, a code for a new one, and the end of one that is lost.

use super::day::Notice;
use super::tablet_words::{Health, health};
use super::{Frame, act_of, desk, id_of, snapshot, who};
use crate::identity::{Agent, Form, Right};
use crate::page::html;
use crate::serve::Server;
use crate::store::Territory;
use crate::store::entity::{device, device_report, enrolment_code, site, site_watch};
use crate::sync::{fleet, report};
use crate::{Error, Result};
use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use chrono::NaiveTime;
use qrcode::QrCode;
use qrcode::render::svg;
use sea_orm::{ColumnTrait, QueryFilter, QueryOrder};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use shared::french;
use shared::id::SiteId;
use shared::wire::TabletReport;
use std::collections::HashMap;
use utoipa::ToSchema;
use uuid::Uuid;

/// Gives a code for a tablet.
pub(super) const CODE: &str = "POST /bureau/{organisation}/tablettes/codes";
/// Revokes one.
pub(super) const REVOKE: &str = "POST /bureau/{organisation}/tablettes/{device}/revocation";
const PIXELS_A_MODULE: u32 = 6;
/// What was done, as the page says it after the act.
const DONE: [(&str, &str); 2] = [
    ("revoquee", "La tablette est révoquée : elle ne lit plus rien, et ce qu’elle remettra attendra une décision."),
    ("veille", "L’heure est enregistrée."),
];

#[derive(Debug, Default, Deserialize, ToSchema)]
pub(super) struct Asked {
    fait: Option<String>,
}

#[derive(Template)]
#[template(path = "office/fleet.html")]
struct Page {
    frame: Frame,
    notice: Option<Notice>,
    sites: Vec<(Uuid, String)>,
    /// Buildings that are watched, each with the hour by which it should have been heard.
    watched: Vec<(String, String)>,
    tablets: Vec<Tablet>,
    codes: Vec<Code>,
}

struct Tablet {
    id: Uuid,
    name: String,
    site: String,
    health: Health,
    /// Since when it is out.
    revoked: Option<String>,
}

/// A code that still lives.
struct Code {
    site: String,
    by: String,
    until: String,
    /// The key of who has it.
    bound: Option<String>,
    /// The key of somebody else who tried.
    other: Option<String>,
}

/// `GET /bureau/{organisation}/tablettes`.
pub(super) async fn page(State(server): State<Server>, agent: Agent, Query(asked): Query<Asked>) -> Result<Response> {
    agent.must(Right::Fleet)?;
    let now_ms = server.app.clock.now_ms();
    let reading = snapshot(&server.app).await?;
    let territory = Territory::new(server.app.territoire(), &reading);
    let on = territory.on();
    let frame = desk(&territory, &agent, "fleet", server.app.clock.today()).await?;
    let sites = sites(&territory, &agent).await?;
    let by_id: HashMap<Uuid, String> = sites.iter().map(|s| (s.id, s.name.clone())).collect();
    let site_name = |id: Uuid| by_id.get(&id).cloned().unwrap_or_default();
    let tablets = territory.find::<device::Entity>().filter(device::Column::Kind.eq("tablet"));
    let tablets = tablets.filter(device::Column::SiteId.is_in(by_id.keys().copied())).order_by_asc(device::Column::Name).all(&on).await?;
    let codes = territory.find::<enrolment_code::Entity>().filter(enrolment_code::Column::SiteId.is_in(by_id.keys().copied()));
    let codes = codes.filter(enrolment_code::Column::ExpiresAtMs.gt(now_ms)).filter(enrolment_code::Column::FirstPushAtMs.is_null());
    let codes = codes.order_by_desc(enrolment_code::Column::CreatedAtMs).all(&on).await?;
    let names = who::names(&territory, codes.iter().map(|code| code.created_by.as_str()).collect()).await?;
    let said = |code: enrolment_code::Model| Code {
        site: site_name(code.site_id),
        by: who::of(&names, &code.created_by).to_owned(),
        until: french::time_ms(code.expires_at_ms),
        bound: code.bound_key.as_deref().map(fingerprint),
        other: code.other_key.as_deref().map(fingerprint),
    };
    let reports = territory.find::<device_report::Entity>().filter(device_report::Column::DeviceId.is_in(tablets.iter().map(|t| t.id)));
    let reports: HashMap<Uuid, _> = reports.all(&on).await?.iter().filter_map(|row| Some((row.device_id, report::read(row)?))).collect();
    let watched = territory.find::<site_watch::Entity>().filter(site_watch::Column::SiteId.is_in(by_id.keys().copied())).all(&on).await?;
    let hour =
        |minute: i32| NaiveTime::from_num_seconds_from_midnight_opt(minute.unsigned_abs() * 60, 0).map_or_else(String::new, french::time);
    let mut watched: Vec<(String, String)> = watched.into_iter().map(|row| (site_name(row.site_id), hour(row.by_minute))).collect();
    watched.sort();
    let mut tablets: Vec<Tablet> = tablets.into_iter().map(|row| tablet(&row, reports.get(&row.id), now_ms, &site_name)).collect();
    tablets.sort_by(|a, b| (a.revoked.is_some(), &a.site, &a.name).cmp(&(b.revoked.is_some(), &b.site, &b.name)));
    html(&Page {
        frame,
        notice: Notice::done(&DONE, asked.fait.as_deref()),
        tablets,
        codes: codes.into_iter().map(said).collect(),
        watched,
        sites: sites.into_iter().map(|s| (s.id, s.name)).collect(),
    })
}

/// The organisation's own buildings, by name.
pub(super) async fn sites(territory: &Territory<'_>, agent: &Agent) -> Result<Vec<site::Model>> {
    let own = territory.find::<site::Entity>().filter(site::Column::OrganisationId.eq(agent.organisation.id));
    Ok(own.order_by_asc(site::Column::Name).all(&territory.on()).await?)
}

fn tablet(row: &device::Model, report: Option<&(TabletReport, i64)>, now_ms: i64, site_name: &impl Fn(Uuid) -> String) -> Tablet {
    let day = |at_ms| french::long_day(shared::calendar::business_day(shared::calendar::instant_from_ms(at_ms)));
    Tablet {
        id: row.id,
        site: site_name(row.site_id),
        health: health(row, report, now_ms),
        revoked: row.revoked_at_ms.map(|at| format!("révoquée le {}", day(at))),
        name: row.name.clone(),
    }
}

/// The first 64 bits of a key's SHA-256, in groups: enough to tell two tablets in one's hands apart.
pub(super) fn fingerprint(key: &[u8]) -> String {
    let hex = data_encoding::HEXLOWER.encode(&Sha256::digest(key)[..8]);
    hex.as_bytes().chunks(4).map(String::from_utf8_lossy).collect::<Vec<_>>().join(" ")
}

#[derive(Template)]
#[template(path = "office/fleet_code.html")]
pub(super) struct CodePage {
    pub frame: Frame,
    pub site: String,
    pub code: String,
    pub qr: String,
    /// The tablet that moves with it, and from where.
    pub moves: Option<(String, String)>,
}

/// What was chosen.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default)]
pub(super) struct Typed {
    site: String,
}

/// `POST /bureau/{organisation}/tablettes/codes`: shown once.
pub(super) async fn code(State(server): State<Server>, agent: Agent, Form(typed): Form<Typed>) -> Result<Response> {
    agent.must(Right::Fleet)?;
    let reading = Territory::new(server.app.territoire(), server.app.db.read());
    let id = id_of(&typed.site, "Ce site")?;
    let site = sites(&reading, &agent).await?.into_iter().find(|s| s.id == id).ok_or_else(|| Error::NotFound("Ce site".into()))?;
    let frame = desk(&reading, &agent, "fleet", server.app.clock.today()).await?;
    let code = fleet::give_code(&server.app, SiteId(site.id), &agent.account.to_string(), act_of(&agent, CODE)).await?;
    html(&CodePage { frame, site: site.name, qr: drawn(&code)?, code, moves: None })
}

/// A square to photograph. As part of a page, a picture has no prologue of its own, and a name that is read aloud.
pub(super) fn drawn(code: &str) -> Result<String> {
    let square = QrCode::new(code).map_err(|error| Error::Unavailable(format!("Le code ne se dessine pas : {error}")))?;
    let drawn = square.render::<svg::Color<'_>>().module_dimensions(PIXELS_A_MODULE, PIXELS_A_MODULE).build();
    Ok(drawn.split_once("<svg ").map_or(String::new(), |(_, rest)| format!("<svg role=\"img\" aria-label=\"QR code\" {rest}")))
}

#[derive(Template)]
#[template(path = "office/fleet_revoke.html")]
struct ConfirmPage {
    frame: Frame,
    tablet: Tablet,
}

/// A tablet of one of the organisation's buildings.
pub(super) async fn find(territory: &Territory<'_>, agent: &Agent, id: &str) -> Result<(device::Model, String)> {
    let id = id_of(id, "Cette tablette")?;
    let nothing = || Error::NotFound("Cette tablette".into());
    let found = territory.find::<device::Entity>().filter(device::Column::Id.eq(id)).filter(device::Column::Kind.eq("tablet"));
    let found = found.one(&territory.on()).await?.ok_or_else(nothing)?;
    let site = sites(territory, agent).await?.into_iter().find(|s| s.id == found.site_id).ok_or_else(nothing)?;
    Ok((found, site.name))
}

/// `GET /bureau/{organisation}/tablettes/{device}/revocation`: what it means, before it is done.
pub(super) async fn confirm(State(server): State<Server>, agent: Agent, Path((_, device)): Path<(String, String)>) -> Result<Response> {
    agent.must(Right::Fleet)?;
    let territory = Territory::new(server.app.territoire(), server.app.db.read());
    let (row, site) = find(&territory, &agent, &device).await?;
    let frame = desk(&territory, &agent, "fleet", server.app.clock.today()).await?;
    html(&ConfirmPage { frame, tablet: tablet(&row, None, server.app.clock.now_ms(), &|_| site.clone()) })
}

/// Nothing is typed: the token alone.
#[derive(Deserialize)]
pub(super) struct Nothing {}

/// `POST /bureau/{organisation}/tablettes/{device}/revocation`.
pub(super) async fn revoke(
    State(server): State<Server>,
    agent: Agent,
    Path((_, device)): Path<(String, String)>,
    Form(_): Form<Nothing>,
) -> Result<Response> {
    agent.must(Right::Fleet)?;
    let (now, transaction) = (server.app.clock.now(), server.app.db.begin().await?);
    let territory = Territory::new(server.app.territoire(), &transaction);
    let (row, _) = find(&territory, &agent, &device).await?;
    fleet::revoke(&territory, row.id, now, act_of(&agent, REVOKE)).await?;
    transaction.commit().await?;
    Ok(Redirect::to(&format!("/bureau/{}/tablettes?fait=revoquee", agent.organisation.code)).into_response())
}
