//! The command as a script sees it: exit codes, and what stands on which output.

use super::town::Town;
use std::path::Path;
use std::process::{Command, Output};

fn preau_server(data: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_preau-server"))
        .args(arguments)
        .env_remove("PREAU_DATABASE")
        .env("PREAU_DATA", data)
        .env("PREAU_TODAY", "2026-10-16")
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn a_script_reads_exit_codes_and_json() {
    let data = tempfile::tempdir().unwrap();
    let data = data.path().join("données");
    let town = Town::whole();
    let folder = town.path().to_str().unwrap();
    let too_early = preau_server(&data, &["import", folder]);
    assert_eq!(too_early.status.code(), Some(3), "{}", text(&too_early.stderr));
    assert!(text(&too_early.stderr).contains("commencez par « preau-server init »"));
    assert_eq!(preau_server(&data, &["init", "--demo"]).status.code(), Some(0));
    let again = preau_server(&data, &["init"]);
    assert!(text(&again.stdout).contains("déjà en place"));
    let done = preau_server(&data, &["import", folder, "--format", "json"]);
    assert_eq!(done.status.code(), Some(0), "{}", text(&done.stderr));
    let json: serde_json::Value = serde_json::from_slice(&done.stdout).unwrap();
    assert_eq!(
        json["fichiers"]["enfants.csv"],
        serde_json::json!({"nouveaux": 2, "changes": 0, "inchanges": 0, "plus_dans_le_dossier": 0})
    );
    assert_eq!(text(&done.stderr), "", "no bar where nobody looks");
    town.replace("enfants.csv", "E2;F2", "E2;F9");
    let wrong = preau_server(&data, &["import", folder]);
    assert_eq!((wrong.status.code(), text(&wrong.stdout).as_str()), (Some(2), ""));
    assert!(text(&wrong.stderr).contains("enfants.csv, ligne 3, colonne foyer"));
    assert_eq!(preau_server(&data, &["import", "/nowhere/at/all"]).status.code(), Some(2));
    assert_eq!(preau_server(&data, &["importe"]).status.code(), Some(2));
}
