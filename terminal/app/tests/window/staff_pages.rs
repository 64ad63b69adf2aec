//! The tablet itself, through the real window: its menu, its settings live, its reader, its diagnosis, its rest.

use crate::door::{FINGERS_MS, READER_MS};
use crate::site;
use crate::through::Tablet;
use slint::ComponentHandle;
use std::time::Duration;
use terminal_app::{Hand, Palette};
use terminal_core::settings::Settings;

const PLACE: &str = "École Vauban";
const MENU: &str = "Menu de l’équipe";

impl Tablet {
    fn open_menu(&mut self) {
        self.window.hold_for(PLACE, Duration::from_millis(1_100));
        self.answer();
    }

    /// A page of the menu; a card of the team is shown where one is asked for.
    fn open_page(&mut self, page: &str) {
        self.open_menu();
        self.touch(page);
        if !self.window.all("Présentez une carte de l’équipe").is_empty() {
            self.type_keys(&format!("{}\n", site::STAFF_CARD), READER_MS);
        }
    }

    fn is_dark(&self) -> bool {
        self.window.window.global::<Palette>().get_dark()
    }
}

#[test]
fn a_second_on_the_places_name_opens_the_menu_and_less_does_not() {
    let mut tablet = Tablet::at(site::wednesday("08:27"));
    tablet.touch(PLACE);
    tablet.window.hold_for(PLACE, Duration::from_millis(800));
    tablet.answer();
    assert!(tablet.window.all(MENU).is_empty());
    tablet.open_menu();
    tablet.window.find(MENU);
    tablet.window.picture("vrai-menu");
    assert!(tablet.window.tiles_in_sight().is_empty(), "nothing of the board can be touched behind it");
    tablet.touch("Fermer");
    assert!(tablet.window.all(MENU).is_empty());
    tablet.touch("Léa M.");
    assert_eq!(tablet.says("Léa M."), "arrivée 8:27");
}

#[test]
fn the_menu_is_opened_and_closed_from_the_keyboard_alone() {
    let mut tablet = Tablet::at(site::wednesday("08:27"));
    // The place's name is the first thing that Tab comes to.
    tablet.type_keys("\t", FINGERS_MS);
    tablet.type_keys("\n", FINGERS_MS);
    tablet.window.find(MENU);
    tablet.window.key('\u{1b}');
    tablet.answer();
    assert!(tablet.window.all(MENU).is_empty());
}

#[test]
fn the_menu_closes_by_itself_after_a_minute() {
    let mut tablet = Tablet::at(site::wednesday("08:27"));
    tablet.open_menu();
    tablet.later(Duration::from_secs(52));
    tablet.window.find("Se ferme dans 8 secondes");
    tablet.later(Duration::from_secs(8));
    assert!(tablet.window.all(MENU).is_empty());
    assert!(!tablet.window.tiles_in_sight().is_empty());
}

#[test]
fn what_is_set_holds_at_once_in_the_open_window_and_in_the_next_one() {
    let mut tablet = Tablet::at(site::thursday("11:50"));
    let right = tablet.window.middle("Valider la classe").x;
    assert!(right > 640.0 && !tablet.is_dark());
    tablet.open_page("Réglages");
    tablet.window.picture("vrai-reglages");
    tablet.touch("Main gauche");
    tablet.touch("Sombre");
    assert!(tablet.is_dark() && tablet.window.window.global::<Hand>().get_left());
    assert_eq!(tablet.window.find("Sombre").accessible_checked(), Some(true));
    tablet.window.picture("vrai-reglages-sombre");
    tablet.touch("Grands caractères");
    assert!((tablet.window.window.window().scale_factor() - 1.25).abs() < f32::EPSILON);
    tablet.window.picture("vrai-reglages-grand");
    // Further down than the sheet is high, in large letters.
    tablet.window.drag((512.0, 480.0), (512.0, 260.0));
    tablet.touch("Repos : 5 min");
    tablet.touch("Fermer");
    tablet.touch("Fermer");
    let left = tablet.window.middle("Valider la classe").x;
    assert!(left < 512.0, "of 1024 wide ones: {left}");
    tablet.window.picture("vrai-grand-gauche-sombre");
    let kept = Settings::load(tablet.data.path()).0;
    assert!(kept.left_handed && kept.large_type && kept.rest_minutes == 5);
    tablet.open_page("Réglages");
    tablet.touch("Grands caractères");
    assert!((tablet.window.window.window().scale_factor() - 1.0).abs() < f32::EPSILON, "and back");
}

#[test]
fn one_touch_turns_every_word_of_the_window_to_english_and_back() {
    let mut tablet = Tablet::at(site::wednesday("08:27"));
    tablet.open_page("Réglages");
    tablet.touch("Language: English");
    tablet.window.find("Settings");
    tablet.window.picture("vrai-reglages-anglais");
    tablet.touch("Close");
    tablet.touch("Close");
    tablet.touch("Léa M.");
    assert_eq!(tablet.says("Léa M."), "arrived 8:27");
    tablet.window.find("Léa, arrived 8:27");
    tablet.window.picture("vrai-anglais");
    tablet.window.hold_for(PLACE, Duration::from_millis(1_100));
    tablet.answer();
    tablet.touch("Diagnosis");
    tablet.window.picture("vrai-diagnostic-anglais");
    assert_eq!(Settings::load(tablet.data.path()).0.language, terminal_core::words::Language::English);
    tablet.touch("Close");
    tablet.touch("Settings");
    if !tablet.window.all("Hold a card of the team").is_empty() {
        tablet.type_keys(&format!("{}\n", site::STAFF_CARD), READER_MS);
    }
    tablet.touch("Langue : français");
    tablet.window.find("Réglages");
}

#[test]
fn where_families_serve_themselves_a_touch_says_which_hour_counts_in_a_creche() {
    let mut tablet = Tablet::at(site::wednesday("08:27"));
    tablet.open_page("Réglages");
    assert!(tablet.window.all("En crèche, l’heure compte à la remise").is_empty(), "elsewhere there is no choice");
    tablet.touch("Libre-service des familles");
    tablet.touch("En crèche, l’heure compte à la remise");
    tablet.window.picture("vrai-reglages-remise");
    let kept = Settings::load(tablet.data.path()).0;
    assert!(kept.families && kept.handing_over);
}

#[test]
fn the_theme_of_the_evening_comes_and_goes_with_the_hour() {
    let mut tablet = Tablet::at(site::wednesday("17:58"));
    tablet.open_page("Réglages");
    tablet.touch("Sombre le soir (18 h à 7 h)");
    assert!(!tablet.is_dark());
    tablet.later(Duration::from_secs(120));
    assert!(tablet.is_dark());
}

#[test]
fn a_card_is_tried_on_the_readers_page_and_nothing_is_recorded() {
    let mut tablet = Tablet::at(site::wednesday("08:27"));
    let before = tablet.entries_on_disk();
    tablet.open_page("Lecteur");
    tablet.window.find("Présentez une carte au lecteur");
    tablet.window.picture("vrai-lecteur-page");
    // The family's card, as a reader types it that writes decimals of the bytes the other way round.
    tablet.type_keys("69495546249912580\n", READER_MS);
    let said = "Carte lue\u{a0}: numéro finissant par E5F6, 7 octets. La tablette la connaît. Le lecteur tape en décimal, octets à l’envers\u{a0}: c’est \
                appris, et gardé.";
    tablet.window.find(said);
    tablet.window.picture("vrai-lecteur-appris");
    assert_eq!(tablet.entries_on_disk(), before);
    tablet.touch("Fermer");
    tablet.touch("Fermer");
    tablet.type_keys("69495546249912580\n", READER_MS);
    assert_eq!([tablet.says("Léa M."), tablet.says("Tom M.")], ["arrivée 8:27", "arrivée 8:27"]);
    assert_eq!(tablet.entries_on_disk(), before + 2);
}

#[test]
fn the_diagnosis_is_read_by_subject_and_written_to_a_file_that_is_named() {
    let mut tablet = Tablet::at(site::wednesday("08:27"));
    tablet.touch("Léa M.");
    tablet.open_page("Diagnostic");
    tablet.window.picture("vrai-diagnostic");
    assert!(tablet.says("En attente").starts_with("1 pointage, le plus ancien depuis moins d’une minute"));
    assert!(tablet.says("Horloge").contains("Vérifiez l’heure"), "what to do is said with it");
    tablet.touch("Écrire dans un fichier");
    assert!(tablet.says("Fichier").starts_with("Écrit"), "{}", tablet.says("Fichier"));
    tablet.window.picture("vrai-diagnostic-ecrit");
    let files = std::fs::read_dir(tablet.data.path()).unwrap().flatten();
    assert_eq!(files.filter(|file| file.file_name().to_string_lossy().starts_with("preau-diagnostic-2026-10-14T")).count(), 1);
}

#[test]
fn a_screen_at_rest_shows_figures_and_no_name_and_a_touch_or_a_card_wakes_it() {
    let mut tablet = Tablet::at(site::wednesday("08:20"));
    tablet.touch("Léa M.");
    let tiles = tablet.window.tiles_in_sight();
    tablet.open_page("Réglages");
    tablet.touch("Repos : 2 min");
    tablet.touch("Fermer");
    tablet.touch("Fermer");
    let before = tablet.entries_on_disk();
    tablet.later(Duration::from_secs(120));
    let rest = "Écran de repos : toucher pour revenir au tableau";
    tablet.window.find(rest);
    tablet.window.find("1 présent sur 4 attendus");
    assert!(tablet.window.tiles_in_sight().is_empty());
    tablet.window.picture("vrai-repos");
    // Where a tile was: the touch that wakes touches nothing else.
    tablet.window.touch_at(120.0, 220.0);
    tablet.answer();
    assert!(tablet.window.all(rest).is_empty() && !tablet.window.tiles_in_sight().is_empty());
    assert_eq!(tablet.entries_on_disk(), before);
    tablet.later(Duration::from_secs(120));
    tablet.type_keys("l", FINGERS_MS);
    assert!(tablet.window.all(rest).is_empty(), "a key wakes it, and looks for nobody");
    assert_eq!(tablet.window.tiles_in_sight(), tiles);
    tablet.later(Duration::from_secs(120));
    tablet.type_keys(&format!("{}\n", site::FAMILY_CARD), READER_MS);
    assert_eq!(tablet.says("Tom M."), "arrivée 8:26");
    assert_eq!(tablet.entries_on_disk(), before + 1);
}

#[test]
fn the_way_out_is_the_menus_last_line_and_asks_once_more() {
    let mut tablet = Tablet::at(site::wednesday("08:27"));
    tablet.open_page("Quitter le programme");
    tablet.window.picture("vrai-quitter");
    tablet.touch("Rester");
    tablet.window.find(MENU);
    tablet.touch("Quitter le programme");
    tablet.window.touch("Quitter");
    let screen = tablet.window.asked().into_iter().map(|act| {
        assert_eq!(tablet.upkeep.take(tablet.now, act, Some(&tablet.door)), None);
        let screen = tablet.door.tick_clock(tablet.now);
        tablet.upkeep.beside(tablet.now, screen, Some(&tablet.door))
    });
    assert!(screen.last().unwrap().ends);
}
