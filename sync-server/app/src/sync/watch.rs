//! Sites that should have been heard by now: agents are called once, and the call is over when a tablet speaks again.
//!
//! Whoever answers for the building sets the hour. A day counts where one of the lieux there is open: nobody is called on a Sunday, in
//! the holidays of a school, or while a lieu is closed.

use crate::Result;
use crate::app::App;
use crate::attendance::effective::organisations_at;
use crate::attendance::live;
use crate::store::Territory;
use crate::store::entity::{alert, device, site_watch};
use crate::sync::alerts::{self, Call, SITE_SILENT};
use chrono::Timelike;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, QueryFilter};
use shared::calendar::{Instant, business_day, day_bounds, local};
use shared::id::SiteId;
use uuid::Uuid;

/// Looks at every watched site: calls for those that are silent, ends the calls of those that were heard.
///
/// # Errors
/// The database's.
pub async fn watch(app: &App) -> Result<()> {
    let now = app.clock.now();
    let reading = Territory::new(app.territoire(), app.db.read());
    let watched = reading.find::<site_watch::Entity>().all(&reading.on()).await?;
    let calls = reading.find::<alert::Entity>().filter(alert::Column::Kind.eq(SITE_SILENT)).filter(alert::Column::ClearedAtMs.is_null());
    let calls = calls.all(&reading.on()).await?;
    let (start, _) = day_bounds(business_day(now));
    for call in &calls {
        if heard_since(&reading, call.site_id, call.at_ms).await? {
            clear(app, call.id, now).await?;
        }
    }
    let minute = i32::try_from(local(now).num_seconds_from_midnight() / 60).unwrap_or(0);
    for row in watched.into_iter().filter(|row| minute >= row.by_minute) {
        // Once a day, seen or not: a call that is still open says it already.
        let called =
            calls.iter().any(|call| call.site_id == row.site_id && (call.seen_at_ms.is_none() || call.at_ms >= start.timestamp_millis()));
        if !called && is_silent(&reading, row.site_id, start).await? && is_open(&reading, SiteId(row.site_id), now).await? {
            let transaction = app.db.begin().await?;
            let territory = Territory::new(app.territoire(), &transaction);
            alerts::call_once(&territory, Call::of(SiteId(row.site_id), None, SITE_SILENT), now).await?;
            transaction.commit().await?;
        }
    }
    Ok(())
}

/// Whether a site has tablets, none of which was heard today.
async fn is_silent(territory: &Territory<'_>, site: Uuid, start: Instant) -> Result<bool> {
    let tablets = tablets(territory, site).await?;
    Ok(!tablets.is_empty() && tablets.iter().all(|t| t.last_contact_ms.is_none_or(|at| at < start.timestamp_millis())))
}

async fn heard_since(territory: &Territory<'_>, site: Uuid, at_ms: i64) -> Result<bool> {
    Ok(tablets(territory, site).await?.iter().any(|t| t.last_contact_ms.is_some_and(|contact| contact > at_ms)))
}

async fn tablets(territory: &Territory<'_>, site: Uuid) -> Result<Vec<device::Model>> {
    let all = territory.find::<device::Entity>().filter(device::Column::SiteId.eq(site)).filter(device::Column::Kind.eq("tablet"));
    Ok(all.filter(device::Column::RevokedAtMs.is_null()).all(&territory.on()).await?)
}

/// Whether one of a site's lieux, whoever's it is, is open on the day.
async fn is_open(territory: &Territory<'_>, site: SiteId, now: Instant) -> Result<bool> {
    for organisation in organisations_at(territory, site).await? {
        if live::is_open_at(&territory.tenant(organisation), site, business_day(now)).await? {
            return Ok(true);
        }
    }
    Ok(false)
}

async fn clear(app: &App, call: Uuid, now: Instant) -> Result<()> {
    let transaction = app.db.begin().await?;
    let territory = Territory::new(app.territoire(), &transaction);
    territory
        .update::<alert::Entity>()
        .col_expr(alert::Column::ClearedAtMs, Expr::value(now.timestamp_millis()))
        .filter(alert::Column::Id.eq(call))
        .exec(&territory.on())
        .await?;
    transaction.commit().await?;
    Ok(())
}
