//! The fold: one pure reading of a *set* of entries, the same on the tablet
//! and on the server, whatever order they arrive in.
//!
//! 1. Effective time of a touch: by the nearest clock observation of the same
//!    boot (after, else before), else the time it claims; within a device and
//!    epoch it never goes back. Paper, imports and corrections keep theirs. An
//!    observation within 30 seconds of the claim changes nothing: what the
//!    person saw at the door stands.
//! 2. Order: effective time, device, epoch, number, entry id.
//! 3. A retracted entry counts for nothing; a retraction is not retracted. Of
//!    several corrections of one target the one sealed last holds, whatever
//!    time it gives to the fact: the order of corrections, and of signatures,
//!    is that of their sealing. Corrections and retractions point to the fact
//!    itself, at the same site; a correction of a correction says nothing.
//! 4. *Arrived* opens a presence if none is open at the site, else it is a
//!    repeat; *left* closes it, else it is a departure without arrival. A
//!    presence ends with its business day.
//! 5. Present at two sites at once: both stand, and the day says so.
//! 6. The team and visitors by the same rules, beside the children ([`Team`]).
//! 7. A roll call of a whole site, and an outing, say nothing of presences: they are read beside them ([`Evacuation`], [`Outing`]).
//!
//! One thing is read more closely than the rule's first sentence: where a
//! device's clock was wrong for a while without being observed, its times are
//! held between the observed ones around them, so that one touch sealed in
//! "2038" doesn't push a whole week there. And where a chain forks (a tablet
//! put back to an older image, or running twice), time doesn't go back along
//! each branch; one branch says nothing about the other's.
//!
//! It is a set: the same entry twice counts once, and a copy that can be read
//! stands for one that was erased.

mod day;
mod evacuation;
mod outing;
mod team;
mod time;

pub use day::{Absence, ChildDay, Departure, Flag, Mark, MealMark, Presence, RollCallMark};
pub use evacuation::{Ended, Evacuation, JOIN_MS};
pub use outing::{Away, Outing, OutingCount};
pub use team::{StaffDay, Stay, Team, Visit};
pub use time::{CLOCK_FLAG_MS, CLOCK_NOISE_MS, CLOCK_PROBLEM_MS, effective_times};

use crate::calendar::{business_day, instant_from_ms};
use crate::id::{ActivityId, CentreId, ChildId, EntryId, SiteId};
use crate::journal::{Actor, Detail, Envelope, Hash, KEPT, Kind, Malformed, Payload, Sealed};
use chrono::NaiveDate;
use std::collections::{BTreeMap, HashMap, HashSet};

/// Longest absence that one entry spreads over, in days.
pub const ABSENCE_DAYS_MAX: i64 = 400;

/// An entry as the fold reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// The signed part.
    pub envelope: Envelope,
    /// What it says; `None` once erased, or where this version can't read it.
    pub payload: Option<Payload>,
    /// Whether a payload stands there that this version can't read.
    pub opaque: bool,
}

impl Fact {
    /// Reads a sealed entry. Signatures are checked where an entry comes in, not here.
    ///
    /// # Errors
    /// If the envelope's bytes are none.
    pub fn read(sealed: &Sealed) -> Result<Self, Malformed> {
        Self::from_parts(&sealed.envelope, sealed.private.as_ref().map(|p| p.payload.as_slice()))
    }

    /// Reads an entry from its stored bytes.
    ///
    /// # Errors
    /// If the envelope's bytes are none.
    pub fn from_parts(envelope: &[u8], payload: Option<&[u8]>) -> Result<Self, Malformed> {
        let envelope = Envelope::decode(envelope)?;
        let read = payload.map(|bytes| Payload::decode(&envelope.kind, envelope.kind_version, bytes));
        let opaque = matches!(read, Some(Err(_)));
        Ok(Self { envelope, payload: read.and_then(Result::ok), opaque })
    }
}

/// Who a day sheet is signed by, or reopened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    /// The entry.
    pub entry: EntryId,
    /// The moment signed or reopened; `None` is the whole day. Which sheet the hash is of.
    pub activity: Option<ActivityId>,
    /// Effective time of sealing, ms since 1970 UTC.
    pub at_ms: i64,
    /// Who.
    pub actor: Actor,
    /// Hash of the sheet that was signed; `None` where the day was reopened.
    pub sheet: Option<Hash>,
    /// Why, for a reopening.
    pub reason: String,
}

/// A lieu, a business day, and the moment signed (`None`: the whole day).
pub type SignedDay = (CentreId, NaiveDate, Option<ActivityId>);

/// What a set of entries says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Attendance {
    /// By business day and child.
    pub days: BTreeMap<(NaiveDate, ChildId), ChildDay>,
    /// Signatures and reopenings in order; the last one holds.
    pub signatures: BTreeMap<SignedDay, Vec<Signature>>,
    /// Who of the staff was there, and which visitors.
    pub team: Team,
    /// Roll calls of a whole site, in order of their start.
    pub evacuations: Vec<Evacuation>,
    /// Outings, in order of their departure.
    pub outings: Vec<Outing>,
    /// Entries whose payload was erased.
    pub erased: usize,
    /// Entries that this version can't read.
    pub opaque: usize,
}

impl Attendance {
    /// The signature that holds for a lieu and day, if it is signed. For a moment, the last word on it or on the whole day:
    /// a day opened again opens its moments, and a moment opened again is open though the day was signed before.
    #[must_use]
    pub fn signed(&self, centre: CentreId, day: NaiveDate, activity: Option<ActivityId>) -> Option<&Signature> {
        let last = |key| self.signatures.get(&key).and_then(|all| all.last());
        let words = [last((centre, day, None)), activity.and_then(|a| last((centre, day, Some(a))))];
        words.into_iter().flatten().max_by_key(|s| (s.at_ms, s.entry)).filter(|s| s.sheet.is_some())
    }
}

/// A fact that can be read, and when it was sealed.
#[derive(Clone, Copy)]
struct Read<'a> {
    sealed_ms: i64,
    fact: &'a Fact,
    payload: &'a Payload,
}

impl Read<'_> {
    fn id(&self) -> EntryId {
        self.fact.envelope.entry_id
    }
}

/// Reads a set of entries. Doubles (same id, same bytes) count once.
#[must_use]
pub fn fold(facts: &[Fact]) -> Attendance {
    let mut out = Attendance::default();
    let set = as_set(facts);
    let sealed = time::sealing_times(&set);
    let mut ordered: Vec<Read<'_>> = Vec::with_capacity(set.len());
    for &fact in &set {
        match &fact.payload {
            None if fact.opaque => out.opaque += 1,
            None => out.erased += 1,
            Some(payload) => {
                let sealed_ms = sealed.get(&fact.envelope.entry_id).copied().unwrap_or(payload.sealed_at_ms);
                ordered.push(Read { sealed_ms, fact, payload });
            }
        }
    }
    ordered.sort_by_key(|read| (read.sealed_ms, read.fact.envelope.place, read.id()));

    let pointers = pointers(&set, &ordered);
    let retracted = retracted(&ordered, &pointers);
    let corrections = corrections(&ordered, &pointers, &retracted);
    let kept = kept(&ordered, &pointers);
    let mut touches: Vec<day::Touch> = Vec::with_capacity(ordered.len());
    let mut of_team: Vec<team::TeamTouch> = Vec::new();
    let (mut evacuations, mut outings) = (evacuation::Heard::default(), outing::Heard::default());
    for &read in ordered.iter().filter(|read| !retracted.contains(&read.id())) {
        match &read.payload.detail {
            Detail::DaySigned { day, activity, sheet, .. } => sign(&mut out, read, *day, *activity, Some(*sheet)),
            Detail::DayReopened { day, activity } => sign(&mut out, read, *day, *activity, None),
            _ => {
                of_team.extend(team::TeamTouch::of(read, pointers.get(&read.id()).copied()));
                let at_ms = time::effective_time(&read.fact.envelope.kind, read.payload, read.sealed_ms);
                let set_apart = kept.contains(&read.id());
                let mark = || Mark::of(at_ms, read.fact, read.payload, None);
                evacuations.take(&read.fact.envelope.kind, &read.payload.detail, &read.payload.reason, mark);
                outings.take(&read.payload.detail, mark);
                touches.extend(day::Touch::of(at_ms, read.fact, read.payload, corrections.get(&read.id()), set_apart));
            }
        }
    }
    out.team = team::team(of_team);
    touches.sort_by_key(day::Touch::order);
    for touch in touches {
        place(&mut out.days, touch);
    }
    for child_day in out.days.values_mut() {
        child_day.finish();
    }
    (out.evacuations, out.outings) = (evacuations.gather(), outings.gather());
    out
}

/// Each entry once, whatever copies there are: one that can be read before one that can't, and that before an erased one.
fn as_set(facts: &[Fact]) -> Vec<&Fact> {
    // The rest of the key only decides between entries that share an id against the rule, so that any order gives one answer.
    let rank = |f: &Fact| (f.payload.is_none(), !f.opaque, f.envelope.place, f.envelope.payload_hash, f.envelope.prev_hash);
    let mut set: HashMap<EntryId, &Fact> = HashMap::with_capacity(facts.len());
    for fact in facts {
        set.entry(fact.envelope.entry_id).and_modify(|held| *held = if rank(fact) < rank(held) { fact } else { *held }).or_insert(fact);
    }
    set.into_values().collect()
}

fn sign(out: &mut Attendance, read: Read<'_>, day: NaiveDate, activity: Option<ActivityId>, sheet: Option<Hash>) {
    let Some(centre) = read.payload.centre else { return };
    let (actor, reason) = (read.payload.actor, read.payload.reason.clone());
    let signature = Signature { entry: read.id(), activity, at_ms: read.sealed_ms, actor, sheet, reason };
    out.signatures.entry((centre, day, activity)).or_default().push(signature);
}

/// What each retraction, correction, decision and departure of a visitor points to, where it points to an entry of its own site.
fn pointers(set: &[&Fact], ordered: &[Read<'_>]) -> HashMap<EntryId, EntryId> {
    let sites: HashMap<EntryId, SiteId> = set.iter().map(|f| (f.envelope.entry_id, f.envelope.site)).collect();
    ordered
        .iter()
        .filter(|read| matches!(read.fact.envelope.kind, Kind::Retracted | Kind::Corrected | Kind::Decided | Kind::VisitorLeft))
        .filter_map(|read| Some((read, read.payload.target?)))
        .filter(|(read, target)| sites.get(target) == Some(&read.fact.envelope.site))
        .map(|(read, target)| (read.id(), target))
        .collect()
}

/// Ids of entries that count for nothing. All retractions count, retracted or not: one of a retraction says nothing.
fn retracted(ordered: &[Read<'_>], pointers: &HashMap<EntryId, EntryId>) -> HashSet<EntryId> {
    let retractions = ordered.iter().filter(|read| read.fact.envelope.kind == Kind::Retracted);
    retractions.filter_map(|read| pointers.get(&read.id())).copied().collect()
}

/// Entries that had been set apart and that a person keeps. What is discarded is in no journal.
fn kept(ordered: &[Read<'_>], pointers: &HashMap<EntryId, EntryId>) -> HashSet<EntryId> {
    let decisions = ordered.iter().filter(|read| read.fact.envelope.kind == Kind::Decided && read.payload.reason == KEPT);
    decisions.filter_map(|read| pointers.get(&read.id())).copied().collect()
}

/// The correction that holds for each target: the last sealed; with a flag where different actors disagree.
fn corrections<'a>(
    ordered: &[Read<'a>],
    pointers: &HashMap<EntryId, EntryId>,
    retracted: &HashSet<EntryId>,
) -> HashMap<EntryId, day::Correction<'a>> {
    let mut holding: HashMap<EntryId, day::Correction<'a>> = HashMap::new();
    let corrections = ordered.iter().filter(|read| read.fact.envelope.kind == Kind::Corrected && !retracted.contains(&read.id()));
    for read in corrections {
        let Some(&target) = pointers.get(&read.id()) else { continue };
        let conflict = holding.get(&target).is_some_and(|before| before.conflict || before.payload.actor != read.payload.actor);
        holding.insert(target, day::Correction { entry: read.id(), payload: read.payload, conflict });
    }
    holding
}

fn place(days: &mut BTreeMap<(NaiveDate, ChildId), ChildDay>, touch: day::Touch) {
    let Some(child) = touch.child else { return };
    if let day::TouchKind::Absence { from, to, code } = &touch.kind {
        let last = (*to).min(from.checked_add_signed(chrono::TimeDelta::days(ABSENCE_DAYS_MAX - 1)).unwrap_or(*to));
        for day in from.iter_days().take_while(|d| *d <= last) {
            let absence = Absence { mark: touch.mark.clone(), from: *from, to: *to, code: code.clone(), noted: touch.noted };
            days.entry((day, child)).or_default().absences.push(absence);
        }
        return;
    }
    let day = business_day(instant_from_ms(touch.mark.at_ms));
    days.entry((day, child)).or_default().apply(touch);
}
