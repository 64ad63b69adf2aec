//! One line a step, with its time. The first deviation ends the day.

use anyhow::{Context, Result};
use std::time::Instant;

/// What the script has done so far.
pub struct Steps {
    started: Instant,
    count: u32,
}

impl Steps {
    pub fn new() -> Self {
        Self { started: Instant::now(), count: 0 }
    }

    /// Does one step, and says what came out of it.
    pub fn step<T>(&mut self, what: &str, act: impl FnOnce() -> Result<(T, String)>) -> Result<T> {
        self.count += 1;
        let started = Instant::now();
        match act() {
            Ok((value, said)) => {
                println!("✓ {:>2}. {what} : {said} ({} ms)", self.count, started.elapsed().as_millis());
                Ok(value)
            }
            Err(error) => {
                println!("✗ {:>2}. {what} ({} ms)", self.count, started.elapsed().as_millis());
                Err(error).with_context(|| format!("étape {} : {what}", self.count))
            }
        }
    }

    pub fn end(&self) {
        println!(
            "La journée est juste : {} étapes en {},{} s",
            self.count,
            self.started.elapsed().as_secs(),
            self.started.elapsed().subsec_millis() / 100
        );
    }
}
