//! PDFs read back with real tools (poppler), as a printer, an archive and a screen reader would.

#![expect(clippy::unwrap_used, reason = "a test's helper fails where it stands")]

mod batch;
mod day_list;
mod folder;
mod invoice;
mod limits;
mod pdf;
mod worker;
