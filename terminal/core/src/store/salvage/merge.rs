//! What was read of a damaged journal and of the second copy, made one. Pure:
//! bytes in, entries out, in the order in which the fresh journal takes them.

use crate::store::copy::Kept;
use crate::store::{EpochRequest, Identity};
use shared::id::{DeviceId, EntryId};
use shared::journal::{Envelope, Place, Private, Sealed, VerifyingKey, check_signature};
use std::collections::HashMap;

/// All that could be read of the damaged database.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) identity: Option<Identity>,
    /// Whether it is written down twice the same.
    pub(super) identity_holds: bool,
    pub(super) entries: Vec<FoundEntry>,
    /// By device and epoch.
    pub(super) requests: Vec<FoundRequest>,
}

/// A request for an epoch, waiting or answered.
#[derive(Debug)]
pub(super) struct FoundRequest {
    pub(super) device: DeviceId,
    pub(super) request: EpochRequest,
    pub(super) given: bool,
}

/// A row as it was read: nothing of it is believed yet.
#[derive(Debug)]
pub(super) struct FoundEntry {
    pub(super) sealed: Sealed,
    /// Erased on purpose, not by damage.
    pub(super) forgotten: bool,
    /// `None` for our own of this life.
    pub(super) author: Option<[u8; 32]>,
    pub(super) earlier_life: bool,
    pub(super) arrival: i64,
    pub(super) id: Option<EntryId>,
    pub(super) waiting: Option<Waiting>,
}

/// What the server said of an own entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Waiting {
    pub(super) state: String,
    pub(super) code: Option<String>,
    pub(super) sealed_at_ms: i64,
}

impl Waiting {
    /// A state of another name would never be sent, nor asked about.
    pub(super) fn is_known(&self) -> bool {
        matches!(self.state.as_str(), "unsent" | "held" | "accepted" | "duplicate" | "quarantined" | "refused")
    }
}

/// Whose an entry is, in the order in which lives follow each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Life {
    Earlier,
    This,
    OfOthers,
}

/// An entry for the fresh journal.
#[derive(Debug)]
pub(super) struct Salvaged {
    pub(super) sealed: Sealed,
    /// `None` for our own of this life.
    pub(super) author: Option<VerifyingKey>,
    /// Of our own, of whichever life; `None` for others'.
    pub(super) outbox: Option<Waiting>,
    place: Place,
    /// `None` where only the copy had it.
    arrival: Option<i64>,
    pub(super) forgotten: bool,
}

/// What came of it.
#[derive(Debug, Default)]
pub(super) struct Merged {
    /// In order of arrival; what only the copy had stands behind the place before it.
    pub(super) entries: Vec<Salvaged>,
    pub(super) own: usize,
    pub(super) others: usize,
    /// Rows whose signature or envelope doesn't hold.
    pub(super) dropped: usize,
    /// Last epoch of our own entries of this life; 0 without any.
    pub(super) epoch_max: u32,
}

/// The keys that this tablet may have sealed with.
#[derive(Debug, Default)]
pub(super) struct Keys {
    /// In this life.
    pub(super) own: Vec<VerifyingKey>,
    /// In those before it.
    pub(super) earlier: Vec<VerifyingKey>,
}

impl Keys {
    /// Whose signature an entry bears: `Some(None)` for our own of this life; `None` where nobody's holds.
    fn author(&self, sealed: &Sealed, said: Option<[u8; 32]>) -> Option<Option<VerifyingKey>> {
        let signed = |key: &VerifyingKey| check_signature(&sealed.envelope, &sealed.signature, key);
        match said {
            Some(bytes) => VerifyingKey::from_bytes(&bytes).ok().filter(signed).map(Some),
            None if self.own.iter().any(signed) => Some(None),
            None => self.earlier.iter().copied().find(signed).map(Some),
        }
    }
}

pub(super) fn merge(found: Vec<FoundEntry>, copied: Vec<Kept>, keys: &Keys) -> Merged {
    let mut merged = Merged::default();
    let mut by_id: HashMap<EntryId, Salvaged> = HashMap::new();
    let from_journal = found.into_iter().map(|entry| {
        // A row of the queue is born with an entry of ours: of two columns that say so, either is enough.
        let ours = entry.author.is_none() || entry.earlier_life || entry.waiting.is_some();
        (entry.sealed, entry.author, ours, entry.forgotten, Some(entry.arrival), entry.waiting)
    });
    // The copy says of itself when it was sealed; the server's word on it is lost, and it is offered again.
    let from_copy = copied.into_iter().map(|kept| {
        let forgotten = kept.sealed.private.is_none();
        let waiting = Waiting { state: "unsent".into(), code: None, sealed_at_ms: kept.sealed_at_ms };
        (kept.sealed, None, true, forgotten, None, Some(waiting))
    });
    for (mut sealed, said, ours, forgotten, arrival, waiting) in from_journal.chain(from_copy) {
        let Some((envelope, author)) = sealed.decode_envelope().ok().zip(keys.author(&sealed, said)) else {
            merged.dropped += 1;
            continue;
        };
        sealed.private = sealed.private.and_then(|private| as_sealed(private, &envelope));
        match by_id.get_mut(&envelope.entry_id) {
            Some(known) => known.complete(sealed, forgotten),
            None => {
                let outbox = ours.then(|| waiting.unwrap_or_else(|| unknown(envelope.entry_id)));
                let place = envelope.place;
                by_id.insert(envelope.entry_id, Salvaged { sealed, author, outbox, place, arrival, forgotten });
            }
        }
    }
    // Others' come again with the next pull, whole, or erased where they were: what stays here without its content isn't taken twice.
    let (kept, hollow): (Vec<Salvaged>, Vec<Salvaged>) =
        by_id.into_values().partition(|entry| entry.outbox.is_some() || entry.sealed.private.is_some() || entry.forgotten);
    merged.dropped += hollow.len();
    merged.entries = in_order(kept);
    for entry in &mut merged.entries {
        if entry.forgotten {
            entry.sealed.private = None;
        }
        merged.own += usize::from(entry.outbox.is_some());
        merged.others += usize::from(entry.outbox.is_none());
        merged.epoch_max = merged.epoch_max.max(if entry.author.is_none() { entry.place.epoch } else { 0 });
    }
    merged
}

impl Salvaged {
    fn life(&self) -> Life {
        match (&self.author, &self.outbox) {
            (None, _) => Life::This,
            (Some(_), Some(_)) => Life::Earlier,
            (Some(_), None) => Life::OfOthers,
        }
    }

    /// The same entry once more: forgotten in one place is forgotten; a private part that one has and the other lost is taken.
    fn complete(&mut self, again: Sealed, forgotten: bool) {
        self.forgotten |= forgotten;
        if again.envelope != self.sealed.envelope {
            return;
        }
        let notes = |sealed: &Sealed| sealed.private.as_ref().map_or(0, |private| private.notes.len());
        if self.sealed.private.is_none() || notes(&again) > notes(&self.sealed) {
            self.sealed.private = again.private.or(self.sealed.private.take());
        }
    }
}

/// A private part that is what was sealed; without its notes where only these are damaged.
fn as_sealed(private: Private, envelope: &Envelope) -> Option<Private> {
    if private.belongs_to(envelope) {
        return Some(private);
    }
    let bare = Private { notes: Vec::new(), ..private };
    bare.belongs_to(envelope).then_some(bare)
}

/// An own entry without its row in the outbox: offered again, as old as its name says.
fn unknown(entry: EntryId) -> Waiting {
    let made = entry.0.get_timestamp().map(|at| at.to_unix());
    let sealed_at_ms = made.map_or(0, |(s, ns)| i64::try_from(s).unwrap_or(0).saturating_mul(1_000) + i64::from(ns / 1_000_000));
    Waiting { state: "unsent".into(), code: None, sealed_at_ms }
}

fn in_order(mut entries: Vec<Salvaged>) -> Vec<Salvaged> {
    // Our own by their numbers first, so that each knows which arrival it comes behind.
    entries.sort_by_key(|entry| (entry.life(), entry.place));
    let mut behind = 0;
    let mut keyed: Vec<((i64, Life, Place), Salvaged)> = Vec::with_capacity(entries.len());
    for entry in entries {
        behind = if entry.life() == Life::OfOthers { 0 } else { behind.max(entry.arrival.unwrap_or(0)) };
        let arrival = entry.arrival.unwrap_or(behind);
        keyed.push(((arrival, entry.life(), entry.place), entry));
    }
    keyed.sort_by_key(|(key, _)| *key);
    keyed.into_iter().map(|(_, entry)| entry).collect()
}
