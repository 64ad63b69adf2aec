//! A month's draft: what would be billed, what stands in the way, and each bill with its why.

use super::day::Notice;
use super::draft_compared::{Compared, compared};
use super::{Frame, act_of, desk, snapshot, told, who};
use crate::billing::draft::{of_household, priced};
use crate::billing::names::Names;
use crate::identity::{Agent, Right};
use crate::page::html;
use crate::serve::Server;
use crate::store::entity::{billing_decision, billing_run, household as homes};
use crate::store::{Tenant, Territory};
use crate::{Error, Result};
use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use rules::Priced;
use rules::cnaf::Indicator;
use rules::draft::{Invoice, Line};
use rules::input::Request;
use rules::problem::{Decision, Problem};
use rules::wording::{Reader, Why, decimal, why};
use sea_orm::{ColumnTrait, QueryFilter, QueryOrder};
use serde::Deserialize;
use shared::calendar::Month;
use shared::french;
use shared::money::Cents;
use std::collections::{BTreeMap, HashMap};
use utoipa::ToSchema;
use uuid::Uuid;

/// Opens a bill of the draft: it tells of a child's days.
pub(super) const READ: &str = "GET /bureau/{organisation}/facturation/{month}/{regie}/{household}/{payer}";
/// Rows of one page: a browser shows a thousand bills badly.
const BILLS_A_PAGE: usize = 100;
/// Problems of one kind shown before the rest is only counted.
const PROBLEMS_SHOWN_MAX: usize = 60;
/// A kind with so few problems stands open.
const PROBLEMS_OPEN_MAX: usize = 5;

#[derive(Debug, Default, Deserialize, ToSchema)]
pub(super) struct Asked {
    /// `2026-10`; by default the month before today's.
    mois: Option<String>,
    /// From 1.
    page: Option<usize>,
    /// Part of a name.
    cherche: Option<String>,
    /// What was just done: a key of [`DONE`].
    fait: Option<String>,
}

/// What was done, as the page says it after the act.
const DONE: [(&str, &str); 2] = [
    ("decide", "La décision est prise, et le brouillon recalculé. Une autre décision peut la remplacer."),
    ("rien", "Rien de nouveau à facturer pour ce mois : aucune facture n’a été émise."),
];

#[derive(Template)]
#[template(path = "office/draft.html")]
struct Page {
    frame: Frame,
    notice: Option<Notice>,
    month: String,
    said_month: String,
    before: String,
    after: String,
    may_decide: bool,
    may_issue: bool,
    regies: Vec<OfRegie>,
    creches: Vec<Creche>,
    compared: Option<Compared>,
    runs: Vec<Run>,
    total: String,
    count: usize,
    blocking: usize,
    others: usize,
    lists: Vec<Problems>,
    search: String,
    bills: Vec<Row>,
    found: usize,
    page: usize,
    pages: usize,
}

/// What one régie would bill.
struct OfRegie {
    name: String,
    bills: usize,
    total: String,
}

/// The hours that the CNAF pays a crèche by.
struct Creche {
    name: String,
    done: String,
    billed: String,
    rate: String,
}

impl Creche {
    fn of(indicator: &Indicator, names: &Names) -> Self {
        Self {
            name: names.centre(&indicator.centre).to_owned(),
            done: decimal(indicator.hours_done),
            billed: decimal(indicator.hours_billed),
            rate: indicator.rate_percent.map_or_else(|| "–".to_owned(), |rate| format!("{}\u{a0}%", decimal(rate))),
        }
    }
}

/// What was issued of the month.
struct Run {
    id: Uuid,
    said: String,
}

/// Problems of one weight.
struct Problems {
    title: &'static str,
    mark: &'static str,
    total: usize,
    kinds: Vec<OfKind>,
}

/// Problems of one kind.
struct OfKind {
    code: &'static str,
    title: &'static str,
    total: usize,
    open: bool,
    /// What may be decided: code and button.
    choices: Vec<(&'static str, &'static str)>,
    shown: Vec<SaidProblem>,
}

struct SaidProblem {
    /// What a decision is filed under.
    name: String,
    /// "Facturer, le 3 octobre, Claire Roche".
    decided: Option<String>,
    date: String,
    place: String,
    who: String,
    message: String,
}

struct Row {
    payer: String,
    household: String,
    regie: String,
    lines: usize,
    total: String,
    href: String,
}

/// `GET /bureau/{organisation}/facturation`.
pub(super) async fn page(State(server): State<Server>, agent: Agent, Query(asked): Query<Asked>) -> Result<Response> {
    agent.must(Right::SeeBilling)?;
    let reading = snapshot(&server.app).await?;
    let territory = Territory::new(server.app.territoire(), &reading);
    let frame = desk(&territory, &agent, "billing", server.app.clock.today()).await?;
    let month = match &asked.mois {
        Some(text) => month_of(text)?,
        None => Month::of(server.app.clock.today()).previous(),
    };
    let tenant = territory.tenant(agent.organisation_id());
    let request = Request { month, regie: None, with_entry_ids: false };
    let (Priced { draft, indicators }, names) = (priced(&tenant, request).await?, Names::read(&tenant).await?);
    let decided = decided(&territory, &tenant, month).await?;
    let (blocking, others): (Vec<&Problem>, Vec<&Problem>) = draft.problems.iter().partition(|p| p.blocking);
    let (settled, others): (Vec<&Problem>, Vec<&Problem>) = others.into_iter().partition(|p| decided.contains_key(&p.name()));
    let search = asked.cherche.unwrap_or_default();
    let rows: Vec<Row> = draft
        .invoices
        .iter()
        .map(|invoice| row(invoice, &names, &frame.code, month))
        .filter(|row| shared::name::matches(&search, &format!("{} {}", row.payer, row.household)))
        .collect();
    let pages = rows.len().div_ceil(BILLS_A_PAGE).max(1);
    let page = asked.page.unwrap_or(1).clamp(1, pages);
    let found = rows.len();
    let problems = |title, mark, list: &[&Problem]| problems(title, mark, list, &names, &decided);
    html(&Page {
        frame,
        notice: Notice::done(&DONE, asked.fait.as_deref()),
        said_month: french::of_month(month),
        before: month.previous().to_string(),
        after: month.next().to_string(),
        month: month.to_string(),
        may_decide: agent.may(Right::Decide),
        may_issue: agent.may(Right::Issue),
        regies: by_regie(&draft.invoices, &names),
        creches: indicators.iter().map(|indicator| Creche::of(indicator, &names)).collect(),
        compared: compared(&tenant, &draft, month, &names).await?,
        runs: runs(&tenant, month).await?,
        total: draft.total_cents.to_string(),
        count: draft.invoices.len(),
        blocking: blocking.len(),
        others: others.len(),
        lists: vec![
            problems("À décider", "grave", &blocking),
            problems("À regarder", "look", &others),
            problems("Décidé", "here", &settled),
        ],
        search,
        bills: rows.into_iter().skip((page - 1) * BILLS_A_PAGE).take(BILLS_A_PAGE).collect(),
        found,
        page,
        pages,
    })
}

/// A month of an address.
pub(super) fn month_of(text: &str) -> Result<Month> {
    text.parse().map_err(|_| Error::input(format!("« {text} » n’est pas un mois : attendu AAAA-MM.")))
}

/// What agents decided of a month, as said, by the problem's name; the last word of each holds.
async fn decided(territory: &Territory<'_>, tenant: &Tenant<'_>, month: Month) -> Result<HashMap<String, String>> {
    let of_month = tenant.find::<billing_decision::Entity>().filter(billing_decision::Column::Month.eq(month.to_string()));
    let in_order = of_month.order_by_asc(billing_decision::Column::DecidedAtMs).order_by_asc(billing_decision::Column::Id);
    let rows = in_order.all(&tenant.on()).await?;
    let names = who::names(territory, rows.iter().map(|row| row.decided_by.as_str()).collect()).await?;
    let said = |row: billing_decision::Model| {
        let label = Decision::of(&row.decision)?.label();
        let day = french::day(shared::calendar::business_day(shared::calendar::instant_from_ms(row.decided_at_ms)));
        let reason = row.reason.map(|reason| format!(" : {reason}")).unwrap_or_default();
        Some((row.problem, format!("{label}, le {day}, {}{reason}", who::of(&names, &row.decided_by))))
    };
    Ok(rows.into_iter().filter_map(said).collect())
}

fn by_regie(invoices: &[Invoice], names: &Names) -> Vec<OfRegie> {
    let mut sums: BTreeMap<&str, (usize, Cents)> = BTreeMap::new();
    for invoice in invoices {
        let (bills, total) = sums.entry(&invoice.regie).or_default();
        (*bills, *total) = (*bills + 1, *total + invoice.total_cents);
    }
    sums.into_iter().map(|(code, (bills, total))| OfRegie { name: names.regie(code).to_owned(), bills, total: total.to_string() }).collect()
}

async fn runs(tenant: &Tenant<'_>, month: Month) -> Result<Vec<Run>> {
    let of_month = tenant.find::<billing_run::Entity>().filter(billing_run::Column::Month.eq(month.to_string()));
    let rows = of_month.order_by_desc(billing_run::Column::IssuedAtMs).all(&tenant.on()).await?;
    let said = |row: billing_run::Model| {
        let count = |n: i64, one, many| french::count(u32::try_from(n).unwrap_or(u32::MAX), one, many);
        let (bills, notes) = (count(row.invoice_count, "facture", "factures"), count(row.credit_note_count, "avoir", "avoirs"));
        Run { id: row.id, said: format!("{} : {bills} et {notes}, {}", french::long_day(row.issued_on), Cents(row.total_cents)) }
    };
    Ok(rows.into_iter().map(said).collect())
}

/// Problems by kind, those that are many last and folded.
fn problems(title: &'static str, mark: &'static str, problems: &[&Problem], names: &Names, decided: &HashMap<String, String>) -> Problems {
    let mut by_kind: BTreeMap<&str, Vec<&Problem>> = BTreeMap::new();
    for problem in problems {
        by_kind.entry(problem.kind.code()).or_default().push(problem);
    }
    let kind = |of_kind: Vec<&Problem>| OfKind {
        code: of_kind[0].kind.code(),
        title: of_kind[0].kind.title(),
        total: of_kind.len(),
        open: of_kind.len() <= PROBLEMS_OPEN_MAX,
        choices: Decision::possible(of_kind[0].kind).iter().map(|decision| (decision.code(), decision.label())).collect(),
        shown: of_kind.iter().take(PROBLEMS_SHOWN_MAX).map(|p| problem(p, names, decided)).collect(),
    };
    let mut kinds: Vec<OfKind> = by_kind.into_values().map(kind).collect();
    kinds.sort_by_key(|kind| (kind.total, kind.title));
    Problems { title, mark, total: problems.len(), kinds }
}

fn problem(problem: &Problem, names: &Names, decided: &HashMap<String, String>) -> SaidProblem {
    let name = problem.name();
    SaidProblem {
        decided: decided.get(&name).cloned(),
        name,
        date: problem.date.map(french::short_day).unwrap_or_default(),
        place: problem.centre.as_deref().map(|code| names.centre(code).to_owned()).unwrap_or_default(),
        who: who_is(problem, names),
        message: problem.message.clone(),
    }
}

/// "Léa Martin", "Foyer Martin".
pub(super) fn who_is(problem: &Problem, names: &Names) -> String {
    match (&problem.child, &problem.household) {
        (Some(child), _) => names.child(child).to_owned(),
        (None, Some(household)) => format!("Foyer {}", names.household(household)),
        (None, None) => String::new(),
    }
}

fn row(invoice: &Invoice, names: &Names, organisation: &str, month: Month) -> Row {
    let Invoice { regie, household, payer, total_cents, lines } = invoice;
    let nobody = payer.is_empty();
    Row {
        payer: if nobody { "sans payeur".into() } else { names.adult(payer).to_owned() },
        household: names.household(household).to_owned(),
        regie: names.regie(regie).to_owned(),
        lines: lines.len(),
        total: total_cents.to_string(),
        href: format!("/bureau/{organisation}/facturation/{month}/{regie}/{household}/{}", if nobody { "-" } else { payer }),
    }
}

#[derive(Template)]
#[template(path = "office/draft_bill.html")]
struct Bill {
    frame: Frame,
    month: String,
    said_month: String,
    regie: String,
    payer: String,
    household: String,
    total: String,
    lines: Vec<SaidLine>,
}

struct SaidLine {
    child: String,
    label: String,
    centre: String,
    amount: String,
    why: Why,
}

/// `GET /bureau/{organisation}/facturation/{month}/{regie}/{household}/{payer}`: one bill of the draft, line by line.
pub(super) async fn bill(
    State(server): State<Server>,
    agent: Agent,
    Path((_, month, regie, household, payer)): Path<(String, String, String, String, String)>,
) -> Result<Response> {
    agent.must(Right::SeeBilling)?;
    let reading = snapshot(&server.app).await?;
    let territory = Territory::new(server.app.territoire(), &reading);
    let frame = desk(&territory, &agent, "billing", server.app.clock.today()).await?;
    let nothing = || Error::NotFound("Cette facture".into());
    let month: Month = month.parse().map_err(|_| nothing())?;
    let tenant = territory.tenant(agent.organisation_id());
    let names = Names::read(&tenant).await?;
    let payer = if payer == "-" { String::new() } else { payer };
    let home = tenant.households().filter(homes::Column::Code.eq(household.as_str())).one(&tenant.on()).await?.ok_or_else(nothing)?;
    let draft = of_household(&tenant, &household, Request { month, regie: Some(&regie), with_entry_ids: true }).await?;
    let found = draft.invoices.iter().find(|i| i.regie == regie && i.household == household && i.payer == payer).ok_or_else(nothing)?;
    told(&server.app, act_of(&agent, READ).about("household", home.id)).await?;
    let line = |line: &Line| SaidLine {
        child: names.child(&line.child).to_owned(),
        label: line.label.clone(),
        centre: names.centre(&line.centre).to_owned(),
        amount: line.amount_cents.to_string(),
        why: why(line, Reader::Agent),
    };
    html(&Bill {
        frame,
        said_month: french::of_month(month),
        month: month.to_string(),
        regie: names.regie(&regie).to_owned(),
        payer: if payer.is_empty() { "sans payeur".into() } else { names.adult(&payer).to_owned() },
        household: names.household(&household).to_owned(),
        total: found.total_cents.to_string(),
        lines: found.lines.iter().map(line).collect(),
    })
}
