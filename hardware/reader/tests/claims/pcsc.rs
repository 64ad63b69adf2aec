//! A PC/SC reader, through pcscd: both real, with a card that isn't there (vsmartcard's virtual reader).

use crate::running::{PATIENCE, card, next, start, until};
use hardware::ReaderEvent;
use hardware::said::Fault;
use pcsc::{Context, ReaderState, Scope, State};
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// Where vpcd waits for cards; its port is compiled in.
const CARDS: &str = "127.0.0.1:35963";
/// A contactless card of 1 KiB, as PC/SC describes it (part 3, 3.1.3.2.3.1).
const ATR: [u8; 20] =
    [0x3B, 0x8F, 0x80, 0x01, 0x80, 0x4F, 0x0C, 0xA0, 0x00, 0x00, 0x03, 0x06, 0x03, 0x00, 0x01, 0x00, 0x00, 0x00, 0x00, 0x6A];

/// pcscd for as long as a test runs. The system's own would be in its way, and is nobody's to stop: where one runs, this is skipped.
struct Service(Child);

impl Service {
    fn can_start() -> bool {
        let installed = |path: &str| std::path::Path::new(path).exists();
        let is_here = installed("/usr/sbin/pcscd") && installed("/usr/lib/pcsc/drivers/serial/libifdvpcd.so");
        let can = is_here && Context::establish(Scope::User).is_err();
        assert!(can || std::env::var_os("CI").is_none_or(|ci| ci != "true"), "pcscd, vsmartcard-vpcd: nothing is skipped where CI=true");
        can
    }

    fn start() -> Self {
        let mut command = Command::new("/usr/sbin/pcscd");
        let child = command.arg("--foreground").stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let service = Self(child);
        until("pcscd knows its reader", || state().is_some());
        service
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
        let _ = std::fs::remove_file("/run/pcscd/pcscd.comm");
        let _ = std::fs::remove_file("/run/pcscd/pcscd.pid");
    }
}

/// What pcscd says of its first reader; `None` where it has none.
fn state() -> Option<State> {
    let context = Context::establish(Scope::User).ok()?;
    let name = context.list_readers_owned().ok()?.into_iter().next()?;
    let mut states = [ReaderState::new(name, State::UNAWARE)];
    context.get_status_change(Duration::ZERO, &mut states).ok()?;
    Some(states[0].event_state())
}

/// A card on the virtual reader, until it is dropped.
struct Laid(TcpStream);

impl Laid {
    /// Lays a card of this number there; `answers` false: it says that it can't tell its number.
    fn card(uid: &'static [u8], answers: bool) -> Self {
        let line = TcpStream::connect(CARDS).unwrap();
        let mut served = line.try_clone().unwrap();
        std::thread::spawn(move || serve(&mut served, uid, answers));
        Self(line)
    }
}

impl Drop for Laid {
    fn drop(&mut self) {
        let _ = self.0.shutdown(std::net::Shutdown::Both);
        // pcscd asks such a reader once in a while: two cards within that time are one to it.
        until("pcscd sees that the card has gone", || state().is_none_or(|state| !state.contains(State::PRESENT)));
    }
}

/// vpcd's messages: a length of two bytes, then one byte (off, on, reset, the answer to reset) or a command of the card.
fn serve(line: &mut TcpStream, uid: &[u8], answers: bool) {
    loop {
        let mut length = [0; 2];
        if line.read_exact(&mut length).is_err() {
            return;
        }
        let mut message = vec![0; usize::from(u16::from_be_bytes(length))];
        if line.read_exact(&mut message).is_err() {
            return;
        }
        let answer = match message.as_slice() {
            [0x04] => ATR.to_vec(),
            [_] => continue,
            [0xFF, 0xCA, ..] if answers => [uid, &[0x90, 0x00]].concat(),
            _ => vec![0x6A, 0x81],
        };
        let length = u16::try_from(answer.len()).unwrap().to_be_bytes();
        match line.write_all(&[&length, answer.as_slice()].concat()) {
            Err(error) if error.kind() != ErrorKind::Interrupted => return,
            _ => {}
        }
    }
}

/// One test: pcscd is one for the machine.
#[test]
fn a_pcsc_reader_is_read_and_what_is_wrong_with_it_is_said() {
    if !Service::can_start() {
        eprintln!("sauté : pcscd ou vsmartcard-vpcd absent de cette machine, ou pcscd y tourne déjà");
        return;
    }
    let reader = start(&["pcsc"]);
    let first = next(&reader);
    assert!(matches!(first, ReaderEvent::Fault(Fault::Missing, _)), "the service doesn't run: {first:?}");
    let service = Service::start();
    let back = std::iter::from_fn(|| reader.wait(PATIENCE)).find(|event| matches!(event, ReaderEvent::Heard(_)));
    assert!(matches!(back, Some(ReaderEvent::Heard(name)) if name.contains("Virtual")), "it names the reader");

    let laid = Laid::card(&[0x04, 0xA1, 0xB2, 0xC3, 0xD4, 0xE5, 0xF6], true);
    assert_eq!(card(&reader), "04A1B2C3D4E5F6");
    assert_eq!(reader.wait(Duration::from_secs(3)), None, "once, however long it lies there");
    drop(laid);
    let other = Laid::card(&[0xDE, 0xAD, 0xBE, 0xEF], true);
    assert_eq!(card(&reader), "DEADBEEF");
    drop(other);
    let mute = Laid::card(&[], false);
    assert_eq!(next(&reader), ReaderEvent::Unread, "a card that tells no number");
    drop(mute);

    drop(service);
    let ReaderEvent::Fault(fault, _) = next(&reader) else { panic!("the service is gone") };
    assert_eq!(fault, Fault::Missing);
}
