//! Colours that are read against each other, by day and in the evening: WCAG 2.2 AA, computed from the window's own tokens.

use crate::door::Door;
use crate::fixtures;
use slint::{Color, ComponentHandle};
use terminal_app::Palette;

fn luminance(color: Color) -> f64 {
    let linear = |channel: u8| {
        let part = f64::from(channel) / 255.0;
        if part <= 0.04045 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * linear(color.red()) + 0.7152 * linear(color.green()) + 0.0722 * linear(color.blue())
}

fn ratio(a: Color, b: Color) -> f64 {
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

/// What is written on what.
fn written(of: &Palette<'_>) -> Vec<(&'static str, Color, Color)> {
    vec![
        ("ink on paper", of.get_ink(), of.get_paper()),
        ("ink on card", of.get_ink(), of.get_card()),
        ("ink-2 on paper", of.get_ink_2(), of.get_paper()),
        ("ink-2 on card", of.get_ink_2(), of.get_card()),
        ("ink-2 on gone-soft", of.get_ink_2(), of.get_gone_soft()),
        ("on-primary on primary", of.get_on_primary(), of.get_primary()),
        ("on-primary on a touched primary", of.get_on_primary(), of.invoke_touched(of.get_primary())),
        ("primary-ink on paper", of.get_primary_ink(), of.get_paper()),
        ("primary-ink on card", of.get_primary_ink(), of.get_card()),
        ("primary-ink on primary-soft", of.get_primary_ink(), of.get_primary_soft()),
        ("ink on primary-soft", of.get_ink(), of.get_primary_soft()),
        ("present-ink on card", of.get_present_ink(), of.get_card()),
        ("present-ink on present-soft", of.get_present_ink(), of.get_present_soft()),
        ("gone on gone-soft", of.get_gone(), of.get_gone_soft()),
        ("absent on absent-soft", of.get_absent(), of.get_absent_soft()),
        ("amber on amber-soft", of.get_amber(), of.get_amber_soft()),
        ("amber on amber-paper", of.get_amber(), of.get_amber_paper()),
        ("red on card", of.get_red(), of.get_card()),
        ("red-ink on red-soft", of.get_red_ink(), of.get_red_soft()),
        ("on-night on night", of.get_on_night(), of.get_night()),
        ("night-ink on on-night", of.get_night_ink(), of.get_on_night()),
        ("white on the alarm", Color::from_rgb_u8(255, 255, 255), of.get_alarm()),
    ]
}

/// Borders and signs that carry a meaning.
fn drawn(of: &Palette<'_>) -> Vec<(&'static str, Color, Color)> {
    vec![
        ("edge on paper", of.get_edge(), of.get_paper()),
        ("edge on card", of.get_edge(), of.get_card()),
        ("present on card", of.get_present(), of.get_card()),
        ("present on present-soft", of.get_present(), of.get_present_soft()),
        ("red on red-soft", of.get_red(), of.get_red_soft()),
        ("primary-ink on primary-soft", of.get_primary_ink(), of.get_primary_soft()),
    ]
}

#[test]
fn what_is_written_and_what_is_drawn_is_told_from_its_ground_by_day_and_in_the_evening() {
    let door = Door::open(&fixtures::creche());
    let palette = door.window.global::<Palette>();
    for dark in [false, true] {
        palette.set_dark_now(dark);
        for (what, fore, ground) in written(&palette) {
            assert!(ratio(fore, ground) >= 4.5, "{what}, {}: {:.2}", if dark { "dark" } else { "light" }, ratio(fore, ground));
        }
        for (what, fore, ground) in drawn(&palette) {
            assert!(ratio(fore, ground) >= 3.0, "{what}, {}: {:.2}", if dark { "dark" } else { "light" }, ratio(fore, ground));
        }
    }
}
