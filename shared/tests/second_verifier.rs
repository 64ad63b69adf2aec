//! A second verifier, in Python and with its own arithmetic, must say the same of the same journal.

use crate::golden::{export, golden_file};
use crate::support::golden_journal::{SERVER, TABLET, golden, golden_care, golden_evacuation, golden_team, keys, server_key, tablet_key};
use serde_json::{Value, json};
use shared::id::DeviceId;
use shared::journal::*;
use shared::wire::WireEntry;
use std::path::PathBuf;
use std::process::Command;

fn program() -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "..", "tests", "system", "verify_journal.py"].iter().collect()
}

/// Runs the second verifier; `None` where there is no Python, which is said, and a failure where `CI=true`.
fn python(arguments: &[&str]) -> Option<(Option<i32>, String)> {
    if Command::new("python3").arg("--version").output().is_err() {
        assert!(std::env::var("CI").as_deref() != Ok("true"), "python3 is absent, and nothing is skipped where CI=true");
        eprintln!("sauté : python3 est absent, le second vérificateur n'a pas tourné");
        return None;
    }
    let out = Command::new("python3").arg(program()).args(arguments).output().unwrap();
    let text = String::from_utf8(out.stdout).unwrap() + &String::from_utf8_lossy(&out.stderr);
    Some((out.status.code(), text))
}

/// What this crate's verification says, in the words of the second one.
fn verdict(entries: &[Sealed]) -> Value {
    let stored = entries.iter().map(|s| StoredEntry { envelope: &s.envelope, signature: &s.signature, private: s.private.as_ref() });
    let report = verify(stored, &keys());
    let forks: Vec<Value> = report.forks.iter().map(|p| json!([p.device, p.epoch, p.seq])).collect();
    let first_break = report.first_break.map(|b| {
        let place = b.place;
        json!({"kind": b.kind, "device": place.map(|p| p.device), "epoch": place.map(|p| p.epoch), "seq": place.map(|p| p.seq), "entry": b.entry})
    });
    json!({
        "devices": report.devices, "entries": report.entries, "erased": report.erased, "opaque": report.opaque,
        "forks": forks, "unseen": report.unseen.len(), "first_break": first_break,
    })
}

type Mutation = (&'static str, fn(&mut Vec<Sealed>));

fn private(entry: &mut Sealed) -> &mut Private {
    entry.private.as_mut().unwrap()
}

fn at(name: &str) -> usize {
    golden().iter().position(|(n, _)| *n == name).unwrap()
}

/// Seals a golden payload anew, at the end of the server's chain or wherever a head stands.
fn resealed(name: &str, head: &mut ChainHead, change: impl FnOnce(&mut Draft)) -> Sealed {
    let (_, sealed) = golden().swap_remove(at(name));
    let envelope = sealed.decode_envelope().unwrap();
    let private = sealed.private.unwrap();
    let payload = Payload::decode(&envelope.kind, 1, &private.payload).unwrap();
    let (organisation, site, entry_id, kind) = (envelope.organisation, envelope.site, shared::id::EntryId::new(5, [5; 10]), envelope.kind);
    let mut draft = Draft { organisation, site, entry_id, kind, payload, notes: private.notes, salt: private.salt };
    change(&mut draft);
    let key = if head.place.device == SERVER { server_key() } else { tablet_key() };
    seal(draft, head, &key)
}

fn end_of(entries: &[Sealed], device: DeviceId) -> ChainHead {
    let last = entries.iter().rfind(|e| e.decode_envelope().unwrap().place.device == device).unwrap();
    ChainHead { place: last.decode_envelope().unwrap().place, hash: last.hash() }
}

const MUTATIONS: &[Mutation] = &[
    ("nothing", |_| {}),
    ("a byte of an envelope", |e| e[1].envelope[60] ^= 1),
    ("the format", |e| e[1].envelope[1] = 2),
    ("a byte too many behind an envelope", |e| e[1].envelope.push(0)),
    ("R of a signature", |e| e[2].signature[3] ^= 4),
    ("S of a signature", |e| e[2].signature[40] ^= 4),
    ("S above the order of the group", |e| e[2].signature[63] |= 0xf0),
    ("R of small order", |e| {
        e[2].signature[..32].fill(0);
        e[2].signature[0] = 1;
    }),
    ("a signature by the other device", |e| e[0].signature = e[17].signature),
    ("a device that nobody knows", |e| {
        let mut head = ChainHead::start(DeviceId(uuid::Uuid::from_u128(3)));
        e.push(resealed("meal", &mut head, |_| {}));
    }),
    ("a byte of a payload", |e| private(&mut e[0]).payload[40] ^= 1),
    ("a byte of a salt", |e| private(&mut e[0]).salt[31] ^= 1),
    ("a word of a note", |e| private(&mut e[3]).notes[1].text.push('!')),
    ("a note of a newer kind", |e| private(&mut e[at("newer_kind")]).notes[0].text.push('!')),
    ("two notes changed about", |e| private(&mut e[3]).notes.reverse()),
    ("a note that is missing", |e| drop(private(&mut e[3]).notes.remove(0))),
    ("an entry that is missing", |e| drop(e.remove(4))),
    ("the first entry missing", |e| drop(e.remove(0))),
    ("the end cut off", |e| e.truncate(3)),
    ("a day signed on what is not there", |e| drop(e.drain(7..))),
    ("everything twice, in another order", |e| {
        let again: Vec<Sealed> = e.iter().rev().cloned().collect();
        e.splice(0..0, again);
    }),
    ("a copy erased, a copy not", |e| {
        let erased = Sealed { private: None, ..e[0].clone() };
        e.insert(0, erased);
    }),
    ("all erased", |e| e.iter_mut().for_each(|s| s.private = None)),
    ("one id twice", |e| {
        let id = e[0].decode_envelope().unwrap().entry_id;
        let mut head = end_of(e, SERVER);
        e.push(resealed("meal", &mut head, |d| d.entry_id = id));
    }),
    ("a fork", |e| {
        let mut head = end_of(&e[..2], TABLET);
        e.push(resealed("meal", &mut head, |_| {}));
    }),
    ("an entry behind a hash of nothing", |e| {
        let mut head = end_of(e, SERVER);
        head.hash = [1; 32];
        e.push(resealed("meal", &mut head, |_| {}));
    }),
    ("an epoch that nobody opened", |e| {
        let mut head = end_of(e, SERVER);
        (head.place.epoch, head.place.seq) = (2, 0);
        e.push(resealed("meal", &mut head, |_| {}));
    }),
    ("an epoch opened behind what is not there", |e| {
        let place = Place { device: SERVER, epoch: 2, seq: 0 };
        let mut head = ChainHead { place, hash: [6; 32] };
        e.push(resealed("epoch_opened", &mut head, |d| {
            d.payload.detail = Detail::Epoch { previous: 1, last_hash: [6; 32], cause: "restore".into() };
        }));
    }),
    ("an epoch that tells another hash than it carries", |e| {
        let mut head = end_of(e, SERVER);
        (head.place.epoch, head.place.seq) = (2, 0);
        e.push(resealed("epoch_opened", &mut head, |_| {}));
    }),
];

#[test]
fn a_second_verifier_says_the_same_of_thirty_journals() {
    let mut verdicts = std::collections::BTreeMap::new();
    for (number, (name, change)) in MUTATIONS.iter().enumerate() {
        let mut entries: Vec<Sealed> = golden().into_iter().map(|(_, sealed)| sealed).collect();
        change(&mut entries);
        let expected = verdict(&entries);
        let kind = expected["first_break"]["kind"].as_str().unwrap_or("whole").to_owned();
        let wire: Vec<WireEntry> = entries.iter().map(WireEntry::from).collect();
        let path = std::env::temp_dir().join(format!("preau-second-verifier-{}-{number}.json", std::process::id()));
        std::fs::write(&path, export(&wire).to_string()).unwrap();
        let answer = python(&["--json", "--own", path.to_str().unwrap()]);
        std::fs::remove_file(&path).unwrap();
        let Some((code, text)) = answer else { return };
        let mut told: Value = serde_json::from_str(&text).unwrap_or_else(|_| panic!("{name}: {text}"));
        told.as_object_mut().unwrap().remove("kinds");
        assert_eq!(told, expected, "{name}");
        assert_eq!(code, Some(i32::from(kind != "whole")), "{name}");
        *verdicts.entry(kind).or_insert(0) += 1;
    }
    let each = ["hole", "link", "malformed", "payload", "same_id", "signature", "unknown_device", "whole"];
    assert_eq!(verdicts.keys().map(String::as_str).collect::<Vec<_>>(), each, "each verdict occurs: {verdicts:?}");
}

#[test]
fn a_second_verifier_knows_the_kinds_that_came_later() {
    let later = golden_care().into_iter().chain(golden_team()).chain(golden_evacuation());
    let entries: Vec<Sealed> = golden().into_iter().chain(later).map(|(_, sealed)| sealed).collect();
    let wire: Vec<WireEntry> = entries.iter().map(WireEntry::from).collect();
    let path = std::env::temp_dir().join(format!("preau-later-{}.json", std::process::id()));
    std::fs::write(&path, export(&wire).to_string()).unwrap();
    let answer = python(&["--json", path.to_str().unwrap()]);
    std::fs::remove_file(&path).unwrap();
    let Some((code, text)) = answer else { return };
    let told: Value = serde_json::from_str(&text).unwrap_or_else(|_| panic!("{text}"));
    // One is opaque, as in the golden journal: what came later isn't.
    assert_eq!((code, &told["entries"], &told["opaque"]), (Some(0), &json!(entries.len()), &json!(1)), "{text}");
}

#[test]
fn a_second_verifier_reads_every_field_of_the_golden_journal() {
    let Some((code, text)) = python(&["--decode", golden_file("export.json").to_str().unwrap()]) else { return };
    assert_eq!(code, Some(0), "{text}");
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    crate::golden::assert_golden("fields.json", &Value::Array(lines.clone()));
    for (line, (name, sealed)) in lines.iter().zip(golden()) {
        let envelope = sealed.decode_envelope().unwrap();
        assert_eq!((&line["kind"], &line["seq"]), (&json!(envelope.kind.as_str()), &json!(envelope.place.seq)), "{name}");
        let Some(private) = sealed.private else { continue };
        let Ok(payload) = Payload::decode(&envelope.kind, 1, &private.payload) else {
            assert_eq!(line["payload"], "opaque", "{name}");
            continue;
        };
        assert_eq!(line["payload"], fields(&payload), "{name}");
    }
}

fn snake(value: &impl serde::Serialize) -> Value {
    serde_json::to_value(value).unwrap()
}

fn actor(actor: Actor) -> Value {
    json!([snake(&actor.kind), (!actor.id.is_nil()).then_some(actor.id)])
}

fn someone(who: Someone) -> Value {
    let text = who.to_string();
    json!(text.split(':').collect::<Vec<_>>())
}

/// A payload as this crate reads it, in the words of the second verifier.
fn fields(p: &Payload) -> Value {
    let day = |d: &chrono::NaiveDate| (*d - chrono::NaiveDate::default()).num_days();
    let hex = |bytes: &[u8]| data_encoding::HEXLOWER.encode(bytes);
    let detail = match &p.detail {
        Detail::None => json!({}),
        Detail::Left { to, person } => json!({"to": snake(to), "person": person}),
        Detail::RollCall { group, call } => json!({"group": group, "call": call}),
        Detail::Absence { from, to, code } => json!({"from": day(from), "to": day(to), "code": code}),
        Detail::Corrected { kind, to, person } => json!({"kind": kind.as_str(), "to": to.as_ref().map(snake), "person": person}),
        Detail::Meal { menu, served } => json!({"menu": menu, "served": served}),
        Detail::MovedGroup { group } => json!({"group": group}),
        Detail::DaySigned { day: on, activity, sheet, heads } => {
            let heads: Vec<Value> = heads.iter().map(|h| json!([h.device, h.epoch, h.seq, h.entry])).collect();
            json!({"day": day(on), "activity": activity, "sheet": hex(sheet), "heads": heads})
        }
        Detail::DayReopened { day: on, activity } => json!({"day": day(on), "activity": activity}),
        Detail::Clock { device, boot, boottime_ms, at_ms } => {
            json!({"device": device, "boot": boot, "boottime_ms": boottime_ms, "at": at_ms})
        }
        Detail::Evacuation { call } => json!({"call": call}),
        Detail::EvacuationSeen { call, who } => json!({"call": call, "who": someone(*who)}),
        Detail::OutingLeft { outing, who, label } => json!({"outing": outing, "who": someone(*who), "label": label}),
        Detail::OutingCounted { outing, count, who, here } => {
            json!({"outing": outing, "count": count, "who": someone(*who), "here": here})
        }
        Detail::OutingBack { outing, who } => json!({"outing": outing, "who": someone(*who)}),
        Detail::Epoch { previous, last_hash, cause } => json!({"previous": previous, "last_hash": hex(last_hash), "cause": cause}),
        Detail::Staff { staff } => json!({"staff": staff}),
    };
    json!({
        "about_child": p.about_child, "notes": p.notes.iter().map(|n| hex(n)).collect::<Vec<_>>(), "centre_id": p.centre,
        "happened_at": p.happened_at_ms, "sealed_at": p.sealed_at_ms, "boottime_ms": p.boottime_ms, "boot_id": p.boot,
        "moment": [json!(p.moment.activity), json!(p.moment.label)], "actor": actor(p.actor), "on_behalf_of": actor(p.on_behalf_of),
        "capacity": snake(&p.capacity), "authority_ref": p.authority_ref, "channel": snake(&p.channel), "evidence": snake(&p.evidence),
        "badge": p.badge, "roster_version": p.roster_version, "target": p.target, "reason": p.reason, "detail": detail,
    })
}

#[test]
fn the_second_verifier_s_arithmetic_is_that_of_rfc_8032() {
    let Some((code, text)) = python(&["--self-test"]) else { return };
    assert_eq!(code, Some(0), "{text}");
}

#[test]
fn a_file_that_is_no_export_is_said_to_be_none() {
    let path = golden_file("entries.json");
    let Some((code, text)) = python(&[path.to_str().unwrap()]) else { return };
    assert_eq!(code, Some(2), "{text}");
    assert!(text.contains("n'est pas un export"), "{text}");
}
