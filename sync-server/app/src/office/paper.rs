//! The bills that leave on paper: one PDF a batch, made from the same data as the stored documents, and a note of when each left.
//!
//! It is a form's act and not a link's: printing marks the bills, and a browser may follow a link by itself.

use super::day::Notice;
use super::run::{Asked, addressee, bills_of, find, show};
use super::{act_of, id_of, to_say};
use crate::billing::{issued, paper as documents_of};
use crate::identity::audit;
use crate::identity::{Agent, Form, Right};
use crate::jobs;
use crate::page::pdf;
use crate::serve::Server;
use crate::store::entity::{invoice, issued_document};
use crate::store::{Tenant, Territory};
use crate::{Error, Result};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use documents::limits::{BATCH_DAYS_MAX, BATCH_DOCUMENTS_MAX};
use rules::wording::Reader;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, QueryFilter, QuerySelect};
use serde::Deserialize;
use shared::french;
use std::collections::{BTreeMap, HashMap};
use utoipa::ToSchema;
use uuid::Uuid;

/// Prints a batch.
pub(super) const ROUTE: &str = "POST /bureau/{organisation}/campagnes/{run}/papier.pdf";
/// The channel of who gets paper.
const PAPER: &str = "papier";

/// What a run has to print.
pub(super) struct Paper {
    /// Bills on paper.
    pub total: usize,
    /// Made, and not printed yet.
    pub ready: usize,
    /// Not made yet.
    pub waiting: usize,
    /// What was printed, newest first.
    pub lots: Vec<Lot>,
    /// Bills of one batch at most.
    pub batch_max: usize,
}

/// A batch that was printed.
pub(super) struct Lot {
    pub at_ms: i64,
    pub said: String,
}

/// When each made document of a run was printed: absent where it isn't made, `None` where it wasn't printed.
async fn printed(tenant: &Tenant<'_>, bills: &[invoice::Model]) -> Result<HashMap<Uuid, Option<i64>>> {
    let mut printed = HashMap::new();
    for bills in bills.chunks(crate::attendance::journal::IDS_A_QUERY_MAX) {
        let rows = tenant.find::<issued_document::Entity>();
        let rows = rows.filter(issued_document::Column::InvoiceId.is_in(bills.iter().map(|b| b.id)));
        // Without the documents themselves: a run holds thousands.
        let columns = rows.select_only().column(issued_document::Column::InvoiceId).column(issued_document::Column::PrintedAtMs);
        printed.extend(columns.into_tuple::<(Uuid, Option<i64>)>().all(&tenant.on()).await?);
    }
    Ok(printed)
}

fn on_paper(bills: &[invoice::Model]) -> Result<Vec<invoice::Model>> {
    let mut paper = Vec::new();
    for bill in bills {
        if addressee(bill)?.channel == PAPER {
            paper.push(bill.clone());
        }
    }
    Ok(paper)
}

/// What has to be printed of a run's bills.
pub(super) async fn paper(tenant: &Tenant<'_>, bills: &[invoice::Model]) -> Result<Paper> {
    let paper = on_paper(bills)?;
    let printed = printed(tenant, &paper).await?;
    let mut lots: BTreeMap<i64, u32> = BTreeMap::new();
    for at_ms in printed.values().flatten() {
        *lots.entry(*at_ms).or_default() += 1;
    }
    let said = |(at_ms, count): (i64, u32)| {
        let day = french::day(shared::calendar::business_day(shared::calendar::instant_from_ms(at_ms)));
        Lot { at_ms, said: format!("{}, le {day} à {}", french::count(count, "imprimée", "imprimées"), french::time_ms(at_ms)) }
    };
    Ok(Paper {
        total: paper.len(),
        ready: printed.values().filter(|at| at.is_none()).count(),
        waiting: paper.len() - printed.len(),
        lots: lots.into_iter().rev().map(said).collect(),
        batch_max: BATCH_DOCUMENTS_MAX,
    })
}

/// Which batch: the next one, or one that was printed before.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default)]
pub(super) struct Typed {
    lot: String,
}

/// `POST /bureau/{organisation}/campagnes/{run}/papier.pdf`.
pub(super) async fn print(
    State(server): State<Server>,
    agent: Agent,
    Path((_, run)): Path<(String, String)>,
    Form(typed): Form<Typed>,
) -> Result<Response> {
    agent.must(Right::Decide)?;
    let run = id_of(&run, "Cette campagne")?;
    match batch(&server, &agent, run, typed.lot.parse().ok()).await {
        Ok(bytes) => Ok(pdf(&format!("papier-{run}"), bytes)),
        Err(error) => {
            let wrong = Notice::wrong(to_say(error)?);
            let page = show(&server, &agent, run, Asked::default(), Some(wrong)).await?;
            Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
        }
    }
}

/// Makes the PDF first, and marks its bills when it is there.
async fn batch(server: &Server, agent: &Agent, run: Uuid, lot: Option<i64>) -> Result<Vec<u8>> {
    let app = &server.app;
    let reading = app.db.snapshot().await?;
    let territory = Territory::new(app.territoire(), &reading);
    let tenant = territory.tenant(agent.organisation_id());
    find(&tenant, run).await?;
    let bills = on_paper(&bills_of(&tenant, run).await?)?;
    let printed = printed(&tenant, &bills).await?;
    let meant = bills.into_iter().filter(|bill| printed.get(&bill.id) == Some(&lot)).take(BATCH_DOCUMENTS_MAX).collect();
    let (mut documents, mut ids, mut days) = (Vec::new(), Vec::new(), 0);
    for bill in issued::with_lines(&tenant, meant).await? {
        days += bill.lines.iter().map(|line| line.why(Reader::Guardian).days.len()).sum::<usize>();
        if days > BATCH_DAYS_MAX && !documents.is_empty() {
            break;
        }
        documents.push(documents_of::document(app, &territory, &tenant, &bill).await?);
        ids.push(bill.bill.id);
    }
    drop(reading);
    if documents.is_empty() {
        return Err(Error::conflict("Rien à imprimer : tout ce qui est prêt est déjà imprimé."));
    }
    let bytes = jobs::render(app, documents).await?.pdf;
    let (now, transaction) = (app.clock.now(), app.db.begin().await?);
    let territory = Territory::new(app.territoire(), &transaction);
    let tenant = territory.tenant(agent.organisation_id());
    let mark = tenant.update::<issued_document::Entity>();
    let mark = mark.col_expr(issued_document::Column::PrintedAtMs, Expr::value(now.timestamp_millis()));
    // A batch that is printed again keeps its day.
    let mark = mark.filter(issued_document::Column::InvoiceId.is_in(ids)).filter(issued_document::Column::PrintedAtMs.is_null());
    mark.exec(&tenant.on()).await?;
    audit::write(&territory, now, act_of(agent, ROUTE).about("billing_run", run)).await?;
    transaction.commit().await?;
    Ok(bytes)
}
