//! What pages say: a day that is signed and corrected, a family that hides its address, a batch on paper.

use super::{MONDAY, TUESDAY, all_roles, at_desk, csrf, ids, issued, open};
use crate::on_both;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, QueryFilter};
use server::identity::Role;
use server::store::Territory;
use server::store::entity::{billing_decision, household, issued_document};

const OURS: [(&str, &str); 1] = [("sec-fetch-site", "same-origin")];

on_both! {
    async fn a_day_is_signed_by_name_and_says_when_it_changed_since(fresh: &Fresh) {
        let house = open(fresh).await;
        let (browser, _) = at_desk(&house, "tout@exemple.fr", &house.a, &all_roles()).await;
        let token = csrf(&browser, "A").await;
        let page = browser.get(&format!("/bureau/A/journee/PERI?date={MONDAY}")).await;
        assert!(page.text.contains("Xochitl Quetzal") && page.text.contains("16:30") && page.text.contains("repris d&#39;une feuille"), "{}", page.text);
        assert!(page.text.contains("À signer en septembre 2026 : 2"), "{}", page.text);
        let typed = [("date", MONDAY), ("csrf", token.as_str())];
        let page = browser.post_raw("/bureau/A/journee/PERI/signature", &typed, &OURS).await;
        let page = browser.get(&page.to).await;
        assert!(page.text.contains("Signée par Essai") && page.text.contains("À signer en septembre 2026 : 1"), "{}", page.text);
        let again = browser.post_raw("/bureau/A/journee/PERI/signature", &typed, &OURS).await;
        assert!(again.to.ends_with("fait=deja"), "{}", again.to);

        let entry = ids(&house, "A").await.arrived.to_string();
        let without = [("date", MONDAY), ("pointage", entry.as_str()), ("heure", "16:40"), ("motif", " "), ("csrf", token.as_str())];
        let page = browser.post_raw("/bureau/A/journee/PERI/correction", &without, &OURS).await;
        assert_eq!(page.status, 422);
        assert!(page.text.contains("Il manque le motif") && page.text.contains("Signée par Essai"), "the page stays: {}", page.text);
        let typed = [("date", MONDAY), ("pointage", entry.as_str()), ("heure", "16:40"), ("motif", "cahier"), ("csrf", token.as_str())];
        let page = browser.post_raw("/bureau/A/journee/PERI/correction", &typed, &OURS).await;
        let page = browser.get(&page.to).await;
        assert!(page.text.contains("16:40") && page.text.contains("heure corrigée"), "{}", page.text);
        assert!(page.text.contains("modifiée depuis la signature") && page.text.contains("Signer à nouveau"), "{}", page.text);
        let page = browser.get(&format!("/bureau/A/journee/PERI?date={TUESDAY}&enfant=E-A")).await;
        assert!(page.text.contains("Corriger : Xochitl Quetzal") && page.text.contains("value=\"16:30\""), "{}", page.text);
    }
}

on_both! {
    async fn a_confidential_address_is_for_who_may_edit_families(fresh: &Fresh) {
        let house = open(fresh).await;
        let home = ids(&house, "A").await.household;
        let (agent, _) = at_desk(&house, "agent@exemple.fr", &house.a, &[(Role::Agent, None)]).await;
        let (finances, _) = at_desk(&house, "finances2@exemple.fr", &house.a, &[(Role::Finances, None)]).await;
        let path = format!("/bureau/A/familles/{home}");
        assert!(finances.get(&path).await.text.contains("0612345678"));
        let transaction = house.app.db.begin().await.unwrap();
        let territory = Territory::new(house.app.territoire(), &transaction);
        let hide = territory.update::<household::Entity>().col_expr(household::Column::Confidential, Expr::value(true));
        hide.filter(household::Column::Id.eq(home)).exec(&territory.on()).await.unwrap();
        transaction.commit().await.unwrap();
        let page = finances.get(&path).await;
        assert!(!page.text.contains("0612345678") && !page.text.contains("samira@exemple.fr"), "{}", page.text);
        assert!(agent.get(&path).await.text.contains("0612345678"));
        let found = agent.get("/bureau/A/familles?cherche=xochitl").await;
        assert!(found.text.contains(&home.to_string()), "a child's name finds its household: {}", found.text);
        assert!(!agent.get("/bureau/A/familles").await.text.contains("Quetzal"), "nobody is listed before a name is asked for");
    }
}

on_both! {
    async fn a_decision_holds_until_a_later_one_and_unblocks_the_issue(fresh: &Fresh) {
        let house = open(fresh).await;
        let (browser, account) = at_desk(&house, "tout@exemple.fr", &house.a, &all_roles()).await;
        let token = csrf(&browser, "A").await;
        let page = browser.get("/bureau/A/emission/2026-09").await;
        assert!(page.text.contains("Journées non signées") && !page.text.contains("Émettre 1 facture"), "{}", page.text);
        let page = browser.post_raw("/bureau/A/emission/2026-09", &[("csrf", &token)], &OURS).await;
        assert_eq!(page.status, 422, "the act refuses what the page doesn't offer");
        let decide = async |decision: &str| {
            let typed = [("genre", "journee_non_signee"), ("parmi", if decision == "demander_au_lieu" { "here" } else { "grave" }), ("decision", decision), ("motif", "vu avec le lieu"), ("csrf", token.as_str())];
            browser.post_raw("/bureau/A/facturation/2026-09/decisions", &typed, &OURS).await
        };
        assert_eq!(decide("ne_pas_facturer").await.status, 422, "not a decision for this kind");
        assert_eq!(decide("emettre_quand_meme").await.status, 303);
        let page = browser.get("/bureau/A/emission/2026-09").await;
        assert!(page.text.contains("Émettre 1 facture") && page.text.contains("4 novembre 2026"), "{}", page.text);
        house.later(60);
        assert_eq!(decide("demander_au_lieu").await.status, 303, "a later one replaces it");
        assert!(!browser.get("/bureau/A/emission/2026-09").await.text.contains("Émettre 1 facture"));
        let page = browser.get("/bureau/A/facturation?mois=2026-09").await;
        assert!(page.text.contains("Demander au lieu, le 5 octobre, Essai : vu avec le lieu"), "{}", page.text);
        let tenant = house.reading().tenant(house.a.organisation);
        let rows = tenant.find::<billing_decision::Entity>().all(&tenant.on()).await.unwrap();
        assert!(rows.len() == 2 && rows.iter().all(|row| row.decided_by == account.to_string()), "none is rewritten");
    }
}

on_both! {
    async fn paper_is_printed_once_and_again_only_on_demand(fresh: &Fresh) {
        let house = open(fresh).await;
        issued(&house, &house.a).await;
        let (browser, _) = at_desk(&house, "tout@exemple.fr", &house.a, &all_roles()).await;
        let token = csrf(&browser, "A").await;
        let run = ids(&house, "A").await.run.unwrap();
        let page = browser.get(&format!("/bureau/A/campagnes/{run}")).await;
        assert!(page.text.contains("1 à imprimer") && page.text.contains("F-2026-000001"), "{}", page.text);
        let path = format!("/bureau/A/campagnes/{run}/papier.pdf");
        let page = browser.post_raw(&path, &[("csrf", &token)], &OURS).await;
        assert_eq!((page.status, page.text.as_str()), (200, "%PDF-"));
        let page = browser.post_raw(&path, &[("csrf", &token)], &OURS).await;
        assert_eq!(page.status, 422);
        assert!(page.text.contains("Rien à imprimer"), "{}", page.text);
        let tenant = house.reading().tenant(house.a.organisation);
        let printed = tenant.find::<issued_document::Entity>().one(&tenant.on()).await.unwrap().unwrap().printed_at_ms.unwrap().to_string();
        house.later(60);
        let page = browser.post_raw(&path, &[("lot", &printed), ("csrf", &token)], &OURS).await;
        assert_eq!(page.text, "%PDF-");
        let after = tenant.find::<issued_document::Entity>().one(&tenant.on()).await.unwrap().unwrap().printed_at_ms.unwrap().to_string();
        assert_eq!(after, printed, "a batch that is printed again keeps its day");
    }
}

on_both! {
    async fn of_two_agents_who_answer_a_family_the_first_one_did(fresh: &Fresh) {
        let house = open(fresh).await;
        issued(&house, &house.a).await;
        let (browser, _) = at_desk(&house, "finances@exemple.fr", &house.a, &[(Role::Finances, None)]).await;
        let token = csrf(&browser, "A").await;
        let path = format!("/bureau/A/questions/{}", ids(&house, "A").await.question.unwrap());
        let answers = async |text: &str| {
            browser.post_raw(&path, &[("reponse", text), ("csrf", token.as_str())], &[("sec-fetch-site", "same-origin")]).await
        };
        assert_eq!(answers("C’est corrigé.").await.status, 303);
        let second = answers("Non.").await;
        assert!(second.status == 422 && second.text.contains("vient de répondre"), "{}", second.text);
        let page = browser.get("/bureau/A/questions").await;
        assert!(page.text.contains("C’est corrigé.") && !page.text.contains("Non."), "{}", page.text);
    }
}
