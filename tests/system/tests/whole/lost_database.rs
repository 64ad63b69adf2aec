//! A server whose PostgreSQL goes away in the middle of a push, and comes back.

use crate::house::House;
use serde_json::json;
use system::postgres::Postgres;
use system::{Installation, longer, wait_until};

/// The page that a family comes back to, in a browser that was logged in once: whose session is it?
fn page(house: &House) -> (u16, String) {
    house.get("/famille", &format!("cookie: preau={}\r\n", "A".repeat(43)))
}

#[test]
fn a_postgresql_that_crashes_in_the_middle_of_pushes_costs_a_wait_and_nothing_else() {
    let Some(postgres) = Postgres::start().unwrap() else { return };
    let house = House::open(Installation::in_database(postgres.url()).unwrap());
    let mut tablet = house.tablet();
    assert_eq!(page(&house).0, 303, "to the log-in");
    for round in 0..2 * longer() {
        let already = house.proxy.seen().sent;
        let actions = tablet.next_gestures("E01", 12);
        std::thread::scope(|scope| {
            let at_work = scope.spawn(|| tablet.play_gestures(&actions));
            // Somewhere in the first pushes.
            house.proxy.wait_for("a push", |seen| seen.sent >= already + 3_000 + 700 * round).unwrap();
            postgres.crash().unwrap();
            at_work.join().unwrap();
        });
        tablet.play(&[json!({"at": "2026-10-05T18:00:00+02:00", "do": "sync"})]);
        let said = tablet.line_text();
        assert!(said.starts_with("Le serveur ne répond pas bien depuis"), "{said}");
        let (status, said) = page(&house);
        assert_eq!(status, 503, "{said}");
        assert!(said.contains("La base de données ne répond pas : vérifiez que PostgreSQL tourne"), "{said}");

        postgres.again().unwrap();
        // The same process, without anybody's help.
        wait_until("the server has its database again", || Ok(page(&house).0 == 303)).unwrap();
        tablet.play(&[json!({"at": "2026-10-05T18:10:00+02:00", "do": "sync"})]);
        assert!(tablet.line_text().starts_with("À jour"), "{}", tablet.line_text());
    }
    house.settle(&[tablet]);
}
