//! Faults, records, and holding a record against what was sent.

use crate::{fault, idop, payment, record};
use payfip::{Error, FetchDetail, Montant, Outcome, Saisie, Sent, TechnicalKind, Unreadable, matches, parse_response, request_xml};
use proptest::prelude::*;
use shared::money::Cents;

fn detail(fields: &str) -> payfip::PaymentDetail {
    parse_response(&FetchDetail(idop()), 200, &record(fields)).unwrap()
}

const TRUE_RECORD: &str = "<dattrans>12122019</dattrans><exer>20</exer><heurtrans>1311</heurtrans><mel>john.doe@example.com</mel><montant>1000</montant><numauto>112233445566-tip</numauto><numcli>090909</numcli><refdet>ABCDEFGH</refdet><resultrans>P</resultrans><saisie>T</saisie>";

#[test]
fn the_recorded_exchange_reads_as_it_was() {
    let detail = detail(TRUE_RECORD);
    assert_eq!(detail.resultrans, Outcome::PaidByCard);
    assert_eq!(detail.montant, Some(Cents(1000)));
    assert_eq!(detail.saisie, Some(Saisie::Test));
    assert_eq!(detail.numauto.as_deref(), Some("112233445566-tip"));
    // 13:11 on a winter day in Paris.
    assert_eq!(detail.transacted_at().unwrap().to_rfc3339(), "2019-12-12T12:11:00+00:00");
    assert_eq!(detail.record.len(), 10, "the whole record is kept");
    assert!(!format!("{detail:?}").contains("john"), "but its address doesn't slip into a log");
    assert_eq!(matches(&Sent::from(&payment()), &detail), Ok(()), "though exer came back on two digits");
}

#[test]
fn times_are_paris_times_in_summer_too_and_nonsense_is_no_time() {
    let at = |day: &str, time: &str| detail(&format!("<dattrans>{day}</dattrans><heurtrans>{time}</heurtrans>")).transacted_at();
    assert_eq!(at("01072026", "0005").unwrap().to_rfc3339(), "2026-06-30T22:05:00+00:00");
    for (day, time) in
        [("31022026", "1200"), ("01072026", "2460"), ("1072026", "1200"), ("01072026", "900"), ("+1072026", "1200"), ("", "1200")]
    {
        assert_eq!(at(day, time), None, "{day} {time}");
    }
}

#[test]
fn letters_are_the_five_and_anything_else_is_for_a_person() {
    let of = |letter: &str| detail(&format!("<resultrans>{letter}</resultrans>")).resultrans;
    assert_eq!((of("P"), of("V"), of("R")), (Outcome::PaidByCard, Outcome::PaidByDebit, Outcome::CardRefused));
    assert_eq!((of("Z"), of("A")), (Outcome::DebitRefused, Outcome::Abandoned));
    for unknown in ["p", "PP", "Q", ""] {
        assert_eq!(of(unknown), Outcome::Unknown(unknown.into()));
        assert!(!of(unknown).is_paid());
    }
    assert_eq!(detail("").resultrans, Outcome::Unknown(String::new()));
}

#[test]
fn each_field_that_differs_or_is_absent_is_named_and_exer_never() {
    let sent = Sent::from(&payment());
    let lies = [("montant", "1000", "999"), ("refdet", "ABCDEFGH", "abcdefgh"), ("numcli", "090909", "090908"), ("saisie", ">T<", ">W<")];
    for (field, truth, lie) in lies {
        let differs = matches(&sent, &detail(&TRUE_RECORD.replace(truth, lie))).unwrap_err();
        assert_eq!(differs.differences.iter().map(|d| d.field).collect::<Vec<_>>(), [field]);
        assert!(differs.to_string().contains(field));
    }
    assert_eq!(matches(&sent, &detail("<resultrans>P</resultrans>")).unwrap_err().differences.len(), 4);
    for montant in ["+1000", "1000.0", "1e3", "99999999999999999999"] {
        assert!(matches(&sent, &detail(&TRUE_RECORD.replace("1000", montant))).is_err(), "{montant}");
    }
    assert_eq!(matches(&sent, &detail(&TRUE_RECORD.replace("<montant>1000", "<montant>0001000"))), Ok(()), "padding is no lie");
}

#[test]
fn faults_are_told_by_their_element_and_never_by_their_faultstring() {
    let of = |element: &str, fields: &str| parse_response(&FetchDetail(idop()), 500, &fault(element, fields)).unwrap_err();
    assert_eq!(of("FonctionnelleErreur", "<code>P1</code><descriptif/>"), Error::UnknownOperation);
    assert_eq!(of("FonctionnelleErreur", "<code>P5</code>"), Error::NotYetKnown);
    let kinds = [TechnicalKind::Malfunction, TechnicalKind::Unavailable, TechnicalKind::Protocol];
    for kind in kinds {
        let error = of(kind.element(), "<code>999</code><severite>2</severite>");
        assert_eq!(error, Error::Technical { kind, code: Some("999".into()) });
        assert!(error.is_retryable());
    }
    assert!(matches!(of("AutreErreur", "<code>P1</code>"), Error::Unreadable { reason: Unreadable::Unexpected(_), .. }));
    let unnamed = of("FonctionnelleErreur", "<severite>2</severite>");
    assert_eq!(unnamed, Error::Functional { code: "sans code".into(), libelle: String::new() });
    let long = of("FonctionnelleErreur", &format!("<code>T1</code><libelle>{}</libelle>", "a\n".repeat(400)));
    assert!(long.to_string().chars().count() < 400 && !long.to_string().contains('\n'));
    assert!(!long.is_retryable());
}

#[test]
fn p1_and_p5_have_their_meaning_where_an_operation_was_asked_for_only() {
    let answer = parse_response(&payment(), 500, &fault("FonctionnelleErreur", "<code>P5</code>"));
    assert!(matches!(answer, Err(Error::Functional { code, .. }) if code == "P5"));
}

#[test]
fn what_may_pass_is_tried_again_and_what_won_t_is_not() {
    let unreadable = |status| Error::Unreadable { status, reason: Unreadable::Empty }.is_retryable();
    assert!([200, 500, 502, 503, 429, 408].into_iter().all(unreadable));
    assert!(![301, 302, 400, 403, 404].into_iter().any(unreadable));
    assert!(Error::NotYetKnown.is_retryable() && Error::Timeout.is_retryable());
    let gone = Error::Unreachable { connected: false, detail: "ECONNREFUSED".into() };
    assert!(gone.is_retryable() && !gone.to_string().contains("ECONNREFUSED"), "a person reads French");
    assert!(!Error::UnknownOperation.is_retryable());
}

#[test]
fn a_request_is_what_the_service_reads() {
    let xml = request_xml(&payment());
    assert!(xml.contains("<arg0><exer>2026</exer><mel>john.doe@example.com</mel><montant>1000</montant><numcli>090909</numcli><objet>Cantine d ete</objet><refdet>ABCDEFGH</refdet><saisie>T</saisie><urlnotif>https://mairie.example/notification?a=1&amp;b=2</urlnotif><urlredirect>https://mairie.example/retour</urlredirect></arg0>"), "{xml}");
    assert!(request_xml(&FetchDetail(idop())).contains("<arg0><idOp>cc0cb210"), "with a capital O: `idop` is answered P1");
    let mut bare = payment();
    bare.objet = None;
    assert!(!request_xml(&bare).contains("objet"), "no value, no element");
}

proptest! {
    #[test]
    fn a_record_matches_exactly_the_payment_that_it_repeats(sent in 100i64..=9_999_999, received in 100i64..=9_999_999) {
        let mut payment = payment();
        payment.montant = Montant::new(Cents(sent)).unwrap();
        let repeated = detail(&TRUE_RECORD.replace("1000", &sent.to_string()));
        prop_assert_eq!(matches(&Sent::from(&payment), &repeated), Ok(()));
        let other = detail(&TRUE_RECORD.replace("1000", &received.to_string()));
        prop_assert_eq!(matches(&Sent::from(&payment), &other).is_ok(), sent == received);
    }
}
