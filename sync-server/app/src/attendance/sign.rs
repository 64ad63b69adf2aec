//! `preau-server attendance sign`: somebody answers for a lieu's day as it stands.
//!
//! Signing again what is signed and unchanged does nothing. A lock never refuses a fact: what comes later is folded, and
//! the sheet says that it changed since.

use crate::Result;
use crate::app::Place;
use crate::attendance::desk::{self, Said};
use crate::attendance::server_device::ServerDevice;
use crate::attendance::sheet::Sheet;
use crate::cli::Outcome;
use crate::store::Territory;
use crate::store::entity::{device, journal_entry};
use crate::{Error, attendance::effective::organisations_at};
use sea_orm::{ColumnTrait, QueryFilter, QueryOrder, QuerySelect};
use serde::Serialize;
use shared::calendar::{Instant, business_day};
use shared::id::{CentreId, DeviceId, EntryId, SiteId};
use shared::journal::{Detail, HEADS_MAX, Head, Kind, Payload};
use std::collections::BTreeMap;

/// What the command prints.
#[derive(Debug, Serialize)]
struct Signature {
    /// The entry sealed; `null` where the day was signed already and nothing has changed.
    entry: Option<EntryId>,
    centre: String,
    date: chrono::NaiveDate,
}

/// Runs the command.
///
/// # Errors
/// No such lieu; a day to come; the database's.
pub async fn run(place: &Place, args: &desk::Args) -> Result<Outcome> {
    let entry = desk::act(place, args, "attendance sign", decide).await?;
    let printed = Signature { entry, centre: args.centre.clone(), date: args.date };
    println!("{}", serde_json::to_string(&printed).map_err(|e| Error::Unavailable(e.to_string()))?);
    if entry.is_none() {
        eprintln!("Déjà signée, et rien n'a changé depuis.");
    }
    Ok(Outcome::Done)
}

/// What to seal: the sheet's hash, and the last entry of each device of the site.
///
/// # Errors
/// A day to come; the database's.
pub async fn decide(territory: &Territory<'_>, sheet: &Sheet, now: Instant) -> Result<Option<Said>> {
    if sheet.day() > business_day(now) {
        return Err(Error::input(format!("Le {} n'a pas encore eu lieu : rien à signer.", sheet.day().format("%d/%m/%Y"))));
    }
    let whole = sheet.signatures(territory).await?.into_iter().find(|s| s.activity.is_none());
    if whole.is_some_and(|signed| !signed.modified_since) {
        return Ok(None);
    }
    let site = SiteId(sheet.centre.site_id);
    let heads = heads(territory, site).await?;
    let detail = Detail::DaySigned { day: sheet.day(), activity: None, sheet: sheet.sheet.hash(), heads };
    let payload = Payload { centre: Some(CentreId(sheet.centre.id)), detail, ..ServerDevice::payload(now) };
    Ok(Some(Said { kind: Kind::DaySigned, payload, site, motive: None }))
}

/// The last entry that the server holds of each device and epoch of a site; two where a tablet was copied.
async fn heads(territory: &Territory<'_>, site: SiteId) -> Result<Vec<Head>> {
    /// Entries at one place: as many copies of a tablet as a signature tells of.
    const COPIES_MAX: u64 = 8;
    let on = territory.on();
    let devices = territory.find::<device::Entity>().filter(device::Column::SiteId.eq(site.0)).order_by_asc(device::Column::Id);
    let mut last: BTreeMap<(DeviceId, u32), Vec<Head>> = BTreeMap::new();
    for device in devices.all(&on).await? {
        for epoch in 1..=device.epoch {
            for organisation in organisations_at(territory, site).await? {
                let rows = territory
                    .tenant(organisation)
                    .find::<journal_entry::Entity>()
                    .filter(journal_entry::Column::DeviceId.eq(device.id))
                    .filter(journal_entry::Column::DeviceEpoch.eq(epoch))
                    .order_by_desc(journal_entry::Column::Seq)
                    .limit(COPIES_MAX);
                for row in rows.all(&on).await? {
                    let (device, epoch) = (DeviceId(row.device_id), u32::try_from(row.device_epoch).unwrap_or(0));
                    let head = Head { device, epoch, seq: u64::try_from(row.seq).unwrap_or(0), entry: EntryId(row.entry_id) };
                    last.entry((device, epoch)).or_default().push(head);
                }
            }
        }
    }
    for heads in last.values_mut() {
        let seq_max = heads.iter().map(|h| h.seq).max();
        heads.retain(|h| Some(h.seq) == seq_max);
    }
    let mut heads: Vec<Head> = last.into_values().flatten().collect();
    // Entry ids grow with time: what is cut is what has been quiet longest.
    heads.sort_by_key(|h| std::cmp::Reverse(h.entry));
    heads.truncate(HEADS_MAX);
    heads.sort_unstable();
    Ok(heads)
}
