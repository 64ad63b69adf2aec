//! Two tablets of one site without the server: what they make of each other in memory, cut where the run says so, and what must hold
//! of both afterwards.

use crate::oracle::{Broken, Oracle, broken};
use crate::tablet::Tablet;
use anyhow::Result;
use shared::id::EntryId;
use shared::wire::peers::{PeerAnswer, PeerAsk};
use terminal_core::clock::Now;
use terminal_core::peers::exchange::{Carry, Exchanged, answer, exchange};
use terminal_core::peers::{PeerFailure, admit};
use terminal_core::store::{Store, public_key_of};

/// The other tablet, and how many asks are still carried to it.
struct Beside<'s> {
    store: &'s mut Store,
    now: Now,
    asks: u8,
}

impl Carry for Beside<'_> {
    fn ask(&mut self, ask: &PeerAsk) -> Result<PeerAnswer, PeerFailure> {
        self.asks = self.asks.checked_sub(1).ok_or(PeerFailure::Silent)?;
        let answered = answer(self.store, self.now, ask.clone())?;
        // The last answer is lost: what was asked is done all the same.
        if self.asks == 0 { Err(PeerFailure::Silent) } else { Ok(answered) }
    }
}

/// One calls the other; `None` where they don't speak with each other, or the line was cut.
///
/// # Errors
/// A folder that doesn't open.
pub fn meet(one: &Tablet, other: &Tablet, true_ms: i64, asks: u8) -> Result<Option<Exchanged>> {
    let (Some(mut calling), Some(mut answering)) = (one.store()?, other.store()?) else { return Ok(None) };
    if one.site != other.site || one.device == other.device {
        return Ok(None);
    }
    let (its, theirs) = (public_key_of(calling.key()), public_key_of(answering.key()));
    if admit(&mut calling, other.device, theirs).is_err() || admit(&mut answering, one.device, its).is_err() {
        return Ok(None);
    }
    let mut carry = Beside { store: &mut answering, now: other.now(true_ms), asks };
    Ok(exchange(&mut calling, one.now(true_ms), &mut carry).ok())
}

/// I3: of two that have just agreed, neither lacks what the other shares.
///
/// # Errors
/// A folder that doesn't open; inside, a broken promise.
pub fn hold_the_same(one: &Tablet, other: &Tablet, true_ms: i64) -> Result<Result<(), Broken>> {
    for (from, to) in [(one, other), (other, one)] {
        let (Some(giving), Some(holding)) = (from.store()?, to.store()?) else { continue };
        let today = from.now(true_ms).corrected(giving.roster.observed()?).day();
        let shared: Vec<EntryId> = giving.journal.shared_blocks(today)?.into_values().flatten().collect();
        let lacking = holding.journal.lacking(&shared)?.len();
        if lacking > 0 {
            return Ok(broken("I3", format!("tablet {} lacks {lacking} entries of {}, and they agreed", to.number, from.number)));
        }
    }
    Ok(Ok(()))
}

/// I9: what a tablet handed over after its revocation counts on no board that knows of it, unless the server had it in its journal.
///
/// # Errors
/// A folder that doesn't open; inside, a broken promise.
pub fn counts_nothing_of_the_revoked(tablet: &Tablet, true_ms: i64, oracle: &Oracle) -> Result<Result<(), Broken>> {
    let Some(store) = tablet.store()? else { return Ok(Ok(())) };
    let today = tablet.now(true_ms).corrected(store.roster.observed()?).day();
    for fact in store.journal.facts_around(today)? {
        let (entry, author) = (fact.envelope.entry_id, fact.envelope.place.device);
        let revoked = author != tablet.device && store.journal.author(author)?.is_some_and(|known| known.revoked);
        if revoked && store.journal.own_entry(entry)?.is_none() && !oracle.was_in_journal(entry) {
            return Ok(broken("I9", format!("tablet {} counts entry {} of a revoked tablet", tablet.number, oracle.name(entry))));
        }
    }
    Ok(Ok(()))
}
