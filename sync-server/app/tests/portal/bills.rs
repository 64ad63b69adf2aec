//! Paying: when there is a button, and what the page says where there is none.

use super::family::*;
use crate::on_both;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, QueryFilter};
use server::store::Territory;
use server::store::entity::{issued_document, payment, regie};
use server::store::new_id;

const BUTTON: &str = "Payer par carte ou prélèvement";

async fn regie_collects(f: &Family, numcli: Option<&str>) {
    let transaction = f.house.app.db.begin().await.unwrap();
    let tenant = Territory::new(f.house.app.territoire(), &transaction).tenant(f.house.a.organisation);
    let update = tenant.update::<regie::Entity>().col_expr(regie::Column::Numcli, Expr::value(numcli.map(str::to_owned)));
    update.exec(&transaction).await.unwrap();
    transaction.commit().await.unwrap();
}

async fn paying(f: &Family, state: &str) {
    let tenant = f.house.reading().tenant(f.house.a.organisation);
    let regie = tenant.find::<regie::Entity>().one(&tenant.on()).await.unwrap().unwrap();
    let row = payment::Model {
        organisation_id: f.house.a.organisation.0,
        id: new_id(f.house.app.clock.now()).unwrap(),
        territoire_id: f.house.app.territoire().0,
        regie_id: regie.id,
        invoice_id: f.mothers_bill,
        payer_id: f.persons[&Who::Mother].0,
        account_id: None,
        means: "payfip".into(),
        amount_cents: 252,
        numcli: "090001".into(),
        exer: "2026".into(),
        refdet: "R1F2026000001".into(),
        saisie: "T".into(),
        idop: None,
        state: state.into(),
        outcome: None,
        detail: None,
        created_at_ms: f.house.app.clock.now_ms(),
        asked_at_ms: None,
        next_ask_ms: None,
        settled_at_ms: None,
    };
    put(&f.house, row).await;
}

on_both! {
    async fn a_bill_is_paid_here_or_the_page_says_why_not(fresh: &Fresh) {
        let f = family(fresh).await;
        let (mother, _) = f.browser(Who::Mother).await;
        let path = format!("/famille/factures/{}", f.mothers_bill);
        let page = mother.get(&path).await.text;
        assert!(page.contains(BUTTON) && page.contains(&format!("action=\"{path}/payer\"")), "{page}");
        regie_collects(&f, None).await;
        let page = mother.get(&path).await.text;
        assert!(!page.contains(BUTTON) && page.contains("ne se paie pas en ligne"), "{page}");
        regie_collects(&f, Some("090001")).await;
        paying(&f, "refuse").await;
        assert!(mother.get(&path).await.text.contains(BUTTON), "a payment that failed is over");
        paying(&f, "en_cours").await;
        let page = mother.get(&path).await.text;
        assert!(!page.contains(BUTTON) && page.contains("paiement en cours") && page.contains("Un paiement de cette facture est en cours"), "{page}");
        assert!(mother.get("/famille").await.text.contains("Un paiement de la facture"));
    }
}

on_both! {
    async fn a_document_is_named_by_its_number_alone_and_waits_politely_until_it_is_made(fresh: &Fresh) {
        let f = family(fresh).await;
        let (mother, _) = f.browser(Who::Mother).await;
        let path = format!("/famille/factures/{}/facture.pdf", f.mothers_bill);
        let cookie = mother.jar.lock().unwrap().iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ");
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let sent = async || client.get(format!("{}{path}", f.house.base())).header("cookie", &cookie).send().await.unwrap();
        let answer = sent().await;
        let header = |name: &str| answer.headers().get(name).map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default();
        assert_eq!((answer.status().as_u16(), header("content-type").as_str()), (200, "application/pdf"));
        assert_eq!((header("x-content-type-options").as_str(), header("cache-control").as_str()), ("nosniff", "no-store"));
        let name = header("content-disposition");
        let number = name.strip_prefix("inline; filename=\"F-2026-00000").and_then(|rest| rest.strip_suffix(".pdf\"")).unwrap_or_default();
        assert!(number.len() == 1, "{name}");
        let transaction = f.house.app.db.begin().await.unwrap();
        let tenant = Territory::new(f.house.app.territoire(), &transaction).tenant(f.house.a.organisation);
        let of_bill = tenant.delete::<issued_document::Entity>().filter(issued_document::Column::InvoiceId.eq(f.mothers_bill));
        of_bill.exec(&transaction).await.unwrap();
        transaction.commit().await.unwrap();
        let answer = sent().await;
        assert_eq!((answer.status().as_u16(), answer.headers().get("retry-after").is_some()), (202, true));
        assert!(answer.text().await.unwrap().contains("Document en préparation"));
    }
}

on_both! {
    async fn the_same_number_in_two_organisations_is_two_bills(fresh: &Fresh) {
        let f = family(fresh).await;
        let (mother, _) = f.browser(Who::Mother).await;
        let (third, _) = f.browser(Who::Third).await;
        let lists = [mother.get("/famille/factures").await.text, third.get("/famille/factures").await.text];
        for list in &lists {
            assert!(list.contains("F-2026-000001"), "{list}");
        }
        assert!(lists[1].contains("2,40") && !lists[0].contains("2,40") && lists[0].contains("À payer : 3,60"), "{lists:?}");
        assert_eq!(mother.get(&format!("/famille/factures/{}", f.thirds_bill)).await.status, 404);
        assert_eq!(mother.get("/famille/factures/1").await.status, 404);
    }
}
