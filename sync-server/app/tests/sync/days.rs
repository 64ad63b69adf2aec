//! Which days tablets take for school days, holidays and reserved days.

use super::tablet::open;
use crate::on_both;
use crate::place::Fresh;
use crate::world::{Commune, commune, day, share_site};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, QueryFilter};
use server::app::App;
use server::clock::Clock;
use server::store::entity::{activity, centre, contract, contract_slot};
use server::store::{Territory, insert_all, new_id};
use shared::roster::Item;
use shared::wire::ChangeBody;
use std::collections::BTreeSet;

/// Winter holidays begin on 6 February in zone C, on the 13th in A, on the 20th in B.
fn before_winter_holidays(fresh: &Fresh) -> App {
    App { clock: Clock::manual("2027-02-01T10:00:00Z".parse().unwrap()), ..fresh.app.clone() }
}

async fn set_zone(app: &App, of: &Commune, zone: Option<&str>) {
    let transaction = app.db.begin().await.unwrap();
    let tenant = Territory::new(app.territoire(), &transaction).tenant(of.organisation);
    let set = tenant.update::<centre::Entity>().col_expr(centre::Column::SchoolZone, Expr::value(zone.map(str::to_owned)));
    set.filter(centre::Column::Id.eq(of.centre.0)).exec(&tenant.on()).await.unwrap();
    transaction.commit().await.unwrap();
}

async fn another_lieu(app: &App, of: &Commune, code: &str, zone: Option<&str>) {
    let transaction = app.db.begin().await.unwrap();
    let tenant = Territory::new(app.territoire(), &transaction).tenant(of.organisation);
    let mut row = tenant.find::<centre::Entity>().filter(centre::Column::Id.eq(of.centre.0)).one(&tenant.on()).await.unwrap().unwrap();
    (row.id, row.code, row.school_zone) = (new_id(app.clock.now()).unwrap(), code.into(), zone.map(str::to_owned));
    insert_all(&tenant.on(), vec![row]).await.unwrap();
    transaction.commit().await.unwrap();
}

/// What a new tablet of a commune is told.
async fn told(app: &App, of: &Commune) -> Vec<Item> {
    let door = open(app.clone()).await;
    let changes = door.tablet(of).await.pull(&door).await.changes;
    changes.into_iter().filter_map(|c| if let ChangeBody::Put(item) = c.body { Some(item) } else { None }).collect()
}

/// The first day of the winter holidays, as the site's tablets know it.
async fn winter(app: &App, of: &Commune) -> BTreeSet<String> {
    let items = told(app, of).await;
    let holidays = items.into_iter().filter_map(|i| if let Item::Site(s) = i { Some(s.holidays) } else { None }).flatten();
    holidays.filter(|h| h.name.contains("hiver")).map(|h| h.first_day.to_string()).collect()
}

on_both! {
    async fn a_lieu_that_says_no_zone_has_school_holidays_all_the_same(fresh: &Fresh) {
        let app = before_winter_holidays(fresh);
        let here = commune(&app, "A").await;
        set_zone(&app, &here, None).await;
        assert_eq!(winter(&app, &here).await, ["2027-02-20".to_owned()].into(), "nobody says one: B");
    }
}

on_both! {
    async fn two_zones_in_one_building_are_not_put_together(fresh: &Fresh) {
        let app = before_winter_holidays(fresh);
        let (here, guest) = (commune(&app, "A").await, commune(&app, "B").await);
        share_site(&app, &guest, &here).await;
        set_zone(&app, &guest, Some("C")).await;
        another_lieu(&app, &guest, "ZZZ", None).await;
        assert_eq!(winter(&app, &here).await, ["2027-02-06".to_owned()].into(), "two lieux of C, one of B");
    }
}

/// A contract of five days a week at the lieu, whose activity is open in term only.
async fn reserve_the_week(app: &App, of: &Commune) {
    let transaction = app.db.begin().await.unwrap();
    let tenant = Territory::new(app.territoire(), &transaction).tenant(of.organisation);
    let term = tenant.update::<activity::Entity>().col_expr(activity::Column::Period, Expr::value("scolaire"));
    term.filter(activity::Column::Id.eq(of.activity.0)).exec(&tenant.on()).await.unwrap();
    let id = || new_id(app.clock.now()).unwrap();
    let row = contract::Model {
        organisation_id: of.organisation.0,
        id: id(),
        territoire_id: app.territoire().0,
        code: "C1".into(),
        child_id: of.child.0,
        activity_id: of.activity.0,
        household_id: None,
        valid_from: day("2026-09-01"),
        valid_to: day("2027-07-31"),
        weekly_hours: "10".into(),
        weeks: "36".into(),
        monthly_parts: 10,
        planned_leave_hours: "0".into(),
        care_kind: "regulier".into(),
        adaptation_until: None,
    };
    let slot = |weekday: i32| contract_slot::Model {
        organisation_id: of.organisation.0,
        id: id(),
        contract_id: row.id,
        week: "toutes".into(),
        weekday,
        rank: 0,
        starts_minute: 990,
        ends_minute: 1110,
    };
    let slots: Vec<contract_slot::Model> = (0..5).map(slot).collect();
    insert_all(&tenant.on(), vec![row]).await.unwrap();
    insert_all(&tenant.on(), slots).await.unwrap();
    transaction.commit().await.unwrap();
}

on_both! {
    async fn a_contract_reserves_no_day_on_which_its_activity_is_closed(fresh: &Fresh) {
        let app = before_winter_holidays(fresh);
        let here = commune(&app, "A").await;
        set_zone(&app, &here, None).await;
        reserve_the_week(&app, &here).await;
        let items = told(&app, &here).await;
        let days: BTreeSet<String> = items.into_iter().filter_map(|i| if let Item::Booking(b) = i { Some(b.day.to_string()) } else { None }).collect();
        let is = |day: &str| days.contains(day);
        assert!(is("2027-02-01") && is("2027-02-02") && is("2027-02-04"), "Monday, Tuesday, Thursday of term: {days:?}");
        assert!(!is("2027-02-03"), "a Wednesday is no school day");
        assert!(!is("2027-02-22") && !is("2027-02-23"), "nor are holidays");
    }
}

#[tokio::test]
async fn the_bill_and_the_tablet_take_the_same_zone() {
    let fresh = crate::place::on_sqlite().await;
    let app = before_winter_holidays(&fresh);
    let here = commune(&app, "A").await;
    set_zone(&app, &here, None).await;
    another_lieu(&app, &here, "ZZZ", Some("C")).await;
    let tenant = Territory::new(app.territoire(), app.db.read()).tenant(here.organisation);
    let input = server::billing::month::read(&tenant, "2027-02".parse().unwrap()).await.unwrap();
    let zones: BTreeSet<String> = input.centres.iter().map(|c| format!("{:?}", c.zone)).collect();
    assert_eq!(zones, ["C".to_owned()].into());
    assert_eq!(winter(&app, &here).await, ["2027-02-06".to_owned()].into());
}
