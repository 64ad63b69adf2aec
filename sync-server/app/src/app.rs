//! What all desks share, made once: the database, the data folder, the clock.

use crate::clock::Clock;
use crate::keeping::UNFINISHED;
use crate::payments::Line;
use crate::settings::Settings;
use crate::store::{self, Db, entity::installation};
use crate::{Error, Result};
use chrono::NaiveDate;
use documents::worker::Worker;
use shared::id::TerritoireId;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The shared components. Cheap to clone.
#[derive(Clone)]
pub struct App {
    /// The database.
    pub db: Arc<Db>,
    /// Where files live: the SQLite database, keys, documents.
    pub data_dir: Arc<Path>,
    /// What time it is.
    pub clock: Clock,
    /// What the installation sets for itself.
    pub settings: Arc<Settings>,
    /// Makes PDFs, in a process of its own.
    pub documents: Arc<Worker>,
    /// The line to PayFiP.
    pub payfip: Arc<Line>,
    /// The installation that this database is.
    pub installation: Arc<installation::Model>,
}

/// Where an installation's data is, as said on the command line or by the environment.
#[derive(Debug, Clone, clap::Args)]
pub struct Place {
    /// Dossier des données (base SQLite, clés, documents)
    #[arg(long, value_name = "DIR", env = "PREAU_DATA", global = true)]
    pub data: Option<PathBuf>,
    /// Base de données : sqlite:CHEMIN ou postgres://… (par défaut : preau.db dans le dossier des données)
    #[arg(long, value_name = "URL", env = "PREAU_DATABASE", global = true, hide_env_values = true)]
    pub database: Option<String>,
}

impl Place {
    /// The data folder: as given, else by XDG.
    ///
    /// # Errors
    /// Where no home folder is known.
    pub fn data_dir(&self) -> Result<PathBuf> {
        if let Some(dir) = &self.data {
            return Ok(dir.clone());
        }
        directories::ProjectDirs::from("", "", "preau-server")
            .map(|dirs| dirs.data_dir().to_owned())
            .ok_or_else(|| Error::input("Aucun dossier personnel n'est connu : indiquez --data DIR."))
    }

    /// The database's URL: as given, else a file in the data folder.
    ///
    /// # Errors
    /// As [`Self::data_dir`].
    pub fn database_url(&self) -> Result<String> {
        match &self.database {
            Some(url) => Ok(url.clone()),
            None => Ok(format!("sqlite:{}", self.data_dir()?.join("preau.db").display())),
        }
    }
}

impl App {
    /// Opens an installation made by `preau-server init`, and brings its tables up to date.
    ///
    /// # Errors
    /// Where there is none, or the database doesn't answer.
    pub async fn open(place: &Place) -> Result<Self> {
        let url = place.database_url()?;
        let unfinished = place.data_dir()?.join(UNFINISHED);
        if unfinished.exists() {
            return Err(Error::conflict(format!(
                "Une restauration s’est arrêtée en chemin ({}) : videz ce dossier et cette base, puis restaurez de nouveau.",
                unfinished.display()
            )));
        }
        let db = Db::open(&url).await?;
        let missing = || {
            Error::Unavailable(format!("Aucune installation dans {} : commencez par « preau-server init ».", store::without_password(&url)))
        };
        if !db.has_tables().await? {
            return Err(missing());
        }
        db.migrate().await?;
        let installation = store::installation(&db).await?.ok_or_else(missing)?;
        Self::with(db, &place.data_dir()?, installation)
    }

    /// The components around a database that is open and initialised.
    ///
    /// # Errors
    /// Where `PREAU_TODAY` isn't a day, or the settings can't be read.
    pub fn with(db: Db, data_dir: &Path, installation: installation::Model) -> Result<Self> {
        let clock = if installation.demo { demo_clock()? } else { Clock::System };
        let settings = Arc::new(Settings::read(data_dir)?);
        let documents = Arc::new(Worker::new(beside_us("preau-documents"), [] as [&str; 0]));
        let payfip = Arc::new(Line::to(&settings.payfip.adresse));
        Ok(Self { db: Arc::new(db), data_dir: data_dir.into(), clock, settings, documents, payfip, installation: Arc::new(installation) })
    }

    /// The territoire of this installation.
    #[must_use]
    pub fn territoire(&self) -> TerritoireId {
        TerritoireId(self.installation.territoire_id)
    }
}

/// A program that is installed in the folder of this one. A test's own program stands one folder deeper.
fn beside_us(name: &str) -> PathBuf {
    let here = std::env::current_exe().ok().and_then(|own| own.parent().map(Path::to_owned)).unwrap_or_default();
    let candidates = [here.join(name), here.join("..").join(name)];
    candidates.iter().find(|path| path.is_file()).cloned().unwrap_or_else(|| here.join(name))
}

/// `PREAU_TODAY` fixes the day of a demo; a real database never looks at it.
fn demo_clock() -> Result<Clock> {
    let Ok(text) = std::env::var("PREAU_TODAY") else { return Ok(Clock::System) };
    let day: NaiveDate = text.parse().map_err(|_| Error::input(format!("PREAU_TODAY={text} n'est pas un jour : attendu AAAA-MM-JJ.")))?;
    Ok(Clock::OnDay(day))
}
