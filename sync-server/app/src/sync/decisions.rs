//! A person decides on entries that were set apart: they count, or they don't.
//!
//! What is kept enters the journal as it was sealed, once, whatever brings it again; it is numbered for the site's tablets and folded
//! like any other. That doesn't go back: an entry of the journal is retracted on its day's sheet, by a further entry. What is discarded
//! stays as evidence and takes no effect; somebody may keep it later, since nothing was done that would have to be undone.
//!
//! The server's device seals each decision (`decided`, with who and why) in the transaction that makes it. All of it is done under the
//! lock of the site at which the entry was handed in, so that of two agents the second finds what the first did.

use crate::attendance::effective::organisations_at;
use crate::attendance::forget::private_of;
use crate::attendance::journal::{self, Verified};
use crate::attendance::server_device::{ServerDevice, ServerKeys};
use crate::store::entity::{alert, journal_entry, quarantine};
use crate::store::{Tenant, Territory, lock_site};
use crate::sync::judge::{Judgement, Known, Read, read};
use crate::sync::set_apart::{AUTHOR_UNKNOWN, Candidate, LET_IN};
use crate::sync::{alerts, learn};
use crate::{Error, Result};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, Condition, QueryFilter, QueryOrder, QuerySelect, Select};
use shared::calendar::Instant;
use shared::id::{AccountId, EntryId, OrganisationId, SiteId};
use shared::journal::{Actor, ActorKind, Capacity, Channel, DISCARDED, Detail, Evidence, KEPT, Kind, Payload, Place, Private};
use shared::wire::{FORK, WireEntry, WirePrivate};
use uuid::Uuid;

/// Entries decided on by one word at most; more of a lot are decided by the next.
pub const AT_ONCE_MAX: u64 = 1_000;
/// Longest reason, in characters.
pub const REASON_CHARACTERS_MAX: usize = 200;
/// Why entries are set apart that a person can keep: they are their author's for sure, and of this site.
pub const KEEPABLE: [&str; 2] = ["appareil_revoque", "epoque_inconnue"];
/// What an entry can't be kept for, besides the codes of [`crate::sync::judge`]: its content was erased.
pub const ERASED: &str = "contenu_efface";

/// What is decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// It counts.
    Keep,
    /// It takes no effect.
    Discard,
}

impl Decision {
    /// As typed in a form and as stored.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Keep => KEPT,
            Self::Discard => DISCARDED,
        }
    }

    /// Of a form's word.
    #[must_use]
    pub fn of(code: &str) -> Option<Self> {
        [Self::Keep, Self::Discard].into_iter().find(|decision| decision.code() == code)
    }
}

/// Who decides what, and why.
#[derive(Debug, Clone, Copy)]
pub struct Word<'w> {
    /// What.
    pub decision: Decision,
    /// Why: sealed by its hash only, erased with the child.
    pub reason: &'w str,
    /// Who.
    pub by: AccountId,
}

/// Which entries a word is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum About {
    /// This one.
    One,
    /// All that were set apart as this one was, up to what the page showed: what came since is somebody's to look at first.
    Lot {
        /// When the last one that was shown came, ms since 1970 UTC.
        up_to_ms: i64,
    },
}

/// What a word came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Done {
    /// Decided as asked.
    pub decided: usize,
    /// Can't be kept: each with why.
    pub impossible: Vec<(Uuid, &'static str)>,
    /// Whether the lot has more than is decided at once.
    pub more: bool,
}

/// Entries set apart that an organisation decides on: those that name it, and at its own buildings those that name nobody there.
#[must_use]
pub fn of_organisation(territory: &Territory<'_>, tenant: &Tenant<'_>) -> Select<quarantine::Entity> {
    use sea_orm::QueryTrait;
    let own_sites = tenant.sites().select_only().column(crate::store::entity::site::Column::Id).into_query();
    let nobodys = Condition::all().add(quarantine::Column::OrganisationId.is_null()).add(quarantine::Column::SiteId.in_subquery(own_sites));
    let theirs = Condition::any().add(quarantine::Column::OrganisationId.eq(tenant.id().0)).add(nobodys);
    territory.find::<quarantine::Entity>().filter(theirs)
}

/// One of them.
///
/// # Errors
/// None of that id.
pub async fn find(territory: &Territory<'_>, tenant: &Tenant<'_>, id: Uuid) -> Result<quarantine::Model> {
    let found = of_organisation(territory, tenant).filter(quarantine::Column::Id.eq(id)).one(&territory.on()).await?;
    found.ok_or_else(|| Error::NotFound("Ce pointage mis de côté".into()))
}

/// Those that were set apart as one was: at the same site, for the same reason, and by the same device where its word on that is
/// proved.
#[must_use]
pub fn like(row: &quarantine::Model) -> Condition {
    let alike = Condition::all().add(quarantine::Column::SiteId.eq(row.site_id)).add(quarantine::Column::Code.eq(row.code.as_str()));
    if row.code == AUTHOR_UNKNOWN { alike } else { alike.add(quarantine::Column::DeviceId.eq(row.device_id)) }
}

/// An entry as it was set apart.
///
/// # Errors
/// A stable code where the bytes are none.
pub fn read_row(row: &quarantine::Model) -> Result<Read, &'static str> {
    let private = serde_json::from_slice::<Option<WirePrivate>>(&row.sealed).ok().flatten();
    read(WireEntry { envelope: (&row.envelope).into(), signature: (&row.signature).into(), private })
}

/// Decides, in the caller's transaction.
///
/// # Errors
/// No such entry; no reason, or one that is too long; one that was decided on before; the database's.
pub async fn decide(
    territory: &Territory<'_>,
    keys: &ServerKeys,
    tenant: &Tenant<'_>,
    (id, about): (Uuid, About),
    word: Word<'_>,
    now: Instant,
) -> Result<Done> {
    let reason = word.reason.trim();
    if reason.is_empty() || reason.chars().count() > REASON_CHARACTERS_MAX {
        return Err(Error::input(format!("Il manque le motif : de 1 à {REASON_CHARACTERS_MAX} signes, lus par vos collègues.")));
    }
    let site = SiteId(find(territory, tenant, id).await?.site_id.ok_or_else(|| Error::NotFound("Site".into()))?);
    lock_site(territory, site).await?;
    let named = find(territory, tenant, id).await?;
    let mut rows = match about {
        About::One if is_open(&named, word.decision) => vec![named],
        About::One => return Err(Error::conflict(decided_before(&named))),
        About::Lot { up_to_ms } => {
            let lot = of_organisation(territory, tenant).filter(like(&named)).filter(quarantine::Column::Decision.is_null());
            let lot = lot.filter(quarantine::Column::ReceivedAtMs.lte(up_to_ms)).order_by_asc(quarantine::Column::ReceivedAtMs);
            lot.order_by_asc(quarantine::Column::EntryId).limit(AT_ONCE_MAX + 1).all(&territory.on()).await?
        }
    };
    if rows.is_empty() {
        return Err(Error::conflict("Quelqu’un vient de décider de ce lot : il n’y reste rien."));
    }
    let at_once = usize::try_from(AT_ONCE_MAX).unwrap_or(usize::MAX);
    let more = rows.len() > at_once;
    rows.truncate(at_once);
    let mut done = Done { more, ..Done::default() };
    if word.decision == Decision::Keep {
        done.impossible = keep(territory, site, &rows, now).await?;
        rows.retain(|row| done.impossible.iter().all(|(id, _)| *id != row.id));
    }
    done.decided = rows.len();
    seal(territory, keys, tenant, site, rows, Word { reason, ..word }, now).await?;
    Ok(done)
}

/// Whether a decision may still be taken: the first, or to keep what was discarded.
#[must_use]
pub fn is_open(row: &quarantine::Model, decision: Decision) -> bool {
    match row.decision.as_deref() {
        None => true,
        Some(before) => before == DISCARDED && decision == Decision::Keep,
    }
}

fn decided_before(row: &quarantine::Model) -> &'static str {
    match row.decision.as_deref() {
        Some(DISCARDED) => "Ce pointage est déjà écarté.",
        Some(LET_IN) => "Ce pointage est entré au journal de lui-même : il n’y a plus rien à décider.",
        _ => "Ce pointage est déjà retenu. Pour qu’il ne compte plus, retirez-le sur la feuille du jour.",
    }
}

/// Takes entries into the journal. What is lifted is what a person can answer for: that the tablet was revoked, that nobody gave its
/// epoch, that something is missing before. Whether it is its author's, of this site and whole is judged as ever. Gives those that
/// can't be kept.
async fn keep(territory: &Territory<'_>, site: SiteId, rows: &[quarantine::Model], now: Instant) -> Result<Vec<(Uuid, &'static str)>> {
    let mut impossible = Vec::new();
    let mut candidates = Vec::new();
    for (position, row) in rows.iter().enumerate() {
        match read_row(row) {
            Ok(read) if read.sealed.private.is_none() => impossible.push((row.id, ERASED)),
            Ok(read) => candidates.push(Candidate::new(read, position)),
            Err(code) => impossible.push((row.id, code)),
        }
    }
    let organisations = organisations_at(territory, site).await?;
    let mut authors = learn::authors_at(territory, site).await?;
    for author in authors.values_mut() {
        (author.revoked, author.epoch) = (false, u32::MAX);
    }
    let mut known = Known { site: Some(site), authors, ..Known::default() };
    known.organisations = organisations.iter().copied().collect();
    learn::learn(territory, &organisations, &candidates, &mut known).await?;
    known.discarded.clear();
    candidates.sort_by_key(|c| (c.read.envelope.place, c.position));
    let (mut accepted, mut completed) = (Vec::new(), Vec::new());
    for Candidate { read, position, .. } in candidates {
        match known.judge(&read, true) {
            Judgement::Accept { gap_before, fork, .. } => {
                known.accepted(&read, false);
                accepted.push(Verified { envelope: read.envelope, sealed: read.sealed, gap_before, fork });
            }
            // It came in by another way since: it counts already, and its content may have been left out there.
            Judgement::Duplicate => {
                if known.completes(&read) {
                    completed.push(Verified { envelope: read.envelope, sealed: read.sealed, gap_before: false, fork: false });
                }
            }
            // With the wait over nothing is held.
            Judgement::Hold => impossible.extend(position.map(|p| (rows[p].id, "en_attente"))),
            Judgement::Quarantine(code) | Judgement::Refuse(code) => impossible.extend(position.map(|p| (rows[p].id, code))),
        }
    }
    journal::append(territory, site, &accepted, now).await?;
    journal::add_content(territory, site, &completed, now).await?;
    for forked in accepted.iter().filter(|entry| entry.fork) {
        mark_fork(territory, site, &organisations, forked, now).await?;
    }
    Ok(impossible)
}

/// What stands at the place already shares it now; a person is called, as when a push brings the second.
async fn mark_fork(
    territory: &Territory<'_>,
    site: SiteId,
    organisations: &[OrganisationId],
    entry: &Verified,
    now: Instant,
) -> Result<()> {
    let Place { device, epoch, seq } = entry.envelope.place;
    for &organisation in organisations {
        let tenant = territory.tenant(organisation);
        let here = Condition::all()
            .add(journal_entry::Column::DeviceId.eq(device.0))
            .add(journal_entry::Column::DeviceEpoch.eq(i32::try_from(epoch).unwrap_or(i32::MAX)))
            .add(journal_entry::Column::Seq.eq(seq.cast_signed()));
        let rows = tenant.find::<journal_entry::Entity>().filter(here).all(&tenant.on()).await?;
        journal::mark_forks(&tenant, &rows.iter().map(|row| row.entry_id).collect::<Vec<_>>()).await?;
    }
    alerts::call(territory, alerts::Call { entry: Some(entry.envelope.entry_id.0), ..alerts::Call::of(site, Some(device.0), FORK) }, now)
        .await
}

/// Seals the decisions, writes them on their rows, and marks the calls for them as seen.
async fn seal(
    territory: &Territory<'_>,
    keys: &ServerKeys,
    tenant: &Tenant<'_>,
    site: SiteId,
    rows: Vec<quarantine::Model>,
    word: Word<'_>,
    now: Instant,
) -> Result<()> {
    let on = territory.on();
    let (now_ms, by) = (now.timestamp_millis(), word.by.to_string());
    let mut pen = ServerDevice::open(territory, keys, site, now).await?;
    let mut sealed = Vec::with_capacity(rows.len());
    for row in &rows {
        let about = private_of(&row.sealed);
        let entry = pen.seal(tenant.id(), Kind::Decided, payload(row, about.as_ref(), word, now), &[word.reason], now)?;
        sealed.push(entry);
    }
    pen.append(territory, now).await?;
    for (row, entry) in rows.iter().zip(sealed) {
        territory
            .update::<quarantine::Entity>()
            .col_expr(quarantine::Column::Decision, Expr::value(word.decision.code()))
            .col_expr(quarantine::Column::DecidedBy, Expr::value(by.as_str()))
            .col_expr(quarantine::Column::DecidedAtMs, Expr::value(now_ms))
            .col_expr(quarantine::Column::DecisionEntryId, Expr::value(entry.0))
            .filter(quarantine::Column::Id.eq(row.id))
            .exec(&on)
            .await?;
    }
    for ids in rows.chunks(journal::IDS_A_QUERY_MAX) {
        territory
            .update::<alert::Entity>()
            .col_expr(alert::Column::SeenAtMs, Expr::value(now_ms))
            .col_expr(alert::Column::SeenBy, Expr::value(by.as_str()))
            .filter(alert::Column::SiteId.eq(site.0))
            .filter(alert::Column::Kind.eq(alerts::SET_APART))
            .filter(alert::Column::SeenAtMs.is_null())
            .filter(alert::Column::EntryId.is_in(ids.iter().filter_map(|row| row.entry_id)))
            .exec(&on)
            .await?;
    }
    Ok(())
}

/// A decision as it is sealed: about the child of its entry, so that it is erased with it.
fn payload(row: &quarantine::Model, about: Option<&Private>, word: Word<'_>, now: Instant) -> Payload {
    let child = about.and_then(|private| Payload::prefix(&private.payload).ok()).and_then(|prefix| prefix.about_child);
    Payload {
        about_child: child,
        target: row.entry_id.map(EntryId),
        reason: word.decision.code().into(),
        actor: Actor { kind: ActorKind::Agent, id: word.by.0 },
        capacity: Capacity::Agent,
        channel: Channel::Office,
        evidence: Evidence::Declared,
        detail: Detail::None,
        ..ServerDevice::payload(now)
    }
}
