//! Effective times: what a touch's clock should have read.

use super::Fact;
use crate::id::{BootId, DeviceId, EntryId};
use crate::journal::{Detail, Evidence, Hash, Kind, Payload, hash_of};
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
    let set = super::as_set(facts);
    let sealed = sealing_times(&set);
    let touches = set.into_iter().filter(|f| f.payload.as_ref().is_some_and(|p| is_touch(&f.envelope.kind, p)));
    touches.filter_map(|f| Some((f.envelope.entry_id, *sealed.get(&f.envelope.entry_id)?))).collect()
}

/// When each readable entry was sealed, as its device's clock should have told: a set of entries, each once.
pub(super) fn sealing_times(set: &[&Fact]) -> HashMap<EntryId, i64> {
    let observations = observations(set);
    let mut lives: BTreeMap<(DeviceId, u32), Vec<&Fact>> = BTreeMap::new();
    for fact in set {
        lives.entry((fact.envelope.place.device, fact.envelope.place.epoch)).or_default().push(fact);
    }
    let mut times = HashMap::with_capacity(set.len());
    for ((device, _), life) in &mut lives {
        life.sort_by_key(|fact| (fact.envelope.place.seq, fact.envelope.entry_id));
        times.extend(life_times(*device, life, &observations));
    }
    times
}

/// The time that counts of an entry: of its sealing for a touch, else the time that somebody told.
pub(super) fn effective_time(kind: &Kind, payload: &Payload, sealed_ms: i64) -> i64 {
    if is_touch(kind, payload) { sealed_ms } else { payload.happened_at_ms }
}

/// Whether an entry's time is that of a clock at the door, which may be wrong.
fn is_touch(kind: &Kind, payload: &Payload) -> bool {
    let measured = !matches!(payload.evidence, Evidence::Paper | Evidence::Import | Evidence::Declared | Evidence::Measured);
    measured && !matches!(kind, Kind::Corrected | Kind::ClockObserved | Kind::EpochOpened) && payload.happened_at_ms == payload.sealed_at_ms
}

fn observations(set: &[&Fact]) -> Observations {
    let mut found = Observations::new();
    for payload in set.iter().filter_map(|f| f.payload.as_ref()) {
        if let Detail::Clock { device, boot, boottime_ms, at_ms } = payload.detail {
            let of_boot = found.entry((device, boot)).or_default();
            // Two observations of one tick: the earlier one, so that the order of entries says nothing.
            of_boot.entry(boottime_ms).and_modify(|at| *at = at_ms.min(*at)).or_insert(at_ms);
        }
    }
    found
}

/// Times of one device's epoch, whose entries are in order: observed where possible, never going back along the chain.
fn life_times(device: DeviceId, life: &[&Fact], observations: &Observations) -> Vec<(EntryId, i64)> {
    let observed_at = |fact: &&Fact| {
        let payload = fact.payload.as_ref()?;
        let at = observed_time(observations.get(&(device, payload.boot))?, payload.boottime_ms)?;
        Some(if at.abs_diff(payload.sealed_at_ms) <= CLOCK_NOISE_MS { payload.sealed_at_ms } else { at })
    };
    let observed: Vec<Option<i64>> = life.iter().map(observed_at).collect();
    let told = |position: usize| observed[position].or_else(|| life[position].payload.as_ref().map(|p| p.sealed_at_ms));
    let in_order = |positions: &[usize]| told(positions[0]).zip(told(positions[1])).is_none_or(|(before, after)| before <= after);
    let readable: Vec<usize> = (0..life.len()).filter(|p| life[*p].payload.is_some()).collect();
    if readable.windows(2).all(in_order) {
        // Nearly always: no entry holds another one, whichever way they are linked.
        return readable.into_iter().filter_map(|p| Some((life[p].envelope.entry_id, told(p)?))).collect();
    }
    let sealed_after = sealed_after(life);
    // What an unobserved entry can't be later than: the next observed one, on whatever branch.
    let mut latest = vec![i64::MAX; life.len()];
    for position in (0..life.len()).rev() {
        if let Some(before) = sealed_after[position] {
            let bound = observed[position].map_or(latest[position], |at| at.min(latest[position]));
            latest[before] = latest[before].min(bound);
        }
    }
    let mut times = vec![i64::MIN; life.len()];
    for position in 0..life.len() {
        let floor = sealed_after[position].map_or(i64::MIN, |before| times[before]);
        let own = life[position].payload.as_ref().map(|p| observed[position].unwrap_or_else(|| p.sealed_at_ms.min(latest[position])));
        times[position] = own.map_or(floor, |at| at.max(floor));
    }
    readable.into_iter().map(|p| (life[p].envelope.entry_id, times[p])).collect()
}

/// Behind which entry of the list each was sealed, by `prev_hash`; `None` where that one isn't held. A tablet that was put back to an
/// older image, or runs twice, goes on from an earlier entry: what it seals then says nothing about the time of the branch that it
/// forgot. And whoever holds a part of the entries links what the holder of all links, or nothing.
fn sealed_after(life: &[&Fact]) -> Vec<Option<usize>> {
    // The layout has one encoding, so that this is the hash of the sealed bytes.
    let by_hash: HashMap<Hash, usize> = (0..).zip(life).map(|(position, fact)| (hash_of(&fact.envelope.encode()), position)).collect();
    let behind = |(position, fact): (usize, &&Fact)| {
        let before = *by_hash.get(&fact.envelope.prev_hash)?;
        // Numbers rise along a chain: what says otherwise was never sealed so.
        (before < position).then_some(before)
    };
    (0..).zip(life).map(behind).collect()
}

/// By the nearest observation at or after the touch, else the nearest before.
fn observed_time(seen: &BTreeMap<u64, i64>, boottime_ms: u64) -> Option<i64> {
    let (&observed, &at_ms) = seen.range(boottime_ms..).next().or_else(|| seen.range(..boottime_ms).next_back())?;
    let elapsed = i64::try_from(observed).ok()?.checked_sub(i64::try_from(boottime_ms).ok()?)?;
    at_ms.checked_sub(elapsed)
}
