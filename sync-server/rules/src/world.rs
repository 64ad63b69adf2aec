//! The input, indexed once for a month.

use crate::input::{Activity, Booking, Centre, Child, Household, Input};
use crate::tariff::Tariff;
use chrono::NaiveDate;
use shared::calendar::SchoolCalendar;
use shared::id::{ActivityId, CentreId, ChildId, HouseholdId, SiteId};
use std::collections::HashMap;

pub(crate) struct World<'a> {
    pub calendar: &'a SchoolCalendar,
    pub centres: HashMap<CentreId, &'a Centre>,
    pub activities: HashMap<ActivityId, &'a Activity>,
    pub households: HashMap<HouseholdId, &'a Household>,
    /// By code, of each lieu.
    by_centre: HashMap<CentreId, Vec<&'a Activity>>,
    by_site: HashMap<SiteId, Vec<&'a Activity>>,
    /// Versions of each code, oldest first.
    tariffs: HashMap<&'a str, Vec<&'a Tariff>>,
    bookings: HashMap<(ChildId, NaiveDate), Vec<&'a Booking>>,
    /// Children of each household by birth, then code.
    siblings: HashMap<HouseholdId, Vec<&'a Child>>,
}

impl<'a> World<'a> {
    pub fn new(input: &'a Input) -> Self {
        let mut world = Self {
            calendar: &input.calendar,
            centres: input.centres.iter().map(|centre| (centre.id, centre)).collect(),
            activities: input.activities.iter().map(|activity| (activity.id, activity)).collect(),
            households: input.households.iter().map(|household| (household.id, household)).collect(),
            by_centre: HashMap::new(),
            by_site: HashMap::new(),
            tariffs: HashMap::new(),
            bookings: HashMap::new(),
            siblings: HashMap::new(),
        };
        let mut activities: Vec<&Activity> = input.activities.iter().collect();
        activities.sort_by(|a, b| a.code.cmp(&b.code));
        for activity in activities {
            world.by_centre.entry(activity.centre).or_default().push(activity);
            if let Some(centre) = world.centres.get(&activity.centre) {
                world.by_site.entry(centre.site).or_default().push(activity);
            }
        }
        for tariff in &input.tariffs {
            world.tariffs.entry(&tariff.code).or_default().push(tariff);
        }
        world.tariffs.values_mut().for_each(|versions| versions.sort_by_key(|tariff| tariff.valid_from));
        for booking in &input.bookings {
            world.bookings.entry((booking.child, booking.day)).or_default().push(booking);
        }
        // The order of rows in a file is of no account.
        world.bookings.values_mut().for_each(|bookings| bookings.sort_by_key(|booking| (booking.activity, booking.starts, booking.ends)));
        for child in &input.children {
            let attached = child.attachments.iter().map(|attachment| attachment.household);
            let mut homes: Vec<HouseholdId> = attached.chain([child.household]).collect();
            homes.sort_unstable();
            homes.dedup();
            for home in homes {
                world.siblings.entry(home).or_default().push(child);
            }
        }
        world.siblings.values_mut().for_each(|children| children.sort_by(|a, b| (a.birth_date, &a.code).cmp(&(b.birth_date, &b.code))));
        world
    }

    pub fn activity(&self, id: ActivityId) -> Option<&'a Activity> {
        self.activities.get(&id).copied()
    }

    pub fn centre_of(&self, activity: &Activity) -> Option<&'a Centre> {
        self.centres.get(&activity.centre).copied()
    }

    /// Activities that a mark without a named activity could be of: those of its lieu, else of its site.
    pub fn around(&self, centre: Option<CentreId>, site: SiteId) -> &[&'a Activity] {
        let of_centre = centre.and_then(|centre| self.by_centre.get(&centre));
        of_centre.or_else(|| self.by_site.get(&site)).map_or(&[], Vec::as_slice)
    }

    /// The version of a tariff that holds on a day; where several do, the latest.
    pub fn tariff(&self, code: &str, day: NaiveDate) -> Option<&'a Tariff> {
        self.tariffs.get(code)?.iter().rev().find(|tariff| tariff.holds_on(day)).copied()
    }

    pub fn bookings(&self, child: ChildId, day: NaiveDate) -> &[&'a Booking] {
        self.bookings.get(&(child, day)).map_or(&[], Vec::as_slice)
    }

    /// Rank of a child among the enrolled children of a household on a day (the eldest is 1), and how many they are.
    ///
    /// Enrolled: with an enrolment or a contract in any activity of the
    /// organisation. The child itself counts in any case.
    pub fn rank(&self, child: &Child, household: HouseholdId, day: NaiveDate) -> (u32, u32) {
        let (mut rank, mut number) = (1, 0);
        for sibling in self.siblings.get(&household).map_or(&[][..], Vec::as_slice) {
            let itself = sibling.id == child.id;
            let counts = itself || (sibling.is_enrolled(day) && crate::custody::belongs(sibling, household, day));
            number += u32::from(counts);
            if itself {
                rank = number;
            }
        }
        (rank, number.max(1))
    }
}
