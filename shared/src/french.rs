//! How screens, pages and bills say times, days, names and numbers.

use crate::calendar::{Month, instant_from_ms, local};
use chrono::{Datelike, NaiveDate, NaiveTime};

const WEEKDAYS: [&str; 7] = ["lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"];
const MONTHS: [&str; 12] =
    ["janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre", "décembre"];

/// "8:26".
#[must_use]
pub fn time(time: NaiveTime) -> String {
    time.format("%-H:%M").to_string()
}

/// "8:26", of an instant.
#[must_use]
pub fn time_ms(at_ms: i64) -> String {
    time(local(instant_from_ms(at_ms)).time())
}

/// "14 octobre", "1er mai".
#[must_use]
pub fn day(day: NaiveDate) -> String {
    format!("{} {}", day_number(day), MONTHS[day.month0() as usize])
}

/// "14 octobre 2026".
#[must_use]
pub fn long_day(day: NaiveDate) -> String {
    format!("{} {}", self::day(day), day.year())
}

/// "mercredi 14 octobre".
#[must_use]
pub fn weekday_and_day(day: NaiveDate) -> String {
    format!("{} {}", WEEKDAYS[day.weekday().num_days_from_monday() as usize], self::day(day))
}

/// "mer. 14", "jeu. 1er": a day of a month that is known.
#[must_use]
pub fn short_day(day: NaiveDate) -> String {
    let weekday: String = WEEKDAYS[day.weekday().num_days_from_monday() as usize].chars().take(3).collect();
    format!("{weekday}. {}", day_number(day))
}

fn day_number(day: NaiveDate) -> String {
    match day.day() {
        1 => "1er".to_owned(),
        other => other.to_string(),
    }
}

/// "octobre 2026".
#[must_use]
pub fn month(month: Month) -> String {
    format!("{} {}", MONTHS[month.first().month0() as usize], month.first().year())
}

/// "d'octobre 2026", "de septembre 2026".
#[must_use]
pub fn of_month(month: Month) -> String {
    let name = self::month(month);
    let elided = name.starts_with(['a', 'o']);
    format!("{}{name}", if elided { "d’" } else { "de " })
}

/// "8 h 10", "hier 18 h 02", "le 12 octobre": since when something has been so.
#[must_use]
pub fn since(at_ms: i64, now_ms: i64) -> String {
    let (at, now) = (local(instant_from_ms(at_ms)), local(instant_from_ms(now_ms)));
    let clock = at.format("%-H h %M").to_string();
    match (now.date() - at.date()).num_days() {
        0 => clock,
        1 => format!("hier {clock}"),
        _ => format!("le {}", day(at.date())),
    }
}

/// "Léa", "Léa et Tom", "Léa, Tom et Zoé".
#[must_use]
pub fn list(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [one] => one.clone(),
        [most @ .., last] => format!("{} et {last}", most.join(", ")),
    }
}

/// "1 pointage gardé", "14 pointages gardés": each word in both forms. French says "0 pointage".
#[must_use]
pub fn count(number: u32, one: &str, many: &str) -> String {
    format!("{number} {}", if number > 1 { many } else { one })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_screen_says_when_as_people_do() {
        let at = |text: &str| text.parse::<crate::calendar::Instant>().unwrap().timestamp_millis();
        let now = at("2026-10-14T08:27:00+02:00");
        assert_eq!(since(at("2026-10-14T08:10:00+02:00"), now), "8 h 10");
        assert_eq!(since(at("2026-10-13T18:02:00+02:00"), now), "hier 18 h 02");
        assert_eq!(since(at("2026-10-01T18:02:00+02:00"), now), "le 1er octobre");
        assert_eq!(list(&["Léa".into(), "Tom".into(), "Zoé".into()]), "Léa, Tom et Zoé");
        assert_eq!(count(1, "pointage gardé", "pointages gardés"), "1 pointage gardé");
        assert_eq!(count(0, "pointage gardé", "pointages gardés"), "0 pointage gardé");
    }

    #[test]
    fn the_first_of_a_month_and_elided_months_are_said_as_french_does() {
        let day = |y, m, d| NaiveDate::from_ymd_opt(y, m, d).unwrap();
        assert_eq!(long_day(day(2026, 10, 1)), "1er octobre 2026");
        assert_eq!(short_day(day(2026, 10, 1)), "jeu. 1er");
        assert_eq!(weekday_and_day(day(2026, 10, 14)), "mercredi 14 octobre");
        assert_eq!(of_month(Month::of(day(2026, 10, 14))), "d’octobre 2026");
        assert_eq!(of_month(Month::of(day(2026, 8, 14))), "d’août 2026");
        assert_eq!(of_month(Month::of(day(2026, 9, 14))), "de septembre 2026");
    }
}
