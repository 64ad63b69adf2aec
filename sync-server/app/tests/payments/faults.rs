//! Everything that can go wrong with a call, at each call.

use super::house::open;
use crate::on_both;

const FAULTS: [&str; 11] = [
    "fonctionnelle",
    "dysfonctionnement",
    "indisponibilite",
    "protocolaire",
    "html-502",
    "silence",
    "vide",
    "tronquee",
    "dtd",
    "entite-externe",
    "enorme",
];

on_both! {
    async fn a_payment_that_payfip_didn_t_take_costs_nothing_and_is_begun_again(fresh: &Fresh) {
        let house = open(fresh).await;
        let browser = house.at_home().await;
        let bill = house.bill(1, &[4_250]).await;
        for fault in FAULTS {
            house.next(&[("panne", fault), ("panne-sur", "creer")]);
            let page = browser.pay(bill).await;
            assert!(page.status == 409 && page.text.contains("Rien n’a été payé"), "{fault}: {page:?}");
            let row = house.payments(bill).await.pop().unwrap();
            assert_eq!((row.state.as_str(), row.idop, row.next_ask_ms), ("erreur", None, None), "{fault}");
            assert!(row.detail.unwrap().contains("note") && !page.text.contains("T9"), "{fault}: an agent reads why, a family doesn't");
            assert_eq!(house.audited(row.id).await.last().unwrap(), "systeme payfip erreur");
            house.later(1);
        }
        house.paid(&browser, bill).await;
        assert_eq!((house.books().await, house.payments(bill).await.len()), (0, FAULTS.len() + 1));
    }
}

on_both! {
    async fn an_answer_that_can_t_be_read_settles_nothing_and_the_next_one_does(fresh: &Fresh) {
        let house = open(fresh).await;
        let browser = house.at_home().await;
        house.all(&[("copies", "0")]);
        for (n, fault) in FAULTS.into_iter().enumerate() {
            let bill = house.bill(n as i64 + 1, &[4_250]).await;
            let (payment, idop) = house.click(&browser, bill).await;
            let back = house.press(&idop, "P").await;
            house.next(&[("panne", fault), ("panne-sur", "detail")]);
            let page = browser.get(&back).await;
            assert!(page.status == 200 && page.text.contains("Paiement en cours"), "{fault}: {page:?}");
            let row = house.payment(payment).await;
            assert_eq!((row.state.as_str(), house.posted(payment).await), ("en_cours", 0), "{fault}");
            house.later(61);
            house.poll().await;
            assert_eq!(house.payment(payment).await.state, "paye", "{fault}");
        }
        assert_eq!(house.books().await, 0);
    }
}

on_both! {
    async fn a_service_that_is_down_is_left_in_peace_and_asked_again(fresh: &Fresh) {
        let house = open(fresh).await;
        let browser = house.at_home().await;
        house.all(&[("copies", "0")]);
        for n in 1..=5 {
            let bill = house.bill(n, &[4_250]).await;
            let (_, idop) = house.click(&browser, bill).await;
            house.press(&idop, "P").await;
        }
        house.all(&[("panne", "html-502")]);
        house.later(10);
        let turn = house.poll().await;
        assert_eq!((turn.asked, turn.known, turn.unanswered), (3, 0, 3), "three silences are enough");
        house.all(&[("panne", "aucune")]);
        assert_eq!(house.poll().await.known, 2, "those that weren't asked about");
        assert_eq!(house.poll().await.asked, 0, "the others wait");
        house.later(60);
        assert_eq!(house.poll().await.known, 3);
        assert_eq!(house.books().await, 0);
    }
}
