//! What the simulation itself must be: the same twice, and of what is shipped.

#![allow(clippy::unwrap_used, reason = "a test's helper that reads the sources")]

use simulation::event;
use simulation::run::{self, LENGTH};
use simulation::template::Template;
use std::path::{Path, PathBuf};

#[test]
fn a_seed_gives_the_same_trace_twice_whatever_ids_and_keys_were_drawn() {
    let (one, other) = (Template::new().unwrap(), Template::new().unwrap());
    for seed in [3, 11] {
        let (first, again) = (run::seed(&one, seed).unwrap(), run::seed(&other, seed).unwrap());
        assert_eq!(first.trace, again.trace);
        assert_eq!((first.hash, first.broken), (again.hash, None));
    }
}

#[test]
fn any_event_can_be_left_out_of_a_run() {
    let template = Template::new().unwrap();
    let events: Vec<_> = event::draw(5, LENGTH).into_iter().step_by(2).collect();
    assert_eq!(run::play(&template, 5, &events, LENGTH).unwrap().broken, None);
}

#[test]
fn seeds_draw_every_kind_of_event() {
    let drawn: Vec<String> = (0..300).flat_map(|seed| event::draw(seed, LENGTH)).map(|event| format!("{event:?}")).collect();
    for kind in [
        "Touch",
        "Round",
        "Peers",
        "Wait",
        "Night",
        "Cut",
        "Lossy",
        "HalfOpen",
        "WelcomePage",
        "Garbled",
        "Newer",
        "Sealing",
        "Before",
        "After",
        "Reboot",
        "Jump",
        "Drift",
        "Full",
        "Image",
        "Restore",
        "Clone",
        "Lose",
        "Enrol",
        "Revoke",
        "Backup",
        "ServerRestored",
        "ServerRestarts",
        "Forget",
        "Correct",
        "Issue",
        "RollCall",
        "Badge",
        "Undo",
        "Sign",
        "Absent",
    ] {
        assert!(drawn.iter().any(|event| event.contains(kind)), "no seed draws {kind}");
    }
}

/// Every source file of a room.
fn sources(room: &str) -> Vec<PathBuf> {
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(room)];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            match path.extension() {
                _ if path.is_dir() => folders.push(path),
                Some(extension) if extension == "rs" => files.push(path),
                _ => {}
            }
        }
    }
    files
}

#[test]
fn what_is_simulated_is_what_is_shipped() {
    for room in ["terminal/core/src", "sync-server/app/src", "sync-server/rules/src", "shared/src"] {
        let files = sources(room);
        assert!(files.len() > 5, "{room} is where the code is");
        for path in files {
            let text = std::fs::read_to_string(&path).unwrap();
            let conditions = text.lines().filter(|line| line.contains("cfg(") || line.contains("cfg!(") || line.contains("cfg_attr("));
            // The description of the API is the one feature: it adds schemas and changes nothing that runs.
            let other = conditions.filter(|line| !line.contains("cfg(test)") && !line.contains("feature = \"schema\""));
            assert_eq!(other.collect::<Vec<_>>(), [""; 0], "{}", path.display());
        }
    }
}
