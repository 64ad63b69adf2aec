//! What staff does to the tablet itself, and not to a child: its menu, its settings, the test of its reader, how it is, its rest.
//!
//! It stands beside the door, so that a tablet whose door can't be opened still has a menu, a diagnosis and a way out: what a person
//! asks passes through [`Upkeep::take`] first, and what the door answers through [`Upkeep::beside`].
//!
//! Promises: a card counts on every page but the reader's own; the menu closes by itself; a screen that rests holds no name.
//!
//! | file | |
//! |---|---|
//! | [`pages`] | from one page to another, who may, and what each shows |
//! | [`reader`] | a card held to the page of the reader: what was read, and the form learnt from it |
//! | [`diagnosis`] | what is looked at |
//! | [`findings`] | the same in words, each with what to do |
//! | [`export`] | the same in a file, without a name |

mod diagnosis;
mod export;
mod findings;
mod pages;
mod reader;

pub use diagnosis::Diagnosis;
pub use export::MOUNTS;

use crate::clock::Now;
use crate::door::Door;
use crate::settings::{Settings, Sound};
use crate::sync::report::Machine;
use crate::view::{Act, Dialog, Look, Notice, Screen, TabletAct, Tone};
use crate::words;
use hardware::ReaderEvent;
use hardware::said::Fault;
use pages::Page;
use std::path::{Path, PathBuf};

/// Without a touch for so long, the menu closes, in ms.
const CLOSES_AFTER_MS: u64 = 60_000;
/// Its last seconds are counted on the screen.
const COUNTED_S: u64 = 10;

/// The tablet beside its door.
pub struct Upkeep {
    dir: PathBuf,
    /// Where the machine tells what is plugged in; `None` where it isn't asked.
    machine: Option<Machine>,
    /// Where the machine tells its disks: an export goes to a stick where there is one.
    mounts: PathBuf,
    settings: Settings,
    trouble: Option<Trouble>,
    page: Option<Page>,
    /// A card of the team was shown to this menu.
    let_in: bool,
    /// When somebody was last here, on CLOCK_BOOTTIME; `None` before the first question.
    touched_ms: Option<u64>,
    ends: bool,
    /// Why the door is closed, as the screen says it.
    closed: Option<String>,
    /// What the reader says of itself: its name, or why it can't be heard.
    reader: Option<Result<String, Fault>>,
    /// Whether there is something to sound by; `None` where nobody tried yet.
    sounds: Option<bool>,
}

/// Why the settings that hold aren't those on the disk.
struct Trouble {
    text: String,
    /// Whether it was read, or is about to be on the page of the settings.
    is_read: bool,
    /// Whether the last screen showed it over the board.
    in_sight: bool,
}

impl Upkeep {
    /// Of a data folder, with its settings.
    #[must_use]
    pub fn of(dir: &Path) -> Self {
        let (settings, trouble) = Settings::load(dir);
        if let Some(why) = &trouble {
            tracing::warn!(why, "the settings of the tablet were not understood");
        }
        Self {
            dir: dir.to_owned(),
            machine: None,
            mounts: export::MOUNTS.into(),
            settings,
            trouble: trouble.map(|text| Trouble { text, is_read: false, in_sight: false }),
            page: None,
            let_in: false,
            touched_ms: None,
            ends: false,
            closed: None,
            reader: None,
            sounds: None,
        }
    }

    /// The same, asking a machine what is plugged in.
    #[must_use]
    pub fn on(self, machine: Machine) -> Self {
        Self { machine: Some(machine), ..self }
    }

    /// The same, with the disks that another file tells.
    #[must_use]
    pub fn with_mounts(self, mounts: PathBuf) -> Self {
        Self { mounts, ..self }
    }

    /// Whether families serve themselves here: the door is to know before it answers.
    #[must_use]
    pub fn serves_families(&self) -> bool {
        self.settings.families
    }

    /// Whether a family's card records nothing in a crèche.
    #[must_use]
    pub fn handing_over(&self) -> bool {
        self.settings.handing_over
    }

    /// After how many minutes an awaited child is missed.
    #[must_use]
    pub fn alert_minutes(&self) -> u32 {
        self.settings.alert_minutes
    }

    /// How loud the tablet is to be.
    #[must_use]
    pub fn sound(&self) -> Sound {
        self.settings.sound
    }

    /// What the window found to sound by: for the page of diagnosis.
    pub fn sounds(&mut self, sounds: Option<bool>) {
        self.sounds = sounds;
    }

    /// The thread that asks speaks the language of the tablet from now on: before the door says anything.
    pub fn speak(&self) {
        words::speak(self.settings.language);
    }

    /// Looks at what a person asks. What is left is the door's to answer; `None` where nothing is.
    pub fn take(&mut self, now: Now, act: Act, door: Option<&Door>) -> Option<Act> {
        self.speak();
        self.close_in_time(now);
        match &act {
            Act::Reader(ReaderEvent::Heard(name)) => self.reader = Some(Ok(name.clone())),
            Act::Reader(ReaderEvent::Fault(fault, _)) => self.reader = Some(Err(*fault)),
            // A reader that comes and goes is nobody; whoever holds a card to it is.
            _ => self.touched_ms = Some(now.boottime_ms),
        }
        match act {
            Act::Tablet(asked) => {
                self.asked(now, asked, door);
                None
            }
            Act::Badge(text) => self.card(&text, true, door).then(|| Act::Badge(self.in_its_form(text))),
            Act::Reader(ReaderEvent::Badge(text)) => self.card(&text, false, door).then_some(Act::Reader(ReaderEvent::Badge(text))),
            Act::Reader(event) => (!self.heard_on_its_page(&event)).then_some(Act::Reader(event)),
            Act::Close if self.page.is_some() => {
                self.back();
                None
            }
            Act::Close if self.trouble.as_ref().is_some_and(|trouble| trouble.in_sight) => {
                self.trouble_is_read();
                None
            }
            other => Some(other),
        }
    }

    /// Puts what is open in front of what the door shows, and says how the window is to look.
    #[must_use]
    pub fn beside(&mut self, now: Now, screen: Screen, door: Option<&Door>) -> Screen {
        self.speak();
        let touched_ms = *self.touched_ms.get_or_insert(now.boottime_ms);
        self.close_in_time(now);
        let time = door.map_or_else(|| now.time(), Door::time);
        let look = Look {
            left_handed: self.settings.left_handed,
            large: self.settings.large_type,
            dark: self.settings.theme.is_dark(time),
            still: self.settings.less_motion,
            language: self.settings.language,
        };
        let mut screen = Screen { look, ends: self.ends, ..screen };
        self.closed = screen.notice.as_ref().filter(|_| door.is_none()).map(|notice| notice.text.clone());
        self.say_trouble(&mut screen);
        if let Some(dialog) = self.shown(now, door) {
            return Screen { dialog: Some(Dialog::Tablet(dialog)), ..screen };
        }
        let idle_ms = now.boottime_ms.saturating_sub(touched_ms);
        let rest_ms = u64::from(self.settings.rest_minutes) * 60_000;
        if rest_ms > 0 && idle_ms >= rest_ms && may_rest(&screen) { at_rest(screen) } else { screen }
    }

    /// A number that was typed, as every other reader would say it. What isn't one in this form may still be one as it stands.
    fn in_its_form(&self, text: String) -> String {
        self.settings.uid_form.read(&text).map_or(text, |uid| uid.to_string())
    }

    /// Nobody is there any more: the board comes back.
    fn close_in_time(&mut self, now: Now) {
        if self.left_ms(now) == 0 {
            (self.page, self.let_in) = (None, false);
        }
    }

    /// Time left before the menu closes.
    fn left_ms(&self, now: Now) -> u64 {
        let touched_ms = self.touched_ms.unwrap_or(now.boottime_ms);
        CLOSES_AFTER_MS.saturating_sub(now.boottime_ms.saturating_sub(touched_ms))
    }

    fn trouble_is_read(&mut self) {
        if let Some(trouble) = &mut self.trouble {
            (trouble.is_read, trouble.in_sight) = (true, false);
        }
    }

    /// Over a board on which nothing else is to be read.
    fn say_trouble(&mut self, screen: &mut Screen) {
        let Some(trouble) = &mut self.trouble else { return };
        trouble.in_sight = !trouble.is_read && self.page.is_none() && screen.notice.is_none() && screen.dialog.is_none();
        if trouble.in_sight {
            screen.notice = Some(Notice { text: trouble.text.clone(), tone: Tone::Amber });
        }
    }
}

/// What is to be seen isn't covered: an alert, a sentence, a gesture that can be taken back, a card of care.
fn may_rest(screen: &Screen) -> bool {
    // A family's screen names nobody by itself.
    let seen = screen.notice.is_some() || screen.undo.is_some() || screen.forgets || screen.families.is_some();
    !seen && !matches!(screen.dialog, Some(Dialog::Barred(_) | Dialog::Care(_)))
}

/// Figures, the hour and the line: whoever looks at it from the street reads no name.
fn at_rest(screen: Screen) -> Screen {
    Screen {
        place: screen.place,
        moment: screen.moment,
        clock: screen.clock,
        sync: screen.sync,
        groups: screen.groups,
        counters: screen.counters,
        look: screen.look,
        ends: screen.ends,
        rests: true,
        ..Screen::default()
    }
}

impl Upkeep {
    fn asked(&mut self, now: Now, asked: TabletAct, door: Option<&Door>) {
        match (asked, &self.page) {
            (TabletAct::Menu, None) => self.page = Some(Page::Menu),
            (TabletAct::Open(place), Some(_)) => self.open(place, door),
            (TabletAct::Set(setting), Some(Page::Settings)) => self.set(setting),
            (TabletAct::Export, Some(Page::Diagnosis(_))) => self.export(now, door),
            (TabletAct::Leave, Some(Page::Leave(_))) => {
                tracing::info!("staff leaves the program");
                self.ends = true;
            }
            // A touch on a page that has closed meanwhile asks nothing.
            _ => {}
        }
    }
}
