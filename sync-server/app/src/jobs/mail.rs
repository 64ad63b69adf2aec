//! Mail, by SMTP or into a folder.
//!
//! A message says that something is there and where, never what it is: no amount, no child, no health (security.md 9).

use crate::app::App;
use crate::store::Territory;
use crate::store::entity::job;
use crate::{Error, Result};
use lettre::message::Mailbox;
use lettre::message::header::ContentType;
use lettre::{AsyncFileTransport, AsyncSmtpTransport, AsyncTransport, Tokio1Executor};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A message that waits to leave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Address, as the family gave it.
    pub to: String,
    /// Subject: no name, no amount.
    pub subject: String,
    /// Text.
    pub text: String,
}

/// Sends a job's message and ends the job.
pub(super) async fn send(app: &App, row: &job::Model) -> Result<()> {
    let message: Message = serde_json::from_str(&row.content).map_err(|e| Error::conflict(format!("message illisible : {e}")))?;
    deliver(app, &message, row.id).await?;
    let transaction = app.db.begin().await?;
    super::end(&Territory::new(app.territoire(), &transaction), row.id, app.clock.now_ms()).await?;
    transaction.commit().await?;
    Ok(())
}

/// Hands a message over. The job's id makes its Message-ID: a second sending is recognised as the same.
async fn deliver(app: &App, message: &Message, id: Uuid) -> Result<()> {
    let settings = &app.settings.courriel;
    let sender: Mailbox =
        settings.expediteur.parse().map_err(|_| Error::input(format!("expéditeur « {} » illisible", settings.expediteur)))?;
    // The parser refuses line ends and second addresses: nothing of an address can become a header.
    let to: Mailbox = message.to.parse().map_err(|_| Error::input("l’adresse du destinataire n’est pas une adresse"))?;
    let domain = sender.email.domain().to_owned();
    let mail = lettre::Message::builder()
        .from(sender)
        .to(to)
        .subject(&message.subject)
        .message_id(Some(format!("<{id}@{domain}>")))
        .date(app.clock.now().into())
        .header(ContentType::TEXT_PLAIN)
        .body(message.text.clone())
        .map_err(|error| Error::input(format!("message refusé : {error}")))?;
    if settings.smtp.is_empty() {
        let folder = app.data_dir.join(&settings.dossier);
        std::fs::create_dir_all(&folder).map_err(Error::io(&folder))?;
        let written = AsyncFileTransport::<Tokio1Executor>::new(&folder).send(mail).await;
        return written.map(|_| ()).map_err(|error| Error::Unavailable(format!("dossier des courriels : {error}")));
    }
    let transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(&settings.smtp)
        .map_err(|error| Error::input(format!("courriel.smtp : {error}")))?
        .build();
    match transport.send(mail).await {
        Ok(_) => Ok(()),
        Err(error) if error.is_permanent() => Err(Error::conflict(format!("le serveur de courriel refuse : {error}"))),
        Err(error) => Err(Error::Unavailable(format!("serveur de courriel : {error}"))),
    }
}
