//! The PDF of an issued bill, stored once; then a message or a place in the print batch, by the payer's channel.

use super::{Kind, Message, end, waiting};
use crate::app::App;
use crate::billing::issue::Addressee;
use crate::billing::{issued, paper, text};
use crate::store::entity::{issued_document, job, person};
use crate::store::{Territory, insert_all};
use crate::{Error, Result};
use documents::{DayList, DocumentError, InvoiceDocument, Rendered};
use sea_orm::{ColumnTrait, QueryFilter};
use sha2::{Digest, Sha256};
use shared::id::OrganisationId;
use std::sync::Arc;

/// Makes the document of a job and what follows from it.
pub(super) async fn make(app: &App, row: &job::Model) -> Result<()> {
    let organisation = OrganisationId(row.organisation_id.ok_or_else(|| Error::conflict("document sans collectivité"))?);
    let reading = Territory::new(app.territoire(), app.db.read());
    let tenant = reading.tenant(organisation);
    let bill = issued::bill(&tenant, row.subject_id).await?;
    let document = paper::document(app, &reading, &tenant, &bill).await?;
    let Rendered { pdf, warnings, .. } = render(app, vec![document]).await?;
    for warning in warnings {
        tracing::info!(bill = %bill.bill.printed_number, %warning, "a document was made with a remark");
    }
    let addressee: Addressee = serde_json::from_str(&bill.bill.addressee).map_err(|e| Error::conflict(e.to_string()))?;
    let now = app.clock.now();
    let transaction = app.db.begin().await?;
    let territory = Territory::new(app.territoire(), &transaction);
    let tenant = territory.tenant(organisation);
    let made =
        tenant.find::<issued_document::Entity>().filter(issued_document::Column::InvoiceId.eq(bill.bill.id)).one(&tenant.on()).await?;
    if made.is_none() {
        let stored = issued_document::Model {
            organisation_id: organisation.0,
            invoice_id: bill.bill.id,
            made_at_ms: now.timestamp_millis(),
            sha256: Sha256::digest(&pdf).to_vec(),
            pdf,
            printed_at_ms: None,
        };
        insert_all(&tenant.on(), vec![stored]).await?;
        if addressee.channel == "courriel" {
            let payer = territory.find::<person::Entity>().filter(person::Column::Id.eq(bill.bill.payer_id)).one(&territory.on()).await?;
            if let Some(email) = payer.and_then(|p| p.email) {
                let mut mail = waiting(app.territoire(), Some(organisation), Kind::Mail, bill.bill.id, now)?;
                mail.content = text::json(&message(app, email, bill.is_credit_note()))?;
                insert_all(&tenant.on(), vec![mail]).await?;
            }
        }
    }
    end(&territory, row.id, now.timestamp_millis()).await?;
    transaction.commit().await?;
    Ok(())
}

/// No amount, no name, no month of attendance: only that something is there, and where.
fn message(app: &App, to: String, credit_note: bool) -> Message {
    let (subject, what) = if credit_note {
        ("Un avoir vous attend", "Un avoir est arrivé dans votre espace famille.")
    } else {
        ("Votre facture est disponible", "Votre facture est arrivée dans votre espace famille.")
    };
    let text = format!(
        "Bonjour,\n\n{what}\nVous pouvez la lire, voir le détail de chaque jour et payer en ligne :\n\n{}/famille/factures\n\n\
         Ce message est envoyé automatiquement. Nous ne demandons jamais votre mot de passe par courriel.\n",
        app.settings.adresse
    );
    let text = if credit_note {
        text.replace("la lire, voir le détail de chaque jour et payer en ligne", "le lire et voir ce qui a changé")
    } else {
        text
    };
    Message { to, subject: subject.into(), text }
}

/// Renders in the worker's process: it has a deadline and a ceiling of memory, and a broken template is an error here.
pub(crate) async fn render(app: &App, documents: Vec<InvoiceDocument>) -> Result<Rendered> {
    let (worker, templates) = (Arc::clone(&app.documents), app.data_dir.join("modeles"));
    in_worker(move || {
        let own = templates.is_dir().then_some(templates.as_path());
        worker.render(own, &documents)
    })
    .await
}

/// The same of the list of a day on paper, whose template is ours alone.
pub(crate) async fn render_list(app: &App, list: DayList) -> Result<Rendered> {
    let worker = Arc::clone(&app.documents);
    in_worker(move || worker.render_list(&list)).await
}

async fn in_worker(work: impl FnOnce() -> std::result::Result<Rendered, DocumentError> + Send + 'static) -> Result<Rendered> {
    match tokio::task::spawn_blocking(work).await {
        Ok(Ok(rendered)) => Ok(rendered),
        Ok(Err(DocumentError::Worker(error))) => Err(Error::Unavailable(format!("preau-documents ne démarre pas : {error}"))),
        Ok(Err(error)) => Err(Error::conflict(error.to_string())),
        Err(error) => Err(Error::Unavailable(error.to_string())),
    }
}
