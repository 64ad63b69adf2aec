//! What is heard of an answer: that a gesture is recorded, or that the screen is to be looked at. Nothing of the sounds themselves.
//!
//! Promises: what sounds as recorded is on the disk; one gesture is heard once, however many entries it made; time that passes is
//! silent, but for an evacuation that another tablet began.

use crate::view::{Dialog, Screen, Tone};

/// One of two sounds, told apart without looking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heard {
    /// It is on the disk.
    Recorded,
    /// Look: nothing was recorded, a card is unknown, an adult is barred.
    Warning,
}

/// What the door's answer to one gesture was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Answered {
    /// Something was sealed, and is on the disk.
    pub recorded: bool,
    /// How serious what was said is; calm where nothing was.
    pub said: Tone,
}

impl Answered {
    /// What a person hears of it. An advice beside what is recorded takes nothing of it back; an alert does.
    #[must_use]
    pub fn heard(self) -> Option<Heard> {
        match (self.recorded, self.said) {
            (_, Tone::Red) | (false, Tone::Amber) => Some(Heard::Warning),
            (true, _) => Some(Heard::Recorded),
            (false, Tone::Calm) => None,
        }
    }
}

/// Remembers whether an evacuation was on the last screen: one that begins elsewhere is heard here.
#[derive(Debug, Default)]
pub struct Ear {
    evacuating: bool,
}

impl Ear {
    /// What is heard of a screen of the door; `answered` is `None` where only time has passed.
    pub fn hear(&mut self, screen: &Screen, answered: Option<Answered>) -> Option<Heard> {
        let evacuating = screen.evacuation.is_some() || matches!(screen.dialog, Some(Dialog::Evacuation(_)));
        let begins = evacuating && !std::mem::replace(&mut self.evacuating, evacuating);
        match answered {
            Some(answered) => answered.heard(),
            None => begins.then_some(Heard::Warning),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_recorded_sounds_so_unless_the_screen_is_red() {
        let heard = |recorded, said| Answered { recorded, said }.heard();
        assert_eq!(heard(true, Tone::Calm), Some(Heard::Recorded));
        assert_eq!(heard(true, Tone::Amber), Some(Heard::Recorded), "the disk is nearly full, and this is on it");
        assert_eq!(heard(true, Tone::Red), Some(Heard::Warning));
        assert_eq!(heard(false, Tone::Amber), Some(Heard::Warning));
        assert_eq!(heard(false, Tone::Red), Some(Heard::Warning));
        assert_eq!(heard(false, Tone::Calm), None);
    }

    #[test]
    fn an_evacuation_that_begins_elsewhere_is_heard_once() {
        let mut ear = Ear::default();
        let begun = Screen { evacuation: Some("Évacuation en cours".into()), ..Screen::default() };
        let heard: Vec<_> = [&Screen::default(), &begun, &begun, &Screen::default()].map(|screen| ear.hear(screen, None)).into();
        assert_eq!(heard, [None, Some(Heard::Warning), None, None]);
    }
}
