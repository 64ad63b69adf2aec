//! Erasing what is about a child, for good.
//!
//! Payload, salt and notes go wherever the server holds them: the journal, what is set aside, what waits for a decision. The lists of
//! a day on paper that name the child are deleted. The
//! envelopes stay: chains verify without them. That the child was forgotten is kept, so that a tablet that was away, or
//! another that carries its entries, doesn't bring back what was erased.

use crate::Result;
use crate::attendance::day_list;
use crate::attendance::journal::IDS_A_QUERY_MAX;
use crate::attendance::{effective, en_route};
use crate::registry::family_note;
use crate::store::entity::{forgotten_child, held_entry, journal_entry, journal_note, journal_payload, quarantine, site_change};
use crate::store::{Territory, insert_all, lock_site, number_changes};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, QueryFilter};
use shared::calendar::Instant;
use shared::id::{EntryId, OrganisationId, SiteId};
use shared::journal::{Envelope, Payload, Private};
use shared::wire::{WireEntry, WirePrivate};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use uuid::Uuid;

/// An entry's erasable part, once erased, in the columns that hold it as it came.
pub const ERASED: &[u8] = b"null";

/// Deletes payload, salt and notes of every entry about a child, and tells the site's tablets to do the same. Gives the
/// number of entries of the journal that were erased.
///
/// # Errors
/// The database's.
pub async fn forget_child(territory: &Territory<'_>, organisation: OrganisationId, child: Uuid, now: Instant) -> Result<usize> {
    let tenant = territory.tenant(organisation);
    let on = tenant.on();
    lock_sites(territory, organisation).await?;
    remember(territory, organisation, child, now).await?;
    let about = tenant.find::<journal_payload::Entity>().filter(journal_payload::Column::ChildId.eq(child)).all(&on).await?;
    let mut sites: BTreeMap<Uuid, Vec<Uuid>> = BTreeMap::new();
    for row in &about {
        sites.entry(row.site_id).or_default().push(row.entry_id);
    }
    for (site, ids) in sites {
        let mut erased = Vec::new();
        for ids in ids.chunks(IDS_A_QUERY_MAX) {
            let ids = ids.iter().copied();
            let entries = tenant.find::<journal_entry::Entity>().filter(journal_entry::Column::EntryId.is_in(ids.clone()));
            erased.extend(entries.all(&on).await?.iter().map(effective::place_of));
            tenant.delete::<journal_note::Entity>().filter(journal_note::Column::EntryId.is_in(ids.clone())).exec(&on).await?;
            tenant.delete::<journal_payload::Entity>().filter(journal_payload::Column::EntryId.is_in(ids)).exec(&on).await?;
        }
        effective::settle_without(territory, SiteId(site), &erased).await?;
        tell_tablets(territory, SiteId(site), ids.into_iter().map(|entry| (organisation, EntryId(entry))), now).await?;
    }
    erase_set_apart(territory, organisation, child).await?;
    en_route::forget(territory, organisation, child).await?;
    family_note::forget(territory, child).await?;
    day_list::keep::forget(territory, organisation, child, now).await?;
    Ok(about.len())
}

/// Tells a site's tablets to erase entries.
///
/// # Errors
/// The database's.
pub async fn tell_tablets(
    territory: &Territory<'_>,
    site: SiteId,
    entries: impl Iterator<Item = (OrganisationId, EntryId)>,
    now: Instant,
) -> Result<()> {
    let change = |(organisation, entry): (OrganisationId, EntryId)| site_change::Model {
        territoire_id: territory.id().0,
        site_id: site.0,
        number: 0,
        kind: "forget".into(),
        organisation_id: Some(organisation.0),
        subject_id: Some(entry.0),
        content: None,
        at_ms: now.timestamp_millis(),
    };
    let changes: Vec<site_change::Model> = entries.map(change).collect();
    if changes.is_empty() {
        return Ok(());
    }
    number_changes(territory, site, changes).await.map(|_| ())
}

/// A push under way ends first, and the next one knows: none brings in what it read before.
async fn lock_sites(territory: &Territory<'_>, organisation: OrganisationId) -> Result<()> {
    let tenant = territory.tenant(organisation);
    let mut sites: BTreeSet<Uuid> = tenant.sites().all(&tenant.on()).await?.into_iter().map(|s| s.id).collect();
    sites.extend(tenant.centres().await?.into_iter().map(|c| c.site_id));
    for site in sites {
        lock_site(territory, SiteId(site)).await?;
    }
    Ok(())
}

async fn remember(territory: &Territory<'_>, organisation: OrganisationId, child: Uuid, now: Instant) -> Result<()> {
    let tenant = territory.tenant(organisation);
    let of_child = tenant.delete::<forgotten_child::Entity>().filter(forgotten_child::Column::ChildId.eq(child));
    of_child.exec(&tenant.on()).await?;
    let row = forgotten_child::Model {
        organisation_id: organisation.0,
        child_id: child,
        territoire_id: territory.id().0,
        at_ms: now.timestamp_millis(),
    };
    insert_all(&tenant.on(), vec![row]).await
}

/// What waits for a hole to be filled or for a decision. Whose an entry is, its envelope says; one that names an organisation
/// which isn't here is nobody else's to keep.
async fn erase_set_apart(territory: &Territory<'_>, organisation: OrganisationId, child: Uuid) -> Result<()> {
    let on = territory.on();
    let known: HashSet<Uuid> = territory.organisations().await?.into_iter().map(|o| o.id).collect();
    let concerned = |envelope: &[u8], sealed: &[u8]| {
        let Ok(envelope) = Envelope::decode(envelope) else { return false };
        let theirs = envelope.organisation != organisation && known.contains(&envelope.organisation.0);
        !theirs && private_of(sealed).is_some_and(|private| about(&private) == Some(child))
    };
    let held = territory.find::<held_entry::Entity>().all(&on).await?;
    for row in held.iter().filter(|row| concerned(&row.envelope, &row.sealed)) {
        territory
            .update::<held_entry::Entity>()
            .col_expr(held_entry::Column::Sealed, Expr::value(ERASED.to_vec()))
            .filter(held_entry::Column::DeviceId.eq(row.device_id))
            .filter(held_entry::Column::EntryId.eq(row.entry_id))
            .exec(&on)
            .await?;
    }
    let apart = territory.find::<quarantine::Entity>().all(&on).await?;
    for row in apart.iter().filter(|row| concerned(&row.envelope, &row.sealed)) {
        territory
            .update::<quarantine::Entity>()
            .col_expr(quarantine::Column::Sealed, Expr::value(ERASED.to_vec()))
            .filter(quarantine::Column::Id.eq(row.id))
            .exec(&on)
            .await?;
    }
    Ok(())
}

/// The child that an erasable part is about.
fn about(private: &Private) -> Option<Uuid> {
    Payload::prefix(&private.payload).ok()?.about_child.map(|child| child.0)
}

/// An erasable part from the column that holds it as it came.
#[must_use]
pub fn private_of(sealed: &[u8]) -> Option<Private> {
    let private: Option<WirePrivate> = serde_json::from_slice(sealed).ok()?;
    let wire = WireEntry { envelope: (&[]).into(), signature: (&[0_u8; 64]).into(), private };
    wire.into_sealed()?.private
}

/// Which children of some entries were forgotten, by whom and when.
#[derive(Debug, Clone, Default)]
pub struct Forgotten {
    by_child: HashMap<Uuid, Vec<(OrganisationId, i64)>>,
    organisations: HashSet<OrganisationId>,
}

impl Forgotten {
    /// Looks up the children of entries, at the tenants of a site.
    ///
    /// # Errors
    /// The database's.
    pub async fn read<'p>(
        territory: &Territory<'_>,
        organisations: &[OrganisationId],
        privates: impl Iterator<Item = &'p Private>,
    ) -> Result<Self> {
        let children: BTreeSet<Uuid> = privates.filter_map(about).collect();
        let children: Vec<Uuid> = children.into_iter().collect();
        let mut forgotten = Self { organisations: organisations.iter().copied().collect(), ..Self::default() };
        for &organisation in organisations {
            let tenant = territory.tenant(organisation);
            for ids in children.chunks(IDS_A_QUERY_MAX) {
                let of = forgotten_child::Column::ChildId.is_in(ids.iter().copied());
                for row in tenant.find::<forgotten_child::Entity>().filter(of).all(&tenant.on()).await? {
                    forgotten.by_child.entry(row.child_id).or_default().push((organisation, row.at_ms));
                }
            }
        }
        Ok(forgotten)
    }

    /// Whether the content of an entry is to stay erased. A fact after the forgetting is a new one: the child came back. One that
    /// claims to be still to come proves nothing of the kind, nor does one that this version can't read. `came`: when it was received.
    #[must_use]
    pub fn covers(&self, envelope: &Envelope, private: &Private, came: Instant) -> bool {
        let Some(by) = about(private).and_then(|child| self.by_child.get(&child)) else { return false };
        let stranger = !self.organisations.contains(&envelope.organisation);
        let Some(at_ms) = by.iter().filter(|(o, _)| stranger || *o == envelope.organisation).map(|(_, at_ms)| *at_ms).max() else {
            return false;
        };
        let payload = Payload::decode(&envelope.kind, envelope.kind_version, &private.payload).ok();
        !payload.is_some_and(|p| at_ms < p.happened_at_ms && p.happened_at_ms <= came.timestamp_millis())
    }
}
