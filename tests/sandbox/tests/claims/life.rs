//! The life of an operation: fifteen minutes, the night job, used once, a year.

use crate::world::{World, at};
use payfip::{Error, Outcome};
use payfip_sandbox::{Clock, Config, StartError};

#[tokio::test]
async fn a_page_opens_until_the_fifteenth_minute_and_not_after() {
    let world = World::new().await;
    let (in_time, too_late) = (world.create().await, world.create().await);
    world.later(15);
    assert!(world.open(&in_time).await.contains("Comment ce paiement finit-il"));
    world.clock.advance(chrono::TimeDelta::seconds(1));
    assert!(world.open(&too_late).await.contains("Code P4"));
    assert!(world.press(&too_late, "P").await.text().await.unwrap().contains("Code P4"), "nor is a button a way round");
    assert_eq!(world.client.detail(&too_late).await, Err(Error::NotYetKnown));
}

#[tokio::test]
async fn what_nobody_opened_is_forgotten_at_three_in_the_morning_for_ever() {
    let world = World::new().await;
    let (never_opened, opened) = (world.create().await, world.create().await);
    world.open(&opened).await;
    world.clock.set(at("2026-11-27T01:59:59Z"));
    assert_eq!(world.client.detail(&never_opened).await, Err(Error::NotYetKnown));
    world.clock.set(at("2026-11-27T02:00:00Z"));
    assert_eq!(world.client.detail(&never_opened).await, Err(Error::UnknownOperation));
    assert!(world.open(&never_opened).await.contains("Code P1"));
    assert_eq!(world.client.detail(&opened).await, Err(Error::NotYetKnown), "it reached the provider");
}

#[tokio::test]
async fn a_payer_who_comes_back_after_hours_has_paid_all_the_same() {
    let world = World::new().await;
    let idop = world.create().await;
    world.open(&idop).await;
    world.later(7 * 60);
    world.press(&idop, "P").await;
    assert_eq!(world.client.detail(&idop).await.unwrap().resultrans, Outcome::PaidByCard);
}

#[tokio::test]
async fn an_operation_with_a_result_is_used() {
    let world = World::new().await;
    let idop = world.create().await;
    world.pay(&idop, "R").await;
    assert!(world.open(&idop).await.contains("Code P3"));
    assert!(world.press(&idop, "P").await.text().await.unwrap().contains("Code P3"));
    assert_eq!(world.client.detail(&idop).await.unwrap().resultrans, Outcome::CardRefused);
}

#[tokio::test]
async fn a_closed_tab_leaves_the_operation_under_way() {
    let world = World::new().await;
    let idop = world.create().await;
    world.open(&idop).await;
    assert!(world.press(&idop, "fermer").await.text().await.unwrap().contains("sans répondre"));
    assert_eq!(world.client.detail(&idop).await, Err(Error::NotYetKnown));
    assert_eq!(world.press(&idop, "X").await.status().as_u16(), 400);
}

#[tokio::test]
async fn an_abandon_is_final_or_may_be_taken_up_while_the_operation_is_young() {
    let world = World::new().await;
    world.next(&[("abandon", "reprise")]);
    let (again, too_late) = (world.create().await, world.create().await);
    world.pay(&again, "A").await;
    assert_eq!(world.client.detail(&again).await.unwrap().resultrans, Outcome::Abandoned);
    world.later(10);
    world.pay(&again, "P").await;
    assert_eq!(world.client.detail(&again).await.unwrap().resultrans, Outcome::PaidByCard);
    assert!(world.open(&again).await.contains("Code P3"), "paid is paid");

    world.pay(&too_late, "A").await;
    assert!(world.open(&too_late).await.contains("Code P3"), "the switch was for the next operation only");
    world.all(&[("abandon", "reprise")]);
    let old = world.create().await;
    world.pay(&old, "A").await;
    world.later(16);
    assert!(world.open(&old).await.contains("Code P3"));
}

#[tokio::test]
async fn a_page_reopens_before_a_result_unless_it_is_to_open_once() {
    let world = World::new().await;
    let idop = world.create().await;
    world.open(&idop).await;
    assert!(world.open(&idop).await.contains("Comment"));
    world.next(&[("page", "unique")]);
    let once = world.create().await;
    world.open(&once).await;
    assert!(world.open(&once).await.contains("Code P3"));
    world.press(&once, "P").await;
    assert_eq!(world.client.detail(&once).await.unwrap().resultrans, Outcome::PaidByCard);
}

#[tokio::test]
async fn a_record_is_readable_for_a_year() {
    let world = World::new().await;
    let idop = world.create().await;
    world.pay(&idop, "P").await;
    world.later(365 * 24 * 60);
    assert!(world.client.detail(&idop).await.is_ok());
    world.later(1);
    assert_eq!(world.client.detail(&idop).await, Err(Error::UnknownOperation));
}

#[tokio::test]
async fn the_page_says_what_is_paid_for_and_that_no_money_moves_and_escapes_what_it_shows() {
    let world = World::new().await;
    let xml = payfip::request_xml(&crate::world::payment()).replace("Accueil cantine", "&lt;script&gt;alert(1)&lt;/script&gt;");
    let (_, answer) = world.post(xml).await;
    let idop = payfip::IdOp::new(answer.split_once("<idOp>").unwrap().1.split_once('<').unwrap().0).unwrap();
    let page = world.open(&idop).await;
    for part in ["Bac à sable : aucun argent ne bouge", "42,50\u{a0}€", "F2026R1N000042", "T : test"] {
        assert!(page.contains(part), "{part}");
    }
    for letter in ["P", "V", "R", "Z", "A", "fermer"] {
        assert!(page.contains(&format!("name=\"resultat\" value=\"{letter}\"")), "{letter}");
    }
    assert!(!page.contains("<script"), "neither ours nor a payer's");
}

#[tokio::test]
async fn nothing_but_this_machine_is_listened_on() {
    for listen in ["0.0.0.0:0", "[::]:0", "192.0.2.1:0"] {
        let config = Config { listen: listen.parse().unwrap(), clock: Clock::machine(), ..Config::default() };
        let error = payfip_sandbox::start(config).await.unwrap_err();
        assert!(matches!(error, StartError::NotLoopback(_)), "{listen}");
        assert!(error.to_string().contains("127.0.0.1"));
    }
}

#[tokio::test]
async fn a_sandbox_that_stopped_is_unreachable() {
    let world = World::new().await;
    world.create().await;
    world.running.stop().await;
    assert!(matches!(world.client.create(&crate::world::payment()).await, Err(Error::Unreachable { .. })));
}
