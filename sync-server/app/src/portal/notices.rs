//! Pages that anybody may read: accessibility, privacy.

use super::Frame;
use crate::Result;
use crate::identity::Visit;
use crate::page::html;
use crate::serve::Server;
use crate::store::Territory;
use askama::Template;
use axum::extract::State;
use axum::response::Response;

#[derive(Template)]
#[template(path = "portal/accessibility.html")]
struct Accessibility {
    frame: Frame,
}

#[derive(Template)]
#[template(path = "portal/privacy.html")]
struct Privacy {
    frame: Frame,
    organisations: Vec<String>,
}

/// The menu of somebody who is linked to a person, and none for anybody else.
fn frame(visit: &Visit) -> Frame {
    let is_family = visit.session().is_some_and(|session| session.person.is_some());
    Frame { csrf: is_family.then(|| visit.csrf()), here: "" }
}

/// `GET /accessibilite`.
pub(super) async fn accessibility(visit: Visit) -> Result<Response> {
    html(&Accessibility { frame: frame(&visit) })
}

/// `GET /vie-privee`.
pub(super) async fn privacy(State(server): State<Server>, visit: Visit) -> Result<Response> {
    let territory = Territory::new(server.app.territoire(), server.app.db.read());
    let organisations = territory.organisations().await?.into_iter().map(|o| o.name).collect();
    html(&Privacy { frame: frame(&visit), organisations })
}
