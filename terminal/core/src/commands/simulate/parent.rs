//! Directs a simulated day: keeps the time, remembers what was shown, starts
//! the tablet again when it was killed, and looks whether anything is lost.

use super::{Action, Do, Killed, Line, Looked, Play, Played, Tell, Typed, in_ms, read};
use crate::commands::CommandError;
use crate::entropy::{SeededEntropy, SystemEntropy, bytes};
use crate::store::{SealPoint, StoreError};
use nix::sys::signal::Signal;
use serde::de::DeserializeOwned;
use shared::calendar::{instant_from_ms, local};
use shared::id::{BootId, EntryId};
use std::collections::HashSet;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// The simulated machine started this long before the first action.
const STARTED_BEFORE_MS: u64 = 60_000;

/// What a simulation came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Summary {
    /// Actions played.
    pub actions: usize,
    /// Entries that a screen has shown as recorded.
    pub shown: usize,
    /// Times that the tablet was killed.
    pub killed: usize,
}

/// Plays a file of actions. `spawn` prepares the child's command; `out` gets one JSON line an action.
///
/// # Errors
/// A file that isn't understood (2), a lost entry or a broken chain (1), a tablet that can't start (3).
pub fn play(text: &str, spawn: &dyn Fn() -> Command, out: &mut dyn Write) -> Result<Summary, CommandError> {
    let actions = read(text).map_err(CommandError::Usage)?;
    let mut direction = Direction::start(spawn, out)?;
    for (number, action) in actions {
        direction.play(number, action)?;
    }
    direction.finish()
}

struct Direction<'a> {
    spawn: &'a dyn Fn() -> Command,
    out: &'a mut dyn Write,
    tablet: Tablet,
    boot: BootId,
    at_ms: Option<i64>,
    boottime_ms: u64,
    offline: bool,
    dying: Option<(SealPoint, u64)>,
    /// What was on disk before the first action.
    before: usize,
    shown: Vec<EntryId>,
    summary: Summary,
}

/// The child process with its two ends.
struct Tablet {
    process: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Drop for Tablet {
    fn drop(&mut self) {
        // Its input closed, it ends by itself; a dead one is taken off the system's list.
        if self.process.kill().is_ok() {
            let _ = self.process.wait();
        }
    }
}

impl Tablet {
    fn start(spawn: &dyn Fn() -> Command) -> Result<Self, CommandError> {
        let failed = |e: &dyn std::fmt::Display| CommandError::Unavailable(format!("La tablette simulée ne démarre pas ({e})."));
        let mut process = spawn().stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().map_err(|e| failed(&e))?;
        let (input, output) = (process.stdin.take(), process.stdout.take());
        match (input, output) {
            (Some(input), Some(output)) => Ok(Self { process, input, output: BufReader::new(output) }),
            _ => Err(failed(&"sans entrée ni sortie")),
        }
    }

    /// Tells, and waits for the answer; `None` where the tablet died on the way.
    fn tell<T: DeserializeOwned>(&mut self, tell: &Tell) -> Result<Option<T>, CommandError> {
        let line = serde_json::to_string(tell).map_err(|e| CommandError::Usage(e.to_string()))?;
        // A write to a tablet that has just died fails: the missing answer tells of it.
        let _ = writeln!(self.input, "{line}").and_then(|()| self.input.flush());
        loop {
            let mut answer = String::new();
            match self.output.read_line(&mut answer) {
                Ok(0) | Err(_) => return Ok(None),
                // Anything else on standard output is not ours.
                Ok(_) if !answer.starts_with('{') => {}
                Ok(_) => return serde_json::from_str(&answer).map(Some).map_err(|e| CommandError::Unavailable(e.to_string())),
            }
        }
    }
}

impl<'a> Direction<'a> {
    fn start(spawn: &'a dyn Fn() -> Command, out: &'a mut dyn Write) -> Result<Self, CommandError> {
        let boot = BootId(uuid::Uuid::from_bytes(bytes(&mut SystemEntropy)?));
        let mut direction = Self {
            tablet: Tablet::start(spawn)?,
            spawn,
            out,
            boot,
            at_ms: None,
            boottime_ms: STARTED_BEFORE_MS,
            offline: false,
            dying: None,
            before: 0,
            shown: Vec::new(),
            summary: Summary::default(),
        };
        let looked = direction.look()?;
        if !looked.enrolled {
            return Err(StoreError::NotEnrolled.into());
        }
        direction.before = looked.entries.len();
        Ok(direction)
    }

    fn look(&mut self) -> Result<Looked, CommandError> {
        match self.tablet.tell(&Tell::Look)? {
            Some(looked) => Ok(looked),
            // Its own sentence stands on standard error.
            None => Err(CommandError::Unavailable("La tablette simulée ne démarre pas.".into())),
        }
    }

    fn play(&mut self, number: usize, action: Action) -> Result<(), CommandError> {
        self.pass_time(&action);
        match action.act {
            Do::Offline => self.offline = true,
            Do::Online => self.offline = false,
            Do::Kill => self.dying = Some(self.death(&action)?),
            _ => {}
        }
        let name = action.act.name();
        let play = self.wrap(action);
        let (played, killed) = match self.tablet.tell::<Played>(&Tell::Play(Box::new(play.clone())))? {
            Some(played) => (played, None),
            None => self.after_death(play)?,
        };
        if !played.entries.is_empty() {
            self.dying = None;
        }
        self.shown.extend(&played.entries);
        self.summary.actions += 1;
        let line = Line {
            line: number,
            at: in_paris(self.at_ms.unwrap_or(0)),
            act: name,
            ok: played.ok,
            entries: played.entries,
            notice: played.notice,
            undo: played.undo,
            dialog: played.dialog,
            durable_ms: played.durable_us.and_then(in_ms),
            unsent: played.unsent,
            line_state: played.line,
            killed,
        };
        let text = serde_json::to_string(&line).map_err(|e| CommandError::Usage(e.to_string()))?;
        writeln!(self.out, "{text}").map_err(|e| CommandError::Unavailable(format!("Sortie impossible ({e}).")))
    }

    /// The file's time; the boot clock never goes back, whatever the file's does.
    fn pass_time(&mut self, action: &Action) {
        let before = self.at_ms;
        let passed = i64::from(action.seconds.filter(|_| action.act == Do::Advance).unwrap_or(1)) * 1_000;
        let at_ms = action.at_ms().unwrap_or_else(|| before.unwrap_or(0).saturating_add(passed));
        let elapsed = before.map_or(0, |b| u64::try_from(at_ms.saturating_sub(b)).unwrap_or(0));
        self.boottime_ms = self.boottime_ms.saturating_add(elapsed);
        self.at_ms = Some(at_ms);
    }

    fn death(&self, action: &Action) -> Result<(SealPoint, u64), CommandError> {
        let seed = match action.seed {
            Some(seed) => seed,
            // Small enough to be typed again.
            None => u64::from(u32::from_be_bytes(bytes(&mut SystemEntropy)?)),
        };
        let drawn = SeededEntropy::new(seed).below(SealPoint::ALL.len() as u64);
        let drawn = usize::try_from(drawn).ok().and_then(|i| SealPoint::ALL.get(i)).copied().unwrap_or(SealPoint::InsideCommit);
        Ok((action.at_point.as_deref().and_then(SealPoint::parse).unwrap_or(drawn), seed))
    }

    fn wrap(&self, action: Action) -> Play {
        let die_at = self.dying.map(|(point, _)| point.name().to_owned());
        let typed = action.pin.clone().map(Typed);
        Play {
            wall_ms: self.at_ms.unwrap_or(0),
            boottime_ms: self.boottime_ms,
            boot: self.boot,
            offline: self.offline,
            die_at,
            typed,
            action,
        }
    }

    /// The tablet died: start it again, look what is there, and make the gesture again if nothing of it is.
    fn after_death(&mut self, play: Play) -> Result<(Played, Option<Killed>), CommandError> {
        let status = self.tablet.process.wait().map_err(|e| CommandError::Unavailable(e.to_string()))?;
        let Some((point, seed)) = self.dying.take().filter(|_| status.signal() == Some(Signal::SIGKILL as i32)) else {
            return Err(CommandError::Finding(format!("La tablette simulée s'est arrêtée d'elle-même ({status}).")));
        };
        self.summary.killed += 1;
        self.tablet = Tablet::start(self.spawn)?;
        let looked = self.look()?;
        let lost = self.lost(&looked)?;
        let known: HashSet<EntryId> = self.shown.iter().copied().collect();
        let unseen: Vec<EntryId> = looked.entries.iter().skip(self.before).copied().filter(|e| !known.contains(e)).collect();
        let replayed = unseen.is_empty();
        let again = if replayed { play } else { Play { action: quiet(&play.action), ..play } };
        let Some(mut played) = self.tablet.tell::<Played>(&Tell::Play(Box::new(Play { die_at: None, ..again })))? else {
            return Err(CommandError::Finding("La tablette simulée s'est arrêtée de nouveau après son redémarrage.".into()));
        };
        // What was durable without having been shown is now on the board.
        self.shown.extend(&unseen);
        if !replayed {
            played.entries.clear();
        }
        Ok((played, Some(Killed { at_point: point.name(), seed, lost, unseen, replayed })))
    }

    fn lost(&self, looked: &Looked) -> Result<Vec<EntryId>, CommandError> {
        if let Some(broken) = &looked.broken {
            return Err(CommandError::Finding(format!("La chaîne des pointages est rompue ({broken}).")));
        }
        let on_disk: HashSet<EntryId> = looked.entries.iter().copied().collect();
        let lost: Vec<EntryId> = self.shown.iter().copied().filter(|e| !on_disk.contains(e)).collect();
        if lost.is_empty() {
            Ok(lost)
        } else {
            Err(CommandError::Finding(format!("{} pointages montrés comme enregistrés sont perdus.", lost.len())))
        }
    }

    fn finish(mut self) -> Result<Summary, CommandError> {
        let looked = self.look()?;
        self.lost(&looked)?;
        self.summary.shown = self.shown.len();
        let recorded = looked.entries.len() - self.before;
        if recorded != self.shown.len() {
            return Err(CommandError::Finding(format!(
                "{recorded} pointages sur le disque pour {} montrés : l'un d'eux est double.",
                self.shown.len()
            )));
        }
        Ok(self.summary)
    }
}

/// An instant as the file writes it: local time with its offset.
fn in_paris(at_ms: i64) -> String {
    let at = instant_from_ms(at_ms);
    let offset_s = i32::try_from((local(at) - at.naive_utc()).num_seconds()).unwrap_or(0);
    chrono::FixedOffset::east_opt(offset_s).map_or_else(|| at.to_rfc3339(), |offset| at.with_timezone(&offset).to_rfc3339())
}

/// The same moment without a gesture: only looks at the screen.
fn quiet(action: &Action) -> Action {
    Action { act: Do::Sync, moment: action.moment.clone(), ..action.clone() }
}
