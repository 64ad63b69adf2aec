//! A household's file: who lives there, who decides, who may take a child and who must not, what was agreed, what is owed.
//!
//! Reading one leaves a line in the audit, in the transaction that read it. Another organisation's facts about the same family
//! (its situations, bookings, bills) aren't here. An address, telephone and e-mail that are confidential show to whoever may edit
//! families only.

use super::account::said_balance;
use super::day::Notice;
use super::families::{households_of, must_see, visible};
use super::{Frame, act_of, desk, id_of};
use crate::identity::audit;
use crate::identity::{Agent, Right};
use crate::page::html;
use crate::registry::booking::{self, Status};
use crate::registry::door_code;
use crate::registry::proof::source_words;
use crate::serve::Server;
use crate::store::entity::{
    activity, booking as bookings, centre, child, child_right, commune, custody, enrolment, household, household_address, invoice,
    ledger_posting, person, pickup_person, regie, situation,
};
use crate::store::{Tenant, Territory};
use crate::{Error, Result};
use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use chrono::NaiveDate;
use sea_orm::{ColumnTrait, Condition, QueryFilter, QueryOrder, QuerySelect};
use serde::Deserialize;
use shared::calendar::{Month, business_day, instant_from_ms};
use shared::french;
use shared::money::Cents;
use std::collections::{BTreeMap, HashMap};
use utoipa::ToSchema;
use uuid::Uuid;

/// Reads a household's file.
pub(super) const READ: &str = "GET /bureau/{organisation}/familles/{household}";
/// What was done, as the page says it after the act.
const DONE: [(&str, &str); 2] = [
    ("borne", "Le code est posé : les tablettes qui connaissent cette personne le reçoivent à leur prochain échange."),
    ("borne-retire", "Le code est retiré : il n’ouvre plus rien dès que les tablettes l’apprennent."),
];
/// Bills shown.
const BILLS_MAX: u64 = 60;

#[derive(Debug, Default, Deserialize, ToSchema)]
pub(super) struct Asked {
    fait: Option<String>,
}

/// What an adult owes a régie.
struct Balance {
    payer: String,
    regie: String,
    sum: String,
    /// Of its account, below `comptes`.
    path: String,
}

#[derive(Template)]
#[template(path = "office/household.html")]
struct Page {
    frame: Frame,
    notice: Option<Notice>,
    id: Uuid,
    name: String,
    code: String,
    hidden: bool,
    confidential: bool,
    address: Vec<String>,
    adults: Vec<Adult>,
    children: Vec<Child>,
    situations: Vec<String>,
    month: String,
    bookings: Vec<Booked>,
    see_bills: bool,
    balances: Vec<Balance>,
    bills: Vec<Bill>,
    may_edit: bool,
}

struct Adult {
    id: Uuid,
    name: String,
    payer: bool,
    contact: Vec<String>,
    /// "3 octobre 2026": since when there is a code for tablets of families.
    door_code: Option<String>,
}

struct Child {
    name: String,
    born: String,
    custody: Vec<String>,
    rights: Vec<String>,
    may_take: Vec<String>,
    barred: Vec<String>,
    enrolments: Vec<String>,
}

struct Booked {
    day: String,
    child: String,
    activity: String,
    state: &'static str,
}

struct Bill {
    id: Uuid,
    number: String,
    regie: String,
    month: String,
    total: String,
}

/// `GET /bureau/{organisation}/familles/{household}`.
pub(super) async fn page(
    State(server): State<Server>,
    agent: Agent,
    Path((_, household)): Path<(String, String)>,
    Query(asked): Query<Asked>,
) -> Result<Response> {
    show(&server, &agent, id_of(&household, "Ce foyer")?, Notice::done(&DONE, asked.fait.as_deref())).await
}

pub(super) async fn show(server: &Server, agent: &Agent, household: Uuid, notice: Option<Notice>) -> Result<Response> {
    must_see(agent)?;
    let (now, today) = (server.app.clock.now(), server.app.clock.today());
    // A reading that is told of: both in one transaction.
    let transaction = server.app.db.begin().await?;
    let territory = Territory::new(server.app.territoire(), &transaction);
    let tenant = territory.tenant(agent.organisation_id());
    let home = find(&tenant, agent, household).await?;
    let frame = desk(&territory, agent, "families", today).await?;
    let page = Page { notice, ..read(&territory, &tenant, agent, home, today, frame).await? };
    audit::write(&territory, now, act_of(agent, READ).about("household", page.id)).await?;
    transaction.commit().await?;
    html(&page)
}

/// A household with the children whom the organisation, and the role, has to do with.
pub(super) struct Home {
    row: household::Model,
    children: Vec<child::Model>,
    custodies: Vec<custody::Model>,
}

pub(super) async fn find(tenant: &Tenant<'_>, agent: &Agent, id: Uuid) -> Result<Home> {
    let on = tenant.on();
    let nobody = || Error::NotFound("Ce foyer".into());
    let row = tenant.households().filter(household::Column::Id.eq(id)).one(&on).await?.ok_or_else(nobody)?;
    let custodies = tenant.about_children::<custody::Entity>(custody::Column::ChildId).filter(custody::Column::HouseholdId.eq(id));
    let shared: Vec<Uuid> = custodies.all(&on).await?.into_iter().map(|c| c.child_id).collect();
    let at_home = Condition::any().add(child::Column::HouseholdId.eq(id)).add(child::Column::Id.is_in(shared));
    let mut children = tenant.children().filter(at_home).all(&on).await?;
    if let Some(visible) = visible(tenant, agent).await? {
        children.retain(|child| visible.contains(&child.id));
    }
    children.sort_by_key(|c| (c.birth_date, c.id));
    let of_them = custody::Column::ChildId.is_in(children.iter().map(|c| c.id));
    let custodies = tenant.about_children::<custody::Entity>(custody::Column::ChildId).filter(of_them).all(&on).await?;
    if households_of(&children, &custodies).contains_key(&id) { Ok(Home { row, children, custodies }) } else { Err(nobody()) }
}

async fn read(territory: &Territory<'_>, tenant: &Tenant<'_>, agent: &Agent, home: Home, today: NaiveDate, frame: Frame) -> Result<Page> {
    let on = tenant.on();
    let (id, may_edit) = (home.row.id, agent.may(Right::EditFamilies));
    let hidden = home.row.confidential && !may_edit;
    let people = tenant.about_households::<person::Entity>(person::Column::HouseholdId).filter(person::Column::HouseholdId.eq(id));
    let people = people.order_by_asc(person::Column::SearchName).all(&on).await?;
    let mut adults = Vec::new();
    for row in &people {
        adults.push(adult(row, hidden, door_code::set_at_ms(territory, row.id).await?));
    }
    let month = Month::of(today);
    let see_bills = agent.may(Right::SeeBilling);
    let regies = tenant.find::<regie::Entity>().all(&on).await?;
    let regies: HashMap<Uuid, regie::Model> = regies.into_iter().map(|r| (r.id, r)).collect();
    Ok(Page {
        id,
        hidden,
        may_edit,
        see_bills,
        confidential: home.row.confidential,
        address: if hidden { Vec::new() } else { address(tenant, id, today).await? },
        children: children(tenant, &home, today, may_edit).await?,
        situations: situations(tenant, id).await?,
        month: french::month(month),
        bookings: booked(tenant, &home, month).await?,
        balances: if see_bills { balances(tenant, &people, &regies).await? } else { Vec::new() },
        bills: if see_bills { bills(tenant, id, &regies).await? } else { Vec::new() },
        adults,
        notice: None,
        name: home.row.name,
        code: home.row.code,
        frame,
    })
}

fn adult(row: &person::Model, hidden: bool, code_set_ms: Option<i64>) -> Adult {
    let channel = match row.channel.as_deref() {
        Some("papier") => "reçoit du papier",
        Some("sms") => "reçoit des SMS",
        Some("guichet") => "vient au guichet",
        Some("courriel") => "reçoit des courriels",
        _ => "",
    };
    let contact =
        if hidden { vec![] } else { [row.phone.clone(), row.email.clone(), Some(channel.to_owned())].into_iter().flatten().collect() };
    let contact = contact.into_iter().filter(|text: &String| !text.is_empty()).collect();
    Adult {
        id: row.id,
        name: format!("{} {}", row.first_name, row.last_name),
        payer: row.is_payer,
        contact,
        door_code: code_set_ms.map(|at| french::long_day(business_day(instant_from_ms(at)))),
    }
}

async fn address(tenant: &Tenant<'_>, id: Uuid, today: NaiveDate) -> Result<Vec<String>> {
    let on = tenant.on();
    let rows = tenant.about_households::<household_address::Entity>(household_address::Column::HouseholdId);
    let rows = rows.filter(household_address::Column::HouseholdId.eq(id)).all(&on).await?;
    let Some(held) = rows.into_iter().filter(|a| a.valid_from.is_none_or(|from| from <= today)).max_by_key(|a| a.valid_from) else {
        return Ok(Vec::new());
    };
    let town = tenant.communes().filter(commune::Column::CodeInsee.eq(&held.commune_insee)).one(&on).await?.map(|c| c.name);
    let town = format!("{} {}", held.postal_code.unwrap_or_default(), town.unwrap_or_default());
    Ok([held.address.unwrap_or_default(), town.trim().to_owned()].into_iter().filter(|line| !line.is_empty()).collect())
}

async fn children(tenant: &Tenant<'_>, home: &Home, today: NaiveDate, may_edit: bool) -> Result<Vec<Child>> {
    let on = tenant.on();
    let ids = || home.children.iter().map(|c| c.id);
    let rights = tenant.about_children::<child_right::Entity>(child_right::Column::ChildId);
    let rights = rights.filter(child_right::Column::ChildId.is_in(ids())).all(&on).await?;
    let linked = person::Column::Id.is_in(rights.iter().map(|r| r.person_id));
    let people = tenant.about_households::<person::Entity>(person::Column::HouseholdId).filter(linked).all(&on).await?;
    let people: HashMap<Uuid, String> = people.into_iter().map(|p| (p.id, format!("{} {}", p.first_name, p.last_name))).collect();
    let pickups = tenant.about_children::<pickup_person::Entity>(pickup_person::Column::ChildId);
    let pickups = pickups.filter(pickup_person::Column::ChildId.is_in(ids())).order_by_asc(pickup_person::Column::Rank).all(&on).await?;
    let enrolments = tenant.find::<enrolment::Entity>().filter(enrolment::Column::ChildId.is_in(ids()));
    let enrolments = enrolments.order_by_asc(enrolment::Column::ValidFrom).order_by_asc(enrolment::Column::Id).all(&on).await?;
    let activities = names_of_activities(tenant).await?;
    let households: HashMap<Uuid, household::Model> = tenant.households().all(&on).await?.into_iter().map(|h| (h.id, h)).collect();
    let holds = |from: Option<NaiveDate>, to: Option<NaiveDate>| from.is_none_or(|f| f <= today) && to.is_none_or(|t| today <= t);
    let child = |row: &child::Model| {
        let own_rights = rights.iter().filter(|r| r.child_id == row.id && holds(r.valid_from, r.valid_to));
        let own_rights: Vec<&child_right::Model> = own_rights.filter(|r| people.contains_key(&r.person_id)).collect();
        let own_pickups = || pickups.iter().filter(|p| p.child_id == row.id && holds(p.valid_from, p.valid_to));
        let taking = own_rights.iter().filter(|r| r.may_take).map(|r| people[&r.person_id].clone());
        let others = own_pickups().filter(|p| p.status != "interdite").map(|p| pickup(p, today));
        Child {
            name: format!("{} {}", row.first_name, row.last_name),
            born: french::long_day(row.birth_date),
            custody: home.custodies.iter().filter(|c| c.child_id == row.id).map(|c| said_custody(c, &households, may_edit)).collect(),
            rights: own_rights.iter().map(|r| said_right(r, &people[&r.person_id])).collect(),
            may_take: taking.chain(others).collect(),
            barred: own_pickups().filter(|p| p.status == "interdite").map(barred).collect(),
            enrolments: enrolments.iter().filter(|e| e.child_id == row.id).filter_map(|e| said_enrolment(e, &activities)).collect(),
        }
    };
    Ok(home.children.iter().map(child).collect())
}

fn pickup(row: &pickup_person::Model, today: NaiveDate) -> String {
    let link = row.link.as_deref().map(|link| format!(" ({link})")).unwrap_or_default();
    let young = row.birth_date.is_some_and(|born| today.years_since(born).is_some_and(|years| years < 18));
    let limits = if row.status == "restreinte" { ", sous conditions" } else { "" };
    format!("{} {}{link}{limits}{}", row.first_name, row.last_name, if young { ", mineur" } else { "" })
}

fn barred(row: &pickup_person::Model) -> String {
    let ground = match row.nature.as_deref() {
        Some("decision_justice") => "décision de justice",
        Some("demande_parent") => "demande d’un parent",
        _ => "motif non précisé",
    };
    let until = row.valid_to.map(|to| format!(", jusqu’au {}", french::long_day(to))).unwrap_or_default();
    format!("{} {} : {ground}{until}", row.first_name, row.last_name)
}

fn said_right(row: &child_right::Model, name: &str) -> String {
    let link = row.link.as_deref().map(|link| format!(" ({link})")).unwrap_or_default();
    let authority = match row.parental_authority.as_str() {
        "oui" => "autorité parentale",
        "retiree" => "autorité parentale retirée",
        _ => "sans autorité parentale",
    };
    let more = [(row.sees_bills, "voit les factures"), (row.may_book, "peut réserver")];
    let more = more.iter().filter(|(may, _)| *may).map(|(_, said)| format!(", {said}")).collect::<String>();
    format!("{name}{link} : {authority}{more}")
}

fn said_custody(row: &custody::Model, households: &HashMap<Uuid, household::Model>, may_edit: bool) -> String {
    let home = match households.get(&row.household_id) {
        Some(home) if !home.confidential || may_edit => format!("foyer {}", home.name),
        Some(_) => "foyer confidentiel".into(),
        None => "autre foyer".into(),
    };
    let kind = match row.kind.as_str() {
        "alternee" => "garde alternée",
        "exclusive" => "garde exclusive",
        "droit_visite" => "droit de visite",
        "placement" => "placement",
        other => other,
    };
    let weeks = match row.calendar.as_deref() {
        Some("semaines_paires") => ", semaines paires".to_owned(),
        Some("semaines_impaires") => ", semaines impaires".to_owned(),
        Some("dates") => ", aux dates du calendrier".to_owned(),
        Some(other) => match (other.strip_prefix("jours:"), other.strip_prefix("part:")) {
            (Some(days), _) => format!(", {days}"),
            (_, Some(part)) => format!(", {part} %"),
            _ => String::new(),
        },
        None => String::new(),
    };
    format!("{kind}, {home}{weeks}{}", period(row.valid_from, row.valid_to))
}

/// " du 1er septembre 2026 au 4 juillet 2027".
fn period(from: Option<NaiveDate>, to: Option<NaiveDate>) -> String {
    match (from, to) {
        (None, None) => String::new(),
        (Some(from), None) => format!(", depuis le {}", french::long_day(from)),
        (None, Some(to)) => format!(", jusqu’au {}", french::long_day(to)),
        (Some(from), Some(to)) => format!(", du {} au {}", french::long_day(from), french::long_day(to)),
    }
}

fn said_enrolment(row: &enrolment::Model, activities: &HashMap<Uuid, String>) -> Option<String> {
    Some(format!("{}{}", activities.get(&row.activity_id)?, period(Some(row.valid_from), row.valid_to)))
}

/// "Accueil du soir, École Vauban", by id.
async fn names_of_activities(tenant: &Tenant<'_>) -> Result<HashMap<Uuid, String>> {
    let on = tenant.on();
    let centres = tenant.find::<centre::Entity>().all(&on).await?;
    let centres: HashMap<Uuid, String> = centres.into_iter().map(|c| (c.id, c.name)).collect();
    let activities = tenant.find::<activity::Entity>().all(&on).await?;
    let said = |a: activity::Model| (a.id, format!("{}, {}", a.name, centres.get(&a.centre_id).map_or("", String::as_str)));
    Ok(activities.into_iter().map(said).collect())
}

/// The shared situations and this organisation's own, newest first.
async fn situations(tenant: &Tenant<'_>, id: Uuid) -> Result<Vec<String>> {
    let rows = tenant.about_households::<situation::Entity>(situation::Column::HouseholdId).filter(situation::Column::HouseholdId.eq(id));
    let own = situation::Column::OrganisationId.eq(tenant.id().0);
    let rows = rows.filter(Condition::any().add(situation::Column::OrganisationId.is_null()).add(own));
    let rows = rows.order_by_desc(situation::Column::ValidFrom).all(&tenant.on()).await?;
    let said = |row: situation::Model| {
        let quotient = row.family_quotient.map(|qf| format!("quotient familial {qf}"));
        let resources = row.monthly_resources_cents.map(|cents| format!("ressources {} par mois", Cents(cents)));
        let children = row.dependent_children.map(|n| french::count(u32::try_from(n).unwrap_or(0), "enfant à charge", "enfants à charge"));
        let source = row.source.map(|source| format!("source : {}", source_words(&source)));
        let facts: Vec<String> = [quotient, resources, children, source].into_iter().flatten().collect();
        format!("{}{}", facts.join(", "), period(Some(row.valid_from), row.valid_to))
    };
    Ok(rows.into_iter().map(said).collect())
}

async fn booked(tenant: &Tenant<'_>, home: &Home, month: Month) -> Result<Vec<Booked>> {
    let on = tenant.on();
    let ids = home.children.iter().map(|c| c.id);
    let rows = tenant.find::<bookings::Entity>().filter(bookings::Column::ChildId.is_in(ids));
    let rows = rows.filter(bookings::Column::Day.between(month.first(), month.last()));
    let rows = rows.order_by_asc(bookings::Column::Day).order_by_asc(bookings::Column::Id).all(&on).await?;
    let mut events: HashMap<Uuid, Vec<_>> = HashMap::new();
    for event in tenant.booking_events_between(month.first(), month.last()).all(&on).await? {
        events.entry(event.booking_id).or_default().push(event);
    }
    let activities = names_of_activities(tenant).await?;
    let said = |row: bookings::Model| Booked {
        day: french::short_day(row.day),
        child: home.children.iter().find(|c| c.id == row.child_id).map(|c| c.first_name.clone()).unwrap_or_default(),
        activity: activities.get(&row.activity_id).cloned().unwrap_or_default(),
        state: booking::fold(events.get(&row.id).into_iter().flatten()).map_or("demandée", |state| said_status(state.status)),
    };
    Ok(rows.into_iter().map(said).collect())
}

fn said_status(status: Status) -> &'static str {
    match status {
        Status::Requested => "demandée",
        Status::Accepted => "réservée",
        Status::Waitlisted => "en attente",
        Status::Cancelled => "annulée",
        Status::Refused => "refusée",
        Status::AbsenceExcused => "absence justifiée",
        Status::AbsenceUnexcused => "absence non justifiée",
    }
}

/// What each adult owes each régie, from the ledger: never netted across régies.
async fn balances(tenant: &Tenant<'_>, people: &[person::Model], regies: &HashMap<Uuid, regie::Model>) -> Result<Vec<Balance>> {
    let rows = tenant.find::<ledger_posting::Entity>().filter(ledger_posting::Column::Account.eq("famille"));
    let rows = rows.filter(ledger_posting::Column::PayerId.is_in(people.iter().map(|p| p.id))).all(&tenant.on()).await?;
    let mut sums: BTreeMap<(Uuid, Uuid), Cents> = BTreeMap::new();
    for row in rows {
        *sums.entry((row.payer_id, row.regie_id)).or_default() += Cents(row.amount_cents);
    }
    let said = |((payer, regie), sum): (&(Uuid, Uuid), &Cents)| {
        let (person, regie) = (people.iter().find(|p| p.id == *payer)?, regies.get(regie)?);
        Some(Balance {
            payer: format!("{} {}", person.first_name, person.last_name),
            path: format!("{payer}/{}", regie.code),
            regie: regie.name.clone(),
            sum: said_balance(*sum),
        })
    };
    Ok(sums.iter().filter_map(said).collect())
}

async fn bills(tenant: &Tenant<'_>, id: Uuid, regies: &HashMap<Uuid, regie::Model>) -> Result<Vec<Bill>> {
    let rows = tenant.find::<invoice::Entity>().filter(invoice::Column::HouseholdId.eq(id));
    let rows = rows.order_by_desc(invoice::Column::IssuedOn).order_by_desc(invoice::Column::Id).limit(BILLS_MAX);
    let said = |row: invoice::Model| Bill {
        id: row.id,
        month: row.month.parse().map_or_else(|_| row.month.clone(), french::month),
        regie: regies.get(&row.regie_id).map(|r| r.name.clone()).unwrap_or_default(),
        total: Cents(row.total_cents).to_string(),
        number: row.printed_number,
    };
    Ok(rows.all(&tenant.on()).await?.into_iter().map(said).collect())
}
