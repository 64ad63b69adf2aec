//! What a site's tablets may know, read from the store: a window of days, the site's own lieux, and nothing more.
//!
//! No address, no resource, no other site. A child's item says that there are care instructions, not which: those travel in an item of
//! their own ([`super::roster_care`]). A barred adult's row wins over every permission, from the first day of the window to the last.

use crate::Result;
use crate::attendance::effective::organisations_at;
use crate::attendance::en_route;
use crate::attendance::journal::IDS_A_QUERY_MAX;
use crate::registry::booking::{self, Status};
use crate::registry::zone::zone_of;
use crate::store::entity::{
    activity, badge, booking as booking_row, booking_event, centre, centre_group, child, child_absence, child_right, class_assignment,
    closure, contract, contract_leave, contract_slot, custody, device, door_code, enrolment, family_note, group_assignment, household,
    person, pickup_person, school_class, site, staff,
};
use crate::store::{OfOrganisation, OfTerritoire, Tenant, Territory};
use crate::sync::roster_care::cards;
use crate::{Error, sync::roster_parts as parts};
use chrono::{Days, NaiveDate};
use sea_orm::{ColumnTrait, Condition, QueryFilter};
use shared::calendar::{SchoolCalendar, Zone};
use shared::id::SiteId;
use shared::roster::Item;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use uuid::Uuid;

/// How many days back a tablet knows: a forgotten check-out of last week can still be told.
pub const DAYS_BEFORE: u64 = 7;
/// How many days ahead: a month without a network.
pub const DAYS_AFTER: u64 = 30;

/// The days that tablets know about, first and last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// First day.
    pub first: NaiveDate,
    /// Last day.
    pub last: NaiveDate,
}

impl Window {
    /// The window around a day.
    #[must_use]
    pub fn around(today: NaiveDate) -> Self {
        Self { first: today - Days::new(DAYS_BEFORE), last: today + Days::new(DAYS_AFTER) }
    }

    /// The day that it is around.
    #[must_use]
    pub fn today(&self) -> NaiveDate {
        self.first + Days::new(DAYS_BEFORE)
    }

    /// Whether something dated touches it.
    #[must_use]
    pub fn meets(&self, from: Option<NaiveDate>, to: Option<NaiveDate>) -> bool {
        from.is_none_or(|from| from <= self.last) && to.is_none_or(|to| self.first <= to)
    }

    /// Its days.
    pub fn days(self) -> impl Iterator<Item = NaiveDate> {
        self.first.iter_days().take_while(move |day| *day <= self.last)
    }
}

/// What one tenant of the site has there.
#[derive(Default)]
pub(super) struct Offer {
    pub centres: Vec<centre::Model>,
    /// By lieu: what the lieu says, or its organisation's other lieux.
    pub zones: HashMap<Uuid, Zone>,
    /// Its lieux at other sites.
    pub others: Vec<centre::Model>,
    pub groups: Vec<centre_group::Model>,
    pub activities: Vec<activity::Model>,
    pub closures: Vec<closure::Model>,
    pub staff: Vec<staff::Model>,
    pub enrolments: Vec<enrolment::Model>,
    pub assignments: Vec<group_assignment::Model>,
    pub contracts: Vec<contract::Model>,
    pub slots: Vec<contract_slot::Model>,
    pub leaves: Vec<contract_leave::Model>,
    pub bookings: Vec<(booking_row::Model, booking::State)>,
}

/// The persons that the offers concern.
#[derive(Default)]
pub(super) struct People {
    pub children: Vec<child::Model>,
    pub custody: Vec<custody::Model>,
    pub households: HashMap<Uuid, household::Model>,
    pub persons: HashMap<Uuid, person::Model>,
    pub rights: Vec<child_right::Model>,
    pub pickups: Vec<pickup_person::Model>,
    pub classes: Vec<class_assignment::Model>,
    pub class_rows: Vec<school_class::Model>,
    pub absences: Vec<child_absence::Model>,
    pub badges: Vec<badge::Model>,
    pub door_codes: Vec<door_code::Model>,
    pub notes: Vec<family_note::Model>,
}

/// Every item of a site for a day, by key.
///
/// # Errors
/// No such site; the database's.
pub async fn items(territory: &Territory<'_>, site: SiteId, today: NaiveDate) -> Result<BTreeMap<String, Item>> {
    let window = Window::around(today);
    let of_id = territory.find::<site::Entity>().filter(site::Column::Id.eq(site.0));
    let site_row = of_id.one(&territory.on()).await?.ok_or_else(|| Error::NotFound("Site".into()))?;
    let mut offers = Vec::new();
    for organisation in organisations_at(territory, site).await? {
        offers.push(offer(&territory.tenant(organisation), site, window).await?);
    }
    let comers = en_route::towards(territory, site, today).await?;
    let people = people(territory, &offers, comers.children.iter().map(|child| child.0), window).await?;
    let calendar = SchoolCalendar::shipped();
    let mut items = vec![parts::site(&site_row, &offers, &calendar, window)];
    for offer in &offers {
        items.extend(parts::places(offer, window));
        items.extend(parts::staff(offer));
        items.extend(parts::pins(offer));
        items.extend(parts::other_centres(offer));
        items.extend(parts::bookings(offer, &people, &calendar, window));
    }
    items.extend(comers.on_the_way.into_iter().map(Item::EnRoute));
    items.extend(parts::children(&offers, &people, window));
    let adults = parts::adults(&people, window);
    items.extend(cards(&people, &adults, window.today()));
    items.extend(adults);
    items.extend(parts::badges(&people, &offers));
    items.extend(parts::door_codes(&people));
    items.extend(parts::notes(&people));
    let devices = territory.find::<device::Entity>().filter(device::Column::SiteId.eq(site.0)).all(&territory.on()).await?;
    items.extend(devices.iter().map(parts::device));
    Ok(items.into_iter().map(|item| (item.key(), item)).collect())
}

async fn of_tenant<E: OfOrganisation>(tenant: &Tenant<'_>, column: E::Column, ids: &[Uuid]) -> Result<Vec<E::Model>> {
    let mut found = Vec::new();
    for ids in ids.chunks(IDS_A_QUERY_MAX) {
        found.extend(tenant.find::<E>().filter(column.is_in(ids.iter().copied())).all(&tenant.on()).await?);
    }
    Ok(found)
}

async fn of_territory<E: OfTerritoire>(territory: &Territory<'_>, column: E::Column, ids: &[Uuid]) -> Result<Vec<E::Model>> {
    let mut found = Vec::new();
    for ids in ids.chunks(IDS_A_QUERY_MAX) {
        found.extend(territory.find::<E>().filter(column.is_in(ids.iter().copied())).all(&territory.on()).await?);
    }
    Ok(found)
}

async fn offer(tenant: &Tenant<'_>, site: SiteId, window: Window) -> Result<Offer> {
    let mut offer = Offer { centres: of_tenant::<centre::Entity>(tenant, centre::Column::SiteId, &[site.0]).await?, ..Offer::default() };
    let all = tenant.centres().await?;
    offer.zones = offer.centres.iter().map(|c| (c.id, zone_of(c, &all))).collect();
    offer.others = all.into_iter().filter(|c| c.site_id != site.0).collect();
    let centres: Vec<Uuid> = offer.centres.iter().map(|c| c.id).collect();
    offer.groups = of_tenant::<centre_group::Entity>(tenant, centre_group::Column::CentreId, &centres).await?;
    offer.activities = of_tenant::<activity::Entity>(tenant, activity::Column::CentreId, &centres).await?;
    offer.closures = of_tenant::<closure::Entity>(tenant, closure::Column::CentreId, &centres).await?;
    offer.staff = of_tenant::<staff::Entity>(tenant, staff::Column::CentreId, &centres).await?;
    let activities: Vec<Uuid> = offer.activities.iter().map(|a| a.id).collect();
    let groups: Vec<Uuid> = offer.groups.iter().map(|g| g.id).collect();
    offer.enrolments = of_tenant::<enrolment::Entity>(tenant, enrolment::Column::ActivityId, &activities).await?;
    offer.enrolments.retain(|e| window.meets(Some(e.valid_from), e.valid_to));
    offer.assignments = of_tenant::<group_assignment::Entity>(tenant, group_assignment::Column::GroupId, &groups).await?;
    offer.assignments.retain(|a| window.meets(a.valid_from, a.valid_to));
    offer.contracts = of_tenant::<contract::Entity>(tenant, contract::Column::ActivityId, &activities).await?;
    offer.contracts.retain(|c| window.meets(Some(c.valid_from), Some(c.valid_to)));
    let contracts: Vec<Uuid> = offer.contracts.iter().map(|c| c.id).collect();
    offer.slots = of_tenant::<contract_slot::Entity>(tenant, contract_slot::Column::ContractId, &contracts).await?;
    offer.leaves = of_tenant::<contract_leave::Entity>(tenant, contract_leave::Column::ContractId, &contracts).await?;
    offer.bookings = bookings(tenant, &activities, window).await?;
    Ok(offer)
}

/// Bookings of the window with their state: a place that is held, or was and was given up.
async fn bookings(tenant: &Tenant<'_>, activities: &[Uuid], window: Window) -> Result<Vec<(booking_row::Model, booking::State)>> {
    let mut rows = Vec::new();
    for ids in activities.chunks(IDS_A_QUERY_MAX) {
        let wanted = Condition::all()
            .add(booking_row::Column::ActivityId.is_in(ids.iter().copied()))
            .add(booking_row::Column::Day.gte(window.first))
            .add(booking_row::Column::Day.lte(window.last));
        rows.extend(tenant.find::<booking_row::Entity>().filter(wanted).all(&tenant.on()).await?);
    }
    let ids: Vec<Uuid> = rows.iter().map(|b| b.id).collect();
    let mut events: HashMap<Uuid, Vec<booking_event::Model>> = HashMap::new();
    for event in of_tenant::<booking_event::Entity>(tenant, booking_event::Column::BookingId, &ids).await? {
        events.entry(event.booking_id).or_default().push(event);
    }
    let state = |row: booking_row::Model| Some((booking::fold(events.get(&row.id)?)?, row)).map(|(state, row)| (row, state));
    let told = |status| !matches!(status, Status::Requested | Status::Waitlisted | Status::Refused);
    Ok(rows.into_iter().filter_map(state).filter(|(_, state)| told(state.status)).collect())
}

/// `others`: children who come although nobody planned it.
async fn people(territory: &Territory<'_>, offers: &[Offer], others: impl Iterator<Item = Uuid>, window: Window) -> Result<People> {
    let mut ids: BTreeSet<Uuid> = others.collect();
    for offer in offers {
        ids.extend(offer.enrolments.iter().map(|e| e.child_id));
        ids.extend(offer.assignments.iter().map(|a| a.child_id));
        ids.extend(offer.contracts.iter().map(|c| c.child_id));
        ids.extend(offer.bookings.iter().map(|(b, _)| b.child_id));
    }
    let ids: Vec<Uuid> = ids.into_iter().collect();
    let mut people = People { children: of_territory::<child::Entity>(territory, child::Column::Id, &ids).await?, ..People::default() };
    people.custody = of_territory::<custody::Entity>(territory, custody::Column::ChildId, &ids).await?;
    people.custody.retain(|c| window.meets(c.valid_from, c.valid_to));
    people.rights = of_territory::<child_right::Entity>(territory, child_right::Column::ChildId, &ids).await?;
    people.rights.retain(|r| window.meets(r.valid_from, r.valid_to));
    people.pickups = of_territory::<pickup_person::Entity>(territory, pickup_person::Column::ChildId, &ids).await?;
    people.pickups.retain(|p| window.meets(p.valid_from, p.valid_to));
    people.classes = of_territory::<class_assignment::Entity>(territory, class_assignment::Column::ChildId, &ids).await?;
    people.classes.retain(|c| window.meets(Some(c.valid_from), c.valid_to));
    people.absences = of_territory::<child_absence::Entity>(territory, child_absence::Column::ChildId, &ids).await?;
    people.notes = of_territory::<family_note::Entity>(territory, family_note::Column::ChildId, &ids).await?;
    people.notes.retain(|note| window.today() <= note.day && note.day <= window.last);
    people.absences.retain(|a| window.meets(Some(a.first_day), Some(a.last_day)));
    let classes: BTreeSet<Uuid> = people.classes.iter().map(|c| c.class_id).collect();
    let classes: Vec<Uuid> = classes.into_iter().collect();
    people.class_rows = of_territory::<school_class::Entity>(territory, school_class::Column::Id, &classes).await?;
    let mut homes: BTreeSet<Uuid> = people.children.iter().map(|c| c.household_id).collect();
    homes.extend(people.custody.iter().map(|c| c.household_id));
    let homes: Vec<Uuid> = homes.into_iter().collect();
    let rows = of_territory::<household::Entity>(territory, household::Column::Id, &homes).await?;
    people.households = rows.into_iter().map(|h| (h.id, h)).collect();
    let mut adults: BTreeSet<Uuid> = people.rights.iter().map(|r| r.person_id).collect();
    adults.extend(people.pickups.iter().filter_map(|p| p.person_id));
    let adults: Vec<Uuid> = adults.into_iter().collect();
    let rows = of_territory::<person::Entity>(territory, person::Column::Id, &adults).await?;
    people.persons = rows.into_iter().map(|p| (p.id, p)).collect();
    people.door_codes = of_territory::<door_code::Entity>(territory, door_code::Column::PersonId, &adults).await?;
    let staff: Vec<Uuid> = offers.iter().flat_map(|o| o.staff.iter().map(|s| s.id)).collect();
    people.badges = of_territory::<badge::Entity>(territory, badge::Column::HouseholdId, &homes).await?;
    people.badges.extend(of_territory::<badge::Entity>(territory, badge::Column::PersonId, &adults).await?);
    people.badges.extend(of_territory::<badge::Entity>(territory, badge::Column::StaffId, &staff).await?);
    people.badges.retain(|b| b.revoked_at_ms.is_none());
    Ok(people)
}
