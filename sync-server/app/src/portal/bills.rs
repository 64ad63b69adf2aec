//! The list of bills, régie by régie: what is open, what is paid, what was given back. One régie is never set against another.

use super::Frame;
use super::bill::state;
use super::reading::{Bill, Me, bills};
use crate::Result;
use crate::identity::Guardian;
use crate::page::html;
use crate::serve::Server;
use crate::store::Territory;
use crate::store::entity::ledger_posting;
use askama::Template;
use axum::extract::State;
use axum::response::Response;
use sea_orm::{ColumnTrait, QueryFilter};
use shared::calendar::Month;
use shared::french;
use shared::money::Cents;
use std::collections::{BTreeMap, HashMap};
use uuid::Uuid;

/// The ledger's account of what families owe.
const OWED: &str = "famille";

#[derive(Template)]
#[template(path = "portal/bills.html")]
struct Page {
    frame: Frame,
    regies: Vec<Regie>,
}

struct Regie {
    id: Uuid,
    name: String,
    organisation: String,
    /// "À payer : 84,10 €".
    balance: String,
    /// What the régie owes, where it owes something.
    credit: Option<String>,
    bills: Vec<Row>,
}

struct Row {
    href: String,
    title: String,
    number: String,
    amount: String,
    tag: String,
    mark: &'static str,
    /// Whose, where it isn't the reader's.
    payer: Option<String>,
}

/// `GET /famille/factures`.
pub(super) async fn page(State(server): State<Server>, guardian: Guardian) -> Result<Response> {
    let (now, today) = (server.app.clock.now(), server.app.clock.today());
    let reading = server.app.db.snapshot().await?;
    let territory = Territory::new(server.app.territoire(), &reading);
    let me = Me::read(&territory, &guardian, now).await?;
    let bills = bills(&territory, &me).await?;
    let owed = owed(&territory, &me).await?;
    let mut by_regie: BTreeMap<(String, String, Uuid), Vec<&Bill>> = BTreeMap::new();
    for bill in &bills {
        by_regie.entry((bill.organisation.name.clone(), bill.regie.name.clone(), bill.regie.id)).or_default().push(bill);
    }
    let regie = |((organisation, name, id), bills): ((String, String, Uuid), Vec<&Bill>)| {
        let open: Cents = bills.iter().map(|bill| bill.open()).sum();
        let mine: Cents = bills.iter().filter(|bill| bill.is_mine).map(|bill| bill.open()).sum();
        // What the ledger owes less than the reader's bills are open for is a credit that no bill has taken up yet.
        let credit = owed.get(&id).map(|balance| mine - *balance).filter(|credit| *credit > Cents::ZERO);
        Regie {
            id,
            name,
            organisation,
            balance: if open == Cents::ZERO { "Rien à payer.".into() } else { format!("À payer : {open}") },
            credit: credit.map(|credit| credit.to_string()),
            bills: bills.into_iter().map(|bill| row(bill, today)).collect(),
        }
    };
    let page = Page { frame: Frame::of(&guardian, "bills"), regies: by_regie.into_iter().map(regie).collect() };
    html(&page)
}

/// What the reader owes to each régie, by the ledger: nobody else's account is read.
async fn owed(territory: &Territory<'_>, me: &Me) -> Result<HashMap<Uuid, Cents>> {
    let of_person = territory.across::<ledger_posting::Entity>(ledger_posting::Column::TerritoireId);
    let of_person = of_person.filter(ledger_posting::Column::PayerId.eq(me.person.id)).filter(ledger_posting::Column::Account.eq(OWED));
    let mut owed: HashMap<Uuid, Cents> = HashMap::new();
    for posting in of_person.all(&territory.on()).await? {
        *owed.entry(posting.regie_id).or_default() += Cents(posting.amount_cents);
    }
    Ok(owed)
}

fn row(bill: &Bill, today: chrono::NaiveDate) -> Row {
    let (tag, mark) = state(bill, today);
    Row {
        href: bill.href(),
        title: title(bill),
        number: bill.issued.bill.printed_number.clone(),
        amount: bill.issued.total().to_string(),
        tag,
        mark,
        payer: (!bill.is_mine).then(|| super::bill::payer(bill)),
    }
}

/// "Facture d’octobre 2026".
pub(super) fn title(bill: &Bill) -> String {
    let kind = if bill.issued.is_credit_note() { "Avoir" } else { "Facture" };
    match bill.issued.bill.month.parse::<Month>() {
        Ok(month) => format!("{kind} {}", french::of_month(month)),
        Err(_) => kind.to_owned(),
    }
}
