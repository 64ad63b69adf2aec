//! The bytes of format 1, held to a file. **A golden file is never changed**: what was sealed once must be read for ever. A new
//! kind or layout gets a file of its own; a file that is missing is written, for a person to look at, and the test fails.

use crate::support::golden_journal::{
    golden, golden_care, golden_decisions, golden_evacuation, golden_team, keys, report_of, server_key, tablet_key,
};
use data_encoding::HEXLOWER;
use serde_json::{Value, json};
use shared::journal::{Hash, Payload, Private, Sealed, hash_of, note_hash, payload_hash};
use shared::wire::{Bytes, WireEntry};
use std::path::PathBuf;

pub fn golden_file(name: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "tests", "golden", name].iter().collect()
}

/// Compares with a golden file; writes one only where there is none.
pub fn assert_golden(name: &str, value: &Value) {
    let path = golden_file(name);
    let text = serde_json::to_string_pretty(value).unwrap() + "\n";
    match std::fs::read_to_string(&path) {
        Ok(frozen) => assert!(frozen == text, "{name}: these bytes are frozen, and the code no longer makes them:\n{text}"),
        Err(_) => {
            std::fs::write(&path, text).unwrap();
            panic!("{name} was missing and has been written: read it, then commit it");
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    HEXLOWER.encode(bytes)
}

fn unhex(value: &Value) -> Vec<u8> {
    HEXLOWER.decode(value.as_str().unwrap().as_bytes()).unwrap()
}

fn array<const N: usize>(value: &Value) -> [u8; N] {
    unhex(value).try_into().unwrap()
}

fn entry(name: &str, sealed: &Sealed) -> Value {
    let private = sealed.private.as_ref().map(|p| {
        let notes: Vec<Value> =
            p.notes.iter().map(|n| json!({"salt": hex(&n.salt), "text": n.text, "hash": hex(&note_hash(&n.salt, &n.text))})).collect();
        json!({"salt": hex(&p.salt), "payload": hex(&p.payload), "payload_hash": hex(&payload_hash(&p.salt, &p.payload)), "notes": notes})
    });
    let (envelope, signature, hash) = (hex(&sealed.envelope), hex(&sealed.signature), hex(&sealed.hash()));
    json!({"name": name, "envelope": envelope, "signature": signature, "hash": hash, "private": private})
}

/// The golden journal as a server exports it.
pub fn export(entries: &[WireEntry]) -> Value {
    let mut keys: Vec<_> = keys().into_iter().collect();
    keys.sort_by_key(|(device, _)| *device);
    let keys: Vec<Value> = keys.iter().map(|(device, key)| json!({"device": device, "public_key": Bytes::from(key.as_bytes())})).collect();
    json!({"format": 1, "keys": keys, "entries": entries})
}

#[test]
fn sealing_makes_the_golden_bytes() {
    let entries: Vec<Value> = golden().iter().map(|(name, sealed)| entry(name, sealed)).collect();
    let (tablet, server) = (tablet_key(), server_key());
    let keys = json!({
        "tablet": {"secret": hex(tablet.as_bytes()), "public": hex(tablet.verifying_key().as_bytes())},
        "server": {"secret": hex(server.as_bytes()), "public": hex(server.verifying_key().as_bytes())},
    });
    assert_golden("entries.json", &json!({"format": 1, "keys": keys, "entries": entries}));
}

#[test]
fn sealing_a_decision_makes_its_golden_bytes() {
    let entries: Vec<Value> = golden_decisions().iter().map(|(name, sealed)| entry(name, sealed)).collect();
    assert_golden("decisions.json", &json!({"format": 1, "entries": entries}));
}

#[test]
fn sealing_that_a_care_card_was_read_makes_its_golden_bytes() {
    let entries: Vec<Value> = golden_care().iter().map(|(name, sealed)| entry(name, sealed)).collect();
    assert_golden("care.json", &json!({"format": 1, "entries": entries}));
}

#[test]
fn sealing_who_of_the_team_and_which_visitor_is_here_makes_its_golden_bytes() {
    let entries: Vec<Value> = golden_team().iter().map(|(name, sealed)| entry(name, sealed)).collect();
    assert_golden("team.json", &json!({"format": 1, "entries": entries}));
}

#[test]
fn sealing_a_roll_call_of_the_site_and_an_outing_makes_its_golden_bytes() {
    let entries: Vec<Value> = golden_evacuation().iter().map(|(name, sealed)| entry(name, sealed)).collect();
    assert_golden("evacuation.json", &json!({"format": 1, "entries": entries}));
}

#[test]
fn the_golden_bytes_read_back_to_what_was_sealed() {
    let file: Value = serde_json::from_str(&std::fs::read_to_string(golden_file("entries.json")).unwrap()).unwrap();
    let entries = file["entries"].as_array().unwrap();
    let golden = golden();
    assert_eq!(entries.len(), golden.len());
    for (frozen, (name, sealed)) in entries.iter().zip(&golden) {
        let envelope = unhex(&frozen["envelope"]);
        assert_eq!(hash_of(&envelope), array::<32>(&frozen["hash"]), "{name}");
        let read = shared::journal::Envelope::decode(&envelope).unwrap();
        assert_eq!((&read, read.encode()), (&sealed.decode_envelope().unwrap(), envelope), "{name}");
        let Some(private) = frozen["private"].as_object() else {
            assert!(sealed.private.is_none(), "{name}");
            continue;
        };
        let (salt, payload): (Hash, _) = (array(&private["salt"]), unhex(&private["payload"]));
        assert_eq!(read.payload_hash, array::<32>(&private["payload_hash"]), "{name}");
        let notes: Vec<shared::journal::Note> = private["notes"]
            .as_array()
            .unwrap()
            .iter()
            .map(|n| shared::journal::Note { salt: array(&n["salt"]), text: n["text"].as_str().unwrap().into() })
            .collect();
        assert!(Private { salt, payload: payload.clone(), notes }.belongs_to(&read), "{name}");
        if *name != "newer_kind" {
            assert_eq!(Payload::decode(&read.kind, read.kind_version, &payload).unwrap().encode(), payload, "{name}");
        }
    }
}

#[test]
fn the_golden_journal_has_one_entry_of_each_kind_and_holds() {
    let mut golden = golden();
    golden.extend(golden_decisions());
    golden.extend(golden_care());
    golden.extend(golden_team());
    golden.extend(golden_evacuation());
    let kinds: Vec<_> = golden.iter().map(|(_, s)| s.decode_envelope().unwrap().kind).collect();
    assert!(shared::journal::Kind::KNOWN.iter().all(|kind| kinds.contains(kind)));
    let report = report_of(golden.iter().map(|(_, sealed)| sealed));
    assert_eq!(report.first_break, None);
    assert_eq!((report.devices, report.entries, report.erased, report.opaque), (2, golden.len(), 1, 1));
    assert!(report.forks.is_empty() && report.unseen.is_empty());
}

#[test]
fn the_golden_export_is_what_travels() {
    let entries: Vec<WireEntry> = golden().iter().map(|(_, sealed)| WireEntry::from(sealed)).collect();
    assert_golden("export.json", &export(&entries));
    let file: Value = serde_json::from_str(&std::fs::read_to_string(golden_file("export.json")).unwrap()).unwrap();
    let read: Vec<WireEntry> = serde_json::from_value(file["entries"].clone()).unwrap();
    let read: Vec<Sealed> = read.into_iter().map(|entry| entry.into_sealed().unwrap()).collect();
    assert_eq!(read, golden().into_iter().map(|(_, sealed)| sealed).collect::<Vec<_>>());
}
