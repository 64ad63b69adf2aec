//! A tablet without a window, and what is asked of it after each fault.

use shared::id::{BootId, CentreId, ChildId, DeviceId, EntryId, OrganisationId, SiteId, uuid_v7};
use shared::journal::{Draft, Kind, Note, Payload, StoredEntry, VerifyingKey, verify};
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use tempfile::TempDir;
use terminal_core::store::{FaultPoints, Identity, NoFaults, Store, StoreError, public_key_of};
use uuid::Uuid;

pub const DEVICE: DeviceId = DeviceId(Uuid::from_u128(0xDE));
/// 14 October 2026, 7:42 in Paris.
const SEALED_AT_MS: i64 = 1_791_956_520_000;

/// A folder of an enrolled tablet that has sealed three batches and was closed.
pub fn enrolled() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    let mut store = Store::open(dir.path(), Arc::new(NoFaults)).unwrap();
    enrol(&mut store).unwrap();
    for batch in 0..3 {
        store.seal(&drafts(batch)).unwrap();
    }
    drop(store);
    dir
}

pub fn enrol(store: &mut Store) -> Result<(), StoreError> {
    let identity = Identity {
        device: DEVICE,
        site: SiteId(Uuid::from_u128(0x51)),
        site_name: "École Vauban".into(),
        organisations: vec![OrganisationId(Uuid::from_u128(0x0D))],
        epoch: 1,
        server_url: "https://localhost:1".into(),
        authority: vec![],
        public_key: public_key_of(store.key()),
    };
    store.journal.enrol(&identity)
}

/// How many entries a batch has: brothers and sisters are one transaction.
pub const BATCH: u16 = 3;

/// The same batch number makes the same drafts.
pub fn drafts(batch: u16) -> Vec<Draft> {
    (0..BATCH).map(|number| draft(batch * BATCH + number)).collect()
}

fn draft(number: u16) -> Draft {
    let [high, low] = number.to_be_bytes();
    let payload = Payload {
        about_child: Some(ChildId(uuid_v7(1, [1, 1, 1, 1, high, low, 1, 1, 1, 1]))),
        centre: Some(CentreId(Uuid::from_u128(0xA1))),
        boottime_ms: 1_000,
        boot: BootId(Uuid::from_u128(0xB0)),
        roster_version: 1,
        ..Payload::at(SEALED_AT_MS)
    };
    let notes = if number.is_multiple_of(5) { vec![Note { salt: [low; 32], text: format!("note {number}") }] } else { Vec::new() };
    Draft {
        organisation: OrganisationId(Uuid::from_u128(0x0D)),
        site: SiteId(Uuid::from_u128(0x51)),
        entry_id: EntryId(uuid_v7(SEALED_AT_MS, [2, 2, 2, 2, high, low, 2, 2, 2, 2])),
        kind: Kind::Arrived,
        payload,
        notes,
        salt: [low; 32],
    }
}

pub fn names(batch: u16) -> Vec<EntryId> {
    drafts(batch).iter().map(|draft| draft.entry_id).collect()
}

pub fn open(dir: &Path) -> Store {
    open_with(dir, Arc::new(NoFaults)).unwrap()
}

pub fn open_with(dir: &Path, faults: Arc<dyn FaultPoints>) -> Result<Store, StoreError> {
    Store::open(dir, faults)
}

/// What must hold of a store whatever happened to its disk: the batches that were told as recorded are there, whole, with their
/// payloads; any other is there whole or not at all; nothing is there twice; the chain verifies. Returns how many are there.
pub fn holds(store: &Store, told: &[u16], case: &str) -> usize {
    let all = store.journal.all().unwrap();
    let ids: Vec<EntryId> = all.iter().map(|(sealed, _)| sealed.decode_envelope().unwrap().entry_id).collect();
    let there: BTreeSet<EntryId> = ids.iter().copied().collect();
    assert_eq!(there.len(), ids.len(), "{case}: an entry is there twice");
    for batch in told {
        assert!(names(*batch).iter().all(|entry| there.contains(entry)), "{case}: batch {batch} was told as recorded and is lost");
    }
    for batch in 0..64 {
        let of_it = names(batch).iter().filter(|entry| there.contains(entry)).count();
        assert!(of_it == 0 || of_it == usize::from(BATCH), "{case}: {of_it} of batch {batch}");
    }
    assert!(all.iter().all(|(sealed, _)| sealed.private.is_some()), "{case}: a payload is lost");
    // Nothing was ever acknowledged here: all of it still waits for the server.
    let waiting: BTreeSet<EntryId> = store.journal.outgoing(None, 1_000, usize::MAX).unwrap().into_iter().map(|out| out.entry).collect();
    assert_eq!(waiting, there, "{case}: an entry is there and will never be sent");
    let identity = store.journal.identity().unwrap().unwrap();
    let key = VerifyingKey::from_bytes(&identity.public_key).unwrap();
    let stored = all.iter().map(|(s, _)| StoredEntry { envelope: &s.envelope, signature: &s.signature, private: s.private.as_ref() });
    let report = verify(stored, &[(identity.device, key)].into());
    assert!(report.is_whole() && report.forks.is_empty(), "{case}: {report:?}");
    all.len()
}

/// Copies a folder; the reserve, which nobody writes in place, is linked.
pub fn copied(from: &Path) -> TempDir {
    let to = tempfile::tempdir().unwrap();
    copy(from, to.path());
    to
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for file in std::fs::read_dir(from).unwrap().flatten() {
        let (path, to) = (file.path(), to.join(file.file_name()));
        if file.file_type().unwrap().is_dir() {
            copy(&path, &to);
        } else if file.file_name() == "reserve" {
            std::fs::hard_link(&path, &to).unwrap();
        } else {
            std::fs::copy(&path, &to).unwrap();
        }
    }
}
