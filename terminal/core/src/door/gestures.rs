//! A finger on the board or in a dialog: to which use case it comes.

use super::depart::Departing;
use super::{Door, Open};
use crate::clock::Now;
use crate::view::{PinFor, TileState, Tone};
use shared::id::{ChildId, StaffId};
use shared::roster::Recording;

impl Door {
    /// A tile was touched: the first thing that makes sense for where the child stands.
    pub(super) fn touch(&mut self, now: Now, child: ChildId) {
        if self.choose(now, child) {
            return;
        }
        let Some(standing) = self.standing(child) else { return };
        if self.recording() == Some(Recording::Appel) {
            return self.tick(child);
        }
        match standing.state {
            TileState::Expected | TileState::Late if self.recording() == Some(Recording::Depart) => self.open_departure(child, None),
            TileState::Expected | TileState::Late => self.arrive(now, &[child], None),
            // A wet finger touches twice: the second touch of an arrival isn't a departure.
            TileState::Present if self.is_echo(child) => {}
            TileState::Present => self.open_departure(child, None),
            TileState::Gone | TileState::Absent | TileState::Unexpected => self.hold(child),
        }
    }

    pub(super) fn hold(&mut self, child: ChildId) {
        if self.roster.children.contains_key(&child) {
            self.dialog = Some(Open::Child(child));
        }
    }

    pub(super) fn tick(&mut self, child: ChildId) {
        match &mut self.dialog {
            Some(Open::Arrival { choices, .. } | Open::Departure(Departing { siblings: choices, .. })) => {
                if let Some((_, ticked)) = choices.iter_mut().find(|(id, _)| *id == child) {
                    *ticked = !*ticked;
                }
            }
            _ => self.tick_in_roll_call(child),
        }
    }

    /// The main act of the open dialog.
    pub(super) fn confirm(&mut self, now: Now) {
        match self.dialog.clone() {
            Some(Open::Arrival { choices, by }) => {
                let ticked: Vec<ChildId> = choices.into_iter().filter(|(_, ticked)| *ticked).map(|(child, _)| child).collect();
                self.arrive(now, &ticked, by);
            }
            Some(Open::Departure(departing)) => self.confirm_departure(now, departing, None),
            Some(Open::Child(child)) => match self.standing(child).map(|s| s.state) {
                Some(TileState::Present) => self.open_departure(child, None),
                Some(_) => self.arrive(now, &[child], None),
                None => self.dialog = None,
            },
            Some(Open::Correction(correcting)) => self.confirm_correction(now, correcting),
            Some(Open::Sign) => self.say(Tone::Amber, tr!("Touchez le nom de qui signe.")),
            Some(Open::Pin(_)) => self.pin_typed(now),
            Some(Open::FamilyCode(_)) => self.family_code_typed(now),
            Some(Open::Barred { .. } | Open::Care(_) | Open::Meals | Open::Team | Open::EvacuationHelp | Open::EvacuationReport(_)) => {
                self.close()
            }
            Some(Open::OutingChoice(_) | Open::Outing(_)) => {}
            None => self.confirm_several(now),
        }
    }

    /// Closes what is in front: first the dialog, then the sentence.
    pub(super) fn close(&mut self) {
        match self.dialog.take() {
            Some(Open::Barred { child }) => self.pin_barred(child),
            Some(asked @ Open::Pin(_)) => {
                self.dialog = Some(asked);
                self.named_by_dialog();
            }
            Some(_) => {}
            None if self.notice.is_some() => self.notice = None,
            None if self.pinned.is_some() => self.unpin(),
            None => self.read_not_here(),
        }
    }

    /// A member of staff was touched: what is asked in front is said, or signed, in that name.
    pub(super) fn staff_named(&mut self, now: Now, staff: StaffId) {
        if self.roster.staff(staff).is_none() {
            return;
        }
        match self.dialog.clone() {
            Some(Open::Departure(departing)) if !self.witnesses(&departing).is_empty() => {
                // A name alone is anybody's finger: who has a code types it before a child goes with somebody who isn't on the list.
                if departing.is_with_a_stranger() && self.codes.contains(&staff) {
                    self.ask_pin(now, PinFor::OtherAdult);
                    return self.pin_of(now, staff);
                }
                self.confirm_departure(now, departing, Some(staff));
            }
            Some(Open::Sign) => self.sign_by_name(now, staff),
            Some(Open::Pin(_)) => self.pin_of(now, staff),
            _ => {}
        }
    }
}
