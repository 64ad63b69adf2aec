//! Activation: a code on paper and a second fact, and nothing told to who holds neither.

use super::browser::{AGENT, Browser, MOTHER, PASSWORD, Page, open};
use crate::on_both;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, QueryFilter};
use server::identity::Role;
use server::store::Territory;
use server::store::entity::{account_identity, activation_code, person};

async fn activate(browser: &Browser, code: &str, fact: &str, login: &str) -> Page {
    let fields = [("code", code), ("fact", fact), ("login", login), ("password", PASSWORD)];
    browser.submit("/activation", "/activation", &fields).await
}

on_both! {
    async fn a_code_and_a_name_make_an_access_once(fresh: &Fresh) {
        let house = open(fresh).await;
        let code = house.code().await;
        let browser = house.browser();
        let page = activate(&browser, &code.to_lowercase(), "MARTIN", MOTHER).await;
        assert_eq!((page.status, page.to.as_str()), (303, "/famille"));
        assert!(browser.get("/essai/famille").await.text.starts_with(&house.mother().await.to_string()));
        let identities = house.reading().find::<account_identity::Entity>().all(&house.reading().on()).await.unwrap();
        assert_eq!((identities[0].provider.as_str(), identities[0].subject.as_str()), ("local", MOTHER));
        assert_eq!(house.browser().log_in(MOTHER, PASSWORD).await.to, "/famille");
        assert_eq!(activate(&house.browser(), &code, "Martin", "autre@exemple.fr").await.status, 422, "once");
        let rows = house.reading().find::<activation_code::Entity>().all(&house.reading().on()).await.unwrap();
        let bare = code.replace('-', "");
        assert!(rows.iter().all(|row| !row.code_hash.windows(4).any(|w| bare.as_bytes().windows(4).any(|b| b == w))), "hashed");
        assert_eq!(house.audit().await[..2], ["POST /activation self fait", "POST /activation self fait"]);
    }
}

on_both! {
    async fn a_wrong_code_a_wrong_name_and_an_old_code_get_one_answer_at_one_cost(fresh: &Fresh) {
        let house = open(fresh).await;
        let code = house.code().await;
        let mut answers = Vec::new();
        let mut ask = async |code: &str, fact: &str| {
            let browser = house.browser_from(&format!("198.51.100.{}", answers.len()));
            let before = house.server.identity.hasher.done();
            let page = activate(&browser, code, fact, MOTHER).await;
            let bare = page.text.replace(&page.csrf(), "").replace(code, "").replace(&format!("value=\"{fact}\""), "");
            answers.push((page.status, house.server.identity.hasher.done() - before, bare, browser.cookie("preau")));
        };
        ask("0000-0000-0000", "Martin").await;
        ask(&code, "Dupont").await;
        ask(&code, "04/05/1990").await;
        ask("pas un code", "Martin").await;
        house.later(30 * 24 * 3_600);
        ask(&code, "Martin").await;
        assert!(answers.iter().all(|a| *a == answers[0]), "{answers:#?}");
        assert_eq!((answers[0].0, answers[0].1), (422, 2));
        assert!(house.audit().await.iter().all(|line| line == "POST /activation inconnu refus"));
    }
}

on_both! {
    async fn a_birth_date_will_do_and_a_birth_name_too(fresh: &Fresh) {
        let house = open(fresh).await;
        let mother = house.mother().await;
        let transaction = house.app.db.begin().await.unwrap();
        let update = Territory::new(house.app.territoire(), &transaction).update::<person::Entity>();
        let update = update.col_expr(person::Column::BirthDate, Expr::value(crate::world::day("1990-05-04")));
        let update = update.col_expr(person::Column::BirthName, Expr::value("Benoît-Lévy"));
        update.filter(person::Column::Id.eq(mother.0)).exec(&transaction).await.unwrap();
        transaction.commit().await.unwrap();
        for fact in ["04/05/1990", "1990-05-04", "benoit levy"] {
            let code = house.code().await;
            assert_eq!(activate(&house.browser(), &code, fact, MOTHER).await.status, 303, "{fact}");
        }
        let code = house.code().await;
        assert_eq!(activate(&house.browser(), &code, "05/04/1990", MOTHER).await.status, 422);
        assert_eq!(activate(&house.browser(), &code, "", MOTHER).await.status, 422);
    }
}

on_both! {
    async fn a_new_code_gives_a_lost_access_back_and_ends_the_old_one(fresh: &Fresh) {
        let house = open(fresh).await.with_mother().await;
        let old = house.browser();
        old.log_in(MOTHER, PASSWORD).await;
        let (first, second) = (house.code().await, house.code().await);
        assert_eq!(activate(&house.browser(), &first, "Martin", MOTHER).await.status, 422, "only the last code opens");
        assert_eq!(activate(&house.browser(), &second, "Martin", "nouvelle@exemple.fr").await.status, 303);
        assert_eq!(old.get("/essai/famille").await.status, 303);
        assert_eq!(house.browser().log_in(MOTHER, PASSWORD).await.status, 422);
        assert_eq!(house.browser().log_in("nouvelle@exemple.fr", PASSWORD).await.to, "/famille");
    }
}

on_both! {
    async fn two_persons_never_share_an_address_and_no_code_of_the_counter_opens_a_desk(fresh: &Fresh) {
        let house = open(fresh).await;
        house.add("pris@exemple.fr", None, None).await;
        let code = house.code().await;
        let page = activate(&house.browser(), &code, "Martin", "Pris@exemple.fr").await;
        assert!(page.status == 422 && page.text.contains("id=\"wrong-login\""), "{page:?}");
        let mother = house.mother().await;
        house.add(AGENT, Some(mother), Some((house.a.organisation, Role::Administrateur, None))).await;
        let page = activate(&house.browser(), &code, "Martin", MOTHER).await;
        assert!(page.status == 422 && page.text.contains("administrateur"), "{page:?}");
        assert!(house.browser().log_in(AGENT, PASSWORD).await.to.starts_with("/connexion/double-facteur"), "her password is what it was");
    }
}

on_both! {
    async fn an_agent_who_is_a_mother_too_links_the_account_she_is_in(fresh: &Fresh) {
        let house = open(fresh).await;
        house.add("parent@exemple.fr", None, None).await;
        let browser = house.browser();
        browser.log_in("parent@exemple.fr", PASSWORD).await;
        assert_eq!(browser.get("/essai/famille").await.to, "/activation", "no household yet");
        let page = browser.get("/activation").await;
        assert!(!page.text.contains("name=\"password\""), "who is logged in has one");
        let code = house.code().await;
        assert_eq!(browser.submit("/activation", "/activation", &[("code", &code), ("fact", "Martin")]).await.status, 303);
        assert_eq!(browser.get("/essai/famille").await.status, 200);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_stands_beside_its_field_and_costs_no_code() {
    let fresh = crate::place::on_sqlite().await;
    let house = open(&fresh).await;
    let code = house.code().await;
    let browser = house.browser();
    let fields = [("code", code.as_str()), ("fact", "Martin"), ("login", "samira"), ("password", "court")];
    let page = browser.submit("/activation", "/activation", &fields).await;
    assert_eq!(page.status, 422);
    for id in ["wrong-login", "wrong-password"] {
        assert!(page.text.contains(&format!("id=\"{id}\"")) && page.text.contains(&format!("aria-describedby=\"{id}\"")), "{id}");
    }
    assert!(page.text.contains(&format!("value=\"{code}\"")) && !page.text.contains("court\""), "typed once, but the password");
    assert_eq!(activate(&browser, &code, "Martin", MOTHER).await.status, 303);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn codes_are_not_tried_through_from_one_network() {
    let fresh = crate::place::on_sqlite().await;
    let house = open(&fresh).await;
    let code = house.code().await;
    let stranger = house.browser_from("198.51.100.66");
    let mut last = 0;
    for _ in 0..13 {
        last = activate(&stranger, "0000-0000-0000", "Martin", MOTHER).await.status;
    }
    assert_eq!(last, 429);
    assert_eq!(activate(&house.browser(), &code, "Martin", MOTHER).await.status, 303, "nobody else waits");
}
