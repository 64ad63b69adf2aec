//! What was left out comes back, what was erased doesn't.

use super::tablet::{Door, at_noon, monday, open};
use crate::on_both;
use crate::world::{Commune, commune};
use sea_orm::{ColumnTrait, PaginatorTrait, QueryFilter};
use server::attendance::forget::private_of;
use server::attendance::journal::{facts, forget_child};
use server::store::Territory;
use server::store::entity::{held_entry, journal_entry, journal_payload, quarantine};
use server::sync::push::pass_holes;
use shared::calendar::instant_from_ms;
use shared::fold::fold;
use shared::journal::{Note, Sealed};
use shared::wire::ChangeBody;
use std::time::Duration;

/// An entry as a carrier that keeps its content to itself hands it in.
fn stripped(entry: &Sealed) -> Sealed {
    Sealed { private: None, ..entry.clone() }
}

async fn forget(door: &Door, of: &Commune) {
    let transaction = door.app.db.begin().await.unwrap();
    let territory = Territory::new(door.app.territoire(), &transaction);
    forget_child(&territory, of.organisation, of.child.0, door.app.clock.now()).await.unwrap();
    transaction.commit().await.unwrap();
}

/// How many entries of a commune have their content, of how many.
async fn contents(door: &Door, of: &Commune) -> (u64, u64) {
    let tenant = Territory::new(door.app.territoire(), door.app.db.read()).tenant(of.organisation);
    let touches = tenant.find::<journal_entry::Entity>().filter(journal_entry::Column::Kind.eq("arrived"));
    let told = tenant.find::<journal_payload::Entity>().filter(journal_payload::Column::ChildId.is_not_null());
    (told.count(&tenant.on()).await.unwrap(), touches.count(&tenant.on()).await.unwrap())
}

on_both! {
    async fn content_that_a_carrier_left_out_is_taken_when_its_author_brings_it(fresh: &Fresh) {
        let app = at_noon(fresh);
        let here = commune(&app, "A").await;
        let door = open(app).await;
        let (mut author, carrier) = (door.tablet(&here).await, door.tablet(&here).await);
        let mut draft = author.touch(&shared::journal::Kind::Arrived, door.app.clock.now(), shared::journal::Detail::None);
        draft.notes = vec![Note { salt: [7; 32], text: "venue avec sa tante".into() }];
        let entry = author.seal(draft);
        let told = carrier.pull(&door).await;
        assert_eq!(carrier.verdicts(&door, &[stripped(&entry)]).await, ["accepted"]);
        assert_eq!(contents(&door, &here).await, (0, 1));

        assert_eq!(author.verdicts(&door, std::slice::from_ref(&entry)).await, ["duplicate"]);
        assert_eq!(contents(&door, &here).await, (1, 1));
        let tenant = Territory::new(door.app.territoire(), door.app.db.read()).tenant(here.organisation);
        let day = fold(&facts(&tenant, monday(), monday()).await.unwrap());
        assert_eq!(day.days[&(monday(), here.child)].presences.len(), 1);
        let next: shared::wire::PullAnswer = carrier.pull_raw(&door, told.cursor, &told.server_epoch).await.read();
        let full = |body: &ChangeBody| matches!(body, ChangeBody::Entry { entry: e, .. } if e.clone().into_sealed().is_some_and(|s| s == entry));
        assert!(next.changes.iter().any(|c| full(&c.body)), "the change is numbered: tablets hear of it");
        let envelope = shared::wire::Bytes::from(&entry.envelope);
        // A second time is nothing new.
        assert_eq!(author.verdicts(&door, &[entry]).await, ["duplicate"]);
        let again: shared::wire::PullAnswer = carrier.pull_raw(&door, next.cursor, &next.server_epoch).await.read();
        assert!(again.changes.is_empty());
        let everything = door.tablet(&here).await.pull(&door).await;
        let of_entry = |body: &ChangeBody| matches!(body, ChangeBody::Entry { entry: e, .. } if e.envelope == envelope);
        assert_eq!(everything.changes.iter().filter(|c| of_entry(&c.body)).count(), 1, "whoever hears all hears it once");
    }
}

on_both! {
    async fn content_that_is_not_its_own_completes_nothing(fresh: &Fresh) {
        let app = at_noon(fresh);
        let here = commune(&app, "A").await;
        let door = open(app).await;
        let mut tablet = door.tablet(&here).await;
        let entry = tablet.arrival(door.app.clock.now());
        let mut altered = entry.clone();
        altered.private.as_mut().unwrap().payload[40] ^= 1;
        assert_eq!(tablet.verdicts(&door, &[stripped(&entry), altered]).await, ["accepted", "duplicate"]);
        assert_eq!(contents(&door, &here).await, (0, 1));
        assert_eq!(tablet.verdicts(&door, &[stripped(&entry), entry]).await, ["duplicate", "duplicate"], "the right one in the same push");
        assert_eq!(contents(&door, &here).await, (1, 1));
    }
}

on_both! {
    async fn a_forgotten_childs_entry_never_comes_back(fresh: &Fresh) {
        let app = at_noon(fresh);
        let here = commune(&app, "A").await;
        let door = open(app).await;
        let (mut author, carrier) = (door.tablet(&here).await, door.tablet(&here).await);
        let full = author.arrival(door.app.clock.now());
        let left_out = author.arrival(door.app.clock.now());
        let unsent = author.arrival(door.app.clock.now());
        let tomorrow = author.arrival(instant_from_ms(door.app.clock.now_ms() + 24 * 3_600_000));
        author.push(&door, std::slice::from_ref(&full)).await;
        carrier.push(&door, &[stripped(&left_out)]).await;
        assert_eq!(contents(&door, &here).await, (1, 2));
        door.app.clock.advance(Duration::from_secs(1));
        forget(&door, &here).await;
        assert_eq!(contents(&door, &here).await, (0, 2));
        let told = author.pull(&door).await;

        // What it had, what its neighbour had left out, what nobody had seen yet, what a wrong clock puts after today.
        let verdicts = author.verdicts(&door, &[full.clone(), left_out.clone(), unsent.clone(), tomorrow.clone()]).await;
        assert_eq!(verdicts, ["duplicate", "duplicate", "accepted", "accepted"], "the chain goes on");
        assert_eq!(contents(&door, &here).await, (0, 4));
        let next: shared::wire::PullAnswer = author.pull_raw(&door, told.cursor, &told.server_epoch).await.read();
        let forgotten = next.changes.iter().filter(|c| matches!(c.body, ChangeBody::Forget(_))).count();
        assert_eq!(forgotten, 2, "the tablet that brought them erases them too");
        door.app.clock.advance(Duration::from_secs(2 * 24 * 3_600));
        author.open_session(&door).await;
        author.push(&door, &[full, left_out, unsent, tomorrow]).await;
        assert_eq!(contents(&door, &here).await, (0, 4), "nor on the day that it claimed");

        // The child comes back to the lieu: a new fact is a fact.
        let back = author.arrival(door.app.clock.now());
        assert_eq!(author.verdicts(&door, &[back]).await, ["accepted"]);
        assert_eq!(contents(&door, &here).await, (1, 5));
    }
}

on_both! {
    async fn forgetting_reaches_what_waits_for_a_hole_or_for_a_person(fresh: &Fresh) {
        let app = at_noon(fresh);
        let (here, other) = (commune(&app, "A").await, commune(&app, "B").await);
        let door = open(app).await;
        let mut tablet = door.tablet(&here).await;
        let mut elsewhere = tablet.touch(&shared::journal::Kind::Arrived, door.app.clock.now(), shared::journal::Detail::None);
        elsewhere.site = other.site;
        let elsewhere = tablet.seal(elsewhere);
        tablet.skip(1);
        let held = tablet.arrival(door.app.clock.now());
        assert_eq!(tablet.verdicts(&door, &[elsewhere, held.clone()]).await, ["quarantined(autre_site)", "held"]);
        door.app.clock.advance(Duration::from_secs(1));
        forget(&door, &here).await;
        let territory = Territory::new(door.app.territoire(), door.app.db.read());
        let waiting = territory.find::<held_entry::Entity>().one(&territory.on()).await.unwrap().unwrap();
        let apart = territory.find::<quarantine::Entity>().one(&territory.on()).await.unwrap().unwrap();
        assert!(private_of(&waiting.sealed).is_none() && private_of(&apart.sealed).is_none());
        assert_eq!(waiting.envelope, held.envelope, "the envelope stays");

        // Offered again with its content, then let in: without it.
        assert_eq!(tablet.verdicts(&door, std::slice::from_ref(&held)).await, ["held"]);
        door.app.clock.advance(Duration::from_secs(60));
        let transaction = door.app.db.begin().await.unwrap();
        pass_holes(&Territory::new(door.app.territoire(), &transaction), here.site, door.app.clock.now()).await.unwrap();
        transaction.commit().await.unwrap();
        assert_eq!(tablet.verdicts(&door, &[held]).await, ["duplicate"]);
        assert_eq!(contents(&door, &here).await, (0, 1));
    }
}

on_both! {
    async fn what_a_clock_ahead_says_of_a_forgotten_child_stays_erased_behind_a_hole_too(fresh: &Fresh) {
        let app = at_noon(fresh);
        let here = commune(&app, "A").await;
        let door = open(app).await;
        let mut tablet = door.tablet(&here).await;
        forget(&door, &here).await;
        door.app.clock.advance(Duration::from_secs(1));
        tablet.skip(1);
        let ahead = tablet.arrival(instant_from_ms(door.app.clock.now_ms() + 9 * 60_000));
        assert_eq!(tablet.verdicts(&door, std::slice::from_ref(&ahead)).await, ["held"]);
        // By the time that it is let in, what it claims has passed.
        door.app.clock.advance(Duration::from_secs(20 * 60));
        let transaction = door.app.db.begin().await.unwrap();
        pass_holes(&Territory::new(door.app.territoire(), &transaction), here.site, door.app.clock.now()).await.unwrap();
        transaction.commit().await.unwrap();
        assert_eq!(contents(&door, &here).await, (0, 1));
        door.app.clock.advance(Duration::from_secs(2 * 24 * 3_600));
        tablet.open_session(&door).await;
        assert_eq!(tablet.verdicts(&door, &[ahead]).await, ["duplicate"]);
        assert_eq!(contents(&door, &here).await, (0, 1), "nor when it is offered again");
    }
}

on_both! {
    async fn what_an_erased_touch_said_of_the_time_moves_no_other_touch_any_more(fresh: &Fresh) {
        let app = at_noon(fresh);
        let here = commune(&app, "A").await;
        let door = open(app).await;
        let mut tablet = door.tablet(&here).await;
        let now = door.app.clock.now();
        // Time never goes back at a door: what was sealed after a touch of tomorrow is of tomorrow.
        let mut draft = tablet.touch(&shared::journal::Kind::Arrived, now, shared::journal::Detail::None);
        draft.payload.boottime_ms += 86_400_000;
        let tomorrow = tablet.seal(draft);
        let mut draft = tablet.touch(&shared::journal::Kind::Arrived, now, shared::journal::Detail::None);
        draft.payload.about_child = Some(shared::id::ChildId(uuid::Uuid::from_u128(77)));
        let today = tablet.seal(draft);
        let name = today.decode_envelope().unwrap().entry_id;
        assert_eq!(tablet.verdicts(&door, &[tomorrow, today]).await, ["accepted", "accepted"]);
        let tenant = Territory::new(door.app.territoire(), door.app.db.read()).tenant(here.organisation);
        let stored = async || {
            let of_entry = tenant.find::<journal_payload::Entity>().filter(journal_payload::Column::EntryId.eq(name.0));
            of_entry.one(&tenant.on()).await.unwrap().unwrap().day
        };
        assert_eq!(stored().await, Some(monday().succ_opt().unwrap()));
        forget(&door, &here).await;
        assert_eq!(stored().await, Some(monday()), "it is found on the day on which the fold shows it");
    }
}
