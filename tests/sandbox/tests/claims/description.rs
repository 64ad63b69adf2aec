//! The wire form, held against the schemas by a validator that is not ours.

use crate::world::{World, payment};
use payfip::{FetchClient, FetchDetail, NumCli, request_xml};
use std::process::Command;

const SCHEMA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/wsdl/service.xsd");

/// The message in an envelope; of a fault, its detail.
fn message(xml: &str) -> &str {
    let (from, to) = if xml.contains("<detail>") { ("<detail>", "</detail>") } else { ("<S:Body>", "</S:Body>") };
    xml.split_once(from).unwrap().1.split_once(to).unwrap().0
}

/// What xmllint says of a message: nothing where it is valid.
fn complaints(message: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("message.xml");
    std::fs::write(&file, message).unwrap();
    let lint = Command::new("xmllint").args(["--noout", "--nonet", "--schema", SCHEMA]).arg(&file).output();
    let lint = lint.expect("xmllint: packaging/prerequisites check --install");
    if lint.status.success() { String::new() } else { String::from_utf8(lint.stderr).unwrap() }
}

#[tokio::test]
async fn requests_answers_and_faults_are_valid_by_the_schemas() {
    let world = World::new().await;
    let numcli = NumCli::new("090909").unwrap();
    let mut messages = vec![request_xml(&payment()), request_xml(&FetchClient(numcli.clone()))];
    messages.push(world.post(request_xml(&FetchClient(numcli.clone()))).await.1);
    messages.push(world.post(request_xml(&payment())).await.1);
    let idop = world.create().await;
    messages.push(request_xml(&FetchDetail(idop.clone())));
    messages.push(world.post(request_xml(&FetchDetail(idop.clone()))).await.1);
    world.pay(&idop, "P").await;
    messages.push(world.post(request_xml(&FetchDetail(idop))).await.1);
    for fault in ["fonctionnelle", "dysfonctionnement", "indisponibilite", "protocolaire"] {
        world.next(&[("panne", fault)]);
        messages.push(world.post(request_xml(&payment())).await.1);
    }
    for xml in &messages {
        assert_eq!(complaints(message(xml)), "", "{xml}");
    }
    // The validator would have seen a qualified child, a child out of order and a fault without severity.
    let request = message(&messages[0]).to_owned();
    assert_ne!(complaints(&request.replace("exer>", "tns:exer>")), "");
    assert_ne!(complaints(&request.replace("<exer>2026</exer>", "").replace("</arg0>", "<exer>2026</exer></arg0>")), "");
    let fault = message(messages.last().unwrap());
    assert_ne!(complaints(&fault.replace("<severite>2</severite>", "")), "");
}

#[tokio::test]
async fn a_fault_has_exactly_the_recorded_form() {
    let world = World::new().await;
    let (status, fault) = world.post(request_xml(&payment()).replace("F2026R1N000042", "ABCD")).await;
    assert_eq!(status, 500);
    let expected = concat!(
        r#"<?xml version="1.0" encoding="UTF-8"?><S:Envelope xmlns:S="http://schemas.xmlsoap.org/soap/envelope/"><S:Body><S:Fault>"#,
        "<faultcode>S:Server</faultcode><faultstring>fr.gouv.finances.cp.tpa.webservice.exceptions.FonctionnelleErreur</faultstring>",
        r#"<detail><ns2:FonctionnelleErreur xmlns:ns2="http://securite.service.tpa.cp.finances.gouv.fr/services/mas_securite/contrat_paiement_securise/PaiementSecuriseService">"#,
        "<code>R3</code><descriptif/><libelle>Le format du paramètre REFDET n'est pas conforme</libelle><severite>2</severite>",
        "</ns2:FonctionnelleErreur></detail></S:Fault></S:Body></S:Envelope>"
    );
    assert_eq!(fault, expected);
}

#[tokio::test]
async fn the_description_names_this_sandbox_and_its_schemas_resolve() {
    let world = World::new().await;
    let base = world.running.base_url().to_owned();
    let get = async |url: &str| world.browser.get(url).send().await.unwrap().text().await.unwrap();
    let wsdl = get(&format!("{base}/tpa/services/securite?wsdl")).await;
    assert!(wsdl.contains(&format!("<soap:address location=\"{base}/tpa/services/securite\"/>")));
    assert!(!wsdl.contains("payfip.gouv.fr"));
    let mut schemas = 0;
    for location in wsdl.split("schemaLocation=\"").skip(1).map(|rest| rest.split_once('"').unwrap().0) {
        let schema = get(location).await;
        assert!(schema.contains("<xs:schema") && !schema.contains("elementFormDefault"), "{location}");
        assert!(!schema.contains("schemaLocation=\"re"), "imports resolve from here too");
        schemas += 1;
    }
    assert_eq!(schemas, 3);
}
