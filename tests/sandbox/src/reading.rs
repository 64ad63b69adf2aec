//! Reads a SOAP request as strictly as the real service does: namespaces count, the wrapper's is the service's, and what is in it has
//! none. A child in a namespace is not seen, as by JAX-WS: the field is then missing, and the answer says so.

use quick_xml::NsReader;
use quick_xml::events::{BytesRef, Event};
use quick_xml::name::ResolveResult;
use std::collections::BTreeMap;

/// The namespace of wrappers and faults.
pub const SERVICE: &str =
    "http://securite.service.tpa.cp.finances.gouv.fr/services/mas_securite/contrat_paiement_securise/PaiementSecuriseService";
/// SOAP 1.1.
pub const ENVELOPE: &str = "http://schemas.xmlsoap.org/soap/envelope/";
/// Longest request that is read.
pub const REQUEST_BYTES_MAX: usize = 64 * 1024;
const DEPTH_MAX: usize = 16;

/// One of the three calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Call {
    /// `creerPaiementSecurise`
    Create,
    /// `recupererDetailPaiementSecurise`
    Detail,
    /// `recupererDetailClient`
    Client,
}

impl Call {
    /// The wrapper's name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Create => "creerPaiementSecurise",
            Self::Detail => "recupererDetailPaiementSecurise",
            Self::Client => "recupererDetailClient",
        }
    }

    fn named(name: &str) -> Option<Self> {
        [Self::Create, Self::Detail, Self::Client].into_iter().find(|call| call.name() == name)
    }
}

/// What was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Which call.
    pub call: Call,
    /// The children of `arg0` in no namespace, in whatever order they came.
    pub arguments: BTreeMap<String, String>,
}

impl Request {
    /// A field; absent and empty are the same.
    #[must_use]
    pub fn field(&self, name: &str) -> &str {
        self.arguments.get(name).map_or("", String::as_str)
    }
}

/// Why a request was not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Not well-formed XML in UTF-8, or too long or too deep.
    #[error("message XML mal formé ou hors limites")]
    Malformed,
    /// A document type, an entity of its own, a processing instruction: SOAP 1.1, section 3.
    #[error("déclaration de type de document, entité ou instruction de traitement interdite dans un message SOAP")]
    Forbidden,
    /// No envelope with a body.
    #[error("enveloppe SOAP 1.1 attendue")]
    NotSoap,
    /// No wrapper of the three.
    #[error("opération inconnue de ce service (nom ou espace de noms)")]
    UnknownOperation,
}

/// Reads a request.
///
/// # Errors
/// [`Refusal`], whatever the bytes are.
pub fn read(body: &[u8]) -> Result<Request, Refusal> {
    if body.len() > REQUEST_BYTES_MAX {
        return Err(Refusal::Malformed);
    }
    let text = std::str::from_utf8(body).map_err(|_| Refusal::Malformed)?;
    let mut reader = NsReader::from_str(text.strip_prefix('\u{feff}').unwrap_or(text));
    reader.config_mut().expand_empty_elements = true;
    let mut walk = Walk::default();
    loop {
        let event = reader.read_event().map_err(|_| Refusal::Malformed)?;
        match event {
            Event::Start(start) => {
                let (namespace, local) = reader.resolver().resolve_element(start.name());
                let namespace = match namespace {
                    ResolveResult::Bound(namespace) => namespace.into_inner(),
                    ResolveResult::Unbound => "",
                    ResolveResult::Unknown(_) => return Err(Refusal::Malformed),
                };
                walk.enter(namespace, local.into_inner())?;
            }
            Event::End(_) => walk.leave()?,
            Event::Text(text) => walk.text(&text.xml10_content())?,
            Event::CData(text) => walk.text(&text.xml10_content())?,
            Event::GeneralRef(reference) => walk.text(character(&reference)?.encode_utf8(&mut [0; 4]))?,
            Event::DocType(_) | Event::PI(_) => return Err(Refusal::Forbidden),
            Event::Comment(_) | Event::Decl(_) | Event::Empty(_) => {}
            Event::Eof => break,
        }
    }
    walk.done()
}

/// Where in the message the reading is.
#[derive(Default)]
struct Walk {
    path: Vec<String>,
    rooted: bool,
    call: Option<Call>,
    arguments: BTreeMap<String, String>,
}

impl Walk {
    fn enter(&mut self, namespace: &str, local: &str) -> Result<(), Refusal> {
        if self.path.len() >= DEPTH_MAX || (self.path.is_empty() && self.rooted) {
            return Err(Refusal::Malformed);
        }
        self.rooted = true;
        match self.path.len() {
            0 if (namespace, local) != (ENVELOPE, "Envelope") => return Err(Refusal::NotSoap),
            2 if self.path[1] == "{soap}Body" => {
                let call = Call::named(local).filter(|_| namespace == SERVICE).ok_or(Refusal::UnknownOperation)?;
                if self.call.replace(call).is_some() {
                    return Err(Refusal::UnknownOperation);
                }
            }
            _ => {}
        }
        let prefix = match namespace {
            "" => "",
            ENVELOPE => "{soap}",
            _ => "{autre}",
        };
        self.path.push(format!("{prefix}{local}"));
        if let Some(field) = self.field() {
            // A field that comes twice: the last one counts, as for JAX-WS.
            self.arguments.insert(field, String::new());
        }
        Ok(())
    }

    /// The field that the reading is in: a child without a namespace, of `arg0` without one, in the body's wrapper.
    fn field(&self) -> Option<String> {
        match self.path.as_slice() {
            [_, body, _, arg, field] if body == "{soap}Body" && arg == "arg0" && !field.starts_with('{') => Some(field.clone()),
            _ => None,
        }
    }

    fn text(&mut self, text: &str) -> Result<(), Refusal> {
        if let Some(field) = self.field() {
            self.arguments.entry(field).or_default().push_str(text);
        } else if self.path.is_empty() && !text.trim().is_empty() {
            return Err(Refusal::Malformed);
        }
        Ok(())
    }

    fn leave(&mut self) -> Result<(), Refusal> {
        self.path.pop().map(|_| ()).ok_or(Refusal::Malformed)
    }

    fn done(self) -> Result<Request, Refusal> {
        if !self.path.is_empty() || !self.rooted {
            return Err(Refusal::Malformed);
        }
        let call = self.call.ok_or(Refusal::NotSoap)?;
        Ok(Request { call, arguments: self.arguments })
    }
}

fn character(reference: &BytesRef<'_>) -> Result<char, Refusal> {
    if reference.is_char_ref() {
        return reference.resolve_char_ref().ok().flatten().ok_or(Refusal::Malformed);
    }
    match reference.xml10_content().as_ref() {
        "amp" => Ok('&'),
        "lt" => Ok('<'),
        "gt" => Ok('>'),
        "quot" => Ok('"'),
        "apos" => Ok('\''),
        _ => Err(Refusal::Forbidden),
    }
}
