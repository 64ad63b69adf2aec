//! Who this tablet is: its secret on disk, and what the server named it.

use super::{Journal, StoreError};
use crate::entropy::{Entropy, SystemEntropy};
use rusqlite::{Connection, OptionalExtension};
use serde::{Deserialize, Serialize};
use shared::id::{DeviceId, OrganisationId, SiteId};
use shared::journal::SigningKey;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use uuid::Uuid;
use zeroize::Zeroizing;

/// What enrolment gave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// Its id.
    pub device: DeviceId,
    /// The building that it serves.
    pub site: SiteId,
    /// "École Vauban".
    pub site_name: String,
    /// Tenants whose facts it may seal.
    pub organisations: Vec<OrganisationId>,
    /// The epoch to seal in.
    pub epoch: u32,
    /// `https://host:port`.
    pub server_url: String,
    /// Certificate of the sync authority, DER.
    pub authority: Vec<u8>,
    /// The tablet's Ed25519 key.
    pub public_key: [u8; 32],
}

/// The public half of a device's key.
#[must_use]
pub fn public_key_of(key: &SigningKey) -> [u8; 32] {
    key.verifying_key().to_bytes()
}

const KEY: &str = "device.key";
/// The key of the life to come, until the journal says that it has begun.
const NEXT_KEY: &str = "device.key.next";

/// Reads `device.key`, or makes it where the tablet was never enrolled.
pub(super) fn key(dir: &Path, identity: Option<&Identity>) -> Result<SigningKey, StoreError> {
    let path = dir.join(KEY);
    // A power cut between the journal and the file: the journal says which key is this tablet's.
    if let (Some(known), Some(next)) = (identity, next_key(dir)?)
        && known.public_key == public_key_of(&next)
    {
        adopt_next_key(dir)?;
    }
    let secret = match std::fs::read(&path) {
        Ok(bytes) => Zeroizing::new(bytes),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && identity.is_none() => make(&path)?,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err(StoreError::damaged(KEY, "la clé de la tablette manque"));
        }
        Err(error) => return Err(StoreError::io(&path, &error)),
    };
    let key = read_key(&secret)?;
    match identity {
        // Entries signed with another key than the enrolled one would all be refused: say it before the first touch.
        Some(known) if known.public_key != public_key_of(&key) => Err(StoreError::damaged(KEY, "ce n'est pas la clé enrôlée")),
        _ => Ok(key),
    }
}

fn read_key(secret: &[u8]) -> Result<SigningKey, StoreError> {
    let secret: [u8; 32] = secret.try_into().map_err(|_| StoreError::damaged(KEY, "longueur inattendue"))?;
    Ok(SigningKey::from_bytes(&Zeroizing::new(secret)))
}

/// The secrets that lie in the folder, without making one: the tablet's, and that of a life that was prepared.
pub(super) fn keys_on_disk(dir: &Path) -> Result<Vec<SigningKey>, StoreError> {
    Ok(read_file(&dir.join(KEY))?.into_iter().chain(next_key(dir)?).collect())
}

/// The key of a life that was prepared, if one was.
pub(super) fn next_key(dir: &Path) -> Result<Option<SigningKey>, StoreError> {
    read_file(&dir.join(NEXT_KEY))
}

fn read_file(path: &Path) -> Result<Option<SigningKey>, StoreError> {
    match std::fs::read(path) {
        Ok(bytes) => read_key(&Zeroizing::new(bytes)).map(Some),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(StoreError::io(path, &error)),
    }
}

/// The key of the life to come: the one prepared before, or a new one. A code belongs to the first key that proves it, so that
/// whoever tries again after a power cut must come with the same.
pub(super) fn make_next_key(dir: &Path) -> Result<SigningKey, StoreError> {
    match next_key(dir)? {
        Some(key) => Ok(key),
        None => read_key(&make(&dir.join(NEXT_KEY))?),
    }
}

/// The next key becomes the tablet's, and the old secret is gone.
pub(super) fn adopt_next_key(dir: &Path) -> Result<(), StoreError> {
    let path = dir.join(KEY);
    let rename = || -> std::io::Result<()> {
        std::fs::rename(dir.join(NEXT_KEY), &path)?;
        std::fs::File::open(dir)?.sync_all()
    };
    rename().map_err(|e| StoreError::io(&path, &e))
}

/// A new secret, on disk before it is used: a key that signed once must be there after a power cut.
fn make(path: &Path) -> Result<Zeroizing<Vec<u8>>, StoreError> {
    let mut secret = Zeroizing::new(vec![0; 32]);
    SystemEntropy.fill(&mut secret)?;
    let partial = path.with_file_name("device.key.new");
    let write = || -> std::io::Result<()> {
        let mut file = std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&partial)?;
        file.write_all(&secret)?;
        file.sync_all()?;
        std::fs::rename(&partial, path)?;
        path.parent().map_or(Ok(()), |dir| std::fs::File::open(dir)?.sync_all())
    };
    write().map_err(|e| StoreError::io(path, &e))?;
    Ok(secret)
}

/// Who this tablet is, as a connection sees it, in its transaction where it has one open.
pub(super) fn identity_of(connection: &Connection) -> Result<Option<Identity>, StoreError> {
    let sql = "SELECT device_id, site_id, site_name, organisations, epoch, server_url, authority, public_key FROM device";
    let row = connection.prepare_cached(sql)?.query_row([], |row| {
        Ok((
            (row.get(0).map(Uuid::from_bytes)?, row.get(1).map(Uuid::from_bytes)?, row.get::<_, String>(2)?, row.get::<_, String>(3)?),
            (row.get::<_, u32>(4)?, row.get::<_, String>(5)?, row.get::<_, Vec<u8>>(6)?, row.get::<_, [u8; 32]>(7)?),
        ))
    });
    let Some(((device, site, site_name, organisations), (epoch, server_url, authority, public_key))) = row.optional()? else {
        return Ok(None);
    };
    let organisations = serde_json::from_str(&organisations).map_err(|e| StoreError::damaged("journal.db (device)", e))?;
    let (device, site) = (DeviceId(device), SiteId(site));
    Ok(Some(Identity { device, site, site_name, organisations, epoch, server_url, authority, public_key }))
}

impl Journal {
    /// Who this tablet is; `None` before enrolment.
    ///
    /// # Errors
    /// A row that can't be read.
    pub fn identity(&self) -> Result<Option<Identity>, StoreError> {
        identity_of(&self.connection)
    }
}
