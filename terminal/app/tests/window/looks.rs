//! What is said without colours, how large targets are, and pictures for eyes.

use crate::door::Door;
use crate::fixtures;
use i_slint_backend_testing::ElementQuery;
use slint::ComponentHandle;
use std::time::Duration;
use terminal_app::paint;
use terminal_core::view::Look;

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

const PLACES: [&str; 5] = ["Piscine", "Bibliothèque", "Gymnase", "Parc", "Promenade"];

#[test]
fn large_type_cuts_no_act_off_on_a_wall_or_in_a_hand() {
    for (name, screen) in fixtures::all() {
        let screen = fixtures::looking(Look { large: true, ..Look::default() }, screen);
        for (width, height, factor) in [(1280, 800, 1.25), (360, 740, 1.125)] {
            let door = Door::open_sized(&screen, width, height);
            paint::show_screen(&door.window, &screen);
            door.wait(Duration::from_millis(20));
            assert!((door.window.window().scale_factor() - factor).abs() < f32::EPSILON, "{name}");
            let (right, foot) = (f32::from(u16::try_from(width).unwrap()) / factor, f32::from(u16::try_from(height).unwrap()) / factor);
            for button in ElementQuery::from_root(&door.window).match_descendants().match_inherits("Button").find_all() {
                let (at, size) = (button.absolute_position(), button.size());
                let label = button.accessible_label().unwrap_or_default();
                let inside = at.x >= -0.5 && at.y >= -0.5 && at.x + size.width <= right + 0.5 && at.y + size.height <= foot + 0.5;
                // Places of an outing stand in a row that a finger pushes on.
                let pushed = name.starts_with("sortie-qui") && PLACES.contains(&label.as_str());
                assert!(inside || pushed || button.computed_opacity() == 0.0, "{name} {width}: « {label} » at {at:?}, {size:?}");
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
