//! Typst, with files and fonts from memory only.
//!
//! A rendering runs on a pool of its own, since a deep template needs a deep stack; and a panic inside the engine stays a value.

mod diagnose;
mod fonts;
mod world;

use crate::Rendered;
use crate::data::InvoiceDocument;
use crate::error::{DocumentError, Fault};
use crate::limits::TEMPLATE_FAULTS_MAX;
use crate::prepare::prepare;
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
        verify_batch(documents)?;
        let (data, mut warnings) = prepare(documents, self.logo(), fonts::draws);
        let data = serde_json::to_vec(&data).map_err(std::io::Error::from)?;
        let identifier = documents.iter().map(|document| document.number.as_str()).collect::<Vec<_>>().join(" ");
        let sheets = Sheets::new(self.clone(), data);
        let pool = POOL.as_ref().map_err(|error| DocumentError::Crashed(error.to_string()))?;
        let composed = panic::catch_unwind(AssertUnwindSafe(|| pool.install(|| compose(&sheets, identifier))))
            .map_err(|_| DocumentError::Crashed("arrêt inattendu du moteur".to_owned()))?;
        let (pdf, pages, faults) = composed.map_err(DocumentError::Template)?;
        warnings.extend(faults.iter().map(ToString::to_string));
        Ok(Rendered { pdf, pages, warnings })
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
            let found = match self.render(&sample) {
                Ok(rendered) => self.strangers(&rendered),
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

    /// Warnings of Typst on the organisation's own files: an unknown font, a layout that doesn't settle.
    fn strangers(&self, rendered: &Rendered) -> Vec<Fault> {
        rendered
            .warnings
            .iter()
            .filter(|warning| self.own.iter().any(|own| warning.starts_with(own.as_str())))
            .cloned()
            .map(Fault::whole)
            .collect()
    }
}

/// The PDF, its pages, and what Typst would like to be changed.
fn compose(sheets: &Sheets, identifier: String) -> Result<(Vec<u8>, usize, Vec<Fault>), Vec<Fault>> {
    let told = |diagnostics: &[SourceDiagnostic]| -> Vec<Fault> {
        diagnostics.iter().take(TEMPLATE_FAULTS_MAX).map(|diagnostic| diagnose::fault(sheets, diagnostic)).collect()
    };
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
