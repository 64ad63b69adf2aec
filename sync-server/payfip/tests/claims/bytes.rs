//! Hostile and broken bytes: an error, never a panic, never a result that isn't written there.

use crate::{IDOP, envelope, fault, idop, payment, record};
use payfip::{
    BODY_BYTES_MAX, DEPTH_MAX, ELEMENTS_MAX, Error, FetchClient, FetchDetail, NumCli, Outcome, TEXT_BYTES_MAX, Unreadable, parse_response,
    request_xml,
};
use proptest::prelude::*;

fn detail(body: &[u8]) -> Result<payfip::PaymentDetail, Error> {
    parse_response(&FetchDetail(idop()), 200, body)
}

fn reason(body: &[u8]) -> Unreadable {
    match detail(body) {
        Err(Error::Unreadable { status: 200, reason }) => reason,
        other => panic!("{other:?}"),
    }
}

const XML_DECLARATION: &str = r#"<?xml version="1.0" encoding="UTF-8"?>"#;

fn paid() -> Vec<u8> {
    record(&format!("<idOp>{IDOP}</idOp><montant>1000</montant><resultrans>P</resultrans>"))
}

#[test]
fn an_answer_cut_at_any_byte_is_never_a_result() {
    for whole in [paid(), fault("FonctionnelleErreur", "<code>P5</code><severite>2</severite>")] {
        for cut in 0..whole.len() {
            let read = detail(&whole[..cut]);
            assert!(matches!(read, Err(Error::Unreadable { .. })), "cut at {cut}: {read:?}");
        }
    }
    assert_eq!(detail(&paid()).unwrap().resultrans, Outcome::PaidByCard);
}

#[test]
fn nothing_is_expanded_and_nothing_is_fetched() {
    let laughs = r#"<!DOCTYPE l [<!ENTITY a "P"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>"#;
    let external = r#"<!DOCTYPE l [<!ENTITY b SYSTEM "file:///etc/passwd">]>"#;
    for document_type in [laughs, external, "<!DOCTYPE l>", r#"<!DOCTYPE l SYSTEM "http://192.0.2.1/x.dtd">"#] {
        for result in ["&b;", "P"] {
            let body = [document_type.as_bytes(), &record(&format!("<resultrans>{result}</resultrans>"))[XML_DECLARATION.len()..]].concat();
            assert_eq!(reason(&body), Unreadable::Forbidden, "{document_type}{result}");
        }
    }
    assert_eq!(reason(&record("<resultrans>&unknown;</resultrans>")), Unreadable::Forbidden);
    assert_eq!(reason(&record("<?php echo 1 ?><resultrans>P</resultrans>")), Unreadable::Forbidden);
    let plain = detail(&record("<refdet>A&amp;B&#65;&lt;<![CDATA[<&]]></refdet>")).unwrap();
    assert_eq!(plain.refdet.as_deref(), Some("A&BA<<&"));
}

#[test]
fn an_answer_is_read_up_to_each_limit_and_not_beyond() {
    let padded = |bytes: usize| {
        let mut body = paid();
        body.resize(bytes, b' ');
        body
    };
    assert!(detail(&padded(BODY_BYTES_MAX)).is_ok());
    assert_eq!(reason(&padded(BODY_BYTES_MAX + 1)), Unreadable::TooLong);

    let text = |bytes: usize| record(&format!("<objet>{}</objet>", "a".repeat(bytes)));
    assert!(detail(&text(TEXT_BYTES_MAX)).is_ok());
    assert_eq!(reason(&text(TEXT_BYTES_MAX + 1)), Unreadable::BeyondLimits);

    // Envelope, Body, response and return are four of them.
    let many = |elements: usize| record(&(4..elements).map(|n| format!("<e{n}/>")).collect::<String>());
    assert!(detail(&many(ELEMENTS_MAX)).is_ok());
    assert_eq!(reason(&many(ELEMENTS_MAX + 1)), Unreadable::BeyondLimits);

    let deep = |depth: usize| {
        let mut nested = envelope("<other/>");
        let levels = depth - 2;
        let inner = "<d>".repeat(levels) + &"</d>".repeat(levels);
        nested = String::from_utf8(nested).unwrap().replace("<other/>", &inner).into_bytes();
        nested
    };
    assert!(matches!(reason(&deep(DEPTH_MAX)), Unreadable::Unexpected(_)), "read, and found to be no answer");
    assert_eq!(reason(&deep(DEPTH_MAX + 1)), Unreadable::BeyondLimits);
}

#[test]
fn a_record_that_says_two_things_says_nothing() {
    let twice = record("<resultrans>R</resultrans><resultrans>P</resultrans>");
    assert_eq!(reason(&twice), Unreadable::Unexpected("« resultrans » en double".into()));
    let one = String::from_utf8(paid()).unwrap();
    let response = &one[one.find("<ns2:").unwrap()..one.find("</S:Body>").unwrap()];
    assert!(matches!(reason(&envelope(&response.repeat(2))), Unreadable::Unexpected(_)));
    assert!(matches!(reason(format!("{one}{one}").as_bytes()), Unreadable::Malformed | Unreadable::Forbidden));
    assert!(matches!(reason(&record("<resultrans><x>P</x></resultrans>")), Unreadable::Unexpected(_)));
}

#[test]
fn a_record_of_another_operation_or_another_question_is_not_read() {
    let other = "6475fa10-b338-11e2-a082-001fe256bdfe";
    assert!(matches!(reason(&record(&format!("<idOp>{other}</idOp><resultrans>P</resultrans>"))), Unreadable::Unexpected(_)));
    assert!(detail(&record(&format!("<idOp>{}</idOp><resultrans>P</resultrans>", IDOP.to_uppercase()))).is_ok());
    assert!(parse_response(&payment(), 200, &paid()).is_err());
    let client = FetchClient(NumCli::new("090909").unwrap());
    assert!(parse_response(&client, 200, &paid()).is_err());
}

#[test]
fn a_result_is_believed_with_http_200_only_and_a_fault_with_any() {
    for status in [201, 302, 404, 500, 502] {
        assert!(matches!(parse_response(&FetchDetail(idop()), status, &paid()), Err(Error::Unreadable { .. })), "{status}");
    }
    let p5 = fault("FonctionnelleErreur", "<code>P5</code>");
    for status in [200, 500] {
        assert_eq!(parse_response(&FetchDetail(idop()), status, &p5), Err(Error::NotYetKnown));
    }
}

#[test]
fn what_is_not_soap_is_unreadable_whatever_it_looks_like() {
    for body in
        ["", "   ", "<html><body>502</body></html>", "<!doctype html><p>x", "{\"resultrans\":\"P\"}", "\u{feff}", "P", "<a/>x", "<a/><b/>"]
    {
        assert!(matches!(detail(body.as_bytes()), Err(Error::Unreadable { .. })), "{body}");
    }
    for control in ["<refdet>a\0b</refdet>", "<refdet>a&#0;b</refdet>", "<refdet>&#x1b;[2J</refdet>", "<refdet><![CDATA[\u{7}]]></refdet>"]
    {
        assert_eq!(reason(&record(control)), Unreadable::Malformed, "{control}");
    }
    assert_eq!(reason(&[0xff, 0xfe, b'<', 0]), Unreadable::NotUtf8);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..2000)) {
        let _ = detail(&bytes);
    }

    #[test]
    fn no_damage_to_a_good_answer_panics_or_pays(at in 0usize..400, with in any::<u8>(), drop in 0usize..20) {
        let refused = record(&format!("<idOp>{IDOP}</idOp><montant>1000</montant><resultrans>R</resultrans>"));
        let at = at % refused.len();
        let mut damaged = refused[..at].to_vec();
        damaged.push(with);
        damaged.extend_from_slice(&refused[(at + drop).min(refused.len())..]);
        // One byte may by itself spell P where R stood: that is not damage that anyone could see.
        if let Ok(read) = detail(&damaged) && read.resultrans.is_paid() {
            prop_assert!(matches!(with, b'P' | b'V'));
        }
    }

    #[test]
    fn what_a_payer_typed_comes_out_of_the_request_as_it_went_in(mel in "[a-z<>&\"']{3,20}@[a-z<>&;]{3,20}") {
        let mut sent = payment();
        sent.mel = payfip::Mel::new(&mel).unwrap();
        let xml = request_xml(&sent);
        let mut reader = quick_xml::Reader::from_str(&xml);
        let (mut inside, mut read) = (false, String::new());
        loop {
            use quick_xml::events::Event;
            match reader.read_event().unwrap() {
                Event::Start(start) => inside = start.name().into_inner() == "mel",
                Event::End(_) => inside = false,
                Event::Text(text) if inside => read.push_str(&text.xml10_content()),
                Event::GeneralRef(reference) if inside => read.push_str(quick_xml::escape::resolve_predefined_entity(&reference.xml10_content()).unwrap()),
                Event::Eof => break,
                _ => {}
            }
        }
        prop_assert_eq!(read, mel);
    }
}
