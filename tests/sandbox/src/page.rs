//! The payment page, as a payer's browser sees it: an amount, a label, a reference, and the five ways in which a payment can end.

use crate::Sandbox;
use crate::checks::Anomaly;
use crate::notify::{notify, with_idop};
use crate::operations::{Letter, Operation};
use askama::Template;
use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY};
use axum::response::{Html, IntoResponse, Redirect, Response};
use std::collections::BTreeMap;
use std::sync::Arc;
use url::form_urlencoded;

#[derive(Template)]
#[template(path = "payment.html")]
struct PaymentPage<'a> {
    idop: &'a str,
    amount: String,
    objet: &'a str,
    refdet: &'a str,
    mode: &'static str,
}

#[derive(Template)]
#[template(path = "message.html")]
struct MessagePage<'a> {
    title: &'a str,
    said: &'a str,
    code: &'a str,
}

/// A page that no cache keeps, without script and without anything from elsewhere.
pub(crate) fn page(status: StatusCode, template: &impl Template) -> Response {
    let headers = [(CACHE_CONTROL, "no-store"), (CONTENT_SECURITY_POLICY, "default-src 'none'; style-src 'unsafe-inline'")];
    match template.render() {
        Ok(html) => (status, headers, Html(html)).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// The fields of a query, then those of a form.
pub(crate) fn fields(query: Option<String>, body: &[u8]) -> BTreeMap<String, String> {
    let query = query.unwrap_or_default();
    form_urlencoded::parse(query.as_bytes()).chain(form_urlencoded::parse(body)).map(|(key, value)| (key.into(), value.into())).collect()
}

/// Cents as a person reads them: `1 234,56 €`.
#[must_use]
pub fn euros(cents: u64) -> String {
    let whole = (cents / 100).to_string();
    let mut grouped = String::new();
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at).is_multiple_of(3) {
            grouped.push('\u{202f}');
        }
        grouped.push(digit);
    }
    format!("{grouped},{:02}\u{a0}€", cents % 100)
}

/// The page opens, by GET or by POST; with `resultat`, a button was pressed.
pub async fn payment(State(sandbox): State<Arc<Sandbox>>, RawQuery(query): RawQuery, body: Bytes) -> Response {
    let fields = fields(query, &body);
    let idop = fields.get("idop").map_or("", String::as_str);
    match fields.get("resultat").map(String::as_str) {
        None => match sandbox.operations().open(idop, sandbox.clock.now()) {
            Ok(operation) => opened(operation),
            Err(anomaly) => refused(&anomaly),
        },
        Some("fermer") => page(
            StatusCode::OK,
            &MessagePage {
                title: "Onglet fermé",
                said: "Le payeur est parti sans répondre : ni notification, ni retour. Vous pouvez fermer cet onglet.",
                code: "",
            },
        ),
        Some(letter) => match Letter::of(letter) {
            Some(letter) => concluded(&sandbox, idop, letter).await,
            None => page(
                StatusCode::BAD_REQUEST,
                &MessagePage { title: "Réponse inconnue", said: "Les réponses sont P, V, R, Z et A.", code: "" },
            ),
        },
    }
}

fn opened(operation: &Operation) -> Response {
    let asked = &operation.asked;
    let mode = match asked.saisie.as_str() {
        "T" => "T : test",
        "X" => "X : activation",
        _ => "W : production",
    };
    let (amount, objet, refdet) = (euros(asked.montant_cents), asked.objet.as_str(), asked.refdet.as_str());
    page(StatusCode::OK, &PaymentPage { idop: &operation.idop, amount, objet, refdet, mode })
}

fn refused(anomaly: &Anomaly) -> Response {
    page(StatusCode::OK, &MessagePage { title: "Paiement impossible", said: anomaly.libelle, code: &anomaly.code })
}

async fn concluded(sandbox: &Arc<Sandbox>, idop: &str, letter: Letter) -> Response {
    let concluded = sandbox.operations().conclude(idop, letter, sandbox.clock.now()).cloned();
    let operation = match concluded {
        Ok(operation) => operation,
        Err(anomaly) => return refused(&anomaly),
    };
    tracing::info!(idop, letter = letter.as_str(), "résultat");
    let back = with_idop(&operation.asked.urlredirect, operation.switches.parameter, idop);
    let after = operation.switches.after_redirect;
    let telling = tokio::spawn(notify(Arc::clone(sandbox), operation));
    if !after {
        // A receiver that fails doesn't keep the payer: what became of it is noted beside the operation.
        let _ = telling.await;
    }
    Redirect::to(back.as_str()).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_reads_as_in_french() {
        assert_eq!(euros(100), "1,00\u{a0}€");
        assert_eq!(euros(123_456), "1\u{202f}234,56\u{a0}€");
        assert_eq!(euros(9_999_999), "99\u{202f}999,99\u{a0}€");
    }
}
