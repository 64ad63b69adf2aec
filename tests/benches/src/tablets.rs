//! Tablets of an installation, with their keys: enrolled by rows instead of codes, since Argon2id over two thousand codes is another
//! bench's.

use anyhow::{Context, Result};
use ed25519_dalek::Signer as _;
use server::app::App;
use server::serve::Server;
use server::store::entity::{activity, centre, child, device, device_epoch, site};
use server::store::{Territory, insert_all, new_id, random};
use server::sync::session::{self, Caller};
use shared::calendar::Instant;
use shared::id::{ActivityId, BootId, CentreId, ChildId, DeviceId, EntryId, OrganisationId, SiteId};
use shared::journal::{ChainHead, Detail, Draft, Kind, LeftTo, Moment, Payload, Sealed, SigningKey, seal};
use shared::wire::{Push, Session, SessionHello, SessionProof, WireEntry, session_bytes};
use std::sync::Arc;

/// CLOCK_BOOTTIME of every tablet when its session opens.
const BOOTTIME_MS: u64 = 10_000_000;

/// What a site's tablets seal about.
#[derive(Debug, Clone)]
pub struct Door {
    site: SiteId,
    organisation: OrganisationId,
    centre: CentreId,
    moment: Moment,
    children: Arc<[ChildId]>,
}

/// A tablet that is enrolled.
#[derive(Debug, Clone)]
pub struct Tablet {
    /// Its id.
    pub device: DeviceId,
    /// Its key.
    pub key: SigningKey,
    /// Where it stands.
    pub door: Door,
    boot: BootId,
    head: ChainHead,
}

/// The sites of an installation that have a lieu with an activity.
///
/// # Errors
/// The database's; no such site.
pub async fn doors(app: &App) -> Result<Vec<Door>> {
    let territory = Territory::new(app.territoire(), app.db.read());
    let children = territory.find::<child::Entity>().all(&territory.on()).await?;
    let children: Arc<[ChildId]> = children.into_iter().map(|row| ChildId(row.id)).collect();
    let mut found = Vec::new();
    for row in territory.find::<site::Entity>().all(&territory.on()).await? {
        for organisation in territory.organisations().await? {
            let tenant = territory.tenant(OrganisationId(organisation.id));
            let lieux = tenant.find::<centre::Entity>().all(&tenant.on()).await?;
            let Some(lieu) = lieux.into_iter().find(|lieu| lieu.site_id == row.id) else { continue };
            let activities = tenant.find::<activity::Entity>().all(&tenant.on()).await?;
            let Some(activity) = activities.into_iter().find(|activity| activity.centre_id == lieu.id) else { continue };
            found.push(Door {
                site: SiteId(row.id),
                organisation: OrganisationId(organisation.id),
                centre: CentreId(lieu.id),
                moment: Moment { activity: Some(ActivityId(activity.id)), label: activity.name },
                children: Arc::clone(&children),
            });
            break;
        }
    }
    anyhow::ensure!(!found.is_empty(), "the seed has sites");
    Ok(found)
}

/// So many more sites, like those of the seed: a building each.
///
/// # Errors
/// The database's.
pub async fn more_doors(app: &App, like: &[Door], count: usize) -> Result<Vec<Door>> {
    let now = app.clock.now();
    let doors: Vec<Door> =
        like.iter().cycle().take(count).map(|door| Ok(Door { site: SiteId(new_id(now)?), ..door.clone() })).collect::<Result<_>>()?;
    let row = |(number, door): (usize, &Door)| site::Model {
        territoire_id: app.territoire().0,
        id: door.site.0,
        organisation_id: door.organisation.0,
        code: format!("BANC-{number}"),
        name: format!("Site {number}"),
        address: None,
        commune_insee: "27701".into(),
    };
    let transaction = app.db.begin().await?;
    insert_all(&Territory::new(app.territoire(), &transaction).on(), doors.iter().enumerate().map(row).collect()).await?;
    transaction.commit().await?;
    Ok(doors)
}

/// Enrols so many tablets, spread over the doors.
///
/// # Errors
/// The database's.
pub async fn enrolled(app: &App, doors: &[Door], count: usize) -> Result<Vec<Tablet>> {
    let now = app.clock.now();
    let mut tablets = Vec::with_capacity(count);
    for door in doors.iter().cycle().take(count) {
        let (device, key) = (DeviceId(new_id(now)?), SigningKey::from_bytes(&random()?));
        let boot = BootId::new(now.timestamp_millis(), random()?);
        tablets.push(Tablet { device, key, door: door.clone(), boot, head: ChainHead::start(device) });
    }
    let transaction = app.db.begin().await?;
    let territory = Territory::new(app.territoire(), &transaction);
    let row = |tablet: &Tablet| device::Model {
        territoire_id: app.territoire().0,
        id: tablet.device.0,
        site_id: tablet.door.site.0,
        kind: "tablet".into(),
        name: "Tablette du banc".into(),
        public_key: tablet.key.verifying_key().to_bytes().to_vec(),
        epoch: 1,
        enrolled_at_ms: now.timestamp_millis(),
        last_contact_ms: None,
        last_status: None,
        revoked_at_ms: None,
        succeeds: None,
    };
    insert_all(&territory.on(), tablets.iter().map(row).collect()).await?;
    let first = |tablet: &Tablet| device_epoch::Model {
        territoire_id: app.territoire().0,
        device_id: tablet.device.0,
        epoch: 1,
        opened_at_ms: now.timestamp_millis(),
        reason: "enrolled".into(),
        opened_hash: None,
        contiguous_seq: 0,
        contiguous_hash: None,
        request_id: None,
        forked: false,
    };
    insert_all(&territory.on(), tablets.iter().map(first).collect()).await?;
    transaction.commit().await?;
    Ok(tablets)
}

impl Tablet {
    /// What opens its session on a nonce.
    #[must_use]
    pub fn proof(&self, nonce: &[u8], now: Instant) -> SessionProof {
        let wall_ms = now.timestamp_millis();
        let said = session_bytes(nonce, self.device, self.boot, BOOTTIME_MS, wall_ms);
        SessionProof {
            device: self.device,
            nonce: nonce.into(),
            signature: self.key.sign(&said).to_bytes().into(),
            epoch: 1,
            boot: self.boot,
            boottime_ms: BOOTTIME_MS,
            wall_ms,
            capabilities: Vec::new(),
            version: "banc".into(),
            certificate_until_ms: None,
        }
    }

    /// Opens a session; its clock is observed.
    ///
    /// # Errors
    /// The database's; a refusal.
    pub async fn open_session(&self, server: &Server) -> Result<Session> {
        let (now, transaction) = (server.app.clock.now(), server.app.db.begin().await?);
        let territory = Territory::new(server.app.territoire(), &transaction);
        let hello = SessionHello { device: self.device };
        let challenge = session::hello(&territory, &server.desk, now, &hello).await?.ok().context("a known tablet")?;
        let proof = self.proof(&challenge.nonce.0, now);
        let opened = session::open(&territory, &server.desk, &server.app.installation, now, &proof).await?;
        transaction.commit().await?;
        opened.ok().context("a session")
    }

    /// Who the server takes it for.
    #[must_use]
    pub fn caller(&self) -> Caller {
        Caller { device: self.device, site: self.door.site, organisations: vec![self.door.organisation], epoch: 1, revoked: false }
    }

    /// Seals so many arrivals and departures, a second apart, the last one now.
    ///
    /// # Errors
    /// Where the system gives no randomness.
    pub fn seal(&mut self, count: usize, now: Instant) -> Result<Vec<Sealed>> {
        let mut sealed = Vec::with_capacity(count);
        for n in 0..count {
            let ago_ms = i64::try_from(count - n)? * 1_000;
            let at_ms = now.timestamp_millis() - ago_ms;
            let left = n % 2 == 1;
            let payload = Payload {
                about_child: Some(self.door.children[n / 2 % self.door.children.len()]),
                centre: Some(self.door.centre),
                boottime_ms: BOOTTIME_MS - ago_ms.unsigned_abs(),
                boot: self.boot,
                moment: self.door.moment.clone(),
                roster_version: 1,
                detail: if left { Detail::Left { to: LeftTo::Other, person: None } } else { Detail::None },
                ..Payload::at(at_ms)
            };
            let draft = Draft {
                organisation: self.door.organisation,
                site: self.door.site,
                entry_id: EntryId::new(at_ms, random()?),
                kind: if left { Kind::Left } else { Kind::Arrived },
                payload,
                notes: Vec::new(),
                salt: random()?,
            };
            sealed.push(seal(draft, &mut self.head, &self.key));
        }
        Ok(sealed)
    }
}

/// A push's body.
///
/// # Errors
/// None: the wire's types hold nothing that JSON can't say.
pub fn body(entries: &[Sealed]) -> Result<Vec<u8>> {
    Ok(serde_json::to_vec(&Push { entries: entries.iter().map(WireEntry::from).collect() })?)
}
