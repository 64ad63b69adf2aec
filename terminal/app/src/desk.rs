//! Who answers the window: the controllers over the tablet's store, or a
//! sentence where the store can't be opened.

use std::path::Path;
use std::sync::Arc;

use terminal_core::clock::{Clock, SystemClock};
use terminal_core::door::Door;
use terminal_core::store::{NoFaults, Store, StoreError};
use terminal_core::view::{Act, Notice, Screen, Tone};

use crate::door_thread::Desk;

/// The door of this tablet, on this machine's clock.
pub struct Tablet {
    door: Door,
    clock: SystemClock,
}

impl Tablet {
    /// Opens the data folder. One program at a time owns it.
    ///
    /// # Errors
    /// The folder is in use, damaged, or can't be written.
    pub fn open(data: &Path) -> Result<Self, StoreError> {
        let clock = SystemClock::new()?;
        let store = Store::open(data, Arc::new(NoFaults))?;
        let door = Door::open(store, clock.now())?;
        Ok(Self { door, clock })
    }
}

impl Desk for Tablet {
    fn act(&mut self, act: Act) -> Screen {
        self.door.act(self.clock.now(), act)
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
