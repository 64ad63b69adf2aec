//! The code with which an adult of a household opens the family's space: given to somebody whom the agent saw, shown once, printed.

use super::{Frame, act_of, desk, id_of};
use crate::identity::activation::new_code;
use crate::identity::audit;
use crate::identity::{Agent, Form, Right};
use crate::page::html;
use crate::serve::Server;
use crate::store::Territory;
use crate::store::entity::person;
use crate::{Error, Result};
use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use sea_orm::{ColumnTrait, QueryFilter};
use serde::Deserialize;
use shared::id::PersonId;
use uuid::Uuid;

/// Gives a code.
pub(super) const ROUTE: &str = "POST /bureau/{organisation}/familles/{household}/code/{person}";

#[derive(Template)]
#[template(path = "office/activation_code.html")]
struct Page {
    frame: Frame,
    household: Uuid,
    name: String,
    code: String,
    address: String,
}

/// Nothing is typed: the token alone.
#[derive(Deserialize)]
pub(super) struct Nothing {}

/// `POST …/code/{person}`: shown once. The ones before it open nothing any more.
pub(super) async fn give(
    State(server): State<Server>,
    agent: Agent,
    Path((_, household, person)): Path<(String, String, String)>,
    Form(_): Form<Nothing>,
) -> Result<Response> {
    agent.must(Right::EditFamilies)?;
    let (household, person) = (id_of(&household, "Ce foyer")?, id_of(&person, "Cette personne")?);
    let now = server.app.clock.now();
    let transaction = server.app.db.begin().await?;
    let territory = Territory::new(server.app.territoire(), &transaction);
    let tenant = territory.tenant(agent.organisation_id());
    let found = tenant.about_households::<person::Entity>(person::Column::HouseholdId);
    let found = found.filter(person::Column::HouseholdId.eq(household)).filter(person::Column::Id.eq(person)).one(&tenant.on()).await?;
    let found = found.ok_or_else(|| Error::NotFound("Cette personne".into()))?;
    let frame = desk(&territory, &agent, "families", server.app.clock.today()).await?;
    let by = agent.account.to_string();
    let code = new_code(&territory, &server.identity.hasher, PersonId(found.id), &by, now).await?;
    audit::write(&territory, now, act_of(&agent, ROUTE).about("person", found.id)).await?;
    transaction.commit().await?;
    let name = format!("{} {}", found.first_name, found.last_name);
    html(&Page { frame, household, name, code, address: format!("{}/activation", server.app.settings.adresse) })
}
