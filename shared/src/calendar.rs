//! Days as the law and the schools see them: business days in Europe/Paris,
//! public holidays (computed), school holidays by zone, and the two clock
//! changes.

use chrono::{DateTime, Datelike, Days, LocalResult, NaiveDate, NaiveDateTime, NaiveTime, TimeZone, Timelike, Utc, Weekday};
use chrono_tz::Europe::Paris;
use serde::{Deserialize, Serialize};

/// An instant in UTC, with millisecond precision where it is stored.
pub type Instant = DateTime<Utc>;

/// The instant of a number of milliseconds since 1970, UTC, brought within the years 0 to 9999: an absurd clock gets an absurd day,
/// never an overflow when a zone is added.
#[must_use]
pub fn instant_from_ms(at_ms: i64) -> Instant {
    const YEAR_0: i64 = -62_167_219_200_000;
    const YEAR_9999_ENDS: i64 = 253_402_300_799_999 - 86_400_000;
    DateTime::from_timestamp_millis(at_ms.clamp(YEAR_0, YEAR_9999_ENDS)).unwrap_or_default()
}

/// The business day of an instant: the date on a wall clock in Europe/Paris.
#[must_use]
pub fn business_day(at: Instant) -> NaiveDate {
    local(at).date()
}

/// What a wall clock in Europe/Paris shows at an instant.
#[must_use]
pub fn local(at: Instant) -> NaiveDateTime {
    at.with_timezone(&Paris).naive_local()
}

/// The instant at which a wall clock in Europe/Paris shows a date and time.
///
/// In the hour that October's change repeats, the first pass (summer time); in
/// the hour that March's change skips, the instant of the change.
#[must_use]
pub fn instant(day: NaiveDate, time: NaiveTime) -> Instant {
    let wall = day.and_time(time);
    match Paris.from_local_datetime(&wall) {
        LocalResult::Single(at) | LocalResult::Ambiguous(at, _) => at.with_timezone(&Utc),
        LocalResult::None => {
            let mut later = wall;
            // The gap is one hour: within 60 steps of a minute the clock exists again.
            for _ in 0..60 {
                later += chrono::TimeDelta::minutes(1);
                if let LocalResult::Single(at) = Paris.from_local_datetime(&later.with_second(0).unwrap_or(later)) {
                    return at.with_timezone(&Utc);
                }
            }
            later.and_utc()
        }
    }
}

/// The first instant of a business day, and the first of the next one.
#[must_use]
pub fn day_bounds(day: NaiveDate) -> (Instant, Instant) {
    let next = day.checked_add_days(Days::new(1)).unwrap_or(day);
    (instant(day, NaiveTime::MIN), instant(next, NaiveTime::MIN))
}

/// A month of a year, `2026-09` in print.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Month {
    /// First day of the month.
    first: NaiveDate,
}

impl Month {
    /// The month of a day.
    #[must_use]
    pub fn of(day: NaiveDate) -> Self {
        Self { first: day.with_day(1).unwrap_or(day) }
    }

    /// First day.
    #[must_use]
    pub fn first(self) -> NaiveDate {
        self.first
    }

    /// Last day.
    #[must_use]
    pub fn last(self) -> NaiveDate {
        let next = self.next().first;
        next.pred_opt().unwrap_or(next)
    }

    /// The month after.
    #[must_use]
    pub fn next(self) -> Self {
        Self { first: self.first.checked_add_months(chrono::Months::new(1)).unwrap_or(self.first) }
    }

    /// The month before.
    #[must_use]
    pub fn previous(self) -> Self {
        Self { first: self.first.checked_sub_months(chrono::Months::new(1)).unwrap_or(self.first) }
    }

    /// Its days, in order.
    pub fn days(self) -> impl Iterator<Item = NaiveDate> {
        let month = self.first.month();
        self.first.iter_days().take_while(move |d| d.month() == month)
    }
}

impl std::fmt::Display for Month {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:04}-{:02}", self.first.year(), self.first.month())
    }
}

impl std::str::FromStr for Month {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let expected = || format!("« {text} » n'est pas un mois : attendu AAAA-MM, par exemple 2026-09");
        let (year, month) = text.split_once('-').ok_or_else(expected)?;
        if year.len() != 4 || month.len() != 2 || !text.bytes().all(|b| b.is_ascii_digit() || b == b'-') {
            return Err(expected());
        }
        let first = NaiveDate::from_ymd_opt(year.parse().map_err(|_| expected())?, month.parse().map_err(|_| expected())?, 1);
        first.map(|first| Self { first }).ok_or_else(expected)
    }
}

/// Easter Sunday of a year of the Gregorian calendar (Butcher's algorithm).
#[must_use]
pub fn easter(year: i32) -> NaiveDate {
    let (a, b, c) = (year % 19, year / 100, year % 100);
    let (d, e) = (b / 4, b % 4);
    let g = (8 * b + 13) / 25;
    let h = (19 * a + b - d - g + 15) % 30;
    let (i, k) = (c / 4, c % 4);
    let l = (32 + 2 * e + 2 * i - h - k) % 7;
    let m = (a + 11 * h + 19 * l) / 433;
    let month = (h + l - 7 * m + 90) / 25;
    let day = (h + l - 7 * m + 33 * month + 19) % 32;
    NaiveDate::from_ymd_opt(year, month.unsigned_abs(), day.unsigned_abs()).unwrap_or_default()
}

/// The public holidays of mainland France (article L. 3133-1 of the Code du travail) in a year, in order.
#[must_use]
pub fn public_holidays(year: i32) -> Vec<(NaiveDate, &'static str)> {
    let easter = easter(year);
    let fixed = |month, day| NaiveDate::from_ymd_opt(year, month, day).unwrap_or_default();
    let after_easter = |days| easter.checked_add_days(Days::new(days)).unwrap_or(easter);
    let mut days = vec![
        (fixed(1, 1), "Jour de l'An"),
        (after_easter(1), "Lundi de Pâques"),
        (fixed(5, 1), "Fête du Travail"),
        (fixed(5, 8), "Victoire de 1945"),
        (after_easter(39), "Ascension"),
        (after_easter(50), "Lundi de Pentecôte"),
        (fixed(7, 14), "Fête nationale"),
        (fixed(8, 15), "Assomption"),
        (fixed(11, 1), "Toussaint"),
        (fixed(11, 11), "Armistice de 1918"),
        (fixed(12, 25), "Noël"),
    ];
    days.sort_unstable();
    days
}

/// The name of the public holiday that a day is, if it is one.
#[must_use]
pub fn public_holiday(day: NaiveDate) -> Option<&'static str> {
    public_holidays(day.year()).into_iter().find(|(d, _)| *d == day).map(|(_, name)| name)
}

/// A school holiday zone of mainland France.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub enum Zone {
    /// Besançon, Bordeaux, Lyon…
    A,
    /// Normandie, Lille, Nantes… (the territory that Préau was born in)
    B,
    /// Créteil, Paris, Toulouse…
    C,
}

impl std::str::FromStr for Zone {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "A" | "a" => Ok(Self::A),
            "B" | "b" => Ok(Self::B),
            "C" | "c" => Ok(Self::C),
            _ => Err(format!("« {text} » n'est pas une zone scolaire : attendu A, B ou C")),
        }
    }
}

/// One run of days without school.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct SchoolHoliday {
    /// Zone that it holds for.
    pub zone: Zone,
    /// "Vacances de la Toussaint".
    pub name: String,
    /// First day without school.
    pub first_day: NaiveDate,
    /// Last day without school.
    pub last_day: NaiveDate,
}

/// The school holidays that Préau ships, as the ministry publishes them.
const SHIPPED: &str = include_str!("../data/vacances_scolaires.csv");

/// The school calendar: which days are holidays in which zone, and how far it knows.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SchoolCalendar {
    holidays: Vec<SchoolHoliday>,
}

/// What a day is for a centre that obeys the school calendar (`periode` of an activity).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DayKind {
    /// A day with school: Monday, Tuesday, Thursday, Friday of term.
    Scolaire,
    /// A Wednesday of term: périscolaire since décret 2018-647.
    Mercredi,
    /// A weekday of school holidays.
    Vacances,
    /// A Saturday, a Sunday or a public holiday.
    Chome,
}

impl SchoolCalendar {
    /// The calendar that ships with Préau: zones A, B and C from September 2024 to December 2027.
    ///
    /// # Panics
    /// If the file in the source is malformed, which a test rules out.
    #[must_use]
    pub fn shipped() -> Self {
        Self::parse(SHIPPED).expect("the shipped school calendar is well formed")
    }

    /// Reads `zone;nom;premier_jour;dernier_jour` lines under a header.
    ///
    /// # Errors
    /// The number of the line that isn't understood, and why.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut holidays = Vec::new();
        for (index, line) in text.lines().enumerate().skip(1).filter(|(_, l)| !l.trim().is_empty()) {
            let wrong = |what: &str| format!("ligne {} : {what}", index + 1);
            let fields: Vec<&str> = line.trim_end().split(';').collect();
            let [zone, name, first, last] = fields[..] else { return Err(wrong("attendu zone;nom;premier_jour;dernier_jour")) };
            let date = |text: &str| text.parse::<NaiveDate>().map_err(|_| wrong("date attendue AAAA-MM-JJ"));
            let (first_day, last_day) = (date(first)?, date(last)?);
            if last_day < first_day {
                return Err(wrong("le dernier jour est avant le premier"));
            }
            holidays.push(SchoolHoliday { zone: zone.parse().map_err(|e: String| wrong(&e))?, name: name.to_owned(), first_day, last_day });
        }
        Ok(Self { holidays })
    }

    /// The holiday that a day falls in, for a zone.
    #[must_use]
    pub fn holiday(&self, zone: Zone, day: NaiveDate) -> Option<&SchoolHoliday> {
        self.holidays.iter().find(|h| h.zone == zone && h.first_day <= day && day <= h.last_day)
    }

    /// The last day that the calendar knows for a zone; after it every weekday would look like a school day.
    #[must_use]
    pub fn known_until(&self, zone: Zone) -> Option<NaiveDate> {
        self.holidays.iter().filter(|h| h.zone == zone).map(|h| h.last_day).max()
    }

    /// What a day is, for a zone.
    #[must_use]
    pub fn day_kind(&self, zone: Zone, day: NaiveDate) -> DayKind {
        if matches!(day.weekday(), Weekday::Sat | Weekday::Sun) || public_holiday(day).is_some() {
            return DayKind::Chome;
        }
        if self.holiday(zone, day).is_some() {
            return DayKind::Vacances;
        }
        if day.weekday() == Weekday::Wed { DayKind::Mercredi } else { DayKind::Scolaire }
    }

    /// The holidays, for a tablet that carries its own copy.
    #[must_use]
    pub fn holidays(&self) -> &[SchoolHoliday] {
        &self.holidays
    }
}

/// Days of the week as files write them (`lu ma me je ve sa di`), a set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(transparent)]
pub struct Weekdays(u8);

impl Weekdays {
    /// Two letters of each day, from Monday.
    pub const CODES: [&'static str; 7] = ["lu", "ma", "me", "je", "ve", "sa", "di"];
    /// Every day of the week.
    pub const ALL: Self = Self(0b111_1111);
    /// Monday to Friday.
    pub const WORKING: Self = Self(0b001_1111);

    /// Whether a day of the week is in the set.
    #[must_use]
    pub fn contains(self, day: Weekday) -> bool {
        self.0 & (1 << day.num_days_from_monday()) != 0
    }

    /// The set with one more day.
    #[must_use]
    pub fn with(self, day: Weekday) -> Self {
        Self(self.0 | (1 << day.num_days_from_monday()))
    }

    /// Whether no day is in the set.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The bits, Monday lowest, as stored.
    #[must_use]
    pub fn bits(self) -> u8 {
        self.0
    }

    /// From stored bits; bits above Sunday's are dropped.
    #[must_use]
    pub fn from_bits(bits: u8) -> Self {
        Self(bits & Self::ALL.0)
    }
}

impl std::fmt::Display for Weekdays {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let codes: Vec<&str> = (0..7).filter(|bit| self.0 & (1 << bit) != 0).map(|bit| Self::CODES[bit]).collect();
        f.write_str(&codes.join(" "))
    }
}

impl std::str::FromStr for Weekdays {
    type Err = String;
    /// Codes set apart by spaces or commas: `lu ma je ve`, `lu,ma`.
    fn from_str(text: &str) -> Result<Self, String> {
        let mut bits = 0;
        for code in text.split([' ', ',']).filter(|c| !c.is_empty()) {
            let position = Self::CODES.iter().position(|c| c.eq_ignore_ascii_case(code));
            let position = position.ok_or_else(|| format!("« {code} » n'est pas un jour : attendu lu, ma, me, je, ve, sa ou di"))?;
            bits |= 1 << position;
        }
        Ok(Self(bits))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }
    fn time(text: &str) -> NaiveTime {
        NaiveTime::parse_from_str(text, "%H:%M").unwrap()
    }

    #[test]
    fn a_business_day_is_that_of_paris_on_both_sides_of_a_clock_change() {
        // 25 October 2026, 3:00 becomes 2:00; 29 March 2026, 2:00 becomes 3:00.
        assert_eq!(business_day("2026-10-24T22:00:00Z".parse().unwrap()), day("2026-10-25"));
        assert_eq!(business_day("2026-10-25T22:59:59Z".parse().unwrap()), day("2026-10-25"));
        assert_eq!(business_day("2026-10-25T23:00:00Z".parse().unwrap()), day("2026-10-26"));
        let (from, to) = day_bounds(day("2026-10-25"));
        assert_eq!((to - from).num_hours(), 25);
        let (from, to) = day_bounds(day("2026-03-29"));
        assert_eq!((to - from).num_hours(), 23);
    }

    #[test]
    fn a_time_that_exists_twice_is_the_first_and_one_that_never_was_is_the_change() {
        assert_eq!(instant(day("2026-10-25"), time("02:30")).to_rfc3339(), "2026-10-25T00:30:00+00:00");
        assert_eq!(instant(day("2026-03-29"), time("02:30")).to_rfc3339(), "2026-03-29T01:00:00+00:00");
    }

    #[test]
    fn easter_and_its_holidays_fall_where_they_fell() {
        for (year, sunday) in [(2024, "2024-03-31"), (2025, "2025-04-20"), (2026, "2026-04-05"), (2027, "2027-03-28"), (2038, "2038-04-25")]
        {
            assert_eq!(easter(year), day(sunday));
        }
        assert_eq!(public_holiday(day("2026-05-14")), Some("Ascension"));
        assert_eq!(public_holiday(day("2026-05-25")), Some("Lundi de Pentecôte"));
        assert_eq!(public_holidays(2026).len(), 11);
    }

    #[test]
    fn a_day_has_the_kind_that_its_zone_gives_it() {
        let calendar = SchoolCalendar::shipped();
        assert_eq!(calendar.day_kind(Zone::B, day("2026-10-14")), DayKind::Mercredi);
        assert_eq!(calendar.day_kind(Zone::B, day("2026-10-15")), DayKind::Scolaire);
        assert_eq!(calendar.day_kind(Zone::B, day("2026-10-21")), DayKind::Vacances);
        assert_eq!(calendar.day_kind(Zone::B, day("2026-11-11")), DayKind::Chome);
        assert_eq!(calendar.day_kind(Zone::A, day("2027-02-15")), DayKind::Vacances);
        assert_eq!(calendar.day_kind(Zone::B, day("2027-02-15")), DayKind::Scolaire);
    }

    #[test]
    fn october_is_not_month_1() {
        assert_eq!("2026-10".parse::<Month>().unwrap().to_string(), "2026-10");
        assert_eq!("2026-10".parse::<Month>().unwrap().days().count(), 31);
        assert_eq!("2028-02".parse::<Month>().unwrap().last(), day("2028-02-29"));
        for wrong in ["2026-1", "2026-13", "26-10", "2026/10", "", "+026-10"] {
            assert!(wrong.parse::<Month>().is_err(), "{wrong}");
        }
    }
}
