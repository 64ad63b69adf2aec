//! Photos of the children and of the adults who may take them, each sealed in
//! a file of its own.
//!
//! Files beside the databases: ten million bytes of pictures have no place in
//! a roster that is verified whole at each start, a broken one costs itself
//! and nothing else, and a full disk refuses a picture without touching what
//! an entry needs. Nothing is flushed: a file that a power cut left torn
//! doesn't open, is dropped, and is fetched again.
//!
//! A file is a version (1) ‖ nonce (24) ‖ XChaCha20-Poly1305 of the JPEG, under
//! a key that HKDF-SHA256 makes of the device's secret, bound to the photo's
//! hash. Its name is an HMAC of that hash: who finds the folder can't even ask
//! whether a picture that they hold is in it.

use super::copy::sync_folder;
use super::{RosterDb, Store, StoreError};
use crate::entropy::{SystemEntropy, bytes};
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use hkdf::Hkdf;
use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};
use shared::id::ChildId;
use shared::journal::SigningKey;
use shared::roster::{Item, Key};
use shared::wire::PHOTO_BYTES_MAX;
use std::collections::HashSet;
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// The folder's name.
pub(super) const FOLDER: &str = "photos";
const VERSION: u8 = 1;
const NONCE_BYTES: usize = 24;
const TAG_BYTES: usize = 16;
/// Free bytes of the disk below which no photo is written: what is left is for entries.
const FREE_BYTES_MIN: u64 = 64 * 1024 * 1024;

/// A photo that the roster shows: by the item, and the hash of its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// The item that shows it.
    pub item: Key,
    /// SHA-256 of the JPEG.
    pub hash: [u8; 32],
}

/// The tablet's photos.
pub struct Photos {
    folder: PathBuf,
    cipher: XChaCha20Poly1305,
    names: Zeroizing<[u8; 32]>,
}

impl Photos {
    /// Photos of a data folder, under the key of the tablet's present life: what an earlier one sealed doesn't open any more.
    ///
    /// # Errors
    /// None that a whole program meets.
    pub(super) fn of(dir: &Path, device: &SigningKey) -> Result<Self, StoreError> {
        let secret = Zeroizing::new(device.to_bytes());
        let (mut key, mut names) = (Zeroizing::new([0; 32]), Zeroizing::new([0; 32]));
        let derived = Hkdf::<Sha256>::new(None, secret.as_slice());
        let refused = |_| StoreError::Refused("clé des photos".into());
        derived.expand(b"preau/photos/1\0key", key.as_mut_slice()).map_err(refused)?;
        derived.expand(b"preau/photos/1\0name", names.as_mut_slice()).map_err(refused)?;
        Ok(Self { folder: dir.join(FOLDER), cipher: XChaCha20Poly1305::new((&*key).into()), names })
    }

    fn name(&self, hash: &[u8; 32]) -> Option<String> {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.names.as_slice()).ok()?;
        mac.update(hash);
        Some(data_encoding::HEXLOWER.encode(&mac.finalize().into_bytes()))
    }

    fn path(&self, hash: &[u8; 32]) -> Option<PathBuf> {
        self.name(hash).map(|name| self.folder.join(name))
    }

    /// Whether a file of the photo is there, of a length that one can have. Whether it opens, [`Self::jpeg`] tells.
    #[must_use]
    pub fn holds(&self, hash: &[u8; 32]) -> bool {
        let length = self.path(hash).and_then(|path| std::fs::metadata(path).ok()).map_or(0, |file| file.len());
        usize::try_from(length).is_ok_and(|length| length > 1 + NONCE_BYTES + TAG_BYTES)
    }

    /// The JPEG of a hash; `None` where it isn't there. One that doesn't open any more is dropped, and fetched again with the next round.
    #[must_use]
    pub fn jpeg(&self, hash: &[u8; 32]) -> Option<Vec<u8>> {
        let path = self.path(hash)?;
        let sealed = std::fs::read(&path).ok()?;
        let jpeg = self.opened(hash, &sealed);
        if jpeg.is_none() {
            tracing::warn!("a photo doesn't open any more: it is fetched again");
            remove(&path);
        }
        jpeg
    }

    fn opened(&self, hash: &[u8; 32], sealed: &[u8]) -> Option<Vec<u8>> {
        let (head, text) = sealed.split_at_checked(1 + NONCE_BYTES)?;
        let nonce: [u8; NONCE_BYTES] = head.strip_prefix(&[VERSION])?.try_into().ok()?;
        let jpeg = self.cipher.decrypt(&XNonce::from(nonce), Payload { msg: text, aad: hash }).ok()?;
        is_of(hash, &jpeg).then_some(jpeg)
    }

    /// Seals a photo into the folder.
    ///
    /// # Errors
    /// Bytes that aren't the hash's, or too many; a disk that is full, or soon will be. Nothing is left of it.
    pub fn keep(&self, hash: &[u8; 32], jpeg: &[u8]) -> Result<(), StoreError> {
        let refused = || StoreError::Refused("cette photo n'est pas celle de la fiche".into());
        if !is_of(hash, jpeg) {
            return Err(refused());
        }
        let nonce: [u8; NONCE_BYTES] = bytes(&mut SystemEntropy)?;
        let sealed = self.cipher.encrypt(&XNonce::from(nonce), Payload { msg: jpeg, aad: hash }).map_err(|_| refused())?;
        let path = self.path(hash).ok_or_else(refused)?;
        let partial = path.with_extension("new");
        let write = || -> std::io::Result<()> {
            std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.folder)?;
            let free = nix::sys::statvfs::statvfs(&self.folder).map_err(std::io::Error::from)?;
            if free.blocks_available().saturating_mul(free.fragment_size()) < FREE_BYTES_MIN {
                return Err(ErrorKind::StorageFull.into());
            }
            let mut file = std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&partial)?;
            file.write_all(&[&[VERSION], nonce.as_slice(), &sealed].concat())?;
            std::fs::rename(&partial, &path)
        };
        write().map_err(|error| {
            remove(&partial);
            StoreError::io(&path, &error)
        })
    }

    /// Removes every photo that isn't one of these, and what a power cut left half written.
    pub(super) fn keep_only(&self, shown: &[Shown]) {
        let names: HashSet<String> = shown.iter().filter_map(|shown| self.name(&shown.hash)).collect();
        let mut removed = false;
        for file in std::fs::read_dir(&self.folder).into_iter().flatten().flatten() {
            if !names.contains(file.file_name().to_string_lossy().as_ref()) {
                removed |= remove(&file.path());
            }
        }
        if removed && let Err(error) = sync_folder(&self.folder) {
            tracing::warn!(%error, "photos that nobody shows any more may come back with a power cut");
        }
    }
}

fn is_of(hash: &[u8; 32], jpeg: &[u8]) -> bool {
    jpeg.len() <= PHOTO_BYTES_MAX && Sha256::digest(jpeg).as_slice() == hash
}

fn remove(path: &Path) -> bool {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            tracing::warn!(%error, "a photo can't be removed");
            false
        }
        removed => removed.is_ok(),
    }
}

impl RosterDb {
    /// Every photo that the roster shows, each once: the children's first, since their tiles are what a door looks at.
    ///
    /// # Errors
    /// A failed read.
    pub fn photos(&self) -> Result<Vec<Shown>, StoreError> {
        let sql = "SELECT json FROM item
                   WHERE ((key >= 'adult:' AND key < 'adult;') OR (key >= 'child:' AND key < 'child;')) AND json LIKE '%\"photo\"%'
                   ORDER BY key >= 'child:' DESC, key";
        let mut statement = self.connection.prepare_cached(sql)?;
        let mut rows = statement.query([])?;
        let (mut photos, mut seen) = (Vec::new(), HashSet::new());
        while let Some(row) = rows.next()? {
            let json = row.get_ref(0)?.as_str().map_err(rusqlite::Error::from)?;
            let item: Option<Item> = serde_json::from_str(json).ok();
            photos.extend(
                item.and_then(|item| Some(Shown { hash: item.photo()?, item: item.key() })).filter(|shown| seen.insert(shown.hash)),
            );
        }
        Ok(photos)
    }
}

impl Store {
    /// The photos of the folder.
    ///
    /// # Errors
    /// None that a whole program meets.
    pub fn photos(&self) -> Result<Photos, StoreError> {
        Photos::of(&self.dir, &self.key)
    }

    /// A child's photo, as a JPEG; `None` where there is none, or it hasn't come yet: the tile shows initials.
    ///
    /// # Errors
    /// A failed read of the roster.
    pub fn photo_of(&self, child: ChildId) -> Result<Option<Vec<u8>>, StoreError> {
        let hash = self.roster.item(&format!("child:{child}"))?.and_then(|item| item.photo());
        let photos = self.photos()?;
        Ok(hash.and_then(|hash| photos.jpeg(&hash)))
    }

    /// Removes photos that no item of the roster shows: a child who left, a consent that was withdrawn. Where there is no whole roster,
    /// as after a damaged one, they stay until it says.
    ///
    /// # Errors
    /// A failed read of the roster.
    pub fn drop_unshown_photos(&self) -> Result<(), StoreError> {
        if self.roster.server_epoch()?.is_empty() {
            return Ok(());
        }
        self.photos()?.keep_only(&self.roster.photos()?);
        Ok(())
    }

    /// Photos that the roster shows and the folder lacks.
    ///
    /// # Errors
    /// A failed read of the roster.
    pub fn lacking_photos(&self) -> Result<Vec<Shown>, StoreError> {
        let (mut shown, photos) = (self.roster.photos()?, self.photos()?);
        shown.retain(|shown| !photos.holds(&shown.hash));
        Ok(shown)
    }
}
