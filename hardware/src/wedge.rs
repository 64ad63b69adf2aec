//! A reader that types like a keyboard, told apart from fingers by its speed.
//!
//! Every key of the window comes here first. A printable one is held for at
//! most [`KEY_GAP_MAX`]: either another follows as fast as no finger does, and
//! the burst ends with Enter (a card), or the held keys are given back in
//! order, to be typed where the cursor is. A machine without a clock: the time
//! comes with each call.

use std::collections::VecDeque;
use std::time::Duration;

use crate::form::UidForm;
use crate::uid::TEXT_CHARS_MAX;

/// Readers send a key every 1 to 30 ms, fingers seldom below 80 ms; a held key is late by this much at most.
pub const KEY_GAP_MAX: Duration = Duration::from_millis(50);
/// Shortest burst that can be a card: 4 bytes in hexadecimal; decimals are filled up with zeroes beyond that.
pub const BURST_CHARS_MIN: usize = 8;
/// Cards that were read and not yet asked for; a stuck reader can't fill the memory.
const WAITING_MAX: usize = 16;

/// What becomes of the key that was just pressed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyVerdict {
    /// Not a matter for the wedge: first type `before`, then let the key through.
    Pass {
        /// Keys that had been held, now known to be typed by hand.
        before: String,
    },
    /// The key is held (or was the end of a card): first type `before`, then nothing.
    Taken {
        /// Keys that had been held, now known to be typed by hand.
        before: String,
    },
}

/// The state machine between the keyboard and the window.
#[derive(Debug, Default)]
pub struct Wedge {
    held: String,
    held_chars: usize,
    last_key_at: Duration,
    waiting: VecDeque<String>,
}

impl Wedge {
    /// Whether keys are held, so that [`Wedge::given_back`] must be asked after [`KEY_GAP_MAX`].
    #[must_use]
    pub fn is_holding(&self) -> bool {
        !self.held.is_empty()
    }

    /// A key was pressed: `text` is what it types, empty for a key without text.
    pub fn key(&mut self, text: &str, at: Duration) -> KeyVerdict {
        let before = self.given_back(at).unwrap_or_default();
        let mut chars = text.chars();
        match (chars.next(), chars.next()) {
            (Some('\n' | '\r' | '\t'), None) => self.end_of_burst(before),
            (Some(c), None) if is_typed(c) => {
                self.hold(c);
                self.last_key_at = at;
                KeyVerdict::Taken { before }
            }
            // A bare Shift or AltGr comes between the keys of a reader that types capitals.
            (Some(c), None) if is_modifier(c) => KeyVerdict::Pass { before },
            (None, _) => KeyVerdict::Pass { before },
            _ => KeyVerdict::Pass { before: before + &self.take_held() },
        }
    }

    /// Keys held for longer than [`KEY_GAP_MAX`], to be typed where the cursor is.
    /// A whole card number without a final Enter becomes a card instead.
    pub fn given_back(&mut self, at: Duration) -> Option<String> {
        if self.held.is_empty() || at.saturating_sub(self.last_key_at) <= KEY_GAP_MAX {
            return None;
        }
        let text = self.take_held();
        if UidForm::reads_any(&text) {
            self.card(text);
            return None;
        }
        Some(text)
    }

    /// The oldest card not yet taken: its number as it was typed, to be read by [`UidForm::read`].
    pub fn next_card(&mut self) -> Option<String> {
        self.waiting.pop_front()
    }

    fn end_of_burst(&mut self, before: String) -> KeyVerdict {
        if self.held_chars < BURST_CHARS_MIN {
            return KeyVerdict::Pass { before: before + &self.take_held() };
        }
        // Numbers that no card has are told too: silence at the door would be worse.
        let text = self.take_held();
        self.card(text);
        KeyVerdict::Taken { before }
    }

    fn hold(&mut self, c: char) {
        self.held_chars += 1;
        // Beyond any card's length the rest is dropped: the text is no card either way.
        if self.held_chars <= TEXT_CHARS_MAX {
            self.held.push(c);
        }
    }

    fn take_held(&mut self) -> String {
        self.held_chars = 0;
        std::mem::take(&mut self.held)
    }

    fn card(&mut self, text: String) {
        if self.waiting.len() == WAITING_MAX {
            self.waiting.pop_front();
        }
        self.waiting.push_back(text);
    }
}

/// Keys that write something. Control and private-use characters are commands (arrows, Backspace, Escape).
fn is_typed(c: char) -> bool {
    !c.is_control() && !('\u{e000}'..='\u{f8ff}').contains(&c)
}

/// Slint's codes of Shift, Control, Alt, AltGr, Caps Lock and their right-hand sisters.
fn is_modifier(c: char) -> bool {
    ('\u{10}'..='\u{18}').contains(&c)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Types `text`, one key every `gap_ms`, then waits; gives what reached the window and the cards.
    fn type_keys(text: &str, gap_ms: u64) -> (String, Vec<String>) {
        let mut wedge = Wedge::default();
        let mut seen = String::new();
        let mut at = Duration::from_secs(5);
        for c in text.chars() {
            at += Duration::from_millis(gap_ms);
            match wedge.key(&c.to_string(), at) {
                KeyVerdict::Pass { before } => {
                    seen.push_str(&before);
                    seen.push(c);
                }
                KeyVerdict::Taken { before } => seen.push_str(&before),
            }
        }
        at += KEY_GAP_MAX + Duration::from_millis(1);
        seen.push_str(&wedge.given_back(at).unwrap_or_default());
        (seen, std::iter::from_fn(|| wedge.next_card()).collect())
    }

    #[test]
    fn a_burst_that_ends_with_enter_is_a_card_and_leaves_no_trace_in_the_search_field() {
        assert_eq!(type_keys("04A1B2C3D4E5F6\n", 8), (String::new(), vec!["04A1B2C3D4E5F6".into()]));
        assert_eq!(type_keys("04A1B2C3\t", 30), (String::new(), vec!["04A1B2C3".into()]));
    }

    #[test]
    fn fingers_type_in_the_search_field() {
        assert_eq!(type_keys("léa", 120), ("léa".into(), vec![]));
        assert_eq!(type_keys("deadbeef\n", 90), ("deadbeef\n".into(), vec![]), "a slow hexadecimal word is a word");
    }

    #[test]
    fn two_fingers_at_once_are_not_a_card() {
        assert_eq!(type_keys("em", 10), ("em".into(), vec![]));
        assert_eq!(type_keys("emma\n", 10), ("emma\n".into(), vec![]));
    }

    #[test]
    fn a_reader_without_a_final_enter_is_heard_after_a_pause() {
        assert_eq!(type_keys("04A1B2C3D4E5F6", 5), (String::new(), vec!["04A1B2C3D4E5F6".into()]));
        assert_eq!(type_keys("0077705923", 5), (String::new(), vec!["0077705923".into()]), "in decimal too");
        assert_eq!(type_keys("martinemartine", 5), ("martinemartine".into(), vec![]));
    }

    #[test]
    fn two_cards_in_a_row_are_two_cards() {
        assert_eq!(type_keys("04A1B2C3\n04A1B2C4\n", 5), (String::new(), vec!["04A1B2C3".into(), "04A1B2C4".into()]));
    }

    #[test]
    fn a_card_after_typed_letters_keeps_the_letters() {
        let mut wedge = Wedge::default();
        assert_eq!(wedge.key("l", Duration::from_millis(0)), KeyVerdict::Taken { before: String::new() });
        assert_eq!(wedge.key("0", Duration::from_millis(300)), KeyVerdict::Taken { before: "l".into() });
    }

    #[test]
    fn what_no_card_has_is_still_said_to_be_read() {
        assert_eq!(type_keys("3760123456789-ABC\n", 5).1, ["3760123456789-ABC"]);
        assert_eq!(type_keys(&("9".repeat(5_000) + "\n"), 1).1, ["9".repeat(TEXT_CHARS_MAX)]);
    }

    #[test]
    fn capitals_of_a_reader_that_presses_shift_stay_one_burst() {
        assert_eq!(type_keys("04\u{10}A1\u{10}B2\u{10}C3\n", 5), ("\u{10}\u{10}\u{10}".into(), vec!["04A1B2C3".into()]));
    }

    #[test]
    fn a_command_key_gives_the_held_letters_back_first() {
        assert_eq!(type_keys("le\u{8}", 10), ("le\u{8}".into(), vec![]));
    }

    proptest! {
        #[test]
        fn slow_keys_all_arrive_in_order(text in "[a-zéè0-9 ]{0,40}") {
            prop_assert_eq!(type_keys(&text, 60), (text, vec![]));
        }

        #[test]
        fn any_keys_at_any_speed_get_an_answer(text in "\\PC{0,100}\n?", gap_ms in 0_u64..200) {
            let _ = type_keys(&text, gap_ms);
        }
    }
}
