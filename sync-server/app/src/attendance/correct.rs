//! `preau-server attendance correct | retract | add`: what the office knows better than the door.
//!
//! Nothing is edited: each is a new entry that points to the fact, with who and why, sealed by the server at the fact's
//! own site.

use crate::app::Place;
use crate::attendance::desk::{self, Said, past};
use crate::attendance::server_device::ServerDevice;
use crate::attendance::sheet::Sheet;
use crate::cli::Outcome;
use crate::store::Territory;
use crate::store::entity::{activity, child};
use crate::{Error, Result};
use chrono::NaiveTime;
use sea_orm::{ColumnTrait, QueryFilter};
use serde::Serialize;
use shared::calendar::{Instant, instant_from_ms, local};
use shared::fold::{ChildDay, Mark};
use shared::id::{ActivityId, ChildId, EntryId, PersonId, SiteId};
use shared::journal::{Detail, Kind, LeftTo, Moment, Payload};
use uuid::Uuid;

/// The code sealed with what the office corrects; the words are in a note.
const REASON: &str = "correction_bureau";

/// Arguments of `attendance correct`.
#[derive(Debug, clap::Args)]
pub struct Correct {
    /// Where and who.
    #[command(flatten)]
    pub desk: desk::Args,
    /// Le pointage, tel que « attendance show » le nomme
    #[arg(long, value_name = "ID")]
    pub entry: Uuid,
    /// La bonne heure
    #[arg(long, value_name = "HH:MM", value_parser = desk::time)]
    pub time: NaiveTime,
    /// Pourquoi
    #[arg(long, alias = "reason", value_name = "TEXTE")]
    pub motif: String,
}

/// Arguments of `attendance retract`.
#[derive(Debug, clap::Args)]
pub struct Retract {
    /// Where and who.
    #[command(flatten)]
    pub desk: desk::Args,
    /// Le pointage, tel que « attendance show » le nomme
    #[arg(long, value_name = "ID")]
    pub entry: Uuid,
    /// Pourquoi
    #[arg(long, alias = "reason", value_name = "TEXTE")]
    pub motif: String,
}

/// Arguments of `attendance add`.
#[derive(Debug, clap::Args)]
pub struct Add {
    /// Where and who.
    #[command(flatten)]
    pub desk: desk::Args,
    /// Code de l'enfant
    #[arg(long, value_name = "CODE")]
    pub child: String,
    /// Arrivée ou départ oublié
    #[arg(long, value_enum)]
    pub fait: Fact,
    /// À quelle heure
    #[arg(long, value_name = "HH:MM", value_parser = desk::time)]
    pub time: NaiveTime,
    /// Code de l'activité ; par défaut, pour un départ, celle de l'arrivée
    #[arg(long, value_name = "CODE")]
    pub activite: Option<String>,
    /// Pourquoi
    #[arg(long, alias = "reason", value_name = "TEXTE")]
    pub motif: String,
}

/// What was forgotten.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Fact {
    /// The child came in.
    Arrivee,
    /// The child went out.
    Depart,
}

#[derive(Serialize)]
struct Printed {
    entry: Option<EntryId>,
}

fn print(entry: Option<EntryId>) -> Result<Outcome> {
    println!("{}", serde_json::to_string(&Printed { entry }).map_err(|e| Error::Unavailable(e.to_string()))?);
    Ok(Outcome::Done)
}

/// Runs `attendance correct`.
///
/// # Errors
/// No such lieu or entry; a time to come, or out of order.
pub async fn correct(place: &Place, args: &Correct) -> Result<Outcome> {
    print(desk::act(place, &args.desk, "attendance correct", async |_, sheet, now| args.decide(sheet, now).map(Some)).await?)
}

/// Runs `attendance retract`.
///
/// # Errors
/// No such lieu or entry.
pub async fn retract(place: &Place, args: &Retract) -> Result<Outcome> {
    print(desk::act(place, &args.desk, "attendance retract", async |_, sheet, now| args.decide(sheet, now).map(Some)).await?)
}

/// Runs `attendance add`.
///
/// # Errors
/// No such lieu, child or activity; a time to come.
pub async fn add(place: &Place, args: &Add) -> Result<Outcome> {
    print(desk::act(place, &args.desk, "attendance add", async |t, sheet, now| args.decide(t, sheet, now).await.map(Some)).await?)
}

/// A fact on a sheet.
struct Found<'a> {
    child: ChildId,
    day: &'a ChildDay,
    mark: &'a Mark,
    what: What,
}

/// What can be corrected, with what a correction must keep.
#[derive(Clone, Copy, PartialEq, Eq)]
enum What {
    Arrived,
    Left {
        to: Option<LeftTo>,
        person: Option<PersonId>,
    },
    Present,
    /// A meal or an absence: can be retracted, has no time to correct.
    Other,
}

/// The fact of an id; that of a correction names the fact that it corrects.
fn find(sheet: &Sheet, entry: Uuid) -> Result<Found<'_>> {
    for (child, day) in &sheet.sheet.rows {
        let presences = day.presences.iter().map(|p| (&p.arrived, What::Arrived));
        let left = day.presences.iter().filter_map(|p| p.left.as_ref()).chain(&day.lone_departures);
        let left = left.map(|d| (&d.mark, What::Left { to: d.to, person: d.person }));
        let marks = presences
            .chain(left)
            .chain(day.repeats.iter().map(|m| (m, What::Arrived)))
            .chain(day.roll_calls.iter().map(|r| (&r.mark, What::Present)))
            .chain(day.absences.iter().map(|a| (&a.mark, What::Other)))
            .chain(day.meals.iter().map(|m| (&m.mark, What::Other)));
        for (mark, what) in marks {
            if mark.entry.0 == entry || mark.corrected_by.is_some_and(|c| c.0 == entry) {
                return Ok(Found { child: *child, day, mark, what });
            }
        }
    }
    let (name, day) = (&sheet.centre.code, sheet.day().format("%d/%m/%Y"));
    Err(Error::NotFound(format!("Pointage {entry}, sur la feuille de {name} du {day},")))
}

fn about(found: &Found<'_>, now: Instant) -> Payload {
    Payload {
        about_child: Some(found.child),
        centre: found.mark.centre,
        moment: Moment { activity: found.mark.activity, label: found.mark.moment.clone() },
        target: Some(found.mark.entry),
        reason: REASON.into(),
        ..ServerDevice::payload(now)
    }
}

fn motive(text: &str) -> Result<Option<String>> {
    match text.trim() {
        "" => Err(Error::input("Il manque le motif : une correction dit pourquoi, en quelques mots.")),
        text => Ok(Some(text.to_owned())),
    }
}

impl Correct {
    /// What to seal.
    ///
    /// # Errors
    /// As [`correction`].
    pub fn decide(&self, sheet: &Sheet, now: Instant) -> Result<Said> {
        correction(sheet, self.entry, self.time, &self.motif, now)
    }
}

/// Another time for a fact.
///
/// # Errors
/// No such entry; a time to come, or that puts a departure before its arrival; no reason.
pub fn correction(sheet: &Sheet, entry: Uuid, time: NaiveTime, reason: &str, now: Instant) -> Result<Said> {
    let found = find(sheet, entry)?;
    let at_ms = past(sheet.day(), time, now)?.timestamp_millis();
    let (kind, to, person) = match found.what {
        What::Arrived => (Kind::Arrived, None, None),
        What::Left { to, person } => (Kind::Left, to, person),
        What::Present => (Kind::Present, None, None),
        What::Other => return Err(Error::input("Ce pointage n'a pas d'heure à corriger : retirez-le.")),
    };
    in_order(&found, at_ms)?;
    let payload = Payload { happened_at_ms: at_ms, detail: Detail::Corrected { kind, to, person }, ..about(&found, now) };
    Ok(Said { kind: Kind::Corrected, payload, site: found.mark.site, motive: motive(reason)? })
}

/// A departure stays after its arrival: a slip of the pen would else make two facts of one presence.
fn in_order(found: &Found<'_>, at_ms: i64) -> Result<()> {
    let told = |ms| local(instant_from_ms(ms)).format("%H:%M");
    for presence in &found.day.presences {
        let arrived = &presence.arrived;
        let Some(left) = presence.left.as_ref().map(|d| &d.mark) else { continue };
        if arrived.entry == found.mark.entry && at_ms > left.at_ms {
            return Err(Error::input(format!("L'arrivée viendrait après le départ de {}.", told(left.at_ms))));
        }
        if left.entry == found.mark.entry && at_ms < arrived.at_ms {
            return Err(Error::input(format!("Le départ viendrait avant l'arrivée de {}.", told(arrived.at_ms))));
        }
    }
    Ok(())
}

impl Retract {
    /// What to seal.
    ///
    /// # Errors
    /// As [`retraction`].
    pub fn decide(&self, sheet: &Sheet, now: Instant) -> Result<Said> {
        retraction(sheet, self.entry, &self.motif, now)
    }
}

/// A fact that didn't happen.
///
/// # Errors
/// No such entry; no reason.
pub fn retraction(sheet: &Sheet, entry: Uuid, reason: &str, now: Instant) -> Result<Said> {
    let found = find(sheet, entry)?;
    Ok(Said { kind: Kind::Retracted, payload: about(&found, now), site: found.mark.site, motive: motive(reason)? })
}

impl Add {
    /// What to seal.
    ///
    /// # Errors
    /// No such child or activity; a time to come.
    pub async fn decide(&self, territory: &Territory<'_>, sheet: &Sheet, now: Instant) -> Result<Said> {
        let tenant = sheet.tenant(territory);
        // A child that only another organisation has to do with is nobody here, whatever the code.
        let child = tenant.children().filter(child::Column::Code.eq(&self.child)).one(&tenant.on()).await?;
        let child = ChildId(child.ok_or_else(|| Error::NotFound(format!("Enfant « {} »", self.child)))?.id);
        let moment = match &self.activite {
            Some(code) => moment_of(territory, sheet, code).await?,
            None => moment_of_arrival(sheet, child, self.fait),
        };
        addition(sheet, child, moment, (self.fait, self.time), &self.motif, now)
    }
}

/// A fact that nobody recorded.
///
/// # Errors
/// A time to come; no reason.
pub fn addition(
    sheet: &Sheet,
    child: ChildId,
    moment: Moment,
    (fact, time): (Fact, NaiveTime),
    reason: &str,
    now: Instant,
) -> Result<Said> {
    let at = past(sheet.day(), time, now)?;
    let (kind, detail) = match fact {
        Fact::Arrivee => (Kind::Arrived, Detail::None),
        Fact::Depart => (Kind::Left, Detail::Left { to: LeftTo::Other, person: None }),
    };
    let payload = Payload {
        about_child: Some(child),
        happened_at_ms: at.timestamp_millis(),
        moment,
        reason: REASON.into(),
        detail,
        ..ServerDevice::payload(now)
    };
    Ok(Said { kind, payload, site: SiteId(sheet.centre.site_id), motive: motive(reason)? })
}

/// The moment that an activity of the lieu names.
///
/// # Errors
/// No such activity here; the database's.
pub async fn moment_of(territory: &Territory<'_>, sheet: &Sheet, activity: &str) -> Result<Moment> {
    let tenant = sheet.tenant(territory);
    let of_centre = tenant.find::<activity::Entity>().filter(activity::Column::CentreId.eq(sheet.centre.id));
    let row = of_centre.filter(activity::Column::Code.eq(activity)).one(&tenant.on()).await?;
    let row = row.ok_or_else(|| Error::NotFound(format!("Activité « {activity} » de ce lieu")))?;
    Ok(Moment { activity: Some(ActivityId(row.id)), label: row.name })
}

/// For a departure, the moment of the arrival that it ends.
#[must_use]
pub fn moment_of_arrival(sheet: &Sheet, child: ChildId, fact: Fact) -> Moment {
    let row = sheet.sheet.rows.iter().find(|(id, _)| *id == child).filter(|_| fact == Fact::Depart);
    let open = row.and_then(|(_, day)| day.open_presence(SiteId(sheet.centre.site_id)));
    open.map(|p| Moment { activity: p.arrived.activity, label: p.arrived.moment.clone() }).unwrap_or_default()
}
