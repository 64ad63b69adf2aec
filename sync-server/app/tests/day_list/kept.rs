//! A list that was made: again where something changed, opened by whoever may, gone when its time is over or with a child whom it names.

use super::{book, content, kept, night_of, open, words, work};
use crate::identity::browser::{Browser, House};
use crate::office::{at_desk, csrf};
use crate::on_both;
use crate::world::day;
use sea_orm::{ColumnTrait, QueryFilter};
use server::attendance::day_list::KEPT_DAYS;
use server::attendance::day_list::keep::purge;
use server::attendance::journal::forget_child;
use server::identity::Role;
use server::store::entity::{centre, child_absence, day_list_child, enrolment};
use server::store::{Territory, insert_all, new_id};
use shared::id::CentreId;
use std::time::Duration;
use uuid::Uuid;

on_both! {
    async fn an_announced_absence_is_shown_without_its_reason_and_gives_another_seal(fresh: &Fresh) {
        let house = open(fresh, "2026-10-05T02:00:00Z").await;
        night_of(&house).await;
        away(&house).await;
        let (browser, _) = at_desk(&house, "direction@exemple.fr", &house.a, &[(Role::Direction, None)]).await;
        house.app.clock.advance(Duration::from_secs(60));
        assert_eq!(makes(&browser, "2026-10-05").await, (303, "/bureau/A/liste-de-secours?fait=faite".into()));
        let lists = kept(&house, &house.a).await;
        assert!(lists.len() == 2 && lists[0].seal != lists[1].seal);
        assert!(content(&lists[1]).moments[0].groups[0].rows[0].absent);
        let sheet = words(&lists[1].pdf);
        assert!(sheet.contains("absence annoncée") && !sheet.to_lowercase().contains("hospitalisation"), "{sheet}");
        assert_eq!(makes(&browser, "2026-10-05").await, (303, "/bureau/A/liste-de-secours?fait=pareille".into()));
        assert_eq!(kept(&house, &house.a).await.len(), 2, "what says the same is not made again");
    }
}

async fn away(house: &House) {
    let (now, transaction) = (house.app.clock.now(), house.app.db.begin().await.unwrap());
    let row = child_absence::Model {
        territoire_id: house.app.territoire().0,
        id: new_id(now).unwrap(),
        child_id: house.a.child.0,
        first_day: day("2026-10-05"),
        last_day: day("2026-10-06"),
        reason: "hospitalisation".into(),
        announced_on: None,
        certificate_on: None,
    };
    insert_all(&transaction, vec![row]).await.unwrap();
    transaction.commit().await.unwrap();
}

/// Presses the button: the status, and where it leads.
async fn makes(browser: &Browser, date: &str) -> (u16, String) {
    let token = csrf(browser, "A").await;
    let typed = [("date", date), ("csrf", token.as_str())];
    let page = browser.post_raw("/bureau/A/liste-de-secours/PERI", &typed, &[("sec-fetch-site", "same-origin")]).await;
    (page.status, page.to)
}

on_both! {
    async fn whoever_corrects_a_lieu_s_day_makes_and_opens_its_list_and_nobody_else(fresh: &Fresh) {
        let house = open(fresh, "2026-10-05T10:00:00Z").await;
        let other = another_lieu(&house).await;
        let (here, _) = at_desk(&house, "ici@exemple.fr", &house.a, &[(Role::Direction, Some(house.a.centre))]).await;
        let page = here.get("/bureau/A/liste-de-secours").await;
        assert!(page.text.contains("Accueil périscolaire") && !page.text.contains("Les Tilleuls"), "{}", page.text);
        for date in ["2026-10-05", "2026-10-06"] {
            assert_eq!(makes(&here, date).await.0, 303, "today and tomorrow");
        }
        assert_eq!(makes(&here, "2026-10-07").await.0, 422);
        let page = here.get("/bureau/A/liste-de-secours/PERI/liste.pdf?date=2026-10-06").await;
        assert_eq!(page.status, 200);
        assert_eq!(here.get("/bureau/A/liste-de-secours/PERI/liste.pdf?date=2026-10-09").await.status, 404);
        assert_eq!(here.get("/bureau/A/liste-de-secours/ALSH/liste.pdf").await.status, 403);
        let routes: Vec<String> = book(&house).await.into_iter().filter(|l| l.route.contains("liste-de-secours")).map(|l| l.outcome).collect();
        assert_eq!(routes, ["fait", "fait", "fait"], "two were made, one was opened");
        let (elsewhere, _) = at_desk(&house, "ailleurs@exemple.fr", &house.a, &[(Role::Direction, Some(other))]).await;
        assert_eq!(elsewhere.get("/bureau/A/liste-de-secours/PERI/liste.pdf").await.status, 403);
        assert_eq!(makes(&elsewhere, "2026-10-05").await.0, 403);
        let (team, _) = at_desk(&house, "equipe@exemple.fr", &house.a, &[(Role::Equipe, None)]).await;
        assert_eq!(team.get("/bureau/A/liste-de-secours").await.status, 403);
        let (abroad, _) = at_desk(&house, "b@exemple.fr", &house.b, &[(Role::Direction, None)]).await;
        assert_eq!(abroad.get("/bureau/A/liste-de-secours/PERI/liste.pdf").await.status, 404);
        assert_eq!(abroad.get("/bureau/B/liste-de-secours/PERI/liste.pdf").await.status, 404, "theirs was never made");
    }
}

async fn another_lieu(house: &House) -> CentreId {
    let transaction = house.app.db.begin().await.unwrap();
    let territory = Territory::new(house.app.territoire(), &transaction);
    let here = territory.tenant(house.a.organisation).centres().await.unwrap().remove(0);
    let id: Uuid = new_id(house.app.clock.now()).unwrap();
    let other = centre::Model { id, code: "ALSH".into(), name: "Les Tilleuls".into(), ..here };
    insert_all(&territory.on(), vec![other]).await.unwrap();
    transaction.commit().await.unwrap();
    CentreId(id)
}

on_both! {
    async fn an_erased_child_goes_with_every_list_that_named_it_and_todays_is_made_anew(fresh: &Fresh) {
        let house = open(fresh, "2026-10-05T10:00:00Z").await;
        night_of(&house).await;
        let before = kept(&house, &house.a).await;
        let theirs = kept(&house, &house.b).await;
        let transaction = house.app.db.begin().await.unwrap();
        let territory = Territory::new(house.app.territoire(), &transaction);
        let now = house.app.clock.now();
        forget_child(&territory, house.a.organisation, house.a.child.0, now).await.unwrap();
        let tenant = territory.tenant(house.a.organisation);
        tenant.delete::<enrolment::Entity>().filter(enrolment::Column::ChildId.eq(house.a.child.0)).exec(&tenant.on()).await.unwrap();
        transaction.commit().await.unwrap();
        assert!(kept(&house, &house.a).await.is_empty());
        house.app.clock.advance(Duration::from_secs(60));
        work(&house.app).await;
        let after = kept(&house, &house.a).await;
        assert!(after.len() == 1 && after[0].id != before[0].id && content(&after[0]).children.is_empty());
        assert!(!words(&after[0].pdf).contains("Zéphirine"));
        let tenant = house.reading().tenant(house.a.organisation);
        assert!(tenant.find::<day_list_child::Entity>().all(&tenant.on()).await.unwrap().is_empty());
        assert_eq!(kept(&house, &house.b).await, theirs, "nothing of another organisation");
    }
}

on_both! {
    async fn a_list_is_kept_for_a_week_and_then_deleted(fresh: &Fresh) {
        let house = open(fresh, "2026-10-05T10:00:00Z").await;
        night_of(&house).await;
        house.app.clock.advance(Duration::from_secs(KEPT_DAYS * 24 * 3_600));
        assert_eq!(purge(&house.app).await.unwrap(), 0, "a week later it is still there");
        house.app.clock.advance(Duration::from_secs(24 * 3_600));
        night_of(&house).await;
        let days: Vec<String> = kept(&house, &house.a).await.iter().map(|list| list.day.to_string()).collect();
        assert_eq!(days, ["2026-10-13"]);
    }
}
