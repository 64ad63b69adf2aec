//! `preau-terminal export`: the entries that wait, in a file that only the
//! server reads, for where no line reaches it.
//!
//! Reads only: works without a network and beside an open window. Nothing
//! leaves the queue by it: what the server took in from the file is told as
//! `duplicate` once there is a line again.

use super::CommandError;
use crate::store::{Peek, StoreError};
use serde::Serialize;
use shared::id::EntryId;
use shared::wire::limits::{PUSH_ENTRIES_MAX, PUSH_SEALED_BYTES_MAX};
use shared::wire::{EXPORT_FORMAT, ExportHead, WireEntry};
use std::fs::{File, OpenOptions};
use std::io::{BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// What an export came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Exported {
    /// Where it is; `None` where there was nothing to export, and no file was made.
    pub file: Option<PathBuf>,
    /// Entries in it.
    pub entries: u64,
}

/// Exports the entries that wait, or all that this tablet ever sealed and still holds. The file is whole or isn't there.
///
/// # Errors
/// A tablet that isn't enrolled or was never told for whom to seal, a file that exists already (2), a disk that refuses (3).
pub fn export(dir: &Path, to: &Path, all: bool) -> Result<Exported, CommandError> {
    let peek = Peek::open(dir)?;
    let identity = peek.journal.identity()?.ok_or(StoreError::NotEnrolled)?;
    let recipient = recipient(peek.roster.export_recipient()?.as_deref())?;
    if to.exists() {
        return Err(CommandError::Usage(format!("{} existe déjà : donnez un autre nom de fichier.", to.display())));
    }
    let sealed = everything(&peek, all)?;
    let entries = u64::try_from(sealed.len()).unwrap_or(u64::MAX);
    if sealed.is_empty() {
        return Ok(Exported { file: None, entries });
    }
    let head = ExportHead { format: EXPORT_FORMAT.into(), site: identity.site, device: identity.device, entries };
    let mut partial = to.as_os_str().to_owned();
    partial.push(".partiel");
    let partial = PathBuf::from(partial);
    let failed = |error: std::io::Error| CommandError::Unavailable(format!("{} : écriture impossible ({error}).", to.display()));
    write(&partial, &recipient, &head, &sealed).and_then(|()| std::fs::rename(&partial, to)).map_err(|error| {
        // What is half written helps nobody; if it can't be removed either, its name says what it is.
        let _ = std::fs::remove_file(&partial);
        failed(error)
    })?;
    Ok(Exported { file: Some(to.to_owned()), entries })
}

/// For whom the file is sealed.
fn recipient(told: Option<&str>) -> Result<age::x25519::Recipient, CommandError> {
    let told = told.ok_or_else(|| {
        CommandError::Unavailable(
            "Le serveur n'a pas encore dit à cette tablette pour qui sceller un export : il le dit au premier échange. Connectez-la une fois."
                .into(),
        )
    })?;
    told.parse().map_err(|why| CommandError::Unavailable(format!("La clé d'export reçue du serveur est inutilisable ({why}).")))
}

/// Read in one go, so that the head can count them; a tablet's whole life fits its memory.
fn everything(peek: &Peek, all: bool) -> Result<Vec<WireEntry>, StoreError> {
    let (mut out, mut after): (Vec<WireEntry>, Option<EntryId>) = (Vec::new(), None);
    loop {
        let page = if all {
            peek.journal.own(after, PUSH_ENTRIES_MAX, PUSH_SEALED_BYTES_MAX)?
        } else {
            peek.journal.outgoing(after, PUSH_ENTRIES_MAX, PUSH_SEALED_BYTES_MAX)?
        };
        let Some(last) = page.last().map(|o| o.entry) else { return Ok(out) };
        after = Some(last);
        out.extend(page.iter().map(|o| WireEntry::from(&o.sealed)));
    }
}

fn write(path: &Path, to: &age::x25519::Recipient, head: &ExportHead, entries: &[WireEntry]) -> std::io::Result<()> {
    let file: File = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    let encryptor = age::Encryptor::with_recipients(std::iter::once(to as &dyn age::Recipient)).map_err(std::io::Error::other)?;
    let mut lines = BufWriter::new(encryptor.wrap_output(file)?);
    let line = |lines: &mut dyn Write, json: serde_json::Result<Vec<u8>>| {
        lines.write_all(&json.map_err(std::io::Error::other)?)?;
        lines.write_all(b"\n")
    };
    line(&mut lines, serde_json::to_vec(head))?;
    for entry in entries {
        line(&mut lines, serde_json::to_vec(entry))?;
    }
    // Without its last block the file is told as cut off.
    let file = lines.into_inner().map_err(std::io::IntoInnerError::into_error)?.finish()?;
    file.sync_all()
}
