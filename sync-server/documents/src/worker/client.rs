//! The side of whoever wants a document.

use super::protocol::{Reply, Request, read_frame, read_message, write_message};
use crate::Rendered;
use crate::data::InvoiceDocument;
use crate::day_list::DayList;
use crate::error::{DocumentError, Fault};
use crate::limits::RENDER_SECONDS_MAX;
use crate::verify::verify_batch;
use std::ffi::OsString;
use std::io::{self, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Mutex, PoisonError, mpsc};
use std::thread;
use std::time::Duration;

/// One worker process, started when it is first needed, started again after it was ended. Requests wait for each other;
/// whoever wants several at once holds several. Calls block: not on an async thread.
pub struct Worker {
    program: PathBuf,
    arguments: Vec<OsString>,
    deadline: Duration,
    running: Mutex<Option<Running>>,
}

struct Running {
    child: Child,
    /// Taken by the thread of an exchange, given back when it is through.
    pipes: Option<Pipes>,
}

struct Pipes {
    input: BufWriter<ChildStdin>,
    output: BufReader<ChildStdout>,
}

/// A reply, and its PDF where it has one.
type Answer = (Reply, Option<Vec<u8>>);

impl Worker {
    /// A worker that runs `program` with `arguments`: `preau-documents`, or one that calls `serve_this_process`.
    #[must_use]
    pub fn new(program: impl Into<PathBuf>, arguments: impl IntoIterator<Item = impl Into<OsString>>) -> Self {
        Self {
            program: program.into(),
            arguments: arguments.into_iter().map(Into::into).collect(),
            deadline: Duration::from_secs(RENDER_SECONDS_MAX),
            running: Mutex::new(None),
        }
    }

    /// Another deadline than [`RENDER_SECONDS_MAX`].
    #[must_use]
    pub fn with_deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// One PDF of these documents, with Préau's templates or those of a folder.
    ///
    /// # Errors
    /// [`DocumentError`]; data are verified before anything is started.
    pub fn render(&self, templates: Option<&Path>, documents: &[InvoiceDocument]) -> Result<Rendered, DocumentError> {
        verify_batch(documents)?;
        self.rendered(Request::Render { templates: templates.map(Path::to_owned), documents: documents.to_vec() })
    }

    /// The PDF of a day's list.
    ///
    /// # Errors
    /// As [`Worker::render`].
    pub fn render_list(&self, list: &DayList) -> Result<Rendered, DocumentError> {
        list.verify()?;
        self.rendered(Request::List(Box::new(list.clone())))
    }

    fn rendered(&self, request: Request) -> Result<Rendered, DocumentError> {
        match self.ask(request)? {
            (Reply::Rendered { pages, warnings }, Some(pdf)) => Ok(Rendered { pdf, pages, warnings }),
            (Reply::Faults(faults), _) => Err(DocumentError::Template(faults)),
            (Reply::Crashed(reason), _) => Err(DocumentError::Crashed(reason)),
            (Reply::Rendered { .. }, None) => Err(DocumentError::Crashed("réponse sans document".to_owned())),
        }
    }

    /// All that is wrong with a folder of templates; empty: it can be used.
    ///
    /// # Errors
    /// [`DocumentError`] where the worker could not tell: it was too long, too large, or did not start.
    pub fn check(&self, folder: &Path) -> Result<Vec<Fault>, DocumentError> {
        match self.ask(Request::Check { templates: folder.to_owned() })? {
            (Reply::Faults(faults), _) => Ok(faults),
            (Reply::Crashed(reason), _) => Err(DocumentError::Crashed(reason)),
            (Reply::Rendered { .. }, _) => Err(DocumentError::Crashed("réponse inattendue".to_owned())),
        }
    }

    fn ask(&self, request: Request) -> Result<Answer, DocumentError> {
        let mut slot = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        let mut running = match slot.take() {
            Some(running) => running,
            None => self.start()?,
        };
        let Some(mut pipes) = running.pipes.take() else { return Err(DocumentError::Worker(io::ErrorKind::BrokenPipe.into())) };
        // Both ways in one thread: a worker that hangs may leave either full.
        let (sender, receiver) = mpsc::sync_channel(1);
        thread::Builder::new().name("documents-exchange".to_owned()).spawn(move || {
            let answer = exchange(&mut pipes, &request);
            let _nobody_waits_any_more = sender.send((answer, pipes));
        })?;
        match receiver.recv_timeout(self.deadline) {
            Ok((Ok(answer), pipes)) => {
                running.pipes = Some(pipes);
                *slot = Some(running);
                Ok(answer)
            }
            Ok((Err(error), pipes)) => {
                drop(pipes);
                // `running` is dropped, which ends and reaps the process.
                if error.kind() == io::ErrorKind::UnexpectedEof || error.kind() == io::ErrorKind::BrokenPipe {
                    Err(DocumentError::Crashed("le programme s'est arrêté : mémoire dépassée, ou modèle trop profond".to_owned()))
                } else {
                    Err(DocumentError::Worker(error))
                }
            }
            Err(_) => Err(DocumentError::TooLong { seconds: self.deadline.as_secs() }),
        }
    }

    fn start(&self) -> io::Result<Running> {
        let mut child = Command::new(&self.program)
            .args(&self.arguments)
            .env_clear()
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // What an engine says when it dies may quote the data.
            .stderr(Stdio::null())
            .spawn()?;
        let pipes = child.stdin.take().zip(child.stdout.take());
        let pipes = pipes.map(|(input, output)| Pipes { input: BufWriter::new(input), output: BufReader::new(output) });
        Ok(Running { child, pipes })
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _already_gone = self.child.kill();
        let _status = self.child.wait();
    }
}

fn exchange(pipes: &mut Pipes, request: &Request) -> io::Result<Answer> {
    write_message(&mut pipes.input, request)?;
    pipes.input.flush()?;
    let reply = read_message(&mut pipes.output)?.ok_or(io::ErrorKind::UnexpectedEof)?;
    let pdf = match reply {
        Reply::Rendered { .. } => Some(read_frame(&mut pipes.output)?.ok_or(io::ErrorKind::UnexpectedEof)?),
        Reply::Faults(_) | Reply::Crashed(_) => None,
    };
    Ok((reply, pdf))
}
