//! Faults on demand, a service that lies, and the switches themselves.

use crate::world::{World, payment};
use payfip::{Error, NumCli, Outcome, Sent, TechnicalKind, Unreadable, matches};
use payfip_sandbox::switches::KEYS;

async fn spoiled(world: &World, fault: &str) -> Error {
    world.next(&[("panne", fault)]);
    world.client.client_detail(&NumCli::new("090909").unwrap()).await.unwrap_err()
}

#[tokio::test]
async fn each_fault_is_told_apart_and_the_call_after_it_goes_well() {
    let world = World::new().await;
    let technical = |kind| Error::Technical { kind, code: Some("999".into()) };
    assert_eq!(spoiled(&world, "dysfonctionnement").await, technical(TechnicalKind::Malfunction));
    assert_eq!(spoiled(&world, "indisponibilite").await, technical(TechnicalKind::Unavailable));
    assert_eq!(spoiled(&world, "protocolaire").await, technical(TechnicalKind::Protocol));
    let functional = spoiled(&world, "fonctionnelle:T10").await;
    assert!(matches!(&functional, Error::Functional { code, .. } if code == "T10") && !functional.is_retryable());
    let unreadable = |status, reason| Error::Unreadable { status, reason };
    assert!(matches!(spoiled(&world, "html-502").await, Error::Unreadable { status: 502, .. }));
    assert_eq!(spoiled(&world, "vide").await, unreadable(200, Unreadable::Empty));
    assert_eq!(spoiled(&world, "tronquee").await, unreadable(200, Unreadable::Malformed));
    assert_eq!(spoiled(&world, "enorme").await, unreadable(200, Unreadable::TooLong));
    for hostile in ["dtd", "entite-externe"] {
        assert_eq!(spoiled(&world, hostile).await, unreadable(200, Unreadable::Forbidden), "{hostile}");
    }
    assert_eq!(spoiled(&world, "silence").await, Error::Timeout);
    assert!(world.client.client_detail(&NumCli::new("090909").unwrap()).await.is_ok());
}

#[tokio::test]
async fn a_creation_whose_answer_was_lost_has_happened_and_dies_by_itself() {
    let world = World::new().await;
    world.next(&[("panne", "vide"), ("panne-sur", "creer")]);
    assert!(world.client.create(&payment()).await.unwrap_err().is_retryable());
    world.create().await;
    let count = |world: &World| world.running.sandbox.operations().latest_first(world.clock.now()).len();
    assert_eq!(count(&world), 2);
    world.next(&[("panne", "html-502"), ("panne-sur", "creer")]);
    assert!(world.client.create(&payment()).await.is_err());
    assert_eq!(count(&world), 2, "a proxy that answered for the service created nothing");
    world.later(24 * 60);
    assert_eq!(count(&world), 0);
}

#[tokio::test]
async fn a_fault_meets_the_calls_that_it_is_for() {
    let world = World::new().await;
    let idop = world.create().await;
    world.next(&[("panne-sur", "detail"), ("panne", "indisponibilite")]);
    world.create().await;
    assert!(matches!(world.client.detail(&idop).await, Err(Error::Technical { .. })));
    assert_eq!(world.client.detail(&idop).await, Err(Error::NotYetKnown));
    world.all(&[("panne", "indisponibilite"), ("panne-sur", "creer")]);
    for _ in 0..2 {
        assert!(matches!(world.client.create(&payment()).await, Err(Error::Technical { .. })));
        assert_eq!(world.client.detail(&idop).await, Err(Error::NotYetKnown));
    }
    world.all(&[("panne", "aucune")]);
    world.create().await;
}

#[tokio::test]
async fn a_service_that_lies_is_found_out() {
    for (field, lie) in [("montant", "1"), ("refdet", "AUTREDETTE"), ("numcli", "090908"), ("saisie", "W")] {
        let world = World::new().await;
        world.next(&[(field, lie)]);
        let idop = world.create().await;
        world.pay(&idop, "P").await;
        let detail = world.client.detail(&idop).await.unwrap();
        let mismatch = matches(&Sent::from(&payment()), &detail).unwrap_err();
        assert_eq!(mismatch.differences.len(), 1);
        assert_eq!((mismatch.differences[0].field, mismatch.differences[0].received.as_deref()), (field, Some(lie)));
    }
}

#[tokio::test]
async fn an_unknown_letter_is_no_payment_and_a_short_year_no_lie() {
    let world = World::new().await;
    world.next(&[("resultat", "Q"), ("exer", "deux-chiffres")]);
    let idop = world.create().await;
    world.pay(&idop, "P").await;
    let detail = world.client.detail(&idop).await.unwrap();
    assert_eq!(detail.resultrans, Outcome::Unknown("Q".into()));
    assert_eq!(detail.record["exer"], "20");
    assert_eq!(matches(&Sent::from(&payment()), &detail), Ok(()));
}

#[tokio::test]
async fn a_record_without_its_optional_elements_is_still_a_payment() {
    let world = World::new().await;
    world.next(&[("facultatifs", "absents")]);
    let idop = world.create().await;
    world.pay(&idop, "V").await;
    let detail = world.client.detail(&idop).await.unwrap();
    assert_eq!(detail.resultrans, Outcome::PaidByDebit);
    assert_eq!((detail.transacted_at(), detail.numauto.as_ref()), (None, None));
    assert_eq!(detail.record.keys().collect::<Vec<_>>(), ["idOp", "montant", "numcli", "refdet", "resultrans", "saisie"]);
    assert_eq!(matches(&Sent::from(&payment()), &detail), Ok(()));
}

#[tokio::test]
async fn the_admin_route_sets_what_the_command_line_sets_all_or_nothing() {
    let world = World::new().await;
    let (status, state) = world.admin("toutes", "copies=3&parametre=idOp").await;
    assert_eq!(status, 200);
    assert!(state.contains("\"copies\":\"3\"") && state.contains("\"parametre\":\"idOp\""), "{state}");
    let (status, said) = world.admin("toutes", "copies=2&parametre=IDOP").await;
    assert_eq!(status, 400);
    assert!(said.contains("attendu idop, idOp"), "{said}");
    assert!(world.admin("toutes", "").await.1.contains("\"copies\":\"3\""), "the good half was not taken");
    assert!(world.admin("suivante", "page=unique&panne=vide").await.1.contains("\"en_attente\":[\"page=unique\",\"panne=vide\"]"));
    assert!(world.admin("suivante", "nimporte=1").await.1.contains("réglage inconnu"));
    let (_, state) = world.admin("ordinaire", "").await;
    assert!(state.contains("\"copies\":\"1\"") && state.contains("\"en_attente\":[]"), "{state}");
}

#[tokio::test]
async fn the_clock_is_moved_by_the_admin_route() {
    let world = World::new().await;
    let idop = world.create().await;
    assert_eq!(world.admin("horloge", "avancer=16min").await.0, 200);
    assert!(world.open(&idop).await.contains("Code P4"));
    assert!(world.admin("horloge", "instant=2026-11-27T03:00:00%2B01:00").await.1.contains("2026-11-27T02:00:00+00:00"));
    assert_eq!(world.client.detail(&idop).await, Err(Error::UnknownOperation));
    for wrong in ["", "avancer=1", "avancer=min", "avancer=999999999999j", "avancer=4000j", "instant=demain"] {
        assert_eq!(world.admin("horloge", wrong).await.0, 400, "{wrong}");
    }
}

#[test]
fn every_switch_takes_each_of_its_values_shows_it_and_refuses_others() {
    use payfip_sandbox::{Scope, Settings};
    for key in &KEYS {
        let mut settings = Settings::default();
        let free: &[&str] = &["7"];
        for value in if key.choices.is_empty() { free } else { key.choices } {
            settings.set(Scope::All, [(key.name, *value)]).unwrap();
            assert_eq!(settings.shown(key), *value, "{}", key.name);
        }
        if let Some(ordinary) = key.choices.first() {
            assert_eq!(Settings::default().shown(key), *ordinary, "{}: the first is the ordinary one", key.name);
            assert!(settings.set(Scope::All, [(key.name, "autre")]).is_err(), "{}", key.name);
        }
    }
    let mut settings = Settings::default();
    for wrong in [("copies", "11"), ("copies", "-1"), ("retard", "60001"), ("panne", "vide:T1"), ("montant", &"1".repeat(101))] {
        assert!(settings.set(Scope::All, [wrong]).is_err(), "{wrong:?}");
    }
    assert!(settings.set(Scope::All, [("copies", "10"), ("retard", "60000"), ("panne", "fonctionnelle:R9")]).is_ok());
}

#[test]
fn the_page_for_people_names_every_switch_and_value() {
    let page = include_str!("../../../../docs/payfip.md");
    for key in &KEYS {
        assert!(page.contains(&format!("| `{}` |", key.name)), "{}", key.name);
        for choice in key.choices {
            assert!(page.contains(&format!("`{choice}`")), "{} {choice}", key.name);
        }
    }
}
