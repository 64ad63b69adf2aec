//! A window without a display, its questions caught, its clock in the test's hand.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use i_slint_backend_testing::{ElementHandle, TestingBackend, TestingBackendOptions, mock_elapsed_time};
use slint::platform::{PointerEventButton, WindowEvent};
use slint::{ComponentHandle, LogicalPosition, PhysicalSize, Rgba8Pixel, SharedPixelBuffer};
use terminal_app::faces::{self, Faces};
use terminal_app::window::{Language, Look, open};
use terminal_app::{AppWindow, acts, keyboard};
use terminal_core::view::{Act, PhotoHash, Screen};

/// A window, what was asked through it, and a clock in the test's hand.
pub struct Door {
    pub window: AppWindow,
    pub faces: Rc<Faces>,
    asked: Rc<RefCell<Vec<Act>>>,
    now: Rc<Cell<Duration>>,
}

impl Door {
    pub fn open(screen: &Screen) -> Self {
        Self::open_sized(screen, 1280, 800)
    }

    pub fn open_sized(screen: &Screen, width: u32, height: u32) -> Self {
        Self::of(screen, (width, height), Language::French, |_| None)
    }

    pub fn in_language(screen: &Screen, language: Language) -> Self {
        Self::of(screen, (1280, 800), language, |_| None)
    }

    /// With an album to open photos from.
    pub fn open_with(screen: &Screen, album: impl Fn(&PhotoHash) -> Option<Vec<u8>> + Send + Sync + 'static) -> Self {
        Self::of(screen, (1280, 800), Language::French, album)
    }

    /// On the disk of a tablet that speaks as its settings say, at a size.
    pub fn sized_with(screen: &Screen, size: (u32, u32), album: impl Fn(&PhotoHash) -> Option<Vec<u8>> + Send + Sync + 'static) -> Self {
        Self::of(screen, size, Language::French, album)
    }

    fn of(
        screen: &Screen,
        (width, height): (u32, u32),
        language: Language,
        album: impl Fn(&PhotoHash) -> Option<Vec<u8>> + Send + Sync + 'static,
    ) -> Self {
        let options = TestingBackendOptions { mock_time: true, threading: false, renderer_name: Some("software".into()) };
        // A second window of the same test finds the platform there.
        let _ = slint::platform::set_platform(Box::new(TestingBackend::new(options)));
        let window = open(Look { still: true, language, ..Look::default() }, screen).unwrap();
        let faces = faces::connect(&window, Arc::new(album), || ()).unwrap();
        let asked: Rc<RefCell<Vec<Act>>> = Rc::default();
        let now = Rc::new(Cell::new(Duration::from_secs(60)));
        let (to, clock) = (asked.clone(), now.clone());
        let send: acts::Send = Rc::new(move |act| to.borrow_mut().push(act));
        acts::connect(&window, &send);
        keyboard::connect(&window, &send, Rc::new(move || clock.get()));
        window.show().unwrap();
        window.window().set_size(PhysicalSize::new(width, height));
        Self { window, faces, asked, now }
    }

    pub fn asked(&self) -> Vec<Act> {
        self.asked.borrow_mut().drain(..).collect()
    }

    pub fn wait(&self, time: Duration) {
        self.now.set(self.now.get() + time);
        mock_elapsed_time(time);
    }

    pub fn all(&self, label: &str) -> Vec<ElementHandle> {
        ElementHandle::find_by_accessible_label(&self.window, label).collect()
    }

    pub fn find(&self, label: &str) -> ElementHandle {
        let found = self.all(label);
        assert_eq!(found.len(), 1, "one element says « {label} »");
        found.into_iter().next().unwrap()
    }

    /// A finger comes down, and goes up again at once.
    pub fn touch(&self, label: &str) {
        let (position, button) = (self.middle(label), PointerEventButton::Left);
        let window = self.window.window();
        window.dispatch_event(WindowEvent::PointerMoved { position });
        window.dispatch_event(WindowEvent::PointerPressed { position, button });
        self.wait(Duration::from_millis(50));
        window.dispatch_event(WindowEvent::PointerReleased { position, button });
        self.wait(Duration::from_millis(16));
    }

    /// A finger that comes down and stays.
    pub fn hold(&self, label: &str) {
        self.hold_for(label, Duration::from_millis(750));
    }

    /// A finger that comes down and stays for so long: 150 ms at least.
    pub fn hold_for(&self, label: &str, time: Duration) {
        let middle = self.middle(label);
        self.hold_at(middle.x, middle.y, time);
    }

    /// The same on whatever is at a place.
    pub fn hold_at(&self, x: f32, y: f32, time: Duration) {
        let (position, button) = (LogicalPosition::new(x, y), PointerEventButton::Left);
        let window = self.window.window();
        window.dispatch_event(WindowEvent::PointerMoved { position });
        window.dispatch_event(WindowEvent::PointerPressed { position, button });
        self.wait(Duration::from_millis(150));
        self.wait(time.saturating_sub(Duration::from_millis(150)));
        window.dispatch_event(WindowEvent::PointerReleased { position, button });
        self.wait(Duration::from_millis(16));
    }

    /// A finger on whatever is at a place.
    pub fn touch_at(&self, x: f32, y: f32) {
        self.drag((x, y), (x, y));
    }

    /// A finger that goes from a place to another.
    pub fn drag(&self, from: (f32, f32), to: (f32, f32)) {
        let (window, button) = (self.window.window(), PointerEventButton::Left);
        let at = |(x, y): (f32, f32)| LogicalPosition::new(x, y);
        window.dispatch_event(WindowEvent::PointerMoved { position: at(from) });
        window.dispatch_event(WindowEvent::PointerPressed { position: at(from), button });
        self.wait(Duration::from_millis(150));
        for step in [0.25, 0.5, 0.75, 1.0] {
            let position = at((from.0 + (to.0 - from.0) * step, from.1 + (to.1 - from.1) * step));
            window.dispatch_event(WindowEvent::PointerMoved { position });
            self.wait(Duration::from_millis(16));
        }
        window.dispatch_event(WindowEvent::PointerReleased { position: at(to), button });
        self.wait(Duration::from_millis(16));
    }

    pub fn snapshot(&self) -> SharedPixelBuffer<Rgba8Pixel> {
        self.window.window().take_snapshot().unwrap()
    }

    pub fn middle(&self, label: &str) -> LogicalPosition {
        let found = self.find(label);
        let (at, size) = (found.absolute_position(), found.size());
        LogicalPosition::new(f32::midpoint(at.x, at.x + size.width), f32::midpoint(at.y, at.y + size.height))
    }

    pub fn key(&self, text: char) {
        self.window.window().dispatch_event(WindowEvent::KeyPressed { text: text.into() });
        self.window.window().dispatch_event(WindowEvent::KeyReleased { text: text.into() });
    }

    /// Types with fingers (120 ms a key) or as a reader does (8 ms).
    pub fn type_keys(&self, text: &str, gap_ms: u64) {
        for letter in text.chars() {
            self.wait(Duration::from_millis(gap_ms));
            self.key(letter);
        }
        self.wait(Duration::from_millis(100));
    }

    pub fn tiles_in_sight(&self) -> Vec<String> {
        ElementHandle::find_by_element_type_name(&self.window, "Tile").filter_map(|tile| tile.accessible_label()).map(Into::into).collect()
    }

    pub fn picture(&self, name: &str) {
        let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("ecrans");
        std::fs::create_dir_all(&folder).unwrap();
        let picture = self.window.window().take_snapshot().unwrap();
        let path = folder.join(format!("{name}.png"));
        image::save_buffer(path, picture.as_bytes(), picture.width(), picture.height(), image::ColorType::Rgba8).unwrap();
    }
}

/// Milliseconds between two keys.
pub const FINGERS_MS: u64 = 120;
pub const READER_MS: u64 = 8;
