//! Two transactions of PostgreSQL that overlap, and a reader's cursor between them. On SQLite there is one writing place, and nothing
//! to interleave.

use super::tablet::{Door, Tablet, at_noon, open};
use crate::place::on_postgres;
use crate::world::commune;
use sea_orm::{ConnectionTrait, DatabaseTransaction, DbBackend, Statement};
use server::app::App;
use server::store::{Change, Territory, record_changes};
use shared::id::{EntryId, SiteId};
use shared::wire::{ChangeBody, PullAnswer};
use std::time::{Duration, Instant};
use tokio::task::JoinHandle;
use uuid::Uuid;

/// How long anything that must happen may take.
const DEADLINE: Duration = Duration::from_secs(30);

/// A tablet that reads on from its cursor, and remembers which entries it was told to forget: the plainest of changes.
struct Reader {
    tablet: Tablet,
    cursor: u64,
    epoch: String,
    told: Vec<EntryId>,
}

impl Reader {
    async fn at_the_end(tablet: Tablet, door: &Door) -> Self {
        let all = tablet.pull(door).await;
        Self { tablet, cursor: all.cursor, epoch: all.server_epoch, told: Vec::new() }
    }

    async fn read_on(&mut self, door: &Door) {
        let page: PullAnswer = self.tablet.pull_raw(door, self.cursor, &self.epoch).await.read();
        assert!(!page.more);
        self.cursor = page.cursor;
        self.told.extend(page.changes.into_iter().filter_map(|change| match change.body {
            ChangeBody::Forget(entry) => Some(entry),
            _ => None,
        }));
    }
}

/// Makes a change of a site in a transaction that is not committed.
async fn changed(app: &App, site: SiteId, entry: EntryId) -> DatabaseTransaction {
    let transaction = app.db.begin().await.unwrap();
    let territory = Territory::new(app.territoire(), &transaction);
    let change = Change { kind: "forget", organisation: None, subject: Some(entry.0) };
    record_changes(&territory, site, vec![change], app.clock.now()).await.unwrap();
    transaction
}

/// Waits until the second transaction has committed, or stands before a lock that the first one holds: until it can go no further.
async fn is_stopped_or_done(app: &App, second: &JoinHandle<()>) {
    let waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    let begun = Instant::now();
    while !second.is_finished() {
        let row = app.db.read().query_one_raw(Statement::from_string(DbBackend::Postgres, waiting)).await.unwrap().unwrap();
        if row.try_get_by_index::<i64>(0).unwrap() > 0 {
            return;
        }
        assert!(begun.elapsed() < DEADLINE, "the second transaction neither ends nor waits");
        tokio::task::yield_now().await;
    }
}

/// A change that is made and not committed, another one behind it, and a reader before, between and after them.
async fn interleaved(commits: bool) {
    let Some(fresh) = on_postgres().await else { return };
    let app = at_noon(&fresh);
    let here = commune(&app, "A").await;
    let door = open(app.clone()).await;
    let mut reader = Reader::at_the_end(door.tablet(&here).await, &door).await;
    let (one, two) = (EntryId(Uuid::from_u128(1)), EntryId(Uuid::from_u128(2)));

    let first = changed(&app, here.site, one).await;
    let second = tokio::spawn({
        let (app, site) = (app.clone(), here.site);
        async move { changed(&app, site, two).await.commit().await.unwrap() }
    });
    is_stopped_or_done(&app, &second).await;
    // Whatever the reader is told here, it will never ask for again.
    reader.read_on(&door).await;
    if commits {
        first.commit().await.unwrap()
    } else {
        first.rollback().await.unwrap()
    }
    reader.read_on(&door).await;
    tokio::time::timeout(DEADLINE, second).await.unwrap().unwrap();
    reader.read_on(&door).await;

    let expected = if commits { vec![one, two] } else { vec![two] };
    assert_eq!(reader.told, expected, "a reader that stands at n has seen everything up to n, once and in its order");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_between_two_transactions_misses_nothing_of_the_one_that_commits_late() {
    interleaved(true).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transaction_that_gives_up_leaves_a_reader_no_hole() {
    interleaved(false).await;
}
