//! Two sites at once (I4): told where it is so, and nowhere else.

use crate::town::{Town, kinds};
use shared::roster::Recording;

const DATE: &str = "2026-10-07";

/// Morning and evening care at the school; the holiday centre is elsewhere.
fn wednesday() -> Town {
    let mut town = Town::new("2026-10");
    town.forfait("matin", "acte", "1.00", "").forfait("soir", "acte", "2.00", "").forfait("alsh", "journee", "9.00", "");
    town.activity("matin", Recording::Arrivee, "07:30-08:30");
    town.activity("soir", Recording::Depart, "16:30-18:30");
    town.another_site().activity("alsh", Recording::Heures, "09:00-17:00").centre = crate::town::id("W");
    town.enrol("E1", "matin").enrol("E1", "soir").enrol("E1", "alsh");
    town
}

fn at_the_centre(town: &mut Town, from: &str, to: &str) {
    town.arrive("E1", DATE, from, Some("alsh")).at_the_other_site().leave("E1", DATE, to, Some("alsh")).at_the_other_site();
}

#[test]
fn morning_care_ends_by_itself_before_the_holiday_centre_begins() {
    let mut town = wednesday();
    town.arrive("E1", DATE, "07:42", Some("matin"));
    at_the_centre(&mut town, "09:05", "16:50");
    assert_eq!(kinds(&town.draft().problems), Vec::<&str>::new());
}

#[test]
fn a_child_who_comes_back_in_the_evening_was_not_there_all_day() {
    let mut town = wednesday();
    town.arrive("E1", DATE, "07:42", Some("matin"));
    at_the_centre(&mut town, "09:05", "16:20");
    town.leave("E1", DATE, "17:45", Some("soir"));
    assert_eq!(kinds(&town.draft().problems), Vec::<&str>::new());
}

#[test]
fn without_a_named_moment_the_window_ends_morning_care_too() {
    let mut town = wednesday();
    town.arrive("E1", DATE, "07:42", None);
    at_the_centre(&mut town, "09:05", "16:50");
    assert!(!kinds(&town.draft().problems).contains(&"deux_sites"));
}

#[test]
fn a_child_at_the_centre_before_morning_care_ends_is_told() {
    let mut town = wednesday();
    town.arrive("E1", DATE, "07:42", Some("matin"));
    at_the_centre(&mut town, "08:10", "16:50");
    assert_eq!(kinds(&town.draft().problems), ["deux_sites"]);
}

#[test]
fn a_forgotten_departure_by_the_clock_is_still_two_sites() {
    let mut town = wednesday();
    town.arrive("E1", DATE, "09:05", Some("alsh")).at_the_other_site();
    town.arrive("E1", DATE, "16:31", Some("soir")).leave("E1", DATE, "17:45", Some("soir"));
    assert!(kinds(&town.draft().problems).contains(&"deux_sites"));
}
