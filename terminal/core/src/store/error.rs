//! What can go wrong on the tablet's disk, in words that a person at a door
//! can act on.

use crate::words;
use std::fmt;
use std::path::Path;

/// A failure of the tablet's storage. `Display` is French, for logs and commands; [`StoreError::in_words`] is for the person who holds
/// the tablet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreError {
    /// No room for another entry, even after the reserve was given up.
    Full,
    /// Another program owns the data folder.
    AlreadyOpen(String),
    /// Another connection wrote for longer than the patience of a person.
    Busy,
    /// A file isn't what it should be. Nothing of it is deleted; a start salvages what can be read of a journal.
    Damaged {
        /// Which file.
        path: String,
        /// What was found.
        why: String,
    },
    /// The machine's chip doesn't open the tablet's key: another board, a chip that was cleared, or one that doesn't answer.
    /// How it gets another key, a command says: nobody at a door can do it.
    KeySealed {
        /// What the chip, or the system's tool, said.
        why: String,
    },
    /// The data comes from a newer version of the program.
    Newer {
        /// Version of the schema on disk.
        found: i64,
        /// Newest version that this program knows.
        known: i64,
    },
    /// The server gave a new epoch while the entry was being prepared: the one that opens it comes first.
    EpochToOpen,
    /// The tablet belongs to no site yet.
    NotEnrolled,
    /// The tablet belongs to another site, whose server doesn't hold all of its entries.
    EnrolledElsewhere {
        /// "École Vauban".
        site: String,
        /// Entries that its server doesn't hold, refused ones included.
        waiting: u32,
    },
    /// The disk, the file system or the rights of a file.
    Io {
        /// Which file or folder.
        path: String,
        /// What the system said.
        why: String,
    },
    /// SQLite refused something that has no name above.
    Refused(String),
}

impl std::error::Error for StoreError {}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&words::in_french(|| self.in_words()))
    }
}

impl StoreError {
    /// What happened and what to do, in the language of the tablet.
    #[must_use]
    pub fn in_words(&self) -> String {
        match self {
            Self::Full => {
                tr!("Le disque de la tablette est plein : ce geste n'est PAS enregistré. Notez-le sur papier et appelez l'administration.")
            }
            Self::AlreadyOpen(by) => {
                tr!("Préau est déjà ouvert sur ces données ({by}). Fermez l'autre fenêtre, puis recommencez.", by)
            }
            Self::Busy => tr!("Le journal est occupé : ce geste n'est PAS enregistré. Recommencez dans un instant."),
            Self::Damaged { path, why } => tr!(
                "Le fichier {path} est abîmé ({why}). Rien n'a été effacé, rien n'a été enregistré à l'instant : recommencez ; si cela \
                 revient, notez sur papier et appelez l'administration.",
                path,
                why
            ),
            Self::KeySealed { why } => tr!(
                "Redémarrez la tablette : elle n'a pas pu ouvrir sa clé. Si cela revient, appelez l'administration et lisez-lui ceci :\n\
                 « puce TPM : {why} »\n\nRien n'a été effacé : les pointages déjà faits sont gardés.",
                why
            ),
            Self::Newer { found, known } => tr!(
                "Ces données viennent d'une version plus récente de Préau (schéma {found}, connu {known}). Mettez la tablette à jour.",
                found,
                known
            ),
            Self::EpochToOpen => tr!("La tablette vient de changer d'époque : ce geste n'est PAS enregistré. Recommencez."),
            Self::NotEnrolled => {
                tr!("Cette tablette n'est pas encore enrôlée. Demandez un code à l'administration, puis : preau-terminal enrol --server \
                 ADRESSE --code CODE")
            }
            Self::EnrolledElsewhere { site, waiting } => tr!(
                "Cette tablette est enrôlée pour {site} et garde {n} pointage que ce serveur n'a pas. Laissez-la les envoyer, ou \
                 réenrôlez-la pour {site} si elle y est refusée ; « preau-terminal status » dit ce qui reste. Ensuite seulement, elle \
                 peut changer de site."
                    | "Cette tablette est enrôlée pour {site} et garde {n} pointages que ce serveur n'a pas. Laissez-la les envoyer, ou \
                       réenrôlez-la pour {site} si elle y est refusée ; « preau-terminal status » dit ce qui reste. Ensuite seulement, \
                       elle peut changer de site."
                        % *waiting,
                site
            ),
            Self::Io { path, why } => tr!("Lecture ou écriture impossible de {path} : {why}.", path, why),
            Self::Refused(why) => {
                tr!("Le journal de la tablette a refusé l'opération ({why}) : ce geste n'est PAS enregistré.", why)
            }
        }
    }

    pub(crate) fn io(path: impl AsRef<Path>, error: &std::io::Error) -> Self {
        if error.kind() == std::io::ErrorKind::StorageFull {
            return Self::Full;
        }
        Self::Io { path: path.as_ref().display().to_string(), why: error.to_string() }
    }

    pub(super) fn damaged(what: &str, why: impl ToString) -> Self {
        Self::Damaged { path: what.to_owned(), why: why.to_string() }
    }

    /// Whether room may be made for a second try.
    #[must_use]
    pub fn is_full(&self) -> bool {
        *self == Self::Full
    }

    /// Whether the same gesture may work a moment later.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::Busy | Self::Full | Self::EpochToOpen)
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode;
        let Some(code) = error.sqlite_error_code() else {
            return Self::Refused(error.to_string());
        };
        match error.sqlite_error().map(|e| e.extended_code) {
            // Without room, the index of the write-ahead log can't grow: the same thing for a person.
            Some(rusqlite::ffi::SQLITE_IOERR_SHMSIZE) => return Self::Full,
            // What the disk can't give back any more, or a file cut short.
            Some(
                rusqlite::ffi::SQLITE_IOERR_READ
                | rusqlite::ffi::SQLITE_IOERR_SHORT_READ
                | rusqlite::ffi::SQLITE_IOERR_CORRUPTFS
                | rusqlite::ffi::SQLITE_IOERR_DATA,
            ) => return Self::damaged("journal.db, roster.db", error),
            _ => {}
        }
        match code {
            ErrorCode::DiskFull => Self::Full,
            ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => Self::Busy,
            ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => Self::damaged("journal.db, roster.db", error),
            ErrorCode::SystemIoFailure => Self::Io { path: "journal.db".into(), why: error.to_string() },
            _ => Self::Refused(error.to_string()),
        }
    }
}
