//! A seed from its first event to its last; and the shortest way to break what it breaks.

use crate::event::{self, Event};
use crate::oracle::Broken;
use crate::template::Template;
use crate::world::{Trouble, World};
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
    play(template, seed, &event::draw(seed, LENGTH))
}

/// Plays events.
///
/// # Errors
/// Trouble of the simulation itself.
pub fn play(template: &Template, seed: u64, events: &[Event]) -> Result<Outcome> {
    let mut world = World::new(template, seed)?;
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
        match world.end() {
            Ok(line) => trace.push(line),
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

/// Leaves out events as long as the same promise stays broken; gives what is left.
///
/// # Errors
/// A seed that breaks nothing.
pub fn shortest(template: &Template, seed: u64) -> Result<(Vec<Event>, Outcome)> {
    let mut events = event::draw(seed, LENGTH);
    let mut outcome = play(template, seed, &events)?;
    let promise = outcome.broken.as_ref().ok_or_else(|| anyhow!("seed {seed} breaks nothing"))?.promise;
    let mut chunk = events.len() / 2;
    while chunk > 0 {
        let mut at = 0;
        while at < events.len() {
            let fewer: Vec<Event> =
                events.iter().enumerate().filter(|(i, _)| *i < at || *i >= at + chunk).map(|(_, e)| e.clone()).collect();
            match play(template, seed, &fewer) {
                Ok(again) if again.broken.as_ref().is_some_and(|b| b.promise == promise) => (events, outcome) = (fewer, again),
                _ => at += chunk,
            }
        }
        chunk /= 2;
    }
    Ok((events, outcome))
}
