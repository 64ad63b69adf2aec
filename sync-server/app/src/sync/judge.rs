//! What becomes of an entry that a tablet hands in: a pure reading of the entry and of what the server holds.
//!
//! Signature first, then whose it is, then its name, then its place. A fork is evidence and is kept; a hole is waited
//! for; only bytes that are no entry, or not their author's, take no place.

use shared::id::{DeviceId, EntryId, OrganisationId, SiteId};
use shared::journal::{Envelope, Hash, Kind, Place, Sealed, VerifyingKey, check_signature};
use shared::wire::WireEntry;
use std::collections::{HashMap, HashSet};

/// A device of the site.
#[derive(Debug, Clone)]
pub struct Author {
    /// Its key.
    pub key: VerifyingKey,
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
}

/// Decodes what came over the wire; the code of the refusal where it is no entry.
///
/// # Errors
/// A stable code.
pub fn read(entry: WireEntry) -> Result<Read, &'static str> {
    let sealed = entry.into_sealed().ok_or("pas_une_entree")?;
    let envelope = sealed.decode_envelope().map_err(|_| "pas_une_enveloppe")?;
    Ok(Read { envelope, sealed })
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
        let Read { envelope, sealed } = read;
        let place = envelope.place;
        let Some(author) = self.authors.get(&place.device) else { return Judgement::Quarantine("auteur_inconnu") };
        if !check_signature(&sealed.envelope, &sealed.signature, &author.key) {
            return Judgement::Refuse("signature_fausse");
        }
        let hash = sealed.hash();
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
        let Read { envelope, sealed } = read;
        let place = envelope.place;
        let opens = envelope.kind == Kind::EpochOpened;
        if Some(envelope.site) != self.site {
            Some("autre_site")
        } else if self.caller_revoked || author.revoked {
            Some("appareil_revoque")
        } else if !self.organisations.contains(&envelope.organisation) {
            Some("collectivite_etrangere")
        } else if sealed.private.as_ref().is_some_and(|p| !p.belongs_to(envelope)) {
            Some("contenu_altere")
        } else if place.epoch > author.epoch {
            Some("epoque_inconnue")
        } else if opens != (place.seq == 1 && place.epoch > 1) {
            Some("epoque_mal_ouverte")
        } else if matches!(envelope.kind, Kind::ClockObserved | Kind::Decided) && !author.server {
            Some("reserve_au_serveur")
        } else {
            None
        }
    }

    /// Whether an entry of the journal lacks the content that came with it this time: whoever carried it first had left it out.
    /// What was erased stays erased, and a revoked tablet changes nothing. Remembers it.
    pub fn completes(&mut self, read: &Read) -> bool {
        let Read { envelope, sealed } = read;
        let lacks = !self.caller_revoked && !self.full.contains(&envelope.entry_id) && !self.erased.contains(&envelope.entry_id);
        lacks && sealed.private.as_ref().is_some_and(|p| p.belongs_to(envelope)) && self.full.insert(envelope.entry_id)
    }

    /// Remembers an entry that is set aside; `false` where it was before.
    pub fn held(&mut self, read: &Read) -> bool {
        self.held.insert(read.envelope.entry_id, read.sealed.hash()).is_none()
    }

    /// Remembers an entry that now stands in the journal; `erased`: without its content, for good.
    pub fn accepted(&mut self, read: &Read, erased: bool) {
        let hash = read.sealed.hash();
        if erased {
            self.erased.insert(read.envelope.entry_id);
        } else if read.sealed.private.is_some() {
            self.full.insert(read.envelope.entry_id);
        }
        self.ids.insert(read.envelope.entry_id, hash);
        self.places.entry(read.envelope.place).or_default().insert(hash);
    }

    /// Remembers a place whose bytes are in quarantine: held durably, waited for no longer.
    pub fn quarantined(&mut self, read: &Read) {
        self.places.entry(read.envelope.place).or_default().insert(read.sealed.hash());
    }
}
