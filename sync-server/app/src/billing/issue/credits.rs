//! What payers are owed, set against what they owe: a credit note or a payment that was too much pays the oldest open lines.

use crate::Result;
use crate::store::entity::{allocation, child, invoice, invoice_line, ledger_entry, ledger_posting, regie};
use crate::store::{Tenant, insert_all, new_id};
use chrono::NaiveDate;
use rules::ledger::{Allocated, OpenLine, Purse, Purses, allocate as spread};
use sea_orm::sea_query::LockType;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use shared::calendar::Instant;
use shared::money::Cents;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use uuid::Uuid;

/// Ids in one query.
const IDS_A_QUERY_MAX: usize = 500;

/// What one payer has at one régie: lines that are open, and entries that are not used up.
struct Standing {
    open: Vec<OpenLine<Uuid>>,
    rests: Vec<Rest>,
}

/// An entry that is not used up.
struct Rest {
    entry: Uuid,
    left: Cents,
    /// The bill that it is meant for before any other.
    meant: Option<Uuid>,
    /// What it may pay.
    purse: Purse,
}

/// Allocates what is left of credit notes and payments of some payers, oldest entry first; for a payment, the bill that it was meant
/// for before any other.
///
/// # Errors
/// The database's.
pub async fn allocate(tenant: &Tenant<'_>, payers: &BTreeSet<Uuid>, now: Instant) -> Result<()> {
    hold(tenant).await?;
    let payers: Vec<Uuid> = payers.iter().copied().collect();
    let mut rows = Vec::new();
    for payers in payers.chunks(IDS_A_QUERY_MAX) {
        for mut standing in standings(tenant, payers).await? {
            for Rest { entry, left, meant, purse } in std::mem::take(&mut standing.rests) {
                for Allocated { bill, number, amount } in spread(left, meant.as_ref(), purse, &standing.open) {
                    if let Some(line) = standing.open.iter_mut().find(|l| l.bill == bill && l.number == number) {
                        line.open = line.open - amount;
                    }
                    rows.push(allocation::Model {
                        organisation_id: tenant.id().0,
                        id: new_id(now)?,
                        entry_id: entry,
                        invoice_id: bill,
                        line_number: number,
                        amount_cents: amount.0,
                    });
                }
            }
        }
    }
    insert_all(&tenant.on(), rows).await
}

/// Holds the organisation's régies until the transaction ends: a run and a payment, or two payments, at once would each see the same
/// line open and pay it twice. (SQLite has one writer anyway.)
///
/// # Errors
/// The database's.
pub async fn hold(tenant: &Tenant<'_>) -> Result<()> {
    let held = tenant.find::<regie::Entity>().order_by_asc(regie::Column::Id).lock(LockType::NoKeyUpdate);
    held.all(&tenant.on()).await?;
    Ok(())
}

async fn of<E>(tenant: &Tenant<'_>, column: E::Column, ids: &[Uuid]) -> Result<Vec<E::Model>>
where
    E: crate::store::OfOrganisation + EntityTrait,
{
    let mut found = Vec::new();
    for ids in ids.chunks(IDS_A_QUERY_MAX) {
        found.extend(tenant.find::<E>().filter(column.is_in(ids.iter().copied())).all(&tenant.on()).await?);
    }
    Ok(found)
}

/// What makes two entries one: money that came, and was taken back.
fn money(entry: &ledger_entry::Model) -> Uuid {
    entry.payment_id.or(entry.receipt_id).unwrap_or(entry.id)
}

/// What tells whether a line may be paid by CESU or ANCV: its nature, the kind of its lieu, and the child's age.
struct Payable {
    kinds: HashMap<Uuid, String>,
    births: HashMap<Uuid, NaiveDate>,
}

impl Payable {
    async fn read(tenant: &Tenant<'_>, lines: &[invoice_line::Model]) -> Result<Self> {
        let kinds = tenant.centres().await?.into_iter().map(|centre| (centre.id, centre.kind)).collect();
        let ids: Vec<Uuid> = lines.iter().map(|line| line.child_id).collect::<BTreeSet<_>>().into_iter().collect();
        let mut births = HashMap::new();
        for ids in ids.chunks(IDS_A_QUERY_MAX) {
            let found = tenant.children().filter(child::Column::Id.is_in(ids.iter().copied())).all(&tenant.on()).await?;
            births.extend(found.into_iter().map(|child| (child.id, child.birth_date)));
        }
        Ok(Self { kinds, births })
    }

    fn purses(&self, line: &invoice_line::Model) -> Purses {
        let kind = self.kinds.get(&line.centre_id).map_or("", String::as_str);
        let age = self.births.get(&line.child_id).and_then(|birth| line.date_from.years_since(*birth));
        Purses::of(&line.nature, kind, age)
    }
}

async fn standings(tenant: &Tenant<'_>, payers: &[Uuid]) -> Result<Vec<Standing>> {
    let bills = of::<invoice::Entity>(tenant, invoice::Column::PayerId, payers).await?;
    let ids: Vec<Uuid> = bills.iter().map(|b| b.id).collect();
    let lines = of::<invoice_line::Entity>(tenant, invoice_line::Column::InvoiceId, &ids).await?;
    let postings = of::<ledger_posting::Entity>(tenant, ledger_posting::Column::PayerId, payers).await?;
    let entry_ids: Vec<Uuid> = postings.iter().map(|p| p.entry_id).collect::<BTreeSet<_>>().into_iter().collect();
    let entries = of::<ledger_entry::Entity>(tenant, ledger_entry::Column::Id, &entry_ids).await?;
    let allocations = of::<allocation::Entity>(tenant, allocation::Column::EntryId, &entry_ids).await?;
    let mut paid: HashMap<(Uuid, i32), Cents> = HashMap::new();
    let mut used: HashMap<Uuid, Cents> = HashMap::new();
    for row in &allocations {
        *paid.entry((row.invoice_id, row.line_number)).or_default() += Cents(row.amount_cents);
        *used.entry(row.entry_id).or_default() += Cents(row.amount_cents);
    }
    let payable = Payable::read(tenant, &lines).await?;
    let mut standings: BTreeMap<(Uuid, Uuid), Standing> = BTreeMap::new();
    let by_id: HashMap<Uuid, &invoice::Model> = bills.iter().map(|b| (b.id, b)).collect();
    for line in &lines {
        let Some(bill) = by_id.get(&line.invoice_id).filter(|bill| bill.kind == super::rows::BILL) else { continue };
        let open = Cents(line.amount_cents) - paid.get(&(bill.id, line.number)).copied().unwrap_or_default();
        let standing = standings.entry((bill.payer_id, bill.regie_id)).or_insert_with(|| Standing { open: Vec::new(), rests: Vec::new() });
        let purses = payable.purses(line);
        standing.open.push(OpenLine { bill: bill.id, issued_on: bill.issued_on, number: line.number, open, purses });
    }
    let mut entries: Vec<&ledger_entry::Model> = entries.iter().filter(|e| e.kind != "facture").collect();
    entries.sort_by_key(|e| (e.at_ms, e.id));
    // A payment that was taken back gives nothing: its two entries are one.
    let mut rests: BTreeMap<Uuid, Cents> = BTreeMap::new();
    for entry in &entries {
        let owed: Cents = postings.iter().filter(|p| p.entry_id == entry.id && p.account == "famille").map(|p| Cents(p.amount_cents)).sum();
        *rests.entry(money(entry)).or_default() += -owed - used.get(&entry.id).copied().unwrap_or_default();
    }
    for entry in entries {
        let Some(payer) = postings.iter().find(|p| p.entry_id == entry.id).map(|p| p.payer_id) else { continue };
        let Some(rest) = rests.remove(&money(entry)).filter(|rest| *rest > Cents::ZERO) else { continue };
        if let Some(standing) = standings.get_mut(&(payer, entry.regie_id)) {
            let meant = match entry.kind.as_str() {
                // A credit note that withdraws a bill takes what is open of it first.
                "avoir" => entry.invoice_id.and_then(|note| by_id.get(&note)?.cancels_id),
                _ => entry.invoice_id,
            };
            let means = postings.iter().find(|p| p.entry_id == entry.id && p.account == "encaisse").map_or("", |p| p.detail.as_str());
            standing.rests.push(Rest { entry: entry.id, left: rest, meant, purse: Purse::of(means) });
        }
    }
    Ok(standings.into_values().collect())
}
