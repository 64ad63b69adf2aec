//! Issued bills as they are read again: by the office, a family, a document. Nothing here changes one.

use crate::store::Tenant;
use crate::store::entity::{allocation, invoice, invoice_line};
use crate::{Error, Result};
use rules::explanation::Step;
use rules::wording::{Reader, Why, say};
use sea_orm::{ColumnTrait, QueryFilter, QueryOrder};
use shared::money::Cents;
use std::collections::HashMap;
use uuid::Uuid;

/// A bill with its lines.
#[derive(Debug, Clone)]
pub struct IssuedBill {
    /// The bill.
    pub bill: invoice::Model,
    /// Its lines, as numbered.
    pub lines: Vec<IssuedLine>,
    /// The printed number of the credit note that withdraws it.
    pub withdrawn_by: Option<String>,
    /// Of a credit note that withdraws a bill: that bill's printed number.
    pub withdraws: Option<String>,
}

/// A line, with what was paid of it.
#[derive(Debug, Clone)]
pub struct IssuedLine {
    /// The line.
    pub row: invoice_line::Model,
    /// Its explanation, as frozen.
    pub explanation: Vec<Step>,
    /// What was paid of it.
    pub paid: Cents,
}

impl IssuedBill {
    /// What it comes to.
    #[must_use]
    pub fn total(&self) -> Cents {
        Cents(self.bill.total_cents)
    }

    /// What was paid of it.
    #[must_use]
    pub fn paid(&self) -> Cents {
        self.lines.iter().map(|l| l.paid).sum()
    }

    /// What is still owed of it; a credit note owes nothing.
    #[must_use]
    pub fn open(&self) -> Cents {
        if self.is_credit_note() { Cents::ZERO } else { self.total() - self.paid() }
    }

    /// Whether it gives back.
    #[must_use]
    pub fn is_credit_note(&self) -> bool {
        self.bill.kind == crate::billing::issue::CREDIT_NOTE
    }
}

impl IssuedLine {
    /// The line in plain French, for a reader.
    #[must_use]
    pub fn why(&self, reader: Reader) -> Why {
        say(&self.explanation, Cents(self.row.unit_price_cents), reader)
    }
}

/// One bill of this organisation.
///
/// # Errors
/// None of that id here; the database's.
pub async fn bill(tenant: &Tenant<'_>, id: Uuid) -> Result<IssuedBill> {
    let row = tenant.find::<invoice::Entity>().filter(invoice::Column::Id.eq(id)).one(&tenant.on()).await?;
    let row = row.ok_or_else(|| Error::NotFound("Cette facture".into()))?;
    Ok(with_lines(tenant, vec![row]).await?.remove(0))
}

/// Bills with their lines, in the order given.
///
/// # Errors
/// The database's; an explanation that can't be read any more.
pub async fn with_lines(tenant: &Tenant<'_>, bills: Vec<invoice::Model>) -> Result<Vec<IssuedBill>> {
    let on = tenant.on();
    let ids: Vec<Uuid> = bills.iter().map(|b| b.id).collect();
    let mut paid: HashMap<(Uuid, i32), Cents> = HashMap::new();
    let mut lines: HashMap<Uuid, Vec<IssuedLine>> = HashMap::new();
    let mut withdrawn: HashMap<Uuid, String> = HashMap::new();
    let mut named: HashMap<Uuid, String> = HashMap::new();
    let gone: Vec<Uuid> = bills.iter().filter_map(|bill| bill.cancels_id).collect();
    for ids in gone.chunks(crate::attendance::journal::IDS_A_QUERY_MAX) {
        let theirs = tenant.find::<invoice::Entity>().filter(invoice::Column::Id.is_in(ids.iter().copied()));
        named.extend(theirs.all(&on).await?.into_iter().map(|row| (row.id, row.printed_number)));
    }
    for ids in ids.chunks(crate::attendance::journal::IDS_A_QUERY_MAX) {
        let allocated = tenant.find::<allocation::Entity>().filter(allocation::Column::InvoiceId.is_in(ids.iter().copied()));
        for row in allocated.all(&on).await? {
            *paid.entry((row.invoice_id, row.line_number)).or_default() += Cents(row.amount_cents);
        }
        let notes = tenant.find::<invoice::Entity>().filter(invoice::Column::CancelsId.is_in(ids.iter().copied()));
        withdrawn.extend(notes.all(&on).await?.into_iter().filter_map(|note| Some((note.cancels_id?, note.printed_number))));
        let rows = tenant.find::<invoice_line::Entity>().filter(invoice_line::Column::InvoiceId.is_in(ids.iter().copied()));
        for row in rows.order_by_asc(invoice_line::Column::Number).all(&on).await? {
            let explanation = serde_json::from_str(&row.explanation)
                .map_err(|error| Error::Unavailable(format!("L’explication d’une ligne de facture ne se lit plus : {error}")))?;
            let paid = paid.get(&(row.invoice_id, row.number)).copied().unwrap_or_default();
            lines.entry(row.invoice_id).or_default().push(IssuedLine { row, explanation, paid });
        }
    }
    let issued = |bill: invoice::Model| IssuedBill {
        lines: lines.remove(&bill.id).unwrap_or_default(),
        withdrawn_by: withdrawn.remove(&bill.id),
        withdraws: bill.cancels_id.and_then(|id| named.get(&id).cloned()),
        bill,
    };
    Ok(bills.into_iter().map(issued).collect())
}
