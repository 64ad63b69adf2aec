//! A tablet that is enrolled anew at its site hands in what its earlier life kept.

use super::tablet::{Door, Tablet, at_noon, open};
use super::taking_in::revoke;
use crate::on_both;
use crate::world::commune;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, PaginatorTrait, QueryFilter};
use server::store::entity::{alert, device, held_entry, journal_entry};
use server::store::{Territory, random};
use server::sync::push::pass_holes;
use shared::id::DeviceId;
use shared::journal::{Sealed, SigningKey};
use shared::wire::limits::HOLE_WAIT_S;
use shared::wire::{EnrolConfirm, EnrolDone};
use std::time::Duration;

/// The folder of a tablet under a new key, vouched for by the old one.
async fn reborn(door: &Door, old: &Tablet) -> Tablet {
    let (code, key) = (door.code(old.here.site).await, SigningKey::from_bytes(&random().unwrap()));
    let confirm = door.confirmation_after(&code, &key, Some(old)).await.ok().unwrap();
    let done: EnrolDone = door.confirm(&confirm).await.read();
    assert_ne!(done.device, old.device);
    let mut tablet = Tablet::new(done.device, old.here, key);
    tablet.open_session(door).await;
    tablet
}

/// As if another copy had left the tablet's first epoch.
async fn left(door: &Door, tablet: &Tablet) {
    let transaction = door.app.db.begin().await.unwrap();
    let territory = Territory::new(door.app.territoire(), &transaction);
    let of_id = territory.update::<device::Entity>().col_expr(device::Column::Epoch, Expr::value(2));
    of_id.filter(device::Column::Id.eq(tablet.device.0)).exec(&territory.on()).await.unwrap();
    transaction.commit().await.unwrap();
}

async fn succeeds(door: &Door, device: DeviceId) -> Option<DeviceId> {
    let territory = Territory::new(door.app.territoire(), door.app.db.read());
    let of_id = territory.find::<device::Entity>().filter(device::Column::Id.eq(device.0));
    of_id.one(&territory.on()).await.unwrap().unwrap().succeeds.map(DeviceId)
}

on_both! {
    async fn a_copy_comes_back_with_a_new_key_by_the_same_code_and_loses_nothing(fresh: &Fresh) {
        let app = at_noon(fresh);
        let here = commune(&app, "A").await;
        let door = open(app).await;
        let mut copy = door.tablet(&here).await;
        let sent = copy.arrival(door.app.clock.now());
        copy.push(&door, std::slice::from_ref(&sent)).await;
        let kept: Vec<Sealed> = (0..3).map(|_| copy.arrival(door.app.clock.now())).collect();
        left(&door, &copy).await;

        let code = door.code(here.site).await;
        let old_key = door.confirmation(&code, &copy.key).await.ok().unwrap();
        let refused = door.confirm(&EnrolConfirm { epoch: Some(1), ..old_key }).await.refusal();
        assert_eq!(refused, (409, "tablette_en_double".into()));
        let key = SigningKey::from_bytes(&random().unwrap());
        let confirm = door.confirmation_after(&code, &key, Some(&copy)).await.ok().unwrap();
        let done: EnrolDone = door.confirm(&confirm).await.read();
        let mut tablet = Tablet::new(done.device, here, key);
        tablet.open_session(&door).await;
        assert_eq!((done.epoch, succeeds(&door, done.device).await), (1, Some(copy.device)));

        let first = tablet.arrival(door.app.clock.now());
        let all = [kept.as_slice(), &[first]].concat();
        assert_eq!(tablet.verdicts(&door, &all).await, ["accepted"; 4]);
        assert_eq!(tablet.push(&door, &all).await.contiguous_seq, 1, "it counts the places of its own life");
    }
}

on_both! {
    async fn what_a_revoked_life_kept_waits_for_a_person(fresh: &Fresh) {
        let app = at_noon(fresh);
        let here = commune(&app, "A").await;
        let door = open(app).await;
        let mut old = door.tablet(&here).await;
        let kept = old.arrival(door.app.clock.now());
        revoke(&door.app, &old).await;
        let code = door.code(here.site).await;
        assert_eq!(door.enrol(&code, &old.key).await.refusal(), (409, "tablette_deja_enrolee".into()));
        let mut tablet = reborn(&door, &old).await;
        let new = tablet.arrival(door.app.clock.now());
        assert_eq!(tablet.verdicts(&door, &[kept, new]).await, ["quarantined(appareil_revoque)", "accepted"]);
        let territory = Territory::new(door.app.territoire(), door.app.db.read());
        let called = territory.find::<alert::Entity>().filter(alert::Column::Kind.eq("quarantaine")).count(&territory.on()).await;
        assert_eq!(called.unwrap(), 1);
    }
}

on_both! {
    async fn a_hole_in_an_earlier_life_is_waited_for_a_minute_and_not_a_week(fresh: &Fresh) {
        let app = at_noon(fresh);
        let here = commune(&app, "A").await;
        let door = open(app).await;
        let mut old = door.tablet(&here).await;
        old.skip(1);
        let kept = old.arrival(door.app.clock.now());
        let middle = reborn(&door, &old).await;
        let tablet = reborn(&door, &middle).await;
        assert_eq!(tablet.verdicts(&door, &[kept]).await, ["held"]);
        door.app.clock.advance(Duration::from_secs(u64::from(HOLE_WAIT_S)));
        let transaction = door.app.db.begin().await.unwrap();
        let territory = Territory::new(door.app.territoire(), &transaction);
        pass_holes(&territory, here.site, door.app.clock.now()).await.unwrap();
        transaction.commit().await.unwrap();
        let territory = Territory::new(door.app.territoire(), door.app.db.read());
        assert_eq!(territory.find::<held_entry::Entity>().count(&territory.on()).await.unwrap(), 0);
        let tenant = territory.tenant(here.organisation);
        let gaps = tenant.find::<journal_entry::Entity>().filter(journal_entry::Column::GapBefore.eq(true)).count(&tenant.on()).await;
        assert_eq!(gaps.unwrap(), 1);
    }
}

on_both! {
    async fn nobody_goes_on_for_a_tablet_without_its_key_or_at_another_site(fresh: &Fresh) {
        let app = at_noon(fresh);
        let (here, there) = (commune(&app, "A").await, commune(&app, "B").await);
        let door = open(app).await;
        let (old, theirs) = (door.tablet(&here).await, door.tablet(&there).await);
        let (code, key) = (door.code(here.site).await, SigningKey::from_bytes(&random().unwrap()));
        let forged = Tablet { device: old.device, ..theirs.clone() };
        let confirm = door.confirmation_after(&code, &key, Some(&forged)).await.ok().unwrap();
        assert_eq!(door.confirm(&confirm).await.refusal(), (403, "preuve_fausse".into()));
        let confirm = door.confirmation_after(&code, &key, Some(&theirs)).await.ok().unwrap();
        let done: EnrolDone = door.confirm(&confirm).await.read();
        assert_eq!(succeeds(&door, done.device).await, None, "a tablet of another site is no life of this one");
    }
}
