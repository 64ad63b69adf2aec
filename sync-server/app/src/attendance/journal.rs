//! The journal as stored: appending verified entries, and reading facts for the fold.
//!
//! The envelope's bytes are the entry; every other column is an index of them. What is erasable stands in
//! `journal_payload` and `journal_note`, nowhere else.

use crate::Result;
pub use crate::attendance::forget::forget_child;
use crate::attendance::{effective, en_route};
use crate::store::entity::{centre, clock_observation, day_signature, journal_entry, journal_note, journal_payload, site_change};
use crate::store::{Tenant, Territory, insert_all, number_changes};
use chrono::{Days, NaiveDate};
use sea_orm::sea_query::{Expr, SelectStatement, SimpleExpr};
use sea_orm::{ColumnTrait, Condition, FromQueryResult, QueryFilter, QueryOrder, QuerySelect, QueryTrait, Select};
use shared::calendar::{Instant, business_day, instant_from_ms};
use shared::fold::{self, Fact};
use shared::id::{ChildId, OrganisationId, SiteId};
use shared::journal::{Detail, Envelope, Note, Payload, Private, Sealed, note_hash};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use uuid::Uuid;

/// How many days back tablets are told of entries: what a peer of the same site may hold too.
pub const TABLET_DAYS: u64 = 7;
/// Ids in one `IN (…)`: far below what both engines take.
pub const IDS_A_QUERY_MAX: usize = 500;

/// An entry whose signature and payload were verified, on its way into the journal.
#[derive(Debug, Clone)]
pub struct Verified {
    /// The signed part, decoded.
    pub envelope: Envelope,
    /// The bytes as sealed.
    pub sealed: Sealed,
    /// A hole before it was waited for, then passed.
    pub gap_before: bool,
    /// Another entry stands at the same place.
    pub fork: bool,
}

impl Verified {
    /// What it says; `None` once erased, or where this version can't read it.
    #[must_use]
    pub fn payload(&self) -> Option<Payload> {
        let private = self.sealed.private.as_ref()?;
        Payload::decode(&self.envelope.kind, self.envelope.kind_version, &private.payload).ok()
    }
}

/// The business days that an entry is about, first and last: an absence spans several, a signature is about its day.
#[must_use]
pub fn days_of(payload: &Payload, effective_ms: i64) -> (NaiveDate, NaiveDate) {
    match &payload.detail {
        Detail::Absence { from, to, .. } => {
            let longest = u64::try_from(fold::ABSENCE_DAYS_MAX - 1).unwrap_or(0);
            (*from, (*to).min(from.checked_add_days(Days::new(longest)).unwrap_or(*to)))
        }
        Detail::DaySigned { day, .. } | Detail::DayReopened { day, .. } => (*day, *day),
        _ => {
            let day = business_day(instant_from_ms(effective_ms));
            (day, day)
        }
    }
}

/// Appends verified entries of one site, in their order: entries and their erasable part, clock observations, numbers
/// for tablets, effective times, signatures. The caller holds the site's lock and commits.
///
/// # Errors
/// The database's.
pub async fn append(territory: &Territory<'_>, site: SiteId, entries: &[Verified], now: Instant) -> Result<()> {
    if entries.is_empty() {
        return Ok(());
    }
    let content = Content::of(territory, site, entries).await?;
    insert_all(&territory.on(), entries.iter().map(|e| entry_row(territory, e, now)).collect()).await?;
    content.store(territory, site, now).await
}

/// Adds the erasable part of entries that stand in the journal without it, and what follows from it: whoever carried them first
/// had left it out. As [`append`] otherwise.
///
/// # Errors
/// The database's.
pub async fn add_content(territory: &Territory<'_>, site: SiteId, entries: &[Verified], now: Instant) -> Result<()> {
    if entries.is_empty() {
        return Ok(());
    }
    // Told once, and with its content: the number that it had without goes.
    for ids in entries.chunks(IDS_A_QUERY_MAX) {
        let told = territory.delete::<site_change::Entity>().filter(site_change::Column::SiteId.eq(site.0));
        let told = told.filter(site_change::Column::Kind.eq("entry"));
        told.filter(site_change::Column::SubjectId.is_in(ids.iter().map(|e| e.envelope.entry_id.0))).exec(&territory.on()).await?;
    }
    Content::of(territory, site, entries).await?.store(territory, site, now).await
}

/// What entries say, read once, with the times that count: settled while none of them is stored, so that none is read again.
struct Content<'a> {
    entries: &'a [Verified],
    payloads: Vec<Option<Payload>>,
    observations: Vec<clock_observation::Model>,
    times: Vec<Option<i64>>,
}

impl<'a> Content<'a> {
    async fn of(territory: &Territory<'_>, site: SiteId, entries: &'a [Verified]) -> Result<Self> {
        let payloads: Vec<Option<Payload>> = entries.iter().map(Verified::payload).collect();
        let told = entries.iter().zip(&payloads);
        let observations: Vec<_> = told.filter_map(|(e, p)| observation_row(territory, e, p.as_ref()?)).collect();
        let times = effective::settle(territory, site, entries, &payloads, &observations).await?;
        Ok(Self { entries, payloads, observations, times })
    }

    async fn store(self, territory: &Territory<'_>, site: SiteId, now: Instant) -> Result<()> {
        let (on, Self { entries, payloads, observations, times }) = (territory.on(), self);
        let told = entries.iter().zip(&payloads).zip(times);
        insert_all(&on, told.filter_map(|((e, p), at_ms)| payload_row(territory, e, p.as_ref(), at_ms)).collect()).await?;
        insert_all(&on, entries.iter().flat_map(note_rows).collect()).await?;
        insert_all(&on, observations).await?;
        number(territory, site, entries, &payloads, now).await?;
        en_route::note(territory, entries, &payloads).await?;
        index_signatures(territory, entries, &payloads).await
    }
}

fn entry_row(territory: &Territory<'_>, entry: &Verified, now: Instant) -> journal_entry::Model {
    let Envelope { organisation, site, place, entry_id, kind, kind_version, payload_hash, .. } = &entry.envelope;
    journal_entry::Model {
        organisation_id: organisation.0,
        entry_id: entry_id.0,
        territoire_id: territory.id().0,
        site_id: site.0,
        device_id: place.device.0,
        // Envelope::decode refuses what doesn't fit the signed columns.
        device_epoch: i32::try_from(place.epoch).unwrap_or(i32::MAX),
        seq: i64::try_from(place.seq).unwrap_or(i64::MAX),
        kind: kind.as_str().to_owned(),
        kind_version: i32::from(*kind_version),
        envelope: entry.sealed.envelope.clone(),
        signature: entry.sealed.signature.to_vec(),
        hash: entry.sealed.hash().to_vec(),
        payload_hash: payload_hash.to_vec(),
        received_at_ms: now.timestamp_millis(),
        gap_before: entry.gap_before,
        fork: entry.fork,
    }
}

/// `effective_ms`: where it isn't the time that the entry claims.
fn payload_row(
    territory: &Territory<'_>,
    entry: &Verified,
    payload: Option<&Payload>,
    effective_ms: Option<i64>,
) -> Option<journal_payload::Model> {
    let private = entry.sealed.private.as_ref()?;
    let effective_at_ms = payload.map(|p| effective_ms.unwrap_or(p.happened_at_ms));
    let days = payload.zip(effective_at_ms).map(|(p, at_ms)| days_of(p, at_ms));
    // A payload of a newer version still says whom it is about: it can be forgotten.
    let child = Payload::prefix(&private.payload).ok().and_then(|p| p.about_child);
    Some(journal_payload::Model {
        organisation_id: entry.envelope.organisation.0,
        entry_id: entry.envelope.entry_id.0,
        territoire_id: territory.id().0,
        site_id: entry.envelope.site.0,
        salt: private.salt.to_vec(),
        payload: private.payload.clone(),
        child_id: child.map(|c| c.0),
        centre_id: payload.and_then(|p| p.centre).map(|c| c.0),
        day: days.map(|(first, _)| first),
        last_day: days.map(|(_, last)| last),
        happened_at_ms: payload.map(|p| p.happened_at_ms),
        effective_at_ms,
        boot_id: payload.map(|p| p.boot.0),
        target_id: payload.and_then(|p| p.target).map(|t| t.0),
    })
}

fn note_rows(entry: &Verified) -> Vec<journal_note::Model> {
    let notes = entry.sealed.private.as_ref().map(|p| p.notes.as_slice()).unwrap_or_default();
    let row = |(number, note): (i32, &Note)| journal_note::Model {
        organisation_id: entry.envelope.organisation.0,
        entry_id: entry.envelope.entry_id.0,
        number,
        hash: note_hash(&note.salt, &note.text).to_vec(),
        salt: note.salt.to_vec(),
        content: note.text.clone(),
    };
    (1..).zip(notes).map(row).collect()
}

/// By device and boot, so that the fold finds the observations of a touch made weeks before they came in.
fn observation_row(territory: &Territory<'_>, entry: &Verified, payload: &Payload) -> Option<clock_observation::Model> {
    let Detail::Clock { device, boot, boottime_ms, at_ms } = payload.detail else { return None };
    Some(clock_observation::Model {
        territoire_id: territory.id().0,
        organisation_id: entry.envelope.organisation.0,
        entry_id: entry.envelope.entry_id.0,
        device_id: device.0,
        boot_id: boot.0,
        boottime_ms: i64::try_from(boottime_ms).unwrap_or(i64::MAX),
        at_ms,
    })
}

/// Numbers for tablets: only what their window of days may show. A year of imported attendance is none of their business. What a
/// clock at the door claims says nothing of the day that it was, and an observation of a clock judges what was sealed since: what is old
/// after all is left out where it is told.
async fn number(territory: &Territory<'_>, site: SiteId, entries: &[Verified], payloads: &[Option<Payload>], now: Instant) -> Result<()> {
    let oldest = business_day(now) - Days::new(TABLET_DAYS);
    let lasts = |p: &Payload| !p.boot.is_nil() || matches!(p.detail, Detail::Clock { .. });
    let recent = |payload: &Option<Payload>| payload.as_ref().is_none_or(|p| lasts(p) || days_of(p, p.happened_at_ms).1 >= oldest);
    let changes: Vec<site_change::Model> = entries
        .iter()
        .zip(payloads)
        .filter(|(_, payload)| recent(payload))
        .map(|(entry, _)| site_change::Model {
            territoire_id: territory.id().0,
            site_id: site.0,
            number: 0,
            kind: "entry".into(),
            organisation_id: Some(entry.envelope.organisation.0),
            subject_id: Some(entry.envelope.entry_id.0),
            content: None,
            at_ms: now.timestamp_millis(),
        })
        .collect();
    number_changes(territory, site, changes).await?;
    Ok(())
}

/// Rebuilds the index of signatures of the lieux and days that these entries sign or reopen: whatever order they came in.
async fn index_signatures(territory: &Territory<'_>, entries: &[Verified], payloads: &[Option<Payload>]) -> Result<()> {
    let mut days: BTreeSet<(OrganisationId, Uuid, NaiveDate)> = BTreeSet::new();
    for (entry, payload) in entries.iter().zip(payloads) {
        let Some(payload) = payload else { continue };
        if let (Detail::DaySigned { day, .. } | Detail::DayReopened { day, .. }, Some(centre)) = (&payload.detail, payload.centre) {
            days.insert((entry.envelope.organisation, centre.0, *day));
        }
    }
    for (organisation, centre, day) in days {
        index_signed_day(&territory.tenant(organisation), centre, day).await?;
    }
    Ok(())
}

async fn index_signed_day(tenant: &Tenant<'_>, centre: Uuid, day: NaiveDate) -> Result<()> {
    let on = tenant.on();
    // A tablet may name a lieu that this organisation doesn't have: the entry stays, nothing is signed.
    if tenant.find::<centre::Entity>().filter(centre::Column::Id.eq(centre)).one(&on).await?.is_none() {
        return Ok(());
    }
    let about = Condition::all().add(journal_payload::Column::Day.eq(day)).add(journal_payload::Column::CentreId.eq(centre));
    let facts = facts_where(tenant, about).await?;
    let attendance = fold::fold(&facts);
    tenant
        .delete::<day_signature::Entity>()
        .filter(day_signature::Column::CentreId.eq(centre))
        .filter(day_signature::Column::Day.eq(day))
        .exec(&on)
        .await?;
    let mut rows = Vec::new();
    for ((_, _, activity), signatures) in attendance.signatures.iter().filter(|((c, d, _), _)| c.0 == centre && *d == day) {
        for (position, signature) in signatures.iter().enumerate() {
            let Some(sheet) = signature.sheet else { continue };
            let reopened = signatures[position..].iter().find(|s| s.sheet.is_none());
            rows.push(day_signature::Model {
                organisation_id: tenant.id().0,
                entry_id: signature.entry.0,
                centre_id: centre,
                day,
                moment: activity.map(|a| a.to_string()),
                sheet_hash: sheet.to_vec(),
                signed_by: signature.actor.id.to_string(),
                signed_at_ms: signature.at_ms,
                automatic: signature.actor == shared::journal::Actor::SYSTEM,
                reopened_entry_id: reopened.map(|s| s.entry.0),
            });
        }
    }
    insert_all(&on, rows).await
}

/// The facts that the days of an organisation are folded from: everything about these days, what corrects or retracts
/// it from elsewhere, and the clock observations of the devices concerned.
///
/// # Errors
/// The database's.
pub async fn facts(tenant: &Tenant<'_>, from: NaiveDate, to: NaiveDate) -> Result<Vec<Fact>> {
    facts_where(tenant, about_days(from, to)).await
}

/// What is about any of these days. In two parts, each found by its index: what begins on one of them, and the little that began
/// before and lasts; years that are over are not walked through.
#[must_use]
pub fn about_days(from: NaiveDate, to: NaiveDate) -> Condition {
    use journal_payload::Column::{Day, LastDay};
    use sea_orm::sea_query::ExprTrait;
    let lasting = Expr::col(LastDay).gt(Expr::col(Day)).and(LastDay.gte(from)).and(Day.lt(from));
    Condition::any().add(Day.between(from, to)).add(lasting)
}

/// As [`facts`], at one site only: the site's tablets, and its live view.
///
/// # Errors
/// The database's.
pub async fn facts_at(tenant: &Tenant<'_>, site: SiteId, from: NaiveDate, to: NaiveDate) -> Result<Vec<Fact>> {
    facts_where(tenant, Condition::all().add(about_days(from, to)).add(journal_payload::Column::SiteId.eq(site.0))).await
}

/// As [`facts`], about one child: the family's calendar. Times of a clock that was wrong without ever being observed may differ from
/// the sheet's, which knows what else that tablet sealed.
///
/// # Errors
/// The database's.
pub async fn facts_about(tenant: &Tenant<'_>, child: ChildId, from: NaiveDate, to: NaiveDate) -> Result<Vec<Fact>> {
    let about = Condition::all()
        .add(journal_payload::Column::ChildId.eq(child.0))
        .add(journal_payload::Column::Day.lte(to))
        .add(journal_payload::Column::LastDay.gte(from));
    facts_where(tenant, about).await
}

/// As [`facts`], about some children, with what is about no child at all: signatures of days, clocks. A household's month.
///
/// # Errors
/// The database's.
pub async fn facts_of(tenant: &Tenant<'_>, children: &[Uuid], from: NaiveDate, to: NaiveDate) -> Result<Vec<Fact>> {
    use journal_payload::Column::{ChildId, Day, LastDay};
    // Two questions, each found by the index of children: as one with an "or", neither would be.
    let nobodys = Condition::all().add(ChildId.is_null()).add(Day.between(from, to));
    let mut facts = facts_where(tenant, nobodys).await?;
    let mut known: HashSet<Uuid> = facts.iter().map(|fact| fact.envelope.entry_id.0).collect();
    for children in children.chunks(IDS_A_QUERY_MAX) {
        let theirs = Condition::all().add(ChildId.is_in(children.iter().copied())).add(Day.lte(to)).add(LastDay.gte(from));
        let found = facts_where(tenant, theirs).await?;
        facts.extend(found.into_iter().filter(|fact| known.insert(fact.envelope.entry_id.0)));
    }
    Ok(facts)
}

/// What the fold needs of an erasable part: the rest of the row is an index of it.
#[derive(Debug, Clone, FromQueryResult)]
struct Told {
    entry_id: Uuid,
    payload: Vec<u8>,
    target_id: Option<Uuid>,
    boot_id: Option<Uuid>,
}

fn told(tenant: &Tenant<'_>) -> Select<journal_payload::Entity> {
    use journal_payload::Column::{BootId, EntryId, Payload, TargetId};
    tenant.find::<journal_payload::Entity>().select_only().columns([EntryId, Payload, TargetId, BootId])
}

async fn facts_where(tenant: &Tenant<'_>, about: Condition) -> Result<Vec<Fact>> {
    let on = tenant.on();
    // Ids of a month are too many to name: what is asked about them is asked by the condition that found them.
    let ids = || {
        tenant.find::<journal_payload::Entity>().filter(about.clone()).select_only().column(journal_payload::Column::EntryId).into_query()
    };
    let by_target = |ids: SelectStatement| told(tenant).filter(journal_payload::Column::TargetId.in_subquery(ids));
    let mut payloads: BTreeMap<Uuid, Told> = BTreeMap::new();
    let first: Vec<Told> = told(tenant).filter(about.clone()).into_model().all(&on).await?;
    let mut targets: Vec<Uuid> = first.iter().filter_map(|p| p.target_id).collect();
    payloads.extend(first.into_iter().map(|p| (p.entry_id, p)));
    let mut found: Vec<Told> = by_target(ids()).into_model().all(&on).await?;
    let mut added: Vec<Uuid> = Vec::new();
    // A correction may move a touch to another day, and be corrected itself: follow both ways until nothing is new.
    loop {
        targets.retain(|t| !payloads.contains_key(t));
        for ids in targets.chunks(IDS_A_QUERY_MAX) {
            let named = told(tenant).filter(journal_payload::Column::EntryId.is_in(ids.iter().copied()));
            found.extend(named.into_model().all(&on).await?);
        }
        found.retain(|p| !payloads.contains_key(&p.entry_id));
        if found.is_empty() {
            break;
        }
        let news: Vec<Uuid> = found.iter().map(|p| p.entry_id).collect();
        targets = found.iter().filter_map(|p| p.target_id).collect();
        payloads.extend(std::mem::take(&mut found).into_iter().map(|p| (p.entry_id, p)));
        for ids in news.chunks(IDS_A_QUERY_MAX) {
            let pointing = told(tenant).filter(journal_payload::Column::TargetId.is_in(ids.iter().copied()));
            found.extend(pointing.into_model().all(&on).await?);
        }
        added.extend(news);
    }
    let mut facts = read_facts(tenant, journal_entry::Column::EntryId.in_subquery(ids()), &payloads).await?;
    for ids in added.chunks(IDS_A_QUERY_MAX) {
        facts.extend(read_facts(tenant, journal_entry::Column::EntryId.is_in(ids.iter().copied()), &payloads).await?);
    }
    let boots: BTreeSet<Uuid> = payloads.values().filter_map(|p| p.boot_id).filter(|b| !b.is_nil()).collect();
    for boots in boots.into_iter().collect::<Vec<_>>().chunks(IDS_A_QUERY_MAX) {
        let observed = tenant.clock_observations(boots).all(&on).await?;
        facts.extend(observed.iter().filter(|o| !payloads.contains_key(&o.entry_id)).map(effective::observation));
    }
    Ok(facts)
}

async fn read_facts(tenant: &Tenant<'_>, which: SimpleExpr, payloads: &BTreeMap<Uuid, Told>) -> Result<Vec<Fact>> {
    let rows = tenant
        .find::<journal_entry::Entity>()
        .filter(which)
        .select_only()
        .columns([journal_entry::Column::EntryId, journal_entry::Column::Envelope])
        .order_by_asc(journal_entry::Column::EntryId);
    let rows: Vec<(Uuid, Vec<u8>)> = rows.into_tuple().all(&tenant.on()).await?;
    // Stored bytes were decoded when they came in.
    Ok(rows.iter().filter_map(|(id, envelope)| Fact::from_parts(envelope, payloads.get(id).map(|p| p.payload.as_slice())).ok()).collect())
}

/// Stored entries as they were sealed, with what is left of their erasable part.
///
/// # Errors
/// The database's.
pub async fn sealed(tenant: &Tenant<'_>, rows: Vec<journal_entry::Model>) -> Result<Vec<Sealed>> {
    let on = tenant.on();
    let ids: Vec<Uuid> = rows.iter().map(|r| r.entry_id).collect();
    let mut privates: HashMap<Uuid, Private> = HashMap::new();
    for ids in ids.chunks(IDS_A_QUERY_MAX) {
        let of = journal_payload::Column::EntryId.is_in(ids.iter().copied());
        for row in tenant.find::<journal_payload::Entity>().filter(of).all(&on).await? {
            let private = Private { salt: row.salt.try_into().unwrap_or_default(), payload: row.payload, notes: Vec::new() };
            privates.insert(row.entry_id, private);
        }
        let of = journal_note::Column::EntryId.is_in(ids.iter().copied());
        for row in tenant.find::<journal_note::Entity>().filter(of).order_by_asc(journal_note::Column::Number).all(&on).await? {
            if let Some(private) = privates.get_mut(&row.entry_id) {
                private.notes.push(Note { salt: row.salt.try_into().unwrap_or_default(), text: row.content });
            }
        }
    }
    let sealed = |row: journal_entry::Model| Sealed {
        private: privates.remove(&row.entry_id),
        signature: row.signature.try_into().unwrap_or([0; 64]),
        envelope: row.envelope,
    };
    Ok(rows.into_iter().map(sealed).collect())
}

/// Marks stored entries as sharing their place with another one.
///
/// # Errors
/// The database's.
pub async fn mark_forks(tenant: &Tenant<'_>, entries: &[Uuid]) -> Result<()> {
    for ids in entries.chunks(IDS_A_QUERY_MAX) {
        tenant
            .update::<journal_entry::Entity>()
            .col_expr(journal_entry::Column::Fork, Expr::value(true))
            .filter(journal_entry::Column::EntryId.is_in(ids.iter().copied()))
            .exec(&tenant.on())
            .await?;
    }
    Ok(())
}
