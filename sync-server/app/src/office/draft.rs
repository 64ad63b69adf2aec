//! A month's draft: what would be billed, what stands in the way, and each bill with its why.

use super::{Frame, desk, snapshot};
use crate::billing::draft::draft;
use crate::billing::names::Names;
use crate::page::html;
use crate::serve::Server;
use crate::store::Territory;
use crate::{Error, Result};
use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use rules::draft::{Invoice, Line};
use rules::problem::Problem;
use rules::wording::{Reader, Why, why};
use serde::Deserialize;
use shared::calendar::Month;
use shared::french;
use shared::id::OrganisationId;
use std::collections::BTreeMap;

/// Rows of one page: a browser shows a thousand bills badly.
const BILLS_A_PAGE: usize = 100;
/// Problems of one kind shown before the rest is only counted.
const PROBLEMS_SHOWN_MAX: usize = 60;
/// A kind with so few problems stands open.
const PROBLEMS_OPEN_MAX: usize = 5;

#[derive(Debug, Default, Deserialize)]
pub(super) struct Asked {
    /// `2026-10`; by default the month before today's.
    mois: Option<String>,
    /// From 1.
    page: Option<usize>,
    /// Part of a name.
    cherche: Option<String>,
}

#[derive(Template)]
#[template(path = "office/draft.html")]
struct Page {
    frame: Frame,
    month: String,
    said_month: String,
    before: String,
    after: String,
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

/// Problems of one weight.
struct Problems {
    title: &'static str,
    mark: &'static str,
    total: usize,
    kinds: Vec<OfKind>,
}

/// Problems of one kind.
struct OfKind {
    title: &'static str,
    total: usize,
    open: bool,
    shown: Vec<SaidProblem>,
}

struct SaidProblem {
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
pub(super) async fn page(State(server): State<Server>, Path(code): Path<String>, Query(asked): Query<Asked>) -> Result<Response> {
    let reading = snapshot(&server.app).await?;
    let territory = Territory::new(server.app.territoire(), &reading);
    let (organisation, frame) = desk(&territory, &code, "billing").await?;
    let month = match &asked.mois {
        Some(text) => text.parse().map_err(|_| Error::input(format!("« {text} » n’est pas un mois : attendu AAAA-MM.")))?,
        None => Month::of(server.app.clock.today()).previous(),
    };
    let tenant = territory.tenant(OrganisationId(organisation.id));
    let (draft, names) = (draft(&tenant, month, None, false).await?, Names::read(&tenant).await?);
    let (blocking, others): (Vec<&Problem>, Vec<&Problem>) = draft.problems.iter().partition(|p| p.blocking);
    let search = asked.cherche.unwrap_or_default();
    let rows: Vec<Row> = draft
        .invoices
        .iter()
        .map(|invoice| row(invoice, &names, &code, month))
        .filter(|row| shared::name::matches(&search, &format!("{} {}", row.payer, row.household)))
        .collect();
    let pages = rows.len().div_ceil(BILLS_A_PAGE).max(1);
    let page = asked.page.unwrap_or(1).clamp(1, pages);
    let found = rows.len();
    html(&Page {
        frame,
        said_month: french::of_month(month),
        before: month.previous().to_string(),
        after: month.next().to_string(),
        month: month.to_string(),
        total: draft.total_cents.to_string(),
        count: draft.invoices.len(),
        blocking: blocking.len(),
        others: others.len(),
        lists: vec![problems("À décider", "grave", &blocking, &names), problems("À regarder", "look", &others, &names)],
        search,
        bills: rows.into_iter().skip((page - 1) * BILLS_A_PAGE).take(BILLS_A_PAGE).collect(),
        found,
        page,
        pages,
    })
}

/// Problems by kind, those that are many last and folded.
fn problems(title: &'static str, mark: &'static str, problems: &[&Problem], names: &Names) -> Problems {
    let mut by_kind: BTreeMap<&str, Vec<&Problem>> = BTreeMap::new();
    for problem in problems {
        by_kind.entry(problem.kind.code()).or_default().push(problem);
    }
    let kind = |of_kind: Vec<&Problem>| OfKind {
        title: of_kind[0].kind.title(),
        total: of_kind.len(),
        open: of_kind.len() <= PROBLEMS_OPEN_MAX,
        shown: of_kind.iter().take(PROBLEMS_SHOWN_MAX).map(|p| problem(p, names)).collect(),
    };
    let mut kinds: Vec<OfKind> = by_kind.into_values().map(kind).collect();
    kinds.sort_by_key(|kind| (kind.total, kind.title));
    Problems { title, mark, total: problems.len(), kinds }
}

fn problem(problem: &Problem, names: &Names) -> SaidProblem {
    let who = match (&problem.child, &problem.household) {
        (Some(child), _) => names.child(child).to_owned(),
        (None, Some(household)) => format!("Foyer {}", names.household(household)),
        (None, None) => String::new(),
    };
    SaidProblem {
        date: problem.date.map(french::short_day).unwrap_or_default(),
        place: problem.centre.as_deref().map(|code| names.centre(code).to_owned()).unwrap_or_default(),
        who,
        message: problem.message.clone(),
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
    Path((code, month, regie, household, payer)): Path<(String, String, String, String, String)>,
) -> Result<Response> {
    let reading = snapshot(&server.app).await?;
    let territory = Territory::new(server.app.territoire(), &reading);
    let (organisation, frame) = desk(&territory, &code, "billing").await?;
    let nothing = || Error::NotFound("Cette facture".into());
    let month: Month = month.parse().map_err(|_| nothing())?;
    let tenant = territory.tenant(OrganisationId(organisation.id));
    let names = Names::read(&tenant).await?;
    let payer = if payer == "-" { String::new() } else { payer };
    let draft = draft(&tenant, month, Some(&regie), true).await?;
    let found = draft.invoices.iter().find(|i| i.regie == regie && i.household == household && i.payer == payer).ok_or_else(nothing)?;
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
