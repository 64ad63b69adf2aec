//! Whom the tablet believes, over real sockets and real certificates.

use crate::fixture::*;
use crate::server::Wire;
use rcgen::{BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, SigningKey, date_time_ymd};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use shared::wire::{TimeAsk, TimeTold, time_bytes};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use tempfile::tempdir;
use terminal_core::store::{NoFaults, Store};
use terminal_core::sync::believed_time::BelievedTime;
use terminal_core::sync::http::Http;
use terminal_core::sync::shell::Shell;
use terminal_core::sync::transport::{LineFailure, Request, Transport};

pub struct Authority {
    params: CertificateParams,
    key: KeyPair,
    pub der: Vec<u8>,
}

pub fn authority() -> Arc<Authority> {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    let der = params.self_signed(&key).unwrap().der().to_vec();
    Arc::new(Authority { params, key, der })
}

/// How a server answers who asks it the time.
#[derive(Clone)]
enum Tells {
    /// Not at all: any answer that isn't one.
    Nothing,
    /// This time, in s, signed by its authority.
    Signed(u64),
    /// This time, signed by somebody else.
    Forged(u64),
    /// This time, with the right signature over another nonce: an answer heard earlier.
    Replayed(u64),
}

/// A server, and the paths that were asked of it.
struct Place {
    at: SocketAddr,
    heard: Arc<Mutex<Vec<String>>>,
}

impl Place {
    fn heard(&self) -> Vec<String> {
        self.heard.lock().unwrap().clone()
    }
}

/// A request as a server hears it.
pub struct Heard {
    pub head: String,
    pub body: Vec<u8>,
}

impl Heard {
    fn path(&self) -> String {
        self.head.split(' ').nth(1).unwrap().to_owned()
    }
}

/// A server that says `{}`, or the time to who asks it.
fn server(authority: &Arc<Authority>, years: (i32, i32), tells: Tells) -> Place {
    let (heard, ours) = (Arc::new(Mutex::new(Vec::new())), Arc::clone(authority));
    let log = Arc::clone(&heard);
    let at = server_that(authority, years, move |asked| {
        let path = asked.path();
        let answer = if path == TIME { told(&ours, &tells, &asked.body) } else { "{}".to_owned() };
        log.lock().unwrap().push(path);
        format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{answer}", answer.len()).into_bytes()
    });
    Place { at, heard }
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
        // A client that hangs up is none of the server's business; a handshake that fails asks nothing.
        let _ = heard(&mut tls).map(&reply).and_then(|said| tls.write_all(&said)).and_then(|()| tls.flush());
    })
}

fn told(authority: &Authority, tells: &Tells, body: &[u8]) -> String {
    let ask: TimeAsk = serde_json::from_slice(body).unwrap();
    let nonce: [u8; 32] = ask.nonce.array().unwrap();
    let stranger = KeyPair::generate().unwrap();
    let (s, nonce, key) = match tells {
        Tells::Nothing => return "{}".into(),
        Tells::Signed(s) => (s, nonce, &authority.key),
        Tells::Forged(s) => (s, nonce, &stranger),
        Tells::Replayed(s) => (s, [7; 32], &authority.key),
    };
    let server_ms = i64::try_from(*s).unwrap() * 1_000;
    let signature = key.sign(&time_bytes(&nonce, server_ms)).unwrap();
    serde_json::to_string(&TimeTold { server_ms, signature: signature.into() }).unwrap()
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
    http?.send(&Request { path: HELLO, bearer: None, body: b"{}".to_vec() }).map(|a| a.status)
}

/// A tablet that remembers a time of its server and reads another on its clock.
fn tablet(place: &Place, authority: &Authority, known_s: Option<u64>, wall_s: u64) -> Result<Http, LineFailure> {
    Http::pinned(&url(place.at), &authority.der, BelievedTime::by(known_s, move || wall_s))
}

pub fn url(address: SocketAddr) -> String {
    format!("https://{address}")
}

const HELLO: &str = "/sync/v1/session/hello";
const TIME: &str = "/sync/v1/time";
const MAY_2020: u64 = 1_590_000_000;
const IN_2021: u64 = 1_609_459_200;
const YEAR_S: u64 = 366 * 86_400;
const IN_2038: u64 = 2_147_483_647;
const ONLY_2020: (i32, i32) = (2020, 2021);
pub const ALWAYS: (i32, i32) = (1971, 4000);

#[test]
fn the_pinned_authority_is_believed_whatever_name_the_server_is_reached_by() {
    let ours = authority();
    let place = server(&ours, ALWAYS, Tells::Nothing);
    assert_eq!(ask(tablet(&place, &ours, Some(MAY_2020), MAY_2020)), Ok(200));
    assert_eq!(place.heard(), [HELLO], "a clock that can be right asks nobody the time");
}

#[test]
fn another_authority_is_not_believed_not_even_to_ask_it_the_time() {
    let (ours, theirs) = (authority(), authority());
    for known_s in [None, Some(MAY_2020)] {
        let place = server(&theirs, ALWAYS, Tells::Signed(MAY_2020));
        assert_eq!(ask(tablet(&place, &ours, known_s, MAY_2020)), Err(LineFailure::WrongCertificate), "{known_s:?}");
        assert_eq!(place.heard(), Vec::<String>::new());
    }
    let nonsense = Http::pinned("https://127.0.0.1:1", b"no certificate", BelievedTime::new(None));
    assert_eq!(ask(nonsense), Err(LineFailure::WrongCertificate));
}

#[test]
fn a_tablet_whose_clock_is_lost_asks_the_authority_first_and_judges_the_certificate_at_that_time() {
    let ours = authority();
    for (known_s, wall_s) in [(None, MAY_2020), (Some(MAY_2020), 5), (Some(MAY_2020), IN_2038), (Some(MAY_2020), MAY_2020 - 1)] {
        let right = server(&ours, ONLY_2020, Tells::Signed(MAY_2020 + 60));
        let mut http = tablet(&right, &ours, known_s, wall_s).unwrap();
        let hello = Request { path: HELLO, bearer: None, body: b"{}".to_vec() };
        assert_eq!(http.send(&hello).map(|a| a.status), Ok(200), "{known_s:?} {wall_s}");
        assert_eq!(http.send(&hello).map(|a| a.status), Ok(200));
        assert_eq!(right.heard(), [TIME, HELLO, HELLO], "asked once, then remembered");

        let expired = server(&ours, ONLY_2020, Tells::Signed(MAY_2020 + 3 * YEAR_S));
        assert_eq!(ask(tablet(&expired, &ours, known_s, wall_s)), Err(LineFailure::CertificateExpired), "{known_s:?} {wall_s}");
        let early = server(&ours, (2025, 2026), Tells::Signed(MAY_2020 + 60));
        assert_eq!(ask(tablet(&early, &ours, known_s, wall_s)), Err(LineFailure::CertificateTooEarly), "{known_s:?} {wall_s}");
        assert_eq!((expired.heard(), early.heard()), (vec![TIME.to_owned()], vec![TIME.to_owned()]), "nothing else was sent");
    }
}

#[test]
fn a_time_that_the_authority_did_not_sign_now_is_no_time() {
    let ours = authority();
    for tells in
        [Tells::Nothing, Tells::Forged(MAY_2020), Tells::Replayed(MAY_2020), Tells::Signed(u64::try_from(i64::MAX).unwrap() / 1_000)]
    {
        let place = server(&ours, ONLY_2020, tells.clone());
        let said = ask(tablet(&place, &ours, None, MAY_2020)).unwrap_err();
        let expected = if matches!(tells, Tells::Signed(_)) { LineFailure::CertificateExpired } else { LineFailure::Clock };
        assert_eq!(said, expected);
        assert_eq!(place.heard(), [TIME], "nothing else was sent");
    }
}

/// Whoever holds a key of the server's that has expired since can lead a tablet to its own machine, and can't sign a time.
#[test]
fn an_old_key_of_the_server_s_hears_nothing_from_a_tablet_whose_clock_is_lost() {
    let ours = authority();
    let thief = server(&ours, ONLY_2020, Tells::Forged(MAY_2020));
    assert_eq!(ask(tablet(&thief, &ours, Some(MAY_2020 + 3 * YEAR_S), 5)), Err(LineFailure::Clock));
    assert_eq!(thief.heard(), [TIME]);
}

#[test]
fn a_certificate_that_a_possible_clock_finds_over_or_too_early_is_judged_once_more_at_the_signed_time() {
    let ours = authority();
    let jan_2021 = MAY_2020 + 240 * 86_400;
    // The clock ran ahead; the clock woke up on the day when it was switched off.
    let place = server(&ours, ONLY_2020, Tells::Signed(MAY_2020 + 60));
    assert_eq!(ask(tablet(&place, &ours, Some(MAY_2020), jan_2021)), Ok(200));
    assert_eq!(ask(tablet(&place, &ours, Some(MAY_2020 - 200 * 86_400), MAY_2020 - 180 * 86_400)), Ok(200));
    // The clock is right, and the certificate is over.
    let over = server(&ours, ONLY_2020, Tells::Signed(jan_2021));
    assert_eq!(ask(tablet(&over, &ours, Some(MAY_2020), jan_2021)), Err(LineFailure::CertificateExpired));
    // The clock can be right, and the server is in 2038 with all that it has: the server is doubted.
    let ahead = server(&ours, (2037, 2039), Tells::Signed(IN_2038));
    assert_eq!(ask(tablet(&ahead, &ours, Some(MAY_2020), jan_2021)), Err(LineFailure::CertificateTooEarly));
    assert_eq!(ahead.heard(), [TIME]);
}

#[test]
fn each_connection_is_judged_at_its_own_time_also_one_that_follows_another() {
    let ours = authority();
    let place = server(&ours, ONLY_2020, Tells::Nothing);
    // Half an hour before the certificate is over: a session could still be resumed afterwards, without showing it.
    let wall_s = Arc::new(AtomicU64::new(IN_2021 - 1_800));
    let clock = Arc::clone(&wall_s);
    let mut http = Http::pinned(&url(place.at), &ours.der, BelievedTime::by(Some(MAY_2020), move || clock.load(Ordering::SeqCst))).unwrap();
    let hello = Request { path: HELLO, bearer: None, body: b"{}".to_vec() };
    assert_eq!(http.send(&hello).map(|a| a.status), Ok(200));
    wall_s.store(IN_2021 + 1_800, Ordering::SeqCst);
    assert_eq!(http.send(&hello), Err(LineFailure::CertificateExpired));
    assert_eq!(place.heard(), [HELLO, TIME]);
}

/// The session is with the server in memory, whose clock can be set; the handshakes that follow are real ones.
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
    assert_eq!(known_s, Some(IN_2038), "the wrong time was kept");

    let ours = authority();
    let right_again = server(&ours, ONLY_2020, Tells::Signed(MAY_2020));
    assert_eq!(ask(tablet(&right_again, &ours, known_s, MAY_2020)), Ok(200));
}

#[test]
fn nobody_there_and_somebody_else_there_are_told_apart() {
    let ours = authority();
    // As a plain HTTP server answers what isn't HTTP.
    let plain = listen(|mut stream| {
        let heard = stream.read(&mut [0; 512]);
        let _ = heard.and_then(|_| stream.write_all(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n"));
    });
    let pinned = |at| Http::pinned(&url(at), &ours.der, BelievedTime::new(None));
    assert_eq!(ask(pinned(plain)), Err(LineFailure::NotPreau));
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    assert_eq!(ask(pinned(free)), Err(LineFailure::NoNetwork));
}

#[test]
fn the_hello_of_an_enrolment_reaches_a_server_that_nobody_vouches_for() {
    let place = server(&authority(), ONLY_2020, Tells::Nothing);
    assert_eq!(ask(Http::trusting_anyone(&url(place.at))), Ok(200));
}
