//! What is heard: once it is on disk, and otherwise where it isn't. Without a loudspeaker, but for ALSA's own file.

use std::sync::mpsc::{Receiver, Sender, channel};

use tempfile::TempDir;
use terminal_app::desk::Tablet;
use terminal_app::door_thread::Desk;
use terminal_app::sound::{Speaker, Tones, play};
use terminal_core::clock::{Clock, SystemClock};
use terminal_core::settings::Sound;
use terminal_core::sound::Heard;
use terminal_core::store::{Peek, Tpm};
use terminal_core::view::{Act, Dialog};

use crate::site;

/// Hears, and writes down how much lay on the disk then.
struct Listening {
    data: std::path::PathBuf,
    heard: Sender<(Heard, Sound, u32)>,
}

impl Speaker for Listening {
    fn sound(&mut self, heard: Heard, loud: Sound) {
        let on_disk = Peek::open(&self.data).unwrap().journal.queue().unwrap().unsent;
        self.heard.send((heard, loud, on_disk)).unwrap();
    }
}

fn tablet() -> (Tablet, Receiver<(Heard, Sound, u32)>, TempDir) {
    let data = tempfile::tempdir().unwrap();
    let door = site::door_with(data.path(), site::wednesday("08:27"), 1, site::roster());
    // Heard by this machine's clock, which the desk reads: what wasn't heard for days is locked, and silent.
    door.store().second().unwrap().roster.set_heard(SystemClock::new().unwrap().now()).unwrap();
    drop(door);
    let (heard, hearing) = channel();
    let tablet = Tablet::at(data.path().to_owned(), Tpm::none()).heard_by(Listening { data: data.path().to_owned(), heard });
    (tablet, hearing, data)
}

#[test]
fn what_is_recorded_sounds_once_and_only_when_it_is_on_disk() {
    let (mut tablet, hearing, data) = tablet();
    tablet.tick();
    assert_eq!(hearing.try_iter().count(), 0, "nobody did anything");
    let before = Peek::open(data.path()).unwrap().journal.queue().unwrap().unsent;
    tablet.act(Act::Arrive(site::child(site::LEA)));
    let heard: Vec<_> = hearing.try_iter().collect();
    assert_eq!(heard.len(), 1, "{heard:?}");
    assert_eq!((heard[0].0, heard[0].1), (Heard::Recorded, Sound::Normal));
    assert!(heard[0].2 > before, "it was on disk when it was heard");
    tablet.tick();
    tablet.act(Act::Search("lé".into()));
    assert_eq!(hearing.try_iter().count(), 0, "time and letters are silent");
}

#[test]
fn an_unknown_card_warns_each_time_and_so_does_a_barred_adult() {
    let (mut tablet, hearing, _data) = tablet();
    for _ in 0..2 {
        tablet.act(Act::Badge("04DEADBEEF0001".into()));
        assert_eq!(hearing.try_iter().map(|(heard, ..)| heard).collect::<Vec<_>>(), [Heard::Warning]);
    }
    let screen = tablet.act(Act::Badge(site::KARIM_CARD.into()));
    assert!(matches!(screen.dialog, Some(Dialog::Barred(_))), "{:?}", screen.notice);
    assert_eq!(hearing.try_iter().map(|(heard, ..)| heard).collect::<Vec<_>>(), [Heard::Warning]);
}

#[test]
fn alsa_is_given_the_very_samples_and_a_machine_without_a_card_is_told_from_one() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("entendu.raw");
    for heard in [Heard::Recorded, Heard::Warning] {
        let samples = Tones::new().samples(heard, Sound::Normal);
        play(&format!("file:{}", path.display()), &samples).unwrap();
        let written: Vec<i16> = std::fs::read(&path).unwrap().chunks_exact(2).map(|two| i16::from_le_bytes([two[0], two[1]])).collect();
        assert!(samples.iter().any(|sample| *sample > 1_000));
        assert!(written.starts_with(&samples), "{} of {}", written.len(), samples.len());
    }
    assert!(play("hw:31", &[]).is_err());
}
