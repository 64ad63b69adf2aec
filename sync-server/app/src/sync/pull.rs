//! Telling changes: in order of their numbers, each item once, as it is now.
//!
//! A change row says what changed, not what it became: the content is read here, so that a tablet that comes back after
//! weeks gets the last word at once. A `put` that a later change repeats is passed over. A whole roster is told as a
//! [`snapshot`](super::snapshot) first; the entries follow here, and then what moved meanwhile.

use crate::Result;
use crate::attendance::journal::{IDS_A_QUERY_MAX, TABLET_DAYS, sealed};
use crate::store::Territory;
use crate::store::entity::{clock_observation, device, journal_entry, journal_payload, roster_item, site_change, site_counter};
use crate::sync::refusal::Refusal;
use crate::sync::session::Caller;
use crate::sync::snapshot;
use chrono::{Days, NaiveDate};
use sea_orm::{ColumnTrait, Condition, QueryFilter, QueryOrder, QuerySelect};
use shared::calendar::{Instant, business_day, day_bounds};
use shared::id::{EntryId, OrganisationId};
use shared::journal::{Kind, Sealed};
use shared::wire::limits::PULL_CHANGES_MAX;
use shared::wire::{Change, ChangeBody, Pull, PullAnswer, Snapshot, WireEntry};
use std::collections::{BTreeMap, HashMap, HashSet};
use uuid::Uuid;

/// Bytes of one answer: a page of 500 signed days must not be a page of megabytes.
pub const ANSWER_BYTES_MAX: usize = 1024 * 1024;

/// Days before those of the entries of which clock observations are told: a tablet that was away hands in what it sealed meanwhile.
const CLOCK_DAYS: u64 = 60;

/// Changes of the caller's site after its cursor. Pass a handle over one snapshot: the pages agree with each other.
///
/// # Errors
/// The database's; inside, a refusal for the tablet.
pub async fn pull(
    territory: &Territory<'_>,
    caller: &Caller,
    server_epoch: &str,
    now: Instant,
    pull: &Pull,
) -> Result<Result<PullAnswer, Refusal>> {
    if caller.revoked {
        return Ok(Err(Refusal::device_revoked()));
    }
    let of_site = territory.find::<site_counter::Entity>().filter(site_counter::Column::SiteId.eq(caller.site.0));
    let head = of_site.one(&territory.on()).await?.map_or(0, |c| c.last_number);
    let other_life = pull.server_epoch != server_epoch && !(pull.server_epoch.is_empty() && pull.cursor == 0);
    let Some(mut cursor) = i64::try_from(pull.cursor).ok().filter(|cursor| *cursor <= head && !other_life) else {
        return Ok(Err(Refusal::refresh_required()));
    };
    // Up to this number a snapshot has told every item: only entries and forgettings are left of it.
    let mut told = 0;
    if let Some(asked) = &pull.snapshot {
        told = asked.head.map_or(Some(head), |at| i64::try_from(at).ok()).unwrap_or(i64::MAX);
        if told > head {
            return Ok(Err(Refusal::refresh_required()));
        }
        if asked.head.is_none() || asked.after.is_some() {
            let after = asked.after.as_deref().filter(|_| asked.head.is_some());
            return snapshot::page(territory, caller, server_epoch, told, after).await;
        }
    }
    let of_no_item = site_change::Column::Kind.is_in(["entry", "forget"]);
    let untold = Condition::any().add(site_change::Column::Number.gt(told)).add(of_no_item);
    let mut changes: Vec<Change> = Vec::new();
    let mut bytes = 0;
    let limit = u64::try_from(PULL_CHANGES_MAX).unwrap_or(u64::MAX);
    // Passed-over changes make short pages: read on until one is full, or the end is reached.
    'pages: while cursor < head {
        let rows = territory
            .find::<site_change::Entity>()
            .filter(site_change::Column::SiteId.eq(caller.site.0))
            .filter(site_change::Column::Number.gt(cursor))
            .filter(site_change::Column::Number.lte(head))
            .filter(untold.clone())
            .order_by_asc(site_change::Column::Number)
            .limit(limit)
            .all(&territory.on())
            .await?;
        let is_last = rows.len() < PULL_CHANGES_MAX;
        let mut bodies = bodies(territory, caller, now, &rows).await?;
        for row in &rows {
            if let Some(body) = bodies.remove(&row.number) {
                let size = serde_json::to_vec(&body).map_or(0, |b| b.len());
                if changes.len() >= PULL_CHANGES_MAX || (bytes + size > ANSWER_BYTES_MAX && !changes.is_empty()) {
                    break 'pages;
                }
                bytes += size;
                changes.push(Change { number: u64::try_from(row.number).unwrap_or(0), body });
            }
            cursor = row.number;
        }
        if is_last {
            cursor = head;
        }
    }
    let number = |n: i64| u64::try_from(n).unwrap_or(0);
    let snapshot = pull.snapshot.is_some().then(|| Snapshot { head: Some(number(told)), after: None });
    Ok(Ok(PullAnswer { server_epoch: server_epoch.to_owned(), cursor: number(cursor), more: cursor < head, changes, snapshot }))
}

/// What each change is now, by number; those with nothing to tell are left out.
async fn bodies(territory: &Territory<'_>, caller: &Caller, now: Instant, rows: &[site_change::Model]) -> Result<HashMap<i64, ChangeBody>> {
    let mut bodies = HashMap::new();
    let keyed = |kind: &'static str| {
        rows.iter()
            .filter(move |r| r.kind == kind)
            .filter_map(|r| Some((r.number, String::from_utf8(r.content.clone()?).ok()?)))
            .collect::<Vec<(i64, String)>>()
    };
    let (put, remove) = (keyed("put"), keyed("remove"));
    let keys: HashSet<String> = put.iter().chain(&remove).map(|(_, key)| key.clone()).collect();
    let items = items(territory, caller, keys).await?;
    for (number, key) in put {
        let last_word = items.get(&key).filter(|item| item.number == number);
        bodies.extend(last_word.and_then(|item| Some((number, ChangeBody::Put(serde_json::from_slice(&item.content).ok()?)))));
    }
    bodies.extend(remove.into_iter().filter(|(_, key)| !items.contains_key(key)).map(|(number, key)| (number, ChangeBody::Remove(key))));
    let forget = rows.iter().filter(|r| r.kind == "forget");
    bodies.extend(forget.filter_map(|r| Some((r.number, ChangeBody::Forget(EntryId(r.subject_id?))))));
    bodies.extend(entries(territory, caller, now, rows).await?);
    Ok(bodies)
}

async fn items(territory: &Territory<'_>, caller: &Caller, keys: HashSet<String>) -> Result<HashMap<String, roster_item::Model>> {
    let mut found = HashMap::new();
    for keys in keys.into_iter().collect::<Vec<_>>().chunks(IDS_A_QUERY_MAX) {
        let rows = territory
            .find::<roster_item::Entity>()
            .filter(roster_item::Column::SiteId.eq(caller.site.0))
            .filter(roster_item::Column::ItemKey.is_in(keys.iter().map(String::as_str)));
        found.extend(rows.all(&territory.on()).await?.into_iter().map(|r| (r.item_key.clone(), r)));
    }
    Ok(found)
}

/// A tablet holds what it sealed in the epoch that it seals in. What it sealed before, it may have lost: that is why it left an epoch.
fn theirs_or_of_another_life(caller: &Caller) -> Condition {
    let epoch = i32::try_from(caller.epoch).unwrap_or(i32::MAX);
    Condition::any().add(journal_entry::Column::DeviceId.ne(caller.device.0)).add(journal_entry::Column::DeviceEpoch.ne(epoch))
}

/// Entries that a tablet doesn't hold, of the days that it shows.
async fn entries(territory: &Territory<'_>, caller: &Caller, now: Instant, rows: &[site_change::Model]) -> Result<Vec<(i64, ChangeBody)>> {
    let mut wanted: BTreeMap<Uuid, HashMap<Uuid, i64>> = BTreeMap::new();
    for row in rows.iter().filter(|r| r.kind == "entry") {
        if let (Some(organisation), Some(entry)) = (row.organisation_id, row.subject_id) {
            wanted.entry(organisation).or_default().insert(entry, row.number);
        }
    }
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    let devices = territory.find::<device::Entity>().filter(device::Column::SiteId.eq(caller.site.0)).all(&territory.on()).await?;
    let keys: HashMap<Uuid, Vec<u8>> = devices.into_iter().map(|d| (d.id, d.public_key)).collect();
    let oldest = business_day(now) - Days::new(TABLET_DAYS);
    let mut found = Vec::new();
    for (organisation, numbers) in wanted {
        let tenant = territory.tenant(OrganisationId(organisation));
        let ids: Vec<Uuid> = numbers.keys().copied().collect();
        for ids in ids.chunks(IDS_A_QUERY_MAX) {
            let old = tenant
                .find::<journal_payload::Entity>()
                .filter(journal_payload::Column::EntryId.is_in(ids.iter().copied()))
                .filter(journal_payload::Column::LastDay.lt(oldest));
            let old: HashSet<Uuid> = old.all(&tenant.on()).await?.into_iter().map(|p| p.entry_id).collect();
            let old = without_clocks_in_use(territory, caller, old, oldest).await?;
            let rows = tenant
                .find::<journal_entry::Entity>()
                .filter(journal_entry::Column::EntryId.is_in(ids.iter().copied()))
                .filter(journal_entry::Column::SiteId.eq(caller.site.0))
                .filter(theirs_or_of_another_life(caller));
            let mut rows = rows.all(&tenant.on()).await?;
            // What opens an epoch claims a day by its clock alone, which may be lost: the times of what was sealed behind it are read
            // with it, however old it says that it is.
            rows.retain(|r| !old.contains(&r.entry_id) || r.kind == Kind::EpochOpened.as_str());
            let places: Vec<(Uuid, Uuid)> = rows.iter().map(|r| (r.entry_id, r.device_id)).collect();
            let sealed: Vec<Sealed> = sealed(&tenant, rows).await?;
            for ((entry, device), sealed) in places.into_iter().zip(&sealed) {
                if let (Some(number), Some(key)) = (numbers.get(&entry), keys.get(&device)) {
                    found.push((*number, ChangeBody::Entry { entry: WireEntry::from(sealed), key: key.into() }));
                }
            }
        }
    }
    Ok(found)
}

/// Of old entries, those that a tablet can do without. An observation of a clock judges every touch of its boot: as long as a
/// machine runs without starting anew, what was seen weeks ago says what time it was today. And what it sealed in an earlier boot may
/// still be on its way.
async fn without_clocks_in_use(
    territory: &Territory<'_>,
    caller: &Caller,
    mut old: HashSet<Uuid>,
    oldest: NaiveDate,
) -> Result<HashSet<Uuid>> {
    let on = territory.on();
    let of_old = clock_observation::Column::EntryId.is_in(old.iter().copied());
    let seen = territory.find::<clock_observation::Entity>().filter(of_old).all(&on).await?;
    if seen.is_empty() {
        return Ok(old);
    }
    let recent_ms = day_bounds(oldest - Days::new(CLOCK_DAYS)).0.timestamp_millis();
    let mut in_use: HashSet<Uuid> = seen.iter().filter(|s| s.at_ms >= recent_ms).map(|s| s.boot_id).collect();
    for device in seen.iter().map(|s| s.device_id).collect::<HashSet<_>>() {
        let of_device = territory.find::<clock_observation::Entity>().filter(clock_observation::Column::DeviceId.eq(device));
        let last = of_device.order_by_desc(clock_observation::Column::AtMs).one(&on).await?;
        in_use.extend(last.map(|last| last.boot_id));
    }
    let boots: HashSet<Uuid> = seen.iter().map(|s| s.boot_id).filter(|boot| !in_use.contains(boot)).collect();
    for &organisation in &caller.organisations {
        let touches = territory.tenant(organisation).find::<journal_payload::Entity>();
        let touches = touches.filter(journal_payload::Column::BootId.is_in(boots.iter().copied()));
        let touches = touches.filter(journal_payload::Column::LastDay.gte(oldest)).select_only().column(journal_payload::Column::BootId);
        in_use.extend(touches.distinct().into_tuple::<Uuid>().all(&on).await?);
    }
    for observation in seen.iter().filter(|s| in_use.contains(&s.boot_id)) {
        old.remove(&observation.entry_id);
    }
    Ok(old)
}
