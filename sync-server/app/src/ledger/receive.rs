//! Money that a family brings: by card, in cash, by cheque… One receipt is one numbered quittance and one entry of the ledger.

use super::{movable, not_in_reprise, said, sent_before};
use crate::app::App;
use crate::billing::issue::{allocate, posting_rows};
use crate::identity::audit::{self, Act};
use crate::store::entity::{ledger_entry, receipt};
use crate::store::{Territory, insert_all, new_id, raise_sequence};
use crate::{Error, Result};
use chrono::{Datelike, Days, NaiveDate};
use rules::ledger::of_payment;
use sea_orm::{ColumnTrait, QueryFilter};
use shared::calendar::business_day;
use shared::id::OrganisationId;
use shared::money::Cents;
use std::collections::BTreeSet;
use uuid::Uuid;

/// Means by which money comes in at a desk: code of files and of the ledger, and as a person says it.
pub const MEANS: [(&str, &str); 7] = [
    ("especes", "Espèces"),
    ("cheque", "Chèque"),
    ("carte", "Carte au guichet"),
    ("virement", "Virement"),
    ("prelevement", "Prélèvement"),
    ("cesu", "CESU"),
    ("ancv", "Chèques-vacances"),
];
/// Sequence of the quittances of a régie and year.
const RECEIPT: &str = "Q";
/// Above this, a public debt isn't paid in cash (décret 2012-1246 art. 25, CGI art. 1680).
const CASH_MAX: Cents = Cents(30_000);
/// The most that a receipt takes.
const AMOUNT_MAX: Cents = Cents(9_999_999);
/// How long ago money may have come that is written down today.
const DAYS_BACK_MAX: u64 = 366;

/// As a person says it.
#[must_use]
pub fn means_label(code: &str) -> &str {
    MEANS.iter().find(|(known, _)| *known == code).map_or("Paiement en ligne", |(_, label)| label)
}

/// Those that a régie takes, by the words of its founding act; where none of them is a code that we know, any.
#[must_use]
pub fn means_of(act: &str) -> Vec<(&'static str, &'static str)> {
    let is_named = |code: &str| act.split(|c: char| !c.is_alphanumeric()).any(|word| word == code);
    let named: Vec<_> = MEANS.into_iter().filter(|(code, _)| is_named(code)).collect();
    if named.is_empty() { MEANS.to_vec() } else { named }
}

/// What somebody brought.
#[derive(Debug, Clone)]
pub struct Receipt<'r> {
    /// Its id, drawn when the form was shown: the same form sent twice is one receipt.
    pub id: Uuid,
    /// The bill that it is meant for; what is more pays the family's other bills at this régie, then stays its credit.
    pub bill: Uuid,
    /// A code of [`MEANS`].
    pub means: &'r str,
    /// How much.
    pub amount: Cents,
    /// On which day it came.
    pub on: NaiveDate,
    /// Number of the cheque, reference of the transfer; may be empty.
    pub reference: &'r str,
}

/// Takes money in: the receipt with its number, the entry, and what it pays. Gives the receipt, also where it was taken before.
///
/// # Errors
/// A means that the régie doesn't take, an amount or a day that can't be; a bill that isn't there, whose money the Treasury takes, or
/// which somebody is paying online at this moment; another receipt's id; a server in reprise.
pub async fn receive(app: &App, of: OrganisationId, asked: &Receipt<'_>, by: &str, act: Act<'_>) -> Result<receipt::Model> {
    not_in_reprise(app)?;
    let (now, transaction) = (app.clock.now(), app.db.begin().await?);
    let territory = Territory::new(app.territoire(), &transaction);
    let tenant = territory.tenant(of);
    let on = tenant.on();
    if let Some(known) = tenant.find::<receipt::Entity>().filter(receipt::Column::Id.eq(asked.id)).one(&on).await? {
        let is_same = known.invoice_id == asked.bill && known.means == asked.means && known.amount_cents == asked.amount.0;
        return if is_same { Ok(known) } else { Err(sent_before(&format!("la quittance {}", known.printed_number))) };
    }
    let (bill, regie) = movable(&tenant, asked.bill, now).await?;
    if regie.mode != "regie" {
        return Err(Error::conflict(format!("« {} » n’encaisse pas ici : c’est le Trésor public qui reçoit ses paiements.", regie.name)));
    }
    check(asked, regie.means.as_deref().unwrap_or_default(), bill.bill.issued_on, business_day(now))?;
    let exercise = business_day(now).year();
    let number = raise_sequence(&tenant, regie.id, exercise, RECEIPT, 1).await?;
    let row = receipt::Model {
        organisation_id: of.0,
        id: asked.id,
        territoire_id: territory.id().0,
        regie_id: regie.id,
        payer_id: bill.bill.payer_id,
        invoice_id: bill.bill.id,
        means: asked.means.into(),
        amount_cents: asked.amount.0,
        received_on: asked.on,
        reference: if asked.reference.trim().is_empty() { String::new() } else { said(asked.reference, "La référence")? },
        exercise,
        number,
        printed_number: format!("{RECEIPT}-{exercise}-{number:06}"),
        taken_by: by.into(),
        at_ms: now.timestamp_millis(),
    };
    let entry = ledger_entry::Model {
        organisation_id: of.0,
        id: new_id(now)?,
        regie_id: regie.id,
        kind: "paiement".into(),
        at_ms: now.timestamp_millis(),
        invoice_id: Some(bill.bill.id),
        payment_id: None,
        receipt_id: Some(row.id),
    };
    let postings = posting_rows(&entry, row.territoire_id, row.payer_id, &of_payment(asked.means, asked.amount));
    insert_all(&on, vec![row.clone()]).await?;
    insert_all(&on, vec![entry]).await?;
    insert_all(&on, postings).await?;
    allocate(&tenant, &BTreeSet::from([row.payer_id]), now).await?;
    audit::write(&territory, now, act.about("receipt", row.id).of(of)).await?;
    transaction.commit().await?;
    Ok(row)
}

/// `taken`: the means of the régie's founding act, by their codes; where none of them is known, any.
fn check(asked: &Receipt<'_>, taken: &str, issued_on: NaiveDate, today: NaiveDate) -> Result<()> {
    let Some((_, label)) = MEANS.iter().find(|(code, _)| *code == asked.means) else {
        let known: Vec<&str> = MEANS.iter().map(|(code, _)| *code).collect();
        return Err(Error::input(format!("Ce moyen de paiement n’existe pas : attendu {}.", known.join(", "))));
    };
    let listed = means_of(taken);
    if !listed.iter().any(|(code, _)| *code == asked.means) {
        let listed: Vec<&str> = listed.into_iter().map(|(_, label)| label).collect();
        return Err(Error::input(format!("{label} : cette régie n’en prend pas. Son acte constitutif permet : {}.", listed.join(", "))));
    }
    if asked.amount <= Cents::ZERO || asked.amount > AMOUNT_MAX {
        return Err(Error::input(format!("Le montant va de 0,01 € à {AMOUNT_MAX}.")));
    }
    if asked.means == "especes" && asked.amount > CASH_MAX {
        return Err(Error::input(format!("Au-delà de {CASH_MAX}, une dette publique ne se paie pas en espèces.")));
    }
    if asked.on > today || asked.on < issued_on.min(today) || asked.on + Days::new(DAYS_BACK_MAX) < today {
        return Err(Error::input(format!(
            "Le jour du paiement va de l’émission de la facture ({}) à aujourd’hui, et remonte à un an au plus.",
            issued_on.format("%d/%m/%Y")
        )));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(means: &str, cents: i64, on: &str) -> Receipt<'static> {
        let means = MEANS.iter().find(|(code, _)| *code == means).map_or("bitcoin", |(code, _)| code);
        Receipt { id: Uuid::nil(), bill: Uuid::nil(), means, amount: Cents(cents), on: on.parse().unwrap(), reference: "" }
    }

    #[test]
    fn a_receipt_is_of_a_means_that_the_regie_takes_an_amount_and_a_day_that_can_be() {
        let (issued, today): (NaiveDate, NaiveDate) = ("2026-11-03".parse().unwrap(), "2026-11-20".parse().unwrap());
        let is_taken = |asked: &Receipt<'_>, taken: &str| check(asked, taken, issued, today).is_ok();
        assert!(is_taken(&asked("cheque", 1, "2026-11-03"), "carte cheque"));
        assert!(is_taken(&asked("cesu", 9_999_999, "2026-11-20"), ""));
        assert!(is_taken(&asked("especes", 30_000, "2026-11-20"), "numéraire"), "words that no code is leave the choice open");
        for (wrong, taken) in [
            (asked("especes", 100, "2026-11-20"), "carte, cheque"),
            (asked("bitcoin", 100, "2026-11-20"), ""),
            (asked("especes", 30_001, "2026-11-20"), ""),
            (asked("cheque", 0, "2026-11-20"), ""),
            (asked("cheque", -5, "2026-11-20"), ""),
            (asked("cheque", 10_000_000, "2026-11-20"), ""),
            (asked("cheque", 100, "2026-11-21"), ""),
            (asked("cheque", 100, "2026-11-02"), ""),
        ] {
            assert!(!is_taken(&wrong, taken), "{wrong:?}");
        }
    }
}
