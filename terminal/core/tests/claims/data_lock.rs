//! A tablet that the server has not answered for too long shows nothing of children, loses nothing, and opens with the next answer.

use crate::fixture::*;
use crate::photos::{a_picture, files as photos, shows};
use crate::second_copy::files;
use crate::server::{Fault, Wire};
use crate::sync::{Tablet, ids, wire};
use shared::id::BootId;
use std::path::Path;
use tempfile::tempdir;
use terminal_core::clock::Now;
use terminal_core::commands::status::status;
use terminal_core::store::LineState;
use terminal_core::view::{Act, Screen, Tone};

const DAY_MS: i64 = 24 * 3_600_000;

fn after_days(days: i64) -> Now {
    later(wednesday("08:00"), days * DAY_MS)
}

/// A tablet whose server holds the fixture's site, heard on Wednesday at 8:00; then the line is cut.
fn heard(dir: &Path, wire: &Wire) -> Tablet {
    roster().into_iter().for_each(|item| wire.put(item));
    let mut tablet = Tablet::new(dir, 1, wire, wednesday("07:50"));
    assert_eq!(tablet.sync(wednesday("08:00")), Some(LineState::Online));
    tablet
}

fn holds(dir: &Path, needle: &str) -> Vec<String> {
    let found = files(dir).into_iter().filter(|path| std::fs::read(path).unwrap().windows(needle.len()).any(|w| w == needle.as_bytes()));
    found.map(|path| path.file_name().unwrap().to_string_lossy().into_owned()).collect()
}

fn is_locked(screen: &Screen) -> bool {
    let names = format!("{screen:?}");
    let silent = ["Léa", "Martin", "Petits", "Mercredi"].iter().all(|name| !names.contains(name));
    let said = screen.notice.as_ref().is_some_and(|notice| notice.text.starts_with("Tablette verrouillée") && notice.tone == Tone::Red);
    assert_eq!(silent && screen.tiles.is_empty(), said, "{screen:?}");
    said
}

#[test]
fn it_warns_for_four_days_then_shows_and_holds_no_child_and_records_nothing() {
    let (dir, wire) = (tempdir().unwrap(), wire());
    let mut tablet = heard(dir.path(), &wire);
    assert_eq!(tablet.door.tick_clock(after_days(9)).notice, None);
    let screen = tablet.door.tick_clock(later(after_days(10), 1));
    assert_eq!(
        screen.notice.unwrap().text,
        "Le serveur n'a pas répondu depuis 10 jours. Sans réponse, la tablette se verrouille dans 4 jours : reliez-la au réseau, ou \
         appelez l'administration."
    );
    assert!(tablet.door.tick_clock(later(after_days(13), 1)).notice.unwrap().text.contains("se verrouille demain"));
    assert!(!holds(dir.path(), "Martin").is_empty());

    let screen = tablet.door.tick_clock(after_days(14));
    assert!(is_locked(&screen) && screen.notice_stays, "{screen:?}");
    let said = screen.notice.unwrap().text;
    assert!(said.contains("depuis 14 jours") && said.contains("sur papier") && said.contains("reliez-la au réseau"), "{said}");
    for act in [Act::Arrive(child(LEA)), Act::Search("lea".into()), Act::Badge(FAMILY_CARD.into()), Act::Hold(child(LEA)), Act::Undo] {
        assert!(is_locked(&tablet.door.act(after_days(14), act)));
        assert_eq!(tablet.door.last_recorded(), []);
    }
    drop(tablet);
    assert_eq!(holds(dir.path(), "Martin"), Vec::<String>::new(), "no byte of a name stays");
    assert!(status(dir.path()).unwrap().locked);
}

#[test]
fn the_photos_go_with_the_list_and_what_was_staged_of_another_too() {
    let (dir, wire) = (tempdir().unwrap(), wire());
    let mut tablet = heard(dir.path(), &wire);
    let jpeg = a_picture(LEA, 20_000);
    shows(&wire, LEA, &jpeg);
    tablet.sync(wednesday("08:01"));
    assert!(tablet.door.store().photo_of(child(LEA)).unwrap() == Some(jpeg));
    assert_eq!(photos(dir.path()).len(), 1);
    assert!(is_locked(&tablet.door.tick_clock(after_days(15))));
    assert_eq!(photos(dir.path()).len(), 0);
    assert_eq!(tablet.door.store().roster.staging().unwrap(), None);
}

#[test]
fn what_it_kept_is_still_sent_and_the_answer_opens_it_at_once() {
    let (dir, wire) = (tempdir().unwrap(), wire());
    let mut tablet = heard(dir.path(), &wire);
    tablet.door.act(wednesday("08:10"), Act::Arrive(child(LEA)));
    let kept = tablet.door.last_recorded().to_vec();
    let screen = tablet.door.tick_clock(after_days(15));
    assert!(is_locked(&screen) && screen.notice.unwrap().text.contains("Le pointage qui attend est gardé"));
    wire.will(&[Fault::Cut]);
    assert_eq!(tablet.sync(after_days(15)), Some(LineState::NoNetwork));
    assert!(is_locked(&tablet.door.tick_clock(after_days(15))));

    assert_eq!(tablet.sync(after_days(15)), Some(LineState::Online));
    assert_eq!(ids(&wire), kept);
    let screen = tablet.door.tick_clock(after_days(15));
    assert!(!is_locked(&screen) && screen.sync.unsent == 0);
    let screen = tablet.door.act(after_days(15), Act::Search("lea".into()));
    assert_eq!(tile(&screen, LEA).first_name, "Léa", "the whole list is back");
}

#[test]
fn a_server_that_refuses_the_tablet_does_not_open_it() {
    let (dir, wire) = (tempdir().unwrap(), wire());
    let mut tablet = heard(dir.path(), &wire);
    wire.server.lock().unwrap().revoked.insert(device(1));
    for days in 1..=14 {
        // A session lives for an hour: each day begins with the question who is there.
        assert_eq!(tablet.sync(after_days(days)), Some(LineState::Revoked));
        tablet.door.tick_clock(after_days(days));
    }
    assert!(is_locked(&tablet.door.tick_clock(after_days(14))));
}

#[test]
fn it_never_locks_while_a_child_is_noted_as_here() {
    let (dir, wire) = (tempdir().unwrap(), wire());
    let mut tablet = heard(dir.path(), &wire);
    let morning = later(after_days(13), 23 * 3_600_000);
    tablet.door.act(morning, Act::Arrive(child(LEA)));
    let screen = tablet.door.act(later(after_days(14), 60_000), Act::Search("lea".into()));
    assert_eq!(tile(&screen, LEA).first_name, "Léa", "whoever leaves the building in haste needs the list");
    assert!(said(&screen).contains("se verrouille dès que plus aucun enfant n'est noté présent"), "{screen:?}");
    // At midnight no presence is carried over.
    assert!(is_locked(&tablet.door.tick_clock(later(after_days(14), 20 * 3_600_000))));
}

#[test]
fn a_clock_that_jumps_ahead_locks_no_tablet_that_was_heard_an_hour_ago_and_one_set_back_saves_none() {
    let (dir, wire) = (tempdir().unwrap(), wire());
    let mut tablet = heard(dir.path(), &wire);
    // The observation of the clock is of another start: only the machine's own time is left.
    for ahead in [30, 400, 4_000] {
        let now = Now { wall_ms: wednesday("09:00").wall_ms + ahead * DAY_MS, ..wednesday("09:00") };
        assert!(!is_locked(&tablet.door.tick_clock(now)), "{ahead}");
    }
    drop(tablet);
    let mut store = terminal_core::store::Store::open(dir.path(), std::sync::Arc::new(terminal_core::store::NoFaults)).unwrap();
    store.roster.set_lock_after_days(2).unwrap();
    let mut door = terminal_core::door::Door::open(store, wednesday("09:00")).unwrap();
    // Each start with a clock of the day before: what the machine was on for adds up all the same.
    for start in 1..=5_u16 {
        let now = Now { wall_ms: wednesday("07:00").wall_ms, boottime_ms: 0, boot: BootId::new(9, [u8::try_from(start).unwrap(); 10]) };
        assert!(!is_locked(&door.tick_clock(now)), "{start}");
        let evening = Now { boottime_ms: 10 * 3_600_000, ..now };
        assert_eq!(is_locked(&door.tick_clock(evening)), start == 5, "{start}");
    }
}

#[test]
fn the_server_says_after_how_many_days() {
    let (dir, wire) = (tempdir().unwrap(), wire());
    wire.server.lock().unwrap().lock_after_days = Some(30);
    let mut tablet = heard(dir.path(), &wire);
    assert_eq!(tablet.door.tick_clock(after_days(25)).notice, None);
    assert_eq!(status(dir.path()).unwrap().locks_in_days.map(|_| ()), Some(()));
    assert!(is_locked(&tablet.door.tick_clock(after_days(30))));
}

#[test]
fn a_list_of_before_the_lock_was_known_counts_from_the_first_start() {
    let dir = tempdir().unwrap();
    let mut door = door_in(dir.path(), wednesday("08:00"));
    assert!(!is_locked(&door.tick_clock(after_days(13))));
    assert!(is_locked(&door.tick_clock(after_days(14))));
}

#[test]
fn no_word_of_a_server_locks_it_at_once_or_never() {
    let (dir, wire) = (tempdir().unwrap(), wire());
    for (said, counts) in [(0, 2), (u32::MAX, 365)] {
        wire.server.lock().unwrap().lock_after_days = Some(said);
        let tablet = heard(dir.path(), &wire);
        assert_eq!(tablet.door.store().roster.lock_after_days().unwrap(), counts, "{said}");
    }
}
