//! A child's month: days, times, activities; what was booked and what was absence.

use super::Frame;
use super::days::{ChildDays, Said};
use super::home::told;
use super::reading::Me;
use crate::identity::Guardian;
use crate::page::html;
use crate::serve::Server;
use crate::store::Territory;
use crate::{Error, Result};
use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use chrono::Datelike;
use serde::Deserialize;
use shared::calendar::Month;
use shared::french;
use utoipa::ToSchema;

const ROUTE: &str = "GET /famille/enfants/{id}";
/// How far from today's a month may be asked for: what is older is asked of the collectivité.
const MONTHS_MAX: i32 = 36;

#[derive(Debug, Default, Deserialize, ToSchema)]
pub(super) struct Asked {
    /// `2026-10`; by default today's.
    mois: Option<String>,
}

#[derive(Template)]
#[template(path = "portal/child.html")]
struct Page {
    frame: Frame,
    name: String,
    href: String,
    month: String,
    before: String,
    after: String,
    days: Vec<Day>,
    may_book: bool,
}

struct Day {
    date: String,
    is_today: bool,
    rows: Vec<Said>,
}

/// `GET /famille/enfants/{id}`.
pub(super) async fn page(
    State(server): State<Server>,
    guardian: Guardian,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response> {
    let (now, today) = (server.app.clock.now(), server.app.clock.today());
    let reading = server.app.db.snapshot().await?;
    let territory = Territory::new(server.app.territoire(), &reading);
    let me = Me::read(&territory, &guardian, now).await?;
    let of = me.child(&id)?.clone();
    if !of.rights.sees_presence {
        return Err(Error::Forbidden(
            "Vos droits sur cet enfant ne permettent pas de voir ses présences. L’accueil de votre collectivité peut vous répondre.".into(),
        ));
    }
    let month = month(asked.mois.as_deref(), Month::of(today))?;
    let days = ChildDays::read(&territory, of.child, month.first(), month.last()).await?;
    drop(reading);
    let day = |day| Day { date: french::weekday_and_day(day), is_today: day == today, rows: days.said(day, today) };
    let page = Page {
        frame: Frame::of(&guardian, "child"),
        name: format!("{} {}", of.first_name, of.last_name),
        href: format!("/famille/enfants/{}", of.child),
        month: french::month(month),
        before: month.previous().to_string(),
        after: month.next().to_string(),
        days: month.days().map(day).filter(|day| !day.rows.is_empty()).collect(),
        may_book: of.rights.may_book,
    };
    told(&server, &guardian, ROUTE, &[of.child.0]).await?;
    html(&page)
}

fn month(asked: Option<&str>, this: Month) -> Result<Month> {
    let Some(text) = asked else { return Ok(this) };
    let wrong = || Error::input(format!("« {text} » n’est pas un mois : attendu AAAA-MM."));
    let month: Month = text.parse().map_err(|_| wrong())?;
    let months = |m: Month| m.first().year() * 12 + m.first().month0().cast_signed();
    if (months(month) - months(this)).abs() > MONTHS_MAX {
        return Err(Error::input("Ce mois est trop loin d’aujourd’hui : demandez-le à l’accueil."));
    }
    Ok(month)
}
