//! Publishing: the difference between what a site's tablets were told and what they should know, as numbered changes.
//!
//! Barred adults first, then care cards, what a door needs to open, and the rest (shared::roster::Item::urgency).

use crate::app::App;
use crate::attendance::en_route;
use crate::store::entity::{roster_item, site, site_change, site_publication};
use crate::store::{Change, Territory, insert_all, lock_site, number_changes, record_changes, upsert};
use crate::sync::roster;
use crate::{Error, Result};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, QueryFilter};
use shared::calendar::{Instant, business_day};
use shared::id::SiteId;
use shared::roster::Item;
use std::collections::BTreeMap;

/// A mark that others leave in a site's changes: its roster moved.
pub const MOVED: &str = "roster";
/// The same mark, once published.
const PUBLISHED: &str = "roster_published";

/// Leaves the mark: a site's tablets are to be told of something, in the transaction that changes it.
///
/// # Errors
/// The database's.
pub async fn mark_moved(territory: &Territory<'_>, site: SiteId, now: Instant) -> Result<()> {
    let moved = Change { kind: MOVED, organisation: None, subject: None };
    record_changes(territory, site, vec![moved], now).await.map(|_| ())
}

/// Whether a site's tablets should be told something: the day changed, an import left its mark, or somebody is on the way there.
///
/// # Errors
/// The database's.
pub async fn is_due(territory: &Territory<'_>, site: SiteId, now: Instant) -> Result<bool> {
    let on = territory.on();
    let of_site = territory.find::<site_publication::Entity>().filter(site_publication::Column::SiteId.eq(site.0));
    if of_site.one(&on).await?.is_none_or(|p| p.day != business_day(now)) {
        return Ok(true);
    }
    let marks =
        territory.find::<site_change::Entity>().filter(site_change::Column::SiteId.eq(site.0)).filter(site_change::Column::Kind.eq(MOVED));
    Ok(marks.one(&on).await?.is_some() || en_route::is_due(territory, site).await?)
}

/// Publishes one site, in the caller's transaction; gives the number of changes.
///
/// # Errors
/// The database's.
pub async fn site(territory: &Territory<'_>, site: SiteId, now: Instant) -> Result<usize> {
    lock_site(territory, site).await?;
    let on = territory.on();
    en_route::telling(territory, site, business_day(now)).await?;
    let items = roster::items(territory, site, business_day(now)).await?;
    let before = territory.find::<roster_item::Entity>().filter(roster_item::Column::SiteId.eq(site.0)).all(&on).await?;
    let mut before: BTreeMap<String, roster_item::Model> = before.into_iter().map(|r| (r.item_key.clone(), r)).collect();
    // By urgency, then key; the key of an adult who is no longer listed is as urgent as a barred one.
    let mut changes: Vec<(u8, String, Option<Vec<u8>>)> = Vec::new();
    for (key, item) in items {
        let content = encode(&item)?;
        match before.remove(&key) {
            Some(old) if old.content == content => {}
            _ => changes.push((item.urgency(), key, Some(content))),
        }
    }
    changes.extend(before.into_keys().map(|key| (if key.starts_with("adult:") { 0 } else { 6 }, key, None)));
    changes.sort();
    let count = changes.len();
    write(territory, site, changes, now).await?;
    mark_published(territory, site, now).await?;
    Ok(count)
}

fn encode(item: &Item) -> Result<Vec<u8>> {
    serde_json::to_vec(item).map_err(|error| Error::Unavailable(format!("Une fiche ne s'écrit pas : {error}")))
}

async fn write(territory: &Territory<'_>, site: SiteId, changes: Vec<(u8, String, Option<Vec<u8>>)>, now: Instant) -> Result<()> {
    let on = territory.on();
    let row = |(_, key, content): &(u8, String, Option<Vec<u8>>)| site_change::Model {
        territoire_id: territory.id().0,
        site_id: site.0,
        number: 0,
        kind: if content.is_some() { "put" } else { "remove" }.into(),
        organisation_id: None,
        subject_id: None,
        content: Some(key.clone().into_bytes()),
        at_ms: now.timestamp_millis(),
    };
    let count = i64::try_from(changes.len()).map_err(|_| Error::input("Trop de changements à la fois."))?;
    let last = number_changes(territory, site, changes.iter().map(row).collect()).await?;
    let keys: Vec<String> = changes.iter().map(|(_, key, _)| key.clone()).collect();
    for keys in keys.chunks(crate::attendance::journal::IDS_A_QUERY_MAX) {
        territory
            .delete::<roster_item::Entity>()
            .filter(roster_item::Column::SiteId.eq(site.0))
            .filter(roster_item::Column::ItemKey.is_in(keys.iter().map(String::as_str)))
            .exec(&on)
            .await?;
    }
    let items = (last - count + 1..).zip(changes).filter_map(|(number, (_, item_key, content))| {
        Some(roster_item::Model { territoire_id: territory.id().0, site_id: site.0, item_key, content: content?, number })
    });
    insert_all(&on, items.collect()).await
}

async fn mark_published(territory: &Territory<'_>, site: SiteId, now: Instant) -> Result<()> {
    let on = territory.on();
    territory
        .update::<site_change::Entity>()
        .col_expr(site_change::Column::Kind, Expr::value(PUBLISHED))
        .filter(site_change::Column::SiteId.eq(site.0))
        .filter(site_change::Column::Kind.eq(MOVED))
        .exec(&on)
        .await?;
    let row = site_publication::Model { territoire_id: territory.id().0, site_id: site.0, day: business_day(now) };
    let key = [site_publication::Column::TerritoireId, site_publication::Column::SiteId];
    upsert(&on, row, key, [site_publication::Column::Day]).await
}

/// Publishes every site that is due, each in a transaction of its own; gives the number of changes.
///
/// # Errors
/// The database's.
pub async fn due_sites(app: &App) -> Result<usize> {
    let reading = Territory::new(app.territoire(), app.db.read());
    let mut count = 0;
    for row in reading.find::<site::Entity>().all(&reading.on()).await? {
        count += due_site(app, SiteId(row.id)).await?;
    }
    Ok(count)
}

/// Publishes one site if it is due.
///
/// # Errors
/// The database's.
pub async fn due_site(app: &App, id: SiteId) -> Result<usize> {
    let now = app.clock.now();
    if !is_due(&Territory::new(app.territoire(), app.db.read()), id, now).await? {
        return Ok(0);
    }
    let transaction = app.db.begin().await?;
    let count = site(&Territory::new(app.territoire(), &transaction), id, now).await?;
    transaction.commit().await?;
    Ok(count)
}
