//! The sync client, sans I/O: what comes in, what is to be done next. No
//! socket, no timer, no disk, no clock; its randomness is given.
//!
//! A round is: session (if none is open) → a new epoch, where the tablet can't
//! go on in its own → push until the queue is empty → others' entries, where
//! the server was restored and lacks them → pull until there is no more → what
//! other tablets of the site handed over and the server still doesn't tell →
//! some photos, as long as nothing else waits.
//! Whatever fails ends the round; the next one starts afresh, and what the
//! server already holds comes back as `duplicate`.

use super::detail;
use super::epoch::{Asking, EPOCH};
use super::pace::{Pace, Whole};
use super::pull;
pub use super::steps::{Input, Local, Me, Output, Requests};
use super::transport::{Answer, LineFailure, Request};
use crate::clock::{Now, Observed};
use crate::store::{EpochRequest, LineState, Outgoing, Recorded, Shown};
use ed25519_dalek::Signer as _;
use shared::id::EntryId;
use shared::wire::limits::{PUSH_ENTRIES_MAX, PUSH_SEALED_BYTES_MAX};
use shared::wire::peers::PEERS;
use shared::wire::{EpochGiven, EpochReason, FORK, Push, PushAnswer, Session, SessionChallenge, SessionHello, SessionProof, TabletReport};
use shared::wire::{VerdictKind, WireEntry, session_bytes};
use std::collections::{HashSet, VecDeque};

/// How often the tablet tells how it is while nothing new is set aside, in ms.
const REPORT_MS: u64 = 5 * 60_000;
/// Most pages of one round: a server that always says "more" doesn't hold the tablet for ever.
pub(super) const PAGES_MAX: u32 = 10_000;
/// A session is renewed this long before it ends, in ms.
const SESSION_MARGIN_MS: u64 = 60_000;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum State {
    Idle,
    Challenge,
    SessionAnswer,
    /// `again`: the server forgot what it gave; every request is repeated.
    Requests {
        again: bool,
    },
    EpochChallenge(Asking),
    EpochAnswer(Asking),
    Queue,
    /// Entries, and whether each stands in the epoch that the tablet seals in.
    Push {
        offered: Vec<(EntryId, bool)>,
    },
    Others,
    /// So many entries of others, the last of which arrived so.
    Carry {
        count: usize,
        up_to: i64,
    },
    Pull {
        staging: bool,
        first: bool,
    },
    FromPeers,
    /// Entries that peers handed over, the last of which arrived so.
    CarryFromPeers {
        offered: Vec<EntryId>,
        up_to: i64,
    },
    Photos,
    /// The photo that is asked for.
    Photo(Shown),
    /// Whether something was sealed meanwhile is being looked up.
    BetweenPhotos,
}

impl State {
    /// Whether a request is under way.
    fn waits_for_answer(&self) -> bool {
        !matches!(
            self,
            Self::Idle | Self::Queue | Self::Others | Self::FromPeers | Self::Photos | Self::BetweenPhotos | Self::Requests { .. }
        )
    }
}

/// The client.
#[derive(Debug)]
pub struct SyncClient {
    pub(super) me: Me,
    pub(super) state: State,
    pub(super) local: Local,
    session: Option<OpenSession>,
    pace: Pace,
    /// What this round has come to.
    pub(super) whole: Whole,
    pub(super) pages: u32,
    /// A whole roster was begun at its front, once a round.
    pub(super) began_whole: bool,
    /// Photos that are still to be asked for in this round.
    pub(super) photos: VecDeque<Shown>,
    /// How many were asked for in it.
    pub(super) photos_asked: usize,
    /// Hashes of photos that the server doesn't give, for as long as its session: they are not asked for at each round.
    pub(super) not_given: HashSet<[u8; 32]>,
    offered_again: bool,
    /// The server was reminded of the epochs that it gave, once a round.
    reminded: bool,
    /// How the tablet is, to be told with the next pull.
    pub(super) report: Option<TabletReport>,
    /// How many files were set aside when it told last, and when by CLOCK_BOOTTIME, in ms.
    pub(super) told: Option<(u64, u64)>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct OpenSession {
    token: String,
    until_ms: u64,
    server_epoch: String,
    /// Whether it was opened in this round: a token refused at once isn't one that ran out.
    fresh: bool,
    /// Whether the server gives epochs: an older one has no such route.
    gives_epochs: bool,
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
            pace: Pace::new(seed),
            whole: Whole::default(),
            pages: 0,
            began_whole: false,
            photos: VecDeque::new(),
            photos_asked: 0,
            not_given: HashSet::new(),
            offered_again: false,
            reminded: false,
            report: None,
            told: None,
        }
    }

    /// How the tablet is, to be told with the next pull; unless it was told a moment ago, and nothing was damaged since.
    pub fn tell(&mut self, now: Now, report: TabletReport) {
        let stale = |at_ms: u64| now.boottime_ms.saturating_sub(at_ms) >= REPORT_MS;
        let news = self.told.is_none_or(|(set_aside, at_ms)| report.set_aside > set_aside || stale(at_ms));
        self.report = news.then_some(report);
    }

    /// CLOCK_BOOTTIME from which the next round may start, ms.
    #[must_use]
    pub fn next_at_ms(&self) -> u64 {
        self.pace.next_at_ms()
    }

    /// Whether the last round failed: then a new entry doesn't hurry the next one.
    #[must_use]
    pub fn is_waiting_after_failure(&self) -> bool {
        self.pace.is_waiting_after_failure()
    }

    /// Takes an input, says what to do.
    pub fn step(&mut self, now: Now, input: Input) -> Vec<Output> {
        match (std::mem::replace(&mut self.state, State::Idle), input) {
            (State::Idle, Input::Woke(local)) if now.boottime_ms >= self.next_at_ms() || !self.is_waiting_after_failure() => {
                self.start(now, local)
            }
            (State::Idle, Input::Asked(local)) => self.start(now, local),
            (state, Input::Woke(_) | Input::Asked(_)) => {
                self.state = state;
                Vec::new()
            }
            (State::Queue, Input::Queue(outgoing)) => self.offer(outgoing),
            (State::Others, Input::Others(others)) => self.carry(others),
            (State::Requests { again }, Input::Requests(requests)) => self.ask_epochs(now, requests, again),
            (State::FromPeers, Input::FromPeers(carried)) => self.carry_from_peers(carried),
            (State::Photos, Input::Photos(lacking)) => self.ask_photos(now, lacking),
            (State::BetweenPhotos, Input::Unsent(unsent)) => self.after_photo(now, unsent),
            (state, Input::Answered(answer)) if state.waits_for_answer() => self.answered(now, state, &answer),
            (_, Input::Failed(failure)) => self.fail(now, line_state(failure), String::new()),
            (_, Input::StoreFailed) => self.fail(now, LineState::ServerTrouble, detail::DISK_REFUSED.into()),
            // An answer that nobody waits for: of a round that was given up.
            (
                state,
                Input::Queue(_)
                | Input::Others(_)
                | Input::Requests(_)
                | Input::FromPeers(_)
                | Input::Photos(_)
                | Input::Unsent(_)
                | Input::Answered(_),
            ) => {
                self.state = state;
                Vec::new()
            }
        }
    }

    fn start(&mut self, now: Now, local: Local) -> Vec<Output> {
        self.me.epoch = local.epoch;
        self.local = local;
        (self.pages, self.whole, self.offered_again, self.reminded, self.began_whole) = (0, Whole::default(), false, false, false);
        (self.photos, self.photos_asked) = (VecDeque::new(), 0);
        if let Some(session) = &mut self.session {
            session.fresh = false;
        }
        match &self.session {
            Some(session) if now.boottime_ms < session.until_ms => self.go_on(),
            _ => self.say_hello(),
        }
    }

    /// A session is open: a new epoch first, where one is needed and the server gives any.
    fn go_on(&mut self) -> Vec<Output> {
        if self.local.needs_epoch && self.session.as_ref().is_some_and(|s| s.gives_epochs) {
            return self.read_requests(false);
        }
        self.read_queue(None)
    }

    fn say_hello(&mut self) -> Vec<Output> {
        self.session = None;
        self.state = State::Challenge;
        vec![self.hello()]
    }

    fn hello(&self) -> Output {
        Output::Ask(Request::new("/sync/v1/session/hello", None, &SessionHello { device: self.me.device }))
    }

    fn read_requests(&mut self, again: bool) -> Vec<Output> {
        self.state = State::Requests { again };
        vec![Output::ReadRequests]
    }

    fn ask_epochs(&mut self, now: Now, Requests { given, waiting, last }: Requests, again: bool) -> Vec<Output> {
        let repeated = if again { given } else { Vec::new() };
        // A request that the server has not answered yet follows those that it forgot.
        let requests: VecDeque<EpochRequest> = repeated.into_iter().chain(waiting).collect();
        match Asking::of(requests, last) {
            Some(asking) => self.ask_epoch(asking),
            // No request is left of those that gave this epoch: a new one says which it is.
            None if again && !self.local.needs_epoch => {
                self.local.needs_epoch = true;
                let mut out = vec![Output::NeedEpoch(EpochReason::Restored)];
                out.extend(self.read_requests(again));
                out
            }
            None => self.fail(now, LineState::ServerTrouble, detail::EPOCH_UNKNOWN.into()),
        }
    }

    fn ask_epoch(&mut self, asking: Asking) -> Vec<Output> {
        self.state = State::EpochChallenge(asking);
        vec![self.hello()]
    }

    fn epoch_given(&mut self, now: Now, asking: Asking, given: EpochGiven) -> Vec<Output> {
        let leaves = asking.request.leaves;
        if given.epoch != leaves + 1 {
            return self.fail(now, LineState::NotPreau, detail::EPOCH_OUT_OF_ORDER.into());
        }
        let mut out = vec![Output::EpochGiven { leaves, epoch: given.epoch }];
        if leaves == self.me.epoch {
            self.me.epoch = given.epoch;
            // In its new epoch the tablet has sealed nothing, and the server holds nothing.
            (self.local.epoch, self.local.sealed_seq, self.local.acknowledged_seq) = (given.epoch, 0, 0);
            (self.local.needs_epoch, self.local.pull_anew) = (false, true);
        }
        out.extend(match asking.next() {
            Some(next) => self.ask_epoch(next),
            None => self.say_hello(),
        });
        out
    }

    fn read_queue(&mut self, after: Option<EntryId>) -> Vec<Output> {
        self.state = State::Queue;
        vec![Output::ReadQueue { after, entries_max: PUSH_ENTRIES_MAX, bytes_max: PUSH_SEALED_BYTES_MAX }]
    }

    fn answered(&mut self, now: Now, state: State, answer: &Answer) -> Vec<Output> {
        match answer.status {
            200..=299 => self.taken(now, state, answer).unwrap_or_else(|| self.fail(now, LineState::NotPreau, detail::UNREADABLE.into())),
            401 if self.session.as_ref().is_some_and(|s| !s.fresh) => self.say_hello(),
            410 if matches!(state, State::Pull { .. }) && !self.began_whole => self.pull_whole(),
            status => {
                if let State::Photo(shown) = &state
                    && !matches!(status, 401 | 403)
                {
                    return self.photo_not_given(shown);
                }
                let problem = answer.problem();
                let code = problem.map_or_else(String::new, |p| p.code);
                // The epoch may have been given to this tablet, and the reply was lost; or the server forgot that it gave it.
                let (passed, lost) = (code == "epoque_depassee" && self.local.needs_epoch, code == "epoque_perdue");
                if (passed || lost) && !self.reminded {
                    self.reminded = true;
                    return self.read_requests(lost);
                }
                if code == "appareil_revoque" && matches!(state, State::EpochAnswer(_)) && self.session.is_some() {
                    // No epoch for a revoked tablet; what it holds is handed in all the same, for a person to decide on.
                    self.local.needs_epoch = false;
                    return self.read_queue(None);
                }
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
            State::EpochChallenge(asking) => {
                let challenge: SessionChallenge = serde_json::from_slice(&answer.body).ok()?;
                let ask = asking.signed(challenge, self.me.device, &self.me.key);
                self.state = State::EpochAnswer(asking);
                Some(vec![Output::Ask(Request::new(EPOCH, None, &ask))])
            }
            State::EpochAnswer(asking) => Some(self.epoch_given(now, asking, serde_json::from_slice(&answer.body).ok()?)),
            State::SessionAnswer => Some(self.opened(now, serde_json::from_slice(&answer.body).ok()?)),
            State::Push { offered } => {
                let pushed: PushAnswer = serde_json::from_slice(&answer.body).ok()?;
                (pushed.verdicts.len() == offered.len()).then(|| self.pushed(&offered, &pushed))
            }
            State::Carry { count, up_to } => {
                let pushed: PushAnswer = serde_json::from_slice(&answer.body).ok()?;
                (pushed.verdicts.len() == count).then(|| self.carried(up_to))
            }
            State::Pull { staging, first } => Some(self.pulled(now, pull::read(&answer.body, self.me.site)?, staging, first)),
            State::CarryFromPeers { offered, up_to } => {
                let pushed: PushAnswer = serde_json::from_slice(&answer.body).ok()?;
                (pushed.verdicts.len() == offered.len()).then(|| self.carried_from_peers(&offered, up_to, &pushed))
            }
            State::Photo(shown) => Some(self.photo_came(shown, &answer.body)),
            State::Idle
            | State::Queue
            | State::Others
            | State::Requests { .. }
            | State::FromPeers
            | State::Photos
            | State::BetweenPhotos => None,
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
            capabilities: vec!["forget".into(), "snapshot".into(), PEERS.into()],
            version: self.me.version.clone(),
            certificate_until_ms: self.local.certificate_until_ms,
        };
        self.state = State::SessionAnswer;
        vec![Output::Ask(Request::new("/sync/v1/session", None, &proof))]
    }

    fn opened(&mut self, now: Now, session: Session) -> Vec<Output> {
        let life_ms = u64::from(session.life_s).saturating_mul(1_000);
        let until_ms = now.boottime_ms.saturating_add(life_ms.saturating_sub(SESSION_MARGIN_MS.min(life_ms / 2)));
        let mut out = vec![Output::Observe(Observed { boot: now.boot, boottime_ms: now.boottime_ms, server_ms: session.server_ms })];
        out.extend(session.export_recipient.map(Output::ExportFor));
        out.extend(session.lock_after_days.map(Output::LockAfter));
        if let Some(given) = session.certificate {
            self.local.certificate_until_ms = Some(given.until_ms);
            out.push(Output::Certificate(given));
        }
        let gives_epochs = session.capabilities.iter().any(|able| able == "epoch");
        let server_epoch = session.server_epoch.clone();
        self.session = Some(OpenSession { token: session.token, until_ms, server_epoch, fresh: true, gives_epochs });
        self.not_given.clear();
        out.extend(self.is_beyond(session.contiguous_seq));
        out.extend(self.compare(&session.server_epoch, session.contiguous_seq));
        out.extend(self.go_on());
        out
    }

    /// The server holds more of the epoch than the tablet ever sealed: another copy sealed it, or the tablet itself in a life that
    /// it lost with an older image.
    fn is_beyond(&mut self, contiguous_seq: u64) -> Option<Output> {
        let beyond = contiguous_seq > self.local.sealed_seq;
        self.local.needs_epoch |= beyond;
        beyond.then_some(Output::NeedEpoch(EpochReason::Restored))
    }

    /// Whether an entry stands in the epoch that the tablet seals in; its number, if so.
    fn own_seq(&self, outgoing: &Outgoing) -> Option<u64> {
        let place = outgoing.sealed.decode_envelope().ok()?.place;
        ((place.device, place.epoch) == (self.me.device, self.me.epoch)).then_some(place.seq)
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
            if restored {
                self.local.carry_after = Some(0);
                out.push(Output::CarriedUpTo(Some(0)));
            }
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
            return match (&self.session, self.local.carry_after) {
                (Some(session), _) if self.local.needs_epoch && session.gives_epochs => self.read_requests(false),
                (_, Some(after)) => self.read_others(after),
                _ => self.pull(),
            };
        }
        // The door goes on sealing during a round: what is offered now was not there when it began.
        let last = outgoing.iter().filter_map(|o| self.own_seq(o)).max();
        self.local.sealed_seq = self.local.sealed_seq.max(last.unwrap_or(0));
        let push = Push { entries: outgoing.iter().map(|o| WireEntry::from(&o.sealed)).collect() };
        self.state = State::Push { offered: outgoing.iter().map(|o| (o.entry, self.own_seq(o).is_some())).collect() };
        vec![Output::Ask(Request::new("/sync/v1/push", self.token(), &push))]
    }

    fn pushed(&mut self, offered: &[(EntryId, bool)], answer: &PushAnswer) -> Vec<Output> {
        self.whole.moved = true;
        self.whole.held |= answer.verdicts.iter().any(|v| v.verdict == VerdictKind::Held);
        let told = || offered.iter().zip(&answer.verdicts);
        let mut out = Vec::new();
        // Marked before the verdicts are written down: an entry that left the queue isn't told of again.
        if told().any(|((_, own), verdict)| *own && verdict.code.as_deref() == Some(FORK)) {
            self.local.needs_epoch = true;
            out.push(Output::NeedEpoch(EpochReason::Fork));
        }
        out.extend(self.is_beyond(answer.contiguous_seq));
        out.push(Output::Record(told().filter_map(|((entry, _), verdict)| Recorded::of(*entry, verdict)).collect()));
        let before = self.offered_again;
        out.extend(self.compare(&answer.server_epoch, answer.contiguous_seq));
        // What is offered again starts from the front; else the queue goes on behind what was offered, held entries included.
        let after = if self.offered_again && !before { None } else { offered.last().map(|(entry, _)| *entry) };
        out.extend(self.read_queue(after));
        out
    }

    pub(super) fn finish(&mut self, now: Now) -> Vec<Output> {
        self.whole.photos = !self.photos.is_empty();
        self.pace.went_well(now, self.whole);
        self.state = State::Idle;
        vec![Output::Line { state: LineState::Online, detail: String::new() }]
    }

    pub(super) fn fail(&mut self, now: Now, state: LineState, detail: String) -> Vec<Output> {
        self.pace.failed(now);
        self.state = State::Idle;
        vec![Output::Line { state, detail }]
    }

    pub(super) fn token(&self) -> Option<&str> {
        self.session.as_ref().map(|s| s.token.as_str())
    }
}

fn line_state(failure: LineFailure) -> LineState {
    match failure {
        LineFailure::NoNetwork => LineState::NoNetwork,
        LineFailure::WrongCertificate => LineState::WrongCertificate,
        LineFailure::Clock => LineState::Clock,
        LineFailure::CertificateExpired => LineState::CertificateExpired,
        LineFailure::CertificateTooEarly => LineState::CertificateTooEarly,
        LineFailure::NotPreau => LineState::NotPreau,
    }
}
