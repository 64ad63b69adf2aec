//! What the office's acts on a day have in common: the lieu, the day, who acts, the server's pen at the lieu's site, and
//! the line of the audit; all in one transaction.

use crate::app::{App, Place};
use crate::attendance::agent::{self, Agent};
use crate::attendance::deed::Deed;
use crate::attendance::effective::organisations_at;
use crate::attendance::server_device::{ServerDevice, ServerKeys};
use crate::attendance::sheet::{self, Sheet};
use crate::identity::audit::{self, Act};
use crate::store::Territory;
use crate::store::entity::journal_entry;
use crate::{Error, Result};
use chrono::{NaiveDate, NaiveTime};
use sea_orm::{ColumnTrait, QueryFilter};
use shared::calendar::{Instant, instant};
use shared::id::{AccountId, CentreId, EntryId, OrganisationId, SiteId};
use shared::journal::{Channel, Evidence, Kind, Payload};

/// Which lieu and day, and who acts.
#[derive(Debug, Clone, clap::Args)]
pub struct Args {
    /// Code du lieu
    #[arg(long, value_name = "CODE")]
    pub centre: String,
    /// Jour
    #[arg(long, value_name = "AAAA-MM-JJ")]
    pub date: NaiveDate,
    /// Qui agit : code d'un membre du personnel, identifiant d'un compte, ou nom
    #[arg(long, value_name = "AGENT")]
    pub by: String,
    /// Collectivité ; inutile si un seul lieu porte ce code
    #[arg(long, value_name = "CODE")]
    pub organisation: Option<String>,
}

/// A lieu's day, as a page or a command names it.
#[derive(Debug, Clone, Copy)]
pub struct Day<'a> {
    /// Code of the organisation; `None` where only one lieu has the code.
    pub organisation: Option<&'a str>,
    /// Code of the lieu.
    pub centre: &'a str,
    /// The day.
    pub date: NaiveDate,
}

impl Args {
    fn day(&self) -> Day<'_> {
        Day { organisation: self.organisation.as_deref(), centre: &self.centre, date: self.date }
    }
}

/// A fact to seal in the office's name.
pub struct Said {
    /// What.
    pub kind: Kind,
    /// About whom, when; actor, channel and lieu are the desk's to fill in.
    pub payload: Payload,
    /// At which site: that of the lieu, or of the entry that is corrected.
    pub site: SiteId,
    /// Why, in words; sealed by its hash only.
    pub motive: Option<String>,
}

/// Opens the day, lets `decide` say what to seal, seals it, writes the audit line, commits. `None`: nothing to seal.
///
/// # Errors
/// No such lieu; what `decide` refuses; the database's.
pub async fn act(
    place: &Place,
    args: &Args,
    route: &'static str,
    decide: impl AsyncFnOnce(&Territory<'_>, &Sheet, Instant) -> Result<Option<Said>>,
) -> Result<Option<EntryId>> {
    let app = App::open(place).await?;
    act_on(&app, args, route, decide).await
}

/// As [`act`], on an installation that is open.
///
/// # Errors
/// As [`act`].
pub async fn act_on(
    app: &App,
    args: &Args,
    route: &'static str,
    decide: impl AsyncFnOnce(&Territory<'_>, &Sheet, Instant) -> Result<Option<Said>>,
) -> Result<Option<EntryId>> {
    let (now, transaction) = (app.clock.now(), app.db.begin().await?);
    let territory = Territory::new(app.territoire(), &transaction);
    let sheet = open(&territory, args.day()).await?;
    let agent = agent::named(&territory, &sheet.tenant(&territory), &args.by).await?;
    let Some(said) = decide(&territory, &sheet, now).await? else { return Ok(None) };
    let entry = seal(app, &territory, &sheet, &agent, said, Act::command(route).by(&agent.name), now).await?;
    transaction.commit().await?;
    Ok(Some(entry))
}

/// A sheet shows whoever is in the building, another organisation's facts too. What is said of a fact belongs beside it, in the
/// journal of the organisation that it is of: no other desk's to write.
async fn check_owner(territory: &Territory<'_>, site: SiteId, desk: OrganisationId, target: EntryId) -> Result<()> {
    for organisation in organisations_at(territory, site).await? {
        let tenant = territory.tenant(organisation);
        let of_id = tenant.find::<journal_entry::Entity>().filter(journal_entry::Column::EntryId.eq(target.0));
        if organisation == desk || of_id.one(&tenant.on()).await?.is_none() {
            continue;
        }
        let owner = tenant.organisation().await?.map_or_else(String::new, |o| format!("{} ({})", o.name, o.code));
        return Err(Error::conflict(format!(
            "Ce pointage est de {owner} : c'est à son bureau de le corriger, sur la feuille de son lieu."
        )));
    }
    Ok(())
}

/// An act on a day by somebody who is logged in; `told` is how the audit says it. Gives what was sealed: nothing where the
/// day stands so already.
///
/// # Errors
/// No such lieu; what the act refuses; the database's.
pub async fn act_as(app: &App, day: Day<'_>, account: AccountId, told: Act<'_>, deed: &Deed) -> Result<Vec<EntryId>> {
    let (now, transaction) = (app.clock.now(), app.db.begin().await?);
    let territory = Territory::new(app.territoire(), &transaction);
    let sheet = open(&territory, day).await?;
    let agent = Agent::of_account(account);
    let mut entries = Vec::new();
    for said in deed.decide(&territory, &sheet, now).await? {
        entries.push(seal(app, &territory, &sheet, &agent, said, told.clone(), now).await?);
    }
    transaction.commit().await?;
    Ok(entries)
}

/// The site's lock before the sheet is read: what is signed or corrected is what stands there when it is sealed.
async fn open(territory: &Territory<'_>, day: Day<'_>) -> Result<Sheet> {
    let centre = sheet::find_centre(territory, day.organisation, day.centre).await?;
    crate::store::lock_site(territory, SiteId(centre.site_id)).await?;
    sheet::read(territory, centre, day.date).await
}

/// Seals one fact at its site, and leaves its line in the audit.
async fn seal(
    app: &App,
    territory: &Territory<'_>,
    sheet: &Sheet,
    agent: &Agent,
    said: Said,
    told: Act<'_>,
    now: Instant,
) -> Result<EntryId> {
    let organisation = OrganisationId(sheet.centre.organisation_id);
    if let Some(target) = said.payload.target {
        check_owner(territory, said.site, organisation, target).await?;
    }
    let mut pen = ServerDevice::open(territory, &ServerKeys::open(&app.data_dir)?, said.site, now).await?;
    let (payload, notes) = signed_by(agent, CentreId(sheet.centre.id), said.payload, said.motive);
    let notes: Vec<&str> = notes.iter().map(String::as_str).collect();
    let entry = pen.seal(organisation, said.kind, payload, &notes, now)?;
    pen.append(territory, now).await?;
    audit::write(territory, now, told.about("entry", entry.0).of(organisation)).await?;
    Ok(entry)
}

fn signed_by(agent: &Agent, centre: CentreId, payload: Payload, motive: Option<String>) -> (Payload, Vec<String>) {
    let payload = Payload {
        centre: payload.centre.or(Some(centre)),
        actor: agent.actor,
        capacity: agent.capacity,
        channel: Channel::Office,
        evidence: Evidence::Declared,
        ..payload
    };
    (payload, motive.into_iter().chain(agent.note.clone()).collect())
}

/// A time of the day named, that isn't still to come.
///
/// # Errors
/// A time after now.
pub fn past(day: NaiveDate, time: NaiveTime, now: Instant) -> Result<Instant> {
    let at = instant(day, time);
    if at > now {
        return Err(Error::input(format!("{} à {} est encore à venir.", day.format("%d/%m/%Y"), time.format("%H:%M"))));
    }
    Ok(at)
}

/// Reads `HH:MM`.
///
/// # Errors
/// What was expected, for the command line.
pub fn time(text: &str) -> Result<NaiveTime, String> {
    NaiveTime::parse_from_str(text, "%H:%M").map_err(|_| format!("« {text} » n'est pas une heure : attendu HH:MM, par exemple 17:45"))
}
