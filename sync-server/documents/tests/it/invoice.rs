//! One invoice, one credit note.

use crate::pdf;
use documents::{InvoiceDocument, Templates, samples};
use shared::money::Cents;

fn render(document: &InvoiceDocument) -> Vec<u8> {
    Templates::builtin().render(document).unwrap().pdf
}

#[test]
fn the_same_data_give_the_same_bytes() {
    let document = samples::titre();
    let first = render(&document);
    // What other documents left in the cache, and another set of templates, change nothing.
    render(&samples::invoice());
    assert_eq!(first, Templates::builtin().render(&document).unwrap().pdf);
    assert_ne!(first, render(&samples::invoice()));
}

#[test]
fn an_invoice_reads_as_a_person_would_have_written_it() {
    insta::assert_snapshot!("facture", pdf::text(&render(&samples::invoice())));
}

#[test]
fn a_titre_says_all_that_the_law_wants() {
    let text = pdf::text(&render(&samples::titre()));
    insta::assert_snapshot!("titre", text);
    let words = pdf::words(&render(&samples::titre()));
    let wanted = [
        "F-2026-000087",
        "SIRET 200 012 345 00017",
        "Marie-Françoise Delaunay, présidente de la communauté de communes",
        "Titre exécutoire en application de l'article L. 252 A",
        "deux mois suivant la réception",
        "tribunal administratif de Caen",
        "TVA non applicable",
        "24 demi-heures × 0,60 €",
        "Identifiant : 012345",
        "20 novembre 2026",
        "Votre part : 60 % de 24,00 €, soit 14,40 €.",
    ];
    for mention in wanted {
        assert!(words.contains(mention), "{mention} is missing in {words}");
    }
}

#[test]
fn a_credit_note_names_the_invoice_that_it_corrects() {
    let text = pdf::text(&render(&samples::credit_note()));
    insta::assert_snapshot!("avoir", text);
    assert!(text.contains("F-2026-004512"));
    assert!(text.contains("−9,10 €"));
}

#[test]
fn the_least_that_a_document_can_say_is_a_document() {
    insta::assert_snapshot!("facture-nue", pdf::text(&render(&samples::bare())));
}

#[test]
fn a_screen_reader_finds_titles_tables_and_headers() {
    let document = render(&samples::invoice());
    let structure = pdf::structure(&document);
    insta::assert_snapshot!("facture-balises", structure);
    for tag in ["H1", "H2", "H3", "Table", "THead", "TH", "TBody", "TD", "Link"] {
        assert!(structure.lines().any(|line| line.trim_start().starts_with(tag)), "no {tag}");
    }
}

#[test]
fn it_is_archivable_accessible_titled_in_french() {
    let document = render(&samples::invoice());
    let metadata = pdf::metadata(&document);
    assert!(metadata.contains("<pdfaid:part>2</pdfaid:part>"), "{metadata}");
    assert!(metadata.contains("<pdfaid:conformance>A</pdfaid:conformance>"));
    assert!(metadata.contains("<pdfuaid:part>1</pdfuaid:part>"));
    let info = pdf::info(&document);
    assert!(info.contains("Title:           Facture d’octobre 2026, F-2026-004512"), "{info}");
    assert!(info.contains("Author:          Communauté d'agglomération des Trois Rivières"));
    assert!(info.contains("Tagged:          yes"));
    assert!(info.contains("A4"));
    assert!(metadata.contains("<dc:language><rdf:Bag><rdf:li>fr-FR</rdf:li>"));
}

#[test]
fn every_font_travels_with_the_document() {
    let fonts = pdf::fonts(&render(&samples::titre()));
    assert!(fonts.len() >= 3, "{fonts:?}");
    assert!(fonts.iter().all(|(name, embedded)| *embedded && name.contains("Inter")), "{fonts:?}");
}

#[test]
fn a_text_is_printed_as_it_is_and_never_evaluated() {
    let mut document = samples::invoice();
    let nasty = ["#import \"x\"", "*Léo* _Léa_ `a`", "#panic(\"non\")", "$x^2$ <fin> @x", "= Titre", "\\u{41} // fin", "a~b--c"];
    document.children.truncate(1);
    document.total_cents = Cents(1_440);
    document.adjustments.clear();
    document.children[0].name = nasty[0].to_owned();
    document.children[0].lines[0].label = nasty[1].to_owned();
    document.children[0].lines[0].rule = Some(nasty[2].to_owned());
    document.children[0].lines[0].days[0].times = Some(nasty[3].to_owned());
    document.payer.name = nasty[4].to_owned();
    document.mentions.others = vec![nasty[5].to_owned(), nasty[6].to_owned()];
    let words = pdf::words(&render(&document));
    for text in nasty {
        assert!(words.contains(text), "{text} is not in {words}");
    }
}

#[test]
fn a_parent_who_may_not_see_the_times_gets_no_column_for_them() {
    let mut document = samples::invoice();
    assert!(pdf::text(&render(&document)).contains("Horaires"));
    for line in document.children.iter_mut().flat_map(|child| &mut child.lines) {
        line.days.iter_mut().for_each(|day| day.times = None);
    }
    let text = pdf::text(&render(&document));
    assert!(!text.contains("Horaires") && !text.contains("16:30"));
}

#[test]
fn amounts_are_written_in_french_to_the_last_cent() {
    let cases = [
        (1, "0,01 €"),
        (60, "0,60 €"),
        (123_456, "1 234,56 €"),
        (99_999_999, "999 999,99 €"),
        (documents::limits::AMOUNT_CENTS_MAX, "10 000 000,00 €"),
        (0, "0,00 €"),
    ];
    for (cents, written) in cases {
        let mut document = samples::bare();
        document.children[0].lines[0].amount_cents = Cents(cents);
        document.total_cents = Cents(cents);
        let words = pdf::words(&render(&document));
        assert!(words.contains(&format!("Pourquoi {written}")), "{written}: {words}");
    }
    let mut document = samples::invoice();
    document.adjustments[0].amount_cents = Cents(-5);
    document.total_cents = Cents(3_255);
    assert!(pdf::words(&render(&document)).contains("Aide aux temps libres, CAF −0,05 €"));
}

#[test]
fn an_amount_never_breaks_between_its_figures_nor_before_its_sign() {
    let mut document = samples::bare();
    document.children[0].lines[0].amount_cents = Cents(123_456);
    document.total_cents = Cents(123_456);
    // pdftotext writes every kind of space as a plain one; the structure keeps them.
    assert!(pdf::structure(&render(&document)).contains("Pourquoi 1\u{202f}234,56\u{202f}€\u{202f}?"));
}

#[test]
fn the_address_shows_in_the_window_of_an_envelope() {
    for document in [samples::invoice(), samples::titre()] {
        let last = document.payer.address.last().unwrap().split(' ').next().unwrap();
        let document = render(&document);
        // Fenêtre DL, feuille pliée en trois : 100 à 200 mm de la gauche, 45 à 90 mm du haut, moins le jeu de la feuille.
        let [left, _, _, bottom] = pdf::place_of(last, &document);
        assert!(left >= 105.0 && bottom <= 85.0, "{last} : {left} mm, {bottom} mm");
    }
    let [left, top, _, _] = pdf::place_of("Claire", &render(&samples::invoice()));
    assert!(left >= 105.0 && top >= 50.0, "{left} mm, {top} mm");
}

#[test]
fn a_name_that_no_font_draws_does_not_stop_the_bill() {
    let mut document = samples::invoice();
    document.children[0].name = "Nguyễn Thị Ánh 名 Łukasz".to_owned();
    let rendered = Templates::builtin().render(&document).unwrap();
    assert!(pdf::text(&rendered.pdf).contains("Nguyễn Thị Ánh ? Łukasz"));
    assert!(rendered.warnings.iter().any(|warning| warning.contains("U+540D")), "{:?}", rendered.warnings);
}

#[test]
fn three_hundred_lines_flow_over_pages_with_their_headers() {
    let rendered = Templates::builtin().render(&samples::long(300)).unwrap();
    let pages = pdf::pages(&rendered.pdf);
    assert_eq!(pages.len(), rendered.pages);
    for (index, page) in pages.iter().enumerate() {
        assert!(page.contains(&format!("page {}/{}", index + 1, pages.len())), "page {}", index + 1);
    }
    assert!(pages[1..].iter().all(|page| page.contains("F-2026-009999")));
    let text = pages.concat();
    for line in 1..=300 {
        assert!(text.contains(&format!("({line})")), "line {line} is lost");
    }
    // A table that goes over a page names its columns again.
    let continued = pages[1..].iter().filter(|page| {
        let mut rows =
            page.lines().map(str::trim_start).filter(|row| row.starts_with("Jour") || row.contains('–') && row.contains("octobre"));
        rows.next().is_some_and(|row| row.contains("octobre"))
    });
    assert_eq!(continued.count(), 0);
}
