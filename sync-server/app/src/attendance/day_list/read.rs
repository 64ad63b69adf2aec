//! What a list says, from what the tablets of the site are told for the day.

use crate::Result;
use crate::attendance::{live, sheet};
use crate::billing::month;
use crate::store::entity::{centre, child_absence, site};
use crate::store::{Tenant, Territory};
use crate::sync::roster;
use chrono::{Datelike, NaiveDate, NaiveTime};
use documents::{DayContent, ListChild, ListContact, ListGroup, ListMoment, ListRow, ListStaff, ListTaker};
use sea_orm::{ColumnTrait, QueryFilter};
use shared::fold::Attendance;
use shared::french;
use shared::id::{ActivityId, CentreId, ChildId, ClassId, GroupId, SiteId};
use shared::name::folded;
use shared::pickup;
use shared::roster::{Activity, Adult, AdultStatus, Booking, BookingRule, Care, Child, Class, Group, Item, Recording, Staff};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use uuid::Uuid;

/// What was read, and whom it names.
pub(super) struct Reading {
    pub content: DayContent,
    pub children: BTreeSet<ChildId>,
}

/// Reads a lieu's day; `None` where nothing takes place.
pub(super) async fn read(territory: &Territory<'_>, tenant: &Tenant<'_>, row: &centre::Model, day: NaiveDate) -> Result<Option<Reading>> {
    let (centre, site_id) = (CentreId(row.id), SiteId(row.site_id));
    let open = live::moments(&month::read_places(tenant).await?, centre, day);
    if open.is_empty() {
        return Ok(None);
    }
    let on = territory.on();
    let known = Known::of(roster::items(territory, site_id, day).await?.into_values());
    let attendance = sheet::read(territory, row.clone(), day).await?.attendance;
    let away = territory.find::<child_absence::Entity>().filter(child_absence::Column::FirstDay.lte(day));
    let away = away.filter(child_absence::Column::LastDay.gte(day)).all(&on).await?;
    let building = territory.find::<site::Entity>().filter(site::Column::Id.eq(row.site_id)).one(&on).await?;
    let organisation = tenant.organisation().await?.map(|o| o.name).unwrap_or_default();
    let away = away.into_iter().map(|a| a.child_id).collect();
    let day_of = DayOf { known: &known, attendance: &attendance, away, centre, day };
    let mut named = BTreeSet::new();
    let moments = open.iter().filter_map(|(id, _)| known.activities.get(id)).map(|a| day_of.moment(a, &mut named)).collect();
    let mut children: Vec<&Child> = named.iter().filter_map(|id| known.children.get(id)).collect();
    children.sort_by_cached_key(|child| name_key(child));
    let mut staff: Vec<&Staff> = known.staff.iter().filter(|s| s.centre == centre).collect();
    staff.sort_by_cached_key(|s| (!s.director, folded(&s.last_name), folded(&s.first_name), s.id));
    let content = DayContent {
        organisation,
        lieu: row.name.clone(),
        address: building.and_then(|site| site.address).unwrap_or_default(),
        day,
        said_day: format!("{} {}", french::weekday_and_day(day), day.year()),
        moments,
        children: children.into_iter().map(|child| day_of.child(child)).collect(),
        staff: staff.into_iter().map(a_member).collect(),
    };
    Ok(Some(Reading { content, children: named }))
}

fn a_member(staff: &Staff) -> ListStaff {
    let role = if staff.director { "direction" } else { "équipe" };
    ListStaff { name: format!("{} {}", staff.first_name, staff.last_name), role: role.into() }
}

fn name_key(child: &Child) -> (String, String, String) {
    (folded(&child.last_name), folded(&child.first_name), child.code.clone())
}

/// The items of a site, by what a list asks of them.
#[derive(Default)]
struct Known {
    activities: HashMap<ActivityId, Activity>,
    groups: HashMap<GroupId, Group>,
    classes: HashMap<ClassId, Class>,
    children: BTreeMap<ChildId, Child>,
    adults: HashMap<ChildId, Vec<Adult>>,
    care: HashMap<ChildId, Care>,
    bookings: HashMap<(ChildId, ActivityId), Vec<Booking>>,
    staff: Vec<Staff>,
}

impl Known {
    fn of(items: impl Iterator<Item = Item>) -> Self {
        let mut known = Self::default();
        for item in items {
            match item {
                Item::Activity(it) => drop(known.activities.insert(it.id, it)),
                Item::Group(it) => drop(known.groups.insert(it.id, it)),
                Item::Class(it) => drop(known.classes.insert(it.id, it)),
                Item::Child(it) => drop(known.children.insert(it.id, it)),
                Item::Adult(it) => known.adults.entry(it.child).or_default().push(it),
                Item::Care(it) => drop(known.care.insert(it.child, it)),
                Item::Booking(it) => known.bookings.entry((it.child, it.activity)).or_default().push(it),
                Item::Staff(it) => known.staff.push(it),
                Item::Site(_) | Item::Centre(_) | Item::Badge(_) | Item::Device(_) | Item::Pin(_) | Item::DoorCode(_) => {}
                // Of today, and of the tablets.
                Item::OtherCentre(_) | Item::EnRoute(_) | Item::Note(_) => {}
            }
        }
        known
    }

    /// Born when, where another child of the site has the same name; else empty.
    fn apart(&self, child: &Child) -> String {
        let named = |c: &Child| (folded(&c.last_name), folded(&c.first_name));
        let shared = self.children.values().any(|other| other.id != child.id && named(other) == named(child));
        if shared { format!("naissance {}", child.birth_date.format("%d/%m/%Y")) } else { String::new() }
    }
}

/// What the plan says of a child and a moment.
enum Plan {
    /// Awaited, with the hours reserved, or announced absent.
    Awaited { hours: String, absent: bool },
    /// Enrolled, and may come without a booking.
    MayCome,
}

/// A lieu's day.
struct DayOf<'a> {
    known: &'a Known,
    attendance: &'a Attendance,
    /// Children of whom a file says that they are away.
    away: HashSet<Uuid>,
    centre: CentreId,
    day: NaiveDate,
}

impl DayOf<'_> {
    fn moment(&self, activity: &Activity, named: &mut BTreeSet<ChildId>) -> ListMoment {
        let mut groups: BTreeMap<(bool, String, String), Vec<ListRow>> = BTreeMap::new();
        let mut unbooked = Vec::new();
        let mut children: Vec<&Child> = self.known.children.values().collect();
        children.sort_by_cached_key(|child| name_key(child));
        for child in children {
            let Some(plan) = self.plan(child, activity) else { continue };
            named.insert(child.id);
            match plan {
                Plan::Awaited { hours, absent } => {
                    let group = self.group(child);
                    // Those of no group last.
                    let place = (group.is_empty(), folded(&group), group);
                    groups.entry(place).or_default().push(self.row(child, hours, absent));
                }
                Plan::MayCome => unbooked.push(self.row(child, String::new(), self.is_away(child, activity))),
            }
        }
        ListMoment {
            name: activity.name.clone(),
            hours: span(activity.starts, activity.ends),
            by_call: activity.recording == Recording::Appel,
            groups: groups.into_iter().map(|((_, _, name), rows)| ListGroup { name, rows }).collect(),
            unbooked,
        }
    }

    /// As the board reads it (the tablet's `standing`); besides, who may come without a booking: whoever comes must have somebody to call.
    fn plan(&self, child: &Child, activity: &Activity) -> Option<Plan> {
        let of_day = |b: &&Booking| b.day == self.day;
        let bookings: Vec<&Booking> = self.known.bookings.get(&(child.id, activity.id)).into_iter().flatten().filter(of_day).collect();
        let away = self.is_away(child, activity);
        if !bookings.is_empty() {
            let starts = bookings.iter().filter_map(|b| b.starts).min().or(activity.starts);
            let ends = bookings.iter().filter_map(|b| b.ends).max().or(activity.ends);
            let absent = away || bookings.iter().all(|b| !b.expected);
            return Some(Plan::Awaited { hours: span(starts, ends), absent });
        }
        let enrolled = child.enrolments.iter().any(|e| e.what == activity.id && e.holds(self.day));
        match activity.booking {
            BookingRule::Aucune if enrolled => Some(Plan::Awaited { hours: span(activity.starts, activity.ends), absent: away }),
            BookingRule::Facultative if enrolled => Some(Plan::MayCome),
            _ => None,
        }
    }

    fn is_away(&self, child: &Child, activity: &Activity) -> bool {
        let announced = self.attendance.days.get(&(self.day, child.id)).is_some_and(|day| {
            day.absences.iter().any(|absence| match absence.mark.activity {
                Some(of) => of == activity.id,
                None => absence.mark.centre.is_none_or(|c| c == activity.centre),
            })
        });
        announced || self.away.contains(&child.id.0)
    }

    /// The group of the lieu, else the class.
    fn group(&self, child: &Child) -> String {
        let groups = child.groups.iter().filter(|g| g.holds(self.day)).filter_map(|g| self.known.groups.get(&g.what));
        let group = groups.filter(|g| g.centre == self.centre).map(|g| g.name.clone()).next();
        let class =
            || child.classes.iter().filter(|c| c.holds(self.day)).find_map(|c| self.known.classes.get(&c.what)).map(|c| c.name.clone());
        group.or_else(class).unwrap_or_default()
    }

    fn row(&self, child: &Child, hours: String, absent: bool) -> ListRow {
        let (last_name, first_name) = (child.last_name.clone(), child.first_name.clone());
        ListRow { last_name, first_name, apart: self.known.apart(child), hours, care: child.care, absent }
    }

    fn child(&self, child: &Child) -> ListChild {
        let adults = self.known.adults.get(&child.id).map_or(&[][..], Vec::as_slice);
        let mut takers = pickup::allowed(adults, self.day);
        // Stricter than the door, which asks again tomorrow: a sheet lies about, and names nobody who is barred on any day.
        let barred: HashSet<String> = adults.iter().filter(|a| a.status == AdultStatus::Barred).map(pickup::compared_name).collect();
        takers.retain(|adult| !barred.contains(&pickup::compared_name(adult)));
        takers.sort_by_cached_key(|a| (a.rank, folded(&a.last_name), folded(&a.first_name), a.person));
        let contacts = self.known.care.get(&child.id).into_iter().flat_map(|care| &care.contacts);
        let contacts = contacts.filter(|c| !barred.contains(&folded(&c.name))).map(|c| ListContact {
            name: c.name.clone(),
            link: c.link.clone(),
            telephone: in_pairs(&c.telephone),
        });
        let alone = child.alone_from.filter(|_| child.alone_days.is_empty() || child.alone_days.contains(self.day.weekday()));
        ListChild {
            last_name: child.last_name.clone(),
            first_name: child.first_name.clone(),
            apart: self.known.apart(child),
            group: self.group(child),
            care: child.care,
            contacts: contacts.collect(),
            takers: takers.into_iter().map(a_taker).collect(),
            alone: alone.map(|from| format!("Part sans adulte à partir de {}", french::time(from))).unwrap_or_default(),
        }
    }
}

fn full_name(adult: &Adult) -> String {
    format!("{} {}", adult.first_name, adult.last_name)
}

fn a_taker(adult: &Adult) -> ListTaker {
    let mut conditions: Vec<String> = adult.not_before.map(|from| format!("pas avant {}", french::time(from))).into_iter().collect();
    if adult.identity_check {
        conditions.push("sur pièce d’identité".into());
    }
    ListTaker { name: full_name(adult), link: adult.link.clone(), conditions }
}

/// "8:00 – 17:30", "dès 8:00", "jusqu’à 17:30", or nothing.
fn span(starts: Option<NaiveTime>, ends: Option<NaiveTime>) -> String {
    match (starts, ends) {
        (Some(from), Some(to)) => format!("{} – {}", french::time(from), french::time(to)),
        (Some(from), None) => format!("dès {}", french::time(from)),
        (None, Some(to)) => format!("jusqu’à {}", french::time(to)),
        (None, None) => String::new(),
    }
}

/// Ten digits as they are dialled from a sheet, "06 12 34 56 78"; anything else as it was given.
fn in_pairs(telephone: &str) -> String {
    let digits: String = telephone.chars().filter(|c| !c.is_whitespace() && *c != '.').collect();
    if digits.len() != 10 || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return telephone.to_owned();
    }
    digits.as_bytes().chunks(2).map(String::from_utf8_lossy).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_printed_as_it_is_dialled_and_a_foreign_one_as_it_was_given() {
        assert_eq!(in_pairs("0612345678"), "06 12 34 56 78");
        assert_eq!(in_pairs("06.12.34.56.78"), "06 12 34 56 78");
        assert_eq!(in_pairs("+32 470 12 34 56"), "+32 470 12 34 56");
        assert_eq!(in_pairs(""), "");
    }
}
