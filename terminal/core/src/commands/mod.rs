//! What the program does without a window: enrol, tell its state, play a day.
//!
//! Each command is a function that `main` calls thinly: JSON alone on standard
//! output, sentences in French on standard error, an exit code.

pub mod cli;
pub mod enrol;
pub mod export;
pub mod simulate;
pub mod status;
pub mod verify;

use crate::store::StoreError;
use crate::sync::transport::LineFailure;
use std::path::PathBuf;

/// Why a command was not done, with the exit code that scripts rely on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CommandError {
    /// Something is not as it should be.
    #[error("{0}")]
    Finding(String),
    /// Bad input or usage.
    #[error("{0}")]
    Usage(String),
    /// The server, the disk or another program stands in the way.
    #[error("{0}")]
    Unavailable(String),
}

impl CommandError {
    /// 1 a finding, 2 bad input or usage, 3 unavailable.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Finding(_) => 1,
            Self::Usage(_) => 2,
            Self::Unavailable(_) => 3,
        }
    }
}

/// What helps once the chip is gone for good: said where a command can be typed.
const ANOTHER_KEY: &str = "La clé est scellée par la puce d'une machine, et rien ne l'ouvre ici. Carte mère changée, puce effacée ou dossier \
    copié d'une autre machine : avec un nouveau code, « preau-terminal enrol --server ADRESSE --code CODE --cle-perdue » donne une autre \
    clé à la tablette, et les pointages gardés partent ensuite.";

impl From<StoreError> for CommandError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NotEnrolled | StoreError::EnrolledElsewhere { .. } => Self::Usage(error.to_string()),
            StoreError::Damaged { .. } => Self::Finding(error.to_string()),
            StoreError::KeySealed { .. } => Self::Unavailable(format!("{error}\n\n{ANOTHER_KEY}")),
            _ => Self::Unavailable(error.to_string()),
        }
    }
}

impl From<LineFailure> for CommandError {
    fn from(failure: LineFailure) -> Self {
        Self::Unavailable(format!("Échange impossible : {failure}."))
    }
}

/// The tablet's data folder: the one that was named, else the place that XDG gives.
///
/// # Errors
/// Where the system names no home.
pub fn data_dir(named: Option<PathBuf>) -> Result<PathBuf, CommandError> {
    let by_xdg = || directories::ProjectDirs::from("", "", "preau-terminal").map(|dirs| dirs.data_dir().to_owned());
    named
        .or_else(by_xdg)
        .ok_or_else(|| CommandError::Usage("Aucun dossier de données par défaut : indiquez-le avec --data DOSSIER.".into()))
}
