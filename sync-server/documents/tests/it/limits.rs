//! Each limit at the limit, and one beyond; and what must not be printed.

use documents::limits::{
    ADDRESS_LINES_MAX, AMOUNT_CENTS_MAX, BATCH_DAYS_MAX, BATCH_DOCUMENTS_MAX, DOCUMENT_DAYS_MAX, DOCUMENT_LINES_MAX, LINE_DAYS_MAX,
    TEXT_CHARS_MAX,
};
use documents::{DataError, DocumentError, InvoiceDocument, Templates, samples};
use shared::money::Cents;

/// A document with so many lines of so many days.
fn sized(lines: usize, days: usize) -> InvoiceDocument {
    let mut document = samples::invoice();
    let mut line = document.children[1].lines[0].clone();
    line.days = vec![line.days[0].clone(); days];
    document.adjustments.clear();
    document.children.truncate(1);
    document.total_cents = Cents(line.amount_cents.0 * i64::try_from(lines).unwrap());
    document.children[0].lines = vec![line; lines];
    document
}

fn too_many(what: &str, documents: &[InvoiceDocument]) -> bool {
    let error = Templates::builtin().render_batch(documents).unwrap_err();
    matches!(error, DocumentError::Data(DataError::TooMany { what: found, .. }) if found == what)
}

#[test]
fn a_document_holds_so_many_lines_and_days() {
    let days_a_line = DOCUMENT_DAYS_MAX / LINE_DAYS_MAX;
    assert!(sized(DOCUMENT_LINES_MAX, 1).verify().is_ok());
    assert!(too_many("lignes", &[sized(DOCUMENT_LINES_MAX + 1, 1)]));
    assert!(sized(days_a_line, LINE_DAYS_MAX).verify().is_ok());
    assert!(too_many("jours sur une ligne", &[sized(1, LINE_DAYS_MAX + 1)]));
    assert!(too_many("jours", &[sized(days_a_line + 1, LINE_DAYS_MAX)]));
    let largest = sized(DOCUMENT_LINES_MAX, DOCUMENT_DAYS_MAX / DOCUMENT_LINES_MAX);
    assert!(Templates::builtin().render(&largest).unwrap().pages > 100);
}

#[test]
fn a_batch_holds_so_many_documents_and_days() {
    let batch = vec![samples::bare(); BATCH_DOCUMENTS_MAX];
    assert!(Templates::builtin().render_batch(&batch).unwrap().pages >= BATCH_DOCUMENTS_MAX);
    assert!(too_many("documents", &vec![samples::bare(); BATCH_DOCUMENTS_MAX + 1]));
    assert!(too_many("jours", &vec![sized(40, 62); BATCH_DAYS_MAX / (40 * 62) + 1]));
    assert!(matches!(Templates::builtin().render_batch(&[]), Err(DocumentError::Data(DataError::Empty))));
}

#[test]
fn an_address_and_an_amount_have_a_limit() {
    let mut document = samples::bare();
    document.payer.address = vec!["12 rue des Tilleuls".to_owned(); ADDRESS_LINES_MAX];
    assert!(document.verify().is_ok());
    document.payer.address.push("de trop".to_owned());
    assert!(too_many("lignes d'adresse", &[document]));
    let mut document = samples::bare();
    document.total_cents = Cents(AMOUNT_CENTS_MAX + 1);
    document.children[0].lines[0].amount_cents = Cents(AMOUNT_CENTS_MAX + 1);
    assert!(matches!(document.verify(), Err(DataError::AmountTooLarge { .. })));
    document.previous_balance_cents = Some(Cents(i64::MIN));
    assert!(matches!(document.verify(), Err(DataError::AmountTooLarge { .. })));
}

#[test]
fn a_text_beyond_its_limit_is_cut_and_somebody_is_told() {
    let mut document = samples::bare();
    document.mentions.others = vec!["é".repeat(TEXT_CHARS_MAX), "é".repeat(TEXT_CHARS_MAX + 1)];
    let warnings = Templates::builtin().render(&document).unwrap().warnings;
    assert_eq!(warnings.iter().filter(|warning| warning.contains("coupé")).count(), 1);
}

#[test]
fn a_total_that_is_not_the_sum_of_its_lines_is_never_printed() {
    let mut document = samples::invoice();
    document.total_cents = Cents(2_961);
    let error = Templates::builtin().render(&document).unwrap_err();
    assert_eq!(
        error.to_string(),
        "F-2026-004512 : le total annoncé est de 2961 centimes, mais ses lignes font 2960 centimes. Refaites le brouillon."
    );
    assert!(!error.is_retryable());
}

#[test]
fn a_titre_without_its_recourse_or_its_issuer_is_never_printed() {
    type Break = fn(&mut InvoiceDocument);
    let breaks: [(Break, &str); 5] = [
        (|document| document.mentions.recourse = None, "les voies et délais de recours"),
        (|document| document.mentions.enforceable = Some(" ".to_owned()), "la formule exécutoire du titre"),
        (|document| document.organisation.issuer = None, "le nom, le prénom et la qualité de l'ordonnateur"),
        (|document| document.organisation.siret = None, "le SIRET"),
        (|document| document.mentions.vat.clear(), "la mention de TVA"),
    ];
    for (break_it, missing) in breaks {
        let mut document = samples::titre();
        break_it(&mut document);
        assert!(matches!(document.verify(), Err(DataError::MissingMention { mention, .. }) if mention == missing), "{missing}");
    }
}

#[test]
fn a_credit_note_never_asks_for_money_nor_an_invoice_gives_it() {
    let mut document = samples::credit_note();
    document.original_number = None;
    assert!(matches!(document.verify(), Err(DataError::MissingMention { .. })));
    let mut document = samples::credit_note();
    document.kind = documents::Kind::Facture;
    assert!(matches!(document.verify(), Err(DataError::WrongSign { .. })));
    let mut document = samples::invoice();
    document.kind = documents::Kind::Avoir;
    assert!(matches!(document.verify(), Err(DataError::WrongSign { .. })));
}
