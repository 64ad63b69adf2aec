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
//! | [`elsewhere`] | says that a child leaves otherwise: with somebody else, alone, to school, to a club, with the emergency services |
//! | [`late`] | says when a child left whom nobody touched in time, and who saw it |
//! | [`absent`] | notes that a child isn't there |
//! | [`badge`] | holds a card to the reader |
//! | [`reader`] | is told that the reader can't be heard |
//! | [`barred`] | is told that somebody must never take a child |
//! | [`roll_call`] | calls a class, by exception |
//! | [`meals`] | counts meals by menu letter, and says who did not eat |
//! | [`undo`] | takes the last gesture back, within ten seconds |
//! | [`correct`] | puts a time right, afterwards |
//! | [`self_service`] | of a family, at a tablet of their own, shows a card |
//! | [`several`] | touches several children, and records them by one act |
//! | [`sign`] | answers for the day sheet |
//! | [`care`] | asks what to do for a child in danger, and whom to call |
//! | [`not_here`] | is awaited, and not here well after the hour |
//! | [`move_group`] | says in which group a child spends the day |
//! | [`team`] | comes to work, goes home, shows a visitor in |
//! | [`pin`] | types a code to say who they are |
//! | [`ratio`] | sees whether there are adults enough |
//! | [`evacuation`] | calls everybody on the site, on any of its tablets |
//! | [`evacuation_list`], [`evacuation_report`] | sees who is missing, and afterwards who was ticked by whom |
//! | [`outing`], [`outing_list`] | leaves with some of them, counts them, brings them back |
//! | [`on_site`] | is here, over all lieux and moments |
//! | [`moment`] | changes the slot of the day |
//! | [`gestures`] | touches, holds, ticks, confirms, closes: to which of these it comes |
//! | [`lock`] | sees nothing any more, where the server was silent for too long |
//! | [`board`], [`dialogs`], [`sync_bar`] | reads |
//! | [`disk`] | never sees: what is read again, and what failed |

mod absent;
mod arrive;
mod badge;
mod barred;
mod board;
mod care;
mod correct;
mod depart;
mod dialogs;
mod disk;
mod drafts;
mod elsewhere;
mod en_route;
mod evacuation;
mod evacuation_list;
mod evacuation_report;
mod family_code;
mod gestures;
mod hours;
mod late;
mod lock;
mod meals;
mod moment;
mod move_group;
mod not_here;
mod on_site;
mod outing;
mod outing_list;
mod pin;
mod ratio;
mod reader;
mod roll_call;
mod self_service;
mod several;
mod sign;
mod standing;
mod sync_bar;
mod team;
mod undo;

pub(crate) use crate::words;

pub use crate::view::Corrects;
pub use depart::Destination;
pub(crate) use reader::{in_words as reader_in_words, of_cards as reader_of_cards};
pub(crate) use sync_bar::{line_in_words, of_revoked, set_apart};
pub use team::{StaffHere, VisitorHere};

use crate::clock::{Now, Observed};
use crate::entropy::{Entropy, SystemEntropy};
use crate::roster::Roster;
use crate::sound::Answered;
use crate::store::{Agreement, DataLock, Identity, LineStatus, Queue, Store, StoreError};
use crate::view::{Act, Notice, Screen, Tone};
use chrono::{NaiveDate, NaiveTime};
use hardware::ReaderEvent;
use hardware::said::Fault;
use shared::fold::{Attendance, Fact};
use shared::id::{ActivityId, ChildId, EntryId, GroupId, StaffId};
use shared::roster::{Activity, Recording};
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

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
    seen: disk::Seen,

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
    several: Option<several::Choosing>,
    /// At the gate, where families serve themselves.
    gate: Option<self_service::Gate>,
    handing_over: bool,
    not_here: not_here::NotHere,
    dialog: Option<Open>,
    notice: Option<Notice>,
    pinned: Option<Notice>,
    undo: Option<undo::Undoable>,
    staff: Option<Named>,
    /// Who of the staff has a code.
    codes: Vec<StaffId>,
    /// Whether any adult has one.
    family_codes: bool,
    /// Children about whom a family wrote for today.
    noted: BTreeSet<ChildId>,
    /// The name that was touched last on the screen of the team, and until when a second touch is the same finger's.
    team_echo: Option<(StaffId, u64)>,
    echoes: HashMap<ChildId, u64>,
    last_recorded: Vec<EntryId>,
    /// What the last gesture came to, for the ear.
    answered: Answered,
    evacuating: evacuation::Evacuating,
    /// Why the badge reader can't be heard; `None` where it can, or says nothing of itself.
    reader: Option<Fault>,
    /// What failed on the disk last, with the tablet's hour.
    failures: VecDeque<(i64, StoreError)>,
}

/// The member of staff whose name gestures bear for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Named {
    staff: StaffId,
    /// CLOCK_BOOTTIME at which it ends.
    until_ms: u64,
    /// By a code that only they know, and not by a card that anybody may hold.
    by_pin: bool,
}

/// The screen in front of the board.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Open {
    Arrival {
        choices: Vec<(ChildId, bool)>,
        by: Option<drafts::By>,
    },
    Departure(depart::Departing),
    Child(ChildId),
    Correction(correct::Correcting),
    Sign,
    Barred {
        child: ChildId,
    },
    Care(care::Reading),
    Meals,
    Team,
    Pin(pin::Asking),
    FamilyCode(family_code::Typing),
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
            seen: disk::Seen::default(),
            wall_ms: now.wall_ms,
            boottime_ms: now.boottime_ms,
            day: now.day(),
            time: now.time(),
            moment: None,
            by_hand: None,
            group: None,
            search: String::new(),
            ticks: BTreeMap::new(),
            several: None,
            gate: None,
            handing_over: false,
            not_here: not_here::NotHere::default(),
            dialog: None,
            notice: None,
            pinned: None,
            undo: None,
            staff: None,
            codes: Vec::new(),
            family_codes: false,
            noted: BTreeSet::new(),
            team_echo: None,
            echoes: HashMap::new(),
            last_recorded: Vec::new(),
            answered: Answered::default(),
            evacuating: evacuation::Evacuating::default(),
            reader: None,
            failures: VecDeque::new(),
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

    /// The member of staff whose card was shown within the last minute.
    #[must_use]
    pub fn named_staff(&self) -> Option<StaffId> {
        self.staff.map(|named| named.staff)
    }

    /// The time of day, by the clock that was put right.
    #[must_use]
    pub fn time(&self) -> NaiveTime {
        self.time
    }

    /// Does what a person asks. What the returned screen shows as recorded is durable.
    pub fn act(&mut self, now: Now, act: Act) -> Screen {
        self.last_recorded.clear();
        self.refresh(now);
        self.answered = Answered::default();
        self.store_roomy();
        if let Act::Reader(event) = &act {
            self.reader_said(event);
        }
        if self.lock == DataLock::Locked {
            return self.screen(now);
        }
        if self.serves_families() && !self.a_family_may(&act) {
            return self.screen(now);
        }
        let nobodys = Self::is_nobodys(&act);
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
            Act::OtherAdult(name, word) => self.other_adult(&name, word),
            Act::IdentitySeen => self.identity_ticked(),
            Act::Way(way) => self.way_chosen(way),
            Act::MoveGroup(child, group) => self.move_group(now, child, group),
            Act::Absent(child) => self.note_absence(now, child),
            Act::Arrive(child) => self.arrive(now, &[child], None),
            Act::Hour(at) => self.hour_chosen(at.map_or(hours::Hour::Now, hours::Hour::At)),
            Act::Earlier => self.hour_moved(hours::earlier),
            Act::Later => self.hour_moved(hours::later),
            Act::Staff(staff) => self.staff_named(now, staff),
            Act::Correct(child, what) => self.open_correction(child, what),
            Act::Care(child) => self.open_care(now, child),
            Act::Meals => self.open_meals(),
            Act::Meal(child) => self.meal_touched(now, child),
            Act::StillReading => {}
            Act::AskPin(purpose) => self.ask_pin(now, purpose),
            Act::PinKey(key) => self.pin_key(now, key),
            Act::Team => self.open_team(),
            Act::TeamTouch(staff) => self.team_touched(now, staff),
            Act::Visitor(name) => self.visitor_comes(now, &name),
            Act::VisitorLeft(visit) => self.visitor_goes(now, visit),
            Act::SignDay => self.ask_signature(now),
            Act::Close => self.close(),
            Act::Several => self.choose_several(now),
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
            // Answered before it comes here (upkeep).
            Act::Tablet(_) => {}
        }
        self.acted_at_the_gate(now, nobodys);
        self.screen(now)
    }

    /// The screen as it stands, without asking for anything. See [`Self::refresh`].
    #[must_use]
    pub fn screen(&self, now: Now) -> Screen {
        self.at_the_gate(self.paint(now))
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

    /// What the last gesture came to.
    #[must_use]
    pub fn answered(&self) -> Answered {
        self.answered
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

    /// The activity of the moment.
    fn activity(&self) -> Option<&Activity> {
        self.moment.and_then(|id| self.roster.activities.get(&id))
    }

    fn recording(&self) -> Option<Recording> {
        self.activity().map(|a| a.recording)
    }

    fn say(&mut self, tone: Tone, text: impl Into<String>) {
        self.answered.said = tone;
        self.notice = Some(Notice { text: text.into(), tone });
    }
}
