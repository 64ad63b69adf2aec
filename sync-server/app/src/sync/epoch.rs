//! The next epoch of a tablet: the server alone gives it, and once.
//!
//! A tablet asks where going on would make two entries stand at one place: after a fork, a salvage, or an image that brought it
//! back. Of two copies the first that asks is the tablet from then on; the other one is told that it exists twice, goes on
//! recording, and is enrolled anew. What either of them sealed before is taken in as ever.
//!
//! A server that was restored has forgotten epochs that it gave. A tablet asks for them again by the requests that it kept; where it
//! lost one, to a damaged disk, its word is taken for the epochs in between: it has the key, and nobody else can seal in them.

use crate::attendance::server_device::first_epoch;
use crate::identity::audit::{self, Act};
use crate::store::entity::{device, device_epoch, sync_session};
use crate::store::{Territory, lock_site};
use crate::sync::Desk;
use crate::sync::alerts::{self, Call, EXISTS_TWICE};
use crate::sync::enrol::session_signature;
use crate::sync::refusal::Refusal;
use crate::sync::session::{subject, tablet};
use crate::{Error, Result};
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveModelTrait, ColumnTrait, IntoActiveModel, PaginatorTrait, QueryFilter};
use shared::calendar::Instant;
use shared::id::SiteId;
use shared::wire::limits::EPOCHS_A_DAY_MAX;
use shared::wire::{EpochAsk, EpochGiven, EpochReason, epoch_bytes};

/// What a person is called for when a tablet left an epoch.
pub const NEW_EPOCH: &str = "nouvelle_epoque";
/// Most epochs that a server can have forgotten: more than any tablet leaves between two backups.
const FORGOTTEN_MAX: i32 = 100;
const DAY_MS: i64 = 24 * 3_600_000;

/// Gives the epoch after the one that a tablet leaves; to the same request always the same.
///
/// # Errors
/// The database's; inside, a refusal for the tablet.
pub async fn next(territory: &Territory<'_>, desk: &Desk, now: Instant, ask: &EpochAsk) -> Result<Result<EpochGiven, Refusal>> {
    let arrays = (ask.nonce.array::<32>(), ask.signature.array::<64>(), ask.request.array::<32>(), ask.last_hash.array::<32>());
    let (Some(nonce), Some(signature), Some(request), Some(last_hash)) = arrays else { return Ok(Err(Refusal::unreadable())) };
    let Some(epoch) = i32::try_from(ask.epoch).ok().filter(|epoch| (1..i32::MAX).contains(epoch)) else {
        return Ok(Err(Refusal::unreadable()));
    };
    if ask.last_epoch > ask.epoch {
        return Ok(Err(Refusal::unreadable()));
    }
    let Some(asking) = tablet(territory, ask.device).await? else { return Ok(Err(Refusal::device_unknown())) };
    if !desk.nonces.take(&nonce, &subject(ask.device), now) {
        return Ok(Err(Refusal::nonce_unknown()));
    }
    let key: [u8; 32] = asking.public_key.as_slice().try_into().unwrap_or_default();
    if !session_signature(&key, &epoch_bytes(ask), &signature) {
        return Ok(Err(Refusal::proof_wrong()));
    }
    // Two copies that ask at once come one after the other, and neither in the middle of a push.
    lock_site(territory, SiteId(asking.site_id)).await?;
    let asking = tablet(territory, ask.device).await?.ok_or_else(|| Error::NotFound("Tablette".into()))?;
    if asking.revoked_at_ms.is_some() {
        return Ok(Err(Refusal::device_revoked()));
    }
    if epoch.saturating_sub(asking.epoch) > FORGOTTEN_MAX {
        return Ok(Err(Refusal::epoch_lost()));
    }
    let given = EpochGiven { epoch: ask.epoch + 1 };
    let of_device = territory.find::<device_epoch::Entity>().filter(device_epoch::Column::DeviceId.eq(asking.id));
    if epoch < asking.epoch {
        let left = of_device.filter(device_epoch::Column::Epoch.eq(epoch + 1)).one(&territory.on()).await?;
        let same = left.is_some_and(|row| row.request_id.as_deref() == Some(request.as_slice()));
        if !same {
            alerts::call_once(territory, Call::of(SiteId(asking.site_id), Some(asking.id), EXISTS_TWICE), now).await?;
        }
        return Ok(if same { Ok(given) } else { Err(Refusal::epoch_already_given()) });
    }
    let asked = of_device.filter(device_epoch::Column::RequestId.is_not_null());
    let lately = asked.filter(device_epoch::Column::OpenedAtMs.gt(now.timestamp_millis() - DAY_MS));
    if lately.count(&territory.on()).await? >= u64::from(EPOCHS_A_DAY_MAX) {
        return Ok(Err(Refusal::too_many_epochs()));
    }
    for forgotten in asking.epoch + 1..=epoch {
        let row =
            device_epoch::Model { epoch: forgotten, reason: EpochReason::Restored.code().into(), ..first_epoch(territory, asking.id, now) };
        row.into_active_model().insert(&territory.on()).await?;
    }
    let row = device_epoch::Model {
        territoire_id: territory.id().0,
        device_id: asking.id,
        epoch: epoch + 1,
        opened_at_ms: now.timestamp_millis(),
        reason: ask.reason.code().into(),
        opened_hash: Some(last_hash.to_vec()),
        contiguous_seq: 0,
        contiguous_hash: None,
        request_id: Some(request.to_vec()),
        forked: false,
    };
    leave(territory, &asking, row, now).await?;
    Ok(Ok(given))
}

/// Opens the new epoch, ends the sessions that speak of the old one, and calls a person.
async fn leave(territory: &Territory<'_>, asking: &device::Model, opened: device_epoch::Model, now: Instant) -> Result<()> {
    let on = territory.on();
    territory
        .update::<device::Entity>()
        .col_expr(device::Column::Epoch, Expr::value(opened.epoch))
        .filter(device::Column::Id.eq(asking.id))
        .exec(&on)
        .await?;
    opened.into_active_model().insert(&on).await?;
    // A copy that still holds a token is told at its next word, not in an hour.
    territory.delete::<sync_session::Entity>().filter(sync_session::Column::DeviceId.eq(asking.id)).exec(&on).await?;
    alerts::call(territory, Call::of(SiteId(asking.site_id), Some(asking.id), NEW_EPOCH), now).await?;
    audit::write(territory, now, Act::device(asking.id, "POST /sync/v1/epoch")).await
}
