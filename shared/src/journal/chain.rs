//! Verifying: anyone with the public keys can check a year of a site, erased
//! persons included.
//!
//! 1. Each entry by itself: a strict envelope, a known device, its strict
//!    signature, a private part (where it isn't erased) that is what was
//!    sealed. `epoch_opened` stands first in each epoch but the first, and
//!    nowhere else; it names an earlier epoch and the hash that the envelope
//!    carries as `prev_hash`.
//! 2. One id, one envelope. The same envelope twice is one entry, erased only
//!    if each copy is.
//! 3. Each entry follows one at the place before; number 1 of epoch 1 follows
//!    nothing (zeroes); number 1 of a later epoch follows an entry of an
//!    earlier one, or nothing where all was lost.
//!
//! Two entries at one place are a fork: evidence, not a break. An entry that a
//! signed day has seen and that isn't there is told, not a break either: it may
//! be on its way; if it stays away, somebody cut the end of a chain.
//! The answer is the same in whatever order the entries come.

use super::detail::{Detail, Head};
use super::envelope::{Envelope, Hash, Place, hash_of};
use super::kind::Kind;
use super::payload::Payload;
use super::sealing::{Private, VerifyingKey, check_signature};
use crate::id::{DeviceId, EntryId};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// An entry as a database or an export holds it.
#[derive(Debug, Clone, Copy)]
pub struct StoredEntry<'a> {
    /// Envelope bytes, untouched since sealing.
    pub envelope: &'a [u8],
    /// Its signature.
    pub signature: &'a [u8; 64],
    /// What can be erased; `None` once erased.
    pub private: Option<&'a Private>,
}

/// The first thing that doesn't hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Break {
    /// Where, as far as it is known.
    pub place: Option<Place>,
    /// Which entry, as far as it is known.
    pub entry: Option<EntryId>,
    /// What.
    pub kind: BreakKind,
}

/// What doesn't hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum BreakKind {
    /// The bytes are no envelope.
    Malformed,
    /// No key is known for the device.
    UnknownDevice,
    /// The signature isn't the device's.
    Signature,
    /// The payload or a note isn't what was sealed.
    Payload,
    /// Two different entries carry one id.
    SameId,
    /// Entries are missing before this one.
    Hole,
    /// The entry before isn't the one that this one was sealed after, or an epoch isn't opened as it must be.
    Link,
}

/// What a verification found.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Report {
    /// Devices seen.
    pub devices: usize,
    /// Entries that hold.
    pub entries: usize,
    /// Of them, those whose payload was erased.
    pub erased: usize,
    /// Of them, those that this version can't read.
    pub opaque: usize,
    /// Places that hold more than one entry: evidence of a copied tablet, not a break.
    pub forks: Vec<Place>,
    /// Entries that a signed day has seen and that aren't there: on their way, or cut off.
    pub unseen: Vec<Head>,
    /// The first break in order of device, epoch and number; `None` if all holds.
    pub first_break: Option<Break>,
}

impl Report {
    /// Whether everything holds.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.first_break.is_none()
    }
}

/// Checks every signature, hash and link of a set of entries, in any order.
///
/// All devices must be there from their first entry: a missing one is a hole.
#[must_use]
pub fn verify<'a>(entries: impl IntoIterator<Item = StoredEntry<'a>>, keys: &HashMap<DeviceId, VerifyingKey>) -> Report {
    let mut breaks: Vec<Break> = Vec::new();
    let mut alone: Vec<Alone> = Vec::new();
    for stored in entries {
        match check_alone(stored, keys) {
            Err(found) => breaks.push(found),
            Ok(good) => alone.push(good),
        }
    }
    // Of copies, the one that isn't erased comes first and stands for all.
    alone.sort_by_key(|a| (a.envelope.place, a.hash, a.erased));
    alone.dedup_by_key(|a| a.hash);

    let mut report = Report::default();
    let mut ids: HashMap<EntryId, Hash> = HashMap::with_capacity(alone.len());
    // By place, every envelope that stands there with its hash: a fork has several.
    let mut places: BTreeMap<Place, Vec<(Hash, Envelope)>> = BTreeMap::new();
    let mut heads: BTreeSet<Head> = BTreeSet::new();
    for Alone { envelope, hash, erased, opaque, heads: seen } in alone {
        if ids.insert(envelope.entry_id, hash).is_some() {
            breaks.push(Break { place: Some(envelope.place), entry: Some(envelope.entry_id), kind: BreakKind::SameId });
            continue;
        }
        report.entries += 1;
        report.erased += usize::from(erased);
        report.opaque += usize::from(opaque);
        heads.extend(seen);
        places.entry(envelope.place).or_default().push((hash, envelope));
    }
    report.unseen = heads.into_iter().filter(|head| !ids.contains_key(&head.entry)).collect();
    report.forks = places.iter().filter(|(_, here)| here.len() > 1).map(|(place, _)| *place).collect();
    report.devices = places.keys().map(|p| p.device).collect::<BTreeSet<_>>().len();
    check_links(&places, &mut breaks);
    breaks.sort_by_key(|b| (b.place, b.kind, b.entry));
    report.first_break = breaks.into_iter().next();
    report
}

/// An entry that holds by itself.
struct Alone {
    envelope: Envelope,
    hash: Hash,
    erased: bool,
    opaque: bool,
    heads: Vec<Head>,
}

/// What can be said of one entry without the others.
fn check_alone(stored: StoredEntry<'_>, keys: &HashMap<DeviceId, VerifyingKey>) -> Result<Alone, Break> {
    let envelope = Envelope::decode(stored.envelope).map_err(|_| Break { place: None, entry: None, kind: BreakKind::Malformed })?;
    let broken = |kind| Break { place: Some(envelope.place), entry: Some(envelope.entry_id), kind };
    let key = keys.get(&envelope.place.device).ok_or_else(|| broken(BreakKind::UnknownDevice))?;
    if !check_signature(stored.envelope, stored.signature, key) {
        return Err(broken(BreakKind::Signature));
    }
    let opens = envelope.kind == Kind::EpochOpened;
    if opens != (envelope.place.seq == 1 && envelope.place.epoch > 1) {
        return Err(broken(BreakKind::Link));
    }
    let mut opaque = matches!(envelope.kind, Kind::Unknown(_));
    let mut heads = Vec::new();
    if let Some(private) = stored.private {
        if !private.belongs_to(&envelope) {
            return Err(broken(BreakKind::Payload));
        }
        match Payload::decode(&envelope.kind, envelope.kind_version, &private.payload).map(|payload| payload.detail) {
            Err(_) => opaque = true,
            Ok(Detail::Epoch { previous, last_hash, .. }) if previous >= envelope.place.epoch || last_hash != envelope.prev_hash => {
                return Err(broken(BreakKind::Link));
            }
            Ok(Detail::DaySigned { heads: seen, .. }) => heads = seen,
            Ok(_) => {}
        }
    }
    Ok(Alone { erased: stored.private.is_none(), opaque, heads, hash: hash_of(stored.envelope), envelope })
}

/// Whether each entry was sealed after one that stands at the place before.
fn check_links(places: &BTreeMap<Place, Vec<(Hash, Envelope)>>, breaks: &mut Vec<Break>) {
    for (place, here) in places {
        // What an entry without a predecessor there lacks: the entry, or the right one.
        let mut missing = BreakKind::Link;
        let before: Vec<Hash> = if place.seq > 1 {
            let before = Place { seq: place.seq - 1, ..*place };
            places.get(&before).map_or_else(Vec::new, |b| b.iter().map(|(hash, _)| *hash).collect())
        } else if place.epoch > 1 {
            missing = BreakKind::Hole;
            let first = Place { epoch: 1, seq: 0, ..*place };
            places.range(first..*place).flat_map(|(_, b)| b.iter().map(|(hash, _)| *hash)).chain([[0; 32]]).collect()
        } else {
            vec![[0; 32]]
        };
        if before.is_empty() {
            missing = BreakKind::Hole;
        }
        for (_, envelope) in here.iter().filter(|(_, envelope)| !before.contains(&envelope.prev_hash)) {
            breaks.push(Break { place: Some(*place), entry: Some(envelope.entry_id), kind: missing });
        }
    }
}
