//! PSU contracts: published amounts (shared vectors B2 to B9), the CNAF's absences, and each rule of billing.md.

use crate::town::*;
use proptest::prelude::*;
use rules::input::{Absence, AbsenceReason, Attachment, Contract, Custody, CustodyCalendar, Situation, Slot, Weeks};
use rules::problem::ProblemKind;
use rules::wording::{Reader, why};
use rust_decimal::Decimal;
use shared::calendar::Month;
use shared::money::Cents;
use shared::roster::Recording;

/// A crèche whose hour costs what resources of that many euros and one child come to in 2026.
fn creche(month: &'static str, resources: &str, more: &str) -> Town {
    let mut town = Town::new(month);
    town.tariff(&format!("code = \"creche\"\nlibelle = \"Crèche\"\nmethode = \"psu\"\naccueil = \"collectif\"\n{more}\n"));
    town.activity("creche", Recording::Heures, "");
    town.the_household().situations.push(resources_of("2025-01-01", resources));
    town
}

/// 5 606 € × 0.0619 % = 3.470114: 3.47 € an hour.
const AT_3_47: &str = "5606.00";

fn resources_of(from: &str, resources: &str) -> Situation {
    Situation { monthly_resources: Some(resources.parse().unwrap()), dependent_children: Some(1), ..situation(from, None, None) }
}

fn decimal(text: &str) -> Decimal {
    text.parse().unwrap()
}

/// Hours a week, weeks, parts; Monday to Friday from 8:30 to 17:00.
fn contract(code: &str, days: (&str, &str), weekly: &str, weeks: &str, parts: u32) -> Contract {
    use chrono::Weekday::{Fri, Mon, Thu, Tue, Wed};
    let slot = |weekday| Slot { weeks: Weeks::All, weekday, from: "08:30:00".parse().unwrap(), to: "17:00:00".parse().unwrap() };
    Contract {
        code: code.into(),
        activity: id("creche"),
        household: None,
        from: day(days.0),
        to: day(days.1),
        weekly_hours: decimal(weekly),
        weeks: decimal(weeks),
        planned_leave_hours: Decimal::ZERO,
        monthly_parts: parts,
        adaptation_until: None,
        slots: [Mon, Tue, Wed, Thu, Fri].map(slot).to_vec(),
        leave: Vec::new(),
    }
}

fn give(town: &mut Town, child: &str, contract: Contract) {
    town.input.children.iter_mut().find(|c| c.code == child).unwrap().contracts.push(contract);
}

/// `mensualite 126.5 × 3.47 = 438.96`: what of the contract, and the rest as it is read aloud.
fn lines(town: &mut Town) -> Vec<String> {
    let draft = town.draft();
    let all = draft.invoices.iter().flat_map(|invoice| &invoice.lines);
    all.map(|line| {
        let part = line.part.split(':').next().unwrap();
        format!("{part} {} × {} = {}", line.quantity, line.unit_price_cents.to_euros(), line.amount_cents.to_euros())
    })
    .collect()
}

fn absence(from: &str, to: &str, reason: AbsenceReason, certified: bool) -> Absence {
    Absence { from: day(from), to: day(to), reason, certified }
}

fn absent(town: &mut Town, absence: Absence) {
    town.input.children[0].absences.push(absence);
}

const YEAR: (&str, &str) = ("2025-09-01", "2026-08-31");

#[test]
fn every_published_part_of_a_contract_comes_out() {
    // id, hours a week, weeks, planned leave, parts, resources that give the printed hourly tariff, expected part.
    for (id, weekly, weeks, leave, parts, resources, expected) in [
        // 3 587 € × 0.0619 % = 2.2203.
        ("B2 Vincennes 2022", "45", "46", "0", 12, "3587", "mensualite 172.5 × 2.22 = 382.95"),
        ("B3 Vincennes, earlier year", "45", "46", "0", 12, "3910", "mensualite 172.5 × 2.42 = 417.45"),
        ("B4 885.5 h over 7 months", "38.5", "23", "0", 7, AT_3_47, "mensualite 126.5 × 3.47 = 438.96"),
        ("B6 second child, 831.5 h", "38.5", "23", "54", 7, AT_3_47, "mensualite 118.79 × 3.47 = 412.20"),
        ("creche-vesubie.fr", "34", "42", "0", 12, "3232", "mensualite 119 × 2.00 = 238.00"),
    ] {
        let mut town = creche("2025-09", resources, "");
        let of_year = Contract { planned_leave_hours: decimal(leave), ..contract("C1", YEAR, weekly, weeks, parts) };
        give(&mut town, "E1", of_year);
        assert_eq!(lines(&mut town), [expected], "{id}");
    }
}

#[test]
fn two_children_add_up_and_a_complement_to_the_minute_is_its_own_line() {
    let mut town = creche("2025-09", AT_3_47, "pas = \"minute\"");
    town.child("E2", "F1", "2024-01-01");
    give(&mut town, "E1", contract("C1", YEAR, "38.5", "23", 7));
    let second = Contract { planned_leave_hours: decimal("54"), ..contract("C2", YEAR, "38.5", "23", 7) };
    give(&mut town, "E2", second);
    let draft = town.draft();
    assert_eq!(draft.total_cents, Cents(85_116), "B6");
    // B7: 83 minutes on two mornings and an evening.
    town.stay("E1", "2025-09-02", "08:00", "17:20", "creche").stay("E1", "2025-09-03", "07:57", "16:00", "creche");
    let draft = town.draft();
    let of_first: Vec<(&str, i64)> =
        draft.invoices[0].lines.iter().filter(|l| l.child == "E1").map(|l| (l.part.as_str(), l.amount_cents.0)).collect();
    assert_eq!(of_first, [("mensualite:C1", 43_896), ("complement:C1", 480)], "B7: 438.96 + 4.80 = 443.76");
}

#[test]
fn an_absence_told_too_late_is_due_in_full() {
    let mut town = creche("2025-09", AT_3_47, "");
    let second = Contract { planned_leave_hours: decimal("54"), ..contract("C2", YEAR, "38.5", "23", 7) };
    give(&mut town, "E1", second);
    absent(&mut town, absence("2025-09-08", "2025-09-12", AbsenceReason::Other, false));
    assert_eq!(lines(&mut town), ["mensualite 118.79 × 3.47 = 412.20"], "B9");
}

#[test]
fn an_illness_is_deducted_from_its_fourth_calendar_day_with_a_certificate_and_an_eviction_from_the_first() {
    let eight_hours = |mut c: Contract| {
        c.slots.iter_mut().for_each(|slot| slot.to = "16:30:00".parse().unwrap());
        c
    };
    let billed = |absences: &[Absence]| {
        let mut town = creche("2025-09", AT_3_47, "");
        give(&mut town, "E1", eight_hours(contract("C1", YEAR, "40", "46", 12)));
        absences.iter().for_each(|a| absent(&mut town, *a));
        let lines = lines(&mut town);
        lines.into_iter().filter(|line| line.starts_with("deduction")).collect::<Vec<_>>()
    };
    use AbsenceReason::{Eviction, Hospital, Illness};
    // Friday 12 to Tuesday 16 September 2025: the waiting days are Friday, Saturday and Sunday.
    assert_eq!(billed(&[absence("2025-09-12", "2025-09-16", Illness, true)]), ["deduction -16 × 3.47 = -55.52"]);
    assert!(billed(&[absence("2025-09-12", "2025-09-16", Illness, false)]).is_empty(), "without a certificate all is due");
    assert!(billed(&[absence("2025-09-15", "2025-09-17", Illness, true)]).is_empty(), "three days are not more than three");
    assert_eq!(billed(&[absence("2025-09-15", "2025-09-18", Illness, true)]), ["deduction -8 × 3.47 = -27.76"]);
    let prolonged = [absence("2025-09-15", "2025-09-17", Illness, true), absence("2025-09-18", "2025-09-19", Illness, true)];
    assert_eq!(billed(&prolonged), ["deduction -16 × 3.47 = -55.52"], "a second certificate prolongs, and waits for nothing again");
    for reason in [Eviction, Hospital, AbsenceReason::Closure] {
        assert_eq!(billed(&[absence("2025-09-15", "2025-09-15", reason, true)]), ["deduction -8 × 3.47 = -27.76"], "{reason:?}");
    }
    // An illness that began in August: its waiting days are August's.
    assert_eq!(billed(&[absence("2025-08-30", "2025-09-02", Illness, true)]), ["deduction -8 × 3.47 = -27.76"], "Tuesday 2 alone");
}

#[test]
fn the_two_settings_of_an_illness_are_the_town_s() {
    let billed = |more: &str| {
        let mut town = creche("2025-09", AT_3_47, more);
        give(&mut town, "E1", contract("C1", YEAR, "42.5", "46", 12));
        absent(&mut town, absence("2025-09-15", "2025-09-16", AbsenceReason::Illness, true));
        lines(&mut town).into_iter().filter(|line| line.starts_with("deduction")).collect::<Vec<_>>()
    };
    assert!(billed("").is_empty());
    assert_eq!(billed("carence_jours = 0\nmaladie_seuil_jours = 1"), ["deduction -17 × 3.47 = -58.99"]);
    assert_eq!(billed("carence_jours = 1\nmaladie_seuil_jours = 2"), ["deduction -8.5 × 3.47 = -29.50"]);
}

#[test]
fn a_child_who_came_all_the_same_is_not_deducted_and_a_strike_is_whoever_was_awaited() {
    let mut town = creche("2025-09", AT_3_47, "");
    give(&mut town, "E1", contract("C1", YEAR, "42.5", "46", 12));
    absent(&mut town, absence("2025-09-15", "2025-09-16", AbsenceReason::Eviction, true));
    town.stay("E1", "2025-09-16", "08:30", "12:00", "creche");
    let strike = (day("2025-09-18"), day("2025-09-18"));
    town.input.centres[0].closures = vec![strike, (day("2025-09-22"), day("2025-09-26"))];
    town.input.centres[0].unforeseen_closures = vec![strike];
    let got = lines(&mut town);
    // Monday 15, and the strike of Thursday 18; the week of leave is in the contract's weeks already.
    assert_eq!(got, ["mensualite 162.92 × 3.47 = 565.33", "deduction -17 × 3.47 = -58.99"]);
}

#[test]
fn a_complement_is_before_and_after_the_reserved_hours_and_leaving_early_is_never_set_against_it() {
    let billed = |more: &str, from: &str, to: &str| {
        let mut town = creche("2025-09", AT_3_47, more);
        give(&mut town, "E1", contract("C1", YEAR, "42.5", "46", 12));
        town.stay("E1", "2025-09-15", from, to, "creche");
        let all = town.draft().invoices.remove(0).lines;
        all.into_iter().filter(|l| l.part.starts_with("complement")).map(|l| l.quantity).collect::<Vec<_>>().join(" ")
    };
    for (more, from, to, expected) in [
        ("", "08:30", "17:00", ""),
        ("", "08:20", "12:00", "0.5"),
        ("", "08:20", "17:10", "1"),
        ("", "07:55", "17:31", "2"),
        ("decompte = \"cadran\"", "07:55", "17:31", "2"),
        ("decompte = \"cadran\"", "08:20", "17:10", "1"),
        ("tolerance_minutes = 10", "08:20", "17:10", ""),
        ("tolerance_minutes = 10", "08:19", "17:10", "0.5"),
        ("tolerance_minutes = 10", "08:30", "17:40", "0.5"),
        ("tolerance_minutes = 10", "08:30", "17:41", "1"),
        ("tolerance_minutes = 10\ndecompte = \"cadran\"", "08:20", "17:40", "0.5"),
        ("tolerance_minutes = 10\ndecompte = \"cadran\"", "08:30", "17:41", "1"),
        ("", "07:00", "08:00", "1"),
    ] {
        assert_eq!(billed(more, from, to), expected, "{more} {from}–{to}");
    }
}

#[test]
fn several_presences_and_several_reserved_ranges_of_a_day_each_count_by_themselves() {
    let mut town = creche("2025-09", AT_3_47, "");
    let mut halves = contract("C1", YEAR, "35", "46", 12);
    let afternoon: Vec<Slot> = halves.slots.iter().map(|s| Slot { from: "14:00:00".parse().unwrap(), ..*s }).collect();
    halves.slots.iter_mut().for_each(|s| s.to = "12:00:00".parse().unwrap());
    halves.slots.extend(afternoon);
    give(&mut town, "E1", halves);
    town.stay("E1", "2025-09-15", "08:30", "12:10", "creche").stay("E1", "2025-09-15", "13:20", "17:05", "creche");
    // 10 minutes after the morning, 40 before the afternoon, 5 after it: one, two and one half-hour.
    let got = lines(&mut town);
    assert_eq!(got[1], "complement 2 × 3.47 = 6.94");
}

#[test]
fn a_day_without_reserved_hours_counts_whole_and_so_does_one_of_leave() {
    let mut town = creche("2025-09", AT_3_47, "");
    let mut four_days = contract("C1", YEAR, "34", "46", 12);
    four_days.slots.remove(2);
    four_days.leave = vec![(day("2025-09-22"), day("2025-09-23"))];
    give(&mut town, "E1", four_days);
    // A Wednesday, and a Monday of leave.
    town.stay("E1", "2025-09-17", "09:00", "12:00", "creche").stay("E1", "2025-09-22", "09:00", "10:10", "creche");
    assert_eq!(lines(&mut town)[1], "complement 4.5 × 3.47 = 15.62");
}

#[test]
fn odd_and_even_weeks_reserve_their_own_hours() {
    let mut town = creche("2025-09", AT_3_47, "");
    let mut alternate = contract("C1", YEAR, "42.5", "23", 12);
    alternate.slots.iter_mut().for_each(|slot| slot.weeks = Weeks::Odd);
    give(&mut town, "E1", alternate);
    // Week 37 is odd, week 38 even.
    town.stay("E1", "2025-09-08", "08:30", "17:00", "creche").stay("E1", "2025-09-15", "08:30", "10:30", "creche");
    assert_eq!(lines(&mut town)[1], "complement 2 × 3.47 = 6.94");
}

#[test]
fn a_contract_from_the_20th_has_its_first_part_in_full_and_its_last_takes_what_is_missing() {
    // 831.5 h in 7 parts of 118.79 h: the last is 118.76 h, and nothing falls behind it.
    let billed = |month: &'static str| {
        let mut town = creche(month, AT_3_47, "");
        let late = contract("C1", ("2025-09-20", "2026-05-31"), "38.5", "23", 7);
        give(&mut town, "E1", Contract { planned_leave_hours: decimal("54"), ..late });
        lines(&mut town)
    };
    assert_eq!(billed("2025-09"), ["mensualite 118.79 × 3.47 = 412.20"]);
    assert_eq!(billed("2026-03"), ["mensualite 118.76 × 3.47 = 412.10"]);
    assert!(billed("2026-04").is_empty() && billed("2026-06").is_empty() && billed("2025-08").is_empty());
}

#[test]
fn a_change_of_resources_holds_from_the_first_of_the_month_after_and_a_new_ceiling_from_its_month() {
    let billed = |month: &'static str, resources: &str| {
        let mut town = creche(month, resources, "");
        town.the_household().situations.push(resources_of("2025-10-15", "3000"));
        give(&mut town, "E1", contract("C1", YEAR, "45", "46", 12));
        lines(&mut town)
    };
    assert_eq!(billed("2025-10", AT_3_47), ["mensualite 172.5 × 3.47 = 598.58"]);
    assert_eq!(billed("2025-11", AT_3_47), ["mensualite 172.5 × 1.86 = 320.85"]);
    let at_the_ceiling = |month: &'static str| {
        let mut town = creche(month, "9000", "valable_du = 2024-01-01");
        give(&mut town, "E1", contract("C1", ("2025-01-01", "2025-12-31"), "45", "46", 12));
        lines(&mut town)
    };
    assert_eq!(at_the_ceiling("2025-08"), ["mensualite 172.5 × 4.33 = 746.93"], "7 000 €");
    assert_eq!(at_the_ceiling("2025-09"), ["mensualite 172.5 × 5.26 = 907.35"], "8 500 €, a running contract too");
}

#[test]
fn a_broken_contract_stops_with_its_month_and_settles_what_was_reserved() {
    let mut town = creche("2025-11", AT_3_47, "");
    give(&mut town, "E1", contract("C1", ("2025-09-01", "2025-11-14"), "42.5", "46", 12));
    // Reserved: 22 days of September, 23 of October, 9 of November (the 11th is a holiday) at 8.5 h; parts: 3 × 162.92 h.
    assert_eq!(lines(&mut town), ["mensualite 162.92 × 3.47 = 565.33", "regularisation -29.76 × 3.47 = -103.27"]);
    let mut next = creche("2025-12", AT_3_47, "");
    give(&mut next, "E1", contract("C1", ("2025-09-01", "2025-11-14"), "42.5", "46", 12));
    assert!(lines(&mut next).is_empty());
}

#[test]
fn a_contract_that_ran_its_months_settles_nothing() {
    let mut town = creche("2026-08", AT_3_47, "");
    give(&mut town, "E1", contract("C1", YEAR, "42.5", "46", 12));
    assert_eq!(lines(&mut town), ["mensualite 162.88 × 3.47 = 565.19"], "the last of twelve parts, and no more");
}

#[test]
fn two_contracts_that_follow_each_other_in_a_month_are_two_parts_and_one_settlement() {
    let mut town = creche("2025-10", AT_3_47, "");
    give(&mut town, "E1", contract("C1", ("2025-09-01", "2025-10-15"), "42.5", "46", 12));
    give(&mut town, "E1", contract("C2", ("2025-10-16", "2026-08-31"), "20", "40", 11));
    let got: Vec<String> = town.draft().invoices.remove(0).lines.into_iter().map(|l| l.part).collect();
    assert_eq!(got, ["mensualite:C1", "regularisation:C1", "mensualite:C2"]);
}

#[test]
fn the_hours_of_an_adaptation_are_free() {
    let mut town = creche("2025-09", AT_3_47, "");
    let adapting = contract("C1", YEAR, "42.5", "46", 12);
    give(&mut town, "E1", Contract { adaptation_until: Some(day("2025-09-03")), ..adapting });
    town.stay("E1", "2025-09-02", "08:00", "18:00", "creche").stay("E1", "2025-09-04", "08:30", "17:30", "creche");
    assert_eq!(lines(&mut town), ["mensualite 162.92 × 3.47 = 565.33", "adaptation -25.5 × 3.47 = -88.49", "complement 0.5 × 3.47 = 1.74"]);
}

#[test]
fn parents_apart_have_a_contract_each_at_their_own_resources() {
    let mut town = creche("2025-09", AT_3_47, "");
    town.household("F2", &["R2"]).situations.push(resources_of("2025-01-01", "3000"));
    let mut weeks = |code: &str, home: &str, weeks: Weeks| {
        let mut of_parent = contract(code, YEAR, "42.5", "23", 12);
        of_parent.household = Some(id(home));
        of_parent.slots.iter_mut().for_each(|slot| slot.weeks = weeks);
        give(&mut town, "E1", of_parent);
    };
    weeks("C1", "F1", Weeks::Odd);
    weeks("C2", "F2", Weeks::Even);
    let alternating = |home: &str, calendar| Attachment {
        household: id(home),
        from: None,
        to: None,
        custody: Custody::Alternating,
        calendar: Some(calendar),
        pivot: None,
    };
    town.input.children[0].attachments = vec![alternating("F1", CustodyCalendar::OddWeeks), alternating("F2", CustodyCalendar::EvenWeeks)];
    // Monday of week 38, the father's: an hour too long is his.
    town.stay("E1", "2025-09-15", "08:30", "18:00", "creche");
    let draft = town.draft();
    let by_payer: Vec<(&str, Vec<&str>)> =
        draft.invoices.iter().map(|i| (i.payer.as_str(), i.lines.iter().map(|l| l.part.as_str()).collect())).collect();
    assert_eq!(by_payer, [("R1", vec!["mensualite:C1"]), ("R2", vec!["mensualite:C2", "complement:C2"])]);
    assert_eq!(draft.invoices[1].lines[1].amount_cents, Cents(186));
}

#[test]
fn a_contract_without_reserved_hours_bills_its_part_and_says_what_it_cannot_reckon() {
    let mut town = creche("2025-09", AT_3_47, "");
    give(&mut town, "E1", Contract { slots: Vec::new(), ..contract("C1", YEAR, "45", "46", 12) });
    assert!(town.draft().problems.is_empty(), "nothing happened that it would have to reckon");
    town.stay("E1", "2025-09-02", "08:00", "18:00", "creche");
    assert_eq!(lines(&mut town), ["mensualite 172.5 × 3.47 = 598.58"]);
    let [problem] = town.draft().problems.try_into().unwrap();
    assert_eq!((problem.kind, problem.blocking), (ProblemKind::PsuContract, true));
    assert!(problem.message.contains("C1"), "{}", problem.message);
}

#[test]
fn a_contract_of_a_household_that_isn_t_the_child_s_is_told_and_bills_nobody() {
    let mut town = creche("2025-09", AT_3_47, "");
    give(&mut town, "E1", Contract { household: Some(id("F9")), ..contract("C1", YEAR, "45", "46", 12) });
    let draft = town.draft();
    assert!(draft.invoices.is_empty());
    assert_eq!(kinds(&draft.problems), ["contrat_psu"]);
    assert!(draft.problems[0].blocking);
}

#[test]
fn a_departure_that_nobody_touched_adds_nothing_and_blocks() {
    let mut town = creche("2025-09", AT_3_47, "");
    give(&mut town, "E1", contract("C1", YEAR, "45", "46", 12));
    town.arrive("E1", "2025-09-02", "08:05", Some("creche"));
    let draft = town.draft();
    assert_eq!(lines(&mut town), ["mensualite 172.5 × 3.47 = 598.58", "complement 0.5 × 3.47 = 1.74"]);
    assert_eq!(kinds(&draft.problems), ["depart_manquant"]);
}

#[test]
fn a_missing_certificate_is_told_and_occasional_care_is_priced_by_the_hour() {
    let mut town = creche("2025-09", AT_3_47, "decompte = \"cadran\"");
    give(&mut town, "E1", contract("C1", YEAR, "45", "46", 12));
    absent(&mut town, absence("2025-09-08", "2025-09-12", AbsenceReason::Illness, false));
    town.child("E2", "F1", "2024-01-01");
    town.stay("E2", "2025-09-05", "08:20", "17:10", "creche");
    let draft = town.draft();
    assert_eq!(read_all(&draft), ["creche 172.5 × 3.47 = 598.58", "creche 9.5 × 3.47 = 32.97"]);
    let told: Vec<(&str, bool, Option<&str>)> = draft.problems.iter().map(|p| (p.kind.code(), p.blocking, p.child.as_deref())).collect();
    assert_eq!(told, [("certificat_absent", false, Some("E1"))]);
}

/// Hours of all parts of a contract of the year, month by month.
fn hours_of_parts(contract: &Contract) -> Decimal {
    let months = std::iter::successors(Some(Month::of(day(YEAR.0))), |month| Some(month.next())).take(12);
    let of_month = |month: Month| {
        let mut town = creche("2025-09", AT_3_47, "");
        town.month = month.to_string().leak();
        give(&mut town, "E1", contract.clone());
        let lines = town.draft().invoices.into_iter().flat_map(|i| i.lines);
        lines.filter(|l| l.part.starts_with("mensualite")).map(|l| decimal(&l.quantity)).sum::<Decimal>()
    };
    months.map(of_month).sum()
}

#[test]
fn a_family_reads_its_contract_what_went_beyond_it_and_what_was_deducted() {
    let mut town = creche("2025-09", AT_3_47, "");
    let planned = contract("C1", YEAR, "42.5", "46", 12);
    give(&mut town, "E1", Contract { planned_leave_hours: decimal("42.5"), ..planned });
    absent(&mut town, absence("2025-09-12", "2025-09-16", AbsenceReason::Illness, true));
    town.stay("E1", "2025-09-02", "08:05", "17:20", "creche");
    let lines = town.draft().invoices.remove(0).lines;
    let aloud = |reader| {
        lines.iter().map(|line| format!("{}\n{}", line.label, crate::wording::aloud(&why(line, reader)))).collect::<Vec<_>>().join("\n\n")
    };
    insta::assert_snapshot!(aloud(Reader::Guardian), @"
    creche, forfait mensuel
    159,38 heures à 3,47 €
    Tarif « Crèche », en vigueur depuis le 1er septembre 2025.
    Vos ressources sont de 5606 € par mois (attestation CAF, depuis le 1er janvier 2025).
    Barème national : 5606 € × 0,0619 % pour 1 enfant à charge = 3,47 € l’heure.
    Contrat du 1er septembre 2025 au 31 août 2026 : 42,5 h par semaine × 46 semaines − 42,5 h de congés prévus = 1912,5 h, en 12 mensualités de 159,38 h.
    Mensualité 1 sur 12 : 159,38 h.
    159,38 × 3,47 € = 553,05 €.

    creche, heures au-delà du contrat
    1 jour, 1 heure à 3,47 €
    mar. 2 | 8:05 – 17:20 | 1 × 3,47 € | réservé de 8:30 à 17:00
    Tarif « Crèche », en vigueur depuis le 1er septembre 2025.
    Vos ressources sont de 5606 € par mois (attestation CAF, depuis le 1er janvier 2025).
    Barème national : 5606 € × 0,0619 % pour 1 enfant à charge = 3,47 € l’heure.
    Contrat du 1er septembre 2025 au 31 août 2026 : 42,5 h par semaine × 46 semaines − 42,5 h de congés prévus = 1912,5 h, en 12 mensualités de 159,38 h.
    Le temps avant et après les heures réservées compte en plus, au même prix de l’heure.
    1 × 3,47 € = 3,47 €.

    creche, absences déduites
    2 jours, −17 heures à 3,47 €
    lun. 15 | - | −8,5 × 3,47 €
    mar. 16 | - | −8,5 × 3,47 €
    Tarif « Crèche », en vigueur depuis le 1er septembre 2025.
    Vos ressources sont de 5606 € par mois (attestation CAF, depuis le 1er janvier 2025).
    Barème national : 5606 € × 0,0619 % pour 1 enfant à charge = 3,47 € l’heure.
    Contrat du 1er septembre 2025 au 31 août 2026 : 42,5 h par semaine × 46 semaines − 42,5 h de congés prévus = 1912,5 h, en 12 mensualités de 159,38 h.
    Absence avec certificat, du vendredi 12 septembre au mardi 16 septembre : les heures réservées sont déduites à partir du lundi 15 septembre, après le délai de carence.
    −17 × 3,47 € = −58,99 €.
    Chaque jour, réservé de 8:30 à 17:00.
    ");
    for hidden in ["8:05", "17:20", "8:30", "5606", "maladie"] {
        assert!(!aloud(Reader::Payer).contains(hidden), "« {hidden} » in:\n{}", aloud(Reader::Payer));
    }
}

#[test]
fn hours_done_and_billed_are_what_the_cnaf_looks_at() {
    let mut town = creche("2025-09", AT_3_47, "");
    let adapting = contract("C1", YEAR, "42.5", "46", 12);
    give(&mut town, "E1", Contract { adaptation_until: Some(day("2025-09-02")), ..adapting });
    // An hour of adaptation; a day as reserved; one half an hour longer; one that ended early.
    for (date, from, to) in [
        ("2025-09-02", "09:00", "10:00"),
        ("2025-09-03", "08:30", "17:00"),
        ("2025-09-04", "08:30", "17:30"),
        ("2025-09-05", "08:30", "15:00"),
    ] {
        town.stay("E1", date, from, to, "creche");
    }
    town.child("E2", "F1", "2024-01-01");
    town.stay("E2", "2025-09-05", "08:30", "10:30", "creche");
    let [indicator] = town.priced(true, None).indicators.try_into().unwrap();
    // Done: 1 + 8.5 + 9 + 6.5 + 2. Billed: 162.92 − 17 of two days of adaptation + 0.5 + 2.
    assert_eq!((indicator.hours_done, indicator.hours_free, indicator.hours_billed), (decimal("27"), decimal("1"), decimal("148.42")));
    assert_eq!(indicator.rate_percent, Some(decimal("549.70")));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// Parts add up to the hours of the contract, whatever they are divided by.
    #[test]
    fn the_parts_of_a_contract_add_up_to_its_hours(weekly in 100u32..6000, weeks in 100u32..4700, leave in 0u32..9000, parts in 1u32..13) {
        let hundredths = |n: u32| Decimal::new(i64::from(n), 2);
        let contract = Contract {
            weekly_hours: hundredths(weekly),
            weeks: hundredths(weeks),
            planned_leave_hours: hundredths(leave),
            ..contract("C1", YEAR, "1", "1", parts)
        };
        let hours = (contract.weekly_hours * contract.weeks - contract.planned_leave_hours).max(Decimal::ZERO);
        prop_assert_eq!(hours_of_parts(&contract), hours);
    }

    /// A longer stay never costs less: leaving early takes nothing off.
    #[test]
    fn a_longer_stay_under_a_contract_never_costs_less(date in 0u64..28, minutes in 1u32..700, longer in 1u32..200) {
        let total = |minutes: u32| {
            let mut town = creche("2025-09", AT_3_47, "tolerance_minutes = 10");
            give(&mut town, "E1", contract("C1", YEAR, "42.5", "46", 12));
            let date = (day("2025-09-01") + chrono::Days::new(date)).to_string();
            let at = |minute: u32| format!("{:02}:{:02}", minute / 60, minute % 60);
            town.stay("E1", &date, &at(420), &at(420 + minutes), "creche");
            town.draft().total_cents
        };
        prop_assert!(total(minutes + longer) >= total(minutes));
    }
}
