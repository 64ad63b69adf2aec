//! Undo instead of "are you sure": for ten seconds, the last gesture is taken
//! back by entries that retract it. Nothing is deleted.

use super::Door;
use super::drafts::Said;
use crate::clock::Now;
use crate::view::{Tone, UndoBar};
use shared::id::{ChildId, EntryId};
use shared::journal::{Detail, Kind};

/// How long a gesture can be undone, in ms. Counted on CLOCK_BOOTTIME: a clock that jumps changes nothing.
pub(super) const UNDO_MS: u64 = 10_000;

/// The last gesture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Undoable {
    text: String,
    /// What it sealed, with the child of each.
    entries: Vec<(EntryId, Option<ChildId>)>,
    until_ms: u64,
}

impl Undoable {
    pub(super) fn is_open(&self, boottime_ms: u64) -> bool {
        boottime_ms < self.until_ms
    }

    pub(super) fn bar(&self, boottime_ms: u64) -> Option<UndoBar> {
        let left_ms = self.until_ms.checked_sub(boottime_ms).filter(|ms| *ms > 0)?;
        Some(UndoBar { text: self.text.clone(), seconds_left: u32::try_from(left_ms.div_ceil(1_000)).unwrap_or(u32::MAX) })
    }
}

impl Door {
    /// What was just recorded can be taken back. A retraction can't: it isn't offered.
    pub(super) fn offer_undo(&mut self, now: Now, text: String) {
        let sealed = self.facts.iter().rev().take(self.last_recorded.len()).filter(|f| self.last_recorded.contains(&f.envelope.entry_id));
        let undoable = |kind: &Kind| !matches!(kind, Kind::Retracted | Kind::EpochOpened | Kind::CareOpened);
        let entries =
            sealed.filter(|f| undoable(&f.envelope.kind)).map(|f| (f.envelope.entry_id, f.payload.as_ref().and_then(|p| p.about_child)));
        let mut entries: Vec<(EntryId, Option<ChildId>)> = entries.collect();
        // Whose code was typed for a departure is here, whatever becomes of the departure.
        if entries.iter().any(|(_, child)| child.is_some()) {
            entries.retain(|(_, child)| child.is_some());
        }
        self.undo = Some(Undoable { text, entries, until_ms: now.boottime_ms.saturating_add(UNDO_MS) });
    }

    /// Retracts what the bar shows.
    pub(super) fn undo_last(&mut self, now: Now) {
        let Some(undo) = self.undo.clone().filter(|u| u.is_open(now.boottime_ms)) else {
            return self.say(Tone::Calm, tr!("Il n'y a plus rien à annuler : gardez le doigt sur l'enfant pour corriger."));
        };
        let retract = |(entry, child): &(EntryId, Option<ChildId>)| Said {
            child: *child,
            target: Some(*entry),
            reason: "annulation",
            ..Said::touch(Kind::Retracted, ChildId::NIL, Detail::None)
        };
        let said = undo.entries.iter().map(retract).collect();
        if self.record(now, said) {
            self.undo = None;
            self.notice = None;
            self.echoes.clear();
        }
    }
}
