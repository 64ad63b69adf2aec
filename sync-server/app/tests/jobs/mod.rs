//! Work that may run again: done once, whoever is at it.

use crate::on_both;
use server::jobs::{self, Kind, Turn};
use server::store::entity::job;
use server::store::{Territory, insert_all, new_id};

/// Messages that wait.
const MESSAGES: usize = 12;

on_both! {
    async fn a_message_that_several_workers_find_leaves_once(fresh: &Fresh) {
        let app = &fresh.app;
        let now = app.clock.now();
        let message = |n: usize| {
            let waiting = jobs::waiting(app.territoire(), None, Kind::Mail, new_id(now).unwrap(), now).unwrap();
            let content = format!(r#"{{"to":"famille{n}@exemple.fr","subject":"Votre facture","text":"Bonjour"}}"#);
            job::Model { content, ..waiting }
        };
        let transaction = app.db.begin().await.unwrap();
        insert_all(&transaction, (0..MESSAGES).map(message).collect()).await.unwrap();
        transaction.commit().await.unwrap();
        let worker = || async {
            let mut done = 0;
            loop {
                let turn = jobs::run_due(app).await.unwrap();
                if turn == Turn::default() {
                    return done;
                }
                done += turn.done;
            }
        };
        let (a, b, c) = tokio::join!(worker(), worker(), worker());
        let written = std::fs::read_dir(fresh.folder.path().join("courriels")).unwrap().count();
        assert_eq!((a + b + c, written), (MESSAGES, MESSAGES));
        let reading = Territory::new(app.territoire(), app.db.read());
        let rows = reading.find::<job::Entity>().all(&reading.on()).await.unwrap();
        assert!(rows.iter().all(|row| (row.state.as_str(), row.attempts) == ("fait", 1)), "{rows:?}");
    }
}
