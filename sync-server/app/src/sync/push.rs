//! Taking entries in: verify, append, and one verdict an entry.
//!
//! New entries and those set aside before go through the same judgement, in order of their places: an entry that fills
//! a hole lets the ones behind it in.

use crate::Result;
use crate::attendance::effective::organisations_at;
use crate::attendance::forget::{self, Forgotten};
use crate::attendance::journal::{self, Verified};
use crate::identity::audit::{self, Act};
use crate::store::entity::{alert, device, device_epoch, held_entry, journal_entry, quarantine};
use crate::store::{self, Territory, insert_all, lock_site};
use crate::sync::enrol::first_push;
use crate::sync::judge::{Judgement, Known, Read, read};
use crate::sync::learn::{at_places, authors_at, is_of_life, learn};
use crate::sync::refusal::Refusal;
use crate::sync::session::{Caller, contiguous};
use crate::sync::set_apart::{self, Candidate};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, QueryFilter, QuerySelect};
use shared::calendar::{Instant, instant_from_ms};
use shared::id::{DeviceId, EntryId, OrganisationId, SiteId};
use shared::journal::{Envelope, Place, VerifyingKey};
use shared::wire::limits::PUSH_ENTRIES_MAX;
use shared::wire::{FORK, Push, PushAnswer, Verdict, VerdictKind};
use std::collections::{BTreeSet, HashMap, HashSet};
use uuid::Uuid;

/// Places looked at once when counting on.
const PLACES_AT_ONCE: i64 = 500;

/// What the judgements come to, before it is written.
#[derive(Default)]
struct Decided {
    accepted: Vec<Verified>,
    /// In the journal without their content, which now came.
    completed: Vec<Verified>,
    /// About a child that was forgotten: taken in without their content.
    erased: Vec<(OrganisationId, EntryId)>,
    forks: Vec<Place>,
    unlinked: Vec<(DeviceId, EntryId)>,
    hold: Vec<held_entry::Model>,
    release: Vec<held_entry::Model>,
    quarantine: Vec<quarantine::Model>,
}

/// Entries as they were handed in, decoded; the code of the refusal where something is none.
pub type Decoded = Vec<std::result::Result<Read, &'static str>>;

/// Decodes a push and verifies its signatures: all that takes long and needs no lock.
///
/// # Errors
/// A refusal of the whole push.
pub fn decode(body: &[u8], keys: &HashMap<DeviceId, [u8; 32]>) -> std::result::Result<Decoded, Refusal> {
    let push: Push = serde_json::from_slice(body).map_err(|_| Refusal::unreadable())?;
    if push.entries.len() > PUSH_ENTRIES_MAX {
        return Err(Refusal::too_many());
    }
    let mut opened: HashMap<DeviceId, Option<VerifyingKey>> = HashMap::new();
    let mut proven = |mut read: Read| {
        let device = read.envelope.place.device;
        let key = opened.entry(device).or_insert_with(|| VerifyingKey::from_bytes(keys.get(&device)?).ok());
        key.iter().for_each(|key| read.prove(key));
        read
    };
    Ok(push.entries.into_iter().map(|entry| read(entry).map(&mut proven)).collect())
}

/// Takes a push in.
///
/// # Errors
/// The database's.
pub async fn push(territory: &Territory<'_>, caller: &Caller, server_epoch: &str, now: Instant, entries: Decoded) -> Result<PushAnswer> {
    let verdicts = hand_in(territory, caller, entries, now).await?;
    if verdicts.iter().any(|v| v.verdict.is_stored()) {
        first_push(territory, caller.device, now).await?;
        note_contact(territory, caller, now).await?;
        audit::write(territory, now, Act::device(caller.device.0, "POST /sync/v1/push")).await?;
    }
    let contiguous_seq = contiguous(territory, caller.device, caller.epoch).await?;
    Ok(PushAnswer { server_epoch: server_epoch.to_owned(), contiguous_seq, verdicts })
}

/// Judges entries that a tablet hands in, over the wire or in a file, and stores what is to be stored. One verdict each, in their
/// order.
///
/// # Errors
/// The database's.
pub(super) async fn hand_in(territory: &Territory<'_>, caller: &Caller, entries: Decoded, now: Instant) -> Result<Vec<Verdict>> {
    lock_site(territory, caller.site).await?;
    let mut verdicts: Vec<Option<Verdict>> = vec![None; entries.len()];
    let mut candidates = Vec::new();
    for (position, entry) in entries.into_iter().enumerate() {
        match entry {
            Ok(read) => candidates.push(Candidate::new(read, position)),
            Err(code) => verdicts[position] = Some(verdict(None, VerdictKind::Refused, Some(code))),
        }
    }
    let told = take_in(territory, caller.site, Some(caller), candidates, now).await?;
    for (position, verdict) in told {
        verdicts[position] = Some(verdict);
    }
    // Each position was read and judged, or refused; one that wasn't would be held by nobody.
    Ok(verdicts.into_iter().map(|v| v.unwrap_or_else(|| verdict(None, VerdictKind::Refused, Some("pas_une_entree")))).collect())
}

async fn note_contact(territory: &Territory<'_>, caller: &Caller, now: Instant) -> Result<()> {
    territory
        .update::<device::Entity>()
        .col_expr(device::Column::LastContactMs, Expr::value(now.timestamp_millis()))
        .filter(device::Column::Id.eq(caller.device.0))
        .exec(&territory.on())
        .await?;
    Ok(())
}

/// Passes the holes of a site that were waited for long enough. The caller commits.
///
/// # Errors
/// The database's.
pub async fn pass_holes(territory: &Territory<'_>, site: SiteId, now: Instant) -> Result<()> {
    lock_site(territory, site).await?;
    take_in(territory, site, None, Vec::new(), now).await.map(|_| ())
}

/// Whether a site has entries whose wait has ended.
///
/// # Errors
/// The database's.
pub async fn has_waited(territory: &Territory<'_>, site: SiteId, now: Instant) -> Result<bool> {
    let devices = territory.find::<device::Entity>().filter(device::Column::SiteId.eq(site.0)).all(&territory.on()).await?;
    let of_site = held_entry::Column::DeviceId.is_in(devices.iter().map(|d| d.id));
    let held = territory.find::<held_entry::Entity>().filter(of_site).all(&territory.on()).await?;
    Ok(held.iter().any(|row| set_apart::has_ended(row, now)))
}

async fn take_in(
    territory: &Territory<'_>,
    site: SiteId,
    caller: Option<&Caller>,
    mut candidates: Vec<Candidate>,
    now: Instant,
) -> Result<Vec<(usize, Verdict)>> {
    let organisations = match caller {
        Some(caller) => caller.organisations.clone(),
        None => organisations_at(territory, site).await?,
    };
    let authors = authors_at(territory, site).await?;
    let devices: BTreeSet<Uuid> = match caller {
        // Nothing new came: all of the site's, whose wait may have ended.
        None => authors.keys().map(|d| d.0).collect(),
        Some(_) => candidates.iter().map(|c| c.read.envelope.place.device.0).collect(),
    };
    set_apart::add_held(territory, devices, &mut candidates, now).await?;
    if candidates.is_empty() {
        return Ok(Vec::new());
    }
    // Read again under the lock: a revocation since the token was looked at counts.
    let caller_revoked = caller.is_some_and(|c| authors.get(&c.device).is_none_or(|a| a.revoked));
    let mut known = Known { site: Some(site), authors, caller_revoked, ..Known::default() };
    known.organisations = organisations.iter().copied().collect();
    learn(territory, &organisations, &candidates, &mut known).await?;
    let privates = candidates.iter().filter_map(|c| c.read.sealed.private.as_ref());
    let forgotten = Forgotten::read(territory, &organisations, privates).await?;
    for Candidate { read, held, erased, .. } in &mut candidates {
        // What was set aside was sealed before it came, however long it has waited since.
        let came = held.as_ref().map_or(now, |row| instant_from_ms(row.held_since_ms));
        *erased = read.sealed.private.as_ref().is_some_and(|private| forgotten.covers(&read.envelope, private, came));
    }
    // In order of places, those set aside first where they are the same: they came first.
    candidates.sort_by_key(|c| (c.read.envelope.place, c.position));
    let mut decided = Decided::default();
    let mut told = Vec::new();
    for candidate in candidates {
        let position = candidate.position;
        let verdict = decide(territory, caller, &mut known, &mut decided, candidate, now)?;
        told.extend(position.map(|position| (position, verdict)));
    }
    write(territory, site, &organisations, decided, now).await?;
    Ok(told)
}

fn verdict(entry: Option<EntryId>, verdict: VerdictKind, code: Option<&str>) -> Verdict {
    Verdict { entry, verdict, code: code.map(str::to_owned) }
}

fn decide(
    territory: &Territory<'_>,
    caller: Option<&Caller>,
    known: &mut Known,
    decided: &mut Decided,
    candidate: Candidate,
    now: Instant,
) -> Result<Verdict> {
    let Candidate { mut read, held, waited, clash, erased, .. } = candidate;
    let entry = Some(read.envelope.entry_id);
    let judged = match known.judge(&read, waited) {
        Judgement::Accept { .. } | Judgement::Hold if clash => Judgement::Quarantine("identifiant_repris"),
        judged => judged,
    };
    if judged != Judgement::Hold {
        decided.release.extend(held.clone());
    }
    if erased {
        // Judged with it, kept without.
        read.sealed.private = None;
    }
    Ok(match judged {
        Judgement::Accept { gap_before, fork, unlinked } => {
            known.accepted(&read, erased);
            if erased {
                decided.erased.push((read.envelope.organisation, read.envelope.entry_id));
            }
            if fork {
                decided.forks.push(read.envelope.place);
            }
            if unlinked {
                decided.unlinked.push((read.envelope.place.device, read.envelope.entry_id));
            }
            decided.accepted.push(Verified { envelope: read.envelope, sealed: read.sealed, gap_before, fork });
            verdict(entry, VerdictKind::Accepted, fork.then_some(FORK))
        }
        Judgement::Duplicate => {
            // Told again: the reply that told it first may be the one that was lost.
            let forked = entry.is_some_and(|entry| known.forked.contains(&entry)).then_some(FORK);
            if known.completes(&read) {
                let Read { envelope, sealed, .. } = read;
                decided.completed.push(Verified { envelope, sealed, gap_before: false, fork: false });
            }
            verdict(entry, VerdictKind::Duplicate, forked)
        }
        Judgement::Hold => {
            // Twice in one push: one row.
            if known.held(&read) && held.is_none() {
                // It is set aside without its content: what brings that later is not to be believed anew.
                if erased {
                    decided.erased.push((read.envelope.organisation, read.envelope.entry_id));
                }
                let relayed = caller.is_none_or(|c| !known.is_life_of(c.device, read.envelope.place.device));
                decided.hold.push(set_apart::held_row(territory, relayed, &read, now)?);
            }
            verdict(entry, VerdictKind::Held, None)
        }
        Judgement::Quarantine(code) => {
            // An entry whose author is unknown proves nothing: it takes no place that another one waits for.
            if code != set_apart::AUTHOR_UNKNOWN {
                known.quarantined(&read);
            }
            decided.quarantine.push(set_apart::quarantine_row(territory, caller, &read, code, now)?);
            verdict(entry, VerdictKind::Quarantined, Some(code))
        }
        Judgement::Refuse(code) => verdict(entry, VerdictKind::Refused, Some(code)),
    })
}

async fn write(territory: &Territory<'_>, site: SiteId, organisations: &[OrganisationId], decided: Decided, now: Instant) -> Result<()> {
    let on = territory.on();
    for row in &decided.release {
        territory
            .delete::<held_entry::Entity>()
            .filter(held_entry::Column::DeviceId.eq(row.device_id))
            .filter(held_entry::Column::EntryId.eq(row.entry_id))
            .exec(&on)
            .await?;
    }
    let mut lives: BTreeSet<(DeviceId, u32)> = BTreeSet::new();
    lives.extend(decided.accepted.iter().map(|v| (v.envelope.place.device, v.envelope.place.epoch)));
    lives.extend(decided.hold.iter().map(|h| (DeviceId(h.device_id), u32::try_from(h.device_epoch).unwrap_or(0))));
    let mut alerts: Vec<(&str, Uuid, Uuid)> = decided.unlinked.iter().map(|(d, e)| ("chaine_rompue", d.0, e.0)).collect();
    journal::append(territory, site, &decided.accepted, now).await?;
    set_apart::let_in(territory, &decided.accepted, now).await?;
    journal::add_content(territory, site, &decided.completed, now).await?;
    // The tablets that sealed or carried them hold what was erased here.
    forget::tell_tablets(territory, site, decided.erased.iter().copied(), now).await?;
    // After the entries: both branches may have come in one push.
    mark_forks(territory, organisations, &decided, &mut alerts).await?;
    insert_all(&on, decided.hold).await?;
    for row in decided.quarantine {
        if let Ok(envelope) = Envelope::decode(&row.envelope) {
            lives.insert((envelope.place.device, envelope.place.epoch));
        }
        let (device, entry) = (row.device_id.unwrap_or_default(), row.entry_id.unwrap_or_default());
        let called = set_apart::keep(territory, row).await?;
        let again = called == Some(set_apart::QUARANTINE_FULL) && alerts.iter().any(|(kind, ..)| Some(*kind) == called);
        alerts.extend(called.filter(|_| !again).map(|kind| (kind, device, entry)));
    }
    let alert = |(kind, device, entry): (&str, Uuid, Uuid)| {
        Ok(alert::Model {
            territoire_id: territory.id().0,
            id: store::new_id(now)?,
            site_id: site.0,
            device_id: Some(device),
            entry_id: Some(entry),
            kind: kind.to_owned(),
            at_ms: now.timestamp_millis(),
            seen_at_ms: None,
            seen_by: None,
            cleared_at_ms: None,
        })
    };
    insert_all(&on, alerts.into_iter().map(alert).collect::<Result<Vec<_>>>()?).await?;
    for (device, epoch) in lives {
        count_on(territory, organisations, device, epoch).await?;
    }
    Ok(())
}

/// Marks what stands at a forked place already, and calls a person.
async fn mark_forks(
    territory: &Territory<'_>,
    organisations: &[OrganisationId],
    decided: &Decided,
    alerts: &mut Vec<(&str, Uuid, Uuid)>,
) -> Result<()> {
    for place in &decided.forks {
        for &organisation in organisations {
            let tenant = territory.tenant(organisation);
            let rows = tenant.find::<journal_entry::Entity>().filter(at_places(place.device, place.epoch, &[place.seq.cast_signed()]));
            let ids: Vec<Uuid> = rows.all(&tenant.on()).await?.into_iter().map(|r| r.entry_id).collect();
            journal::mark_forks(&tenant, &ids).await?;
        }
    }
    let forked = decided.accepted.iter().filter(|v| v.fork);
    alerts.extend(forked.map(|v| (FORK, v.envelope.place.device.0, v.envelope.entry_id.0)));
    Ok(())
}

/// Counts on from the last number up to which every place is held, over journal, quarantine and what is set aside.
async fn count_on(territory: &Territory<'_>, organisations: &[OrganisationId], device: DeviceId, epoch: u32) -> Result<()> {
    let before = contiguous(territory, device, epoch).await?.cast_signed();
    let quarantined = set_apart::quarantined_places(territory, device).await?;
    let mut reached = before;
    loop {
        let next = reached + 1..=reached + PLACES_AT_ONCE;
        let mut held: HashSet<i64> = quarantined.iter().filter(|(p, _)| p.epoch == epoch).map(|(p, _)| p.seq.cast_signed()).collect();
        for &organisation in organisations {
            let tenant = territory.tenant(organisation);
            let rows = tenant.find::<journal_entry::Entity>().filter(is_of_life(device, epoch));
            let rows = rows.filter(journal_entry::Column::Seq.between(*next.start(), *next.end()));
            let rows: Vec<i64> = rows.select_only().column(journal_entry::Column::Seq).into_tuple().all(&tenant.on()).await?;
            held.extend(rows);
        }
        let aside = territory
            .find::<held_entry::Entity>()
            .filter(held_entry::Column::DeviceId.eq(device.0))
            .filter(held_entry::Column::DeviceEpoch.eq(i32::try_from(epoch).unwrap_or(i32::MAX)))
            .filter(held_entry::Column::Seq.between(*next.start(), *next.end()));
        let aside: Vec<i64> = aside.select_only().column(held_entry::Column::Seq).into_tuple().all(&territory.on()).await?;
        held.extend(aside);
        let count = next.take_while(|seq| held.contains(seq)).count();
        reached += i64::try_from(count).unwrap_or(0);
        if i64::try_from(count) != Ok(PLACES_AT_ONCE) {
            break;
        }
    }
    if reached > before {
        territory
            .update::<device_epoch::Entity>()
            .col_expr(device_epoch::Column::ContiguousSeq, Expr::value(reached))
            .filter(device_epoch::Column::DeviceId.eq(device.0))
            .filter(device_epoch::Column::Epoch.eq(i32::try_from(epoch).unwrap_or(i32::MAX)))
            .exec(&territory.on())
            .await?;
    }
    Ok(())
}
