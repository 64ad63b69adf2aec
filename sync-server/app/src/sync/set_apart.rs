//! What is held beside the journal: entries that wait for a hole to be filled, and those that wait for a person.
//!
//! Both are bounded by device, so that one tablet, whatever happened to it, fills no disk.

use crate::Result;
use crate::attendance::journal::{IDS_A_QUERY_MAX, Verified};
use crate::store::entity::{alert, held_entry, quarantine, site_change};
use crate::store::{self, Territory, insert_all};
use crate::sync::judge::{Read, read};
use crate::sync::session::Caller;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, Condition, PaginatorTrait, QueryFilter, QuerySelect};
use shared::calendar::Instant;
use shared::id::{DeviceId, EntryId, SiteId};
use shared::journal::{DISCARDED, Envelope, Hash, Place, hash_of};
use shared::wire::limits::HOLE_WAIT_S;
use shared::wire::{WireEntry, WirePrivate};
use std::collections::{BTreeSet, HashSet};
use uuid::Uuid;

/// How long a hole is waited for where another tablet carried the entry: its author may come back next week. What a tablet hands in
/// from an earlier life of its own folder is waited for as in a session of its own: the folder hands in all that it has, and what a copy
/// of it brings later is taken in all the same.
pub const RELAYED_WAIT_S: u32 = 7 * 24 * 3_600;
/// Entries of one device set aside at most: past it, holes are passed at once rather than the disk filled.
pub const HELD_MAX: u64 = 10_000;
/// Entries of one device that wait for a person at most, and of a site's unknown authors together: twice a summer of a large
/// centre. Past it the verdict is the same and nothing more is stored: a tablet keeps what wasn't accepted.
pub const QUARANTINED_MAX: u64 = 5_000;
/// The code of entries whose author isn't of the site: the device that they name is anybody's invention.
pub const AUTHOR_UNKNOWN: &str = "auteur_inconnu";
/// What a person is called for when [`QUARANTINED_MAX`] is reached.
pub const QUARANTINE_FULL: &str = "quarantaine_pleine";

/// The decision on an entry that came into the journal by itself since.
pub const LET_IN: &str = "admis";
/// Who decided so.
const BY_ITSELF: &str = "preau";

/// An entry under judgement: a new one with its position in the push, or one set aside before.
pub(super) struct Candidate {
    pub read: Read,
    pub position: Option<usize>,
    pub held: Option<held_entry::Model>,
    pub waited: bool,
    /// Another entry of this name was set aside before.
    pub clash: bool,
    /// About a child that was forgotten.
    pub erased: bool,
}

impl Candidate {
    pub fn new(read: Read, position: usize) -> Self {
        Self { read, position: Some(position), held: None, waited: false, clash: false, erased: false }
    }
}

/// Whether the wait for the hole before an entry has ended.
pub(super) fn has_ended(row: &held_entry::Model, now: Instant) -> bool {
    let wait_s = if row.relayed { RELAYED_WAIT_S } else { HOLE_WAIT_S };
    now.timestamp_millis() - row.held_since_ms >= i64::from(wait_s) * 1000
}

/// Adds the entries of devices that were set aside: candidates may let them in, or their wait has ended.
pub(super) async fn add_held(
    territory: &Territory<'_>,
    devices: BTreeSet<Uuid>,
    candidates: &mut Vec<Candidate>,
    now: Instant,
) -> Result<()> {
    for device in devices {
        let rows = territory.find::<held_entry::Entity>().filter(held_entry::Column::DeviceId.eq(device)).limit(HELD_MAX);
        let rows = rows.all(&territory.on()).await?;
        let full = u64::try_from(rows.len()).unwrap_or(u64::MAX) >= HELD_MAX;
        for row in rows {
            let waited = full || has_ended(&row, now);
            let wire = WireEntry {
                envelope: (&row.envelope).into(),
                signature: (&row.signature).into(),
                private: serde_json::from_slice::<Option<WirePrivate>>(&row.sealed).ok().flatten(),
            };
            let before = read(wire).ok();
            let mut named = candidates.iter_mut().filter(|c| c.position.is_some() && c.read.envelope.entry_id.0 == row.entry_id);
            if let Some(again) = named.find(|c| c.read.sealed.envelope == row.envelope) {
                // Offered again while it is set aside: one entry, with the wait of the first time, and the content of either.
                if again.read.sealed.private.is_none() {
                    again.read.sealed.private = before.and_then(|b| b.sealed.private);
                }
                (again.held, again.waited) = (Some(row), waited);
                continue;
            }
            candidates
                .iter_mut()
                .filter(|c| c.position.is_some() && c.read.envelope.entry_id.0 == row.entry_id)
                .for_each(|c| c.clash = true);
            let candidate = |read| Candidate { read, position: None, held: Some(row), waited, clash: false, erased: false };
            candidates.extend(before.map(candidate));
        }
    }
    Ok(())
}

/// An entry to set aside.
pub(super) fn held_row(territory: &Territory<'_>, relayed: bool, read: &Read, now: Instant) -> Result<held_entry::Model> {
    let place = read.envelope.place;
    Ok(held_entry::Model {
        territoire_id: territory.id().0,
        device_id: place.device.0,
        device_epoch: i32::try_from(place.epoch).unwrap_or(i32::MAX),
        seq: place.seq.cast_signed(),
        entry_id: read.envelope.entry_id.0,
        envelope: read.sealed.envelope.clone(),
        signature: read.sealed.signature.to_vec(),
        sealed: private_bytes(read)?,
        held_since_ms: now.timestamp_millis(),
        relayed,
    })
}

/// An entry for a person to decide on.
pub(super) fn quarantine_row(
    territory: &Territory<'_>,
    caller: Option<&Caller>,
    read: &Read,
    code: &'static str,
    now: Instant,
) -> Result<quarantine::Model> {
    let organisation = read.envelope.organisation;
    let theirs = caller.is_none_or(|c| c.organisations.contains(&organisation));
    Ok(quarantine::Model {
        territoire_id: territory.id().0,
        id: store::new_id(now)?,
        site_id: Some(caller.map_or(read.envelope.site, |c| c.site).0),
        device_id: Some(read.envelope.place.device.0),
        entry_id: Some(read.envelope.entry_id.0),
        envelope: read.sealed.envelope.clone(),
        signature: read.sealed.signature.to_vec(),
        sealed: private_bytes(read)?,
        code: code.to_owned(),
        received_at_ms: now.timestamp_millis(),
        decision: None,
        decided_by: None,
        decided_at_ms: None,
        organisation_id: theirs.then_some(organisation.0),
        decision_entry_id: None,
    })
}

/// Salt, payload and notes as they came.
fn private_bytes(read: &Read) -> Result<Vec<u8>> {
    let private = WireEntry::from(&read.sealed).private;
    serde_json::to_vec(&private).map_err(|error| crate::Error::Unavailable(format!("L'entrée ne s'écrit pas : {error}")))
}

/// Stores an entry for a person to decide on; gives what the person is to be called for. The same bytes again, whatever they
/// are objected to for now, are one row and one call.
pub(super) async fn keep(territory: &Territory<'_>, row: quarantine::Model) -> Result<Option<&'static str>> {
    let on = territory.on();
    let same =
        Condition::all().add(quarantine::Column::EntryId.eq(row.entry_id)).add(quarantine::Column::Envelope.eq(row.envelope.clone()));
    if territory.find::<quarantine::Entity>().filter(same).count(&on).await? > 0 {
        return Ok(None);
    }
    let undecided = territory.find::<quarantine::Entity>().filter(quarantine::Column::Decision.is_null());
    let of_same = match row.code.as_str() {
        AUTHOR_UNKNOWN => Condition::all().add(quarantine::Column::SiteId.eq(row.site_id)).add(quarantine::Column::Code.eq(AUTHOR_UNKNOWN)),
        _ => Condition::all().add(quarantine::Column::DeviceId.eq(row.device_id)).add(quarantine::Column::Code.ne(AUTHOR_UNKNOWN)),
    };
    if undecided.filter(of_same).count(&on).await? < QUARANTINED_MAX {
        insert_all(&on, vec![row]).await?;
        return Ok(Some("quarantaine"));
    }
    let unseen = Condition::all().add(alert::Column::Kind.eq(QUARANTINE_FULL)).add(alert::Column::SeenAtMs.is_null());
    let unseen = unseen.add(alert::Column::SiteId.eq(row.site_id.unwrap_or_default()));
    let called = territory.find::<alert::Entity>().filter(unseen).count(&on).await? > 0;
    Ok((!called).then_some(QUARANTINE_FULL))
}

/// Entries that stand in the journal now wait for nobody any more: an epoch that was lost with a restore was given again, an author
/// was enrolled.
pub(super) async fn let_in(territory: &Territory<'_>, entries: &[Verified], now: Instant) -> Result<()> {
    for entries in entries.chunks(IDS_A_QUERY_MAX) {
        let apart = territory.find::<quarantine::Entity>().filter(quarantine::Column::Decision.is_null());
        let apart = apart.filter(quarantine::Column::EntryId.is_in(entries.iter().map(|e| e.envelope.entry_id.0)));
        let mut apart = apart.all(&territory.on()).await?;
        apart.retain(|row| entries.iter().any(|e| e.sealed.envelope == row.envelope));
        if apart.is_empty() {
            continue;
        }
        territory
            .update::<quarantine::Entity>()
            .col_expr(quarantine::Column::Decision, Expr::value(LET_IN))
            .col_expr(quarantine::Column::DecidedBy, Expr::value(BY_ITSELF))
            .col_expr(quarantine::Column::DecidedAtMs, Expr::value(now.timestamp_millis()))
            .filter(quarantine::Column::Id.is_in(apart.iter().map(|row| row.id)))
            .exec(&territory.on())
            .await?;
    }
    Ok(())
}

/// Of entries, the bytes of which a person said that they take no effect.
pub(super) async fn discarded(territory: &Territory<'_>, entries: &[Uuid]) -> Result<HashSet<Hash>> {
    let mut found = HashSet::new();
    for ids in entries.chunks(IDS_A_QUERY_MAX) {
        let apart = territory.find::<quarantine::Entity>().filter(quarantine::Column::Decision.eq(DISCARDED));
        let apart = apart.filter(quarantine::Column::EntryId.is_in(ids.iter().copied())).select_only().column(quarantine::Column::Envelope);
        let envelopes: Vec<Vec<u8>> = apart.into_tuple().all(&territory.on()).await?;
        found.extend(envelopes.iter().map(|bytes| hash_of(bytes)));
    }
    Ok(found)
}

/// Places whose bytes are in quarantine: durably held, though not in the journal.
pub(super) async fn quarantined_places(territory: &Territory<'_>, device: DeviceId) -> Result<Vec<(Place, Hash)>> {
    let of_device = Condition::all().add(quarantine::Column::DeviceId.eq(device.0)).add(quarantine::Column::Code.ne(AUTHOR_UNKNOWN));
    let envelopes = territory.find::<quarantine::Entity>().filter(of_device).select_only().column(quarantine::Column::Envelope);
    let envelopes: Vec<Vec<u8>> = envelopes.into_tuple().all(&territory.on()).await?;
    Ok(envelopes.iter().filter_map(|bytes| Some((Envelope::decode(bytes).ok()?.place, hash_of(bytes)))).collect())
}

/// Of entries, those whose content was erased at a site: tablets were told so, and it stands among what they are told.
pub(super) async fn erased<'e>(
    territory: &Territory<'_>,
    site: Option<SiteId>,
    entries: impl Iterator<Item = &'e EntryId>,
) -> Result<HashSet<EntryId>> {
    let (Some(site), ids) = (site, entries.map(|e| e.0).collect::<Vec<Uuid>>()) else { return Ok(HashSet::new()) };
    let mut found = HashSet::new();
    for ids in ids.chunks(IDS_A_QUERY_MAX) {
        let forgotten = territory
            .find::<site_change::Entity>()
            .filter(site_change::Column::SiteId.eq(site.0))
            .filter(site_change::Column::Kind.eq("forget"))
            .filter(site_change::Column::SubjectId.is_in(ids.iter().copied()));
        found.extend(forgotten.all(&territory.on()).await?.into_iter().filter_map(|c| c.subject_id.map(EntryId)));
    }
    Ok(found)
}
