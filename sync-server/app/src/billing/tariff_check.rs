//! `preau-server tariff check FILE…`: holds every example of tariff files, without a database.

use crate::cli::Outcome;
use crate::{Error, Result};
use rules::tariff::{National, check_examples, parse};
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// The subcommands of `tariff`.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Rejoue les exemples de fichiers tarifaires, sans base de données ; un écart ou une erreur : sortie 1
    Check {
        /// Fichiers .toml, ou dossiers qui en contiennent
        #[arg(required = true, value_name = "FICHIER")]
        files: Vec<PathBuf>,
    },
}

/// Runs the command.
///
/// # Errors
/// A file that can't be read. Everything that is wrong *in* files is printed, and ends in [`Outcome::Finding`].
pub fn run(command: &Command) -> Result<Outcome> {
    let Command::Check { files } = command;
    let mut all_hold = true;
    for path in tariff_files(files)? {
        let (printed, holds) = check(&path)?;
        // A reader that has seen enough (`| head`) doesn't change what was found.
        _ = std::io::stdout().write_all(printed.as_bytes());
        all_hold &= holds;
    }
    Ok(if all_hold { Outcome::Done } else { Outcome::Finding })
}

/// The files named, and those of the folders named, in order of name.
fn tariff_files(named: &[PathBuf]) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for path in named {
        if !path.is_dir() {
            files.push(path.clone());
            continue;
        }
        let mut inside = Vec::new();
        for entry in std::fs::read_dir(path).map_err(Error::io(path))? {
            inside.push(entry.map_err(Error::io(path))?.path());
        }
        inside.retain(|file| file.extension().is_some_and(|extension| extension == "toml"));
        inside.sort();
        files.extend(inside);
    }
    Ok(files)
}

/// One line an example, or one line a mistake; and whether all is well.
fn check(path: &Path) -> Result<(String, bool)> {
    let bytes = std::fs::read(path).map_err(Error::io(path))?;
    let file = path.display();
    let mut printed = String::new();
    let mut line = |text: String| _ = writeln!(printed, "{text}");
    let tariff = match parse(&text_of(&bytes)) {
        Ok(tariff) => tariff,
        Err(errors) => {
            errors.iter().for_each(|error| line(format!("{file}, {error}")));
            return Ok((printed, false));
        }
    };
    let reports = check_examples(&tariff, National::shipped());
    reports.iter().for_each(|report| line(format!("{file}, {report}")));
    if reports.is_empty() {
        line(format!("{file} : lu, aucun exemple à tenir"));
    }
    Ok((printed, reports.iter().all(|report| report.holds)))
}

/// UTF-8, else Windows-1252, as spreadsheets and old editors of town halls save it.
fn text_of(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => encoding_rs::WINDOWS_1252.decode(bytes).0.into_owned(),
    }
}
