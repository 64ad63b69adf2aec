//! The key by which tablets seal exports: whoever carries such a file can't read it.
//!
//! It lies in a file of its own beside the database, mode 0600, as age writes keys: `age --decrypt --identity export.age` reads an
//! export where this program can't be asked any more.

use crate::attendance::server_device::write_private;
use crate::{Error, Result};
use age::secrecy::ExposeSecret;
use age::x25519::Identity;
use std::path::Path;

/// The file's name in the data folder.
pub const FILE: &str = "export.age";

/// The key that reads exports.
pub struct ExportKey(Identity);

impl ExportKey {
    /// Reads the key, or makes it where there is none yet.
    ///
    /// # Errors
    /// Where the file can't be read or written, or isn't one of ours.
    pub fn open(data_dir: &Path) -> Result<Self> {
        let path = data_dir.join(FILE);
        match std::fs::read_to_string(&path) {
            Ok(text) => match text.trim().parse() {
                Ok(identity) => Ok(Self(identity)),
                Err(_) => {
                    Err(Error::Unavailable(format!("{} n'est pas une clé d'export : restaurez-la depuis une sauvegarde.", path.display())))
                }
            },
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let identity = Identity::generate();
                write_private(&path, format!("{}\n", identity.to_string().expose_secret()).as_bytes())?;
                Ok(Self(identity))
            }
            Err(error) => Err(Error::io(&path)(error)),
        }
    }

    /// What tablets are told.
    #[must_use]
    pub fn recipient(&self) -> String {
        self.0.to_public().to_string()
    }

    /// The key itself, to read with.
    #[must_use]
    pub fn identity(&self) -> &Identity {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_is_made_once_and_a_file_that_is_none_is_not_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let made = ExportKey::open(folder.path()).unwrap().recipient();
        assert!(made.starts_with("age1"), "{made}");
        assert_eq!(ExportKey::open(folder.path()).unwrap().recipient(), made);
        std::fs::write(folder.path().join(FILE), "autre chose").unwrap();
        assert!(ExportKey::open(folder.path()).is_err());
        assert_eq!(std::fs::read_to_string(folder.path().join(FILE)).unwrap(), "autre chose");
    }
}
