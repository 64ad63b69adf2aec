//! The OpenAPI description is what the code says: no route is missing, no field is made up, and the file in `docs/` is the last print.

use server::{api, router};
use std::collections::BTreeSet;
use std::path::Path;

#[test]
fn every_route_of_the_router_is_told_and_nothing_else() {
    let told: BTreeSet<(String, String)> = api::routes().into_iter().collect();
    let answered: BTreeSet<(String, String)> = router::table().into_iter().map(|(m, p)| (m.to_owned(), p.to_owned())).collect();
    let missing: Vec<_> = answered.difference(&told).collect();
    let made_up: Vec<_> = told.difference(&answered).collect();
    assert!(missing.is_empty() && made_up.is_empty(), "without a description: {missing:?}; described and not answered: {made_up:?}");
    assert_eq!(told.len(), api::routes().len(), "a route is told once");
}

#[test]
fn every_field_that_a_handler_reads_is_told_and_no_other() {
    assert_eq!(api::unsaid(), [""; 0]);
}

#[test]
fn whatever_tablets_exchange_has_a_word_of_french() {
    assert_eq!(api::wordless().unwrap(), [""; 0]);
}

#[test]
fn the_file_in_docs_is_what_the_code_says() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/openapi.json");
    let kept = std::fs::read_to_string(path).unwrap_or_default();
    assert!(kept == api::printed().unwrap(), "docs/openapi.json is old: preau-server openapi > docs/openapi.json");
}
