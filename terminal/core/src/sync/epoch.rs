//! Asking for epochs: one request after the other, each over a nonce of its own.

use crate::store::EpochRequest;
use ed25519_dalek::Signer as _;
use shared::id::DeviceId;
use shared::journal::{ChainHead, SigningKey};
use shared::wire::{EpochAsk, SessionChallenge, epoch_bytes};
use std::collections::VecDeque;

/// Where epochs are asked for.
pub(super) const EPOCH: &str = "/sync/v1/epoch";

/// A request that is being asked, and those that follow it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Asking {
    pub request: EpochRequest,
    rest: VecDeque<EpochRequest>,
    last: Option<ChainHead>,
}

impl Asking {
    /// The first of some requests; `None` where there is none.
    pub fn of(mut requests: VecDeque<EpochRequest>, last: Option<ChainHead>) -> Option<Self> {
        requests.pop_front().map(|request| Self { request, rest: requests, last })
    }

    /// The one after it.
    pub fn next(self) -> Option<Self> {
        Self::of(self.rest, self.last)
    }

    /// What is sent, signed over the server's nonce.
    pub fn signed(&self, challenge: SessionChallenge, device: DeviceId, key: &SigningKey) -> EpochAsk {
        // What is repeated for a server that forgot it speaks of an epoch before the chain's end: then the end says nothing.
        let last = self.last.filter(|head| head.place.epoch <= self.request.leaves);
        let mut ask = EpochAsk {
            device,
            nonce: challenge.nonce,
            signature: [0; 64].into(),
            request: self.request.id.into(),
            epoch: self.request.leaves,
            last_epoch: last.map_or(0, |head| head.place.epoch),
            last_seq: last.map_or(0, |head| head.place.seq),
            last_hash: last.map_or([0; 32], |head| head.hash).into(),
            reason: self.request.reason,
        };
        ask.signature = key.sign(&epoch_bytes(&ask)).to_bytes().into();
        ask
    }
}
