//! What stored codes mean to the rules. They are those of the import files, and were checked there: one that isn't
//! known here is a newer version's, and is told rather than guessed.

use crate::store::entity::{booking_event, child_absence, contract, contract_leave, contract_slot, custody, situation, tariff};
use crate::{Error, Result};
use chrono::{NaiveTime, Weekday};
use rules::input::{Absence, AbsenceReason, Attachment, BookingState, Contract, Custody, CustodyCalendar, Situation, Slot, Weeks};
use rules::tariff::{Tariff, parse};
use rust_decimal::Decimal;
use serde::de::DeserializeOwned;
use serde::de::value::{Error as CodeError, StrDeserializer};
use shared::calendar::Weekdays;
use shared::id::{ActivityId, HouseholdId};

/// `accueil` of a contract whose hours are billed by monthly parts.
pub const REGULAR_CARE: &str = "regulier";
/// `motif` of closures that no contract could count on; `conges` and `pont` are left out of its weeks.
pub const UNFORESEEN: [&str; 2] = ["greve", "travaux"];

/// A code of a closed list, by the name that the list itself serialises to.
pub fn code<T: DeserializeOwned>(column: &str, written: &str) -> Result<T> {
    T::deserialize(StrDeserializer::<CodeError>::new(written)).map_err(|_| unknown(column, written))
}

fn unknown(column: &str, written: &str) -> Error {
    Error::Conflict(format!("La base contient « {written} » pour {column}, que cette version de Préau ne connaît pas : mettez-la à jour."))
}

/// A time of day. 24:00, which no clock shows, is the last minute of the day.
pub fn time(minute: Option<i32>) -> Option<NaiveTime> {
    const LAST_MINUTE: u32 = 24 * 60 - 1;
    let minute = u32::try_from(minute?).ok()?.min(LAST_MINUTE);
    NaiveTime::from_num_seconds_from_midnight_opt(minute * 60, 0)
}

/// A set of weekdays, Monday in the lowest bit.
pub fn weekdays(bits: i32) -> Weekdays {
    Weekdays::from_bits(u8::try_from(bits).unwrap_or(0))
}

/// A tariff, from the text that was voted.
pub fn tariff(row: &tariff::Model) -> Result<Tariff> {
    parse(&row.source_text).map_err(|errors| {
        let first = errors.first().map(ToString::to_string).unwrap_or_default();
        Error::Conflict(format!("Le tarif « {} » ({}) ne se lit plus : {first}", row.code, row.file_name))
    })
}

/// A household that a child belongs to for a time.
pub fn attachment(row: &custody::Model) -> Result<Attachment> {
    let custody = match row.kind.as_str() {
        "exclusive" => Custody::Exclusive,
        "alternee" => Custody::Alternating,
        "droit_visite" => Custody::Visiting,
        "placement" => Custody::Placement,
        other => return Err(unknown("garde", other)),
    };
    let calendar = row.calendar.as_deref().map(calendar).transpose()?;
    let household = HouseholdId(row.household_id);
    Ok(Attachment { household, from: row.valid_from, to: row.valid_to, custody, calendar, pivot: row.pivot })
}

fn calendar(written: &str) -> Result<CustodyCalendar> {
    let wrong = || unknown("calendrier", written);
    match written.split_once(':') {
        Some(("jours", days)) => days.parse().map(CustodyCalendar::Weekdays).map_err(|_| wrong()),
        Some(("part", percent)) => percent.parse().map(CustodyCalendar::Part).map_err(|_| wrong()),
        None if written == "semaines_paires" => Ok(CustodyCalendar::EvenWeeks),
        None if written == "semaines_impaires" => Ok(CustodyCalendar::OddWeeks),
        None if written == "dates" => Ok(CustodyCalendar::Dates),
        _ => Err(wrong()),
    }
}

/// What a household proved.
pub fn situation(row: situation::Model) -> Situation {
    let number = |written: i32| u32::try_from(written).ok();
    Situation {
        from: row.valid_from,
        to: row.valid_to,
        quotient_familial: row.family_quotient.and_then(number),
        monthly_resources: row.monthly_resources_cents.map(|cents| Decimal::new(cents, 2)),
        dependent_children: row.dependent_children.and_then(number),
        aeeh_children: row.aeeh_children.and_then(number).unwrap_or(0),
        source: row.source.unwrap_or_default(),
    }
}

/// A contract of regular care, with the hours that it reserves and the leave that was declared.
pub fn contract(row: contract::Model, slots: &[contract_slot::Model], leave: &[contract_leave::Model]) -> Result<Contract> {
    let hours = |column: &str, written: &str| written.parse::<Decimal>().map_err(|_| unknown(column, written));
    Ok(Contract {
        activity: ActivityId(row.activity_id),
        household: row.household_id.map(HouseholdId),
        from: row.valid_from,
        to: row.valid_to,
        weekly_hours: hours("heures_semaine", &row.weekly_hours)?,
        weeks: hours("semaines", &row.weeks)?,
        planned_leave_hours: hours("heures_absence_prevues", &row.planned_leave_hours)?,
        monthly_parts: u32::try_from(row.monthly_parts).map_err(|_| unknown("mensualites", &row.monthly_parts.to_string()))?,
        adaptation_until: row.adaptation_until,
        slots: slots.iter().map(slot).collect::<Result<_>>()?,
        leave: leave.iter().map(|row| (row.first_day, row.last_day)).collect(),
        code: row.code,
    })
}

fn slot(row: &contract_slot::Model) -> Result<Slot> {
    let weeks = match row.week.as_str() {
        "toutes" => Weeks::All,
        "A" => Weeks::Odd,
        "B" => Weeks::Even,
        other => return Err(unknown("semaine", other)),
    };
    let weekday = u8::try_from(row.weekday).ok().and_then(|day| Weekday::try_from(day).ok());
    let wrong = || unknown("debut", &format!("{} à {}", row.starts_minute, row.ends_minute));
    Ok(Slot {
        weeks,
        weekday: weekday.ok_or_else(|| unknown("jour", &row.weekday.to_string()))?,
        from: time(Some(row.starts_minute)).ok_or_else(wrong)?,
        to: time(Some(row.ends_minute)).ok_or_else(wrong)?,
    })
}

/// An absence, as far as a contract asks why.
pub fn absence(row: &child_absence::Model) -> Absence {
    let reason = match row.reason.as_str() {
        "maladie" => AbsenceReason::Illness,
        "hospitalisation" => AbsenceReason::Hospital,
        "eviction" => AbsenceReason::Eviction,
        "fermeture" => AbsenceReason::Closure,
        _ => AbsenceReason::Other,
    };
    Absence { from: row.first_day, to: row.last_day, reason, certified: row.certificate_on.is_some() }
}

/// A booking as its events left it.
pub struct BookingFold {
    /// Its state.
    pub state: BookingState,
    /// Asked from.
    pub starts_minute: Option<i32>,
    /// Asked to.
    pub ends_minute: Option<i32>,
}

/// The state of a booking: the fold of its events, in their order.
pub fn booking_state(events: &[booking_event::Model]) -> Result<BookingFold> {
    let mut fold = BookingFold { state: BookingState::Waiting, starts_minute: None, ends_minute: None };
    for event in events {
        fold.state = match event.kind.as_str() {
            "accepted" => BookingState::Booked,
            "requested" | "waitlisted" => BookingState::Waiting,
            "cancelled" => BookingState::Cancelled,
            "refused" => BookingState::Refused,
            "absence_excused" => BookingState::JustifiedAbsence,
            "absence_unexcused" => BookingState::UnjustifiedAbsence,
            // A move changes the times and nothing else.
            "moved" => fold.state,
            other => return Err(unknown("evenement", other)),
        };
        if event.starts_minute.is_some() || event.ends_minute.is_some() {
            (fold.starts_minute, fold.ends_minute) = (event.starts_minute, event.ends_minute);
        }
    }
    Ok(fold)
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::roster::Recording;
    use uuid::Uuid;

    fn event(number: i32, kind: &str, times: Option<(i32, i32)>) -> booking_event::Model {
        booking_event::Model {
            organisation_id: Uuid::nil(),
            booking_id: Uuid::nil(),
            number,
            kind: kind.into(),
            at_ms: 0,
            starts_minute: times.map(|(from, _)| from),
            ends_minute: times.map(|(_, to)| to),
            actor: "import".into(),
            on_behalf_of: None,
            capacity: "agent".into(),
            authority_ref: None,
            channel: "import".into(),
            deadline_rule: None,
        }
    }

    #[test]
    fn a_booking_is_what_its_last_event_made_of_it() {
        let state = |kinds: &[&str]| {
            let events: Vec<_> = (1..).zip(kinds).map(|(number, kind)| event(number, kind, None)).collect();
            booking_state(&events).unwrap().state
        };
        assert_eq!(state(&["requested"]), BookingState::Waiting);
        assert_eq!(state(&["requested", "accepted"]), BookingState::Booked);
        assert_eq!(state(&["requested", "accepted", "moved"]), BookingState::Booked);
        assert_eq!(state(&["requested", "accepted", "cancelled"]), BookingState::Cancelled);
        assert_eq!(state(&["accepted", "absence_excused"]), BookingState::JustifiedAbsence);
        let moved =
            booking_state(&[event(1, "requested", Some((990, 1050))), event(2, "accepted", None), event(3, "moved", Some((990, 1080)))])
                .unwrap();
        assert_eq!((moved.starts_minute, moved.ends_minute), (Some(990), Some(1080)));
        assert!(booking_state(&[event(1, "teleported", None)]).is_err());
    }

    #[test]
    fn a_code_of_a_newer_version_is_told_and_not_guessed() {
        assert_eq!(code::<Recording>("pointage", "depart").unwrap(), Recording::Depart);
        assert!(code::<Recording>("pointage", "biometrie").unwrap_err().to_string().contains("biometrie"));
    }

    #[test]
    fn calendars_read_as_files_write_them() {
        assert_eq!(calendar("part:50").unwrap(), CustodyCalendar::Part(50));
        assert_eq!(calendar("semaines_paires").unwrap(), CustodyCalendar::EvenWeeks);
        assert_eq!(calendar("jours:lu,ma").unwrap(), CustodyCalendar::Weekdays("lu ma".parse().unwrap()));
        assert!(calendar("jours:lundi").is_err() && calendar("un sur deux").is_err());
    }
}
