//! The window without a display: found by what it says, touched, read back.
//!
//! Each test has its own platform on its own thread. Pictures are written for
//! eyes to the target folder (`ecrans/`), and never compared.

#[path = "../examples/preview/fixtures.rs"]
#[allow(dead_code, reason = "shared with the picture maker")]
mod fixtures;

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use i_slint_backend_testing::{ElementHandle, ElementQuery, TestingBackend, TestingBackendOptions, mock_elapsed_time};
use slint::platform::{PointerEventButton, WindowEvent};
use slint::{ComponentHandle, LogicalPosition, PhysicalSize};
use terminal_app::window::{Look, open};
use terminal_app::{AppWindow, acts, keyboard, paint};
use terminal_core::view::{Act, Dialog, Screen, TileState};

/// A window, what was asked through it, and a clock in the test's hand.
struct Door {
    window: AppWindow,
    asked: Rc<RefCell<Vec<Act>>>,
    now: Rc<Cell<Duration>>,
}

impl Door {
    fn open(screen: &Screen) -> Self {
        Self::open_sized(screen, 1280, 800)
    }

    fn open_sized(screen: &Screen, width: u32, height: u32) -> Self {
        let options = TestingBackendOptions { mock_time: true, threading: false, renderer_name: Some("software".into()) };
        // A second window of the same test finds the platform there.
        let _ = slint::platform::set_platform(Box::new(TestingBackend::new(options)));
        let window = open(Look { still: true, ..Look::default() }, screen).unwrap();
        let asked: Rc<RefCell<Vec<Act>>> = Rc::default();
        let now = Rc::new(Cell::new(Duration::from_secs(60)));
        let (to, clock) = (asked.clone(), now.clone());
        let send: acts::Send = Rc::new(move |act| to.borrow_mut().push(act));
        acts::connect(&window, &send);
        keyboard::connect(&window, &send, Rc::new(move || clock.get()));
        window.show().unwrap();
        window.window().set_size(PhysicalSize::new(width, height));
        Self { window, asked, now }
    }

    fn asked(&self) -> Vec<Act> {
        self.asked.borrow_mut().drain(..).collect()
    }

    fn wait(&self, time: Duration) {
        self.now.set(self.now.get() + time);
        mock_elapsed_time(time);
    }

    fn all(&self, label: &str) -> Vec<ElementHandle> {
        ElementHandle::find_by_accessible_label(&self.window, label).collect()
    }

    fn find(&self, label: &str) -> ElementHandle {
        let found = self.all(label);
        assert_eq!(found.len(), 1, "one element says « {label} »");
        found.into_iter().next().unwrap()
    }

    /// A finger comes down, and goes up again at once.
    fn touch(&self, label: &str) {
        let (position, button) = (self.middle(label), PointerEventButton::Left);
        let window = self.window.window();
        window.dispatch_event(WindowEvent::PointerMoved { position });
        window.dispatch_event(WindowEvent::PointerPressed { position, button });
        self.wait(Duration::from_millis(50));
        window.dispatch_event(WindowEvent::PointerReleased { position, button });
        self.wait(Duration::from_millis(16));
    }

    fn middle(&self, label: &str) -> LogicalPosition {
        let found = self.find(label);
        let (at, size) = (found.absolute_position(), found.size());
        LogicalPosition::new(f32::midpoint(at.x, at.x + size.width), f32::midpoint(at.y, at.y + size.height))
    }

    fn key(&self, text: char) {
        self.window.window().dispatch_event(WindowEvent::KeyPressed { text: text.into() });
        self.window.window().dispatch_event(WindowEvent::KeyReleased { text: text.into() });
    }

    /// Types with fingers (120 ms a key) or as a reader does (8 ms).
    fn type_keys(&self, text: &str, gap_ms: u64) {
        for letter in text.chars() {
            self.wait(Duration::from_millis(gap_ms));
            self.key(letter);
        }
        self.wait(Duration::from_millis(100));
    }

    fn tiles_in_sight(&self) -> Vec<String> {
        ElementHandle::find_by_element_type_name(&self.window, "Tile").filter_map(|tile| tile.accessible_label()).map(Into::into).collect()
    }

    fn picture(&self, name: &str) {
        let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("ecrans");
        std::fs::create_dir_all(&folder).unwrap();
        let picture = self.window.window().take_snapshot().unwrap();
        let path = folder.join(format!("{name}.png"));
        image::save_buffer(path, picture.as_bytes(), picture.width(), picture.height(), image::ColorType::Rgba8).unwrap();
    }
}

const FINGERS_MS: u64 = 120;
const READER_MS: u64 = 8;

#[test]
fn a_touched_child_is_told_to_the_door_and_does_not_turn_green_by_itself() {
    let screen = fixtures::creche();
    let door = Door::open(&screen);
    let adam = &screen.tiles[0];
    assert_eq!(adam.state, TileState::Expected);
    door.touch("Adam N.");
    assert_eq!(door.asked(), [Act::Touch(adam.child)]);
    assert_eq!(door.find("Adam N.").accessible_description().unwrap(), "à venir, dès 8:30");

    let mut sealed = screen.clone();
    sealed.tiles[0].state = TileState::Present;
    sealed.tiles[0].state_text = "8:27".into();
    paint::show_screen(&door.window, &sealed);
    assert_eq!(door.find("Adam N.").accessible_description().unwrap(), "arrivée 8:27");
}

#[test]
fn a_finger_that_stays_opens_the_child_and_is_not_also_a_touch() {
    let screen = fixtures::creche();
    let door = Door::open(&screen);
    let position = door.middle("Adam N.");
    let window = door.window.window();
    window.dispatch_event(WindowEvent::PointerMoved { position });
    window.dispatch_event(WindowEvent::PointerPressed { position, button: PointerEventButton::Left });
    door.wait(Duration::from_millis(150));
    door.wait(Duration::from_millis(700));
    assert_eq!(door.asked(), [Act::Hold(screen.tiles[0].child)]);
    window.dispatch_event(WindowEvent::PointerReleased { position, button: PointerEventButton::Left });
    assert_eq!(door.asked(), []);
    door.touch("Adam N.");
    assert_eq!(door.asked(), [Act::Touch(screen.tiles[0].child)], "the next touch is a touch again");
}

#[test]
fn a_trembling_or_slow_finger_is_still_one_touch() {
    let screen = fixtures::creche();
    for (down_ms, still_ms, shift) in [(20, 20, 1.5), (5, 60, -1.0), (90, 30, 2.0), (150, 150, 1.0), (50, 0, 0.0), (20, 20, 0.0)] {
        let door = Door::open(&screen);
        let (mut position, button) = (door.middle("Adam N."), PointerEventButton::Left);
        let window = door.window.window();
        window.dispatch_event(WindowEvent::PointerMoved { position });
        window.dispatch_event(WindowEvent::PointerPressed { position, button });
        door.wait(Duration::from_millis(down_ms));
        position.x += shift;
        position.y -= shift;
        window.dispatch_event(WindowEvent::PointerMoved { position });
        door.wait(Duration::from_millis(still_ms));
        window.dispatch_event(WindowEvent::PointerReleased { position, button });
        assert_eq!(door.asked(), [Act::Touch(screen.tiles[0].child)], "{down_ms} ms, then {still_ms} ms, {shift} px away");
    }
}

#[test]
fn every_state_is_said_in_words_without_gender_or_reason() {
    let mut screen = fixtures::creche();
    screen.groups.clear();
    let door = Door::open(&screen);
    for (label, words) in [
        ("Alba F.", "arrivée 8:22, consignes de soin"),
        ("Adam N.", "à venir, dès 8:30"),
        ("Jade M.", "retard · 8:00"),
        ("Inès G.", "absence"),
    ] {
        assert_eq!(door.find(label).accessible_description().unwrap(), words, "{label}");
    }
}

#[test]
fn what_was_recorded_can_be_taken_back_from_the_bar() {
    let door = Door::open(&fixtures::creche());
    door.touch("Annuler");
    assert_eq!(door.asked(), [Act::Undo]);
    let mut later = fixtures::creche();
    later.undo = None;
    paint::show_screen(&door.window, &later);
    assert!(door.all("Annuler").is_empty(), "no dead button");
}

#[test]
fn the_undo_bar_covers_no_tile_and_tiles_do_not_move_for_it() {
    let mut screen = fixtures::creche();
    let door = Door::open(&screen);
    let before = door.find("Adam N.").absolute_position();
    let bar = door.find("Léa et Tom, arrivée 8:26");
    assert!(bar.absolute_position().y + bar.size().height <= before.y);
    screen.undo = None;
    screen.notice = fixtures::notice().notice;
    screen.sync = terminal_core::view::SyncBar::default();
    paint::show_screen(&door.window, &screen);
    assert_eq!(door.find("Adam N.").absolute_position(), before);
}

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

#[test]
fn three_hundred_children_cost_a_screenful_and_all_can_be_reached() {
    let screen = fixtures::large();
    let door = Door::open(&screen);
    let first = door.tiles_in_sight();
    assert!(first.len() <= 36, "{} tiles exist", first.len());
    let mut seen = first.clone();
    let position = LogicalPosition::new(640.0, 450.0);
    for _ in 0..200 {
        door.window.window().dispatch_event(WindowEvent::PointerScrolled { position, delta_x: 0.0, delta_y: -142.0 });
        door.wait(Duration::from_millis(20));
        seen.extend(door.tiles_in_sight());
    }
    door.picture("grand-en-bas");
    seen.sort();
    seen.dedup();
    let mut names: Vec<String> = screen.tiles.iter().map(|tile| format!("{} {}", tile.first_name, tile.last_initial)).collect();
    names.sort();
    names.dedup();
    assert_eq!(seen, names);
}

#[test]
fn another_group_starts_at_the_top() {
    let screen = fixtures::large();
    let door = Door::open(&screen);
    door.key(char::from(slint::platform::Key::PageDown));
    door.wait(Duration::from_millis(100));
    let scrolled = door.tiles_in_sight();
    assert_ne!(scrolled.first(), Some(&"Abdelrahmane D.".to_owned()));
    door.touch("PS B");
    let group = screen.groups[2].group;
    assert_eq!(door.asked(), [Act::Group(group)]);
    let mut filtered = screen.clone();
    filtered.groups.iter_mut().for_each(|tab| tab.chosen = tab.group == group);
    filtered.tiles.truncate(200);
    paint::show_screen(&door.window, &filtered);
    door.wait(Duration::from_millis(100));
    assert_eq!(door.tiles_in_sight().first(), Some(&"Abdelrahmane D.".to_owned()));
}

#[test]
fn a_departure_names_who_takes_the_child_and_waits_for_a_choice() {
    let door = Door::open(&fixtures::departure());
    let cards: Vec<Option<bool>> = ["Julien Martin", "Odette Morin"].map(|name| door.find(name).accessible_checked()).into();
    assert_eq!(cards, [Some(false), Some(true)]);
    door.touch("Sonia Kaci");
    door.touch("Tom Martin");
    door.touch("Léa et Tom partent");
    door.touch("Fermer");
    assert_eq!(door.asked(), [Act::Adult(fixtures::person(3)), Act::Tick(fixtures::child(38)), Act::Confirm, Act::Close]);

    let crowded = Door::open(&fixtures::departure_crowded());
    assert_eq!(crowded.find("Léa et Tom partent").accessible_enabled(), Some(false), "nobody is chosen yet");
    crowded.touch("Part sans adulte");
    assert_eq!(crowded.asked(), [Act::LeaveAlone]);
}

#[test]
fn leaving_alone_is_offered_only_where_the_parents_said_so() {
    let door = Door::open(&fixtures::departure());
    assert!(door.all("Part sans adulte").is_empty());
}

#[test]
fn someone_else_is_typed_and_told_to_the_door() {
    let door = Door::open(&fixtures::departure());
    door.touch("Quelqu’un d’autre…");
    door.wait(Duration::from_millis(20));
    door.type_keys("Marc Petit", FINGERS_MS);
    door.picture("quelquun-dautre");
    door.touch("Continuer");
    assert_eq!(door.asked(), [Act::OtherAdult("Marc Petit".into())]);
}

#[test]
fn a_barred_adult_fills_the_screen_and_hides_the_board() {
    let door = Door::open(&fixtures::barred());
    let alert = door.find("L’enfant reste avec vous.\nAppelez la direction.\nEn cas de danger\u{a0}: 17");
    assert_eq!((alert.size().width, alert.size().height), (1280.0, 800.0));
    door.key(char::from(slint::platform::Key::Escape));
    door.type_keys("léa", FINGERS_MS);
    assert_eq!(door.asked(), [], "neither a key nor a touch elsewhere closes it");
    door.touch("J’ai lu, l’enfant reste avec moi");
    assert_eq!(door.asked(), [Act::Confirm]);
}

#[test]
fn a_family_card_offers_the_siblings_ticked() {
    let door = Door::open(&fixtures::arrival());
    assert_eq!(door.find("Léa Martin").accessible_checked(), Some(true));
    assert_eq!(door.find("Zoé Martin").accessible_checked(), Some(false));
    door.touch("Zoé Martin");
    door.touch("Valider l’arrivée");
    assert_eq!(door.asked(), [Act::Tick(fixtures::child(42)), Act::Confirm]);

    let mut none = fixtures::arrival();
    if let Some(Dialog::Arrival(choices)) = &mut none.dialog {
        choices.iter_mut().for_each(|choice| choice.ticked = false);
    }
    paint::show_screen(&door.window, &none);
    assert_eq!(door.find("Valider l’arrivée").accessible_enabled(), Some(false));
}

#[test]
fn one_child_can_arrive_or_be_absent_without_being_expected() {
    let door = Door::open(&fixtures::child_dialog());
    door.touch("Arrivée maintenant");
    door.touch("Absence aujourd’hui");
    assert_eq!(door.asked(), [Act::Arrive(fixtures::child(15)), Act::Absent(fixtures::child(15))]);
}

#[test]
fn a_roll_call_is_touched_by_exception_and_validated_once() {
    let screen = fixtures::roll_call();
    let door = Door::open(&screen);
    assert_eq!(door.find("Adam N.").accessible_description().unwrap(), "là, à valider");
    door.touch("Adam N.");
    door.touch("Valider la classe");
    assert_eq!(door.asked(), [Act::Tick(screen.tiles[0].child), Act::ValidateRollCall]);
    let ines = screen.tiles.iter().find(|tile| tile.state == TileState::Absent).unwrap();
    door.touch("Inès G.");
    assert_eq!(door.asked(), [Act::Tick(ines.child)], "who was announced absent came after all");

    let mut done = screen.clone();
    for tile in done.tiles.iter_mut().filter(|tile| tile.state != TileState::Absent) {
        (tile.state, tile.ticked) = (TileState::Present, true);
    }
    paint::show_screen(&door.window, &done);
    assert!(door.all("Valider la classe").is_empty(), "nobody is left to call");
    done.tiles[0].ticked = false;
    paint::show_screen(&door.window, &done);
    assert_eq!(
        door.find("Adam N.").accessible_description().unwrap(),
        "manque, à valider",
        "a presence that was wrong is taken back by the same act"
    );
    assert_eq!(door.all("Valider la classe").len(), 1);
}

#[test]
fn another_moment_is_two_touches_away() {
    let screen = fixtures::creche();
    let door = Door::open(&screen);
    door.touch("Changer de moment");
    door.wait(Duration::from_millis(20));
    door.picture("moments");
    door.touch("Mercredi matin avec repas · 7:30 – 13:30");
    assert_eq!(door.asked(), [Act::Moment(screen.moments[1].activity)]);
    door.wait(Duration::from_millis(20));
    assert!(door.all("Quel moment ?").is_empty());
    assert_eq!(Door::open(&fixtures::small()).find("Changer de moment").accessible_enabled(), Some(false), "one moment: nothing to choose");
}

#[test]
fn a_notice_is_read_and_closed() {
    let door = Door::open(&fixtures::notice());
    door.touch("J’ai lu");
    assert_eq!(door.asked(), [Act::Close]);
}

#[test]
fn a_pinned_alert_has_no_button_that_would_do_nothing() {
    let door = Door::open(&fixtures::pinned());
    assert!(door.all("J’ai lu").is_empty());
    door.touch("Adam N.");
    assert_eq!(door.asked().len(), 1, "the door goes on for the others");
}

#[test]
fn every_target_is_large_enough_for_a_wet_finger() {
    for (name, screen) in fixtures::all() {
        for (width, height) in [(1280, 800), (360, 740), (1024, 600)] {
            let door = Door::open_sized(&screen, width, height);
            let buttons = ElementQuery::from_root(&door.window).match_descendants().match_inherits("Pressable").find_all();
            for button in buttons.iter().filter(|button| button.is_valid() && button.accessible_enabled() != Some(false)) {
                let size = button.size();
                if button.computed_opacity() > 0.0 && size.width > 0.0 {
                    let label = button.accessible_label().unwrap_or_default();
                    assert!(!label.is_empty(), "{name}: a control says nothing");
                    assert!(size.width >= 47.9 && size.height >= 47.9, "{name} {width}: « {label} » is {size:?}");
                }
            }
        }
    }
}

#[test]
fn every_screen_is_drawn_on_a_wall_and_in_a_hand() {
    for (name, screen) in fixtures::all() {
        Door::open(&screen).picture(name);
        Door::open_sized(&screen, 360, 740).picture(&format!("main-{name}"));
    }
}
