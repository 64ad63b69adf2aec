//! All of it, and time: one event at a time, each whole before the next.

use crate::event::{Event, Gesture, Weather};
use crate::house::House;
use crate::oracle::{Broken, Oracle, broken, once_a_gesture, reads_alike};
use crate::peers;
use crate::tablet::{Done, OnDisk, Tablet};
use crate::template::{START_MS, TABLETS, Template, enrolled};
use anyhow::Result;
use chrono::{Datelike as _, Days};
use shared::calendar::{Month, business_day, instant, instant_from_ms, local};
use shared::fold::{Attendance, Fact, effective_times};
use shared::id::{EntryId, SiteId};
use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tempfile::TempDir;
use terminal_core::commands::verify::verify;
use terminal_core::store::LineState;

/// Between two events at least, in ms: no two entries are sealed at one instant.
const STEP_MS: i64 = 1_300;
/// Tablets that a run may come to have.
const TABLETS_MAX: usize = 7;
/// Children of the town.
const CHILDREN: u8 = 6;
/// Steps between two readings of all facts.
pub const READ_EACH: usize = 25;
/// How long the bar offers to undo, in seconds.
const UNDO_S: u32 = 10;
/// Days of a tablet's board that are held against the server's.
const COMPARED_DAYS: u64 = 5;
/// And so many to come: a lost clock speaks of days years ahead, which no board shows and for which no tablet is told what stands beside.
const COMPARED_AHEAD_DAYS: u64 = 60;

/// What a step says: a broken promise, or trouble of the simulation itself.
pub enum Trouble {
    /// A promise.
    Broken(Broken),
    /// Anything else.
    Failed(anyhow::Error),
}

impl From<Broken> for Trouble {
    fn from(broken: Broken) -> Self {
        Self::Broken(broken)
    }
}

impl From<anyhow::Error> for Trouble {
    fn from(error: anyhow::Error) -> Self {
        Self::Failed(error)
    }
}

/// A world.
pub struct World {
    folder: TempDir,
    house: Arc<Mutex<House>>,
    tablets: Vec<Tablet>,
    disks: Vec<Vec<OnDisk>>,
    sites: Vec<SiteId>,
    oracle: Oracle,
    seed: u64,
    read_each: usize,
    steps: usize,
    /// The run made an entry unreadable: chains may lack it.
    has_hole: bool,
    /// The server was restored from a backup.
    was_restored: bool,
    /// True time, ms since 1970.
    at_ms: i64,
}

impl World {
    /// A copy of the template, with its tablets switched on. All facts are read each so many steps.
    ///
    /// # Errors
    /// Where the copy doesn't start.
    pub fn new(template: &Template, seed: u64, read_each: usize) -> Result<Self> {
        let folder = template.copy()?;
        let house = House::open(&folder.path().join("house"), START_MS)?;
        let sites = house.sites()?.into_values().collect();
        let house = Arc::new(Mutex::new(house));
        let mut world = Self {
            folder,
            house,
            tablets: Vec::new(),
            disks: Vec::new(),
            sites,
            oracle: Oracle::default(),
            seed,
            read_each,
            steps: 0,
            has_hole: false,
            was_restored: false,
            at_ms: START_MS,
        };
        for number in 0..TABLETS.len() {
            let dir = world.tablet_dir(number);
            world.switch_on(number, dir)?;
        }
        Ok(world)
    }

    fn tablet_dir(&self, number: usize) -> PathBuf {
        self.folder.path().join(format!("tablets/{number}/0"))
    }

    fn switch_on(&mut self, number: usize, dir: PathBuf) -> Result<()> {
        let tablet = Tablet::start(number, &dir, &self.house, self.seed, self.at_ms)?;
        self.disks.push(tablet.on_disk()?);
        self.tablets.push(tablet);
        Ok(())
    }

    fn house(&self) -> MutexGuard<'_, House> {
        self.house.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn pass(&mut self, ms: i64) {
        self.at_ms += ms;
        self.house().set_clock(self.at_ms);
    }

    /// Plays one event and checks the promises; gives the trace's line.
    ///
    /// # Errors
    /// A broken promise.
    pub fn step(&mut self, event: &Event) -> Result<String, Trouble> {
        self.steps += 1;
        self.pass(STEP_MS);
        let became = self.play(event)?;
        self.check()?;
        if self.steps.is_multiple_of(self.read_each) {
            self.check_reading()?;
        }
        let line = format!(
            "{} {event:?} → {became} · {} entries, {} held",
            local(instant_from_ms(self.at_ms)),
            self.oracle.count(),
            self.on_server()
        );
        Ok(line)
    }

    fn on_server(&self) -> String {
        let held = &self.oracle.held;
        format!("{}+{}+{}", held.journal.len(), held.quarantine.len(), held.aside.len())
    }

    fn tablet(&self, number: u8) -> usize {
        usize::from(number) % self.tablets.len()
    }

    fn play(&mut self, event: &Event) -> Result<String, Trouble> {
        Ok(match event {
            Event::Wait { minutes } => {
                self.pass(i64::from(*minutes) * 60_000);
                self.house().tend();
                String::new()
            }
            Event::Night { days } => {
                let day = business_day(instant_from_ms(self.at_ms)) + Days::new(u64::from(*days));
                let seven = instant(day, chrono::NaiveTime::from_hms_opt(7, 0, 0).unwrap_or_default());
                self.pass(seven.timestamp_millis() - self.at_ms);
                self.house().tend();
                String::new()
            }
            Event::Touch { tablet, gesture, child, choice } => self.touch(self.tablet(*tablet), *gesture, *child, *choice)?,
            Event::Round { tablet } => self.round(self.tablet(*tablet))?,
            Event::Peers { tablet, other, asks } => self.meet(self.tablet(*tablet), self.tablet(*other), *asks)?,
            Event::Line { tablet, weather, dice } => {
                self.tablets[self.tablet(*tablet)].sky.lock().unwrap_or_else(PoisonError::into_inner).turn(*weather, *dice);
                String::new()
            }
            Event::Die { tablet, when, how } => {
                let at = self.tablet(*tablet);
                self.tablets[at].will_die(*when, *how);
                String::new()
            }
            Event::Reboot { tablet } => self.on(*tablet, |tablet, at_ms| tablet.boot_again(at_ms).map(|()| String::new()))?,
            Event::Jump { tablet, minutes } => self.on(*tablet, |tablet, _| {
                tablet.jump(*minutes);
                Ok(String::new())
            })?,
            Event::Drift { tablet, millionths } => self.on(*tablet, |tablet, at_ms| {
                tablet.drift(*millionths, at_ms);
                Ok(String::new())
            })?,
            Event::Full { tablet, full } => self.on(*tablet, |tablet, at_ms| tablet.set_full(*full, at_ms).map(|()| String::new()))?,
            Event::Damage { tablet, file, dice } => {
                let at = self.tablet(*tablet);
                let before = self.disks[at].clone();
                let became = self.on(*tablet, |tablet, at_ms| tablet.damage(*file, u64::from(*dice), at_ms).map(|what| what.to_owned()))?;
                self.oracle.lost_twice(&self.tablets, &self.disks);
                // A full disk has no room for a second copy: what was sealed since stands in one place, as its screen says.
                if self.tablets[at].is_full() {
                    let lost = before.iter().filter(|d| d.is_own()).filter(|d| !self.disks[at].iter().any(|left| left.entry == d.entry));
                    for entry in lost {
                        self.oracle.unreadable(entry.entry, &self.tablets, &self.disks);
                        self.has_hole = true;
                    }
                }
                became
            }
            Event::Hole { tablet, entry } => self.hole(self.tablet(*tablet), *entry)?,
            Event::Image { tablet } => self.on(*tablet, |tablet, _| {
                tablet.make_image();
                Ok(String::new())
            })?,
            Event::Restore { tablet } => {
                let became = self.on(*tablet, |tablet, at_ms| Ok(tablet.restore_image(at_ms)?.to_string()))?;
                self.take_away()?;
                became
            }
            Event::Clone { tablet } => self.double(self.tablet(*tablet))?,
            Event::Lose { tablet } => {
                let at = self.tablet(*tablet);
                // Somebody must be left to talk at the end.
                if self.tablets.iter().filter(|t| t.is_in_service()).count() < 2 {
                    return Ok("the last one".into());
                }
                self.tablets[at].lose();
                self.take_away()?;
                String::new()
            }
            Event::Revoke { tablet } => self.revoke(self.tablet(*tablet))?,
            Event::Enrol { site } => self.enrol(usize::from(*site) % self.sites.len())?,
            Event::Correct { child, minutes } => self.correct(*child, *minutes)?,
            Event::Forget { child } => {
                let id = self.house().child(&code(*child))?;
                self.house().forget(id)?;
                String::new()
            }
            Event::Backup => {
                self.house().back_up()?;
                String::new()
            }
            Event::ServerRestored => self.restore_server()?,
            Event::ServerRestarts => {
                self.house().restart()?;
                String::new()
            }
            Event::ServerDies { operations, dice } => {
                self.house().will_die(*operations, *dice);
                String::new()
            }
            Event::Issue => self.issue()?,
        })
    }

    fn on(&mut self, number: u8, act: impl FnOnce(&mut Tablet, i64) -> Result<String>) -> Result<String, Trouble> {
        let at = self.tablet(number);
        if self.tablets[at].lost {
            return Ok("lost".into());
        }
        let became = act(&mut self.tablets[at], self.at_ms).map_err(|e| opens(at, &e))?;
        self.look(at)?;
        Ok(became)
    }

    /// Looks at a tablet's disk, which may have changed.
    fn look(&mut self, at: usize) -> Result<(), Trouble> {
        if self.tablets[at].rise(self.at_ms)? {
            self.pass(STEP_MS);
        }
        let disk = self.tablets[at].on_disk()?;
        self.oracle.see(&disk)?;
        self.disks[at] = disk;
        Ok(())
    }

    fn touch(&mut self, at: usize, gesture: Gesture, child: u8, choice: u8) -> Result<String, Trouble> {
        if self.tablets[at].lost {
            return Ok("lost".into());
        }
        let before = self.disks[at].clone();
        let Done { entries, screen } = self.tablets[at].touch(self.at_ms, gesture, &code(child), choice);
        self.look(at)?;
        let gained = Oracle::gained(&before, &self.disks[at]);
        once_a_gesture(&gained, &self.tablets[at].facts()?)?;
        // The bar says it for ten seconds, and no two gestures are that near: ten left is this one.
        let says_so = screen.as_ref().and_then(|s| s.undo.as_ref()).is_some_and(|u| u.seconds_left == UNDO_S);
        if says_so && gained.is_empty() {
            return Ok(broken("I7", "the screen says that something was recorded, and the disk gained nothing")?);
        }
        if screen.is_some() && entries.iter().any(|e| !self.disks[at].iter().any(|d| d.entry == *e)) {
            return Ok(broken("I7", "the door told an entry as recorded that is not on the disk")?);
        }
        Ok(format!("{} new{}", gained.len(), if screen.is_some() { "" } else { ", died" }))
    }

    fn round(&mut self, at: usize) -> Result<String, Trouble> {
        if self.tablets[at].lost {
            return Ok("lost".into());
        }
        let line = self.tablets[at].round(self.at_ms, true);
        self.look(at)?;
        let answered = std::mem::take(&mut self.tablets[at].sky.lock().unwrap_or_else(PoisonError::into_inner).answered);
        if self.tablets[at].revoked && answered.contains(&("/sync/v1/pull", 200)) {
            return Ok(broken("I9", format!("tablet {at} is revoked and was told the site's changes"))?);
        }
        if let Some((path, status)) = answered.iter().find(|(_, status)| *status >= 500) {
            return Ok(broken("I1", format!("the server answers {status} on {path}"))?);
        }
        Ok(format!("{line:?} {answered:?} {} on disk", self.disks[at].len()))
    }

    fn hole(&mut self, at: usize, entry: u8) -> Result<String, Trouble> {
        let own: Vec<OnDisk> = self.disks[at].iter().filter(|d| d.is_own()).cloned().collect();
        let Some(chosen) = own.get(usize::from(entry) % own.len().max(1)).filter(|_| !self.tablets[at].lost) else {
            return Ok("nothing".into());
        };
        let at_ms = self.at_ms;
        self.has_hole = true;
        self.tablets[at].lose_entry(&chosen.envelope, at_ms).map_err(|e| opens(at, &e))?;
        self.look(at)?;
        self.oracle.unreadable(chosen.entry, &self.tablets, &self.disks);
        Ok(format!("entry {}", self.oracle.name(chosen.entry)))
    }

    fn meet(&mut self, one: usize, other: usize, asks: u8) -> Result<String, Trouble> {
        if one == other || self.tablets[one].lost || self.tablets[other].lost {
            return Ok("nobody".into());
        }
        let met = peers::meet(&self.tablets[one], &self.tablets[other], self.at_ms, asks)?;
        for at in [one, other] {
            self.look(at)?;
            peers::counts_nothing_of_the_revoked(&self.tablets[at], self.at_ms, &self.oracle)??;
        }
        let Some(exchanged) = met else { return Ok("no exchange".into()) };
        if exchanged.agrees() {
            peers::hold_the_same(&self.tablets[one], &self.tablets[other], self.at_ms)??;
        }
        Ok(format!("{} received, {} given, {} left", exchanged.received, exchanged.given, exchanged.left))
    }

    fn take_away(&mut self) -> Result<(), Trouble> {
        let held = self.house().held()?;
        self.oracle.server(held)?;
        self.oracle.taken_away(&self.tablets, &self.disks);
        Ok(())
    }

    fn double(&mut self, at: usize) -> Result<String, Trouble> {
        if self.tablets[at].lost || self.tablets.len() >= TABLETS_MAX {
            return Ok("no".into());
        }
        let (number, revoked) = (self.tablets.len(), self.tablets[at].revoked);
        let dir = self.tablet_dir(number);
        crate::power::copy(self.tablets[at].dir(), &dir);
        self.switch_on(number, dir)?;
        self.tablets[number].revoked = revoked;
        Ok(format!("tablet {number}"))
    }

    fn enrol(&mut self, site: usize) -> Result<String, Trouble> {
        if self.tablets.len() >= TABLETS_MAX {
            return Ok("no".into());
        }
        let number = self.tablets.len();
        let dir = self.tablet_dir(number);
        enrolled(&dir, &self.house, self.sites[site])?;
        self.switch_on(number, dir)?;
        Ok(format!("tablet {number}"))
    }

    fn revoke(&mut self, at: usize) -> Result<String, Trouble> {
        let device = self.tablets[at].device;
        let others = self.tablets.iter().filter(|t| t.is_in_service() && t.device != device).count();
        if others == 0 {
            return Ok("the last one".into());
        }
        let held = self.house().held()?;
        self.oracle.server(held)?;
        self.house().revoke(device)?;
        self.oracle.revoked(device);
        self.tablets.iter_mut().filter(|t| t.device == device).for_each(|t| t.revoked = true);
        Ok(String::new())
    }

    fn restore_server(&mut self) -> Result<String, Trouble> {
        let held = self.house().held()?;
        self.oracle.server(held)?;
        let revoked: Vec<_> = self.tablets.iter().filter(|t| t.revoked).map(|t| t.device).collect();
        let done = self.house().restore(&revoked)?;
        self.was_restored |= done;
        if done {
            let held = self.house().held()?;
            self.oracle.server_lost(&held, &self.tablets, &self.disks);
        }
        Ok(done.to_string())
    }

    fn correct(&mut self, child: u8, minutes: u8) -> Result<String, Trouble> {
        let child = self.house().child(&code(child))?;
        let today = business_day(instant_from_ms(self.at_ms));
        let read = reads_alike(&self.house().facts()?)?;
        let found = read.days.get(&(today, shared::id::ChildId(child))).and_then(|d| d.presences.first());
        let Some(arrived) = found.map(|p| p.arrived.clone()) else { return Ok("nothing".into()) };
        let time = (local(instant_from_ms(arrived.at_ms)) - chrono::TimeDelta::minutes(i64::from(minutes))).time();
        let done = ["CENTRE", "PERI", "LAC"].iter().any(|centre| self.house().correct(centre, arrived.entry, time));
        Ok(done.to_string())
    }

    fn issue(&mut self) -> Result<String, Trouble> {
        let today = business_day(instant_from_ms(self.at_ms));
        let month: Month =
            (today.with_day(1).unwrap_or(today) - Days::new(1)).format("%Y-%m").to_string().parse().map_err(anyhow::Error::msg)?;
        let count = self.house().issue(month)?;
        let issued = self.house().issued()?;
        self.oracle.bills(issued)?;
        let findings = self.house().broken_books()?;
        // Numbers given since the backup stay given, and the books of the restored server know nothing of them.
        let excused = |finding: &str| self.was_restored && finding.starts_with("Suite des factures");
        if let Some(finding) = findings.iter().find(|finding| !excused(finding)) {
            return Ok(broken("I6", finding.clone())?);
        }
        Ok(format!("{count} bills of {month}"))
    }

    fn check(&mut self) -> Result<(), Trouble> {
        let held = self.house().held()?;
        self.oracle.server(held)?;
        self.oracle.nothing_is_lost(&self.tablets, &self.disks)?;
        for at in 0..self.tablets.len() {
            if let Some(screen) = self.tablets[at].glance(self.at_ms) {
                self.oracle.waiting_is_shown(&self.tablets[at], &self.disks[at], screen.sync.unsent, &screen.sync.text)?;
            }
        }
        Ok(())
    }

    /// I3, I4, I5, and what the server has stored of the fold.
    fn check_reading(&mut self) -> Result<(), Trouble> {
        let facts = self.house().facts()?;
        reads_alike(&facts)?;
        let times = effective_times(&facts);
        for (entry, stored) in self.house().stored_times()? {
            if times.get(&entry).is_some_and(|at| *at != stored) {
                let number = self.oracle.name(entry);
                return Ok(broken(
                    "I3",
                    format!("entry {number} took effect at {:?}, and the server has stored {stored}", times.get(&entry)),
                )?);
            }
        }
        let issued = self.house().issued()?;
        self.oracle.bills(issued)?;
        Ok(())
    }

    /// Everybody can talk, long enough; then nothing may be missing and all must agree. Adds a line a round to the trace.
    ///
    /// # Errors
    /// A broken promise.
    pub fn end(&mut self, trace: &mut Vec<String>) -> Result<(), Trouble> {
        for at in 0..self.tablets.len() {
            let late = {
                let mut sky = self.tablets[at].sky.lock().unwrap_or_else(PoisonError::into_inner);
                sky.turn(Weather::Fine, 0);
                sky.take_late()
            };
            for request in late {
                self.house().answer(&request);
            }
            if !self.tablets[at].lost {
                self.tablets[at].set_full(false, self.at_ms)?;
                self.look(at)?;
            }
        }
        // Long enough for holes in a session, for a new session, then for holes of a relay, each with a round before and after.
        let mut anew = 0;
        for wait_ms in [0, 5_000, 70_000, 70_000, 3_700_000, 5_000, 8 * 24 * 3_600_000, 70_000, 5_000] {
            self.pass(wait_ms);
            self.house().tend();
            for at in 0..self.tablets.len() {
                self.pass(STEP_MS);
                let became = self.round(at)?;
                trace.push(format!("{} the end: tablet {at} → {became}", local(instant_from_ms(self.at_ms))));
            }
            self.check()?;
            anew += self.heed()?;
        }
        self.check_reading()?;
        self.oracle.all_has_arrived()?;
        self.boards_agree()?;
        self.journals_hold()?;
        trace.push(format!("{anew} enrolled anew · {} entries, {} held", self.oracle.count(), self.on_server()));
        Ok(())
    }

    /// Somebody reads what the tablets say, and enrols anew those that can hand in nothing: the server gave their next epoch to another
    /// copy, or knows nothing of them, since they were enrolled after the backup that it was restored from.
    fn heed(&mut self) -> Result<usize, Trouble> {
        let mut count = 0;
        for at in 0..self.tablets.len() {
            let line = self.tablets[at].line()?;
            let is_known = self.oracle.held.devices.contains(&self.tablets[at].device);
            if line == Some(LineState::ExistsTwice) || (!is_known && line == Some(LineState::Revoked)) {
                // Ten codes a minute are tried from one address; a person takes longer than that.
                self.pass(60_000);
                self.tablets[at].enrol_anew(self.at_ms)?;
                self.look(at)?;
                count += 1;
            }
        }
        Ok(count)
    }

    /// I1: each tablet's journal holds, pages, signatures and chains, as `preau-terminal verify` reads it.
    fn journals_hold(&self) -> Result<(), Trouble> {
        for tablet in self.tablets.iter().filter(|tablet| !tablet.lost) {
            let whole = verify(tablet.dir()).map_err(|e| anyhow::anyhow!("{e}"))?;
            if let Some(found) = whole.first_break.filter(|found| !(self.has_hole && found.ends_with("(Hole)"))) {
                return Ok(broken("I1", format!("tablet {}: {found}", tablet.number))?);
            }
        }
        Ok(())
    }

    /// I3: the last days read alike on each tablet and on the server.
    fn boards_agree(&mut self) -> Result<(), Trouble> {
        let today = business_day(instant_from_ms(self.at_ms));
        let compared = today - Days::new(COMPARED_DAYS + 8)..=today + Days::new(COMPARED_AHEAD_DAYS);
        let facts = self.house().facts()?;
        for at in 0..self.tablets.len() {
            let tablet = &self.tablets[at];
            if tablet.line()? != Some(LineState::Online) || !tablet.is_in_service() || !self.oracle.held.devices.contains(&tablet.device) {
                continue;
            }
            let here: Vec<_> = facts.iter().filter(|f| f.envelope.site == tablet.site).cloned().collect();
            // A restored server has lost what was erased since its backup: here it is erased, and there it isn't, until a person erases again.
            let held = tablet.facts()?;
            let erased = |facts: &[Fact]| facts.iter().filter(|f| f.payload.is_none()).map(|f| f.envelope.entry_id).collect::<HashSet<_>>();
            let apart: HashSet<EntryId> = if self.was_restored { &erased(&here) ^ &erased(&held) } else { HashSet::new() };
            let here: Vec<Fact> = here.into_iter().filter(|f| !apart.contains(&f.envelope.entry_id)).collect();
            let server = reads_alike(&here)?;
            // What waits for a decision is on the board of who sealed it, and on no sheet yet.
            let waits = |entry| self.oracle.held.quarantine.contains(&entry) && !self.oracle.held.journal.contains_key(&entry);
            let decided = |fact: &Fact| !waits(fact.envelope.entry_id);
            let ours: Vec<Fact> = held.iter().filter(|f| decided(f) && !apart.contains(&f.envelope.entry_id)).cloned().collect();
            let ours = reads_alike(&ours)?;
            let days = |read: &Attendance| {
                read.days.iter().filter(|((d, _), _)| compared.contains(d)).map(|(k, v)| (*k, v.clone())).collect::<Vec<_>>()
            };
            if days(&server) != days(&ours) {
                // An entry is erased or held apart on one side only, or isn't there at all.
                let missing = |of: &[Fact], in_: &[Fact]| {
                    let held: HashSet<EntryId> = in_.iter().map(|f| f.envelope.entry_id).collect();
                    let lacks = of.iter().filter(|f| !held.contains(&f.envelope.entry_id));
                    let said = lacks.map(|f| {
                        let at = f.payload.as_ref().map(|p| local(instant_from_ms(p.happened_at_ms)).to_string()).unwrap_or_default();
                        format!("{} {} {at}", self.oracle.name(f.envelope.entry_id), f.envelope.kind.as_str())
                    });
                    said.collect::<Vec<_>>().join(", ")
                };
                let (lacks, more) = (missing(&here, &held), missing(&held, &here));
                let (there, here) = (days(&server), days(&ours));
                let apart = there.iter().find(|day| !here.contains(day)).or_else(|| here.iter().find(|day| !there.contains(day)));
                let day = apart.map_or_else(String::new, |((day, _), _)| day.to_string());
                let read =
                    |days: &[_]| format!("{:?}", days.iter().find(|(key, _)| apart.is_some_and(|(at, _)| at == key)).map(|(_, read)| read));
                let what = format!(
                    "tablet {at} and the server read {day} otherwise; it lacks [{lacks}], the server [{more}]\n  server {}\n  tablet {}",
                    read(&there),
                    read(&here)
                );
                return Ok(broken("I3", what)?);
            }
        }
        Ok(())
    }
}

/// I1: whatever was done to a tablet's folder, it opens.
fn opens(at: usize, error: &anyhow::Error) -> Broken {
    Broken { promise: "I1", what: format!("tablet {at} doesn't open: {error:#}") }
}

/// A child's code.
fn code(child: u8) -> String {
    format!("E{}", 1 + child % CHILDREN)
}
