//! Writing pushes down. SQLite has one writing place, and each commit waits for the disk: the pushes that wait for it are one
//! transaction. On PostgreSQL, which does the same by itself, each is its own, and few stand side by side.
//!
//! A push is answered once its transaction is on the disk, whoever else was in it. Where one of several can't be written, none is, and
//! each is tried by itself: no tablet is refused for what another one sent.

use crate::app::App;
use crate::store::{Engine, POOL_SIZE_MAX, Territory};
use crate::sync::push::{Decoded, push};
use crate::sync::session::{Caller, epoch_text};
use crate::{Error, Result};
use shared::wire::PushAnswer;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{Mutex as Place, Semaphore, oneshot};

/// Pushes of one transaction: whoever else wants to write waits for their length, some 200 ms.
const TOGETHER_MAX: usize = 16;

/// Transactions side by side on PostgreSQL: half of its connections stay for everybody else's questions.
const BESIDE_MAX: usize = POOL_SIZE_MAX as usize / 2;

/// A push that waits to be written.
struct Waiting {
    handed: Handed,
    answer: oneshot::Sender<Result<PushAnswer>>,
}

/// What a tablet handed in.
#[derive(Clone)]
struct Handed {
    caller: Caller,
    entries: Decoded,
}

/// The pushes that wait for the writing place.
pub struct Writing {
    waiting: Mutex<VecDeque<Waiting>>,
    place: Place<()>,
    beside: Semaphore,
}

impl Default for Writing {
    fn default() -> Self {
        Self { waiting: Mutex::default(), place: Place::default(), beside: Semaphore::new(BESIDE_MAX) }
    }
}

impl Writing {
    /// Writes a push down, alone or with those that wait beside it.
    ///
    /// # Errors
    /// The database's: nothing of it was written.
    pub async fn write(self: &Arc<Self>, app: &App, caller: Caller, entries: Decoded) -> Result<PushAnswer> {
        let handed = Handed { caller, entries };
        if app.db.engine() == Engine::Postgres {
            // Never closed.
            let _beside = self.beside.acquire().await.ok();
            return alone(app, handed).await;
        }
        let (answer, mut answered) = oneshot::channel();
        self.waiting().push_back(Waiting { handed, answer });
        // To its end, whoever leaves meanwhile: others' pushes are in it.
        let (this, app) = (Arc::clone(self), app.clone());
        let written = tokio::spawn(async move {
            let _place = this.place.lock().await;
            // Whoever had the place before may have written this one too; or others still stand before it.
            while answered.is_empty() {
                let group: Vec<Waiting> = {
                    let mut waiting = this.waiting();
                    let count = waiting.len().min(TOGETHER_MAX);
                    waiting.drain(..count).collect()
                };
                if group.is_empty() {
                    break;
                }
                write_together(&app, group).await;
            }
            answered.try_recv().ok()
        });
        written.await.ok().flatten().unwrap_or_else(|| Err(Error::Unavailable("Un envoi n'a pas été écrit.".into())))
    }

    /// How many pushes wait for the writing place.
    #[must_use]
    pub fn count(&self) -> usize {
        self.waiting().len()
    }

    fn waiting(&self) -> MutexGuard<'_, VecDeque<Waiting>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn write_together(app: &App, mut group: Vec<Waiting>) {
    if group.len() > 1 {
        match together(app, group.iter().map(|waiting| waiting.handed.clone())).await {
            Ok(answers) => {
                for (waiting, answer) in group.into_iter().zip(answers) {
                    tell(waiting.answer, Ok(answer));
                }
                return;
            }
            Err(error) => tracing::warn!(%error, pushes = group.len(), "pushes that could not be written together are written one by one"),
        }
    }
    for Waiting { handed, answer } in group.drain(..) {
        tell(answer, alone(app, handed).await);
    }
}

/// A tablet that has hung up is told nothing, and offers the same again.
fn tell(to: oneshot::Sender<Result<PushAnswer>>, answer: Result<PushAnswer>) {
    let _ = to.send(answer);
}

async fn alone(app: &App, handed: Handed) -> Result<PushAnswer> {
    together(app, std::iter::once(handed)).await?.pop().ok_or_else(|| Error::Unavailable("Un envoi n'a pas été écrit.".into()))
}

/// Writes pushes in one transaction, in their order: all of them, or none.
async fn together(app: &App, pushes: impl Iterator<Item = Handed>) -> Result<Vec<PushAnswer>> {
    let (now, epoch, transaction) = (app.clock.now(), epoch_text(&app.installation), app.db.begin().await?);
    let territory = Territory::new(app.territoire(), &transaction);
    let mut answers = Vec::new();
    for Handed { caller, entries } in pushes {
        answers.push(push(&territory, &caller, &epoch, now, entries).await?);
    }
    transaction.commit().await?;
    Ok(answers)
}
