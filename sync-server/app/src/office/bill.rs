//! An issued bill as the office reads it: its lines with their why, what was paid, its document.

use super::bill_acts::Brought;
use super::day::Notice;
use super::{Frame, act_of, desk, id_of, snapshot, told};
use crate::billing::issued::{self, IssuedLine};
use crate::identity::audit;
use crate::identity::{Agent, Right};
use crate::ledger::{FORGIVENESS, means_label, means_of};
use crate::page::{html, pdf as pdf_of};
use crate::payments::state_words;
use crate::serve::Server;
use crate::store::entity::{forgiveness, household, invoice, issued_document, payment, receipt, receipt_void, regie};
use crate::store::{Tenant, Territory, new_id};
use crate::{Error, Result};
use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use rules::wording::{Reader, Why};
use sea_orm::{ColumnTrait, QueryFilter, QueryOrder, QuerySelect};
use serde::Deserialize;
use shared::french;
use shared::money::Cents;
use utoipa::ToSchema;
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
    receipts: Vec<SaidReceipt>,
    forgiven: Vec<String>,
    notice: Option<Notice>,
    /// Of a credit note: the bill that it withdraws, and why.
    withdraws: Option<(Uuid, String, String)>,
    /// The credit note that withdraws this one.
    withdrawn: Option<(Uuid, String)>,
    account: String,
    /// What may be done, by whoever reads, where the bill stands.
    may: May,
    /// Drawn anew for each form: sent twice, it is one act.
    token: Uuid,
    today: String,
    open_typed: String,
    /// What stands in the form of a payment: what is open, or what was typed and refused.
    brought: Brought,
    means: Vec<(&'static str, &'static str)>,
    kinds: [(&'static str, &'static str); 3],
}

/// What may be done.
struct May {
    collect: bool,
    void: bool,
    forgive: bool,
    cancel: bool,
}

/// Money that was taken in.
struct SaidReceipt {
    id: Uuid,
    said: String,
    amount: String,
    /// Why it was taken back.
    void: Option<String>,
}

#[derive(Debug, Default, Deserialize, ToSchema)]
pub(super) struct Asked {
    /// What was just done: a key of [`DONE`].
    fait: Option<String>,
}

/// What was done, as the page says it after the act.
const DONE: [(&str, &str); 4] = [
    ("encaisse", "Le paiement est encaissé : la quittance est ci-dessous."),
    ("quittance-annulee", "La quittance est annulée : ce qu’elle payait est de nouveau dû."),
    ("remise", "La remise est enregistrée."),
    ("annulee", "La facture est annulée par un avoir. Ce qui avait été payé est d’avance sur le compte de la famille."),
];

struct SaidLine {
    child: String,
    label: String,
    centre: String,
    amount: String,
    why: Why,
}

/// `GET /bureau/{organisation}/factures/{bill}`.
pub(super) async fn page(
    State(server): State<Server>,
    agent: Agent,
    Path((_, bill)): Path<(String, String)>,
    Query(asked): Query<Asked>,
) -> Result<Response> {
    agent.must(Right::SeeBilling)?;
    show(&server, &agent, id_of(&bill, "Cette facture")?, Ok(asked.fait), None).await
}

/// The page of a bill, after something was done about it or could not be.
pub(super) async fn show(
    server: &Server,
    agent: &Agent,
    id: Uuid,
    done: Result<Option<String>, String>,
    brought: Option<Brought>,
) -> Result<Response> {
    let status = if done.is_ok() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let notice = match done {
        Ok(key) => Notice::done(&DONE, key.as_deref()),
        Err(sentence) => Some(Notice::wrong(sentence)),
    };
    let reading = snapshot(&server.app).await?;
    let territory = Territory::new(server.app.territoire(), &reading);
    let tenant = territory.tenant(agent.organisation_id());
    let bill = issued::bill(&tenant, id).await?;
    let frame = desk(&territory, agent, "billing", server.app.clock.today()).await?;
    let on = tenant.on();
    let regie = tenant.find::<regie::Entity>().filter(regie::Column::Id.eq(bill.bill.regie_id)).one(&on).await?;
    let home = tenant.households().filter(household::Column::Id.eq(bill.bill.household_id)).one(&on).await?;
    let due = bill.bill.due_on.map(|day| format!(", à payer avant le {}", french::long_day(day))).unwrap_or_default();
    let code = regie.as_ref().map(|r| r.code.clone()).unwrap_or_default();
    let by_hand = regie.as_ref().is_some_and(|r| r.mode == "regie");
    let (receipts, forgiven) = (receipts(&tenant, id).await?, forgiven(&tenant, id).await?);
    let withdrawn = by_column(&tenant, invoice::Column::CancelsId, Some(id)).await?.map(|row| (row.id, row.printed_number));
    let withdraws = by_column(&tenant, invoice::Column::Id, bill.bill.cancels_id).await?;
    let withdraws = withdraws.map(|row| (row.id, row.printed_number, bill.bill.reason.clone().unwrap_or_default()));
    let is_open = !bill.is_credit_note() && bill.open() > Cents::ZERO;
    let may = May {
        collect: agent.may(Right::Collect) && by_hand && is_open,
        void: agent.may(Right::Collect),
        forgive: agent.may(Right::Issue) && is_open,
        cancel: agent.may(Right::Issue) && by_hand && !bill.is_credit_note() && withdrawn.is_none(),
    };
    let open_typed = bill.open().to_euros().to_string().replace('.', ",");
    let taken = regie.as_ref().and_then(|r| r.means.clone()).unwrap_or_default();
    told(&server.app, act_of(agent, READ).about("invoice", id)).await?;
    let page = html(&Page {
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
        receipts,
        forgiven,
        notice,
        withdraws,
        withdrawn,
        account: format!("/bureau/{}/comptes/{}/{code}", agent.organisation.code, bill.bill.payer_id),
        may,
        token: new_id(server.app.clock.now())?,
        today: server.app.clock.today().to_string(),
        brought: brought.unwrap_or_else(|| Brought {
            montant: open_typed.clone(),
            jour: server.app.clock.today().to_string(),
            ..Brought::default()
        }),
        open_typed,
        means: means_of(&taken),
        kinds: FORGIVENESS,
    })?;
    Ok((status, page).into_response())
}

async fn by_column(tenant: &Tenant<'_>, column: invoice::Column, id: Option<Uuid>) -> Result<Option<invoice::Model>> {
    let Some(id) = id else { return Ok(None) };
    Ok(tenant.find::<invoice::Entity>().filter(column.eq(id)).one(&tenant.on()).await?)
}

/// Money taken in for a bill, in its order.
async fn receipts(tenant: &Tenant<'_>, bill: Uuid) -> Result<Vec<SaidReceipt>> {
    let on = tenant.on();
    let rows =
        tenant.find::<receipt::Entity>().filter(receipt::Column::InvoiceId.eq(bill)).order_by_asc(receipt::Column::AtMs).all(&on).await?;
    let voids = tenant.find::<receipt_void::Entity>().filter(receipt_void::Column::ReceiptId.is_in(rows.iter().map(|row| row.id)));
    let voids = voids.all(&on).await?;
    let said = |row: receipt::Model| {
        let reference = if row.reference.is_empty() { String::new() } else { format!(" ({})", row.reference) };
        SaidReceipt {
            said: format!(
                "{}, {}{reference}, quittance {}",
                french::long_day(row.received_on),
                means_label(&row.means),
                row.printed_number
            ),
            amount: Cents(row.amount_cents).to_string(),
            void: voids.iter().find(|void| void.receipt_id == row.id).map(|void| void.reason.clone()),
            id: row.id,
        }
    };
    Ok(rows.into_iter().map(said).collect())
}

/// What was forgiven of a bill.
async fn forgiven(tenant: &Tenant<'_>, bill: Uuid) -> Result<Vec<String>> {
    let rows = tenant.find::<forgiveness::Entity>().filter(forgiveness::Column::InvoiceId.eq(bill));
    let said = |row: forgiveness::Model| {
        let kind = FORGIVENESS.iter().find(|(code, _)| *code == row.kind).map_or("Remise", |(_, label)| label);
        format!("{kind} de {} : {}", Cents(row.amount_cents), row.deliberation)
    };
    Ok(rows.order_by_asc(forgiveness::Column::AtMs).all(&tenant.on()).await?.into_iter().map(said).collect())
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
