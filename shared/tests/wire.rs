//! What travels: it reads back, and keeps its limits.

use crate::support::golden_journal::{TABLET, golden, tablet_key};
use crate::support::{LEA, ORGANISATION, VAUBAN, touch};
use proptest::prelude::*;
use shared::id::EntryId;
use shared::journal::*;
use shared::wire::limits::{BODY_BYTES_MAX, PUSH_ENTRIES_MAX, PUSH_SEALED_BYTES_MAX};
use shared::wire::{Bytes, Push, PushAnswer, Verdict, VerdictKind, WireEntry};

#[test]
fn an_entry_travels_byte_for_byte() {
    for (name, sealed) in golden() {
        let json = serde_json::to_string(&WireEntry::from(&sealed)).unwrap();
        let back: WireEntry = serde_json::from_str(&json).unwrap();
        assert_eq!(back.into_sealed(), Some(sealed), "{name}");
    }
}

#[test]
fn a_part_of_a_wrong_length_is_no_entry() {
    let good = WireEntry::from(&golden()[3].1);
    assert!(good.clone().into_sealed().is_some());
    let mut wrong = vec![good; 4];
    wrong[0].signature = Bytes(vec![0; 63]);
    wrong[1].signature = Bytes(vec![0; 65]);
    wrong[2].private.as_mut().unwrap().salt = Bytes(vec![0; 31]);
    wrong[3].private.as_mut().unwrap().notes[0].salt = Bytes(vec![0; 33]);
    for entry in wrong {
        assert_eq!(entry.into_sealed(), None);
    }
}

#[test]
fn base_64_that_is_none_is_an_error_and_no_panic() {
    for wrong in ["\"é\"", "\"AAA\"", "\"A===\"", "1", "null", "\"AA-_\""] {
        assert!(serde_json::from_str::<Bytes>(wrong).is_err(), "{wrong}");
    }
    assert_eq!(serde_json::from_str::<Bytes>("\"AAEC\"").unwrap(), Bytes(vec![0, 1, 2]));
}

fn sealed_with_notes(number: u8, text: &str) -> Sealed {
    let note = |n| Note { salt: [n; 32], text: text.into() };
    let notes = (0..8).map(note).collect();
    let payload = touch(LEA, Detail::None);
    let entry_id = EntryId::new(1_793_688_120_000, [number; 10]);
    let draft = Draft { organisation: ORGANISATION, site: VAUBAN, entry_id, kind: Kind::Arrived, payload, notes, salt: [number; 32] };
    seal(draft, &mut ChainHead::start(TABLET), &tablet_key())
}

#[test]
fn the_fullest_push_fits_a_body_whatever_its_notes_are_written_with() {
    for text in [
        "x".repeat(NOTE_BYTES_MAX),
        "\"".repeat(NOTE_BYTES_MAX),
        "\n".repeat(NOTE_BYTES_MAX),
        "é".repeat(NOTE_BYTES_MAX / 2),
        String::new(),
    ] {
        let entry = WireEntry::from(&sealed_with_notes(1, &text));
        let count = (PUSH_SEALED_BYTES_MAX / entry.sealed_bytes()).min(PUSH_ENTRIES_MAX);
        let body = serde_json::to_string(&Push { entries: vec![entry; count] }).unwrap();
        assert!(count > 0 && body.len() <= BODY_BYTES_MAX, "{count} entries, {} bytes", body.len());
    }
}

#[test]
fn a_verdict_of_each_kind_has_a_stable_name() {
    use VerdictKind::*;
    for (kind, name, stored) in [
        (Accepted, "accepted", true),
        (Duplicate, "duplicate", true),
        (Held, "held", true),
        (Quarantined, "quarantined", true),
        (Refused, "refused", false),
    ] {
        let verdict = Verdict { entry: None, verdict: kind, code: None };
        assert_eq!(serde_json::to_string(&verdict).unwrap(), format!(r#"{{"entry":null,"verdict":"{name}"}}"#));
        assert_eq!(kind.is_stored(), stored);
    }
    let answer: PushAnswer = serde_json::from_str(r#"{"server_epoch":"e","contiguous_seq":3,"verdicts":[],"later":[]}"#).unwrap();
    assert_eq!(answer.contiguous_seq, 3);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_travel(envelope in prop::collection::vec(any::<u8>(), 0..300), text in any::<String>(), salt in any::<[u8; 32]>()) {
        let private = Private { salt, payload: envelope.clone(), notes: vec![Note { salt, text }] };
        let sealed = Sealed { envelope, signature: [7; 64], private: Some(private) };
        let json = serde_json::to_string(&WireEntry::from(&sealed)).unwrap();
        prop_assert_eq!(serde_json::from_str::<WireEntry>(&json).unwrap().into_sealed(), Some(sealed));
    }
}

#[test]
fn what_is_signed_or_derived_beside_entries_is_frozen() {
    let hex = |bytes: &[u8]| data_encoding::HEXLOWER.encode(bytes);
    let (name, key) = shared::wire::enrolment_keys(&[0x11; 32]);
    let transcript = |side: &[u8]| shared::wire::enrolment_transcript(side, &[1; 32], &[2; 32], &[3; 32], b"certificate");
    let boot = crate::support::golden_journal::BOOT;
    let session = shared::wire::session_bytes(&[4; 32], TABLET, boot, 7_200_000, 1_793_688_120_000);
    crate::golden::assert_golden(
        "wire.json",
        &serde_json::json!({
            "enrolment": {"derived": hex(&[0x11; 32]), "name": hex(&name), "key": hex(&key)},
            "transcript": {"server": hex(&transcript(b"server")), "device": hex(&transcript(b"device"))},
            "session": hex(&session),
        }),
    );
}

#[test]
fn an_item_keeps_its_key_and_a_barred_adult_goes_first() {
    use shared::calendar::Weekdays;
    use shared::id::PersonId;
    use shared::roster::{Adult, AdultStatus, Item};
    let adult = |status| {
        Item::Adult(Adult {
            person: PersonId(uuid::Uuid::from_u128(2)),
            child: LEA,
            first_name: "Odette".into(),
            last_name: "Morin".into(),
            link: "grand-mère".into(),
            status,
            weekdays: Weekdays::ALL,
            not_before: None,
            identity_check: false,
            from: None,
            to: None,
            rank: 1,
            telephone: String::new(),
            photo: None,
        })
    };
    let (barred, authorised) = (adult(AdultStatus::Barred), adult(AdultStatus::Authorised));
    assert_eq!(barred.key(), format!("adult:{LEA}:00000000-0000-0000-0000-000000000002"));
    assert_eq!(barred.key(), authorised.key(), "a change of rights replaces the item");
    assert_eq!(barred.urgency(), 0);
    assert!(authorised.urgency() > 0);
    let json = serde_json::to_value(&barred).unwrap();
    assert_eq!((&json["type"], &json["item"]["status"]), (&"adult".into(), &"barred".into()));
    assert_eq!(serde_json::from_value::<Item>(json).unwrap(), barred);
}
