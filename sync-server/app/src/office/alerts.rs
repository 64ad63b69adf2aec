//! What agents are called for: each kind of call in words, with what to do, until somebody has seen it.

use super::alert_words::{Meaning, meaning};
use super::day::Notice;
use super::{Frame, act_of, desk, id_of, snapshot, to_say, who};
use crate::identity::audit;
use crate::identity::{Agent, Form, Right};
use crate::page::html;
use crate::serve::Server;
use crate::store::Territory;
use crate::store::entity::{alert, device, site};
use crate::sync::alerts::{self, SET_APART};
use crate::{Error, Result};
use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use sea_orm::{ColumnTrait, QueryFilter, QueryOrder, QuerySelect};
use serde::Deserialize;
use shared::calendar::{business_day, instant_from_ms};
use shared::french;
use std::collections::HashMap;
use utoipa::ToSchema;
use uuid::Uuid;

/// Marks calls as seen.
pub(super) const SEEN: &str = "POST /bureau/{organisation}/signalements/{alert}";
/// Open calls read at most.
const OPEN_MAX: u64 = 5_000;
/// Calls of the past that are shown.
const PAST_MAX: u64 = 50;
/// What was done, as the page says it after the act.
const DONE: [(&str, &str); 1] = [("vu", "C’est noté comme vu, à votre nom.")];

#[derive(Debug, Default, Deserialize, ToSchema)]
pub(super) struct Asked {
    fait: Option<String>,
}

#[derive(Template)]
#[template(path = "office/alerts.html")]
struct Page {
    frame: Frame,
    notice: Option<Notice>,
    /// Entries set apart that wait for a decision, for whoever may take it.
    apart: Option<u64>,
    calls: Vec<Call>,
    past: Vec<Past>,
}

/// Calls of one kind about one tablet or site.
struct Call {
    id: Uuid,
    meaning: Meaning,
    about: String,
    /// The tablet's page, for who may open it.
    tablet: Option<Uuid>,
    when: String,
    up_to_ms: i64,
}

/// A call that somebody has seen, or that is over.
struct Past {
    title: &'static str,
    about: String,
    when: String,
    how: String,
}

/// `GET /bureau/{organisation}/signalements`.
pub(super) async fn page(State(server): State<Server>, agent: Agent, Query(asked): Query<Asked>) -> Result<Response> {
    agent.must(Right::SeeAlerts)?;
    show(&server, &agent, Notice::done(&DONE, asked.fait.as_deref())).await
}

async fn show(server: &Server, agent: &Agent, notice: Option<Notice>) -> Result<Response> {
    let reading = snapshot(&server.app).await?;
    let territory = Territory::new(server.app.territoire(), &reading);
    let on = territory.on();
    let frame = desk(&territory, agent, "alerts", server.app.clock.today()).await?;
    let tenant = territory.tenant(agent.organisation_id());
    let here = || alerts::at_sites_of(&tenant);
    let open = alerts::open(&territory).filter(here()).filter(alert::Column::Kind.ne(SET_APART));
    let open = open.order_by_desc(alert::Column::AtMs).limit(OPEN_MAX).all(&on).await?;
    let past = territory.find::<alert::Entity>().filter(here()).filter(alert::Column::Kind.ne(SET_APART));
    let over = sea_orm::Condition::any().add(alert::Column::SeenAtMs.is_not_null()).add(alert::Column::ClearedAtMs.is_not_null());
    let past = past.filter(over).order_by_desc(alert::Column::AtMs).limit(PAST_MAX).all(&on).await?;
    let sites = territory.find::<site::Entity>().filter(site::Column::OrganisationId.eq(agent.organisation.id)).all(&on).await?;
    let sites: HashMap<Uuid, String> = sites.into_iter().map(|row| (row.id, row.name)).collect();
    let devices = territory.find::<device::Entity>().filter(device::Column::SiteId.is_in(sites.keys().copied())).all(&on).await?;
    let devices: HashMap<Uuid, String> = devices.into_iter().map(|row| (row.id, row.name)).collect();
    let names = who::names(&territory, past.iter().filter_map(|row| row.seen_by.as_deref()).collect()).await?;
    let about = |row: &alert::Model| {
        let site = sites.get(&row.site_id).cloned().unwrap_or_default();
        row.device_id.and_then(|id| devices.get(&id)).map_or_else(|| site.clone(), |device| format!("{device} · {site}"))
    };
    let apart = if agent.may(Right::CorrectDay) { Some(super::apart::waiting(&territory, &tenant).await?) } else { None };
    let may_open = agent.may(Right::Fleet);
    let past = past.iter().map(|row| Past {
        title: meaning(&row.kind).title,
        about: about(row),
        when: at(row.at_ms),
        how: how_it_ended(row, row.seen_by.as_deref().map(|by| who::of(&names, by))),
    });
    let past = past.collect();
    html(&Page { frame, notice, apart, calls: calls(open, about, |id| devices.contains_key(&id) && may_open), past })
}

/// Newest first: one for each kind and tablet or site.
fn calls(open: Vec<alert::Model>, about: impl Fn(&alert::Model) -> String, has_page: impl Fn(Uuid) -> bool) -> Vec<Call> {
    let mut grouped: Vec<Vec<alert::Model>> = Vec::new();
    for row in open {
        let same = |group: &&mut Vec<alert::Model>| {
            group.first().is_some_and(|first| (&first.kind, first.site_id, first.device_id) == (&row.kind, row.site_id, row.device_id))
        };
        match grouped.iter_mut().find(same) {
            Some(group) => group.push(row),
            None => grouped.push(vec![row]),
        }
    }
    let call = |group: Vec<alert::Model>| {
        let (newest, oldest) = (group.first()?, group.last()?);
        let times = u32::try_from(group.len()).unwrap_or(u32::MAX);
        let when = if times > 1 {
            format!("{times} fois, la première {}, la dernière {}", at(oldest.at_ms), at(newest.at_ms))
        } else {
            at(newest.at_ms)
        };
        Some(Call {
            id: newest.id,
            meaning: meaning(&newest.kind),
            about: about(newest),
            tablet: newest.device_id.filter(|id| has_page(*id)),
            when,
            up_to_ms: newest.at_ms,
        })
    };
    grouped.into_iter().filter_map(call).collect()
}

fn at(at_ms: i64) -> String {
    format!("le {} à {}", french::long_day(business_day(instant_from_ms(at_ms))), french::time_ms(at_ms))
}

fn how_it_ended(row: &alert::Model, by: Option<&str>) -> String {
    let seen = row.seen_at_ms.map(|ms| format!("vu par {} {}", by.unwrap_or("quelqu’un"), at(ms)));
    let over = row.cleared_at_ms.map(|ms| format!("terminé de lui-même {}", at(ms)));
    seen.into_iter().chain(over).collect::<Vec<_>>().join(" · ")
}

/// What a page of calls sends.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default)]
pub(super) struct Typed {
    /// When the last one that was shown was made, ms since 1970 UTC.
    jusqua: String,
}

/// `POST /bureau/{organisation}/signalements/{alert}`: the call, and those like it that the page counted.
pub(super) async fn seen(
    State(server): State<Server>,
    agent: Agent,
    Path((_, id)): Path<(String, String)>,
    Form(typed): Form<Typed>,
) -> Result<Response> {
    agent.must(Right::SeeAlerts)?;
    match mark(&server, &agent, id_of(&id, "Ce signalement")?, &typed.jusqua).await {
        Ok(()) => Ok(Redirect::to(&format!("/bureau/{}/signalements?fait=vu", agent.organisation.code)).into_response()),
        Err(error) => {
            let page = show(&server, &agent, Some(Notice::wrong(to_say(error)?))).await?;
            Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
        }
    }
}

async fn mark(server: &Server, agent: &Agent, id: Uuid, up_to_ms: &str) -> Result<()> {
    let (now, transaction) = (server.app.clock.now(), server.app.db.begin().await?);
    let territory = Territory::new(server.app.territoire(), &transaction);
    let tenant = territory.tenant(agent.organisation_id());
    let row = territory.find::<alert::Entity>().filter(alerts::at_sites_of(&tenant)).filter(alert::Column::Id.eq(id));
    let row = row.one(&territory.on()).await?.ok_or_else(|| Error::NotFound("Ce signalement".into()))?;
    // Without a word of the page: this one and what came before it.
    let up_to_ms = up_to_ms.parse().unwrap_or(row.at_ms);
    if alerts::see(&territory, &row, up_to_ms, agent.account, now).await? == 0 {
        return Err(Error::conflict("Quelqu’un vient de le noter comme vu."));
    }
    audit::write(&territory, now, act_of(agent, SEEN).about("alert", id)).await?;
    transaction.commit().await?;
    Ok(())
}
