//! Whom the tablet believes, over real sockets and real certificates.

use crate::fixture::*;
use crate::server::Wire;
use rcgen::{BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, date_time_ymd};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use tempfile::tempdir;
use terminal_core::store::{NoFaults, Store};
use terminal_core::sync::http::Http;
use terminal_core::sync::shell::Shell;
use terminal_core::sync::transport::{LineFailure, Request, Transport};

pub struct Authority {
    params: CertificateParams,
    key: KeyPair,
    pub der: Vec<u8>,
}

pub fn authority() -> Authority {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    let der = params.self_signed(&key).unwrap().der().to_vec();
    Authority { params, key, der }
}

/// A server that answers each connection once with `{}`.
fn server(authority: &Authority, years: (i32, i32)) -> SocketAddr {
    server_that(authority, years, |_| b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}".to_vec())
}

/// A request as a server hears it.
pub struct Heard {
    pub head: String,
    pub body: Vec<u8>,
}

/// A server that answers each connection once, with a certificate of an authority for another name than it is reached by.
pub fn server_that(authority: &Authority, years: (i32, i32), reply: impl Fn(Heard) -> Vec<u8> + Send + 'static) -> SocketAddr {
    let mut params = CertificateParams::new(vec!["preau.exemple.fr".to_owned()]).unwrap();
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    (params.not_before, params.not_after) = (date_time_ymd(years.0, 1, 1), date_time_ymd(years.1, 1, 1));
    let key = KeyPair::generate().unwrap();
    let leaf = params.signed_by(&key, &Issuer::from_params(&authority.params, &authority.key)).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![leaf.der().clone()], PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der())))
        .unwrap();
    let config = Arc::new(config);
    listen(move |stream| {
        let mut tls = StreamOwned::new(ServerConnection::new(Arc::clone(&config)).unwrap(), stream);
        // A client that hangs up is none of the server's business.
        let _ = heard(&mut tls).map(&reply).and_then(|said| tls.write_all(&said)).and_then(|()| tls.flush());
    })
}

fn listen(serve: impl Fn(std::net::TcpStream) + Send + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || listener.incoming().flatten().for_each(serve));
    address
}

/// Reads a request's head, and as much of a body as it tells of.
fn heard(stream: &mut impl Read) -> std::io::Result<Heard> {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).unwrap().to_ascii_lowercase();
    let length = head.split_once("content-length: ").and_then(|(_, rest)| rest.split("\r\n").next()?.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    stream.read_exact(&mut body)?;
    Ok(Heard { head, body })
}

fn ask(http: Result<Http, LineFailure>) -> Result<u16, LineFailure> {
    http?.send(&Request { path: "/sync/v1/session/hello", bearer: None, body: b"{}".to_vec() }).map(|a| a.status)
}

pub fn url(address: SocketAddr) -> String {
    format!("https://{address}")
}

const ONLY_2020: (i32, i32) = (2020, 2021);
pub const ALWAYS: (i32, i32) = (1971, 4000);

#[test]
fn the_pinned_authority_is_believed_whatever_name_the_server_is_reached_by() {
    let ours = authority();
    assert_eq!(ask(Http::pinned(&url(server(&ours, ALWAYS)), &ours.der, None)), Ok(200));
}

#[test]
fn another_authority_is_not_believed() {
    let (ours, theirs) = (authority(), authority());
    let failure = ask(Http::pinned(&url(server(&theirs, ALWAYS)), &ours.der, None));
    assert_eq!(failure, Err(LineFailure::WrongCertificate));
    assert_eq!(ask(Http::pinned("https://127.0.0.1:1", b"no certificate", None)), Err(LineFailure::WrongCertificate));
}

#[test]
fn a_certificate_is_judged_at_the_latest_known_time_and_not_at_all_before_any_is_known() {
    let ours = authority();
    let address = server(&ours, ONLY_2020);
    let may_2020 = 1_590_000_000;
    assert_eq!(ask(Http::pinned(&url(address), &ours.der, None)), Ok(200), "a first contact");
    assert_eq!(ask(Http::pinned(&url(address), &ours.der, Some(may_2020))), Ok(200), "today's clock is far ahead of what is known");
    assert_eq!(ask(Http::pinned(&url(address), &ours.der, Some(may_2020 + 3 * 366 * 86_400))), Err(LineFailure::Clock));
}

/// The session is with the server in memory, whose clock can be set; the handshake that follows is a real one, at this machine's time.
#[test]
fn one_session_with_a_server_in_2038_does_not_lock_the_tablet_out_for_ever() {
    let dir = tempdir().unwrap();
    let mut store = Store::open(dir.path(), Arc::new(NoFaults)).unwrap();
    enrol(&mut store, 1, roster());
    let wire = Wire::new("epoch-1");
    wire.knows(1, store.key().verifying_key());
    wire.server.lock().unwrap().server_ms = 2_147_483_647_000;
    let mut shell = Shell::new(store.second().unwrap(), wire, 1).unwrap();
    shell.round(&|| wednesday("07:40"), true);
    let known_s = store.roster.observed().unwrap().map(|seen| u64::try_from(seen.server_ms / 1_000).unwrap());
    assert_eq!(known_s, Some(2_147_483_647), "the wrong time was kept");

    let ours = authority();
    let right_again = server(&ours, (2020, 2038));
    assert_eq!(ask(Http::pinned(&url(right_again), &ours.der, known_s)), Ok(200));
}

#[test]
fn nobody_there_and_somebody_else_there_are_told_apart() {
    let ours = authority();
    // As a plain HTTP server answers what isn't HTTP.
    let plain = listen(|mut stream| {
        let heard = stream.read(&mut [0; 512]);
        let _ = heard.and_then(|_| stream.write_all(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n"));
    });
    assert_eq!(ask(Http::pinned(&url(plain), &ours.der, None)), Err(LineFailure::NotPreau));
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    assert_eq!(ask(Http::pinned(&url(free), &ours.der, None)), Err(LineFailure::NoNetwork));
}

#[test]
fn the_hello_of_an_enrolment_reaches_a_server_that_nobody_vouches_for() {
    assert_eq!(ask(Http::trusting_anyone(&url(server(&authority(), ONLY_2020)))), Ok(200));
}
