//! What tablets say of themselves, whom people are called for, and a tablet that moves.

use super::tablet::{Door, Tablet, at_noon, open};
use crate::on_both;
use crate::world::{Commune, commune};
use sea_orm::{ColumnTrait, QueryFilter, QueryOrder};
use server::app::App;
use server::identity::audit::Act;
use server::serve::tend;
use server::store::entity::{alert, device, site, site_watch};
use server::store::{Territory, insert_all, new_id};
use server::sync::{fleet, report};
use shared::id::SiteId;
use shared::journal::SigningKey;
use shared::wire::{EnrolDone, Pull, TabletReport};
use std::time::Duration;

async fn calls(app: &App, kind: &str) -> Vec<alert::Model> {
    let territory = Territory::new(app.territoire(), app.db.read());
    let of_kind = territory.find::<alert::Entity>().filter(alert::Column::Kind.eq(kind)).order_by_asc(alert::Column::AtMs);
    of_kind.all(&territory.on()).await.unwrap()
}

async fn row(door: &Door, tablet: &Tablet) -> device::Model {
    let territory = Territory::new(door.app.territoire(), door.app.db.read());
    territory.find::<device::Entity>().filter(device::Column::Id.eq(tablet.device.0)).one(&territory.on()).await.unwrap().unwrap()
}

async fn says(door: &Door, tablet: &Tablet, said: Option<TabletReport>) -> u16 {
    let pull = Pull { cursor: 0, server_epoch: String::new(), report: said, snapshot: None };
    door.ask("/sync/v1/pull", Some(&tablet.token), &pull).await.status
}

async fn last(door: &Door, tablet: &Tablet) -> Option<TabletReport> {
    let territory = Territory::new(door.app.territoire(), door.app.db.read());
    report::last(&territory, tablet.device.0).await.unwrap().map(|(report, _)| report)
}

on_both! {
    async fn a_tablet_is_shown_as_it_said_within_bounds_and_not_each_ten_seconds(fresh: &Fresh) {
        let app = at_noon(fresh);
        let here = commune(&app, "A").await;
        let door = open(app).await;
        let tablet = door.tablet(&here).await;
        let lies = TabletReport { waiting: u64::MAX, battery_percent: Some(400), reader: Some("<b>".into()), version: "9".repeat(900), ..TabletReport::default() };
        assert_eq!(says(&door, &tablet, Some(lies)).await, 200);
        let kept = last(&door, &tablet).await.unwrap();
        assert_eq!((kept.waiting, kept.battery_percent, kept.reader, kept.version.len()), (1_000_000, None, None, 40));
        let better = TabletReport { waiting: 3, ..TabletReport::default() };
        door.app.clock.advance(Duration::from_secs(60));
        says(&door, &tablet, Some(better.clone())).await;
        assert_eq!(last(&door, &tablet).await.unwrap().waiting, 1_000_000, "what is asked every ten seconds isn't written every ten seconds");
        door.app.clock.advance(Duration::from_secs(300));
        says(&door, &tablet, Some(better)).await;
        assert_eq!(last(&door, &tablet).await.unwrap().waiting, 3);
        assert_eq!(row(&door, &tablet).await.last_contact_ms, Some(door.app.clock.now_ms()));
    }
}

on_both! {
    async fn an_older_tablet_that_says_nothing_of_itself_is_heard_all_the_same(fresh: &Fresh) {
        let app = at_noon(fresh);
        let here = commune(&app, "A").await;
        let door = open(app).await;
        let tablet = door.tablet(&here).await;
        door.app.clock.advance(Duration::from_secs(1_200));
        assert_eq!(door.post("/sync/v1/pull", Some(&tablet.token), r#"{"cursor":0}"#).await.status, 200);
        assert_eq!(row(&door, &tablet).await.last_contact_ms, Some(door.app.clock.now_ms()));
        assert_eq!(last(&door, &tablet).await, None);
        let newer = r#"{"cursor":0,"report":{"waiting":2,"reader":"nfc","smell":"roses"}}"#;
        assert_eq!(door.post("/sync/v1/pull", Some(&tablet.token), newer).await.status, 200, "a newer one says what this server doesn't know");
        assert_eq!(last(&door, &tablet).await.map(|report| (report.waiting, report.reader)), Some((2, None)));
    }
}

on_both! {
    async fn a_journal_that_was_set_aside_calls_a_person_once(fresh: &Fresh) {
        let app = at_noon(fresh);
        let here = commune(&app, "A").await;
        let door = open(app).await;
        let tablet = door.tablet(&here).await;
        says(&door, &tablet, Some(TabletReport::default())).await;
        for set_aside in [1, 1, 1] {
            door.app.clock.advance(Duration::from_secs(10));
            says(&door, &tablet, Some(TabletReport { set_aside, ..TabletReport::default() })).await;
        }
        assert_eq!(calls(&door.app, "journal_mis_de_cote").await.len(), 1, "at once, and once");
        assert_eq!(last(&door, &tablet).await.unwrap().set_aside, 1);
    }
}

on_both! {
    async fn a_copy_of_a_tablet_that_speaks_calls_a_person_once(fresh: &Fresh) {
        let app = at_noon(fresh);
        let here = commune(&app, "A").await;
        let door = open(app).await;
        let tablet = door.tablet(&here).await;
        let transaction = door.app.db.begin().await.unwrap();
        let territory = Territory::new(door.app.territoire(), &transaction);
        let left = territory.update::<device::Entity>().col_expr(device::Column::Epoch, sea_orm::sea_query::Expr::value(2));
        left.filter(device::Column::Id.eq(tablet.device.0)).exec(&territory.on()).await.unwrap();
        transaction.commit().await.unwrap();
        for _ in 0..3 {
            let proof = tablet.proof(&door).await;
            assert_eq!(door.ask("/sync/v1/session", None, &proof).await.refusal(), (409, "epoque_depassee".into()));
        }
        assert_eq!(calls(&door.app, "tablette_en_double").await.len(), 1);
    }
}

/// The commune's building is to be heard by half past nine.
async fn watch(app: &App, here: &Commune) {
    let row = site_watch::Model { territoire_id: app.territoire().0, site_id: here.site.0, by_minute: 570 };
    let transaction = app.db.begin().await.unwrap();
    insert_all(&transaction, vec![row]).await.unwrap();
    transaction.commit().await.unwrap();
}

on_both! {
    async fn a_site_that_says_nothing_by_its_hour_calls_once_a_day_until_it_speaks(fresh: &Fresh) {
        let app = at_noon(fresh);
        let here = commune(&app, "A").await;
        let door = open(app).await;
        let tablet = door.tablet(&here).await;
        watch(&door.app, &here).await;
        tend(&door.app).await;
        assert!(calls(&door.app, "site_silencieux").await.is_empty(), "heard at noon");
        // Tuesday at nine, then at ten.
        door.app.clock.advance(Duration::from_secs(21 * 3_600));
        tend(&door.app).await;
        assert!(calls(&door.app, "site_silencieux").await.is_empty(), "it isn't half past nine yet");
        door.app.clock.advance(Duration::from_secs(3_600));
        for _ in 0..3 {
            tend(&door.app).await;
        }
        let called = calls(&door.app, "site_silencieux").await;
        assert_eq!((called.len(), called[0].site_id, called[0].cleared_at_ms), (1, here.site.0, None));
        door.app.clock.advance(Duration::from_secs(600));
        let mut tablet = tablet;
        tablet.open_session(&door).await;
        tend(&door.app).await;
        let called = calls(&door.app, "site_silencieux").await;
        assert_eq!((called.len(), called[0].cleared_at_ms), (1, Some(door.app.clock.now_ms())), "the next contact ends it");
        // Wednesday and Thursday: a new call for a new silence, none beside one that is open.
        for _ in 0..2 {
            door.app.clock.advance(Duration::from_secs(24 * 3_600));
            tend(&door.app).await;
        }
        assert_eq!(calls(&door.app, "site_silencieux").await.len(), 2);
    }
}

on_both! {
    async fn nobody_is_called_on_a_day_when_the_site_is_closed(fresh: &Fresh) {
        let app = at_noon(fresh);
        let here = commune(&app, "A").await;
        let door = open(app).await;
        door.tablet(&here).await;
        watch(&door.app, &here).await;
        // From Monday to Saturday and Sunday at noon: the lieu takes children from Monday to Friday.
        door.app.clock.advance(Duration::from_secs(5 * 24 * 3_600));
        tend(&door.app).await;
        door.app.clock.advance(Duration::from_secs(24 * 3_600));
        tend(&door.app).await;
        assert!(calls(&door.app, "site_silencieux").await.is_empty());
        door.app.clock.advance(Duration::from_secs(24 * 3_600));
        tend(&door.app).await;
        assert_eq!(calls(&door.app, "site_silencieux").await.len(), 1, "on Monday it is open again");
    }
}

on_both! {
    async fn a_tablet_that_moves_keeps_its_name_and_its_life_at_the_old_site_ends(fresh: &Fresh) {
        let app = at_noon(fresh);
        let here = commune(&app, "A").await;
        let door = open(app).await;
        let mut tablet = door.tablet(&here).await;
        let transaction = door.app.db.begin().await.unwrap();
        let territory = Territory::new(door.app.territoire(), &transaction);
        let old = territory.find::<site::Entity>().filter(site::Column::Id.eq(here.site.0)).one(&territory.on()).await.unwrap().unwrap();
        let elsewhere = site::Model { id: new_id(door.app.clock.now()).unwrap(), code: "S-A2".into(), name: "Annexe".into(), ..old };
        insert_all(&territory.on(), vec![elsewhere.clone()]).await.unwrap();
        transaction.commit().await.unwrap();

        let told = Act::command("essai").of(here.organisation);
        let code = fleet::give_code_to_move(&door.app, tablet.device.0, SiteId(elsewhere.id), "essai", told).await.unwrap();
        let seen = tablet.arrival(door.app.clock.now());
        assert_eq!(tablet.verdicts(&door, &[seen]).await, ["accepted"], "until it has moved it is where it was");
        let done: EnrolDone = door.enrol(&code, &SigningKey::from_bytes(&[42; 32])).await.read();
        assert_eq!(done.site.0, elsewhere.id);
        let moved = Tablet::new(done.device, Commune { site: done.site, ..here }, SigningKey::from_bytes(&[42; 32]));
        assert_eq!(row(&door, &moved).await.name, row(&door, &tablet).await.name);
        assert!(row(&door, &tablet).await.revoked_at_ms.is_some());
        assert_eq!(tablet.pull_raw(&door, 0, "").await.status, 401, "a copy of what it held reads nothing more");
        tablet.open_session(&door).await;
        let late = tablet.arrival(door.app.clock.now());
        assert_eq!(tablet.verdicts(&door, &[late]).await, ["quarantined(appareil_revoque)"], "and changes nothing until a person decides");
    }
}
