//! Somebody who touches everything, ten thousand times, while the reader comes and goes, the disk fills up, the clock jumps and the
//! machine is switched off. Whatever was touched: what the screen shows as recorded is on disk, once, in a chain that holds; a barred
//! adult is never offered; nothing panics, and the door records again as soon as it can.
//!
//! Seeded: the same touches each time. `PREAU_MONKEY=<seed>` plays others.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use hardware::ReaderEvent;
use hardware::said::Fault;
use rusqlite::{Connection, OpenFlags};
use shared::fold::fold;
use shared::id::EntryId;
use slint::platform::Key;
use terminal_app::paint;
use terminal_core::door::Door as Controllers;
use terminal_core::entropy::{Entropy, SeededEntropy};
use terminal_core::store::{NoFaults, Peek, Store};
use terminal_core::view::{Act, Dialog, Screen, TileState};
use uuid::Uuid;

use crate::door::{FINGERS_MS, READER_MS};
use crate::site;
use crate::through::Tablet;

const STEPS: u32 = 10_000;
const SEED: u64 = 2_026;
/// Pages of a journal that has room.
const ROOMY: u32 = 1_000_000;
/// From how many steps to the next the whole disk is read again.
const LOOKED_EVERY: u32 = 250;

/// The person, their dice, and what they have seen recorded.
struct Monkey {
    tablet: Tablet,
    dice: SeededEntropy,
    eyes: Connection,
    recorded: HashSet<EntryId>,
    full: bool,
    starts: u64,
}

impl Monkey {
    fn at_the_door(seed: u64) -> Self {
        let tablet = Tablet::with(site::wednesday("07:35"), [site::roster(), site::crowd(60)].concat());
        let eyes = Connection::open_with_flags(tablet.data.path().join("journal.db"), OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
        Self { tablet, dice: SeededEntropy::new(seed), eyes, recorded: HashSet::new(), full: false, starts: 0 }
    }

    fn below(&mut self, end: u64) -> u64 {
        let mut bytes = [0; 8];
        self.dice.fill(&mut bytes).unwrap();
        u64::from_le_bytes(bytes) % end
    }

    fn one_of<T: Copy>(&mut self, of: &[T]) -> T {
        let at = self.below(u64::try_from(of.len()).unwrap());
        of[usize::try_from(at).unwrap()]
    }

    fn somewhere(&mut self) -> (f32, f32) {
        let (x, y) = (self.below(1_280), self.below(800));
        (f32::from(u16::try_from(x).unwrap()), f32::from(u16::try_from(y).unwrap()))
    }

    fn step(&mut self) {
        match self.below(100) {
            0..60 => {
                let (x, y) = self.somewhere();
                self.tablet.window.touch_at(x, y);
            }
            60..68 => {
                let at = self.somewhere();
                self.tablet.window.hold_at(at.0, at.1, Duration::from_millis(750));
            }
            68..74 => {
                let (from, to) = (self.somewhere(), self.somewhere());
                self.tablet.window.drag(from, to);
            }
            74..80 => {
                let card = self.one_of(&[site::FAMILY_CARD, site::KARIM_CARD, site::STAFF_CARD, "04:00:00:00:00:00:02", "08F00BA4", "zz"]);
                self.tablet.window.type_keys(&format!("{card}\n"), READER_MS);
            }
            80..85 => {
                let letters = self.one_of(&["léa", "karim benali", "x", "Camille Tanguy", "'); DROP", "🙂"]);
                self.tablet.window.type_keys(letters, FINGERS_MS);
            }
            85..88 => {
                let key = self.one_of(&[Key::Escape, Key::Return, Key::Tab, Key::PageDown, Key::PageUp, Key::Backspace]);
                self.tablet.window.key(char::from(key));
            }
            88..94 => {
                let seconds = self.one_of(&[1, 5, 11, 61, 600]);
                self.tablet.now = site::later(self.tablet.now, seconds * 1_000);
            }
            94..96 => self.clock_jumps(),
            96..98 => {
                let event = match self.below(4) {
                    0 => ReaderEvent::Fault(Fault::Unplugged, String::new()),
                    1 => ReaderEvent::Several,
                    2 => ReaderEvent::Heard("pn532".into()),
                    _ => ReaderEvent::Badge(site::FAMILY_CARD.into()),
                };
                self.ask(Act::Reader(event));
            }
            98 => self.disk_fills_or_empties(),
            _ => self.switched_off(),
        }
        for act in self.tablet.window.asked() {
            self.ask(act);
        }
        let screen = self.tablet.door.tick_clock(self.tablet.now);
        self.shows(&screen);
    }

    /// The wall clock is set, ahead or back; the other one goes on.
    fn clock_jumps(&mut self) {
        let ms = self.one_of(&[-86_400_000, -3_600_000, -180_000, 180_000, 3_600_000, 86_400_000]);
        self.tablet.now.wall_ms += ms;
    }

    /// Somebody sets the clock right, on one of two mornings, and the server has answered: what is locked shows nothing to touch.
    fn morning(&mut self) {
        let morning = if self.below(2) == 0 { site::wednesday("07:50") } else { site::thursday("07:50") };
        self.tablet.now.wall_ms = morning.wall_ms;
        if !self.full {
            site::answered(&self.tablet.door, self.tablet.now);
        }
    }

    fn disk_fills_or_empties(&mut self) {
        self.full = !self.full;
        self.tablet.door.store().journal.limit_pages(if self.full { 1 } else { ROOMY }).unwrap();
    }

    /// The power goes; what is on disk starts again.
    fn switched_off(&mut self) {
        self.starts += 1;
        // Two can't hold one folder: another tablet stands in for the while.
        let elsewhere = tempfile::tempdir().unwrap();
        drop(std::mem::replace(&mut self.tablet.door, site::door_in(elsewhere.path(), self.tablet.now)));
        let store = Store::open(self.tablet.data.path(), Arc::new(NoFaults)).unwrap();
        store.journal.limit_pages(if self.full { 1 } else { ROOMY }).unwrap();
        let entropy = Box::new(SeededEntropy::new(self.starts << 32));
        // The boot is the same one: CLOCK_BOOTTIME goes on.
        self.tablet.door = Controllers::with_entropy(store, self.tablet.now, entropy).unwrap();
    }

    /// Answers one question as the door's thread does. What it says was recorded is there for other eyes.
    fn ask(&mut self, act: Act) {
        let told = format!("{act:?}");
        let screen = self.tablet.door.act(self.tablet.now, act);
        for entry in self.tablet.door.last_recorded() {
            let sql = "SELECT count(*) FROM entry WHERE entry_id = ?1";
            let rows: u32 = self.eyes.query_row(sql, [entry.0.as_bytes().as_slice()], |row| row.get(0)).unwrap();
            assert_eq!(rows, 1, "{told}: an entry that was told as recorded is on disk, once");
            assert!(self.recorded.insert(*entry), "{told}: an entry is told once");
        }
        self.shows(&screen);
    }

    fn shows(&mut self, screen: &Screen) {
        if let Some(Dialog::Departure(dialog)) = &screen.dialog {
            let barred = site::person(site::KARIM);
            assert!(
                dialog.child != site::child(site::AYA) || dialog.adults.iter().all(|a| a.person != barred),
                "a barred adult is offered"
            );
        }
        paint::show_screen(&self.tablet.window.window, screen);
        self.tablet.window.wait(Duration::from_millis(20));
    }

    /// The disk, read by other eyes: each entry that was told is there once, and the board is what a new reading of them says.
    fn looks(&mut self) {
        let mut statement = self.eyes.prepare("SELECT entry_id FROM entry").unwrap();
        let rows = statement.query_map([], |row| Ok(EntryId(Uuid::from_bytes(row.get(0)?)))).unwrap();
        let held: Vec<EntryId> = rows.map(Result::unwrap).collect();
        let once: HashSet<EntryId> = held.iter().copied().collect();
        assert_eq!(once.len(), held.len(), "nothing is doubled");
        assert_eq!(self.recorded.difference(&once).count(), 0, "nothing that was told is lost");
        let screen = self.tablet.door.tick_clock(self.tablet.now);
        let day = self.tablet.door.day();
        let read_again = fold(&self.tablet.door.store().second().unwrap().journal.facts_around(day).unwrap());
        for tile in screen.tiles.iter().filter(|tile| tile.state == TileState::Present) {
            let of_day = read_again.days.get(&(day, tile.child));
            assert!(
                of_day.is_some_and(|d| d.open_presence(site::SITE).is_some() || !d.roll_calls.is_empty()),
                "green, and not on disk: {tile:?}"
            );
        }
    }
}

#[test]
fn whatever_is_touched_ten_thousand_times_nothing_that_was_shown_is_lost_and_nothing_panics() {
    let seed = std::env::var("PREAU_MONKEY").ok().and_then(|seed| seed.parse().ok()).unwrap_or(SEED);
    let mut monkey = Monkey::at_the_door(seed);
    for step in 0..STEPS {
        monkey.step();
        if step % LOOKED_EVERY == 0 {
            monkey.looks();
            monkey.morning();
        }
    }
    monkey.looks();
    assert!(monkey.recorded.len() > 300, "it did something: {} entries", monkey.recorded.len());
    if monkey.full {
        monkey.disk_fills_or_empties();
    }
    assert!(Peek::open(monkey.tablet.data.path()).unwrap().verify(monkey.tablet.data.path()).unwrap().whole, "the chain holds");
    // After all that, a touch records.
    monkey.tablet.now = site::thursday("08:00");
    monkey.switched_off();
    site::answered(&monkey.tablet.door, monkey.tablet.now);
    let screen = monkey.tablet.door.act(monkey.tablet.now, Act::Arrive(site::child(site::ZOE)));
    assert!(!monkey.tablet.door.last_recorded().is_empty(), "{:?}", screen.notice);
}
