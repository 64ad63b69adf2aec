//! A tablet: its folder, its door, its clock, and who stands before it.

use crate::event::{Damaged, Death, Ending, Gesture};
use crate::house::House;
use crate::line::{Line, Sky};
use crate::power::{self, Power};
use crate::template::enrolled;
use anyhow::{Context, Result, ensure};
use rusqlite::{Connection, OpenFlags};
use shared::fold::Fact;
use shared::id::{BootId, ChildId, DeviceId, EntryId, SiteId};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use terminal_core::clock::Now;
use terminal_core::commands::verify::verify_and_repair;
use terminal_core::door::Door;
use terminal_core::entropy::SeededEntropy;
use terminal_core::store::{LineState, Peek, Store, set_aside};
use terminal_core::sync::shell::Shell;
use terminal_core::view::{Act, Corrects, Dialog, FamilyWord, Screen};
use uuid::Uuid;

/// An entry on a tablet's disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OnDisk {
    pub entry: EntryId,
    pub envelope: Vec<u8>,
    /// What its outbox says; `unsent`, `held`, or the server's last word. Empty for an entry of another device.
    pub state: String,
    /// Of another device, handed over by a neighbour, and to be carried to the server.
    pub carried: bool,
}

impl OnDisk {
    /// Whether the tablet is to send it.
    #[must_use]
    pub fn waits(&self) -> bool {
        self.carried || matches!(self.state.as_str(), "unsent" | "held")
    }

    /// Whether the tablet sealed it.
    #[must_use]
    pub fn is_own(&self) -> bool {
        !self.state.is_empty()
    }
}

/// A tablet.
pub struct Tablet {
    pub number: usize,
    pub site: SiteId,
    pub device: DeviceId,
    dir: PathBuf,
    running: Option<Running>,
    pub sky: Arc<Mutex<Sky>>,
    house: Arc<Mutex<House>>,
    clock: Clocks,
    /// Full: the pages that its database may not grow past.
    full: bool,
    image: Option<PathBuf>,
    /// Something was damaged: files may stand aside.
    damaged: bool,
    seed: u64,
    starts: u64,
    /// Gone with all that was on it.
    pub lost: bool,
    pub revoked: bool,
}

struct Running {
    door: Door,
    shell: Shell<Line>,
    power: Arc<Power>,
}

/// A tablet's clocks, as functions of the true time.
#[derive(Debug, Clone, Copy)]
struct Clocks {
    boot: BootId,
    booted_ms: i64,
    off_ms: i64,
    millionths: i64,
    drifts_since_ms: i64,
}

impl Clocks {
    fn drifted(&self, true_ms: i64) -> i64 {
        (true_ms - self.drifts_since_ms) * self.millionths / 1_000_000
    }

    fn read(&self, true_ms: i64) -> Now {
        let boottime = true_ms - self.booted_ms + self.drifted(true_ms);
        Now { wall_ms: true_ms + self.off_ms + self.drifted(true_ms), boottime_ms: boottime.max(0).unsigned_abs(), boot: self.boot }
    }
}

/// What a gesture came to.
#[derive(Debug, Default)]
pub struct Done {
    /// What it sealed, by its own word.
    pub entries: Vec<EntryId>,
    /// The last screen; `None` where nobody saw one any more.
    pub screen: Option<Screen>,
}

impl Tablet {
    /// Switches a tablet on, whose folder is enrolled.
    ///
    /// # Errors
    /// A folder that doesn't open.
    pub fn start(number: usize, dir: &Path, house: &Arc<Mutex<House>>, seed: u64, true_ms: i64) -> Result<Self> {
        let identity = Peek::open(dir)?.journal.identity()?.context("an enrolled tablet")?;
        let boot = BootId(Uuid::from_u128((u128::from(seed) << 64) | ((number as u128 + 1) << 32)));
        let mut tablet = Self {
            number,
            site: identity.site,
            device: identity.device,
            dir: dir.to_owned(),
            running: None,
            sky: Arc::default(),
            house: Arc::clone(house),
            clock: Clocks { boot, booted_ms: true_ms, off_ms: 0, millionths: 0, drifts_since_ms: true_ms },
            full: false,
            image: None,
            damaged: false,
            seed,
            starts: 0,
            lost: false,
            revoked: false,
        };
        tablet.open(true_ms)?;
        Ok(tablet)
    }

    /// Its folder.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// What its clocks say.
    #[must_use]
    pub fn now(&self, true_ms: i64) -> Now {
        self.clock.read(true_ms)
    }

    fn open(&mut self, true_ms: i64) -> Result<()> {
        self.running = None;
        self.starts += 1;
        let power = Arc::new(Power::of(&self.dir));
        let before = set_aside(&self.dir);
        let store = Store::open(&self.dir, Arc::clone(&power) as _)?;
        // What a power cut leaves, whenever it comes, is no damage.
        ensure!(self.damaged || set_aside(&self.dir) == before, "tablet {} set aside {:?}", self.number, set_aside(&self.dir));
        if self.full {
            fill(&store)?;
        }
        let line = Line { sky: Arc::clone(&self.sky), house: Arc::clone(&self.house), power: Arc::clone(&power) };
        let shell = Shell::new(store.second()?, line, self.seed ^ self.number as u64)?;
        let entropy = SeededEntropy::new(self.seed.wrapping_mul(1_000_003) ^ ((self.number as u64) << 32) ^ self.starts);
        let door = Door::with_entropy(store, self.clock.read(true_ms), Box::new(entropy))?;
        self.running = Some(Running { door, shell, power });
        Ok(())
    }

    /// Where the power was cut: starts again from what was on the disk, as a new boot. Whether it was.
    ///
    /// # Errors
    /// The folder doesn't open: what a power cut leaves must.
    pub fn rise(&mut self, true_ms: i64) -> Result<bool> {
        let Some(remains) = self.running.as_ref().and_then(|r| r.power.remains()) else { return Ok(false) };
        self.dir = remains;
        self.boot_again(true_ms)?;
        Ok(true)
    }

    /// The machine starts again.
    ///
    /// # Errors
    /// The folder doesn't open.
    pub fn boot_again(&mut self, true_ms: i64) -> Result<()> {
        let boot = BootId(Uuid::from_u128(self.clock.boot.0.as_u128() + 1));
        self.clock = Clocks {
            boot,
            booted_ms: true_ms,
            off_ms: self.clock.off_ms + self.clock.drifted(true_ms),
            drifts_since_ms: true_ms,
            ..self.clock
        };
        self.open(true_ms)
    }

    /// The wall clock jumps.
    pub fn jump(&mut self, minutes: i32) {
        self.clock.off_ms += i64::from(minutes) * 60_000;
    }

    /// From now on both clocks go so many millionths too fast.
    pub fn drift(&mut self, millionths: i32, true_ms: i64) {
        let drifted = self.clock.drifted(true_ms);
        // What was gained stays: boottime never goes back.
        self.clock.booted_ms -= drifted;
        self.clock.off_ms += drifted;
        (self.clock.millionths, self.clock.drifts_since_ms) = (i64::from(millionths), true_ms);
    }

    /// Its program ends later.
    pub fn will_die(&mut self, when: Death, how: Ending) {
        let Some(running) = &self.running else { return };
        running.power.will_end(how);
        match when {
            Death::Sealing(point) => running.power.cut_at(point),
            Death::Before(n) => self.sky().cut_power_at(n, false),
            Death::After(n) => self.sky().cut_power_at(n, true),
        }
    }

    fn sky(&self) -> std::sync::MutexGuard<'_, Sky> {
        self.sky.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The disk is full, or has room.
    ///
    /// # Errors
    /// The folder doesn't open.
    pub fn set_full(&mut self, full: bool, true_ms: i64) -> Result<()> {
        self.full = full;
        self.open(true_ms)
    }

    /// Whether its disk is full.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.full
    }

    /// A file is damaged, a while after the last gesture: what was sealed is in the journal and in its second copy. Then it starts again.
    ///
    /// # Errors
    /// The folder doesn't open: whatever is damaged, it must.
    pub fn damage(&mut self, file: Damaged, dice: u64, true_ms: i64) -> Result<&'static str> {
        // A machine that runs still has the log of its journal.
        let image = power::image_of(&self.dir);
        self.running = None;
        power::copy(&self.dir.join("copy"), &image.join("copy"));
        self.dir = image;
        let Some(path) = self.file(file) else { return self.boot_again(true_ms).map(|()| "nothing there") };
        self.damaged = true;
        let length = std::fs::metadata(&path)?.len();
        let became = match dice % 4 {
            0 => "cut short",
            1 => "a page of zeroes",
            _ => "flipped bits",
        };
        match dice % 4 {
            0 => std::fs::OpenOptions::new().write(true).open(&path)?.set_len(length * (dice >> 2) / (1 << 14))?,
            1 => disk::blank(&path, dice)?,
            _ => disk::flip(&path, dice, 1 + usize::try_from(dice % 7)?)?,
        }
        self.boot_again(true_ms)?;
        self.have_repaired(true_ms)?;
        Ok(became)
    }

    /// Somebody verifies the folder, and has it repaired where it doesn't hold: what was verified before isn't at each start.
    fn have_repaired(&mut self, true_ms: i64) -> Result<()> {
        if verify_and_repair(&self.dir).map_err(|e| anyhow::anyhow!("{e}"))?.whole { Ok(()) } else { self.boot_again(true_ms) }
    }

    fn file(&self, file: Damaged) -> Option<PathBuf> {
        let path = match file {
            Damaged::Journal => self.dir.join("journal.db"),
            Damaged::JournalLog => self.dir.join("journal.db-wal"),
            Damaged::Roster => self.dir.join("roster.db"),
            Damaged::SecondCopy => {
                let files = std::fs::read_dir(self.dir.join("copy")).ok()?;
                files.flatten().map(|file| file.path()).min()?
            }
        };
        std::fs::metadata(&path).is_ok_and(|file| file.len() > 0).then_some(path)
    }

    /// One entry becomes unreadable wherever it stands in the folder. Then it starts again.
    ///
    /// # Errors
    /// The folder doesn't open.
    pub fn lose_entry(&mut self, envelope: &[u8], true_ms: i64) -> Result<()> {
        self.running = None;
        self.damaged = true;
        let segments = std::fs::read_dir(self.dir.join("copy")).into_iter().flatten().flatten().map(|file| file.path());
        for path in segments.chain([self.dir.join("journal.db")]).collect::<Vec<_>>() {
            let mut content = std::fs::read(&path)?;
            // An envelope is shorter than a page, and lies in one piece nearly always; where it doesn't, it stays readable.
            let places: Vec<usize> =
                content.windows(envelope.len()).enumerate().filter(|(_, bytes)| *bytes == envelope).map(|(at, _)| at).collect();
            places.iter().for_each(|at| content[at + envelope.len() / 2] ^= 0xFF);
            std::fs::write(&path, content)?;
        }
        self.boot_again(true_ms)?;
        self.have_repaired(true_ms)
    }

    /// Somebody makes an image of the disk.
    pub fn make_image(&mut self) {
        self.image = Some(power::image_of(&self.dir));
    }

    /// Puts the last image back; `false` where there is none.
    ///
    /// # Errors
    /// The folder doesn't open.
    pub fn restore_image(&mut self, true_ms: i64) -> Result<bool> {
        let Some(image) = self.image.clone() else { return Ok(false) };
        self.running = None;
        // The image itself stays what it is.
        self.dir = power::image_of(&image);
        self.boot_again(true_ms)?;
        Ok(true)
    }

    /// Somebody enrols it anew at its site, with the window closed: what it holds goes on under its earlier name.
    ///
    /// # Errors
    /// The enrolment's.
    pub fn enrol_anew(&mut self, true_ms: i64) -> Result<()> {
        self.running = None;
        enrolled(&self.dir, &self.house, self.site)?;
        self.device = Peek::open(&self.dir)?.journal.identity()?.context("an enrolled tablet")?.device;
        self.revoked = false;
        self.open(true_ms)
    }

    /// The machine is gone.
    pub fn lose(&mut self) {
        (self.lost, self.running) = (true, None);
    }

    /// A round; the state of the line afterwards.
    pub fn round(&mut self, true_ms: i64, asked: bool) -> Option<LineState> {
        let now = self.clock.read(true_ms);
        self.running.as_mut().and_then(|running| running.shell.round(&|| now, asked).line)
    }

    /// Connections of its own to its store, as its threads have them; `None` where it is off.
    ///
    /// # Errors
    /// A folder that doesn't open.
    pub fn store(&self) -> Result<Option<Store>> {
        Ok(self.running.as_ref().map(|running| running.door.store().second()).transpose()?)
    }

    /// The screen as a timer paints it.
    pub fn glance(&mut self, true_ms: i64) -> Option<Screen> {
        let now = self.clock.read(true_ms);
        self.running.as_mut().map(|running| running.door.tick_clock(now))
    }

    /// A gesture, as somebody makes it who does what the screens ask.
    pub fn touch(&mut self, true_ms: i64, gesture: Gesture, child: &str, choice: u8) -> Done {
        let now = self.clock.read(true_ms);
        let Some(running) = self.running.as_mut() else { return Done::default() };
        let mut hand = Hand { door: &mut running.door, now, entries: Vec::new() };
        hand.act(Act::Close);
        let child = hand.door.roster().child_by_code(child);
        let screen = match child {
            Some(child) => hand.make(gesture, child, choice),
            // Its roster hasn't come yet.
            None => hand.door.screen(now),
        };
        let entries = hand.entries;
        Done { entries, screen: (!running.power.is_cut()).then_some(screen) }
    }

    /// What is on its disk, by eyes that share no connection with it, first to last.
    ///
    /// # Errors
    /// A file that can't be read.
    pub fn on_disk(&self) -> Result<Vec<OnDisk>> {
        let eyes = self.eyes()?;
        let sql = "SELECT entry_id, envelope, coalesce(o.state, ''), coalesce(p.state = 'waiting', 0) FROM entry
                   LEFT JOIN outbox o USING (arrival) LEFT JOIN by_peer p USING (arrival) ORDER BY arrival";
        let mut statement = eyes.prepare(sql)?;
        let rows = statement.query_map([], |row| {
            let entry = EntryId(Uuid::from_bytes(row.get(0)?));
            Ok(OnDisk { entry, envelope: row.get(1)?, state: row.get(2)?, carried: row.get(3)? })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// All facts on its disk, others' included.
    ///
    /// # Errors
    /// A file that can't be read.
    pub fn facts(&self) -> Result<Vec<Fact>> {
        let eyes = self.eyes()?;
        let mut statement = eyes.prepare("SELECT envelope, payload FROM entry ORDER BY arrival")?;
        let mut rows = statement.query([])?;
        let mut facts = Vec::new();
        while let Some(row) = rows.next()? {
            let (envelope, payload) = (row.get::<_, Vec<u8>>(0)?, row.get::<_, Option<Vec<u8>>>(1)?);
            facts.push(Fact::from_parts(&envelope, payload.as_deref()).map_err(|e| anyhow::anyhow!("{e}"))?);
        }
        Ok(facts)
    }

    fn eyes(&self) -> Result<Connection> {
        Ok(Connection::open_with_flags(self.dir.join("journal.db"), OpenFlags::SQLITE_OPEN_READ_ONLY)?)
    }

    /// The state of its line, as its disk tells it; `None` where it is gone.
    ///
    /// # Errors
    /// A file that can't be read.
    pub fn line(&self) -> Result<Option<LineState>> {
        if self.lost {
            return Ok(None);
        }
        Ok(Some(Peek::open(&self.dir)?.roster.line()?.state))
    }

    /// Whether the server's next word would be heard: it is there, and not revoked.
    #[must_use]
    pub fn is_in_service(&self) -> bool {
        !self.lost && !self.revoked
    }
}

fn fill(store: &Store) -> Result<()> {
    // No page more than it has now: the next entry that needs one finds no room.
    Ok(store.journal.limit_pages(1)?)
}

/// Somebody's hand on the screen.
struct Hand<'a> {
    door: &'a mut Door,
    now: Now,
    entries: Vec<EntryId>,
}

impl Hand<'_> {
    fn act(&mut self, act: Act) -> Screen {
        let screen = self.door.act(self.now, act);
        self.entries.extend_from_slice(self.door.last_recorded());
        screen
    }

    fn make(&mut self, gesture: Gesture, child: ChildId, choice: u8) -> Screen {
        match gesture {
            Gesture::Arrive => {
                self.moment(choice);
                self.act(Act::Arrive(child))
            }
            Gesture::Leave => {
                let screen = self.act(Act::Touch(child));
                self.leave(screen, choice)
            }
            Gesture::Badge => {
                let uid = format!("04A1B2C3D4E50{}", 1 + choice % 6);
                let screen = self.act(Act::Badge(uid));
                match screen.dialog {
                    Some(Dialog::Arrival(_)) => self.act(Act::Confirm),
                    Some(Dialog::Departure(_)) => self.leave(screen, choice),
                    _ => screen,
                }
            }
            Gesture::Absent => self.act(Act::Absent(child)),
            Gesture::Undo => self.act(Act::Undo),
            Gesture::Correct => {
                let what = if choice.is_multiple_of(2) { Corrects::Arrival } else { Corrects::Departure };
                let screen = self.act(Act::Correct(child, what));
                let Some(Dialog::Time(dialog)) = screen.dialog else { return screen };
                let Some(hour) = dialog.hours.choices.get(usize::from(choice) % dialog.hours.choices.len().max(1)) else {
                    return self.act(Act::Close);
                };
                self.act(Act::Hour(hour.at));
                self.act(Act::Confirm)
            }
            Gesture::RollCall => {
                let canteen = self.door.roster().activity_by_code("MIDI");
                canteen.map(|canteen| self.act(Act::Moment(canteen)));
                self.act(Act::Tick(child));
                self.act(Act::ValidateRollCall)
            }
            Gesture::Sign => {
                let screen = self.act(Act::SignDay);
                match screen.dialog.as_ref() {
                    Some(Dialog::Sign(dialog)) if !dialog.directors.is_empty() => {
                        let director = dialog.directors[usize::from(choice) % dialog.directors.len()].staff;
                        self.act(Act::Staff(director))
                    }
                    _ => screen,
                }
            }
        }
    }

    fn moment(&mut self, choice: u8) {
        let moments = self.door.screen(self.now).moments;
        if choice.is_multiple_of(5)
            && let Some(moment) = moments.get(usize::from(choice) % moments.len().max(1))
        {
            self.act(Act::Moment(moment.activity));
        }
    }

    /// The departure screen, filled in as a person does.
    fn leave(&mut self, mut screen: Screen, choice: u8) -> Screen {
        for _ in 0..5 {
            match &screen.dialog {
                Some(Dialog::Departure(dialog)) => {
                    let late = dialog.late.as_ref();
                    let hour = late.filter(|l| l.hours.chosen.is_none()).and_then(|l| l.hours.choices.first()).map(|h| h.at);
                    let act = match (hour, dialog.may_confirm, dialog.witnesses.first()) {
                        (Some(hour), ..) => Act::Hour(hour),
                        (None, true, Some(witness)) => Act::Staff(witness.staff),
                        (None, true, None) => Act::Confirm,
                        (None, false, _) if dialog.identity_seen == Some(false) => Act::IdentitySeen,
                        (None, false, _) if dialog.may_leave_alone && choice.is_multiple_of(3) => Act::LeaveAlone,
                        (None, false, _) => match dialog.adults.get(usize::from(choice) % dialog.adults.len().max(1)) {
                            Some(adult) => Act::Adult(adult.person),
                            None => Act::OtherAdult("Ibrahim Diallo".into(), FamilyWord::Called),
                        },
                    };
                    screen = self.act(act);
                }
                // The child stays.
                Some(Dialog::Barred(_)) => return self.act(Act::Close),
                _ => return screen,
            }
        }
        screen
    }
}
