//! How this tablet is, for the office's page of tablets: its queue, its reader, its battery, what it set aside.
//!
//! Whatever the machine can't tell is left out. Nothing of a person is in it.

use crate::clock::Now;
use crate::store::{KeyPlace, Store, StoreError, set_aside};
use shared::wire::{TabletReport, reader};
use std::path::Path;

/// Where a machine shows what it is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Machine {
    /// Batteries and mains.
    power: &'static str,
    /// What can be typed or pressed.
    inputs: &'static str,
}

impl Machine {
    /// As Linux does.
    pub const LINUX: Self = Self { power: "/sys/class/power_supply", inputs: "/proc/bus/input/devices" };

    /// Whether a reader that types is plugged in; `None` where the machine doesn't tell.
    #[must_use]
    pub fn has_typing_reader(self) -> Option<bool> {
        std::fs::read_to_string(self.inputs).ok().map(|inputs| hardware::plugged::types_like_a_keyboard(&inputs))
    }
}

/// The report at this moment; without a machine, of the store alone.
///
/// # Errors
/// A store that can't be read.
pub(super) fn of(store: &Store, machine: Option<Machine>, now: Now, version: &str) -> Result<TabletReport, StoreError> {
    let queue = store.journal.queue()?;
    let wall_ms = now.corrected(store.roster.observed()?).wall_ms;
    let oldest_waiting_s = queue.oldest_ms.map(|sealed_ms| u64::try_from(wall_ms.saturating_sub(sealed_ms) / 1_000).unwrap_or(0));
    let power = machine.map_or_else(Power::default, |machine| Power::read(Path::new(machine.power)));
    // A reader that says of itself whether it is heard is believed; one that types can only be looked for.
    let reader_there = store.roster.reader()?.or(machine.and_then(Machine::has_typing_reader));
    Ok(TabletReport {
        version: version.to_owned(),
        waiting: u64::from(queue.unsent),
        oldest_waiting_s,
        refused: u64::from(queue.refused),
        reader: reader_there.map(|there| if there { reader::PLUGGED_IN } else { reader::ABSENT }.to_owned()),
        battery_percent: power.battery_percent,
        plugged_in: power.plugged_in,
        key_storage: KeyPlace::of(store.dir()).map(KeyPlace::code).unwrap_or_default().to_owned(),
        set_aside: u64::try_from(set_aside(store.dir()).len()).unwrap_or(0),
    })
}

/// Battery and mains, as far as the machine tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Power {
    battery_percent: Option<u64>,
    plugged_in: Option<bool>,
}

impl Power {
    fn read(folder: &Path) -> Self {
        let mut power = Self::default();
        for supply in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let told = |name: &str| std::fs::read_to_string(supply.path().join(name)).map(|text| text.trim().to_owned()).ok();
            // A mouse or a pen has a battery of its own, of no use here.
            if told("scope").as_deref() == Some("Device") {
                continue;
            }
            match told("type").as_deref() {
                Some("Battery") => {
                    let percent = told("capacity").and_then(|text| text.parse().ok()).filter(|percent| *percent <= 100);
                    power.battery_percent = power.battery_percent.or(percent);
                }
                Some("Mains" | "USB") => {
                    let online = told("online").map(|text| text == "1");
                    power.plugged_in = [power.plugged_in, online].into_iter().flatten().reduce(|a, b| a || b);
                }
                _ => {}
            }
        }
        power
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn supply(folder: &Path, name: &str, files: &[(&str, &str)]) {
        std::fs::create_dir_all(folder.join(name)).unwrap();
        for (file, text) in files {
            std::fs::write(folder.join(name).join(file), format!("{text}\n")).unwrap();
        }
    }

    #[test]
    fn the_battery_and_the_mains_are_those_of_the_machine() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(Power::read(dir.path()), Power::default(), "a machine that shows nothing");
        assert_eq!(Power::read(&dir.path().join("absent")), Power::default());
        supply(dir.path(), "BAT0", &[("type", "Battery"), ("capacity", "83")]);
        supply(dir.path(), "hid-mouse", &[("type", "Battery"), ("scope", "Device"), ("capacity", "4")]);
        supply(dir.path(), "AC", &[("type", "Mains"), ("online", "0")]);
        assert_eq!(Power::read(dir.path()), Power { battery_percent: Some(83), plugged_in: Some(false) });
        supply(dir.path(), "usb0", &[("type", "USB"), ("online", "1")]);
        assert_eq!(Power::read(dir.path()).plugged_in, Some(true));
    }

    #[test]
    fn a_battery_that_says_nonsense_says_nothing() {
        let dir = tempfile::tempdir().unwrap();
        for nonsense in ["", "-1", "101", "beaucoup"] {
            supply(dir.path(), "BAT0", &[("type", "Battery"), ("capacity", nonsense)]);
            assert_eq!(Power::read(dir.path()).battery_percent, None, "{nonsense}");
        }
    }
}
