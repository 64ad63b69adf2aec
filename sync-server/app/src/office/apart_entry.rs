//! One entry that was set apart, as a person reads it: who, what, when, and what depends on it.

use super::apart_words::why;
use super::who;
use crate::Result;
use crate::attendance::journal::IDS_A_QUERY_MAX;
use crate::store::entity::{centre, child, day_signature, invoice_line, journal_note, journal_payload, quarantine};
use crate::store::{Tenant, Territory};
use crate::sync::decisions::{Decision, is_open, of_organisation, read_row};
use chrono::NaiveDate;
use sea_orm::{ColumnTrait, QueryFilter, QuerySelect};
use shared::calendar::{Month, business_day, instant_from_ms};
use shared::french;
use shared::journal::{DISCARDED, Detail, KEPT, Kind, Payload};
use std::collections::{HashMap, HashSet};
use uuid::Uuid;

/// An entry, as said.
pub(super) struct Shown {
    pub id: Uuid,
    /// "Arrivée de Léa Martin".
    pub title: String,
    /// "jeudi 8 octobre à 16:32, Accueil du soir, Garderie de Ménilles".
    pub told: Option<String>,
    /// "scellé le … à …, remis le … à …".
    pub sealed: String,
    /// What hangs on it, a sentence each.
    pub depends: Vec<String>,
    /// The day's sheet, where there is one.
    pub sheet: Option<String>,
    /// "Retenu par Mme Roche le 9 octobre à 10:12 : rendu par l’école"; `None`: it waits.
    pub decided: Option<String>,
    pub may_keep: bool,
    pub may_discard: bool,
}

/// What is read beside the rows, once for a page of them.
struct Beside {
    children: HashMap<Uuid, child::Model>,
    centres: HashMap<Uuid, centre::Model>,
    /// What points to each entry: in the journal, and among those set apart.
    pointed_at: HashMap<Uuid, u32>,
    /// Lieux and days that are signed.
    signed: HashSet<(Uuid, NaiveDate)>,
    /// Children and months that were billed.
    billed: HashSet<(Uuid, String)>,
    /// Reasons of decisions, by the entry that seals them.
    reasons: HashMap<Uuid, String>,
    names: HashMap<String, String>,
}

/// The rows of a page.
///
/// # Errors
/// The database's.
pub(super) async fn shown(territory: &Territory<'_>, tenant: &Tenant<'_>, desk: &str, rows: Vec<quarantine::Model>) -> Result<Vec<Shown>> {
    let payloads: Vec<Option<(Kind, Payload)>> = rows.iter().map(payload).collect();
    let beside = beside(territory, tenant, &rows, payloads.iter().flatten().map(|(_, payload)| payload)).await?;
    Ok(rows.iter().zip(payloads).map(|(row, payload)| one(row, payload, &beside, desk)).collect())
}

/// What an entry says; nothing where its bytes can't be read, or where its content isn't what was sealed.
fn payload(row: &quarantine::Model) -> Option<(Kind, Payload)> {
    let read = read_row(row).ok()?;
    let private = read.sealed.private.filter(|private| private.belongs_to(&read.envelope))?;
    let payload = Payload::decode(&read.envelope.kind, read.envelope.kind_version, &private.payload).ok()?;
    Some((read.envelope.kind, payload))
}

fn day_of(payload: &Payload) -> NaiveDate {
    business_day(instant_from_ms(payload.happened_at_ms))
}

async fn beside<'p>(
    territory: &Territory<'_>,
    tenant: &Tenant<'_>,
    rows: &[quarantine::Model],
    payloads: impl Iterator<Item = &'p Payload> + Clone,
) -> Result<Beside> {
    let on = tenant.on();
    let children: HashSet<Uuid> = payloads.clone().filter_map(|p| p.about_child.map(|c| c.0)).collect();
    let days: HashSet<NaiveDate> = payloads.clone().map(day_of).collect();
    let months: HashSet<String> = days.iter().map(|day| Month::of(*day).to_string()).collect();
    let ids = || children.iter().copied();
    // Whoever this organisation has nothing to do with has no name here.
    let known = tenant.children().filter(child::Column::Id.is_in(ids())).all(&on).await?;
    let signed = tenant.find::<day_signature::Entity>().filter(day_signature::Column::Day.is_in(days));
    let signed = signed.filter(day_signature::Column::ReopenedEntryId.is_null()).all(&on).await?;
    let billed = tenant.find::<invoice_line::Entity>().filter(invoice_line::Column::Month.is_in(months));
    let billed = billed.filter(invoice_line::Column::ChildId.is_in(ids())).select_only();
    let billed = billed.columns([invoice_line::Column::ChildId, invoice_line::Column::Month]).distinct();
    let billed: Vec<(Uuid, String)> = billed.into_tuple().all(&on).await?;
    let sealed_words = rows.iter().filter_map(|row| row.decision_entry_id);
    let notes = tenant.find::<journal_note::Entity>().filter(journal_note::Column::EntryId.is_in(sealed_words)).all(&on).await?;
    Ok(Beside {
        children: known.into_iter().map(|row| (row.id, row)).collect(),
        centres: tenant.centres().await?.into_iter().map(|row| (row.id, row)).collect(),
        pointed_at: pointed_at(territory, tenant, rows).await?,
        signed: signed.into_iter().map(|row| (row.centre_id, row.day)).collect(),
        billed: billed.into_iter().collect(),
        reasons: notes.into_iter().map(|note| (note.entry_id, note.content)).collect(),
        names: who::names(territory, rows.iter().filter_map(|row| row.decided_by.as_deref()).collect()).await?,
    })
}

/// How many corrections and retractions point to each entry. Those that wait too are read only where they came from the same devices:
/// nobody else would know of what was never in the journal.
async fn pointed_at(territory: &Territory<'_>, tenant: &Tenant<'_>, rows: &[quarantine::Model]) -> Result<HashMap<Uuid, u32>> {
    let entries: HashSet<Uuid> = rows.iter().filter_map(|row| row.entry_id).collect();
    let in_journal = tenant.find::<journal_payload::Entity>().filter(journal_payload::Column::TargetId.is_in(entries.iter().copied()));
    let in_journal = in_journal.select_only().column(journal_payload::Column::TargetId).column(journal_payload::Column::EntryId);
    let decisions: HashSet<Uuid> = rows.iter().filter_map(|row| row.decision_entry_id).collect();
    let in_journal: Vec<(Option<Uuid>, Uuid)> = in_journal.into_tuple().all(&tenant.on()).await?;
    let mut found: HashMap<Uuid, u32> = HashMap::new();
    for (target, _) in in_journal.into_iter().filter(|(_, entry)| !decisions.contains(entry)) {
        *found.entry(target.unwrap_or_default()).or_default() += 1;
    }
    let devices: HashSet<Uuid> = rows.iter().filter_map(|row| row.device_id).collect();
    let apart = of_organisation(territory, tenant).filter(quarantine::Column::DeviceId.is_in(devices));
    let apart = apart.filter(quarantine::Column::Decision.is_null()).limit(u64::try_from(IDS_A_QUERY_MAX).unwrap_or(u64::MAX));
    for row in apart.all(&territory.on()).await? {
        if let Some(target) = payload(&row).and_then(|(_, payload)| payload.target).filter(|target| entries.contains(&target.0)) {
            *found.entry(target.0).or_default() += 1;
        }
    }
    Ok(found)
}

fn one(row: &quarantine::Model, payload: Option<(Kind, Payload)>, beside: &Beside, desk: &str) -> Shown {
    let why = why(&row.code);
    let received = format!("remis le {}", at(row.received_at_ms));
    let may_keep = why.keepable && payload.is_some() && is_open(row, Decision::Keep);
    let (title, told, sealed, depends, sheet) = match &payload {
        None => (unreadable(row), None, received, Vec::new(), None),
        Some((kind, payload)) => (
            title(kind, payload, beside),
            Some(told(payload, beside)),
            format!("scellé le {}, {received}", at(payload.sealed_at_ms)),
            depends(row, kind, payload, beside),
            sheet(payload, beside, desk),
        ),
    };
    Shown {
        id: row.id,
        title,
        told,
        sealed,
        depends,
        sheet,
        decided: decided(row, beside),
        may_keep,
        may_discard: is_open(row, Decision::Discard),
    }
}

/// An entry whose content says nothing, by what its envelope says.
fn unreadable(row: &quarantine::Model) -> String {
    match read_row(row) {
        Ok(read) if read.sealed.private.is_none() => format!("{}, contenu effacé", gesture(&read.envelope.kind)),
        Ok(read) => format!("{}, contenu illisible", gesture(&read.envelope.kind)),
        Err(_) => "Octets illisibles".into(),
    }
}

fn gesture(kind: &Kind) -> &'static str {
    match kind {
        Kind::Arrived => "Arrivée",
        Kind::Left => "Départ",
        Kind::Present => "Présence à l’appel",
        Kind::AbsenceAnnounced => "Absence annoncée",
        Kind::AbsenceNoted => "Absence constatée",
        Kind::Retracted => "Pointage retiré",
        Kind::Corrected => "Heure corrigée",
        Kind::Meal => "Repas",
        Kind::MovedGroup => "Changement de groupe",
        Kind::DaySigned => "Journée signée",
        Kind::DayReopened => "Journée rouverte",
        Kind::ClockObserved => "Horloge observée",
        Kind::EpochOpened => "Début d’une suite de la tablette",
        Kind::Decided => "Décision",
        Kind::CareOpened => "Fiche d’urgence lue",
        Kind::StaffArrived => "Arrivée d’un membre de l’équipe",
        Kind::StaffLeft => "Départ d’un membre de l’équipe",
        Kind::VisitorArrived => "Arrivée d’un visiteur",
        Kind::VisitorLeft => "Départ d’un visiteur",
        Kind::EvacuationStarted => "Appel d’évacuation ouvert",
        Kind::EvacuationSeen => "Personne vue à l’appel d’évacuation",
        Kind::EvacuationEnded => "Appel d’évacuation terminé",
        Kind::OutingLeft => "Départ en sortie",
        Kind::OutingCounted => "Recomptage d’une sortie",
        Kind::OutingBack => "Retour de sortie",
        Kind::Unknown(_) => "Geste d’une version plus récente",
    }
}

fn title(kind: &Kind, payload: &Payload, beside: &Beside) -> String {
    let what = match &payload.detail {
        Detail::Meal { served: false, .. } => "Repas non pris",
        _ => gesture(kind),
    };
    let Some(child) = payload.about_child else { return what.to_owned() };
    match beside.children.get(&child.0) {
        Some(child) => format!("{what} : {} {}", child.first_name, child.last_name),
        None => format!("{what} : un enfant que cette collectivité ne suit pas"),
    }
}

fn told(payload: &Payload, beside: &Beside) -> String {
    let mut told = match &payload.detail {
        Detail::Absence { from, to, .. } if from == to => french::weekday_and_day(*from),
        Detail::Absence { from, to, .. } => format!("du {} au {}", french::long_day(*from), french::long_day(*to)),
        Detail::DaySigned { day, .. } | Detail::DayReopened { day, .. } => french::weekday_and_day(*day),
        _ => format!("{} à {}", french::weekday_and_day(day_of(payload)), french::time_ms(payload.happened_at_ms)),
    };
    let moment = Some(payload.moment.label.as_str()).filter(|label| !label.is_empty());
    let place = payload.centre.and_then(|id| beside.centres.get(&id.0)).map(|centre| centre.name.as_str());
    for more in moment.into_iter().chain(place) {
        told.push_str(" · ");
        told.push_str(more);
    }
    told
}

fn at(at_ms: i64) -> String {
    format!("{} à {}", french::long_day(business_day(instant_from_ms(at_ms))), french::time_ms(at_ms))
}

fn depends(row: &quarantine::Model, kind: &Kind, payload: &Payload, beside: &Beside) -> Vec<String> {
    let mut all = Vec::new();
    if matches!(kind, Kind::Retracted | Kind::Corrected) {
        all.push("Il change un autre pointage : sans lui, l’autre reste tel quel.".into());
    }
    if let Some(count) = row.entry_id.and_then(|id| beside.pointed_at.get(&id)) {
        all.push(format!("{} de lui.", french::count(*count, "autre pointage dépend", "autres pointages dépendent")));
    }
    let day = day_of(payload);
    if payload.centre.is_some_and(|centre| beside.signed.contains(&(centre.0, day))) {
        all.push("La journée est signée : retenu, elle se dira modifiée depuis la signature.".into());
    }
    let month = Month::of(day);
    if payload.about_child.is_some_and(|child| beside.billed.contains(&(child.0, month.to_string()))) {
        all.push(format!("Le mois {} est facturé : retenu, il fera une régularisation sur une facture suivante.", french::of_month(month)));
    }
    all
}

fn sheet(payload: &Payload, beside: &Beside, desk: &str) -> Option<String> {
    let centre = beside.centres.get(&payload.centre?.0)?;
    Some(format!("/bureau/{desk}/journee/{}?date={}", centre.code, day_of(payload)))
}

fn decided(row: &quarantine::Model, beside: &Beside) -> Option<String> {
    let what = match row.decision.as_deref()? {
        KEPT => "Retenu",
        DISCARDED => "Écarté",
        _ => return Some("Entré au journal de lui-même depuis : rien à décider.".into()),
    };
    let by = row.decided_by.as_deref().map_or("", |by| who::of(&beside.names, by));
    let when = row.decided_at_ms.map(|ms| format!(" le {}", at(ms))).unwrap_or_default();
    let reason = row.decision_entry_id.and_then(|id| beside.reasons.get(&id)).map(|reason| format!(" : {reason}")).unwrap_or_default();
    Some(format!("{what} par {by}{when}{reason}"))
}
