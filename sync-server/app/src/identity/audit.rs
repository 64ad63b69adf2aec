//! The audit: when, who, in what capacity, through what, what was done to which thing, and how it ended.
//!
//! Insert only (the database refuses the rest), chained by organisation and day: a line that was taken out shows.

use crate::Result;
use crate::store::entity::audit;
use crate::store::{Territory, insert_all, lock_audit};
use sea_orm::{ColumnTrait, QueryFilter, QueryOrder};
use sha2::{Digest, Sha256};
use shared::calendar::{Instant, business_day};
use shared::id::OrganisationId;
use uuid::Uuid;

const DOMAIN: &[u8] = b"preau/audit/1\0";

/// What is told of an act.
#[derive(Debug, Clone)]
pub struct Line<'a> {
    /// Who: a device's or an account's id, or what an agent was called by on the command line.
    pub actor: &'a str,
    /// In what capacity: `appareil`, `agent`, `systeme`.
    pub capacity: &'a str,
    /// Through what: `tablette`, `commande`, `bureau`.
    pub channel: &'a str,
    /// The route or the command.
    pub route: &'a str,
    /// Type and id of what it was done to.
    pub subject: Option<(&'a str, Uuid)>,
    /// `fait`, or why not.
    pub outcome: &'a str,
}

/// Adds a line to the book of an organisation, or of the territoire itself. Last in its transaction: it takes a lock.
///
/// # Errors
/// The database's.
pub async fn write(territory: &Territory<'_>, organisation: Option<OrganisationId>, now: Instant, line: Line<'_>) -> Result<()> {
    lock_audit(territory).await?;
    let book = organisation.unwrap_or(OrganisationId(territory.id().0));
    let tenant = territory.tenant(book);
    let last = tenant
        .find::<audit::Entity>()
        .order_by_desc(audit::Column::Day)
        .order_by_desc(audit::Column::Number)
        .filter(audit::Column::Day.lte(business_day(now)))
        .one(&tenant.on())
        .await?;
    let day = business_day(now);
    let number = last.as_ref().filter(|l| l.day == day).map_or(0, |l| l.number) + 1;
    let prev_hash = last.map_or_else(|| vec![0; 32], |l| l.hash);
    let (subject_kind, subject_id) = line.subject.unzip();
    let mut row = audit::Model {
        organisation_id: book.0,
        day,
        number,
        at_ms: now.timestamp_millis(),
        actor: line.actor.to_owned(),
        on_behalf_of: None,
        capacity: line.capacity.to_owned(),
        authority_ref: None,
        channel: line.channel.to_owned(),
        route: line.route.to_owned(),
        subject_kind: subject_kind.map(str::to_owned),
        subject_id,
        outcome: line.outcome.to_owned(),
        prev_hash,
        hash: Vec::new(),
    };
    row.hash = hash(&row);
    insert_all(&tenant.on(), vec![row]).await
}

/// SHA-256 over every field of a line, each behind its length, and the hash of the line before.
#[must_use]
pub fn hash(line: &audit::Model) -> Vec<u8> {
    let mut hash = Sha256::new().chain_update(DOMAIN).chain_update(&line.prev_hash);
    let mut field = |bytes: &[u8]| {
        hash.update(u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes());
        hash.update(bytes);
    };
    field(line.organisation_id.as_bytes());
    field(line.day.to_string().as_bytes());
    field(&line.number.to_be_bytes());
    field(&line.at_ms.to_be_bytes());
    field(line.on_behalf_of.unwrap_or_default().as_bytes());
    field(line.subject_id.unwrap_or_default().as_bytes());
    for text in [&line.actor, &line.capacity, &line.channel, &line.route, &line.outcome] {
        field(text.as_bytes());
    }
    for text in [&line.authority_ref, &line.subject_kind] {
        field(text.as_deref().unwrap_or_default().as_bytes());
    }
    hash.finalize().to_vec()
}
