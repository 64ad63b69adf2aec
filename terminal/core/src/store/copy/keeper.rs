//! The thread that writes the second copy. A touch never waits for it: it is
//! told after the commit, and gathers what comes in a short while.

use super::{Kept, MONTHS_KEPT, SecondCopy, month_of};
use crate::store::journal::OwnRow;
use crate::store::{Journal, Peek, Reserve, StoreError};
use shared::calendar::Month;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Entries sealed within this time are made durable together: half of the second that is promised.
const GATHER: Duration = Duration::from_millis(500);
/// What could not be written, the disk being full, is tried again this often.
const RETRY: Duration = Duration::from_secs(30);
/// Entries read at a time: the lock of the copy is let go in between, so that a forgetting doesn't wait long.
const ENTRIES_AT_ONCE: usize = 256;
/// The chain is verified, and its checkpoint moved, after so many new entries: a start has at most these to verify.
const ENTRIES_UNVERIFIED_MAX: usize = 1_000;

enum Nudge {
    Sealed,
    Stop,
}

/// The running thread. Dropping it copies what is left, then ends it.
pub(in crate::store) struct Keeper {
    nudges: Sender<Nudge>,
    thread: Option<JoinHandle<()>>,
}

impl Keeper {
    /// Starts the thread over a connection of its own. `lock` keeps the folder owned for as long as the thread lives.
    ///
    /// # Errors
    /// No thread to be had.
    pub(in crate::store) fn start(dir: &Path, journal: Journal, copy: Arc<SecondCopy>, lock: Arc<File>) -> Result<Self, StoreError> {
        let (nudges, received) = channel();
        let work = Work { dir: dir.to_owned(), journal, copy, lock, contact: None, oldest_kept: None, arrived_before: None, unverified: 0 };
        let thread = std::thread::Builder::new().name("copie".into()).spawn(move || work.run(&received));
        Ok(Self { nudges, thread: Some(thread.map_err(|e| StoreError::io("copie", &e))?) })
    }

    /// Something was sealed.
    pub(in crate::store) fn sealed(&self) {
        // A thread that has ended was told in the log; the next start catches up.
        let _ = self.nudges.send(Nudge::Sealed);
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        let _ = self.nudges.send(Nudge::Stop);
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the thread of the second copy ended badly");
        }
    }
}

struct Work {
    dir: PathBuf,
    journal: Journal,
    copy: Arc<SecondCopy>,
    #[expect(dead_code, reason = "held, not read: see Keeper::start")]
    lock: Arc<File>,
    /// Of the last exchange with the server.
    contact: Option<Month>,
    /// Acknowledged entries of earlier months are no longer kept.
    oldest_kept: Option<Month>,
    /// What arrived later was sealed since this start.
    arrived_before: Option<i64>,
    unverified: usize,
}

impl Work {
    fn run(mut self, nudges: &Receiver<Nudge>) {
        self.catch_up();
        loop {
            match nudges.recv_timeout(RETRY) {
                Ok(Nudge::Sealed) => {
                    let stop = gather(nudges);
                    self.catch_up();
                    if stop {
                        return;
                    }
                }
                Err(RecvTimeoutError::Timeout) => self.catch_up(),
                Ok(Nudge::Stop) | Err(RecvTimeoutError::Disconnected) => return self.catch_up(),
            }
        }
    }

    fn catch_up(&mut self) {
        if let Err(error) = self.try_to_catch_up() {
            tracing::warn!(%error, "the second copy is behind; it is tried again, from the start");
            self.copy.lock().reached = 0;
        }
    }

    fn try_to_catch_up(&mut self) -> Result<(), StoreError> {
        // What room is left once the reserve is given up belongs to the journal.
        if !Reserve::at(&self.dir).is_whole() {
            return Ok(());
        }
        self.expire()?;
        loop {
            // Journal read and segments written under one lock: a forgetting comes before or after both, never between.
            let copy = Arc::clone(&self.copy);
            let mut segments = copy.lock();
            let rows = self.journal.own_after(segments.reached, ENTRIES_AT_ONCE)?;
            let Some(last) = rows.last().map(|row| row.arrival) else { break };
            let (mut missing, mut forgotten) = (Vec::new(), Vec::new());
            for row in rows {
                match (segments.knows(row.entry), self.month_of(&row)) {
                    (None, month) if self.oldest_kept.is_none_or(|oldest| month >= oldest) || !is_acknowledged(&row) => {
                        let Some(own) = self.journal.own_entry(row.entry)? else { continue };
                        let mut sealed = own.sealed;
                        self.journal.add_notes(row.entry, &mut sealed)?;
                        missing.push((month, Kept { sealed_at_ms: row.sealed_at_ms, sealed }));
                    }
                    (Some(false), _) if row.forgotten => forgotten.push(row.entry),
                    _ => {}
                }
            }
            segments.append(&missing)?;
            segments.forget(&forgotten)?;
            segments.reached = last;
            drop(segments);
            self.unverified += missing.len();
        }
        self.arrived_before = self.arrived_before.or_else(|| Some(self.copy.lock().reached));
        if self.unverified >= ENTRIES_UNVERIFIED_MAX {
            self.journal.verify_onwards()?;
            self.unverified = 0;
        }
        Ok(())
    }

    /// Once a month has passed by the server's clock: old segments go, if the server has acknowledged all that is in them.
    fn expire(&mut self) -> Result<(), StoreError> {
        let Some(contact_ms) = Peek::open(&self.dir)?.roster.line()?.last_contact_ms else { return Ok(()) };
        let contact = month_of(contact_ms);
        self.contact = Some(contact);
        let oldest_kept = (0..MONTHS_KEPT).fold(contact, |month, _| month.previous());
        if self.oldest_kept.is_some_and(|known| known >= oldest_kept) {
            return Ok(());
        }
        let mut segments = self.copy.lock();
        let waiting = segments.months_of(&self.journal.unacknowledged()?);
        segments.expire(&|month| month < oldest_kept && !waiting.contains(&month))?;
        self.oldest_kept = Some(oldest_kept);
        Ok(())
    }

    /// Which segment an entry goes to: the month that the tablet's clock said, and not before that of the last exchange where the entry
    /// was sealed since. A clock that woke up in an earlier year would else file it where all is old enough to go. What was acknowledged
    /// before this start and isn't in the copy has gone from it, as its own month said.
    fn month_of(&self, row: &OwnRow) -> Month {
        let claimed = month_of(row.sealed_at_ms);
        let is_new = !is_acknowledged(row) || self.arrived_before.is_some_and(|before| row.arrival > before);
        self.contact.filter(|_| is_new).map_or(claimed, |contact| claimed.max(contact))
    }
}

fn is_acknowledged(row: &OwnRow) -> bool {
    matches!(row.state.as_str(), "accepted" | "duplicate")
}

/// Takes in what is sealed in the next moment; `true` where the end was asked meanwhile.
fn gather(nudges: &Receiver<Nudge>) -> bool {
    let started = Instant::now();
    loop {
        match nudges.recv_timeout(GATHER.saturating_sub(started.elapsed())) {
            Ok(Nudge::Sealed) => {}
            Err(RecvTimeoutError::Timeout) => return false,
            Ok(Nudge::Stop) | Err(RecvTimeoutError::Disconnected) => return true,
        }
    }
}
