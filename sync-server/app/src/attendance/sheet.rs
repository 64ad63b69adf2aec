//! The day sheet of a lieu, read from the journal: who came and went, by which entry, signed by whom, changed since or not.
//!
//! It is folded from all that the site knows, like on a tablet, so that both make the same hash of it.

use crate::attendance::effective::organisations_at;
use crate::attendance::journal;
use crate::store::entity::{account, centre, child, device, journal_note, staff};
use crate::store::{Tenant, Territory};
use crate::{Error, Result};
use chrono::NaiveDate;
use sea_orm::{ColumnTrait, QueryFilter, QueryOrder};
use shared::day_sheet::DaySheet;
use shared::fold::{Attendance, Mark, Signature, fold};
use shared::id::{ActivityId, CentreId, ChildId, DeviceId, EntryId, OrganisationId, SiteId};
use shared::journal::{Actor, ActorKind, Channel};
use std::collections::HashMap;
use uuid::Uuid;

/// How a note begins that says who signed, where the name is in no list.
pub const SIGNED_BY: &str = "Par : ";

/// One lieu's day.
pub struct Sheet {
    /// The lieu.
    pub centre: centre::Model,
    /// Rows by child.
    pub sheet: DaySheet,
    /// All that was read: signatures of moments, other lieux of the site.
    pub attendance: Attendance,
    /// The children on it, by id.
    pub children: HashMap<ChildId, child::Model>,
    /// The site's devices, by id: the name, and whether it is the server.
    pub devices: HashMap<DeviceId, device::Model>,
}

/// The signature that holds, as a person reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    /// The entry.
    pub entry: EntryId,
    /// The moment, where it isn't the whole day.
    pub activity: Option<ActivityId>,
    /// When, ms since 1970 UTC.
    pub at_ms: i64,
    /// Who.
    pub by: String,
    /// Whether the sheet is another one today.
    pub modified_since: bool,
}

/// A lieu by its code: of the organisation named, or the only one of that code.
///
/// # Errors
/// None, or several.
pub async fn find_centre(territory: &Territory<'_>, organisation: Option<&str>, code: &str) -> Result<centre::Model> {
    let organisations = match organisation {
        Some(code) => vec![territory.organisation(Some(code)).await?],
        None => territory.organisations().await?,
    };
    let mut found = Vec::new();
    for organisation in organisations {
        let tenant = territory.tenant(OrganisationId(organisation.id));
        found.extend(tenant.find::<centre::Entity>().filter(centre::Column::Code.eq(code)).one(&tenant.on()).await?);
    }
    match found.len() {
        0 => Err(Error::NotFound(format!("Lieu « {code} »"))),
        1 => Ok(found.remove(0)),
        _ => Err(Error::input(format!("Plusieurs collectivités ont un lieu « {code} » : précisez --organisation CODE."))),
    }
}

/// Reads the sheet of a lieu and day.
///
/// # Errors
/// The database's.
pub async fn read(territory: &Territory<'_>, centre: centre::Model, day: NaiveDate) -> Result<Sheet> {
    let on = territory.on();
    let site = SiteId(centre.site_id);
    let mut facts = Vec::new();
    for organisation in organisations_at(territory, site).await? {
        facts.extend(journal::facts_at(&territory.tenant(organisation), site, day, day).await?);
    }
    let attendance = fold(&facts);
    let sheet = DaySheet::of(&attendance, CentreId(centre.id), day, None);
    let children = children_of(territory, sheet.rows.iter().map(|(child, _)| child.0)).await?;
    let of_site = territory.find::<device::Entity>().filter(device::Column::SiteId.eq(centre.site_id)).order_by_asc(device::Column::Id);
    let devices = of_site.all(&on).await?.into_iter().map(|d| (DeviceId(d.id), d)).collect();
    Ok(Sheet { centre, sheet, attendance, children, devices })
}

/// Children by id. Whoever stands on a lieu's sheet has to be named there, enrolled or not.
///
/// # Errors
/// The database's.
pub async fn children_of(territory: &Territory<'_>, ids: impl Iterator<Item = Uuid>) -> Result<HashMap<ChildId, child::Model>> {
    let ids: Vec<Uuid> = ids.collect();
    let mut children = HashMap::with_capacity(ids.len());
    for ids in ids.chunks(journal::IDS_A_QUERY_MAX) {
        let rows = territory.find::<child::Entity>().filter(child::Column::Id.is_in(ids.iter().copied()));
        children.extend(rows.all(&territory.on()).await?.into_iter().map(|row| (ChildId(row.id), row)));
    }
    Ok(children)
}

impl Sheet {
    /// The business day.
    #[must_use]
    pub fn day(&self) -> NaiveDate {
        self.sheet.day
    }

    /// The handle of the organisation whose lieu it is.
    #[must_use]
    pub fn tenant<'c>(&self, territory: &Territory<'c>) -> Tenant<'c> {
        territory.tenant(OrganisationId(self.centre.organisation_id))
    }

    /// Rows in the order in which a person looks for a name.
    #[must_use]
    pub fn by_name(&self) -> Vec<(&ChildId, &shared::fold::ChildDay)> {
        let mut rows: Vec<_> = self.sheet.rows.iter().map(|(child, day)| (child, day)).collect();
        rows.sort_by_key(|(id, _)| self.children.get(id).map(|c| (c.search_name.as_str(), c.code.as_str())));
        rows
    }

    /// The signatures that hold: of the whole day, then of moments.
    ///
    /// # Errors
    /// The database's.
    pub async fn signatures(&self, territory: &Territory<'_>) -> Result<Vec<Signed>> {
        let (centre, day) = (CentreId(self.centre.id), self.day());
        let mut moments: Vec<Option<ActivityId>> =
            self.attendance.signatures.keys().filter(|(c, d, _)| *c == centre && *d == day).map(|(_, _, activity)| *activity).collect();
        moments.sort_unstable();
        let mut holding: Vec<&Signature> = moments.into_iter().filter_map(|m| self.attendance.signed(centre, day, m)).collect();
        holding.sort_by_key(|s| (s.activity, s.entry));
        holding.dedup_by_key(|s| s.entry);
        let tenant = self.tenant(territory);
        let mut out = Vec::new();
        for signature in holding {
            let now = DaySheet::of(&self.attendance, centre, day, signature.activity).hash();
            out.push(Signed {
                entry: signature.entry,
                activity: signature.activity,
                at_ms: signature.at_ms,
                by: who(&tenant, territory, signature.actor, signature.entry).await?,
                modified_since: signature.sheet != Some(now),
            });
        }
        Ok(out)
    }
}

/// An actor's name, in the organisation's own lists; else as the entry's note says it.
async fn who(tenant: &Tenant<'_>, territory: &Territory<'_>, actor: Actor, entry: EntryId) -> Result<String> {
    let on = tenant.on();
    let known = match actor.kind {
        ActorKind::Staff => {
            let row = tenant.find::<staff::Entity>().filter(staff::Column::Id.eq(actor.id)).one(&on).await?;
            row.map(|s| format!("{} {}", s.first_name, s.last_name))
        }
        ActorKind::Agent => {
            let row = territory.find::<account::Entity>().filter(account::Column::Id.eq(actor.id)).one(&on).await?;
            row.map(|a| a.display_name)
        }
        ActorKind::System => Some("le serveur".into()),
        _ => None,
    };
    if let Some(name) = known {
        return Ok(name);
    }
    let notes = tenant.find::<journal_note::Entity>().filter(journal_note::Column::EntryId.eq(entry.0)).all(&on).await?;
    let said = notes.iter().find_map(|n| n.content.strip_prefix(SIGNED_BY).map(str::to_owned));
    Ok(said.unwrap_or_else(|| "sans nom, sur la tablette".into()))
}

/// Where a mark comes from, in the words of a bill: "à la porte", "saisi au bureau"…
#[must_use]
pub fn origin(mark: &Mark) -> rules::explanation::Origin {
    use rules::explanation::Origin;
    match mark.channel {
        Channel::Tablet => Origin::Door,
        Channel::Office => Origin::Office,
        Channel::Portal => Origin::Portal,
        Channel::Import => Origin::Import,
        Channel::System => Origin::System,
    }
}
