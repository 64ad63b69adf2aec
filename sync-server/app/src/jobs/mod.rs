//! Slow work: a row in a table, done after the transaction that asked for it, and again if it failed.
//!
//! A job is claimed by moving its time forward, so that two processes don't do it at once; it is done at least once, and each
//! kind is such that twice does no harm: a document is stored once, a message carries the same identifier.

mod document;
mod mail;

use crate::app::App;
use crate::attendance::day_list::night;
use crate::store::entity::job;
use crate::store::{Territory, new_id};
use crate::{Error, Result};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, QueryFilter, QueryOrder, QuerySelect};
use shared::calendar::Instant;
use shared::id::{OrganisationId, TerritoireId};
use uuid::Uuid;

pub(crate) use document::{render, render_list};
pub use mail::Message;

/// Jobs taken at once.
const BATCH: u64 = 50;
/// How long a job may take before another process believes that it died, in ms.
const LEASE_MS: i64 = 5 * 60_000;
/// Tries before a person is told.
pub const ATTEMPTS_MAX: i32 = 8;
/// The first wait after a failure, doubled each time, in ms.
const WAIT_MS: i64 = 30_000;
/// Waiting for its time.
pub const WAITING: &str = "attend";
/// Done.
pub const DONE: &str = "fait";
/// Given up: a person has to look.
pub const GIVEN_UP: &str = "abandonne";

/// What work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The PDF of an issued bill; then, by the payer's channel, its message.
    Document,
    /// A message.
    Mail,
    /// The list of a lieu's day on paper.
    DayList,
}

impl Kind {
    /// As stored.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Document => "document",
            Self::Mail => "courriel",
            Self::DayList => "liste",
        }
    }
}

/// What a turn came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Turn {
    /// Done.
    pub done: usize,
    /// Failed, and will be tried again or were given up.
    pub failed: usize,
}

/// A job to insert, in the transaction that asks for it.
///
/// # Errors
/// Where the system gives no randomness.
pub fn waiting(
    territoire: TerritoireId,
    organisation: Option<OrganisationId>,
    kind: Kind,
    subject: Uuid,
    now: Instant,
) -> Result<job::Model> {
    Ok(job::Model {
        territoire_id: territoire.0,
        id: new_id(now)?,
        organisation_id: organisation.map(|o| o.0),
        kind: kind.code().into(),
        subject_id: subject,
        content: "{}".into(),
        state: WAITING.into(),
        attempts: 0,
        not_before_ms: now.timestamp_millis(),
        last_error: None,
        created_at_ms: now.timestamp_millis(),
        ended_at_ms: None,
    })
}

/// Does what is due, oldest first, at most one batch. Call it until it does nothing.
///
/// # Errors
/// The database's; a job's own failure is noted on its row.
pub async fn run_due(app: &App) -> Result<Turn> {
    let now_ms = app.clock.now_ms();
    let reading = Territory::new(app.territoire(), app.db.read());
    let due = reading.find::<job::Entity>().filter(job::Column::State.eq(WAITING)).filter(job::Column::NotBeforeMs.lte(now_ms));
    let due = due.order_by_asc(job::Column::NotBeforeMs).order_by_asc(job::Column::Id).limit(BATCH).all(&reading.on()).await?;
    let mut turn = Turn::default();
    for row in due {
        if !claim(app, &row).await? {
            continue;
        }
        let done = match row.kind.as_str() {
            "document" => document::make(app, &row).await,
            "courriel" => mail::send(app, &row).await,
            "liste" => night::work(app, &row).await,
            other => Err(Error::conflict(format!("travail inconnu : {other}"))),
        };
        match done {
            Ok(()) => turn.done += 1,
            Err(error) => {
                tracing::warn!(job = %row.id, kind = %row.kind, %error, "a job failed");
                put_off(app, &row, &error).await?;
                turn.failed += 1;
            }
        }
    }
    Ok(turn)
}

/// Takes a job by moving its time: whoever comes second finds another time and lets go.
async fn claim(app: &App, row: &job::Model) -> Result<bool> {
    let transaction = app.db.begin().await?;
    let territory = Territory::new(app.territoire(), &transaction);
    let taken = territory
        .update::<job::Entity>()
        .col_expr(job::Column::NotBeforeMs, Expr::value(app.clock.now_ms() + LEASE_MS))
        .col_expr(job::Column::Attempts, Expr::value(row.attempts + 1))
        .filter(job::Column::Id.eq(row.id))
        .filter(job::Column::State.eq(WAITING))
        .filter(job::Column::NotBeforeMs.eq(row.not_before_ms))
        .exec(&territory.on())
        .await?;
    transaction.commit().await?;
    Ok(taken.rows_affected == 1)
}

/// Ends a job, in the transaction that did its work.
pub(crate) async fn end(territory: &Territory<'_>, id: Uuid, now_ms: i64) -> Result<()> {
    territory
        .update::<job::Entity>()
        .col_expr(job::Column::State, Expr::value(DONE))
        .col_expr(job::Column::EndedAtMs, Expr::value(now_ms))
        .col_expr(job::Column::LastError, Expr::value(Option::<String>::None))
        .filter(job::Column::Id.eq(id))
        .exec(&territory.on())
        .await?;
    Ok(())
}

async fn put_off(app: &App, row: &job::Model, error: &Error) -> Result<()> {
    let attempts = row.attempts + 1;
    let given_up = attempts >= ATTEMPTS_MAX || !error.is_retryable() && error.kind() != crate::error::Kind::Internal;
    let wait = WAIT_MS << attempts.clamp(0, 12);
    let transaction = app.db.begin().await?;
    let territory = Territory::new(app.territoire(), &transaction);
    territory
        .update::<job::Entity>()
        .col_expr(job::Column::State, Expr::value(if given_up { GIVEN_UP } else { WAITING }))
        .col_expr(job::Column::NotBeforeMs, Expr::value(app.clock.now_ms() + wait))
        .col_expr(job::Column::LastError, Expr::value(error.to_string()))
        .filter(job::Column::Id.eq(row.id))
        .exec(&territory.on())
        .await?;
    transaction.commit().await?;
    Ok(())
}
