//! An NFC chip, through libnfc.

use crate::running::{Heard, card, next, start, until};
use hardware::ReaderEvent;
use hardware::said::Fault;
use pn532::{Card, Reader};
use std::process::{Command, Stdio};
use std::time::Duration;
use tempfile::{TempDir, tempdir};

const LEA: [u8; 7] = [0x04, 0xA1, 0xB2, 0xC3, 0xD4, 0xE5, 0xF6];
const TOM: [u8; 4] = [0xDE, 0xAD, 0xBE, 0xEF];

/// A chip, and the program that reads it.
struct Desk {
    chip: Reader,
    reader: Heard,
    _folder: TempDir,
}

fn desk() -> Desk {
    let folder = tempdir().unwrap();
    let chip = Reader::plugged(&folder.path().join("lecteur"));
    let reader = start(&["nfc", "--lecteur", &chip.name()]);
    assert_eq!(next(&reader), ReaderEvent::Heard(chip.name()));
    Desk { chip, reader, _folder: folder }
}

impl Desk {
    /// The chip is asked for cards so many times more.
    fn looks(&self, times: u64) {
        let before = self.chip.looks();
        until("the chip is asked", || self.chip.looks() >= before + times);
    }

    fn fault(&self) -> Fault {
        match next(&self.reader) {
            ReaderEvent::Fault(fault, _) => fault,
            other => panic!("{other:?}"),
        }
    }

    fn is_heard(&self) {
        assert!(matches!(next(&self.reader), ReaderEvent::Heard(_)));
    }

    /// Nothing was said in the time of some looks.
    fn is_silent(&self) {
        self.looks(8);
        assert_eq!(self.reader.wait(Duration::ZERO), None);
    }
}

#[test]
fn cards_of_4_7_and_10_bytes_are_read_and_bytes_may_come_one_at_a_time() {
    let desk = desk();
    for chunked in [false, true] {
        desk.chip.set_chunked(chunked);
        for uid in [TOM.as_slice(), &LEA, &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]] {
            desk.chip.lay(Card::of(uid));
            assert_eq!(card(&desk.reader), uid.iter().map(|byte| format!("{byte:02X}")).collect::<String>());
            desk.chip.take_away();
            desk.looks(5);
        }
    }
}

#[test]
fn a_card_that_stays_is_told_once_and_again_when_it_comes_back() {
    let desk = desk();
    desk.chip.lay(Card::of(&LEA));
    card(&desk.reader);
    desk.is_silent();
    desk.chip.take_away();
    desk.looks(5);
    desk.chip.lay(Card::of(&LEA));
    card(&desk.reader);
}

#[test]
fn of_two_cards_at_once_none_is_told() {
    let desk = desk();
    desk.chip.lay_all([Card::of(&LEA), Card::of(&TOM)]);
    assert_eq!(next(&desk.reader), ReaderEvent::Several);
    desk.is_silent();
    desk.chip.take_away();
    desk.looks(5);
    desk.chip.lay(Card::of(&TOM));
    assert_eq!(card(&desk.reader), "DEADBEEF", "alone it counts again");
}

#[test]
fn a_telephone_that_draws_its_number_is_one_visitor() {
    let desk = desk();
    desk.chip.lay(Card::telephone());
    assert!(card(&desk.reader).starts_with("08"));
    desk.is_silent();
}

#[test]
fn an_unplugged_reader_is_said_once_and_heard_again_when_it_is_plugged_in() {
    let mut desk = desk();
    desk.looks(3);
    desk.chip.unplug();
    assert_eq!(desk.fault(), Fault::Unplugged);
    assert_eq!(desk.reader.wait(Duration::from_secs(1)), None, "once");
    desk.chip.plug();
    desk.is_heard();
    desk.chip.lay(Card::of(&LEA));
    card(&desk.reader);
}

#[test]
fn a_reader_that_was_never_plugged_in_is_heard_when_it_is() {
    let folder = tempdir().unwrap();
    let mut chip = Reader::plugged(&folder.path().join("lecteur"));
    chip.unplug();
    let reader = start(&["nfc", "--lecteur", &chip.name()]);
    let mut desk = Desk { chip, reader, _folder: folder };
    assert_eq!(desk.fault(), Fault::Unplugged);
    desk.chip.plug();
    desk.is_heard();
}

#[test]
fn a_mute_reader_is_said_and_heard_again() {
    let desk = desk();
    desk.looks(3);
    desk.chip.set_mute(true);
    assert_eq!(desk.fault(), Fault::Mute);
    desk.chip.set_mute(false);
    desk.is_heard();
    desk.chip.lay(Card::of(&LEA));
    card(&desk.reader);
}

#[test]
fn a_single_damaged_answer_is_mended_without_a_word_and_many_are_said() {
    let desk = desk();
    desk.looks(3);
    desk.chip.garble(1);
    desk.looks(20);
    assert_eq!(desk.reader.wait(Duration::ZERO), None);
    desk.chip.garble(200);
    assert!(matches!(desk.fault(), Fault::Garbled | Fault::Mute));
    desk.chip.garble(0);
    let heard = std::iter::from_fn(|| Some(next(&desk.reader))).find(|event| matches!(event, ReaderEvent::Heard(_)));
    assert!(heard.is_some());
    desk.chip.lay(Card::of(&LEA));
    card(&desk.reader);
}

#[test]
fn an_answer_that_makes_libnfc_end_its_process_costs_one_start() {
    let desk = desk();
    desk.looks(3);
    // A damaged answer closes the chip; on what it answers then, libnfc calls abort().
    desk.chip.set_deadly();
    desk.chip.garble(1);
    assert_eq!(desk.fault(), Fault::Stopped);
    desk.is_heard();
    desk.chip.lay(Card::of(&LEA));
    card(&desk.reader);
}

#[test]
fn a_reader_that_another_program_holds_is_said_so() {
    let desk = desk();
    desk.looks(3);
    let second = start(&["nfc", "--lecteur", &desk.chip.name()]);
    let ReaderEvent::Fault(fault, _) = next(&second) else { panic!("it is taken") };
    assert_eq!(fault, Fault::Taken);
    desk.chip.lay(Card::of(&LEA));
    assert_eq!(card(&desk.reader), "04A1B2C3D4E5F6", "the first goes on");
    let Desk { chip, reader, _folder } = desk;
    drop(reader);
    assert!(matches!(next(&second), ReaderEvent::Heard(_)), "and lets go of it when it ends");
    drop(chip);
}

#[test]
fn the_program_ends_when_its_input_does() {
    let folder = tempdir().unwrap();
    let chip = Reader::plugged(&folder.path().join("lecteur"));
    let mut command = Command::new(env!("CARGO_BIN_EXE_preau-badge-reader"));
    let mut child = command.args(["nfc", "--lecteur", &chip.name()]).stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    until("the chip is asked", || chip.looks() > 3);
    drop(child.stdin.take());
    until("it ends", || child.try_wait().unwrap().is_some());
}
