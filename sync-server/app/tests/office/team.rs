//! Codes of the staff: set by whoever answers for the lieu, kept as a hash, told to the tablets of its site.

use super::{at_desk, csrf, ids, open};
use crate::identity::browser::{Browser, House, Page};
use crate::on_both;
use argon2::password_hash::{PasswordHash, PasswordVerifier};
use sea_orm::{ColumnTrait, QueryFilter};
use server::identity::Role;
use server::store::entity::{audit as lines, staff};
use server::store::{Territory, insert_all, new_id};
use server::sync::roster::items;
use shared::id::{CentreId, SiteId, StaffId};
use shared::roster::{Item, StaffPin, pin_key};
use uuid::Uuid;

async fn types(browser: &Browser, token: &str, staff: Uuid, code: &str) -> Page {
    let typed = [("code", code), ("csrf", token)];
    browser.post_raw(&format!("/bureau/A/equipe/{staff}/code"), &typed, &[("sec-fetch-site", "same-origin")]).await
}

/// What the tablets of a site are to be told of a person's code.
async fn told(house: &House, site: Uuid, staff: Uuid) -> Option<String> {
    let today = house.app.clock.today();
    match items(&house.reading(), SiteId(site), today).await.unwrap().remove(&pin_key(StaffId(staff))) {
        Some(Item::Pin(StaffPin { hash, .. })) => Some(hash),
        Some(other) => panic!("{other:?}"),
        None => None,
    }
}

on_both! {
    async fn a_code_is_kept_as_a_hash_told_to_its_site_alone_and_never_shown_again(fresh: &Fresh) {
        let house = open(fresh).await;
        let (a, b) = (ids(&house, "A").await, ids(&house, "B").await);
        let (browser, _) = at_desk(&house, "direction@exemple.fr", &house.a, &[(Role::Direction, None)]).await;
        let token = csrf(&browser, "A").await;
        assert!(browser.get("/bureau/A/equipe").await.text.contains("aucun"));
        let page = types(&browser, &token, a.staff, "902817").await;
        assert_eq!((page.status, page.to.as_str()), (303, "/bureau/A/equipe?fait=code"));
        let hash = told(&house, a.site, a.staff).await.unwrap();
        let read = PasswordHash::new(&hash).unwrap();
        assert_eq!(read.algorithm.to_string(), "argon2id");
        assert!(argon2::Argon2::default().verify_password(b"902817", &read).is_ok(), "a tablet compares what is typed with it");
        assert_eq!(told(&house, b.site, a.staff).await, None);
        let page = browser.get(&page.to).await.text;
        assert!(page.contains("Nadia Roche") && page.contains("depuis le") && page.contains("une commodité à une porte surveillée"), "{page}");
        assert!(!page.contains("902817") && !page.contains("argon2"), "{page}");
        let tenant = house.reading().tenant(house.a.organisation);
        let all = tenant.find::<lines::Entity>().all(&tenant.on()).await.unwrap();
        assert!(all.iter().all(|line| !format!("{line:?}").contains("902817")), "no value in the audit");

        assert_eq!(types(&browser, &token, a.staff, "").await.to, "/bureau/A/equipe?fait=retire");
        assert_eq!(told(&house, a.site, a.staff).await, None);
    }
}

on_both! {
    async fn what_is_no_code_changes_nothing_and_says_what_one_is(fresh: &Fresh) {
        let house = open(fresh).await;
        let a = ids(&house, "A").await;
        let (browser, _) = at_desk(&house, "direction@exemple.fr", &house.a, &[(Role::Direction, None)]).await;
        let token = csrf(&browser, "A").await;
        for (wrong, words) in [("471", "4 à 6 chiffres"), ("12ab", "4 à 6 chiffres"), ("1234", "parmi les premiers")] {
            let page = types(&browser, &token, a.staff, wrong).await;
            assert!(page.status == 422 && page.text.contains(words), "{wrong}: {} {}", page.status, page.text);
        }
        assert_eq!(told(&house, a.site, a.staff).await, None);
    }
}

on_both! {
    async fn a_director_gives_codes_at_their_own_lieu_alone(fresh: &Fresh) {
        let house = open(fresh).await;
        let a = ids(&house, "A").await;
        let transaction = house.app.db.begin().await.unwrap();
        let territory = Territory::new(house.app.territoire(), &transaction);
        let tenant = territory.tenant(house.a.organisation);
        let mut here = tenant.centres().await.unwrap().remove(0);
        (here.id, here.code, here.name) = (new_id(house.app.clock.now()).unwrap(), "ALSH".into(), "Les Tilleuls".into());
        let away = CentreId(here.id);
        insert_all(&territory.on(), vec![here]).await.unwrap();
        transaction.commit().await.unwrap();
        let (browser, _) = at_desk(&house, "ailleurs@exemple.fr", &house.a, &[(Role::Direction, Some(away))]).await;
        let token = csrf(&browser, "A").await;
        assert!(!browser.get("/bureau/A/equipe").await.text.contains("Nadia"));
        assert_eq!(types(&browser, &token, a.staff, "902817").await.status, 404);
        let row = house.reading().tenant(house.a.organisation);
        let row = row.find::<staff::Entity>().filter(staff::Column::Id.eq(a.staff)).one(&row.on()).await.unwrap().unwrap();
        assert_eq!(row.pin_hash, None);
    }
}
