//! The payload: all of an entry that is about a person. Known to the envelope
//! by its salted hash; deleted when a person is forgotten.
//!
//! Layout 1, frozen since format 1. `text8` is one byte of length, then UTF-8
//! without control characters; an id of zeroes stands for none; instants are
//! ms since 1970 UTC, until the end of 9999; counts fit 63 bits.
//!
//! | bytes | field |
//! |---|---|
//! | 2 | `layout` = 1 |
//! | 16 | `about_child` |
//! | 1 + 32 n | hashes of notes, at most 8 |
//! | 16 | `centre_id` |
//! | 8 | `happened_at`: time of the fact |
//! | 8 | `sealed_at`: wall clock at sealing |
//! | 8 + 16 | `boottime_ms`, `boot_id`: CLOCK_BOOTTIME, which goes on in sleep |
//! | 16, text8 | `moment`: activity, and its name as the person saw it |
//! | 1 + 16 | `actor`: kind and id (zeroes for nobody and for the product itself) |
//! | 1 + 16 | `on_behalf_of`: kind and id, likewise |
//! | 1, text8, 1 | `capacity`, `authority_ref`, `channel` |
//! | 1 + 16 | `evidence`, and the badge that was shown |
//! | 8 | `roster_version` |
//! | 16 | `target`: the entry that this one retracts or corrects |
//! | text8 | `reason`, a code |
//! | 2 + n | `detail`: length, then by kind (see [`Detail`]) |
//! | 1 + … | additions: how many, then 1 tag and 2 + n each, tags ascending |
//!
//! **The first three fields begin every layout there will ever be**, so that
//! an older version can check the notes, and forget the child, of an entry
//! that it can't read. **Additions** are how layout 1 grows: a reader skips the
//! tags that it doesn't know, so an addition never changes what the fields
//! before it mean (what does is a new `kind_version`).
//!
//! | tag | bytes | addition |
//! |---|---|---|
//! | 1 | 16 | `bound_for`: the lieu to which a child that `left` by a transfer is on its way |
//!
//! What a kind can't do without:
//!
//! | kind | fields that are not zeroes |
//! |---|---|
//! | `arrived`, `left`, `present`, `meal` | `about_child`, `centre_id` |
//! | `corrected` | `about_child`, `centre_id`, `target` |
//! | `absence_announced`, `absence_noted`, `moved_group`, `care_opened` | `about_child` |
//! | `evacuation_seen`, `outing_left`, `outing_counted`, `outing_back` | `about_child` where the detail counts a child, the same; else none |
//! | `retracted`, `decided` | `target`, and `about_child` where the target has one |
//! | `day_signed`, `day_reopened`, `staff_arrived`, `staff_left` | `centre_id` |
//! | `visitor_left` | `target` |
//! | `visitor_arrived` | none: its first note is the visitor's name |

use super::bytes::{Malformed, Reader, Writer};
use super::codes::{ActorKind, Capacity, Channel, Evidence};
use super::detail::{Detail, or_nil};
use super::envelope::Hash;
use super::kind::Kind;
use crate::id::{ActivityId, BadgeId, BootId, CentreId, ChildId, EntryId};
use uuid::Uuid;

const LAYOUT: u16 = 1;
/// The addition that says where a transfer goes.
const BOUND_FOR: u8 = 1;
/// Longest payload, in bytes: a `day_signed` with [`HEADS_MAX`](super::HEADS_MAX) heads fits. Holds for kinds and layouts to come, too.
pub const PAYLOAD_BYTES_MAX: usize = 16 * 1024;
/// Longest text in a payload, in bytes; longer ones are cut at sealing.
pub const TEXT_BYTES_MAX: usize = 255;
/// Most notes of one entry.
pub const NOTES_MAX: usize = 8;

/// Who acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Actor {
    /// What the id names.
    pub kind: ActorKind,
    /// Zeroes for nobody and for the product itself; elsewhere where it isn't known who.
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
    /// The lieu to which a child that left by a transfer is on its way.
    pub bound_for: Option<CentreId>,
}

impl Payload {
    /// Nothing yet: sealed at an instant, by nobody, about nobody, at the list of a tablet's door. Whoever seals says what it knows
    /// better.
    #[must_use]
    pub fn at(at_ms: i64) -> Self {
        Self {
            about_child: None,
            centre: None,
            happened_at_ms: at_ms,
            sealed_at_ms: at_ms,
            boottime_ms: 0,
            boot: BootId::NIL,
            moment: Moment::default(),
            actor: Actor::NOBODY,
            on_behalf_of: Actor::NOBODY,
            capacity: Capacity::Own,
            authority_ref: String::new(),
            channel: Channel::Tablet,
            evidence: Evidence::List,
            badge: None,
            roster_version: 0,
            target: None,
            reason: String::new(),
            notes: Vec::new(),
            detail: Detail::None,
            bound_for: None,
        }
    }

    /// The bytes whose salted hash the envelope carries.
    ///
    /// # Panics
    /// With more than [`NOTES_MAX`] notes or [`HEADS_MAX`] heads: the caller's defect.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        assert!(self.notes.len() <= NOTES_MAX, "an entry has at most {NOTES_MAX} notes");
        let mut out = Writer::default();
        out.u16(LAYOUT).id(or_nil(self.about_child.map(|i| i.0)));
        out.u8(u8::try_from(self.notes.len()).unwrap_or(0));
        for note in &self.notes {
            out.raw(note);
        }
        out.id(or_nil(self.centre.map(|i| i.0)));
        out.instant(self.happened_at_ms).instant(self.sealed_at_ms).count63(self.boottime_ms).id(self.boot.0);
        out.id(or_nil(self.moment.activity.map(|i| i.0))).text8(&self.moment.label);
        for actor in [self.actor, self.on_behalf_of] {
            out.u8(actor.kind.code()).id(if actor.kind.has_id() { actor.id } else { Uuid::nil() });
        }
        out.u8(self.capacity.code()).text8(&self.authority_ref).u8(self.channel.code());
        out.u8(self.evidence.code()).id(or_nil(self.badge.map(|i| i.0))).count63(self.roster_version);
        out.id(or_nil(self.target.map(|i| i.0))).text8(&self.reason);
        out.blob16(&self.detail.encode());
        match self.bound_for {
            Some(centre) => out.u8(1).u8(BOUND_FOR).blob16(centre.0.as_bytes()),
            None => out.u8(0),
        };
        out.finish()
    }

    /// Reads the payload of an entry of a known kind, strictly.
    ///
    /// # Errors
    /// What is wrong. A payload that this version can't read is kept as opaque bytes, never thrown away.
    pub fn decode(kind: &Kind, kind_version: u16, bytes: &[u8]) -> Result<Self, Malformed> {
        let mut from = Reader::new(bytes);
        let (layout, prefix) = prefix(&mut from, bytes)?;
        if layout != LAYOUT {
            return Err(Malformed::UnknownCode { field: "layout", value: u64::from(layout) });
        }
        if kind_version != 1 || matches!(kind, Kind::Unknown(_)) {
            return Err(Malformed::UnknownCode { field: "kind_version", value: u64::from(kind_version) });
        }
        let Prefix { about_child, notes } = prefix;
        let centre = from.id::<CentreId>()?.non_nil();
        let (happened_at_ms, sealed_at_ms, boottime_ms, boot) = (from.instant()?, from.instant()?, from.count63()?, from.id()?);
        let moment = Moment { activity: from.id::<ActivityId>()?.non_nil(), label: from.text8()? };
        let actor = actor(&mut from)?;
        let on_behalf_of = self::actor(&mut from)?;
        let (capacity, authority_ref, channel) = (Capacity::from_code(from.u8()?)?, from.text8()?, Channel::from_code(from.u8()?)?);
        let (evidence, badge) = (Evidence::from_code(from.u8()?)?, from.id::<BadgeId>()?.non_nil());
        let (roster_version, target, reason) = (from.count63()?, from.id::<EntryId>()?.non_nil(), from.text8()?);
        let detail = Detail::decode(kind, from.blob16()?)?;
        let bound_for = bound_for(&mut from)?;
        from.finish()?;
        let read = Self {
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
            bound_for,
        };
        read.needs(kind)?;
        Ok(read)
    }

    /// Reads what begins every layout, whatever the kind.
    ///
    /// # Errors
    /// What is wrong.
    pub fn prefix(bytes: &[u8]) -> Result<Prefix, Malformed> {
        prefix(&mut Reader::new(bytes), bytes).map(|(_, prefix)| prefix)
    }

    /// Whether all is there that a kind can't do without: a presence of nobody, or nowhere, would stand on no sheet.
    fn needs(&self, kind: &Kind) -> Result<(), Malformed> {
        let child = matches!(
            kind,
            Kind::Arrived
                | Kind::Left
                | Kind::Present
                | Kind::Meal
                | Kind::Corrected
                | Kind::AbsenceAnnounced
                | Kind::AbsenceNoted
                | Kind::MovedGroup
                | Kind::CareOpened
        );
        let centre = matches!(
            kind,
            Kind::Arrived
                | Kind::Left
                | Kind::Present
                | Kind::Meal
                | Kind::Corrected
                | Kind::DaySigned
                | Kind::DayReopened
                | Kind::StaffArrived
                | Kind::StaffLeft
        );
        let target = matches!(kind, Kind::Corrected | Kind::Retracted | Kind::Decided | Kind::VisitorLeft);
        match self {
            _ if child && self.about_child.is_none() => Err(Malformed::NotAllowed("no child")),
            _ if centre && self.centre.is_none() => Err(Malformed::NotAllowed("no centre")),
            _ if target && self.target.is_none() => Err(Malformed::NotAllowed("no target")),
            // Who is forgotten is found by this field: a child that is counted must stand in it, and nobody else.
            _ if self.bound_for.is_some() && *kind != Kind::Left => Err(Malformed::NotAllowed("bound_for")),
            _ if self.detail.someone().is_some_and(|who| who.child() != self.about_child) => Err(Malformed::NotAllowed("about_child")),
            _ => Ok(()),
        }
    }
}

/// What begins every layout, so that notes are checked and a child is forgotten even where the rest can't be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prefix {
    /// The child, where the entry is about one.
    pub about_child: Option<ChildId>,
    /// Hashes of notes.
    pub notes: Vec<Hash>,
}

fn prefix(from: &mut Reader<'_>, bytes: &[u8]) -> Result<(u16, Prefix), Malformed> {
    if let Some(more) = bytes.len().checked_sub(PAYLOAD_BYTES_MAX).filter(|more| *more > 0) {
        return Err(Malformed::TooLong(more));
    }
    let layout = from.u16()?;
    if layout == 0 {
        return Err(Malformed::UnknownCode { field: "layout", value: 0 });
    }
    let about_child = from.id::<ChildId>()?.non_nil();
    let count = usize::from(from.u8()?);
    if count > NOTES_MAX {
        return Err(Malformed::NotAllowed("notes"));
    }
    let notes = (0..count).map(|_| from.array()).collect::<Result<_, _>>()?;
    Ok((layout, Prefix { about_child, notes }))
}

/// Reads the additions, and skips those of a later version.
fn bound_for(from: &mut Reader<'_>) -> Result<Option<CentreId>, Malformed> {
    let (mut before, mut bound_for) = (None, None);
    for _ in 0..from.u8()? {
        let tag = from.u8()?;
        if before.is_some_and(|before| tag <= before) {
            return Err(Malformed::NotAllowed("additions out of order"));
        }
        before = Some(tag);
        let said = from.blob16()?;
        if tag == BOUND_FOR {
            let id = Uuid::from_slice(said).ok().filter(|id| !id.is_nil());
            bound_for = Some(CentreId(id.ok_or(Malformed::NotAllowed("bound_for"))?));
        }
    }
    Ok(bound_for)
}

fn actor(from: &mut Reader<'_>) -> Result<Actor, Malformed> {
    let actor = Actor { kind: ActorKind::from_code(from.u8()?)?, id: from.id()? };
    if !actor.kind.has_id() && !actor.id.is_nil() {
        return Err(Malformed::NotAllowed("an id of nobody"));
    }
    Ok(actor)
}
