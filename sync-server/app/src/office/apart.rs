//! Entries that the server set apart, for a person to decide: by tablet and reason, then one by one.

use super::apart_entry::{Shown, shown};
use super::apart_words::{Why, why};
use super::day::Notice;
use super::{Frame, act_of, desk, id_of, snapshot, to_say};
use crate::attendance::server_device::ServerKeys;
use crate::identity::audit;
use crate::identity::{Agent, Form, Right};
use crate::page::html;
use crate::serve::Server;
use crate::store::entity::{device, quarantine, site};
use crate::store::{Tenant, Territory};
use crate::sync::decisions::{self, About, Decision, Done, Word, find, like, of_organisation};
use crate::sync::set_apart::{AUTHOR_UNKNOWN, LET_IN};
use crate::{Error, Result};
use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use sea_orm::{ColumnTrait, FromQueryResult, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect};
use serde::Deserialize;
use shared::french;
use shared::journal::{DISCARDED, KEPT};
use std::collections::{BTreeMap, HashMap};
use utoipa::ToSchema;
use uuid::Uuid;

/// Decides on one entry.
pub(super) const ONE: &str = "POST /bureau/{organisation}/a-decider/{apart}";
/// Decides on all that were set apart like one.
pub(super) const LOT: &str = "POST /bureau/{organisation}/a-decider/{apart}/lot";
/// Entries read to tell lots apart: what the limits of a few devices let in.
const READ_MAX: u64 = 20_000;
/// Entries of a page.
const A_PAGE: u64 = 25;
/// What was done, as the page says it after the act.
const DONE: [(&str, &str); 4] = [
    ("retenu", "C’est retenu : les pointages comptent, et la feuille du jour le dit."),
    ("ecarte", "C’est écarté : ces pointages restent comme preuve, sans effet."),
    ("retenu-reste", "Les premiers du lot sont retenus ; il est long : décidez de la suite."),
    ("ecarte-reste", "Les premiers du lot sont écartés ; il est long : décidez de la suite."),
];

#[derive(Debug, Default, Deserialize, ToSchema)]
pub(super) struct Asked {
    fait: Option<String>,
    page: Option<u64>,
}

#[derive(Template)]
#[template(path = "office/apart.html")]
struct Page {
    frame: Frame,
    notice: Option<Notice>,
    waiting: u32,
    lots: Vec<Lot>,
    decided: Vec<Lot>,
}

/// Entries that were set apart alike.
struct Lot {
    /// One of them: names the lot in an address.
    id: Uuid,
    /// Which tablet.
    device: String,
    site: String,
    why: Why,
    /// How many wait, and how many were kept, discarded, or came in by themselves.
    waiting: u32,
    decided: String,
    /// "reçus le 8 octobre", "reçus du 8 au 12 octobre".
    received: String,
}

/// What a list of lots needs of a row: its bytes stay where they are.
#[derive(FromQueryResult)]
struct Brief {
    id: Uuid,
    site_id: Option<Uuid>,
    device_id: Option<Uuid>,
    code: String,
    received_at_ms: i64,
    decision: Option<String>,
}

/// `GET /bureau/{organisation}/a-decider`.
pub(super) async fn page(State(server): State<Server>, agent: Agent, Query(asked): Query<Asked>) -> Result<Response> {
    agent.must(Right::CorrectDay)?;
    let reading = snapshot(&server.app).await?;
    let territory = Territory::new(server.app.territoire(), &reading);
    let frame = desk(&territory, &agent, "apart", server.app.clock.today()).await?;
    let tenant = territory.tenant(agent.organisation_id());
    use quarantine::Column::{Code, Decision, DeviceId, Id, ReceivedAtMs, SiteId};
    let rows = of_organisation(&territory, &tenant).select_only().columns([Id, SiteId, DeviceId, Code, ReceivedAtMs, Decision]);
    let rows = rows.order_by_desc(ReceivedAtMs).limit(READ_MAX).into_model::<Brief>().all(&territory.on()).await?;
    let mut lots: BTreeMap<(Option<Uuid>, Option<Uuid>, String), Vec<Brief>> = BTreeMap::new();
    for row in rows {
        let device = row.device_id.filter(|_| row.code != AUTHOR_UNKNOWN);
        lots.entry((row.site_id, device, row.code.clone())).or_default().push(row);
    }
    let names = Names::read(&territory, lots.keys().filter_map(|(site, device, _)| site.zip(Some(*device)))).await?;
    let mut lots: Vec<Lot> = lots.into_values().map(|rows| lot(&rows, &names)).collect();
    lots.sort_by(|a, b| (&a.site, &a.device, a.why.title).cmp(&(&b.site, &b.device, b.why.title)));
    let (waiting, decided) = lots.into_iter().partition::<Vec<_>, _>(|lot| lot.waiting > 0);
    html(&Page {
        frame,
        notice: Notice::done(&DONE, asked.fait.as_deref()),
        waiting: waiting.iter().map(|lot| lot.waiting).sum(),
        lots: waiting,
        decided,
    })
}

/// Names of sites and devices.
struct Names {
    sites: HashMap<Uuid, String>,
    devices: HashMap<Uuid, String>,
}

impl Names {
    async fn read(territory: &Territory<'_>, of: impl Iterator<Item = (Uuid, Option<Uuid>)>) -> Result<Self> {
        let (sites, devices): (Vec<Uuid>, Vec<Option<Uuid>>) = of.unzip();
        let on = territory.on();
        let sites = territory.find::<site::Entity>().filter(site::Column::Id.is_in(sites)).all(&on).await?;
        let devices = territory.find::<device::Entity>().filter(device::Column::Id.is_in(devices.into_iter().flatten())).all(&on).await?;
        Ok(Self {
            sites: sites.into_iter().map(|row| (row.id, row.name)).collect(),
            devices: devices.into_iter().map(|row| (row.id, row.name)).collect(),
        })
    }

    fn site(&self, id: Option<Uuid>) -> String {
        id.and_then(|id| self.sites.get(&id)).cloned().unwrap_or_default()
    }

    fn device(&self, id: Option<Uuid>, code: &str) -> String {
        let known = id.filter(|_| code != AUTHOR_UNKNOWN).and_then(|id| self.devices.get(&id)).cloned();
        known.unwrap_or_else(|| "Un appareil inconnu".into())
    }
}

/// How many entries wait for a decision of an organisation's agents.
///
/// # Errors
/// The database's.
pub(super) async fn waiting(territory: &Territory<'_>, tenant: &Tenant<'_>) -> Result<u64> {
    let open = of_organisation(territory, tenant).filter(quarantine::Column::Decision.is_null());
    Ok(open.count(&territory.on()).await?)
}

/// Newest first; there is one at least.
fn lot(rows: &[Brief], names: &Names) -> Lot {
    let newest = &rows[0];
    let count = |decision: &str| u32::try_from(rows.iter().filter(|r| r.decision.as_deref() == Some(decision)).count()).unwrap_or(0);
    let mut decided = Vec::new();
    for (code, one, many) in
        [(KEPT, "retenu", "retenus"), (DISCARDED, "écarté", "écartés"), (LET_IN, "entré de lui-même", "entrés d’eux-mêmes")]
    {
        if count(code) > 0 {
            decided.push(french::count(count(code), one, many));
        }
    }
    let day = |at_ms| french::long_day(shared::calendar::business_day(shared::calendar::instant_from_ms(at_ms)));
    let (first, last) = (rows.last().map_or(0, |row| row.received_at_ms), newest.received_at_ms);
    let received = if day(first) == day(last) { format!("le {}", day(last)) } else { format!("du {} au {}", day(first), day(last)) };
    Lot {
        id: newest.id,
        device: names.device(newest.device_id, &newest.code),
        site: names.site(newest.site_id),
        why: why(&newest.code),
        waiting: u32::try_from(rows.iter().filter(|r| r.decision.is_none()).count()).unwrap_or(u32::MAX),
        decided: decided.join(", "),
        received,
    }
}

#[derive(Template)]
#[template(path = "office/apart_lot.html")]
struct LotPage {
    frame: Frame,
    notice: Option<Notice>,
    id: Uuid,
    device: String,
    site: String,
    why: Why,
    waiting: u64,
    /// How many one word decides at most, where the lot has more.
    at_once: Option<u64>,
    /// When the last of those counted came: what comes meanwhile is decided by nobody who hasn't seen it.
    up_to_ms: i64,
    entries: Vec<Shown>,
    page: u64,
    pages: u64,
}

/// `GET /bureau/{organisation}/a-decider/{apart}`: the entry, and those set apart like it.
pub(super) async fn lot_page(
    State(server): State<Server>,
    agent: Agent,
    Path((_, apart)): Path<(String, String)>,
    Query(asked): Query<Asked>,
) -> Result<Response> {
    agent.must(Right::CorrectDay)?;
    let id = id_of(&apart, "Ce pointage mis de côté")?;
    show(&server, &agent, id, asked.page.unwrap_or(1), Notice::done(&DONE, asked.fait.as_deref())).await
}

async fn show(server: &Server, agent: &Agent, id: Uuid, page: u64, notice: Option<Notice>) -> Result<Response> {
    let reading = snapshot(&server.app).await?;
    let territory = Territory::new(server.app.territoire(), &reading);
    let frame = desk(&territory, agent, "apart", server.app.clock.today()).await?;
    let tenant = territory.tenant(agent.organisation_id());
    let named = find(&territory, &tenant, id).await?;
    let lot = || of_organisation(&territory, &tenant).filter(like(&named));
    let open = || lot().filter(quarantine::Column::Decision.is_null());
    let (waiting, all) = (open().count(&territory.on()).await?, lot().count(&territory.on()).await?);
    let newest = open().order_by_desc(quarantine::Column::ReceivedAtMs).limit(1).one(&territory.on()).await?;
    let pages = all.div_ceil(A_PAGE).max(1);
    let page = page.clamp(1, pages);
    // Those that wait first, in the order in which they came; of one push, as they were made (their ids begin with the time).
    let rows = lot().order_by_asc(quarantine::Column::DecidedAtMs.is_not_null());
    let rows = rows.order_by_asc(quarantine::Column::ReceivedAtMs).order_by_asc(quarantine::Column::EntryId);
    let rows = rows.offset((page - 1) * A_PAGE).limit(A_PAGE).all(&territory.on()).await?;
    let names = Names::read(&territory, named.site_id.zip(Some(named.device_id)).into_iter()).await?;
    let entries = shown(&territory, &tenant, &agent.organisation.code, rows).await?;
    html(&LotPage {
        frame,
        notice,
        id,
        device: names.device(named.device_id, &named.code),
        site: names.site(named.site_id),
        why: why(&named.code),
        waiting,
        at_once: (waiting > decisions::AT_ONCE_MAX).then_some(decisions::AT_ONCE_MAX),
        up_to_ms: newest.map_or(0, |row| row.received_at_ms),
        entries,
        page,
        pages,
    })
}

/// What was typed.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default)]
pub(super) struct Typed {
    decision: String,
    motif: String,
    /// Of a lot: when the last one that was shown came, ms since 1970 UTC.
    jusqua: String,
    page: String,
}

/// `POST …/a-decider/{apart}`.
pub(super) async fn one(
    State(server): State<Server>,
    agent: Agent,
    Path((_, apart)): Path<(String, String)>,
    Form(typed): Form<Typed>,
) -> Result<Response> {
    agent.must(Right::CorrectDay)?;
    let id = id_of(&apart, "Ce pointage mis de côté")?;
    answer(&server, &agent, (id, About::One), &typed, ONE).await
}

/// `POST …/a-decider/{apart}/lot`.
pub(super) async fn lot_decided(
    State(server): State<Server>,
    agent: Agent,
    Path((_, apart)): Path<(String, String)>,
    Form(typed): Form<Typed>,
) -> Result<Response> {
    agent.must(Right::CorrectDay)?;
    let id = id_of(&apart, "Ce pointage mis de côté")?;
    let up_to_ms = typed.jusqua.parse().map_err(|_| Error::input("Cette page est trop ancienne : rouvrez le lot."))?;
    answer(&server, &agent, (id, About::Lot { up_to_ms }), &typed, LOT).await
}

/// One transaction with its line, whatever the number.
async fn decide(server: &Server, agent: &Agent, about: (Uuid, About), typed: &Typed, route: &str) -> Result<Done> {
    let decision = Decision::of(&typed.decision).ok_or_else(|| Error::input("Cette décision n’existe pas."))?;
    let (now, transaction) = (server.app.clock.now(), server.app.db.begin().await?);
    let territory = Territory::new(server.app.territoire(), &transaction);
    let tenant = territory.tenant(agent.organisation_id());
    let keys = ServerKeys::open(&server.app.data_dir)?;
    let word = Word { decision, reason: &typed.motif, by: agent.account };
    let done = decisions::decide(&territory, &keys, &tenant, about, word, now).await?;
    if done.decided > 0 {
        audit::write(&territory, now, act_of(agent, route).about("quarantine", about.0).ended(decision.code())).await?;
        transaction.commit().await?;
    }
    Ok(done)
}

async fn answer(server: &Server, agent: &Agent, (id, about): (Uuid, About), typed: &Typed, route: &str) -> Result<Response> {
    let page: u64 = typed.page.parse().unwrap_or(1);
    let done = decide(server, agent, (id, about), typed, route).await;
    let wrong = match done {
        Ok(done) if done.impossible.is_empty() => {
            let rest = if done.more { "-reste" } else { "" };
            // One by one, the next of the lot is what is looked for.
            let at = if done.more || about == About::One { format!("/{id}") } else { String::new() };
            let to = format!("/bureau/{}/a-decider{at}?fait={}{rest}&page={page}", agent.organisation.code, typed.decision);
            return Ok(Redirect::to(&to).into_response());
        }
        Ok(done) => impossible(&done),
        Err(error) => to_say(error)?,
    };
    let page = show(server, agent, id, page, Some(Notice::wrong(wrong))).await?;
    Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
}

/// What was kept, and what couldn't be, by why.
fn impossible(done: &Done) -> String {
    let mut by_code: BTreeMap<&str, u32> = BTreeMap::new();
    for (_, code) in &done.impossible {
        *by_code.entry(code).or_default() += 1;
    }
    let kept = french::count(u32::try_from(done.decided).unwrap_or(u32::MAX), "pointage est retenu", "pointages sont retenus");
    let reasons: Vec<String> = by_code
        .into_iter()
        .map(|(code, number)| format!("{} : {}", french::count(number, "ne peut pas l’être", "ne peuvent pas l’être"), why(code).happened))
        .collect();
    format!("{kept}. {}", reasons.join(" "))
}
