//! Documents: a template and data in, a tagged PDF out. Typst alone; no database, no network, no clock.
//!
//! ```text
//! InvoiceDocument, DayList ─ verify ─ prepare (JSON) ─ Typst (templates, fonts) ─ PDF/A-2a and PDF/UA-1
//! ```
//!
//! - The same data and templates give the same bytes: dates come in as data, and the file's identifier is made from its number.
//! - A text of the data is printed as it is; nothing ever evaluates it.
//! - An organisation's folder replaces built-in templates one by one (`Templates::with_folder`); a broken one is an error value.
//! - Typst bounds its recursion and each of its loops, but not their product, nor memory. Only a process can be ended: whoever renders
//!   an organisation's own templates does it through [`worker::Worker`], which has a deadline and a ceiling of memory.

#![warn(missing_docs)]

mod data;
mod day_list;
#[cfg(feature = "engine")]
mod engine;
mod error;
pub mod limits;
#[cfg(feature = "engine")]
mod prepare;
pub mod samples;
#[cfg(feature = "engine")]
mod templates;
mod verify;
pub mod worker;

pub use data::{
    Adjustment, ChildLines, Day, InvoiceDocument, Issuer, Kind, Line, Mentions, Mode, Organisation, PayFip, Payer, Payment, Regie, Way,
};
pub use day_list::{DayContent, DayList, ListChild, ListContact, ListGroup, ListMoment, ListRow, ListStaff, ListTaker};
#[cfg(feature = "engine")]
pub use engine::render_day_list;
pub use error::{DocumentError, Fault, FolderError};
#[cfg(feature = "engine")]
pub use templates::Templates;
pub use verify::DataError;

/// A finished PDF.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// PDF/A-2a and PDF/UA-1.
    pub pdf: Vec<u8>,
    /// Sheets' sides, with the blank ones of a batch.
    pub pages: usize,
    /// What a person should know: characters without a drawing, mentions that would be welcome, warnings of a template.
    pub warnings: Vec<String>,
}
