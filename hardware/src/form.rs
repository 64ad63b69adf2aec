//! The form in which a reader that types writes a card's number, and how it is learnt: hold a card that is known.
//!
//! Readers of the shops write the same four bytes as `04A1B2C3`, `C3B2A104`, `0077705923` or `3283263748`. Nothing in the text says
//! which: eight figures are a number in each form. A card that somebody knows says it.

use crate::uid::{BadgeUid, TEXT_CHARS_MAX, UidError, digits};
use serde::{Deserialize, Serialize};

/// How a reader that types writes the bytes of a card. A reader with a program of its own writes hexadecimal, always.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UidForm {
    /// Hexadecimal, in the card's order: `04A1B2C3`.
    #[default]
    #[serde(rename = "hexadecimal")]
    Hexadecimal,
    /// Hexadecimal, the last byte first: `C3B2A104`.
    #[serde(rename = "hexadecimal_inverse")]
    HexadecimalReversed,
    /// Decimal, of the bytes in the card's order: `77705923`, with or without zeroes before it.
    #[serde(rename = "decimal")]
    Decimal,
    /// Decimal, the last byte first: `3283263748`.
    #[serde(rename = "decimal_inverse")]
    DecimalReversed,
}

impl UidForm {
    /// Each of them, in the order in which they are tried.
    pub const ALL: [Self; 4] = [Self::Hexadecimal, Self::HexadecimalReversed, Self::Decimal, Self::DecimalReversed];

    /// Reads a number that was typed in this form.
    ///
    /// # Errors
    /// A text that isn't the number of a card in this form.
    pub fn read(self, text: &str) -> Result<BadgeUid, UidError> {
        match self {
            Self::Hexadecimal => BadgeUid::parse(text),
            Self::HexadecimalReversed => BadgeUid::parse(text).map(BadgeUid::reversed),
            Self::Decimal => decimal(text),
            Self::DecimalReversed => decimal(text).map(BadgeUid::reversed),
        }
    }

    /// The form under which this text is the number of a card that is known; `None` where it is under none.
    pub fn learn(text: &str, is_known: impl Fn(&BadgeUid) -> bool) -> Option<Self> {
        Self::ALL.into_iter().find(|form| form.read(text).is_ok_and(|uid| is_known(&uid)))
    }

    /// Whether a text is the number of a card in any form.
    #[must_use]
    pub fn reads_any(text: &str) -> bool {
        Self::ALL.iter().any(|form| form.read(text).is_ok())
    }

    /// For a person.
    #[must_use]
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Hexadecimal => "hexadécimal",
            Self::HexadecimalReversed => "hexadécimal, octets à l'envers",
            Self::Decimal => "décimal",
            Self::DecimalReversed => "décimal, octets à l'envers",
        }
    }
}

/// A decimal number says by its size alone how many bytes it is: the fewest that hold it. A card of seven bytes begins with its
/// maker's, which is never 0, so that none is taken for one of four; with the last byte first, one in sixteen million would be.
fn decimal(text: &str) -> Result<BadgeUid, UidError> {
    let text = text.trim();
    if text.chars().count() > TEXT_CHARS_MAX {
        return Err(UidError::Length);
    }
    let typed = digits(text)?;
    // Shorter than eight is no card of any reader: they fill up with zeroes.
    if typed.len() < 8 {
        return Err(UidError::Length);
    }
    let mut number = 0_u128;
    for digit in typed {
        if digit > 9 {
            return Err(UidError::NotHexadecimal);
        }
        number = number.checked_mul(10).and_then(|tens| tens.checked_add(u128::from(digit))).ok_or(UidError::Length)?;
    }
    let bytes = number.to_be_bytes();
    let length = [4_usize, 7, 10].into_iter().find(|length| number >> (8 * length) == 0).ok_or(UidError::Length)?;
    bytes.get(bytes.len() - length..).and_then(BadgeUid::of).ok_or(UidError::Length)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The same card in each form.
    const FOUR: [(&str, UidForm); 4] = [
        ("04A1B2C3", UidForm::Hexadecimal),
        ("C3B2A104", UidForm::HexadecimalReversed),
        ("0077705923", UidForm::Decimal),
        ("3283263748", UidForm::DecimalReversed),
    ];

    #[test]
    fn one_card_is_the_same_in_whatever_form_it_is_typed() {
        for (text, form) in FOUR {
            assert_eq!(form.read(text).map(|uid| uid.to_string()), Ok("04A1B2C3".into()), "{form:?}");
        }
    }

    #[test]
    fn a_known_card_teaches_the_form_and_an_unknown_one_teaches_nothing() {
        let is_known = |uid: &BadgeUid| uid.to_string() == "04A1B2C3";
        for (text, form) in FOUR {
            assert_eq!(UidForm::learn(text, is_known), Some(form));
        }
        assert_eq!(UidForm::learn("04A1B2C4", is_known), None);
        assert_eq!(UidForm::learn("Léa Martin", is_known), None);
    }

    #[test]
    fn an_english_reader_on_a_french_keyboard_types_decimals_too() {
        assert_eq!(UidForm::Decimal.read("àà'''àça_\"").map_err(|_| ()), Err(()), "letters are no figures");
        assert_eq!(UidForm::Decimal.read("ààèèèà(çé\"").map(|uid| uid.to_string()), Ok("04A1B2C3".into()));
    }

    #[test]
    fn what_is_no_number_of_a_card_is_none_in_decimal_either() {
        for text in ["", "1234567", "04A1B2C3", &"9".repeat(25), &"9".repeat(5_000), "12 45 78 90 ab"] {
            assert!(UidForm::Decimal.read(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_gets_an_answer_in_any_form(text in "\\PC{0,80}") {
            for form in UidForm::ALL {
                let _ = form.read(&text);
            }
        }

        #[test]
        fn a_card_of_seven_bytes_comes_back_from_its_decimal(rest in any::<[u8; 6]>(), reversed in any::<bool>()) {
            let bytes = [&[4_u8][..], &rest].concat();
            let uid = BadgeUid::of(&bytes).unwrap();
            let shown = if reversed { uid.reversed() } else { uid };
            let number = shown.bytes().iter().fold(0_u128, |number, byte| (number << 8) | u128::from(*byte));
            let form = if reversed { UidForm::DecimalReversed } else { UidForm::Decimal };
            // Reversed, a last byte of 0 shortens the number: with three of them it is one of four bytes.
            prop_assume!(number >> 32 != 0);
            prop_assert_eq!(form.read(&format!("{number:017}")).unwrap(), uid);
        }
    }
}
