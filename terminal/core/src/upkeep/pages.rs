//! The pages of the menu: from one to another, who may, and what each shows.

use super::diagnosis::Diagnosis;
use super::reader::Test;
use super::{COUNTED_S, Upkeep};
use crate::clock::Now;
use crate::door::Door;
use crate::settings::{ALERT_MINUTES_MAX, REST_MINUTES_MAX};
use crate::view::{DiagnosisPage, ReaderPage, Setting, SettingsPage, TabletDialog, TabletPage, TabletPlace, Tone};
use hardware::uid::BadgeUid;
use shared::roster::BadgeHolder;

/// How often the page of diagnosis looks again, in ms.
const LOOKS_EVERY_MS: u64 = 2_000;

/// The page that is open.
pub(super) enum Page {
    /// A card of the team is asked for, on the way to another page.
    Card(TabletPlace),
    Menu,
    Settings,
    Reader(Test),
    Diagnosis(Looked),
    /// With what is said of what waits.
    Leave(String),
}

/// What was last looked at, and what became of an export.
#[derive(Default)]
pub(super) struct Looked {
    at_ms: u64,
    pub(super) diagnosis: Option<Box<Diagnosis>>,
    pub(super) exported: Option<(Tone, String)>,
}

impl Upkeep {
    pub(super) fn open(&mut self, place: TabletPlace, door: Option<&Door>) {
        let guarded = matches!(place, TabletPlace::Settings | TabletPlace::Leave);
        if guarded && !self.let_in && self.asks_card(door) {
            self.page = Some(Page::Card(place));
            return;
        }
        self.page = Some(match place {
            TabletPlace::Settings => Page::Settings,
            TabletPlace::Reader => Page::Reader(Test::default()),
            TabletPlace::Diagnosis => Page::Diagnosis(Looked::default()),
            TabletPlace::Leave => Page::Leave(what_waits(door)),
        });
    }

    /// Where the team has cards, and a reader to show one to: nobody is kept out of a tablet whose reader is broken. What only
    /// shows, and the page that mends the reader, ask for none.
    fn asks_card(&self, door: Option<&Door>) -> bool {
        let has_cards = door.is_some_and(|door| door.roster().has_staff_badge() && door.named_staff().is_none());
        let reader_lost = match &self.reader {
            Some(Ok(_)) => false,
            Some(Err(_)) => true,
            None => self.machine.and_then(|machine| machine.has_typing_reader()) == Some(false),
        };
        has_cards && !reader_lost
    }

    /// A card was held to the reader, on whatever page. Whether it is the door's to answer.
    pub(super) fn card(&mut self, text: &str, typed: bool, door: Option<&Door>) -> bool {
        match self.page {
            None => return true,
            Some(Page::Reader(_)) => {
                self.try_card(text, typed, door);
                return false;
            }
            Some(Page::Card(place)) if self.is_of_the_team(text, typed, door) => {
                self.let_in = true;
                self.open(place, door);
                return false;
            }
            _ => {}
        }
        // Somebody comes or leaves: the board is theirs.
        (self.page, self.let_in) = (None, false);
        true
    }

    fn is_of_the_team(&self, text: &str, typed: bool, door: Option<&Door>) -> bool {
        let uid = if typed { self.settings.uid_form.read(text) } else { BadgeUid::parse(text) };
        let holder = |uid: &BadgeUid| door.and_then(|door| door.roster().badge(uid)).map(|badge| badge.holder);
        match uid.ok().as_ref().and_then(holder) {
            Some(BadgeHolder::Staff(staff)) => door.is_some_and(|door| door.roster().staff(staff).is_some()),
            _ => false,
        }
    }

    /// From a page to the menu, from the menu to the board.
    pub(super) fn back(&mut self) {
        self.page = match self.page {
            None | Some(Page::Menu) => {
                self.let_in = false;
                None
            }
            _ => Some(Page::Menu),
        };
    }

    pub(super) fn set(&mut self, setting: Setting) {
        let settings = &mut self.settings;
        match setting {
            Setting::LeftHanded(left_handed) => settings.left_handed = left_handed,
            Setting::LargeType(large_type) => settings.large_type = large_type,
            Setting::LessMotion(less_motion) => settings.less_motion = less_motion,
            Setting::Families(families) => settings.families = families,
            Setting::Theme(theme) => settings.theme = theme,
            Setting::Sound(sound) => settings.sound = sound,
            Setting::Language(language) => settings.language = language,
            Setting::RestMinutes(minutes) => settings.rest_minutes = minutes.min(REST_MINUTES_MAX),
            Setting::HandingOver(on) => settings.handing_over = on,
            Setting::AlertMinutes(minutes) => settings.alert_minutes = minutes.min(ALERT_MINUTES_MAX),
        }
        // In the other language already where they can't be kept.
        self.speak();
        self.keep_settings();
    }

    /// They hold at once; where they can't be written, it is said that they won't for long.
    pub(super) fn keep_settings(&mut self) {
        self.trouble = self.settings.save(&self.dir).err().map(|error| {
            tracing::error!(%error, "the settings were not written");
            let text = tr!("Ces réglages valent jusqu'au prochain démarrage : ils n'ont pas pu être écrits. {}", why_not(&error));
            super::Trouble { text, is_read: true, in_sight: false }
        });
    }

    /// What is open, as it is now.
    pub(super) fn shown(&mut self, now: Now, door: Option<&Door>) -> Option<TabletDialog> {
        self.look_again(now, door);
        let page = match self.page.as_ref()? {
            Page::Card(_) => TabletPage::Card,
            Page::Menu => TabletPage::Menu,
            Page::Settings => {
                let trouble = self.trouble.as_ref().map(|trouble| trouble.text.clone());
                TabletPage::Settings(SettingsPage { settings: self.settings, trouble })
            }
            Page::Reader(test) => TabletPage::Reader(ReaderPage {
                state: self.reader_found(),
                form: super::reader::form_in_words(self.settings.uid_form),
                said: test.said.clone(),
                held: test.held,
            }),
            Page::Diagnosis(looked) => TabletPage::Diagnosis(DiagnosisPage {
                findings: looked.diagnosis.as_deref().map(Diagnosis::findings).unwrap_or_default(),
                exported: looked.exported.clone(),
            }),
            Page::Leave(waits) => TabletPage::Leave(waits.clone()),
        };
        // A whole second that has begun is still there.
        let left_s = self.left_ms(now).div_ceil(1_000);
        let closes_in_s = (left_s <= COUNTED_S).then(|| u32::try_from(left_s).unwrap_or(u32::MAX));
        Some(TabletDialog { page, closes_in_s })
    }

    fn look_again(&mut self, now: Now, door: Option<&Door>) {
        let is_due = |looked: &Looked| looked.diagnosis.is_none() || now.boottime_ms.saturating_sub(looked.at_ms) >= LOOKS_EVERY_MS;
        if !matches!(&self.page, Some(Page::Diagnosis(looked)) if is_due(looked)) {
            return;
        }
        let mut diagnosis = self.diagnose(now, door);
        if let Some(Page::Diagnosis(looked)) = &mut self.page {
            let was_behind = looked.diagnosis.as_ref().is_some_and(|before| before.copy_is_behind == Some(true));
            diagnosis.copy_stays_behind = was_behind && diagnosis.copy_is_behind == Some(true);
            (looked.at_ms, looked.diagnosis) = (now.boottime_ms, Some(Box::new(diagnosis)));
        }
    }
}

/// Whether what was recorded is safe, before the program ends.
fn what_waits(door: Option<&Door>) -> String {
    let Some(queue) = door.and_then(|door| door.store().journal.queue().ok()) else { return String::new() };
    match queue.unsent {
        0 => tr!("Tout ce qui a été pointé est arrivé au serveur."),
        waiting => tr!("{n} pointage attend : il est gardé, et partira quand le programme sera relancé."
            | "{n} pointages attendent : ils sont gardés, et partiront quand le programme sera relancé." % waiting),
    }
}

/// Without the sentence about gestures: nobody made one.
fn why_not(error: &crate::store::StoreError) -> String {
    if error.is_full() { tr!("Le disque est plein.") } else { error.in_words() }
}
