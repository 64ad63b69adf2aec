//! The line at its worst, between the real programs: cut, slow, half-open, damaged, or ending at somebody else's door.

use crate::house::House;
use serde_json::json;
use system::chaos::{Fault, Side};
use system::{Installation, longer};

fn house() -> House {
    House::open(Installation::new().unwrap())
}

/// Whatever is drawn, nothing that a screen showed is lost or there twice.
fn chaos(seed: u64) {
    let house = house();
    let mut tablets = [house.tablet(), house.tablet()];
    house.proxy.draws(seed);
    let before = house.proxy.seen().faults.len();
    std::thread::scope(|scope| {
        for (tablet, child) in tablets.iter_mut().zip(["E01", "E03"]) {
            // Each time the program starts it makes a new connection.
            scope.spawn(move || (0..8).for_each(|_| tablet.play_next(child, 5)));
        }
    });
    let faults = house.proxy.seen().faults.split_off(before);
    assert!(faults.len() > 20, "the line was bad all along: {faults:?}");
    house.settle(&tablets);
}

#[test]
fn whatever_the_line_does_every_recorded_touch_is_at_the_server_once() {
    for seed in 0..longer() {
        println!("seed {seed}");
        chaos(seed);
    }
}

#[test]
fn each_fault_of_the_line_has_its_own_words_and_nothing_is_lost_by_any() {
    let house = house();
    let mut tablet = house.tablet();
    let faults = [
        (Fault::Closed, "Sans réseau depuis"),
        (Fault::WelcomePage, "Ce réseau n'est pas ouvert (page d'accueil ?) depuis"),
        (Fault::ForeignPage, "Ce n'est pas le serveur de Préau qui répond : appelez l'administration"),
        // Accepts, and never answers: not even a handshake.
        (Fault::Silent(0), "Sans réseau depuis"),
        (Fault::Cut(Side::Tablet, 700), "Sans réseau depuis"),
    ];
    for (number, (fault, words)) in faults.into_iter().enumerate() {
        house.proxy.will(fault);
        tablet.play_next("E01", 1);
        let said = tablet.line_text();
        let kept = if number == 0 { "1 pointage gardé".to_owned() } else { format!("{} pointages gardés", number + 1) };
        assert!(said.starts_with(words) && said.ends_with(&kept), "{fault:?}: {said}");
    }
    assert_eq!(house.proxy.seen().told_to_a_stranger, 0, "whoever has another certificate hears nothing");
    house.proxy.will(Fault::Fine);
    tablet.play(&[json!({"at": "2026-10-05T18:00:00+02:00", "do": "sync"})]);
    assert!(tablet.line_text().starts_with("À jour"), "{}", tablet.line_text());
    house.settle(&[tablet]);
}

/// The line dies in the middle of a session without a word: no end, no answer. The tablet gives up after half a minute and says so;
/// what the server did with what it got before is found out at the next exchange.
#[test]
fn a_half_open_line_is_given_up_and_what_it_swallowed_is_there_once() {
    let house = house();
    let mut tablet = house.tablet();
    let before = house.proxy.seen().answered;
    tablet.play(&[json!({"at": "2026-10-05T16:01:00+02:00", "do": "sync"})]);
    let exchange = house.proxy.seen().answered - before;
    // The last answer was a pull's, which has nothing to say. With something to push, the push's answer stands there.
    house.proxy.will(Fault::Silent(exchange - 300));
    // One exchange and no second, which would find the session open and fit in.
    let gestures = tablet.next_gestures("E01", 1);
    tablet.play_gestures(&gestures[..1]);
    let said = tablet.line_text();
    assert!(said.starts_with("Sans réseau depuis") && said.ends_with("1 pointage gardé"), "{said}");
    house.settle(&[tablet]);
}

#[test]
fn a_slow_line_is_slow_and_nothing_else() {
    let house = house();
    let mut tablet = house.tablet();
    house.proxy.will(Fault::Slow(64, 2));
    tablet.play_next("E01", 6);
    assert!(tablet.line_text().starts_with("À jour"), "{}", tablet.line_text());
    house.settle(&[tablet]);
}
