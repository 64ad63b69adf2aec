//! The seeded agglomération, through the real programs.

use serde_json::Value;
use std::collections::BTreeSet;
use std::process::Command;
use system::{Installation, program};
use tempfile::TempDir;

const MONTH: &str = "2026-10";

fn seeded_and_imported() -> (TempDir, Installation, Value) {
    let folder = tempfile::tempdir().unwrap();
    let options = ["--today", "2026-11-24", "--households", "90"];
    assert!(program("preau-seed").unwrap().arg(folder.path()).args(options).status().unwrap().success());
    let installation = Installation::new().unwrap();
    let counts = serde_json::from_str(&installation.import(folder.path()).unwrap()).unwrap();
    (folder, installation, counts)
}

/// Sum of a number over the elements of a list.
fn sum(rows: &Value, key: &str) -> i64 {
    rows.as_array().unwrap().iter().map(|row| row[key].as_i64().unwrap()).sum()
}

/// The distinct words under a key.
fn words<'v>(rows: &'v Value, key: &str) -> BTreeSet<&'v str> {
    rows.as_array().unwrap().iter().filter_map(|row| row[key].as_str()).collect()
}

#[test]
fn a_seeded_agglomeration_is_taken_whole_and_each_organisation_drafts_its_month() {
    let (_folder, installation, counts) = seeded_and_imported();
    assert_eq!(counts["remarques"], serde_json::json!([]), "the seed writes nothing that the import sets aside");
    assert_eq!(counts["fichiers"]["lieux.csv"]["nouveaux"], 12);
    assert!(counts["fichiers"]["pointages.csv"]["nouveaux"].as_i64() > Some(1000));

    let mut kinds = BTreeSet::new();
    for (organisation, regies) in [("MEN", &["MEN"][..]), ("SNV", &["EJ", "STM"])] {
        let printed = installation.draft(MONTH, Some(organisation)).unwrap();
        assert_eq!(printed, installation.draft(MONTH, Some(organisation)).unwrap(), "the same data gives the same bytes");
        let draft: Value = serde_json::from_str(&printed).unwrap();
        let invoices = &draft["invoices"];
        assert!(words(invoices, "regie").is_superset(&regies.iter().copied().collect()), "{organisation}");
        assert_eq!(sum(invoices, "total_cents"), draft["total_cents"].as_i64().unwrap());
        for invoice in invoices.as_array().unwrap() {
            assert_eq!(sum(&invoice["lines"], "amount_cents"), invoice["total_cents"].as_i64().unwrap(), "{organisation}");
        }
        kinds.extend(words(&draft["problems"], "kind").into_iter().map(str::to_owned));
    }
    for kind in ["depart_manquant", "presence_sans_reservation", "qf_absent", "qf_expire"] {
        assert!(kinds.contains(kind), "no {kind} among {kinds:?}");
    }
    // What the seed writes must never look like a mistake of the program.
    for kind in ["tarif_absent", "sans_activite", "hors_grille", "payeur_absent", "deux_sites", "garde_ambigue", "double_source"] {
        assert!(!kinds.contains(kind), "{kind}");
    }
}

/// Every line of both organisations, counted again by a program in another language that reads the files and not the code.
#[test]
fn a_second_count_from_the_files_finds_the_same_cents_on_every_line() {
    if Command::new("python3").arg("--version").output().is_err() {
        assert!(std::env::var("CI").as_deref() != Ok("true"), "python3 is absent, and nothing is skipped where CI=true");
        eprintln!("sauté : python3 est absent, le second compte n'a pas tourné");
        return;
    }
    let (folder, installation, _) = seeded_and_imported();
    for organisation in ["MEN", "SNV"] {
        let draft = folder.path().join(format!("brouillon-{organisation}.json"));
        std::fs::write(&draft, installation.draft(MONTH, Some(organisation)).unwrap()).unwrap();
        let program = concat!(env!("CARGO_MANIFEST_DIR"), "/recount_month.py");
        let recount = Command::new("python3").arg(program).arg(folder.path()).args([MONTH, organisation]).arg(&draft).output().unwrap();
        let said = String::from_utf8_lossy(&recount.stdout) + String::from_utf8_lossy(&recount.stderr);
        assert!(recount.status.success(), "{said}");
        assert!(said.contains(", 0 differ"), "{said}");
    }
}
