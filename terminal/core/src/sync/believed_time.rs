//! The time at which a server's certificate is judged.
//!
//! A tablet's wall clock is asked where it can be right: not behind the latest time of the server that the tablet remembers, nor
//! further ahead of it than a tablet stays in a cupboard. Else the clock is lost (a dead battery says 1970, a wrong setting 2038, and
//! a tablet that never heard its server remembers nothing), and the time that the authority signs is asked first
//! ([`super::signed_time`]). That time also decides where the certificate doesn't hold at the clock's: a clock that woke up on the day
//! it was switched off is possible and wrong.

use crate::clock::wall_s;
use rustls::pki_types::UnixTime;
use rustls::time_provider::TimeProvider;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How far a clock may be ahead of the latest remembered time of the server: longer than any tablet stays in a cupboard.
pub(crate) const AHEAD_S_MAX: u64 = 400 * 24 * 3_600;

/// What a tablet believes about the time. All times are s since 1970 UTC.
pub struct BelievedTime {
    /// Latest time of the server that the tablet remembers.
    known_s: Option<u64>,
    /// The machine's wall clock.
    wall_s: Box<dyn Fn() -> u64 + Send + Sync>,
    /// What the authority signed last, and when that was heard.
    signed: Mutex<Option<(u64, Instant)>>,
}

impl BelievedTime {
    /// By the machine's clock, and what the tablet remembers.
    #[must_use]
    pub fn new(known_s: Option<u64>) -> Self {
        Self::by(known_s, wall_s)
    }

    /// By another wall clock than the machine's.
    #[must_use]
    pub fn by(known_s: Option<u64>, wall_s: impl Fn() -> u64 + Send + Sync + 'static) -> Self {
        Self { known_s, wall_s: Box::new(wall_s), signed: Mutex::default() }
    }

    /// The authority has signed that it is now this time.
    pub fn hear(&self, signed_s: u64) {
        *self.signed.lock().unwrap_or_else(PoisonError::into_inner) = Some((signed_s, Instant::now()));
    }

    /// What the authority signed, and the time that has passed since.
    fn signed_s(&self) -> Option<u64> {
        let signed = *self.signed.lock().unwrap_or_else(PoisonError::into_inner);
        signed.map(|(signed_s, heard)| signed_s.saturating_add(heard.elapsed().as_secs()))
    }

    fn is_possible(&self, at_s: u64) -> bool {
        self.known_s.is_some_and(|known| (known..=known.saturating_add(AHEAD_S_MAX)).contains(&at_s))
    }

    /// The wall clock's time, where it can be right.
    #[must_use]
    pub fn by_clock(&self) -> Option<UnixTime> {
        let wall_s = (self.wall_s)();
        self.is_possible(wall_s).then(|| at(wall_s))
    }

    /// The signed time. A clock that can be right is not overruled by a time that can't: a server that says 2038 for a day is the one
    /// that is doubted.
    #[must_use]
    pub fn by_authority(&self) -> Option<UnixTime> {
        let clock_is_lost = !self.is_possible((self.wall_s)());
        self.signed_s().filter(|signed| clock_is_lost || self.is_possible(*signed)).map(at)
    }
}

fn at(s: u64) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(s))
}

impl std::fmt::Debug for BelievedTime {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BelievedTime").field("known_s", &self.known_s).field("signed_s", &self.signed_s()).finish_non_exhaustive()
    }
}

/// For TLS itself; its own provider panics before 1970.
impl TimeProvider for BelievedTime {
    fn current_time(&self) -> Option<UnixTime> {
        Some(at((self.wall_s)()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const IN_2026: u64 = 1_790_000_000;
    const IN_2038: u64 = 2_147_483_647;
    const DAY_S: u64 = 86_400;

    fn believed(known_s: Option<u64>, wall_s: u64, signed_s: Option<u64>) -> (Option<u64>, Option<u64>) {
        let time = BelievedTime::by(known_s, move || wall_s);
        if let Some(signed_s) = signed_s {
            time.hear(signed_s);
        }
        // Whole days: a test that is stopped for a minute says the same.
        let days = |at: UnixTime| at.as_secs() / DAY_S * DAY_S;
        (time.by_clock().map(days), time.by_authority().map(days))
    }

    #[test]
    fn a_clock_is_asked_from_the_remembered_time_on_and_for_as_long_as_a_cupboard() {
        let day = IN_2026 / DAY_S * DAY_S;
        let asked = |wall_s| believed(Some(day), wall_s, None).0;
        assert_eq!(asked(day), Some(day));
        assert_eq!(asked(day - 1), None, "behind what is known");
        assert_eq!(asked(day + 400 * DAY_S), Some(day + 400 * DAY_S));
        assert_eq!(asked(day + 400 * DAY_S + 1), None, "too far ahead");
        assert_eq!(believed(None, day, None), (None, None), "no time of the server is known: the clock may say anything");
    }

    #[test]
    fn the_signed_time_is_the_time_of_a_tablet_whose_clock_is_lost_and_goes_on() {
        let day = IN_2026 / DAY_S * DAY_S;
        for wall_s in [0, day - 9 * DAY_S, IN_2038] {
            assert_eq!(believed(Some(day), wall_s, Some(day + DAY_S)), (None, Some(day + DAY_S)), "{wall_s}");
        }
        assert_eq!(believed(None, 0, Some(day)), (None, Some(day)));
        // A server that was in the future once is believed again when it is right.
        assert_eq!(believed(Some(IN_2038), day, Some(day)), (None, Some(day)));
    }

    #[test]
    fn a_clock_that_can_be_right_is_not_overruled_by_a_time_that_can_not() {
        let day = IN_2026 / DAY_S * DAY_S;
        assert_eq!(believed(Some(day), day + DAY_S, Some(IN_2038)), (Some(day + DAY_S), None));
        assert_eq!(believed(Some(day), day + DAY_S, Some(day - DAY_S)), (Some(day + DAY_S), None));
        assert_eq!(believed(Some(day), day + DAY_S, Some(day + 9 * DAY_S)), (Some(day + DAY_S), Some(day + 9 * DAY_S)));
    }
}
