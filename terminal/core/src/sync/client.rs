//! The sync client, sans I/O: what comes in, what is to be done next. No
//! socket, no timer, no disk, no clock; its randomness is given.
//!
//! A round is: session (if none is open) → push until the queue is empty →
//! pull until there is no more. Whatever fails ends the round; the next one
//! starts afresh, and what the server already holds comes back as `duplicate`.

use super::pull::{self, Page};
use super::transport::{Answer, LineFailure, Request};
use crate::clock::{Now, Observed};
use crate::entropy::SeededEntropy;
use crate::store::{LineState, Outgoing, Recorded};
use ed25519_dalek::Signer as _;
use shared::id::{DeviceId, EntryId, SiteId};
use shared::journal::SigningKey;
use shared::wire::limits::{HOLE_WAIT_S, PUSH_ENTRIES_MAX, PUSH_SEALED_BYTES_MAX};
use shared::wire::{Pull, Push, PushAnswer, Session, SessionChallenge, SessionHello, SessionProof, VerdictKind, WireEntry, session_bytes};

/// Time between two rounds while all is well, in ms; what other tablets of the site have recorded is seen this late.
const ROUND_MS: u64 = 10_000;
/// First wait after a failure, in ms; doubled each time.
const BACKOFF_MS_MIN: u64 = 2_000;
/// Longest wait after failures, in ms.
const BACKOFF_MS_MAX: u64 = 5 * 60_000;
/// Most pages of one round: a server that always says "more" doesn't hold the tablet for ever.
const PAGES_MAX: u32 = 10_000;
/// A session is renewed this long before it ends, in ms.
const SESSION_MARGIN_MS: u64 = 60_000;

/// What the tablet is.
#[derive(Debug, Clone)]
pub struct Me {
    /// Its id.
    pub device: DeviceId,
    /// Its site.
    pub site: SiteId,
    /// Its key.
    pub key: SigningKey,
    /// The epoch that it seals in.
    pub epoch: u32,
    /// Version of the program.
    pub version: String,
}

/// What the disk says at the start of a round.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Local {
    /// Number of the last change that the roster holds.
    pub cursor: u64,
    /// The server epoch that the cursor belongs to.
    pub cursor_epoch: String,
    /// The server epoch that verdicts came from; empty before the first.
    pub push_epoch: String,
    /// Last number up to which the server has said to hold every entry.
    pub acknowledged_seq: u64,
}

/// What happens to the client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// Time has passed, or something was sealed.
    Woke(Local),
    /// Somebody asks for a round now, whatever the wait.
    Asked(Local),
    /// The answer to [`Output::ReadQueue`].
    Queue(Vec<Outgoing>),
    /// The answer to [`Output::Ask`].
    Answered(Answer),
    /// There is no answer to [`Output::Ask`].
    Failed(LineFailure),
    /// The disk refused one of the outputs: what followed it was not done.
    StoreFailed,
}

/// What is to be done, in order. After [`Output::Ask`] or [`Output::ReadQueue`] the client waits for its answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    /// Send this.
    Ask(Request),
    /// Read entries to offer, after one that was offered in this round.
    ReadQueue {
        /// The last one offered.
        after: Option<EntryId>,
        /// At most so many.
        entries_max: usize,
        /// At most so many sealed bytes.
        bytes_max: usize,
    },
    /// Write verdicts down.
    Record(Vec<Recorded>),
    /// Offer again what the server may have lost.
    OfferAgain {
        /// The tablet's epoch.
        epoch: u32,
        /// The server holds everything up to here.
        after_seq: u64,
        /// Earlier epochs too.
        earlier_epochs: bool,
    },
    /// Remember the server epoch that verdicts come from.
    PushEpoch(String),
    /// Remember the server's clock.
    Observe(Observed),
    /// Keep a page: entries and forgettings first, then the roster with its cursor.
    Keep {
        /// The changes.
        page: Page,
        /// `Some` while a whole new roster is put aside: whether this is its first page.
        staging: Option<bool>,
    },
    /// The state of the line.
    Line {
        /// What it is like.
        state: LineState,
        /// For a technician.
        detail: String,
    },
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum State {
    Idle,
    Challenge,
    SessionAnswer,
    Queue,
    Push { offered: Vec<EntryId> },
    Pull { staging: bool, first: bool },
}

/// The client.
#[derive(Debug)]
pub struct SyncClient {
    me: Me,
    state: State,
    local: Local,
    session: Option<OpenSession>,
    /// CLOCK_BOOTTIME from which the next round may start.
    next_at_ms: u64,
    failures: u32,
    pages: u32,
    held: bool,
    offered_again: bool,
    jitter: SeededEntropy,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct OpenSession {
    token: String,
    until_ms: u64,
    server_epoch: String,
    /// Whether it was opened in this round: a token refused at once isn't one that ran out.
    fresh: bool,
}

impl SyncClient {
    /// A client that has not spoken yet. `seed` spreads the rounds of many tablets.
    #[must_use]
    pub fn new(me: Me, seed: u64) -> Self {
        Self {
            me,
            state: State::Idle,
            local: Local::default(),
            session: None,
            next_at_ms: 0,
            failures: 0,
            pages: 0,
            held: false,
            offered_again: false,
            jitter: SeededEntropy::new(seed),
        }
    }

    /// CLOCK_BOOTTIME from which the next round may start, ms.
    #[must_use]
    pub fn next_at_ms(&self) -> u64 {
        self.next_at_ms
    }

    /// Whether the last round failed: then a new entry doesn't hurry the next one.
    #[must_use]
    pub fn is_waiting_after_failure(&self) -> bool {
        self.failures > 0
    }

    /// Takes an input, says what to do.
    pub fn step(&mut self, now: Now, input: Input) -> Vec<Output> {
        match (std::mem::replace(&mut self.state, State::Idle), input) {
            (State::Idle, Input::Woke(local)) if now.boottime_ms >= self.next_at_ms || !self.is_waiting_after_failure() => {
                self.start(now, local)
            }
            (State::Idle, Input::Asked(local)) => self.start(now, local),
            (state, Input::Woke(_) | Input::Asked(_)) => {
                self.state = state;
                Vec::new()
            }
            (State::Queue, Input::Queue(outgoing)) => self.offer(outgoing),
            (state, Input::Answered(answer)) if !matches!(state, State::Idle | State::Queue) => self.answered(now, state, &answer),
            (_, Input::Failed(failure)) => self.fail(now, line_state(failure), String::new()),
            (_, Input::StoreFailed) => self.fail(now, LineState::ServerTrouble, "le disque a refusé".into()),
            // An answer that nobody waits for: of a round that was given up.
            (state, Input::Queue(_) | Input::Answered(_)) => {
                self.state = state;
                Vec::new()
            }
        }
    }

    fn start(&mut self, now: Now, local: Local) -> Vec<Output> {
        self.local = local;
        (self.pages, self.held, self.offered_again) = (0, false, false);
        if let Some(session) = &mut self.session {
            session.fresh = false;
        }
        match &self.session {
            Some(session) if now.boottime_ms < session.until_ms => self.read_queue(None),
            _ => self.say_hello(),
        }
    }

    fn say_hello(&mut self) -> Vec<Output> {
        self.session = None;
        self.state = State::Challenge;
        vec![Output::Ask(Request::new("/sync/v1/session/hello", None, &SessionHello { device: self.me.device }))]
    }

    fn read_queue(&mut self, after: Option<EntryId>) -> Vec<Output> {
        self.state = State::Queue;
        vec![Output::ReadQueue { after, entries_max: PUSH_ENTRIES_MAX, bytes_max: PUSH_SEALED_BYTES_MAX }]
    }

    fn answered(&mut self, now: Now, state: State, answer: &Answer) -> Vec<Output> {
        match answer.status {
            200..=299 => self.taken(now, state, answer).unwrap_or_else(|| self.fail(now, LineState::NotPreau, "réponse illisible".into())),
            401 if self.session.as_ref().is_some_and(|s| !s.fresh) => self.say_hello(),
            410 if matches!(state, State::Pull { staging: false, .. }) => self.pull(true, true),
            status => {
                let problem = answer.problem();
                let code = problem.map_or_else(String::new, |p| p.code);
                let refused = match (status, code.as_str()) {
                    (_, "") if status < 500 => LineState::NotPreau,
                    (_, "epoque_depassee" | "epoque_deja_donnee") => LineState::ExistsTwice,
                    (401 | 403, _) => LineState::Revoked,
                    _ => LineState::ServerTrouble,
                };
                self.session = None;
                self.fail(now, refused, format!("{status} {code}"))
            }
        }
    }

    /// An answer that says yes; `None` where its body isn't what the wire says.
    fn taken(&mut self, now: Now, state: State, answer: &Answer) -> Option<Vec<Output>> {
        match state {
            State::Challenge => {
                let challenge: SessionChallenge = serde_json::from_slice(&answer.body).ok()?;
                Some(self.prove(now, challenge))
            }
            State::SessionAnswer => Some(self.opened(now, serde_json::from_slice(&answer.body).ok()?)),
            State::Push { offered } => {
                let pushed: PushAnswer = serde_json::from_slice(&answer.body).ok()?;
                (pushed.verdicts.len() == offered.len()).then(|| self.pushed(&offered, &pushed))
            }
            State::Pull { staging, first } => Some(self.pulled(now, pull::read(&answer.body, self.me.site)?, staging, first)),
            State::Idle | State::Queue => None,
        }
    }

    fn prove(&mut self, now: Now, challenge: SessionChallenge) -> Vec<Output> {
        let bytes = session_bytes(&challenge.nonce.0, self.me.device, now.boot, now.boottime_ms, now.wall_ms);
        let signature = self.me.key.sign(&bytes).to_bytes();
        let proof = SessionProof {
            device: self.me.device,
            nonce: challenge.nonce,
            signature: signature.into(),
            epoch: self.me.epoch,
            boot: now.boot,
            boottime_ms: now.boottime_ms,
            wall_ms: now.wall_ms,
            capabilities: vec!["forget".into(), "snapshot".into()],
            version: self.me.version.clone(),
        };
        self.state = State::SessionAnswer;
        vec![Output::Ask(Request::new("/sync/v1/session", None, &proof))]
    }

    fn opened(&mut self, now: Now, session: Session) -> Vec<Output> {
        let life_ms = u64::from(session.life_s).saturating_mul(1_000);
        let until_ms = now.boottime_ms.saturating_add(life_ms.saturating_sub(SESSION_MARGIN_MS.min(life_ms / 2)));
        let mut out = vec![Output::Observe(Observed { boot: now.boot, boottime_ms: now.boottime_ms, server_ms: session.server_ms })];
        self.session = Some(OpenSession { token: session.token, until_ms, server_epoch: session.server_epoch.clone(), fresh: true });
        out.extend(self.compare(&session.server_epoch, session.contiguous_seq));
        out.extend(self.read_queue(None));
        out
    }

    /// Whether the server has lost what it once held: another epoch (restored from a backup), or a number that fell.
    fn compare(&mut self, server_epoch: &str, contiguous_seq: u64) -> Vec<Output> {
        let restored = !self.local.push_epoch.is_empty() && self.local.push_epoch != server_epoch;
        let fell = contiguous_seq < self.local.acknowledged_seq;
        let mut out = Vec::new();
        if (restored || fell) && !self.offered_again {
            self.offered_again = true;
            // A restored server may count on from what another branch of this chain brought it: no number tells what is left of ours.
            let after_seq = if restored { 0 } else { contiguous_seq };
            out.push(Output::OfferAgain { epoch: self.me.epoch, after_seq, earlier_epochs: restored });
        }
        if self.local.push_epoch != server_epoch {
            server_epoch.clone_into(&mut self.local.push_epoch);
            out.push(Output::PushEpoch(server_epoch.to_owned()));
        }
        self.local.acknowledged_seq = contiguous_seq;
        out
    }

    fn offer(&mut self, outgoing: Vec<Outgoing>) -> Vec<Output> {
        if outgoing.is_empty() {
            return self.pull(false, true);
        }
        let push = Push { entries: outgoing.iter().map(|o| WireEntry::from(&o.sealed)).collect() };
        self.state = State::Push { offered: outgoing.into_iter().map(|o| o.entry).collect() };
        vec![Output::Ask(Request::new("/sync/v1/push", self.token(), &push))]
    }

    fn pushed(&mut self, offered: &[EntryId], answer: &PushAnswer) -> Vec<Output> {
        self.held |= answer.verdicts.iter().any(|v| v.verdict == VerdictKind::Held);
        let recorded = offered.iter().zip(&answer.verdicts).filter_map(|(entry, verdict)| Recorded::of(*entry, verdict)).collect();
        let mut out = vec![Output::Record(recorded)];
        let before = self.offered_again;
        out.extend(self.compare(&answer.server_epoch, answer.contiguous_seq));
        // What is offered again starts from the front; else the queue goes on behind what was offered, held entries included.
        let after = if self.offered_again && !before { None } else { offered.last().copied() };
        out.extend(self.read_queue(after));
        out
    }

    fn pull(&mut self, staging: bool, first: bool) -> Vec<Output> {
        if staging && first {
            (self.local.cursor, self.local.cursor_epoch) = (0, String::new());
        }
        self.state = State::Pull { staging, first };
        let pull = Pull { cursor: self.local.cursor, server_epoch: self.local.cursor_epoch.clone() };
        vec![Output::Ask(Request::new("/sync/v1/pull", self.token(), &pull))]
    }

    fn pulled(&mut self, now: Now, page: Page, staging: bool, first: bool) -> Vec<Output> {
        let more = page.more && self.pages < PAGES_MAX;
        self.pages += 1;
        (self.local.cursor, self.local.cursor_epoch) = (page.cursor, page.server_epoch.clone());
        let mut out = vec![Output::Keep { page, staging: staging.then_some(first) }];
        if more {
            out.extend(self.pull(staging, false));
            return out;
        }
        self.failures = 0;
        let wait_ms = if self.held { u64::from(HOLE_WAIT_S) * 1_000 / 2 } else { ROUND_MS };
        self.next_at_ms = now.boottime_ms.saturating_add(self.jittered(wait_ms));
        self.state = State::Idle;
        out.push(Output::Line { state: LineState::Online, detail: String::new() });
        out
    }

    fn fail(&mut self, now: Now, state: LineState, detail: String) -> Vec<Output> {
        let backoff_ms = BACKOFF_MS_MIN.saturating_mul(1 << self.failures.min(16)).min(BACKOFF_MS_MAX);
        self.failures = self.failures.saturating_add(1);
        self.next_at_ms = now.boottime_ms.saturating_add(self.jittered(backoff_ms));
        self.state = State::Idle;
        vec![Output::Line { state, detail }]
    }

    /// Between a half and one and a half: eighty tablets of one site cut don't all come back at once.
    fn jittered(&mut self, wait_ms: u64) -> u64 {
        wait_ms / 2 + self.jitter.below(wait_ms.max(1))
    }

    fn token(&self) -> Option<&str> {
        self.session.as_ref().map(|s| s.token.as_str())
    }
}

fn line_state(failure: LineFailure) -> LineState {
    match failure {
        LineFailure::NoNetwork => LineState::NoNetwork,
        LineFailure::WrongCertificate => LineState::WrongCertificate,
        LineFailure::Clock => LineState::Clock,
        LineFailure::NotPreau => LineState::NotPreau,
    }
}
