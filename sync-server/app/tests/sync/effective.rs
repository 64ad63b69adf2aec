//! When each touch took effect, as the server keeps it beside the entry: what the fold says of all that is held, whichever way it came in.

use super::tablet::{Door, Tablet, at_noon, open, sign};
use crate::on_both;
use crate::world::{Commune, commune};
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, TestRunner};
use server::store::entity::{journal_entry, journal_payload};
use server::store::{Territory, random};
use shared::calendar::instant_from_ms;
use shared::fold::{Fact, effective_times};
use shared::id::{BootId, EntryId, OrganisationId, uuid_v7};
use shared::journal::{Detail, Kind, Payload, Sealed};
use shared::wire::{Session, session_bytes};
use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

const HOUR_MS: i64 = 3_600_000;
/// Histories an engine.
const CASES: u32 = 16;

/// Every entry that the server holds, and the times that it keeps beside them.
async fn held(door: &Door) -> (Vec<Fact>, BTreeMap<EntryId, Option<i64>>) {
    let territory = Territory::new(door.app.territoire(), door.app.db.read());
    let (mut facts, mut times) = (Vec::new(), BTreeMap::new());
    for organisation in territory.organisations().await.unwrap() {
        let tenant = territory.tenant(OrganisationId(organisation.id));
        let payloads = tenant.find::<journal_payload::Entity>().all(&tenant.on()).await.unwrap();
        let payloads: HashMap<_, _> = payloads.into_iter().map(|row| (row.entry_id, row)).collect();
        for row in tenant.find::<journal_entry::Entity>().all(&tenant.on()).await.unwrap() {
            let payload = payloads.get(&row.entry_id);
            facts.push(Fact::from_parts(&row.envelope, payload.map(|p| p.payload.as_slice())).unwrap());
            times.extend(payload.map(|p| (EntryId(row.entry_id), p.effective_at_ms)));
        }
    }
    (facts, times)
}

/// Every touch took effect when the fold says, from all that is held at once.
async fn are_as_folded(door: &Door, told: &dyn std::fmt::Debug) {
    let (facts, stored) = held(door).await;
    for (entry, at_ms) in effective_times(&facts) {
        let seq = facts.iter().find(|fact| fact.envelope.entry_id == entry).map(|fact| fact.envelope.place.seq);
        assert_eq!(stored[&entry], Some(at_ms), "number {seq:?} of {} entries, after {told:?}", facts.len());
    }
}

/// A copy of one tablet: a disk that was put back, or that runs twice.
#[derive(Clone)]
struct Copy {
    tablet: Tablet,
    /// When its machine started, by the true time.
    started_ms: i64,
    /// What its wall clock is wrong by.
    off_ms: i64,
    unsent: Vec<Sealed>,
}

impl Copy {
    /// It was started a thousand seconds ago.
    async fn enrolled(door: &Door, here: &Commune) -> Self {
        let tablet = door.tablet(here).await;
        Self { tablet, started_ms: door.app.clock.now_ms() - 1_000_000, off_ms: 0, unsent: Vec::new() }
    }

    fn starts_again(&mut self, door: &Door, off_ms: i64) {
        (self.started_ms, self.off_ms) = (door.app.clock.now_ms() - 1_000, off_ms);
        self.tablet.boot = BootId(uuid_v7(0, random().unwrap()));
    }

    fn boottime_ms(&self, door: &Door) -> u64 {
        (door.app.clock.now_ms() - self.started_ms).unsigned_abs()
    }

    fn touches(&mut self, door: &Door) {
        let at = instant_from_ms(door.app.clock.now_ms() + self.off_ms);
        let mut draft = self.tablet.touch(&Kind::Arrived, at, Detail::None);
        draft.payload = Payload { boottime_ms: self.boottime_ms(door), ..draft.payload };
        self.unsent.push(self.tablet.seal(draft));
    }

    /// Its clock is observed, by the session that it opens.
    async fn is_observed(&mut self, door: &Door) {
        let mut proof = self.tablet.proof(door).await;
        proof.boottime_ms = self.boottime_ms(door);
        let said = session_bytes(&proof.nonce.0, proof.device, proof.boot, proof.boottime_ms, proof.wall_ms);
        proof.signature = sign(&self.tablet.key, &said).into();
        door.ask("/sync/v1/session", None, &proof).await.read::<Session>();
    }

    /// By way of a neighbour: a session of its own would have its clock observed.
    async fn pushes(&mut self, neighbour: &mut Tablet, door: &Door) -> Vec<String> {
        neighbour.open_session(door).await;
        neighbour.verdicts(door, &std::mem::take(&mut self.unsent)).await
    }
}

on_both! {
    async fn the_branch_of_a_copy_keeps_its_own_time_though_the_other_branch_was_sealed_later(fresh: &Fresh) {
        let app = at_noon(fresh);
        let here = commune(&app, "A").await;
        let door = open(app).await;
        let (mut one, mut neighbour) = (Copy::enrolled(&door, &here).await, door.tablet(&here).await);
        one.touches(&door);
        assert_eq!(one.pushes(&mut neighbour, &door).await, ["accepted"]);
        let mut other = one.clone();
        other.starts_again(&door, 0);
        // Four hours later than all that the other copy seals, and known first.
        other.touches(&door);
        door.app.clock.advance(Duration::from_millis(HOUR_MS.unsigned_abs()));
        other.touches(&door);
        door.app.clock.advance(Duration::from_millis(3 * HOUR_MS.unsigned_abs()));
        one.touches(&door);
        assert_eq!(one.pushes(&mut neighbour, &door).await, ["accepted"]);
        let late = other.unsent.split_off(1);
        assert_eq!(other.pushes(&mut neighbour, &door).await, ["accepted(fourche)"]);
        are_as_folded(&door, &"the fork").await;
        other.unsent = late;
        assert_eq!(other.pushes(&mut neighbour, &door).await, ["accepted"]);
        are_as_folded(&door, &"what comes behind the fork").await;
        other.is_observed(&door).await;
        are_as_folded(&door, &"its clock was observed").await;
    }
}

/// What happens to a tablet and its copies.
#[derive(Debug, Clone)]
enum Happens {
    Touched(Index),
    Pushed(Index),
    Observed(Index),
    /// Its clock is wrong by so much from now on.
    StartedAgain(Index, i64),
    Copied(Index),
    Hours(i64),
}

fn happens() -> impl Strategy<Value = Happens> {
    let off = prop_oneof![2 => Just(0), 2 => -20 * HOUR_MS..20 * HOUR_MS, 1 => Just(-1_700_000_000_000), 1 => Just(360_000_000_000)];
    prop_oneof![
        6 => any::<Index>().prop_map(Happens::Touched),
        4 => any::<Index>().prop_map(Happens::Pushed),
        2 => any::<Index>().prop_map(Happens::Observed),
        2 => (any::<Index>(), off).prop_map(|(copy, off_ms)| Happens::StartedAgain(copy, off_ms)),
        2 => any::<Index>().prop_map(Happens::Copied),
        3 => (1..4_i64).prop_map(Happens::Hours),
    ]
}

async fn happened(door: &Door, copies: &mut Vec<Copy>, neighbour: &mut Tablet, what: &Happens) {
    let count = copies.len();
    match what {
        Happens::Touched(copy) => copies[copy.index(count)].touches(door),
        Happens::Observed(copy) => copies[copy.index(count)].is_observed(door).await,
        Happens::StartedAgain(copy, off_ms) => copies[copy.index(count)].starts_again(door, *off_ms),
        Happens::Hours(hours) => door.app.clock.advance(Duration::from_millis((hours * HOUR_MS).unsigned_abs())),
        Happens::Copied(copy) if count < 3 => {
            // It holds what the first one holds, and has a machine of its own.
            let mut new = copies[copy.index(count)].clone();
            new.starts_again(door, 0);
            copies.push(new);
        }
        Happens::Copied(_) => {}
        Happens::Pushed(copy) => {
            for word in copies[copy.index(count)].pushes(neighbour, door).await {
                assert!(["accepted", "accepted(fourche)", "duplicate", "duplicate(fourche)"].contains(&word.as_str()), "{word}");
            }
        }
    }
}

on_both! {
    async fn however_a_tablet_is_copied_started_again_and_observed_each_touch_took_effect_when_the_fold_says(fresh: &Fresh) {
        let app = at_noon(fresh);
        let here = commune(&app, "A").await;
        let door = open(app).await;
        let mut neighbour = door.tablet(&here).await;
        let mut runner = TestRunner::new(Config { failure_persistence: None, ..Config::default() });
        let histories = prop::collection::vec(happens(), 1..40);
        for _ in 0..CASES {
            let history = histories.new_tree(&mut runner).unwrap().current();
            // Another minute: tries of codes are counted by it.
            door.app.clock.advance(Duration::from_secs(60));
            let mut copies = vec![Copy::enrolled(&door, &here).await];
            for (at, what) in history.iter().enumerate() {
                happened(&door, &mut copies, &mut neighbour, what).await;
                if matches!(what, Happens::Pushed(_) | Happens::Observed(_)) {
                    are_as_folded(&door, &&history[..=at]).await;
                }
            }
        }
    }
}
