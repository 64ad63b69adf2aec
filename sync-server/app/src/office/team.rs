//! The team of the lieux, and the codes by which its members say who they are at a tablet.
//!
//! A code is set here and never shown again: the server keeps an Argon2id hash, which the tablets of the lieu's site are told. It names
//! somebody at a watched door and opens nothing of this office.

use super::day::Notice;
use super::{Frame, act_of, desk, id_of, snapshot, to_say};
use crate::identity::{Agent, Form, Right, audit};
use crate::page::html;
use crate::registry::door_code::chosen;
use crate::serve::Server;
use crate::store::Territory;
use crate::store::entity::staff;
use crate::sync::publish::mark_moved;
use crate::{Error, Result};
use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, QueryFilter};
use serde::Deserialize;
use shared::calendar::{business_day, instant_from_ms};
use shared::french;
use shared::id::{CentreId, SiteId};
use std::collections::HashMap;
use utoipa::ToSchema;
use uuid::Uuid;
use zeroize::Zeroizing;

/// Sets a code, or takes it away.
pub(super) const CODE: &str = "POST /bureau/{organisation}/equipe/{staff}/code";
/// What was done, as the page says it after the act.
const DONE: [(&str, &str); 2] = [
    ("code", "Le code est posé : les tablettes du bâtiment le reçoivent à leur prochain échange."),
    ("retire", "Le code est retiré : il n’ouvre plus rien dès que les tablettes l’apprennent."),
];

#[derive(Debug, Default, Deserialize, ToSchema)]
pub(super) struct Asked {
    fait: Option<String>,
}

#[derive(Template)]
#[template(path = "office/team.html")]
struct Page {
    frame: Frame,
    notice: Option<Notice>,
    people: Vec<Row>,
}

struct Row {
    id: Uuid,
    name: String,
    lieu: String,
    role: &'static str,
    /// "depuis le 3 octobre"; `None` without a code.
    code: Option<String>,
}

/// `GET /bureau/{organisation}/equipe`: the lieux where the role gives the right.
pub(super) async fn page(State(server): State<Server>, agent: Agent, Query(asked): Query<Asked>) -> Result<Response> {
    show(&server, &agent, Notice::done(&DONE, asked.fait.as_deref())).await
}

async fn show(server: &Server, agent: &Agent, notice: Option<Notice>) -> Result<Response> {
    must_edit(agent)?;
    let reading = snapshot(&server.app).await?;
    let territory = Territory::new(server.app.territoire(), &reading);
    let frame = desk(&territory, agent, "team", server.app.clock.today()).await?;
    let tenant = territory.tenant(agent.organisation_id());
    let lieux: HashMap<Uuid, String> = tenant.centres().await?.into_iter().map(|c| (c.id, c.name)).collect();
    let mut people = tenant.find::<staff::Entity>().all(&tenant.on()).await?;
    people.retain(|row| agent.may_at(Right::EditTeam, CentreId(row.centre_id)));
    let row = |row: staff::Model| Row {
        id: row.id,
        name: format!("{} {}", row.first_name, row.last_name),
        lieu: lieux.get(&row.centre_id).cloned().unwrap_or_default(),
        role: if row.role == "direction" { "direction" } else { "équipe" },
        code: row.pin_hash.and(row.pin_set_at_ms).map(|at| french::long_day(business_day(instant_from_ms(at)))),
    };
    let mut people: Vec<Row> = people.into_iter().map(row).collect();
    people.sort_by_cached_key(|row| (row.lieu.clone(), shared::name::folded(&row.name), row.id));
    html(&Page { frame, notice, people })
}

fn must_edit(agent: &Agent) -> Result<()> {
    if agent.may_somewhere(Right::EditTeam) {
        Ok(())
    } else {
        Err(Error::Forbidden("Votre rôle ne permet pas d’ouvrir cette page.".into()))
    }
}

/// What was typed. In no log: it has no form to be written in.
#[derive(Default, Deserialize, ToSchema)]
#[serde(default)]
pub(super) struct Typed {
    pub code: String,
}

/// `POST /bureau/{organisation}/equipe/{staff}/code`.
pub(super) async fn set_code(
    State(server): State<Server>,
    agent: Agent,
    Path((_, staff)): Path<(String, String)>,
    Form(typed): Form<Typed>,
) -> Result<Response> {
    match set(&server, &agent, &staff, typed).await {
        Ok(done) => Ok(Redirect::to(&format!("/bureau/{}/equipe?fait={done}", agent.organisation.code)).into_response()),
        Err(error) => {
            let page = show(&server, &agent, Some(Notice::wrong(to_say(error)?))).await?;
            Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
        }
    }
}

async fn set(server: &Server, agent: &Agent, staff: &str, typed: Typed) -> Result<&'static str> {
    must_edit(agent)?;
    let id = id_of(staff, "Cette personne")?;
    find(&Territory::new(server.app.territoire(), server.app.db.read()), agent, id).await?;
    // Made before the transaction: it waits for its turn, and holds up nobody.
    let typed = Zeroizing::new(typed.code);
    let hash = match chosen(&typed)? {
        Some(code) => Some(server.identity.hasher.hash(code).await?),
        None => None,
    };
    let done = if hash.is_some() { "code" } else { "retire" };
    let (now, transaction) = (server.app.clock.now(), server.app.db.begin().await?);
    let territory = Territory::new(server.app.territoire(), &transaction);
    let (row, site) = find(&territory, agent, id).await?;
    let tenant = territory.tenant(agent.organisation_id());
    let set = tenant.update::<staff::Entity>().filter(staff::Column::Id.eq(row.id));
    let set = set.col_expr(staff::Column::PinSetAtMs, Expr::value(hash.is_some().then(|| now.timestamp_millis())));
    set.col_expr(staff::Column::PinHash, Expr::value(hash)).exec(&tenant.on()).await?;
    audit::write(&territory, now, act_of(agent, CODE).about("staff", row.id)).await?;
    mark_moved(&territory, site, now).await?;
    transaction.commit().await?;
    Ok(done)
}

/// Somebody of a lieu where the role gives the right, and the site whose tablets know them.
async fn find(territory: &Territory<'_>, agent: &Agent, id: Uuid) -> Result<(staff::Model, SiteId)> {
    let nobody = || Error::NotFound("Cette personne".into());
    let tenant = territory.tenant(agent.organisation_id());
    let found = tenant.find::<staff::Entity>().filter(staff::Column::Id.eq(id)).one(&tenant.on()).await?;
    let found = found.filter(|row| agent.may_at(Right::EditTeam, CentreId(row.centre_id))).ok_or_else(nobody)?;
    let centre = tenant.centres().await?.into_iter().find(|centre| centre.id == found.centre_id).ok_or_else(nobody)?;
    Ok((found, SiteId(centre.site_id)))
}
