//! Whatever happens in whatever order, the books hold.

use super::browser::Browser;
use super::house::{House, open};
use crate::on_both;
use sea_orm::{ColumnTrait, QueryFilter};
use server::payments::decide::Decision;
use server::payments::learn;
use server::store::entity::payment;
use shared::money::Cents;
use uuid::Uuid;

/// Draws that a seed replays.
struct Draws(u64);

impl Draws {
    fn below(&mut self, n: usize) -> usize {
        // SplitMix64.
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) % n as u64) as usize
    }

    fn of<'t, T>(&mut self, all: &'t [T]) -> Option<&'t T> {
        if all.is_empty() { None } else { Some(&all[self.below(all.len())]) }
    }
}

async fn step(house: &House, browser: &Browser, draws: &mut Draws, bills: &[Uuid], begun: &mut Vec<(Uuid, String)>) -> String {
    match draws.below(11) {
        0 | 1 => {
            let bill = *draws.of(bills).unwrap();
            let page = browser.pay(bill).await;
            if let Some((_, idop)) = page.to.split_once("idop=") {
                let row = house.payments(bill).await.into_iter().find(|row| row.idop.as_deref() == Some(idop)).unwrap();
                begun.push((row.id, idop.to_owned()));
            }
            format!("click {}", page.status)
        }
        2 | 3 => {
            let letter = ["P", "P", "V", "R", "A"][draws.below(5)];
            if let Some((_, idop)) = draws.of(begun.as_slice()).cloned() {
                house.press(&idop, letter).await;
            }
            format!("press {letter}")
        }
        4 => {
            if let Some((payment, idop)) = draws.of(begun.as_slice()).cloned() {
                browser.post(&format!("/payfip/notification/{payment}"), &[("idop", &idop)]).await;
            }
            "notify".into()
        }
        5 => {
            if let Some((payment, _)) = draws.of(begun.as_slice()).cloned() {
                let (one, two) = tokio::join!(learn(&house.app, payment), learn(&house.app, payment));
                let _ = (one.unwrap(), two.unwrap());
            }
            "two learn".into()
        }
        6 => {
            let fault = ["html-502", "tronquee", "vide"][draws.below(3)];
            let call = ["creer", "detail", "detail", "detail"][draws.below(4)];
            house.next(&[("panne", fault), ("panne-sur", call)]);
            format!("fault {fault} at {call}")
        }
        7 => {
            let seconds = [1, 3, 60, 1_300, 8_000][draws.below(5)];
            house.later(seconds);
            format!("later {seconds}")
        }
        8 => {
            house.poll().await;
            "poll".into()
        }
        _ => {
            let Some((payment, _)) = draws.of(begun.as_slice()).cloned() else { return "nothing to decide".into() };
            let decision = [Decision::TakenBack, Decision::NothingCame, Decision::CameIn(Cents(700))][draws.below(3)];
            let decided = house.decides(payment, decision).await;
            format!("{decision:?} {}", decided.is_ok())
        }
    }
}

on_both! {
    async fn the_books_hold_after_any_sequence(fresh: &Fresh) {
        let house = open(fresh).await;
        house.all(&[("abandon", "reprise")]);
        for seed in [1_u64, 2, 3, 77, 20_261_005] {
            let mut draws = Draws(seed);
            let number = seed as i64 * 10;
            let bills = [
                house.bill(number, &[1_500, 735]).await,
                house.bill(number + 1, &[2_960]).await,
                house.bill(number + 2, &[5_000, -300]).await,
            ];
            let browser = house.at_home().await;
            let (mut begun, mut story) = (Vec::new(), Vec::new());
            for _ in 0..60 {
                story.push(step(&house, &browser, &mut draws, &bills, &mut begun).await);
                eprintln!("seed {seed}, step {}: {}", story.len(), story.last().unwrap());
                house.books().await;
            }
            // Once all is told, what was paid at PayFiP is paid here.
            house.later(9 * 86_400);
            for (payment, _) in &begun {
                learn(&house.app, *payment).await.unwrap();
            }
            house.books().await;
        }
        let paid = house.reading().payments().filter(payment::Column::State.eq("paye"));
        let paid = paid.all(&house.reading().on()).await.unwrap().len();
        assert!(paid >= 5, "stories in which hardly anybody pays prove little: {paid}");
    }
}
