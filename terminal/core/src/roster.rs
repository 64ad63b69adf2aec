//! The roster in memory: items by id, and the few questions that a door asks.
//! A reading of what the server sent; no rule of attendance.

use chrono::{Datelike, NaiveDate};
use hardware::uid::BadgeUid;
use shared::calendar::{DayKind, public_holiday};
use shared::id::{ActivityId, CentreId, ChildId, ClassId, GroupId, PersonId, StaffId};
use shared::name::folded;
use shared::pickup;
use shared::roster::{Activity, Adult, AdultStatus, Badge, Booking, Centre, Child, Class, EnRoute, Group, Item, OtherCentre, Site, Staff};
use std::collections::{BTreeMap, HashMap, HashSet};

/// What the tablet knows of its site on one day.
#[derive(Debug, Clone, Default)]
pub struct Roster {
    /// Number of the last change that it holds: sealed into every entry.
    pub version: u64,
    /// The building.
    pub site: Option<Site>,
    /// Lieux of the site.
    pub centres: BTreeMap<CentreId, Centre>,
    /// Groups of the lieux.
    pub groups: BTreeMap<GroupId, Group>,
    /// Classes of the school.
    pub classes: BTreeMap<ClassId, Class>,
    /// Moments.
    pub activities: BTreeMap<ActivityId, Activity>,
    /// Children.
    pub children: BTreeMap<ChildId, Child>,
    /// Children in the order of the board: by first name, then last name, without accents.
    pub order: Vec<ChildId>,
    /// What stands beside each first name: an initial, or more where two would look the same.
    pub last_names: HashMap<ChildId, String>,
    adults: HashMap<ChildId, Vec<Adult>>,
    badges: HashMap<String, Badge>,
    bookings: HashMap<(ChildId, ActivityId), Booking>,
    staff: BTreeMap<StaffId, Staff>,
    /// Lieux of other sites, by name.
    pub other_centres: Vec<OtherCentre>,
    en_route: HashMap<ChildId, EnRoute>,
}

impl Roster {
    /// Sorts items into place.
    #[must_use]
    pub fn of(items: Vec<Item>, version: u64) -> Self {
        let mut roster = Self { version, ..Self::default() };
        for item in items {
            match item {
                Item::Site(site) => roster.site = Some(site),
                Item::Centre(centre) => drop(roster.centres.insert(centre.id, centre)),
                Item::Group(group) => drop(roster.groups.insert(group.id, group)),
                Item::Class(class) => drop(roster.classes.insert(class.id, class)),
                Item::Activity(activity) => drop(roster.activities.insert(activity.id, activity)),
                Item::Child(child) => drop(roster.children.insert(child.id, child)),
                Item::Adult(adult) => roster.adults.entry(adult.child).or_default().push(adult),
                Item::Badge(badge) => drop(roster.badges.insert(badge.uid.to_ascii_uppercase(), badge)),
                Item::Booking(booking) => roster.book(booking),
                Item::Staff(staff) => drop(roster.staff.insert(staff.id, staff)),
                Item::OtherCentre(other) => roster.other_centres.push(other),
                Item::EnRoute(way) => drop(roster.en_route.insert(way.child, way)),
                // Kept beside the entries that it is about.
                Item::Device(_) => {}
                // Read from the disk for whoever opens it, and let go afterwards: no child's health and no family's words stay in memory.
                Item::Care(_) | Item::Note(_) => {}
                // Compared on the disk, by whoever types one.
                Item::Pin(_) | Item::DoorCode(_) => {}
            }
        }
        for adults in roster.adults.values_mut() {
            adults.sort_by(|a, b| (a.rank, &a.last_name, &a.first_name, a.person).cmp(&(b.rank, &b.last_name, &b.first_name, b.person)));
        }
        roster.order = roster.children.keys().copied().collect();
        roster.order.sort_by_cached_key(|id| {
            let child = &roster.children[id];
            (folded(&child.first_name), folded(&child.last_name), *id)
        });
        roster.last_names = last_names(&roster.children);
        roster.other_centres.sort_by_cached_key(|other| (folded(&other.name), other.id));
        roster
    }

    /// Two bookings of one child and activity on a day: awaited in one of them is awaited, from the earlier time.
    fn book(&mut self, booking: Booking) {
        let known = self.bookings.entry((booking.child, booking.activity)).or_insert_with(|| booking.clone());
        if (!booking.expected, booking.starts, booking.id) < (!known.expected, known.starts, known.id) {
            *known = booking;
        }
    }

    /// The card of a number.
    #[must_use]
    pub fn badge(&self, uid: &BadgeUid) -> Option<&Badge> {
        self.badges.get(&uid.to_string())
    }

    /// Whether any member of staff has a card.
    #[must_use]
    pub fn has_staff_badge(&self) -> bool {
        self.badges.values().any(|badge| matches!(badge.holder, shared::roster::BadgeHolder::Staff(_)))
    }

    /// A member of staff.
    #[must_use]
    pub fn staff(&self, id: StaffId) -> Option<&Staff> {
        self.staff.get(&id)
    }

    /// Who works at a lieu, by first name; all of the site where nobody is said to work there.
    #[must_use]
    pub fn team(&self, centre: Option<CentreId>) -> Vec<&Staff> {
        let mut team: Vec<&Staff> = self.staff.values().filter(|s| Some(s.centre) == centre).collect();
        if team.is_empty() {
            team = self.staff.values().collect();
        }
        team.sort_by_cached_key(|s| (folded(&s.first_name), folded(&s.last_name), s.id));
        team
    }

    /// Who works at the site, of whatever lieu, by first name.
    #[must_use]
    pub fn whole_team(&self) -> Vec<&Staff> {
        self.team(None)
    }

    /// Who may sign the days of a lieu, by first name.
    #[must_use]
    pub fn directors(&self, centre: CentreId) -> Vec<&Staff> {
        self.team(Some(centre)).into_iter().filter(|s| s.director && s.centre == centre).collect()
    }

    /// Whether a member of staff has a card to be named by.
    #[must_use]
    pub fn has_card(&self, staff: StaffId) -> bool {
        self.badges.values().any(|badge| badge.holder == shared::roster::BadgeHolder::Staff(staff))
    }

    /// The planned presence of a child for a moment on the roster's day.
    #[must_use]
    pub fn booking(&self, child: ChildId, activity: ActivityId) -> Option<&Booking> {
        self.bookings.get(&(child, activity))
    }

    /// What the server told of a child that left another site for this one; what was recorded here since is newer.
    #[must_use]
    pub fn en_route(&self, child: ChildId) -> Option<&EnRoute> {
        self.en_route.get(&child)
    }

    /// Whether a child may attend an activity on a day.
    #[must_use]
    pub fn is_enrolled(&self, child: &Child, activity: ActivityId, day: NaiveDate) -> bool {
        child.enrolments.iter().any(|e| e.what == activity && e.holds(day))
    }

    /// Adults whose row for a child holds on a day, in the order to show them. Barred ones included: the caller separates them.
    pub fn adults(&self, child: ChildId, day: NaiveDate) -> impl Iterator<Item = &Adult> {
        self.adults.get(&child).into_iter().flatten().filter(move |adult| pickup::holds(adult, day))
    }

    /// Those who may take a child on a day, one row a person ([`pickup`]).
    #[must_use]
    pub fn allowed(&self, child: ChildId, day: NaiveDate) -> Vec<&Adult> {
        pickup::allowed(self.adults.get(&child).into_iter().flatten(), day)
    }

    /// Whether a person must never take a child, by a row of their own or by that of another person of the same name.
    #[must_use]
    pub fn is_barred(&self, child: ChildId, person: PersonId, day: NaiveDate) -> bool {
        let names = self.names_of(person);
        self.barred(child, day).any(|a| a.person == person || names.contains(&pickup::compared_name(a)))
    }

    /// Every way in which rows of a person write the name.
    fn names_of(&self, person: PersonId) -> HashSet<String> {
        self.adults.values().flatten().filter(|a| a.person == person).map(pickup::compared_name).collect()
    }

    /// Those who must never take a child.
    pub fn barred(&self, child: ChildId, day: NaiveDate) -> impl Iterator<Item = &Adult> {
        self.adults(child, day).filter(|a| a.status == AdultStatus::Barred)
    }

    /// Children for whom a person has a row that holds on a day, in the board's order.
    #[must_use]
    pub fn children_of_person(&self, person: PersonId, day: NaiveDate) -> Vec<ChildId> {
        self.order.iter().copied().filter(|child| self.adults(*child, day).any(|a| a.person == person)).collect()
    }

    /// Children of any of some households, in the board's order.
    #[must_use]
    pub fn children_of_households(&self, households: &[shared::id::HouseholdId]) -> Vec<ChildId> {
        let lives_there = |child: &ChildId| self.children[child].households.iter().any(|h| households.contains(h));
        self.order.iter().copied().filter(lives_there).collect()
    }

    /// Brothers and sisters: other children of the same households.
    #[must_use]
    pub fn siblings(&self, child: ChildId) -> Vec<ChildId> {
        let Some(households) = self.children.get(&child).map(|c| c.households.as_slice()) else { return Vec::new() };
        self.children_of_households(households).into_iter().filter(|other| *other != child).collect()
    }

    /// "Léa", or what the tablet has of her.
    #[must_use]
    pub fn first_name(&self, child: ChildId) -> String {
        self.children.get(&child).map_or_else(|| tr!("Un enfant"), |c| c.first_name.clone())
    }

    /// "Léa Martin".
    #[must_use]
    pub fn full_name(&self, child: ChildId) -> String {
        self.children.get(&child).map_or_else(|| tr!("Un enfant"), |c| format!("{} {}", c.first_name, c.last_name))
    }

    /// The child of a file's code.
    #[must_use]
    pub fn child_by_code(&self, code: &str) -> Option<ChildId> {
        self.children.values().find(|c| c.code == code).map(|c| c.id)
    }

    /// The member of staff of a file's code.
    #[must_use]
    pub fn staff_by_code(&self, code: &str) -> Option<StaffId> {
        self.staff.values().find(|s| s.code == code).map(|s| s.id)
    }

    /// The activity of a file's code.
    #[must_use]
    pub fn activity_by_code(&self, code: &str) -> Option<ActivityId> {
        self.activities.values().find(|a| a.code == code).map(|a| a.id)
    }

    /// The groups of a lieu that a child is in on a day, and the classes, which the board treats alike.
    #[must_use]
    pub fn groups_of(&self, child: &Child, centre: CentreId, day: NaiveDate) -> Vec<GroupId> {
        let here = |group: &GroupId| self.groups.get(group).is_some_and(|g| g.centre == centre);
        let groups = child.groups.iter().filter(|g| g.holds(day)).map(|g| g.what).filter(here);
        groups.chain(child.classes.iter().filter(|c| c.holds(day)).map(|c| GroupId(c.what.0))).collect()
    }

    /// The name of a group, or of a class that stands for one.
    #[must_use]
    pub fn group_name(&self, group: GroupId) -> Option<&str> {
        self.groups.get(&group).map(|g| g.name.as_str()).or_else(|| self.classes.get(&ClassId(group.0)).map(|c| c.name.as_str()))
    }

    /// What a day is, by the holidays of the site's zone.
    #[must_use]
    pub fn day_kind(&self, day: NaiveDate) -> DayKind {
        let in_holidays = self.site.as_ref().is_some_and(|s| s.holidays.iter().any(|h| h.first_day <= day && day <= h.last_day));
        match day.weekday() {
            chrono::Weekday::Sat | chrono::Weekday::Sun => DayKind::Chome,
            _ if public_holiday(day).is_some() => DayKind::Chome,
            _ if in_holidays => DayKind::Vacances,
            chrono::Weekday::Wed => DayKind::Mercredi,
            _ => DayKind::Scolaire,
        }
    }

    /// Whether an activity takes place on a day: its days of the week, its period, and its lieu's closures.
    #[must_use]
    pub fn is_open(&self, activity: &Activity, day: NaiveDate) -> bool {
        let closed = self.centres.get(&activity.centre).is_some_and(|c| c.closures.iter().any(|(from, to)| *from <= day && day <= *to));
        let weekday = activity.weekdays.is_empty() || activity.weekdays.contains(day.weekday());
        weekday && !closed && activity.period.fits(self.day_kind(day), public_holiday(day).is_some())
    }
}

/// "M.", or "Martin" where another child would look the same, or "Martin · 2019" where even that is shared.
fn last_names(children: &BTreeMap<ChildId, Child>) -> HashMap<ChildId, String> {
    let initial =
        |c: &Child| c.last_name.chars().find(|l| l.is_alphanumeric()).map(|l| format!("{}.", l.to_uppercase())).unwrap_or_default();
    let mut short: HashMap<(String, String), u32> = HashMap::new();
    let mut long: HashMap<(String, String), u32> = HashMap::new();
    for child in children.values() {
        *short.entry((folded(&child.first_name), folded(&initial(child)))).or_default() += 1;
        *long.entry((folded(&child.first_name), folded(&child.last_name))).or_default() += 1;
    }
    let name = |child: &Child| {
        if short[&(folded(&child.first_name), folded(&initial(child)))] == 1 {
            initial(child)
        } else if long[&(folded(&child.first_name), folded(&child.last_name))] == 1 {
            child.last_name.clone()
        } else {
            format!("{} · {}", child.last_name, child.birth_date.year())
        }
    };
    children.values().map(|child| (child.id, name(child))).collect()
}
