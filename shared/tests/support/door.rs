//! A device at a door: true time goes by, its clock may tell another.

use super::{CARE, LEA, MORNING, NADIA, ORGANISATION, VAUBAN, touch};
use chrono::{NaiveDate, NaiveTime};
use shared::calendar;
use shared::fold::Fact;
use shared::id::{ActivityId, BootId, CentreId, ChildId, DeviceId, EntryId, SiteId, StaffId};
use shared::journal::{Actor, Channel, DRILL, Detail, Envelope, Evidence, Hash, Kind, LeftTo, Moment, Payload, Place, Someone, hash_of};
use uuid::Uuid;

pub fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// `"2026-11-03 07:42"` on a wall clock in Paris, in ms since 1970 UTC.
pub fn paris(text: &str) -> i64 {
    let (date, time) = text.split_once(' ').unwrap();
    calendar::instant(day(date), NaiveTime::parse_from_str(time, "%H:%M").unwrap()).timestamp_millis()
}

/// A tablet, or the server of a site. Seals facts without signing them: the fold checks no signature.
#[derive(Clone)]
pub struct Door {
    pub device: DeviceId,
    pub epoch: u32,
    pub seq: u64,
    pub site: SiteId,
    pub centre: CentreId,
    pub moment: (ActivityId, &'static str),
    /// What its wall clock shows more than the true time.
    pub clock_off_ms: i64,
    /// When it was started, in true time.
    pub booted_ms: i64,
    pub boot: BootId,
    /// Hash of what it sealed last.
    pub head: Hash,
    /// Tells apart what it seals at one place in two lives.
    pub life: u128,
}

impl Door {
    pub fn new(number: u128) -> Self {
        Self {
            device: DeviceId(Uuid::from_u128(0xd00_0000 + number)),
            epoch: 1,
            seq: 0,
            site: VAUBAN,
            centre: CARE,
            moment: (MORNING, "Accueil du matin"),
            clock_off_ms: 0,
            booted_ms: paris("2026-11-01 06:00"),
            boot: BootId(Uuid::from_u128(0xb007_0000 + number)),
            head: [0; 32],
            life: 0,
        }
    }

    /// The same tablet put back to an image of its disk as it is now, or a second one made from it.
    pub fn image(&self) -> Self {
        Self { life: self.life + 1, boot: BootId(Uuid::from_u128(self.boot.0.as_u128() + 0x1_0000_0000)), ..self.clone() }
    }

    pub fn at_site(mut self, site: SiteId) -> Self {
        self.site = site;
        self
    }

    pub fn restarted(&mut self, at_ms: i64) {
        self.booted_ms = at_ms;
        self.boot = BootId(Uuid::from_u128(self.boot.0.as_u128() + 0x1_0000));
    }

    /// Seals a fact at a true time. `change` sets what differs from a touch in the list.
    pub fn seals(&mut self, at_ms: i64, kind: Kind, child: Option<ChildId>, detail: Detail, change: impl FnOnce(&mut Payload)) -> Fact {
        self.seq += 1;
        let mut payload = touch(child.unwrap_or(LEA), detail);
        payload.about_child = child;
        payload.centre = Some(self.centre);
        payload.moment = Moment { activity: Some(self.moment.0), label: self.moment.1.into() };
        payload.sealed_at_ms = at_ms + self.clock_off_ms;
        payload.happened_at_ms = payload.sealed_at_ms;
        payload.boottime_ms = u64::try_from(at_ms - self.booted_ms).unwrap_or(0);
        payload.boot = self.boot;
        change(&mut payload);
        let place = Place { device: self.device, epoch: self.epoch, seq: self.seq };
        let number = (u128::from(self.epoch) << 48) | (self.life << 32) | u128::from(self.seq);
        let entry_id = EntryId(Uuid::from_u128((self.device.0.as_u128() << 64) | number));
        let envelope = Envelope {
            organisation: ORGANISATION,
            site: self.site,
            place,
            prev_hash: self.head,
            entry_id,
            kind,
            kind_version: 1,
            payload_hash: [0; 32],
        };
        self.head = hash_of(&envelope.encode());
        Fact { envelope, payload: Some(payload), opaque: false }
    }

    pub fn arrived(&mut self, child: ChildId, at_ms: i64) -> Fact {
        self.seals(at_ms, Kind::Arrived, Some(child), Detail::None, |_| {})
    }

    pub fn left(&mut self, child: ChildId, at_ms: i64) -> Fact {
        self.seals(at_ms, Kind::Left, Some(child), Detail::Left { to: LeftTo::Person, person: None }, |_| {})
    }

    pub fn present(&mut self, child: ChildId, at_ms: i64) -> Fact {
        let detail = Detail::RollCall { group: None, call: Uuid::from_u128(5) };
        self.seals(at_ms, Kind::Present, Some(child), detail, |p| p.evidence = Evidence::RollCall)
    }

    pub fn meal(&mut self, child: ChildId, at_ms: i64, served: bool) -> Fact {
        self.seals(at_ms, Kind::Meal, Some(child), Detail::Meal { menu: "B".into(), served }, |_| {})
    }

    /// An arrival from a paper sheet: the time is the sheet's.
    pub fn paper_arrival(&mut self, child: ChildId, at_ms: i64, happened_at_ms: i64) -> Fact {
        self.seals(at_ms, Kind::Arrived, Some(child), Detail::None, |p| {
            p.evidence = Evidence::Paper;
            p.happened_at_ms = happened_at_ms;
        })
    }

    pub fn retracted(&mut self, target: &Fact, at_ms: i64) -> Fact {
        let child = target.payload.as_ref().and_then(|p| p.about_child);
        self.seals(at_ms, Kind::Retracted, child, Detail::None, |p| p.target = Some(target.envelope.entry_id))
    }

    /// A correction by an actor: what the fact becomes, and when it happened.
    pub fn corrected(&mut self, target: &Fact, actor: Actor, at_ms: i64, becomes: Kind, happened_at_ms: i64) -> Fact {
        let child = target.payload.as_ref().and_then(|p| p.about_child);
        let detail = Detail::Corrected { kind: becomes, to: None, person: None };
        self.seals(at_ms, Kind::Corrected, child, detail, |p| {
            p.target = Some(target.envelope.entry_id);
            p.happened_at_ms = happened_at_ms;
            p.actor = actor;
        })
    }

    pub fn staff_arrived(&mut self, staff: StaffId, at_ms: i64) -> Fact {
        self.seals(at_ms, Kind::StaffArrived, None, Detail::Staff { staff }, |_| {})
    }

    pub fn staff_left(&mut self, staff: StaffId, at_ms: i64) -> Fact {
        self.seals(at_ms, Kind::StaffLeft, None, Detail::Staff { staff }, |_| {})
    }

    pub fn visitor_arrived(&mut self, at_ms: i64) -> Fact {
        self.seals(at_ms, Kind::VisitorArrived, None, Detail::None, |_| {})
    }

    pub fn visitor_left(&mut self, visit: &Fact, at_ms: i64) -> Fact {
        self.seals(at_ms, Kind::VisitorLeft, None, Detail::None, |p| p.target = Some(visit.envelope.entry_id))
    }

    pub fn absent(&mut self, child: ChildId, at_ms: i64, from: &str, to: &str) -> Fact {
        let detail = Detail::Absence { from: day(from), to: day(to), code: "ABS".into() };
        self.seals(at_ms, Kind::AbsenceAnnounced, Some(child), detail, |p| p.evidence = Evidence::Declared)
    }

    pub fn signed(&mut self, at_ms: i64, on: &str, activity: Option<ActivityId>) -> Fact {
        let detail = Detail::DaySigned { day: day(on), activity, sheet: [9; 32], heads: Vec::new() };
        self.seals(at_ms, Kind::DaySigned, None, detail, |p| p.actor = NADIA)
    }

    pub fn reopened(&mut self, at_ms: i64, on: &str, activity: Option<ActivityId>) -> Fact {
        self.seals(at_ms, Kind::DayReopened, None, Detail::DayReopened { day: day(on), activity }, |p| p.reason = "oubli".into())
    }

    pub fn evacuates(&mut self, call: u128, at_ms: i64) -> Fact {
        self.seals(at_ms, Kind::EvacuationStarted, None, Detail::Evacuation { call: Uuid::from_u128(call) }, |_| {})
    }

    pub fn sees(&mut self, call: u128, child: ChildId, at_ms: i64) -> Fact {
        let detail = Detail::EvacuationSeen { call: Uuid::from_u128(call), who: Someone::Child(child) };
        self.seals(at_ms, Kind::EvacuationSeen, Some(child), detail, |p| p.evidence = Evidence::RollCall)
    }

    pub fn ends(&mut self, call: u128, at_ms: i64) -> Fact {
        let detail = Detail::Evacuation { call: Uuid::from_u128(call) };
        self.seals(at_ms, Kind::EvacuationEnded, None, detail, |p| p.reason = DRILL.into())
    }

    pub fn goes_out(&mut self, outing: u128, child: ChildId, at_ms: i64) -> Fact {
        let detail = Detail::OutingLeft { outing: Uuid::from_u128(outing), who: Someone::Child(child), label: "Piscine".into() };
        self.seals(at_ms, Kind::OutingLeft, Some(child), detail, |_| {})
    }

    pub fn counted(&mut self, outing: u128, count: u128, (child, here): (ChildId, bool), at_ms: i64) -> Fact {
        let (outing, count, who) = (Uuid::from_u128(outing), Uuid::from_u128(count), Someone::Child(child));
        self.seals(at_ms, Kind::OutingCounted, Some(child), Detail::OutingCounted { outing, count, who, here }, |_| {})
    }

    pub fn comes_back(&mut self, outing: u128, child: ChildId, at_ms: i64) -> Fact {
        let detail = Detail::OutingBack { outing: Uuid::from_u128(outing), who: Someone::Child(child) };
        self.seals(at_ms, Kind::OutingBack, Some(child), detail, |_| {})
    }

    /// What a server seals when it sees a tablet's clock at a true time.
    pub fn observes(&mut self, tablet: &Door, at_ms: i64) -> Fact {
        let boottime_ms = u64::try_from(at_ms - tablet.booted_ms).unwrap();
        let detail = Detail::Clock { device: tablet.device, boot: tablet.boot, boottime_ms, at_ms };
        self.seals(at_ms, Kind::ClockObserved, None, detail, |p| {
            p.evidence = Evidence::Measured;
            p.channel = Channel::System;
        })
    }
}
