//! The door: what a person asks goes in, a whole new screen comes out. One
//! file a use case.
//!
//! Promises: a screen that shows a gesture as recorded is returned after
//! COMMIT, never before; a gesture that could not be recorded says so, in red,
//! and changes nothing; no gesture, card or text ever panics.
//!
//! | file | a person… |
//! |---|---|
//! | [`arrive`] | touches a child who comes in |
//! | [`depart`] | says who takes a child |
//! | [`late`] | says when a child left whom nobody touched in time, and who saw it |
//! | [`absent`] | notes that a child isn't there |
//! | [`badge`] | holds a card to the reader |
//! | [`reader`] | is told that the reader can't be heard |
//! | [`barred`] | is told that somebody must never take a child |
//! | [`roll_call`] | calls a class, by exception |
//! | [`undo`] | takes the last gesture back, within ten seconds |
//! | [`correct`] | puts a time right, afterwards |
//! | [`sign`] | answers for the day sheet |
//! | [`care`] | asks what to do for a child in danger, and whom to call |
//! | [`team`] | comes to work, or shows a visitor in |
//! | [`evacuation`] | calls everybody on the site, on any of its tablets |
//! | [`evacuation_list`], [`evacuation_report`] | sees who is missing, and afterwards who was ticked by whom |
//! | [`outing`], [`outing_list`] | leaves with some of them, counts them, brings them back |
//! | [`on_site`] | is here, over all lieux and moments |
//! | [`moment`] | changes the slot of the day |
//! | [`gestures`] | touches, holds, ticks, confirms, closes: to which of these it comes |
//! | [`lock`] | sees nothing any more, where the server was silent for too long |
//! | [`board`], [`dialogs`], [`sync_bar`] | reads |

mod absent;
mod arrive;
mod badge;
mod barred;
mod board;
mod care;
mod correct;
mod depart;
mod dialogs;
mod drafts;
mod evacuation;
mod evacuation_list;
mod evacuation_report;
mod gestures;
mod hours;
mod late;
mod lock;
mod moment;
mod on_site;
mod outing;
mod outing_list;
mod reader;
mod roll_call;
mod sign;
mod standing;
mod sync_bar;
mod team;
mod undo;

pub(crate) use shared::french as words;

pub use crate::view::Corrects;
pub use depart::Destination;
pub(crate) use sync_bar::{line_in_words, of_revoked, set_apart};
pub use team::{StaffHere, VisitorHere};

use crate::clock::{Now, Observed};
use crate::entropy::{Entropy, SystemEntropy};
use crate::roster::Roster;
use crate::store::{Agreement, DataLock, Identity, LineStatus, Queue, Store, StoreError};
use crate::view::{Act, Notice, Screen, Tone};
use chrono::{NaiveDate, NaiveTime};
use hardware::ReaderEvent;
use hardware::said::Fault;
use shared::fold::{Attendance, Fact};
use shared::id::{ActivityId, BadgeId, ChildId, EntryId, GroupId, StaffId};
use shared::journal::Sealed;
use shared::roster::{Activity, Recording};
use std::collections::{BTreeMap, HashMap};

/// How long a member of staff who showed a card stays named on gestures, in ms.
const NAMED_MS: u64 = 60_000;

/// The controllers of one tablet, over its store.
pub struct Door {
    store: Store,
    entropy: Box<dyn Entropy>,
    identity: Option<Identity>,

    // What the disk says, read again when the sync thread has written.
    roster: Roster,
    facts: Vec<Fact>,
    attendance: Attendance,
    queue: Queue,
    line: LineStatus,
    /// The site's other tablets: how many agree, and how much of what they brought counts for nothing.
    agreement: Agreement,
    not_counted: u32,
    observed: Option<Observed>,
    /// Whether the server was silent for too long.
    lock: DataLock,
    repaired: sync_bar::Repaired,
    /// Whether damage was met: the store is to be opened again, which salvages it.
    damaged: bool,
    seen: Seen,

    // What time it is, with the clock put right where the server was heard.
    wall_ms: i64,
    boottime_ms: u64,
    day: NaiveDate,
    time: NaiveTime,

    // What the person is doing.
    moment: Option<ActivityId>,
    by_hand: Option<moment::ByHand>,
    group: Option<GroupId>,
    search: String,
    ticks: BTreeMap<ChildId, bool>,
    dialog: Option<Open>,
    notice: Option<Notice>,
    pinned: Option<Notice>,
    undo: Option<undo::Undoable>,
    staff: Option<(StaffId, u64)>,
    echoes: HashMap<ChildId, u64>,
    last_recorded: Vec<EntryId>,
    evacuating: evacuation::Evacuating,
    /// Why the badge reader can't be heard; `None` where it can, or says nothing of itself.
    reader: Option<Fault>,
}

/// Versions of what was last read from disk.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Seen {
    day: Option<NaiveDate>,
    journal: i64,
    roster: i64,
    items: String,
    whole: bool,
}

/// The screen in front of the board.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Open {
    Arrival {
        choices: Vec<(ChildId, bool)>,
        badge: Option<BadgeId>,
    },
    Departure(depart::Departing),
    Child(ChildId),
    Correction(correct::Correcting),
    Sign,
    Barred {
        child: ChildId,
    },
    Care(care::Reading),
    EvacuationHelp,
    /// Of the evacuation that this roll call is part of.
    EvacuationReport(uuid::Uuid),
    OutingChoice(outing::Choosing),
    Outing(outing::Counting),
}

impl Door {
    /// Opens the door over a store. `now` decides the day of the first screen.
    ///
    /// # Errors
    /// A store that can't be read.
    pub fn open(store: Store, now: Now) -> Result<Self, StoreError> {
        Self::with_entropy(store, now, Box::new(SystemEntropy))
    }

    /// The same with another source of random bytes: for tests that replay a seed.
    ///
    /// # Errors
    /// A store that can't be read.
    pub fn with_entropy(store: Store, now: Now, entropy: Box<dyn Entropy>) -> Result<Self, StoreError> {
        let mut door = Self {
            entropy,
            identity: None,
            roster: Roster::default(),
            facts: Vec::new(),
            attendance: Attendance::default(),
            queue: Queue::default(),
            line: LineStatus::default(),
            agreement: Agreement::default(),
            not_counted: 0,
            observed: None,
            lock: DataLock::default(),
            repaired: sync_bar::Repaired::default(),
            damaged: false,
            seen: Seen::default(),
            wall_ms: now.wall_ms,
            boottime_ms: now.boottime_ms,
            day: now.day(),
            time: now.time(),
            moment: None,
            by_hand: None,
            group: None,
            search: String::new(),
            ticks: BTreeMap::new(),
            dialog: None,
            notice: None,
            pinned: None,
            undo: None,
            staff: None,
            echoes: HashMap::new(),
            last_recorded: Vec::new(),
            evacuating: evacuation::Evacuating::default(),
            reader: None,
            store,
        };
        if let Err(error) = door.read_again(now) {
            door.look_at(&error);
            return Err(error);
        }
        door.notice = door.repaired.notice();
        Ok(door)
    }

    /// Whether damage was met on disk: to be closed and opened again from [`Store::open`], which salvages what can be read.
    #[must_use]
    pub fn is_damaged(&self) -> bool {
        self.damaged
    }

    /// Remembers an error that tells of damage.
    fn look_at(&mut self, error: &StoreError) {
        self.damaged |= self.store.suspect(error);
    }

    /// Does what a person asks. What the returned screen shows as recorded is durable.
    pub fn act(&mut self, now: Now, act: Act) -> Screen {
        self.last_recorded.clear();
        self.refresh(now);
        self.store_roomy();
        if let Act::Reader(event) = &act {
            self.reader_said(event);
        }
        if self.lock == DataLock::Locked {
            return self.screen(now);
        }
        // A reader that comes and goes is nobody who reads.
        if !matches!(act, Act::Reader(_)) {
            self.keep_care_open(now);
        }
        match act {
            Act::Touch(child) => self.touch(now, child),
            Act::Hold(child) => self.hold(child),
            Act::Badge(text) | Act::Reader(ReaderEvent::Badge(text)) => self.badge_shown(now, &text),
            Act::Reader(event) => self.reader_about_cards(&event),
            Act::Tick(child) => self.tick(child),
            Act::Adult(person) => self.adult_chosen(person),
            Act::Confirm => self.confirm(now),
            Act::LeaveAlone => self.leave_alone(now),
            Act::OtherAdult(name) => self.other_adult(&name),
            Act::Absent(child) => self.note_absence(now, child),
            Act::Arrive(child) => self.arrive(now, &[child], None),
            Act::Hour(at) => self.hour_chosen(at.map_or(hours::Hour::Now, hours::Hour::At)),
            Act::Earlier => self.hour_moved(hours::earlier),
            Act::Later => self.hour_moved(hours::later),
            Act::Staff(staff) => self.staff_named(now, staff),
            Act::Correct(child, what) => self.open_correction(child, what),
            Act::Care(child) => self.open_care(now, child),
            Act::StillReading => {}
            Act::SignDay => self.ask_signature(now),
            Act::Close => self.close(),
            Act::Undo => self.undo_last(now),
            Act::Moment(activity) => self.moment_by_hand(activity),
            Act::Group(group) => self.group = group,
            Act::Search(text) => self.search = text,
            Act::EvacuationAsked => self.evacuation_asked(),
            Act::Evacuate => self.evacuate(now),
            Act::Seen(who) => self.see(now, who),
            Act::EvacuationGroup(key) => self.evacuation_group(key),
            Act::EndEvacuation => self.ask_evacuation_end(),
            Act::EvacuationOver(reason) => self.end_evacuation(now, reason),
            Act::EvacuationReport(call) => self.open_evacuation_report(call),
            Act::LeaveEvacuation => self.leave_evacuation(),
            Act::OutingAsked => self.outing_asked(),
            Act::OutingOpened(outing) => self.open_outing(outing),
            Act::OutingPerson(who) => self.outing_person(who),
            Act::OutingGroup(key) => self.outing_group(key),
            Act::OutingAll => self.outing_all(),
            Act::OutingLeaves(label) => self.outing_leaves(now, &label),
            Act::OutingCounted => self.outing_counted(now),
            Act::OutingBack => self.outing_back(now),
            Act::ValidateRollCall => self.validate_roll_call(now),
        }
        self.screen(now)
    }

    /// Reads again what the sync thread or the clock has changed. To be called each second or so.
    pub fn refresh(&mut self, now: Now) {
        if let Err(error) = self.read_again(now) {
            tracing::error!(%error, "the tablet's data could not be read");
            self.look_at(&error);
            self.notice = Some(Notice { text: error.to_string(), tone: Tone::Red });
        }
        if self.identity.as_ref().is_some_and(|identity| identity.epoch > 1)
            && let Err(error) = self.open_epoch(now)
        {
            // Nobody asked for anything yet: the next gesture opens it, or says in red why not.
            tracing::warn!(%error, "a new epoch could not be opened");
        }
    }

    /// The screen as it stands, without asking for anything. See [`Self::refresh`].
    #[must_use]
    pub fn screen(&self, now: Now) -> Screen {
        self.paint(now)
    }

    /// Refreshes and paints: what a timer calls.
    pub fn tick_clock(&mut self, now: Now) -> Screen {
        self.refresh(now);
        self.screen(now)
    }

    /// Entries that the last gesture sealed, in order.
    #[must_use]
    pub fn last_recorded(&self) -> &[EntryId] {
        &self.last_recorded
    }

    /// What the tablet knows of its site.
    #[must_use]
    pub fn roster(&self) -> &Roster {
        &self.roster
    }

    /// The store under the door.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// The reading of what was recorded around the day that the board shows.
    #[must_use]
    pub fn attendance(&self) -> &Attendance {
        &self.attendance
    }

    /// The business day that the board shows.
    #[must_use]
    pub fn day(&self) -> NaiveDate {
        self.day
    }

    fn read_again(&mut self, now: Now) -> Result<(), StoreError> {
        let roster_version = self.store.roster.data_version()?;
        if !self.seen.whole || roster_version != self.seen.roster {
            self.observed = self.store.roster.observed()?;
            self.line = self.store.roster.line()?;
            self.agreement = self.store.roster.agreement()?;
            self.repaired.roster_lost = self.store.roster.is_lost()?;
        }
        let corrected = now.corrected(self.observed);
        (self.wall_ms, self.boottime_ms, self.day, self.time) = (corrected.wall_ms, now.boottime_ms, corrected.day(), corrected.time());
        let journal_version = self.store.journal.data_version()?;
        let new_day = self.seen.day != Some(self.day);
        if !self.seen.whole || new_day || journal_version != self.seen.journal {
            self.identity = self.store.journal.identity()?;
            self.facts = self.store.journal.facts_around(self.day)?;
            self.fold_again();
            self.queue = self.store.journal.queue()?;
            self.not_counted = self.store.journal.not_counted(self.day)?;
            self.repaired.journal = self.store.journal.salvaged()?;
        }
        let items = self.store.roster.items_changed_at()?;
        if !self.seen.whole || new_day || items != self.seen.items {
            self.roster = Roster::of(self.store.roster.items(self.day)?, 0);
        }
        self.roster.version = self.store.roster.cursor()?;
        if new_day {
            self.ticks.clear();
        }
        self.seen = Seen { day: Some(self.day), journal: journal_version, roster: roster_version, items, whole: true };
        self.undo = self.undo.take().filter(|u| u.is_open(self.boottime_ms));
        self.staff = self.staff.filter(|(_, until)| self.boottime_ms < *until);
        self.close_unread_care();
        self.look_at_lock(now)?;
        self.choose_moment();
        self.ask_hour_once_over();
        self.look_at_evacuation(now);
        Ok(())
    }

    /// The activity of the moment.
    fn activity(&self) -> Option<&Activity> {
        self.moment.and_then(|id| self.roster.activities.get(&id))
    }

    fn recording(&self) -> Option<Recording> {
        self.activity().map(|a| a.recording)
    }

    fn say(&mut self, tone: Tone, text: impl Into<String>) {
        self.notice = Some(Notice { text: text.into(), tone });
    }

    /// Takes up what was sealed, and says it.
    fn recorded(&mut self, sealed: &[Sealed]) {
        for entry in sealed {
            // What this program has just encoded reads back.
            if let Ok(fact) = Fact::read(entry) {
                self.last_recorded.push(fact.envelope.entry_id);
                self.facts.push(fact);
            }
        }
        self.fold_again();
        match self.store.journal.queue() {
            Ok(queue) => self.queue = queue,
            Err(error) => tracing::warn!(%error, "the queue could not be counted"),
        }
    }

    /// Says while there is still time that room is getting short.
    fn store_roomy(&mut self) {
        if self.store.is_nearly_full() && self.notice.is_none() {
            self.say(
                Tone::Amber,
                "Le disque de la tablette est presque plein : appelez l'administration. Les pointages sont encore enregistrés.",
            );
        }
    }
}
