//! Whom to call, and when: from what was heard and how the calls went. No socket, no timer.

use crate::entropy::SeededEntropy;
use shared::id::DeviceId;
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;

/// Names remembered at most: anybody on the network can announce as many as it likes.
pub const NEIGHBOURS_MAX: usize = 32;
/// Addresses of one name at most.
const ADDRESSES_MAX: usize = 4;
/// Time between two calls while all is well, in ms.
const ROUND_MS: u64 = 15_000;
/// Time between two calls while children are touched one after the other, in ms: far below what a listener allows.
const RUSH_MS: u64 = 2_000;
/// Wait for one that is busy, in ms: two that called each other at once don't do so again.
const BUSY_MS: u64 = 1_000;
/// Longest wait after failures, in ms.
const BACKOFF_MS_MAX: u64 = 2 * 60_000;
/// An agreement that was found is believed for so long, in ms: several rounds.
const AGREED_MS: u64 = 60_000;
/// Calls in vain after which a name that is no longer announced is forgotten.
const VAIN_MAX: u32 = 3;

/// Somebody may be there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hint {
    /// As announced: random, another one at each start.
    pub name: String,
    /// To be tried in this order.
    pub addresses: Vec<SocketAddr>,
}

#[derive(Debug, Default)]
struct Neighbour {
    addresses: Vec<SocketAddr>,
    next_at_ms: u64,
    failures: u32,
    gone: bool,
    /// Who it proved to be, whether it agreed, and when.
    met: Option<(DeviceId, bool, u64)>,
}

/// What is known of the network.
#[derive(Debug)]
pub struct Neighbours {
    known: BTreeMap<String, Neighbour>,
    jitter: SeededEntropy,
}

impl Neighbours {
    /// Nobody yet. `seed` spreads the calls.
    pub fn new(seed: u64) -> Self {
        Self { known: BTreeMap::new(), jitter: SeededEntropy::new(seed) }
    }

    /// Somebody announced itself. Whoever proved to be a tablet of the site is never put aside for one that did not.
    pub fn hear(&mut self, hint: Hint) {
        if !self.known.contains_key(&hint.name) && self.known.len() >= NEIGHBOURS_MAX {
            let strangers = self.known.iter().filter(|(_, n)| n.met.is_none());
            let Some(name) = strangers.max_by_key(|(_, n)| n.failures).map(|(name, _)| name.clone()) else { return };
            self.known.remove(&name);
        }
        let neighbour = self.known.entry(hint.name).or_default();
        neighbour.gone = false;
        neighbour.addresses = hint.addresses;
        neighbour.addresses.truncate(ADDRESSES_MAX);
    }

    /// An announcement ran out: anybody can take back another's, so that only calls in vain make it forgotten.
    pub fn gone(&mut self, name: &str) {
        if let Some(neighbour) = self.known.get_mut(name) {
            neighbour.gone = true;
        }
    }

    /// Who is to be called now: tablets of the site before anybody who only announced itself.
    pub fn due(&self, now_ms: u64) -> Option<Hint> {
        let due = self.known.iter().filter(|(_, n)| n.next_at_ms <= now_ms && !n.addresses.is_empty());
        due.min_by_key(|(_, n)| (n.met.is_none(), n.next_at_ms))
            .map(|(name, n)| Hint { name: name.clone(), addresses: n.addresses.clone() })
    }

    /// Whether a name proved to be a tablet of the site before.
    pub fn has_met(&self, name: &str) -> bool {
        self.known.get(name).is_some_and(|n| n.met.is_some())
    }

    /// A tablet of the site was there; whether both hold the same now.
    pub fn met(&mut self, now_ms: u64, name: &str, device: DeviceId, agrees: bool) {
        let wait_ms = self.jittered(ROUND_MS);
        if let Some(neighbour) = self.known.get_mut(name) {
            (neighbour.failures, neighbour.met) = (0, Some((device, agrees, now_ms)));
            neighbour.next_at_ms = now_ms.saturating_add(wait_ms);
        }
    }

    /// It was busy with an exchange, maybe a call of its own to this tablet at the same instant: nothing is wrong.
    pub fn busy(&mut self, now_ms: u64, name: &str) {
        let wait_ms = self.jittered(BUSY_MS);
        if let Some(neighbour) = self.known.get_mut(name) {
            neighbour.next_at_ms = now_ms.saturating_add(wait_ms);
        }
    }

    /// Nobody was there, or a stranger.
    pub fn failed(&mut self, now_ms: u64, name: &str) {
        let failures = self.known.get(name).map_or(0, |n| n.failures);
        let wait_ms = self.jittered(ROUND_MS.saturating_mul(1 << failures.min(8)).min(BACKOFF_MS_MAX));
        let Some(neighbour) = self.known.get_mut(name) else { return };
        neighbour.failures = neighbour.failures.saturating_add(1);
        if neighbour.gone && neighbour.failures >= VAIN_MAX {
            self.known.remove(name);
            return;
        }
        neighbour.next_at_ms = now_ms.saturating_add(wait_ms);
    }

    /// Something was sealed: whoever answered the last time is called at once, and in a rush every so often.
    pub fn hurry(&mut self) {
        for neighbour in self.known.values_mut().filter(|n| n.failures == 0) {
            if let Some((.., at_ms)) = neighbour.met {
                neighbour.next_at_ms = neighbour.next_at_ms.min(at_ms.saturating_add(RUSH_MS));
            }
        }
    }

    /// How many tablets of the site hold the same as this one, as lately found.
    pub fn agreeing(&self, now_ms: u64) -> u32 {
        let lately = |at_ms: u64| now_ms.saturating_sub(at_ms) <= AGREED_MS;
        let met = self.known.values().filter_map(|n| n.met.filter(|(_, agrees, at_ms)| *agrees && lately(*at_ms)));
        u32::try_from(met.map(|(device, ..)| device).collect::<BTreeSet<_>>().len()).unwrap_or(u32::MAX)
    }

    /// Between a half and one and a half.
    fn jittered(&mut self, wait_ms: u64) -> u64 {
        wait_ms / 2 + self.jitter.below(wait_ms.max(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hint(number: usize) -> Hint {
        Hint { name: format!("{number:04}"), addresses: vec![SocketAddr::from(([192, 168, 1, 1], 1))] }
    }

    fn tablet(number: u8) -> DeviceId {
        DeviceId::new(1, [number; 10])
    }

    #[test]
    fn a_flood_of_announcements_puts_no_tablet_of_the_site_aside() {
        let mut neighbours = Neighbours::new(1);
        neighbours.hear(hint(0));
        neighbours.met(0, "0000", tablet(1), true);
        for number in 1..1_000 {
            neighbours.hear(hint(number));
        }
        assert_eq!(neighbours.known.len(), NEIGHBOURS_MAX);
        neighbours.hurry();
        assert_eq!(neighbours.due(1_000_000).unwrap().name, "0000");
        assert_eq!(neighbours.agreeing(1), 1);
    }

    #[test]
    fn a_goodbye_that_somebody_forged_does_not_part_two_tablets() {
        let mut neighbours = Neighbours::new(1);
        neighbours.hear(hint(0));
        neighbours.gone("0000");
        neighbours.met(0, "0000", tablet(1), true);
        assert!(neighbours.due(2 * ROUND_MS).is_some());
        for _ in 0..VAIN_MAX {
            neighbours.failed(0, "0000");
        }
        assert!(neighbours.due(u64::MAX).is_none(), "nobody is there any more");
    }

    #[test]
    fn a_touch_calls_the_neighbours_at_once_and_a_rush_every_two_seconds() {
        let mut neighbours = Neighbours::new(1);
        neighbours.hear(hint(0));
        neighbours.met(10_000, "0000", tablet(1), true);
        neighbours.hurry();
        assert!(neighbours.due(11_000).is_none());
        assert!(neighbours.due(12_000).is_some());
        neighbours.failed(12_000, "0000");
        neighbours.hurry();
        assert!(neighbours.due(12_100).is_none(), "whoever is gone isn't called at each touch");
    }

    #[test]
    fn whoever_does_not_answer_is_called_less_and_less_and_one_tablet_counts_once() {
        let mut neighbours = Neighbours::new(1);
        neighbours.hear(hint(0));
        neighbours.hear(hint(1));
        for _ in 0..20 {
            neighbours.failed(0, "0000");
        }
        assert!(neighbours.known["0000"].next_at_ms >= BACKOFF_MS_MAX / 2);
        neighbours.met(0, "0000", tablet(1), true);
        neighbours.met(0, "0001", tablet(1), true);
        assert_eq!((neighbours.agreeing(0), neighbours.agreeing(AGREED_MS + 1)), (1, 0));
        neighbours.met(0, "0001", tablet(2), false);
        assert_eq!(neighbours.agreeing(0), 1, "one that lacks something doesn't agree");
    }
}
