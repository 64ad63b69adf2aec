//! Lists that were made: stored with the seal of what they say, found, and deleted when their time is over or a child is erased.

use super::read::{Reading, read};
use super::{KEPT_DAYS, bytes_of, night, seal_of, short_seal};
use crate::app::App;
use crate::attendance::journal::IDS_A_QUERY_MAX;
use crate::identity::audit::{self, Act};
use crate::jobs;
use crate::store::entity::{centre, day_list, day_list_child, forgotten_child};
use crate::store::{Tenant, Territory, insert_all, new_id};
use crate::{Error, Result};
use chrono::{Days, NaiveDate};
use documents::DayList;
use sea_orm::{ColumnTrait, QueryFilter, QueryOrder, QuerySelect};
use sha2::{Digest, Sha256};
use shared::calendar::{Instant, business_day};
use shared::french;
use shared::id::{CentreId, OrganisationId};
use uuid::Uuid;

/// What making a list came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Made {
    /// A new list.
    New(Uuid),
    /// The list that is there says the same: it stays.
    Same(Uuid),
    /// Nothing takes place at the lieu on that day.
    Closed,
}

/// A list without its document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// Its id.
    pub id: Uuid,
    /// When it was made.
    pub made_at_ms: i64,
    /// Its seal.
    pub seal: Vec<u8>,
}

/// The newest list of a lieu and day.
///
/// # Errors
/// The database's.
pub async fn latest(tenant: &Tenant<'_>, centre: CentreId, day: NaiveDate) -> Result<Option<Kept>> {
    let of_day = tenant.find::<day_list::Entity>().filter(day_list::Column::Day.eq(day)).filter(day_list::Column::CentreId.eq(centre.0));
    // Without the document itself.
    let columns = of_day.select_only().column(day_list::Column::Id).column(day_list::Column::MadeAtMs).column(day_list::Column::Seal);
    let newest = columns.order_by_desc(day_list::Column::MadeAtMs).order_by_desc(day_list::Column::Id).limit(1);
    let found = newest.into_tuple::<(Uuid, i64, Vec<u8>)>().one(&tenant.on()).await?;
    Ok(found.map(|(id, made_at_ms, seal)| Kept { id, made_at_ms, seal }))
}

/// Makes the list of a lieu and day, unless the one that is there says the same. `act` tells who asked; a night's work that changed
/// nothing leaves no line.
///
/// # Errors
/// The database's; where the document can't be made; a child that was erased meanwhile, which is tried again.
pub async fn make(app: &App, organisation: OrganisationId, centre: CentreId, day: NaiveDate, act: Act<'_>, asked: bool) -> Result<Made> {
    let now = app.clock.now();
    let reading = app.db.snapshot().await?;
    let territory = Territory::new(app.territoire(), &reading);
    let tenant = territory.tenant(organisation);
    let of_id = tenant.find::<centre::Entity>().filter(centre::Column::Id.eq(centre.0));
    let row = of_id.one(&tenant.on()).await?.ok_or_else(|| Error::NotFound("Ce lieu".into()))?;
    let Some(Reading { content, children }) = read(&territory, &tenant, &row, day).await? else { return Ok(Made::Closed) };
    let before = latest(&tenant, centre, day).await?;
    drop(reading);
    let bytes = bytes_of(&content)?;
    let seal = seal_of(&bytes);
    if let Some(same) = before.filter(|kept| kept.seal == seal) {
        if asked {
            let transaction = app.db.begin().await?;
            audit::write(&Territory::new(app.territoire(), &transaction), now, act.about("day_list", same.id).ended("inchange")).await?;
            transaction.commit().await?;
        }
        return Ok(Made::Same(same.id));
    }
    let made = format!("{} à {}", french::long_day(business_day(now)), french::time_ms(now.timestamp_millis()));
    let pdf = jobs::render_list(app, DayList { made, seal: short_seal(&seal), content }).await?.pdf;
    let transaction = app.db.begin().await?;
    let territory = Territory::new(app.territoire(), &transaction);
    let tenant = territory.tenant(organisation);
    let ids: Vec<Uuid> = children.into_iter().map(|child| child.0).collect();
    must_know(&tenant, &ids, now).await?;
    let id = new_id(now)?;
    let row = day_list::Model {
        organisation_id: organisation.0,
        id,
        centre_id: centre.0,
        day,
        made_at_ms: now.timestamp_millis(),
        seal,
        content: bytes,
        sha256: Sha256::digest(&pdf).to_vec(),
        pdf,
    };
    insert_all(&tenant.on(), vec![row]).await?;
    let named = |child_id: Uuid| day_list_child::Model { organisation_id: organisation.0, list_id: id, child_id };
    insert_all(&tenant.on(), ids.into_iter().map(named).collect()).await?;
    audit::write(&territory, now, act.about("day_list", id)).await?;
    transaction.commit().await?;
    Ok(Made::New(id))
}

/// Whoever was erased while the document was made must not come back with it.
async fn must_know(tenant: &Tenant<'_>, children: &[Uuid], since: Instant) -> Result<()> {
    for ids in children.chunks(IDS_A_QUERY_MAX) {
        let erased = tenant.find::<forgotten_child::Entity>().filter(forgotten_child::Column::ChildId.is_in(ids.iter().copied()));
        let erased = erased.filter(forgotten_child::Column::AtMs.gte(since.timestamp_millis()));
        if erased.one(&tenant.on()).await?.is_some() {
            return Err(Error::Unavailable("Un enfant vient d’être effacé : la liste est à refaire.".into()));
        }
    }
    Ok(())
}

/// Deletes the lists that name a child, and has those of today and of days to come made anew.
///
/// # Errors
/// The database's.
pub async fn forget(territory: &Territory<'_>, organisation: OrganisationId, child: Uuid, now: Instant) -> Result<()> {
    let tenant = territory.tenant(organisation);
    let on = tenant.on();
    let naming = tenant.find::<day_list_child::Entity>().filter(day_list_child::Column::ChildId.eq(child)).all(&on).await?;
    let ids: Vec<Uuid> = naming.into_iter().map(|row| row.list_id).collect();
    let mut again = Vec::new();
    for ids in ids.chunks(IDS_A_QUERY_MAX) {
        let lists = tenant.find::<day_list::Entity>().filter(day_list::Column::Id.is_in(ids.iter().copied()));
        let places = lists.select_only().column(day_list::Column::CentreId).column(day_list::Column::Day);
        again.extend(places.into_tuple::<(Uuid, NaiveDate)>().all(&on).await?);
        delete(&tenant, ids).await?;
    }
    again.retain(|(_, day)| *day >= business_day(now));
    again.sort_unstable();
    again.dedup();
    let job = |(centre, day)| night::job(territory.id(), organisation, CentreId(centre), day, new_id(now)?, now);
    insert_all(&on, again.into_iter().map(job).collect::<Result<Vec<_>>>()?).await
}

/// Deletes what is older than [`KEPT_DAYS`]; gives the number of lists.
///
/// # Errors
/// The database's.
pub async fn purge(app: &App) -> Result<usize> {
    let oldest = app.clock.today() - Days::new(KEPT_DAYS);
    let reading = Territory::new(app.territoire(), app.db.read());
    let mut purged = 0;
    for organisation in reading.organisations().await? {
        let id = OrganisationId(organisation.id);
        let over = reading.tenant(id);
        let over = over.find::<day_list::Entity>().filter(day_list::Column::Day.lt(oldest)).select_only().column(day_list::Column::Id);
        let over: Vec<Uuid> = over.into_tuple().all(&reading.on()).await?;
        if over.is_empty() {
            continue;
        }
        let transaction = app.db.begin().await?;
        for ids in over.chunks(IDS_A_QUERY_MAX) {
            delete(&Territory::new(app.territoire(), &transaction).tenant(id), ids).await?;
        }
        transaction.commit().await?;
        purged += over.len();
    }
    Ok(purged)
}

async fn delete(tenant: &Tenant<'_>, lists: &[Uuid]) -> Result<()> {
    let on = tenant.on();
    let named = tenant.delete::<day_list_child::Entity>().filter(day_list_child::Column::ListId.is_in(lists.iter().copied()));
    named.exec(&on).await?;
    tenant.delete::<day_list::Entity>().filter(day_list::Column::Id.is_in(lists.iter().copied())).exec(&on).await?;
    Ok(())
}
