//! A whole roster, in the order in which a door needs it.

use super::tablet::{Answer, Door, Tablet, at_noon, open};
use crate::on_both;
use crate::world::{Commune, commune};
use sea_orm::ColumnTrait;
use sea_orm::QueryFilter;
use server::store::entity::roster_item;
use server::store::{Change, Territory, insert_all, number_changes, record_changes};
use shared::id::{ChildId, PersonId, StaffId, uuid_v7};
use shared::roster::{Adult, AdultStatus, Item, Staff};
use shared::wire::limits::PULL_CHANGES_MAX;
use shared::wire::{ChangeBody, Pull, PullAnswer, Snapshot};
use std::collections::BTreeMap;

async fn ask(door: &Door, tablet: &Tablet, cursor: u64, server_epoch: &str, snapshot: Option<Snapshot>) -> Answer {
    let pull = Pull { cursor, server_epoch: server_epoch.into(), report: None, snapshot };
    door.ask("/sync/v1/pull", Some(&tablet.token), &pull).await
}

/// All pages, from a place on.
async fn pages(door: &Door, tablet: &Tablet, mut at: (u64, String, Snapshot)) -> Vec<PullAnswer> {
    let mut pages = Vec::new();
    loop {
        let page: PullAnswer = ask(door, tablet, at.0, &at.1, Some(at.2.clone())).await.read();
        assert!(page.changes.len() <= PULL_CHANGES_MAX && pages.len() < 50);
        let more = page.more;
        at = (page.cursor, page.server_epoch.clone(), page.snapshot.clone().unwrap());
        pages.push(page);
        if !more {
            return pages;
        }
    }
}

/// What a tablet holds behind these pages: items by key, entries.
fn held(pages: &[PullAnswer]) -> (BTreeMap<String, String>, usize) {
    let (mut items, mut entries) = (BTreeMap::new(), 0);
    for change in pages.iter().flat_map(|page| &page.changes) {
        match &change.body {
            ChangeBody::Put(item) => drop(items.insert(item.key(), serde_json::to_string(item).unwrap())),
            ChangeBody::Remove(key) => drop(items.remove(key)),
            ChangeBody::Entry { .. } => entries += 1,
            ChangeBody::Forget(_) => {}
        }
    }
    (items, entries)
}

/// Items that are published as if the office had written them.
async fn put(door: &Door, here: &Commune, items: &[Item]) {
    let transaction = door.app.db.begin().await.unwrap();
    let territory = Territory::new(door.app.territoire(), &transaction);
    for item in items {
        let at_ms = door.app.clock.now().timestamp_millis();
        let row = server::store::entity::site_change::Model {
            territoire_id: territory.id().0,
            site_id: here.site.0,
            number: 0,
            kind: "put".into(),
            organisation_id: None,
            subject_id: None,
            content: Some(item.key().into_bytes()),
            at_ms,
        };
        let number = number_changes(&territory, here.site, vec![row]).await.unwrap();
        let of_key = roster_item::Column::ItemKey.eq(item.key());
        territory.delete::<roster_item::Entity>().filter(of_key).exec(&territory.on()).await.unwrap();
        let content = serde_json::to_vec(item).unwrap();
        let row = roster_item::Model { territoire_id: territory.id().0, site_id: here.site.0, item_key: item.key(), content, number };
        insert_all(&territory.on(), vec![row]).await.unwrap();
    }
    transaction.commit().await.unwrap();
}

fn adult(number: u16, child: ChildId, status: AdultStatus) -> Item {
    let [high, low] = number.to_be_bytes();
    Item::Adult(Adult {
        person: PersonId(uuid_v7(1_700_000_000_000, [0, 0, 0, high, low, 3, 3, 3, 3, 3])),
        child,
        first_name: "Paul".into(),
        last_name: "Durand".into(),
        link: String::new(),
        status,
        weekdays: shared::calendar::Weekdays::default(),
        not_before: None,
        identity_check: false,
        from: None,
        to: None,
        rank: 0,
        telephone: String::new(),
        photo: None,
    })
}

fn staff(here: &Commune, number: u16) -> Item {
    let [high, low] = number.to_be_bytes();
    let id = StaffId(uuid_v7(1_700_000_000_000, [0, 0, 0, high, low, 7, 7, 7, 7, 7]));
    Item::Staff(Staff {
        id,
        code: "P001".into(),
        centre: here.centre,
        first_name: "Nadia".into(),
        last_name: "Roche".into(),
        director: false,
        counted: true,
    })
}

fn status_of(body: &ChangeBody) -> Option<AdultStatus> {
    if let ChangeBody::Put(Item::Adult(adult)) = body { Some(adult.status) } else { None }
}

on_both! {
    async fn whoever_must_not_take_a_child_comes_first_and_in_the_end_all_is_told_that_a_pull_by_numbers_tells(fresh: &Fresh) {
        let app = at_noon(fresh);
        let here = commune(&app, "A").await;
        let door = open(app).await;
        let tablet = door.tablet(&here).await;
        let mut other = door.tablet(&here).await;
        let entries = [other.arrival(door.app.clock.now()), other.arrival(door.app.clock.now())];
        other.push(&door, &entries).await;
        tablet.pull(&door).await;
        let crowd: Vec<Item> = (0..1_100).map(|number| staff(&here, number)).collect();
        put(&door, &here, &crowd).await;
        // The last of all by number.
        put(&door, &here, &[adult(1, here.child, AdultStatus::Authorised), adult(2, here.child, AdultStatus::Barred), adult(3, here.child, AdultStatus::Restricted)]).await;

        let told = pages(&door, &tablet, (0, String::new(), Snapshot::default())).await;
        assert!(told.len() >= 4, "{} pages", told.len());
        let first: Vec<_> = told[0].changes.iter().map(|c| status_of(&c.body)).collect();
        assert_eq!(first[..2], [Some(AdultStatus::Barred), Some(AdultStatus::Restricted)]);
        assert!(matches!(told[0].changes[2].body, ChangeBody::Put(Item::Care(_))), "what to do for a child in danger comes next");
        assert!(matches!(told[0].changes[3].body, ChangeBody::Put(Item::Device(_))));
        let keys: Vec<String> = told.iter().flat_map(|p| &p.changes).filter_map(|c| if let ChangeBody::Put(i) = &c.body { Some(i.key()) } else { None }).collect();
        let place = |prefix: &str| keys.iter().position(|key| key.starts_with(prefix)).unwrap();
        assert!(place("activity:") < place("child:") && place("child:") < place("staff:"));
        let freely = told[0].changes.iter().position(|c| status_of(&c.body) == Some(AdultStatus::Authorised)).unwrap();
        assert!(place("child:") < freely && freely < place("staff:"));
        let mut once = keys.clone();
        once.sort();
        once.dedup();
        assert_eq!(once.len(), keys.len(), "each item once");
        assert_eq!(held(&told), held(&[tablet.pull(&door).await]));
        assert!(held(&told).1 >= 2, "the other tablet's entries, and the server's own");
    }
}

on_both! {
    async fn what_moves_while_a_snapshot_is_read_is_told_behind_it(fresh: &Fresh) {
        let app = at_noon(fresh);
        let here = commune(&app, "A").await;
        let door = open(app).await;
        let tablet = door.tablet(&here).await;
        tablet.pull(&door).await;
        let crowd: Vec<Item> = (0..600).map(|number| staff(&here, number)).collect();
        put(&door, &here, &crowd).await;
        put(&door, &here, &[adult(1, here.child, AdultStatus::Authorised)]).await;
        let first: PullAnswer = ask(&door, &tablet, 0, "", Some(Snapshot::default())).await.read();
        // The part of those who must not take a child has gone by, and more of them move than a page holds.
        let barred: Vec<Item> = (1..602).map(|number| adult(number, here.child, AdultStatus::Barred)).collect();
        put(&door, &here, &barred).await;
        put(&door, &here, &[staff(&here, 5_000)]).await;
        let mut told = vec![first.clone()];
        told.extend(pages(&door, &tablet, (first.cursor, first.server_epoch.clone(), first.snapshot.clone().unwrap())).await);
        assert_eq!(held(&told), held(&[tablet.pull(&door).await]));
        assert!(held(&told).0.values().any(|item| item.contains("barred")));
        // What was told before the head isn't told twice.
        let child = told.iter().flat_map(|p| &p.changes).filter(|c| matches!(c.body, ChangeBody::Put(Item::Child(_)))).count();
        assert_eq!(child, 1);
    }
}

on_both! {
    async fn a_place_that_nobody_gave_has_the_tablet_begin_anew(fresh: &Fresh) {
        let app = at_noon(fresh);
        let here = commune(&app, "A").await;
        let door = open(app).await;
        let tablet = door.tablet(&here).await;
        let told = tablet.pull(&door).await;
        let at = |head: u64, after: Option<&str>| Some(Snapshot { head: Some(head), after: after.map(str::to_owned) });
        let head = told.cursor;
        for snapshot in [at(head, Some("weather child:1")), at(head, Some("")), at(head, Some("child \0")), at(head + 1, Some("child ")), at(head + 1, None), at(u64::MAX, None)] {
            let answer = ask(&door, &tablet, 0, &told.server_epoch, snapshot.clone()).await;
            assert_eq!(answer.refusal(), (410, "refresh_required".into()), "{snapshot:?}");
        }
        // Of another life of the server, at whatever place.
        let answer = ask(&door, &tablet, 0, "another", at(head, Some("child "))).await;
        assert_eq!(answer.refusal(), (410, "refresh_required".into()));
        let last: PullAnswer = ask(&door, &tablet, head, &told.server_epoch, at(head, None)).await.read();
        assert!(!last.more && last.changes.is_empty() && last.cursor == head);
        // Marks that tell a tablet nothing are passed over to the head.
        let transaction = door.app.db.begin().await.unwrap();
        let territory = Territory::new(door.app.territoire(), &transaction);
        record_changes(&territory, here.site, vec![Change { kind: "roster_published", organisation: None, subject: None }], door.app.clock.now()).await.unwrap();
        transaction.commit().await.unwrap();
        let last: PullAnswer = ask(&door, &tablet, head, &told.server_epoch, at(head, None)).await.read();
        assert!(!last.more && last.cursor == head + 1);
    }
}
