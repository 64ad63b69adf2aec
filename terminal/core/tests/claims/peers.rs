//! Two tablets of one site without a server, exchanging in memory.

use crate::fixture::*;
use crate::server::Wire;
use crate::sync::{Tablet, ids, wire};
use proptest::prelude::*;
use shared::id::{DeviceId, EntryId, SiteId};
use shared::journal::{Actor, ChainHead, Channel, Detail, Draft, Evidence, KEPT, Kind, Payload, Sealed, SigningKey, seal};
use shared::roster::{Device, Item};
use shared::wire::limits::PUSH_ENTRIES_MAX;
use shared::wire::peers::{BlockEntries, BlockName, PEER_COMPARED_MAX, PeerAnswer, PeerAsk};
use shared::wire::{ChangeBody, PeerCertificate, WireEntry};
use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;
use tempfile::{TempDir, tempdir};
use terminal_core::clock::Now;
use terminal_core::peers::PeerFailure;
use terminal_core::peers::exchange::{Carry, Exchanged, answer, exchange};
use terminal_core::store::{Author, LineState, NoFaults, Store};
use terminal_core::view::{Act, TileState, Tone};
use uuid::Uuid;

/// Another tablet in the same program; after so many asks the line is cut, before or after the last one was done.
pub struct Beside<'s> {
    store: &'s mut Store,
    now: Now,
    asks_left: usize,
    done_all_the_same: bool,
}

impl Carry for Beside<'_> {
    fn ask(&mut self, ask: &PeerAsk) -> Result<PeerAnswer, PeerFailure> {
        let cut = self.asks_left == 0;
        if cut && !self.done_all_the_same {
            return Err(PeerFailure::Silent);
        }
        self.asks_left = self.asks_left.saturating_sub(1);
        // As on the wire: what is said is what was written.
        let written = serde_json::to_vec(ask).unwrap();
        assert!(written.len() <= shared::wire::limits::BODY_BYTES_MAX);
        let answered = answer(self.store, self.now, serde_json::from_slice(&written).unwrap())?;
        if cut {
            return Err(PeerFailure::Silent);
        }
        Ok(serde_json::from_slice(&serde_json::to_vec(&answered).unwrap()).unwrap())
    }
}

pub fn beside(store: &mut Store, now: Now) -> Beside<'_> {
    Beside { store, now, asks_left: usize::MAX, done_all_the_same: false }
}

/// One tablet calls another.
fn meet(one: &Tablet, other: &Tablet, now: Now) -> Exchanged {
    let (mut calling, mut answering) = (one.door.store().second().unwrap(), other.door.store().second().unwrap());
    exchange(&mut calling, now, &mut beside(&mut answering, now)).unwrap()
}

fn author_of(tablet: &Tablet, number: u16) -> Author {
    let key = tablet.door.store().key().verifying_key().to_bytes();
    Author { device: device(number), key, server: false, revoked: false }
}

/// Tablets of the site that know each other.
pub struct Site {
    pub tablets: Vec<Tablet>,
    wire: Wire,
    /// Go after the tablets.
    _dirs: Vec<TempDir>,
}

fn number_of(index: usize) -> u16 {
    u16::try_from(index).unwrap() + 1
}

impl Site {
    pub fn of(count: usize) -> Self {
        let (wire, dirs) = (wire(), (0..count).map(|_| tempdir().unwrap()).collect::<Vec<_>>());
        let tablet = |(index, dir): (usize, &TempDir)| Tablet::new(dir.path(), number_of(index), &wire, wednesday("07:40"));
        let tablets: Vec<Tablet> = dirs.iter().enumerate().map(tablet).collect();
        let site = Self { tablets, wire, _dirs: dirs };
        for (index, tablet) in site.tablets.iter().enumerate() {
            let key = tablet.door.store().key().verifying_key().to_bytes();
            site.wire.put(Item::Device(Device { id: device(number_of(index)), key: key.into(), server: false, revoked: false }));
        }
        let authors: Vec<Author> = site.tablets.iter().enumerate().map(|(index, t)| author_of(t, number_of(index))).collect();
        for tablet in &site.tablets {
            tablet.door.store().second().unwrap().journal.know_authors(&authors).unwrap();
        }
        site
    }

    pub fn meet(&self, one: usize, other: usize, now: Now) -> Exchanged {
        meet(&self.tablets[one], &self.tablets[other], now)
    }

    fn state(&mut self, tablet: usize, number: u16, now: Now) -> TileState {
        tile(&self.tablets[tablet].door.tick_clock(now), number).state
    }

    fn names(&self, tablet: usize) -> Vec<EntryId> {
        names_of(self.tablets[tablet].door.store())
    }

    /// The server says that a tablet was revoked.
    fn revoke(&self, index: usize) {
        let key = self.tablets[index].door.store().key().verifying_key().to_bytes();
        self.wire.put(Item::Device(Device { id: device(number_of(index)), key: key.into(), server: false, revoked: true }));
    }
}

fn names_of(store: &Store) -> Vec<EntryId> {
    let mut names: Vec<EntryId> =
        store.journal.all().unwrap().iter().map(|(sealed, _)| sealed.decode_envelope().unwrap().entry_id).collect();
    names.sort_unstable();
    names
}

#[test]
fn two_tablets_without_a_server_agree_after_one_exchange_and_nothing_doubles() {
    let mut site = Site::of(2);
    site.tablets[0].door.act(wednesday("07:42"), Act::Touch(child(LEA)));
    site.tablets[1].door.act(wednesday("07:43"), Act::Touch(child(TOM)));
    let now = wednesday("07:44");
    assert_eq!(site.meet(0, 1, now), Exchanged { received: 1, given: 1, left: 0 });
    for tablet in 0..2 {
        assert_eq!((site.state(tablet, LEA, now), site.state(tablet, TOM, now)), (TileState::Present, TileState::Present));
    }
    assert_eq!(site.meet(0, 1, now), Exchanged::default());
    assert_eq!(site.meet(1, 0, now), Exchanged::default());
    assert_eq!(site.names(0), site.names(1));

    // Léa leaves at the other door.
    leaves_with(&mut site.tablets[1].door, wednesday("16:30"), LEA, JULIEN);
    site.meet(0, 1, wednesday("16:31"));
    assert_eq!(site.state(0, LEA, wednesday("16:31")), TileState::Gone);
}

#[test]
fn a_third_tablet_hears_of_the_first_by_the_second() {
    let mut site = Site::of(3);
    site.tablets[0].door.act(wednesday("07:42"), Act::Touch(child(LEA)));
    site.meet(0, 1, wednesday("07:43"));
    site.meet(2, 1, wednesday("07:44"));
    assert_eq!(site.state(2, LEA, wednesday("07:44")), TileState::Present);
}

#[test]
fn more_than_one_message_holds_is_exchanged_all_the_same() {
    let (one, two) = (tempdir().unwrap(), tempdir().unwrap());
    let wire = wire();
    let mut store = Store::open(one.path(), Arc::new(NoFaults)).unwrap();
    enrol(&mut store, 1, [roster(), crowd(300)].concat());
    let mut first = Tablet::over(store, 1, &wire, wednesday("07:40"));
    let second = Tablet::new(two.path(), 2, &wire, wednesday("07:40"));
    second.door.store().second().unwrap().journal.know_authors(&[author_of(&first, 1)]).unwrap();
    for number in 100..400 {
        first.door.act(wednesday("07:50"), Act::Touch(child(number)));
    }
    let done = meet(&second, &first, wednesday("07:52"));
    assert_eq!(done, Exchanged { received: 300, given: 0, left: 0 });
}

#[test]
fn whoever_reaches_the_server_first_carries_the_others_entries_and_a_duplicate_is_success() {
    let mut site = Site::of(2);
    site.tablets[0].door.act(wednesday("07:42"), Act::Touch(child(LEA)));
    site.meet(1, 0, wednesday("07:43"));
    // The second tablet alone has a line; its own queue is empty.
    assert_eq!(site.tablets[1].sync(wednesday("07:44")), Some(LineState::Online));
    assert_eq!(ids(&site.wire).len(), 1);
    let carried = site.tablets[1].door.store().second().unwrap().journal.to_carry(0, 10, 10_000).unwrap();
    assert_eq!(carried, [], "the server holds it");
    assert_eq!(site.tablets[0].unsent(wednesday("07:44")), 1, "its author hasn't heard so");
    site.tablets[0].sync(wednesday("07:45"));
    assert_eq!((site.tablets[0].unsent(wednesday("07:45")), ids(&site.wire).len()), (0, 1));
    site.tablets[1].sync(wednesday("07:46"));
    let pushes = site.wire.paths().iter().filter(|path| path.ends_with("push")).count();
    assert_eq!(pushes, 2, "it isn't carried again");
}

#[test]
fn what_a_revoked_tablet_handed_over_counts_for_nothing_until_a_person_decides() {
    let mut site = Site::of(3);
    site.tablets[0].door.act(wednesday("07:42"), Act::Touch(child(LEA)));
    site.tablets[0].sync(wednesday("07:43"));
    // Sealed after what the server took in.
    site.tablets[0].door.act(wednesday("07:44"), Act::Touch(child(TOM)));
    let tom = site.tablets[0].door.last_recorded()[0];
    site.meet(1, 0, wednesday("07:45"));
    assert_eq!(site.state(1, TOM, wednesday("07:45")), TileState::Present, "nobody knows better yet");

    site.revoke(0);
    site.wire.server.lock().unwrap().doubtful.insert(tom);
    site.tablets[1].sync(wednesday("07:50"));
    assert_eq!(site.state(1, LEA, wednesday("07:50")), TileState::Present, "the server took it in before");
    assert_eq!(site.state(1, TOM, wednesday("07:50")), TileState::Expected);
    let bar = site.tablets[1].door.screen(wednesday("07:50")).sync;
    assert!(bar.text.ends_with("1 pointage d'une autre tablette mis à part : prévenez le bureau"), "{}", bar.text);
    assert_eq!(bar.tone, Tone::Amber);
    // Nor does it reach a third tablet by the second.
    site.meet(2, 1, wednesday("07:51"));
    assert_eq!((site.state(2, LEA, wednesday("07:51")), site.state(2, TOM, wednesday("07:51"))), (TileState::Present, TileState::Expected));

    // A person has decided that it counts: the server tells it like any entry.
    let sealed = site.tablets[0].door.store().journal.own_entry(tom).unwrap().unwrap().sealed;
    let key = site.tablets[0].door.store().key().verifying_key().to_bytes();
    site.wire.server.lock().unwrap().change(ChangeBody::Entry { entry: WireEntry::from(&sealed), key: key.into() });
    site.tablets[1].sync(wednesday("07:55"));
    assert_eq!(site.state(1, TOM, wednesday("07:55")), TileState::Present);
    assert_eq!(site.tablets[1].door.screen(wednesday("07:55")).sync.tone, Tone::Calm);
}

#[test]
fn what_the_server_sets_apart_when_it_is_carried_counts_for_nothing_here_either() {
    let mut site = Site::of(2);
    site.tablets[0].door.act(wednesday("07:42"), Act::Touch(child(LEA)));
    let lea = site.tablets[0].door.last_recorded()[0];
    site.meet(1, 0, wednesday("07:43"));
    site.wire.server.lock().unwrap().doubtful.insert(lea);
    site.tablets[1].sync(wednesday("07:44"));
    assert_eq!(site.state(1, LEA, wednesday("07:44")), TileState::Expected);
}

#[test]
fn what_was_forgotten_is_neither_handed_over_nor_taken_back() {
    let mut site = Site::of(3);
    site.tablets[0].door.act(wednesday("07:42"), Act::Touch(child(LEA)));
    let lea = site.tablets[0].door.last_recorded()[0];
    site.meet(1, 0, wednesday("07:43"));
    let holds = |tablet: &Tablet| {
        let all = tablet.door.store().journal.all().unwrap();
        all.iter().any(|(sealed, _)| sealed.decode_envelope().unwrap().entry_id == lea && sealed.private.is_some())
    };
    assert!(holds(&site.tablets[1]));
    // One holds it and is told to forget it; one is told before it ever held it.
    for tablet in 1..3 {
        site.tablets[tablet].door.store().second().unwrap().journal.forget(&[lea]).unwrap();
    }
    assert!(!holds(&site.tablets[1]));
    for (one, other) in [(1, 0), (0, 1), (2, 0), (0, 2), (2, 1)] {
        let done = site.meet(one, other, wednesday("07:44"));
        assert_eq!((done.received, done.given), (0, 0), "{one} calls {other}");
    }
    assert!(!holds(&site.tablets[1]) && !holds(&site.tablets[2]));
    // Even to somebody who asks for it by name, or brings it unasked.
    let mut forgetful = site.tablets[1].door.store().second().unwrap();
    let asked = answer(&mut forgetful, wednesday("07:45"), PeerAsk::Fetch { entries: vec![lea] }).unwrap();
    assert_eq!(asked, PeerAnswer::Entries { entries: vec![] });
    let sealed = site.tablets[0].door.store().journal.own_entry(lea).unwrap().unwrap().sealed;
    let mut never_held = site.tablets[2].door.store().second().unwrap();
    let given = answer(&mut never_held, wednesday("07:45"), PeerAsk::Give { entries: vec![WireEntry::from(&sealed)] }).unwrap();
    assert_eq!(given, PeerAnswer::Taken { count: 0 });
    assert!(!holds(&site.tablets[2]));
}

#[test]
fn an_entry_of_an_author_that_is_not_known_stays_with_its_carrier_until_the_server_tells_of_it() {
    let mut site = Site::of(2);
    let dir = tempdir().unwrap();
    let wire = site.wire.clone();
    let mut third = Tablet::new(dir.path(), 3, &wire, wednesday("07:40"));
    let new = author_of(&third, 3);
    third.door.store().second().unwrap().journal.know_authors(&[author_of(&site.tablets[0], 1)]).unwrap();
    site.tablets[0].door.store().second().unwrap().journal.know_authors(std::slice::from_ref(&new)).unwrap();
    third.door.act(wednesday("07:42"), Act::Touch(child(AYA)));
    meet(&third, &site.tablets[0], wednesday("07:43"));
    assert_eq!(site.state(0, AYA, wednesday("07:43")), TileState::Present);

    let done = site.meet(1, 0, wednesday("07:44"));
    assert_eq!(done, Exchanged { received: 0, given: 0, left: 1 });
    assert!(!done.agrees());
    assert_eq!(
        site.meet(0, 1, wednesday("07:44")),
        Exchanged { received: 0, given: 0, left: 1 },
        "and both sides know that they don't agree"
    );
    site.tablets[1].door.store().second().unwrap().journal.know_authors(&[new]).unwrap();
    assert_eq!(site.meet(1, 0, wednesday("07:45")), Exchanged { received: 1, given: 0, left: 0 });
    assert_eq!(site.state(1, AYA, wednesday("07:45")), TileState::Present);
}

#[test]
fn a_tablet_hears_from_the_server_whose_entries_it_may_believe() {
    let mut site = Site::of(1);
    let dir = tempdir().unwrap();
    let wire = site.wire.clone();
    let late = Tablet::new(dir.path(), 2, &wire, wednesday("07:40"));
    assert_eq!(site.tablets[0].door.store().journal.author(device(2)).unwrap(), None);
    wire.put(Item::Device(Device { id: device(2), key: author_of(&late, 2).key.into(), server: false, revoked: false }));
    site.tablets[0].sync(wednesday("07:41"));
    assert_eq!(site.tablets[0].door.store().journal.author(device(2)).unwrap(), Some(author_of(&late, 2)));
    let mut second = site.tablets[0].door.store().second().unwrap();
    assert!(!second.journal.meet(device(2), [1; 32]).unwrap(), "another key under its name");
    site.revoke(0);
    site.tablets[0].sync(wednesday("07:42"));
    assert!(site.tablets[0].door.store().journal.author(device(1)).unwrap().unwrap().revoked);
}

/// An entry by anybody, as a hostile carrier may make it.
fn sealed_by(key: &SigningKey, author: DeviceId, site: SiteId, kind: Kind, detail: Detail, seq: u64) -> Sealed {
    let now = wednesday("07:42");
    let clock = kind == Kind::ClockObserved;
    let decided = kind == Kind::Decided;
    let payload = Payload {
        target: decided.then(|| EntryId(uuid(44, 1))),
        reason: if decided { KEPT.into() } else { String::new() },
        about_child: (!clock).then_some(child(LEA)),
        centre: (!clock).then_some(ALSH),
        boottime_ms: now.boottime_ms,
        boot: BOOT,
        actor: if clock { Actor::SYSTEM } else { Actor::NOBODY },
        channel: if clock { Channel::System } else { Channel::Tablet },
        evidence: if clock { Evidence::Measured } else { Evidence::List },
        detail,
        ..Payload::at(now.wall_ms)
    };
    let entry_id = EntryId(uuid(40, u16::try_from(seq).unwrap()));
    let draft = Draft { organisation: ORGANISATION, site, entry_id, kind, payload, notes: vec![], salt: [3; 32] };
    let mut head = ChainHead::start(author);
    head.place.seq = seq - 1;
    seal(draft, &mut head, key)
}

#[test]
fn an_entry_that_does_not_hold_is_never_taken_whoever_carries_it() {
    let mut site = Site::of(2);
    let key = site.tablets[0].door.store().key().clone();
    let arrived = || Detail::None;
    let good = sealed_by(&key, device(1), SITE, Kind::Arrived, arrived(), 1);
    let stranger = SigningKey::from_bytes(&[9; 32]);
    let forged = sealed_by(&stranger, device(1), SITE, Kind::Arrived, arrived(), 2);
    let elsewhere = sealed_by(&key, device(1), SiteId(Uuid::from_u128(7)), Kind::Arrived, arrived(), 3);
    let mut altered = sealed_by(&key, device(1), SITE, Kind::Arrived, arrived(), 4);
    altered.private.as_mut().unwrap().payload[40] ^= 1;
    let bare = Sealed { private: None, ..sealed_by(&key, device(1), SITE, Kind::Arrived, arrived(), 5) };
    let observed = Detail::Clock { device: device(2), boot: BOOT, boottime_ms: 1, at_ms: 0 };
    let clock = sealed_by(&key, device(1), SITE, Kind::ClockObserved, observed, 6);
    let decided = sealed_by(&key, device(1), SITE, Kind::Decided, arrived(), 8);
    let beyond = {
        let mut head = ChainHead::start(device(1));
        head.place.seq = u64::MAX - 1;
        let mut draft = draft_of(&good);
        draft.entry_id = EntryId(uuid(43, 1));
        seal(draft, &mut head, &key)
    };
    let nobodys = sealed_by(&stranger, device(9), SITE, Kind::Arrived, arrived(), 7);
    let handed = [&good, &forged, &elsewhere, &altered, &bare, &clock, &decided, &beyond, &nobodys];
    let mut second = site.tablets[1].door.store().second().unwrap();
    let mut give = |sealed: &[&Sealed]| {
        let entries = sealed.iter().map(|sealed| WireEntry::from(*sealed)).collect();
        answer(&mut second, wednesday("07:45"), PeerAsk::Give { entries }).unwrap()
    };
    for sealed in &handed[1..] {
        assert_eq!(give(&[sealed]), PeerAnswer::Taken { count: 0 });
    }
    assert_eq!(give(&handed), PeerAnswer::Taken { count: 1 }, "the others keep none from it");
    assert_eq!(site.names(1), [good.decode_envelope().unwrap().entry_id]);
    assert_eq!(site.state(1, LEA, wednesday("07:46")), TileState::Present);
}

#[test]
fn past_a_limit_nothing_is_done() {
    let site = Site::of(2);
    let mut store = site.tablets[1].door.store().second().unwrap();
    let mut ask = |ask| answer(&mut store, wednesday("07:45"), ask).unwrap();
    let refused = PeerAnswer::Refused { code: "trop".into() };
    let block = BlockEntries { name: BlockName { device: device(1), epoch: 1, block: 0 }, entries: vec![] };
    assert_eq!(ask(PeerAsk::Compare { blocks: vec![block.clone(); PEER_COMPARED_MAX + 1] }), refused);
    assert_ne!(ask(PeerAsk::Compare { blocks: vec![block; PEER_COMPARED_MAX] }), refused);
    let name = EntryId(uuid(41, 1));
    assert_eq!(ask(PeerAsk::Fetch { entries: vec![name; PUSH_ENTRIES_MAX + 1] }), refused);
    assert_ne!(ask(PeerAsk::Fetch { entries: vec![name; PUSH_ENTRIES_MAX] }), refused);
    let key = site.tablets[0].door.store().key();
    let entry = WireEntry::from(&sealed_by(key, device(1), SITE, Kind::Arrived, Detail::None, 1));
    assert_eq!(ask(PeerAsk::Give { entries: vec![entry.clone(); PUSH_ENTRIES_MAX + 1] }), refused);
    assert_eq!(site.names(1), []);
    assert_eq!(ask(PeerAsk::Give { entries: vec![entry; PUSH_ENTRIES_MAX] }), PeerAnswer::Taken { count: 1 });
}

#[test]
fn two_entries_at_one_place_both_travel() {
    let site = Site::of(2);
    let key = site.tablets[0].door.store().key().clone();
    let one = sealed_by(&key, device(1), SITE, Kind::Arrived, Detail::None, 1);
    let mut two = draft_of(&one);
    two.entry_id = EntryId(uuid(42, 1));
    let two = seal(two, &mut ChainHead::start(device(1)), &key);
    for (tablet, sealed) in [(0, &one), (1, &two)] {
        let mut store = site.tablets[tablet].door.store().second().unwrap();
        let given = answer(&mut store, wednesday("07:45"), PeerAsk::Give { entries: vec![WireEntry::from(sealed)] }).unwrap();
        assert_eq!(given, PeerAnswer::Taken { count: 1 });
    }
    assert_eq!(site.meet(0, 1, wednesday("07:46")), Exchanged { received: 1, given: 1, left: 0 });
    assert_eq!((site.names(0).len(), site.names(0)), (2, site.names(1)));
}

fn draft_of(sealed: &Sealed) -> Draft {
    let envelope = sealed.decode_envelope().unwrap();
    let private = sealed.private.as_ref().unwrap();
    let payload = Payload::decode(&envelope.kind, envelope.kind_version, &private.payload).unwrap();
    let (organisation, site, entry_id, kind) = (envelope.organisation, envelope.site, envelope.entry_id, envelope.kind);
    Draft { organisation, site, entry_id, kind, payload, notes: vec![], salt: private.salt }
}

#[test]
fn last_weeks_days_travel_and_older_ones_stay_unless_they_came_last_or_the_server_lacks_them() {
    let (one, two, wire) = (tempdir().unwrap(), tempdir().unwrap(), wire());
    let mut store = Store::open(one.path(), Arc::new(NoFaults)).unwrap();
    enrol(&mut store, 1, [roster(), crowd(420)].concat());
    let mut first = Tablet::over(store, 1, &wire, wednesday("07:40"));
    // Its clock stood at 1970 in the morning.
    first.door.act(Now { wall_ms: 3_600_000, ..wednesday("07:42") }, Act::Touch(child(LEA)));
    let met = |number: u16, dir: &Path, first: &Tablet| {
        let other = Tablet::new(dir, number, &wire, wednesday("07:40"));
        other.door.store().second().unwrap().journal.know_authors(&[author_of(first, 1)]).unwrap();
        meet(&other, first, wednesday("08:00")).received
    };
    assert_eq!(met(2, two.path(), &first), 1, "the server lacks it");
    first.sync(wednesday("07:46"));
    let three = tempdir().unwrap();
    assert_eq!(met(3, three.path(), &first), 1, "it came last, and stands on the board");
    for number in 100..520 {
        first.door.act(wednesday("07:50"), Act::Touch(child(number)));
    }
    first.sync(wednesday("07:55"));
    let four = tempdir().unwrap();
    assert_eq!(met(4, four.path(), &first), 420, "of today alone");
}

#[test]
fn the_certificate_is_kept_asked_for_again_and_none_of_another_life_is_shown() {
    let mut site = Site::of(1);
    site.tablets[0].sync(wednesday("07:41"));
    let store = site.tablets[0].door.store().second().unwrap();
    assert_eq!(terminal_core::peers::own_certificate(&store).unwrap(), None);
    let own = crate::peers_tls::issued(&crate::peers_tls::authority(), store.key(), device(1), SITE, crate::peers_tls::ALWAYS);
    let given = PeerCertificate { certificate: own.into(), until_ms: 1_900_000_000_000 };
    site.wire.server.lock().unwrap().certificate = Some(given.clone());
    // After its hour the session is opened again.
    site.tablets[0].sync(wednesday("09:00"));
    assert_eq!(terminal_core::peers::own_certificate(&store).unwrap(), Some(given));
    assert_eq!(site.wire.server.lock().unwrap().until, Some(None), "it held none");
    site.tablets[0].sync(wednesday("11:00"));
    assert_eq!(site.wire.server.lock().unwrap().until, Some(Some(1_900_000_000_000)));
    let other = crate::peers_tls::issued(&crate::peers_tls::authority(), store.key(), device(7), SITE, crate::peers_tls::ALWAYS);
    site.wire.server.lock().unwrap().certificate = Some(PeerCertificate { certificate: other.into(), until_ms: 1 });
    site.tablets[0].sync(wednesday("13:00"));
    assert_eq!(terminal_core::peers::own_certificate(&store).unwrap(), None, "of an earlier life");
}

/// What happens at a site that is cut off.
#[derive(Debug, Clone)]
enum Event {
    Touches(usize, u16),
    Meet { one: usize, other: usize, asks: usize, done: bool },
    Syncs(usize),
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let event = prop_oneof![
        3 => (0..3_usize, prop_oneof![Just(LEA), Just(TOM), Just(AYA), Just(NOE)]).prop_map(|(tablet, who)| Event::Touches(tablet, who)),
        4 => (0..3_usize, 1..3_usize, 0..6_usize, any::<bool>())
            .prop_map(|(one, step, asks, done)| Event::Meet { one, other: (one + step) % 3, asks, done }),
        1 => (0..3_usize).prop_map(Event::Syncs),
    ];
    proptest::collection::vec(event, 1..24)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn whatever_is_lost_and_in_whatever_order_all_boards_agree_and_nothing_doubles(events in events()) {
        let mut site = Site::of(3);
        let mut sealed: HashSet<EntryId> = HashSet::new();
        let mut now = wednesday("08:00");
        for event in events {
            now = later(now, 30_000);
            match event {
                Event::Touches(tablet, who) => {
                    let door = &mut site.tablets[tablet].door;
                    door.act(now, Act::Touch(child(who)));
                    sealed.extend(door.last_recorded());
                    door.act(now, Act::Close);
                }
                Event::Meet { one, other, asks, done } => {
                    let mut calling = site.tablets[one].door.store().second().unwrap();
                    let mut answering = site.tablets[other].door.store().second().unwrap();
                    let mut carry = Beside { store: &mut answering, now, asks_left: asks, done_all_the_same: done };
                    let _ = exchange(&mut calling, now, &mut carry);
                }
                Event::Syncs(tablet) => drop(site.tablets[tablet].sync(now)),
            }
        }
        // The line holds: a ring of exchanges, twice round.
        for (one, other) in [(0, 1), (1, 2), (2, 0), (0, 1), (1, 2)] {
            now = later(now, 1_000);
            prop_assert!(site.meet(one, other, now).agrees());
        }
        let expected: Vec<EntryId> = { let mut all: Vec<_> = sealed.into_iter().collect(); all.sort_unstable(); all };
        for tablet in 0..3 {
            prop_assert_eq!(site.names(tablet), expected.clone());
            site.tablets[tablet].door.tick_clock(now);
        }
        for tablet in 1..3 {
            prop_assert_eq!(&site.tablets[tablet].door.attendance().days, &site.tablets[0].door.attendance().days);
        }
        // And once each has a line, the server has each entry once.
        for tablet in 0..3 {
            now = later(now, 60_000);
            prop_assert_eq!(site.tablets[tablet].sync(now), Some(LineState::Online));
        }
        let mut held = ids(&site.wire);
        held.sort_unstable();
        prop_assert_eq!(held, expected);
    }
}
