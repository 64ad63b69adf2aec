//! The program as it ships, on a display of its own (Xvfb, 1280×800), with 300 children who have photos and 100,000 entries in the
//! journal: `cargo bench -p preau-terminal --bench window`.
//!
//! - **start**: from the start of the process until a board of tiles is on the display;
//! - **touch to pixels**: from a finger that goes up (XTEST) until the frame of the tile that it touched is green on the display, beside a
//!   bare commit of SQLite with `synchronous=FULL` of the same size in the same folder, and beside what a question to the display takes;
//! - **memory**: resident after a day of 1,000 touches anywhere, and after the tenth;
//! - **idle**: processor time of thirty seconds in which nobody touches anything, before the touches and after them.
//!
//! The data lie below `--dir`, or the system's place for temporary files. A machine that does much else is slower: the ratios say how much.
#![allow(clippy::unwrap_used, reason = "a measurement that fails is to stop")]
#![allow(clippy::float_arithmetic, clippy::cast_precision_loss, reason = "ratios for a person to read; no money")]

#[path = "../../core/tests/claims/fixture.rs"]
mod site;

use rusqlite::{Connection as Sqlite, params};
use sha2::{Digest, Sha256};
use shared::id::EntryId;
use shared::journal::{Draft, Kind, Moment, Payload};
use shared::roster::{Child, Item};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child as Process, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};
use terminal_core::clock::{Clock as _, SystemClock};
use terminal_core::entropy::{Entropy as _, SystemEntropy};
use terminal_core::store::{NoFaults, Store};
use uuid::Uuid;
use x11rb::connection::Connection;
use x11rb::protocol::xproto::{self, ConnectionExt as _, ImageFormat, Window};
use x11rb::protocol::xtest::ConnectionExt as _;
use x11rb::rust_connection::RustConnection;

const CHILDREN: u16 = 300;
const ENTRIES: u32 = 100_000;
const BATCH: u32 = 500;
const STARTS: usize = 5;
const TOUCHES_A_DAY: u32 = 1_000;
const DAYS: u32 = 10;
const IDLE: Duration = Duration::from_secs(30);
/// Of a second, in which nothing is left to paint.
const QUIET_MS: u64 = 20;
/// Longer than anything takes here, on a machine that does much else.
const PATIENCE: Duration = Duration::from_secs(60);
/// Where the tiles stand at 1280×800: their first corner, their pitch, and how many a page turns by.
const FIRST: (i16, i16) = (24, 140);
const PITCH: (i16, i16) = (207, 142);
const COLUMNS: i16 = 6;
const ROWS: i16 = 3;
/// The frame of a child who is here (`present` of the tokens).
const GREEN: [u8; 3] = [0x1b, 0x7a, 0x4b];
const PAGE_DOWN: u32 = 0xff56;

fn main() {
    let mut args = std::env::args().skip_while(|a| a != "--dir").skip(1);
    let below = args.next().map_or_else(std::env::temp_dir, PathBuf::from);
    let data = tempfile::tempdir_in(&below).unwrap();
    furnish(data.path());
    let (_server, name) = display();
    let (display, screen) = x11rb::connect(Some(&name)).unwrap();
    let eyes = Eyes { root: display.setup().roots[screen].root, display };
    println!("{CHILDREN} children with photos, {ENTRIES} entries in the journal, 1280×800");

    let mut starts: Vec<u128> = (0..STARTS).map(|_| Tablet::start(data.path(), &name, &eyes).1).collect();
    starts.sort_unstable();
    println!("{:<44} {:>7} ms (median of {STARTS}; slowest {})", "start to a board of tiles", starts[STARTS / 2], starts[STARTS - 1]);

    let (tablet, _) = Tablet::start(data.path(), &name, &eyes);
    // Photos are opened as they come into sight.
    tablet.until_quiet();
    tablet.idle("idle, before the touches");
    touches(&eyes, &below);
    for day in 1..=DAYS {
        for _ in 0..TOUCHES_A_DAY {
            eyes.touch_anywhere();
            std::thread::sleep(Duration::from_millis(4));
        }
        // Touches come faster than a person's: what was not painted yet is not the day's rest.
        tablet.until_quiet();
        if day == 1 || day == DAYS {
            println!("{:<44} {:>7.1} MiB", format!("resident after day {day} of {TOUCHES_A_DAY} touches"), tablet.resident_mib());
        }
    }
    tablet.idle("idle, after the touches");
}

/// From a finger that goes up to a green frame, page by page.
fn touches(eyes: &Eyes, below: &Path) {
    let (mut pixels, mut bare, mut asked, mut missed) = (Vec::new(), Vec::new(), Vec::new(), 0);
    let beside = Bare::below(below);
    eyes.focus();
    for _page in 0..CHILDREN / u16::try_from(COLUMNS * ROWS).unwrap() {
        for place in 0..COLUMNS * ROWS {
            let (x, y) = (FIRST.0 + (place % COLUMNS) * PITCH.0, FIRST.1 + (place / COLUMNS) * PITCH.1);
            let begun = Instant::now();
            let green = eyes.is_green(x + 1, y + 65);
            asked.push(begun.elapsed());
            if green {
                continue;
            }
            match eyes.touch_until_green(x, y) {
                Some(took) => pixels.push(took),
                None => missed += 1,
            }
            bare.push(beside.commit());
        }
        eyes.key(PAGE_DOWN);
        std::thread::sleep(Duration::from_millis(300));
    }
    println!("{:<44} {:>7} {:>8}", "microseconds", "p50", "p99");
    for (what, times) in [("touch to pixels", &pixels), ("a bare commit (FULL)", &bare), ("a question to the display", &asked)] {
        println!("{what:<44} {:>7} {:>8}", quantile(times, 500), quantile(times, 990));
    }
    println!("{} touches, {missed} not seen within two seconds", pixels.len());
    println!("{:<44} {:>7.2} {:>8.2}", "touch to pixels / bare commit", ratio(&pixels, &bare, 500), ratio(&pixels, &bare, 990));
}

fn quantile(times: &[Duration], per_thousand: usize) -> u128 {
    let mut sorted: Vec<u128> = times.iter().map(Duration::as_micros).collect();
    sorted.sort_unstable();
    sorted.get((sorted.len() * per_thousand / 1_000).min(sorted.len().saturating_sub(1))).copied().unwrap_or_default()
}

fn ratio(of: &[Duration], to: &[Duration], per_thousand: usize) -> f64 {
    quantile(of, per_thousand) as f64 / (quantile(to, per_thousand).max(1)) as f64
}

/// What SQLite does by itself, in the same place.
struct Bare {
    connection: Sqlite,
    _dir: tempfile::TempDir,
}

impl Bare {
    fn below(below: &Path) -> Self {
        let dir = tempfile::tempdir_in(below).unwrap();
        let connection = Sqlite::open(dir.path().join("bare.db")).unwrap();
        connection
            .execute_batch("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; CREATE TABLE entry (id INTEGER PRIMARY KEY, bytes BLOB);")
            .unwrap();
        Self { connection, _dir: dir }
    }

    fn commit(&self) -> Duration {
        let begun = Instant::now();
        self.connection.execute("INSERT INTO entry (bytes) VALUES (?1)", params![[7_u8; 700]]).unwrap();
        begun.elapsed()
    }
}

/// The folder of a tablet that has served for years.
fn furnish(dir: &Path) {
    let mut store = Store::open(dir, Arc::new(NoFaults)).unwrap();
    let mut items = site::roster();
    let photos: Vec<([u8; 32], Vec<u8>)> = (0..CHILDREN).map(photo).collect();
    for (item, (hash, _)) in site::crowd(CHILDREN).into_iter().filter(|item| matches!(item, Item::Child(_))).zip(&photos) {
        if let Item::Child(child) = item {
            items.push(Item::Child(Child { photo: Some((*hash).into()), ..child }));
        }
    }
    site::enrol(&mut store, 1, items);
    for (hash, jpeg) in &photos {
        store.photos().unwrap().keep(hash, jpeg).unwrap();
    }
    let drafts: Vec<Draft> = (0..ENTRIES).map(draft).collect();
    for batch in drafts.chunks(usize::try_from(BATCH).unwrap()) {
        store.seal(batch).unwrap();
    }
    // Heard today: nothing locks.
    store.second().unwrap().roster.set_heard(SystemClock::new().unwrap().now()).unwrap();
}

/// A picture of 256×256 with as much in it as a face has.
fn photo(number: u16) -> ([u8; 32], Vec<u8>) {
    let shade = |at: u32| u8::try_from((at * 7 + u32::from(number) * 31) % 256).unwrap_or_default();
    let picture = image::RgbImage::from_fn(256, 256, |x, y| image::Rgb([shade(x / 3), shade(y / 3), shade((x * y) / 700)]));
    let mut bytes = std::io::Cursor::new(Vec::new());
    picture.write_to(&mut bytes, image::ImageFormat::Jpeg).unwrap();
    let bytes = bytes.into_inner();
    (Sha256::digest(&bytes).into(), bytes)
}

/// A touch of some day; a thousand a day.
fn draft(number: u32) -> Draft {
    let now = site::later(site::wednesday("07:40"), i64::from(number / 1_000) * 86_400_000);
    let payload = Payload {
        about_child: Some(site::child(100 + u16::try_from(number % u32::from(CHILDREN)).unwrap())),
        centre: Some(site::ALSH),
        boottime_ms: now.boottime_ms,
        boot: now.boot,
        moment: Moment { activity: Some(site::activity("MERC")), label: "Mercredi journée".into() },
        roster_version: 1,
        // Years ago: today is empty.
        ..Payload::at(now.wall_ms - 1_000 * 86_400_000)
    };
    let entry_id = EntryId(Uuid::from_u128(0x7000_8000_0000_0000_0000_u128 << 32 | u128::from(number) | 1 << 127));
    Draft { organisation: site::ORGANISATION, site: site::SITE, entry_id, kind: Kind::Arrived, payload, notes: Vec::new(), salt: [7; 32] }
}

/// Ends with the measurement, however that ends.
struct Running(Process);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The program.
struct Tablet(Running);

impl Tablet {
    /// Starts it, and says after how many milliseconds its board was on the display.
    fn start(data: &Path, display: &str, eyes: &Eyes) -> (Self, u128) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_preau-terminal"));
        command.args(["--data".as_ref(), data.as_os_str()]).args(["--tpm", "non", "--lecteur", "clavier"]);
        let begun = Instant::now();
        let child = command.env("DISPLAY", display).env_remove("WAYLAND_DISPLAY").stderr(Stdio::null()).spawn();
        let tablet = Self(Running(child.unwrap()));
        while eyes.colours_in_sight() < 60 {
            assert!(begun.elapsed() < PATIENCE, "no board");
        }
        (tablet, begun.elapsed().as_millis())
    }

    /// Waits for a second in which the program did next to nothing.
    fn until_quiet(&self) {
        let begun = Instant::now();
        let mut before = self.processor_ms();
        loop {
            std::thread::sleep(Duration::from_secs(1));
            let now = self.processor_ms();
            if now - before <= QUIET_MS {
                return;
            }
            assert!(begun.elapsed() < PATIENCE * 5, "never quiet");
            before = now;
        }
    }

    fn idle(&self, what: &str) {
        let before = self.processor_ms();
        std::thread::sleep(IDLE);
        let share = (self.processor_ms() - before) as f64 * 100.0 / IDLE.as_millis() as f64;
        println!("{what:<44} {share:>7.2} % of a core");
    }

    fn resident_mib(&self) -> f64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.0.0.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").trim().parse::<f64>().unwrap() / 1_024.0
    }

    /// User and system time, all threads; a tick is 10 ms on Linux.
    fn processor_ms(&self) -> u64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.0.0.id())).unwrap();
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
        (fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()) * 10
    }
}

/// A display without a screen, and its name.
fn display() -> (Running, String) {
    let mut command = Command::new("Xvfb");
    let started = command.args(["-displayfd", "1", "-screen", "0", "1280x800x24", "-nolisten", "tcp"]).stdout(Stdio::piped());
    let mut server = started.stderr(Stdio::null()).spawn().expect("Xvfb (packaging/prerequisites)");
    let mut number = String::new();
    BufReader::new(server.stdout.take().unwrap()).read_line(&mut number).unwrap();
    (Running(server), format!(":{}", number.trim()))
}

/// Eyes and a finger.
struct Eyes {
    display: RustConnection,
    root: Window,
}

impl Eyes {
    fn image(&self, x: i16, y: i16, width: u16, height: u16) -> Vec<u8> {
        self.display.get_image(ImageFormat::Z_PIXMAP, self.root, x, y, width, height, u32::MAX).unwrap().reply().unwrap().data
    }

    /// Different colours of a line across the middle of the first tiles: few before there is a board.
    fn colours_in_sight(&self) -> usize {
        let line = self.image(0, 190, 1_280, 1);
        let colours: std::collections::HashSet<&[u8]> = line.chunks(4).collect();
        colours.len()
    }

    fn is_green(&self, x: i16, y: i16) -> bool {
        let pixel = self.image(x, y, 1, 1);
        [pixel[2], pixel[1], pixel[0]] == GREEN
    }

    fn at(&self, kind: u8, detail: u8, x: i16, y: i16) {
        self.display.xtest_fake_input(kind, detail, 0, self.root, x, y, 0).unwrap();
    }

    fn tap(&self, x: i16, y: i16) {
        self.at(xproto::MOTION_NOTIFY_EVENT, 0, x, y);
        self.at(xproto::BUTTON_PRESS_EVENT, 1, x, y);
        self.at(xproto::BUTTON_RELEASE_EVENT, 1, x, y);
        self.display.flush().unwrap();
    }

    fn touch_until_green(&self, x: i16, y: i16) -> Option<Duration> {
        self.tap(x + 100, y + 110);
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_secs(2) {
            if self.is_green(x + 1, y + 65) {
                return Some(begun.elapsed());
            }
        }
        None
    }

    fn touch_anywhere(&self) {
        let mut random = [0; 8];
        SystemEntropy.fill(&mut random).unwrap();
        let of = |bytes: &[u8], end: u32| i16::try_from(u32::from_le_bytes(bytes.try_into().unwrap()) % end).unwrap_or_default();
        self.tap(of(&random[..4], 1_280), of(&random[4..], 800));
    }

    /// Gives the keyboard to the window in sight: there is no window manager that would.
    fn focus(&self) {
        let windows = self.display.query_tree(self.root).unwrap().reply().unwrap().children;
        let is_seen = |w: &&Window| {
            let shown = self.display.get_window_attributes(**w).unwrap().reply();
            shown.is_ok_and(|a| a.map_state == xproto::MapState::VIEWABLE)
        };
        let window = *windows.iter().rev().find(is_seen).unwrap();
        self.display.set_input_focus(xproto::InputFocus::PARENT, window, x11rb::CURRENT_TIME).unwrap();
        self.display.flush().unwrap();
    }

    fn key(&self, symbol: u32) {
        let setup = self.display.setup();
        let (first, last) = (setup.min_keycode, setup.max_keycode);
        let map = self.display.get_keyboard_mapping(first, last - first + 1).unwrap().reply().unwrap();
        let at = map.keysyms.iter().position(|s| *s == symbol).unwrap() / usize::from(map.keysyms_per_keycode);
        let code = first + u8::try_from(at).unwrap();
        self.at(xproto::KEY_PRESS_EVENT, code, 0, 0);
        self.at(xproto::KEY_RELEASE_EVENT, code, 0, 0);
        self.display.flush().unwrap();
    }
}
