//! From rows of the store to items of the roster: pure, one function a kind of item.

use crate::attendance::server_device::KIND as SERVER;
use crate::registry::booking::Status;
use crate::registry::door_code::telephone_end;
use crate::registry::{homonym, zone};
use crate::store::entity::{
    activity, badge, centre, child, child_right, contract, contract_slot, device, door_code, person, pickup_person, site,
};
use crate::sync::roster::{Offer, People, Window};
use chrono::{Datelike, NaiveDate, NaiveTime};
use sha2::{Digest, Sha256};
use shared::calendar::{SchoolCalendar, Weekdays, Zone, public_holiday};
use shared::id::{
    ActivityId, BadgeId, BookingId, CentreId, ChildId, ClassId, DeviceId, GroupId, HouseholdId, OrganisationId, PersonId, SiteId, StaffId,
};
use shared::ratio::StaffingRule;
use shared::roster::{
    Activity, Adult, AdultStatus, Badge, BadgeHolder, Booking, Centre, Child, Class, Dated, Device, DoorCode, FamilyNote, Group, Item,
    OtherCentre, Period, Site, Staff, StaffPin,
};
use shared::wire::Bytes;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use uuid::Uuid;

/// `statut` of a person who must never take the child.
const BARRED: &str = "interdite";

/// A time of day from minutes; midnight at the end of the day is its last minute, since a clock shows no 24:00.
fn time(minute: Option<i32>) -> Option<NaiveTime> {
    let minute = u32::try_from(minute?).ok()?.min(1_439);
    NaiveTime::from_hms_opt(minute / 60, minute % 60, 0)
}

fn weekdays(bits: Option<i32>) -> Weekdays {
    bits.and_then(|b| u8::try_from(b).ok()).map_or(Weekdays::default(), Weekdays::from_bits)
}

/// A closed list's code, as the import wrote it.
fn coded<T: serde::de::DeserializeOwned>(text: &str) -> Option<T> {
    serde_json::from_value(serde_json::Value::String(text.to_owned())).ok()
}

/// The one zone that a site's tablets go by: their roster has one list of holidays for the building. Where lieux of different
/// zones share it, that of most of them; days without school of two zones put together would be nobody's calendar.
fn zone(offers: &[Offer]) -> Zone {
    let of_centres = offers.iter().flat_map(|o| o.centres.iter().filter_map(|c| Some((c.code.as_str(), *o.zones.get(&c.id)?))));
    zone::most(of_centres).unwrap_or(zone::DEFAULT)
}

pub(super) fn site(row: &site::Model, offers: &[Offer], calendar: &SchoolCalendar, window: Window) -> Item {
    let zone = zone(offers);
    let holidays = calendar.holidays().iter().filter(|h| h.zone == zone && h.last_day >= window.first).cloned().collect();
    Item::Site(Site { id: SiteId(row.id), name: row.name.clone(), holidays })
}

pub(super) fn places(offer: &Offer, window: Window) -> Vec<Item> {
    let mut items = Vec::new();
    for row in &offer.centres {
        let closed = offer.closures.iter().filter(|c| c.centre_id == row.id && c.last_day >= window.first);
        items.push(Item::Centre(Centre {
            id: CentreId(row.id),
            code: row.code.clone(),
            organisation: OrganisationId(row.organisation_id),
            name: row.name.clone(),
            kind: row.kind.clone(),
            opens: time(row.opens_minute),
            closes: time(row.closes_minute),
            closures: closed.map(|c| (c.first_day, c.last_day)).collect(),
            staffing: row.staffing_rule.as_deref().and_then(coded),
            places: row.capacity.and_then(|places| u32::try_from(places).ok()),
        }));
    }
    let group =
        |g: &crate::store::entity::centre_group::Model| Group { id: GroupId(g.id), centre: CentreId(g.centre_id), name: g.name.clone() };
    items.extend(offer.groups.iter().map(|g| Item::Group(group(g))));
    items.extend(offer.activities.iter().filter_map(an_activity).map(Item::Activity));
    items
}

/// `None` for an activity with a code that this version doesn't know: the import lets none in.
fn an_activity(row: &activity::Model) -> Option<Activity> {
    Some(Activity {
        id: ActivityId(row.id),
        code: row.code.clone(),
        centre: CentreId(row.centre_id),
        name: row.name.clone(),
        recording: coded(&row.recording)?,
        booking: coded(&row.booking_rule)?,
        weekdays: weekdays(Some(row.weekdays)),
        period: coded(&row.period)?,
        starts: time(row.starts_minute),
        ends: time(row.ends_minute),
    })
}

pub(super) fn staff(offer: &Offer) -> Vec<Item> {
    let member = |row: &crate::store::entity::staff::Model| {
        Item::Staff(Staff {
            id: StaffId(row.id),
            code: row.code.clone(),
            centre: CentreId(row.centre_id),
            first_name: row.first_name.clone(),
            last_name: row.last_name.clone(),
            director: row.role == "direction",
            counted: row.counts_in_ratio,
        })
    };
    offer.staff.iter().map(member).collect()
}

/// The codes by which members of the staff say who they are.
pub(super) fn pins(offer: &Offer) -> impl Iterator<Item = Item> {
    let pin =
        |row: &crate::store::entity::staff::Model| row.pin_hash.clone().map(|hash| Item::Pin(StaffPin { staff: StaffId(row.id), hash }));
    offer.staff.iter().filter_map(pin)
}

/// Where a bus may take a child. Children go to a canteen with their school, and are not sent there from elsewhere.
pub(super) fn other_centres(offer: &Offer) -> impl Iterator<Item = Item> {
    let receives = offer.others.iter().filter(|row| row.kind != "cantine");
    receives.map(|row| {
        Item::OtherCentre(OtherCentre { id: CentreId(row.id), organisation: OrganisationId(row.organisation_id), name: row.name.clone() })
    })
}

pub(super) fn children(offers: &[Offer], people: &People, window: Window) -> Vec<Item> {
    let mut items: Vec<Item> = people.children.iter().map(|row| Item::Child(a_child(row, offers, people, window))).collect();
    let present: BTreeSet<Uuid> =
        people.classes.iter().filter(|c| window.meets(Some(c.valid_from), c.valid_to)).map(|c| c.class_id).collect();
    let class = |row: &crate::store::entity::school_class::Model| {
        Item::Class(Class { id: ClassId(row.id), name: row.name.clone(), level: row.level.clone().unwrap_or_default() })
    };
    items.extend(people.class_rows.iter().filter(|c| present.contains(&c.id)).map(class));
    items
}

fn a_child(row: &child::Model, offers: &[Offer], people: &People, window: Window) -> Child {
    let mut households: BTreeSet<Uuid> = people.custody.iter().filter(|c| c.child_id == row.id).map(|c| c.household_id).collect();
    households.insert(row.household_id);
    let mut enrolments: Vec<Dated<ActivityId>> = Vec::new();
    let mut groups: Vec<Dated<GroupId>> = Vec::new();
    for offer in offers {
        let dated = |what: Uuid, from, to| Dated { what: ActivityId(what), from, to };
        let of_child = offer.enrolments.iter().filter(|e| e.child_id == row.id);
        enrolments.extend(of_child.map(|e| dated(e.activity_id, Some(e.valid_from), e.valid_to)));
        let of_child = offer.contracts.iter().filter(|c| c.child_id == row.id);
        enrolments.extend(of_child.map(|c| dated(c.activity_id, Some(c.valid_from), Some(c.valid_to))));
        let of_child = offer.assignments.iter().filter(|a| a.child_id == row.id);
        groups.extend(of_child.map(|a| Dated { what: GroupId(a.group_id), from: a.valid_from, to: a.valid_to }));
        let of_child = offer.enrolments.iter().filter(|e| e.child_id == row.id);
        groups.extend(of_child.filter_map(|e| Some(Dated { what: GroupId(e.group_id?), from: Some(e.valid_from), to: e.valid_to })));
    }
    // The store gives rows in no order: the item's bytes must say the same tomorrow.
    enrolments.sort_by_key(|d| (d.what, d.from, d.to));
    groups.sort_by_key(|d| (d.what, d.from, d.to));
    groups.dedup();
    let mut classes: Vec<Dated<ClassId>> = people
        .classes
        .iter()
        .filter(|c| c.child_id == row.id)
        .map(|c| Dated { what: ClassId(c.class_id), from: Some(c.valid_from), to: c.valid_to })
        .collect();
    classes.sort_by_key(|d| (d.what, d.from, d.to));
    Child {
        id: ChildId(row.id),
        code: row.code.clone(),
        first_name: row.first_name.clone(),
        last_name: row.last_name.clone(),
        birth_date: row.birth_date,
        households: households.into_iter().map(HouseholdId).collect(),
        groups,
        classes,
        enrolments,
        care: [&row.allergies, &row.care_plan].iter().any(|text| text.as_deref().is_some_and(|t| !t.trim().is_empty())),
        menu: row.menu.clone().unwrap_or_default(),
        alone_from: time(row.leaves_alone_minute),
        alone_days: weekdays(row.leaves_alone_days),
        photo: row.photo_consent_on.filter(|agreed| *agreed <= window.today()).and(photo(row.photo_hash.as_ref())),
        // Only a tablet that reckons with first steps is told of them.
        walks_since: row.walks_since.filter(|_| offers.iter().flat_map(|o| &o.centres).any(reckons_with_steps)),
    }
}

fn reckons_with_steps(centre: &centre::Model) -> bool {
    centre.staffing_rule.as_deref().and_then(coded) == Some(StaffingRule::Eaje5And8)
}

fn photo(hash: Option<&Vec<u8>>) -> Option<Bytes> {
    hash.map(Bytes::from)
}

/// Guardians who may take, and persons authorised, restricted or barred: one item a pair. The gravest row of a pair holds.
pub(super) fn adults(people: &People, window: Window) -> Vec<Item> {
    let mut pairs: BTreeMap<(ChildId, PersonId), Adult> = BTreeMap::new();
    let pickups: Vec<&pickup_person::Model> = people.pickups.iter().filter(|p| window.meets(p.valid_from, p.valid_to)).collect();
    let barred = barred_of(people);
    let rights = people.rights.iter().filter(|r| r.may_take && window.meets(r.valid_from, r.valid_to));
    let guardians = rights.filter_map(|r| Some((r, people.persons.get(&r.person_id)?)));
    let guardians = guardians.filter(|(r, p)| !is_barred_by_name(&barred, r, p)).map(|(r, p)| a_guardian(r, p, people));
    let let_in = |row: &&&pickup_person::Model| row.status == BARRED || !barred.iter().any(|b| homonym::is_same(b, row));
    let others = pickups.iter().filter(let_in).map(|p| a_pickup(p, people));
    for adult in guardians.chain(others) {
        match pairs.entry((adult.child, adult.person)) {
            std::collections::btree_map::Entry::Vacant(free) => {
                free.insert(adult);
            }
            std::collections::btree_map::Entry::Occupied(mut taken) => {
                let held = taken.get_mut();
                if adult.status > held.status {
                    *held = adult;
                } else if adult.status == held.status {
                    widen(held, &adult);
                }
            }
        }
    }
    pairs.into_values().map(Item::Adult).collect()
}

/// Rows of those who must never take a child, on whatever day of the window.
pub(super) fn barred_of(people: &People) -> Vec<&pickup_person::Model> {
    people.pickups.iter().filter(|p| p.status == BARRED).collect()
}

/// Whoever is barred by name only must not stand a second time among those who may take the child, or be called about it.
pub(super) fn is_barred_by_name(barred: &[&pickup_person::Model], right: &child_right::Model, person: &person::Model) -> bool {
    barred.iter().any(|b| b.person_id.is_none() && b.child_id == right.child_id && homonym::is_guardian(b, person))
}

/// Two rows of one pair and status: one for Mondays, one for Tuesdays.
fn widen(held: &mut Adult, other: &Adult) {
    held.weekdays = match held.weekdays.is_empty() || other.weekdays.is_empty() {
        true => Weekdays::default(),
        false => Weekdays::from_bits(held.weekdays.bits() | other.weekdays.bits()),
    };
    held.from = held.from.zip(other.from).map(|(a, b)| a.min(b));
    held.to = held.to.zip(other.to).map(|(a, b)| a.max(b));
    held.not_before = held.not_before.max(other.not_before);
    held.identity_check |= other.identity_check;
    held.rank = held.rank.min(other.rank);
    held.photo = held.photo.take().or_else(|| other.photo.clone());
}

fn a_guardian(right: &child_right::Model, row: &person::Model, people: &People) -> Adult {
    Adult {
        person: PersonId(row.id),
        child: ChildId(right.child_id),
        first_name: row.first_name.clone(),
        last_name: row.last_name.clone(),
        link: right.link.clone().unwrap_or_default(),
        status: AdultStatus::Authorised,
        weekdays: Weekdays::default(),
        not_before: None,
        identity_check: false,
        from: right.valid_from,
        to: right.valid_to,
        rank: 0,
        telephone: telephone(row, people),
        photo: None,
    }
}

/// A confidential household's numbers stay with it.
pub(super) fn telephone(row: &person::Model, people: &People) -> String {
    let hidden = people.households.get(&row.household_id).is_none_or(|h| h.confidential);
    if hidden { String::new() } else { row.phone.clone().unwrap_or_default() }
}

/// The guardian that a barred row names without saying so: one person, one item, and the card that they hold is theirs.
fn barred_guardian<'p>(row: &pickup_person::Model, people: &'p People) -> Option<&'p person::Model> {
    let of_child = people.rights.iter().filter(|r| row.status == BARRED && r.child_id == row.child_id);
    of_child.filter_map(|r| people.persons.get(&r.person_id)).filter(|p| homonym::is_guardian(row, p)).min_by_key(|p| p.id)
}

fn a_pickup(row: &pickup_person::Model, people: &People) -> Adult {
    let guardian = match row.person_id {
        Some(id) => people.persons.get(&id),
        None => barred_guardian(row, people),
    };
    let telephone = match guardian {
        Some(guardian) => telephone(guardian, people),
        None => row.phone.clone().unwrap_or_default(),
    };
    let status = match row.status.as_str() {
        BARRED => AdultStatus::Barred,
        "restreinte" => AdultStatus::Restricted,
        _ => AdultStatus::Authorised,
    };
    Adult {
        person: PersonId(row.person_id.or(guardian.map(|g| g.id)).unwrap_or(row.id)),
        child: ChildId(row.child_id),
        first_name: row.first_name.clone(),
        last_name: row.last_name.clone(),
        link: row.link.clone().unwrap_or_default(),
        status,
        weekdays: weekdays(row.weekdays),
        not_before: time(row.from_minute),
        identity_check: row.id_document.as_deref().is_some_and(|d| !d.trim().is_empty()),
        from: row.valid_from,
        to: row.valid_to,
        rank: row.call_order.and_then(|o| u32::try_from(o).ok()).unwrap_or(99),
        telephone,
        photo: photo(row.photo_hash.as_ref()),
    }
}

pub(super) fn badges(people: &People, offers: &[Offer]) -> Vec<Item> {
    let staff: BTreeSet<Uuid> = offers.iter().flat_map(|o| o.staff.iter().map(|s| s.id)).collect();
    let holder = |row: &badge::Model| match (row.household_id, row.person_id, row.staff_id) {
        (Some(id), _, _) => Some(BadgeHolder::Household(HouseholdId(id))),
        (_, Some(id), _) => Some(BadgeHolder::Person(PersonId(id))),
        (_, _, Some(id)) if staff.contains(&id) => Some(BadgeHolder::Staff(StaffId(id))),
        _ => None,
    };
    people
        .badges
        .iter()
        .filter_map(|row| Some(Item::Badge(Badge { id: BadgeId(row.id), uid: row.uid.clone(), holder: holder(row)? })))
        .collect()
}

/// The codes of adults who may come for a child, or must not: whoever is barred is told by the tablet who it is.
pub(super) fn door_codes(people: &People) -> impl Iterator<Item = Item> {
    let code = |row: &door_code::Model| {
        let telephone_end = telephone_end(people.persons.get(&row.person_id)?.phone.as_deref()?)?;
        Some(Item::DoorCode(DoorCode { person: PersonId(row.person_id), telephone_end, hash: row.hash.clone() }))
    };
    people.door_codes.iter().filter_map(code)
}

/// What families wrote, but for whoever has nothing to say of the child any more.
pub(super) fn notes(people: &People) -> impl Iterator<Item = Item> {
    let barred = barred_of(people);
    people.notes.iter().filter_map(move |row| {
        let right = people.rights.iter().find(|r| r.child_id == row.child_id && r.person_id == row.person_id)?;
        let author = people.persons.get(&row.person_id)?;
        let by_id = barred.iter().any(|b| b.child_id == row.child_id && b.person_id == Some(row.person_id));
        (!by_id && !is_barred_by_name(&barred, right, author)).then(|| {
            Item::Note(FamilyNote {
                child: ChildId(row.child_id),
                day: row.day,
                person: PersonId(row.person_id),
                author: format!("{} {}", author.first_name, author.last_name),
                text: row.text.clone(),
            })
        })
    })
}

/// Bookings of the window, and the days that contracts reserve. A child announced absent is not expected.
pub(super) fn bookings(offer: &Offer, people: &People, calendar: &SchoolCalendar, window: Window) -> Vec<Item> {
    let absent =
        |child: Uuid, day: NaiveDate| people.absences.iter().any(|a| a.child_id == child && a.first_day <= day && day <= a.last_day);
    let mut items: Vec<Item> = offer
        .bookings
        .iter()
        .map(|(row, state)| {
            Item::Booking(Booking {
                id: BookingId(row.id),
                child: ChildId(row.child_id),
                activity: ActivityId(row.activity_id),
                day: row.day,
                starts: time(state.starts_minute),
                ends: time(state.ends_minute),
                expected: state.status == Status::Accepted && !absent(row.child_id, row.day),
            })
        })
        .collect();
    let activities: HashMap<Uuid, &activity::Model> = offer.activities.iter().map(|a| (a.id, a)).collect();
    for contract in &offer.contracts {
        let Some(activity) = activities.get(&contract.activity_id) else { continue };
        let zone = offer.zones.get(&activity.centre_id).copied().unwrap_or(zone::DEFAULT);
        for day in window.days().filter(|d| contract.valid_from <= *d && *d <= contract.valid_to) {
            if !opens(activity, zone, calendar, day) {
                continue;
            }
            let on_leave = offer.leaves.iter().any(|l| l.contract_id == contract.id && l.first_day <= day && day <= l.last_day);
            let slots = offer.slots.iter().filter(|s| s.contract_id == contract.id && reserves(s, day));
            let expected = !on_leave && !absent(contract.child_id, day);
            items.extend(slots.map(|slot| Item::Booking(reserved(contract, slot, day, expected))));
        }
    }
    items
}

fn opens(activity: &activity::Model, zone: Zone, calendar: &SchoolCalendar, day: NaiveDate) -> bool {
    let holiday = public_holiday(day).is_some();
    let period = coded::<Period>(&activity.period).unwrap_or_default();
    period.fits(calendar.day_kind(zone, day), holiday) && weekdays(Some(activity.weekdays)).contains(day.weekday())
}

/// Week A is an odd week of the ISO calendar, week B an even one.
fn reserves(slot: &contract_slot::Model, day: NaiveDate) -> bool {
    let odd = day.iso_week().week() % 2 == 1;
    let week = match slot.week.as_str() {
        "A" => odd,
        "B" => !odd,
        _ => true,
    };
    week && i64::from(slot.weekday) == i64::from(day.weekday().num_days_from_monday())
}

/// A reserved day has no row of its own: its id is made of what it comes from, the same at each publication.
fn reserved(contract: &contract::Model, slot: &contract_slot::Model, day: NaiveDate, expected: bool) -> Booking {
    let digest =
        Sha256::new().chain_update(b"preau/contract-day/1\0").chain_update(slot.id.as_bytes()).chain_update(day.to_string()).finalize();
    let mut id = [0; 16];
    id.copy_from_slice(&digest[..16]);
    Booking {
        id: BookingId(uuid::Builder::from_custom_bytes(id).into_uuid()),
        child: ChildId(contract.child_id),
        activity: ActivityId(contract.activity_id),
        day,
        starts: time(Some(slot.starts_minute)),
        ends: time(Some(slot.ends_minute)),
        expected,
    }
}

/// A device of the site: its key, and whether what comes from it still counts.
pub(super) fn device(row: &device::Model) -> Item {
    let (server, revoked) = (row.kind == SERVER, row.revoked_at_ms.is_some());
    Item::Device(Device { id: DeviceId(row.id), key: (&row.public_key).into(), server, revoked })
}
