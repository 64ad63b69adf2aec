//! The program as a test hears it.

use hardware::ReaderEvent;
use hardware::program::{Program, ReaderProgram};
use std::ffi::OsString;
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

/// Longer than anything takes here, on a machine that does much else.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// A program that runs, and what it says.
pub struct Heard {
    events: Receiver<ReaderEvent>,
    // Dropped after the events: whoever listens is told of the end.
    _program: ReaderProgram,
}

impl Heard {
    /// What it says within a time.
    pub fn wait(&self, wait: Duration) -> Option<ReaderEvent> {
        self.events.recv_timeout(wait).ok()
    }
}

/// Starts the program with these arguments.
pub fn start(args: &[&str]) -> Heard {
    let args = args.iter().map(OsString::from).collect();
    let program = Program { path: env!("CARGO_BIN_EXE_preau-badge-reader").into(), args };
    let (program, events) = ReaderProgram::start(program).unwrap();
    Heard { events, _program: program }
}

/// What it says next.
pub fn next(reader: &Heard) -> ReaderEvent {
    reader.wait(PATIENCE).expect("the reader says nothing")
}

/// The next card.
pub fn card(reader: &Heard) -> String {
    match next(reader) {
        ReaderEvent::Badge(uid) => uid,
        other => panic!("{other:?}"),
    }
}

/// Waits until something is so.
pub fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let started = Instant::now();
    while !is_so() {
        assert!(started.elapsed() < PATIENCE, "{what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}
