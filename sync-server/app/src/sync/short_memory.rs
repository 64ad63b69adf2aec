//! What the server remembers for minutes and may forget at a restart: nonces and tries. A tablet asks again.

use crate::Result;
use crate::store::random;
use shared::calendar::Instant;
use shared::wire::limits::NONCE_LIFE_S;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

/// Most nonces remembered; the oldest goes first.
const NONCES_MAX: usize = 10_000;
/// Most addresses whose tries are counted; past it, the minute's counts are thrown away rather than the memory.
const ADDRESSES_MAX: usize = 10_000;
const MINUTE_MS: i64 = 60_000;

/// A nonce, 32 random bytes.
pub type Nonce = [u8; 32];

/// Nonces given, each for one subject (a device, a code and key) and one answer.
#[derive(Default)]
pub struct Nonces(Mutex<HashMap<Nonce, (Vec<u8>, i64)>>);

impl Nonces {
    /// A new nonce for a subject.
    ///
    /// # Errors
    /// Where the system gives no randomness.
    pub fn give(&self, subject: &[u8], now: Instant) -> Result<Nonce> {
        let nonce = random()?;
        let mut given = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let now_ms = now.timestamp_millis();
        if given.len() >= NONCES_MAX {
            given.retain(|_, (_, until)| *until > now_ms);
        }
        if given.len() >= NONCES_MAX {
            let oldest = given.iter().min_by_key(|(_, (_, until))| *until).map(|(nonce, _)| *nonce);
            oldest.map(|nonce| given.remove(&nonce));
        }
        given.insert(nonce, (subject.to_vec(), now_ms + i64::from(NONCE_LIFE_S) * 1000));
        Ok(nonce)
    }

    /// Takes a nonce back: `true` once, for its subject, within its life.
    #[must_use]
    pub fn take(&self, nonce: &Nonce, subject: &[u8], now: Instant) -> bool {
        let taken = self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(nonce);
        taken.is_some_and(|(of, until)| of == subject && until > now.timestamp_millis())
    }
}

/// Tries of one thing, by address and minute.
pub struct Tries {
    a_minute: u32,
    counted: Mutex<HashMap<IpAddr, (i64, u32)>>,
}

impl Tries {
    /// At most so many a minute from one address.
    #[must_use]
    pub fn at_most(a_minute: u32) -> Self {
        Self { a_minute, counted: Mutex::default() }
    }

    /// Counts a try; `false` past the limit.
    #[must_use]
    pub fn allow(&self, from: IpAddr, now: Instant) -> bool {
        let minute = now.timestamp_millis().div_euclid(MINUTE_MS);
        let mut tries = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        if tries.len() >= ADDRESSES_MAX && !tries.contains_key(&from) {
            tries.retain(|_, (of_minute, _)| *of_minute == minute);
        }
        if tries.len() >= ADDRESSES_MAX && !tries.contains_key(&from) {
            tries.clear();
        }
        let (of_minute, count) = tries.entry(from).or_insert((minute, 0));
        if *of_minute != minute {
            (*of_minute, *count) = (minute, 0);
        }
        *count += 1;
        *count <= self.a_minute
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::wire::limits::CODE_TRIES_PER_MINUTE;

    fn at(s: i64) -> Instant {
        shared::calendar::instant_from_ms(s * 1000)
    }

    #[test]
    fn a_nonce_is_answered_once_by_whom_it_was_given_to_and_not_for_long() {
        let nonces = Nonces::default();
        let nonce = nonces.give(b"a", at(0)).unwrap();
        assert!(nonces.take(&nonce, b"a", at(119)));
        assert!(!nonces.take(&nonce, b"a", at(119)), "a replay");
        let nonce = nonces.give(b"a", at(0)).unwrap();
        assert!(!nonces.take(&nonce, b"b", at(1)), "another's");
        let nonce = nonces.give(b"a", at(0)).unwrap();
        assert!(!nonces.take(&nonce, b"a", at(120)), "too late");
    }

    #[test]
    fn the_nonces_remembered_are_bounded_and_the_oldest_goes_first() {
        let nonces = Nonces::default();
        let first = nonces.give(b"a", at(0)).unwrap();
        let second = nonces.give(b"a", at(1)).unwrap();
        for _ in 2..NONCES_MAX {
            nonces.give(b"b", at(2)).unwrap();
        }
        let held = || nonces.0.lock().unwrap().len();
        assert_eq!(held(), NONCES_MAX);
        let last = nonces.give(b"a", at(3)).unwrap();
        assert_eq!(held(), NONCES_MAX, "one more, one less");
        assert!(!nonces.take(&first, b"a", at(3)), "the oldest went");
        assert!(nonces.take(&second, b"a", at(3)) && nonces.take(&last, b"a", at(3)));
        nonces.give(b"a", at(3)).unwrap();
        nonces.give(b"a", at(3)).unwrap();
        // Those that nobody may answer any more go before any that somebody may.
        nonces.give(b"a", at(2 + i64::from(NONCE_LIFE_S))).unwrap();
        assert_eq!(held(), 3);
    }

    #[test]
    fn the_addresses_counted_are_bounded_and_a_full_list_frees_nobody_who_is_on_it() {
        let tries = Tries::at_most(CODE_TRIES_PER_MINUTE);
        let address = |n: usize| IpAddr::V4(u32::try_from(n).unwrap().into());
        for n in 0..ADDRESSES_MAX {
            assert!(tries.allow(address(n), at(0)));
        }
        for _ in 1..CODE_TRIES_PER_MINUTE {
            assert!(tries.allow(address(0), at(1)));
        }
        assert!(!tries.allow(address(0), at(1)), "on the list, and at its end");
        let counted = || tries.counted.lock().unwrap().len();
        assert_eq!(counted(), ADDRESSES_MAX);
        assert!(tries.allow(address(ADDRESSES_MAX), at(1)), "one more: the minute's counts go, not the memory");
        assert_eq!(counted(), 1);
        for n in 0..ADDRESSES_MAX - 1 {
            assert!(tries.allow(address(n), at(61)));
        }
        assert!(tries.allow(address(ADDRESSES_MAX + 1), at(61)));
        assert_eq!(counted(), ADDRESSES_MAX, "a minute that is over goes first");
    }

    #[test]
    fn ten_tries_a_minute_and_no_eleventh() {
        let tries = Tries::at_most(CODE_TRIES_PER_MINUTE);
        let (here, there) = ("192.0.2.1".parse().unwrap(), "192.0.2.2".parse().unwrap());
        for _ in 0..CODE_TRIES_PER_MINUTE {
            assert!(tries.allow(here, at(30)));
        }
        assert!(!tries.allow(here, at(59)));
        assert!(tries.allow(there, at(59)), "another address has its own ten");
        assert!(tries.allow(here, at(60)), "and a new minute begins anew");
    }
}
