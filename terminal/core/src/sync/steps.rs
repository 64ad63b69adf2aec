//! What the client is told and what it asks to be done, in plain values: the border between what decides and what reads, writes and
//! sends.

use super::pull::Page;
use super::transport::{Answer, LineFailure, Request};
use crate::clock::Observed;
use crate::store::{Carried, EpochRequest, LineState, Outgoing, Recorded, Shown, Staging};
use shared::id::{DeviceId, EntryId, SiteId};
use shared::journal::{ChainHead, SigningKey};
use shared::wire::{EpochReason, PeerCertificate};

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
    /// How far a whole roster has come that isn't complete.
    pub staging: Option<Staging>,
    /// The server epoch that verdicts came from; empty before the first.
    pub push_epoch: String,
    /// Last number up to which the server has said to hold every entry.
    pub acknowledged_seq: u64,
    /// The epoch that the tablet seals in.
    pub epoch: u32,
    /// Last number that the tablet sealed in it; 0 before the first.
    pub sealed_seq: u64,
    /// Whether a request for the next epoch waits.
    pub needs_epoch: bool,
    /// Whether all is to be pulled anew.
    pub pull_anew: bool,
    /// When the certificate for the site's other tablets ends, ms since 1970 UTC; `None`: the tablet holds none of its own.
    pub certificate_until_ms: Option<i64>,
    /// Others' entries after this arrival are still to be carried to a server that was restored; `None`: nothing to carry.
    pub carry_after: Option<i64>,
}

/// The requests for epochs, and what each tells of the tablet's chain.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Requests {
    /// Those that were answered, first to last: for a server that forgot what it gave.
    pub given: Vec<EpochRequest>,
    /// The one that waits for its answer.
    pub waiting: Option<EpochRequest>,
    /// The last entry of its own that the tablet holds.
    pub last: Option<ChainHead>,
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
    /// The answer to [`Output::ReadOthers`].
    Others(Vec<Carried>),
    /// The answer to [`Output::ReadFromPeers`].
    FromPeers(Vec<Carried>),
    /// The answer to [`Output::ReadPhotos`].
    Photos(Vec<Shown>),
    /// The answer to [`Output::LookForUnsent`].
    Unsent(bool),
    /// The answer to [`Output::ReadRequests`].
    Requests(Requests),
    /// The answer to [`Output::Ask`].
    Answered(Answer),
    /// There is no answer to [`Output::Ask`].
    Failed(LineFailure),
    /// The disk refused one of the outputs: what followed it was not done.
    StoreFailed,
}

/// What is to be done, in order. After [`Output::Ask`] or one that reads the client waits for its answer.
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
    /// Read entries of others to carry, after an arrival.
    ReadOthers {
        /// The last one carried.
        after: i64,
        /// At most so many.
        entries_max: usize,
        /// At most so many sealed bytes.
        bytes_max: usize,
    },
    /// Others' entries up to this arrival were carried; `None`: all were.
    CarriedUpTo(Option<i64>),
    /// Read entries that peers handed over and the server hasn't told, after an arrival.
    ReadFromPeers {
        /// The last one carried.
        after: i64,
        /// At most so many.
        entries_max: usize,
        /// At most so many sealed bytes.
        bytes_max: usize,
    },
    /// Write down what the server said of them.
    RecordCarried(Vec<Recorded>),
    /// Keep the certificate for the site's other tablets.
    Certificate(PeerCertificate),
    /// Mark that the tablet is to leave its epoch.
    NeedEpoch(EpochReason),
    /// Read the requests for epochs.
    ReadRequests,
    /// The server gave the epoch after this one.
    EpochGiven {
        /// The epoch that is left.
        leaves: u32,
        /// The one to seal in.
        epoch: u32,
    },
    /// All was pulled anew.
    PulledAnew,
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
    /// Remember for whom exports are sealed.
    ExportFor(String),
    /// Remember after how many days without contact the data is locked.
    LockAfter(u32),
    /// Keep a page: entries and forgettings first, then the roster with its cursor.
    Keep {
        /// The changes.
        page: Box<Page>,
        /// `Some` while a whole new roster is put aside: whether this is its first page, and how far it has come with it.
        staging: Option<(bool, Staging)>,
    },
    /// Read which photos the roster shows and the tablet lacks.
    ReadPhotos,
    /// Seal a photo, which is the one that was asked for. Without room there is none.
    KeepPhoto {
        /// SHA-256 of it.
        hash: [u8; 32],
        /// Its bytes.
        jpeg: Vec<u8>,
    },
    /// Look whether anything was sealed that was never offered.
    LookForUnsent,
    /// The state of the line.
    Line {
        /// What it is like.
        state: LineState,
        /// For a technician.
        detail: String,
    },
}
