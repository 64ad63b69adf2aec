//! The lists of the day on paper: when each was made, its seal, and two buttons. For whoever corrects the day of the lieu.

use super::day::{Notice, centre_for, day_of};
use super::{Frame, act_of, desk, snapshot, to_say};
use crate::attendance::day_list::keep::Made;
use crate::attendance::day_list::{latest, make, night, short_seal};
use crate::attendance::live;
use crate::billing::month;
use crate::identity::audit;
use crate::identity::{Agent, Form, Right};
use crate::jobs::GIVEN_UP;
use crate::page::{html, pdf as pdf_of};
use crate::serve::Server;
use crate::store::Territory;
use crate::store::entity::{day_list, job};
use crate::{Error, Result};
use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use chrono::{Days, NaiveDate};
use sea_orm::{ColumnTrait, QueryFilter};
use serde::Deserialize;
use shared::calendar::{business_day, instant_from_ms};
use shared::french;
use shared::id::CentreId;
use utoipa::ToSchema;

/// Makes a list anew.
pub(super) const MAKE: &str = "POST /bureau/{organisation}/liste-de-secours/{centre}";
/// Opens a list.
pub(super) const PDF: &str = "GET /bureau/{organisation}/liste-de-secours/{centre}/liste.pdf";
/// What was done, as the page says it after the act.
const DONE: [(&str, &str); 3] = [
    ("faite", "La liste est faite."),
    ("pareille", "Rien n’a changé depuis : la liste déjà faite est toujours juste."),
    ("fermee", "Aucun accueil ce jour dans ce lieu : il n’y a pas de liste à faire."),
];

#[derive(Debug, Default, Deserialize, ToSchema)]
pub(super) struct Asked {
    fait: Option<String>,
}

#[derive(Template)]
#[template(path = "office/day_list.html")]
struct Page {
    frame: Frame,
    notice: Option<Notice>,
    days: Vec<DayOf>,
}

/// A day, lieu by lieu.
struct DayOf {
    title: String,
    date: String,
    lieux: Vec<Row>,
}

struct Row {
    code: String,
    name: String,
    open: bool,
    /// When it was made, and its seal.
    made: Option<(String, String)>,
    /// What is said where there is none.
    none: &'static str,
}

/// `GET /bureau/{organisation}/liste-de-secours`: the lieux where the role gives the right, today and tomorrow.
pub(super) async fn page(State(server): State<Server>, agent: Agent, Query(asked): Query<Asked>) -> Result<Response> {
    show(&server, &agent, Notice::done(&DONE, asked.fait.as_deref())).await
}

async fn show(server: &Server, agent: &Agent, notice: Option<Notice>) -> Result<Response> {
    if !agent.may_somewhere(Right::CorrectDay) {
        return Err(Error::Forbidden("Votre rôle ne permet pas d’ouvrir cette page.".into()));
    }
    let today = server.app.clock.today();
    let reading = snapshot(&server.app).await?;
    let territory = Territory::new(server.app.territoire(), &reading);
    let frame = desk(&territory, agent, "day_list", today).await?;
    let tenant = territory.tenant(agent.organisation_id());
    let places = month::read_places(&tenant).await?;
    let mut centres = tenant.centres().await?;
    centres.retain(|row| agent.may_at(Right::CorrectDay, CentreId(row.id)));
    centres.sort_by(|a, b| (&a.name, &a.code).cmp(&(&b.name, &b.code)));
    let mut days = Vec::new();
    for (day, title) in [(today, "Aujourd’hui"), (today + Days::new(1), "Demain")] {
        let mut lieux = Vec::new();
        for row in &centres {
            let id = CentreId(row.id);
            let kept = latest(&tenant, id, day).await?;
            let none = match of_night(&territory, row.id, day).await?.as_deref() {
                Some(GIVEN_UP) => "n’a pas pu être faite cette nuit",
                Some(_) => "en train d’être faite",
                None => "sera faite dans la nuit, à 4:00",
            };
            lieux.push(Row {
                code: row.code.clone(),
                name: row.name.clone(),
                open: !live::moments(&places, id, day).is_empty(),
                made: kept.map(|kept| (said(kept.made_at_ms), short_seal(&kept.seal))),
                none,
            });
        }
        days.push(DayOf { title: format!("{title}, {}", french::weekday_and_day(day)), date: day.to_string(), lieux });
    }
    html(&Page { frame, notice, days })
}

/// Where the night's work stands for a lieu; `None` where it wasn't asked for yet.
async fn of_night(territory: &Territory<'_>, centre: uuid::Uuid, day: NaiveDate) -> Result<Option<String>> {
    let named = territory.find::<job::Entity>().filter(job::Column::Id.eq(night::name(centre, day)));
    Ok(named.one(&territory.on()).await?.map(|row| row.state))
}

/// "le 14 octobre à 4:00".
fn said(at_ms: i64) -> String {
    format!("le {} à {}", french::day(business_day(instant_from_ms(at_ms))), french::time_ms(at_ms))
}

/// Which day.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default)]
pub(super) struct Typed {
    date: String,
}

/// `POST /bureau/{organisation}/liste-de-secours/{centre}`.
pub(super) async fn make_anew(
    State(server): State<Server>,
    agent: Agent,
    Path((_, centre)): Path<(String, String)>,
    Form(typed): Form<Typed>,
) -> Result<Response> {
    match made(&server, &agent, &centre, &typed.date).await {
        Ok(done) => Ok(Redirect::to(&format!("/bureau/{}/liste-de-secours?fait={done}", agent.organisation.code)).into_response()),
        Err(error) => {
            let page = show(&server, &agent, Some(Notice::wrong(to_say(error)?))).await?;
            Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
        }
    }
}

async fn made(server: &Server, agent: &Agent, code: &str, date: &str) -> Result<&'static str> {
    let today = server.app.clock.today();
    let reading = Territory::new(server.app.territoire(), server.app.db.read());
    let centre = centre_for(&reading, agent, code, Right::CorrectDay).await?;
    let day = day_of(Some(date), today)?;
    if day != today && day != today + Days::new(1) {
        return Err(Error::input("Une liste de secours se fait pour aujourd’hui ou pour demain."));
    }
    let made = make(&server.app, agent.organisation_id(), CentreId(centre.id), day, act_of(agent, MAKE), true).await?;
    Ok(match made {
        Made::New(_) => "faite",
        Made::Same(_) => "pareille",
        Made::Closed => "fermee",
    })
}

/// Which day.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default)]
pub(super) struct Wanted {
    date: Option<String>,
}

/// `GET /bureau/{organisation}/liste-de-secours/{centre}/liste.pdf?date=`: the newest of the day.
pub(super) async fn pdf(
    State(server): State<Server>,
    agent: Agent,
    Path((_, centre)): Path<(String, String)>,
    Query(wanted): Query<Wanted>,
) -> Result<Response> {
    let app = &server.app;
    let (now, transaction) = (app.clock.now(), app.db.begin().await?);
    let territory = Territory::new(app.territoire(), &transaction);
    let centre = centre_for(&territory, &agent, &centre, Right::CorrectDay).await?;
    let day = day_of(wanted.date.as_deref(), app.clock.today())?;
    let tenant = territory.tenant(agent.organisation_id());
    let none = || Error::NotFound("Cette liste".into());
    let kept = latest(&tenant, CentreId(centre.id), day).await?.ok_or_else(none)?;
    let row = tenant.find::<day_list::Entity>().filter(day_list::Column::Id.eq(kept.id)).one(&tenant.on()).await?.ok_or_else(none)?;
    audit::write(&territory, now, act_of(&agent, PDF).about("day_list", row.id)).await?;
    transaction.commit().await?;
    Ok(pdf_of(&format!("liste-{}-{day}", centre.code), row.pdf))
}
