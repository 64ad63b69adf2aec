//! The PDF of a bill. It holds every line's times and places, so it is handed only to who may read them all.

use super::Frame;
use super::bill::{read, told};
use super::reading::Bill;
use crate::Result;
use crate::identity::Guardian;
use crate::page::{html, pdf as pdf_of};
use crate::serve::Server;
use crate::store::Territory;
use crate::store::entity::issued_document;
use askama::Template;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use sea_orm::{ColumnTrait, QueryFilter};

const ROUTE: &str = "GET /famille/factures/{id}/facture.pdf";
/// When to ask again for a document that isn't made yet.
const RETRY_S: u32 = 60;

#[derive(Template)]
#[template(path = "portal/no_document.html")]
struct NoDocument {
    frame: Frame,
    title: &'static str,
    sentence: &'static str,
    href: String,
}

/// `GET /famille/factures/{id}/facture.pdf`.
pub(super) async fn pdf(State(server): State<Server>, guardian: Guardian, Path(id): Path<String>) -> Result<Response> {
    let bill = read(&server, &guardian, &id).await?;
    if !bill.is_read_whole() {
        let page = NoDocument {
            frame: Frame::of(&guardian, "bills"),
            title: "Le document ne peut pas être ouvert ici",
            sentence: "Il contient des horaires et des lieux que vos droits ne permettent pas de voir. La page de la facture \
                       montre tout ce que vous payez, jour par jour.",
            href: bill.href(),
        };
        return Ok((StatusCode::FORBIDDEN, html(&page)?).into_response());
    }
    let made = stored(&server, &bill).await?;
    told(&server, &guardian, &bill, ROUTE).await?;
    let Some(made) = made else {
        let page = NoDocument {
            frame: Frame::of(&guardian, "bills"),
            title: "Document en préparation",
            sentence: "Le document de cette facture est en train d’être fait. Revenez dans une minute ; la page de la facture est déjà complète.",
            href: bill.href(),
        };
        let mut response = (StatusCode::ACCEPTED, html(&page)?).into_response();
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(RETRY_S));
        return Ok(response);
    };
    Ok(pdf_of(&bill.issued.bill.printed_number, made.pdf))
}

async fn stored(server: &Server, bill: &Bill) -> Result<Option<issued_document::Model>> {
    let territory = Territory::new(server.app.territoire(), server.app.db.read());
    let tenant = territory.tenant(bill.organisation_id());
    let of_bill = tenant.find::<issued_document::Entity>().filter(issued_document::Column::InvoiceId.eq(bill.issued.bill.id));
    Ok(of_bill.one(&tenant.on()).await?)
}
