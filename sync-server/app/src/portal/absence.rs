//! The form by which a family announces an absence, and the page that says what happens then.

use super::announce::{Announced, Offer, announce, offers, on_the_bill};
use super::days::clock;
use super::reading::Me;
use super::{Frame, home};
use crate::identity::child_rights::OfChild;
use crate::identity::{Form, Guardian};
use crate::page::html;
use crate::serve::Server;
use crate::store::Territory;
use crate::{Error, Result};
use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use chrono::{NaiveDate, Timelike};
use shared::calendar::{Instant, business_day, local};
use shared::fold::ABSENCE_DAYS_MAX;
use shared::french;

/// Reasons that a family may give: billing codes of `absences.csv`. None of them tells of a health, and none has to be given.
const REASONS: [(&str, &str); 3] = [("", "Je préfère ne pas le dire"), ("conge", "Congés"), ("autre", "Autre raison")];
/// The field of an activity: `pour_` and its id. Forms have no lists.
const FOR: &str = "pour_";

#[derive(Template)]
#[template(path = "portal/absence.html")]
struct Page {
    frame: Frame,
    name: String,
    href: String,
    from: String,
    to: String,
    earliest: String,
    choices: Vec<Choice>,
    reasons: Vec<Reason>,
    errors: Errors,
}

struct Choice {
    field: String,
    label: String,
    place: String,
    times: String,
    checked: bool,
}

struct Reason {
    code: &'static str,
    label: &'static str,
    chosen: bool,
}

/// What is wrong, beside its field.
#[derive(Default)]
struct Errors {
    from: Option<String>,
    to: Option<String>,
    of: Option<String>,
}

impl Errors {
    fn any(&self) -> bool {
        self.from.is_some() || self.to.is_some() || self.of.is_some()
    }
}

#[derive(Template)]
#[template(path = "portal/absence_done.html")]
struct Done {
    frame: Frame,
    name: String,
    href: String,
    when: String,
    places: String,
    bill: Vec<(String, String)>,
}

/// What was typed.
#[derive(Default)]
struct Typed {
    from: String,
    to: String,
    reason: String,
    of: Vec<String>,
}

impl Typed {
    fn of(fields: Vec<(String, String)>) -> Self {
        let mut typed = Self::default();
        for (name, value) in fields {
            match name.as_str() {
                "du" => typed.from = value,
                "au" => typed.to = value,
                "motif" => typed.reason = value,
                other => typed.of.extend(other.strip_prefix(FOR).map(str::to_owned)),
            }
        }
        typed
    }

    fn chose(&self, offer: &Offer) -> bool {
        self.of.iter().any(|id| *id == offer.activity.id.to_string())
    }
}

/// `GET /famille/enfants/{id}/absence`.
pub(super) async fn page(State(server): State<Server>, guardian: Guardian, Path(id): Path<String>) -> Result<Response> {
    let now = server.app.clock.now();
    let reading = server.app.db.snapshot().await?;
    let territory = Territory::new(server.app.territoire(), &reading);
    let of = child(&territory, &guardian, &id, now).await?;
    let offers = offers(&territory, of.child, business_day(now)).await?;
    drop(reading);
    home::told(&server, &guardian, "GET /famille/enfants/{id}/absence", &[of.child.0]).await?;
    let all = Typed { of: offers.iter().map(|offer| offer.activity.id.to_string()).collect(), ..Typed::default() };
    html(&form(&guardian, &of, &offers, &all, Errors::default(), now))
}

/// A child whose absences this person may announce.
async fn child(territory: &Territory<'_>, guardian: &Guardian, id: &str, now: Instant) -> Result<OfChild> {
    let me = Me::read(territory, guardian, now).await?;
    let of = me.child(id)?.clone();
    // The form names the lieux: who may not see them can't be asked to choose among them.
    if !of.rights.may_book || !of.rights.sees_presence {
        return Err(Error::Forbidden(
            "Vos droits sur cet enfant ne permettent pas d’annoncer une absence. Appelez l’accueil de votre collectivité.".into(),
        ));
    }
    Ok(of)
}

fn form(guardian: &Guardian, of: &OfChild, offers: &[Offer], typed: &Typed, errors: Errors, now: Instant) -> Page {
    let today = business_day(now);
    let choice = |offer: &Offer| Choice {
        field: format!("{FOR}{}", offer.activity.id),
        label: offer.activity.name.clone(),
        place: offer.centre.name.clone(),
        times: offer.activity.starts_minute.and_then(clock).map(|from| format!("à partir de {from}")).unwrap_or_default(),
        checked: typed.chose(offer),
    };
    Page {
        frame: Frame::of(guardian, "child"),
        name: of.first_name.clone(),
        href: format!("/famille/enfants/{}", of.child),
        from: typed.from.clone(),
        to: typed.to.clone(),
        earliest: today.to_string(),
        choices: offers.iter().map(choice).collect(),
        reasons: REASONS.iter().map(|&(code, label)| Reason { code, label, chosen: typed.reason == code }).collect(),
        errors,
    }
}

/// `POST /famille/enfants/{id}/absence`.
pub(super) async fn submit(
    State(server): State<Server>,
    guardian: Guardian,
    Path(id): Path<String>,
    Form(fields): Form<Vec<(String, String)>>,
) -> Result<Response> {
    let typed = Typed::of(fields);
    let now = server.app.clock.now();
    let reading = server.app.db.snapshot().await?;
    let territory = Territory::new(server.app.territoire(), &reading);
    let of = child(&territory, &guardian, &id, now).await?;
    let offers = offers(&territory, of.child, business_day(now)).await?;
    let (from, to) = match read(&typed, &offers, now) {
        Ok(days) => days,
        Err(errors) => {
            let page = html(&form(&guardian, &of, &offers, &typed, errors, now))?;
            return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
        }
    };
    let code = REASONS.iter().find(|(code, _)| *code == typed.reason).map_or("", |(code, _)| *code);
    let chosen: Vec<&Offer> = offers.iter().filter(|offer| typed.chose(offer)).collect();
    let is_whole = chosen.len() == offers.len();
    let said = Announced { child: of.child, from, to, code, of: chosen, is_whole };
    let bill = on_the_bill(&territory, &said).await?;
    drop(reading);
    announce(&server, &guardian, &said).await?;
    let mut places: Vec<String> = said.of.iter().map(|offer| offer.centre.name.clone()).collect();
    places.dedup();
    let when = match from == to {
        true => format!("le {}", french::weekday_and_day(from)),
        false => format!("du {} au {}", french::weekday_and_day(from), french::weekday_and_day(to)),
    };
    html(&Done {
        frame: Frame::of(&guardian, "child"),
        name: of.first_name.clone(),
        href: format!("/famille/enfants/{}", of.child),
        when,
        places: french::list(&places),
        bill,
    })
}

/// The days, or what is wrong with what was typed.
fn read(typed: &Typed, offers: &[Offer], now: Instant) -> Result<(NaiveDate, NaiveDate), Errors> {
    let today = business_day(now);
    let mut errors = Errors::default();
    let mut day = |text: &str, error: fn(&mut Errors) -> &mut Option<String>| match text.trim().parse::<NaiveDate>() {
        Ok(day) => Some(day),
        Err(_) => {
            *error(&mut errors) = Some("Indiquez un jour, par exemple 2026-10-14.".into());
            None
        }
    };
    let from = day(&typed.from, |errors| &mut errors.from);
    // One day is the usual case: the last day may be left out.
    let to = if typed.to.trim().is_empty() { from } else { day(&typed.to, |errors| &mut errors.to) };
    if let (Some(from), Some(to)) = (from, to) {
        check_days(from, to, today, &mut errors);
    }
    let chosen: Vec<&Offer> = offers.iter().filter(|offer| typed.chose(offer)).collect();
    if chosen.is_empty() {
        errors.of = Some("Choisissez au moins un accueil.".into());
    }
    if from == Some(today) {
        let minute = i32::try_from(local(now).time().num_seconds_from_midnight() / 60).unwrap_or(i32::MAX);
        let begun = chosen.iter().find(|offer| offer.is_on(today) && offer.starts_minute() <= minute);
        if let Some(offer) = begun {
            let since = clock(offer.starts_minute()).unwrap_or_default();
            errors.of = Some(format!(
                "« {} » a déjà commencé aujourd’hui, à {since}. Pour aujourd’hui, appelez {} ; ou retirez cet accueil de votre choix.",
                offer.activity.name, offer.centre.name
            ));
        }
    }
    match (from, to) {
        (Some(from), Some(to)) if !errors.any() => Ok((from, to)),
        _ => Err(errors),
    }
}

fn check_days(from: NaiveDate, to: NaiveDate, today: NaiveDate, errors: &mut Errors) {
    if from < today {
        errors.from = Some("Ce jour est passé. Pour un jour passé, posez la question sur la facture, ou appelez l’accueil.".into());
    } else if (from - today).num_days() > ABSENCE_DAYS_MAX {
        errors.from = Some("C’est trop loin : une absence s’annonce au plus un an à l’avance.".into());
    }
    if to < from {
        errors.to = Some("Le dernier jour vient avant le premier.".into());
    } else if (to - from).num_days() >= ABSENCE_DAYS_MAX {
        errors.to = Some(format!("Une absence dure au plus {ABSENCE_DAYS_MAX} jours."));
    }
}
