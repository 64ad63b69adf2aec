//! Carrying what others sealed: to a server that was restored and lost it, and from tablets of the site that had no line of their own.

use super::client::{State, SyncClient};
use super::steps::Output;
use super::transport::Request;
use crate::store::{Carried, Recorded};
use shared::id::EntryId;
use shared::wire::limits::{PUSH_ENTRIES_MAX, PUSH_SEALED_BYTES_MAX};
use shared::wire::{Push, PushAnswer, WireEntry};

impl SyncClient {
    pub(super) fn read_others(&mut self, after: i64) -> Vec<Output> {
        self.state = State::Others;
        vec![Output::ReadOthers { after, entries_max: PUSH_ENTRIES_MAX, bytes_max: PUSH_SEALED_BYTES_MAX }]
    }

    /// A restored server has lost what others sealed too: a tablet that has gone since, the office. Whoever holds it carries it.
    pub(super) fn carry(&mut self, others: Vec<Carried>) -> Vec<Output> {
        let Some(up_to) = others.iter().map(|o| o.arrival).max() else {
            self.local.carry_after = None;
            let mut out = vec![Output::CarriedUpTo(None)];
            out.extend(self.pull());
            return out;
        };
        let push = Push { entries: others.iter().map(|o| WireEntry::from(&o.sealed)).collect() };
        self.state = State::Carry { count: others.len(), up_to };
        vec![Output::Ask(Request::new("/sync/v1/push", self.token(), &push))]
    }

    /// Whatever the verdicts: they are their authors'.
    pub(super) fn carried(&mut self, up_to: i64) -> Vec<Output> {
        self.local.carry_after = Some(up_to);
        let mut out = vec![Output::CarriedUpTo(Some(up_to))];
        out.extend(self.read_others(up_to));
        out
    }

    pub(super) fn read_from_peers(&mut self, after: i64) -> Vec<Output> {
        self.state = State::FromPeers;
        vec![Output::ReadFromPeers { after, entries_max: PUSH_ENTRIES_MAX, bytes_max: PUSH_SEALED_BYTES_MAX }]
    }

    /// What other tablets handed over while the site was cut off goes to the server by whoever reaches it first.
    pub(super) fn carry_from_peers(&mut self, carried: Vec<Carried>) -> Vec<Output> {
        let Some(up_to) = carried.iter().map(|c| c.arrival).max() else { return self.read_photos() };
        let push = Push { entries: carried.iter().map(|c| WireEntry::from(&c.sealed)).collect() };
        self.state = State::CarryFromPeers { offered: carried.iter().map(|c| c.entry).collect(), up_to };
        vec![Output::Ask(Request::new("/sync/v1/push", self.token(), &push))]
    }

    pub(super) fn carried_from_peers(&mut self, offered: &[EntryId], up_to: i64, answer: &PushAnswer) -> Vec<Output> {
        let verdicts = offered.iter().zip(&answer.verdicts).filter_map(|(entry, verdict)| Recorded::of(*entry, verdict));
        let mut out = vec![Output::RecordCarried(verdicts.collect())];
        self.whole.moved = true;
        out.extend(self.read_from_peers(up_to));
        out
    }
}
