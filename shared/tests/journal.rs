//! What verification notices, and what it lets pass.

use crate::support::golden_journal::{SERVER, TABLET, golden, keys, report_of, tablet_key};
use crate::support::{LEA, ORGANISATION, VAUBAN, touch};
use shared::id::{DeviceId, EntryId};
use shared::journal::*;
use uuid::Uuid;

fn sealed() -> Vec<Sealed> {
    golden().into_iter().map(|(_, sealed)| sealed).collect()
}

fn position(name: &str) -> usize {
    golden().iter().position(|(n, _)| *n == name).unwrap()
}

fn broken(report: &Report) -> (BreakKind, Option<u64>) {
    let found = report.first_break.as_ref().expect("a break");
    (found.kind, found.place.map(|p| p.seq))
}

/// Whether an entry alone shows that it was changed, whatever stands around it.
fn noticed(entry: &Sealed) -> bool {
    use BreakKind::*;
    let report = report_of([entry]);
    matches!(report.first_break.map(|b| b.kind), Some(Malformed | UnknownDevice | Signature | Payload))
}

fn draft(number: u8) -> Draft {
    let entry_id = EntryId::new(1_793_688_120_000, [number; 10]);
    let payload = touch(LEA, Detail::None);
    Draft { organisation: ORGANISATION, site: VAUBAN, entry_id, kind: Kind::Arrived, payload, notes: Vec::new(), salt: [number; 32] }
}

#[test]
fn no_bit_of_an_entry_can_change_unnoticed() {
    for (name, entry) in golden() {
        // All bits of three telling entries, two bits of each byte of the others.
        let all = ["arrived_with_notes", "newer_kind", "day_signed"].contains(&name);
        let masks: &[u8] = if all { &[1, 2, 4, 8, 16, 32, 64, 128] } else { &[1, 128] };
        let mut tried = 0;
        let mut each = |length: usize, change: &dyn Fn(&mut Sealed, usize, u8)| {
            for (at, &mask) in (0..length).flat_map(|at| masks.iter().map(move |mask| (at, mask))) {
                let mut changed = entry.clone();
                change(&mut changed, at, mask);
                assert!(noticed(&changed), "{name}: byte {at}, mask {mask}");
                tried += 1;
            }
        };
        each(entry.envelope.len(), &|e, at, mask| e.envelope[at] ^= mask);
        each(64, &|e, at, mask| e.signature[at] ^= mask);
        if let Some(private) = &entry.private {
            each(private.payload.len(), &|e, at, mask| e.private.as_mut().unwrap().payload[at] ^= mask);
            each(32, &|e, at, mask| e.private.as_mut().unwrap().salt[at] ^= mask);
            for (n, note) in private.notes.iter().enumerate() {
                each(32, &|e, at, mask| e.private.as_mut().unwrap().notes[n].salt[at] ^= mask);
                // A flipped bit may leave no UTF-8: those never become a text. The others are tried.
                each(note.text.len(), &|e, at, mask| {
                    let mut bytes = e.private.as_ref().unwrap().notes[n].text.clone().into_bytes();
                    bytes[at] ^= mask;
                    e.private.as_mut().unwrap().notes[n].text = String::from_utf8_lossy(&bytes).into_owned();
                });
            }
        }
        assert!(tried > 300, "{name}");
        assert!(!noticed(&entry), "{name} itself holds");
    }
}

#[test]
fn a_journal_gives_one_report_in_any_order() {
    let forward = sealed();
    let mut backward = forward.clone();
    backward.reverse();
    backward.extend(forward.iter().take(5).cloned());
    assert_eq!(report_of(&forward), report_of(&backward));
}

#[test]
fn an_entry_is_erased_only_where_each_copy_is() {
    let whole = sealed();
    let erased: Vec<Sealed> = whole.iter().map(|e| Sealed { private: None, ..e.clone() }).collect();
    let expected = report_of(&whole);
    assert_eq!(report_of(whole.iter().chain(&erased)), expected);
    assert_eq!(report_of(erased.iter().chain(&whole)), expected);
    // A bad copy isn't hidden by a good one that comes first.
    let mut bad = whole[0].clone();
    bad.private.as_mut().unwrap().payload[60] ^= 1;
    assert_eq!(broken(&report_of(whole.iter().chain([&bad]))), (BreakKind::Payload, Some(1)));
}

#[test]
fn a_missing_entry_is_a_hole_before_the_next() {
    let mut entries = sealed();
    entries.remove(position("left_with_a_stranger"));
    assert_eq!(broken(&report_of(&entries)), (BreakKind::Hole, Some(4)));
    // The first one missing is a hole, too.
    assert_eq!(broken(&report_of(&sealed()[1..])), (BreakKind::Hole, Some(2)));
}

#[test]
fn a_cut_end_is_told_by_the_signature_that_saw_it() {
    let mut entries = sealed();
    let meal = entries[position("meal")].decode_envelope().unwrap();
    let signed = entries.swap_remove(position("day_signed"));
    // A tablet's day was signed after the meal; another device carries the signature, so that the chain itself stays whole.
    let payload = Payload::decode(&Kind::DaySigned, 1, &signed.private.unwrap().payload).unwrap();
    let other = DeviceId(Uuid::from_u128(0xd3));
    let mut head = ChainHead::start(other);
    let elsewhere = seal(Draft { kind: Kind::DaySigned, payload, ..draft(77) }, &mut head, &tablet_key());
    let cut: Vec<Sealed> = entries.into_iter().take(position("meal")).chain([elsewhere]).collect();
    let mut keys = keys();
    keys.insert(other, tablet_key().verifying_key());
    let stored = cut.iter().map(|s| StoredEntry { envelope: &s.envelope, signature: &s.signature, private: s.private.as_ref() });
    let report = verify(stored, &keys);
    assert!(report.is_whole());
    assert_eq!(report.unseen.iter().map(|h| h.entry).collect::<Vec<_>>(), [meal.entry_id]);
}

#[test]
fn two_entries_at_one_place_are_a_fork_and_no_break() {
    let key = tablet_key();
    let mut head = ChainHead::start(TABLET);
    let first = seal(draft(1), &mut head, &key);
    let mut copied = head;
    let here = seal(draft(2), &mut head, &key);
    let there = seal(draft(3), &mut copied, &key);
    let after = seal(draft(4), &mut copied, &key);
    let report = report_of(&[first, here, there, after]);
    assert!(report.is_whole());
    assert_eq!((report.entries, report.forks), (4, vec![Place { device: TABLET, epoch: 1, seq: 2 }]));
}

#[test]
fn one_id_with_other_bytes_is_a_break_told_at_the_later_place() {
    let key = tablet_key();
    let mut head = ChainHead::start(TABLET);
    let entries = [seal(draft(1), &mut head, &key), seal(draft(1), &mut head, &key)];
    assert_eq!(broken(&report_of(&entries)), (BreakKind::SameId, Some(2)));
    assert_eq!(report_of(&entries), report_of(entries.iter().rev()));
}

#[test]
fn an_entry_behind_another_one_than_it_says_is_a_break() {
    let key = tablet_key();
    let mut head = ChainHead::start(TABLET);
    let first = seal(draft(1), &mut head, &key);
    head.hash = [1; 32];
    let second = seal(draft(2), &mut head, &key);
    assert_eq!(broken(&report_of(&[first, second])), (BreakKind::Link, Some(2)));
}

#[test]
fn a_chain_starts_with_nothing_before_it() {
    let mut head = ChainHead { hash: [1; 32], ..ChainHead::start(TABLET) };
    let first = seal(draft(1), &mut head, &tablet_key());
    assert_eq!(broken(&report_of(&[first])), (BreakKind::Link, Some(1)));
}

fn opening(number: u8, head: &mut ChainHead, last_hash: Hash, previous: u32) -> Sealed {
    let mut payload = touch(LEA, Detail::Epoch { previous, last_hash, cause: "fork".into() });
    (payload.about_child, payload.centre) = (None, None);
    seal(Draft { kind: Kind::EpochOpened, payload, ..draft(number) }, head, &tablet_key())
}

#[test]
fn a_later_epoch_is_opened_and_follows_what_the_device_held() {
    let key = tablet_key();
    let mut head = ChainHead::start(TABLET);
    let first = seal(draft(1), &mut head, &key);
    let second = seal(draft(2), &mut head, &key);
    let epoch_2 = |hash| ChainHead { place: Place { device: TABLET, epoch: 2, seq: 0 }, hash };
    // Restored from an image: it follows an earlier entry; or it lost all.
    for hash in [second.hash(), first.hash(), [0; 32]] {
        let opened = opening(3, &mut epoch_2(hash), hash, 1);
        assert!(report_of([&first, &second, &opened]).is_whole());
    }
    let unopened = seal(draft(3), &mut epoch_2(second.hash()), &key);
    assert_eq!(broken(&report_of([&first, &second, &unopened])), (BreakKind::Link, Some(1)));
    for (carried, told, previous) in [(second.hash(), first.hash(), 1), (second.hash(), second.hash(), 2)] {
        let opened = opening(3, &mut epoch_2(carried), told, previous);
        assert_eq!(broken(&report_of([&first, &second, &opened])), (BreakKind::Link, Some(1)));
    }
    let unknown = opening(3, &mut epoch_2([5; 32]), [5; 32], 1);
    assert_eq!(broken(&report_of([&first, &second, &unknown])), (BreakKind::Hole, Some(1)));
    let again = opening(3, &mut head, second.hash(), 0);
    assert_eq!(broken(&report_of([&first, &second, &again])), (BreakKind::Link, Some(3)), "an opening in the middle");
}

#[test]
fn a_signature_by_another_device_s_key_is_a_break() {
    let mut entries = sealed();
    let at = entries.iter().position(|e| e.decode_envelope().unwrap().place.device == SERVER).unwrap();
    let mut head = ChainHead::start(SERVER);
    entries[at] = seal(draft(9), &mut head, &tablet_key());
    assert_eq!(broken(&report_of(&entries)), (BreakKind::Signature, Some(1)));
}

#[test]
fn a_device_without_a_key_is_a_break() {
    let mut head = ChainHead::start(DeviceId(Uuid::from_u128(4)));
    let stranger = seal(draft(9), &mut head, &tablet_key());
    assert_eq!(broken(&report_of(&[stranger])), (BreakKind::UnknownDevice, Some(1)));
}

#[test]
fn a_second_signature_of_one_message_cannot_be_made_from_the_first() {
    // S + L passes where S isn't held below the group's order.
    const L: [u8; 32] = [
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        0, 0, 0, 0x10,
    ];
    let mut entry = sealed().remove(0);
    let mut carry = 0u16;
    for (byte, l) in entry.signature[32..].iter_mut().zip(L) {
        let sum = u16::from(*byte) + u16::from(l) + carry;
        (*byte, carry) = (sum.to_le_bytes()[0], sum >> 8);
    }
    assert_eq!(carry, 0);
    assert!(!check_signature(&entry.envelope, &entry.signature, &tablet_key().verifying_key()));
}

#[test]
fn a_weak_key_has_no_valid_signature() {
    // The identity as key and as R, S = 0: holds for every message where small orders pass.
    let mut identity = [0; 32];
    identity[0] = 1;
    let key = VerifyingKey::from_bytes(&identity).unwrap();
    let mut signature = [0; 64];
    signature[0] = 1;
    assert!(!check_signature(b"anything", &signature, &key));
}

#[test]
fn notes_hold_in_their_order_once_each_and_one_may_be_missing() {
    let entry = sealed().remove(position("arrived_with_notes"));
    let envelope = entry.decode_envelope().unwrap();
    let private = entry.private.unwrap();
    let with = |notes: &[usize]| Private { notes: notes.iter().map(|&n| private.notes[n].clone()).collect(), ..private.clone() };
    for held in [&[0, 1][..], &[0], &[1], &[]] {
        assert!(with(held).belongs_to(&envelope), "{held:?}");
    }
    for wrong in [&[1, 0][..], &[0, 0], &[0, 1, 1], &[0, 1, 0]] {
        assert!(!with(wrong).belongs_to(&envelope), "{wrong:?}");
    }
}

#[test]
fn a_note_of_a_newer_kind_is_checked_all_the_same() {
    let mut entry = sealed().remove(position("newer_kind"));
    let envelope = entry.decode_envelope().unwrap();
    assert!(entry.private.as_ref().unwrap().belongs_to(&envelope));
    entry.private.as_mut().unwrap().notes[0].text.push('!');
    assert!(!entry.private.unwrap().belongs_to(&envelope));
}

#[test]
fn a_note_is_sealed_as_it_can_be_kept() {
    let note = |text: String| {
        let notes = vec![Note { salt: [1; 32], text }];
        let sealed = seal(Draft { notes, ..draft(1) }, &mut ChainHead::start(TABLET), &tablet_key());
        let envelope = sealed.decode_envelope().unwrap();
        let private = sealed.private.unwrap();
        assert!(private.belongs_to(&envelope));
        private.notes[0].text.clone()
    };
    assert_eq!(note("x".repeat(NOTE_BYTES_MAX)).len(), NOTE_BYTES_MAX);
    assert_eq!(note("x".repeat(NOTE_BYTES_MAX + 1)).len(), NOTE_BYTES_MAX);
    assert_eq!(note("é".repeat(NOTE_BYTES_MAX)).len(), NOTE_BYTES_MAX);
    assert_eq!(note("une\r\nligne\u{0} et\tdemie".into()), "une\nligne etdemie");
}

#[test]
fn a_draft_that_nobody_could_read_is_told_before_it_is_sealed() {
    assert_eq!(draft(1).check(), Ok(()));
    let mut wrong: Vec<Draft> = vec![draft(1); 9];
    wrong[0].kind = Kind::Left;
    wrong[1].payload.about_child = None;
    wrong[2].payload.centre = None;
    wrong[3].kind = Kind::Retracted;
    wrong[4].kind = Kind::Unknown("Not a kind".into());
    wrong[5].kind = Kind::Unknown("arrived".into());
    wrong[6].entry_id = EntryId::NIL;
    wrong[7].notes = vec![Note { salt: [0; 32], text: String::new() }; NOTES_MAX + 1];
    let (from, to) = ("2026-11-05".parse().unwrap(), "2026-11-03".parse().unwrap());
    (wrong[8].kind, wrong[8].payload.detail) = (Kind::AbsenceAnnounced, Detail::Absence { from, to, code: String::new() });
    for (number, draft) in wrong.iter().enumerate() {
        assert!(draft.check().is_err(), "{number}");
    }
    let full = Draft { notes: vec![Note { salt: [0; 32], text: String::new() }; NOTES_MAX], ..draft(1) };
    assert_eq!(full.check(), Ok(()));
}

#[test]
fn an_envelope_is_read_only_as_it_can_have_been_written() {
    let good = sealed().remove(0).envelope;
    assert!(Envelope::decode(&good).is_ok());
    let with = |at: usize, bytes: &[u8]| {
        let mut changed = good.clone();
        changed[at..at + bytes.len()].copy_from_slice(bytes);
        Envelope::decode(&changed)
    };
    let kind_version = 111 + "arrived".len();
    for (what, at, bytes) in [
        ("format 2", 0, &[0, 2][..]),
        ("no organisation", 2, &[0; 16]),
        ("no site", 18, &[0; 16]),
        ("no device", 34, &[0; 16]),
        ("epoch 0", 50, &[0; 4]),
        ("epoch above 31 bits", 50, &[0x80, 0, 0, 0]),
        ("number 0", 54, &[0; 8]),
        ("number above 63 bits", 54, &[0x80, 0, 0, 0, 0, 0, 0, 0]),
        ("no id", 94, &[0; 16]),
        ("a kind of no letters", 110, &[0]),
        ("a kind in capitals", 111, b"A"),
        ("a kind that runs on", 110, &[33]),
        ("version 0", kind_version, &[0; 2]),
    ] {
        assert!(with(at, bytes).is_err(), "{what}");
    }
    for (at, bytes) in
        [(50, &[0x7f, 0xff, 0xff, 0xff][..]), (54, &[0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]), (kind_version, &[0xff; 2])]
    {
        assert!(with(at, bytes).is_ok(), "{at}");
    }
    assert!(Envelope::decode(&good[..good.len() - 1]).is_err());
    assert!(Envelope::decode(&[good.as_slice(), &[0]].concat()).is_err());
    let longest = Envelope { kind: Kind::Unknown("k".repeat(KIND_BYTES_MAX)), ..Envelope::decode(&good).unwrap() };
    assert_eq!(longest.encode().len(), ENVELOPE_BYTES_MAX);
    assert_eq!(Envelope::decode(&longest.encode()).unwrap(), longest);
}
