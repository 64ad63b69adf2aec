//! What a month's pricing is given: plain values, read by the server in a few
//! queries, with the codes of files beside the ids of the journal.
//!
//! Everything dated keeps its dates: the situation, address, household and
//! tariff used are those of the day of the fact.

use crate::problem::Decision;
use crate::quantity::Unit;
use crate::tariff::{Regime, Tariff};
use chrono::{Datelike, NaiveDate, NaiveTime, Weekday};
use rust_decimal::Decimal;
use shared::calendar::{Month, SchoolCalendar, Weekdays, Zone, public_holiday};
use shared::fold::Attendance;
use shared::id::{ActivityId, CentreId, ChildId, HouseholdId, SiteId};
use shared::roster::{BookingRule, Dated, Period, Recording};
use std::collections::{BTreeMap, BTreeSet};

/// One organisation's month.
#[derive(Debug, Default)]
pub struct Input {
    /// Its lieux.
    pub centres: Vec<Centre>,
    /// Their activities.
    pub activities: Vec<Activity>,
    /// Every version of every tariff.
    pub tariffs: Vec<Tariff>,
    /// Children who attended, booked or are enrolled, with their brothers and sisters.
    pub children: Vec<Child>,
    /// Their households.
    pub households: Vec<Household>,
    /// Bookings of the month.
    pub bookings: Vec<Booking>,
    /// The fold of the month's entries.
    pub attendance: Attendance,
    /// School holidays.
    pub calendar: SchoolCalendar,
    /// What agents decided about problems of earlier drafts, by [`Problem::name`](crate::problem::Problem::name).
    pub decisions: BTreeMap<String, Decision>,
}

/// A lieu.
#[derive(Debug, Clone)]
pub struct Centre {
    /// Its id.
    pub id: CentreId,
    /// `code` in files.
    pub code: String,
    /// The building.
    pub site: SiteId,
    /// "Accueil Vauban".
    pub name: String,
    /// School holidays that it follows.
    pub zone: Zone,
    /// Days that it is closed on, first and last.
    pub closures: Vec<(NaiveDate, NaiveDate)>,
    /// Those of them that no contract could count on, as in a strike.
    pub unforeseen_closures: Vec<(NaiveDate, NaiveDate)>,
    /// INSEE codes of the communes whose families are residents: those of the
    /// territory for an agglomération, its own for a commune. Empty: everyone is.
    pub resident_communes: BTreeSet<String>,
}

/// What is booked and billed.
#[derive(Debug, Clone)]
pub struct Activity {
    /// Its id.
    pub id: ActivityId,
    /// `code` in files.
    pub code: String,
    /// The lieu.
    pub centre: CentreId,
    /// As printed on a bill.
    pub name: String,
    /// Code of its tariff.
    pub tariff: String,
    /// Code of the régie that collects.
    pub regie: String,
    /// Start of its window.
    pub starts: Option<NaiveTime>,
    /// End of its window.
    pub ends: Option<NaiveTime>,
    /// Days of the week; none stands for all.
    pub weekdays: Weekdays,
    /// Days of the year.
    pub period: Period,
    /// How attendance is recorded.
    pub recording: Recording,
    /// Whether a booking is needed.
    pub booking: BookingRule,
}

impl Activity {
    /// Whether its window and its centre are open on a day.
    #[must_use]
    pub fn is_open(&self, day: NaiveDate, centre: &Centre, calendar: &SchoolCalendar) -> bool {
        let closed = centre.closures.iter().any(|(first, last)| (*first..=*last).contains(&day));
        !closed && self.is_due(day, centre, calendar)
    }

    /// Whether it would be open on a day, were its centre closed on none.
    #[must_use]
    pub fn is_due(&self, day: NaiveDate, centre: &Centre, calendar: &SchoolCalendar) -> bool {
        let weekday = self.weekdays.is_empty() || self.weekdays.contains(day.weekday());
        weekday && self.period.fits(calendar.day_kind(centre.zone, day), public_holiday(day).is_some())
    }
}

/// A child.
#[derive(Debug, Clone)]
pub struct Child {
    /// Its id.
    pub id: ChildId,
    /// `code` in files.
    pub code: String,
    /// For its rank among siblings.
    pub birth_date: NaiveDate,
    /// The household it belongs to where nothing else is said.
    pub household: HouseholdId,
    /// Further households, dated.
    pub attachments: Vec<Attachment>,
    /// Days on which an exception says which household has the child.
    pub custody_exceptions: Vec<(NaiveDate, HouseholdId)>,
    /// Activities that it may attend, dated.
    pub enrolments: Vec<Dated<ActivityId>>,
    /// Contracts of regular care.
    pub contracts: Vec<Contract>,
    /// Absences that were announced or certified.
    pub absences: Vec<Absence>,
}

impl Child {
    /// Whether the child has an enrolment or a contract for an activity on a day.
    #[must_use]
    pub fn is_enrolled_in(&self, activity: ActivityId, day: NaiveDate) -> bool {
        let contract = self.contracts.iter().any(|contract| contract.activity == activity && contract.holds(day));
        contract || self.enrolments.iter().any(|right| right.what == activity && right.holds(day))
    }

    /// Whether the child has any enrolment or contract on a day.
    #[must_use]
    pub fn is_enrolled(&self, day: NaiveDate) -> bool {
        self.contracts.iter().any(|contract| contract.holds(day)) || self.enrolments.iter().any(|right| right.holds(day))
    }
}

/// A contract of regular care: hours that a family reserves and pays by equal parts (`contrats.csv`).
#[derive(Debug, Clone)]
pub struct Contract {
    /// `code` in files.
    pub code: String,
    /// For what.
    pub activity: ActivityId,
    /// Who owes it; `None`: the child's own household.
    pub household: Option<HouseholdId>,
    /// First day.
    pub from: NaiveDate,
    /// Last day. One that was broken ends on the day of the break: it touches fewer months than it has parts.
    pub to: NaiveDate,
    /// Hours a week.
    pub weekly_hours: Decimal,
    /// Weeks of the whole contract.
    pub weeks: Decimal,
    /// Hours of leave that its parts already leave out.
    pub planned_leave_hours: Decimal,
    /// How many monthly parts it is paid in.
    pub monthly_parts: u32,
    /// Last day of an adaptation, whose hours are free.
    pub adaptation_until: Option<NaiveDate>,
    /// The reserved hours of a week (`contrats_plages.csv`).
    pub slots: Vec<Slot>,
    /// Leave that was declared, first and last day (`conges.csv`).
    pub leave: Vec<(NaiveDate, NaiveDate)>,
}

impl Contract {
    /// Whether a day is in it.
    #[must_use]
    pub fn holds(&self, day: NaiveDate) -> bool {
        self.from <= day && day <= self.to
    }
}

/// Reserved hours of a day of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slot {
    /// In which weeks.
    pub weeks: Weeks,
    /// Which day.
    pub weekday: Weekday,
    /// From.
    pub from: NaiveTime,
    /// To.
    pub to: NaiveTime,
}

/// `semaine` of a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weeks {
    /// `toutes`.
    All,
    /// `A`: odd weeks of the ISO calendar.
    Odd,
    /// `B`: even ones.
    Even,
}

impl Weeks {
    /// Whether a day is in such a week.
    #[must_use]
    pub fn hold(self, day: NaiveDate) -> bool {
        let odd = day.iso_week().week() % 2 == 1;
        match self {
            Self::All => true,
            Self::Odd => odd,
            Self::Even => !odd,
        }
    }
}

/// An absence as the office knows it (`absences.csv`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Absence {
    /// First day.
    pub from: NaiveDate,
    /// Last day.
    pub to: NaiveDate,
    /// Why.
    pub reason: AbsenceReason,
    /// A certificate was handed in.
    pub certified: bool,
}

/// `motif` of an absence, as far as a contract asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AbsenceReason {
    /// `maladie`.
    Illness,
    /// `hospitalisation`.
    Hospital,
    /// `eviction`: the crèche's doctor says so.
    Eviction,
    /// `fermeture`: the crèche is closed.
    Closure,
    /// Leave, or anything else: due.
    Other,
}

/// A household that a child belongs to for a time (`rattachements.csv`).
#[derive(Debug, Clone)]
pub struct Attachment {
    /// Which household.
    pub household: HouseholdId,
    /// First day.
    pub from: Option<NaiveDate>,
    /// Last day.
    pub to: Option<NaiveDate>,
    /// In what right.
    pub custody: Custody,
    /// On which days; `None`: all.
    pub calendar: Option<CustodyCalendar>,
    /// A day of a week that is this household's: weeks alternate from it, whatever their number.
    pub pivot: Option<NaiveDate>,
}

/// `garde`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Custody {
    /// The child lives there.
    #[default]
    Exclusive,
    /// The child lives there in turn.
    Alternating,
    /// A right of visit: it doesn't pay.
    Visiting,
    /// The child is placed there.
    Placement,
}

/// `calendrier`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CustodyCalendar {
    /// ISO weeks of even number.
    EvenWeeks,
    /// ISO weeks of odd number.
    OddWeeks,
    /// These days of the week.
    Weekdays(Weekdays),
    /// Only the dates of `gardes.csv`.
    Dates,
    /// Every day, for so many percent.
    Part(u32),
}

/// A foyer.
#[derive(Debug, Clone)]
pub struct Household {
    /// Its id.
    pub id: HouseholdId,
    /// `code` in files.
    pub code: String,
    /// Who pays its benefits; unknown counts as neither CAF nor MSA.
    pub regime: Option<Regime>,
    /// INSEE code of its commune, where no later address says otherwise.
    pub commune: String,
    /// Later addresses: first day, and INSEE code.
    pub moves: Vec<(NaiveDate, String)>,
    /// Its situations.
    pub situations: Vec<Situation>,
    /// Its adults who pay.
    pub payers: Vec<Payer>,
}

impl Household {
    /// INSEE code of the commune it lived in on a day.
    #[must_use]
    pub fn commune_on(&self, day: NaiveDate) -> &str {
        let last = self.moves.iter().filter(|(from, _)| *from <= day).max_by_key(|(from, _)| *from);
        last.map_or(self.commune.as_str(), |(_, commune)| commune)
    }
}

/// What a household proved, from a day on (`situations.csv`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Situation {
    /// First day.
    pub from: NaiveDate,
    /// Last day; open: to the day before the next one.
    pub to: Option<NaiveDate>,
    /// QF; 0 is one.
    pub quotient_familial: Option<u32>,
    /// Euros a month.
    pub monthly_resources: Option<Decimal>,
    /// Children in charge.
    pub dependent_children: Option<u32>,
    /// Of whom with AEEH.
    pub aeeh_children: u32,
    /// Where it comes from: "API Particulier", "avis d'imposition"…
    pub source: String,
}

/// An adult who pays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payer {
    /// `code` in files.
    pub code: String,
    /// Their part in hundredths of a percent, where the household shares its bill; empty: equal parts of what nobody else has.
    pub share_bp: Option<u32>,
}

/// A booking, in its last state.
#[derive(Debug, Clone)]
pub struct Booking {
    /// Who.
    pub child: ChildId,
    /// For what.
    pub activity: ActivityId,
    /// When.
    pub day: NaiveDate,
    /// Reserved from.
    pub starts: Option<NaiveTime>,
    /// Reserved to.
    pub ends: Option<NaiveTime>,
    /// Its state.
    pub state: BookingState,
}

/// `etat` of a booking.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BookingState {
    /// Awaited; without presence, a no-show.
    Booked,
    /// Cancelled in time.
    Cancelled,
    /// Absent with a reason that isn't billed.
    JustifiedAbsence,
    /// Absent without one.
    UnjustifiedAbsence,
    /// Not decided yet.
    Waiting,
    /// Refused.
    Refused,
}

impl BookingState {
    /// Whether it is billed where bookings are.
    #[must_use]
    pub fn counts(self) -> bool {
        matches!(self, Self::Booked | Self::UnjustifiedAbsence)
    }
}

/// What is asked of a pricing besides its data.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// The month.
    pub month: Month,
    /// Only this régie's invoices.
    pub regie: Option<&'a str>,
    /// Whether explanations name every entry by its id, as an issued bill keeps them. Touches at the door always are; ids of
    /// imported entries are drawn when a folder is loaded, so without them the same folder gives the same bytes in any installation.
    pub with_entry_ids: bool,
}

/// Whether a unit is one a day, whatever the time.
pub(crate) fn is_daily(unit: Unit) -> bool {
    unit.minutes().is_none()
}
