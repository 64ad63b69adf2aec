//! Paid once, however it becomes known.

use super::house::{MOTHER, open};
use crate::on_both;

on_both! {
    async fn a_bill_is_paid_once_however_often_and_however_it_is_told(fresh: &Fresh) {
        let house = open(fresh).await;
        let browser = house.at_home().await;
        let ways: [&[(&str, &str)]; 9] = [
            &[], &[("copies", "2")], &[("copies", "3")], &[("notification", "get")], &[("notification", "post-requete")],
            &[("parametre", "idOp")], &[("moment", "apres"), ("retard", "50")], &[("facultatifs", "absents")],
            &[("exer", "deux-chiffres"), ("notification", "get"), ("parametre", "idOp"), ("copies", "2")],
        ];
        for (n, way) in ways.into_iter().enumerate() {
            let bill = house.bill(n as i64 + 1, &[1_500, 735]).await;
            house.next(way);
            let (payment, idop) = house.click(&browser, bill).await;
            let back = house.press(&idop, if n == 1 { "V" } else { "P" }).await;
            assert!(back.contains(&format!("/payfip/retour/{payment}?")), "{back}");
            assert_eq!(browser.get(&back).await.status, 200);
            let row = house.until(payment, "paye").await;
            assert_eq!((row.next_ask_ms, row.amount_cents), (None, 2_235), "{way:?}");
            assert_eq!(house.open_cents(bill).await, 0, "{way:?}");
            // Late, again, and by whoever knows the address.
            house.later(600);
            for late in [format!("/payfip/notification/{payment}?idop={idop}"), format!("/payfip/notification/{payment}")] {
                assert_eq!(browser.post(&late, &[]).await.text, "ok");
                assert_eq!(browser.get(&late).await.text, "ok");
            }
            assert!(browser.get(&format!("/payfip/retour/{payment}")).await.text.contains("Paiement reçu : merci"));
            house.poll().await;
            assert_eq!(house.posted(payment).await, 1, "{way:?}");
            assert_eq!(house.audited(payment).await, ["self POST /famille/factures/{id}/payer fait", "systeme payfip paye"], "{way:?}");
        }
        assert_eq!(house.books().await, 0);
    }
}

on_both! {
    async fn whoever_closes_the_browser_and_isn_t_told_of_has_paid_all_the_same(fresh: &Fresh) {
        let house = open(fresh).await;
        let browser = house.at_home().await;
        let bill = house.bill(1, &[4_250]).await;
        house.next(&[("copies", "0")]);
        let (payment, idop) = house.click(&browser, bill).await;
        house.press(&idop, "P").await;
        assert_eq!(house.poll().await.asked, 0, "not before ten seconds");
        house.later(10);
        assert_eq!((house.poll().await.known, house.payment(payment).await.state.as_str()), (1, "paye"));
        let proof = house.payment(payment).await.detail.unwrap();
        assert!(proof.contains("\"numauto\"") && proof.contains("\"resultrans\":\"P\""), "{proof}");
        assert_eq!((house.open_cents(bill).await, house.books().await), (0, 0));
    }
}

on_both! {
    async fn whoever_never_opens_the_page_owes_as_before_and_may_begin_again(fresh: &Fresh) {
        let house = open(fresh).await;
        let browser = house.at_home().await;
        let bill = house.bill(1, &[4_250]).await;
        let (payment, _) = house.click(&browser, bill).await;
        house.later(11);
        assert_eq!(house.poll().await.known, 0);
        house.later(121 * 60);
        house.poll().await;
        assert_eq!(house.payment(payment).await.state, "expire");
        // PayFiP's night job forgets it, and so do we.
        house.later(24 * 3_600);
        house.poll().await;
        let row = house.payment(payment).await;
        assert_eq!((row.state.as_str(), row.outcome.as_deref(), row.next_ask_ms), ("expire", Some("P1"), None));
        assert_eq!(house.books().await, 4_250);
        house.paid(&house.at_home().await, bill).await;
        assert_eq!(house.books().await, 0);
    }
}

on_both! {
    async fn the_return_tells_a_stranger_nothing_but_how_it_ended(fresh: &Fresh) {
        let house = open(fresh).await;
        let browser = house.at_home().await;
        let bill = house.bill(1, &[4_250]).await;
        let (payment, idop) = house.click(&browser, bill).await;
        let waiting = house.browser().get(&format!("/payfip/retour/{payment}?idop={idop}")).await;
        assert!(waiting.text.contains("Voir s’il y a du nouveau") && !waiting.text.contains("http-equiv"), "no page leaves by itself: {waiting:?}");
        assert!(!waiting.text.contains("Reprendre"), "who isn't known gets no way to pay: {waiting:?}");
        let own = browser.get(&format!("/payfip/retour/{payment}")).await;
        assert!(own.text.contains("Reprendre ce paiement") && own.text.contains(&format!("/famille/factures/{bill}")), "{own:?}");
        house.later(5);
        let back = house.press(&idop, "P").await;
        house.until(payment, "paye").await;
        let page = house.browser().get(&back).await;
        assert!(page.status == 200 && page.text.contains("Paiement reçu : merci") && page.text.contains("F-2026-000001"), "{page:?}");
        for secret in ["42,50", "Martin", "Samira", &house.child().await.first_name, MOTHER, &bill.to_string()] {
            assert!(!page.text.contains(secret), "{secret}");
        }
        let posted = house.browser().post(&format!("/payfip/retour/{payment}"), &[("idop", &idop)]).await;
        assert_eq!((posted.status, posted.to), (303, format!("/payfip/retour/{payment}")));
        for nothing in ["/payfip/retour/x", "/payfip/retour/0191d7f0-0000-7000-8000-000000000000"] {
            assert_eq!(house.browser().get(nothing).await.status, 404);
        }
    }
}

on_both! {
    async fn a_notification_wakes_nothing_unless_it_may_be_ours(fresh: &Fresh) {
        let house = open(fresh).await;
        let browser = house.at_home().await;
        let (one, two) = (house.bill(1, &[4_250]).await, house.bill(2, &[900]).await);
        let (payment, idop) = house.click(&browser, one).await;
        let (_, other) = house.click(&browser, two).await;
        let stranger = house.browser_from("198.51.100.66");
        for wrong in [other.as_str(), "nonsense", ""] {
            assert_eq!(stranger.post(&format!("/payfip/notification/{payment}"), &[("idop", wrong)]).await.text, "ok");
            assert_eq!(stranger.get(&format!("/payfip/notification/{payment}?idOp={wrong}")).await.text, "ok");
            stranger.get(&format!("/payfip/retour/{payment}?idop={wrong}")).await;
        }
        for nowhere in ["x", "0191d7f0-0000-7000-8000-000000000000", "%00", "a/b"] {
            let page = stranger.post(&format!("/payfip/notification/{nowhere}"), &[("idop", &idop)]).await;
            assert!(page.text == "ok" || nowhere.contains('/'), "{page:?}");
        }
        let long = "x".repeat(5_000);
        assert_eq!(stranger.post(&format!("/payfip/notification/{payment}"), &[("idop", &long)]).await.text, "ok");
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        assert_eq!(house.payment(payment).await.asked_at_ms, None, "nobody asked PayFiP");
        stranger.post(&format!("/payfip/notification/{payment}"), &[("idop", &idop.to_uppercase())]).await;
        for _ in 0..500 {
            if house.payment(payment).await.asked_at_ms.is_some() {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        panic!("ours woke nothing");
    }
}
