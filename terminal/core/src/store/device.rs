//! Who this tablet is: what the server named it, under which public key.

use super::{Journal, StoreError};
use rusqlite::{Connection, OptionalExtension};
use serde::{Deserialize, Serialize};
use shared::id::{DeviceId, OrganisationId, SiteId};
use shared::journal::SigningKey;
use uuid::Uuid;

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
