//! The tablet's key at rest: in the machine's chip where it has one, and through every power cut on its way there.

use crate::chip::Chip;
use crate::enrolment::{CODE, Office};
use crate::fixture::*;
use crate::second_copy::files;
use crate::sync::{Tablet, ids, wire};
use shared::journal::SigningKey;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tempfile::{TempDir, tempdir};
use terminal_core::commands::CommandError;
use terminal_core::commands::enrol::{KeyAtHand, enrol_on};
use terminal_core::commands::status::status;
use terminal_core::store::{FaultPoints, Identity, KeyPlace, KeyPoint, NoFaults, SealPoint, Store, StoreError, Tpm, public_key_of};
use terminal_core::view::Act;

fn tpm(chip: &Chip) -> Tpm {
    chip.setting().parse::<Tpm>().unwrap().by(chip.tools().join("systemd-creds"))
}

fn open(tpm: &Tpm, dir: &Path) -> Result<Store, StoreError> {
    Store::open_on(tpm, dir, Arc::new(NoFaults))
}

/// A folder of an enrolled tablet on a machine, and its key.
fn enrolled(tpm: &Tpm) -> (TempDir, SigningKey) {
    let dir = tempdir().unwrap();
    let mut store = open(tpm, dir.path()).unwrap();
    enrol(&mut store, 1, roster());
    let key = store.key().clone();
    (dir, key)
}

fn names(dir: &Path) -> Vec<String> {
    let mut names: Vec<String> = files(dir)
        .iter()
        .map(|path| path.file_name().unwrap().to_string_lossy().into_owned())
        .filter(|name| name.starts_with("device.") && name != "device.json")
        .collect();
    names.sort();
    names
}

fn holds(dir: &Path, secret: &[u8]) -> bool {
    files(dir).iter().any(|path| std::fs::read(path).unwrap().windows(secret.len()).any(|window| window == secret))
}

fn copied(dir: &Path) -> TempDir {
    let copy = tempdir().unwrap();
    for path in files(dir) {
        let to = copy.path().join(path.strip_prefix(dir).unwrap());
        std::fs::create_dir_all(to.parent().unwrap()).unwrap();
        std::fs::copy(&path, to).unwrap();
    }
    copy
}

#[test]
fn where_there_is_a_chip_no_file_of_the_folder_holds_the_secret() {
    let chip = Chip::new();
    let (dir, key) = enrolled(&tpm(&chip));
    assert_eq!((names(dir.path()), KeyPlace::of(dir.path())), (vec!["device.cred".to_owned()], Some(KeyPlace::Tpm)));
    assert!(!holds(dir.path(), &key.to_bytes()));
    assert_eq!(open(&tpm(&chip), dir.path()).unwrap().key(), &key, "and the chip opens it at the next start");
    assert!(status(dir.path()).unwrap().in_words().contains("scellée par la puce TPM 2.0"));
}

#[test]
fn a_key_in_a_file_moves_into_the_chip_that_is_found_and_the_office_is_told() {
    let (dir, key) = enrolled(&Tpm::none());
    assert!(holds(dir.path(), &key.to_bytes()));
    assert!(status(dir.path()).unwrap().in_words().contains("dans un fichier que seul le compte de la tablette peut lire"));
    let (chip, wire) = (Chip::new(), wire());
    let told = || wire.server.lock().unwrap().reports.pop().unwrap().key_storage;
    for (tpm, place) in [(Tpm::none(), "fichier"), (tpm(&chip), "tpm")] {
        let store = open(&tpm, dir.path()).unwrap();
        assert_eq!(store.key(), &key);
        Tablet::over(store, 1, &wire, wednesday("07:40")).sync(wednesday("07:41"));
        assert_eq!(told(), place);
    }
    assert_eq!(names(dir.path()), ["device.cred"]);
    assert!(!holds(dir.path(), &key.to_bytes()));
}

/// The power goes at a point of the key's way into the chip.
struct Cut(KeyPoint);

impl FaultPoints for Cut {
    fn pass(&self, _: SealPoint) {}
    fn pass_key(&self, point: KeyPoint) {
        assert_ne!(point, self.0, "the power goes");
    }
}

#[test]
fn the_power_may_go_at_any_point_of_a_keys_way_into_the_chip() {
    let chip = Chip::new();
    for point in KeyPoint::ALL {
        let (dir, key) = enrolled(&Tpm::none());
        let cut = std::panic::catch_unwind(|| Store::open_on(&tpm(&chip), dir.path(), Arc::new(Cut(point))).map(drop));
        assert!(cut.is_err(), "{point:?} is passed");
        let without = copied(dir.path());
        match open(&Tpm::none(), without.path()) {
            Ok(store) => assert!(point != KeyPoint::FileGone && store.key() == &key, "{point:?}: the file counts while it is there"),
            Err(error) => assert!(point == KeyPoint::FileGone && matches!(error, StoreError::KeySealed { .. }), "{point:?}: {error}"),
        }
        assert_eq!(open(&tpm(&chip), dir.path()).unwrap().key(), &key, "{point:?}");
        assert_eq!(KeyPlace::of(dir.path()), Some(KeyPlace::Tpm), "{point:?}");
        assert!(!holds(dir.path(), &key.to_bytes()), "{point:?}");
    }
}

#[test]
fn a_folder_that_was_copied_to_another_machine_opens_nothing_and_says_so() {
    let chip = Chip::new();
    let (dir, _) = enrolled(&tpm(&chip));
    let copy = copied(dir.path());
    let other = Chip::new();
    for machine in [tpm(&other), Tpm::none(), "auto".parse().unwrap()] {
        let refused = open(&machine, copy.path()).map(drop).unwrap_err();
        let said = refused.to_string();
        assert!(said.starts_with("Redémarrez") && said.contains("Rien n'a été effacé") && !said.contains("preau-terminal"), "{said}");
        let typed = CommandError::from(refused).to_string();
        assert!(typed.starts_with(&said) && typed.contains("--cle-perdue"), "{typed}");
    }
    assert_eq!(names(copy.path()), ["device.cred"], "no other key was made");
    assert!(status(copy.path()).unwrap().enrolled);
    assert!(open(&tpm(&chip), copy.path()).is_ok(), "nothing of it was changed");
}

#[test]
fn a_tablet_whose_chip_is_gone_comes_back_under_a_new_key_and_hands_in_what_it_kept() {
    let (gone, wire) = (Chip::new(), wire());
    roster().into_iter().for_each(|item| wire.put(item));
    let (dir, _) = enrolled(&tpm(&gone));
    let mut tablet = Tablet::over(open(&tpm(&gone), dir.path()).unwrap(), 1, &wire, wednesday("07:40"));
    tablet.door.act(wednesday("07:42"), Act::Arrive(child(LEA)));
    let kept = tablet.door.last_recorded().to_vec();
    drop((tablet, gone));

    let (board, office) = (Chip::new(), Office { number: 2, ..Office::new(CODE) });
    let come_back = |lost| {
        let at_hand = KeyAtHand { tpm: tpm(&board), lost };
        enrol_on(&at_hand, dir.path(), "http://preau.exemple.fr:8480", CODE, &office)
    };
    let refused = come_back(false).unwrap_err();
    assert!(refused.exit_code() == 3 && refused.to_string().contains("--cle-perdue"), "{refused}");
    assert!(!office.is_bound(), "a code isn't spent on a chip that may only be silent");
    assert_eq!(come_back(true).unwrap().device, device(2).to_string());
    assert_eq!(*office.succeeded.lock().unwrap(), None, "nobody can vouch for the new key");
    assert_eq!(names(dir.path()), ["device.cred"]);

    let store = open(&tpm(&board), dir.path()).unwrap();
    let mut tablet = Tablet::over(store, 2, &wire, wednesday("08:00"));
    tablet.door.act(wednesday("08:00"), Act::Arrive(child(TOM)));
    let new = tablet.door.last_recorded().to_vec();
    tablet.sync(wednesday("08:01"));
    assert_eq!((ids(&wire), tablet.unsent(wednesday("08:02"))), ([kept, new].concat(), 0));
}

#[test]
fn a_chip_that_does_not_answer_keeps_the_door_waiting_for_no_longer_than_its_patience() {
    let (dir, key) = enrolled(&Tpm::none());
    let chip = Chip::new();
    let sealed = copied(dir.path());
    drop(open(&tpm(&chip), sealed.path()).unwrap());
    chip.hang();
    let impatient = tpm(&chip).patient_for(Duration::from_millis(300));
    let begun = Instant::now();
    assert_eq!(open(&impatient, dir.path()).unwrap().key(), &key, "a key in its file needs no chip");
    let said = open(&impatient, sealed.path()).map(drop).unwrap_err().to_string();
    assert!(said.contains("la puce n'a pas répondu"), "{said}");
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
}

#[test]
fn a_machine_without_the_systems_tool_keeps_its_key_in_a_file() {
    let chip = Chip::new();
    let (dir, key) = enrolled(&tpm(&chip).by("/nowhere/systemd-creds"));
    assert_eq!((names(dir.path()), KeyPlace::of(dir.path())), (vec!["device.key".to_owned()], Some(KeyPlace::File)));
    assert_eq!(open(&Tpm::none(), dir.path()).unwrap().key(), &key);
}

#[test]
fn the_key_of_a_life_to_come_is_sealed_too_and_a_power_cut_between_the_journal_and_the_key_is_mended() {
    let chip = Chip::new();
    // From the chip to the chip, and from a file that was left beside it.
    for file_left in [false, true] {
        let (dir, old) = enrolled(&tpm(&chip));
        let mut store = open(&tpm(&chip), dir.path()).unwrap();
        let next = store.next_key().unwrap();
        assert_eq!(names(dir.path()), ["device.cred", "device.cred.next"]);
        assert!(!holds(dir.path(), &next.to_bytes()));
        let identity = store.journal.identity().unwrap().unwrap();
        store.journal.enrol(&Identity { device: device(2), public_key: public_key_of(&next), ..identity }).unwrap();
        drop(store);
        if file_left {
            std::fs::write(dir.path().join("device.key"), old.to_bytes()).unwrap();
            std::fs::rename(dir.path().join("device.cred.next"), dir.path().join("device.cred")).unwrap();
        }
        assert_eq!(open(&tpm(&chip), dir.path()).unwrap().key(), &next, "{file_left}");
        assert_eq!(names(dir.path()), ["device.cred"], "{file_left}");
        assert!(!holds(dir.path(), &old.to_bytes()), "{file_left}");
    }
}
