//! The record of an operation: what became of it, and whether it is the payment that was sent.

use crate::error::Unreadable;
use crate::fields::{IdOp, Montant, NumCli, RefDet, Saisie};
use crate::operations::{CreatePayment, value};
use chrono::{NaiveDate, NaiveTime};
use shared::calendar::{Instant, instant};
use shared::money::Cents;
use std::collections::BTreeMap;
use std::fmt;

/// What became of an operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// `P`.
    PaidByCard,
    /// `V`: an accepted direct-debit order, which a bank may still reject days later, outside this protocol.
    PaidByDebit,
    /// `R`.
    CardRefused,
    /// `Z`.
    DebitRefused,
    /// `A`. Not to be relied on as final: a payer may have tried again, and paid.
    Abandoned,
    /// Anything else, an absent letter included: for a person to look at.
    Unknown(String),
}

impl Outcome {
    /// Reads `resultrans`.
    #[must_use]
    pub fn of(letter: &str) -> Self {
        match letter {
            "P" => Self::PaidByCard,
            "V" => Self::PaidByDebit,
            "R" => Self::CardRefused,
            "Z" => Self::DebitRefused,
            "A" => Self::Abandoned,
            other => Self::Unknown(other.to_owned()),
        }
    }

    /// Whether it says that money was given. Only with [`Saisie::Production`], and only after [`matches`], does it settle a bill.
    #[must_use]
    pub fn is_paid(&self) -> bool {
        matches!(self, Self::PaidByCard | Self::PaidByDebit)
    }
}

/// The record of an operation. Every element is optional on the wire, so each is here; the whole of it is in `record`.
#[derive(Clone, PartialEq, Eq)]
pub struct PaymentDetail {
    /// The operation that was asked for.
    pub idop: IdOp,
    /// What became of it.
    pub resultrans: Outcome,
    /// How much was paid, where it is a number.
    pub montant: Option<Cents>,
    /// Which debt.
    pub refdet: Option<String>,
    /// Which régie.
    pub numcli: Option<String>,
    /// Test, activation or production, where it is one of them.
    pub saisie: Option<Saisie>,
    /// The authorisation number; present on success.
    pub numauto: Option<String>,
    /// Day in Europe/Paris.
    pub dattrans: Option<NaiveDate>,
    /// Time of day in Europe/Paris, to the minute.
    pub heurtrans: Option<NaiveTime>,
    /// Every element with a value, as it came: for the audit. It holds the payer's address.
    pub record: BTreeMap<String, String>,
}

// The record holds a person's address: `{:?}` in a log must not.
impl fmt::Debug for PaymentDetail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PaymentDetail")
            .field("idop", &self.idop)
            .field("resultrans", &self.resultrans)
            .field("montant", &self.montant)
            .field("refdet", &self.refdet)
            .field("numcli", &self.numcli)
            .field("saisie", &self.saisie)
            .field("transacted_at", &self.transacted_at())
            .finish_non_exhaustive()
    }
}

impl PaymentDetail {
    /// The instant of the transaction, where both day and time were given. In the hour that October repeats, the first pass.
    #[must_use]
    pub fn transacted_at(&self) -> Option<Instant> {
        Some(instant(self.dattrans?, self.heurtrans?))
    }

    pub(crate) fn read(asked: &IdOp, returned: &[(String, String)]) -> Result<Self, Unreadable> {
        let text = |name| value(returned, name).map(str::to_owned);
        if text("idOp").is_some_and(|idop| !asked.is(&idop)) {
            return Err(Unreadable::Unexpected("réponse pour une autre opération".into()));
        }
        Ok(Self {
            idop: asked.clone(),
            resultrans: Outcome::of(value(returned, "resultrans").unwrap_or_default()),
            montant: value(returned, "montant").and_then(cents),
            refdet: text("refdet"),
            numcli: text("numcli"),
            saisie: value(returned, "saisie").and_then(|letter| letter.parse().ok()),
            numauto: text("numauto"),
            dattrans: value(returned, "dattrans").and_then(day),
            heurtrans: value(returned, "heurtrans").and_then(time_of_day),
            record: returned.iter().cloned().collect(),
        })
    }
}

fn all_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

fn cents(text: &str) -> Option<Cents> {
    all_digits(text).then(|| text.parse().ok().map(Cents)).flatten()
}

/// `DDMMYYYY`.
fn day(text: &str) -> Option<NaiveDate> {
    (text.len() == 8 && all_digits(text)).then(|| NaiveDate::parse_from_str(text, "%d%m%Y").ok()).flatten()
}

/// `HHMM`.
fn time_of_day(text: &str) -> Option<NaiveTime> {
    (text.len() == 4 && all_digits(text)).then(|| NaiveTime::parse_from_str(text, "%H%M").ok()).flatten()
}

/// What was sent, as far as a record is held against it: what a caller stores before it redirects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// How much.
    pub montant: Montant,
    /// Which debt.
    pub refdet: RefDet,
    /// Which régie.
    pub numcli: NumCli,
    /// Test, activation or production.
    pub saisie: Saisie,
}

impl From<&CreatePayment> for Sent {
    fn from(payment: &CreatePayment) -> Self {
        let CreatePayment { montant, refdet, numcli, saisie, .. } = payment.clone();
        Self { montant, refdet, numcli, saisie }
    }
}

/// One element of a record that is not what was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The element's name on the wire.
    pub field: &'static str,
    /// What was sent.
    pub sent: String,
    /// What the record says; nothing where the element is absent.
    pub received: Option<String>,
}

/// A record that is not that of the payment which was sent: nothing may be marked paid by it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "Le paiement rapporté par PayFiP n’est pas celui qui a été demandé ({}). Rien n’est encaissé : rapprochez-vous de la trésorerie.",
    told(differences)
)]
pub struct Mismatch {
    /// At least one.
    pub differences: Vec<Difference>,
}

fn told(differences: &[Difference]) -> String {
    let one = |d: &Difference| {
        let received: String = d.received.as_deref().unwrap_or("absent").chars().filter(|c| !c.is_control()).take(60).collect();
        // Amounts travel as cents and are read as euros.
        let shown = |text: &str| match text.parse::<i64>() {
            Ok(cents) if d.field == "montant" => Cents(cents).to_string(),
            _ => text.to_owned(),
        };
        format!("{} : demandé {}, reçu {}", d.field, shown(&d.sent), shown(&received))
    };
    differences.iter().map(one).collect::<Vec<_>>().join(" ; ")
}

/// Holds a record against what was sent: amount, debt, régie and mode. Never the budget year, which the service has given back on two
/// digits.
///
/// # Errors
/// Names every element that differs or is absent.
pub fn matches(sent: &Sent, detail: &PaymentDetail) -> Result<(), Mismatch> {
    let raw = |field: &str| detail.record.get(field).cloned();
    let compared = [
        ("montant", sent.montant.to_string(), detail.montant == Some(sent.montant.cents())),
        ("refdet", sent.refdet.to_string(), detail.refdet.as_deref() == Some(sent.refdet.as_str())),
        ("numcli", sent.numcli.to_string(), detail.numcli.as_deref() == Some(sent.numcli.as_str())),
        ("saisie", sent.saisie.to_string(), detail.saisie == Some(sent.saisie)),
    ];
    let differences: Vec<_> =
        compared.into_iter().filter(|(.., same)| !same).map(|(field, sent, _)| Difference { field, sent, received: raw(field) }).collect();
    if differences.is_empty() { Ok(()) } else { Err(Mismatch { differences }) }
}
