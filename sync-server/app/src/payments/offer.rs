//! Whether a bill can be paid online now: the same rule for the page that shows the button and for the click.

use super::{CREATED, TO_CHECK, UNDER_WAY};
use crate::Result;
use crate::billing::issued::IssuedBill;
use crate::settings::Settings;
use crate::store::Tenant;
use crate::store::entity::{payment, regie};
use payfip::fields::{MONTANT_CENTS_MAX, MONTANT_CENTS_MIN};
use payfip::{CallbackUrl, NumCli};
use sea_orm::{ColumnTrait, QueryFilter, QueryOrder};
use shared::french;
use shared::money::Cents;
use std::collections::HashMap;
use uuid::Uuid;

/// How long an attempt without a result keeps another one away: PayFiP's own time between two payments of one debt.
pub const UNDER_WAY_MS_MAX: i64 = 20 * 60_000;
/// How long a call to PayFiP may take, its answer's storing included. A row that is older and knows no operation leads nowhere.
pub const CREATION_MS_MAX: i64 = 90_000;
/// The mode of a régie that collects by itself; `titre` and `ormc` are collected by the Treasury.
const BY_ITSELF: &str = "regie";

/// An attempt that may still be paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnderWay {
    /// Which.
    pub payment: Uuid,
    /// Since when.
    pub since_ms: i64,
}

/// What can be done about a bill online.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Offer {
    /// Pay what is open.
    Pay,
    /// Less is open than PayFiP takes.
    TooSmall,
    /// More is open than PayFiP takes.
    TooLarge,
    /// This régie isn't paid online.
    NotOnline,
    /// Somebody is paying it.
    UnderWay(UnderWay),
    /// Nothing is open.
    Settled,
}

/// What can be done about a bill now.
#[must_use]
pub fn offer(bill: &IssuedBill, regie: &regie::Model, settings: &Settings, under_way: Option<UnderWay>) -> Offer {
    let numcli = regie.numcli.as_deref().is_some_and(|number| NumCli::new(number).is_ok());
    let reachable = callback(settings, "notification", bill.bill.id).is_ok();
    match bill.open().0 {
        open if open <= 0 => Offer::Settled,
        _ if regie.mode != BY_ITSELF || !numcli || !reachable => Offer::NotOnline,
        _ if under_way.is_some() => under_way.map_or(Offer::Settled, Offer::UnderWay),
        open if open < MONTANT_CENTS_MIN => Offer::TooSmall,
        open if open <= MONTANT_CENTS_MAX => Offer::Pay,
        _ => Offer::TooLarge,
    }
}

impl Offer {
    /// What a family reads where there is no button; nothing where there is one.
    #[must_use]
    pub fn sentence(self, open: Cents, now_ms: i64) -> Option<String> {
        match self {
            Self::Pay => None,
            Self::TooSmall => Some(format!(
                "Il reste {open} à payer : le paiement en ligne commence à {}. Réglez cette somme à l’accueil, ou avec la facture suivante.",
                Cents(MONTANT_CENTS_MIN)
            )),
            Self::TooLarge => Some(format!(
                "Il reste {open} à payer : le paiement en ligne va jusqu’à {}. Voyez avec l’accueil comment régler.",
                Cents(MONTANT_CENTS_MAX)
            )),
            Self::NotOnline => Some("Cette facture ne se paie pas en ligne. La facture dit comment la régler.".into()),
            Self::UnderWay(UnderWay { since_ms, .. }) => Some(format!(
                "Un paiement de cette facture est en cours depuis {}. Attendez son résultat avant d’en commencer un autre.",
                french::since(since_ms, now_ms)
            )),
            Self::Settled => Some("Il n’y a rien à payer : cette facture est réglée.".into()),
        }
    }
}

/// The address that PayFiP is given for one payment.
pub(super) fn callback(settings: &Settings, what: &str, payment: Uuid) -> Result<CallbackUrl, payfip::FieldError> {
    CallbackUrl::new(&format!("{}/payfip/{what}/{payment}", settings.adresse))
}

/// The attempts that may still be paid, by bill; the latest of each.
///
/// # Errors
/// The database's.
pub async fn under_way(tenant: &Tenant<'_>, bills: &[Uuid], now_ms: i64) -> Result<HashMap<Uuid, UnderWay>> {
    let mut found = HashMap::new();
    for bills in bills.chunks(crate::attendance::journal::IDS_A_QUERY_MAX) {
        let young = tenant.find::<payment::Entity>().filter(payment::Column::InvoiceId.is_in(bills.iter().copied()));
        let young = young.filter(payment::Column::CreatedAtMs.gt(now_ms - UNDER_WAY_MS_MAX)).order_by_asc(payment::Column::CreatedAtMs);
        for row in young.all(&tenant.on()).await? {
            if may_still_be_paid(&row, now_ms) {
                found.insert(row.invoice_id, UnderWay { payment: row.id, since_ms: row.created_at_ms });
            }
        }
    }
    Ok(found)
}

/// What a person has to look at keeps others away as long: it may be money.
fn may_still_be_paid(row: &payment::Model, now_ms: i64) -> bool {
    let age_ms = now_ms - row.created_at_ms;
    match row.state.as_str() {
        CREATED => age_ms < CREATION_MS_MAX,
        UNDER_WAY | TO_CHECK => age_ms < UNDER_WAY_MS_MAX,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::billing::issued::IssuedLine;
    use crate::store::entity::{invoice, invoice_line};

    fn a_bill(cents: i64, paid: i64) -> IssuedBill {
        let (id, day) = (Uuid::from_u128(7), chrono::NaiveDate::from_ymd_opt(2026, 10, 5).unwrap());
        let text = String::new;
        let bill = invoice::Model {
            organisation_id: id,
            id,
            territoire_id: id,
            run_id: id,
            regie_id: id,
            kind: "F".into(),
            exercise: 2026,
            number: 1,
            printed_number: "F-2026-000001".into(),
            payment_reference: "R1F2026000001".into(),
            payer_id: id,
            household_id: id,
            month: "2026-09".into(),
            issued_on: day,
            due_on: None,
            total_cents: cents,
            addressee: text(),
            cancels_id: None,
            reason: None,
        };
        let row = invoice_line::Model {
            organisation_id: id,
            invoice_id: id,
            number: 1,
            territoire_id: id,
            month: text(),
            adjusts: false,
            child_id: id,
            child_name: text(),
            centre_id: id,
            centre_name: text(),
            activity_code: text(),
            nature: "garde".into(),
            tariff_code: text(),
            tariff_from: day,
            date_from: day,
            date_to: day,
            quantity: "1".into(),
            unit: text(),
            unit_price_cents: cents,
            amount_cents: cents,
            label: text(),
            explanation: "[]".into(),
            part: text(),
        };
        IssuedBill {
            bill,
            lines: vec![IssuedLine { row, explanation: Vec::new(), paid: Cents(paid) }],
            withdrawn_by: None,
            withdraws: None,
        }
    }

    fn a_regie(mode: &str, numcli: Option<&str>) -> regie::Model {
        let id = Uuid::from_u128(7);
        regie::Model {
            organisation_id: id,
            id,
            territoire_id: id,
            code: "R1".into(),
            name: "Régie".into(),
            mode: mode.into(),
            numcli: numcli.map(Into::into),
            term: "echu".into(),
            means: None,
            cash_ceiling_cents: None,
            budget_code: None,
            collectivite_code: None,
            post_id: None,
        }
    }

    fn of(cents: i64, paid: i64) -> Offer {
        offer(&a_bill(cents, paid), &a_regie("regie", Some("090909")), &Settings::default(), None)
    }

    #[test]
    fn one_euro_to_a_hundred_thousand_less_a_cent_is_paid_online() {
        assert_eq!(
            [of(99, 0), of(100, 0), of(9_999_999, 0), of(10_000_000, 0)],
            [Offer::TooSmall, Offer::Pay, Offer::Pay, Offer::TooLarge]
        );
        assert_eq!(of(5_000, 4_901), Offer::TooSmall, "what is open counts");
        assert_eq!([of(5_000, 5_000), of(0, 0)], [Offer::Settled; 2]);
        let said = Offer::TooSmall.sentence(Cents(99), 0).unwrap();
        assert!(said.contains("0,99") && said.contains("1,00"), "{said}");
    }

    #[test]
    fn a_regie_without_a_number_or_of_the_treasury_is_not_paid_online() {
        let under_way = Some(UnderWay { payment: Uuid::nil(), since_ms: 0 });
        for regie in
            [a_regie("regie", None), a_regie("regie", Some("12")), a_regie("titre", Some("090909")), a_regie("ormc", Some("090909"))]
        {
            assert_eq!(offer(&a_bill(500, 0), &regie, &Settings::default(), under_way), Offer::NotOnline);
        }
        let far = Settings { adresse: format!("https://{}.fr", "a".repeat(260)), ..Settings::default() };
        assert_eq!(offer(&a_bill(500, 0), &a_regie("regie", Some("090909")), &far, None), Offer::NotOnline);
    }
}
