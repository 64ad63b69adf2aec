//! `preau-simulation`: plays seeds until one breaks a promise.

use anyhow::Result;
use clap::Parser;
use indicatif::{ProgressBar, ProgressStyle};
use simulation::run;
use simulation::template::Template;
use std::collections::BTreeMap;
use std::ops::Range;
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

/// Plays weeks at the door, drawn from seeds, on the real tablet and the real server; checks the promises I1 to I9 after every step.
#[derive(Debug, Parser)]
#[command(version, about)]
struct Args {
    /// Seeds to play: first and last excluded
    #[arg(long, value_name = "FIRST..END", default_value = "0..200", value_parser = range)]
    seeds: Range<u64>,
    /// Runs side by side; by default one a core
    #[arg(long, value_name = "N")]
    jobs: Option<usize>,
    /// Says which seed breaks what, and doesn't look for the shortest way to it
    #[arg(long)]
    first: bool,
    /// Plays every seed of the range, whatever breaks on the way, and lists those that broke a promise
    #[arg(long, conflicts_with = "first")]
    every: bool,
    /// Prints each line of one seed's trace, and its hash
    #[arg(long, value_name = "SEED", conflicts_with = "seeds")]
    trace: Option<u64>,
}

fn range(text: &str) -> Result<Range<u64>, String> {
    let wrong = || format!("« {text} »: expected FIRST..END, such as 0..10000");
    let (first, end) = text.split_once("..").ok_or_else(wrong)?;
    Ok(first.parse().map_err(|_| wrong())?..end.parse().map_err(|_| wrong())?)
}

fn main() -> Result<ExitCode> {
    let args = Args::parse();
    let template = Template::new()?;
    if let Some(seed) = args.trace {
        let outcome = run::seed(&template, seed)?;
        println!("{}\n{}", outcome.trace.join("\n"), outcome.hash);
        return Ok(if outcome.broken.is_some() { ExitCode::from(1) } else { ExitCode::SUCCESS });
    }
    let jobs = args.jobs.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from));
    let bar = ProgressBar::new(args.seeds.end.saturating_sub(args.seeds.start));
    bar.set_style(ProgressStyle::with_template("{bar:40} {pos}/{len} seeds, {eta} left")?);
    let (next, failing) = (AtomicU64::new(args.seeds.start), Mutex::new(BTreeMap::<u64, String>::new()));
    let failures = || failing.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let note = |seed: u64, what: String| {
        if args.every {
            bar.suspend(|| println!("seed {seed}: {what}"));
        }
        failures().insert(seed, what);
    };
    std::thread::scope(|scope| {
        for _ in 0..jobs {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::SeqCst);
                    let stop = !args.every && !failures().is_empty();
                    if seed >= args.seeds.end || stop {
                        return;
                    }
                    match run::seed(&template, seed) {
                        Ok(outcome) => outcome.broken.map_or((), |broken| note(seed, broken.to_string())),
                        Err(error) => note(seed, format!("{error:#}")),
                    }
                    bar.inc(1);
                }
            });
        }
    });
    bar.finish_and_clear();
    let played = args.seeds.end.saturating_sub(args.seeds.start);
    let failing = failing.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    let Some((seed, what)) = failing.first_key_value() else {
        println!("{played} seeds, no promise broken");
        return Ok(ExitCode::SUCCESS);
    };
    if args.every {
        println!("{played} seeds, {} of them broke a promise", failing.len());
        return Ok(ExitCode::from(1));
    }
    println!("seed {seed}: {what}");
    if args.first {
        return Ok(ExitCode::from(1));
    }
    match run::shortest(&template, *seed) {
        Ok((events, outcome)) => {
            println!("{} events are enough:", events.len());
            println!("{}", outcome.trace.join("\n"));
        }
        Err(error) => println!("{error:#}"),
    }
    Ok(ExitCode::from(1))
}
