//! When the next round may start: soon while the site is lively, seldom at rest, later and later while the line fails.

use crate::clock::Now;
use crate::entropy::SeededEntropy;
use shared::wire::limits::HOLE_WAIT_S;

/// Time between two rounds while the site is lively, in ms; what other tablets of the site have recorded is seen this late.
const ROUND_MS: u64 = 10_000;
/// Time between two rounds at rest, in ms: a barred adult, a revocation, an absence that a parent announces are known this late. What
/// is touched here goes at once, and tablets of one network tell each other in seconds.
const REST_MS: u64 = 60_000;
/// Time before the round that fetches the next photos, in ms: it pushes and pulls first, and a slow line has no time to lose.
const PHOTOS_MS: u64 = 100;
/// How long a site is lively after something was sent or brought, in ms.
const LIVELY_MS: u64 = 10 * 60_000;
/// First wait after a failure, in ms; doubled each time.
const BACKOFF_MS_MIN: u64 = 2_000;
/// Longest wait after failures, in ms.
const BACKOFF_MS_MAX: u64 = 5 * 60_000;

/// What a whole round came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Whole {
    /// Something was sent or brought.
    pub moved: bool,
    /// The server waits for entries before those that it was given.
    pub held: bool,
    /// Photos are left to be fetched.
    pub photos: bool,
}

/// The pace of one tablet's rounds.
#[derive(Debug)]
pub(super) struct Pace {
    next_at_ms: u64,
    failures: u32,
    /// `None` before the first whole round.
    lively_until_ms: Option<u64>,
    jitter: SeededEntropy,
}

impl Pace {
    /// A round may start at once.
    pub(super) fn new(seed: u64) -> Self {
        Self { next_at_ms: 0, failures: 0, lively_until_ms: None, jitter: SeededEntropy::new(seed) }
    }

    /// CLOCK_BOOTTIME from which the next round may start, ms.
    pub(super) fn next_at_ms(&self) -> u64 {
        self.next_at_ms
    }

    /// Whether the last round failed.
    pub(super) fn is_waiting_after_failure(&self) -> bool {
        self.failures > 0
    }

    /// A round ended well.
    pub(super) fn went_well(&mut self, now: Now, Whole { moved, held, photos }: Whole) {
        self.failures = 0;
        if moved || self.lively_until_ms.is_none() {
            self.lively_until_ms = Some(now.boottime_ms.saturating_add(LIVELY_MS));
        }
        let lively = self.lively_until_ms.is_some_and(|until_ms| now.boottime_ms < until_ms);
        let wait_ms = match lively {
            _ if photos => PHOTOS_MS,
            _ if held => u64::from(HOLE_WAIT_S) * 1_000 / 2,
            true => ROUND_MS,
            false => REST_MS,
        };
        self.wait(now, wait_ms);
    }

    /// A round failed.
    pub(super) fn failed(&mut self, now: Now) {
        let backoff_ms = BACKOFF_MS_MIN.saturating_mul(1 << self.failures.min(16)).min(BACKOFF_MS_MAX);
        self.failures = self.failures.saturating_add(1);
        self.wait(now, backoff_ms);
    }

    /// Between a half and one and a half: eighty tablets of one site cut don't all come back at once.
    fn wait(&mut self, now: Now, wait_ms: u64) {
        let jittered_ms = wait_ms / 2 + self.jitter.below(wait_ms.max(1));
        self.next_at_ms = now.boottime_ms.saturating_add(jittered_ms);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use shared::id::BootId;
    use uuid::Uuid;

    fn at(boottime_ms: u64) -> Now {
        Now { wall_ms: 0, boottime_ms, boot: BootId(Uuid::from_u128(1)) }
    }

    /// The wait after a round, as a share of what it is drawn around.
    fn around(pace: &Pace, now: Now, wait_ms: u64) -> bool {
        (wait_ms / 2..=wait_ms * 3 / 2).contains(&(pace.next_at_ms() - now.boottime_ms))
    }

    const NOTHING: Whole = Whole { moved: false, held: false, photos: false };
    const MOVED: Whole = Whole { moved: true, ..NOTHING };

    proptest! {
        #[test]
        fn rounds_are_near_while_something_moves_and_far_apart_at_rest(seed in any::<u64>()) {
            let mut pace = Pace::new(seed);
            pace.went_well(at(1_000), NOTHING);
            prop_assert!(around(&pace, at(1_000), ROUND_MS), "a tablet that has just started is looked at");
            let rested = at(1_000 + LIVELY_MS);
            pace.went_well(rested, NOTHING);
            prop_assert!(around(&pace, rested, REST_MS));
            pace.went_well(rested, MOVED);
            prop_assert!(around(&pace, rested, ROUND_MS));
            let last = at(rested.boottime_ms + LIVELY_MS - 1);
            pace.went_well(last, NOTHING);
            prop_assert!(around(&pace, last, ROUND_MS));
            pace.went_well(at(last.boottime_ms + 1), Whole { held: true, ..NOTHING });
            prop_assert!(around(&pace, at(last.boottime_ms + 1), 30_000), "the server waits for a hole no longer than a minute");
            pace.went_well(rested, Whole { photos: true, ..NOTHING });
            prop_assert!(around(&pace, rested, PHOTOS_MS));
        }

        #[test]
        fn the_wait_after_failures_doubles_up_to_five_minutes(seed in any::<u64>()) {
            let mut pace = Pace::new(seed);
            for failures in 0..20 {
                pace.failed(at(5));
                prop_assert!(around(&pace, at(5), BACKOFF_MS_MIN.saturating_mul(1 << failures.min(16)).min(BACKOFF_MS_MAX)));
                prop_assert!(pace.is_waiting_after_failure());
            }
            pace.went_well(at(6), NOTHING);
            prop_assert!(!pace.is_waiting_after_failure());
        }
    }
}
