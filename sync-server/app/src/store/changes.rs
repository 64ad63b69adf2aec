//! What tablets pull: numbered changes of a site.
//!
//! A number is given under the lock of the site's counter row, in the transaction that makes the change, on both
//! engines: a reader that stands at n has seen everything up to n.

use crate::store::Territory;
use crate::store::bulk::insert_all;
use crate::store::entity::{site_change, site_counter};
use crate::{Error, Result};
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use sea_orm::{ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter};
use shared::calendar::Instant;
use shared::id::{OrganisationId, SiteId};
use uuid::Uuid;

/// What changed at a site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// What kind of thing.
    pub kind: &'static str,
    /// Whose, where it is an organisation's.
    pub organisation: Option<OrganisationId>,
    /// Which one.
    pub subject: Option<Uuid>,
}

/// Numbers changes of a site, in their order; gives the last number. Call it in the transaction that makes them.
///
/// # Errors
/// The database's.
pub async fn record_changes(territory: &Territory<'_>, site: SiteId, changes: Vec<Change>, now: Instant) -> Result<i64> {
    let rows = changes.into_iter().map(|change| site_change::Model {
        territoire_id: territory.id().0,
        site_id: site.0,
        number: 0,
        kind: change.kind.to_owned(),
        organisation_id: change.organisation.map(|o| o.0),
        subject_id: change.subject,
        content: None,
        at_ms: now.timestamp_millis(),
    });
    number_changes(territory, site, rows.collect()).await
}

/// Takes the lock of a site's counter until the transaction ends: whoever reads the site's state to change it, first.
///
/// # Errors
/// The database's.
pub async fn lock_site(territory: &Territory<'_>, site: SiteId) -> Result<()> {
    raise(territory, site, 0).await.map(|_| ())
}

/// Gives numbers to changes of one site, in their order, and stores them; gives the last number of the site.
///
/// # Errors
/// The database's.
pub async fn number_changes(territory: &Territory<'_>, site: SiteId, mut changes: Vec<site_change::Model>) -> Result<i64> {
    let count = i64::try_from(changes.len()).map_err(|_| Error::input("Trop de changements à la fois."))?;
    let last = raise(territory, site, count).await?;
    for (number, change) in (last - count + 1..).zip(&mut changes) {
        change.number = number;
    }
    insert_all(&territory.on(), changes).await?;
    Ok(last)
}

/// Raises a site's counter and gives its new value.
async fn raise(territory: &Territory<'_>, site: SiteId, count: i64) -> Result<i64> {
    if let Some(last) = raised(territory, site, count).await? {
        return Ok(last);
    }
    let on = territory.on();
    let first = site_counter::Model { territoire_id: territory.id().0, site_id: site.0, last_number: 0 };
    site_counter::Entity::insert(first.into_active_model())
        .on_conflict(OnConflict::columns([site_counter::Column::TerritoireId, site_counter::Column::SiteId]).do_nothing().to_owned())
        .exec_without_returning(&on)
        .await?;
    raised(territory, site, count).await?.ok_or_else(|| Error::NotFound("Site".into()))
}

/// The update takes the row's lock; what it returns is ours alone until the commit.
async fn raised(territory: &Territory<'_>, site: SiteId, count: i64) -> Result<Option<i64>> {
    let rows = territory
        .update::<site_counter::Entity>()
        .col_expr(site_counter::Column::LastNumber, Expr::col(site_counter::Column::LastNumber).add(count))
        .filter(site_counter::Column::SiteId.eq(site.0))
        .exec_with_returning(&territory.on())
        .await?;
    Ok(rows.first().map(|row| row.last_number))
}
