//! The program itself on a display of its own (Xvfb), closed as a person closes it.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use x11rb::connection::Connection;
use x11rb::protocol::Event;
use x11rb::protocol::xproto::{AtomEnum, ChangeWindowAttributesAux, ClientMessageEvent, ConnectionExt, EventMask, MapState, Window};
use x11rb::rust_connection::RustConnection;

/// Longer than anything takes here, on a machine that does much else.
const PATIENCE: Duration = Duration::from_secs(60);

/// Ends with the test, however that ends.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A display without a screen, and its name; `None` on a machine that has none.
fn display() -> Option<(Running, String)> {
    let mut command = Command::new("Xvfb");
    let started = command.args(["-displayfd", "1", "-screen", "0", "1280x800x24", "-nolisten", "tcp"]).stdout(Stdio::piped());
    let Ok(mut server) = started.stderr(Stdio::null()).spawn() else {
        assert!(std::env::var_os("CI").is_none_or(|ci| ci != "true"), "Xvfb: nothing is skipped where CI=true");
        eprintln!("sauté : Xvfb absent de cette machine");
        return None;
    };
    let mut number = String::new();
    BufReader::new(server.stdout.take().unwrap()).read_line(&mut number).unwrap();
    Some((Running(server), format!(":{}", number.trim())))
}

fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(started.elapsed() < PATIENCE, "{what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A window that takes a request to close.
fn closable(display: &RustConnection, root: Window, protocols: u32) -> Option<Window> {
    let windows = display.query_tree(root).ok()?.reply().ok()?.children;
    windows.into_iter().find(|window| {
        let asked = display.get_property(false, *window, protocols, AtomEnum::ATOM, 0, 8).ok().and_then(|asked| asked.reply().ok());
        asked.is_some_and(|property| property.value_len > 0)
    })
}

#[test]
fn a_window_that_is_closed_ends_the_program_whatever_it_listened_to() {
    let Some((_server, name)) = display() else { return };
    let (display, screen) = x11rb::connect(Some(&name)).unwrap();
    let root = display.setup().roots[screen].root;
    let atom = |name: &[u8]| display.intern_atom(false, name).unwrap().reply().unwrap().atom;
    let (protocols, delete) = (atom(b"WM_PROTOCOLS"), atom(b"WM_DELETE_WINDOW"));
    for reader in ["clavier", "nfc:pn532_uart:/nulle/part"] {
        let data = tempfile::tempdir().unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_preau-terminal"));
        command.args(["--data".as_ref(), data.path().as_os_str()]).args(["--tpm", "non", "--lecteur", reader]);
        let tablet = command.env("DISPLAY", &name).env_remove("WAYLAND_DISPLAY").stderr(Stdio::null()).spawn();
        let mut tablet = Running(tablet.unwrap());
        let window = until("the window opens", || closable(&display, root, protocols));
        let close = ClientMessageEvent::new(32, window, protocols, [delete, x11rb::CURRENT_TIME, 0, 0, 0]);
        display.send_event(false, window, EventMask::NO_EVENT, close).unwrap().check().unwrap();
        let status = until("the program ends", || tablet.0.try_wait().unwrap());
        assert!(status.success(), "{reader}: {status}");
    }
}

/// A tablet that nobody enrolled yet, in a kiosk, on a display of its own.
fn kiosk(display: &str, data: &std::path::Path) -> Running {
    let mut command = Command::new(env!("CARGO_BIN_EXE_preau-terminal"));
    command.args(["--data".as_ref(), data.as_os_str()]).args(["--tpm", "non"]).env("PREAU_KIOSK", "1");
    Running(command.env("DISPLAY", display).env_remove("WAYLAND_DISPLAY").stderr(Stdio::null()).spawn().unwrap())
}

#[test]
fn a_kiosk_refuses_to_be_closed_and_goes_on() {
    let Some((_server, name)) = display() else { return };
    let (display, screen) = x11rb::connect(Some(&name)).unwrap();
    let root = display.setup().roots[screen].root;
    let atom = |name: &[u8]| display.intern_atom(false, name).unwrap().reply().unwrap().atom;
    let (protocols, delete, ping) = (atom(b"WM_PROTOCOLS"), atom(b"WM_DELETE_WINDOW"), atom(b"_NET_WM_PING"));
    // A window answers a ping to the root, as to a window manager.
    let watched = ChangeWindowAttributesAux::new().event_mask(EventMask::SUBSTRUCTURE_NOTIFY);
    display.change_window_attributes(root, &watched).unwrap().check().unwrap();
    let data = tempfile::tempdir().unwrap();
    let mut tablet = kiosk(&name, data.path());
    let window = until("the window opens", || closable(&display, root, protocols));
    let tell = |what, stamp| {
        let told = ClientMessageEvent::new(32, window, protocols, [what, stamp, window, 0, 0]);
        display.send_event(false, window, EventMask::NO_EVENT, told).unwrap().check().unwrap();
    };
    tell(delete, x11rb::CURRENT_TIME);
    // What comes after the request is answered after it: the program goes on.
    tell(ping, 42);
    until("the window answers", || match display.poll_for_event().unwrap() {
        Some(Event::ClientMessage(told)) => (told.data.as_data32()[..2] == [ping, 42]).then_some(()),
        _ => None,
    });
    assert_eq!(tablet.0.try_wait().unwrap(), None, "it runs");
    let shown = display.get_window_attributes(window).unwrap().reply().unwrap();
    assert_eq!(shown.map_state, MapState::VIEWABLE);
}
