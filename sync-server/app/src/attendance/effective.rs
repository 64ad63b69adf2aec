//! Effective times as an index: what the fold would say, kept beside each payload so that a day is found by the day it
//! really was.
//!
//! A new touch moves those after it in its device's epoch (time never goes back); a new observation moves every touch
//! of its boot. Only that stretch is read again: it begins after the last touch whose boot was observed before. Where the chain
//! forks, each branch has its own time: such a life, which is rare, is read whole.

use crate::Result;
use crate::attendance::journal::{IDS_A_QUERY_MAX, Verified, days_of};
use crate::attendance::server_device::ServerDevice;
use crate::store::entity::{centre, clock_observation, device_epoch, journal_entry, journal_payload, site};
use crate::store::{Tenant, Territory};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, Condition, QueryFilter, QueryOrder, QuerySelect};
use shared::calendar::instant_from_ms;
use shared::fold::{Fact, effective_times};
use shared::id::{BootId, DeviceId, EntryId, OrganisationId, SiteId};
use shared::journal::{Detail, Envelope, Kind, Payload, Place};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use uuid::Uuid;

/// Rows read at once while walking back to the last observed touch.
const WALK_ROWS: u64 = 200;
/// And at first: nearly always it is the last one.
const WALK_ROWS_FIRST: u64 = 4;

/// One device's life between two epochs.
pub(super) type Life = (DeviceId, u32);

/// A stored entry, with its payload unless that was erased.
struct Row {
    entry: journal_entry::Model,
    payload: Option<journal_payload::Model>,
}

/// Effective times of entries that are about to be stored, in their order: `None` where an entry keeps the time that it claims. Stored
/// touches that move with them are brought up to date.
pub(super) async fn settle(
    territory: &Territory<'_>,
    site: SiteId,
    entries: &[Verified],
    payloads: &[Option<Payload>],
    seen: &[clock_observation::Model],
) -> Result<Vec<Option<i64>>> {
    let organisations = organisations_at(territory, site).await?;
    let mut starts: BTreeMap<Life, u64> = BTreeMap::new();
    let mut boots: BTreeSet<Uuid> = BTreeSet::new();
    let forked: BTreeSet<Life> = entries.iter().filter(|e| e.fork).map(life_of).collect();
    for life in forked {
        let row = territory.update::<device_epoch::Entity>().col_expr(device_epoch::Column::Forked, Expr::value(true));
        row.filter(is_life(life)).exec(&territory.on()).await?;
    }
    for (entry, payload) in entries.iter().zip(payloads) {
        let Some(payload) = payload else { continue };
        if let Detail::Clock { boot, .. } = payload.detail {
            boots.insert(boot.0);
        } else if !payload.boot.is_nil() {
            let place = entry.envelope.place;
            let start = starts.entry(life_of(entry)).or_insert(place.seq);
            *start = place.seq.min(*start);
        }
    }
    for &organisation in &organisations {
        starts_of_boots(&territory.tenant(organisation), &boots, &mut starts).await?;
    }
    let mut times = HashMap::new();
    for (life, start) in starts {
        let of_life = entries.iter().zip(payloads).filter(|(entry, _)| life_of(entry) == life);
        let coming = Coming { facts: of_life.map(|(entry, payload)| fact_of_coming(entry, payload.as_ref())).collect(), seen };
        times.extend(settle_life(territory, &organisations, life, start, coming).await?);
    }
    Ok(entries.iter().map(|entry| times.get(&entry.envelope.entry_id).copied()).collect())
}

/// Brings the times of stored touches up to date after entries of a site were erased: what an erased touch said of its machine's clock,
/// those after it no longer know.
pub(super) async fn settle_without(territory: &Territory<'_>, site: SiteId, erased: &[(Life, u64)]) -> Result<()> {
    let mut starts: BTreeMap<Life, u64> = BTreeMap::new();
    for &(life, seq) in erased {
        let start = starts.entry(life).or_insert(seq);
        *start = seq.min(*start);
    }
    let organisations = organisations_at(territory, site).await?;
    for (life, start) in starts {
        settle_life(territory, &organisations, life, start, Coming { facts: Vec::new(), seen: &[] }).await?;
    }
    Ok(())
}

/// What is about to be stored of one life, and the observations that come with it.
struct Coming<'a> {
    facts: Vec<Fact>,
    seen: &'a [clock_observation::Model],
}

fn life_of(entry: &Verified) -> Life {
    (entry.envelope.place.device, entry.envelope.place.epoch)
}

fn fact_of_coming(entry: &Verified, payload: Option<&Payload>) -> Fact {
    let opaque = payload.is_none() && entry.sealed.private.is_some();
    Fact { envelope: entry.envelope.clone(), payload: payload.cloned(), opaque }
}

/// The tenants of a site: of its lieux, and who answers for the building.
///
/// # Errors
/// The database's.
pub async fn organisations_at(territory: &Territory<'_>, id: SiteId) -> Result<Vec<OrganisationId>> {
    let on = territory.on();
    let own = territory.find::<site::Entity>().filter(site::Column::Id.eq(id.0)).select_only().column(site::Column::OrganisationId);
    let mut found: BTreeSet<Uuid> = own.into_tuple().all(&on).await?.into_iter().collect();
    let lieux = territory.across::<centre::Entity>(centre::Column::TerritoireId).filter(centre::Column::SiteId.eq(id.0));
    let theirs: Vec<Uuid> = lieux.select_only().column(centre::Column::OrganisationId).distinct().into_tuple().all(&on).await?;
    found.extend(theirs);
    Ok(found.into_iter().map(OrganisationId).collect())
}

async fn starts_of_boots(tenant: &Tenant<'_>, boots: &BTreeSet<Uuid>, starts: &mut BTreeMap<Life, u64>) -> Result<()> {
    for &boot in boots {
        let of_boot = tenant.find::<journal_payload::Entity>().filter(journal_payload::Column::BootId.eq(boot));
        let ids: Vec<Uuid> = of_boot.all(&tenant.on()).await?.into_iter().map(|p| p.entry_id).collect();
        for ids in ids.chunks(IDS_A_QUERY_MAX) {
            let rows = tenant.find::<journal_entry::Entity>().filter(journal_entry::Column::EntryId.is_in(ids.iter().copied()));
            for row in rows.all(&tenant.on()).await? {
                let (life, seq) = place_of(&row);
                let start = starts.entry(life).or_insert(seq);
                *start = seq.min(*start);
            }
        }
    }
    Ok(())
}

/// Where an entry stands.
pub(super) fn place_of(row: &journal_entry::Model) -> (Life, u64) {
    ((DeviceId(row.device_id), u32::try_from(row.device_epoch).unwrap_or(0)), u64::try_from(row.seq).unwrap_or(0))
}

async fn settle_life(
    territory: &Territory<'_>,
    organisations: &[OrganisationId],
    life: Life,
    start: u64,
    coming: Coming<'_>,
) -> Result<HashMap<EntryId, i64>> {
    let start = if is_forked(territory, life).await? { 0 } else { start };
    let ids: HashSet<Uuid> = coming.facts.iter().map(|f| f.envelope.entry_id.0).collect();
    let mut rows = rows_of(territory, organisations, life, journal_entry::Column::Seq.gte(start.cast_signed()).into(), None).await?;
    // Those that stand in the journal without the content which comes now.
    rows.retain(|row| !ids.contains(&row.entry.entry_id));
    let boots = |rows: &[Row]| rows.iter().filter_map(|r| r.payload.as_ref()?.boot_id).collect::<HashSet<Uuid>>();
    let named = coming.facts.iter().filter_map(|f| Some(f.payload.as_ref()?.boot.0));
    let mut observed = observed_boots(territory, boots(&rows).into_iter().chain(named).collect(), coming.seen).await?;
    let mut floor = i64::MIN;
    let (mut below, mut walk) = (start, WALK_ROWS_FIRST);
    // Back to the last touch whose time is known: those between may move with what came in.
    'back: loop {
        let filter = journal_entry::Column::Seq.lt(below.cast_signed()).into();
        let earlier = rows_of(territory, organisations, life, filter, Some(walk)).await?;
        if earlier.is_empty() {
            break;
        }
        walk = WALK_ROWS;
        observed.extend(observed_boots(territory, boots(&earlier), coming.seen).await?);
        for row in earlier {
            below = place_of(&row.entry).1;
            let payload = row.payload.as_ref().filter(|p| p.boot_id.is_some_and(|boot| observed.contains_key(&boot)));
            if let Some(payload) = payload.filter(|_| is_touch(&row)) {
                floor = payload.effective_at_ms.unwrap_or(i64::MIN);
                break 'back;
            }
            if !ids.contains(&row.entry.entry_id) {
                rows.push(row);
            }
        }
    }
    let mut facts = facts_of(&rows);
    facts.extend(coming.facts);
    facts.extend(observed.values().flatten().map(observation));
    let mut times = effective_times(&facts);
    times.values_mut().for_each(|at_ms| *at_ms = floor.max(*at_ms));
    for row in rows {
        let (Some(stored), Some(fact)) = (&row.payload, fact_of(&row)) else { continue };
        let (Some(payload), Some(&at_ms)) = (fact.payload, times.get(&fact.envelope.entry_id)) else { continue };
        if stored.effective_at_ms != Some(at_ms) {
            write(&territory.tenant(OrganisationId(row.entry.organisation_id)), row.entry.entry_id, &payload, at_ms).await?;
        }
    }
    Ok(times)
}

/// Whether the stored time of a row is that of its sealing. What a correction or a paper tells is no floor for what follows.
fn is_touch(row: &Row) -> bool {
    fact_of(row).is_some_and(|fact| !effective_times(&[fact]).is_empty())
}

async fn write(tenant: &Tenant<'_>, entry: Uuid, payload: &Payload, at_ms: i64) -> Result<()> {
    let (first, last) = days_of(payload, at_ms);
    tenant
        .update::<journal_payload::Entity>()
        .col_expr(journal_payload::Column::EffectiveAtMs, Expr::value(at_ms))
        .col_expr(journal_payload::Column::Day, Expr::value(first))
        .col_expr(journal_payload::Column::LastDay, Expr::value(last))
        .filter(journal_payload::Column::EntryId.eq(entry))
        .exec(&tenant.on())
        .await?;
    Ok(())
}

fn is_life((device, epoch): Life) -> Condition {
    Condition::all()
        .add(device_epoch::Column::DeviceId.eq(device.0))
        .add(device_epoch::Column::Epoch.eq(i32::try_from(epoch).unwrap_or(i32::MAX)))
}

/// Whether two entries stand at one place of a life.
async fn is_forked(territory: &Territory<'_>, life: Life) -> Result<bool> {
    let row = territory.find::<device_epoch::Entity>().filter(is_life(life)).one(&territory.on()).await?;
    Ok(row.is_some_and(|row| row.forked))
}

/// Rows of a life, last first where they are limited. A device seals for every tenant of its site.
async fn rows_of(
    territory: &Territory<'_>,
    organisations: &[OrganisationId],
    (device, epoch): Life,
    seqs: Condition,
    limit: Option<u64>,
) -> Result<Vec<Row>> {
    let mut found = Vec::new();
    for &organisation in organisations {
        let tenant = territory.tenant(organisation);
        let rows = tenant
            .find::<journal_entry::Entity>()
            .filter(journal_entry::Column::DeviceId.eq(device.0))
            .filter(journal_entry::Column::DeviceEpoch.eq(i32::try_from(epoch).unwrap_or(i32::MAX)))
            .filter(seqs.clone())
            .order_by_desc(journal_entry::Column::Seq)
            .limit(limit);
        let entries = rows.all(&tenant.on()).await?;
        let mut payloads = HashMap::new();
        for ids in entries.chunks(IDS_A_QUERY_MAX) {
            let of = journal_payload::Column::EntryId.is_in(ids.iter().map(|e| e.entry_id));
            let rows = tenant.find::<journal_payload::Entity>().filter(of).all(&tenant.on()).await?;
            payloads.extend(rows.into_iter().map(|p| (p.entry_id, p)));
        }
        found.extend(entries.into_iter().map(|entry| Row { payload: payloads.remove(&entry.entry_id), entry }));
    }
    found.sort_by_key(|row| std::cmp::Reverse(row.entry.seq));
    if let Some(limit) = limit.and_then(|l| usize::try_from(l).ok()) {
        found.truncate(limit);
    }
    Ok(found)
}

/// Which of these boots were observed, with what was seen, stored or about to be.
async fn observed_boots(
    territory: &Territory<'_>,
    boots: HashSet<Uuid>,
    coming: &[clock_observation::Model],
) -> Result<HashMap<Uuid, Vec<clock_observation::Model>>> {
    let mut observed: HashMap<Uuid, Vec<clock_observation::Model>> = HashMap::new();
    for row in coming.iter().filter(|row| boots.contains(&row.boot_id)) {
        observed.entry(row.boot_id).or_default().push(row.clone());
    }
    for ids in boots.into_iter().filter(|b| !b.is_nil()).collect::<Vec<_>>().chunks(IDS_A_QUERY_MAX) {
        let of = clock_observation::Column::BootId.is_in(ids.iter().copied());
        for row in territory.find::<clock_observation::Entity>().filter(of).all(&territory.on()).await? {
            observed.entry(row.boot_id).or_default().push(row);
        }
    }
    Ok(observed)
}

/// A clock observation as the fold reads it, from its row: all of it that counts stands there.
pub(super) fn observation(row: &clock_observation::Model) -> Fact {
    let (device, boot) = (DeviceId(row.device_id), BootId(row.boot_id));
    let detail = Detail::Clock { device, boot, boottime_ms: u64::try_from(row.boottime_ms).unwrap_or(0), at_ms: row.at_ms };
    let payload = Payload { detail, ..ServerDevice::payload(instant_from_ms(row.at_ms)) };
    let envelope = Envelope {
        organisation: OrganisationId(row.organisation_id),
        site: SiteId::NIL,
        // Beside the observed device's own numbers, which begin at 1: an observation stands in nobody's way.
        place: Place { device: DeviceId::NIL, epoch: 0, seq: 0 },
        prev_hash: [0; 32],
        entry_id: EntryId(row.entry_id),
        kind: Kind::ClockObserved,
        kind_version: 1,
        payload_hash: [0; 32],
    };
    Fact { envelope, payload: Some(payload), opaque: false }
}

fn facts_of(rows: &[Row]) -> Vec<Fact> {
    rows.iter().filter_map(fact_of).collect()
}

/// Stored bytes were decoded when they came in; those that a newer version wrote are no touch.
fn fact_of(row: &Row) -> Option<Fact> {
    Fact::from_parts(&row.entry.envelope, row.payload.as_ref().map(|p| p.payload.as_slice())).ok()
}
