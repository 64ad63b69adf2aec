//! Days, names and ids: laws beside the cases that stand with the code.

use crate::support::door::day;
use chrono::{Datelike, NaiveTime, TimeDelta, Weekday};
use proptest::prelude::*;
use shared::calendar::*;
use shared::id::{ChildId, uuid_v7};
use shared::name::{folded, initials, matches};
use shared::roster::{Dated, Period};

#[test]
fn an_id_tells_its_instant_and_sorts_by_it() {
    let at = |ms| uuid_v7(ms, [0xff; 10]);
    assert_eq!(at(1_793_688_120_000), uuid_v7(1_793_688_120_000, [0xff; 10]), "same inputs, same id");
    assert!(at(1_793_688_120_000) < uuid_v7(1_793_688_120_001, [0; 10]));
    assert_eq!((at(0).get_version_num(), at(-5)), (7, at(0)), "before 1970 counts as 1970");
    assert_eq!(ChildId::new(0, [1; 10]).non_nil(), Some(ChildId::new(0, [1; 10])));
    assert_eq!(ChildId::NIL.non_nil(), None);
}

#[test]
fn something_dated_holds_on_its_first_and_on_its_last_day() {
    let dated = Dated { what: 1, from: Some(day("2026-11-03")), to: Some(day("2026-11-05")) };
    let held: Vec<bool> = (2..=6).map(|d| dated.holds(day(&format!("2026-11-{d:02}")))).collect();
    assert_eq!(held, [false, true, true, true, false]);
    assert!(Dated { what: 1, from: None, to: None }.holds(day("1970-01-01")));
}

#[test]
fn a_public_holiday_opens_nothing_and_a_saturday_only_what_is_always_open() {
    use Period::*;
    for (period, kind, fits) in [
        (Scolaire, DayKind::Scolaire, true),
        (Scolaire, DayKind::Mercredi, false),
        (Mercredi, DayKind::Mercredi, true),
        (Vacances, DayKind::Vacances, true),
        (Vacances, DayKind::Scolaire, false),
        (Scolaire, DayKind::Chome, false),
        (Toujours, DayKind::Chome, true),
    ] {
        assert_eq!(period.fits(kind, false), fits, "{period:?} {kind:?}");
        assert!(!period.fits(kind, true), "{period:?} on a public holiday");
    }
}

#[test]
fn a_school_calendar_tells_which_line_is_wrong() {
    for (text, line) in [
        ("zone;nom;premier_jour;dernier_jour\nB;Noël;2026-12-19", "ligne 2"),
        ("zone;nom;premier_jour;dernier_jour\n\nD;Noël;2026-12-19;2027-01-03", "ligne 3"),
        ("zone;nom;premier_jour;dernier_jour\nB;Noël;2027-01-03;2026-12-19", "ligne 2"),
        ("zone;nom;premier_jour;dernier_jour\nB;Noël;19/12/2026;2027-01-03", "ligne 2"),
    ] {
        let error = SchoolCalendar::parse(text).unwrap_err();
        assert!(error.starts_with(line), "{error}");
    }
}

#[test]
fn the_shipped_calendar_says_how_far_it_knows() {
    let calendar = SchoolCalendar::shipped();
    for zone in [Zone::A, Zone::B, Zone::C] {
        assert!(calendar.known_until(zone).unwrap() >= day("2027-07-01"));
        let holidays: Vec<_> = calendar.holidays().iter().filter(|h| h.zone == zone).collect();
        for (i, a) in holidays.iter().enumerate() {
            let apart = |b: &&SchoolHoliday| a.last_day < b.first_day || b.last_day < a.first_day;
            assert!(holidays[i + 1..].iter().all(apart), "{} overlaps another holiday of zone {zone:?}", a.name);
        }
    }
}

#[test]
fn weekdays_read_in_any_order_and_print_from_monday() {
    assert_eq!("ve, lu MA".parse::<Weekdays>().unwrap().to_string(), "lu ma ve");
    assert_eq!("".parse::<Weekdays>().unwrap(), Weekdays::default());
    assert!("lun".parse::<Weekdays>().unwrap_err().contains("« lun »"));
    assert!(Weekdays::WORKING.contains(Weekday::Fri) && !Weekdays::WORKING.contains(Weekday::Sat));
    assert_eq!(Weekdays::from_bits(0xff), Weekdays::ALL);
}

#[test]
fn a_name_typed_with_a_separate_accent_is_the_same_name() {
    assert_eq!(folded("Mae\u{308}lys"), folded("Maëlys"));
    assert_eq!(folded("  D’Arc--Évelyne  "), "d arc evelyne");
    assert_eq!(folded("Łukasz Bjørn"), "lukasz bjorn");
    assert!(matches("n'gu", "Awa N’Guessan"), "a curly apostrophe and a straight one");
    assert_eq!(initials("ß", ""), "SS");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn an_instant_falls_within_the_bounds_of_its_business_day(ms in 0i64..4_102_444_800_000) {
        let at = instant_from_ms(ms);
        let (from, to) = day_bounds(business_day(at));
        prop_assert!(from <= at && at < to);
        prop_assert!([23, 24, 25].contains(&(to - from).num_hours()));
    }

    #[test]
    fn a_wall_clock_reads_back_but_in_the_hour_that_never_was(days in 0i64..40_000, minutes in 0i64..1_440) {
        let date = day("1990-01-01") + TimeDelta::days(days % 20_000);
        let time = NaiveTime::MIN + TimeDelta::minutes(minutes);
        let shown = local(instant(date, time));
        let skipped = date.month() == 3 && date.weekday() == Weekday::Sun && (60..180).contains(&minutes);
        prop_assert!(skipped || shown == date.and_time(time), "{date} {time}: {shown}");
        prop_assert_eq!(shown.date(), date);
    }

    #[test]
    fn months_follow_each_other(days in 0i64..60_000) {
        let date = day("1990-01-01") + TimeDelta::days(days);
        let month = Month::of(date);
        prop_assert_eq!(month.next().previous(), month);
        prop_assert!(month.first() <= date && date <= month.last());
        prop_assert_eq!(month.last() + TimeDelta::days(1), month.next().first());
        prop_assert_eq!(month.days().count(), usize::try_from(month.last().day()).unwrap());
        prop_assert_eq!(month.to_string().parse::<Month>().unwrap(), month);
    }

    #[test]
    fn easter_is_a_sunday_between_22_march_and_25_april(year in 1900i32..2300) {
        let sunday = easter(year);
        prop_assert_eq!(sunday.weekday(), Weekday::Sun);
        prop_assert!((322..=425).contains(&(sunday.month() * 100 + sunday.day())));
    }

    #[test]
    fn weekdays_read_back(bits in 0u8..128) {
        let days = Weekdays::from_bits(bits);
        prop_assert_eq!(days.to_string().parse::<Weekdays>().unwrap(), days);
    }

    #[test]
    fn folding_again_changes_nothing_and_a_name_finds_itself(name in "\\PC{0,24}") {
        let once = folded(&name);
        prop_assert_eq!(folded(&once), once.clone());
        prop_assert!(matches(&name, &name));
        prop_assert!(!once.starts_with(' ') && !once.ends_with(' ') && !once.contains("  "));
        let _ = initials(&name, &once);
    }
}
