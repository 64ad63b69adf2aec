//! What time it is: the only file that reads the wall clock. The sandbox's time runs with the machine's, ahead of it or behind it, or
//! stands still until a test moves it.

use chrono::{DateTime, TimeDelta, Utc};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

#[derive(Debug, Clone, Copy)]
enum State {
    Machine { ahead: TimeDelta },
    Standing(DateTime<Utc>),
}

/// A clock that everyone who holds it sees the same.
#[derive(Debug, Clone)]
pub struct Clock(Arc<Mutex<State>>);

impl Clock {
    /// The machine's time, until it is advanced or set.
    #[must_use]
    pub fn machine() -> Self {
        Self(Arc::new(Mutex::new(State::Machine { ahead: TimeDelta::zero() })))
    }

    /// A clock that stands still at an instant until it is moved.
    #[must_use]
    pub fn standing(at: DateTime<Utc>) -> Self {
        Self(Arc::new(Mutex::new(State::Standing(at))))
    }

    /// The present instant.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        match *self.state() {
            State::Machine { ahead } => machine_now().checked_add_signed(ahead).unwrap_or_default(),
            State::Standing(at) => at,
        }
    }

    /// Moves the clock; it goes on, or stands, as before.
    pub fn advance(&self, by: TimeDelta) {
        let to = self.now().checked_add_signed(by).unwrap_or_default();
        self.set(to);
    }

    /// Sets the clock; it goes on, or stands, as before.
    pub fn set(&self, to: DateTime<Utc>) {
        let mut state = self.state();
        *state = match *state {
            State::Machine { .. } => State::Machine { ahead: to - machine_now() },
            State::Standing(_) => State::Standing(to),
        };
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[expect(clippy::disallowed_methods, reason = "the one place that reads the wall clock")]
fn machine_now() -> DateTime<Utc> {
    SystemTime::now().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_standing_clock_moves_by_hand_only_and_the_machine_s_goes_on_from_where_it_was_set() {
        let noon: DateTime<Utc> = "2026-11-26T12:00:00Z".parse().unwrap();
        let standing = Clock::standing(noon);
        standing.advance(TimeDelta::minutes(16));
        assert_eq!(standing.now(), noon + TimeDelta::minutes(16));
        let machine = Clock::machine();
        machine.set(noon);
        assert!((machine.now() - noon).num_seconds().abs() < 60);
    }
}
