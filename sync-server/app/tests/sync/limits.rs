//! What one tablet may make the server hold: each bound, at the bound.

use super::tablet::{Door, Tablet, at_noon, open};
use crate::on_both;
use crate::world::{Commune, commune};
use sea_orm::{ColumnTrait, PaginatorTrait, QueryFilter};
use server::store::entity::{alert, clock_observation, held_entry, journal_entry, quarantine, roster_item, site_change};
use server::store::{Change, Territory, insert_all, new_id, number_changes, record_changes};
use server::sync::pull::ANSWER_BYTES_MAX;
use server::sync::push::pass_holes;
use server::sync::session::BOOTS_OBSERVED_MAX;
use server::sync::set_apart::{HELD_MAX, QUARANTINED_MAX, RELAYED_WAIT_S};
use shared::id::{BootId, CentreId, StaffId, uuid_v7};
use shared::journal::{Detail, Kind, Sealed};
use shared::roster::{Item, Staff};
use shared::wire::PullAnswer;
use shared::wire::limits::PULL_CHANGES_MAX;
use std::time::Duration;
use uuid::Uuid;

async fn held(door: &Door) -> u64 {
    let territory = Territory::new(door.app.territoire(), door.app.db.read());
    territory.find::<held_entry::Entity>().count(&territory.on()).await.unwrap()
}

async fn quarantined(door: &Door) -> u64 {
    let territory = Territory::new(door.app.territoire(), door.app.db.read());
    territory.find::<quarantine::Entity>().count(&territory.on()).await.unwrap()
}

async fn alerts(door: &Door, kind: &str) -> u64 {
    let territory = Territory::new(door.app.territoire(), door.app.db.read());
    territory.find::<alert::Entity>().filter(alert::Column::Kind.eq(kind)).count(&territory.on()).await.unwrap()
}

on_both! {
    async fn an_entry_held_twice_in_one_push_is_held_once_and_harms_nobody(fresh: &Fresh) {
        let app = at_noon(fresh);
        let here = commune(&app, "A").await;
        let door = open(app).await;
        let mut tablet = door.tablet(&here).await;
        let first = tablet.arrival(door.app.clock.now());
        tablet.skip(1);
        let mut fork = tablet.clone();
        let draft = tablet.touch(&Kind::Arrived, door.app.clock.now(), Detail::None);
        let third = tablet.seal(draft.clone());
        let other_bytes = fork.seal(shared::journal::Draft { salt: [9; 32], ..draft });
        let words = tablet.verdicts(&door, &[first, third.clone(), third.clone(), other_bytes]).await;
        assert_eq!(words, ["accepted", "held", "held", "quarantined(identifiant_repris)"]);
        assert_eq!(held(&door).await, 1);
        assert_eq!(tablet.verdicts(&door, &[third.clone(), third]).await, ["held", "held"], "and again");
        assert_eq!(held(&door).await, 1);
    }
}

/// Rows of a device that wait far behind a hole, as a version that this one can't read left them.
async fn fill_held(door: &Door, tablet: &Tablet, count: u64) {
    let transaction = door.app.db.begin().await.unwrap();
    let territory = Territory::new(door.app.territoire(), &transaction);
    let row = |n: u64| held_entry::Model {
        territoire_id: door.app.territoire().0,
        device_id: tablet.device.0,
        device_epoch: 1,
        seq: 1_000_000 + n.cast_signed(),
        entry_id: Uuid::from_u128(u128::from(n)),
        envelope: vec![1],
        signature: vec![1],
        sealed: b"null".to_vec(),
        held_since_ms: door.app.clock.now_ms(),
        relayed: false,
    };
    insert_all(&territory.on(), (0..count).map(row).collect()).await.unwrap();
    transaction.commit().await.unwrap();
}

on_both! {
    async fn what_is_held_of_one_tablet_is_bounded_and_then_let_in(fresh: &Fresh) {
        let app = at_noon(fresh);
        let here = commune(&app, "A").await;
        let door = open(app).await;
        let mut tablet = door.tablet(&here).await;
        fill_held(&door, &tablet, HELD_MAX - 1).await;
        tablet.skip(1);
        let (one, two) = (tablet.arrival(door.app.clock.now()), tablet.arrival(door.app.clock.now()));
        assert_eq!(tablet.verdicts(&door, std::slice::from_ref(&one)).await, ["held"], "the last place");
        assert_eq!(held(&door).await, HELD_MAX);
        // Past it a hole is passed at once, rather than the disk filled.
        assert_eq!(tablet.verdicts(&door, &[one, two]).await, ["accepted", "accepted"]);
        assert_eq!(held(&door).await, HELD_MAX - 1);
        let tenant = Territory::new(door.app.territoire(), door.app.db.read()).tenant(here.organisation);
        let gaps = tenant.find::<journal_entry::Entity>().filter(journal_entry::Column::GapBefore.eq(true)).count(&tenant.on()).await;
        assert_eq!(gaps.unwrap(), 1);
    }
}

async fn pass(door: &Door, of: &Commune) {
    let transaction = door.app.db.begin().await.unwrap();
    pass_holes(&Territory::new(door.app.territoire(), &transaction), of.site, door.app.clock.now()).await.unwrap();
    transaction.commit().await.unwrap();
}

on_both! {
    async fn a_hole_in_what_a_neighbour_carries_is_waited_for_a_week(fresh: &Fresh) {
        let app = at_noon(fresh);
        let here = commune(&app, "A").await;
        let door = open(app).await;
        let (mut author, carrier) = (door.tablet(&here).await, door.tablet(&here).await);
        author.skip(1);
        let second = author.arrival(door.app.clock.now());
        assert_eq!(carrier.verdicts(&door, &[second]).await, ["held"]);
        door.app.clock.advance(Duration::from_secs(u64::from(RELAYED_WAIT_S) - 1));
        pass(&door, &here).await;
        assert_eq!(held(&door).await, 1, "its author may come back until then");
        door.app.clock.advance(Duration::from_secs(1));
        pass(&door, &here).await;
        assert_eq!(held(&door).await, 0);
    }
}

/// Rows that wait for a decision already.
async fn fill_quarantine(door: &Door, of: &Commune, device: Uuid, code: &str, count: u64) {
    let transaction = door.app.db.begin().await.unwrap();
    let territory = Territory::new(door.app.territoire(), &transaction);
    let now = door.app.clock.now();
    let row = |n: u64| quarantine::Model {
        territoire_id: door.app.territoire().0,
        id: new_id(now).unwrap(),
        site_id: Some(of.site.0),
        device_id: Some(device),
        entry_id: Some(Uuid::from_u128(u128::from(n))),
        envelope: vec![1],
        signature: vec![1],
        sealed: b"null".to_vec(),
        code: code.into(),
        received_at_ms: now.timestamp_millis(),
        decision: None,
        decided_by: None,
        decided_at_ms: None,
        organisation_id: None,
        decision_entry_id: None,
    };
    insert_all(&territory.on(), (0..count).map(row).collect()).await.unwrap();
    transaction.commit().await.unwrap();
}

fn of_another_site(tablet: &mut Tablet, door: &Door, other: &Commune) -> Sealed {
    let mut draft = tablet.touch(&Kind::Arrived, door.app.clock.now(), Detail::None);
    draft.site = other.site;
    tablet.seal(draft)
}

on_both! {
    async fn what_waits_for_a_person_of_one_tablet_is_bounded(fresh: &Fresh) {
        let app = at_noon(fresh);
        let (here, other) = (commune(&app, "A").await, commune(&app, "B").await);
        let door = open(app).await;
        let (mut tablet, mut neighbour) = (door.tablet(&here).await, door.tablet(&here).await);
        fill_quarantine(&door, &here, tablet.device.0, "autre_site", QUARANTINED_MAX - 1).await;
        let last = of_another_site(&mut tablet, &door, &other);
        let beyond = [of_another_site(&mut tablet, &door, &other), of_another_site(&mut tablet, &door, &other)];
        assert_eq!(tablet.verdicts(&door, &[last]).await, ["quarantined(autre_site)"]);
        assert_eq!((quarantined(&door).await, alerts(&door, "quarantaine_pleine").await), (QUARANTINED_MAX, 0));
        for _ in 0..2 {
            assert_eq!(tablet.verdicts(&door, &beyond).await, ["quarantined(autre_site)"; 2], "the verdict is the same");
        }
        assert_eq!((quarantined(&door).await, alerts(&door, "quarantaine_pleine").await), (QUARANTINED_MAX, 1), "a person is called once");
        let theirs = of_another_site(&mut neighbour, &door, &other);
        neighbour.push(&door, &[theirs]).await;
        assert_eq!(quarantined(&door).await, QUARANTINED_MAX + 1, "a neighbour has places of its own");
    }
}

on_both! {
    async fn invented_authors_share_one_bound_and_the_same_bytes_are_one_row(fresh: &Fresh) {
        let app = at_noon(fresh);
        let (here, other) = (commune(&app, "A").await, commune(&app, "B").await);
        let door = open(app).await;
        let mut tablet = door.tablet(&here).await;
        let mut stranger = door.tablet(&other).await;
        let entry = stranger.arrival(door.app.clock.now());
        for _ in 0..2 {
            assert_eq!(tablet.verdicts(&door, std::slice::from_ref(&entry)).await, ["quarantined(auteur_inconnu)"]);
        }
        assert_eq!(quarantined(&door).await, 1);
        // The same bytes, objected to for something else in the meantime: still one row.
        let mut foreign = tablet.touch(&Kind::Arrived, door.app.clock.now(), Detail::None);
        foreign.organisation = other.organisation;
        let foreign = tablet.seal(foreign);
        assert_eq!(tablet.verdicts(&door, std::slice::from_ref(&foreign)).await, ["quarantined(collectivite_etrangere)"]);
        crate::sync::taking_in::revoke(&door.app, &tablet).await;
        assert_eq!(tablet.verdicts(&door, &[foreign]).await, ["quarantined(appareil_revoque)"]);
        assert_eq!(quarantined(&door).await, 2);
        fill_quarantine(&door, &here, Uuid::from_u128(5), "auteur_inconnu", QUARANTINED_MAX - 1).await;
        let before = quarantined(&door).await;
        let entry = stranger.arrival(door.app.clock.now());
        assert_eq!(tablet.verdicts(&door, &[entry]).await, ["quarantined(auteur_inconnu)"]);
        assert_eq!(quarantined(&door).await, before);
    }
}

async fn observed(door: &Door) -> u64 {
    let territory = Territory::new(door.app.territoire(), door.app.db.read());
    territory.find::<clock_observation::Entity>().count(&territory.on()).await.unwrap()
}

on_both! {
    async fn a_clock_is_observed_once_an_hour_and_boot_however_it_drifts(fresh: &Fresh) {
        let app = at_noon(fresh);
        let here = commune(&app, "A").await;
        let door = open(app).await;
        // Its first session observed it; its boot time stands still, so each session finds it off.
        let mut tablet = door.tablet(&here).await;
        for _ in 0..3 {
            door.app.clock.advance(Duration::from_secs(1_199));
            tablet.open_session(&door).await;
        }
        assert_eq!(observed(&door).await, 1, "three seconds short of an hour");
        door.app.clock.advance(Duration::from_secs(3));
        tablet.open_session(&door).await;
        assert_eq!(observed(&door).await, 2);
        // Another start is another clock, up to a bound.
        for n in 0..BOOTS_OBSERVED_MAX + 2 {
            tablet.boot = BootId(uuid_v7(n.cast_signed(), [9; 10]));
            tablet.open_session(&door).await;
        }
        assert_eq!(observed(&door).await, 1 + BOOTS_OBSERVED_MAX);
    }
}

on_both! {
    async fn a_page_of_changes_is_full_at_its_limit_and_the_rest_follows(fresh: &Fresh) {
        let app = at_noon(fresh);
        let here = commune(&app, "A").await;
        let door = open(app).await;
        let tablet = door.tablet(&here).await;
        let told = tablet.pull(&door).await;
        let forget = async |count: usize| {
            let transaction = door.app.db.begin().await.unwrap();
            let territory = Territory::new(door.app.territoire(), &transaction);
            let change = |n: usize| Change { kind: "forget", organisation: Some(here.organisation), subject: Some(Uuid::from_u128(n as u128)) };
            record_changes(&territory, here.site, (0..count).map(change).collect(), door.app.clock.now()).await.unwrap();
            transaction.commit().await.unwrap();
        };
        forget(PULL_CHANGES_MAX).await;
        let page: PullAnswer = tablet.pull_raw(&door, told.cursor, &told.server_epoch).await.read();
        assert_eq!((page.changes.len(), page.more), (PULL_CHANGES_MAX, false), "one page holds them all");
        forget(1).await;
        let page: PullAnswer = tablet.pull_raw(&door, told.cursor, &told.server_epoch).await.read();
        assert_eq!((page.changes.len(), page.more), (PULL_CHANGES_MAX, true));
        let page: PullAnswer = tablet.pull_raw(&door, page.cursor, &page.server_epoch).await.read();
        assert_eq!((page.changes.len(), page.more), (1, false));
    }
}

/// A staff member whose name takes so many bytes: an item of that size and a little more.
async fn a_large_item(door: &Door, of: &Commune, bytes: usize) {
    let transaction = door.app.db.begin().await.unwrap();
    let territory = Territory::new(door.app.territoire(), &transaction);
    let staff = Staff {
        id: StaffId(new_id(door.app.clock.now()).unwrap()),
        code: "P001".into(),
        centre: CentreId(of.centre.0),
        first_name: "x".repeat(bytes),
        last_name: "Roche".into(),
        director: false,
        counted: true,
    };
    let item = Item::Staff(staff);
    let key = item.key();
    let change = site_change::Model {
        territoire_id: door.app.territoire().0,
        site_id: of.site.0,
        number: 0,
        kind: "put".into(),
        organisation_id: None,
        subject_id: None,
        content: Some(key.clone().into_bytes()),
        at_ms: door.app.clock.now_ms(),
    };
    let number = number_changes(&territory, of.site, vec![change]).await.unwrap();
    let row = roster_item::Model {
        territoire_id: door.app.territoire().0,
        site_id: of.site.0,
        item_key: key,
        content: serde_json::to_vec(&item).unwrap(),
        number,
    };
    insert_all(&territory.on(), vec![row]).await.unwrap();
    transaction.commit().await.unwrap();
}

on_both! {
    async fn a_page_of_changes_is_bounded_in_bytes_and_one_large_item_goes_alone(fresh: &Fresh) {
        let app = at_noon(fresh);
        let here = commune(&app, "A").await;
        let door = open(app).await;
        let tablet = door.tablet(&here).await;
        let told = tablet.pull(&door).await;
        let third = ANSWER_BYTES_MAX / 3 - 1024;
        for bytes in [third, third, third, third, ANSWER_BYTES_MAX + 1] {
            a_large_item(&door, &here, bytes).await;
        }
        let (mut cursor, mut pages) = (told.cursor, Vec::new());
        loop {
            let page: PullAnswer = tablet.pull_raw(&door, cursor, &told.server_epoch).await.read();
            let bytes = serde_json::to_vec(&page).unwrap().len();
            assert!(page.changes.len() == 1 || bytes <= ANSWER_BYTES_MAX + 4096, "{bytes} bytes");
            pages.push(page.changes.len());
            cursor = page.cursor;
            if !page.more {
                break;
            }
        }
        assert_eq!(pages, [3, 1, 1]);
    }
}
