//! The code that an adult types at a tablet of families, set by an agent for somebody who stands before them.

use super::day::Notice;
use super::household::{self, show};
use super::team::Typed;
use super::{act_of, id_of, to_say};
use crate::identity::audit;
use crate::identity::{Agent, Form, Right};
use crate::registry::door_code;
use crate::serve::Server;
use crate::store::Territory;
use crate::store::entity::person;
use crate::{Error, Result};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use sea_orm::{ColumnTrait, QueryFilter};
use uuid::Uuid;
use zeroize::Zeroizing;

/// Sets a code, or takes it away.
pub(super) const ROUTE: &str = "POST /bureau/{organisation}/familles/{household}/borne/{person}";

/// `POST …/borne/{person}`.
pub(super) async fn set_code(
    State(server): State<Server>,
    agent: Agent,
    Path((_, household, person)): Path<(String, String, String)>,
    Form(typed): Form<Typed>,
) -> Result<Response> {
    agent.must(Right::EditFamilies)?;
    let (household, person) = (id_of(&household, "Ce foyer")?, id_of(&person, "Cette personne")?);
    match set(&server, &agent, household, person, Zeroizing::new(typed.code)).await {
        Ok(done) => {
            let place = format!("/bureau/{}/familles/{household}?fait={done}", agent.organisation.code);
            Ok(Redirect::to(&place).into_response())
        }
        Err(error) => {
            let page = show(&server, &agent, household, Some(Notice::wrong(to_say(error)?))).await?;
            Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
        }
    }
}

async fn set(server: &Server, agent: &Agent, household: Uuid, person: Uuid, typed: Zeroizing<String>) -> Result<&'static str> {
    // Made before the transaction: it waits for its turn, and holds up nobody.
    let hash = match door_code::chosen(&typed)? {
        Some(code) => Some(server.identity.hasher.hash(code).await?),
        None => None,
    };
    let done = if hash.is_some() { "borne" } else { "borne-retire" };
    let (now, transaction) = (server.app.clock.now(), server.app.db.begin().await?);
    let territory = Territory::new(server.app.territoire(), &transaction);
    let tenant = territory.tenant(agent.organisation_id());
    household::find(&tenant, agent, household).await?;
    let found = tenant.about_households::<person::Entity>(person::Column::HouseholdId);
    let found = found.filter(person::Column::HouseholdId.eq(household)).filter(person::Column::Id.eq(person)).one(&tenant.on()).await?;
    let found = found.ok_or_else(|| Error::NotFound("Cette personne".into()))?;
    if hash.is_some() {
        door_code::must_have_telephone(&found)?;
    }
    door_code::set(&territory, found.id, hash, now).await?;
    audit::write(&territory, now, act_of(agent, ROUTE).about("person", found.id)).await?;
    transaction.commit().await?;
    Ok(done)
}
