//! Two who wait for PayFiP's answer about one payment at the same time.

use super::house::open;
use crate::on_both;
use server::app::App;
use server::payments::{Line, learn};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

/// A line to PayFiP that holds every call until it is opened.
struct Gate {
    address: String,
    calls: Arc<AtomicUsize>,
    opened: Arc<Semaphore>,
}

async fn gate(to: &str) -> Gate {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let (calls, opened) = (Arc::new(AtomicUsize::new(0)), Arc::new(Semaphore::new(0)));
    let (counted, waited, to) = (Arc::clone(&calls), Arc::clone(&opened), to.trim_start_matches("http://").to_owned());
    tokio::spawn(async move {
        while let Ok((mut caller, _)) = listener.accept().await {
            counted.fetch_add(1, Ordering::SeqCst);
            let (waited, to) = (Arc::clone(&waited), to.clone());
            tokio::spawn(async move {
                waited.acquire().await.unwrap().forget();
                let mut service = TcpStream::connect(to).await.unwrap();
                let _ = copy_bidirectional(&mut caller, &mut service).await;
            });
        }
    });
    Gate { address, calls, opened }
}

impl Gate {
    async fn holds(&self, calls: usize) {
        for _ in 0..1_000 {
            if self.calls.load(Ordering::SeqCst) == calls {
                return;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        panic!("{calls} calls were never made");
    }
}

on_both! {
    async fn two_answers_on_their_way_at_once_settle_one_payment(fresh: &Fresh) {
        let house = open(fresh).await;
        let bill = house.bill(1, &[1_500, 735]).await;
        house.next(&[("copies", "0")]);
        let (payment, idop) = house.click(&house.at_home().await, bill).await;
        house.press(&idop, "P").await;
        let gate = gate(house.sandbox.base_url()).await;
        let app = App { payfip: Arc::new(Line::with_patience(&gate.address, Duration::from_secs(30))), ..house.app.clone() };
        let first = tokio::spawn({ let app = app.clone(); async move { learn(&app, payment).await } });
        gate.holds(1).await;
        // Past the moment in which two questions are one.
        house.later(3);
        let second = tokio::spawn(async move { learn(&app, payment).await });
        gate.holds(2).await;
        gate.opened.add_permits(2);
        let (first, second) = (first.await.unwrap().unwrap(), second.await.unwrap().unwrap());
        assert_eq!((first.state.as_str(), second.state.as_str()), ("paye", "paye"));
        assert_eq!((house.posted(payment).await, house.open_cents(bill).await, house.books().await), (1, 0, 0));
    }
}
