//! Photos, last of all: a few a round, and none while anything else waits.
//!
//! A line of 1 Mbit/s carries two or three photos a second. So a round ends after a few of them, and the next one, which pushes and
//! pulls first, comes at once; and before each photo the queue is looked at, so that a touch waits for one photo at most.

use super::client::{State, SyncClient};
use super::steps::Output;
use super::transport::Request;
use crate::clock::Now;
use crate::store::Shown;
use sha2::{Digest, Sha256};
use shared::wire::{PHOTO_BYTES_MAX, PhotoAsk};

/// Photos of one round: about seven seconds of a slow line.
pub const PHOTOS_A_ROUND_MAX: usize = 16;

impl SyncClient {
    pub(super) fn read_photos(&mut self) -> Vec<Output> {
        self.state = State::Photos;
        vec![Output::ReadPhotos]
    }

    /// Asks for the first of those that the tablet lacks. One that is left for the next round makes that one come soon.
    pub(super) fn ask_photos(&mut self, now: Now, lacking: Vec<Shown>) -> Vec<Output> {
        self.photos = lacking.into_iter().filter(|shown| !self.not_given.contains(&shown.hash)).take(PHOTOS_A_ROUND_MAX + 1).collect();
        self.ask_photo(now)
    }

    fn ask_photo(&mut self, now: Now) -> Vec<Output> {
        self.photos_asked += 1;
        let allowed = self.photos_asked <= PHOTOS_A_ROUND_MAX;
        let Some(shown) = allowed.then(|| self.photos.pop_front()).flatten() else { return self.finish(now) };
        let ask = PhotoAsk { item: shown.item.clone(), hash: shown.hash.into() };
        self.state = State::Photo(shown);
        vec![Output::Ask(Request::new("/sync/v1/photo", self.token(), &ask))]
    }

    pub(super) fn photo_came(&mut self, shown: Shown, body: &[u8]) -> Vec<Output> {
        if body.len() > PHOTO_BYTES_MAX || Sha256::digest(body).as_slice() != shown.hash {
            tracing::warn!(bytes = body.len(), "what came for a photo isn't it");
            return self.photo_not_given(&shown);
        }
        self.state = State::BetweenPhotos;
        vec![Output::KeepPhoto { hash: shown.hash, jpeg: body.to_vec() }, Output::LookForUnsent]
    }

    /// The item may have changed a moment ago, or the picture isn't there any more: the tile shows initials.
    pub(super) fn photo_not_given(&mut self, shown: &Shown) -> Vec<Output> {
        self.not_given.insert(shown.hash);
        self.state = State::BetweenPhotos;
        vec![Output::LookForUnsent]
    }

    pub(super) fn after_photo(&mut self, now: Now, unsent: bool) -> Vec<Output> {
        if unsent { self.finish(now) } else { self.ask_photo(now) }
    }
}
