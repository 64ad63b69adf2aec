//! The time, signed by the sync authority, for a tablet whose clock is lost: it can't judge the server's certificate before it knows
//! what time it is, and the authority that it pinned is the one whose word it can check without a date.

use crate::Result;
use crate::sync::Desk;
use crate::sync::refusal::Refusal;
use shared::calendar::Instant;
use shared::wire::{TimeAsk, TimeTold, time_bytes};

/// Signs the present time over the tablet's nonce.
///
/// # Errors
/// Where the authority can't sign; inside, a refusal for the tablet.
pub fn told(desk: &Desk, now: Instant, request: &TimeAsk) -> Result<Result<TimeTold, Refusal>> {
    let Some(nonce) = request.nonce.array::<32>() else { return Ok(Err(Refusal::unreadable())) };
    let server_ms = now.timestamp_millis();
    let signature = desk.authority.sign(&time_bytes(&nonce, server_ms))?;
    Ok(Ok(TimeTold { server_ms, signature: signature.into() }))
}
