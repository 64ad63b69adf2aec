//! "Mon compte": who is logged in and where, what is kept of this person and their household, and by which organisations.

use super::Frame;
use super::reading::Me;
use crate::identity::audit::{self, Act};
use crate::identity::session::{self, Session};
use crate::identity::{Csrf, Form, Guardian, Visit};
use crate::page::html;
use crate::registry::door_code;
use crate::registry::proof::source_words;
use crate::serve::Server;
use crate::store::Territory;
use crate::store::entity::{activity, child, commune, custody, enrolment, household_address, situation};
use crate::{Error, Result};
use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use chrono::NaiveDate;
use sea_orm::{ColumnTrait, Condition, QueryFilter};
use serde::Deserialize;
use shared::calendar::{business_day, instant_from_ms};
use shared::french;
use std::collections::{BTreeMap, BTreeSet};
use utoipa::ToSchema;
use uuid::Uuid;
use zeroize::Zeroizing;

/// What was done, as the page says it after the act.
const DONE: [(&str, &str); 3] = [
    ("sessions", "Les autres appareils sont déconnectés."),
    ("borne", "Votre code est enregistré. Les tablettes de vos lieux d’accueil le reçoivent à leur prochain échange."),
    ("borne-retire", "Votre code est retiré."),
];

#[derive(Debug, Default, Deserialize, ToSchema)]
pub(super) struct Asked {
    /// Set after an act, so that the page says that it is done.
    fait: Option<String>,
}

#[derive(Template)]
#[template(path = "portal/account.html")]
struct Page {
    frame: Frame,
    csrf: Csrf,
    done: &'static str,
    wrong: String,
    /// "3 octobre 2026": since when there is a code for tablets of families.
    door_code: Option<String>,
    may_have_code: bool,
    name: String,
    login: String,
    email: Option<String>,
    phone: Option<String>,
    sessions: Vec<String>,
    household: Option<Household>,
    holders: Vec<Holder>,
}

/// What is kept of a household, said to one of its own adults.
struct Household {
    address: Vec<String>,
    /// "Quotient familial : 820, depuis le 1er octobre 2026 (CAF)."
    quotient: String,
}

/// Who holds what.
struct Holder {
    organisation: String,
    children: Vec<String>,
}

/// Nothing but the token.
#[derive(Debug, Deserialize)]
pub(super) struct Nothing {}

/// `GET /famille/compte`.
pub(super) async fn page(State(server): State<Server>, guardian: Guardian, visit: Visit, Query(asked): Query<Asked>) -> Result<Response> {
    let done = DONE.iter().find(|(key, _)| asked.fait.as_deref() == Some(key)).map_or("", |(_, said)| said);
    show(&server, &guardian, &visit, done, String::new()).await
}

async fn show(server: &Server, guardian: &Guardian, visit: &Visit, done: &'static str, wrong: String) -> Result<Response> {
    let (now, today) = (server.app.clock.now(), server.app.clock.today());
    let session = session_of(visit)?;
    let reading = server.app.db.snapshot().await?;
    let territory = Territory::new(server.app.territoire(), &reading);
    let me = Me::read(&territory, guardian, now).await?;
    let others = session::others(&territory, session, now).await?;
    let said = |row: &crate::store::entity::account_session::Model| {
        format!("Dernier passage : {}", french::since(row.last_seen_at_ms, now.timestamp_millis()))
    };
    let page = Page {
        frame: Frame::of(guardian, "account"),
        csrf: guardian.csrf.clone(),
        done,
        wrong,
        door_code: door_code::set_at_ms(&territory, me.person.id).await?.map(|at| french::long_day(business_day(instant_from_ms(at)))),
        may_have_code: door_code::must_have_telephone(&me.person).is_ok(),
        name: format!("{} {}", me.person.first_name, me.person.last_name),
        login: session.login.clone(),
        email: me.person.email.clone(),
        phone: me.person.phone.clone(),
        sessions: others.iter().map(said).collect(),
        household: household(&territory, &me, today).await?,
        holders: holders(&territory, &me, today).await?,
    };
    html(&page)
}

fn session_of(visit: &Visit) -> Result<&Session> {
    visit.session().ok_or_else(|| Error::Forbidden("Connectez-vous d’abord.".into()))
}

/// `POST /famille/compte/sessions`: every other browser has to log in again.
pub(super) async fn end_sessions(
    State(server): State<Server>,
    guardian: Guardian,
    visit: Visit,
    Form(Nothing {}): Form<Nothing>,
) -> Result<Response> {
    let (app, now) = (&server.app, server.app.clock.now());
    let session = session_of(&visit)?;
    let transaction = app.db.begin().await?;
    let territory = Territory::new(app.territoire(), &transaction);
    session::end_others(&territory, session).await?;
    let act = Act::account(guardian.account.0, "self", "portail", "POST /famille/compte/sessions").about("account", guardian.account.0);
    audit::write(&territory, now, act).await?;
    transaction.commit().await?;
    Ok(Redirect::to("/famille/compte?fait=sessions").into_response())
}

/// What was typed. In no log: it has no form to be written in.
#[derive(Default, Deserialize, ToSchema)]
#[serde(default)]
pub(super) struct TypedCode {
    code: String,
}

/// `POST /famille/compte/borne`: the code with which this person is known at a tablet of families; empty: none.
pub(super) async fn set_door_code(
    State(server): State<Server>,
    guardian: Guardian,
    visit: Visit,
    Form(typed): Form<TypedCode>,
) -> Result<Response> {
    let typed = Zeroizing::new(typed.code);
    let hash = match door_code::chosen(&typed) {
        Ok(Some(code)) => Some(server.identity.hasher.hash(code).await?),
        Ok(None) => None,
        Err(error) => {
            let page = show(&server, &guardian, &visit, "", error.to_string()).await?;
            return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
        }
    };
    let done = if hash.is_some() { "borne" } else { "borne-retire" };
    let (now, transaction) = (server.app.clock.now(), server.app.db.begin().await?);
    let territory = Territory::new(server.app.territoire(), &transaction);
    let me = Me::read(&territory, &guardian, now).await?;
    if hash.is_some()
        && let Err(error) = door_code::must_have_telephone(&me.person)
    {
        drop(transaction);
        let page = show(&server, &guardian, &visit, "", error.to_string()).await?;
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
    }
    door_code::set(&territory, me.person.id, hash, now).await?;
    let act = Act::account(guardian.account.0, "self", "portail", "POST /famille/compte/borne").about("person", me.person.id);
    audit::write(&territory, now, act).await?;
    transaction.commit().await?;
    Ok(Redirect::to(&format!("/famille/compte?fait={done}")).into_response())
}

/// The household's address and proof of means, to its own adults; not to one who is barred from a child that lives there, whose row
/// may still name the home that they left.
async fn household(territory: &Territory<'_>, me: &Me, today: NaiveDate) -> Result<Option<Household>> {
    let on = territory.on();
    let home = me.person.household_id;
    let barred: Vec<Uuid> = me.children.iter().filter(|of| of.rights.barred).map(|of| of.child.0).collect();
    if !barred.is_empty() {
        let lives = territory.find::<child::Entity>().filter(child::Column::Id.is_in(barred.iter().copied()));
        let lives = lives.filter(child::Column::HouseholdId.eq(home)).one(&on).await?.is_some();
        let stays = territory.find::<custody::Entity>().filter(custody::Column::ChildId.is_in(barred));
        if lives || stays.filter(custody::Column::HouseholdId.eq(home)).one(&on).await?.is_some() {
            return Ok(None);
        }
    }
    let rows = territory.find::<household_address::Entity>().filter(household_address::Column::HouseholdId.eq(home)).all(&on).await?;
    let known = rows.into_iter().filter(|a| a.valid_from.is_none_or(|from| from <= today)).max_by_key(|a| a.valid_from);
    let mut address = Vec::new();
    if let Some(known) = known {
        let of_code = territory.find::<commune::Entity>().filter(commune::Column::CodeInsee.eq(&known.commune_insee));
        let town = of_code.one(&on).await?.map(|c| c.name);
        address.extend(known.address);
        let line = [known.postal_code, town].into_iter().flatten().collect::<Vec<_>>().join(" ");
        address.extend(Some(line).filter(|line| !line.is_empty()));
    }
    let rows = territory.find::<situation::Entity>().filter(situation::Column::HouseholdId.eq(home)).all(&on).await?;
    let holds = rows.into_iter().filter(|s| s.valid_from <= today && s.valid_to.is_none_or(|to| to >= today)).max_by_key(|s| s.valid_from);
    Ok(Some(Household { address, quotient: said_quotient(holds.as_ref()) }))
}

fn said_quotient(situation: Option<&situation::Model>) -> String {
    let Some((situation, quotient)) = situation.and_then(|s| Some((s, s.family_quotient?))) else {
        return "Aucun quotient familial n’est connu aujourd’hui. Sans justificatif, le tarif le plus haut peut s’appliquer.".into();
    };
    let source =
        situation.source.as_deref().filter(|s| !s.is_empty()).map(|s| format!(" (source : {})", source_words(s))).unwrap_or_default();
    format!("{quotient}, depuis le {}{source}.", french::long_day(situation.valid_from))
}

/// The organisations in which the reader's children are enrolled: those that may see this family's file.
async fn holders(territory: &Territory<'_>, me: &Me, today: NaiveDate) -> Result<Vec<Holder>> {
    let on = territory.on();
    // An activity is a place: only of children whose presence the reader may know.
    let seen: Vec<_> = me.children.iter().filter(|of| of.rights.sees_presence).collect();
    let enrolled = territory.across::<enrolment::Entity>(enrolment::Column::TerritoireId);
    let enrolled = enrolled.filter(enrolment::Column::ChildId.is_in(seen.iter().map(|of| of.child.0)));
    let lasting = Condition::any().add(enrolment::Column::ValidTo.is_null()).add(enrolment::Column::ValidTo.gte(today));
    let enrolled = enrolled.filter(lasting).all(&on).await?;
    let activities = territory.across::<activity::Entity>(activity::Column::TerritoireId);
    let activities = activities.filter(activity::Column::Id.is_in(enrolled.iter().map(|e| e.activity_id))).all(&on).await?;
    let mut held: BTreeMap<Uuid, BTreeMap<&str, BTreeSet<&str>>> = BTreeMap::new();
    for row in &enrolled {
        let (Some(of), Some(activity)) =
            (seen.iter().find(|of| of.child.0 == row.child_id), activities.iter().find(|a| a.id == row.activity_id))
        else {
            continue;
        };
        held.entry(row.organisation_id).or_default().entry(&of.first_name).or_default().insert(&activity.name);
    }
    let organisations = territory.organisations().await?;
    let holder = |(id, children): (Uuid, BTreeMap<&str, BTreeSet<&str>>)| {
        let organisation = organisations.iter().find(|o| o.id == id)?.name.clone();
        let said = |(name, activities): (&str, BTreeSet<&str>)| {
            format!("{name} : {}", french::list(&activities.into_iter().map(str::to_owned).collect::<Vec<_>>()))
        };
        Some(Holder { organisation, children: children.into_iter().map(said).collect() })
    };
    Ok(held.into_iter().filter_map(holder).collect())
}
