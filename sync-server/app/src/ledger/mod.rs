//! The families' accounts at the desk: money that comes in by hand, what bounces, what the council forgives, a bill that is withdrawn.
//!
//! Each is an entry of the ledger like a bill or an online payment, and nothing is rewritten: what was wrong is followed by an entry that
//! says so, with who and why. A régie takes money for its own bills alone; one whose money the Treasury takes takes none here.

mod cancel;
pub mod commands;
mod receive;
pub mod statement;
mod void;
mod write_off;

pub use cancel::{Cancel, cancel};
pub use receive::{MEANS, Receipt, means_label, means_of, receive};
pub use void::{Void, void};
pub use write_off::{FORGIVENESS, WriteOff, write_off};

use crate::app::App;
use crate::billing::issued::{IssuedBill, bill};
use crate::store::Tenant;
use crate::store::entity::{invoice, regie};
use crate::{Error, Result, payments};
use sea_orm::{ColumnTrait, QueryFilter};
use shared::calendar::Instant;
use uuid::Uuid;

/// Longest reason, reference or deliberation, in characters.
pub const TEXT_CHARACTERS_MAX: usize = 300;

/// A sentence that somebody typed.
fn said(typed: &str, what: &str) -> Result<String> {
    let text = typed.trim();
    if text.is_empty() || text.chars().count() > TEXT_CHARACTERS_MAX || text.chars().any(char::is_control) {
        return Err(Error::input(format!("{what} : attendu une phrase de 1 à {TEXT_CHARACTERS_MAX} signes.")));
    }
    Ok(text.to_owned())
}

/// After a restore, nobody's account moves before the backup's gap is known.
fn not_in_reprise(app: &App) -> Result<()> {
    match app.installation.reprise {
        true => Err(Error::conflict("Le serveur est en reprise : aucun compte ne bouge avant qu’elle soit confirmée.")),
        false => Ok(()),
    }
}

/// A bill of this organisation with its régie, where its account may move by hand.
async fn movable(tenant: &Tenant<'_>, id: Uuid, now: Instant) -> Result<(IssuedBill, regie::Model)> {
    let found = bill(tenant, id).await?;
    if found.is_credit_note() {
        return Err(Error::conflict(format!("{} est un avoir : rien n’y est dû.", found.bill.printed_number)));
    }
    let regie = tenant.find::<regie::Entity>().filter(regie::Column::Id.eq(found.bill.regie_id)).one(&tenant.on()).await?;
    let regie = regie.ok_or_else(|| Error::NotFound("La régie de cette facture".into()))?;
    if payments::under_way(tenant, &[found.bill.id], now.timestamp_millis()).await?.contains_key(&found.bill.id) {
        return Err(Error::conflict(format!(
            "Un paiement en ligne de {} est en cours : attendez son résultat (vingt minutes au plus), puis recommencez.",
            found.bill.printed_number
        )));
    }
    Ok((found, regie))
}

/// A form that was sent, gone back to, and changed: what it says now isn't what was done.
fn sent_before(done: &str) -> Error {
    Error::conflict(format!("Ce formulaire a déjà servi, pour {done} : rechargez la page pour saisir autre chose."))
}

/// A bill by its printed number: `F-2026-000012`. A régie's numbers are its own, so one number may name several.
async fn by_number(tenant: &Tenant<'_>, number: &str, regie: Option<&str>) -> Result<Uuid> {
    let mut found = tenant.find::<invoice::Entity>().filter(invoice::Column::PrintedNumber.eq(number)).all(&tenant.on()).await?;
    if let Some(code) = regie {
        let of_code = tenant.find::<regie::Entity>().filter(regie::Column::Code.eq(code)).one(&tenant.on()).await?;
        let of_code = of_code.ok_or_else(|| Error::NotFound(format!("Régie « {code} »")))?;
        found.retain(|row| row.regie_id == of_code.id);
    }
    match found.as_slice() {
        [] => Err(Error::NotFound(format!("Facture « {number} »"))),
        [one] => Ok(one.id),
        _ => Err(Error::input(format!("Plusieurs régies ont une facture {number} : précisez --regie CODE."))),
    }
}
