//! `preau-server payments …`

use super::house::open;
use crate::on_both;
use server::cli::Outcome;
use server::payments::commands::{Command, run};
use server::store::entity::regie;

on_both! {
    async fn the_self_test_says_who_a_number_is_or_what_to_do(fresh: &Fresh) {
        let house = open(fresh).await;
        let check = || Command::Check { regie: "R1".into(), organisation: Some("A".into()) };
        assert_eq!(run(&house.app, &check()).await.unwrap(), Outcome::Done);
        house.rewrite(regie::Model { numcli: Some("123456".into()), ..house.regie.clone() }).await;
        let said = run(&house.app, &check()).await.unwrap_err();
        assert!(said.to_string().contains("T2") && said.to_string().contains("DDFiP"), "{said}");
        assert_eq!(format!("{:?}", said.exit_code()), format!("{:?}", std::process::ExitCode::from(1)));
        house.rewrite(regie::Model { numcli: None, ..house.regie.clone() }).await;
        assert!(run(&house.app, &check()).await.unwrap_err().to_string().contains("numcli"));
        let other = Command::Check { regie: "R9".into(), organisation: Some("A".into()) };
        assert!(run(&house.app, &other).await.is_err());
    }
}

on_both! {
    async fn a_poll_by_hand_asks_what_is_due_and_the_list_goes_through(fresh: &Fresh) {
        let house = open(fresh).await;
        house.all(&[("copies", "0")]);
        let bill = house.bill(1, &[4_250]).await;
        let (payment, idop) = house.click(&house.at_home().await, bill).await;
        house.press(&idop, "P").await;
        house.later(10);
        assert_eq!(run(&house.app, &Command::Poll).await.unwrap(), Outcome::Done);
        assert_eq!(house.payment(payment).await.state, "paye");
        for state in [None, Some("paye".to_owned())] {
            assert_eq!(run(&house.app, &Command::List { state, format: "json".into() }).await.unwrap(), Outcome::Done);
        }
    }
}
