//! From a card on a chip to the disk: the reader's own program, and a PN532 on a pty.

use crate::site;
use crate::through::Tablet;
use hardware::ReaderEvent;
use hardware::program::{Program, ReaderProgram};
use pn532::{Card, Reader};
use std::sync::mpsc::Receiver;
use std::time::Duration;
use terminal_app::paint;
use terminal_core::view::Act;

/// Longer than anything takes here, on a machine that does much else.
const PATIENCE: Duration = Duration::from_secs(60);
/// The family's card of the fixture.
const FAMILY: [u8; 7] = [0x04, 0xA1, 0xB2, 0xC3, 0xD4, 0xE5, 0xF6];

/// The reader's program, as it is built beside the tests.
fn program(chip: &Reader) -> (ReaderProgram, Receiver<ReaderEvent>) {
    let tests = std::env::current_exe().unwrap();
    let path = tests.parent().and_then(std::path::Path::parent).unwrap().join("preau-badge-reader");
    assert!(path.exists(), "{} is built with the workspace", path.display());
    ReaderProgram::start(Program { path, args: vec!["nfc".into(), "--lecteur".into(), chip.name().into()] }).unwrap()
}

impl Tablet {
    /// The next thing that the reader says, asked of the door as the window does.
    fn hear(&mut self, events: &Receiver<ReaderEvent>) -> ReaderEvent {
        let event = events.recv_timeout(PATIENCE).expect("the reader says nothing");
        paint::show_screen(&self.window.window, &self.door.act(self.now, Act::Reader(event.clone())));
        self.window.wait(Duration::from_millis(20));
        event
    }
}

#[test]
fn a_card_on_a_chip_brings_both_children_and_a_lost_reader_stops_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let mut chip = Reader::plugged(&folder.path().join("lecteur"));
    let (_program, events) = program(&chip);
    let mut tablet = Tablet::at(site::wednesday("08:27"));
    assert_eq!(tablet.hear(&events), ReaderEvent::Heard(chip.name()));
    let before = tablet.entries_on_disk();
    chip.lay(Card::of(&FAMILY));
    tablet.hear(&events);
    assert_eq!([tablet.says("Léa M."), tablet.says("Tom M.")], ["arrivée 8:27", "arrivée 8:27"]);
    assert_eq!(tablet.entries_on_disk(), before + 2);

    chip.take_away();
    chip.unplug();
    tablet.hear(&events);
    tablet.window.find("Lecteur débranché\u{a0}: rebranchez son câble · Pas encore de contact avec le serveur · 2 pointages gardés");
    tablet.window.picture("lecteur-debranche");
    tablet.touch("Noé L.");
    assert_eq!(tablet.says("Noé L."), "arrivée 8:27", "the board goes on without it");

    chip.plug();
    tablet.hear(&events);
    tablet.window.find("Pas encore de contact avec le serveur · 3 pointages gardés");
    chip.lay(Card::of(&FAMILY));
    tablet.now = site::wednesday("16:37");
    tablet.hear(&events);
    tablet.window.find("Odette Morin");
}

#[test]
fn two_cards_and_a_telephone_are_told_what_to_do_and_record_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let chip = Reader::plugged(&folder.path().join("lecteur"));
    let (_program, events) = program(&chip);
    let mut tablet = Tablet::at(site::wednesday("08:27"));
    tablet.hear(&events);
    let before = tablet.entries_on_disk();
    chip.lay_all([Card::of(&FAMILY), Card::of(&[0xDE, 0xAD, 0xBE, 0xEF])]);
    assert_eq!(tablet.hear(&events), ReaderEvent::Several);
    tablet.window.find("Plusieurs cartes à la fois, aucune n’a compté\u{a0}: présentez-en une seule, hors du portefeuille.");
    tablet.window.picture("lecteur-deux-cartes");
    chip.take_away();
    // It has gone once the reader has looked a few times in vain.
    let looked = chip.looks();
    while chip.looks() < looked + 5 {
        std::thread::yield_now();
    }
    chip.lay(Card::telephone());
    tablet.hear(&events);
    tablet.window.find(
        "Ce téléphone ou cette carte change de numéro à chaque passage\u{a0}: il ne peut pas servir de badge. Touchez le nom de l’enfant.",
    );
    tablet.window.picture("lecteur-telephone");
    assert_eq!(tablet.entries_on_disk(), before);
}
