//! Which days the folder covers, and which of them a place is open.

use crate::territory::Centre;
use chrono::{Datelike, Days, NaiveDate, Weekday};
use shared::calendar::{DayKind, Month, SchoolCalendar, Zone, easter};
use std::collections::BTreeMap;

/// The whole territory is in zone B.
pub const ZONE: Zone = Zone::B;

/// How many days of bookings lie ahead of today.
const BOOKED_DAYS_AHEAD: u64 = 21;

/// The latest day with school (Monday, Tuesday, Thursday or Friday of term) at
/// or before the end of the month before `today`'s.
///
/// It lies in that month, but where the month has none: seen from September it
/// is the last school day before the summer, in July.
#[must_use]
pub fn last_school_day_of_previous_month(today: NaiveDate) -> NaiveDate {
    let calendar = SchoolCalendar::shipped();
    let mut day = Month::of(today).previous().last();
    while calendar.day_kind(ZONE, day) != DayKind::Scolaire {
        let Some(before) = day.pred_opt() else { break };
        day = before;
    }
    day
}

/// The first September of the school year that a day falls in.
#[must_use]
pub fn school_year(day: NaiveDate) -> i32 {
    if day.month() >= 9 { day.year() } else { day.year() - 1 }
}

/// What a day is for the activities that it may hold (`periode`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Period {
    /// `scolaire`
    School,
    /// `mercredi`
    Wednesday,
    /// `vacances`
    Holidays,
    /// `toujours`
    Always,
}

/// The calendar of one folder.
#[derive(Debug, Clone)]
pub struct Calendar {
    /// The day on which the folder is written.
    pub today: NaiveDate,
    /// The school day left blank at one school: its tablet was without network and brings that day itself.
    pub blank_day: NaiveDate,
    /// First day with bookings and attendance.
    pub first_day: NaiveDate,
    /// Last day with bookings.
    pub last_day: NaiveDate,
    school: SchoolCalendar,
    /// What each covered day is; asked some hundred thousand times.
    kinds: BTreeMap<NaiveDate, DayKind>,
    closures: Vec<Closure>,
}

/// Days on which one place is closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closure {
    /// The place's code.
    pub centre: &'static str,
    /// First day.
    pub from: NaiveDate,
    /// Last day.
    pub to: NaiveDate,
    /// `conges`, `pont`, `greve` or `travaux`.
    pub reason: &'static str,
}

impl Calendar {
    /// The calendar seen from a day.
    #[must_use]
    pub fn new(today: NaiveDate, centres: &[Centre]) -> Self {
        let blank_day = last_school_day_of_previous_month(today);
        let first_day = Month::of(today).previous().first().min(Month::of(blank_day).first());
        let last_day = plus(today, BOOKED_DAYS_AHEAD);
        let school = SchoolCalendar::shipped();
        let covered = first_day.iter_days().take_while(|day| *day <= last_day);
        let kinds = covered.map(|day| (day, school.day_kind(ZONE, day))).collect();
        let mut calendar = Self { today, blank_day, first_day, last_day, school, kinds, closures: Vec::new() };
        calendar.closures = calendar.plan_closures(centres);
        calendar
    }

    /// All days with bookings, in order.
    pub fn days(&self) -> impl Iterator<Item = NaiveDate> + use<> {
        let last_day = self.last_day;
        self.first_day.iter_days().take_while(move |day| *day <= last_day)
    }

    /// The years that the folder touches.
    pub fn years(&self) -> impl Iterator<Item = i32> + use<> {
        self.first_day.year()..=self.last_day.year()
    }

    /// The school years that the folder touches, by their first September.
    pub fn school_years(&self) -> impl Iterator<Item = i32> + use<> {
        school_year(self.first_day)..=school_year(self.last_day)
    }

    /// The closures, by place and day.
    #[must_use]
    pub fn closures(&self) -> &[Closure] {
        &self.closures
    }

    /// Whether a place works on a covered day in the sense of a period: never on a weekend, a public holiday or a closure.
    #[must_use]
    pub fn is_open(&self, centre: &str, period: Period, day: NaiveDate) -> bool {
        let fits = match self.kinds.get(&day) {
            None | Some(DayKind::Chome) => false,
            Some(DayKind::Scolaire) => matches!(period, Period::School | Period::Always),
            Some(DayKind::Mercredi) => matches!(period, Period::Wednesday | Period::Always),
            Some(DayKind::Vacances) => matches!(period, Period::Holidays | Period::Always),
        };
        fits && !self.closures.iter().any(|closure| closure.centre == centre && closure.from <= day && day <= closure.to)
    }

    /// Whether the attendance of a place on a day is in the folder: past days only, and not the day that a tablet still holds.
    #[must_use]
    pub fn has_attendance(&self, site: &str, day: NaiveDate) -> bool {
        day < self.today && !(day == self.blank_day && site == crate::territory::SCHOOL_SITE)
    }

    fn plan_closures(&self, centres: &[Centre]) -> Vec<Closure> {
        let mut closures = Vec::new();
        for centre in centres {
            match centre.kind {
                "eaje" => closures.extend(self.years().flat_map(|year| creche_closures(centre.code, year))),
                "alsh" => closures.extend(self.years().map(|year| christmas(centre.code, year))),
                _ => {}
            }
        }
        closures.extend(self.accidents());
        closures.sort_by_key(|closure| (closure.centre, closure.from));
        closures
    }

    /// What nobody planned: a strike at Pacy's school, works at Gasny on a Wednesday.
    fn accidents(&self) -> Vec<Closure> {
        let month_start = Month::of(self.blank_day).first();
        let of_kind = |kind: DayKind, weekday: Weekday| {
            let month = month_start.iter_days().take_while(|day| *day < self.blank_day);
            month.filter(move |day| day.weekday() == weekday && self.school.day_kind(ZONE, *day) == kind)
        };
        let strike = of_kind(DayKind::Scolaire, Weekday::Tue).next();
        let works = of_kind(DayKind::Mercredi, Weekday::Wed).next();
        let closure = |centre, day, reason| Closure { centre, from: day, to: day, reason };
        let mut closures = Vec::new();
        closures.extend(strike.into_iter().flat_map(|day| [closure("PAC-PERI", day, "greve"), closure("PAC-CANT", day, "greve")]));
        closures.extend(works.map(|day| closure("GAS-ALSH", day, "travaux")));
        closures
    }
}

/// Three weeks in August, the end of the year, the bridge of the Ascension.
fn creche_closures(centre: &'static str, year: i32) -> Vec<Closure> {
    let mut closures = vec![christmas(centre, year)];
    if let Some(first) = NaiveDate::from_ymd_opt(year, 8, 1) {
        let from = plus(first, u64::from((7 - first.weekday().num_days_from_monday()) % 7));
        closures.push(Closure { centre, from, to: plus(from, 18), reason: "conges" });
    }
    let bridge = plus(easter(year), 40);
    closures.push(Closure { centre, from: bridge, to: bridge, reason: "pont" });
    closures
}

fn christmas(centre: &'static str, year: i32) -> Closure {
    let day = |day| NaiveDate::from_ymd_opt(year, 12, day).unwrap_or_default();
    Closure { centre, from: day(24), to: day(31), reason: "conges" }
}

/// A day some days later.
pub(crate) fn plus(day: NaiveDate, days: u64) -> NaiveDate {
    day.checked_add_days(Days::new(days)).unwrap_or(day)
}

/// A day some days earlier.
pub(crate) fn minus(day: NaiveDate, days: u64) -> NaiveDate {
    day.checked_sub_days(Days::new(days)).unwrap_or(day)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn the_blank_day_is_the_last_school_day_of_the_month_before() {
        for (today, expected) in [
            ("2026-11-24", "2026-10-16"), // the autumn holidays begin on the 17th
            ("2026-10-04", "2026-09-29"), // the 30th is a Wednesday
            ("2026-05-01", "2026-04-30"),
            ("2027-01-02", "2026-12-18"),
            ("2026-08-15", "2026-07-03"),
            ("2026-09-01", "2026-07-03"), // no school in August: the last day before the summer
            ("2028-02-29", "2028-01-31"),
        ] {
            assert_eq!(last_school_day_of_previous_month(day(today)), day(expected), "seen from {today}");
        }
    }

    #[test]
    fn a_school_year_starts_in_september() {
        assert_eq!(school_year(day("2026-08-31")), 2025);
        assert_eq!(school_year(day("2026-09-01")), 2026);
    }
}
