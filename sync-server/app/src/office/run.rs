//! A run that was issued: its figures, how far its documents are, what has to be printed, and its bills.

use super::day::Notice;
use super::paper::{Paper, paper};
use super::{Frame, desk, id_of, snapshot};
use crate::billing::issue::Addressee;
use crate::identity::{Agent, Right};
use crate::page::html;
use crate::serve::Server;
use crate::store::entity::{billing_run, invoice, job, regie};
use crate::store::{Tenant, Territory};
use crate::{Error, Result, jobs};
use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use sea_orm::{ColumnTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait};
use serde::Deserialize;
use shared::french;
use shared::money::Cents;
use std::collections::HashMap;
use utoipa::ToSchema;
use uuid::Uuid;

/// Rows of one page.
const BILLS_A_PAGE: usize = 100;
/// Documents that were given up, named with their reason.
const FAILURES_SHOWN_MAX: usize = 20;

#[derive(Debug, Default, Deserialize, ToSchema)]
pub(super) struct Asked {
    /// From 1.
    page: Option<usize>,
    /// Part of a name, or a number.
    cherche: Option<String>,
}

#[derive(Template)]
#[template(path = "office/run.html")]
struct Page {
    frame: Frame,
    notice: Option<Notice>,
    id: Uuid,
    said_month: String,
    month: String,
    issued: String,
    invoices: i64,
    credit_notes: i64,
    total: String,
    made: usize,
    waiting: usize,
    failures: Vec<(String, String)>,
    given_up: usize,
    paper: Paper,
    may_print: bool,
    search: String,
    bills: Vec<Row>,
    found: usize,
    page: usize,
    pages: usize,
}

struct Row {
    id: Uuid,
    number: String,
    payer: String,
    regie: String,
    total: String,
}

/// A run of this organisation.
pub(super) async fn find(tenant: &Tenant<'_>, id: Uuid) -> Result<billing_run::Model> {
    let found = tenant.find::<billing_run::Entity>().filter(billing_run::Column::Id.eq(id)).one(&tenant.on()).await?;
    found.ok_or_else(|| Error::NotFound("Cette campagne".into()))
}

/// The run's bills, by number.
pub(super) async fn bills_of(tenant: &Tenant<'_>, run: Uuid) -> Result<Vec<invoice::Model>> {
    let rows = tenant.find::<invoice::Entity>().filter(invoice::Column::RunId.eq(run));
    let rows = rows.order_by_asc(invoice::Column::Kind).order_by_asc(invoice::Column::RegieId).order_by_asc(invoice::Column::Number);
    Ok(rows.all(&tenant.on()).await?)
}

/// To whom a bill is addressed.
pub(super) fn addressee(bill: &invoice::Model) -> Result<Addressee> {
    serde_json::from_str(&bill.addressee).map_err(|e| Error::Unavailable(format!("Le destinataire d’une facture ne se lit plus : {e}")))
}

/// `GET /bureau/{organisation}/campagnes/{run}`.
pub(super) async fn page(
    State(server): State<Server>,
    agent: Agent,
    Path((_, run)): Path<(String, String)>,
    Query(asked): Query<Asked>,
) -> Result<Response> {
    agent.must(Right::SeeBilling)?;
    show(&server, &agent, id_of(&run, "Cette campagne")?, asked, None).await
}

pub(super) async fn show(server: &Server, agent: &Agent, run: Uuid, asked: Asked, notice: Option<Notice>) -> Result<Response> {
    let reading = snapshot(&server.app).await?;
    let territory = Territory::new(server.app.territoire(), &reading);
    let tenant = territory.tenant(agent.organisation_id());
    let run = find(&tenant, run).await?;
    let frame = desk(&territory, agent, "billing", server.app.clock.today()).await?;
    let bills = bills_of(&tenant, run.id).await?;
    let work = documents(&territory, &tenant, run.id).await?;
    let of_state = |state: &str| work.iter().filter(|job| job.state == state).count();
    let given_up = work.iter().filter(|job| job.state == jobs::GIVEN_UP);
    let number = |id: Uuid| bills.iter().find(|bill| bill.id == id).map(|bill| bill.printed_number.clone()).unwrap_or_default();
    let failures: Vec<(String, String)> =
        given_up.take(FAILURES_SHOWN_MAX).map(|job| (number(job.subject_id), job.last_error.clone().unwrap_or_default())).collect();
    let (made, waiting, given_up) = (of_state(jobs::DONE), of_state(jobs::WAITING), of_state(jobs::GIVEN_UP));
    let paper = paper(&tenant, &bills).await?;
    let search = asked.cherche.unwrap_or_default();
    let rows = rows(&tenant, bills, &search).await?;
    let pages = rows.len().div_ceil(BILLS_A_PAGE).max(1);
    let page = asked.page.unwrap_or(1).clamp(1, pages);
    html(&Page {
        frame,
        notice,
        id: run.id,
        said_month: run.month.parse().map_or_else(|_| run.month.clone(), french::of_month),
        month: run.month,
        issued: format!("Émises le {} par {}, exercice {}", french::long_day(run.issued_on), run.issued_by, run.exercise),
        invoices: run.invoice_count,
        credit_notes: run.credit_note_count,
        total: Cents(run.total_cents).to_string(),
        made,
        waiting,
        failures,
        given_up,
        paper,
        may_print: agent.may(Right::Decide),
        search,
        found: rows.len(),
        bills: rows.into_iter().skip((page - 1) * BILLS_A_PAGE).take(BILLS_A_PAGE).collect(),
        page,
        pages,
    })
}

/// The work on the run's documents.
async fn documents(territory: &Territory<'_>, tenant: &Tenant<'_>, run: Uuid) -> Result<Vec<job::Model>> {
    let of_run = tenant.find::<invoice::Entity>().filter(invoice::Column::RunId.eq(run));
    let of_run = of_run.select_only().column(invoice::Column::Id).into_query();
    let work = territory.find::<job::Entity>().filter(job::Column::OrganisationId.eq(tenant.id().0));
    let work = work.filter(job::Column::Kind.eq(jobs::Kind::Document.code())).filter(job::Column::SubjectId.in_subquery(of_run));
    // Ordered here: asked for in order, the whole table would be read in that order.
    let mut work = work.all(&territory.on()).await?;
    work.sort_by_key(|job| job.id);
    Ok(work)
}

async fn rows(tenant: &Tenant<'_>, bills: Vec<invoice::Model>, search: &str) -> Result<Vec<Row>> {
    let regies = tenant.find::<regie::Entity>().all(&tenant.on()).await?;
    let regies: HashMap<Uuid, String> = regies.into_iter().map(|r| (r.id, r.name)).collect();
    let mut rows = Vec::with_capacity(bills.len());
    for bill in bills {
        let payer = addressee(&bill)?.name;
        if shared::name::matches(search, &format!("{payer} {}", bill.printed_number)) {
            rows.push(Row {
                id: bill.id,
                regie: regies.get(&bill.regie_id).cloned().unwrap_or_default(),
                total: Cents(bill.total_cents).to_string(),
                number: bill.printed_number,
                payer,
            });
        }
    }
    Ok(rows)
}
