//! The rules of the fold for the team and for visitors, as claims.

use crate::support::door::{Door, day, paris};
use crate::support::{FERRY, LEA, NADIA, VAUBAN};
use shared::fold::{Fact, StaffDay, fold};
use shared::id::StaffId;

const STAFF: StaffId = StaffId(NADIA.id);
const TUESDAY: &str = "2026-11-03";

fn at(hour: &str) -> i64 {
    paris(&format!("{TUESDAY} {hour}"))
}

fn of_nadia(facts: &[Fact], on: &str) -> StaffDay {
    fold(facts).team.staff.remove(&(day(on), STAFF)).unwrap_or_default()
}

#[test]
fn a_member_of_staff_is_here_from_arriving_until_leaving() {
    let mut door = Door::new(1);
    let facts = [door.staff_arrived(STAFF, at("07:12")), door.staff_left(STAFF, at("12:30")), door.staff_arrived(STAFF, at("13:30"))];
    let here = |facts: &[Fact]| fold(facts).team.here(VAUBAN, day(TUESDAY)).map(|(staff, s)| (staff, s.arrived.at_ms)).collect::<Vec<_>>();
    assert_eq!(here(&facts[..1]), [(STAFF, at("07:12"))]);
    assert_eq!(here(&facts[..2]), []);
    assert_eq!(here(&facts), [(STAFF, at("13:30"))]);
    assert_eq!(of_nadia(&facts, TUESDAY).stays.len(), 2);
}

#[test]
fn a_second_arrival_is_a_repeat_and_a_departure_without_arrival_is_kept() {
    let (mut front, mut back) = (Door::new(1), Door::new(2));
    let facts = [
        front.staff_arrived(STAFF, at("07:12")),
        back.staff_arrived(STAFF, at("07:13")),
        back.staff_left(STAFF, at("17:00")),
        front.staff_left(STAFF, at("17:01")),
    ];
    let nadia = of_nadia(&facts, TUESDAY);
    assert_eq!((nadia.stays.len(), nadia.repeats.len(), nadia.lone_departures.len()), (1, 1, 1));
    assert_eq!(nadia.stays[0].left.as_ref().unwrap().at_ms, at("17:00"));
}

#[test]
fn a_stay_ends_with_its_business_day() {
    let mut door = Door::new(1);
    let facts = [door.staff_arrived(STAFF, at("17:00"))];
    let team = fold(&facts).team;
    assert_eq!(team.here(VAUBAN, day("2026-11-04")).count(), 0);
    let mut facts = facts.to_vec();
    facts.push(door.staff_left(STAFF, paris("2026-11-04 08:00")));
    assert_eq!(of_nadia(&facts, TUESDAY).stays[0].left, None);
    assert_eq!(of_nadia(&facts, "2026-11-04").lone_departures.len(), 1);
}

#[test]
fn a_stay_counts_at_its_own_site_alone() {
    let (mut vauban, mut ferry) = (Door::new(1), Door::new(2).at_site(FERRY));
    let facts = [vauban.staff_arrived(STAFF, at("07:12")), ferry.staff_left(STAFF, at("12:00"))];
    let team = fold(&facts).team;
    assert_eq!(team.here(VAUBAN, day(TUESDAY)).count(), 1, "a departure elsewhere ends nothing here");
    assert_eq!(team.here(FERRY, day(TUESDAY)).count(), 0);
}

#[test]
fn a_retracted_arrival_of_staff_counts_for_nothing() {
    let mut door = Door::new(1);
    let arrived = door.staff_arrived(STAFF, at("07:12"));
    let undone = door.retracted(&arrived, at("07:12"));
    assert_eq!(of_nadia(&[arrived, undone], TUESDAY), StaffDay::default());
}

#[test]
fn a_clock_that_was_wrong_is_put_right_for_the_team_too() {
    let (mut door, mut server) = (Door::new(1), Door::new(9));
    door.clock_off_ms = 3_600_000;
    let facts = [door.staff_arrived(STAFF, at("07:12")), server.observes(&door, at("07:20"))];
    assert_eq!(of_nadia(&facts, TUESDAY).stays[0].arrived.at_ms, at("07:12"));
}

#[test]
fn a_visitor_is_here_until_the_departure_that_points_to_the_visit() {
    let (mut front, mut back) = (Door::new(1), Door::new(2));
    let (plumber, inspector) = (front.visitor_arrived(at("09:00")), front.visitor_arrived(at("09:30")));
    let gone = back.visitor_left(&plumber, at("10:00"));
    let again = front.visitor_left(&plumber, at("10:05"));
    let here = |facts: &[Fact]| fold(facts).team.visitors(VAUBAN, day(TUESDAY)).map(|v| v.arrived.entry).collect::<Vec<_>>();
    let facts = [plumber.clone(), inspector.clone(), gone.clone(), again];
    assert_eq!(here(&facts[..2]), [plumber.envelope.entry_id, inspector.envelope.entry_id]);
    assert_eq!(here(&facts), [inspector.envelope.entry_id]);
    let visits = fold(&facts).team.visits.remove(&day(TUESDAY)).unwrap();
    assert_eq!(visits[0].left.as_ref().unwrap().entry, gone.envelope.entry_id, "said twice, the first word holds");
    assert_eq!(here(&[plumber.clone(), inspector, front.retracted(&gone, at("10:06")), gone]).len(), 2, "a departure taken back");
}

#[test]
fn a_departure_that_points_to_another_site_or_to_no_visit_ends_none() {
    let (mut vauban, mut ferry) = (Door::new(1), Door::new(2).at_site(FERRY));
    let visit = vauban.visitor_arrived(at("09:00"));
    let child = vauban.arrived(LEA, at("09:01"));
    let facts = [visit.clone(), child.clone(), ferry.visitor_left(&visit, at("10:00")), vauban.visitor_left(&child, at("10:01"))];
    let attendance = fold(&facts);
    assert_eq!(attendance.team.visitors(VAUBAN, day(TUESDAY)).count(), 1);
    assert!(attendance.days[&(day(TUESDAY), LEA)].is_present(), "and no child's presence");
}

#[test]
fn a_presence_of_the_team_is_on_no_child_s_day() {
    let mut door = Door::new(1);
    let facts = [door.staff_arrived(STAFF, at("07:12")), door.visitor_arrived(at("09:00"))];
    assert!(fold(&facts).days.is_empty());
}
