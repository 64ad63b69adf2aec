//! Keys of the window, and readers that type like a keyboard.
//!
//! Every key comes here before any field. Those that may be a card's number
//! are held for a moment by [`hardware::wedge`]; given back, they are typed
//! again where the cursor is. So are the letters of the keyboard on the screen.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use hardware::wedge::{KEY_GAP_MAX, KeyVerdict, Wedge};
use slint::platform::WindowEvent;
use slint::{ComponentHandle, Timer, TimerMode, Weak};
use terminal_core::view::Act;

use crate::acts::Send;
use crate::ui::{AppWindow, KeyboardAdapter};

/// Time since any fixed moment: a monotonic clock, or a test's.
pub type SinceStart = Rc<dyn Fn() -> Duration>;

struct Keyboard {
    window: Weak<AppWindow>,
    wedge: RefCell<Wedge>,
    send: Send,
    since_start: SinceStart,
    /// Keys given back go through the window again: they aren't held twice.
    typing_again: Cell<bool>,
    give_back: Timer,
}

/// Connects the window's keys.
pub fn connect(window: &AppWindow, send: &Send, since_start: SinceStart) {
    let keyboard = Rc::new(Keyboard {
        window: window.as_weak(),
        wedge: RefCell::default(),
        send: send.clone(),
        since_start,
        typing_again: Cell::new(false),
        give_back: Timer::default(),
    });
    let adapter = window.global::<KeyboardAdapter>();
    let typist = keyboard.clone();
    adapter.on_typed(move |text| typist.type_again(&text));
    adapter.on_pressed(move |text| keyboard.clone().pressed(&text));
    adapter.on_writes(|text| text.chars().next().is_some_and(|c| !c.is_control() && !('\u{e000}'..='\u{f8ff}').contains(&c)));
}

impl Keyboard {
    /// Whether the key goes no further.
    fn pressed(self: Rc<Self>, text: &str) -> bool {
        if self.typing_again.get() {
            return false;
        }
        // A real keyboard is here: the one on the screen gives its place back.
        if let Some(window) = self.window.upgrade() {
            window.global::<KeyboardAdapter>().set_wanted(false);
        }
        let verdict = self.wedge.borrow_mut().key(text, (self.since_start)());
        let (before, taken) = match verdict {
            KeyVerdict::Pass { before } => (before, false),
            KeyVerdict::Taken { before } => (before, true),
        };
        self.settle(&before);
        self.wait_for_more();
        taken
    }

    fn wait_for_more(self: Rc<Self>) {
        if !self.wedge.borrow().is_holding() {
            return;
        }
        let keyboard = self.clone();
        // One millisecond more, so that the pause is over when the timer says so.
        self.give_back.start(TimerMode::SingleShot, KEY_GAP_MAX + Duration::from_millis(1), move || {
            let given_back = keyboard.wedge.borrow_mut().given_back((keyboard.since_start)());
            keyboard.settle(&given_back.unwrap_or_default());
            // A late timer of a busy machine: still holding, so ask again.
            keyboard.clone().wait_for_more();
        });
    }

    /// Types what was given back, and tells the door of cards.
    fn settle(&self, given_back: &str) {
        self.type_again(given_back);
        loop {
            let card = self.wedge.borrow_mut().next_card();
            let Some(text) = card else { return };
            (self.send)(Act::Badge(text));
        }
    }

    fn type_again(&self, letters: &str) {
        let Some(window) = self.window.upgrade() else { return };
        self.typing_again.set(true);
        for letter in letters.chars() {
            for event in [WindowEvent::KeyPressed { text: letter.into() }, WindowEvent::KeyReleased { text: letter.into() }] {
                if let Err(error) = window.window().dispatch_event_with_result(event) {
                    tracing::warn!("a typed letter was lost: {error}");
                }
            }
        }
        self.typing_again.set(false);
    }
}
