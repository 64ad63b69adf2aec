//! Messages over TLS, each side bounded: four bytes of length and JSON, within a limit of size, of silence and of the whole time.

use super::PeerFailure;
use super::certificate::PeerName;
use super::exchange::Carry;
use super::tls::Papers;
use crate::store::StoreError;
use rustls::{ClientConnection, ServerConnection, StreamOwned};
use serde::Serialize;
use serde::de::DeserializeOwned;
use shared::wire::limits::BODY_BYTES_MAX;
use shared::wire::peers::{PeerAnswer, PeerAsk};
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Longest wait for a connection: a neighbour is in the same building.
const CONNECT_S_MAX: u64 = 2;
/// Longest silence within an exchange.
const SILENCE_S_MAX: u64 = 5;
/// Longest exchange: whoever sends a byte a second holds nobody for ever. What is left goes next time.
const EXCHANGE_S_MAX: u64 = 60;
/// Most bytes of one message.
pub const MESSAGE_BYTES_MAX: usize = BODY_BYTES_MAX;
/// What a tablet in the middle of another exchange with the same peer answers.
pub const BUSY: &str = "occupee";

/// A connection that ends at a given time, whatever comes.
pub struct Timed {
    stream: TcpStream,
    until: Instant,
}

impl Timed {
    fn over(stream: TcpStream) -> std::io::Result<Self> {
        stream.set_nodelay(true)?;
        Ok(Self { stream, until: Instant::now() + Duration::from_secs(EXCHANGE_S_MAX) })
    }

    fn wait(&self) -> std::io::Result<Duration> {
        let left = self.until.saturating_duration_since(Instant::now());
        if left.is_zero() { Err(ErrorKind::TimedOut.into()) } else { Ok(left.min(Duration::from_secs(SILENCE_S_MAX))) }
    }
}

impl Read for Timed {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        self.stream.set_read_timeout(Some(self.wait()?))?;
        self.stream.read(into)
    }
}

impl Write for Timed {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.stream.set_write_timeout(Some(self.wait()?))?;
        self.stream.write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.stream.flush()
    }
}

/// A failed handshake or a line that was lost: what TLS has to say of it, where it has.
fn failed(error: &std::io::Error) -> PeerFailure {
    let tls = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    tls.map_or(PeerFailure::Silent, |tls| PeerFailure::Stranger(tls.to_string()))
}

fn write_message(to: &mut impl Write, message: &impl Serialize) -> Result<(), PeerFailure> {
    let body = serde_json::to_vec(message).map_err(|_| PeerFailure::Unreadable)?;
    let length = u32::try_from(body.len()).ok().filter(|_| body.len() <= MESSAGE_BYTES_MAX).ok_or(PeerFailure::Unreadable)?;
    let framed = [length.to_be_bytes().as_slice(), &body].concat();
    to.write_all(&framed).and_then(|()| to.flush()).map_err(|e| failed(&e))
}

/// The next message; `None` where the other side has ended.
fn read_message<T: DeserializeOwned>(from: &mut impl Read) -> Result<Option<T>, PeerFailure> {
    let mut length = [0; 4];
    match from.read_exact(&mut length) {
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(None),
        other => other.map_err(|e| failed(&e))?,
    }
    let length = usize::try_from(u32::from_be_bytes(length)).unwrap_or(usize::MAX);
    if length > MESSAGE_BYTES_MAX {
        return Err(PeerFailure::Unreadable);
    }
    let mut body = vec![0; length];
    from.read_exact(&mut body).map_err(|e| failed(&e))?;
    serde_json::from_slice(&body).map(Some).map_err(|_| PeerFailure::Unreadable)
}

/// The calling side of a connection.
pub struct Called {
    tls: StreamOwned<ClientConnection, Timed>,
}

impl Carry for Called {
    fn ask(&mut self, ask: &PeerAsk) -> Result<PeerAnswer, PeerFailure> {
        write_message(&mut self.tls, ask)?;
        match read_message(&mut self.tls)? {
            Some(PeerAnswer::Refused { code }) if code == BUSY => Err(PeerFailure::Busy),
            Some(PeerAnswer::Refused { .. }) => Err(PeerFailure::Unreadable),
            Some(answer) => Ok(answer),
            None => Err(PeerFailure::Silent),
        }
    }
}

/// Connects. Where nobody listens that is told at once.
///
/// # Errors
/// [`PeerFailure::Silent`].
pub fn connect(address: &SocketAddr) -> Result<TcpStream, PeerFailure> {
    TcpStream::connect_timeout(address, Duration::from_secs(CONNECT_S_MAX)).map_err(|_| PeerFailure::Silent)
}

/// Makes sure over a connection that a tablet of this site is there.
///
/// # Errors
/// Whoever is there is another, or nobody.
pub fn call(stream: TcpStream, address: &SocketAddr, papers: &Papers) -> Result<(Called, PeerName), PeerFailure> {
    let mut stream = Timed::over(stream).map_err(|_| PeerFailure::Silent)?;
    // An address, so that the handshake names nobody in the clear.
    let name = rustls::pki_types::ServerName::IpAddress(address.ip().into());
    let mut tls = ClientConnection::new(Arc::new(papers.client()?), name).map_err(|e| PeerFailure::Stranger(e.to_string()))?;
    while tls.is_handshaking() {
        tls.complete_io(&mut stream).map_err(|e| failed(&e))?;
    }
    let peer = papers.judge(tls.peer_certificates())?;
    Ok((Called { tls: StreamOwned::new(tls, stream) }, peer))
}

/// Answers one caller until it ends. `meet` is asked before the first answer: by an error the caller is sent away.
///
/// # Errors
/// Why it ended otherwise.
pub fn serve<G>(
    stream: TcpStream,
    papers: &Papers,
    meet: impl FnOnce(&PeerName) -> Result<G, PeerFailure>,
    mut answer: impl FnMut(PeerAsk) -> Result<PeerAnswer, StoreError>,
) -> Result<(), PeerFailure> {
    let mut stream = Timed::over(stream).map_err(|_| PeerFailure::Silent)?;
    let mut tls = ServerConnection::new(Arc::new(papers.server()?)).map_err(|e| PeerFailure::Stranger(e.to_string()))?;
    while tls.is_handshaking() {
        tls.complete_io(&mut stream).map_err(|e| failed(&e))?;
    }
    let peer = papers.judge(tls.peer_certificates())?;
    let mut tls = StreamOwned::new(tls, stream);
    // Held until the exchange has ended.
    let _met = match meet(&peer) {
        Ok(met) => met,
        Err(PeerFailure::Busy) => {
            let _asked: Option<PeerAsk> = read_message(&mut tls)?;
            return write_message(&mut tls, &PeerAnswer::Refused { code: BUSY.into() });
        }
        Err(other) => return Err(other),
    };
    for _ in 0..super::exchange::ASKS_MAX {
        let Some(ask) = read_message(&mut tls)? else { return Ok(()) };
        let answered = answer(ask)?;
        write_message(&mut tls, &answered)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_that_says_to_be_longer_than_any_may_be_is_not_waited_for() {
        let read = |length: usize| {
            let said = u32::try_from(length).unwrap().to_be_bytes();
            read_message::<PeerAsk>(&mut said.as_slice())
        };
        assert!(matches!(read(MESSAGE_BYTES_MAX + 1), Err(PeerFailure::Unreadable)));
        assert!(matches!(read(MESSAGE_BYTES_MAX), Err(PeerFailure::Silent)), "one at the limit is, and the line ended");
        assert!(matches!(read_message::<PeerAsk>(&mut [].as_slice()), Ok(None)), "the other side has ended");
    }
}
