//! Effective times: what a touch's clock should have read.

use super::Fact;
use crate::id::{BootId, DeviceId, EntryId};
use crate::journal::{Detail, Evidence, Kind, Payload};
use std::collections::{BTreeMap, HashMap};

/// From here on, the distance between claimed and effective time is shown.
pub const CLOCK_FLAG_MS: u64 = 2 * 60_000;
/// Up to here, the time that the person saw at the door stands: a round trip and a second of drift must not make 16:29 of 16:30.
pub const CLOCK_NOISE_MS: u64 = 30_000;
/// From here on, it is a problem before billing.
pub const CLOCK_PROBLEM_MS: u64 = 15 * 60_000;

/// Clock observations of one boot of one device: CLOCK_BOOTTIME and the server's time, in order.
type Observations = BTreeMap<(DeviceId, BootId), BTreeMap<u64, i64>>;

/// The effective time of every touch, in ms since 1970 UTC. Entries that aren't in the map keep the time they claim.
#[must_use]
pub fn effective_times(facts: &[Fact]) -> HashMap<EntryId, i64> {
    let observations = observations(facts);
    let mut lives: BTreeMap<(DeviceId, u32), Vec<&Fact>> = BTreeMap::new();
    for fact in facts {
        lives.entry((fact.envelope.place.device, fact.envelope.place.epoch)).or_default().push(fact);
    }
    let mut times = HashMap::with_capacity(facts.len());
    for life in lives.values_mut() {
        life.sort_by_key(|f| (f.envelope.place.seq, f.envelope.entry_id));
        let touches: Vec<(EntryId, &Payload)> = life
            .iter()
            .filter_map(|f| f.payload.as_ref().filter(|p| is_touch(&f.envelope.kind, p)).map(|p| (f.envelope.entry_id, p)))
            .collect();
        let device = life[0].envelope.place.device;
        times.extend(life_times(device, &touches, &observations));
    }
    times
}

/// Whether an entry's time is that of a clock at the door, which may be wrong.
fn is_touch(kind: &Kind, payload: &Payload) -> bool {
    let measured = !matches!(payload.evidence, Evidence::Paper | Evidence::Import | Evidence::Declared | Evidence::Measured);
    measured && !matches!(kind, Kind::Corrected | Kind::ClockObserved | Kind::EpochOpened) && payload.happened_at_ms == payload.sealed_at_ms
}

fn observations(facts: &[Fact]) -> Observations {
    let mut found = Observations::new();
    for payload in facts.iter().filter_map(|f| f.payload.as_ref()) {
        if let Detail::Clock { device, boot, boottime_ms, at_ms } = payload.detail {
            let of_boot = found.entry((device, boot)).or_default();
            // Two observations of one tick: the earlier one, so that the order of entries says nothing.
            of_boot.entry(boottime_ms).and_modify(|at| *at = at_ms.min(*at)).or_insert(at_ms);
        }
    }
    found
}

/// Times of one device's epoch, in order of its numbers: observed where possible, never going back.
fn life_times(device: DeviceId, touches: &[(EntryId, &Payload)], observations: &Observations) -> Vec<(EntryId, i64)> {
    let observed_at = |payload: &Payload| {
        let at = observed_time(observations.get(&(device, payload.boot))?, payload.boottime_ms)?;
        Some(if at.abs_diff(payload.happened_at_ms) <= CLOCK_NOISE_MS { payload.happened_at_ms } else { at })
    };
    let observed: Vec<Option<i64>> = touches.iter().map(|(_, payload)| observed_at(payload)).collect();
    // What an unobserved touch can't be later than: the next observed one.
    let mut latest = vec![i64::MAX; touches.len()];
    let mut bound = i64::MAX;
    for position in (0..touches.len()).rev() {
        latest[position] = bound;
        bound = observed[position].map_or(bound, |at| at.min(bound));
    }
    let mut before = i64::MIN;
    let mut out = Vec::with_capacity(touches.len());
    for (position, (entry, payload)) in touches.iter().enumerate() {
        let at = observed[position].unwrap_or_else(|| payload.happened_at_ms.min(latest[position]));
        before = before.max(at);
        out.push((*entry, before));
    }
    out
}

/// By the nearest observation at or after the touch, else the nearest before.
fn observed_time(seen: &BTreeMap<u64, i64>, boottime_ms: u64) -> Option<i64> {
    let (&observed, &at_ms) = seen.range(boottime_ms..).next().or_else(|| seen.range(..boottime_ms).next_back())?;
    let elapsed = i64::try_from(observed).ok()?.checked_sub(i64::try_from(boottime_ms).ok()?)?;
    at_ms.checked_sub(elapsed)
}
