//! Every act of the table leaves its line, in the book of its organisation and in its account's name.

use super::{all_roles, at_desk, call, csrf, documents_and_question, ids, open, send};
use crate::identity::browser::House;
use crate::on_both;
use sea_orm::{ColumnTrait, QueryFilter, QueryOrder};
use server::identity::audit;
use server::office::table;
use server::store::Territory;
use server::store::entity::audit as lines;
use server::store::insert_all;

async fn book(house: &House) -> Vec<lines::Model> {
    let tenant = house.reading().tenant(house.a.organisation);
    let lines = tenant.find::<lines::Entity>().order_by_asc(lines::Column::Day).order_by_asc(lines::Column::Number);
    lines.all(&tenant.on()).await.unwrap()
}

on_both! {
    async fn every_act_of_the_table_leaves_its_line(fresh: &Fresh) {
        let house = open(fresh).await;
        let (browser, account) = at_desk(&house, "tout@exemple.fr", &house.a, &all_roles()).await;
        let token = csrf(&browser, "A").await;
        for entry in table() {
            let before = book(&house).await.len();
            let (path, fields, _) = call(&entry, "A", &ids(&house, "A").await);
            let page = send(&browser, &token, &entry, &path, &fields).await;
            assert!(page.status == 200 || page.status == 303, "{} {path}: {} {}", entry.name, page.status, page.text);
            assert!(!page.to.contains("fait=deja") && !page.to.contains("fait=rien"), "{}: nothing was done", entry.name);
            let new = book(&house).await.split_off(before);
            let ours: Vec<_> = new.iter().filter(|line| line.route == entry.name).collect();
            assert_eq!(new.len(), ours.len(), "{}: lines of something else", entry.name);
            assert_eq!(!ours.is_empty(), entry.told.is_some(), "{}: {} line(s)", entry.name, ours.len());
            assert!(ours.iter().all(|line| line.actor == account.to_string() && line.capacity == "agent" && line.subject_id.is_some()));
            if entry.path().contains("emission") && entry.method() == "POST" {
                documents_and_question(&house, &house.a).await;
            }
        }
    }
}

on_both! {
    async fn the_journal_of_acts_says_whether_its_chain_holds(fresh: &Fresh) {
        let house = open(fresh).await;
        let (browser, _) = at_desk(&house, "tout@exemple.fr", &house.a, &all_roles()).await;
        let home = ids(&house, "A").await.household;
        browser.get(&format!("/bureau/A/familles/{home}")).await;
        let page = browser.get("/bureau/A/actes").await;
        assert!(page.text.contains("Chaîne vérifiée") && page.text.contains("Dossier de famille lu") && page.text.contains("Essai"), "{}", page.text);
        let transaction = house.app.db.begin().await.unwrap();
        let territory = Territory::new(house.app.territoire(), &transaction);
        let last = book(&house).await.pop().unwrap();
        // As somebody at the machine would: a line that doesn't carry the hash of the one before it.
        let mut forged = lines::Model { number: last.number + 1, prev_hash: vec![7; 32], ..last };
        forged.hash = audit::hash(&forged);
        insert_all(&territory.on(), vec![forged]).await.unwrap();
        transaction.commit().await.unwrap();
        let page = browser.get("/bureau/A/actes").await;
        assert!(page.text.contains("rompue à l’acte n° 2"), "{}", page.text);
        let tenant = house.reading().tenant(house.b.organisation);
        let other = tenant.find::<lines::Entity>().filter(lines::Column::Route.contains("bureau")).all(&tenant.on()).await.unwrap();
        assert!(other.is_empty(), "nothing of it in the other organisation's book");
    }
}
