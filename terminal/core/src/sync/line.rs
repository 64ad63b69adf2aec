//! The sync thread: one shell, woken by time, by a new entry, or by a person.

use super::http::Http;
use super::report::Machine;
use super::shell::Shell;
use super::transport::Transport;
use crate::clock::{Clock, SystemClock};
use crate::store::{Store, StoreError};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

/// Longest sleep, in ms: after a suspend the monotonic clock lags behind CLOCK_BOOTTIME, which is asked anew this often.
const SLEEP_MS_MAX: u64 = 2_000;

enum Nudge {
    /// Something was sealed.
    Sealed,
    /// Somebody asks for a round.
    Asked,
    Stop,
}

/// The running thread. Stops when dropped.
pub struct Line {
    nudges: Sender<Nudge>,
    thread: Option<JoinHandle<()>>,
}

impl Line {
    /// Starts the thread over connections of its own (see [`Store::second`]), with the server that the tablet is enrolled with.
    ///
    /// # Errors
    /// A tablet that isn't enrolled, a damaged authority, or no thread to be had.
    pub fn start(store: Store, clock: SystemClock) -> Result<Self, StoreError> {
        let identity = store.journal.identity()?.ok_or(StoreError::NotEnrolled)?;
        let http = Http::of(&identity, store.roster.observed()?).map_err(|e| StoreError::Refused(e.to_string()))?;
        Self::start_with(store, clock, http)
    }

    /// The same over any transport and clock.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub fn start_with<T: Transport + 'static, C: Clock + 'static>(store: Store, clock: C, transport: T) -> Result<Self, StoreError> {
        // Tablets of one site differ by their keys, and so do their waits.
        let mut seed = [0; 8];
        seed.copy_from_slice(&crate::store::public_key_of(store.key())[..8]);
        let shell = Shell::new(store, transport, u64::from_be_bytes(seed))?.on(Machine::LINUX);
        let (nudges, received) = channel();
        let thread = std::thread::Builder::new().name("sync".into()).spawn(move || run(shell, &clock, &received));
        Ok(Self { nudges, thread: Some(thread.map_err(|e| StoreError::io("sync", &e))?) })
    }

    /// Something was sealed: the round comes at once, unless the line is down.
    pub fn sealed(&self) {
        // A thread that has ended is told by its status, not here.
        let _ = self.nudges.send(Nudge::Sealed);
    }

    /// Somebody asks for a round, whatever the wait.
    pub fn ask(&self) {
        let _ = self.nudges.send(Nudge::Asked);
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        let _ = self.nudges.send(Nudge::Stop);
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the sync thread ended badly");
        }
    }
}

fn run<T: Transport>(mut shell: Shell<T>, clock: &dyn Clock, nudges: &Receiver<Nudge>) {
    shell.round(&|| clock.now(), true);
    loop {
        let wait_ms = shell.next_at_ms().saturating_sub(clock.now().boottime_ms).min(SLEEP_MS_MAX);
        match nudges.recv_timeout(Duration::from_millis(wait_ms)) {
            Ok(Nudge::Stop) | Err(RecvTimeoutError::Disconnected) => return,
            Ok(Nudge::Asked) => drop(shell.round(&|| clock.now(), true)),
            Ok(Nudge::Sealed) => drop(shell.round(&|| clock.now(), false)),
            Err(RecvTimeoutError::Timeout) if clock.now().boottime_ms >= shell.next_at_ms() => drop(shell.round(&|| clock.now(), false)),
            Err(RecvTimeoutError::Timeout) => {}
        }
    }
}
