//! Entries that a tablet could seal: first as it does, then as none should, each with a right signature in a right chain. A
//! signature says who, and nothing of what.

use anyhow::{Context, Result};
use chrono::NaiveDate;
use shared::id::{BootId, EntryId, StaffId};
use shared::journal::{
    Actor, ActorKind, ChainHead, Detail, Draft, Head, Kind, LeftTo, Moment, Note, Payload, Sealed, SigningKey, Someone, seal,
};
use shared::roster::Item;
use terminal_core::entropy::{SystemEntropy, bytes};
use terminal_core::store::Identity;

/// Instants that no clock shows.
const TIMES_MS: [i64; 8] =
    [0, -1, i64::MIN, i64::MAX, 253_402_300_799_999, -62_135_596_800_001, 8_210_266_876_799_999, -8_334_601_228_800_001];
/// Texts that somebody could put where a word stands.
const TEXTS: [&str; 6] =
    ["<x9q onload=1>", "'; DROP TABLE child; --", "=1+1", "\u{202e}enfant\u{2066}", "{{csrf}}%s%n", "é\u{0301}\u{1f476}\u{fffd}"];

/// What the payloads of one tablet share.
struct Pen<'a> {
    me: &'a Identity,
    key: &'a SigningKey,
    head: ChainHead,
    usual: Payload,
    sealed: Vec<Sealed>,
}

/// The entries, in the order of their chain.
pub fn sealed(me: &Identity, key: &SigningKey, boot: BootId, now_ms: i64, items: &[Item]) -> Result<Vec<Sealed>> {
    let child = items.iter().find_map(|item| if let Item::Child(child) = item { Some(child.id) } else { None }).context("aucun enfant")?;
    let activity = items.iter().find_map(|item| if let Item::Activity(activity) = item { Some(activity) } else { None });
    let activity = activity.context("aucune activité")?;
    let usual = Payload {
        about_child: Some(child),
        centre: Some(activity.centre),
        boottime_ms: 1_000_000,
        boot,
        moment: Moment { activity: Some(activity.id), label: activity.name.clone() },
        roster_version: 1,
        ..Payload::at(now_ms)
    };
    let mut pen = Pen { me, key, head: ChainHead::start(me.device), usual, sealed: Vec::new() };
    pen.ordinary()?;
    pen.times()?;
    pen.texts()?;
    pen.details()?;
    Ok(pen.sealed)
}

impl Pen<'_> {
    fn seal(&mut self, kind: Kind, payload: Payload, notes: Vec<Note>) -> Result<()> {
        let organisation = *self.me.organisations.first().context("aucune collectivité")?;
        let entry_id = EntryId::new(self.usual.happened_at_ms, bytes(&mut SystemEntropy)?);
        let draft = Draft { organisation, site: self.me.site, entry_id, kind, payload, notes, salt: bytes(&mut SystemEntropy)? };
        let sealed = seal(draft, &mut self.head, self.key);
        self.sealed.push(sealed);
        Ok(())
    }

    fn ordinary(&mut self) -> Result<()> {
        self.seal(Kind::Arrived, self.usual.clone(), Vec::new())?;
        let left = Payload { detail: Detail::Left { to: LeftTo::Other, person: None }, ..self.usual.clone() };
        self.seal(Kind::Left, left, Vec::new())
    }

    fn times(&mut self) -> Result<()> {
        for at_ms in TIMES_MS {
            self.seal(Kind::Arrived, Payload { happened_at_ms: at_ms, ..self.usual.clone() }, Vec::new())?;
            self.seal(Kind::Arrived, Payload { sealed_at_ms: at_ms, boottime_ms: u64::MAX, ..self.usual.clone() }, Vec::new())?;
        }
        Ok(())
    }

    fn texts(&mut self) -> Result<()> {
        for text in TEXTS {
            let moment = Moment { activity: self.usual.moment.activity, label: text.into() };
            let payload = Payload { moment, reason: text.into(), authority_ref: text.into(), ..self.usual.clone() };
            self.seal(Kind::Arrived, payload, vec![Note { salt: bytes(&mut SystemEntropy)?, text: text.into() }])?;
        }
        Ok(())
    }

    fn details(&mut self) -> Result<()> {
        let (first, last) = (NaiveDate::MIN, NaiveDate::MAX);
        let somebody = Actor { kind: ActorKind::Staff, id: self.me.device.0 };
        let head = Head { device: self.me.device, epoch: u32::MAX, seq: u64::MAX, entry: EntryId::NIL };
        let last_entry = self.sealed.last().and_then(|sealed| sealed.decode_envelope().ok()).map(|envelope| envelope.entry_id);
        let usual = |detail| Payload { detail, ..self.usual.clone() };
        // A visitor whom no entry tells of.
        let nobody = Someone::Visitor(EntryId(self.me.device.0));
        let strange = [
            (Kind::AbsenceAnnounced, usual(Detail::Absence { from: first, to: last, code: "autre".into() })),
            (Kind::AbsenceNoted, usual(Detail::Absence { from: last, to: last, code: String::new() })),
            (
                Kind::DaySigned,
                Payload { actor: somebody, ..usual(Detail::DaySigned { day: last, activity: None, sheet: [0; 32], heads: vec![head] }) },
            ),
            (Kind::DayReopened, usual(Detail::DayReopened { day: first, activity: None })),
            (Kind::Meal, usual(Detail::Meal { menu: "<x9q>".into(), served: true })),
            (Kind::CareOpened, usual(Detail::None)),
            (Kind::StaffArrived, usual(Detail::Staff { staff: StaffId(self.me.device.0) })),
            (Kind::VisitorLeft, Payload { target: last_entry, ..usual(Detail::None) }),
            (Kind::EvacuationStarted, usual(Detail::Evacuation { call: self.me.device.0 })),
            (Kind::EvacuationSeen, Payload { about_child: None, ..usual(Detail::EvacuationSeen { call: self.me.device.0, who: nobody }) }),
            (
                Kind::OutingLeft,
                Payload { about_child: None, ..usual(Detail::OutingLeft { outing: self.me.device.0, who: nobody, label: "<x9q>".into() }) },
            ),
            (Kind::Retracted, Payload { target: last_entry, ..usual(Detail::None) }),
            (
                Kind::Corrected,
                Payload {
                    target: last_entry,
                    happened_at_ms: i64::MAX,
                    ..usual(Detail::Corrected { kind: Kind::Left, to: None, person: None })
                },
            ),
            (
                Kind::ClockObserved,
                usual(Detail::Clock { device: self.me.device, boot: self.usual.boot, boottime_ms: u64::MAX, at_ms: i64::MIN }),
            ),
            (Kind::EpochOpened, usual(Detail::Epoch { previous: u32::MAX, last_hash: [0; 32], cause: "salvage".into() })),
            (Kind::Unknown("nouveau".into()), self.usual.clone()),
        ];
        for (kind, payload) in strange {
            self.seal(kind, payload, Vec::new())?;
        }
        Ok(())
    }
}
