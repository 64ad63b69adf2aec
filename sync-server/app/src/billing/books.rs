//! `preau-server ledger verify`: the laws of the books (`rules::books`) over what is stored.

use super::issue::{BILL, CREDIT_NOTE};
use crate::app::{App, Place};
use crate::cli::Outcome;
use crate::payments;
use crate::store::entity::{
    allocation, invoice, invoice_line, ledger_entry, ledger_posting, number_sequence, organisation, payment, receipt, receipt_void, regie,
};
use crate::store::{Tenant, Territory};
use crate::{Error, Result};
use rules::books::{Allocation, Bill, Books, Ended, Entry, Kind, Payment};
use rules::ledger::{Account, Posting};
use sea_orm::{QueryOrder, QuerySelect};
use shared::french;
use shared::id::OrganisationId;
use shared::money::Cents;
use std::collections::{BTreeMap, HashMap, HashSet};
use uuid::Uuid;

/// Arguments of `ledger verify`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Seulement cette collectivité
    #[arg(long, value_name = "CODE")]
    pub organisation: Option<String>,
}

/// Runs `ledger verify`.
///
/// # Errors
/// An organisation that doesn't exist; the database's.
pub async fn run(place: &Place, args: &Args) -> Result<Outcome> {
    let app = App::open(place).await?;
    // One moment of all tables: a bill and its posting are seen together or not at all.
    let reading = app.db.snapshot().await?;
    let territory = Territory::new(app.territoire(), &reading);
    let organisations = match &args.organisation {
        Some(code) => vec![territory.organisation(Some(code)).await?],
        None => territory.organisations().await?,
    };
    let mut broken = 0;
    for organisation in organisations {
        broken += verify(&territory, &organisation).await?;
    }
    if broken > 0 {
        println!("{}.", french::count(u32::try_from(broken).unwrap_or(u32::MAX), "erreur dans les comptes", "erreurs dans les comptes"));
        return Ok(Outcome::Finding);
    }
    println!("Les comptes tombent juste.");
    Ok(Outcome::Done)
}

/// Prints where an organisation's régies stand and what is broken; gives how much of it.
async fn verify(territory: &Territory<'_>, organisation: &organisation::Model) -> Result<usize> {
    let tenant = territory.tenant(OrganisationId(organisation.id));
    let books = read(&tenant).await?;
    let (findings, standings) = (books.findings(), books.standings());
    let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    for regie in tenant.find::<regie::Entity>().order_by_asc(regie::Column::Code).all(&tenant.on()).await? {
        let Some(standing) = standings.get(&regie.id) else { continue };
        println!(
            "{} · {} : {} et {}, {} facturés, {} encaissés, {} remis, {} à payer, {} d’avance",
            organisation.code,
            regie.code,
            french::count(number(standing.bills), "facture", "factures"),
            french::count(number(standing.credit_notes), "avoir", "avoirs"),
            standing.billed,
            standing.received,
            standing.forgiven,
            standing.open,
            standing.credit
        );
    }
    for finding in &findings {
        println!("✗ {} · {finding}", organisation.code);
    }
    Ok(findings.len())
}

/// An organisation's books. Only figures are read: an explanation is many times its line.
///
/// # Errors
/// The database's; a row that no program of ours writes.
pub async fn read(tenant: &Tenant<'_>) -> Result<Books<Uuid>> {
    let on = tenant.on();
    let sequences = tenant.find::<number_sequence::Entity>().all(&on).await?;
    let payments = tenant.find::<payment::Entity>().all(&on).await?;
    let receipts = tenant.find::<receipt::Entity>().all(&on).await?;
    let voids: HashSet<Uuid> = tenant.find::<receipt_void::Entity>().all(&on).await?.into_iter().map(|row| row.receipt_id).collect();
    let received = receipts.into_iter().map(|row| Payment {
        id: row.id,
        amount: Cents(row.amount_cents),
        ended: if voids.contains(&row.id) { Ended::Rejected } else { Ended::Paid },
    });
    let allocations = tenant.find::<allocation::Entity>().all(&on).await?;
    Ok(Books {
        bills: bills(tenant).await?,
        entries: entries(tenant).await?,
        payments: payments
            .into_iter()
            .map(|row| Payment { id: row.id, amount: Cents(row.amount_cents), ended: ended(&row.state) })
            .chain(received)
            .collect(),
        allocations: allocations
            .into_iter()
            .map(|row| Allocation { entry: row.entry_id, bill: row.invoice_id, line: row.line_number, amount: Cents(row.amount_cents) })
            .collect(),
        last_numbers: sequences
            .into_iter()
            .filter(|row| [BILL, CREDIT_NOTE].contains(&row.kind.as_str()))
            .map(|row| ((row.regie_id, row.exercise, row.kind == CREDIT_NOTE), row.last_number))
            .collect(),
    })
}

fn ended(state: &str) -> Ended {
    match state {
        payments::PAID => Ended::Paid,
        payments::REJECTED => Ended::Rejected,
        _ => Ended::Unpaid,
    }
}

async fn bills(tenant: &Tenant<'_>) -> Result<Vec<Bill<Uuid>>> {
    use invoice_line::Column::{AmountCents, InvoiceId, Number};
    let on = tenant.on();
    let figures = tenant.find::<invoice_line::Entity>().select_only().columns([InvoiceId, Number, AmountCents]);
    let mut lines: HashMap<Uuid, BTreeMap<i32, Cents>> = HashMap::new();
    for (bill, number, amount) in figures.into_tuple::<(Uuid, i32, i64)>().all(&on).await? {
        lines.entry(bill).or_default().insert(number, Cents(amount));
    }
    let rows = tenant.find::<invoice::Entity>().order_by_asc(invoice::Column::PrintedNumber).all(&on).await?;
    let bill = |row: invoice::Model| Bill {
        id: row.id,
        regie: row.regie_id,
        is_credit_note: row.kind == CREDIT_NOTE,
        name: row.printed_number,
        exercise: row.exercise,
        number: row.number,
        total: Cents(row.total_cents),
        lines: lines.remove(&row.id).unwrap_or_default(),
    };
    Ok(rows.into_iter().map(bill).collect())
}

async fn entries(tenant: &Tenant<'_>) -> Result<Vec<Entry<Uuid>>> {
    let on = tenant.on();
    let mut postings: HashMap<Uuid, Vec<Posting>> = HashMap::new();
    for row in tenant.find::<ledger_posting::Entity>().order_by_asc(ledger_posting::Column::Number).all(&on).await? {
        let account = match row.account.as_str() {
            "famille" => Account::Family,
            "produit" => Account::Product(row.detail),
            "encaisse" => Account::Cash(row.detail),
            "perte" => Account::Loss(row.detail),
            other => return Err(Error::Finding(format!("L’écriture {} porte un compte inconnu, « {other} ».", row.entry_id))),
        };
        postings.entry(row.entry_id).or_default().push(Posting { account, amount: Cents(row.amount_cents) });
    }
    let rows = tenant.find::<ledger_entry::Entity>().order_by_asc(ledger_entry::Column::AtMs).order_by_asc(ledger_entry::Column::Id);
    let entry = |row: ledger_entry::Model| {
        let kind = match row.kind.as_str() {
            "facture" => Kind::Bill,
            "avoir" => Kind::CreditNote,
            "paiement" => Kind::Payment,
            "rejet" => Kind::Rejection,
            "remise" => Kind::WriteOff,
            other => return Err(Error::Finding(format!("L’écriture {} est d’un genre inconnu, « {other} ».", row.id))),
        };
        let postings = postings.remove(&row.id).unwrap_or_default();
        Ok(Entry { id: row.id, regie: row.regie_id, kind, bill: row.invoice_id, payment: row.payment_id.or(row.receipt_id), postings })
    };
    rows.all(&on).await?.into_iter().map(entry).collect()
}
