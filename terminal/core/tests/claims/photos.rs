//! Photos: last of all, sealed on disk, and gone with the item that showed them.

use crate::fixture::*;
use crate::server::{Fault, Wire};
use crate::sync::{Tablet, wire};
use proptest::prelude::*;
use sha2::{Digest, Sha256};
use shared::wire::{ChangeBody, PHOTO_BYTES_MAX};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use tempfile::tempdir;
use terminal_core::door::Door;
use terminal_core::store::{Identity, LineState, NoFaults, Store};
use terminal_core::sync::photos::PHOTOS_A_ROUND_MAX;
use terminal_core::sync::shell::Shell;
use terminal_core::sync::transport::{Answer, LineFailure, Request, Transport};
use terminal_core::view::Act;

const PHOTO: &str = "/sync/v1/photo";

/// Bytes as those of a picture of that many: none like another's.
pub fn a_picture(number: u16, length: usize) -> Vec<u8> {
    let block = |at: usize| Sha256::digest(format!("{number} {at}")).to_vec();
    let noise = (0..length.div_ceil(32)).flat_map(block);
    [0xff, 0xd8, 0xff].into_iter().chain(noise).take(length).collect()
}

/// The server has a photo of a child.
pub fn shows(wire: &Wire, number: u16, jpeg: &[u8]) {
    wire.put(with_photo(number, Sha256::digest(jpeg).into()));
    wire.server.lock().unwrap().photos.insert(Sha256::digest(jpeg).into(), jpeg.to_vec());
}

pub fn files(dir: &Path) -> Vec<PathBuf> {
    let folder = dir.join("photos");
    if folder.is_dir() { crate::second_copy::files(&folder) } else { Vec::new() }
}

fn asked(wire: &Wire) -> usize {
    wire.paths().iter().filter(|path| *path == PHOTO).count()
}

fn photo(tablet: &Tablet, number: u16) -> Option<Vec<u8>> {
    tablet.door.store().photo_of(child(number)).unwrap()
}

#[test]
fn a_photo_comes_after_the_roster_and_no_byte_of_it_lies_open_in_the_folder() {
    let (dir, wire) = (tempdir().unwrap(), wire());
    let mut tablet = Tablet::new(dir.path(), 1, &wire, wednesday("07:40"));
    let jpeg = a_picture(LEA, 30_000);
    shows(&wire, LEA, &jpeg);
    assert_eq!(tablet.sync(wednesday("07:41")), Some(LineState::Online));
    assert_eq!(wire.paths().last().map(String::as_str), Some(PHOTO));
    assert!(photo(&tablet, LEA) == Some(jpeg.clone()));
    assert_eq!(photo(&tablet, TOM), None);
    tablet.sync(wednesday("07:42"));
    assert_eq!(asked(&wire), 1, "fetched when lacking, never again");

    drop(tablet);
    let hash: [u8; 32] = Sha256::digest(&jpeg).into();
    for file in files(dir.path()) {
        let mode = std::fs::metadata(&file).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600);
    }
    for file in crate::second_copy::files(dir.path()) {
        let bytes = std::fs::read(&file).unwrap();
        let holds = |needle: &[u8]| bytes.windows(needle.len()).any(|w| w == needle);
        assert!(!holds(&jpeg[..16]) && !holds(&jpeg[15_000..15_016]), "{}", file.display());
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        assert!(!name.contains(&data_encoding::HEXLOWER.encode(&hash[..8])), "a name tells nothing of the picture: {name}");
    }
}

#[test]
fn a_withdrawn_consent_or_a_child_who_left_takes_the_photo_along() {
    let (dir, wire) = (tempdir().unwrap(), wire());
    let mut tablet = Tablet::new(dir.path(), 1, &wire, wednesday("07:40"));
    for number in [LEA, TOM, AYA] {
        shows(&wire, number, &a_picture(number, 9_000));
    }
    tablet.sync(wednesday("07:41"));
    assert_eq!(files(dir.path()).len(), 3);
    wire.put(only_a_child(LEA, "Léa"));
    tablet.sync(wednesday("07:42"));
    assert_eq!((files(dir.path()).len(), photo(&tablet, LEA)), (2, None));
    wire.server.lock().unwrap().change(ChangeBody::Remove(format!("child:{}", child(TOM))));
    tablet.sync(wednesday("07:43"));
    assert_eq!(files(dir.path()).len(), 1);
    // A whole new roster, in which Aya's has been taken back.
    let shown = Sha256::digest(a_picture(AYA, 9_000)).into();
    let mut server = wire.server.lock().unwrap();
    let hers = |body: &ChangeBody| matches!(body, ChangeBody::Put(item) if item.photo() == Some(shown));
    server.changes.retain(|change| !hers(&change.body));
    server.epoch = "epoch-2".into();
    drop(server);
    tablet.sync(wednesday("07:44"));
    assert!(files(dir.path()).is_empty());
}

#[test]
fn a_photo_that_a_power_cut_kept_from_going_goes_with_the_next_start() {
    let (dir, wire) = (tempdir().unwrap(), wire());
    let mut tablet = Tablet::new(dir.path(), 1, &wire, wednesday("07:40"));
    shows(&wire, LEA, &a_picture(LEA, 9_000));
    tablet.sync(wednesday("07:41"));
    let kept = std::fs::read(&files(dir.path())[0]).unwrap();
    let path = files(dir.path()).remove(0);
    wire.put(only_a_child(LEA, "Léa"));
    tablet.sync(wednesday("07:42"));
    drop(tablet);
    std::fs::write(&path, kept).unwrap();
    std::fs::write(path.with_extension("new"), b"half").unwrap();
    let store = Store::open(dir.path(), Arc::new(NoFaults)).unwrap();
    Shell::new(store.second().unwrap(), wire, 1).unwrap();
    assert!(files(dir.path()).is_empty());
}

#[test]
fn another_sites_tablet_holds_no_photo_of_the_one_before() {
    let (dir, wire) = (tempdir().unwrap(), wire());
    let mut tablet = Tablet::new(dir.path(), 1, &wire, wednesday("07:40"));
    shows(&wire, LEA, &a_picture(LEA, 9_000));
    tablet.sync(wednesday("07:41"));
    assert_eq!(files(dir.path()).len(), 1);
    drop(tablet);
    let mut store = Store::open(dir.path(), Arc::new(NoFaults)).unwrap();
    let old = store.journal.identity().unwrap().unwrap();
    store.enrol(&Identity { site: shared::id::SiteId(uuid::Uuid::from_u128(7)), device: device(5), ..old }).unwrap();
    assert!(files(dir.path()).is_empty());
}

#[test]
fn the_key_of_another_life_opens_nothing_and_a_damaged_photo_is_fetched_again() {
    let (dir, wire) = (tempdir().unwrap(), wire());
    let mut tablet = Tablet::new(dir.path(), 1, &wire, wednesday("07:40"));
    let jpeg = a_picture(LEA, 9_000);
    shows(&wire, LEA, &jpeg);
    tablet.sync(wednesday("07:41"));
    let path = files(dir.path()).remove(0);
    let whole = std::fs::read(&path).unwrap();
    for (at, flipped) in [(0, 1), (5, 1), (30, 0x80), (whole.len() - 1, 1)] {
        let mut bytes = whole.clone();
        bytes[at] ^= flipped;
        std::fs::write(&path, bytes).unwrap();
        assert_eq!(photo(&tablet, LEA), None, "byte {at}");
        assert!(!path.exists(), "dropped");
        tablet.sync(wednesday("07:42"));
        assert!(photo(&tablet, LEA) == Some(jpeg.clone()));
    }
    std::fs::write(&path, b"").unwrap();
    tablet.sync(wednesday("07:43"));
    assert!(photo(&tablet, LEA) == Some(jpeg), "an empty file is no photo");
    let before = files(dir.path());
    // The folder's photos under another secret: what a copied folder without its key is worth.
    drop(tablet);
    let other = tempdir().unwrap();
    let mut stranger = Store::open(other.path(), Arc::new(NoFaults)).unwrap();
    enrol(&mut stranger, 2, vec![with_photo(LEA, Sha256::digest(a_picture(LEA, 9_000)).into())]);
    std::fs::create_dir(other.path().join("photos")).unwrap();
    let hash: [u8; 32] = Sha256::digest(a_picture(LEA, 9_000)).into();
    assert!(!stranger.photos().unwrap().holds(&hash));
    for file in before {
        // Even under the name that the stranger's key gives it.
        stranger.photos().unwrap().keep(&hash, &a_picture(LEA, 9_000)).unwrap();
        let named = files(other.path()).remove(0);
        std::fs::copy(file, named).unwrap();
    }
    assert_eq!(stranger.photo_of(child(LEA)).unwrap(), None);
}

#[test]
fn photos_come_a_few_a_round_and_the_next_round_soon() {
    let (dir, wire) = (tempdir().unwrap(), wire());
    let mut tablet = Tablet::new(dir.path(), 1, &wire, wednesday("07:40"));
    let count = u16::try_from(PHOTOS_A_ROUND_MAX * 2 + 1).unwrap();
    for number in 0..count {
        shows(&wire, 200 + number, &a_picture(number, 500));
    }
    let mut had = Vec::new();
    let mut soon = Vec::new();
    let now = wednesday("07:41");
    for _ in 0..4 {
        tablet.sync(now);
        had.push(files(dir.path()).len());
        soon.push(tablet.shell.next_at_ms() - now.boottime_ms < 2_000);
    }
    assert_eq!(had, [16, 32, 33, 33]);
    assert_eq!(soon, [true, true, false, false]);
    // Each round pushed and pulled first.
    let paths = wire.paths();
    let pulls: Vec<usize> = (0..paths.len()).filter(|at| paths[*at].ends_with("pull")).collect();
    assert_eq!(pulls.len(), 4);
    assert!(pulls.windows(2).all(|two| two[1] - two[0] <= 1 + PHOTOS_A_ROUND_MAX));
}

/// A line on which a child is touched while a photo comes.
struct Touched {
    wire: Wire,
    door: Arc<Mutex<Door>>,
    touched: bool,
}

impl Transport for Touched {
    fn send(&mut self, request: &Request) -> Result<Answer, LineFailure> {
        if request.path == PHOTO && !self.touched {
            self.touched = true;
            self.door.lock().unwrap().act(wednesday("07:42"), Act::Touch(child(LEA)));
        }
        self.wire.send(request)
    }
}

#[test]
fn a_touch_waits_for_one_photo_at_most() {
    let (dir, wire) = (tempdir().unwrap(), wire());
    let mut store = Store::open(dir.path(), Arc::new(NoFaults)).unwrap();
    enrol(&mut store, 1, roster());
    wire.knows(1, store.key().verifying_key());
    for number in [NOE, INES, ZOE] {
        shows(&wire, number, &a_picture(number, 9_000));
    }
    let second = store.second().unwrap();
    let door = Arc::new(Mutex::new(Door::open(store, wednesday("07:40")).unwrap()));
    let line = Touched { wire: wire.clone(), door: Arc::clone(&door), touched: false };
    let mut shell = Shell::new(second, line, 1).unwrap();
    shell.round(&|| wednesday("07:42"), true);
    shell.round(&|| wednesday("07:42"), false);
    let paths = wire.paths();
    let first = paths.iter().position(|path| path == PHOTO).unwrap();
    assert_eq!(paths[first + 1], "/sync/v1/push", "{paths:?}");
    assert_eq!(asked(&wire), 3, "and the others come after it");
}

#[test]
fn what_comes_instead_of_a_photo_is_never_kept_nor_asked_for_at_each_round() {
    let (dir, wire) = (tempdir().unwrap(), wire());
    let mut tablet = Tablet::new(dir.path(), 1, &wire, wednesday("07:40"));
    let jpeg = a_picture(LEA, 30_000);
    let answer = |status, body: &[u8]| Answer { status, body: body.to_vec() };
    let too_large = a_picture(1, PHOTO_BYTES_MAX + 1);
    let lies = [
        answer(200, b"<html>Bienvenue</html>"),
        answer(200, &jpeg[..29_999]),
        answer(200, &[jpeg.clone(), vec![0]].concat()),
        answer(200, &a_picture(TOM, 30_000)),
        answer(200, b""),
        answer(404, br#"{"code":"photo_inconnue","message":"non"}"#),
        answer(500, b"?"),
    ];
    shows(&wire, LEA, &jpeg);
    let mut others = 0;
    for (hour, lie) in (10..).zip(lies) {
        // A new session asks once more.
        let now = later(wednesday("07:00"), hour * 3_700_000);
        wire.server.lock().unwrap().photo_lies = vec![lie];
        shows(&wire, 200 + others, &a_picture(200 + others, 500));
        others += 1;
        let before = asked(&wire);
        assert_eq!(tablet.sync(now), Some(LineState::Online));
        assert_eq!(tablet.sync(now), Some(LineState::Online));
        assert_eq!(asked(&wire) - before, 2, "another child's is asked for behind it");
        assert_eq!((photo(&tablet, LEA), files(dir.path()).len()), (None, usize::from(others)), "and kept");
    }
    // A picture above the limit isn't taken, though its hash be right.
    shows(&wire, TOM, &too_large);
    tablet.sync(thursday("12:00"));
    assert!(photo(&tablet, TOM).is_none());
    assert!(photo(&tablet, LEA) == Some(jpeg), "the right one comes in the end");
}

#[test]
fn a_folder_without_room_costs_photos_and_no_entry() {
    let (dir, wire) = (tempdir().unwrap(), wire());
    let mut tablet = Tablet::new(dir.path(), 1, &wire, wednesday("07:40"));
    // Where the folder should be, nothing can be written.
    std::fs::write(dir.path().join("photos"), b"").unwrap();
    for number in [NOE, INES, ZOE] {
        shows(&wire, number, &a_picture(number, 9_000));
    }
    tablet.door.act(wednesday("07:41"), Act::Touch(child(LEA)));
    assert_eq!(tablet.sync(wednesday("07:41")), Some(LineState::Online));
    assert_eq!(tablet.unsent(wednesday("07:41")), 0);
    assert_eq!(tablet.sync(wednesday("07:42")), Some(LineState::Online));
    assert_eq!(asked(&wire), 1, "one is enough to know");
    std::fs::remove_file(dir.path().join("photos")).unwrap();
    tablet.sync(wednesday("07:59"));
    assert_eq!(files(dir.path()).len(), 3);
    // The reserve is gone: what little room there is belongs to entries.
    std::fs::remove_file(dir.path().join("reserve")).unwrap();
    shows(&wire, TOM, &a_picture(TOM, 9_000));
    tablet.sync(wednesday("08:01"));
    assert_eq!((files(dir.path()).len(), asked(&wire)), (3, 4));
}

/// Mostly none: a photo is only asked for behind three answers that came.
fn fault() -> impl Strategy<Value = Fault> {
    let bad = prop_oneof![Just(Fault::Cut), Just(Fault::LostReply), Just(Fault::Expired), Just(Fault::WelcomePage)];
    prop_oneof![3 => Just(Fault::Fine), 1 => bad]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn however_the_line_breaks_photos_come_whole_or_not_at_all(
        faults in prop::collection::vec(fault(), 0..40),
        sizes in prop::collection::vec(1_usize..5_000, 1..10),
    ) {
        let (dir, wire) = (tempdir().unwrap(), wire());
        let mut tablet = Tablet::new(dir.path(), 1, &wire, wednesday("07:40"));
        let pictures: Vec<(u16, Vec<u8>)> = (1_u16..).zip(&sizes).map(|(number, size)| (number, a_picture(number, *size))).collect();
        for (number, jpeg) in &pictures {
            shows(&wire, *number, jpeg);
        }
        wire.will(&faults);
        let mut now = wednesday("07:41");
        for _ in 0..42 {
            // An hour: each round has a session of its own.
            now = later(now, 3_600_000);
            tablet.sync(now);
            for (number, jpeg) in &pictures {
                prop_assert!(photo(&tablet, *number).is_none_or(|held| held == *jpeg));
            }
        }
        for (number, jpeg) in &pictures {
            prop_assert!(photo(&tablet, *number) == Some(jpeg.clone()));
        }
    }
}
