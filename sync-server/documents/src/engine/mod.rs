//! Typst, with files and fonts from memory only.
//!
//! A rendering runs on a pool of its own, since a deep template needs a deep stack; and a panic inside the engine stays a value.

mod diagnose;
mod fonts;
mod world;

use crate::Rendered;
use crate::data::InvoiceDocument;
use crate::day_list::DayList;
use crate::error::{DocumentError, Fault};
use crate::limits::TEMPLATE_FAULTS_MAX;
use crate::prepare::{prepare, prepare_list};
use crate::samples;
use crate::templates::Templates;
use crate::verify::verify_batch;
use rayon::{ThreadPool, ThreadPoolBuildError, ThreadPoolBuilder};
use std::panic::{self, AssertUnwindSafe};
use std::path::Path;
use std::sync::LazyLock;
use typst::diag::SourceDiagnostic;
use typst::foundations::Smart;
use typst_layout::PagedDocument;
use typst_pdf::{PdfOptions, PdfStandard, PdfStandards};
use world::Sheets;

/// Typst lays out up to 72 levels deep; an unoptimised build needs this much for them.
const STACK_BYTES: usize = 64 * 1024 * 1024;
/// Typst lays pages out in parallel, on the pool that it is called from.
static POOL: LazyLock<Result<ThreadPool, ThreadPoolBuildError>> =
    LazyLock::new(|| ThreadPoolBuilder::new().stack_size(STACK_BYTES).thread_name(|index| format!("documents-{index}")).build());

/// Archivable (the Treasury and the archives keep bills for ten years) and accessible (RGAA) at once.
const STANDARDS: [PdfStandard; 2] = [PdfStandard::A_2a, PdfStandard::Ua_1];
/// What a rendering leaves in Typst's cache is kept for the next one only: memory stays level over a night of bills.
const CACHE_GENERATIONS: usize = 1;

impl Templates {
    /// One document.
    ///
    /// # Errors
    /// [`DocumentError`]; never a panic. It may take for ever where a template does: see [`crate::worker`].
    pub fn render(&self, document: &InvoiceDocument) -> Result<Rendered, DocumentError> {
        self.render_batch(std::slice::from_ref(document))
    }

    /// Many documents in one PDF, each from a recto page on, for a printer with two sides.
    ///
    /// # Errors
    /// As [`Templates::render`].
    pub fn render_batch(&self, documents: &[InvoiceDocument]) -> Result<Rendered, DocumentError> {
        let (mut rendered, faults) = self.print(documents)?;
        rendered.warnings.extend(faults.iter().map(ToString::to_string));
        Ok(rendered)
    }

    /// The PDF, and what Typst would like to be changed in the templates.
    fn print(&self, documents: &[InvoiceDocument]) -> Result<(Rendered, Vec<Fault>), DocumentError> {
        verify_batch(documents)?;
        let (data, warnings) = prepare(documents, self.logo(), fonts::draws);
        let data = serde_json::to_vec(&data).map_err(std::io::Error::from)?;
        let sheets = Sheets::new(self.clone(), data);
        let (pdf, pages, faults) = set(&sheets, identifier(documents))?;
        Ok((Rendered { pdf, pages, warnings }, faults))
    }

    /// Renders samples of each kind with an organisation's folder and says all that is wrong with it; empty: it can be used.
    ///
    /// It may take for ever where a template does: a program does it through [`crate::worker::Worker::check`].
    #[must_use]
    pub fn check(folder: &Path) -> Vec<Fault> {
        match Self::with_folder(folder) {
            Ok(templates) => templates.faults(),
            Err(error) => vec![Fault::of_folder(&error)],
        }
    }

    fn faults(&self) -> Vec<Fault> {
        let mut faults = Vec::new();
        for sample in samples::of_every_kind() {
            let found = match self.print(std::slice::from_ref(&sample)) {
                // A warning on our own files is ours to mend: an unknown font, a layout that doesn't settle.
                Ok((_, warnings)) => {
                    warnings.into_iter().filter(|fault| fault.file.as_ref().is_some_and(|file| self.own.contains(file))).collect()
                }
                Err(DocumentError::Template(found)) => found,
                Err(other) => vec![Fault::whole(other.to_string())],
            };
            for fault in found {
                if !faults.contains(&fault) {
                    faults.push(fault);
                }
            }
        }
        faults.truncate(TEMPLATE_FAULTS_MAX);
        faults
    }
}

/// The list of a day on paper.
///
/// # Errors
/// As [`Templates::render`].
pub fn render_day_list(list: &DayList) -> Result<Rendered, DocumentError> {
    list.verify()?;
    let (data, mut warnings) = prepare_list(list, fonts::draws);
    let data = serde_json::to_vec(&data).map_err(std::io::Error::from)?;
    let identifier = [&list.content.organisation, &list.content.lieu, &list.content.said_day, &list.made, &list.seal].map(String::as_str);
    let (pdf, pages, faults) = set(&Sheets::of_list(data), identifier.join("\n"))?;
    warnings.extend(faults.iter().map(ToString::to_string));
    Ok(Rendered { pdf, pages, warnings })
}

/// What is set: the PDF, its pages, and what Typst would like to be changed.
type Composed = (Vec<u8>, usize, Vec<Fault>);

/// On the pool, where a panic stays a value.
fn set(sheets: &Sheets, identifier: String) -> Result<Composed, DocumentError> {
    let pool = POOL.as_ref().map_err(|error| DocumentError::Crashed(error.to_string()))?;
    let composed = panic::catch_unwind(AssertUnwindSafe(|| pool.install(|| compose(sheets, identifier))))
        .map_err(|_| DocumentError::Crashed("arrêt inattendu du moteur".to_owned()))?;
    composed.map_err(DocumentError::Template)
}

/// The PDF, its pages, and what Typst would like to be changed.
fn compose(sheets: &Sheets, identifier: String) -> Result<Composed, Vec<Fault>> {
    let told = |diagnostics: &[SourceDiagnostic]| diagnose::faults(sheets, diagnostics);
    let composed = typst::compile::<PagedDocument>(sheets);
    let result = composed.output.and_then(|document| {
        let options = PdfOptions {
            ident: Smart::Custom(identifier),
            creator: Smart::Custom(Some("Préau".to_owned())),
            standards: standards(),
            ..PdfOptions::default()
        };
        typst_pdf::pdf(&document, &options).map(|pdf| (pdf, document.pages().len()))
    });
    let outcome = match result {
        Ok((pdf, pages)) => Ok((pdf, pages, told(&composed.warnings))),
        Err(errors) => Err(told(&errors)),
    };
    typst::comemo::evict(CACHE_GENERATIONS);
    outcome
}

/// Numbers are unique within an organisation and a régie only.
fn identifier(documents: &[InvoiceDocument]) -> String {
    let one = |document: &InvoiceDocument| format!("{}\n{}\n{}", document.organisation.name, document.regie.name, document.number);
    documents.iter().map(one).collect::<Vec<_>>().join("\n")
}

/// A test holds that the two go together.
fn standards() -> PdfStandards {
    PdfStandards::new(&STANDARDS).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn archives_and_accessibility_go_together() {
        assert!(PdfStandards::new(&STANDARDS).is_ok());
    }
}
