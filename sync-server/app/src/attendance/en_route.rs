//! Children on their way by bus from one site to another: the other site's tablets say so, and miss who does not arrive.
//!
//! The journal knows; `journey` only says which site is to be told. A lieu of another organisation is no destination, whatever a tablet
//! seals: every organisation sees only its own.

use crate::Result;
use crate::attendance::journal::{self, IDS_A_QUERY_MAX, Verified};
use crate::store::entity::{centre, journey, site};
use crate::store::{Territory, insert_all};
use chrono::NaiveDate;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, Condition, QueryFilter};
use shared::calendar::{business_day, instant_from_ms};
use shared::fold::fold;
use shared::id::{ChildId, OrganisationId, SiteId};
use shared::journal::Payload;
use shared::roster::EnRoute;
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// Notes who is bound for which site, as new entries of the journal say, and that something was recorded of children who were on their
/// way: their site is to be told. In the transaction that stores the entries; takes no lock of the other site.
///
/// # Errors
/// The database's.
pub async fn note(territory: &Territory<'_>, entries: &[Verified], payloads: &[Option<Payload>]) -> Result<()> {
    let mut told_of: BTreeMap<OrganisationId, BTreeSet<Uuid>> = BTreeMap::new();
    let mut rows = Vec::new();
    for (entry, payload) in entries.iter().zip(payloads) {
        let Some((payload, child)) = payload.as_ref().and_then(|payload| Some((payload, payload.about_child?))) else { continue };
        let organisation = entry.envelope.organisation;
        told_of.entry(organisation).or_default().insert(child.0);
        let Some(bound_for) = payload.bound_for else { continue };
        let tenant = territory.tenant(organisation);
        let found = tenant.find::<centre::Entity>().filter(centre::Column::Id.eq(bound_for.0)).one(&tenant.on()).await?;
        if let Some(found) = found.filter(|found| found.site_id != entry.envelope.site.0) {
            rows.push(journey::Model {
                organisation_id: organisation.0,
                entry_id: entry.envelope.entry_id.0,
                territoire_id: territory.id().0,
                child_id: child.0,
                site_id: found.site_id,
                day: business_day(instant_from_ms(payload.happened_at_ms)),
                told: false,
            });
        }
    }
    for (organisation, children) in told_of {
        let children: Vec<Uuid> = children.into_iter().collect();
        for children in children.chunks(IDS_A_QUERY_MAX) {
            let of_them = Condition::all()
                .add(journey::Column::OrganisationId.eq(organisation.0))
                .add(journey::Column::ChildId.is_in(children.iter().copied()))
                .add(journey::Column::Told.eq(true));
            let again = territory.update::<journey::Entity>().col_expr(journey::Column::Told, Expr::value(false));
            again.filter(of_them).exec(&territory.on()).await?;
        }
    }
    insert_all(&territory.on(), rows).await
}

/// Whether a site's tablets are to be told of somebody on the way.
///
/// # Errors
/// The database's.
pub async fn is_due(territory: &Territory<'_>, site: SiteId) -> Result<bool> {
    Ok(territory.find::<journey::Entity>().filter(untold(site)).one(&territory.on()).await?.is_some())
}

fn untold(site: SiteId) -> Condition {
    Condition::all().add(journey::Column::SiteId.eq(site.0)).add(journey::Column::Told.eq(false))
}

/// Notes that a site's tablets are told, before what they are told is read: what is recorded meanwhile is told the next time. Rows of
/// days that are over go.
///
/// # Errors
/// The database's.
pub async fn telling(territory: &Territory<'_>, site: SiteId, today: NaiveDate) -> Result<()> {
    let of_site = journey::Column::SiteId.eq(site.0);
    let over = territory.delete::<journey::Entity>().filter(of_site.clone()).filter(journey::Column::Day.lt(today));
    over.exec(&territory.on()).await?;
    let told = territory.update::<journey::Entity>().col_expr(journey::Column::Told, Expr::value(true));
    told.filter(untold(site)).exec(&territory.on()).await?;
    Ok(())
}

/// Whom buses bring to a site on a day.
#[derive(Debug, Default)]
pub struct Comers {
    /// All of them: on their way, or here since. Who came without being planned stays on the list for the day, to leave again and to be
    /// counted in an evacuation.
    pub children: Vec<ChildId>,
    /// Those of whom nothing was recorded since.
    pub on_the_way: Vec<EnRoute>,
}

/// Whom buses bring to a site on a day, as the journal has it now.
///
/// # Errors
/// The database's.
pub async fn towards(territory: &Territory<'_>, site: SiteId, day: NaiveDate) -> Result<Comers> {
    let on = territory.on();
    let noted = territory.find::<journey::Entity>().filter(journey::Column::SiteId.eq(site.0)).filter(journey::Column::Day.eq(day));
    let noted: BTreeSet<(Uuid, Uuid)> = noted.all(&on).await?.into_iter().map(|row| (row.organisation_id, row.child_id)).collect();
    let mut comers = Comers::default();
    for (organisation, child) in noted {
        let (tenant, child) = (territory.tenant(OrganisationId(organisation)), ChildId(child));
        let attendance = fold(&journal::facts_about(&tenant, child, day, day).await?);
        let Some(of_child) = attendance.days.get(&(day, child)) else { continue };
        let mut here = of_child.presences.iter().map(|p| &p.arrived).chain(of_child.roll_calls.iter().map(|r| &r.mark));
        if here.any(|mark| mark.site == site) {
            comers.children.push(child);
        }
        let Some((left, bound_for)) = of_child.en_route().and_then(|left| Some((left, left.bound_for?))) else { continue };
        let there = tenant.find::<centre::Entity>().filter(centre::Column::Id.eq(bound_for.0)).filter(centre::Column::SiteId.eq(site.0));
        if there.one(&on).await?.is_none() {
            continue;
        }
        let from = territory.find::<site::Entity>().filter(site::Column::Id.eq(left.mark.site.0)).one(&on).await?;
        let from = from.map(|row| row.name).unwrap_or_default();
        comers.children.push(child);
        comers.on_the_way.push(EnRoute { child, centre: bound_for, from, left_at_ms: left.mark.at_ms });
    }
    Ok(comers)
}

/// Forgets the journeys of a child.
///
/// # Errors
/// The database's.
pub async fn forget(territory: &Territory<'_>, organisation: OrganisationId, child: Uuid) -> Result<()> {
    let of_child = Condition::all().add(journey::Column::OrganisationId.eq(organisation.0)).add(journey::Column::ChildId.eq(child));
    territory.delete::<journey::Entity>().filter(of_child).exec(&territory.on()).await?;
    Ok(())
}
