//! One vocabulary of errors for the whole server: what a person reads, and the one place that chooses an exit code.
//!
//! Messages are French, say what happened and what to do, and never hold a stack. Routes choose their status from
//! [`Error::kind`] too, in one place.

use crate::registry::import::report::Report;
use sea_orm::{DbErr, RuntimeErr, sqlx};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// A result of the server.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// What was asked makes no sense as it is written.
    #[error("{0}")]
    Input(String),
    /// Files that can't be taken as they are: every mistake, each with its place.
    #[error("{0}")]
    Files(Report),
    /// A check was made, and found something.
    #[error("{0}")]
    Finding(String),
    /// What was named isn't here, or isn't the reader's to see: the same answer for both.
    #[error("{0} introuvable")]
    NotFound(String),
    /// The reader may not.
    #[error("{0}")]
    Forbidden(String),
    /// True when asked, no longer true: someone else was faster, or the day is signed.
    #[error("{0}")]
    Conflict(String),
    /// A part that is needed doesn't answer.
    #[error("{0}")]
    Unavailable(String),
    /// A file or a folder that can't be read or written.
    #[error("{path} : {source}")]
    Io {
        /// Which one.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The database refused or doesn't answer.
    #[error("{}", said_by_the_database(.0))]
    Database(#[from] DbErr),
}

/// What engines say when a write finds no room: SQLite's `SQLITE_FULL` and a write error, PostgreSQL's `disk_full`.
const NO_ROOM: [&str; 3] = ["database or disk is full", "disk I/O error", "No space left on device"];

fn has_no_room(error: &DbErr) -> bool {
    let said = error.to_string();
    NO_ROOM.iter().any(|words| said.contains(words))
}

/// PostgreSQL's words on its way down or up: `admin_shutdown`, `crash_shutdown`, `cannot_connect_now`.
const ON_ITS_WAY: [&str; 3] = ["57P01", "57P02", "57P03"];

/// Whether the database isn't there, or went away in the middle of a question: asking again later helps.
fn has_gone(error: &DbErr) -> bool {
    let cause = match error {
        DbErr::ConnectionAcquire(_) | DbErr::Conn(_) => return true,
        DbErr::Exec(RuntimeErr::SqlxError(cause)) | DbErr::Query(RuntimeErr::SqlxError(cause)) => cause,
        _ => return false,
    };
    match cause.as_ref() {
        sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed => true,
        sqlx::Error::Database(said) => said.code().is_some_and(|code| ON_ITS_WAY.contains(&code.as_ref())),
        _ => false,
    }
}

fn said_by_the_database(error: &DbErr) -> String {
    if has_no_room(error) {
        return format!(
            "Le disque du serveur est plein, ou ne s'écrit plus : faites de la place, puis recommencez. Rien n'a été changé. ({error})"
        );
    }
    if has_gone(error) {
        return format!(
            "La base de données ne répond pas : vérifiez que PostgreSQL tourne, ou qu'aucune autre commande n'occupe la base. Le serveur reprend de lui-même dès qu'elle répond. ({error})"
        );
    }
    format!("base de données : {error}")
}

/// What an error means for who asked; commands make an exit code of it, routes a status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Exit 1.
    Finding,
    /// Exit 2, status 400 or 422.
    BadInput,
    /// Exit 2, status 404.
    NotFound,
    /// Exit 2, status 403.
    Forbidden,
    /// Exit 1, status 409.
    Conflict,
    /// Exit 3, status 503.
    Unavailable,
    /// Exit 3, status 500.
    Internal,
}

impl Error {
    /// A sentence about what was asked.
    pub fn input(sentence: impl Into<String>) -> Self {
        Self::Input(sentence.into())
    }

    /// A sentence about what is in the way.
    pub fn conflict(sentence: impl Into<String>) -> Self {
        Self::Conflict(sentence.into())
    }

    /// A file's error, with its path.
    pub fn io(path: &Path) -> impl FnOnce(std::io::Error) -> Self + '_ {
        move |source| Self::Io { path: path.to_owned(), source }
    }

    /// What it means for who asked.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Self::Input(_) | Self::Files(_) => Kind::BadInput,
            Self::Io { source, .. } if source.kind() == std::io::ErrorKind::NotFound => Kind::BadInput,
            Self::Finding(_) => Kind::Finding,
            Self::NotFound(_) => Kind::NotFound,
            Self::Forbidden(_) => Kind::Forbidden,
            Self::Conflict(_) => Kind::Conflict,
            Self::Unavailable(_) => Kind::Unavailable,
            Self::Database(error) if has_gone(error) || has_no_room(error) => Kind::Unavailable,
            Self::Io { .. } | Self::Database(_) => Kind::Internal,
        }
    }

    /// Whether asking again later may help.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        self.kind() == Kind::Unavailable
    }

    /// The exit code that files.md promises: 1 a finding, 2 bad input, 3 unavailable.
    #[must_use]
    pub fn exit_code(&self) -> ExitCode {
        ExitCode::from(match self.kind() {
            Kind::Finding | Kind::Conflict => 1,
            Kind::BadInput | Kind::NotFound | Kind::Forbidden => 2,
            Kind::Unavailable | Kind::Internal => 3,
        })
    }
}
