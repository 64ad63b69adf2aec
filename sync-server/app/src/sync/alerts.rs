//! What people are called for: a copy of a tablet, a broken chain, a site that says nothing.
//!
//! A call is a row until somebody has seen it, or until what it calls for is over by itself.

use crate::Result;
use crate::store::entity::{alert, site};
use crate::store::{self, Tenant, Territory, insert_all};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, Condition, PaginatorTrait, QueryFilter, QuerySelect, QueryTrait, Select};
use shared::calendar::Instant;
use shared::id::{AccountId, SiteId};
use uuid::Uuid;

/// Entries were set apart: a person decides ([`crate::sync::decisions`]).
pub const SET_APART: &str = "quarantaine";
/// A copy of a tablet spoke after the other one had left its epoch.
pub const EXISTS_TWICE: &str = "tablette_en_double";
/// A tablet set damaged files aside.
pub const JOURNAL_DAMAGED: &str = "journal_mis_de_cote";
/// None of a site's tablets was heard by the hour that was set.
pub const SITE_SILENT: &str = "site_silencieux";

/// A call to make.
#[derive(Debug, Clone, Copy)]
pub struct Call {
    /// Where.
    pub site: SiteId,
    /// About which tablet.
    pub device: Option<Uuid>,
    /// About which entry.
    pub entry: Option<Uuid>,
    /// A stable code.
    pub kind: &'static str,
}

impl Call {
    /// About a tablet, or a site.
    #[must_use]
    pub fn of(site: SiteId, device: Option<Uuid>, kind: &'static str) -> Self {
        Self { site, device, entry: None, kind }
    }
}

/// Calls, in the caller's transaction.
///
/// # Errors
/// The database's.
pub async fn call(territory: &Territory<'_>, call: Call, now: Instant) -> Result<()> {
    let row = alert::Model {
        territoire_id: territory.id().0,
        id: store::new_id(now)?,
        site_id: call.site.0,
        device_id: call.device,
        entry_id: call.entry,
        kind: call.kind.to_owned(),
        at_ms: now.timestamp_millis(),
        seen_at_ms: None,
        seen_by: None,
        cleared_at_ms: None,
    };
    insert_all(&territory.on(), vec![row]).await
}

/// Calls, unless the same call still waits for somebody: what repeats itself every minute fills no table.
///
/// # Errors
/// The database's.
pub async fn call_once(territory: &Territory<'_>, wanted: Call, now: Instant) -> Result<()> {
    let same = open(territory).filter(alert::Column::SiteId.eq(wanted.site.0)).filter(alert::Column::Kind.eq(wanted.kind));
    let same = match wanted.device {
        Some(device) => same.filter(alert::Column::DeviceId.eq(device)),
        None => same,
    };
    if same.count(&territory.on()).await? == 0 {
        call(territory, wanted, now).await?;
    }
    Ok(())
}

/// Calls that nobody has seen and that aren't over.
#[must_use]
pub fn open(territory: &Territory<'_>) -> Select<alert::Entity> {
    territory.find::<alert::Entity>().filter(alert::Column::SeenAtMs.is_null()).filter(alert::Column::ClearedAtMs.is_null())
}

/// Calls at the buildings that an organisation answers for.
#[must_use]
pub fn at_sites_of(tenant: &Tenant<'_>) -> Condition {
    let own_sites = tenant.sites().select_only().column(site::Column::Id).into_query();
    Condition::all().add(alert::Column::SiteId.in_subquery(own_sites))
}

/// What is open for an organisation's agents; entries set apart are counted by themselves.
///
/// # Errors
/// The database's.
pub async fn open_count(territory: &Territory<'_>, tenant: &Tenant<'_>) -> Result<u64> {
    let all = open(territory).filter(at_sites_of(tenant)).filter(alert::Column::Kind.ne(SET_APART));
    Ok(all.count(&territory.on()).await?)
}

/// Marks a call, and those like it that came before, as seen. Gives how many: none where somebody was quicker.
///
/// # Errors
/// The database's.
pub async fn see(territory: &Territory<'_>, row: &alert::Model, up_to_ms: i64, by: AccountId, now: Instant) -> Result<u64> {
    let alike = Condition::all().add(alert::Column::SiteId.eq(row.site_id)).add(alert::Column::Kind.eq(row.kind.as_str()));
    let alike = match row.device_id {
        Some(device) => alike.add(alert::Column::DeviceId.eq(device)),
        None => alike.add(alert::Column::DeviceId.is_null()),
    };
    let seen = territory
        .update::<alert::Entity>()
        .col_expr(alert::Column::SeenAtMs, Expr::value(now.timestamp_millis()))
        .col_expr(alert::Column::SeenBy, Expr::value(by.to_string()))
        .filter(alike)
        .filter(alert::Column::AtMs.lte(up_to_ms))
        .filter(alert::Column::SeenAtMs.is_null())
        .exec(&territory.on())
        .await?;
    Ok(seen.rows_affected)
}
