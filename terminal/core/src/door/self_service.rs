//! Families at a tablet of their own, by the gate: their card alone says who they are, or a code of their own ([`super::family_code`]).
//! Nobody sees other people's children, and the screen is neutral again five seconds after the last word.
//!
//! A card of the team opens the board for two minutes from its last touch.

use super::{Door, Open};
use crate::clock::Now;
use crate::view::{Act, Families, PinFor, Screen, UndoBar};
use hardware::ReaderEvent;

/// How long what was recorded, or refused, stays, in ms.
const SAID_MS: u64 = 5_000;
/// How long a question waits for a finger, in ms.
const ASKED_MS: u64 = 20_000;
/// How long the team's board stays without a touch, in ms.
const TEAM_MS: u64 = 120_000;

/// What the tablet at the gate waits for, in CLOCK_BOOTTIME.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Gate {
    /// The board is the team's until then.
    team_until_ms: u64,
    /// What was said goes then.
    said_until_ms: u64,
    /// What was asked goes then.
    asked_until_ms: u64,
}

impl Door {
    /// Serves families by their cards (a setting of the tablet), or the team.
    pub fn serve_families(&mut self, on: bool) {
        if on == self.gate.is_some() {
            return;
        }
        self.gate = on.then(Gate::default);
        (self.dialog, self.notice, self.several) = (None, None, None);
        self.search.clear();
    }

    /// In a crèche, the hour that counts is that of handing over (a setting of the tablet): a family's card records nothing.
    pub fn count_handing_over(&mut self, on: bool) {
        self.handing_over = on;
    }

    /// Whether the team alone records, at the moment's lieu.
    pub(super) fn records_at_handing_over(&self) -> bool {
        self.handing_over && self.serves_families() && self.activity().is_some() && !self.sends_to_school()
    }

    /// Whether a family stands in front of the screen, and nobody of the team.
    pub(super) fn serves_families(&self) -> bool {
        self.gate.is_some_and(|gate| gate.team_until_ms <= self.boottime_ms)
    }

    /// Whether a family may do it: show a card, and answer what the card asked.
    pub(super) fn a_family_may(&self, act: &Act) -> bool {
        match act {
            Act::Badge(_) | Act::Reader(_) | Act::Undo => true,
            // In danger nobody looks for a card.
            Act::EvacuationAsked
            | Act::Evacuate
            | Act::Seen(_)
            | Act::EvacuationGroup(_)
            | Act::EndEvacuation
            | Act::EvacuationOver(_)
            | Act::LeaveEvacuation => true,
            Act::AskPin(PinFor::Family) => true,
            Act::PinKey(_) => matches!(self.dialog, Some(Open::FamilyCode(_))),
            Act::Tick(_) | Act::Adult(_) => matches!(self.dialog, Some(Open::Arrival { .. } | Open::Departure(_))),
            Act::Confirm => matches!(self.dialog, Some(Open::Arrival { .. } | Open::Departure(_) | Open::FamilyCode(_))),
            // What to do about a barred adult is the team's.
            Act::Close => !matches!(self.dialog, Some(Open::Barred { .. })),
            _ => false,
        }
    }

    /// Counts the time from the last act anew.
    pub(super) fn acted_at_the_gate(&mut self, now: Now, by_reader_alone: bool) {
        let Some(gate) = &mut self.gate else { return };
        if by_reader_alone {
            return;
        }
        let from = |ms: u64| now.boottime_ms.saturating_add(ms);
        if gate.team_until_ms > now.boottime_ms {
            gate.team_until_ms = from(TEAM_MS);
        }
        (gate.said_until_ms, gate.asked_until_ms) = (from(SAID_MS), from(ASKED_MS));
    }

    /// A card of the team was shown: the board is theirs.
    pub(super) fn let_the_team_in(&mut self, now: Now) {
        if matches!(self.dialog, Some(Open::FamilyCode(_))) {
            self.dialog = None;
        }
        if let Some(gate) = &mut self.gate {
            gate.team_until_ms = now.boottime_ms.saturating_add(TEAM_MS);
        }
    }

    /// Neutral again: whoever comes by next is not who was there.
    pub(super) fn clear_the_gate(&mut self) {
        let Some(gate) = self.gate.filter(|gate| gate.team_until_ms <= self.boottime_ms) else { return };
        if gate.said_until_ms <= self.boottime_ms {
            (self.notice, self.undo) = (None, None);
        }
        let stays = matches!(self.dialog, Some(Open::Arrival { .. } | Open::Departure(_) | Open::FamilyCode(_) | Open::EvacuationHelp))
            && gate.asked_until_ms > self.boottime_ms;
        if !stays && !matches!(self.dialog, Some(Open::Barred { .. })) {
            self.dialog = None;
        }
        self.several = None;
        self.search.clear();
    }

    /// What a family sees: none of the board.
    pub(super) fn at_the_gate(&self, screen: Screen) -> Screen {
        // A door that is closed says so to everybody.
        if !self.serves_families() || screen.forgets || self.identity.is_none() {
            return screen;
        }
        // It goes with what was said.
        let left_ms = self.gate.map_or(0, |gate| gate.said_until_ms.saturating_sub(self.boottime_ms));
        let left_s = u32::try_from(left_ms.div_ceil(1_000)).unwrap_or(u32::MAX);
        let undo = screen.undo.map(|undo| UndoBar { seconds_left: undo.seconds_left.min(left_s), ..undo });
        Screen {
            families: Some(Families { done: undo.as_ref().map(|undo: &UndoBar| undo.text.clone()), codes: self.has_family_codes() }),
            notice: self.notice.clone(),
            notice_stays: false,
            place: screen.place,
            moment: screen.moment,
            clock: screen.clock,
            sync: screen.sync,
            evacuation: screen.evacuation,
            undo,
            dialog: screen.dialog,
            ..Screen::default()
        }
    }

    /// What to do instead of holding a card to the reader.
    pub(super) fn instead_of_a_card(&self) -> String {
        if self.serves_families() { tr!("Adressez-vous à l'équipe") } else { tr!("Touchez le nom de l'enfant") }
    }

    /// Whether an act is the reader's own word, behind which nobody stands.
    pub(super) fn is_nobodys(act: &Act) -> bool {
        matches!(act, Act::Reader(ReaderEvent::Fault(..) | ReaderEvent::Heard(_)))
    }
}
