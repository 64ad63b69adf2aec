//! Days played from a file, by a real child process that really dies.

use crate::fixture::*;
use serde_json::{Value, json};
use shared::id::EntryId;
use shared::journal::{Detail, Envelope, Evidence, Kind, Payload};
use shared::roster::{Item, StaffPin};
use std::collections::HashSet;
use std::io::{BufReader, Write};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use tempfile::tempdir;
use terminal_core::commands::CommandError;
use terminal_core::commands::simulate::{child, parent};
use terminal_core::store::{NoFaults, Peek, SealPoint, Store, Tpm};

const CHILD_DIR: &str = "PREAU_TEST_SIMULATED_TABLET";

/// Not a claim: the tablet of the tests below, in a process of its own.
#[test]
fn the_tablet_of_a_simulated_day() {
    let Ok(dir) = std::env::var(CHILD_DIR) else { return };
    let mut output = std::io::stdout();
    // The test harness has begun a line of its own.
    output.write_all(b"\n").unwrap();
    child::run(Path::new(&dir), &Tpm::none(), &mut BufReader::new(std::io::stdin()), &mut output).unwrap();
}

fn new_tablet(dir: &Path) {
    let mut store = Store::open(dir, Arc::new(NoFaults)).unwrap();
    enrol(&mut store, 1, roster());
}

fn play(dir: &Path, actions: &[Value]) -> Result<Vec<Value>, CommandError> {
    let text: String = actions.iter().map(|a| format!("{a}\n")).collect();
    let spawn = || {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "simulate::the_tablet_of_a_simulated_day", "--nocapture", "--test-threads=1"]);
        command.env(CHILD_DIR, dir);
        command
    };
    let mut out = Vec::new();
    parent::play(&text, &spawn, &mut out)?;
    Ok(String::from_utf8(out).unwrap().lines().map(|l| serde_json::from_str(l).unwrap()).collect())
}

/// Kinds of the tablet's own entries, and whom they are about, in order.
fn on_disk(dir: &Path) -> Vec<(EntryId, Kind, Payload)> {
    let read = |bytes: &[u8], payload: &[u8]| {
        let envelope = Envelope::decode(bytes).unwrap();
        let payload = Payload::decode(&envelope.kind, 1, payload).unwrap();
        (envelope.entry_id, envelope.kind, payload)
    };
    let store = Store::open(dir, Arc::new(NoFaults)).unwrap();
    let all = store.journal.all().unwrap();
    all.iter().map(|(s, _)| read(&s.envelope, &s.private.as_ref().unwrap().payload)).collect()
}

#[test]
fn a_kill_at_any_named_point_loses_nothing_that_was_shown_and_doubles_nothing() {
    for point in SealPoint::ALL {
        let dir = tempdir().unwrap();
        new_tablet(dir.path());
        let lines = play(
            dir.path(),
            &[
                json!({"at": "2026-10-14T07:42:10+02:00", "do": "arrive", "child": "E0003"}),
                json!({"at": "2026-10-14T07:42:20+02:00", "do": "kill", "at_point": point.name(), "seed": 1}),
                json!({"at": "2026-10-14T07:42:30+02:00", "do": "badge", "uid": FAMILY_CARD}),
                json!({"at": "2026-10-14T07:43:00+02:00", "do": "arrive", "child": "E0004"}),
            ],
        )
        .unwrap();
        let killed = &lines[2]["killed"];
        assert_eq!(killed["at_point"], point.name());
        assert_eq!(killed["lost"], json!([]), "{}", point.name());
        // Brothers and sisters are one transaction: both or none.
        let durable = killed["unseen"].as_array().unwrap().len();
        assert_eq!(killed["replayed"], json!(durable == 0));
        assert_eq!(durable, if point == SealPoint::AfterCommit { 2 } else { 0 }, "{}", point.name());

        let entries = on_disk(dir.path());
        let children: Vec<_> = entries.iter().map(|(_, _, p)| p.about_child.unwrap()).collect();
        assert_eq!(children, [child(AYA), child(LEA), child(TOM), child(NOE)], "{}", point.name());
        assert_eq!(entries.iter().map(|(id, _, _)| *id).collect::<HashSet<_>>().len(), 4);
    }
}

#[test]
fn a_day_is_played_from_arrival_to_signature() {
    let dir = tempdir().unwrap();
    new_tablet(dir.path());
    let lines = play(
        dir.path(),
        &[
            json!({"at": "2026-10-14T07:42:10+02:00", "do": "badge", "uid": FAMILY_CARD}),
            json!({"at": "2026-10-14T07:42:15+02:00", "do": "undo"}),
            json!({"at": "2026-10-14T07:43:00+02:00", "do": "badge", "uid": FAMILY_CARD}),
            json!({"at": "2026-10-14T08:00:00+02:00", "do": "arrive", "child": "E0003"}),
            json!({"at": "2026-10-14T09:00:00+02:00", "do": "absent", "child": "E0004"}),
            json!({"at": "2026-10-14T09:05:00+02:00", "do": "correct", "child": "E0003", "of": "arrival", "time": "07:55"}),
            json!({"at": "2026-10-14T16:30:00+02:00", "do": "leave", "child": "E0003", "to": {"person": "karim benali"}}),
            json!({"at": "2026-10-14T16:31:00+02:00", "do": "leave", "child": "E0003", "to": {"person": "Sonia Benali"}}),
            json!({"at": "2026-10-14T16:37:00+02:00", "do": "leave", "child": "E0001", "with": ["E0002"]}),
            json!({"at": "2026-10-14T18:40:00+02:00", "do": "badge", "uid": STAFF_CARD}),
            json!({"do": "sign_day"}),
        ],
    )
    .unwrap();
    assert_eq!(lines[0]["undo"], "Léa et Tom, arrivée 7:42");
    assert!(lines[0]["durable_ms"].as_f64().unwrap() > 0.0);
    assert_eq!(lines[6]["dialog"], "barred");
    assert_eq!(lines[6]["entries"], json!([]));
    assert_eq!(lines[8]["undo"], "Léa et Tom, départ 16:37");
    assert_eq!(lines[10]["notice"], "Les Coccinelles : la journée est signée, 4 enfants sur la feuille.");
    let kinds: Vec<Kind> = on_disk(dir.path()).into_iter().map(|(_, kind, _)| kind).collect();
    use Kind::{AbsenceNoted, Arrived, Corrected, DaySigned, Left, Retracted, StaffArrived};
    assert_eq!(
        kinds,
        [
            Arrived,
            Arrived,
            Retracted,
            Retracted,
            Arrived,
            Arrived,
            Arrived,
            AbsenceNoted,
            Corrected,
            Left,
            Left,
            Left,
            StaffArrived,
            DaySigned
        ]
    );
}

#[test]
fn after_the_end_a_departure_without_a_time_is_one_of_now() {
    let dir = tempdir().unwrap();
    new_tablet(dir.path());
    let lines = play(
        dir.path(),
        &[
            json!({"at": "2026-10-14T07:42:10+02:00", "do": "arrive", "child": "E0003"}),
            json!({"do": "arrive", "child": "E0004"}),
            json!({"at": "2026-10-14T18:45:00+02:00", "do": "leave", "child": "E0003"}),
            json!({"do": "leave", "child": "E0004", "to": {"kind": "alone"}}),
            json!({"do": "arrive", "child": "E0001"}),
            json!({"at": "2026-10-14T19:00:00+02:00", "do": "leave", "child": "E0001", "time": "18:50"}),
        ],
    )
    .unwrap();
    let undos: Vec<_> = lines[2..].iter().map(|line| line["undo"].as_str().unwrap_or_default()).collect();
    assert_eq!(
        undos,
        [
            "Aya, départ 18:45 (15 minutes après l'heure)",
            "Noé, départ 18:45 (15 minutes après l'heure)",
            "Léa, arrivée 18:45",
            "Léa, départ 18:50"
        ]
    );
}

#[test]
fn a_pin_is_answered_honestly_and_names_nobody() {
    let dir = tempdir().unwrap();
    new_tablet(dir.path());
    let lines = play(
        dir.path(),
        &[
            json!({"at": "2026-10-14T07:42:10+02:00", "do": "pin", "staff": "P001", "pin": "4711"}),
            json!({"do": "arrive", "child": "E0003"}),
        ],
    )
    .unwrap();
    assert_eq!((&lines[0]["do"], &lines[0]["ok"], &lines[0]["entries"]), (&json!("pin"), &json!(false), &json!([])));
    assert!(lines[0]["notice"].as_str().unwrap().starts_with("Aucun code personnel sur ce site"), "{}", lines[0]);
    assert!(!lines[0].to_string().contains("4711"), "a code is never printed");
    assert!(on_disk(dir.path())[0].2.actor.id.is_nil());
}

#[test]
fn a_right_code_names_the_gestures_that_follow_and_is_never_printed() {
    let dir = tempdir().unwrap();
    new_tablet(dir.path());
    let pin = Item::Pin(StaffPin { staff: staff(1), hash: crate::pin::hash_of("4711") });
    Store::open(dir.path(), Arc::new(NoFaults)).unwrap().roster.apply("epoch-1", 2, &puts(vec![pin])).unwrap();
    let lines = play(
        dir.path(),
        &[
            json!({"at": "2026-10-14T07:42:10+02:00", "do": "pin", "staff": "P001", "pin": "4712"}),
            json!({"do": "pin", "staff": "P001", "pin": "4711"}),
            json!({"do": "arrive", "child": "E0003"}),
            json!({"do": "pin", "staff": "P009", "pin": "4711"}),
        ],
    )
    .unwrap();
    let told: Vec<_> = lines.iter().map(|line| line["ok"].as_bool().unwrap()).collect();
    assert_eq!(told, [false, true, true, false], "{lines:?}");
    assert_eq!(lines[0]["notice"], "Code faux. Il reste 4 essais.");
    assert!(lines.iter().all(|line| !line.to_string().contains("471")), "a code is never printed");
    let arrived = on_disk(dir.path()).into_iter().find(|(_, kind, _)| *kind == Kind::Arrived).unwrap().2;
    assert_eq!((arrived.actor.id, arrived.evidence), (staff(1).0, Evidence::Pin));
}

#[test]
fn a_class_is_called_by_exception_from_a_file() {
    let dir = tempdir().unwrap();
    new_tablet(dir.path());
    let roll_call = json!({"at": "2026-10-15T11:50:00+02:00", "do": "roll_call", "activity": "MIDI", "class": "ce2 de m. petit",
        "absent": ["E0001"], "extra": ["E0005"]});
    let lines = play(dir.path(), &[roll_call.clone(), roll_call]).unwrap();
    assert_eq!(lines[0]["undo"], "CE2 de M. Petit : 2 présences, 1 absence");
    assert_eq!(lines[1]["entries"], json!([]), "the same call again records nothing");
    let said: Vec<_> = on_disk(dir.path()).into_iter().map(|(_, kind, p)| (kind, p.about_child.unwrap(), p.detail)).collect();
    assert_eq!(
        said.iter().filter(|(k, ..)| *k == Kind::Present).map(|(_, c, _)| *c).collect::<HashSet<_>>(),
        [child(AYA), child(INES)].into()
    );
    assert!(said.iter().any(|(k, c, _)| *k == Kind::AbsenceNoted && *c == child(LEA)));
    let calls: HashSet<_> =
        said.iter().filter_map(|(_, _, d)| if let Detail::RollCall { call, .. } = d { Some(*call) } else { None }).collect();
    assert_eq!(calls.len(), 1, "one validation, one call");
}

#[test]
fn the_state_is_told_without_a_network_and_beside_an_open_window() {
    let dir = tempdir().unwrap();
    new_tablet(dir.path());
    let status = || terminal_core::commands::status::status(dir.path()).unwrap();
    assert!(!terminal_core::commands::status::status(&dir.path().join("nowhere")).unwrap().enrolled);
    assert_eq!((status().enrolled, status().queue, status().last_seq), (true, 0, 0));
    let mut door = door_in(dir.path(), wednesday("07:40"));
    door.act(wednesday("07:42"), terminal_core::view::Act::Touch(child(LEA)));
    let told = status();
    assert_eq!((told.queue, told.last_seq, told.oldest_unsent.as_deref()), (1, 1, Some("2026-10-14T05:42:00.000Z")));
    assert!(told.in_words().contains("École Vauban"));
    drop(door);
    assert_eq!(Peek::open(dir.path()).unwrap().journal.queue().unwrap().unsent, 1);
}

#[test]
fn a_tablet_that_is_not_enrolled_and_a_wrong_file_are_said_clearly() {
    let dir = tempdir().unwrap();
    assert!(matches!(play(dir.path(), &[json!({"do": "sync"})]), Err(CommandError::Usage(_))));
    let error = play(dir.path(), &[json!({"at": "2026-10-14T07:42:10+02:00", "do": "sync"})]).unwrap_err();
    assert_eq!(error.exit_code(), 2);
    assert!(error.to_string().contains("n'est pas encore enrôlée"), "{error}");
}
