//! What whole-system tests share: the real programs, run as a person would run them.
//!
//! The programs are those that `cargo build --workspace` put beside the tests; `./check` builds them first.

pub mod chance;
pub mod chaos;
pub mod postgres;
pub mod wrong_clock;

use anyhow::{Context, bail};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

/// How long anything that must happen may take.
const DEADLINE: Duration = Duration::from_secs(60);

/// Waits until something is so.
///
/// # Errors
/// It wasn't within a minute, or it can't be looked at.
pub fn wait_until(what: &str, mut is_so: impl FnMut() -> anyhow::Result<bool>) -> anyhow::Result<()> {
    let begun = Instant::now();
    while !is_so()? {
        if begun.elapsed() > DEADLINE {
            bail!("not within a minute: {what}");
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    Ok(())
}

/// How much longer than in `./check` a loop runs: `PREAU_LONGER=20` plays twenty times as many rounds.
#[must_use]
pub fn longer() -> u64 {
    std::env::var("PREAU_LONGER").ok().and_then(|times| times.parse().ok()).unwrap_or(1)
}

/// A program of the workspace, ready to be given arguments.
///
/// # Errors
/// It hasn't been built.
pub fn program(name: &str) -> anyhow::Result<Command> {
    // target/debug/deps/this-test → target/debug/name
    let test = std::env::current_exe()?;
    let folder = test.parent().and_then(Path::parent).context("a test lies in target/…/deps")?;
    let path = folder.join(name);
    if !path.is_file() {
        bail!("{} isn't there: cargo build --workspace builds it", path.display());
    }
    Ok(Command::new(path))
}

/// A folder of test data.
#[must_use]
pub fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("data").join(name)
}

/// An installation of the server in a folder of its own.
#[derive(Debug)]
pub struct Installation {
    folder: tempfile::TempDir,
    database: Option<String>,
}

impl Installation {
    /// Makes an empty one.
    ///
    /// # Errors
    /// The disk or the program refuses.
    pub fn new() -> anyhow::Result<Self> {
        Self::with(None)
    }

    /// Makes an empty one in a database of its own.
    ///
    /// # Errors
    /// As [`Self::new`]; a database that doesn't answer.
    pub fn in_database(url: &str) -> anyhow::Result<Self> {
        Self::with(Some(url.to_owned()))
    }

    fn with(database: Option<String>) -> anyhow::Result<Self> {
        let installation = Self { folder: tempfile::tempdir()?, database };
        installation.run(&["init"])?;
        Ok(installation)
    }

    /// Tells a command of the server's program where this installation is.
    pub fn place(&self, command: &mut Command) {
        command.arg("--data").arg(self.folder.path());
        if let Some(url) = &self.database {
            command.arg("--database").arg(url);
        }
    }

    /// Its data folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Runs a subcommand to its end; whatever it answers.
    ///
    /// # Errors
    /// The program isn't there.
    pub fn call(&self, arguments: &[&str]) -> anyhow::Result<Output> {
        let mut command = program("preau-server")?;
        self.place(&mut command);
        Ok(command.args(arguments).output()?)
    }

    /// Runs a subcommand that must succeed, and gives its standard output.
    ///
    /// # Errors
    /// It failed: what it said.
    pub fn run(&self, arguments: &[&str]) -> anyhow::Result<String> {
        let output = self.call(arguments)?;
        if !output.status.success() {
            bail!("preau-server {}: {}\n{}", arguments.join(" "), output.status, String::from_utf8_lossy(&output.stderr));
        }
        Ok(String::from_utf8(output.stdout)?)
    }

    /// Imports a folder.
    ///
    /// # Errors
    /// It was refused: all reasons.
    pub fn import(&self, folder: &Path) -> anyhow::Result<String> {
        self.run(&["import", &folder.to_string_lossy(), "--format", "json"])
    }

    /// The draft of a month, as printed; of an organisation, where there are several.
    ///
    /// # Errors
    /// It failed: what it said.
    pub fn draft(&self, month: &str, organisation: Option<&str>) -> anyhow::Result<String> {
        let mut arguments = vec!["billing", "draft", "--month", month, "--format", "json"];
        arguments.extend(organisation.iter().flat_map(|code| ["--organisation", code]));
        self.run(&arguments)
    }
}
