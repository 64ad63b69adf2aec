//! Pushes of several tablets that wait for SQLite's one writing place, and are one transaction.

use super::tablet::{Door, Tablet, at_noon, open, word};
use crate::place::on_sqlite;
use crate::world::commune;
use sea_orm::{ColumnTrait, ConnectionTrait, PaginatorTrait, QueryFilter};
use server::store::Territory;
use server::store::entity::journal_entry;
use shared::journal::Sealed;
use shared::wire::PushAnswer;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;

const TABLETS: usize = 20;

async fn tablets(door: &Door) -> Vec<(Tablet, Vec<Sealed>)> {
    let here = commune(&door.app, "A").await;
    let mut ready = Vec::new();
    for _ in 0..TABLETS {
        // Codes may be tried ten times a minute.
        door.app.clock.advance(Duration::from_secs(60));
        let mut tablet = door.tablet(&here).await;
        let entries = (0..5).map(|_| tablet.arrival(door.app.clock.now())).collect();
        ready.push((tablet, entries));
    }
    ready
}

/// Pushes all at once behind a writer that holds the place until they stand in line; the status of each, with its verdicts.
async fn at_once(door: &Arc<Door>, ready: &[(Tablet, Vec<Sealed>)]) -> Vec<(u16, Vec<String>)> {
    let writer = door.app.db.begin().await.unwrap();
    let mut pushing = JoinSet::new();
    for (at, (tablet, entries)) in ready.iter().cloned().enumerate() {
        let door = Arc::clone(door);
        pushing.spawn(async move { (at, tablet.push_raw(&door, &entries).await) });
    }
    while door.desk.writing.count() < TABLETS - 1 {
        tokio::task::yield_now().await;
    }
    writer.commit().await.unwrap();
    let mut answers = pushing.join_all().await;
    answers.sort_by_key(|(at, _)| *at);
    let verdicts =
        |body: &str| serde_json::from_str(body).map_or_else(|_| vec![], |answer: PushAnswer| answer.verdicts.iter().map(word).collect());
    answers.into_iter().map(|(_, answer)| (answer.status, verdicts(&answer.body))).collect()
}

async fn entries(door: &Door) -> u64 {
    let territory = Territory::new(door.app.territoire(), door.app.db.read());
    let mut count = 0;
    for organisation in territory.organisations().await.unwrap() {
        let tenant = territory.tenant(shared::id::OrganisationId(organisation.id));
        let touches = tenant.find::<journal_entry::Entity>().filter(journal_entry::Column::Kind.eq("arrived"));
        count += touches.count(&tenant.on()).await.unwrap();
    }
    count
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pushes_that_wait_together_are_all_written_and_each_is_answered_for_itself() {
    let fresh = on_sqlite().await;
    let door = Arc::new(open(at_noon(&fresh)).await);
    let mut ready = tablets(&door).await;
    // One sends the same as before: its own answer says so.
    assert_eq!(ready[7].0.push_raw(&door, &ready[7].1).await.status, 200);
    ready[9].1.truncate(2);
    let answers = at_once(&door, &ready).await;
    for (at, (status, verdicts)) in answers.into_iter().enumerate() {
        let (word, count) = if at == 7 { ("duplicate", 5) } else { ("accepted", if at == 9 { 2 } else { 5 }) };
        assert_eq!((status, verdicts), (200, vec![word.to_owned(); count]), "tablet {at}");
    }
    assert_eq!(entries(&door).await, 20 * 5 - 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_push_that_cannot_be_written_costs_no_other_tablet_anything() {
    let fresh = on_sqlite().await;
    let door = Arc::new(open(at_noon(&fresh)).await);
    let ready = tablets(&door).await;
    let fails = data_encoding::HEXUPPER.encode(ready[11].0.device.0.as_bytes());
    let transaction = door.app.db.begin().await.unwrap();
    let trigger = format!(
        "CREATE TRIGGER refuses BEFORE INSERT ON journal_entry WHEN NEW.device_id = X'{fails}' BEGIN SELECT RAISE(ABORT, 'non'); END"
    );
    transaction.execute_unprepared(&trigger).await.unwrap();
    transaction.commit().await.unwrap();
    let answers = at_once(&door, &ready).await;
    for (at, (status, verdicts)) in answers.into_iter().enumerate() {
        let expected = if at == 11 { (500, vec![]) } else { (200, vec!["accepted".to_owned(); 5]) };
        assert_eq!((status, verdicts), expected, "tablet {at}");
    }
    assert_eq!(entries(&door).await, 19 * 5, "and of that one nothing is there");
}
