//! "Un jour vous semble faux ?": a question about a line of a bill, kept until somebody of the office answers.

use super::bill::{read, shown};
use super::reading::Bill;
use crate::identity::audit::{self, Act};
use crate::identity::{Form, Guardian};
use crate::page::html;
use crate::serve::Server;
use crate::store::entity::question;
use crate::store::{Tenant, Territory, insert_all, new_id};
use crate::{Error, Result};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use chrono::NaiveDate;
use rules::explanation::Step;
use sea_orm::{ColumnTrait, QueryFilter, QueryOrder};
use serde::Deserialize;
use utoipa::ToSchema;

const ROUTE: &str = "POST /famille/factures/{id}/lignes/{line}/question";
/// Longest text, in letters.
const LETTERS_MAX: usize = 1000;
/// Most questions of one account about one bill that wait for an answer.
const WAITING_MAX: usize = 20;

/// What was typed.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub(super) struct Typed {
    /// A day of the line; empty for the whole of it.
    #[serde(default)]
    jour: String,
    #[serde(default)]
    texte: String,
}

/// A question that couldn't be taken, to be shown again.
#[derive(Debug, Clone)]
pub(super) struct Refused {
    /// Of which line.
    pub line: i32,
    /// As typed.
    pub day: String,
    /// As typed.
    pub text: String,
    /// What is wrong with the day.
    pub about_day: Option<String>,
    /// What is wrong with the text.
    pub about_text: Option<String>,
}

impl Refused {
    /// Whether a day was the one chosen.
    pub(super) fn is_about(&self, day: &NaiveDate) -> bool {
        self.day == day.to_string()
    }
}

/// The questions that this account asked about a bill, oldest first: another adult's words are theirs.
pub(super) async fn asked_about(tenant: &Tenant<'_>, bill: &Bill, guardian: &Guardian) -> Result<Vec<question::Model>> {
    let of_bill = tenant.find::<question::Entity>().filter(question::Column::InvoiceId.eq(bill.issued.bill.id));
    let own = of_bill.filter(question::Column::AccountId.eq(guardian.account.0)).order_by_asc(question::Column::AskedAtMs);
    Ok(own.all(&tenant.on()).await?)
}

/// `POST /famille/factures/{id}/lignes/{line}/question`.
pub(super) async fn ask(
    State(server): State<Server>,
    guardian: Guardian,
    Path((id, line)): Path<(String, String)>,
    Form(typed): Form<Typed>,
) -> Result<Response> {
    let bill = read(&server, &guardian, &id).await?;
    let nothing = || Error::NotFound("Cette ligne".into());
    let number: i32 = line.parse().map_err(|_| nothing())?;
    let line = bill.issued.lines.iter().find(|l| l.row.number == number).ok_or_else(nothing)?;
    let days: Vec<NaiveDate> =
        line.explanation.iter().filter_map(|step| if let Step::Day(day) = step { Some(day.date) } else { None }).collect();
    let (day, text) = match taken(&typed, &days, number) {
        Ok(taken) => taken,
        Err(refused) => {
            let page = html(&shown(&server, &guardian, &bill, Some(&refused)).await?)?;
            return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
        }
    };
    keep(&server, &guardian, &bill, number, day, text).await?;
    Ok(Redirect::to(&format!("{}#ligne-{number}", bill.href())).into_response())
}

/// The day and the text, or what is wrong with them.
fn taken(typed: &Typed, days: &[NaiveDate], line: i32) -> Result<(Option<NaiveDate>, String), Refused> {
    let day = match typed.jour.trim() {
        "" => Ok(None),
        text => text.parse().ok().filter(|day| days.contains(day)).map(Some).ok_or_else(|| "Choisissez un jour de cette ligne.".to_owned()),
    };
    // PostgreSQL takes no zero byte, and no other control character belongs in a sentence.
    let text: String = typed.texte.replace("\r\n", "\n").chars().filter(|c| !c.is_control() || *c == '\n').collect();
    let text = text.trim().to_owned();
    let letters = text.chars().count();
    let about_text = match letters {
        0 => Some("Dites ce qui vous semble faux.".to_owned()),
        letters if letters > LETTERS_MAX => Some(format!("Votre texte fait {letters} caractères : {LETTERS_MAX} au plus.")),
        _ => None,
    };
    match (day, about_text) {
        (Ok(day), None) => Ok((day, text)),
        (day, about_text) => Err(Refused { line, day: typed.jour.clone(), text: typed.texte.clone(), about_day: day.err(), about_text }),
    }
}

async fn keep(server: &Server, guardian: &Guardian, bill: &Bill, line: i32, day: Option<NaiveDate>, text: String) -> Result<()> {
    let (app, now) = (&server.app, server.app.clock.now());
    let transaction = app.db.begin().await?;
    let territory = Territory::new(app.territoire(), &transaction);
    let tenant = territory.tenant(bill.organisation_id());
    let asked = asked_about(&tenant, bill, guardian).await?;
    // The same words twice are one question: a second touch of the button, or a page sent again.
    if asked.iter().any(|q| q.line_number == line && q.day == day && q.text == text && q.answered_at_ms.is_none()) {
        return Ok(());
    }
    if asked.iter().filter(|q| q.answered_at_ms.is_none()).count() >= WAITING_MAX {
        return Err(Error::conflict(
            "Vous avez déjà beaucoup de questions sur cette facture : attendez une réponse, ou appelez l’accueil.",
        ));
    }
    let row = question::Model {
        organisation_id: tenant.id().0,
        id: new_id(now)?,
        territoire_id: territory.id().0,
        invoice_id: bill.issued.bill.id,
        line_number: line,
        day,
        account_id: guardian.account.0,
        text,
        asked_at_ms: now.timestamp_millis(),
        answer: None,
        answered_by: None,
        answered_at_ms: None,
    };
    let id = row.id;
    insert_all(&tenant.on(), vec![row]).await?;
    let act = Act::account(guardian.account.0, bill.capacity(), "portail", ROUTE).about("question", id).of(tenant.id());
    audit::write(&territory, now, act).await?;
    transaction.commit().await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(day: &str, text: &str) -> Typed {
        Typed { jour: day.into(), texte: text.into() }
    }

    #[test]
    fn a_question_is_about_a_day_of_the_line_and_says_something() {
        let day: NaiveDate = "2026-10-05".parse().unwrap();
        assert_eq!(taken(&typed("2026-10-05", " Absent\u{0}e\r\nce soir "), &[day], 1).unwrap(), (Some(day), "Absente\nce soir".into()));
        assert_eq!(taken(&typed("", "Tout le mois"), &[day], 1).unwrap().0, None);
        for wrong in ["2026-10-06", "hier"] {
            let refused = taken(&typed(wrong, "x"), &[day], 1).unwrap_err();
            assert!(refused.about_day.is_some() && refused.about_text.is_none(), "{wrong}");
        }
        assert!(taken(&typed("", " \n "), &[day], 1).unwrap_err().about_text.is_some());
        assert!(taken(&typed("", &"é".repeat(LETTERS_MAX)), &[day], 1).is_ok());
        assert!(taken(&typed("", &"é".repeat(LETTERS_MAX + 1)), &[day], 1).unwrap_err().about_text.is_some());
    }
}
