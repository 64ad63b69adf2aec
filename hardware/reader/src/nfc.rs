//! An NFC chip, through libnfc.
//!
//! One bounded question a look (`select`, never libnfc's own polling: that hangs on a mute chip), answered within 40 ms without a card.
//! A new card is looked at a second time, to see whether another one lies with it: the first is told to be silent, and whoever answers
//! then is another. Any error closes the chip and opens it anew. What libnfc leaks at each opening (1 KiB) is why failures are spaced
//! out.

use crate::lock::{self, Held, NotHeld};
use crate::tell::Voice;
use data_encoding::HEXUPPER;
use hardware::presence::{Presence, Seen};
use hardware::said::Fault;
use nfc1::target_info::TargetInfo;
use nfc1::{BaudRate, Context, Device, Error, Modulation, ModulationType, Property, Target};
use std::io::ErrorKind;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

/// Between two looks.
const LOOK: Duration = Duration::from_millis(100);
/// After a trouble, the reader is said to be back once it answered this often: one with a bad cable doesn't come and go on the screen.
const GOOD_LOOKS: u32 = 10;
/// After a failure, doubled at each.
const PAUSE_MIN: Duration = Duration::from_millis(250);
const PAUSE_MAX: Duration = Duration::from_secs(4);
/// ISO 14443 A: all cards of communes and transport that have a lasting number of 4, 7 or 10 bytes.
const CARDS: Modulation = Modulation { modulation_type: ModulationType::Iso14443a, baud_rate: BaudRate::Baud106 };
/// Names that libnfc lists at most.
const NAMES_MAX: usize = 16;

/// Asks until the process ends.
pub fn run(name: Option<String>) -> ExitCode {
    let mut voice = Voice::new();
    let mut context = match Context::new() {
        Ok(context) => context,
        Err(error) => {
            voice.fault(Fault::Missing, error);
            return ExitCode::from(3);
        }
    };
    let mut pause = PAUSE_MIN;
    let mut troubles = 0;
    // A card that lies there while the chip is opened anew is no new card.
    let mut presence = Presence::default();
    loop {
        let (fault, detail) = match open(&mut context, name.as_deref()) {
            Ok((_held, mut device, called)) => {
                let (good, error) = ask(&mut device, &called, &mut presence, &mut voice);
                // Closed before the path is looked at, and before the lock goes.
                drop(device);
                if good >= GOOD_LOOKS {
                    (troubles, pause) = (0, PAUSE_MIN);
                }
                (reason(name.as_deref(), error), error.to_string())
            }
            Err(why) => why,
        };
        troubles += 1;
        // A single disturbance is mended by opening anew, and nobody needs to know. What is certain is said at once.
        if troubles > 1 || matches!(fault, Fault::Unplugged | Fault::Taken | Fault::Missing) {
            voice.fault(fault, detail);
        }
        voice.pause(pause);
        pause = (pause * 2).min(PAUSE_MAX);
    }
}

/// The readers that libnfc finds by itself.
pub fn names() -> Vec<String> {
    Context::new().and_then(|mut context| context.list_devices(NAMES_MAX)).unwrap_or_default()
}

type Opened = (Option<Held>, Device, String);

fn open(context: &mut Context, name: Option<&str>) -> Result<Opened, (Fault, String)> {
    let held = match name.and_then(path_of).map(lock::hold) {
        None => None,
        Some(Ok(held)) => Some(held),
        // It is there, and the tablet's account may not open it: no cable mends that.
        Some(Err(NotHeld::Absent(error))) if error.kind() == ErrorKind::PermissionDenied => {
            return Err((Fault::Missing, error.to_string()));
        }
        Some(Err(NotHeld::Absent(error))) => return Err((Fault::Unplugged, error.to_string())),
        Some(Err(NotHeld::Taken)) => return Err((Fault::Taken, String::new())),
    };
    let name = match name {
        Some(name) => name.to_owned(),
        None => names().into_iter().next().ok_or((Fault::Unplugged, "libnfc ne trouve aucun lecteur".to_owned()))?,
    };
    // There is something, and it doesn't answer as a reader does.
    let mut device = context.open_with_connstring(&name).map_err(|error| (Fault::Mute, error.to_string()))?;
    let prepared = device.initiator_init().and_then(|()| device.set_property_bool(Property::InfiniteSelect, false));
    prepared.map_err(|error| (reason(Some(&name), error), error.to_string()))?;
    Ok((held, device, name))
}

/// Asks until it fails: how often it answered, and what ended it.
fn ask(device: &mut Device, called: &str, presence: &mut Presence, voice: &mut Voice) -> (u32, Error) {
    let mut good = 0_u32;
    loop {
        if good == if voice.is_in_trouble() { GOOD_LOOKS } else { 0 } {
            voice.ready(called);
        }
        let seen = match look(device, presence) {
            Ok(seen) => seen,
            Err(error) => return (good, error),
        };
        good = good.saturating_add(1);
        if let Some(said) = presence.sees(seen) {
            // Who reads a card is heard.
            if voice.is_in_trouble() {
                voice.ready(called);
            }
            voice.say(&said);
        }
        voice.beat();
        std::thread::sleep(LOOK);
    }
}

fn look(device: &mut Device, presence: &Presence) -> Result<Seen, Error> {
    let Some(uid) = select(device)? else { return Ok(Seen::Nothing) };
    if !presence.is_news(&uid) {
        return Ok(Seen::One(uid));
    }
    // The one that answered is silent from here on, until the field goes.
    match device.initiator_deselect_target() {
        // It was read, and has gone since.
        Err(Error::RfTransmissionError | Error::TargetReleased | Error::Chip) => return Ok(Seen::One(uid)),
        told => told?,
    }
    let other = select(device)?;
    device.set_property_bool(Property::ActivateField, false)?;
    device.set_property_bool(Property::ActivateField, true)?;
    Ok(match other {
        Some(other) if other != uid => Seen::Several,
        _ => Seen::One(uid),
    })
}

/// The number of a card that answers.
fn select(device: &mut Device) -> Result<Option<String>, Error> {
    let uid = match device.initiator_select_passive_target(&CARDS)? {
        Target { target_info: TargetInfo::Iso14443a(card), .. } => card.uid.get(..card.uid_len).map(<[u8]>::to_vec),
        _ => None,
    };
    // No card is a target of no length.
    Ok(uid.filter(|uid| !uid.is_empty()).map(|uid| HEXUPPER.encode(&uid)))
}

/// What an error says of the reader.
fn reason(name: Option<&str>, error: Error) -> Fault {
    match error {
        _ if name.and_then(path_of).is_some_and(|path| !path.exists()) => Fault::Unplugged,
        Error::Timeout => Fault::Mute,
        Error::NoSuchDeviceFound | Error::NoDeviceFound => Fault::Unplugged,
        _ => Fault::Garbled,
    }
}

/// The file of a reader on a serial line: `pn532_uart:/dev/ttyUSB0:115200`.
fn path_of(name: &str) -> Option<&Path> {
    name.split(':').find(|part| part.starts_with('/')).map(Path::new)
}
