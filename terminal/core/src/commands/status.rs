//! `preau-terminal status`: what waits, since when, and what the line is like.
//! Reads only: works without a network and beside an open window.

use super::CommandError;
use crate::clock::{Clock, Now, SystemClock};
use crate::door::{line_in_words, of_revoked, set_apart};
use crate::store::{DataLock, KeyPlace, LineState, Peek, StoreError, set_aside};
use serde::Serialize;
use shared::calendar::instant_from_ms;
use shared::french as words;
use std::fmt::Write;
use std::path::Path;

/// The state of a tablet. Keys stand in the order in which they are printed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Status {
    /// Whether the tablet belongs to a site.
    pub enrolled: bool,
    /// Its id.
    pub device: Option<String>,
    /// Its site's id.
    pub site: Option<String>,
    /// "École Vauban".
    pub site_name: Option<String>,
    /// Where the server is.
    pub server: Option<String>,
    /// The epoch that it seals in.
    pub epoch: Option<u32>,
    /// Entries that the server hasn't acknowledged.
    pub queue: u32,
    /// When the oldest of them was sealed, by the tablet's clock.
    pub oldest_unsent: Option<String>,
    /// Set apart by the server.
    pub quarantined: u32,
    /// Refused by the server.
    pub refused: u32,
    /// Entries of the last days that other tablets of the site brought and that count for nothing until the server tells them.
    pub not_counted: u32,
    /// Other tablets of the site that hold the same as this one.
    pub agreeing: u32,
    /// Last number sealed.
    pub last_seq: u64,
    /// What the line is like.
    pub line: LineState,
    /// The same in the words of the bar at the door.
    pub line_text: Option<String>,
    /// Since when.
    pub line_since: Option<String>,
    /// Last whole round trip.
    pub last_contact: Option<String>,
    /// Whether the list of children is erased until the server answers.
    pub locked: bool,
    /// Days left until it is; nothing where the server was never heard, or no list is held.
    pub locks_in_days: Option<u32>,
    /// Number of the last change that the roster holds.
    pub roster_version: u64,
    /// The clocks.
    pub clock: ClockStatus,
    /// Why the journal was salvaged; nothing once the server has given the tablet a new epoch.
    pub salvaged: Option<String>,
    /// Damaged files that were set aside, by name.
    pub set_aside: Vec<String>,
    /// Where the tablet's key lies.
    pub key_storage: Option<KeyPlace>,
}

/// The tablet's clock beside the server's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ClockStatus {
    /// Wall clock.
    pub wall: String,
    /// How far it is ahead of the server's, in ms, where that one was heard since the machine started.
    pub ahead_ms: Option<i64>,
}

/// Reads the state of a data folder.
///
/// # Errors
/// Files that can't be read. A folder without any is a tablet that isn't enrolled, and no error.
pub fn status(dir: &Path) -> Result<Status, CommandError> {
    Ok(status_at(dir, SystemClock::new()?.now())?)
}

/// The same at an instant.
///
/// # Errors
/// As [`status`].
pub fn status_at(dir: &Path, now: Now) -> Result<Status, StoreError> {
    match Peek::open(dir) {
        Ok(peek) => Ok(read(&peek, now)?).map(|status| Status { set_aside: set_aside(dir), key_storage: KeyPlace::of(dir), ..status }),
        Err(StoreError::NotEnrolled) => Ok(nothing(now)),
        Err(error) => Err(error),
    }
}

fn read(peek: &Peek, now: Now) -> Result<Status, StoreError> {
    let identity = peek.journal.identity()?;
    let (queue, line) = (peek.journal.queue()?, peek.roster.line()?);
    let corrected = now.corrected(peek.roster.observed()?);
    let heard = peek.roster.observed()?.is_some_and(|o| o.boot == now.boot);
    let at = |ms: i64| instant_from_ms(ms).to_rfc3339_opts(chrono::SecondsFormat::Millis, true);
    Ok(Status {
        enrolled: identity.is_some(),
        device: identity.as_ref().map(|i| i.device.to_string()),
        site: identity.as_ref().map(|i| i.site.to_string()),
        site_name: identity.as_ref().map(|i| i.site_name.clone()),
        server: identity.as_ref().map(|i| i.server_url.clone()),
        epoch: identity.as_ref().map(|i| i.epoch),
        queue: queue.unsent,
        oldest_unsent: queue.oldest_ms.map(at),
        quarantined: queue.quarantined,
        refused: queue.refused,
        not_counted: peek.journal.not_counted(corrected.day())?,
        agreeing: peek.roster.agreement()?.at(corrected.wall_ms),
        last_seq: peek.journal.head()?.map_or(0, |h| h.place.seq),
        line: line.state,
        line_text: identity.as_ref().map(|_| line_in_words(&line, &queue, corrected.wall_ms)),
        line_since: (line.state != LineState::Unknown).then(|| at(line.since_ms)),
        last_contact: line.last_contact_ms.map(at),
        locked: peek.roster.data_lock(corrected)? == DataLock::Locked,
        locks_in_days: peek.roster.locks_in_days(corrected)?,
        roster_version: peek.roster.cursor()?,
        clock: ClockStatus { wall: at(now.wall_ms), ahead_ms: heard.then_some(now.wall_ms.saturating_sub(corrected.wall_ms)) },
        salvaged: peek.journal.salvaged()?,
        set_aside: Vec::new(),
        key_storage: None,
    })
}

fn nothing(now: Now) -> Status {
    let wall = now.instant().to_rfc3339_opts(chrono::SecondsFormat::Millis, true);
    Status {
        enrolled: false,
        device: None,
        site: None,
        site_name: None,
        server: None,
        epoch: None,
        queue: 0,
        oldest_unsent: None,
        quarantined: 0,
        refused: 0,
        not_counted: 0,
        agreeing: 0,
        last_seq: 0,
        line: LineState::Unknown,
        line_text: None,
        line_since: None,
        last_contact: None,
        locked: false,
        locks_in_days: None,
        roster_version: 0,
        clock: ClockStatus { wall, ahead_ms: None },
        salvaged: None,
        set_aside: Vec::new(),
        key_storage: None,
    }
}

impl Status {
    /// The same for a person.
    #[must_use]
    pub fn in_words(&self) -> String {
        let mut out = String::new();
        let mut line = |name: &str, value: String| {
            // A String takes whatever is written to it.
            let _ = writeln!(out, "{name:<18} {value}");
        };
        if !self.enrolled {
            line("Tablette", "à enrôler".into());
            return out;
        }
        line("Site", self.site_name.clone().unwrap_or_default());
        line("Serveur", self.server.clone().unwrap_or_default());
        line("Tablette", format!("{} (époque {})", self.device.clone().unwrap_or_default(), self.epoch.unwrap_or(0)));
        line("Ligne", self.line_text.clone().unwrap_or_default());
        let waiting = words::count(self.queue, "pointage", "pointages");
        line("En attente", self.oldest_unsent.as_ref().map_or_else(|| "rien".into(), |at| format!("{waiting}, le plus ancien du {at}")));
        if let Some(apart) = set_apart(self.refused, self.quarantined) {
            line("À regarder", apart);
        }
        if let Some(apart) = of_revoked(self.not_counted) {
            line("À regarder", apart);
        }
        if self.agreeing > 0 {
            line("Sur le site", format!("{} d'accord avec celle-ci", words::count(self.agreeing, "tablette", "tablettes")));
        }
        if let Some(why) = &self.salvaged {
            line("Journal", format!("réparé ({why}) : prévenez l'administration"));
        }
        if !self.set_aside.is_empty() {
            line("Mis de côté", self.set_aside.join(", "));
        }
        match self.locks_in_days {
            _ if self.locked => line("Verrou", "verrouillée : la liste des enfants revient quand le serveur répond".into()),
            Some(days) => line("Verrou", format!("dans {} sans réponse du serveur", words::count(days, "jour", "jours"))),
            None => {}
        }
        if let Some(place) = self.key_storage {
            line("Clé", place.in_words().into());
        }
        line("Dernier échange", self.last_contact.clone().unwrap_or_else(|| "aucun".into()));
        line("Horloge", self.clock.ahead_ms.map_or_else(|| self.clock.wall.clone(), |ms| format!("{} (écart {ms} ms)", self.clock.wall)));
        out
    }
}
