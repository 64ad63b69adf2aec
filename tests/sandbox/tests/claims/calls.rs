//! The three calls, and every anomaly in its order.

use crate::world::{World, payment};
use payfip::{ClientDetail, Error, IdOp, NumCli, Outcome, Sent, matches, request_xml};
use payfip_sandbox::Clients;

fn code(answer: &(u16, String)) -> &str {
    assert_eq!(answer.0, 500, "a fault comes with HTTP 500: {}", answer.1);
    let after = answer.1.split_once("<code>").unwrap_or_else(|| panic!("{}", answer.1)).1;
    after.split_once('<').unwrap().0
}

#[tokio::test]
async fn a_payment_goes_from_its_creation_to_its_record() {
    let world = World::new().await;
    let sent = payment();
    let idop = world.client.create(&sent).await.unwrap();
    assert_eq!(world.client.detail(&idop).await, Err(Error::NotYetKnown));
    let back = world.pay(&idop, "P").await;
    assert_eq!(back, format!("http://127.0.0.1:9/retour?facture=1&idop={idop}"));
    let detail = world.client.detail(&idop).await.unwrap();
    assert_eq!(detail.resultrans, Outcome::PaidByCard);
    assert_eq!(matches(&Sent::from(&sent), &detail), Ok(()));
    assert_eq!(detail.transacted_at(), Some(crate::world::at(crate::world::MORNING)), "Paris time there, an instant here");
    assert_eq!(detail.record["dattrans"], "26112026");
    assert_eq!(detail.record["heurtrans"], "0900");
    assert_eq!(detail.record["objet"], "Accueil cantine");
    assert_eq!(world.client.detail(&idop).await.unwrap(), detail, "asking changes nothing");
}

#[tokio::test]
async fn each_button_gives_its_letter_and_success_alone_an_authorisation() {
    let world = World::new().await;
    let letters = [
        ("P", Outcome::PaidByCard),
        ("V", Outcome::PaidByDebit),
        ("R", Outcome::CardRefused),
        ("Z", Outcome::DebitRefused),
        ("A", Outcome::Abandoned),
    ];
    for (letter, outcome) in letters {
        let idop = world.create().await;
        world.pay(&idop, letter).await;
        let detail = world.client.detail(&idop).await.unwrap();
        assert_eq!(detail.numauto.is_some(), outcome.is_paid(), "{letter}");
        assert_eq!(detail.resultrans, outcome);
    }
}

#[tokio::test]
async fn the_self_test_tells_who_a_number_is() {
    let named = [("006270".to_owned(), ["CANTINE".to_owned(), "VILLE".to_owned(), String::new()])].into();
    let world = World::with(Clients { named, without_service: vec!["006271".into()] }).await;
    let numcli = |text: &str| NumCli::new(text).unwrap();
    let expected =
        ClientDetail { numcli: numcli("006270"), libelle_n1: Some("CANTINE".into()), libelle_n2: Some("VILLE".into()), libelle_n3: None };
    assert_eq!(world.client.client_detail(&numcli("006270")).await.unwrap(), expected);
    for (number, expected) in [("006271", "T4"), ("090909", "T2")] {
        let error = world.client.client_detail(&numcli(number)).await.unwrap_err();
        assert!(matches!(&error, Error::Functional { code, .. } if code == expected) && !error.is_retryable(), "{error:?}");
    }
    let usual = World::new().await;
    assert!(usual.client.client_detail(&numcli("012345")).await.unwrap().libelle_n1.is_some());
    assert!(usual.client.client_detail(&numcli("123456")).await.is_err());
}

#[tokio::test]
async fn each_field_is_refused_with_its_code() {
    let world = World::new().await;
    let xml = request_xml(&payment());
    let long = format!("http://127.0.0.1:9/{}", "a".repeat(250));
    let cases = [
        ("090909", "90909", "T1"),
        ("090909", "123456", "T2"),
        ("<saisie>T", "<saisie>A", "S1"),
        ("F2026R1N000042", "ABCD", "R3"),
        ("john.doe@example.com", "", "A1"),
        ("john.doe@example.com", "john.doe", "A2"),
        ("4250", "42.50", "M1"),
        ("4250", "99", "M3"),
        ("4250", "10000000", "M5"),
        ("4250", "99999999999999999999999", "M5"),
        ("http://127.0.0.1:9/notification", "notification", "N1"),
        ("http://127.0.0.1:9/retour?facture=1", &long, "D1"),
    ];
    for (right, wrong, expected) in cases {
        assert!(xml.contains(right));
        assert_eq!(code(&world.post(xml.replace(right, wrong)).await), expected, "{right} → {wrong}");
    }
    assert_eq!(world.post(xml.clone()).await.0, 200);
    let absent = xml.replace("<numcli>090909</numcli>", "");
    assert_eq!(code(&world.post(absent).await), "T1");
}

#[tokio::test]
async fn the_first_anomaly_is_told_in_the_order_of_the_service() {
    let world = World::new().await;
    let mut xml =
        request_xml(&payment()).replace("http://127.0.0.1:9/retour?facture=1", "x").replace("http://127.0.0.1:9/notification", "x");
    xml = xml.replace("4250", "9990000001").replace("john.doe@example.com", "x").replace("F2026R1N000042", "x");
    xml = xml.replace("<saisie>T", "<saisie>x").replace("090909", "x");
    let repairs = [("T1", "<numcli>x", "<numcli>090909"), ("S1", "<saisie>x", "<saisie>T"), ("R3", "<refdet>x", "<refdet>ABCDEFGH")];
    // Recorded: A2 though the amount was out of range too.
    let repairs = repairs.into_iter().chain([
        ("A2", "<mel>x", "<mel>a@b.fr"),
        ("M5", "9990000001", "100"),
        ("N1", "<urlnotif>x", "<urlnotif>http://a.fr/"),
    ]);
    for (expected, wrong, right) in repairs {
        assert_eq!(code(&world.post(xml.clone()).await), expected);
        xml = xml.replace(wrong, right);
    }
    assert_eq!(code(&world.post(xml).await), "D1");
}

#[tokio::test]
async fn spelling_traps_are_traps() {
    let world = World::new().await;
    let idop = world.create().await;
    let ask = request_xml(&payfip::FetchDetail(idop));
    assert_eq!(code(&world.post(ask.clone()).await), "P5");
    assert_eq!(code(&world.post(ask.replace("idOp>", "idop>")).await), "P1");
    let who = request_xml(&payfip::FetchClient(NumCli::new("090909").unwrap()));
    assert_eq!(world.post(who.clone()).await.0, 200);
    assert_eq!(code(&world.post(who.replace("numCli>", "numcli>")).await), "T1");
    let unknown = IdOp::new("cc0cb210-1cd4-11ea-8cca-0213ad91a103").unwrap();
    assert_eq!(world.client.detail(&unknown).await, Err(Error::UnknownOperation));
}

#[tokio::test]
async fn another_order_is_taken_and_children_in_a_namespace_are_not_seen() {
    let world = World::new().await;
    let xml = request_xml(&payment());
    let reordered = xml.replace("<exer>2026</exer>", "").replace("</arg0>", "<exer>2026</exer></arg0>");
    assert_eq!(world.post(reordered).await.0, 200);
    let qualified = xml.replace("<arg0>", "<tns:arg0>").replace("</arg0>", "</tns:arg0>");
    assert_eq!(code(&world.post(qualified).await), "T1");
    let inherited = xml.replace("<arg0>", &format!("<arg0 xmlns=\"{}\">", payfip_sandbox::reading::SERVICE));
    assert_eq!(code(&world.post(inherited).await), "T1");
}

#[tokio::test]
async fn what_is_no_message_gets_a_fault_of_the_soap_layer() {
    let world = World::new().await;
    let xml = request_xml(&payment());
    let dtd = xml.replacen("?>", "?><!DOCTYPE a [<!ENTITY b \"c\">]>", 1);
    let billion = xml.replacen("?>", "?><!DOCTYPE a [<!ENTITY b SYSTEM \"file:///etc/passwd\">]>", 1).replace("john.doe", "&b;");
    let deep = xml.replace("<arg0>", &format!("{}{}<arg0>", "<a>".repeat(40), "</a>".repeat(40)));
    for body in [
        dtd,
        billion,
        deep,
        String::new(),
        "<html/>".into(),
        xml.replace("creerPaiement", "annulerPaiement"),
        xml.repeat(2),
        xml.replace("john.doe", "&b;"),
        xml.replace("contrat_paiement", "contrat"),
    ] {
        let (status, answer) = world.post(body.clone()).await;
        assert_eq!(status, 500, "{body}");
        assert!(answer.contains("<faultcode>S:Client</faultcode>") && !answer.contains("root:"), "{answer}");
    }
    for cut in 0..xml.len() {
        assert!(payfip_sandbox::reading::read(&xml.as_bytes()[..cut]).is_err(), "cut at {cut}");
    }
    let huge = xml.replace("Accueil", &"a".repeat(payfip_sandbox::reading::REQUEST_BYTES_MAX));
    assert_eq!(world.post(huge).await.0, 500);
    let service = format!("{}/tpa/services/securite", world.running.base_url());
    let json = world.browser.post(service).header("content-type", "application/json").body(xml).send().await.unwrap();
    assert_eq!(json.status().as_u16(), 415);
}

proptest::proptest! {
    #[test]
    fn no_bytes_panic_the_sandbox(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..2000)) {
        let _ = payfip_sandbox::reading::read(&bytes);
    }

    #[test]
    fn what_the_client_writes_the_sandbox_reads(mel in "[a-z<>&\"']{3,20}@[a-z<>&;]{3,20}", cents in 100i64..=9_999_999, text in "\\PC{0,150}") {
        let mut sent = payment();
        sent.mel = payfip::Mel::new(&mel).unwrap();
        sent.montant = payfip::Montant::new(shared::money::Cents(cents)).unwrap();
        sent.objet = payfip::Objet::normalised(&text);
        let read = payfip_sandbox::reading::read(request_xml(&sent).as_bytes()).unwrap();
        let asked = payfip_sandbox::checks::check(&read, &Clients::default()).unwrap();
        proptest::prop_assert_eq!(&asked.mel, &mel);
        proptest::prop_assert_eq!(i64::try_from(asked.montant_cents).unwrap(), cents);
        proptest::prop_assert_eq!(asked.objet, sent.objet.map(|objet| objet.to_string()).unwrap_or_default());
    }
}
