//! A line that counts.

use anyhow::Result;
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use terminal_core::sync::http::Http;
use terminal_core::sync::transport::{Answer, LineFailure, Request, Transport};

/// Requests, and bytes each way.
#[derive(Debug, Default)]
pub struct Counts {
    requests: AtomicU64,
    sent: AtomicU64,
    received: AtomicU64,
}

impl Counts {
    /// What was counted since the last time.
    pub fn take(&self) -> (u64, u64, u64) {
        let taken = |count: &AtomicU64| count.swap(0, Ordering::SeqCst);
        (taken(&self.requests), taken(&self.sent), taken(&self.received))
    }
}

/// The tablet's own transport.
pub struct Counted {
    pub http: Http,
    pub counts: Arc<Counts>,
}

impl Transport for Counted {
    fn send(&mut self, request: &Request) -> Result<Answer, LineFailure> {
        self.counts.requests.fetch_add(1, Ordering::SeqCst);
        self.http.send(request)
    }
}

/// Passes all that comes on to a server, and counts it.
pub fn proxied(server: SocketAddr, counts: Arc<Counts>) -> Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let at = listener.local_addr()?;
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (Ok(near), Ok(far)) = (stream, TcpStream::connect(server)) else { continue };
            let (Ok(near_again), Ok(far_again)) = (near.try_clone(), far.try_clone()) else { continue };
            let (sent, received) = (Arc::clone(&counts), Arc::clone(&counts));
            std::thread::spawn(move || pass(near, far, &sent.sent));
            std::thread::spawn(move || pass(far_again, near_again, &received.received));
        }
    });
    Ok(at)
}

fn pass(mut from: TcpStream, mut to: TcpStream, count: &AtomicU64) {
    let mut bytes = [0; 16 * 1024];
    // Nagle's wait and the other side's delayed acknowledgement would hold each other up.
    let _ = to.set_nodelay(true);
    while let Ok(read @ 1..) = from.read(&mut bytes) {
        count.fetch_add(read as u64, Ordering::SeqCst);
        if to.write_all(&bytes[..read]).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Both);
}
