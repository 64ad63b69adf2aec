//! A month of an agglomération: its draft, one household of it, its issue; beside a bare read of the same rows and a bare insert of the
//! same result into the same engine.
//!
//! `cargo bench --workspace --bench billing`; other sizes: `-- --households 700,7000,70000` (about one and a half children each).
//! PostgreSQL where `PREAU_TEST_POSTGRES` is given. A draft is one of a fresh process, with the system's cache dropped before where that
//! is allowed; nothing is precomputed. Medians of [`RUNS`]; an issue can be made once.

mod engine;

use anyhow::{Context, Result, bail};
use benches::{filled_on, percentile};
use engine::Engine;
use rules::input::Request;
use rules::problem::{Decision, Problem};
use server::app::{App, Place};
use server::billing::decide::decide;
use server::billing::draft::{of_household, priced};
use server::billing::issue::{Order, issue};
use server::identity::audit::Act;
use server::store::{Tenant, Territory};
use shared::calendar::Month;
use shared::id::OrganisationId;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

/// Odd, so that a median is one of them.
const RUNS: usize = 3;
const HOUSEHOLDS_DRAFTED: usize = 25;
const SIZES: &str = "700,7000";
const MONTH: &str = "2026-10";
const ORGANISATION: &str = "SNV";
/// Of the bench itself, in a fresh process.
const COLD: &str = "--cold-draft";

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().collect();
    let after = |name: &str| arguments.iter().position(|a| a == name).and_then(|at| arguments.get(at + 1)).cloned();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    if let Some(data) = after(COLD) {
        return runtime.block_on(cold(Path::new(&data), after("--database")));
    }
    let sizes = after("--households").unwrap_or_else(|| SIZES.to_owned());
    let sizes: Vec<usize> = sizes.split(',').map(|size| size.parse().context("--households")).collect::<Result<_>>()?;
    println!(
        "{:<11} {:>8} {:>9} {:>9} {:>10} {:>7} {:>7} {:>9} {:>9} {:>10} {:>7} {:>9}",
        "moteur", "enfants", "pointages", "lecture", "brouillon", "rapport", "Mio", "un foyer", "factures", "émission", "Mio", "insertion"
    );
    for households in sizes {
        runtime.block_on(Box::pin(one_size("SQLite", households, None)))?;
        match std::env::var("PREAU_TEST_POSTGRES") {
            Ok(url) => runtime.block_on(Box::pin(one_size("PostgreSQL", households, Some(url))))?,
            Err(_) => println!("PostgreSQL : sauté, PREAU_TEST_POSTGRES n'est pas donnée"),
        }
    }
    Ok(())
}

async fn one_size(engine: &str, households: usize, server: Option<String>) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let database = match server {
        Some(url) => Some(engine::database(&url).await?),
        None => None,
    };
    let app = filled_on(folder.path(), households, database.clone()).await?;
    let data = folder.path().join("data");
    let mut bare = Engine::open(&data, database.as_deref()).await?;
    let (mut reads, mut drafts, mut peak) = (Vec::new(), Vec::new(), 0);
    for _ in 0..RUNS {
        reads.push(bare.read().await?);
        let (elapsed, kib) = in_a_fresh_process(&data, database.as_deref())?;
        drafts.push(elapsed);
        peak = peak.max(kib);
    }
    let (children, invoices, alone) = alone(&app).await?;
    let touches = bare.count("SELECT COUNT(*) FROM journal_payload WHERE day BETWEEN '2026-10-01' AND '2026-10-31'").await?;
    decide_all(&app).await?;
    let (issued, kib) = issued(&app).await?;
    let inserted = bare.insert().await?;
    let [read, draft] = [reads, drafts].map(median);
    let ratio = draft.as_millis() / read.as_millis().max(1);
    let ms = |duration: Duration| format!("{} ms", duration.as_millis());
    println!(
        "{engine:<11} {children:>8} {touches:>9} {:>9} {:>10} {:>7} {:>7} {:>9} {invoices:>9} {:>10} {:>7} {:>9}",
        ms(read),
        ms(draft),
        format!("× {ratio}"),
        peak / 1024,
        ms(alone),
        ms(issued),
        kib / 1024,
        ms(inserted)
    );
    Ok(())
}

fn month() -> Result<Month> {
    MONTH.parse().map_err(anyhow::Error::msg)
}

fn request() -> Result<Request<'static>> {
    Ok(Request { month: month()?, regie: None, with_entry_ids: false })
}

async fn tenant<'c>(territory: &Territory<'c>) -> Result<Tenant<'c>> {
    let organisation = territory.organisation(Some(ORGANISATION)).await?;
    Ok(territory.tenant(OrganisationId(organisation.id)))
}

/// A draft from the start of a process to its last byte of JSON, and the most memory that it held.
fn in_a_fresh_process(data: &Path, database: Option<&str>) -> Result<(Duration, u64)> {
    // The system's cache, where we may; the database's own has nothing yet, or is the server's.
    _ = std::fs::write("/proc/sys/vm/drop_caches", "3");
    let mut command = Command::new(std::env::current_exe()?);
    command.arg(COLD).arg(data);
    if let Some(url) = database {
        command.args(["--database", url]);
    }
    let start = Instant::now();
    let output = command.output()?;
    let elapsed = start.elapsed();
    if !output.status.success() {
        bail!("{}", String::from_utf8_lossy(&output.stderr));
    }
    Ok((elapsed, String::from_utf8(output.stdout)?.trim().parse()?))
}

/// In that process: drafts, and prints its peak in KiB.
async fn cold(data: &Path, database: Option<String>) -> Result<()> {
    let app = App::open(&Place { data: Some(PathBuf::from(data)), database }).await?;
    let snapshot = app.db.snapshot().await?;
    let draft = priced(&tenant(&Territory::new(app.territoire(), &snapshot)).await?, request()?).await?.draft;
    serde_json::to_writer(std::io::sink(), &draft)?;
    println!("{}", peak_kib()?);
    Ok(())
}

fn peak_kib() -> Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("VmHWM")?;
    Ok(line.trim().trim_end_matches(" kB").parse()?)
}

/// Children who were billed, invoices of the draft, and what one household takes, drafted alone.
async fn alone(app: &App) -> Result<(usize, usize, Duration)> {
    let snapshot = app.db.snapshot().await?;
    let tenant = tenant(&Territory::new(app.territoire(), &snapshot)).await?;
    let draft = priced(&tenant, request()?).await?.draft;
    let children: BTreeSet<&str> = draft.invoices.iter().flat_map(|i| &i.lines).map(|line| line.child.as_str()).collect();
    let every = (draft.invoices.len() / HOUSEHOLDS_DRAFTED).max(1);
    let mut durations = Vec::new();
    for invoice in draft.invoices.iter().step_by(every) {
        let start = Instant::now();
        let one = of_household(&tenant, &invoice.household, request()?).await?;
        durations.push(start.elapsed());
        anyhow::ensure!(one.invoices.iter().any(|i| i.payer == invoice.payer && i.total_cents == invoice.total_cents), "the same bill");
    }
    Ok((children.len(), draft.invoices.len(), median(durations)))
}

/// Decides whatever blocks, as agents would have: to bill as it stands.
async fn decide_all(app: &App) -> Result<()> {
    let transaction = app.db.begin().await?;
    let tenant = tenant(&Territory::new(app.territoire(), &transaction)).await?;
    let draft = priced(&tenant, request()?).await?.draft;
    for wanted in [Decision::EmettreQuandMeme, Decision::Facturer] {
        let of = |problem: &&Problem| problem.blocking && Decision::possible(problem.kind).contains(&wanted);
        let problems: Vec<Problem> = draft.problems.iter().filter(of).cloned().collect();
        if !problems.is_empty() {
            decide(&tenant, month()?, &problems, wanted, None, "banc", app.clock.now()).await?;
        }
    }
    transaction.commit().await?;
    Ok(())
}

/// An issue without its documents, and the most memory that this process held until then.
async fn issued(app: &App) -> Result<(Duration, u64)> {
    let territory = Territory::new(app.territoire(), app.db.read());
    let organisation = tenant(&territory).await?.id();
    let order = Order { month: month()?, regie: None, exercise: None, by: "banc" };
    let start = Instant::now();
    let done = issue(app, organisation, &order, Act::command("billing issue")).await?;
    let elapsed = start.elapsed();
    anyhow::ensure!(done.run.is_some(), "nothing was issued");
    Ok((elapsed, peak_kib()?))
}

fn median(mut durations: Vec<Duration>) -> Duration {
    durations.sort_unstable();
    percentile(&durations, 50)
}
