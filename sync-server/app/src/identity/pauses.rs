//! Pauses between tries: what keeps guessing slow, and never locks anybody out.
//!
//! A try is counted before it is judged, so that a hundred at once are a hundred, and taken back where it was right. Pauses hang on
//! who tries (a network) and what is tried from there (a pair of account and network): a stranger who tries the mother's address from
//! elsewhere makes himself wait, not her. Kept in memory: a restart forgets them, and costs a guesser more than it gives.

use sha2::{Digest, Sha256};
use shared::calendar::Instant;
use std::cmp::Ordering;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

/// Most keys remembered; past it the ones that were quiet longest are forgotten.
const KEYS_MAX: usize = 50_000;

/// Where a request comes from, as far as a guesser can't change it for free: an IPv4 address, an IPv6 network of 64 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Network(IpAddr);

impl From<IpAddr> for Network {
    fn from(address: IpAddr) -> Self {
        Self(match address.to_canonical() {
            IpAddr::V6(six) => IpAddr::V6((six.to_bits() & !u128::from(u64::MAX)).into()),
            four => four,
        })
    }
}

/// How tries of one kind are slowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// Wrong tries without a pause.
    pub free: u32,
    /// The first pause is a second, each next one twice as long, up to this.
    pub pause_s_max: u32,
    /// Wrong tries are forgotten after this long without another.
    pub forget_s: u32,
    /// Whether a right try forgets them: not for a network, where one's own account would wash off tries of others'.
    pub forgiven: bool,
}

/// One account from one network.
pub const PAIR: Limit = Limit { free: 4, pause_s_max: 900, forget_s: 3_600, forgiven: true };
/// A network, whatever it tries. Short, because a whole town hall may be one.
pub const NETWORK: Limit = Limit { free: 30, pause_s_max: 30, forget_s: 900, forgiven: false };
/// The second factor of an account: who tries it knows the password already, so no stranger slows its owner.
pub const SECOND_FACTOR: Limit = Limit { free: 4, pause_s_max: 900, forget_s: 3_600, forgiven: true };
/// Activation codes, from one network.
pub const ACTIVATION: Limit = Limit { free: 9, pause_s_max: 300, forget_s: 3_600, forgiven: false };

/// What tries are counted under.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Key([u8; 32]);

impl Key {
    /// Of a kind, a network and what is tried: an address that nobody has is counted like another. Nothing of them is kept.
    #[must_use]
    pub fn of(kind: &str, network: Option<Network>, tried: &[u8]) -> Self {
        let mut hash = Sha256::new().chain_update(kind).chain_update([0]);
        if let Some(Network(address)) = network {
            hash.update(address.to_string());
        }
        Self(hash.chain_update([0]).chain_update(tried).finalize().into())
    }
}

#[derive(Debug, Clone, Copy)]
struct Tries {
    wrong: u32,
    last_ms: i64,
    limit: Limit,
}

impl Tries {
    fn is_forgotten(self, now_ms: i64) -> bool {
        now_ms - self.last_ms > i64::from(self.limit.forget_s) * 1000
    }

    /// Milliseconds until the next try.
    fn wait_ms(self, now_ms: i64) -> i64 {
        let Some(over) = self.wrong.checked_sub(self.limit.free) else { return 0 };
        let pause_s = match over {
            0 => 0,
            over => 1_u32.checked_shl(over - 1).unwrap_or(u32::MAX).min(self.limit.pause_s_max),
        };
        self.last_ms + i64::from(pause_s) * 1000 - now_ms
    }
}

/// All tries that are still held against somebody.
#[derive(Default)]
pub struct Pauses(Mutex<HashMap<Key, Tries>>);

/// A try that was let through, counted as wrong until it [`Attempt::was_right`].
#[must_use]
pub struct Attempt<'p> {
    pauses: &'p Pauses,
    at_ms: i64,
    /// What was counted, and when the try before it was.
    keys: Vec<(Key, i64)>,
}

impl Pauses {
    /// Lets a try through.
    ///
    /// # Errors
    /// How many seconds to wait, where one of its keys is in a pause.
    pub fn attempt(&self, keys: &[(Key, Limit)], now: Instant) -> Result<Attempt<'_>, u32> {
        let now_ms = now.timestamp_millis();
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for (key, _) in keys {
            if held.get(key).is_some_and(|tries| tries.is_forgotten(now_ms)) {
                held.remove(key);
            }
        }
        let wait_ms = keys.iter().filter_map(|(key, _)| held.get(key)).map(|tries| tries.wait_ms(now_ms)).max().unwrap_or(0);
        if wait_ms > 0 {
            return Err(u32::try_from(wait_ms.saturating_add(999) / 1000).unwrap_or(u32::MAX));
        }
        if held.len() + keys.len() > KEYS_MAX {
            make_room(&mut held, now_ms);
        }
        let counted = keys.iter().map(|(key, limit)| {
            let tries = held.entry(*key).or_insert(Tries { wrong: 0, last_ms: now_ms, limit: *limit });
            let before_ms = std::mem::replace(&mut tries.last_ms, now_ms);
            tries.wrong = tries.wrong.saturating_add(1);
            (*key, before_ms)
        });
        let keys = counted.collect();
        Ok(Attempt { pauses: self, at_ms: now_ms, keys })
    }
}

impl Attempt<'_> {
    /// Takes the try back.
    pub fn was_right(self) {
        let mut held = self.pauses.0.lock().unwrap_or_else(PoisonError::into_inner);
        for (key, before_ms) in &self.keys {
            let Some(tries) = held.get_mut(key) else { continue };
            tries.wrong = tries.wrong.saturating_sub(1);
            if tries.last_ms == self.at_ms {
                tries.last_ms = *before_ms;
            }
            if tries.limit.forgiven || tries.wrong == 0 {
                held.remove(key);
            }
        }
    }
}

/// Forgets what is forgotten anyway; else the tenth that was quiet longest.
fn make_room(held: &mut HashMap<Key, Tries>, now_ms: i64) {
    held.retain(|_, tries| !tries.is_forgotten(now_ms));
    if held.len() + 8 < KEYS_MAX {
        return;
    }
    let mut last: Vec<i64> = held.values().map(|tries| tries.last_ms).collect();
    let tenth = last.len() / 10;
    let (_, cut, _) = last.select_nth_unstable(tenth);
    let cut = *cut;
    let mut of_the_cut = (tenth + 1).saturating_sub(held.values().filter(|tries| tries.last_ms < cut).count());
    held.retain(|_, tries| match tries.last_ms.cmp(&cut) {
        Ordering::Less => false,
        Ordering::Equal if of_the_cut > 0 => {
            of_the_cut -= 1;
            false
        }
        _ => true,
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(s: i64) -> Instant {
        shared::calendar::instant_from_ms(s * 1000)
    }

    fn from(address: &str) -> Network {
        address.parse::<IpAddr>().unwrap().into()
    }

    #[test]
    fn wrong_tries_wait_longer_each_time_and_an_hour_later_they_are_forgotten() {
        let pauses = Pauses::default();
        let key = [(Key::of("pair", Some(from("192.0.2.1")), b"samira"), PAIR)];
        let mut now = 0;
        let mut waits = Vec::new();
        for _ in 0..20 {
            match pauses.attempt(&key, at(now)) {
                Ok(_) => {}
                Err(wait) => {
                    waits.push(wait);
                    assert_eq!(pauses.attempt(&key, at(now + i64::from(wait) - 1)).err(), Some(1), "a second too early");
                    now += i64::from(wait);
                }
            }
        }
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 64, 128]);
        assert!(pauses.attempt(&key, at(now + 3_601)).is_ok());
        assert!(pauses.attempt(&key, at(now + 3_601)).is_ok());
    }

    #[test]
    fn a_hundred_tries_at_once_are_a_hundred() {
        let pauses = Pauses::default();
        let key = [(Key::of("pair", Some(from("192.0.2.1")), b"samira"), PAIR)];
        let through: Vec<_> = (0..100).filter_map(|_| pauses.attempt(&key, at(0)).ok()).collect();
        assert_eq!(through.len(), 5, "none was judged yet, and the sixth waits already");
        through.into_iter().for_each(Attempt::was_right);
        assert!(pauses.attempt(&key, at(0)).is_ok());
    }

    #[test]
    fn one_s_own_account_washes_off_no_tries_of_others() {
        let pauses = Pauses::default();
        let network = (Key::of("network", Some(from("192.0.2.1")), b""), NETWORK);
        for n in 0..=NETWORK.free {
            let _ = pauses.attempt(&[network, (Key::of("pair", None, &n.to_be_bytes()), PAIR)], at(0)).map(|_| ());
        }
        assert!(pauses.attempt(&[network], at(0)).is_err());
        pauses.attempt(&[network], at(60)).unwrap_or_else(|_| panic!("after the pause")).was_right();
        assert!(pauses.attempt(&[network], at(60)).is_ok());
        assert!(pauses.attempt(&[network], at(60)).is_err());
    }

    #[test]
    fn a_house_with_ipv6_is_one_network_whatever_address_it_takes() {
        assert_eq!(from("2001:db8:1:2:3::1"), from("2001:db8:1:2:ffff::2"));
        assert_ne!(from("2001:db8:1:2::1"), from("2001:db8:1:3::1"));
        assert_eq!(from("::ffff:192.0.2.1"), from("192.0.2.1"));
    }

    #[test]
    fn more_networks_than_can_be_remembered_push_out_the_quiet_ones_only() {
        let pauses = Pauses::default();
        let key = |n: usize| [(Key::of("network", None, &n.to_be_bytes()), PAIR)];
        for n in 0..KEYS_MAX + 10 {
            let _ = pauses.attempt(&key(n), at(1 + n as i64 / 1000)).map(|_| ());
        }
        let held = pauses.0.lock().unwrap();
        assert!(held.len() <= KEYS_MAX && held.len() > KEYS_MAX / 2, "{}", held.len());
        assert!(held.contains_key(&key(KEYS_MAX)[0].0) && !held.contains_key(&key(0)[0].0));
    }
}
