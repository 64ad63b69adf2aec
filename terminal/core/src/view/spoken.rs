//! What a screen reader says of a tile: it sees neither colour nor sign.

use super::{Tile, TileState};

impl Tile {
    /// The state as a person would say it, without gender. `to_call`: validating the roll call would record it; `choosing`: touches
    /// choose children, instead of recording.
    #[must_use]
    pub fn spoken(&self, to_call: bool, choosing: bool) -> String {
        let text = &self.state_text;
        let state = match self.state {
            _ if to_call && self.ticked => tr!("là, à valider"),
            _ if to_call => tr!("manque, à valider"),
            // A roll call says "présence", a touch says the time.
            TileState::Present if text.starts_with(|c: char| c.is_ascii_digit()) => tr!("arrivée {}", text),
            TileState::Expected => tr!("à venir, {}", text),
            TileState::Unexpected if text.is_empty() => tr!("non prévu aujourd’hui"),
            TileState::Unexpected => tr!("non prévu aujourd’hui, {}", text),
            TileState::Present | TileState::Late | TileState::Gone | TileState::Absent => text.clone(),
        };
        let state = if choosing && self.ticked { tr!("{}, fait partie du choix", state) } else { state };
        let state = if self.care { tr!("{}, consignes de soin", state) } else { state };
        if self.note { tr!("{}, mot de la famille", state) } else { state }
    }
}
