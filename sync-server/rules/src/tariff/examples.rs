//! The examples of a tariff file: what it must reproduce before it may bill anyone.

use super::parse::{price, regime};
use super::reader::Section;
use super::{Applicant, National, Regime, Tariff};
use crate::quantity::{Interval, Quantity, Unit, count};
use chrono::NaiveDate;
use rust_decimal::Decimal;
use shared::calendar::instant;
use shared::money::Cents;
use std::fmt;

/// One `[[exemples]]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Example {
    /// Where it stands in the file.
    pub line: usize,
    /// Which dated rates apply.
    pub date: NaiveDate,
    /// The family.
    pub applicant: Applicant,
    /// How much of what.
    pub amount_of: ExampleAmount,
    /// Expected price of one unit, where the example says it.
    pub unit_price: Option<Cents>,
    /// Expected amount.
    pub amount: Cents,
}

/// How much an example bills.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExampleAmount {
    /// A presence, in minutes since midnight; counted by the tariff's own rule.
    Presence {
        /// Arrival.
        from: u32,
        /// Departure; 1440 is 24:00.
        to: u32,
    },
    /// So many units.
    Units(Quantity),
}

const RESOURCES_DECIMALS_MAX: u32 = 4;
const CHILDREN_MAX: u32 = 30;

/// Reads all `[[exemples]]`.
pub(super) fn read(root: &Section<'_, '_>, unit: Unit, valid_from: NaiveDate) -> Vec<Example> {
    let sections = root.tables("exemples", "exemples.");
    sections.iter().filter_map(|section| one(root, section, unit, valid_from)).collect()
}

fn one(root: &Section<'_, '_>, section: &Section<'_, '_>, unit: Unit, valid_from: NaiveDate) -> Option<Example> {
    let date = section.date("date").map_or(valid_from, |(date, _)| date);
    let enrolled_children = section.integer("enfants_inscrits", 1, CHILDREN_MAX).map_or(1, |(number, _)| number);
    let applicant = Applicant {
        quotient_familial: section.integer("quotient_familial", 0, u32::MAX).map(|(qf, _)| qf),
        monthly_resources: section.decimal("ressources_mensuelles", RESOURCES_DECIMALS_MAX, "3410.25").map(|(euros, _)| euros),
        dependent_children: section.integer("enfants_a_charge", 1, CHILDREN_MAX).map_or(1, |(number, _)| number),
        aeeh_children: section.integer("enfants_aeeh", 0, CHILDREN_MAX).map_or(0, |(number, _)| number),
        regime: regime(section).unwrap_or(Regime::Caf),
        resident: section.boolean("resident").is_none_or(|(resident, _)| resident),
        // Where an example doesn't say which of the children it is about, it is the last one.
        rank: section.integer("rang", 1, CHILDREN_MAX).map_or(enrolled_children, |(rank, _)| rank),
        enrolled_children,
    };
    let amount_of = amount_of(section, unit);
    let unit_price = price(section, "prix_unitaire");
    let amount =
        section.required("montant", price(section, "montant").map(|price| (price, 0..0)), "le montant attendu : montant = \"1.80\"");
    section.finish();
    Some(Example { line: root.line_of(section.start), date, applicant, amount_of: amount_of?, unit_price, amount: amount? })
}

fn amount_of(section: &Section<'_, '_>, unit: Unit) -> Option<ExampleAmount> {
    let (arrival, departure) = (section.time("arrivee"), section.time("depart"));
    let quantity = section.decimal("quantite", 6, "1.5");
    for (key, there, other, other_key) in [
        ("arrivee", arrival.is_some(), section.place_of("depart"), "depart"),
        ("depart", departure.is_some(), section.place_of("arrivee"), "arrivee"),
    ] {
        if there && other.is_none() {
            let span = section.place_of(key).unwrap_or(0..0);
            section.wrong(span, key, format!("attendu avec {other_key}"));
            return None;
        }
    }
    match (arrival, departure, quantity) {
        (Some(_), Some(_), Some((_, span))) => {
            section.wrong(span, "quantite", "attendu soit arrivee et depart, soit quantite, pas les deux");
            None
        }
        (Some((from, _)), Some((to, span)), None) if to < from => {
            section.wrong(span, "depart", "attendu une heure après arrivee");
            None
        }
        (Some((from, _)), Some((to, _)), None) => Some(ExampleAmount::Presence { from, to }),
        (_, _, Some((units, span))) => {
            let fits = unit.minutes().is_some() || units.fract().is_zero();
            if !fits {
                section.wrong(span, "quantite", format!("attendu un nombre entier : l'unité « {} » ne se divise pas", unit.code()));
            }
            Quantity::of_decimal(units).filter(|_| fits).map(ExampleAmount::Units)
        }
        _ => Some(ExampleAmount::Units(Quantity::ONE)),
    }
}

/// What came of one example.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExampleReport {
    /// Where the example stands.
    pub line: usize,
    /// What the file expects, in French: `0,60 € l'unité, 1,80 €`.
    pub expected: String,
    /// What the tariff gives.
    pub got: String,
    /// Whether they are the same.
    pub holds: bool,
}

impl fmt::Display for ExampleReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { line, expected, got, holds } = self;
        match holds {
            true => write!(f, "ligne {line} : juste, {got}"),
            false => write!(f, "ligne {line} : attendu {expected}, obtenu {got}"),
        }
    }
}

/// Holds every example of a tariff, in the order of its file.
#[must_use]
pub fn check_examples(tariff: &Tariff, national: &National) -> Vec<ExampleReport> {
    tariff.examples.iter().map(|example| check(tariff, example, national)).collect()
}

fn check(tariff: &Tariff, example: &Example, national: &National) -> ExampleReport {
    let print = |cents: Cents| format!("{} €", cents.to_euros().to_string().replace('.', ","));
    let expected = match example.unit_price {
        Some(price) => format!("{} à {} l'unité", print(example.amount), print(price)),
        None => print(example.amount),
    };
    let report = |got, holds| ExampleReport { line: example.line, expected: expected.clone(), got, holds };
    let price = match tariff.unit_price(example.date, &example.applicant, national) {
        Ok(price) => price.cents,
        Err(reason) => return report(format!("aucun prix : {reason}"), false),
    };
    let quantity = quantity(tariff, example);
    let amount = quantity.times(price, tariff.rounding);
    let holds = amount == example.amount && example.unit_price.is_none_or(|expected| expected == price);
    report(format!("{} ({} × {})", print(amount), french(quantity.to_decimal()), print(price)), holds)
}

fn quantity(tariff: &Tariff, example: &Example) -> Quantity {
    match example.amount_of {
        ExampleAmount::Units(units) => units,
        ExampleAmount::Presence { from, to } => {
            let at = |minutes: u32| match chrono::NaiveTime::from_num_seconds_from_midnight_opt(minutes * 60, 0) {
                Some(time) => instant(example.date, time),
                None => shared::calendar::day_bounds(example.date).1,
            };
            count(tariff.unit, tariff.counting, example.date, &[Interval::new(at(from), at(to))]).quantity
        }
    }
}

fn french(decimal: Decimal) -> String {
    decimal.to_string().replace('.', ",")
}
