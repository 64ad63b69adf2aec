//! `preau-terminal simulate`: plays a file of actions on the real controllers
//! and the real store. See `docs/simulate.md`.
//!
//! Two processes: the [`parent`] reads the file, keeps the simulated time, and
//! remembers every entry that was shown as recorded; the [`child`] is the
//! tablet, and can be killed without warning at a named point of sealing. The
//! parent starts it again and looks whether anything that was shown is lost.

mod actions;
pub mod child;
pub mod parent;

use crate::store::{LineState, SealPoint};
use serde::{Deserialize, Serialize};
use shared::id::{BootId, EntryId};

pub use actions::{Action, Do, read};

/// What the parent tells the child, one JSON line each.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "tell")]
enum Tell {
    /// Play this.
    Play(Box<Play>),
    /// Say what is on disk.
    Look,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Play {
    wall_ms: i64,
    boottime_ms: u64,
    boot: BootId,
    offline: bool,
    /// Die at this point of the next sealing.
    #[serde(default)]
    die_at: Option<String>,
    /// The code that the action types.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    typed: Option<Typed>,
    action: Action,
}

/// A code on its way to the tablet's process: no digit of it in a log.
#[derive(Clone, Serialize, Deserialize)]
struct Typed(String);

impl std::fmt::Debug for Typed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Typed")
    }
}

impl Play {
    fn die_at(&self) -> Option<SealPoint> {
        self.die_at.as_deref().and_then(SealPoint::parse)
    }
}

/// What the child saw of one action.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Played {
    ok: bool,
    entries: Vec<EntryId>,
    notice: Option<String>,
    undo: Option<String>,
    dialog: Option<String>,
    durable_us: Option<u64>,
    unsent: u32,
    line: LineState,
}

/// What is on disk, after a start.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Looked {
    enrolled: bool,
    /// Own entries in order of their numbers.
    entries: Vec<EntryId>,
    /// The first break of the chain; `None` where all holds.
    broken: Option<String>,
}

/// One line of output. Keys stand in the order in which they are printed.
#[derive(Debug, Clone, PartialEq, Serialize)]
struct Line<'a> {
    line: usize,
    at: String,
    #[serde(rename = "do")]
    act: &'a str,
    ok: bool,
    entries: Vec<EntryId>,
    notice: Option<String>,
    undo: Option<String>,
    dialog: Option<String>,
    durable_ms: Option<f64>,
    unsent: u32,
    line_state: LineState,
    #[serde(skip_serializing_if = "Option::is_none")]
    killed: Option<Killed>,
}

/// A death, and what was found after it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Killed {
    at_point: &'static str,
    seed: u64,
    /// Entries that the screen had shown as recorded and that are gone: must be empty.
    lost: Vec<EntryId>,
    /// Entries that were durable although no screen had shown them.
    unseen: Vec<EntryId>,
    /// Whether the gesture was made again, since nothing of it was on disk.
    replayed: bool,
}

/// Microseconds as milliseconds with three decimals, for people and for JSON. Written as text: no arithmetic on floats.
fn in_ms(us: u64) -> Option<f64> {
    format!("{}.{:03}", us / 1_000, us % 1_000).parse().ok()
}
