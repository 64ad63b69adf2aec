//! `preau-server import DIR`: a folder of a town hall's files, taken whole or not at all.
//!
//! Files are read and judged one family at a time ([`organisations`], [`places`]… in the order in which they refer to
//! each other), over what the database already holds; all that is wrong is told at once. One transaction writes the
//! difference, so that the same folder again changes nothing.

mod activities;
mod attendance;
mod bookings;
mod children;
mod codes;
mod context;
mod contracts;
mod custody;
mod elsewhere;
pub(crate) mod fields;
mod folder;
mod households;
mod organisations;
mod photos;
mod pickups;
mod places;
pub mod report;
mod source;
mod spec;
mod staff;
mod stage;
mod tariffs;

pub use context::Count;

use crate::app::App;
use crate::cli::Outcome;
use crate::identity::audit::{self, Act};
use crate::store::entity::import_run;
use crate::store::{self, Change, Territory, insert_all, record_changes};
use crate::{Error, Result};
use context::Import;
use folder::Folder;
use indicatif::{ProgressBar, ProgressStyle};
use report::Report;
use shared::id::SiteId;
use std::path::{Path, PathBuf};

/// Arguments of `import`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Dossier des fichiers : foyers.csv, enfants.csv, activites.csv, tarifs/…
    pub dir: PathBuf,
    /// Pourquoi une journée signée ou facturée est modifiée
    #[arg(long, value_name = "TEXTE")]
    pub motif: Option<String>,
    /// Collectivité des lieux qui n'en nomment pas ; inutile quand il n'y en a qu'une
    #[arg(long, value_name = "CODE")]
    pub organisation: Option<String>,
    /// Forme du bilan
    #[arg(long, value_enum, default_value_t = Format::Texte)]
    pub format: Format,
}

/// How the result is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// A table for people.
    Texte,
    /// One JSON object.
    Json,
}

/// What is to be imported, and how.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Why a signed or billed day is changed.
    pub reason: Option<String>,
    /// Whose rows are those that name nobody.
    pub organisation: Option<String>,
}

/// What an import did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// What became of each file's rows, in the order of files.
    pub counts: Vec<(&'static str, Count)>,
    /// What was detected or set aside.
    pub notices: Vec<String>,
}

impl Summary {
    /// What became of a file's rows.
    #[must_use]
    pub fn of(&self, file: &str) -> Count {
        self.counts.iter().find(|(name, _)| *name == file).map(|(_, count)| *count).unwrap_or_default()
    }
}

/// Runs the command.
///
/// # Errors
/// As [`import`].
pub async fn run(app: &App, args: &Args) -> Result<Outcome> {
    let options = Options { reason: args.motif.clone(), organisation: args.organisation.clone() };
    let progress = progress_bar();
    let summary = Box::pin(import_shown(app, &args.dir, &options, progress.clone())).await;
    progress.finish_and_clear();
    let summary = summary?;
    for notice in &summary.notices {
        eprintln!("{notice}");
    }
    match args.format {
        Format::Texte => print_table(&summary),
        Format::Json => {
            let counts: serde_json::Map<String, serde_json::Value> =
                summary.counts.iter().map(|(file, count)| ((*file).to_owned(), serde_json::json!(count))).collect();
            println!("{}", serde_json::json!({ "fichiers": counts, "remarques": summary.notices }));
        }
    }
    Ok(Outcome::Done)
}

fn print_table(summary: &Summary) {
    println!("{:<22}{:>10}{:>10}{:>11}{:>24}", "fichier", "nouveaux", "changés", "inchangés", "plus dans le dossier");
    for (file, count) in &summary.counts {
        println!("{file:<22}{:>10}{:>10}{:>11}{:>24}", count.new, count.changed, count.same, count.no_longer_there);
    }
}

/// A bar where someone is looking; nothing in a script.
fn progress_bar() -> ProgressBar {
    let bar = ProgressBar::new(spec::FILES.len() as u64);
    if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len} {msg}") {
        bar.set_style(style);
    }
    bar
}

/// Imports a folder.
///
/// # Errors
/// [`Error::Files`] with everything that is wrong, and then nothing has changed.
pub async fn import(app: &App, dir: &Path, options: &Options) -> Result<Summary> {
    Box::pin(import_shown(app, dir, options, ProgressBar::hidden())).await
}

async fn import_shown(app: &App, dir: &Path, options: &Options, progress: ProgressBar) -> Result<Summary> {
    let mut report = Report::default();
    let folder = Folder::read(dir, &mut report)?;
    let now = app.clock.now();
    let transaction = app.db.begin().await?;
    let territory = Territory::new(app.territoire(), &transaction);
    store::lock_territoire(&territory).await?;
    let mut import = Import::new(territory, folder, now, options.organisation.clone(), report, progress);
    Box::pin(read_all(app, &mut import, options)).await?;
    let left_over: Vec<String> = import.folder.left_over().map(|file| format!("{file} : laissé de côté")).collect();
    import.folder.notices.extend(left_over);
    if !import.report.is_empty() {
        return Err(Error::Files(import.report));
    }
    let summary = Summary { counts: import.counts(), notices: std::mem::take(&mut import.folder.notices) };
    record(&import, options, &summary).await?;
    transaction.commit().await?;
    Ok(summary)
}

/// Every file, in the order in which they refer to each other.
async fn read_all(app: &App, import: &mut Import<'_>, options: &Options) -> Result<()> {
    organisations::organisations(import).await?;
    organisations::regies(import).await?;
    organisations::communes(import).await?;
    elsewhere::read(import).await?;
    places::sites_and_centres(import).await?;
    places::closures(import).await?;
    places::groups(import).await?;
    places::schools(import).await?;
    places::classes(import).await?;
    households::households(import).await?;
    households::addresses(import).await?;
    households::adults(import).await?;
    households::situations(import).await?;
    children::children(import).await?;
    children::group_assignments(import).await?;
    children::class_assignments(import).await?;
    custody::custody(import).await?;
    custody::exceptions(import).await?;
    custody::rights(import).await?;
    pickups::pickups(import).await?;
    staff::staff(import).await?;
    staff::badges(import).await?;
    tariffs::codes(import).await?;
    activities::activities(import).await?;
    tariffs::tariffs(import).await?;
    activities::enrolments(import).await?;
    contracts::contracts(import).await?;
    contracts::slots(import).await?;
    contracts::leave(import).await?;
    bookings::bookings(import).await?;
    bookings::absences(import).await?;
    attendance::attendance(app, import, options).await?;
    photos::photos(import).await
}

/// What the import leaves behind: a line in its register and one in the audit, and a change for the tablets of every site.
async fn record(import: &Import<'_>, options: &Options, summary: &Summary) -> Result<()> {
    use crate::store::entity::site;
    let counts: serde_json::Map<String, serde_json::Value> =
        summary.counts.iter().map(|(file, count)| ((*file).to_owned(), serde_json::json!(count))).collect();
    let run = import_run::Model {
        territoire_id: import.territory.id().0,
        id: store::new_id(import.now)?,
        at_ms: import.now.timestamp_millis(),
        reason: options.reason.clone(),
        counts: serde_json::Value::Object(counts).to_string(),
    };
    let act = Act::command("import").about("import_run", run.id);
    insert_all(&import.territory.on(), vec![run]).await?;
    if import.changed_anything() {
        let sites = import.territory.find::<site::Entity>().all(&import.territory.on()).await?;
        for site in sites {
            let change = Change { kind: "roster", organisation: None, subject: None };
            record_changes(&import.territory, SiteId(site.id), vec![change], import.now).await?;
        }
    }
    audit::write(&import.territory, import.now, act).await
}
