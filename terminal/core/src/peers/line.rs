//! The threads: one that calls the neighbours, one that listens, and one for each caller.
//!
//! They have connections of their own to the store; none of them is held while the network is waited for.

use super::certificate::PeerName;
use super::discovery::{Discovery, Heard};
use super::exchange::{Exchanged, answer, exchange};
use super::neighbours::{Hint, Neighbours};
use super::stream::{call, connect, serve};
use super::tls::Papers;
use super::{PeerFailure, admit, own_certificate};
use crate::clock::Clock;
use crate::store::{Agreement, Store, StoreError, public_key_of};
use shared::id::DeviceId;
use std::collections::{HashMap, HashSet, VecDeque};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// Callers answered at a time.
const CALLERS_MAX: usize = 4;
/// Connections taken a minute, and of one address.
const CONNECTIONS_PER_MINUTE: usize = 240;
/// See [`CONNECTIONS_PER_MINUTE`].
const CONNECTIONS_OF_ONE_PER_MINUTE: usize = 60;
/// How often what was heard on the network is looked at.
const LOOK: Duration = Duration::from_secs(1);
/// The agreement is written down this often while it doesn't change, in ms: a tablet's flash wears.
const REWRITE_MS: i64 = 60_000;

enum Nudge {
    /// Something was sealed.
    Sealed,
    /// Somebody may be there.
    Try(Hint),
    Stop,
}

/// The running exchange with the site's tablets. Stops when dropped.
pub struct Peers {
    nudges: Sender<Nudge>,
    shared: Arc<Shared>,
    address: SocketAddr,
    threads: Vec<JoinHandle<()>>,
}

/// What the threads have in common.
struct Shared {
    clock: Box<dyn Clock + Sync>,
    stopped: AtomicBool,
    /// Peers with which an exchange goes on: one at a time each.
    busy: Mutex<HashSet<DeviceId>>,
    /// Open connections, to be cut when all ends.
    open: Mutex<HashMap<u64, TcpStream>>,
    /// Each outcome, for whoever watches.
    told: Mutex<Option<Sender<Met>>>,
}

/// One exchange that this tablet began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Met {
    /// With whom.
    pub device: DeviceId,
    /// What it came to.
    pub exchanged: Exchanged,
}

impl Peers {
    /// Starts over a set of connections of its own (see [`Store::second`]): listens on a free port, announces it, and calls whoever
    /// is found. Without multicast the tablet still answers, and nobody finds it.
    ///
    /// # Errors
    /// A tablet that isn't enrolled, no port to listen on, no thread to be had.
    pub fn start<C: Clock + Sync + 'static>(store: Store, clock: C) -> Result<Self, StoreError> {
        let dual = SocketAddr::new(IpAddr::V6(Ipv6Addr::UNSPECIFIED), 0);
        let listener = TcpListener::bind(dual).or_else(|_| TcpListener::bind((Ipv4Addr::UNSPECIFIED, 0)));
        let listener = listener.map_err(|e| StoreError::io("port", &e))?;
        let port = listener.local_addr().map_err(|e| StoreError::io("port", &e))?.port();
        let discovery =
            Discovery::start(port).inspect_err(|error| tracing::warn!(%error, "tablets of the site can't find each other")).ok();
        Self::over(store, clock, listener, discovery)
    }

    /// The same on a given listener; without a discovery whoever is to be called is named by [`Self::hint`].
    ///
    /// # Errors
    /// As [`Self::start`].
    pub fn over<C: Clock + Sync + 'static>(
        store: Store,
        clock: C,
        listener: TcpListener,
        discovery: Option<Discovery>,
    ) -> Result<Self, StoreError> {
        if store.journal.identity()?.is_none() {
            return Err(StoreError::NotEnrolled);
        }
        let address = listener.local_addr().map_err(|e| StoreError::io("port", &e))?;
        let answering = Arc::new(Mutex::new(store.second()?));
        let shared = Arc::new(Shared {
            clock: Box::new(clock),
            stopped: AtomicBool::new(false),
            busy: Mutex::default(),
            open: Mutex::default(),
            told: Mutex::default(),
        });
        let (nudges, received) = channel();
        let spawn = |name: &str, run: Box<dyn FnOnce() + Send>| {
            std::thread::Builder::new().name(name.into()).spawn(run).map_err(|e| StoreError::io("voisins", &e))
        };
        let mut peers = Self { nudges, shared: Arc::clone(&shared), address, threads: Vec::new() };
        let listening = Arc::clone(&shared);
        peers.threads.push(spawn("voisins-ecoute", Box::new(move || listen(&listening, &listener, &answering)))?);
        peers.threads.push(spawn("voisins", Box::new(move || Caller::new(store, shared, discovery).run(&received)))?);
        Ok(peers)
    }

    /// Something was sealed: the neighbours hear of it at once.
    pub fn sealed(&self) {
        // A thread that has ended is told by its status, not here.
        let _ = self.nudges.send(Nudge::Sealed);
    }

    /// Somebody may be there.
    pub fn hint(&self, hint: Hint) {
        let _ = self.nudges.send(Nudge::Try(hint));
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The exchanges that this tablet begins from now on.
    #[must_use]
    pub fn watch(&self) -> Receiver<Met> {
        let (tell, told) = channel();
        *locked(&self.shared.told) = Some(tell);
        told
    }
}

impl Drop for Peers {
    fn drop(&mut self) {
        self.shared.stopped.store(true, Ordering::SeqCst);
        let _ = self.nudges.send(Nudge::Stop);
        // Whoever waits for the network is woken: a line that is cut, and a connection to the listener.
        self.shared.cut();
        let own = if self.address.is_ipv6() { IpAddr::V6(Ipv6Addr::LOCALHOST) } else { IpAddr::V4(Ipv4Addr::LOCALHOST) };
        let woken = connect(&SocketAddr::new(own, self.address.port())).is_ok();
        if !woken {
            tracing::warn!("the listener for the site's tablets can't be woken");
            return;
        }
        for thread in self.threads.drain(..) {
            if thread.join().is_err() {
                tracing::error!("a thread of the exchange with the site's tablets ended badly");
            }
        }
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::SeqCst)
    }

    fn cut(&self) {
        for stream in locked(&self.open).values() {
            let _ = stream.shutdown(std::net::Shutdown::Both);
        }
    }

    /// Remembers a connection for as long as the guard lives.
    fn keep_open(self: &Arc<Self>, stream: &TcpStream) -> Option<Open> {
        let copy = stream.try_clone().ok()?;
        let mut open = locked(&self.open);
        let number = open.keys().max().map_or(0, |last| last + 1);
        open.insert(number, copy);
        drop(open);
        if self.is_stopped() {
            self.cut();
        }
        Some(Open { shared: Arc::clone(self), number })
    }

    /// The right to exchange with a peer.
    ///
    /// # Errors
    /// [`PeerFailure::Busy`].
    fn alone_with(self: &Arc<Self>, device: DeviceId) -> Result<Alone, PeerFailure> {
        if locked(&self.busy).insert(device) { Ok(Alone { shared: Arc::clone(self), device }) } else { Err(PeerFailure::Busy) }
    }
}

struct Open {
    shared: Arc<Shared>,
    number: u64,
}

impl Drop for Open {
    fn drop(&mut self) {
        locked(&self.shared.open).remove(&self.number);
    }
}

struct Alone {
    shared: Arc<Shared>,
    device: DeviceId,
}

impl Drop for Alone {
    fn drop(&mut self) {
        locked(&self.shared.busy).remove(&self.device);
    }
}

/// The calling thread.
struct Caller {
    store: Store,
    shared: Arc<Shared>,
    discovery: Option<Discovery>,
    neighbours: Neighbours,
}

impl Caller {
    fn new(store: Store, shared: Arc<Shared>, discovery: Option<Discovery>) -> Self {
        // Tablets of one site differ by their keys, and so do their calls.
        let mut seed = [0; 8];
        seed.copy_from_slice(&public_key_of(store.key())[..8]);
        Self { store, shared, discovery, neighbours: Neighbours::new(u64::from_be_bytes(seed)) }
    }

    fn run(mut self, nudges: &Receiver<Nudge>) {
        loop {
            match nudges.recv_timeout(LOOK) {
                Ok(Nudge::Stop) | Err(RecvTimeoutError::Disconnected) => return,
                Ok(Nudge::Sealed) => self.neighbours.hurry(),
                Ok(Nudge::Try(hint)) => self.neighbours.hear(hint),
                Err(RecvTimeoutError::Timeout) => {}
            }
            for heard in self.discovery.as_ref().map(Discovery::heard).unwrap_or_default() {
                match heard {
                    Heard::Here(hint) => self.neighbours.hear(hint),
                    Heard::Gone(name) => self.neighbours.gone(&name),
                }
            }
            if let Err(error) = self.call_who_is_due() {
                tracing::error!(%error, "the exchange with the site's tablets can't read or write the store");
                self.store.suspect(&error);
            }
        }
    }

    fn call_who_is_due(&mut self) -> Result<(), StoreError> {
        // Nobody is called before the server gave a certificate, and nobody fails for it.
        if own_certificate(&self.store)?.is_none() {
            return Ok(());
        }
        // Each once: a round ends.
        for _ in 0..super::neighbours::NEIGHBOURS_MAX {
            let now_ms = self.shared.clock.now().boottime_ms;
            let Some(due) = self.neighbours.due(now_ms).filter(|_| !self.shared.is_stopped()) else { break };
            let is_stranger = !self.neighbours.has_met(&due.name);
            match self.call(&due) {
                Ok(met) => {
                    self.neighbours.met(self.shared.clock.now().boottime_ms, &due.name, met.device, met.exchanged.agrees());
                    if let Some(tell) = locked(&self.shared.told).as_ref() {
                        let _ = tell.send(met);
                    }
                }
                Err(PeerFailure::Store(error)) => {
                    self.neighbours.failed(now_ms, &due.name);
                    return Err(error);
                }
                Err(PeerFailure::Busy) => self.neighbours.busy(now_ms, &due.name),
                Err(failure) => {
                    tracing::debug!(%failure, "no exchange with a neighbour");
                    self.neighbours.failed(now_ms, &due.name);
                }
            }
            // One a round: a flood of invented names keeps nobody from the tablets of the site.
            if is_stranger {
                break;
            }
        }
        self.tell()
    }

    fn call(&mut self, due: &Hint) -> Result<Met, PeerFailure> {
        let mut last = PeerFailure::Silent;
        for address in &due.addresses {
            match self.call_at(address) {
                Err(failure @ (PeerFailure::Silent | PeerFailure::Stranger(_))) => last = failure,
                other => return other,
            }
        }
        Err(last)
    }

    fn call_at(&mut self, address: &SocketAddr) -> Result<Met, PeerFailure> {
        let papers = Papers::of(&self.store, self.shared.clock.now())?;
        let stream = connect(address)?;
        let _open = self.shared.keep_open(&stream).ok_or(PeerFailure::Silent)?;
        let (mut called, peer) = call(stream, address, &papers)?;
        admit(&mut self.store, peer.device, peer.key)?;
        let _alone = self.shared.alone_with(peer.device)?;
        let exchanged = exchange(&mut self.store, self.shared.clock.now(), &mut called)?;
        Ok(Met { device: peer.device, exchanged })
    }

    /// Writes down how many tablets agree, where it is news or the last time is long ago.
    fn tell(&mut self) -> Result<(), StoreError> {
        let now = self.shared.clock.now();
        let tablets = self.neighbours.agreeing(now.boottime_ms);
        let (before, at_ms) = (self.store.roster.agreement()?, now.corrected(self.store.roster.observed()?).wall_ms);
        let fresh = tablets == 0 || (0..REWRITE_MS).contains(&(at_ms - before.at_ms));
        if before.tablets == tablets && fresh {
            return Ok(());
        }
        self.store.roster.set_agreement(&Agreement { tablets, at_ms })
    }
}

/// Connections taken lately, by address.
#[derive(Default)]
struct Lately(VecDeque<(u64, IpAddr)>);

impl Lately {
    fn allow(&mut self, now_ms: u64, from: IpAddr) -> bool {
        while self.0.front().is_some_and(|(at_ms, _)| now_ms.saturating_sub(*at_ms) > 60_000) {
            self.0.pop_front();
        }
        let of_one = self.0.iter().filter(|(_, address)| *address == from).count();
        let allowed = self.0.len() < CONNECTIONS_PER_MINUTE && of_one < CONNECTIONS_OF_ONE_PER_MINUTE;
        if allowed {
            self.0.push_back((now_ms, from));
        }
        allowed
    }
}

fn listen(shared: &Arc<Shared>, listener: &TcpListener, store: &Arc<Mutex<Store>>) {
    let mut lately = Lately::default();
    let mut callers: Vec<JoinHandle<()>> = Vec::new();
    for stream in listener.incoming() {
        if shared.is_stopped() {
            break;
        }
        callers.retain(|caller| !caller.is_finished());
        let Ok(stream) = stream else { continue };
        let from = stream.peer_addr().map(|address| address.ip());
        let allowed = from.is_ok_and(|from| lately.allow(shared.clock.now().boottime_ms, from));
        if !allowed || callers.len() >= CALLERS_MAX {
            continue;
        }
        let (shared, store) = (Arc::clone(shared), Arc::clone(store));
        let serve = move || {
            if let Err(failure) = answer_caller(&shared, &store, stream) {
                tracing::debug!(%failure, "a caller was not answered to the end");
            }
        };
        match std::thread::Builder::new().name("voisin".into()).spawn(serve) {
            Ok(caller) => callers.push(caller),
            Err(error) => tracing::warn!(%error, "no thread for a caller"),
        }
    }
    for caller in callers {
        if caller.join().is_err() {
            tracing::error!("a thread that answered a tablet ended badly");
        }
    }
}

fn answer_caller(shared: &Arc<Shared>, store: &Mutex<Store>, stream: TcpStream) -> Result<(), PeerFailure> {
    let _open = shared.keep_open(&stream).ok_or(PeerFailure::Silent)?;
    let papers = Papers::of(&locked(store), shared.clock.now())?;
    let meet = |peer: &PeerName| {
        admit(&mut locked(store), peer.device, peer.key)?;
        shared.alone_with(peer.device)
    };
    serve(stream, &papers, meet, |ask| answer(&mut locked(store), shared.clock.now(), ask))
}
