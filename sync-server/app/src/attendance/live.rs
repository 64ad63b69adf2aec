//! Who is where now, lieu by lieu: the reading behind the office's first page.

use crate::Result;
use crate::billing::month;
use crate::store::entity::{centre, device};
use crate::store::{Tenant, Territory};
use chrono::NaiveDate;
use rules::input::{BookingState, Input};
use sea_orm::{ColumnTrait, QueryFilter, QueryOrder};
use shared::fold::ChildDay;
use shared::id::{ActivityId, CentreId, ChildId, SiteId};
use shared::roster::BookingRule;
use std::collections::{BTreeMap, BTreeSet};

/// One lieu, today.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Live {
    /// The lieu.
    pub centre: centre::Model,
    /// Names of the activities that take place today; none: closed.
    pub moments: Vec<String>,
    /// Children by where they stand.
    pub figures: Figures,
    /// The tablets of its site.
    pub tablets: Vec<device::Model>,
}

/// Children of a lieu by where they stand; each child counts once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Figures {
    /// In, by the last word; or called at a roll call.
    pub present: u32,
    /// Awaited and not seen yet.
    pub to_come: u32,
    /// Came and left.
    pub gone: u32,
    /// Said or seen to be absent.
    pub absent: u32,
}

impl Figures {
    /// All who were awaited or came.
    #[must_use]
    pub fn expected(&self) -> u32 {
        self.present + self.to_come + self.gone
    }
}

/// The lieux of an organisation on a day, by name.
///
/// # Errors
/// The database's.
pub async fn lieux(territory: &Territory<'_>, tenant: &Tenant<'_>, today: NaiveDate) -> Result<Vec<Live>> {
    let input = month::read_day(tenant, today).await?;
    let tablets =
        territory.find::<device::Entity>().filter(device::Column::Kind.eq("tablet")).filter(device::Column::RevokedAtMs.is_null());
    let tablets = tablets.order_by_asc(device::Column::Name).all(&territory.on()).await?;
    let mut lieux = Vec::new();
    for row in tenant.centres().await? {
        let id = CentreId(row.id);
        lieux.push(Live {
            moments: moments(&input, id, today).into_iter().map(|(_, name)| name).collect(),
            figures: figures(&input, id, today),
            tablets: tablets.iter().filter(|t| t.site_id == row.site_id).cloned().collect(),
            centre: row,
        });
    }
    lieux.sort_by(|a, b| {
        (a.moments.is_empty(), &a.centre.name, &a.centre.code).cmp(&(b.moments.is_empty(), &b.centre.name, &b.centre.code))
    });
    Ok(lieux)
}

/// Whether something takes place on a day at one of the organisation's lieux in a building.
///
/// # Errors
/// The database's.
pub async fn is_open_at(tenant: &Tenant<'_>, site: SiteId, day: NaiveDate) -> Result<bool> {
    let mut here = tenant.centres().await?;
    here.retain(|row| row.site_id == site.0);
    if here.is_empty() {
        return Ok(false);
    }
    let input = month::read_places(tenant).await?;
    Ok(here.iter().any(|row| !moments(&input, CentreId(row.id), day).is_empty()))
}

/// What takes place at a lieu, in the order of the day.
pub(crate) fn moments(input: &Input, centre: CentreId, day: NaiveDate) -> Vec<(ActivityId, String)> {
    let Some(place) = input.centres.iter().find(|c| c.id == centre) else { return Vec::new() };
    let mut open: Vec<_> = input.activities.iter().filter(|a| a.centre == centre && a.is_open(day, place, &input.calendar)).collect();
    open.sort_by(|a, b| (a.starts, &a.name).cmp(&(b.starts, &b.name)));
    open.into_iter().map(|a| (a.id, a.name.clone())).collect()
}

fn figures(input: &Input, centre: CentreId, day: NaiveDate) -> Figures {
    let open: BTreeSet<ActivityId> = moments(input, centre, day).into_iter().map(|(id, _)| id).collect();
    let mut plan: BTreeMap<ChildId, bool> = BTreeMap::new();
    for booking in input.bookings.iter().filter(|b| open.contains(&b.activity)) {
        match booking.state {
            BookingState::Booked => drop(plan.insert(booking.child, true)),
            BookingState::Waiting | BookingState::Refused => {}
            _ => drop(plan.entry(booking.child).or_insert(false)),
        }
    }
    let unbooked = input.activities.iter().filter(|a| open.contains(&a.id) && a.booking == BookingRule::Aucune);
    for activity in unbooked {
        for child in input.children.iter().filter(|c| c.is_enrolled_in(activity.id, day)) {
            plan.entry(child.id).or_insert(true);
        }
    }
    let days = input.attendance.days.iter().filter(|((on, _), _)| *on == day).map(|((_, child), seen)| (*child, seen));
    let seen: BTreeMap<ChildId, &ChildDay> = days.collect();
    let mut figures = Figures::default();
    let all: BTreeSet<ChildId> = plan.keys().chain(seen.keys()).copied().collect();
    for child in all {
        match (seen.get(&child).and_then(|day| at(day, centre)), plan.get(&child)) {
            (Some(true), _) => figures.present += 1,
            (Some(false), _) => figures.gone += 1,
            (None, None) => {}
            (None, Some(true)) if seen.get(&child).is_none_or(|day| day.absences.is_empty()) => figures.to_come += 1,
            (None, Some(_)) => figures.absent += 1,
        }
    }
    figures
}

/// Whether a child is at a lieu, or came and left; `None` for one who was not there.
fn at(day: &ChildDay, centre: CentreId) -> Option<bool> {
    let here = Some(centre);
    let came = day.presences.iter().filter(|p| p.arrived.centre == here);
    let left = day.lone_departures.iter().any(|d| d.mark.centre == here);
    match came.map(|p| p.left.is_none()).reduce(|a, b| a || b) {
        Some(still) => Some(still),
        None if day.roll_calls.iter().any(|r| r.mark.centre == here) => Some(true),
        None => left.then_some(false),
    }
}
