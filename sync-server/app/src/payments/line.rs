//! The line to PayFiP: one client for the whole process, made when it is first needed.

use crate::{Error, Result};
use std::sync::OnceLock;
use std::time::Duration;
use tokio::sync::Semaphore;

/// Questions asked at once because somebody called us. What is too much waits for the poll.
const WOKEN_MAX: usize = 16;

/// The line.
#[derive(Debug)]
pub struct Line {
    host: String,
    patience: Duration,
    client: OnceLock<payfip::Client>,
    pub(super) woken: Semaphore,
}

impl Line {
    /// To a host.
    #[must_use]
    pub fn to(host: &str) -> Self {
        Self::with_patience(host, Duration::from_secs(payfip::ANSWER_S_MAX))
    }

    /// The same, with another limit to the wait for an answer.
    #[must_use]
    pub fn with_patience(host: &str, patience: Duration) -> Self {
        Self { host: host.to_owned(), patience, client: OnceLock::new(), woken: Semaphore::new(WOKEN_MAX) }
    }

    /// The client. Not made with the rest of the server: a machine without root certificates still imports and bills.
    ///
    /// # Errors
    /// An address that isn't a host's; TLS that can't be set up.
    pub fn client(&self) -> Result<&payfip::Client> {
        if let Some(client) = self.client.get() {
            return Ok(client);
        }
        let made = payfip::Client::with_patience(&self.host, self.patience).map_err(|error| Error::Unavailable(error.to_string()))?;
        Ok(self.client.get_or_init(|| made))
    }
}
