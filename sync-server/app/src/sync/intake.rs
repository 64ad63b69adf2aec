//! Whose push comes next, when two thousand tablets come back at once: first come, first served, and one push a tablet.
//!
//! What waits in line holds no memory: a body is read when its turn is near. One tablet has one place however often it asks, so that
//! no slow or stubborn one stands in many others' way.

use shared::id::DeviceId;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{Mutex as Line, OwnedMutexGuard, Semaphore, SemaphorePermit};

/// Bodies held at once, at most: times [`shared::wire::limits::BODY_BYTES_MAX`], a quarter of a gibibyte. Many, since some of them
/// arrive over a bad line.
const BODIES_MAX: usize = 256;
/// Pushes that are decoded, verified or written at once: the writer is never without work, and what waits for it is one transaction's.
const TURNS_MAX: usize = 20;

/// The line at the desk.
pub struct Intake {
    bodies: Semaphore,
    turns: Semaphore,
    cores: Semaphore,
    tablets: Mutex<HashMap<DeviceId, Arc<Line<()>>>>,
}

impl Default for Intake {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            bodies: Semaphore::new(BODIES_MAX),
            turns: Semaphore::new(TURNS_MAX),
            cores: Semaphore::new(cores),
            tablets: Mutex::default(),
        }
    }
}

/// A tablet's place, until it is dropped: its push may be read.
pub struct Place<'i> {
    _body: Option<SemaphorePermit<'i>>,
    _tablet: OwnedMutexGuard<()>,
}

impl Intake {
    /// Waits until a tablet's earlier push is answered, then for a place.
    pub async fn place(&self, tablet: DeviceId) -> Place<'_> {
        let line = {
            let mut tablets = self.tablets.lock().unwrap_or_else(PoisonError::into_inner);
            // Whoever is in line holds a second handle on its own.
            tablets.retain(|_, line| Arc::strong_count(line) > 1);
            Arc::clone(tablets.entry(tablet).or_default())
        };
        let tablet = line.lock_owned().await;
        // Never closed: there is always a place in the end.
        Place { _body: self.bodies.acquire().await.ok(), _tablet: tablet }
    }

    /// Waits for a turn at decoding and writing.
    pub async fn turn(&self) -> Option<SemaphorePermit<'_>> {
        self.turns.acquire().await.ok()
    }

    /// Waits for a core to verify on.
    pub async fn core(&self) -> Option<SemaphorePermit<'_>> {
        self.cores.acquire().await.ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::Future;
    use std::pin::pin;
    use std::task::{Context, Waker};

    fn device(n: usize) -> DeviceId {
        DeviceId(uuid::Uuid::from_u128(n as u128 + 1))
    }

    /// The place, if there is one at once.
    fn now<'i>(waiting: impl Future<Output = Place<'i>>) -> Option<Place<'i>> {
        match pin!(waiting).poll(&mut Context::from_waker(Waker::noop())) {
            std::task::Poll::Ready(place) => Some(place),
            std::task::Poll::Pending => None,
        }
    }

    #[test]
    fn a_tablet_that_asks_again_and_again_takes_one_place() {
        let intake = Intake::default();
        let first = now(intake.place(device(0)));
        assert!(first.is_some());
        for _ in 0..BODIES_MAX {
            assert!(now(intake.place(device(0))).is_none(), "its first push isn't answered yet");
        }
        assert!(now(intake.place(device(1))).is_some(), "another tablet has its own place");
        drop(first);
        assert!(now(intake.place(device(0))).is_some());
    }

    #[test]
    fn bodies_are_bounded_and_who_came_first_is_next() {
        let intake = Intake::default();
        let mut held: Vec<_> = (0..BODIES_MAX).map(|n| now(intake.place(device(n))).unwrap()).collect();
        let (mut early, mut late) = (pin!(intake.place(device(BODIES_MAX))), pin!(intake.place(device(BODIES_MAX + 1))));
        let mut context = Context::from_waker(Waker::noop());
        assert!(early.as_mut().poll(&mut context).is_pending() && late.as_mut().poll(&mut context).is_pending());
        held.pop();
        assert!(late.as_mut().poll(&mut context).is_pending(), "the other one came before");
        assert!(early.as_mut().poll(&mut context).is_ready());
    }

    #[test]
    fn who_left_the_line_is_forgotten() {
        let intake = Intake::default();
        for n in 0..100 {
            drop(now(intake.place(device(n))));
        }
        let one = now(intake.place(device(100)));
        assert_eq!(intake.tablets.lock().unwrap().len(), 1);
        drop(one);
    }
}
