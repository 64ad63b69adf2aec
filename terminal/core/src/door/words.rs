//! How the screen says times, days, names and numbers.

use chrono::{Datelike, NaiveDate, NaiveTime};
use shared::calendar::{instant_from_ms, local};

const MONTHS: [&str; 12] =
    ["janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre", "décembre"];

/// "8:26".
pub fn time(time: NaiveTime) -> String {
    time.format("%-H:%M").to_string()
}

/// "8:26", of an instant.
pub fn time_ms(at_ms: i64) -> String {
    time(local(instant_from_ms(at_ms)).time())
}

/// "14 octobre", "1er mai".
pub fn day(day: NaiveDate) -> String {
    let month = MONTHS.get(day.month0() as usize).copied().unwrap_or_default();
    match day.day() {
        1 => format!("1er {month}"),
        other => format!("{other} {month}"),
    }
}

/// "8 h 10", "hier 18 h 02", "le 12 octobre": since when something has been so.
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
pub fn list(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [one] => one.clone(),
        [most @ .., last] => format!("{} et {last}", most.join(", ")),
    }
}

/// "1 pointage gardé", "14 pointages gardés": each word in both forms. French says "0 pointage".
pub fn count(number: u32, one: &str, many: &str) -> String {
    format!("{number} {}", if number > 1 { many } else { one })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_screen_says_when_as_people_do() {
        let at = |text: &str| text.parse::<shared::calendar::Instant>().unwrap().timestamp_millis();
        let now = at("2026-10-14T08:27:00+02:00");
        assert_eq!(since(at("2026-10-14T08:10:00+02:00"), now), "8 h 10");
        assert_eq!(since(at("2026-10-13T18:02:00+02:00"), now), "hier 18 h 02");
        assert_eq!(since(at("2026-10-01T18:02:00+02:00"), now), "le 1er octobre");
        assert_eq!(list(&["Léa".into(), "Tom".into(), "Zoé".into()]), "Léa, Tom et Zoé");
        assert_eq!(count(1, "pointage gardé", "pointages gardés"), "1 pointage gardé");
        assert_eq!(count(0, "pointage gardé", "pointages gardés"), "0 pointage gardé");
    }
}
