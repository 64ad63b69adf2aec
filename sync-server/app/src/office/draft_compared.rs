//! A draft beside what was issued of the month before and of the same month a year ago, lieu by lieu: what stands out is looked at before
//! it is issued, and not after families have called.

use crate::Result;
use crate::billing::names::Names;
use crate::store::Tenant;
use crate::store::entity::invoice_line;
use rules::draft::Draft;
use rust_decimal::{Decimal, RoundingStrategy};
use sea_orm::{ColumnTrait, QueryFilter, QuerySelect};
use shared::calendar::Month;
use shared::french;
use shared::money::Cents;
use std::collections::{BTreeMap, HashMap};
use uuid::Uuid;

/// From how many percent on a difference stands out.
const STANDS_OUT_PERCENT: u32 = 20;

/// The comparison.
pub(super) struct Compared {
    /// "septembre 2026".
    pub before: String,
    /// "octobre 2025".
    pub year_ago: String,
    /// One a lieu, by name.
    pub rows: Vec<Row>,
}

/// One lieu.
pub(super) struct Row {
    pub name: String,
    pub now: String,
    pub before: String,
    pub year_ago: String,
    /// "+12 %", of the month before.
    pub change: String,
    pub stands_out: bool,
}

/// `None` where nothing was issued of either month.
pub(super) async fn compared(tenant: &Tenant<'_>, draft: &Draft, month: Month, names: &Names) -> Result<Option<Compared>> {
    let a_year_ago = std::iter::successors(Some(month), |m| Some(m.previous())).nth(12).unwrap_or(month);
    let (before, year_ago) = (issued(tenant, month.previous()).await?, issued(tenant, a_year_ago).await?);
    if before.is_empty() && year_ago.is_empty() {
        return Ok(None);
    }
    let mut now: BTreeMap<&str, Cents> = before.keys().chain(year_ago.keys()).map(|code| (code.as_str(), Cents::ZERO)).collect();
    for line in draft.invoices.iter().flat_map(|invoice| &invoice.lines) {
        *now.entry(&line.centre).or_default() += line.amount_cents;
    }
    let row = |(code, now): (&str, Cents)| {
        let of = |issued: &HashMap<String, Cents>| issued.get(code).copied();
        let said = |sum: Option<Cents>| sum.map_or_else(|| "–".to_owned(), |sum| sum.to_string());
        let (change, stands_out) = change(now, of(&before));
        Row {
            name: names.centre(code).to_owned(),
            now: now.to_string(),
            before: said(of(&before)),
            year_ago: said(of(&year_ago)),
            change,
            stands_out,
        }
    };
    let mut rows: Vec<Row> = now.into_iter().map(row).collect();
    rows.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(Some(Compared { before: french::month(month.previous()), year_ago: french::month(a_year_ago), rows }))
}

/// What was issued of a month, credit notes and later adjustments included, by code of the lieu.
async fn issued(tenant: &Tenant<'_>, month: Month) -> Result<HashMap<String, Cents>> {
    use invoice_line::Column::{AmountCents, CentreId, Month as OfMonth};
    let figures =
        tenant.find::<invoice_line::Entity>().filter(OfMonth.eq(month.to_string())).select_only().columns([CentreId, AmountCents]);
    let mut sums: HashMap<Uuid, Cents> = HashMap::new();
    for (centre, amount) in figures.into_tuple::<(Uuid, i64)>().all(&tenant.on()).await? {
        *sums.entry(centre).or_default() += Cents(amount);
    }
    let centres = tenant.centres().await?;
    Ok(centres.into_iter().filter_map(|centre| Some((centre.code, sums.remove(&centre.id)?))).collect())
}

/// In whole percent of what it was; nothing where it was nothing.
fn change(now: Cents, before: Option<Cents>) -> (String, bool) {
    let Some(before) = before.filter(|before| *before > Cents::ZERO) else { return (String::new(), false) };
    let percent = (now - before).to_euros() * Decimal::ONE_HUNDRED / before.to_euros();
    let percent = percent.round_dp_with_strategy(0, RoundingStrategy::MidpointAwayFromZero);
    let sign = if percent > Decimal::ZERO { "+" } else { "" };
    let said = format!("{sign}{percent}\u{a0}%").replace('-', "−");
    (said, percent.abs() >= Decimal::from(STANDS_OUT_PERCENT))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_in_whole_percent_of_the_month_before() {
        let said = |now, before: Option<i64>| change(Cents(now), before.map(Cents));
        assert_eq!(said(11_200, Some(10_000)), ("+12\u{a0}%".into(), false));
        assert_eq!(said(8_000, Some(10_000)), ("−20\u{a0}%".into(), true));
        assert_eq!(said(10_000, Some(10_000)), ("0\u{a0}%".into(), false));
        for before in [None, Some(0), Some(-5)] {
            assert_eq!(said(100, before), (String::new(), false));
        }
    }
}
