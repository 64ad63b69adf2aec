//! Reading a page of changes: what is new to this version is left out, what
//! isn't signed by its author is never stored.

use crate::store::{Author, RosterChange};
use serde::Deserialize;
use shared::id::{EntryId, SiteId};
use shared::journal::{Sealed, VerifyingKey, check_signature};
use shared::roster::{Device, Item};
use shared::wire::{Bytes, Change, ChangeBody, WireEntry};

/// A page of changes, verified, as the store takes it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Page {
    /// The server epoch that the cursor belongs to.
    pub server_epoch: String,
    /// Number of the last change of the page.
    pub cursor: u64,
    /// Whether there are more.
    pub more: bool,
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
}

/// Reads an answer; `None` where it isn't one.
pub fn read(body: &[u8], site: SiteId) -> Option<Page> {
    let Unread { server_epoch, cursor, more, changes } = serde_json::from_slice(body).ok()?;
    let mut page = Page { server_epoch, cursor, more, ..Page::default() };
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
