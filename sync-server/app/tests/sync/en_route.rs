//! A child on its way by bus: the other site's tablets are told, with all that they need of it, until anything is recorded of it.

use super::tablet::{Door, Tablet, at_noon, open};
use crate::on_both;
use crate::place::Fresh;
use crate::world::{Commune, commune, second_site};
use server::attendance::journal::forget_child;
use server::store::Territory;
use shared::id::CentreId;
use shared::journal::{Detail, Draft, Kind, LeftTo, Payload, Sealed};
use shared::roster::{EnRoute, Item};
use shared::wire::ChangeBody;
use std::collections::BTreeMap;

/// Everything that a site's tablets hold, by key: changes put and removed.
async fn held(door: &Door, tablet: &Tablet) -> BTreeMap<String, Item> {
    let mut held = BTreeMap::new();
    for change in tablet.pull(door).await.changes {
        match change.body {
            ChangeBody::Put(item) => drop(held.insert(item.key(), item)),
            ChangeBody::Remove(key) => drop(held.remove(&key)),
            _ => {}
        }
    }
    held
}

async fn on_the_way(door: &Door, tablet: &Tablet) -> Vec<EnRoute> {
    held(door, tablet).await.into_values().filter_map(|item| if let Item::EnRoute(way) = item { Some(way) } else { None }).collect()
}

fn transfer(door: &Door, tablet: &Tablet, to: CentreId) -> Draft {
    let left = tablet.touch(&Kind::Left, door.app.clock.now(), Detail::Left { to: LeftTo::Transfer, person: None });
    Draft { payload: Payload { bound_for: Some(to), ..left.payload }, ..left }
}

/// A school and a holiday centre of one commune, a tablet at each; the child is enrolled at the school alone.
async fn two_sites(fresh: &Fresh) -> (Door, Commune, Commune, Tablet, Tablet) {
    let app = at_noon(fresh);
    let here = commune(&app, "A").await;
    let there = second_site(&app, &here).await;
    let door = open(app).await;
    let (school, holidays) = (door.tablet(&here).await, door.tablet(&there).await);
    (door, here, there, school, holidays)
}

async fn accepted(door: &Door, tablet: &Tablet, entries: &[Sealed]) {
    let verdicts = tablet.verdicts(door, entries).await;
    assert!(verdicts.iter().all(|verdict| verdict == "accepted"), "{verdicts:?}");
}

on_both! {
    async fn a_child_on_its_way_is_told_to_the_other_site_with_its_care_and_its_adults_until_it_arrives(fresh: &Fresh) {
        let (door, here, there, mut school, mut holidays) = two_sites(fresh).await;
        let before = held(&door, &school).await;
        assert!(before.values().any(|item| matches!(item, Item::OtherCentre(other) if other.id == there.centre)), "a bus may go there");
        let before = held(&door, &holidays).await;
        assert!(!before.contains_key(&format!("child:{}", here.child)), "nobody awaits it there");
        let left = school.seal(transfer(&door, &school, there.centre));
        accepted(&door, &school, &[left]).await;
        let told = held(&door, &holidays).await;
        let way = EnRoute { child: here.child, centre: there.centre, from: "École A".into(), left_at_ms: door.app.clock.now().timestamp_millis() };
        assert_eq!(told.get(&format!("en_route:{}", here.child)), Some(&Item::EnRoute(way)));
        for key in ["child", "care"] {
            assert!(told.contains_key(&format!("{key}:{}", here.child)), "{key}");
        }
        assert!(on_the_way(&door, &school).await.is_empty(), "the site that it left awaits it no more");
        let arrived = holidays.seal(holidays.touch(&Kind::Arrived, door.app.clock.now(), Detail::None));
        accepted(&door, &holidays, &[arrived]).await;
        let told = held(&door, &holidays).await;
        assert!(!told.contains_key(&format!("en_route:{}", here.child)));
        assert!(told.contains_key(&format!("child:{}", here.child)), "it stays on the list of those who are here");
    }
}

on_both! {
    async fn a_departure_that_is_taken_back_or_forgotten_leaves_nobody_on_the_way(fresh: &Fresh) {
        let (door, here, there, mut school, holidays) = two_sites(fresh).await;
        let left = transfer(&door, &school, there.centre);
        let target = left.entry_id;
        let left = school.seal(left);
        accepted(&door, &school, &[left]).await;
        assert_eq!(on_the_way(&door, &holidays).await.len(), 1);
        let mut undone = school.touch(&Kind::Retracted, door.app.clock.now(), Detail::None);
        undone.payload.target = Some(target);
        let undone = school.seal(undone);
        accepted(&door, &school, &[undone]).await;
        assert!(on_the_way(&door, &holidays).await.is_empty());
        assert!(!held(&door, &holidays).await.contains_key(&format!("child:{}", here.child)), "nor does its file stay");
        let again = school.seal(transfer(&door, &school, there.centre));
        accepted(&door, &school, &[again]).await;
        assert_eq!(on_the_way(&door, &holidays).await.len(), 1);
        let transaction = door.app.db.begin().await.unwrap();
        let territory = Territory::new(door.app.territoire(), &transaction);
        forget_child(&territory, here.organisation, here.child.0, door.app.clock.now()).await.unwrap();
        server::sync::publish::site(&territory, there.site, door.app.clock.now()).await.unwrap();
        transaction.commit().await.unwrap();
        assert!(on_the_way(&door, &holidays).await.is_empty());
    }
}

on_both! {
    async fn a_lieu_of_another_commune_is_no_destination_whatever_a_tablet_seals(fresh: &Fresh) {
        let app = at_noon(fresh);
        let (here, stranger) = (commune(&app, "A").await, commune(&app, "B").await);
        let door = open(app).await;
        let (mut school, other) = (door.tablet(&here).await, door.tablet(&stranger).await);
        assert!(!held(&door, &school).await.values().any(|item| matches!(item, Item::OtherCentre(_))), "it isn't offered");
        let left = school.seal(transfer(&door, &school, stranger.centre));
        accepted(&door, &school, &[left]).await;
        let told = held(&door, &other).await;
        assert!(!told.contains_key(&format!("child:{}", here.child)) && !told.values().any(|item| matches!(item, Item::EnRoute(_))));
    }
}
