//! Refused, abandoned, expired; and money that comes after all.

use super::house::open;
use crate::on_both;

on_both! {
    async fn whoever_is_refused_tries_again_at_once(fresh: &Fresh) {
        let house = open(fresh).await;
        let browser = house.at_home().await;
        let bill = house.bill(1, &[4_250]).await;
        for letter in ["R", "Z"] {
            let (payment, idop) = house.click(&browser, bill).await;
            let back = house.press(&idop, letter).await;
            house.until(payment, "refuse").await;
            assert!(browser.get(&back).await.text.contains("Paiement refusé"));
            assert_eq!(house.posted(payment).await, 0);
            house.later(1);
        }
        house.paid(&browser, bill).await;
        assert_eq!((house.books().await, house.payments(bill).await.len()), (0, 3));
    }
}

on_both! {
    async fn an_abandonment_counts_two_minutes_later(fresh: &Fresh) {
        let house = open(fresh).await;
        let browser = house.at_home().await;
        let bill = house.bill(1, &[4_250]).await;
        house.later(30);
        let (payment, idop) = house.click(&browser, bill).await;
        let back = house.press(&idop, "A").await;
        assert!(browser.get(&back).await.status == 200);
        for _ in 0..500 {
            if house.payment(payment).await.outcome.is_some() { break; }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        assert_eq!(house.payment(payment).await.state, "en_cours");
        assert!(browser.get(&back).await.text.contains("Paiement interrompu"));
        house.later(3);
        assert_eq!(browser.pay(bill).await.status, 409);
        house.later(117);
        assert_eq!(browser.pay(bill).await.status, 303, "the click asks first");
        assert_eq!(house.payment(payment).await.state, "abandonne");
    }
}

on_both! {
    async fn a_payment_that_comes_after_an_abandonment_still_counts(fresh: &Fresh) {
        let house = open(fresh).await;
        let browser = house.at_home().await;
        let bill = house.bill(1, &[4_250]).await;
        house.all(&[("abandon", "reprise"), ("copies", "0")]);
        let (first, idop) = house.click(&browser, bill).await;
        house.press(&idop, "A").await;
        house.later(180);
        house.poll().await;
        assert_eq!(house.payment(first).await.state, "abandonne");
        // Paid in another window meanwhile, and then in the one that was left open.
        let (second, other) = house.click(&browser, bill).await;
        house.press(&other, "P").await;
        house.later(10);
        house.poll().await;
        assert_eq!(house.payment(second).await.state, "paye");
        house.press(&idop, "P").await;
        house.later(4 * 60);
        house.poll().await;
        assert_eq!(house.payment(first).await.state, "paye");
        assert_eq!((house.open_cents(bill).await, house.books().await), (0, -4_250), "the second money is the payer's credit");
        let next = house.bill(2, &[5_000]).await;
        assert_eq!(house.open_cents(next).await, 5_000, "a bill takes a credit when it is issued, or with the next money");
        house.later(1);
        house.paid(&house.at_home().await, next).await;
        assert_eq!((house.open_cents(next).await, house.books().await), (0, -4_250));
    }
}

on_both! {
    async fn a_payment_that_comes_after_its_time_still_counts(fresh: &Fresh) {
        let house = open(fresh).await;
        let browser = house.at_home().await;
        let bill = house.bill(1, &[4_250]).await;
        house.all(&[("copies", "0")]);
        let (payment, idop) = house.click(&browser, bill).await;
        house.look(&idop).await;
        house.later(121 * 60);
        house.poll().await;
        assert_eq!(house.payment(payment).await.state, "expire");
        house.press(&idop, "P").await;
        house.later(3_600);
        house.poll().await;
        assert_eq!((house.payment(payment).await.state.as_str(), house.books().await), ("paye", 0));
        assert_eq!(house.audited(payment).await[1..], ["systeme payfip expire", "systeme payfip paye"]);
    }
}

on_both! {
    async fn what_is_paid_is_asked_about_no_more(fresh: &Fresh) {
        let house = open(fresh).await;
        let browser = house.at_home().await;
        let bill = house.bill(1, &[4_250]).await;
        let payment = house.paid(&browser, bill).await;
        house.later(60);
        server::payments::learn(&house.app, payment).await.unwrap();
        let row = house.payment(payment).await;
        assert_eq!((row.state.as_str(), row.next_ask_ms, house.open_cents(bill).await), ("paye", None, 0));
        assert!(row.asked_at_ms.unwrap() < house.app.clock.now_ms() - 59_000);
    }
}
