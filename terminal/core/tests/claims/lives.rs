//! A tablet that is enrolled anew: at its site it keeps what it has not sent, at another one it begins empty.

use crate::enrolment::{CODE, Office, try_enrol};
use crate::fixture::*;
use crate::server::Wire;
use crate::sync::{Tablet, ids, wire};
use shared::id::{EntryId, SiteId};
use shared::journal::{StoredEntry, verify};
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use tempfile::tempdir;
use terminal_core::commands::enrol::Enrolled;
use terminal_core::store::{Identity, LineState, NoFaults, Store, public_key_of};
use terminal_core::view::Act;

const LILAS: (SiteId, &str) = (SiteId(uuid::Uuid::from_u128(0x11_1a5)), "Crèche des Lilas");

/// The office that has no use any more for the key of a folder's tablet.
fn office(dir: &Path, why: &'static str) -> Office {
    let store = Store::open(dir, Arc::new(NoFaults)).unwrap();
    let device = store.journal.identity().unwrap().unwrap().device;
    Office { number: 2, unwanted: Some((device, store.key().verifying_key(), why)), ..Office::new(CODE) }
}

fn holds(dir: &Path, needle: &[u8]) -> Vec<String> {
    let found =
        crate::second_copy::files(dir).into_iter().filter(|path| std::fs::read(path).unwrap().windows(needle.len()).any(|w| w == needle));
    found.map(|path| path.file_name().unwrap().to_string_lossy().into_owned()).collect()
}

fn touches(tablet: &mut Tablet, numbers: &[u16]) -> Vec<EntryId> {
    let mut sealed = Vec::new();
    for number in numbers {
        tablet.door.act(wednesday("07:42"), Act::Arrive(child(*number)));
        sealed.extend(tablet.door.last_recorded().to_vec());
    }
    assert_eq!(sealed.len(), numbers.len());
    sealed
}

/// Office and server are one: what the one enrolled, the other knows.
fn wakes(dir: &Path, number: u16, wire: &Wire) -> Tablet {
    Tablet::over(Store::open(dir, Arc::new(NoFaults)).unwrap(), number, wire, wednesday("08:00"))
}

#[test]
fn a_tablet_that_exists_twice_comes_back_under_a_new_key_and_hands_in_what_it_kept() {
    let (dir, wire) = (tempdir().unwrap(), wire());
    roster().into_iter().for_each(|item| wire.put(item));
    let mut tablet = Tablet::new(dir.path(), 1, &wire, wednesday("07:40"));
    let kept = touches(&mut tablet, &[LEA, TOM]);
    drop(tablet);
    let office = office(dir.path(), "tablette_en_double");
    let old_secret = std::fs::read(dir.path().join("device.key")).unwrap();

    let Enrolled { device: named, already, .. } = try_enrol(dir.path(), &office, CODE).unwrap();
    assert_eq!((named, already), (device(2).to_string(), false));
    assert_eq!(*office.succeeded.lock().unwrap(), Some(device(1)), "the old key vouched for the new one");
    assert_eq!(holds(dir.path(), &old_secret), Vec::<String>::new(), "the old secret is gone");
    assert!(!dir.path().join("device.key.next").exists());
    let again = try_enrol(dir.path(), &office, CODE).unwrap();
    assert_eq!((again.device, again.already), (device(2).to_string(), true), "repeating it is harmless");

    let mut tablet = wakes(dir.path(), 2, &wire);
    assert_eq!((tablet.unsent(wednesday("08:00")), tablet.door.store().journal.head().unwrap()), (2, None));
    let new = touches(&mut tablet, &[AYA]);
    let place = tablet.door.store().journal.head().unwrap().unwrap().place;
    assert_eq!((place.device, place.epoch, place.seq), (device(2), 1, 1), "a chain of its own, from its beginning");
    assert_eq!(tablet.sync(wednesday("08:01")), Some(LineState::Online));
    assert_eq!((ids(&wire), tablet.unsent(wednesday("08:02"))), ([kept, new].concat(), 0));
    verified(&wire);
    let all = tablet.door.store().journal.all().unwrap();
    assert_eq!(all.iter().filter(|(_, author)| author.is_none()).count(), 1, "the old key stands beside what it signed");
}

/// Every chain that the server holds is whole.
fn verified(wire: &Wire) {
    let server = wire.server.lock().unwrap();
    let stored = server.entries.iter().map(|s| StoredEntry { envelope: &s.envelope, signature: &s.signature, private: s.private.as_ref() });
    let report = verify(stored, &server.keys);
    assert!(report.is_whole() && report.forks.is_empty(), "{report:?}");
}

#[test]
fn a_power_cut_between_the_journal_and_the_key_is_mended_at_the_next_start() {
    let dir = tempdir().unwrap();
    drop(door_in(dir.path(), wednesday("07:40")));
    let mut store = Store::open(dir.path(), Arc::new(NoFaults)).unwrap();
    let next = store.next_key().unwrap();
    assert_eq!(store.next_key().unwrap(), next, "whoever tries again comes with the same key");
    let identity = store.journal.identity().unwrap().unwrap();
    store.journal.enrol(&Identity { device: device(2), public_key: public_key_of(&next), ..identity }).unwrap();
    drop(store);
    let store = Store::open(dir.path(), Arc::new(NoFaults)).unwrap();
    assert_eq!((store.key(), store.is_between_lives().unwrap()), (&next, false));
    drop(store);
    // And before the journal: the old life goes on, and the next try comes with the key that was prepared.
    let store = Store::open(dir.path(), Arc::new(NoFaults)).unwrap();
    let prepared = store.next_key().unwrap();
    drop(store);
    let store = Store::open(dir.path(), Arc::new(NoFaults)).unwrap();
    assert_eq!((store.key(), store.next_key().unwrap() == prepared), (&next, true));
}

#[test]
fn a_tablet_leaves_its_site_only_when_nothing_waits_and_takes_nothing_along() {
    let (dir, wire) = (tempdir().unwrap(), wire());
    let mut tablet = Tablet::new(dir.path(), 1, &wire, wednesday("07:40"));
    touches(&mut tablet, &[LEA]);
    leaves_with_a_stranger(&mut tablet.door, wednesday("16:30"), LEA, "Camille Tanguy");
    drop(tablet);
    let there = Office { site: LILAS, ..office(dir.path(), "tablette_deja_enrolee") };
    let refused = try_enrol(dir.path(), &there, CODE).unwrap_err();
    assert!(refused.to_string().starts_with("Cette tablette est enrôlée pour École Vauban et garde 2 pointages que ce serveur n'a pas."));
    assert_eq!((refused.exit_code(), there.is_bound()), (2, false), "said before anything is bound there");
    assert_eq!(Store::open(dir.path(), Arc::new(NoFaults)).unwrap().journal.queue().unwrap().unsent, 2, "and nothing is lost here");

    // Nor by a server that doesn't tell its site beforehand: the refusal comes before anything is forgotten.
    let mut store = Store::open(dir.path(), Arc::new(NoFaults)).unwrap();
    let identity = store.journal.identity().unwrap().unwrap();
    store.enrol(&Identity { site: LILAS.0, device: device(2), ..identity }).unwrap_err();
    assert!(!store.roster.items(date("2026-10-14")).unwrap().is_empty());
    drop(store);

    let mut tablet = wakes(dir.path(), 1, &wire);
    assert_eq!(tablet.sync(wednesday("16:32")), Some(LineState::Online));
    drop(tablet);
    for damaged in ["journal.db.corrompu-1", "roster.db.corrompu-1"] {
        std::fs::write(dir.path().join(damaged), "Odette").unwrap();
    }
    let moved = try_enrol(dir.path(), &there, CODE).unwrap();
    assert_eq!((moved.site_name.as_str(), moved.device), ("Crèche des Lilas", device(2).to_string()));
    assert_eq!(*there.succeeded.lock().unwrap(), None, "another site's tablet goes on for nobody");
    for name in ["Tanguy", "Léa", "Odette", "Vauban", "Benali", FAMILY_CARD] {
        assert_eq!(holds(dir.path(), name.as_bytes()), Vec::<String>::new(), "{name}");
    }
    assert_eq!(holds(dir.path(), child(LEA).0.as_bytes()), Vec::<String>::new());
    let store = Store::open(dir.path(), Arc::new(NoFaults)).unwrap();
    assert_eq!((store.journal.all().unwrap().len(), store.roster.cursor().unwrap()), (0, 0));
}

#[test]
fn a_server_that_lost_entries_is_offered_those_of_the_life_that_it_counts_and_after_a_restore_those_of_all() {
    let (dir, wire) = (tempdir().unwrap(), wire());
    roster().into_iter().for_each(|item| wire.put(item));
    let mut tablet = Tablet::new(dir.path(), 1, &wire, wednesday("07:40"));
    let mut all: BTreeSet<EntryId> = touches(&mut tablet, &[LEA, TOM, AYA]).into_iter().collect();
    tablet.sync(wednesday("07:43"));
    drop(tablet);
    try_enrol(dir.path(), &office(dir.path(), "tablette_en_double"), CODE).unwrap();
    let mut tablet = wakes(dir.path(), 2, &wire);
    all.extend(touches(&mut tablet, &[NOE]));
    tablet.sync(wednesday("08:01"));
    assert_eq!(tablet.door.store().journal.acknowledged_up_to(1).unwrap(), 1, "what the life before sent doesn't count here");
    // The number of this life falls: the server says that it holds all else.
    wire.server.lock().unwrap().restore(3, "epoch-1");
    tablet.sync(wednesday("08:02"));
    assert_eq!(ids(&wire).len(), 4);
    wire.server.lock().unwrap().restore(0, "epoch-of-the-backup");
    tablet.sync(wednesday("08:03"));
    assert_eq!(ids(&wire).into_iter().collect::<BTreeSet<_>>(), all);
    verified(&wire);
}
