//! A record that isn't the payment's settles nothing.

use super::house::{open, open_with};
use crate::on_both;
use server::app::App;
use server::payments::learn;
use server::settings::{Payfip, Settings};
use server::store::entity::payment;
use std::sync::Arc;

on_both! {
    async fn another_amount_debt_regie_mode_or_letter_settles_nothing_and_calls_a_person(fresh: &Fresh) {
        let house = open(fresh).await;
        let browser = house.at_home().await;
        let lies = [("montant", "4251"), ("montant", "1"), ("refdet", "R1F2026000099"), ("numcli", "006270"), ("saisie", "T"), ("saisie", "X"), ("resultat", "Q")];
        for (n, lie) in lies.into_iter().enumerate() {
            let bill = house.bill(n as i64 + 1, &[4_250]).await;
            house.next(&[lie]);
            let (payment, idop) = house.click(&browser, bill).await;
            let back = house.press(&idop, "P").await;
            let row = house.until(payment, "a_verifier").await;
            assert!(row.detail.unwrap().contains("\"note\""), "{lie:?}");
            assert_eq!((house.posted(payment).await, house.open_cents(bill).await), (0, 4_250), "{lie:?}");
            assert_eq!(house.audited(payment).await.last().unwrap(), "systeme payfip a_verifier", "{lie:?}");
            let page = browser.get(&back).await;
            assert!(page.text.contains("Ne payez pas une seconde fois"), "{page:?}");
            assert_eq!(browser.pay(bill).await.status, 409, "it may be money: {lie:?}");
            // Asked again and again, it is still the same.
            house.later(86_400);
            house.poll().await;
            assert_eq!(house.payment(payment).await.state, "a_verifier");
            browser.log_in(crate::payments::house::MOTHER).await;
        }
        assert_eq!(house.books().await, 4_250 * 7);
    }
}

on_both! {
    async fn a_trial_s_money_never_pays_a_real_bill(fresh: &Fresh) {
        let house = open(fresh).await;
        let browser = house.at_home().await;
        let bill = house.bill(1, &[4_250]).await;
        house.next(&[("saisie", "T")]);
        let (payment, idop) = house.click(&browser, bill).await;
        // Sent while the settings said T; they say W now.
        let row = house.payment(payment).await;
        house.rewrite(payment::Model { saisie: "T".into(), ..row }).await;
        let back = house.press(&idop, "P").await;
        house.until(payment, "a_verifier").await;
        assert_eq!((house.posted(payment).await, house.books().await), (0, 4_250));
        assert!(browser.get(&back).await.text.contains("C’était un essai"));
    }
}

on_both! {
    async fn in_a_demonstration_a_trial_pays(fresh: &Fresh) {
        let house = open_with(fresh, |app: &mut App| {
            let payfip = Payfip { saisie: "T".into(), ..app.settings.payfip.clone() };
            app.settings = Arc::new(Settings { payfip, ..(*app.settings).clone() });
        })
        .await;
        let bill = house.bill(1, &[4_250]).await;
        house.paid(&house.at_home().await, bill).await;
        assert_eq!(house.books().await, 0);
    }
}

on_both! {
    async fn one_bill_s_operation_never_pays_another(fresh: &Fresh) {
        let house = open(fresh).await;
        let browser = house.at_home().await;
        let (one, two) = (house.bill(1, &[4_250]).await, house.bill(2, &[4_250]).await);
        house.all(&[("copies", "0")]);
        let (first, idop) = house.click(&browser, one).await;
        let (second, _) = house.click(&browser, two).await;
        house.press(&idop, "P").await;
        browser.post(&format!("/payfip/notification/{second}"), &[("idop", &idop)]).await;
        browser.get(&format!("/payfip/retour/{second}?idop={idop}")).await;
        learn(&house.app, second).await.unwrap();
        assert_eq!((house.payment(second).await.state.as_str(), house.open_cents(two).await), ("en_cours", 4_250));
        learn(&house.app, first).await.unwrap();
        assert_eq!((house.payment(first).await.state.as_str(), house.books().await), ("paye", 4_250));
    }
}
