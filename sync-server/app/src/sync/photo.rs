//! A photo, by the hash of its bytes, for a tablet whose site shows it.
//!
//! The item that the tablet was told decides, as it is now: what no item of the caller's site shows is unknown to it, whether it is
//! another site's, withdrawn, or was never there. So consents and the window of days are judged in one place, where items are made.

use crate::Result;
use crate::store::Territory;
use crate::store::entity::{photo, roster_item};
use crate::sync::refusal::Refusal;
use crate::sync::session::Caller;
use sea_orm::{ColumnTrait, QueryFilter};
use shared::roster::Item;
use shared::wire::{PHOTO_BYTES_MAX, PhotoAsk};

/// The JPEG that an item of the caller's site shows.
///
/// # Errors
/// The database's; inside, a refusal for the tablet.
pub async fn photo(territory: &Territory<'_>, caller: &Caller, ask: &PhotoAsk) -> Result<Result<Vec<u8>, Refusal>> {
    if caller.revoked {
        return Ok(Err(Refusal::device_revoked()));
    }
    // No key holds a NUL, which PostgreSQL doesn't even take as a question.
    if ask.item.contains('\0') {
        return Ok(Err(Refusal::photo_unknown()));
    }
    let on = territory.on();
    let item = territory
        .find::<roster_item::Entity>()
        .filter(roster_item::Column::SiteId.eq(caller.site.0))
        .filter(roster_item::Column::ItemKey.eq(ask.item.as_str()));
    let shows = item.one(&on).await?.and_then(|row| serde_json::from_slice::<Item>(&row.content).ok()).and_then(|item| item.photo());
    let Some(hash) = shows.filter(|hash| ask.hash.array() == Some(*hash)) else {
        return Ok(Err(Refusal::photo_unknown()));
    };
    let found = territory.find::<photo::Entity>().filter(photo::Column::Hash.eq(hash.to_vec())).one(&on).await?;
    Ok(found.map(|row| row.jpeg).filter(|jpeg| jpeg.len() <= PHOTO_BYTES_MAX).ok_or_else(Refusal::photo_unknown))
}
