//! What a tablet reckons the staff ratio with: the lieu's rule, and first steps where the rule asks for them.

use super::tablet::{Door, at_noon, open};
use crate::on_both;
use crate::world::{Commune, commune, day};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, QueryFilter};
use server::store::Territory;
use server::store::entity::{centre, child};
use server::sync::roster::items;
use shared::ratio::StaffingRule;
use shared::roster::Item;

async fn under(door: &Door, here: &Commune, rule: &str) -> (Option<StaffingRule>, Option<u32>, Option<chrono::NaiveDate>) {
    let transaction = door.app.db.begin().await.unwrap();
    let territory = Territory::new(door.app.territoire(), &transaction);
    let tenant = territory.tenant(here.organisation);
    let ruled = tenant.update::<centre::Entity>().col_expr(centre::Column::StaffingRule, Expr::value(rule));
    let ruled = ruled.col_expr(centre::Column::Capacity, Expr::value(12));
    ruled.filter(centre::Column::Id.eq(here.centre.0)).exec(&tenant.on()).await.unwrap();
    let walking = territory.update::<child::Entity>().col_expr(child::Column::WalksSince, Expr::value(day("2026-08-20")));
    walking.filter(child::Column::Id.eq(here.child.0)).exec(&territory.on()).await.unwrap();
    let told = items(&territory, here.site, door.app.clock.today()).await.unwrap();
    transaction.commit().await.unwrap();
    let lieu = told.values().find_map(|item| if let Item::Centre(c) = item { Some((c.staffing, c.places)) } else { None }).unwrap();
    let steps = told.values().find_map(|item| if let Item::Child(c) = item { Some(c.walks_since) } else { None }).unwrap();
    (lieu.0, lieu.1, steps)
}

on_both! {
    async fn first_steps_are_told_only_where_a_rule_reckons_with_them(fresh: &Fresh) {
        let app = at_noon(fresh);
        let here = commune(&app, "A").await;
        let door = open(app).await;
        assert_eq!(under(&door, &here, "eaje_5_8").await, (Some(StaffingRule::Eaje5And8), Some(12), Some(day("2026-08-20"))));
        assert_eq!(under(&door, &here, "eaje_6").await, (Some(StaffingRule::Eaje6), Some(12), None));
    }
}
