//! The chip: what it answers to each command that libnfc sends, and the cards in its field.

use std::collections::BTreeMap;

/// A card (ISO 14443-3, type A).
#[derive(Debug, Clone)]
pub struct Card {
    uid: Vec<u8>,
    /// What it says that it can do.
    sak: u8,
    /// A telephone: another number, of 4 bytes from 08, each time that it is asked.
    drawn: Option<u32>,
    state: CardState,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum CardState {
    /// Answers who asks.
    Idle,
    /// Was asked, and listens.
    Active,
    /// Was told to be silent, until the field goes.
    Halted,
}

impl Card {
    /// A card of this number.
    #[must_use]
    pub fn of(uid: &[u8]) -> Self {
        Self { uid: uid.to_vec(), sak: if uid.len() == 4 { 0x08 } else { 0x00 }, drawn: None, state: CardState::Idle }
    }

    /// A telephone, or a bank card.
    #[must_use]
    pub fn telephone() -> Self {
        Self { sak: 0x20, drawn: Some(0x08A1_B2C3), ..Self::of(&[]) }
    }

    fn number(&mut self) -> Vec<u8> {
        let Some(drawn) = &mut self.drawn else { return self.uid.clone() };
        *drawn = 0x0800_0000 | (drawn.wrapping_mul(1_103_515_245).wrapping_add(12_345) & 0x00FF_FFFF);
        drawn.to_be_bytes().to_vec()
    }
}

/// The chip's memory and field.
#[derive(Debug, Default)]
pub struct Chip {
    pub cards: Vec<Card>,
    registers: BTreeMap<[u8; 2], u8>,
}

impl Chip {
    /// A card comes into the field.
    pub fn lay(&mut self, card: Card) {
        self.cards.push(card);
    }

    /// The supply was gone.
    pub fn forget_settings(&mut self) {
        self.registers.clear();
    }

    /// The answer to a command: its number and one, and data.
    pub fn answer(&mut self, command: &[u8]) -> Vec<u8> {
        let (&number, data) = command.split_first().unwrap_or((&0, &[]));
        let mut answer = vec![number.wrapping_add(1)];
        match number {
            // Diagnose, communication line: the same bytes back.
            0x00 => answer.extend_from_slice(data),
            // GetFirmwareVersion: a PN532, 1.6, all of ISO 14443 and 18092.
            0x02 => answer.extend_from_slice(&[0x32, 0x01, 0x06, 0x07]),
            // ReadRegister
            0x06 => answer.extend(data.chunks_exact(2).map(|at| self.registers.get(at).copied().unwrap_or(0))),
            // WriteRegister
            0x08 => data.chunks_exact(3).for_each(|set| {
                self.registers.insert([set[0], set[1]], set[2]);
            }),
            // RFConfiguration, item 1: the field. Cards without it forget that they were told to be silent.
            0x32 if data.first() == Some(&0x01) && data.get(1).is_some_and(|on| on & 1 == 0) => {
                self.cards.iter_mut().for_each(|card| card.state = CardState::Idle);
            }
            // InDeselect, InRelease
            0x44 | 0x52 => {
                self.cards.iter_mut().filter(|card| card.state == CardState::Active).for_each(|card| card.state = CardState::Halted);
                answer.push(0x00);
            }
            // PowerDown
            0x16 => answer.push(0x00),
            // InCommunicateThru: nobody answers.
            0x42 => answer.push(0x01),
            // InListPassiveTarget, 106 kbit/s type A
            0x4A if data.get(1) == Some(&0x00) => answer.extend(self.list()),
            // InListPassiveTarget of another kind, InAutoPoll: no card.
            0x4A | 0x60 => answer.push(0x00),
            // SAMConfiguration, SetParameters, RFConfiguration
            _ => {}
        }
        answer
    }

    /// The first card that answers the question, by its number as anticollision finds it.
    fn list(&mut self) -> Vec<u8> {
        // The question wakes nobody who was told to be silent; who was active falls back, and answers the repeated one.
        self.cards.iter_mut().filter(|card| card.state == CardState::Active).for_each(|card| card.state = CardState::Idle);
        let awake = self.cards.iter_mut().filter(|card| card.state == CardState::Idle);
        let Some(card) = awake.min_by(|a, b| a.uid.cmp(&b.uid)) else { return vec![0] };
        card.state = CardState::Active;
        let uid = card.number();
        let kind = match uid.len() {
            4 => 0x04,
            7 => 0x44,
            _ => 0x84,
        };
        let mut target = vec![0x01, 0x01, 0x00, kind, card.sak, u8::try_from(uid.len()).unwrap_or(0)];
        target.extend_from_slice(&uid);
        if card.sak & 0x20 != 0 {
            target.extend_from_slice(&[0x06, 0x75, 0x77, 0x81, 0x02, 0x80]);
        }
        target
    }
}
