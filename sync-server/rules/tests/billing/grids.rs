//! Grids that organisers printed: every cell must come out of a tariff file.
//!
//! Source of the figures: `tests/vectors/qf_grids.md`, which names each organiser.

use rules::tariff::{National, Tariff, check_examples, parse};

/// A grid of brackets: upper bounds (the last bracket is open) and a price for each.
struct Grid<'a> {
    unit: &'a str,
    bounds: &'a [u32],
    /// Conditions of a set of rows, the same as keys of an example, and the prices.
    rows: &'a [(&'a str, &'a [&'a str])],
}

impl Grid<'_> {
    /// The tariff file, with an example at both edges of each bracket and one without proof.
    fn file(&self) -> String {
        let mut text =
            format!("code = \"g\"\nlibelle = \"Grille\"\nvalable_du = 2025-09-01\nmethode = \"tranches_qf\"\nunite = \"{}\"\n", self.unit);
        let mut examples = String::new();
        for (conditions, prices) in self.rows {
            assert_eq!(prices.len(), self.bounds.len() + 1);
            for (index, price) in prices.iter().enumerate() {
                let lowest = if index == 0 { 0 } else { self.bounds[index - 1] + 1 };
                let highest = self.bounds.get(index);
                let qf_max = highest.map_or(String::new(), |highest| format!("qf_max = {highest}\n"));
                text += &format!("[[tranches]]\n{conditions}\nqf_min = {lowest}\n{qf_max}prix = \"{price}\"\n");
                for qf in [lowest, highest.copied().unwrap_or(50_000)] {
                    examples += &format!("[[exemples]]\n{conditions}\nquotient_familial = {qf}\nmontant = \"{price}\"\n");
                }
            }
            examples += &format!("[[exemples]]\n{conditions}\nmontant = \"{}\"\n", prices.last().unwrap());
        }
        text + &examples
    }

    /// Holds every example; how many there were.
    fn hold(&self) -> usize {
        hold(&parse(&self.file()).unwrap())
    }
}

fn hold(tariff: &Tariff) -> usize {
    let reports = check_examples(tariff, National::shipped());
    for report in &reports {
        assert!(report.holds, "{report}");
    }
    reports.len()
}

#[test]
fn grand_perigueux_by_regime() {
    let bounds = &[400, 700, 800, 1000, 1250, 1500];
    let with_meal: &[&str] = &["2.00", "2.50", "3.00", "7.00", "9.00", "11.00", "14.00"];
    let with_meal_others: &[&str] = &["4.00", "4.50", "5.00", "7.00", "9.00", "11.00", "14.00"];
    let day = Grid {
        unit: "journee",
        bounds,
        rows: &[("regime = \"caf\"", with_meal), ("regime = \"msa\"", with_meal_others), ("regime = \"autre\"", with_meal_others)],
    };
    assert_eq!(day.hold(), 45);
    let without_meal =
        Grid { unit: "journee", bounds, rows: &[("regime = \"caf\"", &["1.00", "1.50", "2.00", "6.00", "8.00", "10.00", "13.00"])] };
    assert_eq!(without_meal.hold(), 15);
    let half_day =
        Grid { unit: "demi_journee", bounds, rows: &[("regime = \"caf\"", &["2.00", "2.50", "3.00", "3.50", "4.50", "5.50", "7.00"])] };
    assert_eq!(half_day.hold(), 15);
}

const LIEUVIN: &[u32] = &[399, 599, 799, 1099, 1499];

#[test]
fn lieuvin_by_the_hour_and_half_day() {
    let hours = Grid { unit: "heure", bounds: LIEUVIN, rows: &[("", &["0.29", "0.71", "1.00", "1.35", "1.84", "2.13"])] };
    assert_eq!(hours.hold(), 13);
    let half_days = Grid { unit: "demi_journee", bounds: LIEUVIN, rows: &[("", &["0.92", "1.14", "1.61", "2.18", "2.98", "3.43"])] };
    assert_eq!(half_days.hold(), 13);
    for price in ["1.50", "3.50", "0.50"] {
        // Breakfast, lunch, snack.
        let flat = format!(
            "code = \"r\"\nlibelle = \"Repas\"\nvalable_du = 2025-09-01\nmethode = \"forfait\"\nunite = \"acte\"\nprix = \"{price}\"\n\
             [[exemples]]\nmontant = \"{price}\"\n[[exemples]]\nquotient_familial = 0\nmontant = \"{price}\"\n"
        );
        assert_eq!(hold(&parse(&flat).unwrap()), 2);
    }
}

#[test]
fn lieuvin_out_of_sector_pays_the_full_tariff_whatever_the_qf() {
    let rows: &[(&str, &[&str])] = &[
        ("resident = true", &["0.29", "0.71", "1.00", "1.35", "1.84", "2.13"]),
        ("resident = false", &["2.13", "2.13", "2.13", "2.13", "2.13", "2.13"]),
    ];
    assert_eq!(Grid { unit: "heure", bounds: LIEUVIN, rows }.hold(), 26);
    let rows: &[(&str, &[&str])] = &[
        ("resident = true", &["0.92", "1.14", "1.61", "2.18", "2.98", "3.43"]),
        ("resident = false", &["3.43", "3.43", "3.43", "3.43", "3.43", "3.43"]),
    ];
    assert_eq!(Grid { unit: "demi_journee", bounds: LIEUVIN, rows }.hold(), 26);
    // As one row without QF, which an organiser may write as well.
    let file = "code = \"g\"\nlibelle = \"Heure\"\nvalable_du = 2025-09-01\nmethode = \"tranches_qf\"\nunite = \"heure\"\n\
                [[tranches]]\nresident = true\nqf_min = 0\nqf_max = 1499\nprix = \"1.84\"\n[[tranches]]\nresident = true\nqf_min = 1500\nprix = \"2.13\"\n\
                [[tranches]]\nresident = false\nqf_min = 0\nprix = \"2.13\"\n\
                [[exemples]]\nresident = false\nquotient_familial = 100\nquantite = \"1.5\"\nprix_unitaire = \"2.13\"\nmontant = \"3.20\"\n\
                [[exemples]]\nresident = false\nmontant = \"2.13\"\n";
    assert_eq!(hold(&parse(file).unwrap()), 2);
}

#[test]
fn an_hour_and_a_half_at_1_35_is_2_03_and_ten_of_them_are_20_25() {
    let hours = Grid { unit: "heure", bounds: LIEUVIN, rows: &[("", &["0.29", "0.71", "1.00", "1.35", "1.84", "2.13"])] };
    let file = hours.file()
        + "[[exemples]]\nquotient_familial = 820\nquantite = \"1.5\"\nprix_unitaire = \"1.35\"\nmontant = \"2.03\"\n"
        + "[[exemples]]\nquotient_familial = 820\nquantite = \"15\"\nprix_unitaire = \"1.35\"\nmontant = \"20.25\"\n";
    assert_eq!(hold(&parse(&file).unwrap()), 15);
}

#[test]
fn champcevinel_canteen() {
    assert_eq!(Grid { unit: "acte", bounds: &[622, 1000, 1500], rows: &[("", &["1.00", "3.30", "3.40", "3.50"])] }.hold(), 9);
}

#[test]
fn le_clem_by_residence() {
    let bounds = &[436, 701, 885, 1000];
    let residents: [(&str, &[&str]); 4] = [
        ("journee", &["12.00", "17.00", "18.50", "21.50", "22.50"]),
        ("journee", &["6.50", "11.50", "13.00", "16.00", "17.00"]),
        ("demi_journee", &["9.50", "12.00", "13.00", "14.50", "15.50"]),
        ("demi_journee", &["4.00", "6.50", "7.50", "9.00", "10.00"]),
    ];
    let others: [&[&str]; 4] = [
        &["15.50", "21.00", "22.00", "24.50", "25.50"],
        &["10.00", "15.50", "16.50", "19.00", "20.00"],
        &["11.50", "14.50", "15.50", "16.50", "17.50"],
        &["6.00", "9.00", "10.00", "11.00", "12.00"],
    ];
    for ((unit, inside), outside) in residents.into_iter().zip(others) {
        assert_eq!(Grid { unit, bounds, rows: &[("resident = true", inside), ("resident = false", outside)] }.hold(), 22);
    }
}

#[test]
fn fay_aux_loges_linear_between_bounds() {
    let file = "code = \"l\"\nlibelle = \"Mercredi\"\nvalable_du = 2025-09-01\nmethode = \"taux_effort\"\nunite = \"demi_journee\"\ntaux = \"0.0036\"\nminimum = \"2.60\"\nmaximum = \"4.50\"\n";
    let examples: String = [
        ("900", "3.24"),
        ("500", "2.60"),
        ("1500", "4.50"),
        ("0", "2.60"),
        ("723", "2.60"),
        ("724", "2.61"),
        ("1250", "4.50"),
        ("1251", "4.50"),
    ]
    .iter()
    .map(|(qf, amount)| format!("[[exemples]]\nquotient_familial = {qf}\nmontant = \"{amount}\"\n"))
    .collect();
    assert_eq!(hold(&parse(&format!("{file}{examples}[[exemples]]\nmontant = \"4.50\"\n")).unwrap()), 9);
}

#[test]
fn veigy_foncenex_by_the_hour() {
    assert_eq!(Grid { unit: "heure", bounds: &[750], rows: &[("", &["2.30", "3.50"])] }.hold(), 5);
}

/// Crèches: the national rates of the day chosen by the example's date.
#[test]
fn published_hourly_prices_come_out_of_dated_national_rates() {
    let file = |rounding: &str, care: &str, examples: &str| {
        format!(
            "code = \"psu\"\nlibelle = \"Crèche\"\nvalable_du = 2018-01-01\nmethode = \"psu\"\naccueil = \"{care}\"\narrondi = \"{rounding}\"\n{examples}"
        )
    };
    let example = |date: &str, more: &str, amount: &str| format!("[[exemples]]\ndate = {date}\n{more}\nmontant = \"{amount}\"\n");
    let collective = [
        example("2020-03-01", "ressources_mensuelles = \"100\"", "0.43"),
        example("2020-03-01", "ressources_mensuelles = \"9000\"\nenfants_a_charge = 2", "2.84"),
        example("2019-03-01", "ressources_mensuelles = \"0\"", "0.41"),
        example("2019-03-01", "", "2.92"),
        example("2019-03-01", "ressources_mensuelles = \"3333.3333\"", "2.00"),
        example("2026-03-01", "ressources_mensuelles = \"0\"", "0.50"),
        example("2026-03-01", "", "5.26"),
        example("2024-09-01", "ressources_mensuelles = \"7000\"", "4.33"),
        example("2022-03-01", "ressources_mensuelles = \"6000.01\"", "3.71"),
        example("2025-09-01", "ressources_mensuelles = \"6716.92\"", "4.16"),
        example("2026-03-01", "ressources_mensuelles = \"3000\"\nenfants_a_charge = 3", "1.24"),
        example("2026-03-01", "ressources_mensuelles = \"3000\"\nenfants_a_charge = 4\nenfants_aeeh = 1", "0.62"),
        example("2026-03-01", "ressources_mensuelles = \"0\"\nenfants_a_charge = 8", "0.17"),
        example("2025-03-01", "ressources_mensuelles = \"0\"", "0.50"),
        // API Particulier's own test family: one child, with AEEH, 40 923 € a year.
        example("2026-03-01", "ressources_mensuelles = \"3410.25\"\nenfants_a_charge = 1\nenfants_aeeh = 1", "1.76"),
    ];
    assert_eq!(hold(&parse(&file("demi_superieur", "collectif", &collective.concat())).unwrap()), collective.len());
    let truncated = example("2022-03-01", "ressources_mensuelles = \"3600.00\"", "2.22")
        + &example("2026-03-01", "ressources_mensuelles = \"3000\"\nenfants_a_charge = 3", "1.23");
    assert_eq!(hold(&parse(&file("tronque", "collectif", &truncated)).unwrap()), 2);
    let family = example("2019-03-01", "ressources_mensuelles = \"0\"", "0.34") + &example("2026-03-01", "", "4.39");
    assert_eq!(hold(&parse(&file("demi_superieur", "familial", &family)).unwrap()), 2);
}
