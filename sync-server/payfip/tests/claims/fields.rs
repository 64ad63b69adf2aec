//! What PayFiP would refuse is refused here; what it takes is taken.

use payfip::fields::{MEL_CHARS_MAX, OBJET_CHARS_MAX, REFDET_CHARS_MAX, URL_CHARS_MAX};
use payfip::{CallbackUrl, Exer, FieldError, IdOp, Mel, Montant, NumCli, Objet, RefDet, Saisie, notified_operation};
use proptest::prelude::*;
use shared::money::Cents;

#[test]
fn a_client_number_keeps_its_leading_zeros_and_has_six_digits() {
    assert_eq!(NumCli::new("006270").unwrap().as_str(), "006270");
    for wrong in ["6270", "0062701", "00627a", "٠٠٦٢٧٠", " 06270", ""] {
        assert!(NumCli::new(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn a_reference_has_six_to_thirty_letters_and_digits() {
    for fits in ["ABCDEF", &"a1".repeat(REFDET_CHARS_MAX / 2)] {
        assert!(RefDet::new(fits).is_ok(), "{fits}");
    }
    for wrong in ["ABCDE", &"a".repeat(REFDET_CHARS_MAX + 1), "ABC-DEF", "ABC DEF", "ÉTÉ2026", ""] {
        assert!(RefDet::new(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn an_amount_is_at_least_a_euro_and_below_a_hundred_thousand() {
    assert_eq!(Montant::new(Cents(99)), Err(FieldError::MontantTooSmall(99)));
    assert_eq!(Montant::new(Cents(100)).unwrap().to_string(), "100");
    assert_eq!(Montant::new(Cents(9_999_999)).unwrap().to_string(), "9999999");
    assert_eq!(Montant::new(Cents(10_000_000)), Err(FieldError::MontantTooLarge(10_000_000)));
    assert!(Montant::new(Cents(-100)).is_err());
}

#[test]
fn an_address_has_six_to_eighty_characters_around_an_at_sign() {
    let longest = format!("a@{}", "b".repeat(MEL_CHARS_MAX - 2));
    for fits in ["a@b.fr", &longest] {
        assert!(Mel::new(fits).is_ok(), "{fits}");
    }
    for wrong in ["a@b.f", "abcdefgh", "@bcdefgh", "abcdefg@", "a b@c.fr", "a@b@c.fr", "a@b\n.fr", &format!("{longest}b"), ""] {
        assert!(Mel::new(wrong).is_err(), "{wrong}");
    }
    assert_eq!(format!("{:?}", Mel::new("john@doe.fr").unwrap()), "Mel(…)", "an address doesn't slip into a log");
}

#[test]
fn callbacks_are_whole_web_addresses_of_at_most_250_characters() {
    let start = "https://mairie.example/";
    let longest = format!("{start}{}", "a".repeat(URL_CHARS_MAX - start.len()));
    for fits in ["http://127.0.0.1:8080/n", &longest] {
        assert!(CallbackUrl::new(fits).is_ok(), "{fits}");
    }
    for wrong in [
        "",
        "mairie.example/n",
        "ftp://mairie.example/",
        "javascript:alert(1)",
        "https://u:p@mairie.example/",
        "https://m.example/#x",
        &format!("{longest}a"),
    ] {
        assert!(CallbackUrl::new(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn modes_are_those_of_the_web_service_and_years_have_four_digits() {
    for mode in [Saisie::Test, Saisie::Activation, Saisie::Production] {
        assert_eq!(mode.letter().parse::<Saisie>(), Ok(mode));
    }
    // A and M are production in the simple protocol: here they would be a mistake.
    for wrong in ["A", "M", "t", ""] {
        assert!(wrong.parse::<Saisie>().is_err());
    }
    assert!(Exer::new(26).is_err() && Exer::new(20_260).is_err() && Exer::new(2026).is_ok());
}

#[test]
fn a_label_loses_accents_and_marks_but_not_its_words() {
    let of = |text: &str| Objet::normalised(text).map(|objet| objet.to_string());
    assert_eq!(of("Cantine d'été – école Jean-Moulin (n° 12)").as_deref(), Some("Cantine d ete ecole Jean Moulin n 12"));
    assert_eq!(of("Facture\t09/2026  Œuvre").as_deref(), Some("Facture 09 2026 OEuvre"));
    assert_eq!(of("   "), None);
    assert_eq!(of("日本 €"), None);
    assert_eq!(of(&"mot ".repeat(60)).unwrap().len(), OBJET_CHARS_MAX - 1, "cut at 100, where a space stood");
}

#[test]
fn a_wrong_value_is_told_shortened_and_in_one_line() {
    let said = NumCli::new(&"9\n".repeat(1000)).unwrap_err().to_string();
    assert!(said.chars().count() < 250 && !said.contains('\n'), "{said}");
    assert!(said.contains("6 chiffres"));
}

const IDOP: &str = crate::IDOP;

#[test]
fn a_notification_names_its_operation_in_either_spelling_by_either_road() {
    for parameter in ["idop", "idOp"] {
        let pair = format!("{parameter}={IDOP}");
        assert_eq!(notified_operation("POST", None, pair.as_bytes()).unwrap().as_str(), IDOP);
        assert_eq!(notified_operation("POST", Some(&pair), b"").unwrap().as_str(), IDOP);
        assert_eq!(notified_operation("GET", Some(&format!("t=1&{pair}")), b"").unwrap().as_str(), IDOP);
        assert_eq!(notified_operation("POST", Some(&pair), pair.as_bytes()).unwrap().as_str(), IDOP, "the same, twice");
    }
}

#[test]
fn a_notification_that_names_none_or_two_or_nonsense_is_about_nothing() {
    let other = "6475fa10-b338-11e2-a082-001fe256bdfe";
    let pair = format!("idop={IDOP}");
    assert_eq!(notified_operation("POST", None, b""), None);
    assert_eq!(notified_operation("GET", None, pair.as_bytes()), None, "a GET has no body");
    assert_eq!(notified_operation("PUT", Some(&pair), b""), None);
    assert_eq!(notified_operation("POST", Some(&pair), format!("idOp={other}").as_bytes()), None, "two different ones");
    for wrong in ["", "1", "cc0cb210-1cd4-11ea-8cca-0213ad91a10", "cc0cb210+1cd4-11ea-8cca-0213ad91a103", "'; DROP TABLE--"] {
        assert_eq!(notified_operation("POST", None, format!("idop={wrong}").as_bytes()), None, "{wrong}");
    }
}

#[test]
fn a_notification_is_looked_at_up_to_its_limit() {
    let of = |bytes: usize| {
        let mut body = format!("idop={IDOP}&x=").into_bytes();
        body.resize(bytes, b'a');
        notified_operation("POST", None, &body)
    };
    assert!(of(payfip::NOTIFICATION_BYTES_MAX).is_some());
    assert!(of(payfip::NOTIFICATION_BYTES_MAX + 1).is_none());
}

proptest! {
    #[test]
    fn every_label_is_what_payfip_takes_and_normalising_again_changes_nothing(text in "\\PC{0,300}") {
        if let Some(objet) = Objet::normalised(&text) {
            let label = objet.as_str();
            prop_assert!(!label.is_empty() && label.len() <= OBJET_CHARS_MAX);
            prop_assert!(label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b' '));
            prop_assert!(!label.contains("  ") && label.trim() == label);
            prop_assert_eq!(Objet::normalised(label), Some(objet.clone()));
        }
    }

    #[test]
    fn no_constructor_and_no_notification_panics(text in "\\PC{0,120}", bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = (NumCli::new(&text), RefDet::new(&text), Mel::new(&text), CallbackUrl::new(&text), IdOp::new(&text), text.parse::<Saisie>());
        let _ = notified_operation("POST", Some(&text), &bytes);
    }
}
