//! The national table of the PSU: dated rates, floors and ceilings.
//!
//! Data, not code: it ships as two CSV files beside this package, each row
//! with its source, and a newer pair can be read at run time ([`National::parse`]).
//! A new floor or ceiling holds for running contracts too, from its day on.

use super::reader::decimal;
use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use std::sync::LazyLock;

/// Which column of the national table a crèche is under (`accueil`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Care {
    /// Accueil collectif, and micro-crèches.
    Collectif,
    /// Accueil familial and parental: the collective table, one column on.
    Familial,
}

/// The share of monthly resources that an hour costs from a number of children on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NationalRate {
    from: NaiveDate,
    care: Care,
    children_min: u32,
    /// Percent of monthly resources, as published: 0.0619.
    pub percent: Decimal,
    /// Where it is published.
    pub source: String,
}

/// The bounds that monthly resources are held between.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    from: NaiveDate,
    /// Plancher, euros a month.
    pub floor: Decimal,
    /// Plafond, euros a month.
    pub ceiling: Decimal,
    /// Where they are published.
    pub source: String,
}

/// The whole table, every version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct National {
    rates: Vec<NationalRate>,
    limits: Vec<Limits>,
}

static SHIPPED: LazyLock<National> = LazyLock::new(|| {
    National::parse(include_str!("../../data/psu_taux.csv"), include_str!("../../data/psu_bornes.csv"))
        .expect("the shipped national table is well formed")
});

/// Decimals of a rate in percent, and of an amount of resources.
const RATE_DECIMALS_MAX: u32 = 6;
const AMOUNT_DECIMALS_MAX: u32 = 2;

impl National {
    /// The table that ships with Préau: 2018 to 2026.
    ///
    /// # Panics
    /// If the files in the source are malformed, which a test rules out.
    #[must_use]
    pub fn shipped() -> &'static Self {
        &SHIPPED
    }

    /// Reads `du;accueil;enfants_min;taux_pourcent;source` and `du;plancher_mensuel;plafond_mensuel;source`, each under a header.
    ///
    /// # Errors
    /// The line that isn't understood, in French.
    pub fn parse(rates: &str, limits: &str) -> Result<Self, String> {
        let mut national = Self { rates: Vec::new(), limits: Vec::new() };
        for (number, line) in rows(rates) {
            national.rates.push(
                rate(line)
                    .ok_or_else(|| format!("taux nationaux, ligne {number} : attendu du;accueil;enfants_min;taux_pourcent;source"))?,
            );
        }
        for (number, line) in rows(limits) {
            national
                .limits
                .push(limit(line).ok_or_else(|| {
                    format!("planchers et plafonds, ligne {number} : attendu du;plancher_mensuel;plafond_mensuel;source")
                })?);
        }
        national.rates.sort_by_key(|rate| (rate.from, rate.children_min));
        national.limits.sort_by_key(|limits| limits.from);
        Ok(national)
    }

    /// The rate for a household of so many dependent children, of whom some receive the AEEH.
    ///
    /// Each child with AEEH moves one *bracket* on ("taux immédiatement
    /// inférieur"), which is not the same as one child more: four children,
    /// one of them with AEEH, pay the rate of eight. The last bracket is the end.
    #[must_use]
    pub fn rate(&self, day: NaiveDate, care: Care, children: u32, aeeh: u32) -> Option<&NationalRate> {
        let of_care = || self.rates.iter().filter(|rate| rate.care == care);
        let version = of_care().map(|rate| rate.from).filter(|from| *from <= day).max()?;
        let brackets: Vec<&NationalRate> = of_care().filter(|rate| rate.from == version).collect();
        let own = brackets.iter().rposition(|rate| rate.children_min <= children.max(1))?;
        let moved = own.saturating_add(aeeh as usize).min(brackets.len() - 1);
        Some(brackets[moved])
    }

    /// The floor and ceiling in force on a day.
    #[must_use]
    pub fn limits(&self, day: NaiveDate) -> Option<&Limits> {
        self.limits.iter().rev().find(|limits| limits.from <= day)
    }
}

fn rows(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines().enumerate().skip(1).filter(|(_, line)| !line.trim().is_empty()).map(|(index, line)| (index + 1, line.trim_end()))
}

fn rate(line: &str) -> Option<NationalRate> {
    let fields: Vec<&str> = line.splitn(5, ';').collect();
    let [from, care, children_min, percent, source] = fields[..] else { return None };
    let care = match care {
        "collectif" => Care::Collectif,
        "familial" => Care::Familial,
        _ => return None,
    };
    let percent = decimal(percent, RATE_DECIMALS_MAX)?;
    Some(NationalRate { from: from.parse().ok()?, care, children_min: children_min.parse().ok()?, percent, source: source.to_owned() })
}

fn limit(line: &str) -> Option<Limits> {
    let fields: Vec<&str> = line.splitn(4, ';').collect();
    let [from, floor, ceiling, source] = fields[..] else { return None };
    let (floor, ceiling) = (decimal(floor, AMOUNT_DECIMALS_MAX)?, decimal(ceiling, AMOUNT_DECIMALS_MAX)?);
    (floor <= ceiling).then_some(())?;
    Some(Limits { from: from.parse().ok()?, floor, ceiling, source: source.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn percent(day: &str, care: Care, children: u32, aeeh: u32) -> String {
        National::shipped().rate(day.parse().unwrap(), care, children, aeeh).unwrap().percent.to_string()
    }

    #[test]
    fn rates_are_those_of_their_day() {
        for (day, expected) in [
            ("2019-08-31", "0.0600"),
            ("2019-09-01", "0.0605"),
            ("2019-12-31", "0.0605"),
            ("2020-01-01", "0.0610"),
            ("2021-06-30", "0.0615"),
            ("2022-01-01", "0.0619"),
            ("2026-11-23", "0.0619"),
        ] {
            assert_eq!(percent(day, Care::Collectif, 1, 0), expected, "{day}");
        }
    }

    #[test]
    fn four_to_seven_children_pay_one_rate_and_eight_the_last() {
        let by_number: Vec<String> = [1, 2, 3, 4, 7, 8, 10, 14].map(|children| percent("2026-01-01", Care::Collectif, children, 0)).into();
        assert_eq!(by_number, ["0.0619", "0.0516", "0.0413", "0.0310", "0.0310", "0.0206", "0.0206", "0.0206"]);
    }

    #[test]
    fn family_care_is_one_column_on() {
        let by_number: Vec<String> = [1, 2, 3, 5, 6, 10].map(|children| percent("2026-01-01", Care::Familial, children, 0)).into();
        assert_eq!(by_number, ["0.0516", "0.0413", "0.0310", "0.0310", "0.0206", "0.0206"]);
    }

    #[test]
    fn each_child_with_aeeh_moves_one_bracket_not_one_child() {
        assert_eq!(percent("2026-01-01", Care::Collectif, 1, 1), "0.0516");
        assert_eq!(percent("2026-01-01", Care::Collectif, 1, 2), "0.0413");
        assert_eq!(percent("2026-01-01", Care::Collectif, 4, 1), "0.0206");
        assert_eq!(percent("2026-01-01", Care::Collectif, 8, 3), "0.0206");
    }

    #[test]
    fn floors_and_ceilings_are_those_of_their_day() {
        for (day, floor, ceiling) in [
            ("2018-01-01", "687.30", "4874.62"),
            ("2024-08-31", "765.77", "6000.00"),
            ("2024-09-01", "765.77", "7000.00"),
            ("2025-08-31", "801.00", "7000.00"),
            ("2025-09-01", "801.00", "8500.00"),
            ("2026-01-01", "814.62", "8500.00"),
        ] {
            let limits = National::shipped().limits(day.parse().unwrap()).unwrap();
            assert_eq!((limits.floor.to_string(), limits.ceiling.to_string()), (floor.to_owned(), ceiling.to_owned()), "{day}");
        }
        assert!(National::shipped().limits("2017-12-31".parse().unwrap()).is_none());
    }

    #[test]
    fn a_malformed_table_names_its_line() {
        let wrong = National::parse("du;accueil;enfants_min;taux_pourcent;source\n2027-01-01;collectif;1;abc;x\n", "").unwrap_err();
        assert!(wrong.contains("ligne 2"), "{wrong}");
        assert!(National::parse("x\n", "x\n2027-01-01;900.00;800.00;x\n").is_err());
    }
}
