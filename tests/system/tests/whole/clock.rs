//! Wrong clocks and certificates that are over or too early, with the real programs: each has its own words, nothing is sent, and the
//! line comes back once it is put right.

use crate::house::{House, Tablet};
use serde_json::{Value, json};
use std::process::Command;
use system::{Installation, program, wrong_clock};

fn server_at(time: &str) -> Command {
    let mut command = program("preau-server").unwrap();
    wrong_clock::at(&mut command, time).unwrap();
    command
}

/// A gesture and an exchange, on a tablet whose machine reads another time.
fn plays_at(tablet: &mut Tablet, time: &str) {
    let file = tablet.folder().join("actions.jsonl");
    let actions = tablet.next_gestures("E01", 1);
    std::fs::write(&file, actions.iter().map(|a| format!("{a}\n")).collect::<String>()).unwrap();
    let mut command = program("preau-terminal").unwrap();
    wrong_clock::at(&mut command, time).unwrap();
    let output = command.arg("--data").arg(tablet.folder()).args(["simulate", "--actions"]).arg(file).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let said = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<Value> = said.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(lines.iter().all(|line| line["ok"] == true), "the door goes on: {lines:?}");
    lines.iter().for_each(|line| tablet.shows(line));
}

fn plays(tablet: &mut Tablet) -> String {
    tablet.play_next("E01", 1);
    tablet.line_text()
}

#[test]
fn a_tablet_in_1970_or_2038_asks_its_authority_what_time_it_is_and_goes_on_sending() {
    if !wrong_clock::are_there().unwrap() {
        return;
    }
    let house = House::open(Installation::new().unwrap());
    let mut tablet = house.tablet();
    for time in ["@1965-06-01 00:00:00", "@1970-01-02 00:00:00", "@2038-01-18 00:00:00", "-90d", "+300d"] {
        plays_at(&mut tablet, time);
        let status = tablet.status();
        assert_eq!((&status["line"], &status["queue"]), (&json!("online"), &json!(0)), "{time}: {status}");
    }
    // One that remembers nothing, since it never heard a server: enrolled in 1970.
    let folder = tempfile::tempdir().unwrap();
    let code = house.installation.run(&["admin", "enrolment-code", "--site", "ECOLE"]).unwrap();
    let mut command = program("preau-terminal").unwrap();
    wrong_clock::at(&mut command, "@1970-01-02 00:00:00").unwrap();
    command.arg("--data").arg(folder.path()).args(["enrol", "--server", &house.proxy.url(), "--code", code.trim()]);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    house.settle(&[tablet]);
}

#[test]
fn a_server_whose_certificate_is_over_is_told_so_and_heard_again_once_it_was_restarted() {
    if !wrong_clock::are_there().unwrap() {
        return;
    }
    let mut house = House::open(Installation::new().unwrap());
    let mut tablet = house.tablet();
    // One that was started long ago and has renewed nothing since: its clock runs on to today under its feet.
    let clock = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(clock.path(), "-200d\n").unwrap();
    let mut command = program("preau-server").unwrap();
    wrong_clock::of_file(&mut command, clock.path()).unwrap();
    house.serve_again_by(command);
    // Once it answers, its certificate is made.
    assert_eq!(house.get("/sante", "").0, 200);
    std::fs::write(clock.path(), "+0\n").unwrap();

    let words = "Le certificat du serveur a expiré : appelez l'administration · 1 pointage gardé";
    assert_eq!(plays(&mut tablet), words);
    house.serve_again();
    assert!(plays(&mut tablet).starts_with("À jour"), "{}", tablet.line_text());
    house.settle(&[tablet]);
}

#[test]
fn a_server_that_lives_in_another_year_is_doubted_and_heard_again_once_it_was_put_right() {
    if !wrong_clock::are_there().unwrap() {
        return;
    }
    let mut house = House::open(Installation::new().unwrap());
    let mut tablet = house.tablet();
    let wrong = [
        ("+1200d", "Le serveur et la tablette ne sont pas à la même heure : appelez l'administration · 1 pointage gardé"),
        ("-1200d", "Le certificat du serveur a expiré : appelez l'administration · 2 pointages gardés"),
    ];
    for (time, words) in wrong {
        house.serve_again_by(server_at(time));
        assert_eq!(plays(&mut tablet), words, "{time}");
    }
    house.serve_again();
    assert!(plays(&mut tablet).starts_with("À jour"), "{}", tablet.line_text());
    house.settle(&[tablet]);
}

/// Two installations, one line: a tablet is led to the neighbour's server, which is as real as its own.
#[test]
fn another_installation_at_the_same_address_hears_nothing() {
    let house = House::open(Installation::new().unwrap());
    let neighbour = House::open(Installation::new().unwrap());
    let mut tablet = house.tablet();
    house.proxy.leads_to(crate::house::address(neighbour.serving.as_ref().unwrap()));
    house.proxy.will(system::chaos::Fault::Fine);
    let words = "Ce n'est pas le serveur de Préau qui répond : appelez l'administration · 1 pointage gardé";
    assert_eq!(plays(&mut tablet), words);
    house.proxy.leads_to(crate::house::address(house.serving.as_ref().unwrap()));
    assert!(plays(&mut tablet).starts_with("À jour"), "{}", tablet.line_text());
    house.settle(&[tablet]);
}
