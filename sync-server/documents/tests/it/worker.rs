//! The worker: what an organisation's template may do to it, and what the server sees of that.

use documents::worker::Worker;
use documents::{DataError, DocumentError, Templates, samples};
use shared::money::Cents;
use std::fs;
use std::iter;
use std::time::Duration;
use tempfile::TempDir;

fn worker() -> Worker {
    Worker::new(env!("CARGO_BIN_EXE_preau-documents"), iter::empty::<&str>())
}

fn folder(body: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("facture.typ"), format!("#let facture(d) = {{ {body} }}")).unwrap();
    folder
}

#[test]
fn a_worker_gives_the_same_bytes_as_the_library_again_and_again() {
    let worker = worker();
    for document in [samples::titre(), samples::credit_note(), samples::titre()] {
        assert_eq!(worker.render(None, std::slice::from_ref(&document)).unwrap(), Templates::builtin().render(&document).unwrap());
    }
}

#[test]
fn what_must_not_be_printed_starts_nothing() {
    let nowhere = Worker::new("/nulle-part/preau-documents", iter::empty::<&str>());
    let mut wrong = samples::invoice();
    wrong.total_cents = Cents(1);
    assert!(matches!(nowhere.render(None, &[wrong]), Err(DocumentError::Data(DataError::TotalDiffers { .. }))));
    let error = nowhere.render(None, &[samples::invoice()]).unwrap_err();
    assert!(error.is_retryable(), "{error}");
}

#[test]
fn a_template_without_end_is_ended_and_the_next_document_is_printed() {
    // Two loops, each within what Typst allows, are a hundred million turns.
    let endless =
        folder("let i = 0; while i < 9999 { let j = 0; while j < 9999 { let k = 0; while k < 9999 { k += 1 }; j += 1 }; i += 1 }");
    let worker = worker().with_deadline(Duration::from_secs(2));
    let error = worker.render(Some(endless.path()), &[samples::invoice()]).unwrap_err();
    assert!(matches!(error, DocumentError::TooLong { seconds: 2 }), "{error}");
    let error = worker.check(endless.path()).unwrap_err();
    assert!(matches!(error, DocumentError::TooLong { .. }), "{error}");
    let worker = worker.with_deadline(Duration::from_secs(60));
    assert!(worker.render(None, &[samples::invoice()]).is_ok());
}

#[test]
fn a_template_that_eats_memory_dies_alone() {
    let greedy = folder("range(1000000000).len()");
    let worker = worker();
    let error = worker.render(Some(greedy.path()), &[samples::invoice()]).unwrap_err();
    assert!(matches!(error, DocumentError::Crashed(_)), "{error}");
    assert!(worker.render(None, &[samples::invoice()]).is_ok());
}

#[test]
fn a_template_that_nests_without_end_is_an_error() {
    let deep = folder("let inner = [fond]; for _ in range(2000) { inner = block(inner) }; inner");
    let worker = worker();
    let error = worker.render(Some(deep.path()), &vec![samples::invoice(); 3]).unwrap_err();
    assert!(matches!(&error, DocumentError::Template(faults) if faults[0].message.contains("profondément")), "{error}");
}

#[test]
fn faults_of_a_folder_come_back_through_the_worker() {
    let worker = worker();
    let broken = folder("inconnu(d)");
    let faults = worker.check(broken.path()).unwrap();
    assert_eq!(faults, Templates::check(broken.path()));
    assert_eq!((faults[0].file.as_deref(), faults[0].line, faults[0].column), (Some("facture.typ"), Some(1), Some(21)));
    assert!(matches!(worker.render(Some(broken.path()), &[samples::invoice()]), Err(DocumentError::Template(_))));
    fs::write(broken.path().join("cadre.typ"), "").unwrap();
    assert!(worker.check(broken.path()).unwrap()[0].message.contains("appartient à Préau"));
    fs::remove_file(broken.path().join("cadre.typ")).unwrap();
    // What the agent mends holds from the next document on.
    fs::write(broken.path().join("facture.typ"), "#let facture(d) = [= Facture]").unwrap();
    assert!(worker.render(Some(broken.path()), &[samples::invoice()]).is_ok());
}
