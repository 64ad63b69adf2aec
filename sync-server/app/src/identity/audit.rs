//! The audit: when, who, on behalf of whom, in what capacity, through what, what was done to which thing, and how it ended.
//! No values, no names of families.
//!
//! A line is written in the transaction of what it tells of, after the line before it of the same book and day, whose hash it
//! carries; the first of a day carries the last of the day before. Nothing rewrites a line (the tables' triggers refuse it), and a
//! line that was cut out breaks the chain.

use crate::Result;
use crate::store::entity::audit;
use crate::store::{Territory, insert_all, lock_audit};
use sea_orm::{QueryOrder, QuerySelect};
use sha2::{Digest, Sha256};
use shared::calendar::{Instant, business_day};
use shared::id::OrganisationId;
use uuid::Uuid;

const DOMAIN: &[u8] = b"preau/audit/1\0";
/// Who acts where a command names nobody: the person who may log in to the machine.
const AT_THE_MACHINE: &str = "console";

/// What is to be told.
#[derive(Debug, Clone)]
pub struct Act<'a> {
    book: Option<Uuid>,
    actor: String,
    on_behalf_of: Option<Uuid>,
    capacity: &'a str,
    authority_ref: Option<&'a str>,
    channel: &'a str,
    route: &'a str,
    subject: Option<(&'a str, Uuid)>,
    outcome: &'a str,
}

impl<'a> Act<'a> {
    fn new(actor: String, capacity: &'a str, channel: &'a str, route: &'a str) -> Self {
        let (book, on_behalf_of, authority_ref, subject) = (None, None, None, None);
        Self { book, actor, on_behalf_of, capacity, authority_ref, channel, route, subject, outcome: "fait" }
    }

    /// A command typed at the machine.
    #[must_use]
    pub fn command(route: &'a str) -> Self {
        Self::new(AT_THE_MACHINE.into(), "agent", "console", route)
    }

    /// A tablet's request.
    #[must_use]
    pub fn device(device: Uuid, route: &'a str) -> Self {
        Self::new(device.to_string(), "appareil", "tablette", route).about("device", device)
    }

    /// A person who is logged in, in one of the capacities `self`, `guardian`, `agent`, `helper`, `delegation`.
    #[must_use]
    pub fn account(account: Uuid, capacity: &'a str, channel: &'a str, route: &'a str) -> Self {
        Self::new(account.to_string(), capacity, channel, route)
    }

    /// Somebody at a page who hasn't proved who it is: what was typed is no name.
    #[must_use]
    pub fn visitor(route: &'a str) -> Self {
        Self::new("visiteur".into(), "inconnu", "portail", route)
    }

    /// The program itself: a job, a poll.
    #[must_use]
    pub fn system(route: &'a str) -> Self {
        Self::new("preau".into(), "systeme", "serveur", route)
    }

    /// In the book of an organisation; without it, the territoire's own.
    #[must_use]
    pub fn of(mut self, organisation: OrganisationId) -> Self {
        self.book = Some(organisation.0);
        self
    }

    /// Who acted, as named at the machine.
    #[must_use]
    pub fn by(mut self, actor: &str) -> Self {
        actor.clone_into(&mut self.actor);
        self
    }

    /// For whom, and by which mandate or delegation.
    #[must_use]
    pub fn on_behalf_of(mut self, person: Uuid, authority_ref: Option<&'a str>) -> Self {
        (self.on_behalf_of, self.authority_ref) = (Some(person), authority_ref);
        self
    }

    /// Type and id of what it was done to.
    #[must_use]
    pub fn about(mut self, kind: &'a str, id: Uuid) -> Self {
        self.subject = Some((kind, id));
        self
    }

    /// How it ended, where it isn't `fait`: a refusal's code.
    #[must_use]
    pub fn ended(mut self, outcome: &'a str) -> Self {
        self.outcome = outcome;
        self
    }
}

/// Adds a line. Last in its transaction: whoever else writes one waits until the commit.
///
/// # Errors
/// The database's.
pub async fn write(territory: &Territory<'_>, now: Instant, act: Act<'_>) -> Result<()> {
    lock_audit(territory).await?;
    let book = OrganisationId(act.book.unwrap_or(territory.id().0));
    let tenant = territory.tenant(book);
    let newest_first = tenant.find::<audit::Entity>().order_by_desc(audit::Column::Day).order_by_desc(audit::Column::Number).limit(1);
    let last = newest_first.one(&tenant.on()).await?;
    // A clock that went back must not write into a day that is over: the last day written goes on.
    let day = last.as_ref().map_or(business_day(now), |l| l.day.max(business_day(now)));
    let mut line = audit::Model {
        organisation_id: book.0,
        day,
        number: last.as_ref().filter(|l| l.day == day).map_or(0, |l| l.number) + 1,
        at_ms: now.timestamp_millis(),
        actor: act.actor,
        on_behalf_of: act.on_behalf_of,
        capacity: act.capacity.to_owned(),
        authority_ref: act.authority_ref.map(str::to_owned),
        channel: act.channel.to_owned(),
        route: act.route.to_owned(),
        subject_kind: act.subject.map(|(kind, _)| kind.to_owned()),
        subject_id: act.subject.map(|(_, id)| id),
        outcome: act.outcome.to_owned(),
        prev_hash: last.map_or_else(|| vec![0; 32], |l| l.hash),
        hash: Vec::new(),
    };
    line.hash = hash(&line);
    insert_all(&tenant.on(), vec![line]).await
}

/// SHA-256 of `"preau/audit/1\0"` ‖ the hash before ‖ each column in the table's order, behind its length; an empty one is
/// told from an absent one.
#[must_use]
pub fn hash(line: &audit::Model) -> Vec<u8> {
    let mut hash = Sha256::new().chain_update(DOMAIN).chain_update(&line.prev_hash);
    let mut field = |bytes: Option<&[u8]>| {
        hash.update(bytes.map_or(u64::MAX, |b| b.len() as u64).to_be_bytes());
        hash.update(bytes.unwrap_or_default());
    };
    field(Some(line.organisation_id.as_bytes()));
    field(Some(line.day.to_string().as_bytes()));
    field(Some(&line.number.to_be_bytes()));
    field(Some(&line.at_ms.to_be_bytes()));
    field(Some(line.actor.as_bytes()));
    field(line.on_behalf_of.as_ref().map(|id| &id.as_bytes()[..]));
    field(Some(line.capacity.as_bytes()));
    field(line.authority_ref.as_deref().map(str::as_bytes));
    field(Some(line.channel.as_bytes()));
    field(Some(line.route.as_bytes()));
    field(line.subject_kind.as_deref().map(str::as_bytes));
    field(line.subject_id.as_ref().map(|id| &id.as_bytes()[..]));
    field(Some(line.outcome.as_bytes()));
    hash.finalize().to_vec()
}
