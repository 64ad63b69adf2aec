//! The click: who may, when it is refused, and that it happens once.

use super::house::{open, open_with};
use crate::on_both;
use server::app::App;
use server::payments::{Offer, offer};
use server::store::entity::{installation, payment};
use std::sync::Arc;
use uuid::Uuid;

on_both! {
    async fn what_payfip_would_refuse_is_refused_before_with_a_sentence(fresh: &Fresh) {
        let house = open(fresh).await;
        let browser = house.at_home().await;
        let said = async |bill: Uuid, words: &str| {
            let page = browser.pay(bill).await;
            assert!(page.status == 409 && page.text.contains(words), "{words}: {page:?}");
            assert_eq!(house.payments(bill).await.len(), 0, "{words}");
        };
        said(house.bill(1, &[99]).await, "commence à 1,00").await;
        said(house.bill(2, &[9_999_999, 1]).await, "va jusqu’à 99").await;
        said(house.bill(3, &[0]).await, "rien à payer").await;
        let bill = house.bill(4, &[100]).await;
        for (mode, numcli) in [("titre", Some("090909")), ("ormc", Some("090909")), ("regie", None), ("regie", Some("9090"))] {
            house.rewrite(server::store::entity::regie::Model { mode: mode.into(), numcli: numcli.map(Into::into), ..house.regie.clone() }).await;
            said(bill, "ne se paie pas en ligne").await;
        }
        house.rewrite(house.regie.clone()).await;
        house.paid(&browser, bill).await;
        let page = browser.pay(bill).await;
        assert!(page.status == 409 && page.text.contains("réglée"), "{page:?}");
    }
}

on_both! {
    async fn a_server_in_reprise_begins_no_payment_and_asks_about_none(fresh: &Fresh) {
        let house = open(fresh).await;
        let browser = house.at_home().await;
        let bill = house.bill(1, &[4_250]).await;
        let (payment, _) = house.click(&browser, bill).await;
        let restored = App { installation: Arc::new(installation::Model { reprise: true, ..(*house.app.installation).clone() }), ..house.app.clone() };
        let who = server::payments::create::Who { account: shared::id::AccountId(house.payment(payment).await.account_id.unwrap()), person: shared::id::PersonId(house.mother.id) };
        let begun = server::payments::create::begin(&restored, who, bill).await.unwrap();
        assert!(matches!(begun, server::payments::create::Begun::Refused { sentence, .. } if sentence.contains("reprise")));
        house.later(60);
        server::payments::learn(&restored, payment).await.unwrap();
        server::payments::poll_due(&restored).await.unwrap();
        assert_eq!(house.payment(payment).await.asked_at_ms, None);
    }
}

on_both! {
    async fn two_clicks_at_once_are_one_payment(fresh: &Fresh) {
        let house = open(fresh).await;
        let (one, two) = (house.at_home().await, house.at_home().await);
        let bill = house.bill(1, &[4_250]).await;
        let (first, second) = tokio::join!(one.pay(bill), two.pay(bill));
        let mut statuses = [first.status, second.status];
        statuses.sort();
        assert_eq!(statuses, [303, 409], "{first:?} {second:?}");
        let rows = house.payments(bill).await;
        assert_eq!(rows.len(), 1);
        let refused = if first.status == 409 { first } else { second };
        assert!(refused.text.contains("en cours depuis") && refused.text.contains(&format!("/payfip/retour/{}", rows[0].id)), "{refused:?}");
        // Twenty minutes without an end: another one may begin.
        house.later(20 * 60);
        assert_eq!(one.pay(bill).await.status, 303);
        assert_eq!(house.payments(bill).await.len(), 2);
    }
}

on_both! {
    async fn the_payer_or_an_adult_of_the_house_who_sees_the_bill_may_pay_and_nobody_else(fresh: &Fresh) {
        let house = open(fresh).await;
        let bill = house.bill(1, &[4_250]).await;
        let stranger = server::store::entity::person::Column::Code;
        let of_b = {
            use sea_orm::{ColumnTrait, QueryFilter};
            let reading = house.reading();
            reading.find::<server::store::entity::person::Entity>().filter(stranger.eq("R-B")).one(&reading.on()).await.unwrap().unwrap()
        };
        house.account("voisine@exemple.fr", shared::id::PersonId(of_b.id)).await;
        let blind = house.adult("R-A2", false).await;
        house.account("oncle@exemple.fr", blind).await;
        for nobody in ["voisine@exemple.fr", "oncle@exemple.fr"] {
            let browser = house.browser();
            browser.log_in(nobody).await;
            assert_eq!(browser.pay(bill).await.status, 404, "{nobody}");
        }
        let outside = house.browser();
        outside.get("/connexion").await;
        assert!(matches!(outside.pay(bill).await.status, 401 | 403));
        let father = house.adult("R-A3", true).await;
        house.account("pere@exemple.fr", father).await;
        let browser = house.browser();
        browser.log_in("pere@exemple.fr").await;
        let forged = browser.post(&format!("/famille/factures/{bill}/payer"), &[("csrf", "x")]).await;
        assert_eq!((forged.status, house.payments(bill).await.len()), (403, 0), "a form that isn't ours");
        assert_eq!(browser.pay(bill).await.status, 303);
        assert_eq!(browser.pay(Uuid::nil()).await.status, 404);
        let row = house.payments(bill).await.remove(0);
        assert_eq!((row.payer_id, row.refdet.as_str(), row.exer.as_str(), row.numcli.as_str()), (house.mother.id, "R1F2026000001", "2026", "090909"));
        assert!(house.audited(row.id).await[0].starts_with("guardian "));
        let operations = house.sandbox.sandbox.operations().latest_first(house.sandbox.sandbox.clock.now())[0].asked.clone();
        assert_eq!((operations.mel.as_str(), operations.objet.as_str()), ("pere@exemple.fr", "Facture F 2026 000001"));
    }
}

on_both! {
    async fn an_address_that_payfip_refuses_is_told_before(fresh: &Fresh) {
        let house = open(fresh).await;
        let bill = house.bill(1, &[4_250]).await;
        let father = house.adult("R-A3", true).await;
        house.account("a@b.c", father).await;
        let browser = house.browser();
        browser.log_in("a@b.c").await;
        let page = browser.pay(bill).await;
        assert!(page.status == 409 && page.text.contains("adresse électronique"), "{page:?}");
        assert_eq!(house.payments(bill).await.len(), 0);
    }
}

on_both! {
    async fn a_server_that_stopped_before_the_call_leaves_a_row_that_harms_nobody(fresh: &Fresh) {
        let house = open(fresh).await;
        let browser = house.at_home().await;
        let bill = house.bill(1, &[4_250]).await;
        let (payment, _) = house.click(&browser, bill).await;
        let row = house.payment(payment).await;
        let stopped = payment::Model { idop: None, state: "cree".into(), next_ask_ms: Some(row.created_at_ms + 90_000), ..row };
        house.rewrite(stopped).await;
        assert_eq!(browser.pay(bill).await.status, 409, "the call may still be under way");
        let page = browser.get(&format!("/payfip/retour/{payment}")).await;
        assert!(page.status == 200 && page.text.contains("Paiement en cours"), "{page:?}");
        house.later(90);
        assert_eq!(house.poll().await.asked, 1);
        let row = house.payment(payment).await;
        assert_eq!((row.state.as_str(), row.next_ask_ms), ("expire", None));
        house.paid(&browser, bill).await;
        assert_eq!(house.books().await, 0);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_form_may_lead_to_the_payment_service_and_nowhere_else() {
    let fresh = crate::place::on_sqlite().await;
    let house = open_with(&fresh, |_| ()).await;
    let policy = house.browser().get("/connexion").await.policy;
    assert!(policy.contains(&format!("form-action 'self' {};", house.sandbox.base_url())), "{policy}");
}

on_both! {
    async fn the_page_and_the_click_go_by_one_rule(fresh: &Fresh) {
        let house = open(fresh).await;
        let browser = house.at_home().await;
        for (n, cents) in [(1, 99), (2, 100), (3, 9_999_999), (4, 10_000_000)] {
            let bill = house.bill(n, &[cents]).await;
            let issued = server::billing::issued::bill(&house.tenant(), bill).await.unwrap();
            let offered = offer(&issued, &house.regie, &house.app.settings, None);
            assert_eq!(offered == Offer::Pay, browser.pay(bill).await.status == 303, "{cents}");
        }
    }
}
