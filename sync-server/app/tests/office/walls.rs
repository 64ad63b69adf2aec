//! Who may, and of what: between organisations, between roles, between lieux.

use super::{Ids, all_roles, at_desk, call, csrf, ids, issued, open, send};
use crate::on_both;
use server::identity::Role;
use server::office::{Needs, table};
use server::store::entity::centre;
use server::store::{Territory, insert_all, new_id};
use shared::id::CentreId;

/// What only a page of A may hold.
fn marks(ids: &Ids) -> Vec<String> {
    let all = [
        Some(ids.household),
        Some(ids.person),
        Some(ids.device),
        Some(ids.staff),
        Some(ids.site),
        Some(ids.annexe),
        ids.apart,
        ids.alert,
        ids.run,
        ids.bill,
        ids.question,
        ids.payment,
    ];
    let mut marks: Vec<String> = all.into_iter().flatten().map(|id| id.to_string()).collect();
    marks.extend(["Quetzal", "Xochitl", "Commune A", "École A"].map(str::to_owned));
    marks
}

on_both! {
    async fn nothing_of_one_organisation_is_told_to_an_agent_of_another(fresh: &Fresh) {
        let house = open(fresh).await;
        issued(&house, &house.a).await;
        issued(&house, &house.b).await;
        let (browser, _) = at_desk(&house, "b@exemple.fr", &house.b, &all_roles()).await;
        let token = csrf(&browser, "B").await;
        let theirs = ids(&house, "A").await;
        for entry in table() {
            let (path, fields, names) = call(&entry, "A", &theirs);
            let page = send(&browser, &token, &entry, &path, &fields).await;
            assert_eq!(page.status, 404, "{} at their desk: {}", entry.name, page.text);
            let told = |text: &str| marks(&theirs).into_iter().find(|mark| text.contains(mark.as_str()) && !path.contains(mark.as_str()));
            assert_eq!(told(&page.text), None, "{}", entry.name);

            let (path, fields, _) = call(&entry, "B", &theirs);
            let page = send(&browser, &token, &entry, &path, &fields).await;
            if names {
                assert_eq!(page.status, 404, "{} with their ids: {}", entry.name, page.text);
            } else {
                assert!(page.status < 500, "{}: {}", entry.name, page.text);
            }
            assert_eq!(told(&page.text), None, "{}", entry.name);
        }
        let chosen = browser.get("/bureau").await;
        assert_eq!((chosen.status, chosen.to.as_str()), (303, "/bureau/B"));
        let typed = [("probleme", "depart_manquant|PERI||E-A|2026-09-28"), ("decision", "facturer"), ("csrf", token.as_str())];
        let page = browser.post_raw("/bureau/B/facturation/2026-09/decisions", &typed, &[("sec-fetch-site", "same-origin")]).await;
        assert_eq!(page.status, 404, "a problem of theirs is none of ours");
    }
}

on_both! {
    async fn each_role_opens_what_the_table_says_and_nothing_else(fresh: &Fresh) {
        let house = open(fresh).await;
        issued(&house, &house.a).await;
        let ours = ids(&house, "A").await;
        for (role, _) in all_roles() {
            let (browser, _) = at_desk(&house, &format!("{}@exemple.fr", role.code()), &house.a, &[(role, None)]).await;
            let token = csrf(&browser, "A").await;
            for entry in table() {
                let allowed = match entry.needs {
                    Needs::AnyRole => true,
                    Needs::Whole(right) | Needs::Somewhere(right) => role.rights().contains(&right),
                };
                let (path, fields, _) = call(&entry, "A", &ours);
                let page = send(&browser, &token, &entry, &path, &fields).await;
                assert_eq!(page.status != 403, allowed, "{} as {role:?}: {} {}", entry.name, page.status, page.text);
                // Whoever comes second finds it done: that is an answer too.
                assert!(page.status < 500 && page.status != 401, "{} as {role:?}: {} {}", entry.name, page.status, page.text);
            }
        }
    }
}

on_both! {
    async fn a_director_of_one_lieu_has_no_word_in_another(fresh: &Fresh) {
        let house = open(fresh).await;
        let (now, transaction) = (house.app.clock.now(), house.app.db.begin().await.unwrap());
        let territory = Territory::new(house.app.territoire(), &transaction);
        let tenant = territory.tenant(house.a.organisation);
        let here = tenant.centres().await.unwrap().remove(0);
        let other = centre::Model { id: new_id(now).unwrap(), code: "ALSH".into(), name: "Les Tilleuls".into(), kind: "alsh".into(), ..here.clone() };
        insert_all(&territory.on(), vec![other.clone()]).await.unwrap();
        transaction.commit().await.unwrap();
        let away = [(Role::Direction, Some(CentreId(other.id)))];
        let (browser, _) = at_desk(&house, "direction@exemple.fr", &house.a, &away).await;
        let page = browser.get("/bureau/A").await;
        assert!(page.text.contains("Les Tilleuls") && !page.text.contains(&here.name), "{}", page.text);
        assert_eq!(browser.get("/bureau/A/journee/ALSH").await.status, 200);
        assert_eq!(browser.get("/bureau/A/journee/PERI").await.status, 403);
        let token = csrf(&browser, "A").await;
        let typed = [("date", crate::office::MONDAY), ("csrf", token.as_str())];
        let page = browser.post_raw("/bureau/A/journee/PERI/signature", &typed, &[("sec-fetch-site", "same-origin")]).await;
        assert_eq!(page.status, 403);
        let page = browser.get("/bureau/A/familles?cherche=quetzal").await;
        assert!(page.status == 200 && !page.text.contains("Xochitl"), "its children are not at this lieu: {}", page.text);
        let home = ids(&house, "A").await.household;
        assert_eq!(browser.get(&format!("/bureau/A/familles/{home}")).await.status, 404);
    }
}
