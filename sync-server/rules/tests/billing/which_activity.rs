//! From the door to an activity: windows attribute, they do not shorten.

use crate::town::{Town, kinds, read, read_all};
use rules::explanation::{Origin, Step};
use rules::input::BookingState;
use shared::journal::{Channel, Kind};
use shared::roster::Recording;

const DAY: &str = "2026-10-05";

/// Morning care to 8:30 recorded by arrival, evening care from 16:30 recorded by departure, both by half hours at 1 €.
fn school() -> Town {
    let mut town = Town::new("2026-10");
    town.forfait("matin", "demi_heure", "1.00", "").forfait("soir", "demi_heure", "1.00", "").forfait("cantine", "acte", "3.50", "");
    town.activity("matin", Recording::Arrivee, "07:00-08:30");
    town.activity("soir", Recording::Depart, "16:30-18:30");
    town.activity("cantine", Recording::Appel, "11:45-13:30");
    town
}

/// Two windows recorded by both ends.
fn holiday_centre() -> Town {
    let mut town = Town::new("2026-10");
    town.forfait("am", "demi_heure", "1.00", "").forfait("pm", "demi_heure", "1.00", "");
    town.activity("am", Recording::Heures, "08:00-12:00");
    town.activity("pm", Recording::Heures, "13:30-18:00");
    town.enrol("E1", "am").enrol("E1", "pm");
    town
}

#[test]
fn morning_ends_and_evening_starts_with_the_school_day() {
    let mut town = school();
    town.arrive("E1", DAY, "07:42", Some("matin")).call("E1", DAY, "12:00", Some("cantine")).leave("E1", DAY, "17:45", Some("soir"));
    let draft = town.draft();
    assert_eq!(read_all(&draft), ["cantine 1 × 3.50 = 3.50", "matin 2 × 1.00 = 2.00", "soir 3 × 1.00 = 3.00"]);
    assert_eq!(draft.problems, []);
}

#[test]
fn a_bound_taken_from_the_activity_is_never_shown_as_a_time_at_the_door() {
    let mut town = school();
    town.leave("E1", DAY, "17:45", Some("soir"));
    let line = town.line();
    let presences = line.explanation.iter().find_map(|step| if let Step::Day(day) = step { Some(&day.presences) } else { None }).unwrap();
    let [from, to] = [&presences[0].from, &presences[0].to].map(|bound| bound.clone().unwrap());
    assert_eq!((from.time.to_string().as_str(), from.origin, from.origin.label()), ("16:30:00", Origin::Activity, "horaire de l'activité"));
    assert_eq!((to.time.to_string().as_str(), to.origin, to.origin.label()), ("17:45:00", Origin::Door, "à la porte"));
}

#[test]
fn a_bound_that_someone_recorded_always_wins() {
    let mut town = school();
    town.stay("E1", DAY, "07:10", "07:35", "matin").stay("E1", DAY, "17:00", "17:20", "soir");
    assert_eq!(read_all(&town.draft()), ["matin 1 × 1.00 = 1.00", "soir 1 × 1.00 = 1.00"]);
}

#[test]
fn windows_do_not_shorten_unless_the_tariff_says_so() {
    let mut town = holiday_centre();
    town.stay("E1", DAY, "07:30", "12:20", "am");
    assert_eq!(read(&town.line()), "am 10 × 1.00 = 10.00");
    town.input.tariffs.clear();
    town.forfait("am", "demi_heure", "1.00", "borne_horaires = true");
    assert_eq!(read(&town.line()), "am 8 × 1.00 = 8.00");
}

#[test]
fn a_second_arrival_that_names_another_moment_is_where_the_first_one_ends() {
    let mut town = holiday_centre();
    town.arrive("E1", DAY, "08:00", Some("am")).arrive("E1", DAY, "13:15", Some("pm")).leave("E1", DAY, "17:00", Some("pm"));
    assert_eq!(read_all(&town.draft()), ["am 11 × 1.00 = 11.00", "pm 8 × 1.00 = 8.00"]);
}

#[test]
fn a_departure_that_names_the_later_moment_cuts_at_its_start() {
    let mut town = holiday_centre();
    town.arrive("E1", DAY, "08:00", Some("am")).leave("E1", DAY, "17:00", Some("pm"));
    assert_eq!(read_all(&town.draft()), ["am 11 × 1.00 = 11.00", "pm 7 × 1.00 = 7.00"]);
}

#[test]
fn without_a_named_moment_the_windows_share_the_day_and_lose_nothing() {
    let mut town = holiday_centre();
    town.arrive("E1", DAY, "07:45", None).leave("E1", DAY, "18:30", None);
    let draft = town.draft();
    // Before the first to the first, after the last to the last, cut at the later one's start: 7:45–13:30 and 13:30–18:30.
    assert_eq!(read_all(&draft), ["am 12 × 1.00 = 12.00", "pm 10 × 1.00 = 10.00"]);
    assert_eq!(draft.problems, []);
}

#[test]
fn a_booking_comes_before_an_enrolment() {
    let mut town = holiday_centre();
    town.forfait("journee", "journee", "9.00", "");
    town.activity("journee", Recording::Heures, "08:00-18:00");
    town.book("E1", "journee", DAY, "", BookingState::Booked).arrive("E1", DAY, "08:10", None).leave("E1", DAY, "17:50", None);
    let draft = town.draft();
    assert_eq!(read_all(&draft), ["journee 1 × 9.00 = 9.00"]);
    assert_eq!(draft.problems, []);
}

#[test]
fn a_cancelled_booking_says_nothing_of_where_a_child_was() {
    let mut town = holiday_centre();
    town.forfait("journee", "journee", "9.00", "");
    town.activity("journee", Recording::Heures, "08:00-18:00");
    town.book("E1", "journee", DAY, "", BookingState::Cancelled).arrive("E1", DAY, "08:10", None).leave("E1", DAY, "11:50", None);
    let draft = town.draft();
    assert_eq!(read_all(&draft), ["am 8 × 1.00 = 8.00"]);
    assert_eq!(draft.problems, []);
}

#[test]
fn overlapping_windows_go_to_the_longest_and_are_told() {
    let mut town = holiday_centre();
    town.forfait("journee", "journee", "9.00", "");
    town.activity("journee", Recording::Heures, "08:00-18:00");
    town.enrol("E1", "journee").arrive("E1", DAY, "08:10", None).leave("E1", DAY, "17:50", None);
    let draft = town.draft();
    assert_eq!(read_all(&draft), ["journee 1 × 9.00 = 9.00"]);
    assert_eq!(kinds(&draft.problems), ["activite_ambigue"]);
}

#[test]
fn a_child_who_is_not_enrolled_is_billed_where_it_was_and_told() {
    let mut town = holiday_centre();
    town.child("E2", "F1", "2019-01-01");
    town.arrive("E2", DAY, "08:00", None).leave("E2", DAY, "11:00", None);
    let draft = town.draft();
    assert_eq!(read_all(&draft), ["am 6 × 1.00 = 6.00"]);
    assert_eq!(kinds(&draft.problems), ["sans_inscription"]);
}

#[test]
fn a_presence_outside_every_window_of_a_stranger_is_told_and_not_billed() {
    let mut town = holiday_centre();
    town.child("E2", "F1", "2019-01-01");
    town.arrive("E2", DAY, "19:00", None).leave("E2", DAY, "19:30", None);
    let draft = town.draft();
    assert_eq!((read_all(&draft), kinds(&draft.problems)), (vec![], vec!["sans_activite"]));
    assert!(!draft.is_issuable());
}

#[test]
fn a_closed_day_opens_no_window() {
    let mut town = holiday_centre();
    town.input.centres[0].closures.push((crate::town::day(DAY), crate::town::day(DAY)));
    town.arrive("E1", DAY, "08:00", None).leave("E1", DAY, "11:00", None);
    assert_eq!(kinds(&town.draft().problems), ["sans_activite"]);
    // What names its activity is a fact, whatever the calendar says.
    let mut named = holiday_centre();
    named.input.centres[0].closures.push((crate::town::day(DAY), crate::town::day(DAY)));
    named.stay("E1", DAY, "08:00", "11:00", "am");
    assert_eq!(read(&named.line()), "am 6 × 1.00 = 6.00");
}

#[test]
fn a_forgotten_departure_is_one_unit_provisional_and_blocks() {
    let mut town = school();
    town.arrive("E1", DAY, "16:35", Some("soir"));
    let draft = town.draft();
    assert_eq!(read_all(&draft), ["soir 1 × 1.00 = 1.00"]);
    assert_eq!((kinds(&draft.problems), draft.is_issuable()), (vec!["depart_manquant"], false));
    let Step::Day(day) = &draft.invoices[0].lines[0].explanation[3] else { panic!("a day") };
    assert!(day.provisional);
}

#[test]
fn a_forgotten_departure_is_the_booked_quantity_where_that_is_greater() {
    let mut town = school();
    town.book("E1", "soir", DAY, "16:30-18:00", BookingState::Booked).arrive("E1", DAY, "16:35", Some("soir"));
    assert_eq!(read_all(&town.draft()), ["soir 3 × 1.00 = 3.00"]);
}

#[test]
fn a_forgotten_departure_of_a_day_is_a_day() {
    let mut town = Town::new("2026-10");
    town.forfait("alsh", "journee", "9.00", "");
    town.activity("alsh", Recording::Heures, "08:00-18:00");
    town.arrive("E1", DAY, "08:00", Some("alsh"));
    let draft = town.draft();
    assert_eq!((read_all(&draft), kinds(&draft.problems)), (vec!["alsh 1 × 9.00 = 9.00".to_owned()], vec!["depart_manquant"]));
}

#[test]
fn morning_care_asks_for_no_departure() {
    let mut town = school();
    town.arrive("E1", DAY, "07:42", Some("matin"));
    let draft = town.draft();
    assert_eq!((read_all(&draft), kinds(&draft.problems)), (vec!["matin 2 × 1.00 = 2.00".to_owned()], vec![]));
}

#[test]
fn a_departure_by_the_clock_without_arrival_is_told() {
    let mut town = holiday_centre();
    town.leave("E1", DAY, "11:00", Some("am"));
    let draft = town.draft();
    assert_eq!((read_all(&draft), kinds(&draft.problems)), (vec!["am 1 × 1.00 = 1.00".to_owned()], vec!["arrivee_manquante"]));
}

#[test]
fn an_arrival_that_is_a_departure_counts_for_nothing_and_is_told() {
    let mut town = holiday_centre();
    town.stay("E1", DAY, "08:00", "08:00", "am");
    let draft = town.draft();
    assert_eq!((read_all(&draft), kinds(&draft.problems)), (vec![], vec!["duree_nulle"]));
}

#[test]
fn a_roll_call_without_times_is_one_meal_however_often_it_is_called() {
    let mut town = school();
    town.enrol("E1", "cantine").call("E1", DAY, "12:00", Some("cantine")).call("E1", DAY, "12:10", None);
    let draft = town.draft();
    assert_eq!((read_all(&draft), kinds(&draft.problems)), (vec!["cantine 1 × 3.50 = 3.50".to_owned()], vec![]));
}

#[test]
fn a_sheet_and_a_tablet_that_tell_of_one_day_count_once_and_are_told() {
    let mut town = holiday_centre();
    town.stay("E1", DAY, "08:12", "10:50", "am");
    for (kind, at) in [(Kind::Arrived, "08:00"), (Kind::Left, "11:00")] {
        town.seal("E1", DAY, at, Some("am"), kind, Channel::Import);
    }
    let draft = town.draft();
    assert_eq!((read_all(&draft), kinds(&draft.problems)), (vec!["am 6 × 1.00 = 6.00".to_owned()], vec!["double_source"]));
}

#[test]
fn a_sheet_completes_a_departure_that_the_tablet_missed() {
    let mut town = holiday_centre();
    town.arrive("E1", DAY, "08:00", Some("am")).seal("E1", DAY, "11:00", Some("am"), Kind::Left, Channel::Import);
    assert_eq!(read(&town.line()), "am 6 × 1.00 = 6.00");
}

#[test]
fn two_activities_that_overlap_on_paper_keep_their_own_times() {
    let mut town = holiday_centre();
    for (kind, at, activity) in
        [(Kind::Arrived, "08:00", "am"), (Kind::Arrived, "09:00", "pm"), (Kind::Left, "11:00", "pm"), (Kind::Left, "12:00", "am")]
    {
        town.seal("E1", DAY, at, Some(activity), kind, Channel::Import);
    }
    assert_eq!(read_all(&town.draft()), ["am 8 × 1.00 = 8.00", "pm 4 × 1.00 = 4.00"]);
}

#[test]
fn what_another_organisation_does_at_the_site_is_not_ours_to_bill() {
    let mut town = school();
    town.call("E1", DAY, "12:00", Some("tap-commune")).leave("E1", DAY, "17:00", Some("soir"));
    assert_eq!(read_all(&town.draft()), ["soir 1 × 1.00 = 1.00"]);
}

#[test]
fn unsigned_days_are_priced_and_told_once_a_lieu() {
    let mut town = school();
    town.arrive("E1", DAY, "07:42", Some("matin")).arrive("E1", "2026-10-06", "07:42", Some("matin"));
    let draft = town.draft_of(false, None);
    assert_eq!((read_all(&draft), kinds(&draft.problems)), (vec!["matin 4 × 1.00 = 4.00".to_owned()], vec!["journee_non_signee"]));
    assert!(draft.problems[0].blocking && draft.problems[0].message.contains("2 journées"));
}
