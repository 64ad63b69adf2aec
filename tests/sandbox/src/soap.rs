//! The web service: three calls, their faults, and what a switch makes of the answer.

use crate::checks::{Anomaly, check};
use crate::reading::{Call, Request, read};
use crate::switches::FaultKind;
use crate::{Sandbox, envelope, wsdl};
use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{Html, IntoResponse, Response};
use std::sync::Arc;

/// Size of an answer that nobody should read to its end.
pub const ENORMOUS_BYTES: usize = 8 * 1024 * 1024;

const XML: [(axum::http::HeaderName, &str); 1] = [(CONTENT_TYPE, "text/xml;charset=utf-8")];

/// `?wsdl` and its schemas.
pub async fn describe(State(sandbox): State<Arc<Sandbox>>, RawQuery(query): RawQuery) -> Response {
    match wsdl::document(query.as_deref().unwrap_or_default(), &sandbox.base_url) {
        Some(document) => (XML, document).into_response(),
        None => {
            Html("<!doctype html><title>PaiementSecuriseService</title><p>Service web : voir <a href=\"?wsdl\">?wsdl</a>.").into_response()
        }
    }
}

/// One call.
pub async fn call(State(sandbox): State<Arc<Sandbox>>, headers: HeaderMap, body: Bytes) -> Response {
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !content_type.to_ascii_lowercase().starts_with("text/xml") {
        return (StatusCode::UNSUPPORTED_MEDIA_TYPE, "SOAP 1.1 : Content-Type text/xml attendu").into_response();
    }
    let request = match read(&body) {
        Ok(request) => request,
        Err(refusal) => {
            tracing::warn!(%refusal, "message refusé");
            return (StatusCode::INTERNAL_SERVER_ERROR, XML, envelope::client_fault(refusal)).into_response();
        }
    };
    let fault = sandbox.settings().for_call(request.call);
    match fault {
        Some(FaultKind::Declared(element, code)) => {
            let anomaly = Anomaly { code: code.into(), libelle: "Panne demandée au bac à sable." };
            (StatusCode::INTERNAL_SERVER_ERROR, XML, envelope::fault(element, &anomaly)).into_response()
        }
        Some(FaultKind::Html502) => (StatusCode::BAD_GATEWAY, Html("<html><body><h1>502 Bad Gateway</h1></body></html>")).into_response(),
        other => {
            let (status, xml) = answer(&sandbox, &request);
            spoil(&sandbox, other, request.call, status, xml).await
        }
    }
}

/// The true answer.
fn answer(sandbox: &Sandbox, request: &Request) -> (StatusCode, String) {
    let now = sandbox.clock.now();
    let fields = match request.call {
        Call::Create => check(request, &sandbox.clients).map(|asked| {
            // The switches are taken by an operation that is created, not by one that was refused.
            let switches = sandbox.settings().for_operation();
            vec![("idOp", sandbox.operations().create(asked, switches, now))]
        }),
        Call::Detail => sandbox.operations().record(request.field("idOp"), now),
        Call::Client => sandbox.clients.lines(request.field("numCli")).map(|[one, two, three]| {
            vec![("libelleN1", one), ("libelleN2", two), ("libelleN3", three), ("numcli", request.field("numCli").into())]
        }),
    };
    match fields {
        Ok(mut fields) => {
            fields.retain(|(_, value)| !value.is_empty());
            (StatusCode::OK, envelope::success(request.call, &fields))
        }
        Err(anomaly) => {
            tracing::info!(call = request.call.name(), code = %anomaly.code, "anomalie");
            (StatusCode::INTERNAL_SERVER_ERROR, envelope::fault("FonctionnelleErreur", &anomaly))
        }
    }
}

/// What the client gets to see of the answer: the call has been carried out all the same, as behind a line that breaks.
async fn spoil(sandbox: &Sandbox, fault: Option<FaultKind>, call: Call, status: StatusCode, mut xml: String) -> Response {
    match fault {
        None | Some(FaultKind::Declared(..) | FaultKind::Html502) => (status, XML, xml).into_response(),
        Some(FaultKind::Silence) => {
            sandbox.closing().await;
            StatusCode::SERVICE_UNAVAILABLE.into_response()
        }
        Some(FaultKind::Empty) => (StatusCode::OK, XML).into_response(),
        Some(FaultKind::Truncated) => {
            // The answers are ASCII but for labels: a cut inside a letter is a cut all the same.
            let mut half = xml.into_bytes();
            half.truncate(half.len() / 2);
            (status, XML, half).into_response()
        }
        Some(FaultKind::Laughs) => {
            let mut document_type = String::from("<!DOCTYPE l [<!ENTITY l0 \"P\">");
            for depth in 1..=9 {
                document_type += &format!("<!ENTITY l{depth} \"{}\">", format!("&l{};", depth - 1).repeat(10));
            }
            (StatusCode::OK, XML, hostile(call, &(document_type + "]>"), "&l9;")).into_response()
        }
        Some(FaultKind::ExternalEntity) => {
            let document_type = r#"<!DOCTYPE l [<!ENTITY secret SYSTEM "file:///etc/passwd">]>"#;
            (StatusCode::OK, XML, hostile(call, document_type, "&secret;")).into_response()
        }
        Some(FaultKind::Enormous) => {
            xml.push_str(&" ".repeat(ENORMOUS_BYTES));
            (status, XML, xml).into_response()
        }
    }
}

/// A success whose one value is an entity of the document's own.
fn hostile(call: Call, document_type: &str, entity: &str) -> String {
    let field = if call == Call::Client { "libelleN1" } else { "idOp" };
    let xml = envelope::success(call, &[(field, "ENTITE".into())]).replace("ENTITE", entity);
    xml.replacen("?>", &format!("?>{document_type}"), 1)
}
