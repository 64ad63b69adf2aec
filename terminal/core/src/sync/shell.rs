//! Does what the client says: reads and writes the store, sends over a
//! transport. Thin on purpose; every decision is the client's.

use super::client::{Input, Local, Me, Output, Requests, SyncClient};
use super::report::{self, Machine};
use super::transport::Transport;
use crate::clock::Now;
use crate::store::{LineState, LineStatus, Store, StoreError};

/// The store, the client and a transport, for one thread.
pub struct Shell<T> {
    store: Store,
    client: SyncClient,
    transport: T,
    version: String,
    machine: Option<Machine>,
    /// CLOCK_BOOTTIME before which no photo is asked for: the last one found no room.
    photos_after_ms: u64,
}

/// How long photos rest once one found no room, in ms.
const PHOTOS_REST_MS: u64 = 10 * 60_000;

/// What a round came to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Round {
    /// The state of the line afterwards; `None` where there was nothing to do yet.
    pub line: Option<LineState>,
    /// Verdicts received.
    pub verdicts: usize,
    /// Changes received.
    pub changes: usize,
}

impl<T: Transport> Shell<T> {
    /// A shell over its own connections to the store.
    ///
    /// # Errors
    /// A tablet that isn't enrolled.
    pub fn new(store: Store, transport: T, seed: u64) -> Result<Self, StoreError> {
        let identity = store.journal.identity()?.ok_or(StoreError::NotEnrolled)?;
        let version = env!("CARGO_PKG_VERSION").to_owned();
        let me =
            Me { device: identity.device, site: identity.site, key: store.key().clone(), epoch: identity.epoch, version: version.clone() };
        // Photos that a power cut kept from going with their items.
        store.drop_unshown_photos()?;
        Ok(Self { client: SyncClient::new(me, seed), store, transport, version, machine: None, photos_after_ms: 0 })
    }

    /// The same, on a machine whose battery and reader it tells of.
    #[must_use]
    pub fn on(self, machine: Machine) -> Self {
        Self { machine: Some(machine), ..self }
    }

    /// CLOCK_BOOTTIME from which the next round may start, ms.
    #[must_use]
    pub fn next_at_ms(&self) -> u64 {
        self.client.next_at_ms()
    }

    /// The transport, to change it under the shell: a line that is cut, a server that moved.
    pub fn transport(&mut self) -> &mut T {
        &mut self.transport
    }

    /// One round, until the client has nothing more to ask. `asked`: now, whatever the wait.
    pub fn round(&mut self, now: &dyn Fn() -> Now, asked: bool) -> Round {
        let mut round = Round::default();
        let local = match self.local() {
            Ok(local) => local,
            Err(error) => {
                tracing::error!(%error, "sync can't read the store");
                self.store.suspect(&error);
                return round;
            }
        };
        let mut input = Some(if asked { Input::Asked(local) } else { Input::Woke(local) });
        while let Some(next) = input.take() {
            let outputs = self.client.step(now(), next);
            for output in outputs {
                match self.perform(now, output, &mut round) {
                    Ok(None) => {}
                    Ok(answer) => input = answer,
                    Err(error) => {
                        tracing::error!(%error, "sync can't write the store");
                        self.store.suspect(&error);
                        input = Some(Input::StoreFailed);
                        break;
                    }
                }
            }
        }
        round
    }

    fn local(&self) -> Result<Local, StoreError> {
        let journal = &self.store.journal;
        let epoch = journal.identity()?.map_or(1, |i| i.epoch);
        Ok(Local {
            epoch,
            sealed_seq: journal.head()?.filter(|head| head.place.epoch == epoch).map_or(0, |head| head.place.seq),
            needs_epoch: journal.needs_epoch()?.is_some(),
            pull_anew: journal.is_to_pull_anew()?,
            staging: self.store.roster.staging()?,
            cursor: self.store.roster.cursor()?,
            cursor_epoch: self.store.roster.server_epoch()?,
            push_epoch: self.store.roster.push_epoch()?,
            acknowledged_seq: journal.acknowledged_up_to(epoch)?,
            carry_after: self.store.roster.carry_after()?,
            certificate_until_ms: crate::peers::own_certificate(&self.store)?.map(|own| own.until_ms),
        })
    }

    fn perform(&mut self, now: &dyn Fn() -> Now, output: Output, round: &mut Round) -> Result<Option<Input>, StoreError> {
        match output {
            Output::Ask(request) => {
                return Ok(Some(match self.transport.send(&request) {
                    Ok(answer) => Input::Answered(answer),
                    Err(failure) => Input::Failed(failure),
                }));
            }
            Output::ReadQueue { after, entries_max, bytes_max } => {
                let outgoing = self.store.journal.outgoing(after, entries_max, bytes_max)?;
                if outgoing.is_empty() {
                    // What the server could take, it has: whatever waits now is worth telling.
                    let now = now();
                    self.client.tell(now, report::of(&self.store, self.machine, now, &self.version)?);
                }
                return Ok(Some(Input::Queue(outgoing)));
            }
            Output::ReadOthers { after, entries_max, bytes_max } => {
                return Ok(Some(Input::Others(self.store.journal.others_after(after, entries_max, bytes_max)?)));
            }
            Output::ReadFromPeers { after, entries_max, bytes_max } => {
                return Ok(Some(Input::FromPeers(self.store.journal.to_carry(after, entries_max, bytes_max)?)));
            }
            Output::RecordCarried(verdicts) => self.store.journal.record_carried(&verdicts)?,
            Output::Certificate(given) => self.store.roster.set_peer_certificate(&given)?,
            Output::CarriedUpTo(arrival) => self.store.roster.set_carry_after(arrival)?,
            Output::ReadRequests => {
                let journal = &self.store.journal;
                let requests = Requests { given: journal.epochs_given()?, waiting: journal.needs_epoch()?, last: journal.head()? };
                return Ok(Some(Input::Requests(requests)));
            }
            Output::NeedEpoch(reason) => {
                let request = self.store.journal.set_needs_epoch(reason)?;
                tracing::warn!(leaves = request.leaves, reason = request.reason.code(), "the tablet is to leave its epoch");
            }
            Output::EpochGiven { leaves, epoch } => self.store.journal.epoch_given(leaves, epoch)?,
            Output::PulledAnew => self.store.journal.set_pulled_anew()?,
            Output::Record(verdicts) => {
                round.verdicts += verdicts.len();
                self.store.journal.record(&verdicts)?;
            }
            Output::OfferAgain { epoch, after_seq, earlier_epochs } => {
                let count = self.store.journal.offer_again(epoch, after_seq, earlier_epochs)?;
                tracing::warn!(count, "the server has lost entries: they are offered again");
            }
            Output::PushEpoch(server_epoch) => self.store.roster.set_push_epoch(&server_epoch)?,
            Output::ExportFor(recipient) => self.store.roster.set_export_recipient(&recipient)?,
            Output::LockAfter(days) => self.store.roster.set_lock_after_days(days)?,
            Output::Observe(seen) => self.store.roster.set_observed(seen)?,
            Output::Keep { page, staging } => {
                round.changes += page.roster.len() + page.others.len() + page.forgotten.len();
                self.store.journal.know_authors(&page.authors)?;
                // Entries before the cursor that counts them: a power cut between the two costs a repeat.
                if !page.others.is_empty() {
                    self.store.journal.keep_others(&page.others)?;
                }
                self.store.journal.forget(&page.forgotten)?;
                let photos_may_go = !page.roster.is_empty() || (staging.is_some() && !page.more);
                match staging {
                    None if page.roster.is_empty()
                        && page.cursor == self.store.roster.cursor()?
                        && page.server_epoch == self.store.roster.server_epoch()? => {}
                    None => self.store.roster.apply(&page.server_epoch, page.cursor, &page.roster)?,
                    Some((first, reached)) => {
                        self.store.roster.stage(first, &reached, &page.roster)?;
                        if !page.more {
                            self.store.roster.swap_staged(&page.server_epoch, page.cursor)?;
                        }
                    }
                }
                if photos_may_go {
                    self.store.drop_unshown_photos()?;
                }
                if !page.others.is_empty() || !page.forgotten.is_empty() {
                    self.store.roster.set_told(self.store.journal.told()?)?;
                }
            }
            Output::ReadPhotos => {
                // A disk that has no room for entries has none for pictures, and a full one was asked a moment ago.
                let rests = self.store.is_nearly_full() || now().boottime_ms < self.photos_after_ms;
                return Ok(Some(Input::Photos(if rests { Vec::new() } else { self.store.lacking_photos()? })));
            }
            Output::KeepPhoto { hash, jpeg } => {
                if let Err(error) = self.store.photos()?.keep(&hash, &jpeg) {
                    tracing::warn!(%error, "a photo finds no room");
                    self.photos_after_ms = now().boottime_ms.saturating_add(PHOTOS_REST_MS);
                }
            }
            Output::LookForUnsent => {
                let rests = now().boottime_ms < self.photos_after_ms;
                return Ok(Some(Input::Unsent(rests || self.store.journal.has_unsent()?)));
            }
            Output::Line { state, detail } => {
                round.line = Some(state);
                if state == LineState::Online {
                    self.store.roster.set_heard(now().corrected(self.store.roster.observed()?))?;
                }
                self.tell_line(now(), state, detail)?;
            }
        }
        Ok(None)
    }

    /// Writes the state of the line down, with since when; not each time, since a tablet's flash wears.
    fn tell_line(&mut self, now: Now, state: LineState, detail: String) -> Result<(), StoreError> {
        const REWRITE_MS: i64 = 30_000;
        let wall_ms = now.corrected(self.store.roster.observed()?).wall_ms;
        let before = self.store.roster.line()?;
        let same = before.state == state;
        let last_contact_ms = if state == LineState::Online { Some(wall_ms) } else { before.last_contact_ms };
        let fresh = last_contact_ms.zip(before.last_contact_ms).is_some_and(|(new, old)| (0..REWRITE_MS).contains(&(new - old)));
        if same && before.detail == detail && (fresh || state != LineState::Online) {
            return Ok(());
        }
        let since_ms = if same { before.since_ms } else { wall_ms };
        self.store.roster.set_line(&LineStatus { state, since_ms, last_contact_ms, detail })
    }
}
