//! Bytes of payloads and envelopes: one reading, one writing, no panic.

use crate::support::{CARE, LEA, touch};
use chrono::NaiveDate;
use proptest::prelude::*;
use shared::id::{ActivityId, BadgeId, CentreId, ChildId, DeviceId, EntryId, GroupId, PersonId, StaffId};
use shared::journal::*;
use uuid::Uuid;

fn id() -> impl Strategy<Value = Uuid> {
    any::<u128>().prop_map(Uuid::from_u128)
}

fn some_day() -> impl Strategy<Value = NaiveDate> {
    prop_oneof![8 => 0i32..40_000, 1 => Just(-400_000), 1 => Just(3_000_000)]
        .prop_map(|days| NaiveDate::from_num_days_from_ce_opt(719_163 + days).unwrap())
}

fn instant() -> impl Strategy<Value = i64> {
    prop_oneof![6 => 0i64..4_000_000_000_000, 1 => any::<i64>(), 1 => Just(-1), 1 => Just(i64::MAX)]
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![4 => "[A-Za-zé' ]{0,30}", 1 => any::<String>(), 1 => "é{120,200}", 1 => ".{0,20}\u{0}\n.{0,300}"]
}

fn actor() -> impl Strategy<Value = Actor> {
    let kinds = [ActorKind::Nobody, ActorKind::Staff, ActorKind::Guardian, ActorKind::Agent, ActorKind::Helper, ActorKind::System];
    (prop::sample::select(kinds.to_vec()), id()).prop_map(|(kind, id)| Actor { kind, id })
}

fn left_to() -> impl Strategy<Value = LeftTo> {
    use LeftTo::*;
    prop::sample::select(vec![Person, Alone, School, Transfer, Club, Emergency, Other])
}

fn detail(kind: &Kind) -> BoxedStrategy<Detail> {
    let person = || proptest::option::of(id().prop_map(PersonId));
    let activity = || proptest::option::of(id().prop_map(ActivityId));
    let head = (id(), any::<u32>(), any::<u64>(), id()).prop_map(|(device, epoch, seq, entry)| Head {
        device: DeviceId(device),
        epoch,
        seq,
        entry: EntryId(entry),
    });
    let named = || (1..=u128::MAX).prop_map(Uuid::from_u128);
    let someone = || {
        prop_oneof![
            Just(Someone::Child(LEA)),
            named().prop_map(|id| Someone::Staff(StaffId(id))),
            named().prop_map(|id| Someone::Visitor(EntryId(id)))
        ]
    };
    match kind {
        Kind::EvacuationStarted | Kind::EvacuationEnded => named().prop_map(|call| Detail::Evacuation { call }).boxed(),
        Kind::EvacuationSeen => (named(), someone()).prop_map(|(call, who)| Detail::EvacuationSeen { call, who }).boxed(),
        Kind::OutingLeft => (named(), someone(), text()).prop_map(|(outing, who, label)| Detail::OutingLeft { outing, who, label }).boxed(),
        Kind::OutingCounted => (named(), named(), someone(), any::<bool>())
            .prop_map(|(outing, count, who, here)| Detail::OutingCounted { outing, count, who, here })
            .boxed(),
        Kind::OutingBack => (named(), someone()).prop_map(|(outing, who)| Detail::OutingBack { outing, who }).boxed(),
        Kind::Left => (left_to(), person()).prop_map(|(to, person)| Detail::Left { to, person }).boxed(),
        Kind::Present => {
            (proptest::option::of(id().prop_map(GroupId)), id()).prop_map(|(group, call)| Detail::RollCall { group, call }).boxed()
        }
        Kind::AbsenceAnnounced | Kind::AbsenceNoted => {
            (some_day(), some_day(), text()).prop_map(|(a, b, code)| Detail::Absence { from: a.min(b), to: a.max(b), code }).boxed()
        }
        Kind::Corrected => {
            (prop::sample::select(vec![Kind::Arrived, Kind::Left, Kind::Present]), proptest::option::of(left_to()), person())
                .prop_map(|(kind, to, person)| Detail::Corrected { kind, to, person })
                .boxed()
        }
        Kind::Meal => (text(), any::<bool>()).prop_map(|(menu, served)| Detail::Meal { menu, served }).boxed(),
        Kind::MovedGroup => id().prop_map(|group| Detail::MovedGroup { group: GroupId(group) }).boxed(),
        Kind::DaySigned => (some_day(), activity(), any::<[u8; 32]>(), prop::collection::vec(head, 0..6))
            .prop_map(|(day, activity, sheet, heads)| Detail::DaySigned { day, activity, sheet, heads })
            .boxed(),
        Kind::DayReopened => (some_day(), activity()).prop_map(|(day, activity)| Detail::DayReopened { day, activity }).boxed(),
        Kind::ClockObserved => (id(), id(), any::<u64>(), instant())
            .prop_map(|(device, boot, boottime_ms, at_ms)| Detail::Clock { device: device.into(), boot: boot.into(), boottime_ms, at_ms })
            .boxed(),
        Kind::EpochOpened => (any::<u32>(), any::<[u8; 32]>(), text())
            .prop_map(|(previous, last_hash, cause)| Detail::Epoch { previous, last_hash, cause })
            .boxed(),
        Kind::StaffArrived | Kind::StaffLeft => id().prop_map(|staff| Detail::Staff { staff: StaffId(staff) }).boxed(),
        Kind::Arrived | Kind::Retracted | Kind::Decided | Kind::CareOpened => Just(Detail::None).boxed(),
        Kind::VisitorArrived | Kind::VisitorLeft | Kind::Unknown(_) => Just(Detail::None).boxed(),
    }
}

fn payload() -> impl Strategy<Value = (Kind, Payload)> {
    let kind = prop::sample::select(Kind::KNOWN.to_vec());
    kind.prop_flat_map(|kind| {
        let parts = (instant(), instant(), any::<u64>(), text(), actor(), actor(), text(), any::<u64>(), text());
        let bound_for =
            if kind == Kind::Left { proptest::option::of((1..=u128::MAX).prop_map(Uuid::from_u128)).boxed() } else { Just(None).boxed() };
        let ids = (id(), proptest::option::of(id()), proptest::option::of(id()), id(), bound_for);
        (Just(kind.clone()), detail(&kind), parts, ids, prop::collection::vec(any::<[u8; 32]>(), 0..=NOTES_MAX))
    })
    .prop_map(|(kind, detail, parts, (boot, activity, badge, target, bound_for), notes)| {
        let (happened_at_ms, sealed_at_ms, boottime_ms, label, actor, on_behalf_of, authority_ref, roster_version, reason) = parts;
        let moment = Moment { activity: activity.map(ActivityId), label };
        let (badge, target) = (badge.map(BadgeId), Some(EntryId(target)));
        // A child that is counted is the one that the entry is about.
        let about_child = detail.someone().map_or(Some(LEA), Someone::child);
        let touch = Payload { about_child, ..touch(LEA, detail) };
        let payload = Payload { happened_at_ms, sealed_at_ms, boottime_ms, boot: boot.into(), moment, actor, on_behalf_of, ..touch };
        let bound_for = bound_for.map(CentreId);
        (kind, Payload { authority_ref, roster_version, reason, badge, target, notes, bound_for, ..payload })
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_sealed_can_be_read_and_has_one_writing((kind, payload) in payload()) {
        let bytes = payload.encode();
        prop_assert!(bytes.len() <= PAYLOAD_BYTES_MAX);
        let read = Payload::decode(&kind, 1, &bytes);
        prop_assert!(read.is_ok(), "{kind}: {read:?}");
        let read = read.unwrap();
        prop_assert_eq!(read.encode(), bytes, "{}", kind);
        let prefix = Payload::prefix(&payload.encode()).unwrap();
        prop_assert_eq!((prefix.about_child, prefix.notes), (payload.about_child, payload.notes));
    }

    #[test]
    fn changed_bytes_are_refused_or_have_one_writing((kind, payload) in payload(), at in any::<prop::sample::Index>(), to in any::<u8>(), cut in any::<prop::sample::Index>()) {
        let mut bytes = payload.encode();
        let at = at.index(bytes.len());
        bytes[at] = to;
        if let Ok(read) = Payload::decode(&kind, 1, &bytes) {
            // Another tag than ours is an addition of a later version: read past, and not written again.
            let is_later = payload.bound_for.is_some() && read.bound_for.is_none();
            prop_assert!(is_later || read.encode() == bytes);
        }
        bytes.truncate(cut.index(bytes.len()));
        prop_assert!(Payload::decode(&kind, 1, &bytes).is_err(), "a prefix is no payload");
    }

    #[test]
    fn no_bytes_are_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..600), kind in prop::sample::select(Kind::KNOWN.to_vec())) {
        let _ = (Envelope::decode(&bytes), Payload::decode(&kind, 1, &bytes), Payload::prefix(&bytes));
        let _ = Payload::decode(&kind, 1, &[&[0, 1], bytes.as_slice()].concat());
        let _ = Envelope::decode(&[&[0, 1], bytes.as_slice()].concat());
    }
}

/// An arrival's bytes, to be changed by hand: nothing variable stands before `at`.
fn arrival() -> Vec<u8> {
    touch(LEA, Detail::None).encode()
}

#[test]
fn a_touch_of_nobody_or_nowhere_is_refused() {
    for (from, to) in [(2, 18), (19, 35)] {
        let mut bytes = arrival();
        bytes[from..to].fill(0);
        assert!(Payload::decode(&Kind::Arrived, 1, &bytes).is_err());
    }
    assert!(Payload::decode(&Kind::Retracted, 1, &arrival()).is_err(), "a retraction of nothing");
    assert_eq!(Payload::decode(&Kind::Arrived, 1, &arrival()).unwrap().centre, Some(CARE));
}

#[test]
fn a_child_on_its_way_names_a_lieu_and_only_a_departure_has_a_way() {
    let transfer = touch(LEA, Detail::Left { to: LeftTo::Transfer, person: None });
    let plain = transfer.encode();
    let bound = Payload { bound_for: Some(CARE), ..transfer.clone() }.encode();
    let read = |kind: &Kind, bytes: &[u8]| Payload::decode(kind, 1, bytes);
    assert_eq!(read(&Kind::Left, &bound).unwrap().bound_for, Some(CARE));
    let (before, addition) = bound.split_at(plain.len() - 1);
    assert_eq!(before, &plain[..plain.len() - 1], "all before it stands as it stood");
    assert_eq!(addition[..4], [1, 1, 0, 16]);
    let changed = |at: usize, to: u8| {
        let mut bytes = bound.clone();
        bytes[plain.len() - 1 + at] = to;
        read(&Kind::Left, &bytes)
    };
    assert_eq!(changed(1, 2).unwrap().bound_for, None, "an addition of a later version is skipped");
    assert!(changed(3, 15).is_err(), "no id");
    assert!(read(&Kind::Left, &[before, &[1, 1, 0, 16], &[0; 16]].concat()).is_err(), "to nowhere");
    let arrived = Payload { detail: Detail::None, bound_for: Some(CARE), ..transfer };
    assert!(read(&Kind::Arrived, &arrived.encode()).is_err());
}

#[test]
fn a_presence_of_the_team_names_who_and_where() {
    let staff = StaffId(Uuid::from_u128(0x61));
    let payload = touch(LEA, Detail::Staff { staff });
    assert_eq!(Payload::decode(&Kind::StaffArrived, 1, &payload.encode()).unwrap().detail, Detail::Staff { staff });
    let nobody = touch(LEA, Detail::Staff { staff: StaffId::NIL });
    let nowhere = Payload { centre: None, ..payload };
    for wrong in [nobody, nowhere] {
        assert!(Payload::decode(&Kind::StaffLeft, 1, &wrong.encode()).is_err());
    }
    assert!(Payload::decode(&Kind::VisitorLeft, 1, &arrival()).is_err(), "the departure of no visit");
}

#[test]
fn a_child_that_is_counted_is_the_one_that_is_forgotten_and_nobody_else_is() {
    let (call, other) = (Uuid::from_u128(0xca11), ChildId(Uuid::from_u128(0x52)));
    let seen = |who, about_child| Payload { about_child, ..touch(LEA, Detail::EvacuationSeen { call, who }) }.encode();
    let (child, staff) = (Someone::Child(LEA), Someone::Staff(StaffId(Uuid::from_u128(0x61))));
    for (who, about) in [(child, None), (child, Some(other)), (staff, Some(LEA)), (Someone::Child(ChildId::NIL), None)] {
        assert!(Payload::decode(&Kind::EvacuationSeen, 1, &seen(who, about)).is_err(), "{who:?} in an entry about {about:?}");
    }
    for (who, about) in [(child, Some(LEA)), (staff, None)] {
        assert_eq!(Payload::decode(&Kind::EvacuationSeen, 1, &seen(who, about)).unwrap().detail, Detail::EvacuationSeen { call, who });
    }
    let of_nothing = touch(LEA, Detail::Evacuation { call: Uuid::nil() }).encode();
    assert!(Payload::decode(&Kind::EvacuationStarted, 1, &of_nothing).is_err(), "a roll call without a name");
}

#[test]
fn an_addition_of_a_newer_version_is_skipped_and_disorder_is_refused() {
    let with = |additions: &[u8]| {
        let mut bytes = arrival();
        assert_eq!(bytes.pop(), Some(0), "a payload of this version ends without additions");
        Payload::decode(&Kind::Arrived, 1, &[bytes.as_slice(), additions].concat())
    };
    let plain = with(&[0]).unwrap();
    assert_eq!(with(&[1, 7, 0, 2, 0xAA, 0xBB]).unwrap(), plain);
    assert_eq!(with(&[2, 7, 0, 1, 0xAA, 9, 0, 0]).unwrap(), plain);
    for wrong in [&[1][..], &[2, 7, 0, 0, 7, 0, 0], &[2, 9, 0, 0, 7, 0, 0], &[1, 7, 0, 2, 0xAA], &[0, 0]] {
        assert!(with(wrong).is_err(), "{wrong:?}");
    }
}

#[test]
fn the_child_and_the_notes_of_a_newer_layout_can_be_read() {
    let mut payload = touch(LEA, Detail::None);
    payload.notes = vec![[3; 32], [4; 32]];
    let mut bytes = payload.encode();
    bytes[..2].copy_from_slice(&[0, 2]);
    bytes.truncate(2 + 16 + 1 + 64);
    bytes.extend_from_slice(b"whatever comes then");
    assert!(Payload::decode(&Kind::Arrived, 1, &bytes).is_err());
    assert_eq!(Payload::prefix(&bytes).unwrap(), Prefix { about_child: Some(LEA), notes: payload.notes });
}

#[test]
fn heads_have_one_order_and_a_limit() {
    let head = |n: u128| Head { device: DeviceId(Uuid::from_u128(n)), epoch: 1, seq: 4, entry: EntryId(Uuid::from_u128(n)) };
    let day = NaiveDate::from_ymd_opt(2026, 11, 3).unwrap();
    let signed = |heads: Vec<Head>| touch(LEA, Detail::DaySigned { day, activity: None, sheet: [1; 32], heads }).encode();
    assert_eq!(signed(vec![head(2), head(1), head(2)]), signed(vec![head(1), head(2)]));
    let full = signed((1..=256).map(head).collect());
    assert!(full.len() <= PAYLOAD_BYTES_MAX && Payload::decode(&Kind::DaySigned, 1, &full).is_ok());
    // The last head written again in front of itself: the same bytes twice, and a count of one more.
    let two = signed(vec![head(1), head(2)]);
    let position = two.windows(4).position(|w| w[..2] == [0, 2] && w[2..] == [0, 0]).unwrap();
    let mut swapped = two.clone();
    let first = position + 2;
    swapped[first..first + 44].copy_from_slice(&two[first + 44..first + 88]);
    swapped[first + 44..first + 88].copy_from_slice(&two[first..first + 44]);
    assert!(Payload::decode(&Kind::DaySigned, 1, &two).is_ok());
    assert!(Payload::decode(&Kind::DaySigned, 1, &swapped).is_err());
}

#[test]
fn a_text_is_sealed_whole_up_to_255_bytes_then_cut_between_characters() {
    for (text, expected) in [
        ("x".repeat(255), "x".repeat(255)),
        ("x".repeat(256), "x".repeat(255)),
        ("é".repeat(128), "é".repeat(127)),
        (format!("{}€", "x".repeat(253)), "x".repeat(253)),
        ("a\u{0}b\nc\u{85}d".into(), "abcd".into()),
    ] {
        let mut payload = touch(LEA, Detail::None);
        (payload.reason, payload.moment.label) = (text.clone(), text);
        let read = Payload::decode(&Kind::Arrived, 1, &payload.encode()).unwrap();
        assert_eq!((read.reason, read.moment.label), (expected.clone(), expected));
    }
}
