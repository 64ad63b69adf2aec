//! `preau-server journal verify`: every device's chain and signatures, of the whole installation or of an export.
//!
//! The answer is that of [`shared::journal::verify`]; this file only brings the entries, and says what was found in
//! French. Nothing is trusted but bytes: the index columns of the database are not looked at.

use crate::app::{App, Place};
use crate::attendance::export::Export;
use crate::attendance::forget::private_of;
use crate::attendance::journal;
use crate::cli::Outcome;
use crate::store::Territory;
use crate::store::entity::{device, journal_entry, quarantine};
use crate::sync::decisions::KEEPABLE;
use crate::{Error, Result};
use sea_orm::{ColumnTrait, QueryFilter};
use shared::id::{DeviceId, OrganisationId};
use shared::journal::{Break, BreakKind, Envelope, Kind, Report, Sealed, StoredEntry, VerifyingKey, verify};
use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;
use std::path::PathBuf;

/// Arguments of `journal verify`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Vérifie un fichier de « journal export », sans base de données
    #[arg(long, value_name = "EXPORT")]
    pub file: Option<PathBuf>,
    /// Présentation : un texte à lire, ou du JSON
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
}

/// How a report is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// For a person.
    Text,
    /// For a program.
    Json,
}

/// Runs the command: exit 1 where a chain is broken.
///
/// # Errors
/// A file that isn't an export; the database's.
pub async fn run(place: &Place, args: &Args) -> Result<Outcome> {
    let (report, names) = match &args.file {
        Some(path) => (Export::read(path)?.verify()?, HashMap::new()),
        None => {
            let app = App::open(place).await?;
            let snapshot = app.db.snapshot().await?;
            let territory = Territory::new(app.territoire(), &snapshot);
            let devices = territory.find::<device::Entity>().all(&territory.on()).await?;
            (installation(&territory, &devices).await?, devices.into_iter().map(|d| (DeviceId(d.id), d.name)).collect())
        }
    };
    match args.format {
        Format::Json => println!("{}", serde_json::to_string(&report).map_err(|e| Error::Unavailable(e.to_string()))?),
        Format::Text => print!("{}", told(&report, &names, args.file.is_some())),
    }
    Ok(if report.is_whole() { Outcome::Done } else { Outcome::Finding })
}

/// Verifies all that an installation holds: chains go through its organisations, as a tablet serves several. What was set apart and is
/// its author's for sure stands at its place too: kept entries follow discarded ones without a hole.
///
/// # Errors
/// The database's.
pub async fn installation(territory: &Territory<'_>, devices: &[device::Model]) -> Result<Report> {
    let mut all = Vec::new();
    for organisation in territory.organisations().await? {
        let tenant = territory.tenant(OrganisationId(organisation.id));
        let rows = tenant.find::<journal_entry::Entity>().all(&tenant.on()).await?;
        all.extend(journal::sealed(&tenant, rows).await?);
    }
    let in_journal: HashSet<Vec<u8>> = all.iter().map(|sealed| sealed.envelope.clone()).collect();
    let apart = territory.find::<quarantine::Entity>().filter(quarantine::Column::Code.is_in(KEEPABLE)).all(&territory.on()).await?;
    all.extend(apart.into_iter().filter(|row| !in_journal.contains(&row.envelope)).filter_map(set_apart));
    Ok(verify_sealed(&all, &keys(devices)))
}

/// An entry that was set apart, as one that stands at its place; content that isn't what was sealed is left out, and what opens an epoch
/// out of place is none of the chain.
fn set_apart(row: quarantine::Model) -> Option<Sealed> {
    let envelope = Envelope::decode(&row.envelope).ok()?;
    if (envelope.kind == Kind::EpochOpened) != (envelope.place.seq == 1 && envelope.place.epoch > 1) {
        return None;
    }
    let private = private_of(&row.sealed).filter(|private| private.belongs_to(&envelope));
    Some(Sealed { private, signature: row.signature.try_into().ok()?, envelope: row.envelope })
}

/// The keys that can be used; a device whose key can't counts as unknown.
#[must_use]
pub fn keys(devices: &[device::Model]) -> HashMap<DeviceId, VerifyingKey> {
    let key = |row: &device::Model| {
        let bytes = row.public_key.as_slice().try_into().ok()?;
        Some((DeviceId(row.id), VerifyingKey::from_bytes(bytes).ok()?))
    };
    devices.iter().filter_map(key).collect()
}

/// Verifies sealed entries in any order.
#[must_use]
pub fn verify_sealed(sealed: &[Sealed], keys: &HashMap<DeviceId, VerifyingKey>) -> Report {
    verify(sealed.iter().map(|s| StoredEntry { envelope: &s.envelope, signature: &s.signature, private: s.private.as_ref() }), keys)
}

/// A report as a person reads it. In an export, an entry without content may have been erased or lie outside its dates.
fn told(report: &Report, names: &HashMap<DeviceId, String>, is_export: bool) -> String {
    let device = |id: DeviceId| names.get(&id).map_or_else(|| id.to_string(), |name| format!("« {name} » ({id})"));
    let without = if is_export { "sans contenu" } else { "effacés" };
    let mut out = format!(
        "{} pointages de {} appareils, dont {} {without} et {} illisibles par cette version\n",
        report.entries, report.devices, report.erased, report.opaque
    );
    for place in &report.forks {
        let (device, epoch, seq) = (device(place.device), place.epoch, place.seq);
        _ = writeln!(out, "Copie : deux pointages au numéro {seq} (appareil {device}, époque {epoch}). Une tablette existe en double.");
    }
    if !report.unseen.is_empty() {
        let count = report.unseen.len();
        _ = writeln!(out, "À éclaircir : {count} pointages vus par une signature de journée ne sont pas là. En route, ou coupés.");
    }
    match &report.first_break {
        None => out.push_str("La chaîne est entière.\n"),
        Some(found) => _ = writeln!(out, "RUPTURE : {}{}.", words(found.kind), where_(found, device)),
    }
    out
}

fn where_(found: &Break, device: impl Fn(DeviceId) -> String) -> String {
    let Some(place) = found.place else { return String::new() };
    let entry = found.entry.map(|e| format!(", pointage {e}")).unwrap_or_default();
    format!(" : appareil {}, époque {}, numéro {}{entry}", device(place.device), place.epoch, place.seq)
}

fn words(kind: BreakKind) -> &'static str {
    match kind {
        BreakKind::Malformed => "ces octets ne sont pas un pointage scellé",
        BreakKind::UnknownDevice => "aucune clé n'est connue pour cet appareil",
        BreakKind::Signature => "la signature n'est pas celle de l'appareil",
        BreakKind::Payload => "le contenu n'est pas celui qui a été scellé",
        BreakKind::SameId => "deux pointages différents portent le même identifiant",
        BreakKind::Hole => "des pointages manquent avant celui-ci",
        BreakKind::Link => "ce pointage ne suit pas celui qui le précède",
    }
}
