//! A server behind a line that can be bad, the tablets before it, and the count at the end: whatever was recorded is there once.

use crate::tablet::{Serving, play, serve_at, tablet};
use serde_json::{Value, json};
use shared::id::EntryId;
use shared::journal::Envelope;
use shared::wire::WireEntry;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::Command;
use system::chaos::{Fault, Proxy};
use system::{Installation, data, program};

/// An installation that serves behind a proxy.
pub struct House {
    pub installation: Installation,
    pub proxy: Proxy,
    pub serving: Option<Serving>,
}

fn server() -> Command {
    program("preau-server").unwrap()
}

impl House {
    pub fn open(installation: Installation) -> Self {
        installation.import(&data("petite-commune")).unwrap();
        let serving = serve_at(server(), &installation, "127.0.0.1:0");
        let proxy = Proxy::before(address(&serving)).unwrap();
        Self { installation, proxy, serving: Some(serving) }
    }

    /// The server dies without a word.
    pub fn kill(&mut self) {
        self.serving = None;
    }

    pub fn serve_again(&mut self) {
        self.serve_again_by(server());
    }

    /// The same, by a command that runs the program its own way.
    pub fn serve_again_by(&mut self, command: Command) {
        self.serving = None;
        let serving = serve_at(command, &self.installation, "127.0.0.1:0");
        self.proxy.leads_to(address(&serving));
        // Connections to the server that died end with it.
        self.proxy.will(Fault::Fine);
        self.serving = Some(serving);
    }

    /// Status and text of what the server answers to a browser.
    pub fn get(&self, path: &str, headers: &str) -> (u16, String) {
        let mut stream = TcpStream::connect(address(self.serving.as_ref().unwrap())).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nhost: localhost\r\n{headers}connection: close\r\n\r\n").unwrap();
        let mut said = String::new();
        stream.read_to_string(&mut said).unwrap();
        (said.split(' ').nth(1).unwrap().parse().unwrap(), said)
    }

    /// A tablet that is enrolled and has its list of children.
    pub fn tablet(&self) -> Tablet {
        let folder = tempfile::tempdir().unwrap();
        let code = self.installation.run(&["admin", "enrolment-code", "--site", "ECOLE"]).unwrap();
        tablet(folder.path(), &["enrol", "--server", &self.proxy.url(), "--code", code.trim()]);
        let lines = play(folder.path(), &[json!({"at": "2026-10-05T16:00:00+02:00", "do": "sync"})]);
        assert_eq!(lines[0]["line_state"], "online");
        Tablet { folder, gestures: 0, shown: BTreeSet::new() }
    }

    /// Brings the line back and lets every tablet send what it holds, then counts: each entry of each tablet is at the server once,
    /// in the places that the tablet gave them, and what a screen showed is among them.
    pub fn settle(&self, tablets: &[Tablet]) {
        self.proxy.will(Fault::Fine);
        for tablet in tablets {
            // The second one asks what the first one left: whatever was to be offered again.
            tablet.play(&[json!({"at": "2026-10-05T18:50:00+02:00", "do": "online"}), json!({"do": "sync"}), json!({"do": "sync"})]);
            let status = tablet.status();
            assert_eq!((&status["queue"], &status["refused"], &status["quarantined"]), (&json!(0), &json!(0), &json!(0)), "{status}");
            tablet.verify();
        }
        self.installation.run(&["journal", "verify"]).unwrap();
        let mut held: BTreeMap<String, Vec<(u64, EntryId)>> = BTreeMap::new();
        for envelope in self.exported() {
            held.entry(envelope.place.device.to_string()).or_default().push((envelope.place.seq, envelope.entry_id));
        }
        for tablet in tablets {
            let status = tablet.status();
            let entries = &held[status["device"].as_str().unwrap()];
            let seqs: Vec<u64> = entries.iter().map(|(seq, _)| *seq).collect();
            assert_eq!(seqs, (1..=status["last_seq"].as_u64().unwrap()).collect::<Vec<_>>(), "each place, once");
            let ids: BTreeSet<String> = entries.iter().map(|(_, id)| id.to_string()).collect();
            assert_eq!(ids.len(), entries.len(), "each entry, once");
            let lost: Vec<&String> = tablet.shown.difference(&ids).collect();
            assert!(lost.is_empty(), "shown as recorded, and not at the server: {lost:?}");
            assert!(!tablet.shown.is_empty(), "nothing was recorded at all");
        }
    }

    /// Every entry that the server holds of the day.
    fn exported(&self) -> Vec<Envelope> {
        let day = ["journal", "export", "--site", "ECOLE", "--from", "2026-10-05", "--to", "2026-10-05"];
        let export: Value = serde_json::from_str(&self.installation.run(&day).unwrap()).unwrap();
        let entry = |e: &Value| serde_json::from_value::<WireEntry>(e.clone()).unwrap().into_sealed().unwrap().decode_envelope().unwrap();
        export["entries"].as_array().unwrap().iter().map(entry).collect()
    }
}

pub fn address(serving: &Serving) -> SocketAddr {
    serving.url.trim_start_matches("https://").parse().unwrap()
}

/// A tablet's folder, and what its screen has shown as recorded.
pub struct Tablet {
    folder: tempfile::TempDir,
    gestures: u32,
    pub shown: BTreeSet<String>,
}

impl Tablet {
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub fn play(&self, actions: &[Value]) -> Vec<Value> {
        play(self.folder(), actions)
    }

    pub fn status(&self) -> Value {
        serde_json::from_str(&tablet(self.folder(), &["status", "--format", "json"])).unwrap()
    }

    /// The pages, the signatures, the chain and the second copy.
    pub fn verify(&self) {
        tablet(self.folder(), &["verify"]);
    }

    /// The next comings and goings of a child, each followed by an exchange whatever the wait.
    pub fn next_gestures(&mut self, child: &str, count: u32) -> Vec<Value> {
        let from = self.gestures;
        self.gestures += count;
        (from..from + count).flat_map(|n| [gesture(child, n), json!({"do": "sync"})]).collect()
    }

    /// Plays the next comings and goings.
    pub fn play_next(&mut self, child: &str, count: u32) {
        let actions = self.next_gestures(child, count);
        self.play_gestures(&actions);
    }

    /// Plays gestures, and remembers what was shown.
    pub fn play_gestures(&mut self, actions: &[Value]) {
        let lines = self.play(actions);
        assert!(lines.iter().all(|line| line["ok"] == true), "the door goes on: {lines:?}");
        lines.iter().for_each(|line| self.shows(line));
    }

    /// A line of output is what the screen shows.
    pub fn shows(&mut self, line: &Value) {
        let entries = line["entries"].as_array().into_iter().flatten();
        self.shown.extend(entries.map(|id| id.as_str().unwrap().to_owned()));
    }

    /// What the tablet says of its line, to a person.
    pub fn line_text(&self) -> String {
        self.status()["line_text"].as_str().unwrap().to_owned()
    }
}

/// Every ten seconds, in and out.
fn gesture(child: &str, n: u32) -> Value {
    let at = format!("2026-10-05T{:02}:{:02}:{:02}+02:00", 16 + n / 360, n / 6 % 60, n % 6 * 10);
    match n % 2 {
        0 => json!({"at": at, "do": "arrive", "child": child, "moment": "SOIR"}),
        _ => json!({"at": at, "do": "leave", "child": child, "moment": "SOIR"}),
    }
}
