//! The payload: all of an entry that is about a person. Known to the envelope
//! by its salted hash; deleted when a person is forgotten.
//!
//! Layout 1, frozen since format 1 (`text8`: one byte of length, then UTF-8;
//! an id of zeroes stands for none):
//!
//! | bytes | field |
//! |---|---|
//! | 2 | `layout` = 1 |
//! | 16 | `about_child` |
//! | 16 | `centre_id` |
//! | 8 | `happened_at`, ms since 1970 UTC: time of the fact |
//! | 8 | `sealed_at`, ms since 1970 UTC: wall clock at sealing |
//! | 8 + 16 | `boottime_ms`, `boot_id`: CLOCK_BOOTTIME, which goes on in sleep |
//! | 16, text8 | `moment`: activity, and its name as the person saw it |
//! | 1 + 16 | `actor`: kind and id |
//! | 1 + 16 | `on_behalf_of`: kind and id |
//! | 1, text8, 1 | `capacity`, `authority_ref`, `channel` |
//! | 1 + 16 | `evidence`, and the badge that was shown |
//! | 8 | `roster_version` |
//! | 16 | `target`: the entry that this one retracts or corrects |
//! | text8 | `reason`, a code |
//! | 1 + 32 n | hashes of notes |
//! | 2 + n | `detail`: length, then by kind (see [`Detail`]) |

use super::bytes::{Malformed, Reader, Writer, cut};
use super::envelope::Hash;
use super::kind::Kind;
use crate::id::{ActivityId, BadgeId, BootId, CentreId, ChildId, DeviceId, EntryId, GroupId, PersonId};
use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

const LAYOUT: u16 = 1;
/// Longest payload, in bytes: a `day_signed` with [`HEADS_MAX`] heads fits.
pub const PAYLOAD_BYTES_MAX: usize = 16 * 1024;
/// Longest text in a payload, in bytes; longer ones are cut at sealing.
pub const TEXT_BYTES_MAX: usize = 255;
/// Most notes of one entry.
pub const NOTES_MAX: usize = 8;
/// Most devices that a signature tells the last entry of.
pub const HEADS_MAX: usize = 256;

macro_rules! codes {
    ($(#[$doc:meta])* $name:ident, $field:literal { $($(#[$variant_doc:meta])* $variant:ident = $code:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $($(#[$variant_doc])* $variant,)+ }

        impl $name {
            /// The code in the payload. Frozen since layout 1.
            #[must_use]
            pub fn code(self) -> u8 {
                match self { $(Self::$variant => $code,)+ }
            }
            fn from_code(code: u8) -> Result<Self, Malformed> {
                match code {
                    $($code => Ok(Self::$variant),)+
                    _ => Err(Malformed::UnknownCode { field: $field, value: u64::from(code) }),
                }
            }
        }
    };
}

codes! {
    /// What kind of actor an id names.
    ActorKind, "actor" {
        /// Nobody was named: the tablet at a watched door.
        Nobody = 0,
        /// A member of the centre's staff.
        Staff = 1,
        /// A guardian, through the portal.
        Guardian = 2,
        /// An agent of the office.
        Agent = 3,
        /// A helper with a mandate.
        Helper = 4,
        /// The product itself (automatic signature, clock observation, import).
        System = 5,
    }
}
codes! {
    /// In what capacity the actor acts.
    Capacity, "capacity" {
        /// For nobody else; at the door, for the centre.
        Own = 0,
        /// As a guardian of the child.
        Guardian = 1,
        /// As an agent, at a family's request or for the organisation.
        Agent = 2,
        /// As a helper with a mandate.
        Helper = 3,
        /// By delegation of another organisation.
        Delegation = 4,
    }
}
codes! {
    /// Through what the fact came in.
    Channel, "channel" {
        /// A tablet.
        Tablet = 1,
        /// The office's pages or commands.
        Office = 2,
        /// The family's portal.
        Portal = 3,
        /// An imported file.
        Import = 4,
        /// The server by itself.
        System = 5,
    }
}
codes! {
    /// What the fact rests on.
    Evidence, "evidence" {
        /// A card was shown: it says that the card was here, not who held it.
        Badge = 1,
        /// A name was touched in the list.
        List = 2,
        /// A PIN named the person first.
        Pin = 3,
        /// A roll call of a class or group.
        RollCall = 4,
        /// A paper sheet.
        Paper = 5,
        /// An imported file.
        Import = 6,
        /// Somebody's word, at the office or in the portal.
        Declared = 7,
        /// A machine measured it.
        Measured = 8,
    }
}
codes! {
    /// With whom, or where, a child left.
    LeftTo, "left.to" {
        /// An adult, whom `person` names where known.
        Person = 1,
        /// Alone, as the parents allowed.
        Alone = 2,
        /// To school.
        School = 3,
        /// To another centre.
        Transfer = 4,
        /// To a club.
        Club = 5,
        /// With the emergency services.
        Emergency = 6,
        /// Otherwise: see the note.
        Other = 7,
    }
}

/// Who acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Actor {
    /// What the id names.
    pub kind: ActorKind,
    /// Zeroes for nobody and for the product itself.
    pub id: Uuid,
}

impl Actor {
    /// The tablet at a watched door.
    pub const NOBODY: Self = Self { kind: ActorKind::Nobody, id: Uuid::nil() };
    /// The product itself.
    pub const SYSTEM: Self = Self { kind: ActorKind::System, id: Uuid::nil() };
}

/// The slot that the board showed, sealed as the person saw it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Moment {
    /// The activity that it named, if it named one.
    pub activity: Option<ActivityId>,
    /// "Accueil du matin".
    pub label: String,
}

/// The last entry of a device that a signature has seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
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
    /// `arrived`, `retracted`: nothing more.
    None,
    /// `left`: 1 `to`, 16 `person`.
    Left {
        /// With whom or where.
        to: LeftTo,
        /// The adult, where one is known.
        person: Option<PersonId>,
    },
    /// `present`: 16 `group` (class or group called), 16 `call` (names one validation).
    RollCall {
        /// Class or group called.
        group: Option<GroupId>,
        /// What all entries of one validation share.
        call: Uuid,
    },
    /// `absence_announced`, `absence_noted`: 4 `from`, 4 `to` (days since 1970), text8 `code`. Never an illness.
    Absence {
        /// First day.
        from: NaiveDate,
        /// Last day.
        to: NaiveDate,
        /// Billing code, not a diagnosis; may be empty.
        code: String,
    },
    /// `corrected`: text8 `kind` (what the target becomes), 1 `to` (0: none), 16 `person`. Time, centre and moment are those of the common fields.
    Corrected {
        /// `arrived`, `left` or `present`.
        kind: Kind,
        /// For `left`.
        to: Option<LeftTo>,
        /// For `left`.
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
    /// `day_signed`: 4 `day`, 16 `activity` (zeroes: the whole day), 32 `sheet`, 2 count, then 16 + 4 + 8 + 16 a head, sorted by device and epoch.
    DaySigned {
        /// The business day.
        day: NaiveDate,
        /// The moment, or the whole day.
        activity: Option<ActivityId>,
        /// Hash of the day sheet.
        sheet: Hash,
        /// Last entry seen of each device.
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
}

/// All of an entry that is about a person. Frozen since layout 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payload {
    /// The child, where the entry is about one.
    pub about_child: Option<ChildId>,
    /// The lieu.
    pub centre: Option<CentreId>,
    /// Time of the fact; equal to `sealed_at` for a touch, other for paper and corrections.
    pub happened_at_ms: i64,
    /// Wall clock at sealing, right or wrong.
    pub sealed_at_ms: i64,
    /// CLOCK_BOOTTIME at sealing.
    pub boottime_ms: u64,
    /// Which boot that clock counts from.
    pub boot: BootId,
    /// The slot that the board showed.
    pub moment: Moment,
    /// Who acts.
    pub actor: Actor,
    /// For whom.
    pub on_behalf_of: Actor,
    /// In what capacity.
    pub capacity: Capacity,
    /// Mandate or delegation.
    pub authority_ref: String,
    /// Through what.
    pub channel: Channel,
    /// On what it rests.
    pub evidence: Evidence,
    /// The card that was shown.
    pub badge: Option<BadgeId>,
    /// What the device knew when it sealed.
    pub roster_version: u64,
    /// The entry that this one retracts or corrects.
    pub target: Option<EntryId>,
    /// Why, as a code; may be empty.
    pub reason: String,
    /// Free text is sealed by its hash only.
    pub notes: Vec<Hash>,
    /// By kind.
    pub detail: Detail,
}

impl Payload {
    /// The bytes whose salted hash the envelope carries.
    ///
    /// # Panics
    /// With more than [`NOTES_MAX`] notes or [`HEADS_MAX`] heads: the caller's defect.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        assert!(self.notes.len() <= NOTES_MAX, "an entry has at most {NOTES_MAX} notes");
        let mut out = Writer::default();
        out.u16(LAYOUT).id(or_nil(self.about_child.map(|i| i.0))).id(or_nil(self.centre.map(|i| i.0)));
        out.i64(self.happened_at_ms).i64(self.sealed_at_ms).u64(self.boottime_ms).id(self.boot.0);
        out.id(or_nil(self.moment.activity.map(|i| i.0))).text8(&self.moment.label);
        out.u8(self.actor.kind.code()).id(self.actor.id).u8(self.on_behalf_of.kind.code()).id(self.on_behalf_of.id);
        out.u8(self.capacity.code()).text8(&self.authority_ref).u8(self.channel.code());
        out.u8(self.evidence.code()).id(or_nil(self.badge.map(|i| i.0))).u64(self.roster_version);
        out.id(or_nil(self.target.map(|i| i.0))).text8(&self.reason);
        out.u8(u8::try_from(self.notes.len()).unwrap_or(0));
        for note in &self.notes {
            out.raw(note);
        }
        out.blob16(&self.detail.encode());
        out.finish()
    }

    /// Reads the payload of an entry of a known kind, strictly.
    ///
    /// # Errors
    /// What is wrong. A payload that this version can't read is kept as opaque bytes, never thrown away.
    pub fn decode(kind: &Kind, kind_version: u16, bytes: &[u8]) -> Result<Self, Malformed> {
        let mut from = Reader::new(bytes);
        let layout = from.u16()?;
        if layout != LAYOUT {
            return Err(Malformed::UnknownCode { field: "layout", value: u64::from(layout) });
        }
        if kind_version != 1 || matches!(kind, Kind::Unknown(_)) {
            return Err(Malformed::UnknownCode { field: "kind_version", value: u64::from(kind_version) });
        }
        let about_child = from.id::<ChildId>()?.non_nil();
        let centre = from.id::<CentreId>()?.non_nil();
        let (happened_at_ms, sealed_at_ms, boottime_ms, boot) = (from.i64()?, from.i64()?, from.u64()?, from.id()?);
        let moment = Moment { activity: from.id::<ActivityId>()?.non_nil(), label: from.text8()? };
        let actor = actor(&mut from)?;
        let on_behalf_of = self::actor(&mut from)?;
        let (capacity, authority_ref, channel) = (Capacity::from_code(from.u8()?)?, from.text8()?, Channel::from_code(from.u8()?)?);
        let (evidence, badge) = (Evidence::from_code(from.u8()?)?, from.id::<BadgeId>()?.non_nil());
        let (roster_version, target, reason) = (from.u64()?, from.id::<EntryId>()?.non_nil(), from.text8()?);
        let count = usize::from(from.u8()?);
        if count > NOTES_MAX {
            return Err(Malformed::NotAllowed("notes"));
        }
        let notes = (0..count).map(|_| from.array()).collect::<Result<_, _>>()?;
        let detail = Detail::decode(kind, from.blob16()?)?;
        from.finish()?;
        Ok(Self {
            about_child,
            centre,
            happened_at_ms,
            sealed_at_ms,
            boottime_ms,
            boot,
            moment,
            actor,
            on_behalf_of,
            capacity,
            authority_ref,
            channel,
            evidence,
            badge,
            roster_version,
            target,
            reason,
            notes,
            detail,
        })
    }
}

impl Detail {
    fn encode(&self) -> Vec<u8> {
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
                out.text8(kind.as_str()).u8(to.map_or(0, LeftTo::code)).id(or_nil(person.map(|p| p.0)));
            }
            Self::Meal { menu, served } => {
                out.text8(menu).u8(u8::from(*served));
            }
            Self::MovedGroup { group } => {
                out.id(group.0);
            }
            Self::DaySigned { day, activity, sheet, heads } => {
                assert!(heads.len() <= HEADS_MAX, "a signature tells of at most {HEADS_MAX} devices");
                out.i32(day_number(*day)).id(or_nil(activity.map(|a| a.0))).raw(sheet);
                out.u16(u16::try_from(heads.len()).unwrap_or(0));
                for head in heads {
                    out.id(head.device.0).u32(head.epoch).u64(head.seq).id(head.entry.0);
                }
            }
            Self::DayReopened { day, activity } => {
                out.i32(day_number(*day)).id(or_nil(activity.map(|a| a.0)));
            }
            Self::Clock { device, boot, boottime_ms, at_ms } => {
                out.id(device.0).id(boot.0).u64(*boottime_ms).i64(*at_ms);
            }
            Self::Epoch { previous, last_hash, cause } => {
                out.u32(*previous).raw(last_hash).text8(cause);
            }
        }
        out.finish()
    }

    fn decode(kind: &Kind, bytes: &[u8]) -> Result<Self, Malformed> {
        let mut from = Reader::new(bytes);
        let detail = match kind {
            Kind::Arrived | Kind::Retracted | Kind::Unknown(_) => Self::None,
            Kind::Left => Self::Left { to: LeftTo::from_code(from.u8()?)?, person: from.id::<PersonId>()?.non_nil() },
            Kind::Present => Self::RollCall { group: from.id::<GroupId>()?.non_nil(), call: from.id()? },
            Kind::AbsenceAnnounced | Kind::AbsenceNoted => Self::absence(&mut from)?,
            Kind::Corrected => Self::corrected(&mut from)?,
            Kind::Meal => Self::Meal {
                menu: from.text8()?,
                served: match from.u8()? {
                    0 => false,
                    1 => true,
                    value => return Err(Malformed::UnknownCode { field: "meal.served", value: u64::from(value) }),
                },
            },
            Kind::MovedGroup => Self::MovedGroup { group: from.id()? },
            Kind::DaySigned => Self::day_signed(&mut from)?,
            Kind::DayReopened => Self::DayReopened { day: day(&mut from)?, activity: from.id::<ActivityId>()?.non_nil() },
            Kind::ClockObserved => Self::Clock { device: from.id()?, boot: from.id()?, boottime_ms: from.u64()?, at_ms: from.i64()? },
            Kind::EpochOpened => Self::Epoch { previous: from.u32()?, last_hash: from.array()?, cause: from.text8()? },
        };
        from.finish()?;
        Ok(detail)
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
        Ok(Self::Corrected { kind, to, person: from.id::<PersonId>()?.non_nil() })
    }

    fn day_signed(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        let (day, activity, sheet) = (day(from)?, from.id::<ActivityId>()?.non_nil(), from.array()?);
        let count = usize::from(from.u16()?);
        if count > HEADS_MAX {
            return Err(Malformed::NotAllowed("day_signed.heads"));
        }
        let heads = (0..count)
            .map(|_| Ok(Head { device: from.id()?, epoch: from.u32()?, seq: from.u64()?, entry: from.id()? }))
            .collect::<Result<_, Malformed>>()?;
        Ok(Self::DaySigned { day, activity, sheet, heads })
    }
}

fn or_nil(id: Option<Uuid>) -> Uuid {
    id.unwrap_or(Uuid::nil())
}

fn actor(from: &mut Reader<'_>) -> Result<Actor, Malformed> {
    Ok(Actor { kind: ActorKind::from_code(from.u8()?)?, id: from.id()? })
}

/// 1 January 1970, in chrono's count of days.
const EPOCH_DAYS_CE: i32 = 719_163;

fn day_number(day: NaiveDate) -> i32 {
    day.num_days_from_ce() - EPOCH_DAYS_CE
}

fn day(from: &mut Reader<'_>) -> Result<NaiveDate, Malformed> {
    let number = from.i32()?;
    let day = number.checked_add(EPOCH_DAYS_CE).and_then(NaiveDate::from_num_days_from_ce_opt);
    day.ok_or(Malformed::NotAllowed("a day outside the calendar"))
}

/// A text as it will stand in a payload: at most [`TEXT_BYTES_MAX`] bytes, whole characters.
#[must_use]
pub(super) fn sealed_text(text: &str) -> String {
    cut(text, TEXT_BYTES_MAX).to_owned()
}
