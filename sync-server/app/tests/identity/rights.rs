//! Who sees what of a child: a barring row wins over whatever else is written.

use super::browser::{MOTHER, PASSWORD, open};
use crate::on_both;
use crate::world::day;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, QueryFilter};
use server::app::App;
use server::identity::child_rights::{Facts, decide};
use server::identity::{Rights, children_of, rights_on_child};
use server::store::entity::{child_right, household, person, pickup_person};
use server::store::{Territory, insert_all, new_id};
use shared::id::{ChildId, PersonId};
use uuid::Uuid;

pub fn a_right(app: &App, child: ChildId, person: PersonId) -> child_right::Model {
    child_right::Model {
        territoire_id: app.territoire().0,
        id: new_id(app.clock.now()).unwrap(),
        child_id: child.0,
        person_id: person.0,
        link: Some("mere".into()),
        parental_authority: "oui".into(),
        may_take: true,
        sees_presence: true,
        sees_bills: true,
        may_book: true,
        valid_from: None,
        valid_to: None,
        by_default: false,
    }
}

fn barring(app: &App, child: ChildId, person: Option<PersonId>) -> pickup_person::Model {
    pickup_person::Model {
        territoire_id: app.territoire().0,
        id: new_id(app.clock.now()).unwrap(),
        child_id: child.0,
        code: None,
        last_name: "Martin".into(),
        first_name: "Samira".into(),
        link: None,
        phone: None,
        birth_date: None,
        status: "interdite".into(),
        nature: Some("decision_justice".into()),
        person_id: person.map(|p| p.0),
        weekdays: None,
        from_minute: None,
        id_document: None,
        valid_from: None,
        valid_to: None,
        call_order: None,
        photo_hash: None,
        rank: 0,
    }
}

pub async fn put<M>(app: &App, row: M)
where
    M: sea_orm::ModelTrait + sea_orm::IntoActiveModel<<M::Entity as sea_orm::EntityTrait>::ActiveModel>,
    <M::Entity as sea_orm::EntityTrait>::ActiveModel: Send,
{
    let transaction = app.db.begin().await.unwrap();
    insert_all(&transaction, vec![row]).await.unwrap();
    transaction.commit().await.unwrap();
}

const TODAY: &str = "2026-10-05";

on_both! {
    async fn a_barred_guardian_is_out_at_the_next_request_and_sees_nothing_of_the_child(fresh: &Fresh) {
        let house = open(fresh).await.with_mother().await;
        let (mother, child) = (house.mother().await, house.a.child);
        put(&house.app, a_right(&house.app, child, mother)).await;
        let all = Rights { parental_authority: true, sees_presence: true, sees_bills: true, may_book: true, barred: false };
        assert_eq!(rights_on_child(&house.reading(), mother, child, day(TODAY)).await.unwrap(), all);

        let (one, two) = (house.browser(), house.browser());
        one.log_in(MOTHER, PASSWORD).await;
        two.log_in(MOTHER, PASSWORD).await;
        assert_eq!(one.get("/essai/famille").await.status, 200);
        put(&house.app, barring(&house.app, child, Some(mother))).await;
        assert_eq!(one.get("/essai/famille").await.status, 303, "no minute later");
        assert_eq!(two.get("/essai/famille").await.status, 303);
        let seen = rights_on_child(&house.reading(), mother, child, day(TODAY)).await.unwrap();
        assert_eq!(seen, Rights { sees_presence: false, may_book: false, barred: true, ..all });
        // She may log in again: what she owes is still hers to see.
        assert_eq!(one.log_in(MOTHER, PASSWORD).await.status, 303);
        assert_eq!(one.get("/essai/famille").await.status, 200, "what she knew at log-in ends nothing");
        let children = children_of(&house.reading(), mother, day(TODAY)).await.unwrap();
        assert!(children.len() == 1 && children[0].rights == seen);
    }
}

on_both! {
    async fn a_barring_that_begins_tomorrow_ends_the_session_tomorrow(fresh: &Fresh) {
        let house = open(fresh).await.with_mother().await;
        let (mother, child) = (house.mother().await, house.a.child);
        put(&house.app, a_right(&house.app, child, mother)).await;
        let row = pickup_person::Model { valid_from: Some(day("2026-10-06")), ..barring(&house.app, child, None) };
        put(&house.app, row).await;
        let browser = house.browser();
        browser.log_in(MOTHER, PASSWORD).await;
        house.later(11 * 3_600);
        assert_eq!(browser.get("/essai/famille").await.status, 200, "23:00");
        house.later(2 * 3_600);
        assert_eq!(browser.get("/essai/famille").await.status, 303, "01:00, by a court's row that names her and nobody linked");
    }
}

on_both! {
    async fn a_confidential_household_is_seen_by_its_own_adults_only(fresh: &Fresh) {
        let house = open(fresh).await;
        let (mother, child) = (house.mother().await, house.a.child);
        put(&house.app, a_right(&house.app, child, mother)).await;
        let stranger = house.reading().find::<person::Entity>().filter(person::Column::Code.eq("R-B"));
        let father = PersonId(stranger.one(&house.reading().on()).await.unwrap().unwrap().id);
        put(&house.app, a_right(&house.app, child, father)).await;
        assert!(rights_on_child(&house.reading(), father, child, day(TODAY)).await.unwrap().sees_presence);

        let transaction = house.app.db.begin().await.unwrap();
        let update = Territory::new(house.app.territoire(), &transaction).update::<household::Entity>();
        let update = update.col_expr(household::Column::Confidential, Expr::value(true)).filter(household::Column::Code.eq("F-A"));
        update.exec(&transaction).await.unwrap();
        transaction.commit().await.unwrap();
        assert!(rights_on_child(&house.reading(), mother, child, day(TODAY)).await.unwrap().sees_presence);
        let seen = rights_on_child(&house.reading(), father, child, day(TODAY)).await.unwrap();
        assert!(!seen.sees_presence && seen.parental_authority && seen.sees_bills && seen.may_book);
    }
}

on_both! {
    async fn rights_end_on_their_last_day_and_nobody_has_any_by_nothing(fresh: &Fresh) {
        let house = open(fresh).await;
        let (mother, child) = (house.mother().await, house.a.child);
        let nothing = rights_on_child(&house.reading(), mother, child, day(TODAY)).await.unwrap();
        assert_eq!(nothing, Rights::default());
        put(&house.app, child_right::Model { valid_to: Some(day(TODAY)), ..a_right(&house.app, child, mother) }).await;
        assert!(rights_on_child(&house.reading(), mother, child, day(TODAY)).await.unwrap().sees_bills);
        assert_eq!(rights_on_child(&house.reading(), mother, child, day("2026-10-06")).await.unwrap(), Rights::default());
        assert!(children_of(&house.reading(), mother, day("2026-10-06")).await.unwrap().is_empty());
        assert_eq!(rights_on_child(&house.reading(), PersonId(Uuid::nil()), child, day(TODAY)).await.unwrap(), Rights::default());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_the_rows_say_a_barred_person_sees_no_presence_and_books_nothing() {
    let fresh = crate::place::on_sqlite().await;
    let house = open(&fresh).await;
    let (app, mother, child) = (&house.app, house.mother().await, house.a.child);
    let of_id = house.reading().find::<person::Entity>().filter(person::Column::Id.eq(mother.0));
    let who = of_id.one(&house.reading().on()).await.unwrap().unwrap();
    let mut decided = 0;
    for bits in 0..1 << 9_u32 {
        let is = |bit: u32| bits >> bit & 1 == 1;
        let row = |from: &str, shift: u32| child_right::Model {
            parental_authority: if is(shift) { "oui" } else { "retiree" }.into(),
            sees_presence: is(shift + 1),
            sees_bills: is(shift + 2),
            may_book: is(shift + 1),
            valid_from: Some(day(from)),
            ..a_right(app, child, mother)
        };
        let (older, newer) = (row("2020-01-01", 0), row("2026-01-01", 3));
        let linked = barring(app, child, Some(mother));
        let asked = pickup_person::Model { nature: Some("demande_parent".into()), ..linked.clone() };
        let by_name = barring(app, child, None);
        let others = barring(app, child, Some(PersonId(Uuid::nil())));
        let mut rows = vec![&others];
        rows.extend(is(6).then_some(&linked).into_iter().chain(is(7).then_some(&asked)).chain(is(8).then_some(&by_name)));
        let facts = Facts { person: Some(&who), rights: vec![&older, &newer], barring: rows, confidential: Vec::new() };
        let rights = decide(&facts);
        assert_eq!(rights.barred, is(6) || is(7) || is(8));
        assert!(!rights.barred || !(rights.sees_presence || rights.may_book), "{bits:b}");
        assert!(!rights.sees_presence || rights.parental_authority, "{bits:b}");
        assert_eq!(rights.sees_bills, is(5), "the newer row holds, and a bill is still owed");
        let elsewhere = Facts { confidential: vec![Uuid::nil()], ..facts };
        assert!(!decide(&elsewhere).sees_presence);
        decided += 1;
    }
    assert_eq!(decided, 512);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_parent_s_word_against_a_namesake_bars_nobody() {
    let fresh = crate::place::on_sqlite().await;
    let house = open(&fresh).await;
    let (mother, child) = (house.mother().await, house.a.child);
    put(&house.app, a_right(&house.app, child, mother)).await;
    let row = barring(&house.app, child, None);
    put(&house.app, pickup_person::Model { nature: Some("demande_parent".into()), ..row.clone() }).await;
    assert!(!rights_on_child(&house.reading(), mother, child, day(TODAY)).await.unwrap().barred);
    let other = pickup_person::Model { id: new_id(house.app.clock.now()).unwrap(), first_name: "Samir".into(), ..row.clone() };
    put(&house.app, other).await;
    assert!(!rights_on_child(&house.reading(), mother, child, day(TODAY)).await.unwrap().barred, "another name");
    put(&house.app, pickup_person::Model { id: new_id(house.app.clock.now()).unwrap(), ..row }).await;
    assert!(rights_on_child(&house.reading(), mother, child, day(TODAY)).await.unwrap().barred, "a court's");
}
