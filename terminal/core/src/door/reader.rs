//! What the badge reader says besides cards: in the corner for as long as it is so, or once where it is about one card.
//!
//! The board and the list go on without a reader; what is said is what to do about it.

use super::Door;
use crate::view::{SyncBar, Tone};
use hardware::ReaderEvent;
use hardware::said::Fault;

impl Door {
    /// Remembers whether the reader is heard: for the corner, and for the office's page of tablets.
    pub(super) fn reader_said(&mut self, event: &ReaderEvent) {
        let fault = match event {
            ReaderEvent::Fault(fault, detail) => {
                tracing::warn!(?fault, detail, "the badge reader can't be heard");
                Some(*fault)
            }
            ReaderEvent::Heard(reader) => {
                tracing::info!(reader, "the badge reader is heard");
                None
            }
            ReaderEvent::Badge(_) | ReaderEvent::Unread | ReaderEvent::Several => return,
        };
        self.reader = fault;
        if let Err(error) = self.store.roster.set_reader(Some(fault.is_none())) {
            tracing::warn!(%error, "what the reader said can't be written down");
        }
    }

    /// Says what is wrong with what was just held to it.
    pub(super) fn reader_about_cards(&mut self, event: &ReaderEvent) {
        if let Some(words) = of_cards(event) {
            self.say(Tone::Amber, words);
        }
    }
}

/// What was held to the reader wrongly, and what to do.
pub(crate) fn of_cards(event: &ReaderEvent) -> Option<String> {
    match event {
        ReaderEvent::Unread => Some(tr!("Carte mal lue : tenez-la une seconde contre le lecteur.")),
        ReaderEvent::Several => Some(tr!("Plusieurs cartes à la fois, aucune n'a compté : présentez-en une seule, hors du portefeuille.")),
        ReaderEvent::Badge(_) | ReaderEvent::Fault(..) | ReaderEvent::Heard(_) => None,
    }
}

/// Why the reader can't be heard, and what to do.
pub(crate) fn in_words(fault: Fault) -> String {
    match fault {
        Fault::Unplugged => tr!("Lecteur débranché : rebranchez son câble"),
        Fault::Mute => tr!("Lecteur muet : débranchez-le, puis rebranchez-le"),
        Fault::Garbled => tr!("Lecteur mal branché : changez de prise ou de câble"),
        Fault::Taken => tr!("Lecteur pris par un autre programme : redémarrez la tablette"),
        Fault::Missing => tr!("Lecteur non installé : appelez l'administration"),
        Fault::Stopped => tr!("Lecteur en panne : il redémarre"),
    }
}

/// Beside the state of the line.
pub(super) fn beside(fault: Option<Fault>, said: SyncBar) -> SyncBar {
    let Some(fault) = fault else { return said };
    let tone = if said.tone == Tone::Red { Tone::Red } else { Tone::Amber };
    SyncBar { text: format!("{} · {}", in_words(fault), said.text), tone, unsent: said.unsent }
}
