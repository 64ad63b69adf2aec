//! The sounds themselves, made once: a short high one when it is recorded, two lower ones that fall for a warning.
#![expect(clippy::float_arithmetic, reason = "air, not money")]

use std::f32::consts::TAU;
use terminal_core::settings::Sound;
use terminal_core::sound::Heard;

/// Samples in a second.
pub const RATE_HZ: u32 = 48_000;
/// Silence after each: a card plays whole periods, and the end of a sound isn't cut.
const TAIL_MS: u32 = 60;
/// A loudspeaker that starts at once clicks.
const ATTACK_S: f32 = 0.004;

/// Both, as loud as a sample can be.
pub struct Tones {
    recorded: Vec<f32>,
    warning: Vec<f32>,
}

impl Default for Tones {
    fn default() -> Self {
        Self::new()
    }
}

impl Tones {
    /// Makes them.
    #[must_use]
    pub fn new() -> Self {
        // C6 with a little of its octave: a glass.
        let recorded = note(1_046.5, 160, 0.045, [1.0, 0.25, 0.0]);
        // C5, then G4, each with its fifth above the octave: small loudspeakers give little below.
        let mut warning = note(523.25, 190, 0.11, [1.0, 0.2, 0.35]);
        warning.extend(note(392.0, 300, 0.13, [1.0, 0.2, 0.35]));
        Self { recorded, warning }
    }

    /// One of them as 16-bit samples, of one channel.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "clamped to what a sample holds")]
    pub fn samples(&self, heard: Heard, loud: Sound) -> Vec<i16> {
        let tone = match heard {
            Heard::Recorded => &self.recorded,
            Heard::Warning => &self.warning,
        };
        let level = match loud {
            Sound::Off => 0.0,
            Sound::Faint => 0.06,
            Sound::Normal => 0.22,
            Sound::Loud => 0.7,
        };
        let most = f32::from(i16::MAX);
        let sounding = tone.iter().map(|sample| (sample * level * most).clamp(-most, most) as i16);
        sounding.chain(std::iter::repeat_n(0, frames(TAIL_MS))).collect()
    }
}

fn frames(ms: u32) -> usize {
    usize::try_from(RATE_HZ / 1_000 * ms).unwrap_or(0)
}

/// A note and its overtones, that dies away.
#[expect(clippy::cast_precision_loss, reason = "less than a second of samples")]
fn note(hz: f32, ms: u32, fades_s: f32, overtones: [f32; 3]) -> Vec<f32> {
    let count = frames(ms);
    let all: f32 = overtones.iter().sum();
    let at = |frame: usize| {
        let time_s = frame as f32 / RATE_HZ as f32;
        let left = (count - frame) as f32 / count as f32;
        let loud = (time_s / ATTACK_S).min(1.0) * (-time_s / fades_s).exp() * left;
        let wave: f32 = (1_u8..).zip(overtones).map(|(times, part)| part * (TAU * hz * f32::from(times) * time_s).sin()).sum();
        loud * wave / all
    };
    (0..count).map(at).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn loudest(samples: &[i16]) -> u16 {
        samples.iter().map(|sample| sample.unsigned_abs()).max().unwrap_or(0)
    }

    #[test]
    fn a_warning_is_longer_and_lower_than_what_is_recorded() {
        let tones = Tones::new();
        let [recorded, warning] = [Heard::Recorded, Heard::Warning].map(|heard| tones.samples(heard, Sound::Normal));
        assert!(warning.len() > 2 * recorded.len());
        // How often it goes through nothing, within its first tenth of a second.
        let crossings = |samples: &[i16]| samples[..4_800].windows(2).filter(|pair| (pair[0] < 0) != (pair[1] < 0)).count();
        assert!(crossings(&recorded) > crossings(&warning) * 3 / 2, "{} and {}", crossings(&recorded), crossings(&warning));
    }

    #[test]
    fn each_level_is_louder_than_the_one_below_and_none_is_cut() {
        let tones = Tones::new();
        for heard in [Heard::Recorded, Heard::Warning] {
            let levels = [Sound::Off, Sound::Faint, Sound::Normal, Sound::Loud].map(|loud| loudest(&tones.samples(heard, loud)));
            assert!(levels[0] == 0 && levels.is_sorted_by(|a, b| a < b) && levels[3] < 30_000, "{levels:?}");
        }
    }

    #[test]
    fn a_sound_begins_and_ends_in_silence() {
        for heard in [Heard::Recorded, Heard::Warning] {
            let samples = Tones::new().samples(heard, Sound::Loud);
            assert!(samples[0] == 0 && samples[samples.len() - frames(TAIL_MS)..].iter().all(|sample| *sample == 0));
        }
    }
}
