//! A whole roster: in the order of need, and from where it was cut.

use crate::fixture::*;
use crate::server::{Fault, Wire};
use crate::sync::wire;
use proptest::prelude::*;
use shared::roster::{AdultStatus, Item};
use shared::wire::{ChangeBody, Snapshot};
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use tempfile::tempdir;
use terminal_core::clock::Now;
use terminal_core::door::Door;
use terminal_core::store::{Identity, LineState, NoFaults, Store, public_key_of};
use terminal_core::sync::shell::Shell;
use terminal_core::view::Act;

/// A server with a site of some pages; it tells whole rosters only.
fn a_site(pages_of: usize) -> Wire {
    let wire = wire();
    for item in [roster(), crowd(20)].concat() {
        wire.put(item);
    }
    let mut server = wire.server.lock().unwrap();
    server.page_max = pages_of;
    server.oldest_change = u64::MAX;
    drop(server);
    wire
}

/// Another tablet's touches, so that a roster has entries behind it.
fn another_records(wire: &Wire, numbers: &[u16]) {
    let dir = tempdir().unwrap();
    let mut store = Store::open(dir.path(), Arc::new(NoFaults)).unwrap();
    enrol(&mut store, 2, roster());
    let mut tablet = crate::sync::Tablet::over(store, 2, wire, wednesday("07:30"));
    for (minute, number) in (31..).zip(numbers) {
        tablet.door.act(wednesday(&format!("07:{minute}")), Act::Touch(child(*number)));
    }
    wire.will(&[Fault::Fine, Fault::Fine, Fault::Fine, Fault::Cut]);
    tablet.sync(wednesday("07:50"));
    wire.will(&[]);
    let mut server = wire.server.lock().unwrap();
    server.asked.clear();
    server.requests.clear();
}

/// A tablet that was just enrolled: the server has told it nothing.
fn enrolled(dir: &Path, wire: &Wire) {
    let mut store = Store::open(dir, Arc::new(NoFaults)).unwrap();
    let identity = Identity {
        device: device(1),
        site: SITE,
        site_name: "École Vauban".into(),
        organisations: vec![ORGANISATION],
        epoch: 1,
        server_url: "https://localhost:1".into(),
        authority: vec![],
        public_key: public_key_of(store.key()),
    };
    store.journal.enrol(&identity).unwrap();
    wire.knows(1, store.key().verifying_key());
}

/// The tablet is switched on for one round, and the power is cut behind it.
fn round(dir: &Path, wire: &Wire, now: Now) -> Option<LineState> {
    let store = Store::open(dir, Arc::new(NoFaults)).unwrap();
    wire.knows(1, store.key().verifying_key());
    Shell::new(store.second().unwrap(), wire.clone(), 1).unwrap().round(&|| now, true).line
}

/// What the tablet holds: items of all days that a test looks at, and entries.
fn held(dir: &Path) -> (BTreeSet<String>, usize) {
    let store = Store::open(dir, Arc::new(NoFaults)).unwrap();
    let days = ["2026-10-14", "2026-10-15"].map(date);
    let items = days.into_iter().flat_map(|day| store.roster.items(day).unwrap());
    (items.map(|item| serde_json::to_string(&item).unwrap()).collect(), store.journal.all().unwrap().len())
}

fn on_server(wire: &Wire) -> (BTreeSet<String>, usize) {
    let server = wire.server.lock().unwrap();
    (server.items().into_iter().map(|(_, _, item)| serde_json::to_string(&item).unwrap()).collect(), server.entries.len())
}

fn asked(wire: &Wire) -> Vec<(u64, Option<Snapshot>)> {
    std::mem::take(&mut wire.server.lock().unwrap().asked)
}

#[test]
fn cut_behind_every_page_a_whole_roster_goes_on_where_it_was_and_asks_for_nothing_twice() {
    for knows_no_snapshot in [false, true] {
        for is_new in [false, true] {
            let (straight, cut) = (tempdir().unwrap(), tempdir().unwrap());
            let wire = a_site(11);
            wire.server.lock().unwrap().knows_no_snapshot = knows_no_snapshot;
            another_records(&wire, &[LEA, TOM, AYA]);
            if knows_no_snapshot {
                // Its pages go by the cursor: only the tablet's own, 1, is told to refresh.
                wire.server.lock().unwrap().oldest_change = 2;
            }
            for dir in [straight.path(), cut.path()] {
                if is_new {
                    enrolled(dir, &wire);
                } else {
                    enrol(&mut Store::open(dir, Arc::new(NoFaults)).unwrap(), 1, roster());
                }
            }
            assert_eq!(round(straight.path(), &wire, wednesday("08:00")), Some(LineState::Online));
            let at_once = asked(&wire);
            assert!(at_once.len() > 8, "{} pages", at_once.len());

            // An ordinary pull is told to refresh, where the tablet had a roster; then page after page.
            let first = if is_new { 1 } else { 2 };
            let mut in_parts = Vec::new();
            for page in 0.. {
                let answered = if page == 0 { first } else { 1 };
                let mut faults = vec![Fault::Fine; 2 + answered];
                faults.push(Fault::Cut);
                wire.will(&faults);
                let line = round(cut.path(), &wire, wednesday("08:10"));
                in_parts.extend(asked(&wire));
                if in_parts.len() < at_once.len() {
                    assert_eq!(line, Some(LineState::NoNetwork));
                    if !is_new {
                        assert!(!held(cut.path()).0.iter().any(|item| item.contains(&child(110).to_string())), "the old roster stands");
                    }
                } else {
                    break;
                }
            }
            assert_eq!(in_parts, at_once, "the same pages, each once");
            wire.will(&[]);
            assert_eq!(round(cut.path(), &wire, wednesday("08:30")), Some(LineState::Online));
            assert_eq!(held(cut.path()), on_server(&wire));
            assert_eq!(held(straight.path()), held(cut.path()));
        }
    }
}

#[test]
fn the_first_page_of_a_new_tablet_already_keeps_a_barred_adult_out() {
    let (dir, wire) = (tempdir().unwrap(), a_site(3));
    wire.put(an_adult(KARIM, LEA, ("Karim", "Benali"), "oncle", AdultStatus::Restricted));
    enrolled(dir.path(), &wire);
    // Hello, session, one page; then the line is cut.
    wire.will(&[Fault::Fine, Fault::Fine, Fault::Fine, Fault::Cut]);
    round(dir.path(), &wire, wednesday("07:41"));
    let store = Store::open(dir.path(), Arc::new(NoFaults)).unwrap();
    let items = store.roster.items(date("2026-10-14")).unwrap();
    assert_eq!(items.len(), 3);
    let watched = |status| items.iter().filter(|i| matches!(i, Item::Adult(a) if a.status == status)).count();
    assert_eq!((watched(AdultStatus::Barred), watched(AdultStatus::Restricted)), (1, 1));
    assert_eq!(store.roster.cursor().unwrap(), 0, "no entry may say that a whole roster stood behind it");
    assert!(Door::open(store, wednesday("07:42")).is_ok());
}

#[test]
fn a_server_that_is_restored_meanwhile_has_the_tablet_begin_anew() {
    for takes_any_life in [false, true] {
        let (dir, wire) = (tempdir().unwrap(), a_site(11));
        enrol(&mut Store::open(dir.path(), Arc::new(NoFaults)).unwrap(), 1, roster());
        wire.will(&[Fault::Fine, Fault::Fine, Fault::Fine, Fault::Fine, Fault::Fine, Fault::Cut]);
        round(dir.path(), &wire, wednesday("07:41"));
        assert_eq!(asked(&wire).len(), 3);
        // What the staged pages told is no longer so in the server's other life.
        let mut server = wire.server.lock().unwrap();
        server.restore(0, "epoch-2");
        server.changes.retain(|c| !matches!(&c.body, ChangeBody::Put(Item::Adult(a)) if a.status == AdultStatus::Barred));
        server.takes_any_life = takes_any_life;
        drop(server);
        wire.will(&[]);
        assert_eq!(round(dir.path(), &wire, wednesday("08:00")), Some(LineState::Online));
        assert_eq!(asked(&wire)[1], (0, Some(Snapshot::default())), "the front");
        assert_eq!(held(dir.path()), on_server(&wire));
    }
}

#[test]
fn a_head_that_fell_has_the_tablet_begin_anew() {
    let (dir, wire) = (tempdir().unwrap(), a_site(11));
    enrol(&mut Store::open(dir.path(), Arc::new(NoFaults)).unwrap(), 1, roster());
    wire.will(&[Fault::Fine, Fault::Fine, Fault::Fine, Fault::Fine, Fault::Fine, Fault::Cut]);
    round(dir.path(), &wire, wednesday("07:41"));
    wire.server.lock().unwrap().changes.truncate(60);
    wire.will(&[]);
    assert_eq!(round(dir.path(), &wire, wednesday("08:00")), Some(LineState::Online));
    assert_eq!(held(dir.path()), on_server(&wire));
}

#[test]
fn another_life_of_the_tablet_does_not_go_on_with_what_an_earlier_one_was_told() {
    let (dir, wire) = (tempdir().unwrap(), a_site(11));
    enrol(&mut Store::open(dir.path(), Arc::new(NoFaults)).unwrap(), 1, roster());
    wire.will(&[Fault::Fine, Fault::Fine, Fault::Fine, Fault::Fine, Fault::Fine, Fault::Cut]);
    round(dir.path(), &wire, wednesday("07:41"));
    {
        let mut store = Store::open(dir.path(), Arc::new(NoFaults)).unwrap();
        assert!(store.roster.staging().unwrap().is_some());
        let again = Identity { device: device(3), ..store.journal.identity().unwrap().unwrap() };
        store.journal.enrol(&again).unwrap();
        wire.knows(3, store.key().verifying_key());
    }
    asked(&wire);
    wire.will(&[]);
    round(dir.path(), &wire, wednesday("08:00"));
    assert_eq!(asked(&wire)[0], (0, Some(Snapshot::default())));
}

#[test]
fn a_damaged_page_of_a_roster_to_come_costs_only_the_roster_to_come() {
    let (dir, wire) = (tempdir().unwrap(), a_site(11));
    enrol(&mut Store::open(dir.path(), Arc::new(NoFaults)).unwrap(), 1, roster());
    let before = held(dir.path());
    wire.will(&[Fault::Fine, Fault::Fine, Fault::Fine, Fault::Fine, Fault::Fine, Fault::Cut]);
    round(dir.path(), &wire, wednesday("07:41"));
    let eyes = rusqlite::Connection::open(dir.path().join("roster.db")).unwrap();
    assert_eq!(eyes.execute("UPDATE staged_item SET json = replace(json, 'Karim', 'Karin') WHERE json LIKE '%Karim%'", []).unwrap(), 1);
    drop(eyes);
    {
        let store = Store::open(dir.path(), Arc::new(NoFaults)).unwrap();
        assert_eq!(store.roster.staging().unwrap(), None);
        assert!(!store.roster.is_lost().unwrap());
    }
    assert_eq!(held(dir.path()), before, "the roster that is shown stands");
    wire.will(&[]);
    round(dir.path(), &wire, wednesday("08:00"));
    assert_eq!(held(dir.path()), on_server(&wire));
}

/// What happens between two rounds.
#[derive(Debug, Clone)]
enum Meanwhile {
    Put(u16),
    Gone(u16),
    Barred(u16),
    Allowed(u16),
    Entry(u16),
}

fn meanwhile() -> impl Strategy<Value = Meanwhile> {
    let number = || prop_oneof![1_u16..7, 100_u16..120];
    prop_oneof![
        number().prop_map(Meanwhile::Put),
        number().prop_map(Meanwhile::Gone),
        number().prop_map(Meanwhile::Barred),
        number().prop_map(Meanwhile::Allowed),
        (1_u16..5).prop_map(Meanwhile::Entry),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    /// Items move between parts whose turn has gone by or not, come and go, while pages are read and lines are cut.
    #[test]
    fn however_a_roster_moves_while_it_is_read_and_the_line_breaks_the_tablet_ends_with_what_the_server_has(
        happens in prop::collection::vec((prop::collection::vec(meanwhile(), 0..4), 1_usize..4), 1..12),
        pages_of in 1_usize..30,
        is_new in any::<bool>(),
    ) {
        let (dir, wire) = (tempdir().unwrap(), a_site(pages_of));
        if is_new { enrolled(dir.path(), &wire) } else { enrol(&mut Store::open(dir.path(), Arc::new(NoFaults)).unwrap(), 1, roster()) }
        // Told to refresh once; afterwards the tablet's own cursors are good.
        for (round_of, (changes, pages)) in happens.into_iter().enumerate() {
            for change in changes {
                let body = match change {
                    Meanwhile::Put(number) => ChangeBody::Put(only_a_child(number, &format!("Prénom {round_of}"))),
                    Meanwhile::Gone(number) => ChangeBody::Remove(format!("child:{}", child(number))),
                    Meanwhile::Barred(number) => ChangeBody::Put(an_adult(KARIM, number, ("Karim", "Benali"), "", AdultStatus::Barred)),
                    Meanwhile::Allowed(number) => ChangeBody::Put(an_adult(KARIM, number, ("Karim", "Benali"), "", AdultStatus::Authorised)),
                    Meanwhile::Entry(number) => {
                        let oldest = wire.server.lock().unwrap().oldest_change;
                        another_records(&wire, &[number]);
                        wire.server.lock().unwrap().oldest_change = oldest;
                        continue;
                    }
                };
                wire.server.lock().unwrap().change(body);
            }
            let mut faults = vec![Fault::Fine; 2 + pages];
            faults.push(Fault::Cut);
            wire.will(&faults);
            round(dir.path(), &wire, wednesday("08:10"));
            if round_of == 0 {
                wire.server.lock().unwrap().oldest_change = 0;
            }
        }
        wire.will(&[]);
        prop_assert_eq!(round(dir.path(), &wire, wednesday("08:30")), Some(LineState::Online));
        prop_assert_eq!(held(dir.path()), on_server(&wire));
    }
}
