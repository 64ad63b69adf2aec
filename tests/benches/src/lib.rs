//! Benches that stand beside no single room: each prints medians and a ratio to the least that the same work could take.
//!
//! `cargo bench -p preau-benches` runs them; nothing here is part of a check.

pub mod tablets;

use anyhow::{Context, Result};
use server::app::{App, Place};
use server::registry::{import, init};
use server::store::Territory;
use server::store::entity::site;
use server::sync::roster;
use shared::calendar::business_day;
use shared::id::{ChildId, SiteId};
use shared::roster::Item;
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

/// The site whose roster is nearest to so many children, and who they are.
///
/// # Errors
/// The database's; no site.
pub async fn site_of(app: &App, count: usize) -> Result<(SiteId, Vec<ChildId>)> {
    let territory = Territory::new(app.territoire(), app.db.read());
    let mut best: Option<(SiteId, Vec<ChildId>)> = None;
    for row in territory.find::<site::Entity>().all(&territory.on()).await? {
        let items = roster::items(&territory, SiteId(row.id), business_day(app.clock.now())).await?;
        let children: Vec<ChildId> =
            items.values().filter_map(|item| if let Item::Child(child) = item { Some(child.id) } else { None }).collect();
        let off = |children: &[ChildId]| children.len().abs_diff(count);
        if best.as_ref().is_none_or(|(_, known)| off(&children) < off(known)) {
            best = Some((SiteId(row.id), children));
        }
    }
    best.context("a site")
}

/// The value below which a share of the sorted durations lies, in hundredths; nothing of nothing.
#[must_use]
pub fn percentile(sorted: &[Duration], hundredths: usize) -> Duration {
    let at = (sorted.len() * hundredths / 100).min(sorted.len().saturating_sub(1));
    sorted.get(at).copied().unwrap_or_default()
}
