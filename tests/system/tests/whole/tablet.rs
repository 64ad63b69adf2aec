//! A tablet and its server, as two real programs over TLS: enrolled by a code, cut off, killed, and heard again.

use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use system::{Installation, data, program};

/// A serving server, stopped at the end.
pub struct Serving {
    pub process: Child,
    pub url: String,
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.process.kill().and_then(|()| self.process.wait());
    }
}

pub fn serve(installation: &Installation) -> Serving {
    serve_at(program("preau-server").unwrap(), installation, "127.0.0.1:0")
}

/// As [`serve`], at an address, with a command that runs the program its own way.
pub fn serve_at(mut command: Command, installation: &Installation, listen: &str) -> Serving {
    installation.place(&mut command);
    command.args(["serve", "--listen", listen]);
    let mut process = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut said = String::new();
    BufReader::new(process.stdout.take().unwrap()).read_line(&mut said).unwrap();
    let url = said.split_whitespace().find(|word| word.starts_with("https://")).unwrap_or_else(|| panic!("no address in {said:?}"));
    Serving { url: url.to_owned(), process }
}

pub fn tablet(folder: &Path, arguments: &[&str]) -> String {
    let output = program("preau-terminal").unwrap().arg("--data").arg(folder).args(arguments).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

pub fn enrolled(installation: &Installation, serving: &Serving) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let code = installation.run(&["admin", "enrolment-code", "--site", "ECOLE"]).unwrap();
    tablet(folder.path(), &["enrol", "--server", &serving.url, "--code", code.trim()]);
    folder
}

pub fn play(folder: &Path, actions: &[Value]) -> Vec<Value> {
    let file = folder.join("actions.jsonl");
    std::fs::write(&file, actions.iter().map(|a| format!("{a}\n")).collect::<String>()).unwrap();
    let output = tablet(folder, &["simulate", "--actions", &file.to_string_lossy()]);
    output.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn sheet(installation: &Installation) -> Value {
    let sheet = installation.run(&["attendance", "show", "--centre", "GARD", "--date", "2026-10-05"]).unwrap();
    serde_json::from_str(&sheet).unwrap()
}

#[test]
fn what_a_cut_off_and_killed_tablet_recorded_is_on_the_servers_day_sheet_once() {
    let installation = Installation::new().unwrap();
    installation.import(&data("petite-commune")).unwrap();
    let serving = serve(&installation);
    let folder = enrolled(&installation, &serving);
    let lines = play(
        folder.path(),
        &[
            json!({"at": "2026-10-05T16:30:00+02:00", "do": "sync"}),
            json!({"do": "offline"}),
            json!({"at": "2026-10-05T16:36:00+02:00", "do": "arrive", "child": "E01", "moment": "SOIR"}),
            json!({"do": "kill", "at_point": "after_commit"}),
            json!({"at": "2026-10-05T17:10:00+02:00", "do": "leave", "child": "E01", "moment": "SOIR", "to": {"person": "anne aubert"}}),
            json!({"at": "2026-10-05T17:20:00+02:00", "do": "online"}),
            json!({"at": "2026-10-05T18:40:00+02:00", "do": "sign_day", "moment": "SOIR"}),
        ],
    );
    assert_eq!(lines[4]["killed"]["lost"], json!([]));
    assert_eq!(lines[5]["line_state"], "online");

    let status: Value = serde_json::from_str(&tablet(folder.path(), &["status", "--format", "json"])).unwrap();
    assert_eq!((&status["queue"], &status["last_seq"], &status["refused"]), (&json!(0), &json!(3), &json!(0)));
    let sheet = sheet(&installation);
    let presences = &sheet["children"][0]["presences"];
    assert_eq!(presences.as_array().unwrap().len(), 1);
    assert_eq!((&presences[0]["arrived"]["time"], &presences[0]["left"]["time"]), (&json!("16:36"), &json!("17:10")));
    assert_eq!(sheet["signatures"][0]["modified_since"], false, "tablet and server hash the same sheet");
    installation.run(&["journal", "verify"]).unwrap();
}

#[test]
fn a_revoked_tablet_hands_in_what_it_holds_and_changes_nothing() {
    let installation = Installation::new().unwrap();
    installation.import(&data("petite-commune")).unwrap();
    let serving = serve(&installation);
    let folder = enrolled(&installation, &serving);
    play(folder.path(), &[json!({"at": "2026-10-05T16:30:00+02:00", "do": "sync"})]);
    let status: Value = serde_json::from_str(&tablet(folder.path(), &["status", "--format", "json"])).unwrap();
    installation.run(&["admin", "revoke", "--device", status["device"].as_str().unwrap()]).unwrap();

    let lines = play(folder.path(), &[json!({"at": "2026-10-05T16:36:00+02:00", "do": "arrive", "child": "E01", "moment": "SOIR"})]);
    assert_eq!((&lines[0]["ok"], &lines[0]["line_state"]), (&json!(true), &json!("revoked")), "the door goes on");
    let status: Value = serde_json::from_str(&tablet(folder.path(), &["status", "--format", "json"])).unwrap();
    assert_eq!((&status["queue"], &status["quarantined"]), (&json!(0), &json!(1)));
    assert_eq!(sheet(&installation)["children"], json!([]));
}
