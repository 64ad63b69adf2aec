//! `preau-server attendance show`: a lieu's day sheet as JSON. Its keys are described in `docs/feuille-de-presence.md`.

use crate::app::{App, Place};
use crate::attendance::sheet::{self, Sheet, Signed, origin};
use crate::cli::Outcome;
use crate::store::Territory;
use crate::{Error, Result};
use chrono::NaiveDate;
use rules::explanation::Origin;
use serde::Serialize;
use shared::calendar::{instant_from_ms, local};
use shared::fold::{ChildDay, Departure, Flag, Mark};
use shared::id::{ActivityId, ChildId, EntryId};
use shared::journal::{Evidence, LeftTo};

/// Arguments of `attendance show`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Code du lieu
    #[arg(long, value_name = "CODE")]
    pub centre: String,
    /// Jour
    #[arg(long, value_name = "AAAA-MM-JJ")]
    pub date: NaiveDate,
    /// Qui lit ; sans effet ici, accepté comme pour les autres commandes
    #[arg(long, value_name = "AGENT")]
    pub by: Option<String>,
    /// Collectivité ; inutile si un seul lieu porte ce code
    #[arg(long, value_name = "CODE")]
    pub organisation: Option<String>,
}

/// The sheet as printed. Keys are only added.
#[derive(Debug, Serialize)]
struct Printed<'a> {
    centre: &'a str,
    name: &'a str,
    date: NaiveDate,
    /// Hash of the sheet as it stands, in hexadecimal: what a signature would carry.
    hash: String,
    signatures: Vec<PrintedSignature>,
    children: Vec<PrintedChild<'a>>,
}

#[derive(Debug, Serialize)]
struct PrintedSignature {
    entry: EntryId,
    activity: Option<ActivityId>,
    at: String,
    by: String,
    modified_since: bool,
}

#[derive(Debug, Serialize)]
struct PrintedChild<'a> {
    child: &'a str,
    last_name: &'a str,
    first_name: &'a str,
    presences: Vec<PrintedPresence<'a>>,
    lone_departures: Vec<PrintedDeparture<'a>>,
    repeats: Vec<PrintedMark<'a>>,
    roll_calls: Vec<PrintedMark<'a>>,
    absences: Vec<PrintedAbsence<'a>>,
    flags: &'a [Flag],
}

#[derive(Debug, Serialize)]
struct PrintedPresence<'a> {
    arrived: PrintedMark<'a>,
    left: Option<PrintedDeparture<'a>>,
}

#[derive(Debug, Serialize)]
struct PrintedDeparture<'a> {
    #[serde(flatten)]
    mark: PrintedMark<'a>,
    to: Option<LeftTo>,
}

#[derive(Debug, Serialize)]
struct PrintedAbsence<'a> {
    #[serde(flatten)]
    mark: PrintedMark<'a>,
    from: NaiveDate,
    to: NaiveDate,
    noted: bool,
}

#[derive(Debug, Serialize)]
struct PrintedMark<'a> {
    entry: EntryId,
    corrected_by: Option<EntryId>,
    /// What a wall clock in Europe/Paris showed: `07:42`.
    time: String,
    /// The instant, in UTC.
    at: String,
    origin: Origin,
    evidence: Evidence,
    device: Option<&'a str>,
    moment: &'a str,
}

/// Runs the command.
///
/// # Errors
/// No such lieu; the database's.
pub async fn run(place: &Place, args: &Args) -> Result<Outcome> {
    let app = App::open(place).await?;
    let snapshot = app.db.snapshot().await?;
    let territory = Territory::new(app.territoire(), &snapshot);
    let centre = sheet::find_centre(&territory, args.organisation.as_deref(), &args.centre).await?;
    println!("{}", json(&territory, &sheet::read(&territory, centre, args.date).await?).await?);
    Ok(Outcome::Done)
}

/// The sheet as JSON, children by name.
///
/// # Errors
/// The database's.
pub async fn json(territory: &Territory<'_>, sheet: &Sheet) -> Result<String> {
    let printed = Printed {
        centre: &sheet.centre.code,
        name: &sheet.centre.name,
        date: sheet.day(),
        hash: data_encoding::HEXLOWER.encode(&sheet.sheet.hash()),
        signatures: sheet.signatures(territory).await?.into_iter().map(signature).collect(),
        children: sheet.by_name().into_iter().map(|(id, day)| child(sheet, *id, day)).collect(),
    };
    serde_json::to_string(&printed).map_err(|e| Error::Unavailable(e.to_string()))
}

fn signature(signed: Signed) -> PrintedSignature {
    let Signed { entry, activity, at_ms, by, modified_since } = signed;
    PrintedSignature { entry, activity, at: instant_from_ms(at_ms).to_rfc3339(), by, modified_since }
}

fn child<'a>(sheet: &'a Sheet, id: ChildId, day: &'a ChildDay) -> PrintedChild<'a> {
    let mark = |m: &'a Mark| mark(sheet, m);
    let departure = |d: &'a Departure| PrintedDeparture { mark: mark(&d.mark), to: d.to };
    let known = sheet.children.get(&id);
    PrintedChild {
        child: known.map_or("", |c| &c.code),
        last_name: known.map_or("", |c| &c.last_name),
        first_name: known.map_or("", |c| &c.first_name),
        presences: day
            .presences
            .iter()
            .map(|p| PrintedPresence { arrived: mark(&p.arrived), left: p.left.as_ref().map(departure) })
            .collect(),
        lone_departures: day.lone_departures.iter().map(departure).collect(),
        repeats: day.repeats.iter().map(mark).collect(),
        roll_calls: day.roll_calls.iter().map(|r| mark(&r.mark)).collect(),
        absences: day.absences.iter().map(|a| PrintedAbsence { mark: mark(&a.mark), from: a.from, to: a.to, noted: a.noted }).collect(),
        flags: &day.flags,
    }
}

fn mark<'a>(sheet: &'a Sheet, mark: &'a Mark) -> PrintedMark<'a> {
    let at = instant_from_ms(mark.at_ms);
    PrintedMark {
        entry: mark.entry,
        corrected_by: mark.corrected_by,
        time: local(at).format("%H:%M").to_string(),
        at: at.to_rfc3339(),
        origin: origin(mark),
        evidence: mark.evidence,
        device: sheet.devices.get(&mark.device).map(|d| d.name.as_str()),
        moment: &mark.moment,
    }
}
