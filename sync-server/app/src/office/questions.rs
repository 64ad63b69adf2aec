//! What families asked about a day of a bill: those that wait first, then the last answers.

use super::day::Notice;
use super::{Frame, act_of, desk, id_of, snapshot, to_say, who};
use crate::identity::audit;
use crate::identity::{Agent, Form, Right};
use crate::page::html;
use crate::serve::Server;
use crate::store::Territory;
use crate::store::entity::{invoice, invoice_line, question};
use crate::{Error, Result};
use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, QueryFilter, QueryOrder, QuerySelect};
use serde::Deserialize;
use shared::french;
use std::collections::HashMap;
use utoipa::ToSchema;
use uuid::Uuid;

/// Answers.
pub(super) const ANSWER: &str = "POST /bureau/{organisation}/questions/{question}";
/// Longest answer, in characters.
const ANSWER_CHARACTERS_MAX: usize = 2_000;
/// Questions shown of each kind.
const SHOWN_MAX: u64 = 100;
/// What was done, as the page says it after the act.
const DONE: [(&str, &str); 1] = [("repondu", "La réponse est dans l’espace de la famille.")];

#[derive(Debug, Default, Deserialize, ToSchema)]
pub(super) struct Asked {
    fait: Option<String>,
}

#[derive(Template)]
#[template(path = "office/questions.html")]
struct Page {
    frame: Frame,
    notice: Option<Notice>,
    may_answer: bool,
    waiting: Vec<Said>,
    answered: Vec<Said>,
}

struct Said {
    id: Uuid,
    bill: Uuid,
    number: String,
    line: String,
    who: String,
    asked: String,
    text: String,
    answer: Option<(String, String)>,
}

/// `GET /bureau/{organisation}/questions`.
pub(super) async fn page(State(server): State<Server>, agent: Agent, Query(asked): Query<Asked>) -> Result<Response> {
    agent.must(Right::SeeBilling)?;
    show(&server, &agent, Notice::done(&DONE, asked.fait.as_deref())).await
}

async fn show(server: &Server, agent: &Agent, notice: Option<Notice>) -> Result<Response> {
    let reading = snapshot(&server.app).await?;
    let territory = Territory::new(server.app.territoire(), &reading);
    let frame = desk(&territory, agent, "questions", server.app.clock.today()).await?;
    let tenant = territory.tenant(agent.organisation_id());
    let on = tenant.on();
    let waiting = tenant.find::<question::Entity>().filter(question::Column::AnsweredAtMs.is_null());
    let waiting = waiting.order_by_asc(question::Column::AskedAtMs).limit(SHOWN_MAX).all(&on).await?;
    let answered = tenant.find::<question::Entity>().filter(question::Column::AnsweredAtMs.is_not_null());
    let answered = answered.order_by_desc(question::Column::AnsweredAtMs).limit(SHOWN_MAX).all(&on).await?;
    let all = || waiting.iter().chain(&answered);
    let asking: Vec<String> = all().map(|q| q.account_id.to_string()).collect();
    let names = who::names(&territory, asking.iter().map(String::as_str).collect()).await?;
    let ids: Vec<Uuid> = all().map(|q| q.invoice_id).collect();
    let bills = tenant.find::<invoice::Entity>().filter(invoice::Column::Id.is_in(ids.iter().copied())).all(&on).await?;
    let bills: HashMap<Uuid, String> = bills.into_iter().map(|b| (b.id, b.printed_number)).collect();
    let lines = tenant.find::<invoice_line::Entity>().filter(invoice_line::Column::InvoiceId.is_in(ids)).all(&on).await?;
    let lines: HashMap<(Uuid, i32), String> =
        lines.into_iter().map(|l| ((l.invoice_id, l.number), format!("{} · {}", l.child_name, l.label))).collect();
    let said = |row: question::Model| said(row, &names, &bills, &lines);
    html(&Page {
        frame,
        notice,
        may_answer: agent.may(Right::Decide),
        waiting: waiting.into_iter().map(said).collect(),
        answered: answered.into_iter().map(said).collect(),
    })
}

fn said(
    row: question::Model,
    names: &HashMap<String, String>,
    bills: &HashMap<Uuid, String>,
    lines: &HashMap<(Uuid, i32), String>,
) -> Said {
    let on = |at_ms: i64| french::long_day(shared::calendar::business_day(shared::calendar::instant_from_ms(at_ms)));
    let day = row.day.map(|day| format!(", le {}", french::long_day(day))).unwrap_or_default();
    let asking = row.account_id.to_string();
    let by = row.answered_at_ms.map(|at| format!("{}, le {}", row.answered_by.clone().unwrap_or_default(), on(at)));
    Said {
        id: row.id,
        bill: row.invoice_id,
        number: bills.get(&row.invoice_id).cloned().unwrap_or_default(),
        line: format!("{}{day}", lines.get(&(row.invoice_id, row.line_number)).map_or("", String::as_str)),
        who: who::of(names, &asking).to_owned(),
        asked: on(row.asked_at_ms),
        text: row.text,
        answer: row.answer.zip(by),
    }
}

/// What was typed.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default)]
pub(super) struct Typed {
    reponse: String,
}

/// `POST /bureau/{organisation}/questions/{question}`.
pub(super) async fn answer(
    State(server): State<Server>,
    agent: Agent,
    Path((_, question)): Path<(String, String)>,
    Form(typed): Form<Typed>,
) -> Result<Response> {
    agent.must(Right::Decide)?;
    match answered(&server, &agent, id_of(&question, "Cette question")?, typed.reponse.trim()).await {
        Ok(()) => Ok(Redirect::to(&format!("/bureau/{}/questions?fait=repondu", agent.organisation.code)).into_response()),
        Err(error) => {
            let page = show(&server, &agent, Some(Notice::wrong(to_say(error)?))).await?;
            Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
        }
    }
}

/// Stores an answer where there is none yet: two agents at once don't overwrite each other.
async fn answered(server: &Server, agent: &Agent, id: Uuid, text: &str) -> Result<()> {
    let (now, transaction) = (server.app.clock.now(), server.app.db.begin().await?);
    let territory = Territory::new(server.app.territoire(), &transaction);
    let tenant = territory.tenant(agent.organisation_id());
    let of_id = tenant.find::<question::Entity>().filter(question::Column::Id.eq(id));
    of_id.one(&tenant.on()).await?.ok_or_else(|| Error::NotFound("Cette question".into()))?;
    if text.is_empty() || text.chars().count() > ANSWER_CHARACTERS_MAX {
        return Err(Error::input(format!("Une réponse a de 1 à {ANSWER_CHARACTERS_MAX} signes.")));
    }
    let update = tenant.update::<question::Entity>().col_expr(question::Column::Answer, Expr::value(text));
    let update = update.col_expr(question::Column::AnsweredBy, Expr::value(agent.name.as_str()));
    let update = update.col_expr(question::Column::AnsweredAtMs, Expr::value(now.timestamp_millis()));
    let update = update.filter(question::Column::Id.eq(id)).filter(question::Column::AnsweredAtMs.is_null());
    if update.exec(&tenant.on()).await?.rows_affected == 0 {
        return Err(Error::conflict("Quelqu’un vient de répondre à cette question."));
    }
    audit::write(&territory, now, act_of(agent, ANSWER).about("question", id)).await?;
    transaction.commit().await?;
    Ok(())
}
