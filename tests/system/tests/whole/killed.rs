//! SIGKILL, again and again, at instants that nobody chose: of the tablet while it records and sends, of the server while it takes in.

use crate::house::{House, Tablet};
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::process::{Child, Stdio};
use std::time::Duration;
use system::chance::Chance;
use system::postgres::Postgres;
use system::{Installation, longer, program};

/// A tablet at work, with the process that directs it: one group, which dies at once.
struct Working {
    process: Child,
    lines: BufReader<std::process::ChildStdout>,
}

impl Working {
    fn start(tablet: &Tablet, actions: &[Value]) -> Self {
        let file = tablet.folder().join("actions.jsonl");
        std::fs::write(&file, actions.iter().map(|a| format!("{a}\n")).collect::<String>()).unwrap();
        let mut command = program("preau-terminal").unwrap();
        command.arg("--data").arg(tablet.folder()).args(["simulate", "--actions"]).arg(file);
        let mut process = command.stdout(Stdio::piped()).process_group(0).spawn().unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap());
        Self { process, lines }
    }

    /// What the screen shows next; `None` at the end.
    fn shows(&mut self, tablet: &mut Tablet) -> Option<()> {
        let mut line = String::new();
        // Half a line was shown to nobody.
        if self.lines.read_line(&mut line).unwrap() == 0 || !line.ends_with('\n') {
            return None;
        }
        tablet.shows(&serde_json::from_str(&line).unwrap());
        Some(())
    }

    fn kill(mut self, tablet: &mut Tablet) {
        killpg(Pid::from_raw(self.process.id().cast_signed()), Signal::SIGKILL).unwrap();
        // What was shown before, and read only now.
        while self.shows(tablet).is_some() {}
        self.process.wait().unwrap();
    }
}

#[test]
fn a_tablet_that_is_killed_again_and_again_loses_and_doubles_nothing() {
    const ROUNDS: u64 = 8;
    let house = House::open(Installation::new().unwrap());
    let mut tablet = house.tablet();
    let mut chance = Chance::new(20_261_126);
    for round in 0..ROUNDS * longer() {
        let actions = tablet.next_gestures("E01", 24);
        let mut working = Working::start(&tablet, &actions);
        for _ in 0..chance.below(24) {
            working.shows(&mut tablet).unwrap();
        }
        // The instant itself is what is tried: it has no meaning, and nothing waits for it.
        std::thread::sleep(Duration::from_micros(chance.below(20_000)));
        working.kill(&mut tablet);
        tablet.verify();
        println!("round {round}: {} shown", tablet.shown.len());
    }
    house.settle(&[tablet]);
}

/// Kills the server each time some more bytes of the tablets' have reached it, and looks at what it left behind before it starts again.
fn server_killed(installation: Installation, rounds: u64) {
    let mut house = House::open(installation);
    let mut tablets = [house.tablet(), house.tablet()];
    let mut chance = Chance::new(42);
    let working: Vec<Vec<Value>> = tablets.iter_mut().zip(["E01", "E03"]).map(|(t, child)| t.next_gestures(child, 30)).collect();
    for round in 0..rounds {
        let proxy = &house.proxy;
        let already = proxy.seen().sent;
        let mut started: Vec<Working> = tablets.iter().zip(&working).map(|(tablet, actions)| Working::start(tablet, actions)).collect();
        let until = already + 2_000 + chance.below(30_000);
        proxy.wait_for("bytes for the server", |seen| seen.sent >= until).unwrap();
        house.kill();
        house.installation.run(&["journal", "verify"]).unwrap();
        house.serve_again();
        // The tablets go on by themselves, the line dead or not.
        for (working, tablet) in started.iter_mut().zip(&mut tablets) {
            while working.shows(tablet).is_some() {}
            assert!(working.process.wait().unwrap().success(), "round {round}");
        }
    }
    house.settle(&tablets);
}

#[test]
fn a_server_that_is_killed_while_it_takes_in_loses_and_doubles_nothing() {
    server_killed(Installation::new().unwrap(), 3 * longer());
}

#[test]
fn a_server_that_is_killed_while_it_takes_in_leaves_nothing_half_done_in_postgresql() {
    let Some(postgres) = Postgres::start().unwrap() else { return };
    server_killed(Installation::in_database(postgres.url()).unwrap(), 3 * longer());
}
