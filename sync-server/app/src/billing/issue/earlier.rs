//! What was billed before, and which months changed since.

use super::codes::Codes;
use super::{MONTHS_BACK_MAX, Order};
use crate::attendance::journal::about_days;
use crate::store::Tenant;
use crate::store::entity::{billing_decision, billing_run, import_run, invoice, invoice_line, journal_entry, journal_payload};
use crate::{Error, Result};
use rules::draft::Line;
use rules::issue::{Billed, LineKey};
use rust_decimal::Decimal;
use sea_orm::{ColumnTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait};
use shared::calendar::Month;
use shared::money::Cents;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use uuid::Uuid;

/// Sums of what was billed, by what makes two lines the same thing.
pub(super) struct Earlier(BTreeMap<LineKey, Billed>);

impl Earlier {
    /// Of these months only.
    pub fn of_months(&self, months: impl Iterator<Item = Month>) -> BTreeMap<LineKey, Billed> {
        let months: BTreeSet<String> = months.map(|m| m.to_string()).collect();
        self.0.iter().filter(|(key, _)| months.contains(&key.month)).map(|(key, billed)| (key.clone(), billed.clone())).collect()
    }
}

fn months_back(month: Month) -> Vec<Month> {
    std::iter::successors(Some(month), |m| Some(m.previous())).take(MONTHS_BACK_MAX + 1).collect()
}

/// Every line issued about the month and those before it.
pub(super) async fn read(tenant: &Tenant<'_>, codes: &Codes, order: &Order<'_>) -> Result<Earlier> {
    let on = tenant.on();
    let months: Vec<String> = months_back(order.month).iter().map(Month::to_string).collect();
    let lines = tenant.find::<invoice_line::Entity>().filter(invoice_line::Column::Month.is_in(months.clone())).all(&on).await?;
    let of_month = tenant.find::<invoice_line::Entity>().filter(invoice_line::Column::Month.is_in(months));
    let ids = of_month.select_only().column(invoice_line::Column::InvoiceId).into_query();
    let invoices = tenant.find::<invoice::Entity>().filter(invoice::Column::Id.in_subquery(ids)).all(&on).await?;
    let invoices: HashMap<Uuid, invoice::Model> = invoices.into_iter().map(|i| (i.id, i)).collect();
    let by_id = codes.by_id();
    let mut sums: BTreeMap<LineKey, Billed> = BTreeMap::new();
    for row in lines {
        let Some(bill) = invoices.get(&row.invoice_id) else { continue };
        let known =
            (|| Some((codes.regie_code(bill.regie_id)?, by_id.payers.get(&bill.payer_id)?, by_id.households.get(&bill.household_id)?)))();
        // Another régie's, where only one is issued; or a family that is no longer linked here.
        let (Some((regie, payer, household)), Some(child)) = (known, by_id.children.get(&row.child_id)) else { continue };
        let key = LineKey {
            month: row.month.clone(),
            regie: regie.to_owned(),
            payer: (*payer).to_owned(),
            household: (*household).to_owned(),
            child: (*child).to_owned(),
            activity: row.activity_code.clone(),
            tariff: row.tariff_code.clone(),
            tariff_from: row.tariff_from,
            unit_price: Cents(row.unit_price_cents),
            part: row.part.clone(),
        };
        let quantity: Decimal = row
            .quantity
            .parse()
            .map_err(|_| Error::conflict(format!("La ligne {} d’une facture a une quantité illisible.", row.number)))?;
        let centre = by_id.centres.get(&row.centre_id).copied().unwrap_or_default();
        let sum =
            sums.entry(key).or_insert_with(|| Billed { quantity: Decimal::ZERO, amount: Cents::ZERO, line: as_line(&row, child, centre) });
        sum.quantity += quantity;
        sum.amount += Cents(row.amount_cents);
    }
    Ok(Earlier(sums))
}

/// An issued line as a draft would say it: what an adjustment that takes it back prints.
fn as_line(row: &invoice_line::Model, child: &str, centre: &str) -> Line {
    let label = row.label.split(", ajustement ").next().unwrap_or(&row.label);
    Line {
        child: child.to_owned(),
        centre: centre.to_owned(),
        activity: row.activity_code.clone(),
        tariff: row.tariff_code.clone(),
        date_from: row.date_from,
        date_to: row.date_to,
        quantity: row.quantity.clone(),
        unit: row.unit.clone(),
        unit_price_cents: Cents(row.unit_price_cents),
        amount_cents: Cents(row.amount_cents),
        label: label.to_owned(),
        explanation: Vec::new(),
        part: row.part.clone(),
    }
}

/// Earlier months that were issued and of which something was learnt since: an entry came in, files were imported, or an agent
/// decided. The others would give the same draft.
pub(super) async fn changed(tenant: &Tenant<'_>, month: Month) -> Result<Vec<Month>> {
    let on = tenant.on();
    let imported = tenant.import_runs().order_by_desc(import_run::Column::AtMs).limit(1).one(&on).await?.map_or(i64::MIN, |r| r.at_ms);
    let mut changed = Vec::new();
    for earlier in months_back(month).into_iter().skip(1) {
        let runs = tenant.find::<billing_run::Entity>().filter(billing_run::Column::Month.eq(earlier.to_string()));
        let Some(last) = runs.order_by_desc(billing_run::Column::IssuedAtMs).limit(1).one(&on).await? else { continue };
        if imported > last.issued_at_ms
            || decided(tenant, earlier, last.issued_at_ms).await?
            || touched(tenant, earlier, last.issued_at_ms).await?
        {
            changed.push(earlier);
        }
    }
    Ok(changed)
}

async fn decided(tenant: &Tenant<'_>, month: Month, since_ms: i64) -> Result<bool> {
    let of_month = tenant.find::<billing_decision::Entity>().filter(billing_decision::Column::Month.eq(month.to_string()));
    Ok(of_month.filter(billing_decision::Column::DecidedAtMs.gt(since_ms)).limit(1).one(&tenant.on()).await?.is_some())
}

async fn touched(tenant: &Tenant<'_>, month: Month, since_ms: i64) -> Result<bool> {
    let of_month = tenant
        .find::<journal_payload::Entity>()
        .filter(about_days(month.first(), month.last()))
        .select_only()
        .column(journal_payload::Column::EntryId);
    let later = tenant
        .find::<journal_entry::Entity>()
        .filter(journal_entry::Column::ReceivedAtMs.gt(since_ms))
        .filter(journal_entry::Column::EntryId.in_subquery(of_month.into_query()));
    Ok(later.limit(1).one(&tenant.on()).await?.is_some())
}
