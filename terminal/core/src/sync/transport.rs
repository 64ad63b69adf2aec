//! What carries a request: HTTP over TLS in production, memory in tests.

use serde::Serialize;
use shared::wire::Problem;

/// Longest answer that is read, in bytes: a page of changes with entries stays well below.
pub const ANSWER_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// A request to the server. All are POST with a JSON body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// `/sync/v1/…`.
    pub path: &'static str,
    /// The session's token.
    pub bearer: Option<String>,
    /// JSON.
    pub body: Vec<u8>,
}

impl Request {
    /// A request with a JSON body.
    #[must_use]
    pub fn new(path: &'static str, bearer: Option<&str>, body: &impl Serialize) -> Self {
        // The wire's types hold nothing that JSON can't say.
        Self { path, bearer: bearer.map(str::to_owned), body: serde_json::to_vec(body).unwrap_or_default() }
    }
}

/// The server's answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Body, at most [`ANSWER_BYTES_MAX`].
    pub body: Vec<u8>,
}

impl Answer {
    /// Why a request was not done, where the server says it in our words.
    #[must_use]
    pub fn problem(&self) -> Option<Problem> {
        serde_json::from_slice(&self.body).ok()
    }
}

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LineFailure {
    /// No network, nobody at the address, or silence.
    #[error("le serveur ne répond pas : vérifiez l'adresse et le réseau")]
    NoNetwork,
    /// Another authority vouches for whoever answers.
    #[error("ce n'est pas le serveur auprès duquel cette tablette est enrôlée qui répond")]
    WrongCertificate,
    /// The tablet's clock is lost, and nobody tells the time in the authority's word.
    #[error("l'horloge de cette tablette est fausse et le serveur ne dit pas l'heure : mettez la tablette à l'heure")]
    Clock,
    /// The certificate is over at the time that the tablet believes.
    #[error("le certificat du serveur a expiré : vérifiez l'horloge du serveur, puis redémarrez-le")]
    CertificateExpired,
    /// The certificate doesn't hold yet at the time that the tablet believes.
    #[error("le certificat du serveur n'est pas encore valable : vérifiez l'horloge du serveur, puis celle de cette tablette")]
    CertificateTooEarly,
    /// Something answers, which doesn't speak TLS or HTTP.
    #[error("ce qui répond à cette adresse n'est pas Préau")]
    NotPreau,
}

impl LineFailure {
    /// Whether another time might make the certificate hold.
    #[must_use]
    pub fn is_about_time(self) -> bool {
        matches!(self, Self::Clock | Self::CertificateExpired | Self::CertificateTooEarly)
    }
}

/// Carries requests.
pub trait Transport: Send {
    /// Sends one request and waits for its answer.
    ///
    /// # Errors
    /// Why there is none.
    fn send(&mut self, request: &Request) -> Result<Answer, LineFailure>;
}

impl<T: Transport + ?Sized> Transport for Box<T> {
    fn send(&mut self, request: &Request) -> Result<Answer, LineFailure> {
        (**self).send(request)
    }
}
