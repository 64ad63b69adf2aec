//! What all pages share: the frame around them, the theme, how an error looks, how a page is sent.
//!
//! Pages are HTML made here and work without JavaScript. A template escapes whatever it prints; nothing in it decides who may see.

pub mod theme;

use crate::error::Kind;
use crate::{Error, Result};
use askama::Template;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};

/// A page that can't be had, or that was asked for wrongly.
#[derive(Template)]
#[template(path = "page/error.html")]
struct ErrorPage<'a> {
    title: &'a str,
    sentence: &'a str,
}

/// Sends a page.
///
/// # Errors
/// A template that can't be written out: a defect, told as such.
pub fn html(page: &impl Template) -> Result<Response> {
    let text = page.render().map_err(|error| Error::Unavailable(format!("La page ne s'écrit pas : {error}")))?;
    Ok(Html(text).into_response())
}

/// The status that a route answers with: the one place that chooses it.
#[must_use]
pub fn status(error: &Error) -> StatusCode {
    match error.kind() {
        Kind::BadInput | Kind::Finding => StatusCode::UNPROCESSABLE_ENTITY,
        Kind::NotFound => StatusCode::NOT_FOUND,
        Kind::Forbidden => StatusCode::FORBIDDEN,
        Kind::Conflict => StatusCode::CONFLICT,
        Kind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        Kind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let status = status(&self);
        let internal = self.kind() == Kind::Internal;
        if internal {
            // What broke is for the log; a person is told what to do.
            tracing::error!(error = %self, "a page could not be made");
        }
        let said = self.to_string();
        let (title, sentence) = match status {
            StatusCode::NOT_FOUND => ("Cette page n’existe pas", "Elle a peut-être changé de place, ou n’est pas à vous."),
            StatusCode::SERVICE_UNAVAILABLE => ("Un instant", said.as_str()),
            _ if internal => ("Quelque chose n’a pas marché", "Rien n’a été enregistré. Réessayez dans un moment."),
            _ => ("Ce n’est pas possible", said.as_str()),
        };
        match html(&ErrorPage { title, sentence }) {
            Ok(page) => (status, page).into_response(),
            Err(_) => status.into_response(),
        }
    }
}

/// The page of an address that nothing answers to.
pub async fn not_found() -> Error {
    Error::NotFound("Cette page".into())
}
