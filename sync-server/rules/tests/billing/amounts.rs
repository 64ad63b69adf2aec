//! Cents: what a line comes to, and what it tells.

use crate::town::{Town, read, read_all};
use rules::problem::ProblemKind;
use shared::roster::Recording;

fn hours(price: &str, more: &str) -> Town {
    let mut town = Town::new("2026-10");
    town.forfait("soir", "heure", price, more);
    town.activity("soir", Recording::Heures, "16:30-18:30");
    town
}

#[test]
fn ten_evenings_of_an_hour_and_a_half_at_1_35_are_20_25() {
    let mut town = hours("1.35", "pas = \"demi_heure\"");
    for date in 1..=10 {
        town.stay("E1", &format!("2026-10-{date:02}"), "16:30", "18:00", "soir");
    }
    assert_eq!(read(&town.line()), "soir 15 × 1.35 = 20.25");
}

#[test]
fn seventeen_meals_at_4_15_are_70_55() {
    let mut town = Town::new("2026-10");
    town.forfait("repas", "acte", "4.15", "");
    town.activity("repas", Recording::Appel, "");
    for date in 1..=17 {
        town.call("E1", &format!("2026-10-{date:02}"), "12:00", Some("repas"));
    }
    assert_eq!(read(&town.line()), "repas 17 × 4.15 = 70.55");
}

#[test]
fn half_a_cent_goes_up_or_is_dropped_as_the_tariff_says() {
    for (price, more, amount) in [("2.23", "", "1.12"), ("1.67", "", "0.84"), ("2.23", "\narrondi = \"tronque\"", "1.11")] {
        let mut town = hours(price, &format!("pas = \"demi_heure\"{more}"));
        town.stay("E1", "2026-10-05", "16:30", "17:00", "soir");
        assert_eq!(read(&town.line()), format!("soir 0.5 × {price} = {amount}"));
    }
}

#[test]
fn eighty_three_minutes_at_3_47_are_4_80() {
    let mut town = hours("3.47", "pas = \"minute\"");
    town.stay("E1", "2026-10-05", "16:30", "17:53", "soir");
    assert_eq!(read(&town.line()), "soir 1.383333 × 3.47 = 4.80");
}

#[test]
fn a_free_line_stays_and_an_empty_one_goes() {
    let mut town = Town::new("2026-10");
    town.forfait("gratuit", "acte", "0.00", "");
    town.activity("gratuit", Recording::Appel, "");
    town.call("E1", "2026-10-05", "12:00", Some("gratuit"));
    assert_eq!(read_all(&town.draft()), ["gratuit 1 × 0.00 = 0.00"]);
    assert_eq!(Town::new("2026-10").draft().invoices, []);
}

#[test]
fn only_the_month_that_was_asked_for_is_billed() {
    let mut town = hours("1.00", "");
    for date in ["2026-09-30", "2026-10-01", "2026-10-31", "2026-11-01", "2027-01-04"] {
        town.stay("E1", date, "16:30", "17:30", "soir");
    }
    assert_eq!(read(&town.line()), "soir 2 × 1.00 = 2.00");
    town.month = "2027-01"; // October is not month "1"
    assert_eq!(read(&town.line()), "soir 1 × 1.00 = 1.00");
}

#[test]
fn on_the_days_of_the_clock_changes_minutes_are_real_ones() {
    for (month, date, quantity) in [("2026-03", "2026-03-29", "2"), ("2026-10", "2026-10-25", "4")] {
        let mut town = hours("1.00", "");
        town.month = month;
        town.stay("E1", date, "01:00", "04:00", "soir");
        assert_eq!(read(&town.line()), format!("soir {quantity} × 1.00 = {quantity}.00"));
    }
}

#[test]
fn the_draft_is_the_json_of_the_contract() {
    let mut town = Town::new("2026-10");
    town.tariff("code = \"soir\"\nlibelle = \"Accueil du soir\"\nmethode = \"tranches_qf\"\nunite = \"demi_heure\"\n[[tranches]]\nqf_max = 500\nprix = \"0.40\"\n[[tranches]]\nqf_min = 501\nprix = \"0.60\"\n");
    town.activity("soir", Recording::Depart, "16:30-18:30");
    town.qf("2026-01-01", None, 820).leave("E1", "2026-10-05", "17:45", Some("soir")).arrive("E1", "2026-10-06", "16:35", Some("soir"));
    insta::assert_snapshot!(serde_json::to_string_pretty(&town.draft()).unwrap());
}

#[test]
fn every_kind_of_problem_is_explained_to_agents_and_no_other() {
    let page = include_str!("../../../../docs/problemes-de-facturation.md");
    let explained: Vec<&str> = page.lines().filter_map(|line| line.strip_prefix("| `")?.split_once('`')).map(|(code, _)| code).collect();
    let known: Vec<&str> = ProblemKind::ALL.iter().map(|kind| kind.code()).collect();
    assert_eq!(explained, known);
}
