//! A child comes in: one touch, or a card for brothers and sisters together.

use super::board::NAMES_SHOWN_MAX;
use super::drafts::{By, Said};
use super::{Door, words};
use crate::clock::Now;
use crate::view::Tone;
use shared::id::ChildId;
use shared::journal::{Detail, Kind};
use shared::roster::Recording;

/// For how long a second touch of a child who has just arrived is taken for the same finger, in ms.
const ECHO_MS: u64 = 1_500;

impl Door {
    /// Records the arrival of children, all in one transaction. Those whom this moment knows as here are left out.
    pub(super) fn arrive(&mut self, now: Now, children: &[ChildId], by: Option<By>) {
        if self.recording() == Some(Recording::Appel) {
            // No time is claimed in a roll call: the child is ticked, and recorded with the class.
            children.iter().for_each(|child| self.tick_present(*child));
            self.dialog = None;
            return;
        }
        let coming: Vec<ChildId> = children.iter().copied().filter(|child| self.may_arrive(*child)).collect();
        if coming.is_empty() {
            self.dialog = None;
            if !children.is_empty() {
                self.say(Tone::Calm, tr!("{} : l'arrivée est déjà enregistrée.", self.first_names(children)));
            }
            return;
        }
        let said = coming.iter().map(|child| Said::touch(Kind::Arrived, *child, Detail::None).by(by)).collect();
        if self.record(now, said) {
            self.dialog = None;
            self.notice = None;
            self.echoes = coming.iter().map(|child| (*child, now.boottime_ms + ECHO_MS)).collect();
            let text = tr!("{}, arrivée {}", self.first_names(&coming), words::time(self.time));
            self.offer_undo(now, text);
        }
    }

    pub(super) fn may_arrive(&self, child: ChildId) -> bool {
        self.standing(child).is_some_and(|s| s.state != crate::view::TileState::Present)
    }

    pub(super) fn is_echo(&self, child: ChildId) -> bool {
        self.echoes.get(&child).is_some_and(|until| self.boottime_ms < *until)
    }

    /// "Léa et Tom"; "12 enfants" where names would fill the screen.
    pub(super) fn first_names(&self, children: &[ChildId]) -> String {
        if children.len() > NAMES_SHOWN_MAX {
            return tr!("{n} enfant" | "{n} enfants" % children.len());
        }
        words::list(&children.iter().map(|child| self.roster.first_name(*child)).collect::<Vec<_>>())
    }
}
