//! What a family wrote to the team: a sign on the day that it is about, its words on the child's sheet, sealed where it rests.

use crate::fixture::*;
use crate::second_copy::files;
use shared::roster::{FamilyNote, Item};
use std::path::Path;
use tempfile::{TempDir, tempdir};
use terminal_core::clock::Now;
use terminal_core::door::Door;
use terminal_core::store::{NoFaults, RosterChange, Store};
use terminal_core::view::{Act, Dialog, NoteCard, Screen};

const WORDS: &str = "Mamie vient à 17 h, le doudou est dans le sac.";

fn note(about: u16, day: &str, by: u16, author: &str, text: &str) -> Item {
    Item::Note(FamilyNote { child: child(about), day: date(day), person: person(by), author: author.into(), text: text.into() })
}

fn with_notes(dir: &TempDir, now: Now) -> Door {
    let notes = [
        note(LEA, "2026-10-14", SONIA, "Sonia Benali", WORDS),
        note(LEA, "2026-10-14", JULIEN, "Julien Martin", "Départ en taxi."),
        note(LEA, "2026-10-15", JULIEN, "Julien Martin", "Demain."),
        note(TOM, "2026-10-15", JULIEN, "Julien Martin", "Demain aussi."),
    ];
    door_with(dir.path(), now, 1, roster().into_iter().chain(notes).collect())
}

fn noted(screen: &Screen) -> Vec<&str> {
    screen.tiles.iter().filter(|tile| tile.note).map(|tile| tile.first_name.as_str()).collect()
}

fn on_the_sheet(screen: &Screen) -> Vec<&str> {
    let notes: &[NoteCard] = match &screen.dialog {
        Some(Dialog::Child(dialog)) => &dialog.notes,
        Some(Dialog::Departure(dialog)) => &dialog.notes,
        other => panic!("no sheet about a child: {other:?}"),
    };
    notes.iter().map(|note| note.text.as_str()).collect()
}

fn hold(dir: &Path, needle: &str) -> bool {
    files(dir).iter().any(|path| std::fs::read(path).unwrap().windows(needle.len()).any(|w| w == needle.as_bytes()))
}

#[test]
fn a_note_is_a_sign_on_its_day_and_words_on_the_childs_sheet() {
    let dir = tempdir().unwrap();
    let mut door = with_notes(&dir, wednesday("08:20"));
    let screen = door.act(wednesday("08:21"), Act::Hold(child(LEA)));
    assert_eq!(noted(&screen), ["Léa"], "Tom's is about tomorrow");
    assert_eq!(on_the_sheet(&screen), ["Départ en taxi.", WORDS], "by who wrote them");
    let told = format!("{screen:?}");
    assert!(!told.contains("Mamie") && !told.contains("taxi"), "no family's words in a log: {told}");
    door.act(wednesday("08:22"), Act::Close);
    let screen = door.act(wednesday("08:22"), Act::Hold(child(TOM)));
    assert!(on_the_sheet(&screen).is_empty());
}

#[test]
fn it_is_read_again_where_the_child_is_handed_over_but_not_by_another_family() {
    let dir = tempdir().unwrap();
    let mut door = with_notes(&dir, wednesday("08:20"));
    door.act(wednesday("08:21"), Act::Touch(child(LEA)));
    let screen = door.act(wednesday("16:30"), Act::Touch(child(LEA)));
    assert_eq!(on_the_sheet(&screen).len(), 2);
    door.act(wednesday("16:31"), Act::Close);
    door.serve_families(true);
    let screen = door.act(wednesday("16:32"), Act::Badge(FAMILY_CARD.into()));
    assert!(on_the_sheet(&screen).is_empty(), "the other parent may stand there");
    assert!(noted(&screen).is_empty());
}

#[test]
fn it_is_sealed_where_it_rests_and_goes_when_the_server_takes_it_back() {
    let dir = tempdir().unwrap();
    let mut door = with_notes(&dir, wednesday("08:20"));
    door.act(wednesday("08:21"), Act::Hold(child(LEA)));
    assert!(!hold(dir.path(), "Mamie") && !hold(dir.path(), "taxi"), "not to be read from a copied disk");
    drop(door);
    let mut store = Store::open(dir.path(), std::sync::Arc::new(NoFaults)).unwrap();
    let gone = note(LEA, "2026-10-14", SONIA, "Sonia Benali", WORDS).key();
    store.roster.apply("epoch-1", 2, &[RosterChange::Remove(gone)]).unwrap();
    let mut door = Door::open(store, wednesday("08:30")).unwrap();
    let screen = door.act(wednesday("08:30"), Act::Hold(child(LEA)));
    assert_eq!(on_the_sheet(&screen), ["Départ en taxi."]);
}
