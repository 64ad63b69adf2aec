//! The program as a test hears it.

use hardware::program::{Program, ReaderProgram};
use hardware::{ReaderEvent, ReaderKind};
use std::ffi::OsString;
use std::time::{Duration, Instant};

/// Longer than anything takes here, on a machine that does much else.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// Starts the program with these arguments.
pub fn start(kind: ReaderKind, args: &[&str]) -> ReaderProgram {
    let args = args.iter().map(OsString::from).collect();
    ReaderProgram::start(Program { path: env!("CARGO_BIN_EXE_preau-badge-reader").into(), args, kind }).unwrap()
}

/// What it says next.
pub fn next(reader: &ReaderProgram) -> ReaderEvent {
    reader.wait(PATIENCE).expect("the reader says nothing")
}

/// The next card.
pub fn card(reader: &ReaderProgram) -> String {
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
