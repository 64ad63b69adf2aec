//! The number of a card, from whatever a reader typed.
//!
//! ISO 14443-3: a UID has 4, 7 or 10 bytes. One of 4 bytes that starts with
//! 08 is drawn anew at each contact (telephones, some bank cards): it can
//! never stand for a household, and is flagged so that the door says so.

use std::fmt;

/// Longest text looked at: 10 bytes with separators are 29 characters.
pub const TEXT_CHARS_MAX: usize = 64;
/// Longest UID, in bytes (ISO 14443-3, "triple size").
const UID_BYTES_MAX: usize = 10;
/// What a reader set to an English keyboard types for 1…9, 0 on a French one without Shift.
const AZERTY_DIGITS: [(char, char); 10] =
    [('&', '1'), ('é', '2'), ('"', '3'), ('\'', '4'), ('(', '5'), ('-', '6'), ('è', '7'), ('_', '8'), ('ç', '9'), ('à', '0')];

/// A card's number: 4, 7 or 10 bytes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BadgeUid {
    bytes: [u8; UID_BYTES_MAX],
    length: u8,
}

/// Why a text is not the number of a card.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UidError {
    /// Something else than hexadecimal.
    #[error("ce que le lecteur a envoyé n'est pas un numéro de carte")]
    NotHexadecimal,
    /// Hexadecimal, but no card has a number of this length.
    #[error("le numéro lu n'a pas la longueur d'un numéro de carte (4, 7 ou 10 octets)")]
    Length,
}

impl BadgeUid {
    /// Reads `04A1B2C3D4E5F6`, `04:a1:b2:c3`, `04 A1 B2 C3`, and the same typed
    /// by an English reader on a French keyboard (`à'QéB"C'`).
    pub fn parse(text: &str) -> Result<Self, UidError> {
        let text = text.trim();
        if text.chars().count() > TEXT_CHARS_MAX {
            return Err(UidError::Length);
        }
        let mut bytes = [0_u8; UID_BYTES_MAX];
        let mut nibbles = 0_usize;
        for digit in digits(text)? {
            let byte = bytes.get_mut(nibbles / 2).ok_or(UidError::Length)?;
            *byte = (*byte << 4) | digit;
            nibbles += 1;
        }
        if !nibbles.is_multiple_of(2) || !matches!(nibbles / 2, 4 | 7 | 10) {
            return Err(UidError::Length);
        }
        Ok(Self { bytes, length: u8::try_from(nibbles / 2).map_err(|_| UidError::Length)? })
    }

    /// Of these bytes; `None` where no card has so many.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Option<Self> {
        let mut kept = [0_u8; UID_BYTES_MAX];
        kept.get_mut(..bytes.len())?.copy_from_slice(bytes);
        let length = u8::try_from(bytes.len()).ok().filter(|length| matches!(length, 4 | 7 | 10))?;
        Some(Self { bytes: kept, length })
    }

    /// The same bytes, the last one first.
    #[must_use]
    pub fn reversed(mut self) -> Self {
        let length = usize::from(self.length);
        if let Some(bytes) = self.bytes.get_mut(..length) {
            bytes.reverse();
        }
        self
    }

    /// The bytes, in the order in which the card sends them.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.length)).unwrap_or_default()
    }

    /// Whether the card draws a new number at each contact (4 bytes, the first is 08).
    #[must_use]
    pub fn is_random(&self) -> bool {
        self.length == 4 && self.bytes[0] == 0x08
    }
}

/// Upper-case hexadecimal without separators: how badges are written in files.
impl fmt::Display for BadgeUid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.bytes().iter().try_for_each(|byte| write!(f, "{byte:02X}"))
    }
}

/// A card number stands for a household: it stays out of logs.
impl fmt::Debug for BadgeUid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BadgeUid({} octets)", self.length)
    }
}

/// The figures that a text types, 0 to 15 each, whatever the keyboard.
pub(crate) fn digits(text: &str) -> Result<Vec<u8>, UidError> {
    // On a French keyboard `-` is the digit 6; between pairs of a text without any other French digit it separates.
    let separated = text.chars().enumerate().all(|(at, c)| (at % 3 == 2) == matches!(c, ':' | '-' | ' '));
    text.chars()
        .filter(|c| !(separated && matches!(c, ':' | '-' | ' ')))
        .map(|c| {
            let c = AZERTY_DIGITS.iter().find(|(typed, _)| *typed == c).map_or(c, |(_, digit)| *digit);
            let c = if matches!(c, 'q' | 'Q') { 'a' } else { c };
            c.to_digit(16).and_then(|digit| u8::try_from(digit).ok()).ok_or(UidError::NotHexadecimal)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> Result<String, UidError> {
        BadgeUid::parse(text).map(|uid| uid.to_string())
    }

    #[test]
    fn a_number_reads_the_same_however_it_is_written() {
        for text in [
            "04A1B2C3D4E5F6",
            "04a1b2c3d4e5f6",
            " 04A1B2C3D4E5F6\n",
            "04:A1:B2:C3:D4:E5:F6",
            "04-a1-b2-c3-d4-e5-f6",
            "04 A1 B2 C3 D4 E5 F6",
        ] {
            assert_eq!(read(text), Ok("04A1B2C3D4E5F6".into()), "{text}");
        }
    }

    #[test]
    fn an_english_reader_on_a_french_keyboard_is_understood() {
        assert_eq!(read("à'Q&BéC\""), Ok("04A1B2C3".into()));
        assert_eq!(read("à'-----q"), Ok("0466666A".into()));
    }

    #[test]
    fn only_4_7_and_10_bytes_are_cards() {
        for (bytes, is_card) in [(3, false), (4, true), (5, false), (7, true), (8, false), (10, true), (11, false)] {
            assert_eq!(read(&"5A".repeat(bytes)).is_ok(), is_card, "{bytes} octets");
        }
        assert_eq!(read("04A1B2C"), Err(UidError::Length), "half a byte is missing");
        assert_eq!(read(""), Err(UidError::Length));
        assert_eq!(read(&"A".repeat(100_000)), Err(UidError::Length));
    }

    #[test]
    fn what_is_not_hexadecimal_is_said_to_be_so() {
        for text in ["04A1B2G3", "Léa Martin", "04:A1:B2:C", "0x04A1B2", "04::A1B2C3", "🦊🦊🦊🦊"] {
            assert!(read(text).is_err(), "{text}");
        }
        assert_eq!(read("04A1B2G3"), Err(UidError::NotHexadecimal));
    }

    #[test]
    fn a_number_drawn_at_each_contact_is_flagged() {
        assert!(BadgeUid::parse("08A1B2C3").unwrap().is_random());
        assert!(!BadgeUid::parse("04A1B2C3").unwrap().is_random());
        assert!(!BadgeUid::parse("08A1B2C3D4E5F6").unwrap().is_random(), "only 4-byte numbers are drawn");
    }

    #[test]
    fn a_log_line_does_not_hold_the_number() {
        assert_eq!(format!("{:?}", BadgeUid::parse("04A1B2C3").unwrap()), "BadgeUid(4 octets)");
    }

    proptest! {
        #[test]
        fn any_text_gets_an_answer(text in "\\PC{0,80}") {
            let _ = BadgeUid::parse(&text);
        }

        #[test]
        fn any_card_comes_back_as_it_was(seven in any::<[u8; 7]>()) {
            let text: String = seven.iter().map(|byte| format!("{byte:02x}")).collect();
            let uid = BadgeUid::parse(&text).unwrap();
            prop_assert_eq!(uid.bytes(), &seven[..]);
            prop_assert_eq!(BadgeUid::parse(&uid.to_string()).unwrap(), uid);
        }
    }
}
