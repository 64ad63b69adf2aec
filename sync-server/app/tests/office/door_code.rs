//! An adult's code at the tablets of families: set by an agent or by themselves, kept as a hash, told where they are known.

use super::{at_desk, csrf, ids, open};
use crate::identity::browser::{Browser, House, Page};
use crate::identity::rights::{a_right, put};
use crate::on_both;
use argon2::password_hash::{PasswordHash, PasswordVerifier};
use server::identity::Role;
use server::sync::publish;
use server::sync::roster::items;
use shared::id::{PersonId, SiteId};
use shared::roster::{DoorCode, Item, door_code_key};
use uuid::Uuid;

async fn types(browser: &Browser, token: &str, household: Uuid, person: Uuid, code: &str) -> Page {
    let (typed, path) = ([("code", code), ("csrf", token)], format!("/bureau/A/familles/{household}/borne/{person}"));
    browser.post_raw(&path, &typed, &[("sec-fetch-site", "same-origin")]).await
}

async fn told(house: &House, site: Uuid, person: Uuid) -> Option<DoorCode> {
    let today = house.app.clock.today();
    match items(&house.reading(), SiteId(site), today).await.unwrap().remove(&door_code_key(PersonId(person))) {
        Some(Item::DoorCode(code)) => Some(code),
        Some(other) => panic!("{other:?}"),
        None => None,
    }
}

on_both! {
    async fn an_adults_code_is_kept_as_a_hash_and_told_with_the_end_of_the_telephone_where_the_adult_is_known(fresh: &Fresh) {
        let house = open(fresh).await;
        let (a, b) = (ids(&house, "A").await, ids(&house, "B").await);
        put(&house.app, a_right(&house.app, house.a.child, PersonId(a.person))).await;
        publish::due_sites(&house.app).await.unwrap();
        let (browser, _) = at_desk(&house, "accueil@exemple.fr", &house.a, &[(Role::Agent, None)]).await;
        let token = csrf(&browser, "A").await;
        let page = types(&browser, &token, a.household, a.person, "902817").await;
        assert_eq!((page.status, page.to.clone()), (303, format!("/bureau/A/familles/{}?fait=borne", a.household)));
        let code = told(&house, a.site, a.person).await.unwrap();
        assert_eq!(code.telephone_end, "5678");
        let read = PasswordHash::new(&code.hash).unwrap();
        assert!(argon2::Argon2::default().verify_password(b"902817", &read).is_ok(), "a tablet compares what is typed with it");
        assert_eq!(told(&house, b.site, a.person).await, None);
        assert!(publish::is_due(&house.reading(), SiteId(a.site), house.app.clock.now()).await.unwrap(), "its tablets are to be told");
        assert!(!publish::is_due(&house.reading(), SiteId(b.site), house.app.clock.now()).await.unwrap(), "and no others");
        let page = browser.get(&page.to).await.text;
        assert!(page.contains("posé le") && !page.contains("902817") && !page.contains("argon2"), "{page}");

        let refused = types(&browser, &token, a.household, a.person, "1234").await;
        assert!(refused.status == 422 && refused.text.contains("parmi les premiers"), "{}", refused.text);
        assert_eq!(told(&house, a.site, a.person).await, Some(code), "and the old one holds");
        types(&browser, &token, a.household, a.person, "").await;
        assert_eq!(told(&house, a.site, a.person).await, None);
        assert_eq!(types(&browser, &token, b.household, b.person, "902817").await.status, 404, "another commune's family");
    }
}
