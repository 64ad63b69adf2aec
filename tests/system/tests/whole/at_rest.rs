//! A real tablet on a machine with a security chip: real programs, a TPM 2.0 in software, a real server that is told.

#[path = "../../../../terminal/core/tests/claims/chip.rs"]
mod chip;

use crate::tablet::{enrolled, play, serve, tablet};
use chip::Chip;
use serde_json::{Value, json};
use std::path::Path;
use std::process::Output;
use system::{Installation, data, program};

/// The tablet's program on a machine whose chip is this one.
fn on(chip: &Chip, folder: &Path, arguments: &[&str]) -> Output {
    let path = format!("{}:{}", chip.tools().display(), std::env::var("PATH").unwrap());
    program("preau-terminal")
        .unwrap()
        .env("PREAU_TPM", chip.setting())
        .env("PATH", path)
        .arg("--data")
        .arg(folder)
        .args(arguments)
        .output()
        .unwrap()
}

fn syncs_on(chip: &Chip, folder: &Path) -> Output {
    let file = folder.join("actions.jsonl");
    std::fs::write(&file, format!("{}\n", json!({"at": "2026-10-05T16:30:00+02:00", "do": "sync"}))).unwrap();
    on(chip, folder, &["simulate", "--actions", &file.to_string_lossy()])
}

fn told(installation: &Installation) -> Vec<String> {
    let all: Vec<Value> = serde_json::from_str(&installation.run(&["admin", "devices", "--json"]).unwrap()).unwrap();
    all.iter().filter_map(|device| Some(device["key_storage"].as_str()?.to_owned())).collect()
}

#[test]
fn a_tablets_key_goes_into_its_chip_the_server_is_told_and_another_machine_opens_nothing() {
    let installation = Installation::new().unwrap();
    installation.import(&data("petite-commune")).unwrap();
    let serving = serve(&installation);
    let folder = enrolled(&installation, &serving);
    play(folder.path(), &[json!({"at": "2026-10-05T16:20:00+02:00", "do": "sync"})]);
    assert_eq!(told(&installation), ["fichier"]);
    let secret = std::fs::read(folder.path().join("device.key")).unwrap();

    let (chip, other) = (Chip::new(), Chip::new());
    let synced = syncs_on(&chip, folder.path());
    assert!(synced.status.success(), "{}", String::from_utf8_lossy(&synced.stderr));
    assert!(!folder.path().join("device.key").exists());
    let files = std::fs::read_dir(folder.path()).unwrap().flatten().filter(|file| file.path().is_file());
    assert!(!files.map(|file| std::fs::read(file.path()).unwrap()).any(|bytes| bytes.windows(32).any(|window| window == secret)));
    assert!(tablet(folder.path(), &["status"]).contains("scellée par la puce TPM 2.0"));
    assert!(tablet(folder.path(), &["verify"]).contains("scellée par la puce TPM 2.0"));

    let refused = syncs_on(&other, folder.path());
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success() && said.contains("rien ne l'ouvre ici") && said.contains("--cle-perdue"), "{said}");
    let wrong = program("preau-terminal").unwrap().args(["--tpm", "oui", "status"]).output().unwrap();
    assert!(String::from_utf8_lossy(&wrong.stderr).contains("attendu « auto »"));

    // A new board: under a new key, which goes into its chip from the start.
    let code = installation.run(&["admin", "enrolment-code", "--site", "ECOLE"]).unwrap();
    let back = on(&other, folder.path(), &["enrol", "--server", &serving.url, "--code", code.trim(), "--cle-perdue"]);
    assert!(back.status.success(), "{}", String::from_utf8_lossy(&back.stderr));
    assert!(syncs_on(&other, folder.path()).status.success());
    assert_eq!(told(&installation).iter().filter(|place| *place == "tpm").count(), 1, "the first report of the new tablet");
}
