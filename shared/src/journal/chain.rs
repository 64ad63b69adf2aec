//! Verifying: anyone with the public keys can check a year of a site, erased
//! persons included.

use super::envelope::{Envelope, Hash, Place, hash_of};
use super::kind::Kind;
use super::payload::Payload;
use super::sealing::{Private, VerifyingKey, check_signature};
use crate::id::{DeviceId, EntryId};
use serde::Serialize;
use std::collections::{BTreeMap, HashMap};

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
    /// The entry before isn't the one that this one was sealed after.
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
    let mut report = Report::default();
    let mut breaks: Vec<Break> = Vec::new();
    let mut ids: HashMap<EntryId, Hash> = HashMap::new();
    // By place, every envelope that stands there with its hash: a fork has several.
    let mut places: BTreeMap<Place, Vec<(Hash, Envelope)>> = BTreeMap::new();
    for stored in entries {
        match check_alone(stored, keys, &mut ids) {
            Err(found) => breaks.push(found),
            Ok(Alone::Again) => {}
            Ok(Alone::Good { envelope, hash, erased, opaque }) => {
                report.entries += 1;
                report.erased += usize::from(erased);
                report.opaque += usize::from(opaque);
                places.entry(envelope.place).or_default().push((hash, envelope));
            }
        }
    }
    report.forks = places.iter().filter(|(_, here)| here.len() > 1).map(|(place, _)| *place).collect();
    let mut devices: Vec<DeviceId> = places.keys().map(|p| p.device).collect();
    devices.dedup();
    report.devices = devices.len();
    check_links(&places, &mut breaks);
    breaks.sort_by_key(|b| (b.place, b.kind));
    report.first_break = breaks.into_iter().next();
    report
}

enum Alone {
    Good { envelope: Envelope, hash: Hash, erased: bool, opaque: bool },
    Again,
}

/// What can be said of one entry without the others.
fn check_alone(stored: StoredEntry<'_>, keys: &HashMap<DeviceId, VerifyingKey>, ids: &mut HashMap<EntryId, Hash>) -> Result<Alone, Break> {
    let envelope = Envelope::decode(stored.envelope).map_err(|_| Break { place: None, entry: None, kind: BreakKind::Malformed })?;
    let broken = |kind| Break { place: Some(envelope.place), entry: Some(envelope.entry_id), kind };
    let key = keys.get(&envelope.place.device).ok_or_else(|| broken(BreakKind::UnknownDevice))?;
    if !check_signature(stored.envelope, stored.signature, key) {
        return Err(broken(BreakKind::Signature));
    }
    let hash = hash_of(stored.envelope);
    match ids.insert(envelope.entry_id, hash) {
        Some(before) if before == hash => return Ok(Alone::Again),
        Some(_) => return Err(broken(BreakKind::SameId)),
        None => {}
    }
    let mut opaque = matches!(envelope.kind, Kind::Unknown(_));
    if let Some(private) = stored.private {
        if !private.belongs_to(&envelope) {
            return Err(broken(BreakKind::Payload));
        }
        opaque |= Payload::decode(&envelope.kind, envelope.kind_version, &private.payload).is_err();
    }
    Ok(Alone::Good { erased: stored.private.is_none(), opaque, hash, envelope })
}

/// Whether each entry was sealed after one that stands at the place before.
fn check_links(places: &BTreeMap<Place, Vec<(Hash, Envelope)>>, breaks: &mut Vec<Break>) {
    for (place, here) in places {
        let before: Vec<Hash> = if place.seq > 1 {
            let before = Place { seq: place.seq - 1, ..*place };
            places.get(&before).map(|b| b.iter().map(|(hash, _)| *hash).collect()).unwrap_or_default()
        } else if place.epoch > 1 {
            // A new epoch follows the last entry that the device holds: any of its earlier entries, or nothing after a loss.
            let earlier = Place { epoch: 1, seq: 0, ..*place }..*place;
            places.range(earlier).flat_map(|(_, b)| b.iter().map(|(hash, _)| *hash)).chain([[0; 32]]).collect()
        } else {
            vec![[0; 32]]
        };
        for (_, envelope) in here {
            let kind = if before.is_empty() { BreakKind::Hole } else { BreakKind::Link };
            if !before.contains(&envelope.prev_hash) {
                breaks.push(Break { place: Some(*place), entry: Some(envelope.entry_id), kind });
            }
        }
    }
}
