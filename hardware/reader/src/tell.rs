//! Saying it, and ending when nobody can be told any more.

use hardware::said::{BEAT_S, Fault, Said};
use std::io::{Read, Write};
use std::time::{Duration, Instant};

/// Ends this process once its input does: whoever started it has ended, however that came.
pub fn end_with_the_input() {
    std::thread::spawn(|| {
        let mut buffer = [0; 64];
        while std::io::stdin().read(&mut buffer).is_ok_and(|read| read > 0) {}
        std::process::exit(0);
    });
}

/// The voice of one loop.
pub struct Voice {
    beaten: Instant,
    fault: Option<Fault>,
}

impl Voice {
    pub fn new() -> Self {
        Self { beaten: Instant::now(), fault: None }
    }

    /// Writes a line; a reader of it that is gone ends this process.
    pub fn say(&mut self, said: &Said) {
        let Ok(line) = serde_json::to_string(said) else { return };
        let mut out = std::io::stdout().lock();
        if writeln!(out, "{line}").and_then(|()| out.flush()).is_err() {
            std::process::exit(0);
        }
        self.beaten = Instant::now();
    }

    /// Whether a fault was said, and no end of it.
    #[cfg(feature = "nfc")]
    pub fn is_in_trouble(&self) -> bool {
        self.fault.is_some()
    }

    /// The reader is open.
    pub fn ready(&mut self, reader: &str) {
        self.fault = None;
        self.say(&Said::Ready { reader: reader.to_owned() });
    }

    /// The reader can't be heard; said once for each reason.
    pub fn fault(&mut self, fault: Fault, detail: impl std::fmt::Display) {
        if self.fault.replace(fault) != Some(fault) {
            self.say(&Said::Fault { fault, detail: detail.to_string() });
        }
        self.beat();
    }

    /// Says that this loop lives, where nothing was said for a second.
    pub fn beat(&mut self) {
        if self.beaten.elapsed() >= Duration::from_secs(BEAT_S) {
            self.say(&Said::Beat);
        }
    }

    /// Waits, and goes on beating.
    pub fn pause(&mut self, mut wait: Duration) {
        let step = Duration::from_millis(500);
        while !wait.is_zero() {
            std::thread::sleep(wait.min(step));
            wait = wait.saturating_sub(step);
            self.beat();
        }
    }
}
