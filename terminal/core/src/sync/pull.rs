//! Pulling: changes since the cursor, or a whole roster where the tablet has
//! none or has to hold all of it anew. A page is read change by change: what is
//! new to this version is left out, what isn't signed by its author is never
//! stored. A whole roster that was cut goes on behind its last page, for as
//! long as the server's life and the tablet's own are the same.

use super::client::{PAGES_MAX, State, SyncClient};
use super::steps::Output;
use super::transport::Request;
use crate::clock::Now;
use crate::store::{Author, LineState, RosterChange, Staging};
use serde::Deserialize;
use shared::id::{EntryId, SiteId};
use shared::journal::{Sealed, VerifyingKey, check_signature};
use shared::roster::{Device, Item};
use shared::wire::{Bytes, Change, ChangeBody, Pull, Snapshot, WireEntry};

/// A page of changes, verified, as the store takes it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Page {
    /// The server epoch that the cursor belongs to.
    pub server_epoch: String,
    /// Number of the last change of the page.
    pub cursor: u64,
    /// Whether there are more.
    pub more: bool,
    /// Where a whole roster goes on, by a server that tells it in the order of need.
    pub snapshot: Option<Snapshot>,
    /// Devices of the site.
    pub authors: Vec<Author>,
    /// Changes of the roster, in order.
    pub roster: Vec<RosterChange>,
    /// Entries of others, with the key that each was verified with.
    pub others: Vec<(Sealed, VerifyingKey)>,
    /// Entries whose payload is to be deleted.
    pub forgotten: Vec<EntryId>,
    /// Changes that were left out: of a kind that this version doesn't know, or not signed as they claim.
    pub left_out: usize,
}

impl Page {
    /// Whether anything is in it.
    #[must_use]
    pub fn brings_something(&self) -> bool {
        !(self.authors.is_empty() && self.roster.is_empty() && self.others.is_empty() && self.forgotten.is_empty())
    }
}

/// The answer with its changes unread, so that one that is new doesn't hide the others.
#[derive(Deserialize)]
struct Unread {
    server_epoch: String,
    cursor: u64,
    more: bool,
    changes: Vec<serde_json::Value>,
    #[serde(default)]
    snapshot: Option<Snapshot>,
}

impl SyncClient {
    /// Asks for what has changed; for the rest of a whole roster, where one was cut; for a whole one, where the tablet has none.
    pub(super) fn pull(&mut self) -> Vec<Output> {
        let life = (self.me.device, self.me.epoch);
        let goes_on = self.local.staging.as_ref().is_some_and(|staging| (staging.device, staging.epoch) == life);
        let has_none = self.local.cursor == 0 && self.local.cursor_epoch.is_empty();
        if goes_on || !(self.local.pull_anew || has_none) {
            self.local.staging = self.local.staging.take().filter(|_| goes_on);
            return self.pull_on();
        }
        self.pull_whole()
    }

    /// Asks for a whole roster, from its front.
    pub(super) fn pull_whole(&mut self) -> Vec<Output> {
        (self.local.staging, self.began_whole) = (None, true);
        self.ask_page(0, String::new(), Some(Snapshot::default()), State::Pull { staging: true, first: true })
    }

    fn pull_on(&mut self) -> Vec<Output> {
        match self.local.staging.clone() {
            Some(at) => self.ask_page(at.cursor, at.server_epoch, at.snapshot, State::Pull { staging: true, first: false }),
            None => {
                let (cursor, server_epoch) = (self.local.cursor, self.local.cursor_epoch.clone());
                self.ask_page(cursor, server_epoch, None, State::Pull { staging: false, first: true })
            }
        }
    }

    fn ask_page(&mut self, cursor: u64, server_epoch: String, snapshot: Option<Snapshot>, state: State) -> Vec<Output> {
        self.state = state;
        let pull = Pull { cursor, server_epoch, report: self.report.clone(), snapshot };
        vec![Output::Ask(Request::new("/sync/v1/pull", self.token(), &pull))]
    }

    pub(super) fn pulled(&mut self, now: Now, page: Page, staging: bool, first: bool) -> Vec<Output> {
        let told_by_another = |at: &Staging| !first && at.server_epoch != page.server_epoch;
        if self.local.staging.as_ref().is_some_and(told_by_another) {
            // Half a roster of one life of the server and half of another is the roster of none.
            return match self.began_whole {
                true => self.fail(now, LineState::ServerTrouble, super::detail::ANOTHER_LIFE.into()),
                false => self.pull_whole(),
            };
        }
        self.whole.moved |= page.brings_something();
        self.told = self.report.take().map(|report| (report.set_aside, now.boottime_ms)).or(self.told);
        self.pages += 1;
        let (more, goes_on) = (page.more, page.more && self.pages < PAGES_MAX);
        let reached = staging.then(|| Staging {
            server_epoch: page.server_epoch.clone(),
            cursor: page.cursor,
            snapshot: page.snapshot.clone(),
            device: self.me.device,
            epoch: self.me.epoch,
        });
        if !staging || !more {
            (self.local.cursor, self.local.cursor_epoch) = (page.cursor, page.server_epoch.clone());
        }
        self.local.staging = reached.clone().filter(|_| more);
        let mut out = vec![Output::Keep { page: Box::new(page), staging: reached.map(|reached| (first, reached)) }];
        if goes_on {
            out.extend(self.pull_on());
            return out;
        }
        if staging && !more && self.local.pull_anew {
            self.local.pull_anew = false;
            out.push(Output::PulledAnew);
        }
        // Last: whatever the server says of others' entries, the tablet's own have gone; and what it told just now isn't carried.
        out.extend(self.read_from_peers(0));
        out
    }
}

/// Reads an answer; `None` where it isn't one.
pub fn read(body: &[u8], site: SiteId) -> Option<Page> {
    let Unread { server_epoch, cursor, more, changes, snapshot } = serde_json::from_slice(body).ok()?;
    let mut page = Page { server_epoch, cursor, more, snapshot, ..Page::default() };
    for change in changes {
        match serde_json::from_value::<Change>(change).map(|c| c.body) {
            Ok(ChangeBody::Put(Item::Device(device))) => match author(&device) {
                Some(author) => page.authors.push(author),
                None => page.left_out += 1,
            },
            Ok(ChangeBody::Put(item)) => page.roster.push(RosterChange::Put(Box::new(item))),
            Ok(ChangeBody::Remove(key)) => page.roster.push(RosterChange::Remove(key)),
            Ok(ChangeBody::Forget(entry)) => page.forgotten.push(entry),
            Ok(ChangeBody::Entry { entry, key }) => match verified(entry, &key, site) {
                Some((sealed, key)) => {
                    // One that comes without its private part was erased at the server: erase it here too.
                    if let (None, Ok(envelope)) = (&sealed.private, sealed.decode_envelope()) {
                        page.forgotten.push(envelope.entry_id);
                    }
                    page.others.push((sealed, key));
                }
                None => page.left_out += 1,
            },
            Err(_) => page.left_out += 1,
        }
    }
    if page.left_out > 0 {
        tracing::warn!(count = page.left_out, "changes of the server were left out: too new, or not signed by their author");
    }
    Some(page)
}

fn author(device: &Device) -> Option<Author> {
    Some(Author { device: device.id, key: device.key.array()?, server: device.server, revoked: device.revoked })
}

/// An entry whose signature, site and private part hold.
fn verified(entry: WireEntry, key: &Bytes, site: SiteId) -> Option<(Sealed, VerifyingKey)> {
    let key = VerifyingKey::from_bytes(&key.array()?).ok()?;
    let sealed = entry.into_sealed()?;
    let envelope = sealed.decode_envelope().ok()?;
    let holds = envelope.site == site
        && check_signature(&sealed.envelope, &sealed.signature, &key)
        && sealed.private.as_ref().is_none_or(|p| p.belongs_to(&envelope));
    holds.then_some((sealed, key))
}
