//! Writes SOAP answers and faults as the service does: children without a namespace, in alphabetical order.

use crate::checks::Anomaly;
use crate::reading::{Call, ENVELOPE, Refusal, SERVICE};
use quick_xml::escape::partial_escape as escape;

/// The package of the service's exception classes, as `faultstring` shows it.
const EXCEPTIONS: &str = "fr.gouv.finances.cp.tpa.webservice.exceptions";
/// `severite` of every recorded fault.
const SEVERITY: u8 = 2;

fn envelope(content: &str) -> String {
    format!(r#"<?xml version="1.0" encoding="UTF-8"?><S:Envelope xmlns:S="{ENVELOPE}"><S:Body>{content}</S:Body></S:Envelope>"#)
}

/// A success. Values that are absent are not among the fields.
#[must_use]
pub fn success(call: Call, fields: &[(&str, String)]) -> String {
    let name = call.name();
    let children: String = fields.iter().map(|(field, value)| format!("<{field}>{}</{field}>", escape(value))).collect();
    envelope(&format!(r#"<ns2:{name}Response xmlns:ns2="{SERVICE}"><return>{children}</return></ns2:{name}Response>"#))
}

/// One of the four declared faults: `code`, an empty `descriptif`, `libelle`, `severite`.
#[must_use]
pub fn fault(element: &str, anomaly: &Anomaly) -> String {
    let (code, libelle) = (escape(anomaly.code.as_ref()), escape(anomaly.libelle));
    envelope(&format!(
        r#"<S:Fault><faultcode>S:Server</faultcode><faultstring>{EXCEPTIONS}.{element}</faultstring><detail><ns2:{element} xmlns:ns2="{SERVICE}"><code>{code}</code><descriptif/><libelle>{libelle}</libelle><severite>{SEVERITY}</severite></ns2:{element}></detail></S:Fault>"#
    ))
}

/// What the SOAP layer itself answers to a message that it could not read.
#[must_use]
pub fn client_fault(refusal: Refusal) -> String {
    let said = refusal.to_string();
    envelope(&format!("<S:Fault><faultcode>S:Client</faultcode><faultstring>{}</faultstring></S:Fault>", escape(&said)))
}
