//! The machine's loudspeaker by ALSA, which desktops lead to PipeWire: opened for one sound, and let go.

use std::fmt;
use std::time::{Duration, Instant};

use super::RATE_HZ;

/// What the system sounds by, whichever that is.
pub const SYSTEM: &str = "default";
/// A card that takes nothing for so long takes nothing any more.
const TAKES_MS: u32 = 500;
/// How often it is asked whether it has ended.
const LOOKS_EVERY: Duration = Duration::from_millis(10);
/// Longer than any of our sounds.
const ENDS_WITHIN: Duration = Duration::from_secs(2);

/// Why nothing is heard.
#[derive(Debug)]
pub struct NotHeard(String);

impl fmt::Display for NotHeard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for NotHeard {}

/// Opens a device by ALSA's name for it, plays samples of one channel, and closes it. Without any it only looks whether it opens.
///
/// # Errors
/// No such device, or another program holds it, or it stopped taking samples.
#[cfg(target_os = "linux")]
pub fn play(device: &str, samples: &[i16]) -> Result<(), NotHeard> {
    use alsa::{Direction, Output, PCM, ValueOr, pcm};
    // What the library would write to the standard error for each card that isn't there.
    let _said = Output::local_error_handler();
    let not_heard = |error: alsa::Error| NotHeard(error.to_string());
    // Without waiting: a card that another program holds is said to be taken.
    let card = PCM::new(device, Direction::Playback, true).map_err(not_heard)?;
    {
        let wanted = pcm::HwParams::any(&card).map_err(not_heard)?;
        wanted.set_access(pcm::Access::RWInterleaved).map_err(not_heard)?;
        wanted.set_format(pcm::Format::s16()).map_err(not_heard)?;
        wanted.set_channels(1).map_err(not_heard)?;
        wanted.set_rate(RATE_HZ, ValueOr::Nearest).map_err(not_heard)?;
        card.hw_params(&wanted).map_err(not_heard)?;
    }
    if samples.is_empty() {
        return Ok(());
    }
    let io = card.io_i16().map_err(not_heard)?;
    let mut left = samples;
    while !left.is_empty() {
        match io.writei(left) {
            Ok(taken) => left = left.get(taken..).unwrap_or_default(),
            Err(error) if error.errno() == nix::errno::Errno::EAGAIN as i32 => {
                if !card.wait(Some(TAKES_MS)).map_err(not_heard)? {
                    return Err(NotHeard("it takes nothing".into()));
                }
            }
            Err(error) => return Err(not_heard(error)),
        }
    }
    let since = Instant::now();
    // It answers at once, and says EAGAIN while it still sounds.
    while card.drain().is_err() && card.state() == pcm::State::Draining && since.elapsed() < ENDS_WITHIN {
        std::thread::sleep(LOOKS_EVERY);
    }
    Ok(())
}

/// Elsewhere the tablet is silent.
///
/// # Errors
/// Always.
#[cfg(not(target_os = "linux"))]
pub fn play(_: &str, _: &[i16]) -> Result<(), NotHeard> {
    Err(NotHeard("no sound on this system yet".into()))
}
