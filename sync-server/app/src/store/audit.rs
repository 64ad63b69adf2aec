//! The audit: who did what, when, in what capacity; no values, no names of families.
//!
//! A line is written in the transaction of what it tells of, after the line before it of the same organisation and day,
//! whose hash it carries; the first of a day carries the last of the day before. Nothing rewrites a line (the tables'
//! triggers refuse it), and a line that was cut out breaks the chain.

use crate::clock::Clock;
use crate::store::Territory;
use crate::store::entity::{audit, installation};
use crate::{Result, store};
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect};
use sha2::{Digest, Sha256};
use uuid::Uuid;

const DOMAIN: &[u8] = b"preau/audit/1\0";
/// Who acts where a command names nobody: the person who may log in to the machine.
const AT_THE_MACHINE: &str = "console";

/// What is to be told.
#[derive(Debug, Clone)]
pub struct Act {
    organisation: Option<Uuid>,
    actor: String,
    channel: &'static str,
    route: String,
    subject: Option<(&'static str, Uuid)>,
}

impl Act {
    /// A command typed at the machine, and what it was about: a kind and an id.
    #[must_use]
    pub fn command(route: &str, subject: Option<(&'static str, Uuid)>) -> Self {
        Self { organisation: None, actor: AT_THE_MACHINE.into(), channel: "console", route: route.into(), subject }
    }

    /// Whose journal of acts it stands in; without it, the territoire's own.
    #[must_use]
    pub fn of(mut self, organisation: Uuid) -> Self {
        self.organisation = Some(organisation);
        self
    }

    /// Who acted, as named.
    #[must_use]
    pub fn by(mut self, actor: &str) -> Self {
        actor.clone_into(&mut self.actor);
        self
    }
}

/// Writes a line. The caller commits it together with the act.
///
/// # Errors
/// The database's.
pub async fn record(territory: &Territory<'_>, clock: &Clock, act: Act) -> Result<()> {
    let on = territory.on();
    let organisation = act.organisation.unwrap_or(territory.id().0);
    // One writer at a time, so that two lines never follow the same one. Nothing references this row: only audits wait here.
    installation::Entity::find_by_id(store::THE_ONE).lock_exclusive().one(&on).await?;
    let before = audit::Entity::find()
        .filter(audit::Column::OrganisationId.eq(organisation))
        .order_by_desc(audit::Column::Day)
        .order_by_desc(audit::Column::Number)
        .one(&on)
        .await?;
    let today = clock.today();
    // A clock that went back must not write into a day that is over: the last day written goes on.
    let day = before.as_ref().map_or(today, |b| b.day.max(today));
    let number = before.as_ref().filter(|b| b.day == day).map_or(0, |b| b.number) + 1;
    let mut line = audit::Model {
        organisation_id: organisation,
        day,
        number,
        at_ms: clock.now_ms(),
        actor: act.actor,
        on_behalf_of: None,
        capacity: "agent".into(),
        authority_ref: None,
        channel: act.channel.into(),
        route: act.route,
        subject_kind: act.subject.map(|(kind, _)| kind.to_owned()),
        subject_id: act.subject.map(|(_, id)| id),
        outcome: "fait".into(),
        prev_hash: before.map_or_else(|| vec![0; 32], |b| b.hash),
        hash: Vec::new(),
    };
    line.hash = hash(&line);
    line.into_active_model().insert(&on).await?;
    Ok(())
}

/// SHA-256 of `"preau/audit/1\0"` ‖ the hash before ‖ each column in order, texts with their length.
#[must_use]
pub fn hash(line: &audit::Model) -> Vec<u8> {
    let mut out = Sha256::new().chain_update(DOMAIN).chain_update(&line.prev_hash).chain_update(line.organisation_id.as_bytes());
    let mut text = |value: &str| {
        out.update((value.len() as u64).to_be_bytes());
        out.update(value.as_bytes());
    };
    text(&line.day.to_string());
    text(&line.number.to_string());
    text(&line.at_ms.to_string());
    text(&line.actor);
    text(&line.on_behalf_of.map(|id| id.to_string()).unwrap_or_default());
    text(&line.capacity);
    text(line.authority_ref.as_deref().unwrap_or_default());
    text(&line.channel);
    text(&line.route);
    text(line.subject_kind.as_deref().unwrap_or_default());
    text(&line.subject_id.map(|id| id.to_string()).unwrap_or_default());
    text(&line.outcome);
    out.finalize().to_vec()
}
