//! What is said without colours, how large targets are, and pictures for eyes.

use crate::door::Door;
use crate::fixtures;
use i_slint_backend_testing::ElementQuery;

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

#[test]
fn every_screen_is_drawn_on_a_wall_and_in_a_hand() {
    for (name, screen) in fixtures::all() {
        Door::open(&screen).picture(name);
        Door::open_sized(&screen, 360, 740).picture(&format!("main-{name}"));
    }
}
