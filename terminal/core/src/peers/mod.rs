//! The other tablets of the site, without the server: two that see each other agree, and stay agreed while the line is down.
//!
//! | file | |
//! |---|---|
//! | [`exchange`] | what is asked, answered, taken and given: no socket, no timer |
//! | [`certificate`] | who a peer is, by the certificate that the sync authority signed |
//! | [`tls`], [`stream`] | TLS in both directions, and messages on it |
//! | [`discovery`] | mDNS: an address to try, and nothing more |
//! | [`neighbours`] | whom to call when: no socket, no timer |
//! | [`line`] | the threads that do it |
//!
//! Promises: nobody is spoken to who doesn't prove to be an unrevoked tablet of the same site; an entry counts by its author's
//! signature, whoever carried it; nothing that was forgotten is taken or handed over; whatever a peer sends is bounded.
//!
//! **Without sockets** (tests, the simulation): [`exchange::exchange`] is the calling side over any [`exchange::Carry`], and
//! [`exchange::answer`] the answering side, one ask at a time. Two tablets in one program exchange by a `Carry` that hands each ask
//! to `answer` over the other's [`Store`]; where it returns a [`PeerFailure`] instead, the line was cut there:
//!
//! ```ignore
//! struct Beside<'s>(&'s mut Store, Now);
//! impl Carry for Beside<'_> {
//!     fn ask(&mut self, ask: &PeerAsk) -> Result<PeerAnswer, PeerFailure> {
//!         Ok(answer(self.0, self.1, ask.clone())?)
//!     }
//! }
//! exchange(&mut first, now, &mut Beside(&mut second, now))?;
//! ```
//!
//! Over sockets [`admit`] comes first, on both sides. The same `exchange` may be repeated at any time: what both hold already is not sent again.

pub mod certificate;
pub mod discovery;
pub mod exchange;
pub mod line;
pub mod neighbours;
pub mod stream;
pub mod tls;

use crate::store::{LineState, Store, StoreError};
use shared::id::DeviceId;
use shared::wire::PeerCertificate;

/// Why two tablets don't exchange.
#[derive(Debug, thiserror::Error)]
pub enum PeerFailure {
    /// Nobody there, or no answer in time.
    #[error("la tablette voisine ne répond pas")]
    Silent,
    /// Whoever is there doesn't prove to be a tablet of this site.
    #[error("ce n'est pas une tablette de ce site : {0}")]
    Stranger(String),
    /// The server has revoked it.
    #[error("cette tablette a été révoquée")]
    Revoked,
    /// It is in the middle of another exchange.
    #[error("la tablette voisine est occupée")]
    Busy,
    /// What it says is none of the protocol, or past its limits.
    #[error("la réponse de la tablette voisine est illisible")]
    Unreadable,
    /// This tablet has no certificate yet.
    #[error("le serveur n'a pas encore donné de certificat à cette tablette")]
    NoCertificate,
    /// The disk said no.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The certificate that this tablet holds, if it is its own: one of an earlier life is another device's.
///
/// # Errors
/// A failed read.
pub fn own_certificate(store: &Store) -> Result<Option<PeerCertificate>, StoreError> {
    let (Some(identity), Some(held)) = (store.journal.identity()?, store.roster.peer_certificate()?) else { return Ok(None) };
    let named = certificate::read(&held.certificate.0);
    Ok(named.is_some_and(|named| named.device == identity.device && named.key == identity.public_key).then_some(held))
}

/// Whether a tablet that proved to be of the site is spoken with: not where the server said that it, or this one, was revoked, nor
/// under another key than it is known by. Its key is remembered.
///
/// # Errors
/// [`PeerFailure::Revoked`], or a disk that says no.
pub fn admit(store: &mut Store, device: DeviceId, key: [u8; 32]) -> Result<(), PeerFailure> {
    if store.roster.line()?.state == LineState::Revoked || !store.journal.meet(device, key)? {
        return Err(PeerFailure::Revoked);
    }
    Ok(())
}
