//! Who answers the window: the controllers over the tablet's store, or a
//! sentence where the store can't be opened.

use std::path::Path;
use std::sync::Arc;

use terminal_core::clock::{Clock, SystemClock};
use terminal_core::door::Door;
use terminal_core::store::{NoFaults, Store, StoreError};
use terminal_core::sync::line::Line;
use terminal_core::view::{Act, Notice, Screen, Tone};

use crate::door_thread::Desk;

/// The door of this tablet, on this machine's clock, with its line to the server.
pub struct Tablet {
    door: Door,
    clock: SystemClock,
    /// `None` before enrolment, and where the line can't be opened: the door goes on without it.
    line: Option<Line>,
}

impl Tablet {
    /// Opens the data folder. One program at a time owns it.
    ///
    /// # Errors
    /// The folder is in use, damaged, or can't be written.
    pub fn open(data: &Path) -> Result<Self, StoreError> {
        let clock = SystemClock::new()?;
        let store = Store::open(data, Arc::new(NoFaults))?;
        let line = match store.second().and_then(|second| Line::start(second, clock)) {
            Ok(line) => Some(line),
            Err(StoreError::NotEnrolled) => None,
            Err(error) => {
                tracing::error!(%error, "the tablet works without its line");
                None
            }
        };
        let door = Door::open(store, clock.now())?;
        Ok(Self { door, clock, line })
    }
}

impl Desk for Tablet {
    fn act(&mut self, act: Act) -> Screen {
        let screen = self.door.act(self.clock.now(), act);
        if let Some(line) = self.line.as_ref().filter(|_| !self.door.last_recorded().is_empty()) {
            line.sealed();
        }
        screen
    }

    fn tick(&mut self) -> Screen {
        self.door.tick_clock(self.clock.now())
    }
}

/// A door that could not be opened: the screen says why, and what to do instead.
#[derive(Debug, Clone)]
pub struct Closed {
    why: String,
}

impl Closed {
    /// `why` is a sentence for the person in front of the tablet.
    #[must_use]
    pub fn because(why: &impl std::fmt::Display) -> Self {
        Self { why: why.to_string() }
    }
}

impl Desk for Closed {
    fn act(&mut self, _act: Act) -> Screen {
        self.tick()
    }

    fn tick(&mut self) -> Screen {
        let text = format!("{} En attendant, notez les arrivées et les départs sur papier.", self.why);
        Screen { place: "Préau".into(), notice: Some(Notice { text, tone: Tone::Red }), notice_stays: true, ..Screen::default() }
    }
}
