//! A family without its card, at a tablet of its own: the last four digits of a telephone, then a code, do what the card does.
//!
//! No name is shown before the code is right, nor whether a telephone is known. Several adults may have telephones that end alike: each
//! of them is compared, and a wrong code counts for each; a right one costs the others nothing. What is typed stands in this file's memory alone.

use super::pin::{DIGITS, Typed, minutes};
use super::{Door, Open};
use crate::clock::Now;
use crate::store::{PinVerdict, StoreError};
use crate::view::{PinDialog, PinFor, PinKey, Tone};
use shared::id::PersonId;

/// Digits of a telephone that are typed.
const TELEPHONE_DIGITS: usize = 4;

/// Digits on their way.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Typing {
    telephone: Typed,
    code: Typed,
    /// What the last try said.
    said: String,
}

impl Typing {
    fn asks_telephone(&self) -> bool {
        self.telephone.len() < TELEPHONE_DIGITS
    }

    fn key(&mut self, key: PinKey) {
        let telephone = self.asks_telephone() || (key == PinKey::Erase && self.code.len() == 0);
        match key {
            PinKey::Digit(digit) if telephone => self.telephone.push(digit, TELEPHONE_DIGITS),
            PinKey::Digit(digit) => self.code.push(digit, *DIGITS.end()),
            PinKey::Erase if telephone => self.telephone.pop(),
            PinKey::Erase => self.code.pop(),
            PinKey::Back => *self = Self::default(),
        }
    }
}

impl Door {
    /// Whether any adult of the site has a code.
    pub(super) fn has_family_codes(&self) -> bool {
        self.family_codes
    }

    /// "Sans carte": asks for a telephone and a code.
    pub(super) fn ask_family_code(&mut self) {
        // An alert, or what a card asked, is answered first.
        if self.family_codes && self.serves_families() && self.dialog.is_none() {
            self.dialog = Some(Open::FamilyCode(Typing::default()));
        }
    }

    /// A key of the pad.
    pub(super) fn family_key(&mut self, key: PinKey) {
        match &mut self.dialog {
            Some(Open::FamilyCode(typing)) if key == PinKey::Back && typing.telephone.len() == 0 => self.dialog = None,
            Some(Open::FamilyCode(typing)) => typing.key(key),
            _ => {}
        }
    }

    /// "Valider": compares what was typed with the codes of those whose telephone ends so.
    pub(super) fn family_code_typed(&mut self, now: Now) {
        let Some(Open::FamilyCode(typing)) = &mut self.dialog else { return };
        if typing.asks_telephone() || !DIGITS.contains(&typing.code.len()) {
            return;
        }
        let code = std::mem::take(&mut typing.code);
        let telephone = typing.telephone.clone();
        match self.compare(now, telephone.digits(), code.digits()) {
            Ok((Some(person), _)) => {
                self.dialog = None;
                self.person_without_card(now, person);
            }
            Ok((None, said)) => {
                if let Some(Open::FamilyCode(typing)) = &mut self.dialog {
                    typing.said = said;
                }
            }
            Err(error) => {
                tracing::error!(%error, "a family's code could not be compared");
                self.look_at(&error);
                self.dialog = None;
                self.say(Tone::Red, tr!("Le code n'a pas pu être vérifié : {}", error.in_words()));
            }
        }
    }

    /// Whose code it is, or what to say: the same for a telephone that nobody has.
    fn compare(&mut self, now: Now, telephone: &str, code: &str) -> Result<(Option<PersonId>, String), StoreError> {
        let (mut pause_ms, mut not_theirs) = (0, Vec::new());
        for person in self.store.roster.door_codes(telephone)? {
            match self.store.roster.try_door_code(now, person, code)? {
                PinVerdict::Right => {
                    for other in not_theirs {
                        self.store.roster.give_back_try(other)?;
                    }
                    return Ok((Some(person), String::new()));
                }
                PinVerdict::Paused { left_ms } => pause_ms = pause_ms.max(left_ms),
                PinVerdict::Wrong { pause_ms: begun_ms, .. } => {
                    pause_ms = pause_ms.max(begun_ms);
                    not_theirs.push(person);
                }
                PinVerdict::None => {}
            }
        }
        let said = match pause_ms {
            0 => tr!("Téléphone ou code inconnu ici. Recommencez, ou adressez-vous à l'équipe."),
            _ => tr!("Trop d'essais : attendez {}, ou adressez-vous à l'équipe.", minutes(pause_ms)),
        };
        Ok((None, said))
    }

    pub(super) fn family_code_dialog(typing: &Typing) -> PinDialog {
        let digits = typing.code.len();
        PinDialog {
            purpose: PinFor::Family,
            people: Vec::new(),
            chosen: None,
            telephone: typing.telephone.digits().to_owned(),
            digits: u32::try_from(digits).unwrap_or(0),
            may_confirm: !typing.asks_telephone() && DIGITS.contains(&digits),
            said: typing.said.clone(),
        }
    }
}
