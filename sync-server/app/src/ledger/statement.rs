//! The account of a payer at a régie, line by line: what was billed, what came in, what was given up, and what that leaves.

use super::{FORGIVENESS, means_label};
use crate::Result;
use crate::store::Tenant;
use crate::store::entity::{forgiveness, invoice, ledger_entry, ledger_posting, receipt};
use chrono::NaiveDate;
use sea_orm::{ColumnTrait, QueryFilter};
use serde::Serialize;
use shared::calendar::{business_day, instant_from_ms};
use shared::money::Cents;
use std::collections::{BTreeSet, HashMap};
use uuid::Uuid;

/// Ids in one query.
const IDS_A_QUERY_MAX: usize = 500;

/// One line of an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Row {
    /// On which day it was entered.
    pub date: NaiveDate,
    /// `facture`, `avoir`, `paiement`, `rejet`, `remise`.
    pub kind: String,
    /// "Facture F-2026-000012", "Chèque, quittance Q-2026-000003 (n° 123)".
    pub label: String,
    /// What the family owes more; negative: less.
    pub amount_cents: Cents,
    /// What it owes after it; negative: its credit.
    pub balance_cents: Cents,
}

/// The account of a payer at a régie.
///
/// # Errors
/// The database's.
pub async fn read(tenant: &Tenant<'_>, payer: Uuid, regie: Uuid) -> Result<Vec<Row>> {
    let of_payer = tenant.find::<ledger_posting::Entity>().filter(ledger_posting::Column::PayerId.eq(payer));
    let of_payer = of_payer.filter(ledger_posting::Column::RegieId.eq(regie)).filter(ledger_posting::Column::Account.eq("famille"));
    let mut owed: HashMap<Uuid, Cents> = HashMap::new();
    for row in of_payer.all(&tenant.on()).await? {
        *owed.entry(row.entry_id).or_default() += Cents(row.amount_cents);
    }
    let ids: Vec<Uuid> = owed.keys().copied().collect();
    let mut entries = Vec::new();
    for ids in ids.chunks(IDS_A_QUERY_MAX) {
        let named = tenant.find::<ledger_entry::Entity>().filter(ledger_entry::Column::Id.is_in(ids.iter().copied()));
        entries.extend(named.all(&tenant.on()).await?);
    }
    entries.sort_by_key(|entry| (entry.at_ms, entry.id));
    let names = Names::read(tenant, &entries).await?;
    let mut balance = Cents::ZERO;
    let mut rows = Vec::with_capacity(entries.len());
    for entry in entries {
        let amount_cents = owed.get(&entry.id).copied().unwrap_or_default();
        balance += amount_cents;
        rows.push(Row {
            date: business_day(instant_from_ms(entry.at_ms)),
            label: names.label(&entry),
            kind: entry.kind,
            amount_cents,
            balance_cents: balance,
        });
    }
    Ok(rows)
}

/// What entries speak of.
struct Names {
    bills: HashMap<Uuid, String>,
    receipts: HashMap<Uuid, receipt::Model>,
    forgiven: HashMap<Uuid, forgiveness::Model>,
}

impl Names {
    async fn read(tenant: &Tenant<'_>, entries: &[ledger_entry::Model]) -> Result<Self> {
        let on = tenant.on();
        let mut names = Self { bills: HashMap::new(), receipts: HashMap::new(), forgiven: HashMap::new() };
        let bills: BTreeSet<Uuid> = entries.iter().filter_map(|entry| entry.invoice_id).collect();
        for ids in bills.into_iter().collect::<Vec<_>>().chunks(IDS_A_QUERY_MAX) {
            let named = tenant.find::<invoice::Entity>().filter(invoice::Column::Id.is_in(ids.iter().copied()));
            names.bills.extend(named.all(&on).await?.into_iter().map(|bill| (bill.id, bill.printed_number)));
        }
        let receipts: BTreeSet<Uuid> = entries.iter().filter_map(|entry| entry.receipt_id).collect();
        for ids in receipts.into_iter().collect::<Vec<_>>().chunks(IDS_A_QUERY_MAX) {
            let named = tenant.find::<receipt::Entity>().filter(receipt::Column::Id.is_in(ids.iter().copied()));
            names.receipts.extend(named.all(&on).await?.into_iter().map(|row| (row.id, row)));
        }
        let forgiven: Vec<Uuid> = entries.iter().filter(|entry| entry.kind == "remise").map(|entry| entry.id).collect();
        for ids in forgiven.chunks(IDS_A_QUERY_MAX) {
            let named = tenant.find::<forgiveness::Entity>().filter(forgiveness::Column::Id.is_in(ids.iter().copied()));
            names.forgiven.extend(named.all(&on).await?.into_iter().map(|row| (row.id, row)));
        }
        Ok(names)
    }

    fn label(&self, entry: &ledger_entry::Model) -> String {
        let bill = entry.invoice_id.and_then(|id| self.bills.get(&id)).cloned().unwrap_or_default();
        let receipt = entry.receipt_id.and_then(|id| self.receipts.get(&id));
        match (entry.kind.as_str(), receipt) {
            ("facture", _) => format!("Facture {bill}"),
            ("avoir", _) => format!("Avoir {bill}"),
            ("remise", _) => {
                let row = self.forgiven.get(&entry.id);
                let kind = row.and_then(|row| FORGIVENESS.iter().find(|(code, _)| *code == row.kind)).map_or("Remise", |(_, label)| label);
                format!("{kind} sur {bill}, {}", row.map(|row| row.deliberation.as_str()).unwrap_or_default())
            }
            (kind, Some(receipt)) => {
                let reference = if receipt.reference.is_empty() { String::new() } else { format!(" ({})", receipt.reference) };
                let back = if kind == "rejet" { "annulé : " } else { "" };
                format!("{back}{}, quittance {}{reference}", means_label(&receipt.means), receipt.printed_number)
            }
            ("rejet", None) => format!("Paiement en ligne rejeté, {bill}"),
            (_, None) => format!("Paiement en ligne, {bill}"),
        }
    }
}
