//! What all pages share: the frame around them, the theme, how an error looks, how a page is sent.
//!
//! Pages are HTML made here and work without JavaScript. A template escapes whatever it prints; nothing in it decides who may see.

pub mod theme;

use crate::error::Kind;
use crate::{Error, Result};
use askama::Template;
use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Response};

/// A page that can't be had, or that was asked for wrongly.
#[derive(Template)]
#[template(path = "page/error.html")]
struct ErrorPage<'a> {
    title: &'a str,
    sentence: &'a str,
}

/// What isn't here, and what isn't the reader's: the same words for both.
const GONE: (&str, &str) = ("Cette page n’existe pas", "Elle a peut-être changé de place, ou n’est pas à vous.");

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
            StatusCode::NOT_FOUND => GONE,
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

/// What the framework says by itself, in its English (an address or a query that can't be read, a method that a page hasn't), as a
/// page of ours. Whatever a handler answered is left alone.
pub async fn in_our_words(request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    let said_by_us = response.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    if !response.status().is_client_error() || said_by_us {
        return response;
    }
    let (mut parts, _) = response.into_parts();
    let (title, sentence) = match parts.status {
        StatusCode::NOT_FOUND => GONE,
        StatusCode::METHOD_NOT_ALLOWED => ("Cette page ne s’ouvre pas ainsi", "Repartez de la page d’où vous venez."),
        _ => ("Cette adresse ne se lit pas", "Elle est incomplète, ou a été changée en chemin. Repartez de la page d’où vous venez."),
    };
    let Ok(page) = html(&ErrorPage { title, sentence }) else { return parts.status.into_response() };
    let (page, body) = page.into_parts();
    parts.headers.remove(header::CONTENT_LENGTH);
    parts.headers.extend(page.headers);
    Response::from_parts(parts, body)
}

/// A PDF, to be shown by the browser. Its name is letters, digits and dashes whatever a printed number is made of: a file's name is
/// part of a header, and travels further than what is in it.
pub fn pdf(name: &str, bytes: Vec<u8>) -> Response {
    let name: String = name.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
    let disposition = HeaderValue::from_str(&format!("inline; filename=\"{name}.pdf\"")).unwrap_or(HeaderValue::from_static("inline"));
    let headers = [(header::CONTENT_TYPE, HeaderValue::from_static("application/pdf")), (header::CONTENT_DISPOSITION, disposition)];
    (headers, bytes).into_response()
}

/// The page of an address that nothing answers to.
pub async fn not_found() -> Error {
    Error::NotFound("Cette page".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_s_name_ends_no_header_and_begins_no_other() {
        for (number, name) in
            [("CG-2026-000001", "CG-2026-000001"), ("a\"; x=\"b\r\nSet-Cookie: c=d", "axbSet-Cookiecd"), ("../é/\0", ""), ("", "")]
        {
            let response = pdf(number, Vec::new());
            assert_eq!(response.headers()[header::CONTENT_DISPOSITION], format!("inline; filename=\"{name}.pdf\""), "{number:?}");
            assert_eq!(response.headers().len(), 2);
        }
    }
}
