//! The hour by which a building should have been heard: set by whoever looks after its tablets.

use super::{act_of, fleet, id_of};
use crate::identity::audit;
use crate::identity::{Agent, Form, Right};
use crate::serve::Server;
use crate::store::entity::site_watch;
use crate::store::{Territory, upsert};
use crate::{Error, Result};
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use chrono::{NaiveTime, Timelike};
use sea_orm::{ColumnTrait, QueryFilter};
use serde::Deserialize;
use utoipa::ToSchema;

/// Sets or takes away the hour.
pub(super) const ROUTE: &str = "POST /bureau/{organisation}/tablettes/veille";

/// What was typed.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default)]
pub(super) struct Typed {
    site: String,
    heure: String,
}

/// `POST /bureau/{organisation}/tablettes/veille`: without an hour, the building is watched no more.
pub(super) async fn set(State(server): State<Server>, agent: Agent, Form(typed): Form<Typed>) -> Result<Response> {
    agent.must(Right::Fleet)?;
    let id = id_of(&typed.site, "Ce site")?;
    let (now, transaction) = (server.app.clock.now(), server.app.db.begin().await?);
    let territory = Territory::new(server.app.territoire(), &transaction);
    let site = fleet::sites(&territory, &agent).await?.into_iter().find(|s| s.id == id).ok_or_else(|| Error::NotFound("Ce site".into()))?;
    let typed = typed.heure.trim();
    if typed.is_empty() {
        territory.delete::<site_watch::Entity>().filter(site_watch::Column::SiteId.eq(site.id)).exec(&territory.on()).await?;
    } else {
        let wrong = || Error::input(format!("« {typed} » n’est pas une heure : attendu HH:MM, par exemple 09:30."));
        let time = NaiveTime::parse_from_str(typed, "%H:%M").map_err(|_| wrong())?;
        let by_minute = i32::try_from(time.num_seconds_from_midnight() / 60).unwrap_or(0);
        let row = site_watch::Model { territoire_id: territory.id().0, site_id: site.id, by_minute };
        use site_watch::Column::{ByMinute, SiteId, TerritoireId};
        upsert(&territory.on(), row, [TerritoireId, SiteId], [ByMinute]).await?;
    }
    audit::write(&territory, now, act_of(&agent, ROUTE).about("site", site.id)).await?;
    transaction.commit().await?;
    Ok(Redirect::to(&format!("/bureau/{}/tablettes?fait=veille", agent.organisation.code)).into_response())
}
