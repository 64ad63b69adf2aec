use crate::fixture::*;
use crate::server::{Fault, Wire};
use proptest::prelude::*;
use shared::id::{BootId, DeviceId, EntryId};
use shared::journal::{
    Actor, ChainHead, Channel, Detail, Draft, Evidence, Kind, Payload, Sealed, SigningKey, StoredEntry, VerifyingKey, seal,
};
use shared::wire::{ChangeBody, WireEntry};
use std::path::Path;
use std::sync::Arc;
use tempfile::tempdir;
use terminal_core::clock::{Clock, Now};
use terminal_core::door::Door;
use terminal_core::store::{LineState, NoFaults, Store};
use terminal_core::sync::line::Line;
use terminal_core::sync::shell::Shell;
use terminal_core::sync::transport::{Answer, LineFailure, Request, Transport};
use terminal_core::view::{Act, TileState, Tone};

/// A tablet of the site with its line to a server. Its roster comes from the server alone.
pub struct Tablet {
    pub door: Door,
    pub shell: Shell<Wire>,
}

impl Tablet {
    pub fn new(dir: &Path, number: u16, wire: &Wire, now: Now) -> Self {
        let mut store = Store::open(dir, Arc::new(NoFaults)).unwrap();
        enrol(&mut store, number, roster());
        Self::over(store, number, wire, now)
    }
    pub fn over(store: Store, number: u16, wire: &Wire, now: Now) -> Self {
        wire.knows(number, store.key().verifying_key());
        let shell = Shell::new(store.second().unwrap(), wire.clone(), u64::from(number)).unwrap();
        Self { door: Door::open(store, now).unwrap(), shell }
    }
    pub fn sync(&mut self, now: Now) -> Option<LineState> {
        self.shell.round(&|| now, true).line
    }
    pub fn unsent(&mut self, now: Now) -> u32 {
        self.door.tick_clock(now).sync.unsent
    }
}

pub fn wire() -> Wire {
    let wire = Wire::new("epoch-1");
    let mut server = wire.server.lock().unwrap();
    server.server_ms = wednesday("08:30").wall_ms;
    // The change that the fixture's roster counts as received.
    server.change(ChangeBody::Remove("activity:none".into()));
    drop(server);
    wire
}

pub fn ids(wire: &Wire) -> Vec<EntryId> {
    wire.server.lock().unwrap().entries.iter().map(|s| s.decode_envelope().unwrap().entry_id).collect()
}

#[test]
fn what_was_kept_offline_leaves_when_the_line_is_back_and_is_acknowledged() {
    let (dir, wire) = (tempdir().unwrap(), wire());
    let mut tablet = Tablet::new(dir.path(), 1, &wire, wednesday("07:40"));
    wire.will(&[Fault::Cut]);
    assert_eq!(tablet.sync(wednesday("08:10")), Some(LineState::NoNetwork));
    let screen = tablet.door.act(wednesday("08:12"), Act::Badge(FAMILY_CARD.into()));
    assert_eq!(screen.sync.text, "Sans réseau depuis 8 h 10 · 2 pointages gardés");

    assert_eq!(tablet.sync(wednesday("08:30")), Some(LineState::Online));
    let screen = tablet.door.tick_clock(wednesday("08:30"));
    assert_eq!((screen.sync.unsent, screen.sync.text.as_str()), (0, "À jour · dernier échange 8:30"));
    assert_eq!(ids(&wire).len(), 2);
}

#[test]
fn a_tablet_says_of_itself_what_still_waits_after_the_server_took_what_it_could() {
    let (dir, wire) = (tempdir().unwrap(), wire());
    let mut tablet = Tablet::new(dir.path(), 1, &wire, wednesday("07:40"));
    tablet.door.act(wednesday("07:42"), Act::Touch(child(LEA)));
    tablet.door.act(wednesday("07:42"), Act::Confirm);
    tablet.sync(wednesday("08:42"));
    let told = wire.server.lock().unwrap().reports.pop().unwrap();
    assert_eq!((told.waiting, told.oldest_waiting_s, told.refused, told.key_storage.as_str()), (0, None, 0, "fichier"));

    let screen = tablet.door.act(wednesday("08:43"), Act::Touch(child(TOM)));
    assert_eq!(screen.sync.unsent, 1);
    let poison = tablet.door.store().journal.outgoing(None, 1, 10_000).unwrap()[0].entry;
    wire.server.lock().unwrap().poison.insert(poison);
    std::fs::write(dir.path().join("journal.db.corrompu-2026-10-14T0742"), b"abime").unwrap();
    tablet.sync(wednesday("08:44"));
    let told = wire.server.lock().unwrap().reports.pop().unwrap();
    assert_eq!((told.waiting, told.refused, told.set_aside), (0, 1, 1));
    assert_eq!((told.reader, told.battery_percent), (None, None), "what nobody asked the machine isn't said");
}

#[test]
fn a_tablet_tells_how_it_is_every_five_minutes_and_again_where_its_line_failed() {
    let (dir, wire) = (tempdir().unwrap(), wire());
    let mut tablet = Tablet::new(dir.path(), 1, &wire, wednesday("07:40"));
    let told = || wire.server.lock().unwrap().reports.len();
    let start = wednesday("07:42");
    // Session, and the pull whose answer is lost: the server heard it, the tablet doesn't know.
    wire.will(&[Fault::Fine, Fault::Fine, Fault::LostReply]);
    assert_eq!(tablet.sync(start), Some(LineState::NoNetwork));
    tablet.sync(later(start, 1_000));
    assert_eq!(told(), 2);
    for ms in [11_000, 290_000, 300_000] {
        tablet.sync(later(start, ms));
        assert_eq!(told(), 2, "{ms} ms");
    }
    tablet.sync(later(start, 301_000));
    assert_eq!(told(), 3);
}

#[test]
fn a_lost_reply_is_not_a_second_presence() {
    let (dir, wire) = (tempdir().unwrap(), wire());
    let mut tablet = Tablet::new(dir.path(), 1, &wire, wednesday("07:40"));
    tablet.door.act(wednesday("07:42"), Act::Touch(child(LEA)));
    // Hello, session, and the push whose answer is lost.
    wire.will(&[Fault::Fine, Fault::Fine, Fault::LostReply]);
    assert_eq!(tablet.sync(wednesday("07:43")), Some(LineState::NoNetwork));
    assert_eq!((ids(&wire).len(), tablet.unsent(wednesday("07:43"))), (1, 1), "the server has it, the tablet doesn't know");

    tablet.sync(wednesday("07:44"));
    assert_eq!((ids(&wire).len(), tablet.unsent(wednesday("07:44"))), (1, 0));
    let day = &tablet.door.attendance().days[&(date("2026-10-14"), child(LEA))];
    assert_eq!((day.presences.len(), day.repeats.len()), (1, 0));
}

#[test]
fn two_tablets_of_one_site_see_each_others_entries() {
    let (one, two, wire) = (tempdir().unwrap(), tempdir().unwrap(), wire());
    let mut first = Tablet::new(one.path(), 1, &wire, wednesday("07:40"));
    let mut second = Tablet::new(two.path(), 2, &wire, wednesday("07:40"));
    first.door.act(wednesday("07:42"), Act::Touch(child(LEA)));
    first.sync(wednesday("07:43"));
    second.sync(wednesday("07:44"));
    let screen = second.door.tick_clock(wednesday("07:44"));
    assert_eq!((tile(&screen, LEA).state, tile(&screen, LEA).state_text), (TileState::Present, "7:42".into()));
    assert_eq!(screen.sync.unsent, 0, "another's entry isn't ours to send");

    // Léa leaves at the other door; the first tablet hears of it.
    leaves_with(&mut second.door, wednesday("16:30"), LEA, JULIEN);
    second.sync(wednesday("16:31"));
    first.sync(wednesday("16:32"));
    assert_eq!(tile(&first.door.tick_clock(wednesday("16:32")), LEA).state, TileState::Gone);
}

#[test]
fn an_entry_that_its_author_did_not_sign_is_never_stored() {
    let (one, two, wire) = (tempdir().unwrap(), tempdir().unwrap(), wire());
    let mut first = Tablet::new(one.path(), 1, &wire, wednesday("07:40"));
    let mut second = Tablet::new(two.path(), 2, &wire, wednesday("07:40"));
    first.door.act(wednesday("07:42"), Act::Touch(child(LEA)));
    first.door.act(wednesday("07:43"), Act::Touch(child(TOM)));
    first.sync(wednesday("07:44"));
    for change in &mut wire.server.lock().unwrap().changes {
        if let ChangeBody::Entry { entry, .. } = &mut change.body {
            entry.private.as_mut().unwrap().payload.0[40] ^= 1;
            break;
        }
    }
    second.sync(wednesday("07:45"));
    let screen = second.door.tick_clock(wednesday("07:45"));
    assert_eq!((tile(&screen, LEA).state, tile(&screen, TOM).state), (TileState::Expected, TileState::Present));
}

#[test]
fn one_poisonous_entry_stops_nothing_and_is_shown() {
    let (dir, wire) = (tempdir().unwrap(), wire());
    let mut tablet = Tablet::new(dir.path(), 1, &wire, wednesday("07:40"));
    tablet.door.act(wednesday("07:42"), Act::Touch(child(LEA)));
    let poison = tablet.door.last_recorded()[0];
    wire.server.lock().unwrap().poison.insert(poison);
    tablet.door.act(wednesday("07:43"), Act::Touch(child(TOM)));
    tablet.sync(wednesday("07:44"));
    let screen = tablet.door.tick_clock(wednesday("07:44"));
    assert_eq!(screen.sync.text, "1 pointage refusé par le serveur : appelez l'administration");
    assert_eq!((screen.sync.unsent, ids(&wire).len()), (0, 1));
}

#[test]
fn a_session_that_ran_out_is_opened_again_within_the_round() {
    let (dir, wire) = (tempdir().unwrap(), wire());
    let mut tablet = Tablet::new(dir.path(), 1, &wire, wednesday("07:40"));
    tablet.sync(wednesday("07:41"));
    tablet.door.act(wednesday("07:42"), Act::Touch(child(LEA)));
    wire.will(&[Fault::Expired]);
    assert_eq!(tablet.sync(wednesday("07:43")), Some(LineState::Online));
    assert_eq!(tablet.unsent(wednesday("07:43")), 0);
    // After its hour nobody has to refuse it first.
    wire.server.lock().unwrap().requests.clear();
    tablet.sync(wednesday("08:50"));
    assert_eq!(wire.paths()[0], "/sync/v1/session/hello");
}

#[test]
fn a_server_restored_from_an_older_backup_is_offered_everything_that_it_lost() {
    let (dir, wire) = (tempdir().unwrap(), wire());
    let mut tablet = Tablet::new(dir.path(), 1, &wire, wednesday("07:40"));
    for (minute, who) in [(42, LEA), (43, TOM), (44, AYA)] {
        tablet.door.act(wednesday(&format!("07:{minute}")), Act::Touch(child(who)));
    }
    tablet.sync(wednesday("07:45"));
    let all = ids(&wire);
    assert_eq!(all.len(), 3);
    wire.server.lock().unwrap().restore(1, "epoch-2");
    tablet.sync(wednesday("07:46"));
    assert_eq!(ids(&wire), all);
    assert_eq!(tablet.unsent(wednesday("07:46")), 0);
}

#[test]
fn a_number_that_falls_counts_as_a_restore() {
    let (dir, wire) = (tempdir().unwrap(), wire());
    let mut tablet = Tablet::new(dir.path(), 1, &wire, wednesday("07:40"));
    tablet.door.act(wednesday("07:42"), Act::Touch(child(LEA)));
    tablet.door.act(wednesday("07:43"), Act::Touch(child(TOM)));
    tablet.sync(wednesday("07:45"));
    wire.server.lock().unwrap().restore(1, "epoch-1");
    tablet.sync(wednesday("07:46"));
    assert_eq!(ids(&wire).len(), 2);
}

#[test]
fn a_long_queue_leaves_in_batches_within_the_limits() {
    let (dir, wire) = (tempdir().unwrap(), wire());
    let mut store = Store::open(dir.path(), Arc::new(NoFaults)).unwrap();
    enrol(&mut store, 1, [roster(), crowd(300)].concat());
    let mut tablet = Tablet::over(store, 1, &wire, wednesday("07:40"));
    for number in 100..400 {
        tablet.door.act(wednesday("07:50"), Act::Touch(child(number)));
    }
    assert_eq!(tablet.unsent(wednesday("07:51")), 300);
    tablet.sync(wednesday("07:52"));
    let pushes = wire.paths().iter().filter(|p| p.ends_with("push")).count();
    assert_eq!((pushes, ids(&wire).len(), tablet.unsent(wednesday("07:52"))), (2, 300, 0));
}

#[test]
fn the_roster_changes_in_the_middle_of_the_day_without_touching_what_was_recorded() {
    let (dir, wire) = (tempdir().unwrap(), wire());
    let mut tablet = Tablet::new(dir.path(), 1, &wire, wednesday("07:40"));
    tablet.sync(wednesday("07:41"));
    tablet.door.act(wednesday("07:42"), Act::Touch(child(LEA)));
    assert!(find(&tablet.door.screen(wednesday("07:42")), ZOE).is_none(), "Zoé isn't awaited");
    wire.put(booking(ZOE, "MERC", "2026-10-14", Some("09:00"), true));
    tablet.sync(wednesday("08:00"));
    let screen = tablet.door.tick_clock(wednesday("08:00"));
    assert_eq!((tile(&screen, ZOE).state, tile(&screen, ZOE).state_text), (TileState::Expected, "dès 9:00".into()));
    assert_eq!(tile(&screen, LEA).state, TileState::Present);
}

#[test]
fn a_whole_new_roster_is_shown_only_when_it_is_complete() {
    let (dir, wire) = (tempdir().unwrap(), wire());
    let mut tablet = Tablet::new(dir.path(), 1, &wire, wednesday("07:40"));
    for item in [roster(), crowd(300)].concat() {
        wire.put(item);
    }
    wire.server.lock().unwrap().oldest_change = 2;
    // Hello, session, pull (410), the first page of the new roster; then the line is cut.
    wire.will(&[Fault::Fine, Fault::Fine, Fault::Fine, Fault::Fine, Fault::Cut]);
    assert_eq!(tablet.sync(wednesday("07:41")), Some(LineState::NoNetwork));
    assert!(find(&tablet.door.tick_clock(wednesday("07:41")), 100).is_none(), "half a roster isn't shown");
    assert!(find(&tablet.door.screen(wednesday("07:41")), LEA).is_some());
    tablet.sync(wednesday("07:45"));
    assert!(find(&tablet.door.tick_clock(wednesday("07:45")), 399).is_some());
}

#[test]
fn a_revoked_tablet_a_welcome_page_and_silence_are_told_apart() {
    let (dir, wire) = (tempdir().unwrap(), wire());
    let mut tablet = Tablet::new(dir.path(), 1, &wire, wednesday("07:40"));
    wire.will(&[Fault::WelcomePage]);
    assert_eq!(tablet.sync(wednesday("07:41")), Some(LineState::NotPreau));
    wire.will(&[Fault::Cut]);
    assert_eq!(tablet.sync(wednesday("07:42")), Some(LineState::NoNetwork));
    wire.server.lock().unwrap().revoked.insert(device(1));
    assert_eq!(tablet.sync(wednesday("07:43")), Some(LineState::Revoked));
    let screen = tablet.door.act(wednesday("07:44"), Act::Touch(child(LEA)));
    assert!(screen.sync.text.starts_with("Le serveur refuse cette tablette"), "{}", screen.sync.text);
    assert_eq!(tile(&screen, LEA).state, TileState::Present, "the door goes on");
}

#[test]
fn what_the_server_set_apart_is_said_at_the_door_and_in_the_status() {
    let (dir, wire) = (tempdir().unwrap(), wire());
    let mut tablet = Tablet::new(dir.path(), 1, &wire, wednesday("07:40"));
    for number in [LEA, TOM, NOE] {
        tablet.door.act(wednesday("07:42"), Act::Touch(child(number)));
        wire.server.lock().unwrap().doubtful.insert(tablet.door.last_recorded()[0]);
    }
    tablet.door.act(wednesday("07:42"), Act::Touch(child(AYA)));
    assert_eq!(tablet.sync(wednesday("07:43")), Some(LineState::Online));
    let screen = tablet.door.tick_clock(wednesday("07:43"));
    assert_eq!(screen.sync.text, "3 pointages mis de côté par le serveur : prévenez le bureau");
    assert_eq!((screen.sync.tone, screen.sync.unsent), (Tone::Amber, 0));
    assert_eq!(tile(&screen, LEA).state, TileState::Present, "the door goes on");

    let status = terminal_core::commands::status::status(dir.path()).unwrap();
    assert_eq!((status.queue, status.quarantined, status.refused), (0, 3, 0));
    let words = status.in_words();
    assert!(words.contains("À regarder         3 pointages mis de côté par le serveur : prévenez le bureau"), "{words}");
}

#[test]
fn after_failures_the_client_waits_longer_and_a_touch_does_not_hurry_it() {
    let (dir, wire) = (tempdir().unwrap(), wire());
    let mut tablet = Tablet::new(dir.path(), 1, &wire, wednesday("07:40"));
    let mut waits = Vec::new();
    for _ in 0..6 {
        wire.will(&[Fault::Cut]);
        tablet.sync(wednesday("07:41"));
        waits.push(tablet.shell.next_at_ms() - wednesday("07:41").boottime_ms);
    }
    assert!(waits[5] > waits[0] * 4, "{waits:?}");
    let requests = wire.paths().len();
    assert_eq!(tablet.shell.round(&|| wednesday("07:41"), false).line, None);
    assert_eq!(wire.paths().len(), requests);
}

#[test]
fn a_forgotten_child_leaves_no_byte_on_the_tablet_and_the_chain_still_holds() {
    let (dir, wire) = (tempdir().unwrap(), wire());
    let mut tablet = Tablet::new(dir.path(), 1, &wire, wednesday("07:40"));
    tablet.door.act(wednesday("08:00"), Act::Touch(child(LEA)));
    let arrival = tablet.door.last_recorded()[0];
    leaves_with_a_stranger(&mut tablet.door, wednesday("16:30"), LEA, "Camille Tanguy");
    let departure = tablet.door.last_recorded()[0];
    tablet.sync(wednesday("16:32"));
    for entry in [arrival, departure] {
        wire.server.lock().unwrap().change(ChangeBody::Forget(entry));
    }
    for key in [format!("child:{}", child(LEA)), format!("adult:{}:{}", child(LEA), person(ODETTE))] {
        wire.server.lock().unwrap().change(ChangeBody::Remove(key));
    }
    tablet.sync(wednesday("16:33"));
    assert!(!tablet.door.tick_clock(wednesday("16:33")).tiles.iter().any(|t| t.child == child(LEA) && t.state == TileState::Present));

    let key = VerifyingKey::from_bytes(&tablet.door.store().journal.identity().unwrap().unwrap().public_key).unwrap();
    let all = tablet.door.store().journal.all().unwrap();
    let stored = all.iter().map(|(s, _)| StoredEntry { envelope: &s.envelope, signature: &s.signature, private: s.private.as_ref() });
    let report = shared::journal::verify(stored, &[(device(1), key)].into());
    assert!(report.is_whole(), "{report:?}");
    assert_eq!(report.erased, 2);
    drop(tablet);
    let files = crate::second_copy::files(dir.path());
    assert!(files.iter().any(|file| file.ends_with("copy/2026-10.seg")), "{files:?}");
    for file in files {
        let (bytes, name) = (std::fs::read(&file).unwrap(), file.display());
        let holds = |needle: &[u8]| bytes.windows(needle.len()).any(|w| w == needle);
        assert!(!holds(b"Tanguy") && !holds(child(LEA).0.as_bytes()) && !holds("Léa".as_bytes()) && !holds(b"Odette"), "{name}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// Whatever the line loses, each entry takes effect exactly once, and nothing that was shown is missing in the end.
    #[test]
    fn however_the_line_breaks_each_entry_arrives_once(
        faults in prop::collection::vec(prop_oneof![Just(Fault::Cut), Just(Fault::LostReply), Just(Fault::Fine), Just(Fault::Expired)], 0..40),
        touches in prop::collection::vec(0_u16..4, 1..12),
    ) {
        let (dir, wire) = (tempdir().unwrap(), wire());
        let mut tablet = Tablet::new(dir.path(), 1, &wire, wednesday("07:40"));
        wire.will(&faults);
        let mut shown = Vec::new();
        let mut now = wednesday("07:41");
        for who in touches {
            now = later(now, 20_000);
            tablet.door.act(now, Act::Arrive(child(LEA + who)));
            shown.extend(tablet.door.last_recorded().to_vec());
            tablet.sync(now);
        }
        for _ in 0..42 {
            now = later(now, 600_000);
            tablet.sync(now);
        }
        prop_assert_eq!(tablet.unsent(now), 0);
        prop_assert_eq!(ids(&wire), shown);
    }
}

/// A line that tells the test of each request, so that nothing is waited for by the clock.
struct Told {
    wire: Wire,
    tell: std::sync::mpsc::Sender<&'static str>,
}

impl Transport for Told {
    fn send(&mut self, request: &Request) -> Result<Answer, LineFailure> {
        let answer = self.wire.send(request);
        // The test may have heard enough.
        let _ = self.tell.send(request.path);
        answer
    }
}

struct Stopped(Now);

impl Clock for Stopped {
    fn now(&self) -> Now {
        self.0
    }
}

#[test]
fn the_sync_thread_sends_what_was_sealed_as_soon_as_it_is_told() {
    let (dir, wire) = (tempdir().unwrap(), wire());
    let now = wednesday("07:42");
    let mut store = Store::open(dir.path(), Arc::new(NoFaults)).unwrap();
    enrol(&mut store, 1, roster());
    wire.knows(1, store.key().verifying_key());
    let (tell, heard) = std::sync::mpsc::channel();
    let line = Line::start_with(store.second().unwrap(), Stopped(now), Told { wire: wire.clone(), tell }).unwrap();
    let mut door = Door::open(store, now).unwrap();
    let wait_for = |path: &str| while heard.recv_timeout(std::time::Duration::from_secs(30)).unwrap() != path {};
    wait_for("/sync/v1/pull");
    door.act(now, Act::Touch(child(LEA)));
    line.sealed();
    wait_for("/sync/v1/push");
    assert_eq!(ids(&wire), door.last_recorded());
    // Dropped, the thread ends and lets the folder go.
    drop((line, door));
    assert!(Store::open(dir.path(), Arc::new(NoFaults)).is_ok());
}

#[test]
fn touches_of_a_dead_battery_are_put_on_the_right_day_by_the_servers_observation() {
    let (dir, wire) = (tempdir().unwrap(), wire());
    let dead = |now: Now| Now { wall_ms: now.wall_ms - wednesday("07:00").wall_ms, ..now };
    let mut tablet = Tablet::new(dir.path(), 1, &wire, dead(wednesday("07:40")));
    let screen = tablet.door.act(dead(wednesday("07:42")), Act::Arrive(child(LEA)));
    assert_eq!(screen.clock, "1:42", "1970, in Paris");
    tablet.door.act(dead(wednesday("07:50")), Act::Arrive(child(TOM)));

    let right = wednesday("08:00");
    wire.server.lock().unwrap().server_ms = right.wall_ms;
    let (observation, key) = server_saw(device(1), right);
    let changed = ChangeBody::Entry { entry: WireEntry::from(&observation), key: key.to_bytes().into() };
    wire.server.lock().unwrap().change(changed);
    tablet.sync(dead(right));
    let screen = tablet.door.tick_clock(dead(right));
    assert_eq!((screen.clock.as_str(), screen.moment.as_str()), ("8:00", "Mercredi journée · 14 octobre"));
    assert_eq!((tile(&screen, LEA).state_text, tile(&screen, TOM).state_text), ("7:42".into(), "7:50".into()));
}

/// The server's own entry: it saw a device's clock at an instant.
fn server_saw(device: DeviceId, at: Now) -> (Sealed, VerifyingKey) {
    let key = SigningKey::from_bytes(&[5; 32]);
    let payload = Payload {
        boottime_ms: 1,
        boot: BootId::new(3, [3; 10]),
        actor: Actor::SYSTEM,
        channel: Channel::System,
        evidence: Evidence::Measured,
        detail: Detail::Clock { device, boot: BOOT, boottime_ms: at.boottime_ms, at_ms: at.wall_ms },
        ..Payload::at(at.wall_ms)
    };
    let entry_id = EntryId::new(at.wall_ms, [3; 10]);
    let draft =
        Draft { organisation: ORGANISATION, site: SITE, entry_id, kind: Kind::ClockObserved, payload, notes: vec![], salt: [1; 32] };
    let mut head = ChainHead::start(DeviceId::new(4, [4; 10]));
    (seal(draft, &mut head, &key), key.verifying_key())
}
