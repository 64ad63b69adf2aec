//! A slow line before a server: so many bits a second each way, a delay, and a cut now and then. TLS and the bytes are the two ends' own.

use anyhow::Result;
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// What a packet carries of a connection, and what TCP and IP add to it, in bytes.
const PACKET_BYTES: usize = 1_460;
const HEADER_BYTES: usize = 40;
/// Packets that wait before the narrow place of a connection, as in a modem: the sender is held up behind them.
const PACKETS_WAITING_MAX: usize = 16;

/// What a line is like.
#[derive(Debug, Clone, Copy)]
pub struct Kind {
    /// Towards the tablet, in bits a second.
    pub down_bits_s: u32,
    /// From it.
    pub up_bits_s: u32,
    /// One way.
    pub delay: Duration,
    /// How often it is cut, and for how long.
    pub cut: Option<(Duration, Duration)>,
}

/// A line that is open until it is dropped.
pub struct Line {
    at: SocketAddr,
    state: Arc<State>,
}

struct State {
    up: Way,
    down: Way,
    delay: Duration,
    ends: Mutex<Ends>,
    made: AtomicU64,
    over: AtomicBool,
}

/// The ends of what is connected; none is while the line is cut.
#[derive(Default)]
struct Ends {
    is_cut: bool,
    open: Vec<TcpStream>,
}

/// One direction, which all connections share.
struct Way {
    bits_s: u32,
    free_at: Mutex<Instant>,
    bytes: AtomicU64,
}

impl Way {
    fn of(bits_s: u32) -> Self {
        Self { bits_s, free_at: Mutex::new(Instant::now()), bytes: AtomicU64::new(0) }
    }

    /// When a packet that stands before the narrow place now has gone through it.
    fn through(&self, bytes: usize, not_before: Instant) -> Instant {
        let mut free_at = lock(&self.free_at);
        let micros = (bytes + HEADER_BYTES) as u64 * 8 * 1_000_000 / u64::from(self.bits_s);
        *free_at = (*free_at).max(Instant::now()).max(not_before) + Duration::from_micros(micros);
        *free_at
    }
}

fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Line {
    /// A line to a server. It is cut for the first time once it has been open that long.
    pub fn to(server: SocketAddr, kind: Kind) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let at = listener.local_addr()?;
        let (up, down) = (Way::of(kind.up_bits_s), Way::of(kind.down_bits_s));
        let (ends, made, over) = (Mutex::default(), AtomicU64::new(0), AtomicBool::new(false));
        let state = Arc::new(State { up, down, delay: kind.delay, ends, made, over });
        let shared = Arc::clone(&state);
        // Ends with the process: a listener can't be woken.
        std::thread::spawn(move || {
            for near in listener.incoming().flatten() {
                // A connection that breaks is what this line is for.
                let _ = connect(near, server, &shared);
            }
        });
        if let Some((every, lasts)) = kind.cut {
            let shared = Arc::clone(&state);
            std::thread::spawn(move || cut(&shared, every, lasts));
        }
        Ok(Self { at, state })
    }

    /// Where it begins.
    pub fn at(&self) -> SocketAddr {
        self.at
    }

    /// Bytes that came out of it until now: from the tablet, and to it.
    pub fn bytes(&self) -> (u64, u64) {
        (self.state.up.bytes.load(Ordering::SeqCst), self.state.down.bytes.load(Ordering::SeqCst))
    }

    /// How many connections were made over it.
    pub fn connections(&self) -> u64 {
        self.state.made.load(Ordering::SeqCst)
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.state.over.store(true, Ordering::SeqCst);
        close(&self.state);
    }
}

fn close(state: &State) {
    let mut ends = lock(&state.ends);
    ends.is_cut = true;
    for stream in ends.open.drain(..) {
        // One that has ended already says so, to nobody.
        let _ = stream.shutdown(Shutdown::Both);
    }
}

fn cut(state: &State, every: Duration, lasts: Duration) {
    loop {
        std::thread::sleep(every.saturating_sub(lasts));
        if state.over.load(Ordering::SeqCst) {
            return;
        }
        close(state);
        std::thread::sleep(lasts);
        // What stood before the narrow place is lost with its connection.
        for way in [&state.up, &state.down] {
            *lock(&way.free_at) = Instant::now();
        }
        lock(&state.ends).is_cut = state.over.load(Ordering::SeqCst);
    }
}

fn connect(near: TcpStream, server: SocketAddr, state: &Arc<State>) -> std::io::Result<()> {
    let far = TcpStream::connect(server)?;
    for stream in [&near, &far] {
        // Nagle's wait and the other side's delayed acknowledgement would hold each other up.
        stream.set_nodelay(true)?;
    }
    {
        let mut ends = lock(&state.ends);
        if ends.is_cut {
            return near.shutdown(Shutdown::Both);
        }
        ends.open.extend([near.try_clone()?, far.try_clone()?]);
    }
    state.made.fetch_add(1, Ordering::SeqCst);
    // On a real line the connection itself goes there and back before the first byte.
    let made_at = Instant::now() + 2 * state.delay;
    for (from, to, way) in [(near.try_clone()?, far.try_clone()?, Direction::Up), (far, near, Direction::Down)] {
        let (before, behind) = sync_channel(PACKETS_WAITING_MAX);
        let (state, again) = (Arc::clone(state), Arc::clone(state));
        std::thread::spawn(move || enter(from, &before, way.of(&state), made_at));
        std::thread::spawn(move || leave(&behind, to, way.of(&again), again.delay));
    }
    Ok(())
}

#[derive(Debug, Clone, Copy)]
enum Direction {
    Up,
    Down,
}

impl Direction {
    fn of(self, state: &State) -> &Way {
        match self {
            Self::Up => &state.up,
            Self::Down => &state.down,
        }
    }
}

/// A packet, and when it has gone through the narrow place.
type Packet = (Instant, Vec<u8>);

fn enter(mut from: TcpStream, before: &SyncSender<Packet>, way: &Way, made_at: Instant) {
    let mut bytes = [0; PACKET_BYTES];
    while let Ok(read @ 1..) = from.read(&mut bytes) {
        let through_at = way.through(read, made_at);
        if before.send((through_at, bytes[..read].to_vec())).is_err() {
            return;
        }
    }
}

fn leave(behind: &Receiver<Packet>, mut to: TcpStream, way: &Way, delay: Duration) {
    for (through_at, bytes) in behind {
        std::thread::sleep((through_at + delay).saturating_duration_since(Instant::now()));
        if to.write_all(&bytes).is_err() {
            break;
        }
        way.bytes.fetch_add(bytes.len() as u64, Ordering::SeqCst);
    }
    let _ = to.shutdown(Shutdown::Both);
}
