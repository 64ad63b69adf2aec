//! Sync: what tablets and server say to each other, and what each site's tablets are told.
//!
//! Owns the sync authority ([`authority`]), enrolment ([`enrol`]), the signed time ([`time`]), sessions ([`session`]), epochs
//! ([`epoch`]), what tablets prove themselves to each other by ([`peer_certificate`]), the taking in of entries ([`push`], judged by
//! [`judge`]; from a file: [`import_journal`]), what a person decides on those set apart ([`decisions`]), the telling of changes
//! ([`pull`], [`snapshot`], [`publish`], [`photo`]), what people are called for ([`alerts`], [`watch`]), what tablets say of themselves ([`report`]) and the
//! fleet's commands ([`fleet`]).
//! Promises: a verdict for each entry, final but `held`; no entry in the journal before its signature was verified; no
//! number seen by a reader before all smaller ones; a tablet reads and writes its own site and nothing else.
//!
//! Use cases are functions of (territory, now, request) in the caller's transaction; [`routes`] only translates.

pub mod alerts;
pub mod authority;
pub mod decisions;
pub(crate) mod described;
pub mod encoding;
pub mod enrol;
pub mod enrolment_qr;
pub mod epoch;
pub mod export_key;
pub mod fingerprint;
pub mod fleet;
pub mod import_journal;
pub mod intake;
pub mod judge;
pub mod learn;
pub mod peer_certificate;
pub mod photo;
pub mod publish;
pub mod pull;
pub mod push;
pub mod refusal;
pub mod report;
pub mod roster;
mod roster_care;
mod roster_parts;
pub mod routes;
pub mod session;
pub mod set_apart;
pub mod short_memory;
pub mod snapshot;
pub mod time;
pub mod watch;
pub mod writing;

use crate::Result;
use crate::app::App;
use crate::attendance::server_device::ServerKeys;
use authority::Authority;
use export_key::ExportKey;
use intake::Intake;
use shared::wire::limits::{CODE_TRIES_PER_MINUTE, TIMES_PER_MINUTE};
use short_memory::{Nonces, Tries};
use std::sync::Arc;
use writing::Writing;

/// What the sync routes share: the server's keys, and what is remembered for minutes only.
#[derive(Clone)]
pub struct Desk {
    /// The server's own pen.
    pub keys: ServerKeys,
    /// The certificate authority that tablets pin.
    pub authority: Arc<Authority>,
    /// For whom tablets seal exports.
    pub export: Arc<ExportKey>,
    /// After how many days without an exchange a tablet locks its data.
    pub lock_after_days: u32,
    /// Nonces that may still be answered.
    pub nonces: Arc<Nonces>,
    /// Tries of codes, by address.
    pub tries: Arc<Tries>,
    /// Times signed, by address.
    pub times: Arc<Tries>,
    /// Whose push comes next.
    pub intake: Arc<Intake>,
    /// The pushes that wait to be written.
    pub writing: Arc<Writing>,
}

impl Desk {
    /// Opens the keys of an installation.
    ///
    /// # Errors
    /// Where they can't be read or made.
    pub fn open(app: &App) -> Result<Self> {
        Ok(Self {
            keys: ServerKeys::open(&app.data_dir)?,
            authority: Arc::new(Authority::open(&app.data_dir, app.territoire())?),
            export: Arc::new(ExportKey::open(&app.data_dir)?),
            lock_after_days: app.settings.tablettes.verrou_jours,
            nonces: Arc::default(),
            tries: Arc::new(Tries::at_most(CODE_TRIES_PER_MINUTE)),
            times: Arc::new(Tries::at_most(TIMES_PER_MINUTE)),
            intake: Arc::default(),
            writing: Arc::default(),
        })
    }
}
