//! The only place that reads the wall clock.

use chrono::{DateTime, NaiveDate, Utc};
use std::time::SystemTime;

/// Today, in Europe/Paris.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "the one file that reads the clock; everything else takes the day as an argument")]
pub fn today() -> NaiveDate {
    shared::calendar::business_day(DateTime::<Utc>::from(SystemTime::now()))
}
