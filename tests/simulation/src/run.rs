//! A seed from its first event to its last; and the shortest way to break what it breaks.

use crate::event::{self, Event};
use crate::oracle::Broken;
use crate::template::Template;
use crate::world::{READ_EACH, Trouble, World};
use anyhow::{Result, anyhow};
use sha2::{Digest, Sha256};

/// Events of a run.
pub const LENGTH: usize = 90;

/// What a run came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// A line a step.
    pub trace: Vec<String>,
    /// SHA-256 of the lines.
    pub hash: String,
    /// What broke, if anything did.
    pub broken: Option<Broken>,
}

/// Plays a seed.
///
/// # Errors
/// Trouble of the simulation itself.
pub fn seed(template: &Template, seed: u64) -> Result<Outcome> {
    play(template, seed, &event::draw(seed, LENGTH), READ_EACH)
}

/// Plays events; all facts are read each so many steps.
///
/// # Errors
/// Trouble of the simulation itself.
pub fn play(template: &Template, seed: u64, events: &[Event], read_each: usize) -> Result<Outcome> {
    let mut world = World::new(template, seed, read_each)?;
    let (mut trace, mut broken) = (Vec::with_capacity(events.len() + 1), None);
    for event in events {
        match world.step(event) {
            Ok(line) => trace.push(line),
            Err(Trouble::Broken(found)) => {
                trace.push(format!("{event:?} → {found}"));
                broken = Some(found);
                break;
            }
            Err(Trouble::Failed(error)) => return Err(error.context(format!("{event:?}, after\n{}", trace.join("\n")))),
        }
    }
    if broken.is_none() {
        match world.end(&mut trace) {
            Ok(()) => {}
            Err(Trouble::Broken(found)) => {
                trace.push(format!("the end → {found}"));
                broken = Some(found);
            }
            Err(Trouble::Failed(error)) => return Err(error.context(format!("the end, after\n{}", trace.join("\n")))),
        }
    }
    let mut hash = Sha256::new();
    trace.iter().for_each(|line| hash.update(line));
    Ok(Outcome { hash: data_encoding::HEXLOWER.encode(&hash.finalize()), trace, broken })
}

/// Leaves out events as long as the same promise stays broken in the same way; gives what is left.
///
/// # Errors
/// A seed that breaks nothing.
pub fn shortest(template: &Template, seed: u64) -> Result<(Vec<Event>, Outcome)> {
    let mut events = event::draw(seed, LENGTH);
    let first = play(template, seed, &events, READ_EACH)?;
    let what = first.broken.as_ref().ok_or_else(|| anyhow!("seed {seed} breaks nothing"))?.kind();
    // Seen at once, it needs no event that only passes time until the next reading.
    let seen_at_once = play(template, seed, &events, 1)?;
    let (read_each, mut outcome) =
        if seen_at_once.broken.as_ref().is_some_and(|b| b.kind() == what) { (1, seen_at_once) } else { (READ_EACH, first) };
    let mut chunk = events.len() / 2;
    while chunk > 0 {
        let mut at = 0;
        while at < events.len() {
            let fewer: Vec<Event> =
                events.iter().enumerate().filter(|(i, _)| *i < at || *i >= at + chunk).map(|(_, e)| e.clone()).collect();
            match play(template, seed, &fewer, read_each) {
                Ok(again) if again.broken.as_ref().is_some_and(|b| b.kind() == what) => (events, outcome) = (fewer, again),
                _ => at += chunk,
            }
        }
        chunk /= 2;
    }
    Ok((events, outcome))
}
