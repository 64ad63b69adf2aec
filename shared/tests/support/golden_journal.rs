//! A small journal of fixed keys, ids, salts and instants: one entry of each kind, notes, an erased one, one of a newer version.

use super::{AGENT, CANTEEN, CE1, EVENING, LEA, LUNCH, MAELYS, MORNING, NADIA, NOE, ORGANISATION, VAUBAN, touch};
use chrono::NaiveDate;
use shared::id::{BadgeId, BootId, DeviceId, EntryId, PersonId, StaffId};
use shared::journal::*;
use std::collections::HashMap;
use uuid::Uuid;

pub const TABLET: DeviceId = DeviceId(Uuid::from_u128(0x0199_0000_0000_7000_8000_0000_0000_00d1));
pub const SERVER: DeviceId = DeviceId(Uuid::from_u128(0x0199_0000_0000_7000_8000_0000_0000_00d9));
pub const BOOT: BootId = BootId(Uuid::from_u128(0xb007_0000_0000_4000_8000_0000_0000_0001));
const MOTHER: Actor = Actor { kind: ActorKind::Guardian, id: Uuid::from_u128(0x0199_0000_0000_7000_8000_0000_0000_0071) };
const AUNT: PersonId = PersonId(Uuid::from_u128(0x0199_0000_0000_7000_8000_0000_0000_0072));
const CARD: BadgeId = BadgeId(Uuid::from_u128(0x0199_0000_0000_7000_8000_0000_0000_0081));
/// 3 November 2026, 07:42 in Paris.
const START_MS: i64 = 1_793_688_120_000;

pub fn tablet_key() -> SigningKey {
    SigningKey::from_bytes(&[7; 32])
}

pub fn server_key() -> SigningKey {
    SigningKey::from_bytes(&[9; 32])
}

pub fn keys() -> HashMap<DeviceId, VerifyingKey> {
    HashMap::from([(TABLET, tablet_key().verifying_key()), (SERVER, server_key().verifying_key())])
}

/// Name, and the entry as it was sealed.
pub type Golden = Vec<(&'static str, Sealed)>;

struct Author {
    key: SigningKey,
    head: ChainHead,
    sealed: Golden,
    /// Entries sealed by all authors: gives each its minute, salt and id.
    count: u8,
}

impl Author {
    fn seals(&mut self, name: &'static str, kind: Kind, detail: Detail, notes: &[&str], change: impl FnOnce(&mut Payload)) -> EntryId {
        self.count += 1;
        let count = self.count;
        let mut payload = touch(LEA, detail);
        payload.sealed_at_ms = START_MS + i64::from(count) * 60_000;
        payload.happened_at_ms = payload.sealed_at_ms;
        (payload.boottime_ms, payload.boot) = (3_600_000 + u64::from(count) * 60_000, BOOT);
        change(&mut payload);
        let entry_id = EntryId::new(payload.sealed_at_ms, [count; 10]);
        let notes = notes.iter().zip(1..).map(|(text, n)| Note { salt: [0x40 + count + n; 32], text: (*text).into() }).collect();
        let draft = Draft { organisation: ORGANISATION, site: VAUBAN, entry_id, kind, payload, notes, salt: [count; 32] };
        self.sealed.push((name, seal(draft, &mut self.head, &self.key)));
        entry_id
    }
}

fn day() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 11, 3).unwrap()
}

/// The whole journal: the tablet's two epochs, then the server's.
pub fn golden() -> Golden {
    let mut tablet = Author { key: tablet_key(), head: ChainHead::start(TABLET), sealed: Vec::new(), count: 0 };
    let left = at_the_door(&mut tablet);
    in_the_room(&mut tablet);
    let head = tablet.head;
    tablet.head = ChainHead { place: Place { device: TABLET, epoch: 2, seq: 0 }, hash: head.hash };
    let opened = Detail::Epoch { previous: 1, last_hash: head.hash, cause: "salvage".into() };
    tablet.seals("epoch_opened", Kind::EpochOpened, opened, &[], |p| (p.about_child, p.centre) = (None, None));
    tablet.seals("arrived_at_the_limits", Kind::Arrived, Detail::None, &[], |p| {
        (p.happened_at_ms, p.sealed_at_ms) = (253_402_300_799_999, 0);
        (p.boottime_ms, p.roster_version) = (i64::MAX.unsigned_abs(), i64::MAX.unsigned_abs());
        (p.moment, p.authority_ref) = (Moment { activity: None, label: "é".repeat(127) + "x" }, "9".repeat(255));
    });
    let mut server = Author { key: server_key(), head: ChainHead::start(SERVER), sealed: Vec::new(), count: tablet.count };
    at_the_office(&mut server, left);
    let mut all = tablet.sealed;
    all.extend(server.sealed);
    for (name, sealed) in &mut all {
        if *name == "arrived_then_erased" {
            sealed.private = None;
        }
    }
    all
}

fn at_the_door(tablet: &mut Author) -> EntryId {
    tablet.seals("arrived", Kind::Arrived, Detail::None, &[], |p| (p.evidence, p.badge) = (Evidence::Badge, Some(CARD)));
    let detail = Detail::Left { to: LeftTo::Person, person: Some(AUNT) };
    let left = tablet.seals("left", Kind::Left, detail, &[], |p| {
        (p.actor, p.evidence) = (NADIA, Evidence::Pin);
        p.moment = Moment { activity: Some(EVENING), label: "Accueil du soir".into() };
    });
    let stranger = Detail::Left { to: LeftTo::Other, person: None };
    tablet.seals("left_with_a_stranger", Kind::Left, stranger, &["Jean Dupont, voisin"], |p| p.about_child = Some(NOE));
    let wrong = tablet.seals(
        "arrived_with_notes",
        Kind::Arrived,
        Detail::None,
        &["Doudou oublié\nà rendre ce soir", "œuf « ½ » 🥚"],
        |p| {
            p.about_child = Some(NOE);
        },
    );
    tablet.seals("retracted", Kind::Retracted, Detail::None, &[], |p| {
        (p.about_child, p.target, p.reason) = (Some(NOE), Some(wrong), "erreur_enfant".into());
    });
    tablet.seals("arrived_then_erased", Kind::Arrived, Detail::None, &["à effacer"], |p| p.about_child = Some(MAELYS));
    left
}

fn in_the_room(tablet: &mut Author) {
    let call = Uuid::from_u128(0xca11_0000_0000_4000_8000_0000_0000_0001);
    let lunch = |p: &mut Payload| {
        (p.centre, p.evidence) = (Some(CANTEEN), Evidence::RollCall);
        p.moment = Moment { activity: Some(LUNCH), label: "Cantine".into() };
    };
    tablet.seals("present", Kind::Present, Detail::RollCall { group: Some(CE1), call }, &[], lunch);
    tablet.seals("meal", Kind::Meal, Detail::Meal { menu: "B".into(), served: true }, &[], lunch);
    let absent = Detail::Absence { from: day(), to: day(), code: String::new() };
    tablet.seals("absence_noted", Kind::AbsenceNoted, absent, &[], |p| p.about_child = Some(NOE));
    tablet.seals("moved_group", Kind::MovedGroup, Detail::MovedGroup { group: CE1 }, &[], |_| {});
    tablet.seals("newer_kind", Kind::Unknown("nap_started".into()), Detail::None, &["dort bien"], |_| {});
    let seen = tablet.sealed.iter().rev().find(|(name, _)| *name == "meal").unwrap().1.decode_envelope().unwrap();
    let heads = vec![Head { device: TABLET, epoch: 1, seq: seen.place.seq, entry: seen.entry_id }];
    let signed = Detail::DaySigned { day: day(), activity: None, sheet: [0x5e; 32], heads };
    tablet.seals("day_signed", Kind::DaySigned, signed, &[], |p| (p.about_child, p.actor) = (None, NADIA));
}

fn at_the_office(server: &mut Author, left: EntryId) {
    let clock = Detail::Clock { device: TABLET, boot: BOOT, boottime_ms: 7_200_000, at_ms: START_MS + 3_600_000 };
    server.seals("clock_observed", Kind::ClockObserved, clock, &[], |p| {
        (p.about_child, p.centre, p.moment) = (None, None, Moment::default());
        (p.actor, p.channel, p.evidence) = (Actor::SYSTEM, Channel::System, Evidence::Measured);
    });
    let absent = Detail::Absence { from: day(), to: NaiveDate::from_ymd_opt(9999, 12, 31).unwrap(), code: "CONGE".into() };
    server.seals("absence_announced", Kind::AbsenceAnnounced, absent, &[], |p| {
        (p.about_child, p.actor, p.on_behalf_of) = (Some(MAELYS), MOTHER, MOTHER);
        (p.capacity, p.channel, p.evidence) = (Capacity::Guardian, Channel::Portal, Evidence::Declared);
    });
    let fixed = Detail::Corrected { kind: Kind::Left, to: Some(LeftTo::Alone), person: None };
    server.seals("corrected", Kind::Corrected, fixed, &["Appel de la mère à 18 h"], |p| {
        (p.actor, p.on_behalf_of, p.capacity) = (AGENT, MOTHER, Capacity::Agent);
        (p.authority_ref, p.channel, p.evidence) = ("mandat 2026-17".into(), Channel::Office, Evidence::Declared);
        (p.target, p.reason, p.happened_at_ms) = (Some(left), "oubli_pointage".into(), START_MS + 10 * 3_600_000);
        p.moment = Moment { activity: Some(MORNING), label: "Accueil du matin".into() };
    });
    let reopened = Detail::DayReopened { day: day(), activity: Some(EVENING) };
    server.seals("day_reopened", Kind::DayReopened, reopened, &[], |p| {
        (p.about_child, p.actor, p.reason) = (None, AGENT, "oubli_pointage".into());
        (p.capacity, p.channel, p.evidence) = (Capacity::Delegation, Channel::Office, Evidence::Declared);
    });
}

/// What the server's chain goes on with: kinds that came after the golden journal.
pub fn golden_decisions() -> Golden {
    let journal = golden();
    let (_, last) = journal.last().unwrap();
    let head = ChainHead { place: last.decode_envelope().unwrap().place, hash: last.hash() };
    let count = u8::try_from(journal.len()).unwrap();
    let mut server = Author { key: server_key(), head, sealed: Vec::new(), count };
    let lost = EntryId::new(START_MS, [0xdc; 10]);
    for (name, reason, note) in [("decided_kept", KEPT, "Tablette retrouvée dans la cour"), ("decided_discarded", DISCARDED, "Jamais venu")]
    {
        server.seals(name, Kind::Decided, Detail::None, &[note], |p| {
            (p.actor, p.target, p.reason) = (AGENT, Some(lost), reason.into());
            (p.capacity, p.channel, p.evidence) = (Capacity::Agent, Channel::Office, Evidence::Declared);
        });
    }
    server.sealed
}

/// The tablet, going on behind what is sealed already.
fn tablet_after(journal: &Golden) -> Author {
    let of_tablet = |sealed: &&Sealed| sealed.decode_envelope().unwrap().place.device == TABLET;
    let last = journal.iter().map(|(_, sealed)| sealed).filter(of_tablet).max_by_key(|sealed| {
        let place = sealed.decode_envelope().unwrap().place;
        (place.epoch, place.seq)
    });
    let head = last.map(|last| ChainHead { place: last.decode_envelope().unwrap().place, hash: last.hash() }).unwrap();
    let count = u8::try_from(journal.len() + golden_decisions().len()).unwrap();
    Author { key: tablet_key(), head, sealed: Vec::new(), count }
}

/// What the tablet's chain goes on with: the kind that came after [`golden_decisions`].
pub fn golden_care() -> Golden {
    let mut tablet = tablet_after(&golden());
    tablet.seals("care_opened", Kind::CareOpened, Detail::None, &[], |p| p.about_child = Some(MAELYS));
    tablet.sealed
}

/// What it goes on with then: the team and the visitors, who came after [`golden_care`].
pub fn golden_team() -> Golden {
    let mut tablet = tablet_after(&golden().into_iter().chain(golden_care()).collect());
    let staff = StaffId(NADIA.id);
    let nobody = |p: &mut Payload| p.about_child = None;
    tablet.seals("staff_arrived", Kind::StaffArrived, Detail::Staff { staff }, &[], |p| {
        (p.about_child, p.actor, p.evidence, p.badge) = (None, NADIA, Evidence::Badge, Some(CARD));
    });
    let visit = tablet.seals("visitor_arrived", Kind::VisitorArrived, Detail::None, &["Luc Mercier, électricien"], nobody);
    tablet.seals("visitor_left", Kind::VisitorLeft, Detail::None, &[], |p| (p.about_child, p.target) = (None, Some(visit)));
    tablet.seals("staff_left", Kind::StaffLeft, Detail::Staff { staff }, &[], nobody);
    tablet.sealed
}

/// What it goes on with then: a roll call of the whole site and an outing, which came after [`golden_team`].
pub fn golden_evacuation() -> Golden {
    let before: Golden = golden().into_iter().chain(golden_care()).chain(golden_team()).collect();
    let mut tablet = tablet_after(&before);
    let (call, outing, count) = (Uuid::from_u128(0xca11), Uuid::from_u128(0x0071), Uuid::from_u128(0xc0));
    let visit = before.iter().find(|(name, _)| *name == "visitor_arrived").unwrap().1.decode_envelope().unwrap().entry_id;
    let of_child = |p: &mut Payload| (p.about_child, p.actor, p.evidence) = (Some(MAELYS), NADIA, Evidence::RollCall);
    let of_nobody = |p: &mut Payload| (p.about_child, p.centre) = (None, None);
    let (child, staff) = (Someone::Child(MAELYS), Someone::Staff(StaffId(NADIA.id)));
    tablet.seals("evacuation_started", Kind::EvacuationStarted, Detail::Evacuation { call }, &[], of_nobody);
    tablet.seals("evacuation_seen", Kind::EvacuationSeen, Detail::EvacuationSeen { call, who: child }, &[], of_child);
    let visitor = Detail::EvacuationSeen { call, who: Someone::Visitor(visit) };
    tablet.seals("evacuation_seen_visitor", Kind::EvacuationSeen, visitor, &[], of_nobody);
    tablet.seals("evacuation_ended", Kind::EvacuationEnded, Detail::Evacuation { call }, &[], |p| {
        (p.about_child, p.actor, p.reason) = (None, NADIA, DRILL.into());
    });
    let left = |who| Detail::OutingLeft { outing, who, label: "Piscine".into() };
    tablet.seals("outing_left", Kind::OutingLeft, left(child), &[], of_child);
    tablet.seals("outing_left_staff", Kind::OutingLeft, left(staff), &[], of_nobody);
    for (name, here) in [("outing_counted_missing", false), ("outing_counted", true)] {
        tablet.seals(name, Kind::OutingCounted, Detail::OutingCounted { outing, count, who: child, here }, &[], of_child);
    }
    tablet.seals("outing_back", Kind::OutingBack, Detail::OutingBack { outing, who: child }, &[], of_child);
    tablet.sealed
}

/// The report of a set of sealed entries against the golden keys.
pub fn report_of<'a>(entries: impl IntoIterator<Item = &'a Sealed>) -> Report {
    let stored = entries.into_iter().map(|s| StoredEntry { envelope: &s.envelope, signature: &s.signature, private: s.private.as_ref() });
    verify(stored, &keys())
}
