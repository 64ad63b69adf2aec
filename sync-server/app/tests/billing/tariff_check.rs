//! `preau-server tariff check`.

use super::{preau_server, stdout};
use std::fs;

const RIGHT: &str = "code = \"repas\"\nlibelle = \"Repas\"\nvalable_du = 2025-09-01\nmethode = \"forfait\"\nunite = \"acte\"\nprix = \"3.50\"\n[[exemples]]\nquantite = \"17\"\nmontant = \"59.50\"\n[[exemples]]\nmontant = \"3.50\"\n";

fn check(text: &str) -> (Option<i32>, String) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("repas.toml");
    fs::write(&file, text).unwrap();
    let output = preau_server(&["tariff", "check", file.to_str().unwrap()], &folder.path().join("nothing-here"));
    assert!(!folder.path().join("nothing-here").exists(), "no database is needed");
    (output.status.code(), stdout(&output).replace(folder.path().to_str().unwrap(), ""))
}

#[test]
fn a_right_file_prints_a_line_an_example() {
    let (code, printed) = check(RIGHT);
    assert_eq!(
        (code, printed.as_str()),
        (Some(0), "/repas.toml, ligne 7 : juste, 59,50 € (17 × 3,50 €)\n/repas.toml, ligne 10 : juste, 3,50 € (1 × 3,50 €)\n")
    );
}

#[test]
fn an_example_that_differs_is_told_with_file_line_expected_and_got() {
    let (code, printed) = check(&RIGHT.replace("59.50", "60.00"));
    assert_eq!(code, Some(1));
    assert!(printed.contains("/repas.toml, ligne 7 : attendu 60,00 €, obtenu 59,50 € (17 × 3,50 €)"), "{printed}");
    assert!(printed.contains("ligne 10 : juste"), "the others are held all the same: {printed}");
}

#[test]
fn a_wrong_file_is_a_finding_with_every_mistake_in_its_place() {
    let (code, printed) = check(&RIGHT.replace("\"forfait\"", "\"forfaits\"").replace("\"acte\"", "\"actes\""));
    assert_eq!((code, printed.lines().count()), (Some(1), 2));
    assert!(printed.starts_with("/repas.toml, ligne 4, colonne 11 : methode = \"forfaits\" : attendu"), "{printed}");
}

#[test]
fn a_file_that_is_not_there_is_bad_usage() {
    let folder = tempfile::tempdir().unwrap();
    let output = preau_server(&["tariff", "check", "/nowhere/soir.toml"], folder.path());
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(preau_server(&["tariff", "check"], folder.path()).status.code(), Some(2));
}

#[test]
fn a_file_in_windows_1252_and_a_folder_of_files_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let accented = RIGHT.replace("\"Repas\"", "\"Déjeuner\"");
    fs::write(folder.path().join("a.toml"), encoding_rs::WINDOWS_1252.encode(&accented).0).unwrap();
    fs::write(folder.path().join("b.toml"), RIGHT).unwrap();
    fs::write(folder.path().join("notes.txt"), "…").unwrap();
    let output = preau_server(&["tariff", "check", folder.path().to_str().unwrap()], folder.path());
    assert_eq!((output.status.code(), stdout(&output).lines().count()), (Some(0), 4));
}
