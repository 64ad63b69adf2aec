//! Several children at once: the school bus, a class that comes back. They are touched one after the other, and recorded by one act.
//!
//! The first child who is touched says which way: those who come in, or those who leave.

use super::depart::Departing;
use super::{Door, Open};
use crate::clock::Now;
use crate::view::{Several, TileState, Tone};
use shared::id::ChildId;
use shared::roster::Recording;

/// How long a choice that nobody goes on with stays, in ms.
const UNTOUCHED_MS: u64 = 60_000;

/// Children that are being chosen on the board.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Choosing {
    /// In the order in which they were touched.
    pub children: Vec<ChildId>,
    /// CLOCK_BOOTTIME at which the choice is given up.
    until_ms: u64,
}

/// Which way a child would go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Direction {
    In,
    Out,
}

impl Door {
    /// "Plusieurs": begins a choice, or gives it up.
    pub(super) fn choose_several(&mut self, now: Now) {
        if self.recording() == Some(Recording::Appel) {
            return;
        }
        let begins = self.several.is_none();
        self.several = begins.then(|| Choosing { children: Vec::new(), until_ms: now.boottime_ms.saturating_add(UNTOUCHED_MS) });
    }

    /// A choice that was forgotten doesn't wait for the next person's finger.
    pub(super) fn give_up_choosing(&mut self) {
        let over = |c: &Choosing| c.until_ms <= self.boottime_ms;
        if self.recording() == Some(Recording::Appel) || self.several.as_ref().is_some_and(over) {
            self.several = None;
        }
    }

    /// A tile was touched while several are chosen. `false`: nothing is being chosen.
    pub(super) fn choose(&mut self, now: Now, child: ChildId) -> bool {
        let Some(choosing) = &self.several else { return false };
        let direction = self.direction(child);
        let first = choosing.children.first().and_then(|first| self.direction(*first));
        if direction.is_none() {
            return true;
        }
        if first.is_some() && first != direction {
            let name = self.roster.first_name(child);
            let text = match direction {
                Some(Direction::Out) => tr!("{name} est là : validez d'abord les arrivées.", name),
                _ => tr!("{name} n'est pas là : validez d'abord les départs.", name),
            };
            self.say(Tone::Amber, text);
            return true;
        }
        if let Some(choosing) = &mut self.several {
            choosing.until_ms = now.boottime_ms.saturating_add(UNTOUCHED_MS);
            match choosing.children.iter().position(|c| *c == child) {
                Some(at) => drop(choosing.children.remove(at)),
                None => choosing.children.push(child),
            }
        }
        true
    }

    /// Records those who come in; of those who leave, asks once with whom.
    pub(super) fn confirm_several(&mut self, now: Now) {
        let Some(Choosing { children, .. }) = self.several.clone() else { return };
        let Some(first) = children.first() else { return self.say(Tone::Amber, tr!("Touchez d'abord les enfants.")) };
        match self.direction(*first) {
            // What could not be recorded stays chosen: nobody has to find twelve children again.
            Some(Direction::In) => {
                self.arrive(now, &children, None);
                if !self.last_recorded.is_empty() {
                    self.several = None;
                }
            }
            Some(Direction::Out) => {
                let others = children.iter().skip(1).map(|child| (*child, true)).collect();
                self.dialog = Some(Open::Departure(Departing {
                    several: children.len() > 1,
                    siblings: others,
                    ..Departing::of(*first, self.boottime_ms, self.is_over())
                }));
            }
            None => self.several = None,
        }
    }

    /// What the bar says of the choice.
    pub(super) fn several(&self) -> Option<Several> {
        let Choosing { children, .. } = self.several.as_ref()?;
        let count = u32::try_from(children.len()).unwrap_or(u32::MAX);
        let text = match children.first().and_then(|first| self.direction(*first)) {
            None => tr!("Touchez les enfants"),
            Some(Direction::In) => tr!("{n} arrive" | "{n} arrivent" % count),
            Some(Direction::Out) => tr!("{n} part" | "{n} partent" % count),
        };
        Some(Several { text, count })
    }

    pub(super) fn is_chosen(&self, child: ChildId) -> bool {
        self.several.as_ref().is_some_and(|choosing| choosing.children.contains(&child))
    }

    fn direction(&self, child: ChildId) -> Option<Direction> {
        let state = self.standing(child)?.state;
        Some(match state {
            TileState::Present => Direction::Out,
            // In the evening a child who is awaited is there by its class: it is its departure that is recorded.
            TileState::Expected | TileState::Late if self.recording() == Some(Recording::Depart) => Direction::Out,
            _ => Direction::In,
        })
    }
}
