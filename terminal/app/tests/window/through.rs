//! From a finger to the disk and back: the real window over the real controllers and journal.

use std::time::Duration;

use shared::roster::Item;
use tempfile::TempDir;
use terminal_app::paint;
use terminal_core::clock::Now;
use terminal_core::store::Peek;

use crate::door::{Door, FINGERS_MS, READER_MS};
use crate::site;

/// A window whose every question is answered by a tablet of the École Vauban.
pub struct Tablet {
    pub window: Door,
    pub door: terminal_core::door::Door,
    pub data: TempDir,
    pub now: Now,
}

impl Tablet {
    pub fn at(now: Now) -> Self {
        Self::with(now, site::roster())
    }

    /// A tablet whose server told these items.
    pub fn with(now: Now, items: Vec<Item>) -> Self {
        let data = tempfile::tempdir().unwrap();
        let mut door = site::door_with(data.path(), now, 1, items);
        let photos = door.store().photos().unwrap();
        Self { window: Door::open_with(&door.tick_clock(now), move |hash| photos.jpeg(hash)), door, data, now }
    }

    /// Time passes, and the door's clock ticks.
    pub fn later(&mut self, time: Duration) {
        self.now = site::later(self.now, i64::try_from(time.as_millis()).unwrap());
        paint::show_screen(&self.window.window, &self.door.tick_clock(self.now));
        self.window.wait(Duration::from_millis(20));
    }

    /// A finger that stays.
    pub fn hold(&mut self, label: &str) {
        self.window.hold(label);
        self.answer();
    }

    /// Answers what was asked, as the door's thread does.
    pub fn answer(&mut self) {
        for act in self.window.asked() {
            paint::show_screen(&self.window.window, &self.door.act(self.now, act));
            self.window.wait(Duration::from_millis(20));
        }
    }

    pub fn touch(&mut self, label: &str) {
        self.window.touch(label);
        self.answer();
    }

    pub fn type_keys(&mut self, text: &str, gap_ms: u64) {
        self.window.type_keys(text, gap_ms);
        self.answer();
    }

    pub fn says(&self, label: &str) -> String {
        self.window.find(label).accessible_description().unwrap_or_default().into()
    }

    /// Read from the disk by other connections.
    pub fn entries_on_disk(&self) -> u32 {
        Peek::open(self.data.path()).unwrap().journal.queue().unwrap().unsent
    }
}

#[test]
fn a_green_tile_is_an_entry_on_disk() {
    let mut tablet = Tablet::at(site::wednesday("08:27"));
    let before = tablet.entries_on_disk();
    tablet.touch("Léa M.");
    assert_eq!(tablet.says("Léa M."), "arrivée 8:27");
    assert!(tablet.entries_on_disk() > before);
    tablet.window.picture("vrai-arrivee");
}

#[test]
fn a_family_card_brings_both_and_one_touch_takes_both_back() {
    let mut tablet = Tablet::at(site::wednesday("08:27"));
    tablet.type_keys(&format!("{}\n", site::FAMILY_CARD), READER_MS);
    assert_eq!([tablet.says("Léa M."), tablet.says("Tom M.")], ["arrivée 8:27", "arrivée 8:27"]);
    tablet.touch("Annuler");
    assert!(!tablet.says("Léa M.").starts_with("arrivée") && !tablet.says("Tom M.").starts_with("arrivée"));
}

#[test]
fn a_grandmother_takes_the_one_whom_she_may_take() {
    let mut tablet = Tablet::at(site::wednesday("08:27"));
    tablet.type_keys(&format!("{}\n", site::FAMILY_CARD), READER_MS);
    tablet.now = site::wednesday("16:37");
    tablet.touch("Léa M.");
    tablet.window.picture("vrai-depart");
    tablet.touch("Odette Morin");
    assert_eq!(tablet.window.find("Tom Martin").accessible_checked(), Some(false), "she is on Léa's list alone");
    tablet.touch("Léa part");
    assert_eq!([tablet.says("Léa M."), tablet.says("Tom M.")], ["départ 16:37", "arrivée 8:27"]);
}

#[test]
fn a_barred_name_stops_the_departure_and_stays_in_sight_while_the_door_goes_on() {
    let mut tablet = Tablet::at(site::wednesday("08:27"));
    tablet.touch("Aya B.");
    tablet.now = site::wednesday("16:37");
    tablet.touch("Aya B.");
    tablet.touch("Quelqu’un d’autre…");
    tablet.window.wait(Duration::from_millis(20));
    tablet.type_keys("karim benali", FINGERS_MS);
    tablet.touch("Continuer");
    tablet.window.picture("vrai-interdit");
    tablet.touch("J’ai lu, l’enfant reste avec moi");
    assert!(tablet.window.all("J’ai lu").is_empty(), "only a named adult takes the alert away");
    tablet.touch("Noé L.");
    assert_eq!([tablet.says("Aya B."), tablet.says("Noé L.")], ["arrivée 8:27, consignes de soin", "arrivée 16:37"]);
    tablet.window.picture("vrai-epingle");
}

#[test]
fn a_stranger_who_is_named_can_take_the_child() {
    let mut tablet = Tablet::at(site::wednesday("08:27"));
    tablet.touch("Noé L.");
    tablet.now = site::wednesday("16:37");
    tablet.touch("Noé L.");
    tablet.touch("Quelqu’un d’autre…");
    tablet.window.wait(Duration::from_millis(20));
    tablet.type_keys("Marc Petit", FINGERS_MS);
    tablet.touch("Continuer");
    tablet.touch("Noé part avec Marc Petit");
    assert_eq!(tablet.says("Noé L."), "départ 16:37");
}

#[test]
fn a_class_is_called_by_exception() {
    let mut tablet = Tablet::at(site::thursday("11:50"));
    tablet.touch("Noé L.");
    assert_eq!(tablet.says("Noé L."), "manque, à valider");
    tablet.window.picture("vrai-appel");
    tablet.touch("Valider la classe");
    assert_eq!([tablet.says("Léa M."), tablet.says("Noé L.")], ["présence", "absence"]);
    assert!(tablet.window.all("Valider la classe").is_empty());
    tablet.window.picture("vrai-appel-valide");
}

#[test]
fn a_name_is_found_whoever_is_expected() {
    let mut tablet = Tablet::at(site::wednesday("08:27"));
    tablet.type_keys("zoe", FINGERS_MS);
    assert_eq!(tablet.window.tiles_in_sight(), ["Zoé M."]);
    tablet.touch("Zoé M.");
    tablet.touch("Arrivée maintenant");
    assert_eq!(tablet.says("Zoé M."), "arrivée 8:27");
}

#[test]
fn a_forgotten_departure_is_said_with_its_hour_and_then_the_day_is_signed() {
    let mut tablet = Tablet::at(site::wednesday("08:27"));
    tablet.touch("Léa M.");
    tablet.now = site::wednesday("18:47");
    tablet.touch("Léa M.");
    tablet.window.picture("vrai-oublie");
    tablet.touch("Odette Morin");
    tablet.touch("18:15");
    tablet.window.picture("vrai-oublie-temoin");
    tablet.touch("Nadia Roche");
    assert_eq!(tablet.says("Léa M."), "départ 18:15");
    tablet.window.picture("vrai-a-signer");
    tablet.touch("Signer la journée");
    tablet.type_keys(&format!("{}\n", site::STAFF_CARD), READER_MS);
    assert!(tablet.window.all("Signer la journée").is_empty());
    assert_eq!(tablet.window.all("Les Coccinelles\u{a0}: la journée est signée, 1 enfant sur la feuille.").len(), 1);
}
