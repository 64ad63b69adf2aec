//! "Un mot à l'équipe": a few words about a day of a child, which its tablets show until that day is over.

use super::reading::Me;
use super::{Frame, home};
use crate::identity::audit::{self, Act};
use crate::identity::child_rights::OfChild;
use crate::identity::{Form, Guardian};
use crate::page::html;
use crate::registry::family_note::{self, DAYS_AHEAD};
use crate::serve::Server;
use crate::store::Territory;
use crate::store::entity::family_note::Model;
use crate::{Error, Result};
use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use chrono::{Days, NaiveDate};
use serde::Deserialize;
use shared::calendar::{Instant, business_day};
use shared::french;
use shared::id::PersonId;
use shared::roster::NOTE_LETTERS_MAX;
use utoipa::ToSchema;

const ROUTE: &str = "POST /famille/enfants/{id}/mot";

/// What was typed. In no log: it has no form to be written in.
#[derive(Default, Deserialize, ToSchema)]
#[serde(default)]
pub(super) struct Typed {
    /// The day that it is about.
    jour: String,
    texte: String,
    /// `oui`: the note about that day is taken back.
    retirer: String,
}

#[derive(Template)]
#[template(path = "portal/note.html")]
struct Page {
    frame: Frame,
    name: String,
    href: String,
    day: String,
    first: String,
    last: String,
    letters_max: usize,
    text: String,
    about_day: Option<String>,
    about_text: Option<String>,
    written: Vec<Written>,
}

struct Written {
    day: NaiveDate,
    said: String,
    text: String,
}

impl Written {
    fn of(row: Model) -> Self {
        Self { day: row.day, said: french::weekday_and_day(row.day), text: row.text }
    }
}

/// A child about whom this person may write: whoever may know of its days.
async fn child(territory: &Territory<'_>, guardian: &Guardian, id: &str, now: Instant) -> Result<OfChild> {
    let me = Me::read(territory, guardian, now).await?;
    let of = me.child(id)?.clone();
    if !of.rights.sees_presence {
        return Err(Error::Forbidden(
            "Vos droits sur cet enfant ne permettent pas d’écrire à son équipe. L’accueil de votre collectivité peut vous répondre.".into(),
        ));
    }
    Ok(of)
}

/// The form as it is shown again: what was typed, and what is wrong with it.
struct Again<'t> {
    typed: &'t Typed,
    about_day: Option<String>,
    about_text: Option<String>,
}

async fn form(territory: &Territory<'_>, guardian: &Guardian, of: &OfChild, again: Again<'_>, today: NaiveDate) -> Result<Page> {
    let written = family_note::written(territory, of.child.0, PersonId(guardian.person.0), today).await?;
    Ok(Page {
        frame: Frame::of(guardian, "child"),
        name: of.first_name.clone(),
        href: format!("/famille/enfants/{}", of.child),
        day: if again.typed.jour.is_empty() { today.to_string() } else { again.typed.jour.clone() },
        first: today.to_string(),
        last: last_day(today).to_string(),
        letters_max: NOTE_LETTERS_MAX,
        text: again.typed.texte.clone(),
        about_day: again.about_day,
        about_text: again.about_text,
        written: written.into_iter().map(Written::of).collect(),
    })
}

fn last_day(today: NaiveDate) -> NaiveDate {
    today + Days::new(DAYS_AHEAD)
}

/// `GET /famille/enfants/{id}/mot`.
pub(super) async fn page(State(server): State<Server>, guardian: Guardian, Path(id): Path<String>) -> Result<Response> {
    let now = server.app.clock.now();
    let reading = server.app.db.snapshot().await?;
    let territory = Territory::new(server.app.territoire(), &reading);
    let of = child(&territory, &guardian, &id, now).await?;
    let blank = Again { typed: &Typed::default(), about_day: None, about_text: None };
    let page = form(&territory, &guardian, &of, blank, business_day(now)).await?;
    drop(reading);
    home::told(&server, &guardian, "GET /famille/enfants/{id}/mot", &[of.child.0]).await?;
    html(&page)
}

/// `POST /famille/enfants/{id}/mot`: the note about a day, in place of an earlier one; or no longer any.
pub(super) async fn submit(
    State(server): State<Server>,
    guardian: Guardian,
    Path(id): Path<String>,
    Form(typed): Form<Typed>,
) -> Result<Response> {
    let (app, now) = (&server.app, server.app.clock.now());
    let today = business_day(now);
    let transaction = app.db.begin().await?;
    let territory = Territory::new(app.territoire(), &transaction);
    let of = child(&territory, &guardian, &id, now).await?;
    let text = if typed.retirer == "oui" { Ok(None) } else { family_note::words(&typed.texte).map(Some) };
    let (day, text) = match (day(&typed.jour, today), text) {
        (Ok(day), Ok(text)) => (day, text),
        (day, text) => {
            let again = Again { typed: &typed, about_day: day.err(), about_text: text.err().map(|error| error.to_string()) };
            let page = html(&form(&territory, &guardian, &of, again, today).await?)?;
            return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
        }
    };
    family_note::write(&territory, of.child.0, PersonId(guardian.person.0), day, text, now).await?;
    let act = Act::account(guardian.account.0, "guardian", "portail", ROUTE).about("child", of.child.0);
    audit::write(&territory, now, act).await?;
    transaction.commit().await?;
    Ok(Redirect::to(&format!("/famille/enfants/{}/mot#ecrits", of.child)).into_response())
}

fn day(typed: &str, today: NaiveDate) -> Result<NaiveDate, String> {
    let day: NaiveDate = typed.trim().parse().map_err(|_| "Indiquez un jour, par exemple 2026-10-14.".to_owned())?;
    if day < today {
        return Err("Ce jour est passé.".into());
    }
    if day > last_day(today) {
        return Err(format!("C’est trop loin : un mot s’écrit au plus {DAYS_AHEAD} jours à l’avance."));
    }
    Ok(day)
}
