//! What can go wrong, in a person's words.

use crate::verify::DataError;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Why there is no PDF.
#[derive(Debug, thiserror::Error)]
pub enum DocumentError {
    /// The data must not be printed as they are.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The templates don't hold.
    #[error("Le modèle ne peut pas être utilisé :\n{}", listed(.0))]
    Template(Vec<Fault>),
    /// The organisation's folder cannot be taken.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The engine gave up in a way that it should not have.
    #[error(
        "La mise en page s'est interrompue ({0}). Si un modèle vient d'être changé, revenez au précédent ; sinon, signalez-le avec le numéro du document."
    )]
    Crashed(String),
    /// The deadline passed.
    #[error(
        "La mise en page a dépassé {seconds} secondes et a été arrêtée. Un modèle calcule sans fin, ou le lot est trop grand : revenez au modèle précédent, ou imprimez en plusieurs lots."
    )]
    TooLong {
        /// The deadline.
        seconds: u64,
    },
    /// The worker cannot be started or spoken to.
    #[error("Le programme de mise en page ne répond pas ({0}). Les documents seront refaits ; vérifiez son installation si cela dure.")]
    Worker(#[from] std::io::Error),
}

impl DocumentError {
    /// Whether the same request may succeed later without anybody changing anything.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::Worker(_))
    }
}

/// Why an organisation's folder is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FolderError {
    /// It cannot be read.
    #[error("{file} : lecture impossible ({reason}). Vérifiez que le dossier existe et que le serveur peut le lire.")]
    Unreadable {
        /// Folder or file.
        file: String,
        /// What the system says.
        reason: String,
    },
    /// A name that is no template's.
    #[error(
        "{file} : ce nom ne peut pas servir. Gardez des fichiers .typ, .svg, .png ou .jpg, sans sous-dossier ni lien, en minuscules sans accent ni espace."
    )]
    Name {
        /// The file.
        file: String,
    },
    /// A file that stays ours.
    #[error(
        "{file} : ce fichier appartient à Préau et ne se remplace pas. Retirez-le ; changez facture.typ, avoir.typ, detail.typ ou commun.typ."
    )]
    Reserved {
        /// The file.
        file: String,
    },
    /// Not text.
    #[error("{file} : ce modèle n'est pas en UTF-8. Enregistrez-le à nouveau en UTF-8.")]
    NotUtf8 {
        /// The file.
        file: String,
    },
    /// Two logos.
    #[error("Le dossier contient plusieurs logos ({0}). N'en gardez qu'un.")]
    SeveralLogos(String),
    /// Too many files.
    #[error("Le dossier contient plus de {0} fichiers. Retirez ceux qui ne servent pas.")]
    TooManyFiles(usize),
    /// Too large.
    #[error("Le dossier dépasse {0} octets. Réduisez les images.")]
    TooLarge(u64),
}

/// One fault of a template, where it is and what to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// File, as in the folder; none where it concerns the whole.
    pub file: Option<String>,
    /// From 1.
    pub line: Option<usize>,
    /// From 1, in characters.
    pub column: Option<usize>,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub advice: String,
}

#[cfg(feature = "engine")]
impl Fault {
    pub(crate) fn whole(message: String) -> Self {
        Self { file: None, line: None, column: None, message, advice: String::new() }
    }

    pub(crate) fn of_folder(error: &FolderError) -> Self {
        Self::whole(error.to_string())
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(file) = &self.file {
            write!(f, "{file}")?;
            if let (Some(line), Some(column)) = (self.line, self.column) {
                write!(f, ", ligne {line}, colonne {column}")?;
            }
            write!(f, " : ")?;
        }
        write!(f, "{}", self.message)?;
        if self.advice.is_empty() { Ok(()) } else { write!(f, " {}", self.advice) }
    }
}

fn listed(faults: &[Fault]) -> String {
    faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}
