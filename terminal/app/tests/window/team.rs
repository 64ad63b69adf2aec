//! The team, the visitors and the chip of the staff ratio, from a finger to the sealed entry.

use std::time::Duration;

use i_slint_backend_testing::ElementHandle;
use shared::journal::{Detail, Evidence, Kind, Payload};
use shared::ratio::StaffingRule;
use shared::roster::{Centre, Child, DoorCode, Item, Staff, StaffPin};
use terminal_app::paint;
use terminal_app::window::Language;
use terminal_core::store::Peek;
use terminal_core::view::Act;

use crate::door::{Door, FINGERS_MS, READER_MS};
use crate::through::Tablet;
use crate::{fixtures, site};

/// The holiday centre under its rule, all children under six, and one more adult than the director.
fn ruled() -> Vec<Item> {
    let (first_name, last_name) = ("Samir".into(), "Petit".into());
    let samir =
        Staff { id: site::staff(2), code: "P002".into(), centre: site::ALSH, first_name, last_name, director: false, counted: true };
    let ruled = |item: Item| match item {
        Item::Centre(centre) if centre.id == site::ALSH => Item::Centre(Centre { staffing: Some(StaffingRule::AlshExtra), ..centre }),
        Item::Child(child) => Item::Child(Child { birth_date: site::date("2022-05-04"), ..child }),
        other => other,
    };
    site::roster().into_iter().chain(site::crowd(8)).map(ruled).chain([Item::Staff(samir)]).collect()
}

/// Kinds and payloads sealed so far, read from the disk by another connection.
fn sealed(tablet: &Tablet) -> Vec<(Kind, Payload)> {
    let facts = Peek::open(tablet.data.path()).unwrap().journal.facts_around(site::date("2026-10-14")).unwrap();
    facts.into_iter().map(|fact| (fact.envelope.kind, fact.payload.unwrap())).collect()
}

fn kinds(tablet: &Tablet) -> Vec<Kind> {
    sealed(tablet).into_iter().map(|(kind, _)| kind).collect()
}

fn card(tablet: &mut Tablet) {
    tablet.window.type_keys(&format!("{}\n", site::STAFF_CARD), READER_MS);
    tablet.answer();
}

#[test]
fn a_staff_card_on_the_board_is_an_arrival_on_disk_and_the_chip_counts_it() {
    let mut tablet = Tablet::with(site::wednesday("08:27"), ruled());
    tablet.touch("Léa M.");
    assert_eq!(tablet.says("Équipe"), "Il faut 1 adulte · pointez l’équipe");
    card(&mut tablet);
    assert_eq!(tablet.window.all("Nadia Roche, arrivée 8:27").len(), 1, "with the way to take it back");
    assert_eq!(tablet.says("Équipe"), "Il faut 1 adulte, vous êtes 1");
    let (kind, payload) = sealed(&tablet).pop().unwrap();
    assert_eq!((kind, payload.detail), (Kind::StaffArrived, Detail::Staff { staff: site::staff(1) }));
    tablet.touch("Annuler");
    assert_eq!(kinds(&tablet), [Kind::Arrived, Kind::StaffArrived, Kind::Retracted]);
    tablet.window.picture("vrai-encadrement");
}

#[test]
fn the_chip_opens_the_team_where_a_touch_comes_and_goes_and_the_reckoning_is_in_words() {
    let mut tablet = Tablet::with(site::wednesday("08:27"), ruled());
    for number in (1..=4).chain(100..105) {
        let come = tablet.door.act(tablet.now, Act::Touch(site::child(number)));
        paint::show_screen(&tablet.window.window, &come);
    }
    tablet.touch("Équipe");
    assert_eq!(tablet.window.all("9 enfants de moins de 6 ans\u{a0}: 2 adultes (1 pour 8)").len(), 1);
    assert_eq!(tablet.says("Samir Petit"), "pas encore là, Les Coccinelles");
    tablet.touch("Samir Petit");
    assert_eq!(tablet.says("Samir Petit"), "depuis 8:27, Les Coccinelles");
    tablet.later(Duration::from_secs(3));
    tablet.touch("Nadia Roche");
    assert_eq!(tablet.window.all("Il faut 2 adultes, vous êtes 2").len(), 1);
    tablet.window.picture("vrai-equipe");
    tablet.later(Duration::from_secs(3));
    tablet.touch("Samir Petit");
    assert_eq!(tablet.says("Samir Petit"), "départ 8:27, Les Coccinelles");
    tablet.touch("Fermer");
    assert_eq!(tablet.says("Équipe"), "Il faut 2 adultes, vous êtes 1");
    assert_eq!(kinds(&tablet)[9..], [Kind::StaffArrived, Kind::StaffArrived, Kind::StaffLeft]);
}

#[test]
fn a_visitor_comes_by_a_typed_name_and_goes_by_a_touch() {
    let mut tablet = Tablet::with(site::wednesday("09:04"), ruled());
    tablet.touch("Équipe");
    tablet.touch("+ Visiteur");
    tablet.window.wait(Duration::from_millis(20));
    tablet.window.type_keys("Luc Mercier", FINGERS_MS);
    tablet.window.picture("vrai-visiteur");
    tablet.touch("Entrée");
    assert_eq!(tablet.says("Luc Mercier"), "depuis 9:04, toucher pour dire le départ");
    tablet.later(Duration::from_secs(30));
    tablet.touch("Luc Mercier");
    assert!(tablet.window.all("Luc Mercier").is_empty());
    assert_eq!(kinds(&tablet), [Kind::VisitorArrived, Kind::VisitorLeft]);
}

#[test]
fn a_barred_adult_who_gives_a_name_as_a_visitor_fills_the_screen() {
    let mut tablet = Tablet::with(site::wednesday("09:04"), ruled());
    tablet.touch("Équipe");
    tablet.touch("+ Visiteur");
    tablet.window.wait(Duration::from_millis(20));
    tablet.window.type_keys("karim benali", FINGERS_MS);
    tablet.touch("Entrée");
    assert_eq!(tablet.window.all("J’ai lu, l’enfant reste avec moi").len(), 1);
    assert_eq!(kinds(&tablet), []);
}

#[test]
fn the_team_is_reached_in_a_hand_too_and_nothing_is_smaller_than_a_finger() {
    for screen in [fixtures::ratio_amber(), fixtures::ratio_none()] {
        let door = Door::open_sized(&screen, 360, 740);
        let chip = door.find("Équipe");
        assert!(chip.size().height >= 48.0 && chip.size().width >= 48.0, "{:?}", chip.size());
        assert!(chip.absolute_position().x + chip.size().width <= 360.0);
    }
    for (width, height) in [(1280, 800), (800, 1280), (360, 740)] {
        let door = Door::open_sized(&fixtures::team_many(), width, height);
        let lines: Vec<ElementHandle> = ElementHandle::find_by_element_type_name(&door.window, "MemberLine").collect();
        assert!(lines.len() >= 3, "{} in sight at {width}", lines.len());
        for line in lines {
            assert!(line.size().height >= 48.0);
            assert!(line.absolute_position().x + line.size().width <= f32::from(u16::try_from(width).unwrap()), "{width}");
        }
    }
}

#[test]
fn a_long_team_scrolls_to_its_visitors_and_the_words_are_in_english_too() {
    let door = Door::open(&fixtures::team_many());
    assert!(door.all("Luc").is_empty(), "below the last line in sight");
    for _ in 0..4 {
        door.key(char::from(slint::platform::Key::PageDown));
        door.wait(Duration::from_millis(50));
    }
    assert_eq!(door.all("Luc").len(), 1);
    let door = Door::in_language(&fixtures::team(), Language::English);
    for words in ["Team", "+ Visitor", "Visitors"] {
        assert!(!door.all(words).is_empty(), "{words}");
    }
}

/// Argon2id of 902817, as cheap as it can be.
const PIN_HASH: &str = "$argon2id$v=19$m=64,t=1,p=1$BwcHBwcHBwcHBwcHBwcHBw$7lFKLxyZaOQhN72u5W+vW2ejbDFEFTt6Oh8N/kQK2gc";

#[test]
fn a_code_names_a_person_chosen_first_and_shows_no_digit() {
    let pin = Item::Pin(StaffPin { staff: site::staff(2), hash: PIN_HASH.into() });
    let mut tablet = Tablet::with(site::wednesday("08:27"), ruled().into_iter().chain([pin]).collect());
    tablet.touch("Équipe");
    tablet.touch("Dire qui je suis par mon code");
    tablet.touch("Samir Petit");
    for digit in ["9", "0", "2", "8", "1", "6"] {
        tablet.touch(digit);
    }
    assert_eq!(tablet.window.all("6 chiffres tapés").len(), 1);
    tablet.touch("Valider");
    assert_eq!(tablet.window.all("Code faux. Il reste 4 essais.").len(), 1);
    for digit in ["9", "0", "2", "8", "1", "6"] {
        tablet.touch(digit);
    }
    tablet.touch("Effacer le dernier chiffre");
    tablet.touch("7");
    tablet.window.picture("vrai-code");
    tablet.touch("Valider");
    assert_eq!(tablet.says("Samir Petit"), "depuis 8:27, Les Coccinelles", "back where the code was asked");
    tablet.touch("Fermer");
    tablet.touch("Léa M.");
    let by: Vec<_> = sealed(&tablet).into_iter().map(|(kind, p)| (kind, p.actor.id, p.evidence)).collect();
    let samir = site::staff(2).0;
    assert_eq!(by, [(Kind::StaffArrived, samir, Evidence::Pin), (Kind::Arrived, samir, Evidence::Pin)]);
}

#[test]
fn a_family_without_its_card_types_the_end_of_its_telephone_and_a_code() {
    let code = DoorCode { person: site::person(site::JULIEN), telephone_end: "5678".into(), hash: PIN_HASH.into() };
    let mut tablet = Tablet::with(site::wednesday("08:27"), site::roster().into_iter().chain([Item::DoorCode(code)]).collect());
    tablet.door.serve_families(true);
    tablet.later(Duration::from_millis(20));
    tablet.window.picture("vrai-portail-sans-carte");
    tablet.touch("Sans carte : téléphone et code");
    for digit in ["5", "6", "7", "8"] {
        tablet.touch(digit);
    }
    assert_eq!(tablet.window.all("0 chiffre tapé").len(), 1, "the telephone is whole: the code is asked");
    for digit in ["9", "0", "2", "8", "1", "7"] {
        tablet.touch(digit);
    }
    tablet.window.picture("vrai-portail-code");
    tablet.touch("Valider");
    tablet.window.find("Léa et Tom, arrivée 8:27");
    let by: Vec<_> = sealed(&tablet).into_iter().map(|(kind, p)| (kind, p.actor.id, p.evidence)).collect();
    assert_eq!(by, vec![(Kind::Arrived, site::person(site::JULIEN).0, Evidence::Pin); 2]);
}

#[test]
fn the_keys_of_a_code_are_large_in_a_hand_too() {
    for (width, height) in [(1280, 800), (800, 1280), (360, 740)] {
        let door = Door::open_sized(&fixtures::pin_paused(), width, height);
        for digit in 0..10 {
            let size = door.find(&digit.to_string()).size();
            assert!(size.width >= 72.0 && size.height >= 52.0, "{digit} at {width}: {size:?}");
        }
        assert!(door.find("Valider").absolute_position().y + 48.0 <= f32::from(u16::try_from(height).unwrap()));
    }
}
