//! A roll call by exception: those who are awaited are ticked beforehand, a
//! touch marks the missing one, and one act records the class.

use super::Door;
use super::drafts::Said;
use crate::clock::Now;
use crate::entropy::bytes;
use crate::view::{TileState, Tone};
use shared::id::{ChildId, EntryId, GroupId};
use shared::journal::{Detail, Evidence, Kind};
use shared::roster::Recording;
use uuid::Uuid;

impl Door {
    /// Whether a child is ticked: as somebody touched, else as recorded, else as planned.
    pub(super) fn is_ticked(&self, child: ChildId, state: TileState) -> bool {
        let proposed = matches!(state, TileState::Present | TileState::Expected | TileState::Late);
        self.ticks.get(&child).copied().unwrap_or(proposed)
    }

    pub(super) fn tick_in_roll_call(&mut self, child: ChildId) {
        if self.recording() != Some(Recording::Appel) {
            return;
        }
        let Some(standing) = self.standing(child) else { return };
        let ticked = self.is_ticked(child, standing.state);
        self.ticks.insert(child, !ticked);
    }

    pub(super) fn tick_present(&mut self, child: ChildId) {
        self.ticks.insert(child, true);
    }

    /// Sets a child's tick, whatever it was: for a roll call that is given as a list.
    pub fn set_tick(&mut self, child: ChildId, ticked: bool) {
        self.ticks.insert(child, ticked);
    }

    /// "Valider la classe": presences and absences of the chosen class, in one transaction.
    pub(super) fn validate_roll_call(&mut self, now: Now) {
        if self.recording() != Some(Recording::Appel) {
            return self.say(Tone::Amber, tr!("Ce moment se pointe enfant par enfant : il n'y a pas d'appel à valider."));
        }
        let call = match bytes(self.entropy.as_mut()) {
            Ok(random) => shared::id::uuid_v7(now.wall_ms, random),
            Err(error) => return self.say(Tone::Red, error.in_words()),
        };
        let (mut said, mut present, mut absent) = (Vec::new(), 0, 0);
        for (child, state) in self.called() {
            match (self.is_ticked(child, state), state) {
                (true, TileState::Present) => present += 1,
                (true, _) => {
                    present += 1;
                    // The absence that was noted too soon is taken back; one that the family announced stays beside the presence.
                    said.extend(self.marks(child, Kind::AbsenceNoted).into_iter().map(|entry| retraction(child, entry)));
                    said.push(self.present(child, call));
                }
                (false, TileState::Unexpected) => {}
                (false, TileState::Absent) => absent += 1,
                (false, _) => {
                    absent += 1;
                    said.extend(self.marks(child, Kind::Present).into_iter().map(|entry| retraction(child, entry)));
                    said.push(Said { evidence: Evidence::RollCall, ..self.absence_noted(child) });
                }
            }
        }
        if said.is_empty() && present + absent == 0 {
            return self.say(Tone::Amber, tr!("Personne n'est attendu ici à ce moment : cherchez un enfant pour l'ajouter."));
        }
        if said.is_empty() {
            return self.say(Tone::Calm, tr!("L'appel est déjà enregistré tel quel."));
        }
        if self.record(now, said) {
            self.notice = None;
            let called = self.called();
            self.ticks.retain(|child, _| !called.iter().any(|(c, _)| c == child));
            let counts = (tr!("{n} présence" | "{n} présences" % present), tr!("{n} absence" | "{n} absences" % absent));
            let group = self.group.and_then(|g| self.roster.group_name(g)).map_or_else(|| tr!("Appel"), str::to_owned);
            self.offer_undo(now, format!("{group} : {}, {}", counts.0, counts.1));
        }
    }

    /// Children of the class that is called, whatever is typed in the search field; and those who were added by hand.
    fn called(&self) -> Vec<(ChildId, TileState)> {
        let Some(reading) = self.reading() else { return Vec::new() };
        let children = self.roster.order.iter().filter_map(|id| self.roster.children.get(id));
        let states = children.map(|child| (child, reading.standing(child).state));
        let called = states.filter(|(child, state)| match state {
            TileState::Unexpected => self.ticks.get(&child.id) == Some(&true),
            _ => self.group.is_none_or(|group| self.is_in(child, group)) || self.ticks.contains_key(&child.id),
        });
        called.map(|(child, state)| (child.id, state)).collect()
    }

    fn present(&self, child: ChildId, call: Uuid) -> Said {
        let group: Option<GroupId> = self.group;
        Said { evidence: Evidence::RollCall, ..Said::touch(Kind::Present, child, Detail::RollCall { group, call }) }
    }

    /// What was recorded of a child in this moment, of a kind: entries to take back before the contrary is said.
    fn marks(&self, child: ChildId, kind: Kind) -> Vec<EntryId> {
        let (Some(day), Some(activity)) = (self.attendance.days.get(&(self.day, child)), self.moment) else { return Vec::new() };
        match kind {
            Kind::Present => day.roll_calls.iter().filter(|r| r.mark.activity == Some(activity)).map(|r| r.mark.entry).collect(),
            _ => day.absences.iter().filter(|a| a.noted && a.mark.activity == Some(activity)).map(|a| a.mark.entry).collect(),
        }
    }
}

fn retraction(child: ChildId, target: EntryId) -> Said {
    Said { target: Some(target), evidence: Evidence::RollCall, reason: "appel_repris", ..Said::touch(Kind::Retracted, child, Detail::None) }
}
