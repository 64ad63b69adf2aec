//! The search over the families that the organisation has to do with: by a name, without accents.

use super::{Frame, desk, snapshot};
use crate::identity::{Agent, Right};
use crate::page::html;
use crate::serve::Server;
use crate::store::entity::{activity, child, custody, enrolment, household, person};
use crate::store::{Tenant, Territory};
use crate::{Error, Result};
use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use sea_orm::{ColumnTrait, QueryFilter};
use serde::Deserialize;
use shared::id::CentreId;
use std::collections::{HashMap, HashSet};
use utoipa::ToSchema;
use uuid::Uuid;

/// Households shown of one search.
const FOUND_MAX: usize = 60;

#[derive(Debug, Default, Deserialize, ToSchema)]
pub(super) struct Asked {
    /// Part of a name of anybody of the household.
    cherche: Option<String>,
}

#[derive(Template)]
#[template(path = "office/families.html")]
struct Page {
    frame: Frame,
    search: String,
    total: usize,
    found: usize,
    rows: Vec<Row>,
}

struct Row {
    id: Uuid,
    name: String,
    adults: String,
    children: String,
}

/// `GET /bureau/{organisation}/familles?cherche=`.
pub(super) async fn page(State(server): State<Server>, agent: Agent, Query(asked): Query<Asked>) -> Result<Response> {
    must_see(&agent)?;
    let reading = snapshot(&server.app).await?;
    let territory = Territory::new(server.app.territoire(), &reading);
    let frame = desk(&territory, &agent, "families", server.app.clock.today()).await?;
    let tenant = territory.tenant(agent.organisation_id());
    let search = asked.cherche.unwrap_or_default();
    let mut all = rows(&tenant, &agent).await?;
    let total = all.len();
    if search.trim().is_empty() {
        all.clear();
    }
    all.retain(|row| shared::name::matches(&search, &format!("{} {} {}", row.name, row.adults, row.children)));
    let found = all.len();
    all.truncate(FOUND_MAX);
    html(&Page { frame, search, total, found, rows: all })
}

/// Refuses whoever may see families nowhere.
pub(super) fn must_see(agent: &Agent) -> Result<()> {
    if agent.may_somewhere(Right::SeeFamilies) {
        Ok(())
    } else {
        Err(Error::Forbidden("Votre rôle ne permet pas d’ouvrir cette page.".into()))
    }
}

/// The children whom the role lets see: `None` for all of the organisation, else those enrolled at its lieux.
pub(super) async fn visible(tenant: &Tenant<'_>, agent: &Agent) -> Result<Option<HashSet<Uuid>>> {
    if agent.may(Right::SeeFamilies) {
        return Ok(None);
    }
    let on = tenant.on();
    let activities = tenant.find::<activity::Entity>().all(&on).await?;
    let of_lieux = activities.iter().filter(|a| agent.may_at(Right::SeeFamilies, CentreId(a.centre_id))).map(|a| a.id);
    let enrolled = tenant.find::<enrolment::Entity>().filter(enrolment::Column::ActivityId.is_in(of_lieux));
    Ok(Some(enrolled.all(&on).await?.into_iter().map(|e| e.child_id).collect()))
}

/// The households of children, by their own row or by a custody.
pub(super) fn households_of<'a>(children: &'a [child::Model], custodies: &'a [custody::Model]) -> HashMap<Uuid, Vec<&'a child::Model>> {
    let by_id: HashMap<Uuid, &child::Model> = children.iter().map(|c| (c.id, c)).collect();
    let own = children.iter().map(|c| (c.household_id, c));
    let shared = custodies.iter().filter_map(|row| Some((row.household_id, *by_id.get(&row.child_id)?)));
    let mut homes: HashMap<Uuid, Vec<&child::Model>> = HashMap::new();
    for (home, child) in own.chain(shared) {
        let at_home = homes.entry(home).or_default();
        if at_home.iter().all(|known| known.id != child.id) {
            at_home.push(child);
        }
    }
    for children in homes.values_mut() {
        children.sort_by_key(|c| (c.birth_date, c.id));
    }
    homes
}

async fn rows(tenant: &Tenant<'_>, agent: &Agent) -> Result<Vec<Row>> {
    let on = tenant.on();
    let mut children = tenant.children().all(&on).await?;
    if let Some(visible) = visible(tenant, agent).await? {
        children.retain(|child| visible.contains(&child.id));
    }
    let custodies = tenant.about_children::<custody::Entity>(custody::Column::ChildId).all(&on).await?;
    let homes = households_of(&children, &custodies);
    let mut adults: HashMap<Uuid, Vec<String>> = HashMap::new();
    for row in tenant.about_households::<person::Entity>(person::Column::HouseholdId).all(&on).await? {
        adults.entry(row.household_id).or_default().push(format!("{} {}", row.first_name, row.last_name));
    }
    let mut households: Vec<household::Model> = tenant.households().all(&on).await?;
    households.retain(|row| homes.contains_key(&row.id));
    households.sort_by_cached_key(|row| (shared::name::folded(&row.name), row.code.clone()));
    let row = |row: household::Model| Row {
        adults: adults.remove(&row.id).unwrap_or_default().join(", "),
        children: homes.get(&row.id).map(|c| names(c)).unwrap_or_default(),
        id: row.id,
        name: row.name,
    };
    Ok(households.into_iter().map(row).collect())
}

fn names(children: &[&child::Model]) -> String {
    children.iter().map(|c| format!("{} {}", c.first_name, c.last_name)).collect::<Vec<_>>().join(", ")
}
