use crate::fixture::*;
use shared::id::BootId;
use tempfile::tempdir;
use terminal_core::clock::{Now, Observed};
use terminal_core::door::Door;
use terminal_core::store::{NoFaults, Store};
use terminal_core::view::{Act, TileState};

/// A tablet whose wall clock says something else than the time.
fn wrong(now: Now, wall_ms: i64) -> Now {
    Now { wall_ms, ..now }
}

#[test]
fn a_clock_of_1970_or_2038_records_and_shows_all_the_same() {
    for wall_ms in [0, 1_000, 2_147_483_647_000, 2_147_483_648_000, 4_102_444_800_000] {
        let dir = tempdir().unwrap();
        let now = wrong(wednesday("07:42"), wall_ms);
        let mut door = door_in(dir.path(), now);
        let screen = door.act(now, Act::Search("lea".into()));
        assert_eq!(tile(&screen, LEA).first_name, "Léa");
        let screen = door.act(now, Act::Arrive(child(LEA)));
        assert_eq!(tile(&screen, LEA).state, TileState::Present, "{wall_ms}");
        let screen = door.act(later(now, 3_000), Act::Undo);
        assert_ne!(tile(&screen, LEA).state, TileState::Present, "{wall_ms}");
    }
}

#[test]
fn a_clock_before_1970_is_no_panic() {
    let dir = tempdir().unwrap();
    let now = wrong(wednesday("07:42"), -86_400_000);
    let mut door = door_in(dir.path(), now);
    door.act(now, Act::Arrive(child(LEA)));
    assert_eq!(door.last_recorded().len(), 1);
}

#[test]
fn once_the_server_was_heard_the_board_shows_the_right_day_and_hour() {
    let dir = tempdir().unwrap();
    let dead_battery = wrong(wednesday("07:42"), 5_000);
    let mut store = Store::open(dir.path(), std::sync::Arc::new(NoFaults)).unwrap();
    enrol(&mut store, 1, roster());
    let mut line = store.second().unwrap();
    let mut door = Door::open(store, dead_battery).unwrap();
    assert_eq!(door.screen(dead_battery).clock, "1:00");

    let right = wednesday("07:43");
    line.roster.set_observed(Observed { boot: BOOT, boottime_ms: right.boottime_ms, server_ms: right.wall_ms }).unwrap();
    let screen = door.tick_clock(later(dead_battery, 120_000));
    assert_eq!((screen.clock.as_str(), screen.moment.as_str()), ("7:44", "Mercredi journée · 14 octobre"));
    assert_eq!(tile(&screen, LEA).state, TileState::Expected);
}

#[test]
fn another_start_of_the_machine_forgets_what_the_last_one_heard() {
    let dir = tempdir().unwrap();
    let mut store = Store::open(dir.path(), std::sync::Arc::new(NoFaults)).unwrap();
    enrol(&mut store, 1, roster());
    store.roster.set_observed(Observed { boot: BOOT, boottime_ms: 0, server_ms: 1 }).unwrap();
    let now = Now { boot: BootId::new(9, [9; 10]), ..wednesday("07:42") };
    let door = Door::open(store, now).unwrap();
    assert_eq!(door.screen(now).clock, "7:42");
}

#[test]
fn a_new_day_starts_with_an_empty_board() {
    let dir = tempdir().unwrap();
    let mut door = door_in(dir.path(), wednesday("17:00"));
    door.act(wednesday("17:00"), Act::Touch(child(LEA)));
    let screen = door.tick_clock(thursday("07:00"));
    assert_eq!(screen.counters.present, 0, "a presence is never carried over");
    assert_eq!(tile(&screen, LEA).state, TileState::Expected);
}
