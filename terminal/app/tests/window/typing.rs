//! Keys: fingers, readers that type like a keyboard, and the letters on the screen.

use crate::door::{Door, FINGERS_MS, READER_MS};
use crate::fixtures;
use std::time::Duration;
use terminal_app::paint;
use terminal_core::view::Act;

#[test]
fn a_letter_typed_anywhere_looks_for_a_name() {
    let door = Door::open(&fixtures::creche());
    door.type_keys("léa", FINGERS_MS);
    assert_eq!(door.asked(), ["l", "lé", "léa"].map(|words| Act::Search(words.into())));
}

#[test]
fn names_typed_by_hurried_fingers_lose_no_letter() {
    let door = Door::open(&fixtures::creche());
    door.type_keys("maëlys", 30);
    assert_eq!(door.asked().last(), Some(&Act::Search("maëlys".into())));
}

#[test]
fn a_card_is_read_wherever_the_cursor_is_and_leaves_no_trace() {
    let door = Door::open(&fixtures::creche());
    door.type_keys("04A1B2C3D4E5F6\n", READER_MS);
    assert_eq!(door.asked(), [Act::Badge("04A1B2C3D4E5F6".into())]);
    door.type_keys("ad", FINGERS_MS);
    door.asked();
    door.type_keys("04A1B2C3\n", READER_MS);
    assert_eq!(door.asked(), [Act::Badge("04A1B2C3".into())]);
    door.type_keys("am", FINGERS_MS);
    assert_eq!(door.asked().last(), Some(&Act::Search("adam".into())), "what was typed before the card is still there");
}

#[test]
fn a_finger_in_the_search_field_brings_letters_and_a_real_key_takes_them_away() {
    for (width, height) in [(1280, 800), (360, 740)] {
        let door = Door::open_sized(&fixtures::creche(), width, height);
        assert!(door.all("Masquer le clavier").is_empty());
        door.touch("Chercher un enfant");
        door.wait(Duration::from_millis(20));
        for letter in ["z", "o", "é"] {
            door.touch(letter);
        }
        assert_eq!(door.asked(), ["z", "zo", "zoé"].map(|words| Act::Search(words.into())));
        door.picture(&format!("clavier-{width}"));
        door.touch("Effacer une lettre");
        assert_eq!(door.asked(), [Act::Search("zo".into())]);
        door.type_keys("ë", FINGERS_MS);
        assert!(door.all("Masquer le clavier").is_empty());
        assert_eq!(door.asked(), [Act::Search("zoë".into())]);
    }
}

#[test]
fn the_search_field_is_emptied_by_its_cross_or_by_the_door() {
    let door = Door::open(&fixtures::searched());
    door.touch("Effacer la recherche");
    assert_eq!(door.asked(), [Act::Search(String::new())]);
    paint::show_screen(&door.window, &fixtures::searched());
    paint::show_screen(&door.window, &fixtures::creche());
    door.wait(Duration::from_millis(20));
    door.type_keys("zoé", FINGERS_MS);
    assert_eq!(door.asked().last(), Some(&Act::Search("zoé".into())));
}
