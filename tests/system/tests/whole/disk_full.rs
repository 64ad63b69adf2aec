//! A server whose disk is full: a clear answer, nothing half done, and nothing lost once there is room again.
//!
//! A limit on the size of files stands in for the disk: a write past it fails, as on a full one, in that process only.

use crate::tablet::{enrolled, play, serve_at, tablet};
use serde_json::{Value, json};
use std::process::Command;
use system::{Installation, data, program};

/// The server's program, none of whose files may grow past so many bytes.
fn confined(bytes: u64) -> Command {
    let server = program("preau-server").unwrap();
    let mut command = Command::new("sh");
    // The signal that comes with the error is for programs that don't look at errors.
    command.arg("-c").arg(format!("trap '' XFSZ; exec prlimit --fsize={bytes} \"$0\" \"$@\"")).arg(server.get_program());
    command
}

#[test]
fn an_import_that_the_disk_has_no_room_for_is_told_and_changes_nothing() {
    let installation = Installation::new().unwrap();
    let folder = data("petite-commune");
    let mut import = confined(64 * 1024);
    import.arg("--data").arg(installation.folder()).arg("import").arg(&folder);
    let refused = import.output().unwrap();
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert_eq!(refused.status.code(), Some(3), "{said}");
    assert!(said.contains("Le disque du serveur est plein"), "{said}");
    assert!(said.contains("Rien n'a été changé"), "{said}");

    // With room again it is a first import: nothing of the one before is there.
    let untouched = Installation::new().unwrap();
    assert_eq!(installation.import(&folder).unwrap(), untouched.import(&folder).unwrap());
    installation.run(&["journal", "verify"]).unwrap();
}

/// One child in and out, again and again.
fn comings_and_goings(count: u32) -> Vec<Value> {
    let gesture = |n: u32| {
        let at = format!("2026-10-05T{:02}:{:02}:{:02}+02:00", 16 + n / 120, n / 2 % 60, n % 2 * 30);
        match n % 2 {
            0 => json!({"at": at, "do": "arrive", "child": "E01", "moment": "SOIR"}),
            _ => json!({"at": at, "do": "leave", "child": "E01", "moment": "SOIR", "to": {"person": "anne aubert"}}),
        }
    };
    (0..count).map(gesture).collect()
}

#[test]
fn what_a_full_server_could_not_take_stays_on_the_tablet_and_arrives_once() {
    const GESTURES: u32 = 60;
    let installation = Installation::new().unwrap();
    installation.import(&data("petite-commune")).unwrap();
    // Room to start and for some of the gestures: what is written goes behind what stands in the write-ahead log.
    let written = ["preau.db", "preau.db-wal"].map(|name| std::fs::metadata(installation.folder().join(name)).map_or(0, |m| m.len()));
    let serving = serve_at(confined(written[0].max(written[1]) + 512 * 1024), &installation, "127.0.0.1:0");
    let folder = enrolled(&installation, &serving);
    play(folder.path(), &[json!({"at": "2026-10-05T15:59:00+02:00", "do": "sync"})]);
    let lines = play(folder.path(), &comings_and_goings(GESTURES));
    assert!(lines.iter().all(|line| line["ok"] == true), "the door goes on: {lines:?}");
    let status = || -> Value { serde_json::from_str(&tablet(folder.path(), &["status", "--format", "json"])).unwrap() };
    let waiting = status();
    assert!(waiting["queue"].as_u64().unwrap() > 0, "the disk was never full: {waiting}");
    assert_eq!((&waiting["quarantined"], &waiting["refused"]), (&json!(0), &json!(0)), "nothing was given up");
    let url = serving.url.clone();
    drop(serving);

    let listen = url.trim_start_matches("https://").to_owned();
    let serving = serve_at(program("preau-server").unwrap(), &installation, &listen);
    play(folder.path(), &[json!({"at": "2026-10-05T18:50:00+02:00", "do": "online"}), json!({"do": "sync"}), json!({"do": "sync"})]);
    assert_eq!(status()["queue"], json!(0));
    drop(serving);
    installation.run(&["journal", "verify"]).unwrap();
    let export = installation.run(&["journal", "export", "--site", "ECOLE", "--from", "2026-10-05", "--to", "2026-10-05"]).unwrap();
    let export: Value = serde_json::from_str(&export).unwrap();
    let device = waiting["device"].as_str().unwrap();
    let entries: Vec<shared::journal::Envelope> = export["entries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| serde_json::from_value::<shared::wire::WireEntry>(e.clone()).unwrap().into_sealed().unwrap().decode_envelope().unwrap())
        .filter(|e| e.place.device.to_string() == device)
        .collect();
    let seqs: Vec<u64> = entries.iter().map(|e| e.place.seq).collect();
    assert_eq!(seqs, (1..=u64::from(GESTURES)).collect::<Vec<_>>(), "each of them, once");
}
