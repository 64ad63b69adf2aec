//! What every run starts from, made once: a server that has imported a town hall's files, and tablets that it has enrolled and
//! told their children. A run works on a copy.

use crate::house::House;
use crate::line::{Line, Sky};
use crate::power::{self, Power};
use crate::tablet::Tablet;
use anyhow::{Context, Result};
use shared::id::SiteId;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use tempfile::TempDir;
use terminal_core::commands::CommandError;
use terminal_core::commands::enrol::{Reach, enrol};
use terminal_core::sync::transport::Transport;

/// Monday 19 October 2026, seven in the morning in Paris: within a run of some weeks the clocks change, a month ends, and its bills
/// can be issued.
pub const START_MS: i64 = 1_792_386_000_000;
/// Sites whose tablets stand ready, by code, one each.
pub const TABLETS: [&str; 3] = ["A", "A", "B"];

/// The town that runs are copied from.
pub struct Template {
    folder: TempDir,
}

impl Template {
    /// Makes it.
    ///
    /// # Errors
    /// The import's and the enrolment's.
    pub fn new() -> Result<Self> {
        let folder = tempfile::tempdir_in(memory())?;
        let files = Path::new(env!("CARGO_MANIFEST_DIR")).join("data");
        let house = House::found(&folder.path().join("house"), &files, START_MS)?;
        house.tend();
        let sites = house.sites()?;
        let house = Arc::new(Mutex::new(house));
        for (number, code) in TABLETS.iter().enumerate() {
            let dir = folder.path().join(format!("tablets/{number}/0"));
            enrolled(&dir, &house, sites[*code])?;
            let mut tablet = Tablet::start(number, &dir, &house, 0, START_MS)?;
            tablet.round(START_MS, true).context("a first round")?;
        }
        Ok(Self { folder })
    }

    /// A copy of it, in memory where the system has such a place: a run asks for durability and is not slowed down by it.
    ///
    /// # Errors
    /// No room.
    pub fn copy(&self) -> Result<TempDir> {
        let folder = tempfile::tempdir_in(memory())?;
        power::copy(self.folder.path(), folder.path());
        Ok(folder)
    }
}

fn memory() -> PathBuf {
    let shm = PathBuf::from("/dev/shm");
    if shm.is_dir() { shm } else { std::env::temp_dir() }
}

/// Enrols the tablet of a folder, as its command does.
///
/// # Errors
/// The enrolment's.
pub fn enrolled(dir: &Path, house: &Arc<Mutex<House>>, site: SiteId) -> Result<()> {
    std::fs::create_dir_all(dir)?;
    let code = house.lock().unwrap_or_else(PoisonError::into_inner).enrolment_code(site)?;
    let line = Line { sky: Arc::new(Mutex::new(Sky::default())), house: Arc::clone(house), power: Arc::new(Power::of(dir)) };
    let line = InMemory(line);
    let enrol = || enrol(dir, "https://simulation.example", &code, &line).map_err(|e| anyhow::anyhow!("{e}"));
    // Where the server's power goes meanwhile, somebody types the same code once more.
    enrol().or_else(|_| enrol())?;
    Ok(())
}

struct InMemory(Line);

impl Reach for InMemory {
    fn anyone(&self, _server_url: &str) -> Result<Box<dyn Transport>, CommandError> {
        Ok(Box::new(self.0.clone()))
    }
    fn pinned(&self, _server_url: &str, _authority: &[u8]) -> Result<Box<dyn Transport>, CommandError> {
        Ok(Box::new(self.0.clone()))
    }
}
