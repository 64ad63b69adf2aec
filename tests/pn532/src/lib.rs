//! A PN532 on a pty: the chip that libnfc talks to, without one.
//!
//! Owns: the frames and commands of the chip as libnfc 1.8 uses them (NXP UM0701-02), and cards in its field with the states of
//! ISO 14443-3 (idle, active, halted). Faults are its own: mute, garbled, slow, unplugged, and the answer that makes libnfc end its
//! process. Promises: one link in a folder is the reader's name, however often it is unplugged; what it answers hangs only on what it
//! is asked and on what was set.
#![warn(missing_docs)]

mod chip;
mod frame;

pub use chip::Card;

use chip::Chip;
use frame::{ACK, Frames, Heard};
use nix::pty::openpty;
use nix::sys::termios::{SetArg, cfmakeraw, tcgetattr, tcsetattr};
use std::fs::File;
use std::io::{ErrorKind, Read, Write};
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// What the chip takes to think, after it has acknowledged.
const THINKING: Duration = Duration::from_millis(2);

#[derive(Default)]
struct State {
    chip: Chip,
    mute: bool,
    /// Answers that come damaged yet.
    garbled: u32,
    /// One byte at a time.
    chunked: bool,
    /// Answers the next PowerDown with what makes libnfc end its process.
    deadly: bool,
    /// How often it was asked for cards.
    looks: u64,
}

/// A reader behind a path.
pub struct Reader {
    link: PathBuf,
    state: Arc<Mutex<State>>,
    line: Option<Line>,
}

/// One life of the pty.
struct Line {
    /// Held open, so that the other end reads no end between two clients.
    slave: Option<OwnedFd>,
    stop: OwnedFd,
    thread: Option<JoinHandle<()>>,
}

impl Reader {
    /// Plugs one in: `link` points to its line.
    ///
    /// # Panics
    /// Where the system has no pty left.
    #[must_use]
    pub fn plugged(link: &Path) -> Self {
        let mut reader = Self { link: link.to_owned(), state: Arc::default(), line: None };
        reader.plug();
        reader
    }

    /// What libnfc calls it.
    #[must_use]
    pub fn name(&self) -> String {
        format!("pn532_uart:{}", self.link.display())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lays a card on it.
    pub fn lay(&self, card: Card) {
        self.state().chip.lay(card);
    }

    /// Lays several there at once, as a wallet does.
    pub fn lay_all(&self, cards: impl IntoIterator<Item = Card>) {
        let mut state = self.state();
        cards.into_iter().for_each(|card| state.chip.lay(card));
    }

    /// Takes all cards away.
    pub fn take_away(&self) {
        self.state().chip.cards.clear();
    }

    /// It answers nothing any more, or again.
    pub fn set_mute(&self, mute: bool) {
        self.state().mute = mute;
    }

    /// So many answers come with a wrong sum.
    pub fn garble(&self, answers: u32) {
        self.state().garbled = answers;
    }

    /// Whether bytes come one at a time.
    pub fn set_chunked(&self, chunked: bool) {
        self.state().chunked = chunked;
    }

    /// The answer with which it is next closed makes libnfc end its process.
    pub fn set_deadly(&self) {
        self.state().deadly = true;
    }

    /// How often it was asked for cards, and answered.
    #[must_use]
    pub fn looks(&self) -> u64 {
        self.state().looks
    }

    /// Pulls the cable.
    pub fn unplug(&mut self) {
        self.line = None;
        let _ = std::fs::remove_file(&self.link);
    }

    /// Puts it in again: another line behind the same link, and a chip that has forgotten its settings.
    ///
    /// # Panics
    /// Where the system has no pty left.
    pub fn plug(&mut self) {
        self.unplug();
        self.state().chip.forget_settings();
        let pty = openpty(None, None).expect("a pty");
        let mut raw = tcgetattr(&pty.slave).expect("its settings");
        cfmakeraw(&mut raw);
        tcsetattr(&pty.slave, SetArg::TCSANOW, &raw).expect("a raw line");
        let path = std::fs::read_link(format!("/proc/self/fd/{}", pty.slave.as_raw_fd())).expect("its path");
        std::os::unix::fs::symlink(path, &self.link).expect("the link");
        let (stopped, stop) = nix::unistd::pipe().expect("a pipe");
        let state = Arc::clone(&self.state);
        let thread = std::thread::spawn(move || serve(File::from(pty.master), &stopped, &state));
        self.line = Some(Line { slave: Some(pty.slave), stop, thread: Some(thread) });
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.unplug();
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.slave = None;
        let _ = nix::unistd::write(&self.stop, &[0]);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Answers until the cable is pulled.
fn serve(mut line: File, stopped: &OwnedFd, state: &Mutex<State>) {
    use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
    use std::os::fd::AsFd;
    let mut frames = Frames::default();
    loop {
        let mut ready = [PollFd::new(line.as_fd(), PollFlags::POLLIN), PollFd::new(stopped.as_fd(), PollFlags::POLLIN)];
        if poll(&mut ready, PollTimeout::NONE).is_err() || ready[1].any() == Some(true) {
            return;
        }
        let mut bytes = [0; 512];
        let read = match line.read(&mut bytes) {
            Ok(read @ 1..) => read,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            _ => return,
        };
        frames.push(&bytes[..read]);
        for heard in frames.by_ref() {
            let Heard::Command(command) = heard else { continue };
            if answer(&mut line, &command, state).is_err() {
                return;
            }
        }
    }
}

fn answer(line: &mut File, command: &[u8], state: &Mutex<State>) -> std::io::Result<()> {
    let (answer, chunked) = {
        let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.mute {
            return Ok(());
        }
        state.looks += u64::from(command.first() == Some(&0x4A));
        let deadly = command.first() == Some(&0x16) && std::mem::take(&mut state.deadly);
        let answer = if deadly { vec![command[0] + 1, 0x80] } else { state.chip.answer(command) };
        let mut answer = frame::answer(&answer);
        if state.garbled > 0 {
            state.garbled -= 1;
            let sum = answer.len() - 2;
            answer[sum] ^= 0x55;
        }
        (answer, state.chunked)
    };
    line.write_all(&ACK)?;
    std::thread::sleep(THINKING);
    if !chunked {
        return line.write_all(&answer);
    }
    answer.chunks(1).try_for_each(|byte| {
        std::thread::sleep(Duration::from_micros(500));
        line.write_all(byte)
    })
}
