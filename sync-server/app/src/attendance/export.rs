//! `preau-server journal export`: sealed bytes and public keys, for a check elsewhere.
//!
//! The file is described in `docs/journal-export.md`. A chain verifies only from its first entry, so an export holds
//! the envelopes of all that the site's devices ever sealed (they tell of no person), and the content of only those
//! entries that the days asked for are read from.

use crate::app::{App, Place};
use crate::attendance::effective::organisations_at;
use crate::attendance::{journal, verify};
use crate::cli::Outcome;
use crate::identity::audit::{self, Act};
use crate::store::Territory;
use crate::store::entity::{device, journal_entry, site};
use crate::{Error, Result};
use chrono::NaiveDate;
use sea_orm::{ColumnTrait, QueryFilter, QueryOrder};
use serde::{Deserialize, Serialize};
use shared::id::{DeviceId, EntryId, OrganisationId, SiteId};
use shared::journal::{Report, Sealed, VerifyingKey};
use shared::wire::{Bytes, WireEntry};
use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use uuid::Uuid;

/// Version of the file. What a reader of 1 must understand is only added to.
pub const FORMAT: u32 = 1;

/// Arguments of `journal export`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Code du site
    #[arg(long, value_name = "CODE")]
    pub site: String,
    /// Premier jour dont le contenu est exporté
    #[arg(long, value_name = "AAAA-MM-JJ")]
    pub from: NaiveDate,
    /// Dernier jour dont le contenu est exporté
    #[arg(long, value_name = "AAAA-MM-JJ")]
    pub to: NaiveDate,
    /// Écrit dans ce fichier (lisible par vous seul) plutôt que sur la sortie
    #[arg(long, value_name = "FICHIER")]
    pub output: Option<PathBuf>,
}

/// An export, as its file holds it. Frozen since format 1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Export {
    /// [`FORMAT`].
    pub format: u32,
    /// Code of the site.
    #[serde(default)]
    pub site: String,
    /// First day whose content is there.
    #[serde(default)]
    pub from: Option<NaiveDate>,
    /// Last day whose content is there.
    #[serde(default)]
    pub to: Option<NaiveDate>,
    /// Public keys of the site's devices, by id.
    pub keys: Vec<Key>,
    /// Entries by device, epoch, number.
    pub entries: Vec<WireEntry>,
}

/// The public key of a device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Key {
    /// Which device.
    pub device: DeviceId,
    /// Ed25519, 32 bytes.
    pub public_key: Bytes,
}

/// Runs the command.
///
/// # Errors
/// No such site; dates in the wrong order; a file that can't be written.
pub async fn run(place: &Place, args: &Args) -> Result<Outcome> {
    if args.to < args.from {
        return Err(Error::input(format!("--from {} vient après --to {}.", args.from, args.to)));
    }
    let app = App::open(place).await?;
    let transaction = app.db.begin().await?;
    let territory = Territory::new(app.territoire(), &transaction);
    let of_code = territory.find::<site::Entity>().filter(site::Column::Code.eq(&args.site));
    let found = of_code.one(&territory.on()).await?.ok_or_else(|| Error::NotFound(format!("Site « {} »", args.site)))?;
    let export = of_site(&territory, &found, args.from, args.to).await?;
    // Content about persons leaves the house: the organisation that answers for the building finds the line.
    let act = Act::command("journal export").about("site", found.id).of(OrganisationId(found.organisation_id));
    audit::write(&territory, app.clock.now(), act).await?;
    transaction.commit().await?;
    let bytes = serde_json::to_vec(&export).map_err(|e| Error::Unavailable(e.to_string()))?;
    match &args.output {
        Some(path) => {
            write_for_owner(path, &bytes)?;
            let with_content = export.entries.iter().filter(|e| e.private.is_some()).count();
            println!("{} pointages, dont {with_content} avec leur contenu : {}", export.entries.len(), path.display());
        }
        None => {
            use std::io::Write;
            let mut out = std::io::stdout().lock();
            out.write_all(&bytes).and_then(|()| out.write_all(b"\n")).map_err(Error::io(Path::new("sortie")))?;
        }
    }
    Ok(Outcome::Done)
}

/// What the file of a site and dates holds.
///
/// # Errors
/// The database's.
pub async fn of_site(territory: &Territory<'_>, site: &site::Model, from: NaiveDate, to: NaiveDate) -> Result<Export> {
    let on = territory.on();
    let devices = territory.find::<device::Entity>().filter(device::Column::SiteId.eq(site.id)).order_by_asc(device::Column::Id);
    let devices = devices.all(&on).await?;
    let ids: Vec<Uuid> = devices.iter().map(|d| d.id).collect();
    let mut placed: Vec<(journal_entry::Model, Sealed)> = Vec::new();
    let mut told: HashSet<EntryId> = HashSet::new();
    for organisation in organisations_at(territory, SiteId(site.id)).await? {
        let tenant = territory.tenant(organisation);
        let rows =
            tenant.find::<journal_entry::Entity>().filter(journal_entry::Column::DeviceId.is_in(ids.iter().copied())).all(&on).await?;
        let sealed = journal::sealed(&tenant, rows.clone()).await?;
        placed.extend(rows.into_iter().zip(sealed));
        let facts = journal::facts_at(&tenant, SiteId(site.id), from, to).await?;
        told.extend(facts.into_iter().map(|fact| fact.envelope.entry_id));
    }
    placed.sort_by_key(|(row, _)| (row.device_id, row.device_epoch, row.seq, row.entry_id));
    let entries = placed.into_iter().map(|(row, mut sealed)| {
        if !told.contains(&EntryId(row.entry_id)) {
            sealed.private = None;
        }
        WireEntry::from(&sealed)
    });
    let keys = devices.iter().map(|d| Key { device: DeviceId(d.id), public_key: (&d.public_key).into() }).collect();
    Ok(Export { format: FORMAT, site: site.code.clone(), from: Some(from), to: Some(to), keys, entries: entries.collect() })
}

fn write_for_owner(path: &Path, bytes: &[u8]) -> Result<()> {
    use std::io::Write;
    use std::os::unix::fs::OpenOptionsExt;
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map_err(Error::io(path))?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(Error::io(path))
}

impl Export {
    /// Reads a file.
    ///
    /// # Errors
    /// Where it can't be read or isn't an export of a format that this version knows.
    pub fn read(path: &Path) -> Result<Self> {
        let bytes = std::fs::read(path).map_err(Error::io(path))?;
        let name = path.display();
        let export: Self =
            serde_json::from_slice(&bytes).map_err(|e| Error::input(format!("{name} n'est pas un export du journal : {e}")))?;
        if export.format != FORMAT {
            let newer = export.format;
            return Err(Error::input(format!("{name} est au format {newer}, que cette version de Préau ne connaît pas.")));
        }
        Ok(export)
    }

    /// Checks chains and signatures with the keys of the file itself: compare those with the ones that the collectivité gives.
    ///
    /// # Errors
    /// Where an entry or a key hasn't its length.
    pub fn verify(self) -> Result<Report> {
        let wrong = |what: &str| Error::input(format!("Cet export contient {what} qui n'a pas la bonne longueur."));
        let mut keys = HashMap::new();
        for key in self.keys {
            let bytes = key.public_key.array().ok_or_else(|| wrong("une clé"))?;
            // A key that is no point of the curve signs nothing: its device counts as unknown.
            if let Ok(public) = VerifyingKey::from_bytes(&bytes) {
                keys.insert(key.device, public);
            }
        }
        let sealed: Option<Vec<Sealed>> = self.entries.into_iter().map(WireEntry::into_sealed).collect();
        Ok(verify::verify_sealed(&sealed.ok_or_else(|| wrong("un pointage"))?, &keys))
    }
}
