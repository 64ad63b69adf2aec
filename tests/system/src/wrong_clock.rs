//! Programs that read another time on the machine's clock (Debian's `faketime`); what measures durations stays right.

use anyhow::{Context, bail};
use std::path::Path;
use std::process::Command;

/// Whether wrong clocks can be had; an error where they can't and nothing may be skipped.
///
/// # Errors
/// `faketime` isn't installed, and `CI=true`.
pub fn are_there() -> anyhow::Result<bool> {
    match library() {
        Ok(_) => Ok(true),
        Err(error) if std::env::var("CI").as_deref() == Ok("true") => Err(error),
        Err(error) => {
            eprintln!("sauté : {error:#}");
            Ok(false)
        }
    }
}

/// The library that stands before the system's clock, as `faketime` finds it.
fn library() -> anyhow::Result<String> {
    let output = Command::new("faketime").args(["-m", "-f", "+0", "env"]).output().context("faketime n'est pas installé")?;
    let said = String::from_utf8(output.stdout)?;
    let library = said.lines().find_map(|line| line.strip_prefix("LD_PRELOAD="));
    library.map(str::to_owned).context("faketime ne dit pas sa bibliothèque")
}

/// Lets a program read a time: `@1970-01-02 00:00:00` from its start on, or `+1200d` from the right one.
///
/// # Errors
/// `faketime` isn't installed.
pub fn at(command: &mut Command, time: &str) -> anyhow::Result<()> {
    command.env("LD_PRELOAD", library()?).env("FAKETIME", time).env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
    Ok(())
}

/// Lets a program read the time that stands in a file, which a test may write anew while it runs.
///
/// # Errors
/// `faketime` isn't installed, or there is no such file yet.
pub fn of_file(command: &mut Command, file: &Path) -> anyhow::Result<()> {
    if !file.is_file() {
        bail!("{} isn't there", file.display());
    }
    command.env("LD_PRELOAD", library()?).env("FAKETIME_TIMESTAMP_FILE", file).env("FAKETIME_NO_CACHE", "1");
    command.env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
    Ok(())
}
