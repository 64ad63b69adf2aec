//! What became of a payment: one function for a notification, a browser that comes back, and the poll.
//!
//! Only PayFiP's answer about the operation that was stored counts. It is asked outside any transaction; the answer is applied under the
//! lock of the payment's row, where a payment that is paid already changes no more: two who hear of one result post it once.

use super::offer::CREATION_MS_MAX;
use super::verdict::{Asked, Verdict, counts, judge};
use super::{ABANDONED, CREATED, EXPIRED, FAILED, MEANS, PAID, REJECTED, TO_CHECK, UNDER_WAY, next_ask_ms, unknown};
use crate::app::App;
use crate::billing::issue::{allocate, posting_rows};
use crate::identity::audit::{self, Act};
use crate::store::entity::{ledger_entry, payment};
use crate::store::{Territory, insert_all, new_id, update_all};
use crate::{Error, Result};
use payfip::{IdOp, Montant, NumCli, PaymentDetail, RefDet, Sent};
use rules::ledger::of_payment;
use sea_orm::{ColumnTrait, QueryFilter, QuerySelect};
use serde::{Deserialize, Serialize};
use shared::calendar::Instant;
use shared::id::OrganisationId;
use shared::money::Cents;
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// Two who ask about one payment at once are one question: no second one within this.
pub const ASK_GAP_MS: i64 = 2_000;
/// How long a question may take before it counts as lost.
const LEASE_MS: i64 = 60_000;
/// The next try after a question without an answer, at the earliest.
const NO_ANSWER_MS: i64 = 60_000;
/// PayFiP's code for an operation that it deleted, kept as the outcome: it is never asked about again.
const FORGOTTEN: &str = "P1";
const ROUTE: &str = "payfip";

/// What stands in a payment's `detail`, JSON.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Proof {
    /// What an agent should know.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// What people at the desk decided about it, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub decisions: Vec<String>,
    /// When this outcome was first heard of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub known_at_ms: Option<i64>,
    /// The whole record that PayFiP gave, as it came.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub record: BTreeMap<String, String>,
}

impl Proof {
    /// Reads a payment's; nothing in it where there is none.
    #[must_use]
    pub fn of(row: &payment::Model) -> Self {
        row.detail.as_deref().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
    }

    pub(super) fn note(note: impl Into<String>) -> Self {
        Self { note: Some(note.into()), ..Self::default() }
    }

    pub(super) fn json(&self) -> Result<String> {
        serde_json::to_string(self).map_err(|error| Error::Unavailable(format!("Le résultat d’un paiement ne s’écrit pas : {error}")))
    }
}

/// What asking came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answered {
    /// A result, now or before.
    Known,
    /// None yet.
    NotYet,
    /// Somebody else asks at this moment.
    BeingAsked,
    /// PayFiP didn't answer.
    NoAnswer,
}

/// Learns what became of a payment, and settles it once where it was paid. Gives the payment as it stands then.
///
/// # Errors
/// No such payment; the database's. PayFiP's silence is no error: it is asked again later.
pub async fn learn(app: &App, id: Uuid) -> Result<payment::Model> {
    ask(app, id).await?;
    let reading = Territory::new(app.territoire(), app.db.read());
    reading.payments().filter(payment::Column::Id.eq(id)).one(&reading.on()).await?.ok_or_else(unknown)
}

/// The same, telling how PayFiP answered.
///
/// # Errors
/// As [`learn`].
pub async fn ask(app: &App, id: Uuid) -> Result<Answered> {
    let (row, idop) = match claim(app, id).await? {
        Claim::Ours(row, idop) => (*row, idop),
        Claim::Others => return Ok(Answered::BeingAsked),
        Claim::Over => return Ok(Answered::NotYet),
    };
    let answer = match app.payfip.client() {
        Ok(client) => client.detail(&idop).await,
        Err(error) => {
            tracing::error!(%error, "PayFiP can't be asked");
            return Ok(Answered::NoAnswer);
        }
    };
    if let Err(error) = &answer
        && !matches!(error, payfip::Error::NotYetKnown | payfip::Error::UnknownOperation)
    {
        tracing::warn!(payment = %row.id, %error, "PayFiP gave no result");
    }
    apply(app, id, answer).await
}

/// Whose question it is.
enum Claim {
    Ours(Box<payment::Model>, IdOp),
    Others,
    /// There is nothing to ask.
    Over,
}

/// Takes the question: whoever comes within a moment lets go, and the poll is told to come back.
async fn claim(app: &App, id: Uuid) -> Result<Claim> {
    let now_ms = app.clock.now_ms();
    let transaction = app.db.begin().await?;
    let territory = Territory::new(app.territoire(), &transaction);
    let mut row = locked(&territory, id).await?;
    let idop = row.idop.as_deref().and_then(|text| IdOp::new(text).ok());
    let ended = [PAID, REJECTED, FAILED].contains(&row.state.as_str());
    let over = app.installation.reprise || ended || row.outcome.as_deref() == Some(FORGOTTEN);
    let asked_just_now = row.asked_at_ms.is_some_and(|at| (0..ASK_GAP_MS).contains(&(now_ms - at)));
    let Some(idop) = idop.filter(|_| !over) else {
        // An answer that was lost, or a server that stopped before it: nobody was sent anywhere.
        if row.state == CREATED && now_ms - row.created_at_ms >= CREATION_MS_MAX {
            (row.state, row.next_ask_ms) = (EXPIRED.into(), None);
            update_all(&territory.on(), vec![row.clone()]).await?;
            audit::write(&territory, app.clock.now(), told(&row)).await?;
            transaction.commit().await?;
        }
        return Ok(Claim::Over);
    };
    row.next_ask_ms = if asked_just_now {
        // Somebody is asking, maybe from before the result: once more, soon.
        let again_ms = row.asked_at_ms.unwrap_or(now_ms) + ASK_GAP_MS;
        Some(row.next_ask_ms.map_or(again_ms, |next| next.min(again_ms)))
    } else {
        row.asked_at_ms = Some(now_ms);
        Some(now_ms + LEASE_MS)
    };
    update_all(&territory.on(), vec![row.clone()]).await?;
    transaction.commit().await?;
    Ok(if asked_just_now { Claim::Others } else { Claim::Ours(Box::new(row), idop) })
}

pub(super) async fn locked(territory: &Territory<'_>, id: Uuid) -> Result<payment::Model> {
    let row = territory.payments().filter(payment::Column::Id.eq(id)).lock_exclusive().one(&territory.on()).await?;
    row.ok_or_else(unknown)
}

/// Applies an answer: the one place where a payment is settled.
async fn apply(app: &App, id: Uuid, answer: Result<PaymentDetail, payfip::Error>) -> Result<Answered> {
    let (now, now_ms) = (app.clock.now(), app.clock.now_ms());
    let transaction = app.db.begin().await?;
    let territory = Territory::new(app.territoire(), &transaction);
    let mut row = locked(&territory, id).await?;
    // Paid is paid: whatever is said later, and however often, it was posted.
    if [PAID, REJECTED].contains(&row.state.as_str()) {
        return Ok(Answered::Known);
    }
    let sent = sent(&row)?;
    let abandoned_at_ms = Proof::of(&row).known_at_ms.filter(|_| row.outcome.as_deref() == Some("A"));
    let counts = counts(sent.saisie, &app.settings.payfip.saisie, app.installation.demo);
    let asked = Asked { sent, created_at_ms: row.created_at_ms, abandoned_at_ms, counts };
    let verdict = judge(&asked, &answer, now_ms);
    let before = row.state.clone();
    note(&mut row, &verdict, answer.ok(), now_ms)?;
    if verdict == Verdict::Paid {
        settle(&territory, &mut row, now).await?;
    }
    update_all(&territory.on(), vec![row.clone()]).await?;
    if row.state != before {
        audit::write(&territory, now, told(&row)).await?;
    }
    transaction.commit().await?;
    Ok(match verdict {
        Verdict::NoAnswer => Answered::NoAnswer,
        Verdict::NotYet | Verdict::AbandonedUntil(_) => Answered::NotYet,
        _ => Answered::Known,
    })
}

/// Writes a verdict on a row that isn't paid.
fn note(row: &mut payment::Model, verdict: &Verdict, detail: Option<PaymentDetail>, now_ms: i64) -> Result<()> {
    let rhythm = next_ask_ms(row.created_at_ms, now_ms);
    row.next_ask_ms = match verdict {
        Verdict::Paid | Verdict::Gone => None,
        Verdict::NoAnswer => rhythm.map(|next| next.max(now_ms + NO_ANSWER_MS)),
        Verdict::AbandonedUntil(until_ms) => Some(rhythm.map_or(*until_ms, |next| next.min(*until_ms))),
        _ => rhythm,
    };
    // What a person has to look at stays so until money comes that is the right one: a later letter doesn't make the first unsaid.
    if row.state == TO_CHECK && *verdict != Verdict::Paid {
        return Ok(());
    }
    if let Some(detail) = detail {
        let letter = detail.record.get("resultrans").cloned().unwrap_or_default();
        let same = row.outcome.as_deref() == Some(letter.as_str());
        let known_at_ms = Proof::of(row).known_at_ms.filter(|_| same).or(Some(now_ms));
        let why = if let Verdict::ToCheck(why) = verdict { Some(why.clone()) } else { None };
        row.outcome = Some(letter);
        row.detail = Some(Proof { note: why, known_at_ms, record: detail.record, ..Proof::default() }.json()?);
    }
    let ended = row.state != UNDER_WAY && row.state != CREATED;
    match (verdict, verdict.state()) {
        (Verdict::Gone, _) => (row.state, row.outcome) = (if ended { row.state.clone() } else { EXPIRED.into() }, Some(FORGOTTEN.into())),
        // The payer had an end already; that no other one came is no news.
        (Verdict::Expired, _) if ended => {}
        // An abandonment that was certain doesn't become provisional again.
        (_, Some(state)) => row.state = state.into(),
        (_, None) if row.next_ask_ms.is_none() && row.state == UNDER_WAY => {
            row.state = TO_CHECK.into();
            row.detail = Some(Proof::note("PayFiP n’a donné aucun résultat en huit jours : demandez à la trésorerie.").json()?);
        }
        (_, None) => {}
    }
    Ok(())
}

/// Posts money that came in, and sets it against the bill that was meant, then the oldest; the rest is the payer's credit.
pub(super) async fn settle(territory: &Territory<'_>, row: &mut payment::Model, now: Instant) -> Result<()> {
    let tenant = territory.tenant(OrganisationId(row.organisation_id));
    row.settled_at_ms = Some(now.timestamp_millis());
    let entry = ledger_entry::Model {
        organisation_id: row.organisation_id,
        id: new_id(now)?,
        regie_id: row.regie_id,
        kind: "paiement".into(),
        at_ms: now.timestamp_millis(),
        invoice_id: Some(row.invoice_id),
        payment_id: Some(row.id),
        receipt_id: None,
    };
    let postings = posting_rows(&entry, row.territoire_id, row.payer_id, &of_payment(MEANS, Cents(row.amount_cents)));
    insert_all(&tenant.on(), vec![entry]).await?;
    insert_all(&tenant.on(), postings).await?;
    allocate(&tenant, &BTreeSet::from([row.payer_id]), now).await
}

/// What was sent, as it was stored.
fn sent(row: &payment::Model) -> Result<Sent> {
    let read = || -> Result<Sent, payfip::FieldError> {
        Ok(Sent {
            montant: Montant::new(Cents(row.amount_cents))?,
            refdet: RefDet::new(&row.refdet)?,
            numcli: NumCli::new(&row.numcli)?,
            saisie: row.saisie.parse()?,
        })
    };
    read().map_err(|error| Error::Unavailable(format!("Le paiement {} ne se lit plus : {error}", row.id)))
}

/// The audit's line about a payment's new state.
fn told(row: &payment::Model) -> Act<'static> {
    let outcome = [PAID, super::REFUSED, ABANDONED, EXPIRED, FAILED, TO_CHECK].into_iter().find(|state| *state == row.state);
    let act = Act::system(ROUTE).about("payment", row.id).of(OrganisationId(row.organisation_id));
    act.ended(outcome.unwrap_or(UNDER_WAY))
}
