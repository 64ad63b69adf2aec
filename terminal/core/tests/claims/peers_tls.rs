//! Two tablets over real sockets, real certificates and real mDNS: who is spoken with, and who isn't.

use crate::fixture::*;
use rcgen::string::Ia5String;
use rcgen::{BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, PublicKeyData, SanType, date_time_ymd};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ClientConnection, ServerConfig, ServerConnection, StreamOwned};
use shared::id::{DeviceId, EntryId, SiteId};
use shared::journal::SigningKey;
use shared::wire::PeerCertificate;
use shared::wire::peers::PeerAsk;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};
use tempfile::{TempDir, tempdir};
use terminal_core::clock::{Clock, Now, Observed};
use terminal_core::door::Door;
use terminal_core::peers::PeerFailure;
use terminal_core::peers::exchange::{Carry, Exchanged};
use terminal_core::peers::line::{Met, Peers};
use terminal_core::peers::neighbours::Hint;
use terminal_core::peers::stream::{MESSAGE_BYTES_MAX, call, connect};
use terminal_core::peers::tls::Papers;
use terminal_core::store::{Author, Identity, LineState, LineStatus, NoFaults, Store, public_key_of};
use terminal_core::sync::believed_time::BelievedTime;
use terminal_core::sync::http::Http;
use terminal_core::sync::transport::{LineFailure, Request, Transport};
use terminal_core::view::{Act, TileState};
use uuid::Uuid;

pub struct Authority {
    params: CertificateParams,
    key: KeyPair,
    der: Vec<u8>,
}

pub fn authority() -> Authority {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.not_before = date_time_ymd(1970, 1, 1);
    let key = KeyPair::generate().unwrap();
    let der = params.self_signed(&key).unwrap().der().to_vec();
    Authority { params, key, der }
}

pub const ALWAYS: (i32, i32) = (1971, 4000);
const ONLY_2025: (i32, i32) = (2025, 2026);
const ELSEWHERE: SiteId = SiteId(Uuid::from_u128(0xE15E));
/// Longest wait for what must come.
const SOON: Duration = Duration::from_secs(30);
/// Long enough for a call on this machine to have gone wrong.
const NEVER: Duration = Duration::from_secs(4);

struct TabletKey([u8; 32]);

impl PublicKeyData for TabletKey {
    fn der_bytes(&self) -> &[u8] {
        &self.0
    }
    fn algorithm(&self) -> &'static rcgen::SignatureAlgorithm {
        &rcgen::PKCS_ED25519
    }
}

/// As the server makes them.
pub fn issued(authority: &Authority, key: &SigningKey, device: DeviceId, site: SiteId, years: (i32, i32)) -> Vec<u8> {
    let mut params = CertificateParams::default();
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    (params.not_before, params.not_after) = (date_time_ymd(years.0, 1, 1), date_time_ymd(years.1, 1, 1));
    let names = [format!("preau:device:{device}"), format!("preau:site:{site}"), format!("preau:organisation:{ORGANISATION}")];
    params.subject_alt_names = names.map(|name| SanType::URI(Ia5String::try_from(name).unwrap())).to_vec();
    let key = TabletKey(key.verifying_key().to_bytes());
    params.signed_by(&key, &Issuer::from_params(&authority.params, &authority.key)).unwrap().der().to_vec()
}

/// A clock that goes on from an instant.
#[derive(Clone, Copy)]
struct Ticking(Now, Instant);

fn ticking(now: Now) -> Ticking {
    Ticking(now, Instant::now())
}

impl Clock for Ticking {
    fn now(&self) -> Now {
        later(self.0, i64::try_from(self.1.elapsed().as_millis()).unwrap())
    }
}

/// A tablet with a certificate, which listens.
struct Neighbour {
    door: Door,
    /// Goes after the door.
    _dir: TempDir,
}

impl Neighbour {
    /// Enrolled with an authority; shows a certificate of another, where that is wanted.
    fn new(number: u16, pinned: &Authority, shown: &Authority, site: SiteId, years: (i32, i32)) -> Self {
        let dir = tempdir().unwrap();
        let mut store = Store::open(dir.path(), Arc::new(NoFaults)).unwrap();
        let identity = Identity {
            device: device(number),
            site,
            site_name: "École Vauban".into(),
            organisations: vec![ORGANISATION],
            epoch: 1,
            server_url: "https://localhost:1".into(),
            authority: pinned.der.clone(),
            public_key: public_key_of(store.key()),
        };
        store.journal.enrol(&identity).unwrap();
        store.roster.apply("epoch-1", 1, &puts(roster())).unwrap();
        let certificate = issued(shown, store.key(), identity.device, site, years).into();
        store.roster.set_peer_certificate(&PeerCertificate { certificate, until_ms: 0 }).unwrap();
        let observed = Observed { boot: BOOT, boottime_ms: wednesday("07:30").boottime_ms, server_ms: wednesday("07:30").wall_ms };
        store.roster.set_observed(observed).unwrap();
        Self { door: Door::open(store, wednesday("07:40")).unwrap(), _dir: dir }
    }

    fn of_site(number: u16, authority: &Authority) -> Self {
        Self::new(number, authority, authority, SITE, ALWAYS)
    }

    fn second(&self) -> Store {
        self.door.store().second().unwrap()
    }

    /// Threads on the loopback, found by hints alone.
    fn listens(&self) -> Peers {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        Peers::over(self.second(), ticking(wednesday("07:45")), listener, None).unwrap()
    }

    fn papers(&self) -> Papers {
        Papers::of(&self.second(), wednesday("07:45")).unwrap()
    }

    fn state(&mut self, number: u16) -> TileState {
        tile(&self.door.tick_clock(wednesday("07:45")), number).state
    }
}

fn at(address: SocketAddr) -> Hint {
    Hint { name: address.to_string(), addresses: vec![address] }
}

fn met(watched: &Receiver<Met>) -> Met {
    watched.recv_timeout(SOON).unwrap()
}

#[test]
fn two_tablets_of_a_site_exchange_over_tls_as_soon_as_something_is_sealed() {
    let ours = authority();
    let (mut one, mut two) = (Neighbour::of_site(1, &ours), Neighbour::of_site(2, &ours));
    one.door.act(wednesday("07:42"), Act::Touch(child(LEA)));
    let (first, second) = (one.listens(), two.listens());
    let watched = second.watch();
    second.hint(at(first.address()));
    // Neither was told of the other by the server: each certificate tells whose key it is.
    assert_eq!(met(&watched), Met { device: device(1), exchanged: Exchanged { received: 1, given: 0, left: 0 } });
    assert_eq!(two.state(LEA), TileState::Present);
    two.door.act(wednesday("07:43"), Act::Touch(child(TOM)));
    second.sealed();
    assert_eq!(met(&watched).exchanged, Exchanged { received: 0, given: 1, left: 0 });
    assert_eq!(one.state(TOM), TileState::Present);
    drop((first, second));
    assert_eq!(two.second().roster.agreement().unwrap().tablets, 1);
}

/// Whether a tablet of the site, called and calling, exchanges with another.
fn is_spoken_with(one: &Neighbour, two: &mut Neighbour) -> bool {
    let (first, second) = (one.listens(), two.listens());
    let (calls, is_called) = (first.watch(), second.watch());
    first.hint(at(second.address()));
    second.hint(at(first.address()));
    let spoken = calls.recv_timeout(NEVER).is_ok() || is_called.recv_timeout(Duration::from_millis(1)).is_ok();
    drop((first, second));
    assert_eq!(spoken, two.state(LEA) == TileState::Present, "what was exchanged is on the board");
    spoken
}

#[test]
fn only_a_tablet_of_the_same_site_by_the_same_authority_and_in_its_days_is_spoken_with() {
    let (ours, theirs) = (authority(), authority());
    let mut one = Neighbour::of_site(1, &ours);
    one.door.act(wednesday("07:42"), Act::Touch(child(LEA)));
    assert!(is_spoken_with(&one, &mut Neighbour::of_site(2, &ours)), "the one that is");
    assert!(!is_spoken_with(&one, &mut Neighbour::new(3, &theirs, &theirs, SITE, ALWAYS)), "another authority");
    assert!(!is_spoken_with(&one, &mut Neighbour::new(4, &ours, &theirs, SITE, ALWAYS)), "one that calls itself ours");
    assert!(!is_spoken_with(&one, &mut Neighbour::new(5, &ours, &ours, ELSEWHERE, ALWAYS)), "another site");
    assert!(!is_spoken_with(&one, &mut Neighbour::new(6, &ours, &ours, SITE, ONLY_2025)), "one that ran out");
    assert!(!is_spoken_with(&one, &mut Neighbour::of_site(1, &ours)), "a copy of itself");
}

#[test]
fn a_certificate_is_judged_at_the_latest_time_of_the_server_where_the_clock_is_in_doubt() {
    let ours = authority();
    let one = Neighbour::of_site(1, &ours);
    let two = Neighbour::new(2, &ours, &ours, SITE, (2026, 2027));
    let in_1970 = Now { wall_ms: 5_000, boot: shared::id::BootId(Uuid::from_u128(1)), ..wednesday("07:45") };
    let shown = issued(&ours, two.door.store().key(), device(2), SITE, (2026, 2027));
    let papers = Papers::of(&one.second(), in_1970).unwrap();
    assert_eq!(papers.judge(Some(&[shown.clone().into()])).unwrap().device, device(2));
    let old = issued(&ours, two.door.store().key(), device(2), SITE, (1969, 1971));
    assert!(papers.judge(Some(&[old.into()])).is_err(), "a dead battery brings no dead certificate back to life");
    let in_2027 = at_later(100);
    let papers = Papers::of(&one.second(), in_2027).unwrap();
    assert!(papers.judge(Some(&[shown.into()])).is_err());
}

fn at_later(days: i64) -> Now {
    let now = wednesday("07:45");
    Now { wall_ms: now.wall_ms + days * 86_400_000, boot: shared::id::BootId(Uuid::from_u128(1)), ..now }
}

#[test]
fn a_revoked_tablet_is_not_spoken_with_from_the_moment_that_it_is_known() {
    let ours = authority();
    let mut one = Neighbour::of_site(1, &ours);
    one.door.act(wednesday("07:42"), Act::Touch(child(LEA)));
    let mut two = Neighbour::of_site(2, &ours);
    let key = public_key_of(two.door.store().key());
    let author = |revoked| Author { device: device(2), key, server: false, revoked };
    one.second().journal.know_authors(&[author(true)]).unwrap();
    assert!(!is_spoken_with(&one, &mut two));
    one.second().journal.know_authors(&[Author { key: [1; 32], ..author(false) }]).unwrap();
    assert!(!is_spoken_with(&one, &mut two), "another key under a known name");
    one.second().journal.know_authors(&[author(false)]).unwrap();
    // Nor does a tablet that knows itself revoked speak.
    let line = |state| LineStatus { state, ..LineStatus::default() };
    two.second().roster.set_line(&line(LineState::Revoked)).unwrap();
    assert!(!is_spoken_with(&one, &mut two));
    two.second().roster.set_line(&line(LineState::NoNetwork)).unwrap();
    assert!(is_spoken_with(&one, &mut two));
}

#[test]
fn a_tablets_certificate_cannot_stand_for_the_server_nor_the_servers_for_a_tablet() {
    let ours = authority();
    let tablet = Neighbour::of_site(1, &ours);
    let secret = tablet.door.store().key().to_bytes();
    let pkcs8 = [[0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20].as_slice(), &secret].concat();
    let certificate = issued(&ours, tablet.door.store().key(), device(1), SITE, ALWAYS);
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.into()], PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(pkcs8)))
        .unwrap();
    let (config, listener) = (Arc::new(config), TcpListener::bind("127.0.0.1:0").unwrap());
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let mut tls = StreamOwned::new(ServerConnection::new(Arc::clone(&config)).unwrap(), stream);
            let _ = tls.read(&mut [0; 64]);
        }
    });
    let request = Request { path: "/sync/v1/session/hello", bearer: None, body: b"{}".to_vec() };
    let believed = BelievedTime::by(Some(1_790_000_000), || 1_790_000_000);
    let asked = Http::pinned(&format!("https://{address}"), &ours.der, believed).unwrap().send(&request);
    assert_eq!(asked.map(|answer| answer.status), Err(LineFailure::WrongCertificate));

    let mut params = CertificateParams::new(vec!["preau.exemple.fr".to_owned()]).unwrap();
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    (params.not_before, params.not_after) = (date_time_ymd(2026, 1, 1), date_time_ymd(2027, 1, 1));
    let names = [format!("preau:device:{}", device(2)), format!("preau:site:{SITE}"), format!("preau:organisation:{ORGANISATION}")];
    params.subject_alt_names = names.map(|name| SanType::URI(Ia5String::try_from(name).unwrap())).to_vec();
    let servers = params.signed_by(&TabletKey([4; 32]), &Issuer::from_params(&ours.params, &ours.key)).unwrap().der().clone();
    assert!(tablet.papers().judge(Some(&[servers])).is_err());
}

/// What a listener says to bytes that are no exchange: nothing, and it ends.
fn is_hung_up_on(address: SocketAddr, said: &[u8]) -> bool {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(SOON)).unwrap();
    let _ = stream.write_all(said);
    let mut heard = Vec::new();
    // A reset is an end too.
    let _ = stream.read_to_end(&mut heard);
    heard.len() < 64
}

#[test]
fn whoever_speaks_no_tls_is_hung_up_on_and_the_tablets_go_on() {
    let ours = authority();
    let (one, two) = (Neighbour::of_site(1, &ours), Neighbour::of_site(2, &ours));
    let (first, second) = (one.listens(), two.listens());
    for said in [b"GET / HTTP/1.1\r\n\r\n".as_slice(), &[0xff; 2_000], &[0x16, 3, 1, 0xff, 0xff]] {
        assert!(is_hung_up_on(first.address(), said));
    }
    let watched = second.watch();
    second.hint(at(first.address()));
    assert!(met(&watched).exchanged.agrees());
}

#[test]
fn a_tablet_of_the_site_that_says_too_much_is_hung_up_on() {
    let ours = authority();
    let (one, two) = (Neighbour::of_site(1, &ours), Neighbour::of_site(2, &ours));
    let first = one.listens();
    let (mut called, peer) = call(connect(&first.address()).unwrap(), &first.address(), &two.papers()).unwrap();
    assert_eq!(peer.device, device(1));
    let fetch = |count| PeerAsk::Fetch { entries: vec![EntryId(Uuid::from_u128(1)); count] };
    // One name more than may be asked for, and the exchange goes on.
    assert!(matches!(called.ask(&fetch(201)), Err(PeerFailure::Unreadable)));
    assert!(called.ask(&fetch(200)).is_ok());
    // While it goes on, the same tablet begins no second one.
    let (mut again, _) = call(connect(&first.address()).unwrap(), &first.address(), &two.papers()).unwrap();
    assert!(matches!(again.ask(&fetch(1)), Err(PeerFailure::Busy)));
    drop((called, again));

    // A message that says to be longer than any may be is not waited for.
    let three = Neighbour::of_site(3, &ours);
    let mut stream = connect(&first.address()).unwrap();
    stream.set_read_timeout(Some(SOON)).unwrap();
    let mut tls = ClientConnection::new(Arc::new(three.papers().client().unwrap()), first.address().ip().into()).unwrap();
    let mut tls = rustls::Stream::new(&mut tls, &mut stream);
    tls.write_all(&u32::try_from(MESSAGE_BYTES_MAX + 1).unwrap().to_be_bytes()).unwrap();
    tls.write_all(&[b' '; 100]).unwrap();
    let mut heard = Vec::new();
    // A reset is an end too.
    let _ = tls.read_to_end(&mut heard);
    assert_eq!(heard, b"");
}

#[test]
fn one_address_opens_so_many_connections_a_minute_and_no_more() {
    let ours = authority();
    let (one, two) = (Neighbour::of_site(1, &ours), Neighbour::of_site(2, &ours));
    let first = one.listens();
    let calls = (0..80).filter(|_| {
        let stream = connect(&first.address()).unwrap();
        call(stream, &first.address(), &two.papers()).is_ok()
    });
    assert!(calls.count() <= 60);
}

#[test]
fn two_tablets_find_each_other_on_the_network() {
    let ours = authority();
    let (mut one, mut two) = (Neighbour::of_site(1, &ours), Neighbour::of_site(2, &ours));
    one.door.act(wednesday("07:42"), Act::Touch(child(LEA)));
    let first = Peers::start(one.second(), ticking(wednesday("07:45"))).unwrap();
    let second = Peers::start(two.second(), ticking(wednesday("07:45"))).unwrap();
    let (calls, is_called) = (first.watch(), second.watch());
    let found = (0..SOON.as_secs() * 10)
        .find_map(|_| calls.recv_timeout(Duration::from_millis(50)).or_else(|_| is_called.recv_timeout(Duration::from_millis(50))).ok());
    drop((first, second));
    assert!(found.is_some(), "no multicast, or nobody heard");
    assert_eq!((one.state(LEA), two.state(LEA)), (TileState::Present, TileState::Present));
}
