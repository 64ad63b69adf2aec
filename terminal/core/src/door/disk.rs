//! What the disk says: read again when the sync thread or a gesture has written, and what failed there.

use super::Door;
use crate::clock::Now;
use crate::roster::Roster;
use crate::store::StoreError;
use crate::view::{Notice, Tone};
use chrono::NaiveDate;
use shared::fold::Fact;
use shared::journal::Sealed;

/// Failures of the disk that are remembered.
const FAILURES_KEPT: usize = 5;

/// Versions of what was last read from disk.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Seen {
    pub day: Option<NaiveDate>,
    journal: i64,
    roster: i64,
    pub items: String,
    whole: bool,
}

impl Seen {
    /// The roster is to be read again, whether it changed or not.
    pub fn forget_items(&mut self) {
        self.items.clear();
    }
}

impl Door {
    /// Remembers an error, for the page of diagnosis, and whether it tells of damage.
    pub(super) fn look_at(&mut self, error: &StoreError) {
        self.damaged |= self.store.suspect(error);
        if self.failures.back().is_none_or(|(_, last)| last != error) {
            self.failures.push_back((self.wall_ms, error.clone()));
            if self.failures.len() > FAILURES_KEPT {
                self.failures.pop_front();
            }
        }
    }

    /// What failed on the disk last, the oldest first, with the wall clock in ms since 1970 UTC.
    pub fn failures(&self) -> impl Iterator<Item = &(i64, StoreError)> {
        self.failures.iter()
    }

    /// Reads again what the sync thread or the clock has changed. To be called each second or so.
    pub fn refresh(&mut self, now: Now) {
        if let Err(error) = self.read_again(now) {
            tracing::error!(%error, "the tablet's data could not be read");
            self.look_at(&error);
            self.notice = Some(Notice { text: error.in_words(), tone: Tone::Red });
        }
        if self.identity.as_ref().is_some_and(|identity| identity.epoch > 1)
            && let Err(error) = self.open_epoch(now)
        {
            // Nobody asked for anything yet: the next gesture opens it, or says in red why not.
            tracing::warn!(%error, "a new epoch could not be opened");
        }
    }

    pub(super) fn read_again(&mut self, now: Now) -> Result<(), StoreError> {
        let roster_version = self.store.roster.data_version()?;
        if !self.seen.whole || roster_version != self.seen.roster {
            self.observed = self.store.roster.observed()?;
            self.line = self.store.roster.line()?;
            self.agreement = self.store.roster.agreement()?;
            self.repaired.roster_lost = self.store.roster.is_lost()?;
        }
        let corrected = now.corrected(self.observed);
        (self.wall_ms, self.boottime_ms, self.day, self.time) = (corrected.wall_ms, now.boottime_ms, corrected.day(), corrected.time());
        let journal_version = self.store.journal.data_version()?;
        let new_day = self.seen.day != Some(self.day);
        if !self.seen.whole || new_day || journal_version != self.seen.journal {
            self.identity = self.store.journal.identity()?;
            self.facts = self.store.journal.facts_around(self.day)?;
            self.fold_again();
            self.queue = self.store.journal.queue()?;
            self.not_counted = self.store.journal.not_counted(self.day)?;
            self.repaired.journal = self.store.journal.salvaged()?;
        }
        let items = self.store.roster.items_changed_at()?;
        if !self.seen.whole || new_day || items != self.seen.items {
            self.roster = Roster::of(self.store.roster.items(self.day)?, 0);
            self.codes = self.store.roster.pins()?;
            self.family_codes = self.store.roster.has_door_codes()?;
            self.noted = self.store.roster.children_with_notes(self.day)?;
        }
        self.roster.version = self.store.roster.cursor()?;
        if new_day {
            self.ticks.clear();
            self.not_here.forget();
        }
        self.seen = Seen { day: Some(self.day), journal: journal_version, roster: roster_version, items, whole: true };
        self.undo = self.undo.take().filter(|u| u.is_open(self.boottime_ms));
        self.staff = self.staff.filter(|named| self.boottime_ms < named.until_ms);
        self.close_unread_care();
        self.clear_the_gate();
        self.close_idle_pin();
        self.look_at_lock(now)?;
        self.choose_moment();
        self.give_up_choosing();
        self.ask_hour_once_over();
        self.look_at_evacuation(now);
        Ok(())
    }

    /// Takes up what was sealed, and says it.
    pub(super) fn recorded(&mut self, sealed: &[Sealed]) {
        for entry in sealed {
            // What this program has just encoded reads back.
            if let Ok(fact) = Fact::read(entry) {
                self.last_recorded.push(fact.envelope.entry_id);
                self.facts.push(fact);
            }
        }
        self.fold_again();
        match self.store.journal.queue() {
            Ok(queue) => self.queue = queue,
            Err(error) => tracing::warn!(%error, "the queue could not be counted"),
        }
    }

    /// Says while there is still time that room is getting short.
    pub(super) fn store_roomy(&mut self) {
        if self.store.is_nearly_full() && self.notice.is_none() {
            self.say(
                Tone::Amber,
                tr!("Le disque de la tablette est presque plein : appelez l'administration. Les pointages sont encore enregistrés."),
            );
        }
    }
}
