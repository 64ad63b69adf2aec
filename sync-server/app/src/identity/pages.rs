//! The pages on which somebody is turned away, and how they are sent.

use crate::page;
use askama::Template;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

/// Why a request was turned away before its handler.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turned {
    /// A form of somebody who isn't logged in any more.
    LogInFirst,
    /// Sent from a page that isn't ours.
    OtherSite,
    /// Its token isn't the caller's: the page was open too long, or isn't ours.
    OldForm,
    /// More than a form holds.
    TooLarge,
    /// Holds what is no text.
    NoText,
}

#[derive(Template)]
#[template(path = "identity/turned.html")]
struct Page {
    title: &'static str,
    sentence: &'static str,
}

/// The page that says so.
#[must_use]
pub fn turned(why: Turned) -> Response {
    let (title, sentence) = match why {
        Turned::LogInFirst => ("Connectez-vous d’abord", "Votre session est terminée. Rien n’a été enregistré."),
        Turned::OtherSite => ("Ce formulaire ne vient pas d’ici", "Il a été envoyé depuis un autre site. Rien n’a été enregistré."),
        Turned::OldForm => {
            ("Cette page est restée ouverte trop longtemps", "Rien n’a été enregistré. Ouvrez-la de nouveau et recommencez.")
        }
        Turned::TooLarge => ("C’est trop long", "Ce formulaire contient plus de texte qu’il ne peut en recevoir. Rien n’a été enregistré."),
        Turned::NoText => {
            ("Ce n’est pas du texte", "L’adresse ou le formulaire contient un caractère que personne ne tape. Rien n’a été enregistré.")
        }
    };
    match page::html(&Page { title, sentence }) {
        Ok(page) => (StatusCode::from(why), page).into_response(),
        Err(_) => StatusCode::from(why).into_response(),
    }
}
