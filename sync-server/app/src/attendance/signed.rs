//! Which days of a lieu are signed: what a director has still to answer for.

use crate::Result;
use crate::attendance::journal;
use crate::store::Tenant;
use chrono::NaiveDate;
use shared::day_sheet::DaySheet;
use shared::fold::fold;
use shared::id::CentreId;
use std::collections::BTreeMap;

/// Where a day stands on which somebody came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DayState {
    /// Nobody answered for it.
    Unsigned,
    /// Signed, and the same since.
    Signed,
    /// Signed, and another sheet since.
    Modified,
}

/// The days from one to another on which a lieu recorded something, and how each stands.
///
/// # Errors
/// The database's.
pub async fn states(tenant: &Tenant<'_>, centre: CentreId, from: NaiveDate, to: NaiveDate) -> Result<BTreeMap<NaiveDate, DayState>> {
    let attendance = fold(&journal::facts(tenant, from, to).await?);
    let mut states = BTreeMap::new();
    for day in from.iter_days().take_while(|day| *day <= to) {
        let sheet = DaySheet::of(&attendance, centre, day, None);
        if !sheet.rows.iter().any(|(_, row)| row.attended()) {
            continue;
        }
        let state = match attendance.signed(centre, day, None) {
            None => DayState::Unsigned,
            Some(signature) if signature.sheet == Some(sheet.hash()) => DayState::Signed,
            Some(_) => DayState::Modified,
        };
        states.insert(day, state);
    }
    Ok(states)
}
