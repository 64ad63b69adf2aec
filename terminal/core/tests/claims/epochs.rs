//! The lives of a tablet: it is copied, comes back from an image, loses what it knew, and goes on.

use crate::fixture::*;
use crate::server::{Fault, Wire};
use crate::sync::{Tablet, ids};
use proptest::prelude::*;
use shared::fold::Fact;
use shared::id::{DeviceId, EntryId};
use shared::journal::{Detail, Draft, Kind, StoredEntry, VerifyingKey, verify};
use shared::wire::EpochReason;
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use tempfile::{TempDir, tempdir};
use terminal_core::clock::Now;
use terminal_core::store::{LineState, NoFaults, Store, StoreError};
use terminal_core::view::{Act, TileState, Tone};

/// A server that can tell the whole roster: after a new epoch it is pulled anew.
fn wire() -> Wire {
    let wire = crate::sync::wire();
    roster().into_iter().for_each(|item| wire.put(item));
    wire
}

/// An image of a tablet's folder, made while it is off.
fn image(dir: &Path) -> TempDir {
    let copy = tempdir().unwrap();
    crate::damage::copy_folder(dir, copy.path());
    copy
}

/// A tablet that wakes up on a folder.
fn wakes(dir: &Path, wire: &Wire, now: Now) -> Tablet {
    Tablet::over(Store::open(dir, Arc::new(NoFaults)).unwrap(), 1, wire, now)
}

fn touch(tablet: &mut Tablet, now: Now, number: u16) -> EntryId {
    tablet.door.act(now, Act::Arrive(child(number)));
    *tablet.door.last_recorded().last().unwrap()
}

fn epoch(tablet: &Tablet) -> u32 {
    tablet.door.store().journal.identity().unwrap().unwrap().epoch
}

/// Every chain that the server holds; how many entries, and at how many places two stand.
fn server_verifies(wire: &Wire) -> (usize, usize) {
    let server = wire.server.lock().unwrap();
    let stored = server.entries.iter().map(|s| StoredEntry { envelope: &s.envelope, signature: &s.signature, private: s.private.as_ref() });
    let keys: std::collections::HashMap<DeviceId, VerifyingKey> = server.keys.clone();
    let report = verify(stored, &keys);
    assert!(report.is_whole(), "{report:?}");
    (report.entries, report.forks.len())
}

/// The causes of the epochs that the server was told of, in order.
fn causes(wire: &Wire) -> Vec<String> {
    let server = wire.server.lock().unwrap();
    let details = server.entries.iter().filter_map(|s| Fact::read(s).unwrap().payload).map(|p| p.detail);
    details.filter_map(|detail| if let Detail::Epoch { cause, .. } = detail { Some(cause) } else { None }).collect()
}

#[test]
fn a_tablet_back_from_an_older_image_asks_a_new_epoch_and_knows_again_what_it_lost() {
    let (dir, wire) = (tempdir().unwrap(), wire());
    let mut tablet = Tablet::new(dir.path(), 1, &wire, wednesday("07:40"));
    touch(&mut tablet, wednesday("07:41"), LEA);
    tablet.sync(wednesday("07:42"));
    drop(tablet);
    let old = image(dir.path());
    let mut tablet = wakes(dir.path(), &wire, wednesday("07:50"));
    touch(&mut tablet, wednesday("07:51"), TOM);
    touch(&mut tablet, wednesday("07:52"), AYA);
    tablet.sync(wednesday("07:53"));
    drop(tablet);

    let mut tablet = wakes(old.path(), &wire, wednesday("08:00"));
    assert_eq!(tile(&tablet.door.screen(wednesday("08:00")), TOM).state, TileState::Expected, "the image knows nothing of it");
    assert_eq!(tablet.sync(wednesday("08:01")), Some(LineState::Online));
    assert_eq!(epoch(&tablet), 2);
    let screen = tablet.door.tick_clock(wednesday("08:02"));
    assert_eq!((tile(&screen, TOM).state, tile(&screen, AYA).state), (TileState::Present, TileState::Present));
    assert_eq!(screen.sync.unsent, 1, "the entry that opens the epoch is sealed without waiting for a gesture");
    touch(&mut tablet, wednesday("08:03"), NOE);
    tablet.sync(wednesday("08:04"));
    assert_eq!((server_verifies(&wire), causes(&wire)), ((5, 0), vec!["restore".into()]));
    assert_eq!(tablet.unsent(wednesday("08:05")), 0);
}

#[test]
fn of_two_copies_one_goes_on_in_a_new_epoch_and_the_other_records_and_says_that_it_exists_twice() {
    let (dir, wire) = (tempdir().unwrap(), wire());
    let mut tablet = Tablet::new(dir.path(), 1, &wire, wednesday("07:40"));
    touch(&mut tablet, wednesday("07:41"), LEA);
    tablet.sync(wednesday("07:42"));
    drop(tablet);
    let twin = image(dir.path());
    let (mut one, mut other) = (wakes(dir.path(), &wire, wednesday("07:50")), wakes(twin.path(), &wire, wednesday("07:50")));
    touch(&mut one, wednesday("07:51"), TOM);
    one.sync(wednesday("07:52"));
    // More than the server holds: only the fork tells.
    touch(&mut other, wednesday("07:53"), AYA);
    touch(&mut other, wednesday("07:54"), NOE);
    assert_eq!(other.sync(wednesday("07:55")), Some(LineState::Online));
    assert_eq!(epoch(&other), 2);
    touch(&mut other, wednesday("07:56"), INES);
    other.sync(wednesday("07:57"));
    assert_eq!((server_verifies(&wire), causes(&wire)), ((6, 1), vec!["fork".into()]));
    assert_eq!(tile(&other.door.tick_clock(wednesday("07:57")), TOM).state, TileState::Present, "it is told of the other branch");

    let kept = touch(&mut one, wednesday("07:58"), ZOE);
    assert_eq!(one.sync(wednesday("07:59")), Some(LineState::ExistsTwice));
    let screen = one.door.act(wednesday("08:00"), Act::Arrive(child(INES)));
    assert_eq!(screen.sync.text, "Cette tablette existe en double : réenrôlez-la · 2 pointages gardés");
    assert_eq!((screen.sync.tone, tile(&screen, INES).state), (Tone::Red, TileState::Present));
    assert!(!ids(&wire).contains(&kept) && one.door.store().journal.own_entry(kept).unwrap().is_some(), "kept, and not sent");
}

#[test]
fn a_copy_that_asks_second_gets_no_epoch_and_stops_there() {
    let (dir, wire) = (tempdir().unwrap(), wire());
    let tablet = Tablet::new(dir.path(), 1, &wire, wednesday("07:40"));
    drop(tablet);
    let mut store = Store::open(dir.path(), Arc::new(NoFaults)).unwrap();
    store.journal.set_needs_epoch(EpochReason::Salvage).unwrap();
    let mut tablet = Tablet::over(store, 1, &wire, wednesday("07:41"));
    let kept = touch(&mut tablet, wednesday("07:42"), LEA);
    // Between this tablet's session and its request the other copy was first.
    wire.server.lock().unwrap().overtaken = Some([9; 32]);
    assert_eq!(tablet.sync(wednesday("07:43")), Some(LineState::ExistsTwice));
    assert_eq!((epoch(&tablet), ids(&wire).contains(&kept)), (1, false));
    assert_eq!(tile(&tablet.door.tick_clock(wednesday("07:44")), LEA).state, TileState::Present, "the door goes on");
}

#[test]
fn what_the_store_has_marked_is_asked_for_once_though_the_reply_is_lost() {
    let (dir, wire) = (tempdir().unwrap(), wire());
    let mut store = Store::open(dir.path(), Arc::new(NoFaults)).unwrap();
    enrol(&mut store, 1, roster());
    let request = store.journal.set_needs_epoch(EpochReason::Salvage).unwrap();
    assert_eq!(store.journal.set_needs_epoch(EpochReason::Fork).unwrap(), request, "the first mark stands, with its request");
    let mut tablet = Tablet::over(store, 1, &wire, wednesday("07:40"));
    // Hello, session, hello, and the epoch whose answer is lost.
    wire.will(&[Fault::Fine, Fault::Fine, Fault::Fine, Fault::LostReply]);
    assert_eq!(tablet.sync(wednesday("07:41")), Some(LineState::NoNetwork));
    assert_eq!((epoch(&tablet), wire.server.lock().unwrap().epoch_of(device(1))), (1, 2));
    drop(tablet);
    // Even a restart keeps the request. What is refused as passed is asked for again by it.
    let mut tablet = wakes(dir.path(), &wire, wednesday("07:42"));
    assert_eq!(tablet.sync(wednesday("07:43")), Some(LineState::Online));
    assert_eq!((epoch(&tablet), wire.server.lock().unwrap().epoch_of(device(1))), (2, 2));
    assert_eq!(tablet.door.store().journal.needs_epoch().unwrap(), None);
    touch(&mut tablet, wednesday("07:44"), LEA);
    tablet.sync(wednesday("07:45"));
    assert_eq!((server_verifies(&wire), causes(&wire)), ((2, 0), vec!["salvage".into()]));
}

#[test]
fn a_server_that_forgot_an_epoch_is_reminded_by_the_same_request() {
    let (dir, wire) = (tempdir().unwrap(), wire());
    let mut store = Store::open(dir.path(), Arc::new(NoFaults)).unwrap();
    enrol(&mut store, 1, roster());
    let request = store.journal.set_needs_epoch(EpochReason::Salvage).unwrap();
    let mut tablet = Tablet::over(store, 1, &wire, wednesday("07:40"));
    let first = touch(&mut tablet, wednesday("07:41"), LEA);
    tablet.sync(wednesday("07:42"));
    touch(&mut tablet, wednesday("07:43"), TOM);
    tablet.sync(wednesday("07:44"));
    let all: BTreeSet<EntryId> = ids(&wire).into_iter().collect();
    assert_eq!((all.len(), ids(&wire)[0]), (3, first));
    // A backup of before the epoch, with the first entry.
    wire.server.lock().unwrap().restore(1, "epoch-of-the-backup");
    wire.server.lock().unwrap().epochs.clear();
    assert_eq!(tablet.sync(wednesday("07:45")), Some(LineState::Online));
    assert_eq!(wire.server.lock().unwrap().epochs[&device(1)], [request.id]);
    assert_eq!((ids(&wire).into_iter().collect::<BTreeSet<_>>(), epoch(&tablet)), (all, 2));
}

#[test]
fn a_tablet_that_lost_its_requests_goes_on_with_a_server_that_forgot_its_epochs() {
    let (dir, wire) = (tempdir().unwrap(), wire());
    let mut store = Store::open(dir.path(), Arc::new(NoFaults)).unwrap();
    enrol(&mut store, 1, roster());
    store.journal.set_needs_epoch(EpochReason::Salvage).unwrap();
    let mut tablet = Tablet::over(store, 1, &wire, wednesday("07:40"));
    tablet.sync(wednesday("07:41"));
    touch(&mut tablet, wednesday("07:42"), LEA);
    tablet.sync(wednesday("07:43"));
    touch(&mut tablet, wednesday("07:44"), TOM);
    drop(tablet);
    // Of the journal, what was damaged is the table of requests; the server is of before the first one.
    let journal = rusqlite::Connection::open(dir.path().join("journal.db")).unwrap();
    journal.execute("DELETE FROM epoch_request", []).unwrap();
    drop(journal);
    wire.server.lock().unwrap().restore(0, "epoch-of-the-backup");
    wire.server.lock().unwrap().epochs.clear();
    let mut tablet = wakes(dir.path(), &wire, wednesday("07:45"));
    assert_eq!(tablet.sync(wednesday("07:46")), Some(LineState::Online));
    assert_eq!((epoch(&tablet), wire.server.lock().unwrap().epoch_of(device(1))), (3, 3));
    touch(&mut tablet, wednesday("07:47"), AYA);
    assert_eq!(tablet.sync(wednesday("07:48")), Some(LineState::Online));
    assert_eq!(server_verifies(&wire), (5, 0), "three children and two epochs, and nothing is missing");
}

#[test]
fn nothing_is_sealed_in_a_new_epoch_before_the_entry_that_opens_it() {
    let dir = tempdir().unwrap();
    let mut door = door_in(dir.path(), wednesday("07:40"));
    door.act(wednesday("07:42"), Act::Touch(child(LEA)));
    let sealed = door.store().journal.own_entry(door.last_recorded()[0]).unwrap().unwrap();
    drop(door);
    let mut store = Store::open(dir.path(), Arc::new(NoFaults)).unwrap();
    let fact = Fact::read(&sealed.sealed).unwrap();
    let draft = Draft {
        organisation: ORGANISATION,
        site: SITE,
        entry_id: EntryId::new(1, [1; 10]),
        kind: Kind::Arrived,
        payload: fact.payload.unwrap(),
        notes: vec![],
        salt: [1; 32],
    };
    // The door prepared this entry; then the sync thread stored an epoch.
    store.second().unwrap().journal.epoch_given(1, 2).unwrap();
    let refused = store.seal(std::slice::from_ref(&draft)).unwrap_err();
    assert_eq!((refused.clone(), refused.is_retryable()), (StoreError::EpochToOpen, true));
    let (_, last) = store.journal.epoch_to_open().unwrap().unwrap();
    let detail = Detail::Epoch { previous: 1, last_hash: last.hash, cause: "restore".into() };
    let mut opening = Draft { kind: Kind::EpochOpened, entry_id: EntryId::new(2, [2; 10]), ..draft.clone() };
    opening.payload.detail = detail;
    (opening.payload.about_child, opening.payload.centre) = (None, None);
    let places: Vec<(u32, u64)> =
        store.seal(&[opening, draft]).unwrap().iter().map(|s| s.decode_envelope().unwrap().place).map(|p| (p.epoch, p.seq)).collect();
    assert_eq!(places, [(2, 1), (2, 2)]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// Whatever the line loses, each of two copies asks with one request, one of them goes on, and nothing that it showed is missing.
    #[test]
    fn however_the_line_breaks_one_of_two_copies_goes_on_and_loses_nothing(
        faults in prop::collection::vec(prop_oneof![Just(Fault::Cut), Just(Fault::LostReply), Just(Fault::Fine), Just(Fault::Expired)], 0..30),
        turns in prop::collection::vec((any::<bool>(), 0_u16..4), 1..10),
    ) {
        let (dir, wire) = (tempdir().unwrap(), wire());
        let mut tablet = Tablet::new(dir.path(), 1, &wire, wednesday("07:40"));
        let shared = touch(&mut tablet, wednesday("07:41"), ZOE);
        tablet.sync(wednesday("07:41"));
        drop(tablet);
        let twin = image(dir.path());
        let mut copies = [wakes(dir.path(), &wire, wednesday("07:42")), wakes(twin.path(), &wire, wednesday("07:42"))];
        let mut shown = [vec![shared], vec![shared]];
        wire.will(&faults);
        let mut now = wednesday("07:43");
        for (second, who) in turns {
            now = later(now, 20_000);
            let at = usize::from(second);
            copies[at].door.act(now, Act::Arrive(child(LEA + who)));
            shown[at].extend(copies[at].door.last_recorded().to_vec());
            copies[at].sync(now);
        }
        for _ in 0..32 {
            now = later(now, 600_000);
            for tablet in &mut copies {
                tablet.sync(now);
                tablet.door.tick_clock(now);
            }
        }
        server_verifies(&wire);
        let held: BTreeSet<EntryId> = ids(&wire).into_iter().collect();
        prop_assert_eq!(held.len(), ids(&wire).len(), "each once");
        let whole = (0..2).filter(|at| copies[*at].sync(now) == Some(LineState::Online)).collect::<Vec<_>>();
        prop_assert!(!whole.is_empty(), "one goes on");
        for at in whole {
            prop_assert!(shown[at].iter().all(|entry| held.contains(entry)));
            prop_assert_eq!(copies[at].unsent(now), 0);
        }
    }
}
