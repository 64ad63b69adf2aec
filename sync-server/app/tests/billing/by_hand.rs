//! A small commune's month that was counted with a pencil (`tests/system/data/petite-commune`): imported and drafted by
//! the real program, it comes to the same cents.

use super::preau_server;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/system/data/petite-commune")
}

fn draft(data: &Path) -> Value {
    let output = preau_server(&["billing", "draft", "--month", "2026-09", "--format", "json"], data);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn draft_of(data: &Path, household: &str) -> Value {
    let output = preau_server(&["billing", "draft", "--month", "2026-09", "--foyer", household, "--format", "json"], data);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn imported() -> tempfile::TempDir {
    let data = tempfile::tempdir().unwrap();
    assert!(preau_server(&["init"], data.path()).status.success());
    let import = preau_server(&["import", folder().to_str().unwrap()], data.path());
    assert!(import.status.success(), "{}{}", String::from_utf8_lossy(&import.stdout), String::from_utf8_lossy(&import.stderr));
    data
}

/// Lines as the pencil wrote them: one a household, child, activity and price, whoever pays.
fn lines(draft: &Value) -> Vec<Value> {
    let mut amounts: BTreeMap<(String, String, String, i64, String), i64> = BTreeMap::new();
    for invoice in draft["invoices"].as_array().unwrap() {
        for line in invoice["lines"].as_array().unwrap() {
            let text = |value: &Value| value.as_str().unwrap().to_owned();
            let price = line["unit_price_cents"].as_i64().unwrap();
            let key = (text(&invoice["household"]), text(&line["child"]), text(&line["activity"]), price, text(&line["quantity"]));
            *amounts.entry(key).or_default() += line["amount_cents"].as_i64().unwrap();
        }
    }
    let printed = |((household, child, activity, price, quantity), amount)| json!({ "household": household, "child": child, "activity": activity, "quantity": quantity, "unit_price_cents": price, "amount_cents": amount });
    amounts.into_iter().map(printed).collect()
}

fn by(draft: &Value, key: &str) -> Value {
    let mut totals: BTreeMap<&str, i64> = BTreeMap::new();
    for invoice in draft["invoices"].as_array().unwrap() {
        *totals.entry(invoice[key].as_str().unwrap()).or_default() += invoice["total_cents"].as_i64().unwrap();
    }
    json!(totals)
}

#[test]
fn a_month_counted_by_hand_comes_to_the_same_cents() {
    let expected: Value = serde_json::from_str(&std::fs::read_to_string(folder().join("attendu.json")).unwrap()).unwrap();
    let draft = draft(imported().path());
    assert_eq!(json!(lines(&draft)), expected["lines"]);
    assert_eq!(by(&draft, "household"), expected["households"]);
    assert_eq!(by(&draft, "payer"), expected["payers"]);
    assert_eq!(draft["total_cents"], expected["total_cents"]);
    // Each expected problem is there, and nothing else but the unsigned days.
    let told: Vec<&Value> = draft["problems"].as_array().unwrap().iter().filter(|p| p["kind"] != "journee_non_signee").collect();
    for problem in expected["problems"].as_array().unwrap() {
        let same = |told: &&&Value| problem.as_object().unwrap().iter().all(|(key, value)| told[key] == *value);
        assert_eq!(told.iter().filter(same).count(), 1, "{problem} in {told:#?}");
    }
    assert_eq!(told.len(), expected["problems"].as_array().unwrap().len(), "{told:#?}");
}

#[test]
fn the_same_folder_gives_the_same_bytes_in_any_installation() {
    let (one, other) = (imported(), imported());
    assert_eq!(draft(one.path()).to_string(), draft(other.path()).to_string());
}

#[test]
fn one_household_drafted_alone_owes_what_it_owes_among_all() {
    let data = imported();
    let whole = draft(data.path());
    let invoices = whole["invoices"].as_array().unwrap();
    let homes: BTreeSet<&str> = invoices.iter().map(|invoice| invoice["household"].as_str().unwrap()).collect();
    assert!(homes.len() > 3, "{homes:?}");
    for home in homes {
        let among_all: Vec<&Value> = invoices.iter().filter(|invoice| invoice["household"] == home).collect();
        assert_eq!(json!(among_all), draft_of(data.path(), home)["invoices"], "{home}");
    }
    let unknown = preau_server(&["billing", "draft", "--month", "2026-09", "--foyer", "F99"], data.path());
    assert!(unknown.status.code() == Some(2) && String::from_utf8_lossy(&unknown.stderr).contains("F99"));
}
