//! What holds for any day and any tariff.

use crate::town::Town;
use proptest::prelude::*;
use rules::draft::Draft;
use rules::input::BookingState;
use rules::tariff::{National, check_examples, parse};
use shared::money::Cents;
use shared::roster::Recording;

const UNITS: [&str; 5] = ["acte", "heure", "demi_heure", "quart_heure", "minute"];

#[derive(Debug, Clone)]
struct Month {
    unit: &'static str,
    cadran: bool,
    billed: &'static str,
    price_cents: u32,
    /// Child, day of the month, minute of arrival, minutes of stay, whether the moment names the activity, whether booked.
    stays: Vec<(bool, u32, u32, u32, bool, bool)>,
    payers: u32,
}

prop_compose! {
    fn month()(
        unit in prop::sample::select(UNITS.to_vec()),
        cadran: bool,
        billed in prop::sample::select(vec!["presence", "reservation", "le_plus_grand"]),
        price_cents in 0u32..2000,
        stays in prop::collection::vec((any::<bool>(), 1u32..29, 420u32..1000, 0u32..400, any::<bool>(), any::<bool>()), 1..12),
        payers in 1u32..4,
    ) -> Month {
        Month { unit, cadran, billed, price_cents, stays, payers }
    }
}

fn clock(minute: u32) -> String {
    format!("{:02}:{:02}", minute / 60, minute % 60)
}

fn town(month: &Month) -> Town {
    let mut town = Town::new("2026-10");
    let price = format!("{}.{:02}", month.price_cents / 100, month.price_cents % 100);
    let mode = if month.cadran { "cadran" } else { "duree" };
    town.forfait("soir", month.unit, &price, &format!("decompte = \"{mode}\"\nfacture = \"{}\"", month.billed));
    town.activity("soir", Recording::Heures, "16:30-18:30");
    town.child("E2", "F1", "2020-01-01");
    town.the_household().payers = (0..month.payers).map(|n| rules::input::Payer { code: format!("R{n}"), share_bp: None }).collect();
    let mut stays = month.stays.clone();
    stays.sort_by_key(|stay| (stay.1, stay.2));
    for (first, date, from, length, named, booked) in stays {
        let child = if first { "E1" } else { "E2" };
        let date = format!("2026-10-{date:02}");
        let activity = named.then_some("soir");
        town.arrive(child, &date, &clock(from), activity).leave(child, &date, &clock(from + length), activity);
        if booked {
            // Two bookings of a day may stand side by side.
            town.book(child, "soir", &date, if named { "16:30-17:30" } else { "17:30-18:10" }, BookingState::Booked);
        }
    }
    town
}

fn bytes(draft: &Draft) -> String {
    serde_json::to_string(draft).unwrap()
}

fn whole(draft: &Draft) -> Cents {
    draft.invoices.iter().map(|invoice| invoice.total_cents).sum()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn the_same_data_in_any_order_gives_the_same_bytes(month in month(), seed in 0usize..1000) {
        let mut ordered = town(&month);
        let mut shuffled = town(&month);
        let facts = shuffled.facts.len();
        shuffled.facts.rotate_left(seed % facts);
        shuffled.facts.reverse();
        shuffled.input.children.reverse();
        shuffled.input.activities.reverse();
        shuffled.input.bookings.reverse();
        shuffled.the_household().payers.reverse();
        prop_assert_eq!(bytes(&ordered.draft()), bytes(&shuffled.draft()));
    }

    #[test]
    fn a_line_is_its_quantity_times_its_price_rounded_once_and_totals_are_sums(month in month()) {
        let one_payer = Month { payers: 1, ..month.clone() };
        let draft = town(&one_payer).draft();
        for line in draft.invoices.iter().flat_map(|invoice| &invoice.lines) {
            prop_assume!(month.unit != "minute" || line.quantity.len() < 6);
            let quantity: rust_decimal::Decimal = line.quantity.parse().unwrap();
            let exact = Cents::from_euros(quantity * line.unit_price_cents.to_euros(), shared::money::Rounding::DemiSuperieur);
            prop_assert_eq!(exact, line.amount_cents);
        }
        prop_assert_eq!(draft.total_cents, whole(&draft));
        // Shared among several payers, the same whole.
        prop_assert_eq!(whole(&town(&month).draft()), draft.total_cents);
    }

    #[test]
    fn a_longer_presence_never_costs_less(month in month(), which in 0usize..12, longer in 1u32..60) {
        let before = whole(&town(&Month { stays: apart(&month), ..month.clone() }).draft());
        let mut stretched = Month { stays: apart(&month), ..month };
        let index = which % stretched.stays.len();
        stretched.stays[index].3 += longer;
        prop_assert!(whole(&town(&stretched).draft()) >= before);
    }

    #[test]
    fn by_dial_never_costs_less_than_by_duration(month in month()) {
        let by = |cadran| whole(&town(&Month { cadran, ..month.clone() }).draft());
        prop_assert!(by(true) >= by(false));
    }

    #[test]
    fn a_broken_file_is_answered_and_never_breaks(text in "[a-z_]{1,12} ?= ?[\"0-9a-z.\\-\\[\\]\n#=é ]{0,40}\n{0,3}(\\[\\[tranches\\]\\]\nprix = \"[0-9.]{1,6}\"\n){0,3}") {
        if let Ok(tariff) = parse(&text) {
            let _ = check_examples(&tariff, National::shipped());
        }
    }
}

/// One stay a child and day: a longer one must not swallow the next arrival.
fn apart(month: &Month) -> Vec<(bool, u32, u32, u32, bool, bool)> {
    let mut stays = month.stays.clone();
    stays.sort();
    stays.dedup_by_key(|stay| (stay.0, stay.1));
    stays
}
