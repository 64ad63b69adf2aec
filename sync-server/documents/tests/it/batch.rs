//! Many documents for one printer.

use crate::pdf;
use documents::{Templates, samples};

#[test]
fn each_document_of_a_batch_starts_on_a_recto_and_counts_its_own_pages() {
    let documents = [samples::bare(), samples::invoice(), samples::long(30), samples::credit_note()];
    let alone: Vec<usize> = documents.iter().map(|document| Templates::builtin().render(document).unwrap().pages).collect();
    let batch = Templates::builtin().render_batch(&documents).unwrap();
    let pages = pdf::pages(&batch.pdf);
    assert_eq!(pages.len(), batch.pages);
    let mut at: usize = 0;
    for (document, count) in documents.iter().zip(alone) {
        assert!(at.is_multiple_of(2), "{} starts on a verso", document.number);
        for page in 1..=count {
            let sheet = &pages[at];
            assert!(sheet.contains(&format!("{} · page {page}/{count}", document.number)), "{sheet}");
            at += 1;
        }
        // A verso between two households bears nothing.
        if !at.is_multiple_of(2) && at < pages.len() {
            assert_eq!(pages[at].trim(), "");
            at += 1;
        }
    }
    assert_eq!(at, pages.len());
}

#[test]
fn a_document_of_a_batch_is_the_same_as_alone() {
    let alone = pdf::pages(&Templates::builtin().render(&samples::invoice()).unwrap().pdf);
    let batch = Templates::builtin().render_batch(&[samples::bare(), samples::invoice()]).unwrap();
    let pages = pdf::pages(&batch.pdf);
    assert_eq!(pages[pages.len() - alone.len()..], alone[..]);
}
