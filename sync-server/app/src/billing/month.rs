//! One organisation's month, read in bulk: a few queries, whatever the number of children.
//!
//! Every query goes through the [`Tenant`]; rows become the plain values that the rules take. What a code stands for is
//! read in [`codes`](super::codes).

use super::codes;
use crate::Result;
use crate::attendance::journal;
use crate::registry::zone::zone_of;
use crate::store::entity::{
    activity, billing_decision, booking, booking_event, centre, child, child_absence, closure, commune, contract, contract_leave,
    contract_slot, custody, custody_exception, enrolment, household, household_address, organisation, person, regie, situation, tariff,
};
use crate::store::{Kin, OfOrganisation, OfTerritoire, Tenant};
use chrono::NaiveDate;
use rules::input::{Activity, Attachment, Booking, Centre, Child, Household, Input, Payer, Situation};
use rules::problem::Decision;
use rules::tariff::Tariff;
use sea_orm::{ColumnTrait, QueryFilter, QueryOrder, Select};
use shared::calendar::{Month, SchoolCalendar};
use shared::fold::fold;
use shared::id::{ActivityId, CentreId, ChildId, HouseholdId, SiteId};
use shared::roster::Dated;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use uuid::Uuid;

/// Reads what the rules need to price a month.
///
/// # Errors
/// The database's; a stored tariff or code that can't be read.
pub async fn read(tenant: &Tenant<'_>, month: Month) -> Result<Input> {
    let days = Days { from: month.first(), to: month.last() };
    Ok(Input {
        tariffs: tariffs(tenant).await?,
        households: households(tenant, days, None).await?,
        decisions: decisions(tenant, month).await?,
        ..read_attendance(tenant, days).await?
    })
}

/// Reads what the rules need to price a month of one household: its children by their own row or by custody, and nobody else. Other homes
/// of the same children aren't read, so that what they owe isn't either.
///
/// # Errors
/// No such household here; as [`read`].
pub async fn read_household(tenant: &Tenant<'_>, month: Month, code: &str) -> Result<Input> {
    let days = Days { from: month.first(), to: month.last() };
    let kin = tenant.kin(code).await?;
    let facts = journal::facts_of(tenant, kin.children(), days.from, days.to).await?;
    Ok(Input {
        tariffs: tariffs(tenant).await?,
        households: households(tenant, days, Some(&kin)).await?,
        decisions: decisions(tenant, month).await?,
        centres: centres(tenant).await?,
        activities: activities(tenant).await?,
        children: children(tenant, days, Some(&kin)).await?,
        bookings: bookings(tenant, days, Some(&kin)).await?,
        attendance: fold(&facts),
        calendar: SchoolCalendar::shipped(),
    })
}

/// What of a day shows who was awaited and who came: nothing that prices.
///
/// # Errors
/// As [`read`].
pub async fn read_day(tenant: &Tenant<'_>, day: NaiveDate) -> Result<Input> {
    read_attendance(tenant, Days { from: day, to: day }).await
}

/// The lieux and activities of an organisation, with nobody in them: what is open on a day.
///
/// # Errors
/// The database's.
pub async fn read_places(tenant: &Tenant<'_>) -> Result<Input> {
    Ok(Input {
        centres: centres(tenant).await?,
        activities: activities(tenant).await?,
        tariffs: Vec::new(),
        children: Vec::new(),
        households: Vec::new(),
        bookings: Vec::new(),
        attendance: fold(&[]),
        calendar: SchoolCalendar::shipped(),
        decisions: BTreeMap::new(),
    })
}

async fn read_attendance(tenant: &Tenant<'_>, days: Days) -> Result<Input> {
    let facts = journal::facts(tenant, days.from, days.to).await?;
    Ok(Input {
        centres: centres(tenant).await?,
        activities: activities(tenant).await?,
        tariffs: Vec::new(),
        children: children(tenant, days, None).await?,
        households: Vec::new(),
        bookings: bookings(tenant, days, None).await?,
        attendance: fold(&facts),
        calendar: SchoolCalendar::shipped(),
        decisions: BTreeMap::new(),
    })
}

/// What agents decided about the problems of a month's drafts; the last word of each holds.
async fn decisions(tenant: &Tenant<'_>, month: Month) -> Result<BTreeMap<String, Decision>> {
    let of_month = tenant.find::<billing_decision::Entity>().filter(billing_decision::Column::Month.eq(month.to_string()));
    let in_order = of_month.order_by_asc(billing_decision::Column::DecidedAtMs).order_by_asc(billing_decision::Column::Id);
    let rows = in_order.all(&tenant.on()).await?;
    Ok(rows.into_iter().filter_map(|row| Some((row.problem, Decision::of(&row.decision)?))).collect())
}

/// First and last day.
#[derive(Clone, Copy)]
struct Days {
    from: NaiveDate,
    to: NaiveDate,
}

/// Rows by what they are about.
fn by<T>(rows: Vec<T>, key: impl Fn(&T) -> Uuid) -> HashMap<Uuid, Vec<T>> {
    let mut grouped: HashMap<Uuid, Vec<T>> = HashMap::new();
    for row in rows {
        grouped.entry(key(&row)).or_default().push(row);
    }
    grouped
}

async fn centres(tenant: &Tenant<'_>) -> Result<Vec<Centre>> {
    let on = tenant.on();
    let closures = by(tenant.find::<closure::Entity>().all(&on).await?, |row| row.centre_id);
    let closed = |centre: Uuid, which: fn(&closure::Model) -> bool| {
        let of_centre = closures.get(&centre).into_iter().flatten().filter(|row| which(row));
        of_centre.map(|row| (row.first_day, row.last_day)).collect()
    };
    let resident_communes = resident_communes(tenant).await?;
    let all = tenant.centres().await?;
    let of_row = |row: centre::Model| Centre {
        id: CentreId(row.id),
        site: SiteId(row.site_id),
        zone: zone_of(&row, &all),
        closures: closed(row.id, |_| true),
        unforeseen_closures: closed(row.id, |row| row.reason.as_deref().is_some_and(|why| codes::UNFORESEEN.contains(&why))),
        resident_communes: resident_communes.clone(),
        code: row.code,
        name: row.name,
    };
    Ok(all.iter().cloned().map(of_row).collect())
}

/// Whose families are residents: a commune's own (its CCAS and its caisse des écoles alike), else the whole territory's.
async fn resident_communes(tenant: &Tenant<'_>) -> Result<BTreeSet<String>> {
    let organisation: Option<organisation::Model> = tenant.organisation().await?;
    let own = organisation.filter(|o| matches!(o.kind.as_str(), "commune" | "ccas" | "caisse_ecoles")).and_then(|o| o.commune_insee);
    if let Some(own) = own {
        return Ok([own].into());
    }
    let all: Vec<commune::Model> = tenant.communes().all(&tenant.on()).await?;
    Ok(all.into_iter().map(|commune| commune.code_insee).collect())
}

async fn activities(tenant: &Tenant<'_>) -> Result<Vec<Activity>> {
    let on = tenant.on();
    let regies = tenant.find::<regie::Entity>().order_by_asc(regie::Column::Code).all(&on).await?;
    let by_id: HashMap<Uuid, &str> = regies.iter().map(|regie| (regie.id, regie.code.as_str())).collect();
    // An activity that names none is collected by the organisation's first.
    let first = regies.first().map_or("R1", |regie| regie.code.as_str());
    let mut activities = Vec::new();
    for row in tenant.find::<activity::Entity>().all(&on).await? {
        activities.push(Activity {
            id: ActivityId(row.id),
            centre: CentreId(row.centre_id),
            tariff: row.tariff_code,
            regie: row.regie_id.and_then(|id| by_id.get(&id).copied()).unwrap_or(first).to_owned(),
            starts: codes::time(row.starts_minute),
            ends: codes::time(row.ends_minute),
            weekdays: codes::weekdays(row.weekdays),
            period: codes::code("periode", &row.period)?,
            recording: codes::code("pointage", &row.recording)?,
            booking: codes::code("reservation", &row.booking_rule)?,
            code: row.code,
            name: row.name,
        });
    }
    Ok(activities)
}

/// Every version in force, read again from the file as it was voted.
async fn tariffs(tenant: &Tenant<'_>) -> Result<Vec<Tariff>> {
    let in_force = tenant.find::<tariff::Entity>().filter(tariff::Column::ReplacedAtMs.is_null());
    in_force.all(&tenant.on()).await?.iter().map(codes::tariff).collect()
}

/// Rows of a territoire table about the children of one household, or about everybody whom these days may be about.
async fn of_children<E: OfTerritoire>(tenant: &Tenant<'_>, days: Days, child: E::Column, only: Option<&Kin>) -> Result<Vec<E::Model>> {
    let rows = match only {
        Some(kin) => tenant.of_kin::<E>(child, kin),
        None => tenant.about_children_between::<E>(child, days.from, days.to),
    };
    Ok(rows.all(&tenant.on()).await?)
}

/// The same of an organisation's table.
async fn agreed<E: OfOrganisation>(tenant: &Tenant<'_>, rows: Select<E>, child: E::Column, only: Option<&Kin>) -> Result<Vec<E::Model>> {
    let rows = match only {
        Some(kin) => rows.filter(child.is_in(kin.children().iter().copied())),
        None => rows,
    };
    Ok(rows.all(&tenant.on()).await?)
}

async fn children(tenant: &Tenant<'_>, days: Days, only: Option<&Kin>) -> Result<Vec<Child>> {
    let on = tenant.on();
    let mut custodies = by(of_children::<custody::Entity>(tenant, days, custody::Column::ChildId, only).await?, |row| row.child_id);
    let mut exceptions = of_children::<custody_exception::Entity>(tenant, days, custody_exception::Column::ChildId, only).await?;
    exceptions.retain(|row| (days.from..=days.to).contains(&row.day));
    let mut exceptions = by(exceptions, |row| row.child_id);
    let mut enrolments =
        by(agreed(tenant, tenant.find::<enrolment::Entity>(), enrolment::Column::ChildId, only).await?, |row| row.child_id);
    let of_contracts = agreed(tenant, tenant.find::<contract::Entity>(), contract::Column::ChildId, only).await?;
    let ids = || of_contracts.iter().map(|row| row.id);
    let (slots, leave) = (tenant.find::<contract_slot::Entity>(), tenant.find::<contract_leave::Entity>());
    let (slots, leave) = match only {
        Some(_) => {
            (slots.filter(contract_slot::Column::ContractId.is_in(ids())), leave.filter(contract_leave::Column::ContractId.is_in(ids())))
        }
        None => (slots, leave),
    };
    let mut slots = by(slots.all(&on).await?, |row| row.contract_id);
    let mut leave = by(leave.all(&on).await?, |row| row.contract_id);
    let mut contracts = by(of_contracts, |row| row.child_id);
    let mut absences =
        by(of_children::<child_absence::Entity>(tenant, days, child_absence::Column::ChildId, only).await?, |row| row.child_id);
    let mut children = Vec::new();
    for row in of_children::<child::Entity>(tenant, days, child::Column::Id, only).await? {
        let attachments: Result<Vec<Attachment>> = custodies.remove(&row.id).unwrap_or_default().iter().map(codes::attachment).collect();
        let enrolments = enrolments.remove(&row.id).unwrap_or_default();
        let (regular, occasional): (Vec<_>, Vec<_>) =
            contracts.remove(&row.id).unwrap_or_default().into_iter().partition(|contract| contract.care_kind == codes::REGULAR_CARE);
        let right = |row: &contract::Model| dated(row.activity_id, row.valid_from, Some(row.valid_to));
        let mut agreed = |row: contract::Model| {
            let (slots, leave) = (slots.remove(&row.id).unwrap_or_default(), leave.remove(&row.id).unwrap_or_default());
            codes::contract(row, &slots, &leave)
        };
        // Occasional and emergency care has no monthly part: its contract is a right to come, priced by the hour.
        let enrolled = enrolments.iter().map(|row| dated(row.activity_id, row.valid_from, row.valid_to));
        children.push(Child {
            id: ChildId(row.id),
            birth_date: row.birth_date,
            household: HouseholdId(row.household_id),
            attachments: attachments?,
            custody_exceptions: exceptions
                .remove(&row.id)
                .unwrap_or_default()
                .iter()
                .map(|e| (e.day, HouseholdId(e.household_id)))
                .collect(),
            enrolments: enrolled.chain(occasional.iter().map(right)).collect(),
            contracts: regular.into_iter().map(&mut agreed).collect::<Result<_>>()?,
            absences: absences.remove(&row.id).unwrap_or_default().iter().map(codes::absence).collect(),
            code: row.code,
        });
    }
    Ok(children)
}

fn dated(activity: Uuid, from: NaiveDate, to: Option<NaiveDate>) -> Dated<ActivityId> {
    Dated { what: ActivityId(activity), from: Some(from), to }
}

/// All of them, or one.
async fn households(tenant: &Tenant<'_>, days: Days, only: Option<&Kin>) -> Result<Vec<Household>> {
    async fn of<E: OfTerritoire>(tenant: &Tenant<'_>, days: Days, home: E::Column, only: Option<&Kin>) -> Result<Vec<E::Model>> {
        let rows = match only {
            Some(kin) => tenant.of_home::<E>(home, kin),
            None => tenant.about_households_between::<E>(home, days.from, days.to),
        };
        Ok(rows.all(&tenant.on()).await?)
    }
    let addresses = of::<household_address::Entity>(tenant, days, household_address::Column::HouseholdId, only).await?;
    let mut addresses = by(addresses, |row| row.household_id);
    let mut situations = by(of::<situation::Entity>(tenant, days, situation::Column::HouseholdId, only).await?, |row| row.household_id);
    let mut payers = of::<person::Entity>(tenant, days, person::Column::HouseholdId, only).await?;
    payers.retain(|row| row.is_payer);
    let mut payers = by(payers, |row| row.household_id);
    let mut households = Vec::new();
    for row in of::<household::Entity>(tenant, days, household::Column::Id, only).await? {
        let addresses = addresses.remove(&row.id).unwrap_or_default();
        let first = addresses.iter().find(|address| address.valid_from.is_none());
        households.push(Household {
            id: HouseholdId(row.id),
            regime: row.regime.as_deref().map(|code| codes::code("regime", code)).transpose()?,
            commune: first.map(|address| address.commune_insee.clone()).unwrap_or_default(),
            moves: addresses.iter().filter_map(|address| Some((address.valid_from?, address.commune_insee.clone()))).collect(),
            situations: of_organisation(tenant, situations.remove(&row.id).unwrap_or_default()),
            payers: payers.remove(&row.id).unwrap_or_default().into_iter().map(payer).collect(),
            code: row.code,
        });
    }
    Ok(households)
}

/// The situations that this organisation uses: its own where it has any, else those declared at the guichet for all.
fn of_organisation(tenant: &Tenant<'_>, rows: Vec<situation::Model>) -> Vec<Situation> {
    let (own, others): (Vec<_>, Vec<_>) = rows.into_iter().partition(|row| row.organisation_id == Some(tenant.id().0));
    let shared = others.into_iter().filter(|row| row.organisation_id.is_none()).collect();
    let used = if own.is_empty() { shared } else { own };
    used.into_iter().map(codes::situation).collect()
}

fn payer(row: person::Model) -> Payer {
    Payer { code: row.code, share_bp: row.share_bp.and_then(|share| u32::try_from(share).ok()) }
}

async fn bookings(tenant: &Tenant<'_>, days: Days, only: Option<&Kin>) -> Result<Vec<Booking>> {
    let on = tenant.on();
    let of_days = tenant.find::<booking::Entity>().filter(booking::Column::Day.between(days.from, days.to));
    let rows = agreed(tenant, of_days, booking::Column::ChildId, only).await?;
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let events = match only {
        Some(_) => {
            let of_rows = booking_event::Column::BookingId.is_in(rows.iter().map(|row| row.id));
            tenant.find::<booking_event::Entity>().filter(of_rows)
        }
        None => tenant.booking_events_between(days.from, days.to),
    };
    let mut events = by(events.all(&on).await?, |row: &booking_event::Model| row.booking_id);
    let mut bookings = Vec::with_capacity(rows.len());
    for row in rows {
        let mut events = events.remove(&row.id).unwrap_or_default();
        events.sort_by_key(|event| event.number);
        let codes::BookingFold { state, starts_minute, ends_minute } = codes::booking_state(&events)?;
        let (starts, ends) = (codes::time(starts_minute), codes::time(ends_minute));
        bookings.push(Booking { child: ChildId(row.child_id), activity: ActivityId(row.activity_id), day: row.day, starts, ends, state });
    }
    Ok(bookings)
}
