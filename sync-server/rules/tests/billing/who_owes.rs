//! Situation at the date of the fact, households, payers and régies.

use crate::town::{Town, day, id, kinds, read, read_all, situation};
use rules::explanation::Step;
use rules::input::{Attachment, BookingState, Custody, CustodyCalendar};
use rules::tariff::Regime;
use shared::money::Cents;
use shared::roster::{BookingRule, Recording};

const GRID: &str = "code = \"alsh\"\nlibelle = \"Mercredi\"\nmethode = \"tranches_qf\"\nunite = \"journee\"\n";

/// A day at 2 € up to a QF of 400, at 5 € above.
fn centre(more: &str) -> Town {
    let mut town = Town::new("2026-10");
    town.tariff(&format!(
        "{GRID}{more}[[tranches]]\nqf_min = 0\nqf_max = 400\nprix = \"2.00\"\n[[tranches]]\nqf_min = 401\nprix = \"5.00\"\n"
    ));
    town.activity("alsh", Recording::Heures, "08:00-18:00");
    town
}

fn attend(town: &mut Town, dates: &[&str]) {
    for date in dates {
        town.stay("E1", date, "08:00", "17:00", "alsh");
    }
}

#[test]
fn the_qf_is_that_of_the_day_and_its_brackets_meet_without_gap() {
    for (qf, expected) in [(0, "alsh 1 × 2.00 = 2.00"), (400, "alsh 1 × 2.00 = 2.00"), (401, "alsh 1 × 5.00 = 5.00")] {
        let mut town = centre("");
        attend(town.qf("2026-01-01", None, qf), &["2026-10-07"]);
        assert_eq!(read(&town.line()), expected, "QF {qf}");
    }
}

#[test]
fn a_qf_that_changes_within_the_month_makes_two_lines() {
    let mut town = centre("");
    attend(town.qf("2026-10-15", None, 900).qf("2026-01-01", None, 300), &["2026-10-07", "2026-10-14", "2026-10-21"]);
    let draft = town.draft();
    assert_eq!(read_all(&draft), ["alsh 2 × 2.00 = 4.00", "alsh 1 × 5.00 = 5.00"]);
    assert_eq!(draft.total_cents, Cents(900));
}

#[test]
fn no_qf_pays_the_most_and_the_household_is_told_once() {
    let mut town = centre("");
    attend(&mut town, &["2026-10-07", "2026-10-14"]);
    let draft = town.draft();
    assert_eq!((read_all(&draft), kinds(&draft.problems)), (vec!["alsh 2 × 5.00 = 10.00".to_owned()], vec!["qf_absent"]));
    assert_eq!((draft.problems[0].household.as_deref(), draft.problems[0].date), (Some("F1"), Some(day("2026-10-07"))));
    assert!(draft.is_issuable());
}

#[test]
fn a_qf_that_has_run_out_is_told_as_such() {
    let mut town = centre("sans_justificatif = \"minimum\"\n");
    attend(town.qf("2025-01-01", Some("2026-09-30"), 900), &["2026-10-07"]);
    let draft = town.draft();
    assert_eq!((read_all(&draft), kinds(&draft.problems)), (vec!["alsh 1 × 2.00 = 2.00".to_owned()], vec!["qf_expire"]));
}

#[test]
fn where_proof_is_demanded_nothing_is_billed_before_it() {
    let mut town = centre("sans_justificatif = \"refus\"\n");
    attend(&mut town, &["2026-10-07"]);
    let draft = town.draft();
    assert_eq!((read_all(&draft), kinds(&draft.problems), draft.is_issuable()), (vec![], vec!["qf_absent"], false));
}

#[test]
fn a_tariff_without_qf_asks_for_none() {
    let mut town = Town::new("2026-10");
    town.forfait("repas", "acte", "3.50", "");
    town.activity("repas", Recording::Appel, "");
    town.call("E1", "2026-10-05", "12:00", Some("repas"));
    assert_eq!(town.draft().problems, []);
}

#[test]
fn the_tariff_is_that_of_the_day() {
    let mut town = Town::new("2026-10");
    town.forfait("repas", "acte", "3.50", "valable_du = 2025-09-01\nvalable_au = 2026-10-11");
    town.forfait("repas", "acte", "3.60", "valable_du = 2026-10-12");
    town.activity("repas", Recording::Appel, "");
    for date in ["2026-10-08", "2026-10-09", "2026-10-12"] {
        town.call("E1", date, "12:00", Some("repas"));
    }
    assert_eq!(read_all(&town.draft()), ["repas 2 × 3.50 = 7.00", "repas 1 × 3.60 = 3.60"]);
}

#[test]
fn a_day_before_any_tariff_is_told_and_not_billed() {
    let mut town = Town::new("2026-10");
    town.forfait("repas", "acte", "3.50", "valable_du = 2026-10-12");
    town.activity("repas", Recording::Appel, "");
    town.call("E1", "2026-10-08", "12:00", Some("repas")).call("E1", "2026-10-09", "12:00", Some("repas"));
    let draft = town.draft();
    assert_eq!((read_all(&draft), kinds(&draft.problems)), (vec![], vec!["tarif_absent"]));
}

#[test]
fn residence_is_that_of_the_day() {
    let mut town = Town::new("2026-10");
    town.tariff(&format!("{GRID}[[tranches]]\nresident = true\nprix = \"5.00\"\n[[tranches]]\nresident = false\nprix = \"8.00\"\n"));
    town.activity("alsh", Recording::Heures, "08:00-18:00");
    town.the_household().moves.push((day("2026-10-10"), "75056".into()));
    attend(&mut town, &["2026-10-07", "2026-10-14"]);
    assert_eq!(read_all(&town.draft()), ["alsh 1 × 5.00 = 5.00", "alsh 1 × 8.00 = 8.00"]);
}

#[test]
fn the_second_child_enrolled_pays_less_and_the_eldest_is_the_first() {
    let mut town = Town::new("2026-10");
    town.tariff(&format!("{GRID}[[tranches]]\nprix = \"5.00\"\n[[tranches]]\nrang_min = 2\nprix = \"4.00\"\n"));
    town.activity("alsh", Recording::Heures, "08:00-18:00");
    town.child("E0", "F1", "2020-01-01");
    town.child("E9", "F1", "2010-01-01"); // never enrolled: does not count
    town.enrol("E1", "alsh").enrol("E0", "alsh");
    for child in ["E1", "E0"] {
        town.stay(child, "2026-10-07", "08:00", "17:00", "alsh");
    }
    let draft = town.draft();
    let of = |child: &str| draft.invoices[0].lines.iter().find(|line| line.child == child).map(read).unwrap();
    assert_eq!([of("E1"), of("E0")], ["alsh 1 × 5.00 = 5.00", "alsh 1 × 4.00 = 4.00"]);
}

#[test]
fn a_family_that_the_grid_forgets_is_told_and_not_billed() {
    let mut town = Town::new("2026-10");
    town.tariff(&format!("{GRID}[[tranches]]\nregime = \"caf\"\nprix = \"5.00\"\n"));
    town.activity("alsh", Recording::Heures, "08:00-18:00");
    attend(&mut town, &["2026-10-07", "2026-10-14"]);
    let draft = town.draft();
    assert_eq!((read_all(&draft), kinds(&draft.problems)), (vec![], vec!["hors_grille"]));
    town.the_household().regime = Some(Regime::Caf);
    assert_eq!(read_all(&town.draft()), ["alsh 2 × 5.00 = 10.00"]);
}

#[test]
fn two_households_pay_their_own_weeks_each_at_its_own_qf() {
    let mut town = centre("");
    town.qf("2026-01-01", None, 900).household("F2", &["R2"]).situations.push(situation("2026-01-01", None, Some(300)));
    let attachment = Attachment {
        household: id("F2"),
        from: None,
        to: None,
        custody: Custody::Alternating,
        calendar: Some(CustodyCalendar::EvenWeeks),
        pivot: None,
    };
    town.input.children[0].attachments.push(attachment);
    // ISO weeks 41 and 42.
    attend(&mut town, &["2026-10-07", "2026-10-14"]);
    let draft = town.draft();
    let bills: Vec<(&str, &str, Cents)> = draft.invoices.iter().map(|i| (i.household.as_str(), i.payer.as_str(), i.total_cents)).collect();
    assert_eq!(bills, [("F1", "R1", Cents(500)), ("F2", "R2", Cents(200))]);
}

#[test]
fn parts_of_custody_are_parts_of_each_day() {
    let mut town = centre("");
    town.qf("2026-01-01", None, 900).household("F2", &["R2"]).situations.push(situation("2026-01-01", None, Some(300)));
    let attachment = Attachment {
        household: id("F2"),
        from: None,
        to: None,
        custody: Custody::Alternating,
        calendar: Some(CustodyCalendar::Part(50)),
        pivot: None,
    };
    town.input.children[0].attachments.push(attachment);
    attend(&mut town, &["2026-10-07", "2026-10-14", "2026-10-21"]);
    assert_eq!(read_all(&town.draft()), ["alsh 1.5 × 5.00 = 7.50", "alsh 1.5 × 2.00 = 3.00"]);
}

#[test]
fn two_payers_share_a_line_and_the_missing_cent_goes_to_the_largest_remainder() {
    let mut town = Town::new("2026-10");
    town.forfait("repas", "acte", "3.35", "");
    town.activity("repas", Recording::Appel, "");
    town.the_household().payers =
        [("R2", Some(6667)), ("R1", Some(3333))].map(|(code, share_bp)| rules::input::Payer { code: code.into(), share_bp }).into();
    town.call("E1", "2026-10-05", "12:00", Some("repas"));
    let draft = town.draft();
    let amounts: Vec<(&str, Cents)> = draft.invoices.iter().map(|i| (i.payer.as_str(), i.total_cents)).collect();
    assert_eq!(amounts, [("R1", Cents(112)), ("R2", Cents(223))]);
    let Some(Step::Share { whole_cents, .. }) = draft.invoices[0].lines[0].explanation.last() else { panic!("a share") };
    assert_eq!(*whole_cents, Cents(335));
}

#[test]
fn payers_without_a_part_share_equally_what_is_left() {
    let mut town = Town::new("2026-10");
    town.forfait("repas", "acte", "4.00", "");
    town.activity("repas", Recording::Appel, "");
    town.the_household().payers =
        [("R1", Some(5000)), ("R2", None), ("R3", None)].map(|(code, share_bp)| rules::input::Payer { code: code.into(), share_bp }).into();
    town.call("E1", "2026-10-05", "12:00", Some("repas"));
    let amounts: Vec<Cents> = town.draft().invoices.iter().map(|i| i.total_cents).collect();
    assert_eq!(amounts, [Cents(200), Cents(100), Cents(100)]);
}

#[test]
fn a_household_where_nobody_pays_blocks() {
    let mut town = Town::new("2026-10");
    town.forfait("repas", "acte", "4.00", "");
    town.activity("repas", Recording::Appel, "");
    town.the_household().payers.clear();
    town.call("E1", "2026-10-05", "12:00", Some("repas"));
    let draft = town.draft();
    assert_eq!((kinds(&draft.problems), draft.is_issuable(), draft.total_cents), (vec!["payeur_absent"], false, Cents(400)));
}

#[test]
fn each_regie_has_its_own_invoice_and_can_be_asked_alone() {
    let mut town = Town::new("2026-10");
    town.forfait("repas", "acte", "4.00", "").forfait("soir", "demi_heure", "1.00", "");
    town.activity("repas", Recording::Appel, "").regie = "R2".into();
    town.activity("soir", Recording::Depart, "16:30-18:30");
    town.call("E1", "2026-10-05", "12:00", Some("repas")).leave("E1", "2026-10-05", "17:00", Some("soir"));
    let of = |regie: Option<&str>, town: &mut Town| -> Vec<(String, Cents)> {
        town.draft_of(true, regie).invoices.iter().map(|i| (i.regie.clone(), i.total_cents)).collect()
    };
    assert_eq!(of(None, &mut town), [("R1".to_owned(), Cents(100)), ("R2".to_owned(), Cents(400))]);
    assert_eq!(of(Some("R2"), &mut town), [("R2".to_owned(), Cents(400))]);
}

#[test]
fn a_booking_is_billed_as_the_tariff_says() {
    for (facture, no_show, short, long, without) in
        [("presence", "", "1", "3", "2"), ("reservation", "2", "2", "2", "2"), ("le_plus_grand", "2", "2", "3", "2")]
    {
        let quantity = |stay: Option<&str>, state: Option<BookingState>| {
            let mut town = Town::new("2026-10");
            town.forfait("soir", "demi_heure", "1.00", &format!("facture = \"{facture}\""));
            town.activity("soir", Recording::Heures, "16:30-18:30");
            if let Some(state) = state {
                town.book("E1", "soir", "2026-10-05", "16:30-17:30", state);
            }
            if let Some(until) = stay {
                town.stay("E1", "2026-10-05", "16:30", until, "soir");
            }
            let draft = town.draft();
            draft.invoices.first().map_or(String::new(), |invoice| invoice.lines[0].quantity.clone())
        };
        assert_eq!(quantity(None, Some(BookingState::Booked)), no_show, "{facture}: a no-show");
        assert_eq!(quantity(None, Some(BookingState::UnjustifiedAbsence)), no_show, "{facture}: absent without reason");
        assert_eq!(quantity(Some("16:45"), Some(BookingState::Booked)), short, "{facture}: left early");
        assert_eq!(quantity(Some("18:00"), Some(BookingState::Booked)), long, "{facture}: stayed longer");
        assert_eq!(quantity(Some("17:30"), None), without, "{facture}: not booked");
        for state in [BookingState::Cancelled, BookingState::JustifiedAbsence, BookingState::Waiting, BookingState::Refused] {
            assert_eq!(quantity(None, Some(state)), "", "{facture}: {state:?}");
        }
    }
}

#[test]
fn an_unplanned_presence_counts_once_and_is_told_where_a_booking_is_obligatory() {
    let mut town = Town::new("2026-10");
    town.forfait("repas", "acte", "4.00", "facture = \"le_plus_grand\"");
    town.activity("repas", Recording::Appel, "").booking = BookingRule::Obligatoire;
    town.call("E1", "2026-10-05", "12:00", Some("repas"));
    let draft = town.draft();
    assert_eq!((read_all(&draft), kinds(&draft.problems)), (vec!["repas 1 × 4.00 = 4.00".to_owned()], vec!["presence_sans_reservation"]));
}

#[test]
fn an_enrolment_alone_is_never_a_booking() {
    let mut town = Town::new("2026-10");
    town.forfait("repas", "acte", "4.00", "facture = \"reservation\"");
    town.activity("repas", Recording::Appel, "");
    town.enrol("E1", "repas");
    assert_eq!(town.draft().invoices, []);
}
