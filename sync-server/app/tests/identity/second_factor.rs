//! The desk: no page of a role before the second factor, no code twice.

use super::browser::{AGENT, Browser, House, PASSWORD, Page, open};
use crate::on_both;
use crate::world::day;
use sea_orm::{ColumnTrait, QueryFilter};
use server::identity::Role;
use server::identity::account::{give_role, take_role};
use server::store::Territory;
use server::store::entity::{account, account_session, recovery_code};
use shared::id::{AccountId, CentreId};

async fn with_agent(fresh: &crate::place::Fresh) -> (House, AccountId) {
    let house = open(fresh).await;
    let account = house.add(AGENT, None, Some((house.a.organisation, Role::Finances, None))).await;
    (house, account)
}

/// What the telephone shows, from the key as the page spells it.
fn shown(secret: &str, house: &House, steps: i64) -> String {
    let secret = totp_rs::Secret::try_from_base32(secret.replace(' ', "")).unwrap();
    let totp = totp_rs::Builder::new().with_secret(secret).with_skew(0).with_account_name("x").build().unwrap();
    let seconds = house.app.clock.now().timestamp() + 30 * steps;
    totp.generate(u64::try_from(seconds).unwrap()).to_string()
}

/// Logs in and takes a second factor up; gives the key and the last page.
async fn enrolled(house: &House, browser: &Browser) -> (String, Page) {
    let page = browser.log_in(AGENT, PASSWORD).await;
    assert_eq!((page.status, page.to.as_str()), (303, "/connexion/double-facteur?suite=%2Fbureau"));
    let page = browser.get("/connexion/double-facteur?suite=%2Fessai%2FA").await;
    assert!(page.text.contains("<svg role=\"img\"") && !page.text.contains("<?xml"), "{}", page.text);
    let secret = page.between("<p class=\"secret\">", "<");
    let code = shown(&secret, house, 0);
    let page = browser.submit("/connexion/double-facteur", "/connexion/double-facteur", &[("code", &code), ("suite", "/essai/A")]).await;
    (secret, page)
}

async fn typed(browser: &Browser, code: &str) -> Page {
    browser.submit("/connexion/code", "/connexion/code", &[("code", code), ("suite", "/essai/A")]).await
}

on_both! {
    async fn no_page_of_a_role_opens_before_the_second_factor(fresh: &Fresh) {
        let (house, _) = with_agent(fresh).await;
        let browser = house.browser();
        assert_eq!(browser.get("/essai/A").await.to, "/connexion?suite=%2Fessai%2FA");
        browser.log_in(AGENT, PASSWORD).await;
        let page = browser.get("/essai/A").await;
        assert_eq!((page.status, page.to.as_str()), (303, "/connexion/double-facteur?suite=%2Fessai%2FA"));
        let page = browser.submit("/connexion/double-facteur", "/essai/A/acte", &[("what", "x")]).await;
        assert_eq!(page.status, 401, "nor is anything written");

        let before = browser.cookie("preau").unwrap();
        let (_, page) = enrolled(&house, &browser).await;
        assert_eq!(page.status, 200);
        assert_eq!(page.text.matches("<li class=\"secret\">").count(), 8);
        let page = browser.get("/essai/A").await;
        assert!(page.status == 200 && page.text.starts_with("A true "), "{page:?}");
        let csrf = page.text.rsplit(' ').next().unwrap();
        assert_eq!(browser.post_raw("/essai/A/acte", &[("what", "x"), ("csrf", csrf)], &[]).await.text, "A x");
        // The token of the password alone opens nothing any more.
        browser.plant("preau", &before);
        assert_eq!(browser.get("/essai/A").await.status, 303);
        assert_eq!(house.audit().await.last().unwrap(), "POST /connexion/double-facteur agent fait");
    }
}

on_both! {
    async fn a_code_opens_once_and_its_neighbours_do_too(fresh: &Fresh) {
        let (house, _) = with_agent(fresh).await;
        let browser = house.browser();
        let (secret, _) = enrolled(&house, &browser).await;
        let other = house.browser();
        assert_eq!(other.log_in(AGENT, PASSWORD).await.to, "/connexion/code?suite=%2Fbureau");
        let page = typed(&other, &shown(&secret, &house, 0)).await;
        assert_eq!(page.status, 422, "the code that enrolled was read over a shoulder");
        assert!(page.text.contains("id=\"wrong\""));
        assert_eq!(typed(&other, &shown(&secret, &house, 2)).await.status, 422, "a minute ahead");
        assert_eq!(typed(&other, &shown(&secret, &house, 1)).await.to, "/essai/A");
        assert_eq!(other.get("/essai/A").await.status, 200);
        let third = house.browser();
        third.log_in(AGENT, PASSWORD).await;
        assert_eq!(typed(&third, &shown(&secret, &house, 1)).await.status, 422, "twice");
        house.later(60);
        assert_eq!(typed(&third, &shown(&secret, &house, -1)).await.status, 422, "older than what was taken");
        let now = shown(&secret, &house, 0);
        assert_eq!(typed(&third, &format!("{} {}", &now[..3], &now[3..])).await.status, 303, "in two groups, as telephones show it");
    }
}

on_both! {
    async fn a_code_on_paper_stands_in_once_and_only_for_its_account(fresh: &Fresh) {
        let (house, account) = with_agent(fresh).await;
        let browser = house.browser();
        let (_, page) = enrolled(&house, &browser).await;
        let code = page.between("<li class=\"secret\">", "<");
        let held = house.reading().find::<recovery_code::Entity>().filter(recovery_code::Column::AccountId.eq(account.0));
        assert!(held.all(&house.reading().on()).await.unwrap().iter().all(|row| row.code_hash.len() == 32), "hashes only");
        let other = house.browser();
        other.log_in(AGENT, PASSWORD).await;
        assert_eq!(typed(&other, &code.to_lowercase().replace('-', " ")).await.status, 303);
        let third = house.browser();
        third.log_in(AGENT, PASSWORD).await;
        assert_eq!(typed(&third, &code).await.status, 422);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_stole_the_password_guesses_no_code() {
    let fresh = crate::place::on_sqlite().await;
    let (house, _) = with_agent(&fresh).await;
    let (secret, _) = enrolled(&house, &house.browser()).await;
    house.later(3_600);
    let mut last = 0;
    for n in 0..8 {
        // From another network each time: it is the account that waits.
        let thief = house.browser_from(&format!("198.51.100.{n}"));
        thief.log_in(AGENT, PASSWORD).await;
        last = typed(&thief, "000000").await.status;
    }
    assert_eq!(last, 429);
    house.later(120);
    let browser = house.browser();
    browser.log_in(AGENT, PASSWORD).await;
    assert_eq!(typed(&browser, &shown(&secret, &house, 0)).await.status, 303);
}

on_both! {
    async fn an_organisation_without_a_role_is_one_that_does_not_exist(fresh: &Fresh) {
        let (house, account) = with_agent(fresh).await;
        let browser = house.browser();
        enrolled(&house, &browser).await;
        let (other, none) = (browser.get("/essai/B").await, browser.get("/essai/ZZZ").await);
        assert_eq!((other.status, none.status), (404, 404));
        assert_eq!(other.text, none.text);
        // A role that is over is none, at the next request.
        let transaction = house.app.db.begin().await.unwrap();
        let territory = Territory::new(house.app.territoire(), &transaction);
        assert!(take_role(&territory, account, house.a.organisation, Role::Finances, house.app.clock.today()).await.unwrap());
        transaction.commit().await.unwrap();
        assert_eq!(browser.get("/essai/A").await.status, 404);
    }
}

on_both! {
    async fn a_role_for_one_lieu_is_no_role_for_all(fresh: &Fresh) {
        let (house, account) = with_agent(fresh).await;
        let (organisation, centre) = (house.a.organisation, house.a.centre);
        let today = day("2026-10-05");
        let browser = house.browser();
        enrolled(&house, &browser).await;
        assert!(browser.get("/essai/A").await.text.starts_with("A true (false, false) "), "finances sign no day");
        let transaction = house.app.db.begin().await.unwrap();
        let territory = Territory::new(house.app.territoire(), &transaction);
        assert!(give_role(&territory, account, organisation, (Role::Direction, Some(centre)), today).await.unwrap());
        assert!(!give_role(&territory, account, organisation, (Role::Direction, Some(CentreId(centre.0))), today).await.unwrap(), "twice");
        transaction.commit().await.unwrap();
        assert!(browser.get("/essai/A").await.text.starts_with("A true (false, true) "), "her own lieu's");
        let transaction = house.app.db.begin().await.unwrap();
        let territory = Territory::new(house.app.territoire(), &transaction);
        assert!(give_role(&territory, account, organisation, (Role::Direction, None), today).await.unwrap(), "wider");
        assert!(!give_role(&territory, account, organisation, (Role::Direction, Some(centre)), today).await.unwrap(), "narrower");
        transaction.commit().await.unwrap();
        assert!(browser.get("/essai/A").await.text.starts_with("A true (true, true) "));
    }
}

on_both! {
    async fn the_desk_closes_after_half_an_hour(fresh: &Fresh) {
        let (house, _) = with_agent(fresh).await;
        let browser = house.browser();
        enrolled(&house, &browser).await;
        for _ in 0..10 {
            house.later(29 * 60);
            assert_eq!(browser.get("/essai/A").await.status, 200);
        }
        house.later(30 * 60);
        assert_eq!(browser.get("/essai/A").await.status, 303);
    }
}

on_both! {
    async fn a_lost_telephone_is_reset_by_the_administrator_and_everybody_is_out(fresh: &Fresh) {
        let (house, id) = with_agent(fresh).await;
        let browser = house.browser();
        enrolled(&house, &browser).await;
        let command = server::identity::commands::Command::ResetTotp { login: AGENT.into() };
        server::identity::commands::run(&house.app, &command).await.unwrap();
        let on = house.reading().on();
        let of_id = house.reading().find::<account::Entity>().filter(account::Column::Id.eq(id.0));
        assert_eq!(of_id.one(&on).await.unwrap().unwrap().totp_secret, None);
        assert!(house.reading().find::<account_session::Entity>().one(&on).await.unwrap().is_none());
        assert!(house.reading().find::<recovery_code::Entity>().one(&on).await.unwrap().is_none());
        house.later(60);
        enrolled(&house, &browser).await;
        assert_eq!(browser.get("/essai/A").await.status, 200);
    }
}
