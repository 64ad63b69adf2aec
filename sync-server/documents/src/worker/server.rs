//! The side that renders.

use super::protocol::{Reply, Request, read_message, write_frame, write_message};
use crate::data::InvoiceDocument;
use crate::engine::render_day_list;
use crate::error::{DocumentError, Fault};
use crate::limits::WORKER_MEMORY_BYTES_MAX;
use crate::{Rendered, Templates};
use nix::sys::resource::{Resource, setrlimit};
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::Path;

/// Sets this process's ceiling of memory, then answers on its standard output what comes on its standard input, until that ends.
///
/// # Errors
/// Where a pipe breaks.
pub fn serve_this_process() -> io::Result<()> {
    setrlimit(Resource::RLIMIT_AS, WORKER_MEMORY_BYTES_MAX, WORKER_MEMORY_BYTES_MAX)?;
    setrlimit(Resource::RLIMIT_CORE, 0, 0)?;
    serve(BufReader::new(io::stdin()), BufWriter::new(io::stdout()))
}

/// Answers request after request.
///
/// # Errors
/// Where a pipe breaks.
pub fn serve(mut input: impl Read, mut output: impl Write) -> io::Result<()> {
    while let Some(request) = read_message(&mut input)? {
        match request {
            Request::Render { templates, documents } => answer(&mut output, render(templates.as_deref(), &documents))?,
            Request::List(list) => answer(&mut output, render_day_list(&list))?,
            Request::Check { templates } => write_message(&mut output, &Reply::Faults(Templates::check(&templates)))?,
        }
        output.flush()?;
    }
    Ok(())
}

fn answer(output: &mut impl Write, rendered: Result<Rendered, DocumentError>) -> io::Result<()> {
    match rendered {
        Ok(Rendered { pdf, pages, warnings }) => {
            write_message(output, &Reply::Rendered { pages, warnings })?;
            write_frame(output, &pdf)
        }
        Err(DocumentError::Template(faults)) => write_message(output, &Reply::Faults(faults)),
        Err(DocumentError::Folder(error)) => write_message(output, &Reply::Faults(vec![Fault::of_folder(&error)])),
        Err(other) => write_message(output, &Reply::Crashed(other.to_string())),
    }
}

/// The folder is read again each time: what an agent has just changed holds from the next document on.
fn render(folder: Option<&Path>, documents: &[InvoiceDocument]) -> Result<Rendered, DocumentError> {
    let templates = match folder {
        Some(folder) => Templates::with_folder(folder)?,
        None => Templates::builtin(),
    };
    templates.render_batch(documents)
}
