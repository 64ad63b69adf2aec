//! The tablet's secret at rest: sealed by the machine's chip where it has one, else in a file of its owner alone.
//!
//! | file | holds |
//! |---|---|
//! | `device.key` | 32 secret bytes, mode 0600 |
//! | `device.cred` | the same, sealed by the chip |
//! | `device.key.next`, `device.cred.next` | the secret of a life that is being enrolled |
//!
//! A start moves a secret from its file into the chip: sealed, on disk, read back, opened and compared; only then does the file go.
//! While the file is there it is the one that counts, so that the power may go at any point. Where the chip doesn't seal, the file
//! stays, and the fleet page says so; what was sealed is never written to a file again.

use super::copy::sync_folder;
use super::tpm::{Tpm, TpmFailure};
use super::{FaultPoints, Identity, KeyPoint, StoreError, public_key_of};
use crate::entropy::{Entropy, SystemEntropy};
use serde::Serialize;
use shared::journal::SigningKey;
use shared::wire::key_storage;
use std::collections::HashMap;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use zeroize::Zeroizing;

/// One secret's two places.
#[derive(Debug, Clone, Copy)]
struct Names {
    file: &'static str,
    sealed: &'static str,
}

const CURRENT: Names = Names { file: "device.key", sealed: "device.cred" };
/// Of the life to come, until the journal says that it has begun.
const NEXT: Names = Names { file: "device.key.next", sealed: "device.cred.next" };

/// Where a tablet's key lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum KeyPlace {
    /// In a file that its owner alone may read.
    #[serde(rename = "fichier")]
    File,
    /// Sealed by the machine's chip.
    #[serde(rename = "tpm")]
    Tpm,
}

impl KeyPlace {
    /// Of a data folder; `None` where no key was made yet.
    #[must_use]
    pub fn of(dir: &Path) -> Option<Self> {
        let there = |name: &str| dir.join(name).exists();
        there(CURRENT.file).then_some(Self::File).or_else(|| there(CURRENT.sealed).then_some(Self::Tpm))
    }

    /// As the fleet page is told: one of [`key_storage`].
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::File => key_storage::FILE,
            Self::Tpm => key_storage::TPM,
        }
    }

    /// For a person.
    #[must_use]
    pub fn in_words(self) -> &'static str {
        match self {
            Self::File => "dans un fichier que seul le compte de la tablette peut lire (device.key)",
            Self::Tpm => "scellée par la puce TPM 2.0 de la machine (device.cred)",
        }
    }
}

/// The secrets of one data folder, for as long as it is open.
pub(super) struct Secrets {
    dir: PathBuf,
    tpm: Tpm,
    faults: Arc<dyn FaultPoints>,
    /// Somebody said that the enrolled key is gone for good: one that doesn't open isn't waited for.
    lost: bool,
    /// What the chip answered: it is slow, and each start asks several times.
    opened: Mutex<HashMap<Vec<u8>, Result<SigningKey, TpmFailure>>>,
}

impl Secrets {
    pub(super) fn of(dir: &Path, tpm: Tpm, lost: bool, faults: Arc<dyn FaultPoints>) -> Self {
        Self { dir: dir.to_owned(), tpm, faults, lost, opened: Mutex::default() }
    }

    /// The tablet's key; made where the tablet was never enrolled.
    ///
    /// # Errors
    /// A key that is missing, damaged, sealed by another chip, or not the enrolled one.
    pub(super) fn current(&self, identity: Option<&Identity>) -> Result<SigningKey, StoreError> {
        // A power cut between the journal and the file: the journal says which key is this tablet's.
        if let (Some(known), Some(next)) = (identity, self.next()?)
            && known.public_key == public_key_of(&next)
        {
            self.adopt_next()?;
        }
        match self.enrolled(identity) {
            Err(StoreError::Damaged { .. } | StoreError::KeySealed { .. }) if self.lost => self.make_next(),
            other => other,
        }
    }

    fn enrolled(&self, identity: Option<&Identity>) -> Result<SigningKey, StoreError> {
        let is_ours = |key: &SigningKey| identity.is_none_or(|known| known.public_key == public_key_of(key));
        let in_file = self.read_file(CURRENT.file)?;
        if let Some(key) = in_file.clone().filter(is_ours) {
            self.move_into_chip(&key);
            return Ok(key);
        }
        match (self.read_sealed(CURRENT.sealed)?, identity) {
            (Some(key), _) if is_ours(&key) => {
                if in_file.is_some() {
                    // Of the life before: the power went as the new one took its place.
                    self.remove(CURRENT.file)?;
                }
                Ok(key)
            }
            // Entries signed with another key than the enrolled one would all be refused: say it before the first touch.
            (Some(_), _) => Err(StoreError::damaged(CURRENT.sealed, "ce n'est pas la clé enrôlée")),
            (None, _) if in_file.is_some() => Err(StoreError::damaged(CURRENT.file, "ce n'est pas la clé enrôlée")),
            (None, None) => self.make(CURRENT),
            (None, Some(_)) => Err(StoreError::damaged(CURRENT.file, "la clé de la tablette manque")),
        }
    }

    /// The secrets that lie in the folder, without making one: the tablet's, and that of a life that was prepared.
    pub(super) fn on_disk(&self) -> Result<Vec<SigningKey>, StoreError> {
        let sealed = match self.read_sealed(CURRENT.sealed) {
            Err(StoreError::KeySealed { .. }) if self.lost => None,
            other => other?,
        };
        Ok(self.read_file(CURRENT.file)?.into_iter().chain(sealed).chain(self.next()?).collect())
    }

    /// The key of a life that was prepared, if one was.
    pub(super) fn next(&self) -> Result<Option<SigningKey>, StoreError> {
        match self.read_file(NEXT.file)? {
            Some(key) => Ok(Some(key)),
            None => match self.read_sealed(NEXT.sealed) {
                Err(StoreError::KeySealed { .. }) if self.lost => Ok(None),
                other => other,
            },
        }
    }

    /// The key of the life to come: the one prepared before, or a new one. A code belongs to the first key that proves it, so that
    /// whoever tries again after a power cut must come with the same.
    pub(super) fn make_next(&self) -> Result<SigningKey, StoreError> {
        match self.next()? {
            Some(key) => Ok(key),
            None => self.make(NEXT),
        }
    }

    /// The next key becomes the tablet's, and the old secret is gone.
    pub(super) fn adopt_next(&self) -> Result<(), StoreError> {
        let (from, to, old) = if self.dir.join(NEXT.file).exists() {
            (NEXT.file, CURRENT.file, CURRENT.sealed)
        } else {
            (NEXT.sealed, CURRENT.sealed, CURRENT.file)
        };
        let path = self.dir.join(to);
        std::fs::rename(self.dir.join(from), &path).and_then(|()| sync_folder(&self.dir)).map_err(|e| StoreError::io(&path, &e))?;
        self.remove(old)
    }

    /// A new secret, on disk before it is used: a key that signed once must be there after a power cut.
    fn make(&self, names: Names) -> Result<SigningKey, StoreError> {
        let mut secret = Zeroizing::new([0; 32]);
        SystemEntropy.fill(secret.as_mut())?;
        if !self.seal(names, &secret) {
            self.replace(names.file, secret.as_slice())?;
        }
        Ok(SigningKey::from_bytes(&secret))
    }

    /// A secret leaves its file for the chip, where there is one.
    fn move_into_chip(&self, key: &SigningKey) {
        if !self.seal(CURRENT, &key.to_bytes()) {
            return;
        }
        self.faults.pass_key(KeyPoint::BesideItsFile);
        if let Err(error) = self.remove(CURRENT.file) {
            tracing::error!(%error, "the key is sealed, and its file can't be removed");
        }
        self.faults.pass_key(KeyPoint::FileGone);
    }

    /// Whether a secret is sealed, on disk, and opens again. A chip that fails costs its protection, never the tablet.
    fn seal(&self, names: Names, secret: &[u8; 32]) -> bool {
        match self.try_seal(names, secret) {
            Ok(()) => true,
            Err(Unsealed::Tpm(why @ (TpmFailure::Forbidden | TpmFailure::NoChip))) => {
                tracing::info!(%why, "the tablet's key lies in a file");
                false
            }
            Err(error) => {
                tracing::warn!(%error, "the tablet's key lies in a file: the chip did not seal it");
                false
            }
        }
    }

    fn try_seal(&self, names: Names, secret: &[u8; 32]) -> Result<(), Unsealed> {
        let sealed = self.tpm.seal(secret)?;
        let partial = self.dir.join(PARTIAL);
        self.write(&partial, &sealed)?;
        self.faults.pass_key(KeyPoint::Sealed);
        let read = std::fs::read(&partial).map_err(|e| StoreError::io(&partial, &e))?;
        if *self.tpm.open(&read)? != *secret {
            return Err(TpmFailure::Said("la puce a rendu autre chose que ce qu'elle a scellé".into()).into());
        }
        let path = self.dir.join(names.sealed);
        std::fs::rename(&partial, &path).and_then(|()| sync_folder(&self.dir)).map_err(|e| StoreError::io(&path, &e))?;
        Ok(())
    }

    fn read_file(&self, name: &str) -> Result<Option<SigningKey>, StoreError> {
        let path = self.dir.join(name);
        let bytes = match std::fs::read(&path) {
            Ok(bytes) => Zeroizing::new(bytes),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(StoreError::io(&path, &error)),
        };
        let secret: [u8; 32] = bytes.as_slice().try_into().map_err(|_| StoreError::damaged(name, "longueur inattendue"))?;
        Ok(Some(SigningKey::from_bytes(&Zeroizing::new(secret))))
    }

    fn read_sealed(&self, name: &str) -> Result<Option<SigningKey>, StoreError> {
        let path = self.dir.join(name);
        let sealed = match std::fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(StoreError::io(&path, &error)),
        };
        let mut opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        let key = opened.entry(sealed).or_insert_with_key(|sealed| self.tpm.open(sealed).map(|secret| SigningKey::from_bytes(&secret)));
        key.clone().map(Some).map_err(|why| StoreError::KeySealed { why: why.to_string() })
    }

    /// Writes a file in one step.
    fn replace(&self, name: &str, bytes: &[u8]) -> Result<(), StoreError> {
        let (path, partial) = (self.dir.join(name), self.dir.join(PARTIAL));
        self.write(&partial, bytes)?;
        std::fs::rename(&partial, &path).and_then(|()| sync_folder(&self.dir)).map_err(|e| StoreError::io(&path, &e))
    }

    fn write(&self, path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
        let write = || -> std::io::Result<()> {
            let mut file = std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
            file.write_all(bytes)?;
            file.sync_all()
        };
        write().map_err(|e| StoreError::io(path, &e))
    }

    fn remove(&self, name: &str) -> Result<(), StoreError> {
        let path = self.dir.join(name);
        match std::fs::remove_file(&path).and_then(|()| sync_folder(&self.dir)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(StoreError::io(&path, &error)),
            _ => Ok(()),
        }
    }
}

/// What is being written; a power cut leaves it, and the next writer begins it anew.
const PARTIAL: &str = "device.key.new";

/// Why a secret could not be sealed.
#[derive(Debug, thiserror::Error)]
enum Unsealed {
    #[error(transparent)]
    Tpm(#[from] TpmFailure),
    #[error(transparent)]
    Disk(#[from] StoreError),
}
