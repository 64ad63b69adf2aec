//! The list of a day on paper, as whoever stands at the door reads it.

use crate::pdf;
use documents::limits::{LIST_ADULTS_MAX, LIST_CHILDREN_MAX, LIST_ROWS_MAX};
use documents::worker::Worker;
use documents::{DataError, DayList, DocumentError, render_day_list, samples};
use std::iter;

#[test]
fn every_page_says_the_lieu_the_day_its_number_and_the_seal() {
    let rendered = render_day_list(&samples::day_list(60)).unwrap();
    let pages = pdf::pages(&rendered.pdf);
    assert_eq!((pages.len(), rendered.warnings), (rendered.pages, Vec::new()));
    for (index, page) in pages.iter().enumerate() {
        let number = format!("{}/{}", index + 1, pages.len());
        for said in ["Les Tilleuls", "mercredi 14 octobre 2026", "3F2A 91BC 07DE 5512", "14 octobre 2026 à 4:00", &number] {
            assert!(page.contains(said), "{said}, page {}: {page}", index + 1);
        }
    }
    let last = pages.last().unwrap();
    for said in ["Nadia Roche", "Vu", "Après", "papier"] {
        assert!(last.contains(said), "{said}: {last}");
    }
}

#[test]
fn a_child_has_hours_boxes_people_to_call_and_people_who_may_take_it() {
    let words = pdf::words(&render_day_list(&samples::day_list(5)).unwrap().pdf);
    for said in [
        "Martin Léa",
        "8:00 – 17:30",
        "Arrivée Départ Emmené par",
        "1. Claire Martin, mère",
        "06 12 34 56 78",
        "numéro à demander à la direction",
        "Odette Morin, grand-mère : pas avant 16:30, sur pièce d’identité",
        "Part sans adulte à partir de 17:00",
        "absence annoncée",
        "consignes",
        "Seule une personne de la dernière colonne emmène l’enfant",
    ] {
        assert!(words.contains(said), "{said}: {words}");
    }
}

#[test]
fn lists_of_nobody_of_five_and_of_three_hundred_are_accessible_and_bounded() {
    let mut pages = Vec::new();
    for children in [0, 5, 300] {
        let rendered = render_day_list(&samples::day_list(children)).unwrap();
        assert!(pdf::info(&rendered.pdf).contains("Tagged:          yes") && pdf::metadata(&rendered.pdf).contains("pdfuaid:part"));
        assert!(pdf::fonts(&rendered.pdf).iter().all(|(_, embedded)| *embedded));
        pages.push(rendered.pages);
    }
    assert!(pages[1] <= 5 && pages[2] <= 90, "{pages:?}");
}

#[test]
fn the_same_list_is_the_same_bytes_through_the_worker() {
    let list = samples::day_list(12);
    let worker = Worker::new(env!("CARGO_BIN_EXE_preau-documents"), iter::empty::<&str>());
    assert_eq!(worker.render_list(&list).unwrap(), render_day_list(&list).unwrap());
}

#[test]
fn a_list_at_its_limit_may_be_printed_and_one_beyond_it_not() {
    let too_many = |what: &str, list: &DayList| matches!(list.verify(), Err(DataError::TooMany { what: found, .. }) if found == what);
    let mut list = samples::day_list(1);
    list.content.children = vec![list.content.children[0].clone(); LIST_CHILDREN_MAX];
    assert!(list.verify().is_ok());
    list.content.children.push(list.content.children[0].clone());
    assert!(too_many("enfants", &list));
    let mut list = samples::day_list(1);
    list.content.moments.truncate(1);
    list.content.moments[0].unbooked = vec![list.content.moments[0].unbooked[0].clone(); LIST_ROWS_MAX - 1];
    assert!(list.verify().is_ok());
    let row = list.content.moments[0].unbooked[0].clone();
    list.content.moments[0].unbooked.push(row);
    assert!(too_many("lignes", &list));
    let mut list = samples::day_list(1);
    list.content.children[0].takers = vec![list.content.children[0].takers[0].clone(); LIST_ADULTS_MAX + 1];
    assert!(too_many("adultes pour un enfant", &list));
    assert!(matches!(render_day_list(&list), Err(DocumentError::Data(_))));
}
