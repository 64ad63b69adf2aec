//! Large type: the window is drawn as on a screen with fewer, larger pixels, so that letters, signs and targets grow together, and
//! each view lays itself out in the room that is left.
#![expect(clippy::float_arithmetic, reason = "pixels, not money")]

use std::time::Duration;

use slint::platform::WindowEvent;
use slint::{ComponentHandle, Timer};

use crate::ui::{AppWindow, Enlarged};

/// How much larger, on a wall and in a hand, where a line holds few words already.
const ON_A_WALL: f32 = 1.25;
const IN_A_HAND: f32 = 1.125;
/// Narrower than this is held in a hand (`Sizes.compact-below`), in logical pixels.
const HAND_BELOW: f32 = 640.0;

/// Has the window stay as large as it is set when the system changes its size or its scale.
pub fn connect(window: &AppWindow) {
    let weak = window.as_weak();
    window.global::<Enlarged>().on_resized(move || {
        let weak = weak.clone();
        // Not from within the change: the size that is being set is set first.
        Timer::single_shot(Duration::ZERO, move || {
            if let Some(window) = weak.upgrade() {
                enlarge(&window);
            }
        });
    });
}

/// Large, or as the system draws it.
pub fn set(window: &AppWindow, large: bool) {
    window.global::<Enlarged>().set_wanted(large);
    enlarge(window);
}

fn enlarge(window: &AppWindow) {
    let enlarged = window.global::<Enlarged>();
    let current = window.window().scale_factor();
    // Whatever isn't ours is the system's: another screen, or the first time that this one is known.
    let is_ours = (current - enlarged.get_total()).abs() < f32::EPSILON;
    let system = if is_ours { enlarged.get_system() } else { current };
    let physical = f32::from(u16::try_from(window.window().size().width).unwrap_or(u16::MAX));
    let factor = match (enlarged.get_wanted(), physical / system < HAND_BELOW) {
        (false, _) => 1.0,
        (true, true) => IN_A_HAND,
        (true, false) => ON_A_WALL,
    };
    let total = system * factor;
    enlarged.set_system(system);
    enlarged.set_total(total);
    if (current - total).abs() >= f32::EPSILON {
        tell(window, WindowEvent::ScaleFactorChanged { scale_factor: total });
        lay_out(window);
    } else if factor > 1.0 && (window.get_laid_out_width() * total - physical).abs() > 2.0 {
        // Somebody laid it out in the system's pixels.
        lay_out(window);
    }
}

/// In the logical pixels that there are now.
fn lay_out(window: &AppWindow) {
    let size = window.window().size().to_logical(window.window().scale_factor());
    tell(window, WindowEvent::Resized { size });
    window.window().request_redraw();
}

fn tell(window: &AppWindow, event: WindowEvent) {
    if let Err(error) = window.window().dispatch_event_with_result(event) {
        tracing::warn!("the window can't be drawn larger: {error}");
    }
}
