//! Claims about the client alone: fields, the wire form, hostile bytes, a line that misbehaves.
#![allow(clippy::unwrap_used, reason = "helpers of tests, outside of test functions")]

mod bytes;
mod fields;
mod line;
mod records;

use payfip::{CallbackUrl, CreatePayment, Exer, IdOp, Mel, Montant, NumCli, Objet, RefDet, Saisie};
use shared::money::Cents;

/// A recorded operation's name.
pub const IDOP: &str = "cc0cb210-1cd4-11ea-8cca-0213ad91a103";

pub fn idop() -> IdOp {
    IdOp::new(IDOP).unwrap()
}

pub fn payment() -> CreatePayment {
    CreatePayment {
        exer: Exer::new(2026).unwrap(),
        mel: Mel::new("john.doe@example.com").unwrap(),
        montant: Montant::new(Cents(1000)).unwrap(),
        numcli: NumCli::new("090909").unwrap(),
        objet: Objet::normalised("Cantine d'été"),
        refdet: RefDet::new("ABCDEFGH").unwrap(),
        saisie: Saisie::Test,
        urlnotif: CallbackUrl::new("https://mairie.example/notification?a=1&b=2").unwrap(),
        urlredirect: CallbackUrl::new("https://mairie.example/retour").unwrap(),
    }
}

/// An envelope as the service sends it.
pub fn envelope(content: &str) -> Vec<u8> {
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?><S:Envelope xmlns:S="http://schemas.xmlsoap.org/soap/envelope/"><S:Body>{content}</S:Body></S:Envelope>"#
    )
    .into_bytes()
}

/// A record as the service sends it.
pub fn record(fields: &str) -> Vec<u8> {
    envelope(&format!(
        r#"<ns2:recupererDetailPaiementSecuriseResponse xmlns:ns2="urn:x"><return>{fields}</return></ns2:recupererDetailPaiementSecuriseResponse>"#
    ))
}

/// One of the declared faults, with whatever `faultstring`.
pub fn fault(element: &str, fields: &str) -> Vec<u8> {
    envelope(&format!(
        r#"<S:Fault><faultcode>S:Server</faultcode><faultstring>class.that.never.was</faultstring><detail><ns2:{element} xmlns:ns2="urn:x">{fields}</ns2:{element}></detail></S:Fault>"#
    ))
}
