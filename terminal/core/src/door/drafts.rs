//! Drafts of entries, and their sealing: what every use case shares.

use super::Door;
use crate::clock::Now;
use crate::entropy::bytes;
use crate::store::StoreError;
use crate::view::Tone;
use shared::id::{BadgeId, CentreId, ChildId, EntryId, OrganisationId};
use shared::journal::{Actor, ActorKind, Capacity, Channel, Detail, Draft, Evidence, Kind, Moment, Note, Payload};

/// What a use case says of one fact; the rest is the door's.
#[derive(Debug, Clone)]
pub(super) struct Said {
    pub kind: Kind,
    pub detail: Detail,
    pub child: Option<ChildId>,
    pub evidence: Evidence,
    pub badge: Option<BadgeId>,
    pub target: Option<EntryId>,
    /// Time of the fact where it isn't now: a correction, a forgotten departure.
    pub happened_at_ms: Option<i64>,
    pub reason: &'static str,
    pub note: Option<String>,
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
            happened_at_ms: None,
            reason: "",
            note: None,
        }
    }

    /// The same, resting on a card where one was shown.
    pub fn by(self, badge: Option<BadgeId>) -> Self {
        match badge {
            None => self,
            Some(_) => Self { evidence: Evidence::Badge, badge, ..self },
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
                self.say(Tone::Red, error.to_string());
                false
            }
        }
    }

    fn try_record(&mut self, now: Now, said: Vec<Said>) -> Result<(), StoreError> {
        if said.is_empty() {
            return Ok(());
        }
        let mut drafts = Vec::with_capacity(said.len() + 1);
        drafts.extend(self.opening(now)?);
        for said in said {
            drafts.push(self.draft(now, said)?);
        }
        let sealed = self.store.seal(&drafts)?;
        self.recorded(&sealed);
        Ok(())
    }

    /// The first entry of a new epoch, where the server has given one.
    fn opening(&mut self, now: Now) -> Result<Option<Draft>, StoreError> {
        let Some((_, head)) = self.store.journal.epoch_to_open()? else { return Ok(None) };
        let detail = Detail::Epoch { previous: head.place.epoch, last_hash: head.hash, cause: "enrolment".into() };
        let said = Said { child: None, evidence: Evidence::Measured, ..Said::touch(Kind::EpochOpened, ChildId::NIL, detail) };
        let mut draft = self.draft(now, said)?;
        draft.payload.actor = Actor::SYSTEM;
        Ok(Some(draft))
    }

    /// A draft with its id, made before anything uses it: the same draft tried twice is the same entry.
    pub(super) fn draft(&mut self, now: Now, said: Said) -> Result<Draft, StoreError> {
        let Some(identity) = &self.identity else { return Err(StoreError::NotEnrolled) };
        let (site, first) = (identity.site, identity.organisations.first().copied());
        // A fact belongs to a lieu: that of the moment, or the only one there is.
        let only_one = || self.roster.centres.keys().next().copied().filter(|_| self.roster.centres.len() == 1);
        let centre = self.activity().map(|a| a.centre).or_else(only_one);
        let organisation = self.organisation(centre).or(first).ok_or(StoreError::NotEnrolled)?;
        let moment = self.activity().map_or_else(Moment::default, |a| Moment { activity: Some(a.id), label: a.name.clone() });
        let actor = self.staff.map_or(Actor::NOBODY, |(staff, _)| Actor { kind: ActorKind::Staff, id: staff.0 });
        let notes = match said.note {
            None => Vec::new(),
            Some(text) => vec![Note { salt: bytes(self.entropy.as_mut())?, text }],
        };
        let payload = Payload {
            about_child: said.child,
            centre,
            happened_at_ms: said.happened_at_ms.unwrap_or(now.wall_ms),
            sealed_at_ms: now.wall_ms,
            boottime_ms: now.boottime_ms,
            boot: now.boot,
            moment,
            actor,
            on_behalf_of: Actor::NOBODY,
            capacity: Capacity::Own,
            authority_ref: String::new(),
            channel: Channel::Tablet,
            evidence: said.evidence,
            badge: said.badge,
            roster_version: self.roster.version,
            target: said.target,
            reason: said.reason.to_owned(),
            notes: Vec::new(),
            detail: said.detail,
        };
        let entry_id = EntryId::new(now.wall_ms, bytes(self.entropy.as_mut())?);
        Ok(Draft { organisation, site, entry_id, kind: said.kind, payload, notes, salt: bytes(self.entropy.as_mut())? })
    }

    fn organisation(&self, centre: Option<CentreId>) -> Option<OrganisationId> {
        centre.and_then(|id| self.roster.centres.get(&id)).map(|c| c.organisation)
    }
}
