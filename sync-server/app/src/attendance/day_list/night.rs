//! The night's work: from four o'clock on, one job a lieu and day. It is named after both, so that a second run of one night finds it.

use super::keep::{make, purge};
use crate::app::App;
use crate::attendance::journal::IDS_A_QUERY_MAX;
use crate::identity::audit::Act;
use crate::jobs::{self, Kind};
use crate::registry::family_note;
use crate::store::entity::{centre, job};
use crate::store::{Territory, insert_all};
use crate::{Error, Result};
use chrono::{NaiveDate, NaiveTime};
use sea_orm::{ColumnTrait, QueryFilter};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use shared::calendar::{Instant, business_day, local};
use shared::id::{CentreId, OrganisationId, TerritoireId};
use std::collections::HashSet;
use uuid::Uuid;

/// What the audit calls it.
pub const ROUTE: &str = "liste-de-secours";
/// From when on a night makes the lists of its day, in Paris: what was said in the evening is in, and nobody has come yet. Neither
/// change of the clock touches it.
const FROM: Option<NaiveTime> = NaiveTime::from_hms_opt(4, 0, 0);

/// What a job is about, besides its lieu.
#[derive(Serialize, Deserialize)]
struct About {
    day: NaiveDate,
}

/// Asks for the lists of the day that has begun, once, and deletes those whose time is over.
///
/// # Errors
/// The database's.
pub async fn due(app: &App) -> Result<()> {
    let now = app.clock.now();
    if FROM.is_none_or(|from| local(now).time() < from) {
        return Ok(());
    }
    let (territoire, day) = (app.territoire(), business_day(now));
    let reading = Territory::new(territoire, app.db.read());
    let centres = reading.across::<centre::Entity>(centre::Column::TerritoireId).all(&reading.on()).await?;
    if missing(&reading, &centres, day).await?.is_empty() {
        return Ok(());
    }
    let transaction = app.db.begin().await?;
    let territory = Territory::new(territoire, &transaction);
    let missing = missing(&territory, &centres, day).await?;
    let job = |row: &&centre::Model| job(territoire, OrganisationId(row.organisation_id), CentreId(row.id), day, name(row.id, day), now);
    insert_all(&territory.on(), missing.iter().map(job).collect::<Result<Vec<_>>>()?).await?;
    transaction.commit().await?;
    // Once a day, with the first work of it.
    let purged = purge(app).await?;
    family_note::purge(app).await?;
    tracing::info!(lists = missing.len(), purged, "the lists of the day were asked for");
    Ok(())
}

/// Lieux whose job of the day isn't there yet.
async fn missing<'c>(territory: &Territory<'_>, centres: &'c [centre::Model], day: NaiveDate) -> Result<Vec<&'c centre::Model>> {
    let mut asked: HashSet<Uuid> = HashSet::new();
    for rows in centres.chunks(IDS_A_QUERY_MAX) {
        let named = territory.find::<job::Entity>().filter(job::Column::Id.is_in(rows.iter().map(|row| name(row.id, day))));
        asked.extend(named.all(&territory.on()).await?.into_iter().map(|row| row.id));
    }
    Ok(centres.iter().filter(|row| !asked.contains(&name(row.id, day))).collect())
}

/// The id of the job of a lieu and day.
#[must_use]
pub fn name(centre: Uuid, day: NaiveDate) -> Uuid {
    let digest = Sha256::new().chain_update(b"preau/day-list/1\0").chain_update(centre.as_bytes()).chain_update(day.to_string()).finalize();
    let mut id = [0; 16];
    id.copy_from_slice(&digest[..16]);
    uuid::Builder::from_custom_bytes(id).into_uuid()
}

/// A job to insert.
pub(super) fn job(
    territoire: TerritoireId,
    organisation: OrganisationId,
    centre: CentreId,
    day: NaiveDate,
    id: Uuid,
    now: Instant,
) -> Result<job::Model> {
    let content = serde_json::to_string(&About { day }).map_err(|error| Error::conflict(error.to_string()))?;
    Ok(job::Model { id, content, ..jobs::waiting(territoire, Some(organisation), Kind::DayList, centre.0, now)? })
}

/// Does a job.
///
/// # Errors
/// As [`make`].
pub async fn work(app: &App, row: &job::Model) -> Result<()> {
    let organisation = OrganisationId(row.organisation_id.ok_or_else(|| Error::conflict("liste sans collectivité"))?);
    let about: About = serde_json::from_str(&row.content).map_err(|error| Error::conflict(format!("liste illisible : {error}")))?;
    make(app, organisation, CentreId(row.subject_id), about.day, Act::system(ROUTE).of(organisation), false).await?;
    let transaction = app.db.begin().await?;
    jobs::end(&Territory::new(app.territoire(), &transaction), row.id, app.clock.now_ms()).await?;
    transaction.commit().await?;
    Ok(())
}
