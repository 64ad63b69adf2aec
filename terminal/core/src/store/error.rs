//! What can go wrong on the tablet's disk, in words that a person at a door
//! can act on.

use shared::french as words;
use std::path::Path;

/// A failure of the tablet's storage. `Display` is French, for the person who holds the tablet.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// No room for another entry, even after the reserve was given up.
    #[error("Le disque de la tablette est plein : ce geste n'est PAS enregistré. Notez-le sur papier et appelez l'administration.")]
    Full,
    /// Another program owns the data folder.
    #[error("Préau est déjà ouvert sur ces données ({0}). Fermez l'autre fenêtre, puis recommencez.")]
    AlreadyOpen(String),
    /// Another connection wrote for longer than the patience of a person.
    #[error("Le journal est occupé : ce geste n'est PAS enregistré. Recommencez dans un instant.")]
    Busy,
    /// A file isn't what it should be. Nothing of it is deleted; a start salvages what can be read of a journal.
    #[error(
        "Le fichier {path} est abîmé ({why}). Rien n'a été effacé, rien n'a été enregistré à l'instant : recommencez ; si cela revient, notez sur papier et appelez l'administration."
    )]
    Damaged {
        /// Which file.
        path: String,
        /// What was found.
        why: String,
    },
    /// The machine's chip doesn't open the tablet's key: another board, a chip that was cleared, or one that doesn't answer.
    /// How it gets another key, a command says: nobody at a door can do it.
    #[error(
        "Redémarrez la tablette : elle n'a pas pu ouvrir sa clé. Si cela revient, appelez l'administration et lisez-lui ceci :\n\
         « puce TPM : {why} »\n\nRien n'a été effacé : les pointages déjà faits sont gardés."
    )]
    KeySealed {
        /// What the chip, or the system's tool, said.
        why: String,
    },
    /// The data comes from a newer version of the program.
    #[error("Ces données viennent d'une version plus récente de Préau (schéma {found}, connu {known}). Mettez la tablette à jour.")]
    Newer {
        /// Version of the schema on disk.
        found: i64,
        /// Newest version that this program knows.
        known: i64,
    },
    /// The server gave a new epoch while the entry was being prepared: the one that opens it comes first.
    #[error("La tablette vient de changer d'époque : ce geste n'est PAS enregistré. Recommencez.")]
    EpochToOpen,
    /// The tablet belongs to no site yet.
    #[error(
        "Cette tablette n'est pas encore enrôlée. Demandez un code à l'administration, puis : preau-terminal enrol --server ADRESSE --code CODE"
    )]
    NotEnrolled,
    /// The tablet belongs to another site, whose server doesn't hold all of its entries.
    #[error(
        "Cette tablette est enrôlée pour {site} et garde {} que ce serveur n'a pas. Laissez-la les envoyer, ou réenrôlez-la pour {site} \
         si elle y est refusée ; « preau-terminal status » dit ce qui reste. Ensuite seulement, elle peut changer de site.",
        words::count(*waiting, "pointage", "pointages")
    )]
    EnrolledElsewhere {
        /// "École Vauban".
        site: String,
        /// Entries that its server doesn't hold, refused ones included.
        waiting: u32,
    },
    /// The disk, the file system or the rights of a file.
    #[error("Lecture ou écriture impossible de {path} : {why}.")]
    Io {
        /// Which file or folder.
        path: String,
        /// What the system said.
        why: String,
    },
    /// SQLite refused something that has no name above.
    #[error("Le journal de la tablette a refusé l'opération ({0}) : ce geste n'est PAS enregistré.")]
    Refused(String),
}

impl StoreError {
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
            ) => return Self::damaged("journal.db ou roster.db", error),
            _ => {}
        }
        match code {
            ErrorCode::DiskFull => Self::Full,
            ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => Self::Busy,
            ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => Self::damaged("journal.db ou roster.db", error),
            ErrorCode::SystemIoFailure => Self::Io { path: "journal.db".into(), why: error.to_string() },
            _ => Self::Refused(error.to_string()),
        }
    }
}
