//! An issued bill as the office reads it: its lines with their why, what was paid, its document.

use super::{Frame, act_of, desk, id_of, snapshot, told};
use crate::billing::issued::{self, IssuedLine};
use crate::identity::audit;
use crate::identity::{Agent, Right};
use crate::page::{html, pdf as pdf_of};
use crate::payments::state_words;
use crate::serve::Server;
use crate::store::entity::{household, issued_document, payment, regie};
use crate::store::{Tenant, Territory};
use crate::{Error, Result};
use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use rules::wording::{Reader, Why};
use sea_orm::{ColumnTrait, QueryFilter, QueryOrder, QuerySelect};
use shared::french;
use shared::money::Cents;
use uuid::Uuid;

/// Opens a bill: it tells of a child's days.
pub(super) const READ: &str = "GET /bureau/{organisation}/factures/{bill}";
/// Opens a bill's document.
pub(super) const PDF: &str = "GET /bureau/{organisation}/factures/{bill}/pdf";

#[derive(Template)]
#[template(path = "office/bill.html")]
struct Page {
    frame: Frame,
    id: Uuid,
    run: Uuid,
    number: String,
    said_month: String,
    payer: String,
    household: Option<(Uuid, String)>,
    regie: String,
    dates: String,
    total: String,
    paid: String,
    open: String,
    is_credit_note: bool,
    has_document: bool,
    lines: Vec<SaidLine>,
    payments: Vec<(String, String, &'static str)>,
}

struct SaidLine {
    child: String,
    label: String,
    centre: String,
    amount: String,
    why: Why,
}

/// `GET /bureau/{organisation}/factures/{bill}`.
pub(super) async fn page(State(server): State<Server>, agent: Agent, Path((_, bill)): Path<(String, String)>) -> Result<Response> {
    agent.must(Right::SeeBilling)?;
    let id = id_of(&bill, "Cette facture")?;
    let reading = snapshot(&server.app).await?;
    let territory = Territory::new(server.app.territoire(), &reading);
    let tenant = territory.tenant(agent.organisation_id());
    let bill = issued::bill(&tenant, id).await?;
    let frame = desk(&territory, &agent, "billing", server.app.clock.today()).await?;
    let on = tenant.on();
    let regie = tenant.find::<regie::Entity>().filter(regie::Column::Id.eq(bill.bill.regie_id)).one(&on).await?;
    let home = tenant.households().filter(household::Column::Id.eq(bill.bill.household_id)).one(&on).await?;
    let due = bill.bill.due_on.map(|day| format!(", à payer avant le {}", french::long_day(day))).unwrap_or_default();
    told(&server.app, act_of(&agent, READ).about("invoice", id)).await?;
    html(&Page {
        frame,
        id,
        run: bill.bill.run_id,
        number: bill.bill.printed_number.clone(),
        said_month: bill.bill.month.parse().map_or_else(|_| bill.bill.month.clone(), french::of_month),
        payer: super::run::addressee(&bill.bill)?.name,
        household: home.map(|home| (home.id, home.name)).filter(|_| agent.may(Right::SeeFamilies)),
        regie: regie.map(|r| r.name).unwrap_or_default(),
        dates: format!("Émise le {}{due}", french::long_day(bill.bill.issued_on)),
        total: bill.total().to_string(),
        paid: bill.paid().to_string(),
        open: bill.open().to_string(),
        is_credit_note: bill.is_credit_note(),
        has_document: has_document(&tenant, id).await?,
        payments: payments(&tenant, id).await?,
        lines: bill.lines.iter().map(line).collect(),
    })
}

fn line(line: &IssuedLine) -> SaidLine {
    SaidLine {
        child: line.row.child_name.clone(),
        label: line.row.label.clone(),
        centre: line.row.centre_name.clone(),
        amount: Cents(line.row.amount_cents).to_string(),
        why: line.why(Reader::Agent),
    }
}

async fn has_document(tenant: &Tenant<'_>, bill: Uuid) -> Result<bool> {
    let made = tenant.find::<issued_document::Entity>().filter(issued_document::Column::InvoiceId.eq(bill));
    let made = made.select_only().column(issued_document::Column::MadeAtMs).into_tuple::<i64>().one(&tenant.on()).await?;
    Ok(made.is_some())
}

/// Attempts to pay, newest first: day, amount, how each ended.
async fn payments(tenant: &Tenant<'_>, bill: Uuid) -> Result<Vec<(String, String, &'static str)>> {
    let rows = tenant.find::<payment::Entity>().filter(payment::Column::InvoiceId.eq(bill)).order_by_desc(payment::Column::CreatedAtMs);
    let said = |row: payment::Model| {
        let at_ms = row.settled_at_ms.unwrap_or(row.created_at_ms);
        let day = french::long_day(shared::calendar::business_day(shared::calendar::instant_from_ms(at_ms)));
        let (state, _) = state_words(&row.state);
        (format!("{day}, {}", french::time_ms(at_ms)), Cents(row.amount_cents).to_string(), state)
    };
    Ok(rows.all(&tenant.on()).await?.into_iter().map(said).collect())
}

/// `GET /bureau/{organisation}/factures/{bill}/pdf`: what was stored, byte for byte.
pub(super) async fn pdf(State(server): State<Server>, agent: Agent, Path((_, bill)): Path<(String, String)>) -> Result<Response> {
    agent.must(Right::SeeBilling)?;
    let id = id_of(&bill, "Cette facture")?;
    let (now, transaction) = (server.app.clock.now(), server.app.db.begin().await?);
    let territory = Territory::new(server.app.territoire(), &transaction);
    let tenant = territory.tenant(agent.organisation_id());
    let number = issued::bill(&tenant, id).await?.bill.printed_number;
    let made = tenant.find::<issued_document::Entity>().filter(issued_document::Column::InvoiceId.eq(id)).one(&tenant.on()).await?;
    let made = made.ok_or_else(|| Error::conflict("Le document de cette facture est en préparation : revenez dans un moment."))?;
    audit::write(&territory, now, act_of(&agent, PDF).about("invoice", id)).await?;
    transaction.commit().await?;
    Ok(pdf_of(&number, made.pdf))
}
