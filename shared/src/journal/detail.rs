//! What each kind tells besides the common fields of a payload.

use super::bytes::{Malformed, Reader, Writer};
use super::codes::LeftTo;
use super::envelope::Hash;
use super::kind::Kind;
use super::someone::Someone;
use crate::id::{ActivityId, BootId, DeviceId, EntryId, GroupId, PersonId, StaffId};
use chrono::{Datelike, NaiveDate};
use serde::Serialize;
use std::collections::BTreeSet;
use uuid::Uuid;

/// Most devices that a signature tells the last entry of.
pub const HEADS_MAX: usize = 256;

/// The last entry of a device that a signature has seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Head {
    /// The device.
    pub device: DeviceId,
    /// Its epoch.
    pub epoch: u32,
    /// Its last number seen.
    pub seq: u64,
    /// The entry at that place.
    pub entry: EntryId,
}

/// What a kind tells besides the common fields (`kind_version` 1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Detail {
    /// `arrived`, `retracted`, `decided`, `care_opened`, `visitor_arrived`, `visitor_left`: nothing more.
    None,
    /// `left`: 1 `to`, 16 `person`.
    Left {
        /// With whom or where.
        to: LeftTo,
        /// The adult, where one is known.
        person: Option<PersonId>,
    },
    /// `present`: 16 `group` (class or group called), 16 `call` (names one validation; zeroes: a presence by itself).
    RollCall {
        /// Class or group called.
        group: Option<GroupId>,
        /// What all entries of one validation share.
        call: Uuid,
    },
    /// `absence_announced`, `absence_noted`: 4 `from`, 4 `to` (days since 1970, not before `from`), text8 `code`. Never an illness.
    Absence {
        /// First day.
        from: NaiveDate,
        /// Last day.
        to: NaiveDate,
        /// Billing code, not a diagnosis; may be empty.
        code: String,
    },
    /// `corrected`: text8 `kind` (what the target becomes), 1 `to` (0: none), 16 `person`. Time, centre and moment are those of the
    /// common fields. `to` and `person` are zeroes unless the kind is `left`.
    Corrected {
        /// `arrived`, `left` or `present`.
        kind: Kind,
        /// For `left`, where it is known.
        to: Option<LeftTo>,
        /// For `left`, where one is known.
        person: Option<PersonId>,
    },
    /// `meal`: text8 `menu`, 1 `served`.
    Meal {
        /// Menu letter.
        menu: String,
        /// Served or not.
        served: bool,
    },
    /// `moved_group`: 16 `group`.
    MovedGroup {
        /// Where the child spends the day.
        group: GroupId,
    },
    /// `day_signed`: 4 `day`, 16 `activity` (zeroes: the whole day), 32 `sheet`, 2 count, then 16 + 4 + 8 + 16 a head, sorted by
    /// device, epoch, number and entry, none twice.
    DaySigned {
        /// The business day.
        day: NaiveDate,
        /// The moment, or the whole day.
        activity: Option<ActivityId>,
        /// Hash of the day sheet.
        sheet: Hash,
        /// Last entry seen of each device and epoch; more than one where the device was copied.
        heads: Vec<Head>,
    },
    /// `day_reopened`: 4 `day`, 16 `activity`.
    DayReopened {
        /// The business day.
        day: NaiveDate,
        /// The moment, or the whole day.
        activity: Option<ActivityId>,
    },
    /// `clock_observed`: 16 `device`, 16 `boot`, 8 `boottime_ms`, 8 `at` (ms since 1970 by the server).
    Clock {
        /// Whose clock.
        device: DeviceId,
        /// In which boot.
        boot: BootId,
        /// What its CLOCK_BOOTTIME read.
        boottime_ms: u64,
        /// What the server's wall clock read.
        at_ms: i64,
    },
    /// `epoch_opened`: 4 `previous`, 32 `last_hash`, text8 `cause`.
    Epoch {
        /// The epoch before.
        previous: u32,
        /// The last hash that the device holds; zeroes if none.
        last_hash: Hash,
        /// `fork`, `salvage`, `restore`.
        cause: String,
    },
    /// `staff_arrived`, `staff_left`: 16 `staff`.
    Staff {
        /// Whose presence it is; who says so is the `actor`.
        staff: StaffId,
    },
    /// `evacuation_started`, `evacuation_ended`: 16 `call`, which names one roll call of the site.
    Evacuation {
        /// The roll call.
        call: Uuid,
    },
    /// `evacuation_seen`: 16 `call`, 1 `what`, 16 `id` (see [`Someone`]).
    EvacuationSeen {
        /// The roll call.
        call: Uuid,
        /// Who was seen.
        who: Someone,
    },
    /// `outing_left`: 16 `outing`, 1 `what`, 16 `id`, text8 `label`.
    OutingLeft {
        /// Names one outing: all who left together share it.
        outing: Uuid,
        /// Who left.
        who: Someone,
        /// Where to, as the team says it: "Piscine".
        label: String,
    },
    /// `outing_counted`: 16 `outing`, 16 `count`, 1 `what`, 16 `id`, 1 `here`.
    OutingCounted {
        /// The outing.
        outing: Uuid,
        /// What all entries of one count share.
        count: Uuid,
        /// Who was counted.
        who: Someone,
        /// There, or missing.
        here: bool,
    },
    /// `outing_back`: 16 `outing`, 1 `what`, 16 `id`.
    OutingBack {
        /// The outing.
        outing: Uuid,
        /// Who came back.
        who: Someone,
    },
}

impl Detail {
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut out = Writer::default();
        match self {
            Self::None => {}
            Self::Left { to, person } => {
                out.u8(to.code()).id(or_nil(person.map(|p| p.0)));
            }
            Self::RollCall { group, call } => {
                out.id(or_nil(group.map(|g| g.0))).id(*call);
            }
            Self::Absence { from, to, code } => {
                out.i32(day_number(*from)).i32(day_number(*to)).text8(code);
            }
            Self::Corrected { kind, to, person } => {
                let (to, person) = if *kind == Kind::Left { (*to, *person) } else { (None, None) };
                out.text8(kind.as_str()).u8(to.map_or(0, LeftTo::code)).id(or_nil(person.map(|p| p.0)));
            }
            Self::Meal { menu, served } => {
                out.text8(menu).u8(u8::from(*served));
            }
            Self::MovedGroup { group } => {
                out.id(group.0);
            }
            Self::DaySigned { day, activity, sheet, heads } => {
                let heads: BTreeSet<&Head> = heads.iter().collect();
                assert!(heads.len() <= HEADS_MAX, "a signature tells of at most {HEADS_MAX} devices");
                out.i32(day_number(*day)).id(or_nil(activity.map(|a| a.0))).raw(sheet);
                out.u16(u16::try_from(heads.len()).unwrap_or(0));
                for head in heads {
                    out.id(head.device.0).u32(head.epoch).count63(head.seq).id(head.entry.0);
                }
            }
            Self::DayReopened { day, activity } => {
                out.i32(day_number(*day)).id(or_nil(activity.map(|a| a.0)));
            }
            Self::Clock { device, boot, boottime_ms, at_ms } => {
                out.id(device.0).id(boot.0).count63(*boottime_ms).instant(*at_ms);
            }
            Self::Epoch { previous, last_hash, cause } => {
                out.u32(*previous).raw(last_hash).text8(cause);
            }
            Self::Staff { staff } => {
                out.id(staff.0);
            }
            Self::Evacuation { call } => {
                out.id(*call);
            }
            Self::EvacuationSeen { call: of, who } | Self::OutingBack { outing: of, who } => who.write(out.id(*of)),
            Self::OutingLeft { outing, who, label } => {
                who.write(out.id(*outing));
                out.text8(label);
            }
            Self::OutingCounted { outing, count, who, here } => {
                who.write(out.id(*outing).id(*count));
                out.u8(u8::from(*here));
            }
        }
        out.finish()
    }

    pub(super) fn decode(kind: &Kind, bytes: &[u8]) -> Result<Self, Malformed> {
        let mut from = Reader::new(bytes);
        let detail = match kind {
            Kind::Arrived | Kind::Retracted | Kind::Decided | Kind::CareOpened => Self::None,
            Kind::VisitorArrived | Kind::VisitorLeft | Kind::Unknown(_) => Self::None,
            Kind::Left => Self::Left { to: LeftTo::from_code(from.u8()?)?, person: from.id::<PersonId>()?.non_nil() },
            Kind::Present => Self::RollCall { group: from.id::<GroupId>()?.non_nil(), call: from.id()? },
            Kind::AbsenceAnnounced | Kind::AbsenceNoted => Self::absence(&mut from)?,
            Kind::Corrected => Self::corrected(&mut from)?,
            Kind::Meal => Self::Meal { menu: from.text8()?, served: flag(&mut from, "meal.served")? },
            Kind::MovedGroup => Self::MovedGroup { group: from.id::<GroupId>()?.non_nil().ok_or(Malformed::NotAllowed("group"))? },
            Kind::DaySigned => Self::day_signed(&mut from)?,
            Kind::DayReopened => Self::DayReopened { day: day(&mut from)?, activity: from.id::<ActivityId>()?.non_nil() },
            Kind::ClockObserved => Self::Clock {
                device: from.id::<DeviceId>()?.non_nil().ok_or(Malformed::NotAllowed("clock.device"))?,
                boot: from.id::<BootId>()?.non_nil().ok_or(Malformed::NotAllowed("clock.boot"))?,
                boottime_ms: from.count63()?,
                at_ms: from.instant()?,
            },
            Kind::EpochOpened => Self::Epoch { previous: from.u32()?, last_hash: from.array()?, cause: from.text8()? },
            Kind::StaffArrived | Kind::StaffLeft => {
                Self::Staff { staff: from.id::<StaffId>()?.non_nil().ok_or(Malformed::NotAllowed("staff"))? }
            }
            Kind::EvacuationStarted | Kind::EvacuationEnded => Self::Evacuation { call: named(&mut from, "call")? },
            Kind::EvacuationSeen => Self::EvacuationSeen { call: named(&mut from, "call")?, who: Someone::read(&mut from)? },
            Kind::OutingLeft => {
                Self::OutingLeft { outing: named(&mut from, "outing")?, who: Someone::read(&mut from)?, label: from.text8()? }
            }
            Kind::OutingCounted => Self::OutingCounted {
                outing: named(&mut from, "outing")?,
                count: named(&mut from, "count")?,
                who: Someone::read(&mut from)?,
                here: flag(&mut from, "outing_counted.here")?,
            },
            Kind::OutingBack => Self::OutingBack { outing: named(&mut from, "outing")?, who: Someone::read(&mut from)? },
        };
        from.finish()?;
        Ok(detail)
    }

    /// Whom an entry counts, in an evacuation or on an outing.
    #[must_use]
    pub fn someone(&self) -> Option<Someone> {
        match self {
            Self::EvacuationSeen { who, .. }
            | Self::OutingLeft { who, .. }
            | Self::OutingCounted { who, .. }
            | Self::OutingBack { who, .. } => Some(*who),
            _ => None,
        }
    }

    fn absence(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        let (first, last, code) = (day(from)?, day(from)?, from.text8()?);
        if last < first {
            return Err(Malformed::NotAllowed("absence.to before absence.from"));
        }
        Ok(Self::Absence { from: first, to: last, code })
    }

    fn corrected(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        let kind = match Kind::parse(&from.text8()?) {
            Some(kind @ (Kind::Arrived | Kind::Left | Kind::Present)) => kind,
            _ => return Err(Malformed::NotAllowed("corrected.kind")),
        };
        let to = match from.u8()? {
            0 => None,
            code => Some(LeftTo::from_code(code)?),
        };
        let person = from.id::<PersonId>()?.non_nil();
        if kind != Kind::Left && (to.is_some() || person.is_some()) {
            return Err(Malformed::NotAllowed("corrected.to without left"));
        }
        Ok(Self::Corrected { kind, to, person })
    }

    fn day_signed(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        let (day, activity, sheet) = (day(from)?, from.id::<ActivityId>()?.non_nil(), from.array()?);
        let count = usize::from(from.u16()?);
        if count > HEADS_MAX {
            return Err(Malformed::NotAllowed("day_signed.heads"));
        }
        let heads = (0..count)
            .map(|_| Ok(Head { device: from.id()?, epoch: from.u32()?, seq: from.count63()?, entry: from.id()? }))
            .collect::<Result<Vec<_>, Malformed>>()?;
        if !heads.is_sorted_by(|a, b| a < b) {
            return Err(Malformed::NotAllowed("day_signed.heads out of order"));
        }
        Ok(Self::DaySigned { day, activity, sheet, heads })
    }
}

/// An id that names a roll call or an outing.
fn named(from: &mut Reader<'_>, field: &'static str) -> Result<Uuid, Malformed> {
    Some(from.id::<Uuid>()?).filter(|id| !id.is_nil()).ok_or(Malformed::NotAllowed(field))
}

fn flag(from: &mut Reader<'_>, field: &'static str) -> Result<bool, Malformed> {
    match from.u8()? {
        0 => Ok(false),
        1 => Ok(true),
        value => Err(Malformed::UnknownCode { field, value: u64::from(value) }),
    }
}

pub(super) fn or_nil(id: Option<Uuid>) -> Uuid {
    id.unwrap_or(Uuid::nil())
}

/// 1 January 1970, in chrono's count of days.
const EPOCH_DAYS_CE: i32 = 719_163;
/// 31 December 9999: four digits of a year, everywhere.
const DAY_NUMBER_MAX: i32 = 2_932_896;

fn day_number(day: NaiveDate) -> i32 {
    (day.num_days_from_ce() - EPOCH_DAYS_CE).clamp(0, DAY_NUMBER_MAX)
}

fn day(from: &mut Reader<'_>) -> Result<NaiveDate, Malformed> {
    let number = from.i32()?;
    let day = (0..=DAY_NUMBER_MAX).contains(&number).then(|| NaiveDate::from_num_days_from_ce_opt(number + EPOCH_DAYS_CE)).flatten();
    day.ok_or(Malformed::NotAllowed("a day before 1970 or after 9999"))
}
