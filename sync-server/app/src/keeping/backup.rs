//! `preau-server backup DIR`: one moment of the installation, while it serves.

use super::{POSTGRES_FILE, SQLITE_FILE, list, other_files, postgres};
use crate::app::{App, Place};
use crate::cli::Outcome;
use crate::identity::audit::{self, Act};
use crate::store::{Engine, Territory};
use crate::{Error, Result};
use std::path::{Path, PathBuf};

/// Arguments of `backup`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Dossier de la sauvegarde ; il ne doit pas encore exister
    #[arg(value_name = "DIR")]
    pub folder: PathBuf,
}

/// Runs the command.
///
/// # Errors
/// A folder that exists; a disk that is full; `pg_dump` that isn't installed.
pub async fn run(place: &Place, args: &Args) -> Result<Outcome> {
    let app = App::open(place).await?;
    let files = make(&app, &place.database_url()?, &args.folder).await?;
    println!("{files} fichiers sauvegardés dans {}.", args.folder.display());
    println!("Ce dossier contient les clés du serveur et les données des familles : gardez-le chiffré, ailleurs que sur cette machine.");
    Ok(Outcome::Done)
}

/// Makes a backup; gives how many files it holds.
///
/// # Errors
/// As [`run`].
pub async fn make(app: &App, database_url: &str, folder: &Path) -> Result<usize> {
    if folder.exists() {
        return Err(Error::input(format!("{} existe déjà : une sauvegarde n’en remplace pas une autre.", folder.display())));
    }
    // Told first: who restores this backup finds in it that it was made.
    let transaction = app.db.begin().await?;
    audit::write(&Territory::new(app.territoire(), &transaction), app.clock.now(), Act::command("backup")).await?;
    transaction.commit().await?;
    let name = folder.file_name().ok_or_else(|| Error::input(format!("{} n’est pas un nom de dossier.", folder.display())))?;
    let aside = folder.with_file_name(format!("{}.en-cours", name.to_string_lossy()));
    if aside.exists() {
        std::fs::remove_dir_all(&aside).map_err(Error::io(&aside))?;
    }
    std::fs::create_dir_all(&aside).map_err(Error::io(&aside))?;
    let database = copy_database(app, database_url, &aside).await?;
    let others = other_files(&app.data_dir, &app.settings.courriel.dossier).map_err(Error::io(&app.data_dir))?;
    for path in &others {
        let to = aside.join(path);
        if let Some(parent) = to.parent() {
            std::fs::create_dir_all(parent).map_err(Error::io(parent))?;
        }
        std::fs::copy(app.data_dir.join(path), &to).map_err(Error::io(&to))?;
    }
    let entries: Result<Vec<list::Entry>> = std::iter::once(&database).chain(&others).map(|path| list::entry(&aside, path)).collect();
    let list = list::List {
        version: env!("CARGO_PKG_VERSION").into(),
        made_at: app.clock.now().to_rfc3339(),
        engine: if app.db.engine() == Engine::Sqlite { "sqlite" } else { "postgresql" }.into(),
        files: entries?,
    };
    let text = serde_json::to_vec_pretty(&list).map_err(|e| Error::Unavailable(e.to_string()))?;
    let path = aside.join(list::NAME);
    std::fs::write(&path, text).map_err(Error::io(&path))?;
    std::fs::rename(&aside, folder).map_err(Error::io(folder))?;
    Ok(list.files.len())
}

async fn copy_database(app: &App, database_url: &str, aside: &Path) -> Result<PathBuf> {
    match app.db.engine() {
        Engine::Sqlite => {
            app.db.copy_sqlite(&aside.join(SQLITE_FILE)).await?;
            Ok(SQLITE_FILE.into())
        }
        Engine::Postgres => {
            postgres::dump(database_url, aside.join(POSTGRES_FILE)).await?;
            Ok(POSTGRES_FILE.into())
        }
    }
}
