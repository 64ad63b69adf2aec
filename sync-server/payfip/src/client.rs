//! The calls over HTTPS.

use crate::detail::PaymentDetail;
use crate::error::{Error, Unreadable};
use crate::fields::{IdOp, NumCli};
use crate::operations::{ClientDetail, CreatePayment, FetchClient, FetchDetail};
use crate::soap::{Operation, parse_response, request_xml};
use crate::xml::BODY_BYTES_MAX;
use reqwest::header::{CONTENT_TYPE, HeaderName};
use std::time::Duration;
use url::{Host, Url};

/// Where the service is.
pub const OFFICIAL_HOST: &str = "https://www.payfip.gouv.fr";
/// Longest wait for a whole answer.
pub const ANSWER_S_MAX: u64 = 15;
/// Longest wait for a connection.
const CONNECT_S_MAX: u64 = 6;
const SERVICE_PATH: &str = "/tpa/services/securite";
const PAGE_PATH: &str = "/tpa/paiementws.web";
const SOAP_ACTION: HeaderName = HeaderName::from_static("soapaction");

/// Why a client can't be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// Not the address of a host alone.
    #[error("Adresse de PayFiP « {0} » : indiquez seulement l'hôte, par exemple https://www.payfip.gouv.fr.")]
    Host(String),
    /// Not encrypted, and not this machine.
    #[error("Adresse de PayFiP « {0} » : il faut https. http n'est accepté que pour un bac à sable sur cette machine (127.0.0.1).")]
    NotEncrypted(String),
    /// TLS could not be set up on this machine.
    #[error(
        "Les connexions chiffrées ne peuvent pas être préparées sur cette machine : {0}. Vérifiez que le paquet ca-certificates est installé."
    )]
    Tls(String),
}

/// Asks PayFiP. Cheap to clone; makes one call for one question, never a second by itself.
#[derive(Debug, Clone)]
pub struct Client {
    http: reqwest::Client,
    base: Url,
}

impl Client {
    /// A client of one host: [`OFFICIAL_HOST`], an older name of it, or a sandbox of this machine.
    ///
    /// # Errors
    /// Where the address is more or less than a host, or is not encrypted and not this machine's.
    pub fn new(host: &str) -> Result<Self, ConfigError> {
        Self::with_patience(host, Duration::from_secs(ANSWER_S_MAX))
    }

    /// The same, with another limit to its wait for a whole answer.
    ///
    /// # Errors
    /// As [`Client::new`].
    pub fn with_patience(host: &str, answer: Duration) -> Result<Self, ConfigError> {
        let (base, loopback) = base(host)?;
        // Once for the process; another provider that was chosen before stays.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut builder = reqwest::Client::builder()
            // A redirect is a welcome page or a moved service, which a person has to look at.
            .redirect(reqwest::redirect::Policy::none())
            .https_only(!loopback)
            .connect_timeout(answer.min(Duration::from_secs(CONNECT_S_MAX)))
            .timeout(answer);
        if loopback {
            builder = builder.no_proxy();
        }
        let http = builder.build().map_err(|e| ConfigError::Tls(cause(&e)))?;
        Ok(Self { http, base })
    }

    /// Creates an operation. Its name is to be stored before the browser is sent anywhere.
    ///
    /// # Errors
    /// [`Error`]; after a lost answer the operation may exist, and dies by itself.
    pub async fn create(&self, payment: &CreatePayment) -> Result<IdOp, Error> {
        self.ask(payment).await
    }

    /// What became of an operation.
    ///
    /// # Errors
    /// [`Error::NotYetKnown`], [`Error::UnknownOperation`], and what else can go wrong.
    pub async fn detail(&self, idop: &IdOp) -> Result<PaymentDetail, Error> {
        self.ask(&FetchDetail(idop.clone())).await
    }

    /// Who a client number is: the self-test of a régie.
    ///
    /// # Errors
    /// [`Error::Functional`] where the service doesn't know it, and what else can go wrong.
    pub async fn client_detail(&self, numcli: &NumCli) -> Result<ClientDetail, Error> {
        self.ask(&FetchClient(numcli.clone())).await
    }

    /// Where the payer's browser goes, within 15 minutes and once.
    #[must_use]
    pub fn payment_page_url(&self, idop: &IdOp) -> Url {
        let mut url = self.base.clone();
        url.set_path(PAGE_PATH);
        url.query_pairs_mut().append_pair("idop", idop.as_str());
        url
    }

    async fn ask<O: Operation>(&self, operation: &O) -> Result<O::Answer, Error> {
        let mut url = self.base.clone();
        url.set_path(SERVICE_PATH);
        let request = self.http.post(url).header(CONTENT_TYPE, "text/xml; charset=utf-8").header(SOAP_ACTION, "\"\"");
        let mut response = request.body(request_xml(operation)).send().await.map_err(|e| failure(&e))?;
        let status = response.status().as_u16();
        let too_long = || Error::Unreadable { status, reason: Unreadable::TooLong };
        if response.content_length().is_some_and(|bytes| bytes > BODY_BYTES_MAX as u64) {
            return Err(too_long());
        }
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|e| failure(&e))? {
            if body.len() + chunk.len() > BODY_BYTES_MAX {
                return Err(too_long());
            }
            body.extend_from_slice(&chunk);
        }
        parse_response(operation, status, &body)
    }
}

/// The address of a host alone, and whether it is this machine.
fn base(host: &str) -> Result<(Url, bool), ConfigError> {
    let wrong = || ConfigError::Host(host.chars().filter(|c| !c.is_control()).take(100).collect());
    let url = Url::parse(host).map_err(|_| wrong())?;
    let bare =
        url.path() == "/" && url.query().is_none() && url.fragment().is_none() && url.username().is_empty() && url.password().is_none();
    let loopback = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => return Err(wrong()),
    };
    match url.scheme() {
        "https" | "http" if !bare => Err(wrong()),
        "https" => Ok((url, loopback)),
        "http" if loopback => Ok((url, true)),
        "http" => Err(ConfigError::NotEncrypted(host.into())),
        _ => Err(wrong()),
    }
}

fn failure(error: &reqwest::Error) -> Error {
    if error.is_timeout() { Error::Timeout } else { Error::Unreachable { connected: !error.is_connect(), detail: cause(error) } }
}

/// The innermost cause: what a network administrator can do something with.
fn cause(error: &dyn std::error::Error) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}
