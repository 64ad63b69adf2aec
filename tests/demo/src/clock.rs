//! The only place of the demo that reads the wall clock.

use anyhow::{Context, Result};
use chrono::{DateTime, NaiveDate, Utc};
use shared::calendar::{Instant, local};
use std::time::SystemTime;

/// What the machine's clock says.
#[expect(clippy::disallowed_methods, reason = "the one place of this program that reads the clock")]
pub fn now() -> Instant {
    DateTime::<Utc>::from(SystemTime::now())
}

/// The demo's day: `PREAU_TODAY`, else today in Europe/Paris.
pub fn today() -> Result<NaiveDate> {
    match std::env::var("PREAU_TODAY") {
        Ok(text) => text.parse().with_context(|| format!("PREAU_TODAY={text} n'est pas une date : attendu AAAA-MM-JJ")),
        Err(_) => Ok(local(now()).date()),
    }
}
