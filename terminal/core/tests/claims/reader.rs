//! A badge reader that can't be heard, and what was held to it wrongly.

use crate::fixture::*;
use hardware::ReaderEvent;
use hardware::said::Fault;
use tempfile::tempdir;
use terminal_core::view::{Act, TileState, Tone};

fn fault(fault: Fault) -> Act {
    Act::Reader(ReaderEvent::Fault(fault, "Input / Output Error".into()))
}

#[test]
fn a_reader_that_can_not_be_heard_is_in_the_corner_with_what_to_do_until_it_can() {
    let dir = tempdir().unwrap();
    let mut door = door_in(dir.path(), wednesday("07:40"));
    let silent = door.screen(wednesday("07:40")).sync;
    let cases = [
        (Fault::Unplugged, "rebranchez"),
        (Fault::Mute, "débranchez-le"),
        (Fault::Garbled, "câble"),
        (Fault::Taken, "redémarrez la tablette"),
        (Fault::Missing, "administration"),
        (Fault::Stopped, "il redémarre"),
    ];
    for (why, what_to_do) in cases {
        let said = door.act(wednesday("07:41"), fault(why)).sync;
        assert!(said.text.starts_with("Lecteur ") && said.text.contains(what_to_do), "{}", said.text);
        assert!(said.text.ends_with(&silent.text) && said.tone == Tone::Amber, "what the line does is still said");
        assert!(!said.text.contains("Input"), "nobody at a door reads a library's words");
    }
    assert_eq!(door.tick_clock(wednesday("07:45")).sync.text.split(" · ").next(), Some("Lecteur en panne : il redémarre"), "it stays");
    let screen = door.act(wednesday("07:46"), Act::Touch(child(LEA)));
    assert_eq!(tile(&screen, LEA).state, TileState::Present, "the board goes on");
    let heard = door.act(wednesday("07:47"), Act::Reader(ReaderEvent::Heard("ACS ACR122U".into())));
    assert!(!heard.sync.text.contains("Lecteur"), "{}", heard.sync.text);
}

#[test]
fn the_office_is_told_whether_the_reader_is_heard_and_by_nobody_elses_word() {
    let dir = tempdir().unwrap();
    let mut door = door_in(dir.path(), wednesday("07:40"));
    assert_eq!(door.store().roster.reader().unwrap(), None);
    door.act(wednesday("07:41"), fault(Fault::Unplugged));
    assert_eq!(door.store().roster.reader().unwrap(), Some(false));
    for about_a_card in [ReaderEvent::Unread, ReaderEvent::Several] {
        door.act(wednesday("07:42"), Act::Reader(about_a_card));
        assert_eq!(door.store().roster.reader().unwrap(), Some(false));
    }
    door.act(wednesday("07:43"), Act::Reader(ReaderEvent::Heard(String::new())));
    assert_eq!(door.store().roster.reader().unwrap(), Some(true));
}

#[test]
fn what_was_held_to_it_wrongly_is_said_once_and_records_nothing() {
    let dir = tempdir().unwrap();
    let mut door = door_in(dir.path(), wednesday("07:40"));
    for (event, what_to_do) in [(ReaderEvent::Unread, "tenez-la une seconde"), (ReaderEvent::Several, "une seule")] {
        let notice = door.act(wednesday("07:41"), Act::Reader(event)).notice.unwrap();
        assert!(notice.text.contains(what_to_do) && notice.tone == Tone::Amber, "{}", notice.text);
        assert!(door.last_recorded().is_empty());
        assert_eq!(door.act(wednesday("07:41"), Act::Close).notice, None);
    }
}
