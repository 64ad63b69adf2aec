//! Opens the window and joins it to the door.

use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use slint::{CloseRequestResponse, ComponentHandle, PlatformError, Weak};
use terminal_core::view::Screen;
pub use terminal_core::words::Language;

use crate::door_thread::{Answer, Desk, DoorThread};
use crate::reader::Reader;
use crate::ui::{AppWindow, BoardAdapter, Dashes, FaceAdapter, Motion, Palette, TabletAdapter};
use crate::{acts, dashes, faces, keyboard, magnify, paint, staff_pages};

/// How the window is opened.
#[derive(Debug, Clone, Copy, Default)]
pub struct Look {
    /// Fills the screen, without a frame, and closes for nobody: the way out is the staff's menu.
    pub kiosk: bool,
    /// Dark whatever the tablet's settings say.
    pub dark: bool,
    /// Nothing moves, whatever the tablet's settings say.
    pub still: bool,
    /// English whatever the tablet's settings say; French: as they say.
    pub language: Language,
}

/// A window that shows `first`, and asks nobody yet.
pub fn open(look: Look, first: &Screen) -> Result<AppWindow, PlatformError> {
    let window = AppWindow::new()?;
    // The system's language was chosen when the window was made; this is a French product, with the French plural of 0.
    staff_pages::select(Language::French);
    window.global::<TabletAdapter>().set_english_always(look.language == Language::English);
    window.set_kiosk(look.kiosk);
    if look.kiosk {
        window.window().on_close_requested(|| CloseRequestResponse::KeepWindowShown);
    }
    window.global::<Palette>().set_dark_always(look.dark);
    window.global::<Motion>().set_none_always(look.still);
    magnify::connect(&window);
    window.global::<Dashes>().on_frame(|width, height, radius| dashes::frame(width, height, radius).into());
    paint::show_screen(&window, first);
    Ok(window)
}

/// Opens the window on `desk` and stays until it is closed. What was asked before is done when this returns.
pub fn run(mut desk: impl Desk + 'static, reader: &Reader, look: Look) -> anyhow::Result<()> {
    let window = open(look, &desk.tick())?;
    let settles = settling(window.as_weak());
    if let Err(error) = faces::connect(&window, desk.album(), settles) {
        tracing::error!("photos can't be shown: {error}");
    }
    let weak = window.as_weak();
    // Only the newest screen matters: a window that was busy paints once, not once a touch.
    let newest: Arc<Mutex<Option<Answer>>> = Arc::default();
    let thread = DoorThread::start(desk, move |answer| {
        let waiting = newest.lock().unwrap_or_else(PoisonError::into_inner).replace(answer);
        if waiting.is_some() {
            return;
        }
        let newest = newest.clone();
        let painted = weak.upgrade_in_event_loop(move |window| {
            if let Some(answer) = newest.lock().unwrap_or_else(PoisonError::into_inner).take() {
                show_answer(&window, answer);
            }
        });
        if let Err(error) = painted {
            tracing::debug!("the window is closed: {error}");
        }
    })?;
    let listening = thread.asker().map(|asker| reader.listen(asker)).transpose()?;
    if let Some(asker) = thread.asker() {
        let send: acts::Send = Rc::new(move |act| asker.ask(act));
        acts::connect(&window, &send);
        let start = Instant::now();
        keyboard::connect(&window, &send, Rc::new(move || start.elapsed()));
    }
    let closed = window.run();
    // The window and the reader go first: the door goes on for as long as anybody can ask it, and what was asked is done before it ends.
    drop(window);
    drop(listening);
    drop(thread);
    Ok(closed?)
}

/// Has the window take up the pictures that are ready, at most once for those that came while it was busy.
fn settling(window: Weak<AppWindow>) -> impl Fn() + Send + 'static {
    let asked = Arc::new(AtomicBool::new(false));
    move || {
        if asked.swap(true, Ordering::AcqRel) {
            return;
        }
        let done = asked.clone();
        let told = window.upgrade_in_event_loop(move |window| {
            done.store(false, Ordering::Release);
            window.global::<FaceAdapter>().invoke_settle();
        });
        if let Err(error) = told {
            tracing::debug!("the window is closed: {error}");
        }
    }
}

/// Shows what the door answered; while more was asked meanwhile, the search field keeps what is being typed.
fn show_answer(window: &AppWindow, answer: Answer) {
    let mut screen = answer.screen;
    if !answer.is_last {
        screen.search = window.global::<BoardAdapter>().get_search().into();
    }
    paint::show_screen(window, &screen);
    if screen.ends
        && let Err(error) = slint::quit_event_loop()
    {
        tracing::error!("the window can't end: {error}");
    }
}
