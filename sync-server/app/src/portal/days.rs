//! A child's days as its family reads them: what was booked, what the door recorded, what was announced. A fold of the journal beside
//! the bookings; nothing is kept.

use crate::Result;
use crate::attendance::journal;
use crate::registry::booking::{State, Status, fold as fold_booking};
use crate::store::Territory;
use crate::store::entity::{activity, booking, booking_event, centre, journal_payload};
use chrono::{NaiveDate, NaiveTime};
use sea_orm::{ColumnTrait, QueryFilter, QuerySelect};
use shared::fold::{Attendance, ChildDay, Mark, Presence, fold};
use shared::french;
use shared::id::{ChildId, OrganisationId};
use std::collections::{BTreeMap, HashMap};
use uuid::Uuid;

/// A child's days, read.
pub(super) struct ChildDays {
    child: ChildId,
    attendance: Attendance,
    bookings: Vec<Booked>,
    activities: HashMap<Uuid, activity::Model>,
    centres: HashMap<Uuid, centre::Model>,
}

struct Booked {
    day: NaiveDate,
    activity: Uuid,
    state: State,
}

/// One thing of a day, said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Said {
    /// "Accueil du soir".
    pub what: String,
    /// "Accueil périscolaire".
    pub place: String,
    /// "16:30 – 17:42"; empty where nothing is said of times.
    pub times: String,
    /// "réservé", "absence annoncée"; empty for a presence, whose times say it.
    pub tag: &'static str,
    /// The tag's colour.
    pub mark: &'static str,
}

/// Where a child is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Now {
    /// "sur place".
    pub tag: &'static str,
    /// Its colour.
    pub mark: &'static str,
    /// "Accueil du soir, Accueil périscolaire, depuis 16:30".
    pub text: String,
}

impl ChildDays {
    /// Reads a child's days, in whichever organisations they took place.
    pub(super) async fn read(territory: &Territory<'_>, child: ChildId, from: NaiveDate, to: NaiveDate) -> Result<Self> {
        let on = territory.on();
        // Organisation by organisation: that is how a child's entries are indexed.
        let organisations: Vec<Uuid> = territory.organisations().await?.into_iter().map(|organisation| organisation.id).collect();
        let recorded = territory.across::<journal_payload::Entity>(journal_payload::Column::TerritoireId);
        let recorded = recorded.filter(journal_payload::Column::OrganisationId.is_in(organisations));
        let recorded = recorded.filter(journal_payload::Column::ChildId.eq(child.0));
        let recorded = recorded.filter(journal_payload::Column::Day.lte(to)).filter(journal_payload::Column::LastDay.gte(from));
        let where_recorded: Vec<Uuid> =
            recorded.select_only().column(journal_payload::Column::OrganisationId).distinct().into_tuple().all(&on).await?;
        let mut facts = Vec::new();
        for organisation in where_recorded {
            facts.extend(journal::facts_about(&territory.tenant(OrganisationId(organisation)), child, from, to).await?);
        }
        let booked = territory.across::<booking::Entity>(booking::Column::TerritoireId).filter(booking::Column::ChildId.eq(child.0));
        let booked = booked.filter(booking::Column::Day.between(from, to)).all(&on).await?;
        let bookings = with_states(territory, booked).await?;
        let activities = territory.across::<activity::Entity>(activity::Column::TerritoireId).all(&on).await?;
        let centres = territory.across::<centre::Entity>(centre::Column::TerritoireId).all(&on).await?;
        Ok(Self {
            child,
            attendance: fold(&facts),
            bookings,
            activities: activities.into_iter().map(|a| (a.id, a)).collect(),
            centres: centres.into_iter().map(|c| (c.id, c)).collect(),
        })
    }

    fn recorded(&self, day: NaiveDate) -> Option<&ChildDay> {
        self.attendance.days.get(&(day, self.child))
    }

    fn booked(&self, day: NaiveDate) -> Vec<(&activity::Model, State)> {
        let of_day = self.bookings.iter().filter(|b| b.day == day);
        let mut of_day: Vec<_> = of_day.filter_map(|b| Some((self.activities.get(&b.activity)?, b.state))).collect();
        of_day.sort_by_key(|(a, state)| (state.starts_minute.or(a.starts_minute), a.name.clone()));
        of_day
    }

    fn centre_name(&self, id: Option<Uuid>) -> String {
        id.and_then(|id| self.centres.get(&id)).map(|c| c.name.clone()).unwrap_or_default()
    }

    fn of_mark(&self, mark: &Mark, times: String, tag: &'static str, colour: &'static str) -> Said {
        let activity = mark.activity.and_then(|id| self.activities.get(&id.0));
        let what = activity.map_or_else(|| mark.moment.clone(), |a| a.name.clone());
        let place = self.centre_name(mark.centre.map(|c| c.0));
        Said { what: if what.is_empty() { "Accueil".into() } else { what }, place, times, tag, mark: colour }
    }

    /// What is to be said of a day, in its order; nothing of a day on which nothing was planned and nothing happened.
    pub(super) fn said(&self, day: NaiveDate, today: NaiveDate) -> Vec<Said> {
        let empty = ChildDay::default();
        let recorded = self.recorded(day).unwrap_or(&empty);
        let mut said: Vec<Said> = Vec::new();
        for presence in &recorded.presences {
            said.push(self.of_mark(&presence.arrived, times_of(presence, day == today), "", ""));
        }
        for departure in &recorded.lone_departures {
            said.push(self.of_mark(&departure.mark, format!("départ {}", french::time_ms(departure.mark.at_ms)), "", ""));
        }
        for call in &recorded.roll_calls {
            said.push(self.of_mark(&call.mark, "présence à l’appel".into(), "", ""));
        }
        let attended = |activity: &activity::Model| recorded_in(recorded).any(|mark| mark.activity.is_some_and(|a| a.0 == activity.id));
        let mut covered: Vec<Uuid> = Vec::new();
        for (activity, state) in self.booked(day).into_iter().filter(|(activity, _)| !attended(activity)) {
            let absence = recorded.absences.iter().rev().find(|a| covers(&a.mark, activity));
            covered.extend(absence.map(|a| a.mark.entry.0));
            let (tag, mark) = match absence {
                Some(absence) => (said_absence(absence.noted), "absent"),
                None => said_state(state.status, day < today),
            };
            let times = times_of_booking(activity, state);
            said.push(Said { what: activity.name.clone(), place: self.centre_name(Some(activity.centre_id)), times, tag, mark });
        }
        for absence in recorded.absences.iter().filter(|a| !covered.contains(&a.mark.entry.0)) {
            let row = self.of_mark(&absence.mark, String::new(), said_absence(absence.noted), "absent");
            let what = if absence.mark.activity.is_none() { "Tous les accueils".to_owned() } else { row.what.clone() };
            said.push(Said { what, ..row });
        }
        said
    }

    /// What is planned on a day, and stands: for the list of the days to come.
    pub(super) fn planned(&self, day: NaiveDate) -> Vec<Said> {
        let absences = self.recorded(day).map(|d| d.absences.as_slice()).unwrap_or_default();
        let standing = self
            .booked(day)
            .into_iter()
            .filter(|(_, state)| matches!(state.status, Status::Accepted | Status::Waitlisted | Status::Requested));
        let said = |(activity, state): (&activity::Model, State)| {
            let absence = absences.iter().rev().find(|a| covers(&a.mark, activity));
            let (tag, mark) = match absence {
                Some(absence) => (said_absence(absence.noted), "absent"),
                None => said_state(state.status, false),
            };
            Said {
                what: activity.name.clone(),
                place: self.centre_name(Some(activity.centre_id)),
                times: times_of_booking(activity, state),
                tag,
                mark,
            }
        };
        standing.map(said).collect()
    }

    /// Where the child is, by the last word of today.
    pub(super) fn now(&self, today: NaiveDate) -> Now {
        let planned = self.planned(today);
        let nothing = || match planned.iter().find(|p| p.mark != "absent") {
            Some(next) => {
                let times = if next.times.is_empty() { String::new() } else { format!(", {}", next.times) };
                Now { tag: "prévu aujourd’hui", mark: "", text: format!("{}{times}", next.what) }
            }
            None => Now { tag: "", mark: "", text: "Rien de prévu aujourd’hui.".into() },
        };
        let Some(day) = self.recorded(today) else { return nothing() };
        let said = |mark: &Mark| {
            let said = self.of_mark(mark, String::new(), "", "");
            if said.place.is_empty() || said.place == said.what { said.what } else { format!("{}, {}", said.what, said.place) }
        };
        if let Some(open) = day.presences.iter().rev().find(|p| p.left.is_none()) {
            let text = format!("{}, depuis {}", said(&open.arrived), french::time_ms(open.arrived.at_ms));
            return Now { tag: "sur place", mark: "here", text };
        }
        if let Some(left) = day.presences.iter().filter_map(|p| p.left.as_ref()).chain(&day.lone_departures).max_by_key(|d| d.mark.at_ms) {
            let text = format!("{} : départ {}", said(&left.mark), french::time_ms(left.mark.at_ms));
            return Now { tag: "journée finie", mark: "", text };
        }
        if let Some(call) = day.roll_calls.last() {
            return Now { tag: "à l’appel", mark: "here", text: said(&call.mark) };
        }
        match day.absences.last() {
            Some(absence) => Now { tag: said_absence(absence.noted), mark: "absent", text: said(&absence.mark) },
            None => nothing(),
        }
    }
}

async fn with_states(territory: &Territory<'_>, booked: Vec<booking::Model>) -> Result<Vec<Booked>> {
    let mut by_organisation: BTreeMap<Uuid, Vec<booking::Model>> = BTreeMap::new();
    for row in booked {
        by_organisation.entry(row.organisation_id).or_default().push(row);
    }
    let mut bookings = Vec::new();
    for (organisation, rows) in by_organisation {
        let tenant = territory.tenant(OrganisationId(organisation));
        let of_rows = booking_event::Column::BookingId.is_in(rows.iter().map(|row| row.id));
        let events = tenant.find::<booking_event::Entity>().filter(of_rows).all(&tenant.on()).await?;
        for row in rows {
            let state = fold_booking(events.iter().filter(|event| event.booking_id == row.id));
            bookings.extend(state.map(|state| Booked { day: row.day, activity: row.activity_id, state }));
        }
    }
    Ok(bookings)
}

/// Marks that say that the child came.
fn recorded_in(day: &ChildDay) -> impl Iterator<Item = &Mark> {
    let arrived = day.presences.iter().map(|p| &p.arrived);
    let left = day.presences.iter().filter_map(|p| p.left.as_ref()).chain(&day.lone_departures).map(|d| &d.mark);
    arrived.chain(left).chain(&day.repeats).chain(day.roll_calls.iter().map(|r| &r.mark))
}

/// An absence covers what the tablet's board takes it to cover: its activity; without one, its lieu; without that, everything.
pub(super) fn covers(mark: &Mark, activity: &activity::Model) -> bool {
    match mark.activity {
        Some(other) => other.0 == activity.id,
        None => mark.centre.is_none_or(|centre| centre.0 == activity.centre_id),
    }
}

fn times_of(presence: &Presence, is_today: bool) -> String {
    let arrived = french::time_ms(presence.arrived.at_ms);
    match &presence.left {
        Some(left) => format!("{arrived} – {}", french::time_ms(left.mark.at_ms)),
        None if is_today => format!("depuis {arrived}"),
        None => format!("arrivée {arrived}, départ non noté"),
    }
}

fn times_of_booking(activity: &activity::Model, state: State) -> String {
    let (from, to) = (state.starts_minute.or(activity.starts_minute), state.ends_minute.or(activity.ends_minute));
    match (from.and_then(clock), to.and_then(clock)) {
        (Some(from), Some(to)) => format!("{from} – {to}"),
        (Some(from), None) => format!("à partir de {from}"),
        (None, Some(to)) => format!("jusqu’à {to}"),
        (None, None) => String::new(),
    }
}

/// "16:30", of minutes since midnight.
pub(super) fn clock(minute: i32) -> Option<String> {
    let seconds = u32::try_from(minute).ok()?.checked_mul(60)?;
    NaiveTime::from_num_seconds_from_midnight_opt(seconds.min(86_340), 0).map(french::time)
}

fn said_absence(noted: bool) -> &'static str {
    if noted { "absence" } else { "absence annoncée" }
}

fn said_state(status: Status, is_past: bool) -> (&'static str, &'static str) {
    match status {
        Status::Accepted if is_past => ("réservé, pas de présence", "look"),
        Status::Accepted => ("réservé", ""),
        Status::Requested => ("demande en cours", ""),
        Status::Waitlisted => ("liste d’attente", ""),
        Status::Cancelled => ("réservation annulée", ""),
        Status::Refused => ("demande refusée", ""),
        Status::AbsenceExcused => ("absence justifiée", "absent"),
        Status::AbsenceUnexcused => ("absence non justifiée", "absent"),
    }
}
