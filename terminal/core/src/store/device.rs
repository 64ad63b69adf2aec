//! Who this tablet is: its secret on disk, and what the server named it.

use super::{Journal, StoreError};
use crate::entropy::{Entropy, SystemEntropy};
use rusqlite::{OptionalExtension, params};
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

/// Reads `device.key`, or makes it where the tablet was never enrolled.
pub(super) fn key(dir: &Path, identity: Option<&Identity>) -> Result<SigningKey, StoreError> {
    let path = dir.join("device.key");
    let secret = match std::fs::read(&path) {
        Ok(bytes) => Zeroizing::new(bytes),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && identity.is_none() => make(&path)?,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err(StoreError::damaged("device.key", "la clé de la tablette manque"));
        }
        Err(error) => return Err(StoreError::io(&path, &error)),
    };
    let secret: Zeroizing<[u8; 32]> =
        Zeroizing::new(secret.as_slice().try_into().map_err(|_| StoreError::damaged("device.key", "longueur inattendue"))?);
    let key = SigningKey::from_bytes(&secret);
    match identity {
        // Entries signed with another key than the enrolled one would all be refused: say it before the first touch.
        Some(known) if known.public_key != public_key_of(&key) => Err(StoreError::damaged("device.key", "ce n'est pas la clé enrôlée")),
        _ => Ok(key),
    }
}

/// A new secret, on disk before it is used: a key that signed once must be there after a power cut.
fn make(path: &Path) -> Result<Zeroizing<Vec<u8>>, StoreError> {
    let mut secret = Zeroizing::new(vec![0; 32]);
    SystemEntropy.fill(&mut secret)?;
    let partial = path.with_extension("key.new");
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

impl Journal {
    /// Who this tablet is; `None` before enrolment.
    ///
    /// # Errors
    /// A row that can't be read.
    pub fn identity(&self) -> Result<Option<Identity>, StoreError> {
        let sql = "SELECT device_id, site_id, site_name, organisations, epoch, server_url, authority, public_key FROM device";
        let row = self.connection.prepare_cached(sql)?.query_row([], |row| {
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

    /// Writes who this tablet is. The same device again is an update; another site is refused while it holds entries.
    ///
    /// # Errors
    /// [`StoreError::EnrolledElsewhere`], or a failed write.
    pub fn enrol(&mut self, new: &Identity) -> Result<(), StoreError> {
        if let Some(old) = self.identity()?
            && (old.site, old.device) != (new.site, new.device)
            && self.head()?.is_some()
        {
            return Err(StoreError::EnrolledElsewhere(old.site_name));
        }
        let organisations = serde_json::to_string(&new.organisations).map_err(|e| StoreError::Refused(e.to_string()))?;
        let sql = "INSERT INTO device (only_one, device_id, site_id, site_name, organisations, epoch, server_url, authority, public_key)
                   VALUES (1, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
                   ON CONFLICT (only_one) DO UPDATE SET device_id = ?1, site_id = ?2, site_name = ?3, organisations = ?4,
                       -- An epoch never goes back, whatever an old answer says.
                       epoch = CASE WHEN device_id = ?1 THEN max(epoch, ?5) ELSE ?5 END,
                       server_url = ?6, authority = ?7, public_key = ?8";
        let identity = params![
            new.device.0.as_bytes(),
            new.site.0.as_bytes(),
            new.site_name,
            organisations,
            new.epoch,
            new.server_url,
            new.authority,
            new.public_key
        ];
        let before = self.identity()?;
        self.connection.execute(sql, identity)?;
        self.enrolled(before.as_ref(), new)
    }
}
