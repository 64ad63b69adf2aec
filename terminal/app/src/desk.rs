//! Who answers the window: the controllers over the tablet's store, with the
//! exchange beside them; or, where the store can't be opened, a sentence that
//! says why, until it can.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use hardware::ReaderEvent;
use terminal_core::clock::{Clock, Now, SystemClock};
use terminal_core::door::Door;
use terminal_core::peers::line::Peers;
use terminal_core::sound::{Answered, Ear, Heard};
use terminal_core::store::{NoFaults, Peek, Photos, Store, StoreError, Tpm};
use terminal_core::sync::line::Line;
use terminal_core::sync::report::Machine;
use terminal_core::upkeep::Upkeep;
use terminal_core::view::{Act, Notice, Screen, Setting, TabletAct, TabletPlace, Tone};
use terminal_core::words;

use crate::door_thread::Desk;
use crate::faces::Album;
use crate::sound::{Silent, Speaker};

/// A closed door is tried again after this many ticks: another program may still be ending, or enrolling the tablet; damage that
/// the door met as it opened is salvaged by the next opening.
const TICKS_BETWEEN_TRIES: u32 = 3;
/// A key that the chip doesn't open is tried again this much more rarely: a chip that is silent keeps the thread waiting.
const TICKS_BETWEEN_TRIES_OF_THE_CHIP: u32 = 60;

/// The tablet behind one window.
pub struct Tablet {
    data: PathBuf,
    tpm: Tpm,
    door: Result<OpenDoor, StoreError>,
    /// What the badge reader said of itself last: a door that opens again is told.
    reader: Option<ReaderEvent>,
    /// Photos of the open door, for the window's own thread.
    photos: Arc<Mutex<Option<Photos>>>,
    /// The menu, the settings and the rest of the tablet, whether its door is open or not.
    upkeep: Upkeep,
    /// `None` where the kernel doesn't name its start: no door opens then.
    clock: Option<SystemClock>,
    ticks: u32,
    ear: Ear,
    speaker: Box<dyn Speaker>,
}

/// The door of an enrolled tablet, on this machine's clock.
struct OpenDoor {
    door: Door,
    clock: SystemClock,
    /// `None` where the server can't even be asked; the door goes on, and entries wait.
    line: Option<Line>,
    /// The other tablets of the site; `None` where they can't be asked either.
    peers: Option<Peers>,
}

impl Tablet {
    /// The tablet whose data is in this folder, on a machine with this chip. What stands in the way is shown, not returned.
    #[must_use]
    pub fn at(data: PathBuf, tpm: Tpm) -> Self {
        // First: what a door says as it opens is in the tablet's language.
        let upkeep = Upkeep::of(&data).on(Machine::LINUX);
        upkeep.speak();
        let door = OpenDoor::open(&data, &tpm);
        let clock = SystemClock::new().ok();
        let (ear, speaker) = (Ear::default(), Box::new(Silent));
        let tablet = Self { data, tpm, door, photos: Arc::default(), reader: None, upkeep, clock, ticks: 0, ear, speaker };
        tablet.show_photos();
        tablet
    }

    /// The same, heard by somebody.
    #[must_use]
    pub fn heard_by(self, speaker: impl Speaker + 'static) -> Self {
        Self { speaker: Box::new(speaker), ..self }
    }

    /// Photos are those of the door that is open now: another life of the tablet seals its own.
    fn show_photos(&self) {
        let opened = self.door.as_ref().ok().and_then(|open| open.door.store().photos().ok());
        *self.photos.lock().unwrap_or_else(PoisonError::into_inner) = opened;
    }

    fn open_again(&mut self) {
        self.door = OpenDoor::open(&self.data, &self.tpm);
        self.show_photos();
        if let (Ok(open), Some(said)) = (&mut self.door, &self.reader) {
            open.act(Act::Reader(said.clone()));
        }
    }

    /// Damage was met while the door was open: it closes, what it owns with it, and opens again over what could be salvaged.
    fn salvage_if_damaged(&mut self) {
        if self.door.as_ref().is_ok_and(|open| open.door.is_damaged()) {
            // Both connections go before the journal may be moved; what stands here meanwhile is never seen.
            self.door = Err(StoreError::Busy);
            self.open_again();
        }
    }

    /// What the door says to an act, or to the time that has passed, with the tablet's own pages in front.
    fn behind(&mut self, now: Option<Now>, act: Option<Act>) -> Screen {
        if let Ok(open) = &mut self.door {
            open.door.serve_families(self.upkeep.serves_families());
            open.door.alert_after(self.upkeep.alert_minutes());
            open.door.count_handing_over(self.upkeep.handing_over());
        }
        // A door that is closed records no card, whoever's it is.
        let refused = Answered { recorded: false, said: Tone::Red };
        let is_card = matches!(act, Some(Act::Badge(_) | Act::Reader(ReaderEvent::Badge(_))));
        let asked = act.is_some();
        let screen = match (&mut self.door, act) {
            (Ok(open), Some(act)) => open.act(act),
            (Ok(open), None) => open.door.tick_clock(open.clock.now()),
            (Err(why), _) => closed(why),
        };
        let answered = match &self.door {
            Ok(open) => asked.then(|| open.door.answered()),
            Err(_) => is_card.then_some(refused),
        };
        if let Some(heard) = self.ear.hear(&screen, answered) {
            self.speaker.sound(heard, self.upkeep.sound());
        }
        self.upkeep.sounds(self.speaker.finds());
        let Some(now) = now else { return screen };
        self.upkeep.beside(now, screen, self.door.as_ref().ok().map(|open| &open.door))
    }

    fn try_again(&mut self) {
        let between = match &self.door {
            Err(StoreError::NotEnrolled | StoreError::AlreadyOpen(_) | StoreError::Busy | StoreError::Damaged { .. }) => {
                TICKS_BETWEEN_TRIES
            }
            Err(StoreError::KeySealed { .. }) => TICKS_BETWEEN_TRIES_OF_THE_CHIP,
            _ => return,
        };
        self.ticks = self.ticks.wrapping_add(1);
        if self.ticks.is_multiple_of(between) {
            self.open_again();
        }
    }
}

impl OpenDoor {
    fn open(data: &Path, tpm: &Tpm) -> Result<Self, StoreError> {
        // Looked at without owning it, so that `enrol` finds the folder free. A damaged journal is its owner's to salvage.
        match Peek::open(data).and_then(|peek| peek.journal.identity()) {
            Ok(None) => return Err(StoreError::NotEnrolled),
            Ok(Some(_)) | Err(StoreError::Damaged { .. }) => {}
            Err(other) => return Err(other),
        }
        let clock = SystemClock::new()?;
        let mut store = Store::open_on(tpm, data, Arc::new(NoFaults))?;
        // What a reader of an earlier start said is not true of this one.
        store.roster.set_reader(None)?;
        if store.journal.identity()?.is_none() {
            return Err(StoreError::NotEnrolled);
        }
        let line = Line::start(store.second()?, clock).inspect_err(|error| tracing::error!(%error, "the exchange can't start")).ok();
        let peers = store.second().and_then(|second| Peers::start(second, clock));
        let peers = peers.inspect_err(|error| tracing::error!(%error, "the exchange with the site's tablets can't start")).ok();
        let door = Door::open(store, clock.now())?;
        Ok(Self { door, clock, line, peers })
    }

    fn act(&mut self, act: Act) -> Screen {
        let screen = self.door.act(self.clock.now(), act);
        if !self.door.last_recorded().is_empty() {
            self.line.iter().for_each(Line::sealed);
            self.peers.iter().for_each(Peers::sealed);
        }
        screen
    }
}

impl Desk for Tablet {
    fn act(&mut self, act: Act) -> Screen {
        self.upkeep.speak();
        if let Act::Reader(said @ (ReaderEvent::Fault(..) | ReaderEvent::Heard(_))) = &act {
            self.reader = Some(said.clone());
        }
        if act == Act::Tablet(TabletAct::Open(TabletPlace::Diagnosis)) {
            self.speaker.look();
        }
        let loudness = matches!(act, Act::Tablet(TabletAct::Set(Setting::Sound(_))));
        let Some(now) = self.clock.map(|clock| clock.now()) else { return self.behind(None, Some(act)) };
        let left = self.upkeep.take(now, act, self.door.as_ref().ok().map(|open| &open.door));
        if loudness {
            // As loud as it will be.
            self.speaker.sound(Heard::Recorded, self.upkeep.sound());
        }
        self.behind(Some(now), left)
    }

    fn tick(&mut self) -> Screen {
        // The first word on a thread of its own.
        self.upkeep.speak();
        self.salvage_if_damaged();
        self.try_again();
        let now = self.clock.map(|clock| clock.now());
        self.behind(now, None)
    }

    fn failed(&mut self) {
        self.speaker.sound(Heard::Warning, self.upkeep.sound());
    }

    fn album(&self) -> Album {
        let photos = self.photos.clone();
        Arc::new(move |hash| photos.lock().unwrap_or_else(PoisonError::into_inner).as_ref()?.jpeg(hash))
    }
}

/// A door that could not be opened: what to do instead, and why. Parents stand there: paper comes first.
#[must_use]
pub fn closed(why: &StoreError) -> Screen {
    let (text, tone) = match why {
        StoreError::NotEnrolled => (why.in_words(), Tone::Amber),
        _ => (words::paper_first(why), Tone::Red),
    };
    Screen { place: "Préau".into(), notice: Some(Notice { text, tone }), notice_stays: true, forgets: true, ..Screen::default() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::id::{DeviceId, OrganisationId, SiteId};
    use terminal_core::store::{Identity, public_key_of};

    #[test]
    fn a_tablet_that_nobody_enrolled_says_so_and_leaves_the_folder_free() {
        let data = tempfile::tempdir().unwrap();
        let mut tablet = Tablet::at(data.path().to_owned(), Tpm::none());
        let notice = tablet.tick().notice.unwrap();
        assert!(notice.text.contains("preau-terminal enrol"), "{}", notice.text);
        assert_eq!(notice.tone, Tone::Amber);
        assert_eq!(tablet.act(Act::Confirm).notice.unwrap(), notice, "a touch is answered, and changes nothing");
        assert_eq!(std::fs::read_dir(data.path()).unwrap().count(), 0, "nothing is written before enrolment");
        assert!(Store::open(data.path(), Arc::new(NoFaults)).is_ok(), "the folder is free");
    }

    #[test]
    fn a_tablet_that_records_nothing_says_paper_first_whatever_stands_in_the_way() {
        let sealed = StoreError::KeySealed { why: "integrity check failed".into() };
        for why in [sealed, StoreError::Full, StoreError::Newer { found: 9, known: 1 }] {
            let notice = closed(&why).notice.unwrap();
            assert!(notice.text.starts_with("Notez les arrivées et les départs sur papier"), "{}", notice.text);
            assert!(notice.text.ends_with(&why.to_string()) && notice.tone == Tone::Red, "{}", notice.text);
        }
    }

    #[test]
    fn damage_met_while_the_window_is_open_is_mended_without_a_person() {
        let data = tempfile::tempdir().unwrap();
        let mut store = Store::open(data.path(), Arc::new(NoFaults)).unwrap();
        let identity = Identity {
            device: DeviceId::new(1, [1; 10]),
            site: SiteId::new(1, [2; 10]),
            site_name: "École Vauban".into(),
            organisations: vec![OrganisationId::new(1, [3; 10])],
            epoch: 1,
            server_url: "https://localhost:1".into(),
            authority: vec![],
            public_key: public_key_of(store.key()),
        };
        store.journal.enrol(&identity).unwrap();
        drop(store);
        let mut tablet = Tablet::at(data.path().to_owned(), Tpm::none());
        assert_eq!(tablet.tick().notice, None);
        let other = rusqlite::Connection::open(data.path().join("journal.db")).unwrap();
        other.execute("UPDATE device SET organisations = 'rien de lisible'", []).unwrap();
        drop(other);
        let notice = tablet.tick().notice.unwrap();
        assert!(notice.tone == Tone::Red && notice.text.contains("abîmé"), "{}", notice.text);
        let screen = tablet.tick();
        let notice = screen.notice.unwrap();
        assert!(notice.tone == Tone::Amber && notice.text.contains("a été repris"), "{}", notice.text);
        assert!(screen.sync.text.starts_with("Journal réparé"), "{}", screen.sync.text);
        assert_eq!(terminal_core::store::set_aside(data.path()).len(), 1);
    }

    #[test]
    fn a_journal_that_is_none_any_more_is_set_aside_and_a_code_asked_for() {
        let data = tempfile::tempdir().unwrap();
        for name in ["journal.db", "roster.db"] {
            std::fs::write(data.path().join(name), b"this was a journal once").unwrap();
        }
        let notice = Tablet::at(data.path().to_owned(), Tpm::none()).tick().notice.unwrap();
        assert!(notice.text.contains("preau-terminal enrol"), "{}", notice.text);
        let aside = terminal_core::store::set_aside(data.path());
        let journal = aside.iter().find(|name| name.starts_with("journal.db")).unwrap();
        assert_eq!(std::fs::read(data.path().join(journal)).unwrap(), b"this was a journal once");
    }
}
