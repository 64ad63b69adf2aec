//! A tablet that no collectivité knows yet: what to do, and nothing else.

use terminal_core::view::{Act, Notice, Screen, Tone};

use crate::door_thread::Desk;

/// Shows how to enrol; every touch is answered with the same sentence.
#[derive(Debug, Clone, Copy)]
pub struct NotEnrolled;

impl Desk for NotEnrolled {
    fn act(&mut self, _act: Act) -> Screen {
        self.tick()
    }

    fn tick(&mut self) -> Screen {
        Screen {
            place: "Préau".into(),
            moment: "Tablette à enrôler".into(),
            notice: Some(Notice {
                text: "Cette tablette n’est rattachée à aucun lieu. Demandez un code d’enrôlement à la collectivité, puis lancez : preau-terminal enrol --server ADRESSE --code CODE".into(),
                tone: Tone::Amber,
            }),
            ..Screen::default()
        }
    }
}
