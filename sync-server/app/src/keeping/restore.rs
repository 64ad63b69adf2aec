//! `preau-server restore DIR`: an installation from a backup, in reprise.

use super::{POSTGRES_FILE, SQLITE_FILE, UNFINISHED, list, postgres};
use crate::app::{App, Place};
use crate::attendance::server_device::{self, ServerKeys};
use crate::cli::Outcome;
use crate::identity::audit::{self, Act};
use crate::store::{self, Db, Territory};
use crate::{Error, Result};
use chrono::DateTime;
use shared::calendar::local;
use shared::french;
use std::path::{Path, PathBuf};

/// Arguments of `restore`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Dossier d'une sauvegarde
    #[arg(value_name = "DIR")]
    pub folder: PathBuf,
}

/// Runs the command.
///
/// # Errors
/// A backup that isn't whole; a data folder or a database where an installation stands.
pub async fn run(place: &Place, args: &Args) -> Result<Outcome> {
    let made_at = restore(place, &args.folder).await?;
    let made_at = DateTime::parse_from_rfc3339(&made_at).map_or(made_at, |at| {
        let at = local(at.to_utc());
        format!("{} à {}", french::long_day(at.date()), french::time(at.time()))
    });
    println!("Installation restaurée depuis la sauvegarde du {made_at}, en reprise : rien ne s’émet, ne se paie ni ne s’enrôle.");
    println!("Les tablettes renverront d’elles-mêmes ce que la sauvegarde ne connaît pas. Ensuite : preau-server admin reprise");
    Ok(Outcome::Done)
}

/// Restores; gives when the backup was made.
///
/// # Errors
/// As [`run`].
pub async fn restore(place: &Place, folder: &Path) -> Result<String> {
    let list = list::verified(folder)?;
    let (data_dir, url) = (place.data_dir()?, place.database_url()?);
    let is_sqlite = url.starts_with("sqlite:");
    if is_sqlite != (list.engine == "sqlite") {
        return Err(Error::input(format!("Cette sauvegarde est celle d’une base {} : indiquez --database.", list.engine)));
    }
    let taken = data_dir.join(SQLITE_FILE).exists() || data_dir.join("serveur.cle").exists();
    if taken {
        return Err(Error::conflict(format!(
            "{} contient déjà une installation : une restauration n’en remplace pas une.",
            data_dir.display()
        )));
    }
    std::fs::create_dir_all(&data_dir).map_err(Error::io(&data_dir))?;
    let unfinished = data_dir.join(UNFINISHED);
    std::fs::write(&unfinished, &list.made_at).map_err(Error::io(&unfinished))?;
    if !is_sqlite {
        restore_postgres(&url, folder).await?;
    }
    for known in &list.files {
        let to = match known.path.as_str() {
            POSTGRES_FILE => continue,
            SQLITE_FILE => PathBuf::from(url.trim_start_matches("sqlite:").trim_start_matches("//")),
            other => data_dir.join(other),
        };
        if let Some(parent) = to.parent() {
            std::fs::create_dir_all(parent).map_err(Error::io(parent))?;
        }
        std::fs::copy(folder.join(&known.path), &to).map_err(Error::io(&to))?;
    }
    enter_reprise(&url, &data_dir).await?;
    std::fs::remove_file(&unfinished).map_err(Error::io(&unfinished))?;
    Ok(list.made_at)
}

async fn restore_postgres(url: &str, folder: &Path) -> Result<()> {
    let db = Db::open(url).await?;
    if db.has_tables().await? {
        return Err(Error::conflict("La base contient déjà une installation : une restauration n’en remplace pas une."));
    }
    postgres::restore(url, folder.join(POSTGRES_FILE)).await
}

/// A new epoch tells tablets that this server forgot something; nothing that counts happens before a person has looked.
async fn enter_reprise(url: &str, data_dir: &Path) -> Result<()> {
    let db = Db::open(url).await?;
    db.migrate().await?;
    let installation = store::installation(&db).await?.ok_or_else(|| Error::input("Cette sauvegarde ne contient pas d’installation."))?;
    let app = App::with(db, data_dir, installation)?;
    let transaction = app.db.begin().await?;
    let territory = Territory::new(app.territoire(), &transaction);
    store::set_reprise(&transaction, true, Some(store::random::<16>()?.to_vec())).await?;
    server_device::open_next_epochs(&territory, &ServerKeys::open(data_dir)?, app.clock.now()).await?;
    audit::write(&territory, app.clock.now(), Act::command("restore")).await?;
    transaction.commit().await?;
    Ok(())
}
