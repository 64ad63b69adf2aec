//! What a tablet says of itself, bounded and checked, as the fleet's page shows it.

use crate::Result;
use crate::app::App;
use crate::store::entity::{device, device_report};
use crate::store::{Territory, upsert};
use crate::sync::alerts::{self, Call, JOURNAL_DAMAGED};
use crate::sync::session::Caller;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, QueryFilter};
use shared::wire::{TabletReport, key_storage, reader};

/// How often the contact and the report of a tablet that asks every ten seconds are written down, in ms; less than the five minutes
/// after which it tells anew.
pub const EVERY_MS: i64 = 4 * 60_000;
/// Longest version, in characters.
const VERSION_CHARACTERS_MAX: usize = 40;
/// Figures beyond it say that a tablet is broken, or lies: a page has room for this.
const COUNT_MAX: u64 = 1_000_000;
/// Longest age, in seconds: ten years.
const AGE_S_MAX: u64 = 10 * 366 * 24 * 3_600;

/// A report within its bounds; codes that this version doesn't know are left out.
#[must_use]
pub fn checked(said: TabletReport) -> TabletReport {
    let known = |code: String, codes: &[&str]| codes.contains(&code.as_str()).then_some(code);
    TabletReport {
        version: said.version.chars().filter(|c| !c.is_control()).take(VERSION_CHARACTERS_MAX).collect(),
        waiting: said.waiting.min(COUNT_MAX),
        oldest_waiting_s: said.oldest_waiting_s.map(|s| s.min(AGE_S_MAX)).filter(|_| said.waiting > 0),
        refused: said.refused.min(COUNT_MAX),
        reader: said.reader.and_then(|code| known(code, &[reader::PLUGGED_IN, reader::ABSENT])),
        battery_percent: said.battery_percent.filter(|percent| *percent <= 100),
        plugged_in: said.plugged_in,
        key_storage: known(said.key_storage, &[key_storage::FILE, key_storage::TPM]).unwrap_or_default(),
        set_aside: said.set_aside.min(COUNT_MAX),
    }
}

/// The last report of a tablet, and when it came in (ms since 1970 UTC).
///
/// # Errors
/// The database's.
pub async fn last(territory: &Territory<'_>, device: uuid::Uuid) -> Result<Option<(TabletReport, i64)>> {
    let row = territory.find::<device_report::Entity>().filter(device_report::Column::DeviceId.eq(device)).one(&territory.on()).await?;
    Ok(row.and_then(|row| read(&row)))
}

/// A stored report, and when it came in.
#[must_use]
pub fn read(row: &device_report::Model) -> Option<(TabletReport, i64)> {
    Some((serde_json::from_str(&row.content).ok()?, row.at_ms))
}

/// Writes down that a tablet was heard, and what it said; at most every [`EVERY_MS`], but at once where it set more files aside. In a
/// transaction of its own: whoever pulls only reads.
///
/// # Errors
/// The database's.
pub async fn note(app: &App, caller: &Caller, said: Option<TabletReport>) -> Result<()> {
    let (now, said) = (app.clock.now(), said.map(checked));
    let reading = Territory::new(app.territoire(), app.db.read());
    let before = last(&reading, caller.device.0).await?;
    let aside_before = before.as_ref().map_or(0, |(report, _)| report.set_aside);
    let more_aside = said.as_ref().is_some_and(|report| report.set_aside > aside_before);
    let heard = if said.is_some() {
        before.as_ref().map(|(_, at_ms)| *at_ms)
    } else {
        // A tablet that says nothing of itself is heard all the same.
        let of_id = reading.find::<device::Entity>().filter(device::Column::Id.eq(caller.device.0));
        of_id.one(&reading.on()).await?.and_then(|row| row.last_contact_ms)
    };
    if !more_aside && heard.is_some_and(|at_ms| (0..EVERY_MS).contains(&(now.timestamp_millis() - at_ms))) {
        return Ok(());
    }
    let transaction = app.db.begin().await?;
    let territory = Territory::new(app.territoire(), &transaction);
    let on = territory.on();
    let contact = territory.update::<device::Entity>().col_expr(device::Column::LastContactMs, Expr::value(now.timestamp_millis()));
    contact.filter(device::Column::Id.eq(caller.device.0)).exec(&on).await?;
    if let Some(report) = &said {
        let content = serde_json::to_string(report).map_err(|e| crate::Error::Unavailable(e.to_string()))?;
        store(&territory, caller, now.timestamp_millis(), content).await?;
    }
    if more_aside {
        alerts::call_once(&territory, Call::of(caller.site, Some(caller.device.0), JOURNAL_DAMAGED), now).await?;
    }
    transaction.commit().await?;
    Ok(())
}

async fn store(territory: &Territory<'_>, caller: &Caller, at_ms: i64, content: String) -> Result<()> {
    let row = device_report::Model { territoire_id: territory.id().0, device_id: caller.device.0, at_ms, content };
    use device_report::Column::{AtMs, Content, DeviceId, TerritoireId};
    upsert(&territory.on(), row, [TerritoireId, DeviceId], [AtMs, Content]).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_tablet_says_is_cut_to_what_a_page_has_room_for() {
        let said = TabletReport {
            version: format!("9\n{}", "9".repeat(5_000)),
            waiting: u64::MAX,
            oldest_waiting_s: Some(u64::MAX),
            refused: u64::MAX,
            reader: Some("<script>".into()),
            battery_percent: Some(101),
            plugged_in: Some(true),
            key_storage: "ailleurs".into(),
            set_aside: u64::MAX,
        };
        let kept = checked(said);
        assert_eq!((kept.version.chars().count(), kept.version.contains('\n')), (VERSION_CHARACTERS_MAX, false));
        assert_eq!((kept.waiting, kept.refused, kept.set_aside), (COUNT_MAX, COUNT_MAX, COUNT_MAX));
        assert_eq!((kept.oldest_waiting_s, kept.reader, kept.battery_percent), (Some(AGE_S_MAX), None, None));
        assert_eq!(kept.key_storage, "");
        let nothing_waits = checked(TabletReport { oldest_waiting_s: Some(5), battery_percent: Some(100), ..TabletReport::default() });
        assert_eq!((nothing_waits.oldest_waiting_s, nothing_waits.battery_percent), (None, Some(100)));
    }
}
