//! A PostgreSQL of a test's own, which it may bring down.

use anyhow::{Context, bail};
use std::path::Path;
use std::process::Command;

/// A running cluster, erased at the end.
#[derive(Debug)]
pub struct Postgres {
    folder: tempfile::TempDir,
    url: String,
}

impl Postgres {
    /// Starts one; `None` where PostgreSQL isn't installed, and an error where nothing may be skipped.
    ///
    /// # Errors
    /// It doesn't start, or isn't there and `CI=true`.
    pub fn start() -> anyhow::Result<Option<Self>> {
        let folder = tempfile::tempdir()?;
        let output = script(&["start"], folder.path())?;
        if output.status.code() == Some(3) {
            if std::env::var("CI").as_deref() == Ok("true") {
                bail!("PostgreSQL isn't installed, and nothing is skipped where CI=true");
            }
            eprintln!("sauté : PostgreSQL n'est pas installé");
            return Ok(None);
        }
        let url = said(output)?.trim().to_owned();
        Ok(Some(Self { folder, url }))
    }

    /// Where its database is.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Brings it down in the middle of whatever it does, as a machine that loses its power does.
    ///
    /// # Errors
    /// It can't be stopped.
    pub fn crash(&self) -> anyhow::Result<()> {
        said(script(&["crash"], self.folder.path())?).map(drop)
    }

    /// Starts it again; it recovers from its own journal first.
    ///
    /// # Errors
    /// It doesn't start.
    pub fn again(&self) -> anyhow::Result<()> {
        said(script(&["again"], self.folder.path())?).map(drop)
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        if let Err(error) = script(&["stop"], self.folder.path()) {
            eprintln!("PostgreSQL was not stopped: {error}");
        }
    }
}

fn script(arguments: &[&str], folder: &Path) -> anyhow::Result<std::process::Output> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../postgres");
    Command::new(script).args(arguments).arg(folder).output().context("tests/postgres")
}

fn said(output: std::process::Output) -> anyhow::Result<String> {
    if !output.status.success() {
        bail!("tests/postgres: {}\n{}", output.status, String::from_utf8_lossy(&output.stderr));
    }
    Ok(String::from_utf8(output.stdout)?)
}
