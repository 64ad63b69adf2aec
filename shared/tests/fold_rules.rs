//! Each rule of the fold, as a claim.

use crate::support::door::{Door, day, paris};
use crate::support::{AGENT, CANTEEN, EVENING, FERRY, LEA, LUNCH, MAELYS, MORNING, NADIA, NOE, VAUBAN};
use shared::fold::{ABSENCE_DAYS_MAX, Attendance, ChildDay, Fact, Flag, fold};
use shared::id::ChildId;
use shared::journal::{Detail, Kind, LeftTo};

const TUESDAY: &str = "2026-11-03";

fn child_day<'a>(attendance: &'a Attendance, child: ChildId, on: &str) -> &'a ChildDay {
    attendance.days.get(&(day(on), child)).unwrap_or_else(|| panic!("nothing is recorded of that child on {on}"))
}

fn id(fact: &Fact) -> shared::id::EntryId {
    fact.envelope.entry_id
}

#[test]
fn an_arrival_opens_a_presence_and_a_departure_closes_it() {
    let mut door = Door::new(1);
    let facts = [door.arrived(LEA, paris("2026-11-03 07:42")), door.left(LEA, paris("2026-11-03 17:10"))];
    let attendance = fold(&facts);
    let lea = child_day(&attendance, LEA, TUESDAY);
    assert_eq!(lea.presences.len(), 1);
    assert_eq!(lea.presences[0].arrived.at_ms, paris("2026-11-03 07:42"));
    assert_eq!(lea.presences[0].left.as_ref().unwrap().mark.at_ms, paris("2026-11-03 17:10"));
    assert!(!lea.is_present() && lea.attended() && lea.flags.is_empty());
    assert!(fold(&facts[..1]).days[&(day(TUESDAY), LEA)].is_present());
}

#[test]
fn a_second_arrival_while_here_is_a_repeat_and_not_a_second_presence() {
    let (mut front, mut back) = (Door::new(1), Door::new(2));
    let facts = [front.arrived(LEA, paris("2026-11-03 07:42")), back.arrived(LEA, paris("2026-11-03 07:43"))];
    let attendance = fold(&facts);
    let lea = child_day(&attendance, LEA, TUESDAY);
    assert_eq!((lea.presences.len(), lea.repeats.len()), (1, 1));
    assert_eq!(lea.repeats[0].entry, id(&facts[1]));
}

#[test]
fn a_departure_without_arrival_is_kept_as_one() {
    let mut door = Door::new(1);
    let attendance = fold(&[door.left(NOE, paris("2026-11-03 17:10"))]);
    let noe = child_day(&attendance, NOE, TUESDAY);
    assert_eq!((noe.presences.len(), noe.lone_departures.len()), (0, 1));
    assert!(noe.attended() && !noe.is_present());
}

#[test]
fn there_may_be_any_number_of_presences_a_day() {
    let mut door = Door::new(1);
    let mut facts = Vec::new();
    for hour in 8..16 {
        facts.push(door.arrived(LEA, paris(&format!("2026-11-03 {hour:02}:00"))));
        facts.push(door.left(LEA, paris(&format!("2026-11-03 {hour:02}:30"))));
    }
    let attendance = fold(&facts);
    let lea = child_day(&attendance, LEA, TUESDAY);
    assert_eq!(lea.presences.len(), 8);
    assert!(lea.presences.iter().all(|p| p.left.is_some()) && lea.repeats.is_empty() && lea.lone_departures.is_empty());
}

#[test]
fn a_presence_ends_with_its_business_day_in_paris() {
    let mut door = Door::new(1);
    let facts = [door.arrived(LEA, paris("2026-11-03 23:59")), door.left(LEA, paris("2026-11-04 00:01"))];
    let attendance = fold(&facts);
    assert!(child_day(&attendance, LEA, TUESDAY).is_present(), "still open, never carried over");
    assert_eq!(child_day(&attendance, LEA, "2026-11-04").lone_departures.len(), 1);
}

#[test]
fn morning_then_canteen_then_evening_at_one_site_is_no_conflict() {
    let mut door = Door::new(1);
    let morning = door.arrived(LEA, paris("2026-11-03 07:42"));
    (door.centre, door.moment) = (CANTEEN, (LUNCH, "Cantine"));
    let lunch = door.present(LEA, paris("2026-11-03 12:05"));
    let meal = door.meal(LEA, paris("2026-11-03 12:05"), true);
    door.moment = (EVENING, "Accueil du soir");
    let evening = door.arrived(LEA, paris("2026-11-03 16:30"));
    let home = door.left(LEA, paris("2026-11-03 17:50"));
    let attendance = fold(&[morning, lunch, meal, evening, home]);
    let lea = child_day(&attendance, LEA, TUESDAY);
    assert!(lea.flags.is_empty(), "{:?}", lea.flags);
    assert_eq!((lea.presences.len(), lea.repeats.len(), lea.roll_calls.len(), lea.meals.len()), (1, 1, 1, 1));
    assert_eq!(lea.presences[0].arrived.activity, Some(MORNING));
    assert_eq!(lea.repeats[0].activity, Some(EVENING), "when the evening began is still told");
    assert_eq!(lea.presences[0].left.as_ref().unwrap().mark.activity, Some(EVENING));
    assert!(lea.meals[0].served);
}

#[test]
fn two_sites_at_once_both_stand_and_the_day_says_so() {
    let (mut vauban, mut ferry) = (Door::new(1), Door::new(2).at_site(FERRY));
    let facts = [
        vauban.arrived(LEA, paris("2026-11-03 07:42")),
        ferry.arrived(LEA, paris("2026-11-03 09:00")),
        ferry.left(LEA, paris("2026-11-03 10:00")),
    ];
    let attendance = fold(&facts);
    let lea = child_day(&attendance, LEA, TUESDAY);
    assert_eq!(lea.flags, [Flag::TwoSites]);
    assert_eq!(lea.presences.len(), 2);
    assert!(lea.open_presence(VAUBAN).is_some(), "neither is shortened");
    assert!(lea.open_presence(FERRY).is_none());
    // An activity that is recorded by arrivals ends with its window: the flag is then unfounded.
    assert!(!lea.at_two_sites(|_| Some(paris("2026-11-03 08:30"))));
    assert!(lea.at_two_sites(|_| Some(paris("2026-11-03 09:30"))));
}

#[test]
fn one_site_after_the_other_is_no_conflict_even_within_the_minute() {
    let (mut vauban, mut ferry) = (Door::new(1), Door::new(2).at_site(FERRY));
    let facts = [
        vauban.arrived(LEA, paris("2026-11-03 07:42")),
        vauban.left(LEA, paris("2026-11-03 09:00")),
        ferry.arrived(LEA, paris("2026-11-03 09:00")),
    ];
    assert!(child_day(&fold(&facts), LEA, TUESDAY).flags.is_empty());
}

#[test]
fn a_retracted_touch_never_happened_and_a_retraction_is_not_retracted() {
    let mut door = Door::new(1);
    let arrived = door.arrived(LEA, paris("2026-11-03 07:42"));
    let undo = door.retracted(&arrived, paris("2026-11-03 07:43"));
    let undo_undo = door.retracted(&undo, paris("2026-11-03 07:44"));
    assert!(fold(&[arrived.clone(), undo.clone()]).days.is_empty());
    assert!(fold(&[arrived, undo, undo_undo]).days.is_empty());
}

#[test]
fn a_retraction_that_arrives_before_its_target_holds() {
    let mut door = Door::new(1);
    let arrived = door.arrived(LEA, paris("2026-11-03 07:42"));
    let undo = door.retracted(&arrived, paris("2026-11-03 07:43"));
    assert!(fold(&[undo, arrived]).days.is_empty());
}

#[test]
fn a_retraction_or_correction_from_another_site_says_nothing() {
    let (mut vauban, mut ferry) = (Door::new(1), Door::new(2).at_site(FERRY));
    let arrived = vauban.arrived(LEA, paris("2026-11-03 07:42"));
    let undo = ferry.retracted(&arrived, paris("2026-11-03 07:43"));
    let other = ferry.corrected(&arrived, NADIA, paris("2026-11-03 08:00"), Kind::Left, paris("2026-11-03 08:00"));
    assert_eq!(fold(&[arrived.clone(), undo, other]).days, fold(&[arrived]).days);
}

#[test]
fn a_correction_tells_another_time_and_keeps_the_first_entry_in_sight() {
    let (mut door, mut server) = (Door::new(1), Door::new(9));
    let arrived = door.arrived(LEA, paris("2026-11-03 07:42"));
    let corrected = server.corrected(&arrived, AGENT, paris("2026-11-04 09:00"), Kind::Arrived, paris("2026-11-03 07:12"));
    let attendance = fold(&[arrived.clone(), corrected.clone()]);
    let mark = &child_day(&attendance, LEA, TUESDAY).presences[0].arrived;
    assert_eq!((mark.at_ms, mark.entry, mark.corrected_by), (paris("2026-11-03 07:12"), id(&arrived), Some(id(&corrected))));
    assert_eq!(mark.actor, AGENT);
}

#[test]
fn a_correction_can_make_a_departure_of_an_arrival() {
    let mut door = Door::new(1);
    let facts = [door.arrived(LEA, paris("2026-11-03 07:42")), door.arrived(LEA, paris("2026-11-03 17:00"))];
    let fixed = door.corrected(&facts[1], NADIA, paris("2026-11-03 17:05"), Kind::Left, paris("2026-11-03 17:00"));
    let [first, second] = facts;
    let attendance = fold(&[first, second, fixed]);
    let lea = child_day(&attendance, LEA, TUESDAY);
    assert_eq!(lea.presences[0].left.as_ref().unwrap().mark.at_ms, paris("2026-11-03 17:00"));
    assert!(lea.repeats.is_empty());
}

#[test]
fn of_several_corrections_the_one_made_last_holds_whatever_time_it_gives() {
    let mut door = Door::new(1);
    let left = door.left(LEA, paris("2026-11-03 17:00"));
    let later = door.corrected(&left, NADIA, paris("2026-11-03 18:40"), Kind::Left, paris("2026-11-03 18:00"));
    let earlier = door.corrected(&left, NADIA, paris("2026-11-03 18:45"), Kind::Left, paris("2026-11-03 17:30"));
    let attendance = fold(&[left.clone(), earlier.clone(), later.clone()]);
    let lea = child_day(&attendance, LEA, TUESDAY);
    assert_eq!(lea.lone_departures[0].mark.at_ms, paris("2026-11-03 17:30"));
    assert!(lea.flags.is_empty(), "one person may change her mind: {:?}", lea.flags);
    // Without the last one, the one before holds again.
    let undo = door.retracted(&earlier, paris("2026-11-03 18:50"));
    let attendance = fold(&[left, earlier, later, undo]);
    assert_eq!(child_day(&attendance, LEA, TUESDAY).lone_departures[0].mark.at_ms, paris("2026-11-03 18:00"));
}

#[test]
fn corrections_by_two_persons_are_a_conflict_for_a_person() {
    let (mut door, mut server) = (Door::new(1), Door::new(9));
    let left = door.left(LEA, paris("2026-11-03 17:00"));
    let by_nadia = door.corrected(&left, NADIA, paris("2026-11-03 18:40"), Kind::Left, paris("2026-11-03 18:00"));
    let by_agent = server.corrected(&left, AGENT, paris("2026-11-04 09:00"), Kind::Left, paris("2026-11-03 17:30"));
    let attendance = fold(&[by_agent, by_nadia, left.clone()]);
    let lea = child_day(&attendance, LEA, TUESDAY);
    assert_eq!(lea.lone_departures[0].mark.at_ms, paris("2026-11-03 17:30"));
    assert_eq!(lea.flags, [Flag::CorrectionConflict { entry: id(&left) }]);
}

#[test]
fn a_correction_of_a_correction_says_nothing() {
    let mut door = Door::new(1);
    let left = door.left(LEA, paris("2026-11-03 17:00"));
    let first = door.corrected(&left, NADIA, paris("2026-11-03 18:40"), Kind::Left, paris("2026-11-03 18:00"));
    let second = door.corrected(&first, NADIA, paris("2026-11-03 18:45"), Kind::Left, paris("2026-11-03 17:30"));
    let attendance = fold(&[left, first, second]);
    assert_eq!(child_day(&attendance, LEA, TUESDAY).lone_departures[0].mark.at_ms, paris("2026-11-03 18:00"));
}

#[test]
fn a_correction_can_carry_a_touch_to_another_day() {
    let mut door = Door::new(1);
    let arrived = door.arrived(LEA, paris("2026-11-03 07:42"));
    let moved = door.corrected(&arrived, NADIA, paris("2026-11-03 18:00"), Kind::Arrived, paris("2026-11-02 07:42"));
    let attendance = fold(&[arrived, moved]);
    assert_eq!(attendance.days.keys().map(|(d, _)| *d).collect::<Vec<_>>(), [day("2026-11-02")]);
}

#[test]
fn two_entries_at_one_place_both_count() {
    let mut door = Door::new(1);
    let mut copy = door.clone();
    copy.boot = shared::id::BootId(uuid::Uuid::from_u128(77));
    let here = door.arrived(LEA, paris("2026-11-03 07:42"));
    let mut there = copy.arrived(NOE, paris("2026-11-03 07:50"));
    there.envelope.entry_id = shared::id::EntryId(uuid::Uuid::from_u128(0xf0_4c));
    assert_eq!(here.envelope.place, there.envelope.place);
    let attendance = fold(&[here, there]);
    assert!(child_day(&attendance, LEA, TUESDAY).is_present() && child_day(&attendance, NOE, TUESDAY).is_present());
}

#[test]
fn an_erased_entry_is_counted_and_says_nothing() {
    let mut door = Door::new(1);
    let mut facts = vec![door.arrived(LEA, paris("2026-11-03 07:42")), door.arrived(NOE, paris("2026-11-03 07:43"))];
    facts[0].payload = None;
    let attendance = fold(&facts);
    assert_eq!((attendance.erased, attendance.opaque, attendance.days.len()), (1, 0, 1));
}

#[test]
fn a_kind_of_a_newer_version_is_counted_and_disturbs_nothing() {
    let mut door = Door::new(1);
    let mut facts = vec![door.arrived(LEA, paris("2026-11-03 07:42")), door.arrived(NOE, paris("2026-11-03 07:43"))];
    facts[1].envelope.kind = Kind::Unknown("nap_started".into());
    (facts[1].payload, facts[1].opaque) = (None, true);
    let attendance = fold(&facts);
    assert_eq!((attendance.erased, attendance.opaque, attendance.days.len()), (0, 1, 1));
}

#[test]
fn a_readable_copy_stands_for_an_erased_one_in_any_order() {
    let mut door = Door::new(1);
    let whole = door.arrived(LEA, paris("2026-11-03 07:42"));
    let erased = Fact { payload: None, ..whole.clone() };
    for facts in [[whole.clone(), erased.clone()], [erased, whole]] {
        let attendance = fold(&facts);
        assert_eq!((attendance.erased, attendance.days.len()), (0, 1));
    }
}

#[test]
fn an_absence_covers_each_of_its_days() {
    let mut server = Door::new(9);
    let attendance = fold(&[server.absent(LEA, paris("2026-11-02 08:00"), "2026-11-03", "2026-11-06")]);
    assert_eq!(attendance.days.len(), 4);
    let lea = child_day(&attendance, LEA, "2026-11-06");
    assert_eq!((lea.absences.len(), lea.absences[0].code.as_str(), lea.absences[0].noted, lea.attended()), (1, "ABS", false, false));
}

#[test]
fn an_absence_without_end_stops_at_its_limit() {
    let mut server = Door::new(9);
    let last = day("2026-11-03") + chrono::TimeDelta::days(ABSENCE_DAYS_MAX - 1);
    let at_limit = fold(&[server.absent(LEA, paris("2026-11-02 08:00"), "2026-11-03", &last.to_string())]);
    let beyond = fold(&[server.absent(LEA, paris("2026-11-02 08:00"), "2026-11-03", "9999-12-31")]);
    for attendance in [at_limit, beyond] {
        assert_eq!(i64::try_from(attendance.days.len()).unwrap(), ABSENCE_DAYS_MAX);
        assert!(attendance.days.contains_key(&(last, LEA)));
    }
}

#[test]
fn the_group_of_the_day_is_the_last_one_told() {
    let mut door = Door::new(1);
    let groups = [shared::id::GroupId(uuid::Uuid::from_u128(1)), shared::id::GroupId(uuid::Uuid::from_u128(2))];
    let facts = groups.map(|group| {
        let at = paris("2026-11-03 09:00") + i64::from(group == groups[0]) * 60_000;
        door.seals(at, Kind::MovedGroup, Some(MAELYS), Detail::MovedGroup { group }, |_| {})
    });
    // Numbers of one device never go back in time: the second one sealed is the later one, whatever its clock says.
    assert_eq!(child_day(&fold(&facts), MAELYS, TUESDAY).group, Some(groups[1]));
}

#[test]
fn a_departure_tells_with_whom() {
    let mut door = Door::new(1);
    let aunt = shared::id::PersonId(uuid::Uuid::from_u128(8));
    let detail = Detail::Left { to: LeftTo::Person, person: Some(aunt) };
    let fact = door.seals(paris("2026-11-03 17:00"), Kind::Left, Some(LEA), detail, |_| {});
    let attendance = fold(&[fact]);
    let departure = &child_day(&attendance, LEA, TUESDAY).lone_departures[0];
    assert_eq!((departure.to, departure.person), (Some(LeftTo::Person), Some(aunt)));
}

#[test]
fn a_child_is_on_its_way_until_anything_is_recorded_of_it_anywhere() {
    let (mut door, mut other) = (Door::new(1), Door::new(2));
    let bound_for = Some(other.centre);
    let arrived = door.arrived(LEA, paris("2026-11-03 07:40"));
    let transfer = Detail::Left { to: LeftTo::Transfer, person: None };
    let left = door.seals(paris("2026-11-03 11:50"), Kind::Left, Some(LEA), transfer, |payload| payload.bound_for = bound_for);
    let way = |facts: &[Fact]| child_day(&fold(facts), LEA, TUESDAY).en_route().and_then(|departure| departure.bound_for);
    assert_eq!(way(&[arrived.clone(), left.clone()]), bound_for);
    assert_eq!(way(std::slice::from_ref(&left)), bound_for, "also where nobody noted the arrival");
    let there = other.arrived(LEA, paris("2026-11-03 12:10"));
    assert_eq!(way(&[arrived.clone(), left.clone(), there]), None);
    let taken_back = door.retracted(&left, paris("2026-11-03 11:51"));
    assert_eq!(way(&[arrived.clone(), left.clone(), taken_back]), None);
    let mut corrected = |to| {
        let detail = Detail::Corrected { kind: Kind::Left, to: Some(to), person: None };
        door.seals(paris("2026-11-03 11:45"), Kind::Corrected, Some(LEA), detail, |p| p.target = Some(left.envelope.entry_id))
    };
    let (another_hour, with_her_aunt) = (corrected(LeftTo::Transfer), corrected(LeftTo::Person));
    assert_eq!(way(&[arrived.clone(), left.clone(), another_hour]), bound_for, "the same bus");
    assert_eq!(way(&[arrived, left, with_her_aunt]), None);
}

#[test]
fn the_last_word_on_a_day_says_whether_it_is_signed() {
    let (mut door, mut server) = (Door::new(1), Door::new(9));
    let centre = door.centre;
    let signed = |facts: &[Fact], activity| fold(facts).signed(centre, day(TUESDAY), activity).map(|s| s.entry);
    let whole = door.signed(paris("2026-11-03 18:40"), TUESDAY, None);
    assert_eq!(signed(std::slice::from_ref(&whole), Some(MORNING)), Some(id(&whole)), "a signed day signs its moments");
    let morning_again = server.reopened(paris("2026-11-04 09:00"), TUESDAY, Some(MORNING));
    let facts = [morning_again.clone(), whole.clone()];
    assert_eq!((signed(&facts, Some(MORNING)), signed(&facts, Some(EVENING))), (None, Some(id(&whole))));
    let morning = door.signed(paris("2026-11-04 10:00"), TUESDAY, Some(MORNING));
    let facts = [whole.clone(), morning_again, morning.clone()];
    assert_eq!(signed(&facts, Some(MORNING)), Some(id(&morning)));
    let all_again = server.reopened(paris("2026-11-05 09:00"), TUESDAY, None);
    let facts = [whole, morning, all_again];
    assert_eq!((signed(&facts, Some(MORNING)), signed(&facts, None)), (None, None), "a day opened again opens its moments");
}

#[test]
fn a_retracted_signature_is_none() {
    let mut door = Door::new(1);
    let signature = door.signed(paris("2026-11-03 18:40"), TUESDAY, None);
    let undo = door.retracted(&signature, paris("2026-11-03 18:41"));
    assert!(fold(&[signature, undo]).signatures.is_empty());
}
