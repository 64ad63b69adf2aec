//! What time it is: the only file that reads the wall clock. Everything else is given a [`Clock`] or an instant.

use chrono::{DateTime, NaiveDate};
use shared::calendar::{Instant, business_day, instant, instant_from_ms, local};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime};

/// Where the time comes from.
#[derive(Clone, Debug)]
pub enum Clock {
    /// The machine's.
    System,
    /// The machine's time of day, on another day: only for a demo database (`PREAU_TODAY`).
    OnDay(NaiveDate),
    /// What a test says, in milliseconds since 1970.
    Manual(Arc<AtomicI64>),
}

impl Clock {
    /// A clock that stands still until a test moves it.
    #[must_use]
    pub fn manual(at: Instant) -> Self {
        Self::Manual(Arc::new(AtomicI64::new(at.timestamp_millis())))
    }

    /// Moves a manual clock forward; the others go by themselves.
    pub fn advance(&self, by: Duration) {
        if let Self::Manual(at_ms) = self {
            at_ms.fetch_add(i64::try_from(by.as_millis()).unwrap_or(i64::MAX), Ordering::SeqCst);
        }
    }

    /// The present instant.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the wall clock")]
    pub fn now(&self) -> Instant {
        let real = DateTime::from(SystemTime::now());
        match self {
            Self::System => real,
            Self::OnDay(day) => instant(*day, local(real).time()),
            Self::Manual(at_ms) => instant_from_ms(at_ms.load(Ordering::SeqCst)),
        }
    }

    /// What another machine's clock reads now, whatever day a demonstration lives on: for codes that a telephone makes, and tokens
    /// that another server signed.
    #[must_use]
    pub fn elsewhere(&self) -> Instant {
        match self {
            Self::OnDay(_) => Self::System.now(),
            _ => self.now(),
        }
    }

    /// The present instant in milliseconds since 1970, as stored.
    #[must_use]
    pub fn now_ms(&self) -> i64 {
        self.now().timestamp_millis()
    }

    /// Today's business day, in Europe/Paris.
    #[must_use]
    pub fn today(&self) -> NaiveDate {
        business_day(self.now())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_demo_lives_on_its_own_day_and_a_test_moves_time_by_hand() {
        let day = NaiveDate::from_ymd_opt(2026, 10, 14).unwrap();
        assert_eq!(Clock::OnDay(day).today(), day);
        let clock = Clock::manual("2026-10-14T06:00:00Z".parse().unwrap());
        clock.advance(Duration::from_secs(90));
        assert_eq!(clock.now().to_rfc3339(), "2026-10-14T06:01:30+00:00");
    }
}
