//! The server's own pen: at each site it is a device like the tablets, with a key, a chain and an epoch.
//!
//! It seals what wasn't touched at a door: imports, the office's corrections, clock observations, signatures made at a
//! desk. Explanations and `journal verify` tell it from a tablet by its device.
//!
//! One secret of 32 bytes lies in a file beside the database, mode 0600; the key of a site's device is derived from it
//! and from the device's id. Without the file nothing can be sealed in the server's name; with the database alone,
//! nobody can.

use crate::attendance::journal::{self, Verified};
use crate::store::entity::{device, device_epoch, site};
use crate::store::{self, Territory, lock_site};
use crate::sync::publish;
use crate::{Error, Result};
use hmac::{Hmac, KeyInit, Mac};
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveModelTrait, ColumnTrait, IntoActiveModel, QueryFilter};
use sha2::Sha256;
use shared::calendar::Instant;
use shared::id::{DeviceId, EntryId, OrganisationId, SiteId};
use shared::journal::{Actor, ChainHead, Channel, Detail, Draft, Envelope, Evidence, Hash, Kind, Note, Payload, Place, SigningKey, seal};
use std::io::Write;
use std::path::Path;
use uuid::Uuid;
use zeroize::Zeroizing;

/// The file's name in the data folder.
pub const FILE: &str = "serveur.cle";
/// What the device table calls the server.
pub const KIND: &str = "server";
const LABEL: &[u8] = b"preau/server-device/1";

/// The secret that the server's keys come from.
#[derive(Clone)]
pub struct ServerKeys(Zeroizing<[u8; 32]>);

impl ServerKeys {
    /// Reads the secret, or makes it where there is none yet.
    ///
    /// # Errors
    /// Where the file can't be read or written, or isn't one of ours.
    pub fn open(data_dir: &Path) -> Result<Self> {
        let path = data_dir.join(FILE);
        match std::fs::read(&path) {
            Ok(bytes) => match bytes.try_into() {
                Ok(secret) => Ok(Self(Zeroizing::new(secret))),
                Err(_) => Err(Error::Unavailable(format!(
                    "{} n'est pas une clé du serveur : restaurez-la depuis une sauvegarde.",
                    path.display()
                ))),
            },
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let secret = Zeroizing::new(store::random()?);
                write_private(&path, secret.as_slice())?;
                Ok(Self(secret))
            }
            Err(error) => Err(Error::io(&path)(error)),
        }
    }

    fn of(&self, device: DeviceId) -> Result<SigningKey> {
        let impossible = |_| Error::Unavailable("La clé du serveur est inutilisable.".into());
        let mut mac = Hmac::<Sha256>::new_from_slice(self.0.as_slice()).map_err(impossible)?;
        mac.update(LABEL);
        mac.update(device.0.as_bytes());
        Ok(SigningKey::from_bytes(&mac.finalize().into_bytes().into()))
    }
}

/// Writes a file that only its owner may read, whole or not at all, and never over another one.
///
/// # Errors
/// The system's.
pub fn write_private(path: &Path, bytes: &[u8]) -> Result<()> {
    use std::os::unix::fs::OpenOptionsExt;
    let mut draft = path.as_os_str().to_owned();
    draft.push(".nouveau");
    let draft = Path::new(&draft);
    let mut file = std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(draft).map_err(Error::io(draft))?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(Error::io(draft))?;
    // A hard link fails where the name is taken: two programs that start together keep one secret.
    match std::fs::hard_link(draft, path) {
        Ok(()) => {}
        Err(error) => {
            let _ = std::fs::remove_file(draft);
            return Err(Error::io(path)(error));
        }
    }
    std::fs::remove_file(draft).map_err(Error::io(draft))
}

/// Why a server's chain goes on in a new epoch.
const RESTORED: &str = "restauration";

/// The server at one site, in one transaction: what it seals is stored by [`Self::append`].
pub struct ServerDevice {
    site: SiteId,
    organisation: OrganisationId,
    head: ChainHead,
    key: SigningKey,
    sealed: Vec<Verified>,
}

impl ServerDevice {
    /// Takes the site's lock and the head of the server's chain there; makes the device where the site has none yet.
    ///
    /// # Errors
    /// No such site; a secret file that isn't the one that the device was made with.
    pub async fn open(territory: &Territory<'_>, keys: &ServerKeys, site: SiteId, now: Instant) -> Result<Self> {
        lock_site(territory, site).await?;
        let on = territory.on();
        let place = territory.find::<site::Entity>().filter(site::Column::Id.eq(site.0)).one(&on).await?;
        let place = place.ok_or_else(|| Error::NotFound("Site".into()))?;
        let of_site = territory.find::<device::Entity>().filter(device::Column::SiteId.eq(site.0)).filter(device::Column::Kind.eq(KIND));
        let found = match of_site.one(&on).await? {
            Some(found) => found,
            None => enrol(territory, keys, site, now).await?,
        };
        let device = DeviceId(found.id);
        let key = keys.of(device)?;
        if key.verifying_key().as_bytes().as_slice() != found.public_key {
            return Err(Error::Unavailable(format!(
                "La clé du serveur ({FILE}) n'est pas celle qui a signé le journal de ce site : restaurez-la depuis la sauvegarde."
            )));
        }
        let epoch = territory
            .find::<device_epoch::Entity>()
            .filter(device_epoch::Column::DeviceId.eq(device.0))
            .filter(device_epoch::Column::Epoch.eq(found.epoch))
            .one(&on)
            .await?
            .ok_or_else(|| Error::Unavailable("Le journal du serveur n'a pas d'époque à ce site.".into()))?;
        let hash: Option<Hash> = epoch.contiguous_hash.or(epoch.opened_hash).and_then(|h| h.try_into().ok());
        let place_now =
            Place { device, epoch: u32::try_from(epoch.epoch).unwrap_or(1), seq: u64::try_from(epoch.contiguous_seq).unwrap_or(0) };
        let head = ChainHead { place: place_now, hash: hash.unwrap_or([0; 32]) };
        Ok(Self { site, organisation: OrganisationId(place.organisation_id), head, key, sealed: Vec::new() })
    }

    /// The device.
    #[must_use]
    pub fn device(&self) -> DeviceId {
        self.head.place.device
    }

    /// Who answers for the building: whose the facts are that belong to no lieu.
    #[must_use]
    pub fn organisation(&self) -> OrganisationId {
        self.organisation
    }

    /// A payload to start from: the server by itself, now, about nobody. Callers change what they know better.
    #[must_use]
    pub fn payload(now: Instant) -> Payload {
        let now_ms = now.timestamp_millis();
        Payload { actor: Actor::SYSTEM, channel: Channel::System, evidence: Evidence::Measured, ..Payload::at(now_ms) }
    }

    /// Seals a fact of one of the site's tenants. It is in the journal once [`Self::append`] was called and committed.
    ///
    /// # Errors
    /// A detail that isn't of the kind, an absence that ends before it begins, a touch without a child; no randomness.
    pub fn seal(&mut self, organisation: OrganisationId, kind: Kind, payload: Payload, notes: &[&str], now: Instant) -> Result<EntryId> {
        let entry_id = EntryId(store::new_id(now)?);
        let salted = |text: &&str| Ok(Note { salt: store::random()?, text: (*text).to_owned() });
        let notes = notes.iter().map(salted).collect::<Result<Vec<_>>>()?;
        let draft = Draft { organisation, site: self.site, entry_id, kind, payload, notes, salt: store::random()? };
        let unreadable = |error| Error::input(format!("Ce fait ne peut pas être scellé : {error}"));
        draft.check().map_err(unreadable)?;
        let sealed = seal(draft, &mut self.head, &self.key);
        let envelope = Envelope::decode(&sealed.envelope).map_err(unreadable)?;
        self.sealed.push(Verified { envelope, sealed, gap_before: false, fork: false });
        Ok(entry_id)
    }

    /// Stores what was sealed, in the caller's transaction, with its numbers for the site's tablets.
    ///
    /// # Errors
    /// The database's.
    pub async fn append(self, territory: &Territory<'_>, now: Instant) -> Result<()> {
        if self.sealed.is_empty() {
            return Ok(());
        }
        journal::append(territory, self.site, &self.sealed, now).await?;
        let Place { device, epoch, seq } = self.head.place;
        territory
            .update::<device_epoch::Entity>()
            .col_expr(device_epoch::Column::ContiguousSeq, Expr::value(seq.cast_signed()))
            .col_expr(device_epoch::Column::ContiguousHash, Expr::value(self.head.hash.to_vec()))
            .filter(device_epoch::Column::DeviceId.eq(device.0))
            .filter(device_epoch::Column::Epoch.eq(i32::try_from(epoch).unwrap_or(i32::MAX)))
            .exec(&territory.on())
            .await?;
        Ok(())
    }
}

/// After a restore the server's chains go on in a new epoch at each site: tablets hold what it sealed since the backup, and bring it.
///
/// # Errors
/// The database's.
pub async fn open_next_epochs(territory: &Territory<'_>, keys: &ServerKeys, now: Instant) -> Result<()> {
    let on = territory.on();
    let own = territory.find::<device::Entity>().filter(device::Column::Kind.eq(KIND)).all(&on).await?;
    for row in own {
        let site = SiteId(row.site_id);
        let left = ServerDevice::open(territory, keys, site, now).await?.head;
        let next = device_epoch::Model {
            epoch: row.epoch + 1,
            reason: RESTORED.into(),
            opened_hash: Some(left.hash.to_vec()),
            ..first_epoch(territory, row.id, now)
        };
        next.into_active_model().insert(&on).await?;
        let raised = territory.update::<device::Entity>().col_expr(device::Column::Epoch, Expr::value(row.epoch + 1));
        raised.filter(device::Column::Id.eq(row.id)).exec(&on).await?;
        let mut pen = ServerDevice::open(territory, keys, site, now).await?;
        let detail = Detail::Epoch { previous: left.place.epoch, last_hash: left.hash, cause: RESTORED.into() };
        let payload = Payload { detail, ..ServerDevice::payload(now) };
        pen.seal(pen.organisation(), Kind::EpochOpened, payload, &[], now)?;
        pen.append(territory, now).await?;
    }
    Ok(())
}

async fn enrol(territory: &Territory<'_>, keys: &ServerKeys, site: SiteId, now: Instant) -> Result<device::Model> {
    let id: Uuid = store::new_id(now)?;
    let key = keys.of(DeviceId(id))?;
    let row = device::Model {
        territoire_id: territory.id().0,
        id,
        site_id: site.0,
        kind: KIND.into(),
        name: "Serveur".into(),
        public_key: key.verifying_key().as_bytes().to_vec(),
        epoch: 1,
        enrolled_at_ms: now.timestamp_millis(),
        last_contact_ms: None,
        last_status: None,
        revoked_at_ms: None,
        succeeds: None,
    };
    let epoch = first_epoch(territory, id, now);
    row.clone().into_active_model().insert(&territory.on()).await?;
    epoch.into_active_model().insert(&territory.on()).await?;
    publish::mark_moved(territory, site, now).await?;
    Ok(row)
}

/// The row of a new device's first epoch.
#[must_use]
pub fn first_epoch(territory: &Territory<'_>, device: Uuid, now: Instant) -> device_epoch::Model {
    device_epoch::Model {
        territoire_id: territory.id().0,
        device_id: device,
        epoch: 1,
        opened_at_ms: now.timestamp_millis(),
        reason: "enrolement".into(),
        opened_hash: None,
        contiguous_seq: 0,
        contiguous_hash: None,
        request_id: None,
        forked: false,
    }
}
