use crate::fixture::*;
use shared::fold::Flag;
use tempfile::tempdir;
use terminal_core::view::{Act, Dialog, Screen, TileState};

fn state(screen: &Screen, number: u16) -> (TileState, String) {
    let tile = tile(screen, number);
    (tile.state, tile.state_text)
}

#[test]
fn the_moment_is_proposed_by_the_calendar_and_by_the_clock() {
    let dir = tempdir().unwrap();
    let mut door = door_in(dir.path(), wednesday("07:40"));
    for (now, moment) in [
        (thursday("07:00"), "Accueil du matin · 15 octobre"),
        (thursday("08:29"), "Accueil du matin · 15 octobre"),
        (thursday("10:00"), "Accueil du matin · 15 octobre"),
        (thursday("11:15"), "Cantine · 15 octobre"),
        (thursday("13:00"), "Cantine · 15 octobre"),
        (thursday("16:00"), "Accueil du soir · 15 octobre"),
        (thursday("19:30"), "Accueil du soir · 15 octobre"),
        (wednesday("12:00"), "Mercredi journée · 14 octobre"),
        // All Saints' Day is a Sunday in 2026: the calendar opens nothing, the door still shows all it knows.
        (at("2026-11-01T12:00:00+01:00"), "Cantine · 1er novembre"),
    ] {
        answered(&door, now);
        assert_eq!(door.tick_clock(now).moment, moment);
    }
}

#[test]
fn a_moment_changed_by_one_touch_holds_until_the_clock_proposes_another() {
    let dir = tempdir().unwrap();
    let mut door = door_in(dir.path(), thursday("08:00"));
    let screen = door.act(thursday("08:00"), Act::Moment(activity("MIDI")));
    assert_eq!(screen.moment, "Cantine · 15 octobre");
    assert!(screen.by_roll_call);
    let chosen: Vec<_> = screen.moments.iter().map(|m| (m.label.as_str(), m.chosen)).collect();
    assert_eq!(
        chosen,
        [("Accueil du matin · 7:30 – 8:30", false), ("Cantine · 11:45 – 13:20", true), ("Accueil du soir · 16:30 – 18:30", false)]
    );
    assert_eq!(door.tick_clock(thursday("08:20")).moment, "Cantine · 15 octobre");
    assert_eq!(door.tick_clock(thursday("16:10")).moment, "Accueil du soir · 15 octobre");
}

#[test]
fn a_school_day_needs_one_arrival_one_roll_call_and_one_departure() {
    let dir = tempdir().unwrap();
    let mut door = door_in(dir.path(), thursday("07:30"));
    // Morning care: no booking is asked, every enrolled child is on the board.
    let screen = door.act(thursday("07:42"), Act::Touch(child(LEA)));
    assert_eq!(state(&screen, LEA), (TileState::Present, "7:42".into()));
    assert_eq!(state(&screen, ZOE).0, TileState::Expected);
    door.act(thursday("07:50"), Act::Touch(child(ZOE)));

    // Canteen: who came in the morning is awaited, and not here before the call.
    let screen = door.tick_clock(thursday("11:45"));
    assert_eq!(state(&screen, LEA).0, TileState::Expected);
    assert!(tile(&screen, LEA).ticked);
    let screen = door.act(thursday("11:50"), Act::ValidateRollCall);
    assert_eq!(state(&screen, LEA), (TileState::Present, "présence".into()));

    // Evening care: Léa is booked, and in the building since the morning; Zoé isn't booked and went home from school.
    let screen = door.tick_clock(thursday("16:35"));
    assert_eq!(state(&screen, LEA), (TileState::Present, "7:42".into()));
    assert!(find(&screen, ZOE).is_none());
    // Noé was not there in the morning; his departure alone will be recorded.
    assert_eq!(state(&screen, NOE).0, TileState::Expected);
    let screen = door.act(thursday("17:05"), Act::Touch(child(NOE)));
    assert!(matches!(screen.dialog, Some(Dialog::Departure(_))), "in the evening a touch asks who comes");
    let screen = door.act(thursday("17:05"), Act::LeaveAlone);
    assert_eq!(state(&screen, NOE), (TileState::Gone, "départ 17:05".into()));
    let screen = leaves_with(&mut door, thursday("17:40"), LEA, JULIEN);
    assert_eq!(state(&screen, LEA), (TileState::Gone, "départ 17:40".into()));

    // One presence from morning to evening, and nothing that a person would have to untangle.
    let day = &door.attendance().days[&(date("2026-10-15"), child(LEA))];
    assert_eq!((day.presences.len(), day.roll_calls.len(), day.repeats.len(), day.lone_departures.len()), (1, 1, 0, 0));
    assert!(!day.flags.contains(&Flag::TwoSites));
    assert_eq!(day.presences[0].arrived.activity, Some(activity("MATIN")));
    assert_eq!(day.presences[0].left.as_ref().unwrap().mark.activity, Some(activity("SOIR")));
}

#[test]
fn leaving_after_one_moment_says_nothing_of_a_later_one() {
    let dir = tempdir().unwrap();
    let mut door = door_in(dir.path(), thursday("07:30"));
    door.act(thursday("07:42"), Act::Touch(child(LEA)));
    let screen = leaves_with(&mut door, thursday("08:20"), LEA, JULIEN);
    assert_eq!(state(&screen, LEA), (TileState::Gone, "départ 8:20".into()));
    let screen = door.act(thursday("16:20"), Act::Moment(activity("SOIR")));
    assert_eq!(state(&screen, LEA).0, TileState::Expected);
}

#[test]
fn an_absence_noted_in_one_moment_is_not_one_of_the_others() {
    let dir = tempdir().unwrap();
    let mut door = door_in(dir.path(), thursday("07:30"));
    let screen = door.act(thursday("08:25"), Act::Absent(child(LEA)));
    assert_eq!(state(&screen, LEA).0, TileState::Absent);
    assert_eq!(state(&door.tick_clock(thursday("11:45")), LEA).0, TileState::Expected);
}

#[test]
fn a_child_of_the_morning_is_here_for_the_day_without_another_touch() {
    // A Wednesday with morning care before the holiday centre's day: both by times, same site.
    let dir = tempdir().unwrap();
    let mut items = roster();
    for item in &mut items {
        if let shared::roster::Item::Activity(a) = item
            && a.id == activity("MATIN")
        {
            a.period = shared::roster::Period::Mercredi;
            a.ends = Some(hour("08:30"));
        }
        if let shared::roster::Item::Activity(a) = item
            && a.id == activity("MERC")
        {
            a.starts = Some(hour("08:30"));
        }
    }
    let mut door = door_with(dir.path(), wednesday("07:40"), 1, items);
    let screen = door.act(wednesday("07:42"), Act::Touch(child(LEA)));
    assert_eq!(screen.moment, "Accueil du matin · 14 octobre");
    let screen = door.tick_clock(wednesday("09:00"));
    assert_eq!(screen.moment, "Mercredi journée · 14 octobre");
    assert_eq!(state(&screen, LEA), (TileState::Present, "7:42".into()));
}
