//! How long a start takes over a journal of 100,000 entries, which is some
//! years of a busy door: `cargo bench -p preau-terminal-core --bench start`.
//!
//! Told apart: a start behind its checkpoint, one that has the last thousand
//! entries to verify, and the whole verification. The folder lies below
//! `--dir`, or the system's place for temporary files.
#![allow(clippy::unwrap_used, reason = "a measurement that fails is to stop")]

#[path = "../tests/claims/fixture.rs"]
mod fixture;

use fixture::*;
use shared::id::EntryId;
use shared::journal::{Draft, Kind, Moment, Payload};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;
use terminal_core::store::{NoFaults, Peek, Store};
use uuid::Uuid;

const ENTRIES: u32 = 100_000;
const BATCH: u32 = 500;
/// What a thread leaves to the next start, at most.
const UNVERIFIED: u32 = 1_000;

fn main() {
    let mut args = std::env::args().skip_while(|a| a != "--dir").skip(1);
    let below = args.next().map_or_else(std::env::temp_dir, PathBuf::from);
    let dir = tempfile::tempdir_in(below).unwrap();
    let mut store = Store::open(dir.path(), Arc::new(NoFaults)).unwrap();
    enrol(&mut store, 1, roster());
    seal(&mut store, 0..ENTRIES);
    drop(store);
    let size = |path: &str| std::fs::metadata(dir.path().join(path)).map_or(0, |metadata| metadata.len() / 1024);
    println!("{ENTRIES} entries: journal.db of {} KiB", size("journal.db"));
    started(dir.path(), "first start after them");
    started(dir.path(), "start at its checkpoint");
    let mut store = Store::open(dir.path(), Arc::new(NoFaults)).unwrap();
    seal(&mut store, ENTRIES..ENTRIES + UNVERIFIED);
    drop(store);
    started(dir.path(), "start with a thousand entries to verify");
    let begun = Instant::now();
    assert!(Peek::open(dir.path()).unwrap().verify(dir.path()).unwrap().whole);
    println!("{:<44} {:>6} ms", "whole verification", begun.elapsed().as_millis());
}

fn started(dir: &Path, what: &str) {
    let begun = Instant::now();
    let store = Store::open(dir, Arc::new(NoFaults)).unwrap();
    println!("{what:<44} {:>6} ms", begun.elapsed().as_millis());
    drop(store);
}

fn seal(store: &mut Store, numbers: std::ops::Range<u32>) {
    let drafts: Vec<Draft> = numbers.map(draft).collect();
    for batch in drafts.chunks(usize::try_from(BATCH).unwrap()) {
        store.seal(batch).unwrap();
    }
}

/// A touch; a thousand a day.
fn draft(number: u32) -> Draft {
    let now = later(wednesday("07:40"), i64::from(number / 1_000) * 86_400_000);
    let payload = Payload {
        about_child: Some(child(u16::try_from(number % 300).unwrap())),
        centre: Some(ALSH),
        boottime_ms: now.boottime_ms,
        boot: now.boot,
        moment: Moment { activity: Some(activity("MERC")), label: "Mercredi journée".into() },
        roster_version: 1,
        ..Payload::at(now.wall_ms)
    };
    let entry_id = EntryId(Uuid::from_u128(0x7000_8000_0000_0000_0000_u128 << 32 | u128::from(number) | 1 << 127));
    Draft { organisation: ORGANISATION, site: SITE, entry_id, kind: Kind::Arrived, payload, notes: Vec::new(), salt: [7; 32] }
}
