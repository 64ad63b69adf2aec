//! What goes through the pipe: a length of eight bytes, little end first, then so many bytes. JSON, and the PDF as it is.
//! Both ends come from one build; nothing of it is kept.

use crate::data::InvoiceDocument;
use crate::day_list::DayList;
use crate::error::Fault;
use crate::limits::WORKER_MESSAGE_BYTES_MAX;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::io::{self, Read, Write};
use std::path::PathBuf;

#[derive(Serialize, Deserialize)]
pub(super) enum Request {
    /// One PDF of these documents.
    Render { templates: Option<PathBuf>, documents: Vec<InvoiceDocument> },
    /// The PDF of a day's list.
    List(Box<DayList>),
    /// All that is wrong with a folder.
    Check { templates: PathBuf },
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Reply {
    /// The PDF follows in a frame of its own.
    Rendered { pages: usize, warnings: Vec<String> },
    /// The templates don't hold; or, of a check, what is wrong: perhaps nothing.
    Faults(Vec<Fault>),
    /// The engine gave up.
    Crashed(String),
}

pub(super) fn write_frame(output: &mut impl Write, bytes: &[u8]) -> io::Result<()> {
    output.write_all(&(bytes.len() as u64).to_le_bytes())?;
    output.write_all(bytes)
}

/// None at the end of the input.
pub(super) fn read_frame(input: &mut impl Read) -> io::Result<Option<Vec<u8>>> {
    let mut length = [0; 8];
    match input.read_exact(&mut length) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        Err(error) => return Err(error),
    }
    let length = u64::from_le_bytes(length);
    if length > WORKER_MESSAGE_BYTES_MAX {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "message trop long"));
    }
    // Grows as bytes come: a length alone takes no memory.
    let mut bytes = Vec::new();
    if input.by_ref().take(length).read_to_end(&mut bytes)? as u64 == length {
        Ok(Some(bytes))
    } else {
        Err(io::ErrorKind::UnexpectedEof.into())
    }
}

pub(super) fn write_message(output: &mut impl Write, message: &impl Serialize) -> io::Result<()> {
    write_frame(output, &serde_json::to_vec(message)?)
}

pub(super) fn read_message<M: DeserializeOwned>(input: &mut impl Read) -> io::Result<Option<M>> {
    read_frame(input)?.map(|bytes| serde_json::from_slice(&bytes).map_err(io::Error::from)).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_comes_back_and_a_cut_one_is_an_error() {
        let mut pipe = Vec::new();
        write_frame(&mut pipe, b"bonjour").unwrap();
        assert_eq!(read_frame(&mut &pipe[..]).unwrap().as_deref(), Some(&b"bonjour"[..]));
        assert!(read_frame(&mut &pipe[..10]).is_err());
        assert!(read_frame(&mut &[][..]).unwrap().is_none());
    }

    #[test]
    fn a_length_beyond_the_limit_is_refused() {
        let length = |length: u64| length.to_le_bytes();
        assert_eq!(read_frame(&mut &length(WORKER_MESSAGE_BYTES_MAX + 1)[..]).unwrap_err().kind(), io::ErrorKind::InvalidData);
        assert_eq!(read_frame(&mut &length(WORKER_MESSAGE_BYTES_MAX)[..]).unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
    }
}
