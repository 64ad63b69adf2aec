//! What waits for a person, as the pages say it: entries set apart, calls, and how each tablet is.

use super::{MONDAY, TUESDAY, at_desk, csrf, ids, issued, open};
use crate::identity::browser::{Browser, House, Page};
use crate::on_both;
use crate::world::apart::set_apart;
use server::identity::Role;
use server::store::entity::{device_report, site_watch};
use server::store::{Territory, insert_all};
use shared::wire::TabletReport;

async fn posts(browser: &Browser, path: &str, token: &str, fields: &[(&str, &str)]) -> Page {
    let typed: Vec<(&str, &str)> = fields.iter().copied().chain([("csrf", token)]).collect();
    browser.post_raw(path, &typed, &[("sec-fetch-site", "same-origin")]).await
}

async fn an_agent(house: &House, login: &str) -> (Browser, String) {
    let (browser, _) = at_desk(house, login, &house.a, &[(Role::Agent, None)]).await;
    let token = csrf(&browser, "A").await;
    (browser, token)
}

on_both! {
    async fn an_agent_reads_why_entries_wait_and_what_hangs_on_them_and_decides(fresh: &Fresh) {
        let house = open(fresh).await;
        issued(&house, &house.a).await;
        let (browser, token) = an_agent(&house, "accueil@exemple.fr").await;
        let page = browser.get("/bureau/A").await;
        assert!(page.text.contains("4 pointages mis de côté attendent une décision") && page.text.contains("1 signalement à regarder"), "{}", page.text);
        let page = browser.get("/bureau/A/a-decider").await;
        assert!(page.text.contains("Tablette perdue · École A") && page.text.contains("4 à décider"), "{}", page.text);
        let apart = ids(&house, "A").await.apart.unwrap();
        let path = format!("/bureau/A/a-decider/{apart}");
        let page = browser.get(&path).await;
        for said in ["Tablette révoquée", "Arrivée : Xochitl Quetzal", "lundi 28 septembre à 16:30", "Décider pour les 4 d’un coup", "Le mois de septembre 2026 est facturé"] {
            assert!(page.text.contains(said), "{said}: {}", page.text);
        }
        let page = posts(&browser, &path, &token, &[("decision", "retenu"), ("motif", " ")]).await;
        assert!(page.status == 422 && page.text.contains("Il manque le motif"), "{}", page.text);
        let page = posts(&browser, &path, &token, &[("decision", "peut-être"), ("motif", "x")]).await;
        assert_eq!(page.status, 422);
        let page = posts(&browser, &path, &token, &[("decision", "ecarte"), ("motif", "jamais venue")]).await;
        let page = browser.get(&page.to).await;
        assert!(page.text.contains("C’est écarté") && page.text.contains("Écarté par Essai") && page.text.contains("jamais venue"), "{}", page.text);
        assert!(page.text.contains("Décider pour les 3 d’un coup"), "{}", page.text);

        let lot = format!("{path}/lot");
        let page = posts(&browser, &lot, &token, &[("decision", "retenu"), ("motif", "reconnus"), ("jusqua", "hier")]).await;
        assert_eq!(page.status, 422, "a page that doesn't say what it showed decides nothing");
        let until = i64::MAX.to_string();
        let page = posts(&browser, &lot, &token, &[("decision", "retenu"), ("motif", "reconnus par l’équipe"), ("jusqua", &until)]).await;
        let page = browser.get(&page.to).await;
        assert!(page.text.contains("C’est retenu") && page.text.contains("Aucun pointage n’attend") && page.text.contains("3 retenus, 1 écarté"), "{}", page.text);
        let page = posts(&browser, &lot, &token, &[("decision", "retenu"), ("motif", "encore"), ("jusqua", &until)]).await;
        assert!(page.status == 422 && page.text.contains("il n’y reste rien"), "{}", page.text);
        let page = browser.get(&format!("/bureau/A/journee/PERI?date={TUESDAY}")).await;
        assert!(page.text.contains("mis de côté, puis retenu par une décision"), "{}", page.text);
        assert!(!browser.get("/bureau/A").await.text.contains("mis de côté attend"));
    }
}

on_both! {
    async fn a_tablet_that_drained_two_hundred_entries_takes_one_decision(fresh: &Fresh) {
        let house = open(fresh).await;
        let (_, rows) = set_apart(&house.app, &house.a, "Tablette volée", &[MONDAY; 100]).await;
        let (browser, token) = an_agent(&house, "accueil@exemple.fr").await;
        let path = format!("/bureau/A/a-decider/{}", rows[0]);
        let page = browser.get(&path).await;
        assert!(page.text.contains("Décider pour les 200 d’un coup") && page.text.contains("Page 1 sur 8"), "{}", page.text);
        let until = i64::MAX.to_string();
        let page = posts(&browser, &format!("{path}/lot"), &token, &[("decision", "ecarte"), ("motif", "volée le 28"), ("jusqua", &until)]).await;
        let page = browser.get(&page.to).await;
        assert!(page.text.contains("200 écartés") && page.text.contains("4 à décider"), "those of another tablet wait still: {}", page.text);
        assert!(browser.get(&format!("{path}?page=999")).await.text.contains("Page 8 sur 8"));
    }
}

on_both! {
    async fn a_call_is_seen_by_the_first_agent_who_says_so(fresh: &Fresh) {
        let house = open(fresh).await;
        let (browser, token) = an_agent(&house, "accueil@exemple.fr").await;
        let page = browser.get("/bureau/A/signalements").await;
        assert!(page.text.contains("La tablette a commencé une nouvelle suite") && page.text.contains("Que faire."), "{}", page.text);
        let path = format!("/bureau/A/signalements/{}", ids(&house, "A").await.alert.unwrap());
        assert_eq!(posts(&browser, &path, &token, &[]).await.status, 303);
        let second = posts(&browser, &path, &token, &[]).await;
        assert!(second.status == 422 && second.text.contains("vient de le noter"), "{}", second.text);
        let page = browser.get("/bureau/A/signalements").await;
        assert!(page.text.contains("Rien à regarder") && page.text.contains("vu par Essai"), "{}", page.text);
    }
}

on_both! {
    async fn a_tablet_moves_only_when_nothing_waits_and_is_named_by_people(fresh: &Fresh) {
        let house = open(fresh).await;
        let (browser, _) = at_desk(&house, "admin@exemple.fr", &house.a, &[(Role::Administrateur, None)]).await;
        let token = csrf(&browser, "A").await;
        let ours = ids(&house, "A").await;
        let path = format!("/bureau/A/tablettes/{}", ours.device);
        let report = TabletReport { waiting: 12, oldest_waiting_s: Some(11_000), ..TabletReport::default() };
        let transaction = house.app.db.begin().await.unwrap();
        let territory = Territory::new(house.app.territoire(), &transaction);
        let row = device_report::Model {
            territoire_id: house.app.territoire().0,
            device_id: ours.device,
            at_ms: house.app.clock.now_ms(),
            content: serde_json::to_string(&report).unwrap(),
        };
        insert_all(&territory.on(), vec![row]).await.unwrap();
        transaction.commit().await.unwrap();
        let page = browser.get(&path).await;
        assert!(page.text.contains("12 pointages attendent, le plus ancien depuis 3 h"), "{}", page.text);
        let annexe = ours.annexe.to_string();
        let page = posts(&browser, &format!("{path}/site"), &token, &[("site", &annexe)]).await;
        assert!(page.status == 422 && page.text.contains("12 pointages attendent encore"), "{}", page.text);
        let here = ours.site.to_string();
        assert_eq!(posts(&browser, &format!("{path}/site"), &token, &[("site", &here)]).await.status, 422);

        for wrong in ["", "   ", &"x".repeat(61)] {
            assert_eq!(posts(&browser, &format!("{path}/nom"), &token, &[("nom", wrong)]).await.status, 422, "{wrong}");
        }
        let page = posts(&browser, &format!("{path}/nom"), &token, &[("nom", "  Hall   <b> ")]).await;
        let page = browser.get(&page.to).await;
        assert!(page.text.contains("Hall &#60;b&#62;") && !page.text.contains("Hall <b>"), "{}", page.text);
    }
}

on_both! {
    async fn the_hour_of_a_site_is_set_changed_and_taken_away(fresh: &Fresh) {
        use sea_orm::QuerySelect;
        let house = open(fresh).await;
        let (browser, _) = at_desk(&house, "admin@exemple.fr", &house.a, &[(Role::Administrateur, None)]).await;
        let token = csrf(&browser, "A").await;
        let site = ids(&house, "A").await.site.to_string();
        let hours = async || {
            let territory = house.reading();
            let all = server::store::Territory::find::<site_watch::Entity>(&territory).select_only().column(site_watch::Column::ByMinute);
            all.into_tuple::<i32>().all(&territory.on()).await.unwrap()
        };
        for (hour, minutes) in [("09:30", vec![570]), ("10:00", vec![600]), ("", vec![])] {
            assert_eq!(posts(&browser, "/bureau/A/tablettes/veille", &token, &[("site", &site), ("heure", hour)]).await.status, 303);
            assert_eq!(hours().await, minutes);
        }
        assert_eq!(posts(&browser, "/bureau/A/tablettes/veille", &token, &[("site", &site), ("heure", "25:00")]).await.status, 422);
    }
}
