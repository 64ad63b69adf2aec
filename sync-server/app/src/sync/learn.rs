//! What the server holds of a site, read for the judging of entries: its devices, and what stands at the names and places of the
//! entries at hand.

use crate::Result;
use crate::attendance::journal::IDS_A_QUERY_MAX;
use crate::attendance::server_device::KIND as SERVER;
use crate::store::Territory;
use crate::store::entity::{device, journal_entry, journal_payload};
use crate::sync::judge::{Author, Known};
use crate::sync::set_apart::{self, Candidate};
use sea_orm::{ColumnTrait, Condition, QueryFilter, QuerySelect};
use shared::id::{DeviceId, EntryId, OrganisationId, SiteId};
use shared::journal::Place;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use uuid::Uuid;

/// The keys of a site's devices, as far as they are known before the site is locked.
///
/// # Errors
/// The database's.
pub async fn keys_at(territory: &Territory<'_>, site: SiteId) -> Result<HashMap<DeviceId, [u8; 32]>> {
    Ok(authors_at(territory, site).await?.into_iter().map(|(device, author)| (device, author.key)).collect())
}

/// The devices of a site.
pub(super) async fn authors_at(territory: &Territory<'_>, site: SiteId) -> Result<HashMap<DeviceId, Author>> {
    let devices = territory.find::<device::Entity>().filter(device::Column::SiteId.eq(site.0)).all(&territory.on()).await?;
    let author = |row: device::Model| {
        let key = row.public_key.try_into().ok()?;
        let epoch = u32::try_from(row.epoch).unwrap_or(0);
        Some((
            DeviceId(row.id),
            Author { key, epoch, revoked: row.revoked_at_ms.is_some(), server: row.kind == SERVER, succeeds: row.succeeds.map(DeviceId) },
        ))
    };
    Ok(devices.into_iter().filter_map(author).collect())
}

/// Reads what the server holds at the names and places of the candidates, and at the places before them.
pub(super) async fn learn(
    territory: &Territory<'_>,
    organisations: &[OrganisationId],
    candidates: &[Candidate],
    known: &mut Known,
) -> Result<()> {
    let ids: Vec<Uuid> = candidates.iter().map(|c| c.read.envelope.entry_id.0).collect();
    let mut lives: BTreeMap<(DeviceId, u32), BTreeSet<i64>> = BTreeMap::new();
    for candidate in candidates {
        let place = candidate.read.envelope.place;
        let seqs = lives.entry((place.device, place.epoch)).or_default();
        seqs.extend([place.seq.cast_signed(), place.seq.cast_signed() - 1]);
    }
    for &organisation in organisations {
        let tenant = territory.tenant(organisation);
        for ids in ids.chunks(IDS_A_QUERY_MAX) {
            use journal_entry::Column::{EntryId as Id, Fork, Hash};
            let rows = tenant.find::<journal_entry::Entity>().filter(Id.is_in(ids.iter().copied())).select_only().columns([Id, Hash, Fork]);
            let rows: Vec<(Uuid, Vec<u8>, bool)> = rows.into_tuple().all(&tenant.on()).await?;
            known.forked.extend(rows.iter().filter(|(.., fork)| *fork).map(|(id, ..)| EntryId(*id)));
            known.ids.extend(rows.into_iter().map(|(id, hash, _)| (EntryId(id), hash.try_into().unwrap_or_default())));
            let there: Vec<Uuid> = ids.iter().copied().filter(|id| known.ids.contains_key(&EntryId(*id))).collect();
            if there.is_empty() {
                continue;
            }
            let full = tenant.find::<journal_payload::Entity>().filter(journal_payload::Column::EntryId.is_in(there));
            let full: Vec<Uuid> = full.select_only().column(journal_payload::Column::EntryId).into_tuple().all(&tenant.on()).await?;
            known.full.extend(full.into_iter().map(EntryId));
        }
        for ((device, epoch), seqs) in &lives {
            for seqs in seqs.iter().copied().collect::<Vec<_>>().chunks(IDS_A_QUERY_MAX) {
                let rows = tenant.find::<journal_entry::Entity>().filter(at_places(*device, *epoch, seqs));
                let rows = rows.select_only().columns([journal_entry::Column::Seq, journal_entry::Column::Hash]);
                let rows: Vec<(i64, Vec<u8>)> = rows.into_tuple().all(&tenant.on()).await?;
                for (seq, hash) in rows {
                    let place = Place { device: *device, epoch: *epoch, seq: u64::try_from(seq).unwrap_or(0) };
                    known.places.entry(place).or_default().insert(hash.try_into().unwrap_or_default());
                }
            }
        }
    }
    known.erased = set_apart::erased(territory, known.site, known.ids.keys().filter(|id| !known.full.contains(id))).await?;
    known.discarded = set_apart::discarded(territory, &ids).await?;
    for device in lives.keys().map(|(device, _)| *device).collect::<BTreeSet<_>>() {
        for (place, hash) in set_apart::quarantined_places(territory, device).await? {
            known.places.entry(place).or_default().insert(hash);
        }
    }
    Ok(())
}

/// Entries of one life of a device.
pub(super) fn is_of_life(device: DeviceId, epoch: u32) -> Condition {
    Condition::all()
        .add(journal_entry::Column::DeviceId.eq(device.0))
        .add(journal_entry::Column::DeviceEpoch.eq(i32::try_from(epoch).unwrap_or(i32::MAX)))
}

/// Entries at some places of it.
pub(super) fn at_places(device: DeviceId, epoch: u32, seqs: &[i64]) -> Condition {
    is_of_life(device, epoch).add(journal_entry::Column::Seq.is_in(seqs.iter().copied()))
}
