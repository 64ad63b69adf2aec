//! Benches that stand beside no single room: each prints medians and a ratio to the least that the same work could take.
//!
//! `cargo bench -p preau-benches` runs them; nothing here is part of a check.

pub mod tablets;

use anyhow::{Context, Result};
use server::app::{App, Place};
use server::registry::{import, init};
use std::path::Path;
use std::time::Duration;

/// An installation with the seed's agglomération, of about as many households.
///
/// # Errors
/// A disk that is full; a seed that the import refuses.
pub async fn filled(folder: &Path, households: usize) -> Result<App> {
    filled_on(folder, households, None).await
}

/// The same on a database of its own URL.
///
/// # Errors
/// As [`filled`]; a database that doesn't answer.
pub async fn filled_on(folder: &Path, households: usize, database: Option<String>) -> Result<App> {
    let today = "2026-11-24".parse()?;
    let made = seed::generate(&seed::Options { today, seed: seed::SEED, households })?;
    let files = folder.join("files");
    made.folder.write(&files)?;
    let place = Place { data: Some(folder.join("data")), database };
    let (app, _) = init::initialise(&place, &init::Args { nom: "Banc".into(), demo: true }).await?;
    import::import(&app, &files, &import::Options::default()).await.context("import of the seed's folder")?;
    Ok(app)
}

/// The value below which a share of the sorted durations lies, in hundredths; nothing of nothing.
#[must_use]
pub fn percentile(sorted: &[Duration], hundredths: usize) -> Duration {
    let at = (sorted.len() * hundredths / 100).min(sorted.len().saturating_sub(1));
    sorted.get(at).copied().unwrap_or_default()
}
