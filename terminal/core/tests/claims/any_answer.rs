//! Whatever answers, the tablet reads it or refuses it: nothing panics, nothing is lost, and an honest line mends it.

use crate::enrolment::{CODE, Office};
use crate::fixture::*;
use crate::server::Wire;
use crate::sync::{ids, wire};
use proptest::prelude::*;
use proptest::sample::Index;
use shared::wire::{ChangeBody, Problem};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use tempfile::tempdir;
use terminal_core::commands::CommandError;
use terminal_core::commands::enrol::{Reach, enrol};
use terminal_core::door::Door;
use terminal_core::store::{LineState, NoFaults, Store};
use terminal_core::sync::shell::Shell;
use terminal_core::sync::transport::{Answer, LineFailure, Request, Transport};
use terminal_core::view::Act;

/// What becomes of an answer on its way.
#[derive(Debug, Clone)]
enum Lie {
    Honest,
    /// Something else altogether.
    Raw(u16, Vec<u8>),
    /// A problem, of any of these codes.
    Problem(u16, &'static str),
    /// Cut short.
    Cut(Index),
    /// Bytes in it are others.
    Changed(Vec<(Index, u8)>),
    /// A part of it, twice.
    Doubled(Index, Index),
}

fn lie() -> impl Strategy<Value = Lie> {
    let statuses = prop::sample::select(vec![200_u16, 204, 301, 400, 401, 403, 404, 409, 410, 413, 415, 426, 429, 500, 503]);
    let codes = prop::sample::select(vec!["", "session_expiree", "refresh_required", "requete_illisible", "reprise", "encodage_inconnu"]);
    // A byte that JSON is written with more often than any.
    let byte = prop_oneof![any::<u8>(), prop::sample::select(b"0123456789\"{}[],:-.eE\\".to_vec())];
    prop_oneof![
        2 => Just(Lie::Honest),
        2 => (statuses.clone(), prop::collection::vec(any::<u8>(), 0..200)).prop_map(|(status, body)| Lie::Raw(status, body)),
        1 => (statuses, codes).prop_map(|(status, code)| Lie::Problem(status, code)),
        2 => any::<Index>().prop_map(Lie::Cut),
        4 => prop::collection::vec((any::<Index>(), byte), 1..4).prop_map(Lie::Changed),
        1 => (any::<Index>(), any::<Index>()).prop_map(|(from, to)| Lie::Doubled(from, to)),
    ]
}

impl Lie {
    fn told(self, mut honest: Answer) -> Answer {
        let length = honest.body.len().max(1);
        match self {
            Self::Honest => honest,
            Self::Raw(status, body) => Answer { status, body },
            Self::Problem(status, code) => {
                Answer { status, body: serde_json::to_vec(&Problem { code: code.into(), message: "non".into() }).unwrap() }
            }
            Self::Cut(at) => {
                honest.body.truncate(at.index(length));
                honest
            }
            Self::Changed(bytes) => {
                for (at, byte) in bytes {
                    honest.body.get_mut(at.index(length)).into_iter().for_each(|there| *there = byte);
                }
                honest
            }
            Self::Doubled(from, to) => {
                let (from, to) = (from.index(length), to.index(length));
                let part = honest.body.get(from.min(to)..from.max(to)).unwrap_or_default().to_vec();
                honest.body.splice(from.min(to)..from.min(to), part);
                honest
            }
        }
    }
}

/// A line that tells lies, first to last; then it is honest.
struct Liar<T> {
    line: T,
    lies: Arc<Mutex<VecDeque<Lie>>>,
}

impl<T: Transport> Transport for Liar<T> {
    fn send(&mut self, request: &Request) -> Result<Answer, LineFailure> {
        let honest = self.line.send(request)?;
        let lie = self.lies.lock().unwrap().pop_front().unwrap_or(Lie::Honest);
        Ok(lie.told(honest))
    }
}

fn office_says_something(wire: &Wire) {
    let mut server = wire.server.lock().unwrap();
    for item in roster() {
        server.change(ChangeBody::Put(item));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn whatever_the_server_answers_each_entry_arrives_once_and_the_door_goes_on(lies in prop::collection::vec(lie(), 1..14)) {
        let (dir, wire) = (tempdir().unwrap(), wire());
        let mut store = Store::open(dir.path(), Arc::new(NoFaults)).unwrap();
        crate::fixture::enrol(&mut store, 1, roster());
        wire.knows(1, store.key().verifying_key());
        office_says_something(&wire);
        let lies = Arc::new(Mutex::new(VecDeque::from(lies)));
        let line = Liar { line: wire.clone(), lies: Arc::clone(&lies) };
        let mut shell = Shell::new(store.second().unwrap(), line, 1).unwrap();
        let mut now = wednesday("07:41");
        let mut door = Door::open(store, now).unwrap();
        let mut shown = Vec::new();
        for who in [LEA, TOM, AYA] {
            now = later(now, 20_000);
            door.act(now, Act::Arrive(child(who)));
            shown.extend(door.last_recorded().to_vec());
            shell.round(&|| now, true);
        }
        // Entries may be more: told that the server holds what it never sealed, a tablet opens an epoch.
        let arrivals = |who| door.attendance().days.get(&(date("2026-10-14"), child(who))).map_or(0, |day| day.presences.len());
        prop_assert_eq!([LEA, TOM, AYA].map(arrivals), [1, 1, 1], "the door goes on");
        for _ in 0..14 {
            now = later(now, 600_000);
            shell.round(&|| now, true);
            if lies.lock().unwrap().is_empty() {
                break;
            }
        }
        lies.lock().unwrap().clear();
        for _ in 0..3 {
            now = later(now, 600_000);
            shell.round(&|| now, true);
        }
        now = later(now, 600_000);
        prop_assert_eq!(shell.round(&|| now, true).line, Some(LineState::Online));
        prop_assert_eq!(door.tick_clock(now).sync.unsent, 0);
        let arrived: Vec<_> = ids(&wire).into_iter().filter(|id| shown.contains(id)).collect();
        prop_assert_eq!(arrived, shown);
    }
}

/// An office whose answers are changed on their way.
struct LyingOffice {
    office: Office,
    lies: Arc<Mutex<VecDeque<Lie>>>,
}

impl Reach for LyingOffice {
    fn anyone(&self, server_url: &str) -> Result<Box<dyn Transport>, CommandError> {
        Ok(Box::new(Liar { line: self.office.anyone(server_url)?, lies: Arc::clone(&self.lies) }))
    }
    fn pinned(&self, server_url: &str, authority: &[u8]) -> Result<Box<dyn Transport>, CommandError> {
        Ok(Box::new(Liar { line: self.office.pinned(server_url, authority)?, lies: Arc::clone(&self.lies) }))
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn whatever_an_enrolment_is_answered_it_says_why_and_the_next_try_succeeds(first in lie(), second in lie()) {
        let (dir, office) = (tempdir().unwrap(), Office::new(CODE));
        let lies = Arc::new(Mutex::new(VecDeque::from([first, second])));
        let lying = LyingOffice { office: office.clone(), lies: Arc::clone(&lies) };
        let tried = enrol(dir.path(), "http://preau.exemple.fr:8480", CODE, &lying);
        if let Err(refused) = &tried {
            prop_assert!(!refused.to_string().is_empty());
            prop_assert!(Store::open(dir.path(), Arc::new(NoFaults)).unwrap().journal.identity().unwrap().is_none(), "nothing half done");
            lies.lock().unwrap().clear();
            let enrolled = enrol(dir.path(), "http://preau.exemple.fr:8480", CODE, &lying);
            prop_assert!(enrolled.is_ok(), "{:?}", enrolled.err().map(|e| e.to_string()));
        }
    }
}
