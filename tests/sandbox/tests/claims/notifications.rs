//! Notifications in every form, and the receiver's reading of them.

use crate::world::{Heard, World, payment, receiver};
use payfip::{CallbackUrl, IdOp, notified_operation};
use std::time::Duration;
use tokio::sync::mpsc::UnboundedReceiver;

async fn heard(hears: &mut UnboundedReceiver<Heard>) -> Heard {
    tokio::time::timeout(Duration::from_secs(10), hears.recv()).await.unwrap().unwrap()
}

fn read((method, query, body): &Heard) -> Option<IdOp> {
    notified_operation(method.as_str(), query.as_deref(), body)
}

async fn paid(world: &World, urlnotif: &CallbackUrl) -> (IdOp, String) {
    let mut payment = payment();
    payment.urlnotif = urlnotif.clone();
    let idop = world.client.create(&payment).await.unwrap();
    let back = world.pay(&idop, "P").await;
    (idop, back)
}

#[tokio::test]
async fn every_form_of_a_notification_names_its_operation_and_nothing_else() {
    let world = World::new().await;
    let (url, mut hears) = receiver().await;
    for way in ["post", "post-requete", "get"] {
        for parameter in ["idop", "idOp"] {
            world.all(&[("notification", way), ("parametre", parameter)]);
            let (idop, back) = paid(&world, &url).await;
            let heard = heard(&mut hears).await;
            assert_eq!(read(&heard).as_ref(), Some(&idop), "{way} {parameter}");
            let pair = format!("{parameter}={idop}");
            let (method, query, body) = heard;
            let expected = match way {
                "post" => ("POST", None, pair.as_str()),
                "post-requete" => ("POST", Some(pair.as_str()), ""),
                _ => ("GET", Some(pair.as_str()), ""),
            };
            assert_eq!((method.as_str(), query.as_deref(), std::str::from_utf8(&body).unwrap()), expected);
            assert!(back.ends_with(&format!("&{pair}")), "{back}");
            let query = back.split_once('?').unwrap().1;
            assert_eq!(notified_operation("GET", Some(query), b""), Some(idop), "the browser's return reads the same");
        }
    }
}

#[tokio::test]
async fn a_notification_comes_before_the_browser_leaves_or_after() {
    let world = World::new().await;
    let (url, mut hears) = receiver().await;
    paid(&world, &url).await;
    assert!(hears.try_recv().is_ok(), "it was there before the browser left");
    world.all(&[("moment", "apres"), ("retard", "1500")]);
    let (idop, _) = paid(&world, &url).await;
    assert!(hears.try_recv().is_err(), "the browser left first");
    assert_eq!(read(&heard(&mut hears).await), Some(idop));
}

#[tokio::test]
async fn a_notification_comes_several_times_or_never() {
    let world = World::new().await;
    let (url, mut hears) = receiver().await;
    world.next(&[("copies", "3")]);
    let (thrice, _) = paid(&world, &url).await;
    for _ in 0..3 {
        assert_eq!(read(&heard(&mut hears).await).as_ref(), Some(&thrice));
    }
    world.next(&[("copies", "0")]);
    let (never, _) = paid(&world, &url).await;
    assert_eq!(world.told(&never, 1).await, ["notification perdue (copies=0)"]);
    assert!(hears.try_recv().is_err());
    assert!(world.client.detail(&never).await.unwrap().resultrans.is_paid(), "asking tells it all the same");
}

#[tokio::test]
async fn nobody_outside_this_machine_is_called() {
    let world = World::new().await;
    for elsewhere in ["http://192.0.2.1/n", "https://mairie.example/n", "http://127.0.0.1.example/n"] {
        let (idop, _) = paid(&world, &CallbackUrl::new(elsewhere).unwrap()).await;
        assert!(world.told(&idop, 1).await[0].starts_with("notification retenue"), "{elsewhere}");
    }
}

#[tokio::test]
async fn a_receiver_that_is_not_there_keeps_no_payer() {
    let world = World::new().await;
    let (idop, back) = paid(&world, &payment().urlnotif).await;
    assert!(back.contains("/retour"));
    assert!(world.told(&idop, 1).await[0].starts_with("notification impossible"));
}
