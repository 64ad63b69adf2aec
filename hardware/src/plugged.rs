//! Whether a reader that types like a keyboard is plugged in, from the list of inputs that Linux keeps.
//!
//! Such a reader can't be told from a keyboard: what is said is that one of the two is there. A tablet at a door has no other keyboard.

/// `EV_REP`: keys that repeat. Buttons of a camera or of a machine's lid have none, and are no keyboard.
const REPEATS: u64 = 1 << 20;
/// USB and Bluetooth, as `I: Bus=` names them: what is soldered in isn't a reader that somebody plugged in.
const BUSES: [&str; 2] = ["Bus=0003", "Bus=0005"];

/// Whether one is there; `inputs` is the text of `/proc/bus/input/devices`.
#[must_use]
pub fn types_like_a_keyboard(inputs: &str) -> bool {
    inputs.split("\n\n").any(|input| {
        let of = |tag: &str| input.lines().find(|line| line.starts_with(tag)).unwrap_or_default();
        let events = of("B: EV=").trim_start_matches("B: EV=").trim();
        let repeats = u64::from_str_radix(events, 16).is_ok_and(|events| events & REPEATS != 0);
        let is_keyboard = of("H: Handlers=").split([' ', '=']).any(|handler| handler == "kbd");
        repeats && is_keyboard && BUSES.iter().any(|bus| of("I: ").contains(bus))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const BUILT_IN: &str = "I: Bus=0019 Vendor=0000 Product=0001 Version=0000\nN: Name=\"Power Button\"\nH: Handlers=kbd event0\nB: EV=3\n\n\
        I: Bus=0011 Vendor=0001 Product=0001 Version=ab41\nN: Name=\"AT Translated Set 2 keyboard\"\nH: Handlers=sysrq kbd leds event2\nB: EV=120013\n\n\
        I: Bus=0003 Vendor=0c45 Product=6366 Version=1000\nN: Name=\"USB Camera\"\nH: Handlers=kbd event5\nB: EV=3\n";

    #[test]
    fn a_reader_on_usb_is_there_and_what_is_built_in_is_none() {
        assert!(!types_like_a_keyboard(BUILT_IN) && !types_like_a_keyboard(""));
        let reader =
            "I: Bus=0003 Vendor=08ff Product=0009 Version=0110\nN: Name=\"RFID Reader\"\nH: Handlers=sysrq kbd event7 \nB: EV=120013\n";
        assert!(types_like_a_keyboard(&format!("{BUILT_IN}\n{reader}")));
        assert!(!types_like_a_keyboard(&reader.replace("120013", "çà")), "what can't be read is no reader");
    }
}
