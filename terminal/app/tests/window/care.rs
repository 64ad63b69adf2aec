//! "Urgence", from a finger to the sealed entry and back to the board.

use std::time::Duration;

use i_slint_backend_testing::ElementQuery;
use shared::journal::Kind;
use shared::roster::{Care, Contact, Item};
use terminal_app::window::Language;
use terminal_core::store::Peek;
use terminal_core::view::Act;

use crate::door::Door;
use crate::through::Tablet;
use crate::{fixtures, site};

const PLAN: &str = "Stylo d’adrénaline dans la trousse rouge.";

fn with_card() -> Vec<Item> {
    let contact = |name: &str, telephone: &str| Contact { name: name.into(), link: "famille".into(), telephone: telephone.into() };
    let contacts = vec![contact("Sonia Benali", "0612345678"), contact("Mehdi Benali", "")];
    let card = Care { child: site::child(site::AYA), allergies: "Arachide".into(), plan: PLAN.into(), contacts };
    site::roster().into_iter().chain([Item::Care(card)]).collect()
}

/// Everything that a screen reader, or an eye, can find in the window.
fn said(door: &Door) -> String {
    let all = ElementQuery::from_root(&door.window).match_descendants().find_all();
    let words = all.iter().filter(|element| element.computed_opacity() > 0.0).flat_map(|element| {
        [element.accessible_label(), element.accessible_description(), element.accessible_value()].into_iter().flatten()
    });
    words.map(|words| words.to_string()).collect::<Vec<_>>().join("\n")
}

/// Kinds sealed so far, read from the disk by another connection.
fn sealed(tablet: &Tablet) -> Vec<Kind> {
    let facts = Peek::open(tablet.data.path()).unwrap().journal.facts_around(site::date("2026-10-14")).unwrap();
    facts.into_iter().map(|fact| fact.envelope.kind).collect()
}

#[test]
fn two_touches_open_the_card_of_a_child_who_is_here_and_that_it_was_read_is_on_disk() {
    let mut tablet = Tablet::with(site::wednesday("08:27"), with_card());
    tablet.touch("Aya B.");
    tablet.later(Duration::from_secs(3 * 3_600));
    assert!(!said(&tablet.window).contains("Arachide"));
    tablet.touch("Aya B.");
    tablet.touch("Urgence");
    let open = said(&tablet.window);
    for words in ["Aya Benali", "Arachide", PLAN, "1. Sonia Benali, famille, 06\u{a0}12\u{a0}34\u{a0}56\u{a0}78", "15 ou le 112"] {
        assert!(open.contains(words), "« {words} » in {open}");
    }
    assert!(open.contains("2. Mehdi Benali, famille, Numéro non communiqué"), "{open}");
    assert_eq!(sealed(&tablet), [Kind::Arrived, Kind::CareOpened]);
    tablet.window.picture("vrai-urgence");
    tablet.touch("Fermer");
    let board = said(&tablet.window);
    assert!(!board.contains("Arachide") && !board.contains("trousse") && !board.contains("34\u{a0}56"), "{board}");
    assert_eq!(tablet.says("Aya B."), "arrivée 8:27, consignes de soin", "one neutral sign, as before");
}

#[test]
fn a_finger_that_stays_leads_there_too_for_a_child_who_is_not_here_yet_or_is_at_table() {
    for now in [site::wednesday("08:27"), site::thursday("11:50")] {
        let mut tablet = Tablet::with(now, with_card());
        tablet.hold("Aya B.");
        tablet.touch("Urgence");
        assert!(said(&tablet.window).contains("Arachide"));
        assert_eq!(tablet.entries_on_disk(), 1, "neither an arrival nor a call");
    }
}

#[test]
fn the_card_closes_a_minute_after_the_last_finger() {
    let mut tablet = Tablet::with(site::wednesday("08:27"), with_card());
    tablet.hold("Aya B.");
    tablet.touch("Urgence");
    tablet.later(Duration::from_secs(55));
    assert_eq!(tablet.window.all("Lire encore").len(), 1, "it says that it is about to");
    tablet.touch("Lire encore");
    assert!(tablet.window.all("Lire encore").is_empty());
    tablet.later(Duration::from_secs(50));
    tablet.window.touch_at(300.0, 400.0);
    tablet.answer();
    tablet.later(Duration::from_secs(59));
    assert!(said(&tablet.window).contains("Arachide"), "whoever touched the text was reading");
    tablet.later(Duration::from_secs(1));
    assert!(!said(&tablet.window).contains("Arachide"));
    assert_eq!(tablet.window.all("Aya B.").len(), 1, "the board is there again");
}

#[test]
fn a_long_card_scrolls_under_a_finger_and_with_the_keys_and_the_door_is_told() {
    let door = Door::open(&fixtures::care_long());
    door.drag((300.0, 600.0), (300.0, 350.0));
    assert_eq!(door.asked(), [Act::StillReading], "as it comes down, and not at each of its moves");
    door.wait(Duration::from_secs(3));
    assert_eq!(door.asked(), [Act::StillReading]);
    door.key(char::from(slint::platform::Key::PageDown));
    assert_eq!(door.asked(), [Act::StillReading]);
    door.key(char::from(slint::platform::Key::Escape));
    assert_eq!(door.asked(), [Act::Close]);
}

#[test]
fn in_a_hand_what_to_do_and_whom_to_call_are_one_touch_apart() {
    let door = Door::open_sized(&fixtures::care(), 360, 740);
    let number = "1. Sonia Benali, mère, 06\u{a0}12\u{a0}34\u{a0}56\u{a0}78";
    assert!(said(&door).contains("Arachide et fruits à coque"));
    door.touch("Qui appeler");
    assert_eq!(door.all(number).len(), 1);
    door.touch("Que faire");
    assert!(said(&door).contains("Arachide et fruits à coque"));
    assert_eq!(door.asked(), [Act::StillReading, Act::StillReading]);
}

#[test]
fn a_card_with_nothing_on_it_says_so_and_one_that_did_not_come_does_not() {
    let nothing = said(&Door::open(&fixtures::care_nothing()));
    assert!(nothing.contains("ni allergie, ni PAI") && nothing.contains("Aucun numéro n’est connu ici"), "{nothing}");
    let awaited = said(&Door::open(&fixtures::care_awaited()));
    assert!(awaited.contains("pas encore sur cette tablette") && !awaited.contains("Rien n’est signalé"), "{awaited}");
}

#[test]
fn the_card_speaks_english_where_that_is_asked() {
    let door = Door::in_language(&fixtures::care(), Language::English);
    let words = said(&door);
    for said in [
        "Life in danger: call 15 or 112",
        "Allergies",
        "What to do: care plan (PAI)",
        "4 years old · born 07/03/2022",
        "Whom to call, in this order",
    ] {
        assert!(words.contains(said), "« {said} » in {words}");
    }
    assert_eq!(door.all("Close").len(), 1);
}

#[test]
fn every_word_of_the_window_has_its_english() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let english = std::fs::read_to_string(root.join("lang/en/LC_MESSAGES/preau-terminal.po")).unwrap();
    let mut words = 0;
    for folder in ["ui/views", "ui/widgets"] {
        for file in std::fs::read_dir(root.join(folder)).unwrap() {
            let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
            for said in text.split("@tr(\"").skip(1).map(|rest| rest.split('"').next().unwrap()) {
                assert!(english.contains(&format!("msgid \"{said}\"\n")), "« {said} » has no English");
                words += 1;
            }
        }
    }
    assert!(words > 60);
}
