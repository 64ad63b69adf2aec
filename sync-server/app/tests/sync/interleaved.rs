//! Two transactions of PostgreSQL that overlap, and a reader's cursor between them. On SQLite there is one writing place, and nothing
//! to interleave.

use super::tablet::{Door, Tablet, at_noon, open};
use crate::place::on_postgres;
use crate::world::commune;
use sea_orm::{ConnectionTrait, DbBackend, Statement};
use server::store::Territory;
use server::sync::push::push;
use server::sync::session::{caller, epoch_text};
use shared::id::EntryId;
use shared::journal::Sealed;
use shared::wire::{ChangeBody, PullAnswer, Push, WireEntry};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::task::JoinHandle;

/// How long anything that must happen may take.
const DEADLINE: Duration = Duration::from_secs(30);

/// A tablet that reads on from its cursor, and remembers what it saw.
struct Reader {
    tablet: Tablet,
    cursor: u64,
    epoch: String,
    seen: Vec<EntryId>,
}

impl Reader {
    async fn at_the_end(tablet: Tablet, door: &Door) -> Self {
        let all = tablet.pull(door).await;
        Self { tablet, cursor: all.cursor, epoch: all.server_epoch, seen: Vec::new() }
    }

    async fn read_on(&mut self, door: &Door) {
        let page: PullAnswer = self.tablet.pull_raw(door, self.cursor, &self.epoch).await.read();
        assert!(!page.more);
        self.cursor = page.cursor;
        self.seen.extend(page.changes.into_iter().filter_map(|change| match change.body {
            ChangeBody::Entry { entry, .. } => Some(id(&entry.into_sealed().unwrap())),
            _ => None,
        }));
    }
}

fn id(sealed: &Sealed) -> EntryId {
    sealed.decode_envelope().unwrap().entry_id
}

/// Waits until the second transaction has ended, or stands before a lock that the first one holds: until it can go no further.
async fn is_stopped_or_done(door: &Door, second: &JoinHandle<Vec<String>>) {
    let waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    let begun = Instant::now();
    while !second.is_finished() {
        let row = door.app.db.read().query_one_raw(Statement::from_string(DbBackend::Postgres, waiting)).await.unwrap().unwrap();
        if row.try_get_by_index::<i64>(0).unwrap() > 0 {
            return;
        }
        assert!(begun.elapsed() < DEADLINE, "the second push neither ends nor waits");
        tokio::task::yield_now().await;
    }
}

/// A push that is done but not committed, another tablet's behind it, and a reader before, between and after them.
async fn interleaved(commits: bool) {
    let Some(fresh) = on_postgres().await else { return };
    let app = at_noon(&fresh);
    let here = commune(&app, "A").await;
    let door = Arc::new(open(app).await);
    let (mut first, mut second) = (door.tablet(&here).await, door.tablet(&here).await);
    let mut reader = Reader::at_the_end(door.tablet(&here).await, &door).await;
    let now = door.app.clock.now();
    let (one, two) = (first.arrival(now), second.arrival(now));

    let transaction = door.app.db.begin().await.unwrap();
    let territory = Territory::new(door.app.territoire(), &transaction);
    let author = caller(&territory, &first.token, now).await.unwrap().unwrap();
    let handed_in = Push { entries: vec![WireEntry::from(&one)] };
    push(&territory, &author, &epoch_text(&door.app.installation), now, handed_in).await.unwrap().unwrap();

    let behind = tokio::spawn({
        let (door, two) = (Arc::clone(&door), two.clone());
        async move { second.verdicts(&door, &[two]).await }
    });
    is_stopped_or_done(&door, &behind).await;
    // Whatever the reader is told here, it will never ask for again.
    reader.read_on(&door).await;
    if commits {
        transaction.commit().await.unwrap()
    } else {
        transaction.rollback().await.unwrap()
    }
    reader.read_on(&door).await;
    let verdicts = tokio::time::timeout(DEADLINE, behind).await.unwrap().unwrap();
    assert_eq!(verdicts, ["accepted"]);
    reader.read_on(&door).await;

    let expected = if commits { vec![id(&one), id(&two)] } else { vec![id(&two)] };
    assert_eq!(reader.seen, expected, "a reader that stands at n has seen everything up to n, once and in its order");
    let anew: Vec<u64> = reader.tablet.pull(&door).await.changes.iter().map(|change| change.number).collect();
    assert_eq!(anew.last(), Some(&reader.cursor), "and n is the end");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_between_two_transactions_misses_nothing_of_the_one_that_commits_late() {
    interleaved(true).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transaction_that_gives_up_leaves_a_reader_no_hole() {
    interleaved(false).await;
}
