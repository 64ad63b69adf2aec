//! An awaited child who isn't here well after the hour is said, once.

use crate::fixture::*;
use shared::roster::Item;
use tempfile::tempdir;
use terminal_core::door::Door;
use terminal_core::view::{Act, Screen, Tone};

/// Léa is awaited at 8:00, Tom at 8:20.
fn with_hours() -> Vec<Item> {
    let mut items = roster();
    for item in &mut items {
        if let Item::Booking(booking) = item {
            booking.starts = if booking.child == child(LEA) {
                Some(hour("08:00"))
            } else if booking.child == child(TOM) {
                Some(hour("08:20"))
            } else {
                None
            };
        }
    }
    items
}

fn said(screen: &Screen) -> Option<&str> {
    screen.notice.as_ref().filter(|notice| notice.text.starts_with("Pas encore là")).map(|notice| notice.text.as_str())
}

fn open(dir: &std::path::Path) -> Door {
    door_with(dir, wednesday("07:40"), 1, with_hours())
}

#[test]
fn who_is_not_here_half_an_hour_after_the_hour_is_said_until_somebody_has_read_it() {
    let dir = tempdir().unwrap();
    let mut door = open(dir.path());
    assert_eq!(said(&door.tick_clock(wednesday("08:30"))), None, "late, and not yet missed");
    let screen = door.tick_clock(wednesday("08:31"));
    let text = "Pas encore là, plus de 30 minutes après l'heure : Léa M. (8:00). Appelez la famille, ou notez l'absence.";
    assert_eq!(said(&screen), Some(text));
    assert_eq!((screen.notice.unwrap().tone, screen.notice_stays), (Tone::Amber, false), "a touch closes it");
    assert_eq!(said(&door.act(wednesday("08:32"), Act::Close)), None);
    assert_eq!(said(&door.tick_clock(wednesday("08:45"))), None, "once is enough");
    let screen = door.tick_clock(wednesday("08:51"));
    assert!(said(&screen).unwrap().contains(": Tom M. (8:20)."), "another one is said by itself: {:?}", screen.notice);
}

#[test]
fn who_came_or_was_noted_absent_is_missed_no_more() {
    let dir = tempdir().unwrap();
    let mut door = open(dir.path());
    assert!(said(&door.tick_clock(wednesday("08:55"))).unwrap().contains("Léa M. (8:00) et Tom M. (8:20)"));
    door.act(wednesday("08:55"), Act::Arrive(child(LEA)));
    assert!(said(&door.tick_clock(wednesday("08:56"))).unwrap().contains(": Tom M. (8:20)."));
    door.act(wednesday("08:57"), Act::Absent(child(TOM)));
    assert_eq!(said(&door.tick_clock(wednesday("08:58"))), None);
}

#[test]
fn a_family_at_the_gate_reads_it_for_nobody() {
    let dir = tempdir().unwrap();
    let mut door = open(dir.path());
    door.serve_families(true);
    let screen = door.act(wednesday("08:40"), Act::Close);
    assert_eq!(said(&screen), None, "a family sees nobody else's child");
    door.serve_families(false);
    assert!(said(&door.tick_clock(wednesday("08:41"))).is_some());
}

#[test]
fn once_the_moment_is_over_nobody_is_awaited() {
    let dir = tempdir().unwrap();
    let mut door = open(dir.path());
    assert!(said(&door.tick_clock(wednesday("18:30"))).is_some());
    assert_eq!(said(&door.tick_clock(wednesday("18:31"))), None);
}

#[test]
fn a_tablet_says_it_after_as_many_minutes_as_it_was_set_to_or_never() {
    let dir = tempdir().unwrap();
    let mut door = open(dir.path());
    door.alert_after(0);
    assert_eq!(said(&door.tick_clock(wednesday("09:30"))), None);
    door.alert_after(60);
    let screen = door.tick_clock(wednesday("09:10"));
    assert!(said(&screen).unwrap().starts_with("Pas encore là, plus de 60 minutes après l'heure : Léa M."), "{:?}", screen.notice);
}
