//! A code: a person is chosen by name first, then types four to six digits, and gestures bear that name for a minute as after a card.
//!
//! It is a convenience at a watched door and no lock: whoever looks over a shoulder knows four digits. What is typed stands in this
//! file's memory alone, is shown as dots, and is wiped with the dialog; five wrong ones make a pause, which the disk remembers.

use super::late::staff_choice;
use super::team::full_name;
use super::{Door, NAMED_MS, Named, Open};
use crate::clock::Now;
use crate::store::PinVerdict;
use crate::view::{PinDialog, PinFor, PinKey, Tone};
use shared::id::StaffId;
use zeroize::Zeroizing;

/// Digits of a code.
pub(super) const DIGITS: std::ops::RangeInclusive<usize> = 4..=6;
/// How long the dialog stays without a touch, in ms: half a code is nobody's to finish.
const OPEN_MS: u64 = 60_000;

/// Digits on their way.
#[derive(Clone, PartialEq, Eq, Default)]
pub(super) struct Typed(Zeroizing<String>);

impl Typed {
    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn digits(&self) -> &str {
        &self.0
    }

    /// One more, up to so many.
    pub fn push(&mut self, digit: u8, most: usize) {
        if self.len() < most {
            self.0.extend(char::from_digit(u32::from(digit), 10));
        }
    }

    pub fn pop(&mut self) {
        self.0.pop();
    }
}

/// Not a digit in a log, nor how many.
impl std::fmt::Debug for Typed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Typed")
    }
}

/// Somebody is asked who they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Asking {
    purpose: PinFor,
    /// Chosen by name.
    staff: Option<StaffId>,
    typed: Typed,
    /// What the last try said.
    said: String,
    /// CLOCK_BOOTTIME at which it closes.
    until_ms: u64,
    /// What stood in front before, and stands there again.
    behind: Option<Box<Open>>,
}

impl Door {
    /// Asks who somebody is. What was in front is there again afterwards.
    pub(super) fn ask_pin(&mut self, now: Now, purpose: PinFor) {
        if purpose == PinFor::Family {
            return self.ask_family_code();
        }
        if self.codes.is_empty() {
            return self.say(Tone::Amber, tr!("Aucun code personnel sur ce site : le bureau les donne. Présentez un badge de l'équipe."));
        }
        let behind = self.dialog.take().filter(|open| !matches!(open, Open::Pin(_))).map(Box::new);
        let until_ms = now.boottime_ms.saturating_add(OPEN_MS);
        let asking = Asking { purpose, staff: None, typed: Typed::default(), said: String::new(), until_ms, behind };
        self.dialog = Some(Open::Pin(asking));
    }

    /// A name was touched in the dialog.
    pub(super) fn pin_of(&mut self, now: Now, staff: StaffId) {
        if let Some(Open::Pin(asking)) = &mut self.dialog
            && self.codes.contains(&staff)
        {
            (asking.staff, asking.typed, asking.said) = (Some(staff), Typed::default(), String::new());
            asking.until_ms = now.boottime_ms.saturating_add(OPEN_MS);
        }
    }

    /// A key of the pad.
    pub(super) fn pin_key(&mut self, now: Now, key: PinKey) {
        let Some(Open::Pin(asking)) = &mut self.dialog else { return self.family_key(key) };
        asking.until_ms = now.boottime_ms.saturating_add(OPEN_MS);
        match key {
            PinKey::Digit(digit) => asking.typed.push(digit, *DIGITS.end()),
            PinKey::Erase => asking.typed.pop(),
            PinKey::Back => (asking.staff, asking.typed, asking.said) = (None, Typed::default(), String::new()),
        }
    }

    /// "Valider": compares what was typed.
    pub(super) fn pin_typed(&mut self, now: Now) {
        let Some(Open::Pin(asking)) = &mut self.dialog else { return };
        let Some(staff) = asking.staff.filter(|_| DIGITS.contains(&asking.typed.len())) else { return };
        let typed = std::mem::take(&mut asking.typed);
        let said = match self.store.roster.try_pin(now, staff, typed.digits()) {
            Ok(PinVerdict::Right) => return self.pin_right(now, staff),
            Ok(PinVerdict::Wrong { tries_left: 0, pause_ms }) => tr!("Code faux. Nouvel essai dans {}.", minutes(pause_ms)),
            Ok(PinVerdict::Wrong { tries_left, .. }) => {
                tr!("Code faux. Il reste {n} essai." | "Code faux. Il reste {n} essais." % tries_left)
            }
            Ok(PinVerdict::Paused { left_ms }) => {
                tr!("Trop d'essais : attendez {}, ou présentez votre badge.", minutes(left_ms))
            }
            Ok(PinVerdict::None) => tr!("Ce code n'est plus connu ici : présentez votre badge."),
            Err(error) => {
                tracing::error!(%error, "a code could not be compared");
                self.look_at(&error);
                tr!("Le code n'a pas pu être vérifié : {}", error.in_words())
            }
        };
        if let Some(Open::Pin(asking)) = &mut self.dialog {
            asking.said = said;
        }
    }

    /// Names the person, as a card does.
    fn pin_right(&mut self, now: Now, staff: StaffId) {
        let handing_over = matches!(&self.dialog, Some(Open::Pin(asking)) if asking.purpose == PinFor::OtherAdult);
        self.named_by_dialog();
        self.staff = Some(Named { staff, until_ms: now.boottime_ms.saturating_add(NAMED_MS), by_pin: true });
        if self.comes_to_work(now, staff, None) {
            self.say_named(staff);
            self.see_named(now, staff);
        }
        // The code was the last thing to say of it.
        if let Some(Open::Departure(departing)) = self.dialog.clone().filter(|_| handing_over) {
            self.confirm_departure(now, departing, None);
        }
    }

    /// The question is over, answered by a code or a card, or not: what stood in front is there again. `false`: nobody had been asked.
    pub(super) fn named_by_dialog(&mut self) -> bool {
        let Some(Open::Pin(asking)) = &mut self.dialog else { return false };
        self.dialog = asking.behind.take().map(|open| *open);
        true
    }

    /// Closes a dialog that nobody touched for a minute.
    pub(super) fn close_idle_pin(&mut self) {
        if matches!(&self.dialog, Some(Open::Pin(asking)) if asking.until_ms <= self.boottime_ms) {
            self.named_by_dialog();
        }
    }

    pub(super) fn pin_dialog(&self, asking: &Asking) -> PinDialog {
        let chosen = asking.staff.and_then(|staff| self.roster.staff(staff));
        let with_code = |staff: &&shared::roster::Staff| chosen.is_none() && self.codes.contains(&staff.id);
        let digits = asking.typed.len();
        PinDialog {
            purpose: asking.purpose,
            people: self.roster.whole_team().into_iter().filter(with_code).map(staff_choice).collect(),
            chosen: chosen.map(staff_choice),
            telephone: String::new(),
            digits: u32::try_from(digits).unwrap_or(0),
            may_confirm: DIGITS.contains(&digits),
            said: asking.said.clone(),
        }
    }

    /// What is said to whoever was named.
    pub(super) fn say_named(&mut self, staff: StaffId) {
        let name = self.roster.staff(staff).map(full_name).unwrap_or_default();
        if self.pinned.take().is_some() {
            return self.say(Tone::Calm, tr!("{name} : l'alerte est retirée. Vos gestes portent votre nom pendant une minute.", name));
        }
        self.say(Tone::Calm, tr!("{name} : vos gestes portent votre nom pendant une minute.", name));
    }
}

/// "1 minute", "15 minutes": begun ones count.
pub(super) fn minutes(ms: u64) -> String {
    tr!("{n} minute" | "{n} minutes" % ms.div_ceil(60_000))
}
