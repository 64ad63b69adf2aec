//! What a tariff file may say, and how it is answered when it is wrong.

use rules::quantity::{Mode, Unit};
use rules::tariff::{Billed, Method, National, TariffError, WithoutProof, check_examples, parse};
use shared::money::Rounding;

/// The example of the file format, to the letter.
const SOIR: &str = include_str!("../tarifs/soir.toml");

fn errors(text: &str) -> Vec<TariffError> {
    parse(text).expect_err("this file is wrong")
}

fn messages(text: &str) -> Vec<String> {
    errors(text).iter().map(ToString::to_string).collect()
}

/// A tariff that is right but for the lines given.
fn forfait(more: &str) -> String {
    format!(
        "code = \"c\"\nlibelle = \"Cantine\"\nvalable_du = 2025-09-01\nmethode = \"forfait\"\nunite = \"acte\"\nprix = \"3.50\"\n{more}\n"
    )
}

fn tranches(rows: &[&str]) -> String {
    let header = "code = \"c\"\nlibelle = \"C\"\nvalable_du = 2025-09-01\nmethode = \"tranches_qf\"\nunite = \"acte\"\n";
    rows.iter().fold(header.to_owned(), |text, row| format!("{text}[[tranches]]\n{}\n", row.replace("; ", "\n")))
}

#[test]
fn the_example_of_the_format_is_read_and_holds() {
    let tariff = parse(SOIR).unwrap();
    assert_eq!((tariff.unit, tariff.counting.step, tariff.counting.mode), (Unit::DemiHeure, Unit::DemiHeure, Mode::Duree));
    assert_eq!((tariff.rounding, tariff.without_proof, tariff.billed), (Rounding::DemiSuperieur, WithoutProof::Maximum, Billed::Presence));
    let reports = check_examples(&tariff, National::shipped());
    assert!(reports.iter().all(|report| report.holds), "{reports:?}");
    assert_eq!(reports.len(), 1);
    assert_eq!(reports[0].to_string(), "ligne 26 : juste, 1,80 € (3 × 0,60 €)");
}

#[test]
fn what_is_left_out_has_the_default_of_the_format() {
    let tariff = parse(&forfait("")).unwrap();
    assert_eq!((tariff.rounding, tariff.without_proof, tariff.billed), (Rounding::DemiSuperieur, WithoutProof::Maximum, Billed::Presence));
    assert_eq!((tariff.counting.mode, tariff.counting.tolerance_minutes, tariff.bounded_by_schedule), (Mode::Duree, 0, false));
    assert!(tariff.valid_to.is_none() && tariff.examples.is_empty());
    let psu = parse("code=\"p\"\nlibelle=\"P\"\nvalable_du=2026-01-01\nmethode=\"psu\"\naccueil=\"collectif\"").unwrap();
    assert_eq!((psu.unit, psu.counting.step), (Unit::Heure, Unit::DemiHeure));
    let Method::Psu(settings) = psu.method else { panic!("a PSU tariff") };
    assert_eq!((settings.waiting_days, settings.illness_days_min), (3, 4));
}

#[test]
fn an_example_that_differs_says_its_line_what_was_expected_and_what_came() {
    let tariff = parse(&forfait("[[exemples]]\nquantite = \"17\"\nmontant = \"59.00\"")).unwrap();
    let report = &check_examples(&tariff, National::shipped())[0];
    assert!(!report.holds);
    assert_eq!(report.to_string(), "ligne 7 : attendu 59,00 €, obtenu 59,50 € (17 × 3,50 €)");
}

#[test]
fn an_example_whose_unit_price_differs_does_not_hold_even_if_the_amount_does() {
    let tariff = parse(&forfait("[[exemples]]\nquantite = \"0\"\nprix_unitaire = \"3.60\"\nmontant = \"0.00\"")).unwrap();
    assert!(!check_examples(&tariff, National::shipped())[0].holds);
}

#[test]
fn every_mistake_is_told_at_once_with_line_column_key_value_and_what_was_expected() {
    let text = "code = \"\"\nlibelle = \"X\"\nvalable_du = \"2025-09-01\"\nmethode = \"forfait\"\nunite = \"demi-heure\"\n  prix = 3.50\narrondi = \"sup\"\n";
    let found = errors(text);
    let places: Vec<(usize, usize, &str, &str)> = found.iter().map(|e| (e.line, e.column, e.key.as_str(), e.value.as_str())).collect();
    assert_eq!(
        places,
        [
            (1, 8, "code", "\"\""),
            (3, 14, "valable_du", "\"2025-09-01\""),
            (5, 9, "unite", "\"demi-heure\""),
            (6, 10, "prix", "3.50"),
            (7, 11, "arrondi", "\"sup\"")
        ]
    );
    assert!(found.iter().all(|e| e.expected.contains("attendu")), "{found:?}");
    assert_eq!(
        found[3].to_string(),
        "ligne 6, colonne 10 : prix = 3.50 : attendu un nombre positif entre guillemets, 2 décimales au plus : \"3.50\""
    );
}

#[test]
fn what_is_missing_is_named() {
    let found = messages("valable_du = 2025-09-01");
    for key in ["code", "libelle", "methode", "unite"] {
        assert!(found.iter().any(|message| message.contains(&format!(" {key} : clé obligatoire absente"))), "{key}: {found:?}");
    }
}

#[test]
fn a_misspelt_key_is_a_mistake_and_the_right_one_is_offered() {
    let found = messages(&forfait("tolerence_minutes = 5"));
    assert_eq!(
        found,
        ["ligne 7, colonne 1 : tolerence_minutes = tolerence_minutes : clé inconnue, attendu peut-être « tolerance_minutes »"]
    );
    assert!(messages(&tranches(&["qf_min = 0; prix = \"1.00\"; residant = true"]))[0].contains("« resident »"));
    assert!(messages(&tranches(&["qf_min = 0; prix = \"1.00\"; couleur = \"bleu\""]))[0].contains("clé inconnue ici"));
}

#[test]
fn a_price_is_exact_to_the_cent_or_refused() {
    for wrong in ["\"3.505\"", "\"-1.00\"", "\"1e3\"", "\"\"", "\"trois\"", "3", "true", "\"1 000.00\"", "\"99999999999.00\""] {
        let text = forfait("").replace("\"3.50\"", wrong);
        assert_eq!(errors(&text)[0].key, "prix", "{wrong}");
    }
    for right in ["\"3\"", "\"3,5\"", "\"3.50\"", "\"0\"", "\"0.00\""] {
        assert!(parse(&forfait("").replace("\"3.50\"", right)).is_ok(), "{right}");
    }
}

#[test]
fn a_hole_between_400_and_402_is_told_and_400_then_401_is_none() {
    assert!(parse(&tranches(&["qf_min = 0; qf_max = 400; prix = \"1.00\"", "qf_min = 401; prix = \"2.00\""])).is_ok());
    let found = messages(&tranches(&["qf_min = 0; qf_max = 400; prix = \"1.00\"", "qf_min = 402; prix = \"2.00\""]));
    assert_eq!(found, ["ligne 6, colonne 1 : tranches : aucun prix pour un QF de 401"]);
}

#[test]
fn a_grid_that_starts_above_0_or_ends_is_told() {
    assert!(messages(&tranches(&["qf_min = 1; prix = \"1.00\""]))[0].contains("aucun prix pour un QF de 0"));
    assert!(messages(&tranches(&["qf_min = 0; qf_max = 1500; prix = \"1.00\""]))[0].contains("un QF de 1501 et plus"));
}

#[test]
fn two_prices_for_one_qf_are_told_at_the_second() {
    let found = messages(&tranches(&["qf_min = 0; qf_max = 401; prix = \"1.00\"", "qf_min = 401; prix = \"2.00\""]));
    assert_eq!(found, ["ligne 10, colonne 1 : tranches : la tranche de la ligne 6 donne déjà un prix pour un QF de 401"]);
}

#[test]
fn each_regime_and_residence_must_be_whole_by_itself() {
    let found = messages(&tranches(&[
        "regime = \"caf\"; qf_min = 0; prix = \"1.00\"",
        "regime = \"msa\"; qf_min = 0; qf_max = 500; prix = \"2.00\"",
    ]));
    assert_eq!(found, ["ligne 10, colonne 1 : tranches : aucun prix pour un QF de 501 et plus (régime msa)"]);
    // A row for all régimes beside one for the CAF: two prices for a CAF family.
    assert!(messages(&tranches(&["prix = \"1.00\"", "regime = \"caf\"; prix = \"2.00\""]))[0].contains("donne déjà un prix"));
    assert!(parse(&tranches(&["resident = true; qf_min = 0; prix = \"1.00\"", "resident = false; prix = \"2.00\""])).is_ok());
}

#[test]
fn a_row_from_the_second_child_on_replaces_the_general_one() {
    let tariff = parse(&tranches(&[
        "prix = \"3.00\"",
        "rang_min = 2; prix = \"2.00\"",
        "rang_min = 3; qf_max = 500; prix = \"1.00\"",
        "enfants_min = 3; rang_min = 3; qf_min = 501; prix = \"1.50\"",
    ]))
    .unwrap();
    let text = |children: u32, rank: u32, qf: u32, amount: &str| {
        format!("[[exemples]]\nenfants_inscrits = {children}\nrang = {rank}\nquotient_familial = {qf}\nmontant = \"{amount}\"\n")
    };
    let examples = [
        text(1, 1, 0, "3.00"),
        text(3, 1, 0, "3.00"),
        text(3, 2, 900, "2.00"),
        text(3, 3, 500, "1.00"),
        text(3, 3, 501, "1.50"),
        text(5, 5, 9000, "1.50"),
    ]
    .concat();
    let with_examples = parse(&format!(
        "{}{examples}",
        tranches(&[
            "prix = \"3.00\"",
            "rang_min = 2; prix = \"2.00\"",
            "rang_min = 3; qf_max = 500; prix = \"1.00\"",
            "enfants_min = 3; rang_min = 3; qf_min = 501; prix = \"1.50\""
        ])
    ))
    .unwrap();
    assert_eq!(with_examples.method, tariff.method);
    for report in check_examples(&with_examples, National::shipped()) {
        assert!(report.holds, "{report}");
    }
    // Neither "second child" nor "three children" is above the other.
    assert!(
        messages(&tranches(&["prix = \"3.00\"", "rang_min = 2; prix = \"2.00\"", "enfants_min = 3; prix = \"1.00\""]))[0]
            .contains("donne déjà un prix")
    );
}

#[test]
fn settings_that_contradict_each_other_are_told() {
    for (more, key) in [
        ("tolerance_minutes = 5", "tolerance_minutes"),
        ("pas = \"demi_heure\"", "pas"),
        ("valable_au = 2025-08-31", "valable_au"),
        ("[[tranches]]\nprix = \"1.00\"", "tranches"),
        ("[[exemples]]\nmontant = \"1.00\"\nquantite = \"1.5\"", "exemples.quantite"),
        ("[[exemples]]\nmontant = \"1.00\"\narrivee = \"08:00\"", "exemples.arrivee"),
        ("[[exemples]]\nmontant = \"1.00\"\narrivee = \"18:00\"\ndepart = \"08:00\"", "exemples.depart"),
        ("[[exemples]]\nquantite = \"1\"", "exemples.montant"),
    ] {
        let found = errors(&forfait(more));
        assert_eq!(found.len(), 1, "{more}: {found:?}");
        assert_eq!(found[0].key, key, "{more}");
    }
    let hourly = forfait("").replace("\"acte\"", "\"demi_heure\"");
    assert_eq!(errors(&format!("{hourly}tolerance_minutes = 30"))[0].key, "tolerance_minutes");
    assert!(parse(&format!("{hourly}tolerance_minutes = 29")).is_ok());
}

#[test]
fn a_local_ceiling_may_lift_the_national_one_and_not_lower_it() {
    let psu = |ceiling: &str| {
        format!(
            "code=\"p\"\nlibelle=\"P\"\nvalable_du=2022-01-01\nmethode=\"psu\"\naccueil=\"collectif\"\nplafond_local=\"{ceiling}\"\n[[exemples]]\nressources_mensuelles=\"9000\"\nprix_unitaire=\"4.25\"\nmontant=\"4.25\""
        )
    };
    assert_eq!(errors(&psu("5999.99"))[0].key, "plafond_local");
    assert!(check_examples(&parse(&psu("6860.00")).unwrap(), National::shipped())[0].holds);
}

#[test]
fn a_local_ceiling_that_the_national_one_has_passed_since_no_longer_lowers_it() {
    let text = "code=\"p\"\nlibelle=\"P\"\nvalable_du=2022-01-01\nmethode=\"psu\"\naccueil=\"collectif\"\nplafond_local=\"6860.00\"\n[[exemples]]\ndate=2025-10-01\nressources_mensuelles=\"9000\"\nmontant=\"5.26\"";
    let report = &check_examples(&parse(text).unwrap(), National::shipped())[0];
    assert!(report.holds, "{report}");
}

#[test]
fn what_is_no_toml_is_told_with_its_place() {
    let found = errors("code = \"c\"\nlibelle = Soir\n");
    assert_eq!((found[0].line, found[0].key.as_str()), (2, ""));
    assert!(messages("code = \"a\"\ncode = \"b\"\n")[0].contains("clé en double"));
    assert!(parse(&"x".repeat(2_000_000)).is_err());
}

#[test]
fn a_file_saved_by_notepad_is_read() {
    assert!(parse(&format!("\u{feff}{}", forfait("").replace('\n', "\r\n"))).is_ok());
}
