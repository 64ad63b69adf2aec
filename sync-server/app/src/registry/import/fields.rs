//! Cells with a meaning: a code, a date, a time, an amount. A cell that can't be read is told, and the row goes on to
//! its next cell, so that one correction round is enough.

use super::codes::Codes;
use super::report::{Problem, Report};
use super::source::{CELL_CHARS_MAX, Row, Table};
use chrono::{Datelike, NaiveDate};
use rust_decimal::Decimal;
use shared::calendar::Weekdays;
use shared::money::Cents;
use std::ops::RangeInclusive;
use std::str::FromStr;
use uuid::Uuid;

/// Longest code.
pub const CODE_CHARS_MAX: usize = 64;
/// Years that a fact, a birth or a rule may fall in.
pub const YEARS: RangeInclusive<i32> = 1900..=2100;

/// One row being read.
pub struct Fields<'t> {
    table: &'t Table,
    row: &'t Row,
    report: &'t mut Report,
    good: bool,
}

impl<'t> Fields<'t> {
    /// Starts a row.
    pub fn new(table: &'t Table, row: &'t Row, report: &'t mut Report) -> Self {
        Self { table, row, report, good: true }
    }

    /// Whether every cell read so far was right.
    #[must_use]
    pub fn good(&self) -> bool {
        self.good
    }

    /// The row's line.
    #[must_use]
    pub fn line(&self) -> u64 {
        self.row.line
    }

    /// What a cell holds, trimmed.
    #[must_use]
    pub fn raw(&self, column: &str) -> &'t str {
        self.table.cell(self.row, column)
    }

    /// Says that a cell is wrong.
    pub fn wrong(&mut self, column: &str, expected: impl Into<String>) {
        let value = self.raw(column);
        self.good = false;
        self.report.add(Problem {
            file: self.table.file.into(),
            line: Some(self.row.line),
            column: Some(column.into()),
            value: (!value.is_empty()).then(|| value.to_owned()),
            expected: expected.into(),
        });
    }

    fn parsed<T>(&mut self, column: &str, expected: &str, parse: impl FnOnce(&str) -> Option<T>) -> Option<T> {
        let value = self.raw(column);
        if value.is_empty() {
            return None;
        }
        let parsed = parse(value);
        if parsed.is_none() {
            self.wrong(column, format!("attendu {expected}"));
        }
        parsed
    }

    fn required<T: Default>(&mut self, column: &str, value: Option<T>) -> T {
        if value.is_none() && self.raw(column).is_empty() {
            self.wrong(column, "case obligatoire, vide");
        }
        value.unwrap_or_default()
    }

    /// Free text on one line or several.
    pub fn opt_text(&mut self, column: &str) -> Option<String> {
        let value = self.raw(column);
        if value.chars().count() > CELL_CHARS_MAX {
            self.wrong(column, format!("attendu un texte de {CELL_CHARS_MAX} caractères au plus"));
            return None;
        }
        if value.chars().any(|c| c.is_control() && c != '\n' && c != '\r' && c != '\t') {
            self.wrong(column, "attendu un texte sans caractère de commande");
            return None;
        }
        (!value.is_empty()).then(|| value.to_owned())
    }

    /// Free text, required.
    pub fn text(&mut self, column: &str) -> String {
        let value = self.opt_text(column);
        self.required(column, value)
    }

    /// A code, required: it names a row, and photo files.
    pub fn code(&mut self, column: &str) -> String {
        let value = self.opt_code(column);
        self.required(column, value)
    }

    /// A code.
    pub fn opt_code(&mut self, column: &str) -> Option<String> {
        let expected = format!("un code de {CODE_CHARS_MAX} caractères au plus, sans barre oblique");
        self.parsed(column, &expected, |v| {
            let sound = v.chars().count() <= CODE_CHARS_MAX && !v.chars().any(|c| c.is_control() || c == '/' || c == '\\');
            sound.then(|| v.to_owned())
        })
    }

    /// A date, required.
    pub fn date(&mut self, column: &str) -> NaiveDate {
        let value = self.opt_date(column);
        self.required(column, value)
    }

    /// A date, `AAAA-MM-JJ` or `JJ/MM/AAAA`.
    pub fn opt_date(&mut self, column: &str) -> Option<NaiveDate> {
        self.parsed(column, "une date qui existe, AAAA-MM-JJ ou JJ/MM/AAAA", date)
    }

    /// The end of a period: not before its start.
    pub fn opt_end(&mut self, column: &str, from: NaiveDate) -> Option<NaiveDate> {
        let end = self.opt_date(column)?;
        if end < from {
            self.wrong(column, format!("attendu une date qui ne soit pas avant le début ({from})"));
        }
        Some(end)
    }

    /// The end of a period, required.
    pub fn end(&mut self, column: &str, from: NaiveDate) -> NaiveDate {
        let value = self.opt_end(column, from);
        self.required(column, value)
    }

    /// A time of day in minutes since midnight; 24:00 is the end of the day.
    pub fn opt_time(&mut self, column: &str) -> Option<i32> {
        self.parsed(column, "une heure HH:MM, de 00:00 à 24:00", minutes)
    }

    /// A time of day, required.
    pub fn time(&mut self, column: &str) -> i32 {
        let value = self.opt_time(column);
        self.required(column, value)
    }

    /// The end of a time window: after its start, where there is one.
    pub fn opt_time_after(&mut self, column: &str, start: Option<i32>) -> Option<i32> {
        let end = self.opt_time(column)?;
        if let Some(start) = start.filter(|s| *s >= end) {
            self.wrong(column, format!("attendu une heure après {:02}:{:02}", start / 60, start % 60));
        }
        Some(end)
    }

    /// A whole number within bounds.
    pub fn opt_integer(&mut self, column: &str, bounds: RangeInclusive<i32>) -> Option<i32> {
        let expected = format!("un nombre entier de {} à {}", bounds.start(), bounds.end());
        self.parsed(column, &expected, |v| v.parse().ok().filter(|n| bounds.contains(n)))
    }

    /// A whole number within bounds, required.
    pub fn integer(&mut self, column: &str, bounds: RangeInclusive<i32>) -> i32 {
        let value = self.opt_integer(column, bounds);
        self.required(column, value)
    }

    /// A decimal of zero or more, with a comma or a point.
    pub fn opt_decimal(&mut self, column: &str, decimals_max: u32, most: i64) -> Option<Decimal> {
        let expected = format!("un nombre de 0 à {most}, à {decimals_max} décimales au plus, avec virgule ou point");
        self.parsed(column, &expected, |v| decimal(v).filter(|d| d.normalize().scale() <= decimals_max && *d <= Decimal::from(most)))
    }

    /// A decimal, required.
    pub fn decimal(&mut self, column: &str, decimals_max: u32, most: i64) -> Decimal {
        let value = self.opt_decimal(column, decimals_max, most);
        self.required(column, value)
    }

    /// An amount of euros in cents.
    pub fn opt_cents(&mut self, column: &str) -> Option<i64> {
        self.opt_decimal(column, 2, 10_000_000).and_then(Cents::from_euros_exact).map(|c| c.0)
    }

    /// `oui` or `non`.
    pub fn opt_yes(&mut self, column: &str) -> Option<bool> {
        self.parsed(column, "oui ou non", |v| match v.to_lowercase().as_str() {
            "oui" => Some(true),
            "non" => Some(false),
            _ => None,
        })
    }

    /// A word of a closed list.
    pub fn opt_one_of(&mut self, column: &str, words: &[&'static str]) -> Option<String> {
        self.parsed(column, &words.join(", "), |v| words.iter().find(|w| w.eq_ignore_ascii_case(v)).map(|w| (*w).to_owned()))
    }

    /// A word of a closed list, required.
    pub fn one_of(&mut self, column: &str, words: &[&'static str]) -> String {
        let value = self.opt_one_of(column, words);
        self.required(column, value)
    }

    /// Days of the week, as bits.
    pub fn opt_weekdays(&mut self, column: &str) -> Option<i32> {
        self.parsed(column, "des jours parmi lu ma me je ve sa di, séparés par des espaces", |v| {
            Weekdays::from_str(v).ok().filter(|d| !d.is_empty()).map(|d| i32::from(d.bits()))
        })
    }

    /// A commune's code, required.
    pub fn insee(&mut self, column: &str) -> String {
        let value = self.opt_insee(column);
        self.required(column, value)
    }

    /// A commune's code: five digits, or 2A/2B and three.
    pub fn opt_insee(&mut self, column: &str) -> Option<String> {
        self.parsed(column, "un code INSEE de commune, à 5 caractères (27681, 2A004)", |v| {
            let upper = v.to_uppercase();
            let digits = upper
                .strip_prefix("2A")
                .or_else(|| upper.strip_prefix("2B"))
                .map_or_else(|| upper.len() == 5 && all_digits(&upper), |rest| rest.len() == 3 && all_digits(rest));
            digits.then_some(upper)
        })
    }

    /// Exactly so many digits; spaces are dropped.
    pub fn opt_digits(&mut self, column: &str, count: usize) -> Option<String> {
        self.parsed(column, &format!("{count} chiffres"), |v| {
            let bare: String = v.chars().filter(|c| !c.is_whitespace()).collect();
            (bare.len() == count && all_digits(&bare)).then_some(bare)
        })
    }

    /// What a code refers to, in this folder or in the database; required.
    pub fn lookup<T: Clone>(&mut self, column: &str, codes: &Codes<T>) -> Option<T> {
        let found = self.opt_lookup(column, codes);
        if self.raw(column).is_empty() {
            self.wrong(column, "case obligatoire, vide");
        }
        found
    }

    /// What a code refers to.
    pub fn opt_lookup<T: Clone>(&mut self, column: &str, codes: &Codes<T>) -> Option<T> {
        let code = self.raw(column);
        if code.is_empty() {
            return None;
        }
        match codes.find(code) {
            Ok(found) => Some(found.clone()),
            Err(expected) => {
                self.wrong(column, expected);
                None
            }
        }
    }

    /// As [`Self::lookup`], for codes that stand for an id: nil where it is wrong.
    pub fn id(&mut self, column: &str, codes: &Codes<Uuid>) -> Uuid {
        self.lookup(column, codes).unwrap_or_default()
    }
}

fn all_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

/// A date in one of two orders, within [`YEARS`].
#[must_use]
pub fn date(text: &str) -> Option<NaiveDate> {
    let parts: Vec<&str> = text.split(['-', '/']).collect();
    let [a, b, c] = parts[..] else { return None };
    if ![a, b, c].iter().all(|p| all_digits(p)) {
        return None;
    }
    let (year, month, day) = match (text.contains('-'), text.contains('/')) {
        (true, false) if a.len() == 4 && b.len() == 2 && c.len() == 2 => (a, b, c),
        (false, true) if a.len() <= 2 && b.len() <= 2 && c.len() == 4 => (c, b, a),
        _ => return None,
    };
    let date = NaiveDate::from_ymd_opt(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?)?;
    YEARS.contains(&date.year()).then_some(date)
}

fn minutes(text: &str) -> Option<i32> {
    let (hours, minutes) = text.split_once(':')?;
    if !all_digits(hours) || hours.len() > 2 || !all_digits(minutes) || minutes.len() != 2 {
        return None;
    }
    let (hours, minutes): (i32, i32) = (hours.parse().ok()?, minutes.parse().ok()?);
    let total = hours * 60 + minutes;
    (minutes < 60 && total <= 24 * 60).then_some(total)
}

fn decimal(text: &str) -> Option<Decimal> {
    let point = text.replace(',', ".");
    let digits = point.strip_prefix('.').unwrap_or(&point);
    let (whole, part) = digits.split_once('.').unwrap_or((digits, "0"));
    if digits != point || !all_digits(whole) || !all_digits(part) {
        return None;
    }
    Decimal::from_str(&point).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_read_in_both_orders_and_never_guessed() {
        let expected = NaiveDate::from_ymd_opt(2026, 9, 3);
        assert_eq!(date("2026-09-03"), expected);
        assert_eq!(date("03/09/2026"), expected);
        assert_eq!(date("3/9/2026"), expected);
        for wrong in [
            "2026-02-30",
            "31/02/2026",
            "03/09/26",
            "2026/09/03",
            "03-09-2026",
            "1026-09-03",
            "+2026-09-03",
            "2026-9-3",
            "",
            "hier",
            "12026-01-01",
        ] {
            assert_eq!(date(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_time_is_on_the_clock() {
        assert_eq!(minutes("07:42"), Some(462));
        assert_eq!(minutes("7:42"), Some(462));
        assert_eq!(minutes("24:00"), Some(1440));
        for wrong in ["24:01", "7h42", "07:60", "-1:00", "07:4", "0742", "+7:42"] {
            assert_eq!(minutes(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_decimal_takes_a_comma_or_a_point_and_no_sign() {
        assert_eq!(decimal("3410,25"), Decimal::from_str("3410.25").ok());
        assert_eq!(decimal("42"), Some(Decimal::from(42)));
        for wrong in ["-1", "1e3", "1,2,3", ",5", "5,", "NaN", "1 000"] {
            assert_eq!(decimal(wrong), None, "{wrong}");
        }
    }
}
