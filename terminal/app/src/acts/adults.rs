//! What a finger asks of the screens about adults who work here, or visit.

use slint::ComponentHandle;
use terminal_core::view::{Act, PinFor, PinKey};

use super::{Send, by_id};
use crate::ui::{AppWindow, BoardAdapter, PinAdapter, TeamAdapter};

/// Connects the screens of the team and of a code.
pub(super) fn connect(window: &AppWindow, send: &Send) {
    let to = send.clone();
    window.global::<BoardAdapter>().on_team_asked(move || to(Act::Team));
    let team = window.global::<TeamAdapter>();
    let to = send.clone();
    team.on_touched(move |key| by_id(&to, &key, Act::TeamTouch));
    let to = send.clone();
    team.on_visitor_named(move |name| to(Act::Visitor(name.into())));
    let to = send.clone();
    team.on_visitor_left(move |key| by_id(&to, &key, Act::VisitorLeft));
    let to = send.clone();
    team.on_closed(move || to(Act::Close));
    let to = send.clone();
    team.on_code_asked(move || to(Act::AskPin(PinFor::Team)));
    let to = send.clone();
    window.global::<BoardAdapter>().on_family_code_asked(move || to(Act::AskPin(PinFor::Family)));
    connect_pin(window, send);
}

fn connect_pin(window: &AppWindow, send: &Send) {
    let pin = window.global::<PinAdapter>();
    let to = send.clone();
    pin.on_named(move |key| by_id(&to, &key, Act::Staff));
    let to = send.clone();
    pin.on_digit(move |digit| {
        if let Ok(digit) = u8::try_from(digit) {
            to(Act::PinKey(PinKey::Digit(digit)));
        }
    });
    let to = send.clone();
    pin.on_erased(move || to(Act::PinKey(PinKey::Erase)));
    let to = send.clone();
    pin.on_back(move || to(Act::PinKey(PinKey::Back)));
    let to = send.clone();
    pin.on_confirmed(move || to(Act::Confirm));
    let to = send.clone();
    pin.on_closed(move || to(Act::Close));
}
