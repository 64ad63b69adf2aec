//! Tells `urlnotif` that there is something to ask. The operation's name and nothing else; to this machine alone.

use crate::Sandbox;
use crate::operations::Operation;
use crate::switches::Way;
use reqwest::header::CONTENT_TYPE;
use std::sync::Arc;
use std::time::Duration;
use url::{Host, Url, form_urlencoded};

/// Longest wait for a receiver.
const ANSWER_S_MAX: u64 = 10;

/// What sends notifications.
///
/// # Errors
/// Where TLS can't be set up.
pub fn sender() -> Result<reqwest::Client, reqwest::Error> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        // A server under test signs its own certificate; nothing leaves this machine, and a notification holds no secret.
        .tls_danger_accept_invalid_certs(true)
        .timeout(Duration::from_secs(ANSWER_S_MAX))
        .build()
}

/// Whether an address is on this machine.
#[must_use]
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// The same address with the operation's name in its query.
#[must_use]
pub fn with_idop(url: &Url, parameter: &str, idop: &str) -> Url {
    let mut url = url.clone();
    url.query_pairs_mut().append_pair(parameter, idop);
    url
}

/// Sends the notifications that an operation's switches ask for, and notes what became of each.
pub async fn notify(sandbox: Arc<Sandbox>, operation: Operation) {
    let Operation { idop, asked, switches, .. } = operation;
    tokio::time::sleep(Duration::from_millis(switches.delay_ms)).await;
    if switches.copies == 0 {
        sandbox.operations().tell(&idop, "notification perdue (copies=0)".into());
    }
    for _ in 0..switches.copies {
        let told = if is_loopback(&asked.urlnotif) {
            send(&sandbox.http, &asked.urlnotif, switches.way, switches.parameter, &idop).await
        } else {
            "notification retenue : le bac à sable n'appelle que cette machine (127.0.0.1, ::1, localhost)".into()
        };
        tracing::info!(idop, told, "notification");
        sandbox.operations().tell(&idop, told);
    }
}

async fn send(http: &reqwest::Client, url: &Url, way: Way, parameter: &str, idop: &str) -> String {
    let request = match way {
        Way::PostForm => {
            let form: String = form_urlencoded::Serializer::new(String::new()).append_pair(parameter, idop).finish();
            http.post(url.clone()).header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(form)
        }
        Way::PostQuery => http.post(with_idop(url, parameter, idop)),
        Way::Get => http.get(with_idop(url, parameter, idop)),
    };
    match request.send().await {
        Ok(answer) => format!("notification reçue : HTTP {}", answer.status().as_u16()),
        Err(error) if error.is_timeout() => "notification sans réponse".into(),
        Err(_) => "notification impossible : personne n'écoute à cette adresse".into(),
    }
}
