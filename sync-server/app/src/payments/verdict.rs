//! What an answer of PayFiP means for a payment: a pure reading, without database or clock.

use super::{ABANDONED, EXPIRED, PAID, REFUSED, TO_CHECK};
use payfip::{Error, Outcome, PaymentDetail, Saisie, Sent, matches};

/// An abandonment is provisional this long after it happened: the payer may be trying again in the same window.
pub const ABANDON_MS: i64 = 2 * 60_000;
/// Without a result for this long, the payer has gone.
pub const RESULT_MS_MAX: i64 = 120 * 60_000;

/// What is known of a payment before the answer.
#[derive(Debug, Clone)]
pub struct Asked {
    /// What was sent.
    pub sent: Sent,
    /// When.
    pub created_at_ms: i64,
    /// When an abandonment was first told, if it was.
    pub abandoned_at_ms: Option<i64>,
    /// Whether money of the mode in which it was sent counts in this installation.
    pub counts: bool,
}

/// What an answer means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Money was given: settle.
    Paid,
    /// A person has to look, and why. Nothing is settled.
    ToCheck(String),
    /// A bank refused.
    Refused,
    /// Given up, maybe not for good: certain from then on.
    AbandonedUntil(i64),
    /// Given up.
    Abandoned,
    /// No result yet.
    NotYet,
    /// No result, and too late for one.
    Expired,
    /// PayFiP forgot the operation: nobody ever opened its page.
    Gone,
    /// PayFiP couldn't be asked.
    NoAnswer,
}

impl Verdict {
    /// The state that it leads to; none where it changes nothing.
    #[must_use]
    pub fn state(&self) -> Option<&'static str> {
        match self {
            Self::Paid => Some(PAID),
            Self::ToCheck(_) => Some(TO_CHECK),
            Self::Refused => Some(REFUSED),
            Self::Abandoned => Some(ABANDONED),
            Self::Expired | Self::Gone => Some(EXPIRED),
            Self::AbandonedUntil(_) | Self::NotYet | Self::NoAnswer => None,
        }
    }
}

/// Whether money of a mode counts: in production only, or in a demonstration, which has no other money; and never that of another mode
/// than the installation's present one.
#[must_use]
pub fn counts(sent: Saisie, present: &str, demo: bool) -> bool {
    sent.letter() == present && (sent == Saisie::Production || demo)
}

/// Reads an answer.
#[must_use]
pub fn judge(asked: &Asked, answer: &Result<PaymentDetail, Error>, now_ms: i64) -> Verdict {
    let detail = match answer {
        Ok(detail) => detail,
        Err(Error::NotYetKnown) if now_ms - asked.created_at_ms > RESULT_MS_MAX => return Verdict::Expired,
        Err(Error::NotYetKnown) => return Verdict::NotYet,
        Err(Error::UnknownOperation) => return Verdict::Gone,
        Err(_) => return Verdict::NoAnswer,
    };
    if let Err(mismatch) = matches(&asked.sent, detail) {
        return Verdict::ToCheck(mismatch.to_string());
    }
    match &detail.resultrans {
        Outcome::PaidByCard | Outcome::PaidByDebit if asked.counts => Verdict::Paid,
        Outcome::PaidByCard | Outcome::PaidByDebit => {
            Verdict::ToCheck(format!("Paiement d’essai réussi (mode {}) : rien n’est encaissé, la facture reste due.", asked.sent.saisie))
        }
        Outcome::CardRefused | Outcome::DebitRefused => Verdict::Refused,
        Outcome::Abandoned => abandoned(asked, detail, now_ms),
        Outcome::Unknown(letter) => {
            let letter: String = letter.chars().filter(|c| !c.is_control()).take(20).collect();
            Verdict::ToCheck(format!("PayFiP rend un résultat inconnu (« {letter} ») : rien n’est encaissé. Demandez à la trésorerie."))
        }
    }
}

/// PayFiP tells the minute of the abandonment; where it tells none, or one that is still to come, ours of first hearing of it counts.
fn abandoned(asked: &Asked, detail: &PaymentDetail, now_ms: i64) -> Verdict {
    let heard = asked.abandoned_at_ms.unwrap_or(now_ms);
    let at_ms = detail.transacted_at().map_or(heard, |at| at.timestamp_millis().min(heard));
    let until_ms = at_ms + ABANDON_MS;
    if now_ms >= until_ms { Verdict::Abandoned } else { Verdict::AbandonedUntil(until_ms) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use payfip::{FetchDetail, IdOp, Montant, NumCli, RefDet, parse_response};
    use shared::money::Cents;

    const IDOP: &str = "cc0cb210-1cd4-11ea-8cca-0213ad91a103";

    fn asked(counts: bool) -> Asked {
        let sent = Sent {
            montant: Montant::new(Cents(1000)).unwrap(),
            refdet: RefDet::new("R1F2026000001").unwrap(),
            numcli: NumCli::new("090909").unwrap(),
            saisie: Saisie::Production,
        };
        Asked { sent, created_at_ms: 0, abandoned_at_ms: None, counts }
    }

    fn answer(fields: &str) -> Result<PaymentDetail, Error> {
        let body = format!(
            "<S:Envelope xmlns:S=\"http://schemas.xmlsoap.org/soap/envelope/\"><S:Body><ns2:recupererDetailPaiementSecuriseResponse xmlns:ns2=\"http://securite.service.tpa.cp.finances.gouv.fr/services/mas_securite/contrat_paiement_securise/PaiementSecuriseService\"><return><idOp>{IDOP}</idOp><montant>1000</montant><numcli>090909</numcli><refdet>R1F2026000001</refdet><saisie>W</saisie>{fields}</return></ns2:recupererDetailPaiementSecuriseResponse></S:Body></S:Envelope>"
        );
        parse_response(&FetchDetail(IdOp::new(IDOP).unwrap()), 200, body.as_bytes())
    }

    #[test]
    fn only_money_of_the_present_mode_counts_and_a_trial_s_never_outside_a_demonstration() {
        let is = |sent, present, demo| counts(sent, present, demo);
        assert!(is(Saisie::Production, "W", false) && is(Saisie::Production, "W", true) && is(Saisie::Test, "T", true));
        assert!(!is(Saisie::Test, "W", true) && !is(Saisie::Test, "T", false) && !is(Saisie::Activation, "W", false));
        assert!(!is(Saisie::Activation, "X", false) && !is(Saisie::Production, "T", true));
    }

    #[test]
    fn each_letter_means_one_thing() {
        let means = |letter: &str| judge(&asked(true), &answer(&format!("<resultrans>{letter}</resultrans>")), 1_000);
        assert_eq!([means("P"), means("V"), means("R"), means("Z")], [Verdict::Paid, Verdict::Paid, Verdict::Refused, Verdict::Refused]);
        assert_eq!(means("A"), Verdict::AbandonedUntil(1_000 + ABANDON_MS));
        for unknown in ["", "p", "X", "PP"] {
            assert!(matches!(means(unknown), Verdict::ToCheck(_)), "{unknown}");
        }
        let trial = judge(&asked(false), &answer("<resultrans>P</resultrans>"), 1_000);
        assert!(matches!(trial, Verdict::ToCheck(why) if why.contains("essai")));
    }

    #[test]
    fn an_abandonment_is_certain_two_minutes_later_and_not_by_asking_often() {
        let told = answer("<resultrans>A</resultrans>");
        let mut asked = asked(true);
        asked.abandoned_at_ms = Some(5_000);
        assert_eq!(judge(&asked, &told, 5_000 + ABANDON_MS - 1), Verdict::AbandonedUntil(5_000 + ABANDON_MS));
        assert_eq!(judge(&asked, &told, 5_000 + ABANDON_MS), Verdict::Abandoned);
    }

    #[test]
    fn no_result_is_waited_for_two_hours_and_a_forgotten_operation_at_once_over() {
        let later = |ms| judge(&asked(true), &Err(Error::NotYetKnown), ms);
        assert_eq!([later(RESULT_MS_MAX), later(RESULT_MS_MAX + 1)], [Verdict::NotYet, Verdict::Expired]);
        assert_eq!(judge(&asked(true), &Err(Error::UnknownOperation), 0), Verdict::Gone);
        assert_eq!(judge(&asked(true), &Err(Error::Timeout), RESULT_MS_MAX * 2), Verdict::NoAnswer);
    }
}
