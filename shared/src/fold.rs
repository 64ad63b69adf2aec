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
//!    several corrections of one target the last in order holds.
//! 4. *Arrived* opens a presence if none is open at the site, else it is a
//!    repeat; *left* closes it, else it is a departure without arrival. A
//!    presence ends with its business day.
//! 5. Present at two sites at once: both stand, and the day says so.
//!
//! One thing is read more closely than the rule's first sentence: where a
//! device's clock was wrong for a while without being observed, its times are
//! held between the observed ones around them, so that one touch sealed in
//! "2038" doesn't push a whole week there.

mod day;
mod time;

pub use day::{Absence, ChildDay, Departure, Flag, Mark, MealMark, Presence, RollCallMark};
pub use time::{CLOCK_FLAG_MS, CLOCK_NOISE_MS, CLOCK_PROBLEM_MS, effective_times};

use crate::calendar::{business_day, instant_from_ms};
use crate::id::{ActivityId, CentreId, ChildId, EntryId};
use crate::journal::{Actor, Detail, Envelope, Hash, Kind, Malformed, Payload, Sealed};
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
    /// Effective time, ms since 1970 UTC.
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
    /// Entries whose payload was erased.
    pub erased: usize,
    /// Entries that this version can't read.
    pub opaque: usize,
}

impl Attendance {
    /// The signature that holds for a lieu and day, whole day first, if it is signed.
    #[must_use]
    pub fn signed(&self, centre: CentreId, day: NaiveDate, activity: Option<ActivityId>) -> Option<&Signature> {
        let last = |key| self.signatures.get(&key).and_then(|all| all.last()).filter(|s| s.sheet.is_some());
        last((centre, day, None)).or_else(|| activity.and_then(|a| last((centre, day, Some(a)))))
    }
}

/// Reads a set of entries. Doubles (same id, same bytes) count once.
#[must_use]
pub fn fold(facts: &[Fact]) -> Attendance {
    let mut out = Attendance::default();
    let times = effective_times(facts);
    let mut seen: HashSet<EntryId> = HashSet::with_capacity(facts.len());
    let mut ordered: Vec<(i64, &Fact, &Payload)> = Vec::with_capacity(facts.len());
    for fact in facts.iter().filter(|f| seen.insert(f.envelope.entry_id)) {
        match &fact.payload {
            None if fact.opaque => out.opaque += 1,
            None => out.erased += 1,
            Some(payload) => {
                let at_ms = times.get(&fact.envelope.entry_id).copied().unwrap_or(payload.happened_at_ms);
                ordered.push((at_ms, fact, payload));
            }
        }
    }
    ordered.sort_by_key(|(at_ms, fact, _)| (*at_ms, fact.envelope.place, fact.envelope.entry_id));

    let retracted = retracted(&ordered);
    let corrections = corrections(&ordered, &retracted);
    let mut touches: Vec<day::Touch> = Vec::with_capacity(ordered.len());
    for &(at_ms, fact, payload) in ordered.iter().filter(|(_, f, _)| !retracted.contains(&f.envelope.entry_id)) {
        match &payload.detail {
            Detail::DaySigned { day, activity, sheet, .. } => {
                sign(&mut out, fact, payload, at_ms, (*day, *activity), Some(*sheet));
            }
            Detail::DayReopened { day, activity } => sign(&mut out, fact, payload, at_ms, (*day, *activity), None),
            _ => touches.extend(day::Touch::of(at_ms, fact, payload, corrections.get(&fact.envelope.entry_id))),
        }
    }
    // A correction may have moved a touch: order once more, by the time that holds.
    touches.sort_by_key(day::Touch::order);
    for touch in touches {
        place(&mut out.days, touch);
    }
    for child_day in out.days.values_mut() {
        child_day.finish();
    }
    out
}

fn sign(
    out: &mut Attendance,
    fact: &Fact,
    payload: &Payload,
    at_ms: i64,
    (day, activity): (NaiveDate, Option<ActivityId>),
    sheet: Option<Hash>,
) {
    let Some(centre) = payload.centre else { return };
    let signature = Signature { entry: fact.envelope.entry_id, at_ms, actor: payload.actor, sheet, reason: payload.reason.clone() };
    out.signatures.entry((centre, day, activity)).or_default().push(signature);
}

/// Ids of entries that count for nothing. A retraction of a retraction says nothing.
fn retracted(ordered: &[(i64, &Fact, &Payload)]) -> HashSet<EntryId> {
    let retractions: HashMap<EntryId, EntryId> = ordered
        .iter()
        .filter(|(_, fact, _)| fact.envelope.kind == Kind::Retracted)
        .filter_map(|(_, fact, payload)| payload.target.map(|target| (fact.envelope.entry_id, target)))
        .collect();
    retractions.values().filter(|target| !retractions.contains_key(target)).copied().collect()
}

/// The correction that holds for each target: the last in order; with a flag where different actors disagree.
fn corrections<'a>(ordered: &[(i64, &'a Fact, &'a Payload)], retracted: &HashSet<EntryId>) -> HashMap<EntryId, day::Correction<'a>> {
    let mut holding: HashMap<EntryId, day::Correction<'a>> = HashMap::new();
    for &(_, fact, payload) in ordered {
        let (Kind::Corrected, Some(target)) = (&fact.envelope.kind, payload.target) else { continue };
        if retracted.contains(&fact.envelope.entry_id) {
            continue;
        }
        let conflict = holding.get(&target).is_some_and(|before| before.conflict || before.payload.actor != payload.actor);
        holding.insert(target, day::Correction { entry: fact.envelope.entry_id, payload, conflict });
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
