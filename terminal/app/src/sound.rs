//! The two sounds of the door, on a thread of their own: a card that is slow, taken or unplugged keeps nobody waiting.
//!
//! Promises: asking never waits; nothing is held between two sounds, so that a loudspeaker plugged in later is heard; a machine
//! without one is silent, and says so in its diagnosis alone.

mod device;
mod tones;

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use terminal_core::settings::Sound;
use terminal_core::sound::Heard;

pub use device::{SYSTEM, play};
pub use tones::{RATE_HZ, Tones};

/// What waits to be heard at most: more would be heard long after the finger.
const WAITING_MAX: usize = 8;

/// Who sounds, or listens to what would.
pub trait Speaker: Send {
    /// Sounds, as loud as it is set. Never waits.
    fn sound(&mut self, heard: Heard, loud: Sound);
    /// Looks whether there is something to sound by. Never waits.
    fn look(&mut self) {}
    /// What it found: `None` where it didn't look yet.
    fn finds(&self) -> Option<bool> {
        None
    }
}

/// Nothing is heard: previews, and a tablet that no window shows.
pub struct Silent;

impl Speaker for Silent {
    fn sound(&mut self, _: Heard, _: Sound) {}
}

#[derive(Clone, Copy)]
enum Asked {
    Look,
    Sound(Heard, Sound),
}

/// What the thread found last.
#[derive(Default)]
struct Found(AtomicU8);

impl Found {
    const NOTHING: u8 = 1;
    const SOMETHING: u8 = 2;

    fn set(&self, something: bool) {
        self.0.store(if something { Self::SOMETHING } else { Self::NOTHING }, Ordering::Relaxed);
    }

    fn get(&self) -> Option<bool> {
        match self.0.load(Ordering::Relaxed) {
            Self::NOTHING => Some(false),
            Self::SOMETHING => Some(true),
            _ => None,
        }
    }
}

/// The machine's own loudspeaker.
pub struct Loudspeaker {
    asked: SyncSender<Asked>,
    found: Arc<Found>,
}

impl Loudspeaker {
    /// Starts its thread, which ends with it.
    ///
    /// # Errors
    /// No thread to be had.
    pub fn start() -> std::io::Result<Self> {
        let (asked, queue) = sync_channel(WAITING_MAX);
        let found = Arc::new(Found::default());
        let told = found.clone();
        std::thread::Builder::new().name("son".into()).spawn(move || serve(&queue, &told))?;
        Ok(Self { asked, found })
    }

    fn ask(&self, asked: Asked) {
        // A card that hangs fills the queue: silence is all that comes of it.
        if self.asked.try_send(asked).is_err() {
            tracing::debug!("a sound was left out");
        }
    }
}

impl Speaker for Loudspeaker {
    fn sound(&mut self, heard: Heard, loud: Sound) {
        if loud != Sound::Off {
            self.ask(Asked::Sound(heard, loud));
        }
    }

    fn look(&mut self) {
        self.ask(Asked::Look);
    }

    fn finds(&self) -> Option<bool> {
        self.found.get()
    }
}

fn serve(queue: &Receiver<Asked>, found: &Found) {
    let tones = Tones::new();
    while let Ok(first) = queue.recv() {
        // Several touches while one sounded are one sound; a warning among them is what must be heard.
        let samples = match std::iter::once(first).chain(queue.try_iter()).reduce(graver).unwrap_or(first) {
            Asked::Look => Vec::new(),
            Asked::Sound(heard, loud) => tones.samples(heard, loud),
        };
        let played = play(SYSTEM, &samples);
        if let Err(error) = &played {
            tracing::debug!(%error, "nothing to sound by");
        }
        found.set(played.is_ok());
    }
}

fn graver(one: Asked, other: Asked) -> Asked {
    match (one, other) {
        (Asked::Sound(Heard::Warning, _), _) | (_, Asked::Look) => one,
        _ => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_what_waits_together_the_warning_is_heard() {
        let recorded = Asked::Sound(Heard::Recorded, Sound::Normal);
        let warning = Asked::Sound(Heard::Warning, Sound::Normal);
        for order in [[Asked::Look, recorded, warning], [warning, recorded, Asked::Look], [recorded, warning, recorded]] {
            let heard = order.into_iter().reduce(graver).unwrap();
            assert!(matches!(heard, Asked::Sound(Heard::Warning, _)));
        }
    }
}
