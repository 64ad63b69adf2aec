//! Drafts of entries, and their sealing: what every use case shares.

use super::Door;
use crate::clock::Now;
use crate::entropy::bytes;
use crate::store::StoreError;
use crate::view::Tone;
use shared::fold::Mark;
use shared::id::{BadgeId, CentreId, ChildId, EntryId, OrganisationId, PersonId, StaffId};
use shared::journal::{Actor, ActorKind, Capacity, Channel, Detail, Draft, Evidence, Kind, Moment, Note, Payload};
use shared::roster::Activity;

/// What says who stands at the door.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum By {
    /// A card: it is here, whoever holds it.
    Badge(BadgeId),
    /// An adult's own code.
    Code(PersonId),
}

/// What a use case says of one fact; the rest is the door's.
#[derive(Debug, Clone)]
pub(super) struct Said {
    pub kind: Kind,
    pub detail: Detail,
    pub child: Option<ChildId>,
    pub evidence: Evidence,
    pub badge: Option<BadgeId>,
    pub target: Option<EntryId>,
    /// Where the fact belongs, where that isn't the board's moment. Of a target: its slot where it was corrected since, else the one that
    /// the target itself names.
    pub slot: Option<Slot>,
    /// Time of the fact where it isn't now: a correction, a forgotten departure.
    pub happened_at_ms: Option<i64>,
    pub reason: &'static str,
    /// On what the word of somebody outside the list rests: a paper that was seen. Empty: on nothing.
    pub authority: &'static str,
    pub note: Option<String>,
    /// The lieu of another site to which a child is on its way.
    pub bound_for: Option<CentreId>,
    /// The member of staff whose word it is, where one was touched by name; else the one who showed a card.
    pub actor: Option<StaffId>,
    /// The adult who typed a code of their own.
    pub guardian: Option<PersonId>,
}

/// Where in the day a fact belongs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Slot {
    pub centre: Option<CentreId>,
    pub moment: Moment,
}

impl Slot {
    pub fn of(mark: &Mark) -> Self {
        Self { centre: mark.centre, moment: Moment { activity: mark.activity, label: mark.moment.clone() } }
    }

    /// In an activity, at its lieu.
    pub fn in_activity(activity: &Activity) -> Self {
        Self { centre: Some(activity.centre), moment: Moment { activity: Some(activity.id), label: activity.name.clone() } }
    }
}

impl Said {
    /// A touch, now.
    pub fn touch(kind: Kind, child: ChildId, detail: Detail) -> Self {
        Self {
            kind,
            detail,
            child: Some(child),
            evidence: Evidence::List,
            badge: None,
            target: None,
            slot: None,
            happened_at_ms: None,
            reason: "",
            authority: "",
            note: None,
            bound_for: None,
            actor: None,
            guardian: None,
        }
    }

    /// The same, resting on a card or a code where there was one.
    pub fn by(self, by: Option<By>) -> Self {
        match by {
            None => self,
            Some(By::Badge(badge)) => Self { evidence: Evidence::Badge, badge: Some(badge), ..self },
            Some(By::Code(person)) => Self { evidence: Evidence::Pin, guardian: Some(person), ..self },
        }
    }
}

impl Door {
    /// Seals facts in one transaction. `false`: nothing was recorded, and the screen says why.
    pub(super) fn record(&mut self, now: Now, said: Vec<Said>) -> bool {
        match self.try_record(now, said) {
            Ok(()) => true,
            Err(error) => {
                tracing::error!(%error, "a gesture was not recorded");
                self.look_at(&error);
                self.say(Tone::Red, error.in_words());
                false
            }
        }
    }

    fn try_record(&mut self, now: Now, said: Vec<Said>) -> Result<(), StoreError> {
        let said: Vec<Draft> = said.into_iter().map(|said| self.draft(now, said)).collect::<Result<_, _>>()?;
        self.seal_drafts(now, said)
    }

    /// The same of drafts that were made before.
    pub(super) fn seal_drafts(&mut self, now: Now, said: Vec<Draft>) -> Result<(), StoreError> {
        if said.is_empty() {
            return Ok(());
        }
        let mut drafts = Vec::with_capacity(said.len() + 1);
        drafts.extend(self.opening(now)?);
        drafts.extend(said);
        let sealed = match self.store.seal(&drafts) {
            // The sync thread has stored an epoch between the two: its opening goes first, the same drafts follow.
            Err(StoreError::EpochToOpen) => {
                drafts.splice(..0, self.opening(now)?);
                self.store.seal(&drafts)?
            }
            other => other?,
        };
        self.recorded(&sealed);
        self.answered.recorded = true;
        Ok(())
    }

    /// Opens an epoch that the server has just given, without waiting for a gesture. Here and not in the sync thread: one connection
    /// seals.
    pub(super) fn open_epoch(&mut self, now: Now) -> Result<(), StoreError> {
        let Some(opening) = self.opening(now)? else { return Ok(()) };
        let sealed = self.store.seal(&[opening])?;
        self.recorded(&sealed);
        Ok(())
    }

    /// The first entry of a new epoch, where the server has given one.
    fn opening(&mut self, now: Now) -> Result<Option<Draft>, StoreError> {
        let Some((epoch, head)) = self.store.journal.epoch_to_open()? else { return Ok(None) };
        let cause = self.store.journal.cause_of(epoch)?.to_owned();
        let detail = Detail::Epoch { previous: head.place.epoch, last_hash: head.hash, cause };
        let said = Said { child: None, evidence: Evidence::Measured, ..Said::touch(Kind::EpochOpened, ChildId::NIL, detail) };
        let mut draft = self.draft(now, said)?;
        draft.payload.actor = Actor::SYSTEM;
        Ok(Some(draft))
    }

    /// A draft with its id, made before anything uses it: the same draft tried twice is the same entry.
    pub(super) fn draft(&mut self, now: Now, said: Said) -> Result<Draft, StoreError> {
        let Some(identity) = &self.identity else { return Err(StoreError::NotEnrolled) };
        let (site, first) = (identity.site, identity.organisations.first().copied());
        let (organisation, slot) = match self.of_target(&said) {
            Some((organisation, slot)) => (Some(organisation), slot),
            None => {
                let slot = said.slot.clone().unwrap_or_else(|| self.present_slot());
                (self.organisation(slot.centre), slot)
            }
        };
        let organisation = organisation.or(first).ok_or(StoreError::NotEnrolled)?;
        let by = said.actor.or(self.staff.map(|named| named.staff));
        // A name in the list that somebody touched who had shown by a code who they are.
        let by_pin = said.actor.is_none() && said.evidence == Evidence::List && self.staff.is_some_and(|named| named.by_pin);
        let staff = by.map(|staff| Actor { kind: ActorKind::Staff, id: staff.0 });
        let guardian = said.guardian.map(|person| Actor { kind: ActorKind::Guardian, id: person.0 });
        let actor = guardian.or(staff).unwrap_or(Actor::NOBODY);
        let notes = match said.note {
            None => Vec::new(),
            Some(text) => vec![Note { salt: bytes(self.entropy.as_mut())?, text }],
        };
        let payload = Payload {
            about_child: said.child,
            centre: slot.centre,
            happened_at_ms: said.happened_at_ms.unwrap_or(now.wall_ms),
            sealed_at_ms: now.wall_ms,
            boottime_ms: now.boottime_ms,
            boot: now.boot,
            moment: slot.moment,
            actor,
            on_behalf_of: Actor::NOBODY,
            capacity: if said.guardian.is_some() { Capacity::Guardian } else { Capacity::Own },
            authority_ref: said.authority.to_owned(),
            channel: Channel::Tablet,
            evidence: if by_pin { Evidence::Pin } else { said.evidence },
            badge: said.badge,
            roster_version: self.roster.version,
            target: said.target,
            reason: said.reason.to_owned(),
            notes: Vec::new(),
            detail: said.detail,
            bound_for: said.bound_for,
        };
        let entry_id = EntryId::new(now.wall_ms, bytes(self.entropy.as_mut())?);
        Ok(Draft { organisation, site, entry_id, kind: said.kind, payload, notes, salt: bytes(self.entropy.as_mut())? })
    }

    /// What is said of an earlier entry belongs where that one does: whoever corrects the morning in the evening doesn't move it
    /// there, and a fact of one organisation isn't taken back in another's books.
    fn of_target(&self, said: &Said) -> Option<(OrganisationId, Slot)> {
        let target = said.target?;
        let fact = self.facts.iter().find(|fact| fact.envelope.entry_id == target)?;
        let sealed = || fact.payload.as_ref().map(|p| Slot { centre: p.centre, moment: p.moment.clone() });
        Some((fact.envelope.organisation, said.slot.clone().or_else(sealed)?))
    }

    /// A touch belongs to the lieu of the moment, or to the only one there is.
    fn present_slot(&self) -> Slot {
        if let Some(activity) = self.activity() {
            return Slot::in_activity(activity);
        }
        let only_one = self.roster.centres.keys().next().copied().filter(|_| self.roster.centres.len() == 1);
        Slot { centre: only_one, moment: Moment::default() }
    }

    pub(super) fn organisation(&self, centre: Option<CentreId>) -> Option<OrganisationId> {
        centre.and_then(|id| self.roster.centres.get(&id)).map(|c| c.organisation)
    }
}
