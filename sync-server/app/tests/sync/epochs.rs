//! The next epoch: given once, to whoever proves the tablet's key, and what each copy is told afterwards.

use super::tablet::{Answer, Door, Tablet, at_noon, open, sign};
use super::taking_in::revoke;
use crate::on_both;
use crate::world::commune;
use chrono::TimeDelta;
use sea_orm::{ColumnTrait, PaginatorTrait, QueryFilter};
use server::store::entity::{alert, audit, device_epoch};
use server::store::{Territory, random};
use shared::calendar::Instant;
use shared::id::{DeviceId, OrganisationId};
use shared::journal::{ChainHead, Detail, Kind, Payload, Place, Sealed};
use shared::wire::limits::EPOCHS_A_DAY_MAX;
use shared::wire::{ChangeBody, EpochAsk, EpochGiven, EpochReason, SessionChallenge, SessionHello, epoch_bytes};
use std::time::Duration;

/// What a tablet asks by a request of this name, over a fresh nonce.
async fn ask(door: &Door, tablet: &Tablet, request: [u8; 32]) -> EpochAsk {
    let challenge: SessionChallenge = door.ask("/sync/v1/session/hello", None, &SessionHello { device: tablet.device }).await.read();
    let head = tablet.head;
    let mut ask = EpochAsk {
        device: tablet.device,
        nonce: challenge.nonce,
        signature: [0; 64].into(),
        request: request.into(),
        epoch: head.place.epoch,
        last_epoch: head.place.epoch,
        last_seq: head.place.seq,
        last_hash: head.hash.into(),
        reason: EpochReason::Restored,
    };
    ask.signature = sign(&tablet.key, &epoch_bytes(&ask)).into();
    ask
}

async fn asked(door: &Door, tablet: &Tablet, request: [u8; 32]) -> Answer {
    let ask = ask(door, tablet, request).await;
    door.ask("/sync/v1/epoch", None, &ask).await
}

/// Goes on in an epoch, with the entry that opens it.
fn opens(tablet: &mut Tablet, epoch: u32, door: &Door) -> Sealed {
    opens_at(tablet, epoch, door.app.clock.now())
}

/// The same, by a clock that reads so.
fn opens_at(tablet: &mut Tablet, epoch: u32, at: Instant) -> Sealed {
    let (previous, last_hash) = (tablet.head.place.epoch, tablet.head.hash);
    tablet.head.place = Place { epoch, seq: 0, ..tablet.head.place };
    let detail = Detail::Epoch { previous, last_hash, cause: EpochReason::Restored.cause().into() };
    let mut draft = tablet.touch(&Kind::EpochOpened, at, detail);
    draft.payload = Payload { about_child: None, centre: None, ..draft.payload };
    tablet.seal(draft)
}

async fn calls(door: &Door) -> u64 {
    let territory = Territory::new(door.app.territoire(), door.app.db.read());
    let of_kind = territory.find::<alert::Entity>().filter(alert::Column::Kind.eq("nouvelle_epoque"));
    of_kind.count(&territory.on()).await.unwrap()
}

on_both! {
    async fn a_lost_reply_costs_nothing_and_another_request_gets_no_second_epoch(fresh: &Fresh) {
        let app = at_noon(fresh);
        let here = commune(&app, "A").await;
        let door = open(app).await;
        let mut tablet = door.tablet(&here).await;
        let touch = tablet.arrival(door.app.clock.now());
        tablet.push(&door, std::slice::from_ref(&touch)).await;
        let copy = tablet.clone();
        let (mine, theirs): ([u8; 32], [u8; 32]) = (random().unwrap(), random().unwrap());
        let given: EpochGiven = asked(&door, &tablet, mine).await.read();
        assert_eq!(given.epoch, 2);
        assert_eq!(asked(&door, &tablet, mine).await.read::<EpochGiven>().epoch, 2, "the reply was lost");
        assert_eq!(asked(&door, &copy, theirs).await.refusal(), (409, "epoque_deja_donnee".into()));
        assert_eq!(calls(&door).await, 1, "a person is called once");

        let territory = Territory::new(door.app.territoire(), door.app.db.read());
        let row = territory.find::<device_epoch::Entity>().filter(device_epoch::Column::Epoch.eq(2)).one(&territory.on()).await.unwrap().unwrap();
        assert_eq!((row.reason.as_str(), row.opened_hash), ("restauration", Some(touch.hash().to_vec())));
        let book = territory.tenant(OrganisationId(door.app.territoire().0));
        let audited = book.find::<audit::Entity>().filter(audit::Column::Route.eq("POST /sync/v1/epoch")).count(&book.on()).await;
        assert_eq!(audited.unwrap(), 1);
    }
}

on_both! {
    async fn the_copy_is_told_at_its_next_word_and_the_tablet_goes_on(fresh: &Fresh) {
        let app = at_noon(fresh);
        let here = commune(&app, "A").await;
        let door = open(app).await;
        let mut tablet = door.tablet(&here).await;
        let first = tablet.arrival(door.app.clock.now());
        tablet.push(&door, &[first]).await;
        let copy = tablet.clone();
        asked(&door, &tablet, [1; 32]).await.read::<EpochGiven>();
        assert_eq!(copy.push_raw(&door, &[]).await.refusal(), (401, "session_expiree".into()), "its token is worth nothing any more");
        let proof = copy.proof(&door).await;
        assert_eq!(door.ask("/sync/v1/session", None, &proof).await.refusal(), (409, "epoque_depassee".into()));

        let opening = opens(&mut tablet, 2, &door);
        let next = tablet.arrival(door.app.clock.now());
        assert_eq!(tablet.open_session(&door).await.contiguous_seq, 0, "a new epoch counts from nothing");
        assert_eq!(tablet.verdicts(&door, &[opening, next]).await, ["accepted"; 2]);
        assert_eq!(tablet.push(&door, &[]).await.contiguous_seq, 2);
    }
}

on_both! {
    async fn what_was_sealed_in_an_earlier_epoch_is_told_to_the_tablet_again(fresh: &Fresh) {
        let app = at_noon(fresh);
        let here = commune(&app, "A").await;
        let door = open(app).await;
        let mut tablet = door.tablet(&here).await;
        let lost = tablet.arrival(door.app.clock.now());
        tablet.push(&door, std::slice::from_ref(&lost)).await;
        assert_eq!(own_told(&tablet, &door).await, [], "it holds what it seals");
        // Back from an image of before: it holds nothing of what the server has.
        tablet.head = ChainHead::start(tablet.device);
        asked(&door, &tablet, [1; 32]).await.read::<EpochGiven>();
        let opening = opens(&mut tablet, 2, &door);
        tablet.open_session(&door).await;
        tablet.push(&door, &[opening]).await;
        assert_eq!(own_told(&tablet, &door).await, [lost]);
    }
}

on_both! {
    async fn the_entry_that_opens_an_epoch_is_told_whatever_day_its_clock_claims(fresh: &Fresh) {
        let app = at_noon(fresh);
        let here = commune(&app, "A").await;
        let door = open(app).await;
        let (mut tablet, other) = (door.tablet(&here).await, door.tablet(&here).await);
        asked(&door, &tablet, [1; 32]).await.read::<EpochGiven>();
        // Its battery was empty. What it seals next is of today, and lies behind this one in the chain.
        let opening = opens_at(&mut tablet, 2, door.app.clock.now() - TimeDelta::days(400));
        tablet.open_session(&door).await;
        assert_eq!(tablet.verdicts(&door, std::slice::from_ref(&opening)).await, ["accepted"]);
        let told = other.pull(&door).await.changes.into_iter().filter_map(|change| match change.body {
            ChangeBody::Entry { entry, .. } => entry.into_sealed(),
            _ => None,
        });
        assert!(told.collect::<Vec<_>>().contains(&opening));
    }
}

/// Of what a tablet is told from the beginning, the entries that it sealed itself.
async fn own_told(tablet: &Tablet, door: &Door) -> Vec<Sealed> {
    let sealed = tablet.pull(door).await.changes.into_iter().filter_map(|change| match change.body {
        ChangeBody::Entry { entry, .. } => entry.into_sealed(),
        _ => None,
    });
    sealed.filter(|s| s.decode_envelope().unwrap().place.device == tablet.device).collect()
}

on_both! {
    async fn nobody_without_the_key_and_no_revoked_tablet_gets_an_epoch(fresh: &Fresh) {
        let app = at_noon(fresh);
        let here = commune(&app, "A").await;
        let door = open(app).await;
        let (tablet, other) = (door.tablet(&here).await, door.tablet(&here).await);
        let said = ask(&door, &tablet, [1; 32]).await;
        let altered = EpochAsk { last_seq: 7, ..said.clone() };
        assert_eq!(door.ask("/sync/v1/epoch", None, &altered).await.refusal(), (403, "preuve_fausse".into()));
        assert_eq!(door.ask("/sync/v1/epoch", None, &said).await.refusal(), (409, "defi_inconnu".into()), "a nonce is answered once");
        let forged = Tablet { key: other.key.clone(), ..tablet.clone() };
        assert_eq!(asked(&door, &forged, [1; 32]).await.refusal(), (403, "preuve_fausse".into()));
        let unknown = EpochAsk { device: DeviceId::new(0, [9; 10]), ..said.clone() };
        assert_eq!(door.ask("/sync/v1/epoch", None, &unknown).await.refusal(), (401, "appareil_inconnu".into()));
        let short = EpochAsk { request: shared::wire::Bytes(vec![1; 31]), ..said.clone() };
        assert_eq!(door.ask("/sync/v1/epoch", None, &short).await.refusal(), (400, "requete_illisible".into()));
        let none = EpochAsk { epoch: 0, last_epoch: 0, ..said };
        assert_eq!(door.ask("/sync/v1/epoch", None, &none).await.refusal(), (400, "requete_illisible".into()));
        let reason = r#"{"device":"0","reason":"ennui"}"#;
        assert_eq!(door.post("/sync/v1/epoch", None, reason).await.refusal(), (400, "requete_illisible".into()));
        revoke(&door.app, &tablet).await;
        assert_eq!(asked(&door, &tablet, [1; 32]).await.refusal(), (403, "appareil_revoque".into()));
        assert_eq!(calls(&door).await, 0);
    }
}

on_both! {
    async fn a_server_restored_from_an_older_backup_is_reminded_of_the_epoch_that_it_gave(fresh: &Fresh) {
        let app = at_noon(fresh);
        let here = commune(&app, "A").await;
        let door = open(app).await;
        let mut tablet = door.tablet(&here).await;
        // The server knows epoch 1 only: what it gave since is not in its backup.
        tablet.head.place.epoch = 2;
        let proof = tablet.proof(&door).await;
        assert_eq!(door.ask("/sync/v1/session", None, &proof).await.refusal(), (409, "epoque_perdue".into()));
        tablet.head.place.epoch = 1;
        assert_eq!(asked(&door, &tablet, [1; 32]).await.read::<EpochGiven>().epoch, 2);
        let opening = opens(&mut tablet, 2, &door);
        tablet.open_session(&door).await;
        assert_eq!(tablet.verdicts(&door, &[opening]).await, ["accepted"]);
    }
}

on_both! {
    async fn a_tablet_that_lost_the_requests_of_forgotten_epochs_goes_on_all_the_same(fresh: &Fresh) {
        let app = at_noon(fresh);
        let here = commune(&app, "A").await;
        let door = open(app).await;
        let mut tablet = door.tablet(&here).await;
        // The server knows epoch 1 only; the tablet went on in 2 and 3, and has no request that it could repeat.
        let openings = [opens(&mut tablet, 2, &door), opens(&mut tablet, 3, &door)];
        assert_eq!(asked(&door, &tablet, [3; 32]).await.read::<EpochGiven>().epoch, 4);
        assert_eq!(asked(&door, &tablet, [3; 32]).await.read::<EpochGiven>().epoch, 4, "the reply was lost");
        let copy = tablet.clone();
        let opening = opens(&mut tablet, 4, &door);
        tablet.open_session(&door).await;
        let [second, third] = openings;
        assert_eq!(tablet.verdicts(&door, &[second, third, opening]).await, ["accepted"; 3], "nothing of the forgotten epochs is lost");
        assert_eq!(asked(&door, &copy, [4; 32]).await.refusal(), (409, "epoque_deja_donnee".into()), "and each is given once");
        tablet.head.place.epoch = 1_000_000;
        assert_eq!(asked(&door, &tablet, [5; 32]).await.refusal(), (409, "epoque_perdue".into()), "no server forgets as many");
    }
}

on_both! {
    async fn after_a_restore_no_epoch_is_given_until_an_agent_has_confirmed(fresh: &Fresh) {
        let mut app = at_noon(fresh);
        let here = commune(&app, "A").await;
        let tablet = open(app.clone()).await.tablet(&here).await;
        std::sync::Arc::make_mut(&mut app.installation).reprise = true;
        let door = open(app).await;
        assert_eq!(asked(&door, &tablet, [1; 32]).await.refusal(), (503, "reprise".into()));
        assert_eq!(calls(&door).await, 0);
    }
}

on_both! {
    async fn the_epochs_of_one_tablet_are_bounded_by_day(fresh: &Fresh) {
        let app = at_noon(fresh);
        let here = commune(&app, "A").await;
        let door = open(app).await;
        let mut tablet = door.tablet(&here).await;
        for epoch in 1..=EPOCHS_A_DAY_MAX {
            let given: EpochGiven = asked(&door, &tablet, [u8::try_from(epoch).unwrap(); 32]).await.read();
            tablet.head.place.epoch = given.epoch;
        }
        assert_eq!(asked(&door, &tablet, [99; 32]).await.refusal(), (429, "trop_d_epoques".into()));
        door.app.clock.advance(Duration::from_secs(24 * 3_600));
        assert_eq!(asked(&door, &tablet, [99; 32]).await.read::<EpochGiven>().epoch, EPOCHS_A_DAY_MAX + 2);
    }
}

on_both! {
    async fn two_copies_that_ask_at_once_are_one_tablet_and_one_that_exists_twice(fresh: &Fresh) {
        let app = at_noon(fresh);
        let here = commune(&app, "A").await;
        let door = std::sync::Arc::new(open(app).await);
        let tablet = door.tablet(&here).await;
        let tasks: Vec<_> = (1..=4_u8)
            .map(|copy| {
                let (door, tablet) = (std::sync::Arc::clone(&door), tablet.clone());
                tokio::spawn(async move { asked(&door, &tablet, [copy; 32]).await.status })
            })
            .collect();
        let mut statuses = Vec::new();
        for task in tasks {
            statuses.push(task.await.unwrap());
        }
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 409, 409, 409]);
    }
}
