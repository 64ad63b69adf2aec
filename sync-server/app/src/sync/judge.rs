//! What becomes of an entry that a tablet hands in: a pure reading of the entry and of what the server holds.
//!
//! Signature first, then whose it is, then its name, then its place. A fork is evidence and is kept; a hole is waited
//! for; only bytes that are no entry, or not their author's, take no place.
//!
//! Signatures are verified before the site is locked ([`Read::prove`]), each by itself and strictly, as whoever reads the entry later
//! does it. Not as a batch: its one equation can't tell a point of small order in a signature from none, so that a tablet could
//! craft entries that the server takes and that nobody else believes (shared/tests/signatures.rs shows one).

use shared::id::{DeviceId, EntryId, OrganisationId, SiteId};
use shared::journal::{Envelope, Hash, Kind, Place, Sealed, VerifyingKey, check_signature};
use shared::wire::WireEntry;
use std::collections::{HashMap, HashSet};

/// A device of the site.
#[derive(Debug, Clone)]
pub struct Author {
    /// Its key, as bytes: a site's devices are many, and few of them sealed what is at hand.
    pub key: [u8; 32],
    /// Its last epoch given.
    pub epoch: u32,
    /// Whether it was revoked.
    pub revoked: bool,
    /// Whether it is the server's own: only it observes clocks and seals decisions.
    pub server: bool,
    /// The tablet whose folder it goes on with.
    pub succeeds: Option<DeviceId>,
}

/// What the server holds, as far as the entries at hand concern it. Grows as entries are taken in.
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// The site.
    pub site: Option<SiteId>,
    /// Its tenants.
    pub organisations: HashSet<OrganisationId>,
    /// Its devices.
    pub authors: HashMap<DeviceId, Author>,
    /// Whether the caller was revoked.
    pub caller_revoked: bool,
    /// Entries in the journal by name.
    pub ids: HashMap<EntryId, Hash>,
    /// Of those, the ones that don't stand alone at their place.
    pub forked: HashSet<EntryId>,
    /// Of those, the ones whose content is there too.
    pub full: HashSet<EntryId>,
    /// Of those, the ones whose content was erased.
    pub erased: HashSet<EntryId>,
    /// Entries of which a person said that they take no effect: that word holds, whatever is known of them since.
    pub discarded: HashSet<Hash>,
    /// Entries set aside since the judging began, by name.
    pub held: HashMap<EntryId, Hash>,
    /// Hashes at places of the journal and of the quarantine.
    pub places: HashMap<Place, HashSet<Hash>>,
}

/// What is to be done with an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Judgement {
    /// Into the journal.
    Accept {
        /// Passed a hole that was waited for.
        gap_before: bool,
        /// Another entry stands at its place.
        fork: bool,
        /// The entry before isn't the one that it was sealed after.
        unlinked: bool,
    },
    /// It is in the journal already.
    Duplicate,
    /// Set aside until the entries before it come, or the wait ends.
    Hold,
    /// Apart: a person decides.
    Quarantine(&'static str),
    /// Not an entry, or not its author's.
    Refuse(&'static str),
}

/// The bytes of an entry, decoded.
#[derive(Debug, Clone)]
pub struct Read {
    /// The signed part.
    pub envelope: Envelope,
    /// All of it.
    pub sealed: Sealed,
    /// The entry's hash.
    pub hash: Hash,
    /// Whether the content is that of another entry, or was changed.
    pub altered: bool,
    proof: Option<Proof>,
}

/// What was found of a signature, and by which key.
#[derive(Debug, Clone, Copy)]
struct Proof {
    key: [u8; 32],
    holds: bool,
}

impl Read {
    /// Verifies the signature by what is believed to be the author's key, ahead of [`Known::judge`], which holds others up.
    pub fn prove(&mut self, key: &VerifyingKey) {
        let holds = check_signature(&self.sealed.envelope, &self.sealed.signature, key);
        self.proof = Some(Proof { key: key.to_bytes(), holds });
    }

    /// By the key that counts: what was found by another one counts for nothing.
    fn is_signed_by(&self, key: &[u8; 32]) -> bool {
        match self.proof {
            Some(proof) if proof.key == *key => proof.holds,
            _ => VerifyingKey::from_bytes(key).is_ok_and(|key| check_signature(&self.sealed.envelope, &self.sealed.signature, &key)),
        }
    }
}

/// Decodes what came over the wire; the code of the refusal where it is no entry.
///
/// # Errors
/// A stable code.
pub fn read(entry: WireEntry) -> Result<Read, &'static str> {
    let sealed = entry.into_sealed().ok_or("pas_une_entree")?;
    let envelope = sealed.decode_envelope().map_err(|_| "pas_une_enveloppe")?;
    let altered = sealed.private.as_ref().is_some_and(|p| !p.belongs_to(&envelope));
    Ok(Read { hash: sealed.hash(), envelope, sealed, altered, proof: None })
}

impl Known {
    /// Whether a device carries the entries of an author as its own: itself, or one whose folder it goes on with.
    #[must_use]
    pub fn is_life_of(&self, device: DeviceId, author: DeviceId) -> bool {
        let before = |device: &DeviceId| self.authors.get(device).and_then(|a| a.succeeds);
        // A folder has no more lives than the site has devices; a circle that somebody made by hand ends there too.
        std::iter::successors(Some(device), before).take(self.authors.len() + 1).any(|life| life == author)
    }

    /// Judges an entry. `waited`: the wait for the hole before it, if there is one, has ended.
    #[must_use]
    pub fn judge(&self, read: &Read, waited: bool) -> Judgement {
        let (envelope, hash) = (&read.envelope, read.hash);
        let place = envelope.place;
        let Some(author) = self.authors.get(&place.device) else { return Judgement::Quarantine("auteur_inconnu") };
        if !read.is_signed_by(&author.key) {
            return Judgement::Refuse("signature_fausse");
        }
        // What is in the journal stays what it is: a revocation since changes nothing.
        match self.ids.get(&envelope.entry_id) {
            Some(held) if *held == hash => return Judgement::Duplicate,
            Some(_) => return Judgement::Quarantine("identifiant_repris"),
            None => {}
        }
        if self.discarded.contains(&hash) {
            return Judgement::Quarantine("ecarte");
        }
        if self.held.get(&envelope.entry_id).is_some_and(|held| *held != hash) {
            return Judgement::Quarantine("identifiant_repris");
        }
        if let Some(code) = self.objection(read, author) {
            return Judgement::Quarantine(code);
        }
        let here = self.places.get(&place);
        let fork = here.is_some_and(|hashes| hashes.iter().any(|h| *h != hash));
        let before = (place.seq > 1).then(|| self.places.get(&Place { seq: place.seq - 1, ..place }));
        match before {
            Some(None) if waited => Judgement::Accept { gap_before: true, fork, unlinked: false },
            Some(None) => Judgement::Hold,
            Some(Some(hashes)) => Judgement::Accept { gap_before: false, fork, unlinked: !hashes.contains(&envelope.prev_hash) },
            None => Judgement::Accept { gap_before: false, fork, unlinked: place.epoch == 1 && envelope.prev_hash != [0; 32] },
        }
    }

    /// Why a signed entry is none of this site's journal, if it isn't.
    fn objection(&self, read: &Read, author: &Author) -> Option<&'static str> {
        let envelope = &read.envelope;
        let place = envelope.place;
        let opens = envelope.kind == Kind::EpochOpened;
        if Some(envelope.site) != self.site {
            Some("autre_site")
        } else if self.caller_revoked || author.revoked {
            Some("appareil_revoque")
        } else if !self.organisations.contains(&envelope.organisation) {
            Some("collectivite_etrangere")
        } else if read.altered {
            Some("contenu_altere")
        } else if place.epoch > author.epoch {
            Some("epoque_inconnue")
        } else if opens != (place.seq == 1 && place.epoch > 1) {
            Some("epoque_mal_ouverte")
        } else if envelope.kind.is_the_servers() && !author.server {
            Some("reserve_au_serveur")
        } else {
            None
        }
    }

    /// Whether an entry of the journal lacks the content that came with it this time: whoever carried it first had left it out.
    /// What was erased stays erased, and a revoked tablet changes nothing. Remembers it.
    pub fn completes(&mut self, read: &Read) -> bool {
        let entry = read.envelope.entry_id;
        let lacks = !self.caller_revoked && !self.full.contains(&entry) && !self.erased.contains(&entry);
        lacks && read.sealed.private.is_some() && !read.altered && self.full.insert(entry)
    }

    /// Remembers an entry that is set aside; `false` where it was before.
    pub fn held(&mut self, read: &Read) -> bool {
        self.held.insert(read.envelope.entry_id, read.hash).is_none()
    }

    /// Remembers an entry that now stands in the journal; `erased`: without its content, for good.
    pub fn accepted(&mut self, read: &Read, erased: bool) {
        if erased {
            self.erased.insert(read.envelope.entry_id);
        } else if read.sealed.private.is_some() {
            self.full.insert(read.envelope.entry_id);
        }
        self.ids.insert(read.envelope.entry_id, read.hash);
        self.places.entry(read.envelope.place).or_default().insert(read.hash);
    }

    /// Remembers a place whose bytes are in quarantine: held durably, waited for no longer.
    pub fn quarantined(&mut self, read: &Read) {
        self.places.entry(read.envelope.place).or_default().insert(read.hash);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::journal::{ChainHead, Draft, Payload, SigningKey, seal};
    use uuid::Uuid;

    const DEVICE: DeviceId = DeviceId(Uuid::from_u128(3));

    fn key(seed: u8) -> SigningKey {
        SigningKey::from_bytes(&[seed; 32])
    }

    /// An entry signed by a key, of a device whose key the site knows.
    fn entry(by: u8) -> Read {
        let draft = Draft {
            organisation: OrganisationId(Uuid::from_u128(1)),
            site: SiteId(Uuid::from_u128(2)),
            entry_id: EntryId(Uuid::from_u128(9)),
            kind: Kind::Arrived,
            payload: Payload {
                about_child: Some(shared::id::ChildId(Uuid::from_u128(7))),
                centre: Some(shared::id::CentreId(Uuid::from_u128(8))),
                ..Payload::at(0)
            },
            notes: Vec::new(),
            salt: [0; 32],
        };
        read(WireEntry::from(&seal(draft, &mut ChainHead::start(DEVICE), &key(by)))).unwrap()
    }

    fn judged(read: &Read) -> Judgement {
        let author = Author { key: key(1).verifying_key().to_bytes(), epoch: 1, revoked: false, server: false, succeeds: None };
        let site = Some(SiteId(Uuid::from_u128(2)));
        let organisations = HashSet::from([OrganisationId(Uuid::from_u128(1))]);
        Known { site, organisations, authors: HashMap::from([(DEVICE, author)]), ..Known::default() }.judge(read, false)
    }

    #[test]
    fn what_was_found_by_another_key_than_the_author_s_counts_for_nothing() {
        let accepted = Judgement::Accept { gap_before: false, fork: false, unlinked: false };
        let refused = Judgement::Refuse("signature_fausse");
        for (by, judgement) in [(1, accepted), (2, refused)] {
            let unproven = entry(by);
            assert_eq!(judged(&unproven), judgement, "verified where it is judged");
            for proven_by in [1, 2] {
                let mut proven = unproven.clone();
                proven.prove(&key(proven_by).verifying_key());
                assert_eq!(judged(&proven), judgement, "signed by {by}, verified ahead by {proven_by}");
            }
        }
    }
}
