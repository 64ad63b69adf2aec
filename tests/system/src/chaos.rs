//! A bad network between tablets and a server: a proxy that passes bytes on as they are, TLS included, until it is told to do
//! otherwise.
//!
//! What happens to a connection is decided when it is made, by the test or by a seed. What a test waits for is what the proxy has
//! seen, never a time.

use crate::chance::Chance;
use crate::wait_until;
use rcgen::{CertificateParams, KeyPair};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// What a hotel answers to whoever asks anything before having accepted its conditions.
const WELCOME: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 49\r\nconnection: close\r\n\r\n\
    <html>Bienvenue ! Acceptez nos conditions.</html>";
/// How long two ends that don't understand each other any more are left waiting, once bytes were damaged.
const DAMAGED_WAIT: Duration = Duration::from_secs(2);

/// Who sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The tablet.
    Tablet,
    /// The server.
    Server,
}

/// What happens to a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Nothing: bytes pass.
    Fine,
    /// It is closed as soon as it was made.
    Closed,
    /// It is cut both ways once this side has sent so many bytes.
    Cut(Side, u64),
    /// Half-open: what the tablet sends is taken, and of what the server answers only so many bytes come.
    Silent(u64),
    /// One bit is flipped in what this side sends, after so many bytes.
    Flipped(Side, u64),
    /// So many bytes at a time, with so many milliseconds between.
    Slow(usize, u64),
    /// A welcome page answers instead, in plain HTTP.
    WelcomePage,
    /// A welcome page answers instead, in TLS with a certificate of somebody else's.
    ForeignPage,
}

impl Fault {
    /// One that ends a round within seconds: not silence.
    fn drawn(chance: &mut Chance) -> Self {
        let side = if chance.below(2) == 0 { Side::Tablet } else { Side::Server };
        // A handshake takes some 2,000 bytes from the server and 500 from the tablet; a push, some hundreds an entry.
        let after = chance.below(6_000);
        match chance.below(10) {
            0 => Self::Closed,
            1 | 2 => Self::Flipped(side, after),
            3 => Self::Slow(usize::try_from(40 + chance.below(200)).unwrap_or(40), 1),
            4 => Self::WelcomePage,
            5 => Self::ForeignPage,
            _ => Self::Cut(side, after),
        }
    }
}

/// What the proxy has seen since it began.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Seen {
    /// What happened to each connection, in the order in which they were made.
    pub faults: Vec<Fault>,
    /// Bytes that tablets sent through.
    pub sent: u64,
    /// Bytes that the server answered.
    pub answered: u64,
    /// Bytes that came to whoever has a foreign certificate, after the handshake.
    pub told_to_a_stranger: u64,
}

enum Plan {
    Always(Fault),
    Drawn(Chance),
}

struct State {
    plan: Plan,
    server: SocketAddr,
    seen: Seen,
    open: Vec<TcpStream>,
}

/// The proxy. Its address stays; what is behind it may move. Every connection ends with it.
pub struct Proxy {
    at: SocketAddr,
    state: Arc<Mutex<State>>,
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Proxy {
    /// A proxy before a server, that passes everything.
    ///
    /// # Errors
    /// No port, or no certificate to be had.
    pub fn before(server: SocketAddr) -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let at = listener.local_addr()?;
        let state = State { plan: Plan::Always(Fault::Fine), server, seen: Seen::default(), open: Vec::new() };
        let (state, stranger) = (Arc::new(Mutex::new(state)), stranger()?);
        let shared = Arc::clone(&state);
        // Ends with the test's process: a listener can't be woken.
        std::thread::spawn(move || {
            for tablet in listener.incoming().flatten() {
                let (state, stranger) = (Arc::clone(&shared), Arc::clone(&stranger));
                std::thread::spawn(move || {
                    // A connection that breaks is what this proxy is for.
                    let _ = carry(tablet, &state, stranger);
                });
            }
        });
        Ok(Self { at, state })
    }

    /// Its address, as a tablet is told it.
    #[must_use]
    pub fn url(&self) -> String {
        format!("https://{}", self.at)
    }

    /// From now on it stands before another server: the one before has died, or moved.
    pub fn leads_to(&self, server: SocketAddr) {
        lock(&self.state).server = server;
    }

    /// From now on this happens to each connection. Those that are open end.
    pub fn will(&self, fault: Fault) {
        self.plan(Plan::Always(fault));
    }

    /// From now on what happens to each connection is drawn.
    pub fn draws(&self, seed: u64) {
        self.plan(Plan::Drawn(Chance::new(seed)));
    }

    fn plan(&self, plan: Plan) {
        let mut state = lock(&self.state);
        state.plan = plan;
        for stream in state.open.drain(..) {
            // One that has ended already says so, to nobody.
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    /// What it has seen until now.
    #[must_use]
    pub fn seen(&self) -> Seen {
        lock(&self.state).seen.clone()
    }

    /// Waits until it has seen something.
    ///
    /// # Errors
    /// It didn't come within a minute.
    pub fn wait_for(&self, what: &str, seen: impl Fn(&Seen) -> bool) -> anyhow::Result<()> {
        wait_until(what, || Ok(seen(&self.seen())))
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.will(Fault::Closed);
    }
}

/// A certificate that no tablet has ever heard of.
fn stranger() -> anyhow::Result<Arc<ServerConfig>> {
    let key = KeyPair::generate()?;
    let certificate = CertificateParams::new(vec!["localhost".to_owned(), "127.0.0.1".into()])?.self_signed(&key)?;
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der())))?;
    Ok(Arc::new(config))
}

fn carry(mut tablet: TcpStream, state: &Arc<Mutex<State>>, stranger: Arc<ServerConfig>) -> std::io::Result<()> {
    let (fault, server) = {
        let mut state = lock(state);
        let fault = match &mut state.plan {
            Plan::Always(fault) => *fault,
            Plan::Drawn(chance) => Fault::drawn(chance),
        };
        state.seen.faults.push(fault);
        state.open.push(tablet.try_clone()?);
        (fault, state.server)
    };
    match fault {
        Fault::Closed => tablet.shutdown(Shutdown::Both),
        Fault::WelcomePage => {
            let _ = tablet.read(&mut [0; 4_096])?;
            tablet.write_all(WELCOME)
        }
        Fault::ForeignPage => {
            let connection = ServerConnection::new(stranger).map_err(std::io::Error::other)?;
            let mut tls = StreamOwned::new(connection, tablet);
            let told = tls.read(&mut [0; 4_096])?;
            lock(state).seen.told_to_a_stranger += told as u64;
            tls.write_all(WELCOME)
        }
        _ => {
            let server = TcpStream::connect(server)?;
            let (tablet_out, server_out) = (tablet.try_clone()?, server.try_clone()?);
            lock(state).open.push(server.try_clone()?);
            if matches!(fault, Fault::Flipped(..)) {
                for end in [&tablet, &server] {
                    end.set_read_timeout(Some(DAMAGED_WAIT))?;
                }
            }
            let up = Pump { from: tablet, to: server_out, side: Side::Tablet, fault, state: Arc::clone(state) };
            let down = Pump { from: server, to: tablet_out, side: Side::Server, fault, state: Arc::clone(state) };
            let back = std::thread::spawn(move || down.run());
            up.run();
            back.join().map_err(|_| std::io::Error::other("a pump panicked"))
        }
    }
}

/// One direction of a connection.
struct Pump {
    from: TcpStream,
    to: TcpStream,
    side: Side,
    fault: Fault,
    state: Arc<Mutex<State>>,
}

impl Pump {
    fn run(mut self) {
        let end = match self.pass() {
            // The other side may still have something to say.
            Ok(()) => Shutdown::Write,
            Err(_) => Shutdown::Both,
        };
        let _ = self.to.shutdown(end);
        if end == Shutdown::Both {
            let _ = self.from.shutdown(end);
        }
    }

    /// Passes bytes on until this side has no more; an error ends both sides.
    fn pass(&mut self) -> std::io::Result<()> {
        let (mut passed, mut buffer) = (0_u64, [0; 2_048]);
        loop {
            let count = self.from.read(&mut buffer)?;
            if count == 0 {
                return Ok(());
            }
            let chunk = &mut buffer[..count];
            let until = |after: u64| usize::try_from(after.saturating_sub(passed)).unwrap_or(usize::MAX);
            match self.fault {
                Fault::Cut(side, after) if side == self.side && until(after) < count => {
                    self.to.write_all(&chunk[..until(after)])?;
                    return Err(std::io::ErrorKind::ConnectionAborted.into());
                }
                Fault::Silent(after) if self.side == Side::Server => {
                    self.to.write_all(&chunk[..until(after).min(count)])?;
                }
                Fault::Flipped(side, after) if side == self.side && passed <= after && until(after) < count => {
                    chunk[until(after)] ^= 1 << (after % 8);
                    self.to.write_all(chunk)?;
                }
                Fault::Slow(bytes, pause_ms) => {
                    for piece in chunk.chunks(bytes.max(1)) {
                        self.to.write_all(piece)?;
                        std::thread::sleep(Duration::from_millis(pause_ms));
                    }
                }
                _ => self.to.write_all(chunk)?,
            }
            passed += count as u64;
            let seen = &mut lock(&self.state).seen;
            match self.side {
                Side::Tablet => seen.sent += count as u64,
                Side::Server => seen.answered += count as u64,
            }
        }
    }
}
