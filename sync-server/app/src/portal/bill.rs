//! One bill: what it comes to, how to pay it, and why, line by line, for this reader.

use super::Frame;
use super::bills::title;
use super::question::{Refused, asked_about};
use super::reading::{Bill, Me, bill};
use crate::Result;
use crate::billing::issue::Addressee;
use crate::billing::issued::IssuedLine;
use crate::identity::audit::{self, Act};
use crate::identity::{Csrf, Guardian};
use crate::page::html;
use crate::payments::{self, Offer};
use crate::serve::Server;
use crate::settings::Settings;
use crate::store::Territory;
use crate::store::entity::question;
use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use chrono::NaiveDate;
use rules::wording::{Reader, Why};
use shared::calendar::{business_day, instant_from_ms};
use shared::french;
use shared::money::Cents;

const ROUTE: &str = "GET /famille/factures/{id}";

#[derive(Template)]
#[template(path = "portal/bill.html")]
pub(super) struct Page {
    frame: Frame,
    csrf: Csrf,
    title: String,
    total: String,
    tag: String,
    mark: &'static str,
    number: String,
    regie: String,
    payer: String,
    /// "10,00 € déjà payés, il reste 19,60 €."
    withdrawn: Option<String>,
    partly: Option<String>,
    is_credit_note: bool,
    pay: Pay,
    href: String,
    lines: Vec<SaidLine>,
    /// Whether some lines are shown without their times.
    is_partial: bool,
}

/// How a bill can be paid here.
enum Pay {
    /// With a button.
    Button,
    /// Not, and why.
    Says(String),
    /// Somebody began to: where that stands, and where a payer whose browser was closed goes on.
    Follow { sentence: String, href: String },
    /// Nothing is to pay.
    Nothing,
}

struct SaidLine {
    number: i32,
    child: String,
    label: String,
    /// Only where the reader may know it.
    place: Option<String>,
    amount: String,
    /// "Voir les 10 jours".
    days: String,
    why: Why,
    questions: Vec<Asked>,
    /// What was typed and refused.
    refused: Option<Refused>,
}

struct Asked {
    when: String,
    text: String,
    answer: Option<String>,
}

/// `GET /famille/factures/{id}`.
pub(super) async fn page(State(server): State<Server>, guardian: Guardian, Path(id): Path<String>) -> Result<Response> {
    let found = read(&server, &guardian, &id).await?;
    told(&server, &guardian, &found, ROUTE).await?;
    html(&shown(&server, &guardian, &found, None).await?)
}

/// A bill that the caller may open.
pub(super) async fn read(server: &Server, guardian: &Guardian, id: &str) -> Result<Bill> {
    let reading = server.app.db.snapshot().await?;
    let territory = Territory::new(server.app.territoire(), &reading);
    let me = Me::read(&territory, guardian, server.app.clock.now()).await?;
    bill(&territory, &me, id).await
}

/// The line of the audit: a bill tells of a child's days.
pub(super) async fn told(server: &Server, guardian: &Guardian, bill: &Bill, route: &str) -> Result<()> {
    let app = &server.app;
    let transaction = app.db.begin().await?;
    let territory = Territory::new(app.territoire(), &transaction);
    let act = Act::account(guardian.account.0, bill.capacity(), "portail", route);
    audit::write(&territory, app.clock.now(), act.about("invoice", bill.issued.bill.id).of(bill.organisation_id())).await?;
    transaction.commit().await?;
    Ok(())
}

/// The page; with a question that was refused, beside its field.
pub(super) async fn shown(server: &Server, guardian: &Guardian, bill: &Bill, refused: Option<&Refused>) -> Result<Page> {
    let reading = server.app.db.snapshot().await?;
    let territory = Territory::new(server.app.territoire(), &reading);
    let questions = asked_about(&territory.tenant(bill.organisation_id()), bill, guardian).await?;
    let (tag, mark) = state(bill, server.app.clock.today());
    let (total, open, paid) = (bill.issued.total(), bill.open(), bill.issued.paid());
    let is_credit_note = bill.issued.is_credit_note();
    let is_partly_paid = !is_credit_note && paid > Cents::ZERO && open > Cents::ZERO;
    Ok(Page {
        frame: Frame::of(guardian, "bills"),
        csrf: guardian.csrf.clone(),
        title: title(bill),
        total: total.to_string(),
        tag,
        mark,
        number: bill.issued.bill.printed_number.clone(),
        regie: bill.regie.name.clone(),
        payer: payer(bill),
        partly: is_partly_paid.then(|| format!("{paid} déjà payés : il reste {open}.")),
        is_credit_note,
        withdrawn: withdrawn(bill),
        pay: pay(bill, &server.app.settings, server.app.clock.now_ms()),
        href: bill.href(),
        lines: bill.issued.lines.iter().map(|line| said_line(bill, line, &questions, refused)).collect(),
        is_partial: !bill.is_read_whole(),
    })
}

/// That a bill was withdrawn, or what a credit note withdraws and why.
fn withdrawn(bill: &Bill) -> Option<String> {
    let reason = bill.issued.bill.reason.as_deref().unwrap_or_default();
    match (&bill.issued.withdrawn_by, &bill.issued.withdraws) {
        (Some(note), _) => {
            Some(format!("Cette facture est annulée par l’avoir {note}. Ce que vous aviez payé est d’avance sur votre compte."))
        }
        (None, Some(number)) => Some(format!("Cet avoir annule la facture {number} : {reason}")),
        (None, None) => None,
    }
}

fn said_line(bill: &Bill, line: &IssuedLine, questions: &[question::Model], refused: Option<&Refused>) -> SaidLine {
    let reader = bill.reader(line);
    let why = line.why(reader);
    let asked = |row: &question::Model| Asked {
        when: french::day(business_day(instant_from_ms(row.asked_at_ms))),
        text: row.text.clone(),
        answer: row.answer.clone(),
    };
    SaidLine {
        number: line.row.number,
        child: line.row.child_name.clone(),
        // A line that withdraws another says so itself.
        label: if line.row.adjusts && bill.issued.withdraws.is_none() {
            format!("{}, rectification", line.row.label)
        } else {
            line.row.label.clone()
        },
        place: (reader == Reader::Guardian).then(|| line.row.centre_name.clone()),
        amount: Cents(line.row.amount_cents).to_string(),
        days: match why.days.len() {
            1 => "Voir le jour".into(),
            count => format!("Voir les {count} jours"),
        },
        why,
        questions: questions.iter().filter(|q| q.line_number == line.row.number).map(asked).collect(),
        refused: refused.filter(|refused| refused.line == line.row.number).cloned(),
    }
}

/// Who pays, by the name that the bill froze.
pub(super) fn payer(bill: &Bill) -> String {
    serde_json::from_str::<Addressee>(&bill.issued.bill.addressee).map(|addressee| addressee.name).unwrap_or_default()
}

/// Where a bill stands, as a tag says it.
pub(super) fn state(bill: &Bill, today: NaiveDate) -> (String, &'static str) {
    if bill.issued.is_credit_note() {
        return ("avoir".into(), "here");
    }
    if bill.issued.withdrawn_by.is_some() {
        return ("annulée".into(), "here");
    }
    if bill.open() <= Cents::ZERO {
        let word = if bill.issued.total() > Cents::ZERO { "payée" } else { "rien à payer" };
        return (word.into(), "here");
    }
    if bill.under_way.is_some() {
        return ("paiement en cours".into(), "look");
    }
    match bill.issued.bill.due_on {
        Some(due) if due < today => (format!("à payer, échéance du {} passée", french::day(due)), "look"),
        Some(due) => (format!("à payer avant le {}", french::day(due)), "look"),
        None => ("à payer".into(), "look"),
    }
}

/// What can be paid here: the same rule as for the click.
fn pay(bill: &Bill, settings: &Settings, now_ms: i64) -> Pay {
    let offer = payments::offer(&bill.issued, &bill.regie, settings, bill.under_way);
    match (offer, offer.sentence(bill.open(), now_ms)) {
        (Offer::Pay, _) => Pay::Button,
        (Offer::UnderWay(under_way), Some(sentence)) => Pay::Follow { sentence, href: format!("/payfip/retour/{}", under_way.payment) },
        (Offer::Settled, _) | (_, None) => Pay::Nothing,
        (_, Some(sentence)) => Pay::Says(sentence),
    }
}
