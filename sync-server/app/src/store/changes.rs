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
    let on = territory.on();
    let count = i64::try_from(changes.len()).map_err(|_| Error::input("Trop de changements à la fois."))?;
    let first = site_counter::Model { territoire_id: territory.id().0, site_id: site.0, last_number: 0 };
    site_counter::Entity::insert(first.into_active_model())
        .on_conflict(OnConflict::columns([site_counter::Column::TerritoireId, site_counter::Column::SiteId]).do_nothing().to_owned())
        .exec_without_returning(&on)
        .await?;
    // The update takes the row's lock; the read after it is ours alone until the commit.
    territory
        .update::<site_counter::Entity>()
        .col_expr(site_counter::Column::LastNumber, Expr::col(site_counter::Column::LastNumber).add(count))
        .filter(site_counter::Column::SiteId.eq(site.0))
        .exec(&on)
        .await?;
    let counter = territory.find::<site_counter::Entity>().filter(site_counter::Column::SiteId.eq(site.0)).one(&on).await?;
    let last = counter.ok_or_else(|| Error::NotFound("Site".into()))?.last_number;
    let rows = (last - count + 1..).zip(changes).map(|(number, change)| site_change::Model {
        territoire_id: territory.id().0,
        site_id: site.0,
        number,
        kind: change.kind.to_owned(),
        organisation_id: change.organisation.map(|o| o.0),
        subject_id: change.subject,
        content: None,
        at_ms: now.timestamp_millis(),
    });
    insert_all(&on, rows.collect()).await?;
    Ok(last)
}
