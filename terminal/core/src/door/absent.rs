//! A child isn't there: seen by the staff, for this moment of today. Never why.

use super::Door;
use super::drafts::Said;
use crate::clock::Now;
use crate::view::{TileState, Tone};
use shared::id::ChildId;
use shared::journal::{Detail, Kind};

impl Door {
    /// Notes an absence of this moment.
    pub(super) fn note_absence(&mut self, now: Now, child: ChildId) {
        let name = self.roster.first_name(child);
        match self.standing(child).map(|s| s.state) {
            None => return,
            Some(TileState::Present | TileState::Gone) => {
                return self.say(Tone::Amber, tr!("{name} : une présence est enregistrée, l'absence n'est pas notée.", name));
            }
            Some(TileState::Absent) => {
                self.dialog = None;
                return self.say(Tone::Calm, tr!("{name} : l'absence est déjà notée.", name));
            }
            Some(_) => {}
        }
        let said = self.absence_noted(child);
        if self.record(now, vec![said]) {
            self.dialog = None;
            self.notice = None;
            self.offer_undo(now, tr!("{name}, absence", name));
        }
    }

    pub(super) fn absence_noted(&self, child: ChildId) -> Said {
        Said::touch(Kind::AbsenceNoted, child, Detail::Absence { from: self.day, to: self.day, code: String::new() })
    }
}
