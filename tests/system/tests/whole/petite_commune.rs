//! A month that was counted by hand: `data/petite-commune/README.md` shows the arithmetic, `attendu.json` the result.

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use system::{Installation, data};

const FOLDER: &str = "petite-commune";

fn expected() -> Value {
    serde_json::from_str(&std::fs::read_to_string(data(FOLDER).join("attendu.json")).unwrap()).unwrap()
}

fn drafted() -> Value {
    let installation = Installation::new().unwrap();
    installation.import(&data(FOLDER)).unwrap();
    serde_json::from_str(&installation.draft("2026-09", None).unwrap()).unwrap()
}

fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value[key].as_str().unwrap_or_default()
}

/// Totals by a key of the invoices.
fn totals(draft: &Value, key: &str) -> BTreeMap<String, i64> {
    draft["invoices"].as_array().unwrap().iter().fold(BTreeMap::new(), |mut totals, invoice| {
        *totals.entry(text(invoice, key).to_owned()).or_default() += invoice["total_cents"].as_i64().unwrap();
        totals
    })
}

fn written(value: &Value) -> BTreeMap<String, i64> {
    value.as_object().unwrap().iter().map(|(code, cents)| (code.clone(), cents.as_i64().unwrap())).collect()
}

#[test]
fn every_household_and_every_payer_owes_what_the_pencil_says() {
    let (draft, expected) = (drafted(), expected());
    assert_eq!(totals(&draft, "household"), written(&expected["households"]));
    assert_eq!(totals(&draft, "payer"), written(&expected["payers"]));
    assert_eq!(draft["total_cents"], expected["total_cents"]);
}

#[test]
fn every_line_has_the_quantity_and_the_price_of_the_pencil() {
    // Payers who share a bill each have the line, with their part of its amount.
    type Line = (String, String, String, i64, String);
    let key = |household: &str, line: &Value| -> Line {
        let of = |key: &str| text(line, key).to_owned();
        (household.to_owned(), of("child"), of("activity"), line["unit_price_cents"].as_i64().unwrap(), of("quantity"))
    };
    let mut lines: BTreeMap<Line, i64> = BTreeMap::new();
    let draft = drafted();
    for invoice in draft["invoices"].as_array().unwrap() {
        for line in invoice["lines"].as_array().unwrap() {
            *lines.entry(key(text(invoice, "household"), line)).or_default() += line["amount_cents"].as_i64().unwrap();
        }
    }
    let expected = expected();
    let expected = expected["lines"].as_array().unwrap().iter();
    assert_eq!(lines, expected.map(|line| (key(text(line, "household"), line), line["amount_cents"].as_i64().unwrap())).collect());
}

#[test]
fn every_difficulty_is_named_once_and_no_other() {
    let key = |problem: &Value| {
        let of = |key: &str| text(problem, key).to_owned();
        (of("kind"), problem["blocking"].as_bool(), of("centre"), of("household"), of("child"), of("date"))
    };
    let mut seen = BTreeSet::new();
    let draft = drafted();
    for problem in draft["problems"].as_array().unwrap().iter().filter(|problem| problem["kind"] != "journee_non_signee") {
        assert!(seen.insert(key(problem)), "said twice: {problem}");
        assert!(text(problem, "message").chars().count() > 10, "{problem}");
    }
    let expected = expected();
    for problem in expected["problems"].as_array().unwrap() {
        // The pencil names only what a rule fixes: a cell that it leaves out may hold anything.
        let (kind, blocking, centre, household, child, date) = key(problem);
        let fits = |written: &str, found: &str| written.is_empty() || written == found;
        let found = seen.iter().find(|found| {
            found.0 == kind && fits(&centre, &found.2) && fits(&household, &found.3) && fits(&child, &found.4) && fits(&date, &found.5)
        });
        let found = found.cloned().unwrap_or_else(|| panic!("not said: {problem}\nsaid: {seen:#?}"));
        assert_eq!(found.1, blocking, "{problem}");
        seen.remove(&found);
    }
    assert!(seen.is_empty(), "nobody expected {seen:#?}");
}

#[test]
fn the_folder_again_changes_neither_a_row_nor_a_byte_of_the_draft() {
    let installation = Installation::new().unwrap();
    installation.import(&data(FOLDER)).unwrap();
    let first = installation.draft("2026-09", None).unwrap();
    let again: Value = serde_json::from_str(&installation.import(&data(FOLDER)).unwrap()).unwrap();
    for (file, count) in again["fichiers"].as_object().unwrap() {
        assert_eq!((count["nouveaux"].as_i64(), count["changes"].as_i64()), (Some(0), Some(0)), "{file}: {count}");
    }
    assert_eq!(installation.draft("2026-09", None).unwrap(), first);
}
