//! Sessions: a tablet proves its key on a nonce of the server, and its clocks are observed, never believed.

use crate::attendance::effective::organisations_at;
use crate::attendance::server_device::{KIND as SERVER, ServerDevice};
use crate::identity::audit::{self, Act};
use crate::store::entity::{clock_observation, device, device_epoch, installation, sync_session};
use crate::store::{self, Territory};
use crate::sync::Desk;
use crate::sync::alerts::{self, Call, EXISTS_TWICE};
use crate::sync::enrol::session_signature;
use crate::sync::peer_certificate;
use crate::sync::refusal::Refusal;
use crate::{Error, Result};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveModelTrait, ColumnTrait, IntoActiveModel, PaginatorTrait, QueryFilter, QueryOrder};
use sha2::{Digest, Sha256};
use shared::calendar::Instant;
use shared::id::{DeviceId, OrganisationId, SiteId};
use shared::journal::{Detail, Kind, Payload};
use shared::wire::limits::SESSION_LIFE_S;
use shared::wire::peers::PEERS;
use shared::wire::{Session, SessionChallenge, SessionHello, SessionProof, session_bytes};
use std::cmp::Ordering;

/// A clock that drifted further than this from its last observation is observed again.
const DRIFT_MS_MAX: u64 = 1_000;
/// Between two observations of one boot, at least: a clock that drifts all the time fills no journal.
const OBSERVED_AGAIN_MS: i64 = 3_600_000;
/// Boots of one device observed within [`OBSERVED_AGAIN_MS`] at most. A tablet names its boots itself; one that starts all day
/// long is known well enough by these.
pub const BOOTS_OBSERVED_MAX: u64 = 20;
/// What this server can do, by name.
const CAPABILITIES: [&str; 2] = ["forget", "epoch"];

/// Who calls, as a token proved it.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The device.
    pub device: DeviceId,
    /// Its site.
    pub site: SiteId,
    /// The tenants of its site.
    pub organisations: Vec<OrganisationId>,
    /// Its last epoch given.
    pub epoch: u32,
    /// Whether it was revoked: it reads nothing, and what it hands in is quarantined.
    pub revoked: bool,
}

/// Whom a nonce of [`hello`] was given to.
pub(super) fn subject(device: DeviceId) -> Vec<u8> {
    [b"session ".as_slice(), device.0.as_bytes()].concat()
}

/// The server's epoch as tablets read it.
#[must_use]
pub fn epoch_text(installation: &installation::Model) -> String {
    data_encoding::HEXLOWER.encode(&installation.server_epoch)
}

/// A tablet of this installation, revoked ones included.
pub(super) async fn tablet(territory: &Territory<'_>, device: DeviceId) -> Result<Option<device::Model>> {
    let of_id = territory.find::<device::Entity>().filter(device::Column::Id.eq(device.0)).filter(device::Column::Kind.ne(SERVER));
    Ok(of_id.one(&territory.on()).await?)
}

/// A nonce for a tablet that is known.
///
/// # Errors
/// The database's; inside, a refusal for the tablet.
pub async fn hello(
    territory: &Territory<'_>,
    desk: &Desk,
    now: Instant,
    request: &SessionHello,
) -> Result<Result<SessionChallenge, Refusal>> {
    if tablet(territory, request.device).await?.is_none() {
        return Ok(Err(Refusal::device_unknown()));
    }
    Ok(Ok(SessionChallenge { nonce: desk.nonces.give(&subject(request.device), now)?.into() }))
}

/// Opens a session of an hour. A revoked tablet gets one too: it hands in what it holds, and reads nothing.
///
/// # Errors
/// The database's; inside, a refusal for the tablet.
pub async fn open(
    territory: &Territory<'_>,
    desk: &Desk,
    installation: &installation::Model,
    now: Instant,
    proof: &SessionProof,
) -> Result<Result<Session, Refusal>> {
    let (Some(nonce), Some(signature)) = (proof.nonce.array::<32>(), proof.signature.array::<64>()) else {
        return Ok(Err(Refusal::unreadable()));
    };
    if proof.boot.is_nil() || i64::try_from(proof.boottime_ms).is_err() {
        return Ok(Err(Refusal::unreadable()));
    }
    let Some(device) = tablet(territory, proof.device).await? else { return Ok(Err(Refusal::device_unknown())) };
    if !desk.nonces.take(&nonce, &subject(proof.device), now) {
        return Ok(Err(Refusal::nonce_unknown()));
    }
    let said = session_bytes(&nonce, proof.device, proof.boot, proof.boottime_ms, proof.wall_ms);
    let key: [u8; 32] = device.public_key.as_slice().try_into().unwrap_or_default();
    if !session_signature(&key, &said, &signature) {
        return Ok(Err(Refusal::proof_wrong()));
    }
    let is_revoked = device.revoked_at_ms.is_some();
    match proof.epoch.cmp(&u32::try_from(device.epoch).unwrap_or(0)) {
        // It is given no epoch any more, and hands in what it holds all the same.
        _ if is_revoked => {}
        Ordering::Less => {
            let called = Call::of(SiteId(device.site_id), Some(device.id), EXISTS_TWICE);
            alerts::call_once(territory, called, now).await?;
            return Ok(Err(Refusal::epoch_passed()));
        }
        Ordering::Greater => return Ok(Err(Refusal::epoch_lost())),
        Ordering::Equal => {}
    }
    if !is_revoked {
        observe_clock(territory, desk, &device, now, proof).await?;
    }
    note_contact(territory, &device, now, proof).await?;
    let token = new_token(territory, proof.device, now).await?;
    let contiguous_seq = contiguous(territory, proof.device, proof.epoch).await?;
    let certificate = match proof.capabilities.iter().any(|able| able == PEERS) {
        true => peer_certificate::renewed(territory, desk, &device, proof.certificate_until_ms, now).await?,
        false => None,
    };
    audit::write(territory, now, Act::device(device.id, "POST /sync/v1/session")).await?;
    Ok(Ok(Session {
        token,
        life_s: SESSION_LIFE_S,
        server_epoch: epoch_text(installation),
        server_ms: now.timestamp_millis(),
        contiguous_seq,
        capabilities: CAPABILITIES.map(str::to_owned).to_vec(),
        export_recipient: Some(desk.export.recipient()),
        lock_after_days: Some(desk.lock_after_days),
        certificate,
    }))
}

/// The number up to which every place of a device's epoch is held.
///
/// # Errors
/// The database's.
pub async fn contiguous(territory: &Territory<'_>, device: DeviceId, epoch: u32) -> Result<u64> {
    let row = territory
        .find::<device_epoch::Entity>()
        .filter(device_epoch::Column::DeviceId.eq(device.0))
        .filter(device_epoch::Column::Epoch.eq(i32::try_from(epoch).unwrap_or(i32::MAX)))
        .one(&territory.on())
        .await?;
    Ok(row.map_or(0, |r| u64::try_from(r.contiguous_seq).unwrap_or(0)))
}

/// Seals what the tablet's clock reads beside the server's own: once a boot, and again where it drifted, once an hour at most.
async fn observe_clock(territory: &Territory<'_>, desk: &Desk, device: &device::Model, now: Instant, proof: &SessionProof) -> Result<()> {
    let boottime_ms = i64::try_from(proof.boottime_ms).unwrap_or(i64::MAX);
    let last = territory
        .find::<clock_observation::Entity>()
        .filter(clock_observation::Column::DeviceId.eq(device.id))
        .filter(clock_observation::Column::BootId.eq(proof.boot.0))
        .order_by_desc(clock_observation::Column::BoottimeMs)
        .one(&territory.on())
        .await?;
    let expected_ms = last.map(|seen| seen.at_ms.saturating_add(boottime_ms.saturating_sub(seen.boottime_ms)));
    if expected_ms.is_some_and(|expected| expected.abs_diff(now.timestamp_millis()) <= DRIFT_MS_MAX) {
        return Ok(());
    }
    let lately = territory
        .find::<clock_observation::Entity>()
        .filter(clock_observation::Column::DeviceId.eq(device.id))
        .filter(clock_observation::Column::AtMs.gt(now.timestamp_millis() - OBSERVED_AGAIN_MS));
    let of_boot = lately.clone().filter(clock_observation::Column::BootId.eq(proof.boot.0));
    if of_boot.count(&territory.on()).await? > 0 || lately.count(&territory.on()).await? >= BOOTS_OBSERVED_MAX {
        return Ok(());
    }
    let mut pen = ServerDevice::open(territory, &desk.keys, SiteId(device.site_id), now).await?;
    let detail = Detail::Clock { device: proof.device, boot: proof.boot, boottime_ms: proof.boottime_ms, at_ms: now.timestamp_millis() };
    let organisation = pen.organisation();
    pen.seal(organisation, Kind::ClockObserved, Payload { detail, ..ServerDevice::payload(now) }, &[], now)?;
    pen.append(territory, now).await
}

async fn note_contact(territory: &Territory<'_>, device: &device::Model, now: Instant, proof: &SessionProof) -> Result<()> {
    let offset_ms = proof.wall_ms.saturating_sub(now.timestamp_millis());
    let version: String = proof.version.chars().filter(|c| !c.is_control()).take(40).collect();
    let status = serde_json::json!({ "version": version, "clock_offset_ms": offset_ms });
    territory
        .update::<device::Entity>()
        .col_expr(device::Column::LastContactMs, Expr::value(now.timestamp_millis()))
        .col_expr(device::Column::LastStatus, Expr::value(status.to_string()))
        .filter(device::Column::Id.eq(device.id))
        .exec(&territory.on())
        .await?;
    Ok(())
}

async fn new_token(territory: &Territory<'_>, device: DeviceId, now: Instant) -> Result<String> {
    let now_ms = now.timestamp_millis();
    territory
        .delete::<sync_session::Entity>()
        .filter(sync_session::Column::DeviceId.eq(device.0))
        .filter(sync_session::Column::ExpiresAtMs.lte(now_ms))
        .exec(&territory.on())
        .await?;
    let token: [u8; 32] = store::random()?;
    let row = sync_session::Model {
        territoire_id: territory.id().0,
        token_hash: Sha256::digest(token).to_vec(),
        device_id: device.0,
        created_at_ms: now_ms,
        expires_at_ms: now_ms + i64::from(SESSION_LIFE_S) * 1000,
    };
    row.into_active_model().insert(&territory.on()).await?;
    Ok(URL_SAFE_NO_PAD.encode(token))
}

/// Who a token belongs to; `None` where it is none of ours, or no longer.
///
/// # Errors
/// The database's.
pub async fn caller(territory: &Territory<'_>, token: &str, now: Instant) -> Result<Option<Caller>> {
    let Ok(token) = URL_SAFE_NO_PAD.decode(token) else { return Ok(None) };
    let session = territory
        .find::<sync_session::Entity>()
        .filter(sync_session::Column::TokenHash.eq(Sha256::digest(token).to_vec()))
        .filter(sync_session::Column::ExpiresAtMs.gt(now.timestamp_millis()))
        .one(&territory.on())
        .await?;
    let Some(session) = session else { return Ok(None) };
    let device = tablet(territory, DeviceId(session.device_id)).await?.ok_or_else(|| Error::NotFound("Tablette".into()))?;
    let site = SiteId(device.site_id);
    Ok(Some(Caller {
        device: DeviceId(device.id),
        site,
        organisations: organisations_at(territory, site).await?,
        epoch: u32::try_from(device.epoch).unwrap_or(0),
        revoked: device.revoked_at_ms.is_some(),
    }))
}
