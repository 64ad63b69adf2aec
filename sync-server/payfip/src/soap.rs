//! The wire form: SOAP 1.1, document/literal wrapped. The wrapper is in the service's namespace, everything in it in none.

use crate::error::{Error, TechnicalKind, Unreadable};
use crate::xml::{self, Element};
use quick_xml::escape::escape;
use std::fmt::Write;

/// The namespace of wrappers and faults. On the wire since the service exists.
pub(crate) const NAMESPACE: &str =
    "http://securite.service.tpa.cp.finances.gouv.fr/services/mas_securite/contrat_paiement_securise/PaiementSecuriseService";
const ENVELOPE: &str = "http://schemas.xmlsoap.org/soap/envelope/";
/// What is shown of the service's own words.
const LIBELLE_CHARS_MAX: usize = 200;
const CODE_CHARS_MAX: usize = 20;

mod sealed {
    pub trait Sealed {}
    impl Sealed for crate::CreatePayment {}
    impl Sealed for crate::FetchDetail {}
    impl Sealed for crate::FetchClient {}
}

/// One of the three calls that the service offers.
pub trait Operation: sealed::Sealed {
    /// What a success brings.
    type Answer;
    /// The wrapper's name.
    #[doc(hidden)]
    const NAME: &'static str;
    /// The children of `arg0`, in alphabetical order; an absent value is an absent element.
    #[doc(hidden)]
    fn arguments(&self) -> Vec<(&'static str, String)>;
    /// Reads `return`.
    #[doc(hidden)]
    fn answer(&self, returned: &[(String, String)]) -> Result<Self::Answer, Unreadable>;
    /// What a functional anomaly means for this call.
    #[doc(hidden)]
    fn anomaly(code: String, libelle: String) -> Error {
        Error::Functional { code, libelle }
    }
}

/// The body of the POST that asks for an operation.
#[must_use]
pub fn request_xml<O: Operation>(operation: &O) -> String {
    let name = O::NAME;
    let mut xml = format!(
        r#"<?xml version="1.0" encoding="UTF-8"?><S:Envelope xmlns:S="{ENVELOPE}"><S:Body><tns:{name} xmlns:tns="{NAMESPACE}"><arg0>"#
    );
    for (element, value) in operation.arguments() {
        let _ = write!(xml, "<{element}>{}</{element}>", escape(&value));
    }
    let _ = write!(xml, "</arg0></tns:{name}></S:Body></S:Envelope>");
    xml
}

/// Reads what came back. Success is believed only with HTTP 200, a fault with any status.
///
/// # Errors
/// A fault of the service, or [`Error::Unreadable`]: whatever the bytes are, there is no panic and no result that isn't written there.
pub fn parse_response<O: Operation>(operation: &O, status: u16, body: &[u8]) -> Result<O::Answer, Error> {
    let unreadable = |reason| Error::Unreadable { status, reason };
    let message = body_of(body).map_err(unreadable)?;
    if message.name == "Fault" {
        return Err(fault::<O>(&message).unwrap_or_else(unreadable));
    }
    if status != 200 {
        return Err(unreadable(Unreadable::Unexpected("une réponse sans erreur, mais pas avec HTTP 200".into())));
    }
    returned::<O>(&message).and_then(|record| operation.answer(&record)).map_err(unreadable)
}

/// The one child of the envelope's body.
fn body_of(bytes: &[u8]) -> Result<Element, Unreadable> {
    let mut envelope = xml::read(bytes)?;
    if envelope.name != "Envelope" {
        return Err(Unreadable::Unexpected("ce n'est pas une réponse SOAP".into()));
    }
    envelope.only("Body")?;
    envelope.children.retain(|child| child.name == "Body");
    let mut messages = envelope.children.pop().map(|body| body.children).unwrap_or_default();
    match (messages.pop(), messages.len()) {
        (Some(message), 0) => Ok(message),
        _ => Err(Unreadable::Unexpected("un seul message était attendu".into())),
    }
}

/// The values of `return`, each at most once.
fn returned<O: Operation>(message: &Element) -> Result<Vec<(String, String)>, Unreadable> {
    if message.name.strip_suffix("Response") != Some(O::NAME) {
        return Err(Unreadable::Unexpected("réponse à une autre question".into()));
    }
    let record = message.only("return")?;
    let names = record.children.iter().map(|child| child.name.as_str());
    let mut values = Vec::new();
    for name in names {
        if let Some(value) = record.value(name)? {
            values.push((name.to_owned(), value.to_owned()));
        }
    }
    Ok(values)
}

/// Reads the first of the four declared faults. `faultstring` is not looked at: it is a class name of their program.
fn fault<O: Operation>(message: &Element) -> Result<Error, Unreadable> {
    let undeclared = || Unreadable::Unexpected("erreur SOAP sans détail".into());
    let detail = message.at_most_one("detail")?.ok_or_else(undeclared)?;
    for error in &detail.children {
        let code = error.value("code")?.map(|code| legible(code, CODE_CHARS_MAX));
        let technical = [TechnicalKind::Malfunction, TechnicalKind::Unavailable, TechnicalKind::Protocol];
        if let Some(kind) = technical.into_iter().find(|kind| kind.element() == error.name) {
            return Ok(Error::Technical { kind, code });
        }
        if error.name == "FonctionnelleErreur" {
            let libelle = legible(error.value("libelle")?.unwrap_or_default(), LIBELLE_CHARS_MAX);
            return Ok(O::anomaly(code.unwrap_or_else(|| "sans code".into()), libelle));
        }
    }
    Err(undeclared())
}

fn legible(text: &str, chars_max: usize) -> String {
    text.chars().filter(|c| !c.is_control()).take(chars_max).collect()
}
