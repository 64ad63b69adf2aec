//! PDFs read back with real tools (poppler), as a printer, an archive and a screen reader would.

mod batch;
mod folder;
mod invoice;
mod limits;
mod pdf;
mod worker;
