//! Enrolment: a tablet becomes one of a site's, by a code that an agent reads aloud.
//!
//! The code never travels (shared::wire): both sides derive a name and a key from it. The first public key that proves
//! possession has the code; the same key may repeat until its first push, so that a lost reply costs nothing.

use crate::attendance::effective::organisations_at;
use crate::attendance::server_device::first_epoch;
use crate::identity::audit::{self, Act};
use crate::store::entity::{device, enrolment_code, site};
use crate::store::{self, Territory};
use crate::sync::refusal::Refusal;
use crate::sync::session::tablet;
use crate::sync::{Desk, fleet, peer_certificate, publish};
use crate::{Error, Result};
use hmac::{Hmac, KeyInit, Mac};
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveModelTrait, ColumnTrait, IntoActiveModel, QueryFilter, QuerySelect};
use sha2::Sha256;
use shared::calendar::Instant;
use shared::id::{DeviceId, SiteId};
use shared::journal::VerifyingKey;
use shared::wire::limits::{CODE_CHARACTERS, CODE_LIFE_S};
use shared::wire::{ENROL_ARGON2, ENROL_SALT, EnrolChallenge, EnrolConfirm, EnrolDone, EnrolHello, Succession};
use shared::wire::{enrolment_keys, enrolment_transcript, succession_bytes};
use uuid::Uuid;

const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Longest name of a tablet, in characters.
const NAME_CHARACTERS_MAX: usize = 60;

/// A new code for a site, as it is shown once: `7KQM-3X02-AB11`.
///
/// # Errors
/// The database's.
pub async fn new_code(territory: &Territory<'_>, site: SiteId, by: &str, now: Instant) -> Result<String> {
    new_code_for(territory, site, None, by, now).await
}

/// The same, for a tablet that comes from another site: who enrols with it ends the life of that one, and takes its name.
///
/// # Errors
/// The database's.
pub async fn new_code_for(territory: &Territory<'_>, site: SiteId, moves: Option<Uuid>, by: &str, now: Instant) -> Result<String> {
    let random: [u8; CODE_CHARACTERS] = store::random()?;
    let code: String = random.iter().map(|byte| char::from(ALPHABET[usize::from(byte % 32)])).collect();
    let (name, key) = enrolment_keys(&derived(&code)?);
    let row = enrolment_code::Model {
        territoire_id: territory.id().0,
        id: store::new_id(now)?,
        site_id: site.0,
        code_hash: name.to_vec(),
        code_key: Some(key.to_vec()),
        created_at_ms: now.timestamp_millis(),
        created_by: by.to_owned(),
        expires_at_ms: now.timestamp_millis() + i64::from(CODE_LIFE_S) * 1000,
        bound_key: None,
        other_key: None,
        device_id: None,
        first_push_at_ms: None,
        moves_device: moves,
    };
    row.into_active_model().insert(&territory.on()).await?;
    Ok([&code[..4], &code[4..8], &code[8..]].join("-"))
}

fn derived(code: &str) -> Result<[u8; 32]> {
    let (memory, passes, lanes) = ENROL_ARGON2;
    let impossible = |error: argon2::Error| Error::Unavailable(format!("Le code ne peut pas être fait : {error}"));
    let params = argon2::Params::new(memory, passes, lanes, Some(32)).map_err(impossible)?;
    let mut out = [0; 32];
    let argon2 = argon2::Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, params);
    argon2.hash_password_into(code.as_bytes(), ENROL_SALT, &mut out).map_err(impossible)?;
    Ok(out)
}

fn mac(key: &[u8], bytes: &[u8]) -> Result<Hmac<Sha256>> {
    let mut mac = Hmac::new_from_slice(key).map_err(|_| Error::Unavailable("Clé d'enrôlement inutilisable.".into()))?;
    mac.update(bytes);
    Ok(mac)
}

/// A nonce belongs to one code and one key: an answer to another's is none.
fn subject(name: &[u8], key: &[u8]) -> Vec<u8> {
    [b"enrol ".as_slice(), name, key].concat()
}

/// A living code by its name, its row locked: two tablets that prove at once come one after the other.
async fn living(territory: &Territory<'_>, name: &[u8], now: Instant) -> Result<Option<(enrolment_code::Model, Vec<u8>)>> {
    let found = territory
        .find::<enrolment_code::Entity>()
        .filter(enrolment_code::Column::CodeHash.eq(name))
        .filter(enrolment_code::Column::ExpiresAtMs.gt(now.timestamp_millis()))
        .lock_exclusive()
        .one(&territory.on())
        .await?;
    Ok(found.and_then(|mut code| code.code_key.take().map(|key| (code, key))))
}

/// The server proves that it knows the code, before the tablet believes its authority.
///
/// # Errors
/// The database's; inside, a refusal for the tablet.
pub async fn hello(territory: &Territory<'_>, desk: &Desk, now: Instant, request: &EnrolHello) -> Result<Result<EnrolChallenge, Refusal>> {
    let (Some(public_key), Some(nonce)) = (request.public_key.array::<32>(), request.nonce.array::<32>()) else {
        return Ok(Err(Refusal::unreadable()));
    };
    let Some((code, key)) = living(territory, &request.code_name.0, now).await? else { return Ok(Err(Refusal::code_unknown())) };
    let ours = desk.nonces.give(&subject(&request.code_name.0, &public_key), now)?;
    let said = enrolment_transcript(b"server", &public_key, &nonce, &ours, desk.authority.certificate());
    let proof = mac(&key, &said)?.finalize().into_bytes();
    Ok(Ok(EnrolChallenge {
        nonce: ours.into(),
        authority: desk.authority.certificate().into(),
        proof: proof.as_slice().into(),
        site: Some(SiteId(code.site_id)),
    }))
}

/// The tablet proves that it knows the code and holds its key, and is one of the site's.
///
/// # Errors
/// The database's; inside, a refusal for the tablet (what was noted before it stays).
pub async fn confirm(territory: &Territory<'_>, desk: &Desk, now: Instant, request: &EnrolConfirm) -> Result<Result<EnrolDone, Refusal>> {
    let arrays = (request.public_key.array::<32>(), request.device_nonce.array::<32>(), request.server_nonce.array::<32>());
    let ((Some(public_key), Some(theirs), Some(ours)), Some(signature)) = (arrays, request.signature.array::<64>()) else {
        return Ok(Err(Refusal::unreadable()));
    };
    let Some((code, key)) = living(territory, &request.code_name.0, now).await? else { return Ok(Err(Refusal::code_unknown())) };
    if !desk.nonces.take(&ours, &subject(&request.code_name.0, &public_key), now) {
        return Ok(Err(Refusal::nonce_unknown()));
    }
    let said = enrolment_transcript(b"device", &public_key, &theirs, &ours, desk.authority.certificate());
    let knows_code = mac(&key, &said)?.verify_slice(&request.proof.0).is_ok();
    if !knows_code || !session_signature(&public_key, &said, &signature) {
        return Ok(Err(Refusal::proof_wrong()));
    }
    match &code.bound_key {
        Some(bound) if bound != &public_key => {
            note_other_key(territory, code.id, &public_key).await?;
            return Ok(Err(Refusal::code_used()));
        }
        Some(_) if code.first_push_at_ms.is_some() => return Ok(Err(Refusal::code_used())),
        _ => {}
    }
    let device = match known_device(territory, &public_key).await? {
        Some(known) if known.site_id != code.site_id || known.revoked_at_ms.is_some() => return Ok(Err(Refusal::key_elsewhere())),
        Some(known) if request.epoch.and_then(|e| i32::try_from(e).ok()).is_some_and(|told| told < known.epoch) => {
            return Ok(Err(Refusal::key_twice()));
        }
        Some(known) => known,
        None => {
            let succeeds = match &request.succeeds {
                None => None,
                Some(succession) => match predecessor(territory, code.site_id, succession, &said).await? {
                    Ok(device) => device,
                    Err(refusal) => return Ok(Err(refusal)),
                },
            };
            let moved = match code.moves_device {
                None => None,
                Some(moves) => end_of_stay(territory, moves, now).await?,
            };
            let name = moved.as_deref().unwrap_or(&request.device_name);
            new_device(territory, &code, &public_key, name, succeeds, now).await?
        }
    };
    bind(territory, code.id, &public_key, device.id).await?;
    let done = done(territory, desk, &device, now).await?;
    audit::write(territory, now, Act::device(device.id, "POST /sync/v1/enrol/confirm")).await?;
    Ok(Ok(done))
}

/// Whether bytes are signed by a tablet's key. Strict, as for entries.
#[must_use]
pub fn session_signature(public_key: &[u8; 32], said: &[u8], signature: &[u8; 64]) -> bool {
    let Ok(key) = VerifyingKey::from_bytes(public_key) else { return false };
    key.verify_strict(said, &(*signature).into()).is_ok()
}

async fn known_device(territory: &Territory<'_>, public_key: &[u8; 32]) -> Result<Option<device::Model>> {
    let of_key = territory.find::<device::Entity>().filter(device::Column::PublicKey.eq(public_key.as_slice()));
    Ok(of_key.one(&territory.on()).await?)
}

/// The tablet of the same site whose folder a new key goes on with, as its own key says. Revoked or doubled ones too: what they did
/// not send is judged by what they are. `None` where this server, restored from an older backup, doesn't know it.
async fn predecessor(
    territory: &Territory<'_>,
    site: Uuid,
    succession: &Succession,
    said: &[u8],
) -> Result<std::result::Result<Option<Uuid>, Refusal>> {
    let Some(signature) = succession.signature.array::<64>() else { return Ok(Err(Refusal::unreadable())) };
    let Some(older) = tablet(territory, succession.device).await?.filter(|older| older.site_id == site) else { return Ok(Ok(None)) };
    let key: [u8; 32] = older.public_key.as_slice().try_into().unwrap_or_default();
    let holds = session_signature(&key, &succession_bytes(said), &signature);
    Ok(if holds { Ok(Some(older.id)) } else { Err(Refusal::proof_wrong()) })
}

/// Ends a tablet's life at the site that it left; gives the name that it goes on with. It said itself that nothing is missing at the
/// server before it asked for another key; what a copy of it hands in later waits for a person.
async fn end_of_stay(territory: &Territory<'_>, device: Uuid, now: Instant) -> Result<Option<String>> {
    let Some(left) = tablet(territory, DeviceId(device)).await? else { return Ok(None) };
    fleet::revoke(territory, device, now, Act::device(device, "POST /sync/v1/enrol/confirm")).await?;
    Ok(Some(left.name))
}

async fn new_device(
    territory: &Territory<'_>,
    code: &enrolment_code::Model,
    public_key: &[u8; 32],
    name: &str,
    succeeds: Option<Uuid>,
    now: Instant,
) -> Result<device::Model> {
    let name: String = name.chars().filter(|c| !c.is_control()).take(NAME_CHARACTERS_MAX).collect();
    let row = device::Model {
        territoire_id: territory.id().0,
        id: store::new_id(now)?,
        site_id: code.site_id,
        kind: "tablet".into(),
        name: if name.trim().is_empty() { "Tablette".into() } else { name },
        public_key: public_key.to_vec(),
        epoch: 1,
        enrolled_at_ms: now.timestamp_millis(),
        last_contact_ms: None,
        last_status: None,
        revoked_at_ms: None,
        succeeds,
    };
    row.clone().into_active_model().insert(&territory.on()).await?;
    first_epoch(territory, row.id, now).into_active_model().insert(&territory.on()).await?;
    publish::mark_moved(territory, SiteId(row.site_id), now).await?;
    Ok(row)
}

async fn bind(territory: &Territory<'_>, code: Uuid, public_key: &[u8; 32], device: Uuid) -> Result<()> {
    territory
        .update::<enrolment_code::Entity>()
        .col_expr(enrolment_code::Column::BoundKey, Expr::value(public_key.to_vec()))
        .col_expr(enrolment_code::Column::DeviceId, Expr::value(device))
        .filter(enrolment_code::Column::Id.eq(code))
        .exec(&territory.on())
        .await?;
    Ok(())
}

/// The agent sees both keys: somebody else read the code too.
async fn note_other_key(territory: &Territory<'_>, code: Uuid, public_key: &[u8; 32]) -> Result<()> {
    territory
        .update::<enrolment_code::Entity>()
        .col_expr(enrolment_code::Column::OtherKey, Expr::value(public_key.to_vec()))
        .filter(enrolment_code::Column::Id.eq(code))
        .exec(&territory.on())
        .await?;
    Ok(())
}

async fn done(territory: &Territory<'_>, desk: &Desk, device: &device::Model, now: Instant) -> Result<EnrolDone> {
    let of_id = territory.find::<site::Entity>().filter(site::Column::Id.eq(device.site_id));
    let site = of_id.one(&territory.on()).await?.ok_or_else(|| Error::NotFound("Site".into()))?;
    Ok(EnrolDone {
        device: DeviceId(device.id),
        site: SiteId(site.id),
        site_name: site.name,
        organisations: organisations_at(territory, SiteId(site.id)).await?,
        epoch: u32::try_from(device.epoch).unwrap_or(1),
        certificate: peer_certificate::renewed(territory, desk, device, None, now).await?,
    })
}

/// A tablet's first push ends the life of the code that it came with.
///
/// # Errors
/// The database's.
pub async fn first_push(territory: &Territory<'_>, device: DeviceId, now: Instant) -> Result<()> {
    territory
        .update::<enrolment_code::Entity>()
        .col_expr(enrolment_code::Column::FirstPushAtMs, Expr::value(now.timestamp_millis()))
        .col_expr(enrolment_code::Column::CodeKey, Expr::value(None::<Vec<u8>>))
        .filter(enrolment_code::Column::DeviceId.eq(device.0))
        .filter(enrolment_code::Column::FirstPushAtMs.is_null())
        .exec(&territory.on())
        .await?;
    Ok(())
}
