//! `reservations.csv`, `absences.csv`.

use super::context::Import;
use super::fields::Fields;
use super::source::Table;
use super::stage::{Fate, imported};
use crate::Result;
use crate::registry::booking::{MOVED, State, Status, fold};
use crate::store::entity::{booking, booking_event, child_absence};
use crate::store::insert_all;
use chrono::{NaiveDate, NaiveTime};
use shared::calendar::instant;
use std::collections::HashMap;
use uuid::Uuid;

const STATES: [&str; 6] = ["reservee", "annulee", "absence_justifiee", "absence_injustifiee", "en_attente", "refusee"];
const REASONS: [&str; 6] = ["maladie", "hospitalisation", "eviction", "fermeture", "conge", "autre"];

imported! { booking: (Uuid, NaiveDate, Uuid) = |m| (m.activity_id, m.day, m.child_id) }
imported! { child_absence: (Uuid, NaiveDate) = |m| (m.child_id, m.first_day) }

/// What a row wants a booking to be.
struct Wish {
    line: u64,
    organisation: Uuid,
    booking: Uuid,
    state: State,
    requested_ms: i64,
    decided_ms: i64,
    channel: String,
}

/// Bookings: a row adds the events that lead to what it says, and none where it says what already is.
pub async fn bookings(import: &mut Import<'_>) -> Result<()> {
    const FILE: &str = "reservations.csv";
    import.show(FILE);
    let Some(table) = import.folder.take(FILE) else { return Ok(()) };
    let mut stage = import.stage_of_organisations::<booking::Model>().await?;
    let mut wishes = Vec::with_capacity(table.rows.len());
    for row in &table.rows {
        let mut f = Fields::new(&table, row, &mut import.report);
        let activity = f.lookup("activite", &import.known.activities);
        let child_id = f.id("enfant", &import.known.children);
        let day = f.date("date");
        let household_id = f.opt_lookup("foyer", &import.known.households);
        let Some(mut wish) = wish(&mut f, import.now.timestamp_millis()) else { continue };
        let Some(activity) = activity else { continue };
        let model = booking::Model {
            organisation_id: activity.own.organisation,
            id: Uuid::nil(),
            territoire_id: import.territory.id().0,
            child_id,
            activity_id: activity.own.id,
            day,
            household_id,
        };
        wish.booking = stage.put(&mut f, "date", model)?;
        wish.organisation = activity.own.organisation;
        wishes.push(wish);
    }
    drop::<Table>(table);
    import.finish(FILE, stage).await?;
    if !import.report.is_empty() {
        return Ok(());
    }
    let mut events: HashMap<Uuid, Vec<booking_event::Model>> = HashMap::new();
    for tenant in import.tenants() {
        for event in tenant.find::<booking_event::Entity>().all(&tenant.on()).await? {
            events.entry(event.booking_id).or_default().push(event);
        }
    }
    let mut new = Vec::new();
    for wish in wishes {
        let before = events.get(&wish.booking).map_or(&[][..], Vec::as_slice);
        let added = events_towards(&wish, before);
        if !before.is_empty() && !added.is_empty() {
            import.tell(FILE, wish.line, Fate::Changed);
        }
        new.extend(added);
    }
    insert_all(&import.territory.on(), new).await
}

fn wish(f: &mut Fields<'_>, now_ms: i64) -> Option<Wish> {
    let starts_minute = f.opt_time("debut");
    let ends_minute = f.opt_time_after("fin", starts_minute);
    if f.raw("debut").is_empty() != f.raw("fin").is_empty() {
        f.wrong("fin", "attendu un début et une fin, ou aucun des deux");
    }
    let requested = f.opt_date("demandee_le");
    let cancelled = f.opt_date("annulee_le");
    let word = f.opt_one_of("etat", &STATES);
    let status = match (word.as_deref(), cancelled) {
        (Some("annulee"), _) | (None, Some(_)) => Status::Cancelled,
        (Some("absence_justifiee"), _) => Status::AbsenceExcused,
        (Some("absence_injustifiee"), _) => Status::AbsenceUnexcused,
        (Some("en_attente"), None) => Status::Waitlisted,
        (Some("refusee"), None) => Status::Refused,
        (Some("reservee") | None, None) => Status::Accepted,
        _ => {
            f.wrong("annulee_le", "une date d'annulation, mais l'état ne dit pas « annulee »");
            return None;
        }
    };
    if let (Some(requested), Some(cancelled)) = (requested, cancelled)
        && cancelled < requested
    {
        f.wrong("annulee_le", format!("attendu une date qui ne soit pas avant la demande ({requested})"));
    }
    let at = |day: Option<NaiveDate>| day.map_or(now_ms, |d| instant(d, NaiveTime::MIN).timestamp_millis());
    let channel = f.opt_text("canal").unwrap_or_else(|| "guichet".into());
    f.good().then(|| Wish {
        line: f.line(),
        organisation: Uuid::nil(),
        booking: Uuid::nil(),
        state: State { status, starts_minute, ends_minute },
        requested_ms: at(requested),
        decided_ms: at(cancelled.or(requested)),
        channel,
    })
}

/// The events that lead from what a booking is to what a row says.
fn events_towards(wish: &Wish, before: &[booking_event::Model]) -> Vec<booking_event::Model> {
    let mut number = before.iter().map(|e| e.number).max().unwrap_or(0);
    let mut event = |kind: &str, at_ms: i64| {
        number += 1;
        let times = kind == MOVED || kind == Status::Requested.event();
        booking_event::Model {
            organisation_id: wish.organisation,
            booking_id: wish.booking,
            number,
            kind: kind.into(),
            at_ms,
            starts_minute: wish.state.starts_minute.filter(|_| times),
            ends_minute: wish.state.ends_minute.filter(|_| times),
            actor: "import".into(),
            on_behalf_of: None,
            capacity: "agent".into(),
            authority_ref: None,
            channel: wish.channel.clone(),
            deadline_rule: None,
        }
    };
    let mut added = Vec::new();
    match fold(before) {
        Some(state) => {
            let same_times = (state.starts_minute, state.ends_minute) == (wish.state.starts_minute, wish.state.ends_minute);
            if !same_times {
                added.push(event(MOVED, wish.decided_ms));
            }
            if state.status != wish.state.status {
                added.push(event(wish.state.status.event(), wish.decided_ms));
            }
        }
        None => {
            added.push(event(Status::Requested.event(), wish.requested_ms));
            if !matches!(wish.state.status, Status::Waitlisted | Status::Refused) {
                added.push(event(Status::Accepted.event(), wish.requested_ms));
            }
            if wish.state.status != Status::Accepted {
                added.push(event(wish.state.status.event(), wish.decided_ms));
            }
        }
    }
    added
}

/// Absences that were announced.
pub async fn absences(import: &mut Import<'_>) -> Result<()> {
    const FILE: &str = "absences.csv";
    import.show(FILE);
    let Some(table) = import.folder.take(FILE) else { return Ok(()) };
    let mut stage = import.stage::<child_absence::Model>().await?;
    for row in &table.rows {
        let mut f = Fields::new(&table, row, &mut import.report);
        let first_day = f.date("du");
        let model = child_absence::Model {
            territoire_id: import.territory.id().0,
            id: Uuid::nil(),
            child_id: f.id("enfant", &import.known.children),
            first_day,
            last_day: f.end("au", first_day),
            reason: f.one_of("motif", &REASONS),
            announced_on: f.opt_date("annoncee_le"),
            certificate_on: f.opt_date("certificat_le"),
        };
        stage.put(&mut f, "du", model)?;
    }
    import.finish(FILE, stage).await
}
