//! The care card: first after those who must not take the child, for the child's own site, with nobody on it who mustn't be called.

use super::tablet::{Door, Tablet, at_noon, open};
use crate::on_both;
use crate::world::{Commune, commune, day};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, QueryFilter};
use server::store::entity::{child, child_right, household, person, pickup_person};
use server::store::{Territory, insert_all, new_id};
use server::sync::publish::mark_moved;
use shared::id::PersonId;
use shared::roster::{Care, Item};
use shared::wire::ChangeBody;
use uuid::Uuid;

/// Writes as an import does, and has the site told.
async fn written(door: &Door, here: &Commune, right: Option<child_right::Model>, pickups: Vec<pickup_person::Model>) {
    let transaction = door.app.db.begin().await.unwrap();
    let territory = Territory::new(door.app.territoire(), &transaction);
    let on = territory.on();
    insert_all(&on, right.into_iter().collect()).await.unwrap();
    insert_all(&on, pickups).await.unwrap();
    mark_moved(&territory, here.site, door.app.clock.now()).await.unwrap();
    transaction.commit().await.unwrap();
}

async fn guardian(door: &Door) -> person::Model {
    let territory = Territory::new(door.app.territoire(), door.app.db.read());
    territory.find::<person::Entity>().filter(person::Column::FirstName.eq("Samira")).one(&territory.on()).await.unwrap().unwrap()
}

fn a_right(door: &Door, here: &Commune, of: &person::Model, may_take: bool) -> child_right::Model {
    child_right::Model {
        territoire_id: door.app.territoire().0,
        id: new_id(door.app.clock.now()).unwrap(),
        child_id: here.child.0,
        person_id: of.id,
        link: Some("mère".into()),
        parental_authority: "oui".into(),
        may_take,
        sees_presence: true,
        sees_bills: true,
        may_book: true,
        valid_from: None,
        valid_to: None,
        by_default: false,
    }
}

/// Somebody of `personnes.csv`.
fn a_pickup(
    door: &Door,
    here: &Commune,
    name: (&str, &str),
    status: &str,
    order: Option<i32>,
    phone: Option<&str>,
) -> pickup_person::Model {
    pickup_person::Model {
        territoire_id: door.app.territoire().0,
        id: new_id(door.app.clock.now()).unwrap(),
        child_id: here.child.0,
        code: None,
        last_name: name.1.into(),
        first_name: name.0.into(),
        link: Some("proche".into()),
        phone: phone.map(str::to_owned),
        birth_date: None,
        status: status.into(),
        nature: None,
        person_id: None,
        weekdays: None,
        from_minute: None,
        id_document: None,
        valid_from: None,
        valid_to: None,
        call_order: order,
        photo_hash: None,
        rank: 0,
    }
}

async fn cards(door: &Door, tablet: &Tablet) -> Vec<Care> {
    let told = tablet.pull(door).await;
    told.changes.into_iter().filter_map(|c| if let ChangeBody::Put(Item::Care(care)) = c.body { Some(care) } else { None }).collect()
}

/// The names of a card, with their numbers.
fn called(card: &Care) -> Vec<(&str, &str)> {
    card.contacts.iter().map(|c| (c.name.as_str(), c.telephone.as_str())).collect()
}

on_both! {
    async fn what_is_about_a_childs_health_reaches_the_tablets_of_its_site_alone_and_in_one_item_alone(fresh: &Fresh) {
        let app = at_noon(fresh);
        let (here, there) = (commune(&app, "A").await, commune(&app, "B").await);
        let door = open(app).await;
        let (ours, theirs) = (door.tablet(&here).await, door.tablet(&there).await);
        let transaction = door.app.db.begin().await.unwrap();
        let territory = Territory::new(door.app.territoire(), &transaction);
        let update = territory.update::<child::Entity>().col_expr(child::Column::CarePlan, Expr::value("Stylo dans la trousse rouge."));
        update.filter(child::Column::Id.eq(here.child.0)).exec(&territory.on()).await.unwrap();
        transaction.commit().await.unwrap();
        written(&door, &here, None, Vec::new()).await;

        let told = ours.pull(&door).await;
        for change in &told.changes {
            let ChangeBody::Put(item) = &change.body else { continue };
            let text = serde_json::to_string(item).unwrap();
            assert_eq!(text.contains("trousse rouge") || text.contains("arachide"), matches!(item, Item::Care(_)), "{}", item.key());
            assert!(!format!("{item:?}").contains("trousse"), "no log can tell it");
        }
        let card = cards(&door, &ours).await.swap_remove(0);
        assert_eq!((card.child, card.allergies.as_str(), card.plan.as_str()), (here.child, "arachide", "Stylo dans la trousse rouge."));
        assert!(cards(&door, &theirs).await.iter().all(|card| card.child == there.child && card.plan.is_empty()));
    }
}

on_both! {
    async fn those_who_answer_for_the_child_are_called_first_then_the_others_in_the_order_that_was_written(fresh: &Fresh) {
        let app = at_noon(fresh);
        let here = commune(&app, "A").await;
        let door = open(app).await;
        let tablet = door.tablet(&here).await;
        let mother = guardian(&door).await;
        // She answers for the child although she may not take it.
        let right = a_right(&door, &here, &mother, false);
        let pickups = vec![
            a_pickup(&door, &here, ("Odette", "Morin"), "autorisee", Some(2), Some("02 32 00 00 02")),
            a_pickup(&door, &here, ("Adam", "Zola"), "restreinte", Some(1), Some("02 32 00 00 01")),
            a_pickup(&door, &here, ("Eva", "Lune"), "autorisee", None, None),
        ];
        written(&door, &here, Some(right), pickups).await;
        let card = cards(&door, &tablet).await.swap_remove(0);
        assert_eq!(called(&card), [("Samira Martin", "0612345678"), ("Adam Zola", "02 32 00 00 01"), ("Odette Morin", "02 32 00 00 02")]);

        // A household that keeps its numbers to itself is named, and not its number.
        let transaction = door.app.db.begin().await.unwrap();
        let territory = Territory::new(door.app.territoire(), &transaction);
        territory.update::<household::Entity>().col_expr(household::Column::Confidential, Expr::value(true)).exec(&territory.on()).await.unwrap();
        transaction.commit().await.unwrap();
        written(&door, &here, None, Vec::new()).await;
        let card = cards(&door, &tablet).await.swap_remove(0);
        assert_eq!(called(&card)[0], ("Samira Martin", ""));
    }
}

on_both! {
    async fn nobody_who_is_barred_is_to_be_called_by_whatever_row(fresh: &Fresh) {
        let app = at_noon(fresh);
        let here = commune(&app, "A").await;
        let door = open(app).await;
        let tablet = door.tablet(&here).await;
        let mother = guardian(&door).await;
        let barred = |person: Option<Uuid>, from: Option<&str>| pickup_person::Model {
            person_id: person,
            valid_from: from.map(day),
            ..a_pickup(&door, &here, ("Samira", "Martin"), "interdite", None, None)
        };
        written(&door, &here, Some(a_right(&door, &here, &mother, true)), Vec::new()).await;
        assert_eq!(called(&cards(&door, &tablet).await[0]).len(), 1);
        // By name, by link, and from a day that is still to come.
        for row in [barred(None, None), barred(Some(mother.id), None), barred(Some(mother.id), Some("2026-10-20"))] {
            let id = row.id;
            written(&door, &here, None, vec![row]).await;
            let told = tablet.pull(&door).await;
            let is_barred = |item: &Item| matches!(item, Item::Adult(a) if a.person == PersonId(mother.id) && a.status == shared::roster::AdultStatus::Barred);
            assert!(told.changes.iter().any(|c| matches!(&c.body, ChangeBody::Put(item) if is_barred(item))));
            assert_eq!(called(&cards(&door, &tablet).await[0]), []);
            let transaction = door.app.db.begin().await.unwrap();
            let territory = Territory::new(door.app.territoire(), &transaction);
            territory.delete::<pickup_person::Entity>().filter(pickup_person::Column::Id.eq(id)).exec(&territory.on()).await.unwrap();
            transaction.commit().await.unwrap();
        }
    }
}
