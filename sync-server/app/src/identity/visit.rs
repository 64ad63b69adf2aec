//! What a handler asks for in its arguments: [`Visit`] anybody, [`Guardian`] a family's, [`Agent`] an organisation's, [`Form`] what
//! was typed.
//!
//! Whoever isn't logged in is sent to the log-in and back where they read, and answered 401 where they wrote. An organisation in
//! which somebody has no role is answered as one that doesn't exist.

use crate::identity::browser::{self, Csrf, Visit, Watched, here, in_query, local_path};
use crate::identity::pages::{self, Turned};
use crate::identity::roles::{Grant, Right, Role, holds};
use crate::identity::session::Session;
use crate::serve::Server;
use crate::store::Territory;
use crate::store::entity::{account_role, organisation, person};
use crate::{Error, Result};
use axum::extract::{FromRequest, FromRequestParts, RawPathParams, Request};
use axum::http::Uri;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Redirect, Response};
use sea_orm::{ColumnTrait, QueryFilter};
use serde::de::DeserializeOwned;
use shared::id::{AccountId, CentreId, OrganisationId, PersonId};

/// Where a household's language isn't known.
const LANGUAGE: &str = "fr";
/// The segment of a path that names an organisation.
const ORGANISATION: &str = "organisation";

impl FromRequestParts<Server> for Visit {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, _: &Server) -> Result<Self, Response> {
        parts.extensions.get::<Self>().cloned().ok_or_else(|| browser::unwatched().into_response())
    }
}

/// The fields of a form, whose token [`browser::watch`] has checked before the handler ran.
#[derive(Debug)]
pub struct Form<T>(pub T);

impl<T: DeserializeOwned> FromRequest<Server> for Form<T> {
    type Rejection = Response;

    async fn from_request(request: Request, server: &Server) -> Result<Self, Response> {
        if request.extensions().get::<Watched>().is_none() {
            return Err(browser::unwatched().into_response());
        }
        let incomplete = || Error::input("Il manque quelque chose dans ce formulaire. Rien n’a été enregistré.");
        let form = axum::Form::<T>::from_request(request, server).await.map_err(|_| incomplete().into_response())?;
        Ok(Self(form.0))
    }
}

/// Somebody who is logged in and linked to a person of a household.
#[derive(Debug, Clone)]
pub struct Guardian {
    /// The account.
    pub account: AccountId,
    /// The person.
    pub person: PersonId,
    /// The account's name on screens.
    pub name: String,
    /// What this page's forms repeat.
    pub csrf: Csrf,
    /// The language of the person's row, `fr` where none is known.
    pub lang: String,
}

impl FromRequestParts<Server> for Guardian {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, server: &Server) -> Result<Self, Response> {
        let visit = Visit::from_request_parts(parts, server).await?;
        let session = logged_in(&visit, parts)?;
        let Some(person) = session.person else { return Err(Redirect::to("/activation").into_response()) };
        let territory = Territory::new(server.app.territoire(), server.app.db.read());
        let row = territory.find::<person::Entity>().filter(person::Column::Id.eq(person.0)).one(&territory.on()).await;
        let row = row.map_err(|error| Error::from(error).into_response())?;
        let lang = row.and_then(|row| row.language).unwrap_or_else(|| LANGUAGE.to_owned());
        Ok(Self { account: session.account, person, name: session.name.clone(), csrf: visit.csrf(), lang })
    }
}

/// Somebody with a role in the organisation that the path names, who passed the second factor in this session.
#[derive(Debug, Clone)]
pub struct Agent {
    /// The account.
    pub account: AccountId,
    /// Its name on screens.
    pub name: String,
    /// The organisation.
    pub organisation: organisation::Model,
    /// What this page's forms repeat.
    pub csrf: Csrf,
    grants: Vec<Grant>,
}

impl Agent {
    /// Whether a role for the whole organisation gives a right.
    #[must_use]
    pub fn may(&self, right: Right) -> bool {
        self.grants.iter().any(|grant| grant.centre.is_none() && grant.role.rights().contains(&right))
    }

    /// Whether a role gives a right at a lieu: the lieu's, or the whole organisation's.
    #[must_use]
    pub fn may_at(&self, right: Right, centre: CentreId) -> bool {
        self.may(right) || self.grants.iter().any(|grant| grant.centre == Some(centre) && grant.role.rights().contains(&right))
    }

    /// Whether a role gives a right anywhere in the organisation: for a page that shows each lieu by [`Self::may_at`].
    #[must_use]
    pub fn may_somewhere(&self, right: Right) -> bool {
        self.grants.iter().any(|grant| grant.role.rights().contains(&right))
    }

    /// Refuses whoever hasn't a right in the whole organisation.
    ///
    /// # Errors
    /// 403, with a sentence.
    pub fn must(&self, right: Right) -> Result<()> {
        if self.may(right) { Ok(()) } else { Err(Error::Forbidden("Votre rôle ne permet pas d’ouvrir cette page.".into())) }
    }

    /// The organisation's id.
    #[must_use]
    pub fn organisation_id(&self) -> OrganisationId {
        OrganisationId(self.organisation.id)
    }
}

impl FromRequestParts<Server> for Agent {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, server: &Server) -> Result<Self, Response> {
        let visit = Visit::from_request_parts(parts, server).await?;
        let session = logged_in(&visit, parts)?;
        let params = RawPathParams::from_request_parts(parts, server).await.map_err(IntoResponse::into_response)?;
        let code = params.iter().find(|(name, _)| *name == ORGANISATION).map(|(_, code)| code.to_owned());
        let found = in_organisation(server, session.account, code.as_deref()).await.map_err(IntoResponse::into_response)?;
        let (organisation, grants) = found.ok_or_else(|| Error::NotFound("Collectivité".into()).into_response())?;
        second_factor(session, parts)?;
        Ok(Self { account: session.account, name: session.name.clone(), organisation, csrf: visit.csrf(), grants })
    }
}

/// The organisation of a path and an account's roles there today; `None` where there is none of either.
async fn in_organisation(server: &Server, account: AccountId, code: Option<&str>) -> Result<Option<(organisation::Model, Vec<Grant>)>> {
    let Some(code) = code else { return Ok(None) };
    let territory = Territory::new(server.app.territoire(), server.app.db.read());
    let of_code = territory.find::<organisation::Entity>().filter(organisation::Column::Code.eq(code));
    let Some(organisation) = of_code.one(&territory.on()).await? else { return Ok(None) };
    let tenant = territory.tenant(OrganisationId(organisation.id));
    let rows = tenant.find::<account_role::Entity>().filter(account_role::Column::AccountId.eq(account.0)).all(&tenant.on()).await?;
    let day = server.app.clock.today();
    let today = rows.into_iter().filter(|row| holds(row.valid_from, row.valid_to, day));
    let grants: Vec<Grant> =
        today.filter_map(|row| Some(Grant { role: Role::of(&row.role)?, centre: row.centre_id.map(CentreId) })).collect();
    Ok((!grants.is_empty()).then_some((organisation, grants)))
}

/// The session, or the way to one.
#[expect(clippy::result_large_err, reason = "the answer itself, as extractors give it")]
pub(super) fn logged_in<'v>(visit: &'v Visit, parts: &Parts) -> Result<&'v Session, Response> {
    visit.session().ok_or_else(|| {
        if browser::is_reading(&parts.method) {
            Redirect::to(&format!("/connexion?suite={}", way_back(&parts.uri))).into_response()
        } else {
            pages::turned(Turned::LogInFirst)
        }
    })
}

/// The page that was asked for, for the address of the log-in; nothing where it is longer than anything that leads back.
fn way_back(uri: &Uri) -> String {
    local_path(&here(uri)).map(in_query).unwrap_or_default()
}

/// Past the second factor, or the way to it.
#[expect(clippy::result_large_err, reason = "the answer itself, as extractors give it")]
fn second_factor(session: &Session, parts: &Parts) -> Result<(), Response> {
    if session.second_factor {
        return Ok(());
    }
    if !browser::is_reading(&parts.method) {
        return Err(pages::turned(Turned::LogInFirst));
    }
    let suite = way_back(&parts.uri);
    let page = if session.has_totp { "code" } else { "double-facteur" };
    Err(Redirect::to(&format!("/connexion/{page}?suite={suite}")).into_response())
}
