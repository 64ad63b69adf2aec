//! How long from a touch until the entry is durable, and until the new screen
//! is there, beside a bare prepared SQLite commit of the same row in the same
//! run: `cargo bench -p preau-terminal-core --bench touch_to_durable`.
//!
//! The two alternate, touch by touch, so that whatever else the machine does
//! falls on both. Medians of several runs; the folder lies below `--dir`, or
//! the system's place for temporary files (a memory disk there says nothing of
//! a tablet's flash).
#![allow(clippy::unwrap_used, reason = "a measurement that fails is to stop")]

#[path = "../tests/claims/fixture.rs"]
mod fixture;

use fixture::*;
use rusqlite::{Connection, params};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Instant;
use terminal_core::door::Door;
use terminal_core::entropy::SeededEntropy;
use terminal_core::store::{FaultPoints, SealPoint, Store};
use terminal_core::view::Act;

const RUNS: usize = 7;
const CHILDREN: u16 = 300;

/// Notes when the transaction became durable.
#[derive(Default)]
struct DurableAt(Mutex<Option<Instant>>);

impl FaultPoints for DurableAt {
    fn pass(&self, point: SealPoint) {
        if point == SealPoint::AfterCommit {
            *self.0.lock().unwrap() = Some(Instant::now());
        }
    }
}

/// Microseconds of one run.
#[derive(Default)]
struct Run {
    durable: Vec<u128>,
    screen: Vec<u128>,
    bare: Vec<u128>,
}

fn main() {
    let mut args = std::env::args().skip_while(|a| a != "--dir").skip(1);
    let below = args.next().map_or_else(std::env::temp_dir, PathBuf::from);
    let runs: Vec<Run> = (0..RUNS).map(|_| one_run(&below)).collect();
    let median = |pick: &dyn Fn(&Run) -> &[u128], per_thousand: usize| {
        let mut each: Vec<u128> = runs.iter().map(|run| quantile(pick(run), per_thousand)).collect();
        each.sort_unstable();
        each[each.len() / 2]
    };
    println!("{CHILDREN} arrivals a run, medians of {RUNS} runs, microseconds");
    println!("{:<28} {:>8} {:>8}", "", "p50", "p99");
    let row = |name: &str, pick: &dyn Fn(&Run) -> &[u128]| {
        let (p50, p99) = (median(pick, 500), median(pick, 990));
        println!("{name:<28} {p50:>8} {p99:>8}");
        p50
    };
    let bare = row("bare prepared commit", &|r| &r.bare);
    let durable = row("touch to durable", &|r| &r.durable);
    let screen = row("touch to new screen", &|r| &r.screen);
    let ratio = |us: u128| format!("{}.{:02}", us / bare.max(1), us % bare.max(1) * 100 / bare.max(1));
    println!("ratio of medians: durable {} x, screen {} x the bare commit", ratio(durable), ratio(screen));
}

fn quantile(values: &[u128], per_thousand: usize) -> u128 {
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    sorted[(sorted.len() - 1) * per_thousand / 1_000]
}

fn one_run(below: &Path) -> Run {
    let dir = tempfile::tempdir_in(below).unwrap();
    let durable_at = Arc::new(DurableAt::default());
    let mut store = Store::open(&dir.path().join("tablet"), Arc::clone(&durable_at) as Arc<dyn FaultPoints>).unwrap();
    enrol(&mut store, 1, [roster(), crowd(CHILDREN)].concat());
    let mut door = Door::with_entropy(store, wednesday("07:40"), Box::new(SeededEntropy::new(1))).unwrap();
    let bare = bare_journal(&dir.path().join("bare.db"));
    let mut run = Run::default();
    for number in 100..100 + CHILDREN {
        let started = Instant::now();
        let screen = door.act(wednesday("07:50"), Act::Touch(child(number)));
        run.screen.push(started.elapsed().as_micros());
        run.durable.push((durable_at.0.lock().unwrap().take().unwrap() - started).as_micros());
        assert!(screen.undo.is_some());
        let entry = door.store().journal.own_entry(door.last_recorded()[0]).unwrap().unwrap();
        run.bare.push(bare_commit(&bare, &entry.sealed, entry.envelope.entry_id.0.as_bytes()));
    }
    run
}

fn bare_journal(path: &Path) -> Connection {
    let connection = Connection::open(path).unwrap();
    connection.pragma_update(None, "journal_mode", "WAL").unwrap();
    connection.pragma_update(None, "synchronous", "FULL").unwrap();
    let schema = "CREATE TABLE entry (arrival INTEGER PRIMARY KEY, entry_id BLOB NOT NULL UNIQUE, envelope BLOB NOT NULL,
                      signature BLOB NOT NULL, salt BLOB, payload BLOB, first_day INTEGER, last_day INTEGER) STRICT;
                  CREATE INDEX entry_by_day ON entry (last_day, first_day);";
    connection.execute_batch(schema).unwrap();
    connection
}

fn bare_commit(connection: &Connection, sealed: &shared::journal::Sealed, id: &[u8; 16]) -> u128 {
    let private = sealed.private.as_ref().unwrap();
    let started = Instant::now();
    let sql =
        "INSERT INTO entry (entry_id, envelope, signature, salt, payload, first_day, last_day) VALUES (?1, ?2, ?3, ?4, ?5, 739903, 739903)";
    let row = params![id, sealed.envelope, sealed.signature, private.salt, private.payload];
    connection.prepare_cached(sql).unwrap().execute(row).unwrap();
    started.elapsed().as_micros()
}
