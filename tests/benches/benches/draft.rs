//! A month's draft for 300 and for 3,000 children, beside a bare read of the same rows from the same file.
//!
//! The agglomération is the seed's. Printed: the medians of [`RUNS`] runs, and how many times the bare read a draft takes.

use anyhow::Result;
use benches::{filled, percentile};
use server::billing::month;
use server::store::Territory;
use shared::calendar::Month;
use shared::id::OrganisationId;
use std::path::Path;
use std::time::{Duration, Instant};

/// Odd, so that a median is one of them.
const RUNS: usize = 7;
const MONTH: &str = "2026-10";
const ORGANISATION: &str = "SNV";

/// The tables that a draft reads, and what of them: whole, or the month's rows.
const TABLES: [(&str, &str); 14] = [
    ("centre", ""),
    ("closure", ""),
    ("activity", ""),
    ("tariff", ""),
    ("child", ""),
    ("custody", ""),
    ("enrolment", ""),
    ("contract", ""),
    ("household", ""),
    ("household_address", ""),
    ("situation", ""),
    ("person", ""),
    ("booking", "WHERE day BETWEEN '2026-10-01' AND '2026-10-31'"),
    ("journal_payload", "WHERE day BETWEEN '2026-10-01' AND '2026-10-31'"),
];
/// Rows that hang on those of the month.
const DEPENDENT: [&str; 2] = [
    "SELECT e.* FROM journal_entry e JOIN journal_payload p USING (organisation_id, entry_id) WHERE p.day BETWEEN '2026-10-01' AND '2026-10-31'",
    "SELECT e.* FROM booking_event e JOIN booking b ON b.organisation_id = e.organisation_id AND b.id = e.booking_id WHERE b.day BETWEEN '2026-10-01' AND '2026-10-31'",
];

fn main() -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    println!(
        "{:>8} {:>9} {:>10} {:>10} {:>10} {:>10} {:>7}",
        "enfants", "lignes", "lecture", "brouillon", "dont lus", "dont prix", "rapport"
    );
    for households in [310, 3_100] {
        runtime.block_on(Box::pin(one_size(households)))?;
    }
    Ok(())
}

async fn one_size(households: usize) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let app = filled(folder.path(), households).await?;
    let month: Month = MONTH.parse().map_err(anyhow::Error::msg)?;
    let (mut bare, mut whole, mut read, mut priced) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let (mut rows, mut children) = (0, 0);
    for _ in 0..RUNS {
        let start = Instant::now();
        rows = bare_read(&folder.path().join("data/preau.db"))?;
        bare.push(start.elapsed());

        let start = Instant::now();
        let snapshot = app.db.snapshot().await?;
        let territory = Territory::new(app.territoire(), &snapshot);
        let organisation = territory.organisation(Some(ORGANISATION)).await?;
        let input = month::read(&territory.tenant(OrganisationId(organisation.id)), month).await?;
        read.push(start.elapsed());
        children = input.children.len();
        let pricing = Instant::now();
        let request = rules::input::Request { month, regie: None, with_entry_ids: false };
        let json = serde_json::to_string(&rules::price(&input, rules::tariff::National::shipped(), request))?;
        priced.push(pricing.elapsed());
        whole.push(start.elapsed());
        anyhow::ensure!(json.len() > 1000, "a draft of a whole month has lines");
    }
    let [bare, whole, read, priced] = [bare, whole, read, priced].map(median);
    let ratio = whole.as_micros() / bare.as_micros().max(1);
    let ms = |duration: Duration| format!("{} ms", duration.as_millis());
    println!("{children:>8} {rows:>9} {:>10} {:>10} {:>10} {:>10} {:>7}", ms(bare), ms(whole), ms(read), ms(priced), format!("× {ratio}"));
    Ok(())
}

/// Every value of every row, by rusqlite and nothing else.
fn bare_read(file: &Path) -> Result<usize> {
    let connection = rusqlite::Connection::open_with_flags(file, rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let whole = TABLES.iter().map(|(table, filter)| format!("SELECT * FROM {table} {filter}"));
    let mut rows = 0;
    for sql in whole.chain(DEPENDENT.iter().map(|sql| (*sql).to_owned())) {
        let mut statement = connection.prepare(&sql)?;
        let columns = statement.column_count();
        let mut found = statement.query([])?;
        while let Some(row) = found.next()? {
            for column in 0..columns {
                std::hint::black_box(row.get_ref(column)?);
            }
            rows += 1;
        }
    }
    Ok(rows)
}

fn median(mut durations: Vec<Duration>) -> Duration {
    durations.sort_unstable();
    percentile(&durations, 50)
}
