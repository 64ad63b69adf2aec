//! Requests over HTTPS, by the pinned authority; compressed once the server has said that it reads gzip.

use super::believed_time::BelievedTime;
use super::gzip;
use super::signed_time::SignedTime;
use super::tls::{self, Failure};
use super::transport::{ANSWER_BYTES_MAX, Answer, LineFailure, Request, Transport};
use crate::clock::Observed;
use crate::store::Identity;
use reqwest::blocking::{Client, Response};
use reqwest::header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderName};
use std::io::ErrorKind;
use std::sync::Arc;
use std::time::Duration;

/// Longest wait for a connection.
const CONNECT_S_MAX: u64 = 6;
/// Longest wait for a whole answer: a half-open line must not look like a slow one for ever.
const ANSWER_S_MAX: u64 = 30;

/// An HTTPS connection to one server.
pub struct Http {
    client: Client,
    base: String,
    failure: Failure,
    /// Where the time is asked, once the certificate can't be judged without it.
    time: Option<SignedTime>,
    /// Whether the server said that it reads gzip. An older one says nothing.
    reads_gzip: bool,
}

impl Http {
    /// Speaks with the server that a tablet is enrolled with; `observed` is the latest that the tablet heard of its clock.
    ///
    /// # Errors
    /// Where the authority is no certificate.
    pub fn of(identity: &Identity, observed: Option<Observed>) -> Result<Self, LineFailure> {
        let known_s = observed.and_then(|seen| u64::try_from(seen.server_ms / 1_000).ok());
        Self::pinned(&identity.server_url, &identity.authority, BelievedTime::new(known_s))
    }

    /// Speaks with the server whose authority was pinned.
    ///
    /// # Errors
    /// Where the authority is no certificate.
    pub fn pinned(server_url: &str, authority: &[u8], believed: BelievedTime) -> Result<Self, LineFailure> {
        let (believed, failure) = (Arc::new(believed), Failure::default());
        let line = Self::with(server_url, tls::pinned(authority, &believed, &failure)?, failure)?;
        Ok(Self { time: Some(SignedTime::new(server_url, authority, believed)), ..line })
    }

    /// Speaks with the server whose authority was pinned, whatever the dates of its certificate: to ask the time only.
    pub(super) fn at_any_time(server_url: &str, authority: &[u8], clock: &Arc<BelievedTime>) -> Result<Self, LineFailure> {
        let failure = Failure::default();
        Self::with(server_url, tls::at_any_time(authority, clock, &failure)?, failure)
    }

    /// Speaks with anyone: for the hello of an enrolment only.
    ///
    /// # Errors
    /// Where no client can be built.
    pub fn trusting_anyone(server_url: &str) -> Result<Self, LineFailure> {
        Self::with(server_url, tls::trusting_anyone()?, Failure::default())
    }

    fn with(server_url: &str, config: rustls::ClientConfig, failure: Failure) -> Result<Self, LineFailure> {
        let client = Client::builder()
            .tls_backend_preconfigured(config)
            .https_only(true)
            // A redirect is a welcome page, never our server.
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(Duration::from_secs(CONNECT_S_MAX))
            .timeout(Duration::from_secs(ANSWER_S_MAX))
            .build()
            .map_err(|_| LineFailure::NoNetwork)?;
        Ok(Self { client, base: server_url.trim_end_matches('/').to_owned(), failure, time: None, reads_gzip: false })
    }

    fn cause(&self, error: &reqwest::Error) -> LineFailure {
        tracing::debug!(%error, "no answer");
        if let Some(failure) = self.failure.take() {
            return failure;
        }
        // Neither a refused connection nor a silence, yet the bytes were not TLS.
        if speaks_no_tls(error) { LineFailure::NotPreau } else { LineFailure::NoNetwork }
    }

    /// Sends a request, as far as the certificate is believed.
    fn try_to_send(&mut self, request: &Request) -> Result<Answer, LineFailure> {
        if let Some(body) = gzip::compressed(&request.body).filter(|_| self.reads_gzip) {
            let answer = self.post(request, body, true)?;
            if !matches!(answer.status, 400 | 415) {
                return Ok(answer);
            }
            // An older server took this one's place: it reads what is plain.
            self.reads_gzip = false;
        }
        self.post(request, request.body.clone(), false)
    }

    fn post(&mut self, request: &Request, body: Vec<u8>, is_compressed: bool) -> Result<Answer, LineFailure> {
        let url = format!("{}{}", self.base, request.path);
        let mut builder = self.client.post(url).header(CONTENT_TYPE, "application/json").header(ACCEPT_ENCODING, "gzip").body(body);
        if is_compressed {
            builder = builder.header(CONTENT_ENCODING, "gzip");
        }
        if let Some(token) = &request.bearer {
            builder = builder.bearer_auth(token);
        }
        let response = builder.send().map_err(|e| self.cause(&e))?;
        self.reads_gzip |= says_gzip(response.headers(), &ACCEPT_ENCODING);
        read(response)
    }
}

impl Transport for Http {
    fn send(&mut self, request: &Request) -> Result<Answer, LineFailure> {
        match (self.try_to_send(request), &self.time) {
            // Nothing was sent: TLS ended before.
            (Err(failure), Some(time)) if failure.is_about_time() => {
                if time.ask()? {
                    self.try_to_send(request)
                } else {
                    Err(failure)
                }
            }
            (answer, _) => answer,
        }
    }
}

fn read(response: Response) -> Result<Answer, LineFailure> {
    let (status, is_compressed) = (response.status().as_u16(), says_gzip(response.headers(), &CONTENT_ENCODING));
    let body = gzip::read(response, is_compressed, ANSWER_BYTES_MAX).map_err(|error| match error.kind() {
        ErrorKind::InvalidData => LineFailure::NotPreau,
        _ => LineFailure::NoNetwork,
    })?;
    Ok(Answer { status, body })
}

fn says_gzip(headers: &HeaderMap, name: &HeaderName) -> bool {
    headers.get(name).is_some_and(|value| value == "gzip")
}

/// Whether somewhere below an error TLS says that what came was not TLS. An I/O error hides what it wraps from `source`.
fn speaks_no_tls(error: &(dyn std::error::Error + 'static)) -> bool {
    if let Some(tls) = error.downcast_ref::<rustls::Error>() {
        return matches!(tls, rustls::Error::InvalidMessage(_) | rustls::Error::PeerIncompatible(_));
    }
    let wrapped = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
    wrapped.is_some_and(|inner| speaks_no_tls(inner)) || error.source().is_some_and(speaks_no_tls)
}

/// A server's address as people type it: with a scheme or without. TLS is spoken whatever the scheme says.
///
/// # Errors
/// A sentence for the person who typed it.
pub fn normalised_url(typed: &str) -> Result<String, String> {
    let typed = typed.trim();
    let wrong = || format!("« {typed} » n'est pas une adresse de serveur : attendu par exemple preau.exemple.fr ou 192.168.1.10:8443");
    let rest = typed.strip_prefix("https://").or_else(|| typed.strip_prefix("http://")).unwrap_or(typed);
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if host.is_empty() || rest.contains("://") || host.contains(['@', ' ', '\\']) || !host.is_ascii() {
        return Err(wrong());
    }
    let url = format!("https://{}", host.to_ascii_lowercase());
    reqwest::Url::parse(&url).map_err(|_| wrong()).map(|parsed| {
        // Url drops the port that its scheme implies, and so do we.
        parsed.as_str().trim_end_matches('/').to_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_as_people_type_it() {
        for (typed, read) in [
            ("http://127.0.0.1:8480", "https://127.0.0.1:8480"),
            ("https://Preau.Exemple.fr/", "https://preau.exemple.fr"),
            ("preau.exemple.fr:8443/portail?x=1", "https://preau.exemple.fr:8443"),
            (" [::1]:8480 ", "https://[::1]:8480"),
            ("preau.exemple.fr:443", "https://preau.exemple.fr"),
        ] {
            assert_eq!(normalised_url(typed).as_deref(), Ok(read), "{typed}");
        }
        for wrong in ["", "https://", "un serveur", "a@b.fr", "ftp://x", "préau.fr", "host:port"] {
            assert!(normalised_url(wrong).is_err(), "{wrong}");
        }
    }
}
