//! What two tablets of one site ask each other until they hold the same. No socket and no timer: the calling side works over any
//! [`Carry`], the answering side answers one ask at a time and remembers nothing between them.
//!
//! Blocks first (a digest for each 64 places), then the names in those that differ, then the entries that either lacks. A loss at
//! any point costs a repeat and nothing else.

use super::PeerFailure;
use crate::clock::Now;
use crate::store::{Author, Store, StoreError};
use chrono::NaiveDate;
use shared::id::EntryId;
use shared::journal::{Sealed, VerifyingKey, check_signature};
use shared::wire::WireEntry;
use shared::wire::limits::{PUSH_ENTRIES_MAX, PUSH_SEALED_BYTES_MAX};
use shared::wire::peers::{
    Block, BlockEntries, BlockName, PEER_BLOCKS_MAX, PEER_COMPARED_MAX, PEER_IDS_MAX, PeerAnswer, PeerAsk, block_digest,
};
use std::collections::{BTreeMap, BTreeSet, HashSet};

/// Messages of one exchange at most: a first one after a week's cut takes some dozens.
pub const ASKS_MAX: usize = 400;

/// Takes an ask to the other tablet, and its answer back.
pub trait Carry {
    /// One ask, one answer.
    ///
    /// # Errors
    /// Why there is none.
    fn ask(&mut self, ask: &PeerAsk) -> Result<PeerAnswer, PeerFailure>;
}

/// What an exchange came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Exchanged {
    /// Entries that were new here.
    pub received: usize,
    /// Entries that were new there.
    pub given: usize,
    /// Entries that either still lacks: an author that isn't known yet, too many at once, one that doesn't hold.
    pub left: usize,
}

impl Exchanged {
    /// Whether both hold the same.
    #[must_use]
    pub fn agrees(self) -> bool {
        self.left == 0
    }
}

type Blocks = BTreeMap<BlockName, BTreeSet<EntryId>>;

/// The business day that this tablet believes in.
fn today(store: &Store, now: Now) -> Result<NaiveDate, StoreError> {
    Ok(now.corrected(store.roster.observed()?).day())
}

/// Exchanges with a tablet of the site until both hold the same, as the calling side.
///
/// # Errors
/// Where the line is lost or the disk says no: what was taken until then is kept.
pub fn exchange(store: &mut Store, now: Now, carry: &mut dyn Carry) -> Result<Exchanged, PeerFailure> {
    let mut call = Call { today: today(store, now)?, store, carry, asked: 0, done: Exchanged::default() };
    let ours = call.store.journal.shared_blocks(call.today)?;
    let differing = call.differing(&ours)?;
    let (offered, wanted) = call.compare(&ours, &differing)?;
    call.fetch(offered)?;
    call.give(wanted)?;
    Ok(call.done)
}

/// The calling side of one exchange.
struct Call<'c> {
    store: &'c mut Store,
    today: NaiveDate,
    carry: &'c mut dyn Carry,
    asked: usize,
    done: Exchanged,
}

impl Call<'_> {
    fn ask(&mut self, ask: &PeerAsk) -> Result<PeerAnswer, PeerFailure> {
        self.asked += 1;
        if self.asked > ASKS_MAX {
            return Err(PeerFailure::Unreadable);
        }
        self.carry.ask(ask)
    }

    /// Blocks that aren't the same on both sides.
    fn differing(&mut self, ours: &Blocks) -> Result<Vec<BlockName>, PeerFailure> {
        let PeerAnswer::Blocks { blocks } = self.ask(&PeerAsk::Blocks)? else { return Err(PeerFailure::Unreadable) };
        if blocks.len() > PEER_BLOCKS_MAX {
            return Err(PeerFailure::Unreadable);
        }
        let mut theirs: BTreeMap<BlockName, Vec<u8>> = blocks.into_iter().map(|block| (block.name, block.digest.0)).collect();
        let mut differing: Vec<BlockName> = Vec::new();
        for (name, entries) in ours {
            if theirs.remove(name).as_deref() != Some(block_digest(entries).as_slice()) {
                differing.push(*name);
            }
        }
        for name in theirs.into_keys() {
            match self.store.journal.author(name.device)? {
                Some(_) => differing.push(name),
                // Left with whoever has it, unverified as it would be here, until the server tells of its author.
                None => self.done.left += 1,
            }
        }
        Ok(differing)
    }

    /// What they offer and this tablet lacks; what it offers and they lack.
    fn compare(&mut self, ours: &Blocks, differing: &[BlockName]) -> Result<(Vec<EntryId>, Vec<EntryId>), PeerFailure> {
        let (mut offered, mut wanted) = (Vec::new(), Vec::new());
        for names in differing.chunks(PEER_COMPARED_MAX) {
            let entries = |name: &BlockName| ours.get(name).into_iter().flatten().copied().collect();
            let blocks: Vec<BlockEntries> = names.iter().map(|name| BlockEntries { name: *name, entries: entries(name) }).collect();
            let mine: HashSet<EntryId> = blocks.iter().flat_map(|block| &block.entries).copied().collect();
            let PeerAnswer::Differences { offered: theirs, wanted: lacking, left } = self.ask(&PeerAsk::Compare { blocks })? else {
                return Err(PeerFailure::Unreadable);
            };
            if theirs.iter().map(|block| block.entries.len()).sum::<usize>() > PEER_IDS_MAX || lacking.len() > PEER_IDS_MAX {
                return Err(PeerFailure::Unreadable);
            }
            for block in theirs.iter().filter(|block| names.contains(&block.name)) {
                let (mut new, room) = (self.store.journal.lacking(&block.entries)?, self.store.journal.room_for(block.name.device)?);
                self.done.left += new.len().saturating_sub(room);
                new.truncate(room);
                offered.extend(new);
            }
            self.done.left = self.done.left.saturating_add(left);
            wanted.extend(lacking.into_iter().filter(|entry| mine.contains(entry)));
        }
        offered.sort_unstable();
        offered.dedup();
        Ok((offered, wanted))
    }

    fn fetch(&mut self, mut offered: Vec<EntryId>) -> Result<(), PeerFailure> {
        while !offered.is_empty() {
            let names: Vec<EntryId> = offered.iter().take(PUSH_ENTRIES_MAX).copied().collect();
            let asked: HashSet<EntryId> = names.iter().copied().collect();
            let PeerAnswer::Entries { entries } = self.ask(&PeerAsk::Fetch { entries: names })? else {
                return Err(PeerFailure::Unreadable);
            };
            let count = entries.len();
            let (taken, seen) = take(self.store, entries)?;
            self.done.received += taken;
            self.done.left += count - taken.min(count);
            let seen: HashSet<EntryId> = seen.into_iter().filter(|entry| asked.contains(entry)).collect();
            if seen.is_empty() {
                // It no longer has them, or it never had: not asked for ever.
                self.done.left += offered.len();
                break;
            }
            offered.retain(|entry| !seen.contains(entry));
        }
        Ok(())
    }

    fn give(&mut self, mut wanted: Vec<EntryId>) -> Result<(), PeerFailure> {
        while !wanted.is_empty() {
            let batch = self.store.journal.shared_entries(&wanted, self.today, PUSH_ENTRIES_MAX, PUSH_SEALED_BYTES_MAX)?;
            if batch.is_empty() {
                break;
            }
            let sent: HashSet<EntryId> = batch.iter().map(|(entry, _)| *entry).collect();
            let entries: Vec<WireEntry> = batch.iter().map(|(_, sealed)| WireEntry::from(sealed)).collect();
            let count = entries.len();
            let PeerAnswer::Taken { count: taken } = self.ask(&PeerAsk::Give { entries })? else { return Err(PeerFailure::Unreadable) };
            self.done.given += taken.min(count);
            self.done.left += count - taken.min(count);
            wanted.retain(|entry| !sent.contains(entry));
        }
        Ok(())
    }
}

/// Answers one ask of a tablet of the site.
///
/// # Errors
/// A disk that says no.
pub fn answer(store: &mut Store, now: Now, ask: PeerAsk) -> Result<PeerAnswer, StoreError> {
    let too_much = || Ok(PeerAnswer::Refused { code: "trop".into() });
    let today = today(store, now)?;
    match ask {
        PeerAsk::Blocks => {
            let blocks = store.journal.shared_blocks(today)?;
            if blocks.len() > PEER_BLOCKS_MAX {
                tracing::warn!(count = blocks.len(), "more blocks than one message holds: the last ones wait for the server");
            }
            let told = blocks.iter().take(PEER_BLOCKS_MAX);
            let blocks = told.map(|(name, entries)| Block { name: *name, digest: block_digest(entries).into() });
            Ok(PeerAnswer::Blocks { blocks: blocks.collect() })
        }
        PeerAsk::Compare { blocks } if blocks.len() > PEER_COMPARED_MAX => too_much(),
        PeerAsk::Compare { blocks } if blocks.iter().map(|b| b.entries.len()).sum::<usize>() > PEER_IDS_MAX => too_much(),
        PeerAsk::Compare { blocks } => compared(store, today, &blocks),
        PeerAsk::Fetch { entries } if entries.len() > PUSH_ENTRIES_MAX => too_much(),
        PeerAsk::Fetch { entries } => {
            let found = store.journal.shared_entries(&entries, today, PUSH_ENTRIES_MAX, PUSH_SEALED_BYTES_MAX)?;
            Ok(PeerAnswer::Entries { entries: found.iter().map(|(_, sealed)| WireEntry::from(sealed)).collect() })
        }
        PeerAsk::Give { entries } if entries.len() > PUSH_ENTRIES_MAX => too_much(),
        PeerAsk::Give { entries } => Ok(PeerAnswer::Taken { count: take(store, entries)?.0 }),
    }
}

fn compared(store: &Store, today: NaiveDate, blocks: &[BlockEntries]) -> Result<PeerAnswer, StoreError> {
    let ours = store.journal.shared_blocks(today)?;
    let (mut offered, mut wanted, mut named, mut left) = (Vec::new(), Vec::new(), 0, 0);
    for block in blocks {
        let theirs: BTreeSet<EntryId> = block.entries.iter().copied().collect();
        let here = ours.get(&block.name).into_iter().flatten().filter(|entry| !theirs.contains(entry));
        let entries: Vec<EntryId> = here.take(PEER_IDS_MAX - named).copied().collect();
        if !entries.is_empty() {
            named += entries.len();
            offered.push(BlockEntries { name: block.name, entries });
        }
        let new = store.journal.lacking(&block.entries)?;
        let known = store.journal.author(block.name.device)?.is_some();
        let room = if known { store.journal.room_for(block.name.device)? } else { 0 };
        left += new.len().saturating_sub(room);
        wanted.extend(new.into_iter().take(room));
    }
    Ok(PeerAnswer::Differences { offered, wanted, left })
}

/// Keeps of some entries those that hold; gives how many were new, and the names of all.
fn take(store: &mut Store, entries: Vec<WireEntry>) -> Result<(usize, Vec<EntryId>), StoreError> {
    let (mut seen, mut holding, mut left_out) = (Vec::new(), Vec::new(), 0);
    for entry in entries {
        let Some(sealed) = entry.into_sealed() else {
            left_out += 1;
            continue;
        };
        let Ok(envelope) = sealed.decode_envelope() else {
            left_out += 1;
            continue;
        };
        seen.push(envelope.entry_id);
        match verified(store, sealed)? {
            Some(verified) => holding.push(verified),
            None => left_out += 1,
        }
    }
    if left_out > 0 {
        tracing::warn!(count = left_out, "entries of a peer were left out: not signed by a device of this site, or without their content");
    }
    Ok((store.journal.keep_from_peer(&holding)?, seen))
}

/// An entry of a known device of this site, whole and as it was sealed, of a kind that is its author's to seal.
fn verified(store: &Store, sealed: Sealed) -> Result<Option<(Sealed, VerifyingKey)>, StoreError> {
    let (Some(identity), Ok(envelope)) = (store.journal.identity()?, sealed.decode_envelope()) else { return Ok(None) };
    let Some(Author { key, server, .. }) = store.journal.author(envelope.place.device)? else { return Ok(None) };
    let Ok(key) = VerifyingKey::from_bytes(&key) else { return Ok(None) };
    let holds = envelope.site == identity.site
        && check_signature(&sealed.envelope, &sealed.signature, &key)
        && sealed.private.as_ref().is_some_and(|private| private.belongs_to(&envelope))
        && (server || !envelope.kind.is_the_servers());
    Ok(holds.then_some((sealed, key)))
}
