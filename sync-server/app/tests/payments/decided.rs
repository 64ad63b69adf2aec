//! What somebody at the desk decides about a payment: money that PayFiP couldn't prove, money that a bank took back.

use super::house::{House, open, open_with};
use crate::on_both;
use server::Result;
use server::payments::decide::Decision::{CameIn, NothingCame, TakenBack};
use server::payments::decide::decide;
use server::settings::{Payfip, Settings};
use server::store::entity::installation;
use shared::money::Cents;
use std::sync::Arc;
use uuid::Uuid;

/// A bill of 30 € whose payment PayFiP answers with another amount.
async fn to_check(house: &House, number: i64) -> (Uuid, Uuid) {
    let bill = house.bill(number, &[2_000, 1_000]).await;
    house.next(&[("montant", "1200")]);
    let (payment, idop) = house.click(&house.at_home().await, bill).await;
    house.press(&idop, "P").await;
    house.until(payment, "a_verifier").await;
    (bill, payment)
}

fn said<T: std::fmt::Debug>(result: Result<T>) -> String {
    result.unwrap_err().to_string()
}

on_both! {
    async fn what_the_tresorerie_received_is_posted_once_and_pays_as_much_of_the_bill(fresh: &Fresh) {
        let house = open(fresh).await;
        let (bill, payment) = to_check(&house, 1).await;
        assert_eq!(house.open_cents(bill).await, 3_000);
        let (one, two) = tokio::join!(house.decides(payment, CameIn(Cents(1_200))), house.decides(payment, CameIn(Cents(1_200))));
        assert_eq!([one.is_ok(), two.is_ok()].iter().filter(|done| **done).count(), 1, "two agents at once: {one:?} {two:?}");
        assert_eq!((house.open_cents(bill).await, house.posted(payment).await), (1_800, 1));
        assert_eq!(house.payment(payment).await.amount_cents, 1_200);
        let detail = house.payment(payment).await.detail.unwrap();
        assert!(detail.contains("30,00") && detail.contains("Mme Roche : relevé du 12") && detail.contains("resultrans"), "{detail}");
        house.books().await;
    }
}

on_both! {
    async fn what_never_came_frees_the_bill_and_is_asked_about_no_more(fresh: &Fresh) {
        let house = open(fresh).await;
        let (bill, payment) = to_check(&house, 1).await;
        let browser = house.at_home().await;
        assert_eq!(browser.pay(bill).await.status, 409, "it may be money");
        house.decides(payment, NothingCame).await.unwrap();
        house.later(3_600);
        assert_eq!(house.poll().await.asked, 0);
        assert_eq!(house.payment(payment).await.state, "erreur");
        let second = house.paid(&browser, bill).await;
        assert_eq!((house.open_cents(bill).await, house.posted(payment).await, house.posted(second).await), (0, 0, 1));
        house.books().await;
        // The trésorerie finds the first after all: the family has paid too much, and keeps it.
        house.decides(payment, CameIn(Cents(1_200))).await.unwrap();
        assert_eq!(house.books().await, -1_200);
    }
}

on_both! {
    async fn a_rejected_debit_opens_the_bill_again_and_what_it_had_paid_besides(fresh: &Fresh) {
        let house = open(fresh).await;
        let (first, browser) = (house.bill(1, &[2_000, 1_000]).await, house.at_home().await);
        let (debit, idop) = house.click(&browser, first).await;
        house.press(&idop, "V").await;
        house.until(debit, "paye").await;
        assert_eq!(house.open_cents(first).await, 0);
        house.decides(debit, TakenBack).await.unwrap();
        assert_eq!((house.open_cents(first).await, house.posted(debit).await), (3_000, 2));
        assert_eq!(house.books().await, 3_000);
        let page = browser.get(&format!("/payfip/retour/{debit}")).await;
        assert!(page.text.contains("Votre banque a repris ce paiement"), "{}", page.text);
        assert!(said(house.decides(debit, TakenBack).await).contains("n’en est plus là"));
        // And it can be paid again, by another payment.
        house.later(60);
        house.paid(&browser, first).await;
        assert_eq!((house.open_cents(first).await, house.books().await), (0, 0));
    }
}

on_both! {
    async fn what_a_rejection_leaves_pays_nothing_later(fresh: &Fresh) {
        let house = open(fresh).await;
        let (bill, payment) = to_check(&house, 1).await;
        // 50 € for a bill of 30: 20 are the family's credit, and go with the rejection.
        house.decides(payment, CameIn(Cents(5_000))).await.unwrap();
        assert_eq!((house.open_cents(bill).await, house.books().await), (0, -2_000));
        house.decides(payment, TakenBack).await.unwrap();
        let other = house.bill(2, &[1_500]).await;
        let paid = house.bill(3, &[800]).await;
        house.paid(&house.at_home().await, paid).await;
        assert_eq!((house.open_cents(bill).await, house.open_cents(other).await), (3_000, 1_500), "a rejected payment has no credit left");
        assert_eq!(house.books().await, 4_500);
    }
}

on_both! {
    async fn a_decision_needs_a_reason_an_amount_and_money_that_counts(fresh: &Fresh) {
        let house = open(fresh).await;
        let (bill, payment) = to_check(&house, 1).await;
        for amount in [0, -1, 10_000_000] {
            assert!(said(house.decides(payment, CameIn(Cents(amount))).await).contains("0,01 €"), "{amount}");
        }
        let act = || server::identity::audit::Act::command("essai");
        for reason in ["", "   ", &"a".repeat(501)] {
            let decided = decide(&house.app, house.a.organisation, payment, NothingCame, (reason, "Mme Roche"), act()).await;
            assert!(said(decided).contains("Dites d’où vous le savez"), "{reason}");
        }
        assert!(said(house.decides(payment, TakenBack).await).contains("n’en est plus là"), "what wasn't posted isn't taken back");
        let elsewhere = decide(&house.app, house.b(), payment, NothingCame, ("relevé", "M. Petit"), act()).await;
        assert!(said(elsewhere).contains("introuvable"), "another organisation's payment");
        let unknown = decide(&house.app, house.a.organisation, Uuid::from_u128(9), NothingCame, ("relevé", "Mme Roche"), act()).await;
        assert!(said(unknown).contains("introuvable"));
        assert_eq!((house.open_cents(bill).await, house.payment(payment).await.state.as_str()), (3_000, "a_verifier"));
    }
}

on_both! {
    async fn a_trial_is_never_money(fresh: &Fresh) {
        let house = open_with(fresh, |app| {
            let payfip = Payfip { saisie: "T".into(), ..app.settings.payfip.clone() };
            app.settings = Arc::new(Settings { payfip, ..(*app.settings).clone() });
            app.installation = Arc::new(installation::Model { demo: false, ..(*app.installation).clone() });
        })
        .await;
        let bill = house.bill(1, &[3_000]).await;
        let (payment, idop) = house.click(&house.at_home().await, bill).await;
        house.press(&idop, "P").await;
        house.until(payment, "a_verifier").await;
        assert!(said(house.decides(payment, CameIn(Cents(3_000))).await).contains("essai"));
        house.decides(payment, NothingCame).await.unwrap();
        assert_eq!((house.open_cents(bill).await, house.books().await), (3_000, 3_000));
    }
}
