//! `activites.csv`, `inscriptions.csv`.

use super::context::{Import, KnownActivity, KnownCentre, Owned, Period, overlaps};
use super::fields::Fields;
use super::stage::imported;
use crate::Result;
use crate::store::entity::{activity, enrolment};
use chrono::NaiveDate;
use uuid::Uuid;

const PERIODS: [&str; 4] = ["scolaire", "mercredi", "vacances", "toujours"];
const RECORDINGS: [&str; 4] = ["heures", "arrivee", "depart", "appel"];
const BOOKING_RULES: [&str; 3] = ["obligatoire", "facultative", "aucune"];
const CAPACITY_MAX: i32 = 5000;
/// No weekday named: the period alone decides.
const ALL_WEEK: i32 = 0b111_1111;
const NOON_MINUTE: i32 = 12 * 60;

imported! { activity: (Uuid, String) = |m| (m.organisation_id, m.code.clone()) }
imported! { enrolment: (Uuid, Uuid, NaiveDate) = |m| (m.child_id, m.activity_id, m.valid_from) }

/// What is offered.
pub async fn activities(import: &mut Import<'_>) -> Result<()> {
    const FILE: &str = "activites.csv";
    import.show(FILE);
    let mut stage = import.stage_of_organisations::<activity::Model>().await?;
    for (m, _) in stage.rows() {
        import.known.activities.stored(&m.code, known(m, m.id));
    }
    let Some(table) = import.folder.take(FILE) else { return Ok(()) };
    for row in &table.rows {
        let mut f = Fields::new(&table, row, &mut import.report);
        let centre = f.lookup("lieu", &import.known.centres);
        let organisation = centre.as_ref().map_or_else(Uuid::nil, |c| c.own.organisation);
        let starts_minute = f.opt_time("debut");
        f.lookup("tarif", &import.known.tariffs);
        let regie_id = match f.opt_lookup("regie", &import.known.regies) {
            Some(regie) if centre.is_some() && regie.organisation != organisation => {
                f.wrong("regie", "cette régie est celle d'une autre collectivité que celle du lieu");
                None
            }
            Some(regie) => Some(regie.id),
            None => only_regie(&mut f, import.regies.get(&organisation).map_or(&[], Vec::as_slice)),
        };
        let model = activity::Model {
            organisation_id: organisation,
            id: Uuid::nil(),
            territoire_id: import.territory.id().0,
            centre_id: centre.as_ref().map_or_else(Uuid::nil, |c| c.own.id),
            code: f.code("code"),
            name: f.text("nom"),
            tariff_code: f.text("tarif"),
            starts_minute,
            ends_minute: f.opt_time_after("fin", starts_minute),
            weekdays: f.opt_weekdays("jours").unwrap_or(ALL_WEEK),
            period: f.opt_one_of("periode", &PERIODS).unwrap_or_else(|| "toujours".into()),
            recording: f.opt_one_of("pointage", &RECORDINGS).unwrap_or_else(|| default_recording(centre.as_ref(), starts_minute).into()),
            booking_rule: f.opt_one_of("reservation", &BOOKING_RULES).unwrap_or_else(|| "aucune".into()),
            capacity: f.opt_integer("capacite", 0..=CAPACITY_MAX),
            cancellation_deadline: f.opt_text("delai_annulation"),
            regie_id,
            nature: f.opt_text("nature"),
        };
        let placed = model.clone();
        let id = stage.put(&mut f, "code", model)?;
        import.known.activities.give(&mut f, "code", known(&placed, id));
    }
    import.finish(FILE, stage).await
}

fn known(m: &activity::Model, id: Uuid) -> KnownActivity {
    KnownActivity { own: Owned { organisation: m.organisation_id, id }, centre: m.centre_id, recording: m.recording.clone() }
}

/// An activity that names no régie is its organisation's only one's.
fn only_regie(f: &mut Fields<'_>, regies: &[Uuid]) -> Option<Uuid> {
    match regies {
        [only] => Some(*only),
        [] => None,
        _ if f.raw("regie").is_empty() => {
            f.wrong("regie", "cette collectivité a plusieurs régies : nommez celle de l'activité");
            None
        }
        _ => None,
    }
}

/// How a moment is recorded where the file doesn't say (files.md).
fn default_recording(centre: Option<&KnownCentre>, starts_minute: Option<i32>) -> &'static str {
    match centre.map(|c| c.kind.as_str()) {
        Some("eaje" | "alsh") => "heures",
        Some("cantine") => "appel",
        _ if starts_minute.is_some_and(|start| start >= NOON_MINUTE) => "depart",
        _ => "arrivee",
    }
}

/// Rights to attend.
pub async fn enrolments(import: &mut Import<'_>) -> Result<()> {
    const FILE: &str = "inscriptions.csv";
    import.show(FILE);
    let Some(table) = import.folder.take(FILE) else { return Ok(()) };
    let mut stage = import.stage_of_organisations::<enrolment::Model>().await?;
    for row in &table.rows {
        let mut f = Fields::new(&table, row, &mut import.report);
        let activity = f.lookup("activite", &import.known.activities);
        let valid_from = f.date("du");
        let group = f.opt_lookup("groupe", &import.known.groups);
        let child_id = f.id("enfant", &import.known.children);
        let valid_to = f.opt_end("au", valid_from);
        let Some(activity) = activity else { continue };
        if group.is_some_and(|g| g.organisation != activity.own.organisation) {
            f.wrong("groupe", "ce groupe est celui d'une autre collectivité que celle de l'activité");
        }
        let model = enrolment::Model {
            organisation_id: activity.own.organisation,
            id: Uuid::nil(),
            territoire_id: import.territory.id().0,
            child_id,
            activity_id: activity.own.id,
            group_id: group.map(|g| g.id),
            valid_from,
            valid_to,
        };
        stage.put(&mut f, "du", model)?;
    }
    let period =
        |(m, line): (&enrolment::Model, Option<u64>)| Period { of: (m.child_id, m.activity_id), from: m.valid_from, to: m.valid_to, line };
    for (line, other) in overlaps(stage.rows().map(period).collect(), false) {
        import.wrong(FILE, Some(line), "du", format!("cette inscription recouvre celle {other} du même enfant à la même activité"));
    }
    import.finish(FILE, stage).await
}
