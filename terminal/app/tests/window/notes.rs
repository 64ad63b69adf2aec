//! What a family wrote: its sign said aloud, its words under a finger that stays, and again where the child is handed over.

use std::time::Duration;

use shared::roster::{FamilyNote, Item};

use crate::door::Door;
use crate::through::Tablet;
use crate::{fixtures, site};

const WORDS: &str = "Mamie vient à 17 h, le doudou est dans le sac.";

fn with_a_note() -> Tablet {
    let (child, person) = (site::child(site::LEA), site::person(site::SONIA));
    let note = FamilyNote { child, day: site::date("2026-10-14"), person, author: "Sonia Benali".into(), text: WORDS.into() };
    Tablet::with(site::wednesday("08:27"), site::roster().into_iter().chain([Item::Note(note)]).collect())
}

#[test]
fn a_family_s_note_is_said_with_the_tile_and_read_on_the_child_s_sheet() {
    let mut tablet = with_a_note();
    assert!(tablet.says("Léa M.").ends_with("mot de la famille"), "{}", tablet.says("Léa M."));
    tablet.hold("Léa M.");
    assert_eq!(tablet.says("Mot de Sonia Benali"), WORDS);
    tablet.window.picture("vrai-mot");
    tablet.touch("Fermer");
    assert!(tablet.window.all("Mot de Sonia Benali").is_empty());
    tablet.touch("Léa M.");
    tablet.later(Duration::from_secs(8 * 3_600));
    tablet.touch("Léa M.");
    assert_eq!(tablet.says("Mot de Sonia Benali"), WORDS, "again where the child is handed over");
    tablet.touch("Mot de Sonia Benali");
    tablet.window.picture("vrai-mot-depart");
}

#[test]
fn notes_take_one_line_at_the_handing_over_and_are_read_whole_under_a_touch() {
    for (width, height) in [(1280, 800), (800, 1280), (360, 740)] {
        let door = Door::open_sized(&fixtures::departure_noted(), width, height);
        assert!((door.find("Mots de la famille").size().height - 48.0).abs() < 0.5, "at {width}");
        door.touch("Mots de la famille");
        let long = door.find("Mot de Bérengère de Montalembert-Lacaze").size();
        assert!(long.height > 90.0 && long.width <= f32::from(u16::try_from(width).unwrap()), "{long:?} at {width}");
        assert_eq!(door.all("Mot de Luc Roy").len(), 1);
        assert!(door.all("Odette Morin").is_empty(), "nobody is chosen by a finger that turns a page");
        door.picture(&format!("mots-{width}"));
        door.touch("Retour");
        door.find("Mots de la famille");
    }
}
