//! Online payments: those that somebody has to look at first, then the latest, each with what can still be said of it.
//!
//! PayFiP's answer settles nearly all of them by itself. What is left is said here by a person, once the trésorerie has told them.

use super::day::Notice;
use super::run::addressee;
use super::{Frame, act_of, desk, id_of, snapshot, to_say};
use crate::identity::{Agent, Form, Right};
use crate::page::html;
use crate::payments::decide::{Decision, REASON_CHARACTERS_MAX, decide};
use crate::payments::settle::Proof;
use crate::payments::{self, ABANDONED, EXPIRED, FAILED, PAID, REFUSED, TO_CHECK, state_words};
use crate::serve::Server;
use crate::store::entity::{invoice, payment};
use crate::store::{Tenant, Territory};
use crate::{Error, Result};
use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use rust_decimal::Decimal;
use sea_orm::{ColumnTrait, Condition, QueryFilter, QueryOrder, QuerySelect, QueryTrait};
use serde::Deserialize;
use shared::french;
use shared::money::Cents;
use std::collections::HashMap;
use utoipa::ToSchema;
use uuid::Uuid;

/// Says what became of a payment.
pub(super) const DECIDE: &str = "POST /bureau/{organisation}/paiements/{payment}";
/// Payments of one page.
const SHOWN: u64 = 50;
/// Longest text that is looked for: SQLite gives up on a pattern of 50,000 bytes, and no number is as long.
const SEARCH_CHARACTERS_MAX: usize = 100;
/// What was done, as the page says it after the act.
const DONE: [(&str, &str); 3] = [
    ("encaisse", "L’encaissement est dans les comptes, et la famille voit sa facture payée."),
    ("classe", "Ce paiement est classé : rien n’est encaissé, et la facture peut être payée."),
    ("rejete", "Le rejet est dans les comptes : la facture est de nouveau à payer."),
];

#[derive(Debug, Default, Deserialize, ToSchema)]
pub(super) struct Asked {
    fait: Option<String>,
    /// A bill's number, or PayFiP's reference.
    cherche: Option<String>,
    /// Only those begun before, in milliseconds: the next page.
    avant: Option<i64>,
}

#[derive(Template)]
#[template(path = "office/payments.html")]
struct Page {
    frame: Frame,
    notice: Option<Notice>,
    may_decide: bool,
    reason_max: usize,
    to_check: Vec<Row>,
    rows: Vec<Row>,
    search: String,
    /// Whether this is the beginning of the list.
    newest: bool,
    /// Where it goes on.
    older: Option<i64>,
}

struct Row {
    id: Uuid,
    bill: Uuid,
    number: String,
    payer: String,
    amount: String,
    /// As it is typed in a field.
    typed_amount: String,
    when: String,
    reference: String,
    state: &'static str,
    mark: &'static str,
    /// Why somebody has to look, then what was decided.
    note: Option<String>,
    decisions: Vec<String>,
    /// What can still be said of it.
    may_come_in: bool,
    may_be_taken_back: bool,
    /// What was typed and refused: the form stays open with it.
    reason: Option<String>,
    /// What was chosen then.
    decision: String,
}

/// `GET /bureau/{organisation}/paiements`.
pub(super) async fn page(State(server): State<Server>, agent: Agent, Query(asked): Query<Asked>) -> Result<Response> {
    agent.must(Right::SeeBilling)?;
    let notice = Notice::done(&DONE, asked.fait.as_deref());
    show(&server, &agent, &asked, notice, None).await
}

/// What was typed.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default)]
pub(super) struct Typed {
    decision: String,
    montant: String,
    motif: String,
}

/// `POST /bureau/{organisation}/paiements/{payment}`.
pub(super) async fn decided(
    State(server): State<Server>,
    agent: Agent,
    Path((_, payment)): Path<(String, String)>,
    Form(typed): Form<Typed>,
) -> Result<Response> {
    agent.must(Right::Decide)?;
    let id = id_of(&payment, "Ce paiement")?;
    match carry_out(&server, &agent, id, &typed).await {
        Ok(done) => Ok(Redirect::to(&format!("/bureau/{}/paiements?fait={done}", agent.organisation.code)).into_response()),
        Err(error) => {
            let notice = Some(Notice::wrong(to_say(error)?));
            let page = show(&server, &agent, &Asked::default(), notice, Some((id, typed))).await?;
            Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
        }
    }
}

/// Carries out what was typed; gives the key of [`DONE`] that says it.
async fn carry_out(server: &Server, agent: &Agent, id: Uuid, typed: &Typed) -> Result<&'static str> {
    let (decision, done) = match typed.decision.as_str() {
        "encaisse" => {
            let wrong = || Error::input(format!("« {} » n’est pas un montant : écrivez par exemple 20,00.", typed.montant));
            (Decision::CameIn(cents(&typed.montant).ok_or_else(wrong)?), "encaisse")
        }
        "rien" => (Decision::NothingCame, "classe"),
        "rejete" => (Decision::TakenBack, "rejete"),
        _ => return Err(Error::input("Choisissez ce que la trésorerie a dit.")),
    };
    decide(&server.app, agent.organisation_id(), id, decision, (&typed.motif, &agent.name), act_of(agent, DECIDE)).await?;
    Ok(done)
}

/// An amount as people type it: `20`, `20,5`, `1 234,56 €`.
fn cents(typed: &str) -> Option<Cents> {
    let plain: String = typed.trim().trim_end_matches('€').chars().filter(|c| !c.is_whitespace()).collect();
    let euros = Decimal::from_str_exact(&plain.replace(',', ".")).ok()?;
    Cents::from_euros_exact(euros).filter(|cents| *cents >= Cents::ZERO)
}

async fn show(server: &Server, agent: &Agent, asked: &Asked, notice: Option<Notice>, refused: Option<(Uuid, Typed)>) -> Result<Response> {
    let reading = snapshot(&server.app).await?;
    let territory = Territory::new(server.app.territoire(), &reading);
    let frame = desk(&territory, agent, "payments", server.app.clock.today()).await?;
    let tenant = territory.tenant(agent.organisation_id());
    let on = tenant.on();
    let to_check = tenant.find::<payment::Entity>().filter(payment::Column::State.eq(TO_CHECK));
    let to_check = to_check.order_by_asc(payment::Column::CreatedAtMs).all(&on).await?;
    let search: String = asked.cherche.as_deref().unwrap_or_default().trim().chars().take(SEARCH_CHARACTERS_MAX).collect();
    let others = tenant.find::<payment::Entity>().filter(payment::Column::State.ne(TO_CHECK)).filter(found_by(&tenant, &search));
    let before = asked.avant.map(|before| payment::Column::CreatedAtMs.lt(before));
    let others = others.filter(Condition::all().add_option(before)).order_by_desc(payment::Column::CreatedAtMs);
    let mut others = others.limit(SHOWN + 1).all(&on).await?;
    let older = others.get(SHOWN as usize - 1).map(|last| last.created_at_ms).filter(|_| others.len() > SHOWN as usize);
    others.truncate(SHOWN as usize);
    let bills = bills_of(&tenant, to_check.iter().chain(&others)).await?;
    let row = |row: payment::Model| said(row, &bills, refused.as_ref());
    html(&Page {
        frame,
        notice,
        may_decide: agent.may(Right::Decide),
        reason_max: REASON_CHARACTERS_MAX,
        to_check: to_check.into_iter().map(row).collect::<Result<_>>()?,
        rows: others.into_iter().map(row).collect::<Result<_>>()?,
        search,
        newest: asked.avant.is_none(),
        older,
    })
}

/// Everything, or what a bill's number or PayFiP's reference has in it.
fn found_by(tenant: &Tenant<'_>, search: &str) -> Condition {
    if search.is_empty() {
        return Condition::all();
    }
    let numbered = tenant.find::<invoice::Entity>().filter(invoice::Column::PrintedNumber.contains(search));
    let numbered = numbered.select_only().column(invoice::Column::Id).into_query();
    Condition::any().add(payment::Column::InvoiceId.in_subquery(numbered)).add(payment::Column::Refdet.contains(search))
}

async fn bills_of(tenant: &Tenant<'_>, rows: impl Iterator<Item = &payment::Model>) -> Result<HashMap<Uuid, invoice::Model>> {
    let ids: Vec<Uuid> = rows.map(|row| row.invoice_id).collect();
    let mut bills = HashMap::new();
    for ids in ids.chunks(crate::attendance::journal::IDS_A_QUERY_MAX) {
        let found = tenant.find::<invoice::Entity>().filter(invoice::Column::Id.is_in(ids.iter().copied()));
        bills.extend(found.all(&tenant.on()).await?.into_iter().map(|bill| (bill.id, bill)));
    }
    Ok(bills)
}

fn said(row: payment::Model, bills: &HashMap<Uuid, invoice::Model>, refused: Option<&(Uuid, Typed)>) -> Result<Row> {
    let at_ms = row.settled_at_ms.unwrap_or(row.created_at_ms);
    let day = french::long_day(shared::calendar::business_day(shared::calendar::instant_from_ms(at_ms)));
    let proof = Proof::of(&row);
    let bill = bills.get(&row.invoice_id);
    let typed = refused.filter(|(id, _)| *id == row.id).map(|(_, typed)| typed);
    let (state, mark) = state_words(&row.state);
    let unposted = [TO_CHECK, REFUSED, ABANDONED, EXPIRED, FAILED].contains(&row.state.as_str());
    // Where PayFiP and we disagree, the amount is for the agent to say.
    let exact = if row.state == TO_CHECK { String::new() } else { Cents(row.amount_cents).to_euros().to_string().replace('.', ",") };
    Ok(Row {
        id: row.id,
        bill: row.invoice_id,
        number: bill.map(|bill| bill.printed_number.clone()).unwrap_or_default(),
        payer: bill.map(addressee).transpose()?.map(|to| to.name).unwrap_or_default(),
        amount: Cents(row.amount_cents).to_string(),
        typed_amount: typed.map_or(exact, |typed| typed.montant.clone()),
        when: format!("{day}, {}", french::time_ms(at_ms)),
        reference: row.refdet,
        state,
        mark,
        note: proof.note,
        decisions: proof.decisions,
        may_come_in: unposted && row.idop.is_some(),
        may_be_taken_back: row.state == PAID && row.means == payments::MEANS,
        reason: typed.map(|typed| typed.motif.clone()),
        decision: typed.map(|typed| typed.decision.clone()).unwrap_or_default(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_is_read_as_people_type_it_and_never_rounded() {
        for (typed, meant) in [("20", 2_000), ("20,5", 2_050), (" 1 234,56 € ", 123_456), ("1\u{202f}234,56", 123_456), ("0.01", 1)] {
            assert_eq!(cents(typed), Some(Cents(meant)), "{typed}");
        }
        for typed in ["", "vingt", "-5", "1,234", "1,2,3", "1e3", "99999999999999999999999999"] {
            assert_eq!(cents(typed), None, "{typed}");
        }
    }
}
