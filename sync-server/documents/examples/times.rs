//! How long documents take and how much memory: `cargo run -p preau-documents --example times -- 500`.

use documents::{Templates, samples};
use std::time::Instant;
use std::{env, fs};

fn main() {
    let count = env::args().nth(1).and_then(|count| count.parse().ok()).unwrap_or(500);
    let templates = Templates::builtin();
    let mut microseconds = Vec::with_capacity(count);
    for index in 0..count {
        let mut document = samples::invoice();
        document.number = format!("F-2026-{index:06}");
        document.payer.name = format!("Claire Martin {index}");
        let started = Instant::now();
        if let Err(error) = templates.render(&document) {
            eprintln!("{error}");
        }
        microseconds.push(started.elapsed().as_micros());
    }
    let first = microseconds.first().copied().unwrap_or_default();
    microseconds.sort_unstable();
    let at = |percent: usize| microseconds.get(microseconds.len() * percent / 100).copied().unwrap_or_default();
    println!("{count} documents: first {first} µs, p50 {} µs, p99 {} µs", at(50), at(99));
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    println!("{}", status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or("no VmHWM"));
}
