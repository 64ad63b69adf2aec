//! The log-in: who is let in, who isn't, and what either can tell from it.

use super::browser::{AGENT, MOTHER, PASSWORD, open};
use crate::on_both;
use sea_orm::PaginatorTrait;
use server::identity::{Role, session};
use server::store::Territory;
use server::store::entity::account_session;

on_both! {
    async fn a_family_logs_in_and_once_out_its_cookie_is_worth_nothing(fresh: &Fresh) {
        let house = open(fresh).await.with_mother().await;
        let browser = house.browser();
        let page = browser.get("/essai/famille?mois=2026-10").await;
        assert_eq!((page.status, page.to.as_str()), (303, "/connexion?suite=%2Fessai%2Ffamille%3Fmois%3D2026-10"));
        let page = browser.submit(&page.to, "/connexion", &[("login", " SAMIRA@exemple.fr "), ("password", PASSWORD), ("suite", "/essai/famille?mois=2026-10")]).await;
        assert_eq!((page.status, page.to.as_str()), (303, "/essai/famille?mois=2026-10"));
        let page = browser.get("/essai/famille").await;
        assert!(page.status == 200 && page.text.starts_with(&format!("{} fr ", house.mother().await)), "{page:?}");

        let token = browser.cookie("preau").unwrap();
        let csrf = page.text.rsplit(' ').next().unwrap().to_owned();
        assert_eq!(browser.post_raw("/deconnexion", &[("csrf", &csrf)], &[]).await.to, "/connexion");
        assert_eq!(browser.cookie("preau"), None);
        browser.plant("preau", &token);
        assert_eq!(browser.get("/essai/famille").await.status, 303);
        let rows = house.reading().find::<account_session::Entity>().count(&house.reading().on()).await.unwrap();
        assert_eq!(rows, 0, "the row is gone");
        assert_eq!(house.audit().await, ["POST /connexion self fait", "POST /deconnexion self fait"]);
    }
}

on_both! {
    async fn an_unknown_address_is_answered_as_a_wrong_password_and_costs_as_much(fresh: &Fresh) {
        let house = open(fresh).await.with_mother().await;
        let mut answers = Vec::new();
        for login in [MOTHER, "qui@exemple.fr"] {
            let browser = house.browser();
            let before = house.server.identity.hasher.done();
            let page = browser.log_in(login, "le chien dort au soleil").await;
            let cost = house.server.identity.hasher.done() - before;
            let bare = page.text.replace(&page.csrf(), "").replace(login, "");
            answers.push((page.status, cost, bare, browser.cookie("preau")));
        }
        assert_eq!(answers[0], answers[1]);
        assert_eq!((answers[0].0, answers[0].1), (422, 1));
        assert!(answers[0].2.contains("n’est pas le bon"));
        assert_eq!(house.audit().await, ["POST /connexion inconnu refus", "POST /connexion inconnu refus"]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stranger_s_hundred_wrong_tries_lock_the_mother_out_nowhere_but_at_his_place() {
    let fresh = crate::place::on_sqlite().await;
    let house = open(&fresh).await.with_mother().await;
    let stranger = house.browser_from("198.51.100.66");
    let csrf = stranger.get("/connexion").await.csrf();
    let mut refused = 0;
    for n in 0..100 {
        let page = stranger.post_raw("/connexion", &[("csrf", &csrf), ("login", MOTHER), ("password", "pas le bon mot")], &[]).await;
        assert!(matches!(page.status, 422 | 429), "{n}: {page:?}");
        refused += u32::from(page.status == 429);
        house.later(1);
    }
    assert!(refused > 80, "only {refused} of a hundred tries had to wait");
    let page = stranger.log_in(MOTHER, PASSWORD).await;
    assert!(page.status == 429 && page.text.contains("Attendez "), "{page:?}");
    assert_eq!(house.browser_from("203.0.113.7").log_in(MOTHER, PASSWORD).await.status, 303, "at home nobody waits");
    house.later(3_601);
    assert_eq!(stranger.log_in(MOTHER, PASSWORD).await.status, 303, "an hour later it is forgotten");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_password_tried_on_every_address_waits_for_its_network() {
    let fresh = crate::place::on_sqlite().await;
    let house = open(&fresh).await.with_mother().await;
    let stranger = house.browser_from("198.51.100.66");
    let csrf = stranger.get("/connexion").await.csrf();
    let mut last = 0;
    for n in 0..33 {
        let login = format!("parent{n}@exemple.fr");
        last = stranger.post_raw("/connexion", &[("csrf", &csrf), ("login", &login), ("password", "motdepassebanal")], &[]).await.status;
    }
    assert_eq!(last, 429);
}

on_both! {
    async fn a_cookie_that_a_browser_brought_along_never_becomes_a_session(fresh: &Fresh) {
        let house = open(fresh).await.with_mother().await;
        let (browser, thief) = (house.browser(), house.browser());
        let planted = "A".repeat(43);
        browser.plant("preau", &planted);
        thief.plant("preau", &planted);
        browser.log_in(MOTHER, PASSWORD).await;
        let first = browser.cookie("preau").unwrap();
        assert_ne!(first, planted);
        assert_eq!(thief.get("/essai/famille").await.status, 303);
        // Logged in anew in the same window: the token from before is worth nothing.
        browser.jar.lock().unwrap().retain(|name, _| name != "preau");
        let csrf = browser.get("/connexion").await.csrf();
        browser.plant("preau", "B");
        browser.post_raw("/connexion", &[("csrf", &csrf), ("login", MOTHER), ("password", PASSWORD)], &[]).await;
        assert_ne!(browser.cookie("preau").unwrap(), first);
        assert_eq!(browser.get("/essai/famille").await.status, 200);
    }
}

on_both! {
    async fn a_family_may_pause_for_half_a_day_and_stays_a_month_at_most(fresh: &Fresh) {
        let house = open(fresh).await.with_mother().await;
        let browser = house.browser();
        browser.log_in(MOTHER, PASSWORD).await;
        house.later(12 * 3_600 - 1);
        assert_eq!(browser.get("/essai/famille").await.status, 200);
        house.later(12 * 3_600);
        assert_eq!(browser.get("/essai/famille").await.status, 303, "half a day");
        browser.log_in(MOTHER, PASSWORD).await;
        for _ in 0..60 {
            assert_eq!(browser.get("/essai/famille").await.status, 200);
            house.later(12 * 3_600 - 1);
        }
        house.later(60);
        assert_eq!(browser.get("/essai/famille").await.status, 303, "thirty days");
    }
}

on_both! {
    async fn twenty_windows_are_enough_and_the_oldest_closes(fresh: &Fresh) {
        let house = open(fresh).await.with_mother().await;
        let first = house.browser();
        first.log_in(MOTHER, PASSWORD).await;
        for n in 0..20 {
            house.later(1);
            assert_eq!(house.browser().log_in(MOTHER, PASSWORD).await.status, 303, "{n}");
        }
        assert_eq!(first.get("/essai/famille").await.status, 303);
        let rows = house.reading().find::<account_session::Entity>().count(&house.reading().on()).await.unwrap();
        assert_eq!(rows, 20);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_in_leads_to_no_other_site() {
    let fresh = crate::place::on_sqlite().await;
    let house = open(&fresh).await.with_mother().await;
    for evil in ["//evil.exemple", "/\\evil.exemple", "https://evil.exemple", "https:evil.exemple", "/\t/evil.exemple"] {
        let browser = house.browser();
        let page = browser.submit("/connexion", "/connexion", &[("login", MOTHER), ("password", PASSWORD), ("suite", evil)]).await;
        assert_eq!((page.status, page.to.as_str()), (303, "/famille"), "{evil:?}");
        let shown = house.browser().get(&format!("/connexion?suite={}", server::identity::browser::in_query(evil))).await;
        assert!(!shown.text.contains("evil"), "{}", shown.text);
    }
}

on_both! {
    async fn an_account_that_is_closed_is_out_at_once_and_never_in_again(fresh: &Fresh) {
        let house = open(fresh).await.with_mother().await;
        let browser = house.browser();
        browser.log_in(MOTHER, PASSWORD).await;
        assert_eq!(browser.get("/essai/famille").await.status, 200);
        let command = server::identity::commands::Command::Disable { login: MOTHER.into() };
        server::identity::commands::run(&house.app, &command).await.unwrap();
        assert_eq!(browser.get("/essai/famille").await.status, 303);
        assert_eq!(browser.log_in(MOTHER, PASSWORD).await.status, 422);
    }
}

on_both! {
    async fn all_windows_of_a_person_close_together(fresh: &Fresh) {
        let house = open(fresh).await.with_mother().await;
        house.add(AGENT, None, Some((house.a.organisation, Role::Finances, None))).await;
        let (one, two) = (house.browser(), house.browser());
        one.log_in(MOTHER, PASSWORD).await;
        two.log_in(MOTHER, PASSWORD).await;
        let person = house.mother().await;
        let transaction = house.app.db.begin().await.unwrap();
        session::end_sessions_of(&Territory::new(house.app.territoire(), &transaction), person).await.unwrap();
        transaction.commit().await.unwrap();
        assert_eq!((one.get("/essai/famille").await.status, two.get("/essai/famille").await.status), (303, 303));
    }
}
