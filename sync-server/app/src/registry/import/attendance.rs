//! `pointages.csv`: attendance kept on paper or by another program, sealed by each site's server device.
//!
//! The rows of one child, activity and date are a set. A set that says what earlier imports said changes nothing; else
//! the entries of those imports are retracted and the new ones sealed. Only an import's own entries are ever retracted:
//! what a tablet recorded stays, and billing tells of the double source.

use super::Options;
use super::context::{Import, KnownActivity};
use super::fields::Fields;
use super::stage::Fate;
use crate::Result;
use crate::app::App;
use crate::attendance::server_device::{ServerDevice, ServerKeys};
use crate::store::entity::{activity, centre, day_signature, imported_attendance};
use crate::store::{insert_all, new_id};
use chrono::{NaiveDate, NaiveTime};
use sea_orm::{ColumnTrait, QueryFilter};
use shared::calendar::{Instant, instant};
use shared::id::{ActivityId, CentreId, ChildId, EntryId, OrganisationId, SiteId};
use shared::journal::{Channel, Detail, Evidence, Kind, LeftTo, Moment, Payload};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use uuid::Uuid;

const FILE: &str = "pointages.csv";
/// Evidence where the file names none.
const PAPER: &str = "papier";
/// Code sealed with an entry that a newer import replaces.
const REPLACED: &str = "import_remplace";
const LAST_MINUTE: i32 = 24 * 60 - 1;
/// Ids in one DELETE.
const IDS_A_STATEMENT_MAX: usize = 500;

/// Of which child, at which activity, on which day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct SetKey {
    day: NaiveDate,
    activity: Uuid,
    child: Uuid,
}

/// What one row says.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Told {
    arrives_minute: Option<i32>,
    leaves_minute: Option<i32>,
    evidence: String,
}

/// What the folder says of one key.
struct Set {
    activity: KnownActivity,
    rows: Vec<(Told, u64)>,
}

/// A set that differs from what earlier imports said.
struct Replacement {
    key: SetKey,
    set: Set,
    old: Vec<imported_attendance::Model>,
    /// Said with every entry, where a signed day changes.
    reason: Option<String>,
}

/// Reads, compares, seals.
pub async fn attendance(app: &App, import: &mut Import<'_>, options: &Options) -> Result<()> {
    import.show(FILE);
    let sets = read(import);
    if sets.is_empty() {
        return Ok(());
    }
    let mut old: HashMap<SetKey, Vec<imported_attendance::Model>> = HashMap::new();
    for tenant in import.tenants() {
        for row in tenant.find::<imported_attendance::Entity>().all(&tenant.on()).await? {
            old.entry(SetKey { day: row.day, activity: row.activity_id, child: row.child_id }).or_default().push(row);
        }
    }
    let signed = signed_days(import).await?;
    let mut replacements = Vec::new();
    for (key, set) in sets {
        let old = old.remove(&key).unwrap_or_default();
        let fate = fate(&set, &old);
        for (_, line) in &set.rows {
            import.tell(FILE, *line, fate);
        }
        if fate == Fate::Same {
            continue;
        }
        let is_signed = signed.contains(&(set.activity.centre, key.day));
        if is_signed && options.reason.is_none() {
            let line = set.rows.first().map(|(_, line)| *line);
            import.wrong(FILE, line, "date", format!("la journée du {} est signée : rouvrez-la, ou dites pourquoi avec --motif", key.day));
        }
        replacements.push(Replacement { key, set, old, reason: options.reason.clone().filter(|_| is_signed) });
    }
    import.tell_no_longer_there(FILE, old.values().map(Vec::len).sum());
    if import.report.is_empty() && !replacements.is_empty() {
        replace(app, import, replacements).await?;
    }
    Ok(())
}

fn read(import: &mut Import<'_>) -> BTreeMap<SetKey, Set> {
    let mut sets: BTreeMap<SetKey, Set> = BTreeMap::new();
    let Some(table) = import.folder.take(FILE) else { return sets };
    for row in &table.rows {
        let mut f = Fields::new(&table, row, &mut import.report);
        let child = f.id("enfant", &import.known.children);
        let activity = f.lookup("activite", &import.known.activities);
        let day = f.date("date");
        if day > import.today {
            f.wrong("date", format!("attendu un jour passé : nous sommes le {}", import.today));
        }
        let Some(activity) = activity else { continue };
        let told = told(&mut f, &activity.recording);
        if !f.good() {
            continue;
        }
        let key = SetKey { day, activity: activity.own.id, child };
        let set = sets.entry(key).or_insert_with(|| Set { activity, rows: Vec::new() });
        let clash = set.rows.iter().find_map(|(other, line)| clash(&told, other).map(|why| (why, *line)));
        if let Some((why, line)) = clash {
            f.wrong("arrivee", format!("{why} (ligne {line})"));
        }
        set.rows.push((told, row.line));
    }
    sets
}

/// The times of a row, as its activity is recorded (files.md).
fn told(f: &mut Fields<'_>, recording: &str) -> Told {
    let arrives_minute = f.opt_time("arrivee");
    let leaves_minute = f.opt_time("depart");
    for (column, minute) in [("arrivee", arrives_minute), ("depart", leaves_minute)] {
        if minute.is_some_and(|m| m > LAST_MINUTE) {
            f.wrong(column, "attendu une heure du jour même, 23:59 au plus");
        }
    }
    if let (Some(arrives), Some(leaves)) = (arrives_minute, leaves_minute)
        && leaves < arrives
    {
        f.wrong("depart", format!("départ avant l'arrivée ({:02}:{:02})", arrives / 60, arrives % 60));
    }
    // One bound may be missing: a forgotten departure is told at billing, never made up. Only a roll call claims none.
    if recording != "appel" && f.raw("arrivee").is_empty() && f.raw("depart").is_empty() {
        f.wrong("arrivee", format!("cette activité se pointe par « {recording} » : attendu une heure au moins"));
    }
    Told { arrives_minute, leaves_minute, evidence: f.opt_text("justificatif").unwrap_or_else(|| PAPER.into()) }
}

/// Why two rows of one set can't both stand.
fn clash(told: &Told, other: &Told) -> Option<&'static str> {
    if (told.arrives_minute, told.leaves_minute) == (other.arrives_minute, other.leaves_minute) {
        return Some("ligne en double");
    }
    let (first, second) = if told.arrives_minute <= other.arrives_minute { (told, other) } else { (other, told) };
    let open = first.leaves_minute.is_none() && second.arrives_minute.is_some();
    open.then_some("une présence sans départ, puis une autre : attendu le départ de la première")
}

fn fate(set: &Set, old: &[imported_attendance::Model]) -> Fate {
    if old.is_empty() {
        return Fate::New;
    }
    let mut new: Vec<Told> = set.rows.iter().map(|(told, _)| told.clone()).collect();
    let mut before: Vec<Told> = old
        .iter()
        .map(|row| Told { arrives_minute: row.arrives_minute, leaves_minute: row.leaves_minute, evidence: row.evidence.clone() })
        .collect();
    new.sort();
    before.sort();
    if new == before { Fate::Same } else { Fate::Changed }
}

/// Lieux and days that somebody answers for.
async fn signed_days(import: &Import<'_>) -> Result<HashSet<(Uuid, NaiveDate)>> {
    let mut signed = HashSet::new();
    for tenant in import.tenants() {
        let standing = tenant.find::<day_signature::Entity>().filter(day_signature::Column::ReopenedEntryId.is_null());
        signed.extend(standing.all(&tenant.on()).await?.into_iter().map(|row| (row.centre_id, row.day)));
    }
    Ok(signed)
}

/// Where an activity's entries are sealed, and what its moment is called.
struct Place {
    site: SiteId,
    name: String,
    starts_minute: Option<i32>,
}

async fn places(import: &Import<'_>) -> Result<HashMap<Uuid, Place>> {
    let mut places = HashMap::new();
    for tenant in import.tenants() {
        let sites: HashMap<Uuid, Uuid> =
            tenant.find::<centre::Entity>().all(&tenant.on()).await?.into_iter().map(|c| (c.id, c.site_id)).collect();
        for row in tenant.find::<activity::Entity>().all(&tenant.on()).await? {
            if let Some(site) = sites.get(&row.centre_id) {
                places.insert(row.id, Place { site: SiteId(*site), name: row.name, starts_minute: row.starts_minute });
            }
        }
    }
    Ok(places)
}

async fn replace(app: &App, import: &mut Import<'_>, replacements: Vec<Replacement>) -> Result<()> {
    let keys = ServerKeys::open(&app.data_dir)?;
    let places = places(import).await?;
    // One site after the other, in one order: two imports never wait for each other's locks.
    let mut by_site: BTreeMap<SiteId, Vec<Replacement>> = BTreeMap::new();
    for replacement in replacements {
        if let Some(place) = places.get(&replacement.key.activity) {
            by_site.entry(place.site).or_default().push(replacement);
        }
    }
    let (mut rows, mut outdated): (Vec<imported_attendance::Model>, BTreeSet<(Uuid, Uuid)>) = Default::default();
    for (site, replacements) in by_site {
        let mut device = ServerDevice::open(&import.territory, &keys, site, import.now).await?;
        for replacement in &replacements {
            for old in &replacement.old {
                retract(&mut device, replacement, old, import.now)?;
                outdated.insert((old.organisation_id, old.id));
            }
            if let Some(place) = places.get(&replacement.key.activity) {
                rows.extend(seal(&mut device, import, replacement, place)?);
            }
        }
        device.append(&import.territory, import.now).await?;
    }
    for tenant in import.tenants() {
        let mine: Vec<Uuid> = outdated.iter().filter(|(organisation, _)| *organisation == tenant.id().0).map(|(_, id)| *id).collect();
        for ids in mine.chunks(IDS_A_STATEMENT_MAX) {
            let delete = tenant.delete::<imported_attendance::Entity>();
            delete.filter(imported_attendance::Column::Id.is_in(ids.iter().copied())).exec(&tenant.on()).await?;
        }
    }
    insert_all(&import.territory.on(), rows).await
}

fn retract(device: &mut ServerDevice, replacement: &Replacement, old: &imported_attendance::Model, now: Instant) -> Result<()> {
    let organisation = OrganisationId(old.organisation_id);
    let notes: Vec<&str> = replacement.reason.iter().map(String::as_str).collect();
    for target in [old.arrived_entry_id, old.left_entry_id].into_iter().flatten() {
        let payload = Payload {
            about_child: Some(ChildId(old.child_id)),
            centre: Some(CentreId(replacement.set.activity.centre)),
            target: Some(EntryId(target)),
            reason: REPLACED.into(),
            channel: Channel::Import,
            evidence: Evidence::Import,
            ..ServerDevice::payload(now)
        };
        device.seal(organisation, Kind::Retracted, payload, &notes, now)?;
    }
    Ok(())
}

/// Seals a set, row by row in the order of the day, and gives the rows that remember it.
fn seal(
    device: &mut ServerDevice,
    import: &Import<'_>,
    replacement: &Replacement,
    place: &Place,
) -> Result<Vec<imported_attendance::Model>> {
    let Replacement { key, set, reason, .. } = replacement;
    let now = import.now;
    let organisation = OrganisationId(set.activity.own.organisation);
    let notes: Vec<&str> = reason.iter().map(String::as_str).collect();
    let mut sorted: Vec<&Told> = set.rows.iter().map(|(told, _)| told).collect();
    sorted.sort();
    let sealed_times = without_overlap(&sorted);
    let mut rows = Vec::new();
    for (told, times) in sorted.into_iter().zip(sealed_times) {
        let payload = |minute: i32, detail: Detail| Payload {
            about_child: Some(ChildId(key.child)),
            centre: Some(CentreId(set.activity.centre)),
            happened_at_ms: at_ms(key.day, minute),
            moment: Moment { activity: Some(ActivityId(key.activity)), label: place.name.clone() },
            channel: Channel::Import,
            evidence: if told.evidence.eq_ignore_ascii_case(PAPER) { Evidence::Paper } else { Evidence::Import },
            detail,
            ..ServerDevice::payload(now)
        };
        let mut entries = [None, None];
        if let Some((arrives, leaves)) = times {
            if let Some(minute) = arrives {
                entries[0] = Some(device.seal(organisation, Kind::Arrived, payload(minute, Detail::None), &notes, now)?);
            }
            if let Some(minute) = leaves {
                let detail = Detail::Left { to: LeftTo::Other, person: None };
                entries[1] = Some(device.seal(organisation, Kind::Left, payload(minute, detail), &notes, now)?);
            }
            if arrives.is_none() && leaves.is_none() {
                // A roll call claims no time: the start of the activity only places it in its day.
                let detail = Detail::RollCall { group: None, call: Uuid::nil() };
                let minute = place.starts_minute.unwrap_or(0).min(LAST_MINUTE);
                entries[0] = Some(device.seal(organisation, Kind::Present, payload(minute, detail), &notes, now)?);
            }
        }
        rows.push(imported_attendance::Model {
            organisation_id: organisation.0,
            id: new_id(now)?,
            territoire_id: import.territory.id().0,
            child_id: key.child,
            activity_id: key.activity,
            day: key.day,
            arrives_minute: told.arrives_minute,
            leaves_minute: told.leaves_minute,
            evidence: told.evidence.clone(),
            arrived_entry_id: entries[0].map(|e| e.0),
            left_entry_id: entries[1].map(|e| e.0),
        });
    }
    Ok(rows)
}

/// The times to seal for rows in the order of their arrival: rows that share minutes are one presence, sealed with the
/// first of them; the fold would take the second arrival for a repeat, and its departure for a lone one.
fn without_overlap(rows: &[&Told]) -> Vec<Option<(Option<i32>, Option<i32>)>> {
    let mut times: Vec<Option<(Option<i32>, Option<i32>)>> = Vec::with_capacity(rows.len());
    let mut current: Option<usize> = None;
    for (position, told) in rows.iter().enumerate() {
        times.push(Some((told.arrives_minute, told.leaves_minute)));
        let before = current.and_then(|at| times[at]);
        if let (Some(at), Some((Some(_), Some(ends))), Some(arrives)) = (current, before, told.arrives_minute)
            && arrives < ends
        {
            let later = told.leaves_minute.map(|leaves| leaves.max(ends));
            times[at] = times[at].map(|(starts, _)| (starts, later));
            times[position] = None;
            continue;
        }
        current = Some(position);
    }
    times
}

fn at_ms(day: NaiveDate, minute: i32) -> i64 {
    let seconds = u32::try_from(minute).unwrap_or(0) * 60;
    let time = NaiveTime::from_num_seconds_from_midnight_opt(seconds, 0).unwrap_or(NaiveTime::MIN);
    instant(day, time).timestamp_millis()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(arrives: i32, leaves: i32) -> Told {
        Told { arrives_minute: Some(arrives), leaves_minute: Some(leaves), evidence: PAPER.into() }
    }

    #[test]
    fn rows_that_share_minutes_are_sealed_as_one_presence() {
        let rows = [told(480, 600), told(540, 660), told(650, 655), told(660, 700)];
        let times = without_overlap(&rows.iter().collect::<Vec<_>>());
        assert_eq!(times, [Some((Some(480), Some(660))), None, None, Some((Some(660), Some(700)))]);
    }
}
