//! The first page: where the children are, what is to pay, what comes next, and what has been answered.

use super::Frame;
use super::days::{ChildDays, Now, Said};
use super::reading::{Bill, Me, bills};
use crate::Result;
use crate::identity::Guardian;
use crate::identity::audit::{self, Act};
use crate::page::html;
use crate::serve::Server;
use crate::store::Territory;
use crate::store::entity::question;
use askama::Template;
use axum::extract::State;
use axum::response::Response;
use chrono::{Days, NaiveDate};
use sea_orm::{ColumnTrait, QueryFilter};
use shared::french;
use shared::money::Cents;
use std::collections::BTreeMap;
use uuid::Uuid;

const ROUTE: &str = "GET /famille";
/// Days to come whose bookings are listed.
const DAYS_AHEAD: u64 = 7;
/// How long an answer is told of on the first page.
const ANSWERS_MS: i64 = 30 * 24 * 3_600_000;

#[derive(Template)]
#[template(path = "portal/home.html")]
struct Page {
    frame: Frame,
    first_name: String,
    day: String,
    messages: Vec<Message>,
    children: Vec<Child>,
    to_pay: String,
    regies: Vec<ToPay>,
    coming: Vec<Coming>,
}

/// A sentence, and where it leads.
struct Message {
    text: String,
    href: String,
}

struct Child {
    name: String,
    href: String,
    /// Only where the reader may know it.
    now: Option<Now>,
    may_book: bool,
}

/// What one régie waits for.
struct ToPay {
    regie: String,
    count: String,
    total: String,
    href: String,
}

/// A day's bookings.
struct Coming {
    day: String,
    rows: Vec<(String, Said)>,
}

/// `GET /famille`.
pub(super) async fn page(State(server): State<Server>, guardian: Guardian) -> Result<Response> {
    let (app, now, today) = (&server.app, server.app.clock.now(), server.app.clock.today());
    let reading = app.db.snapshot().await?;
    let territory = Territory::new(app.territoire(), &reading);
    let me = Me::read(&territory, &guardian, now).await?;
    let until = today.checked_add_days(Days::new(DAYS_AHEAD)).unwrap_or(today);
    let mut days: Vec<(String, ChildDays)> = Vec::new();
    let mut children = Vec::new();
    let mut read: Vec<Uuid> = Vec::new();
    for of in &me.children {
        let mut now = None;
        if of.rights.sees_presence {
            let of_child = ChildDays::read(&territory, of.child, today, until).await?;
            now = Some(of_child.now(today));
            days.push((of.first_name.clone(), of_child));
            read.push(of.child.0);
        }
        let name = format!("{} {}", of.first_name, of.last_name);
        children.push(Child { name, href: format!("/famille/enfants/{}", of.child), now, may_book: of.rights.may_book });
    }
    let bills = bills(&territory, &me).await?;
    let page = Page {
        frame: Frame::of(&guardian, "home"),
        first_name: me.person.first_name.clone(),
        day: french::weekday_and_day(today),
        messages: messages(&territory, &guardian, &bills, now.timestamp_millis()).await?,
        to_pay: said_total(&bills),
        regies: by_regie(&bills),
        coming: coming(&days, today, until),
        children,
    };
    drop(reading);
    told(&server, &guardian, ROUTE, &read).await?;
    html(&page)
}

/// A line of the audit for each child whose file a page showed.
pub(super) async fn told(server: &Server, guardian: &Guardian, route: &str, children: &[Uuid]) -> Result<()> {
    if children.is_empty() {
        return Ok(());
    }
    let app = &server.app;
    let transaction = app.db.begin().await?;
    let territory = Territory::new(app.territoire(), &transaction);
    for child in children {
        let act = Act::account(guardian.account.0, "guardian", "portail", route).about("child", *child);
        audit::write(&territory, app.clock.now(), act).await?;
    }
    transaction.commit().await?;
    Ok(())
}

async fn messages(territory: &Territory<'_>, guardian: &Guardian, bills: &[Bill], now_ms: i64) -> Result<Vec<Message>> {
    let mut messages: Vec<Message> = bills
        .iter()
        .filter(|bill| bill.being_paid.is_some())
        .map(|bill| Message {
            text: format!("Un paiement de la facture {} est en cours.", bill.issued.bill.printed_number),
            href: bill.href(),
        })
        .collect();
    let asked = territory.across::<question::Entity>(question::Column::TerritoireId);
    let asked =
        asked.filter(question::Column::AccountId.eq(guardian.account.0)).filter(question::Column::AnsweredAtMs.gte(now_ms - ANSWERS_MS));
    for answered in asked.all(&territory.on()).await? {
        if let Some(bill) = bills.iter().find(|bill| bill.issued.bill.id == answered.invoice_id) {
            let text = format!("Une réponse à votre question sur la facture {} est arrivée.", bill.issued.bill.printed_number);
            messages.push(Message { text, href: format!("{}#ligne-{}", bill.href(), answered.line_number) });
        }
    }
    Ok(messages)
}

fn open(bills: &[Bill]) -> impl Iterator<Item = &Bill> {
    bills.iter().filter(|bill| bill.open() > Cents::ZERO)
}

/// "3 factures, 84,10 €".
fn said(count: usize, total: Cents) -> (String, String) {
    (french::count(u32::try_from(count).unwrap_or(u32::MAX), "facture", "factures"), total.to_string())
}

fn said_total(bills: &[Bill]) -> String {
    let (count, total) = said(open(bills).count(), open(bills).map(Bill::open).sum());
    format!("{count}, {total}")
}

/// One row a régie: what is owed to one is never set against another.
fn by_regie(bills: &[Bill]) -> Vec<ToPay> {
    let mut regies: BTreeMap<(String, String, Uuid), Vec<&Bill>> = BTreeMap::new();
    for bill in open(bills) {
        regies.entry((bill.organisation.name.clone(), bill.regie.name.clone(), bill.regie.id)).or_default().push(bill);
    }
    let row = |((organisation, regie, id), bills): ((String, String, Uuid), Vec<&Bill>)| {
        let (count, total) = said(bills.len(), bills.iter().map(|bill| bill.open()).sum());
        let href = if let [one] = bills.as_slice() { one.href() } else { format!("/famille/factures#regie-{id}") };
        ToPay { regie: format!("{regie}, {organisation}"), count, total, href }
    };
    regies.into_iter().map(row).collect()
}

fn coming(children: &[(String, ChildDays)], today: NaiveDate, until: NaiveDate) -> Vec<Coming> {
    let after_today = today.iter_days().skip(1).take_while(|day| *day <= until);
    let of_day = |day: NaiveDate| Coming {
        day: french::weekday_and_day(day),
        rows: children.iter().flat_map(|(name, days)| days.planned(day).into_iter().map(|said| (name.clone(), said))).collect(),
    };
    after_today.map(of_day).filter(|day| !day.rows.is_empty()).collect()
}
