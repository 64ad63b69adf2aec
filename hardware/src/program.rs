//! The reader's program, kept running: started, listened to, and started again when it ends or falls silent.
//!
//! Promises: whoever listens is told of a trouble once and of its end once, whatever the program does; a program that hangs is killed;
//! none is left behind when this one ends, even by SIGKILL: its input then ends, and so does it.

use crate::ReaderEvent;
use crate::said::{BEAT_S, Fault, LINE_BYTES_MAX, Said};
use std::ffi::OsString;
use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

/// Silence after which the program is taken to hang: opening a reader that doesn't answer takes libnfc a second and a half.
const SILENCE_MAX: Duration = Duration::from_secs(5 * BEAT_S);
/// Between the end of a program and the next start, doubled at each failure.
const PAUSE_MIN: Duration = Duration::from_millis(200);
const PAUSE_MAX: Duration = Duration::from_secs(5);

/// Which program, and what it is told.
#[derive(Debug, Clone)]
pub struct Program {
    /// The file.
    pub path: PathBuf,
    /// Its arguments.
    pub args: Vec<OsString>,
}

/// A program that runs, until this is dropped.
pub struct ReaderProgram {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl ReaderProgram {
    /// Starts it; what it says comes out of the receiver, which ends once this is dropped.
    ///
    /// # Errors
    /// No thread to be had. A program that doesn't start is an event.
    pub fn start(program: Program) -> std::io::Result<(Self, Receiver<ReaderEvent>)> {
        let (told, events) = channel();
        let (stop, stopped) = channel();
        let thread = std::thread::Builder::new().name("lecteur".into()).spawn(move || keep_running(&program, &told, &stopped))?;
        Ok((Self { stop: Some(stop), thread: Some(thread) }, events))
    }
}

impl Drop for ReaderProgram {
    fn drop(&mut self) {
        self.stop = None;
        if let Some(thread) = self.thread.take() {
            // It panics nowhere; and if it did, there is nobody left to tell.
            let _ = thread.join();
        }
    }
}

/// What was told last: the same is not told again.
struct Teller<'a> {
    told: &'a Sender<ReaderEvent>,
    /// `None` before anything was: else whether it is heard, or why not.
    last: Option<Result<(), Fault>>,
}

impl Teller<'_> {
    fn tell(&self, event: ReaderEvent) {
        // Who listened has gone: the thread is about to be told so.
        let _ = self.told.send(event);
    }

    fn fault(&mut self, fault: Fault, detail: String) {
        if self.last.replace(Err(fault)) != Some(Err(fault)) {
            self.tell(ReaderEvent::Fault(fault, detail));
        }
    }

    fn hear(&mut self, said: Said) {
        match said {
            Said::Beat | Said::Gone => {}
            Said::Ready { reader } => {
                if self.last.replace(Ok(())) != Some(Ok(())) {
                    self.tell(ReaderEvent::Heard(reader));
                }
            }
            Said::Card { uid } => self.tell(ReaderEvent::Badge(uid)),
            Said::Unread => self.tell(ReaderEvent::Unread),
            Said::Several => self.tell(ReaderEvent::Several),
            Said::Fault { fault, detail } => self.fault(fault, detail),
        }
    }
}

fn keep_running(program: &Program, told: &Sender<ReaderEvent>, stopped: &Receiver<()>) {
    let mut teller = Teller { told, last: None };
    let mut pause = PAUSE_MIN;
    loop {
        let was_heard = match Running::start(program) {
            Ok(mut running) => {
                let end = running.listen(&mut teller, stopped);
                drop(running);
                let End::Silent { detail, was_heard } = end else { return };
                teller.fault(Fault::Stopped, detail);
                was_heard
            }
            Err(error) => {
                teller.fault(Fault::Missing, format!("{} : {error}", program.path.display()));
                false
            }
        };
        pause = if was_heard { PAUSE_MIN } else { (pause * 2).min(PAUSE_MAX) };
        if stopped.recv_timeout(pause) != Err(RecvTimeoutError::Timeout) {
            return;
        }
    }
}

/// How listening ended.
enum End {
    /// Nobody listens any more.
    Stopped,
    /// The program ended or hung.
    Silent { detail: String, was_heard: bool },
}

struct Running {
    child: Child,
    /// Ends when this is dropped, or when this process does.
    input: Option<ChildStdin>,
    lines: Receiver<Said>,
}

impl Running {
    fn start(program: &Program) -> std::io::Result<Self> {
        let mut command = Command::new(&program.path);
        command.args(&program.args).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn()?;
        let (input, output) = (child.stdin.take(), child.stdout.take());
        let (said, lines) = channel();
        let reading = std::thread::Builder::new().name("lecteur-lignes".into());
        let running = Self { child, input, lines };
        reading.spawn(move || output.into_iter().for_each(|output| read_lines(output, &said)))?;
        Ok(running)
    }

    fn listen(&mut self, teller: &mut Teller<'_>, stopped: &Receiver<()>) -> End {
        let mut silent = Duration::ZERO;
        let mut was_heard = false;
        // Short enough that an end of this program isn't kept waiting.
        let step = Duration::from_millis(100);
        loop {
            match self.lines.recv_timeout(step) {
                Ok(said) => {
                    silent = Duration::ZERO;
                    was_heard |= matches!(said, Said::Ready { .. });
                    teller.hear(said);
                }
                Err(RecvTimeoutError::Timeout) => silent += step,
                Err(RecvTimeoutError::Disconnected) => {
                    let status = self.child.wait().map_or_else(|error| error.to_string(), |status| status.to_string());
                    return End::Silent { detail: status, was_heard };
                }
            }
            if stopped.try_recv() != Err(std::sync::mpsc::TryRecvError::Empty) {
                return End::Stopped;
            }
            if silent >= SILENCE_MAX {
                return End::Silent { detail: "le programme du lecteur ne répond plus".into(), was_heard };
            }
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.input = None;
        // Within the time of one question to the reader it ends by itself, and lets go of it in order: its output ends then.
        let ends = (0..20).any(|_| self.lines.recv_timeout(Duration::from_millis(25)) == Err(RecvTimeoutError::Disconnected));
        if !ends {
            let _ = self.child.kill();
        }
        let _ = self.child.wait();
    }
}

/// Lines until the end; one that is no line of ours is passed over, and one without an end closes the ears.
fn read_lines(output: ChildStdout, said: &Sender<Said>) {
    let mut output = BufReader::new(output);
    loop {
        let mut line = Vec::new();
        match (&mut output).take(LINE_BYTES_MAX).read_until(b'\n', &mut line) {
            Ok(1..) if line.ends_with(b"\n") => {}
            _ => return,
        }
        if let Ok(line) = serde_json::from_slice(&line)
            && said.send(line).is_err()
        {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Longer than anything takes here, on a machine that does much else.
    const PATIENCE: Duration = Duration::from_secs(60);

    /// A program of a few lines of shell.
    fn shell(lines: &str) -> (ReaderProgram, Receiver<ReaderEvent>) {
        ReaderProgram::start(Program { path: "/bin/sh".into(), args: vec!["-c".into(), lines.into()] }).unwrap()
    }

    fn next(events: &Receiver<ReaderEvent>) -> ReaderEvent {
        events.recv_timeout(PATIENCE).expect("an event")
    }

    fn is_fault(event: &ReaderEvent, fault: Fault) -> bool {
        matches!(event, ReaderEvent::Fault(of, _) if *of == fault)
    }

    const READY: &str = r#"echo '{"said":"ready","reader":"x"}'"#;
    const CARD: &str = r#"echo '{"said":"card","uid":"04A1B2C3"}'"#;

    #[test]
    fn a_program_that_is_not_there_is_said_once() {
        let (_reader, events) = ReaderProgram::start(Program { path: "/nulle/part".into(), args: Vec::new() }).unwrap();
        assert!(is_fault(&next(&events), Fault::Missing));
        assert!(events.recv_timeout(Duration::from_secs(1)).is_err());
    }

    #[test]
    fn what_is_no_line_of_ours_is_passed_over() {
        let (_reader, events) = shell(&format!("{READY}; echo salut; echo '{{\"said\":\"autre\"}}'; printf '\\377\\n'; {CARD}; cat"));
        assert_eq!(next(&events), ReaderEvent::Heard("x".into()));
        assert_eq!(next(&events), ReaderEvent::Badge("04A1B2C3".into()));
    }

    #[test]
    fn a_program_that_ends_is_said_and_started_again() {
        let (_reader, events) = shell(&format!("{READY}; {CARD}; exit 3"));
        for _ in 0..2 {
            assert_eq!(next(&events), ReaderEvent::Heard("x".into()));
            assert_eq!(next(&events), ReaderEvent::Badge("04A1B2C3".into()));
            assert!(is_fault(&next(&events), Fault::Stopped));
        }
    }

    #[test]
    fn a_program_that_hangs_is_killed_and_started_again() {
        let (_reader, events) = shell(&format!("{READY}; exec sleep 1000"));
        assert_eq!(next(&events), ReaderEvent::Heard("x".into()));
        assert!(is_fault(&next(&events), Fault::Stopped));
        assert_eq!(next(&events), ReaderEvent::Heard("x".into()), "another one runs");
    }

    #[test]
    fn a_line_without_an_end_fills_no_memory() {
        let (_reader, events) = shell("exec cat /dev/zero");
        assert!(is_fault(&next(&events), Fault::Stopped));
    }

    #[test]
    fn none_is_left_behind_even_one_that_does_not_listen() {
        let dir = std::env::temp_dir().join(format!("lecteur-{}", std::process::id()));
        let (reader, events) = shell(&format!("{READY}; echo $$ > {}; exec sleep 1000", dir.display()));
        assert_eq!(next(&events), ReaderEvent::Heard("x".into()));
        let pid = std::iter::repeat_with(|| std::fs::read_to_string(&dir).unwrap_or_default()).find(|text| text.ends_with('\n'));
        drop(reader);
        let _ = std::fs::remove_file(&dir);
        assert!(!std::path::Path::new(&format!("/proc/{}", pid.unwrap().trim())).exists());
    }
}
