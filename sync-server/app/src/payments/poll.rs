//! When PayFiP is asked though nobody called: the notification may never come, and polling is the source of truth.

use super::settle::{self, Answered};
use crate::Result;
use crate::app::App;
use crate::store::Territory;
use crate::store::entity::payment;
use sea_orm::{ColumnTrait, QueryFilter, QueryOrder, QuerySelect};
use std::time::Duration;

const S: i64 = 1_000;
const MIN: i64 = 60 * S;
const HOUR: i64 = 60 * MIN;
const DAY: i64 = 24 * HOUR;

/// After how long a payment is asked about, counted from its creation, as long as a payer may sit before the page.
const FIRST_MS: [i64; 14] =
    [10 * S, 30 * S, MIN, 2 * MIN, 5 * MIN, 10 * MIN, 15 * MIN, 20 * MIN, 30 * MIN, 45 * MIN, 60 * MIN, 80 * MIN, 100 * MIN, 120 * MIN + S];
/// Then every hour until it is a day old, then once a day for a week: money may come late.
const HOURLY_MS_MAX: i64 = DAY;
const DAILY_MS_MAX: i64 = 8 * DAY;
/// Payments asked about in one turn.
pub const BATCH: u64 = 20;
/// Unanswered questions after which a turn ends: the service is down, and asking more says nothing new.
const UNANSWERED_MAX: usize = 3;
/// Between two turns.
const PAUSE: Duration = Duration::from_secs(5);
/// Longest pause while PayFiP doesn't answer.
const PAUSE_MAX: Duration = Duration::from_secs(300);

/// When to ask next about a payment; `None`: never again.
#[must_use]
pub fn next_ask_ms(created_at_ms: i64, now_ms: i64) -> Option<i64> {
    let age_ms = now_ms - created_at_ms;
    if let Some(at) = FIRST_MS.iter().find(|at| **at > age_ms) {
        return Some(created_at_ms + at);
    }
    match age_ms {
        age if age < HOURLY_MS_MAX => Some(now_ms + HOUR),
        age if age < DAILY_MS_MAX => Some(now_ms + DAY),
        _ => None,
    }
}

/// What a turn came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Turn {
    /// Asked about.
    pub asked: usize,
    /// Of these, with a result.
    pub known: usize,
    /// Of these, without an answer.
    pub unanswered: usize,
}

/// Asks about the payments whose time has come, oldest first, at most [`BATCH`].
///
/// # Errors
/// The database's. What PayFiP doesn't answer is counted, and asked again later.
pub async fn poll_due(app: &App) -> Result<Turn> {
    let mut turn = Turn::default();
    if app.installation.reprise {
        return Ok(turn);
    }
    let reading = Territory::new(app.territoire(), app.db.read());
    let due = reading.payments().filter(payment::Column::NextAskMs.lte(app.clock.now_ms()));
    let due = due.order_by_asc(payment::Column::NextAskMs).order_by_asc(payment::Column::Id).limit(BATCH).all(&reading.on()).await?;
    for row in due {
        turn.asked += 1;
        match settle::ask(app, row.id).await? {
            Answered::Known => turn.known += 1,
            Answered::NoAnswer => turn.unanswered += 1,
            Answered::NotYet | Answered::BeingAsked => {}
        }
        if turn.unanswered >= UNANSWERED_MAX {
            break;
        }
    }
    Ok(turn)
}

/// Polls for as long as the server runs.
pub async fn keep_polling(app: App) {
    let mut pause = PAUSE;
    loop {
        tokio::time::sleep(pause).await;
        pause = match poll_due(&app).await {
            Ok(turn) if turn.unanswered > 0 && turn.unanswered == turn.asked => (pause * 2).min(PAUSE_MAX),
            Ok(_) => PAUSE,
            Err(error) => {
                tracing::error!(%error, "payments could not be asked about");
                (pause * 2).min(PAUSE_MAX)
            }
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payment_is_asked_about_closely_then_hourly_then_daily_then_left() {
        let (mut now, mut asked) = (0, Vec::new());
        while let Some(next) = next_ask_ms(0, now) {
            assert!(next > now);
            now = next;
            asked.push(now);
        }
        assert_eq!(asked[..5], [10 * S, 30 * S, MIN, 2 * MIN, 5 * MIN]);
        assert!(asked.iter().any(|at| *at > 120 * MIN && *at < 121 * MIN), "the two hours' end is seen at once");
        assert!((7 * DAY..=9 * DAY).contains(&now), "{now}");
        assert!(asked.len() < 60, "{}", asked.len());
    }
}
