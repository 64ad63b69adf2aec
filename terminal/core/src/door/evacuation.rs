//! An evacuation: the roll call of everybody on the site. It lives in the journal, so that it goes on on any tablet of the site.
//!
//! People stand in the yard and count: **nothing here waits for a disk**. What could not be sealed is kept in memory, read with the rest
//! and tried again every ten seconds; until then the screen says in red that it isn't recorded, and a program that is stopped loses it.

use super::drafts::Said;
use super::{Door, NAMED_MS, Open};
use crate::clock::Now;
use crate::entropy::bytes;
use crate::view::{EvacuationReason, Tone};
use shared::calendar::{business_day, instant_from_ms};
use shared::fold::{Evacuation, Fact, fold};
use shared::id::{ChildId, StaffId, uuid_v7};
use shared::journal::{Detail, Draft, Envelope, Evidence, Kind, Place, Someone};
use std::collections::BTreeSet;
use uuid::Uuid;

/// How long after the last touch people who were ticked go to the end of the list, in ms: until then nobody moves under a finger.
const SETTLE_MS: u64 = 3_000;
/// For how long a second touch of the same person is taken for the same finger, in ms.
const ECHO_MS: u64 = 700;
/// How often what could not be sealed is tried again, in ms.
const RETRY_MS: u64 = 10_000;

/// The roll call as this tablet shows it.
#[derive(Debug, Default)]
pub(super) struct Evacuating {
    /// In front of the board.
    pub front: bool,
    /// The end is being asked.
    pub ending: bool,
    /// The chosen group; empty for all.
    pub group: String,
    /// Roll calls that this tablet has shown: one that it hasn't comes to the front by itself.
    known: BTreeSet<Uuid>,
    /// Who stands at the end of the list, as seen.
    pub settled: BTreeSet<Someone>,
    /// Who was touched last, and when (CLOCK_BOOTTIME).
    touched: Option<(Someone, u64)>,
    /// What no disk has taken, in order.
    waiting: Vec<Draft>,
    /// From when on (CLOCK_BOOTTIME) it is tried again.
    refused_until_ms: Option<u64>,
}

impl Door {
    /// The evacuation that is going on here today.
    pub(super) fn running(&self) -> Option<&Evacuation> {
        self.evacuations().rfind(|e| e.ended.is_none())
    }

    /// Those of the site and the day, in order.
    pub(super) fn evacuations(&self) -> impl DoubleEndedIterator<Item = &Evacuation> {
        let site = self.identity.as_ref().map(|identity| identity.site);
        let today = move |e: &&Evacuation| Some(e.site) == site && business_day(instant_from_ms(e.started_ms())) == self.day;
        self.attendance.evacuations.iter().filter(today)
    }

    /// A short touch: how the roll call is opened, and today's reports. One that goes on comes to the front.
    pub(super) fn evacuation_asked(&mut self) {
        if self.running().is_some() {
            return self.show_evacuation();
        }
        self.dialog = Some(Open::EvacuationHelp);
    }

    /// Starts the roll call, or shows the one that goes on.
    pub(super) fn evacuate(&mut self, now: Now) {
        if self.identity.is_none() {
            return;
        }
        if self.running().is_none() {
            let call = match bytes(self.entropy.as_mut()) {
                Ok(random) => uuid_v7(now.wall_ms, random),
                Err(error) => return self.say(Tone::Red, error.in_words()),
            };
            self.keep(now, vec![of_site(Kind::EvacuationStarted, Detail::Evacuation { call }, "")]);
        }
        self.show_evacuation();
    }

    fn show_evacuation(&mut self) {
        // A barred adult stays in sight as a sentence.
        match self.dialog.take() {
            Some(Open::Barred { child }) => self.pin_barred(child),
            _ => self.notice = None,
        }
        let calls: Vec<Uuid> = self.running().map(|e| e.calls.clone()).unwrap_or_default();
        self.evacuating.known.extend(calls);
        (self.evacuating.front, self.evacuating.ending, self.evacuating.touched) = (true, false, None);
        self.evacuating.group.clear();
        self.settle();
    }

    /// Back to the board, where a red bar leads here again.
    pub(super) fn leave_evacuation(&mut self) {
        if self.evacuating.ending {
            self.evacuating.ending = false;
        } else {
            self.evacuating.front = false;
            self.notice = None;
        }
    }

    pub(super) fn evacuation_group(&mut self, key: String) {
        self.evacuating.group = key;
        self.settle();
    }

    /// Whoever of the team says by a card or a code who they are during the roll call is there.
    pub(super) fn see_named(&mut self, now: Now, staff: StaffId) {
        let who = Someone::Staff(staff);
        let is_missing = |marks: Option<&Vec<_>>| marks.is_none_or(Vec::is_empty);
        if self.evacuating.front && self.running().is_some_and(|running| is_missing(running.seen.get(&who))) {
            self.see(now, who);
        }
    }

    /// Somebody is seen; or was ticked by mistake, and every tick is taken back.
    pub(super) fn see(&mut self, now: Now, who: Someone) {
        let Some(running) = self.running() else { return };
        let echo = |(last, at): (Someone, u64)| last == who && now.boottime_ms < at.saturating_add(ECHO_MS);
        if self.evacuating.touched.is_some_and(echo) {
            return;
        }
        let (call, ticks) = (running.calls[0], running.seen.get(&who).map(|marks| marks.iter().map(|m| m.entry).collect::<Vec<_>>()));
        self.evacuating.touched = Some((who, now.boottime_ms));
        // Whoever ticks is still there: a card that named them needn't be shown again.
        if let Some(named) = &mut self.staff {
            named.until_ms = now.boottime_ms.saturating_add(NAMED_MS);
        }
        let slot = self.on_site(None).remove(&who).map(|on_site| on_site.slot);
        let about = |said: Said| Said { child: who.child(), evidence: Evidence::RollCall, ..said };
        let said = match ticks {
            None => {
                let seen = Said::touch(Kind::EvacuationSeen, ChildId::NIL, Detail::EvacuationSeen { call, who });
                vec![about(Said { slot, ..seen })]
            }
            Some(ticks) => {
                let back = |target| Said {
                    target: Some(target),
                    reason: "annulation",
                    ..Said::touch(Kind::Retracted, ChildId::NIL, Detail::None)
                };
                ticks.into_iter().map(|target| about(back(target))).collect()
            }
        };
        self.keep(now, said);
    }

    /// "Terminer": why is asked.
    pub(super) fn ask_evacuation_end(&mut self) {
        self.evacuating.ending = self.evacuating.front && self.running().is_some();
    }

    /// The roll call is over: each of the starts that it is made of is ended.
    pub(super) fn end_evacuation(&mut self, now: Now, reason: EvacuationReason) {
        let Some(calls) = self.running().map(|e| e.calls.clone()).filter(|_| self.evacuating.ending) else { return };
        let end = |call: &Uuid| of_site(Kind::EvacuationEnded, Detail::Evacuation { call: *call }, reason.code());
        self.keep(now, calls.iter().map(end).collect());
        (self.evacuating.front, self.evacuating.ending, self.notice) = (false, false, None);
        self.dialog = Some(Open::EvacuationReport(calls[0]));
    }

    /// What others, the clock and the disk changed of it. To be called when the journal was read again.
    pub(super) fn look_at_evacuation(&mut self, now: Now) {
        self.take_to_disk(now);
        match self.running().map(|e| e.calls.clone()) {
            Some(calls) if calls.iter().any(|call| !self.evacuating.known.contains(call)) => {
                // A child in danger comes first, and a barred adult: it shows as soon as they are closed.
                let kept = self.dialog.take_if(|open| matches!(open, Open::Care(_) | Open::Barred { .. }));
                self.show_evacuation();
                self.dialog = kept;
            }
            Some(_) => {}
            None => self.evacuation_is_over(),
        }
        if self.evacuating.touched.is_none_or(|(_, at)| now.boottime_ms >= at.saturating_add(SETTLE_MS)) {
            self.settle();
        }
    }

    /// Another tablet ended it.
    fn evacuation_is_over(&mut self) {
        if !std::mem::take(&mut self.evacuating.front) {
            return;
        }
        self.evacuating.ending = false;
        let ended = self.evacuations().next_back().filter(|e| e.ended.is_some()).map(|e| e.calls[0]);
        if let Some(call) = ended.filter(|_| self.dialog.is_none()) {
            self.dialog = Some(Open::EvacuationReport(call));
        }
    }

    fn settle(&mut self) {
        self.evacuating.settled = self.running().map(|e| e.seen.keys().copied().collect()).unwrap_or_default();
    }

    /// That what was touched is in memory only, and how much.
    pub(super) fn unrecorded(&self) -> Option<String> {
        self.evacuating.refused_until_ms?;
        let waiting = u32::try_from(self.evacuating.waiting.len()).unwrap_or(u32::MAX);
        (waiting > 0).then(|| {
            tr!("Pas encore enregistré : {n} geste gardé en mémoire, la tablette réessaie. Ne l'éteignez pas."
                | "Pas encore enregistré : {n} gestes gardés en mémoire, la tablette réessaie. Ne l'éteignez pas." % waiting)
        })
    }

    /// Seals facts, or keeps them in memory until they can be.
    fn keep(&mut self, now: Now, said: Vec<Said>) {
        for said in said {
            match self.draft(now, said) {
                Ok(draft) => self.evacuating.waiting.push(draft),
                Err(error) => return self.say(Tone::Red, error.in_words()),
            }
        }
        self.take_to_disk(now);
        self.fold_again();
    }

    fn take_to_disk(&mut self, now: Now) {
        if self.evacuating.waiting.is_empty() || self.evacuating.refused_until_ms.is_some_and(|from| now.boottime_ms < from) {
            return;
        }
        let known = |draft: &Draft| self.facts.iter().any(|fact| fact.envelope.entry_id == draft.entry_id);
        let waiting: Vec<Draft> = self.evacuating.waiting.iter().filter(|draft| !known(draft)).cloned().collect();
        match self.seal_drafts(now, waiting) {
            Ok(()) => {
                self.evacuating.waiting.clear();
                self.evacuating.refused_until_ms = None;
            }
            Err(error) => {
                tracing::error!(%error, "an evacuation is not recorded");
                self.look_at(&error);
                self.evacuating.refused_until_ms = Some(now.boottime_ms.saturating_add(RETRY_MS));
            }
        }
    }

    /// Reads what is on disk, and what should be.
    pub(super) fn fold_again(&mut self) {
        if self.evacuating.waiting.is_empty() {
            self.attendance = fold(&self.facts);
            return;
        }
        let Some(identity) = &self.identity else { return };
        let first = i64::MAX.unsigned_abs() - 1_000_000;
        let unsealed = (first..).zip(&self.evacuating.waiting).map(|(seq, draft)| Fact {
            envelope: Envelope {
                organisation: draft.organisation,
                site: draft.site,
                place: Place { device: identity.device, epoch: identity.epoch, seq },
                prev_hash: [0; 32],
                entry_id: draft.entry_id,
                kind: draft.kind.clone(),
                kind_version: 1,
                payload_hash: [0; 32],
            },
            payload: Some(draft.payload.clone()),
            opaque: false,
        });
        let all: Vec<Fact> = self.facts.iter().cloned().chain(unsealed).collect();
        self.attendance = fold(&all);
    }
}

/// A fact of the whole site, about nobody.
fn of_site(kind: Kind, detail: Detail, reason: &'static str) -> Said {
    Said { child: None, reason, ..Said::touch(kind, ChildId::NIL, detail) }
}
